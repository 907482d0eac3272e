"""What object stores hold when things go wrong around them: kills, frozen servers, full disks."""

import io
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.adapters.objects_files import FileObjects
from catalog.adapters.objects_s3 import S3Objects
from catalog.domain.errors import KeyTaken, NoSpace, ObjectMissing, Unavailable
from tests.contracts.writing import assert_whole, interrupted, new_key, put
from tests.servers import ROOT, MinioServer, S3Server, free_ports, freeze, kill, thaw

SERVERS = [
    pytest.param("weed", marks=pytest.mark.server("weed")),
    pytest.param("minio", marks=pytest.mark.server("minio")),
]
NO_ANSWER_SECONDS = 5.0
BIG = 16 << 20  # more than the buffers of a connection hold


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """A real server that runs again when the test has ended, whatever became of it."""
    running: S3Server = request.getfixturevalue(request.param)
    yield running
    if running.process.poll() is not None:
        running.start()


def test_a_server_killed_in_the_middle_of_a_put_shows_nothing_of_it(server: S3Server) -> None:
    objects = server.objects("sage-faults")
    before, during = new_key(), new_key()
    put(objects, before)
    with pytest.raises(Unavailable):
        objects.put(during, interrupted(8 << 20, lambda: kill(server)), 8 << 20)
    with pytest.raises(Unavailable):
        objects.size(before)
    server.start()
    assert_whole(objects, before)
    with pytest.raises(ObjectMissing):
        objects.size(during)
    assert during not in {entry.key for entry in objects.listing()}
    put(objects, during)
    assert_whole(objects, during)


def test_a_server_killed_at_any_moment_has_all_that_it_answered_for(server: S3Server) -> None:
    objects = server.objects("sage-kills")
    kept: list[str] = []

    def write_until_it_is_gone() -> None:
        while True:
            key = new_key()
            try:
                put(objects, key)
            except Unavailable:
                return
            kept.append(key)

    for _ in range(2):
        with ThreadPoolExecutor(4) as threads:
            for _ in range(4):
                threads.submit(write_until_it_is_gone)
            time.sleep(random.uniform(0.4, 0.8))
            kill(server)
        server.start()
    assert kept
    listed = {entry.key for entry in objects.listing()}
    assert set(kept) <= listed
    for key in listed:
        assert_whole(objects, key)


def test_a_server_that_does_not_answer_is_given_up_in_time(server: S3Server) -> None:
    objects = server.objects("sage-frozen")
    key = new_key()
    objects.put(key, io.BytesIO(bytes(BIG)), BIG)
    begun = objects.read(key)
    next(begun)
    freeze(server)
    try:
        calls: list[Callable[[], object]] = [
            lambda: put(objects, new_key()),
            lambda: objects.put(new_key(), io.BytesIO(bytes(BIG)), BIG),
            lambda: objects.put(new_key(), interrupted(BIG, bool), BIG),
            lambda: server.objects("sage-another").put(new_key(), io.BytesIO(b""), 0),
            lambda: objects.read(key),
            lambda: list(begun),
            lambda: objects.size(key),
            lambda: objects.delete(new_key()),  # one that may yet happen when it thaws
            lambda: list(objects.listing()),
        ]
        with ThreadPoolExecutor(len(calls)) as threads:
            seconds = list(threads.map(seconds_until_unavailable, calls))
    finally:
        thaw(server)
    assert max(seconds) < NO_ANSWER_SECONDS
    assert objects.size(key) == BIG


def seconds_until_unavailable(call: Callable[[], object]) -> float:
    start = time.monotonic()
    with pytest.raises(Unavailable):
        call()
    return time.monotonic() - start


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    (port,) = free_ports(1)
    objects = S3Objects(f"127.0.0.1:{port}", "access", "secret", bucket="sage-absent")
    calls: list[Callable[[], object]] = [
        lambda: put(objects, new_key()),
        lambda: objects.read(new_key()),
        lambda: objects.size(new_key()),
        lambda: objects.delete(new_key()),
        lambda: list(objects.listing()),
    ]
    assert max(map(seconds_until_unavailable, calls)) < 1


def test_a_server_lost_while_reading_is_told_and_never_a_short_object(server: S3Server) -> None:
    objects = server.objects("sage-faults")
    key = new_key()
    objects.put(key, io.BytesIO(bytes(BIG)), BIG)
    chunks = objects.read(key)
    next(chunks)
    kill(server)
    with pytest.raises(Unavailable):
        list(chunks)


def test_a_wrong_secret_opens_nothing(server: S3Server) -> None:
    right = server.objects("sage-faults")
    key = new_key()
    put(right, key)
    wrong = S3Objects(
        server.endpoint, server.access_key, "not-the-secret-key", bucket="sage-faults"
    )
    for call in (lambda: wrong.read(key), lambda: put(wrong, new_key()), lambda: wrong.delete(key)):
        with pytest.raises(Unavailable):
            call()
    assert_whole(right, key)


WRITER = """
    import sys, time
    sys.path.insert(0, {root!r})
    from pathlib import Path
    from catalog.adapters.objects_files import FileObjects
    from tests.contracts.writing import interrupted, new_key, put

    objects = FileObjects(Path(sys.argv[1]))
    if sys.argv[2] == "once":
        print("ready", flush=True)
        objects.put("o/item/upload", interrupted(8 << 20, lambda: time.sleep(60)), 8 << 20)
    while True:
        key = new_key()
        put(objects, key)
        print(key, flush=True)
"""


def start_writer(folder: Path, how: str) -> "subprocess.Popen[str]":
    program = textwrap.dedent(WRITER.format(root=str(ROOT)))
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder), how], stdout=subprocess.PIPE, text=True
    )


