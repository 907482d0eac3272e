"""One's own tokens: made, listed and revoked, by programs in JSON and by people on a page."""

from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import token_pages
from api.answers import body, json_answer
from api.bodies import json_body
from api.context import actor, actor_of_form, frame, now, parts, root, session
from api.negotiation import HTML, JSON, choose
from api.operations import operation
from api.token_pages import Filled, Made
from catalog.domain.errors import CatalogError, Forbidden, NotAcceptable
from catalog.domain.permissions import Action, Actor, Scope
from catalog.services.tokens import (
    MOST_DAYS,
    Wish,
    end_own_token,
    make_token,
    offered_scopes,
    own_tokens,
)

blueprint = Blueprint("tokens", __name__, description="One's own tokens")

_PATH = "/me/tokens"
_SCOPES = [scope.value for scope in Scope]
_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "by_form": True,
}


class WishSchema(ma.Schema):
    """What a new token is to be."""

    label = ma.fields.String(load_default="")
    scopes = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(_SCOPES)),
        load_default=list,
        validate=ma.validate.Length(max=20),
    )
    days = ma.fields.Integer(
        strict=True, load_default=None, validate=ma.validate.Range(1, MOST_DAYS)
    )


@operation(blueprint, _PATH, Action.ACCOUNT, forms=(JSON, HTML), problems=(401, 406))
def list_tokens() -> AnyResponse:
    """List one's tokens, those that can be used first, each with its last use."""
    form = choose((JSON, HTML))
    if form == HTML and session() is None and "Authorization" not in request.headers:
        return redirect(f"{root()}sign-in?{urlencode({'next': root() + _PATH[1:]})}", 303)
    if form == HTML:
        return _page(actor(), is_ended=request.args.get("done") == "revoked")
    lines = own_tokens(parts(), actor(), now=now())
    return json_answer({"tokens": [line.to_dict() for line in lines], "total": len(lines)})


@operation(
    blueprint,
    _PATH,
    Action.HOLD_TOKENS,
    methods=("POST",),
    takes={JSON: {"type": "object"}},
    answers={201: "Made; `token` is told here and never again"},
    forms=(JSON,),
    problems=(401, 403, 413, 415, 422),
)
def post_token() -> AnyResponse:
    """Make a token for one's own account."""
    wanted = json_body(WishSchema)
    scopes = frozenset(Scope(name) for name in wanted["scopes"])
    wish = Wish(wanted["label"], scopes, wanted["days"])
    line, token = make_token(parts(), actor(), wish, now=now())
    return json_answer({"token": token, **line.to_dict()}, 201)


@operation(
    blueprint,
    f"{_PATH}/<string:token_id>",
    Action.HOLD_TOKENS,
    methods=("DELETE",),
    answers={204: "Revoked, with the sessions that it opened"},
    problems=(401, 403, 404),
)
def delete_token(token_id: str) -> AnyResponse:
    """Revoke one of one's tokens."""
    end_own_token(parts(), actor(), token_id, now=now())
    return AnyResponse(status=204)


@operation(
    blueprint,
    f"{_PATH}/do/make",
    Action.HOLD_TOKENS,
    answers={201: "Made; the page shows it, once"},
    forms=(HTML,),
    problems=(401, 403, 422),
    **_FORM,
)
def do_make() -> AnyResponse:
    """Make a token by the form of the page."""
    who = actor_of_form()
    filled = _filled()
    wish = Wish(filled.label, frozenset(filled.scopes), filled.days)
    try:
        line, token = make_token(parts(), who, wish, now=now())
    except (NotAcceptable, Forbidden) as fault:
        return _page(who, fault.status, filled=filled, error=fault)
    return _page(who, 201, made=Made(token, line.label, line.expires))


@operation(
    blueprint,
    f"{_PATH}/<string:token_id>/do/revoke",
    Action.HOLD_TOKENS,
    answers={303: "Revoked; see the page that follows"},
    problems=(401, 403, 404),
    **_FORM,
)
def do_revoke(token_id: str) -> AnyResponse:
    """Revoke a token by its button."""
    end_own_token(parts(), actor_of_form(), token_id, now=now())
    return redirect(f"{root()}{_PATH[1:]}?done=revoked", 303)


def _filled() -> Filled:
    """Return what the form says; what no form of ours says is left out, or refused later on."""
    said = request.form.getlist("scope")
    days = request.form.get("days", "")
    fits = days.isascii() and days.isdigit() and len(days) < 5
    return Filled(
        label=request.form.get("label", ""),
        scopes=[scope for scope in Scope if scope in said],
        days=int(days) if fits else 0,
    )


def _page(
    who: Actor,
    status: int = 200,
    *,
    filled: Filled | None = None,
    made: Made | None = None,
    error: CatalogError | None = None,
    is_ended: bool = False,
) -> AnyResponse:
    content = token_pages.tokens(
        frame(),
        lines=own_tokens(parts(), who, now=now()),
        offered=offered_scopes(who),
        filled=filled,
        made=made,
        error=error,
        is_ended=is_ended,
    )
    return body(content, HTML, status)
