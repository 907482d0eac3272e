"""What releases did to the vocabularies: versions of a scheme, differences, the life of a term."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import NotFound
from catalog.domain.schemes import Vocabularies
from catalog.domain.terms.changes import Change, Kind, changes
from catalog.parts import Parts
from catalog.services.releases import VOCAB, files_of, part
from catalog.tables import Release, ReleaseFile, TermChange


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release, and how many changes of each kind it made; in one scheme, or in all."""

    seq: int
    version: str
    origin: str
    at: datetime
    note: str
    counts: dict[Kind, int]


@dataclass(frozen=True, slots=True)
class Happening:
    """A change of one concept, with the release that made it."""

    change: Change
    seq: int
    at: datetime
    note: str


def releases(parts: Parts, scheme: str | None = None) -> tuple[ReleaseLine, ...]:
    """Return the releases, the newest first.

    scheme  only those in which the file of this scheme came or changed
    """
    with parts.database.reading() as session:
        rows = session.scalars(select(Release).order_by(Release.seq)).all()
        kept = rows if scheme is None else _changed(session, rows, scheme)
        counts = _counts(session, scheme)
        lines = [
            ReleaseLine(r.seq, r.version, r.origin, r.at, r.note, counts.get(r.seq, {}))
            for r in kept
        ]
    return tuple(reversed(lines))


def _changed(session: Session, rows: Collection[Release], scheme: str) -> list[Release]:
    """Return the releases whose file of the scheme is not that of the release before."""
    found = session.execute(
        select(ReleaseFile.seq, ReleaseFile.sha256).where(ReleaseFile.name == VOCAB + scheme)
    )
    digests: dict[int, str] = {seq: digest for seq, digest in found}  # noqa: C416 - rows
    kept, last = [], None
    for release in rows:
        digest = digests.get(release.seq)
        if digest is not None and digest != last:
            kept.append(release)
        last = digest
    return kept


def _counts(session: Session, scheme: str | None) -> dict[int, dict[Kind, int]]:
    wanted = select(TermChange.seq, TermChange.kind, func.count()).group_by(
        TermChange.seq, TermChange.kind
    )
    if scheme is not None:
        wanted = wanted.where(TermChange.scheme == scheme)
    found: dict[int, dict[Kind, int]] = {}
    for seq, kind, count in session.execute(wanted):
        found.setdefault(seq, {})[Kind(kind)] = count
    return found


def turtle_of(parts: Parts, scheme: str, seq: int) -> bytes:
    """Return the file of a scheme as a release had it; NotFound where there was none."""
    with parts.database.reading() as session:
        text = files_of(session, seq).get(VOCAB + scheme)
    if text is None:
        raise NotFound(f"Release {seq} has no vocabulary {scheme}.")
    return text


def difference(parts: Parts, scheme: str, before: int, after: int) -> tuple[Change, ...]:
    """Return how a scheme differs between two releases, in whichever order they came."""
    with parts.database.reading() as session:
        first, second = (part(files_of(session, seq), VOCAB) for seq in (before, after))
    if scheme not in first and scheme not in second:
        raise NotFound(f"Neither release has a vocabulary {scheme}.")
    return changes(Vocabularies(first), Vocabularies(second), scheme)


def life_of(parts: Parts, term: str) -> tuple[Happening, ...]:
    """Return what happened to a concept, oldest first; empty while no release is kept.

    One that the first release had begins with that.
    """
    with parts.database.reading() as session:
        first = session.scalar(select(Release).order_by(Release.seq).limit(1))
        found = _happenings(session, TermChange.term == term)
    if first is None:
        return ()
    if not any(one.change.kind is Kind.ADDED for one in found):
        scheme = parts.library.vocabularies.scheme_of(term) or ""
        label = next((one.change.label for one in found), "")
        begin = Happening(Change(scheme, term, Kind.ADDED, label), first.seq, first.at, first.note)
        found = (begin, *found)
    return found


def changes_since(
    parts: Parts, scheme: str | None, since: datetime, kinds: Collection[Kind] = tuple(Kind)
) -> tuple[Happening, ...]:
    """Return the changes that came into force after a moment, oldest first.

    What the first release brought is not listed: that is the whole vocabulary.
    """
    with parts.database.reading() as session:
        return _happenings(
            session,
            Release.at > since,
            TermChange.kind.in_([kind.value for kind in kinds]),
            *([TermChange.scheme == scheme] if scheme is not None else []),
        )


@dataclass(slots=True)
class Dates:
    """When a concept came into force, and when it was changed or deprecated last."""

    added: datetime | None
    changed: datetime | None = None


def dates_of_terms(parts: Parts, scheme: str) -> Mapping[str, Dates]:
    """Return the dates of every concept of a scheme; empty while no release is kept."""
    with parts.database.reading() as session:
        first = session.scalar(select(func.min(Release.at)))
        found = _happenings(session, TermChange.scheme == scheme)
    known = parts.library.vocabularies.scheme(scheme)
    if first is None or known is None:
        return {}
    dates = {iri: Dates(first) for iri in known.concepts}
    for one in found:
        if one.change.term not in dates:
            continue
        if one.change.kind is Kind.ADDED:
            dates[one.change.term].added = one.at
        else:
            dates[one.change.term].changed = one.at
    return dates


def _happenings(session: Session, *conditions: object) -> tuple[Happening, ...]:
    rows = session.execute(
        select(TermChange, Release)
        .join(Release, Release.seq == TermChange.seq)
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(TermChange.id)
    )
    return tuple(
        Happening(
            Change(
                change.scheme,
                change.term,
                Kind(change.kind),
                change.label,
                change.before,
                change.after,
            ),
            release.seq,
            release.at,
            release.note,
        )
        for change, release in rows
    )
