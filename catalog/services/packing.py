"""Packing an item: its description and files as one RO-Crate, those of a collection in one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Final

from sqlalchemy import and_, select

from catalog.domain.errors import CatalogError, ChecksumMismatch, NotFound
from catalog.domain.exporting.crate_preview import preview
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.ro_crate import (
    DESCRIPTION,
    FILES,
    METADATA,
    PREVIEW,
    Member,
    Package,
    members_cited,
    packaged,
)
from catalog.domain.identifiers import item_iri, item_of
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor, authorize
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.tombstone import gone
from catalog.domain.writing import pack as pack_of
from catalog.domain.writing import rebased, serialized
from catalog.parts import Parts
from catalog.services.loading import FILES_IN_A_RECORD, file_of
from catalog.services.packing_stream import Entry, size_of, zipped
from catalog.services.read import Seen, read
from catalog.services.soundness import refuse_damaged
from catalog.tables import File

_MOST_MEMBERS_OF_KNOWN_SIZE: Final = 100
"""Above so many members a package is sent as they are read, without its size."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A package: the record of the item, and the bytes, made while they are asked for.

    size_bytes  of the whole, if that is known
    """

    record: ItemRecord
    size_bytes: int | None
    chunks: Callable[[], Iterator[bytes]]


def pack(parts: Parts, actor: Actor, item_id: str, n: int | None = None) -> Packed:
    """Return an item with its files as a zip file that is an RO-Crate.

    The members of a collection that the actor sees are crates within it. Whoever may see an item
    but not have its files gets the crate without them.

    Raises what `load` raises; while the bytes are made, ChecksumMismatch where a file is not what
    the record says, and ObjectMissing where it is gone.
    """
    seen = read(parts, actor, item_id, n)
    if seen.record.state is State.WITHDRAWN:
        raise gone(seen.record)
    package = _members(parts, actor, seen)
    entries: Iterable[Entry] = _entries(parts, actor, seen, package)
    size_bytes = None
    if len(package.members) <= _MOST_MEMBERS_OF_KNOWN_SIZE:
        entries = known = tuple(entries)
        size_bytes = size_of(known)
    return Packed(seen.record, size_bytes, partial(zipped, entries, seen.record.modified))


def _entries(parts: Parts, actor: Actor, seen: Seen, package: Package) -> Iterator[Entry]:
    yield from _crate(parts, actor, seen, "", package)
    for member in package.members:
        inside = read(parts, actor, member.folder.rstrip("/"))
        yield from _crate(parts, actor, inside, member.folder)


_ALONE = Package()
"""What stands around a crate that is no collection: nothing."""


def _crate(
    parts: Parts,
    actor: Actor,
    seen: Seen,
    folder: str,
    around: Package = _ALONE,
) -> Iterator[Entry]:
    """Yield the entries of one crate: what is said first, then the files."""
    files = _files(parts, actor, seen.record)
    house = parts.settings.house
    exported = Exported(seen.record, parts.library, house, seen.names, {})
    package = replace(around, files=files)
    said = {
        METADATA: packaged(exported, package),
        PREVIEW: preview(exported, package),
        DESCRIPTION: _turtle(parts, seen),
    }
    for name, written in said.items():
        yield Entry(folder + name, len(written), partial(iter, (written,)))
    for file in files:
        path = f"{folder}{FILES}{file.name}"
        yield Entry(path, file.size_bytes, partial(_checked, parts, file))


def _turtle(parts: Parts, seen: Seen) -> bytes:
    """Return the description as the catalog answers it."""
    base = parts.settings.base
    said = pack_of(seen.record, parts.library.vocabularies, parts.settings.house, seen.names)
    return serialized(rebased(said, base), "text/turtle", item_iri(seen.record.id, base))


def _checked(parts: Parts, file: FileRecord) -> Iterator[bytes]:
    """Yield the bytes of a file, and raise at their end if they are not those that were kept."""
    digest = sha256()
    for chunk in parts.objects.read(file.key):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != file.sha256:
        raise ChecksumMismatch(f"The bytes of {file.name} are not those that were kept.")


def _files(parts: Parts, actor: Actor, record: ItemRecord) -> tuple[FileRecord, ...]:
    """Return all files of a version; none where the actor may not have them.

    Raises Damaged where the bytes of one are not those that were kept.
    """
    try:
        authorize(actor, Action.READ_FILE, record)
    except CatalogError:
        return ()
    with parts.database.reading() as session:
        found = record.files
        if record.files_total >= FILES_IN_A_RECORD:
            of_version = and_(File.item_id == record.id, File.n == record.version)
            rows = session.scalars(select(File).where(of_version).order_by(File.folded))
            found = tuple(file_of(row) for row in rows)
        refuse_damaged(session, {file.key: file.name for file in found})
        return found


def _members(parts: Parts, actor: Actor, seen: Seen) -> Package:
    """Return the members of a collection: those that the actor sees, and all others by address."""
    found: list[Member] = []
    closed: list[str] = []
    elsewhere: list[str] = []
    for iri in members_cited(seen.record.ntriples):
        member_id = item_of(iri)
        if member_id is None or iri != item_iri(member_id):
            elsewhere.append(iri)
            continue
        address = item_iri(member_id, parts.settings.base)
        name = _name(parts, actor, member_id) if member_id in seen.names else None
        if name is None:
            closed.append(address)
        else:
            found.append(Member(address, f"{member_id}/", name))
    return Package((), tuple(found), tuple(closed), tuple(elsewhere))


def _name(parts: Parts, actor: Actor, item_id: str) -> str | None:
    try:
        record = read(parts, actor, item_id).record
    except NotFound:
        return None
    return None if record.state is State.WITHDRAWN else record.title
