"""What every object store promises, asked of files, of SeaweedFS and of MinIO."""

import contextlib
import hashlib
import io
import random
import threading
import tracemalloc
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from catalog.adapters.objects_files import FileObjects
from catalog.adapters.streams import CHUNK_BYTES
from catalog.domain.errors import CutShort, KeyTaken, ObjectMissing
from catalog.ports import ObjectStore, Stored
from tests.servers import S3Server

STORES = [
    "files",
    pytest.param("weed", marks=pytest.mark.server("weed")),
    pytest.param("minio", marks=pytest.mark.server("minio")),
]
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES, (5 << 20) + 1]
NO_KEYS = [
    "",
    "/",
    "o",
    "o/",
    "o/item",
    "o/item/",
    "o//upload",
    "/o/item/upload",
    "o/item/upload/more",
    "o/item/upload\n",
    "o/item/up\0load",
    "o/item/..",
    "o/../upload",
    "o/item/.hidden",
    "../o/item/upload",
    "o/item\\..\\upload",
    "O/item/upload",
    "incoming/item/upload",
    "o/ítem/upload",
    "o/item/%2e%2e",
    "o/item/" + "a" * 65,
]


@pytest.fixture(scope="module", params=STORES)
def objects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ObjectStore:
    if request.param == "files":
        return FileObjects(tmp_path_factory.mktemp("objects"))
    server: S3Server = request.getfixturevalue(request.param)
    return server.objects("sage-contract")


@pytest.fixture
def key() -> str:
    return new_key()


def new_key(item: str = "") -> str:
    return f"o/{item or uuid.uuid4().hex[:10]}/{uuid.uuid4()}"


def put(objects: ObjectStore, key: str, data: bytes) -> Stored:
    return objects.put(key, io.BytesIO(data), len(data))


def got(objects: ObjectStore, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join(objects.read(key, start, length))


class Source:
    """Gives what a network gives: pieces of odd sizes, no way back, and perhaps a sudden end."""

    def __init__(self, data: bytes, fault: Exception | None = None, piece: int = 7_777) -> None:
        self._data = io.BytesIO(data)
        self._fault = fault
        self._piece = piece

    def read(self, size: int = -1) -> bytes:
        chunk = self._data.read(min(self._piece, size))
        if not chunk and self._fault is not None:
            raise self._fault
        return chunk


def from_network(data: bytes, fault: Exception | None = None) -> BinaryIO:
    return cast(BinaryIO, Source(data, fault))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("announced", [True, False])
def test_what_was_put_comes_back_with_its_size_and_digest(
    objects: ObjectStore, key: str, size: int, announced: bool
) -> None:
    data = random.randbytes(size)
    stored = objects.put(key, io.BytesIO(data), size if announced else None)
    assert stored == Stored(size, hashlib.sha256(data).hexdigest())
    assert got(objects, key) == data
    assert objects.size(key) == size


@pytest.mark.parametrize("announced", [True, False])
def test_a_source_may_give_its_bytes_in_pieces(
    objects: ObjectStore, key: str, announced: bool
) -> None:
    data = random.randbytes(CHUNK_BYTES + 12_345)
    stored = objects.put(key, from_network(data), len(data) if announced else None)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert got(objects, key) == data


def test_a_key_is_written_once(objects: ObjectStore, key: str) -> None:
    put(objects, key, b"first")
    with pytest.raises(KeyTaken):
        put(objects, key, b"second")
    assert got(objects, key) == b"first"


def test_a_long_body_for_a_taken_key_is_refused_too(objects: ObjectStore, key: str) -> None:
    put(objects, key, b"first")
    with pytest.raises(KeyTaken):
        objects.put(key, from_network(bytes(8 << 20)), 8 << 20)
    assert got(objects, key) == b"first"


@pytest.mark.parametrize("size", [100, 2 << 20])
def test_of_eight_writers_of_one_key_exactly_one_wins(objects: ObjectStore, size: int) -> None:
    for _ in range(3):
        key = new_key()
        bodies = [bytes([number]) * size for number in range(8)]
        start = threading.Barrier(len(bodies))

        def write(body: bytes, key: str = key, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                put(objects, key, body)
            except KeyTaken:
                return False
            return True

        with ThreadPoolExecutor(len(bodies)) as threads:
            won = list(threads.map(write, bodies))
        assert won.count(True) == 1
        assert got(objects, key) == bodies[won.index(True)]


@pytest.mark.parametrize("arrived", [0, 1, CHUNK_BYTES, (3 << 20) + 5])
@pytest.mark.parametrize("announced", [4 << 20, None])
def test_a_source_that_breaks_leaves_nothing_and_says_itself_why(
    objects: ObjectStore, key: str, arrived: int, announced: int | None
) -> None:
    for fault in (RuntimeError("the client went away"), ConnectionResetError("so it did")):
        with pytest.raises(type(fault)) as told:
            objects.put(key, from_network(bytes(arrived), fault), announced)
        assert told.value is fault
    assert_nothing_under(objects, key)


@pytest.mark.parametrize("announced", [1, CHUNK_BYTES, 4 << 20, (4 << 20) + 1])
@pytest.mark.parametrize("amiss", [-1, 1, 5_000])
def test_a_source_of_another_length_than_announced_leaves_nothing(
    objects: ObjectStore, key: str, announced: int, amiss: int
) -> None:
    with pytest.raises(CutShort) as told:
        objects.put(key, io.BytesIO(bytes(announced + amiss)), announced)
    assert told.value.evidence["expected_bytes"] == announced
    assert_nothing_under(objects, key)


def assert_nothing_under(objects: ObjectStore, key: str) -> None:
    with pytest.raises(ObjectMissing):
        objects.size(key)
    assert list(objects.listing(key)) == []
    put(objects, key, b"the key is still free")


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, None),
        (0, 0),
        (0, 1),
        (7, 11),
        (CHUNK_BYTES - 1, 2),
        (CHUNK_BYTES, None),
        (1_299_999, 1),
        (1_299_999, None),
        (1_299_990, 1 << 40),
        (0, 1 << 40),
        (1_300_000, None),
        (1_300_000, 0),
        (1_300_001, 10),
        (1 << 40, None),
    ],
)
def test_a_range_is_the_slice_of_the_bytes(
    objects: ObjectStore, long_key: str, start: int, length: int | None
) -> None:
    end = None if length is None else start + length
    assert got(objects, long_key, start, length) == LONG[start:end]


