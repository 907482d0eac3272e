"""The log of public changes as a Linked Data Event Stream: its members, its pages, its tree.

A member says that an item came, changed or went, when, and where it is; it repeats nothing of the
item's description, since a page stays as it is when an item is withdrawn (decision 021).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import pyoxigraph as ox

from catalog.domain.context import PREFIXES as KNOWN
from catalog.domain.description import TYPE, XSD, Statement, term_of_text
from catalog.domain.identifiers import VOCAB, item_iri

AS: Final = "https://www.w3.org/ns/activitystreams#"
LDES: Final = "https://w3id.org/ldes#"
TREE: Final = "https://w3id.org/tree#"
_SH: Final = "http://www.w3.org/ns/shacl#"
_DCT: Final = KNOWN["dct"]

CHANGES_A_PAGE: Final = 100
"""How many changes a page of the log holds; a page that has so many never changes again."""

PAGES_A_SPAN: Final = 100
"""How many pages one node of the tree leads to."""

TRIG: Final = "application/trig"
NQUADS: Final = "application/n-quads"
FORMS: Final[Mapping[str, ox.RdfFormat]] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    TRIG: ox.RdfFormat.TRIG,
    NQUADS: ox.RdfFormat.N_QUADS,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
}
"""The forms of the stream, the usual one first."""

_PREFIXES: Final = {
    "as": AS,
    "dct": _DCT,
    "ldes": LDES,
    "sh": _SH,
    "tree": TREE,
    "xsd": XSD,
}


class Kind(StrEnum):
    """What a change means to somebody who keeps a copy of the catalog."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


_ACTIVITIES: Final = {
    Kind.CREATED: f"<{AS}Create>",
    Kind.UPDATED: f"<{AS}Update>",
    Kind.DELETED: f"<{AS}Delete>",
}


@dataclass(frozen=True, slots=True)
class PublicChange:
    """One entry of the log.

    seq      its number, from 1 and without gaps
    version  the version that it is about; after a withdrawal that left others, the newest left
    type     the item's type
    """

    seq: int
    item_id: str
    version: int
    kind: Kind
    type: str
    at: datetime


def page_of(seq: int) -> int:
    """Return the page, from 1, that holds an entry."""
    return (seq - 1) // CHANGES_A_PAGE + 1


def first_of(page: int) -> int:
    """Return the number of the first entry of a page."""
    return (page - 1) * CHANGES_A_PAGE + 1


def span_of(page: int) -> int:
    """Return the span, from 1, that a page lies in."""
    return (page - 1) // PAGES_A_SPAN + 1


def pages_of(span: int, last: int) -> range:
    """Return the pages of a span, as far as they exist."""
    first = (span - 1) * PAGES_A_SPAN + 1
    return range(first, min(first + PAGES_A_SPAN - 1, last) + 1)


def is_full(page: int, last_seq: int) -> bool:
    """Tell whether a page is full, and so stays as it is."""
    return page * CHANGES_A_PAGE <= last_seq


def is_full_span(span: int, last_seq: int) -> bool:
    """Tell whether all pages of a span are full, and the next one has begun."""
    return span * PAGES_A_SPAN * CHANGES_A_PAGE < last_seq


def page_address(base: str, page: int) -> str:
    """Return the address of a page of members."""
    return f"{base}events/pages/{page}"


def span_address(base: str, span: int) -> str:
    """Return the address of a node that leads to pages."""
    return f"{base}events/spans/{span}"


def _stream(base: str) -> str:
    return f"<{base}events#stream>"


def page(base: str, number: int, changes: Iterable[PublicChange], *, full: bool) -> list[Statement]:
    """Return what a page says: its members, in their order, and whether it stays as it is."""
    node = f"<{page_address(base, number)}>"
    said = [(node, TYPE, f"<{TREE}Node>"), (_stream(base), TYPE, f"<{LDES}EventStream>")]
    if full:
        said.append((node, f"<{LDES}immutable>", _true()))
    for change in changes:
        member = f"<{page_address(base, number)}#e{change.seq}>"
        said.append((_stream(base), f"<{TREE}member>", member))
        said.extend(_member(base, member, change))
    return said


def _member(base: str, member: str, change: PublicChange) -> Iterator[Statement]:
    item = item_iri(change.item_id, base)
    about = item if change.kind is Kind.DELETED else f"{item}/v/{change.version}"
    yield member, TYPE, _ACTIVITIES[change.kind]
    yield member, f"<{AS}published>", _moment(change.at)
    yield member, f"<{AS}object>", f"<{about}>"
    yield member, f"<{_DCT}isVersionOf>", f"<{item}>"
    yield member, f"<{_DCT}type>", f"<{VOCAB}item-type/{change.type}>"


