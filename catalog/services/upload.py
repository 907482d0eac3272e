"""Keeping and removing files of a draft: bytes first, then the row, then the report."""

import mimetypes
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from catalog.domain.errors import (
    ChecksumMismatch,
    MovedOn,
    NotAcceptable,
    ObjectMissing,
    Taken,
    TooLarge,
)
from catalog.domain.fixity import DAMAGED
from catalog.domain.identifiers import file_name, folded
from catalog.domain.lifecycle import check_files_open
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.validation import Judgement
from catalog.parts import Parts
from catalog.ports import Stored
from catalog.services.delete import remove_objects
from catalog.services.download import file_row
from catalog.services.garbage import Why, mark, take_back
from catalog.services.history import Happened, note
from catalog.services.judging import judge_stored, with_record
from catalog.services.loading import file_of, load, load_for_change, record_of
from catalog.services.mentions import mentioned, names_that_matter
from catalog.services.quotas import Asked, asked_for, check_room, count, release, room_for
from catalog.services.soundness import enrol
from catalog.tables import File, Fixity, Item, Version

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_UNKNOWN = "application/octet-stream"
_ANY_STAGE = frozenset("*")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in.

    size_bytes  what was announced; None where nothing was
    sha256      the digest that was announced, lower-case hex, or None
    md5         tells the MD5 of what was read of the source, where that is to be kept
    """

    name: str
    source: BinaryIO
    size_bytes: int | None
    sha256: str | None
    media_type: str | None
    md5: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the caller expects of a file before it is changed; nothing, unless said.

    tags    what `If-Match` names: stages of the item, digests of the file, or "*"; None without
    absent  that there is no such file yet (`If-None-Match: *`)
    """

    tags: frozenset[str] | None = None
    absent: bool = False

    def check(self, record: ItemRecord, row: File | None) -> None:
        """Raise MovedOn unless it is so."""
        if row is not None and self.absent:
            raise MovedOn("There is a file of that name already.", id=record.id)
        if self.tags is None or record.stage in self.tags:
            return
        if row is None or not self.tags & {"*", row.sha256}:
            raise MovedOn(
                "The file is not the one that you expect; read it again and repeat your change.",
                id=record.id,
                current=row.sha256 if row is not None else record.stage,
            )


@dataclass(frozen=True, slots=True)
class Kept:
    """The file as it is kept now; `new` unless it took the place of one of the same name."""

    file: FileRecord
    record: ItemRecord
    new: bool


def upload(
    parts: Parts,
    actor: Actor,
    item_id: str,
    sent: Upload,
    *,
    expected: Expected | None = None,
    now: datetime,
    n: int | None = None,
) -> Kept:
    """Keep a file of a draft under its name, in place of one that has it.

    Raises WrongState on a frozen version, Taken where the name differs from another's only in
    case, MovedOn, ChecksumMismatch, TooLarge, CutShort and NoSpace; then nothing is kept.
    """
    expected = expected or Expected()
    name = file_name(sent.name)
    before, asked = _may_change(parts, actor, item_id, n, name, expected, sent.size_bytes)
    if sent.size_bytes is not None and sent.size_bytes > parts.settings.file_bytes:
        raise TooLarge(
            f"A file has at most {parts.settings.file_bytes:,} bytes in one request; "
            "send a larger one in parts."
        )
    with room_for(parts, item_id, before.version, asked, now=now) as reservation:
        return _received(parts, actor, before, sent, expected, reservation, now)


def _received(
    parts: Parts,
    actor: Actor,
    before: ItemRecord,
    sent: Upload,
    expected: Expected,
    reservation: str | None,
    now: datetime,
) -> Kept:
    name = file_name(sent.name)
    key = new_key(before.id)
    stored = parts.objects.put(key, sent.source, sent.size_bytes)
    try:
        _check_digest(sent, stored)
        row = File(
            item_id=before.id,
            n=before.version,
            folded=folded(name),
            name=name,
            key=key,
            created=now,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            md5=sent.md5() if sent.md5 else None,
            media_type=media_type_of(name, sent.media_type),
        )
        return keep_file(parts, actor, before, row, expected, reservation=reservation)
    except BaseException:
        remove_objects(parts, [key])
        raise


def new_key(item_id: str) -> str:
    """Return where the bytes of a new file of an item are going to lie; no key is used twice."""
    return f"o/{item_id}/{uuid.uuid4().hex}"


