"""Pages of an item's past: its history, one revision, and what differs between two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from api.frame import Frame
from api.landing import Landing
from api.naming import Naming, naming
from api.rendering import page_of
from api.values import Reader, Row, Value, size
from catalog.domain.description import RDF, is_literal, literal
from catalog.domain.differences import Changed, Piece, words_between
from catalog.domain.exporting.exported import TEST_DOI
from catalog.domain.identifiers import VOCAB
from catalog.domain.lifecycle import in_words
from catalog.domain.record import ItemRecord
from catalog.library import Library
from catalog.services.compare import Compared
from catalog.services.dois import ALL_VERSIONS
from catalog.services.history import Happened
from catalog.services.item_history import Entry, History
from catalog.services.revisions import Revised

_FORMS: Final = (("ttl", "Turtle"), ("jsonld", "JSON-LD"), ("nt", "N-Triples"), ("json", "JSON"))

_MOST_TEXTS: Final = 60
"""So many texts are compared word by word on one page; further ones stand beside each other."""

_SHOWN_AROUND: Final = 120
"""So many characters are shown before and after words that differ."""


def sentence(frame: Frame, words: Naming, record: ItemRecord, entry: Entry) -> str:
    """Return what happened, in one sentence without its full stop."""
    said = entry.detail
    if entry.kind is Happened.REVISED:
        return _of_change(words, record, entry)
    if entry.kind is Happened.FILE_KEPT:
        much = said.get("size_bytes")
        return f"File {said.get('name')} kept{f', {size(much)}' if much is not None else ''}"
    which = f"version {entry.version}" if entry.version != ALL_VERSIONS else "all versions"
    told = _SENTENCES[entry.kind].format(which=which, **_WITHOUT | _words(frame, words, said))
    told = told.rstrip(": .")
    return told[:1].upper() + told[1:]


_WITHOUT: Final = dict.fromkeys(
    (
        "name", "reason", "doi", "previous", "problem", "visibility",
        "agreement", "to", "ending", "address", "who", "owner", "result",
    ),
    "",
)  # fmt: skip

_SENTENCES: Final[Mapping[Happened, str]] = {
    Happened.SUBMITTED: "Submitted as a draft",
    Happened.BEGUN: "Draft of {which} begun, as version {previous} was",
    Happened.FIXITY_FAILED: "File {name} found damaged: {result}",
    Happened.FIXITY_OK: "File {name} is as it was kept again",
    Happened.FILE_REMOVED: "File {name} removed",
    Happened.PUBLISHED: "{which} published, {visibility}",
    Happened.VISIBILITY_CHANGED: "{which} made {visibility}",
    Happened.PUBLICATION_DELAYED: "{which} did not become public on its date: {reason}",
    Happened.DEPRECATED: "{which} marked as no longer recommended: {reason}",
    Happened.UNDEPRECATED: "{which} recommended again",
    Happened.WITHDRAWN: "Withdrawn: {reason}",
    Happened.DELETED: "The draft of {which} was deleted",
    Happened.REFERENCE_DRIFTED: "What lies at {address} is no longer as described: {reason}",
    Happened.REFERENCE_BACK: "What lies at {address} is as described again",
    Happened.DOI_RESERVED: "DOI of {which} reserved: {doi}",
    Happened.DOI_FINDABLE: "DOI of {which} registered: {doi}",
    Happened.DOI_HIDDEN: "DOI of {which} hidden: {doi}",
    Happened.DOI_FAILED: "Registration of the DOI of {which} failed: {problem}",
    Happened.SHARED: "Shared with {who}",
    Happened.UNSHARED: "Taken back from {who}",
    Happened.LINK_MADE: "Link made: {who}",
    Happened.LINK_ENDED: "Link ended: {who}",
    Happened.OWNER_CHANGED: "Passed on to {owner}",
    Happened.AGREEMENT_SET: "Version {agreement} of the data use agreement set",
    Happened.AGREEMENT_TAKEN_OFF: "Data use agreement taken off",
    Happened.ACCESS_ASKED: "Access to its files asked for",
    Happened.ACCESS_GRANTED: "Access granted to {to}",
    Happened.ACCESS_REFUSED: "Access refused to {to}",
    Happened.ACCESS_ENDED: "Access, or the request for it, ended: {ending}",
}


def _words(frame: Frame, words: Naming, said: Mapping[str, Any]) -> dict[str, str]:
    """Return what an event says beside its kind, in the reader's words."""
    told = {name: str(value) for name, value in said.items()}
    if reason := words.term(f"{VOCAB}withdrawal-reason/{said.get('reason', '')}"):
        told["reason"] = reason.label
    if "visibility" in told:
        told["visibility"] += _when(said)
    if frame.dois_are_tests and "doi" in told:
        told["doi"] = f"{told['doi']} ({TEST_DOI})"
    return told


