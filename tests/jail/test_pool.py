"""The pool outlives whatever its workers do, and its workers never outlive it."""

import logging
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from catalog.domain.errors import Busy, NotConforming, OverLimit, Unavailable, Unreadable
from catalog.jail.confinement import can_confine
from catalog.jail.crew import Crew
from catalog.jail.limits import MEBIBYTE, Limits
from catalog.jail.pool import NotSealed, Pool

ODD = "tests.jail.odd_tasks:prepare"
ROOT = Path(__file__).parents[2]


def workers_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children()


def is_alive(pid: int) -> bool:
    """Tell whether a process goes on; an ended one may wait for somebody's notice."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def others() -> set[int]:
    """Return the children that were there before, of the pool that the module shares."""
    return {worker.pid for worker in workers_of(os.getpid())}


def wait_for(what, seconds: float = 20.0) -> bool:  # type: ignore[no-untyped-def]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.01)
    return False


def test_header_and_body_come_back_as_sent(odd: Pool) -> None:
    header = {"text": "é\u2028\ud800", "list": [1, None, True], "deep": {"a": 0.5}}
    said, body = odd.run("echo", header, b"\x00\xff", seconds=5)
    assert (said, body) == ({**header, "task": "echo"}, b"\x00\xff")


def test_the_jail_tests_itself(odd: Pool) -> None:
    assert odd.is_sealed
    odd.self_test()


def test_a_pool_without_the_filter_says_so_and_fails_its_test() -> None:
    pool = Pool(ODD, workers=1, spares=0, sealed=False)
    try:
        assert not pool.is_sealed
        with pytest.raises(NotSealed, match=r"an internet socket.*a child process.*a new file"):
            pool.self_test()
    finally:
        pool.close()


def test_a_worker_sees_nothing_of_its_parent(odd: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_CATALOG_SECRET", "token")
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    pool = Pool(ODD, workers=1, spares=0)
    try:
        seen, _ = pool.run("see", {}, seconds=5)
    finally:
        pool.close()
        os.close(reader)
        os.close(writer)
    assert seen["environment"] == {"MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"} | {
        name: value
        for name, value in seen["environment"].items()
        if name == "LD_LIBRARY_PATH" and value == os.environ.get(name)
    }
    assert len(seen["descriptors"]) == 6  # three standard ones, two pipes, the listing itself
    assert seen["group"] == seen["session"] == seen["pid"]
    assert seen["folder"] == "/"


@pytest.mark.parametrize(
    ("task", "header", "limit"),
    [
        ("sleep", {"seconds": 60}, "seconds"),
        ("spin", {}, "seconds"),
        ("allocate", {"bytes": 1 << 30}, "memory"),
        ("abort", {}, "memory"),
        ("segfault", {}, "complexity"),
        ("leave", {}, "complexity"),
        ("recurse", {}, "complexity"),
        ("bug", {}, "complexity"),
        ("inflate", {"bytes": 9 << 20}, "bytes"),
        ("babble", {"hex": "00" * 7 + "01" + "00"}, "bytes"),
        ("babble", {"hex": "ff" * 8}, "bytes"),
        ("babble", {"hex": "0000000200000000" + "5b5d"}, "bytes"),
        ("babble", {"hex": "00"}, "seconds"),
    ],
)
def test_whatever_a_task_does_is_a_limit_and_the_next_request_is_served(
    odd: Pool, task: str, header: dict[str, int], limit: str
) -> None:
    begin = time.monotonic()
    with pytest.raises(OverLimit) as caught:
        odd.run(task, header, seconds=0.5)
    assert time.monotonic() - begin < 0.8
    assert caught.value.evidence["limit"] == limit
    assert odd.run("echo", {}, b"next", seconds=5)[1] == b"next"


def test_processor_time_is_a_second_wall(odd: Pool) -> None:
    with pytest.raises(OverLimit) as caught:
        odd.run("spin", {}, seconds=30)
    assert caught.value.evidence == {"limit": "cpu_seconds", "cpu_seconds": 1}


def test_processor_time_counts_for_one_task_not_for_a_life() -> None:
    pool = Pool(ODD, workers=1, spares=0, limits=Limits(cpu_seconds=1))
    try:
        pids = {pool.run("burn", {"seconds": 0.4}, seconds=20)[0]["pid"] for _ in range(6)}
    finally:
        pool.close()
    assert len(pids) == 1


def test_what_a_failing_task_said_goes_to_the_log_only(
    odd: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(OverLimit) as caught:
        odd.run("bug", {}, seconds=5)
    assert "KeyError: 'nothing'" in caplog.text
    assert "nothing" not in caught.value.detail


def test_a_refusal_crosses_with_its_evidence(odd: Pool) -> None:
    with pytest.raises(Unreadable, match="line two is odd") as caught:
        odd.run("refuse", {"kind": "unreadable"}, seconds=5)
    assert caught.value.evidence == {"line": 2, "column": 7}
    with pytest.raises(NotConforming) as refused:
        odd.run("refuse", {"kind": "report"}, seconds=5)
    assert refused.value.report == {"conforms": False}


def test_a_worker_cannot_make_the_parent_raise_what_only_the_parent_may(odd: Pool) -> None:
    with pytest.raises(OverLimit):
        odd.run("refuse", {"kind": "forbidden"}, seconds=5)


def test_without_the_kernels_limit_the_parent_watches_the_memory() -> None:
    pool = Pool(ODD, workers=1, spares=0, limits=Limits(memory_bytes=150 * MEBIBYTE), sealed=False)
    try:
        assert pool.run("hold", {"bytes": 50 * MEBIBYTE, "seconds": 0.2}, seconds=10) == ({}, b"")
        with pytest.raises(OverLimit) as caught:
            pool.run("hold", {"bytes": 300 * MEBIBYTE, "seconds": 9}, seconds=10)
    finally:
        pool.close()
    assert caught.value.evidence["limit"] == "memory"


def test_large_bodies_and_answers_cross_without_a_deadlock(odd: Pool) -> None:
    body = random.Random(1).randbytes(5_000_000)
    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(lambda _: odd.run("echo", {}, body, seconds=20)[1], range(8))
        assert all(answer == body for answer in answers)


def test_a_worker_that_answers_before_it_has_read_all_is_not_waited_for(odd: Pool) -> None:
    with pytest.raises(OverLimit):
        odd.run("no such task", {}, bytes(7_000_000), seconds=5)
    assert odd.run("echo", {}, b"x", seconds=5)[1] == b"x"


def test_who_finds_no_worker_within_a_second_is_told_to_come_back(odd: Pool) -> None:
    odd.run("echo", {}, seconds=5)
    busy_before = odd.counters()["busy"]
    with ThreadPoolExecutor(3) as threads:
        sleepers = [threads.submit(odd.run, "sleep", {"seconds": 1.6}, seconds=5) for _ in range(2)]
        assert wait_for(lambda: odd.counters()["working"] == 2)
        begin = time.monotonic()
        with pytest.raises(Busy) as caught:
            odd.run("echo", {}, seconds=5)
        waited = time.monotonic() - begin
        assert [sleeper.result() for sleeper in sleepers] == [({}, b"")] * 2
    assert 0.9 < waited < 1.4
    assert caught.value.retry_after > 0
    assert odd.counters()["busy"] == busy_before + 1


def echoed(pool: Pool, said: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what a worker answers; who is told to come back, as on a slow machine, does so."""
    while True:
        with suppress(Busy):
            return pool.run("echo", said, body, seconds=10)


