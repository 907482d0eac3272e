"""The parts that `serve` runs as children: started, watched, started again, and ended."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import catalog
from catalog.domain.errors import CatalogError
from catalog.processes import Popen, clear_away, has_ended, start_child
from catalog.settings import Settings, as_environment

_CALM_SECONDS = 3.0
_LONGEST_PAUSE_SECONDS = 2.0
_PROBE_SECONDS = 2.0
_PACKAGES = Path(catalog.__file__).parent.parent


class Part:
    """One child, which is started again whenever it ends by itself.

    start  starts it; may raise CatalogError or OSError where it cannot be started
    """

    def __init__(self, name: str, start: Callable[[], Popen]) -> None:
        self.name = name
        self.failures = 0
        self._start = start
        self._child: Popen | None = None
        self._began = 0.0
        self._not_before = 0.0

    @property
    def children(self) -> tuple[Popen, ...]:
        """The process, if there is one."""
        return (self._child,) if self._child is not None else ()

    def keep_up(self) -> str | None:
        """Start it unless it runs; say in a sentence what went wrong, if anything did.

        One that keeps failing is started at longer and longer intervals.
        """
        said = None
        now = time.monotonic()
        if self._child is not None:
            if not has_ended(self._child):
                return None
            # What it started has to go first: workers of a killed web server hold its port.
            said = f"{self.name} ended with {clear_away(self._child)}."
            self._child = None
            self._failed(now)
        if now < self._not_before:
            return said
        try:
            self.start()
        except (CatalogError, OSError) as fault:
            said = f"{self.name} cannot be started: {fault}"
            self._failed(now)
        return said

    def start(self) -> None:
        """Start it, or raise what keeps it from starting."""
        try:
            self._child = self._start()
        finally:
            self._began = time.monotonic()

    def _failed(self, now: float) -> None:
        lasted = now - self._began
        self.failures = 1 if lasted > _CALM_SECONDS else self.failures + 1
        pause = 0.0 if self.failures == 1 else 0.2 * 2.0 ** min(self.failures, 6)
        self._not_before = now + min(pause, _LONGEST_PAUSE_SECONDS)


def relay(settings: Settings) -> Part:
    """Return the part that brings the projections up to date."""
    command = [sys.executable, "-m", "catalog.cli", "relay"]
    return Part("relay", lambda: _started(command, settings))


def sandbox(settings: Settings) -> Part | None:
    """Return the part that registers DOIs for trying out; None where somebody else does."""
    if settings.sandbox_port is None:
        return None
    account, password = settings.registrar_account
    command = [
        sys.executable, "-m", "catalog.cli", "sandbox",
        "--port", str(settings.sandbox_port),
        "--host", number_of(settings.host),
        "--data", str(settings.data / "sandbox"),
        "--repository", f"{account}:{password}:{settings.doi_prefix}",
        # As JSON it says where it is on standard output alone, which nobody needs to see here.
        "--json",
    ]  # fmt: skip
    return Part("registrar", lambda: _started(command, settings, stdout=subprocess.DEVNULL))


def web(settings: Settings) -> Part:
    """Return the part that answers requests."""
    command = [
        sys.executable, "-m", "granian",
        "--interface", "wsgi",
        "--host", number_of(settings.host),
        "--port", str(settings.port),
        "--workers", str(settings.web_workers),
        "--blocking-threads", str(settings.web_threads),
        "--backpressure", str(8 * settings.web_threads),
        "--no-ws",
        "--respawn-failed-workers",
        "--respawn-interval", "0.5",
        "--workers-kill-timeout", "5",
        # Its only warning is that there are many threads; they mostly wait.
        "--log-level", "error",
        "api.wsgi:app",
    ]  # fmt: skip
    return Part("web", lambda: _started(command, settings))


def number_of(host: str) -> str:
    """Return the IP address of a host, which granian wants; raises OSError where it has none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return str(socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)[0][4][0])


def _started(command: Sequence[str], settings: Settings, stdout: int | None = None) -> Popen:
    """Start a part of the same release as this process, wherever that was started from.

    stdout  where it prints; standard error by default: standard output is the command's result
    """
    environment = {**os.environ, **as_environment(settings), "PYTHONPATH": _search_path()}
    # Python and granian look for modules in the current folder first, which is anybody's.
    printed = sys.stderr.fileno() if stdout is None else stdout
    return start_child(command, env=environment, cwd=_PACKAGES, stdout=printed)


def _search_path() -> str:
    return os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))


def readiness(settings: Settings) -> tuple[bool, str]:
    """Return whether the catalog is ready, and if not, what it waits for."""
    host, _, port = settings.address.rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready", headers={"Host": "127.0.0.1"})
        answer = connection.getresponse()
        said: dict[str, Any] = json.loads(answer.read())
        waits = ", ".join(name for name, done in said.get("checks", {}).items() if not done)
    except (OSError, http.client.HTTPException, ValueError):
        return False, "the web server"
    else:
        return answer.status == 200, waits
    finally:
        connection.close()
