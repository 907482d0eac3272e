"""Bringing the record and the object store together again: what differs is told, and put right.

Nothing is deleted because of what a listing shows: that is marked, and removed after the grace of
all that is marked. Two of these at once, or one that is killed in the middle, do no harm: each
repair is a transaction of its own that looks once more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError
from catalog.domain.fixity import DAMAGED, Soundness
from catalog.parts import Parts
from catalog.services.abandon_upload import clear_uploads
from catalog.services.fixity import keep_finding, kept_under, look
from catalog.services.garbage import (
    Cleared,
    Waiting,
    Why,
    clear_garbage,
    mark,
    named_of,
    waiting,
)
from catalog.services.invariants import Check, batches
from catalog.services.invariants_of_objects import (
    Fault,
    Wrong,
    check_counts,
    check_fixity_rows,
    check_garbage,
    check_objects,
    check_orphans,
    check_uploads,
)
from catalog.services.soundness import enrol
from catalog.tables import File, Fixity, Garbage, Item, Version


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that record and store do not agree on.

    remedy    what puts it right, as a sentence
    is_fixed  whether that was done
    """

    fault: Fault
    remedy: str
    is_fixed: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "kind": self.fault.kind.value,
            "about": self.fault.about,
            "told": self.fault.sentence,
            "remedy": self.remedy,
            "needs_a_person": self.fault.kind in _FOR_PEOPLE,
            "fixed": self.is_fixed,
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found, and done.

    examined  how many things were looked at
    waiting   what is marked and will be removed after its grace; no difference
    cleared   what was removed now
    repaired  names of files that were damaged at the last look and no longer are
    """

    examined: int
    differences: tuple[Difference, ...]
    waiting: Waiting
    cleared: Cleared
    repaired: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.differences

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "clean": self.is_clean,
            "examined": self.examined,
            "differences": [one.to_dict() for one in self.differences],
            "waiting": {
                "objects": self.waiting.objects,
                "size_bytes": self.waiting.size_bytes,
                "oldest": self.waiting.oldest.isoformat() if self.waiting.oldest else None,
            },
            "cleared": {
                "objects": self.cleared.objects,
                "size_bytes": self.cleared.size_bytes,
            },
            "repaired": list(self.repaired),
        }

    def to_text(self) -> str:
        """Return the form for people: a line a difference, and what is to be done about it."""
        lines = [line for one in self.differences for line in _lines(one)]
        lines += [f"good   {name} is as it was kept again." for name in self.repaired]
        if self.cleared.objects:
            lines.append(f"       {_much(self.cleared)} of marked bytes were removed.")
        if self.waiting.objects:
            lines.append(f"       {_much(self.waiting)} are marked and will be removed in time.")
        if self.is_clean:
            lines.append(f"good   Record and object store agree ({self.examined:,} looked at).")
        return "\n".join(lines)


def _lines(one: Difference) -> Iterator[str]:
    yield f"{'fixed ' if one.is_fixed else 'FOUND '} {one.fault.sentence}"
    yield f"       {one.remedy}"


def _much(what: Cleared | Waiting) -> str:
    objects = "1 object" if what.objects == 1 else f"{what.objects:,} objects"
    return f"{objects} ({what.size_bytes:,} bytes)"


_FOR_PEOPLE: Final = (
    Wrong.MISSING, Wrong.WRONG_SIZE, Wrong.WRONG_HASH, Wrong.UNREADABLE,
)  # fmt: skip

_REMEDIES: Final = {
    Wrong.MISSING: "Restore the object {about} from a backup; nobody gets the file meanwhile.",
    Wrong.WRONG_SIZE: "Restore the object {about} from a backup; nobody gets the file meanwhile.",
    Wrong.WRONG_HASH: "Restore the object {about} from a backup; nobody gets the file meanwhile.",
    Wrong.UNREADABLE: "See to the object store or its disk; {about} cannot be read.",
    Wrong.ORPHAN: "It is marked, and removed after the grace of {days} days.",
    Wrong.ORPHAN_PARTS: "They are marked, and removed after the grace of {days} days.",
    Wrong.UPLOAD: "It is abandoned, and its parts are removed.",
    Wrong.RESERVATION: "The room is given back.",
    Wrong.GARBAGE: "The mark is taken off.",
    Wrong.COUNT: "It is counted anew.",
    Wrong.NOT_ENROLLED: "It is read within a day, and then from time to time.",
}


Repair = Callable[[Parts, list[str], datetime], None]
"""Puts right some things of a kind: told the parts, what they are, and the time."""


def reconcile_objects(
    parts: Parts,
    *,
    now: datetime,
    fix: bool = False,
    deep: bool = False,
    at_once: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Reconciliation:
    """Compare the record with the object store.

    fix       put right what is safe, and have damaged files be known as such, or as repaired
    deep      read every byte of every file
    at_once   remove what was marked before now, without waiting for its grace
    progress  told what is looked at next

    Raises Unavailable where the store does not answer at all.
    """
    next(iter(parts.objects.listing()), None)
    faults, examined = _examined(parts, now, deep, progress)
    repaired: tuple[str, ...] = ()
    cleared = Cleared()
    if at_once:  # before anything is marked: that is not removed in the same step
        progress("marked bytes")
        cleared = clear_garbage(parts, now, grace=timedelta(0), seconds=_LONGEST_SECONDS)
    if fix:
        progress("repairs")
        repaired = _looked_again(parts, now)
        _repair(parts, faults, now)
    with parts.database.reading() as session:
        left = waiting(session)
    days = parts.settings.garbage_days
    differences = tuple(
        Difference(
            fault,
            _REMEDIES[fault.kind].format(about=fault.about, days=days),
            is_fixed=fix and fault.kind not in _FOR_PEOPLE,
        )
        for fault in faults
    )
    return Reconciliation(examined, differences, left, cleared, repaired)


_LONGEST_SECONDS: Final = 24 * 3600.0


def _examined(
    parts: Parts, now: datetime, deep: bool, progress: Callable[[str], None]
) -> tuple[list[Fault], int]:
    """Return everything that is wrong, and how many things were looked at."""
    faults: list[Fault] = []
    tell = faults.append
    checks: dict[str, Callable[[], Check]] = {
        "files": lambda: check_objects(parts, deep=deep, tell=tell),
        "objects": lambda: check_orphans(parts, now=now, tell=tell),
        "uploads": lambda: check_uploads(parts, now=now, tell=tell),
        "garbage": lambda: check_garbage(parts, tell=tell),
        "counts": lambda: check_counts(parts, tell=tell),
        "fixity": lambda: check_fixity_rows(parts, tell=tell),
    }
    examined = 0
    for name, check in checks.items():
        progress(name)
        examined += check().examined
    return faults, examined


def _repair(parts: Parts, faults: list[Fault], now: datetime) -> None:
    kinds: dict[Wrong, list[str]] = {}
    for fault in faults:
        kinds.setdefault(fault.kind, []).append(fault.about)
    for kind, repair in _REPAIRS.items():
        for about in batches(dict.fromkeys(kinds.get(kind, ()))):
            repair(parts, about, now)
    if Wrong.UPLOAD in kinds or Wrong.RESERVATION in kinds:
        clear_uploads(parts, now)


def _mark(parts: Parts, keys: list[str], now: datetime) -> None:
    """Mark what is still named by nothing."""
    sizes = {key: _size(parts, key) for key in keys}
    with parts.database.writing() as session:
        named = named_of(session, keys)
        lost = {key: size for key, size in sizes.items() if key not in named}
        mark(session, lost, Why.ORPHAN, now=now)


def _size(parts: Parts, key: str) -> int | None:
    try:
        return parts.objects.size(key) if key.startswith("o/") else None
    except CatalogError:
        return None


def _unmark(parts: Parts, keys: list[str], now: datetime) -> None:
    """Take the mark off what is named, and have it read again."""
    with parts.database.writing() as session:
        named = named_of(session, keys)
        session.execute(delete(Garbage).where(Garbage.key.in_(named)))
        for one in kept_under(session, named):
            enrol(session, one.key, now=now)


def _enrol(parts: Parts, keys: list[str], now: datetime) -> None:
    with parts.database.writing() as session:
        for one in kept_under(session, keys):
            enrol(session, one.key, now=now)


def _count(parts: Parts, items: list[str], now: datetime) -> None:  # noqa: ARG001 - as the others
    """Count anew what items and versions keep."""
    for item_id in items:
        with parts.database.writing() as session:
            item = session.scalar(select(Item).where(Item.id == item_id).with_for_update())
            if item is not None:
                _count_item(session, item)


def _count_item(session: Session, item: Item) -> None:
    of_item = File.item_id == item.id
    once = select(func.max(File.size_bytes).label("size_bytes")).where(of_item).group_by(File.key)
    objects = once.subquery()
    item.kept_files, item.kept_bytes = session.execute(
        select(func.count(), func.coalesce(func.sum(objects.c.size_bytes), 0)).select_from(objects)
    ).one()
    for version in session.scalars(select(Version).where(Version.item_id == item.id)):
        version.files_total = (
            session.scalar(
                select(func.count()).select_from(File).where(of_item, File.n == version.n)
            )
            or 0
        )


def _damage(wrong: Wrong) -> Repair:
    """Have files be known as damaged; nobody gets them from then on."""

    def keep(parts: Parts, keys: list[str], now: datetime) -> None:
        for key in keys:
            keep_finding(parts, key, Soundness(wrong.value), now=now)

    return keep


_REPAIRS: Final[dict[Wrong, Repair]] = {
    **{wrong: _damage(wrong) for wrong in _FOR_PEOPLE if wrong is not Wrong.UNREADABLE},
    Wrong.ORPHAN: _mark,
    Wrong.ORPHAN_PARTS: _mark,
    Wrong.GARBAGE: _unmark,
    Wrong.COUNT: _count,
    Wrong.NOT_ENROLLED: _enrol,
}


def _looked_again(parts: Parts, now: datetime) -> tuple[str, ...]:
    """Read what was damaged once more; return the names of what is as it was kept again."""
    with parts.database.reading() as session:
        keys = list(session.scalars(select(Fixity.key).where(Fixity.result.in_(DAMAGED))))
    repaired = []
    for some in batches(keys):
        with parts.database.reading() as session:
            kept = kept_under(session, some)
        for one in kept:
            try:
                found = look(parts.objects, one)
            except CatalogError:
                continue
            keep_finding(parts, one.key, found, now=now)
            if found is Soundness.OK:
                repaired += _names(parts, one.key)
    return tuple(repaired)


def _names(parts: Parts, key: str) -> list[str]:
    with parts.database.reading() as session:
        rows = session.scalars(select(File).where(File.key == key).limit(10))
        return [f"File {row.name} of {row.item_id} version {row.n}" for row in rows]
