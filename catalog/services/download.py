"""Files going out: which bytes, and whether this caller gets them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable, NotFound, RangeNotSatisfiable
from catalog.domain.identifiers import file_name, folded
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.tombstone import gone
from catalog.parts import Parts
from catalog.services.cursors import cursor_of, keys_of
from catalog.services.loading import file_of, files_in, load
from catalog.services.soundness import refuse_damaged
from catalog.tables import File


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file: from byte `start` to `end`, that one included, both counted from 0."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.end - self.start + 1


def find_file(
    parts: Parts, actor: Actor, item_id: str, name: str, n: int | None = None
) -> tuple[ItemRecord, FileRecord]:
    """Return a file of an item that the actor may read, by its exact name.

    Raises what `load` raises, NotFound, and Damaged where its bytes are not those that were kept.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ_FILE, item_id, n)
        row = file_row(session, record, name)
        refuse_damaged(session, {row.key: row.name})
        return record, file_of(row)


def file_row(session: Session, record: ItemRecord, name: str) -> File:
    """Return the row of a file, by its exact name in any normal form; NotFound without one."""
    try:
        wanted = file_name(name)
    except NotAcceptable:
        raise NotFound from None
    row = session.get(File, (record.id, record.version, folded(wanted)))
    if row is None or row.name != wanted:
        raise NotFound
    return row


def read_file(parts: Parts, file: FileRecord, span: Span | None = None) -> Iterator[bytes]:
    """Return the bytes of a file, or a part of them, in chunks."""
    if span is None:
        return parts.objects.read(file.key)
    return parts.objects.read(file.key, span.start, span.length)


def span_of(size_bytes: int, first: int | None, last: int | None) -> Span:
    """Return the span that a Range of one part means.

    first, last  as RFC 9110 has them: `first` None asks for the last `last` bytes

    Raises RangeNotSatisfiable where the file has no such byte.
    """
    if first is None:
        if not last:
            raise RangeNotSatisfiable(size_bytes)
        first, last = max(0, size_bytes - last), size_bytes - 1
    end = size_bytes - 1 if last is None else min(last, size_bytes - 1)
    if first > end:
        raise RangeNotSatisfiable(size_bytes)
    return Span(first, end)


@dataclass(frozen=True, slots=True)
class FilePage:
    """One page of the files of an item, by folded name; `next` is the cursor of the one after."""

    record: ItemRecord
    files: tuple[FileRecord, ...]
    total: int
    next: str | None


def list_files(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    cursor: str | None,
    limit: int,
    n: int | None = None,
) -> FilePage:
    """Return a page of the files of an item, ordered by name whatever its case.

    Names, sizes and checksums are metadata: whoever sees the item sees them, also where the bytes
    are for some only.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, item_id, n)
        if record.state is State.WITHDRAWN:
            raise gone(record)
        of_version = and_(File.item_id == item_id, File.n == record.version)
        if cursor:
            of_version = and_(of_version, File.folded > keys_of(cursor, 1)[0])
        found = files_in(session, of_version, limit=limit + 1)
        files = found[:limit]
        after = cursor_after(files) if len(found) > limit else None
        return FilePage(record, files, record.files_total, after)


def cursor_after(files: Sequence[FileRecord]) -> str:
    """Return the cursor of the page that follows these files."""
    return cursor_of(folded(files[-1].name))
