"""Data use agreements on HTTP: what is in force, every version that was, and setting the next."""

from typing import Any

import marshmallow as ma
from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import access_pages
from api.accessjson import agreements_json
from api.answers import body, expected_stages, json_answer, stages_of, tagged
from api.bodies import json_body
from api.context import actor, actor_of_form, frame, now, parts, root
from api.negotiation import HTML, JSON, choose
from api.operations import IF_MATCH, operation
from api.parameters import whole_number_in
from catalog.domain.access import LONGEST_AGREEMENT
from catalog.domain.errors import CatalogError, MovedOn, NotAcceptable
from catalog.domain.permissions import Action, Actor
from catalog.services.agreements import AgreementsOf, read_agreements
from catalog.services.set_agreement import set_agreement, take_off_agreement

blueprint = Blueprint("agreements", __name__, description="What has to be agreed to for access")

_AGREEMENT = "/items/<string:id>/agreement"
_LONGEST_BODY = 12 * LONGEST_AGREEMENT + 1_000
"""Bytes: a character beyond U+FFFF takes twelve where JSON is written in ASCII alone."""


class AgreementBody(ma.Schema):
    """The body of an agreement."""

    class Meta:
        unknown = ma.RAISE

    text = ma.fields.String(required=True)
    days = ma.fields.Integer(strict=True, load_default=None, allow_none=True)


@operation(
    blueprint,
    _AGREEMENT,
    Action.READ,
    answers={200: "What is in force; `version` is null where nothing has to be agreed to"},
    forms=(JSON, HTML),
    problems=(401, 404, 406, 410),
)
@operation(
    blueprint,
    f"{_AGREEMENT}/<version:n>",
    Action.READ,
    answers={200: "That version, as it was set"},
    forms=(JSON, HTML),
    problems=(401, 404, 406, 410),
)
def show_agreement(id: str, n: int | None = None) -> Response:
    """Read the data use agreement of an item, or an earlier version of it."""
    form = choose((JSON, HTML))
    if form == HTML:
        return body(_page(id, actor(), n), HTML)
    found = read_agreements(parts(), actor(), id, n)
    return tagged(json_answer(agreements_json(found.agreements, found.shown)), _stage(found, n))


def _stage(found: AgreementsOf, n: int | None) -> str:
    return found.agreements.stage if n is None else str(n)


_CHANGE: dict[str, Any] = {
    "forms": (JSON,),
    "parameters": (IF_MATCH,),
    "problems": (401, 403, 404, 409, 410, 412, 413, 415, 422, 428),
}


@operation(
    blueprint,
    _AGREEMENT,
    Action.SHARE,
    methods=("PUT",),
    takes={JSON: {"type": "object"}},
    answers={200: "In force from now on"},
    **_CHANGE,
)
def put_agreement(id: str) -> Response:
    """Set the data use agreement, as its next version."""
    who = actor()
    said = json_body(AgreementBody, longest=_LONGEST_BODY)
    made = set_agreement(
        parts(), who, id, said["text"], said["days"], expected=expected_stages(), now=now()
    )
    return tagged(json_answer(agreements_json(made, made.in_force)), made.stage)


@operation(
    blueprint,
    _AGREEMENT,
    Action.SHARE,
    methods=("DELETE",),
    answers={200: "Taken off for requests from now on; its versions stay"},
    **_CHANGE,
)
def delete_agreement(id: str) -> Response:
    """Take the data use agreement off; what was granted under it goes on."""
    made = take_off_agreement(parts(), actor(), id, expected=expected_stages(), now=now())
    return tagged(json_answer(agreements_json(made, None)), made.stage)


_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (401, 403, 404, 409, 410, 412, 413, 422, 428),
    "by_form": True,
}


@operation(blueprint, f"{_AGREEMENT}/do/set", Action.SHARE, **_FORM)
def do_set_agreement(id: str) -> AnyResponse:
    """Set the agreement by the form."""
    who, text = actor_of_form(), request.form.get("text", "")
    try:
        days = whole_number_in(request.form, "days")
        set_agreement(parts(), who, id, text, days, expected=_expected(), now=now())
    except (NotAcceptable, MovedOn) as fault:
        return body(_page(id, who, None, fault), HTML, fault.status)
    return _done(id, "set")


@operation(blueprint, f"{_AGREEMENT}/do/remove", Action.SHARE, **_FORM)
def do_remove_agreement(id: str) -> AnyResponse:
    """Take the agreement off by its button."""
    take_off_agreement(parts(), actor_of_form(), id, expected=_expected(), now=now())
    return _done(id, "taken-off")


def _done(item_id: str, what: str) -> AnyResponse:
    return redirect(f"{root()}items/{item_id}/agreement?done={what}", 303)


def _expected() -> frozenset[str] | None:
    stage = request.form.get("stage")
    return stages_of([stage]) if stage else None


def _page(item_id: str, who: Actor, n: int | None, fault: CatalogError | None = None) -> str:
    return access_pages.agreement(
        frame(),
        parts().library,
        found=read_agreements(parts(), who, item_id, n),
        n=n,
        typed=request.form,
        notice=request.args.get("done"),
        error=fault,
    )
