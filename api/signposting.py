"""The typed links of an item: what headers, the head of its page and its link sets say alike.

FAIR Signposting (2023-10-02) names the relations, RFC 8288 the headers, RFC 9264 the link sets.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from flask import Response, request

from api.answers import body
from api.exports import exports_for
from api.landing import FORMS
from api.negotiation import HTML, accepted
from api.profiles import PROFILES
from api.values import NOT_STATED, is_linkable
from catalog.domain.description import Description
from catalog.domain.exporting import ro_crate
from catalog.domain.exporting.exported import Exported
from catalog.domain.identifiers import RECORD, SAGE, VOCAB, quoted
from catalog.domain.lifecycle import State, Visibility, is_announced
from catalog.domain.record import ItemRecord
from catalog.domain.writing import DCAT, DCT, MEDIA_TYPES, RDF_FORMS

LINKSET_JSON: Final = "application/linkset+json"
LINKSET_TEXT: Final = "application/linkset"
LINKSETS: Final[Mapping[str, str]] = {"linkset.json": LINKSET_JSON, "linkset.txt": LINKSET_TEXT}
"""The suffixes of link sets, and their media types."""

DCAT_PROFILE: Final = DCAT.rstrip("#")
"""What the catalog's own RDF forms are written in; clients drop a "#" at the end of a profile."""

_ABOUT_PAGE: Final = "https://schema.org/AboutPage"
_IDENTIFIER: Final = "https://schema.org/identifier"
_POSITION: Final = "https://schema.org/position"
_SCHEMA_CLASS: Final = f"<{SAGE}schemaClass>"
_REPEATED: Final = ("item", "author")
_MOST_IN_HEADERS: Final = 5
_MOST_BYTES: Final = 3_200
"""Above so many files or authors, or bytes of links, only the link set names them: proxies refuse
an answer whose headers do not fit into their buffer, which often has 4 kB."""

_IN_URI: Final = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class Link:
    """A link from one resource: its target, what it is to it, and what to expect there.

    href        an address in ASCII
    relation    one relation or several, separated by blanks
    media_type  of what is there, "" where it is not known
    profile     the IRI of the profile that it conforms to, or ""
    title       what pages call it; left out of headers
    """

    href: str
    relation: str
    media_type: str = ""
    profile: str = ""
    title: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """Type and profile, as far as they are known."""
        known = {"type": self.media_type, "profile": self.profile}
        return {name: value for name, value in known.items() if value}


def is_open(record: ItemRecord) -> bool:
    """Tell whether everybody may read the description, so that machines are shown the way."""
    return record.state is State.PUBLISHED and is_announced(record.published, record.visibility)


def links_of(exported: Exported, address: str) -> tuple[Link, ...]:
    """Return the links of a landing page.

    address  of the item, or of a version of it; what is cited differs between the two

    What is not open to everybody names its other forms and nothing else.
    """
    record = exported.record
    same = (Link(address, "canonical"), *_forms(address, record.type))
    if not is_open(record):
        return same
    return (
        Link(_cited_as(exported, address), "cite-as"),
        Link(_ABOUT_PAGE, "type"),
        *(Link(iri, "type") for iri in classes_of(exported)),
        *(Link(iri, "license") for iri in licences_of(exported)),
        *(Link(iri, "author") for iri in authors_of(exported.description)),
        *_items(exported),
        *same,
        *_versions(exported, address),
        *(Link(f"{address}.{suffix}", "linkset", form) for suffix, form in LINKSETS.items()),
        Link(f"{exported.house.base}.well-known/api-catalog", "api-catalog"),
    )


def links_of_form(exported: Exported, address: str) -> tuple[Link, ...]:
    """Return the links of a document that describes an item, back to its landing page."""
    sets = [Link(f"{address}.{suffix}", "linkset", form) for suffix, form in LINKSETS.items()]
    return (
        Link(address, "canonical"),
        Link(address, "describes", HTML),
        *_forms(address, exported.record.type),
        *(sets if is_open(exported.record) else ()),
    )


def with_headers(response: Response, links: Iterable[Link]) -> Response:
    """Add `Link` headers to an answer, as many as proxies let pass; the link set has all."""
    for link in _short_enough(list(links)):
        response.headers.add("Link", _written(link))
    return response


def _short_enough(links: list[Link]) -> list[Link]:
    """Return links without the relations that are many, and without the last forms if need be."""
    for relation in _REPEATED:
        if sum(link.relation == relation for link in links) > _MOST_IN_HEADERS:
            links = [link for link in links if link.relation != relation]
    by_worth = [link for link in links if link.relation in _REPEATED]
    by_worth += [link for link in links if link.relation == "describedby"]
    while by_worth and _size_bytes(links) > _MOST_BYTES:
        links.remove(by_worth.pop())
    return links


def _size_bytes(links: Iterable[Link]) -> int:
    return sum(len("Link: \r\n") + len(_written(link)) for link in links)


def _written(link: Link, **more: str) -> str:
    said = {"rel": link.relation} | link.parameters | more
    return f"<{link.href}>" + "".join(f'; {name}="{value}"' for name, value in said.items())


# -- link sets


def linkset_asked(suffix: str | None) -> str | None:
    """Return the suffix of the link set that the request asks for, None for none.

    A suffix of an address asks for it, or `Accept` where nothing is wanted more.
    """
    if suffix is not None:
        return suffix if suffix in LINKSETS else None
    ranges = accepted(request.headers.get("Accept"))
    best = max(asked.quality for asked in ranges)
    first = next((asked.kind for asked in ranges if asked.quality == best > 0), "")
    return next((name for name, form in LINKSETS.items() if form == first), None)


