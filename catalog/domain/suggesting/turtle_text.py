"""How a suggestion is spelled in Turtle or N-Triples, and where a change of it would stand."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyoxigraph as ox

from catalog.domain.description import TYPE, XSD, is_literal, literal
from catalog.domain.fixing import Change
from catalog.domain.identifiers import RECORD
from catalog.domain.offsets import TURTLE_TOKEN
from catalog.domain.parsing import N_TRIPLES, TURTLE
from catalog.domain.reading import Reading, beside
from catalog.domain.report import Finding
from catalog.domain.suggesting.examples import Example, home

_LOCAL = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*", re.ASCII)
_TAG = re.compile(r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*")
_TYPED = re.compile(r"\^\^(?:<[^<>\s]*>|[^\s<>\"'\[\](){};,#^]+)")
_NAME_BEFORE = re.compile(r"(<[^<>\s]*>|[^\s<>\"'\[\](){};,#]*:[^\s<>\"'\[\](){};,#]+)\s*\Z")
_DECLARED = re.compile(r"prefix\s+([^\s:]*):")
_BARE = {
    f"{XSD}integer": re.compile(r"[+-]?\d+"),
    f"{XSD}decimal": re.compile(r"[+-]?\d*\.\d+"),
    f"{XSD}boolean": re.compile(r"true|false"),
}
"""Literals that Turtle writes without quotation marks."""


class TurtleText:
    """A text in Turtle; RDF/XML is told what to say in Turtle, and no change is proposed."""

    to_add = "Line to add"

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.parsed = reading.parsed

    # -- what to write

    def term(self, term: str) -> str:
        """Return a term as Turtle writes it, IRIs in full."""
        return (
            self._literal(term)
            if is_literal(term)
            else beside(self.reading.item, home(self.reading.item, term))
        )

    def short(self, term: str) -> str:
        """Return a term as briefly as the prefixes of the text allow."""
        if is_literal(term):
            return self._literal(term)
        if not term.startswith(f"<{RECORD}"):
            for prefix, namespace in self.prefixes.items():
                local = term[1 + len(namespace) : -1]
                if term.startswith(f"<{namespace}") and _LOCAL.fullmatch(local):
                    return f"{prefix}:{local}"
        return self.term(term)

    def _literal(self, term: str) -> str:
        said = literal(term)
        bare = _BARE.get(said.datatype)
        if bare and bare.fullmatch(said.text):
            return said.text
        quoted, mark, datatype = term.rpartition("^^")
        return f"{quoted}^^{self.short(datatype)}" if mark and term[-1] == ">" else term

    def added(self, example: Example) -> str:
        """Return a statement of Turtle, its parts in brackets.

        Where the subject has no name in the text it is a property with its value, to be put among
        the others.
        """
        subject, predicate, value = example.first
        said = f"{self._predicate(predicate)} {self._value(value, example)}"
        if self.is_nameless(subject):
            return f"{said} ;"
        return f"{self.short(home(self.reading.item, subject))} {said} ."

    def value(self, example: Example) -> str:
        """Return a part in brackets."""
        return self._value(example.value, example)

    def is_nameless(self, subject: str) -> bool:
        """Tell whether a part, as a term, is a blank node in the text."""
        return self._raw_subjects.get(subject, "")[:1] == "_"

    @cached_property
    def _raw_subjects(self) -> dict[str, str]:
        """Each subject of the reading to how the parser named it."""
        lines = self.parsed.lines
        reading = self.reading
        return {
            subject: lines[origin].partition(" ")[0]
            for origin, (subject, _, _) in zip(reading.origins, reading.statements, strict=True)
            if origin >= 0
        }

    def _predicate(self, predicate: str) -> str:
        return "a" if predicate == TYPE else self.short(predicate)

    def _value(self, value: str, example: Example) -> str:
        row = example.rows.get(value)
        if row is None or value == example.first[0]:
            return self.short(home(self.reading.item, value))
        said = [f"{self._predicate(p)} {self._value(v, example)}" for p, v in row if v != value]
        return f"[ {' ; '.join(said)} ]"

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """Prefix to namespace, of those that the text declares just once."""
        form = self.parsed.format
        parser = ox.parse(self.parsed.data, format=form, base_iri=self.parsed.base)
        for _ in parser:
            pass
        found: Mapping[str, str] = parser.prefixes
        if form != TURTLE:
            return found
        declared = Counter(_DECLARED.findall(self.characters.lower()))
        return {
            prefix: namespace
            for prefix, namespace in found.items()
            if declared[prefix.lower()] == 1
        }

    # -- what to change

    @cached_property
    def characters(self) -> str:
        """The text that was read."""
        return self.parsed.data.decode()

    def replacement(self, finding: Finding, origin: int, term: str) -> Change | None:
        """Return the change of a value, with its datatype or language and nothing around it."""
        start = self._start(finding)
        if start is None:
            return None
        end = self._end(start)
        old = self.characters[start:end]
        if self._object(old) != self.parsed.lines[origin].split(" ", 2)[2]:
            return None
        tag = re.fullmatch(r'".*"(@[\w-]+)', term, re.DOTALL)
        if tag and old[-1] in "\"'" and term[: -len(tag[1])] == self._object(old):
            return self._change(end, end, tag[1])
        new = self.term(term) if old[0] == "<" else self.short(term)
        return self._change(start, end, new)

    def renamed(self, finding: Finding, origin: int, predicate: str) -> Change | None:
        """Return the change of the property, where it stands right before the value."""
        start = self._start(finding)
        if start is None:
            return None
        found = _NAME_BEFORE.search(self.characters[max(0, start - 3_000) : start])
        if found is None:
            return None
        begin = start - (len(found.string) - found.start(1))
        if self._object(found[1]) != self.parsed.lines[origin].split(" ", 2)[1]:
            return None
        new = self.term(predicate) if found[1][0] == "<" else self.short(predicate)
        return self._change(begin, begin + len(found[1]), new)

    def _start(self, finding: Finding) -> int | None:
        """Return where the value begins that a finding points at, in characters."""
        if finding.line is None or finding.column is None or self.parsed.format not in _TURTLES:
            return None
        return self._starts[finding.line - 1] + finding.column - 1

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.characters))]

    def _end(self, start: int) -> int:
        """Return where the term ends that begins at an offset."""
        token = TURTLE_TOKEN.match(self.characters, start)
        end = token.end() if token else start
        if token and token[0][0] in "\"'":
            more = _TAG.match(self.characters, end) or _TYPED.match(self.characters, end)
            end = more.end() if more else end
        return start + len(self.characters[start:end].rstrip("."))

    def _object(self, spelled: str) -> str | None:
        """Return the term that stands at some place, read by the prefixes of the text."""
        header = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in self.prefixes.items())
        try:
            (triple,) = ox.parse(
                f"{header}<x:s> <x:p> {spelled} .", format=TURTLE, base_iri=self.parsed.base
            )
        except (SyntaxError, ValueError):
            return None
        return str(triple.object)

    def _change(self, start: int, end: int, text: str) -> Change:
        return Change(*self._place(start), *self._place(end), text)

    def _place(self, offset: int) -> tuple[int, int]:
        line = self.characters.count("\n", 0, offset) + 1
        return line, offset - self._starts[line - 1] + 1


_TURTLES = (TURTLE, N_TRIPLES)


class NTriplesText(TurtleText):
    """A text in N-Triples, where nothing is short and the item has its whole address."""

    prefixes: Mapping[str, str] = {}

    def term(self, term: str) -> str:
        """Return a term in full."""
        term = home(self.reading.item, term)
        known = self._raw_subjects.get(term)
        if known is not None or is_literal(term):
            return known or term
        own = self._raw_subjects.get(f"<{self.reading.item}>", f"<{self.reading.item}>")
        items = own[: own.rfind("/") + 1]
        return term.replace(f"<{RECORD}items/", items) if term.startswith(f"<{RECORD}") else term

    def _literal(self, term: str) -> str:
        return term

    def added(self, example: Example) -> str:
        """Return the statements, one a line, new parts as blank nodes."""
        return "\n".join(self._lines(example))

    def value(self, example: Example) -> str:
        """Return whole statements: there are no brackets in N-Triples."""
        return self.added(example)

    def _lines(self, example: Example) -> Iterator[str]:
        rows = example.rows
        for subject, predicate, value in example.statements:
            written = [
                f"_:{term[term.rfind('#') + 1 : -1]}x"
                if term in rows and term != example.first[0]
                else self.term(term)
                for term in (subject, value)
            ]
            yield f"{written[0]} {predicate} {written[1]} ."
