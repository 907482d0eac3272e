"""What things are called on pages, and where on this catalog their names lead.

Every label and explanation comes from `vocab/` and `shapes/`; nothing of them is typed here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import quote

from api.frame import Frame
from catalog.domain.context import PREFIXES
from catalog.domain.description import Literal
from catalog.domain.fields import SH, Field, Group
from catalog.domain.identifiers import RECORD, SAGE, SHAPES, VOCAB
from catalog.domain.schemes import Concept
from catalog.library import Library

ITEM_TYPES: Final = "item-type"
STATES: Final = "lifecycle-status"
ONTOLOGY: Final = SAGE.rstrip("#")
_ELSEWHERE: Final = Group("", "Further statements", float("inf"))
_EXAMPLE = re.compile(r"\s*Example: .*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """A name, what it means, and the address on this catalog that says more ("" for none)."""

    label: str
    help: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a property stands among those of its kind of thing."""

    word: Word
    group: Group
    order: float


def compact(iri: str) -> str:
    """Return an IRI, or a path of IRIs, with the usual prefixes: `dct:title`."""
    for prefix, namespace in _NAMESPACES:
        if namespace in iri:
            iri = re.sub(rf"<?{re.escape(namespace)}([\w.-]+)>?", rf"{prefix}:\1", iri)
    return iri


_NAMESPACES: Final = sorted(PREFIXES.items(), key=lambda pair: -len(pair[1]))


