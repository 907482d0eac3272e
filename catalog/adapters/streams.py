"""What passes through an object store: keys that are ours, bytes counted, hashed and closed."""

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from queue import SimpleQueue
from threading import Semaphore, Thread
from types import TracebackType
from typing import BinaryIO, Self

from catalog.domain.errors import ChecksumMismatch, CutShort
from catalog.ports import Stored

CHUNK_BYTES = 1 << 18
_AHEAD_CHUNKS = 8
"""How far hashing may lag behind; with CHUNK_BYTES it bounds the memory of one transfer."""

_SEGMENT = "[0-9A-Za-z][0-9A-Za-z_-]{0,63}"
_KEY = re.compile(f"o/{_SEGMENT}/{_SEGMENT}")
_UPLOAD = re.compile(r"[0-9a-f]{32}")
_PREFIX = re.compile(f"|o|o/|o/{_SEGMENT}|o/{_SEGMENT}/|o/{_SEGMENT}/{_SEGMENT}")


def checked_key(key: str) -> str:
    """Return `key` if it has the form `o/{item}/{uuid}`, else raise ValueError.

    The catalog makes every key itself; stores alias `a//b`, `/a` and `..` in ways of their own,
    so nothing that a person typed may ever become one.
    """
    if not is_key(key):
        raise ValueError(f"{key!r} is no key of an object; they look like o/item/upload.")
    return key


def is_key(text: str) -> bool:
    """Tell whether `text` has the form of a key."""
    return _KEY.fullmatch(text) is not None


def checked_upload(upload: str) -> str:
    """Return `upload` if it has the form of the name of an upload in parts, else ValueError."""
    if not _UPLOAD.fullmatch(upload):
        raise ValueError(f"{upload!r} is no upload; they look like {'0' * 32}.")
    return upload


def compare_digest(stored: Stored, announced: str | None) -> None:
    """Raise ChecksumMismatch where another SHA-256 was announced than that of what arrived."""
    if announced is not None and announced != stored.sha256:
        raise ChecksumMismatch(
            f"{stored.size_bytes:,} bytes arrived, and their SHA-256 is not the one announced. "
            "Nothing of them was kept; send them again.",
            announced=announced,
            computed=stored.sha256,
        )


def checked_prefix(prefix: str) -> str:
    """Return `prefix` if a key may begin with it, else raise ValueError."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"No key of an object begins with {prefix!r}.")
    return prefix


def checked_range(start: int, length: int | None) -> None:
    """Raise ValueError where `start` or `length` is negative."""
    if start < 0 or (length is not None and length < 0):
        raise ValueError("A range of bytes begins at 0 or later and has no negative length.")


def chunks_of(source: BinaryIO, size_bytes: int | None) -> Iterator[bytes]:
    """Go through `source` to its end in chunks, of which all but the last have CHUNK_BYTES.

    size_bytes  what was announced; None where nothing was

    Raises CutShort where the source ends before that or goes on after it, in the latter case
    before the byte too many is handed on. What the source itself raises passes through.
    """
    arrived = 0
    while chunk := _filled(source, _wanted(size_bytes, arrived)):
        if size_bytes is not None and arrived + len(chunk) > size_bytes:
            raise CutShort(size_bytes, arrived + len(chunk))
        arrived += len(chunk)
        yield chunk
    if size_bytes is not None and arrived < size_bytes:
        raise CutShort(size_bytes, arrived)


def _wanted(size_bytes: int | None, arrived: int) -> int:
    # One byte beyond the end is asked for, to notice a source that is longer than it said.
    return CHUNK_BYTES if size_bytes is None else min(CHUNK_BYTES, size_bytes - arrived + 1)


def _filled(source: BinaryIO, wanted: int) -> bytes:
    """Return the next `wanted` bytes, fewer only at the end; a network gives them in pieces."""
    chunk = source.read(wanted)
    if not chunk or len(chunk) == wanted:
        return chunk
    pieces = [chunk]
    missing = wanted - len(chunk)
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


class Fingerprint:
    """The size and SHA-256 of bytes as they pass.

    All but a short first chunk are hashed in a second thread while the caller reads and writes the
    next ones: in the same thread hashing would cost up to a third of the speed. Use it as a
    context manager, so that the thread ends whatever happens.
    """

    def __init__(self) -> None:
        self._digest = sha256()
        self._size_bytes = 0
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._room = Semaphore(_AHEAD_CHUNKS)
        self._thread: Thread | None = None

    def add(self, chunk: bytes) -> None:
        """Take the next chunk; it must not change afterwards."""
        if self._size_bytes == 0 and len(chunk) < CHUNK_BYTES:
            self._digest.update(chunk)
        else:
            self._hand_over(chunk)
        self._size_bytes += len(chunk)

    def stored(self) -> Stored:
        """Return size and digest of all that was added; nothing can be added afterwards."""
        self._finish()
        return Stored(self._size_bytes, self._digest.hexdigest())

    def digest(self) -> bytes:
        """Return the digest as bytes; nothing can be added afterwards."""
        self._finish()
        return self._digest.digest()

    def _hand_over(self, chunk: bytes) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._hash_waiting, name="sha256", daemon=True)
            self._thread.start()
        self._room.acquire()
        self._waiting.put(chunk)

    def _hash_waiting(self) -> None:
        while (chunk := self._waiting.get()) is not None:
            self._digest.update(chunk)
            self._room.release()

    def _finish(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish()


def digest_of(chunks: Iterable[bytes]) -> Stored:
    """Return size and SHA-256 of what goes by."""
    with Fingerprint() as fingerprint:
        for chunk in chunks:
            fingerprint.add(chunk)
        return fingerprint.stored()


class Chunks(Iterator[bytes]):
    """The bytes of an object, whose file or connection is closed at the end, or by `close`.

    A generator would not do: one that was never begun runs no `finally` when it is closed, and a
    client that goes away before the first chunk would keep the file open.
    """

    def __init__(self, read: Callable[[], bytes], close: Callable[[], object]) -> None:
        self._read = read
        self._close: Callable[[], object] | None = close

    def __next__(self) -> bytes:
        if self._close is None:
            raise StopIteration
        try:
            chunk = self._read()
        except BaseException:
            self.close()
            raise
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Let go of the file or connection; there is no next chunk afterwards."""
        close, self._close = self._close, None
        if close is not None:
            close()

    def __del__(self) -> None:
        self.close()


def no_chunks() -> Chunks:
    """Return chunks of which there are none."""
    return Chunks(bytes, bool)
