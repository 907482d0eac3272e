"""The registrar as a running server: in a thread, for a command as for a test."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from catalog.sandbox.admin import Admin
from catalog.sandbox.app import create_app
from catalog.sandbox.faulty import Faulty
from catalog.sandbox.registrar import Registrar
from catalog.sandbox.repositories import DEFAULT, Repository

_POLL_SECONDS: Final = 0.05
_WAITING: Final = 128
"""How many connections may wait for their turn."""


@dataclass(frozen=True, slots=True)
class Running:
    """A registrar that answers.

    address  with its slash at the end
    admin    sets its faults and reads its journal
    """

    address: str
    port: int
    admin: Admin


@contextmanager
def running(
    folder: Path,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    repositories: Sequence[Repository] = (DEFAULT,),
) -> Iterator[Running]:
    """Run a registrar over a folder, in threads of this process, as long as the block lasts.

    port  0 for any that is free
    Raises OSError where the port is taken.
    """
    registrar = Registrar.in_folder(folder, repositories)
    try:
        with _bound(host, port) as bound:
            server = make_server(
                host,
                port,
                Faulty(create_app(registrar), registrar),
                threaded=True,
                request_handler=_Handler,
                fd=bound.fileno(),
            )
        with _serving(server, registrar):
            name = f"[{host}]" if ":" in host else host
            address = f"http://{name}:{server.port}/"
            yield Running(address, server.port, Admin(address))
    finally:
        registrar.close()


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket at the address: the server itself would end the process where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_WAITING)


@contextmanager
def _serving(server: BaseWSGIServer, registrar: Registrar) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="sandbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        registrar.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(WSGIRequestHandler):
    """Answers without a log of its own: the journal has every request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""
