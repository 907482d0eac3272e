"""How faults happen to requests, and how every request gets into the journal."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from catalog.sandbox.faults import (
    DROP_AFTER,
    DROP_BEFORE,
    LATENCY,
    SLOW_BODY,
    STATUSES,
    THEN_500,
    THEN_HANG,
    TRUNCATED,
    Fault,
    NoFault,
)
from catalog.sandbox.journal import SEEN, Entry
from catalog.sandbox.registrar import Registrar

HEADER: Final = "X-Sandbox-Fault"
_UNTOUCHED: Final = "/sandbox/"
_HANG_SECONDS: Final = 3_600.0
_PIECES: Final = 20
_OF_A_PROXY: Final = frozenset({"502", "503"})
"""What a proxy before the registrar answers, in HTML; a client must not take it for JSON."""


class Faulty:
    """The application of a registrar, with faults, and with a journal."""

    def __init__(self, application: WSGIApplication, registrar: Registrar) -> None:
        self._application = application
        self._registrar = registrar

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request, or whatever its fault makes of that."""
        request = Request(environ)
        if request.path.startswith(_UNTOUCHED):
            return self._application(environ, start)
        try:
            fault = self._fault(request)
        except NoFault as reason:
            return _error(400, str(reason))(environ, start)
        if fault is not None and fault.kind == LATENCY:
            self._registrar.stopping.wait(fault.seconds)
        done = None if fault is not None and _comes_before(fault) else self._done(environ)
        told = done if fault is None else _told(fault, done)
        self._note(request, fault, done, told)
        if fault is not None and fault.kind == THEN_HANG:
            self._registrar.stopping.wait(fault.seconds or _HANG_SECONDS)
        if told is None:
            return _drop(environ, start)
        if fault is not None and fault.kind in (SLOW_BODY, TRUNCATED):
            start(told.status, told.headers.to_wsgi_list())
            return self._in_pieces(environ, fault, told.get_data())
        return told(environ, start)

    def _fault(self, request: Request) -> Fault | None:
        """Return the fault of the request's own header, else of those in force."""
        if said := request.headers.get(HEADER):
            return Fault.of_header(said)
        return self._registrar.faults.take(request.method, request.path)

    def _done(self, environ: WSGIEnvironment) -> Response:
        environ[SEEN] = {}  # shared with the copy that the application gets
        return Response.from_app(self._application, environ, buffered=True)

    def _note(
        self, request: Request, fault: Fault | None, done: Response | None, told: Response | None
    ) -> None:
        """Write the journal before the caller is told, so that it is never behind."""
        seen = request.environ.get(SEEN, {})
        self._registrar.journal.write(
            Entry(
                request.method,
                request.full_path.removesuffix("?"),
                seen.get("repository"),
                done.status_code if done else None,
                told.status_code if told else None,
                fault.kind if fault else None,
                seen.get("attributes"),
            )
        )

    def _in_pieces(self, environ: WSGIEnvironment, fault: Fault, body: bytes) -> Iterator[bytes]:
        """Yield a body slowly, or the first half of it before the connection breaks."""
        if fault.kind == TRUNCATED:
            yield body[: len(body) // 2]
            _shut(environ)
            return
        size = max(1, -(-len(body) // _PIECES))
        for at in range(0, len(body), size):
            self._registrar.stopping.wait(fault.seconds / _PIECES)
            yield body[at : at + size]


def _comes_before(fault: Fault) -> bool:
    """Tell whether nothing is done at all."""
    return fault.kind == DROP_BEFORE or fault.kind in STATUSES


def _told(fault: Fault, done: Response | None) -> Response | None:
    """Return what the caller is told of what was done; None for nothing at all."""
    if fault.kind in (DROP_BEFORE, DROP_AFTER, THEN_HANG):
        return None
    if fault.kind == THEN_500:
        return _error(500, STATUSES["500"])
    return _status(fault) if fault.kind in STATUSES else done


def _status(fault: Fault) -> Response:
    status = int(fault.kind)
    if fault.kind in _OF_A_PROXY:
        phrase = HTTPStatus(status).phrase
        page = f"<html><head><title>{status} {phrase}</title></head></html>\n"
        answer = Response(page, status, content_type="text/html")
    elif status == HTTPStatus.UNPROCESSABLE_ENTITY:
        answer = _errors(status, {"source": "metadata", "title": STATUSES["422"]})
    else:
        answer = _error(status, STATUSES[fault.kind])
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _error(status: int, title: str) -> Response:
    return _errors(status, {"status": str(status), "title": title})


def _errors(status: int, error: dict[str, Any]) -> Response:
    body = json.dumps({"errors": [error]})
    return Response(body, status, content_type="application/json; charset=utf-8")


def _drop(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Close the connection without a byte; the server finds it closed when it would write."""
    _shut(environ)
    start("500 Internal Server Error", [("Content-Length", "0")])
    return []


def _shut(environ: WSGIEnvironment) -> None:
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