def _when(said: Mapping[str, Any]) -> str:
    """Return, behind a visibility, when that changes by itself, or that it did."""
    if said.get("by_itself"):
        return " on its date, by itself"
    dates = {name: datetime.fromisoformat(said[name]) for name in _DATES if said.get(name)}
    return "".join(f", {_DATES[name]} {in_words(at)}" for name, at in dates.items())


_DATES: Final = {"until": "until", "publish_at": "to become public"}


def _of_change(words: Naming, record: ItemRecord, entry: Entry) -> str:
    places = words.places([record.type])
    placed = sorted(
        (words.property(iri, places) for iri in entry.changed),
        key=lambda place: (place.group.order, place.order),
    )
    labels = ", ".join(dict.fromkeys(place.word.label for place in placed))
    restored = entry.detail.get("restored")
    if restored:
        return f"Revision {restored} restored{f': {labels}' if labels else ''}"
    return f"Changed: {labels}" if labels else "Description changed"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, as the page shows it; addresses are "" where there is none."""

    entry: Entry
    text: str
    href: str
    difference: str
    may_restore: bool


def history(frame: Frame, library: Library, found: History, *, is_continued: bool) -> str:
    """Return a page of the history of an item.

    is_continued  whether it is not the first page
    """
    words, record = naming(library, frame), found.record
    here = f"{frame.root}items/{record.id}"
    now = f"{record.version}.{record.revision}"
    lines = [
        Line(
            entry=entry,
            text=sentence(frame, words, record, entry),
            href=f"{here}/history/{entry.name}" if entry.name else "",
            difference=_difference(here, entry),
            may_restore=found.is_writer
            and entry.kind is not Happened.PUBLISHED
            and entry.name not in (None, now),
        )
        for entry in found.entries
    ]
    names = dict.fromkeys(line.entry.name for line in lines if line.entry.name)
    return page_of(
        "history.html",
        frame,
        record=record,
        title=_title(frame, library, record),
        here=here,
        lines=lines,
        names=list(names),
        is_continued=is_continued,
        next=f"{here}/history?cursor={found.next}" if found.next else None,
    )


def _difference(here: str, entry: Entry) -> str:
    if entry.before is None or entry.name is None:
        return ""
    return f"{here}/difference?from={entry.before}&to={entry.name}"


def _title(frame: Frame, library: Library, record: ItemRecord) -> str:
    return Landing(frame, library, record, {}).title


def revision(frame: Frame, library: Library, found: Revised) -> str:
    """Return the page of a revision: all that the item said then."""
    words, record = naming(library, frame), found.record
    reader = Reader(found.description, words, found.names, _fragments(found))
    here = f"{frame.root}items/{record.id}"
    return page_of(
        "item_revision.html",
        frame,
        title=_title(frame, library, record),
        it=found,
        here=here,
        type_label=words.of_type(record.type),
        rows=_rows(reader, words, found),
        forms=[(f"{here}/history/{found.name}.{suffix}", name) for suffix, name in _FORMS],
    )


def _rows(reader: Reader, words: Naming, found: Revised) -> tuple[Row, ...]:
    """Return what the item says, in the order of the shapes of its type."""
    places = words.places([found.record.type])
    said = found.description.by_subject.get(found.description.subject, {})
    placed = [
        (place.group.order, place.order, reader.row(iri, place, terms))
        for predicate, terms in said.items()
        if (iri := predicate[1:-1]) != _CLASS and (place := words.property(iri, places))
    ]
    placed.sort(key=lambda one: one[:2])
    return tuple(row for _, _, row in placed)


_CLASS: Final = f"{RDF}type"


def _fragments(found: Revised) -> frozenset[str]:
    """Return the names of all parts, none of which is to be an anchor where two stand together."""
    return frozenset(part[1:-1].partition("#")[2] for part in found.description.parts)


class Text(NamedTuple):
    """A text before or after, cut into words that stayed and words that did not."""

    pieces: tuple[Piece, ...]
    language: str


class Pair(NamedTuple):
    """What stood there and what stands there, beside each other: each a value, a text, or None."""

    before: Value | Text | None
    after: Value | Text | None


class Property(NamedTuple):
    """What differs in one property."""

    label: str
    help: str
    pairs: tuple[Pair, ...]


class Thing(NamedTuple):
    """What differs in the item or a part of it; `label` is "" for the item."""

    label: str
    properties: tuple[Property, ...]


def difference(frame: Frame, library: Library, found: Compared) -> str:
    """Return the page of what differs between two revisions, each property before and after."""
    here = f"{frame.root}items/{found.record.id}"
    names = f"from={found.before.name}&to={found.after.name}"
    back = f"from={found.after.name}&to={found.before.name}"
    things = _Differing(naming(library, frame), found).things()
    return page_of(
        "item_difference.html",
        frame,
        title=_title(frame, library, found.record),
        here=here,
        before=found.before,
        after=found.after,
        things=things,
        number=sum(len(thing.properties) for thing in things),
        files=found.files,
        files_number=sum(found.files.totals),
        files_left_out=sum(found.files.totals) - len(found.files.changes),
        as_json=f"{here}/difference?{names}",
        turned=f"{here}/difference?{back}",
    )


class _Differing:
    """Two revisions while their difference is put into words."""

    def __init__(self, words: Naming, found: Compared) -> None:
        self._words = words
        self._found = found
        self._texts = 0
        one, other = found.before, found.after
        self._before = Reader(one.description, words, one.names, _fragments(one))
        self._after = Reader(other.description, words, other.names, _fragments(other))

    def things(self) -> list[Thing]:
        """Return what differs, the item first and each with its properties in their order."""
        return [
            Thing(self._label(thing), self._properties(thing, changes))
            for thing, changes in self._found.difference.by_thing()
        ]

    def _label(self, thing: str) -> str:
        """Return what a part is: the property that leads to it, and its name."""
        after = self._found.after
        if thing == after.description.subject:
            return ""
        places = self._words.places([after.record.type])
        trail = self._found.difference.trail(thing)
        way = " › ".join(self._words.property(iri, places).word.label for iri in trail)
        named = self._after.name_of(thing)
        return ": ".join(text for text in (way, named[1] if named else _fragment(thing)) if text)

    def _properties(self, thing: str, changes: Sequence[Changed]) -> tuple[Property, ...]:
        places = self._words.places(self._kinds(thing))
        placed = []
        for change in changes:
            place = self._words.property(change.property, places)
            shown = Property(place.word.label, place.word.help, tuple(self._pairs(change)))
            placed.append((place.group.order, place.order, shown))
        placed.sort(key=lambda one: one[:2])
        return tuple(shown for _, _, shown in placed)

    def _kinds(self, thing: str) -> tuple[str, ...]:
        after = self._found.after
        if thing == after.description.subject:
            return (after.record.type,)
        return after.description.iris(_CLASS, of=thing)

    def _pairs(self, change: Changed) -> list[Pair]:
        """Return the values beside each other: texts of one language first, then what is left."""
        removed, added = list(change.removed), list(change.added)
        pairs = []
        for one in change.removed:
            other = next((term for term in added if _is_same_kind(one, term)), None)
            if other is not None:
                removed.remove(one)
                added.remove(other)
                pairs.append(self._beside(one, other))
        before = (self._before.value(term) for term in removed)
        after = (self._after.value(term) for term in added)
        return [*pairs, *(Pair(one, other) for one, other in zip_longest(before, after))]

    def _beside(self, one: str, other: str) -> Pair:
        before, after = literal(one), literal(other)
        self._texts += 1
        if self._texts > _MOST_TEXTS:
            return Pair(self._before.value(one), self._after.value(other))
        pieces = words_between(before.text, after.text)
        return Pair(
            Text(_shortened(pieces, without="added"), before.language or ""),
            Text(_shortened(pieces, without="removed"), after.language or ""),
        )


def _is_same_kind(one: str, other: str) -> bool:
    """Tell whether two terms are texts of one language, whose words can be compared."""
    if not (is_literal(one) and is_literal(other)):
        return False
    before, after = literal(one), literal(other)
    is_words = before.language is not None or before.datatype.endswith("#string")
    return is_words and before[1:] == after[1:]


def _shortened(pieces: Sequence[Piece], *, without: str) -> tuple[Piece, ...]:
    """Return one side of two texts, with what stayed cut to what stands around the differences."""
    found = []
    for place, piece in enumerate(pieces):
        if piece.kind == without:
            continue
        text = piece.text
        if piece.kind == "same" and len(text) > 3 * _SHOWN_AROUND:
            before = "" if place == 0 else text[:_SHOWN_AROUND]
            after = "" if place == len(pieces) - 1 else text[-_SHOWN_AROUND:]
            text = f"{before} … {after}"
        found.append(Piece(piece.kind, text))
    return tuple(found)


def _fragment(thing: str) -> str:
    return thing[1:-1].partition("#")[2]
