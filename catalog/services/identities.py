"""Accounts of people whom another issuer vouches for, and the groups that it says they are in."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.permissions import Actor, Role, Scope
from catalog.parts import Parts
from catalog.ports import Verified
from catalog.tables import Account, Identity

PERSON = "person"
GROUP = "group"


def actor_of(parts: Parts, verified: Verified, *, now: datetime) -> Actor:
    """Return who somebody is here, whom an issuer vouches for; an account is made at first sight.

    It never becomes an account that another issuer, or the catalog itself, knows by that name.
    """
    with parts.database.reading() as session:
        account = _known(session, verified)
        if account is not None:
            return _actor(session, account, verified)
    with parts.database.writing() as session:
        account = _known(session, verified) or _new(session, verified, now)
        return _actor(session, account, verified)


def group_accounts(session: Session, groups: frozenset[str]) -> frozenset[int]:
    """Return the accounts of those of the groups that own items."""
    if not groups:
        return frozenset()
    return frozenset(
        session.scalars(select(Account.id).where(Account.kind == GROUP, Account.name.in_(groups)))
    )


def scopes_named(text: str | None) -> frozenset[Scope]:
    """Return the scopes that a row holds; None stands for all."""
    return frozenset(Scope) if text is None else frozenset(Scope(word) for word in text.split())


def _known(session: Session, verified: Verified) -> Account | None:
    return session.scalar(
        select(Account)
        .join(Identity, Identity.account_id == Account.id)
        .where(Identity.issuer == verified.issuer, Identity.subject == verified.subject)
    )


def _new(session: Session, verified: Verified, now: datetime) -> Account:
    name = _free_name(session, verified)
    account = Account(name=name, role=Role.MEMBER.value, kind=PERSON, created=now)
    session.add(account)
    session.flush()
    session.add(
        Identity(
            issuer=verified.issuer,
            subject=verified.subject,
            account_id=account.id,
            created=now,
        )
    )
    return account


def _free_name(session: Session, verified: Verified) -> str:
    """Return the name that the issuer gives, made longer where somebody else has it already."""
    said = verified.name.strip()[:200] or verified.subject[:200]
    host = urlsplit(verified.issuer).hostname or verified.issuer
    for name in (said, f"{said}@{host}"[:250]):
        if not _is_taken(session, name):
            return name
    number = 2
    while _is_taken(session, f"{said}@{host}"[:240] + f"-{number}"):
        number += 1
    return f"{said}@{host}"[:240] + f"-{number}"


def _is_taken(session: Session, name: str) -> bool:
    return session.scalar(select(Account.id).where(Account.name == name)) is not None


def _actor(session: Session, account: Account, verified: Verified) -> Actor:
    return Actor(
        account=account.id,
        name=account.name,
        role=Role(account.role),
        groups=verified.groups,
        group_accounts=group_accounts(session, verified.groups),
        scopes=verified.scopes,
    )
