"""Tokens of Sage: what its authorization service says of one, and of the projects of its owner.

The protocol is that of waggle-auth-app: `POST /token_info/` with a form, which answers 404 for what
it does not know, and `GET /users/{name}/projects`. Whatever is not one of its answers is no verdict
on the token, but an outage: nobody is let in by it, and nobody is told that the token is bad.
"""

import hmac
import json
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Event, Lock, Thread
from typing import Any, Final, TypeGuard, TypeVar
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError

from catalog.domain.errors import CatalogError, Unauthenticated, Unavailable
from catalog.domain.sharing import PROJECT
from catalog.ports import IssuerState, Verified

_ACCEPT: Final = "application/json; indent=4"
_REMEMBERED_SECONDS: Final = 60.0
_REFUSED_SECONDS: Final = 5.0
_MOST_REMEMBERED: Final = 10_000
_IDS_REMEMBERED_SECONDS: Final = 3600.0
_FAILURES: Final = 5
_PAUSE_SECONDS: Final = 5.0
_MOST_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 65_536
_MOST_PROJECTS: Final = 500
_LONGEST_NAME: Final = 200
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
_NOT_KNOWN: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


Found = TypeVar("Found")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SageTokens:
    """Verifies the tokens of Sage; see `catalog.ports.Verifier`.

    url          where tokens are asked about, such as https://auth.sagecontinuum.org/token_info/
    user         the service's own account there; with it the password goes as HTTP Basic, and
                 without it as `Authorization: Sage {password}`
    users_url    below it lies `users/{name}/projects`, such as https://auth.sagecontinuum.org/;
                 "" where nobody's projects are asked for
    oidc_issuer  under which the id of a user is the subject of an OIDC login, too; "" for none
    seconds      how long an answer may take, as a whole
    clock, now   monotonic seconds, and the time
    """

    def __init__(
        self,
        url: str,
        *,
        password: str,
        user: str = "",
        users_url: str = "",
        oidc_issuer: str = "",
        seconds: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        parts = urlsplit(url)
        self.issuer = f"{parts.scheme}://{parts.netloc}"
        self._url = url
        self._users_url = users_url
        self._oidc_issuer = oidc_issuer
        as_sage = _SageAuth(password)
        asking = HTTPBasicAuth(user.encode(), password.encode()) if user else as_sage
        self._tokens = _Service(url, asking, seconds, clock)
        self._users = _Service(users_url, as_sage, seconds, clock)
        self._cache = _Cache(clock, now)
        self._ids: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._clock = clock
        self._now = now
        self._flights: dict[bytes, _Flight] = {}
        self._lock = Lock()
        self._known = 0

    def verify(self, token: str, *, fresh: bool) -> Verified | None:
        """Return whose token this is; see `catalog.ports.Verifier`."""
        if token.count(".") == 2 and token.startswith("ey"):
            return None  # a JWT is of another issuer, and is not shown to this one
        if fresh:
            return self._ask(token)
        found = self._cache.get(token)
        if found is None:
            return self._ask_together(token)
        self._known += 1
        return found.verdict()

    def state(self) -> IssuerState:
        """Return how the issuer has been to this process."""
        tokens, users = self._tokens, self._users
        return IssuerState(
            issuer=self.issuer,
            is_up=tokens.is_up and users.is_up,
            asked=tokens.asked + users.asked,
            known=self._known,
            failed=tokens.failed + users.failed,
        )

    def close(self) -> None:
        """Close every connection."""
        self._tokens.close()
        self._users.close()

    def _ask_together(self, token: str) -> Verified:
        """Ask, or wait for the answer where the same token is being asked about already."""
        key = self._cache.key(token)
        with self._lock:
            flight = self._flights.get(key)
            is_ours = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if not is_ours:
            return flight.answer()
        try:
            flight.verified = self._ask(token)
        except CatalogError as fault:
            flight.fault = fault
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
        return flight.answer()

    def _ask(self, token: str) -> Verified:
        """Ask the issuer, and remember what it says; an error is not remembered."""
        asked_at = self._clock()
        try:
            verified = self._asked(token)
        except Unauthenticated as fault:
            self._cache.put(token, _Remembered(asked_at, None, fault.detail))
            raise
        self._cache.put(token, _Remembered(asked_at, verified, ""))
        return verified

    def _asked(self, token: str) -> Verified:
        found = self._tokens.asked_for(
            "POST", self._url, _holder, form={"token": token}, absent=_NOT_KNOWN
        )
        if found is None:
            raise Unauthenticated("Sage does not know this token.")
        name, expires = found
        if expires is not None and expires <= self._now():
            raise Unauthenticated("This token of Sage has expired.")
        return Verified(
            issuer=self.issuer,
            subject=name,
            name=name,
            groups=self._projects(name),
            expires=expires,
            same_as=self._same_as(name),
            is_granted_by_name=True,
        )

    def _projects(self, name: str) -> frozenset[str]:
        """Return the groups of a user, one for each project.

        A user whose projects cannot be learned is not somebody without projects: Unavailable.
        """
        if not self._users_url:
            return frozenset()
        names = self._about(name, "/projects", _projects)
        return frozenset(f"{PROJECT}{one}" for one in names or ())

    def _same_as(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return what the provider of logins calls the same user, where that is set up."""
        if not self._oidc_issuer or not self._users_url:
            return ()
        known = self._ids.get(name)
        if known is None or known[0] <= self._clock():
            found = self._about(name, "", _id)
            known = (self._clock() + _IDS_REMEMBERED_SECONDS, found or "")
            with self._lock:
                self._ids[name] = known
                while len(self._ids) > _MOST_REMEMBERED:
                    self._ids.popitem(last=False)
        return ((self._oidc_issuer, known[1]),)

    def _about(self, name: str, what: str, read: Callable[[Any], Found]) -> Found | None:
        path = f"users/{quote(name, safe='')}{what}"
        return self._users.asked_for("GET", f"{self._users_url.rstrip('/')}/{path}", read)


# What the issuer says, read strictly: ValueError for what is none of its answers.


def _holder(said: Any) -> tuple[str, datetime | None]:
    """Return whose a token is, and when it ends; Unauthenticated where it is not valid."""
    active, name = _member(said, "active"), _member(said, "username")
    if active is False:
        raise Unauthenticated("Sage says that this token is not valid any more.")
    if active is not True or not _is_name(name):
        raise ValueError
    return name, _expiry(_member(said, "exp"))


def _expiry(said: Any) -> datetime | None:
    """Return when a token ends; 0 stands for never there."""
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        raise ValueError
    if not 0 <= said < _LATEST.timestamp():
        raise ValueError
    return datetime.fromtimestamp(said, UTC) if said else None


def _projects(said: Any) -> list[str]:
    """Return the names of the projects of a user, whether they stand as such or in objects."""
    projects = said if isinstance(said, list) else _member(said, "projects")
    if not isinstance(projects, list):
        raise ValueError  # noqa: TRY004 - it is what Sage said, not what a caller passed
    names = [_member(one, "name") if isinstance(one, dict) else one for one in projects]
    if not all(isinstance(one, str) for one in names):
        raise ValueError
    return [one for one in names if _is_name(one)][:_MOST_PROJECTS]


def _id(said: Any) -> str:
    """Return the id of a user."""
    found = _member(said, "id")
    if not _is_name(found):
        raise ValueError
    return found


def _member(said: Any, name: str) -> Any:
    if not isinstance(said, dict):
        raise ValueError  # noqa: TRY004 - likewise
    return said.get(name)


def _is_name(said: Any) -> TypeGuard[str]:
    return (
        isinstance(said, str)
        and 0 < len(said) <= _LONGEST_NAME
        and said.isprintable()
        and said == said.strip()
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a thing twice: it could be read as either."""
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError
    return said


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What the issuer said of a token, and when it was asked: a person, or a refusal."""

    asked_at: float
    verified: Verified | None
    refusal: str

    def verdict(self) -> Verified:
        """Return or raise what it said."""
        if self.verified is None:
            raise Unauthenticated(self.refusal)
        return self.verified


class _Cache:
    """What was said of the tokens seen last, under keys from which no token can be learned.

    The secret of the keys lives and dies with the process. Refusals have a shelf of their own, so
    that however many bad tokens come, no good one is forgotten for them.
    """

    def __init__(self, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._secret = secrets.token_bytes(32)
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._good: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._bad: OrderedDict[bytes, _Remembered] = OrderedDict()

    def key(self, token: str) -> bytes:
        """Return what stands for a token here."""
        return hmac.digest(self._secret, token.encode(), "sha256")

    def get(self, token: str) -> _Remembered | None:
        """Return what was said, unless that is too long ago to go by."""
        key = self.key(token)
        with self._lock:
            found = self._good.get(key) or self._bad.get(key)
            if found is None:
                return None
            if not self._is_young(found):
                self._forget(key)
                return None
            if found.verified is not None:
                self._good.move_to_end(key)
            return found

    def put(self, token: str, said: _Remembered) -> None:
        """Remember what was said, unless something was said later already."""
        key = self.key(token)
        with self._lock:
            before = self._good.get(key) or self._bad.get(key)
            if before is not None and before.asked_at > said.asked_at:
                return
            self._forget(key)
            shelf = self._bad if said.verified is None else self._good
            shelf[key] = said
            while len(shelf) > _MOST_REMEMBERED:
                shelf.popitem(last=False)

    def _forget(self, key: bytes) -> None:
        self._good.pop(key, None)
        self._bad.pop(key, None)

    def _is_young(self, said: _Remembered) -> bool:
        seconds = _REFUSED_SECONDS if said.verified is None else _REMEMBERED_SECONDS
        if self._clock() >= said.asked_at + seconds:
            return False
        expires = said.verified.expires if said.verified else None
        return expires is None or expires > self._now()


class _Flight:
    """A question under way, whose answer all who have the same question wait for."""

    def __init__(self) -> None:
        self.landed = Event()
        self.verified: Verified | None = None
        self.fault: CatalogError | None = None

    def answer(self) -> Verified:
        """Return or raise the answer, when it is there."""
        self.landed.wait()
        if self.verified is not None:
            return self.verified
        if isinstance(self.fault, Unauthenticated):
            raise Unauthenticated(self.fault.detail)
        retry_after = self.fault.retry_after if isinstance(self.fault, Unavailable) else 1
        raise Unavailable("Sage was asked about this token in vain.", retry_after=retry_after)


class _Service:
    """An address of the issuer that is asked, within its time, and left alone while it is down.

    After some failures in a row nobody asks for a while; then one does, and all the others go on
    being refused until that one has its answer.
    """

    def __init__(
        self, url: str, auth: AuthBase, seconds: float, clock: Callable[[], float]
    ) -> None:
        self.asked = 0
        self.failed = 0
        self._auth = auth
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._closed_until: float | None = None
        self._session = _session(is_here=urlsplit(url).hostname in _HERE)

    @property
    def is_up(self) -> bool:
        """Whether the last question was answered."""
        return self._failures == 0

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def asked_for(
        self,
        method: str,
        url: str,
        read: Callable[[Any], Found],
        *,
        form: dict[str, str] | None = None,
        absent: frozenset[HTTPStatus] = frozenset(),
    ) -> Found | None:
        """Return what is read from the JSON that it answers.

        read    raises ValueError for what is no answer, Unauthenticated for one that says so
        absent  statuses that say there is no such thing, for which None is returned

        Raises Unavailable for everything else.
        """
        self._check_is_let_through()
        self.asked += 1
        answer = _within(self._seconds, lambda: self._sent(method, url, form))
        if answer is None:
            self._failed()
            raise Unavailable(
                "Sage does not answer about its tokens; try again in a moment.", retry_after=5
            )
        if answer.status in absent:
            self._answered()
            return None
        if answer.status != HTTPStatus.OK:
            raise self._refused(answer)
        try:
            found = read(json.loads(answer.content, object_pairs_hook=_once))
        except Unauthenticated:
            self._answered()
            raise
        except (ValueError, RecursionError):
            self._failed()
            raise Unavailable(
                "What answers for Sage's tokens does not answer as Sage does.", retry_after=5
            ) from None
        self._answered()
        return found

    def _refused(self, answer: "_Answer") -> Unavailable:
        """Return the error for a status that is no answer.

        400 says that it does not understand this one question, which is no outage: who sends odd
        tokens must not close the way for others.
        """
        if answer.status == HTTPStatus.BAD_REQUEST:
            self.failed += 1
            self._answered()
        else:
            self._failed()
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return Unavailable(
                "Sage does not let this catalog ask about tokens; its operator has to see to that.",
                retry_after=60,
            )
        return Unavailable(
            f"Sage answers {answer.status} to a question about a token; try again in a moment.",
            retry_after=5,
        )

    def _check_is_let_through(self) -> None:
        with self._lock:
            if self._closed_until is None:
                return
            left = self._closed_until - self._clock()
            if left <= 0:
                self._closed_until = self._clock() + _PAUSE_SECONDS  # whoever comes next waits
                return
        raise Unavailable(
            "Sage does not answer about its tokens; try again in a moment.",
            retry_after=max(1, math.ceil(left)),
        )

    def _answered(self) -> None:
        with self._lock:
            self._failures = 0
            self._closed_until = None

    def _failed(self) -> None:
        with self._lock:
            self.failed += 1
            self._failures += 1
            if self._failures >= _FAILURES:
                self._closed_until = self._clock() + _PAUSE_SECONDS

    def _sent(self, method: str, url: str, form: dict[str, str] | None) -> "_Answer":
        ends = time.monotonic() + self._seconds
        try:
            return self._sent_once(method, url, form, ends)
        except requests.ConnectionError as fault:
            # A connection that was kept, and that the other side had closed meanwhile.
            if isinstance(fault, requests.Timeout) or "aborted" not in str(fault):
                raise
            return self._sent_once(method, url, form, ends)

    def _sent_once(
        self, method: str, url: str, form: dict[str, str] | None, ends: float
    ) -> "_Answer":
        with self._session.request(
            method,
            url,
            data=form,
            auth=self._auth,
            headers={"Accept": _ACCEPT},
            timeout=self._seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            found = bytearray()
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                found += chunk
                if len(found) > _MOST_BYTES or time.monotonic() > ends:
                    raise OSError("the answer does not end")
            return _Answer(response.status_code, bytes(found))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes


class _SageAuth(AuthBase):
    """The credentials of a service of Sage, as its authorization service takes them."""

    def __init__(self, password: str) -> None:
        self._password = password

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put them into a request."""
        request.headers["Authorization"] = f"Sage {self._password}"
        return request


def _within(seconds: float, ask: Callable[[], _Answer]) -> _Answer | None:
    """Return what was answered; None where nothing whole came in time.

    In a thread of its own, since one that sends a byte now and then holds no time limit of a
    socket. Such a thread is left to itself; there are few, as nobody asks one that is down.
    """
    found: list[_Answer] = []

    def run() -> None:
        try:
            found.append(ask())
        except (requests.RequestException, HTTPError, OSError, ValueError):
            return

    thread = Thread(target=run, name="asking Sage", daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def _session(*, is_here: bool) -> requests.Session:
    """Return a session whose connections are kept.

    is_here  whether the issuer is on this machine, to which no proxy leads
    """
    session = requests.Session()
    session.trust_env = not is_here
    session.headers["User-Agent"] = "sage-catalog"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=32, max_retries=0))
    return session
