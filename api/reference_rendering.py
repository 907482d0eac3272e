"""Bytes elsewhere as pages show them: what was found at an address, and how a reference stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.frame import Frame
from api.naming import Naming, Word
from api.values import Reader, Row, host
from catalog.domain.description import Description
from catalog.domain.identifiers import VOCAB, item_iri
from catalog.domain.record import ReferenceRecord
from catalog.domain.references.asking import Presence
from catalog.domain.references.describing import PART
from catalog.domain.references.drift import MOVED, ReferenceState
from catalog.domain.writing import ntriples_of
from catalog.services.check_references import Moved
from catalog.services.look_up_reference import LookedUp
from catalog.services.validate import NOBODY

_TONES: Final = {
    ReferenceState.DRIFTED: "warn",
    ReferenceState.GONE: "bad",
    ReferenceState.UNREACHABLE: "bad",
    ReferenceState.NEEDS_LOGIN: "info",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reference stands, as a page says it.

    label    the name of the state, "" before the first look
    tone     warn, bad, info, or "" where all is well
    address  what was looked at, where it is not named beside
    """

    label: str
    meaning: str
    tone: str
    looked: datetime | None
    finding: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class LookedUpView:
    """What came of a look-up.

    found    whether something is there
    site     who was asked
    detail   why nothing could be read
    about    what a description of the item could begin with
    copy     the same of the file, or whatever lies there
    fitting  the item type that fits best, with its address; None where none does
    """

    address: str
    found: bool
    site: str
    detail: str
    about: tuple[Row, ...]
    copy: tuple[Row, ...]
    fitting: tuple[str, Word] | None


@dataclass(frozen=True, slots=True)
class MovedLine:
    """A reference of somebody's that is no longer as described."""

    href: str
    title: str
    address: str
    label: str
    tone: str
    finding: str
    since: datetime


def standing(words: Naming, one: ReferenceRecord) -> Standing:
    """Return how a reference stands."""
    is_known = one.looked is not None and one.state is not ReferenceState.UNKNOWN
    word = _word(words, one.state) if is_known else Word("")
    return Standing(
        label=word.label,
        meaning=word.help,
        tone=_TONES.get(one.state, ""),
        looked=one.looked if is_known else None,
        finding=_begun_large(one.finding),
        address=one.address,
    )


def _begun_large(finding: str) -> str:
    """Return a sentence with a capital, unless it begins with the name of a host."""
    is_host = "." in finding.partition(" ")[0]
    return finding if is_host else finding[:1].upper() + finding[1:]


def _word(words: Naming, state: ReferenceState) -> Word:
    return words.term(f"{VOCAB}reference-state/{state.value}") or Word(state.value)


def moved_lines(frame: Frame, words: Naming, found: Sequence[Moved]) -> list[MovedLine]:
    """Return the references that have moved as the owner's page lists them."""
    return [
        MovedLine(
            href=f"{frame.root}items/{one.item_id}/v/{one.n}#files",
            title=one.title,
            address=one.address,
            label=_word(words, one.state).label,
            tone=_TONES.get(one.state, "") if one.state in MOVED else "",
            finding=one.finding,
            since=one.since,
        )
        for one in found
    ]


def looked_up_view(frame: Frame, words: Naming, looked: LookedUp) -> LookedUpView:
    """Return what came of a look-up as the page shows it."""
    item = item_iri(NOBODY)
    reader = Reader(Description(item, ntriples_of(looked.statements)), words, {})
    distribution = "http://www.w3.org/ns/dcat#distribution"
    is_there = looked.found.presence is Presence.THERE
    return LookedUpView(
        address=looked.address,
        found=is_there,
        site=host(looked.facts.address) if looked.facts else "",
        detail=looked.found.detail,
        about=reader.rows(f"<{item}>", without={distribution}) if is_there else (),
        copy=reader.rows(f"<{item}#{PART}>") if is_there else (),
        fitting=_fitting(frame, words, looked),
    )


def _fitting(_frame: Frame, words: Naming, looked: LookedUp) -> tuple[str, Word] | None:
    if not looked.type:
        return None
    word = Word(words.of_type(looked.type), words.meaning_of_type(looked.type))
    return looked.type, word
