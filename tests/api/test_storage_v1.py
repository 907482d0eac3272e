"""Sage's storage API v1: what its own fifteen tests ask, and every answer that was recorded."""

import hashlib
import io
import json
import random
import re
from urllib.parse import quote

import pytest
import requests
from requests_toolbelt import MultipartEncoder
from sqlalchemy import select

from catalog.tables import Bucket, File, Version
from tests.api.buckets import FORM, OBJECTS, Client, client, form, refusal
from tests.api.sites import Site

UNKNOWN_ID = "6dd46856-c871-4089-b1bc-a12b44e92c81"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def owner(site: Site) -> Client:
    return client(site)


@pytest.fixture
def other(site: Site) -> Client:
    return client(site, "other")


@pytest.fixture
def nobody(site: Site) -> Client:
    return client(site, None)


@pytest.fixture(scope="module")
def full(site: Site) -> str:
    """Return a bucket of a hundred files, in folders and not, of which one was sent."""
    bucket = client(site).create()
    assert client(site).put(f"/{bucket}/000.txt").status_code == 200
    with site.parts.database.writing() as session:
        item_id = session.scalars(select(Bucket.item_id).where(Bucket.uuid == bucket)).one()
        sent = session.scalars(select(File).where(File.item_id == item_id)).one()
        said = {column.name: getattr(sent, column.name) for column in File.__table__.columns}
        for n in range(1, 100):
            name = f"d{n % 3}/{n:03}.txt" if n >= 40 else f"{n:03}.txt"
            session.add(File(**(said | {"name": name, "folded": name})))
        session.get_one(Version, (item_id, 1)).files_total = 100
    return bucket


# -- the fifteen tests of the original, in its order


def test_a_bucket_is_created(owner: Client) -> None:
    answer = owner.ask("POST", "?type=training-data&name=mybucket")
    said = json.loads(answer.text)
    assert answer.status_code == 200
    assert list(said) == ["id", "name", "owner", "type", "time_created", "time_last_updated"]
    assert (said["name"], said["owner"], said["type"]) == ("mybucket", "owner", "training-data")
    assert len(said["id"]) == 36


def test_a_bucket_is_shown(owner: Client) -> None:
    made = owner.ask("POST", "?type=model&name=mine")
    shown = owner.ask("GET", f"/{json.loads(made.text)['id']}")
    assert shown.status_code == 200
    assert shown.data == made.data


def test_a_bucket_is_made_public(owner: Client, nobody: Client) -> None:
    bucket = owner.create()
    answer = owner.share(bucket, "GROUP", "AllUsers", "READ")
    assert answer.status_code == 200
    assert answer.text == (
        '{\n  "granteeType": "GROUP",\n  "grantee": "AllUsers",\n  "permission": "READ"\n}'
    )
    assert nobody.ask("GET", f"/{bucket}").status_code == 200


def test_a_bucket_is_renamed(owner: Client) -> None:
    bucket = owner.create()
    answer = owner.ask("PATCH", f"/{bucket}", b'{"name":"new-bucket-name"}')
    assert answer.status_code == 200
    assert json.loads(answer.text)["name"] == "new-bucket-name"


def test_a_big_bucket_is_deleted(owner: Client) -> None:
    bucket = owner.create()
    for n in range(3):
        owner.put(f"/{bucket}/{n}.txt")
    answer = owner.ask("DELETE", f"/{bucket}")
    assert answer.text == f'{{\n  "deleted": [\n    "{bucket}"\n  ]\n}}'
    assert owner.names(f"/{bucket}/") == []


def test_a_file_is_uploaded_under_its_own_name(owner: Client) -> None:
    bucket = owner.create()
    answer = owner.put(f"/{bucket}/", name="testfile.txt")
    assert answer.status_code == 200
    assert answer.text == f'{{\n  "bucket-id": "{bucket}",\n  "key": "testfile.txt"\n}}'


def test_the_name_in_the_address_wins(owner: Client) -> None:
    bucket = owner.create()
    answer = owner.put(f"/{bucket}/testfile2.txt", name="testfile.txt")
    assert json.loads(answer.text)["key"] == "testfile2.txt"
    assert owner.names(f"/{bucket}/") == ["testfile2.txt"]


def test_a_file_is_deleted(owner: Client) -> None:
    bucket = owner.create()
    for n in range(3):
        owner.put(f"/{bucket}/{n}.txt")
    answer = owner.ask("DELETE", f"/{bucket}/1.txt")
    assert (answer.status_code, json.loads(answer.text)) == (200, {"deleted": ["1.txt"]})
    assert owner.names(f"/{bucket}/") == ["0.txt", "2.txt"]


