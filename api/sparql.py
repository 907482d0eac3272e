"""The SPARQL 1.1 Protocol over what is public, and the page to ask from."""

import json
import time
from typing import Any

from flask import Response, current_app, request
from flask_smorest import Blueprint
from werkzeug.datastructures import MultiDict

from api import rendering
from api.answers import body
from api.asking import SparqlOutcome
from api.context import actor, frame, parts
from api.negotiation import HTML, JSON_LD, NTRIPLES, RDF_XML, TURTLE, accepted, choose, wants_html
from api.operations import operation, query_parameter
from api.queries import EXAMPLES
from api.service_description import described
from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    NotOffered,
    TooLarge,
    Unreadable,
    UnsupportedMediaType,
)
from catalog.domain.permissions import Action
from catalog.domain.writing import RDF_FORMS, serialized
from catalog.ports import Answer
from catalog.services.query import Asked, query

blueprint = Blueprint("sparql", __name__, description="SPARQL over what is public")

QUERY_BODY = "application/sparql-query"
FORM_BODY = "application/x-www-form-urlencoded"

_JSON_RESULTS = "application/sparql-results+json"
_XML_RESULTS = "application/sparql-results+xml"
_OFFERED = {
    "select": (_JSON_RESULTS, _XML_RESULTS, "text/csv", "text/tab-separated-values"),
    "ask": (_JSON_RESULTS, _XML_RESULTS),
    "graph": (TURTLE, NTRIPLES, RDF_XML, JSON_LD),
}
_SHORT = {"application/json": _JSON_RESULTS, "application/xml": _XML_RESULTS}
_FORM_NAMES = {
    "json": _JSON_RESULTS,
    "xml": _XML_RESULTS,
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": TURTLE,
    "nt": NTRIPLES,
    "rdf": RDF_XML,
    "jsonld": JSON_LD,
}

_OPERATION: dict[str, Any] = {
    "answers": {200: "The complete answer"},
    "forms": (_JSON_RESULTS, _XML_RESULTS, "text/csv", TURTLE, HTML),
    "problems": (403, 406, 413, 415, 422),
    "parameters": (
        query_parameter("query", "A SPARQL 1.1 query."),
        query_parameter("default-graph-uri", "A graph of the default graph; may be repeated."),
        query_parameter("named-graph-uri", "A named graph; may be repeated."),
        query_parameter("format", "json, xml, csv, tsv, ttl, nt, rdf or jsonld."),
    ),
}


@operation(blueprint, "/sparql", Action.OPEN, **_OPERATION)
def sparql_get() -> Response:
    """Ask a query, or see what can be asked: a page for people, a description for programs."""
    _check_reach()
    if request.args:
        return _answered(request.args)
    form = choose((*RDF_FORMS, HTML))
    if form == HTML:
        return body(rendering.sparql(frame(), query="", examples=EXAMPLES), HTML)
    base = parts().settings.base
    return body(serialized(described(base), form, f"{base}sparql#service"), form)


@operation(
    blueprint,
    "/sparql",
    Action.OPEN,
    methods=("POST",),
    takes={QUERY_BODY: {"type": "string"}, FORM_BODY: {"type": "object"}},
    **_OPERATION,
)
def sparql_post() -> Response:
    """Ask a query that is sent as the body or in a form."""
    _check_reach()
    limit = 4 * parts().settings.query_text_bytes
    if (request.content_length or 0) > limit:
        raise TooLarge(f"A query has at most {parts().settings.query_text_bytes:,} bytes.")
    if request.mimetype == FORM_BODY:
        return _answered(
            MultiDict([*request.args.items(multi=True), *request.form.items(multi=True)])
        )
    if request.mimetype != QUERY_BODY:
        raise UnsupportedMediaType(request.mimetype, [QUERY_BODY, FORM_BODY])
    if "query" in request.args:
        raise Unreadable("Send one query: in the body or as a parameter, not both.")
    try:
        text = request.get_data(cache=False).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("The query is not UTF-8.") from None
    given = MultiDict(request.args.items(multi=True))
    given.add("query", text)
    return _answered(given)


