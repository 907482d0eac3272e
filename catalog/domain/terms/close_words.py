"""Which words of a dictionary a mistyped word may mean."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import tantivy
from tantivy import Query as Asked

from catalog.domain.terms.spelling import edits_allowed

_BUFFER_BYTES = 2_000_000_000
"""More than is ever filled, so that there is one segment, in order; only what is used is taken."""

_MOST = 100
_REMEMBERED = 2_000
_SCORE = 10.0


class CloseWords:
    """Every word there is, to be asked by words with typing errors; safe to ask from threads.

    The automata of the search engine run over one list of words here, and once a word: to run them
    over the words of each place in each query takes ten times as long.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Keep the words, each once."""
        self._words = sorted(set(words), key=lambda word: (len(word), word))
        building = tantivy.SchemaBuilder()
        building.add_text_field("word", tokenizer_name="raw", index_option="basic")
        self._schema = building.build()
        documents = (tantivy.Document(word=word) for word in self._words)
        self._searcher = filled(tantivy.Index(self._schema), documents)
        self.to = lru_cache(_REMEMBERED)(self._to)

    def _to(self, word: str, beginning: bool) -> Mapping[str, int]:
        """Return the words that differ from `word` by no more typing errors than it may hold.

        beginning  the words of which some beginning does; of all, the 100 closest and shortest

        Each comes with how many errors that takes. One is a letter too many, too few, wrong, or
        two neighbours swapped.
        """
        allowed = edits_allowed(word)
        if not allowed:
            return {}
        ways = [self._within(word, edits, beginning) for edits in range(1, allowed + 1)]
        found = self._searcher.search(Asked.disjunction_max_query(ways), _MOST, count=False)
        return {self._words[place.doc]: round(_SCORE - score) for score, place in found.hits}

    def _within(self, word: str, edits: int, beginning: bool) -> Asked:
        fuzzy = Asked.fuzzy_term_query(self._schema, "word", word, edits, True, beginning)
        return Asked.const_score_query(fuzzy, _SCORE - edits)


def filled(index: tantivy.Index, documents: Iterable[tantivy.Document]) -> tantivy.Searcher:
    """Return what searches an empty index after it was given documents, numbered in their order.

    Raises OverflowError if they fill more than two gigabytes.
    """
    writer = index.writer(_BUFFER_BYTES, 1)
    for document in documents:
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    if searcher.num_segments > 1:
        raise OverflowError(f"{searcher.num_docs} documents do not fit into one segment")
    return searcher
