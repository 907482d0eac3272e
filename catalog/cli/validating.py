"""`sage-catalog validate`: judges descriptions, offline by itself or by a server."""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice
from pathlib import Path

from catalog.cli import judging, sources
from catalog.cli.judging import Piece, Pieces
from catalog.cli.output import BLOCKED, GOOD, INTERRUPTED, Output, WrongUse, code_of, sentence_of
from catalog.cli.reading import read_source
from catalog.cli.report_printing import FORMS, Form, Writer
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.importing.formats import is_table, media_type_of
from catalog.domain.report import LEVELS, Level, Report
from catalog.domain.report_forms import Outcome

_MANY = 50
"""Up to so many files one process is as fast as several, which first have to start."""

_LOOK_EVERY_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Asked:
    """How each file is to be judged; the same for all, in whatever process.

    media_type  what they are, None for what their suffixes say
    url         the server that judges, None for this machine
    changes     "fix" to make safe changes in the files, "diff" to show them, None for neither
    strictly    whether what is no description at all is a wrong use instead of a finding
    """

    level: Level
    media_type: str | None
    url: str | None
    form: str
    changes: str | None = None
    strictly: bool = False


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `validate`."""
    parser.epilog = """examples:
  sage-catalog validate model.ttl
  sage-catalog validate items/ 'more/*.jsonld' --level draft
  sage-catalog validate - < model.ttl
  sage-catalog validate items/ --format sarif                          for code hosts
  sage-catalog validate model.ttl --fix                                what is safe; --diff: show it
  sage-catalog validate items/ --watch
  sage-catalog validate model.ttl --url https://catalog.example.org    by that server's shapes

exit codes: 0 everything conforms, 1 something does not or could not be read
"""
    parser.add_argument("sources", metavar="FILE", nargs="+", help="files, folders, patterns, -")
    parser.add_argument("--level", choices=LEVELS, default="publication", help="publication")
    parser.add_argument("--type", dest="media_type", help="media type or format")
    parser.add_argument("--format", choices=tuple(FORMS), help="text")
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="processes; as many as processors for many files"
    )
    changes = parser.add_mutually_exclusive_group()
    changes.add_argument(
        "--fix", action="store_const", const="fix", dest="changes", help="make safe changes"
    )
    changes.add_argument(
        "--diff", action="store_const", const="diff", dest="changes", help="only show them"
    )
    parser.add_argument("--watch", action="store_true", help="judge again what changes; Ctrl-C")
    parser.add_argument("--url", help="ask this server instead of judging here")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Judge every file; one that cannot be read does not keep the others from being judged."""
    asked = _asked(said, output)
    sources.check(said.sources)
    if said.watch:
        _watch(said, asked)
    names = sources.names(said.sources)
    first = list(islice(names, _MANY + 1))
    if len(first) == 1:
        asked = replace(asked, strictly=True)
    jobs = _jobs_for(len(first), said)
    total = sum(1 for _ in sources.names(said.sources)) if sys.stderr.isatty() else None
    write = Writer(asked.form)
    verdict = _Verdict()
    told = _judged(chain(first, names), asked, jobs)
    with output.progress("Validating", total) as bar:

        def pieces() -> Iterator[Piece]:
            for number, some, done in told:
                yield from map(verdict.heard, some)
                bar.to(number + done)

        try:
            FORMS[asked.form]().print(pieces(), write)
        except KeyboardInterrupt:
            # A document that was begun says so itself; a second one would be one too many.
            output.as_json = output.as_json and not write.has_begun
            return output.fail_as("Stopped.", INTERRUPTED)
    return GOOD if verdict.is_good else BLOCKED


def _jobs_for(files: int, said: argparse.Namespace) -> int:
    """Return how many processes judge; a server does so itself."""
    if files == 1 or said.url:
        return 1
    if said.jobs:
        return int(said.jobs)
    return (os.cpu_count() or 1) if files > _MANY else 1


class _Verdict:
    """Whether everything conforms so far."""

    def __init__(self) -> None:
        self.is_good = True

    def heard(self, piece: Piece) -> Piece:
        self.is_good = self.is_good and piece.conforms
        return piece


def _asked(said: argparse.Namespace, output: Output) -> Asked:
    if output.as_json and said.format not in {None, "json"}:
        raise WrongUse(f"--json and --format {said.format} exclude each other.")
    form = "json" if output.as_json else said.format or next(iter(FORMS))
    output.as_json = form == "json"
    if said.watch and form != "text":
        raise WrongUse("--watch goes on for ever, so it prints text alone.")
    if said.changes == "fix" and sources.STANDARD_INPUT in said.sources:
        raise WrongUse("--fix changes files; what comes on standard input is only shown by --diff.")
    media_type = said.media_type and media_type_of(said.media_type)
    return Asked(said.level, media_type, said.url, form, said.changes)


