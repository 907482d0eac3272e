"""Reading the bytes of all files again in a cycle, and telling what they are found to be."""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, ObjectMissing, Unavailable
from catalog.domain.fixity import Soundness
from catalog.parts import Parts
from catalog.ports import ObjectStore
from catalog.services.history import Happened, note
from catalog.services.soundness import enrol
from catalog.tables import File, Fixity

_log = logging.getLogger(__name__)

_BATCH_SECONDS: Final = 60.0
_LONGEST_SECONDS: Final = 50.0
_AT_ONCE: Final = 50
_EARLY: Final = 0.9
_AGAIN: Final = timedelta(hours=1)
_NO_ANSWER: Final = timedelta(minutes=5)
_LEASE: Final = timedelta(hours=1)
_MISSES: Final = 3
_SLOWEST_BYTES_A_SECOND: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """An object, and what it is to be."""

    key: str
    size_bytes: int
    sha256: str


class Pace:
    """Holds those who read back to so many bytes per second; 0 for as fast as it goes."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._begun = time.monotonic()
        self._read = 0

    def add(self, size_bytes: int) -> None:
        """Note that so much was read, and wait if that was too fast."""
        self._read += size_bytes
        if self._rate:
            ahead = self._read / self._rate - (time.monotonic() - self._begun)
            if ahead > 0:
                time.sleep(ahead)


def look(
    objects: ObjectStore,
    kept: Kept,
    *,
    deep: bool = True,
    read: Callable[[int], None] = lambda _: None,
) -> Soundness:
    """Return what the bytes of an object are.

    deep  read every byte and compare their SHA-256; otherwise only their size is looked at
    read  told of every chunk how long it was

    What differs is read a second time before that is believed. Raises Unavailable where the store
    does not answer.
    """
    found = _once(objects, kept, deep, read)
    return found if found is Soundness.OK else _once(objects, kept, deep, read)


def _once(objects: ObjectStore, kept: Kept, deep: bool, read: Callable[[int], None]) -> Soundness:
    try:
        if objects.size(kept.key) != kept.size_bytes:
            return Soundness.WRONG_SIZE
        if deep and _digest(objects, kept.key, read) != kept.sha256:
            return Soundness.WRONG_HASH
    except ObjectMissing:
        return Soundness.MISSING
    return Soundness.OK


def _digest(objects: ObjectStore, key: str, read: Callable[[int], None]) -> str:
    digest = sha256()
    for chunk in objects.read(key):
        digest.update(chunk)
        read(len(chunk))
    return digest.hexdigest()


def check_fixity(parts: Parts, now: datetime) -> int:
    """Read some of the objects that are due, oldest first, for at most a minute; return how many.

    A store that does not answer is no fault of a file: what is due then stays due. One object that
    cannot be read three times in a row, while the store answers, is unreadable.
    """
    settings = parts.settings
    if not settings.fixity_days:
        return 0
    _follow_settings(parts, now)
    pace = Pace(settings.fixity_bytes_per_second)
    until = time.monotonic() + _LONGEST_SECONDS
    left = settings.fixity_bytes_per_second * _BATCH_SECONDS
    done = 0
    while batch := _claimed(parts, now):
        for place, kept in enumerate(batch):
            if time.monotonic() > until or (left <= 0 and settings.fixity_bytes_per_second):
                _give_back(parts, batch[place:], now)
                return done
            left -= kept.size_bytes
            if not _check(parts, kept, now, pace):
                _give_back(parts, batch[place + 1 :], now + _NO_ANSWER)
                return done
            done += 1
    return done


def _check(parts: Parts, kept: Kept, now: datetime, pace: Pace) -> bool:
    """Read one object and write down what was found; False where the store does not answer."""
    found: Soundness | None
    try:
        found = look(parts.objects, kept, read=pace.add)
    except CatalogError as fault:
        _log.warning("object %s cannot be read: %s", kept.key, fault)
        if not _answers(parts.objects, kept.key):
            _give_back(parts, [kept], now + _NO_ANSWER)
            return False
        found = _missed(parts, kept, now)
        if found is None:
            return True
    keep_finding(parts, kept.key, found, now=now)
    return True


def _answers(objects: ObjectStore, key: str) -> bool:
    """Tell whether the store answers at all."""
    try:
        objects.size(key)
    except ObjectMissing:
        return True
    except Unavailable:
        return False
    return True


def _missed(parts: Parts, kept: Kept, now: datetime) -> Soundness | None:
    """Count that an object could not be read; it is unreadable once that was so too often."""
    with parts.database.writing() as session:
        row = session.get(Fixity, kept.key)
        if row is None:
            return None
        row.misses += 1
        row.due = now + _NO_ANSWER
        return Soundness.UNREADABLE if row.misses >= _MISSES else None


def keep_finding(parts: Parts, key: str, found: Soundness, *, now: datetime) -> None:
    """Write down what the bytes under a key are, and tell of it where it is news.

    A key that no file names any more is forgotten.
    """
    days = parts.settings.fixity_days or 1
    with parts.database.writing() as session:
        files = session.scalars(select(File).where(File.key == key).with_for_update()).all()
        row = session.get(Fixity, key)
        if not files:
            if row is not None:
                session.delete(row)
            return
        if row is None:
            enrol(session, key, now=now)
            session.flush()
            row = session.get_one(Fixity, key)
        was_damaged = row.result not in (None, Soundness.OK)
        if row.result != found.value:
            row.result, row.since = found.value, now
            _tell(session, files, found, was_damaged=was_damaged, now=now)
        row.checked = now
        if found is not Soundness.UNREADABLE:
            row.misses = 0
        # Damage is looked at again soon, so that whoever repairs it sees that.
        row.due = now + (timedelta(days=days * _EARLY) if found is Soundness.OK else _AGAIN)


def _tell(
    session: Session,
    files: Collection[File],
    found: Soundness,
    *,
    was_damaged: bool,
    now: datetime,
) -> None:
    """Append to the history of each version that has the file that it is damaged, or repaired."""
    if found is Soundness.OK and not was_damaged:
        return
    kind = Happened.FIXITY_OK if found is Soundness.OK else Happened.FIXITY_FAILED
    for file in files:
        more = {} if found is Soundness.OK else {"result": found.value}
        note(session, kind, file.item_id, file.n, account=None, now=now, name=file.name, **more)


def _claimed(parts: Parts, now: datetime) -> list[Kept]:
    """Return some objects that are due, which others leave alone for a while."""
    wanted = select(Fixity).where(Fixity.due <= now).order_by(Fixity.due).limit(_AT_ONCE)
    with parts.database.reading() as session:
        if session.scalar(wanted.with_only_columns(Fixity.key)) is None:
            return []
    with parts.database.writing() as session:
        rows = session.scalars(wanted.with_for_update()).all()
        kept = {one.key: one for one in kept_under(session, [row.key for row in rows])}
        for row in rows:
            if row.key in kept:
                row.due = now + _lease(parts, kept[row.key])
            else:  # nothing names it any more
                session.delete(row)
        return [kept[row.key] for row in rows if row.key in kept]


def _lease(parts: Parts, kept: Kept) -> timedelta:
    """Return how long the reading of an object may take, twice over."""
    rate = parts.settings.fixity_bytes_per_second or _SLOWEST_BYTES_A_SECOND
    return _LEASE + timedelta(seconds=2 * kept.size_bytes / rate)


def kept_under(session: Session, keys: Collection[str]) -> list[Kept]:
    """Return what the objects under some keys are to be; nothing of those that no file names."""
    rows = session.execute(
        select(File.key, func.max(File.size_bytes), func.max(File.sha256))
        .where(File.key.in_(keys))
        .group_by(File.key)
    )
    return [Kept(*row) for row in rows]


def _give_back(parts: Parts, batch: Collection[Kept], due: datetime) -> None:
    """Leave what was claimed and not read to the next time."""
    with parts.database.writing() as session:
        session.execute(
            update(Fixity).where(Fixity.key.in_([one.key for one in batch])).values(due=due)
        )


def _follow_settings(parts: Parts, now: datetime) -> None:
    """Have nothing wait longer than the settings of today allow."""
    latest = now + timedelta(days=parts.settings.fixity_days)
    too_late = Fixity.due > latest
    with parts.database.reading() as session:
        if session.scalar(select(Fixity.key).where(too_late).limit(1)) is None:
            return
    with parts.database.writing() as session:
        session.execute(update(Fixity).where(too_late).values(due=now))
