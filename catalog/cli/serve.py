"""`sage-catalog serve`: every part of the catalog under one parent, which ends them all."""

import argparse
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.cli.ground import NEW, alone, check_jail, check_ports, make_folder
from catalog.cli.output import NotReachable, Output, WrongUse
from catalog.cli.parts import Part, readiness, relay, sandbox, web
from catalog.domain.errors import Unavailable
from catalog.processes import (
    Popen,
    adopt_orphans,
    end_orphans,
    end_with_parent,
    reap_orphans,
    stop_children,
)
from catalog.settings import SANDBOX, Settings, from_environment, unknown_variables

if TYPE_CHECKING:
    from catalog.bootstrap import StoreBeside

_LOOK_SECONDS = 0.05
_SAY_AGAIN_SECONDS = 10.0
_FAILURES_AT_START = 3
_STOP_SECONDS = 10.0


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `serve`."""
    parser.epilog = """examples:
  sage-catalog serve                          on 127.0.0.1:8000, everything in ./data
  sage-catalog serve --port 9000 --data /srv/sage
  sage-catalog serve --with-s3                bytes in an S3 store of its own beside it

A data folder that does not exist yet is made and filled with the real items of Sage.
Ctrl-C, SIGTERM and SIGHUP stop everything; so does the end of this process, however it comes.
"""
    parser.add_argument("--data", type=Path, help="folder that holds everything (./data)")
    parser.add_argument("--port", type=int, help="port to listen on (8000)")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--with-s3", action="store_true", help="keep bytes in a weed S3 server")
    parser.add_argument("--no-samples", action="store_true", help="start a new folder empty")
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when what started this ends, as make does"
    )
    parser.set_defaults(run=run)


class Stopped(BaseException):
    """Somebody told the catalog to stop while it was starting."""


class Stop:
    """Whether somebody told the catalog to stop, by one of the signals for it."""

    def __init__(self) -> None:
        self.asked = False
        self._interrupts = False

    def listen(self) -> None:
        """Catch the signals from now on; who ignores SIGHUP, as nohup does, goes on doing so."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._caught)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._caught)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Have a signal raise Stopped at once where the block is, instead of being looked for."""
        self._interrupts = True
        try:
            self.look()
            yield
        finally:
            self._interrupts = False

    def look(self) -> None:
        """Raise Stopped if somebody asked."""
        if self.asked:
            raise Stopped

    def _caught(self, _number: int, _frame: object) -> None:
        self.asked = True
        if self._interrupts:
            self._interrupts = False  # once: a second Ctrl-C does not disturb the ending
            raise Stopped


def run(said: argparse.Namespace, output: Output) -> int:
    """Start everything, say where it is, and stay until told to stop."""
    began = time.monotonic()
    if said.with_parent:
        end_with_parent(signal.SIGTERM)
    overrides = {"data": said.data, "port": said.port, "host": said.host}
    settings = from_environment(overrides=overrides)
    settings = replace(settings, data=settings.data.absolute())
    for sentence in unknown_variables():
        output.say(f"Warning: {sentence}")
    check_ports(settings)
    make_folder(settings.data)
    stop = Stop()
    with alone(settings.data), suppress(Stopped):
        stop.listen()
        adopt_orphans()
        _serve(settings, said, output, stop, began)
    output.say("Stopped.")
    return 0


def _serve(
    settings: Settings, said: argparse.Namespace, output: Output, stop: Stop, began: float
) -> None:
    store = None
    parts: list[Part] = []
    try:
        with stop.interrupting():
            check_jail(settings, output)
            _prepare_record(settings, output, beside=said.with_s3)
            if said.with_s3:
                output.say("Starting the S3 store ...")
                store = _S3(settings)
                store.part.start()
                settings = store.settings
                parts.append(store.part)
            _prepare_content(settings, output, stop, samples=not said.no_samples)
        parts += [*filter(None, (sandbox(settings),)), relay(settings), web(settings)]
        _watch(settings, parts, stop, output, began)
    finally:
        last = store.part.children if store else ()
        others = [child for part in parts for child in part.children if child not in last]
        late = stop_children(others, seconds=_STOP_SECONDS)
        if store:
            store.stop()
        end_orphans()
        if late:
            names = [part.name for part in parts if set(part.children) & set(late)]
            output.say(f"{' and '.join(names)} did not stop in time and had to be killed.")


