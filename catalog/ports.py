"""What services ask of the engines below: each promise has two implementations, or will."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from catalog.domain.validation import Judgement


@dataclass(frozen=True, slots=True)
class Stored:
    """What arrived: size, and SHA-256 as lower-case hex."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object in a listing; `modified` is UTC."""

    key: str
    size_bytes: int
    modified: datetime


class ObjectStore(Protocol):
    """Write-once bytes under keys that the catalog makes (`o/{item}/{uuid}`).

    Every method raises Unavailable within five seconds where the store does not answer.
    """

    def put(self, key: str, source: BinaryIO, size_bytes: int | None) -> Stored:
        """Keep the bytes of `source` under `key`; they survive a power cut once this returns.

        size_bytes  what was announced; None where nothing was

        Raises KeyTaken, CutShort where the source is shorter or longer than announced, and
        NoSpace; then nothing is kept.
        """

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` on in chunks; raises ObjectMissing at once."""

    def size(self, key: str) -> int:
        """Return the size in bytes, or raise ObjectMissing."""

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """Go through the objects whose key begins with `prefix`, in no promised order."""


class Judge(Protocol):
    """Reads and judges descriptions, where bad input cannot hurt."""

    def judge(
        self,
        source: bytes,
        media_type: str,
        *,
        item: str,
        bases: tuple[str, ...],
        level: str = "publication",
        type_hint: str | None = None,
        files: tuple[str, ...] = (),
    ) -> Judgement:
        """Return the stored form and the report of what a person sent about `item`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer to a SPARQL query. `kind` is select, ask or graph; `rows` of a select."""

    kind: str
    media_type: str
    body: bytes
    rows: int | None = None


class Queries(Protocol):
    """Evaluates what users ask in SPARQL over the newest checkpoint, where it can be killed."""

    def query(
        self,
        query: str,
        *,
        formats: Mapping[str, str],
        base: str,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        seconds: float,
    ) -> Answer:
        """Answer completely, or raise Unreadable, OverLimit or Busy."""


class TripleStore(Protocol):
    """The graph of what is public. One process holds it for writing; readers get checkpoints."""

    def replace(self, graphs: Mapping[str, str | None], cursor: int) -> None:
        """Make each named graph equal to its N-Triples, or absent, and note `cursor`, at once."""

    def checkpoint(self) -> str:
        """Make what was replaced so far visible to readers; return the new checkpoint's name."""

    def graph_digests(self) -> Iterator[tuple[str, str]]:
        """Go through the named graphs with the SHA-256 of their sorted N-Triples."""
