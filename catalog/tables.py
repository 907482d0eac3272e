"""The record as SQLAlchemy tables: what is true about items, accounts and work still to be done.

Nothing here is special to one database but the dialect's own type for points in time. Tables for
what contract section 4 promises (permissions, DOIs, embargoes) exist from the first migration.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A point in time: UTC going in and coming out, also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse times without a zone, and hand UTC to the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a point in time needs a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the base class names it
    ) -> datetime | None:
        """Give UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts a primary key by itself only where its type is exactly INTEGER.
Counter = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """All tables, with constraint names that migrations on every database agree on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment(), dict[str, Any]: JSON(), str: Text()}  # noqa: RUF012


class Fact(Base):
    """One fact about the catalog as a whole, such as whether the samples are loaded."""

    __tablename__ = "fact"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class BaseUsed(Base):
    """A base address that this catalog ran under; IRIs under any of them are its own."""

    __tablename__ = "base_used"
    url: Mapped[str] = mapped_column(String(512), primary_key=True)
    since: Mapped[datetime]


class Account(Base):
    """Somebody, or something, that can own items: kind "person", or "group" of those in it."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16), server_default="person")
    created: Mapped[datetime]


class Identity(Base):
    """Under which name a provider of identities knows an account."""

    __tablename__ = "identity"
    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created: Mapped[datetime]


class Token(Base):
    """A bearer token, kept as the SHA-256 of its text only.

    label      what its owner calls it
    scopes     what it may be used for, in words with spaces between; None: all that its account may
    last_used  when, to the minute
    """

    __tablename__ = "token"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(255), server_default="")
    scopes: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    last_used: Mapped[datetime | None]


class SignIn(Base):
    """A browser's session, kept as the SHA-256 of its cookie; `csrf` goes into every form.

    token_hash  that of the token of ours that opened it, with which it ends; None for another
    sealed      the token of another issuer that opened it, readable with the cookie alone: it is
                verified again and again; None where nothing of the kind opened it
    groups      those that the provider of identities told of when it opened, as a list in JSON
    """

    __tablename__ = "sign_in"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    sealed: Mapped[str | None]
    groups: Mapped[str] = mapped_column(Text, server_default="[]")
    csrf: Mapped[str] = mapped_column(String(64))
    expires: Mapped[datetime]


class Item(Base):
    """An item: what all its versions share. `newest` is the highest version that was begun.

    `kept_files` and `kept_bytes` count the objects that its versions keep, each once.
    """

    __tablename__ = "item"
    id: Mapped[str] = mapped_column(String(10), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created: Mapped[datetime]
    newest: Mapped[int]
    kept_files: Mapped[int] = mapped_column(default=0, server_default="0")
    kept_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    __table_args__ = (Index(None, "owner_id", "kept_files", "kept_bytes"),)


class Version(Base):
    """One version of an item. `stage` counts are the parts of its ETag (contract section 4).

    until       when the embargo on its files ends, or ended
    publish_at  when it becomes public by itself
    next_try    when that is tried again after it could not be done; None for at once
    delay       when it could not be done, and why
    """

    __tablename__ = "version"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(64))
    title: Mapped[str]
    summary: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    visibility: Mapped[str] = mapped_column(String(16))
    until: Mapped[datetime | None]
    publish_at: Mapped[datetime | None]
    next_try: Mapped[datetime | None]
    delay: Mapped[dict[str, Any] | None]
    revision: Mapped[int] = mapped_column(default=1)
    file_changes: Mapped[int] = mapped_column(default=0)
    files_total: Mapped[int] = mapped_column(default=0, server_default="0")
    state_changes: Mapped[int] = mapped_column(default=0)
    ntriples: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    filled_in: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[dict[str, Any]]
    library_version: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    modified: Mapped[datetime]
    published: Mapped[datetime | None]
    withdrawal: Mapped[dict[str, Any] | None]
    deprecation: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index(None, "modified", "item_id"),
        Index(None, "state", "visibility", "modified", "item_id"),
        Index(None, "type", "state", "visibility"),
        Index(None, "visibility", "until"),
        Index(None, "visibility", "publish_at"),
    )


