"""What has to be true of the bytes and of what the record says of them, each as a check.

Everything is read a page at a time beside a server that works on; what looks wrong is looked at
once more before it counts. `doctor` tells what is found, `reconcile` acts upon it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, ObjectMissing
from catalog.domain.fixity import Soundness
from catalog.domain.lifecycle import State
from catalog.parts import Parts
from catalog.services.fixity import Kept, look
from catalog.services.garbage import PARTS, named_again, orphans
from catalog.services.invariants import Check
from catalog.services.uploads import UNDECIDED
from catalog.tables import File, Fixity, Garbage, Item, Reservation, Upload, Version

_PAGE: Final = 200
_PATIENCE: Final = timedelta(hours=1)
"""How long what is over may wait for whoever clears it away, before it counts."""


class Wrong(StrEnum):
    """The kinds of thing that can be wrong with bytes."""

    MISSING = "missing"
    WRONG_SIZE = "wrong-size"
    WRONG_HASH = "wrong-hash"
    UNREADABLE = "unreadable"
    ORPHAN = "orphan"
    ORPHAN_PARTS = "orphan-parts"
    UPLOAD = "abandoned-upload"
    RESERVATION = "expired-reservation"
    GARBAGE = "marked-though-named"
    COUNT = "wrong-count"
    NOT_ENROLLED = "never-read"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    about     a key, an item, or what else has the fault
    sentence  what it is
    """

    kind: Wrong
    about: str
    sentence: str


Tell = Callable[[Fault], None]


def _nobody(_: Fault) -> None:
    """Tell nobody."""


def check_objects(parts: Parts, *, deep: bool, tell: Tell = _nobody) -> Check:
    """Every file has its bytes.

    deep  read them all and compare their SHA-256
    tell  told of every fault as a value
    """
    how = "size and SHA-256" if deep else "size"
    check = Check("objects", f"Every file is in the object store, with the {how} written down.")
    read: dict[str, Wrong | None] = {}
    for files in _pages_of_files(parts):
        page: dict[str, Wrong | None] = {}
        for file in files:
            check.examined += 1
            known = page if file.key in page else read  # names and versions share bytes
            wrong = known[file.key] if file.key in known else _wrong(parts, file, deep)
            page[file.key] = wrong
            if wrong is not None and _is_still_there(parts, file):
                where = f"{file.item_id} version {file.n}"
                _add(check, tell, wrong, file.key, f"File {file.name} of {where} {_SAID[wrong]}.")
        read = page
    return check


_SAID: Final = {
    Wrong.MISSING: "is not there",
    Wrong.WRONG_SIZE: "has another size than was uploaded",
    Wrong.WRONG_HASH: "has other bytes than were uploaded",
    Wrong.UNREADABLE: "cannot be read",
}


def _wrong(parts: Parts, file: File, deep: bool) -> Wrong | None:
    try:
        found = look(parts.objects, Kept(file.key, file.size_bytes, file.sha256), deep=deep)
    except CatalogError:
        return Wrong.UNREADABLE
    return None if found is Soundness.OK else Wrong(found.value)


def _is_still_there(parts: Parts, file: File) -> bool:
    """Tell whether a file has not been removed or replaced since its row was read."""
    with parts.database.reading() as session:
        row = session.get(File, (file.item_id, file.n, file.folded))
        return row is not None and row.key == file.key


def check_orphans(parts: Parts, *, now: datetime, tell: Tell = _nobody) -> Check:
    """No bytes are left that nothing names or has marked, but those of an upload of today."""
    check = Check("orphans", "No bytes older than a day lie in the object store without a file.")
    for examined, sizes in orphans(parts, now=now):
        check.examined += examined
        for key, size_bytes in sizes.items():
            if key.startswith(PARTS):
                said = f"There are parts of an upload {key.removeprefix(PARTS)} that nobody knows."
                _add(check, tell, Wrong.ORPHAN_PARTS, key, said)
            elif _is_kept(parts, key):
                said = f"{key}, {size_bytes} bytes, belongs to no file."
                _add(check, tell, Wrong.ORPHAN, key, said)
    return check


def _is_kept(parts: Parts, key: str) -> bool:
    """Tell whether an object has not been deleted since it was listed."""
    try:
        parts.objects.size(key)
    except ObjectMissing:
        return False
    return True


def check_uploads(parts: Parts, *, now: datetime, tell: Tell = _nobody) -> Check:
    """No upload, and no room taken for one, outlives its time."""
    check = Check("uploads", "No upload that is over, and no room taken for one, is left.")
    before = now - _PATIENCE
    with parts.database.reading() as session:
        is_draft = and_(Version.item_id == Upload.item_id, Version.n == Upload.n)
        undecided = select(Upload, Version.state).outerjoin(Version, is_draft)
        for upload, state in session.execute(undecided.where(Upload.state.in_(UNDECIDED))):
            check.examined += 1
            if upload.expires < before or state != State.DRAFT:
                why = "expired" if state == State.DRAFT else "is for no draft any more"
                said = f"Upload {upload.id} of {upload.name} to {upload.item_id} {why}."
                _add(check, tell, Wrong.UPLOAD, upload.id, said)
        for row in session.scalars(select(Reservation)):
            check.examined += 1
            if row.expires < before:
                said = f"Room of {row.size_bytes} bytes is taken for an upload that is over."
                _add(check, tell, Wrong.RESERVATION, row.id, said)
    return check


