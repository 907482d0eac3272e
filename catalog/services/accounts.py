"""Accounts, their tokens, and the sessions that a browser gets for a token."""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cryptography.fernet import Fernet
from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable, Unauthenticated
from catalog.domain.permissions import Actor, Role, Scope, require_account
from catalog.parts import Parts
from catalog.services.identities import GROUP, actor_of, group_accounts, scopes_named
from catalog.services.token_uses import note_use
from catalog.tables import Account, SignIn, Token

PREFIX: Final = "sage_"
"""What every token of ours begins with, and no token of Sage's."""

_LONGEST: Final = 4096
_LONGEST_LABEL: Final = 100


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser's session: who it is, and the word that every form has to repeat."""

    actor: Actor
    csrf: str


def digest(secret: str) -> str:
    """Return what is kept of a token or cookie: its SHA-256."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def create_token(
    parts: Parts,
    name: str,
    role: Role | None = None,
    *,
    now: datetime,
    expires: datetime | None = None,
    scopes: Collection[Scope] | None = None,
    label: str = "",
) -> str:
    """Return a new token for the account of that name, which is made if there is none.

    role    what the account is trusted with from now on; None leaves it, and makes new ones members
    scopes  what the token may be used for; None: all that the account may
    label   what its owner calls it

    Raises NotAcceptable for a name, label or scope that cannot be.
    """
    if not name.strip() or len(name) > 255 or not name.isprintable():
        raise NotAcceptable("The name of an account has 1 to 255 printable characters.")
    with parts.database.writing() as session:
        account = session.scalar(select(Account).where(Account.name == name))
        if account is None:
            account = Account(name=name, role=(role or Role.MEMBER).value, created=now)
            session.add(account)
            session.flush()
        elif account.kind == GROUP:
            raise NotAcceptable("That is a group: tokens are for the people in it.")
        elif role is not None:
            account.role = role.value
        return add_token(session, account, now=now, expires=expires, scopes=scopes, label=label)[0]


def add_token(
    session: Session,
    account: Account,
    *,
    now: datetime,
    expires: datetime | None,
    scopes: Collection[Scope] | None,
    label: str,
) -> tuple[str, Token]:
    """Return a new token of an account, and what the record keeps of it: the digest alone.

    Raises NotAcceptable for a label that is too long, and scopes that the account's role lacks.
    """
    if len(label) > _LONGEST_LABEL or not label.isprintable():
        raise NotAcceptable(f"A label has at most {_LONGEST_LABEL} printable characters.")
    token = PREFIX + secrets.token_urlsafe(32)
    row = Token(
        hash=digest(token),
        account_id=account.id,
        label=label.strip(),
        scopes=None if scopes is None else _as_row(scopes, Role(account.role)),
        created=now,
        expires=expires,
    )
    session.add(row)
    session.flush()
    return token, row


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return what tokens of accounts of that role can be for."""
    return frozenset(Scope) - _LACKED[role]


_LACKED: Final[dict[Role, frozenset[Scope]]] = {
    Role.MEMBER: frozenset({Scope.CURATE, Scope.ADMIN}),
    Role.CURATOR: frozenset({Scope.ADMIN}),
    Role.ADMIN: frozenset(),
}


def _as_row(scopes: Collection[Scope], role: Role) -> str:
    """Return scopes as the record has them, reading always among them."""
    if lacked := frozenset(scopes) & _LACKED[role]:
        named = ", ".join(sorted(lacked))
        raise NotAcceptable(f"A token of a {role} cannot be for: {named}.", scopes=sorted(lacked))
    wanted = {Scope.READ, *scopes}
    return " ".join(scope for scope in Scope if scope in wanted)


def revoke_token(parts: Parts, token: str, *, now: datetime) -> bool:
    """Make a token worthless, with the sessions that it opened; False if it is not known."""
    with parts.database.writing() as session:
        row = session.get(Token, digest(token))
        if row is None:
            return False
        end_token(session, row, now=now)
        return True


def end_token(session: Session, token: Token, *, now: datetime) -> None:
    """Revoke a token, with the sessions that it opened, in the caller's transaction."""
    token.revoked = token.revoked or now
    session.execute(delete(SignIn).where(SignIn.token_hash == token.hash))


# Built once: every request with a token asks it.
_ACCOUNT = (Account.id, Account.name, Account.role)
_TOKEN = (Token.hash, Token.scopes, Token.expires, Token.revoked, Token.last_used)
_WHOSE = (
    select(*_ACCOUNT, *_TOKEN)
    .join(Token, Token.account_id == Account.id)
    .where(Token.hash == bindparam("hash"))
)


def check_token(token: str) -> None:
    """Raise Unauthenticated for what cannot be a token of anybody: nobody is asked about it."""
    if len(token) > _LONGEST:
        raise Unauthenticated(f"The token is too long: tokens have at most {_LONGEST:,} bytes.")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Unauthenticated("The token is not valid: it holds what no token does.")


def is_ours(token: str) -> bool:
    """Tell whether only the catalog itself can have made a token like that."""
    return token.startswith(PREFIX)


