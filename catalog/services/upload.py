"""Keeping and removing files of a draft: bytes first, then the row, then the report."""

import mimetypes
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.errors import ChecksumMismatch, MovedOn, NotAcceptable, Taken, TooLarge
from catalog.domain.identifiers import file_name, folded
from catalog.domain.lifecycle import check_files_open
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.validation import Judgement
from catalog.parts import Parts
from catalog.ports import Stored
from catalog.services.delete import remove_objects
from catalog.services.download import file_row
from catalog.services.history import Happened, note
from catalog.services.judging import judge_stored, with_record
from catalog.services.loading import file_names, file_of, load, load_for_change, record_of
from catalog.tables import File, Item, Version

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_UNKNOWN = "application/octet-stream"
_ANY_STAGE = frozenset("*")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in.

    size_bytes  what was announced; None where nothing was
    sha256      the digest that was announced, lower-case hex, or None
    """

    name: str
    source: BinaryIO
    size_bytes: int | None
    sha256: str | None
    media_type: str | None


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
    before = _may_change(parts, actor, item_id, n, name, expected)
    if sent.size_bytes is not None and sent.size_bytes > parts.settings.file_bytes:
        raise TooLarge(f"A file has at most {parts.settings.file_bytes:,} bytes here.")
    key = f"o/{item_id}/{uuid.uuid4().hex}"
    stored = parts.objects.put(key, sent.source, sent.size_bytes)
    try:
        _check_digest(sent, stored)
        row = File(
            item_id=item_id,
            n=before.version,
            folded=folded(name),
            name=name,
            key=key,
            created=now,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            media_type=media_type_of(name, sent.media_type),
        )
        kept, replaced = _keep_row(parts, actor, before, row, expected)
    except BaseException:
        remove_objects(parts, [key])
        raise
    remove_objects(parts, replaced)
    return kept


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
        names = set(file_names(session, item_id, before.version)) - {name}
    judgement = judge_stored(parts, before.ntriples, item_id, names)
    with parts.database.writing() as session:
        item, version, record = _locked(session, actor, before)
        row = file_row(session, record, name)
        expected.check(record, row)
        key = row.key
        session.delete(row)
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
        unused = _unused(session, [key])
        after = record_of(session, item, version, actor)
    remove_objects(parts, unused)
    return after


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
    parts: Parts, actor: Actor, item_id: str, n: int | None, name: str, expected: Expected
) -> ItemRecord:
    """Refuse before the bytes are read what would be refused after them."""
    with parts.database.reading() as session:
        record = load(session, actor, Action.WRITE, item_id, n)
        check_files_open(record.state)
        expected.check(record, _namesake(session, record, name))
    return record


def _namesake(session: Session, record: ItemRecord, name: str) -> File | None:
    """Return the file that has this name; Taken where it has another spelling of it."""
    row = session.get(File, (record.id, record.version, folded(name)))
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


def _keep_row(
    parts: Parts, actor: Actor, before: ItemRecord, kept: File, expected: Expected
) -> tuple[Kept, list[str]]:
    """Keep the row of a file; return it, with the keys of bytes that nothing points at now."""
    with parts.database.reading() as session:
        names = {*file_names(session, before.id, before.version), kept.name}
    judgement = judge_stored(parts, before.ntriples, before.id, names)
    with parts.database.writing() as session:
        item, version, record = _locked(session, actor, before)
        old = _namesake(session, record, kept.name)
        expected.check(record, old)
        replaced = [old.key] if old is not None else []
        row = session.merge(kept)
        _changed(session, parts, version, record, judgement, kept.created)
        note(
            session,
            Happened.FILE_KEPT,
            before.id,
            version.n,
            account=actor.account,
            now=kept.created,
            name=kept.name,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
        )
        unused = _unused(session, replaced)
        return Kept(file_of(row), record_of(session, item, version, actor), old is None), unused


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
    judgement: Judgement,
    now: datetime,
) -> None:
    """Count the change, and bring the report up to date with the files that are there now."""
    version.file_changes += 1
    version.modified = now
    session.flush()
    if record.digest != judgement.digest:
        return  # the description was changed meanwhile; its own judgement stands
    names = file_names(session, version.item_id, version.n)
    judged = with_record(
        session,
        judgement,
        files=names,
        owner=record.owner_id,
        version=(version.item_id, version.n),
    )
    version.report = judged.report.to_dict()
    version.library_version = parts.library.version
