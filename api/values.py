"""Terms of a description as a page shows them: words, links, dates, parts within parts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from api.naming import Naming, Place, compact
from catalog.domain.description import RDF, XSD, Description, Literal, is_literal, literal
from catalog.domain.identifiers import RECORD, SAGE, item_of
from catalog.domain.lifecycle import begins_a_day
from catalog.domain.record import ItemName

NOT_STATED: Final = f"{SAGE}notStated"
_POSITION: Final = "https://schema.org/position"
_CLASS: Final = f"{RDF}type"
_NAMES: Final = (
    "http://xmlns.com/foaf/0.1/name",
    "http://purl.org/dc/terms/title",
    "https://schema.org/name",
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://www.w3.org/2006/vcard/ns#fn",
)
_MAIL: Final = "mailto:"
_LINKABLE = re.compile(r"https?://[^\s/?#<>\"]+\S*\Z", re.IGNORECASE)
_NUMBERS: Final = {
    f"{XSD}{name}"
    for name in (
        "integer", "nonNegativeInteger", "positiveInteger", "int", "long", "short",
        "unsignedInt", "unsignedLong", "negativeInteger", "nonPositiveInteger",
        "decimal", "double", "float",
    )
}  # fmt: skip
_WHOLE = re.compile(r"[+-]?\d{1,30}\Z")
_MOMENTS: Final = {f"{XSD}{name}" for name in ("date", "dateTime", "gYear", "gYearMonth")}
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a property.

    kind      text, absent, term, item, link, iri, number, moment, code or part
    href      where it leads; empty for what is not a link
    language  the tag of a text that is not in the language of the page
    note      what is said beside it: a definition, the name of a datatype
    machine   the same as machines read it, for moments and numbers
    anchor    the id of a part, so that `{item}#{anchor}` leads to it
    rows      what is said about a part
    """

    kind: str
    text: str
    href: str = ""
    language: str = ""
    note: str = ""
    machine: str = ""
    anchor: str = ""
    rows: tuple["Row", ...] = ()

    @property
    def is_outside(self) -> bool:
        """Whether it leads away from this catalog."""
        return self.kind == "link"


class Row(NamedTuple):
    """One property with its values; `help` says what the property means."""

    label: str
    values: tuple[Value, ...]
    help: str = ""
    iri: str = ""


class Table(NamedTuple):
    """Parts of one kind below each other: names of the properties, and each part with its cells.

    named  whether the parts have names of their own, which then head the lines
    """

    columns: tuple[str, ...]
    lines: tuple[tuple[Value, tuple[tuple[Value, ...], ...]], ...]
    named: bool


def table(values: Sequence[Value]) -> Table | None:
    """Return parts as a table, if there are several and they are flat and alike; else None."""
    if len(values) < _TABLE_FROM or any(not value.rows for value in values):
        return None
    columns: dict[str, None] = {}
    for value in values:
        for row in value.rows:
            if any(cell.rows for cell in row.values):
                return None
            columns[row.label] = None
    filled = sum(len(value.rows) for value in values)
    if len(columns) > _MOST_COLUMNS or 2 * filled < len(columns) * len(values):
        return None
    lines = []
    for value in values:
        said = {row.label: row.values for row in value.rows}
        lines.append((value, tuple(said.get(column, ()) for column in columns)))
    return Table(tuple(columns), tuple(lines), any(value.text for value in values))


_TABLE_FROM: Final = 3
_MOST_COLUMNS: Final = 8

ABSENT: Final = Value("absent", "not stated")


def is_linkable(iri: str) -> bool:
    """Tell whether an IRI may become a link: only http and https, with a host."""
    return _LINKABLE.match(iri) is not None


