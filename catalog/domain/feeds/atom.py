"""The newest public items as an Atom feed: RFC 4287, in pages by RFC 5005, gaps by RFC 6721."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from catalog.domain.feeds.xml_text import attributes, escaped

FORM: Final = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as the feed shows it.

    id       stays the same whatever the catalog's address is
    updated  when it changed last
    type     the IRI of its type, and what that is called
    """

    id: str
    title: str
    updated: datetime
    published: datetime | None
    href: str
    summary: str
    authors: tuple[str, ...]
    type: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Gone:
    """An item that was withdrawn: the id that its entry had, and when."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of the feed.

    links  relation to address: `self`, `alternate`, `first`, and `next` where there is more
    """

    id: str
    title: str
    author: str
    updated: datetime
    links: tuple[tuple[str, str, str], ...]
    entries: Sequence[Entry | Gone]


def written(feed: Feed) -> bytes:
    """Return the feed as XML."""
    return "".join(_lines(feed)).encode()


def _lines(feed: Feed) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">\n'
    yield _element("id", feed.id)
    yield _element("title", feed.title)
    yield _element("updated", _moment(feed.updated))
    yield f"<author>{_element('name', feed.author)}</author>\n"
    for relation, kind, href in feed.links:
        yield _link(relation, kind, href)
    for one in feed.entries:
        yield from _gone(one) if isinstance(one, Gone) else _entry(one)
    yield "</feed>\n"


def _gone(one: Gone) -> Iterator[str]:
    yield f"<at:deleted-entry{attributes((('ref', one.id), ('when', _moment(one.at))))}/>\n"


def _entry(one: Entry) -> Iterator[str]:
    yield "<entry>\n"
    yield _element("id", one.id)
    yield _element("title", one.title)
    yield _element("updated", _moment(one.updated))
    if one.published is not None:
        yield _element("published", _moment(one.published))
    for author in one.authors:
        yield f"<author>{_element('name', author)}</author>\n"
    yield _link("alternate", "text/html", one.href)
    term, label = one.type
    yield f"<category{attributes((('term', term), ('label', label)))}/>\n"
    yield _element("summary", one.summary)
    yield "</entry>\n"


def _link(relation: str, kind: str, href: str) -> str:
    return f"<link{attributes((('rel', relation), ('type', kind), ('href', href)))}/>\n"


def _element(name: str, text: str) -> str:
    return f"<{name}>{escaped(text)}</{name}>\n"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