class Revision(Base):
    """One accepted change of a version's description; never changed, never deleted by itself."""

    __tablename__ = "revision"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    r: Mapped[int] = mapped_column(primary_key=True)
    ntriples: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class Citation(Base):
    """That the newest description of a version points to another item."""

    __tablename__ = "citation"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    cited: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class TermUse(Base):
    """That the newest description of a version cites a concept of a vocabulary.

    `scheme` is the name of the vocabulary that describes the concept, so that all uses of one
    vocabulary are found together.
    """

    __tablename__ = "term_use"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(String(512), primary_key=True, index=True)
    scheme: Mapped[str] = mapped_column(String(128), index=True)


class File(Base):
    """A file kept here. `folded` makes names unique whatever their case; `key` is never reused.

    `md5` is in hexadecimal, of files that came by Sage's storage API; None of others.
    """

    __tablename__ = "file"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    folded: Mapped[str] = mapped_column(String(1024), primary_key=True)
    name: Mapped[str] = mapped_column(String(1024))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(128), index=True)
    md5: Mapped[str | None] = mapped_column(String(32))
    created: Mapped[datetime]

    __table_args__ = (
        Index(None, "item_id", "n", "name"),
        Index(None, "name"),
        Index(None, "sha256", "item_id"),
    )


class Upload(Base):
    """A file that arrives in parts for a draft, or did.

    `key` is where its object will lie, or lies. `by_id` is the account that had it completed,
    `busy_until` how long the one who checks its bytes may take, `ended` when it became kept,
    refused or abandoned, `problem` why it was refused, and `cleared` when its parts were removed
    for good. The item may be gone before it.
    """

    __tablename__ = "upload"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(10))
    n: Mapped[int]
    folded: Mapped[str] = mapped_column(String(1024))
    name: Mapped[str] = mapped_column(String(1024))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(255))
    part_size_bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16), index=True)
    problem: Mapped[dict[str, Any] | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    busy_until: Mapped[datetime | None]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    ended: Mapped[datetime | None]
    cleared: Mapped[datetime | None]

    __table_args__ = (Index(None, "item_id", "state"),)


class Reservation(Base):
    """Room that an upload on its way takes from the quota of an account until it is kept or ends.

    `id` is that of an upload in parts, or drawn for an upload in one request.
    """

    __tablename__ = "reservation"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    item_id: Mapped[str] = mapped_column(String(10), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[datetime] = mapped_column(index=True)


class Fixity(Base):
    """What the last reading of an object showed that files name.

    `result` is None until it was read once since it was kept, `since` when it became what it is,
    `checked` when it was last read, and `due` when it is to be read again. `misses` counts how
    often in a row it could not be read while the store answered.
    """

    __tablename__ = "fixity"
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    result: Mapped[str | None] = mapped_column(String(16), index=True)
    since: Mapped[datetime]
    checked: Mapped[datetime | None] = mapped_column(index=True)
    due: Mapped[datetime] = mapped_column(index=True)
    misses: Mapped[int] = mapped_column(default=0, server_default="0")


class Garbage(Base):
    """An object, or the parts of an upload, that nothing names any more and that will be removed.

    `why` says what became of it, `since` when, and `taken` that its removal has begun: nothing
    may name it again from then on.
    """

    __tablename__ = "garbage"
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    why: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(index=True)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    taken: Mapped[datetime | None]


class SourceAddress(Base):
    """That the newest description of a version says that its bytes lie, or come from, there."""

    __tablename__ = "source_address"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(1024), primary_key=True, index=True)


class Bucket(Base):
    """An item as Sage's storage API knows it, which made it: by a UUID and a name of its own.

    kind     the type that it was made with, as the storage API spells it
    updated  when its name was changed last
    grants   who could do what when the item was deleted, as lists of grantee type, grantee and
             permission; None, as `item_id` is not, while the item is there
    """

    __tablename__ = "bucket"
    uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[str | None] = mapped_column(ForeignKey("item.id"), unique=True)
    name: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    updated: Mapped[datetime]
    grants: Mapped[list[list[str]] | None] = mapped_column(JSON())


class Blob(Base):
    """That a description of a sensor blob names its place in Sage's object store.

    `path` is what follows `/api/v1/data/` in the address of the blob there.
    """

    __tablename__ = "blob"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(1024), primary_key=True, index=True)


