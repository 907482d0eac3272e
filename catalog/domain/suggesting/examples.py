"""What the example in a shape's description says, as statements, with all that its parts need."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pyoxigraph as ox

from catalog.domain.context import PREFIXES
from catalog.domain.description import TYPE, Statement, is_literal, literal
from catalog.domain.fields import NOT_STATED, SH, Field, Shapes
from catalog.domain.identifiers import item_iri

ITEM = f"<{item_iri('0000000000')}>"
"""The item that examples are about."""

_PART = f"{ITEM[:-1]}#"
_EXAMPLE = re.compile(r"Example: (.+)\Z", re.DOTALL)
_HEADER = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
_DEEPEST = 3
_ALTERNATIVES = re.compile(r"<([^>]+)>")

Row = tuple[tuple[str, str], ...]
"""Pairs of property and value, as terms."""


@dataclass(frozen=True, slots=True)
class Example:
    """Something that may be said: the statements, of which the first is what it is about."""

    statements: tuple[Statement, ...]

    @property
    def first(self) -> Statement:
        """The statement that the rest only explains."""
        return self.statements[0]

    @property
    def value(self) -> str:
        """The value of the first statement, as a term."""
        return self.first[2]

    @property
    def rows(self) -> Mapping[str, Row]:
        """What is said about each subject."""
        found: dict[str, Row] = {}
        for subject, predicate, value in self.statements:
            found[subject] = (*found.get(subject, ()), (predicate, value))
        return found

    def about(self, subject: str, value: str | None = None) -> "Example":
        """Return the same said about another subject, with another value if there is one."""
        old, predicate, said = self.first
        first = (subject, predicate, value or said)
        rest = [(subject if s == old else s, p, v) for s, p, v in self.statements[1:]]
        return Example((first, *rest))


def properties_in(path: str) -> tuple[str, ...]:
    """Return the IRIs of the properties in a path as `Field.path` has it.

    >>> properties_in("http://purl.org/dc/terms/title")
    ('http://purl.org/dc/terms/title',)
    >>> properties_in("(<http://e/p>|<http://e/q>)")
    ('http://e/p', 'http://e/q')
    """
    return tuple(_ALTERNATIVES.findall(path)) or (path,)


@lru_cache(maxsize=4_000)
def example_in(help_text: str, path: str) -> Example | None:
    """Return the example at the end of a description, if it is one that can be read.

    It may be whole statements, or a property with its value, or the value alone. The statement
    with a property of `path` comes first, if there is one.
    """
    found = _EXAMPLE.search(help_text)
    if not found:
        return None
    properties = properties_in(path)
    said = found[1].strip()
    behind_words = said[max(said.find("<"), 0) :]
    for text in (said, f"<> {said} .", f"<> <{properties[0]}> {said} .", behind_words):
        statements = _read(text)
        if statements:
            return Example(tuple(_with_first(statements, {f"<{one}>" for one in properties})))
    return None


def _read(text: str) -> list[Statement]:
    try:
        triples = [*ox.parse(_HEADER + text, format=ox.RdfFormat.TURTLE, base_iri=ITEM[1:-1])]
    except (SyntaxError, ValueError):
        return []
    return [(str(t.subject), str(t.predicate), str(t.object)) for t in triples]


def _with_first(statements: list[Statement], properties: Collection[str]) -> Iterator[Statement]:
    first = next((one for one in statements if one[1] in properties), statements[0])
    yield first
    yield from (one for one in statements if one != first)


class Examples:
    """Examples of what the shapes ask for, whole enough to be kept."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    @cached_property
    def _owners(self) -> dict[str, str]:
        """Property shape, as a term, to the node shape that it belongs to."""
        return {
            shape: node
            for node, row in self.shapes.rows.items()
            for shape in row.get(f"<{SH}property>", ())
            if node[0] == "<"
        }

    @cached_property
    def classes(self) -> dict[str, str]:
        """IRI of the node shape of a part to the class, as a term, that it is for."""
        return {
            node[1:-1]: targets[0]
            for node, row in self.shapes.rows.items()
            if (targets := row.get(f"<{SH}targetClass>", ()))
        }

    @cached_property
    def _fields(self) -> dict[str, tuple[Field, ...]]:
        return {}

    def fields_of(self, node: str) -> tuple[Field, ...]:
        """Return the fields of a node shape, given its IRI; kept once they were asked for."""
        if node not in self._fields:
            self._fields[node] = self.shapes.fields_of_part(node)
        return self._fields[node]

    def field(self, shape: str) -> Field | None:
        """Return the field that a property shape, given its IRI, is part of."""
        owner = self._owners.get(f"<{shape}>")
        path = self.shapes.source(f"<{shape}>").path
        if owner is None:
            return None
        return next((one for one in self.fields_of(owner[1:-1]) if one.path == path), None)

    def fields_beside(self, shape: str) -> tuple[Field, ...]:
        """Return the fields that stand beside a property shape, given its IRI."""
        owner = self._owners.get(f"<{shape}>")
        return self.fields_of(owner[1:-1]) if owner else ()

    def of(self, field: Field, depth: int = 0) -> Example | None:
        """Return an example of a field, its parts with all that they must have."""
        found = example_in(field.description, field.path)
        return found and self.whole(found, (field,), depth)

    def whole(self, example: Example, fields: Sequence[Field], depth: int = 0) -> Example:
        """Return an example in which no part lacks what is demanded of it.

        fields  those that the subject of the first statement may have
        """
        rows = dict(example.rows)
        more: list[Statement] = []
        for subject, predicate, value in example.statements:
            if not value.startswith(_PART) or "#file/" in value:
                continue
            if value in example.rows:
                more += self._lacking(value, rows[value], depth)
            elif value not in rows and depth < _DEEPEST:
                own = (
                    fields if subject == example.first[0] else self._fields_by_class(rows[subject])
                )
                said = self._part(value, own, predicate, depth)
                more += said
                rows[value] = tuple((one, other) for _, one, other in said)
        return Example((*example.statements, *more))

    def _fields_by_class(self, row: Row) -> tuple[Field, ...]:
        kinds = {value for predicate, value in row if predicate == TYPE}
        return tuple(
            field
            for shape, kind in self.classes.items()
            if kind in kinds
            for field in self.fields_of(shape)
        )

    def _part(
        self, name: str, fields: Sequence[Field], predicate: str, depth: int
    ) -> list[Statement]:
        """Return what must be said about a part to which a property leads."""
        named = self._parts_in_examples.get(predicate)
        if named is not None:
            said = [(name if s == named.value else s, p, v) for s, p, v in named.statements[1:]]
            return list(self.whole(Example(tuple(said)), (), depth + 1).statements)
        field = next((one for one in fields if f"<{one.path}>" == predicate), None)
        for shape in field.parts if field else ():
            kind = self.classes.get(shape)
            if kind:
                own = (TYPE, kind)
                return [(name, *own), *self._lacking(name, (own,), depth)]
        return [(name, TYPE, f"<{kind}>") for kind in (field.classes[:1] if field else ())]

    @cached_property
    def _parts_in_examples(self) -> dict[str, Example]:
        """Property, as a term, to the first example of it that describes a part."""
        found: dict[str, Example] = {}
        for row in self.shapes.rows.values():
            for path in row.get(f"<{SH}path>", ()):
                for text in row.get(f"<{SH}description>", ()):
                    example = example_in(literal(text).text, path.strip("<>"))
                    if example and example.first[1] == path and example.value in example.rows:
                        found.setdefault(path, example)
        return found

    def _lacking(self, part: str, row: Row, depth: int) -> Iterator[Statement]:
        """Yield what the shapes demand of a part and its row does not say."""
        said = {predicate for predicate, _ in row}
        kinds = {value for predicate, value in row if predicate == TYPE}
        for shape, kind in self.classes.items():
            if kind not in kinds or depth >= _DEEPEST:
                continue
            for field in self.fields_of(shape):
                names = [f"<{one}>" for one in properties_in(field.path)]
                if field.required and said.isdisjoint(names) and "/" not in _steps(field.path):
                    yield from self._demanded(part, field, depth)

    def _demanded(self, part: str, field: Field, depth: int) -> Iterator[Statement]:
        if may_be_not_stated(field):
            yield (part, f"<{properties_in(field.path)[0]}>", NOT_STATED)
            return
        found = self.of(field, depth + 1)
        if found is not None:
            yield from found.about(part).statements


def _steps(path: str) -> str:
    """Return a path without its properties: a slash in it leads on to another thing."""
    return _ALTERNATIVES.sub("", path) if "<" in path else ""


def may_be_not_stated(field: Field) -> bool:
    """Tell whether `sage:notStated` is a value of a field that a person may give.

    That is where the shape says so, and where any address will do.
    """
    if field.may_be_not_stated:
        return True
    is_any_address = field.node_kind == "IRI" and not field.pattern and not field.datatypes
    return is_any_address and not (field.schemes or field.classes or field.allowed)


def given_words(example: Example, text: str, naming: Collection[str]) -> Example | None:
    """Return the example with `text` as the name of its part; None if it has no name.

    text    a literal, as a term
    naming  the properties, as terms, that name things
    """
    for number, (subject, predicate, value) in enumerate(example.statements):
        if subject == example.value and predicate in naming and is_literal(value):
            statements = list(example.statements)
            statements[number] = (subject, predicate, text)
            return Example(tuple(statements))
    return None


def home(item: str, term: str) -> str:
    """Return a term of an example as one of the item."""
    return f"<{item}{term[len(ITEM) - 1 :]}" if term.startswith(ITEM[:-1]) else term
