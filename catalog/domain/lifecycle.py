"""Which states a version passes through, and what each of them allows (contract section 4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from typing import Final

from catalog.domain.errors import NotAcceptable, WrongState


class State(StrEnum):
    """Where a version stands. The concepts of the scheme `lifecycle-status` describe each."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Visibility(StrEnum):
    """Who sees what is published. Drafts have one as well; it takes effect at publication."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    EMBARGOED = "embargoed"
    SHARED = "shared"
    PRIVATE = "private"


METADATA_ARE_PUBLIC = frozenset({Visibility.PUBLIC, Visibility.RESTRICTED, Visibility.EMBARGOED})
"""The visibilities under which everybody sees the description of what is published."""

BYTES_ARE_CLOSED: Final = frozenset({Visibility.RESTRICTED, Visibility.EMBARGOED})
"""The visibilities under which everybody sees the description, and not everybody gets the files."""

LONGEST_WAIT: Final = timedelta(days=3653)
"""How far ahead a date may lie at which the catalog is to do something by itself: ten years."""


@dataclass(frozen=True, slots=True)
class Showing:
    """Who sees what is published, and when that changes by itself.

    until       when an embargo ends: of what is embargoed, and of nothing else
    publish_at  when it becomes public: of what is private or shared, or None
    """

    visibility: Visibility
    until: datetime | None = None
    publish_at: datetime | None = None


def showing(
    visibility: Visibility,
    *,
    until: datetime | None = None,
    publish_at: datetime | None = None,
    now: datetime,
) -> Showing:
    """Return who is to see it, to whole seconds and never earlier than was said.

    Raises NotAcceptable, whose evidence names the `field`, where a date is missing, does not go
    with the visibility, or does not lie between `now` and ten years ahead.
    """
    if visibility is Visibility.EMBARGOED and until is None:
        raise NotAcceptable("An embargo needs a date: say until when.", field="until")
    if visibility is not Visibility.EMBARGOED and until is not None:
        told = f"until is the end of an embargo, and what is {visibility} has none; leave it out."
        raise NotAcceptable(told, field="until")
    if visibility in METADATA_ARE_PUBLIC and publish_at is not None:
        told = (
            f"publish_at is when something becomes public that is private or shared until then; "
            f"with {visibility} leave it out."
        )
        raise NotAcceptable(told, field="publish_at")
    return Showing(visibility, _ahead(until, "until", now), _ahead(publish_at, "publish_at", now))


def _ahead(at: datetime | None, field: str, now: datetime) -> datetime | None:
    if at is None:
        return None
    whole = at.replace(microsecond=0)
    if whole < at:
        whole += timedelta(seconds=1)
    if whole <= now:
        raise NotAcceptable(f"{field} has to lie in the future.", field=field)
    if whole > now + LONGEST_WAIT:
        raise NotAcceptable(f"{field} may lie ten years ahead at most.", field=field)
    return whole


def visibility_named(text: str) -> Visibility:
    """Return the visibility of that name, or refuse it in a sentence that lists them all."""
    if text in set(Visibility):
        return Visibility(text)
    *most, last = (f'"{one}"' for one in Visibility)
    told = f'There is no visibility "{text[:40]}"; say {", ".join(most)} or {last}.'
    raise NotAcceptable(told, field="visibility")


_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)


def moment_named(said: object, field: str) -> datetime | None:
    """Return a point in time from text, None for none: RFC 3339, or a day, which begins in UTC.

    field  what the text is called where it was said

    Raises NotAcceptable, naming the field, for anything else.
    """
    if said is None or said == "":
        return None
    text = said.strip().upper() if isinstance(said, str) else ""
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    told = f"{field} is a day such as 2030-01-31, or a moment such as 2030-01-31T12:00:00Z."
    raise NotAcceptable(told, field=field)


def in_words(at: datetime) -> str:
    """Return a point in time for people: the day where it begins then in UTC, else to the minute.

    >>> in_words(datetime(2030, 1, 31, tzinfo=UTC))
    '2030-01-31'
    >>> in_words(datetime(2030, 1, 31, 9, 5, tzinfo=UTC))
    '2030-01-31 09:05 UTC'
    """
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d}" if begins_a_day(utc) else f"{utc:%Y-%m-%d %H:%M} UTC"


def begins_a_day(utc: datetime) -> bool:
    """Tell whether a day of UTC begins then."""
    return (utc.hour, utc.minute, utc.second) == (0, 0, 0)


def is_announced(published: datetime | None, visibility: Visibility) -> bool:
    """Tell whether everybody may see a version: its description or, once withdrawn, its tombstone.

    published  when, or None; visibility is never narrowed afterwards, so it is still the one that
               everybody saw
    """
    return published is not None and visibility in METADATA_ARE_PUBLIC


def check_can_publish(state: State) -> None:
    """Refuse to publish what is not a draft."""
    if state is not State.DRAFT:
        raise WrongState(f"This version is {state}; only a draft can be published.")


def check_can_begin_version(state: State, draft: int | None) -> None:
    """Refuse to begin a next version beside an open draft, or of what was never published.

    draft  the number of the version that is open, if there is one
    """
    if draft is not None:
        raise WrongState(
            f"Version {draft} is a draft already. Change that one, publish it or delete it."
        )
    if state is not State.PUBLISHED:
        raise WrongState("Only of what is published can a next version begin.")


def check_can_delete(state: State) -> None:
    """Refuse to delete what was published: it can only be withdrawn."""
    if state is not State.DRAFT:
        raise WrongState(
            "What is published is not deleted, since others may cite it. "
            "Withdraw it: POST to its /withdrawal with a reason."
        )


def check_can_withdraw(state: State) -> None:
    """Refuse to withdraw what was never published."""
    if state is not State.PUBLISHED:
        raise WrongState("Only what is published can be withdrawn; a draft can be deleted.")


def check_files_open(state: State) -> None:
    """Refuse to change the files of a version that is frozen."""
    if state is not State.DRAFT:
        raise WrongState(
            "The files of a published version are frozen; a change needs a new version."
        )


class Change(Enum):
    """What the life cycle says to one change of visibility."""

    FREE = "free"
    EARLIER = "earlier"
    """Only where the new embargo ends no later than the old one."""
    HIDES = "hides"
    """It would hide a description that everybody could read."""
    CLOSES = "closes"
    """It would close files that everybody could have, or was promised for a date."""


_HIDDEN: Final = {Visibility.SHARED: Change.HIDES, Visibility.PRIVATE: Change.HIDES}
CHANGES: Final[Mapping[Visibility, Mapping[Visibility, Change]]] = {
    Visibility.PUBLIC: {
        Visibility.PUBLIC: Change.FREE,
        Visibility.RESTRICTED: Change.CLOSES,
        Visibility.EMBARGOED: Change.CLOSES,
        **_HIDDEN,
    },
    Visibility.RESTRICTED: {
        Visibility.PUBLIC: Change.FREE,
        Visibility.RESTRICTED: Change.FREE,
        Visibility.EMBARGOED: Change.FREE,
        **_HIDDEN,
    },
    Visibility.EMBARGOED: {
        Visibility.PUBLIC: Change.FREE,
        Visibility.RESTRICTED: Change.CLOSES,
        Visibility.EMBARGOED: Change.EARLIER,
        **_HIDDEN,
    },
    Visibility.SHARED: dict.fromkeys(Visibility, Change.FREE),
    Visibility.PRIVATE: dict.fromkeys(Visibility, Change.FREE),
}
"""What becomes of what: a row for what a published version is, a column for what it is to be."""


def reachable(old: Visibility) -> tuple[Visibility, ...]:
    """Return what a published version of that visibility may become, itself included."""
    allowed = {Change.FREE, Change.EARLIER}
    return tuple(new for new in Visibility if CHANGES[old][new] in allowed)


def check_visibility_change(state: State, old: Showing, new: Showing) -> None:
    """Refuse to take back what everybody sees or was promised, and to set that of a draft."""
    if state is not State.PUBLISHED:
        raise WrongState("A draft has no visibility yet; it is chosen at publication.")
    was, wanted = old.visibility, new.visibility
    change = CHANGES[was][wanted]
    if change is Change.HIDES:
        raise WrongState(f"What is {was} cannot become {wanted}; withdraw it instead.")
    if change is Change.CLOSES:
        raise WrongState(
            f"What is {was} cannot become {wanted}: its files are open to everybody, or were "
            "promised for a date. Publish a next version that is, or withdraw this one."
        )
    if change is Change.EARLIER and old.until and new.until and new.until > old.until:
        raise WrongState(
            f"The files were promised for {in_words(old.until)}, and an embargo is not prolonged. "
            "It may end earlier, or at once: make it public."
        )