def remove_file(
    parts: Parts,
    actor: Actor,
    item_id: str,
    name: str,
    *,
    expected: Expected | None = None,
    now: datetime,
    n: int | None = None,
) -> ItemRecord:
    """Remove a file of a draft; NotFound where there is none of that name."""
    expected = expected or Expected()
    with parts.database.reading() as session:
        before = load(session, actor, Action.WRITE, item_id, n)
        check_files_open(before.state)
        name = file_row(session, before, name).name
    judgement = _judged_anew(parts, before, name, is_there=False)
    with parts.database.writing() as session:
        item, version, record = _locked(session, actor, before)
        row = file_row(session, record, name)
        expected.check(record, row)
        key, size_bytes = row.key, row.size_bytes
        session.delete(row)
        version.files_total -= 1
        unused = _unused(session, [key])
        count(item, objects=-len(unused), size_bytes=-size_bytes * len(unused))
        mark(session, dict.fromkeys(unused, size_bytes), Why.REMOVED, now=now)
        _changed(session, parts, version, record, judgement, now)
        note(
            session,
            Happened.FILE_REMOVED,
            item_id,
            version.n,
            account=actor.account,
            now=now,
            name=name,
        )
        return record_of(session, item, version, actor)


def media_type_of(name: str, announced: str | None) -> str:
    """Return the media type to keep: the one announced, without one what the suffix suggests.

    What programs such as curl announce for any body counts as nothing. Raises NotAcceptable for
    what is no media type.
    """
    said = (announced or "").split(";")[0].strip().lower()
    if said in {"", "application/x-www-form-urlencoded"}:
        return mimetypes.guess_type(name)[0] or _UNKNOWN
    if not _MEDIA_TYPE.fullmatch(said):
        raise NotAcceptable(f"{said[:80]} is not a media type; they look like image/png.")
    return said