def test_a_file_is_fetched_by_whom_it_is_open_to(owner: Client, nobody: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/test.txt", b"test-data")
    assert owner.ask("GET", f"/{bucket}/test.txt").data == b"test-data"
    assert nobody.ask("GET", f"/{bucket}/test.txt").status_code == 401
    owner.make_public(bucket)
    assert nobody.ask("GET", f"/{bucket}/test.txt").data == b"test-data"
    assert nobody.names(f"/{bucket}/") == ["test.txt"]


def test_a_folder_is_listed_as_one(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/mytestfile1.txt")
    owner.put(f"/{bucket}/directory/mytestfile2.txt")
    assert owner.names(f"/{bucket}/") == ["mytestfile1.txt", "directory/"]


def test_a_recursive_listing_has_all_keys(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/mytestfile1.txt")
    owner.put(f"/{bucket}/directory/mytestfile2.txt")
    expected = ["directory/mytestfile2.txt", "mytestfile1.txt"]
    for query in ("recursive", "recursive=True", "RECURSIVE=1"):
        assert owner.names(f"/{bucket}/?{query}") == expected
    assert owner.names(f"/{bucket}/?recursive=false") == ["mytestfile1.txt", "directory/"]


@pytest.mark.parametrize("limit", [10, 37])
def test_many_files_are_listed_page_by_page(owner: Client, full: str, limit: int) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = owner.listing(f"/{full}/?recursive&limit={limit}&ContinuationToken={token}")
        found += [one["Key"] for one in page["Contents"]]
        assert page["KeyCount"] == len(page["Contents"]) <= page["MaxKeys"] == limit
        if not page["IsTruncated"]:
            break
        token = page["NextContinuationToken"]
    assert len(found) == 100
    assert found == sorted(found)
    assert page["NextContinuationToken"] is None


def test_ten_buckets_are_all_listed(owner: Client, nobody: Client) -> None:
    made = {owner.create(f"type=none&name=ten-{n}") for n in range(10)}
    listed = json.loads(owner.ask("GET", "").text)
    assert made <= {one["id"] for one in listed}
    assert [one["id"] for one in listed] == sorted(one["id"] for one in listed)
    assert all(list(one) in (["id", "name", "owner", "type"], ["id", "owner", "type"])
               for one in listed)  # fmt: skip
    assert not made & {one["id"] for one in json.loads(nobody.ask("GET", "").text)}


def test_a_patch_changes_the_name_alone(owner: Client) -> None:
    bucket = owner.create()
    sent = b'{"name":"Changed_Bucket_Name","type":"model","owner":"other","time_created":"x"}'
    said = json.loads(owner.ask("PATCH", f"/{bucket}", sent).text)
    assert said["name"] == "Changed_Bucket_Name"
    assert (said["owner"], said["type"]) == ("owner", "training-data")


def test_files_of_some_megabytes_come_back_as_they_were(owner: Client, nobody: Client) -> None:
    bucket = owner.create("type=training-data&name=performance&public=true")
    draw = random.Random(7)
    sent = {f"{n}.bin": draw.randbytes(draw.randint(2_000_000, 3_000_000)) for n in range(3)}
    for name, content in sent.items():
        assert owner.put(f"/{bucket}/{name}", content).status_code == 200
    for name, content in sent.items():
        assert nobody.ask("GET", f"/{bucket}/{name}").data == content


# -- every other answer of the record


def test_what_there_is_is_told_in_words(site: Site) -> None:
    answer = site.anyone.get("/api/v1/")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == '{"id": "SAGE object store","available_resources":["objects"]}\n'
    missing = site.anyone.get("/api/v1")
    assert (missing.status_code, missing.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/objects/"),
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v1/objectsx"),
        ("POST", "/api/v1/objects/"),
        ("PUT", "/api/v1/objects"),
        ("DELETE", "/api/v1/objects"),
        ("PATCH", f"/api/v1/objects/{UNKNOWN_ID}/"),
        ("PATCH", f"/api/v1/objects/{UNKNOWN_ID}/a"),
        ("POST", f"/api/v1/objects/{UNKNOWN_ID}"),
        ("POST", f"/api/v1/objects/{UNKNOWN_ID}/"),
        ("HEAD", "/api/v1/objects/"),
    ],
)
def test_what_is_not_known_is_an_unknown_resource(site: Site, method: str, path: str) -> None:
    answer = site.anyone.ask(method, path)
    assert answer.status_code == 500
    if method != "HEAD":
        assert answer.text == '{\n  "error": "resource unknown"\n}'


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Field type not found%!(EXTRA string=)"),
        ("type=", "Field type is empty%!(EXTRA string=)"),
        ("type=foo", "Data type foo not supported"),
        ("type=Model", "Data type Model not supported"),
        ("type=sensor-blob", "Data type sensor-blob not supported"),
        (
            f"type=model&name={'x' * 65}",
            "bucket creation failed: Bucket creation in mysql failed: "
            "Error 1406: Data too long for column 'name' at row 1",
        ),
    ],
)
def test_what_cannot_be_created_is_told(
    owner: Client, site: Site, query: str, sentence: str
) -> None:
    before = site.inventory()
    assert refusal(owner.ask("POST", f"?{query}"), 500) == sentence
    assert site.inventory() == before


