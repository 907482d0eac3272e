"""The DOIs of an item in the record: one for all its versions, and one for each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.record import Dois, DoiState
from catalog.domain.registering import ALL_VERSIONS
from catalog.parts import Parts
from catalog.services import outbox
from catalog.tables import Doi

__all__ = ["ALL_VERSIONS", "dois_in", "dois_of", "gets_doi", "look_again", "planned_dois"]

_BEHIND: Final = (
    DoiState.NONE,
    DoiState.FAILED,
    DoiState.RESERVED,
    DoiState.REGISTERING,
    DoiState.HIDDEN,
    DoiState.FINDABLE,
)
"""States in the order in which one of them stands for two DOIs."""


def dois_of(session: Session, item_id: str, n: int) -> Dois:
    """Return the DOIs of an item and of its version `n`."""
    found = select(Doi).where(Doi.item_id == item_id, Doi.n.in_((ALL_VERSIONS, n)))
    return dois_in(session.scalars(found), n)


def dois_in(found: Iterable[Doi], n: int) -> Dois:
    """Return those of rows of one item that are of the item or of its version `n`."""
    rows = {row.n: row for row in found}
    if not rows:
        return Dois()
    concept, version = rows.get(ALL_VERSIONS), rows.get(n)
    # A draft beside what is published has none of its own yet, however far the other has come.
    states = [DoiState(row.state) for row in rows.values()] if version else [DoiState.NONE]
    return Dois(
        concept=concept.doi if concept else None,
        version=version.doi if version else None,
        state=min(states, key=_BEHIND.index),
        problem=next((row.problem for row in rows.values() if row.problem), None),
        findable=tuple(
            row.doi for row in (concept, version) if row and row.state == DoiState.FINDABLE
        ),
    )


def planned_dois(parts: Parts, item_id: str, n: int) -> Dois:
    """Return the DOIs that an item and its version `n` have, or would have: they are computed."""
    prefix = parts.settings.doi_prefix
    return Dois(
        concept=concept_doi(item_id, prefix),
        version=version_doi(item_id, n, prefix),
        state=DoiState.RESERVED,
    )


def gets_doi(parts: Parts, item_type: str) -> bool:
    """Tell whether items of a type get DOIs here."""
    return item_type not in parts.settings.without_doi


def look_again(session: Session, item_id: str, *, now: datetime) -> None:
    """Ask for the DOIs of an item to be looked at again, where it has any."""
    if session.scalar(select(exists().where(Doi.item_id == item_id))):
        outbox.ask(session, outbox.DOI, item_id, now=now)
