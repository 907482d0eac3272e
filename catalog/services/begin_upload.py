"""Beginning a file in parts, or finding the one that is open already."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable, TooLarge
from catalog.domain.identifiers import file_name, folded
from catalog.domain.lifecycle import check_files_open
from catalog.domain.permissions import Action, Actor
from catalog.parts import Parts
from catalog.services.loading import load_for_change
from catalog.services.quotas import asked_for, check_room, reserve
from catalog.services.upload import media_type_of, namesake, new_key
from catalog.services.uploads import UploadRecord, UploadState, part_size_for, upload_of
from catalog.tables import Item, Reservation, Upload

_HEX = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that is going to be sent in parts, and what its bytes are going to be."""

    name: str
    size_bytes: int
    sha256: str
    media_type: str | None = None


def begin_upload(
    parts: Parts,
    actor: Actor,
    item_id: str,
    said: Announced,
    *,
    now: datetime,
    n: int | None = None,
) -> tuple[UploadRecord, bool]:
    """Return an upload in parts into a draft, and whether it is new.

    The same name, size and SHA-256 once more give the upload that is open already: so whoever lost
    the first answer, or goes on from another machine, finds what has arrived. From the first to
    the last day its room is reserved.

    Raises WrongState on a frozen version, Taken, NotAcceptable, and TooLarge over the limit of a
    file or a quota.
    """
    name = file_name(said.name)
    sha256 = said.sha256.lower()
    if not _HEX.fullmatch(sha256):
        raise NotAcceptable("sha256 is that of the whole file, in 64 hexadecimal digits.")
    if said.size_bytes > parts.settings.upload_bytes:
        raise TooLarge(
            f"A file has at most {parts.settings.upload_bytes:,} bytes here.", limit="upload_bytes"
        )
    media_type = media_type_of(name, said.media_type)
    expires = now + timedelta(days=parts.settings.upload_days)
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.WRITE, item_id, expected=frozenset("*"), n=n
        )
        check_files_open(record.state)
        old = namesake(session, item_id, version.n, name)
        row = _open(session, item_id, version.n, name, said.size_bytes, sha256)
        if row is not None:
            _extend(session, row, expires)
            return upload_of(row), False
        asked = asked_for(session, old, said.size_bytes)
        check_room(session, parts, item, version, asked, now=now)
        row = Upload(
            id=uuid.uuid4().hex,
            item_id=item_id,
            n=version.n,
            folded=folded(name),
            name=name,
            size_bytes=said.size_bytes,
            sha256=sha256,
            media_type=media_type,
            part_size_bytes=part_size_for(said.size_bytes, parts.settings.part_bytes),
            key=new_key(item_id),
            state=UploadState.OPEN.value,
            created=now,
            expires=expires,
        )
        session.add(row)
        _take_room(session, item, row)
        return upload_of(row), True


def _open(
    session: Session, item_id: str, n: int, name: str, size_bytes: int, sha256: str
) -> Upload | None:
    return session.scalar(
        select(Upload)
        .where(
            Upload.item_id == item_id,
            Upload.state == UploadState.OPEN.value,
            Upload.n == n,
            Upload.name == name,
            Upload.size_bytes == size_bytes,
            Upload.sha256 == sha256,
        )
        .order_by(Upload.created)
        .limit(1)
    )


def _take_room(session: Session, item: Item, row: Upload) -> None:
    reserve(session, item, row.id, row.size_bytes, expires=row.expires)


def _extend(session: Session, row: Upload, expires: datetime) -> None:
    row.expires = expires
    session.execute(update(Reservation).where(Reservation.id == row.id).values(expires=expires))
