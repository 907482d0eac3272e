"""Releases of vocabularies and shapes: which one is in force, and how another one comes into force.

Every release is kept whole in the record. The highest number is in force; each process of the
catalog reads it from there, so that what is loaded takes effect without a restart or not at all.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.domain.errors import MovedOn, NotAcceptable, NotFound
from catalog.domain.identifiers import VOCAB as VOCAB_IRI
from catalog.domain.terms.changes import Change, Kind, changes
from catalog.library import Library
from catalog.migrations import is_up_to_date
from catalog.parts import Parts
from catalog.services.readiness import USES
from catalog.tables import Fact, LibraryFile, Release, ReleaseFile, TermChange

if TYPE_CHECKING:
    from catalog.domain.rules.vocabularies import Fault

INSTALLED = "installed"
LOADED = "loaded"
VOCAB = "vocab/"
SHAPES = "shapes/"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A release that has come into force.

    seq       its number, counted from 1
    changes   how its concepts differ from those of the release before it
    warnings  what the rules advise against
    """

    seq: int
    version: str
    changes: tuple[Change, ...]
    warnings: "tuple[Fault, ...]" = ()


def library_in_force(database: Database, installed: Library) -> Library:
    """Return the vocabularies and shapes in force: those of the record, else those installed.

    A record that is not up to date has none yet, or will be brought up to date by a start.
    """
    if not is_up_to_date(database):
        return installed
    with database.reading() as session:
        release = _in_force(session)
        if release is None or release.version == installed.version:
            return installed
        return library_of(files_of(session, release.seq))


def is_in_force(parts: Parts) -> bool:
    """Tell whether no other release has come into force than the one that `parts` go by."""
    with parts.database.reading() as session:
        version = session.scalar(select(Release.version).order_by(Release.seq.desc()).limit(1))
    return version is None or version == parts.library.version


def files_of(session: Session, seq: int) -> dict[str, bytes]:
    """Return the files of a release, by `vocab/{name}` or `shapes/{name}`.

    Raises NotFound where there is no release of that number.
    """
    rows = session.execute(
        select(ReleaseFile.name, LibraryFile.packed)
        .join(LibraryFile, LibraryFile.sha256 == ReleaseFile.sha256)
        .where(ReleaseFile.seq == seq)
        .order_by(ReleaseFile.name)
    )
    files = {name: zlib.decompress(packed) for name, packed in rows}
    if not files:
        raise NotFound(f"There is no release {seq} of the vocabularies.")
    return files


def library_of(files: Mapping[str, bytes]) -> Library:
    """Return the library of files by `vocab/{name}` and `shapes/{name}`."""
    return Library(part(files, VOCAB), part(files, SHAPES))


def part(files: Mapping[str, bytes], kind: str) -> dict[str, bytes]:
    """Return the files of one kind by their own names: `vocab/sensor` is `sensor`."""
    return {name[len(kind) :]: text for name, text in files.items() if name.startswith(kind)}


def take_installed(database: Database, installed: Library, *, now: datetime) -> str | None:
    """Have what comes with the program be a release too; return a sentence if it is not taken.

    It comes into force at the first start, and at the first start of a program that brings other
    files, unless it lacks terms that are in force: then what was loaded stays.
    """
    with database.writing() as session:
        last = session.scalar(
            select(Release.version)
            .where(Release.origin == INSTALLED)
            .order_by(Release.seq.desc())
            .limit(1)
        )
        in_force = _in_force(session)
        if last == installed.version or (in_force and in_force.version == installed.version):
            return None
        before = library_of(files_of(session, in_force.seq)) if in_force else None
        if before and (lost := _lost(before.files, installed.files)):
            return (
                f"The vocabularies that came with this program lack {len(lost)} term(s) that are "
                "in force, so those that were loaded stay. "
                f"Load what has both with `vocab load`; the first: {lost[0].sentence}"
            )
        _keep(session, installed, before, INSTALLED, "Came with the program.", now)
    return None


