"""Accounts, their tokens, and the sessions that a browser gets for a token."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import bindparam, delete, select

from catalog.domain.errors import NotAcceptable, Unauthenticated
from catalog.domain.permissions import Actor, Role, Scope
from catalog.parts import Parts
from catalog.services.identities import actor_of, scopes_named
from catalog.tables import Account, SignIn, Token

_PREFIX = "sage_"
_LONGEST = 4096


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
) -> str:
    """Return a new token for the account of that name, which is made if there is none.

    role  what the account is trusted with from now on; None leaves it, and makes new ones members
    """
    if not name.strip() or len(name) > 255 or not name.isprintable():
        raise NotAcceptable("The name of an account has 1 to 255 printable characters.")
    token = _PREFIX + secrets.token_urlsafe(32)
    with parts.database.writing() as session:
        account = session.scalar(select(Account).where(Account.name == name))
        if account is None:
            account = Account(name=name, role=(role or Role.MEMBER).value, created=now)
            session.add(account)
            session.flush()
        elif role is not None:
            account.role = role.value
        session.add(Token(hash=digest(token), account_id=account.id, created=now, expires=expires))
    return token


def revoke_token(parts: Parts, token: str, *, now: datetime) -> bool:
    """Make a token worthless, with the sessions that it opened; False if it is not known."""
    with parts.database.writing() as session:
        row = session.get(Token, digest(token))
        if row is None:
            return False
        row.revoked = row.revoked or now
        session.execute(delete(SignIn).where(SignIn.token_hash == row.hash))
        return True


# Built once: every request with a token asks it.
_WHOSE = (
    select(Account, Token)
    .join(Token, Token.account_id == Account.id)
    .where(Token.hash == bindparam("hash"))
)


def actor_of_token(parts: Parts, token: str, *, now: datetime, fresh: bool = True) -> Actor:
    """Return whose token this is: one of ours, or one that a verifier knows.

    fresh  whether another issuer has to be asked now; see `Verifier`

    Raises Unauthenticated for one that is not valid, Unavailable where that cannot be told.
    """
    if len(token) > _LONGEST:
        raise Unauthenticated("The token is too long to be one of ours.")
    if not token.startswith(_PREFIX):
        for verifier in parts.verifiers:
            verified = verifier.verify(token, fresh=fresh)
            if verified is not None:
                return actor_of(parts, verified, now=now)
    with parts.database.reading() as session:
        row = session.execute(_WHOSE, {"hash": digest(token)}).first()
        if row is None or not _is_live(row[1], now):
            raise Unauthenticated("The token is not valid: unknown, expired or revoked.")
        return _actor(row[0], scopes_named(row[1].scopes))


def sign_in(parts: Parts, token: str, *, now: datetime) -> str:
    """Return the cookie of a new session for the account of a token."""
    actor_of_token(parts, token, now=now)
    cookie = secrets.token_urlsafe(32)
    with parts.database.writing() as session:
        row = session.get_one(Token, digest(token))
        session.execute(delete(SignIn).where(SignIn.expires < now))
        session.add(
            SignIn(
                hash=digest(cookie),
                account_id=row.account_id,
                token_hash=row.hash,
                csrf=secrets.token_urlsafe(24),
                expires=now + timedelta(hours=parts.settings.session_hours),
            )
        )
    return cookie


def signed_in(parts: Parts, cookie: str, *, now: datetime) -> SignedIn | None:
    """Return the session of a cookie, or None where it ended or never was."""
    with parts.database.reading() as session:
        row = session.execute(
            select(Account, SignIn, Token)
            .join(SignIn, SignIn.account_id == Account.id)
            .join(Token, Token.hash == SignIn.token_hash)
            .where(SignIn.hash == digest(cookie), SignIn.expires > now)
        ).first()
        if row is None or not _is_live(row[2], now):
            return None
        return SignedIn(_actor(row[0], scopes_named(row[2].scopes)), row[1].csrf)


def sign_out(parts: Parts, cookie: str) -> None:
    """End the session of a cookie."""
    with parts.database.writing() as session:
        session.execute(delete(SignIn).where(SignIn.hash == digest(cookie)))


def same(said: str, meant: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(said.encode("utf-8", "surrogatepass"), meant.encode())


def _is_live(token: Token, now: datetime) -> bool:
    return token.revoked is None and (token.expires is None or token.expires > now)


def _actor(account: Account, scopes: frozenset[Scope]) -> Actor:
    return Actor(account=account.id, name=account.name, role=Role(account.role), scopes=scopes)
