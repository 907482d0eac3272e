"""Files on their way in by parts, as the record has them: found, and ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, NotFound, every_error
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.parts import Parts
from catalog.ports import Part
from catalog.services.loading import load
from catalog.tables import Reservation, Upload


class UploadState(StrEnum):
    """How far a file in parts is."""

    OPEN = "open"
    CHECKING = "checking"
    KEPT = "kept"
    REFUSED = "refused"
    ABANDONED = "abandoned"


UNDECIDED: Final = (UploadState.OPEN.value, UploadState.CHECKING.value)


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file on its way in. `problem` is why it was refused."""

    id: str
    item_id: str
    version: int
    name: str
    size_bytes: int
    sha256: str
    media_type: str
    part_size_bytes: int
    key: str
    state: UploadState
    created: datetime
    expires: datetime
    busy_until: datetime | None = None
    ended: datetime | None = None
    by_id: int | None = None
    problem: Mapping[str, Any] | None = None

    @property
    def parts_total(self) -> int:
        """How many parts it has; none where it has no bytes."""
        return -(-self.size_bytes // self.part_size_bytes)

    def part(self, n: int) -> Part:
        """Return one of its parts, counted from 1; NotFound where it has not so many."""
        if not 1 <= n <= self.parts_total:
            raise NotFound(f"This upload has {self.parts_total} parts, counted from 1.")
        start = (n - 1) * self.part_size_bytes
        return Part(n, start, min(self.part_size_bytes, self.size_bytes - start))

    def parts(self, after: int = 0, most: int | None = None) -> tuple[Part, ...]:
        """Return its parts in their order, those behind number `after`, at most so many."""
        last = self.parts_total if most is None else min(self.parts_total, after + most)
        return tuple(self.part(n) for n in range(after + 1, last + 1))

    @property
    def file(self) -> FileRecord:
        """The file that it became."""
        return FileRecord(
            name=self.name,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            media_type=self.media_type,
            key=self.key,
            created=self.ended or self.created,
        )

    @property
    def fault(self) -> CatalogError | None:
        """Why it was refused, as the error that said so first."""
        return None if self.problem is None else _error_of(self.problem)


def find_upload(
    parts: Parts, actor: Actor, item_id: str, upload_id: str
) -> tuple[ItemRecord, UploadRecord]:
    """Return an upload of an item that the actor may write, with the version that it is for.

    Raises NotFound for one of another item and for one that was abandoned, and what `load` raises.
    """
    with parts.database.reading() as session:
        row = session.get(Upload, upload_id)
        if row is None or row.item_id != item_id:
            load(session, actor, Action.WRITE, item_id)
            raise NotFound(_NONE)
        record = load(session, actor, Action.WRITE, item_id, row.n)
        if row.state == UploadState.ABANDONED.value:
            raise NotFound(_NONE)
        return record, upload_of(row)


_NONE = "There is no upload of that name here; it may have been abandoned. Begin anew."


def upload_of(row: Upload) -> UploadRecord:
    """Return a row as a plain value."""
    return UploadRecord(
        id=row.id,
        item_id=row.item_id,
        version=row.n,
        name=row.name,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        media_type=row.media_type,
        part_size_bytes=row.part_size_bytes,
        key=row.key,
        state=UploadState(row.state),
        created=row.created,
        expires=row.expires,
        busy_until=row.busy_until,
        ended=row.ended,
        by_id=row.by_id,
        problem=row.problem,
    )


def end(
    session: Session,
    upload_id: str,
    state: UploadState,
    *,
    now: datetime,
    fault: CatalogError | None = None,
) -> bool:
    """End an upload that is undecided, and give its room back; tell whether it was."""
    ended = session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.state.in_(UNDECIDED))
        .values(state=state.value, ended=now, busy_until=None, problem=fault and _said(fault))
        .returning(Upload.id)
    ).all()
    session.execute(delete(Reservation).where(Reservation.id == upload_id))
    return bool(ended)


def abandon_all(session: Session, item_id: str, n: int, *, now: datetime) -> None:
    """Abandon what is on its way into a version; its bytes are cleared away later."""
    of_version = select(Upload.id).where(
        Upload.item_id == item_id, Upload.n == n, Upload.state.in_(UNDECIDED)
    )
    for upload_id in session.scalars(of_version).all():
        end(session, upload_id, UploadState.ABANDONED, now=now)


def _said(fault: CatalogError) -> dict[str, Any]:
    evidence = {
        name: value
        for name, value in fault.evidence.items()
        if isinstance(value, str | int | float | bool)
    }
    return {"slug": fault.slug, "detail": fault.detail, "evidence": evidence}


def _error_of(problem: Mapping[str, Any]) -> CatalogError:
    kinds = {kind.slug: kind for kind in every_error()}
    made = CatalogError.__new__(kinds.get(problem["slug"], CatalogError))
    CatalogError.__init__(made, problem["detail"], **problem["evidence"])
    return made


_MOST_PARTS: Final = 4_000
_MEBIBYTE: Final = 1 << 20


def part_size_for(size_bytes: int, usual: int) -> int:
    """Return how large the parts of a file are: as usual, or so that they are not too many.

    >>> part_size_for(50 * 10**9, 64 << 20), part_size_for(5 * 10**12, 64 << 20) >> 20
    (67108864, 1193)
    """
    least = -(-size_bytes // _MOST_PARTS)
    return usual if least <= usual else -(-least // _MEBIBYTE) * _MEBIBYTE
