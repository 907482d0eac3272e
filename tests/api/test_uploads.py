"""Files in parts on HTTP: by the same requests whether bytes lie in files, SeaweedFS or MinIO."""

import hashlib
import random
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from api.app import create_app
from catalog.adapters.objects_s3 import S3Objects
from catalog.domain.errors import NotAcceptable
from catalog.domain.permissions import Actor
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.ports import ObjectStore
from catalog.services.abandon_upload import clear_uploads
from catalog.services.accounts import actor_of_token
from catalog.services.begin_upload import Announced, begin_upload
from catalog.services.complete_upload import complete_upload, finish_uploads
from catalog.tables import Upload
from tests.api.sites import BASE, Caller, Kept, Site, problem, site_in
from tests.catalogs import now
from tests.servers import MinioServer, WeedServer, minio, weed

__all__ = ["minio", "weed"]

PART = 65_536
BODY = random.Random(11).randbytes(3 * PART + 77)
SHA = hashlib.sha256(BODY).hexdigest()
NOTHING = hashlib.sha256().hexdigest()
ABSENT = "0" * 32


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Site:
    return site_in(tmp_path_factory.mktemp("uploads"), judge, queries, part_bytes=PART)


@pytest.fixture(
    scope="module",
    params=[
        "files",
        pytest.param("weed", marks=pytest.mark.server("weed")),
        pytest.param("minio", marks=pytest.mark.server("minio")),
    ],
)
def site(request: pytest.FixtureRequest, files: Site) -> Site:
    """A catalog over each kind of store, with the same record."""
    if request.param == "files":
        return files
    server: WeedServer | MinioServer = request.getfixturevalue(request.param)
    secret = server.weed.secret_key if isinstance(server, WeedServer) else server.secret_key
    objects = S3Objects(
        server.endpoint,
        server.access_key,
        secret,
        bucket="sage-uploads",
        single_put_bytes=None,
        public=f"http://{server.endpoint}",
    )
    return over(files, objects)


def over(site: Site, objects: ObjectStore) -> Site:
    parts = replace(site.parts, objects=objects)
    return replace(site, parts=parts, app=create_app(parts))


@dataclass(frozen=True)
class Sending:
    """An upload in parts as its answers tell it, and who sends it."""

    site: Site
    item: Kept
    said: dict[str, Any]
    who: str = "owner"

    @property
    def caller(self) -> Caller:
        return self.site.as_(self.who)

    @property
    def path(self) -> str:
        return f"{self.item.path}/uploads/{self.said['id']}"

    def look(self, after: int = 0) -> dict[str, Any]:
        answer = self.caller.get(f"{self.path}?after={after}")
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def put(self, n: int, data: bytes | None = None, **headers: str) -> int:
        """Send one part to where the answers say, and return the status."""
        part = self.said["parts"][n - 1]
        start = (n - 1) * self.said["part_size_bytes"]
        content = BODY[start : start + part["size_bytes"]] if data is None else data
        return put_to(self.caller, part["url"], content, **headers)

    def put_all(self) -> "Sending":
        for part in self.said["parts"]:
            assert self.put(part["n"]) == 200
        return self

    def complete(self) -> TestResponse:
        return self.caller.post(f"{self.path}/completion")