class Reader:
    """Reads one description aloud: every term becomes a `Value`, every part its rows once.

    names    id to name of the other items that the caller may see
    taken    ids that the page itself uses; a part of that name goes without an anchor
    version  the version that the description belongs to
    """

    def __init__(
        self,
        description: Description,
        naming: Naming,
        names: Mapping[str, ItemName],
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self._description = description
        self._naming = naming
        self._names = names
        self._anchored = set(taken)
        self._open: list[str] = []

    def rows(self, subject: str, without: Iterable[str] = ()) -> tuple[Row, ...]:
        """Return all that is said about a part, in the order of its shape, then the rest."""
        left_out = {_CLASS, _POSITION, *without}
        places = self._naming.places(self._description.iris(_CLASS, of=subject))
        found = []
        for predicate, terms in self._description.by_subject.get(subject, {}).items():
            if (iri := predicate[1:-1]) not in left_out:
                place = self._naming.property(iri, places)
                found.append((place.group.order, place.order, self.row(iri, place, terms)))
        found.sort(key=lambda entry: entry[:2])
        return tuple(row for _, _, row in found)

    def completed(self, term: str) -> Value:
        """Return a part with what publication demands of it: absent where it is not there."""
        value = self.value(term)
        if value.kind != "part":
            return value
        said = {row.iri: row for row in value.rows}
        for kind in self._description.iris(_CLASS, of=term):
            for field in self._naming.fields(kind):
                if field.required and field.path not in said:
                    said[field.path] = Row(field.name, (ABSENT,), field.description, field.path)
        places = self._naming.places(self._description.iris(_CLASS, of=term))
        order = sorted(said, key=lambda iri: self._naming.property(iri, places).order)
        return replace(value, rows=tuple(said[iri] for iri in order))

    def claim(self, anchor: str) -> str:
        """Return `anchor` if it may be an id on this page, "" if something has it already."""
        if not anchor or anchor in self._anchored:
            return ""
        self._anchored.add(anchor)
        return anchor

    def row(self, iri: str, place: Place, terms: Sequence[str]) -> Row:
        """Return a property with its values."""
        return Row(place.word.label, self.values(terms), place.word.help, iri)

    def values(self, terms: Sequence[str]) -> tuple[Value, ...]:
        """Return the values of one property, in the order that the description gives them."""
        ordered = sorted(terms, key=self._position) if len(terms) > 1 else terms
        return tuple(self.value(term) for term in ordered)

    def value(self, term: str) -> Value:
        """Return one term as a value."""
        if is_literal(term):
            return self._literal(literal(term))
        iri = term[1:-1]
        if iri == NOT_STATED:
            return ABSENT
        if term in self._description.by_subject and term != self._description.subject:
            return self._part(term)
        if iri.startswith(RECORD):
            return self._own(iri)
        return self.outside(iri)

    def outside(self, iri: str) -> Value:
        """Return the IRI of something that no part of the description speaks about."""
        if word := self._naming.term(iri):
            return Value("term", word.label, word.href, note=word.help)
        if is_linkable(iri) and not iri.startswith(XSD):
            return Value("link", _readable(iri), iri)
        if iri.startswith(_MAIL):
            return Value("text", iri.removeprefix(_MAIL))
        return Value("iri", compact(iri))

    def name_of(self, subject: str) -> tuple[str, str] | None:
        """Return the property that names a part, and the name; None where nothing does."""
        for iri in _NAMES:
            if found := self._description.text(iri, of=subject, languages=self._naming.languages):
                return iri, found
        return None

    def _position(self, term: str) -> int:
        text = self._description.text(_POSITION, of=term) if term[0] == "<" else None
        return int(text) if text and re.fullmatch(r"\d{1,9}", text) else 10**9

    def _literal(self, said: Literal) -> Value:
        if said.datatype in _NUMBERS:
            text = f"{int(said.text):,}" if _WHOLE.match(said.text) else said.text
            return Value("number", text, machine=said.text)
        if said.datatype in _MOMENTS:
            return Value("moment", _moment(said.text), machine=said.text)
        if said.datatype == f"{XSD}boolean":
            return Value("text", {"true": "yes", "1": "yes"}.get(said.text, "no"))
        if said.datatype == f"{XSD}anyURI" and is_linkable(said.text):
            return Value("link", _readable(said.text), said.text)
        if said.language is not None or said.datatype == f"{XSD}string":
            return Value("text", said.text, language=said.language or "")
        return Value("code", said.text, note=self._naming.datatype(said.datatype))

    def _own(self, iri: str) -> Value:
        """Return an IRI under the catalog's own base: an item, or something that belongs to one."""
        href = self._naming.here(iri)
        found = item_of(iri)
        if found is None:
            return Value("item", href, href)
        own = item_of(self._description.item)
        if found == own:
            tail = iri.removeprefix(self._description.item)
            return Value("item", tail.lstrip("/#") or "this item", href)
        if name := self._names.get(found):
            return Value("item", name.title, href, note=self._naming.of_type(name.type))
        return Value("iri", found, note="an item that is not there, or that you may not see")

    def _part(self, term: str) -> Value:
        anchor = term[1:-1].partition("#")[2]
        named = self.name_of(term)
        heading = named[1] if named else ""
        if term in self._open or len(self._open) >= _DEEPEST:
            return Value("item", heading or anchor, f"#{anchor}")
        self._open.append(term)
        rows = self.rows(term, without=[named[0]] if named else ())
        self._open.pop()
        return self._folded(Value("part", heading, anchor=self.claim(anchor), rows=rows))

    def _folded(self, part: Value) -> Value:
        """Return a part whose only fact beside its name is an address in one line with it."""
        if not part.rows and not part.text:
            return ABSENT
        if part.text and len(part.rows) == 1 and len(part.rows[0].values) == 1:
            only = part.rows[0].values[0]
            if only.kind == "link":
                return replace(part, href=only.href, note=only.text, rows=())
        return part


def _readable(iri: str) -> str:
    """Return an address as people write it: without scheme and without a slash at the end."""
    return re.sub(r"\Ahttps?://(?:www\.)?", "", iri, flags=re.IGNORECASE).rstrip("/") or iri


def _moment(text: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return day(datetime.fromisoformat(text))
        if "T" in text:
            moment = datetime.fromisoformat(text)
            zone = " UTC" if moment.utcoffset() is not None and not moment.utcoffset() else ""
            return f"{day(moment)}, {moment:%H:%M}{zone or moment.strftime(' %z').rstrip()}"
    except ValueError:
        pass
    return text


def day(moment: datetime) -> str:
    """Return a date in words: 23 November 2026."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def moment_in_words(at: datetime) -> str:
    """Return a point in time in words: the day where it begins then in UTC, else to the minute."""
    utc = at.astimezone(UTC)
    return day(utc) if begins_a_day(utc) else f"{day(utc)}, {utc:%H:%M} UTC"


_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def size(size_bytes: int) -> str:
    """Return a number of bytes with three digits and a decimal unit: 132 MB."""
    number = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if number < 999.5 or unit == "TB":
            break
        number /= 1000
    if unit == "bytes":
        return f"{size_bytes} byte{'s' if size_bytes != 1 else ''}"
    return f"{number:.{1 if number < 9.95 else 0}f} {unit}"


def host(address: str) -> str:
    """Return the host of an address, for saying where a file is kept."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