def _may_change(
    parts: Parts,
    actor: Actor,
    item_id: str,
    n: int | None,
    name: str,
    expected: Expected,
    size_bytes: int | None,
) -> tuple[ItemRecord, Asked | None]:
    """Refuse before the bytes are read what would be refused after them.

    Returns the item, and what the file is going to add to it; None where nobody said that.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.WRITE, item_id, n)
        check_files_open(record.state)
        old = namesake(session, record.id, record.version, name)
        expected.check(record, old)
        asked = None if size_bytes is None else asked_for(session, old, size_bytes)
    return record, asked


def namesake(session: Session, item_id: str, n: int, name: str) -> File | None:
    """Return the file that has this name; Taken where it has another spelling of it."""
    row = session.get(File, (item_id, n, folded(name)))
    if row is not None and row.name != name:
        raise Taken(f"There is a file {row.name}, which differs only in case.", name=row.name)
    return row


def _check_digest(sent: Upload, stored: Stored) -> None:
    if sent.sha256 is not None and sent.sha256 != stored.sha256:
        raise ChecksumMismatch(
            f"{stored.size_bytes:,} bytes arrived, and their SHA-256 is not the one announced. "
            "Nothing was kept; send the file again.",
            announced=sent.sha256,
            computed=stored.sha256,
        )


def _locked(session: Session, actor: Actor, before: ItemRecord) -> tuple[Item, Version, ItemRecord]:
    """Return the version once more, locked; what was read of it before may have moved."""
    found = load_for_change(
        session, actor, Action.WRITE, before.id, expected=_ANY_STAGE, n=before.version
    )
    check_files_open(found[2].state)
    return found


def keep_file(
    parts: Parts,
    actor: Actor,
    before: ItemRecord,
    sent: File,
    expected: Expected,
    *,
    reservation: str | None = None,
    then: Callable[[Session], None] = lambda _: None,
) -> Kept:
    """Keep the row of a file whose bytes are in the store, checked.

    before       the version as it was when it was found to be open
    reservation  the room that was taken for it, which is given back
    then         what else has to happen in the same transaction

    Bytes that the item keeps already are not kept twice: the new ones are removed then. Raises
    what `upload` raises; the bytes are the caller's then.
    """
    judgement = _judged_anew(parts, before, sent.name, is_there=True)
    twin = _twin(parts, sent)
    with parts.database.writing() as session:
        item, version, record = _locked(session, actor, before)
        old = namesake(session, record.id, record.version, sent.name)
        expected.check(record, old)
        arrived, replaced = sent.key, (old.key, old.size_bytes) if old is not None else None
        sent.key = _key_of(session, sent, twin)
        take_back(session, sent.key)
        _make_room(session, parts, item, version, old, sent, reservation)
        row = session.merge(sent)
        version.files_total += old is None
        if replaced is not None and _unused(session, [replaced[0]]):
            mark(session, dict([replaced]), Why.REPLACED, now=sent.created)
        enrol(session, sent.key, now=sent.created)
        _changed(session, parts, version, record, judgement, sent.created)
        note(
            session,
            Happened.FILE_KEPT,
            before.id,
            version.n,
            account=actor.account,
            now=sent.created,
            name=sent.name,
            sha256=sent.sha256,
            size_bytes=sent.size_bytes,
        )
        release(session, reservation)
        then(session)
        kept = Kept(file_of(row), record_of(session, item, version, actor), old is None)
    if kept.file.key != arrived:
        remove_objects(parts, [arrived])
    return kept


def _twin(parts: Parts, sent: File) -> str | None:
    """Return the key of the same bytes where the item keeps them, and the store still has them."""
    with parts.database.reading() as session:
        key = session.scalar(_same_bytes(sent).limit(1))
    try:
        return key if key and parts.objects.size(key) == sent.size_bytes else None
    except ObjectMissing:
        return None


def _same_bytes(sent: File) -> Select[str]:
    return select(File.key).where(
        File.sha256 == sent.sha256,
        File.item_id == sent.item_id,
        File.size_bytes == sent.size_bytes,
        File.key != sent.key,
        File.key.not_in(select(Fixity.key).where(Fixity.result.in_(DAMAGED))),
    )


def _key_of(session: Session, sent: File, twin: str | None) -> str:
    """Return the key to keep: that of the same bytes, if a file still points at them."""
    if twin is not None and session.scalar(_same_bytes(sent).where(File.key == twin).limit(1)):
        return twin
    return sent.key


def _make_room(
    session: Session,
    parts: Parts,
    item: Item,
    version: Version,
    old: File | None,
    sent: File,
    reservation: str | None,
) -> None:
    """Count what a file adds to what the item keeps, if there is room for it."""
    asked = asked_for(session, old, sent.size_bytes)
    is_there = session.scalar(select(File.key).where(File.key == sent.key).limit(1)) is not None
    if is_there:
        gone = old is not None and old.key != sent.key and asked.files == 0
        size_bytes = -old.size_bytes if gone and old is not None else 0
        asked = Asked(size_bytes, files=-1 if gone else 0, names=asked.names)
    now = sent.created
    check_room(session, parts, item, version, asked, now=now, besides=reservation)
    count(item, objects=asked.files, size_bytes=asked.size_bytes)


def _judged_anew(
    parts: Parts, before: ItemRecord, name: str, *, is_there: bool
) -> Judgement | None:
    """Judge a version as it is with, or without, the file of that name.

    None where that cannot change the verdict: so one more of 100,000 files costs no more than the
    second one.
    """
    with parts.database.reading() as session:
        left_out = None if is_there else name
        names = set(
            names_that_matter(session, before.id, before.version, before.ntriples, left_out)
        )
    is_of_today = before.report.get("shapes_version") == parts.library.version
    others = before.files_total - (0 if is_there else 1)
    if is_of_today and others > 0 and name not in mentioned(before.ntriples, before.id):
        return None
    names |= {name} if is_there else set()
    return judge_stored(parts, before.ntriples, before.id, names)


def _unused(session: Session, keys: list[str]) -> list[str]:
    """Return those keys that no row of a file names any more; versions may share bytes."""
    session.flush()
    used = set(session.scalars(select(File.key).where(File.key.in_(keys))))
    return [key for key in keys if key not in used]


def _changed(
    session: Session,
    parts: Parts,
    version: Version,
    record: ItemRecord,
    judgement: Judgement | None,
    now: datetime,
) -> None:
    """Count the change, and bring the report up to date with the files that are there now."""
    version.file_changes += 1
    version.modified = now
    session.flush()
    if judgement is None or record.digest != judgement.digest:
        return  # the description was changed meanwhile; its own judgement stands
    judged = with_record(
        session,
        judgement,
        files=names_that_matter(session, version.item_id, version.n, judgement.ntriples),
        owner=record.owner_id,
        version=(version.item_id, version.n),
    )
    version.report = judged.report.to_dict()
    version.library_version = parts.library.version
