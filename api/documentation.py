"""The interface described: as OpenAPI and as a page, and each of its errors on a page."""

from typing import Any, cast

from flask import Response, current_app
from flask_smorest import Blueprint

from api import rendering
from api.answers import body, json_answer
from api.context import frame
from api.negotiation import HTML, JSON
from api.operations import operation
from catalog.domain.errors import NotFound, every_error
from catalog.domain.permissions import Action

blueprint = Blueprint("documentation", __name__, description="What the interface is")


@operation(blueprint, "/openapi.json", Action.OPEN, forms=(JSON,))
def read_openapi() -> Response:
    """Read the description of every operation (OpenAPI 3.1)."""
    return json_answer(_openapi())


@operation(blueprint, "/docs", Action.OPEN, forms=(HTML,))
def read_documentation() -> Response:
    """Read the same as a page."""
    return body(rendering.docs(frame(), document=_openapi()), HTML)


def _openapi() -> dict[str, Any]:
    return cast("dict[str, Any]", current_app.extensions["openapi"])


@operation(blueprint, "/problems/<string:slug>", Action.OPEN, forms=(HTML,), problems=(404,))
def explain_problem(slug: str) -> Response:
    """Explain an error by its name."""
    for kind in every_error():
        if kind.slug == slug:
            return body(rendering.problem_type(frame(), error=kind), HTML)
    raise NotFound("There is no problem of that name.")
