"""Abandoning files in parts: by request, and those that nobody completes.

What is abandoned is marked first and removed later, by what the mark says: never by what a listing
of the store happens to show.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_, select, update

from catalog.domain.errors import CatalogError, WrongState
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Actor
from catalog.parts import Parts
from catalog.services.uploads import (
    UNDECIDED,
    UploadRecord,
    UploadState,
    end,
    find_upload,
    upload_of,
)
from catalog.tables import File, Reservation, Upload, Version

_log = logging.getLogger(__name__)

PART_ADDRESS_SECONDS = 3600
"""How long an address that the store signed takes a part."""

_LATE_PARTS = timedelta(seconds=PART_ADDRESS_SECONDS) + timedelta(hours=1)
_ROWS_STAY = timedelta(days=7)
_AT_ONCE = 200


def abandon_upload(
    parts: Parts, actor: Actor, item_id: str, upload_id: str, *, now: datetime
) -> None:
    """Abandon an upload, whatever has arrived of it.

    Raises NotFound, and WrongState where it is kept already or its bytes are being checked.
    """
    _, upload = find_upload(parts, actor, item_id, upload_id)
    if upload.state is UploadState.KEPT:
        raise WrongState("This upload is a file of the item already; remove that.")
    with parts.database.writing() as session:
        end(session, upload.id, UploadState.ABANDONED, now=now)
        if upload.state is UploadState.REFUSED:
            session.execute(
                update(Upload)
                .where(Upload.id == upload.id)
                .values(state=UploadState.ABANDONED.value)
            )
    discard_parts(parts, upload)


def discard_parts(parts: Parts, upload: UploadRecord) -> None:
    """Remove the bytes of an upload that has ended; what cannot be removed now is removed later."""
    try:
        parts.objects.discard(upload.id)
        if not _is_used(parts, upload.key):
            parts.objects.delete(upload.key)
    except CatalogError as fault:
        _log.warning("parts of upload %s stay for now: %s", upload.id, fault)


def _is_used(parts: Parts, key: str) -> bool:
    with parts.database.reading() as session:
        return session.scalar(select(File.key).where(File.key == key).limit(1)) is not None


def clear_uploads(parts: Parts, now: datetime) -> None:
    """Abandon what nobody completes or can complete, and remove what is no longer needed."""
    _mark(parts, now)
    _clear(parts, now)
    with parts.database.writing() as session:
        session.execute(delete(Reservation).where(Reservation.expires < now))
        session.execute(delete(Upload).where(Upload.cleared < now - _ROWS_STAY))


def _mark(parts: Parts, now: datetime) -> None:
    """Abandon what has expired, or whose version is frozen or gone."""
    is_draft = exists().where(
        Version.item_id == Upload.item_id,
        Version.n == Upload.n,
        Version.state == State.DRAFT.value,
    )
    is_over = or_(Upload.expires < now, ~is_draft)
    with parts.database.reading() as session:
        rows = session.scalars(
            select(Upload.id).where(Upload.state.in_(UNDECIDED), is_over).limit(_AT_ONCE)
        ).all()
    for upload_id in rows:
        with parts.database.writing() as session:
            end(session, upload_id, UploadState.ABANDONED, now=now)


def _clear(parts: Parts, now: datetime) -> None:
    """Remove the parts of uploads that ended so long ago that no address takes any more."""
    with parts.database.reading() as session:
        rows = session.scalars(
            select(Upload)
            .where(
                Upload.state.not_in(UNDECIDED),
                Upload.cleared.is_(None),
                Upload.ended < now - _LATE_PARTS,
            )
            .limit(_AT_ONCE)
        ).all()
    for row in rows:
        discard_parts(parts, upload_of(row))
        with parts.database.writing() as session:
            session.execute(update(Upload).where(Upload.id == row.id).values(cleared=now))
