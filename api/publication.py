"""Publication on HTTP, and what may follow it: visibility, deprecation, withdrawal."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import Response
from flask_smorest import Blueprint

from api import rendering
from api.answers import expected_stages, json_answer, stages_of, tagged
from api.bodies import json_body
from api.context import actor, frame, now, parts
from api.itemjson import dates_json, tombstone_json
from api.items import answer_change, wait_seconds
from api.negotiation import JSON
from api.operations import IF_MATCH, WAIT, operation
from catalog.domain.errors import NotAcceptable
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import Visibility, moment_named, visibility_named
from catalog.domain.permissions import Action
from catalog.domain.record import ItemRecord
from catalog.services import outbox
from catalog.services.deprecate import deprecate
from catalog.services.publish import Wanted, change_visibility, publish
from catalog.services.reserve import reserve_doi
from catalog.services.withdraw import withdraw

blueprint = Blueprint("publication", __name__, description="Publication and what follows it")


_WAIT_FOR_WITHDRAWAL_SECONDS = 5.0
"""Longer than for other changes: until then queries are refused."""


class _Strict(ma.Schema):
    class Meta:
        unknown = ma.RAISE


class WithSchema(_Strict):
    """One further item of a publication."""

    id = ma.fields.String(required=True)
    etag = ma.fields.String(required=True)


class PublicationBody(_Strict):
    """The body of a publication; all of it may be left out."""

    visibility = ma.fields.String(load_default=Visibility.PUBLIC.value)
    until = ma.fields.Raw(load_default=None, allow_none=True)
    publish_at = ma.fields.Raw(load_default=None, allow_none=True)
    also = ma.fields.List(
        ma.fields.Nested(WithSchema),
        data_key="with",
        load_default=list,
        validate=ma.validate.Length(max=100),
    )


class VisibilityBody(_Strict):
    """The body of a change of visibility."""

    visibility = ma.fields.String(required=True)
    until = ma.fields.Raw(load_default=None, allow_none=True)
    publish_at = ma.fields.Raw(load_default=None, allow_none=True)


class DeprecationBody(_Strict):
    """The body of a deprecation."""

    reason = ma.fields.String(required=True)
    replaced_by = ma.fields.String(load_default=None, allow_none=True)


class WithdrawalBody(_Strict):
    """The body of a withdrawal."""

    reason = ma.fields.String(required=True)
    note = ma.fields.String(load_default=None, allow_none=True)
    replaced_by = ma.fields.String(load_default=None, allow_none=True)


def dates_in(said: Mapping[str, Any]) -> dict[str, datetime | None]:
    """Return the two dates that a body or a form says, None for one that it does not.

    Raises NotAcceptable for what is no date.
    """
    return {name: moment_named(said.get(name), name) for name in ("until", "publish_at")}


_STATE_PROBLEMS = (401, 403, 404, 409, 410, 412, 415, 422, 428)


_POST: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {JSON: {"type": "object"}},
    "forms": (JSON,),
    "parameters": (IF_MATCH, WAIT),
    "problems": _STATE_PROBLEMS,
}
_PUT = {**_POST, "methods": ("PUT",)}
_DEPRECATION = "/items/<string:id>/v/<version:n>/deprecation"


@operation(blueprint, "/items/<string:id>/publication", Action.PUBLISH, **_POST)
@operation(blueprint, "/items/<string:id>/v/<version:n>/publication", Action.PUBLISH, **_POST)
def publish_item(id: str, n: int | None = None) -> Response:
    """Publish a draft, alone or together with others."""
    wait = wait_seconds()
    said = json_body(PublicationBody, needed=False)
    dates = dates_in(said)
    wanted = [Wanted(id, expected_stages(), n)]
    wanted += [Wanted(other["id"], stages_of([other["etag"]])) for other in said["also"]]
    if len({one.item_id for one in wanted}) < len(wanted):
        raise NotAcceptable("An item is named twice.")
    visibility = visibility_named(said["visibility"])
    records = publish(parts(), actor(), wanted, visibility, now=now(), **dates)
    return _with_states(records, time.monotonic() + wait)


def _with_states(records: tuple[ItemRecord, ...], deadline: float) -> Response:
    base = parts().settings.base
    items = {}
    for record in records:
        left = max(0.0, deadline - time.monotonic())
        done = record.indexed or outbox.wait_until_indexed(parts(), record.id, left)
        items[record.id] = {
            "iri": item_iri(record.id, base),
            "version": record.version,
            "state": record.state.value,
            "visibility": record.visibility.value,
            **dates_json(record),
            "doi": record.dois.to_dict(),
            "report": dict(record.report),
            "etag": record.stage,
            "indexed": done,
        }
    answer = {"id": records[0].id, **items[records[0].id], "items": items}
    return tagged(json_answer(answer), records[0].stage)


_RESERVE = _POST | {"takes": None}


@operation(blueprint, "/items/<string:id>/doi", Action.PUBLISH, **_RESERVE)
@operation(blueprint, "/items/<string:id>/v/<version:n>/doi", Action.PUBLISH, **_RESERVE)
def reserve_item_doi(id: str, n: int | None = None) -> Response:
    """Give a draft its DOI ahead of publication; the registrar hears nothing of it yet."""
    wait = wait_seconds()
    record = reserve_doi(parts(), actor(), id, expected=expected_stages(), now=now(), n=n)
    return answer_change(record, wait)


@operation(blueprint, "/items/<string:id>/visibility", Action.PUBLISH, **_PUT)
@operation(blueprint, "/items/<string:id>/v/<version:n>/visibility", Action.PUBLISH, **_PUT)
def set_visibility(id: str, n: int | None = None) -> Response:
    """Change who sees what is published, and when that changes by itself."""
    wait = wait_seconds()
    said = json_body(VisibilityBody)
    record = change_visibility(
        parts(),
        actor(),
        Wanted(id, expected_stages(), n),
        visibility_named(said["visibility"]),
        now=now(),
        **dates_in(said),
    )
    return answer_change(record, wait)


@operation(blueprint, _DEPRECATION, Action.DEPRECATE, **_PUT)
def deprecate_version(id: str, n: int) -> Response:
    """Mark a published version as no longer recommended."""
    said = json_body(DeprecationBody)
    return _deprecated(id, n, said["reason"], said["replaced_by"])


@operation(
    blueprint, _DEPRECATION, Action.DEPRECATE, **{**_PUT, "methods": ("DELETE",), "takes": None}
)
def undeprecate_version(id: str, n: int) -> Response:
    """Take the mark of a deprecation back."""
    return _deprecated(id, n, None, None)


def _deprecated(item_id: str, n: int, reason: str | None, replaced_by: str | None) -> Response:
    wait = wait_seconds()
    record = deprecate(
        parts(),
        actor(),
        item_id,
        n,
        reason=reason,
        replaced_by=replaced_by,
        expected=expected_stages(),
        now=now(),
    )
    return answer_change(record, wait)


@operation(blueprint, "/items/<string:id>/withdrawal", Action.WITHDRAW, **_POST)
@operation(blueprint, "/items/<string:id>/v/<version:n>/withdrawal", Action.WITHDRAW, **_POST)
def withdraw_item(id: str, n: int | None = None) -> Response:
    """Withdraw every published version of an item, or one version."""
    wait = wait_seconds(_WAIT_FOR_WITHDRAWAL_SECONDS)
    said = json_body(WithdrawalBody)
    record = withdraw(
        parts(),
        actor(),
        id,
        reason=said["reason"],
        note_text=said["note"],
        replaced_by=said["replaced_by"],
        expected=expected_stages(),
        now=now(),
        n=n,
    )
    done = outbox.wait_until_indexed(parts(), id, wait)
    citation = rendering.citation(frame(), parts().library, record)
    left = tombstone_json(record, parts().settings.base, citation)
    return json_answer({**left, "indexed": done})
