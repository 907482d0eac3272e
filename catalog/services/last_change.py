"""Who changed an item last, for telling it to somebody who came second."""

from datetime import datetime

from sqlalchemy import select

from catalog.domain.permissions import Action, Actor
from catalog.parts import Parts
from catalog.services.loading import load
from catalog.tables import Account, Event


def last_change(parts: Parts, actor: Actor, item_id: str) -> tuple[str, datetime]:
    """Return the name of the account that changed an item last ("" for none), and when.

    Raises what reading the item raises, and Forbidden where the actor may not write it.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.WRITE, item_id)
        found = session.execute(
            select(Account.name, Event.at)
            .outerjoin(Account, Account.id == Event.account_id)
            .where(Event.item_id == item_id, Event.n == record.version)
            .order_by(Event.seq.desc())
            .limit(1)
        ).first()
    return (found[0] or "", found[1]) if found else ("", record.modified)