class ReferenceCheck(Base):
    """Bytes elsewhere that a version refers to, and what was last found there.

    `part` is the fragment of the distribution, "" for the item itself; `host` is whom one asks.
    `said` is what the description says identifies the bytes, `first` what was found at the first
    look and `found` at the last. `misses` counts how often nobody answered in a row; `due` is
    when to look again.
    """

    __tablename__ = "reference_check"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(255), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(255))
    said: Mapped[dict[str, Any]]
    first: Mapped[dict[str, Any] | None]
    found: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(16), index=True)
    since: Mapped[datetime]
    looked: Mapped[datetime | None]
    misses: Mapped[int] = mapped_column(default=0)
    finding: Mapped[str] = mapped_column(Text, default="")
    due: Mapped[datetime] = mapped_column(index=True)


class Permission(Base):
    """A right that an owner granted on an item, as in Sage's storage API; it may end by itself."""

    __tablename__ = "permission"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    grantee_type: Mapped[str] = mapped_column(String(16), primary_key=True)
    grantee: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)
    permission: Mapped[str] = mapped_column(String(16), primary_key=True)
    expires: Mapped[datetime | None]


class ShareLink(Base):
    """A link by which an item is read without an account, kept as the SHA-256 of its secret.

    The right itself is a `Permission` to the group that the link stands for, with the same end.
    `opened` counts how often it was followed; `last_used` is when somebody read by it, to the
    minute.
    """

    __tablename__ = "share_link"
    id: Mapped[str] = mapped_column(String(10), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(255))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created: Mapped[datetime]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]
    last_used: Mapped[datetime | None]
    opened: Mapped[int] = mapped_column(default=0)


class OwnerOffer(Base):
    """That an item is offered to somebody, who has to accept before it is theirs.

    `name` is that of an account, which need not exist; `account_id` is who offers.
    """

    __tablename__ = "owner_offer"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    expires: Mapped[datetime]


class Doi(Base):
    """A DOI of an item (`n` = 0: of all its versions) and how far its registration has come.

    `changed` is when `state` became what it is. `sent` is the digest of what the registrar was
    sent last, `kept` that of what it had of it afterwards. `asking` is when it was last asked for
    something of which nobody knows whether, or when, it does it.
    """

    __tablename__ = "doi"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    doi: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    problem: Mapped[str | None]
    changed: Mapped[datetime | None]
    sent: Mapped[str | None] = mapped_column(String(64))
    kept: Mapped[str | None] = mapped_column(String(64))
    asking: Mapped[datetime | None]


class Event(Base):
    """Something that happened to an item; appended in the transaction that made it happen."""

    __tablename__ = "event"
    seq: Mapped[int] = mapped_column(Counter, primary_key=True)
    item_id: Mapped[str] = mapped_column(String(10), index=True)
    n: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    detail: Mapped[dict[str, Any]]


class Change(Base):
    """Something that everybody can see happened to a public item: the log that all feeds read.

    `seq` counts these alone, from 1 and without gaps, in the order in which they were committed;
    `at` grows with it. `kind` is created, updated or deleted; `n` the version that it is about.
    """

    __tablename__ = "change"
    seq: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=False)
    item_id: Mapped[str] = mapped_column(String(10), index=True)
    n: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    type: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Announced(Base):
    """An item that is, or was, public, as its last change left it.

    `position` counts such items in the order in which they first became public, from 1.
    """

    __tablename__ = "announced"
    item_id: Mapped[str] = mapped_column(String(10), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, unique=True)
    type: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    is_deleted: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (
        Index(None, "at", "item_id"),
        Index(None, "type", "at", "item_id"),
        Index(None, "is_deleted", "type"),
    )


