"""Keeping and removing files of a draft: bytes first, then the row, then the report."""

import mimetypes
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, ChecksumMismatch, NotAcceptable, NotFound, TooLarge
from catalog.domain.identifiers import file_name, folded
from catalog.domain.lifecycle import check_files_open
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.validation import Judgement
from catalog.parts import Parts
from catalog.ports import Stored
from catalog.services.delete import remove_objects
from catalog.services.history import Happened, note
from catalog.services.judging import judge_stored, with_record
from catalog.services.loading import check_stage, file_of, load, load_for_change, record_of
from catalog.services.withdraw import refuse_withdrawn
from catalog.tables import File, Item, Version

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_UNKNOWN = "application/octet-stream"


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
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
) -> Kept:
    """Keep a file of a draft under its name, in place of one that has it.

    expected  what `If-Match` says, or None: unlike a change of the description a file needs none

    Raises WrongState on a frozen version, ChecksumMismatch, TooLarge, CutShort and NoSpace;
    then nothing is kept.
    """
    name = file_name(sent.name)
    before = _may_change(parts, actor, item_id, n, expected)
    if sent.size_bytes is not None and sent.size_bytes > parts.settings.file_bytes:
        raise TooLarge(f"A file has at most {parts.settings.file_bytes:,} bytes here.")
    key = f"o/{item_id}/{uuid.uuid4().hex}"
    stored = parts.objects.put(key, sent.source, sent.size_bytes)
    try:
        _check_digest(sent, stored)
        kept, replaced = _keep_row(
            parts, actor, before, name, sent, key, stored, expected=expected, now=now
        )
    except CatalogError:
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
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
) -> ItemRecord:
    """Remove a file of a draft; NotFound where there is none of that name."""
    before = _may_change(parts, actor, item_id, n, expected)
    names = {file.name for file in before.files} - {name}
    judgement = judge_stored(parts, before.ntriples, item_id, names)
    with parts.database.writing() as session:
        item, version, record = _locked(session, actor, before, expected)
        row = session.get(File, (item_id, version.n, folded(name)))
        if row is None or row.name != name:
            raise NotFound
        keys = [row.key]
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
        session.flush()
        shared = set(session.scalars(select(File.key).where(File.key.in_(keys))))
        after = record_of(session, item, version, actor)
    remove_objects(parts, [key for key in keys if key not in shared])
    return after


def media_type_of(name: str, announced: str | None) -> str:
    """Return the media type to keep: the one announced, else by the name's suffix."""
    said = (announced or "").split(";")[0].strip().lower()
    if said and said not in {_UNKNOWN, "application/x-www-form-urlencoded"}:
        if not _MEDIA_TYPE.fullmatch(said):
            raise NotAcceptable(f"{said[:80]} is not a media type; they look like image/png.")
        return said
    return mimetypes.guess_type(name)[0] or _UNKNOWN


def _may_change(
    parts: Parts, actor: Actor, item_id: str, n: int | None, expected: frozenset[str] | None
) -> ItemRecord:
    """Refuse before the bytes are read what would be refused after them."""
    with parts.database.reading() as session:
        record = refuse_withdrawn(load(session, actor, Action.READ, item_id, n))
        load(session, actor, Action.WRITE, item_id, n)
    check_files_open(record.state)
    if expected is not None:
        check_stage(record, expected)
    return record


def _check_digest(sent: Upload, stored: Stored) -> None:
    if sent.sha256 is not None and sent.sha256 != stored.sha256:
        raise ChecksumMismatch(
            f"{stored.size_bytes:,} bytes arrived, and their SHA-256 is not the one announced. "
            "Nothing was kept; send the file again.",
            announced=sent.sha256,
            computed=stored.sha256,
        )


def _locked(
    session: Session, actor: Actor, before: ItemRecord, expected: frozenset[str] | None
) -> tuple[Item, Version, ItemRecord]:
    found = load_for_change(
        session,
        actor,
        Action.WRITE,
        before.id,
        expected=expected or frozenset("*"),
        n=before.version,
    )
    check_files_open(found[2].state)
    return found


def _keep_row(
    parts: Parts,
    actor: Actor,
    before: ItemRecord,
    name: str,
    sent: Upload,
    key: str,
    stored: Stored,
    *,
    expected: frozenset[str] | None,
    now: datetime,
) -> tuple[Kept, list[str]]:
    names = {file.name for file in before.files} | {name}
    judgement = judge_stored(parts, before.ntriples, before.id, names)
    with parts.database.writing() as session:
        item, version, record = _locked(session, actor, before, expected)
        row = session.get(File, (before.id, version.n, folded(name)))
        replaced = [row.key] if row is not None else []
        if row is None:
            row = File(item_id=before.id, n=version.n, folded=folded(name))
            session.add(row)
        row.name, row.key, row.created = name, key, now
        row.size_bytes, row.sha256 = stored.size_bytes, stored.sha256
        row.media_type = media_type_of(name, sent.media_type)
        _changed(session, parts, version, record, judgement, now)
        note(
            session,
            Happened.FILE_KEPT,
            before.id,
            version.n,
            account=actor.account,
            now=now,
            name=name,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
        )
        session.flush()
        shared = set(session.scalars(select(File.key).where(File.key.in_(replaced))))
        kept = Kept(file_of(row), record_of(session, item, version, actor), not replaced)
    return kept, [old for old in replaced if old not in shared]


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
    names = session.scalars(
        select(File.name).where(File.item_id == version.item_id, File.n == version.n)
    ).all()
    judged = with_record(session, judgement, files=names, owner=record.owner_id)
    version.report = judged.report.to_dict()
    version.library_version = parts.library.version
