"""Whose the tokens of an OpenID Connect provider are, as JWTs at the API and by signing in.

Signatures are checked by `joserfc`, claims and the protocol by Authlib. What they leave open is
closed here: which algorithms and types there may be, that a token brings no key of its own, that
every name stands once, and that nothing waits for ever.
"""

import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Any, Final

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jws import JWSRegistry
from urllib3.exceptions import HTTPError

from catalog.adapters.oidc_discovery import (
    Discovery,
    Key,
    Metadata,
    StrictDecoder,
    strict_object,
    unreached,
)
from catalog.domain.errors import NotLetIn, Unauthenticated, Unavailable
from catalog.domain.permissions import Scope
from catalog.ports import Attempt, IssuerState, Verified

_SIGNED_BY: Final = {"RS256": "RSA", "RS512": "RSA", "ES256": "EC"}
"""The algorithms taken, and the type of key of each; Globus signs by RS512 alone."""

_ID_TYPES: Final = frozenset({"", "jwt"})
_ACCESS_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_BRINGS_ITS_KEY: Final = frozenset({"jwk", "jku", "x5u", "x5c"})
_NOT_UNDERSTOOD: Final = frozenset({"crit", "b64"})
_LEEWAY_SECONDS: Final = 60
_LONGEST_LIFE_SECONDS: Final = 86_400
_LONGEST_NAME: Final = 255
_MOST_GROUPS: Final = 500
_MOST_AT_ONCE: Final = 8
_SEGMENTS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_NO_ANSWER: Final = (
    requests.RequestException,
    HTTPError,
    OSError,
    ValueError,
    TypeError,
    RecursionError,
)
_CODE_OF_ERROR: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Client:
    """What a provider and the catalog know of each other.

    title         what people call the provider
    audience      what JWTs at the API are for
    scope_prefix  what stands before our scopes in theirs; empty: a JWT may do all
    ours          names of groups that mean something here, or their beginnings up to a colon;
                  nobody is in one of those because a claim says so
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    title: str
    scopes: str
    name_claim: str
    groups_claim: str
    audience: str
    scope_prefix: str
    ours: tuple[str, ...]


class OidcProvider:
    """A provider, as verifier of its JWTs and as the place to sign in.

    seconds  how long it may take to connect, and again to answer
    clock    seconds since 1970, for what tokens say of their time
    """

    def __init__(
        self,
        client: Client,
        *,
        seconds: float = 5.0,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._discovery = Discovery(client.issuer, seconds=seconds, ticks=ticks)
        self._clock = clock
        self._turns = BoundedSemaphore(_MOST_AT_ONCE)

    # -- JWTs at the API

    def verify(self, token: str, *, fresh: bool) -> Verified | None:  # noqa: ARG002
        """Return whose JWT this is; see `catalog.ports.Verifier`.

        A provider cannot be asked whether a JWT still holds: `fresh` changes nothing, and those
        that live longer than a day are refused.
        """
        header = _header_of(token)
        if header is None:
            return None
        claims = self._read(token, header, _ACCESS_TYPES)
        said = JWTClaims(claims, header, self._expected(self._client.audience))
        self._check(said)
        if claims["exp"] - claims["iat"] > _LONGEST_LIFE_SECONDS:
            raise Unauthenticated("The token is not valid: it lives longer than a day.")
        return self._verified(
            claims,
            scopes=self._scopes(claims),
            expires=datetime.fromtimestamp(claims["exp"], UTC),
        )

    def state(self) -> IssuerState:
        """Return how the provider has been to this process."""
        return self._discovery.state()

    # -- signing in

    def entrance(self, attempt: Attempt, back: str) -> str:
        """Return the address of the page to sign in; see `catalog.ports.IdentityProvider`."""
        metadata = self._discovery.metadata()
        address, _ = self._session(metadata, back).create_authorization_url(
            metadata.authorization_endpoint,
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
        )
        return str(address)

    def identity(self, answer: Mapping[str, str], attempt: Attempt, back: str) -> Verified:
        """Return who signed in; see `catalog.ports.IdentityProvider`."""
        metadata = self._discovery.metadata()
        code = self._code(answer, metadata)
        with self._turn():
            token, access = self._exchanged(metadata, code, attempt, back)
            claims = self._identified(token, access, attempt)
            return self._verified(self._completed(claims, metadata, access))

    def exit(self) -> str | None:
        """Return where one signs out; see `catalog.ports.IdentityProvider`."""
        metadata = self._discovery.known()
        return metadata.end_session_endpoint if metadata else None

    def _session(self, metadata: Metadata, back: str) -> OAuth2Session:
        session = OAuth2Session(
            self._client.client_id,
            self._client.client_secret or None,
            token_endpoint_auth_method=self._auth_method(metadata),
            scope=self._client.scopes,
            redirect_uri=back,
            code_challenge_method="S256",
        )
        return self._discovery.prepared(session)

    def _auth_method(self, metadata: Metadata) -> str:
        """Return how the catalog says who it is: as the specification prefers, where that works.

        Basic authentication ends the name at the first colon, and there are names that have one.
        """
        if not self._client.client_secret:
            return "none"
        offered = metadata.auth_methods or ("client_secret_basic",)
        is_basic = "client_secret_basic" in offered and ":" not in self._client.client_id
        return "client_secret_basic" if is_basic else "client_secret_post"

    def _code(self, answer: Mapping[str, str], metadata: Metadata) -> str:
        """Return the code of an answer that is the provider's own."""
        if answer.get("iss", None if metadata.names_issuer else self._client.issuer) != (
            self._client.issuer
        ):
            raise Unauthenticated("The answer is from another provider than was asked.")
        if error := answer.get("error"):
            raise self._refused(error)
        if not answer.get("code"):
            raise Unauthenticated(f"{self._client.title} sent you back without an answer.")
        return answer["code"]

    def _refused(self, error: str) -> Unauthenticated:
        if error == "access_denied":
            return Unauthenticated(f"You, or {self._client.title}, declined to sign you in.")
        code = error if _CODE_OF_ERROR.fullmatch(error) else "for no known reason"
        return Unauthenticated(f"{self._client.title} did not sign you in ({code}).")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Keep a provider that is slow from taking every thread of the server."""
        if not self._turns.acquire(blocking=False):
            raise Unavailable("Many people are signing in right now.", retry_after=5)
        try:
            yield
        finally:
            self._turns.release()

    def _exchanged(
        self, metadata: Metadata, code: str, attempt: Attempt, back: str
    ) -> tuple[str, str]:
        """Return the ID token and the access token that a code stands for."""
        try:
            said = self._session(metadata, back).fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=attempt.verifier,
            )
        except OAuthError as fault:
            if fault.error in {"invalid_client", "unauthorized_client"}:
                raise NotLetIn(
                    f"{self._client.title} does not know the catalog by the credentials that it "
                    "has; tell whoever runs it.",
                    retry_after=60,
                ) from fault
            raise self._refused(str(fault.error)) from fault
        except _NO_ANSWER as fault:
            raise unreached(self._client.issuer) from fault
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str) or not isinstance(access, str):
            raise unreached(self._client.issuer)
        return token, access

    def _identified(self, token: str, access: str, attempt: Attempt) -> dict[str, Any]:
        """Return the claims of an ID token that is for this attempt, and came with its access."""
        header = _header_of(token)
        if header is None:
            raise Unauthenticated("The token is not valid: it is no signed JWT.")
        claims = self._read(token, header, _ID_TYPES)
        params = {
            "nonce": attempt.nonce,
            "client_id": self._client.client_id,
            "access_token": access,
        }
        expected = self._expected(self._client.client_id)
        self._check(CodeIDToken(claims, header, expected, params))
        return claims

    def _completed(
        self, claims: dict[str, Any], metadata: Metadata, access: str
    ) -> Mapping[str, Any]:
        """Return claims with those that the provider tells at another address only."""
        wanted = {self._client.name_claim, self._client.groups_claim}
        if wanted <= set(claims) or metadata.userinfo_endpoint is None:
            return claims
        said = self._discovery.asked(metadata.userinfo_endpoint, bearer=access)
        if said.get("sub") != claims["sub"]:
            raise Unauthenticated("The provider tells of somebody else than who signed in.")
        return said | claims

    # -- what both have in common

    def _expected(self, audience: str) -> dict[str, dict[str, Any]]:
        return {
            "iss": {"essential": True, "value": self._client.issuer},
            "aud": {"essential": True, "value": audience},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }

    def _read(self, token: str, header: Mapping[str, Any], types: frozenset[str]) -> dict[str, Any]:
        """Return what a JWT claims whose signature is the provider's."""
        _check_header(header, types)
        try:
            return jwt.decode(
                token, self._key(header), registry=_REGISTRY, decoder_cls=StrictDecoder
            ).claims
        except (JoseError, ValueError, TypeError, RecursionError) as fault:
            raise Unauthenticated("The token is not valid: its signature does not fit.") from fault

    def _key(self, header: Mapping[str, Any]) -> Key:
        """Return the key by which a JWT says that it is signed; new ones are fetched for it.

        That is done once a minute at most, however many tokens name a key that nobody knows.
        """
        for anew in (False, True):
            fitting = [key for key in self._discovery.keys(anew=anew) if _fits(key, header)]
            if fitting and ("kid" in header or len(fitting) == 1):
                return fitting[0]
        raise Unauthenticated("The token is not valid: nobody knows the key that signed it.")

    def _check(self, said: JWTClaims) -> None:
        try:
            said.validate(int(self._clock()), _LEEWAY_SECONDS)
        except ExpiredTokenError as fault:
            raise Unauthenticated("The token is not valid any more: it has expired.") from fault
        except ClaimError as fault:
            raise Unauthenticated(f'The token is not valid: its "{fault.claim}".') from fault
        except (JoseError, ValueError, TypeError, OverflowError) as fault:
            raise Unauthenticated("The token is not valid: its claims.") from fault
        if not _is_name(said["sub"]):
            raise Unauthenticated('The token is not valid: its "sub".')

    def _verified(
        self,
        claims: Mapping[str, Any],
        scopes: frozenset[Scope] = frozenset(Scope),
        expires: datetime | None = None,
    ) -> Verified:
        return Verified(
            issuer=self._client.issuer,
            subject=claims["sub"],
            name=self._name(claims),
            groups=self._groups(claims.get(self._client.groups_claim)),
            scopes=scopes,
            expires=expires,
        )

    def _name(self, claims: Mapping[str, Any]) -> str:
        """Return what people call the account; never its mail address by itself."""
        said = (claims.get(name) for name in (self._client.name_claim, "name", "sub"))
        return next(str(name) for name in said if _is_name(name) and str(name).strip())

    def _groups(self, said: Any) -> frozenset[str]:
        """Return the groups of a claim, but for those whose names are the catalog's own."""
        listed = said if isinstance(said, list) else [said]
        names = [name for name in listed[:_MOST_GROUPS] if _is_name(name)]
        return frozenset(name for name in names if not self._is_ours(name.strip().casefold()))

    def _is_ours(self, name: str) -> bool:
        ours = [own.casefold() for own in self._client.ours]
        return any(name.startswith(own) if own.endswith(":") else name == own for own in ours)

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[Scope]:
        prefix = self._client.scope_prefix
        if not prefix:
            return frozenset(Scope)
        said = claims.get("scope")
        words = said.split() if isinstance(said, str) else []
        return frozenset(scope for scope in Scope if f"{prefix}{scope.value}" in words)


