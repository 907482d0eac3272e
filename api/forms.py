"""What people do on pages: sign in and out, and change their items by buttons.

Each form carries the word of its session; each ends in a page that says what happened.
"""

from typing import Any
from urllib.parse import quote, unquote

from flask import redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering
from api.answers import body, stages_of
from api.context import (
    COOKIE,
    actor_of_form,
    asking,
    check_own_page,
    frame,
    now,
    parts,
    root,
    session,
)
from api.negotiation import HTML
from api.operations import operation, query_parameter
from catalog.domain.errors import Unauthenticated, Unreadable
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.record import Page
from catalog.services import accounts, outbox
from catalog.services.access_requests import counts_of_requests
from catalog.services.begin_version import begin_version
from catalog.services.check_references import moved_of
from catalog.services.dates import dated
from catalog.services.delete import delete
from catalog.services.find import Filters, Mine, find
from catalog.services.inbox import inbox
from catalog.services.ownership import offers_to
from catalog.services.quotas import usage_of
from catalog.services.read import read
from catalog.services.restore import restore
from catalog.services.soundness import damaged_of
from catalog.services.submit import Submission, submit
from catalog.services.upload import Expected, Upload, upload
from catalog.services.withdraw import withdraw

blueprint = Blueprint("forms", __name__, description="What the pages' forms send")

_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (401, 403, 404, 409, 410, 412, 413, 422, 428),
    "by_form": True,
}
_PAGE_SIZE = 20
_DRAFTS_SHOWN = 10
_MOVED_SHOWN = 5
_SHOWN_APART = 10


def safe_path(text: str | None) -> str:
    """Return a path on this site to go to next; "" for anything else.

    >>> safe_path("/items?type=model"), safe_path("//evil.example"), safe_path("/%5cevil.example")
    ('/items?type=model', '', '')
    """
    if not text or not text.startswith("/"):
        return ""
    path, _, query = text.partition("#")[0].partition("?")
    for said in (path, unquote(path), unquote(unquote(path))):
        if "//" in said or "\\" in said or not said.isprintable() or " " in said:
            return ""
    asked = f"?{quote(query, safe=_IN_QUERY)}" if query else ""
    return quote(unquote(path), safe=_IN_PATH) + asked


_IN_PATH = "/:@!$&'()*+,;=~"
_IN_QUERY = f"{_IN_PATH}?%"


def _go_on(target: str) -> AnyResponse:
    """Send who has just signed in to where they were going, else to their own page."""
    return redirect(target, 303) if target.strip("/") else _go("me")


def _go(path: str) -> AnyResponse:
    """Send the browser to a path below the root of this catalog."""
    return redirect(root() + path, 303)


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
        return _go_on(target)
    provider = parts().provider
    page = rendering.sign_in(
        frame(),
        next=target,
        error=None,
        provider=parts().settings.oidc_title,
        is_out="out" in request.args,
        exit=provider.exit() if provider else None,
        takes_sage=bool(parts().settings.token_info_url),
    )
    return body(page, HTML)


@operation(blueprint, "/sign-in", Action.OPEN, **_FORM)
def sign_in() -> AnyResponse:
    """Open a session for the account of a token."""
    check_own_page()
    target = safe_path(request.form.get("next"))
    token = request.form.get("token", "").strip()
    try:
        with asking(token):
            cookie = accounts.sign_in(parts(), token, now=now())
    except Unauthenticated as fault:
        said = fault.detail if token else "Paste your token first."
        page = rendering.sign_in(
            frame(),
            next=target,
            error=said,
            provider=parts().settings.oidc_title,
            takes_sage=bool(parts().settings.token_info_url),
        )
        return body(page, HTML, 401)
    return with_session(cookie, target)


def with_session(cookie: str, target: str) -> AnyResponse:
    """Send who has just signed in to where they were going, with the cookie of their session."""
    response = _go_on(target)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=parts().settings.session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=parts().settings.base.startswith("https://"),
        path=root(),
    )
    return response


@operation(blueprint, "/sign-out", Action.OPEN, **_FORM)
def sign_out() -> AnyResponse:
    """End the session."""
    actor_of_form()
    accounts.sign_out(parts(), request.cookies.get(COOKIE, ""))
    # Whoever signed in elsewhere may still be signed in there, and is told so.
    response = _go("sign-in?out" if parts().provider else "")
    response.delete_cookie(COOKIE, path=root(), httponly=True, samesite="Lax")
    return response


