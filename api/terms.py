"""The controlled vocabularies as pages show them: lists, trees, letters, groups, terms."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote, urlencode

from api.frame import Frame
from api.naming import Naming, Word, compact
from api.values import Reader, Row, Value
from catalog.domain.description import RDF, Description
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import DCAT, DCT, SKOS, Concept, Scheme
from catalog.domain.terms.lexicon import Found, Hit, How
from catalog.domain.terms.thesaurus import Branch as Grown
from catalog.domain.terms.thesaurus import Thesaurus

PAGE_SIZE: Final = 200
HITS: Final = 25
_WHOLE_TREE_AT_MOST: Final = 700
_LETTERS_FROM: Final = 60
_REFERRING_AT_MOST: Final = 24
_BESIDE_AT_MOST: Final = 40
VIEWS: Final[Mapping[str, str]] = {"tree": "Tree", "letters": "A to Z", "groups": "Groups"}
"""The ways to look at a vocabulary, by what stands in the address."""

RELATIONS: Final[Mapping[str, str]] = {
    "prefLabel": "Name",
    "altLabel": "Also written",
    "hiddenLabel": "Found as well by",
    "notation": "Notation",
    "definition": "Meaning",
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
    """A concept in a list.

    note  its notation, where that is not its name
    uses  how many public items cite it or something narrower
    """

    iri: str
    href: str
    label: str
    note: str = ""
    is_deprecated: bool = False
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept in a tree, with what is narrower.

    number  how many concepts are below it, shown or not
    """

    entry: Entry
    below: tuple["Branch", ...] = ()
    number: int = 0
    is_here: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class SchemeLine:
    """A scheme in the list of all."""

    href: str
    name: str
    title: str
    meaning: str
    number: int
    deprecated: int


@dataclass(frozen=True, slots=True)
class SchemeGroup:
    """The schemes that are about one thing."""

    label: str
    meaning: str
    schemes: tuple[SchemeLine, ...]


