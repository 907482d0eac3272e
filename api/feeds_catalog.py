"""The catalog as a DCAT document in pages, for other catalogs that harvest it."""

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import Response, request
from flask_smorest import Blueprint

from api.answers import SUFFIX_OF, body, with_links
from api.context import parts
from api.feeds import check_parameters, unchanged_or
from api.negotiation import choose
from api.operations import operation, query_parameter
from api.parameters import moment, whole_number
from catalog.domain.errors import NotFound
from catalog.domain.feeds.catalog_page import Paging, document
from catalog.domain.permissions import Action
from catalog.domain.writing import RDF_FORMS, serialized
from catalog.services.changes import newest_change
from catalog.services.harvest import (
    Harvested,
    Window,
    changed_since,
    count,
    last_position,
    positioned,
)

blueprint = Blueprint("dcat-catalog", __name__, description="The catalog as a DCAT document")

ITEMS_A_PAGE: Final = 100
_MOST_PAGES: Final = 1_000_000


@operation(
    blueprint,
    "/catalog",
    Action.OPEN,
    answers={200: "A page of the catalog"},
    forms=tuple(RDF_FORMS),
    problems=(404, 406),
)
@operation(
    blueprint,
    "/catalog.<suffix>",
    Action.OPEN,
    answers={200: "A page of the catalog"},
    forms=tuple(RDF_FORMS),
    problems=(404, 406),
    parameters=(
        query_parameter("page", "Which page, from 1.", {"type": "integer", "default": 1}),
        query_parameter("modified_since", "Only items that changed then or later."),
    ),
)
def dcat_catalog(suffix: str | None = None) -> Response:
    """Harvest the whole catalog in DCAT-AP, a page of complete items at a time (Hydra)."""
    form = choose(tuple(RDF_FORMS), suffix=suffix)
    check_parameters("page", "modified_since")
    number = whole_number("page", 1, least=1, most=_MOST_PAGES)
    since = moment("modified_since") if "modified_since" in request.args else None
    last, found = _all(number) if since is None else _changed(since, number)
    if number > last:
        raise NotFound(f"There is no page {number}; the last is {last}.")
    addresses = {page: _address(form, page) for page in (number - 1, number, number + 1, 1, last)}
    paging = Paging(
        number, last, ITEMS_A_PAGE, count(parts(), Window(since), deleted=False), addresses
    )
    newest = newest_change(parts())
    settings = parts().settings
    exported = [one.exported for one in found if one.exported is not None]
    said = document(exported, settings.house, settings.title, newest.at if newest else None, paging)
    response = body(serialized(said, form, f"{settings.base}catalog"), form)
    links = [
        (addresses[page], {"previous": "prev"}.get(name, name), {"type": form})
        for name, page in paging.around.items()
    ]
    return unchanged_or(with_links(response, links), newest.at if newest else None)


def _all(number: int) -> tuple[int, tuple[Harvested, ...]]:
    """Return the number of the last page, and what is on this one: always the same positions."""
    first = (number - 1) * ITEMS_A_PAGE + 1
    found = positioned(parts(), first, first + ITEMS_A_PAGE - 1, complete=True)
    return _pages(last_position(parts())), found


def _changed(since: datetime, number: int) -> tuple[int, tuple[Harvested, ...]]:
    window = Window(since)
    found = changed_since(parts(), window, page=number, size=ITEMS_A_PAGE)
    return _pages(count(parts(), window, deleted=False)), found


def _pages(items: int) -> int:
    return max(1, -(-items // ITEMS_A_PAGE))


def _address(form: str, page: int) -> str:
    asked = {"page": str(page)}
    if "modified_since" in request.args:
        asked["modified_since"] = request.args["modified_since"]
    return f"{parts().settings.base}catalog.{SUFFIX_OF[form]}?{urlencode(asked)}"
