"""An item in the fifteen elements of Dublin Core, which every harvester understands."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from catalog.domain.context import PREFIXES
from catalog.domain.description import is_literal, literal
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import RECORD, VOCAB, item_iri, item_of

NAMESPACE: Final = "http://purl.org/dc/elements/1.1/"

_ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("dct:title", "dct:alternative"),
    "creator": ("dct:creator",),
    "subject": ("dcat:keyword", "dcat:theme"),
    "description": ("dct:description",),
    "publisher": ("dct:publisher",),
    "contributor": ("dct:contributor",),
    "date": ("dct:issued", "dct:modified"),
    "format": ("dct:format", "dcat:mediaType"),
    "source": ("dct:source", "prov:wasDerivedFrom"),
    "language": ("dct:language",),
    "relation": (
        *("dct:relation", "dct:isPartOf", "dct:hasPart", "dct:references", "dct:isReferencedBy"),
        *("dct:replaces", "dct:requires", "dcat:isVersionOf", "it6:trainedOn", "dct:conformsTo"),
    ),
    "coverage": ("dct:spatial", "dct:temporal"),
    "rights": ("dct:license", "dct:rights", "dct:accessRights"),
}
"""The properties of which each element is made; `type` and `identifier` are made below."""

_NAMES: Final = ("foaf:name", "dct:title", "skos:prefLabel", "rdfs:label", "locn:geographicName")
"""The properties that name a part, the first that is there."""

Element = tuple[str, str]


def elements(exported: Exported) -> Iterator[Element]:
    """Yield each element with its text, in the order of Dublin Core's own list, none twice.

    What no source states is left out. Agents, concepts and licences stand by name; a licence's
    address stands beside it. Identifiers are addresses.
    """
    found: dict[Element, None] = {}
    for name in ("title", "creator", "subject", "description", "publisher", "contributor", "date"):
        found.update(_element(exported, name))
    found[("type", _label(exported, f"<{VOCAB}item-type/{exported.record.type}>"))] = None
    found.update(_element(exported, "format"))
    found.update((("identifier", said), None) for said in _identifiers(exported))
    for name in ("source", "language", "relation"):
        found.update(_element(exported, name))
    found.update(_other_items(exported, found))
    for name in ("coverage", "rights"):
        found.update(_element(exported, name))
    yield from ((name, text) for name, text in found if text.strip())


def _identifiers(exported: Exported) -> Iterator[str]:
    """Yield where the item is found: by its version's DOI, by that of all versions, by address.

    A DOI that nobody can resolve yet is none; one for tests is said to be one.
    """
    for doi in reversed(exported.record.dois.findable):
        yield f"{exported.house.doi_resolver}{doi}"
        if exported.house.dois_are_tests:
            yield f"{doi} (test, does not resolve)"
    yield exported.iri


def _element(exported: Exported, name: str) -> dict[Element, None]:
    say = _SAID_OTHERWISE.get(name, _name_of)
    return {
        (name, text): None
        for prop in _ELEMENTS[name]
        for value in _values(exported, prop)
        for text in say(exported, value)
    }


def _other_items(exported: Exported, found: Collection[Element]) -> dict[Element, None]:
    """Return the items that it cites by whatever other property."""
    known = {text for _, text in found}
    cited = (item_iri(item_id, exported.house.base) for item_id in sorted(exported.names))
    return {("relation", address): None for address in cited if address not in known}


def _values(exported: Exported, prop: str, of: str | None = None) -> list[str]:
    """Return what is stated, agents in the order of their positions."""
    found = exported.description.values(_iri(prop), of=of)
    stated = [value for value in found if value != NOT_STATED]
    return sorted(stated, key=lambda value: _position(exported, value))


def _position(exported: Exported, value: str) -> tuple[bool, int, str]:
    said = exported.description.text(_iri("schema:position"), of=value) or ""
    digits = said.lstrip("+0")
    return not said, len(digits), digits


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{PREFIXES[prefix]}{local}"


def _name_of(exported: Exported, value: str) -> tuple[str, ...]:
    return (literal(value).text if is_literal(value) else _label(exported, value),)


def _label(exported: Exported, node: str) -> str:
    """Return what a part, a concept or an item is called, else its address."""
    for prop in _NAMES:
        if said := exported.description.text(_iri(prop), of=node):
            return said
    concept = exported.meaning.vocabularies.concept(node[1:-1])
    if concept is not None:
        return concept.label
    named = exported.names.get(item_of(node[1:-1]) or "")
    return named.title if named and node == f"<{item_iri(named.id)}>" else _address(exported, node)


def _address(exported: Exported, node: str) -> str:
    iri = node[1:-1]
    return exported.house.base + iri[len(RECORD) :] if iri.startswith(RECORD) else iri


def _addressed(exported: Exported, value: str) -> tuple[str, ...]:
    """Return the address of another thing; a part of this one by its name."""
    if is_literal(value) or value in exported.description.by_subject:
        return _name_of(exported, value)
    return (_address(exported, value),)


def _named_and_addressed(exported: Exported, value: str) -> tuple[str, ...]:
    """Return name and address; a licence in words has no address of its own."""
    if is_literal(value) or value in exported.description.by_subject:
        return _name_of(exported, value)
    return tuple(dict.fromkeys((_label(exported, value), _address(exported, value))))


def _in_words(exported: Exported, value: str) -> tuple[str, ...]:
    """Return a place or a period: its name, else what it says of itself, in one line."""
    said = _label(exported, value) if not is_literal(value) else literal(value).text
    row = exported.description.by_subject.get(value)
    if row is None or said != _address(exported, value):
        return (said,)
    texts = (literal(term).text for terms in row.values() for term in terms if is_literal(term))
    joined = "/".join(texts)
    return (joined,) if joined else ()


_SAID_OTHERWISE: Final[Mapping[str, Callable[[Exported, str], tuple[str, ...]]]] = {
    "source": _addressed,
    "relation": _addressed,
    "coverage": _in_words,
    "rights": _named_and_addressed,
    "format": _name_of,
}
