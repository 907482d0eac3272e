"""What a person may say about an item, and how it is brought to the form that is kept.

The subject is the item or a part of it. Names under any base of ours become the record's, blank
nodes get addresses, persons and organisations become parts, and what the catalog writes itself is
left out; whatever is changed for the person is told by an info finding (contract sections 1, 3).
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes

from catalog.domain.description import TYPE, XSD, Description, Statement
from catalog.domain.errors import NotAcceptable, OverLimit
from catalog.domain.identifiers import RECORD, SAGE, VOCAB, file_name, quoted
from catalog.domain.importing.formats import format_of, is_table, media_type_of
from catalog.domain.parsing import ELSEWHERE, Parsed, parse, split
from catalog.domain.positions import NOWHERE, Place, places
from catalog.domain.report import Finding

if TYPE_CHECKING:
    from catalog.domain.importing.names import Meaning

DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
SCHEMA = "https://schema.org/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
PROV = "http://www.w3.org/ns/prov#"
SPDX = "http://spdx.org/rdf/terms#"

MOST_BLANK_NODES = 1_000

AGENT_PROPERTIES = frozenset(
    f"<{name}>"
    for name in (
        f"{DCT}creator",
        f"{DCT}contributor",
        f"{DCT}publisher",
        f"{DCT}rightsHolder",
        f"{FOAF}maker",
        f"{FOAF}member",
        f"{PROV}agent",
        f"{PROV}actedOnBehalfOf",
        f"{PROV}wasAssociatedWith",
        f"{PROV}wasAttributedTo",
        f"{SCHEMA}affiliation",
        f"{SCHEMA}author",
        f"{SCHEMA}creator",
        f"{SCHEMA}contributor",
        f"{SCHEMA}funder",
        f"{SCHEMA}maintainer",
        f"{SCHEMA}manufacturer",
        f"{SCHEMA}memberOf",
        f"{SCHEMA}provider",
        f"{SCHEMA}publisher",
        f"{SCHEMA}sponsor",
    )
)
"""Properties whose value is a person or an organisation, whatever the shapes say."""

ORDERED = (f"<{DCT}creator>", f"<{DCT}contributor>")
"""Properties whose values have an order, which `schema:position` keeps."""

IDENTIFIER = f"<{SCHEMA}identifier>"
POSITION = f"<{SCHEMA}position>"
DISTRIBUTION = f"<{DCAT}distribution>"
CHECKSUM = f"<{SPDX}checksum>"
NOTATION = f"<{SKOS}notation>"

WRITTEN_ABOUT_THE_ITEM = frozenset(
    f"<{name}>"
    for name in (
        f"{DCT}identifier",
        f"{DCT}type",
        f"{DCT}modified",
        f"{DCT}accessRights",
        f"{DCT}available",
        f"{DCAT}hasCurrentVersion",
        f"{DCAT}previousVersion",
        "http://www.w3.org/ns/adms#status",
    )
)
"""Properties of the item that the catalog always writes."""

WRITTEN_ABOUT_A_FILE = frozenset(
    f"<{name}>"
    for name in (
        f"{DCT}title",
        f"{DCAT}accessURL",
        f"{DCAT}downloadURL",
        f"{DCAT}mediaType",
        f"{DCAT}byteSize",
        f"{SPDX}checksum",
    )
)
"""Properties of a file kept here that the catalog always writes."""

WRITTEN_ABOUT_A_REFERENCE = frozenset(
    f"<{SAGE}{name}>" for name in ("referenceState", "referenceCheckedAt", "referenceFinding")
)
"""Properties of bytes elsewhere by which the catalog says what it found there."""

_WRITTEN = WRITTEN_ABOUT_THE_ITEM | WRITTEN_ABOUT_A_REFERENCE
_WATCHED = _WRITTEN | {TYPE}

NAMES = frozenset(
    f"<{name}>"
    for name in (
        f"{DCT}title",
        f"{FOAF}name",
        f"{SCHEMA}name",
        f"{SKOS}prefLabel",
        "http://www.w3.org/2000/01/rdf-schema#label",
    )
)
"""Properties by which a neighbour in a pack is named."""

_DEFINING = (
    "<http://www.w3.org/2000/01/rdf-schema#sub",
    "<http://www.w3.org/2000/01/rdf-schema#domain>",
    "<http://www.w3.org/2000/01/rdf-schema#range>",
    "<http://www.w3.org/2002/07/owl#",
    "<http://www.w3.org/ns/shacl#",
)
_IN_SCHEME = (f"<{SKOS}inScheme>", f"<{SKOS}topConceptOf>")

_PERSON = re.compile(r"<https?://(?:www\.)?orcid\.org/(\d{4}-\d{4}-\d{4}-\d{3}[\dXx])/?>", re.ASCII)
_ORGANISATION = re.compile(r"<https?://(?:www\.)?ror\.org/(0[a-z0-9]{8})/?>", re.ASCII)
_REGISTERED = ("<https://orcid.org/", "<http://orcid.org/", "<https://ror.org/",
               "<http://ror.org/", "<https://www.orcid.org/", "<http://www.orcid.org/",
               "<https://www.ror.org/", "<http://www.ror.org/")  # fmt: skip

_OLD_SCHEMA = "<http://schema.org/"

ADDED = -1
"""The origin of a statement that the reader wrote."""


@dataclass(frozen=True)
class Reading:
    """What is kept of a text, and where it stood there.

    item        the item's IRI in the record
    statements  in the order of the text, each once, without blank nodes
    origins     the number of each in the order of the parser, or ADDED
    notes       what was changed, as pairs of such a number and a finding without a place
    """

    item: str
    statements: tuple[Statement, ...]
    origins: tuple[int, ...]
    notes: tuple[tuple[int, Finding], ...]
    parsed: Parsed = field(repr=False, compare=False)
    source: bytes = field(repr=False, compare=False)

    @cached_property
    def subjects(self) -> frozenset[str]:
        """Everything that some statement is about, as terms."""
        return frozenset(subject for subject, _, _ in self.statements)

    @cached_property
    def values(self) -> frozenset[str]:
        """Everything that some statement leads to, as terms."""
        return frozenset(value for _, _, value in self.statements)

    @cached_property
    def description(self) -> Description:
        """What is kept, in the stored form."""
        return Description.of(self.item, self.statements)

    @cached_property
    def places(self) -> Sequence[Place]:
        """The place of each statement of the parser; worked out only when it is asked for."""
        return _places(self.parsed, self.source)

    def place(self, origin: int) -> Place:
        """Return where the statement with this number stands in the text."""
        if origin == ADDED:
            return NOWHERE
        origins = self.parsed.origins
        if origins is not None:
            return _place_of(self.parsed, origins.pointers[origin])
        return self.places[origin] if 0 <= origin < len(self.places) else NOWHERE

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was changed, each with its place."""
        return tuple(
            finding if origin == ADDED else placed(finding, self.place(origin))
            for origin, finding in self.notes
        )


