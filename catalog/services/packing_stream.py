"""Zip files that are written while they are sent: nothing of them is kept, whatever their size.

The format is that of PKWARE's APPNOTE 6.3, with what it calls ZIP64 for every entry. Nothing is
compressed, so that the size of the whole is known before its first byte: only then does a client
see that an answer was cut.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zlib import crc32

from catalog.domain.errors import CutShort

_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2107, 12, 31, tzinfo=UTC)
_SENT_AT_ONCE_BYTES: Final = 1 << 16

_HEADER: Final = struct.Struct("<4s5H3I2H")
_HEADER_SIZES: Final = struct.Struct("<2H2Q")
_AFTERWARDS: Final = struct.Struct("<4sI2Q")
_IN_DIRECTORY: Final = struct.Struct("<4s6H3I5H2I")
_DIRECTORY_SIZES: Final = struct.Struct("<2H3Q")
_END_64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4s4H2IH")

_VERSION: Final = 45
_MADE_ON_UNIX: Final = 3 << 8 | _VERSION
_CHECKSUM_FOLLOWS_AND_NAME_IS_UTF8: Final = 1 << 3 | 1 << 11
_STORED: Final = 0
_READABLE_BY_ALL: Final = 0o100644 << 16
_IN_64: Final = 0xFFFFFFFF
_MANY: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a zip file: its path within, its size, and what gives its bytes at its turn."""

    path: str
    size_bytes: int
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class _Written:
    """What the directory at the end says of an entry."""

    name: bytes
    size_bytes: int
    checksum: int
    offset: int


def size_of(entries: Sequence[Entry]) -> int:
    """Return how many bytes the zip file of these entries has."""
    names = [entry.path.encode() for entry in entries]
    around = _HEADER.size + _HEADER_SIZES.size + _AFTERWARDS.size
    listed = _IN_DIRECTORY.size + _DIRECTORY_SIZES.size
    each = sum(around + listed + 2 * len(name) for name in names)
    content = sum(entry.size_bytes for entry in entries)
    return content + each + _END_64.size + _LOCATOR.size + _END.size


def zipped(entries: Iterable[Entry], at: datetime) -> Iterator[bytes]:
    """Yield the bytes of a zip file with these entries, in their order.

    at  the time that every entry bears, so that the same entries make the same bytes

    What an entry raises comes out here, and so does CutShort for one that has not the size that
    it says; what was yielded until then is no zip file.
    """
    moment, waiting = _dos_time(at), bytearray()
    listed: list[_Written] = []
    offset = 0
    for piece in _pieces(entries, moment, listed):
        offset += len(piece)
        is_large = len(piece) >= _SENT_AT_ONCE_BYTES
        if not is_large:
            waiting += piece
        if waiting and (is_large or len(waiting) >= _SENT_AT_ONCE_BYTES):
            yield bytes(waiting)
            waiting.clear()
        if is_large:
            yield piece
    waiting += _directory(listed, moment, offset)
    yield bytes(waiting)


def _pieces(
    entries: Iterable[Entry], moment: tuple[int, int], listed: list[_Written]
) -> Iterator[bytes]:
    """Yield all before the directory, and note in `listed` what that has to say."""
    offset = 0
    for entry in entries:
        name = entry.path.encode()
        sizes = _HEADER_SIZES.pack(1, 16, entry.size_bytes, entry.size_bytes)
        yield _header(name, moment) + name + sizes
        checksum, size_bytes = 0, 0
        for chunk in entry.chunks():
            checksum = crc32(chunk, checksum)
            size_bytes += len(chunk)
            yield chunk
        if size_bytes != entry.size_bytes:
            raise CutShort(entry.size_bytes, size_bytes)
        yield _AFTERWARDS.pack(b"PK\x07\x08", checksum, size_bytes, size_bytes)
        listed.append(_Written(name, size_bytes, checksum, offset))
        offset += _HEADER.size + len(name) + len(sizes) + size_bytes + _AFTERWARDS.size


def _header(name: bytes, moment: tuple[int, int]) -> bytes:
    return _HEADER.pack(
        b"PK\x03\x04", _VERSION, _CHECKSUM_FOLLOWS_AND_NAME_IS_UTF8, _STORED, *moment,
        0, _IN_64, _IN_64, len(name), _HEADER_SIZES.size,
    )  # fmt: skip


def _directory(listed: Sequence[_Written], moment: tuple[int, int], begins: int) -> bytes:
    """Return what stands at the end: every entry with its place, and where this itself begins."""
    directory = bytearray()
    for one in listed:
        directory += _IN_DIRECTORY.pack(
            b"PK\x01\x02", _MADE_ON_UNIX, _VERSION, _CHECKSUM_FOLLOWS_AND_NAME_IS_UTF8, _STORED,
            *moment, one.checksum, _IN_64, _IN_64, len(one.name), _DIRECTORY_SIZES.size, 0, 0, 0,
            _READABLE_BY_ALL, _IN_64,
        )  # fmt: skip
        directory += one.name
        directory += _DIRECTORY_SIZES.pack(1, 24, one.size_bytes, one.size_bytes, one.offset)
    count, size_bytes = len(listed), len(directory)
    directory += _END_64.pack(
        b"PK\x06\x06", _END_64.size - 12, _MADE_ON_UNIX, _VERSION, 0, 0, count, count,
        size_bytes, begins,
    )  # fmt: skip
    directory += _LOCATOR.pack(b"PK\x06\x07", 0, begins + size_bytes, 1)
    directory += _END.pack(b"PK\x05\x06", 0, 0, _MANY, _MANY, _IN_64, _IN_64, 0)
    return bytes(directory)


def _dos_time(at: datetime) -> tuple[int, int]:
    """Return a time as zip files have it: of day in units of two seconds, and date since 1980."""
    moment = min(max(at.astimezone(UTC), _EARLIEST), _LATEST)
    of_day = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return of_day, (moment.year - 1980) << 9 | moment.month << 5 | moment.day