def test_sixty_four_threads_share_two_workers(odd: Pool) -> None:
    def ask(number: int) -> bool:
        body = str(number).encode() * (number % 50 + 1)
        said, content = echoed(odd, {"number": number}, body)
        return said["number"] == number and content == body

    with ThreadPoolExecutor(64) as threads:
        assert all(threads.map(ask, range(6000)))


def test_workers_killed_at_random_are_never_noticed_by_the_next_request(
    others: set[int],
) -> None:
    pool = Pool(ODD, workers=2, spares=2)
    chance = random.Random(3)
    done = threading.Event()
    failures: list[Exception] = []
    killed = 0

    def ask() -> None:
        while not done.wait(0.001):
            try:
                echoed(pool, {}, b"x" * chance.randint(0, 200_000))
            except OverLimit as error:  # killed twice in one request: memory, as far as we know
                failures.append(error)

    asking = threading.Thread(target=ask)
    try:
        pool.run("echo", {}, seconds=5)
        asking.start()
        while killed < 200:
            assert wait_for(lambda: len(pool.pids()) > 1)
            with suppress(ProcessLookupError):  # it was replaced since it was listed
                os.kill(chance.choice(pool.pids()), signal.SIGKILL)
            killed += 1
            time.sleep(chance.random() * 0.005)
            try:
                assert echoed(pool, {}, b"next")[1] == b"next"
            except OverLimit as error:  # it met this one and the one before, which died late
                failures.append(error)
    finally:
        done.set()
        asking.join()
        counters = pool.counters()
        pool.close()
    assert len(failures) < 40
    assert counters["failed"] == 0
    assert {worker.pid for worker in workers_of(os.getpid())} == others