class Terms:
    """What pages ask of the vocabularies, in the words of one reader."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.thesaurus: Thesaurus = naming.library.thesaurus

    def entry(self, iri: str, uses: Mapping[str, int] | None = None) -> Entry:
        """Return a concept as a list shows it."""
        concept = self.thesaurus.concept(iri)
        word = self.naming.term(iri) or Word(compact(iri))
        note = concept.notation if concept and concept.notation else ""
        return Entry(
            iri,
            word.href,
            word.label,
            note if note != word.label else "",
            bool(concept and concept.deprecated),
            (uses or {}).get(iri, 0),
        )

    def by_name(self, iris: Iterable[str]) -> tuple[Entry, ...]:
        """Return concepts by name."""
        return tuple(sorted(map(self.entry, dict.fromkeys(iris)), key=_by_name))

    def groups(self) -> tuple[SchemeGroup, ...]:
        """Return every scheme by what it is about, in the order of the vocabulary of groups."""
        found: dict[str, list[SchemeLine]] = {}
        for name in self.thesaurus.vocabularies.names:
            if scheme := self.thesaurus.scheme(name):
                theme = next(iter(scheme.themes), "")
                found.setdefault(theme, []).append(self._line(scheme))
        order = [*self._themes(found), ""]
        return tuple(
            SchemeGroup(
                word.label, word.help, tuple(sorted(found[theme], key=lambda one: one.title))
            )
            for theme in order
            if theme in found
            for word in [self.naming.term(theme) or Word("Others")]
        )

    def _themes(self, found: Iterable[str]) -> tuple[str, ...]:
        """Return the themes in the order in which the file that describes them has them."""
        schemes = dict.fromkeys(self.thesaurus.scheme_of(theme) for theme in found if theme)
        known = [self.thesaurus.scheme(name) for name in schemes if name]
        return tuple(iri for scheme in known if scheme for iri in scheme.concepts)

    def _line(self, scheme: Scheme) -> SchemeLine:
        word = self.naming.term(scheme.iri) or Word(scheme.title)
        counted = self.thesaurus.statistics(scheme.name)
        href = f"{self.naming.root}vocab/{scheme.name}"
        return SchemeLine(
            href, scheme.name, word.label, word.help, counted.concepts, counted.deprecated
        )

    def branch(self, grown: Grown, uses: Mapping[str, int], depth: int) -> Branch:
        """Return a branch of a tree, cut after `depth` levels; what is cut off is counted."""
        below = tuple(self.branch(one, uses, depth - 1) for one in grown.below) if depth > 0 else ()
        return Branch(self.entry(grown.iri, uses), below, _below(grown))


def last_of(iri: str) -> str:
    """Return the end of an IRI, which tells groups of one vocabulary apart."""
    return iri.rstrip("/").rpartition("/")[2]


def _by_name(entry: Entry) -> tuple[str, str]:
    return entry.label.casefold(), entry.iri


def _below(grown: Grown) -> int:
    return sum(1 + _below(one) for one in grown.below)


# -- search


@dataclass(frozen=True, slots=True)
class Match:
    """A concept that a search found, and why.

    why  what fits, in words; "" where it is the name itself
    """

    entry: Entry
    meaning: str
    scheme: Word
    why: str
    is_close: bool


_IN_MEANING: Final = "in its meaning"
"""Why a term was found whose meaning stands above; there is no need to repeat it."""


@dataclass(frozen=True)
class SearchPage:
    """What a search among the terms found."""

    terms: Terms
    query: str
    scheme: str
    found: Found
    page: int

    @property
    def matches(self) -> tuple[Match, ...]:
        """The terms on this page, best first."""
        naming = self.terms.naming
        return tuple(
            Match(
                self.terms.entry(hit.iri),
                (naming.term(hit.iri) or Word("")).help,
                naming.scheme_of(hit.iri),
                _IN_MEANING if hit.property == f"{SKOS}definition" else why(naming, hit),
                hit.how is How.CLOSE,
            )
            for hit in self.found.hits
        )

    @property
    def scheme_word(self) -> Word | None:
        """The one vocabulary that is searched, if it is one."""
        return self.terms.naming.term(VOCAB + self.scheme) if self.scheme else None

    def address(self, page: int = 1, scheme: str | None = None) -> str:
        """Return the address of a page of what was found, in the same or another vocabulary."""
        asked = {"q": self.query, "scheme": self.scheme if scheme is None else scheme}
        said = {name: value for name, value in asked.items() if value}
        if page > 1:
            said["page"] = str(page)
        return f"{self.terms.naming.root}vocab?{urlencode(said)}"

    @property
    def before(self) -> str:
        """The address of the page before, "" if this is the first."""
        return self.address(self.page - 1) if self.page > 1 else ""

    @property
    def after(self) -> str:
        """The address of the page after, "" if this is the last."""
        return self.address(self.page + 1) if self.page * HITS < self.found.total else ""


def hit_json(naming: Naming, hit: Hit) -> dict[str, object]:
    """Return a hit as `/vocab/search` tells it."""
    concept = naming.library.thesaurus.concept(hit.iri)
    assert concept is not None
    word = naming.term(hit.iri) or Word(concept.label)
    said: dict[str, object] = {
        "uri": hit.iri,
        "prefLabel": word.label,
        "altLabel": [label.text for label in concept.alt_labels],
        "notation": concept.notation,
        "scheme": hit.scheme,
        "schemeLabel": naming.scheme_of(hit.iri).label,
        "definition": word.help,
        "deprecated": concept.deprecated,
        "href": word.href,
        "why": {
            "property": hit.property,
            "text": hit.text,
            "how": hit.how.value,
            "words": why(naming, hit),
        },
    }
    return {name: value for name, value in said.items() if value is not None}


def why(naming: Naming, hit: Hit) -> str:
    """Return in words what fits a search: "Also written bme680"; "" for the name itself."""
    name = hit.property.removeprefix(SKOS)
    if name == "prefLabel":
        word = naming.term(hit.iri)
        return "" if word and word.label == hit.text else f"{RELATIONS[name]}: {hit.text}"
    label = RELATIONS.get(name) if hit.property.startswith(SKOS) else None
    return f"{label or _property(naming, hit.property)}: {hit.text}"


def _property(naming: Naming, iri: str) -> str:
    if iri.startswith(SKOS):
        return {"broader": "Below", "narrower": "Above"}.get(iri[len(SKOS) :], compact(iri))
    return naming.property(iri).word.label


# -- one scheme


@dataclass(frozen=True)
class SchemePage:
    """One scheme, looked at as a tree, by letter or by group.

    view    one of VIEWS, None for the one that suits the scheme
    letter  the letter of the index, None for all
    uses    IRI to how many public items cite the concept or something narrower
    """

    terms: Terms
    scheme: Scheme
    view: str | None = None
    letter: str | None = None
    page: int = 1
    uses: Mapping[str, int] = field(default_factory=dict)

    @property
    def naming(self) -> Naming:
        """The words of the reader."""
        return self.terms.naming

    @cached_property
    def chosen(self) -> str:
        """The view that is shown."""
        if self.letter or self.page > 1:
            return "letters"
        if self.view in self.views:
            return self.view or ""
        return "tree" if "tree" in self.views else "letters"

    @cached_property
    def views(self) -> tuple[str, ...]:
        """The views that this scheme has."""
        has_tree = any(branch.below for branch in self._grown)
        has = {"tree": has_tree, "letters": True, "groups": bool(self.scheme.collections)}
        return tuple(view for view in VIEWS if has[view])

    @property
    def view_links(self) -> tuple[tuple[str, str, bool], ...]:
        """Each view with its address, and whether it is shown; nothing where there is but one."""
        if len(self.views) < 2:
            return ()
        here = f"{self.naming.root}vocab/{self.scheme.name}"
        return tuple(
            (f"{here}?view={view}#terms", VIEWS[view], view == self.chosen) for view in self.views
        )

    @property
    def number(self) -> int:
        """How many concepts it has."""
        return len(self.scheme.concepts)

    @property
    def deprecated(self) -> int:
        """How many of them are deprecated."""
        return self.terms.thesaurus.statistics(self.scheme.name).deprecated

    @property
    def languages(self) -> str:
        """The languages of its labels, by tag."""
        return ", ".join(self.terms.thesaurus.languages(self.scheme.name))

    @property
    def _grown(self) -> tuple[Grown, ...]:
        return self.terms.thesaurus.tree(self.scheme.name)

    @property
    def tree(self) -> tuple[Branch, ...]:
        """The tree: all of it, or where it is large its first two levels."""
        depth = 99 if self.number <= _WHOLE_TREE_AT_MOST else 1
        found = [self.terms.branch(one, self.uses, depth) for one in self._grown]
        return tuple(sorted(found, key=lambda one: _by_name(one.entry)))

    @property
    def groups(self) -> tuple[tuple[str, str, tuple[Entry, ...], int], ...]:
        """The groups: id, name, members by name as far as shown, and how many there are."""
        found = []
        for group in self.terms.thesaurus.groups(self.scheme.name):
            label = self.naming.said(group.labels) or group.label
            members = self.terms.by_name(group.members)
            found.append((last_of(group.iri), label, members[:PAGE_SIZE], len(members)))
        return tuple(found)

    @cached_property
    def entries(self) -> tuple[tuple[str, Entry], ...]:
        """The index under the letter, or all of it: the label it stands under, and the concept."""
        thesaurus, name = self.terms.thesaurus, self.scheme.name
        if self.letter:
            language = self.naming.languages[0]
            language = language if language in thesaurus.languages(name) else "en"
            lines = thesaurus.index(name, self.letter, language)
            return tuple((one.text, self.terms.entry(one.iri, self.uses)) for one in lines)
        found = [self.terms.entry(iri, self.uses) for iri in self.scheme.concepts]
        return tuple((one.label, one) for one in sorted(found, key=_by_name))

    @property
    def shown(self) -> tuple[tuple[str, Entry], ...]:
        """The lines of the index on this page."""
        begin = (self.page - 1) * PAGE_SIZE
        return self.entries[begin : begin + PAGE_SIZE]

    @property
    def letters(self) -> tuple[tuple[str, str], ...]:
        """The letters of the index with their addresses; none for a short scheme."""
        if self.number < _LETTERS_FROM:
            return ()
        return tuple(
            (letter, self.address(letter=letter))
            for letter in self.terms.thesaurus.letters(self.scheme.name)
        )

    @property
    def pages(self) -> int:
        """How many pages the list has."""
        return max(1, -(-len(self.entries) // PAGE_SIZE))

    def address(self, letter: str | None = None, page: int = 1) -> str:
        """Return the address of a part of the index."""
        asked = {"view": "letters", "letter": letter or "", "page": str(page) if page > 1 else ""}
        said = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.naming.root}vocab/{self.scheme.name}?{said}#terms"

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
        left_out = {
            *_IN_THE_TREE,
            f"{DCT}title",
            f"{DCT}description",
            f"{RDF}type",
            f"{DCAT}theme",
        }
        return _rows_about(self.naming, self.scheme.iri, left_out)


# -- one concept


@dataclass(frozen=True, slots=True)
class Referring:
    """Other concepts that name this one by a property: the measurements of a sensor.

    label  of which vocabulary, and by which property
    total  how many there are, shown or not
    """

    label: str
    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True)
class ConceptPage:
    """One concept: what it means, where it stands, what equals it, and who names it."""

    frame: Frame
    terms: Terms
    concept: Concept

    @property
    def naming(self) -> Naming:
        """The words of the reader."""
        return self.terms.naming

    @property
    def word(self) -> Word:
        """Its name and meaning."""
        return self.naming.term(self.concept.iri) or Word(self.concept.label)

    @property
    def scheme(self) -> Word:
        """The scheme whose file describes it."""
        return self.naming.scheme_of(self.concept.iri)

    @property
    def scheme_name(self) -> str:
        """The name of that scheme."""
        return self.naming.library.vocabularies.scheme_of(self.concept.iri) or ""

    @cached_property
    def above(self) -> tuple[Entry, ...]:
        """The broader concepts, from the top down, along the first way."""
        ways = self.terms.thesaurus.paths(self.concept.iri, 1)
        return tuple(self.terms.entry(iri) for iri in (ways[0][:-1] if ways else ()))

    @property
    def other_ways(self) -> tuple[tuple[Entry, ...], ...]:
        """The other ways down to it, where it has several broader concepts."""
        ways = self.terms.thesaurus.paths(self.concept.iri, 5)
        return tuple(tuple(self.terms.entry(iri) for iri in way[:-1]) for way in ways[1:])

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
        thesaurus = self.terms.thesaurus
        below = tuple(
            Branch(one, number=len(thesaurus.narrower(one.iri)))
            for one in self.terms.by_name(thesaurus.narrower(self.concept.iri))
        )
        own = self.terms.entry(self.concept.iri)
        here = Branch(own, below, len(below), is_here=True, is_open=True)
        if not self.above:
            return here if below else None
        broader = self.above[-1]
        beside = tuple(
            here if one.iri == own.iri else Branch(one, number=len(thesaurus.narrower(one.iri)))
            for one in self.terms.by_name(thesaurus.narrower(broader.iri))
        )
        return Branch(broader, _near(beside), len(beside), is_open=True)

    @property
    def referring(self) -> tuple[Referring, ...]:
        """The other concepts that name it, by vocabulary and property."""
        thesaurus = self.terms.thesaurus
        found: dict[tuple[str, str], list[str]] = {}
        for predicate, iri in thesaurus.referring(self.concept.iri):
            found.setdefault((thesaurus.scheme_of(iri) or "", predicate), []).append(iri)
        return tuple(
            Referring(
                f"{(self.naming.term(VOCAB + scheme) or Word(scheme)).label}"
                f" ({self.naming.property(predicate).word.label.lower()})",
                self.terms.by_name(iris)[:_REFERRING_AT_MOST],
                len(iris),
            )
            for (scheme, predicate), iris in sorted(found.items())
        )

    @property
    def replaced_by(self) -> tuple[Value, ...]:
        """What to use instead, if it is deprecated."""
        reader = _reader(self.naming, self.concept.iri)
        return tuple(reader.outside(iri) for iri in self.concept.replaced_by)

    @property
    def replaces(self) -> tuple[Entry, ...]:
        """The deprecated concepts in whose place it came."""
        return self.terms.by_name(self.terms.thesaurus.replaces(self.concept.iri))

    @property
    def other_names(self) -> tuple[tuple[str, str], ...]:
        """Its names in other languages: tag and text."""
        return tuple(
            (label.language, label.text)
            for label in self.concept.labels
            if label.language and label.text != self.word.label
        )

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
    def items_address(self) -> str:
        """The address of the list of items that cite it or something narrower."""
        return f"{self.naming.root}items?cites={quote(self.concept.iri, safe='')}"

    def form_address(self, form: str) -> str:
        """Return the address of what is said about it, in a form of RDF."""
        asked = urlencode({"uri": self.concept.iri, "format": form})
        return f"{self.naming.root}rest/v1/{self.scheme_name}/data?{asked}"

    @property
    def propose_address(self) -> str:
        """The address of the form by which a change is proposed."""
        asked = urlencode({"scheme": self.scheme_name, "concept": self.concept.iri})
        return f"{self.naming.root}vocab/proposals/new?{asked}"

    @property
    def citing(self) -> str:
        """A line of Turtle that cites it, by the property that asks for this vocabulary."""
        fields = self.naming.library.shapes.every_field()
        paths = Counter(one.path for one in fields if self.scheme_name in one.schemes)
        usual = (path for path, _ in paths.most_common() if not path.startswith(("(", "^", "<")))
        plain = next(usual, None)
        if plain is None:
            return f"<{self.concept.iri}>"
        return f"{compact(plain)}\n  <{self.concept.iri}> ;"


def _near(beside: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """Return those beside a concept that stand near it, where there are very many."""
    if len(beside) <= _BESIDE_AT_MOST:
        return beside
    here = next((number for number, one in enumerate(beside) if one.is_here), 0)
    begin = min(max(0, here - _BESIDE_AT_MOST // 2), len(beside) - _BESIDE_AT_MOST)
    return beside[begin : begin + _BESIDE_AT_MOST]


def _reader(naming: Naming, iri: str) -> Reader:
    row = naming.library.vocabularies.row(iri) or {}
    lines = [f"<{iri}> {predicate} {value} .\n" for predicate in row for value in row[predicate]]
    return Reader(Description(iri, "".join(lines)), naming, {})


def _rows_about(naming: Naming, iri: str, left_out: Iterable[str]) -> tuple[Row, ...]:
    order = list(RELATIONS)
    rows = [_with_word(row) for row in _reader(naming, iri).rows(f"<{iri}>", without=left_out)]
    known = [row for row in rows if row.iri.removeprefix(SKOS) in RELATIONS]
    known.sort(key=lambda row: order.index(row.iri.removeprefix(SKOS)))
    return (*known, *(row for row in rows if row not in known))


def _with_word(row: Row) -> Row:
    word = RELATIONS.get(row.iri.removeprefix(SKOS)) if row.iri.startswith(SKOS) else None
    return Row(word, row.values, "", row.iri) if word else row