class _S3:
    """The S3 store beside the catalog, as one of its parts.

    settings  those of the catalog, by which the store is reached once it runs
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.part = Part("the S3 store", self._start)
        self._running: StoreBeside | None = None

    def stop(self) -> None:
        """End it; what it has answered for is on the disk afterwards."""
        if self._running is not None:
            self._running.stop()

    def _start(self) -> Popen:
        from catalog.bootstrap import start_s3

        again = start_s3(self.settings)
        if self._running is not None and again.settings != self.settings:
            again.stop()
            raise Unavailable("its ports were taken meanwhile.")
        self._running, self.settings = again, again.settings
        return again.process


def _prepare_record(settings: Settings, output: Output, *, beside: bool) -> None:
    """Bring the record up to date: under today's address, with what came with the program."""
    from catalog.bootstrap import record
    from catalog.library import library
    from catalog.services.releases import take_installed
    from catalog.services.start import (
        BESIDE,
        keep_objects_in,
        keep_registrar,
        prepare_record,
    )

    if beside and settings.objects == "s3":
        raise WrongUse(
            "Either --with-s3 or objects = s3: the first is a store of the catalog's own."
        )
    database = record(settings)
    prepare_record(database, settings.base, now=_now())
    keep_registrar(database, settings.registrar, settings.registrar_address)
    keep_objects_in(database, BESIDE if beside else settings.objects)
    if sentence := take_installed(database, library(), now=_now()):
        output.say(f"Warning: {sentence}")
    database.close()


def _prepare_content(settings: Settings, output: Output, stop: Stop, *, samples: bool) -> None:
    """Make the local token, and load the samples into a folder that a start made."""
    from catalog.bootstrap import operator_parts
    from catalog.samples import files
    from catalog.services.accounts import actor_of_token
    from catalog.services.samples import load_samples, wanted
    from catalog.services.source_addresses import index_addresses
    from catalog.services.start import local_token
    from catalog.services.term_uses import index_uses

    parts = operator_parts(settings)
    index_uses(parts)
    index_addresses(parts)
    token = local_token(parts, settings.data / "token", now=_now())
    mark = settings.data / NEW
    is_wanted = wanted(parts, is_new=mark.exists() and samples)
    mark.unlink(missing_ok=True)
    if is_wanted:
        local = actor_of_token(parts, token, now=_now())
        sources = [file.read_bytes() for file in files()]
        output.say("Loading the real items of Sage ...")
        with output.progress("Loading", len(sources)) as bar:

            def loaded(done: int, total: int) -> None:
                stop.look()
                bar.to(done, total)

            count = load_samples(parts, local, sources, now=_now(), progress=loaded)
        output.say(f"{count} items are loaded and published.")
    parts.database.learn_sizes()
    parts.database.close()


def _watch(
    settings: Settings,
    parts: list[Part],
    stop: Stop,
    output: Output,
    began: float,
) -> None:
    """Keep every part running until told to stop; say once that the catalog is ready."""
    is_ready = False
    said_at = time.monotonic()
    while not stop.asked:
        for part in parts:
            with stop.interrupting():
                sentence = part.keep_up()
            if sentence is not None:
                output.say(sentence)
            if not is_ready and part.failures > _FAILURES_AT_START:
                raise NotReachable(f"{part.name} does not start; what it said stands above.")
        if not is_ready:
            is_ready, waits = readiness(settings)
            if is_ready:
                _announce(settings, output, time.monotonic() - began)
            elif time.monotonic() - said_at > _SAY_AGAIN_SECONDS:
                said_at = time.monotonic()
                output.say(f"Not ready yet; waiting for: {waits}.")
        reap_orphans(child for part in parts for child in part.children)
        time.sleep(_LOOK_SECONDS)
    output.say("Stopping ...")


def _announce(settings: Settings, output: Output, seconds: float) -> None:
    base, token = settings.base, settings.data / "token"
    query = (
        "SELECT ?type (COUNT(*) AS ?n) "
        "{ ?item <http://purl.org/dc/terms/type> ?type } GROUP BY ?type"
    )
    turtle = (
        "<> a <http://data.europa.eu/it6/MachineLearningModel> ; "
        '<http://purl.org/dc/terms/title> "My first model"@en .'
    )
    said = {
        "url": base,
        "sparql": f"{base}sparql",
        "docs": f"{base}docs",
        "registrar": settings.registrar_address,
        "token_file": str(token),
        "seconds": round(seconds, 1),
    }
    output.result(
        said,
        f"""
{settings.title} is running ({seconds:.1f} s).

  pages     {base}
  SPARQL    {base}sparql
  API       {base}docs
  DOIs      {settings.registrar_address}{_registrar_in_words(settings)}
  token     in {token}, of the account `local`, which may do everything

Three things to try:
  1. Follow a model to its weights and to what it was trained on: open {base}items?type=model
  2. Count the items of each type by SPARQL:
     curl -H 'Accept: text/csv' --data-urlencode {shlex.quote("query=" + query)} {base}sparql
  3. Describe a model of your own, and read what publication would still ask for:
     curl -H "Authorization: Bearer $(cat {shlex.quote(str(token))})" -H 'Content-Type: text/turtle' --data-binary {shlex.quote(turtle)} {base}items

Ctrl-C stops everything.
""",  # noqa: E501 - a command to be pasted is one line
    )


def _registrar_in_words(settings: Settings) -> str:
    if settings.registrar == SANDBOX:
        return ", a registrar for trying out: they resolve nowhere else"
    return ", for tests" if settings.registrar == "datacite-test" else ""


def _now() -> datetime:
    return datetime.now(UTC)
