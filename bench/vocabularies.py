"""How fast terms are found while they are typed, and how fast the vocabularies are loaded.

The peer of the search is what one would write first: SQLite's FTS5 with a prefix index in memory,
one row a concept. It finds beginnings of words, sorts by BM25 and forgives no typing error.
"""

import gc
import itertools
import random
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import psutil
import pyoxigraph as ox
import rdflib

from bench.table import Figure, median_seconds
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import SKOS, Vocabularies
from catalog.domain.terms.fitting import literals_in, texts_of
from catalog.domain.terms.lexicon import Lexicon
from catalog.domain.terms.spelling import words_of
from catalog.library import library

_WANTED = {2_000: 10, 20_000: 10, 200_000: 100}
"""Numbers of concepts, and how many milliseconds an answer may take there."""

_TYPED_TERMS = 80
_WITH_AN_ERROR, _WITH_A_SECOND_WORD = 0.15, 0.25
_MOST_TYPED = 40
_WORD = re.compile(r"(?<!\\)[^\W\d_]{4,}|\d+")
_IRI = re.compile("<([^>]*)>")
_SPELLINGS = tuple(f"<{SKOS}{name}>" for name in ("prefLabel", "altLabel", "notation"))


def figures() -> list[Figure]:
    """Measure loading, then building and asking at three sizes."""
    real = {
        name.removeprefix("vocab/"): text
        for name, text in library().files.items()
        if name.startswith("vocab/")
    }
    return [_loading(real), *(line for size in _WANTED for line in _searching(real, size))]


def _loading(real: Mapping[str, bytes]) -> Figure:
    def by_rdflib() -> None:
        for text in real.values():
            rdflib.Graph().parse(data=text, format="turtle")

    ours = median_seconds(lambda: Vocabularies(real).schemes(), rounds=9)
    peer = median_seconds(by_rdflib, rounds=3, warm=0)
    count = sum(len(scheme.concepts) for scheme in Vocabularies(real).schemes())
    name = f"load {count:,} concepts of {len(real)} schemes"
    return Figure(name, ours, "s", "rdflib", peer, "at most a fifth", ours <= peer / 5)


def _searching(real: Mapping[str, bytes], size: int) -> list[Figure]:
    """Measure building and asking at one size, ours and the peer on the same letters typed."""
    vocabularies = Vocabularies(grown(real, size))
    count = sum(len(scheme.concepts) for scheme in vocabularies.schemes())
    typed = list(_typed(vocabularies, random.Random(size)))
    lexicon = Lexicon(vocabularies, library().label)
    ours_seconds, ours_bytes = _built(lambda: lexicon.search("x"))
    table = sqlite3.connect(":memory:")
    peer_seconds, peer_bytes = _built(lambda: _fill(table, vocabularies))
    ours = _asked(lambda text: lexicon.search(text), typed)
    peer = _asked(lambda text: _ask(table, text), typed)
    most, at = _WANTED[size], f"at {count:,}"
    told = [
        ("autocomplete, p50", "ms", statistics.median(ours), statistics.median(peer), most),
        ("autocomplete, p99", "ms", _p99(ours), _p99(peer), most),
        ("index built", "s", ours_seconds, peer_seconds, None),
        ("index in memory", "MB", ours_bytes / 1e6, peer_bytes / 1e6, None),
    ]
    return [
        Figure(
            f"{name} {at}",
            value,
            unit,
            "FTS5",
            beside,
            "told" if wanted is None else f"at most {wanted} {unit}",
            wanted is None or value <= wanted,
        )
        for name, unit, value, beside, wanted in told
    ]


def _asked(ask: Callable[[str], object], typed: Sequence[str]) -> list[float]:
    """Return the milliseconds of each answer: the median of three rounds over all."""
    rounds = [[_milliseconds(lambda: ask(text)) for text in typed] for _ in range(3)]  # noqa: B023
    return [statistics.median(taken) for taken in zip(*rounds, strict=True)]


