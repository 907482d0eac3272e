"""The keys of a bucket, a page at a time and a folder at a time, in the order of their bytes."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, Row, collate, select
from sqlalchemy.orm import Session

from catalog.domain.permissions import Actor, Right
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.buckets import open_bucket
from catalog.services.cursors import foreign
from catalog.tables import File

MOST_KEYS = 1_000
_SMALLEST_BATCH = 8
_LARGEST_BATCH = 250
_Row = Row[str, int, str | None, str, datetime]


@dataclass(frozen=True, slots=True)
class Key:
    """A file below the folder that is listed, by its name there. `etag` is 32 hexadecimal digits.

    That is the MD5 of what came by the storage API, else the beginning of the SHA-256.
    """

    name: str
    size_bytes: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a folder; `next` continues it, None at its end."""

    keys: tuple[Key, ...]
    folders: tuple[str, ...]
    next: str | None


def list_keys(
    parts: Parts,
    actor: Actor,
    said_id: str,
    folder: str,
    *,
    recursive: bool,
    limit: int,
    after: str,
) -> Listing:
    """Return a page of the files of a bucket below a folder.

    folder     "" for the bucket itself, else with a slash at its end
    recursive  whether files in folders below come as well, instead of the folders' names
    limit      how many files and folders at most; 0 and less stand for all that one page takes
    after      `next` of the page before, "" for the first

    Raises Forbidden without READ, Unreadable for an `after` that is none of ours. What was
    deleted lists nothing.
    """
    most = min(limit, MOST_KEYS) if limit > 0 else MOST_KEYS
    with parts.database.reading() as session:
        opened = open_bucket(session, actor, said_id, Right.READ)
        begin = _name_in(after) if after else folder
        if opened.found is None:
            return Listing((), (), None)
        walk = _Walk(session, opened.record, folder, recursive=recursive)
        entries = list(islice(walk.entries(begin, is_after=bool(after)), most + 1))
    page = entries[:most]
    return Listing(
        keys=tuple(entry for entry in page if isinstance(entry, Key)),
        folders=tuple(entry for entry in page if isinstance(entry, str)),
        next=_token(folder + _name(page[-1])) if len(entries) > most else None,
    )


def _name(entry: "Key | str") -> str:
    return entry if isinstance(entry, str) else entry.name


def _token(name: str) -> str:
    """Return the continuation token of the page that comes after a name."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _name_in(token: str) -> str:
    try:
        padded = token + "=" * (-len(token) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise foreign() from None


class _Walk:
    """Goes through the files of a version, and steps over folders without reading them."""

    def __init__(
        self, session: Session, record: ItemRecord, folder: str, *, recursive: bool
    ) -> None:
        self._session = session
        self._record = record
        self._folder = folder
        self._recursive = recursive
        self._column = _by_bytes(session)

    def entries(self, begin: str, *, is_after: bool) -> Iterator[Key | str]:
        """Yield files and names of folders, from `begin` on, or after it."""
        most = _LARGEST_BATCH if self._recursive else _SMALLEST_BATCH
        while True:
            at = _end_of(begin) if is_after and begin.endswith("/") else begin
            rows = self._batch(at, most, is_after=is_after and at == begin)
            jumped = None
            for row in rows:
                if jumped and row[0].startswith(jumped):
                    continue
                inner, slash, _ = row[0].removeprefix(self._folder).partition("/")
                if slash and not self._recursive:
                    jumped = f"{self._folder}{inner}/"
                    yield f"{inner}/"
                else:
                    jumped = None
                    yield _key(row, self._folder)
            if len(rows) < most:
                return
            # What follows a folder is mostly a folder, and what follows a file is mostly a file.
            begin, is_after = jumped or rows[-1][0], True
            most = _SMALLEST_BATCH if jumped else min(4 * most, _LARGEST_BATCH)

    def _batch(self, at: str, most: int, *, is_after: bool) -> Sequence[_Row]:
        columns = (File.name, File.size_bytes, File.md5, File.sha256, File.created)
        wanted = select(*columns).where(
            File.item_id == self._record.id,
            File.n == self._record.version,
            self._column > at if is_after else self._column >= at,
        )
        if self._folder:
            wanted = wanted.where(self._column < _end_of(self._folder))
        return self._session.execute(wanted.order_by(self._column).limit(most)).all()


def _by_bytes(session: Session) -> ColumnElement[str]:
    """Return the column of names as it is compared byte by byte, whatever people expect of order.

    SQLite compares so by itself, and only then uses its index.
    """
    if session.get_bind().dialect.name == "sqlite":
        return File.name.expression
    return collate(File.name, "C")


def _end_of(folder: str) -> str:
    """Return the first name that comes after all names below a folder."""
    return folder[:-1] + chr(ord("/") + 1)


def _key(row: _Row, folder: str) -> Key:
    name, size_bytes, md5, sha256, created = row
    return Key(name.removeprefix(folder), size_bytes, md5 or sha256[:32], created)