def check_garbage(parts: Parts, *, tell: Tell = _nobody) -> Check:
    """Nothing that is named is marked to be removed."""
    check = Check("garbage", "Nothing is marked to be removed that a file or an upload names.")
    with parts.database.reading() as session:
        check.examined = session.scalar(select(func.count()).select_from(Garbage)) or 0
        for key in named_again(session):
            said = f"{key} is marked to be removed although a file or an upload names it."
            _add(check, tell, Wrong.GARBAGE, key, said)
    return check


def check_counts(parts: Parts, *, tell: Tell = _nobody) -> Check:
    """Items and versions have counted what they keep."""
    check = Check("counts", "Every item and version has counted rightly what it keeps.")
    after = ""
    while True:
        with parts.database.reading() as session:
            items = session.scalars(
                select(Item).where(Item.id > after).order_by(Item.id).limit(_PAGE)
            ).all()
            if not items:
                return check
            kept = counted(session, after, items[-1].id)
            for item in items:
                check.examined += 1
                if (item.kept_files, item.kept_bytes) != kept.of_item(item.id):
                    said = f"Item {item.id} has counted {item.kept_bytes} bytes, not what it keeps."
                    _add(check, tell, Wrong.COUNT, item.id, said)
            for version in session.scalars(
                select(Version).where(Version.item_id > after, Version.item_id <= items[-1].id)
            ):
                if version.files_total != kept.files.get((version.item_id, version.n), 0):
                    said = f"{version.item_id} version {version.n} has not counted its files."
                    _add(check, tell, Wrong.COUNT, version.item_id, said)
            after = items[-1].id


@dataclass(frozen=True, slots=True)
class Counted:
    """What items keep: objects and bytes by item, names by version."""

    objects: dict[str, tuple[int, int]]
    files: dict[tuple[str, int], int]

    def of_item(self, item_id: str) -> tuple[int, int]:
        """Return how many objects and bytes an item keeps."""
        return self.objects.get(item_id, (0, 0))


def counted(session: Session, after: str, last: str) -> Counted:
    """Count what the items behind `after` and up to `last` keep."""
    those = (File.item_id > after, File.item_id <= last)
    once = select(File.item_id, File.key, func.max(File.size_bytes).label("size_bytes"))
    objects = once.where(*those).group_by(File.item_id, File.key).subquery()
    of_items = select(
        objects.c.item_id, func.count(), func.coalesce(func.sum(objects.c.size_bytes), 0)
    ).group_by(objects.c.item_id)
    names = select(File.item_id, File.n, func.count()).where(*those)
    return Counted(
        {item: (number, int(size)) for item, number, size in session.execute(of_items)},
        {(i, n): number for i, n, number in session.execute(names.group_by(File.item_id, File.n))},
    )


def check_fixity_rows(parts: Parts, *, tell: Tell = _nobody) -> Check:
    """Every object is in the cycle of reading, and was sound at the last."""
    check = Check("fixity", "Every object is read from time to time, and was sound the last time.")
    for files in _pages_of_files(parts):
        keys = {file.key: file for file in files}
        with parts.database.reading() as session:
            rows = session.execute(select(Fixity.key, Fixity.result).where(Fixity.key.in_(keys)))
            known = {key: result or Soundness.OK.value for key, result in rows}
        check.examined += len(keys)
        for key, file in keys.items():
            where = f"File {file.name} of {file.item_id} version {file.n}"
            if key not in known and _is_still_there(parts, file):
                said = f"{where} is never read to see whether its bytes are sound."
                _add(check, tell, Wrong.NOT_ENROLLED, key, said)
            elif known.get(key, Soundness.OK) != Soundness.OK:
                wrong = Wrong(known[key])
                _add(check, _nobody, wrong, key, f"{where} {_WAS[wrong]} when it was last read.")
    return check


_WAS: Final = {
    Wrong.MISSING: "was not there",
    Wrong.WRONG_SIZE: "had another size than was uploaded",
    Wrong.WRONG_HASH: "had other bytes than were uploaded",
    Wrong.UNREADABLE: "could not be read",
}


def _add(check: Check, tell: Tell, kind: Wrong, about: str, sentence: str) -> None:
    check.fault(sentence)
    tell(Fault(kind, about, sentence))


def _pages_of_files(parts: Parts) -> Iterator[Sequence[File]]:
    after = ("", 0, "")
    while True:
        with parts.database.reading() as session:
            files = session.scalars(
                select(File)
                .where(tuple_(File.item_id, File.n, File.folded) > after)
                .order_by(File.item_id, File.n, File.folded)
                .limit(_PAGE)
            ).all()
        if not files:
            return
        after = (files[-1].item_id, files[-1].n, files[-1].folded)
        yield files
