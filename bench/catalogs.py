"""Running catalogs to measure: started as a user starts them, filled with copies of real items."""

import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from catalog.database import Database
from catalog.domain.identifiers import draw_id
from catalog.settings import from_environment
from catalog.tables import Citation, Item, Version

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Running:
    """A catalog that runs: its port, its data folder, and a token of an administrator."""

    port: int
    data: Path
    token: str
    process: "subprocess.Popen[bytes]"

    def get(self, path: str, accept: str = "application/json") -> bytes:
        """Return what the catalog answers."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Accept": accept}
        )
        with urllib.request.urlopen(asked) as answer:
            return bytes(answer.read())


def free_port() -> int:
    """Return a port that nobody listens on, nor on the one above it, which the registrar gets."""
    while True:
        port = random.randrange(10_000, 32_000, 2)
        try:
            for one in (port, port + 1):
                socket.create_server(("127.0.0.1", one)).close()
        except OSError:
            continue
        return port


_ALONE = {"SAGE_CATALOG_REFERENCE_CHECK_DAYS": "0"}
"""The settings by which a catalog asks nobody outside by itself."""


@contextmanager
def running(data: Path, *arguments: str) -> Iterator[Running]:
    """Run a catalog over `data` until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "catalog.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data", str(data), *arguments],
        cwd=ROOT,
        env={**_ALONE, **os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(port, process)
        yield Running(port, data, (data / "token").read_text().strip(), process)
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(port: int, process: "subprocess.Popen[bytes]", seconds: float = 180) -> None:
    """Wait until the catalog says that it is ready."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready") as answer:
                if json.load(answer)["ready"]:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the catalog did not become ready")


def fill(data: Path, count: int) -> None:
    """Add copies of the public items until there are `count`, each with an id and date of its own.

    Only the record is written: the next start builds the graph from it.
    """
    settings = from_environment(overrides={"data": data})
    database = Database(settings.database)
    with database.writing() as session:
        originals = session.execute(select(Version).where(Version.n == 1)).scalars().all()
        owner = session.scalars(select(Item.owner_id)).first()
        items, versions = [], []
        begun = datetime.now(UTC) - timedelta(days=365)
        for number in range(count - len(originals)):
            original = originals[number % len(originals)]
            item_id, at = draw_id(), begun + timedelta(minutes=number)
            items.append({"id": item_id, "owner_id": owner, "created": at, "newest": 1})
            row = {
                column.name: getattr(original, column.name) for column in Version.__table__.columns
            }
            for name in ("ntriples", "filled_in"):
                row[name] = row[name].replace(original.item_id, item_id)
            row |= {"item_id": item_id, "modified": at, "published": at, "created": at}
            row["title"] = f"{original.title} ({number})"
            versions.append(row)
        session.execute(insert(Item), items)
        session.execute(insert(Version), versions)
        session.execute(Citation.__table__.delete())
    database.close()
