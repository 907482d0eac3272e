"""Which terms a query finds, best first: the search engine that the lexicon asks.

Every way in which a word can fit has a constant score of its own, so that the engine sorts by the
rules alone and not by how frequent a word is; equals keep the order in which they were put in.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import tantivy
from tantivy import Occur
from tantivy import Query as Asked

from catalog.domain.terms.beside import BEGINNING_FROM, stem
from catalog.domain.terms.close_words import CloseWords, filled
from catalog.domain.terms.fitting import NAMES, Place, Query, Text

_EXACT, _BEGINNING, _WORD, _BESIDE, _CLOSE = 200_000.0, 100_000.0, 1_000.0, 990.0, 200.0
_AN_EDIT, _A_PLACE, _FULLY = 50.0, 8.0, 4.0
"""No twelve close words outweigh one that is right, and no words a name that fits as a whole."""

_ENOUGH = 50
"""How many terms must fit rightly for typing errors not to be looked for."""

_WORDS = {place: f"words of {place.name}" for place in Place}
_WHOLE = {place: f"whole {place.name}" for place in NAMES}
_BEGUN = {
    **{field: (f"begun {field}", 3) for field in _WORDS.values()},
    **{field: (f"begun {field}", 12) for field in _WHOLE.values()},
}
"""Fields that hold the beginnings of another's words, up to so many letters.

Short beginnings have thousands of words; as words of their own they are found at once.
"""
_BESIDE_WORDS, _SCHEME, _DEPRECATED = "beside", "scheme", "deprecated"


@dataclass(frozen=True, slots=True)
class Entry:
    """One term, as it is to be found.

    beside  words that may stand in a query, but find nothing alone
    """

    texts: tuple[Text, ...]
    scheme: str
    deprecated: bool
    beside: frozenset[str]


@dataclass(frozen=True, slots=True)
class Within:
    """Among which entries to look: schemes by name, all if empty; the deprecated too or not."""

    schemes: frozenset[str]
    deprecated: bool


class TermIndex:
    """Entries by their words, in memory; an entry's number is its place in the order."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Put in the entries, those first that are to stand first among equals."""
        self._schema = _schema()
        index = tantivy.Index(self._schema)
        analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("folded", analyzer)
        self._places: dict[str, int] = {}
        self._searcher = filled(index, map(self._noted, entries))
        self.close = CloseWords(self._places).to

    def _noted(self, entry: Entry) -> tantivy.Document:
        """Return an entry for the engine, and remember the places of its words, one bit each."""
        for text in entry.texts:
            bit = 1 << text.place
            for word in text.words:
                self._places[word] = self._places.get(word, 0) | bit
        return _document(entry)

    def search(
        self, query: Query, beside: Collection[str], within: Within, *, limit: int, offset: int
    ) -> tuple[list[int], int]:
        """Return the numbers of one page of entries, and how many fit in all.

        beside  the words of the query that may be among those beside an entry instead

        Where none has all words, those are returned that have the most.
        """
        kept = self._kept(within)
        numbers, total = self._page(self._every(query, beside, False), kept, limit, offset)
        if total < _ENOUGH:
            numbers, total = self._page(self._every(query, beside, True), kept, limit, offset)
        if total or len(query.words) == 1:
            return numbers, total
        words = [(Occur.Should, self._word(query, word, (), True)) for word in query.words]
        most = self._most_words(words, kept)
        return self._page(Asked.boolean_query(words, most), kept, limit, offset)

    def _every(self, query: Query, beside: Collection[str], forgiving: bool) -> Asked:
        """Return what finds all words, or a name that is or begins with all that was typed."""
        words = [(Occur.Must, self._word(query, one, beside, forgiving)) for one in query.words]
        every = Asked.boolean_query(words)
        return Asked.boolean_query([(Occur.Should, self._whole(query)), (Occur.Should, every)])

    def _page(
        self, wanted: Asked, kept: list[tuple[Occur, Asked]], limit: int, offset: int
    ) -> tuple[list[int], int]:
        asked = Asked.boolean_query([(Occur.Must, wanted), *kept])
        most = self._searcher.num_docs
        found = self._searcher.search(
            asked, max(1, min(limit, most)), count=True, offset=min(offset, most)
        )
        count: int = found.count  # type: ignore[attr-defined]  # the stub forgets it
        return [place.doc for _, place in found.hits][:limit], count

    def _most_words(self, words: list[tuple[Occur, Asked]], kept: list[tuple[Occur, Asked]]) -> int:
        """Return how many words of the query the entry with the most of them has, at least 1."""
        ones = [(Occur.Should, Asked.const_score_query(word, 1.0)) for _, word in words]
        asked = Asked.boolean_query([(Occur.Must, Asked.boolean_query(ones)), *kept])
        best = self._searcher.search(asked, 1, count=False).hits
        return round(best[0][0]) if best else 1

    def _word(self, query: Query, word: str, beside: Collection[str], forgiving: bool) -> Asked:
        """Return what finds one word wherever it stands, the best place alone counting."""
        last = query.is_last(word)
        close = self.close(word, last) if forgiving else {}
        ways: list[Asked] = []
        for place, field in _WORDS.items():
            weight = place * _A_PLACE
            ways.append(_scored(self._term(field, word), _WORD + weight + _FULLY))
            if last:
                ways.append(_scored(self._begun(field, word), _WORD + weight))
            ways += self._closely(place, word, close)
        if word in beside:
            ways.append(_scored(self._terms(_BESIDE_WORDS, [word, stem(word)]), _BESIDE))
            if last and len(word) >= BEGINNING_FROM:
                ways.append(_scored(self._beginning(_BESIDE_WORDS, word), _BESIDE))
        return Asked.disjunction_max_query(ways)

    def _closely(self, place: Place, word: str, close: Mapping[str, int]) -> Iterator[Asked]:
        """Yield what finds the words that may be meant; a first letter is seldom mistyped."""
        scored: dict[float, list[str]] = {}
        for other, edits in close.items():
            if self._places[other] >> place & 1:
                score = _CLOSE + place * _A_PLACE + (other[0] == word[0]) * _FULLY
                scored.setdefault(score - edits * _AN_EDIT, []).append(other)
        for score, words in scored.items():
            yield _scored(self._terms(_WORDS[place], words), score)

    def _whole(self, query: Query) -> Asked:
        """Return what finds the names that are, or begin with, all that was typed."""
        ways: list[Asked] = []
        for place, field in _WHOLE.items():
            weight = place * _A_PLACE
            ways.append(_scored(self._term(field, query.squashed), _EXACT + weight))
            ways.append(_scored(self._begun(field, query.squashed), _BEGINNING + weight))
        return Asked.disjunction_max_query(ways)

    def _term(self, field: str, word: str) -> Asked:
        return Asked.term_query(self._schema, field, word, "basic")

    def _terms(self, field: str, words: Iterable[str]) -> Asked:
        """Return what finds any of some words; the engine's own query for sets is slower."""
        return Asked.boolean_query([(Occur.Should, self._term(field, word)) for word in words])

    def _begun(self, field: str, word: str) -> Asked:
        beginnings, longest = _BEGUN[field]
        if len(word) <= longest:
            return self._term(beginnings, word)
        return self._beginning(field, word)

    def _beginning(self, field: str, word: str) -> Asked:
        return Asked.fuzzy_term_query(self._schema, field, word, 0, True, True)

    def _kept(self, within: Within) -> list[tuple[Occur, Asked]]:
        """Return the clauses that hold results within schemes and states, without any score."""
        kept: list[tuple[Occur, Asked]] = []
        if within.schemes:
            kept.append((Occur.Must, _scored(self._terms(_SCHEME, sorted(within.schemes)), 0.0)))
        if not within.deprecated:
            kept.append((Occur.MustNot, self._term(_DEPRECATED, _DEPRECATED)))
        return kept


