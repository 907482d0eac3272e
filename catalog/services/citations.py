"""References among items: kept with each description, judged against what others may see."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Actor
from catalog.domain.record import DoiState, ItemName
from catalog.domain.report import RECORD_COMPONENT, Finding
from catalog.domain.sharing import EVERYBODY, Grantee, GranteeType
from catalog.services.dois import ALL_VERSIONS
from catalog.services.groups import grantee_of
from catalog.services.permissions import readers_of
from catalog.services.visible import listed_to, newest_first, visible_to
from catalog.tables import Account, Citation, Doi, Item, Version


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
    citing: str | None = None,
) -> tuple[Finding, ...]:
    """Return a finding for each cited item that readers of the citing one could not open.

    public    whether the citing item is, or is going to be, seen by everybody; a private one may
              also cite what all see who see it
    together  items that the same request publishes
    owner     the account that owns the citing item
    citing    the id of that item, None where it is new and shared with nobody yet
    """
    wanted = [other for other in cited if other not in together]
    if not wanted:
        return ()
    rows = session.execute(
        select(Version.item_id, Version.state, Version.visibility)
        .join(Item, Item.id == Version.item_id)
        .where(Version.item_id.in_(wanted), Version.state != State.WITHDRAWN.value)
    )
    there: set[str] = set()
    fine: set[str] = set()
    for item_id, state, visibility in rows:
        there.add(item_id)
        if state == State.PUBLISHED and visibility in METADATA_ARE_PUBLIC:
            fine.add(item_id)
    if not public and owner is not None and there - fine:
        fine |= _open_to_readers(session, there - fine, owner, citing)
    return tuple(_unopened(other) for other in wanted if other not in fine)


def _open_to_readers(
    session: Session, cited: Collection[str], owner: int, citing: str | None
) -> set[str]:
    """Return those of the items that everybody may read who may read the citing one.

    Who is in which group is not known here: a group that reads the one has to be granted the other.
    """
    theirs = readers_of(session, cited)
    ours = readers_of(session, [citing])[citing] if citing else set()
    ours.add(grantee_of(session.get_one(Account, owner)))
    return {item_id for item_id, named in theirs.items() if _ALL in named or ours <= named}


_ALL = Grantee(GranteeType.GROUP, EVERYBODY)


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
