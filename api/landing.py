"""The page of an item: everything that its description and its record say, ready to be set.

Which properties there are, what they are called and in which order they stand comes from the
shapes. Named here are only the few that have a place of their own on the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from api import using
from api.citing import Citing, ways
from api.dois import DoiShown, dois_shown, progress
from api.drawing import Plan, Thing, draw
from api.frame import Frame
from api.item_versions import VersionsShown, versions_shown
from api.judging import tally
from api.mapping import MapPlan, Site, map_of, sites_of
from api.naming import Naming, Place, naming
from api.offering import Offered, offered
from api.preview import Preview, is_previewable
from api.reference_rendering import Standing, standing
from api.values import (
    ABSENT,
    NOT_STATED,
    Reader,
    Row,
    Value,
    host,
    is_linkable,
    moment_in_words,
)
from catalog.domain.description import RDF, Description, is_literal, literal
from catalog.domain.exporting.citations import Cited, Sentence, apa, cited
from catalog.domain.exporting.datacite_relations import concept_of
from catalog.domain.exporting.exported import TEST_DOI, Exported
from catalog.domain.fields import Group
from catalog.domain.fixity import Fixity
from catalog.domain.identifiers import RECORD, VOCAB, item_iri, item_of, quoted
from catalog.domain.lifecycle import (
    BYTES_ARE_CLOSED,
    State,
    Visibility,
    begins_a_day,
    is_announced,
    reachable,
)
from catalog.domain.messages import is_mail_address
from catalog.domain.permissions import Action
from catalog.domain.record import FileRecord, ItemName, ItemRecord
from catalog.domain.report import Report
from catalog.domain.writing import DCAT, DCT, FOAF, SPDX
from catalog.library import Library
from catalog.services.lineage import Lineage

SCHEMA: Final = "https://schema.org/"
TITLE: Final = f"{DCT}title"
DESCRIPTION: Final = f"{DCT}description"
CREATOR: Final = f"{DCT}creator"
LICENCE: Final = f"{DCT}license"
VERSION: Final = f"{DCAT}version"
CONTACT: Final = f"{DCAT}contactPoint"
MAIL: Final = "http://www.w3.org/2006/vcard/ns#hasEmail"
DISTRIBUTION: Final = f"{DCAT}distribution"
DOWNLOAD: Final = f"{DCAT}downloadURL"
ACCESS: Final = f"{DCAT}accessURL"
SIZE: Final = f"{DCAT}byteSize"
MEDIA_TYPE: Final = f"{DCAT}mediaType"
CHECKSUM: Final = f"{SPDX}checksum"
CHECKSUM_VALUE: Final = f"{SPDX}checksumValue"
REQUIREMENT: Final = "https://w3id.org/sage/ns#runtimeRequirement"
IDENTIFIER: Final = f"{SCHEMA}identifier"
AFFILIATION: Final = f"{SCHEMA}affiliation"

_LINEAGE_GROUPS: Final = {
    "https://w3id.org/sage/shapes/groups#provenance",
    "https://w3id.org/sage/shapes/groups#related",
}
_FILES_GROUP: Final = "https://w3id.org/sage/shapes/groups#files"
_REASONS: Final = "withdrawal-reason"

IDS: Final = frozenset(
    {
        "main",
        "title",
        "yours",
        "report",
        "description",
        "files",
        "runtime",
        "use",
        "cite",
        "lineage",
        "versions",
        "place",
        "forms",
        "contact",
        "preview",
    }
    | {f"visibility-{one}" for one in Visibility}
    | {f"visibility-{one}-hint" for one in Visibility}
    | {f"{one}{end}" for one in ("until", "publish-at") for end in ("", "-hint", "-error")}
    | {"visibility-error", "at-once"}
    | {"properties", "file", "file-hint", "sure", "reason", "why", "why-hint"}
    | {"replacement", "replacement-hint", "use-1", "use-2", "use-3", "use-4"}
    | {f"cite-{number}" for number in range(1, 10)}
)
"""The ids that the page itself uses: a part of such a name cannot be an anchor beside them."""

FORMS: Final = (
    ("ttl", "Turtle", "text/turtle"),
    ("jsonld", "JSON-LD", "application/ld+json"),
    ("nt", "N-Triples", "application/n-triples"),
    ("rdf", "RDF/XML", "application/rdf+xml"),
    ("json", "JSON", "application/json"),
)
"""The forms that an item is offered in beside its page: suffix, name and media type."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about the state; `tone` is "", on, warn or bad and only repeats it."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A creator in the line below the title."""

    name: str
    identifier: str
    identifier_name: str
    affiliation: str
    affiliation_href: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask; `mail` and `href` are "" where there are none."""

    name: str
    mail: str
    href: str