def placed(finding: Finding, place: Place) -> Finding:
    """Return the finding with a place; written out, since `replace` takes four times as long."""
    return Finding(
        severity=finding.severity,
        level=finding.level,
        focus_node=finding.focus_node,
        message=finding.message,
        component=finding.component,
        path=finding.path,
        property=finding.property,
        value=finding.value,
        help=finding.help,
        shape=finding.shape,
        line=place.line,
        column=place.column,
        pointer=place.pointer,
        suggestions=finding.suggestions,
    )


def read(
    source: bytes,
    media_type: str,
    *,
    item: str,
    bases: Iterable[str] = (),
    contexts: Mapping[str, Any] | None = None,
    written: Collection[str] = (),
    agents: Collection[str] = AGENT_PROPERTIES,
    meaning: "Meaning | None" = None,
) -> Reading:
    """Return what `source` says about the item.

    item      the item's IRI in the record
    bases     every base that the catalog runs or ran under, each with a slash at its end
    contexts  JSON-LD contexts that may be named, by the path below a base (`context.jsonld`)
    written   lines of the stored form that the catalog itself wrote on the way out: a repetition
              of one is left out silently
    agents    the properties whose values are persons and organisations, as terms
    meaning   shapes and vocabularies, by which other formats than RDF are read; without them they
              are refused as unknown

    Raises Unreadable (400), TooLarge (413), UnsupportedMediaType (415), NotAcceptable and
    OverLimit (422), with line and column where the format has lines.
    """
    base = ELSEWHERE + item.removeprefix(RECORD)
    ours = (ELSEWHERE, *bases)
    known = {base + path: said for path, said in (contexts or {}).items() for base in ours}
    parsed = _parsed(source, media_type, base, known, meaning)
    known_lines = frozenset(line.rstrip("\n") for line in written)
    return _Reader(item, tuple(bases), parsed, source, known_lines, agents).read()


