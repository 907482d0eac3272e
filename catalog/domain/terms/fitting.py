"""Which text of a concept a query fits, and how: the truth that a search result is told with."""

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from catalog.domain.description import is_literal, literal
from catalog.domain.schemes import RDF_TYPE, SKOS, Row, Vocabularies
from catalog.domain.terms.spelling import (
    SMALL,
    squashed,
    words_in_name,
    words_in_prose,
    words_of,
)

Closeness = Callable[[str, bool], Mapping[str, int]]
"""A word, and whether it may be a beginning, to the words that it may mean and their errors."""

_MOST_LETTERS = 200
_MOST_WORDS = 12


class How(StrEnum):
    """How a concept fits a query, best first.

    EXACT      one of its names is the query, but for case, accents and separators
    BEGINNING  one of its names begins with the query
    WORD       every word of the query stands at the concept, the last at least as a beginning
    CLOSE      some word stands there only with a typing error, or not at all
    """

    EXACT = "exact"
    BEGINNING = "beginning"
    WORD = "word"
    CLOSE = "close"


class Place(IntEnum):
    """Where a text stands, the weightier the higher."""

    LINKED = 0
    DEFINITION = 1
    HIDDEN = 2
    ALTERNATIVE = 3
    NAME = 4


NAMES = (Place.NAME, Place.ALTERNATIVE, Place.HIDDEN)
"""Where the names of the concept itself stand, which alone may fit as a whole."""

