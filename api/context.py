"""What every view needs to know about its request: the parts, the caller, the time."""

from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, g, request

from api.frame import Frame
from api.negotiation import languages
from catalog.domain.errors import Forbidden, Unauthenticated
from catalog.domain.permissions import ANYONE, Actor
from catalog.parts import Parts
from catalog.services import accounts

COOKIE = "sage_catalog"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_FIELD = "csrf"
_SCHEMES = frozenset({"bearer", "sage"})
"""How a token may be announced; the second is what clients of Sage's storage API send."""


def parts() -> Parts:
    """Return the parts that this request is served from, the same from its beginning to its end."""
    if "parts" not in g:
        g.parts = current_app.extensions["catalog"]()
    return cast(Parts, g.parts)


def now() -> datetime:
    """Return the time of the request; services are told it and never look themselves."""
    return datetime.now(UTC)


def session() -> accounts.SignedIn | None:
    """Return the browser's session, or None where there is none."""
    if "session" not in g:
        cookie = request.cookies.get(COOKIE)
        g.session = accounts.signed_in(parts(), cookie, now=now()) if cookie else None
    return cast("accounts.SignedIn | None", g.session)


def actor() -> Actor:
    """Return who asks: by bearer token, or by session where that is enough.

    A cookie alone never authorises a write through the API: a page of another site could send
    one. Forms authorise by cookie and by the word that only our own pages know; see
    `actor_of_form`. Raises Unauthenticated for a token that is not valid.
    """
    if "actor" not in g:
        g.actor = _actor()
    return cast(Actor, g.actor)


def _actor() -> Actor:
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in _SCHEMES or not token.strip():
            raise Unauthenticated("Send Authorization: Bearer, followed by your token.")
        fresh = request.method not in SAFE_METHODS
        return accounts.actor_of_token(parts(), token.strip(), now=now(), fresh=fresh)
    signed_in = session() if request.method in SAFE_METHODS else None
    return signed_in.actor if signed_in else ANYONE


def actor_of_form() -> Actor:
    """Return who sent a form of our own pages; Forbidden where its word is not the session's."""
    check_own_page()
    signed_in = session()
    if signed_in is None:
        raise Unauthenticated("Sign in first; your session may have ended.")
    if not accounts.same(request.form.get(FORM_FIELD, ""), signed_in.csrf):
        raise Forbidden("This form is not from a page of your session. Load the page again.")
    return signed_in.actor


def check_own_page() -> None:
    """Refuse a form that the browser says came from a page of another site."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    # Our own pages tell no referrer, for which browsers send the origin "null".
    origin = request.headers.get("Origin", "null")
    ours = {urlsplit(parts().settings.base).netloc, request.headers.get("Host", "")}
    if site not in {"same-origin", "none"} or (
        origin != "null" and urlsplit(origin).netloc not in ours
    ):
        raise Forbidden("This form was sent from a page of another site.")


def root() -> str:
    """Return the path under which this catalog lies, from slash to slash."""
    return urlsplit(parts().settings.base).path


def has_credentials() -> bool:
    """Tell whether the request carries a credential, valid or not."""
    return "Authorization" in request.headers or COOKIE in request.cookies


def frame() -> Frame:
    """Return what the frame of a page shows about this request."""
    signed_in = session()
    return Frame(
        base=parts().settings.base,
        path=request.full_path if request.query_string else request.path,
        site_title=parts().settings.title,
        account=signed_in.actor.name if signed_in else None,
        csrf=signed_in.csrf if signed_in else None,
        sealed=bool(current_app.config["CATALOG_SEALED"]),
        languages=languages(),
        doi_resolver=parts().settings.doi_resolver,
        dois_are_tests=parts().settings.house.dois_are_tests,
        own_house=parts().settings.house,
    )
