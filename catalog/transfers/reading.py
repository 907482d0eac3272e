"""Reading a file that is to be sent: its digest, a stretch of it as a body, how far that is."""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Protocol

from catalog.domain.errors import CatalogError

Moved = Callable[[int], None]
"""Told how many bytes have gone over so far."""

_BLOCK_BYTES = 1 << 20


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
    def update(self, chunk: memoryview, /) -> None: ...


def sha256_of(file: Path, *, stop: Event | None = None) -> str:
    """Return the SHA-256 of a file, in hex; Stopped where `stop` is set before the end."""
    digest = hashlib.sha256()
    feed(digest, file, stop=stop)
    return digest.hexdigest()


def feed(digest: _Hash, file: Path, *, stop: Event | None = None) -> int:
    """Add all bytes of a file to a digest, and return how many they were."""
    block = memoryview(bytearray(_BLOCK_BYTES))
    total = 0
    with file.open("rb", buffering=0) as opened:
        while count := opened.readinto(block):
            if stop is not None and stop.is_set():
                raise Stopped
            digest.update(block[:count])
            total += count
    return total


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

    def __init__(self, file: Path, start: int, size_bytes: int, tally: Tally, stop: Event) -> None:
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
        return chunk
