"""Telling the owner of an item that something is wrong with it; no account is needed."""

import hashlib
import hmac
import ipaddress
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import TooMany
from catalog.domain.lifecycle import State
from catalog.domain.messages import message_text, reply_address
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.domain.tombstone import gone
from catalog.parts import Parts
from catalog.services.loading import load
from catalog.tables import Fact, Message

MOST_AN_HOUR: Final = 5
"""How many messages one address may send in an hour."""

MOST_A_DAY: Final = 40
"""How many messages about one item are taken in a day, whoever sends them."""

_KEY: Final = "key of senders"
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def report_problem(
    parts: Parts,
    actor: Actor,
    item_id: str,
    text: str,
    reply_to: str,
    *,
    sender: str,
    now: datetime,
    n: int | None = None,
) -> ItemRecord:
    """Keep a message for the owner of an item that the actor sees; return the item.

    sender  the network address that the message came from

    Raises NotFound, Gone, NotAcceptable for a text or an address that cannot be, and TooMany.
    """
    said, address = message_text(text), reply_address(reply_to)
    with parts.database.writing() as session:
        record = load(session, actor, Action.READ, item_id, n)
        if record.state is State.WITHDRAWN:
            raise gone(record)
        mark = _mark(session, sender)
        _check_rate(session, mark, item_id, now)
        session.add(
            Message(
                item_id=item_id,
                n=record.version,
                text=said,
                reply_to=address,
                sender=mark,
                account_id=actor.account,
                at=now,
            )
        )
        return record


def _check_rate(session: Session, mark: str, item_id: str, now: datetime) -> None:
    """Raise TooMany where a limit is reached; forget who sent what is older than a day."""
    session.execute(
        update(Message).where(Message.at < now - _DAY, Message.sender != "").values(sender="")
    )
    if _counted(session, Message.sender == mark, Message.at > now - _HOUR) >= MOST_AN_HOUR:
        raise TooMany(
            f"At most {MOST_AN_HOUR} messages an hour are taken from one address; try again later.",
            retry_after=3600,
        )
    if _counted(session, Message.item_id == item_id, Message.at > now - _DAY) >= MOST_A_DAY:
        raise TooMany(
            "The owner of this item has many messages today; try again tomorrow.",
            retry_after=86_400,
        )


def _counted(session: Session, *conditions: object) -> int:
    return session.scalar(select(func.count()).select_from(Message).where(*conditions)) or 0  # type: ignore[arg-type]


def _mark(session: Session, sender: str) -> str:
    """Return by what a sender is known again: a digest that nobody without the record can guess."""
    key = session.get(Fact, _KEY)
    if key is None:
        key = Fact(name=_KEY, value=secrets.token_hex(32))
        session.add(key)
    return hmac.new(key.value.encode(), _network(sender).encode(), hashlib.sha256).hexdigest()


def _network(address: str) -> str:
    """Return what of an address stays the same for one household: all of IPv4, half of IPv6.

    >>> _network("203.0.113.9"), _network("2001:db8:1:2:3:4:5:6")
    ('203.0.113.9/32', '2001:db8:1:2::/64')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 32 if found.version == 4 else 64), strict=False))
