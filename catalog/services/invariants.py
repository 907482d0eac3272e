"""What has to be true of the record at every moment, each as a check.

The record is read a page at a time, each page as of one moment, beside a server that works on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from catalog.domain.description import statements_of
from catalog.domain.identifiers import RECORD, cited_items
from catalog.domain.lifecycle import State
from catalog.domain.sources import addresses_in
from catalog.library import Library
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.history import Happened
from catalog.services.term_uses import terms_cited
from catalog.tables import Citation, Event, Item, Revision, SourceAddress, TermUse, Version, Work

EXAMPLES = 10
"""How many faults of a kind are told; the others are counted."""

_PAGE = 200
_LATE = timedelta(seconds=60)

_Thing = TypeVar("_Thing")


@dataclass(slots=True)
class Check:
    """One thing that has to be true.

    name      for scripts
    means     what is true where it holds, as a sentence
    examined  how many things were looked at
    count     how many faults were found; `examples` are the first of them, as sentences
    """

    name: str
    means: str
    examined: int = 0
    count: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        return not self.count

    def fault(self, sentence: str) -> None:
        """Count a fault."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(sentence)


def check_descriptions(parts: Parts) -> Check:
    """Every digest is that of the text beside it, and rows that repeat it say the same."""
    check = Check("descriptions", "Every description has the digest that was written down for it.")
    for session, versions in _pages_of_versions(parts):
        kept: dict[tuple[str, int], set[str]] = {}
        for row in session.scalars(select(Citation).where(_of(Citation, versions))):
            kept.setdefault((row.item_id, row.n), set()).add(row.cited)
        uses: dict[tuple[str, int], set[str]] = {}
        for use in session.scalars(select(TermUse).where(_of(TermUse, versions))):
            uses.setdefault((use.item_id, use.n), set()).add(use.term)
        places: dict[tuple[str, int], set[str]] = {}
        for place in session.scalars(select(SourceAddress).where(_of(SourceAddress, versions))):
            places.setdefault((place.item_id, place.n), set()).add(place.address)
        for version in versions:
            check.examined += 1
            if _digest(version.ntriples) != version.digest:
                check.fault(f"{_named(version)} is not what its digest says.")
            if kept.get((version.item_id, version.n), set()) != _cited(version):
                check.fault(f"{_named(version)} cites other items than were written down.")
            if not _uses_fit(parts.library, version, uses.get((version.item_id, version.n), set())):
                check.fault(f"{_named(version)} cites other terms than were written down.")
            said = set(addresses_in(statements_of(version.ntriples)))
            if places.get((version.item_id, version.n), set()) != said:
                check.fault(f"{_named(version)} names other addresses than were written down.")
    return check


def check_revisions(parts: Parts) -> Check:
    """Every version has each of its revisions, the last of which is its description."""
    check = Check("revisions", "No revision is missing, and the last one is the description.")
    for session, versions in _pages_of_versions(parts):
        chains: dict[tuple[str, int], list[Revision]] = {}
        for row in session.scalars(
            select(Revision).where(_of(Revision, versions)).order_by(Revision.r)
        ):
            check.examined += 1
            chains.setdefault((row.item_id, row.n), []).append(row)
            if _digest(row.ntriples) != row.digest:
                check.fault(f"Revision {row.r} of {_named(row)} is not what its digest says.")
        for version in versions:
            chain = chains.get((version.item_id, version.n), [])
            if [row.r for row in chain] != list(range(1, version.revision + 1)):
                check.fault(f"{_named(version)} lacks some of its {version.revision} revisions.")
            elif chain[-1].digest != version.digest:
                check.fault(f"{_named(version)} is not its own last revision.")
    return check


def check_history(parts: Parts) -> Check:
    """Every change has its event, written in the same transaction."""
    check = Check("history", "Every beginning, revision, publication and withdrawal has its event.")
    for session, versions in _pages_of_versions(parts):
        events: dict[tuple[str, int], list[Event]] = {}
        for row in session.scalars(select(Event).where(_of(Event, versions)).order_by(Event.seq)):
            events.setdefault((row.item_id, row.n), []).append(row)
        for version in versions:
            check.examined += 1
            for problem in _history_of(version, events.get((version.item_id, version.n), [])):
                check.fault(f"{_named(version)}: {problem}.")
    return check


