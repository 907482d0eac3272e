"""No child outlives its parent, however the parent ends, and children end in order."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from catalog.processes import Popen, start_child, stop_children
from tests.servers import ROOT

SLEEP = (sys.executable, "-S", "-c", "import time; print('up', flush=True); time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)",
)
ORDERLY = (
    sys.executable,
    "-S",
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); "
    "print('up', flush=True); time.sleep(60)",
)
FAMILY = (
    sys.executable,
    "-S",
    "-c",
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']); "
    "print(child.pid, flush=True); time.sleep(60)",
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part exists on Linux only")


@pytest.fixture
def children() -> Iterator[list[Popen]]:
    started: list[Popen] = []
    yield started
    stop_children(started, 0)
    for child in started:
        if child.stdout is not None:
            child.stdout.close()


def start(children: list[Popen], program: tuple[str, ...]) -> str:
    child = start_child(program, stdout=subprocess.PIPE)
    children.append(child)
    assert child.stdout is not None
    return child.stdout.readline().decode().strip()


def gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_a_child_gets_time_to_end_in_order(children: list[Popen]) -> None:
    for _ in range(2):
        assert start(children, ORDERLY) == "up"
    assert stop_children(children, 10) == ()
    assert [child.returncode for child in children] == [7, 7]


def test_a_child_that_will_not_end_is_killed_and_named(children: list[Popen]) -> None:
    for program in (STUBBORN, ORDERLY, STUBBORN):
        start(children, program)
    begin = time.monotonic()
    assert stop_children(children, 0.5) == (children[0], children[2])
    assert time.monotonic() - begin < 3
    assert [child.returncode for child in children] == [-9, 7, -9]


def test_what_a_child_started_ends_with_it(children: list[Popen]) -> None:
    grandchild = int(start(children, FAMILY))
    stop_children(children, 5)
    assert gone(grandchild)


def test_stopping_what_has_ended_is_no_fault(children: list[Popen]) -> None:
    start(children, ORDERLY)
    children[0].kill()
    assert stop_children(children, 1) == ()
    assert stop_children(children, 1) == ()
    assert children[0].returncode == -9


def test_a_child_leads_a_group_of_its_own(children: list[Popen]) -> None:
    start(children, SLEEP)
    pid = children[0].pid
    assert os.getpgid(pid) == os.getsid(pid) == pid != os.getpgid(0)


def test_a_child_is_the_program_itself_with_its_arguments(
    children: list[Popen], tmp_path: Path
) -> None:
    child = start_child(
        [sys.executable, "-c", "import os, sys; print(os.getpid(), os.getcwd(), sys.argv[1:])", ""],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    children.append(child)
    said, _ = child.communicate()
    assert said.decode().strip() == f"{child.pid} {tmp_path} ['']"


def test_a_program_that_is_not_there_is_told_before_anything_starts() -> None:
    with pytest.raises(FileNotFoundError):
        start_child(["no-such-program-anywhere"])


def test_a_program_is_looked_for_on_the_path_that_the_child_gets(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        start_child(["sleep", "1"], env={"PATH": str(tmp_path)})


PARENT = """
    import sys, time
    from signal import SIGKILL, SIGTERM
    sys.path.insert(0, {root!r})
    from catalog.processes import start_child

    children = [start_child({program!r}, signal=end) for end in (SIGTERM, SIGKILL)]
    print(*(child.pid for child in children), flush=True)
    time.sleep(60)
"""


@linux
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_children_end_with_a_parent_that_is_killed(end: signal.Signals) -> None:
    program = textwrap.dedent(PARENT.format(root=str(ROOT), program=SLEEP))
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        # The children say "up" on the same pipe, before or after.
        told = next(line for line in parent.stdout if line[0].isdigit())
        pids = list(map(int, told.split()))
        assert not any(gone(pid, 0.3) for pid in pids)
        parent.send_signal(end)
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


@linux
def test_a_child_that_ignores_the_signal_can_be_given_another() -> None:
    for ignored, outlives in ((signal.SIGTERM, True), (signal.SIGKILL, False)):
        program = textwrap.dedent(
            PARENT.format(root=str(ROOT), program=STUBBORN).replace(
                "(SIGTERM, SIGKILL)", f"({int(ignored)},)"
            )
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout is not None
            (pid,) = map(int, parent.stdout.readline().split())
            assert parent.stdout.readline() == "up\n"
            parent.kill()
        assert gone(pid, 0.5) is not outlives
        if outlives:
            os.kill(pid, signal.SIGKILL)


_TOLD_AGAIN_AND_AGAIN = """
import os, signal, threading
from catalog.processes import told_to_stop

for _ in range(200):
    stop = told_to_stop()
    threading.Timer(0.002, os.kill, (os.getpid(), signal.SIGTERM)).start()
    while not stop.wait(0):
        pass
"""


def test_a_signal_in_the_middle_of_the_wait_for_it_is_not_waited_for_for_ever() -> None:
    command = [sys.executable, "-c", _TOLD_AGAIN_AND_AGAIN]
    assert subprocess.run(command, cwd=ROOT, timeout=30, check=False).returncode == 0
