"""What every view needs to know about its request: the parts, the caller, the time."""

import re
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, g, request

from api.frame import Frame
from api.negotiation import languages
from api.strangers import Strangers
from catalog.domain.errors import Forbidden, Unauthenticated, Unavailable
from catalog.domain.permissions import ANYONE, Actor
from catalog.domain.sharing import link_group
from catalog.parts import Parts
from catalog.services import accounts
from catalog.services.share_links import MOST_KEPT, notice_use
from catalog.settings import networks

COOKIE = "sage_catalog"
LINKS_COOKIE = "sage_catalog_links"
"""Holds the secrets of the links that a browser followed, the latest first, with dots between."""

LINK_HEADER = "X-Share-Link"
"""By which a program says the secret of a link."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
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
    """Return the browser's session, or None where there is none.

    Raises Unavailable where the issuer of the token that opened it cannot be asked.
    """
    if "session" not in g:
        g.session = _session()
    if isinstance(g.session, Unavailable):
        raise g.session
    return cast("accounts.SignedIn | None", g.session)


def _session() -> accounts.SignedIn | Unavailable | None:
    """Return the session, or why it cannot be told: nobody is asked twice in one request."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    fresh = request.method not in SAFE_METHODS
    try:
        return accounts.signed_in(parts(), cookie, now=now(), fresh=fresh)
    except Unavailable as fault:
        return fault


def actor() -> Actor:
    """Return who asks: by bearer token, or by session where that is enough.

    A cookie alone never authorises a write through the API: a page of another site could send
    one. Forms authorise by cookie and by the word that only our own pages know; see
    `actor_of_form`. Raises Unauthenticated for a token that is not valid.
    """
    if "actor" not in g:
        g.actor = with_links(_actor())
    return cast(Actor, g.actor)


def _actor() -> Actor:
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in _SCHEMES or not token.strip():
            raise Unauthenticated("Send Authorization: Bearer, followed by your token.")
        return actor_by(token.strip(), fresh=request.method not in SAFE_METHODS)
    signed_in = session() if request.method in SAFE_METHODS else None
    return signed_in.actor if signed_in else ANYONE


def actor_by(token: str, *, fresh: bool) -> Actor:
    """Return whose token this is; see `actor_of_token`. Raises TooMany where it is one too many."""
    with asking(token):
        return accounts.actor_of_token(parts(), token, now=now(), fresh=fresh, noted=True)


def asking(token: str) -> AbstractContextManager[None]:
    """Open a block that finds out whose a token is, counted where it turns out to be nobody's."""
    accounts.check_token(token)
    strangers: Strangers = current_app.extensions["strangers"]
    return strangers.asking(address(), token, costs=not accounts.is_ours(token))


def actor_of_form() -> Actor:
    """Return who sent a form of our own pages; Forbidden where its word is not the session's."""
    check_own_page()
    signed_in = session()
    if signed_in is None:
        raise Unauthenticated("Sign in first; your session may have ended.")
    if not accounts.same(request.form.get(FORM_FIELD, ""), signed_in.csrf):
        raise Forbidden("This form is not from a page of your session. Load the page again.")
    return with_links(signed_in.actor)


def opened_links() -> tuple[str, ...]:
    """Return the secrets of links that the request carries, by header or by cookie."""
    said = request.headers.get(LINK_HEADER, ""), *request.cookies.get(LINKS_COOKIE, "").split(".")
    return tuple(dict.fromkeys(one for one in said if _SECRET.fullmatch(one)))[:MOST_KEPT]


def with_links(who: Actor) -> Actor:
    """Return who asks as one who opened the links that the request carries as well.

    They grant reading and nothing else, so that they may come by a cookie whatever the method.
    """
    opened = opened_links()
    if not opened:
        return who
    item_id = str((request.view_args or {}).get("id", "")).partition(".")[0]
    if item_id:
        notice_use(parts(), item_id, opened, now=now())
    return replace(who, groups=who.groups.union(map(link_group, opened)))


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


def address() -> str:
    """Return the address that the request came from.

    That is the one that connected, unless it is a proxy that the settings name: then it is the
    last one in `X-Forwarded-For` that is no such proxy. What stands before it anybody may have
    written.
    """
    trusted = networks(parts().settings.trusted_proxies)
    hops = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",")]
    found = request.remote_addr or ""
    while hops and _is_among(trusted, found) and (before := plain_address(hops.pop())):
        found = before
    return found


def plain_address(text: str) -> str:
    """Return an address without port and brackets, IPv4 as such; "" for what is none.

    >>> plain_address("[2001:DB8::1]:443"), plain_address("::ffff:192.0.2.1"), plain_address("x")
    ('2001:db8::1', '192.0.2.1', '')
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)


def _is_among(trusted: tuple[IPv4Network | IPv6Network, ...], text: str) -> bool:
    plain = plain_address(text)
    return bool(plain) and any(ip_address(plain) in network for network in trusted)


def root() -> str:
    """Return the path under which this catalog lies, from slash to slash."""
    return urlsplit(parts().settings.base).path


def has_credentials() -> bool:
    """Tell whether the request carries a credential, valid or not."""
    by_header = "Authorization" in request.headers or LINK_HEADER in request.headers
    return by_header or COOKIE in request.cookies or LINKS_COOKIE in request.cookies


def frame() -> Frame:
    """Return what the frame of a page shows about this request.

    It stands around the page as well that says why nobody can tell who is signed in.
    """
    try:
        signed_in = session()
    except Unavailable:
        signed_in = None
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
