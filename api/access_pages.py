"""Pages about closed files: asking for them, requests, and the agreement that goes with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from api.frame import Frame
from api.landing import Landing
from api.rendering import page_of
from catalog.domain.access import (
    LONGEST_AGREEMENT,
    LONGEST_PURPOSE,
    LONGEST_REASON,
    MOST_DAYS,
    SHORTEST_PURPOSE,
    AccessOf,
    AccessRequest,
    Agreement,
    Ending,
    RequestPage,
    RequestState,
)
from catalog.domain.errors import CatalogError
from catalog.domain.record import ItemRecord
from catalog.library import Library
from catalog.services.access_requests import RequestSeen
from catalog.services.agreements import AgreementsOf

_STATES: Final[Mapping[RequestState, tuple[str, str]]] = {
    RequestState.OPEN: ("Waits for a decision", "warn"),
    RequestState.GRANTED: ("Granted", "on"),
    RequestState.REFUSED: ("Refused", "bad"),
    RequestState.WITHDRAWN: ("Taken back", ""),
    RequestState.ENDED: ("Ended", ""),
}
_ENDINGS: Final[Mapping[Ending, str]] = {
    Ending.EXPIRED: "The time for which it was granted is over.",
    Ending.REVOKED: "It was ended by who decides.",
    Ending.OPENED: "The files are open to everybody now.",
    Ending.ITEM_WITHDRAWN: "The item was withdrawn.",
}
_NOTICES: Final[Mapping[str, str]] = {
    "asked": "Your request is with the owner. The answer will stand here, and on your own page.",
    "set": "In force from now on, for whoever asks from now on.",
    "taken-off": "Nobody has to agree to anything from now on. Its versions stay here.",
}
_MOST_SHOWN_VERSIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Card:
    """A request as a page shows it.

    may_decide, may_take_back  whether its reader does either
    error                      what was wrong with what was sent about it last, by field
    reason, days               what was typed then
    """

    request: AccessRequest
    root: str
    may_decide: bool
    may_take_back: bool
    is_own: bool = False
    error: str = ""
    at_field: str = ""
    reason: str = ""
    days: str = ""

    @property
    def item_href(self) -> str:
        """Where the item is."""
        return f"{self.root}items/{self.request.item_id}"

    @property
    def href(self) -> str:
        """Where the request has a page of its own."""
        return f"{self.item_href}/access-requests/{self.request.id}"

    @property
    def state(self) -> str:
        """Where it stands, in words."""
        return _STATES[self.request.state][0]

    @property
    def tone(self) -> str:
        """How that is set off."""
        return _STATES[self.request.state][1]

    @property
    def ending(self) -> str:
        """Why it ended, as a sentence; "" where it did not."""
        return _ENDINGS[self.request.ending] if self.request.ending else ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.request.state is RequestState.OPEN

    @property
    def is_granted(self) -> bool:
        """Whether access is in force."""
        return self.request.state is RequestState.GRANTED

    @property
    def agreement_href(self) -> str:
        """Where the agreement is that was accepted, "" where none was."""
        n = self.request.agreement
        return f"{self.item_href}/agreement/{n}" if n is not None else ""

    @property
    def is_behind(self) -> bool:
        """Whether another agreement is in force than the one that was accepted."""
        return self.request.agreement != self.request.current


def access(
    frame: Frame,
    library: Library,
    *,
    record: ItemRecord,
    found: AccessOf,
    purpose: str = "",
    notice: str | None = None,
    error: CatalogError | None = None,
) -> str:
    """Return the page by which to ask for the closed files of an item.

    purpose  what was typed, shown again
    error    why it was not taken, None at first
    """
    latest, here = found.latest, f"{frame.root}items/{record.id}"
    return page_of(
        "access.html",
        frame,
        title=_title(frame, library, record),
        here=here,
        found=found,
        card=Card(latest, frame.root, False, latest.state is RequestState.OPEN, is_own=True)
        if latest
        else None,
        sign_in=f"{frame.root}sign-in?{urlencode({'next': f'{here}/access'})}",
        purpose=purpose,
        notice=_NOTICES.get(notice or ""),
        error=error,
        at_field=_field(error),
        shortest=SHORTEST_PURPOSE,
        longest=LONGEST_PURPOSE,
    )


def of_item(
    frame: Frame,
    library: Library,
    *,
    record: ItemRecord,
    page: RequestPage,
    state: RequestState | None,
) -> str:
    """Return the list of the requests for one item, with the forms to decide on them."""
    here = f"{frame.root}items/{record.id}"
    return _list(
        frame,
        page,
        state,
        address=f"{here}/access-requests",
        asked={},
        crumbs=((here, _title(frame, library, record)), ("", "Requests for access")),
        views=(
            (f"{here}/access-requests?state=open", "To decide", state is RequestState.OPEN),
            (f"{here}/access-requests", "All", state is None),
        ),
        agreement_href=f"{here}/agreement",
        names_items=False,
        decides=True,
    )


def of_account(
    frame: Frame, *, page: RequestPage, received: bool, state: RequestState | None
) -> str:
    """Return the list of the requests that an account made, or of those that it decides on."""
    here = f"{frame.root}me/access-requests"
    to_decide = received and state is RequestState.OPEN
    return _list(
        frame,
        page,
        state,
        address=here,
        asked={"received": "true"} if received else {},
        crumbs=((f"{frame.root}me", frame.account or "You"), ("", "Requests for access")),
        views=(
            (here, "Yours", not received and state is None),
            (f"{here}?received=true&state=open", "To decide", to_decide),
            (f"{here}?received=true", "All for your items", received and state is None),
        ),
        agreement_href="",
        names_items=True,
        decides=received,
    )


def _list(
    frame: Frame,
    page: RequestPage,
    state: RequestState | None,
    *,
    address: str,
    asked: Mapping[str, str],
    crumbs: Sequence[tuple[str, str]],
    views: Sequence[tuple[str, str, bool]],
    agreement_href: str,
    names_items: bool,
    decides: bool,
) -> str:
    more = {**asked, **({"state": state.value} if state else {}), "cursor": page.next or ""}
    return page_of(
        "access_requests.html",
        frame,
        trail=crumbs,
        views=views,
        page_of_requests=page,
        decides=decides,
        names_items=names_items,
        agreement_href=agreement_href,
        cards=[
            Card(
                one,
                frame.root,
                may_decide=decides,
                may_take_back=not decides and one.state is RequestState.OPEN,
                is_own=not decides,
            )
            for one in page.requests
        ],
        next=f"{address}?{urlencode(more)}" if page.next else None,
        most_days=MOST_DAYS,
        longest=LONGEST_REASON,
    )


def request(
    frame: Frame,
    library: Library,
    *,
    seen: RequestSeen,
    typed: Mapping[str, str],
    error: CatalogError | None = None,
) -> str:
    """Return the page of one request, for who made it or who decides on it.

    typed  the form as it was sent, empty at first
    error  why it was not taken, None at first
    """
    card = Card(
        seen.request,
        frame.root,
        may_decide=seen.may_decide,
        may_take_back=seen.is_own and seen.request.state is RequestState.OPEN,
        is_own=seen.is_own,
        error=error.detail if error else "",
        at_field=_field(error),
        reason=typed.get("reason", ""),
        days=typed.get("days", ""),
    )
    here = f"{frame.root}items/{seen.record.id}"
    listed = f"{here}/access-requests" if seen.may_decide else f"{frame.root}me/access-requests"
    return page_of(
        "access_request.html",
        frame,
        title=_title(frame, library, seen.record),
        here=here,
        listed=listed,
        card=card,
        most_days=MOST_DAYS,
        longest=LONGEST_REASON,
    )


def agreement(
    frame: Frame,
    library: Library,
    *,
    found: AgreementsOf,
    n: int | None,
    typed: Mapping[str, str],
    notice: str | None = None,
    error: CatalogError | None = None,
) -> str:
    """Return the page of an agreement: the text, earlier versions, and the form for the next.

    n      the version that was asked for, None for what is in force
    typed  the form as it was sent, empty at first
    """
    current = found.agreements.in_force
    last = found.agreements.last
    return page_of(
        "agreement.html",
        frame,
        title=_title(frame, library, found.record),
        here=f"{frame.root}items/{found.record.id}",
        shown=found.shown,
        is_earlier=n is not None and (current is None or current.n != n),
        in_force=current,
        versions=range(last, max(0, last - _MOST_SHOWN_VERSIONS), -1),
        stage=found.agreements.stage,
        may_set=found.may_set and n is None,
        text=typed.get("text", current.text if current else ""),
        days=typed.get("days", _days(current)),
        notice=_NOTICES.get(notice or ""),
        error=error,
        at_field=_field(error),
        longest=LONGEST_AGREEMENT,
        most_days=MOST_DAYS,
    )


def _days(current: Agreement | None) -> str:
    return str(current.days) if current and current.days else ""


def _title(frame: Frame, library: Library, record: ItemRecord) -> str:
    return Landing(frame, library, record, {}).title


def _field(error: CatalogError | None) -> str:
    return str(error.evidence.get("field", "")) if error else ""
