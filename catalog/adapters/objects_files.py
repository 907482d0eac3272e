"""Keeps objects as files in one folder, so that a power cut leaves whole objects or none.

An object `o/{item}/{uuid}` is the file of that path, so a copy of the folder is a backup and any
tool that copies it into an S3 bucket moves the catalog there. Bytes are written under `incoming/`,
synced, and only then get their name, by a call of the operating system that never replaces a file.
"""

import contextlib
import ctypes
import errno
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from catalog.adapters.streams import (
    CHUNK_BYTES,
    Chunks,
    Fingerprint,
    checked_key,
    checked_prefix,
    checked_range,
    chunks_of,
)
from catalog.domain.errors import CatalogError, KeyTaken, NoSpace, ObjectMissing, Unavailable
from catalog.ports import Stored, StoredObject

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CANNOT_LINK = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
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
        with _told_apart():
            for part in (self._folder, self._incoming, self._objects):
                _make_folder(part)
            _remove_abandoned(self._incoming)

    def put(self, key: str, source: BinaryIO, size_bytes: int | None) -> Stored:
        """Keep the bytes of `source` under `key`; they survive a power cut once this returns.

        Raises KeyTaken, CutShort or NoSpace, and what the source itself raises; then nothing of
        it is kept.
        """
        target = self.path_of(key)
        with _told_apart():
            if target.exists():
                raise KeyTaken(key)
            self._check_room(size_bytes)
        draft = self._incoming / uuid.uuid4().hex
        try:
            stored = _written(draft, source, size_bytes)
            with _told_apart():
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
            raise _meaning(fault) from fault
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
            with _told_apart():
                _sync_folder(path.parent)
            # The item's folder goes with its last object. A `put` beside this makes it anew.
            with contextlib.suppress(OSError):
                path.parent.rmdir()

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """Go through the objects whose key begins with `prefix`, by item."""
        checked_prefix(prefix)
        item, _, upload = prefix.removeprefix("o").removeprefix("/").partition("/")
        whole_item = "/" in prefix.removeprefix("o/")
        with _told_apart():
            folders = sorted(os.listdir(self._objects))  # noqa: PTH208
        for folder in folders:
            if folder == item if whole_item else folder.startswith(item):
                yield from self._objects_of(folder, upload)

    def path_of(self, key: str) -> Path:
        """Return where the bytes of `key` lie, for a web server that sends files by itself."""
        return self._folder / checked_key(key)

    @contextlib.contextmanager
    def _or_missing(self, key: str) -> Iterator[None]:
        """Tell an object that is not there from a store that is not, like a disk not mounted."""
        with _told_apart():
            try:
                yield
            except FileNotFoundError:
                if self._objects.is_dir():
                    raise ObjectMissing(key) from None
                raise

    def _objects_of(self, item: str, prefix: str) -> Iterator[StoredObject]:
        with _told_apart():
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
                raise _no_space()

    def _name(self, draft: Path, target: Path, key: str) -> None:
        """Give the finished draft its name, for good."""
        while True:
            with contextlib.suppress(FileExistsError):
                target.parent.mkdir(mode=0o700)
            try:
                _move_without_replacing(draft, target)
            except FileExistsError:
                raise KeyTaken(key) from None
            except FileNotFoundError:
                # A `delete` took the item's last object and its folder away in between.
                if not draft.exists():
                    raise
                continue
            break
        _sync_folder(target.parent)
        # Also where the item's folder was there: who made it may not have come to this yet.
        _sync_folder(self._objects)


class _Reader:
    """Reads a file up to a number of bytes."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file = file
        self._left = left

    def __call__(self) -> bytes:
        if self._left <= 0:
            return b""
        with _told_apart():
            chunk = self._file.read(min(_READ_BYTES, self._left))
        if not chunk:
            raise Unavailable("The file is shorter than it was when reading began.")
        self._left -= len(chunk)
        return chunk


def _written(draft: Path, source: BinaryIO, size_bytes: int | None) -> Stored:
    """Write all of `source` into the new file `draft`, durably."""
    with Fingerprint() as fingerprint:
        with _told_apart():
            descriptor = os.open(draft, _NEW_FILE, 0o600)
        try:
            written = _Writing(descriptor)
            for chunk in chunks_of(source, size_bytes):
                fingerprint.add(chunk)
                with _told_apart():
                    written.add(chunk)
            with _told_apart():
                _sync(descriptor)
        finally:
            os.close(descriptor)
        return fingerprint.stored()


class _Writing:
    """Writes chunks to a file, and has the system carry them to the disk as they come.

    Without that the sync at the end has everything left to do, and a put takes half as long again.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._written = 0
        self._carried = 0

    def add(self, chunk: bytes) -> None:
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self._written += len(chunk)
        if _sync_file_range and self._written - self._carried >= _CARRY_BYTES:
            span = self._written - self._carried
            _sync_file_range(self._descriptor, self._carried, span, _SYNC_FILE_RANGE_WRITE)
            self._carried = self._written


def _system_call(name: str, *arguments: type) -> Callable[..., int] | None:
    """Return a function of the C library, or None where it has none of that name."""
    if sys.platform == "win32":
        return None
    found = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if found is not None:
        found.argtypes = arguments
    return found


_sync_file_range = _system_call(
    "sync_file_range", ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint
)
_SYNC_FILE_RANGE_WRITE = 2
_CARRY_BYTES = 4 << 20
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # there fsync stops at the drive's cache
    else:
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened, and NTFS writes names through
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # an empty folder that was removed: nothing in it to lose
        return
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    """Make `folder` and, where they are missing too, those above it, durably."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)


def _remove_abandoned(incoming: Path) -> None:
    """Remove drafts to which nothing was added for a day: nobody writes that slowly."""
    for entry in os.scandir(incoming):
        with contextlib.suppress(FileNotFoundError):
            if entry.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                os.unlink(entry.path)  # noqa: PTH108


def _move_without_replacing(draft: Path, target: Path) -> None:
    """Give `draft` the name `target`; raise FileExistsError where that exists."""
    try:
        os.link(draft, target)
    except OSError as fault:
        if fault.errno not in _CANNOT_LINK:
            raise
        _rename_without_replacing(draft, target)


def _rename_without_replacing(draft: Path, target: Path) -> None:
    """The same, on file systems without hard links."""
    if sys.platform == "win32":
        draft.rename(target)  # never replaces there
        return
    names = (os.fsencode(draft), os.fsencode(target))
    if _renameat2:
        failed = _renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_NOREPLACE)
    elif _renamex_np:
        failed = _renamex_np(*names, _RENAME_EXCL)
    else:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(target))


_renameat2 = _system_call(
    "renameat2", ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
)
_renamex_np = _system_call("renamex_np", ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4


@contextlib.contextmanager
def _told_apart() -> Iterator[None]:
    """Turn what the operating system says into what the catalog says."""
    try:
        yield
    except OSError as fault:
        raise _meaning(fault) from fault


def _meaning(fault: OSError) -> CatalogError:
    if fault.errno in _FULL:
        return _no_space()
    return Unavailable(f"The object store cannot be used: {fault.strerror}.")


def _no_space() -> NoSpace:
    return NoSpace("The object store is full; nothing of this was kept.")
