"""Every account with what it holds: items, and tokens that are valid."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from catalog.parts import Parts
from catalog.tables import Account, Item, Token


@dataclass(frozen=True, slots=True)
class Holding:
    """An account of a person or a group, and how much is its own."""

    name: str
    kind: str
    role: str
    created: datetime
    items: int
    tokens: int


def holdings(parts: Parts, *, now: datetime) -> tuple[Holding, ...]:
    """Return all accounts, by name."""
    items = select(func.count()).where(Item.owner_id == Account.id).scalar_subquery()
    is_live = or_(Token.expires.is_(None), Token.expires > now)
    tokens = (
        select(func.count())
        .where(Token.account_id == Account.id, Token.revoked.is_(None), is_live)
        .scalar_subquery()
    )
    with parts.database.reading() as session:
        rows = session.execute(select(Account, items, tokens).order_by(Account.name)).all()
        return tuple(
            Holding(account.name, account.kind, account.role, account.created, owned, valid)
            for account, owned, valid in rows
        )
