"""Whose an item is, and how it becomes somebody else's: a group's at once, a person's by consent.

Groups own items so that work outlives who began it; members come and go with the claims of whoever
vouches for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from catalog.domain.errors import Forbidden, NotAcceptable, NotFound
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.record import ItemRecord
from catalog.domain.sharing import Grantee, GranteeType, name_of
from catalog.parts import Parts
from catalog.services.dois import ALL_VERSIONS
from catalog.services.groups import account_of_group, grantee_of
from catalog.services.history import Happened, note
from catalog.services.identities import PERSON
from catalog.services.loading import load, load_for_change, record_of
from catalog.services.permissions import move_on
from catalog.tables import Account, Event, Item, OwnerOffer, Permission, Version

OFFER_LASTS: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer that waits for an answer.

    name  to whom
    by    the account that offers, "" where that is not known any more
    """

    name: str
    by: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose an item is, and to whom it is offered."""

    record: ItemRecord
    owner: Grantee
    offer: Offered | None


@dataclass(frozen=True, slots=True)
class OfferToMe:
    """An item that is offered to who asks, by what it is called."""

    item_id: str
    title: str
    type: str
    by: str
    expires: datetime


def read_owner(parts: Parts, actor: Actor, item_id: str, *, now: datetime) -> Owned:
    """Return whose an item is; raises what reading it raises, Forbidden without READ_ACP."""
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ_PERMISSIONS, item_id)
        return _owned(session, record, now)


def give(
    parts: Parts,
    actor: Actor,
    item_id: str,
    to: Grantee,
    *,
    expected: frozenset[str] | None,
    now: datetime,
) -> Owned:
    """Give an item to a group or to the actor at once; offer it to anybody else, who may accept.

    to  a group that the actor is in, or an account by name, which need not exist to be offered
        something. An administrator gives at once, to every group and every account.

    Raises what changing an item raises, Forbidden for a group of others, NotAcceptable for who
    owns it already, and for an administrator where there is no such account.
    """
    with parts.database.writing() as session:
        item, version, _ = load_for_change(session, actor, Action.OWN, item_id, expected=expected)
        heir = _heir(session, actor, to, now)
        if heir is None:
            _offer(session, actor, item, to.name, now)
        elif heir.id == item.owner_id:
            raise NotAcceptable(f"{heir.name} owns this item already.")
        else:
            pass_on(session, item, heir, account=actor.account, now=now)
        session.flush()
        return _owned(session, record_of(session, item, version, actor), now)


def take_back(parts: Parts, actor: Actor, item_id: str, *, now: datetime) -> Owned:
    """Take an offer of an item back, if there is one."""
    with parts.database.writing() as session:
        record = load(session, actor, Action.OWN, item_id)
        session.execute(delete(OwnerOffer).where(OwnerOffer.item_id == item_id))
        return _owned(session, record, now)


def offers_to(parts: Parts, actor: Actor, *, now: datetime) -> tuple[OfferToMe, ...]:
    """Return the items that are offered to the actor, those first whose offer ends first."""
    require_account(actor)
    with parts.database.reading() as session:
        rows = session.execute(
            select(OwnerOffer, Version.title, Version.type, Account.name)
            .join(Item, Item.id == OwnerOffer.item_id)
            .join(Version, and_(Version.item_id == Item.id, Version.n == Item.newest))
            .outerjoin(Account, Account.id == OwnerOffer.account_id)
            .where(_is_to(actor), OwnerOffer.expires > now)
            .order_by(OwnerOffer.expires, OwnerOffer.item_id)
        ).all()
        return tuple(
            OfferToMe(offer.item_id, title, kind, by or "", offer.expires)
            for offer, title, kind, by in rows
        )


def answer_offer(
    parts: Parts, actor: Actor, item_id: str, *, accept: bool, now: datetime
) -> str | None:
    """Make an offered item the actor's own, or decline it; return its id where it is theirs now.

    Raises Unauthenticated, Forbidden for a token that is not one for it, and NotFound where nothing
    is offered.
    """
    account = require_account(actor, Action.OWN)
    with parts.database.writing() as session:
        offer = session.scalar(
            select(OwnerOffer).where(
                OwnerOffer.item_id == item_id, _is_to(actor), OwnerOffer.expires > now
            )
        )
        if offer is None:
            raise NotFound("No such item is offered to you; the offer may be over or taken back.")
        if not accept:
            session.delete(offer)
            return None
        item = session.get_one(Item, item_id, with_for_update=True)
        pass_on(session, item, session.get_one(Account, account), account=account, now=now)
        return item_id


def pass_on(
    session: Session, item: Item, heir: Account, *, account: int | None, now: datetime
) -> None:
    """Make an item the heir's own, in the caller's transaction.

    account  who does it, None for the operator

    What the heir was granted is no grant any more, since an owner has every right; what others
    were granted stays.
    """
    before = session.get_one(Account, item.owner_id)
    to = grantee_of(heir)
    item.owner_id = heir.id
    session.execute(delete(OwnerOffer).where(OwnerOffer.item_id == item.id))
    session.execute(
        delete(Permission).where(
            Permission.item_id == item.id,
            Permission.grantee_type == to.kind.value,
            Permission.grantee == to.name,
        )
    )
    move_on(session, item.id)
    note(
        session,
        Happened.OWNER_CHANGED,
        item.id,
        ALL_VERSIONS,
        account=account,
        now=now,
        owner=heir.name,
        was=before.name,
        was_id=before.id,
    )


def owners_before(session: Session, item_id: str) -> Sequence[tuple[datetime, int]]:
    """Return each time the item changed hands, with the account that owned it until then."""
    rows = session.execute(
        select(Event.at, Event.detail)
        .where(Event.item_id == item_id, Event.kind == Happened.OWNER_CHANGED.value)
        .order_by(Event.seq)
    )
    return [(at, int(detail["was_id"])) for at, detail in rows]


def _heir(session: Session, actor: Actor, to: Grantee, now: datetime) -> Account | None:
    """Return the account to give to at once; None where somebody has to accept first."""
    if to.kind is GranteeType.GROUP:
        if to.name not in actor.groups and not actor.is_admin:
            raise Forbidden(f"You are not in the group {to.name}, so you cannot give it an item.")
        return account_of_group(session, to.name, now=now)
    if not (actor.is_admin or to.name == actor.name):
        return None
    return person_named(session, to.name)


def person_named(session: Session, name: str) -> Account:
    """Return the account of a person; NotAcceptable where there is none of that name."""
    found = session.scalar(
        select(Account).where(Account.name == name_of(name), Account.kind == PERSON)
    )
    if found is None:
        raise NotAcceptable(f"There is no account of a person called {name}.")
    return found


def _offer(session: Session, actor: Actor, item: Item, name: str, now: datetime) -> None:
    """Offer an item instead of whatever was offered of it before."""
    if session.get_one(Account, item.owner_id).name == name:
        raise NotAcceptable(f"{name} owns this item already.")
    session.execute(delete(OwnerOffer).where(OwnerOffer.item_id == item.id))
    session.add(
        OwnerOffer(
            item_id=item.id,
            name=name,
            account_id=actor.account,
            at=now,
            expires=now + OFFER_LASTS,
        )
    )


def _is_to(actor: Actor) -> ColumnElement[bool]:
    return OwnerOffer.name == actor.name


def _owned(session: Session, record: ItemRecord, now: datetime) -> Owned:
    row = session.execute(
        select(OwnerOffer, Account.name)
        .outerjoin(Account, Account.id == OwnerOffer.account_id)
        .where(OwnerOffer.item_id == record.id, OwnerOffer.expires > now)
    ).first()
    offer = None if row is None else Offered(row[0].name, row[1] or "", row[0].expires)
    return Owned(record, grantee_of(session.get_one(Account, record.owner_id)), offer)