def put_to(caller: Caller, url: str, content: bytes, **headers: str) -> int:
    if url.startswith(BASE):
        return caller.put(url.removeprefix(BASE[:-1]), content, **headers).status_code
    request = urllib.request.Request(url, data=content, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code


def begun(
    site: Site, item: Kept, name: str = "sky.bin", body: bytes = BODY, **said: Any
) -> TestResponse:
    announced = {
        "name": name,
        "size_bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return site.owner.post(f"{item.path}/uploads", announced | said)


def sending(site: Site, name: str = "sky.bin", item: Kept | None = None, **said: Any) -> Sending:
    one = item or site.draft("In parts")
    answer = begun(site, one, name, **said)
    assert answer.status_code == 201, answer.text
    return Sending(site, one, answer.get_json())


def listed(site: Site, item: Kept) -> list[str]:
    return [file["name"] for file in site.owner.get(f"{item.path}/files").get_json()["files"]]


def test_a_file_is_sent_in_parts_and_kept(site: Site) -> None:
    one = sending(site, "a b/sky.png", media_type="image/png")
    assert one.said["parts_total"] == 4
    assert [part["size_bytes"] for part in one.said["parts"]] == [PART, PART, PART, 77]
    assert not any(part["arrived"] for part in one.said["parts"])
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(one.put, [4, 2, 1, 3])) == {200}
    seen = one.look()
    assert (seen["state"], seen["parts_arrived"], seen["next"]) == ("open", 4, None)
    answer = one.complete()
    assert answer.status_code == 200, answer.text
    said = answer.get_json()
    assert (said["name"], said["sha256"], said["media_type"]) == ("a b/sky.png", SHA, "image/png")
    assert answer.headers["ETag"] == f'"{SHA}"'
    assert site.owner.get(f"{one.item.path}/files/a b/sky.png").data == BODY
    again = one.complete()
    assert (again.status_code, again.get_json()) == (200, said)
    kept = one.look()
    assert (kept["state"], kept["file"]) == ("kept", said)
    assert site.parts.objects.arrived(one.said["id"]) == {}
    problem(one.caller.delete(one.path), 409, "wrong-state")


def test_the_same_announcement_finds_the_upload_that_is_open(site: Site) -> None:
    one = sending(site)
    one.put(2)
    answer = begun(site, one.item)
    assert answer.status_code == 200
    said = answer.get_json()
    assert said["id"] == one.said["id"]
    assert [part["arrived"] for part in said["parts"]] == [False, True, False, False]
    other = begun(site, one.item, body=BODY[:-1])
    assert other.status_code == 201
    assert other.get_json()["id"] != one.said["id"]


def test_what_is_missing_is_named_and_the_upload_stays_open(site: Site) -> None:
    one = sending(site)
    one.put(1)
    one.put(3)
    said = problem(one.complete(), 409, "wrong-state")
    assert (said["missing"], said["missing_total"]) == ([2, 4], 2)
    assert listed(site, one.item) == []
    one.put_all()
    assert one.complete().status_code == 200


def test_other_bytes_than_announced_are_refused_and_gone(site: Site) -> None:
    one = sending(site)
    one.put_all()
    one.put(2, bytes(PART))
    said = problem(one.complete(), 422, "checksum-mismatch")
    assert said["announced"] == SHA
    assert listed(site, one.item) == []
    assert problem(one.complete(), 422, "checksum-mismatch")["computed"] == said["computed"]
    seen = one.look()
    assert (seen["state"], seen["problem"]["status"]) == ("refused", 422)
    assert site.parts.objects.arrived(one.said["id"]) == {}
    assert not list(site.parts.objects.listing(f"o/{one.item.id}/"))
    assert begun(site, one.item).status_code == 201


@pytest.mark.parametrize("content", [b"", bytes(PART - 1), bytes(PART + 1)])
def test_a_part_of_another_length_is_refused(site: Site, content: bytes) -> None:
    one = sending(site)
    assert one.put(1, content) in {400, 403, 411, 422}
    assert one.look()["parts_arrived"] == 0


def test_a_file_of_no_bytes_needs_no_part(site: Site) -> None:
    one = sending(site, "empty", body=b"")
    assert one.said["parts"] == []
    assert one.complete().get_json()["sha256"] == NOTHING
    assert site.owner.get(f"{one.item.path}/files/empty").data == b""


def test_what_is_abandoned_is_gone(site: Site) -> None:
    one = sending(site)
    one.put_all()
    assert one.caller.delete(one.path).status_code == 204
    for answer in (one.caller.get(one.path), one.complete(), one.caller.delete(one.path)):
        problem(answer, 404, "not-found")
    assert site.parts.objects.arrived(one.said["id"]) == {}
    assert listed(site, one.item) == []


def test_a_large_file_is_checked_by_somebody_else_meanwhile(site: Site) -> None:
    good, bad = sending(site, "good"), sending(site, "bad")
    for one in (good, bad):
        one.put_all()
    bad.put(1, bytes(PART))
    actor = site_actor(site)
    for one in (good, bad):
        done = complete_upload(
            site.parts, actor, one.item.id, one.said["id"], now=now(), at_once_bytes=0
        )
        assert done.upload.state == "checking"
    answer = good.complete()
    assert (answer.status_code, answer.get_json()["state"]) == (202, "checking")
    assert int(answer.headers["Retry-After"]) > 0
    assert good.put(1, bytes(PART)) in {200, 409}  # S3 takes it, and the checksum tells
    good.put(1)
    assert listed(site, good.item) == []
    finish_uploads(site.parts, now())
    finish_uploads(site.parts, now())
    finish_uploads(site.parts, now())
    assert good.look()["file"]["sha256"] == SHA
    assert good.complete().status_code == 200
    assert bad.look()["problem"]["type"].endswith("checksum-mismatch")
    problem(bad.complete(), 422, "checksum-mismatch")
    assert listed(site, bad.item) == []


def site_actor(site: Site) -> Actor:
    return actor_of_token(site.parts, site.tokens["owner"], now=now())


def test_who_checks_and_is_killed_is_followed_by_another(files: Site) -> None:
    one = sending(files)
    one.put_all()
    actor = site_actor(files)
    complete_upload(files.parts, actor, one.item.id, one.said["id"], now=now(), at_once_bytes=0)
    with files.parts.database.writing() as session:
        session.execute(update(Upload).values(busy_until=now() + timedelta(minutes=1)))
    finish_uploads(files.parts, now())
    assert one.look()["state"] == "checking"
    finish_uploads(files.parts, now() + timedelta(minutes=2))
    assert one.look()["state"] == "kept"


def test_a_store_that_fails_leaves_the_upload_open(files: Site) -> None:
    one = sending(files)
    one.put_all()
    folder = files.folder / "objects"
    folder.rename(folder.with_name("elsewhere"))
    try:
        assert one.complete().status_code == 503
    finally:
        folder.with_name("elsewhere").rename(folder)
    assert one.look()["state"] == "open"
    assert one.complete().status_code == 200


# -- whose it is, and what happens meanwhile


def test_nobody_else_sees_or_touches_an_upload(files: Site) -> None:
    one = sending(files)
    part = f"{one.path}/parts/1"
    for caller in (files.anyone, files.other, files.curator):
        for answer in (
            caller.get(one.path),
            caller.put(part, BODY[:PART]),
            caller.post(f"{one.path}/completion"),
            caller.delete(one.path),
            caller.post(f"{one.item.path}/uploads", {"name": "a", "size_bytes": 1, "sha256": SHA}),
        ):
            problem(answer, 404, "not-found")
    assert one.look()["parts_arrived"] == 0


def test_an_upload_belongs_to_one_item(files: Site) -> None:
    one, other = sending(files), files.draft("Another")
    for path in (f"{other.path}/uploads/{one.said['id']}", f"{one.item.path}/uploads/{ABSENT}"):
        problem(files.owner.get(path), 404, "not-found")
        problem(files.owner.put(f"{path}/parts/1", BODY[:PART]), 404, "not-found")
        problem(files.owner.post(f"{path}/completion"), 404, "not-found")
        problem(files.owner.delete(path), 404, "not-found")
    for n in (0, 5, 10**12):
        problem(files.owner.put(f"{one.path}/parts/{n}", b"x"), 404, "not-found")
    assert one.look()["parts_arrived"] == 0


def test_a_version_that_is_frozen_meanwhile_takes_nothing(site: Site) -> None:
    one = sending(site)
    one.put_all()
    done = site.owner.post(f"{one.item.path}/publication?wait=0", If_Match="*")
    assert done.status_code == 200, done.text
    problem(one.complete(), 409, "wrong-state")
    problem(begun(site, one.item, "late"), 409, "wrong-state")
    clear_uploads(site.parts, now())
    problem(one.complete(), 404, "not-found")
    assert listed(site, one.item) == []
    clear_uploads(site.parts, now() + timedelta(hours=3))
    assert site.parts.objects.arrived(one.said["id"]) == {}


def test_an_item_that_is_deleted_meanwhile_takes_its_uploads_with_it(site: Site) -> None:
    one = sending(site)
    one.put_all()
    assert site.owner.delete(one.item.path, If_Match="*").status_code == 204
    problem(one.complete(), 404, "not-found")
    problem(one.caller.get(one.path), 404, "not-found")
    clear_uploads(site.parts, now() + timedelta(hours=3))
    assert one.said["id"] not in set(site.parts.objects.uploads())


def test_a_name_that_is_taken_meanwhile_is_not_taken_over(files: Site) -> None:
    one = sending(files, "Sky.bin")
    one.put_all()
    assert files.owner.put(f"{one.item.path}/files/sky.BIN", b"first").status_code == 201
    problem(one.complete(), 409, "taken")
    assert listed(files, one.item) == ["sky.BIN"]
    assert files.owner.delete(f"{one.item.path}/files/sky.BIN").status_code == 204
    assert one.complete().status_code == 200


def test_what_nobody_completes_goes_after_a_week(site: Site) -> None:
    one, other = sending(site), sending(site)
    one.put_all()
    with site.parts.database.writing() as session:
        session.execute(update(Upload).where(Upload.id == one.said["id"]).values(expires=now()))
    clear_uploads(site.parts, now() + timedelta(seconds=1))
    problem(one.caller.get(one.path), 404, "not-found")
    clear_uploads(site.parts, now() + timedelta(hours=3))
    assert one.said["id"] not in set(site.parts.objects.uploads())
    assert other.look()["state"] == "open"


def test_what_arrives_after_the_end_is_cleared_away_later(site: Site) -> None:
    one = sending(site)
    one.put_all()
    assert one.complete().status_code == 200
    assert one.put(1, bytes(PART)) in {200, 409}
    clear_uploads(site.parts, now() + timedelta(hours=3))
    assert one.said["id"] not in set(site.parts.objects.uploads())
    assert site.owner.get(f"{one.item.path}/files/sky.bin").data == BODY
    assert one.look()["state"] == "kept"


# -- bad input


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"size_bytes": -1}, 422),
        ({"size_bytes": "5"}, 422),
        ({"size_bytes": 1.5}, 422),
        ({"size_bytes": 10**13}, 413),
        ({"size_bytes": 10**30}, 413),
        ({"size_bytes": True}, 422),
        ({"sha256": "0" * 63}, 422),
        ({"sha256": "x" * 64}, 422),
        ({"sha256": None}, 422),
        ({"name": ""}, 422),
        ({"name": "../up"}, 422),
        ({"name": "a\u202eb"}, 422),
        ({"name": "a\x00b"}, 400),
        ({"name": 5}, 422),
        ({"media_type": "no type"}, 422),
        ({"owner": "other"}, 422),
        ({"key": "o/other/item"}, 422),
    ],
)
def test_an_announcement_that_cannot_be_is_refused(
    files: Site, said: dict[str, Any], status: int
) -> None:
    one = files.draft("Bad announcements")
    before = files.inventory()
    answer = begun(files, one, **said)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert files.inventory() == before


