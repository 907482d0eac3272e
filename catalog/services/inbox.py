"""The messages about one's items, and marking them as done; administrators have those of all."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from catalog.domain.errors import NotFound
from catalog.domain.messages import Inbox, Message
from catalog.domain.permissions import Actor, require_account
from catalog.parts import Parts
from catalog.services.cursors import cursor_of, foreign, keys_of
from catalog.tables import Account, Item, Version
from catalog.tables import Message as Row

_MOST_DIGITS = 18


def inbox(
    parts: Parts, actor: Actor, *, cursor: str | None, limit: int, only_open: bool = False
) -> Inbox:
    """Return a page of the messages for the actor, newest first.

    Raises Unauthenticated, and Unreadable for a cursor that is none of ours.
    """
    theirs = _theirs(actor)
    fits = and_(theirs, Row.done.is_(None)) if only_open else theirs
    after = Row.id < _number(cursor) if cursor else true()
    with parts.database.reading() as session:
        rows = session.execute(
            select(Row, Version.title, Account.name)
            .join(Item, Item.id == Row.item_id)
            .join(Version, and_(Version.item_id == Row.item_id, Version.n == Item.newest))
            .outerjoin(Account, Account.id == Row.account_id)
            .where(fits, after)
            .order_by(Row.id.desc())
            .limit(limit + 1)
        ).all()
        total, waiting = _counted(session, fits), _counted(session, theirs, Row.done.is_(None))
    messages = tuple(_message(row, title, by) for row, title, by in rows[:limit])
    more = cursor_of(str(messages[-1].id)) if len(rows) > limit else None
    return Inbox(messages, total, waiting, more)


def settle(parts: Parts, actor: Actor, number: int, *, done: bool, now: datetime) -> None:
    """Mark a message for the actor as done, or as open again; NotFound for any other."""
    theirs = _theirs(actor)
    with parts.database.writing() as session:
        row = session.scalar(
            select(Row).join(Item, Item.id == Row.item_id).where(Row.id == number, theirs)
        )
        if row is None:
            raise NotFound("There is no such message for you; /me/reports lists all of yours.")
        row.done = (row.done or now) if done else None


def _theirs(actor: Actor) -> ColumnElement[bool]:
    require_account(actor)
    return true() if actor.is_admin else Item.owner_id.in_(actor.accounts)


def _counted(session: Session, *conditions: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(Row).join(Item, Item.id == Row.item_id)
    return session.scalar(counted.where(*conditions)) or 0


def _message(row: Row, title: str, by: str | None) -> Message:
    return Message(
        id=row.id,
        item_id=row.item_id,
        n=row.n,
        title=title,
        text=row.text,
        reply_to=row.reply_to,
        by=by or "",
        at=row.at,
        done=row.done,
    )


def _number(cursor: str) -> int:
    (said,) = keys_of(cursor, 1)
    if not (said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS):
        raise foreign()
    return int(said)
