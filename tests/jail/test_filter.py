"""The filter refuses what it names, on both machines, and lets through what work needs."""

import errno
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.jail import filter as system_calls
from catalog.jail.limits import MEBIBYTE

ROOT = Path(__file__).parents[2]
ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
OWN = 4711

NUMBERS = {
    "x86_64": {
        "read": 0,
        "write": 1,
        "open": 2,
        "mmap": 9,
        "futex": 202,
        "clone": 56,
        "openat": 257,
        "prlimit64": 302,
        "tgkill": 234,
        "clone3": 435,
        "openat2": 437,
        "exit_group": 231,
        "fork": 57,
        "vfork": 58,
        "socket": 41,
        "execve": 59,
        "unlink": 87,
        "io_uring_setup": 425,
    },
    "aarch64": {
        "read": 63,
        "write": 64,
        "mmap": 222,
        "futex": 98,
        "clone": 220,
        "openat": 56,
        "prlimit64": 261,
        "tgkill": 131,
        "clone3": 435,
        "openat2": 437,
        "exit_group": 94,
        "socket": 198,
        "execve": 221,
        "unlinkat": 35,
        "io_uring_setup": 425,
    },
}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(machine: str, call: str | int, *arguments: int, audit: int | None = None) -> int:
    """Run the filter as the kernel does: classic BPF over struct seccomp_data."""
    number = NUMBERS[machine][call] if isinstance(call, str) else call
    words = struct.pack(
        "<IIQ6Q", number, AUDIT[machine] if audit is None else audit, 0, *arguments,
        *(0,) * (6 - len(arguments)),
    )  # fmt: skip
    program = [struct.unpack("HBBI", step) for step in system_calls.program(OWN, machine)]
    place, accumulator = 0, 0
    while True:
        code, if_true, if_false, value = program[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", words, value)[0]
        elif code == 0x06:
            return value
        else:
            tests = {0x15: accumulator == value, 0x35: accumulator >= value}
            holds = tests.get(code, bool(accumulator & value))
            place += if_true if holds else if_false


@pytest.mark.parametrize("machine", NUMBERS)
def test_harmless_calls_pass(machine: str) -> None:
    for call in ("read", "write", "mmap", "futex", "exit_group"):
        assert verdict(machine, call) == ALLOW


@pytest.mark.parametrize("machine", NUMBERS)
def test_threads_pass_and_processes_do_not(machine: str) -> None:
    assert verdict(machine, "clone", 0x003D0F00) == ALLOW  # as pthread_create asks
    assert verdict(machine, "clone", 0x01200011) == REFUSE  # as fork asks
    assert verdict(machine, "clone3") == UNKNOWN
    if machine == "x86_64":
        assert verdict(machine, "fork") == verdict(machine, "vfork") == REFUSE


@pytest.mark.parametrize("machine", NUMBERS)
@pytest.mark.parametrize("flags", [0o1, 0o2, 0o100, 0o1000, 0o2000, 0o102, 0o2000102])
def test_opening_passes_for_reading_only(machine: str, flags: int) -> None:
    assert verdict(machine, "openat", 0xFFFFFF9C, 0, 0) == ALLOW
    assert verdict(machine, "openat", 0xFFFFFF9C, 0, 0o2000000) == ALLOW  # O_CLOEXEC
    assert verdict(machine, "openat", 0xFFFFFF9C, 0, flags) == REFUSE
    assert verdict(machine, "openat2") == UNKNOWN
    if machine == "x86_64":
        assert verdict(machine, "open", 0, 0) == ALLOW
        assert verdict(machine, "open", 0, flags) == REFUSE


@pytest.mark.parametrize("machine", NUMBERS)
def test_a_process_may_limit_and_signal_itself_only(machine: str) -> None:
    assert verdict(machine, "prlimit64", 0) == ALLOW
    assert verdict(machine, "prlimit64", 1) == REFUSE
    assert verdict(machine, "tgkill", OWN) == ALLOW
    assert verdict(machine, "tgkill", OWN + 1) == REFUSE


@pytest.mark.parametrize("machine", NUMBERS)
def test_what_is_named_is_refused(machine: str) -> None:
    for call in ("socket", "execve", "io_uring_setup"):
        assert verdict(machine, call) == REFUSE


@pytest.mark.parametrize("machine", NUMBERS)
def test_another_machines_numbers_kill(machine: str) -> None:
    assert verdict(machine, "read", audit=0x40000003) == KILL
    assert verdict(machine, 0x40000000 | NUMBERS[machine]["read"]) == KILL


def in_a_child(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", "from catalog.jail import filter\n" + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_threads_that_run_already_are_sealed_too() -> None:
    child = in_a_child(
        "import queue, socket, threading\n"
        "asked, told = queue.Queue(), queue.Queue()\n"
        "def later():\n"
        "    asked.get()\n"
        "    try: socket.socket(); told.put('open')\n"
        "    except PermissionError: told.put('refused')\n"
        "threading.Thread(target=later, daemon=True).start()\n"
        "filter.seal(); asked.put(1); print(told.get(timeout=5))"
    )
    assert child.stdout == "refused\n", child.stderr


def test_threads_can_still_be_started() -> None:
    child = in_a_child(
        "import threading; filter.seal(); t = threading.Thread(target=print, args=('here',));"
        "t.start(); t.join()"
    )
    assert child.stdout == "here\n", child.stderr


def test_abort_is_still_told_from_a_crash() -> None:
    assert in_a_child("import os; filter.seal(); os.abort()").returncode == -6


@pytest.mark.parametrize(
    "attempt",
    [
        "os.system('true') == 0",
        "subprocess.run(['true'])",
        "multiprocessing.get_context('fork').Process(target=print).start()",
        "open('/tmp/catalog-jail-test', 'w')",
        "open('/dev/null', 'r+b')",
        "os.remove('/nowhere')",
        "os.rename('/nowhere', '/nowhere2')",
        "os.truncate('/nowhere', 0)",
        "os.chmod('/nowhere', 0)",
        "os.link('/nowhere', '/nowhere2')",
        "os.symlink('/nowhere', '/nowhere2')",
        "os.mkfifo('/nowhere/x')",
        "os.utime('/nowhere')",
        "os.setxattr('/nowhere', 'user.x', b'')",
        "os.memfd_create('x')",
        "os.kill(1, 0)",
        "os.kill(os.getppid(), 9)",
        "os.pidfd_open(os.getpid())",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    ],
)
def test_a_sealed_process_is_refused(attempt: str) -> None:
    child = in_a_child(
        "import multiprocessing, os, resource, socket, subprocess\n"
        "filter.seal()\n"
        f"try: result = {attempt}\n"
        "except PermissionError: print('refused')\n"
        "else: print('refused' if result is False else 'allowed')\n"
    )
    assert child.stdout == "refused\n", child.stderr


def test_a_sealed_process_reads_files() -> None:
    child = in_a_child("filter.seal(); print(len(open('/proc/self/status').read()) > 100)")
    assert child.stdout == "True\n", child.stderr


def test_every_limit_of_a_worker_is_on(tmp_path: Path) -> None:
    from catalog.jail.limits import Limits
    from catalog.jail.pool import Pool

    pool = Pool(
        "tests.jail.odd_tasks:prepare", workers=1, spares=0,
        limits=Limits(memory_bytes=200 * MEBIBYTE, cpu_seconds=7, open_files=64),
    )  # fmt: skip
    try:
        pool.run("echo", {}, seconds=5)
        (pid,) = pool.pids()
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
        status = Path(f"/proc/{pid}/status").read_text()
        score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
    finally:
        pool.close()
    soft = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert soft["Max address space"] == str(200 * MEBIBYTE)
    assert soft["Max open files"] == "64"
    assert soft["Max file size"] == soft["Max core file size"] == "0"
    assert 7 <= int(soft["Max cpu time"]) <= 9
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status
    assert score == "1000"


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_the_numbers_are_those_of_the_kernels_headers(machine: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip("no kernel headers on this machine")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text())
    numbers = {name: int(number) for name, number in defined}
    tables = {"x86_64": system_calls._REFUSED_X86_64, "aarch64": system_calls._REFUSED_ARM64}
    ours = {**tables[machine], **system_calls._MACHINES[machine].call}
    wrong = {name for name, number in ours.items() if numbers.get(name, number) != number}
    assert wrong == set()
    assert set(ours) - set(numbers) <= {"fchmodat2"}  # younger than many headers
