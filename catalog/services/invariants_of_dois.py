"""What has to be true of DOIs in the record, whatever the registrar has of them."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.record import DoiState
from catalog.domain.registering import ALL_VERSIONS, Wish, standing_of, wishes
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.invariants import Check
from catalog.tables import Doi, Version, Work

_PAGE = 200


def check_dois(parts: Parts) -> Check:
    """Every DOI is the one that is computed, in the state that its item asks for."""
    check = Check("dois", "Every DOI is its item's own, and findable only where all may see that.")
    after = ""
    while True:
        with parts.database.reading() as session:
            items = session.scalars(
                select(Doi.item_id)
                .where(Doi.item_id > after)
                .distinct()
                .order_by(Doi.item_id)
                .limit(_PAGE)
            ).all()
            if not items:
                return check
            after = items[-1]
            for item_id in items:
                _check_item(session, parts, item_id, check)


def _check_item(session: Session, parts: Parts, item_id: str, check: Check) -> None:
    rows = session.scalars(select(Doi).where(Doi.item_id == item_id)).all()
    versions = session.execute(
        select(Version.n, Version.state, Version.visibility, Version.published).where(
            Version.item_id == item_id
        )
    )
    wanted = wishes(standing_of(*version) for version in versions)
    waits = session.get(Work, (outbox.DOI, item_id)) is not None
    prefix = parts.settings.doi_prefix
    for row in rows:
        check.examined += 1
        for problem in _problems_of(row, wanted.get(row.n), prefix, waits=waits):
            check.fault(f"{row.doi} {problem}.")


def _problems_of(row: Doi, wish: Wish | None, prefix: str, *, waits: bool) -> Iterator[str]:
    own, _, name = row.doi.partition("/")
    if f"{own}/{name}" != _computed(row, own):
        yield f"is not the DOI of {row.item_id} version {row.n}"
    if wish is None:
        yield "names a version that there is not"
    elif own == prefix and not waits and not _fits(DoiState(row.state), wish):
        yield f"is {row.state}, should be {wish.state.value}, and nobody is asked to change that"


def _computed(row: Doi, prefix: str) -> str:
    if row.n == ALL_VERSIONS:
        return concept_doi(row.item_id, prefix)
    return version_doi(row.item_id, row.n, prefix)


def _fits(state: DoiState, wish: Wish) -> bool:
    return state is wish.state or state is DoiState.FAILED
