"""What the forms on an item's page send that decide who sees it: published, and shown to more."""

from collections.abc import Callable
from typing import Any, Final

from flask import redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api.answers import body, stages_of
from api.context import actor_of_form, now, parts, root
from api.items import page_of_item
from api.landing import Chosen
from api.negotiation import HTML
from api.operations import operation
from api.publication import dates_in
from catalog.domain.errors import NotAcceptable
from catalog.domain.lifecycle import Visibility, visibility_named
from catalog.domain.permissions import Action, Actor
from catalog.services import outbox
from catalog.services.publish import Wanted, change_visibility, publish
from catalog.services.read import read

blueprint = Blueprint("showing", __name__, description="Who sees an item, decided on its page")

_FORM: Final[dict[str, Any]] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (401, 403, 404, 409, 410, 412, 413, 422, 428),
    "by_form": True,
}
_FIELDS: Final = ("visibility", "until", "publish_at")


@operation(blueprint, "/items/<string:id>/do/publish", Action.PUBLISH, **_FORM)
def do_publish(id: str) -> AnyResponse:
    """Publish a draft by its form."""

    def done(who: Actor, wanted: Wanted) -> None:
        publish(parts(), who, [wanted], _visibility(), now=now(), **dates_in(request.form))

    return _asked(id, None, done, "published")


@operation(blueprint, "/items/<string:id>/v/<version:n>/do/visibility", Action.PUBLISH, **_FORM)
def do_visibility(id: str, n: int) -> AnyResponse:
    """Show what is published to more people, or at another time, by its form."""

    def done(who: Actor, wanted: Wanted) -> None:
        dates = dates_in(request.form)
        change_visibility(parts(), who, wanted, _visibility(), now=now(), **dates)

    return _asked(id, n, done, "shown")


def _asked(
    item_id: str, n: int | None, do: Callable[[Actor, Wanted], None], what: str
) -> AnyResponse:
    """Do what a form asks for; show its page again where one of its fields is wrong."""
    who = actor_of_form()
    stage = request.form.get("stage")
    try:
        do(who, Wanted(item_id, stages_of([stage]) if stage else None, n))
    except NotAcceptable as fault:
        if fault.evidence.get("field") not in _FIELDS:
            raise
        return _again(who, item_id, n, fault)
    outbox.wait_until_indexed(parts(), item_id, 1.0)
    version = f"/v/{n}" if n is not None else ""
    return redirect(f"{root()}items/{item_id}{version}?done={what}", 303)


def _again(who: Actor, item_id: str, n: int | None, fault: NotAcceptable) -> AnyResponse:
    typed = {name: request.form.get(name, "") for name in _FIELDS}
    chosen = Chosen(**typed, field=fault.evidence["field"], error=fault.detail)
    page = page_of_item(read(parts(), who, item_id, n), n, who, chosen=chosen)
    return body(page, HTML, NotAcceptable.status)


def _visibility() -> Visibility:
    return visibility_named(request.form.get("visibility") or Visibility.PUBLIC)
