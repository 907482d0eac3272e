"""What people write beside an item when they withdraw or deprecate it: a reason, and a note."""

import unicodedata

from catalog.domain.errors import NotAcceptable

_LONGEST_REASON = 2_000
_LONGEST_NOTE = 4_000


def reason(text: str | None) -> str:
    """Return a reason on one line; NotAcceptable without one, or for what is no plain text."""
    said = " ".join(_plain("reason", text or "", _LONGEST_REASON).split())
    if not said:
        raise NotAcceptable("Say why: a reason is needed, and everybody will see it.")
    return said


def note(text: str | None) -> str | None:
    """Return a note, which may have several lines, or None where there is none."""
    return _plain("note", text or "", _LONGEST_NOTE).strip() or None


def _plain(name: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise NotAcceptable(f"{name} has at most {longest:,} characters.")
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\r\n":
            raise NotAcceptable(f"{name} holds U+{ord(character):04X}, a control character.")
    return text
