"""What the head of an item's page says to machines: links, Dublin Core, citation tags, JSON-LD."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from api.signposting import Link, classes_of, is_open, links_of
from catalog.domain.description import is_literal, literal
from catalog.domain.exporting import schema_org
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.schema_values import address, label_of, values
from catalog.domain.identifiers import quoted
from catalog.domain.lifecycle import Visibility
from catalog.domain.writing import DCT

_MOST: Final = 50
"""Up to so many values of one property; a collection may have thousands, which its forms list."""

_LONGEST: Final = 1_000
"""Longest text of a tag, in characters."""

_SHORT_DESCRIPTION: Final = 300

_ELEMENTS: Final[dict[str, tuple[str, ...]]] = {
    "title": ("dct:title",),
    "creator": ("dct:creator",),
    "contributor": ("dct:contributor",),
    "publisher": ("dct:publisher",),
    "subject": ("dcat:keyword", "dcat:theme"),
    "description": ("dct:description",),
    "date": ("dct:issued",),
    "language": ("dct:language",),
    "source": ("dct:source", "prov:wasDerivedFrom"),
    "relation": ("dct:relation", "dct:isReferencedBy", "dct:references"),
    "coverage": ("dct:spatial", "dct:temporal"),
    "rights": ("dct:license", "dct:rights", "dct:accessRights"),
}
"""The elements of Dublin Core, and the properties that each of them sums up."""

_REFINED: Final = (
    "accessRights", "available", "created", "identifier", "isPartOf", "issued", "license",
    "modified", "provenance", "type",
)  # fmt: skip
"""The terms of `dct:` that say more than an element does."""

_NAMES: Final = ("foaf:name", "dct:title", "rdfs:label", "schema:name", "vcard:fn")
_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_PDF: Final = "application/pdf"


@dataclass(frozen=True, slots=True)
class Tag:
    """A `meta` element: `name` is that of the tag, `language` the tag of its text, or ""."""

    name: str
    content: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of one page says.

    tags    elements with a `name`: Dublin Core and those of citation indexes
    graph   elements with a `property`: Open Graph
    data    the item in schema.org as JSON that no markup can end, "" for what is not public
    """

    links: tuple[Link, ...]
    tags: tuple[Tag, ...] = ()
    graph: tuple[Tag, ...] = ()
    data: str = ""


def head_of(exported: Exported, here: str, site_title: str) -> Head:
    """Return the head of the page of an item.

    here  the address of the page: of the item, or of a version of it

    What is not open to everybody says nothing to machines but where its other forms are.
    """
    links = links_of(exported, here)
    if not is_open(exported.record):
        return Head(links)
    said = schema_org.document(exported)
    return Head(
        links,
        (*_dublin_core(exported, here), *_citation(exported, said, here)),
        tuple(_open_graph(exported, said, here, site_title)),
        data_block(_bounded(said)),
    )


def data_block(said: Any) -> str:
    """Return JSON that can stand in a `script` element whatever its texts hold."""
    text = json.dumps(said, ensure_ascii=False)
    return "".join(_ESCAPED.get(character, character) for character in text)


_ESCAPED: Final = {
    character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")
}


def _bounded(said: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value[: 2 * _MOST] if isinstance(value, list) else value
        for name, value in said.items()
    }


# -- Dublin Core


def _dublin_core(exported: Exported, here: str) -> Iterator[Tag]:
    identity = schema_org.identity(exported)
    for one in dict.fromkeys((identity, here)):
        yield Tag("DC.identifier", one)
    for name, properties in _ELEMENTS.items():
        yield from _tags(f"DC.{name}", (_said(exported, prop) for prop in properties))
    for iri in classes_of(exported):
        yield Tag("DC.type", iri.rpartition("#")[2].rpartition("/")[2])
    for form in dict.fromkeys(file.media_type for file in exported.record.files):
        yield Tag("DC.format", form)
    for name in _REFINED:
        yield from _tags(f"DCTERMS.{name}", [_said(exported, f"{DCT}{name}", by_iri=True)])
    total = sum(file.size_bytes for file in exported.record.files)
    if total:
        yield Tag("DCTERMS.extent", f"{total} bytes")


def _tags(name: str, found: Iterable[Iterable[tuple[str, str]]]) -> Iterator[Tag]:
    each = dict.fromkeys(pair for several in found for pair in several)
    for text, language in islice(each, _MOST):
        yield Tag(name, text[:_LONGEST], language)