def test_a_writer_killed_in_the_middle_of_a_put_shows_nothing_of_it(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)
    with start_writer(tmp_path, "once") as writer:
        wait_for(lambda: any(file.stat().st_size for file in (tmp_path / "incoming").iterdir()))
        writer.kill()
    assert list(objects.listing()) == []
    with pytest.raises(ObjectMissing):
        objects.size("o/item/upload")
    objects.put("o/item/upload", io.BytesIO(b"x"), 1)


def test_writers_killed_at_any_moment_leave_whole_objects_only(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)
    kept: set[str] = set()
    for _ in range(4):
        with start_writer(tmp_path, "many") as one, start_writer(tmp_path, "many") as other:
            for writer in (one, other):
                assert writer.stdout is not None
                kept.add(writer.stdout.readline().strip())
            time.sleep(random.uniform(0, 0.3))
            for writer in (one, other):
                writer.kill()
                assert writer.stdout is not None
                told = writer.stdout.read().split("\n")[:-1]  # the last line may be cut
                kept.update(told)
    listed = {entry.key for entry in objects.listing()}
    assert kept <= listed
    for key in listed:
        assert_whole(objects, key)


def wait_for(ready: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_killed_writers_left_goes_a_day_later(tmp_path: Path) -> None:
    FileObjects(tmp_path)
    old, young = tmp_path / "incoming" / "old", tmp_path / "incoming" / "young"
    for draft, hours in ((old, 25), (young, 23)):
        draft.write_bytes(b"half of it")
        os.utime(draft, (time.time() - hours * 3600,) * 2)
    FileObjects(tmp_path)
    assert [left.name for left in (tmp_path / "incoming").iterdir()] == ["young"]


def test_a_folder_that_is_gone_is_an_outage_and_not_a_lost_object(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path / "objects")
    put(objects, "o/item/upload")
    (tmp_path / "objects").rename(tmp_path / "elsewhere")
    calls: list[Callable[[], object]] = [
        lambda: put(objects, new_key()),
        lambda: objects.read("o/item/upload"),
        lambda: objects.size("o/item/upload"),
        lambda: objects.delete("o/item/upload"),
        lambda: list(objects.listing()),
    ]
    for call in calls:
        with pytest.raises(Unavailable):
            call()
    (tmp_path / "elsewhere").rename(tmp_path / "objects")
    assert_whole(objects, "o/item/upload")


def test_a_file_system_without_hard_links_writes_once_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    objects = FileObjects(tmp_path)
    put(objects, "o/item/upload")
    assert_whole(objects, "o/item/upload")
    won = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            objects.put("o/item/raced", io.BytesIO(b"%d" % number), 1)
        except KeyTaken:
            return
        won.append(b"%d" % number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert [b"".join(objects.read("o/item/raced"))] == won


def test_bytes_and_names_are_synced_before_a_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = FileObjects(tmp_path)
    synced: list[str] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}")
        if path.is_symlink():
            synced.append(str(path.readlink().relative_to(tmp_path)).split("/")[0:2][-1])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    put(objects, "o/item/upload")
    assert len(synced) == 3
    assert synced[1:] == ["item", "o"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB, which only root can have."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk; the limit on files is tested beside this")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("lies_about", [True, False])
def test_a_full_disk_refuses_and_keeps_what_it_has(
    small_disk: Path, announced: bool, lies_about: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lies_about:  # as a network file system with a quota does: the write itself must tell
        monkeypatch.setattr(FileObjects, "_check_room", lambda *_: None)
    objects = FileObjects(small_disk)
    put(objects, "o/item/before")
    size = 9 << 20
    for _ in range(3):
        with pytest.raises(NoSpace):
            objects.put("o/item/large", io.BytesIO(bytes(size)), size if announced else None)
    assert list((small_disk / "incoming").iterdir()) == []
    assert [entry.key for entry in objects.listing()] == ["o/item/before"]
    assert_whole(objects, "o/item/before")
    objects.put("o/item/large", io.BytesIO(bytes(5 << 20)), 5 << 20)
    assert objects.size("o/item/large") == 5 << 20


def test_a_limit_on_files_is_a_full_disk(tmp_path: Path) -> None:
    program = f"""
        import io, resource, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from catalog.adapters.objects_files import FileObjects
        from catalog.domain.errors import NoSpace

        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        objects = FileObjects(Path({str(tmp_path)!r}))
        try:
            objects.put("o/item/upload", io.BytesIO(bytes(2 << 20)), 2 << 20)
        except NoSpace as fault:
            print(fault.status, list(objects.listing()))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "507 []\n"
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.server("minio")
def test_a_full_minio_refuses_and_keeps_what_it_has(small_minio: MinioServer) -> None:
    objects = small_minio.objects("sage-full")
    body = bytes(4 << 20)
    kept: list[str] = []
    refused = 0
    while refused < 4:
        key = new_key()
        try:
            objects.put(key, io.BytesIO(body), len(body))
        except (NoSpace, Unavailable):  # full, MinIO says at times that it is, at times only "500"
            refused += 1
        else:
            kept.append(key)
    assert 0 < len(kept) < 12
    assert sorted(entry.key for entry in objects.listing()) == sorted(kept)
    assert b"".join(objects.read(kept[0])) == body


@pytest.fixture
def small_minio(small_disk: Path) -> Iterator[MinioServer]:
    subprocess.run(["mount", "-o", "remount,size=48m", small_disk], check=True)
    server = MinioServer(small_disk)
    yield server
    server.stop()
