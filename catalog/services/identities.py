"""Accounts of people whom another issuer vouches for, and the groups that it says they are in."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.domain.permissions import Actor, Role, Scope
from catalog.parts import Parts
from catalog.ports import Verified
from catalog.tables import Account, Identity, Permission

PERSON = "person"
GROUP = "group"


def actor_of(parts: Parts, verified: Verified, *, now: datetime) -> Actor:
    """Return who somebody is here, whom an issuer vouches for; an account is made at first sight.

    It never becomes an account that another issuer, or the catalog itself, knows by that name, nor
    takes a name to which something was granted that only another issuer's people may come to have.
    """
    with parts.database.reading() as session:
        account = _known(session, verified)
        if account is not None and _is_linked(session, verified):
            return _actor(session, account, verified)
    try:
        return _first_seen(parts, verified, now)
    except IntegrityError:  # somebody else made the same account, or one of that name, meanwhile
        return _first_seen(parts, verified, now)


def _first_seen(parts: Parts, verified: Verified, now: datetime) -> Actor:
    with parts.database.writing() as session:
        account = _known(session, verified) or _same(session, verified)
        if account is None:
            account = _new(session, verified, now)
        _link(session, account, verified, now)
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
    return _ALL if text is None else frozenset(map(Scope, text.split()))


_ALL = frozenset(Scope)


def _known(session: Session, verified: Verified) -> Account | None:
    return _called(session, verified.issuer, verified.subject)


def _called(session: Session, issuer: str, subject: str) -> Account | None:
    return session.scalar(
        select(Account)
        .join(Identity, Identity.account_id == Account.id)
        .where(Identity.issuer == issuer, Identity.subject == subject)
    )


def _same(session: Session, verified: Verified) -> Account | None:
    """Return the account of the same person under what another issuer calls it."""
    found = (_called(session, issuer, subject) for issuer, subject in verified.same_as)
    return next((account for account in found if account is not None), None)


def _is_linked(session: Session, verified: Verified) -> bool:
    return all(session.get(Identity, pair) is not None for pair in verified.same_as)


def _link(session: Session, account: Account, verified: Verified, now: datetime) -> None:
    """Write down every name of the person that nobody has yet; what stands is never moved."""
    for issuer, subject in ((verified.issuer, verified.subject), *verified.same_as):
        if session.get(Identity, (issuer, subject)) is None:
            session.add(
                Identity(issuer=issuer, subject=subject, account_id=account.id, created=now)
            )


def _new(session: Session, verified: Verified, now: datetime) -> Account:
    name = _free_name(session, verified)
    account = Account(name=name, role=Role.MEMBER.value, kind=PERSON, created=now)
    session.add(account)
    session.flush()
    return account


def _free_name(session: Session, verified: Verified) -> str:
    """Return the name that the issuer gives, made longer where somebody else has it already."""
    said = verified.name.strip()[:200] or verified.subject[:200]
    host = urlsplit(verified.issuer).hostname or verified.issuer
    for name in (said, f"{said}@{host}"[:250]):
        if not _is_taken(session, name, verified):
            return name
    number = 2
    while _is_taken(session, f"{said}@{host}"[:240] + f"-{number}", verified):
        number += 1
    return f"{said}@{host}"[:240] + f"-{number}"


def _is_taken(session: Session, name: str, verified: Verified) -> bool:
    if session.scalar(select(Account.id).where(Account.name == name)) is not None:
        return True
    # Who chooses a name at some provider shall not come into what was meant for somebody at Sage.
    granted = Permission.grantee_type == "USER", Permission.grantee == name
    return not verified.is_granted_by_name and bool(
        session.scalar(select(exists().where(*granted)))
    )


def _actor(session: Session, account: Account, verified: Verified) -> Actor:
    return Actor(
        account=account.id,
        name=account.name,
        role=Role(account.role),
        groups=verified.groups,
        group_accounts=group_accounts(session, verified.groups),
        scopes=verified.scopes,
        expires=verified.expires,
    )
