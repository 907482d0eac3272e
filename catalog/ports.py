"""What services ask of the engines below: each promise has two implementations, or will."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from catalog.domain.permissions import Scope
from catalog.domain.references.asking import Question, Reply
from catalog.domain.report import Level
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


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a file on its way in: its number from 1, and where its bytes belong."""

    n: int
    start: int
    size_bytes: int


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

    # -- straight to the store, where it takes requests of others

    def address(self, key: str, *, media_type: str, disposition: str, seconds: int) -> str | None:
        """Return where anybody can GET the bytes for so long; None where only the catalog can.

        media_type, disposition  what the answer says in `Content-Type`, `Content-Disposition`
        """

    # -- bytes that arrive in parts

    def part_address(self, upload: str, part: Part, *, seconds: int) -> str | None:
        """Return where anybody can PUT a part for so long; None where only the catalog can."""

    def put_part(self, upload: str, part: Part, source: BinaryIO, sha256: str | None) -> Stored:
        """Keep the bytes of one part, in place of those that arrived before.

        upload  32 hexadecimal digits, drawn by the catalog
        sha256  what was announced of this part, or None

        Raises CutShort, NoSpace and ChecksumMismatch; then the part has not arrived.
        """

    def arrived(self, upload: str) -> Mapping[int, int]:
        """Return the numbers of the parts that are there, and the size in bytes of each."""

    def join(self, upload: str, key: str, parts: Sequence[Part]) -> Stored:
        """Keep the parts under `key`, one after the other, and tell what they make together.

        Every byte is read. Where `key` is taken, what lies there is told instead: a join that was
        killed in the middle, or meets another, is simply done again. The parts stay until they
        are discarded. Raises ObjectMissing where a part is not there, CutShort and NoSpace.
        """

    def discard(self, upload: str) -> None:
        """Remove all parts of an upload; no object."""

    def uploads(self) -> Iterator[str]:
        """Go through the uploads of which there are parts, in no promised order."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Whose a token is, as the one who issued it says.

    issuer   who says so: the address of a provider of identities, or of Sage's tokens
    subject  what the issuer calls the account, for good
    name     what people call it; another account here may have that name already
    groups   what it is in, each name as a grant to a group spells it, such as "project:bird-watch"
    scopes   what the token may be used for
    expires  when it ends; None where the issuer says nothing of that
    same_as  what other issuers call the same person, as pairs of issuer and subject: whoever comes
             by one of them later comes to the same account
    is_granted_by_name  whether grants may name people of this issuer before they were ever here,
             as those of Sage's storage API do; a grant that waits for a name is for nobody else
    """

    issuer: str
    subject: str
    name: str
    groups: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset(Scope)
    expires: datetime | None = None
    same_as: tuple[tuple[str, str], ...] = ()
    is_granted_by_name: bool = False


class Verifier(Protocol):
    """Knows the tokens of one issuer that is not the catalog."""

    def verify(self, token: str, *, fresh: bool) -> Verified | None:
        """Return whose token this is; None where it cannot be one of this issuer's.

        fresh  whether the issuer has to be asked now, as for every change; otherwise what it said
               up to a minute ago will do

        Raises Unauthenticated where it is not valid, and Unavailable where nobody can tell: then
        the request is not served, since a token that cannot be verified is not no token.
        """


@dataclass(frozen=True, slots=True)
class IssuerState:
    """How an issuer of tokens has been to this process.

    is_up    whether it answered when it was last asked, or was not asked yet
    asked    how often it was asked
    known    how often what it had said before was enough
    failed   how often it did not answer, or not as an issuer does
    """

    issuer: str
    is_up: bool
    asked: int
    known: int
    failed: int


