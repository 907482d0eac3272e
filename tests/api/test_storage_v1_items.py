"""A bucket is an item: a draft to complete, with the same files, which nobody finds by chance."""

import hashlib
import json
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from api.app import create_app
from catalog.domain.blobs import paths_in
from catalog.domain.errors import Forbidden, Unavailable
from catalog.domain.permissions import Scope
from catalog.ports import Verified
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.buckets_find import list_buckets, read_bucket
from catalog.services.buckets_write import check_may_write
from catalog.tables import Bucket
from tests.api.buckets import Client, client, refusal
from tests.api.sites import BASE, TURTLE, Site
from tests.catalogs import description, now


@pytest.fixture
def owner(site: Site) -> Client:
    return client(site)


@pytest.fixture
def other(site: Site) -> Client:
    return client(site, "other")


@pytest.fixture
def nobody(site: Site) -> Client:
    return client(site, None)


def item_of(site: Site, bucket: str) -> str:
    """Return the path of the item that a bucket is."""
    with site.parts.database.reading() as session:
        found = session.scalars(select(Bucket.item_id).where(Bucket.uuid == bucket)).one()
    return f"/items/{found}"


def shown(site: Site, bucket: str) -> dict[str, Any]:
    """Return the item that a bucket is, as its owner sees it."""
    answer = site.owner.get(f"{item_of(site, bucket)}.json")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.get_json()
    return said


def published(site: Site, who: Client) -> str:
    """Return a bucket with a file that was completed and published."""
    bucket = who.create("type=training-data&name=sky")
    who.put(f"/{bucket}/a.txt", b"first")
    path = item_of(site, bucket)
    kept = site.owner.put(f"{path}?wait=0", description("Sky"), Content_Type=TURTLE, If_Match="*")
    assert kept.status_code == 200, kept.text
    done = site.owner.post(f"{path}/publication?wait=0", If_Match="*")
    assert done.status_code == 200, done.text
    return bucket


@pytest.mark.parametrize(
    ("kind", "item_type"),
    [
        ("model", "model"),
        ("training-data", "training-data"),
        ("none", "collection"),
        ("profile", "collection"),
    ],
)
def test_each_type_becomes_a_draft_of_its_own(
    site: Site, owner: Client, kind: str, item_type: str
) -> None:
    said = shown(site, owner.create(f"type={kind}&name=Night%20sky"))
    assert (said["type"], said["state"], said["owner"]) == (item_type, "draft", "owner")
    assert said["title"] == "Night sky"
    assert said["report"]["conforms"] is False


def test_a_bucket_without_a_name_is_called_by_its_id(site: Site, owner: Client) -> None:
    bucket = owner.create("type=model")
    assert shown(site, bucket)["title"] == f"Bucket {bucket}"
    assert "name" not in json.loads(owner.ask("GET", f"/{bucket}").text)


def test_the_draft_is_among_ones_own_and_says_where_it_came_from(site: Site, owner: Client) -> None:
    bucket = owner.create("type=model&name=To+complete")
    said = shown(site, bucket)
    assert said["bucket"] == {"id": bucket, "url": f"{BASE}api/v1/objects/{bucket}"}
    browser = site.app.test_client()
    browser.post("/sign-in", data={"token": site.tokens["owner"]})
    assert "To complete" in browser.get("/me").text
    page = browser.get(f"{item_of(site, bucket)}.html").text
    assert "This came by Sage's storage API" in page
    assert f'href="/api/v1/objects/{bucket}"' in page
    assert browser.get(f"/api/v1/objects/{bucket}").status_code == 200
    assert browser.delete(f"/api/v1/objects/{bucket}").status_code == 401


def test_the_name_of_a_bucket_and_the_title_of_its_item_part_ways(
    site: Site, owner: Client
) -> None:
    bucket = owner.create("type=model&name=first")
    owner.ask("PATCH", f"/{bucket}", b'{"name": "second"}')
    assert shown(site, bucket)["title"] == "first"
    owner.ask("PATCH", f"/{bucket}", b'{"name": null}')
    assert "name" not in json.loads(owner.ask("GET", f"/{bucket}").text)


def test_files_are_the_same_on_both_sides(site: Site, owner: Client) -> None:
    bucket = owner.create()
    path = item_of(site, bucket)
    owner.put(f"/{bucket}/by/v1.txt", b"by v1")
    site.owner.put(f"{path}/files/natively.txt", b"natively", Content_Type="text/plain")
    assert owner.names(f"/{bucket}/?recursive") == ["by/v1.txt", "natively.txt"]
    assert site.owner.get(f"{path}/files/by/v1.txt").data == b"by v1"
    assert owner.ask("GET", f"/{bucket}/natively.txt").data == b"natively"
    tags = [one["ETag"] for one in owner.listing(f"/{bucket}/?recursive")["Contents"]]
    assert tags == [
        f'"{hashlib.md5(b"by v1", usedforsecurity=False).hexdigest()}"',
        f'"{hashlib.sha256(b"natively").hexdigest()[:32]}"',
    ]
    owner.ask("DELETE", f"/{bucket}/natively.txt")
    site.owner.delete(f"{path}/files/by/v1.txt")
    assert owner.names(f"/{bucket}/") == []
    assert shown(site, bucket)["files"] == []


