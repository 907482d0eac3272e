"""Which revisions of an item a caller may read, and each of them as the item was then."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.description import Description, statements_of
from catalog.domain.errors import CatalogError, NotFound, Unreadable
from catalog.domain.identifiers import item_iri, item_of
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Action, Actor, authorize, may_see
from catalog.domain.record import ItemName, ItemRecord
from catalog.domain.tombstone import gone
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.citations import names_of
from catalog.services.history import Happened
from catalog.services.loading import load
from catalog.services.ownership import owners_before
from catalog.tables import Account, Event, Revision, Version

_TITLE: Final = "http://purl.org/dc/terms/title"
_NAME = re.compile(r"(?:v/?)?([1-9][0-9]{0,8})(?:\.([1-9][0-9]{0,8}))?")

SPINE: Final = (
    Happened.SUBMITTED,
    Happened.BEGUN,
    Happened.REVISED,
    Happened.PUBLISHED,
    Happened.VISIBILITY_CHANGED,
)
"""The kinds of event by which it is known which revision was in force, and who saw it."""


class Opened(NamedTuple):
    """From when on a caller may know of a version: the number of the event, and the revision."""

    seq: int
    revision: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller may know of the history of an item.

    record     the newest version that the caller sees
    is_writer  whether it is who may change the item; everybody else knows what was published
    opened     of each version, from when on
    begun      of each version, the event with which it began
    current    of each version, the revision that is in force; without those withdrawn
    at_event   the revision that was in force after an event of `SPINE`
    owners     when the item changed hands, each time with the account that owned it until then
    """

    actor: Actor
    record: ItemRecord
    is_writer: bool
    opened: Mapping[int, Opened]
    begun: Mapping[int, int]
    current: Mapping[int, int]
    at_event: Mapping[int, int] = field(repr=False)
    owners: Sequence[tuple[datetime, int]] = ()

    def is_told_of(self, account: int | None, at: datetime) -> bool:
        """Tell whether the caller may know that it was this account which did something then.

        Who may write the item is told of everybody, others of who owned it at that time.
        """
        owner = next((was for until, was in self.owners if until > at), self.record.owner_id)
        return self.is_writer or account == owner

    def may_read(self, n: int, r: int) -> bool:
        """Tell whether the caller may read a revision, withdrawn ones apart."""
        opened = self.opened.get(n)
        return opened is not None and r >= opened.revision

    def before(self, n: int) -> int | None:
        """Return the version before `n` that the caller may read, None for none."""
        return max((k for k in self.current if k < n and k in self.opened), default=None)


@dataclass(frozen=True, slots=True)
class Revised:
    """One revision of an item.

    record      the version as its description was then; files and state are those of now
    names       of the items that it cites and the caller may see, by id
    at, by      when and by whom it was kept; `by` is "" where the caller is not told
    is_current  whether its version still says just that
    stage       of the item, for who may restore it; None where there is nothing to restore
    """

    record: ItemRecord
    names: Mapping[str, ItemName]
    at: datetime
    by: str
    is_current: bool
    stage: str | None = None

    @property
    def name(self) -> str:
        """How it is called: version, dot, revision."""
        return f"{self.record.version}.{self.record.revision}"

    @property
    def description(self) -> Description:
        """What the person said then."""
        return Description(item_iri(self.record.id), self.record.ntriples)


def scope_of(session: Session, actor: Actor, item_id: str) -> Scope:
    """Return what the actor may know of the history of an item.

    Raises what reading the item raises, and Gone where all that the actor sees is withdrawn.
    """
    record = load(session, actor, Action.READ, item_id)
    if record.state is State.WITHDRAWN:
        raise gone(record)
    is_writer = _may_write(actor, record)
    by_grant = may_see(actor, replace(record, published=None))
    opened: dict[int, Opened] = {}
    begun: dict[int, int] = {}
    revision: dict[int, int] = {}
    at_event: dict[int, int] = {}
    for seq, n, kind, detail in _spine(session, item_id):
        if kind in (Happened.SUBMITTED, Happened.BEGUN):
            begun[n], revision[n] = seq, 1
            opened.pop(n, None)
        elif kind == Happened.REVISED:
            revision[n] = detail["revision"]
        elif is_seen(by_grant, kind, detail):
            opened.setdefault(n, Opened(seq, revision.get(n, 1)))
        if kind != Happened.VISIBILITY_CHANGED:
            at_event[seq] = revision.get(n, 1)
    rows = session.execute(
        select(Version.n, Version.state, Version.revision).where(Version.item_id == item_id)
    ).all()
    there = {n for n, _, _ in rows}
    if is_writer:
        opened = {n: Opened(0, 1) for n in there}
    return Scope(
        actor=actor,
        record=record,
        is_writer=is_writer,
        opened={n: since for n, since in opened.items() if n in there},
        begun=begun,
        current={n: r for n, state, r in rows if state != State.WITHDRAWN.value},
        at_event=at_event,
        owners=owners_before(session, item_id),
    )