def test_nobody_creates_no_bucket(nobody: Client) -> None:
    assert refusal(nobody.ask("POST", "?type=model"), 500) == (
        "bucket creation failed: username empty"
    )


@pytest.mark.parametrize("kind", ["none", "model", "training-data", "profile"])
def test_each_type_of_the_original_is_taken(owner: Client, kind: str) -> None:
    said = json.loads(owner.ask("POST", f"?type={kind}").text)
    assert list(said) == ["id", "owner", "type", "time_created", "time_last_updated"]
    assert said["type"] == kind
    assert UUID.fullmatch(said["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["time_created"])


@pytest.mark.parametrize("public", ["true", "1"])
def test_a_bucket_is_public_from_the_beginning(owner: Client, nobody: Client, public: str) -> None:
    bucket = owner.create(f"type=model&public={public}")
    assert nobody.ask("GET", f"/{bucket}").status_code == 200
    assert bucket in nobody.ask("GET", "").text
    private = owner.create("type=model&public=True")
    assert nobody.ask("GET", f"/{private}").status_code == 401


def test_lists_narrow_by_owner_and_name(site: Site, owner: Client, other: Client) -> None:
    mine = owner.create("type=model&name=narrow&public=true")
    theirs = other.create("type=model&name=narrow&public=true")

    def ids(query: str) -> set[str]:
        return {one["id"] for one in json.loads(owner.ask("GET", f"?{query}").text)}

    assert ids("name=narrow") == {mine, theirs}
    assert ids("name=narrow&owner=other") == {theirs}
    assert ids("owner=nobody-at-all") == set()
    assert owner.ask("GET", "?owner=nobody-at-all").text == "[]"


def test_an_id_is_taken_in_any_case_and_told_in_small_letters(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket.upper()}/a.txt")
    assert json.loads(owner.ask("GET", f"/{bucket.upper()}").text)["id"] == bucket
    assert owner.listing(f"/{bucket.upper()}/")["Name"] == bucket.upper()
    assert owner.names(f"/{bucket}/") == ["a.txt"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_ids_of_the_wrong_length_are_told_apart(owner: Client, method: str) -> None:
    assert refusal(owner.ask(method, "/abc"), 500) == "bucket id (abc) invalid (3)"
    odd = "z" * 36
    sentence = refusal(owner.ask(method, f"/{odd}"), 400)
    assert sentence.startswith("db.QueryRow returned: Error 1411: Incorrect string value: 'zzz")


DENIED = {
    ("GET", ""): 'Read access to bucket denied (username: "{who}", sageBucketID: "{id}")',
    ("GET", "/"): 'Read access to bucket denied (username: "{who}", sageBucketID: "{id}")',
    ("GET", "/a.txt"): 'Read access to bucket denied (username: "{who}", sageBucketID: "{id}")',
    ("GET", "?permissions"): "Access to bucket permissions denied ({who}, {id})",
    ("GET", "?x=PERMISSIONS"): "Access to bucket permissions denied ({who}, {id})",
    ("PUT", "?permissions"): "Write access to bucket permissions denied ({who}, {id})",
    ("PUT", "/a.txt"): "Write access to bucket denied ({who}, {id})",
    ("PUT", "/"): "Write access to bucket denied ({who}, {id})",
    ("DELETE", ""): "Write access to bucket denied ({who}, {id})",
    ("DELETE", "/a.txt"): "Write access to bucket denied ({who}, {id})",
    ("DELETE", "?permissions&grantee=x"): (
        "Write access to bucket permissions denied ({who}, {id})"
    ),
    ("PATCH", ""): "Write access to bucket metadata denied ({who}, {id})",
}


@pytest.mark.parametrize("asked", DENIED, ids=" ".join)
def test_what_is_denied_is_told_as_what_is_not_there(
    site: Site, owner: Client, asked: tuple[str, str]
) -> None:
    method, rest = asked
    hidden = owner.create()
    owner.put(f"/{hidden}/a.txt")
    for who, name in (("other", "other"), ("curator", "curator"), (None, "")):
        for bucket in (hidden, UNKNOWN_ID):
            answer = client(site, who).ask(method, f"/{bucket}{rest}")
            assert refusal(answer, 401) == DENIED[asked].format(who=name, id=bucket)
    assert owner.names(f"/{hidden}/") == ["a.txt"]


def test_permissions_are_listed_the_owner_first(owner: Client) -> None:
    bucket = owner.create()
    for kind, name, right in (
        ("GROUP", "AllUsers", "READ"),
        ("USER", "zoe", "READ"),
        ("USER", "other", "WRITE"),
        ("USER", "other", "READ"),
    ):
        assert owner.share(bucket, kind, name, right).status_code == 200
    said = json.loads(owner.ask("GET", f"/{bucket}?permissions=True").text)
    assert [tuple(one.values()) for one in said] == [
        ("USER", "other", "READ"),
        ("USER", "other", "WRITE"),
        ("USER", "owner", "FULL_CONTROL"),
        ("USER", "zoe", "READ"),
        ("GROUP", "AllUsers", "READ"),
    ]
    assert all(list(one) == ["granteeType", "grantee", "permission"] for one in said)


def test_permissions_of_a_path_are_a_listing(owner: Client) -> None:
    bucket = owner.create()
    assert "Contents" in owner.listing(f"/{bucket}/?permissions")


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        (b'{"granteeType":"USER","grantee":"owner","permission":"READ"}', 400,
         "You cannot change your own permissons."),
        (b'{"grantee":"other","permission":"READ"}', 400, "GranteeType missing"),
        (b'{"granteeType":"GROUP","grantee":"AllUsers","permission":"WRITE"}', 400,
         "Buckets can be made public only for READ access."),
        (b'{"granteeType":"ROBOT","grantee":"other","permission":"READ"}', 401,
         "Adding bucket permissions failed: Error 1265: "
         "Data truncated for column 'granteeType' at row 1"),
        (b'{"granteeType":"USER","grantee":"other","permission":"OWN"}', 401,
         "Adding bucket permissions failed: Error 1265: "
         "Data truncated for column 'permission' at row 1"),
        (b"", 400, "Could not parse json: EOF"),
        (b'{"granteeType":', 400, "Could not parse json: unexpected EOF"),
        (b"x", 400,
         "Could not parse json: invalid character 'x' looking for beginning of value"),
        (b"[]", 400, "Could not parse json: json: cannot unmarshal array into Go value of type "
         "main.SAGEBucketPermission"),
        (b'{"grantee": 3}', 400, "Could not parse json: json: cannot unmarshal number into Go "
         "struct field SAGEBucketPermission.grantee of type string"),
    ],
)  # fmt: skip
def test_grants_that_cannot_be_are_told(
    owner: Client, said: bytes, status: int, sentence: str
) -> None:
    bucket = owner.create()
    before = owner.ask("GET", f"/{bucket}?permissions").data
    assert refusal(owner.ask("PUT", f"/{bucket}?permissions", said), status) == sentence
    assert owner.ask("GET", f"/{bucket}?permissions").data == before


def test_a_grant_said_twice_is_one(owner: Client) -> None:
    bucket = owner.create()
    for _ in range(2):
        assert owner.share(bucket, "USER", "other", "READ").status_code == 200
    assert owner.ask("GET", f"/{bucket}?permissions").text.count("other") == 1


def test_members_of_a_grant_are_known_in_any_case(owner: Client) -> None:
    bucket = owner.create()
    sent = b'{"GRANTEETYPE":"USER","Grantee":"zoe","permission":"READ"} and more'
    assert owner.ask("PUT", f"/{bucket}?permissions", sent).status_code == 200
    assert "zoe" in owner.ask("GET", f"/{bucket}?permissions").text


def test_only_permissions_are_put_on_a_bucket(owner: Client) -> None:
    bucket = owner.create()
    for query in ("", "?x=1", "?PERMISSIONS"):
        answer = owner.ask("PUT", f"/{bucket}{query}", b"{}")
        assert refusal(answer, 401) == "Only query ?permissions supported"


def test_grants_are_taken_back_one_by_one_or_all_of_somebody(owner: Client) -> None:
    bucket = owner.create()

    def give() -> None:
        for right in ("READ", "WRITE"):
            owner.share(bucket, "USER", "other", right)
        owner.make_public(bucket)

    def taken(query: str) -> list[str]:
        answer = owner.ask("DELETE", f"/{bucket}?permissions=True{query}")
        assert answer.status_code == 200, answer.text
        return list(json.loads(answer.text)["deleted"])

    give()
    assert taken("&grantee=USER%3Aother%3AREAD") == ["USER:other:READ"]
    assert taken("&grantee=USER:other:READ") == []
    give()
    assert taken("&grantee=other&grantee=GROUP:AllUsers&grantee=x") == [
        "USER:other", "GROUP:AllUsers",
    ]  # fmt: skip
    left = json.loads(owner.ask("GET", f"/{bucket}?permissions").text)
    assert [one["grantee"] for one in left] == ["owner"]


def test_nobody_takes_the_owners_right(owner: Client) -> None:
    bucket = owner.create()
    owner.share(bucket, "USER", "other", "READ")
    for query, sentence in (
        ("", 'query field "grantee" missing'),
        ("&grantee=USER:owner", "You cannot change your own permissons."),
        ("&grantee=other&grantee=owner", "You cannot change your own permissons."),
    ):
        answer = owner.ask("DELETE", f"/{bucket}?permissions{query}")
        assert refusal(answer, 400) == sentence
    assert "other" in owner.ask("GET", f"/{bucket}?permissions").text


def test_a_deleted_bucket_is_remembered_by_who_could_read_it(
    owner: Client, other: Client, nobody: Client
) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/a.txt")
    owner.share(bucket, "USER", "other", "READ")
    permissions = owner.ask("GET", f"/{bucket}?permissions").data
    assert owner.ask("DELETE", f"/{bucket}").status_code == 200
    for who in (owner, other):
        shown = who.ask("GET", f"/{bucket}")
        assert refusal(shown, 400) == "(GetSageBucket) Bucket not found"
        assert who.listing(f"/{bucket}/")["KeyCount"] == 0
        assert "NoSuchKey" in refusal(who.ask("GET", f"/{bucket}/a.txt"), 500)
    assert nobody.ask("GET", f"/{bucket}").status_code == 401
    again = owner.ask("DELETE", f"/{bucket}")
    assert refusal(again, 401) == "(GetSageBucket) Bucket not found"
    assert refusal(owner.put(f"/{bucket}/b.txt"), 400) == "(GetSageBucket) Bucket not found"
    assert owner.ask("GET", f"/{bucket}?permissions").data == permissions
    assert bucket not in owner.ask("GET", "").text


def test_a_listing_has_every_member_of_the_original(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/d/<a>&.txt", b"test-data")
    answer = owner.ask("GET", f"/{bucket}/d/")
    said = json.loads(answer.text)
    assert list(said) == [
        "CommonPrefixes", "Contents", "ContinuationToken", "Delimiter", "EncodingType",
        "IsTruncated", "KeyCount", "MaxKeys", "Name", "NextContinuationToken", "Prefix",
        "StartAfter",
    ]  # fmt: skip
    (key,) = said["Contents"]
    assert list(key) == ["ETag", "Key", "LastModified", "Owner", "Size", "StorageClass"]
    md5 = hashlib.md5(b"test-data", usedforsecurity=False).hexdigest()
    assert (key["ETag"], key["Key"], key["Size"]) == (f'"{md5}"', "<a>&.txt", 9)
    assert '"Key": "\\u003ca\\u003e\\u0026.txt"' in answer.text
    assert not answer.text.endswith("\n")
    empty = owner.listing(f"/{bucket}/nothing/")
    assert (empty["Contents"], empty["CommonPrefixes"], empty["KeyCount"]) == (None, None, 0)


@pytest.mark.parametrize("limit", [4, 41, 1000])
def test_folders_count_as_one_on_a_page(owner: Client, full: str, limit: int) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = owner.listing(f"/{full}/?limit={limit}&ContinuationToken={token}")
        found += [one["Key"] for one in page["Contents"] or ()]
        found += [one["Prefix"] for one in page["CommonPrefixes"] or ()]
        if not page["IsTruncated"]:
            break
        token = page["NextContinuationToken"]
    assert found == [*(f"{n:03}.txt" for n in range(40)), "d0/", "d1/", "d2/"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=abc", 'error parsing query field limit: strconv.ParseInt: parsing "abc": '
         "invalid syntax"),
        ("limit=", "error parsing query field limit: Field limit is empty"),
        (f"limit={'9' * 30}", "error parsing query field limit: strconv.ParseInt: parsing "
         f'"{"9" * 30}": value out of range'),
    ],
)  # fmt: skip
def test_a_limit_that_is_no_number_is_told(owner: Client, query: str, sentence: str) -> None:
    assert refusal(owner.ask("GET", f"/{owner.create()}/?{query}"), 500) == sentence


