"""What an OpenID Connect provider says of itself and by which keys it signs, kept for a while."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

import requests
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from catalog.domain.errors import Unavailable
from catalog.ports import IssuerState
from catalog.settings import is_safe

Key = RSAKey | ECKey
Kind = TypeVar("Kind")
Session = TypeVar("Session", bound=requests.Session)

_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_MOST_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 65_536
_MOST_KEYS: Final = 100
_SHORTEST_RSA: Final = 342
"""Characters of base64url in the modulus of a key of 2,048 bits."""

_FRESH_SECONDS: Final = 3600.0
_STALE_SECONDS: Final = 86_400.0
_ANEW_SECONDS: Final = 60.0
_REST_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider does what (OpenID Connect Discovery 1.0, section 3).

    auth_methods   how a client may say who it is at the token endpoint
    names_issuer   whether it says who it is whenever it sends a browser back (RFC 9207)
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    auth_methods: tuple[str, ...]
    names_issuer: bool


class Discovery:
    """What the provider behind an issuer's address says of itself, fetched when it is needed.

    seconds  how long it may take to connect, and again to answer
    ticks    seconds from no point in particular
    """

    def __init__(
        self, issuer: str, *, seconds: float = 5.0, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        self._adapter = _BoundedAdapter(seconds)
        self._session = self.prepared(requests.Session())
        self._metadata = Kept(self._discover, ticks)
        self._keys = Kept(self._fetch_keys, ticks)

    def metadata(self) -> Metadata:
        """Return where it does what; Unavailable where that is not known."""
        return self._metadata.value()

    def known(self) -> Metadata | None:
        """Return the same if it was ever asked, without asking."""
        return self._metadata.last()

    def state(self) -> IssuerState:
        """Return how it has been to this process."""
        both = (self._metadata, self._keys)
        return IssuerState(
            issuer=self.issuer,
            is_up=all(one.is_up for one in both),
            asked=sum(one.asked for one in both),
            known=self._keys.known,
            failed=sum(one.failed for one in both),
        )

    def keys(self, *, anew: bool = False) -> tuple[Key, ...]:
        """Return the keys by which it signs.

        anew  whether those of a minute ago are too old

        Raises Unavailable where they are not known; those of up to a day ago do where it does not
        answer.
        """
        return self._keys.value(anew=anew)

    def prepared(self, session: Session) -> Session:
        """Return a session that keeps to the limits of everything that is asked of a provider."""
        session.trust_env = urlsplit(self.issuer).scheme == "https"
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter)
        session.headers["User-Agent"] = "sage-catalog"
        return session

    def asked(self, address: str, bearer: str | None = None) -> dict[str, Any]:
        """Return the JSON object at one of its addresses; Unavailable where none comes."""
        headers = {"Accept": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            response = self._session.get(address, headers=headers)
        except (requests.RequestException, HTTPError, OSError, ValueError) as fault:
            raise unreached(self.issuer) from fault
        if response.status_code != 200:
            raise unreached(self.issuer)
        try:
            return strict_object(response.content)
        except ValueError as fault:
            raise unreached(self.issuer) from fault

    def _discover(self) -> Metadata:
        said = self.asked(self.issuer.rstrip("/") + _WELL_KNOWN)
        if said.get("issuer") != self.issuer:
            raise Unavailable(f"The provider at {self.issuer} says that it is another.")
        return Metadata(
            authorization_endpoint=self._endpoint(said, "authorization_endpoint"),
            token_endpoint=self._endpoint(said, "token_endpoint"),
            jwks_uri=self._endpoint(said, "jwks_uri"),
            userinfo_endpoint=self._endpoint_if_any(said, "userinfo_endpoint"),
            end_session_endpoint=self._endpoint_if_any(said, "end_session_endpoint"),
            auth_methods=_words(said.get("token_endpoint_auth_methods_supported")),
            names_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        )

    def _endpoint(self, said: Mapping[str, Any], name: str) -> str:
        address = said.get(name)
        if not isinstance(address, str) or not self._is_safe(address):
            raise Unavailable(f"The provider at {self.issuer} names no safe {name}.")
        return address

    def _endpoint_if_any(self, said: Mapping[str, Any], name: str) -> str | None:
        return self._endpoint(said, name) if said.get(name) else None

    def _is_safe(self, address: str) -> bool:
        """Tell whether an address is good enough; one on this machine only beside such an issuer"""
        try:
            is_https = urlsplit(address).scheme == "https"
            return address.isprintable() and is_safe(address) and (is_https or self._is_here())
        except ValueError:
            return False

    def _is_here(self) -> bool:
        return urlsplit(self.issuer).scheme == "http"

    def _fetch_keys(self) -> tuple[Key, ...]:
        said = self.asked(self.metadata().jwks_uri).get("keys")
        if not isinstance(said, list):
            raise unreached(self.issuer)
        return tuple(filter(None, map(_key, said[:_MOST_KEYS])))


class Kept(Generic[Kind]):
    """Something that is fetched from afar, by one at a time, and kept for an hour.

    fetch  returns it anew, or raises Unavailable; then nobody tries again for ten seconds

    `asked`, `known` and `failed` count how often it was fetched, was there and did not come.
    """

    def __init__(self, fetch: Callable[[], Kind], ticks: Callable[[], float]) -> None:
        self._fetch = fetch
        self._ticks = ticks
        self._lock = Lock()
        self._found: tuple[float, Kind] | None = None
        self._failed: float | None = None
        self.asked = self.known = self.failed = 0

    def value(self, *, anew: bool = False) -> Kind:
        """Return it; Unavailable where it is not there, or older than a day.

        anew  whether one of a minute ago is too old already
        """
        found, asked = self._found, self._ticks()
        age = asked - found[0] if found else _STALE_SECONDS
        if found and age < (_ANEW_SECONDS if anew else _FRESH_SECONDS):
            self.known += 1
            return found[1]
        if found and not anew and age < _STALE_SECONDS:
            self._renew()
            return self._found[1] if self._found else found[1]
        with self._lock:
            if self._found and self._found[0] >= asked:  # somebody else fetched it meanwhile
                return self._found[1]
            return self._fetched()

    @property
    def is_up(self) -> bool:
        """Whether it came when it was fetched last, or was not fetched yet."""
        return self._failed is None

    def last(self) -> Kind | None:
        """Return what was found last, however old."""
        return self._found[1] if self._found else None

    def _renew(self) -> None:
        """Fetch it anew unless somebody does already; what there is goes on if that fails."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._fetched()
        except Unavailable:
            return
        finally:
            self._lock.release()

    def _fetched(self) -> Kind:
        began = self._ticks()
        if self._failed is not None and began - self._failed < _REST_SECONDS:
            raise Unavailable("The provider of identities did not answer a moment ago.")
        self.asked += 1
        try:
            found = self._fetch()
        except Unavailable:
            self._failed = self._ticks()
            self.failed += 1
            raise
        self._found, self._failed = (self._ticks(), found), None
        return found


