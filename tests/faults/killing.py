"""A server that can be killed part by part, and people who write down what it promised them."""

import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from tests.catalogs import description
from tests.servers import free_ports

READY_SECONDS = 60.0
_NO_OTHER_THAN_THESE = {200, 201, 204, 404, 409, 410, 412, 429, 503}


@dataclass(frozen=True)
class Answer:
    """What came back whole; a request whose answer never came has none."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Server:
    """`sage-catalog serve` on a data folder, started again after it was killed."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data = data
        self.port = free_port()
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "catalog.cli", "serve", "--no-samples"]
        command += ["--data", str(self.data), "--port", str(self.port)]
        small = {f"SAGE_CATALOG_{name}_WORKERS": "1" for name in ("WEB", "JUDGE", "QUERY")}
        small["SAGE_CATALOG_REFERENCE_CHECK_DAYS"] = "0"  # it asks nobody outside by itself
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**os.environ, **small}, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until_ready()

    @property
    def has_ended(self) -> bool:
        """Whether the parent of all parts is gone."""
        return self._process is None or self._process.poll() is not None

    @property
    def token(self) -> str:
        """The administrator's token."""
        return (self.data / "token").read_text().strip()

    def wait_until_ready(self) -> None:
        """Wait until it says so."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            answer = ask(self.port, "GET", "/health/ready")
            if answer is not None and answer.status == 200:
                return
            assert not self.has_ended, self._log.read_text()[-2000:]
            time.sleep(0.05)
        raise AssertionError(f"not ready in time: {self._log.read_text()[-2000:]}")

    def parts(self, name: str) -> list[psutil.Process]:
        """Return the running processes of a part: server, web, relay or query."""
        if self._process is None or self.has_ended:
            return []
        if name == "server":
            return [psutil.Process(self._process.pid)]
        found = psutil.Process(self._process.pid).children(recursive=True)
        return [process for process in found if _is(name, process)]

    def kill(self, name: str, chance: random.Random) -> bool:
        """Kill one process of a part; tell whether there was one.

        With the server all its parts have to end by themselves.
        """
        found = self.parts(name)
        if not found:
            return False
        everybody = [] if name != "server" else found[0].children(recursive=True)
        chance.choice(found).send_signal(signal.SIGKILL)
        if name == "server":
            assert self._process is not None
            self._process.wait(10)
            _, alive = psutil.wait_procs(everybody, timeout=10)
            assert not alive, f"outlived the server: {alive}"
        return True

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._process is None or self.has_ended:
            return
        everybody = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        _, alive = psutil.wait_procs(everybody, timeout=5)
        assert not alive, f"outlived the server: {alive}"


def _is(name: str, process: psutil.Process) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    if name == "query":
        return "catalog.jail.worker" in line and '"kind": "query"' in line
    return {"relay": "catalog.cli relay", "web": "granian"}[name] in line


def free_port() -> int:
    """Return a port that nobody listens on, nor on the one above it."""
    return free_ports(1)[0]


def ask(
    port: int, method: str, path: str, body: bytes | None = None, **headers: str
) -> Answer | None:
    """Send a request on a connection of its own; None where no whole answer came back."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@dataclass
class Promise:
    """One item as its owner knows it.

    titles      what its title may be: one, or two after a change that was never answered
    state       draft, published or withdrawn; as acknowledged
    maybe       the state that a request asked for which was never answered
    files       SHA-256 of each file that was acknowledged
    """

    first_title: str
    id: str | None = None
    titles: set[str] = field(default_factory=set)
    state: str | None = None
    maybe: str | None = None
    files: dict[str, str] = field(default_factory=dict)

    @property
    def states(self) -> set[str]:
        """What its state may be."""
        return {state for state in (self.state, self.maybe) if state}


