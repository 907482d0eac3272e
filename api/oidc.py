"""Signing in at a provider of identities: the way there, and the way back."""

from urllib.parse import urlencode, urlsplit

from flask import redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering
from api.answers import body
from api.context import COOKIE, frame, now, parts, root
from api.forms import safe_path, with_session
from api.negotiation import HTML
from api.operations import operation, query_parameter
from catalog.domain.errors import Unauthenticated
from catalog.domain.permissions import Action
from catalog.services.sign_in_oidc import ATTEMPT_SECONDS, Begun, begin, finish, name_of, target_of

blueprint = Blueprint("oidc", __name__, description="Signing in at a provider of identities")

_ATTEMPT = f"{COOKIE}_attempt_"
_AT_ONCE = 5
"""How many attempts a browser keeps; so many cookies of theirs are no burden."""


@operation(
    blueprint,
    "/sign-in/oidc",
    Action.OPEN,
    answers={303: "Go to the provider's page to sign in"},
    problems=(404,),
    parameters=(query_parameter("next", "The page to go to afterwards."),),
)
def begin_sign_in() -> AnyResponse:
    """Go to the provider of identities to sign in there."""
    target = safe_path(request.args.get("next"))
    if parts().provider and _is_elsewhere():
        asked = urlencode({"next": target, "again": "1"})
        return redirect(f"{parts().settings.base}sign-in/oidc?{asked}", 303)
    begun = begin(parts(), target, now=now())
    response = redirect(begun.address, 303)
    # Browsers send the oldest first.
    kept = [name for name in request.cookies if name.startswith(_ATTEMPT)]
    _forget(response, kept[: 1 - _AT_ONCE])
    _keep(response, begun)
    return response


@operation(
    blueprint,
    "/sign-in/oidc/callback",
    Action.OPEN,
    answers={303: "Signed in; see the page that follows"},
    problems=(401, 404),
    parameters=(
        query_parameter("state", "Which attempt this answers."),
        query_parameter("code", "What the provider takes for who signed in."),
        query_parameter("iss", "Which provider this is from (RFC 9207)."),
        query_parameter("error", "Why nobody signed in."),
    ),
)
def finish_sign_in() -> AnyResponse:
    """Come back from the provider of identities, and be signed in."""
    answer = _answer()
    state = answer.get("state", "")
    name = f"{_ATTEMPT}{name_of(state)}"
    kept = request.cookies.get(name)
    try:
        done = finish(parts(), answer, kept, now=now(), instead_of=request.cookies.get(COOKIE))
    except Unauthenticated as fault:
        target = target_of(state, kept, now=now())
        response = _refused(fault.detail, safe_path(target))
    else:
        target = done.target
        response = with_session(done.cookie, safe_path(target))
    # What is no answer to an attempt does not end it either.
    _forget(response, [] if target is None else [name])
    return response


def _is_elsewhere() -> bool:
    """Tell whether the browser came by another name of ours than it will be sent back to.

    There its cookie would not be. A proxy that hides the name must not lead it in circles.
    """
    return request.host != urlsplit(parts().settings.base).netloc and "again" not in request.args


def _answer() -> dict[str, str]:
    """Return the parameters of an answer; one that is there twice means nothing."""
    said = request.args.to_dict(flat=False)
    return {name: values[0] for name, values in said.items() if len(values) == 1}


def _refused(reason: str, target: str) -> AnyResponse:
    """Return the page that says why nobody is signed in, and from which one can try again."""
    page = rendering.sign_in(
        frame(),
        next=target,
        error=None,
        provider=parts().settings.oidc_title,
        refused=reason,
        takes_sage=bool(parts().settings.token_info_url),
    )
    return body(page, HTML, 401)


def _keep(response: AnyResponse, begun: Begun) -> None:
    response.set_cookie(
        f"{_ATTEMPT}{begun.name}",
        begun.kept,
        max_age=ATTEMPT_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=parts().settings.base.startswith("https://"),
        path=_path(),
    )


def _forget(response: AnyResponse, names: list[str]) -> None:
    for name in names:
        response.delete_cookie(name, path=_path(), httponly=True, samesite="Lax")


def _path() -> str:
    return f"{root()}sign-in/oidc"