@dataclass(frozen=True, slots=True)
class FileHere:
    """A file kept here; `rows` is what the description adds about it.

    preview_href  where its beginning is shown, "" where it cannot be
    fixity        what the last reading of its bytes showed
    """

    name: str
    href: str
    preview_href: str
    size_bytes: int
    media_type: str
    sha256: str
    anchor: str
    rows: tuple[Row, ...]
    fixity: Fixity | None = None


@dataclass(frozen=True, slots=True)
class FileElsewhere:
    """A distribution that lies elsewhere; `href` is "" where no address of it may be a link.

    standing  what was found when it was last looked at; None where it never is
    """

    name: str
    href: str
    host: str
    note: str
    size_bytes: int | None
    anchor: str
    rows: tuple[Row, ...]
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The properties under one heading; `missing` names those that publication demands."""

    label: str
    rows: tuple[Row, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WithdrawalNote:
    """When, by whom and why an item was withdrawn, and what to use instead."""

    at: datetime
    by: str
    reason: Value
    note: str
    replaced_by: Value | None


@dataclass(frozen=True, slots=True)
class DeprecationNote:
    """Why a version should no longer be used, and what to use instead."""

    reason: str
    replaced_by: Value | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several that exclude each other, with what it means."""

    value: str
    label: str
    help: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody filled into the form about who may see an item, and why it was not taken.

    until, publish_at  as they were typed
    field, error       which of the three is wrong, and how
    """

    visibility: str = ""
    until: str = ""
    publish_at: str = ""
    field: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a banner says: in bold, further words, and reasons."""

    what: str
    more: str
    why: tuple[str, ...] = ()


_NO_FURTHER: Final = Lineage()