def hostile_names() -> Iterator[str]:
    """Yield names made of what has misled programs before."""
    pieces = [
        "..", ".", "/", "\\", "a", "A", "%2e", "%00", "\0", "\n", "\r", "\u202e", "\u2066",
        "\u200f", "e\u0301", "\u00e9", "ß", "İ", "CON", "*", "?", '"', "'", ";", "|", "<", ">",
        ":", "~", "$(x)", "\ud800", "\u2028", "x" * 256, " ", "😀",
    ]  # fmt: skip
    draw = random.Random(5)
    for _ in range(300):
        yield "".join(draw.choices(pieces, k=draw.randint(1, 6)))


def test_a_hostile_name_is_refused_or_kept_as_what_it_says(files: Site) -> None:
    one = files.draft("Hostile names")
    actor = site_actor(files)
    kept = set()
    for name in hostile_names():
        try:
            upload, _ = begin_upload(files.parts, actor, one.id, Announced(name, 1, SHA), now=now())
        except NotAcceptable:
            continue
        assert upload.key.startswith(f"o/{one.id}/")
        assert not set(upload.name) & set("\0\r\n\\\u202e\u2066\u200f\u2028")
        assert not {"", ".", ".."} & set(upload.name.split("/"))
        kept.add(upload.name)
    assert kept


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.77, 0.99])
def test_a_part_whose_connection_is_cut_has_not_arrived(files: Site, share: float) -> None:
    one = sending(files)
    answer = files.app.test_client(use_cookies=False).open(
        f"{one.path}/parts/1",
        method="PUT",
        data=BODY[: int(share * PART)],
        headers={"Authorization": f"Bearer {files.tokens['owner']}"},
        environ_overrides={"CONTENT_LENGTH": str(PART)},
    )
    assert answer.status_code == 400, answer.text
    assert one.look()["parts_arrived"] == 0
    one.put_all()
    assert one.complete().status_code == 200


