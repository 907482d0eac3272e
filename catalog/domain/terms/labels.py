"""How labels of concepts are compared, found by a pattern, and put in alphabetical order."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.domain.description import Literal

LABELS = ("prefLabel", "altLabel", "hiddenLabel")
"""The names of SKOS for the labels of a concept, the one that is shown first."""

DIGITS = "0-9"
SPECIAL = "!*"
EVERY_LETTER = "*"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a concept or collection.

    scheme    name of the scheme that describes it
    property  `prefLabel`, `altLabel` or `hiddenLabel`
    key       the text as it is compared: composed (NFC), without case, on one line
    """

    iri: str
    scheme: str
    property: str
    text: str
    language: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the alphabetical index: a concept under its own label, or under another.

    text     the label under which it stands here
    label    the preferred label in the language asked for; the same as `text` for a main entry
    """

    iri: str
    text: str
    language: str | None
    label: str
    is_preferred: bool


def in_language(texts: Iterable[Literal], language: str) -> Iterator[Literal]:
    """Yield the texts in a language; `en` means `en-US` as well."""
    return (text for text in texts if speaks(text.language, language))


def speaks(tag: str | None, language: str) -> bool:
    """Tell whether a language tag is of a language range (RFC 4647, basic filtering).

    >>> speaks("en-US", "en"), speaks("en", "en-US"), speaks(None, "en"), speaks("de", "*")
    (True, False, False, True)
    """
    if not tag:
        return False
    tag, language = tag.lower(), language.lower()
    return language == "*" or tag == language or tag.startswith(f"{language}-")


def compared(text: str) -> str:
    """Return a label as it is compared: composed, without case, on one line."""
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())


def pieces_of(pattern: str) -> tuple[str, ...]:
    """Return what a label has to hold, in this order; a line break is an end of the label.

    >>> pieces_of("Temp*"), pieces_of("*temp*rature*")
    (('\\ntemp',), ('temp', 'rature'))
    """
    anchored = f"\n{compared(pattern)}\n"
    return tuple(piece for piece in re.split(r"\n?\*+\n?", anchored) if piece)


def fits(key: str, pieces: Iterable[str]) -> bool:
    """Tell whether a label, as `compared` makes it, matches the pieces of a pattern."""
    line, place = f"\n{key}\n", 0
    for piece in pieces:
        place = line.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def in_order(label: Label) -> tuple[str, str, str]:
    return label.key, label.language or "", label.iri


class Table:
    """Labels in their order, and all of them as one text to look through."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self.labels = sorted(labels, key=in_order)
        self._starts = []
        place = 1
        for label in self.labels:
            self._starts.append(place)
            place += len(label.key) + 1
        self._text = "\n" + "".join(f"{label.key}\n" for label in self.labels)

    def matching(self, pieces: tuple[str, ...]) -> Iterator[Label]:
        """Yield the labels that hold all pieces, by looking for the rarest of them."""
        if not pieces:
            yield from self.labels
            return
        rarest = pieces[0]
        if len(pieces) > 1:
            rarest = min(sorted(pieces, key=len)[-_MOST_COUNTED:], key=self._text.count)
        place = self._text.find(rarest)
        while place >= 0:
            # A line break at the beginning of the piece still belongs to the line before.
            number = bisect_right(self._starts, place + (rarest[0] == "\n")) - 1
            label = self.labels[number]
            if fits(label.key, pieces):
                yield label
            place = self._text.find(rarest, self._starts[number] + len(label.key))


_MOST_COUNTED = 8
"""Of how many pieces of a pattern it is counted how often they are there; the longest ones."""


class Index:
    """Entries in their order, and those that begin with no letter by their class."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        keyed = sorted(((compared(entry.text), entry.iri, entry) for entry in entries), key=_place)
        self._entries = tuple(entry for _, _, entry in keyed)
        self._keys = [key for key, _, _ in keyed]
        self._classes = {
            kind: tuple(entry for entry in self._entries if _letter(entry.text) == kind)
            for kind in (SPECIAL, DIGITS)
        }
        found = {_letter(entry.text) for entry in self._entries if entry.is_preferred}
        kinds = [kind for kind in self._classes if kind in found]
        self.letters = (*sorted(found - self._classes.keys()), *kinds)

    def under(self, letter: str) -> tuple[Entry, ...]:
        """Return the entries of a class of first characters, or with a beginning."""
        if letter == EVERY_LETTER:
            return self._entries
        if letter in self._classes:
            return self._classes[letter]
        beginning = compared(letter)
        if not beginning:
            return ()
        first = bisect_left(self._keys, beginning)
        return self._entries[first : bisect_right(self._keys, beginning + _LAST, lo=first)]


_LAST = "\U0010ffff"
"""Sorts behind whatever may follow a beginning."""


def _place(keyed: tuple[str, str, Entry]) -> tuple[str, str]:
    return keyed[:2]


def _letter(text: str) -> str:
    """Return under which letter a label stands."""
    first = text.strip()[:1].upper()[:1]
    if first.isalpha():
        return first
    return DIGITS if first.isdecimal() else SPECIAL


def counted_labels(labels: Iterable[Label]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for label in labels:
        counts = found.setdefault(label.language or "", dict.fromkeys(LABELS, 0))
        counts[label.property] += 1
    return {language: found[language] for language in sorted(found) if language}