LONG = random.Random(4).randbytes(1_300_000)


@pytest.fixture(scope="module")
def long_key(objects: ObjectStore) -> str:
    key = new_key()
    put(objects, key, LONG)
    return key


def test_a_range_of_nothing_is_nothing(objects: ObjectStore, key: str) -> None:
    put(objects, key, b"")
    assert got(objects, key, 0, 10) == got(objects, key, 3) == got(objects, key, 0, 0) == b""


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, -1)])
def test_a_range_cannot_be_negative(
    objects: ObjectStore, long_key: str, start: int, length: int | None
) -> None:
    with pytest.raises(ValueError):
        objects.read(long_key, start, length)


@pytest.mark.parametrize(("start", "length"), [(0, None), (0, 0), (5, 5)])
def test_reading_what_is_not_there_is_refused_before_the_first_chunk(
    objects: ObjectStore, key: str, start: int, length: int | None
) -> None:
    with pytest.raises(ObjectMissing):
        objects.read(key, start, length)
    with pytest.raises(ObjectMissing):
        objects.size(key)


def test_reading_can_stop_at_any_chunk(objects: ObjectStore, long_key: str) -> None:
    for taken in (0, 1):
        chunks = objects.read(long_key)
        for _ in range(taken):
            next(chunks)
        chunks.close()  # type: ignore[attr-defined]
        assert next(chunks, None) is None
    assert got(objects, long_key) == LONG


def test_readers_do_not_meet(objects: ObjectStore, long_key: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda _: got(objects, long_key), range(24)))
    assert read == [LONG] * 24


def test_deleting_is_for_good_and_may_be_repeated(objects: ObjectStore) -> None:
    key, other = new_key("deleting00"), new_key("deleting00")
    put(objects, key, b"this goes")
    put(objects, other, b"this stays")
    objects.delete(key)
    objects.delete(key)
    with pytest.raises(ObjectMissing):
        objects.read(key)
    assert [found.key for found in objects.listing("o/deleting00/")] == [other]
    objects.delete(other)
    assert list(objects.listing("o/deleting00/")) == []


