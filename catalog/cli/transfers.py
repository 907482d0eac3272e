"""`sage-catalog upload | download`: files and folders, several at a time, gone on with later."""

import argparse
import mimetypes
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from threading import Event
from typing import Any, Final

from catalog.cli.board import Board, in_bytes
from catalog.cli.output import (
    BLOCKED,
    GOOD,
    INTERRUPTED,
    Conflict,
    Output,
    WrongUse,
    code_of,
    sentence_of,
)
from catalog.cli.reading import files_in
from catalog.cli.remote import client_of, declare_server
from catalog.client import Client, Refused, safe_path, sha256_of
from catalog.connection import NoAnswer
from catalog.domain.errors import CatalogError, Unavailable
from catalog.transfers.parallel import Done, in_parallel
from catalog.transfers.remembering import usual_memory
from catalog.transfers.retrying import TRIES
from catalog.transfers.sending import CONNECTIONS, PARTS_FROM_BYTES, Sending

_EXAMPLES = {
    "upload": """examples:
  sage-catalog upload w62kz7rwhm model.onnx labels.txt
  sage-catalog upload w62kz7rwhm images/          a folder: every file below it, by its name there
  sage-catalog upload w62kz7rwhm huge.tar --resume        goes on, from another machine as well
""",
    "download": """examples:
  sage-catalog download w62kz7rwhm                 all files, into the folder w62kz7rwhm
  sage-catalog download w62kz7rwhm model.onnx --to .
  sage-catalog download w62kz7rwhm 'images/*.jpg' --resume
""",
}
_FEW = 50
"""So many files are looked up one by one; for more the whole list is read."""

_PAGE = 100
_MOST_CONNECTIONS: Final = 16
_OF_ALL = frozenset({401, 403, 410})
_SILENT = 3
"""After so many files in a row to which there was no answer, the others are not tried."""


