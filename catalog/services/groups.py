"""Groups that own items: each has an account of its own, made when it is first given something."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable, Taken
from catalog.domain.permissions import Role
from catalog.domain.sharing import EVERYBODY, Grantee, GranteeType, group_named
from catalog.services.identities import GROUP
from catalog.tables import Account


def account_of_group(session: Session, group: str, *, now: datetime) -> Account:
    """Return the account of a group, made at first use. Who is in the group is told elsewhere.

    Raises NotAcceptable for what cannot own anything, and Taken where a person has that name.
    """
    name = group_named(group)
    if name == EVERYBODY:
        raise NotAcceptable(f"{EVERYBODY} owns nothing; publish the item instead.")
    known = session.scalar(select(Account).where(Account.name == name))
    if known is None:
        known = Account(name=name, role=Role.MEMBER.value, kind=GROUP, created=now)
        session.add(known)
        session.flush()
    elif known.kind != GROUP:
        raise Taken(f"There is an account of a person called {name}; a group of that name is none.")
    return known


def grantee_of(account: Account) -> Grantee:
    """Return how grants name an account."""
    kind = GranteeType.GROUP if account.kind == GROUP else GranteeType.USER
    return Grantee(kind, account.name)
