"""Routes about bytes elsewhere: registering them by their address, and looking at them again."""

from typing import Any

import marshmallow as ma
from flask import Response, redirect
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api.answers import json_answer, tagged
from api.bodies import json_body
from api.context import actor, actor_of_form, now, parts, root
from api.itemjson import moment
from api.negotiation import JSON, choose
from api.operations import operation
from catalog.domain.identifiers import VOCAB
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action
from catalog.domain.record import ItemRecord, ReferenceRecord
from catalog.domain.references.drift import ReferenceState
from catalog.domain.tombstone import gone
from catalog.services.check_references import check_now
from catalog.services.look_up_reference import LookedUp, look_up
from catalog.services.read import read

blueprint = Blueprint("references", __name__, description="Bytes that lie elsewhere")


class _LookUp(ma.Schema):
    address = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=4_000))
    type = ma.fields.String(load_default="", validate=ma.validate.Length(max=64))


@operation(
    blueprint,
    "/references/look-up",
    Action.CREATE,
    methods=("POST",),
    takes={"application/json": {"type": "object"}},
    answers={200: "What is there, or why nobody can tell, and a description begun"},
    forms=(JSON,),
    problems=(401, 403, 406, 413, 415, 422, 429),
)
def look_up_address() -> Response:
    """Look at an address elsewhere: what is there, what identifies it, and how to describe it."""
    choose((JSON,))
    said = json_body(_LookUp)
    found = look_up(parts(), actor(), said["address"], item_type=said["type"])
    return json_answer(_looked_up_json(found))


_READ: dict[str, Any] = {
    "answers": {200: "The references, by part", 304: "Not changed"},
    "forms": (JSON,),
    "problems": (401, 403, 404, 406, 410),
}


@operation(blueprint, "/items/<string:id>/references", Action.READ, **_READ)
@operation(blueprint, "/items/<string:id>/v/<version:n>/references", Action.READ, **_READ)
def read_references(id: str, n: int | None = None) -> Response:
    """Read what an item refers to elsewhere, and what was found there last."""
    choose((JSON,))
    record = read(parts(), actor(), id, n).record
    if record.state is State.WITHDRAWN:
        raise gone(record)
    return tagged(json_answer(references_json(record)), record.stage)


_CHECK: dict[str, Any] = {
    "methods": ("POST",),
    "answers": {200: "The references, looked at now"},
    "forms": (JSON,),
    "problems": (401, 403, 404, 406, 410),
}


@operation(blueprint, "/items/<string:id>/references/check", Action.WRITE, **_CHECK)
@operation(blueprint, "/items/<string:id>/v/<version:n>/references/check", Action.WRITE, **_CHECK)
def check_references(id: str, n: int | None = None) -> Response:
    """Look at the references of an item now; at most ten, and none twice in a minute."""
    choose((JSON,))
    record = check_now(parts(), actor(), id, n, now=now())
    return json_answer(references_json(record))


@operation(
    blueprint,
    "/items/<string:id>/v/<version:n>/do/look",
    Action.WRITE,
    methods=("POST",),
    takes={"application/x-www-form-urlencoded": {"type": "object"}},
    answers={303: "Done; see the page that follows"},
    problems=(401, 403, 404, 410),
    by_form=True,
)
def do_look(id: str, n: int) -> AnyResponse:
    """Look at the references of an item by its button."""
    check_now(parts(), actor_of_form(), id, n, now=now())
    return redirect(f"{root()}items/{id}/v/{n}?done=looked#files", 303)


def references_json(record: ItemRecord) -> dict[str, Any]:
    """Return the references of a version."""
    return {
        "id": record.id,
        "version": record.version,
        "references": [_reference_json(one) for one in record.references],
    }


def _reference_json(one: ReferenceRecord) -> dict[str, Any]:
    is_known = one.state is not ReferenceState.UNKNOWN
    return {
        "part": f"#{one.part}" if one.part else "",
        "address": one.address,
        "kind": one.kind,
        "state": one.state.value,
        "term": f"{VOCAB}reference-state/{one.state.value}" if is_known else None,
        "since": moment(one.since),
        "looked": moment(one.looked),
        "finding": one.finding or None,
        "found": dict(one.found),
    }


def _looked_up_json(looked: LookedUp) -> dict[str, Any]:
    return {
        "address": looked.address,
        "kind": looked.kind.value,
        "presence": looked.found.presence.value,
        "detail": looked.found.detail or None,
        "retry_after": looked.found.retry_after or None,
        "found": looked.facts.to_dict() if looked.facts else {},
        "type": looked.type or None,
        "distribution": looked.distribution,
        "description": dict(looked.document),
    }