def test_a_file_that_is_sent_anew_natively_loses_its_md5(site: Site, owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/a.txt", b"first")
    site.owner.put(f"{item_of(site, bucket)}/files/a.txt", b"second", Content_Type="text/plain")
    (key,) = owner.listing(f"/{bucket}/")["Contents"]
    assert key["ETag"] == f'"{hashlib.sha256(b"second").hexdigest()[:32]}"'


def test_each_file_of_a_bucket_can_be_described(site: Site, owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/a.txt", b"x")
    path = item_of(site, bucket)
    sent = description("Described") + b'<#file/a.txt> dct:description "A first look."@en .'
    kept = site.owner.put(f"{path}?wait=0", sent, Content_Type=TURTLE, If_Match="*")
    assert kept.status_code == 200, kept.text
    assert "A first look." in site.owner.get(f"{path}.ttl").text


def test_what_is_published_is_frozen(site: Site, owner: Client) -> None:
    bucket = published(site, owner)
    denied = f"Write access to bucket denied (owner, {bucket})"
    assert refusal(owner.put(f"/{bucket}/b.txt"), 401) == denied
    assert refusal(owner.put(f"/{bucket}/a.txt"), 401) == denied
    assert refusal(owner.ask("DELETE", f"/{bucket}/a.txt"), 401) == denied
    assert refusal(owner.ask("DELETE", f"/{bucket}"), 401) == denied
    assert owner.ask("GET", f"/{bucket}/a.txt").data == b"first"


def test_the_next_version_is_open_while_the_last_is_what_others_read(
    site: Site, owner: Client, nobody: Client
) -> None:
    bucket = published(site, owner)
    assert nobody.ask("GET", f"/{bucket}/a.txt").data == b"first"
    begun = site.owner.post(f"{item_of(site, bucket)}/versions", If_Match="*")
    assert begun.status_code == 201
    assert owner.put(f"/{bucket}/b.txt", b"second").status_code == 200
    assert owner.names(f"/{bucket}/") == ["a.txt", "b.txt"]
    assert nobody.names(f"/{bucket}/") == ["a.txt"]
    assert nobody.ask("GET", f"/{bucket}/b.txt").status_code == 500
    assert owner.ask("DELETE", f"/{bucket}").status_code == 401


def test_a_withdrawn_bucket_is_one_that_is_gone(site: Site, owner: Client) -> None:
    bucket = published(site, owner)
    path = item_of(site, bucket)
    gone = site.owner.post(f"{path}/withdrawal?wait=0", {"reason": "a test"}, If_Match="*")
    assert gone.status_code == 200
    assert refusal(owner.ask("GET", f"/{bucket}"), 400) == "(GetSageBucket) Bucket not found"
    assert owner.listing(f"/{bucket}/")["KeyCount"] == 0
    assert "NoSuchKey" in refusal(owner.ask("GET", f"/{bucket}/a.txt"), 500)
    assert bucket not in owner.ask("GET", "").text


def test_bytes_that_are_restricted_stay_closed(site: Site, owner: Client, nobody: Client) -> None:
    bucket = owner.create("type=training-data&name=restricted&public=true")
    owner.put(f"/{bucket}/a.txt", b"for some")
    path = item_of(site, bucket)
    site.owner.put(f"{path}?wait=0", description("R"), Content_Type=TURTLE, If_Match="*")
    said = {"visibility": "restricted"}
    assert site.owner.post(f"{path}/publication?wait=0", said, If_Match="*").status_code == 200
    assert nobody.ask("GET", f"/{bucket}/a.txt").status_code == 401
    assert owner.ask("GET", f"/{bucket}/a.txt").data == b"for some"


def test_a_bucket_deleted_natively_is_remembered_as_well(site: Site, owner: Client) -> None:
    bucket = owner.create()
    owner.make_public(bucket)
    assert site.owner.delete(item_of(site, bucket), If_Match="*").status_code == 204
    assert refusal(owner.ask("GET", f"/{bucket}"), 400) == "(GetSageBucket) Bucket not found"
    assert "AllUsers" in owner.ask("GET", f"/{bucket}?permissions").text


def test_permissions_are_the_same_on_both_sides(site: Site, owner: Client, other: Client) -> None:
    bucket = owner.create()
    path = item_of(site, bucket)
    owner.share(bucket, "USER", "other", "READ")
    native = site.owner.get(f"{path}/permissions").get_json()
    assert {"grantee_type": "USER", "grantee": "other", "permission": "READ"}.items() <= (
        native[0].items()
    )
    assert site.other.get(path).status_code == 200
    site.owner.put(f"{path}/permissions", [], If_Match="*")
    assert other.ask("GET", f"/{bucket}").status_code == 401


CANARY = "canary-of-a-public-bucket"


def test_everybody_reads_a_public_bucket_and_nobody_finds_it(
    site: Site, owner: Client, nobody: Client
) -> None:
    bucket = owner.create(f"type=model&name={CANARY}&public=true")
    owner.put(f"/{bucket}/{CANARY}.txt", CANARY.encode())
    path = item_of(site, bucket)
    assert CANARY in nobody.ask("GET", "").text
    assert nobody.ask("GET", f"/{bucket}/{CANARY}.txt").data == CANARY.encode()
    assert site.anyone.get(path).status_code == 200
    assert site.anyone.get(f"{path}/files/{CANARY}.txt").data == CANARY.encode()
    for who in (site.anyone, site.other):
        for address in (
            "/", "/items?limit=100", "/items?type=model&limit=100", "/feed.atom", "/sitemap.xml",
            "/catalog.ttl", "/events", "/oai?verb=ListRecords&metadataPrefix=oai_dc",
        ):  # fmt: skip
            assert CANARY not in who.get(address).text, address
    assert site.select(f'SELECT ?s {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(?o = "{CANARY}"@en) }}') == []


def test_who_may_write_alone_sees_nothing_natively(
    site: Site, owner: Client, other: Client
) -> None:
    bucket = owner.create()
    owner.share(bucket, "USER", "other", "WRITE")
    assert other.put(f"/{bucket}/a.txt").status_code == 200
    assert other.ask("GET", f"/{bucket}/a.txt").status_code == 401
    assert site.other.get(item_of(site, bucket)).status_code == 404
    told = site.owner.get(f"{item_of(site, bucket)}/history").text
    assert '"by": "other"' in told
    assert bucket not in other.ask("GET", "").text
    assert other.ask("DELETE", f"/{bucket}").status_code == 200


def test_a_token_is_used_for_no_more_than_it_is_for(site: Site, owner: Client) -> None:
    bucket = owner.create()
    narrow = create_token(site.parts, "owner", now=now(), scopes=[Scope.READ])
    reader = Client(site, narrow)
    assert reader.ask("GET", f"/{bucket}").status_code == 200
    for answer in (
        reader.put(f"/{bucket}/a.txt"),
        reader.ask("DELETE", f"/{bucket}"),
        reader.ask("PATCH", f"/{bucket}", b'{"name":"x"}'),
        reader.ask("POST", "?type=model"),
        reader.share(bucket, "USER", "zoe", "READ"),
    ):
        assert "This token may not be used for that" in refusal(answer, 401)
    writer = Client(site, create_token(site.parts, "owner", now=now(), scopes=[Scope.WRITE]))
    assert writer.put(f"/{bucket}/a.txt").status_code == 200
    assert writer.ask("POST", "?type=model&public=true").status_code == 401


def test_only_what_was_made_here_is_a_bucket(site: Site, owner: Client) -> None:
    one = site.draft("Native")
    assert "bucket" not in site.owner.get(f"{one.path}.json").get_json()
    assert one.id not in owner.ask("GET", "").text


def test_a_grant_to_a_group_is_one_to_whoever_is_in_it(site: Site, owner: Client) -> None:
    bucket = owner.create("type=model&name=of-a-project")
    owner.share(bucket, "GROUP", "project:sky", "READ")
    account = actor_of_token(site.parts, site.tokens["other"], now=now())
    member = replace(account, groups=frozenset({"project:sky"}))
    assert read_bucket(site.parts, member, bucket).name == "of-a-project"
    assert bucket in {one.id for one in list_buckets(site.parts, member, owner="", name="")}
    assert bucket not in {one.id for one in list_buckets(site.parts, account, owner="", name="")}
    with pytest.raises(Forbidden):
        check_may_write(site.parts, member, bucket)


class Silent:
    """An issuer of tokens that does not answer."""

    def verify(self, token: str, *, fresh: bool) -> Verified | None:
        raise Unavailable("The issuer of tokens does not answer.")


def test_an_issuer_that_does_not_answer_makes_nobody_of_anybody(site: Site) -> None:
    down = replace(site, app=create_app(replace(site.parts, verifiers=(Silent(),))))
    answer = Client(down, "of-another-issuer").ask("GET", "")
    assert refusal(answer, 500) == "The issuer of tokens does not answer."
    assert client(down).ask("GET", "").status_code == 200


def test_blobs_described_before_are_found_by_the_migration() -> None:
    migration = import_module("catalog.migrations.versions.0012_buckets")
    ntriples = (
        "<https://catalog.invalid/items/x> <https://w3id.org/sage/ns#storageKey> "
        '"node-data/sage/t-1/n/16-s+1.jpg" .\n'
        "<https://catalog.invalid/items/x#d> <http://www.w3.org/ns/dcat#downloadURL> "
        "<https://storage.example/api/v1/data/sage/t-1/n/17-%C3%A9.jpg> .\n"
    )
    rows = create_engine("sqlite://")
    with rows.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE version (item_id, n, type, ntriples)")
        said = ("x", 1, "sensor-blob", ntriples)
        connection.exec_driver_sql("INSERT INTO version VALUES (?, ?, ?, ?)", said)
        found = {str(row["path"]) for row in migration._blobs(connection)}
    rows.dispose()
    assert found == paths_in(ntriples) == {"sage/t-1/n/16-s+1.jpg", "sage/t-1/n/17-\u00e9.jpg"}
