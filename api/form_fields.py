"""Which fields a form asks for, and by which control each is written; all of it from the shapes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from catalog.domain.description import RDF, XSD
from catalog.domain.fields import SH, Field, Shapes
from catalog.domain.identifiers import SAGE, SHAPES
from catalog.domain.reading import ORDERED, POSITION, WRITTEN_ABOUT_THE_ITEM
from catalog.domain.report import Level
from catalog.domain.schemes import Vocabularies
from catalog.library import Library

COMMON: Final = f"{SHAPES}common"
_PART: Final = f"{SHAPES}parts#"
_OUTSIDE: Final = f"<{SAGE}ExternalResource>"
_LONG: Final = "<http://datashapes.org/dash#singleLine>"
_MOST_CHECKS: Final = 12
_MOST_CHOICES: Final = 60
_DATES: Final = frozenset(f"{XSD}{name}" for name in ("date", "dateTime", "gYearMonth", "gYear"))
_NUMBERS: Final = frozenset(
    f"{XSD}{name}"
    for name in ("decimal", "double", "float", "integer", "nonNegativeInteger", "positiveInteger")
)
_IRI = re.compile(r"<([^<>]+)>")


class Control(StrEnum):
    """How a value is written."""

    LINE = "line"
    LONG = "long"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    CHOICE = "choice"
    CHECKS = "checks"
    TERM = "term"
    PICK = "pick"
    ADDRESS = "address"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Ask:
    """A field of the item or of a part, as a form asks for it.

    key           its name within names of controls
    has_language  whether texts carry the tag of their language
    kinds         the shapes of the parts that may be added, by IRI
    says_none     whether one may say that it is not stated
    one_of        the level at which this or another field is demanded, if one is
    is_ordered    whether the order of values means something
    refers_to     the item types that an item named here has
    """

    key: str
    field: Field
    control: Control
    has_language: bool
    kinds: tuple[str, ...]
    says_none: bool
    one_of: Level | None
    is_ordered: bool
    refers_to: tuple[str, ...]

    @property
    def is_single(self) -> bool:
        """Whether it has at most one value."""
        return self.field.max_count == 1

    @property
    def demanded(self) -> Level | None:
        """The level at which it has to be answered, alone or as one of several."""
        return self.field.required or self.one_of


def shape_of(item_type: str) -> str:
    """Return the IRI of the shape of an item type."""
    return f"{SHAPES}{item_type}"


@lru_cache(maxsize=512)
def asks(library: Library, shape: str) -> tuple[Ask, ...]:
    """Return what is asked about an item or a part, in the order of its shape.

    What the catalog writes itself is not asked for, and neither is the place in a list, which is
    the order of the form.
    """
    fields = _fields(library.shapes, shape)
    together = {iri: one.required for one in fields if one.path[:1] in "(^" and one.required
                for iri in _IRI.findall(one.path)}  # fmt: skip
    is_item = shape.removeprefix(SHAPES) in library.item_types
    left_out = WRITTEN_ABOUT_THE_ITEM | {POSITION} if is_item else {POSITION}
    return tuple(
        _ask(library, one, together.get(one.path))
        for one in fields
        if one.path[:1] not in "(^" and "/" in one.path and f"<{one.path}>" not in left_out
    )


def _fields(shapes: Shapes, shape: str) -> tuple[Field, ...]:
    name = shape.removeprefix(SHAPES)
    return shapes.fields(name) if name in shapes.item_types else shapes.fields_of_part(shape)


def _ask(library: Library, field: Field, one_of: Level | None) -> Ask:
    shapes = library.shapes
    row = shapes.rows.get(f"<{field.shape}>", {})
    refers_to = tuple(term[1:-1].rpartition("/")[2] for term in row.get(f"<{SAGE}refersTo>", ()))
    control = _control(library.vocabularies, field, is_long='"false"' in str(row.get(_LONG, "")))
    kinds = dict.fromkeys((*field.parts, *_kinds_of_objects(shapes, field.path)))
    if control is Control.ADDRESS and refers_to:
        kinds |= dict.fromkeys(part_kinds(shapes).get(_OUTSIDE, ()))
    return Ask(
        key=field.shape.rpartition("#")[2],
        field=field,
        control=control,
        has_language=f"{RDF}langString" in field.datatypes,
        kinds=tuple(kinds),
        says_none=field.may_be_not_stated or _takes_any_iri(field),
        one_of=one_of,
        is_ordered=f"<{field.path}>" in ORDERED,
        refers_to=refers_to,
    )


def _takes_any_iri(field: Field) -> bool:
    """Tell whether "not stated" fits a demanded field whose shape takes whatever is an IRI."""
    return field.required == "publication" and field.node_kind == "IRI" and not field.pattern


def _control(vocabularies: Vocabularies, field: Field, *, is_long: bool) -> Control:
    if field.schemes or field.allowed:
        return _control_of_terms(vocabularies, field)
    kinds = set(field.datatypes)
    if kinds == {f"{XSD}boolean"}:
        return Control.FLAG
    if kinds and kinds <= _DATES:
        return Control.DATE
    if kinds and kinds <= _NUMBERS:
        return Control.NUMBER
    if field.parts:
        return Control.PART
    if field.node_kind == "IRI" and not kinds:
        return Control.ADDRESS
    return Control.LONG if is_long else Control.LINE


def _control_of_terms(vocabularies: Vocabularies, field: Field) -> Control:
    if field.datatypes:
        return Control.TERM
    number = sum(len(_concepts(vocabularies, name)) for name in field.schemes) + len(field.allowed)
    if number <= _MOST_CHECKS and field.max_count != 1 and not field.parts:
        return Control.CHECKS
    if number <= _MOST_CHOICES:
        return Control.CHOICE
    return Control.PICK if field.parts and picked(vocabularies, field.schemes) else Control.TERM


def _concepts(vocabularies: Vocabularies, scheme: str) -> tuple[str, ...]:
    found = vocabularies.scheme(scheme)
    return found.concepts if found else ()


@lru_cache(maxsize=64)
def picked(vocabularies: Vocabularies, schemes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms of large schemes that are usual here: those that our own schemes mean.

    That is by `skos:exactMatch` of a term of ours, or as the licence of a vocabulary of ours.
    """
    wanted = {iri for name in schemes for iri in _concepts(vocabularies, name)}
    found: dict[str, None] = {}
    for name in vocabularies.names:
        scheme = vocabularies.scheme(name)
        found.update(dict.fromkeys(scheme.licenses if scheme else ()))
        if name not in schemes:
            found.update(dict.fromkeys(_meant(vocabularies, name)))
    return tuple(iri for iri in sorted(found) if iri in wanted)


