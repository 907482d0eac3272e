"""Text as XML 1.0 can hold it: escaped, and without the characters that it has no place for."""

import re
from collections.abc import Iterable
from typing import Final

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT: Final = "\ufffd"
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def allowed(text: str) -> str:
    """Return text with U+FFFD for each character that XML cannot hold in any spelling."""
    return _NOT_XML.sub(_REPLACEMENT, text)


def escaped(text: str) -> str:
    """Return text as it stands in an element or between double quotes.

    >>> escaped('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return allowed(text).translate(_ESCAPES)


def attributes(named: Iterable[tuple[str, str]]) -> str:
    """Return attributes as they stand in a tag, each with a space before it."""
    return "".join(f' {name}="{escaped(value)}"' for name, value in named)