class _Registry(JWSRegistry):
    """Which signatures are read, and how long a JWT may be."""

    max_header_length = 4_096


_REGISTRY: Final = _Registry(algorithms=list(_SIGNED_BY), strict_check_header=False)


def _header_of(token: str) -> dict[str, Any] | None:
    """Return the header of a JWT in the compact form of a signed one; None for anything else."""
    if not _SEGMENTS.fullmatch(token):
        return None
    first = token.partition(".")[0]
    try:
        header = strict_object(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except ValueError:
        return None
    return header if "alg" in header else None


def _check_header(header: Mapping[str, Any], types: frozenset[str]) -> None:
    names = header.keys()
    if str(header["alg"]) not in _SIGNED_BY:
        raise Unauthenticated("The token is not valid: it is not signed as is taken here.")
    if names & _BRINGS_ITS_KEY or names & _NOT_UNDERSTOOD:
        raise Unauthenticated("The token is not valid: its header says what is not taken here.")
    if str(header.get("typ", "")).lower() not in types:
        raise Unauthenticated("The token is not valid: it is of another kind.")


def _fits(key: Key, header: Mapping[str, Any]) -> bool:
    """Tell whether a key may be the one by which a JWT is signed."""
    alg = header["alg"]
    return (
        key.key_type == _SIGNED_BY[alg]
        and key.alg in {None, alg}
        and ("kid" not in header or key.kid == header["kid"])
    )


def _is_name(said: Any) -> bool:
    return isinstance(said, str) and 0 < len(said) <= _LONGEST_NAME and said.isprintable()
