"""Sensor blobs by their place in Sage's object store: which item describes one, and its bytes."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Select, delete, select, tuple_, union_all
from sqlalchemy.orm import Session

from catalog.domain.blobs import BlobPath, elsewhere, paths_in
from catalog.domain.errors import Forbidden, NotFound, Unauthenticated
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor, authorize
from catalog.domain.record import FileRecord, ItemRecord
from catalog.parts import Parts
from catalog.services.loading import file_of, record_of
from catalog.services.soundness import refuse_damaged
from catalog.services.visible import newest_first, visible_to
from catalog.tables import Blob, File, Item, Version

_TYPE = "sensor-blob"


@dataclass(frozen=True, slots=True)
class Found:
    """A blob that an item describes: kept here as `file`, or elsewhere at `address`.

    size_bytes  None where nobody said it
    is_open     whether the caller may have the bytes
    """

    record: ItemRecord
    file: FileRecord | None
    address: str | None
    size_bytes: int | None
    is_open: bool


def find_blob(parts: Parts, actor: Actor, path: BlobPath) -> Found:
    """Return a blob that an item describes which the actor sees; NotFound without one.

    An item of the type `sensor-blob` describes it by the storage key or the address of a
    distribution, or by a file kept here that has the path as its name.
    """
    with parts.database.reading() as session:
        row = session.execute(_describing(actor, str(path))).first()
        if row is None:
            raise NotFound("not found")
        item, version = row
        record = record_of(session, item, version, actor)
        file = _file(session, record, path)
        is_open = _may_fetch(actor, record)
        if file is not None and is_open:
            refuse_damaged(session, {file.key: file.name})
    if file is not None:
        return Found(record, file, None, file.size_bytes, is_open)
    lies = elsewhere(record.ntriples, str(path))
    if lies is None or urlsplit(lies.address).netloc == urlsplit(parts.settings.base).netloc:
        raise NotFound("not found")  # an address of ours would lead here again
    return Found(record, None, lies.address, lies.size_bytes, is_open=True)


def keep_paths(session: Session, version: Version) -> None:
    """Make the kept paths of a version equal to those that its description names."""
    session.execute(delete(Blob).where(Blob.item_id == version.item_id, Blob.n == version.n))
    if version.type == _TYPE:
        session.add_all(
            Blob(item_id=version.item_id, n=version.n, path=path)
            for path in sorted(paths_in(version.ntriples))
        )


def _describing(actor: Actor, path: str) -> Select[Item, Version]:
    named = union_all(
        select(Blob.item_id, Blob.n).where(Blob.path == path),
        select(File.item_id, File.n).where(File.name == path),
    )
    return (
        select(Item, Version)
        .join(Version, Version.item_id == Item.id)
        .where(
            tuple_(Version.item_id, Version.n).in_(named),
            Version.type == _TYPE,
            Version.state != State.WITHDRAWN.value,
            visible_to(actor),
        )
        .order_by(*newest_first(), Version.modified.desc())
        .limit(1)
    )


def _file(session: Session, record: ItemRecord, path: BlobPath) -> FileRecord | None:
    """Return the file of an item that is the blob: by path, by file name, or the only one."""
    of_version = (File.item_id == record.id, File.n == record.version)
    names = (str(path), path.file_name, path.original_name)
    rows = {
        row.name: row
        for row in session.scalars(select(File).where(*of_version, File.name.in_(names)))
    }
    for name in names:
        if name in rows:
            return file_of(rows[name])
    return record.files[0] if record.files_total == 1 else None


def _may_fetch(actor: Actor, record: ItemRecord) -> bool:
    try:
        authorize(actor, Action.READ_FILE, record)
    except (Forbidden, Unauthenticated, NotFound):
        return False
    return True
