"""The DOIs of an item in the record: one for all its versions, and one for each."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.record import Dois, DoiState
from catalog.tables import Doi

ALL_VERSIONS: Final = 0
"""The number under which the DOI of all versions stands."""

_BEHIND: Final = (
    DoiState.FAILED,
    DoiState.RESERVED,
    DoiState.REGISTERING,
    DoiState.HIDDEN,
    DoiState.FINDABLE,
)
"""States in the order in which one of them stands for two DOIs."""


def dois_of(session: Session, item_id: str, n: int) -> Dois:
    """Return the DOIs of an item and of its version `n`."""
    rows = {
        row.n: row
        for row in session.scalars(
            select(Doi).where(Doi.item_id == item_id, Doi.n.in_((ALL_VERSIONS, n)))
        )
    }
    if not rows:
        return Dois()
    concept, version = rows.get(ALL_VERSIONS), rows.get(n)
    return Dois(
        concept=concept.doi if concept else None,
        version=version.doi if version else None,
        state=min((DoiState(row.state) for row in rows.values()), key=_BEHIND.index),
        problem=next((row.problem for row in rows.values() if row.problem), None),
    )
