"""What a start needs to be so before it begins: a free port, a folder of its own, a sealed jail."""

import errno
import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.cli.output import Conflict, NotAllowed, NotReachable, Output, WrongUse
from catalog.cli.parts import number_of
from catalog.settings import Settings

NEW = "new"
"""Name of the file that marks a data folder as made by a start, until samples are decided on."""


def check_ports(settings: Settings) -> None:
    """Refuse ports in use: the web server itself would share one silently."""
    _check_port(settings, settings.port, "")
    if settings.sandbox_port is not None:
        _check_port(settings, settings.sandbox_port, ", on which DOIs are registered,")


def _check_port(settings: Settings, port: int, what: str) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    place = f"Port {port} of {settings.host}{what}"
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((number_of(settings.host), port))
        except PermissionError:
            raise NotAllowed(
                f"{place} is reserved for the administrator; choose another."
            ) from None
        except socket.gaierror:
            raise WrongUse(f"{settings.host} is no address of this machine.") from None
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise WrongUse(f"{place} cannot be used: {fault.strerror}.") from None
            raise Conflict(
                f"{place} is in use, perhaps by another catalog; "
                "choose one with --port, or PORT=... with make."
            ) from None


def make_folder(data: Path) -> None:
    """Make the data folder, readable by its owner alone, and mark it as new; or find it there."""
    try:
        data.mkdir(parents=True, mode=0o700)
        (data / NEW).touch()
    except FileExistsError:
        if not data.is_dir():
            raise WrongUse(
                f"{data} is no folder; name one with --data, or DATA=... with make."
            ) from None
    except OSError as fault:
        raise _unusable(data, fault) from None


def _unusable(data: Path, fault: OSError) -> Exception:
    kind = NotAllowed if isinstance(fault, PermissionError) else WrongUse
    return kind(f"The data folder {data} cannot be used: {fault.strerror}.")


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone."""
    try:
        lock = (data / "lock").open("a")
    except OSError as fault:
        raise _unusable(data, fault) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                f"Another catalog runs in {data}; stop it, or choose a folder with --data, "
                "or DATA=... with make."
            ) from None
        yield


def is_served(data: Path) -> bool:
    """Tell whether a catalog runs in the data folder now."""
    try:
        with (data / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def check_jail(settings: Settings, output: Output) -> None:
    """Refuse a jail that does not hold where it should, and warn where there is none."""
    from catalog.bootstrap import is_sealed
    from catalog.jail.pool import NotSealed

    try:
        sealed = is_sealed(settings)
    except NotSealed as fault:
        raise NotReachable(f"Nothing is started: {fault}.") from None
    if not sealed:
        output.say(
            "Warning: this machine cannot seal the workers that read what users send. Limits on "
            "memory and time hold, and /sparql answers callers on this machine only."
        )
