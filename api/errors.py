"""How errors are told on HTTP: RFC 9457 documents for machines, pages for people."""

import json
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected, HTTPException

from api import rendering
from api.context import frame, parts
from api.itemjson import tombstone_json
from api.negotiation import wants_html
from api.storage_v1_answers import Refused, failure, is_storage_v1, no_route, refused
from catalog.domain.errors import (
    CatalogError,
    Gone,
    OurMistake,
    RangeNotSatisfiable,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
    every_error,
)
from catalog.domain.identifiers import RECORD

PROBLEM_JSON = "application/problem+json"

_OWN_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is larger than is taken here.",
}
_KEPT_HEADERS = frozenset({"Allow", "Retry-After"})


def answer_errors(app: Flask) -> None:
    """Have every error of the application answered as a problem."""
    app.register_error_handler(CatalogError, problem)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, _http_error)
    # Odd input reaches the depths of libraries as these; none of them is the server's fault.
    for kind in (RecursionError, OverflowError, UnicodeError):
        app.register_error_handler(kind, _odd_input)
    app.register_error_handler(Exception, _bug)


def problem(fault: CatalogError) -> Response:
    """Return the answer for an error of the catalog's own tree."""
    if is_storage_v1(request.path):
        return failure(fault)
    response = page_of(fault) if wants_html() else _document(fault)
    if isinstance(fault, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Sage Catalog"'
    if isinstance(fault, Unavailable | TooMany):
        response.headers["Retry-After"] = str(fault.retry_after)
    if isinstance(fault, RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{fault.size_bytes}"
    return response


def _http_error(fault: HTTPException) -> Response:
    """Answer what the framework refuses as the error of our tree that has the same status."""
    status = fault.code or OurMistake.status
    if status < 400:
        return fault.get_response()  # type: ignore[return-value]
    if is_storage_v1(request.path):
        return no_route(fault)
    if isinstance(fault, ClientDisconnected):
        return problem(Unreadable("The body ended before its announced length."))
    detail = _OWN_WORDS.get(status) or fault.description or "The request could not be served."
    response = problem(_as_ours(status, detail))
    for name, value in fault.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def _as_ours(status: int, detail: str) -> CatalogError:
    for kind in every_error():
        if kind.status == status and kind is not CatalogError:
            fault = kind.__new__(kind)
            CatalogError.__init__(fault, detail)
            return fault
    return Unreadable(detail) if status < 500 else OurMistake(detail)


def _odd_input(fault: Exception) -> Response:
    current_app.logger.info("odd input: %s: %s", type(fault).__name__, request.path)
    return problem(Unreadable("Something in the request is nested too deep, or no valid text."))


def _bug(fault: Exception) -> Response:
    current_app.logger.error("unexpected %s", type(fault).__name__, exc_info=fault)
    return problem(OurMistake("The catalog met something that it does not expect."))


def page_of(fault: CatalogError) -> Response:
    """Return the page that tells an error, which for what was withdrawn is its tombstone."""
    if isinstance(fault, Gone):
        content = rendering.tombstone(frame(), parts().library, record=fault.record)
    else:
        content = rendering.problem(
            frame(),
            status=fault.status,
            title=fault.title,
            detail=_here(fault.detail),
            evidence={name: _here(value) for name, value in fault.evidence.items()},
            slug=fault.slug,
        )
    return Response(content, fault.status, content_type="text/html; charset=utf-8")


def _document(fault: CatalogError) -> Response:
    said = {
        "type": f"{parts().settings.base}problems/{fault.slug}",
        "title": fault.title,
        "status": fault.status,
        "detail": _here(fault.detail),
        "instance": request.path,
    }
    said |= {name: _here(value) for name, value in _evidence(fault).items() if name not in said}
    body = json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(body, fault.status, content_type=PROBLEM_JSON)


def _here(said: Any) -> Any:
    """Return a text with the addresses of the record in it under today's base."""
    return said.replace(RECORD, parts().settings.base) if isinstance(said, str) else said


def _evidence(fault: CatalogError) -> dict[str, Any]:
    if not isinstance(fault, Gone):
        return fault.evidence
    citation = rendering.citation(frame(), parts().library, fault.record)
    said = tombstone_json(fault.record, parts().settings.base, citation)
    # What a problem calls title and type are its own.
    return {f"item_{name}" if name in {"title", "type"} else name: said[name] for name in said}