class _BoundedAdapter(HTTPAdapter):
    """Sends requests that end soon: their answers are read whole, not too long and from there."""

    def __init__(self, seconds: float) -> None:
        super().__init__(pool_maxsize=16)
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *_: Any, **more: Any) -> requests.Response:
        """Return the whole answer, or raise RequestException or OSError."""
        deadline = time.monotonic() + 2 * self._seconds
        response = super().send(request, **(more | {"stream": True, "timeout": self._seconds}))
        try:
            content = _whole(response, deadline)
        except BaseException:
            response.close()
            raise
        response.raw.release_conn()
        response.raw = HTTPResponse(BytesIO(content), preload_content=False)
        return response


def _whole(response: requests.Response, deadline: float) -> bytes:
    """Return the body, unless it is too long, comes too slowly or is to be had elsewhere."""
    if response.is_redirect:
        raise requests.TooManyRedirects("answers come from where they were asked for")
    found = bytearray()
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        found += chunk
        if len(found) > _MOST_BYTES or time.monotonic() > deadline:
            raise OSError("the answer does not end")
    return bytes(found)


class StrictDecoder(json.JSONDecoder):
    """Reads JSON in which every name stands once, so that no two readers see different things."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**(more | {"object_pairs_hook": _unique, "parse_constant": _no_constant}))


def strict_object(source: bytes) -> dict[str, Any]:
    """Return the JSON object that the bytes are; ValueError where they are none."""
    try:
        said = json.loads(source, cls=StrictDecoder)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(said, dict):
        raise ValueError("no object")  # noqa: TRY004 - callers ask whether the bytes are one
    return said


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def unreached(issuer: str) -> Unavailable:
    """Return the error for a provider from which no answer came that is one."""
    host = urlsplit(issuer).hostname
    return Unavailable(f"The provider of identities at {host} does not answer as it should.")


def _words(said: Any) -> tuple[str, ...]:
    return tuple(word for word in said if isinstance(word, str)) if isinstance(said, list) else ()


def _key(said: Any) -> Key | None:
    """Return a public key for signatures; None for any other, and for those that are too weak."""
    if not isinstance(said, dict) or said.get("use", "sig") != "sig":
        return None
    kinds: Mapping[Any, type[Key]] = {"RSA": RSAKey, "EC": ECKey}
    try:
        if said["kty"] == "RSA" and len(said["n"]) < _SHORTEST_RSA:
            return None
        return kinds[said["kty"]].import_key(said)
    except (JoseError, KeyError, ValueError, TypeError):
        return None