def test_a_part_says_how_long_it_is_and_may_say_its_checksum(files: Site) -> None:
    one = sending(files)
    path = f"{one.path}/parts/1"
    right = hashlib.sha256(BODY[:PART]).hexdigest()
    problem(
        files.owner.put(path, BODY[:PART], X_Checksum_Sha256="0" * 64), 422, "checksum-mismatch"
    )
    problem(files.owner.put(path, BODY[:PART], Content_Range="bytes 0-1/9"), 422, "not-acceptable")
    assert one.look()["parts_arrived"] == 0
    answer = files.owner.put(path, BODY[:PART], X_Checksum_Sha256=right)
    assert answer.get_json() == {"n": 1, "size_bytes": PART, "sha256": right, "arrived": True}


def test_thousands_of_parts_are_told_in_pages(files: Site) -> None:
    one = sending(files, "large", size_bytes=2_500 * PART)
    assert (len(one.said["parts"]), one.said["parts_total"]) == (1_000, 2_500)
    assert one.said["next"].endswith("?after=1000")
    last = one.look(2_400)
    assert [part["n"] for part in last["parts"]] == list(range(2_401, 2_501))
    assert last["next"] is None
    huge = sending(files, "huge", size_bytes=900 * 10**9)
    assert huge.said["parts_total"] <= 10_000
    problem(one.caller.get(f"{one.path}?after=x"), 400, "unreadable")