def _check_reach() -> None:
    """Answer only this machine where the workers could not be sealed off."""
    if not current_app.config["CATALOG_SEALED"] and request.remote_addr not in {"127.0.0.1", "::1"}:
        raise Forbidden("This machine cannot seal its workers, so SPARQL answers only itself.")


def _answered(given: MultiDict[str, str]) -> Response:
    asked = given.getlist("query")
    if "update" in given:
        raise Unreadable("This endpoint is for reading; updates are not taken.")
    if len(asked) != 1:
        raise Unreadable("Send exactly one query, as the parameter `query`.", parameter="query")
    named = given.get("format") or None
    if named is None and wants_html() and not _names_results():
        return _page(asked[0], given)
    answer = query(parts(), actor(), _asked(asked[0], given, _formats(named)))
    return body(answer.content, answer.media_type)


def _asked(text: str, given: MultiDict[str, str], formats: dict[str, str]) -> Asked:
    return Asked(
        query=text,
        formats=formats,
        default_graphs=given.getlist("default-graph-uri") or None,
        named_graphs=given.getlist("named-graph-uri") or None,
    )


def _names_results() -> bool:
    """Tell whether `Accept` names a form of results at least as much wanted as a page."""
    ranges = accepted(request.headers.get("Accept"))
    known = {form for forms in _OFFERED.values() for form in forms}
    best = max((one.quality for one in ranges if one.kind in known), default=0.0)
    html = max((one.quality for one in ranges if one.kind == HTML), default=0.0)
    return best > html


def _formats(named: str | None) -> dict[str, str]:
    """Return the form for each kind of query, by `format` or by `Accept`.

    A query's kind is known only when it is read, so a form is chosen for each; NotOffered where
    `Accept` has none for any.
    """
    if named is not None:
        wanted = _FORM_NAMES.get(named, named)
        fitting = {kind: wanted for kind, forms in _OFFERED.items() if wanted in forms}
        if not fitting:
            raise Unreadable(f"format is one of {', '.join(_FORM_NAMES)}.", parameter="format")
        return fitting
    chosen: dict[str, str] = {}
    for kind, forms in _OFFERED.items():
        try:
            found = choose([*forms, *(_SHORT if kind != "graph" else ())])
        except NotOffered:
            continue
        chosen[kind] = _SHORT.get(found, found)
    if not chosen:
        raise NotOffered(sorted({form for forms in _OFFERED.values() for form in forms}))
    return chosen


def _page(text: str, given: MultiDict[str, str]) -> Response:
    """Answer on the page: rows as a table, or what is wrong, under the query that was asked."""
    outcome, fault = None, None
    formats = {kind: forms[0] for kind, forms in _OFFERED.items()}
    began = time.monotonic()
    try:
        if text.strip():
            answer = query(parts(), actor(), _asked(text, given, formats))
            outcome = _outcome(answer, time.monotonic() - began)
    except CatalogError as found:
        fault = found
    content = rendering.sparql(frame(), query=text, examples=EXAMPLES, outcome=outcome, error=fault)
    return body(content, HTML, fault.status if fault else 200)


def _outcome(answer: Answer, seconds: float) -> SparqlOutcome:
    if answer.kind == "graph":
        return SparqlOutcome(kind="graph", graph=answer.content.decode(), seconds=seconds)
    said = json.loads(answer.content)
    if answer.kind == "ask":
        return SparqlOutcome(kind="ask", boolean=said["boolean"], seconds=seconds)
    return SparqlOutcome(
        kind="select",
        variables=tuple(said["head"]["vars"]),
        rows=tuple(said["results"]["bindings"]),
        seconds=seconds,
    )
