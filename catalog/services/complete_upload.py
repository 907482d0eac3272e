"""Completing a file in parts: every byte is read and compared before the draft may cite it."""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import (
    CatalogError,
    ChecksumMismatch,
    NoSpace,
    NotAcceptable,
    Unavailable,
    WrongState,
)
from catalog.domain.identifiers import folded
from catalog.domain.lifecycle import check_files_open
from catalog.domain.permissions import Action, Actor, Role
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.abandon_upload import discard_parts
from catalog.services.loading import load
from catalog.services.upload import Expected, keep_file, namesake
from catalog.services.uploads import (
    UNDECIDED,
    UploadRecord,
    UploadState,
    end,
    find_upload,
    upload_of,
)
from catalog.tables import Account, File, Upload

_log = logging.getLogger(__name__)

AT_ONCE_BYTES = 1 << 30
"""Up to here the request that completes a file reads it; beyond, somebody else does meanwhile."""

_SLOWEST_BYTES_A_SECOND = 20_000_000
_LEAST_TIME = timedelta(seconds=30)
_AGAIN_IN = timedelta(seconds=30)
_MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class Completed:
    """How far a completion is."""

    record: ItemRecord
    upload: UploadRecord


def complete_upload(
    parts: Parts,
    actor: Actor,
    item_id: str,
    upload_id: str,
    *,
    now: datetime,
    at_once_bytes: int = AT_ONCE_BYTES,
) -> Completed:
    """Make a file of the draft of an upload all of whose parts are there.

    at_once_bytes  a larger file is not read now: it is `checking`, until `finish_uploads` did that

    Asked again, it gives the same answer. Raises WrongState, with the numbers of those that are
    `missing`, and NotAcceptable where parts have another size; then the upload stays open. Raises
    ChecksumMismatch, and what keeping a file raises; then nothing of it stays.
    """
    record, upload = find_upload(parts, actor, item_id, upload_id)
    if upload.state is UploadState.OPEN:
        _check_ready(parts, record, upload)
        is_ours = _claim(parts, upload, actor.account, now, at_once_bytes)
        if is_ours and upload.size_bytes <= at_once_bytes:
            _finish(parts, actor, upload, now, otherwise=UploadState.OPEN)
        record, upload = find_upload(parts, actor, item_id, upload_id)
    if upload.fault is not None:
        raise upload.fault
    return Completed(record, upload)


def _check_ready(parts: Parts, record: ItemRecord, upload: UploadRecord) -> None:
    """Refuse what cannot be completed yet, or any more, before a byte is read."""
    check_files_open(record.state)
    with parts.database.reading() as session:
        namesake(session, upload.item_id, upload.version, upload.name)
    check_parts(upload, parts.objects.arrived(upload.id))


def check_parts(upload: UploadRecord, arrived: Mapping[int, int]) -> None:
    """Raise WrongState unless all parts have arrived, NotAcceptable where one has another size."""
    wanted = upload.parts()
    missing = [part.n for part in wanted if part.n not in arrived]
    if missing:
        raise WrongState(
            f"{len(missing):,} of {len(wanted):,} parts have not arrived yet.",
            missing=missing[:_MOST_NAMED],
            missing_total=len(missing),
        )
    wrong = [part.n for part in wanted if arrived[part.n] != part.size_bytes]
    if wrong:
        raise NotAcceptable(
            f"{len(wrong):,} parts have another size than they should; send them again.",
            wrong=wrong[:_MOST_NAMED],
        )


def _claim(
    parts: Parts, upload: UploadRecord, account: int | None, now: datetime, at_once_bytes: int
) -> bool:
    """Have the upload take no more parts, and nobody else check it for a while.

    False where somebody else did that at this moment.
    """
    with parts.database.writing() as session:
        row = session.scalar(select(Upload).where(Upload.id == upload.id).with_for_update())
        if row is None or row.state != UploadState.OPEN.value:
            return False
        row.state = UploadState.CHECKING.value
        row.by_id = account
        row.busy_until = now + _time_for(upload) if upload.size_bytes <= at_once_bytes else None
        return True


def _time_for(upload: UploadRecord) -> timedelta:
    return _LEAST_TIME + timedelta(seconds=upload.size_bytes / _SLOWEST_BYTES_A_SECOND)


def _finish(
    parts: Parts, actor: Actor, upload: UploadRecord, now: datetime, *, otherwise: UploadState
) -> None:
    """Read the bytes, compare them and keep the file, or note why it is refused.

    otherwise  what becomes of the upload where something else fails, such as the store; then that
               is raised, and it can be tried again
    """
    try:
        _keep(parts, actor, upload, now)
    except (Unavailable, NoSpace):
        _put_off(parts, upload, otherwise, now)
        raise
    except CatalogError as fault:
        with parts.database.writing() as session:
            end(session, upload.id, UploadState.REFUSED, now=now, fault=fault)
    except BaseException:
        _put_off(parts, upload, otherwise, now)
        raise
    discard_parts(parts, upload)


def _keep(parts: Parts, actor: Actor, upload: UploadRecord, now: datetime) -> None:
    """Keep the file, unless somebody else has ended this upload meanwhile."""
    stored = parts.objects.join(upload.id, upload.key, upload.parts())
    if stored.sha256 != upload.sha256 or stored.size_bytes != upload.size_bytes:
        raise ChecksumMismatch(
            f"{stored.size_bytes:,} bytes arrived, and their SHA-256 is not the one announced. "
            "Nothing was kept; begin anew.",
            announced=upload.sha256,
            computed=stored.sha256,
        )
    row = File(
        item_id=upload.item_id,
        n=upload.version,
        folded=folded(upload.name),
        name=upload.name,
        key=upload.key,
        created=now,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        media_type=upload.media_type,
    )
    with parts.database.reading() as session:
        before = load(session, actor, Action.WRITE, upload.item_id, upload.version)
    check_files_open(before.state)

    def ended(session: Session) -> None:
        if not end(session, upload.id, UploadState.KEPT, now=now):
            raise _Over

    with contextlib.suppress(_Over):
        keep_file(parts, actor, before, row, Expected(), reservation=upload.id, then=ended)


class _Over(Exception):
    """Somebody else has ended the upload."""


def _put_off(parts: Parts, upload: UploadRecord, state: UploadState, now: datetime) -> None:
    with parts.database.writing() as session:
        session.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.state.in_(UNDECIDED))
            .values(state=state.value, busy_until=now + _AGAIN_IN)
        )


def finish_uploads(parts: Parts, now: datetime) -> None:
    """Check and keep one of the files that were completed and that nobody checks now.

    They are kept in the name of who had them completed, who had the right to it then.
    """
    waiting = (
        select(Upload)
        .where(
            Upload.state == UploadState.CHECKING.value,
            or_(Upload.busy_until.is_(None), Upload.busy_until < now),
        )
        .order_by(Upload.created)
        .limit(1)
    )
    with parts.database.reading() as session:
        if session.scalar(waiting) is None:
            return
    with parts.database.writing() as session:
        row = session.scalar(waiting.with_for_update())
        if row is None:
            return
        upload = upload_of(row)
        row.busy_until = now + _time_for(upload)
        account = session.get(Account, upload.by_id) if upload.by_id is not None else None
    actor = Actor(account.id, account.name, Role.ADMIN) if account else Actor(role=Role.ADMIN)
    try:
        _finish(parts, actor, upload, now, otherwise=UploadState.CHECKING)
    except (Unavailable, NoSpace) as fault:
        _log.warning("upload %s is checked later: %s", upload.id, fault)
