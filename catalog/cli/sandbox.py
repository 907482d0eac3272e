"""`sage-catalog sandbox`: a registrar of DOIs to try things out with."""

import argparse
import errno
import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.cli.output import Conflict, NotAllowed, Output, WrongUse
from catalog.processes import told_to_stop

if TYPE_CHECKING:
    from catalog.sandbox import Repository, Running

_LARGEST_PORT = 65_535


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sandbox`."""
    parser.epilog = """examples:
  sage-catalog sandbox                            on 127.0.0.1:8001, everything in ./data/sandbox
  sage-catalog sandbox --port 9001 --data /tmp/registrar
  sage-catalog sandbox --repository SAGE.ONE:secret:10.5072,10.70000:example.org,*.example.org

It answers as DataCite's REST API does, from its root; /doi/{doi} stands in for doi.org, and
/api/handles/{doi} for the handle system. Its DOIs resolve nowhere else. `serve` starts one by
itself. The repository is SAGE.SANDBOX with the password sandbox, unless --repository says more.
Ctrl-C, SIGTERM and SIGHUP stop it.
"""
    parser.add_argument("--data", type=Path, help="folder that holds its DOIs (./data/sandbox)")
    parser.add_argument(
        "--port", type=int, default=8001, help="port to listen on (8001); 0 for any free one"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument(
        "--repository",
        action="append",
        default=[],
        metavar="ID:PASSWORD:PREFIXES[:DOMAINS]",
        help="who may mint what, leading where; may be given several times",
    )
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Run the registrar, say where it is, and stay until told to stop."""
    repositories = _repositories(said.repository)
    folder = said.data or Path("data") / "sandbox"
    if not 0 <= said.port <= _LARGEST_PORT:
        raise WrongUse(f"Port {said.port} cannot be: ports go from 0 to {_LARGEST_PORT:,}.")
    stop = told_to_stop()
    with ExitStack() as stack:
        stack.enter_context(_alone(folder))
        _say(output, _started(stack, folder, said, repositories), folder, repositories)
        stop.wait()
    return 0


def _started(
    stack: ExitStack,
    folder: Path,
    said: argparse.Namespace,
    repositories: "tuple[Repository, ...]",
) -> "Running":
    from catalog.sandbox import running

    try:
        return stack.enter_context(
            running(folder, said.port, host=said.host, repositories=repositories)
        )
    except OSError as fault:
        raise _unusable(fault, said.host, said.port) from None


def _repositories(said: list[str]) -> "tuple[Repository, ...]":
    from catalog.sandbox import DEFAULT, Repository

    found = []
    for one in said:
        try:
            found.append(Repository.of(one))
        except ValueError:
            raise WrongUse(
                "--repository takes ID:PASSWORD:PREFIXES[:DOMAINS], where prefixes begin with "
                "10. and several are separated by commas."
            ) from None
    return tuple(found) or (DEFAULT,)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                f"Another sandbox runs in {folder}; choose a folder with --data."
            ) from None
        yield


def _unusable(fault: OSError, host: str, port: int) -> Exception:
    place = f"Port {port} of {host}"
    if (fault.errno or 0) < 0 or fault.errno == errno.EADDRNOTAVAIL:  # a name that is none
        return WrongUse(f"{host} is no address of this machine.")
    if isinstance(fault, PermissionError):
        return NotAllowed(f"{place} is reserved for the administrator; choose another.")
    if fault.errno == errno.EADDRINUSE:
        return Conflict(f"{place} is in use; choose another with --port.")
    return WrongUse(f"{place} cannot be used: {fault.strerror}.")


def _say(
    output: Output, running: "Running", folder: Path, repositories: "tuple[Repository, ...]"
) -> None:
    output.result(
        {
            "address": running.address,
            "admin": f"{running.address}sandbox/",
            "data": str(folder),
            "repositories": [
                {"id": one.id, "prefixes": one.prefixes, "domains": one.domains}
                for one in repositories
            ],
        },
        f"Sandbox registrar: {running.address}\n"
        f"Its DOIs resolve at {running.address}doi/ and nowhere else.\n"
        + "\n".join(f"{one.id} may mint {', '.join(one.prefixes)}." for one in repositories),
    )
