"""A whole catalog with the real samples, as one command starts it, and a browser that reads it."""

import json
import shutil
import signal
import socket
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


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("served") / "data"
    port = _free_port()
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