@runtime_checkable
class Watched(Protocol):
    """A verifier that tells how its issuer has been."""

    def state(self) -> IssuerState:
        """Return that of now."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The secrets of one attempt to sign in, which a browser keeps meanwhile.

    state     what the provider sends back with its answer, so that it is known whose that is
    nonce     what the provider writes into the token, so that it is known what that is for
    verifier  of the code (PKCE, RFC 7636): 43 to 128 characters
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class IdentityProvider(Protocol):
    """Where people sign in who have their account elsewhere.

    Every method but the last raises Unavailable where the provider does not answer.
    """

    def entrance(self, attempt: Attempt, back: str) -> str:
        """Return the address of the provider's page to sign in.

        back  the address of ours to which it sends the browser afterwards
        """

    def identity(self, answer: Mapping[str, str], attempt: Attempt, back: str) -> Verified:
        """Return who signed in.

        answer  the parameters with which the browser came back

        Raises Unauthenticated where nobody did, or where anything does not fit the attempt.
        """

    def exit(self) -> str | None:
        """Return the address where one signs out of the provider, if it is known already."""


class Remote(Protocol):
    """Asks sites elsewhere about what lies there; never one on the inside of our own network."""

    def ask(self, question: Question, *, seconds: float) -> Reply:
        """Return what a site answers, whatever its status.

        seconds  how long everything may take, redirects and all

        Raises NotAcceptable where the address may not be asked, and Unavailable where no answer
        came, or none that can be read.
        """


class Judge(Protocol):
    """Reads and judges descriptions, where bad input cannot hurt."""

    def judge(
        self,
        source: bytes,
        media_type: str,
        *,
        item: str,
        bases: tuple[str, ...],
        level: Level = "publication",
        type_hint: str | None = None,
        files: tuple[str, ...] = (),
        written: Collection[str] = (),
    ) -> Judgement:
        """Return the stored form and the report of what a person sent about `item`.

        The arguments are those of `catalog.domain.validation.judge`.
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer to a SPARQL query.

    kind        "select", "ask" or "graph"
    rows        solutions, or triples of a graph; 1 for a yes or no
    media_type  of `content`
    """

    kind: str
    rows: int
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Registered:
    """A DOI as the registrar has it.

    doi         in lower case
    state       "draft", "registered" (resolves, found by no search) or "findable"
    attributes  all that it has, the address `url` among them, under the registrar's own names
    """

    doi: str
    state: str
    attributes: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Where it resolves to; empty for nowhere."""
        return str(self.attributes.get("url") or "")


class Registrar(Protocol):
    """Who makes DOIs resolve.

    Every method raises Unavailable where it is known that nothing was done, such as when the
    registrar is not there or wants fewer requests; Unanswered where that is not known; and
    NotLetIn where it does not take our credentials. None waits longer than its time limit.
    """

    def put(self, doi: str, attributes: Mapping[str, Any], event: str | None = None) -> Registered:
        """Have it keep these attributes of a DOI, which is made if there is none; the others stay.

        event  "publish" makes it findable, "hide" takes that back, "register" makes a draft
               resolve without being found; what does not fit its state does nothing

        Asking twice is as good as once. Raises NotRegistrable, and then nothing was changed.
        """

    def get(self, doi: str) -> Registered | None:
        """Return what it has of a DOI, None for nothing."""

    def delete(self, doi: str) -> None:
        """Remove a draft if it is there; raises NotRegistrable for what is more than a draft."""

    def listing(self, prefix: str) -> Iterator[Registered]:
        """Go through all of ours under a prefix, in no promised order."""

    def is_reachable(self) -> bool:
        """Tell whether it answers at all; never raises."""


class Queries(Protocol):
    """Evaluates what users ask in SPARQL over a checkpoint, where it can be killed."""

    def query(
        self,
        query: str,
        *,
        checkpoint: Path,
        formats: Mapping[str, str],
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        base: str | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Answer completely, or raise Unreadable, NotOffered, OverLimit, Busy or Unavailable."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Which state of the public graph readers see.

    name      its own; no two states ever have the same
    previous  the state that it took the place of
    recipe    what the graph was made from beside the items: the base, the vocabularies, the code
    """

    name: str
    previous: str | None
    recipe: str


class TripleStore(Protocol):
    """The graph of what is public, held for writing. One process holds it, in one thread.

    Readers see one state after another, each whole. What a method has returned is durable.
    """

    def shown(self) -> Shown | None:
        """Return what readers see; None where nothing usable is there and a rebuild is needed."""

    def show(self, graphs: Mapping[str, str | None]) -> Shown:
        """Make each named graph equal to its N-Triples, or absent, and show that: all or nothing.

        Raises Unreadable, whose evidence `graph` names the first graph that is no N-Triples;
        NoSpace; Unavailable where the store failed. After any of them the next call begins anew
        from what is shown.
        """

    def rebuild(
        self,
        graphs: Iterable[tuple[str, str]],
        recipe: str,
        refused: Callable[[str, str], None],
    ) -> Shown:
        """Show just `graphs`, in a new store, nothing of which was ever in the old one.

        refused  called with the name of each graph that is no N-Triples, and what is wrong

        Raises NoSpace and Unavailable; then readers go on seeing what they saw.
        """

    def tidy(self) -> None:
        """Remove what no reader can need any more; to be called every few seconds."""


class GraphState(Protocol):
    """One state of the public graph, open for reading."""

    shown: Shown

    def names(self) -> Iterator[str]:
        """Go through the names of all graphs, in no promised order."""

    def digest_of(self, name: str) -> str | None:
        """Return the digest of a graph, None where there is none of that name."""

    def digest(self, ntriples: str) -> str:
        """Return the digest that a graph saying just this has here."""


class PublicGraph(Protocol):
    """The graph of what is public, as readers find it, beside whoever writes it."""

    def opened(self) -> AbstractContextManager[GraphState]:
        """Open what is shown now; raises Unavailable where nothing is, or it cannot be read."""
