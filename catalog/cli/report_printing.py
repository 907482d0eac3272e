"""How reports are printed as they come, in each of the forms that `validate` knows."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, TextIO

from catalog.cli.judging import Piece
from catalog.cli.output import INTERRUPTED, finding_lines, plain
from catalog.domain.report_forms import Outcome

Write = Callable[[str], None]


class Form(Protocol):
    """A form of reports: what is made of each where it is judged, and how they are put together."""

    def piece(self, outcome: Outcome) -> Piece:
        """Return what is printed of one report."""

    def print(self, pieces: Iterable[Piece], write: Write) -> None:
        """Write all of them, each as soon as it comes."""


class Text:
    """Lines for people: a verdict for each file, a line for each finding, what would help."""

    def piece(self, outcome: Outcome) -> Piece:
        """Return the lines of one report."""
        return Piece("\n".join(_lines(outcome)) + "\n", outcome.conforms)

    def print(self, pieces: Iterable[Piece], write: Write) -> None:
        """Write the lines, and at the end how many conform."""
        count = good = 0
        for piece in pieces:
            write(plain(piece.text))
            count += 1
            good += piece.conforms
        if count > 1:
            write(f"{good} of {count} conform.\n")


def _lines(outcome: Outcome) -> Iterator[str]:
    report = outcome.report
    if report is None:
        places = (outcome.evidence.get(part) for part in ("line", "column"))
        where = "".join(f":{place}" for place in places if place is not None)
        yield f"{outcome.title}{where}: {outcome.fault.detail if outcome.fault else ''}"
        return
    if outcome.difference:
        yield outcome.difference.rstrip("\n")
    if outcome.fixed:
        what = "finding" if outcome.fixed == 1 else "findings"
        settled = "settled" if outcome.kept else "would be settled"
        yield f"{outcome.title}: {outcome.fixed} {what} {settled} by safe changes"
    verdict = "conforms" if report.conforms else "does not conform"
    yield f"{outcome.title}: {verdict} at {report.level} level"
    for finding in report.findings:
        yield from finding_lines([finding.to_dict()], outcome.name)
        for one in finding.suggestions:
            value = "" if one.value == one.label else f": {one.value}"
            yield "\n".join(f"      {line}" for line in f"{one.label}{value}".splitlines())


class Json:
    """One document: the report of the one file, or all of them under `reports`."""

    def piece(self, outcome: Outcome) -> Piece:
        """Return the JSON of one report."""
        said: dict[str, Any] = {"file": outcome.name}
        if outcome.row is not None:
            said["row"] = outcome.row
        return Piece(_json(said | outcome.to_dict()), outcome.conforms)

    def print(self, pieces: Iterable[Piece], write: Write) -> None:
        """Write the document; where it is cut short it says so itself, and stays whole."""
        coming = iter(pieces)
        begun = list(islice(coming, 2))
        if len(begun) < 2:
            write("".join(f"{piece.text}\n" for piece in begun))
            return
        good, between = True, '{\n"reports": [\n'
        try:
            for piece in chain(begun, coming):
                write(f"{between}{piece.text}")
                good, between = good and piece.conforms, ",\n"
        except KeyboardInterrupt:
            stopped = f'"conforms": false,\n"error": "Stopped.",\n"exit_code": {INTERRUPTED}'
            write(f"\n],\n{stopped}\n}}\n")
            raise
        write(f'\n],\n"conforms": {json.dumps(good)}\n}}\n')


class Sarif:
    """A log of SARIF 2.1.0."""

    def piece(self, outcome: Outcome) -> Piece:
        """Return the results of one report, separated by commas."""
        from catalog.domain.report_sarif import results

        found = results(outcome)
        text = ",\n".join(json.dumps(one, ensure_ascii=False) for one in found)
        return Piece(text, outcome.conforms, tuple({one["ruleId"]: None for one in found}))

    def print(self, pieces: Iterable[Piece], write: Write) -> None:
        """Write the results, and at the end the rules that they name."""
        from importlib.metadata import version

        from catalog.domain.report_sarif import log
        from catalog.library import library

        rules: dict[str, None] = {}

        def results() -> Iterator[str]:
            for piece in pieces:
                rules.update(dict.fromkeys(piece.rules))
                if piece.text:
                    yield piece.text

        for text in log(results(), rules, library().shapes, version("sage-catalog")):
            write(text)


class Junit:
    """JUnit XML with a suite for each file."""

    def piece(self, outcome: Outcome) -> Piece:
        """Return the suite of one report."""
        from catalog.domain.report_junit import suite

        return Piece(suite(outcome), outcome.conforms)

    def print(self, pieces: Iterable[Piece], write: Write) -> None:
        """Write the suites into one document."""
        from catalog.domain.report_junit import document

        for text in document(piece.text for piece in pieces):
            write(text)


class Turtle:
    """The reports of SHACL, all in one graph; what a report is on is the address of the file."""

    def piece(self, outcome: Outcome) -> Piece:
        """Return one report without prefixes."""
        from catalog.domain.report_rdf import turtle
        from catalog.library import library

        address = _address(outcome)
        # Each report of a graph needs blank nodes of its own, the same each time.
        label = f"r{sha256(address.encode()).hexdigest()[:16]}"
        text = turtle(outcome, library().shapes, address, label=label)
        return Piece(text, outcome.conforms)

    def print(self, pieces: Iterable[Piece], write: Write) -> None:
        """Write the prefixes and each report."""
        from catalog.domain.report_rdf import PREFIXES

        write("".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items()))
        for piece in pieces:
            write(f"\n{piece.text}")


FORMS: dict[str, type[Form]] = {
    "text": Text,
    "json": Json,
    "sarif": Sarif,
    "junit": Junit,
    "turtle": Turtle,
}
"""Each form by the name that `--format` knows, the usual one first."""


class Writer:
    """Writes to standard output: in UTF-8 what is for machines, and is so defined.

    has_begun  whether anything was written
    """

    def __init__(self, form: str) -> None:
        self.has_begun = False
        self._is_binary = form in {"sarif", "junit", "turtle"}
        self._stream = sys.stdout

    def __call__(self, text: str) -> None:
        """Write a text now."""
        self.has_begun = True
        if self._is_binary:
            self._stream.buffer.write(text.encode("utf-8", "replace"))
            self._stream.buffer.flush()
            return
        # Where a bar is shown on the terminal that the text goes to, the bar has to make room,
        # for which it stands in for the stream; elsewhere it must not.
        to: TextIO = sys.stdout if self._stream.isatty() else self._stream
        encoding = self._stream.encoding or "utf-8"
        to.write(text.encode(encoding, "replace").decode(encoding))
        to.flush()


def _address(outcome: Outcome) -> str:
    """Return the IRI of a source: the file's own; of standard input that of an item to be."""
    if outcome.name == "-":
        return "urn:sage-catalog:standard-input"
    row = "" if outcome.row is None else f"?row={outcome.row}"
    return Path(outcome.name).resolve().as_uri() + row


def _json(said: Any) -> str:
    """Return JSON that standard output can show."""
    text = json.dumps(said, ensure_ascii=False, indent=2, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(said, indent=2, default=str)
    return text
