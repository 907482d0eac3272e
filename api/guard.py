"""What holds for every request and every answer, whatever the route: limits in, headers out."""

import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO
from urllib.parse import quote, unquote_to_bytes, urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response as AnyResponse

from api.context import LINK_HEADER, SAFE_METHODS, actor, has_credentials, parts, root
from api.storage_v1_answers import cleaned, is_storage_v1
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
_MAY_SPAN_LINES = frozenset({"query"})
_LONGEST_PARAMETER = 20_000
_IN_PATH = "/:@!$&'()*+,;=~"

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


class WholeBody:
    """A long body on its way in, for which the same holds.

    Werkzeug's stream copies each chunk twice more, which costs half as much as hashing it.
    """

    def __init__(self, source: BinaryIO, size_bytes: int) -> None:
        self._source = source
        self._left = size_bytes

    def read(self, most: int = -1) -> bytes:
        """Return the next bytes, at most that many, and none at the end.

        Raises ClientDisconnected where nothing more comes although more was announced.
        """
        wanted = self._left if most < 0 else min(most, self._left)
        if not wanted:
            return b""
        try:
            chunk = self._source.read(wanted)
        except (OSError, ValueError):
            raise ClientDisconnected from None
        if not chunk:
            raise ClientDisconnected
        self._left -= len(chunk)
        return chunk


def guard(app: Flask) -> None:
    """Put the guard before and after every route."""
    app.before_request(_check_request)
    app.before_request(_cleaned)
    app.before_request(_without_last_slash)
    app.before_request(_check_token)
    app.after_request(_finish)


def _check_request() -> None:
    _check_host()
    if request.method not in SAFE_METHODS and not _is_storage_v1() and _length_unknown():
        raise LengthRequired("Send Content-Length; chunked bodies are not taken.")
    _check_address()


def _check_address() -> None:
    """Refuse an address that is no text, and parameters that nobody means."""
    path = request.environ["PATH_INFO"].encode("latin-1", "replace")
    try:
        path.decode()
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise Unreadable("The address is not UTF-8.") from None
    if _CONTROL.search(request.path):
        raise Unreadable("The address holds control characters.")
    for name, value in request.args.items(multi=True):
        if name not in _MAY_SPAN_LINES and (_CONTROL.search(name) or _CONTROL.search(value)):
            raise Unreadable(f"The parameter {name!r} holds control characters.")
        if len(value) > _LONGEST_PARAMETER:
            raise Unreadable(f"The parameter {name!r} is too long.")
    if {"access_token", "token"} & set(request.args):
        raise Unreadable("Tokens are not taken in addresses, which are logged; use a header.")


def _check_host() -> None:
    """Refuse names that are not ours, by which another site could have itself taken for us."""
    settings = parts().settings
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - told to answer for every name
        return
    known = {"127.0.0.1", "localhost", "[::1]", urlsplit(settings.base).hostname or ""}
    known.update(name.strip().lower() for name in settings.trusted_hosts.split(","))
    known.discard("")
    host = request.headers.get("Host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name.lower() not in known:
        raise MisdirectedHost("This catalog does not answer for that host name.")


def _length_unknown() -> bool:
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return True
    return "Content-Length" not in request.headers and "Content-Type" in request.headers


def _is_storage_v1() -> bool:
    """Tell whether this is for Sage's storage API, in whose bodies a cut is seen by itself."""
    return is_storage_v1(request.path)


def _cleaned() -> AnyResponse | None:
    """Send who asks Sage's storage API by way of `..` or `//` the direct way, as it does itself."""
    if not _is_storage_v1():
        return None
    path = cleaned(request.path)
    if path == request.path:
        return None
    target = root() + quote(path.lstrip("/"), safe="/:@$&+,;=")
    asked = request.query_string.decode("latin-1")
    return Response("", 301, {"Location": f"{target}?{asked}" if asked else target})


def _without_last_slash() -> AnyResponse | None:
    """Send who asks with a slash at the end to the address without it."""
    path = request.path
    if _is_storage_v1():
        return None
    if not path.endswith("/") or not path.strip("/") or "\\" in path:
        return None
    # Slashes at the beginning go as well: "//name" would be the address of another site, and
    # browsers take backslashes for slashes.
    target = root() + quote(path.strip("/"), safe=_IN_PATH)
    asked = request.query_string.decode("latin-1")
    return redirect(f"{target}?{asked}" if asked else target, 308)


def _check_token() -> None:
    """Refuse a bad token on every route, also where none is needed.

    Sage's storage API has rules of its own for that, and applies them itself.
    """
    if "Authorization" in request.headers and not _is_storage_v1():
        actor()


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    if parts().settings.base.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.vary.update(("Accept", "Authorization", "Cookie", LINK_HEADER))
    if response.mimetype == "text/html":
        response.vary.add("Accept-Language")
    if has_credentials() or response.status_code >= 400 or "Set-Cookie" in response.headers:
        response.headers["Cache-Control"] = "private, no-store"
    elif request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache")
    if not has_credentials() and (request.method in SAFE_METHODS or _is_query()):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Content-Location"
    if request.method == "OPTIONS" and _is_query():
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
    return response


def _is_query() -> bool:
    """Tell whether this is for SPARQL, which pages of other sites may ask without credentials."""
    return request.path == "/sparql"
