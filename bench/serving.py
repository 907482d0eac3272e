"""How many requests a second a running catalog answers, beside what its parts could do alone."""

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import load
from bench.catalogs import Running, free_port
from bench.table import Figure
from bench.validation import example, sample

_SECONDS = 8.0
_TURTLE = {"Content-Type": "text/turtle"}


def validation(catalog: Running, peer: float) -> list[Figure]:
    """Measure `POST /validate` from one client and from eight, beside pyshacl alone."""
    asked = [load.request("POST", "/validate", headers=_TURTLE, body=example())]
    lines = []
    for clients, wanted in ((1, 500), (8, 900)):
        run = load.run(catalog.port, asked, clients=clients, seconds=_SECONDS, status=b"200")
        lines.append(
            Figure(
                f"POST /validate, {clients} client{'s' if clients > 1 else ''}",
                run.per_second,
                "items/s",
                "pyshacl in process",
                peer,
                f"at least {wanted} items/s",
                run.per_second >= wanted and not run.bad,
            )
        )
    return lines


def submission(catalog: Running, folder: Path) -> list[Figure]:
    """Measure `POST /items` from eight clients, beside bare synced commits of one SQLite file."""
    headers = {**_TURTLE, "Authorization": f"Bearer {catalog.token}"}
    asked = [load.request("POST", "/items", headers=headers, body=sample())]
    run = load.run(catalog.port, asked, clients=8, seconds=_SECONDS, status=b"201")
    return [
        Figure(
            "POST /items, 8 clients, durable",
            run.per_second,
            "items/s",
            "bare commits",
            _commits_per_second(folder),
            "at least 100 items/s",
            run.per_second >= 100 and not run.bad,
        )
    ]


def _commits_per_second(folder: Path) -> float:
    database = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE line (text TEXT)")
    text = sample().decode()
    began, done = time.monotonic(), 0
    while time.monotonic() - began < 2:
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO line VALUES (?)", (text,))
        database.execute("COMMIT")
        done += 1
    database.close()
    return done / (time.monotonic() - began)


def landing_pages(catalog: Running) -> list[Figure]:
    """Measure pages of public items, all of them in turn, beside a trivial page of the server."""
    found = json.loads(catalog.get("/items?limit=50"))["items"]
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    asked = [load.request("GET", f"/items/{item['id']}", headers=headers) for item in found]
    load.run(catalog.port, asked, clients=4, seconds=2.0, status=b"200")
    run = load.run(catalog.port, asked, clients=8, seconds=_SECONDS, status=b"200")
    with trivial_server() as port:
        peer = load.run(
            port, [load.request("GET", "/")], clients=8, seconds=_SECONDS, status=b"200"
        )
    return [
        Figure(
            "landing pages, 8 clients",
            run.per_second,
            "pages/s",
            "trivial Flask route",
            peer.per_second,
            "at least 1,000 pages/s",
            run.per_second >= 1000 and not run.bad,
        )
    ]


@contextmanager
def trivial_server() -> Iterator[int]:
    """Run the peer: Flask under the same web server, with the same workers and threads."""
    port = free_port()
    granian = Path(sys.executable).parent / "granian"
    process = subprocess.Popen(
        [
            granian, "--interface", "wsgi", "--workers", "2", "--blocking-threads", "64",
            "--no-ws", "--log-level", "error", "--port", str(port), "bench.peer:app",
        ],
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the peer did not start")
