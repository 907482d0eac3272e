"""The front page: what this is, what is in it, and what to ask it."""

from flask import Response
from flask_smorest import Blueprint

from api import rendering
from api.answers import body, json_answer
from api.context import frame, parts
from api.negotiation import HTML, JSON, choose
from api.operations import operation
from api.queries import EXAMPLES
from catalog.domain.permissions import ANYONE, Action
from catalog.services.find import Filters, counts_by_type, find

blueprint = Blueprint("front", __name__, description="The front page")

_NEWEST = 6


@operation(blueprint, "/", Action.OPEN, forms=(HTML, JSON), problems=(406,))
def index() -> Response:
    """Show what this is, what is in it, and what to ask it."""
    form = choose((JSON, HTML))
    counts = counts_by_type(parts(), ANYONE)
    if form == JSON:
        base = parts().settings.base
        return json_answer(
            {
                "title": parts().settings.title,
                "items": f"{base}items",
                "sparql": f"{base}sparql",
                "vocabularies": f"{base}vocab",
                "openapi": f"{base}openapi.json",
                "counts": dict(counts),
            }
        )
    newest = find(parts(), ANYONE, Filters(), cursor=None, limit=_NEWEST).lines
    content = rendering.index(
        frame(), parts().library, counts=counts, newest=newest, examples=EXAMPLES[:3]
    )
    return body(content, HTML)
