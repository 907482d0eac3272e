"""The page that shows the beginning of a file, for looking before one downloads."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from api import rendering
from api.answers import body, tagged
from api.context import actor, frame, parts
from api.negotiation import HTML
from api.operations import operation
from api.preview import Preview, is_previewable, preview_of, telling
from catalog.domain.permissions import Action
from catalog.domain.record import ItemRecord
from catalog.services.preview import preview, preview_at_hand

blueprint = Blueprint("previewing", __name__, description="Files, looked at before one downloads")

_READ: dict[str, Any] = {
    "answers": {200: "The beginning of the file", 304: "Not changed"},
    "forms": (HTML,),
    "problems": (401, 403, 404, 410),
}


@operation(blueprint, "/items/<string:id>/preview/<path:name>", Action.READ_FILE, **_READ)
@operation(
    blueprint, "/items/<string:id>/v/<version:n>/preview/<path:name>", Action.READ_FILE, **_READ
)
def preview_file(id: str, name: str, n: int | None = None) -> Response:
    """Show the beginning of a file: its first lines or rows, or the picture."""
    record, file, beginning = preview(parts(), actor(), id, name, n)
    content = rendering.preview(
        frame(), parts().library, record=record, file=file, shown=preview_of(file, beginning), n=n
    )
    return tagged(body(content, HTML), record.stage)


def preview_on_page(record: ItemRecord) -> tuple[str, Preview] | None:
    """Return the beginning of the file of an item that says most, with its name.

    None where there is no such file, or where to look at it would keep the page waiting.
    """
    file = min((one for one in record.files if is_previewable(one)), key=telling, default=None)
    beginning = preview_at_hand(parts(), actor(), record, file) if file else None
    if file is None or beginning is None:
        return None
    shown = preview_of(file, beginning)
    return None if shown.kind == "nothing" else (file.name, shown)
