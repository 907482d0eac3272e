"""What every object store promises of files that arrive in parts: files, SeaweedFS and MinIO."""

import hashlib
import io
import random
import subprocess
import sys
import textwrap
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from catalog.adapters.objects_files import FileObjects
from catalog.adapters.objects_files_parts import FileParts
from catalog.adapters.objects_s3 import S3Objects
from catalog.adapters.streams import CHUNK_BYTES
from catalog.domain.errors import ChecksumMismatch, CutShort, ObjectMissing, WrongState
from catalog.ports import ObjectStore, Part, Stored
from tests.contracts.test_object_store import STORES, from_network, got
from tests.servers import ROOT, MinioServer, S3Server, WeedServer

PART_BYTES = CHUNK_BYTES + 1_234
BODY = random.Random(7).randbytes(3 * PART_BYTES + 99)
PARTS = tuple(
    Part(n, start, min(PART_BYTES, len(BODY) - start))
    for n, start in enumerate(range(0, len(BODY), PART_BYTES), start=1)
)
WHOLE = Stored(len(BODY), hashlib.sha256(BODY).hexdigest())
SERVERS = STORES[1:]


@pytest.fixture(scope="module", params=STORES)
def objects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ObjectStore:
    if request.param == "files":
        return FileObjects(tmp_path_factory.mktemp("objects"))
    server: S3Server = request.getfixturevalue(request.param)
    return server.objects("sage-parts")


@pytest.fixture
def upload() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def key() -> str:
    return f"o/{uuid.uuid4().hex[:10]}/{uuid.uuid4().hex}"


def bytes_of(part: Part) -> bytes:
    return BODY[part.start : part.start + part.size_bytes]


def put(objects: ObjectStore, upload: str, part: Part, data: bytes | None = None) -> Stored:
    source = io.BytesIO(bytes_of(part) if data is None else data)
    return objects.put_part(upload, part, source, None)


def put_all(objects: ObjectStore, upload: str) -> None:
    for part in PARTS:
        put(objects, upload, part)


def test_parts_in_any_order_and_at_once_make_the_whole(
    objects: ObjectStore, upload: str, key: str
) -> None:
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(lambda part: put(objects, upload, part), reversed(PARTS)))
    assert [one.sha256 for one in reversed(kept)] == [
        hashlib.sha256(bytes_of(part)).hexdigest() for part in PARTS
    ]
    assert objects.arrived(upload) == {part.n: part.size_bytes for part in PARTS}
    assert objects.join(upload, key, PARTS) == WHOLE
    assert got(objects, key) == BODY
    assert upload in set(objects.uploads())
    objects.discard(upload)
    assert got(objects, key) == BODY
    assert objects.arrived(upload) == {}
    assert upload not in set(objects.uploads())
    objects.discard(upload)


def test_a_part_that_is_sent_again_takes_the_place_of_the_one_before(
    objects: ObjectStore, upload: str, key: str
) -> None:
    put(objects, upload, PARTS[1], bytes(PART_BYTES))
    put_all(objects, upload)
    assert objects.join(upload, key, PARTS) == WHOLE


def test_what_was_joined_may_be_joined_again(objects: ObjectStore, upload: str, key: str) -> None:
    put_all(objects, upload)
    objects.join(upload, key, PARTS)
    assert objects.join(upload, key, PARTS) == WHOLE
    objects.discard(upload)
    assert objects.join(upload, key, PARTS) == WHOLE


def test_a_file_of_no_bytes_has_no_parts(objects: ObjectStore, upload: str, key: str) -> None:
    assert objects.join(upload, key, ()) == Stored(0, hashlib.sha256().hexdigest())
    assert got(objects, key) == b""
    objects.discard(upload)


def test_a_missing_part_makes_no_whole(objects: ObjectStore, upload: str, key: str) -> None:
    for part in PARTS[:-1]:
        put(objects, upload, part)
    with pytest.raises(ObjectMissing):
        objects.join(upload, key, PARTS)
    with pytest.raises(ObjectMissing):
        objects.size(key)
    put(objects, upload, PARTS[-1])
    assert objects.join(upload, key, PARTS) == WHOLE


