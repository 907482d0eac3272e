"""Which address a text is, or is the end of."""

import re
from collections.abc import Iterator

from catalog.domain.identifiers import RECORD

_ADDRESS = re.compile(r"(?:https?://|mailto:|urn:)[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_ENDING = re.compile(r"[^\s<>\"{}|\\^`]+")
_BEGINNINGS = re.compile(r"[/#:]")
_LONGEST = 2_000
"""Of how many characters a text is matched: unlike the engine's, these matches may not end."""

_TOLD_APART = 3
"""How much of two outlines must agree, so that they may be of the same kind."""


def addresses_of(text: str, example: str, pattern: str | None) -> Iterator[tuple[str, bool]]:
    """Yield the addresses that a text may mean, and whether it must mean that.

    example  an address of the kind that is wanted, whose beginning may be what the text lacks
    pattern  what the address must match, if anything

    >>> list(addresses_of("0000-0001-2345-678X", "https://orcid.org/0009-0003-8823-4046", None))
    [('https://orcid.org/0000-0001-2345-678X', False)]
    """
    if _ADDRESS.fullmatch(text):
        yield text, pattern is None or matches(pattern, text)
        return
    if not _ENDING.fullmatch(text) or example.startswith(RECORD):
        return
    for found in reversed([*_BEGINNINGS.finditer(example)]):
        beginning, ending = example[: found.end()], example[found.end() :]
        fits = pattern is not None and matches(pattern, beginning + text)
        if fits or (pattern is None and _is_alike(text, ending)):
            yield beginning + text, fits and _outline(text) == _outline(ending)
            return


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text matches a pattern of a shape; False where that is not known."""
    try:
        return len(text) <= _LONGEST and re.search(pattern, text) is not None
    except re.error:
        return False


def _outline(text: str) -> str:
    """Return a text with one digit for each number and one letter for each word.

    >>> _outline("10.3390/rs14041007")
    '9.9/a9'
    """
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+X?(?![^\W\d_])|\d+", "9", text))


def _is_alike(text: str, ending: str) -> bool:
    one, other = _outline(text), _outline(ending)
    return one == other or one[:_TOLD_APART] == other[:_TOLD_APART] != one