class Naming:
    """The words of one library, for one place of the catalog and one reader's languages.

    What is looked up once is kept: the library does not change while it is in use.
    """

    def __init__(self, library: Library, root: str, languages: tuple[str, ...]) -> None:
        self.library = library
        self.root = root
        self.languages = languages
        self._words: dict[str, Word | None] = {}
        self._fields: dict[str, tuple[Field, ...]] = {}
        self._places: dict[frozenset[str], dict[str, Place]] = {}

    # -- item types and states

    def of_type(self, name: str) -> str:
        """Return the label of an item type: `model` is called "Model"."""
        return self._of_concept(ITEM_TYPES, name).label

    def meaning_of_type(self, name: str) -> str:
        """Return what an item type is."""
        return self._of_concept(ITEM_TYPES, name).help

    def of_state(self, name: str) -> str:
        """Return the label of a state of the life cycle."""
        return self._of_concept(STATES, name).label

    def of_term(self, iri: str) -> str:
        """Return the label of a concept; its IRI, shortened, where it is none."""
        return (self.term(iri) or Word(compact(iri))).label

    def _of_concept(self, scheme: str, name: str) -> Word:
        return self.term(f"{VOCAB}{scheme}/{name}") or Word(name)

    @cached_property
    def types_with_narrower(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The names of the item types, each with those of its narrower ones."""
        vocabularies = self.library.vocabularies
        prefix = f"{VOCAB}{ITEM_TYPES}/"
        scheme = vocabularies.scheme(ITEM_TYPES)
        found = []
        for iri in scheme.top_concepts if scheme else ():
            name, *below = (one.removeprefix(prefix) for one in vocabularies.narrower_closure(iri))
            found.append((name, tuple(below)))
        return tuple(found)

    # -- concepts, classes, schemes

    def term(self, iri: str) -> Word | None:
        """Return the name of a concept, scheme, class or property that this catalog describes."""
        if iri not in self._words:
            self._words[iri] = self._term(iri)
        return self._words[iri]

    def _term(self, iri: str) -> Word | None:
        if concept := self.library.vocabularies.concept(iri):
            return Word(
                self.said(concept.labels) or concept.label,
                self.said(concept.definitions) or "",
                self.of(concept),
            )
        if iri.startswith(VOCAB) and (
            scheme := self.library.vocabularies.scheme(iri[len(VOCAB) :])
        ):
            return Word(scheme.title, scheme.description or "", f"{self.root}vocab/{scheme.name}")
        if iri.startswith(SAGE) and (label := self.library.shapes.label(iri)):
            help_ = self.library.shapes.comment(iri) or ""
            return Word(label, help_, f"{self.root}ns#{iri[len(SAGE) :]}")
        return None

    def scheme_of(self, iri: str) -> Word:
        """Return the scheme whose file describes a concept."""
        name = self.library.vocabularies.scheme_of(iri) or ""
        return self.term(VOCAB + name) or Word(name, "", f"{self.root}vocab/{name}")

    def of(self, concept: Concept) -> str:
        """Return the address of a concept's page."""
        if concept.iri.startswith(VOCAB):
            return f"{self.root}vocab/{concept.iri[len(VOCAB) :]}"
        scheme = self.library.vocabularies.scheme_of(concept.iri)
        return f"{self.root}vocab/{scheme}?iri={quote(concept.iri, safe='')}"

    def said(self, texts: Iterable[Literal]) -> str | None:
        """Return the text in the reader's best language, else in English, else any."""
        found = list(texts)
        for language in self.languages:
            for text in found:
                if text.language and text.language.split("-")[0] == language:
                    return text.text
        return found[0].text if found else None

    def here(self, iri: str) -> str:
        """Return the address on this catalog of an IRI of the record."""
        return self.root + iri.removeprefix(RECORD)

    # -- properties

    def places(self, kinds: Iterable[str]) -> Mapping[str, Place]:
        """Return the properties of a thing of some classes, by IRI.

        kinds  IRIs of classes, or names of item types
        """
        key = frozenset(kinds)
        if key not in self._places:
            if len(self._places) > _MOST_KINDS:
                self._places.clear()
            found: dict[str, Place] = {}
            for kind in sorted(key):
                for field in self.fields(kind):
                    found.setdefault(field.path, _place(field))
            self._places[key] = found
        return self._places[key]

    def fields(self, kind: str) -> tuple[Field, ...]:
        """Return the fields of an item type, or of parts of a class; none for other things."""
        shapes = self.library.shapes
        if kind not in self._fields:
            if kind in self.library.item_types:
                self._fields[kind] = shapes.fields(kind)
            elif part := self._part_shapes.get(kind):
                self._fields[kind] = shapes.fields_of_part(part)
        return self._fields.get(kind, ())

    def property(self, iri: str, places: Mapping[str, Place] | None = None) -> Place:
        """Return the name of a property: as `places` has it, else as any shape, else shortened."""
        if places and (place := places.get(iri)):
            return place
        if word := self._property_words.get(iri):
            return Place(word, _ELSEWHERE, 0)
        return Place(self.term(iri) or _spelt(iri), _ELSEWHERE, 1)

    def of_part(self, iri: str) -> str:
        """Return the name of a class of parts: by its shape, else by the ontology."""
        shape = self._part_shapes.get(iri)
        label = self.library.shapes.label(shape) if shape else None
        return label or self.library.shapes.label(iri) or compact(iri)

    def datatype(self, iri: str) -> str:
        """Return what a datatype holds, in words; its short name where there are none."""
        return _DATATYPES.get(compact(iri), compact(iri))

    @cached_property
    def _part_shapes(self) -> dict[str, str]:
        """Class of a part to the IRI of the shape that speaks of such parts."""
        return {
            target[1:-1]: node[1:-1]
            for node, row in self.library.shapes.rows.items()
            if node.startswith(f"<{SHAPES}parts#")
            for target in row.get(f"<{SH}targetClass>", ())
        }

    @cached_property
    def _property_words(self) -> dict[str, Word]:
        """Property to its name, for where no shape of the thing at hand speaks of it."""
        found: dict[str, Word] = {}
        for kind in (*self.library.item_types, *self._part_shapes):
            for field in self.fields(kind):
                found.setdefault(field.path, _place(field).word)
        return found


_MOST_KINDS: Final = 500


def _spelt(iri: str) -> Word:
    """Return the end of an IRI as words, for what nobody named: `unitText` is "Unit text"."""
    name = re.split(r"[#/]", iri.rstrip("#/"))[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", name).strip()
    return Word(words[:1].upper() + words[1:].lower() if words else iri, compact(iri))


def _place(field: Field) -> Place:
    word = Word(field.name, _EXAMPLE.sub("", field.description))
    return Place(word, field.group or _ELSEWHERE, field.order)


_DATATYPES: Final[Mapping[str, str]] = {
    "rdf:langString": "words with their language",
    "xsd:string": "text",
    "xsd:integer": "a whole number",
    "xsd:nonNegativeInteger": "a whole number",
    "xsd:positiveInteger": "a whole number",
    "xsd:decimal": "a number",
    "xsd:double": "a number",
    "xsd:float": "a number",
    "xsd:boolean": "true or false",
    "xsd:date": "a date",
    "xsd:dateTime": "a date with time",
    "xsd:gYear": "a year",
    "xsd:gYearMonth": "a month",
    "xsd:duration": "a duration",
    "xsd:anyURI": "an address",
    "xsd:hexBinary": "hexadecimal digits",
    "geo:wktLiteral": "a place in WKT",
}
"""The datatypes of XML Schema and GeoSPARQL in words; the standards have no such labels."""


_KEPT: dict[tuple[str, str, tuple[str, ...]], Naming] = {}


def naming(library: Library, frame: Frame) -> Naming:
    """Return the words of a library for the reader of a page."""
    languages = tuple(dict.fromkeys((*frame.languages[:2], "en")))
    key = (library.version, frame.root, languages)
    if key not in _KEPT:
        if len(_KEPT) >= _MOST_READERS:
            _KEPT.clear()
        _KEPT[key] = Naming(library, frame.root, languages)
    return _KEPT[key]


_MOST_READERS: Final = 16
