"""What the registrar should have of each DOI of an item, and whether it has just that.

The DOI of a version is findable while everybody sees its metadata, and hidden, resolving to the
tombstone, once it was withdrawn. The DOI of all versions goes with the newest that everybody sees.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from catalog.domain.lifecycle import State, Visibility, is_announced
from catalog.domain.record import DoiState

ALL_VERSIONS: Final = 0
"""The number under which the DOI of all versions stands."""


class Standing(NamedTuple):
    """Where a version stands, as far as its DOI depends on it."""

    n: int
    state: State
    is_announced: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What the registrar should have of one DOI.

    state  findable or hidden; reserved where it should have nothing yet
    of     the number of the version that the metadata are of
    """

    state: DoiState
    of: int


def standing_of(n: int, state: str, visibility: str, published: datetime | None) -> Standing:
    """Return where a version stands, from what the record says of it."""
    return Standing(n, State(state), is_announced(published, Visibility(visibility)))


def wishes(versions: Iterable[Standing]) -> dict[int, Wish]:
    """Return what the registrar should have of the DOI of each version, and of all of them."""
    wanted = {one.n: Wish(_state_for(one), one.n) for one in versions}
    best = max(wanted.values(), key=lambda wish: (_ORDER.index(wish.state), wish.of), default=None)
    if best is not None:
        wanted[ALL_VERSIONS] = best
    return wanted


_ORDER: Final = (DoiState.RESERVED, DoiState.HIDDEN, DoiState.FINDABLE)


def _state_for(one: Standing) -> DoiState:
    if not one.is_announced:
        return DoiState.RESERVED
    return DoiState.HIDDEN if one.state is State.WITHDRAWN else DoiState.FINDABLE


def digest_of(said: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a JSON object, the same for the same content."""
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def digest_of_kept(got: Mapping[str, Any]) -> str:
    """Return the digest of what a registrar has of all that it can be sent.

    A registrar completes and tidies what it is sent, so this is another one than that of what was
    sent; but it stays the same for as long as nobody changes anything there.
    """
    return digest_of({name: got.get(name) or None for name in _METADATA})


_METADATA: Final = (
    "url", "contentUrl", "creators", "titles", "publisher", "publicationYear", "types", "subjects",
    "contributors", "dates", "language", "identifiers", "alternateIdentifiers",
    "relatedIdentifiers", "relatedItems",
    "sizes", "formats", "version", "rightsList", "descriptions", "geoLocations",
    "fundingReferences",
)  # fmt: skip
"""The attributes of a DOI that are metadata, in the registrar's order."""


def not_taken(sent: Mapping[str, Any], got: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which parts of what was sent the registrar does not have, of those it never rewrites.

    These are the address, the texts of the titles, the number of creators, and the year.
    """
    return tuple(name for name, read in _CORE.items() if read(sent) != read(got))


def _address(said: Mapping[str, Any]) -> str:
    return str(said.get("url") or "")


def _titles(said: Mapping[str, Any]) -> list[str]:
    titles = said.get("titles")
    if not isinstance(titles, list):
        return []
    return sorted(_words(str(one.get("title", ""))) for one in titles if isinstance(one, dict))


def _creators(said: Mapping[str, Any]) -> int:
    creators = said.get("creators")
    return len(creators) if isinstance(creators, list) else 0


def _year(said: Mapping[str, Any]) -> str:
    return str(said.get("publicationYear") or "")


_CORE: Final = {
    "url": _address,
    "titles": _titles,
    "creators": _creators,
    "publicationYear": _year,
}


def _words(text: str) -> str:
    """Return the letters and digits of a text: a registrar may take out markup and spaces."""
    return re.sub(r"[\W_]+", "", re.sub(r"<[^<>]*>", "", html.unescape(text)))