class Landing:
    """One version of an item as its page shows it.

    names     id to name of the items that it cites and the caller may see
    cited_by  names of the items that cite it, as far as the caller may see them
    may       what the caller may do to it
    lineage   what was made with these, and what they were made from
    preview   the beginning of one of its files, with the name of the file
    chosen    what the caller filled into the form about who may see it, if that was refused
    """

    def __init__(
        self,
        frame: Frame,
        library: Library,
        record: ItemRecord,
        names: Mapping[str, ItemName],
        cited_by: Sequence[ItemName] = (),
        may: frozenset[Action] = frozenset(),
        lineage: Lineage = _NO_FURTHER,
        preview: tuple[str, Preview] | None = None,
        chosen: Chosen | None = None,
    ) -> None:
        self.chosen = chosen or self._as_it_is(record)
        self._lineage = lineage
        self.preview = preview
        self._frame = frame
        self._naming: Naming = naming(library, frame)
        self._library = library
        self.record = record
        self._names = names
        self._cited_by = cited_by
        self._may = may
        self._description = Description(item_iri(record.id), record.ntriples + record.filled_in)
        self._reader = Reader(self._description, self._naming, names, IDS)
        self._places: Mapping[str, Place] = self._naming.places([record.type])
        self._said = self._description.by_subject.get(self._description.subject, {})
        self.report = Report.from_dict(record.report) if record.report else None
        # The order in which the page shows parts: the first place that shows one has its anchor.
        self.elsewhere = tuple(self._files_elsewhere())
        self.files = tuple(self._file_here(file) for file in record.files)
        self.requirements = tuple(self._requirements())
        self.relations, self.file_items, self.groups = self._sections()

    # -- the heading

    @cached_property
    def iri(self) -> str:
        """The item's address."""
        return item_iri(self.record.id, self._frame.base)

    @cached_property
    def _title(self) -> tuple[str, str]:
        return self._best(TITLE) or (self.record.title, "")

    @property
    def title(self) -> str:
        """The title in the reader's best language."""
        return self._title[0]

    @property
    def title_language(self) -> str:
        """The language tag of the title, "" for none."""
        return self._title[1]

    @property
    def type_label(self) -> str:
        """What kind of thing it is."""
        return self._naming.of_type(self.record.type)

    @property
    def type_href(self) -> str:
        """Where the list of such things is."""
        return f"{self._frame.root}items?type={self.record.type}"

    @property
    def badges(self) -> tuple[Badge, ...]:
        """State, who has access, and how many findings stand against it."""
        record = self.record
        tones = {State.PUBLISHED: "on", State.WITHDRAWN: "bad"}
        found = [Badge(self.state_label, tones.get(record.state, ""))]
        if record.state is State.PUBLISHED:
            found.append(Badge(_BADGES[record.visibility], "" if self.is_open else "warn"))
        if record.deprecation:
            found.append(Badge("Deprecated", "warn"))
        if self.may_write:
            found.extend(
                Badge(f"{number} {name}{'s' if number > 1 else ''}", tone)
                for tone, name, number in self.tally
                if tone in {"warn", "bad"}
            )
        return tuple(found)

    @property
    def by(self) -> tuple[Person, ...]:
        """The creators, in the order of citation."""
        description, ordered = self._description, []
        for term in description.values(CREATOR):
            if name := self._reader.name_of(term):
                place = description.text(f"{SCHEMA}position", of=term) or ""
                ordered.append((int(place) if place.isdecimal() else 10**9, term, name[1]))
        ordered.sort(key=lambda entry: entry[0])
        return tuple(self._person(term, name) for _, term, name in ordered)

    def _person(self, term: str, name: str) -> Person:
        found = [iri for iri in self._description.iris(IDENTIFIER, of=term) if is_linkable(iri)]
        identifier = found[0] if found else ""
        places = self._naming.places(self._description.iris(f"{RDF}type", of=term))
        affiliations = [
            said[1]
            for affiliation in self._description.values(AFFILIATION, of=term)
            if (said := self._reader.name_of(affiliation))
        ]
        return Person(
            name,
            identifier,
            _registry(identifier) or self._naming.property(IDENTIFIER, places).word.label,
            ", ".join(affiliations),
            self._only_identifier(self._description.values(AFFILIATION, of=term)),
        )

    def _only_identifier(self, terms: Sequence[str]) -> str:
        """Return where the one organisation among `terms` is known, "" for none or several."""
        found = [iri for term in terms for iri in self._description.iris(IDENTIFIER, of=term)]
        return found[0] if len(terms) == len(found) == 1 and is_linkable(found[0]) else ""

    @cached_property
    def dois(self) -> tuple[DoiShown, ...]:
        """Its DOIs, that of this version first."""
        return dois_shown(self.record.dois, self._frame, is_own=self.may_write)

    @property
    def doi_progress(self) -> tuple[str, ...]:
        """What its owner should know about the registration of its DOIs."""
        return progress(self.record.dois, is_own=self.may_write)

    @cached_property
    def contacts(self) -> tuple[Contact, ...]:
        """Whom to ask about it."""
        return tuple(
            contact
            for term in self._said.get(f"<{CONTACT}>", ())
            if not is_literal(term)
            and term != f"<{NOT_STATED}>"
            and (contact := self._contact(term))
        )

    def _contact(self, term: str) -> Contact | None:
        named = self._reader.name_of(term)
        said = [iri.removeprefix("mailto:") for iri in self._description.iris(MAIL, of=term)]
        mail = next((one for one in said if is_mail_address(one)), "")
        pages = (*self._description.iris(f"{FOAF}homepage", of=term), term[1:-1])
        href = next((iri for iri in pages if is_linkable(iri) and not iri.startswith(RECORD)), "")
        name = named[1] if named else mail or href
        return Contact(name, mail, href) if name else None

    @property
    def report_href(self) -> str:
        """Where to tell the owner that something is wrong."""
        asked = f"?n={self.record.version}" if len(self.record.versions) > 1 else ""
        return f"{self._frame.root}items/{self.record.id}/report{asked}"

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The places where it is from, as far as their coordinates are known."""
        return sites_of(self._description, self._library.vocabularies)

    @cached_property
    def map(self) -> MapPlan | None:
        """A map of these places."""
        return map_of(self.sites)

    @property
    def creator_label(self) -> str:
        """What the shapes call a creator."""
        return self._label(CREATOR)

    @property
    def deprecation(self) -> DeprecationNote | None:
        """Why it should no longer be used."""
        said = self.record.deprecation
        if said is None:
            return None
        return DeprecationNote(said.reason, self._replacement(said.replaced_by))

    @property
    def withdrawal(self) -> WithdrawalNote | None:
        """When, by whom and why it was withdrawn."""
        said = self.record.withdrawal
        if said is None:
            return None
        word = self._naming.term(f"{VOCAB}{_REASONS}/{said.reason}")
        reason = Value("term", word.label, word.href, note=word.help) if word else None
        return WithdrawalNote(
            at=said.at,
            by=said.by,
            reason=reason or Value("text", said.reason),
            note=said.note or "",
            replaced_by=self._replacement(said.replaced_by),
        )

    def _replacement(self, iri: str | None) -> Value | None:
        """Return what takes the place of the item: an item of the record, or an address."""
        if not iri:
            return None
        if iri.startswith(self._frame.base):
            iri = RECORD + iri[len(self._frame.base) :]
        found = item_of(iri)
        if found and found not in self._names:
            return Value("item", found, self._naming.here(iri))
        return self._reader.value(f"<{iri}>")

    @property
    def state_label(self) -> str:
        """The state, as its vocabulary calls it."""
        return self._naming.of_state(self.record.state)

    @property
    def version_label(self) -> str:
        """What the shapes call the version."""
        return self._label(VERSION)

    @property
    def version(self) -> str:
        """The version in words: its number, and the person's own name of it."""
        own = self._description.text(VERSION)
        number = str(self.record.version)
        return f"{own} (number {number} here)" if own and own != number else number

    @cached_property
    def licence(self) -> Row:
        """The licence: its values, none if nothing is said."""
        place = self._naming.property(LICENCE, self._places)
        values = self._reader.values(self._said.get(f"<{LICENCE}>", ()))
        return Row(place.word.label, tuple(v for v in values if v.kind != "absent"))

    @property
    def files_in_words(self) -> str:
        """How many files there are, and where."""
        here, elsewhere = self.record.files_total or len(self.files), len(self.elsewhere)
        if not here and not elsewhere:
            return "with other items" if self.file_items else "none"
        counted = ((here, "here"), (elsewhere, "elsewhere"))
        return ", ".join(f"{number:,} {where}" for number, where in counted if number)

    @property
    def published(self) -> datetime | None:
        """When this version was published."""
        return self.record.published

    @property
    def modified(self) -> datetime:
        """When anything of it last changed."""
        return self.record.modified

    @property
    def jumps(self) -> tuple[tuple[str, str], ...]:
        """The sections of the page: id and heading."""
        found = [("files", "Files")]
        if self.requirements:
            found.append(("runtime", "What it needs to run"))
        found += [("use", "Use it"), ("cite", "Cite it")]
        if self.relations or self._cited_by or self.drawing:
            found.append(("lineage", "Made from, used by"))
        if self.sites:
            found.append(("place", "Where"))
        found.append(("properties", "Properties"))
        found.append(("forms", "Other forms"))
        return (*found, ("yours", "Yours to do")) if self.actions else tuple(found)

    # -- the body

    @cached_property
    def _description_said(self) -> tuple[str, str]:
        return self._best(DESCRIPTION) or ("", "")

    @property
    def description_label(self) -> str:
        """What the shapes call the description."""
        return self._label(DESCRIPTION)

    @property
    def description(self) -> tuple[str, ...]:
        """The description, by paragraphs."""
        text = self._description_said[0].replace("\r\n", "\n")
        return tuple(part.strip("\n") for part in text.split("\n\n") if part.strip())

    @property
    def description_language(self) -> str:
        """The language tag of the description, "" for none."""
        return self._description_said[1]

    @property
    def summary(self) -> str:
        """The beginning of the description, for search engines."""
        text = " ".join(self._description_said[0].split())
        return text if len(text) <= 300 else text[:297].rsplit(" ", 1)[0] + " …"

    @property
    def size_label(self) -> str:
        """The heading of the sizes of files."""
        return "Size"

    @property
    def files_caption(self) -> str:
        """What to know before one downloads."""
        here, elsewhere = bool(self.files), len(self.elsewhere)
        if not elsewhere:
            return "Kept here, each with the checksum that was taken when it arrived."
        if elsewhere == 1:
            that = "The file elsewhere" if here else "This file"
            return f"{that} is not kept by this catalog, which cannot promise that it stays."
        return "Files elsewhere are not kept by this catalog, which cannot promise that they stay."

    @property
    def files_total(self) -> int:
        """How many files are kept here."""
        return self.record.files_total or len(self.files)

    @property
    def files_left_out(self) -> bool:
        """Whether more files are kept here than the page shows."""
        return self.files_total > len(self.files)

    @property
    def files_href(self) -> str:
        """Where the list of all files is."""
        return f"{self._here}/files"

    @cached_property
    def _here(self) -> str:
        """The path of the version at hand: the item's own where that shows the same version."""
        newest = max(
            (v.n for v in self.record.versions if v.state is not State.WITHDRAWN), default=0
        )
        version = f"/v/{self.record.version}" if newest > self.record.version else ""
        return f"{self._frame.root}items/{self.record.id}{version}"

    def _file_here(self, file: FileRecord) -> FileHere:
        name = quoted(file.name)
        subject = f"<{self._description.item}#file/{name}>"
        anchor = f"file/{name}"
        return FileHere(
            name=file.name,
            href=f"{self._here}/files/{name}",
            preview_href=f"{self._here}/preview/{name}" if is_previewable(file) else "",
            size_bytes=file.size_bytes,
            media_type=file.media_type,
            sha256=file.sha256,
            anchor=self._reader.claim(anchor),
            rows=self._reader.rows(subject),
            fixity=file.fixity,
        )

    def _files_elsewhere(self) -> Iterable[FileElsewhere]:
        for term in self._said.get(f"<{DISTRIBUTION}>", ()):
            if term == f"<{NOT_STATED}>" or is_literal(term):
                continue
            if term in self._description.by_subject:
                yield self._file_elsewhere(term)
            elif is_linkable(iri := term[1:-1]):
                yield FileElsewhere(iri, iri, host(iri), "", None, "", ())

    def _file_elsewhere(self, term: str) -> FileElsewhere:
        description, reader = self._description, self._reader
        links = (*description.iris(DOWNLOAD, of=term), *description.iris(ACCESS, of=term))
        addresses = [iri for iri in links if is_linkable(iri)]
        href = addresses[0] if addresses else ""
        named = description.text(TITLE, of=term, languages=self._naming.languages)
        size = description.text(SIZE, of=term)
        shown = {
            TITLE,
            DESCRIPTION,
            SIZE,
            CHECKSUM,
            *((DOWNLOAD, ACCESS) if len(links) < 2 else ()),
        }
        rows = list(reader.rows(term, without=shown))
        rows.append(self._checksum(term))
        part = term[1:-1].partition("#")[2]
        return FileElsewhere(
            name=named or _last_of(href) or "A file without a name",
            href=href,
            host=host(href),
            note=description.text(DESCRIPTION, of=term, languages=self._naming.languages) or "",
            size_bytes=int(size) if size and size.isdecimal() and len(size) < 19 else None,
            anchor=reader.claim(part),
            rows=tuple(rows),
            standing=self._standings.get(part),
        )

    @cached_property
    def _standings(self) -> Mapping[str, Standing]:
        return {one.part: standing(self._naming, one) for one in self.record.references}

    @property
    def own_reference(self) -> Standing | None:
        """How the image or repository stands that the item itself is of."""
        return self._standings.get("")

    @property
    def may_look(self) -> bool:
        """Whether the reader may have the references looked at now."""
        return bool(self.record.references) and self.may_write

    def _checksum(self, term: str) -> Row:
        """Return the checksum of a file elsewhere in one line, or that it is not stated."""
        places = self._naming.places(self._description.iris(f"{RDF}type", of=term))
        place = self._naming.property(CHECKSUM, places)
        found = tuple(
            Value("code", value.text)
            for value in self._description.texts(CHECKSUM, CHECKSUM_VALUE, of=term)
        )
        return Row(place.word.label, found or (ABSENT,), place.word.help, CHECKSUM)

    def _requirements(self) -> Iterable[Value]:
        """Yield the runtime requirements; what publication demands of one is there or absent."""
        for term in self._said.get(f"<{REQUIREMENT}>", ()):
            yield self._reader.completed(term)

    def _sections(self) -> tuple[tuple[Row, ...], tuple[Row, ...], tuple[Section, ...]]:
        """Return what it is made from or related to, the items with its files, and the rest."""
        shown = {TITLE, DESCRIPTION, DISTRIBUTION, REQUIREMENT, f"{RDF}type"}
        entries = sorted(
            (
                (self._naming.property(iri, self._places), iri, terms)
                for predicate, terms in self._said.items()
                if (iri := predicate[1:-1]) not in shown
            ),
            key=lambda entry: (entry[0].group.order, entry[0].order),
        )
        relations: list[Row] = []
        file_items: list[Row] = []
        groups: dict[Group, list[Row]] = {}
        for place, iri, terms in entries:
            row = self._reader.row(iri, place, terms)
            if place.group.iri == _FILES_GROUP and _leads_to_items(row):
                file_items.append(row)
            elif _is_relation(row, place):
                relations.append(row)
            else:
                groups.setdefault(place.group, []).append(row)
        missing = self._missing()
        labels = sorted({*groups, *missing}, key=lambda group: group.order)
        sections = (
            Section(g.label, tuple(groups.get(g, ())), tuple(missing.get(g, ()))) for g in labels
        )
        return tuple(relations), tuple(file_items), tuple(sections)

    def _missing(self) -> dict[Group, list[str]]:
        """Return the names of what publication demands and a draft does not say, by heading."""
        found: dict[Group, list[str]] = {}
        for field in self._naming.fields(self.record.type):
            is_property = field.path.startswith("http")
            if field.required and field.group and is_property and not self._says(field.path):
                found.setdefault(field.group, []).append(field.name)
        return found

    @cached_property
    def cited_by(self) -> tuple[Row, ...]:
        """The items that cite this one, by their type; those that it cites stand there already."""
        cited = {href for href, _, _ in self._cited}
        found: dict[str, list[Value]] = {}
        for name in self._cited_by:
            href = f"{self._frame.root}items/{name.id}"
            if href not in cited:
                found.setdefault(name.type, []).append(Value("item", name.title, href))
        return tuple(
            Row(f"Cited by: {self._naming.of_type(name)}", tuple(values))
            for name, values in found.items()
        )

    @cached_property
    def _cited(self) -> tuple[tuple[str, str, str], ...]:
        """The items that this one cites: address, the name of the property, and title."""
        return tuple(
            (value.href, row.label, value.text)
            for row in (*self.relations, *self.file_items)
            for value in row.values
            if value.kind == "item" and value.note
        )

    @cached_property
    def drawing(self) -> tuple[Plan, ...]:
        """What it cites and what cites it, as a drawing; nothing where there are no items.

        What does both stands once, on the side of those that were made with it.
        """
        root = self._frame.root
        back = {f"{root}items/{one.id}" for one in self._cited_by}
        cited = {
            href: Thing(label, title, href)
            for href, label, title in reversed(self._cited)
            if href not in back
        }
        return draw(
            Thing(self.type_label, self.title),
            list(reversed(cited.values())),
            [self._thing(one) for one in self._cited_by],
            [(f"{root}items/{by}", self._thing(one)) for by, one in self._lineage.sources],
            [(f"{root}items/{by}", self._thing(one)) for by, one in self._lineage.results],
        )

    def _thing(self, name: ItemName) -> Thing:
        href = f"{self._frame.root}items/{name.id}"
        return Thing(self._naming.of_type(name.type), name.title, href)

    @cached_property
    def further(self) -> tuple[Row, ...]:
        """What is two steps away, in words."""
        pairs = (
            ("Behind what it cites", self._lineage.sources),
            ("Made with what cites it", self._lineage.results),
        )
        return tuple(
            Row(label, tuple(self._step(one) for one in dict.fromkeys(one for _, one in steps)))
            for label, steps in pairs
            if steps
        )

    def _step(self, one: ItemName) -> Value:
        kind = self._naming.of_type(one.type)
        return Value("item", one.title, f"{self._frame.root}items/{one.id}", note=kind)

    @property
    def snippets(self) -> tuple[tuple[str, str], ...]:
        """How to get at it from a program: the name of the language, and the lines."""
        here = f"{self._frame.base}items/{self.record.id}{self._here.partition(self.record.id)[2]}"
        files = [f"{here}/files/{quoted(file.name)}" for file in self.files]
        outside = [file.href for file in self.elsewhere if file.href]
        return using.snippets(
            self.iri,
            files[:1] or outside[:1],
            is_open=self.is_open,
            is_here=bool(files),
            has_folders=any("/" in file.name for file in self.files),
        )

    @property
    def is_open(self) -> bool:
        """Whether everybody may read the description and the files kept here."""
        return self.is_announced and self.record.visibility is Visibility.PUBLIC

    @cached_property
    def _exported(self) -> Exported:
        return Exported(self.record, self._library, self._frame.house, self._names, {})

    @cached_property
    def _cited_as(self) -> Cited:
        return cited(self._exported)

    @property
    def citation(self) -> Sentence:
        """How to cite it, in a sentence."""
        return apa(self._cited_as)

    @property
    def citations(self) -> tuple[Citing, ...]:
        """Every way to cite it, the recommended one first."""
        return ways(self._cited_as)

    @property
    def all_versions(self) -> str:
        """The address by which all versions are cited together, "" while nobody can resolve it."""
        concept = concept_of(self._exported)
        if concept is None or concept not in self.record.dois.findable:
            return ""
        return self._frame.doi_resolver + concept

    @property
    def cites_test_doi(self) -> bool:
        """Whether it is cited by a DOI that nobody else can resolve."""
        return TEST_DOI in self._cited_as.notes

    def citation_href(self, suffix: str) -> str:
        """Return where a citation of this version can be downloaded."""
        return f"{self._frame.root}items/{self.record.id}/v/{self.record.version}.{suffix}"

    # -- the record, and what the caller may do

    @property
    def may_write(self) -> bool:
        """Whether the caller may change the description."""
        return Action.WRITE in self._may

    @property
    def tally(self) -> tuple[tuple[str, str, int], ...]:
        """How many findings of each severity there are: tone, name and number."""
        return tally(self.report)

    @property
    def blocked(self) -> bool:
        """Whether a draft has findings that keep it from being published."""
        is_draft = self.record.state is State.DRAFT
        return is_draft and self.report is not None and not self.report.conforms

    @property
    def verdict(self) -> str:
        """What validation said, in one sentence."""
        if self.report is None:
            return "not judged yet"
        said = "Conforms" if self.report.conforms else "Does not conform"
        shapes = self.report.shapes_version
        return f"{said} at {self.report.level} level, by shapes {shapes}"

    @property
    def actions(self) -> frozenset[str]:
        """The forms to offer: what the caller may do and the state allows."""
        by_state = {
            State.DRAFT: {
                Action.PUBLISH: "publish",
                Action.WRITE: "upload",
                Action.DELETE: "delete",
            },
            State.PUBLISHED: {Action.WITHDRAW: "withdraw", Action.WRITE: "begin"},
        }
        # What forms do is done to the newest version, so an earlier one has none.
        allowed = by_state.get(self.record.state, {}) if self.versions.newer is None else {}
        found = frozenset(allowed[action] for action in self._may if action in allowed)
        return found | {"show"} if self._can_be_opened else found

    @property
    def _can_be_opened(self) -> bool:
        """Whether the caller may show this version, an earlier one too, to more people."""
        is_closed = self.record.visibility is not Visibility.PUBLIC
        is_published = self.record.state is State.PUBLISHED
        return is_published and is_closed and Action.PUBLISH in self._may

    @property
    def do(self) -> str:
        """Where the forms of this item are sent, without the name of the action."""
        return f"{self._frame.root}items/{self.record.id}/do"

    @property
    def stage(self) -> str:
        """What the forms send, so that nobody overwrites what they have not seen."""
        return self.record.stage

    @staticmethod
    def _as_it_is(record: ItemRecord) -> Chosen:
        """Return what the form begins with: what a published version is, else public."""
        if record.state is not State.PUBLISHED:
            return Chosen(Visibility.PUBLIC.value)
        until = record.until if record.visibility is Visibility.EMBARGOED else None
        return Chosen(record.visibility.value, _typed(until), _typed(record.publish_at))

    @property
    def visibilities(self) -> tuple[Choice, ...]:
        """What may be chosen: at publication all, afterwards what this may still become."""
        is_published = self.record.state is State.PUBLISHED
        offered = reachable(self.record.visibility) if is_published else tuple(Visibility)
        return tuple(
            Choice(one.value, *_MEANINGS[one], one.value == self.chosen.visibility)
            for one in offered
        )

    @property
    def show(self) -> str:
        """Where the form is sent by which this version is shown to more people."""
        return f"{self._frame.root}items/{self.record.id}/v/{self.record.version}/do/visibility"

    @property
    def asks_publish_at(self) -> bool:
        """Whether it can still become public by itself."""
        return any(one.value == Visibility.PRIVATE for one in self.visibilities)

    @property
    def is_embargoed(self) -> bool:
        """Whether an embargo could be ended."""
        return self.record.visibility is Visibility.EMBARGOED

    @property
    def files_closed(self) -> bool:
        """Whether the caller may read this, and does not get the files kept here."""
        is_closed = self.record.visibility in BYTES_ARE_CLOSED
        is_published = self.record.state is State.PUBLISHED
        return is_published and is_closed and Action.READ_FILE not in self._may

    @property
    def closed(self) -> Told | None:
        """Who gets the files and when, where that is not everybody."""
        record = self.record
        if record.state is not State.PUBLISHED or record.visibility not in BYTES_ARE_CLOSED:
            return None
        own = "" if self.files_closed else " You are among those who have them already."
        if record.visibility is Visibility.EMBARGOED and record.until is not None:
            what = f"The files are under embargo until {moment_in_words(record.until)}."
            return Told(what, f"They open for everybody by themselves then.{own}")
        more = "Everybody may read this description; the files are for those with a permission."
        return Told("The files are restricted.", f"{more}{own}")

    @property
    def planned(self) -> Told | None:
        """When it becomes public by itself, or why it did not."""
        record = self.record
        if record.publish_at is None or record.state is not State.PUBLISHED:
            return None
        at = moment_in_words(record.publish_at)
        if record.delay is None:
            return Told(f"This becomes public on {at}, by itself.", "It is judged anew then.")
        more = "It is tried again as soon as it is changed, and every hour. What is in the way:"
        return Told(f"This was to become public on {at}, and could not.", more, record.delay.why)

    @property
    def ask_href(self) -> str:
        """Where the owner is asked for the files."""
        return f"{self._frame.root}items/{self.record.id}/access"

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The reasons for which one may withdraw: concept id and label."""
        scheme = self._library.vocabularies.scheme(_REASONS)
        prefix = f"{VOCAB}{_REASONS}/"
        return [
            (iri.removeprefix(prefix), word.label)
            for iri in (scheme.concepts if scheme else ())
            if (word := self._naming.term(iri))
        ]

    @property
    def is_announced(self) -> bool:
        """Whether everybody may see it."""
        return is_announced(self.record.published, self.record.visibility)

    @property
    def access(self) -> str:
        """Who may read it, in a sentence."""
        if self.record.state is State.DRAFT:
            return "A draft: only its owner sees it, and those it is shared with."
        told = _SENTENCES[self.record.visibility]
        if self.is_embargoed and self.record.until is not None:
            return f"{told[:-1]}, on {moment_in_words(self.record.until)}."
        return told

    @property
    def owner(self) -> str:
        """The account that owns it."""
        return self.record.owner

    @property
    def created(self) -> datetime:
        """When it was first kept."""
        return self.record.created

    @property
    def revision(self) -> int:
        """How many changes of the description were accepted."""
        return self.record.revision

    @property
    def digest(self) -> str:
        """The SHA-256 of the stored description."""
        return self.record.digest

    @property
    def describe(self) -> str:
        """A query for all that the graph says about it."""
        return f"DESCRIBE <{self.iri}>"

    @property
    def forms(self) -> tuple[tuple[str, str, str], ...]:
        """The other forms: address, name and media type."""
        here = f"{self._frame.root}items/{self.record.id}"
        return tuple((f"{here}.{suffix}", name, kind) for suffix, name, kind in FORMS)

    @property
    def offered(self) -> tuple[Offered, ...]:
        """Every form that it is offered in beside its page, by group."""
        return offered(self._here, self.record.type)

    @property
    def form_links(self) -> tuple[tuple[str, str], ...]:
        """The other forms: address and name."""
        return tuple((href, name) for href, name, _ in self.forms)

    @cached_property
    def versions(self) -> VersionsShown:
        """Every version that the caller may see, and where among them this one stands."""
        return versions_shown(self.record, self._naming, self._frame)

    # -- helpers

    def _says(self, iri: str) -> bool:
        return f"<{iri}>" in self._said

    def _label(self, iri: str) -> str:
        return self._naming.property(iri, self._places).word.label

    def _best(self, iri: str) -> tuple[str, str] | None:
        """Return a text of the item in the reader's best language, with its tag."""
        found = [literal(term) for term in self._said.get(f"<{iri}>", ()) if is_literal(term)]
        for language in self._naming.languages:
            for text in found:
                if text.language and text.language.split("-")[0] == language:
                    return text.text, text.language
        return (found[0].text, found[0].language or "") if found else None


