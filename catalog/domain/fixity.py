"""What reading the bytes of a file again can show."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Soundness(StrEnum):
    """Whether bytes are those that were kept."""

    OK = "ok"
    MISSING = "missing"
    WRONG_SIZE = "wrong-size"
    WRONG_HASH = "wrong-hash"
    UNREADABLE = "unreadable"


DAMAGED: Final = tuple(one.value for one in Soundness if one is not Soundness.OK)
"""The names of all that is no good."""


IN_WORDS: Final = {
    Soundness.MISSING: "its bytes are not there",
    Soundness.WRONG_SIZE: "it has another size than was uploaded",
    Soundness.WRONG_HASH: "it has other bytes than were uploaded",
    Soundness.UNREADABLE: "its bytes cannot be read",
}


@dataclass(frozen=True, slots=True)
class Fixity:
    """What the last reading of the bytes of a file showed.

    since    when it became so
    checked  when they were read last
    """

    result: Soundness
    since: datetime
    checked: datetime

    @property
    def in_words(self) -> str:
        """What is wrong, as the rest of a sentence; "" for nothing."""
        return IN_WORDS.get(self.result, "")

    @property
    def is_damaged(self) -> bool:
        """Whether they are not those that were kept."""
        return self.result is not Soundness.OK
