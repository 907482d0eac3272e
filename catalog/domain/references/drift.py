"""Whether what lies at an address is still what was described, and when to look again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from catalog.domain.references.asking import Facts, Found, Presence


class ReferenceState(StrEnum):
    """What became of a reference; the names of the concepts of `reference-state`."""

    UNKNOWN = "unknown"
    SAME = "same"
    DRIFTED = "drifted"
    GONE = "gone"
    UNREACHABLE = "unreachable"
    NEEDS_LOGIN = "needs-login"


MOVED: Final = frozenset({ReferenceState.DRIFTED, ReferenceState.GONE, ReferenceState.UNREACHABLE})
"""The states in which one no longer gets what was described."""

MISSES_BEFORE_TOLD: Final = 3
"""How often a site has to be silent before that is told of a reference."""

_BACKOFF_HOURS: Final = (1, 6, 24, 48)
_FACETS: Final = ("size_bytes", "etag", "modified", "commit", "digest", "sha256")
_NAMES: Final = {
    "size_bytes": "size in bytes",
    "etag": "ETag",
    "modified": "time of change",
    "commit": "commit",
    "digest": "digest",
    "sha256": "SHA-256",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is no longer as it was; `facet` is a name of `Facts`."""

    facet: str
    was: Any
    now: Any

    @property
    def sentence(self) -> str:
        """It in words."""
        return f"{_NAMES[self.facet]} was {_short(self.was)}, is {_short(self.now)}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a reference between two looks.

    misses  how often its site was silent in a row
    detail  what is not as it should be, in words; "" for nothing
    due     when to look again
    """

    state: ReferenceState
    misses: int
    detail: str
    due: datetime


def identity_of(facts: Facts) -> dict[str, Any]:
    """Return what of the facts identifies the bytes, to compare with another day."""
    known = {name: getattr(facts, name) for name in _FACETS}
    return {name: value for name, value in known.items() if value not in (None, "")}


def changes(
    said: Mapping[str, Any], first: Mapping[str, Any], found: Mapping[str, Any]
) -> tuple[Change, ...]:
    """Return what differs from what was described, or else from what was first found.

    said   what the description says identifies the bytes
    first  what was found at the first look; decides where the description says nothing
    found  what was found now

    Where both sides have a strong identity, it decides alone: a server may give the same bytes a
    new ETag or time. A time that moved alone, or an ETag that nobody described, is no change while
    the size and the other of the two stay.
    """
    known = {**first, **said}
    for strong in ("sha256", "digest"):
        if strong in known and strong in found:
            differs = known[strong] != found[strong]
            return tuple(_differing((strong,), known, found)) if differs else ()
    differing = {change.facet: change for change in _differing(_FACETS, known, found)}
    weak = {"etag", "modified"} - set(said)
    if set(differing) <= weak and len(differing) < 2 and _others_stayed(differing, known, found):
        return ()
    return tuple(differing.values())


def _others_stayed(
    differing: Mapping[str, Change], known: Mapping[str, Any], found: Mapping[str, Any]
) -> bool:
    other = {"etag": "modified", "modified": "etag"}
    return all(other[name] in known and other[name] in found for name in differing)


def _differing(
    facets: tuple[str, ...], known: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[Change]:
    for facet in facets:
        if facet in known and facet in found and not _are_same(facet, known[facet], found[facet]):
            yield Change(facet, known[facet], found[facet])


def _are_same(facet: str, was: Any, now: Any) -> bool:
    if facet == "commit":  # a description may shorten it
        return str(now).startswith(str(was))
    return bool(was == now)


def _short(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return f"{text[:19]}…" if len(text) > 40 else text


def after(
    before: ReferenceState,
    misses: int,
    found: Found,
    changed: tuple[Change, ...],
    *,
    key: str,
    now: datetime,
    every: timedelta,
) -> Standing:
    """Return how a reference stands after a look.

    before, misses  how it stood
    changed         what is not as described, where something was found
    key             by which looks are spread over time: the same gives the same
    every           how often to look
    """
    due = now + every * _spread(key)
    if found.presence is Presence.THERE:
        state = ReferenceState.DRIFTED if changed else ReferenceState.SAME
        return Standing(state, 0, "; ".join(one.sentence for one in changed), due)
    if found.presence is Presence.GONE:
        return Standing(ReferenceState.GONE, 0, found.detail, due)
    if found.presence is Presence.NEEDS_LOGIN:
        return Standing(ReferenceState.NEEDS_LOGIN, 0, found.detail, due)
    if found.presence is Presence.NOT_ASKED:
        return Standing(ReferenceState.UNKNOWN, 0, found.detail, due)
    return _after_silence(before, misses, found, now=now, due=due)


def _after_silence(
    before: ReferenceState, misses: int, found: Found, *, now: datetime, due: datetime
) -> Standing:
    """Return how it stands after no answer; one that asks for patience is no miss."""
    if found.retry_after:
        again = now + timedelta(seconds=found.retry_after)
        return Standing(before, misses, found.detail, again)
    wait = timedelta(hours=_BACKOFF_HOURS[min(misses, len(_BACKOFF_HOURS) - 1)])
    is_told = misses + 1 >= MISSES_BEFORE_TOLD
    state = ReferenceState.UNREACHABLE if is_told else before
    return Standing(state, misses + 1, found.detail, min(now + wait, due))


def _spread(key: str) -> float:
    """Return a factor from 0.9 to 1.1 that is the same for the same key."""
    return 0.9 + sha256(key.encode()).digest()[0] / 255 * 0.2