def test_limits_that_limit_nothing_are_left_alone(owner: Client, full: str) -> None:
    for limit in ("0", "-5", "%2B3000", "1000"):
        assert owner.listing(f"/{full}/?recursive&limit={limit}")["MaxKeys"] == 1000


def test_a_token_that_is_none_is_told(owner: Client, full: str) -> None:
    answer = owner.ask("GET", f"/{full}/?ContinuationToken=%21%21")
    assert refusal(answer, 500).startswith("error listing bucket contents (sageBucketID: ")


def test_a_missing_file_is_told_as_its_store_did(owner: Client) -> None:
    sentence = refusal(owner.ask("GET", f"/{owner.create()}/nothing"), 500)
    assert re.fullmatch(
        "Error getting data, svc.GetObject returned: NoSuchKey: The specified key does not exist."
        r"\n\tstatus code: 404, request id: [0-9A-F]{16}, host id: ",
        sentence,
    )


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"test-data", "text/plain; charset=utf-8"),
        (b"", "text/plain; charset=utf-8"),
        (b"\x89PNG\r\n\x1a\nxyz", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"PK\x03\x04rest", "application/zip"),
        (b" <html><script>alert(1)</script>", "text/html; charset=utf-8"),
        (b"<?xml version='1.0'?>", "text/xml; charset=utf-8"),
        (b"\x00\x01\x02\x03binary", "application/octet-stream"),
        (b"\xff\xfea\x00", "text/plain; charset=utf-16le"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wave"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00mp41", "video/mp4"),
    ],
)
def test_a_download_says_what_its_bytes_look_like(owner: Client, content: bytes, kind: str) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/d/x.bin", content)
    answer = owner.ask("GET", f"/{bucket}/d/x.bin")
    assert (answer.status_code, answer.data) == (200, content)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == "attachment; filename=x.bin"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_name_of_a_download_is_raw_utf_8(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/{quote('Größe 木.txt')}")
    header = owner.ask("GET", f"/{bucket}/{quote('Größe 木.txt')}").headers["Content-Disposition"]
    assert header == "attachment; filename=Größe 木.txt"


@pytest.mark.parametrize(
    ("body", "kind", "status", "sentence"),
    [
        (b"x", "application/json", 400,
         "MultipartReader returned: request Content-Type isn't multipart/form-data"),
        (b"x", "", 400, "MultipartReader returned: request Content-Type isn't multipart/form-data"),
        (b"x", "multipart/form-data", 400,
         "MultipartReader returned: no multipart boundary param in Content-Type"),
        (b"nothing", FORM, 500, "error reading part: multipart: NextPart: EOF"),
        (form(b"x", close=False), FORM, 500, "Upload to S3 backend failed: unexpected EOF"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_is_told(
    owner: Client, body: bytes, kind: str, status: int, sentence: str
) -> None:
    bucket = owner.create()
    answer = owner.ask("PUT", f"/{bucket}/a.txt", body, {"Content-Type": kind})
    assert refusal(answer, status) == sentence
    assert owner.names(f"/{bucket}/") == []


def test_a_form_without_parts_is_told_in_words(owner: Client) -> None:
    bucket = owner.create()
    body = FORM.rpartition("=")[2].join(("--", "--\r\n")).encode()
    answer = owner.ask("PUT", f"/{bucket}/a.txt", body, {"Content-Type": FORM})
    assert (answer.status_code, answer.text) == (200, "Upload completed")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_folder_needs_a_file_name(owner: Client) -> None:
    bucket = owner.create()
    answer = owner.put(f"/{bucket}/d/", name=None)
    assert refusal(answer, 400) == "part upload has no filename and no key was specified"
    answer = owner.put(f"/{bucket}/d/", name="../../etc/passwd")
    assert json.loads(answer.text)["key"] == "d/passwd"


def test_what_is_not_there_is_deleted_as_well(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/d1/a.txt")
    for path, said in (("none.txt", "none.txt"), ("d1/", "d1/"), ("", "")):
        answer = owner.ask("DELETE", f"/{bucket}/{path}")
        assert json.loads(answer.text) == {"deleted": [said]}
    assert owner.names(f"/{bucket}/?recursive") == ["d1/a.txt"]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b'{"name": 3}', "json: cannot unmarshal number into Go value of type string"),
        (b'{"x": true}', "json: cannot unmarshal bool into Go value of type string"),
        (b"[1]", "json: cannot unmarshal array into Go value of type map[string]string"),
        (b"{", "unexpected EOF"),
    ],
)
def test_a_patch_of_anything_but_texts_is_told(owner: Client, sent: bytes, sentence: str) -> None:
    bucket = owner.create()
    answer = owner.ask("PATCH", f"/{bucket}", sent)
    assert refusal(answer, 400) == f"Could not parse json: {sentence}"


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/api/v1//objects", "/api/v1/objects"),
        ("/api/v1/objects/{id}//a//b?x=1", "/api/v1/objects/{id}/a/b?x=1"),
        ("/api/v1/objects/{id}/a/../../../x/", "/api/v1/x/"),
        ("/api/v1/objects/{id}/./a b", "/api/v1/objects/{id}/a%20b"),
        ("/api/v1/objects/{id}/%2e%2e/%2e%2e/%2e%2e/items", "/api/items"),
    ],
)
def test_paths_are_cleaned_by_a_redirect(owner: Client, asked: str, target: str) -> None:
    asked, target = (text.format(id=UNKNOWN_ID) for text in (asked, target))
    answer = owner.site.owner.get(asked)
    assert (answer.status_code, answer.headers["Location"]) == (301, target)


