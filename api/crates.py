"""Packages on HTTP: an item and its files as one zip file, which is an RO-Crate."""

from typing import Any, cast

from flask import Response, current_app, request
from flask_smorest import Blueprint

from api.context import actor, parts
from api.files import Passing, Transfers
from api.operations import operation
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Action
from catalog.services.packing import Packed, pack

blueprint = Blueprint("crates", __name__, description="Items with their files as RO-Crates")

ZIP = "application/zip"

_GET: dict[str, Any] = {
    "answers": {200: "The package"},
    "forms": (ZIP,),
    "problems": (401, 404, 410),
}


@operation(blueprint, "/items/<string:id>.crate.zip", Action.READ, **_GET)
@operation(blueprint, "/items/<string:id>/v/<version:n>.crate.zip", Action.READ, **_GET)
def get_crate(id: str, n: int | None = None) -> Response:
    """Fetch an item with its files, and the members of a collection, as one RO-Crate."""
    packed = pack(parts(), actor(), id, n)
    response = _described(packed, id)
    if packed.size_bytes is not None:
        response.headers["Content-Length"] = str(packed.size_bytes)
    if request.method == "GET":
        response.response = _passing(packed)
    return response


def _described(packed: Packed, item_id: str) -> Response:
    """Return the answer without its bytes, and without an ETag: what is in a package depends on
    who asks, and for a collection on what becomes of its members.
    """
    record = packed.record
    response = Response(status=200, content_type=ZIP)
    name = f"sage-{record.id}-v{record.version}.crate.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    address = item_iri(item_id, parts().settings.base)
    response.headers.add("Link", f'<{address}>; rel="collection"')
    return response


def _passing(packed: Packed) -> Passing:
    moving = cast(Transfers, current_app.extensions["transfers"])
    moving.enter()
    try:
        return Passing(packed.chunks(), moving)
    except BaseException:
        moving.leave()
        raise
