"""DOIs at DataCite, or at a registrar that speaks as it does, by the REST client of `datacite`.

What that client leaves open is closed here: connections are kept, nothing waits for ever, creating
by PUT is no fault, errors say what they are, and what is read is whole.
"""

import json
import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, quote, urlsplit

import requests
from datacite import DataCiteRESTClient
from datacite.errors import HttpError
from datacite.request import DataCiteRequest
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import Retry
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from catalog.domain.errors import (
    CatalogError,
    NotLetIn,
    NotRegistrable,
    Unanswered,
    Unavailable,
)
from catalog.ports import Registered

_JSON: Final = "application/vnd.api+json"
_WHOLE: Final = {"affiliation": "true", "publisher": "true"}
"""Without these names of organisations come back without their identifiers."""

_PAGE: Final = 250
_MOST_BYTES: Final = 50_000_000
_CHUNK_BYTES: Final = 65_536
_LONGEST_RETRY_AFTER: Final = 3600
_USUAL_RETRY_AFTER: Final = 5


class DataCiteRegistrar(DataCiteRESTClient):  # type: ignore[misc]  # the package has no types
    """The registrar behind an address, seen by one repository account.

    url      of its REST API
    contact  mail address by which the registrar finds who asks; may be empty
    timeout  seconds to connect, and to answer whole
    """

    def __init__(
        self,
        url: str,
        repository: str,
        password: str,
        *,
        prefix: str,
        contact: str = "",
        timeout: tuple[float, float] = (5.0, 30.0),
    ) -> None:
        super().__init__(repository, password, prefix, url=url, timeout=timeout)
        self._session = _session(contact, is_here=urlsplit(url).hostname in _HERE)

    def put(self, doi: str, attributes: Mapping[str, Any], event: str | None = None) -> Registered:
        """Have it keep these attributes of a DOI; see `catalog.ports.Registrar`."""
        said = {**deepcopy(dict(attributes)), "doi": doi}
        if event is not None:
            said["event"] = event
        return _registered(self.put_doi(doi, {"type": "dois", "attributes": said}))

    def get(self, doi: str) -> Registered | None:
        """Return what it has of a DOI; see `catalog.ports.Registrar`."""
        answer = self._asked("GET", f"dois/{_quoted(doi)}", params=_WHOLE)
        return None if answer.status_code == 404 else _registered(_data(answer))

    def delete(self, doi: str) -> None:
        """Remove a draft; see `catalog.ports.Registrar`."""
        self._asked("DELETE", f"dois/{_quoted(doi)}")

    def listing(self, prefix: str) -> Iterator[Registered]:
        """Go through all of ours under a prefix; see `catalog.ports.Registrar`."""
        cursor: str | None = "1"
        while cursor is not None:
            asked = _WHOLE | {
                "prefix": prefix,
                "client-id": self.username.lower(),
                "page[size]": str(_PAGE),
                "page[cursor]": cursor,
            }
            answer = self._asked("GET", "dois", params=asked)
            said = answer.json()
            yield from (_registered(one) for one in _list(said, answer))
            cursor = _next_cursor(said)

    def is_reachable(self) -> bool:
        """Tell whether it answers at all."""
        try:
            return self._asked("GET", "heartbeat").status_code == 200
        except CatalogError:
            return False

    def put_doi(self, doi: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put a payload and return what came back; a DOI that this makes is as good as a known."""
        body = json.dumps({"data": data}).encode()
        return _data(self._asked("PUT", f"dois/{_quoted(doi)}", body=body))

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _create_request(self) -> DataCiteRequest:
        return _Request(self._session, self.api_url, self.username, self.password, self.timeout)

    def _asked(
        self, method: str, path: str, *, body: bytes | None = None, params: Any = None
    ) -> "_Answer":
        """Return an answer that is good, or says that there is no such DOI; raise for others."""
        headers = {"Accept": _JSON} | ({"Content-Type": _JSON} if body is not None else {})
        try:
            answer: _Answer = self._create_request().request(
                path, method, body=body, params=params, headers=headers
            )
        except HttpError as fault:
            raise _unreached(self.api_url, method, fault) from fault
        if method == "GET" and path != "heartbeat":
            # Bad credentials are no error to who only reads: the registrar shows what all see.
            self._check_is_let_in(answer)
        if 200 <= answer.status_code < 300 or (answer.status_code == 404 and method != "PUT"):
            return answer
        return _refuse(answer, method)

    def _check_is_let_in(self, answer: "_Answer") -> None:
        if answer.headers.get("X-Anonymous-Consumer", "").lower() == "true":
            raise _not_let_in(self.username)


class _Request(DataCiteRequest):  # type: ignore[misc]
    """A request on a connection that is kept, read whole within its time."""

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        username: str,
        password: str,
        timeout: tuple[float, float],
    ) -> None:
        super().__init__(base_url, username, password, timeout=timeout)
        self._session = session

    def request(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        params: Any = None,
        headers: Any = None,
    ) -> "_Answer":
        """Send it; raise HttpError unless a whole answer came."""
        deadline = time.monotonic() + sum(self.timeout)
        try:
            with self._session.request(
                method,
                self.base_url + url,
                params=params,
                data=body,
                headers=headers,
                auth=HTTPBasicAuth(self.username, self.password),
                timeout=self.timeout,
                # A redirected PUT would arrive as a GET, whose answer looks like success.
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _whole(response, deadline)
                return _Answer(response.status_code, response.headers, content)
        except (requests.RequestException, HTTPError, OSError) as fault:
            raise HttpError(fault) from fault


class _Answer:
    """An answer as the client of `datacite` reads one."""

    def __init__(self, status_code: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self._content = content

    @property
    def text(self) -> str:
        """The body as text."""
        return self._content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON; raise Unanswered where it is none, as one cut short."""
        try:
            return json.loads(self._content)
        except (ValueError, RecursionError):
            raise Unanswered("The registrar's answer is not whole.") from None


def _whole(response: requests.Response, deadline: float) -> bytes:
    """Return the body, unless it is too long or comes too slowly."""
    found = bytearray()
    # One that waits for whole chunks would wait for ever where each byte comes just in time.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        found += chunk
        if len(found) > _MOST_BYTES or time.monotonic() > deadline:
            raise OSError("the answer does not end")
    return bytes(found)


_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _session(contact: str, *, is_here: bool) -> requests.Session:
    """Return a session whose connections are kept.

    is_here  whether the registrar is on this machine, to which no proxy leads
    """
    session = requests.Session()
    session.trust_env = not is_here
    mail = f" (mailto:{contact})" if contact.isprintable() and "@" in contact else ""
    session.headers["User-Agent"] = f"sage-catalog{mail}"
    # Only reading is repeated here, at once and once: all else waits for the relay to ask again.
    again = Retry(total=1, connect=1, read=1, status=0, other=0, allowed_methods=["GET"])
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=again))
    return session