@pytest.mark.parametrize(
    ("header", "status", "sentence"),
    [
        ("sage", 500, 'Authorization field must be of form "sage <token>"'),
        ("sage a b", 500, 'Authorization field must be of form "sage <token>"'),
        ("Bearer {token}", 500, 'Only bearer "sage" supported'),
        ("Basic dTpw", 500, 'Only bearer "sage" supported'),
        ("sage nothing-of-the-kind", 401, "token not active"),
        ("sage sage_nothing", 401, "token not active"),
    ],
)
def test_authorization_is_two_words_the_first_is_sage(
    site: Site, header: str, status: int, sentence: str
) -> None:
    said = {"Authorization": header.format(token=site.tokens["owner"])}
    for method, path in (("GET", ""), ("POST", "?type=model"), ("GET", f"/{UNKNOWN_ID}/")):
        answer = client(site, None).ask(method, path, headers=said)
        assert refusal(answer, status) == sentence


def test_the_word_sage_counts_in_any_case(site: Site) -> None:
    for word in ("sage", "Sage", "SAGE"):
        said = {"Authorization": f"{word} {site.tokens['owner']}"}
        assert client(site, None).ask("POST", "?type=model", headers=said).status_code == 200


# -- who may do what: each right by itself

RIGHTS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
NEEDS = {
    ("GET", ""): {"READ"},
    ("GET", "/"): {"READ"},
    ("GET", "/a.txt"): {"READ"},
    ("PUT", "/b.txt"): {"WRITE"},
    ("DELETE", "/none.txt"): {"WRITE"},
    ("GET", "?permissions"): {"READ_ACP"},
    ("PUT", "?permissions"): {"WRITE_ACP"},
    ("DELETE", "?permissions&grantee=zoe"): {"WRITE_ACP"},
    ("PATCH", ""): set(),
    ("DELETE", ""): {"WRITE"},
}