def _said(exported: Exported, prop: str, *, by_iri: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the values of a property in words, each with its language.

    by_iri  whether concepts are told by their IRI instead of their label
    """
    for value in values(exported, prop):
        if is_literal(value):
            said = literal(value)
            yield " ".join(said.text.split()), said.language or ""
            continue
        name = _name_of(exported, value)
        in_words = None if by_iri or prop in _BY_IRI else label_of(exported, value)
        if name is not None:
            yield name
        elif in_words is not None:
            yield in_words, ""
        elif value not in exported.description.by_subject:
            yield address(exported, value), ""


_BY_IRI: Final = frozenset({"dct:license", "dct:accessRights"})


def _name_of(exported: Exported, value: str) -> tuple[str, str] | None:
    """Return what a part of the description is called."""
    for prop in _NAMES:
        for name in values(exported, prop, value):
            if is_literal(name):
                return literal(name).text, literal(name).language or ""
    return None


# -- citation indexes, and what pages are shown as elsewhere


def _citation(exported: Exported, said: dict[str, Any], here: str) -> Iterator[Tag]:
    """Yield what Google Scholar and reference managers read; without a creator no author."""
    yield Tag("citation_title", str(said["name"]))
    for agent in _agents(said.get("creator")):
        yield Tag("citation_author", _sorting_name(agent))
        for organisation in _agents(agent.get("affiliation")):
            yield Tag("citation_author_institution", str(organisation.get("name", "")))
        if str(agent.get("identifier", "")).startswith("https://orcid.org/"):
            yield Tag("citation_author_orcid", str(agent["identifier"]))
    published = exported.record.published
    if published:
        yield Tag("citation_publication_date", published.astimezone(UTC).strftime("%Y/%m/%d"))
    for agent in _agents(said.get("publisher")):
        yield Tag("citation_publisher", str(agent.get("name", "")))
    if exported.doi and not exported.house.dois_are_tests:
        yield Tag("citation_doi", exported.doi)
    yield Tag("citation_abstract_html_url", here)
    for keyword in islice(_texts(said.get("keywords")), _MOST):
        yield Tag("citation_keywords", keyword)
    yield from (Tag("citation_pdf_url", place) for place in _files(exported, {_PDF}))


def _open_graph(
    exported: Exported, said: dict[str, Any], here: str, site_title: str
) -> Iterator[Tag]:
    yield Tag("og:type", "website")
    yield Tag("og:site_name", site_title)
    yield Tag("og:title", str(said["name"]))
    yield Tag("og:description", _shortened(str(said["description"])))
    yield Tag("og:url", here)
    image = next(_files(exported, _IMAGES), f"{exported.house.base}static/icon.svg")
    yield Tag("og:image", image)
    for name, moment in _moments(exported):
        yield Tag(name, moment.astimezone(UTC).isoformat(timespec="seconds"))


def _moments(exported: Exported) -> Iterator[tuple[str, datetime]]:
    if exported.record.published:
        yield "article:published_time", exported.record.published
    yield "article:modified_time", exported.record.modified


def _files(exported: Exported, kinds: Iterable[str]) -> Iterator[str]:
    """Yield the addresses of the files of some media types, as far as everybody may read them."""
    if exported.record.visibility is Visibility.PUBLIC:
        for file in exported.record.files:
            if file.media_type in kinds:
                yield f"{exported.version_iri}/files/{quoted(file.name)}"


def _agents(found: Any) -> list[dict[str, Any]]:
    several = found if isinstance(found, list) else [found]
    return [one for one in several if isinstance(one, dict) and one.get("name")]


def _sorting_name(agent: dict[str, Any]) -> str:
    """Return a name with the family name first, where the description tells it apart."""
    family, given = agent.get("familyName"), agent.get("givenName")
    return f"{family}, {given}" if family and given else str(agent["name"])


def _texts(found: Any) -> Iterator[str]:
    for one in found if isinstance(found, list) else [found]:
        text = one.get("@value") if isinstance(one, dict) else one
        if isinstance(text, str):
            yield text


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    if len(flat) <= _SHORT_DESCRIPTION:
        return flat
    return flat[: _SHORT_DESCRIPTION - 2].rsplit(" ", 1)[0] + " …"