# -- by folder


def test_files_are_browsed_by_folder_and_by_how_names_begin(files: Site) -> None:
    one = files.draft("Browsed")
    for name in ("readme", "sky/a.png", "sky/2026/<b>.png"):
        assert files.owner.put(f"{one.path}/files/{quote(name)}", b"x").status_code == 201
    said = files.owner.get(f"{one.path}/files?folder=").get_json()
    assert said["folders"] == [{"name": "sky/", "files_total": 2}]
    assert [file["name"] for file in said["files"]] == ["readme"]
    said = files.owner.get(f"{one.path}/files?folder=SKY").get_json()
    assert (said["total"], said["folders"][0]["name"]) == (2, "sky/2026/")
    said = files.owner.get(f"{one.path}/v/1/files?prefix=sky/2").get_json()
    assert [file["name"] for file in said["files"]] == ["sky/2026/<b>.png"]
    page = files.owner.get(f"{one.path}/files?folder=sky", Accept="text/html").text
    assert f'{one.path}/files?folder=sky%2F2026"' in page
    assert f'{one.path}/files/sky/a.png"' in page
    page = files.owner.get(f"{one.path}/files?prefix=SKY", Accept="text/html").text
    assert "&lt;b&gt;.png" in page
    assert "noindex" in page
    for asked in ("folder=..", "folder=%2F", "prefix=nothing", "folder=readme"):
        assert files.owner.get(f"{one.path}/files?{asked}").status_code == 200
    problem(files.owner.get(f"{one.path}/files?folder=sky&cursor=%20"), 400, "unreadable")
    problem(files.anyone.get(f"{one.path}/files?folder=sky"), 404, "not-found")


# -- straight from the store


LARGE = bytes(8 << 20)


def test_a_large_file_comes_from_the_store_on_demand(site: Site) -> None:
    one = site.draft("Straight")
    path = f"{one.path}/files/large.png"
    answer = site.owner.put(path, LARGE, Content_Type="image/png")
    assert answer.status_code == 201
    assert len(site.owner.get(path).data) == len(LARGE)
    sent_on = site.owner.get(path, Prefer="redirect")
    if site.parts.objects.address("o/a/b", media_type="a/b", disposition="a", seconds=9) is None:
        assert sent_on.status_code == 200
        return
    assert (sent_on.status_code, sent_on.headers["Preference-Applied"]) == (307, "redirect")
    assert "no-store" in sent_on.headers["Cache-Control"]
    with urllib.request.urlopen(sent_on.headers["Location"], timeout=5) as got:
        assert got.read() == LARGE
        assert got.headers["Content-Type"] == "image/png"
        assert got.headers["Content-Disposition"].startswith("attachment;")
    always = create_app(
        replace(site.parts, settings=replace(site.parts.settings, s3_redirect=True))
    )
    caller = Caller(always, site.tokens["owner"])
    assert caller.get(path).status_code == 307
    assert caller.ask("HEAD", path).status_code == 200
    tag = caller.get(path).headers["ETag"]
    assert caller.get(path, If_None_Match=tag).status_code == 304
    small = f"{one.path}/files/small"
    site.owner.put(small, b"x")
    assert caller.get(small).data == b"x"
    problem(Caller(always).get(path), 404, "not-found")
