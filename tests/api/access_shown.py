"""The pages about closed files in each of their states, for what is tested of every page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from api import access_pages
from api.frame import Frame
from catalog.domain.access import (
    AccessOf,
    AccessRequest,
    Agreement,
    Agreements,
    Closed,
    Ending,
    RequestPage,
    RequestState,
)
from catalog.domain.errors import NotAcceptable, TooMany
from catalog.domain.lifecycle import Visibility
from catalog.domain.record import ItemRecord
from catalog.library import Library
from catalog.services.access_requests import RequestSeen
from catalog.services.agreements import AgreementsOf

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
AGREEMENT = Agreement(
    "7777777777", 2, "For science.\n<b>Only</b>.", 90, "ab" * 32, NOW, "ana", None
)
EARLIER = replace(AGREEMENT, n=1, text="https://example.org/terms", days=None, ended=NOW)
OPEN = AccessRequest(
    "0000000000", "7777777777", "A <i>title</i>", "eve", "To <b>learn</b> from it.", 1, "ab" * 32,
    NOW, RequestState.OPEN, days=90, current=2,
)  # fmt: skip
REQUESTS = (
    OPEN,
    replace(OPEN, id="0000000010", agreement=None, current=None, days=None),
    replace(
        OPEN, id="0000000020", state=RequestState.GRANTED, decided=NOW, decided_by="ana", until=NOW
    ),
    replace(OPEN, id="0000000030", state=RequestState.REFUSED, decided=NOW, reason="No <b>."),
    replace(OPEN, id="0000000040", state=RequestState.WITHDRAWN, ended=NOW),
    *(
        replace(OPEN, id=f"00000000{n}0", state=RequestState.ENDED, ending=ending, end_reason="So.")
        for n, ending in enumerate(Ending, 5)
    ),
)
OF = AccessOf(
    item_id="7777777777",
    title="A title",
    owner="ana",
    closed=(Closed(2, Visibility.EMBARGOED, NOW), Closed(1, Visibility.RESTRICTED, None)),
    agreement=AGREEMENT,
    has_access=False,
    may_decide=False,
    latest=None,
    open=0,
)
WRONG = NotAcceptable("Say more.", field="purpose")
NOT_ACCEPTED = NotAcceptable("Accept it.", field="accepted_agreement")


def pages_of_access(
    frame: Frame, library: Library, record: ItemRecord
) -> dict[str, tuple[str, Callable[[], str]]]:
    """Return the name of each page, its template, and what makes it."""
    asking = partial(access_pages.access, frame, library, record=record)
    nobody = replace(frame, account=None, csrf=None)
    listed = RequestPage(REQUESTS, 30, 2, "next-one")
    none = RequestPage((), 0, 0, None)
    seen = partial(RequestSeen, record=record)
    one = partial(access_pages.request, frame, library)
    terms = partial(access_pages.agreement, frame, library, typed={})
    of = partial(AgreementsOf, record)
    both = Agreements(AGREEMENT, 2)
    return {
        "access": ("access.html", lambda: asking(found=OF, notice="asked")),
        "access, wrong": ("access.html", lambda: asking(found=OF, purpose="x", error=WRONG)),
        "access, not accepted": ("access.html", lambda: asking(found=OF, error=NOT_ACCEPTED)),
        "access, too often": (
            "access.html",
            lambda: asking(found=OF, error=TooMany("Later.", retry_after=9)),
        ),
        "access, asked": ("access.html", lambda: asking(found=replace(OF, latest=OPEN))),
        "access, refused": ("access.html", lambda: asking(found=replace(OF, latest=REQUESTS[3]))),
        "access, has it and decides": (
            "access.html",
            lambda: asking(found=replace(OF, has_access=True, may_decide=True, open=3)),
        ),
        "access, nothing closed": ("access.html", lambda: asking(found=replace(OF, closed=()))),
        "access, signed out": (
            "access.html",
            lambda: access_pages.access(nobody, library, record=record, found=OF),
        ),
        "requests": (
            "access_requests.html",
            lambda: access_pages.of_item(frame, library, record=record, page=listed, state=None),
        ),
        "requests, of an account": (
            "access_requests.html",
            lambda: access_pages.of_account(frame, page=listed, received=False, state=None),
        ),
        "requests, none to decide": (
            "access_requests.html",
            lambda: access_pages.of_account(
                frame, page=none, received=True, state=RequestState.OPEN
            ),
        ),
        "request": (
            "access_request.html",
            lambda: one(seen=seen(OPEN, is_own=False, may_decide=True), typed={}),
        ),
        "request, own": (
            "access_request.html",
            lambda: one(seen=seen(OPEN, is_own=True, may_decide=False), typed={}),
        ),
        "request, wrong": (
            "access_request.html",
            lambda: one(
                seen=seen(OPEN, is_own=False, may_decide=True),
                typed={"days": "many"},
                error=NotAcceptable("A number.", field="days"),
            ),
        ),
        "request, granted": (
            "access_request.html",
            lambda: one(
                seen=seen(REQUESTS[2], is_own=False, may_decide=True),
                typed={},
                error=NotAcceptable("Too long.", field="reason"),
            ),
        ),
        "agreement": (
            "agreement.html",
            lambda: terms(found=of(both, AGREEMENT, True), n=None, notice="set"),
        ),
        "agreement, wrong": (
            "agreement.html",
            lambda: terms(
                found=of(both, AGREEMENT, True),
                n=None,
                error=NotAcceptable("A number.", field="days"),
            ),
        ),
        "agreement, earlier": ("agreement.html", lambda: terms(found=of(both, EARLIER, True), n=1)),
        "agreement, none": (
            "agreement.html",
            lambda: terms(found=of(Agreements(None, 0), None, False), n=None),
        ),
        "agreement, taken off": (
            "agreement.html",
            lambda: terms(found=of(Agreements(None, 2), None, True), n=None),
        ),
    }
