"""Problem reports: the form by which readers tell an owner, and the inbox where the owner reads."""

from typing import Any
from urllib.parse import urlencode

from flask import redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering
from api.answers import body, json_answer
from api.context import (
    actor,
    actor_of_form,
    address,
    check_own_page,
    frame,
    now,
    parts,
    root,
    session,
    with_links,
)
from api.messagejson import inbox_json
from api.negotiation import HTML, JSON, choose
from api.operations import operation, query_parameter
from api.parameters import flag, whole_number
from catalog.domain.errors import CatalogError, NotAcceptable, TooMany
from catalog.domain.lifecycle import State
from catalog.domain.permissions import ANYONE, Action, Actor
from catalog.domain.tombstone import gone
from catalog.services.inbox import inbox, settle
from catalog.services.read import read
from catalog.services.report_problem import report_problem

blueprint = Blueprint("reporting", __name__, description="Telling owners that something is wrong")

_PAGE_SIZE = 20
_TRAP = "website"
"""A field that people do not see; what fills it in is a program that fills in everything."""

_FORM = "/items/<string:id>/report"
_REPORT: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Kept for the owner; see the page that follows"},
    "problems": (401, 403, 404, 410, 422, 429),
}


@operation(
    blueprint,
    _FORM,
    Action.READ,
    forms=(HTML,),
    problems=(401, 404, 410),
    parameters=(query_parameter("n", "The version that it is about.", {"type": "integer"}),),
)
def report_form(id: str) -> AnyResponse:
    """Show the form to tell the owner of an item that something is wrong with it."""
    return body(_page(id, actor()), HTML)


@operation(blueprint, _FORM, Action.READ, **_REPORT)
def send_report(id: str) -> AnyResponse:
    """Tell the owner of an item that something is wrong with it."""
    who = _sender()
    if not request.form.get(_TRAP):
        try:
            report_problem(
                parts(),
                who,
                id,
                request.form.get("text", ""),
                request.form.get("reply_to", ""),
                sender=address(),
                now=now(),
                n=_version(request.form.get("n")),
            )
        except (NotAcceptable, TooMany) as fault:
            return _again(id, who, fault)
    return redirect(f"{root()}items/{id}?done=reported", 303)


def _sender() -> Actor:
    """Return who sends the form: an account where one is signed in, else nobody in particular."""
    if "Authorization" in request.headers:
        return actor()
    if session() is not None:
        return actor_of_form()
    check_own_page()
    return with_links(ANYONE)


def _page(item_id: str, who: Actor, fault: CatalogError | None = None) -> str:
    record = read(parts(), who, item_id, _version(request.values.get("n"))).record
    if record.state is State.WITHDRAWN:
        raise gone(record)
    return rendering.report(
        frame(),
        parts().library,
        record=record,
        text=request.form.get("text", ""),
        reply_to=request.form.get("reply_to", ""),
        error=fault,
    )


def _again(item_id: str, who: Actor, fault: CatalogError) -> AnyResponse:
    """Show the form once more, with what was typed and what is wrong with it."""
    response = body(_page(item_id, who, fault), HTML, fault.status)
    if isinstance(fault, TooMany):
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _version(text: str | None) -> int | None:
    """Return the number of a version, None where there is none that could be one."""
    fits = text and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if text and fits else None


@operation(
    blueprint,
    "/me/reports",
    Action.ACCOUNT,
    forms=(JSON, HTML),
    problems=(401,),
    parameters=(
        query_parameter("open", "true: only those that nobody marked as done."),
        query_parameter("cursor", "Where the page begins: `next` of the page before."),
        query_parameter("limit", "How many, 1 to 100.", {"type": "integer", "default": 20}),
    ),
)
def list_reports() -> AnyResponse:
    """List what readers reported about one's items, newest first; an administrator sees all."""
    form = choose((JSON, HTML))
    if form == HTML and session() is None and "Authorization" not in request.headers:
        return redirect(f"{root()}sign-in?{urlencode({'next': f'{root()}me/reports'})}", 303)
    only_open = flag("open")
    found = inbox(
        parts(),
        actor(),
        cursor=request.args.get("cursor") or None,
        limit=whole_number("limit", _PAGE_SIZE, least=1, most=100),
        only_open=only_open,
    )
    if form == JSON:
        return json_answer(inbox_json(found, parts().settings.base))
    return body(rendering.reports(frame(), found=found, only_open=only_open), HTML)


@operation(
    blueprint,
    "/me/reports/<int:number>/do/settle",
    Action.ACCOUNT,
    methods=("POST",),
    takes={"application/x-www-form-urlencoded": {"type": "object"}},
    answers={303: "Marked; see the page that follows"},
    problems=(401, 403, 404),
    by_form=True,
)
def settle_report(number: int) -> AnyResponse:
    """Mark a report as done, or as open again."""
    settle(parts(), actor_of_form(), number, done="open" not in request.form, now=now())
    return redirect(f"{root()}me/reports#report-{number}", 303)