def _parsed(
    source: bytes,
    media_type: str,
    base: str,
    contexts: Mapping[str, Any],
    meaning: "Meaning | None",
) -> Parsed:
    """Return the statements of a text in whatever format it is."""
    others = format_of(media_type) is not None or is_table(media_type)
    if meaning is None or not (others or "json" in media_type):
        return parse(source, media_type_of(media_type), base=base, contexts=contexts)
    # Loaded only now: YAML alone takes a fifth of the time in which a command starts.
    from catalog.domain.importing.importing import imported

    return imported(source, media_type, base=base, contexts=contexts, library=meaning)


def _places(parsed: Parsed, source: bytes) -> Sequence[Place]:
    """Return the place of each statement of the parser."""
    origins = parsed.origins
    if origins is None:
        return places(parsed, source)
    return [_place_of(parsed, pointer) for pointer in origins.pointers]


def _place_of(parsed: Parsed, pointer: str | None) -> Place:
    """Return the place that a pointer leads to, in a text that is not RDF."""
    if parsed.origins is None or pointer is None:
        return NOWHERE
    line, column = parsed.origins.place(pointer) or (None, None)
    return Place(line, column, pointer)


class _Reader:
    """One reading while it goes on: the statements, and what has been noted about them."""

    def __init__(
        self,
        item: str,
        bases: tuple[str, ...],
        parsed: Parsed,
        source: bytes,
        written: frozenset[str],
        agents: Collection[str],
    ) -> None:
        self.item = item
        self.subject = f"<{item}>"
        self.part = f"<{item}#"
        self.file = f"<{item}#file/"
        self.moved = tuple(f"<{base}" for base in (ELSEWHERE, *bases))
        self.changing = (*self.moved, f"<{RECORD}", _OLD_SCHEMA)
        self.marks = (*self.changing[1:], "#file/")
        self.parsed = parsed
        self.source = source
        self.written = written
        self.agents = agents
        self.notes: list[tuple[int, Finding]] = []
        self.statements: list[Statement] = []
        self.origins: list[int] = []
        self.left_out: set[str] = set()
        self.renamed_schema = False

    def read(self) -> Reading:
        self._tell_remarks()
        self._bring_home()
        self._name_blank_nodes()
        self.subjects = {subject for subject, _, _ in self.statements}
        self.predicates = {predicate for _, predicate, _ in self.statements}
        self.values = {value for _, _, value in self.statements}
        self._make_agents_parts()
        self._leave_out_neighbours()
        self._refuse_definitions()
        self._leave_out_what_we_write()
        self._number_in_order()
        return self._result()

    # -- what a reader of another format had to say

    def _tell_remarks(self) -> None:
        for remark in self.parsed.remarks:
            finding = Finding(
                severity="info",
                level="draft",
                focus_node="<>",
                component=remark.component,
                message=remark.sentence,
            )
            place = _place_of(self.parsed, remark.pointer)
            self.notes.append((ADDED, placed(finding, place)))

    # -- names under our bases, schema.org

    def _bring_home(self) -> None:
        """Rewrite IRIs under our bases to the record's, and the http form of schema.org."""
        said = self.parsed.text
        if not self.written and not [mark for mark in self.marks if mark in said]:
            self.statements = split(said.replace(ELSEWHERE, RECORD))
            self.origins = list(range(len(self.statements)))
            return
        home = _Homes(self)
        written = self.written
        for origin, (subject, predicate, value) in enumerate(self.parsed.statements()):
            home.origin = origin
            opening = value[0]
            if opening == "<":
                value = home[value]
            elif opening == '"' and value[-1] == ">":
                at = value.rindex("^^<") + 2
                value = value[:at] + home[value[at:]]
            statement = (home[subject], home[predicate], value)
            if written and "{} {} {} .".format(*statement) in written:
                self.left_out.add(value)
                continue
            self.statements.append(statement)
            self.origins.append(origin)

    def home(self, term: str, origin: int) -> str:
        """Return an IRI, as a term, in the record's spelling."""
        if not term.startswith(self.changing):
            return term
        home = term
        for prefix in self.moved:
            if term.startswith(prefix):
                home = f"<{RECORD}{term[len(prefix) :]}"
                break
        else:
            if not term.startswith(_OLD_SCHEMA):
                self._refuse(
                    f"{RECORD} is the catalog's own name for itself in its record; "
                    "write relative IRIs, or the address of the catalog.",
                    origin,
                )
            home = f"<{SCHEMA}{term[len(_OLD_SCHEMA) :]}"
            self._note_schema(origin, term)
        return self._file(home, origin) if home.startswith(self.file) else home

    def _note_schema(self, origin: int, term: str) -> None:
        if not self.renamed_schema:
            self.renamed_schema = True
            self._note(
                origin,
                "schema-https",
                "schema.org is written https://schema.org/ here; the http form was changed.",
                value=term,
            )

    def _file(self, term: str, origin: int) -> str:
        """Return the name of a file as IRIs spell it here."""
        try:
            name = file_name(unquote_to_bytes(term[len(self.file) : -1]).decode())
        except UnicodeDecodeError:
            self._refuse("The name of a file is not percent-encoded UTF-8.", origin)
        except NotAcceptable as refusal:
            self._refuse(refusal.detail, origin)
        return f"{self.file}{quoted(name)}>"

    # -- blank nodes

    def _name_blank_nodes(self) -> None:
        """Give every blank node the next fragment that the text does not use, in its order."""
        if not any(s[0] == "_" or v[0] == "_" for s, _, v in self.statements):
            return
        names = self._names_for(self._in_order_of_text())
        self.statements = [
            (names.get(subject, subject), predicate, names.get(value, value))
            for subject, predicate, value in self.statements
        ]

    def _in_order_of_text(self) -> list[str]:
        """Return the blank nodes, each before those inside it.

        Parsers tell the inside of brackets first; from the outside in is the order of the text.
        """
        inside: dict[str, list[str]] = {}
        outside: list[str] = []
        for subject, _, value in self.statements:
            if subject[0] == "_":
                found = inside.setdefault(subject, [])
                if value[0] == "_":
                    found.append(value)
            elif value[0] == "_":
                outside.append(value)
        ordered: dict[str, None] = {}
        contained = {value for values in inside.values() for value in values}
        roots = [node for node in inside if node not in contained]
        pending = [*outside, *roots, *inside][::-1]
        while pending:
            node = pending.pop()
            if node not in ordered:
                ordered[node] = None
                pending.extend(reversed(inside.get(node, ())))
        return list(ordered)

    def _names_for(self, nodes: list[str]) -> dict[str, str]:
        if len(nodes) > MOST_BLANK_NODES:
            raise OverLimit(
                f"A description may have {MOST_BLANK_NODES:,} nodes without a name; "
                f"this has {len(nodes):,}.",
                limit="blank-nodes",
            )
        used: set[str] = set()
        if f"{self.item.removeprefix(RECORD)}#n" in self.parsed.text:
            used = {term for statement in self.statements for term in statement}
        names: dict[str, str] = {}
        number = 0
        for node in nodes:
            number += 1
            while (name := f"{self.part}n{number}>") in used:
                number += 1
            names[node] = name
        return names

    # -- persons and organisations

    def _make_agents_parts(self) -> None:
        """Put parts of the item where an ORCID or a ROR IRI speaks or is spoken of."""
        if "orcid.org/" not in self.parsed.text and "ror.org/" not in self.parsed.text:
            return
        registered_values = {value for value in self.values if value.startswith(_REGISTERED)}
        if not any(subject.startswith(_REGISTERED) for subject in self.subjects) and not any(
            value in registered_values and predicate in self.agents
            for _, predicate, value in self.statements
        ):
            return
        self.subjects |= registered_values
        parts = {
            registered: subject
            for subject, predicate, value in self.statements
            if predicate == IDENTIFIER and (registered := _registered(value))
        }
        said = {(subject, predicate) for subject, predicate, _ in self.statements}
        old, self.statements = self.statements, []
        origins, self.origins = self.origins, []
        for origin, (subject, predicate, value) in zip(origins, old, strict=True):
            registered = _registered(subject)
            if registered:
                subject = self._part_of(registered, parts, origin)
                if (predicate == TYPE or predicate in NAMES) and (subject, predicate) in said:
                    continue
            elif predicate in self.agents and (registered := _registered(value)):
                value = self._part_of(registered, parts, origin)
            self.statements.append((subject, predicate, value))
            self.origins.append(origin)

    def _part_of(self, registered: str, parts: dict[str, str], origin: int) -> str:
        """Return the part that stands for a registered agent, writing it if there is none."""
        known = parts.get(registered)
        if known is None:
            kind, _, number = registered[len("<https://") : -1].partition(".org/")
            known = parts[registered] = f"{self.part}{kind}-{number}>"
            agent = "Person" if kind == "orcid" else "Organization"
            self.statements.append((known, IDENTIFIER, registered))
            self.statements.append((known, TYPE, f"<{FOAF}{agent}>"))
            self.origins.extend((origin, origin))
        self._note(
            origin,
            "agent-part",
            f"{registered[1:-1]} is kept as the part {self._short(known)}, "
            "which has it as its identifier.",
            focus=known,
            path=IDENTIFIER,
            value=registered,
        )
        return known

    # -- who speaks

    def _leave_out_neighbours(self) -> None:
        """Leave out types and names of what the item points to; refuse any other subject."""
        own = (self.subject, self.part)
        if all(subject.startswith(own) for subject in self.subjects):
            return
        pointed_to = {value for _, _, value in self.statements} | self.left_out
        neighbours: dict[str, int] = {}

        def stays(origin: int, statement: Statement) -> bool:
            subject, predicate, _ = statement
            if subject.startswith(own):
                return True
            if subject not in pointed_to or not (predicate == TYPE or predicate in NAMES):
                self._refuse_subject(subject, origin)
            neighbours.setdefault(subject, origin)
            return False

        self._keep(stays)
        if not neighbours:
            return
        first = next(iter(neighbours))
        self._note(
            neighbours[first],
            "neighbour",
            f"Types and names of {len(neighbours)} other "
            f"{'things are' if len(neighbours) > 1 else 'thing is'} not kept: "
            "they are described elsewhere.",
            value=first,
        )

    def _refuse_subject(self, subject: str, origin: int) -> NoReturn:
        self._refuse(
            f"This describes {self._short(subject)}. A description may speak only about its item "
            "(<>) and parts of it (<#name>); other things may only be pointed to.",
            origin,
            subject=self._short(subject),
        )

    def _refuse_definitions(self) -> None:
        """Refuse statements by which a description would change what a shape or concept means."""
        if self.predicates.isdisjoint(_IN_SCHEME) and not any(
            predicate.startswith(_DEFINING) for predicate in self.predicates
        ):
            return
        for origin, (_, predicate, value) in zip(self.origins, self.statements, strict=True):
            if predicate.startswith(_DEFINING):
                self._refuse(
                    f"{predicate} defines terms, and a description only uses them.", origin
                )
            if predicate in _IN_SCHEME and value.startswith(f"<{VOCAB}"):
                self._refuse(
                    f"Which concepts belong to {value} is said by the vocabulary alone.", origin
                )

    # -- what the catalog writes

    def _leave_out_what_we_write(self) -> None:
        files_are_named = "#file/" in self.parsed.text
        if (
            self.predicates.isdisjoint(_WRITTEN)
            and f"<{FOAF}Agent>" not in self.values
            and not files_are_named
            and "/sage." not in self.parsed.text
        ):
            return
        item_id = self.item.rpartition("/")[2]
        dois = self._own_dois(item_id)
        agents = {
            subject
            for subject, predicate, value in self.statements
            if predicate == TYPE and value in (f"<{FOAF}Person>", f"<{FOAF}Organization>")
        }
        checksums = {
            value
            for subject, predicate, value in self.statements
            if files_are_named and predicate == CHECKSUM and subject.startswith(self.file)
        }

        def stays(origin: int, statement: Statement) -> bool:
            subject, predicate, value = statement
            if predicate in WRITTEN_ABOUT_A_REFERENCE:
                ours = True
            elif subject == self.subject:
                ours = predicate in WRITTEN_ABOUT_THE_ITEM or value in dois
                if predicate == DISTRIBUTION and value.startswith(self.file):
                    return False
                if ours and value == f'"{item_id}"':
                    return False
            elif subject.startswith(self.file):
                ours = predicate in WRITTEN_ABOUT_A_FILE
                if predicate == TYPE and value == f"<{DCAT}Distribution>":
                    return False
            elif subject in checksums or subject in dois:
                return False
            else:
                return not (value == f"<{FOAF}Agent>" and predicate == TYPE and subject in agents)
            if ours:
                self._note(
                    origin,
                    "written-by-catalog",
                    "The catalog writes this itself; your value is not kept.",
                    focus=subject,
                    path=predicate,
                    value=value,
                )
            return not ours

        self._keep(stays, None if files_are_named or dois else _WATCHED)

    def _own_dois(self, item_id: str) -> set[str]:
        """Return the parts that are identifiers of this item which the catalog gives: its DOIs.

        They are known by what they say, since a text may be older than the last of them.
        """
        given = re.compile(rf'"10\.[0-9.]+/sage\.{item_id}(?:\.v[0-9]+)?"')
        return {
            subject
            for subject, predicate, value in self.statements
            if predicate == NOTATION and subject.startswith(self.part) and given.fullmatch(value)
        }

    # -- order

    def _number_in_order(self) -> None:
        """Write `schema:position` for creators and contributors that have none, in their order."""
        if self.predicates.isdisjoint(ORDERED):
            return
        listed = {
            predicate: list(
                dict.fromkeys(
                    value
                    for subject, named, value in self.statements
                    if named == predicate and subject == self.subject
                )
            )
            for predicate in ORDERED
        }
        numbered: dict[str, str] = {
            subject: value for subject, named, value in self.statements if named == POSITION
        }
        for agents in listed.values():
            used = {numbered[agent] for agent in agents if agent in numbered}
            number = 0
            for agent in agents:
                if agent in numbered or not agent.startswith(self.part):
                    continue
                number += 1
                while (place := f'"{number}"^^<{XSD}integer>') in used:
                    number += 1
                used.add(place)
                numbered[agent] = place
                self.statements.append((agent, POSITION, place))
                self.origins.append(ADDED)

    # -- what all steps use

    def _result(self) -> Reading:
        if len(set(self.statements)) < len(self.statements):
            first: dict[Statement, int] = {}
            for origin, statement in zip(self.origins, self.statements, strict=True):
                first.setdefault(statement, origin)
            self.statements, self.origins = list(first), list(first.values())
        return Reading(
            self.item,
            tuple(self.statements),
            tuple(self.origins),
            tuple(self.notes),
            self.parsed,
            self.source,
        )

    def _keep(
        self, stays: Callable[[int, Statement], bool], watched: frozenset[str] | None = None
    ) -> None:
        """Keep the statements that stay; those of properties that are not watched stay unasked."""
        kept = [
            (origin, statement)
            for origin, statement in zip(self.origins, self.statements, strict=True)
            if (watched is not None and statement[1] not in watched) or stays(origin, statement)
        ]
        self.origins = [origin for origin, _ in kept]
        self.statements = [statement for _, statement in kept]

    def _short(self, term: str) -> str:
        return beside(self.item, term)

    def _note(
        self,
        origin: int,
        component: str,
        message: str,
        *,
        focus: str | None = None,
        path: str | None = None,
        value: str | None = None,
    ) -> None:
        finding = Finding(
            severity="info",
            level="draft",
            focus_node=self._short(focus or self.subject),
            path=path and path[1:-1],
            value=value and self._short(value),
            component=component,
            message=message,
        )
        self.notes.append((origin, finding))

    def _refuse(self, sentence: str, origin: int, **evidence: Any) -> NoReturn:
        place = _places(self.parsed, self.source)[origin] if origin != ADDED else NOWHERE
        known = {"line": place.line, "column": place.column, "pointer": place.pointer}
        raise NotAcceptable(sentence, **known, **evidence)


class _Homes(dict[str, str]):
    """IRIs as terms, to the record's spelling of each; worked out once for each."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__()
        self.reader = reader
        self.origin = 0

    def __missing__(self, term: str) -> str:
        home = self[term] = self.reader.home(term, self.origin)
        return home


def _registered(term: str) -> str | None:
    """Return the ORCID or ROR IRI that a term is, in its registry's spelling."""
    if not term.startswith(_REGISTERED):
        return None
    person = _PERSON.fullmatch(term)
    if person:
        return f"<https://orcid.org/{person[1].upper()}>"
    organisation = _ORGANISATION.fullmatch(term)
    return f"<https://ror.org/{organisation[1]}>" if organisation else None


def beside(item: str, term: str) -> str:
    """Return a term as Turtle writes it beside the item: `<>`, `<#n1>`, `<OTHERID>`, `"text"@en`.

    A term longer than 300 characters is cut.
    """
    if term.startswith(f"<{RECORD}"):
        if term == f"<{item}>":
            return "<>"
        if term.startswith(f"<{item}#"):
            term = f"<{term[len(item) + 1 :]}"
        else:
            term = f"<{term[1:].removeprefix(RECORD + 'items/')}"
    return term if len(term) <= 300 else f"{term[:299]}…"
