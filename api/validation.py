"""Validation on HTTP: a report in the form asked for, and a page to paste a description into."""

import json
from functools import partial
from importlib.metadata import version

from flask import Response, request
from flask_smorest import Blueprint

from api import rendering
from api.answers import body
from api.context import frame, parts
from api.items import body_sent
from api.negotiation import HTML, JSON, choose
from api.operations import operation, query_parameter
from api.validation_stream import NDJSON, NDJSON_ALIASES, Split, answers, lines, table_rows
from catalog.domain import report_junit, report_rdf, report_sarif
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.importing.formats import READ, is_table, media_type_of
from catalog.domain.permissions import Action
from catalog.domain.report import LEVELS, Level, Report
from catalog.domain.report_forms import JUNIT, SARIF, Outcome
from catalog.domain.writing import RDF_FORMS
from catalog.services.validate import NOBODY, validate, validate_each

blueprint = Blueprint("validation", __name__, description="Validation of descriptions")

_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
_PUBLICATION: Level = "publication"
_FORMS = (JSON, *RDF_FORMS, SARIF, JUNIT, HTML)
_STREAM_TIMES = 16
"""How many times as large as one description many of them may be together."""


@operation(blueprint, "/validate", Action.OPEN, forms=(HTML,), problems=(406,))
def validation_page() -> Response:
    """Show the page to paste a description into."""
    choose((HTML,))
    return _page("", next(iter(RDF_FORMS)), _PUBLICATION, None, None, None)


@operation(
    blueprint,
    "/validate",
    Action.OPEN,
    methods=("POST",),
    takes={form: {"type": "string"} for form in (*RDF_FORMS, *READ, NDJSON)},
    answers={200: "The report"},
    forms=(*_FORMS, NDJSON),
    problems=(406, 413, 415, 422),
    parameters=(
        query_parameter("level", "draft or publication."),
        query_parameter("type", "The item type that it is meant to be."),
        query_parameter("format", "The format by its short name, whatever Content-Type says."),
    ),
)
def validate_description() -> Response:
    """Judge a description that nobody keeps, or many of them: NDJSON, or the rows of a table."""
    if request.mimetype in _FORM_TYPES:
        return _validated_form()
    level = _level(request.args.get("level"))
    item_type = _type(request.args.get("type"))
    media_type = _media_type()
    if media_type in NDJSON_ALIASES:
        return _stream(partial(lines, item_types=parts().library.item_types), level, item_type)
    if is_table(media_type) and choose((NDJSON, *_FORMS)) == NDJSON:
        return _stream(partial(table_rows, media_type=media_type), level, item_type)
    form = choose(_FORMS)
    source = body_sent(parts().settings.metadata_bytes)
    try:
        report = validate(parts(), source, media_type, level=level, type_hint=item_type)
    except CatalogError as fault:
        if form != HTML:
            raise
        return _page(source.decode(errors="replace"), media_type, level, item_type, None, fault)
    if form == HTML:
        return _page(source.decode(errors="replace"), media_type, level, item_type, report, None)
    return body(_written(Outcome("description", level, report), form), form)


def _written(outcome: Outcome, form: str) -> bytes | str:
    """Return a report in one of the forms for machines."""
    if form == JSON:
        return json.dumps(outcome.to_dict(), ensure_ascii=False)
    shapes = parts().library.shapes
    if form == JUNIT:
        return "".join(report_junit.document([report_junit.suite(outcome)]))
    if form == SARIF:
        found = report_sarif.results(outcome)
        rules = [one["ruleId"] for one in found]
        texts = [json.dumps(one, ensure_ascii=False) for one in found]
        return "".join(report_sarif.log(texts, rules, shapes, version("sage-catalog")))
    subject = item_iri(NOBODY, parts().settings.base)
    return report_rdf.written(outcome, shapes, subject, RDF_FORMS[form])


def _stream(split: Split, level: Level, item_type: str | None) -> Response:
    """Answer a line for each description that the body is split into, as each is judged."""
    choose((NDJSON,))
    source = body_sent(_STREAM_TIMES * parts().settings.metadata_bytes)
    sent = split(source, level=level, type_hint=item_type)
    # The parts are those of the request, which is over when the first line is answered.
    return Response(answers(validate_each(parts(), sent)), content_type=NDJSON)


def _media_type() -> str:
    """Return what the body is said to be: by `format`, else by its media type with the profile."""
    if named := request.args.get("format"):
        return media_type_of(named)
    profile = request.mimetype_params.get("profile")
    return request.mimetype.lower() + (f';profile="{profile}"' if profile else "")


def _level(said: str | None) -> Level:
    if said and said not in LEVELS:
        raise Unreadable(f"level is {' or '.join(LEVELS)}.", parameter="level")
    return said or _PUBLICATION


def _type(said: str | None) -> str | None:
    if said and said not in parts().library.item_types:
        raise Unreadable(f"There is no item type {said!r}.", parameter="type")
    return said or None


def _validated_form() -> Response:
    """Judge what was pasted, and show the page again with the report and what was pasted."""
    source = request.form.get("source", "")
    media_type = request.form.get("media_type", "text/turtle")
    item_type = request.form.get("type") or None
    level = _PUBLICATION
    report, fault = None, None
    try:
        level = _level(request.form.get("level"))
        report = validate(
            parts(),
            source.replace("\r\n", "\n").encode("utf-8", "surrogatepass"),
            media_type,
            level=level,
            type_hint=_type(item_type),
        )
    except CatalogError as found:
        fault = found
    return _page(source, media_type, level, item_type, report, fault)


def _page(
    source: str,
    media_type: str,
    level: Level,
    item_type: str | None,
    report: Report | None,
    fault: CatalogError | None,
) -> Response:
    content = rendering.validate(
        frame(),
        parts().library,
        source=source,
        media_type=media_type,
        level=level,
        item_type=item_type,
        report=report,
        error=fault,
    )
    return body(content, HTML, fault.status if fault else 200)
