"""Which bytes elsewhere each version refers to, as rows that follow its description."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from catalog.domain.identifiers import item_iri
from catalog.domain.record import ReferenceRecord
from catalog.domain.references.cited import Reference, references_of
from catalog.domain.references.drift import ReferenceState
from catalog.parts import Parts
from catalog.services.readiness import set_fact
from catalog.tables import Fact, ReferenceCheck, Version

_FOLLOWED: Final = "references"
"""Name of the fact that descriptions stored before this was kept have their rows."""

_AT_ONCE: Final = 200
_FIRST_LOOK: Final = timedelta(minutes=1)


def follow(session: Session, version: Version, *, now: datetime) -> None:
    """Make the rows of a version equal to what its description refers to.

    What is known of a reference stays known while the description says the same of it.
    """
    wanted = references_of(item_iri(version.item_id), version.ntriples)
    rows = {row.part: row for row in _rows(session, version.item_id, version.n)}
    for one in wanted:
        row = rows.pop(one.part, None)
        if row is None or row.address != one.address or dict(row.said) != dict(one.said):
            if row is not None:
                session.delete(row)
                session.flush()
            session.add(_begun(version, one, now))
    for row in rows.values():
        session.delete(row)


def _begun(version: Version, one: Reference, now: datetime) -> ReferenceCheck:
    return ReferenceCheck(
        item_id=version.item_id,
        n=version.n,
        part=one.part,
        address=one.address,
        kind=one.kind.value,
        host=one.host[:255],
        said=dict(one.said),
        first=None,
        found=None,
        state=ReferenceState.UNKNOWN.value,
        since=now,
        looked=None,
        misses=0,
        finding="",
        due=now + _FIRST_LOOK,
    )


def _rows(session: Session, item_id: str, n: int) -> Sequence[ReferenceCheck]:
    return session.scalars(
        select(ReferenceCheck)
        .where(ReferenceCheck.item_id == item_id, ReferenceCheck.n == n)
        .order_by(ReferenceCheck.part)
    ).all()


def follow_stored(parts: Parts, now: datetime) -> bool:
    """Make rows for some versions that were stored before there were any; tell whether all have.

    It goes on where it was interrupted, and does nothing once that is done.
    """
    with parts.database.reading() as session:
        fact = session.get(Fact, _FOLLOWED)
        if fact is not None and fact.value == "all":
            return True
    with parts.database.writing() as session:
        fact = session.get(Fact, _FOLLOWED)
        after = fact.value if fact else "/0"
        item_id, _, n = after.partition("/")
        versions = session.scalars(
            select(Version)
            .where(tuple_(Version.item_id, Version.n) > (item_id, int(n)))
            .order_by(Version.item_id, Version.n)
            .limit(_AT_ONCE)
        ).all()
        for version in versions:
            follow(session, version, now=now)
        last = f"{versions[-1].item_id}/{versions[-1].n}" if versions else "all"
        set_fact(session, _FOLLOWED, last)
        return not versions


def references_in(session: Session, item_id: str, n: int) -> tuple[ReferenceRecord, ...]:
    """Return what is known of the references of a version."""
    return tuple(map(_plain, _rows(session, item_id, n)))


def references_among(
    session: Session, versions: Collection[tuple[str, int]]
) -> Mapping[tuple[str, int], tuple[ReferenceRecord, ...]]:
    """Return what is known of the references of many versions, by item and number."""
    found: dict[tuple[str, int], list[ReferenceRecord]] = {}
    if versions:
        wanted = tuple_(ReferenceCheck.item_id, ReferenceCheck.n).in_(list(versions))
        for row in session.scalars(
            select(ReferenceCheck).where(wanted).order_by(ReferenceCheck.part)
        ):
            found.setdefault((row.item_id, row.n), []).append(_plain(row))
    return {version: tuple(rows) for version, rows in found.items()}


def _plain(row: ReferenceCheck) -> ReferenceRecord:
    return ReferenceRecord(
        part=row.part,
        address=row.address,
        kind=row.kind,
        state=ReferenceState(row.state),
        since=row.since,
        looked=row.looked,
        finding=row.finding,
        found=dict(row.found or {}),
    )
