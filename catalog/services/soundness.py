"""What is known of the bytes of files: kept from the first day on, told and acted upon."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import Damaged
from catalog.domain.fixity import DAMAGED, IN_WORDS, Soundness
from catalog.domain.fixity import Fixity as Known
from catalog.domain.permissions import Actor, require_account
from catalog.parts import Parts
from catalog.tables import File, Fixity, Item, Version

FIRST_LOOK: Final = timedelta(days=1)
"""After which bytes are read for the first time: a store may lose what it has just kept."""

_LATE: Final = timedelta(days=1)


def enrol(session: Session, key: str, *, now: datetime) -> None:
    """Have the bytes under a key that a file names read from time to time."""
    if session.get(Fixity, key) is None:
        session.add(Fixity(key=key, since=now, due=now + FIRST_LOOK))


def known_of(row: Fixity | None) -> Known | None:
    """Return a row as a plain value; None before the first reading."""
    if row is None or row.result is None or row.checked is None:
        return None
    return Known(Soundness(row.result), row.since, row.checked)


def refuse_damaged(session: Session, files: Mapping[str, str]) -> None:
    """Raise Damaged, naming the file, where the bytes of one are known not to be what they were.

    files  names by key
    """
    for keys in _some(files):
        found = session.scalar(
            select(Fixity.key).where(Fixity.key.in_(keys), Fixity.result.in_(DAMAGED)).limit(1)
        )
        if found is not None:
            raise Damaged(files[found])


def _some(keys: Iterable[str]) -> Iterable[list[str]]:
    listed = list(keys)
    return (listed[start : start + 500] for start in range(0, len(listed), 500))


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file of somebody's whose bytes are not those that were kept."""

    item_id: str
    n: int
    title: str
    name: str
    result: Soundness
    since: datetime

    @property
    def in_words(self) -> str:
        """What is wrong, as the rest of a sentence."""
        return IN_WORDS[self.result]


def damaged_of(parts: Parts, actor: Actor, *, limit: int) -> tuple[tuple[DamagedFile, ...], int]:
    """Return the damaged files of the actor's items, the latest first, and how many there are."""
    require_account(actor)
    wanted = (
        select(File.item_id, File.n, Version.title, File.name, Fixity.result, Fixity.since)
        .join(Fixity, Fixity.key == File.key)
        .join(Item, Item.id == File.item_id)
        .join(Version, and_(Version.item_id == File.item_id, Version.n == File.n))
        .where(Fixity.result.in_(DAMAGED), Item.owner_id.in_(actor.accounts))
    )
    with parts.database.reading() as session:
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        if not total:
            return (), 0
        rows = session.execute(
            wanted.order_by(Fixity.since.desc(), File.item_id, File.n, File.folded).limit(limit)
        ).all()
    return tuple(
        DamagedFile(item_id, n, title, name, Soundness(str(result)), since)
        for item_id, n, title, name, result, since in rows
    ), total


@dataclass(frozen=True, slots=True)
class Cycle:
    """How the cycle of reading is.

    faults   how many objects are damaged, by what is wrong
    overdue  how many should have been read a day ago or earlier
    last     when one was read last
    """

    faults: Mapping[str, int]
    overdue: int
    last: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "faults": dict(self.faults),
            "overdue": self.overdue,
            "last": self.last.isoformat().replace("+00:00", "Z") if self.last else None,
        }


NO_CYCLE: Final = Cycle({}, 0, None)


def cycle(session: Session, *, now: datetime) -> Cycle:
    """Return how the cycle of reading is."""
    counted = session.execute(
        select(Fixity.result, func.count())
        .where(Fixity.result.in_(DAMAGED))
        .group_by(Fixity.result)
    ).all()
    faults = {str(result): count for result, count in counted}
    overdue = session.scalar(
        select(func.count()).select_from(Fixity).where(Fixity.due < now - _LATE)
    )
    return Cycle(
        {name: faults.get(name, 0) for name in DAMAGED},
        overdue or 0,
        session.scalar(select(func.max(Fixity.checked))),
    )
