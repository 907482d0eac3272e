"""Links by which an item is read without an account: made, listed, followed, ended.

A link is a grant of READ to a group that whoever opened it is in, so that every predicate that
knows grants knows links. What is kept of its secret is the SHA-256; it is shown once.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import Forbidden, NotAcceptable, NotFound
from catalog.domain.identifiers import draw_id
from catalog.domain.permissions import Action, Actor, Right, rights_of
from catalog.domain.sharing import LONGEST_NAME, GranteeType, link_group
from catalog.parts import Parts
from catalog.services.dois import ALL_VERSIONS
from catalog.services.history import Happened, note
from catalog.services.loading import load
from catalog.services.permissions import links_in_force
from catalog.tables import Account, Permission, ShareLink

LONGEST_DAYS: Final = 365
USUAL_DAYS: Final = 30
MOST_LINKS: Final = 100
"""How many links may open one item at a time."""

MOST_KEPT: Final = 10
"""How many opened links one browser keeps, the latest."""

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as those are told of it who may see who an item is shared with.

    by         the account that made it, "" where that is not known any more
    ended      when somebody ended it; None while nobody did
    last_used  when the item was last read by it, to the minute
    opened     how often it was followed
    """

    id: str
    label: str
    by: str
    created: datetime
    expires: datetime
    ended: datetime | None
    last_used: datetime | None
    opened: int

    def is_live(self, now: datetime) -> bool:
        """Tell whether it opens the item."""
        return self.ended is None and self.expires > now


@dataclass(frozen=True, slots=True)
class Opened:
    """What following a link leads to.

    kept     the secrets of the links that the browser keeps, the latest first
    expires  when the last of them ends
    """

    item_id: str
    kept: tuple[str, ...]
    expires: datetime


def make_link(
    parts: Parts, actor: Actor, item_id: str, label: str, days: int, *, now: datetime
) -> tuple[str, Link]:
    """Return the secret of a new link to an item, which nobody can be told again, and the link.

    label  for whom it is, in at most 255 characters; may be empty
    days   how long it opens the item, 1 to 365

    Raises what sharing an item raises, Forbidden for who may share but not read it, and
    NotAcceptable.
    """
    said = _label(label)
    if not 1 <= days <= LONGEST_DAYS:
        raise NotAcceptable(f"A link opens an item for 1 to {LONGEST_DAYS} days.")
    secret = secrets.token_urlsafe(32)
    with parts.database.writing() as session:
        record = load(session, actor, Action.SHARE, item_id)
        if Right.READ not in rights_of(actor, record):
            raise Forbidden(f"You cannot give {Right.READ}, which you do not hold yourself.")
        if links_in_force(session, item_id, now) >= MOST_LINKS:
            raise NotAcceptable(f"At most {MOST_LINKS} links open an item; end one first.")
        row = ShareLink(
            id=draw_id(),
            item_id=item_id,
            hash=_hash(secret),
            label=said,
            account_id=actor.account,
            created=now,
            expires=now + timedelta(days=days),
            opened=0,
        )
        session.add(row)
        session.add(
            Permission(
                item_id=item_id,
                grantee_type=GranteeType.GROUP.value,
                grantee=link_group(secret),
                permission=Right.READ.value,
                expires=row.expires,
            )
        )
        _note(session, Happened.LINK_MADE, actor, row, now)
        return secret, _link(row, actor.name)


def list_links(parts: Parts, actor: Actor, item_id: str) -> tuple[Link, ...]:
    """Return the links to an item that were ever made, the latest first; needs READ_ACP."""
    with parts.database.reading() as session:
        load(session, actor, Action.READ_PERMISSIONS, item_id)
        rows = session.execute(
            select(ShareLink, Account.name)
            .outerjoin(Account, Account.id == ShareLink.account_id)
            .where(ShareLink.item_id == item_id)
            .order_by(ShareLink.created.desc(), ShareLink.id)
        ).all()
        return tuple(_link(row, by or "") for row, by in rows)


def end_link(parts: Parts, actor: Actor, item_id: str, link_id: str, *, now: datetime) -> None:
    """Have a link open nothing any more, also where it was followed before.

    Raises what sharing an item raises, NotFound for what is no link to it; one that has ended
    already stays so.
    """
    with parts.database.writing() as session:
        load(session, actor, Action.SHARE, item_id)
        row = session.get(ShareLink, link_id)
        if row is None or row.item_id != item_id:
            raise NotFound("There is no such link to this item.")
        if row.revoked is None:
            row.revoked = now
            session.execute(
                delete(Permission).where(
                    Permission.item_id == item_id, Permission.grantee == f"link:{row.hash}"
                )
            )
            _note(session, Happened.LINK_ENDED, actor, row, now)


def follow_link(parts: Parts, secret: str, kept: Sequence[str], *, now: datetime) -> Opened:
    """Return where a link leads, and what its follower keeps; counts it.

    kept  the secrets of links that were followed before

    Raises NotFound, the same for a link that is unknown, ended or over.
    """
    with parts.database.writing() as session:
        found = session.scalar(
            select(ShareLink).where(ShareLink.hash == _hash(secret), _opens(now))
        )
        if found is None:
            raise NotFound
        found.opened += 1
        found.last_used = now
        ends = _ends(session, kept[: MOST_KEPT * 2], now)
        rest = [one for one in kept if one in ends and one != secret][: MOST_KEPT - 1]
        latest = max([found.expires, *(ends[one] for one in rest)])
        return Opened(found.item_id, (secret, *rest), latest)


def notice_use(parts: Parts, item_id: str, opened: Iterable[str], *, now: datetime) -> None:
    """Write down that an item is read by one of these links, at most once a minute each."""
    hashes = [_hash(secret) for secret in opened]
    of_item = (ShareLink.hash.in_(hashes), ShareLink.item_id == item_id, _opens(now))
    is_news = or_(ShareLink.last_used.is_(None), ShareLink.last_used < now - _MINUTE)
    with parts.database.reading() as session:
        stale = session.scalars(select(ShareLink.id).where(*of_item, is_news)).all()
    if stale:
        with parts.database.writing() as session:
            session.execute(
                update(ShareLink).where(ShareLink.id.in_(stale), is_news).values(last_used=now)
            )


def _opens(now: datetime) -> ColumnElement[bool]:
    return ShareLink.revoked.is_(None) & (ShareLink.expires > now)


def _ends(session: Session, kept: Collection[str], now: datetime) -> dict[str, datetime]:
    """Return those of the secrets that still open something, with when each ends."""
    by_hash = {_hash(secret): secret for secret in kept}
    rows = session.execute(
        select(ShareLink.hash, ShareLink.expires).where(ShareLink.hash.in_(by_hash), _opens(now))
    )
    return {by_hash[digest]: expires for digest, expires in rows}


def _hash(secret: str) -> str:
    return link_group(secret).partition(":")[2]


def _label(text: str) -> str:
    said = " ".join(text.split())
    if len(said) > LONGEST_NAME or not said.isprintable():
        raise NotAcceptable(f"A label has at most {LONGEST_NAME} printable characters.")
    return said


def _note(session: Session, kind: Happened, actor: Actor, row: ShareLink, now: datetime) -> None:
    told = {"link": row.id, "who": row.label}
    note(session, kind, row.item_id, ALL_VERSIONS, account=actor.account, now=now, **told)


def _link(row: ShareLink, by: str) -> Link:
    return Link(
        id=row.id,
        label=row.label,
        by=by,
        created=row.created,
        expires=row.expires,
        ended=row.revoked,
        last_used=row.last_used,
        opened=row.opened,
    )