@pytest.mark.parametrize(
    ("to", "right"), [*(("USER", right) for right in RIGHTS), ("GROUP", "FULL_CONTROL")]
)
def test_each_right_opens_what_it_is_for_and_nothing_else(
    owner: Client, other: Client, to: str, right: str
) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/a.txt")
    name = "other" if to == "USER" else "project:not-of-others"
    assert owner.share(bucket, to, name, right).status_code == 200
    for (method, rest), needed in NEEDS.items():
        body = b'{"granteeType":"USER","grantee":"zoe","permission":"WRITE_ACP"}'
        headers = {}
        if method == "PUT" and rest == "/b.txt":
            body, headers = form(b"x"), {"Content-Type": FORM}
        if method == "PATCH":
            body = b'{"name":"x"}'
        answer = other.ask(method, f"/{bucket}{rest}", body, headers)
        allowed = to == "USER" and (right == "FULL_CONTROL" or right in needed)
        assert answer.status_code == (200 if allowed else 401), (method, rest, answer.text)


def test_an_administrator_may_do_everything(site: Site, owner: Client) -> None:
    bucket, admin = owner.create(), client(site, "admin")
    assert admin.ask("GET", f"/{bucket}").status_code == 200
    assert admin.put(f"/{bucket}/a.txt").status_code == 200
    assert bucket in admin.ask("GET", "").text
    assert admin.ask("DELETE", f"/{bucket}").status_code == 200


