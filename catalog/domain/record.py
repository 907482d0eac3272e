"""What the record knows about an item, as plain values that the floors hand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog.domain.fixity import Fixity
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State, Visibility
from catalog.domain.references.drift import ReferenceState


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file kept here. `sha256` is lower-case hex; `key` is its place in the object store.

    fixity  what the last reading of its bytes showed; None before the first since it was kept
    """

    name: str
    size_bytes: int
    sha256: str
    media_type: str
    key: str
    created: datetime
    fixity: Fixity | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a tombstone says: when, by whom, why, and what replaces the item.

    reason       the id of a concept of `withdrawal-reason`, or words
    replaced_by  an IRI, of the record where it is an item of this catalog; or None
    """

    at: datetime
    by: str
    reason: str
    note: str | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Why a published version should no longer be used, and the IRI of what replaces it."""

    at: datetime
    reason: str
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Delay:
    """Why something did not become public on its date: when that was tried, and what is wrong."""

    at: datetime
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionName:
    """One version of an item in the list of its versions.

    doi  that of this version, once everybody can resolve it
    """

    n: int
    state: State
    published: datetime | None
    visibility: Visibility = Visibility.PUBLIC
    doi: str | None = None

    @property
    def is_public(self) -> bool:
        """Whether everybody sees its description."""
        return self.state is State.PUBLISHED and self.visibility in METADATA_ARE_PUBLIC


class DoiState(StrEnum):
    """How far the registration of a DOI has come."""

    NONE = "none"
    RESERVED = "reserved"
    REGISTERING = "registering"
    FINDABLE = "findable"
    HIDDEN = "hidden"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Dois:
    """The DOIs of an item and of one of its versions, as the record has them.

    concept   names all versions, and resolves to the newest
    version   names this version
    state     of the one that is further behind
    problem   why registration does not go on, in words for the owner
    findable  those of the two that everybody can resolve and find
    """

    concept: str | None = None
    version: str | None = None
    state: DoiState = DoiState.NONE
    problem: str | None = None
    findable: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form of the contract."""
        return {
            "concept": self.concept,
            "version": self.version,
            "state": self.state.value,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class ReferenceRecord:
    """What is known of bytes elsewhere that a version refers to.

    part     the fragment of the distribution, "" for the item itself
    address  that is looked at
    since    when it came to be in that state
    looked   when it was last looked at, None for never
    finding  what is not as described, in words; "" for nothing
    """

    part: str
    address: str
    kind: str
    state: ReferenceState
    since: datetime
    looked: datetime | None
    finding: str
    found: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One version of an item as the caller sees it.

    ntriples        the stored form: sorted N-Triples with IRIs under the record's base
    revision        accepted changes of the description, from 1
    file_changes    changes of the files, from 0
    state_changes   changes of state or visibility, from 0
    filled_in       what the catalog filled in at publication because the person left it out,
                    as sorted N-Triples
    granted         rights granted to the caller by others (names of permissions)
    report          the stored validation report, judged at publication level
    until           when the embargo on its files ends, or ended
    publish_at      when what is private or shared becomes public by itself
    delay           why it did not become public then
    bucket          its UUID in Sage's storage API, where that made it
    """

    id: str
    version: int
    revision: int
    file_changes: int
    state_changes: int
    type: str
    title: str
    state: State
    visibility: Visibility
    owner_id: int
    owner: str
    created: datetime
    modified: datetime
    published: datetime | None
    ntriples: str
    digest: str
    report: Mapping[str, Any]
    filled_in: str = ""
    files: tuple[FileRecord, ...] = ()
    files_total: int = 0
    versions: tuple[VersionName, ...] = ()
    granted: frozenset[str] = field(default_factory=frozenset)
    withdrawal: Withdrawal | None = None
    deprecation: Deprecation | None = None
    indexed: bool = True
    dois: Dois = Dois()
    references: tuple[ReferenceRecord, ...] = ()
    until: datetime | None = None
    publish_at: datetime | None = None
    delay: Delay | None = None
    bucket: str | None = None

    @property
    def stage(self) -> str:
        """The part of the ETag that `If-Match` compares: version, revisions, files, states."""
        return f"{self.version}.{self.revision}.{self.file_changes}.{self.state_changes}"


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as a line of a list.

    doi    that of all its versions, once everybody can resolve it
    until  when the embargo on its files ends, or ended
    """

    id: str
    version: int
    type: str
    title: str
    state: State
    visibility: Visibility
    owner: str
    modified: datetime
    summary: str = ""
    doi: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemName:
    """What a page or a pack needs to name an item that another one cites.

    doi  that of all its versions, once everybody can resolve it
    """

    id: str
    type: str
    title: str
    doi: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: lines, how many there are in all, and where the next page begins."""

    lines: tuple[ItemLine, ...]
    total: int
    next: str | None