def _lost(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> "tuple[Fault, ...]":
    from catalog.domain.rules.vocabularies import check_against

    return check_against(part(before, VOCAB), part(after, VOCAB))


def load_release(
    parts: Parts, files: Mapping[str, bytes], *, note: str = "", now: datetime
) -> Loaded:
    """Bring other vocabularies and shapes into force, all of them or, whatever fails, none.

    files  by `vocab/{name}` and `shapes/{name}`; where one of the two kinds is missing, that of
           the release in force stays

    Raises NotAcceptable with `faults` where a rule is broken or a term went without being
    deprecated, and MovedOn where another load was faster.
    """
    with parts.database.reading() as session:
        seq = session.scalar(select(func.max(Release.seq)))
    before = library_in_force(parts.database, parts.library)
    whole = completed(files, before.files)
    faults = faults_of(whole, before.files)
    blocking = [fault for fault in faults if fault.severity == "violation"]
    if blocking:
        raise NotAcceptable(
            f"Nothing was loaded: {_counted(len(blocking))}.",
            faults=[str(fault) for fault in blocking],
        )
    after = library_of(whole)
    if after.version == before.version:
        return Loaded(seq or 0, after.version, ())
    _try(after)
    with parts.database.writing() as session:
        if session.scalar(select(func.max(Release.seq))) != seq:
            raise MovedOn("Another release came into force at this moment; load yours again.")
        if seq is None:  # a record that no start has prepared yet
            _keep(session, before, None, INSTALLED, "Came with the program.", now)
        release, found = _keep(session, after, before, LOADED, note, now)
        if any(_may_be_cited_already(change) for change in found):
            session.execute(delete(Fact).where(Fact.name == USES))
        warnings = tuple(fault for fault in faults if fault.severity == "warning")
        return Loaded(release.seq, release.version, found, warnings)


def _may_be_cited_already(change: Change) -> bool:
    """Tell whether descriptions may cite a new concept: one that keeps its publisher's IRI."""
    return change.kind is Kind.ADDED and not change.term.startswith(VOCAB_IRI)


def faults_of(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> "tuple[Fault, ...]":
    """Return every rule that the files break, by themselves or against what is in force."""
    # The rules are for those who load: a web worker starts without them.
    from catalog.domain.rules.vocabularies import check, check_against, check_shapes

    vocabularies, shapes = part(files, VOCAB), part(files, SHAPES)
    return (
        *check(vocabularies),
        *check_against(part(before, VOCAB), vocabularies),
        *check_shapes(shapes, vocabularies, part(before, SHAPES)),
    )


def completed(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files with those kinds of the release before that they leave out altogether."""
    whole = dict(files)
    for kind in (VOCAB, SHAPES):
        if not part(files, kind):
            whole |= {name: text for name, text in before.items() if name.startswith(kind)}
    return whole


def _try(library: Library) -> None:
    """Raise NotAcceptable unless everything that the catalog does with a library can be done."""
    try:
        library.warm()
        library.make_ready()
    except Exception as fault:
        raise NotAcceptable(f"Nothing was loaded: the files do not work ({fault}).") from fault


def _counted(number: int) -> str:
    return "one rule is broken" if number == 1 else f"{number} rules are broken"


def _in_force(session: Session) -> Release | None:
    return session.scalar(select(Release).order_by(Release.seq.desc()).limit(1))


def _keep(
    session: Session,
    library: Library,
    before: Library | None,
    origin: str,
    note: str,
    now: datetime,
) -> tuple[Release, tuple[Change, ...]]:
    release = Release(version=library.version, origin=origin, at=now, note=note)
    session.add(release)
    session.flush()
    digests = {name: sha256(text).hexdigest() for name, text in library.files.items()}
    known = set(
        session.scalars(
            select(LibraryFile.sha256).where(LibraryFile.sha256.in_(set(digests.values())))
        )
    )
    fresh = {digests[name]: text for name, text in library.files.items()}
    session.add_all(
        LibraryFile(sha256=digest, packed=zlib.compress(text))
        for digest, text in fresh.items()
        if digest not in known
    )
    session.flush()
    session.add_all(
        ReleaseFile(seq=release.seq, name=name, sha256=digest) for name, digest in digests.items()
    )
    # The first release adds everything, which needs no rows to be known.
    found = changes(before.vocabularies, library.vocabularies) if before else ()
    session.add_all(_row(release.seq, change) for change in found)
    return release, found


def _row(seq: int, change: Change) -> TermChange:
    return TermChange(
        seq=seq,
        scheme=change.scheme,
        term=change.term,
        kind=change.kind.value,
        label=change.label,
        before=change.before,
        after=change.after,
    )
