"""Files on HTTP: kept with their SHA-256, frozen at publication, sent whole or by one range."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from api.app import create_app
from catalog.adapters.objects_files import FileObjects
from catalog.services.garbage import clear_garbage
from tests.api.sites import BASE, TURTLE, Caller, Site, kept, problem
from tests.catalogs import now

BYTES = bytes(range(256)) * 40
SHA = hashlib.sha256(BYTES).hexdigest()
DIGEST = f"sha-256=:{base64.b64encode(bytes.fromhex(SHA)).decode()}:"


def test_a_file_is_kept_and_fetched_byte_by_byte(site: Site) -> None:
    one = site.draft("Files")
    answer = site.owner.put(f"{one.path}/files/sky/a b.png", BYTES, Content_Type="image/png")
    assert answer.status_code == 201
    said = answer.get_json()
    members = {"name", "size_bytes", "sha256", "media_type", "url", "fixity", "known_as"}
    assert said.keys() == members
    assert (said["name"], said["size_bytes"], said["sha256"]) == ("sky/a b.png", len(BYTES), SHA)
    assert said["url"] == f"{BASE}items/{one.id}/v/1/files/sky/a%20b.png"
    assert answer.headers["ETag"] == f'"{SHA}"'
    for path in (f"{one.path}/files/sky/a b.png", said["url"].removeprefix(BASE[:-1])):
        got = site.owner.get(path)
        assert got.data == BYTES
        assert got.headers["Content-Type"] == "image/png"
        assert got.headers["ETag"] == f'"{SHA}"'
        assert got.headers["Content-Length"] == str(len(BYTES))
        assert got.headers["Content-Digest"] == DIGEST
        assert got.headers["Accept-Ranges"] == "bytes"
        page = f"{BASE[:-1]}{path.partition('/files')[0]}"
        assert f'<{page}>; rel="collection"; type="text/html"' in got.headers.getlist("Link")
    again = site.owner.put(f"{one.path}/files/sky/a b.png", b"new", Content_Type="image/png")
    assert again.status_code == 200
    assert site.owner.get(f"{one.path}/files/sky/a b.png").data == b"new"
    item = site.owner.get(f"{one.path}.json").get_json()
    assert [file["name"] for file in item["files"]] == ["sky/a b.png"]
    assert site.owner.get(f"{one.path}.json").headers["ETag"].startswith('"1.1.2.0-')


def test_a_file_is_never_shown_but_saved(site: Site) -> None:
    one = site.with_file("page.html", b"<script>alert(1)</script>")
    got = site.owner.get(f"{one.path}/files/page.html")
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Cross-Origin-Resource-Policy"] == "same-site"


@pytest.mark.parametrize(
    ("announced", "kept"),
    [
        ("text/csv", "text/csv"),
        ("Image/TIFF", "image/tiff"),
        ("application/octet-stream", "application/octet-stream"),
        (None, "text/plain"),
        ("application/x-www-form-urlencoded", "text/plain"),
    ],
)
def test_the_content_type_is_kept(site: Site, announced: str | None, kept: str) -> None:
    one = site.draft("Types")
    site.owner.put(f"{one.path}/files/a.txt", b"1,2", Content_Type=announced)
    assert site.owner.get(f"{one.path}/files/a.txt").headers["Content-Type"].startswith(kept)


def test_a_content_type_that_no_iri_can_hold_spoils_no_form(site: Site) -> None:
    one = site.draft("Odd type")
    kept = site.owner.put(f"{one.path}/files/a", b"x", Content_Type="a/b^c#d")
    assert kept.status_code == 201
    for suffix in ("ttl", "nt", "jsonld", "rdf", "json", "html"):
        assert site.owner.get(f"{one.path}.{suffix}").status_code == 200, suffix


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X_Checksum_Sha256", SHA),
        ("X_Checksum_Sha256", SHA.upper()),
        ("Content_Digest", DIGEST),
        ("Content_Digest", f"md5=:AAAA:, {DIGEST}"),
    ],
)
def test_a_right_checksum_is_accepted(site: Site, header: str, value: str) -> None:
    one = site.draft("Right")
    answer = site.owner.put(f"{one.path}/files/a", BYTES, Content_Type="a/b", **{header: value})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("X_Checksum_Sha256", "0" * 64, 422),
        ("X_Checksum_Sha256", "0" * 63, 400),
        ("X_Checksum_Sha256", "", 400),
        ("Content_Digest", f"sha-256=:{base64.b64encode(bytes(32)).decode()}:", 422),
        ("Content_Digest", "sha-256=:AAAA:", 400),
    ],
)
def test_a_wrong_checksum_keeps_nothing(site: Site, header: str, value: str, status: int) -> None:
    one = site.with_file("a", b"old")
    before = site.inventory(), site.owner.get(f"{one.path}.json").data
    answer = site.owner.put(f"{one.path}/files/a", BYTES, Content_Type="a/b", **{header: value})
    assert answer.status_code == status, answer.text
    if status == 422:
        assert problem(answer, 422, "checksum-mismatch")["computed"] == SHA
    assert (site.inventory(), site.owner.get(f"{one.path}.json").data) == before
    assert site.owner.get(f"{one.path}/files/a").data == b"old"


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-0", 206, 0, 0),
        ("bytes=5-", 206, 5, 9),
        ("bytes=-3", 206, 7, 9),
        ("bytes=-30", 206, 0, 9),
        ("bytes=2-400", 206, 2, 9),
        ("bytes=10-", 416, None, None),
        ("bytes=-0", 416, None, None),
        ("bytes=0-1,4-5", 200, None, None),
        ("bytes=5-2", 200, None, None),
        ("bytes=-", 200, None, None),
        ("lines=1-2", 200, None, None),
        ("bytes=" + "9" * 5_000 + "-", 200, None, None),
    ],
)
def test_a_single_range_is_answered(
    site: Site, asked: str, status: int, first: int | None, last: int | None
) -> None:
    one = site.with_file("ten", b"0123456789")
    answer = site.owner.get(f"{one.path}/files/ten", Range=asked)
    assert answer.status_code == status
    if first is not None and last is not None:
        assert answer.data == b"0123456789"[first : last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/10"
        assert answer.headers["Content-Length"] == str(last - first + 1)
        assert "Content-Digest" not in answer.headers
    elif status == 416:
        assert answer.headers["Content-Range"] == "bytes */10"
        problem(answer, 416, "range-not-satisfiable")
    else:
        assert answer.data == b"0123456789"


def test_conditions_come_before_ranges(site: Site) -> None:
    one = site.with_file("ten", b"0123456789")
    path = f"{one.path}/files/ten"
    tag = site.owner.get(path).headers["ETag"]
    have = site.owner.get(path, If_None_Match=tag, Range="bytes=90-")
    assert (have.status_code, have.data) == (304, b"")
    assert site.owner.ask("HEAD", path, If_None_Match=tag).status_code == 304
    fresh = site.owner.get(path, If_Range=tag, Range="bytes=0-1")
    assert (fresh.status_code, fresh.data) == (206, b"01")
    stale = site.owner.get(path, If_Range='"other"', Range="bytes=0-1")
    assert stale.status_code == 200
    head = site.owner.ask("HEAD", path, Range="bytes=0-1")
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, "10", b"")
    problem(site.owner.get(path, If_Match='"other"'), 412, "moved-on")


def test_a_change_of_a_file_may_name_what_it_expects(site: Site) -> None:
    one = site.with_file("a", b"old")
    path = f"{one.path}/files/a"
    old = f'"{hashlib.sha256(b"old").hexdigest()}"'
    problem(site.owner.put(path, b"x", If_Match=f'"{SHA}"'), 412, "moved-on")
    problem(site.owner.put(path, b"x", If_None_Match="*"), 412, "moved-on")
    problem(site.owner.delete(path, If_Match=f'"{SHA}"'), 412, "moved-on")
    problem(site.owner.put(f"{one.path}/files/b", b"x", If_Match="*"), 412, "moved-on")
    assert site.owner.get(path).data == b"old"
    assert site.owner.put(path, b"new", If_Match=old).status_code == 200
    stage = site.owner.get(f"{one.path}.ttl").headers["ETag"]
    assert site.owner.put(path, b"newer", If_Match=stage).status_code == 200
    assert site.owner.put(f"{one.path}/files/b", b"x", If_None_Match="*").status_code == 201
    assert site.owner.delete(path, If_Match="*").status_code == 204
    problem(site.owner.delete(path), 404, "not-found")
    problem(site.owner.get(path), 404, "not-found")


def test_names_are_one_whatever_their_form_and_differ_in_more_than_case(site: Site) -> None:
    one = site.draft("Names")
    assert site.owner.put(f"{one.path}/files/e\u0301.txt", b"1").status_code == 201
    assert site.owner.get(f"{one.path}/files/\u00e9.txt").data == b"1"
    assert site.owner.put(f"{one.path}/files/\u00e9.txt", b"2").status_code == 200
    assert site.owner.get(f"{one.path}/files/e\u0301.txt").data == b"2"
    said = problem(site.owner.put(f"{one.path}/files/\u00c9.TXT", b"3"), 409, "taken")
    assert said["name"] == "\u00e9.txt"
    problem(site.owner.get(f"{one.path}/files/\u00c9.TXT"), 404, "not-found")
    assert site.owner.get(f"{one.path}/files/\u00e9.txt").data == b"2"


@pytest.mark.parametrize(
    "name",
    [
        "a%00b", "a%0db", "a%0ab", "%7f", "a%e2%80%aeb", "a%e2%81%a6b", "%e2%80%8f",
        "a//b", "a/./b", "a/../b", "%2e%2e/b", "a%5cb", "x" * 256, "/".join(["x" * 200] * 6),
        "a/%2e", "%c2%85",
    ],
)  # fmt: skip
def test_a_name_that_could_mislead_is_refused(site: Site, name: str) -> None:
    one = site.draft("Hostile names")
    before = site.inventory()
    answer = site.owner.put(f"{one.path}/files/{name}", b"x")
    assert answer.status_code in {400, 404, 422}, answer.text
    assert site.inventory() == before
    assert site.owner.get(f"{one.path}/files/{name}").status_code in {400, 404, 422}


@pytest.mark.parametrize(
    "name", ['"; filename="evil.exe', "ä ö.png", "a;b=c", "%41.txt", "日本.tif"]
)
def test_one_disposition_names_the_file_and_nothing_else(site: Site, name: str) -> None:
    one = site.draft("Dispositions")
    path = f"{one.path}/files/{quote(name)}"
    assert site.owner.put(path, b"x").status_code == 201
    said = site.owner.get(path).headers.getlist("Content-Disposition")
    assert len(said) == 1
    assert said[0].count("filename=") == 1
    assert said[0].endswith(f"filename*=UTF-8''{quote(name, safe='')}")
    assert said[0].isascii()


def test_what_is_suggested_after_a_file_was_kept_names_the_item_as_people_do(site: Site) -> None:
    said = (
        b"<> a <http://data.europa.eu/it6/MachineLearningModel> ; "
        b'<http://purl.org/dc/terms/title> "A model with a file"@en .'
    )
    one = kept(site.owner.post("/items", said, Content_Type=TURTLE))
    assert site.owner.put(f"{one.path}/files/a.bin", b"bytes").status_code == 201
    values = [
        suggestion["value"]
        for finding in site.owner.get(one.path).get_json()["report"]["findings"]
        for suggestion in finding["suggestions"]
    ]
    assert "<> <http://data.europa.eu/it6/hasFile> <0123456789> ." in values
    assert not [value for value in values if "catalog.invalid" in value]


def test_the_files_of_a_published_version_are_frozen(site: Site) -> None:
    one = site.with_file("a", b"kept")
    done = site.owner.post(f"{one.path}/publication", If_Match="*")
    assert done.status_code == 200, done.text
    for answer in (
        site.owner.put(f"{one.path}/files/a", b"x"),
        site.owner.put(f"{one.path}/v/1/files/b", b"x"),
        site.owner.delete(f"{one.path}/files/a"),
    ):
        problem(answer, 409, "wrong-state")
    assert site.anyone.get(f"{one.path}/files/a").data == b"kept"
    assert f"{BASE}items/{one.id}/v/1/files/a" in site.anyone.get(f"{one.path}.nt").text


def test_files_are_listed_in_pages_by_name(site: Site) -> None:
    one = site.draft("Many")
    names = [f"f{number:03}" for number in range(7)]
    for name in reversed(names):
        assert site.owner.put(f"{one.path}/files/{name}", name.encode()).status_code == 201
    found: list[str] = []
    cursor = ""
    while True:
        page = site.owner.get(f"{one.path}/files?limit=3{cursor}").get_json()
        assert page["total"] == 7
        found += [file["name"] for file in page["files"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == names
    assert site.owner.get(f"{one.path}/v/1/files").get_json()["total"] == 7
    for bad in ("limit=0", "limit=101", "limit=x", "cursor=%00", "cursor=***", "limit=1e2"):
        problem(site.owner.get(f"{one.path}/files?{bad}"), 400, "unreadable")


def test_more_than_a_hundred_files_are_counted_and_paged(site: Site) -> None:
    one = site.draft("More than a hundred")
    for number in range(102):
        assert site.owner.put(f"{one.path}/files/{number:03}", b"x").status_code == 201
    said = site.owner.get(f"{one.path}.json").get_json()
    assert (len(said["files"]), said["files_total"]) == (100, 102)
    more = site.owner.get(said["files_next"].removeprefix(BASE[:-1])).get_json()
    assert more["total"] == 102
    assert [file["name"] for file in more["files"]] == ["100", "101"]
    assert more["next"] is None
    read = site.owner.get(f"{one.path}.ttl")
    back = site.owner.put(one.path, read.data, Content_Type="text/turtle", If_Match="*")
    assert back.headers["ETag"].partition("-")[0] == read.headers["ETag"].partition("-")[0]


def test_a_part_of_a_file_is_not_taken_for_the_whole(site: Site) -> None:
    one = site.draft("Parts")
    answer = site.owner.put(f"{one.path}/files/a", b"x", Content_Range="bytes 0-0/10")
    assert answer.status_code in {400, 422}
    assert site.owner.get(f"{one.path}/files").get_json()["total"] == 0


def test_a_disk_that_is_nearly_full_takes_no_more_and_goes_on_reading(site: Site) -> None:
    one = site.with_file("a", b"kept")
    before = site.inventory()
    full = FileObjects(site.folder / "objects", leave_free_bytes=1 << 60)
    app = create_app(replace(site.parts, objects=full))
    caller = Caller(app, site.tokens["owner"])
    problem(caller.put(f"{one.path}/files/b", b"x"), 507, "no-space")
    assert caller.get(f"{one.path}/files/a").data == b"kept"
    assert site.inventory() == before


def test_deleting_a_draft_removes_its_bytes_after_some_days(site: Site) -> None:
    clear_garbage(site.parts, now() + timedelta(days=8))
    before = site.inventory()["objects"]
    one = site.with_file("a", b"gone soon")
    assert site.inventory()["objects"] != before
    assert site.owner.delete(one.path, If_Match="*").status_code == 204
    clear_garbage(site.parts, now() + timedelta(days=6))
    assert site.inventory()["objects"] != before
    clear_garbage(site.parts, now() + timedelta(days=8))
    assert site.inventory()["objects"] == before