def _scored(asked: Asked, score: float) -> Asked:
    return Asked.const_score_query(asked, score)


def _schema() -> tantivy.Schema:
    building = tantivy.SchemaBuilder()
    begun = (field for field, _ in _BEGUN.values())
    for field in (*_BEGUN, *begun, _BESIDE_WORDS):
        building.add_text_field(field, tokenizer_name="folded", index_option="basic")
    for field in (_SCHEME, _DEPRECATED):
        building.add_text_field(field, tokenizer_name="raw", index_option="basic")
    return building.build()


def _document(entry: Entry) -> tantivy.Document:
    """Return an entry as the engine takes it: words by place, and names as wholes."""
    words: dict[str, set[str]] = {}
    for text in entry.texts:
        words.setdefault(_WORDS[text.place], set()).update(text.words)
        if text.squashed:
            words.setdefault(_WHOLE[text.place], set()).add(text.squashed)
    document = tantivy.Document()
    for field, found in words.items():
        beginnings, longest = _BEGUN[field]
        begun = {word[:letters] for word in found for letters in range(1, longest + 1)}
        document.add_text(field, " ".join(found))
        document.add_text(beginnings, " ".join(begun))
    document.add_text(_BESIDE_WORDS, " ".join(entry.beside))
    document.add_text(_SCHEME, entry.scheme)
    if entry.deprecated:
        document.add_text(_DEPRECATED, _DEPRECATED)
    return document