def _typed(at: datetime | None) -> str:
    """Return a point in time as the form takes it: a day where it begins then, else the moment."""
    if at is None:
        return ""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d}" if begins_a_day(utc) else f"{utc:%Y-%m-%dT%H:%M:%SZ}"


_MEANINGS: Final = {
    Visibility.PUBLIC: (
        "Public",
        "Everybody reads the description and gets the files.",
    ),
    Visibility.RESTRICTED: (
        "Restricted files",
        "Everybody reads the description; the files are for those with a permission.",
    ),
    Visibility.EMBARGOED: (
        "Embargo",
        "Everybody reads the description; the files open by themselves on the day below.",
    ),
    Visibility.SHARED: (
        "Shared",
        "Finished for a team: only those it is shared with see it.",
    ),
    Visibility.PRIVATE: (
        "Private",
        "Only its owner sees it, and whom it is shared with.",
    ),
}
_BADGES: Final = {
    Visibility.PUBLIC: "Public",
    Visibility.RESTRICTED: "Restricted files",
    Visibility.EMBARGOED: "Files under embargo",
    Visibility.SHARED: "Shared with some",
    Visibility.PRIVATE: "Private",
}
_SENTENCES: Final = {
    Visibility.PUBLIC: "Everybody may read this description and the files kept here.",
    Visibility.RESTRICTED: "Everybody may read this description; the files need a permission.",
    Visibility.EMBARGOED: "Everybody may read this description; the files open later.",
    Visibility.SHARED: "Only those it is shared with may read it.",
    Visibility.PRIVATE: "Only its owner may read it.",
}


_REGISTRIES: Final = {"orcid.org": "ORCID iD", "ror.org": "ROR"}
"""What a registry of people or organisations calls its identifiers, by its host."""


def _registry(identifier: str) -> str:
    """Return what an identifier is called by those who gave it, "" where that is not known."""
    return _REGISTRIES.get(host(identifier).removeprefix("www."), "")


def _leads_to_items(row: Row) -> bool:
    """Tell whether a property names other items."""
    return any(value.kind == "item" and not value.href.startswith("#") for value in row.values)


def _is_relation(row: Row, place: Place) -> bool:
    """Tell whether a property leads to other things, so that it belongs to the lineage."""
    if _leads_to_items(row):
        return True
    kinds = {value.kind for value in row.values}
    return place.group.iri in _LINEAGE_GROUPS and bool(kinds & {"link", "part", "absent"})


def _last_of(address: str) -> str:
    """Return the last segment of an address that has one."""
    return address.partition("?")[0].rstrip("/").rpartition("/")[2]