def test_who_may_share_gives_no_more_than_it_holds(owner: Client, other: Client) -> None:
    bucket = owner.create()
    owner.share(bucket, "USER", "other", "WRITE_ACP")
    for name, right in (("other", "READ"), ("zoe", "FULL_CONTROL"), ("zoe", "READ")):
        assert other.share(bucket, "USER", name, right).status_code == 401
    assert other.share(bucket, "USER", "zoe", "WRITE_ACP").status_code == 200


# -- what differs on purpose; decision 032 says why


def test_an_empty_bucket_can_be_deleted(owner: Client) -> None:
    bucket = owner.create()
    assert owner.ask("DELETE", f"/{bucket}").status_code == 200


def test_a_name_that_is_too_long_is_refused_by_patch_as_well(owner: Client) -> None:
    bucket = owner.create()
    answer = owner.ask("PATCH", f"/{bucket}", json.dumps({"name": "x" * 65}).encode())
    assert "Data too long for column 'name'" in refusal(answer, 400)
    assert json.loads(owner.ask("GET", f"/{bucket}").text)["name"] == "mybucket"


def test_the_front_page_and_the_measures_are_the_catalogs(site: Site) -> None:
    assert "sparql" in site.anyone.get("/").get_json()
    assert site.anyone.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    "key",
    ["a\\b", "\u202ea", "x" * 256, "/".join(["x" * 200] * 6), "%00", "a%0bb"],
)
def test_a_key_that_is_no_name_here_is_refused(owner: Client, key: str) -> None:
    bucket = owner.create()
    path = key if "%" in key else quote(key)
    assert refusal(owner.put(f"/{bucket}/{path}"), 400)
    assert owner.names(f"/{bucket}/?recursive") == []


