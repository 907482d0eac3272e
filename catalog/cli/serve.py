"""`sage-catalog serve`: every part of the catalog under one parent, which ends them all."""

import argparse
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from catalog.cli.output import NotReachable, Output, WrongUse
from catalog.processes import Popen, start_child, stop_children
from catalog.settings import PREFIX, Settings, from_environment

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READY_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_RESTARTS_IN_A_ROW = 5
_CALM_SECONDS = 60.0


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `serve`."""
    parser.epilog = """examples:
  sage-catalog serve                          on 127.0.0.1:8000, everything in ./data
  sage-catalog serve --port 9000 --data /srv/sage
  sage-catalog serve --with-s3                bytes in an S3 store of its own beside it
"""
    parser.add_argument("--data", type=Path, help="folder that holds everything (./data)")
    parser.add_argument("--port", type=int, help="port to listen on (8000)")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--with-s3", action="store_true", help="keep bytes in a weed S3 server")
    parser.add_argument("--no-samples", action="store_true", help="start a new folder empty")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Start everything, say where it is, and stay until told to stop."""
    overrides = {"data": said.data, "port": said.port, "host": said.host}
    settings = from_environment(overrides=overrides)
    _check_port(settings)
    stops: list[int] = []
    for number in _STOPS:
        signal.signal(number, lambda caught, _frame: stops.append(caught))
    is_new = _make_folder(settings.data)
    with _alone(settings.data):
        return _serve(settings, said, output, stops, is_new=is_new)


def _serve(
    settings: Settings, said: argparse.Namespace, output: Output, stops: list[int], *, is_new: bool
) -> int:
    children: dict[str, Popen] = {}
    environment = {**os.environ, **environment_of(settings)}
    try:
        if said.with_s3:
            environment |= _start_s3(settings, children)
        os.environ.update(environment)
        _prepare(settings, output, is_new=is_new, samples=not said.no_samples)
        children["relay"] = start_child(_relay(), env=environment)
        children["web"] = start_child(_web(settings), env=environment)
        if _wait_until_ready(settings, children, stops):
            _announce(settings, output)
        return _watch(settings, children, environment, stops, output)
    finally:
        late = stop_children(children.values(), seconds=10.0)
        if late:
            output.say(f"{len(late)} part(s) did not stop in time and were killed.")


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables that give a child process these settings."""
    return {
        PREFIX + entry.name.upper(): str(getattr(settings, entry.name))
        for entry in fields(settings)
        if getattr(settings, entry.name) != ""
    }


def _check_port(settings: Settings) -> None:
    """Refuse a port in use: the web server itself would share it silently."""
    if not 1 <= settings.port <= 65_535:
        raise WrongUse(f"{settings.port} is not a port; they go from 1 to 65535")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            raise NotReachable(
                f"Port {settings.port} of {settings.host} cannot be used: {fault.strerror}. "
                "Another catalog may be running; choose one with --port, or PORT with make."
            ) from None


def _make_folder(data: Path) -> bool:
    """Make the data folder; tell whether there was no catalog in it before."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise WrongUse(f"The data folder {data} cannot be made: {fault.strerror}.") from None
    return not (data / "record.sqlite").exists()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone."""
    import fcntl

    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotReachable(f"Another catalog runs in {data}; stop it first.") from None
        yield


def _start_s3(settings: Settings, children: dict[str, Popen]) -> dict[str, str]:
    from catalog.bootstrap import start_s3

    children["s3"], found = start_s3(settings)
    return {PREFIX + name.upper(): value for name, value in found.items()}


def _prepare(settings: Settings, output: Output, *, is_new: bool, samples: bool) -> None:
    """Bring the record up to date; make the local token; load the samples into a new folder."""
    from catalog.bootstrap import operator_parts
    from catalog.database import Database
    from catalog.services import samples as sampling
    from catalog.services.accounts import actor_of_token
    from catalog.services.start import local_token, prepare_record

    database = Database(settings.database)
    prepare_record(database, settings.base, now=_now())
    database.close()
    parts = operator_parts(from_environment())
    token = local_token(parts, settings.data / "token", now=_now())
    if sampling.wanted(parts, is_new=is_new and samples):
        local = actor_of_token(parts, token, now=_now())
        sources = [
            entry.read_bytes()
            for entry in sorted(files("catalog.samples").iterdir(), key=lambda one: one.name)
            if entry.name.endswith(".ttl")
        ]
        with output.progress("Loading the samples", len(sources)) as bar:
            count = sampling.load_samples(
                parts, local, sources, now=_now(), progress=lambda done, _total: bar.to(done)
            )
        output.say(f"{count} real items of Sage are loaded.")
    parts.database.close()


def _relay() -> list[str]:
    return [sys.executable, "-m", "catalog.cli", "relay"]


def _web(settings: Settings) -> list[str]:
    return [
        str(Path(sys.executable).parent / "granian"),
        "--interface", "wsgi",
        "--host", settings.host,
        "--port", str(settings.port),
        "--workers", str(settings.web_workers),
        "--blocking-threads", str(settings.web_threads),
        "--backpressure", str(8 * settings.web_threads),
        "--no-ws",
        "--respawn-failed-workers",
        "--workers-kill-timeout", "5",
        "--log-level", "warning",
        "api.wsgi:app",
    ]  # fmt: skip


def _wait_until_ready(settings: Settings, children: dict[str, Popen], stops: list[int]) -> bool:
    """Wait until the catalog says that it is ready; False where told to stop before."""
    address = f"http://{_reachable(settings)}:{settings.port}/health/ready"
    deadline = time.monotonic() + _READY_SECONDS
    while not stops and time.monotonic() < deadline:
        if any(child.poll() is not None for child in children.values()):
            return True  # `_watch` tells which part ended
        try:
            with urllib.request.urlopen(address, timeout=2):
                return True
        except OSError:
            time.sleep(_LOOK_SECONDS)
    return not stops


def _reachable(settings: Settings) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104


def _announce(settings: Settings, output: Output) -> None:
    base, token = settings.base, settings.data / "token"
    output.say(f"""
{settings.title} is running.

  pages     {base}
  SPARQL    {base}sparql
  API       {base}openapi.json
  token     in {token}

