"""Validation on HTTP: a report for machines, and a page to paste a description into."""

from flask import Response, request
from flask_smorest import Blueprint

from api import rendering
from api.answers import body, json_answer
from api.context import frame, parts
from api.items import SUBMITTED_FORMS, body_sent, media_type_sent
from api.negotiation import HTML, JSON, choose
from api.operations import operation, query_parameter
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.permissions import Action
from catalog.domain.report import LEVELS, Level, Report
from catalog.domain.writing import RDF_FORMS
from catalog.services.validate import validate

blueprint = Blueprint("validation", __name__, description="Validation of descriptions")

_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
_PUBLICATION: Level = "publication"


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
    takes=SUBMITTED_FORMS,
    answers={200: "The report"},
    forms=(JSON, HTML),
    problems=(406, 413, 415, 422),
    parameters=(
        query_parameter("level", "draft or publication."),
        query_parameter("type", "The item type that it is meant to be."),
    ),
)
def validate_description() -> Response:
    """Judge a description that nobody keeps."""
    if request.mimetype in _FORM_TYPES:
        return _validated_form()
    report = validate(
        parts(),
        body_sent(parts().settings.metadata_bytes),
        media_type_sent(),
        level=_level(request.args.get("level")),
        type_hint=_type(request.args.get("type")),
    )
    return json_answer(report.to_dict())


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
