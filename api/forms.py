"""What people do on pages: sign in and out, and change their items by buttons.

Each form carries the word of its session; each ends in a page that says what happened.
"""

from typing import Any
from urllib.parse import quote, urlsplit

from flask import redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering
from api.answers import body
from api.context import COOKIE, actor_of_form, frame, now, parts, session
from api.negotiation import HTML
from api.operations import operation, query_parameter
from catalog.domain.errors import Unauthenticated, Unreadable
from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import Action
from catalog.services import accounts, outbox
from catalog.services.delete import delete
from catalog.services.find import Filters, find
from catalog.services.publish import Wanted, publish
from catalog.services.submit import Submission, submit
from catalog.services.upload import Upload, upload
from catalog.services.withdraw import withdraw

blueprint = Blueprint("forms", __name__, description="What the pages' forms send")

_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (401, 403, 404, 409, 410, 422),
}
_PAGE_SIZE = 20


def safe_path(text: str | None) -> str:
    """Return a path on this site to go to next; the front page for anything else."""
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return "/"
    if any(ord(character) < 33 for character in text):
        return "/"
    split = urlsplit(text)
    if split.scheme or split.netloc or split.path.startswith("//"):
        return "/"
    return split.path + (f"?{split.query}" if split.query else "")


def _go(path: str) -> AnyResponse:
    return redirect(path, 303)


@operation(
    blueprint,
    "/sign-in",
    Action.OPEN,
    forms=(HTML,),
    parameters=(query_parameter("next", "The page to go to afterwards."),),
)
def sign_in_page() -> AnyResponse:
    """Show the form to sign in with a token."""
    target = safe_path(request.args.get("next"))
    if session() is not None:
        return _go(target if target != "/" else "/me")
    return body(rendering.sign_in(frame(), next=target, error=None), HTML)


@operation(blueprint, "/sign-in", Action.OPEN, **_FORM)
def sign_in() -> AnyResponse:
    """Open a session for the account of a token."""
    target = safe_path(request.form.get("next"))
    token = request.form.get("token", "").strip()
    try:
        cookie = accounts.sign_in(parts(), token, now=now())
    except Unauthenticated as fault:
        said = fault.detail if token else "Paste your token first."
        return body(rendering.sign_in(frame(), next=target, error=said), HTML, 401)
    response = _go(target if target != "/" else "/me")
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=parts().settings.session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=parts().settings.base.startswith("https://"),
        path="/",
    )
    return response


@operation(blueprint, "/sign-out", Action.OPEN, **_FORM)
def sign_out() -> AnyResponse:
    """End the session."""
    actor_of_form()
    accounts.sign_out(parts(), request.cookies.get(COOKIE, ""))
    response = _go("/")
    response.delete_cookie(COOKIE, path="/")
    return response


@operation(
    blueprint,
    "/me",
    Action.ACCOUNT,
    forms=(HTML,),
    problems=(401,),
    parameters=(query_parameter("cursor", "Where the page begins."),),
)
def own_page() -> AnyResponse:
    """Show who is signed in, and the items that are theirs."""
    signed_in = session()
    if signed_in is None:
        return _go("/sign-in?next=/me")
    me = signed_in.actor
    page = find(
        parts(),
        me,
        Filters(owner=me.name),
        cursor=request.args.get("cursor") or None,
        limit=_PAGE_SIZE,
    )
    content = rendering.me(frame(), parts().library, account=me.name, role=str(me.role), page=page)
    return body(content, HTML)


def _expected() -> frozenset[str] | None:
    """Return the stage that the page was rendered at, as its form says."""
    stage = request.form.get("stage")
    return frozenset({stage}) if stage else None


def _done(item_id: str, what: str) -> AnyResponse:
    return _go(f"/items/{item_id}?done={quote(what)}")


@operation(blueprint, "/items/do/submit", Action.CREATE, **_FORM)
def do_submit() -> AnyResponse:
    """Keep what was pasted into the page of validation as a draft."""
    source = request.form.get("source", "").replace("\r\n", "\n")
    sent = Submission(
        source.encode("utf-8", "surrogatepass"), request.form.get("media_type", "text/turtle")
    )
    done = submit(parts(), actor_of_form(), sent, now=now())
    return _done(done.record.id, "submitted")


@operation(blueprint, "/items/<string:item_id>/do/publish", Action.PUBLISH, **_FORM)
def do_publish(item_id: str) -> AnyResponse:
    """Publish a draft by its button."""
    publish(parts(), actor_of_form(), [Wanted(item_id, _expected())], Visibility.PUBLIC, now=now())
    outbox.wait_until_indexed(parts(), item_id, 1.0)
    return _done(item_id, "published")


@operation(blueprint, "/items/<string:item_id>/do/delete", Action.DELETE, **_FORM)
def do_delete(item_id: str) -> AnyResponse:
    """Delete a draft by its button."""
    delete(parts(), actor_of_form(), item_id, expected=_expected(), now=now())
    return _go("/me?done=deleted")


@operation(blueprint, "/items/<string:item_id>/do/withdraw", Action.WITHDRAW, **_FORM)
def do_withdraw(item_id: str) -> AnyResponse:
    """Withdraw what is published by its form."""
    withdraw(
        parts(),
        actor_of_form(),
        item_id,
        reason=request.form.get("reason", ""),
        note_text=request.form.get("note"),
        replaced_by=request.form.get("replaced_by"),
        expected=_expected(),
        now=now(),
    )
    outbox.wait_until_indexed(parts(), item_id, 5.0)
    return _go(f"/items/{item_id}")


@operation(
    blueprint,
    "/items/<string:item_id>/do/upload",
    Action.WRITE,
    **{**_FORM, "takes": {"multipart/form-data": {"type": "object"}}},
)
def do_upload(item_id: str) -> AnyResponse:
    """Keep a file that was chosen on the item's page."""
    who = actor_of_form()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Unreadable("Choose a file first.")
    upload(
        parts(),
        who,
        item_id,
        Upload(sent.filename, sent.stream, None, None, sent.mimetype),  # type: ignore[arg-type]
        expected=_expected(),
        now=now(),
    )
    return _done(item_id, "uploaded")
