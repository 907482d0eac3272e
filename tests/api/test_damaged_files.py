"""What is wrong with the bytes of a file, and what is known of them already, told over HTTP."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from catalog.domain.fixity import DAMAGED
from catalog.services.fixity import check_fixity
from catalog.tables import Bucket, File
from tests.api.buckets import Client
from tests.api.sites import Kept, Site, kept, problem, site_in
from tests.catalogs import description, now

CONTENT = b"what it says"
HTML = "text/html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, judge, queries) -> Site:  # type: ignore[no-untyped-def]
    return site_in(tmp_path_factory.mktemp("damaged"), judge, queries)


def key_of(site: Site, one: Kept, name: str = "a.txt") -> str:
    with site.parts.database.reading() as session:
        return session.scalars(
            select(File.key).where(File.item_id == one.id, File.name == name)
        ).one()


def read_again(site: Site, days: int = 32) -> None:
    check_fixity(site.parts, now() + timedelta(days=days))


@pytest.fixture(scope="module")
def damaged(site: Site) -> Kept:
    """A published item with a file whose bytes are lost, and one that is sound."""
    one = site.with_file("a.txt", CONTENT, title="With a lost file")
    site.owner.put(f"{one.path}/files/b.txt", b"beside it")
    answer = site.owner.post(
        f"{one.path}/publication?wait=0", {"visibility": "public"}, If_Match="*"
    )
    assert answer.status_code == 200, answer.text
    site.parts.objects.delete(key_of(site, one))
    read_again(site)
    return one


def test_before_the_first_reading_nothing_is_said(site: Site) -> None:
    one = site.with_file("a.txt", CONTENT)
    (file,) = site.owner.get(one.path).get_json()["files"]
    assert file["fixity"] is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=0-1"}, {"If_None_Match": "*"}])
def test_a_damaged_file_is_answered_503_naming_it(
    site: Site, damaged: Kept, method: str, asked: dict[str, str]
) -> None:
    answer = site.anyone.ask(method, f"{damaged.path}/files/a.txt", **asked)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "3600"
    if method == "GET":
        said = problem(answer, 503, "damaged")
        assert said["name"] == "a.txt"
        assert said["detail"].startswith("The bytes of a.txt are damaged; its owner was told.")


def test_the_files_beside_it_and_the_description_are_served_as_ever(
    site: Site, damaged: Kept
) -> None:
    assert site.anyone.get(f"{damaged.path}/files/b.txt").data == b"beside it"
    lost, sound = site.anyone.get(damaged.path).get_json()["files"]
    assert (lost["fixity"]["result"], sound["fixity"]["result"]) == ("missing", "ok")
    assert sound["fixity"]["checked"].endswith("Z")
    listed = site.anyone.get(f"{damaged.path}/files").get_json()["files"]
    assert [one["fixity"] for one in listed] == [lost["fixity"], sound["fixity"]]


def test_a_package_with_it_is_refused_before_its_first_byte(site: Site, damaged: Kept) -> None:
    answer = site.anyone.get(f"{damaged.path}.crate.zip")
    assert problem(answer, 503, "damaged")["name"] == "a.txt"


def test_pages_say_when_files_were_checked_and_which_are_damaged(site: Site, damaged: Kept) -> None:
    for path in (damaged.path, f"{damaged.path}/files"):
        page = site.anyone.get(path, Accept=HTML).text
        assert "Damaged:" in page
        assert "its bytes are not there" in page
        assert "Checked <time" in page
        assert f'{damaged.path}/files/a.txt"' not in page.partition("<table")[2]


def test_a_preview_of_it_is_none(site: Site, damaged: Kept) -> None:
    assert site.anyone.get(f"{damaged.path}/preview/a.txt").status_code == 503
    assert f"{damaged.path}/preview/b.txt" in site.anyone.get(damaged.path, Accept=HTML).text


def test_its_owner_is_told_on_their_page_and_in_the_history(site: Site, damaged: Kept) -> None:
    browser = site.app.test_client()
    form = {"token": site.tokens["owner"]}
    assert browser.post("/sign-in", data=form).status_code == 303
    page = browser.get("/me").text
    assert "1 file is damaged" in page
    assert "a.txt" in page
    entries = site.owner.get(f"{damaged.path}/history").get_json()["entries"]
    (told,) = [entry for entry in entries if entry["event"] == "fixity-failed"]
    assert (told["detail"]["name"], told["detail"]["result"]) == ("a.txt", "missing")
    others = site.anyone.get(f"{damaged.path}/history").get_json()["entries"]
    assert "fixity-failed" not in {entry["event"] for entry in others}


def test_the_catalog_stays_ready_and_counts_the_faults(site: Site, damaged: Kept) -> None:
    assert damaged.id
    said = site.anyone.get("/health/ready").get_json()
    assert said["fixity"]["faults"] == {**dict.fromkeys(DAMAGED, 0), "missing": 1}
    assert all(said["checks"].values()) or "fixity" not in said["checks"]
    lines = site.anyone.get("/metrics").text.splitlines()
    assert 'sage_catalog_fixity_faults{result="missing"} 1' in lines
    assert any(line.startswith("sage_catalog_fixity_overdue ") for line in lines)


def test_a_lost_file_is_not_served_by_the_storage_api_either(site: Site) -> None:
    owner = Client(site, site.tokens["owner"])
    bucket = owner.create("type=training-data&name=lost")
    assert owner.put(f"/{bucket}/a.txt", CONTENT).status_code == 200
    with site.parts.database.reading() as session:
        item_id = session.scalars(select(Bucket.item_id).where(Bucket.uuid == bucket)).one()
    site.parts.objects.delete(key_of(site, Kept(str(item_id), "")))
    read_again(site, days=64)
    answer = owner.ask("GET", f"/{bucket}/a.txt")
    assert answer.status_code == 500
    assert "The bytes of a.txt are damaged" in answer.text
    assert answer.headers["Retry-After"] == "3600"
    assert CONTENT not in answer.data


def test_restored_bytes_are_served_again(site: Site) -> None:
    one = site.with_file("a.txt", CONTENT)
    key = key_of(site, one)
    site.parts.objects.delete(key)
    read_again(site, days=100)
    assert site.owner.get(f"{one.path}/files/a.txt").status_code == 503
    site.parts.objects.put(key, BytesIO(CONTENT), len(CONTENT))
    read_again(site, days=101)
    assert site.owner.get(f"{one.path}/files/a.txt").data == CONTENT


# -- what is known already


def test_an_upload_is_told_which_public_items_have_the_same_bytes(site: Site) -> None:
    secret = site.with_file("a.txt", b"known bytes", title="Not for others")
    one = site.draft("By another", by="other")
    answer = site.other.put(f"{one.path}/files/mine.txt", b"known bytes")
    assert answer.get_json()["known_as"] == []
    site.owner.post(f"{secret.path}/publication?wait=0", {"visibility": "public"}, If_Match="*")
    answer = site.other.put(f"{one.path}/files/mine.txt", b"known bytes")
    (known,) = answer.get_json()["known_as"]
    assert (known["id"], known["title"], known["name"]) == (secret.id, "Not for others", "a.txt")
    page = site.other.get(one.path, Accept=HTML).text
    assert "Some of this is described already." in page
    assert "Not for others" in page
    assert "described already" not in site.anyone.get(secret.path, Accept=HTML).text


def test_a_description_is_told_which_items_name_the_same_source(site: Site) -> None:
    first = kept(site.owner.post("/items?publish=true&wait=0", told_of("First"), **TURTLE))
    answer = site.other.post("/items", told_of("Second"), **TURTLE)
    (known,) = answer.get_json()["known_sources"]
    assert known["address"] == "https://example.org/only/here"
    assert [one["id"] for one in known["items"]] == [first.id]
    second = kept(answer)
    browser = site.app.test_client()
    browser.post("/sign-in", data={"token": site.tokens["other"]})
    page = browser.get(f"{second.path}/edit").text
    assert "Some of this is described already." in page
    assert first.id in page
    again = site.owner.put(first.path, told_of("First, again"), If_Match="*", **TURTLE)
    assert "known_sources" not in again.get_json()


TURTLE = {"Content_Type": "text/turtle"}


def told_of(title: str) -> bytes:
    """Return a description whose source no other test names."""
    return description(title).replace(
        b"http://vintage.winklerbros.net/swimseg.html", b"https://example.org/only/here"
    )
