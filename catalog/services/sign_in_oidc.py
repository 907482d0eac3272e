"""Signing in at a provider of identities: there and back again, bound to one browser.

What an attempt needs is kept by the browser that began it, in a cookie that scripts and other sites
cannot read, and nothing by the catalog: whoever asks for a thousand attempts fills no table.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from catalog.domain.errors import NotFound, Unauthenticated
from catalog.parts import Parts
from catalog.ports import Attempt, IdentityProvider
from catalog.services import accounts
from catalog.services.identities import actor_of

ATTEMPT_SECONDS: Final = 600
_BACK: Final = "sign-in/oidc/callback"
_LONGEST_TARGET: Final = 1_000


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that has begun.

    address  the provider's page, where the browser goes now
    name     of the attempt, so that several at once can be told apart
    kept     what the browser keeps until it comes back, for ten minutes
    """

    address: str
    name: str
    kept: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """A session that is open: its cookie, and the path to go to."""

    cookie: str = field(repr=False)
    target: str


def begin(parts: Parts, target: str, *, now: datetime) -> Begun:
    """Begin to sign in.

    target  the path of ours to go to afterwards; a very long one is forgotten

    Raises NotFound where there is no provider, Unavailable where it does not answer.
    """
    provider = _provider(parts)
    name, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    path = urlsafe_b64encode(target.encode()).decode() if len(target) <= _LONGEST_TARGET else ""
    kept = f"{int(now.timestamp())}.{secret}.{path}"
    return Begun(provider.entrance(_attempt(name, kept), _back(parts)), name, kept)


def name_of(state: str) -> str:
    """Return the name of the attempt that an answer says it is for."""
    return state.partition(".")[0]


def finish(
    parts: Parts,
    answer: Mapping[str, str],
    kept: str | None,
    *,
    now: datetime,
    instead_of: str | None = None,
) -> Done:
    """Open a session for who signed in at the provider.

    answer      the parameters with which the browser came back
    kept        what it kept of the attempt whose name the answer's `state` begins with
    instead_of  the cookie of the session that it has had until now, which ends

    Raises NotFound where there is no provider; Unauthenticated where this browser began no such
    attempt, or nobody signed in, or anything does not fit; Unavailable where the provider does not
    answer.
    """
    provider = _provider(parts)
    state = answer.get("state", "")
    target = target_of(state, kept, now=now)
    if target is None or kept is None:
        raise Unauthenticated(
            "This browser did not begin to sign in, took more than ten minutes, or is done already."
        )
    verified = provider.identity(answer, _attempt(name_of(state), kept), _back(parts))
    cookie = accounts.open_session(parts, actor_of(parts, verified, now=now), now=now)
    if instead_of is not None:
        accounts.sign_out(parts, instead_of)
    return Done(cookie, target)


def target_of(state: str, kept: str | None, *, now: datetime) -> str | None:
    """Return the path that an attempt leads to; None where it is not this browser's, or too old."""
    began, _, rest = (kept or "").partition(".")
    if not began.isdecimal() or len(began) > 12 or kept is None:
        return None
    if not 0 <= now.timestamp() - int(began) <= ATTEMPT_SECONDS + 1:
        return None
    if not accounts.same(state, _attempt(name_of(state), kept).state):
        return None
    return urlsafe_b64decode(rest.partition(".")[2]).decode()


def _provider(parts: Parts) -> IdentityProvider:
    if parts.provider is None:
        raise NotFound
    return parts.provider


def _back(parts: Parts) -> str:
    return f"{parts.settings.base}{_BACK}"


def _attempt(name: str, kept: str) -> Attempt:
    """Return the secrets of an attempt, which all follow from what its browser keeps.

    The state thereby signs all of that, the path included: no part can be changed on its own.
    """

    def derived(use: str) -> str:
        made = hmac.digest(kept.encode("utf-8", "surrogatepass"), f"{use}:{name}".encode(), sha256)
        return urlsafe_b64encode(made).decode().rstrip("=")

    return Attempt(f"{name}.{derived('state')}", derived("nonce"), derived("verifier"))
