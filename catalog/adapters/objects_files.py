"""Keeps objects as files in one folder, so that a power cut leaves whole objects or none.

An object `o/{item}/{uuid}` is the file of that path, so a copy of the folder is a backup and any
tool that copies it into an S3 bucket moves the catalog there. Bytes are written under `incoming/`,
synced, and only then get their name, by a call of the operating system that never replaces a file.
"""

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from catalog.adapters.durable import (
    NEW_FILE,
    Writing,
    make_folder,
    meaning,
    move_without_replacing,
    no_space,
    sync,
    sync_folder,
    told_apart,
)
from catalog.adapters.objects_files_parts import FileParts
from catalog.adapters.streams import (
    CHUNK_BYTES,
    Chunks,
    Fingerprint,
    checked_key,
    checked_prefix,
    checked_range,
    chunks_of,
    digest_of,
)
from catalog.domain.errors import KeyTaken, ObjectMissing, Unavailable
from catalog.ports import Part, Stored, StoredObject

_ABANDONED_SECONDS = 24 * 3600
_READ_BYTES = 2 * CHUNK_BYTES  # nothing is hashed on the way out; fewer, larger steps are faster


class FileObjects:
    """An object store in a folder of one machine; many processes may use it at once."""

    def __init__(self, folder: Path, *, leave_free_bytes: int = 0) -> None:
        """Open the store in `folder`, made if absent.

        leave_free_bytes  space of the disk that no object may take

        What writers left behind that were killed a day ago or earlier is removed.
        """
        self._folder = folder.absolute()
        self._leave_free_bytes = leave_free_bytes
        self._incoming = self._folder / "incoming"
        self._objects = self._folder / "o"
        uploads = self._folder / "parts"
        with told_apart():
            for part in (self._folder, self._incoming, self._objects, uploads):
                make_folder(part)
            _remove_abandoned(self._incoming)
        self._parts = FileParts(uploads, self._check_room)

    def put(self, key: str, source: BinaryIO, size_bytes: int | None) -> Stored:
        """Keep the bytes of `source` under `key`; they survive a power cut once this returns.

        Raises KeyTaken, CutShort or NoSpace, and what the source itself raises; then nothing of
        it is kept.
        """
        target = self.path_of(key)
        with told_apart():
            if target.exists():
                raise KeyTaken(key)
            self._check_room(size_bytes)
        draft = self._incoming / uuid.uuid4().hex
        try:
            stored = _written(draft, source, size_bytes)
            with told_apart():
                self._name(draft, target, key)
        finally:
            with contextlib.suppress(OSError):  # what stays goes when the store is next opened
                draft.unlink()
        return stored

    def read(self, key: str, start: int = 0, length: int | None = None) -> Chunks:
        """Return the bytes from `start` on, as a slice would: beyond the end there are none.

        length  how many at most; None for all

        Raises ObjectMissing at once, not at the first chunk.
        """
        checked_range(start, length)
        with self._or_missing(key):
            file = self.path_of(key).open("rb", buffering=0)
        try:
            file.seek(start)
            left = os.fstat(file.fileno()).st_size - start
        except OSError as fault:
            file.close()
            raise meaning(fault) from fault
        return Chunks(_Reader(file, left if length is None else min(left, length)), file.close)

    def size(self, key: str) -> int:
        """Return the size in bytes, or raise ObjectMissing."""
        with self._or_missing(key):
            return self.path_of(key).stat().st_size

    def delete(self, key: str) -> None:
        """Remove the object if it is there; its removal survives a power cut."""
        path = self.path_of(key)
        with contextlib.suppress(ObjectMissing):
            with self._or_missing(key):
                path.unlink()
            with told_apart():
                sync_folder(path.parent)
            # The item's folder goes with its last object. A `put` beside this makes it anew.
            with contextlib.suppress(OSError):
                path.parent.rmdir()

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """Go through the objects whose key begins with `prefix`, by item."""
        checked_prefix(prefix)
        item, _, upload = prefix.removeprefix("o").removeprefix("/").partition("/")
        whole_item = "/" in prefix.removeprefix("o/")
        with told_apart():
            folders = sorted(os.listdir(self._objects))  # noqa: PTH208
        for folder in folders:
            if folder == item if whole_item else folder.startswith(item):
                yield from self._objects_of(folder, upload)

    def path_of(self, key: str) -> Path:
        """Return where the bytes of `key` lie, for a web server that sends files by itself."""
        return self._folder / checked_key(key)

    def address(self, key: str, *, media_type: str, disposition: str, seconds: int) -> None:  # noqa: ARG002
        """Return None: nobody but the catalog reads these files."""
        return

    def part_address(self, upload: str, part: Part, *, seconds: int) -> None:  # noqa: ARG002
        """Return None: nobody but the catalog writes here."""
        return

    def put_part(self, upload: str, part: Part, source: BinaryIO, sha256: str | None) -> Stored:
        """Keep the bytes of one part; they survive a power cut once this returns.

        Raises CutShort, NoSpace and ChecksumMismatch, and WrongState where another request sends
        the same part, or all parts are being joined; then the part has not arrived.
        """
        return self._parts.put(upload, part, source, sha256)

    def arrived(self, upload: str) -> dict[int, int]:
        """Return the numbers of the parts that are there, and the size in bytes of each."""
        return self._parts.arrived(upload)

    def join(self, upload: str, key: str, parts: Sequence[Part]) -> Stored:
        """Give the whole its name, after its bytes were read; no byte is copied."""
        target = self.path_of(key)
        if not target.exists():
            whole, stored = self._parts.join(upload, parts)
            with told_apart(), contextlib.suppress(KeyTaken):
                self._name(whole, target, key)
                return stored
        return digest_of(self.read(key))

    def discard(self, upload: str) -> None:
        """Remove all parts of an upload; no object."""
        self._parts.discard(upload)

    def uploads(self) -> Iterator[str]:
        """Go through the uploads of which there are parts."""
        return self._parts.uploads()

    @contextlib.contextmanager
    def _or_missing(self, key: str) -> Iterator[None]:
        """Tell an object that is not there from a store that is not, like a disk not mounted."""
        with told_apart():
            try:
                yield
            except FileNotFoundError:
                if self._objects.is_dir():
                    raise ObjectMissing(key) from None
                raise

    def _objects_of(self, item: str, prefix: str) -> Iterator[StoredObject]:
        with told_apart():
            try:
                entries = sorted(os.listdir(self._objects / item))  # noqa: PTH208
            except FileNotFoundError:  # deleted since its name was read
                return
        for name in entries:
            if name.startswith(prefix):
                try:
                    found = (self._objects / item / name).stat()
                except FileNotFoundError:
                    continue
                modified = datetime.fromtimestamp(found.st_mtime, UTC)
                yield StoredObject(f"o/{item}/{name}", found.st_size, modified)

    def _check_room(self, size_bytes: int | None) -> None:
        """Refuse what cannot fit before its first byte is read."""
        if sys.platform != "win32":
            room = os.statvfs(self._incoming)
            if (size_bytes or 0) + self._leave_free_bytes > room.f_bavail * room.f_frsize:
                raise no_space()

    def _name(self, draft: Path, target: Path, key: str) -> None:
        """Give the finished draft its name, for good."""
        while True:
            with contextlib.suppress(FileExistsError):
                target.parent.mkdir(mode=0o700)
            try:
                move_without_replacing(draft, target)
            except FileExistsError:
                raise KeyTaken(key) from None
            except FileNotFoundError:
                # A `delete` took the item's last object and its folder away in between.
                if not draft.exists():
                    raise
                continue
            break
        sync_folder(target.parent)
        # Also where the item's folder was there: who made it may not have come to this yet.
        sync_folder(self._objects)


class _Reader:
    """Reads a file up to a number of bytes."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file = file
        self._left = left

    def __call__(self) -> bytes:
        if self._left <= 0:
            return b""
        with told_apart():
            chunk = self._file.read(min(_READ_BYTES, self._left))
        if not chunk:
            raise Unavailable("The file is shorter than it was when reading began.")
        self._left -= len(chunk)
        return chunk


def _written(draft: Path, source: BinaryIO, size_bytes: int | None) -> Stored:
    """Write all of `source` into the new file `draft`, durably."""
    with Fingerprint() as fingerprint:
        with told_apart():
            descriptor = os.open(draft, NEW_FILE, 0o600)
        try:
            written = Writing(descriptor)
            for chunk in chunks_of(source, size_bytes):
                fingerprint.add(chunk)
                with told_apart():
                    written.add(chunk)
            with told_apart():
                sync(descriptor)
        finally:
            os.close(descriptor)
        return fingerprint.stored()


def _remove_abandoned(incoming: Path) -> None:
    """Remove drafts to which nothing was added for a day: nobody writes that slowly."""
    for entry in os.scandir(incoming):
        with contextlib.suppress(FileNotFoundError):
            if entry.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                os.unlink(entry.path)  # noqa: PTH108
