"""How a suggestion is spelled in JSON-LD, and where a change of it would stand."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from catalog.domain.description import TYPE, XSD, is_literal, literal
from catalog.domain.fixing import Change
from catalog.domain.identifiers import RECORD
from catalog.domain.jsonform import to_json
from catalog.domain.reading import Reading, beside
from catalog.domain.report import Finding
from catalog.domain.suggesting.examples import Example, home


class JsonText:
    """A text in JSON-LD; one that is no RDF is told what to say in JSON, and left as it is."""

    to_add = "Member to add"

    def __init__(self, reading: Reading, context: Mapping[str, Any]) -> None:
        self.reading = reading
        document = reading.parsed.document
        said = document.get("@context") if isinstance(document, dict) else None
        contexts = said if isinstance(said, list) else [said]
        self._is_rdf = reading.parsed.origins is None
        self._context = context if context in contexts or not self._is_rdf else None

    def term(self, term: str) -> str:
        """Return a term as the JSON object that stands for it under any context."""
        return json.dumps(self._term(term), ensure_ascii=False)

    def _term(self, term: str) -> dict[str, str]:
        if not is_literal(term):
            return {"@id": self._relative(home(self.reading.item, term)[1:-1])}
        said = literal(term)
        if said.language:
            return {"@value": said.text, "@language": said.language}
        if said.datatype == f"{XSD}string":
            return {"@value": said.text}
        return {"@value": said.text, "@type": self._datatype(said.datatype)}

    def _datatype(self, iri: str) -> str:
        return f"xsd:{iri[len(XSD) :]}" if self._context and iri.startswith(XSD) else iri

    def _relative(self, iri: str) -> str:
        return beside(self.reading.item, f"<{iri}>")[1:-1] if iri.startswith(RECORD) else iri

    def added(self, example: Example) -> str:
        """Return a member to add to the object that the finding is about."""
        node = self._named(example) if self._context else self._expanded(example.first[0], example)
        said = {name: value for name, value in node.items() if name not in ("@context", "@id")}
        return json.dumps(self._tidy(said, example), ensure_ascii=False)[1:-1]

    def value(self, example: Example) -> str:
        """Return a part as an object without a name."""
        said: dict[str, Any] = json.loads(f"{{{self.added(example)}}}")
        return json.dumps(next(iter(said.values())), ensure_ascii=False)

    def _named(self, example: Example) -> dict[str, Any]:
        first = example.first
        kept = [one for one in example.statements if one == first or one[0] != first[0]]
        return to_json(kept, self._context or {}, subject=first[0][1:-1], base="")

    def _expanded(self, subject: str, example: Example) -> dict[str, Any]:
        """Return what is said about a thing with properties in full."""
        row = [example.first[1:]] if subject == example.first[0] else example.rows[subject]
        said: dict[str, Any] = {}
        for predicate, value in row:
            inner = value in example.rows and value != example.first[0]
            name = "@type" if predicate == TYPE else predicate[1:-1]
            one = self._expanded(value, example) if inner else self._term(value)
            said.setdefault(name, []).append(value[1:-1] if name == "@type" else one)
        return {name: many[0] if len(many) == 1 else many for name, many in said.items()}

    def _tidy(self, value: Any, example: Example) -> Any:
        """Return a JSON value in which new parts have no name and items are named as beside us."""
        if isinstance(value, list):
            return [self._tidy(one, example) for one in value]
        if isinstance(value, str) and value.startswith(RECORD):
            return self._relative(home(self.reading.item, f"<{value}>")[1:-1])
        if not isinstance(value, dict):
            return value
        is_new = len(value) > 1 and f"<{value.get('@id')}>" in example.rows
        return {
            name: self._tidy(one, example)
            for name, one in value.items()
            if not (is_new and name == "@id")
        }

    def replacement(self, finding: Finding, origin: int, term: str) -> Change | None:
        """Return the change of the value to which the finding's pointer leads."""
        start = self._start(finding)
        if start is None:
            return None
        try:
            old, end = json.JSONDecoder().raw_decode(self._characters, start)
        except (ValueError, RecursionError):
            return None
        if not _stands_for(old, self.reading.parsed.lines[origin].split(" ", 2)[2]):
            return None
        return Change(*self._place(start), *self._place(end), self.term(term))

    def renamed(self, _finding: Finding, _origin: int, _predicate: str) -> Change | None:
        """Return None: which property a name stands for is said by the context."""
        return None

    def _start(self, finding: Finding) -> int | None:
        if finding.line is None or finding.column is None or not finding.pointer:
            return None
        if not self._is_rdf or "@type" in finding.pointer.split("/"):
            return None
        return self._starts[finding.line - 1] + finding.column - 1

    @cached_property
    def _characters(self) -> str:
        return self.reading.source.decode("utf-8-sig")

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [0, *(found.end() for found in re.finditer("\n", self._characters))]

    def _place(self, offset: int) -> tuple[int, int]:
        line = self._characters.count("\n", 0, offset) + 1
        return line, offset - self._starts[line - 1] + 1


def _stands_for(value: Any, term: str) -> bool:
    """Tell whether a JSON value can be what a term was read from, and nothing more."""
    if isinstance(value, dict):
        if not set(value) <= {"@id", "@value", "@type", "@language"}:
            return False
        value = value.get("@id") if "@id" in value else value.get("@value")
    if is_literal(term):
        text = literal(term).text
        return text in (value, json.dumps(value)) if not isinstance(value, str) else text == value
    return isinstance(value, str) and term[1:-1].endswith(re.split(r"[:/#]", value)[-1])
