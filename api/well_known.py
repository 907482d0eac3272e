"""Where machines look first: the list of interfaces (RFC 9727), and what is held here (VoID)."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from flask import Response
from flask_smorest import Blueprint

from api.answers import body, with_links
from api.context import parts
from api.feeds import unchanged_or
from api.negotiation import HTML, TURTLE, choose
from api.operations import operation
from catalog.domain.errors import CatalogError
from catalog.domain.feeds.atom import FORM as ATOM
from catalog.domain.feeds.dataset import described
from catalog.domain.permissions import ANYONE, Action
from catalog.domain.writing import RDF_FORMS, serialized
from catalog.services.changes import newest_change
from catalog.services.harvest import Window, counts_of_types, newest
from catalog.services.query import Asked, query

blueprint = Blueprint("well-known", __name__, description="Where machines look first")

LINKSET: Final = "application/linkset+json"
PROFILE: Final = "https://www.rfc-editor.org/info/rfc9727"
_OAI_GUIDE: Final = "https://www.openarchives.org/OAI/openarchivesprotocol.html"
_RESULTS: Final = "application/sparql-results+json"


@operation(
    blueprint,
    "/.well-known/api-catalog",
    Action.OPEN,
    answers={200: "The interfaces of this catalog, as a link set"},
    forms=(LINKSET,),
)
def api_catalog() -> Response:
    """Find every interface of this catalog, with what describes it (RFC 9727, FAIRiCat)."""
    base = parts().settings.base
    here = f"{base}.well-known/api-catalog"
    response = body(json.dumps({"linkset": _linkset(base, here)}), LINKSET)
    response.headers["Content-Type"] = f'{LINKSET}; profile="{PROFILE}"'
    return unchanged_or(with_links(response, [(here, "api-catalog", {"type": LINKSET})]))


def _linkset(base: str, here: str) -> list[dict[str, Any]]:
    """Return the interfaces: what describes each for machines, for people, and about itself.

    Profiles are strings, though RFC 9264 writes extension attributes as lists: readers that are
    in use take nothing else.
    """
    docs = [_link(f"{base}docs", HTML)]
    told: list[dict[str, Any]] = [
        {
            "anchor": base,
            "service-desc": [_link(f"{base}openapi.json", "application/json")],
            "service-doc": docs,
            "service-meta": [_link(f"{base}.well-known/void", TURTLE)],
            "status": [_link(f"{base}health/ready", "application/json")],
        },
        {
            "anchor": f"{base}oai",
            "service-desc": [_link(f"{base}oai?verb=Identify", "text/xml")],
            "service-doc": [_link(_OAI_GUIDE, HTML)],
            "service-meta": [_link(f"{base}oai?verb=ListMetadataFormats", "text/xml")],
        },
        {
            "anchor": f"{base}sparql",
            "service-desc": [
                _link(f"{base}sparql", TURTLE, "http://www.w3.org/ns/sparql-service-description")
            ],
            "service-doc": [_link("https://www.w3.org/TR/sparql11-protocol/", HTML)],
            "service-meta": [_link(f"{base}.well-known/void", TURTLE, "http://rdfs.org/ns/void")],
        },
        {
            "anchor": f"{base}catalog.ttl",
            "service-desc": [_link(f"{base}catalog.ttl", TURTLE, "http://www.w3.org/ns/dcat")],
            "service-doc": [_link("https://www.w3.org/TR/vocab-dcat-3/", HTML)],
        },
        {
            "anchor": f"{base}events",
            "service-desc": [_link(f"{base}events", TURTLE, "https://w3id.org/ldes/specification")],
            "service-doc": [_link("https://w3id.org/ldes/specification", HTML)],
        },
        {
            "anchor": f"{base}sitemap.xml",
            "service-desc": [_link(f"{base}sitemap.xml", "application/xml")],
            "service-doc": [_link("https://www.sitemaps.org/protocol.html", HTML)],
        },
        {
            "anchor": f"{base}feed.atom",
            "service-desc": [_link(f"{base}feed.atom", ATOM)],
            "service-doc": [_link("https://www.rfc-editor.org/info/rfc4287", HTML)],
        },
        {
            "anchor": f"{base}rest/v1/",
            "service-desc": [_link(f"{base}openapi.json", "application/json")],
            "service-doc": docs,
        },
    ]
    listed = {"anchor": here, "item": [{"href": one["anchor"]} for one in told]}
    return [listed, *told]


def _link(href: str, form: str, profile: str | None = None) -> dict[str, str]:
    return {"href": href, "type": form} | ({"profile": profile} if profile else {})


@operation(
    blueprint,
    "/.well-known/void",
    Action.OPEN,
    answers={200: "What the data set holds"},
    forms=tuple(RDF_FORMS),
    problems=(406,),
)
def void() -> Response:
    """See what the data set holds: numbers by class and property, an example, where to ask."""
    form = choose(tuple(RDF_FORMS))
    settings, deciding = parts().settings, parts().library.shapes.item_types
    shown = (one for one in newest(parts(), Window(), limit=10) if one.exported is not None)
    example = next((one.exported.iri for one in shown if one.exported), None)
    classes: dict[str, int] = {}
    for item_type, number in counts_of_types(parts()).items():
        if (iri := deciding.get(item_type)) is not None:
            classes[iri] = classes.get(iri, 0) + number
    said = described(
        settings.house,
        settings.title,
        example=example,
        classes=classes,
        properties=_COUNTED.numbers(),
    )
    response = body(serialized(said, form, f"{settings.base}.well-known/void#catalog"), form)
    return unchanged_or(response)


@dataclass(frozen=True, slots=True)
class _Counting:
    seq: int
    at: float
    numbers: Mapping[str, int]


class _Counted:
    """How often each property is used, counted at most once a minute and a change."""

    _LEAST_SECONDS = 60.0
    _QUERY = (
        "SELECT ?property (COUNT(*) AS ?number) WHERE { ?s ?property ?o } "
        "GROUP BY ?property ORDER BY ?property"
    )

    def __init__(self) -> None:
        self._kept: dict[str, _Counting] = {}
        self._lock = Lock()

    def numbers(self) -> Mapping[str, int]:
        """Return property to number of statements; empty where queries are not answered now."""
        change = newest_change(parts())
        seq = change.seq if change else 0
        # One process may serve several catalogs, in tests at least.
        place = f"{parts().database.url} {parts().settings.base}"
        kept = self._kept.get(place)
        if kept is not None and self._is_fresh(kept, seq):
            return kept.numbers
        if not self._lock.acquire(blocking=False):  # somebody counts already
            return kept.numbers if kept else {}
        try:
            self._kept[place] = _Counting(seq, time.monotonic(), self._count())
        finally:
            self._lock.release()
        return self._kept[place].numbers

    def _is_fresh(self, kept: _Counting, seq: int) -> bool:
        return kept.seq == seq or time.monotonic() - kept.at < self._LEAST_SECONDS

    def _count(self) -> Mapping[str, int]:
        formats = {"select": _RESULTS, "ask": _RESULTS, "graph": TURTLE}
        try:
            answer = query(parts(), ANYONE, Asked(self._QUERY, formats))
        except CatalogError:
            return {}
        rows = json.loads(answer.content)["results"]["bindings"]
        return {row["property"]["value"]: int(row["number"]["value"]) for row in rows}


_COUNTED: Final = _Counted()