def in_linkset(exported: Exported, address: str, form: str) -> Response:
    """Return the whole link set of a landing page, with the links back to it."""
    contexts = linkset_of(exported, address)
    if form == LINKSET_TEXT:
        lines = [
            _written(link, anchor=anchor)
            for anchor, links in contexts
            for link in _one_relation_each(links)
        ]
        return body(",\n".join(lines) + "\n", form)
    said = {"linkset": [_context(anchor, links) for anchor, links in contexts]}
    return body(json.dumps(said, ensure_ascii=False), form)


def linkset_of(exported: Exported, address: str) -> list[tuple[str, tuple[Link, ...]]]:
    """Return each resource of an item with its links: the page, its files, its other forms."""
    links = links_of(exported, address)
    back = Link(address, "collection", HTML)
    files = [link.href for link in links if link.relation == "item"]
    ours = [href for href in files if href.startswith(exported.house.base)]
    forms = [link.href for link in links if "describedby" in link.relation.split()]
    return [
        (address, links),
        *((href, (back,)) for href in ours),
        *((href, (Link(address, "describes", HTML),)) for href in forms),
    ]


def _context(anchor: str, links: Iterable[Link]) -> dict[str, Any]:
    said: dict[str, Any] = {"anchor": anchor}
    for link in _one_relation_each(links):
        # A profile is written as a text: clients do not take the list of RFC 9264, 4.2.4.3.
        said.setdefault(link.relation, []).append({"href": link.href} | link.parameters)
    return said


def _one_relation_each(links: Iterable[Link]) -> Iterator[Link]:
    for link in links:
        for relation in link.relation.split():
            yield Link(link.href, relation, link.media_type, link.profile, link.title)


# -- what is linked


def _forms(address: str, item_type: str) -> Iterator[Link]:
    both = "alternate describedby"
    turtle = next(iter(RDF_FORMS))
    for suffix, name, form in FORMS:
        profile = DCAT_PROFILE if form == turtle else ""
        yield Link(f"{address}.{suffix}", both, form, profile, name)
    for one in PROFILES.values():
        yield Link(f"{address}.ttl?profile={one.name}", both, turtle, one.iri, one.name)
    place = f"{address}.crate.zip"
    yield Link(place, "describedby", "application/zip", ro_crate.PROFILE, "RO-Crate, zip")
    for export in exports_for(item_type):
        place = f"{address}.{export.suffix}"
        yield Link(place, "describedby", export.form, export.profile, export.label)


def _cited_as(exported: Exported, address: str) -> str:
    """Return the one IRI to cite: the DOI once it resolves, else the address that stays."""
    dois = exported.record.dois
    doi = dois.version if address.startswith(f"{exported.iri}/v/") else dois.concept
    return f"{exported.house.doi_resolver}{doi}" if doi in dois.findable else address


def classes_of(exported: Exported) -> tuple[str, ...]:
    """Return the classes that search engines know an item by, as its item type has them."""
    concept = f"{VOCAB}item-type/{exported.record.type}"
    row = exported.meaning.vocabularies.row(concept) or {}
    return tuple(term[1:-1] for term in row.get(_SCHEMA_CLASS, ()))


def licences_of(exported: Exported) -> tuple[str, ...]:
    """Return the licences that have an address of their own."""
    found = exported.description.iris(f"{DCT}license")
    return tuple(_uri(iri) for iri in found if _leads_out(iri))


def authors_of(description: Description) -> tuple[str, ...]:
    """Return the ORCID and ROR IRIs of the creators, in the order of citation."""
    creators = sorted(description.values(f"{DCT}creator"), key=lambda at: _place(description, at))
    found = (iri for term in creators for iri in description.iris(_IDENTIFIER, of=term))
    return tuple(dict.fromkeys(_uri(iri) for iri in found if _leads_out(iri)))


def _place(description: Description, term: str) -> int:
    said = description.text(_POSITION, of=term) or ""
    return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else 10**9


def _items(exported: Exported) -> Iterator[Link]:
    """Yield the files that everybody may fetch, those that lie elsewhere included."""
    record, description = exported.record, exported.description
    if record.visibility is not Visibility.PUBLIC:
        return
    for file in record.files:
        place = f"{exported.version_iri}/files/{quoted(file.name)}"
        yield Link(place, "item", file.media_type, title=file.name)
    for node in description.values(f"{DCAT}distribution"):
        kinds = description.iris(f"{DCAT}mediaType", of=node)
        kind = unquote(kinds[0].removeprefix(MEDIA_TYPES)) if kinds else ""
        for iri in description.iris(f"{DCAT}downloadURL", of=node):
            if _leads_out(iri):
                yield Link(_uri(iri), "item", kind if _MEDIA_TYPE.fullmatch(kind) else "")


_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")


def _versions(exported: Exported, address: str) -> Iterator[Link]:
    """Yield where the other versions are (RFC 5829)."""
    n, item = exported.record.version, exported.iri
    public = [one.n for one in exported.record.versions if one.state is State.PUBLISHED]
    if address != item:
        yield Link(item, "latest-version", HTML)
    for relation, others in (
        ("predecessor-version", [one for one in public if one < n][-1:]),
        ("successor-version", [one for one in public if one > n][:1]),
    ):
        for other in others:
            yield Link(f"{item}/v/{other}", relation, HTML)


def _leads_out(iri: str) -> bool:
    return is_linkable(iri) and not iri.startswith(RECORD) and iri != NOT_STATED


def _uri(iri: str) -> str:
    """Return an IRI as headers can carry it: what is not ASCII percent-encoded."""
    return quote(iri, safe=_IN_URI)