def _unreached(address: str, method: str, fault: HttpError) -> Unavailable:
    """Return the error for a request of which no whole answer came."""
    reason = fault.args[0] if fault.args else fault
    if method == "GET" or _was_never_sent(reason):
        return Unavailable(f"The registrar at {address} does not answer.", retry_after=1)
    return Unanswered(f"The registrar at {address} was asked and has not answered.")


def _was_never_sent(fault: object) -> bool:
    if isinstance(fault, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = fault.args[0] if isinstance(fault, requests.ConnectionError) and fault.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError)


def _refuse(answer: _Answer, method: str) -> NoReturn:
    """Raise what an answer that is no good means."""
    status = answer.status_code
    if status in {401, 403}:
        raise NotLetIn(
            f"The registrar does not let the catalog in ({_reason(answer)}): account, password "
            "or prefix are not right.",
            retry_after=60,
        )
    if status == 429:
        raise Unavailable(
            "The registrar wants fewer requests for a while.", retry_after=_retry_after(answer)
        )
    if status >= 500:
        kind = Unavailable if method == "GET" else Unanswered
        raise kind(f"The registrar answers {status}.", retry_after=_retry_after(answer))
    said = _said(answer)
    if status == 413:
        raise NotRegistrable(said or [("", "They are too long for it.")])
    if status in {400, 405, 409, 410, 412, 422} and said:
        raise NotRegistrable(said)
    raise Unavailable(
        f"What answers at the registrar's address is no registrar: it says {status}.",
        retry_after=60,
    )


def _said(answer: _Answer) -> list[tuple[str, str]]:
    """Return what the body of an error says: pairs of the part concerned and a sentence."""
    try:
        errors = json.loads(answer.text)["errors"]
        found = [(str(one.get("source") or ""), str(one.get("title") or "")) for one in errors]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return [(source[:100], title[:1000]) for source, title in found[:20]]


def _reason(answer: _Answer) -> str:
    said = _said(answer)
    return said[0][1].rstrip(".") if said else str(answer.status_code)


def _retry_after(answer: _Answer) -> int:
    """Return the seconds that the registrar wants to be left alone, at most an hour."""
    said = answer.headers.get("Retry-After", "").strip()
    try:
        if said.isdecimal():
            seconds = float(said)
        else:
            at = parsedate_to_datetime(said)
            seconds = (at.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        seconds = _USUAL_RETRY_AFTER
    return int(min(max(seconds, 1.0), _LONGEST_RETRY_AFTER))


def _not_let_in(repository: str) -> NotLetIn:
    return NotLetIn(
        f"The registrar does not know the account {repository} with this password.",
        retry_after=60,
    )


def _data(answer: _Answer) -> Mapping[str, Any]:
    said = answer.json()
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict):
        raise Unanswered("The registrar's answer is none that it gives about a DOI.")
    return data


def _list(said: Any, answer: _Answer) -> list[Mapping[str, Any]]:
    data = said.get("data") if isinstance(said, dict) else None
    if answer.status_code != 200 or not isinstance(data, list):
        raise Unavailable("The registrar does not list its DOIs.")
    return data


def _next_cursor(said: Mapping[str, Any]) -> str | None:
    """Return the cursor in the link to the next page; the link itself is not followed."""
    links = said.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    found = parse_qs(urlsplit(str(following or "")).query).get("page[cursor]")
    return found[0] if found else None


def _registered(data: Any) -> Registered:
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict) or not attributes.get("state"):
        raise Unanswered("The registrar's answer is none that it gives about a DOI.")
    doi = str(attributes.get("doi") or data.get("id") or "").lower()
    return Registered(doi, str(attributes["state"]), attributes)


def _quoted(doi: str) -> str:
    return quote(doi, safe="/")
