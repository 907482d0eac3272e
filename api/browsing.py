"""The vocabularies, shapes and ontology as pages show them: lists, trees, terms and fields."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from api.frame import Frame
from api.naming import Naming, Word
from api.values import Reader, Row, Value
from catalog.domain.description import RDF, Description
from catalog.domain.fields import RDFS, Field
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.report import LEVELS
from catalog.domain.schemes import DCT, SKOS, Concept, Scheme

PAGE_SIZE: Final = 200
_TREE_AT_MOST: Final = 600
_LETTERS_FROM: Final = 60

_RELATIONS: Final[Mapping[str, str]] = {
    "altLabel": "Also written",
    "hiddenLabel": "Found as well by",
    "notation": "Notation",
    "scopeNote": "How it is used",
    "note": "Note",
    "example": "Example",
    "editorialNote": "Note of the editors",
    "changeNote": "What changed",
    "related": "Related",
    "exactMatch": "The same as",
    "closeMatch": "Close to",
    "broadMatch": "Narrower than",
    "narrowMatch": "Broader than",
    "relatedMatch": "Related elsewhere",
}
"""The words for what SKOS says about a concept, in the order in which they are read."""

_IN_THE_TREE: Final = frozenset(
    f"{SKOS}{name}"
    for name in (
        "prefLabel", "definition", "inScheme", "topConceptOf", "hasTopConcept", "broader",
        "narrower", "broaderTransitive", "narrowerTransitive",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A concept in a list; `note` tells apart what is called the same."""

    iri: str
    href: str
    label: str
    note: str
    is_deprecated: bool

    @property
    def letter(self) -> str:
        """The letter under which it stands: A to Z, or # for anything else."""
        first = unicodedata.normalize("NFD", self.label.lstrip(" \"'(/_.-"))[:1].upper()
        return first if "A" <= first <= "Z" else "#"


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept in a tree, with what is narrower."""

    entry: Entry
    below: tuple["Branch", ...] = ()
    is_here: bool = False
    is_open: bool = False

    @property
    def number(self) -> int:
        """How many concepts are below it."""
        return sum(1 + branch.number for branch in self.below)


@dataclass(frozen=True, slots=True)
class SchemeLine:
    """A scheme in the list of all."""

    href: str
    name: str
    title: str
    meaning: str
    number: int
    defined: int


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of a shape, as the page of its item type shows it.

    values  what may stand there: words and links, in the order of the shape
    demand  when it is demanded, in words; "" if never
    """

    name: str
    help: str
    example: str
    path: str
    demand: str
    many: str
    values: tuple[Value, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The fields under one heading."""

    label: str
    fields: tuple[FieldLine, ...]


class Index:
    """Every concept of every scheme by name, and what is narrower than what.

    Reading all the vocabularies takes half a second, so this is made once for each `Naming`.
    """

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._entries: dict[str, Entry] = {}
        self._of_scheme: dict[str, tuple[str, ...]] = {}
        self._below: dict[str, list[str]] = {}
        self._above: dict[str, list[str]] = {}
        self._searched: list[tuple[str, str]] = []
        for scheme in naming.library.vocabularies.schemes():
            self._of_scheme[scheme.name] = scheme.concepts
            for iri in scheme.concepts:
                if concept := naming.library.vocabularies.concept(iri):
                    self._take(concept)

    def _take(self, concept: Concept) -> None:
        word = self._naming.term(concept.iri) or Word(concept.label)
        note = concept.notation if concept.notation and concept.notation != word.label else ""
        entry = Entry(concept.iri, word.href, word.label, note, concept.deprecated)
        self._entries[concept.iri] = entry
        pairs = [(broader, concept.iri) for broader in concept.broader]
        pairs += [(concept.iri, narrower) for narrower in concept.narrower]
        for broader, narrower in pairs:
            self._below.setdefault(broader, []).append(narrower)
            self._above.setdefault(narrower, []).append(broader)
        spellings = (word.label, concept.notation or "", *(one.text for one in concept.alt_labels))
        self._searched.append(("\n".join(spellings).casefold(), concept.iri))

    def entry(self, iri: str) -> Entry | None:
        """Return a concept as a list shows it."""
        return self._entries.get(iri)

    def of_scheme(self, name: str) -> tuple[Entry, ...]:
        """Return the concepts of a scheme, by name."""
        found = (self._entries[iri] for iri in self._of_scheme.get(name, ()))
        return tuple(sorted(found, key=lambda entry: (entry.label.casefold(), entry.iri)))

    def below(self, iri: str) -> tuple[str, ...]:
        """Return the concepts just below one, each once, by name."""
        found = dict.fromkeys(one for one in self._below.get(iri, ()) if one in self._entries)
        return tuple(sorted(found, key=lambda one: self._entries[one].label.casefold()))

    def trees(self, wanted: Iterable[str]) -> tuple[Branch, ...]:
        """Return the trees in which concepts stand, without what is not asked for.

        Broader concepts may belong to another scheme: measurements stand below their groups.
        """
        kept: dict[str, None] = {}
        pending = list(wanted)
        while pending:
            iri = pending.pop()
            if iri not in kept and iri in self._entries:
                kept[iri] = None
                pending.extend(self._above.get(iri, ()))
        roots = [iri for iri in kept if not any(up in kept for up in self._above.get(iri, ()))]
        roots.sort(key=lambda iri: self._entries[iri].label.casefold())
        return tuple(self._branch(iri, kept, frozenset()) for iri in roots)

    def _branch(self, iri: str, kept: Mapping[str, None], seen: frozenset[str]) -> Branch:
        inner = seen | {iri}
        below = (one for one in self.below(iri) if one in kept and one not in inner)
        return Branch(self._entries[iri], tuple(self._branch(one, kept, inner) for one in below))

    def search(self, text: str, most: int = 100) -> tuple[Entry, ...]:
        """Return the concepts with `text` in a name or notation; whole names first."""
        wanted = text.casefold().strip()
        if not wanted:
            return ()
        found = [(names, iri) for names, iri in self._searched if wanted in names]
        found.sort(key=lambda pair: (*_closeness(wanted, pair[0]), pair[0]))
        return tuple(self._entries[iri] for _, iri in found[:most])


def _closeness(wanted: str, names: str) -> tuple[int, int]:
    """Return how well spellings fit (whole, beginning, at a word, anywhere) and their length."""
    ranks = [
        0 if one == wanted else 1 if one.startswith(wanted) else 2 if f" {wanted}" in one else 3
        for one in names.split("\n")
        if wanted in one
    ]
    return min(ranks), len(names)


_INDEXES: dict[int, tuple[Naming, Index]] = {}


def index_of(naming: Naming) -> Index:
    """Return the index of the vocabularies that a page is named by."""
    kept = _INDEXES.get(id(naming))
    if kept is None or kept[0] is not naming:
        if len(_INDEXES) >= _MOST_INDEXES:
            _INDEXES.clear()
        kept = _INDEXES[id(naming)] = (naming, Index(naming))
    return kept[1]


_MOST_INDEXES: Final = 4


def scheme_lines(naming: Naming) -> tuple[SchemeLine, ...]:
    """Return every scheme, by title."""
    vocabularies = naming.library.vocabularies
    found = []
    for scheme in vocabularies.schemes():
        word = naming.term(scheme.iri) or Word(scheme.title)
        rows = (vocabularies.row(iri) or {} for iri in scheme.concepts)
        defined = sum(f"<{SKOS}definition>" in row for row in rows)
        href = f"{naming.root}vocab/{scheme.name}"
        number = len(scheme.concepts)
        found.append(SchemeLine(href, scheme.name, word.label, word.help, number, defined))
    return tuple(sorted(found, key=lambda line: line.title.casefold()))


@dataclass(frozen=True)
class SchemePage:
    """One scheme: all of it as a tree or list, or the part under one letter."""

    naming: Naming
    scheme: Scheme
    letter: str | None
    page: int

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All its concepts, by name."""
        return index_of(self.naming).of_scheme(self.scheme.name)

    @cached_property
    def chosen(self) -> tuple[Entry, ...]:
        """The concepts under the letter, or all."""
        if not self.letter:
            return self.entries
        return tuple(entry for entry in self.entries if entry.letter == self.letter)

    @property
    def shown(self) -> tuple[Entry, ...]:
        """The concepts on this page of the list."""
        begin = (self.page - 1) * PAGE_SIZE
        return self.chosen[begin : begin + PAGE_SIZE]

    @property
    def tree(self) -> tuple[Branch, ...]:
        """The concepts as a tree; nothing where there is none, or only a part is asked for."""
        if self.letter or self.page > 1 or len(self.entries) > _TREE_AT_MOST:
            return ()
        trees = index_of(self.naming).trees(entry.iri for entry in self.entries)
        return trees if any(tree.below for tree in trees) else ()

    @property
    def letters(self) -> tuple[tuple[str, str], ...]:
        """The letters that lead to a part: letter, and address or "" where nothing begins so."""
        if len(self.entries) < _LETTERS_FROM:
            return ()
        used = {entry.letter for entry in self.entries}
        return tuple((one, self.address(letter=one) if one in used else "") for one in _ALPHABET)

    @property
    def pages(self) -> int:
        """How many pages the list has."""
        return max(1, -(-len(self.chosen) // PAGE_SIZE))

    def address(self, letter: str | None = None, page: int = 1) -> str:
        """Return the address of a part of the list."""
        asked = "&".join(
            [f"letter={letter if letter != '#' else '%23'}"] * bool(letter)
            + [f"page={page}"] * (page > 1)
        )
        here = f"{self.naming.root}vocab/{self.scheme.name}"
        return f"{here}?{asked}#terms" if asked else f"{here}#terms"

    @property
    def before(self) -> str:
        """The address of the page before, "" if this is the first."""
        return self.address(self.letter, self.page - 1) if self.page > 1 else ""

    @property
    def after(self) -> str:
        """The address of the page after, "" if this is the last."""
        return self.address(self.letter, self.page + 1) if self.page < self.pages else ""

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is said about the scheme as a whole."""
        left_out = {*_IN_THE_TREE, f"{DCT}title", f"{DCT}description", f"{RDF}type"}
        return _rows_about(self.naming, self.scheme.iri, left_out)


_ALPHABET: Final = ("#", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True)
class ConceptPage:
    """One concept: what it means, where it stands, what equals it."""

    frame: Frame
    naming: Naming
    concept: Concept

    @property
    def word(self) -> Word:
        """Its name and meaning."""
        return self.naming.term(self.concept.iri) or Word(self.concept.label)

    @property
    def scheme(self) -> Word:
        """The scheme whose file describes it."""
        return self.naming.scheme_of(self.concept.iri)

    @cached_property
    def above(self) -> tuple[Entry, ...]:
        """The broader concepts, from the top down."""
        index, chain = index_of(self.naming), []
        concept: Concept | None = self.concept
        while concept and concept.broader:
            entry = index.entry(concept.broader[0])
            if entry is None or entry in chain or entry.iri == self.concept.iri:
                break
            chain.append(entry)
            concept = self.naming.library.vocabularies.concept(entry.iri)
        return tuple(chain[::-1])

    @property
    def trail(self) -> tuple[tuple[str, str], ...]:
        """The steps down to it: address and name; its own has no address."""
        scheme = self.scheme
        return (
            (f"{self.naming.root}vocab", "Vocabularies"),
            (scheme.href, scheme.label),
            *((entry.href, entry.label) for entry in self.above),
            ("", self.word.label),
        )

    @property
    def tree(self) -> Branch | None:
        """Its neighbours: the broader concept, those beside it, and what is below it."""
        index = index_of(self.naming)
        own = index.entry(self.concept.iri)
        if own is None:
            return None
        below = tuple(Branch(entry) for one in index.below(own.iri) if (entry := index.entry(one)))
        here = Branch(own, below, is_here=True, is_open=True)
        if not self.above:
            return here if below else None
        broader = self.above[-1]
        beside = tuple(
            here if one == own.iri else Branch(entry)
            for one in index.below(broader.iri)
            if (entry := index.entry(one))
        )
        return Branch(broader, beside, is_open=True)

    @property
    def replaced_by(self) -> tuple[Value, ...]:
        """What to use instead, if it is deprecated."""
        reader = _reader(self.naming, self.concept.iri)
        return tuple(reader.outside(iri) for iri in self.concept.replaced_by)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is said about it beside its name and meaning: SKOS first, then the rest."""
        left_out = {
            *_IN_THE_TREE,
            f"{RDF}type",
            f"{DCT}isReplacedBy",
            "http://www.w3.org/2002/07/owl#deprecated",
        }
        return _rows_about(self.naming, self.concept.iri, left_out)

    @property
    def cited_by_query(self) -> str:
        """A query for the public items that cite it or anything narrower."""
        return (
            "PREFIX dct: <http://purl.org/dc/terms/>\n"
            f"PREFIX skos: <{SKOS}>\n\n"
            "SELECT DISTINCT ?item ?title WHERE {\n"
            f"  ?term skos:broader* <{self.concept.iri}> .\n"
            "  GRAPH ?item { ?subject ?property ?term . ?item dct:title ?title }\n"
            "}\nORDER BY ?title\nLIMIT 100"
        )


def _reader(naming: Naming, iri: str) -> Reader:
    row = naming.library.vocabularies.row(iri) or {}
    lines = [f"<{iri}> {predicate} {value} .\n" for predicate in row for value in row[predicate]]
    return Reader(Description(iri, "".join(lines)), naming, {})


def _rows_about(naming: Naming, iri: str, left_out: Iterable[str]) -> tuple[Row, ...]:
    order = list(_RELATIONS)
    rows = [_with_word(row) for row in _reader(naming, iri).rows(f"<{iri}>", without=left_out)]
    known = [row for row in rows if row.iri.removeprefix(SKOS) in _RELATIONS]
    known.sort(key=lambda row: order.index(row.iri.removeprefix(SKOS)))
    return (*known, *(row for row in rows if row not in known))


def _with_word(row: Row) -> Row:
    word = _RELATIONS.get(row.iri.removeprefix(SKOS)) if row.iri.startswith(SKOS) else None
    return Row(word, row.values, "", row.iri) if word else row


# -- shapes and ontology


def field_groups(naming: Naming, item_type: str) -> tuple[FieldGroup, ...]:
    """Return the fields of an item type under their headings."""
    found: dict[str, list[FieldLine]] = {}
    for one in naming.fields(item_type):
        found.setdefault(one.group.label if one.group else "", []).append(_field_line(naming, one))
    return tuple(FieldGroup(label, tuple(lines)) for label, lines in found.items())


def _field_line(naming: Naming, one: Field) -> FieldLine:
    before, _, example = one.description.partition("Example: ")
    return FieldLine(
        name=one.name,
        help=before.strip(),
        example=example.strip(),
        path=one.path,
        demand=_DEMANDS[one.required] if one.required else "",
        many="one" if one.max_count == 1 else "any number",
        values=tuple(dict.fromkeys(_allowed(naming, one))),
        anchor=one.shape.rpartition("#")[2],
    )


_DEMANDS: Final = dict(zip(LEVELS, ("always", "before publication"), strict=True))


def _allowed(naming: Naming, one: Field) -> Iterable[Value]:
    for scheme in one.schemes:
        word = naming.term(VOCAB + scheme) or Word(scheme)
        yield Value("term", word.label, word.href, note=word.help)
    for iri in one.classes:
        yield Value("text", naming.of_part(iri))
    for words in dict.fromkeys(naming.datatype(iri) for iri in one.datatypes):
        yield Value("text", words)
    for term in one.allowed:
        yield Value("code", term)
    if not (one.schemes or one.classes or one.datatypes or one.allowed) and one.node_kind == "IRI":
        yield Value("text", "an address")
    if one.may_be_not_stated:
        yield Value("absent", "not stated")


def types_of_items(naming: Naming) -> tuple[tuple[str, Word, bool], ...]:
    """Return the item types in the order of their vocabulary: name, word, whether narrower."""
    return tuple(
        (name, Word(naming.of_type(name), naming.meaning_of_type(name)), place > 0)
        for top, below in naming.types_with_narrower
        for place, name in enumerate((top, *below))
        if name in naming.library.item_types
    )


@dataclass(frozen=True, slots=True)
class OntologyTerm:
    """A class or property of the ontology."""

    name: str
    label: str
    meaning: str
    rows: tuple[Row, ...] = field(default=())


def ontology_terms(naming: Naming) -> tuple[Sequence[OntologyTerm], ...]:
    """Return the classes and the properties of the ontology, each by name."""
    shapes = naming.library.shapes
    classes: list[OntologyTerm] = []
    properties: list[OntologyTerm] = []
    left_out = {f"{RDFS}label", f"{RDFS}comment", f"{RDFS}isDefinedBy", f"{RDF}type"}
    for node in sorted(shapes.rows):
        iri = node[1:-1]
        label = shapes.label(iri) if iri.startswith(SAGE) else None
        if label is None:
            continue
        kinds = shapes.rows[node].get(f"<{RDF}type>", ())
        lines = [f"{node} {p} {v} .\n" for p, vs in shapes.rows[node].items() for v in vs]
        reader = Reader(Description(iri, "".join(lines)), naming, {})
        term = OntologyTerm(
            iri[len(SAGE) :], label, shapes.comment(iri) or "", reader.rows(node, left_out)
        )
        is_class = any(kind.endswith("Class>") for kind in kinds)
        (classes if is_class else properties).append(term)
    return classes, properties
