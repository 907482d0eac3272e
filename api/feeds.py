"""Feeds for readers and search engines: Atom, sitemaps, and what robots may read."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from flask import Response, request
from flask_smorest import Blueprint

from api.answers import body, conditional
from api.context import now, parts, root
from api.operations import operation, query_parameter
from catalog.domain.context import PREFIXES
from catalog.domain.errors import NotFound, Unreadable
from catalog.domain.exporting import oai_dc
from catalog.domain.exporting.exported import Exported
from catalog.domain.feeds import atom, sitemaps
from catalog.domain.identifiers import VOCAB
from catalog.domain.permissions import Action
from catalog.services.cursors import cursor_of, foreign, keys_of
from catalog.services.harvest import (
    Harvested,
    Place,
    Window,
    last_position,
    newest,
    positioned,
)

blueprint = Blueprint("feeds", __name__, description="Atom, sitemaps, robots")

_ENTRIES: Final = 50
_LONGEST_SUMMARY: Final = 2_000
_NOT_FOR_ROBOTS: Final = ("sparql", "sign-in", "me", "new", "validate", "items/*/edit", "rest/")


def unchanged_or(response: Response, changed: datetime | None = None) -> Response:
    """Return an answer with its ETag, or 304 where the caller has it.

    changed  when what it shows changed last
    """
    response.add_etag()
    if changed is not None:
        response.last_modified = changed
    return conditional(response)


def check_parameters(*known: str) -> None:
    """Refuse a parameter that nobody knows: a typing error shall not widen a feed."""
    for name in request.args:
        if name not in known:
            told = f"There is no parameter {name!r}; {' and '.join(known) or 'none'} may be given."
            raise Unreadable(told, parameter=name)


@operation(
    blueprint,
    "/feed.atom",
    Action.OPEN,
    answers={200: "The newest public items"},
    forms=(atom.FORM,),
    parameters=(
        query_parameter("type", "An item type, such as model."),
        query_parameter("cursor", "Where the page begins: in the link `next` of the page before."),
    ),
)
def feed() -> Response:
    """Follow the public items in a feed reader: changed last first, withdrawn ones as gone."""
    check_parameters("type", "cursor")
    item_type = request.args.get("type")
    if item_type is not None and item_type not in parts().library.shapes.item_types:
        raise Unreadable(
            f"There is no item type {item_type!r}; /shapes lists all.", parameter="type"
        )
    found = newest(
        parts(),
        Window(type=item_type),
        before=_place(request.args.get("cursor")),
        limit=_ENTRIES + 1,
    )
    shown = found[:_ENTRIES]
    following = shown[-1] if len(found) > _ENTRIES else None
    changed = shown[0].at if shown else None
    written = atom.written(_feed(item_type, shown, following, changed))
    response = body(written, f"{atom.FORM}; charset=utf-8")
    return unchanged_or(response, changed)


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    moment, item_id = keys_of(cursor, 2)
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), item_id
    except (ValueError, OverflowError):
        raise foreign() from None


def _feed(
    item_type: str | None,
    shown: tuple[Harvested, ...],
    following: Harvested | None,
    changed: datetime | None,
) -> atom.Feed:
    settings = parts().settings
    chosen = {"type": item_type} if item_type else {}
    links = [
        ("self", atom.FORM, _address("feed.atom", chosen | _cursor_given())),
        ("first", atom.FORM, _address("feed.atom", chosen)),
        ("alternate", "text/html", _address("items", chosen)),
    ]
    if following is not None:
        cursor = {"cursor": cursor_of(following.at.isoformat(), following.item_id)}
        links.append(("next", atom.FORM, _address("feed.atom", chosen | cursor)))
    return atom.Feed(
        id=_tag(f"feed/{item_type}" if item_type else "feed"),
        title=settings.title,
        author=settings.publisher_name,
        updated=changed or now(),
        links=tuple(links),
        entries=[_entry(one) for one in shown],
    )


def _cursor_given() -> dict[str, str]:
    given = request.args.get("cursor")
    return {"cursor": given} if given else {}


def _address(path: str, asked: dict[str, str]) -> str:
    return f"{parts().settings.base}{path}{'?' if asked else ''}{urlencode(asked)}"


def _tag(local: str) -> str:
    """Return an id that stays when the catalog moves (RFC 4151)."""
    return f"tag:{parts().settings.domain},2026:{local}"


def _entry(one: Harvested) -> atom.Entry | atom.Gone:
    name = _tag(f"items/{one.item_id}")
    if one.exported is None or one.is_deleted:
        return atom.Gone(name, one.at)
    exported = one.exported
    iri = f"{VOCAB}item-type/{one.type}"
    concept = parts().library.vocabularies.concept(iri)
    return atom.Entry(
        id=name,
        title=exported.record.title,
        updated=one.at,
        published=exported.record.published,
        href=exported.iri,
        summary=_summary(exported),
        authors=tuple(text for element, text in oai_dc.elements(exported) if element == "creator"),
        type=(iri, concept.label if concept else one.type),
    )


def _summary(exported: Exported) -> str:
    said = exported.description.text(f"{PREFIXES['dct']}description") or ""
    return said if len(said) <= _LONGEST_SUMMARY else f"{said[:_LONGEST_SUMMARY]}…"


@operation(
    blueprint,
    "/sitemap.xml",
    Action.OPEN,
    answers={200: "The index of sitemaps"},
    forms=(sitemaps.FORM,),
)
def sitemap_index() -> Response:
    """List the sitemaps, which list the pages of all public items."""
    last = last_position(parts())
    files = range(1, max(1, -(-last // sitemaps.ADDRESSES_A_FILE)) + 1)
    written = sitemaps.index(f"{parts().settings.base}sitemap-{number}.xml" for number in files)
    return unchanged_or(body(written, f"{sitemaps.FORM}; charset=utf-8"))


@operation(
    blueprint,
    "/sitemap-<version:n>.xml",
    Action.OPEN,
    answers={200: "The pages of public items"},
    forms=(sitemaps.FORM,),
    problems=(404,),
)
def sitemap(n: int) -> Response:
    """List pages of public items, each with the moment of its last change."""
    first = (n - 1) * sitemaps.ADDRESSES_A_FILE + 1
    if n > 1 and first > last_position(parts()):
        raise NotFound("There is no such sitemap; /sitemap.xml lists all.")
    found = positioned(parts(), first, first + sitemaps.ADDRESSES_A_FILE - 1)
    base = parts().settings.base
    written = sitemaps.file((f"{base}items/{one.item_id}", one.at) for one in found)
    response = body(written, f"{sitemaps.FORM}; charset=utf-8")
    return unchanged_or(response, max((one.at for one in found), default=None))


@operation(
    blueprint,
    "/robots.txt",
    Action.OPEN,
    answers={200: "What robots may read"},
    forms=("text/plain",),
)
def robots() -> Response:
    """Tell robots what not to read, and where the sitemaps are."""
    base, root_path = parts().settings.base, root()
    lines = ["User-agent: *", *(f"Disallow: {root_path}{path}" for path in _NOT_FOR_ROBOTS)]
    lines += ["Allow: /", "", f"Sitemap: {base}sitemap.xml", ""]
    return unchanged_or(body("\n".join(lines), "text/plain; charset=utf-8"))