def actor_of_token(
    parts: Parts, token: str, *, now: datetime, fresh: bool = True, noted: bool = False
) -> Actor:
    """Return whose token this is: one of ours, or one that a verifier knows.

    fresh  whether another issuer has to be asked now; see `Verifier`
    noted  whether this counts as a use, which its owner is shown

    Raises Unauthenticated for one that is not valid, Unavailable where that cannot be told.
    """
    check_token(token)
    if not is_ours(token):
        for verifier in parts.verifiers:
            verified = verifier.verify(token, fresh=fresh)
            if verified is not None:
                return actor_of(parts, verified, now=now)
    with parts.database.looking() as record:
        row = record.execute(_WHOSE, {"hash": digest(token)}).first()
    if row is None or not is_live(row.revoked, row.expires, now):
        raise Unauthenticated("The token is not valid: unknown, expired or revoked.")
    if noted:
        note_use(parts.database, row.hash, row.last_used, now=now)
    return _actor(row)


def sign_in(parts: Parts, token: str, *, now: datetime) -> str:
    """Return the cookie of a new session for the account of a token.

    Raises what `actor_of_token` raises.
    """
    actor = actor_of_token(parts, token, now=now, noted=True)
    return open_session(parts, actor, token, now=now)


def open_session(parts: Parts, actor: Actor, token: str | None = None, *, now: datetime) -> str:
    """Return the cookie of a new session of an actor.

    token  by which the actor came, and with which the session ends; None for one who came by
           another way, whose groups are those of now until the session ends
    """
    cookie = secrets.token_urlsafe(32)
    lasts_until = now + timedelta(hours=parts.settings.session_hours)
    with parts.database.writing() as session:
        session.execute(delete(SignIn).where(SignIn.expires < now))
        session.add(
            SignIn(
                hash=digest(cookie),
                account_id=require_account(actor),
                token_hash=digest(token) if token and is_ours(token) else None,
                sealed=_sealed(token, cookie) if token and not is_ours(token) else None,
                groups="[]" if token else json.dumps(sorted(actor.groups)),
                csrf=secrets.token_urlsafe(24),
                expires=min(lasts_until, actor.expires or lasts_until),
            )
        )
    return cookie


# Built once: every request of a browser that is signed in asks it.
_OPENED = (
    select(
        *_ACCOUNT,
        *_TOKEN,
        SignIn.token_hash,
        SignIn.sealed,
        SignIn.groups,
        SignIn.csrf,
        SignIn.expires.label("lasts_until"),
    )
    .select_from(Account)
    .join(SignIn, SignIn.account_id == Account.id)
    .outerjoin(Token, Token.hash == SignIn.token_hash)
    .where(SignIn.hash == bindparam("hash"))
)


def signed_in(parts: Parts, cookie: str, *, now: datetime, fresh: bool = False) -> SignedIn | None:
    """Return the session of a cookie, or None where it ended or never was.

    fresh  whether another issuer, whose token opened it, has to be asked about that token now

    Raises Unavailable where that issuer does not answer.
    """
    with parts.database.looking() as record:
        row = record.execute(_OPENED, {"hash": digest(cookie)}).first()
    if row is None or row.lasts_until <= now:
        return None
    if row.sealed is not None:
        actor = _verified_again(parts, row, cookie, now, fresh=fresh)
    elif row.token_hash is not None:
        is_over = row.hash is None or not is_live(row.revoked, row.expires, now)
        actor = None if is_over else _actor(row)
    else:
        actor = _of_groups(parts, row)
    return SignedIn(actor, row.csrf) if actor else None


def _verified_again(
    parts: Parts, row: Row[*tuple[Any, ...]], cookie: str, now: datetime, *, fresh: bool
) -> Actor | None:
    """Return whose the token of another issuer is that opened a session; None where it ended."""
    try:
        actor = actor_of_token(parts, _unsealed(row.sealed, cookie), now=now, fresh=fresh)
    except Unauthenticated:
        sign_out(parts, cookie)
        return None
    return actor if actor.account == row.id else None


def _of_groups(parts: Parts, row: Row[*tuple[Any, ...]]) -> Actor:
    """Return who is in a session that no token opened, with the groups of when it was opened."""
    groups = frozenset(json.loads(row.groups))
    with parts.database.reading() as session:
        return Actor(
            account=row.id,
            name=row.name,
            role=Role(row.role),
            groups=groups,
            group_accounts=group_accounts(session, groups),
        )


def sign_out(parts: Parts, cookie: str) -> None:
    """End the session of a cookie."""
    with parts.database.writing() as session:
        session.execute(delete(SignIn).where(SignIn.hash == digest(cookie)))


def same(said: str, meant: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(said.encode("utf-8", "surrogatepass"), meant.encode())


def is_live(revoked: datetime | None, expires: datetime | None, now: datetime) -> bool:
    """Tell whether a token of ours is neither revoked nor expired."""
    return revoked is None and (expires is None or expires > now)


def _actor(row: Row[*tuple[Any, ...]]) -> Actor:
    return Actor(
        account=row.id,
        name=row.name,
        role=Role(row.role),
        scopes=scopes_named(row.scopes),
        expires=row.expires,
    )


# The record never holds a token of another issuer that it, or a copy of it, could give away: what
# opens the seal is the cookie, of which the record has the digest alone.


def _sealed(token: str, cookie: str) -> str:
    return _seal(cookie).encrypt(token.encode()).decode()


def _unsealed(sealed: str, cookie: str) -> str:
    return _seal(cookie).decrypt(sealed.encode()).decode()


def _seal(cookie: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(b"session " + cookie.encode()).digest()))