def declare(verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of one of the two verbs."""
    parser.epilog = _EXAMPLES[verb]
    declare_server(parser)
    parser.add_argument("id", metavar="ID")
    if verb == "upload":
        parser.add_argument("files", metavar="FILE|DIR", nargs="+", type=Path)
        parser.add_argument(
            "--in-parts", action="store_true", help="send every file in parts, however small"
        )
    else:
        parser.add_argument(
            "names", metavar="FILE", nargs="*", help="names or patterns of files; all by default"
        )
        parser.add_argument("--to", type=Path, help="folder to put them into (the id)")
        parser.add_argument(
            "--force", action="store_true", help="replace files that are there and differ"
        )
    parser.add_argument("--resume", action="store_true", help="go on with what broke off")
    parser.add_argument(
        "--connections", type=_number, default=CONNECTIONS, metavar="N", help="at once (4)"
    )
    parser.add_argument(
        "--tries", type=_number, default=TRIES, metavar="N", help="of what breaks, each (8)"
    )
    parser.set_defaults(run=_upload if verb == "upload" else _download)


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_CONNECTIONS:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {_MOST_CONNECTIONS}")
    return int(text)


@dataclass(frozen=True, slots=True)
class _Job:
    """A file here and its name on the server; `n` is its place in the result."""

    n: int
    name: str
    path: Path
    size_bytes: int
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Run:
    """What has become of the files so far.

    line    what is printed of a file that is done
    again   the command that goes on where this one ends
    is_one  whether there is one file only, whose failure is that of the command
    """

    output: Output
    board: Board
    line: Callable[[Mapping[str, Any]], str]
    again: str
    is_one: bool
    stop: Event = field(default_factory=Event)
    entries: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    moved_bytes: int = 0
    _silent: int = 0

    def note(self, done: Done[_Job, dict[str, Any]]) -> None:
        """Note what became of a file; raises what concerns all of them."""
        self.board.ended(done.job.n, done.job.size_bytes)
        self._silent = self._silent + 1 if isinstance(done.fault, NoAnswer) else 0
        if done.fault is None:
            entry = self._good(done.job, done.result())
        else:
            entry = self._failed(done.job, done.fault)
        self.counts[entry["outcome"]] += 1
        if self.output.as_json:
            self.entries.append((done.job.n, entry))

    def _good(self, job: _Job, entry: dict[str, Any]) -> dict[str, Any]:
        if entry["outcome"] != "unchanged":
            self.moved_bytes += job.size_bytes
        if not self.output.as_json:
            self.output.result(None, self.line(entry))
        return entry

    def _failed(self, job: _Job, fault: Exception) -> dict[str, Any]:
        is_expected = isinstance(fault, CatalogError | OSError | Conflict)
        if self.is_one or not is_expected or _concerns_all(fault) or self._silent >= _SILENT:
            raise fault
        sentence = _sentence(fault)
        self.output.say(f"sage-catalog: {job.name}: {sentence}")
        return {"name": job.name, "outcome": "failed", "error": sentence}

    def _told(self) -> list[dict[str, Any]]:
        return [entry for _, entry in sorted(self.entries, key=itemgetter(0))]

    def end(self, verb: str) -> int:
        """Print the result and what it comes to, and return the exit code."""
        if self.output.as_json:
            self.output.result(self._told(), "")
        total, failed = self.counts.total(), self.counts["failed"]
        if total > 1:
            there = self.counts["unchanged"]
            self.output.say(
                f"{total - there - failed:,} files {verb} ({in_bytes(self.moved_bytes)}), "
                f"{there:,} were there already, {failed:,} failed."
            )
        elif self.counts["unchanged"]:
            self.output.say("It was there already.")
        return BLOCKED if failed else GOOD

    def broken(self, fault: BaseException) -> int:
        """Say why all of it ended, what is done so far and how to go on."""
        self.stop.set()
        done = self.counts.total() - self.counts["failed"]
        evidence = {"files": self._told()}
        if isinstance(fault, CatalogError):
            evidence = {**fault.evidence, **evidence}
            code = self.output.fail_as(fault.detail, code_of(fault), evidence)
        else:
            code = self.output.fail_as("Stopped.", INTERRUPTED, evidence)
        if isinstance(fault, NoAnswer | KeyboardInterrupt):
            self.output.say(f"{done:,} files are done, and what has arrived of others stays.")
            self.output.say(f"Go on by: {self.again}")
        return code


def _concerns_all(fault: Exception) -> bool:
    """Tell whether what went wrong with one file goes wrong with every other."""
    if not isinstance(fault, Refused):
        return False
    return fault.answered in _OF_ALL or fault.kind == "wrong-state"


def _upload(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    jobs = _to_send(said.files)
    item = client.item(said.id)  # refuses what cannot be uploaded to before a large file is sent
    there = _lookup(client, said.id, jobs, int(item.said.get("files_total") or 0))
    parts_from = 1 if said.in_parts else PARTS_FROM_BYTES
    whole = [job for job in jobs if job.size_bytes < parts_from]
    in_parts = [job for job in jobs if job.size_bytes >= parts_from]
    total = sum(job.size_bytes for job in jobs)
    with Board(output, _what("Sending", [job.name for job in jobs]), len(jobs), total) as board:
        run = _Run(output, board, _sent_line, _again(said, said.files), len(jobs) == 1)

        def send(job: _Job) -> dict[str, Any]:
            found = there(job.name)
            how: Sending = {
                "resume": said.resume,
                "parts_from": parts_from,
                "connections": said.connections,
                "tries": said.tries,
                "there": found,
                "memory": usual_memory(),
                "stop": run.stop,
                "told": output.say,
            }
            kind = mimetypes.guess_type(job.name)[0]
            kept = client.upload(
                said.id, job.name, job.path, media_type=kind, moved=board.mover(job.n), **how
            )
            return {**kept, "outcome": "unchanged" if kept == found else "sent"}

        try:
            # A file in parts has all connections to itself.
            for jobs_now, threads in ((whole, said.connections), (in_parts, 1)):
                for done in in_parallel(send, jobs_now, threads=threads, stop=run.stop):
                    run.note(done)
        except (KeyboardInterrupt, Unavailable) as fault:
            return run.broken(fault)
    return run.end("sent")


def _to_send(named: Sequence[Path]) -> list[_Job]:
    """Return each file that is named, or lies in a folder that is, with the name that it gets.

    Those that are named are opened, so that a wrong one is seen before the first is sent.
    """
    found: dict[str, Path] = {}
    for path in named:
        if path.is_dir():
            inside = [(file.relative_to(path).as_posix(), file) for file in files_in(path)]
        else:
            with path.open("rb"):
                inside = [(path.name, path)]
        for name, file in inside:
            if found.setdefault(name, file) != file:
                raise WrongUse(f"{found[name]} and {file} would both be called {name}.")
    if not found:
        raise WrongUse(f"{named[0]} has no files, or hidden ones only.")
    return [
        _Job(n, name, file, file.stat().st_size) for n, (name, file) in enumerate(found.items())
    ]


def _what(verb: str, names: Sequence[str]) -> str:
    """Return what a board says goes on: of a single file with its name."""
    return f"{verb} {names[0]}" if len(names) == 1 else verb


def _lookup(
    client: Client, item_id: str, jobs: Sequence[_Job], total: int
) -> Callable[[str], Mapping[str, Any] | None]:
    """Return what tells which file the server has under a name; few are asked for one by one."""
    if not total:
        return lambda _name: None
    if len(jobs) <= _FEW:
        return lambda name: _named(client, item_id, name)
    wanted = {job.name for job in jobs}
    return {file["name"]: file for file in client.files(item_id) if file["name"] in wanted}.get


def _named(client: Client, item_id: str, name: str) -> Mapping[str, Any] | None:
    """Return a file of an item; it is the first of those whose names begin so."""
    for file in islice(client.files(item_id, prefix=name), _PAGE):
        if file["name"] == name:
            return file
    return None


def _sent_line(entry: Mapping[str, Any]) -> str:
    return f"{entry['sha256']}  {entry['name']}"


def _download(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    folder = said.to or safe_path(said.id)
    wanted = _wanted(client, said.id, said.names)
    first = list(islice(wanted, _PAGE + 1))
    jobs = _to_fetch(chain(first, wanted), folder)
    count, total = _how_many(client, said, first)
    with Board(
        output, _what("Fetching", [str(one["name"]) for one in first]), count, total
    ) as board:
        again = _again(said, said.names)
        run = _Run(output, board, lambda entry: str(entry["path"]), again, len(first) == 1)

        def fetch(job: _Job) -> dict[str, Any]:
            entry = {"name": job.name, "path": str(job.path), "sha256": job.said["sha256"]}
            if _is_there(job, force=said.force):
                return {**entry, "outcome": "unchanged"}
            job.path.parent.mkdir(parents=True, exist_ok=True)
            client.download(
                said.id,
                job.said,
                job.path,
                moved=board.mover(job.n),
                resume=said.resume,
                stop=run.stop,
                tries=said.tries,
            )
            return {**entry, "outcome": "fetched"}

        try:
            for done in in_parallel(fetch, jobs, threads=said.connections, stop=run.stop):
                run.note(done)
        except (KeyboardInterrupt, Unavailable) as fault:
            return run.broken(fault)
    if not first and not said.names:
        output.say(f"{said.id} has no files.")
    return run.end("fetched")


def _wanted(client: Client, item_id: str, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Go through the files that are asked for by names and patterns, each once; all without any.

    They are drawn page by page. Raises WrongUse where one of `names` stands for no file.
    """
    if not names:
        yield from client.files(item_id)
        return
    exact = {name: _named(client, item_id, name) for name in dict.fromkeys(names)}
    patterns = [name for name, file in exact.items() if file is None]
    for name in patterns:
        if not _is_pattern(name):
            raise WrongUse(f"{item_id} has no file {name}.")
    taken = set(names) - set(patterns)
    yield from (file for file in exact.values() if file is not None)
    for pattern in patterns:
        yield from _matching(client, item_id, pattern, taken)


def _matching(
    client: Client, item_id: str, pattern: str, taken: set[str]
) -> Iterator[Mapping[str, Any]]:
    is_any = False
    for file in client.files(item_id, prefix=re.split(_WILD, pattern, maxsplit=1)[0]):
        if fnmatchcase(file["name"], pattern):
            is_any = True
            if file["name"] not in taken:
                taken.add(file["name"])
                yield file
    if not is_any:
        raise WrongUse(f"{item_id} has no file that matches {pattern}.")


_WILD = re.compile(r"[*?\[]")


def _is_pattern(name: str) -> bool:
    return _WILD.search(name) is not None


def _to_fetch(files: Iterable[Mapping[str, Any]], folder: Path) -> Iterator[_Job]:
    for n, file in enumerate(files):
        path = folder / safe_path(file["name"])
        yield _Job(n, file["name"], path, file["size_bytes"], file)


def _how_many(
    client: Client, said: argparse.Namespace, first: Sequence[Mapping[str, Any]]
) -> tuple[int | None, int | None]:
    """Return how many files there are and how many bytes they have, as far as that is cheap."""
    if len(first) <= _PAGE:
        return len(first), sum(file["size_bytes"] for file in first)
    if said.names:
        return None, None
    return int(client.item(said.id).said.get("files_total") or 0), None


def _is_there(job: _Job, *, force: bool) -> bool:
    """Tell whether a file is here already; Conflict where another one is, unless by force."""
    if not job.path.exists():
        return False
    is_as_large = job.path.is_file() and job.path.stat().st_size == job.size_bytes
    if is_as_large and sha256_of(job.path) == job.said["sha256"]:
        return True
    if not force:
        raise Conflict(f"{job.path} is there and differs; --force replaces it.")
    return False


def _again(said: argparse.Namespace, names: Sequence[object]) -> str:
    """Return the command that goes on with what broke off; a token is never in it."""
    some = [str(name) for name in names[:3]]
    more = " ..." if len(names) > len(some) else ""
    url = ["--url", said.url] if said.url else []
    to = ["--to", str(said.to)] if getattr(said, "to", None) else []
    flags = [
        flag
        for flag in ("--force", "--in-parts")
        if getattr(said, flag.strip("-").replace("-", "_"), False)
    ]
    head = shlex.join(["sage-catalog", said.verb, said.id, *some])
    return head + more + " " + shlex.join([*url, *to, *flags, "--resume"])


def _sentence(fault: Exception) -> str:
    if isinstance(fault, OSError):
        return sentence_of(fault)
    return fault.detail if isinstance(fault, CatalogError) else str(fault)
