"""Reading a file that is to be sent: its digest, a stretch of it as a body, how far that is."""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Event, Lock, Thread
from typing import Protocol

from catalog.domain.errors import CatalogError

Moved = Callable[[int], None]
"""Told how many bytes have gone over so far."""

_BLOCK_BYTES = 1 << 20
_BESIDE_FROM_BYTES = 4 << 20
_MOST_WAITING = 64
"""Blocks that wait to be hashed; what moves them waits for more room."""


class Stopped(CatalogError):
    """Somebody does not want what goes on to go on."""

    def __init__(self) -> None:
        super().__init__("Stopped.")


class Changed(CatalogError):
    """A file became another one while it was sent."""

    status = 409

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} was changed while it was sent; send it again.")


@dataclass(frozen=True, slots=True)
class State:
    """What shows, without reading it, that a file is as it was."""

    size_bytes: int
    mtime_ns: int


def state_of(file: Path) -> State:
    """Return the state of a file."""
    found = file.stat()
    return State(found.st_size, found.st_mtime_ns)


class _Hash(Protocol):
    def update(self, chunk: bytes, /) -> None: ...


def sha256_of(file: Path, *, stop: Event | None = None) -> str:
    """Return the SHA-256 of a file, in hex; Stopped where `stop` is set before the end."""
    digest = hashlib.sha256()
    feed(digest, file, stop=stop)
    return digest.hexdigest()


def feed(digest: _Hash, file: Path, *, stop: Event | None = None) -> int:
    """Add all bytes of a file to a digest, and return how many they were."""
    total = 0
    with file.open("rb", buffering=0) as opened:
        while chunk := opened.read(_BLOCK_BYTES):
            if stop is not None and stop.is_set():
                raise Stopped
            digest.update(chunk)
            total += len(chunk)
    return total


class Hashing:
    """The SHA-256 of bytes that go by; of many, computed by a thread beside what moves them.

    Whoever makes one closes it, or asks it for the digest, after which nothing more is added.
    """

    def __init__(self, size_bytes: int) -> None:
        self._digest = hashlib.sha256()
        self._waiting: Queue[bytes | None] = Queue(_MOST_WAITING)
        self._thread: Thread | None = None
        if size_bytes >= _BESIDE_FROM_BYTES:
            self._thread = Thread(target=self._work, daemon=True)
            self._thread.start()

    def update(self, chunk: bytes) -> None:
        """Add some bytes."""
        if self._thread is None:
            self._digest.update(chunk)
        else:
            self._waiting.put(chunk)

    def close(self) -> None:
        """Wait until all is hashed that was added."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def hexdigest(self) -> str:
        """Return the digest of all that was added, in hex."""
        self.close()
        return self._digest.hexdigest()

    def _work(self) -> None:
        while (chunk := self._waiting.get()) is not None:
            self._digest.update(chunk)


class Tally:
    """How many bytes of a file have gone over, in however many stretches at once."""

    def __init__(self, moved: Moved | None) -> None:
        self._moved = moved
        self._lock = Lock()
        self._total = 0

    def add(self, size_bytes: int) -> None:
        """Count some more, or fewer where a stretch has to go again."""
        with self._lock:
            self._total += size_bytes
            if self._moved is not None:
                self._moved(self._total)


class Stretch:
    """A stretch of a file as the body of one request; a context in which the file is open.

    Where the block fails, what went over of it no longer counts.
    """

    def __init__(
        self,
        file: Path,
        start: int,
        size_bytes: int,
        tally: Tally,
        stop: Event,
        hashing: Hashing | None = None,
    ) -> None:
        self._hashing = hashing
        self._file = file
        self._start = start
        self._left = size_bytes
        self._tally = tally
        self._stop = stop
        self._counted = 0

    def __enter__(self) -> "Stretch":
        self._opened = io.FileIO(self._file)
        self._opened.seek(self._start)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._opened.close()
        if kind is not None:
            self._tally.add(-self._counted)

    def read(self, most: int = -1) -> bytes:
        """Return the next bytes, none at the end; Changed where the file ends too early."""
        if self._stop.is_set():
            raise Stopped
        wanted = self._left if most < 0 else min(most, self._left)
        if not wanted:
            return b""
        chunk = os.read(self._opened.fileno(), wanted)
        if not chunk:
            raise Changed(self._file)
        self._left -= len(chunk)
        self._counted += len(chunk)
        self._tally.add(len(chunk))
        if self._hashing is not None:
            self._hashing.update(chunk)
        return chunk