_PLACES = {
    f"<{SKOS}prefLabel>": Place.NAME,
    f"<{SKOS}notation>": Place.NAME,
    f"<{SKOS}altLabel>": Place.ALTERNATIVE,
    f"<{SKOS}hiddenLabel>": Place.HIDDEN,
    f"<{SKOS}definition>": Place.DEFINITION,
}
_NAMES_OF_LINKED = tuple(f"<{SKOS}{name}>" for name in ("prefLabel", "altLabel", "notation"))
_NOT_FOLLOWED = frozenset(
    f"<{SKOS}{name}>" for name in ("narrower", "narrowerTransitive", "broaderTransitive")
)
"""What is below a concept says nothing about it; what is far above says it again."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text by which a concept can be found.

    property  full IRI of what says it at the concept; for LINKED the linking property
    text      the literal as it stands
    words     all by which it is found
    squashed  the whole of a name as one word; "" where only words count
    """

    property: str
    text: str
    place: Place
    words: frozenset[str]
    squashed: str

    @classmethod
    def of(cls, predicate: str, text: str, place: Place) -> "Text":
        """Return a text that `predicate`, as a term, says, with its words."""
        words = words_in_prose(text) if place is Place.DEFINITION else words_in_name(text)
        return cls(predicate[1:-1], text, place, words, squashed(text) if place in NAMES else "")


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, folded.

    words     each once; the last may be the beginning of a word
    squashed  all of it as one word
    """

    words: tuple[str, ...]
    squashed: str

    @classmethod
    def of(cls, text: str) -> "Query":
        """Read at most the first 200 characters and 12 words of whatever was typed.

        Small words are left out where others remain.
        """
        words = words_of(text[:_MOST_LETTERS])
        kept = [word for word in words if word not in SMALL] or words
        once = tuple(reversed(dict.fromkeys(reversed(kept))))
        return cls(once[:_MOST_WORDS], "".join(words))

    def is_last(self, word: str) -> bool:
        """Tell whether `word` may still be being typed."""
        return word == self.words[-1]


@dataclass(frozen=True, slots=True)
class Why:
    """The text of a concept that fits best, and how the concept fits."""

    text: Text
    how: How


def texts_of(vocabularies: Vocabularies, row: Row, language: str | None) -> Iterator[Text]:
    """Yield every text by which the concept that `row` describes is found.

    language  primary subtag; texts in others are left out, those without one are not
    """
    for predicate, values in row.items():
        place = _PLACES.get(predicate)
        if place is not None:
            for text in literals_in(values, language):
                yield Text.of(predicate, text, place)
    for predicate, linked in links_of(vocabularies, row):
        for text in names_of_linked(vocabularies, linked, language):
            yield Text.of(predicate, text, Place.LINKED)


def links_of(vocabularies: Vocabularies, row: Row) -> Iterator[tuple[str, str]]:
    """Yield property, as a term, and IRI of each concept that a concept points to."""
    for predicate, values in row.items():
        if predicate in _NOT_FOLLOWED:
            continue
        for value in values:
            if value[0] == "<" and _is_concept(vocabularies.row(value[1:-1])):
                yield predicate, value[1:-1]


def _is_concept(row: Row | None) -> bool:
    return row is not None and f"<{SKOS}Concept>" in row.get(RDF_TYPE, ())


def names_of_linked(
    vocabularies: Vocabularies, linked: str, language: str | None
) -> tuple[str, ...]:
    """Return the labels and notations of a concept that another points to, each once."""
    row = vocabularies.row(linked) or {}
    return tuple(
        dict.fromkeys(
            text
            for predicate in _NAMES_OF_LINKED
            for text in literals_in(row.get(predicate, ()), language)
        )
    )


def literals_in(terms: Collection[str], language: str | None) -> Iterator[str]:
    """Yield the texts among terms that are in a language or in none."""
    for term in terms:
        if is_literal(term):
            found = literal(term)
            if language is None or not found.language or primary(found.language) == language:
                yield found.text


def primary(language: str) -> str:
    """Return the primary subtag of a language tag, in lower case: `en` of `en-US`."""
    return language.lower().partition("-")[0]


def why(
    query: Query, texts: Collection[Text], close: Closeness, beside: Collection[str] = ()
) -> Why | None:
    """Return the text that fits best and how the concept fits; None if no text fits at all.

    close   gives the words that a word of the query may mean, were it mistyped
    beside  words of the query that are said of the concept outside its texts

    The best text is a whole name, else the one with the most words of the query, then with the
    fewest typing errors, then in the weightiest place, then the shortest.
    """
    rightly = [_right(query, text) for text in texts]
    missing = frozenset(query.words).difference(beside, *rightly)
    meant = {word: close(word, query.is_last(word)).keys() for word in missing}
    fits = [
        _Fit(text, _whole(query, text), right, _close(meant, text))
        for text, right in zip(texts, rightly, strict=True)
    ]
    best = min(fits, key=_Fit.order, default=None)
    if best is None or not best.counts:
        return why(query, texts, close) if beside else None
    return Why(best.text, best.whole or (How.CLOSE if missing else How.WORD))


@dataclass(frozen=True, slots=True)
class _Fit:
    """How one text fits: as a whole, and how many words stand there rightly or closely."""

    text: Text
    whole: How | None
    rightly: frozenset[str]
    closely: int

    @property
    def counts(self) -> bool:
        return bool(self.whole or self.rightly or self.closely)

    def order(self) -> tuple[int, int, int, int, int, int]:
        whole = 0 if self.whole is How.EXACT else 1 if self.whole else 2
        found = len(self.rightly) + self.closely
        fully = len(self.rightly & self.text.words)
        return whole, -found, self.closely, -self.text.place, -fully, len(self.text.text)


def _right(query: Query, text: Text) -> frozenset[str]:
    return frozenset(word for word in query.words if _stands(query, word, text.words))


def _stands(query: Query, word: str, there: frozenset[str]) -> bool:
    if word in there:
        return True
    return query.is_last(word) and any(other.startswith(word) for other in there)


def _close(meant: Mapping[str, Set[str]], text: Text) -> int:
    return sum(not others.isdisjoint(text.words) for others in meant.values())


def _whole(query: Query, text: Text) -> How | None:
    if not text.squashed or not text.squashed.startswith(query.squashed):
        return None
    return How.EXACT if text.squashed == query.squashed else How.BEGINNING
