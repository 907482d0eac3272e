"""How a text falls into words, so that what is spelled differently and means the same is the same.

Case, accents, Unicode form and separators do not matter: `env.water_level`, `envWaterLevel` and
"Env water level" have the same words.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

SMALL = frozenset(("a", "an", "the", "of", "by", "in", "on", "for", "with", "and"))
"""Words that decide nothing where others stand beside them."""

_ONE_EDIT_FROM, _TWO_EDITS_FROM = 4, 8
_LONGEST_WITH_EDITS = 48

_CHUNK = re.compile(r"[^\W_]+[+#]*|[%‰°€$£¥]")
_SEAM = re.compile(
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)


def words_of(text: str) -> list[str]:
    """Return the words of a text as a person types them, folded, in its order.

    >>> words_of("C++, BME680 at 20 °C")
    ['c++', 'bme680', 'at', '20', '°', 'c']
    """
    return [chunk.casefold() for chunk in _chunks(text)]


def squashed(text: str) -> str:
    """Return a text without case, accents, separators and punctuation; "" if nothing is left.

    >>> squashed("Env.water-level")
    'envwaterlevel'
    """
    return "".join(words_of(text))


def words_in_prose(text: str) -> frozenset[str]:
    """Return every word by which a sentence is found: its words and what they are composed of.

    >>> sorted(words_in_prose("the BME680"))
    ['680', 'bme', 'bme680', 'the']
    """
    return frozenset(_with_pieces(_chunks(text)))


def words_in_name(text: str) -> frozenset[str]:
    """Return every word by which a name is found: as in prose, and neighbours written as one.

    >>> sorted(words_in_name("rain.gauge"))
    ['gauge', 'rain', 'raingauge']
    """
    neighbours = pairwise(words_of(text))
    return words_in_prose(text).union(one + other for one, other in neighbours)


def edits_allowed(word: str) -> int:
    """Return how many typing errors a word may hold: one from 4 letters, two from 8.

    What is longer than any word, such as a digest, must be right.
    """
    if len(word) < _ONE_EDIT_FROM or len(word) > _LONGEST_WITH_EDITS:
        return 0
    return 1 if len(word) < _TWO_EDITS_FROM else 2


def _chunks(text: str) -> list[str]:
    """Return the runs of letters and digits, decomposed and without accents, in their own case."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if unicodedata.category(char)[0] != "M")
    return _CHUNK.findall(text)


def _with_pieces(chunks: list[str]) -> Iterator[str]:
    for chunk in chunks:
        yield chunk.casefold()
        pieces = _SEAM.split(chunk)
        if len(pieces) > 1:
            yield from (piece.casefold() for piece in pieces)