def test_a_key_that_differs_in_case_alone_is_refused(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/A.txt", b"first")
    assert refusal(owner.put(f"/{bucket}/a.txt", b"second"), 400)
    assert owner.ask("GET", f"/{bucket}/A.txt").data == b"first"


def test_head_options_and_ranges_work_beyond_the_original(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/a.txt", b"0123456789")
    head = owner.ask("HEAD", f"/{bucket}/a.txt")
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, "10", b"")
    assert "GET" in owner.ask("OPTIONS", f"/{bucket}/a.txt").allow
    part = owner.ask("GET", f"/{bucket}/a.txt", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    beyond = owner.ask("GET", f"/{bucket}/a.txt", headers={"Range": "bytes=99-"})
    assert beyond.status_code == 416
    whole = owner.ask("GET", f"/{bucket}/a.txt", headers={"Range": "bytes=0-1,3-4"})
    assert (whole.status_code, whole.data) == (200, b"0123456789")


# -- what real clients write


def test_bodies_of_requests_and_its_toolbelt_are_read(owner: Client) -> None:
    bucket = owner.create()
    streamed = MultipartEncoder({"file": ('Größe "1".txt', io.BytesIO(b"test-data"))})
    body = streamed.read()
    said = {"Content-Type": streamed.content_type}
    answer = owner.ask("PUT", f"/{bucket}/d/", body, said)
    assert answer.status_code == 200, answer.text
    plain = requests.Request(
        "PUT", "http://x", files={"anything": ("b.txt", b"bytes", "text/csv")}
    ).prepare()
    assert isinstance(plain.body, bytes)
    kind = {"Content-Type": str(plain.headers["Content-Type"])}
    assert owner.ask("PUT", f"/{bucket}/", plain.body, kind).status_code == 200
    names = owner.names(f"/{bucket}/?recursive")
    assert names[0] == "b.txt"
    assert names[1].startswith("d/Größe")
    assert owner.ask("GET", f"/{bucket}/{quote(names[1])}").data == b"test-data"


def test_objects_is_where_the_clients_look(site: Site) -> None:
    assert OBJECTS == "/api/v1/objects"
    assert site.anyone.get(OBJECTS).headers["Content-Type"] == "application/json"
