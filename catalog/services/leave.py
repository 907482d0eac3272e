"""Somebody leaves: their items pass on, what let them in ends, what they were granted goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable, NotFound
from catalog.domain.sharing import Grantee, GranteeType
from catalog.parts import Parts
from catalog.services.groups import account_of_group, grantee_of
from catalog.services.ownership import pass_on, person_named
from catalog.tables import Account, Item, OwnerOffer, Permission, SignIn, Token

_ITEMS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Left:
    """What leaving did, or would do.

    items     how many passed on
    tokens    how many were valid, and are revoked
    sessions  how many browsers were signed in
    grants    how many rights on items of others are taken back
    offers    how many offers of items to or by them are taken back
    """

    name: str
    heir: str
    items: int
    tokens: int
    sessions: int
    grants: int
    offers: int


def leave(parts: Parts, name: str, heir: Grantee, *, now: datetime, dry_run: bool = False) -> Left:
    """Pass all items of an account on, and end what lets it in: all of that, or nothing.

    heir     a person who has an account, or a group, whose account is made where it has none
    dry_run  only tell what would be done

    Links to items that they made stay: what they opened belongs to the heir, who sees and ends
    them. Raises NotFound for an account that does not exist, NotAcceptable for an heir that cannot
    be.
    """
    if dry_run:
        with parts.database.reading() as session:
            account = _account(session, name, heir)
            if heir.kind is GranteeType.USER:
                person_named(session, heir.name)
            return _counted(session, account, heir, now)
    with parts.database.writing() as session:
        account = _account(session, name, heir)
        to = _heir(session, heir, now)
        left = _counted(session, account, heir, now)
        _pass_all_on(session, account, to, now)
        session.execute(update(Token).where(*_live(account)).values(revoked=now))
        session.execute(delete(SignIn).where(SignIn.account_id == account.id))
        session.execute(delete(Permission).where(*_granted(account)))
        session.execute(delete(OwnerOffer).where(_offers(account)))
        return left


def _pass_all_on(session: Session, account: Account, heir: Account, now: datetime) -> None:
    """Pass the items on, some hundred at a time, so that not all of them are in memory."""
    wanted = select(Item).where(Item.owner_id == account.id).order_by(Item.id).limit(_ITEMS_AT_ONCE)
    while items := session.scalars(wanted).all():
        for item in items:
            pass_on(session, item, heir, account=None, now=now)
        session.flush()
        for one in list(session):
            if one is not account and one is not heir:
                session.expunge(one)


def _account(session: Session, name: str, heir: Grantee) -> Account:
    found = session.scalar(select(Account).where(Account.name == name))
    if found is None:
        raise NotFound(f"There is no account called {name}; `account list` names all.")
    if grantee_of(found) == heir:
        raise NotAcceptable(f"{name} cannot be their own heir; name somebody else.")
    return found


def _heir(session: Session, heir: Grantee, now: datetime) -> Account:
    if heir.kind is GranteeType.GROUP:
        return account_of_group(session, heir.name, now=now)
    return person_named(session, heir.name)


def _live(account: Account) -> tuple[ColumnElement[bool], ...]:
    return Token.account_id == account.id, Token.revoked.is_(None)


def _granted(account: Account) -> tuple[ColumnElement[bool], ...]:
    to = grantee_of(account)
    return Permission.grantee_type == to.kind.value, Permission.grantee == to.name


def _offers(account: Account) -> ColumnElement[bool]:
    return (OwnerOffer.name == account.name) | (OwnerOffer.account_id == account.id)


def _counted(session: Session, account: Account, heir: Grantee, now: datetime) -> Left:
    def count(table: type, *conditions: ColumnElement[bool]) -> int:
        wanted = select(func.count()).select_from(table).where(*conditions)
        return session.scalar(wanted) or 0

    return Left(
        name=account.name,
        heir=heir.name,
        items=count(Item, Item.owner_id == account.id),
        tokens=count(Token, *_live(account), Token.expires.is_(None) | (Token.expires > now)),
        sessions=count(SignIn, SignIn.account_id == account.id, SignIn.expires > now),
        grants=count(Permission, *_granted(account)),
        offers=count(OwnerOffer, _offers(account)),
    )
