"""Rows of the record as the plain values that the floors below and above understand."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from catalog.domain.errors import MovedOn, NotFound, PreconditionMissing
from catalog.domain.lifecycle import BYTES_ARE_CLOSED, State, Visibility
from catalog.domain.permissions import Action, Actor, authorize
from catalog.domain.record import (
    Delay,
    Deprecation,
    DoiState,
    FileRecord,
    ItemRecord,
    VersionName,
    Withdrawal,
)
from catalog.domain.tombstone import gone
from catalog.services.dois import dois_of
from catalog.services.outbox import is_indexed
from catalog.services.references import references_in
from catalog.services.soundness import known_of
from catalog.services.visible import ALL_USERS, is_in_force, newest_first, visible_to
from catalog.tables import Account, Bucket, Doi, File, Fixity, Item, Permission, Version

FILES_IN_A_RECORD = 100
"""How many files a record carries itself; beyond that they are paged."""


def load(
    session: Session, actor: Actor, action: Action, item_id: str, n: int | None = None
) -> ItemRecord:
    """Return the version `n`, or the newest that the actor may see, if `action` is allowed to it.

    Raises NotFound, Unauthenticated or Forbidden, and Gone for what is withdrawn; only to
    Action.READ that is returned, since its tombstone is an answer that the caller makes.
    """
    item, version = _rows(session, actor, item_id, n)
    record = record_of(session, item, version, actor)
    _allow(actor, action, record)
    return record


def load_for_change(
    session: Session,
    actor: Actor,
    action: Action,
    item_id: str,
    *,
    expected: frozenset[str] | None,
    n: int | None = None,
) -> tuple[Item, Version, ItemRecord]:
    """Return the rows to change, locked, with the record as it is now.

    expected  the stages that `If-Match` names; "*" means any

    Raises what `load` raises, PreconditionMissing without `expected`, and MovedOn where the item
    is no longer at one of those stages.
    """
    item, version = _rows(session, actor, item_id, n, lock=True)
    record = record_of(session, item, version, actor)
    _allow(actor, action, record)
    check_stage(record, expected)
    return item, version, record


def _allow(actor: Actor, action: Action, record: ItemRecord) -> None:
    if record.state is State.WITHDRAWN and action is not Action.READ:
        raise gone(record)
    authorize(actor, action, record)


def check_stage(record: ItemRecord, expected: frozenset[str] | None) -> None:
    """Raise unless the record is at a stage that the caller expects."""
    if expected is None:
        raise PreconditionMissing
    if "*" not in expected and record.stage not in expected:
        raise MovedOn(
            f"The item is at {record.stage} now; read it again and repeat your change.",
            id=record.id,
            current=record.stage,
        )


def _rows(
    session: Session, actor: Actor, item_id: str, n: int | None, *, lock: bool = False
) -> tuple[Item, Version]:
    wanted = (
        select(Item, Version)
        .join(Version, Version.item_id == Item.id)
        .where(Item.id == item_id, visible_to(actor))
        .order_by(*newest_first())
        .limit(1)
    )
    if n is not None:
        wanted = wanted.where(Version.n == n)
    if lock:
        wanted = wanted.with_for_update()
    found = session.execute(wanted).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


def record_of(session: Session, item: Item, version: Version, actor: Actor) -> ItemRecord:
    """Return one version as a plain value, with its first files and what it is granted to."""
    of_version = (File.item_id == item.id, File.n == version.n)
    files = files_in(session, *of_version, limit=FILES_IN_A_RECORD)
    return ItemRecord(
        id=item.id,
        version=version.n,
        revision=version.revision,
        file_changes=version.file_changes,
        state_changes=version.state_changes,
        type=version.type,
        title=version.title,
        state=State(version.state),
        visibility=Visibility(version.visibility),
        owner_id=item.owner_id,
        owner=session.scalar(select(Account.name).where(Account.id == item.owner_id)) or "",
        created=item.created,
        modified=version.modified,
        published=version.published,
        ntriples=version.ntriples,
        digest=version.digest,
        report=version.report,
        filled_in=version.filled_in,
        files=files,
        files_total=version.files_total,
        versions=_versions(session, item, actor),
        granted=_granted(session, version, actor),
        withdrawal=_withdrawal(version.withdrawal),
        deprecation=deprecation_of(version.deprecation),
        indexed=is_indexed(session, item.id),
        dois=dois_of(session, item.id, version.n),
        references=references_in(session, item.id, version.n),
        until=version.until,
        publish_at=version.publish_at,
        delay=delay_of(version.delay),
        bucket=session.scalar(select(Bucket.uuid).where(Bucket.item_id == item.id)),
    )


def files_in(session: Session, *which: ColumnElement[bool], limit: int) -> tuple[FileRecord, ...]:
    """Return the first of some files by name, with what the last reading of each showed."""
    rows = session.execute(
        select(File, Fixity)
        .outerjoin(Fixity, Fixity.key == File.key)
        .where(*which)
        .order_by(File.folded)
        .limit(limit)
    )
    return tuple(file_of(row, read) for row, read in rows)


def file_of(row: File, read: Fixity | None = None) -> FileRecord:
    """Return a row of a file as a plain value.

    read  the row of the last reading of its bytes, where that is to be told
    """
    return FileRecord(
        name=row.name,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        media_type=row.media_type,
        key=row.key,
        created=row.created,
        fixity=known_of(read),
    )


def _versions(session: Session, item: Item, actor: Actor) -> tuple[VersionName, ...]:
    rows = session.execute(
        select(Version.n, Version.state, Version.published, Version.visibility, Doi.doi)
        .join(Item, Item.id == Version.item_id)
        .outerjoin(Doi, _resolves_to_version())
        .where(Version.item_id == item.id, visible_to(actor))
        .order_by(Version.n)
    )
    return tuple(
        VersionName(n, State(state), published, Visibility(visibility), doi)
        for n, state, published, visibility, doi in rows
    )


def _resolves_to_version() -> ColumnElement[bool]:
    """Return the condition that a DOI names a version and leads there, or to its tombstone."""
    return and_(
        Doi.item_id == Version.item_id,
        Doi.n == Version.n,
        Doi.state.in_((DoiState.FINDABLE.value, DoiState.HIDDEN.value)),
    )


def _granted(session: Session, version: Version, actor: Actor) -> frozenset[str]:
    """Return the rights that others granted to the actor.

    What was granted to everybody does not open the files of what is restricted or embargoed: who
    published it so said later, and more exactly, who gets them.
    """
    is_closed = version.state == State.PUBLISHED.value and version.visibility in BYTES_ARE_CLOSED
    groups = actor.groups if is_closed else actor.groups | {ALL_USERS}
    rows = session.execute(
        select(Permission.grantee_type, Permission.grantee, Permission.permission).where(
            Permission.item_id == version.item_id, is_in_force()
        )
    )
    return frozenset(
        permission
        for kind, grantee, permission in rows
        if (kind == "USER" and grantee == actor.name and actor.account is not None)
        or (kind == "GROUP" and grantee in groups)
    )


def _withdrawal(stored: dict[str, Any] | None) -> Withdrawal | None:
    if stored is None:
        return None
    return Withdrawal(**(stored | {"at": datetime.fromisoformat(stored["at"])}))


def delay_of(stored: dict[str, Any] | None) -> Delay | None:
    """Return why something did not become public on its date as a plain value."""
    if stored is None:
        return None
    return Delay(datetime.fromisoformat(stored["at"]), tuple(stored["why"]))


def deprecation_of(stored: dict[str, Any] | None) -> Deprecation | None:
    """Return a stored mark of deprecation as a plain value."""
    if stored is None:
        return None
    return Deprecation(**(stored | {"at": datetime.fromisoformat(stored["at"])}))
