"""A connection to a catalog, and to stores that it points at: requests, answers, refusals."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import urllib3

from catalog.domain.errors import CatalogError, Unavailable

BLOCK_BYTES = 1 << 17
"""How much of a body is handed to the system at once; more gains nothing that can be measured."""

_MOST_CONNECTIONS = 16
_NO_ROOM = 507


class Refused(CatalogError):
    """The server said no; `detail` is its sentence and `evidence` the rest of the problem.

    answered  the HTTP status of the answer
    kind      the slug of the problem, such as "moved-on"
    """

    def __init__(self, answered: int, problem: Mapping[str, Any]) -> None:
        known = {"detail", "title", "status", "type", "instance"}
        evidence = {name: value for name, value in problem.items() if name not in known}
        super().__init__(str(problem.get("detail") or problem.get("title") or answered), **evidence)
        self.answered = answered
        self.kind = str(problem.get("type", "")).rstrip("/").rsplit("/", 1)[-1]


class NoAnswer(Unavailable):
    """A server broke off, or said that it cannot right now; the same request may do later.

    wait      seconds that it asks to be left alone, or None
    is_there  False where not even a connection came about
    """

    def __init__(self, detail: str, *, wait: float | None = None, is_there: bool = True) -> None:
        super().__init__(detail, retry_after=5 if wait is None else int(wait))
        self.wait = wait
        self.is_there = is_there


class Connection:
    """What speaks to one catalog, as one account; it may be used by several threads at once.

    url      the address of the catalog
    token    the account's token, which goes to no other address
    seconds  after which a silent server counts as gone
    """

    def __init__(self, url: str, token: str | None = None, *, seconds: float = 60.0) -> None:
        if not is_address(url):
            raise ValueError(f"{url} is not the address of a catalog, such as http://host:8000")
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ValueError("A token has letters, digits and signs only")
        self.url = url.rstrip("/") + "/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5.0, read=seconds),
            retries=False,
            maxsize=_MOST_CONNECTIONS,
            blocksize=BLOCK_BYTES,
        )

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        preload: bool = True,
        points: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer of the catalog to a request; `path` is relative to its address.

        preload  whether the body is read at once; else whoever asked reads and releases it
        points   whether 307 is an answer, not a failure

        Raises Refused for what it refuses, NoAnswer where asking again may help, and Unavailable
        where something answers that is no catalog.
        """
        said = {"Accept": "application/json", **self._headers, **(headers or {})}
        answer = self._asked(method, self.url + path, body, said, preload, self.url)
        if answer.status >= 300 and not (points and answer.status == 307):
            raise _refusal(answer)
        return answer

    def send_elsewhere(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        preload: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer of a store to which the catalog points, which gets no token.

        Raises as `send` does; a store's refusal is Refused with a sentence of the client's own.
        """
        if not is_address(url):
            raise Unavailable("The server points to something that is no address.")
        store = urlsplit(url).netloc.rpartition("@")[2]
        answer = self._asked(method, url, body, headers or {}, preload, f"The store at {store}")
        if answer.status < 300:
            return answer
        close(answer)
        sentence = f"The store at {store} answered {answer.status}."
        if _may_help(answer.status):
            raise NoAnswer(sentence, wait=_wait(answer))
        if answer.status < 400:
            raise Unavailable(sentence)
        raise Refused(answer.status, {"detail": sentence, "type": "store"})

    def _asked(
        self,
        method: str,
        url: str,
        body: Any,
        headers: Mapping[str, str],
        preload: bool,
        who: str,
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method,
                url,
                body=body,
                headers=dict(headers),
                preload_content=preload,
                redirect=False,
            )
        except urllib3.exceptions.LocationValueError:
            raise Unavailable(f"{who} is no address that can be asked.") from None
        except urllib3.exceptions.HTTPError as fault:
            is_there = not isinstance(
                fault,
                urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError,
            )
            sentence = f"{who} does not answer: {reason_of(fault)}"
            raise NoAnswer(sentence, is_there=is_there) from None


@contextmanager
def read_through(answer: urllib3.BaseHTTPResponse, who: str) -> Iterator[None]:
    """Have an answer read while the block runs: NoAnswer where it breaks off.

    One that was not read to its end is closed, so that nothing is waited for.
    """
    try:
        yield
    except urllib3.exceptions.HTTPError as fault:
        close(answer)
        raise NoAnswer(f"{who} broke off: {reason_of(fault)}") from None
    except BaseException:
        close(answer)
        raise
    answer.release_conn()


def close(answer: urllib3.BaseHTTPResponse) -> None:
    """Give up what is left of an answer, and its connection."""
    with suppress(urllib3.exceptions.HTTPError, OSError):
        answer.close()


def loaded(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """Return the object that an answer is, or raise Unavailable."""
    said = _json_of(answer)
    if not isinstance(said, dict):
        raise Unavailable("The server answers, but not as a catalog does; is the address right?")
    return said


def loaded_list(answer: urllib3.BaseHTTPResponse) -> list[dict[str, Any]]:
    """Return the list of objects that an answer is, or raise Unavailable."""
    said = _json_of(answer)
    if not (isinstance(said, list) and all(isinstance(one, dict) for one in said)):
        raise Unavailable("The server answers, but not as a catalog does; is the address right?")
    return said


def is_address(url: str) -> bool:
    """Tell whether a text is a web address that a catalog can have."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and url.isascii() and url.isprintable() and " " not in url


def reason_of(fault: Exception) -> str:
    """Return what went wrong with a connection, as the end of a sentence."""
    reason = str(getattr(fault, "reason", None) or fault)
    return reason.rsplit("] ", 1)[-1].rsplit(": ", 1)[-1].strip(" .") + "."


def _refusal(answer: urllib3.BaseHTTPResponse) -> CatalogError:
    if answer.status < 400:
        close(answer)
        target = answer.headers.get("Location", "another address")
        return Unavailable(f"The server points to {target}; name that address.")
    problem = _problem(answer)
    sentence = str(problem.get("detail") or f"The server answered {answer.status}.")
    if _may_help(answer.status):
        return NoAnswer(sentence, wait=_wait(answer))
    if answer.status >= 500 or not problem:
        return Unavailable(sentence)
    return Refused(answer.status, problem)


def _problem(answer: urllib3.BaseHTTPResponse) -> Mapping[str, Any]:
    """Return the problem that an answer tells, whether or not it was read; empty for none."""
    said: Any = None
    with suppress(ValueError, urllib3.exceptions.HTTPError):
        said = json.loads(answer.data)
    close(answer)
    return said if isinstance(said, dict) else {}


def _may_help(status: int) -> bool:
    """Tell whether asking again may help; a store that is full stays full for a while."""
    return status == 429 or (status >= 500 and status != _NO_ROOM)


def _wait(answer: urllib3.BaseHTTPResponse) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() and len(said) < 7 else None


def _json_of(answer: urllib3.BaseHTTPResponse) -> Any:
    with suppress(ValueError):
        return json.loads(answer.data)
    return None
