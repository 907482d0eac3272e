"""Every way in which the catalog says no, as one tree.

    CatalogError
    ├── Unreadable            400  bytes or text that are not what they claim to be
    ├── CutShort              400  a body that ended early, or ran on beyond what was announced
    ├── Unauthenticated       401  no token where one is needed, or a bad one
    ├── Forbidden             403  may see, may not do
    ├── NotFound              404  not there, or not the caller's to know
    │   └── ObjectMissing     404  no bytes under that key in the object store
    ├── WrongMethod           405  the address does not take that method
    ├── NotOffered            406  none of the forms asked for exists
    ├── WrongState            409  the life cycle does not allow it now
    │   └── Taken             409  the name or id is in use
    │       └── KeyTaken      409  the object store has bytes under that key already
    ├── Gone                  410  withdrawn; carries the tombstone
    ├── MovedOn               412  somebody else changed it first
    ├── LengthRequired        411  a body came whose length nobody said
    ├── TooLarge              413  over a limit of size
    ├── UnsupportedMediaType  415
    ├── RangeNotSatisfiable   416
    ├── NotAcceptable         422  understood, refused
    │   ├── NotConforming     422  the description has violations; carries the report
    │   ├── NotRegistrable    422  the registrar refuses what it is to register
    │   ├── OverLimit         422  time, memory, rows or size ran out while working on it
    │   └── ChecksumMismatch  422  the bytes that arrived are not the bytes announced
    ├── MisdirectedHost       421  the catalog does not answer for that host name
    ├── PreconditionMissing   428  `If-Match` is needed
    ├── TooMany               429  more requests of a kind than one address may send
    ├── OurMistake            500  the catalog met something that it does not expect
    ├── Unavailable           503  something we depend on does not answer; try later
    │   ├── Busy              503  all workers are taken; try later
    │   ├── Damaged           503  the bytes of a file are not those that were kept
    │   ├── Unanswered        503  it was asked, and nobody knows whether it was done
    │   └── NotLetIn          503  it does not take the credentials that the catalog has for it
    └── NoSpace               507

Each class knows its evidence and makes its own sentence. The slug names the page at
`/problems/{slug}`; the status is the one of contract section 5 and RFC 9457 carries both.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from catalog.domain.record import ItemRecord


class CatalogError(Exception):
    """Something that the catalog refuses or cannot do, in a sentence for the person who asked."""

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be served"
    status: ClassVar[int] = 400

    def __init__(self, detail: str, **evidence: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.evidence = {name: value for name, value in evidence.items() if value is not None}


class Unreadable(CatalogError):
    """The bytes are not the RDF, query or parameter that they claim to be.

    line, column  where reading stopped, counted from 1; absent where the format has none
    """

    slug = "unreadable"
    title = "This could not be read"

    def __init__(
        self, detail: str, *, line: int | None = None, column: int | None = None, **evidence: Any
    ) -> None:
        super().__init__(detail, line=line, column=column, **evidence)


class CutShort(CatalogError):
    """The body is not as long as was announced; nothing of it was kept.

    expected_bytes  what was announced
    arrived_bytes   what came; of a body that is too long, what was read before that was plain
    """

    slug = "cut-short"
    title = "The body is not as long as announced"

    def __init__(self, expected_bytes: int, arrived_bytes: int) -> None:
        came = (
            f"only {arrived_bytes} bytes"
            if arrived_bytes < expected_bytes
            else "more bytes than that"
        )
        super().__init__(
            f"{expected_bytes} bytes were announced, and {came} arrived. Send the whole again.",
            expected_bytes=expected_bytes,
            arrived_bytes=arrived_bytes,
        )


class Unauthenticated(CatalogError):
    """No token came where one is needed, or the one that came is not valid."""

    slug = "unauthenticated"
    title = "Sign in first"
    status = 401


class Forbidden(CatalogError):
    """The caller may see this, but may not do what was asked."""

    slug = "forbidden"
    title = "You may not do this"
    status = 403


class NotFound(CatalogError):
    """Nothing is there, or nothing that the caller may know of: the two are not told apart."""

    slug = "not-found"
    title = "There is nothing here"
    status = 404

    def __init__(self, detail: str = "There is nothing at this address.", **evidence: Any) -> None:
        super().__init__(detail, **evidence)


class ObjectMissing(NotFound):
    """The object store holds no bytes under the key that was asked for."""

    slug = "object-missing"
    title = "The bytes are not there"

    def __init__(self, key: str) -> None:
        super().__init__("The bytes of this file are not in the object store.", key=key)


class WrongMethod(CatalogError):
    """There is something at this address, which does not take that method; `Allow` names others."""

    slug = "wrong-method"
    title = "Not by this method"
    status = 405


class NotOffered(CatalogError):
    """None of the forms that the caller accepts is offered."""

    slug = "not-offered"
    title = "Not offered in this form"
    status = 406

    def __init__(self, offered: Iterable[str]) -> None:
        forms = list(offered)
        super().__init__(f"Offered are: {', '.join(forms)}.", offered=forms)


class WrongState(CatalogError):
    """The state that the item is in does not allow this."""

    slug = "wrong-state"
    title = "Not in this state"
    status = 409


class Taken(WrongState):
    """The id or name that was asked for is in use."""

    slug = "taken"
    title = "Already taken"


class KeyTaken(Taken):
    """The object store has bytes under this key already, and never replaces them."""

    slug = "key-taken"
    title = "These bytes are kept already"

    def __init__(self, key: str) -> None:
        super().__init__("There are bytes under this key already; they are kept.", key=key)


class Gone(CatalogError):
    """The item was withdrawn; the evidence is what its tombstone says.

    record  the item as it was withdrawn
    """

    slug = "withdrawn"
    title = "This was withdrawn"
    status = 410

    def __init__(self, detail: str, record: "ItemRecord") -> None:
        super().__init__(detail)
        self.record = record


class MovedOn(CatalogError):
    """The item has changed since the caller read it."""

    slug = "moved-on"
    title = "Somebody changed this first"
    status = 412


class LengthRequired(CatalogError):
    """A body came whose length nobody said, so that a cut one could not be told from a whole."""

    slug = "length-required"
    title = "Say how long the body is"
    status = 411


class TooLarge(CatalogError):
    """The request is larger than the catalog takes."""

    slug = "too-large"
    title = "Too large"
    status = 413


class UnsupportedMediaType(CatalogError):
    """The body is of a kind that is not read here."""

    slug = "unsupported-media-type"
    title = "This kind of content is not read here"
    status = 415

    def __init__(self, media_type: str | None, accepted: Iterable[str]) -> None:
        kinds = list(accepted)
        said = f"{media_type} is not read here" if media_type else "Content-Type is missing"
        super().__init__(f"{said}. Send one of: {', '.join(kinds)}.", accepted=kinds)


class RangeNotSatisfiable(CatalogError):
    """The range of bytes lies beyond the file."""

    slug = "range-not-satisfiable"
    title = "The file is shorter than that"
    status = 416

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes} bytes.", size_bytes=size_bytes)
        self.size_bytes = size_bytes


class NotAcceptable(CatalogError):
    """The request was understood and is refused for what it says."""

    slug = "not-acceptable"
    title = "Understood, but not acceptable"
    status = 422


class NotConforming(NotAcceptable):
    """The description has violations; `report` is the JSON form of the validation report."""

    slug = "not-conforming"
    title = "The description does not conform"

    def __init__(self, detail: str, report: Mapping[str, Any], **evidence: Any) -> None:
        super().__init__(detail, report=dict(report), **evidence)
        self.report = report


class NotRegistrable(NotAcceptable):
    """The registrar refuses what it was to register of a DOI.

    faults  what it says is wrong, as pairs of the part concerned and a sentence
    """

    slug = "not-registrable"
    title = "The registrar refuses this"

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        told = "; ".join(f"{source}: {said}" if source else said for source, said in self.faults)
        super().__init__(
            f"The registrar refuses the metadata. {told}",
            refused=[{"source": source, "title": said} for source, said in self.faults],
        )


class OverLimit(NotAcceptable):
    """A limit on time, memory, rows or size was reached while working on what the caller sent."""

    slug = "over-limit"
    title = "Over a limit"

    def __init__(self, detail: str, *, limit: str, **evidence: Any) -> None:
        super().__init__(detail, limit=limit, **evidence)


class ChecksumMismatch(NotAcceptable):
    """The bytes that arrived are not the bytes that were announced; nothing was kept."""

    slug = "checksum-mismatch"
    title = "The checksum does not match"


class MisdirectedHost(CatalogError):
    """The request names a host that this catalog does not answer for."""

    slug = "unknown-host"
    title = "Not this host"
    status = 421


class PreconditionMissing(CatalogError):
    """A change needs `If-Match` with the ETag that the caller last read."""

    slug = "precondition-missing"
    title = "Say which version you change"
    status = 428

    def __init__(self) -> None:
        super().__init__("Send If-Match with the ETag that you last read, so no change is lost.")


class TooMany(CatalogError):
    """One address sent more requests of a kind than the catalog takes from it.

    retry_after  seconds after which it is worth trying again
    """

    slug = "too-many"
    title = "Too many in a short time"
    status = 429

    def __init__(self, detail: str, *, retry_after: int, **evidence: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **evidence)
        self.retry_after = retry_after


class OurMistake(CatalogError):
    """The catalog met something that it does not expect; it was written to the log."""

    slug = "our-mistake"
    title = "This is our mistake"
    status = 500


class Unavailable(CatalogError):
    """Something that the catalog depends on does not answer.

    retry_after  seconds after which it is worth trying again
    """

    slug = "unavailable"
    title = "Not available right now"
    status = 503

    def __init__(self, detail: str, *, retry_after: int = 5, **evidence: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **evidence)
        self.retry_after = retry_after


class Busy(Unavailable):
    """All workers are taken."""

    slug = "busy"
    title = "Busy"


class Damaged(Unavailable):
    """The bytes of a file are not those that were kept, and are not given out.

    name  of the file
    """

    slug = "damaged"
    title = "The bytes of this file are damaged"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The bytes of {name} are damaged; its owner was told. They are given out again when "
            "they are as they were.",
            retry_after=3600,
            name=name,
        )


class Unanswered(Unavailable):
    """Something was asked for and no whole answer came: it may be done, or be done later."""

    slug = "unanswered"
    title = "No answer came"


class NotLetIn(Unavailable):
    """What the catalog depends on does not take the catalog's credentials."""

    slug = "not-let-in"
    title = "The catalog is not let in"


class NoSpace(CatalogError):
    """The disk is full; nothing of the request was kept."""

    slug = "no-space"
    title = "No space left"
    status = 507


def every_error(of: type[CatalogError] = CatalogError) -> tuple[type[CatalogError], ...]:
    """Return the whole tree below and with `of`, parents before children; of this module only."""
    below = (child for child in of.__subclasses__() if child.__module__ == __name__)
    return (of, *(found for child in below for found in every_error(child)))
