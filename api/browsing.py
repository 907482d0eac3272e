"""The shapes and the ontology as pages show them: item types, their fields, classes, properties."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from api.naming import Naming, Word
from api.values import Reader, Row, Value
from catalog.domain.description import RDF, Description
from catalog.domain.fields import RDFS, Field
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.report import LEVELS


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of a shape, as the page of its item type shows it.

    values  what may stand there: words and links, in the order of the shape
    demand  when it is demanded, in words; "" if never
    """

    name: str
    help: str
    example: str
    path: str
    demand: str
    many: str
    values: tuple[Value, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The fields under one heading."""

    label: str
    fields: tuple[FieldLine, ...]


def field_groups(naming: Naming, item_type: str) -> tuple[FieldGroup, ...]:
    """Return the fields of an item type under their headings."""
    found: dict[str, list[FieldLine]] = {}
    for one in naming.fields(item_type):
        found.setdefault(one.group.label if one.group else "", []).append(_field_line(naming, one))
    return tuple(FieldGroup(label, tuple(lines)) for label, lines in found.items())


def _field_line(naming: Naming, one: Field) -> FieldLine:
    before, _, example = one.description.partition("Example: ")
    return FieldLine(
        name=one.name,
        help=before.strip(),
        example=example.strip(),
        path=one.path,
        demand=_DEMANDS[one.required] if one.required else "",
        many="one" if one.max_count == 1 else "any number",
        values=tuple(dict.fromkeys(_allowed(naming, one))),
        anchor=one.shape.rpartition("#")[2],
    )


_DEMANDS: Final = dict(zip(LEVELS, ("always", "before publication"), strict=True))


def _allowed(naming: Naming, one: Field) -> Iterable[Value]:
    for scheme in one.schemes:
        word = naming.term(VOCAB + scheme) or Word(scheme)
        yield Value("term", word.label, word.href, note=word.help)
    for iri in one.classes:
        yield Value("text", naming.of_part(iri))
    for words in dict.fromkeys(naming.datatype(iri) for iri in one.datatypes):
        yield Value("text", words)
    for term in one.allowed:
        yield Value("code", term)
    if not (one.schemes or one.classes or one.datatypes or one.allowed) and one.node_kind == "IRI":
        yield Value("text", "an address")
    if one.may_be_not_stated:
        yield Value("absent", "not stated")


def types_of_items(naming: Naming) -> tuple[tuple[str, Word, bool], ...]:
    """Return the item types in the order of their vocabulary: name, word, whether narrower."""
    return tuple(
        (name, Word(naming.of_type(name), naming.meaning_of_type(name)), place > 0)
        for top, below in naming.types_with_narrower
        for place, name in enumerate((top, *below))
        if name in naming.library.item_types
    )


@dataclass(frozen=True, slots=True)
class OntologyTerm:
    """A class or property of the ontology."""

    name: str
    label: str
    meaning: str
    rows: tuple[Row, ...] = field(default=())


def ontology_terms(naming: Naming) -> tuple[Sequence[OntologyTerm], ...]:
    """Return the classes and the properties of the ontology, each by name."""
    shapes = naming.library.shapes
    classes: list[OntologyTerm] = []
    properties: list[OntologyTerm] = []
    left_out = {f"{RDFS}label", f"{RDFS}comment", f"{RDFS}isDefinedBy", f"{RDF}type"}
    for node in sorted(shapes.rows):
        iri = node[1:-1]
        label = shapes.label(iri) if iri.startswith(SAGE) else None
        if label is None:
            continue
        kinds = shapes.rows[node].get(f"<{RDF}type>", ())
        lines = [f"{node} {p} {v} .\n" for p, vs in shapes.rows[node].items() for v in vs]
        reader = Reader(Description(iri, "".join(lines)), naming, {})
        term = OntologyTerm(
            iri[len(SAGE) :], label, shapes.comment(iri) or "", reader.rows(node, left_out)
        )
        is_class = any(kind.endswith("Class>") for kind in kinds)
        (classes if is_class else properties).append(term)
    return classes, properties
