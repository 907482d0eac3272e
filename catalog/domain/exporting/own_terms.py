"""What a format of others has no term for, in the catalog's own words beside it.

The reader of foreign formats takes these words back to what they were, so that a description
survives its way through a research package. They stand under the prefixes of `prefixes()`.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final

from catalog.domain import context
from catalog.domain.description import RDF, TYPE, XSD, literal, statements_of
from catalog.domain.exporting import schema_values as write
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED

PREFIXES: Final = {
    **context.PREFIXES,
    "codemeta": "https://w3id.org/codemeta/terms/",
    "rai": f"{context.PREFIXES['cr']}RAI/",
}
"""The prefixes that people and we write, and those of the formats."""

_AGENTS: Final = frozenset({write.iri("foaf:Person"), write.iri("foaf:Organization")})
_CATALOGS_OWN: Final = frozenset(
    write.iri(name)
    for name in (
        *("dct:identifier", "dct:type", "dct:modified", "adms:status", "dct:accessRights"),
        *("dct:available", "dcat:hasCurrentVersion", "dcat:previousVersion", "dct:hasVersion"),
    )
)
"""What the catalog always writes itself, and leaves out of what it reads."""


def rest(
    exported: Exported, said: Collection[str], of: str | None = None, *, but: Collection[str] = ()
) -> dict[str, Any]:
    """Return the statements about the item, or one of its parts, that no other term says.

    said  properties, as prefixed names, that are said already
    of    the part, as a term
    but   parts, as terms, that are not to be described again
    """
    known = {write.iri(name) for name in said}
    seen = {exported.description.subject, *but}
    return _written(exported, of or exported.description.subject, known, seen)


def part(exported: Exported, value: str) -> Any:
    """Return a part of the item in the catalog's own words alone."""
    return _value(exported, value, {exported.description.subject}, "")


def classes(exported: Exported) -> list[str]:
    """Return the classes that the person gave the item, prefixed, the deciding one first."""
    deciding = exported.meaning.shapes.item_types[exported.record.type]
    item = exported.description.subject
    said = (line for line in statements_of(exported.record.ntriples) if line[:2] == (item, TYPE))
    named = dict.fromkeys((deciding, *(kind[1:-1] for _, _, kind in said)))
    return [short(iri) for iri in named]


def _written(
    exported: Exported, subject: str, known: Collection[str], seen: set[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    own = _CATALOGS_OWN if subject == exported.description.subject else frozenset()
    for predicate in exported.description.by_subject.get(subject, {}):
        plain = predicate[1:-1]
        if plain in known or plain in own or plain == f"{RDF}type":
            continue
        values = [
            _value(exported, value, seen, predicate)
            for value in write.values(exported, plain, subject)
            if value != NOT_STATED
        ]
        if values:
            found[short(plain)] = write.one_or_all(values)
    return found


def _value(exported: Exported, value: str, seen: set[str], predicate: str) -> Any:
    if value[0] == '"':
        is_text = predicate in exported.meaning.shapes.words(exported.record.type).texts
        return _literal(value, is_text)
    identity = write.address(exported, value)
    row = exported.description.by_subject.get(value)
    if row is None or value in seen:
        return {"@id": identity}
    kinds = [kind[1:-1] for kind in row.get(f"<{RDF}type>", ())]
    if not _AGENTS.isdisjoint(kinds):
        return write.agent(exported, value) or {"@id": identity}
    seen.add(value)
    named = write.one_or_all([short(kind) for kind in kinds])
    said = _written(exported, value, frozenset(), seen)
    return ({"@type": named} if named else {}) | {"@id": identity} | said


def _literal(value: str, is_text: bool) -> Any:
    """Return a literal; plain where it is read as it was: English texts, and words elsewhere."""
    said = literal(value)
    if said.language:
        is_usual = is_text and said.language == "en"
        return said.text if is_usual else {"@value": said.text, "@language": said.language}
    if said.datatype == f"{XSD}string":
        return said.text
    return {"@value": said.text, "@type": short(said.datatype)}


@lru_cache(maxsize=4096)
def short(iri: str) -> str:
    """Return an IRI as a prefixed name, or as it is where no prefix fits.

    >>> short("http://purl.org/dc/terms/title")
    'dct:title'
    """
    for prefix, namespace in PREFIXES.items():
        local = iri[len(namespace) :]
        if iri.startswith(namespace) and local and "/" not in local:
            return f"{prefix}:{local}"
    return iri


def prefixes(document: Any) -> dict[str, str]:
    """Return the prefixes that a document of JSON uses in its keys, types and datatypes."""
    used: set[str] = set()
    _collect(document, used)
    return {name: iri for name, iri in PREFIXES.items() if name in used}


def _collect(value: Any, used: set[str]) -> None:
    if isinstance(value, list):
        for one in value:
            _collect(one, used)
    elif isinstance(value, dict):
        types = value.get("@type", ())
        for name in (*value, *([types] if isinstance(types, str) else types)):
            used.add(str(name).partition(":")[0])
        for one in value.values():
            _collect(one, used)
