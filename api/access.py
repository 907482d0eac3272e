"""Requests for access on HTTP: asked, taken back, decided, ended, and read by the two sides."""

from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import access_pages
from api.accessjson import access_json, request_address, request_json, requests_json
from api.answers import body, json_answer
from api.bodies import json_body
from api.context import actor, actor_of_form, frame, now, parts, root, session
from api.negotiation import HTML, JSON, choose
from api.operations import operation, query_parameter
from api.parameters import flag, whole_number, whole_number_in
from catalog.domain.access import AccessRequest, RequestState
from catalog.domain.errors import CatalogError, NotAcceptable, TooMany, Unreadable, WrongState
from catalog.domain.permissions import Action, Actor
from catalog.services.access_requests import (
    own_requests,
    read_request,
    requests_of_item,
    requests_to_decide,
)
from catalog.services.ask_for_access import Asking, ask_for_access
from catalog.services.decide_on_access import Decision, decide_on_access
from catalog.services.end_access import end_access
from catalog.services.read_access import read_access
from catalog.services.withdraw_request import withdraw_request

blueprint = Blueprint("access", __name__, description="Asking for files that are closed")

_PAGE_SIZE = 20
_ITEM = "/items/<string:id>"
_ALL = f"{_ITEM}/access-requests"
_ONE = f"{_ALL}/<string:r>"


class _Strict(ma.Schema):
    class Meta:
        unknown = ma.RAISE


class AskingBody(_Strict):
    """The body of a request for access."""

    purpose = ma.fields.String(required=True)
    accepted_agreement = ma.fields.Integer(strict=True, load_default=None, allow_none=True)


class DecisionBody(_Strict):
    """The body of a decision."""

    decision = ma.fields.String(required=True, validate=ma.validate.OneOf(["grant", "refuse"]))
    reason = ma.fields.String(load_default="", allow_none=True)
    days = ma.fields.Integer(strict=True, load_default=None, allow_none=True)


class EndBody(_Strict):
    """The body of an end; all of it may be left out."""

    reason = ma.fields.String(load_default="", allow_none=True)


# -- before asking


@operation(
    blueprint,
    f"{_ITEM}/access",
    Action.READ,
    answers={200: "What is closed, who decides, what has to be agreed to, and one's own request"},
    forms=(HTML, JSON),
    problems=(401, 404, 406, 410),
)
def show_access(id: str) -> Response:
    """Show what of an item is closed, and the form by which to ask for it."""
    form = choose((HTML, JSON))
    if form == JSON:
        return json_answer(access_json(read_access(parts(), actor(), id)[1], _base()))
    return body(_access_page(id, actor()), HTML)


def _access_page(item_id: str, who: Actor, fault: CatalogError | None = None) -> str:
    record, found = read_access(parts(), who, item_id)
    return access_pages.access(
        frame(),
        parts().library,
        record=record,
        found=found,
        purpose=request.form.get("purpose", ""),
        notice=request.args.get("done"),
        error=fault,
    )


# -- asking


_POST: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {JSON: {"type": "object"}},
    "forms": (JSON,),
    "problems": (401, 403, 404, 409, 410, 413, 415, 422),
}