class Cut(Exception):
    """The network went away."""


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("again", [False, True])
def test_a_part_that_is_cut_off_has_not_arrived(
    objects: ObjectStore, upload: str, share: float, again: bool
) -> None:
    part = PARTS[0]
    if again:
        put(objects, upload, part, bytes(part.size_bytes))
    cut = from_network(bytes_of(part)[: int(share * part.size_bytes)], Cut())
    with pytest.raises(Cut):
        objects.put_part(upload, part, cut, None)
    left = objects.arrived(upload)
    if left:  # S3 keeps what was there before, whole
        assert again
        assert left == {part.n: part.size_bytes}
    put_all(objects, upload)
    assert objects.join(upload, f"o/cut/{upload}", PARTS) == WHOLE


@pytest.mark.parametrize("more", [-1, 1, 1000])
def test_a_part_of_another_length_has_not_arrived(
    objects: ObjectStore, upload: str, more: int
) -> None:
    part = PARTS[2]
    data = (bytes_of(part) + bytes(1000))[: part.size_bytes + more]
    with pytest.raises(CutShort):
        put(objects, upload, part, data)
    assert objects.arrived(upload) == {}


def test_a_part_that_is_not_what_was_announced_has_not_arrived(
    objects: ObjectStore, upload: str
) -> None:
    part = PARTS[0]
    flipped = bytearray(bytes_of(part))
    flipped[part.size_bytes // 2] ^= 1
    right = hashlib.sha256(bytes_of(part)).hexdigest()
    with pytest.raises(ChecksumMismatch):
        objects.put_part(upload, part, io.BytesIO(flipped), right)
    assert objects.arrived(upload) == {}
    assert objects.put_part(upload, part, io.BytesIO(bytes_of(part)), right).sha256 == right


def test_uploads_keep_apart(objects: ObjectStore) -> None:
    one, other = uuid.uuid4().hex, uuid.uuid4().hex
    put(objects, one, PARTS[0])
    put(objects, other, PARTS[1])
    objects.discard(one)
    assert objects.arrived(one) == {}
    assert set(objects.arrived(other)) == {2}
    objects.discard(other)


def test_parts_are_no_objects(objects: ObjectStore, upload: str) -> None:
    put_all(objects, upload)
    assert upload not in {entry.key.rpartition("/")[2] for entry in objects.listing()}
    objects.discard(upload)


@pytest.mark.parametrize("name", ["", ".", "..", "../o", "x/y", "A" * 32, "0" * 31, "0" * 33])
def test_what_is_no_upload_becomes_no_path(objects: ObjectStore, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: put(objects, name, PARTS[0]),
        lambda: objects.arrived(name),
        lambda: objects.discard(name),
        lambda: objects.join(name, "o/item/upload", PARTS),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="is no upload"):
            call()


# -- files


class Slow:
    """A source that waits in the middle until it is told to go on."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.half = threading.Event()
        self.go_on = threading.Event()

    def read(self, size: int = -1) -> bytes:
        if self._data.tell():
            self.half.set()
            self.go_on.wait(10)
        return self._data.read(min(size, CHUNK_BYTES))


def test_who_sends_a_part_anew_ends_the_one_that_hangs(tmp_path: Path, upload: str) -> None:
    objects = FileObjects(tmp_path)
    slow = Slow(bytes(PART_BYTES))
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(objects.put_part, upload, PARTS[0], cast(BinaryIO, slow), None)
        assert slow.half.wait(10)
        put_all(objects, upload)
        slow.go_on.set()
        with pytest.raises(WrongState):
            hanging.result()
    assert objects.join(upload, "o/item/upload", PARTS) == WHOLE


def test_nobody_writes_into_what_was_joined(tmp_path: Path, upload: str) -> None:
    objects = FileObjects(tmp_path)
    put_all(objects, upload)
    assert objects.join(upload, "o/item/upload", PARTS) == WHOLE
    with pytest.raises(WrongState):
        put(objects, upload, PARTS[0], bytes(PART_BYTES))
    assert got(objects, "o/item/upload") == BODY


def test_an_open_store_leaves_uploads_of_others_alone(tmp_path: Path, upload: str) -> None:
    put_all(FileObjects(tmp_path), upload)
    assert len(FileObjects(tmp_path).arrived(upload)) == len(PARTS)
    assert FileObjects(tmp_path).join(upload, "o/item/upload", PARTS) == WHOLE


# -- straight to S3


@pytest.fixture(params=SERVERS)
def public(request: pytest.FixtureRequest) -> S3Objects:
    server: WeedServer | MinioServer = request.getfixturevalue(request.param)
    secret = server.weed.secret_key if isinstance(server, WeedServer) else server.secret_key
    return S3Objects(
        server.endpoint,
        server.access_key,
        secret,
        bucket="sage-parts",
        single_put_bytes=None,
        public=f"http://{server.endpoint}",
    )


def asked(
    method: str, url: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(), dict(refusal.headers)


def part_url(objects: S3Objects, upload: str, part: Part, seconds: int = 60) -> str:
    url = objects.part_address(upload, part, seconds=seconds)
    assert url is not None
    return url


def test_parts_go_to_the_store_without_a_credential(
    public: S3Objects, upload: str, key: str
) -> None:
    for part in PARTS:
        status, said, _ = asked("PUT", part_url(public, upload, part), bytes_of(part))
        assert status == 200, said
    assert public.arrived(upload) == {part.n: part.size_bytes for part in PARTS}
    assert public.join(upload, key, PARTS) == WHOLE
    url = public.address(
        key, media_type="image/png", disposition='attachment; filename="a.png"', seconds=60
    )
    assert url is not None
    status, data, headers = asked("GET", url, Range="bytes=5-9")
    assert (status, data) == (206, BODY[5:10])
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == 'attachment; filename="a.png"'
    public.discard(upload)


def test_an_address_is_good_for_one_part_of_one_size_only(public: S3Objects, upload: str) -> None:
    part = PARTS[0]
    url = part_url(public, upload, part)
    other = part_url(public, upload, PARTS[1]).partition("?")[0]
    for method, address, body in (
        ("PUT", url, bytes(part.size_bytes + 1)),
        ("PUT", url, bytes(part.size_bytes - 1)),
        ("PUT", url, b""),
        ("PUT", f"{other}?{url.partition('?')[2]}", bytes_of(part)),
        ("PUT", url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"), bytes_of(part)),
        ("PUT", url.partition("?")[0], bytes_of(part)),
        ("GET", url, None),
        ("DELETE", url, None),
    ):
        assert asked(method, address, body)[0] in {400, 403}, (method, address)
    assert public.arrived(upload) == {}


def test_an_address_ends(public: S3Objects, upload: str) -> None:
    url = part_url(public, upload, PARTS[0], seconds=1)
    threading.Event().wait(2.1)
    assert asked("PUT", url, bytes_of(PARTS[0]))[0] == 403
    assert public.arrived(upload) == {}


def test_without_a_public_address_nothing_is_signed(minio: MinioServer, upload: str) -> None:
    objects = minio.objects("sage-parts")
    assert objects.part_address(upload, PARTS[0], seconds=60) is None
    assert objects.address("o/a/b", media_type="a/b", disposition="attachment", seconds=9) is None


WRITER = """
    import sys, time
    sys.path.insert(0, {root!r})
    from pathlib import Path
    from catalog.adapters.objects_files import FileObjects
    from tests.contracts.test_uploads_in_parts import PARTS, put
    from tests.contracts.writing import interrupted

    objects = FileObjects(Path(sys.argv[1]))
    for part in PARTS[:2]:
        put(objects, sys.argv[2], part)
    size = PARTS[2].size_bytes
    objects.put_part(sys.argv[2], PARTS[2], interrupted(size, said), None)
"""


@pytest.mark.parametrize("where", ["in a part", "in joining"])
def test_what_arrived_before_a_kill_need_not_be_sent_again(
    tmp_path: Path, upload: str, where: str
) -> None:
    program = textwrap.dedent(WRITER.format(root=str(ROOT))).replace(
        "interrupted(size, said)",
        "interrupted(size, lambda: (print('half', flush=True), time.sleep(60)))",
    )
    command = [sys.executable, "-c", program, str(tmp_path), upload]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        writer.kill()
    objects = FileObjects(tmp_path)
    assert set(objects.arrived(upload)) == {1, 2}
    for part in PARTS[2:]:
        put(objects, upload, part)
    if where == "in joining":  # sealed, and the name not given yet
        FileParts(tmp_path / "parts", lambda _: None).join(upload, PARTS)
    assert objects.join(upload, "o/item/upload", PARTS) == WHOLE
    assert got(objects, "o/item/upload") == BODY
