"""How to start a child process that does not outlive its parent, and how to end children.

On Linux the kernel itself ends the child (`prctl(PR_SET_PDEATHSIG)`), so a parent that is killed
with SIGKILL leaves nothing behind either. Elsewhere children are ended by `stop_children` only.
"""

import contextlib
import ctypes
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any

Popen = subprocess.Popen[bytes]

# Runs in the child before the program: `prctl` needs the child's own process, and doing it here
# and not in `preexec_fn` keeps Python from running between fork and exec beside other threads.
# A parent that died before `prctl` took effect shows by another parent: then nothing is started.
_LAUNCHER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, int(sys.argv[1]), 0, 0, 0)
if os.getppid() != int(sys.argv[2]):
    sys.exit(1)
os.execv(sys.argv[3], sys.argv[3:])
"""
_POLL_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def start_child(
    arguments: Sequence[str | os.PathLike[str]], *, signal: Signals = SIGTERM, **popen: Any
) -> Popen:
    """Start a program as a child that gets `signal` when this process ends, however it ends.

    arguments  the program, by name or path, and what it is told
    popen      further arguments of `subprocess.Popen`

    The child leads a session and a process group of its own, so that Ctrl-C in a terminal reaches
    the parent alone, which then ends its children in order. Raises FileNotFoundError where there
    is no such program.

    The kernel takes the *thread* that starts a child for its parent: call this from a thread that
    lives as long as the process does, never from one that serves a request.
    """
    program, *rest = [os.fspath(argument) for argument in arguments]
    if (found := shutil.which(program, path=_search_path(popen.get("env")))) is None:
        raise FileNotFoundError(f"There is no program {program}.")
    command = [os.path.abspath(found), *rest]  # noqa: PTH100  (a symlink stays one: venvs)
    if sys.platform == "linux":
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(int(signal)), str(os.getpid())]
        command = launcher + command
    return subprocess.Popen(command, start_new_session=True, **popen)


def stop_children(children: Iterable[Popen], seconds: float = 10.0) -> tuple[Popen, ...]:
    """End `children` and all that they started, and return those that had to be killed.

    seconds  how long they have, all together, to finish by themselves after SIGTERM
    """
    running = [child for child in children if child.returncode is None]
    for child in running:
        _ask_to_end(child)
    deadline = time.monotonic() + seconds
    late = []
    for child in running:
        while not (ended := has_ended(child)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if not ended:
            late.append(child)
        clear_away(child)
    return tuple(late)


def clear_away(child: Popen) -> int:
    """Kill `child` and what is left of all that it started; return how it ended."""
    _kill_group(child)
    return child.wait()


def has_ended(child: Popen) -> bool:
    """Tell whether `child` has ended, without reaping it: its group's number stays its own."""
    if sys.platform == "win32":
        return child.poll() is not None
    try:
        status = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except ChildProcessError:  # reaped elsewhere
        return True
    return status is not None


def _search_path(environment: dict[str, str] | None) -> str | None:
    return None if environment is None else environment.get("PATH", os.defpath)


def _ask_to_end(child: Popen) -> None:
    # `Popen.terminate` would reap a child that has ended, and lose sight of what it left behind.
    if sys.platform == "win32":
        child.terminate()
    elif not has_ended(child):
        os.kill(child.pid, SIGTERM)


def _kill_group(child: Popen) -> None:
    """Kill what is left of the group that `child` leads, `child` itself included."""
    if sys.platform == "win32":
        child.kill()
        return
    if child.returncode is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for zombies
            return


class Told(threading.Event):
    """An event that the handler of a signal may set.

    A handler runs in the middle of whatever the main thread does. Where that is the wait for an
    event of the usual kind, which holds its lock now and then, both would wait for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_told = False

    def set(self) -> None:
        """Say it."""
        self._is_told = True

    def is_set(self) -> bool:
        """Tell whether it was said."""
        return self._is_told

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is said, at most so many seconds; tell whether it was."""
        ends = None if timeout is None else time.monotonic() + timeout
        while not self._is_told:
            left = _POLL_SECONDS if ends is None else min(_POLL_SECONDS, ends - time.monotonic())
            if left <= 0:
                break
            time.sleep(left)
        return self._is_told


def told_to_stop() -> Told:
    """Return what a signal to stop sets; who ignores SIGHUP, as nohup does, goes on doing so."""
    stop = Told()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def end_with_parent(signal: Signals = SIGTERM) -> None:
    """Have this process get `signal` when the one that started it ends; Linux only.

    For processes that somebody else's program started, such as a web server's workers. Raises
    SystemExit where that one has ended already.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    if (started_by := multiprocessing.parent_process()) is not None and started_by.pid is not None:
        parent = started_by.pid
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def adopt_orphans() -> None:
    """Become the parent of whatever loses its own below this process; Linux only.

    Without it a worker of a child that was killed is out of sight for the moment that it takes to
    end. `reap_orphans` has to be called now and then, and `end_orphans` at last.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(children: Iterable[Popen]) -> None:
    """Let go of adopted processes that have ended; `children` are left to their own owners."""
    if sys.platform != "linux":
        return
    own = {child.pid for child in children}
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)) is not None:
            if ended.si_pid in own:
                return
            os.waitpid(ended.si_pid, 0)


def end_orphans() -> None:
    """Kill every process that is still below this one, once its own children have ended."""
    if sys.platform != "linux":
        return
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(ChildProcessError, OSError):
        while left := children.read_text().split():
            for pid in map(int, left):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