def _jobs(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError("a number from 1 to 256 is needed")
    return int(text)


def _judged(names: Iterable[str], asked: Asked, jobs: int) -> Iterator[tuple[int, Pieces, bool]]:
    act = _Act(asked)
    if jobs == 1:
        return judging.one_by_one(names, act)
    from catalog.library import library

    # Read before the processes part, so that they share it.
    _ = library().shapes.rows
    return judging.side_by_side(names, act, act.refused, jobs)


@dataclass(frozen=True, slots=True)
class _Act:
    """Judges a file and makes the pieces that are printed of it."""

    asked: Asked

    def __call__(self, name: str) -> Iterator[Piece]:
        form: Form = FORMS[self.asked.form]()
        for outcome in outcomes(name, self.asked):
            yield form.piece(outcome)

    def refused(self, name: str, fault: CatalogError) -> Piece:
        outcome = Outcome(name, self.asked.level, fault=fault)
        return FORMS[self.asked.form]().piece(outcome)


def outcomes(name: str, asked: Asked) -> Iterator[Outcome]:
    """Yield what comes of a file: one outcome, or one for each row of a table.

    Raises WrongUse and OSError where `asked` says strictly, and what no outcome can be made of,
    such as a server that is not there.
    """
    try:
        content, media_type = read_source(name, asked.media_type)
        if _is_table(media_type):
            yield from _rows(name, content, media_type, asked)
        else:
            yield _outcome(name, content, media_type, asked)
    except CatalogError as fault:
        yield _refused(name, fault, asked)
    except (RecursionError, MemoryError):
        sentence = "This is nested too deeply or is too complex to be read."
        yield Outcome(name, asked.level, fault=Unreadable(sentence))
    except (WrongUse, OSError) as fault:
        if asked.strictly:
            raise
        sentence = sentence_of(fault) if isinstance(fault, OSError) else str(fault)
        yield Outcome(name, asked.level, fault=Unreadable(sentence))


@cache
def _is_table(media_type: str) -> bool:
    return is_table(media_type)


def _refused(name: str, fault: CatalogError, asked: Asked, row: int | None = None) -> Outcome:
    """Return the outcome of what cannot be judged; what is not about it is raised again."""
    if code_of(fault) != BLOCKED:
        raise fault
    return Outcome(name, asked.level, fault=fault, row=row)


def _rows(name: str, content: bytes, media_type: str, asked: Asked) -> Iterator[Outcome]:
    from catalog.domain.importing.tables import rows

    number = 0
    for row in rows(content, media_type):
        number = row.number
        try:
            if row.fault is not None:
                raise row.fault
            report = _report(row.source, row.media_type, asked)
            yield Outcome(name, asked.level, report, row=number)
        except CatalogError as fault:
            yield _refused(name, fault, asked, row=number)
    if not number:
        raise Unreadable("This table has no rows; below the names stands one for each item.")


def _outcome(name: str, content: bytes, media_type: str, asked: Asked) -> Outcome:
    def judge(text: bytes) -> Report:
        return _report(text, media_type, asked)

    outcome = Outcome(name, asked.level, judge(content))
    if asked.changes is None:
        return outcome
    from catalog.cli.fixing import settled

    return settled(outcome, content, judge, keep=asked.changes == "fix")


def _report(content: bytes, media_type: str, asked: Asked) -> Report:
    if asked.url:
        from catalog.cli.remote import client_at

        answer = client_at(asked.url).validate(content, media_type, level=asked.level)
        return Report.from_dict(answer)
    from catalog import validate

    return validate(content, media_type, level=asked.level)


def _watch(said: argparse.Namespace, asked: Asked) -> None:
    """Judge what is there, and then what changes, until somebody ends it."""
    seen: dict[str, tuple[int, int]] = {}
    write = Writer(asked.form)
    form: Form = FORMS[asked.form]()
    while True:
        now = {name: mark for name in sources.names(said.sources) if (mark := _mark(name))}
        changed = [name for name, mark in now.items() if seen.get(name) != mark]
        for name in changed:
            form.print([form.piece(one) for one in outcomes(name, asked)], write)
        for name in seen.keys() - now.keys():
            write(f"{name} is gone.\n")
        seen = now
        time.sleep(_LOOK_EVERY_SECONDS)


def _mark(name: str) -> tuple[int, int] | None:
    """Return what is different once a file has changed; None where it cannot be looked at."""
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