@operation(
    blueprint,
    "/me",
    Action.ACCOUNT,
    forms=(HTML,),
    by_form=True,
    parameters=(query_parameter("cursor", "Where the page begins."),),
)
def own_page() -> AnyResponse:
    """Show who is signed in, and the items that are theirs."""
    signed_in = session()
    if signed_in is None:
        return _go(f"sign-in?next={root()}me")
    me = signed_in.actor
    page = find(
        parts(),
        me,
        Filters(owner=me.name),
        cursor=request.args.get("cursor") or None,
        limit=_PAGE_SIZE,
    )
    drafts = find(
        parts(), me, Filters(owner=me.name, state=State.DRAFT), cursor=None, limit=_DRAFTS_SHOWN
    )
    seen = [read(parts(), me, line.id, line.version) for line in drafts.lines]
    to_decide, asked = counts_of_requests(parts(), me)
    content = rendering.me(
        frame(),
        parts().library,
        account=me.name,
        role=str(me.role),
        page=page,
        drafts=[draft.record for draft in seen],
        drafts_total=drafts.total,
        dated=dated(parts(), me),
        reports_open=inbox(parts(), me, cursor=None, limit=1, only_open=True).open,
        requests_to_decide=to_decide,
        requests_made=asked,
        offers=offers_to(parts(), me, now=now()),
        of_groups=_first_of(me, Mine.GROUPS),
        shared=_first_of(me, Mine.SHARED),
        shared_with={draft.record.id: draft.shared or 0 for draft in seen},
        moved=moved_of(parts(), me, limit=_MOVED_SHOWN),
        damaged=damaged_of(parts(), me, limit=_MOVED_SHOWN),
        usage=usage_of(parts(), require_account(me), now=now()),
    )
    return body(content, HTML)


def _first_of(me: Actor, how: Mine) -> Page:
    """Return the first of the items that concern somebody in this way."""
    return find(parts(), me, Filters(mine=how), cursor=None, limit=_SHOWN_APART)


def _expected() -> frozenset[str] | None:
    """Return the stage that the page was rendered at, as its form says."""
    stage = request.form.get("stage")
    return stages_of([stage]) if stage else None


def _done(item_id: str, what: str) -> AnyResponse:
    return _go(f"items/{item_id}?done={what}")


@operation(blueprint, "/items/do/submit", Action.CREATE, **_FORM)
def do_submit() -> AnyResponse:
    """Keep what was pasted into the page of validation as a draft."""
    source = request.form.get("source", "").replace("\r\n", "\n")
    sent = Submission(
        source.encode("utf-8", "surrogatepass"), request.form.get("media_type", "text/turtle")
    )
    done = submit(parts(), actor_of_form(), sent, now=now())
    return _done(done.record.id, "submitted")


@operation(blueprint, "/items/<string:id>/do/begin", Action.WRITE, **_FORM)
def do_begin(id: str) -> AnyResponse:
    """Begin the next version of what is published by its button."""
    begin_version(parts(), actor_of_form(), id, expected=_expected(), now=now())
    return _done(id, "begun")


@operation(blueprint, "/items/<string:id>/do/restore", Action.WRITE, **_FORM)
def do_restore(id: str) -> AnyResponse:
    """Restore an earlier description by the button of its revision."""
    name = request.form.get("revision", "")
    restore(parts(), actor_of_form(), id, name, expected=_expected(), now=now())
    outbox.wait_until_indexed(parts(), id, 1.0)
    return _done(id, "restored")


@operation(blueprint, "/items/<string:id>/do/delete", Action.DELETE, **_FORM)
def do_delete(id: str) -> AnyResponse:
    """Delete a draft by its button."""
    delete(parts(), actor_of_form(), id, expected=_expected(), now=now())
    return _go("me?done=deleted")


@operation(blueprint, "/items/<string:id>/do/withdraw", Action.WITHDRAW, **_FORM)
def do_withdraw(id: str) -> AnyResponse:
    """Withdraw what is published by its form."""
    withdraw(
        parts(),
        actor_of_form(),
        id,
        reason=request.form.get("reason", ""),
        note_text=request.form.get("note"),
        replaced_by=request.form.get("replaced_by"),
        expected=_expected(),
        now=now(),
    )
    outbox.wait_until_indexed(parts(), id, 5.0)
    return _go(f"items/{id}")


@operation(
    blueprint,
    "/items/<string:id>/do/upload",
    Action.WRITE,
    **{**_FORM, "takes": {"multipart/form-data": {"type": "object"}}},
)
def do_upload(id: str) -> AnyResponse:
    """Keep a file that was chosen on the item's page."""
    who = actor_of_form()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Unreadable("Choose a file first.")
    upload(
        parts(),
        who,
        id,
        Upload(sent.filename, sent.stream, None, None, sent.mimetype),  # type: ignore[arg-type]
        expected=Expected(_expected()),
        now=now(),
    )
    return _done(id, "uploaded")