Three things to try:
  1. open {base} and follow a model to what it was trained on
  2. curl -H 'Accept: text/csv' --data-urlencode 'query=SELECT ?type (COUNT(*) AS ?n)
       {{ ?item <http://purl.org/dc/terms/type> ?type }} GROUP BY ?type' {base}sparql
  3. curl -X POST -H "Authorization: Bearer $(cat {token})" -H 'Content-Type: text/turtle'
       --data-binary @my-model.ttl {base}items

Ctrl-C stops everything.""")


def _watch(
    settings: Settings,
    children: dict[str, Popen],
    environment: dict[str, str],
    stops: list[int],
    output: Output,
) -> int:
    """Stay until told to stop; a part that ends by itself is started again, but not for ever."""
    commands = {"relay": _relay(), "web": _web(settings)}
    ended: list[float] = []
    while not stops:
        for name, child in list(children.items()):
            if child.poll() is None:
                continue
            now = time.monotonic()
            ended = [moment for moment in ended if now - moment < _CALM_SECONDS] + [now]
            output.say(f"{name} ended with {child.returncode}.")
            if name not in commands or len(ended) > _RESTARTS_IN_A_ROW:
                output.say("It is not started again; everything stops.")
                return 1
            # What is left of its group, such as workers of a killed web server, must go first.
            stop_children([child], seconds=5.0)
            children[name] = start_child(commands[name], env=environment)
        time.sleep(_LOOK_SECONDS)
    output.say("Stopping.")
    return 0


def _now() -> datetime:
    return datetime.now(UTC)
