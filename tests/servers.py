"""The real servers that tests talk to: each is started once, on free ports, in a folder of its own.

A server that this machine does not have skips the test with the reason; with CI=true in the
environment that is a failure. `make servers` gets what a machine can have.
"""

import os
import random
import shutil
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, Protocol

import pytest

from catalog.adapters import weed as seaweed
from catalog.adapters.objects_s3 import S3Objects
from catalog.domain.errors import Unavailable
from catalog.processes import Popen, start_child, stop_children

ROOT = Path(__file__).parent.parent
_HOST = "127.0.0.1"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def absent(server: str) -> NoReturn:
    """Skip the test for want of a server, or fail it where that may not be."""
    reason = f"{server} is not on this machine; `make servers` says how to get it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class S3Server(Protocol):
    """A real S3 server that a test may stop, freeze and kill."""

    process: Popen
    endpoint: str
    access_key: str

    def objects(self, bucket: str, *, single_put_bytes: int | None = None) -> S3Objects:
        """Return an object store in one of its buckets."""

    def start(self) -> None:
        """Start it over the folder that it had."""


def kill(server: S3Server) -> None:
    """End `server` as a crash would, and wait until it is gone."""
    server.process.kill()
    server.process.wait()


def freeze(server: S3Server) -> None:
    """Have `server` hold its connections and answer nothing."""
    server.process.send_signal(signal.SIGSTOP)


def thaw(server: S3Server) -> None:
    """Let `server` go on."""
    server.process.send_signal(signal.SIGCONT)


class WeedServer:
    """SeaweedFS, as `serve --with-s3` runs it."""

    def __init__(self, folder: Path) -> None:
        if seaweed.program() is None:
            absent("weed")
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.weed = seaweed.start_weed(
            self.folder, bucket="sage-tests", allowed_origin="http://127.0.0.1:8000/"
        )
        self.process = self.weed.process
        self.endpoint = self.weed.endpoint
        self.access_key = self.weed.access_key

    def objects(self, bucket: str, *, single_put_bytes: int | None = None) -> S3Objects:
        return self.weed.objects(bucket)

    def stop(self) -> None:
        self.weed.stop()


class MinioServer:
    """MinIO over one folder."""

    access_key = "sage-tests"

    def __init__(self, folder: Path) -> None:
        program = ROOT / ".servers" / "minio"
        found = str(program) if program.exists() else shutil.which("minio")
        if found is None:
            absent("minio")
        self.program = found
        self.folder = folder
        self.secret_key = uuid.uuid4().hex
        self.endpoint, self.console = (f"{_HOST}:{port}" for port in free_ports(2))
        self.start()

    def start(self) -> None:
        keys = {"MINIO_ROOT_USER": self.access_key, "MINIO_ROOT_PASSWORD": self.secret_key}
        addresses = (f"--address={self.endpoint}", f"--console-address={self.console}")
        with (self.folder / "minio.log").open("ab") as log:
            self.process = start_child(
                [self.program, "server", "--quiet", *addresses, self.folder / "data"],
                signal=signal.SIGKILL,
                env=os.environ | keys,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                next(self.objects("sage-tests").listing(), None)
            except Unavailable:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def objects(self, bucket: str, *, single_put_bytes: int | None = None) -> S3Objects:
        keys = (self.access_key, self.secret_key)
        if single_put_bytes is None:
            return S3Objects(self.endpoint, *keys, bucket=bucket)
        return S3Objects(self.endpoint, *keys, bucket=bucket, single_put_bytes=single_put_bytes)

    def stop(self) -> None:
        stop_children([self.process])


def free_ports(count: int) -> list[int]:
    """Return the numbers of `count` ports on which nobody listens, nor on the one above each.

    A catalog needs two. None is of those that the system gives to connections by itself, which
    might be one of them a moment later.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(10_000, 32_000, 2)
        if _is_free(port) and _is_free(port + 1):
            found.add(port)
    return list(found)


def _is_free(port: int) -> bool:
    try:
        socket.create_server((_HOST, port)).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeedServer]:
    """SeaweedFS, running for the session."""
    server = WeedServer(tmp_path_factory.mktemp("weed"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """MinIO, running for the session."""
    server = MinioServer(tmp_path_factory.mktemp("minio"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that `playwright` can drive with `executable_path`."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        absent("chromium")
    return found
