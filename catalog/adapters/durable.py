"""Writes to a file system so that a power cut leaves whole files or none, whatever the system."""

import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from catalog.domain.errors import CatalogError, NoSpace, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CANNOT_LINK = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class Writing:
    """Writes chunks to a file, and has the system carry them to the disk as they come.

    Without that the sync at the end has everything left to do, and a put takes half as long again.
    """

    def __init__(self, descriptor: int, start: int = 0) -> None:
        """Write to `descriptor`, which stands at byte `start`."""
        self._descriptor = descriptor
        self._written = self._carried = start

    def add(self, chunk: bytes) -> None:
        """Write all of a chunk."""
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
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def sync(descriptor: int) -> None:
    """Return once the disk has all that was written to a file."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # there fsync stops at the drive's cache
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Return once the disk has the names in a folder."""
    if sys.platform == "win32":  # folders cannot be opened, and NTFS writes names through
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # an empty folder that was removed: nothing in it to lose
        return
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make `folder` and, where they are missing too, those above it, durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        sync_folder(folder.parent)


def move_without_replacing(draft: Path, target: Path) -> None:
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
def locked(descriptor: int) -> Iterator[None]:
    """Keep others out who lock the same file, in this process or another, while the block runs.

    The lock ends with the process. Where the system has none, nobody is kept out.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Turn what the operating system says into what the catalog says."""
    try:
        yield
    except OSError as fault:
        raise meaning(fault) from fault


def meaning(fault: OSError) -> CatalogError:
    """Return what an error of the operating system means for who asked."""
    if fault.errno in _FULL:
        return no_space()
    return Unavailable(f"The object store cannot be used: {fault.strerror}.")


def no_space() -> NoSpace:
    """Return the error of a full disk."""
    return NoSpace("The object store is full; nothing of this was kept.")
