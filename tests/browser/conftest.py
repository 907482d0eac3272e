"""A whole catalog with the real samples, as one command starts it, and a browser that reads it."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, sync_playwright

from catalog.client import Client
from tests.servers import free_ports

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_READY_SECONDS = 90


@dataclass(frozen=True)
class Running:
    """A catalog that answers at `base`, without a slash, and the token of its administrator."""

    base: str
    token: str

    def json(self, path: str) -> Any:
        """Return what an address answers to a program."""
        with urlopen(self.base + path, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("served") / "data"
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "catalog.cli", "serve", "--port", str(port)]
    with (data.parent / "log").open("wb") as log:
        served = subprocess.Popen(
            [*command, "--data", str(data)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_until_ready(base, served, data.parent / "log")
            yield Running(base, (data / "token").read_text().strip())
        finally:
            served.send_signal(signal.SIGINT)
            served.wait(20)


@pytest.fixture(scope="session")
def rich(catalog: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of an item with a place, neighbours, and files that can be looked at."""
    client = Client(catalog.base, catalog.token)
    cited = catalog.json("/items?type=model")["items"][0]["id"]
    said = _RICH.read_text()
    item = client.submit(re.sub(r"<[0-9a-z]{10}>", f"<{cited}>", said).encode())
    folder = tmp_path_factory.mktemp("files")
    for name, content in _FILES.items():
        (folder / name).write_bytes(content)
        client.upload(item.id, name, folder / name)
    client.publish(client.item(item.id))
    return f"/items/{item.id}"


_RICH = Path(__file__).parents[1] / "shapes" / "valid" / "common-rich.ttl"
_FILES = {
    "observations.csv": b"time,value,remark\n" + b"2022-01-01T00:00:00Z,17.5,dry and calm\n" * 30,
    "config.json": b'{"name":"clouds","inputs":[{"id":"stream"},{"id":"interval"}]}',
    "pixel.gif": b"GIF89a\x02\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00"
    b"\x02\x00\x01\x00\x00\x02\x02\x04\x0a\x00;",
}


def _wait_until_ready(base: str, served: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if served.poll() is not None:
            break
        try:
            with urlopen(f"{base}/health/ready", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"The catalog is not ready: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if _CHROMIUM is None:
        pytest.skip("There is no Chromium on this machine.")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=_CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()
