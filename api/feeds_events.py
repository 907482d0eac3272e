"""The change feed on HTTP: the log of public changes as a Linked Data Event Stream (LDES)."""

from datetime import datetime
from typing import Any, Final

from flask import Response
from flask_smorest import Blueprint

from api.answers import body
from api.context import parts, root
from api.feeds import check_parameters, unchanged_or
from api.negotiation import choose
from api.operations import operation
from catalog.domain.description import Statement
from catalog.domain.errors import NotFound
from catalog.domain.feeds import events
from catalog.domain.permissions import Action
from catalog.services.changes import moments_of_pages, newest_change, page_of_changes

blueprint = Blueprint("event-stream", __name__, description="LDES: the log of public changes")

_STAYS: Final = "public, max-age=31536000, immutable"
_GROWS: Final = "public, max-age=5"
_OFFERED: Final[dict[str, Any]] = {"forms": tuple(events.FORMS), "problems": (404, 406)}
_NO_PAGE: Final = "There is no such page of the event stream; /events leads to all."


@operation(blueprint, "/events", Action.OPEN, answers={200: "The entrance"}, **_OFFERED)
def event_stream() -> Response:
    """Enter the stream of public changes (LDES): how to read it, and where its pages are."""
    check_parameters()
    pages = events.page_of(_last_seq()) if _last_seq() else 0
    if pages <= events.PAGES_A_SPAN:
        nodes = _pages(range(1, pages + 1))
    else:
        nodes = _spans(events.span_of(pages))
    base, title = parts().settings.base, parts().settings.title
    return _answer(events.root(base, f"What changes in {title}", nodes), full=False)


@operation(blueprint, "/events/spans/<version:n>", Action.OPEN, answers={200: "A node"}, **_OFFERED)
def event_span(n: int) -> Response:
    """Go on to the pages of a part of the stream."""
    check_parameters()
    last_seq = _last_seq()
    pages = events.pages_of(n, events.page_of(last_seq)) if last_seq else range(0)
    if not pages:
        raise NotFound(_NO_PAGE)
    full = events.is_full_span(n, last_seq)
    return _answer(events.span(parts().settings.base, n, _pages(pages), full=full), full=full)


@operation(blueprint, "/events/pages/<version:n>", Action.OPEN, answers={200: "A page"}, **_OFFERED)
def event_page(n: int) -> Response:
    """Read a page of the stream; a full one never changes again."""
    check_parameters()
    found = page_of_changes(parts(), n)
    if not found:
        raise NotFound(_NO_PAGE)
    full = len(found) == events.CHANGES_A_PAGE
    return _answer(events.page(parts().settings.base, n, found, full=full), full=full)


def _last_seq() -> int:
    newest = newest_change(parts())
    return newest.seq if newest else 0


def _pages(pages: range) -> dict[str, tuple[datetime, datetime | None]]:
    """Return where pages are and between which moments their members lie."""
    base = parts().settings.base
    begins = moments_of_pages(parts(), [*pages, pages.stop])
    return {
        events.page_address(base, page): (begins[page], begins.get(page + 1))
        for page in pages
        if page in begins
    }


def _spans(last: int) -> dict[str, tuple[datetime, datetime | None]]:
    base = parts().settings.base
    firsts = [(span - 1) * events.PAGES_A_SPAN + 1 for span in range(1, last + 2)]
    begins = moments_of_pages(parts(), firsts)
    return {
        events.span_address(base, span): (begins[first], begins.get(first + events.PAGES_A_SPAN))
        for span, first in enumerate(firsts, start=1)
        if first in begins
    }


def _answer(said: list[Statement], *, full: bool) -> Response:
    form = choose(tuple(events.FORMS))
    response = body(events.written(said, form, parts().settings.base, root()), form)
    response.headers["Cache-Control"] = _STAYS if full else _GROWS
    return unchanged_or(response)
