"""Comparing two revisions of an item: what they say, and which files their versions have."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from catalog.domain.differences import Difference, difference
from catalog.domain.permissions import Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.parts import Parts
from catalog.services.loading import file_of
from catalog.services.revisions import Revised, Scope, named, revision, scope_of
from catalog.tables import File

MOST_FILES = 200
"""How many files of each kind of difference are named."""


class FileChange(NamedTuple):
    """A file that is not the same: as it was, and as it is; None where there is none."""

    before: FileRecord | None
    after: FileRecord | None


@dataclass(frozen=True, slots=True)
class Files:
    """The files that differ between two versions, by name; of each kind the first `MOST_FILES`.

    totals  how many were removed, added and replaced by others of the same name
    """

    changes: tuple[FileChange, ...]
    totals: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two revisions of an item beside each other.

    record  the newest version that the caller sees
    """

    record: ItemRecord
    before: Revised
    after: Revised
    difference: Difference
    files: Files


def compare(
    parts: Parts, actor: Actor, item_id: str, before: str | None, after: str | None
) -> Compared:
    """Return what differs between two revisions of an item, in whichever order they came.

    before, after  names such as `1.2` or `v/1`; without `after` it is the newest that the actor
                   sees, without `before` what came before that

    Raises what reading the item raises, Unreadable for what is no such name, Gone for a version
    that was withdrawn, and NotFound for what is not there or not the actor's to know.
    """
    with parts.database.reading() as session:
        scope = scope_of(session, actor, item_id)
        record = scope.record
        last = named(scope, after, "to") if after else (record.version, record.revision)
        first = named(scope, before, "from") if before else _before(scope, *last)
        one, other = (revision(session, parts.library, scope, n, r) for n, r in (first, last))
        return Compared(
            record=record,
            before=one,
            after=other,
            difference=difference(one.description, other.description),
            files=_files(session, item_id, first[0], last[0]),
        )


def _before(scope: Scope, n: int, r: int) -> tuple[int, int]:
    """Return the revision that one is compared with unless another is named."""
    earlier = scope.before(n)
    if earlier is not None:
        return earlier, scope.current[earlier]
    return n, r - 1 if scope.may_read(n, r - 1) else r


def _files(session: Session, item_id: str, n: int, other: int) -> Files:
    if n == other:
        return Files((), (0, 0, 0))
    gone, gone_total = _only_in(session, item_id, n, other)
    come, come_total = _only_in(session, item_id, other, n)
    changed, changed_total = _replaced(session, item_id, n, other)
    changes = [
        *(FileChange(file, None) for file in gone),
        *(FileChange(None, file) for file in come),
        *changed,
    ]
    changes.sort(key=_by_name)
    return Files(tuple(changes), (gone_total, come_total, changed_total))


def _by_name(change: FileChange) -> str:
    file = change.after or change.before
    return file.name if file else ""


def _only_in(session: Session, item_id: str, n: int, other: int) -> tuple[list[FileRecord], int]:
    there = aliased(File)
    is_there = select(there.folded).where(
        there.item_id == item_id, there.n == other, there.folded == File.folded
    )
    wanted = and_(File.item_id == item_id, File.n == n, ~is_there.exists())
    rows = session.scalars(select(File).where(wanted).order_by(File.folded).limit(MOST_FILES))
    total = session.scalar(select(func.count()).select_from(File).where(wanted)) or 0
    return [file_of(row) for row in rows], total


def _replaced(session: Session, item_id: str, n: int, other: int) -> tuple[list[FileChange], int]:
    there = aliased(File)
    same_name = and_(there.item_id == File.item_id, there.n == other, there.folded == File.folded)
    wanted = and_(File.item_id == item_id, File.n == n, there.sha256 != File.sha256)
    rows = session.execute(
        select(File, there)
        .join(there, same_name)
        .where(wanted)
        .order_by(File.folded)
        .limit(MOST_FILES)
    )
    counted = select(func.count()).select_from(File).join(there, same_name).where(wanted)
    total = session.scalar(counted) or 0
    return [FileChange(file_of(old), file_of(new)) for old, new in rows], total
