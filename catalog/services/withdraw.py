"""Withdrawing what was published: a tombstone stays, and no projection shows it any more."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain import remarks
from catalog.domain.errors import NotAcceptable
from catalog.domain.identifiers import VOCAB, replacement
from catalog.domain.lifecycle import State, check_can_withdraw
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.dois import look_again
from catalog.services.history import Happened, note
from catalog.services.loading import load_for_change, record_of
from catalog.tables import Item, Version

_REASONS = f"{VOCAB}withdrawal-reason/"


def withdraw(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    reason: str,
    note_text: str | None = None,
    replaced_by: str | None = None,
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
) -> ItemRecord:
    """Withdraw every published version of an item, or version `n` alone.

    reason       a concept of the scheme `withdrawal-reason`, by IRI or id, or words
    replaced_by  the id or address of the item that takes its place

    With the whole item an open draft is closed too. Raises WrongState where nothing is published.
    """
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.WITHDRAW, item_id, expected=expected, n=n
        )
        rows = [version] if n is not None else _all_versions(session, item)
        published = [row for row in rows if row.state == State.PUBLISHED.value]
        if not published:
            check_can_withdraw(record.state)
        said = {
            "at": now.isoformat(),
            "by": actor.name,
            "reason": _reason(parts, reason),
            "note": remarks.note(note_text),
            "replaced_by": replacement(replaced_by, parts.bases),
        }
        for row in rows:
            row.state = State.WITHDRAWN.value
            row.state_changes += 1
            row.withdrawal = said
            row.modified = now
        outbox.ask(session, outbox.GRAPH, item.id, now=now, narrowing=True)
        look_again(session, item.id, now=now)
        note(
            session,
            Happened.WITHDRAWN,
            item.id,
            version.n,
            account=actor.account,
            now=now,
            **{name: value for name, value in said.items() if name != "at"},
        )
        session.flush()
        return record_of(session, item, published[-1] if published else version, actor)


def _reason(parts: Parts, said: str) -> str:
    """Return the id of the concept that was named, or the words as they are."""
    words = remarks.reason(said)
    name = words.removeprefix(_REASONS)
    if parts.library.vocabularies.concept(_REASONS + name) is not None:
        return name
    if words.startswith(_REASONS):
        raise NotAcceptable(f"There is no reason {name}; /vocab/withdrawal-reason lists all.")
    return words


def _all_versions(session: Session, item: Item) -> list[Version]:
    rows = session.scalars(
        select(Version)
        .where(Version.item_id == item.id, Version.state != State.WITHDRAWN.value)
        .order_by(Version.n)
    )
    return list(rows)
