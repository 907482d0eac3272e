"""Keeping a file in a bucket: for who may write it, also without being allowed to read it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import BinaryIO, cast

from catalog.domain.buckets import denied
from catalog.domain.errors import NotAcceptable, Taken, TooLarge, WrongState
from catalog.domain.identifiers import file_name
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Actor, Right, for_owner
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.buckets import open_bucket
from catalog.services.upload import Upload, media_type_of, upload


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way in, of which nobody said how long it is."""

    key: str
    source: BinaryIO
    media_type: str | None


def check_may_write(parts: Parts, actor: Actor, said_id: str) -> ItemRecord:
    """Return the draft that a bucket is.

    Raises Forbidden without WRITE, just so where what it holds is published and frozen, and
    Unreadable where it was deleted.
    """
    with parts.database.reading() as session:
        record = open_bucket(session, actor, said_id, Right.WRITE).record
    if record.state is not State.DRAFT:
        raise denied(actor, Right.WRITE, said_id)
    return record


def put_key(parts: Parts, actor: Actor, said_id: str, sent: Sent, *, now: datetime) -> str:
    """Keep a file under its key, in place of one that has it; return the key as it is kept.

    The right is looked for before the first byte, and once more after the last: it may have been
    taken away meanwhile. Raises what `check_may_write` and `upload` raise; then nothing is kept.
    """
    record = check_may_write(parts, actor, said_id)
    name = file_name(sent.key)
    source = _Hashed(
        sent.source,
        parts.settings.file_bytes,
        lambda: check_may_write(parts, actor, said_id),
    )
    file = Upload(
        name=name,
        source=cast(BinaryIO, source),
        size_bytes=None,
        sha256=None,
        media_type=_media_type(name, sent.media_type),
        md5=source.md5,
    )
    try:
        upload(parts, for_owner(actor, record), record.id, file, now=now, n=record.version)
    except Taken:
        raise
    except WrongState:  # published while the bytes came
        raise denied(actor, Right.WRITE, said_id) from None
    return name


def _media_type(name: str, said: str | None) -> str:
    """Return the media type to keep; what is none counts as if nothing had been said."""
    try:
        return media_type_of(name, said)
    except NotAcceptable:
        return media_type_of(name, None)


class _Hashed:
    """Bytes on their way in, counted and hashed by MD5, with something to do at their end."""

    def __init__(self, source: BinaryIO, most: int, at_end: Callable[[], object]) -> None:
        self._source = source
        self._left = most
        self._at_end = at_end
        self._digest = md5(usedforsecurity=False)
        self._is_over = False

    def read(self, most: int = -1) -> bytes:
        """Return the next bytes, none at the end; TooLarge where there are too many of them."""
        chunk = b"" if self._is_over else self._source.read(most)
        if not chunk:
            if not self._is_over:
                self._is_over = True
                self._at_end()
            return b""
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge("The file is larger than is taken here in one request.")
        self._digest.update(chunk)
        return chunk

    def md5(self) -> str:
        """Return the MD5 of what was read so far, in hexadecimal."""
        return self._digest.hexdigest()