def is_seen(by_grant: bool, kind: str, detail: Mapping[str, object]) -> bool:
    """Tell whether an event shows a version to others: to everybody, or to whom READ is granted."""
    if kind == Happened.PUBLISHED and by_grant:
        return True
    return detail.get("visibility") in {visibility.value for visibility in METADATA_ARE_PUBLIC}


def _spine(session: Session, item_id: str) -> list[tuple[int, int, str, Mapping[str, int]]]:
    rows = session.execute(
        select(Event.seq, Event.n, Event.kind, Event.detail)
        .where(Event.item_id == item_id, Event.kind.in_([kind.value for kind in SPINE]))
        .order_by(Event.seq)
    )
    return [(seq, n, kind, detail) for seq, n, kind, detail in rows]


def _may_write(actor: Actor, record: ItemRecord) -> bool:
    try:
        authorize(actor, Action.WRITE, record)
    except CatalogError:
        return False
    return True


def named(scope: Scope, name: str, parameter: str) -> tuple[int, int]:
    """Return version and revision of a name: `1.2`, or `v/1` for the one in force.

    Raises Unreadable for what is no such name, Gone for a version that was withdrawn, and NotFound
    for what is not there or not the caller's to know.
    """
    found = _NAME.fullmatch(name)
    if found is None or (found[2] and name.startswith("v")):
        told = f"{parameter} is a revision such as 1.2, or a version such as v/1."
        raise Unreadable(told, parameter=parameter)
    n = int(found[1])
    if found[2]:
        return n, int(found[2])
    return n, scope.current.get(n) or (scope.opened[n].revision if n in scope.opened else 1)


def revision(session: Session, library: Library, scope: Scope, n: int, r: int) -> Revised:
    """Return a revision; raises NotFound, and Gone where its version was withdrawn."""
    if not scope.may_read(n, r):
        raise NotFound
    version = load(session, scope.actor, Action.READ, scope.record.id, n)
    if version.state is State.WITHDRAWN:
        raise gone(version)
    row = session.execute(
        select(Revision, Account.name)
        .outerjoin(Account, Account.id == Revision.account_id)
        .where(Revision.item_id == version.id, Revision.n == n, Revision.r == r)
    ).first()
    if row is None:
        raise NotFound
    kept, by = row
    if r == version.revision:
        record = version
    else:
        record = replace(
            version,
            revision=r,
            modified=kept.at,
            type=_type(library, version, kept.ntriples),
            title=_title(version, kept.ntriples),
            ntriples=kept.ntriples,
            digest=kept.digest,
            report={},
        )
    return Revised(
        record=record,
        names=names_of(session, scope.actor, _cited(kept.ntriples)),
        at=kept.at,
        by=by if scope.is_told_of(kept.account_id, kept.at) else "",
        is_current=r == version.revision,
        stage=scope.record.stage if scope.is_writer and record != scope.record else None,
    )


def _cited(ntriples: str) -> set[str]:
    """Return the ids of the items that a description points to."""
    values = (value[1:-1] for _, _, value in statements_of(ntriples) if value[0] == "<")
    return {found for value in values if (found := item_of(value))}


def _type(library: Library, version: ItemRecord, ntriples: str) -> str:
    """Return the item type of a description that was judged once."""
    classes = Description(item_iri(version.id), ntriples).classes
    deciding = library.shapes.deciding
    return next((deciding[f"<{iri}>"] for iri in classes if f"<{iri}>" in deciding), version.type)


def _title(version: ItemRecord, ntriples: str) -> str:
    return Description(item_iri(version.id), ntriples).text(_TITLE) or version.title


def read_revision(parts: Parts, actor: Actor, item_id: str, n: int, r: int) -> Revised:
    """Return revision `r` of version `n` of an item; raises what `revision` raises."""
    with parts.database.reading() as session:
        scope = scope_of(session, actor, item_id)
        return revision(session, parts.library, scope, n, r)
