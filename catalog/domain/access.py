"""Asking for files that are closed: agreements, requests, the states they pass through, words."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from catalog.domain.errors import NotAcceptable, WrongState
from catalog.domain.lifecycle import Visibility

SHORTEST_PURPOSE: Final = 20
LONGEST_PURPOSE: Final = 4_000
LONGEST_AGREEMENT: Final = 20_000
LONGEST_REASON: Final = 2_000
MOST_DAYS: Final = 3_650

_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]{1,2000}")
_CONTROL: Final = frozenset({"Cc", "Cs"})


class RequestState(StrEnum):
    """Where a request for access stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Ending(StrEnum):
    """Why access, or the request for it, came to its end."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    OPENED = "open-to-everybody"
    ITEM_WITHDRAWN = "item-withdrawn"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of the data use agreement of an item; it is never changed.

    n       counted from 1, over all that the item ever had
    text    plain text, or the address of a page with the terms and nothing else
    days    how long access under it lasts at most; None for no end
    digest  the SHA-256 of the text in UTF-8, lower-case hex
    by      the account that set it
    ended   when it was replaced or taken off; None for the one in force
    """

    item_id: str
    n: int
    text: str
    days: int | None
    digest: str
    at: datetime
    by: str
    ended: datetime | None

    @property
    def is_address(self) -> bool:
        """Whether the text is the address of a page with the terms."""
        return _ADDRESS.fullmatch(self.text) is not None


@dataclass(frozen=True, slots=True)
class Agreements:
    """What an item asks people to agree to.

    in_force  None where nothing has to be accepted
    last      the number of the newest version there ever was, 0 for none
    """

    in_force: Agreement | None
    last: int

    @property
    def stage(self) -> str:
        """What `If-Match` compares: it moves when a version is set and when one is taken off."""
        return str(self.last) if self.in_force or not self.last else f"{self.last}.off"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request for the closed files of an item, as who asked and who decides read it.

    title      what everybody sees the item called
    by         the account that asked
    agreement  the number of the agreement that was accepted with it, None where there was none
    digest     the SHA-256 of the text that was accepted
    days       for how long that agreement gives access at most, None for no end
    current    the number of the agreement in force now, None where there is none
    decided_by the account that granted or refused it
    reason     what whoever decided told who asked
    until      when granted access ends, or ended; None for no end
    ended      when it came to its end, however that was
    ending     why
    end_reason what whoever ended it told who asked
    """

    id: str
    item_id: str
    title: str
    by: str
    purpose: str
    agreement: int | None
    digest: str | None
    at: datetime
    state: RequestState
    days: int | None = None
    current: int | None = None
    decided: datetime | None = None
    decided_by: str = ""
    reason: str = ""
    until: datetime | None = None
    ended: datetime | None = None
    ending: Ending | None = None
    end_reason: str = ""


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One page of requests, newest first.

    total  how many there are in all
    open   how many of all of them nobody has decided on
    next   where the next page begins, or None
    """

    requests: Sequence[AccessRequest]
    total: int
    open: int
    next: str | None


@dataclass(frozen=True, slots=True)
class Closed:
    """A published version whose files are closed to most; `until` is the end of its embargo."""

    n: int
    visibility: Visibility
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AccessOf:
    """What somebody who sees an item needs to know before they ask for its files.

    closed      the versions whose files are closed
    has_access  whether the caller may read all of those already
    may_decide  whether it is the caller who decides on requests
    latest      the caller's latest request, None where they never asked
    open        how many requests wait for a decision; 0 for who does not decide
    """

    item_id: str
    title: str
    owner: str
    closed: tuple[Closed, ...]
    agreement: Agreement | None
    has_access: bool
    may_decide: bool
    latest: AccessRequest | None
    open: int

    @property
    def may_ask(self) -> bool:
        """Whether there is something to ask for, and nothing asked that is undecided."""
        waits = self.latest is not None and self.latest.state is RequestState.OPEN
        return bool(self.closed) and not self.has_access and not waits


def purpose_text(text: str) -> str:
    """Return what somebody wants files for, or refuse what is too short, too long or not plain."""
    said = _plain(text, "purpose", LONGEST_PURPOSE)
    if len(said) < SHORTEST_PURPOSE:
        raise NotAcceptable(
            f"Say in at least {SHORTEST_PURPOSE} characters what you want the files for.",
            field="purpose",
        )
    return said


def agreement_text(text: str) -> str:
    """Return the text of an agreement, or refuse what is none."""
    said = _plain(text, "text", LONGEST_AGREEMENT)
    if not said:
        raise NotAcceptable(
            "Write what people agree to, or give the address of a page that says it.", field="text"
        )
    return said


def reason_text(text: str | None, *, is_needed: bool = False) -> str:
    """Return what who asked is told, "" for nothing; NotAcceptable where it is needed."""
    said = _plain(text or "", "reason", LONGEST_REASON)
    if is_needed and not said:
        raise NotAcceptable("Say why: who asked will read it.", field="reason")
    return said


def days_within(days: int | None, most: int | None = None) -> int | None:
    """Return for how many days access is given, None for no end.

    most  what the agreement allows, which is also what is given where nothing else was said
    """
    if days is None:
        return most
    if not 1 <= days <= MOST_DAYS:
        raise NotAcceptable(f"days is a whole number from 1 to {MOST_DAYS:,}.", field="days")
    if most is not None and days > most:
        raise NotAcceptable(
            f"The agreement that was accepted gives access for at most {most} days.", field="days"
        )
    return days


def check_accepted(accepted: int | None, agreement: Agreement | None) -> None:
    """Refuse a request that does not accept the agreement in force, by its number.

    Raises NotAcceptable where nothing was accepted, WrongState naming the number of the one in
    force where something else was.
    """
    current = agreement.n if agreement else None
    if accepted == current:
        return
    if accepted is None:
        raise NotAcceptable(
            f"Read and accept the data use agreement, version {current}.",
            field="accepted_agreement",
            agreement=current,
        )
    if current is None:
        raise WrongState(
            f"There is no data use agreement any more; version {accepted} was taken off.",
            field="accepted_agreement",
        )
    raise WrongState(
        f"The data use agreement is now at version {current}; read that and accept it.",
        field="accepted_agreement",
        agreement=current,
    )


def check_open(state: RequestState, ending: Ending | None) -> None:
    """Raise WrongState unless a request waits for a decision."""
    if state is RequestState.OPEN:
        return
    because = f", {said}" if (said := ENDINGS.get(ending)) else ""
    raise WrongState(f"This request is no longer open: it is {state}{because}.", state=state.value)


ENDINGS: Final[dict[Ending | None, str]] = {
    Ending.EXPIRED: "since its time ran out",
    Ending.REVOKED: "since the owner ended it",
    Ending.OPENED: "since the files are open to everybody",
    Ending.ITEM_WITHDRAWN: "since the item was withdrawn",
}
"""Why access ended, as the end of a sentence."""


def digest_of(text: str) -> str:
    """Return the SHA-256 of an agreement's text, by which it is known what was accepted."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(text: str, field: str, longest: int) -> str:
    said = text.replace("\r\n", "\n").strip()
    if len(said) > longest:
        raise NotAcceptable(
            f"{field} has at most {longest:,} characters; this one has {len(said):,}.", field=field
        )
    for character in said:
        if unicodedata.category(character) in _CONTROL and character not in "\t\n":
            told = f"{field} holds U+{ord(character):04X}, a control character."
            raise NotAcceptable(told, field=field)
    return said
