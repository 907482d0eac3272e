"""The DOIs of an item as its page shows them: a link only where it leads somewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from api.frame import Frame
from catalog.domain.exporting.exported import TEST_DOI
from catalog.domain.record import Dois, DoiState

_FOR_THE_OWNER: Final = {
    DoiState.RESERVED: ("reserved", "It is registered once the item is public."),
    DoiState.REGISTERING: ("being registered", "The registrar has not confirmed it yet."),
    DoiState.FAILED: ("registration failed", ""),
}
TEST_IN_SHORT: Final = "test DOI"
"""What stands instead of `TEST_DOI` at a second one beside the first."""


@dataclass(frozen=True, slots=True)
class DoiShown:
    """One DOI.

    label  what it names
    text   the DOI, as its full address where that resolves for everybody
    href   where it resolves, "" while it does not
    badge  what to know about it, "" for nothing
    tone   warn or bad
    """

    label: str
    text: str
    href: str
    badge: str
    tone: str


def dois_shown(dois: Dois, frame: Frame, *, is_own: bool) -> tuple[DoiShown, ...]:
    """Return the DOIs to show: that of the version first, then that of all versions.

    is_own  whether the reader may change the item, and so is told how registration goes
    """
    named = (("DOI of this version", dois.version), ("DOI of all versions", dois.concept))
    found = [
        _shown(label, doi, dois.state, frame, is_findable=doi in dois.findable, is_own=is_own)
        for label, doi in named
        if doi
    ]
    if len(found) > 1 and found[0].badge == found[1].badge == TEST_DOI:
        found[1] = replace(found[1], badge=TEST_IN_SHORT)
    return tuple(found)


def _shown(
    label: str, doi: str, state: DoiState, frame: Frame, *, is_findable: bool, is_own: bool
) -> DoiShown:
    if is_findable:
        href = frame.doi_resolver + doi
        if frame.dois_are_tests:
            return DoiShown(label, doi, href, TEST_DOI, "warn")
        return DoiShown(label, href, href, "", "")
    if state is DoiState.HIDDEN:
        return DoiShown(label, doi, "", "no longer findable", "warn")
    word = _FOR_THE_OWNER[state][0] if is_own and state in _FOR_THE_OWNER else "not registered yet"
    return DoiShown(label, doi, "", word, "bad" if is_own and state is DoiState.FAILED else "warn")


def progress(dois: Dois, *, is_own: bool) -> tuple[str, ...]:
    """Return what the owner should know about the registration, in sentences; nothing to others."""
    if not is_own:
        return ()
    sentences: Iterable[str] = (_FOR_THE_OWNER.get(dois.state, ("", ""))[1], dois.problem or "")
    return tuple(one for one in sentences if one)