@operation(
    blueprint,
    _ALL,
    Action.REQUEST_ACCESS,
    **{
        **_POST,
        "answers": {201: "Kept, open for the owner to decide"},
        "problems": (*_POST["problems"], 429),
    },
    parameters=({"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},),
)
def ask(id: str) -> Response:
    """Ask the owner of an item for its closed files, and accept the agreement in force."""
    who = actor()
    said = json_body(AskingBody)
    asking = Asking(
        said["purpose"], said["accepted_agreement"], request.headers.get("Idempotency-Key")
    )
    made = ask_for_access(parts(), who, id, asking, now=now())
    response = json_answer(request_json(made, _base()), 201)
    response.headers["Location"] = request_address(id, made.id, _base())
    return response


_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (401, 403, 404, 409, 410, 413, 422),
    "by_form": True,
}


@operation(
    blueprint,
    f"{_ITEM}/access/do/ask",
    Action.REQUEST_ACCESS,
    **{**_FORM, "problems": (*_FORM["problems"], 429)},
)
def do_ask(id: str) -> AnyResponse:
    """Ask by the form."""
    who = actor_of_form()
    try:
        accepted = whole_number_in(request.form, "accepted_agreement")
        asking = Asking(request.form.get("purpose", ""), accepted)
        ask_for_access(parts(), who, id, asking, now=now())
    except (NotAcceptable, WrongState, TooMany) as fault:
        response = body(_access_page(id, who, fault), HTML, fault.status)
        if isinstance(fault, TooMany):
            response.headers["Retry-After"] = str(fault.retry_after)
        return response
    return redirect(f"{root()}items/{id}/access?done=asked", 303)


# -- lists


_LIST: dict[str, Any] = {
    "forms": (JSON, HTML),
    "answers": {200: "A page of requests, newest first", 303: "As a page: sign in first"},
}
_PAGED = (
    query_parameter("state", "open, granted, refused, withdrawn or ended."),
    query_parameter("cursor", "Where the page begins: `next` of the page before."),
    query_parameter("limit", "How many, 1 to 100.", {"type": "integer", "default": 20}),
)


@operation(
    blueprint,
    _ALL,
    Action.SHARE,
    **_LIST,
    problems=(401, 403, 404, 406, 410),
    parameters=_PAGED,
)
def list_requests(id: str) -> AnyResponse:
    """List the requests for the closed files of an item, for who decides on them."""
    form = choose((JSON, HTML))
    if form == HTML and not _is_known():
        return _sign_in_first()
    state = _state()
    record, page = requests_of_item(parts(), actor(), id, state=state, **_where())
    if form == JSON:
        return json_answer(requests_json(page, _base()))
    shown = access_pages.of_item(frame(), parts().library, record=record, page=page, state=state)
    return body(shown, HTML)


@operation(
    blueprint,
    "/me/access-requests",
    Action.ACCOUNT,
    **_LIST,
    problems=(401, 403, 406),
    parameters=(
        query_parameter(
            "received",
            "true for those about items of one's own, for which one decides.",
            {"type": "boolean"},
        ),
        *_PAGED,
    ),
)
def list_own_requests() -> AnyResponse:
    """List the requests that one made, or those that wait for one's decision."""
    form = choose((JSON, HTML))
    if form == HTML and not _is_known():
        return _sign_in_first()
    received, state = flag("received"), _state()
    found = requests_to_decide if received else own_requests
    page = found(parts(), actor(), state=state, **_where())
    if form == JSON:
        return json_answer(requests_json(page, _base()))
    return body(access_pages.of_account(frame(), page=page, received=received, state=state), HTML)


def _state() -> RequestState | None:
    said = request.args.get("state")
    if said and said not in set(RequestState):
        raise Unreadable(f"state is one of {', '.join(RequestState)}.", parameter="state")
    return RequestState(said) if said else None


def _where() -> dict[str, Any]:
    return {
        "cursor": request.args.get("cursor") or None,
        "limit": whole_number("limit", _PAGE_SIZE, least=1, most=100),
    }


# -- one request


@operation(
    blueprint,
    _ONE,
    Action.REQUEST_ACCESS,
    forms=(JSON, HTML),
    answers={200: "The request", 303: "As a page: sign in first"},
    problems=(401, 404, 406, 410),
)
def show_request(id: str, r: str) -> AnyResponse:
    """Read a request: for who made it, and who decides on it."""
    form = choose((JSON, HTML))
    if form == HTML and not _is_known():
        return _sign_in_first()
    if form == HTML:
        return body(_request_page(id, r, actor()), HTML)
    return json_answer(request_json(read_request(parts(), actor(), id, r).request, _base()))


def _request_page(
    item_id: str, request_id: str, who: Actor, fault: CatalogError | None = None
) -> str:
    seen = read_request(parts(), who, item_id, request_id)
    return access_pages.request(
        frame(), parts().library, seen=seen, typed=request.form, error=fault
    )


@operation(
    blueprint,
    _ONE,
    Action.REQUEST_ACCESS,
    methods=("DELETE",),
    answers={200: "Taken back; it stays to be read"},
    forms=(JSON,),
    problems=(401, 403, 404, 409, 410),
)
def take_back(id: str, r: str) -> Response:
    """Take back a request of one's own that nobody has decided on."""
    return _answer(withdraw_request(parts(), actor(), id, r, now=now()))


@operation(blueprint, f"{_ONE}/decision", Action.SHARE, **_POST)
def decide(id: str, r: str) -> Response:
    """Grant a request, for some days or without end, or refuse it."""
    who = actor()
    said = json_body(DecisionBody)
    decision = Decision(said["decision"] == "grant", said["reason"] or "", said["days"])
    return _answer(decide_on_access(parts(), who, id, r, decision, now=now()))


@operation(blueprint, f"{_ONE}/end", Action.SHARE, **_POST)
def end(id: str, r: str) -> Response:
    """End access that was granted upon a request, from this moment on."""
    who = actor()
    reason = json_body(EndBody, needed=False)["reason"] or ""
    return _answer(end_access(parts(), who, id, r, reason, now=now()))


def _answer(made: AccessRequest) -> Response:
    return json_answer(request_json(made, _base()))


@operation(blueprint, f"{_ONE}/do/decide", Action.SHARE, **_FORM)
def do_decide_on_access(id: str, r: str) -> AnyResponse:
    """Grant or refuse by the button that was pressed."""
    who, said = actor_of_form(), request.form.get("decision")
    if said not in {"grant", "refuse"}:
        raise Unreadable("Press one of the two buttons: grant or refuse.")
    try:
        days = whole_number_in(request.form, "days") if said == "grant" else None
        decision = Decision(said == "grant", request.form.get("reason", ""), days)
        decide_on_access(parts(), who, id, r, decision, now=now())
    except (NotAcceptable, WrongState) as fault:
        return body(_request_page(id, r, who, fault), HTML, fault.status)
    return _go(id, r)


@operation(blueprint, f"{_ONE}/do/end", Action.SHARE, **_FORM)
def do_end_access(id: str, r: str) -> AnyResponse:
    """End access by its button."""
    who = actor_of_form()
    try:
        end_access(parts(), who, id, r, request.form.get("reason", ""), now=now())
    except (NotAcceptable, WrongState) as fault:
        return body(_request_page(id, r, who, fault), HTML, fault.status)
    return _go(id, r)


@operation(blueprint, f"{_ONE}/do/withdraw", Action.REQUEST_ACCESS, **_FORM)
def do_take_back(id: str, r: str) -> AnyResponse:
    """Take back a request by its button."""
    withdraw_request(parts(), actor_of_form(), id, r, now=now())
    return _go(id, r)


def _go(item_id: str, request_id: str) -> AnyResponse:
    return redirect(f"{root()}items/{item_id}/access-requests/{request_id}", 303)


def _is_known() -> bool:
    """Tell whether the request comes from somebody with an account."""
    return session() is not None or "Authorization" in request.headers


def _sign_in_first() -> AnyResponse:
    return redirect(f"{root()}sign-in?{urlencode({'next': frame().path})}", 303)


def _base() -> str:
    return parts().settings.base