def _meant(vocabularies: Vocabularies, scheme: str) -> Iterator[str]:
    for iri in _concepts(vocabularies, scheme):
        concept = vocabularies.concept(iri)
        yield from concept.mappings.get("exactMatch", ()) if concept else ()


@lru_cache(maxsize=8)
def part_kinds(shapes: Shapes) -> dict[str, tuple[str, ...]]:
    """Return class of a part, as a term, to the IRIs of the shapes that speak of such parts."""
    found: dict[str, tuple[str, ...]] = {}
    for node, kind in _targets(shapes, "targetClass"):
        found[kind] = (*found.get(kind, ()), node[1:-1])
    return found


def part_shape(shapes: Shapes, classes: Iterable[str]) -> str:
    """Return the IRI of the shape of a part that has these classes, as IRIs; "" for none."""
    known = part_kinds(shapes)
    return next((known[f"<{iri}>"][0] for iri in classes if f"<{iri}>" in known), "")


def class_of(shapes: Shapes, shape: str) -> str:
    """Return the IRI of the class that a new part of this shape gets."""
    row = shapes.rows.get(f"<{shape}>", {})
    return next(iter(row.get(f"<{SH}targetClass>", ("",))))[1:-1]


def _kinds_of_objects(shapes: Shapes, path: str) -> Iterator[str]:
    for node, used in _targets(shapes, "targetObjectsOf"):
        if used == f"<{path}>":
            yield node[1:-1]


def _targets(shapes: Shapes, target: str) -> Iterator[tuple[str, str]]:
    for node, row in shapes.rows.items():
        if node.startswith(f"<{_PART}"):
            for found in row.get(f"<{SH}{target}>", ()):
                yield node, found


def is_part_shape(shapes: Shapes, shape: str) -> bool:
    """Tell whether an IRI is that of a shape of parts."""
    return shape.startswith(_PART) and f"<{shape}>" in shapes.rows
