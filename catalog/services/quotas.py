"""How much accounts and items may keep: counted in the record, reserved before bytes are read.

What counts is objects: versions that share one have it once. An item's are its owner's. Room is
looked for twice: before the first byte, so that nobody sends in vain, and in the transaction that
keeps the file, so that of two uploads for the last of it exactly one wins.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import TooLarge
from catalog.parts import Parts
from catalog.tables import Account, File, Item, Reservation, Version

_RESERVED_FROM_BYTES = 8 << 20
"""Smaller files are not worth a transaction before their bytes are read."""

_ONE_REQUEST = timedelta(hours=6)
"""How long an upload in one request has its room; after that it has to find some anew."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the items of an account keep, and may keep; a limit of 0 is none.

    reserved_bytes  of uploads that are on their way
    """

    files: int
    size_bytes: int
    reserved_files: int
    reserved_bytes: int
    most_files: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What an upload is going to add: objects and bytes, and names in its version."""

    size_bytes: int
    files: int = 1
    names: int = 1


def usage_of(parts: Parts, account: int, *, now: datetime) -> Usage:
    """Return what an account keeps and may keep."""
    with parts.database.reading() as session:
        return _usage(session, parts, account, None, now)


def check_room(
    session: Session,
    parts: Parts,
    item: Item,
    version: Version,
    asked: Asked,
    *,
    now: datetime,
    besides: str | None = None,
) -> None:
    """Raise TooLarge, naming the limit, unless there is room for `asked` in item and account.

    besides  the reservation of who asks, which is not counted against it

    In a transaction that writes, what is found holds until its end.
    """
    session.execute(select(Account.id).where(Account.id == item.owner_id).with_for_update())
    settings = parts.settings
    used = _usage(session, parts, item.owner_id, besides, now)
    on_way = _reserved(session, Reservation.item_id == item.id, besides, now)
    for limit, kept, more in (
        ("quota_bytes", used.size_bytes + used.reserved_bytes, asked.size_bytes),
        ("quota_files", used.files + used.reserved_files, asked.files),
        ("item_bytes", item.kept_bytes + on_way[1], asked.size_bytes),
        ("item_files", version.files_total + on_way[0], asked.names),
    ):
        most = getattr(settings, limit)
        if most and more > 0 and kept + more > most:
            raise TooLarge(
                _SENTENCES[limit].format(kept=kept, most=most, more=more),
                limit=limit,
                used=kept,
                quota=most,
                asked=more,
            )


_SENTENCES = {
    "quota_bytes": "The owner of this item may keep {most:,} bytes; {kept:,} are kept or on their "
    "way, and this would add {more:,}.",
    "quota_files": "The owner of this item may keep {most:,} files; {kept:,} are kept or on their "
    "way.",
    "item_bytes": "An item may keep {most:,} bytes; in this one {kept:,} are kept or on their way, "
    "and this would add {more:,}.",
    "item_files": "An item may have {most:,} files; this one has {kept:,}, those on their way "
    "counted.",
}


def reserve(
    session: Session, item: Item, reservation: str, size_bytes: int, *, expires: datetime
) -> None:
    """Take room for one file from the quota of an item's owner, until then or until released."""
    session.add(
        Reservation(
            id=reservation,
            account_id=item.owner_id,
            item_id=item.id,
            size_bytes=size_bytes,
            expires=expires,
        )
    )


def release(session: Session, reservation: str | None) -> None:
    """Give the room back, if it was taken."""
    if reservation is not None:
        session.execute(delete(Reservation).where(Reservation.id == reservation))


@contextmanager
def room_for(
    parts: Parts, item_id: str, n: int, asked: Asked | None, *, now: datetime
) -> Iterator[str | None]:
    """Have room for an upload in one request while the block runs; give its reservation, if any.

    asked  None where nobody said how long it is: then it finds room when its bytes are here

    Raises TooLarge where there is none.
    """
    if asked is None:
        yield None
        return
    if asked.size_bytes < _RESERVED_FROM_BYTES:
        with parts.database.reading() as session:
            _check(session, parts, item_id, n, asked, now)
        yield None
        return
    reservation = uuid.uuid4().hex
    with parts.database.writing() as session:
        item = _check(session, parts, item_id, n, asked, now)
        if item is not None:
            reserve(session, item, reservation, asked.size_bytes, expires=now + _ONE_REQUEST)
    try:
        yield reservation
    except BaseException:
        with parts.database.writing() as session:
            release(session, reservation)
        raise


def _check(
    session: Session, parts: Parts, item_id: str, n: int, asked: Asked, now: datetime
) -> Item | None:
    """Look for room; None where the item is gone, which whoever keeps the file will be told."""
    item, version = session.get(Item, item_id), session.get(Version, (item_id, n))
    if item is not None and version is not None:
        check_room(session, parts, item, version, asked, now=now)
    return item


def asked_for(session: Session, old: File | None, size_bytes: int) -> Asked:
    """Return what a file adds, in place of `old` where that has its name already.

    What others of the item's versions share with `old` stays.
    """
    if old is None:
        return Asked(size_bytes)
    shared = session.scalar(
        select(func.count()).select_from(File).where(File.key == old.key).limit(2)
    )
    if shared != 1:
        return Asked(size_bytes, names=0)
    return Asked(size_bytes - old.size_bytes, files=0, names=0)


def count(item: Item, *, objects: int, size_bytes: int) -> None:
    """Note that an item keeps so many objects and bytes more, or fewer."""
    item.kept_files += objects
    item.kept_bytes += size_bytes


def _usage(
    session: Session, parts: Parts, account: int, besides: str | None, now: datetime
) -> Usage:
    files, size_bytes = session.execute(
        select(
            func.coalesce(func.sum(Item.kept_files), 0), func.coalesce(func.sum(Item.kept_bytes), 0)
        ).where(Item.owner_id == account)
    ).one()
    reserved = _reserved(session, Reservation.account_id == account, besides, now)
    settings = parts.settings
    return Usage(int(files), int(size_bytes), *reserved, settings.quota_files, settings.quota_bytes)


def _reserved(
    session: Session, of_whom: ColumnElement[bool], besides: str | None, now: datetime
) -> tuple[int, int]:
    """Return for how many files and bytes room is taken."""
    files, size_bytes = session.execute(
        select(func.count(), func.coalesce(func.sum(Reservation.size_bytes), 0)).where(
            of_whom, Reservation.expires > now, Reservation.id != (besides or "")
        )
    ).one()
    return int(files), int(size_bytes)
