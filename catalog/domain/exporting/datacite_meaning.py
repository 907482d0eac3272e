"""What of a description becomes what at DataCite, as the vocabularies and the shapes say it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from catalog.domain.context import PREFIXES
from catalog.domain.description import TYPE, Literal, is_literal, literal
from catalog.domain.fields import Shapes
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.profiles.graph import each, term
from catalog.domain.schemes import Vocabularies

Object = dict[str, Any]
"""An object of DataCite's JSON."""

CONTRIBUTOR_TYPES: Final = "datacite-contributor-type"
DATE_TYPES: Final = "datacite-date-type"
DESCRIPTION_TYPES: Final = "datacite-description-type"
IDENTIFIER_TYPES: Final = "datacite-identifier-type"
RELATION_TYPES: Final = "datacite-relation-type"
TITLE_TYPES: Final = "datacite-title-type"

_RELATIONS: Final = "relation-type"
_RDF_PROPERTY: Final = term("sage:rdfProperty")
_INFORMATION: Final = term("sage:relationTypeInformation")
_NOTATION: Final = term("skos:notation")
_SUBJECT_PROPERTY: Final = f"<{SAGE}SubjectProperty>"
_MATCHES: Final = each("skos:exactMatch", "skos:closeMatch", "skos:broadMatch")

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, and the control characters that it discourages."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as DataCite calls it.

    information  which kind of it is meant, in words, or ""
    """

    type: str
    information: str = ""


def iri(name: str) -> str:
    """Return the IRI of a prefixed name.

    >>> iri("dct:title")
    'http://purl.org/dc/terms/title'
    """
    prefix, _, local = name.partition(":")
    return f"{PREFIXES[prefix]}{local}"


@lru_cache(maxsize=32)
def types_by_property(vocabularies: Vocabularies, scheme: str) -> Mapping[str, str]:
    """Return IRIs of properties with the type of DataCite's list `scheme` that each becomes."""
    return {
        value[1:-1]: literal(notation).text
        for row in vocabularies.rows(scheme).values()
        for notation in row.get(_NOTATION, ())[:1]
        for value in row.get(_RDF_PROPERTY, ())
    }


@lru_cache(maxsize=8)
def relations_by_property(vocabularies: Vocabularies) -> Mapping[str, Relation]:
    """Return IRIs of properties with the relation of DataCite that each becomes."""
    return {
        value[1:-1]: relation
        for node, row in vocabularies.rows(_RELATIONS).items()
        for value in row.get(_RDF_PROPERTY, ())
        if (relation := relation_of(vocabularies, node[1:-1]))
    }


def relation_of(vocabularies: Vocabularies, concept: str) -> Relation | None:
    """Return what a concept of `relation-type` is at DataCite; None for what is none."""
    row = vocabularies.row(concept)
    kind = matching(vocabularies, concept, RELATION_TYPES)
    if row is None or kind is None:
        return None
    words = [literal(value).text for value in row.get(_INFORMATION, ())]
    return Relation(kind, words[0] if words else "")


def matching(vocabularies: Vocabularies, concept: str, scheme: str) -> str | None:
    """Return the type of DataCite's list `scheme` that a concept of ours is mapped to."""
    row = vocabularies.row(concept) or {}
    for match in _MATCHES:
        for value in row.get(match, ()):
            if value.startswith(f"<{VOCAB}{scheme}/"):
                return value[1:-1].rpartition("/")[2]
    return None


@lru_cache(maxsize=8)
def subject_properties(shapes: Shapes) -> frozenset[str]:
    """Return the IRIs of the properties whose values say what an item is about."""
    return frozenset(
        node[1:-1] for node, row in shapes.rows.items() if _SUBJECT_PROPERTY in row.get(TYPE, ())
    )


@lru_cache(maxsize=64)
def fields_in_order(shapes: Shapes, item_type: str) -> Mapping[str, str]:
    """Return the IRIs of the properties of an item type with their names, in the order of pages."""
    return {field.path: field.name for field in shapes.fields(item_type)}


@lru_cache(maxsize=4096)
def subject_of(vocabularies: Vocabularies, concept_iri: str) -> Mapping[str, str] | None:
    """Return a concept as a subject at DataCite, with its scheme; None for what is no concept."""
    concept = vocabularies.concept(concept_iri)
    scheme = vocabularies.scheme(vocabularies.scheme_of(concept_iri) or "")
    if concept is None or scheme is None:
        return None
    return {
        "subject": concept.label,
        "subjectScheme": scheme.title,
        "schemeUri": scheme.iri,
        "valueUri": concept.iri,
        "lang": "en",
    }


def texts_of(values: Iterable[str]) -> Iterator[Literal]:
    """Yield the literals among terms that say something, as XML can hold them on one line."""
    for value in values:
        if is_literal(value):
            said = literal(value)
            if text := one_line(said.text):
                yield said._replace(text=text)


def one_line(text: str) -> str:
    """Return a text on one line, without what XML cannot hold."""
    return " ".join(_NOT_XML.sub("", text).split())


def paragraphs(text: str) -> str:
    """Return a text with its lines, without what XML cannot hold."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def of_text(name: str, said: Literal) -> Object:
    """Return a text with its language as DataCite writes the two."""
    return {name: said.text, "lang": said.language} if said.language else {name: said.text}