class Work(Base):
    """One line of the outbox: look again at this item for this topic.

    `asked` counts how often it was asked; the relay deletes the line only if the count has not
    moved while it worked. `narrowing` says that a projection may still show too much.
    """

    __tablename__ = "work"
    topic: Mapped[str] = mapped_column(String(32), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked: Mapped[int] = mapped_column(default=1)
    narrowing: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    since: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    problem: Mapped[str | None]


class Once(Base):
    """What a request with an `Idempotency-Key` was answered, kept for a day."""

    __tablename__ = "once"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    item_id: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(index=True)


class LibraryFile(Base):
    """A file of vocabularies or shapes as it was loaded, kept once however often it was loaded."""

    __tablename__ = "library_file"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class Release(Base):
    """Vocabularies and shapes as they were in force from `at` on; the highest `seq` is in force.

    `origin` tells whether they came with the program ("installed") or by `vocab load` ("loaded").
    """

    __tablename__ = "release"
    seq: Mapped[int] = mapped_column(Counter, primary_key=True)
    version: Mapped[str] = mapped_column(String(64), index=True)
    origin: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    note: Mapped[str]


class ReleaseFile(Base):
    """That a release has a file under a name, such as `vocab/sensor`."""

    __tablename__ = "release_file"
    seq: Mapped[int] = mapped_column(ForeignKey("release.seq"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True, index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("library_file.sha256"))


class TermChange(Base):
    """One difference that a release made to a concept, against the release before it."""

    __tablename__ = "term_change"
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    seq: Mapped[int] = mapped_column(ForeignKey("release.seq"), index=True)
    scheme: Mapped[str] = mapped_column(String(128), index=True)
    term: Mapped[str] = mapped_column(String(512), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]


class Proposal(Base):
    """What somebody proposes about one concept, and what became of it.

    `differences` holds, by the IRI of a property, the values removed and added as N-Triples terms.
    """

    __tablename__ = "proposal"
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    scheme: Mapped[str] = mapped_column(String(128), index=True)
    concept: Mapped[str] = mapped_column(String(1024), index=True)
    label: Mapped[str]
    differences: Mapped[dict[str, Any]]
    why: Mapped[str]
    library_version: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), index=True)
    decider_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided: Mapped[datetime | None]
    reason: Mapped[str | None]


class ProposalNote(Base):
    """A contribution to the discussion of a proposal, counted from 1; never changed."""

    __tablename__ = "proposal_note"
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    text: Mapped[str]


class Agreement(Base):
    """A version of the data use agreement of an item, counted from 1; its text never changes.

    `ended` is when it was replaced or taken off, None for the one in force.
    """

    __tablename__ = "agreement"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    days: Mapped[int | None]
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    ended: Mapped[datetime | None]


class AccessRequest(Base):
    """That an account asked for the closed files of an item, and what became of it.

    `agreement` and `digest` are the version and the text that it accepted by asking, at `at`; they
    never change. `until` is when access ends by itself, as it was granted.
    """

    __tablename__ = "access_request"
    id: Mapped[str] = mapped_column(String(10), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[str]
    agreement: Mapped[int | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), index=True)
    decider_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    until: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    ending: Mapped[str | None] = mapped_column(String(24))
    end_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index(None, "item_id", "at", "id"), Index(None, "account_id", "at", "id"))


class Message(Base):
    """What a reader wrote to the owner of an item; `done` tells when it was dealt with.

    `sender` is a keyed digest of the address that sent it, by which those who send too much are
    known; it is emptied after a day.
    """

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    item_id: Mapped[str] = mapped_column(String(10), index=True)
    n: Mapped[int]
    text: Mapped[str]
    reply_to: Mapped[str] = mapped_column(String(254))
    sender: Mapped[str] = mapped_column(String(64), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    done: Mapped[datetime | None]