def grown(real: Mapping[str, bytes], size: int) -> dict[str, bytes]:
    """Return about `size` concepts: some of the real schemes, or all of them and varied copies.

    A copy of a scheme has the same hierarchy, links and number of words; every other word is
    another one of its scheme, and numbers are drawn anew. The same `size` gives the same files.
    """
    rolled = random.Random(size)
    schemes = list(Vocabularies(real).schemes())
    rolled.shuffle(schemes)
    home = {iri: scheme.name for scheme in schemes for iri in scheme.concepts}
    found: dict[str, bytes] = {}
    missing = size
    turns = ((copy, scheme) for copy in itertools.count() for scheme in schemes)
    for copy, scheme in turns:
        text = real[scheme.name]
        name = f"{scheme.name}-{copy}" if copy else scheme.name
        found[name] = _varied(text, home, copy, rolled).encode() if copy else text
        missing -= len(scheme.concepts)
        if missing <= 0:
            break
    return found


def _varied(text: bytes, home: Mapping[str, str], copy: int, rolled: random.Random) -> str:
    """Return a file's triples as N-Triples about terms of another name that say other words.

    home  the scheme of every concept
    """
    triples = [str(triple) for triple in ox.parse(text, format=ox.RdfFormat.TURTLE)]
    pool = _WORD.findall(" ".join(triple for triple in triples if triple.endswith('"@en')))

    def word(found: re.Match[str]) -> str:
        if found[0].isdigit():
            return "".join(rolled.choice("0123456789") for _ in found[0])
        return rolled.choice(pool) if rolled.random() < 0.5 else found[0]

    def term(found: re.Match[str]) -> str:
        iri = found[1]
        if iri in home:
            return f"<{VOCAB}{home[iri]}-{copy}/{re.split('[/#]', iri)[-1]}>"
        return f"<{iri}-{copy}>" if iri.startswith(VOCAB) else found[0]

    lines = []
    for triple in triples:
        terms, quote, rest = triple.partition(' "')
        said, end, tag = rest.rpartition('"')
        lines.append(f"{_IRI.sub(term, terms)}{quote}{_WORD.sub(word, said)}{end}{tag} .\n")
    return "".join(lines)


def _typed(vocabularies: Vocabularies, rolled: random.Random) -> Iterator[str]:
    """Yield what a field asks while terms are typed, one more letter each time.

    Some have a letter wrong, some begin another word of what is said of the same concept.
    """
    iris = [iri for scheme in vocabularies.schemes() for iri in scheme.concepts]
    for iri in rolled.sample(iris, _TYPED_TERMS):
        row = vocabularies.row(iri) or {}
        spelled = [text for name in _SPELLINGS for text in literals_in(row.get(name, ()), None)]
        text = rolled.choice(spelled)
        if rolled.random() < _WITH_A_SECOND_WORD:
            said = [
                word for text in texts_of(vocabularies, row, None) for word in words_of(text.text)
            ]
            text = f"{text} {rolled.choice(said)}"
        if rolled.random() < _WITH_AN_ERROR:
            place = rolled.randrange(len(text))
            text = text[:place] + rolled.choice("aeinrst") + text[place + 1 :]
        yield from (text[:letters] for letters in range(1, min(len(text), _MOST_TYPED) + 1))


def _built(build: Callable[[], object]) -> tuple[float, int]:
    """Return the seconds and the bytes of resident memory that something takes."""
    gc.collect()
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    build()
    seconds = time.perf_counter() - began
    gc.collect()
    return seconds, max(process.memory_info().rss - before, 0)


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1_000


def _p99(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def _fill(table: sqlite3.Connection, vocabularies: Vocabularies) -> None:
    """Put the same texts into the peer, one row a concept."""
    table.execute("CREATE VIRTUAL TABLE term USING fts5(iri UNINDEXED, said, prefix='1 2 3 4')")
    table.executemany(
        "INSERT INTO term VALUES (?, ?)",
        (
            (iri, " ".join(text.text for text in texts_of(vocabularies, row, None)))
            for scheme in vocabularies.schemes()
            for iri in scheme.concepts
            if (row := vocabularies.row(iri)) is not None
        ),
    )
    table.execute("INSERT INTO term(term) VALUES ('optimize')")


def _ask(table: sqlite3.Connection, text: str) -> None:
    """Ask the peer for the best twenty, every word as it is and the last as a beginning."""
    if words := words_of(text):
        asked = " ".join(f'"{word}"' for word in words) + " *"
        table.execute("SELECT iri FROM term(?) ORDER BY rank LIMIT 20", (asked,)).fetchall()
