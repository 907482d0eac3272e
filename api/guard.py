"""What holds for every request and every answer, whatever the route: limits in, headers out."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from api.context import SAFE_METHODS, has_credentials, parts
from catalog.domain.errors import LengthRequired, MisdirectedHost, Unreadable

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FILE_POLICY = "sandbox; default-src 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-site",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ALLOWED_IN_QUERY = {"query"}


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WholeBodies:
    """WSGI middleware: a body that is cut short is an error, never a shorter body.

    The server promises that reading ends with the body, and then ends it at a disconnect as well.
    Without that promise Werkzeug counts, and raises ClientDisconnected.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        environ.pop("wsgi.input_terminated", None)
        return self._application(environ, start)


def guard(app: Flask) -> None:
    """Put the guard before and after every route."""
    app.before_request(_check_request)
    app.after_request(_finish)


def _check_request() -> None:
    _check_host()
    if request.method not in SAFE_METHODS and _length_unknown():
        raise LengthRequired("Send Content-Length; chunked bodies are not taken.")
    for name, value in request.args.items(multi=True):
        if name not in _ALLOWED_IN_QUERY and (_CONTROL.search(name) or _CONTROL.search(value)):
            raise Unreadable(f"The parameter {name!r} holds control characters.")
        if len(value) > 20_000:
            raise Unreadable(f"The parameter {name!r} is too long.")
    if {"access_token", "token"} & set(request.args):
        raise Unreadable("Tokens are not taken in addresses, which are logged; use a header.")


def _check_host() -> None:
    settings = parts().settings
    known = {"127.0.0.1", "localhost", "[::1]", urlsplit(settings.base).hostname or ""}
    known.update(name.strip() for name in settings.trusted_hosts.split(","))
    host = request.headers.get("Host", "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name.lower() not in known and settings.host not in {"0.0.0.0", "::"}:  # noqa: S104
        raise MisdirectedHost("This catalog does not answer for that host name.")


def _length_unknown() -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower() or (
        "Content-Length" not in request.headers
        and request.method in {"PUT", "POST", "PATCH"}
        and request.environ.get("wsgi.input") is not None
        and request.headers.get("Content-Type") is not None
    )


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    if parts().settings.base.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.vary.update(("Accept", "Authorization", "Cookie"))
    if has_credentials() or response.status_code >= 400:
        response.headers["Cache-Control"] = "private, no-store"
    elif request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache")
    if request.method in SAFE_METHODS and not has_credentials():
        response.headers.setdefault("Access-Control-Allow-Origin", "*")
    return response
