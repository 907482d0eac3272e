"""What readers write to the owner of an item: that something is wrong with it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.domain.errors import NotAcceptable

SHORTEST_TEXT: Final = 10
LONGEST_TEXT: Final = 5_000
LONGEST_ADDRESS: Final = 254
_ADDRESS = re.compile(r"[\w.+'*=^`{|}~!$-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_CONTROL: Final = frozenset({"Cc", "Cs"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message about an item, as whoever may answer it reads it.

    n         the version that the reader saw
    title     what the item is called now
    reply_to  the reader's mail address, or "" where they gave none
    by        the account of a reader who was signed in, or ""
    done      when somebody marked it as done, or None
    """

    id: int
    item_id: str
    n: int
    title: str
    text: str
    reply_to: str
    by: str
    at: datetime
    done: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of messages, newest first.

    total  how many there are in all
    open   how many of those nobody has marked as done
    next   where the next page begins, or None
    """

    messages: Sequence[Message]
    total: int
    open: int
    next: str | None


def message_text(text: str) -> str:
    """Return what a reader wrote, or refuse what is too short, too long or no plain text."""
    said = text.replace("\r\n", "\n").strip()
    if len(said) < SHORTEST_TEXT:
        raise NotAcceptable(
            f"Say what is wrong in at least {SHORTEST_TEXT} characters.", field="text"
        )
    if len(said) > LONGEST_TEXT:
        raise NotAcceptable(
            f"A message has at most {LONGEST_TEXT:,} characters; this one has {len(said):,}.",
            field="text",
        )
    for character in said:
        if unicodedata.category(character) in _CONTROL and character not in "\t\n":
            told = f"The message holds U+{ord(character):04X}, a control character."
            raise NotAcceptable(told, field="text")
    return said


def reply_address(address: str) -> str:
    """Return a mail address to answer to, "" for none; NotAcceptable for what is no address.

    >>> reply_address(" ana@example.org "), reply_address("")
    ('ana@example.org', '')
    """
    said = address.strip()
    if said and (len(said) > LONGEST_ADDRESS or not is_mail_address(said)):
        raise NotAcceptable(
            "This is no mail address; leave it empty if you want no answer.", field="reply_to"
        )
    return said


def is_mail_address(text: str) -> bool:
    """Tell whether a text is one mail address, without signs that mean more within `mailto:`."""
    return text.isascii() and _ADDRESS.fullmatch(text) is not None
