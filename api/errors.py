"""How errors are told on HTTP: RFC 9457 documents for machines, pages for people."""

import json
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from api import rendering
from api.context import frame, parts
from api.negotiation import wants_html
from catalog.domain.errors import (
    CatalogError,
    RangeNotSatisfiable,
    Unauthenticated,
    Unavailable,
    Unreadable,
    every_error,
)
from catalog.domain.errors import Gone as GoneError

PROBLEM_JSON = "application/problem+json"

_OWN_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    411: "Say how long the body is: send Content-Length.",
}


def answer_errors(app: Flask) -> None:
    """Have every error of the application answered as a problem."""
    app.register_error_handler(CatalogError, _catalog_error)
    app.register_error_handler(HTTPException, _http_error)
    # Odd input reaches the depths of libraries as these; none of them is the server's fault.
    for kind in (RecursionError, OverflowError, UnicodeError):
        app.register_error_handler(kind, _odd_input)
    app.register_error_handler(Exception, _bug)


def _catalog_error(fault: CatalogError) -> Response:
    return problem(fault)


def problem(fault: CatalogError) -> Response:
    """Return the answer for an error of the catalog's own tree."""
    response = _problem(fault.slug, fault.status, fault.title, fault.detail, fault.evidence, fault)
    if isinstance(fault, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Sage Catalog"'
    if isinstance(fault, Unavailable):
        response.headers["Retry-After"] = str(fault.retry_after)
    if isinstance(fault, RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{fault.size_bytes}"
    return response


def _http_error(fault: HTTPException) -> Response:
    status = fault.code or 500
    if status < 400:
        return fault.get_response()  # type: ignore[return-value]
    detail = _OWN_WORDS.get(status) or fault.description or "The request could not be served."
    slug = _slug_of(status)
    evidence = getattr(fault, "data", {}) or {}
    messages = evidence.get("messages") if isinstance(evidence, dict) else None
    if messages:
        status, slug, detail = _told_by_schema(messages, status)
    response = _problem(slug, status, fault.name, detail, {"errors": messages} if messages else {})
    for name, value in fault.get_headers():
        if name in {"Allow", "WWW-Authenticate", "Retry-After"}:
            response.headers[name] = value
    return response


def _told_by_schema(messages: Any, status: int) -> tuple[int, str, str]:
    """Return status, slug and sentence for what a schema refused: 400 in the address, else 422."""
    where, faults = next(iter(messages.items())) if isinstance(messages, dict) else ("body", {})
    if isinstance(faults, dict) and faults:
        name, said = next(iter(faults.items()))
        first = said[0] if isinstance(said, list) and said else said
        detail = f"{name}: {first}"
    else:
        detail = str(faults)
    if where in {"query", "headers", "path"}:
        return 400, "unreadable", detail
    return (status, _slug_of(status), detail)


def _slug_of(status: int) -> str:
    for kind in every_error():
        if kind.status == status and kind is not CatalogError:
            return kind.slug
    return "error" if status < 500 else "internal"


def _odd_input(fault: Exception) -> Response:
    current_app.logger.info("odd input: %s: %s", type(fault).__name__, request.path)
    return problem(Unreadable("Something in the request is nested too deep, or no valid text."))


def _bug(fault: Exception) -> Response:
    current_app.logger.error("unexpected %s", type(fault).__name__, exc_info=fault)
    return _problem(
        "internal",
        500,
        "This is our mistake",
        "The catalog met something that it does not expect. It was written to the log.",
        {},
    )


def _problem(
    slug: str,
    status: int,
    title: str,
    detail: str,
    evidence: dict[str, Any],
    fault: CatalogError | None = None,
) -> Response:
    if wants_html() and request.method in {"GET", "HEAD", "POST"}:
        page = rendering.problem(
            frame(), status=status, title=title, detail=detail, evidence=evidence
        )
        return Response(page, status, content_type="text/html; charset=utf-8")
    said = {
        "type": f"{parts().settings.base}problems/{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    if isinstance(fault, GoneError):
        evidence = dict(fault.tombstone)
        evidence["tombstone"] = dict(fault.tombstone)
    said |= {name: value for name, value in evidence.items() if name not in said}
    body = json.dumps(said, ensure_ascii=False)
    return Response(body, status, content_type=PROBLEM_JSON)
