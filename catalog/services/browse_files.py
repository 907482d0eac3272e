"""Going through the files of an item: by the folders of their names, or by how names begin.

Whatever their number: from one folder the next is found by its name in the index, without reading
what lies in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import folded
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.tombstone import gone
from catalog.parts import Parts
from catalog.services.cursors import cursor_of, keys_of
from catalog.services.loading import file_of, load
from catalog.tables import File, Fixity

_LAST = "\U0010ffff"
_AFTER_SLASH = "0"  # the character that follows the slash
_NEXT = "\x01"  # stands in no name, so nothing lies between a name and it with this behind it


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder below another: its whole name, ending in a slash, and how many files lie in it."""

    name: str
    files_total: int


@dataclass(frozen=True, slots=True)
class Contents:
    """A page of what lies in a folder, or of the files whose names begin in one way.

    folder  its name, ending in a slash; "" for the whole item
    total   how many files lie in it, at any depth, or begin so
    """

    record: ItemRecord
    folder: str
    folders: tuple[Folder, ...]
    files: tuple[FileRecord, ...]
    total: int
    next: str | None


def browse_files(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    folder: str = "",
    prefix: str | None = None,
    cursor: str | None = None,
    limit: int,
    n: int | None = None,
) -> Contents:
    """Return a page of what lies in a folder, folders and files together by name.

    prefix  where given, all files whose names begin so instead, in whatever folder, in any case

    A folder in which nothing lies is like one that is not there: it is empty.
    """
    inside = folded(folder.strip("/")) + "/" if folder.strip("/") else ""
    begin = inside if prefix is None else folded(prefix)
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, item_id, n)
        if record.state is State.WITHDRAWN:
            raise gone(record)
        start = keys_of(cursor, 1)[0] if cursor else begin
        entries = _entries(session, record, begin, start, limit, nested=prefix is not None)
        found = list(entries)
        total = _total(session, record, begin) if begin else record.files_total
    shown = found[:limit]
    return Contents(
        record=record,
        folder=folder.strip("/") + "/" if inside else "",
        folders=tuple(one for _, one in shown if isinstance(one, Folder)),
        files=tuple(one for _, one in shown if isinstance(one, FileRecord)),
        total=total,
        next=cursor_of(found[limit][0]) if len(found) > limit else None,
    )


def _entries(
    session: Session, record: ItemRecord, begin: str, start: str, limit: int, *, nested: bool
) -> Iterator[tuple[str, Folder | FileRecord]]:
    """Yield what lies there from `start` on, one more than the limit, each with where it stands."""
    left = asked = limit + 1
    while left > 0:
        rows = session.execute(
            select(File, Fixity)
            .outerjoin(Fixity, Fixity.key == File.key)
            .where(_within(record, begin), File.folded >= start)
            .order_by(File.folded)
            .limit(min(asked, left))
        ).all()
        is_last, asked = len(rows) < min(asked, left), 8 * asked
        for row, read in rows:
            head, is_folder, _ = row.folded[len(begin) :].partition("/")
            left -= 1
            if is_folder and not nested:
                inside = f"{begin}{head}/"
                yield inside, _folder(session, record, row.name, inside)
                start = inside[:-1] + _AFTER_SLASH
                is_last, asked = False, 1  # where there is one folder, another comes as a rule
                break
            yield row.folded, file_of(row, read)
            start = row.folded + _NEXT
        if is_last:
            return


def _folder(session: Session, record: ItemRecord, name: str, inside: str) -> Folder:
    spelled = "/".join(name.split("/")[: inside.count("/")]) + "/"
    return Folder(spelled, _total(session, record, inside))


def _within(record: ItemRecord, begin: str) -> ColumnElement[bool]:
    """Return the condition that a file of a version begins so."""
    of_version = and_(File.item_id == record.id, File.n == record.version)
    if not begin:
        return of_version
    return and_(of_version, File.folded >= begin, File.folded < begin + _LAST)


def _total(session: Session, record: ItemRecord, begin: str) -> int:
    return session.scalar(select(func.count()).select_from(File).where(_within(record, begin))) or 0