def _history_of(version: Version, events: Sequence[Event]) -> Iterator[str]:
    # An id may be given a second time after its draft was deleted: what counts begins then.
    deleted = [place for place, row in enumerate(events) if row.kind == Happened.DELETED]
    counted = events[deleted[-1] + 1 :] if deleted else events
    kinds = [row.kind for row in counted]
    if version.n == 1 and kinds.count(Happened.SUBMITTED) != 1:
        yield f"{kinds.count(Happened.SUBMITTED)} submissions"
    if version.n > 1 and kinds.count(Happened.BEGUN) != 1:
        yield f"{kinds.count(Happened.BEGUN)} beginnings"
    revised = [row.detail.get("revision") for row in counted if row.kind == Happened.REVISED]
    if revised != list(range(2, version.revision + 1)):
        yield f"revisions {revised} in the history and {version.revision} in the record"
    was_published = version.published is not None
    if kinds.count(Happened.PUBLISHED) != was_published:
        yield f"{kinds.count(Happened.PUBLISHED)} publications"


def check_versions(parts: Parts) -> Check:
    """Items know how many versions they have, and these are in states that go together."""
    check = Check("versions", "Every item has all of its versions, in states that go together.")
    after = ""
    while True:
        with parts.database.reading() as session:
            items = session.scalars(
                select(Item).where(Item.id > after).order_by(Item.id).limit(_PAGE)
            ).all()
            if not items:
                return check
            after = items[-1].id
            rows: dict[str, list[Version]] = {}
            for version in session.scalars(
                select(Version)
                .where(Version.item_id.in_([item.id for item in items]))
                .order_by(Version.n)
            ):
                rows.setdefault(version.item_id, []).append(version)
            for item in items:
                check.examined += 1
                for problem in _problems_of(item, rows.get(item.id, [])):
                    check.fault(f"Item {item.id} {problem}.")


def _problems_of(item: Item, versions: Sequence[Version]) -> Iterator[str]:
    if [version.n for version in versions] != list(range(1, item.newest + 1)):
        yield f"lacks some of its {item.newest} versions"
    if sum(version.state == State.DRAFT for version in versions) > 1:
        yield "has two drafts"
    for version in versions:
        if (version.published is None) != (version.state == State.DRAFT) and not (
            version.state == State.WITHDRAWN and version.published is None
        ):
            yield f"has a version {version.n} that is {version.state} without a date, or with one"


def check_outbox(parts: Parts, *, now: datetime) -> Check:
    """The outbox drains."""
    check = Check("outbox", "Nothing has waited for the relay for more than a minute.")
    with parts.database.reading() as session:
        # What waits for the registrar may wait as long as that is away; readiness tells of it.
        waiting = select(Work).where(Work.topic == outbox.GRAPH).order_by(Work.since)
        for line in session.scalars(waiting):
            check.examined += 1
            if line.since < now - _LATE:
                seconds = int((now - line.since).total_seconds())
                why = f": {line.problem}" if line.problem else ""
                check.fault(f"{line.topic} of {line.item_id} has waited {seconds} s{why}.")
    return check


def _pages_of_versions(parts: Parts) -> Iterator[tuple[Session, Sequence[Version]]]:
    """Go through all versions, a page at a time, with the session that reads that moment."""
    after = ("", 0)
    while True:
        with parts.database.reading() as session:
            versions = session.scalars(
                select(Version)
                .where(tuple_(Version.item_id, Version.n) > after)
                .order_by(Version.item_id, Version.n)
                .limit(_PAGE)
            ).all()
            if not versions:
                return
            after = (versions[-1].item_id, versions[-1].n)
            yield session, versions


def batches(things: Iterable[_Thing]) -> Iterator[list[_Thing]]:
    """Yield lists of some hundred, so that each can be looked up by one query."""
    iterator = iter(things)
    while batch := list(islice(iterator, _PAGE)):
        yield batch


def _of(
    table: type[Citation | Revision | Event | TermUse | SourceAddress], versions: Sequence[Version]
) -> ColumnElement[bool]:
    """Return the predicate for the rows of `table` that belong to a page of versions."""
    first, last = versions[0].item_id, versions[-1].item_id
    return table.item_id.between(first, last)


def _named(row: Version | Revision) -> str:
    return f"{row.item_id} version {row.n}"


def _uses_fit(library: Library, version: Version, kept: set[str]) -> bool:
    """Tell whether the terms kept beside a description are those that it cites.

    What was judged by other vocabularies may cite terms that these knew, or not know those of
    today; but it cites whatever was kept.
    """
    if version.library_version == library.version:
        return kept == set(terms_cited(library, version.ntriples))
    return all(f" <{term}> ." in version.ntriples for term in kept)


def _digest(ntriples: str) -> str:
    return sha256(ntriples.encode()).hexdigest()


def _cited(version: Version) -> set[str]:
    ours = f"<{RECORD}items/"
    values = (v[1:-1] for _, _, v in statements_of(version.ntriples) if v.startswith(ours))
    return set(cited_items(values, version.item_id))
