"""Marking a published version as no longer recommended, and taking the mark back."""

from datetime import datetime

from catalog.domain import remarks
from catalog.domain.errors import WrongState
from catalog.domain.identifiers import replacement
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.dois import look_again
from catalog.services.history import Happened, note
from catalog.services.loading import load_for_change, record_of


def deprecate(
    parts: Parts,
    actor: Actor,
    item_id: str,
    n: int,
    *,
    reason: str | None,
    replaced_by: str | None = None,
    expected: frozenset[str] | None,
    now: datetime,
) -> ItemRecord:
    """Mark version `n` as deprecated with a reason, or take the mark back with `reason` None."""
    mark = None
    if reason is not None:
        mark = {
            "at": now.isoformat(),
            "reason": remarks.reason(reason),
            "replaced_by": replacement(replaced_by, parts.bases),
        }
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.DEPRECATE, item_id, expected=expected, n=n
        )
        if record.state is not State.PUBLISHED:
            raise WrongState("Only what is published can be deprecated.")
        version.deprecation = mark
        version.state_changes += 1
        version.modified = now
        if record.visibility in METADATA_ARE_PUBLIC:
            outbox.ask(session, outbox.GRAPH, item.id, now=now)
            look_again(session, item.id, now=now)
        kind = Happened.UNDEPRECATED if reason is None else Happened.DEPRECATED
        note(session, kind, item.id, n, account=actor.account, now=now, reason=reason or "")
        session.flush()
        return record_of(session, item, version, actor)
