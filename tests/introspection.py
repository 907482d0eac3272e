"""A real HTTP server that tells about tokens as Sage's authorization service does, and breaks down.

It answers as recorded of waggle-auth-app (`POST /token_info/`, `GET /users/{name}`,
`GET /users/{name}/projects`) and, at `/legacy/token_info/`, as its predecessor sage-auth did.
"""

import json
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

USER, PASSWORD = "sage-catalog", "correct horse"
_LEGACY_SECONDS = 7_776_000


@dataclass
class Asked:
    """A request that came: its address, its body as a form, and its headers."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class SageAuth:
    """What the service knows, what it was asked, and how it breaks down.

    owners    the user of each token
    projects  of each user; as objects, or as names where `plain_projects` says so
    expires   seconds since 1970 for each token that ends; 0 for all others
    fault     name of the fault of every answer from now on; "" for none
    fault_at  part of the addresses that it is for
    """

    url: str = ""
    owners: dict[str, str] = field(default_factory=dict)
    projects: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    expires: dict[str, float] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    plain_projects: bool = False
    fault: str = ""
    fault_at: str = ""
    asked: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    meanwhile: Callable[[], object] | None = None
    """Called once while a token is being looked up, after that is done and before it is told."""

    @property
    def token_info(self) -> str:
        """Where tokens are asked about."""
        return f"{self.url}token_info/"

    def times_asked(self, about: str = "token_info") -> int:
        """Return how often it was asked for addresses with that in them."""
        return sum(about in one.path for one in self.asked)

    def give(self, token: str, user: str, *projects: str) -> str:
        """Make a token of a user who is in these projects."""
        self.owners[token] = user
        self.projects[user] = list(projects)
        self.ids.setdefault(user, f"00000000-0000-4000-8000-{len(self.ids):012d}")
        return token

    # -- what it answers

    def answer(self, method: str, asked: Asked) -> tuple[int, Any]:
        """Return status and JSON."""
        path = urlsplit(asked.path).path
        if not self._is_let_in(asked.headers.get("Authorization", "")):
            return 401, {"detail": "Authentication credentials were not provided."}
        if method == "POST" and path == "/token_info/":
            return self._token_info(asked.form)
        if method == "POST" and path == "/legacy/token_info/":
            return self._legacy(asked.form)
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if method == "GET" and parts[0] == "users" and parts[1] in self.ids:
            return 200, self._user(parts[1], parts[2:])
        return 404, {"detail": "Not found."}

    def _is_let_in(self, header: str) -> bool:
        basic = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return header in {f"Basic {basic}", f"Sage {PASSWORD}"}

    def _token_info(self, form: dict[str, str]) -> tuple[int, Any]:
        if not form:
            return 400, {"error": "missing token data"}
        token = form.get("token")
        if not token:
            return 400, {"error": "invalid token data"}
        if token not in self.owners:
            return 404, {"detail": "Not found."}
        said = {
            "active": token not in self.inactive,
            "scope": "default",
            "client_id": "some-client-id",
            "username": self.owners[token],
            "exp": self.expires.get(token, 0),
        }
        if self.meanwhile is not None:
            do, self.meanwhile = self.meanwhile, None
            do()
        return 200, said

    def _legacy(self, form: dict[str, str]) -> tuple[int, Any]:
        token = form.get("token", "")
        if token not in self.owners:
            return 410, {"error": "token not found"}
        expires = self.expires.get(token, time.time() + _LEGACY_SECONDS)
        if expires < time.time():
            return 404, {"error": "token expired"}
        said = {"active": True, "scope": "default", "client_id": "some-client-id"}
        return 200, said | {"username": self.owners[token], "exp": int(expires)}

    def _user(self, name: str, rest: list[str]) -> Any:
        if rest != ["projects"]:
            return {"id": self.ids[name], "username": name, "is_approved": True}
        names = self.projects.get(name, [])
        projects = names if self.plain_projects else [{"name": one} for one in names]
        return {"projects": projects, "vsns": [], "access": []}


_BODIES: dict[str, tuple[int, bytes]] = {
    "500": (500, b"<h1>Server Error (500)</h1>"),
    "502": (502, b"Bad Gateway"),
    "429": (429, b"{}"),
    "400": (400, b'{"error": "invalid token data"}'),
    "not let in": (401, b'{"detail": "Invalid token."}'),
    "forbidden": (403, b"{}"),
    "no content": (204, b""),
    "html": (200, b"<!DOCTYPE html><title>Sign in to the network</title>"),
    "nothing": (200, b""),
    "list": (200, b"[true]"),
    "null": (200, b"null"),
    "nested": (200, b"[" * 100_000),
    "no JSON": (200, b'{"active": tru'),
    "latin": (200, b'{"active": true, "username": "\xe9"}'),
    "active as text": (200, b'{"active": "true", "username": "ana"}'),
    "active as number": (200, b'{"active": 1, "username": "ana"}'),
    "no active": (200, b'{"username": "ana"}'),
    "active twice": (200, b'{"active": false, "username": "ana", "active": true}'),
    "no user": (200, b'{"active": true}'),
    "empty user": (200, b'{"active": true, "username": ""}'),
    "user as list": (200, b'{"active": true, "username": ["ana"]}'),
    "user with lines": (200, b'{"active": true, "username": "ana\\nadmin"}'),
    "user in blanks": (200, b'{"active": true, "username": " ana"}'),
    "long user": (200, b'{"active": true, "username": "' + b"a" * 300 + b'"}'),
    "exp as text": (200, b'{"active": true, "username": "ana", "exp": "0"}'),
    "exp as truth": (200, b'{"active": true, "username": "ana", "exp": true}'),
    "exp without end": (200, b'{"active": true, "username": "ana", "exp": 1e999}'),
    "exp is none": (200, b'{"active": true, "username": "ana", "exp": NaN}'),
    "exp before all": (200, b'{"active": true, "username": "ana", "exp": -1}'),
    "exp of many digits": (
        200,
        b'{"active": true, "username": "ana", "exp": ' + b"9" * 5000 + b"}",
    ),
}
FAULTS = (*_BODIES, "redirect", "hang", "cut", "slow", "slow head", "endless")
SLOW_FAULTS = ("hang", "slow", "slow head")
"""Those that take the whole time that an answer may take."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: SageAuth

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        said = parse_qs(self.rfile.read(length).decode())
        self._serve("POST", {name: values[0] for name, values in said.items()})

    def do_GET(self) -> None:
        self._serve("GET", {})

    def _serve(self, method: str, form: dict[str, str]) -> None:
        asked = Asked(self.path, form, dict(self.headers.items()))
        self.service.asked.append(asked)
        fault = self.service.fault if self.service.fault_at in self.path else ""
        if fault == "unsteady":  # answers, then closes a connection that it said it would keep
            self.close_connection = True
        elif fault:
            self._break_down(fault)
            return
        status, said = self.service.answer(method, asked)
        self._send(status, json.dumps(said, indent=4).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _break_down(self, fault: str) -> None:
        self.close_connection = True
        stopping = self.service.stopping
        if fault in _BODIES:
            self._send(*_BODIES[fault])
        elif fault == "redirect":
            self.send_response(302)
            self.send_header("Location", f"{self.service.url}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif fault == "hang":
            stopping.wait(30)
        elif fault == "cut":
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"active": true')
        elif fault in {"slow", "slow head"}:
            head = b"HTTP/1.1 200 OK\r\n"
            self.wfile.write(head + (b"\r\n" if fault == "slow" else b"X-Slow: "))
            while not stopping.wait(0.1):
                self.wfile.write(b" ")
        elif fault == "endless":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not stopping.is_set():
                self.wfile.write(b" " * 65_536)

    def log_message(self, *_: object) -> None:
        """Keep the output of tests clean."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of callers who lost patience."""


@contextmanager
def sage_auth() -> Iterator[SageAuth]:
    """Run the service on a port of its own until the block ends."""
    service = SageAuth()
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def nobody_listens() -> str:
    """Return an address of this machine at which nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/"
