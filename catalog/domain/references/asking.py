"""What sites are asked about a reference, what they answer, and what follows from it."""

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

MOST_JSON_BYTES: Final = 1_000_000
"""Largest answer in JSON that is read."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a site.

    headers     beside those that every request has
    most_bytes  how much of the body is read; a longer one is cut, and said to be
    follows     whether redirects are followed
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = 0
    follows: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    url      of what answered, after redirects
    headers  by their names in lower case; "retry-after" is always a number of seconds
    is_cut   whether the body was longer than what was to be read
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    is_cut: bool = False


class Presence(StrEnum):
    """Whether something was found at an address."""

    THERE = "there"
    GONE = "gone"
    NEEDS_LOGIN = "needs-login"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Facts:
    """What sites say about what lies at an address; "", 0 or None where they say nothing.

    address     the one spelling of the address
    page        for people
    download    of the bytes
    repository  of the source code
    file_name   without folders
    license     as the site spells it
    modified    when the bytes last changed, RFC 3339
    created     when they were made or published, RFC 3339
    etag        without quotation marks and the mark of a weak one
    ref         the branch or tag through which `commit` was found
    digest      of the manifest of an image, "sha256:..."
    platforms   of an image, such as "linux/arm64"
    """

    address: str
    page: str = ""
    download: str = ""
    repository: str = ""
    file_name: str = ""
    title: str = ""
    description: str = ""
    license: str = ""
    version: str = ""
    keywords: tuple[str, ...] = ()
    size_bytes: int | None = None
    media_type: str = ""
    etag: str = ""
    modified: str = ""
    created: str = ""
    commit: str = ""
    ref: str = ""
    digest: str = ""
    sha256: str = ""
    image: str = ""
    platforms: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what is known, by name."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value not in ("", None, ())
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What came of looking at an address.

    facts        None unless something is there
    detail       one sentence where nothing could be read
    retry_after  seconds that the site wants to be left alone; 0 where it says nothing
    """

    presence: Presence
    facts: Facts | None = None
    detail: str = ""
    retry_after: int = 0


Looking = Generator[Question, Reply, Found]
"""Asks one question after another, is sent the replies, and returns what was found."""
