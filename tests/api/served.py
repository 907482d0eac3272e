"""A catalog as `serve` starts it, on a free port, and what speaks to it byte by byte."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import urllib3

from tests.servers import free_ports

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Served:
    """A running catalog."""

    port: int
    data: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """The token that it left in its folder."""
        return (self.data / "token").read_text().strip()

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> "urllib3.BaseHTTPResponse":
        """Send a request as the administrator; header names are written with underscores."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        said.setdefault("Authorization", f"Bearer {self.token}")
        # A connection of its own: the server closes one whose body it refused to read, and a
        # request that follows on it would be lost.
        said.setdefault("Connection", "close")
        return urllib3.request(
            method, self.url + path, body=body, headers=said, retries=False, timeout=30.0
        )

    def draft(self, source: bytes) -> str:
        """Keep a draft; return its path."""
        answer = self.ask("POST", "/items", source, Content_Type="text/turtle")
        assert answer.status == 201, answer.data
        return f"/items/{answer.json()['id']}"

    def raw(self, head: str, body: bytes = b"", *, then: str = "wait") -> bytes:
        """Send bytes just so and return all that is answered.

        head  the request line and headers, a line each; Host and Authorization are added
        then  "wait" for the answer, "cut" the sending side first, or "reset" and expect nothing
        """
        with self.connected() as opened:
            opened.sendall(self.head(head) + body)
            if then == "cut":
                opened.shutdown(socket.SHUT_WR)
            if then == "reset":
                return b""
            return received(opened)

    def head(self, head: str) -> bytes:
        """Return a request line and headers as bytes, completed."""
        lines = [line.strip() for line in head.strip().splitlines()]
        if not any(line.lower().startswith("host:") for line in lines):
            lines.append(f"Host: 127.0.0.1:{self.port}")
        lines += [f"Authorization: Bearer {self.token}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode("utf-8")

    @contextmanager
    def connected(self, seconds: float = 10.0) -> Iterator[socket.socket]:
        """Open a connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as opened:
            yield opened

    def objects(self) -> list[Path]:
        """Return every file of its object store."""
        return sorted(path for path in (self.data / "objects").rglob("*") if path.is_file())


def received(opened: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    pieces = []
    try:
        while piece := opened.recv(65_536):
            pieces.append(piece)
    except (TimeoutError, ConnectionResetError):
        pass
    return b"".join(pieces)


def status_of(answer: bytes) -> int:
    """Return the status of the last answer in a stream of them, 0 where there is none."""
    lines = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return int(lines[-1].split()[1]) if lines else 0


def free_port() -> int:
    """Return a port that nobody listens on, nor on the one above it."""
    return free_ports(1)[0]


@contextmanager
def served(data: Path, **settings: str) -> Iterator[Served]:
    """Start a catalog without items, and stop it at the end."""
    port = free_port()
    running = Served(port, data, start(port, data, **settings))
    try:
        wait_until_ready(running)
        yield running
    finally:
        if running.process.poll() is None:
            children = psutil.Process(running.process.pid).children(recursive=True)
            running.process.send_signal(signal.SIGTERM)
            running.process.wait(timeout=30)
            _, alive = psutil.wait_procs(children, timeout=5)
            assert not alive


def start(port: int, data: Path, **settings: str) -> "subprocess.Popen[bytes]":
    """Start a catalog; return its process."""
    environment = {name: value for name, value in os.environ.items() if "SAGE_CATALOG" not in name}
    settings = {"reference_check_days": "0", **settings}  # it asks nobody outside by itself
    environment |= {f"SAGE_CATALOG_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "catalog.cli", "serve", "--no-samples"]
    with data.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--port", str(port), "--data", str(data)],
            env=environment | {"PATH": f"{BIN}:{os.environ['PATH']}"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_until_ready(running: Served, seconds: float = 60.0) -> None:
    """Wait until a catalog says that it is ready."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert running.process.poll() is None, log_of(running)
        try:
            answer = urllib3.request(
                "GET", f"{running.url}/health/ready", retries=False, timeout=2.0
            )
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
            continue
        if answer.status == 200:
            return
        time.sleep(0.05)
    raise AssertionError(log_of(running))


def log_of(running: Served) -> str:
    """Return what a catalog and its parts wrote."""
    return running.data.with_suffix(".log").read_text()


def problem_of(answer: bytes) -> dict[str, Any]:
    """Return the problem document of a raw answer."""
    said: dict[str, Any] = json.loads(answer.rpartition(b"\r\n\r\n")[2])
    return said
