"""What a jailed worker finds it can do when it tries what it must not: nothing, if it is sealed."""

import os
import socket
from collections.abc import Callable
from typing import Any

_NOWHERE = "/catalog.invalid/nothing"


def probe(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:  # noqa: ARG001
    """Try each forbidden thing; `allowed` in the answer names those that the kernel let through.

    Each attempt is harmless where it is allowed, and tells "refused" from "failed otherwise": a
    program that does not exist is refused by the filter before the kernel looks for it.
    """
    attempts = {**_ATTEMPTS, **(_READING if header["confined"] else {})}
    allowed = [name for name, attempt in attempts.items() if not _is_refused(attempt)]
    return {"allowed": allowed}, b""


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _open_socket(family: socket.AddressFamily, kind: socket.SocketKind) -> Callable[[], object]:
    return lambda: socket.socket(family, kind).close()


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _spawn() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)


def _create() -> None:
    path = f"/tmp/catalog-jail-probe-{os.getpid()}"  # noqa: S108 (created with O_EXCL, deleted at once)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    os.unlink(path)  # noqa: PTH108


def _write_existing() -> None:
    os.close(os.open(os.devnull, os.O_WRONLY))


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "an internet socket": _open_socket(socket.AF_INET, socket.SOCK_STREAM),
    "a datagram socket": _open_socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "a local socket": _open_socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "a pair of sockets": socket.socketpair,
    "another program": lambda: os.execv(_NOWHERE, [_NOWHERE]),  # noqa: S606
    "a child process": _fork,
    "a spawned program": _spawn,
    "a new file": _create,
    "writing to a file": _write_existing,
    "cutting a file": lambda: os.truncate(_NOWHERE, 0),
    "deleting a file": lambda: os.unlink(_NOWHERE),  # noqa: PTH108
    "renaming a file": lambda: os.rename(_NOWHERE, _NOWHERE + "2"),  # noqa: PTH104
    "making a folder": lambda: os.mkdir(_NOWHERE),  # noqa: PTH102
    "changing rights": lambda: os.chmod(_NOWHERE, 0o600),  # noqa: PTH101
    "a signal to another process": lambda: os.kill(os.getppid(), 0),
}
_READING: dict[str, Callable[[], object]] = {
    "reading a folder of the system": lambda: os.listdir("/"),  # noqa: PTH208
    "reading a file of the system": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
    "reading about a process": lambda: os.close(os.open("/proc/self/environ", os.O_RDONLY)),
}
