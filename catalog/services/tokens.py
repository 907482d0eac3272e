"""The tokens of an account, as their owner and the operator deal with them: listed, made, ended."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from catalog.domain.errors import Forbidden, NotAcceptable, NotFound
from catalog.domain.permissions import Action, Actor, Role, Scope, require_account
from catalog.parts import Parts
from catalog.services.accounts import add_token, end_token, is_live, scopes_of
from catalog.services.identities import scopes_named
from catalog.tables import Account, Token

MOST_DAYS: Final = 365
USUAL_DAYS: Final = 90

_MOST_LIVE: Final = 50
_ID: Final = re.compile(r"[0-9a-f]{12}")


class TokenState(StrEnum):
    """Whether a token can be used."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class TokenLine:
    """What anybody can be told of a token, which is everything but the token.

    id         the first twelve hex digits of its SHA-256
    account    whose it is
    scopes     what it can be used for
    expires    when it ends; None for never
    last_used  when, to the minute; None for never
    """

    id: str
    account: str
    label: str
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    state: TokenState

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "account": self.account,
            "label": self.label,
            "scopes": list(self.scopes),
            "created": _moment(self.created),
            "expires": _moment(self.expires),
            "last_used": _moment(self.last_used),
            "state": self.state,
        }


def _moment(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC, or None."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new token is to be.

    scopes  what it is for; reading is always among it
    days    from 1 to 365 until it ends; None for 90, or for less where what makes it ends sooner
    """

    label: str = ""
    scopes: frozenset[Scope] = frozenset()
    days: int | None = None


def own_tokens(parts: Parts, actor: Actor, *, now: datetime) -> tuple[TokenLine, ...]:
    """Return the tokens of the actor's account, those that can be used first, then newest first.

    Raises Unauthenticated without an account.
    """
    account = require_account(actor)
    with parts.database.reading() as session:
        return _lines(session, Token.account_id == account, now)


def every_token(parts: Parts, name: str | None = None, *, now: datetime) -> tuple[TokenLine, ...]:
    """Return the tokens of the account of that name, or of all, for the operator.

    Raises NotFound where there is no such account.
    """
    with parts.database.reading() as session:
        if name is None:
            return _lines(session, true(), now)
        if session.scalar(select(Account.id).where(Account.name == name)) is None:
            raise NotFound(f"There is no account {name!r}.")
        return _lines(session, Account.name == name, now)


def make_token(parts: Parts, actor: Actor, wish: Wish, *, now: datetime) -> tuple[TokenLine, str]:
    """Return a new token for the actor's own account: what can be told of it, and itself.

    Whatever the actor came by makes none that can do more than it, or that lasts longer.

    Raises Unauthenticated without an account, Forbidden for a scope that the credential at hand
    lacks, NotAcceptable for a label, a number of days or a number of tokens that cannot be.
    """
    account_id = require_account(actor, Action.HOLD_TOKENS)
    _check_scopes(actor, wish.scopes)
    expires = _expiry(actor, wish.days, now)
    with parts.database.writing() as session:
        live = _live(now)
        if _count(session, Token.account_id == account_id, *live) >= _MOST_LIVE:
            raise NotAcceptable(
                f"An account has at most {_MOST_LIVE} tokens that can be used; revoke one first."
            )
        account = session.get_one(Account, account_id)
        token, row = add_token(
            session,
            account,
            now=now,
            expires=expires,
            scopes=wish.scopes,
            label=wish.label,
        )
        return _line(row, account, now), token


def end_own_token(parts: Parts, actor: Actor, token_id: str, *, now: datetime) -> None:
    """Revoke a token of the actor's own account, with the sessions that it opened.

    Raises NotFound where the account has none of that id.
    """
    account = require_account(actor, Action.HOLD_TOKENS)
    with parts.database.writing() as session:
        end_token(session, _of_id(session, token_id, Token.account_id == account), now=now)


def end_token_of_id(parts: Parts, token_id: str, *, now: datetime) -> None:
    """Revoke the token of that id, whoever's it is, for the operator; NotFound for none."""
    with parts.database.writing() as session:
        end_token(session, _of_id(session, token_id, true()), now=now)


def offered_scopes(actor: Actor) -> tuple[Scope, ...]:
    """Return what the tokens that an actor makes can be for."""
    can = actor.scopes & scopes_of(actor.role) if actor.role else frozenset()
    return tuple(scope for scope in Scope if scope in can)


def _check_scopes(actor: Actor, wanted: Collection[Scope]) -> None:
    lacking = sorted(frozenset(wanted) - actor.scopes)
    if lacking:
        named = ", ".join(lacking)
        raise Forbidden(
            f"A token cannot make another that can do more than itself: it lacks {named}.",
            scope=lacking[0],
        )


def _expiry(actor: Actor, days: int | None, now: datetime) -> datetime:
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise NotAcceptable(f"A token lasts 1 to {MOST_DAYS} days.")
    wanted = now + timedelta(days=USUAL_DAYS if days is None else days)
    if actor.expires is None or wanted <= actor.expires:
        return wanted
    if days is None:
        return actor.expires
    raise NotAcceptable(
        f"What you came by ends on {actor.expires:%Y-%m-%d}, and makes no token that lasts longer."
    )


def _of_id(session: Session, token_id: str, *whose: ColumnElement[bool]) -> Token:
    if _ID.fullmatch(token_id):
        found = session.scalars(
            select(Token).where(Token.hash.startswith(token_id, autoescape=True), *whose)
        ).all()
        if len(found) == 1:
            return found[0]
    raise NotFound("There is no such token.")


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Token.revoked.is_(None), or_(Token.expires.is_(None), Token.expires > now)


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Token).where(*conditions)) or 0


def _lines(session: Session, whose: ColumnElement[bool], now: datetime) -> tuple[TokenLine, ...]:
    rows = session.execute(
        select(Token, Account)
        .join(Account, Account.id == Token.account_id)
        .where(whose)
        .order_by(Token.created.desc(), Token.hash)
    )
    lines = [_line(token, account, now) for token, account in rows]
    return tuple(sorted(lines, key=lambda line: line.state is not TokenState.ACTIVE))


def _line(token: Token, account: Account, now: datetime) -> TokenLine:
    scopes = scopes_named(token.scopes) & scopes_of(Role(account.role))
    return TokenLine(
        id=token.hash[:12],
        account=account.name,
        label=token.label,
        scopes=tuple(scope for scope in Scope if scope in scopes),
        created=token.created,
        expires=token.expires,
        last_used=token.last_used,
        state=_state(token, now),
    )


def _state(token: Token, now: datetime) -> TokenState:
    if token.revoked is not None:
        return TokenState.REVOKED
    return TokenState.ACTIVE if is_live(token.revoked, token.expires, now) else TokenState.EXPIRED
