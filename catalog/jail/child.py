"""One jailed worker as the process that asks sees it: a child with two pipes and a deadline."""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import catalog
from catalog.jail import frames
from catalog.jail.limits import Limits

_LAUNCHER = (
    "import json,sys;"
    "sys.path[:]=json.loads(sys.argv[1])['paths'];"
    "from catalog.jail.worker import main;main()"
)
_PIPE_BYTES = 256 << 10
_F_SETPIPE_SZ = 1031
_READ_BYTES = 64 << 10
_LOOK_EVERY_SECONDS = 0.05
_START_SECONDS = 60.0


class Stopped(Exception):
    """The worker gives no answer any more and was killed; `reason` says why.

    reason  "seconds": the deadline passed; "memory": it held too much; "answer": what it sent was
            larger than allowed, or no frame; "ended": it ended by itself
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StartFailed(Exception):
    """A worker could not be started; the text is its own traceback or what the system said."""


class Child:
    """A started worker. One thread at a time may `ask` it.

    The thread that makes it has to outlive it: on Linux the kernel ends the worker when that
    thread ends.
    """

    def __init__(
        self,
        kind: str,
        limits: Limits,
        *,
        sealed: bool,
        readable: Sequence[str] | None = None,
        library: str | None = None,
    ) -> None:
        self._limits = limits
        self._watched = not sealed
        self.asked = 0
        try:
            self._process, self._reader, self._writer = _started(
                order(kind, limits, sealed=sealed, readable=readable, library=library)
            )
        except OSError as error:
            raise StartFailed(f"the system starts no worker: {error}") from error
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
            _widen(end)
        self._answers = select.poll()
        self._answers.register(self._reader, select.POLLIN)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Return when the worker has locked itself in; raises StartFailed if it does not."""
        try:
            said, _ = self._exchange(b"", time.monotonic() + _START_SECONDS)
        except Stopped as stopped:
            self.kill()
            raise StartFailed(f"the worker did not start: {stopped.reason}") from None
        if "ready" not in said:
            self.kill()
            raise StartFailed(str(said.get("failed")))

    def is_alive(self) -> bool:
        """Tell whether an idle worker is still there and has nothing to say, as it should."""
        return not self._answers.poll(0)

    def ask(self, frame: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send one frame and return the answer's header and body; raises Stopped, having killed.

        seconds  from now until the worker is killed
        """
        self.asked += 1
        try:
            return self._exchange(frame, time.monotonic() + seconds)
        except Stopped:
            self.kill()
            raise

    def kill(self) -> None:
        """End the worker now, however busy it is."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def ended_by(self) -> int:
        """Wait for the end; return the exit code, or the number of the signal as a negative."""
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # in the kernel's hands: it is killed, not yet gone
            return 0

    def close(self) -> None:
        """End the worker and let go of its pipes and its entry in the process table."""
        self.kill()
        _close([self._reader, self._writer])
        self.ended_by()

    def forget(self) -> None:
        """Let go of the pipes only: after a fork the worker belongs to the other process."""
        _close([self._reader, self._writer])
        self._process.returncode = 0  # keeps Popen from waiting for what is not our child

    def _exchange(self, frame: bytes, deadline: float) -> tuple[dict[str, Any], bytes]:
        unsent = self._send(memoryview(frame)) if frame else None
        answer = _Answer(self._limits.answer_bytes)
        while not answer.is_complete:
            if unsent:
                readable, writable = self._wait(deadline, self._both_ways())
                unsent = self._send(unsent) if writable else unsent
            else:
                readable, _ = self._wait(deadline, self._answers)
            if readable and not answer.take_from(self._reader):
                raise Stopped("ended")
        return answer.read()

    def _send(self, unsent: memoryview) -> memoryview | None:
        """Write what the pipe takes without waiting; return the rest, None if there is none."""
        try:
            rest = unsent[os.write(self._writer, unsent) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            raise Stopped("ended") from None
        return rest or None

    def _both_ways(self) -> select.poll:
        """Return what waits for either pipe: a large frame and a large answer may cross."""
        both = select.poll()
        both.register(self._reader, select.POLLIN)
        both.register(self._writer, select.POLLOUT)
        return both

    def _wait(self, deadline: float, pipes: select.poll) -> tuple[bool, bool]:
        """Wait until there is something to read or room to write; tell which."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Stopped("seconds")
            if self._watched:
                left = min(left, _LOOK_EVERY_SECONDS)
            ready = dict(pipes.poll(left * 1000 + 1))
            if ready:
                return self._reader in ready, self._writer in ready
            if self._watched and resident_bytes(self.pid) > self._limits.memory_bytes:
                raise Stopped("memory")


class _Answer:
    """The frame that is being read from a worker, and how much of it is there."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._content: bytes | bytearray = b""
        self._have = 0
        self._header_bytes = 0
        self._total = 0

    @property
    def is_complete(self) -> bool:
        return 0 < self._total == self._have

    def take_from(self, reader: int) -> bool:
        """Read once; False at the end of the file. Raises Stopped for what no answer may be."""
        if self._total:
            with memoryview(self._content) as view:
                more = os.readv(reader, [view[self._have :]])
            self._have += more
            return more > 0
        first = os.read(reader, _READ_BYTES)
        self._content += first
        self._have = len(self._content)
        if self._have >= frames.PREFIX.size:
            self._measure()
        return len(first) > 0

    def _measure(self) -> None:
        self._header_bytes, body_bytes = frames.PREFIX.unpack_from(self._content)
        self._total = frames.PREFIX.size + self._header_bytes + body_bytes
        too_large = self._header_bytes > frames.HEADER_BYTES or body_bytes > self._most_bytes
        if too_large or self._have > self._total:
            raise Stopped("answer")
        if self._have < self._total:
            whole = bytearray(self._total)
            whole[: self._have] = self._content
            self._content = whole

    def read(self) -> tuple[dict[str, Any], bytes]:
        """Return header and body; raises Stopped if the header is none."""
        with memoryview(self._content) as view:
            body_from = frames.PREFIX.size + self._header_bytes
            try:
                header = frames.header_of(view[frames.PREFIX.size : body_from])
            except (ValueError, RecursionError):
                raise Stopped("answer") from None
            return header, bytes(view[body_from:])


def _started(told: str) -> tuple["subprocess.Popen[bytes]", int, int]:
    """Return a new worker with the ends of the pipes from it and to it; raises OSError."""
    ends: list[int] = []
    try:
        theirs_in, writer = _pipe(ends)
        reader, theirs_out = _pipe(ends)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, told],
            stdin=theirs_in,
            stdout=theirs_out,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
    except OSError:
        _close(ends)
        raise
    _close([theirs_in, theirs_out])
    return process, reader, writer


def _pipe(opened: list[int]) -> tuple[int, int]:
    ends = os.pipe()
    opened.extend(ends)
    return ends


def _close(ends: list[int]) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def order(
    kind: str,
    limits: Limits,
    *,
    sealed: bool,
    readable: Sequence[str] | None = None,
    library: str | None = None,
) -> str:
    """Return what a worker is told at its start, as JSON."""
    own = str(Path(catalog.__file__).resolve().parent.parent)
    paths = [own, *(str(Path(path).resolve()) for path in sys.path if path != own)]
    return json.dumps(
        {
            "kind": kind,
            "library": library,
            "limits": limits.to_dict(),
            "parent": os.getpid(),
            "paths": paths,
            "readable": readable,
            "sealed": sealed,
        }
    )


def resident_bytes(pid: int) -> int:
    """Return the memory that a process really holds; 0 if it is gone."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        pass
    said = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=False, timeout=5
    )
    return int(said.stdout.strip() or b"0") * 1024


def _environment() -> dict[str, str]:
    """Return all that a worker sees of the environment: no secret, one allocator arena.

    With an arena a thread, a limit on the address space ends healthy workers at their start.
    """
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {"MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", **kept}


_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


def _widen(pipe: int) -> None:
    """Give a pipe a larger buffer where the system can, so that fewer turns are needed."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_BYTES)
