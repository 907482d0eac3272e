"""How Sage's storage API answers: JSON as Go writes it, errors as one sentence, and its statuses.

Clients of it take every status but 200 for a failure and print what stands under "error".
"""

import json
import posixpath
from typing import Any, Final

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException

from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    LengthRequired,
    MisdirectedHost,
    NotAcceptable,
    RangeNotSatisfiable,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
    WrongState,
)

API: Final = "/api/v1"
OBJECTS: Final = f"{API}/objects"
DATA: Final = f"{API}/data/"
UNKNOWN: Final = "resource unknown"

_STATUSES: Final[tuple[tuple[type[CatalogError], int], ...]] = (
    (RangeNotSatisfiable, 416),
    (TooMany, 429),
    (LengthRequired, 411),
    (MisdirectedHost, 421),
    (Unauthenticated, 401),
    (Forbidden, 401),
    (WrongState, 400),
    (NotAcceptable, 400),
    (Unreadable, 400),
)
"""By kind of error; whatever is not among them is 500."""

_ESCAPED: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


class Refused(Exception):
    """A request is answered with a status and a sentence just as they were recorded."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def is_storage_v1(path: str) -> bool:
    """Tell whether an address is one of Sage's storage API or of its blobs."""
    return path == API or path.startswith(f"{API}/")


def cleaned(path: str) -> str:
    """Return a path without empty segments, `.` and `..`; a slash at its end stays.

    >>> cleaned("/api/v1//objects/x/../y/.")
    '/api/v1/objects/y'
    """
    clean = posixpath.normpath(f"/{path.lstrip('/')}")
    return f"{clean}/" if path.endswith("/") and clean != "/" else clean


def go_json(said: Any) -> str:
    """Return JSON as Go's `MarshalIndent` writes it: two spaces, signs of HTML escaped."""
    text = json.dumps(said, ensure_ascii=False, indent=2)
    return text.translate(_ESCAPED).encode("utf-8", "replace").decode()


def answer(said: Any, status: int = 200) -> Response:
    """Return an answer in JSON, without a newline at its end."""
    return Response(go_json(said), status, content_type="application/json")


def plain(text: str, status: int = 200) -> Response:
    """Return an answer in words."""
    return Response(text, status, content_type="text/plain; charset=utf-8")


def refused(fault: Refused) -> Response:
    """Return the answer to a request that is refused."""
    return error(fault.status, fault.sentence)


def error(status: int, sentence: str) -> Response:
    """Return an answer that says what is wrong; that about blobs ends in a newline."""
    response = answer({"error": sentence}, status)
    if request.path.startswith(DATA):
        response.set_data(response.get_data() + b"\n")
        response.headers["Access-Control-Allow-Origin"] = "*"
        if status == 401:
            response.headers["WWW-Authenticate"] = "Basic domain=storage.sagecontinuum.org"
    return response


def no_route(fault: HTTPException) -> Response:
    """Return the answer to what the framework refuses: an address or method that is unknown."""
    if isinstance(fault, ClientDisconnected):
        return error(500, "Upload to S3 backend failed: unexpected EOF")
    if request.path.startswith(DATA) and fault.code == 405:
        return plain("Method Not Allowed\n", 405)
    if fault.code in {404, 405}:
        return error(500, UNKNOWN)
    return error(fault.code or 500, fault.description or UNKNOWN)


def failure(fault: CatalogError) -> Response:
    """Return the answer for an error of the catalog's own tree."""
    status = next((number for kind, number in _STATUSES if isinstance(fault, kind)), 500)
    response = error(status, fault.detail)
    if isinstance(fault, Unavailable | TooMany):
        response.headers["Retry-After"] = str(fault.retry_after)
    if isinstance(fault, RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{fault.size_bytes}"
    return response
