"""Search among the terms of all vocabularies, in memory: the best first, and why each was found.

The engine retrieves and sorts; what is told about a hit is then read off the concept itself, so
that it is true.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

from catalog.domain.description import is_literal, literal
from catalog.domain.schemes import Concept, Scheme, Vocabularies
from catalog.domain.terms.beside import WordsBeside, is_beside
from catalog.domain.terms.fitting import How as How
from catalog.domain.terms.fitting import Query, primary, texts_of, why
from catalog.domain.terms.index import Entry, TermIndex, Within

_DEEPEST = 32
_REMEMBERED = 2_000
"""Of how many terms the words are kept ready; the index itself keeps no texts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One concept that was found.

    scheme    the name of the scheme whose file describes it
    property  full IRI of what says `text` at the concept; for a linked term the linking property
    text      what fits best: a literal as it stands, or the name of a linked term
    how       how the concept fits the whole query
    """

    iri: str
    scheme: str
    property: str
    text: str
    how: How


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found; `total` counts all pages, exactly."""

    hits: tuple[Hit, ...]
    total: int


class Lexicon:
    """Every concept of the vocabularies, by the words that are said of it.

    Built at the first search, and safe to ask from many threads.
    """

    def __init__(
        self, vocabularies: Vocabularies, labels: Callable[[str], str | None] | None = None
    ) -> None:
        """Keep the vocabularies, which are to change no more.

        labels  gives the English label of a property IRI; its words may stand beside others in a
                query ("temperature measured by a BME680"), as may those of a scheme's title
        """
        self._vocabularies = vocabularies
        self._beside = WordsBeside(vocabularies, labels)
        self._editions: dict[str | None, _Edition] = {}
        self._lock = Lock()

    def search(
        self,
        text: str,
        *,
        schemes: Collection[str] = (),
        limit: int = 20,
        offset: int = 0,
        language: str | None = None,
        deprecated: bool = True,
    ) -> Found:
        """Return the concepts at which all words of a text stand, else those with the most.

        text        anything; 200 characters and 12 words are read, the last may be a beginning
        schemes     names of the schemes to look in; all if empty
        limit       how many hits at most, from 0
        offset      how many to leave out before, from 0
        language    look in texts of this language and in those without one only
        deprecated  whether deprecated concepts are wanted too

        A typing error (a letter too many, too few, wrong, or two swapped) is forgiven in words
        from 4 letters, two from 8, none above 48, and looked for only where fewer than 50 concepts
        fit without. Sorted by `How`, then by where it stands (prefLabel and notation, altLabel,
        hiddenLabel, definition, linked term; with typing errors by their number before); then come
        what is not deprecated, the shorter label, the more general concept, and the IRI.
        """
        query = Query.of(text)
        if not query.words:
            return Found((), 0)
        edition = self._edition(language)
        within = Within(frozenset(schemes), deprecated)
        return edition.search(query, within, limit=max(limit, 0), offset=max(offset, 0))

    def _edition(self, language: str | None) -> "_Edition":
        """Return the terms in one language; those in all if there is no other language."""
        tag = None if language is None else primary(language)
        if tag is not None and tag not in self._languages:
            tag = ""
        if tag is not None and self._languages <= {tag}:
            tag = None
        with self._lock:
            if tag not in self._editions:
                self._editions[tag] = _Edition(self._vocabularies, self._beside, self._ordered, tag)
            return self._editions[tag]

    @cached_property
    def _ordered(self) -> tuple["_Term", ...]:
        """Every concept once, in the order in which equals stand."""
        known = self._vocabularies
        terms = {
            iri: _Term.of(concept, scheme)
            for scheme in known.schemes()
            for iri in scheme.concepts
            if known.scheme_of(iri) == scheme.name and (concept := known.concept(iri))
        }
        depths = _depths({iri: term.broader for iri, term in terms.items()})
        return tuple(sorted(terms.values(), key=lambda term: term.order(depths[term.iri])))

    @cached_property
    def _languages(self) -> frozenset[str]:
        """Primary subtags of every language in which anything is said of a concept."""
        return frozenset(
            primary(tag)
            for term in self._ordered
            for values in (self._vocabularies.row(term.iri) or {}).values()
            for value in values
            if is_literal(value) and (tag := literal(value).language)
        )


class _Edition:
    """The terms with their texts in one language, or in all: the index, and what it found."""

    def __init__(
        self,
        vocabularies: Vocabularies,
        beside: WordsBeside,
        terms: Sequence["_Term"],
        language: str | None,
    ) -> None:
        self._vocabularies = vocabularies
        self._beside = beside
        self._terms = terms
        self._language = language
        self._index = TermIndex(self._read(term) for term in terms)
        self._entry = lru_cache(_REMEMBERED)(self._read)

    def search(self, query: Query, within: Within, *, limit: int, offset: int) -> Found:
        """Return one page of what fits a query."""
        beside = self._beside.allowed(query)
        numbers, total = self._index.search(query, beside, within, limit=limit, offset=offset)
        hits = tuple(self._hit(self._terms[number], query, beside) for number in numbers)
        return Found(hits, total)

    def _hit(self, term: "_Term", query: Query, beside: frozenset[str]) -> Hit:
        """Read off a term that was found why it was."""
        entry = self._entry(term)
        said = [word for word in beside if is_beside(word, query, entry.beside)]
        found = why(query, entry.texts, self._index.close, said)
        if found is None:
            raise AssertionError(f"{term.iri} was found by {query}, and nothing there fits it")
        return Hit(term.iri, term.scheme.name, found.text.property, found.text.text, found.how)

    def _read(self, term: "_Term") -> Entry:
        row = self._vocabularies.row(term.iri) or {}
        texts = tuple(texts_of(self._vocabularies, row, self._language))
        return Entry(texts, term.scheme.name, term.deprecated, self._beside.of(term.scheme, row))


@dataclass(frozen=True, slots=True)
class _Term:
    """What is kept of a concept beside its words."""

    iri: str
    scheme: Scheme
    label: str
    deprecated: bool
    broader: tuple[str, ...]

    @classmethod
    def of(cls, concept: Concept, scheme: Scheme) -> "_Term":
        return cls(concept.iri, scheme, concept.label, concept.deprecated, concept.broader)

    def order(self, depth: int) -> tuple[bool, int, int, str]:
        return self.deprecated, len(self.label), depth, self.iri


def _depths(broader: Mapping[str, Collection[str]]) -> dict[str, int]:
    """Return how many steps each concept lies below the most general one it has.

    A circle, which may stand in a file that nobody checked, ends where it would begin again.
    """
    found: dict[str, int] = {}

    def depth(iri: str, below: frozenset[str]) -> int:
        if iri in below or iri not in broader or len(below) > _DEEPEST:
            return 0
        if iri not in found:
            steps = [depth(above, below | {iri}) for above in broader[iri]]
            found[iri] = 1 + min(steps) if steps else 0
        return found[iri]

    for iri in broader:
        depth(iri, frozenset())
    return found
