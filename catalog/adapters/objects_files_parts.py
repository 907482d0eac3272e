"""Takes files that arrive in parts, each written at once to where it belongs in the whole.

An upload is a folder: the file `whole`, with holes where parts are still to come, and beside it one
small file for each part that was begun. That tells who writes the part, and once it is on the disk
how long it is; so nothing is copied when the last part is there, and a kill at any moment costs no
more than the parts that were on their way.
"""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO

from catalog.adapters.durable import Writing, locked, sync, sync_folder, told_apart
from catalog.adapters.streams import (
    CHUNK_BYTES,
    Fingerprint,
    checked_upload,
    chunks_of,
    compare_digest,
)
from catalog.domain.errors import ObjectMissing, WrongState
from catalog.ports import Part, Stored

_WHOLE = "whole"
_SEALED = "sealed"
_LINE_BYTES = 64
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


class FileParts:
    """The uploads in one folder; many processes may use it at once."""

    def __init__(self, folder: Path, check_room: Callable[[int], None]) -> None:
        """Use `folder`, which is there.

        check_room  raises NoSpace where so many bytes more do not fit
        """
        self._folder = folder
        self._check_room = check_room

    def put(self, upload: str, part: Part, source: BinaryIO, sha256: str | None) -> Stored:
        """Write one part; whoever wrote the same part at this moment is told to stop."""
        folder = self._folder / checked_upload(upload)
        with told_apart():
            self._check_room(part.size_bytes)
            self._make(folder)
        with _opened(folder / str(part.n)) as line, _opened(folder / _WHOLE) as whole:
            claim = _Claim(line)
            with told_apart():
                os.lseek(whole, part.start, os.SEEK_SET)
            stored = _written(whole, claim, source, part)
            compare_digest(stored, sha256)
            claim.keep(part.size_bytes)
        with told_apart():
            sync_folder(folder)
        return stored

    def arrived(self, upload: str) -> dict[int, int]:
        """Return the numbers of the parts on the disk, and the size of each."""
        found: dict[int, int] = {}
        with told_apart():
            for n, path in self._lines(upload):
                size_bytes = _size_in(path.read_bytes())
                if size_bytes is not None:
                    found[n] = size_bytes
        return found

    def join(self, upload: str, parts: Sequence[Part]) -> tuple[Path, Stored]:
        """Close the parts to whoever still writes, and return the whole, with what it is.

        It is synced, and the same file for as long as it is not discarded.
        """
        folder = self._folder / checked_upload(upload)
        with told_apart():
            if not parts:
                self._make(folder)
        for part in parts:
            _seal(folder, part)
        path = folder / _WHOLE
        with _opened(path) as whole:
            with told_apart():
                os.ftruncate(whole, sum(part.size_bytes for part in parts))
                sync(whole)
            stored = _read(whole)
        with told_apart():
            sync_folder(folder)
        return path, stored

    def discard(self, upload: str) -> None:
        """Remove all of an upload."""
        with told_apart():
            with contextlib.suppress(FileNotFoundError):
                rmtree(self._folder / checked_upload(upload))
            sync_folder(self._folder)

    def uploads(self) -> Iterator[str]:
        """Go through the uploads of which something is there."""
        with told_apart():
            names = os.listdir(self._folder)  # noqa: PTH208
        yield from sorted(names)

    def _make(self, folder: Path) -> None:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            sync_folder(self._folder)

    def _lines(self, upload: str) -> Iterator[tuple[int, Path]]:
        folder = self._folder / checked_upload(upload)
        try:
            names = os.listdir(folder)  # noqa: PTH208
        except FileNotFoundError:
            if not self._folder.is_dir():  # such as a disk that is not mounted
                raise
            return
        yield from ((int(name), folder / name) for name in names if name.isdigit())


class _Claim:
    """The right to write one part, until somebody else takes it or the whole is joined.

    line  a descriptor of the part's small file
    """

    def __init__(self, line: int) -> None:
        self._line = line
        self._token = uuid.uuid4().hex
        with told_apart(), locked(line):
            before = _line(line)
            if before.startswith(_SEALED):
                raise WrongState("All parts are there, and are being checked.")
            _write_line(line, self._token)
            if _size_in(before.encode()) is not None:
                sync(line)  # what is overwritten must not count as arrived after a power cut

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Do something while nobody else can take the right; WrongState where that happened."""
        with told_apart(), locked(self._line):
            if not _line(self._line).startswith(self._token):
                raise WrongState("Another request sends this part now; this one was ended.")
            yield

    def keep(self, size_bytes: int) -> None:
        """Note that all of the part is on the disk."""
        with self.held():
            _write_line(self._line, f"{self._token} {size_bytes}")
            sync(self._line)


def _seal(folder: Path, part: Part) -> None:
    """Let nobody write a part any more; ObjectMissing unless all of it is there."""
    path = folder / str(part.n)
    if not path.exists():
        raise ObjectMissing(str(part.n))
    with _opened(path) as line, told_apart(), locked(line):
        if _size_in(_line(line).encode()) != part.size_bytes:
            raise ObjectMissing(str(part.n))
        _write_line(line, f"{_SEALED} {part.size_bytes}")


def _line(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _LINE_BYTES).decode()


def _write_line(descriptor: int, text: str) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.ljust(_LINE_BYTES).encode())


def _size_in(line: bytes) -> int | None:
    """Return the size that a part has once it is there; None before."""
    words = line.split()
    return int(words[1]) if len(words) == 2 else None


def _written(whole: int, claim: _Claim, source: BinaryIO, part: Part) -> Stored:
    with Fingerprint() as fingerprint:
        written = Writing(whole, part.start)
        for chunk in chunks_of(source, part.size_bytes):
            fingerprint.add(chunk)
            with claim.held():
                written.add(chunk)
        with told_apart():
            sync(whole)
        return fingerprint.stored()


def _read(whole: int) -> Stored:
    with Fingerprint() as fingerprint:
        with told_apart():
            os.lseek(whole, 0, os.SEEK_SET)
            while chunk := os.read(whole, CHUNK_BYTES):
                fingerprint.add(chunk)
        return fingerprint.stored()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    with told_apart():
        descriptor = os.open(path, _OPEN, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
