"""Words that a query may hold beside those of a term: what kind of term it is, how it is linked.

"temperature measured by a BME680" names the property that links a measurement to its sensor;
"license apache" the scheme. Alone such words would find every concept of the kind, so they only
ever stand beside others.
"""

from collections.abc import Callable, Set
from functools import lru_cache
from threading import Lock

import tantivy

from catalog.domain.schemes import Row, Scheme, Vocabularies
from catalog.domain.terms.fitting import Query, links_of
from catalog.domain.terms.spelling import SMALL, words_in_prose

BEGINNING_FROM = 3
"""How many letters make a beginning of such a word; fewer begin too many."""


class WordsBeside:
    """The words of scheme titles and of the labels of linking properties, with their stems."""

    def __init__(
        self, vocabularies: Vocabularies, labels: Callable[[str], str | None] | None
    ) -> None:
        """Keep where the words come from: `labels` gives the English label of a property IRI."""
        self._vocabularies = vocabularies
        self._labels = labels
        self._of_properties: dict[str, frozenset[str]] = {}
        self._of_schemes: dict[str, frozenset[str]] = {}
        self._known: set[str] = set()

    def of(self, scheme: Scheme, row: Row) -> frozenset[str]:
        """Return the words beside the concept of a scheme that `row` describes."""
        linking = dict.fromkeys(linking for linking, _ in links_of(self._vocabularies, row))
        return self._of_scheme(scheme).union(*map(self._of_property, linking))

    def allowed(self, query: Query) -> frozenset[str]:
        """Return the words of a query that stand beside some concept `of` was asked for.

        None if they all do: then each must be found at the concept itself.
        """
        found = frozenset(word for word in query.words if is_beside(word, query, self._known))
        return found if len(found) < len(query.words) else frozenset()

    def _of_scheme(self, scheme: Scheme) -> frozenset[str]:
        if scheme.name not in self._of_schemes:
            words = self._of_schemes[scheme.name] = _with_stems(f"{scheme.title} {scheme.name}")
            self._known |= words
        return self._of_schemes[scheme.name]

    def _of_property(self, term: str) -> frozenset[str]:
        if term not in self._of_properties:
            label = self._labels(term[1:-1]) if self._labels else None
            words = self._of_properties[term] = _with_stems(label or "")
            self._known |= words
        return self._of_properties[term]


def is_beside(word: str, query: Query, there: Set[str]) -> bool:
    """Tell whether a word of a query, or one of its stem, is among the words `there`."""
    if word in there or stem(word) in there:
        return True
    begins = query.is_last(word) and len(word) >= BEGINNING_FROM
    return begins and any(other.startswith(word) for other in there)


@lru_cache(maxsize=10_000)
def stem(word: str) -> str:
    """Return what an English word has in common with its other forms.

    >>> stem("measured") == stem("measurements")
    True
    """
    with _ONE_AT_A_TIME:
        return next(iter(_STEMMER.analyze(word)), word)


_STEMMER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)
_ONE_AT_A_TIME = Lock()


def _with_stems(text: str) -> frozenset[str]:
    words = words_in_prose(text) - SMALL
    return frozenset(words | {stem(word) for word in words})