def test_a_worker_is_replaced_at_the_end_of_its_life() -> None:
    pool = Pool(ODD, workers=1, spares=0, limits=Limits(lifetime=3))
    try:
        pids = [pool.run("see", {}, seconds=5)[0]["pid"] for _ in range(7)]
        assert pool.counters()["crashed"] == 0
    finally:
        pool.close()
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_the_counters_tell_what_happened() -> None:
    pool = Pool(ODD, workers=1, spares=1)
    assert set(pool.counters().values()) == {0}
    try:
        pool.run("echo", {}, seconds=5)
        with pytest.raises(Unreadable):
            pool.run("refuse", {"kind": "unreadable"}, seconds=5)
        with pytest.raises(OverLimit):
            pool.run("sleep", {"seconds": 9}, seconds=0.05)
        with pytest.raises(OverLimit):
            pool.run("leave", {}, seconds=5)
        assert wait_for(lambda: pool.counters()["idle"] == 2)
        assert pool.counters() == dict(zip(Crew.COUNTED, (4, 1, 0, 1, 1, 4, 0, 2, 0), strict=True))
    finally:
        pool.close()


def test_workers_that_cannot_start_are_told_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool = Pool("tests.jail.odd_tasks:broken", workers=1)
    try:
        with pytest.raises(Unavailable):
            pool.run("echo", {}, seconds=5)
        assert wait_for(lambda: pool.counters()["failed"] >= 2)
    finally:
        pool.close()
    assert "this kind cannot be loaded" in caplog.text


def test_close_ends_workers_at_work_and_tells_who_waits(others: set[int]) -> None:
    pool = Pool(ODD, workers=1)
    with ThreadPoolExecutor(1) as threads:
        sleeper = threads.submit(pool.run, "sleep", {"seconds": 30}, seconds=60)
        assert wait_for(lambda: pool.counters()["working"] == 1)
        pool.close()
        with pytest.raises(Unavailable):
            sleeper.result(timeout=5)
    assert {worker.pid for worker in workers_of(os.getpid())} == others
    assert pool.run("echo", {}, b"again", seconds=5)[1] == b"again"
    pool.close()
    assert {worker.pid for worker in workers_of(os.getpid())} == others