def root(
    base: str, title: str, nodes: Mapping[str, tuple[datetime, datetime | None]]
) -> list[Statement]:
    """Return what the entrance says: how to read the stream, and where its pages are.

    nodes  address of each node below to the moments between which its members lie: from the
           first, and before the second, which is None for the one that still grows
    """
    stream, view, shape = _stream(base), f"<{base}events>", f"<{base}events#shape>"
    said: list[Statement] = [
        (view, TYPE, f"<{TREE}Node>"),
        (stream, TYPE, f"<{LDES}EventStream>"),
        (stream, f"<{_DCT}title>", term_of_text(title, "en")),
        (stream, f"<{TREE}view>", view),
        (stream, f"<{TREE}shape>", shape),
        (stream, f"<{LDES}timestampPath>", f"<{AS}published>"),
        (stream, f"<{LDES}versionOfPath>", f"<{_DCT}isVersionOf>"),
    ]
    for name, kind in (
        ("Create", Kind.CREATED),
        ("Update", Kind.UPDATED),
        ("Delete", Kind.DELETED),
    ):
        said.append((stream, f"<{LDES}version{name}Path>", TYPE))
        said.append((stream, f"<{LDES}version{name}Object>", _ACTIVITIES[kind]))
    said.extend(_shape(shape[:-1]))
    said.extend(_relations(view, nodes))
    return said


def span(
    base: str,
    number: int,
    nodes: Mapping[str, tuple[datetime, datetime | None]],
    *,
    full: bool,
) -> list[Statement]:
    """Return what a node between the entrance and the pages says."""
    node = f"<{span_address(base, number)}>"
    said: list[Statement] = [(node, TYPE, f"<{TREE}Node>")]
    if full:
        said.append((node, f"<{LDES}immutable>", _true()))
    return [*said, *_relations(node, nodes)]


def _relations(
    node: str, nodes: Mapping[str, tuple[datetime, datetime | None]]
) -> Iterator[Statement]:
    for number, (address, (first, end)) in enumerate(nodes.items(), start=1):
        yield from _relation(f"{node[:-1]}#from-{number}>", node, "GreaterThanOrEqualTo",
                             address, first)  # fmt: skip
        if end is not None:
            yield from _relation(f"{node[:-1]}#before-{number}>", node, "LessThan", address, end)


def _relation(
    relation: str, node: str, kind: str, address: str, bound: datetime
) -> Iterator[Statement]:
    yield node, f"<{TREE}relation>", relation
    yield relation, TYPE, f"<{TREE}{kind}Relation>"
    yield relation, f"<{TREE}node>", f"<{address}>"
    yield relation, f"<{TREE}path>", f"<{AS}published>"
    yield relation, f"<{TREE}value>", _moment(bound)


def _shape(shape: str) -> Iterator[Statement]:
    """Yield the shape of members: one moment, one item."""
    yield f"{shape}>", TYPE, f"<{_SH}NodeShape>"
    for name, path in (("moment", f"<{AS}published>"), ("item", f"<{_DCT}isVersionOf>")):
        rule = f"{shape}-{name}>"
        yield f"{shape}>", f"<{_SH}property>", rule
        yield rule, f"<{_SH}path>", path
        yield rule, f"<{_SH}minCount>", term_of_text("1", None, f"{XSD}integer")
        yield rule, f"<{_SH}maxCount>", term_of_text("1", None, f"{XSD}integer")
    yield f"{shape}-moment>", f"<{_SH}datatype>", f"<{XSD}dateTime>"
    yield f"{shape}-item>", f"<{_SH}nodeKind>", f"<{_SH}IRI>"


def _moment(at: datetime) -> str:
    text = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return term_of_text(text, None, f"{XSD}dateTime")


def _true() -> str:
    return term_of_text("true", None, f"{XSD}boolean")


def written(statements: Iterable[Statement], form: str, base: str, root_path: str) -> bytes:
    """Return statements in one of `FORMS`, in their order.

    root_path  the path under which the catalog lies; links to pages begin with it where the form
               knows relative addresses, so that who came by another name stays on it
    """
    text = "".join(f"{s} {p} {o} .\n" for s, p, o in statements)
    if form in {NQUADS, "application/n-triples"}:
        return text.encode()
    triples = list(ox.parse(text, format=ox.RdfFormat.N_TRIPLES))
    found = ox.serialize(triples, format=FORMS[form], prefixes=_PREFIXES) or b""
    link = rf'(?<=[<"]){re.escape(base)}(?=events(?:/(?:pages|spans)/\d+)?[>"])'
    return re.sub(link.encode(), root_path.encode(), found)