class Person(threading.Thread):
    """Somebody at work until `stop` is set, with a journal of what was acknowledged.

    surprises  answers that no kill excuses
    """

    def __init__(
        self, number: int, server: Server, journal: Path, stop: threading.Event, seed: int
    ) -> None:
        super().__init__(name=f"person-{number}")
        self.promises: list[Promise] = []
        self.surprises: list[str] = []
        self.answered = 0
        self.unanswered = 0
        self._number = number
        self._server = server
        self._journal = journal.open("a")
        self._stop_asked = stop
        self._chance = random.Random(seed)
        self._token = server.token

    def run(self) -> None:
        """Do one thing after another."""
        while not self._stop_asked.is_set():
            try:
                self._something()
            except AssertionError as fault:
                self.surprises.append(str(fault))
        self._journal.close()

    def _something(self) -> None:
        mine = [promise for promise in self.promises if promise.state in {"draft", "published"}]
        wish = self._chance.random()
        if not mine or wish < 0.45:
            self._submit(published=self._chance.random() < 0.6)
            return
        promise = self._chance.choice(mine[-12:])
        if promise.state == "draft":
            (self._upload if wish < 0.6 else self._publish)(promise)
        else:
            (self._withdraw if wish > 0.85 else self._revise)(promise)

    def _submit(self, *, published: bool) -> None:
        """Submit until it is acknowledged, or give up at the first silence, one time in five."""
        promise = Promise(f"Item {self._number}-{len(self.promises)}")
        promise.titles = {promise.first_title}
        promise.maybe = "published" if published else "draft"
        self.promises.append(promise)
        self._write_down("asked", promise)
        gives_up = self._chance.random() < 0.2
        once = uuid.uuid4().hex
        for answer in self._until(gives_up=gives_up):
            answer(
                "POST",
                "/items?publish=true" if published else "/items",
                description(promise.first_title),
                Content_Type="text/turtle",
                Idempotency_Key=once,
            )
            if answer.got and answer.got.status == 201:
                said = answer.got.said
                promise.id, promise.state, promise.maybe = said["id"], said["state"], None
                self._write_down("kept", promise)
                if said["indexed"] and published:
                    self._check_seen(promise, expected=True)
                return

    def _upload(self, promise: Promise) -> None:
        content = self._chance.randbytes(self._chance.randrange(1, 50_000))
        for answer in self._until():
            answer(
                "PUT",
                f"/items/{promise.id}/files/data.bin",
                content,
                Content_Type="application/octet-stream",
            )
            if answer.got and answer.got.status in {200, 201}:
                promise.files["data.bin"] = hashlib.sha256(content).hexdigest()
                self._write_down("uploaded", promise)
                return

    def _publish(self, promise: Promise) -> None:
        promise.maybe = "published"
        for answer in self._until():
            answer("POST", f"/items/{promise.id}/publication", b"{}", If_Match="*")
            if answer.got and answer.got.status in {200, 409}:  # 409: an earlier try arrived
                promise.state, promise.maybe = "published", None
                self._write_down("published", promise)
                return

    def _revise(self, promise: Promise) -> None:
        read = self._ask("GET", f"/items/{promise.id}")
        if read is None or read.status != 200:
            return
        assert read.said["title"] in promise.titles, (read.said["title"], promise)
        title = f"{promise.first_title} as of {time.monotonic_ns()}"
        promise.titles = {read.said["title"], title}
        tag = read.headers["etag"]
        answer = self._ask(
            "PUT",
            f"/items/{promise.id}",
            description(title),
            Content_Type="text/turtle",
            If_Match=tag,
        )
        if answer and answer.status == 200:
            promise.titles = {title}
            self._write_down("revised", promise)
            if answer.said["indexed"]:
                self._check_seen(promise, expected=True)

    def _withdraw(self, promise: Promise) -> None:
        promise.maybe = "withdrawn"
        for answer in self._until():
            body = json.dumps({"reason": "a test"}).encode()
            answer("POST", f"/items/{promise.id}/withdrawal", body, If_Match="*")
            if answer.got and answer.got.status in {200, 410}:  # 410: an earlier try arrived
                promise.state, promise.maybe = "withdrawn", None
                self._write_down("withdrawn", promise)
                self._check_seen(promise, expected=False)
                return

    def _check_seen(self, promise: Promise, *, expected: bool) -> None:
        """Ask by SPARQL, which may be silent or closed, but not wrong."""
        answer = query(self._server.port, _asking(promise))
        if answer is not None and answer.status == 200:
            assert answer.said["boolean"] is expected, f"{promise} is seen: {not expected}"

    def _until(self, *, gives_up: bool = False) -> Iterator["_Try"]:
        """Offer another try until it is not wanted any more, or everything ends."""
        while not self._stop_asked.is_set():
            one = _Try(self._ask)
            yield one
            if gives_up and one.got is None:
                return
            self._stop_asked.wait(0.1)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> Answer | None:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"} | headers
        if body is not None:
            headers.setdefault("Content_Type", "application/json")
        answer = ask(self._server.port, method, path, body, **headers)
        if answer is None:
            self.unanswered += 1
        else:
            self.answered += 1
            if answer.status not in _NO_OTHER_THAN_THESE:
                self.surprises.append(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def _write_down(self, what: str, promise: Promise) -> None:
        line = {"what": what, "id": promise.id, "titles": sorted(promise.titles)}
        self._journal.write(json.dumps(line | {"files": promise.files}) + "\n")
        self._journal.flush()
        os.fsync(self._journal.fileno())


class _Try:
    """One try of a request that may have to be repeated; `got` is its answer, if one came."""

    def __init__(self, send: Callable[..., Answer | None]) -> None:
        self._send = send
        self.got: Answer | None = None

    def __call__(self, method: str, path: str, body: bytes, **headers: str) -> None:
        self.got = self._send(method, path, body, **headers)


def query(port: int, text: str) -> Answer | None:
    """Ask by SPARQL."""
    return ask(
        port,
        "POST",
        "/sparql",
        urlencode({"query": text}).encode(),
        Content_Type="application/x-www-form-urlencoded",
        Accept="application/sparql-results+json",
    )


def _asking(promise: Promise) -> str:
    titles = " ".join(f'"{title}"@en' for title in promise.titles)
    return (
        f"ASK {{ VALUES ?title {{ {titles} }} GRAPH ?item {{ "
        "?item <http://purl.org/dc/terms/title> ?title } }"
    )