def test_a_forked_process_gets_workers_of_its_own() -> None:
    pool = Pool(ODD, workers=1, spares=0)
    try:
        own = pool.run("see", {}, seconds=5)[0]["pid"]
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                theirs = pool.run("see", {}, seconds=5)[0]["pid"]
                pool.close()
                os.write(writer, str(theirs).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            theirs = int(said.read())
        os.waitpid(child, 0)
        assert theirs != own
        assert not psutil.pid_exists(theirs)
        assert pool.run("see", {}, seconds=5)[0]["pid"] == own
    finally:
        pool.close()


PARENT = """
import sys, threading, time
from catalog.jail.pool import Pool
pool = Pool("tests.jail.odd_tasks:prepare", workers=2, spares=1)
pool.run("echo", {}, seconds=5)
threading.Thread(target=pool.run, args=("spin", {}), kwargs={"seconds": 50}, daemon=True).start()
while pool.counters()["started"] < 3: time.sleep(0.01)
print(*pool.pids(), flush=True)
END
"""


@pytest.mark.parametrize(
    ("end", "number"),
    [
        ("time.sleep(50)", signal.SIGKILL),
        ("time.sleep(50)", signal.SIGTERM),
        ("time.sleep(50)", signal.SIGINT),
        ("sys.exit()", None),
        ("import os; os._exit(0)", None),
        ("import os; os.abort()", None),
    ],
)
def test_no_worker_outlives_its_parent(end: str, number: signal.Signals | None) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.replace("END", end)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout
    with parent.stdout:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 3
        if number:
            assert all(map(is_alive, workers))
            parent.send_signal(number)
        parent.wait(timeout=10)
    assert wait_for(lambda: not any(map(is_alive, workers)), 1)


def test_a_call_costs_about_a_twentieth_of_a_millisecond(odd: Pool) -> None:
    def call() -> float:
        begin = time.perf_counter()
        odd.run("echo", {"query": "ASK {}"}, b"", seconds=5)
        return time.perf_counter() - begin

    times = sorted(call() for _ in range(3000))
    assert times[300] < 0.0002, f"p10 {times[300] * 1e3:.3f} ms"
    assert statistics.median(times) < 0.002


OUT_OF_FILES = """
import os, resource, signal, sys, time
from catalog.domain.errors import CatalogError
from catalog.jail.pool import Pool
pool = Pool("tests.jail.odd_tasks:prepare", workers=1, spares=0)
pool.run("echo", {}, seconds=5)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
for pid in pool.pids():
    os.kill(pid, signal.SIGKILL)
resource.setrlimit(resource.RLIMIT_NOFILE, (4, hard))
while not pool.counters()["failed"]: time.sleep(0.01)
try: pool.run("echo", {}, seconds=5)
except CatalogError as error: print(error.slug)
open_now = len(os.listdir("/proc/self/fd")) if resource.setrlimit(
    resource.RLIMIT_NOFILE, (soft, hard)) is None else 0
until = time.monotonic() + 10
while time.monotonic() < until:
    try: print(pool.run("echo", {}, b"again", seconds=5)[1].decode(), open_now < 12); break
    except CatalogError: pass
pool.close()
"""


def test_a_pool_without_files_to_open_recovers_when_there_are_some() -> None:
    child = subprocess.run(
        [sys.executable, "-c", OUT_OF_FILES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert child.stdout.split() in (["unavailable", "again", "True"], ["busy", "again", "True"])


@pytest.mark.skipif(not can_confine(), reason="the kernel has no Landlock")
def test_workers_read_their_folders_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "token").write_text("secret")
    pool = Pool(ODD, workers=1, spares=0, readable=[tmp_path / "mine"])
    try:
        pool.self_test()
        (tmp_path / "mine" / "later").write_text("given")
        assert (
            pool.run("open", {"path": str(tmp_path / "mine" / "later")}, seconds=5)[1] == b"given"
        )
        (tmp_path / "mine" / "link").symlink_to(tmp_path / "token")
        theirs = [tmp_path / "token", tmp_path / "mine/../token", tmp_path / "mine/link"]
        for path in (*theirs, Path("/etc/passwd"), ROOT / "setup.cfg"):
            assert pool.run("open", {"path": str(path)}, seconds=5)[0] == {"refused": True}
    finally:
        pool.close()


@pytest.mark.skipif(not can_confine(), reason="the kernel has no Landlock")
def test_a_folder_that_is_not_there_is_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pool = Pool(ODD, workers=1, spares=0, readable=[tmp_path / "nothing"])
    try:
        with pytest.raises(Unavailable):
            pool.run("echo", {}, seconds=5)
    finally:
        pool.close()
    assert "nothing" in caplog.text


def test_the_pools_of_the_web_are_confined_where_the_machine_can(checkpoint: Path) -> None:
    queries = Pool("query", workers=1, spares=0, readable=[checkpoint.parent])
    judges = Pool("judge", workers=1, spares=0, readable=[])
    try:
        for pool in (queries, judges):
            assert pool.is_confined is can_confine()
            pool.self_test()
    finally:
        queries.close()
        judges.close()
