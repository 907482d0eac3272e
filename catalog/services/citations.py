"""References among items: kept with each description, judged against what others may see."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Actor
from catalog.domain.record import DoiState, ItemName
from catalog.domain.report import RECORD_COMPONENT, Finding
from catalog.services.dois import ALL_VERSIONS
from catalog.services.visible import listed_to, newest_first, visible_to
from catalog.tables import Citation, Doi, Item, Version


def keep_citations(session: Session, item_id: str, n: int, cited: Iterable[str]) -> None:
    """Make the kept citations of a version equal to `cited`."""
    session.execute(delete(Citation).where(Citation.item_id == item_id, Citation.n == n))
    session.add_all(Citation(item_id=item_id, n=n, cited=other) for other in cited)


def findings_on_references(
    session: Session,
    cited: Iterable[str],
    *,
    public: bool = True,
    together: frozenset[str] = frozenset(),
    owner: int | None = None,
) -> tuple[Finding, ...]:
    """Return a finding for each cited item that readers of the citing one could not open.

    public    whether the citing item is, or is going to be, seen by everybody; a private one may
              also cite what its owner sees
    together  items that the same request publishes
    """
    wanted = [other for other in cited if other not in together]
    if not wanted:
        return ()
    rows = session.execute(
        select(Version.item_id, Version.state, Version.visibility, Item.owner_id)
        .join(Item, Item.id == Version.item_id)
        .where(Version.item_id.in_(wanted), Version.state != State.WITHDRAWN.value)
    )
    open_to_all: set[str] = set()
    to_owner: set[str] = set()
    for item_id, state, visibility, owner_id in rows:
        if state == State.PUBLISHED and visibility in METADATA_ARE_PUBLIC:
            open_to_all.add(item_id)
        elif owner_id == owner:
            to_owner.add(item_id)
    fine = open_to_all if public else open_to_all | to_owner
    return tuple(_unopened(other) for other in wanted if other not in fine)


def _unopened(item_id: str) -> Finding:
    return Finding(
        severity="violation",
        level="publication",
        focus_node="<>",
        value=f"<{item_id}>",
        message=(
            f"The item {item_id} that this one cites is not published. "
            "Publish it first, or both in one request."
        ),
        component=RECORD_COMPONENT,
    )


def findings_on_files(mentioned: Iterable[str], kept: Iterable[str]) -> tuple[Finding, ...]:
    """Return a finding for each file that the description speaks of and the item does not have.

    mentioned, kept  names as they stand in IRIs, percent-encoded
    """
    there = set(kept)
    return tuple(
        Finding(
            severity="violation",
            level="publication",
            focus_node=f"<#file/{name}>",
            message=f"The description speaks of a file {name} that is not here. Upload it.",
            component=RECORD_COMPONENT,
        )
        for name in mentioned
        if name not in there
    )


def names_of(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, ItemName]:
    """Return the names of those items that the actor may see, each by its newest version."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = session.execute(
        select(Version.item_id, Version.type, Version.title, Doi.doi)
        .join(Item, Item.id == Version.item_id)
        .outerjoin(Doi, resolves_to_item())
        .where(Version.item_id.in_(wanted), visible_to(actor))
        .order_by(*newest_first())
    )
    names: dict[str, ItemName] = {}
    for row in rows:
        names.setdefault(row[0], ItemName(*row))
    return names


def resolves_to_item() -> ColumnElement[bool]:
    """Return the condition that a DOI names all versions of an item and everybody can use it."""
    return and_(
        Doi.item_id == Version.item_id,
        Doi.n == ALL_VERSIONS,
        Doi.state == DoiState.FINDABLE.value,
    )


def citing(session: Session, actor: Actor, item_id: str, limit: int = 50) -> tuple[ItemName, ...]:
    """Return items that cite this one and that the actor finds in lists, newest first."""
    rows = session.execute(
        select(Version.item_id, Version.type, Version.title, Doi.doi)
        .join(Item, Item.id == Version.item_id)
        .outerjoin(Doi, resolves_to_item())
        .join(Citation, (Citation.item_id == Version.item_id) & (Citation.n == Version.n))
        .where(Citation.cited == item_id, listed_to(actor))
        .order_by(Version.modified.desc(), Version.item_id)
        .limit(limit)
    )
    return tuple({row[0]: ItemName(*row) for row in rows}.values())