def test_deleting_what_never_was_is_no_fault(objects: ObjectStore, key: str) -> None:
    objects.delete(key)


def test_objects_of_one_item_come_and_go_beside_each_other(objects: ObjectStore) -> None:
    def come_and_go(number: int) -> bytes:
        key = new_key("busy000000")
        put(objects, key, b"%d" % number)
        read = got(objects, key)
        objects.delete(key)
        return read

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(come_and_go, range(80)))
    assert read == [b"%d" % number for number in range(80)]


def test_a_listing_says_key_size_and_time_of_what_begins_so(objects: ObjectStore) -> None:
    keys = {new_key("listed0001"): 1, new_key("listed0001"): 20, new_key("listed0002"): 300}
    for key, size in keys.items():
        put(objects, key, bytes(size))
    found = list(objects.listing("o/listed000"))
    assert {entry.key: entry.size_bytes for entry in found} == keys
    for entry in found:
        assert entry.modified.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - entry.modified) < timedelta(minutes=2)


@pytest.mark.parametrize(
    ("prefix", "hits"),
    [
        ("o/found00001/", 2),
        ("o/found00001", 2),
        ("o/found0000", 3),
        ("o/found00002/b", 1),
        ("o/found00002/a", 0),
        ("o/found00003/", 0),
    ],
)
def test_a_prefix_may_end_anywhere(objects: ObjectStore, prefix: str, hits: int) -> None:
    for key in ("o/found00001/a", "o/found00001/b", "o/found00002/b"):
        try:
            put(objects, key, b"x")
        except KeyTaken:
            continue
    assert len(list(objects.listing(prefix))) == hits


def test_the_whole_listing_holds_every_object_once(objects: ObjectStore) -> None:
    keys = {new_key() for _ in range(5)}
    for key in keys:
        put(objects, key, b"x")
    listed = [entry.key for entry in objects.listing()]
    assert keys <= set(listed)
    assert len(listed) == len(set(listed))
    assert sorted(listed) == sorted(entry.key for entry in objects.listing("o/"))


@pytest.mark.parametrize("name", NO_KEYS)
def test_only_keys_that_the_catalog_makes_are_taken(objects: ObjectStore, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: put(objects, name, b"x"),
        lambda: objects.read(name),
        lambda: objects.size(name),
        lambda: objects.delete(name),
    ]
    for call in calls:
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("prefix", ["/", "..", "o/../", "x", "o//", "o/a/b/", "incoming/"])
def test_no_other_prefix_is_looked_for(objects: ObjectStore, prefix: str) -> None:
    with pytest.raises(ValueError):
        list(objects.listing(prefix))


class Zeros:
    """A long source that takes no memory."""

    def __init__(self, size_bytes: int) -> None:
        self._left = size_bytes

    def read(self, size: int = -1) -> bytes:
        chunk = bytes(min(size, self._left))
        self._left -= len(chunk)
        return chunk


def test_a_transfer_takes_memory_for_a_few_chunks_only(objects: ObjectStore, key: str) -> None:
    size = 64 << 20
    tracemalloc.start()
    try:
        objects.put(key, cast(BinaryIO, Zeros(size)), size)
        assert sum(map(len, objects.read(key))) == size
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    objects.delete(key)
    assert peak_bytes < 12 * CHUNK_BYTES


def test_no_thread_and_no_open_file_stays_behind(objects: ObjectStore, tmp_path: Path) -> None:
    put(objects, new_key(), bytes(3 * CHUNK_BYTES))  # connections to a server are kept
    threads = set(threading.enumerate())
    files = open_files()
    for _ in range(5):
        key = new_key()
        with pytest.raises(CutShort):
            objects.put(key, io.BytesIO(bytes(3 * CHUNK_BYTES)), 4 * CHUNK_BYTES)
        put(objects, key, bytes(3 * CHUNK_BYTES))
        chunks = objects.read(key)
        next(chunks)
        del chunks
    assert set(threading.enumerate()) == threads
    assert open_files() <= files


def open_files() -> set[str]:
    """Return what this process holds open, but for sockets, whose pool lets go in its own time."""
    if not Path("/proc/self/fd").exists():
        return set()
    targets = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            targets.add(str(entry.readlink()))
    return {target for target in targets if "socket:" not in target}
