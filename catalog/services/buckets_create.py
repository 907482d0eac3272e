"""Making a bucket by Sage's storage API: a draft of the catalog, described as far as is known."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from catalog.domain.buckets import Bucket, checked_name
from catalog.domain.description import TYPE, Description, term_of_text
from catalog.domain.identifiers import draw_id, item_iri
from catalog.domain.permissions import Action, Actor, Right, check_scope, require_account
from catalog.domain.sharing import EVERYBODY, Grant, Grantee, GranteeType
from catalog.domain.writing import DCT
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.buckets import bucket_of
from catalog.services.judging import judge_stored, require, with_record
from catalog.services.loading import record_of
from catalog.services.permissions import replaced
from catalog.services.submit import begin
from catalog.tables import Bucket as Row

_SCHEME = "bucket-type"
_ANY_OTHER = "collection"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for: a type of the storage API, a name or "", and whether all may read."""

    kind: str
    name: str
    is_public: bool


def is_bucket_type(library: Library, kind: str) -> bool:
    """Tell whether the storage API takes a type, spelled just so."""
    scheme = library.vocabularies.scheme(_SCHEME)
    concepts = (library.term(iri) for iri in scheme.concepts) if scheme else ()
    return any(concept is not None and concept.notation == kind for concept in concepts)


def create_bucket(parts: Parts, actor: Actor, asked: Asked, *, now: datetime) -> Bucket:
    """Keep a new bucket, whose item is a draft of the actor's, for it to complete.

    Raises Unauthenticated for somebody without an account, Unreadable for a name that is too
    long, and Forbidden where the token may not be used for that; then nothing is kept.
    """
    account = require_account(actor, Action.CREATE)
    if asked.is_public:
        check_scope(actor, Action.SHARE)
    name = checked_name(asked.name)
    item_id, bucket_id = draw_id(), str(uuid.uuid4())
    known = _description(parts.library, item_id, bucket_id, asked)
    judgement = judge_stored(parts, known.ntriples, item_id, ())
    at = now.replace(microsecond=0)
    row = Row(uuid=bucket_id, item_id=item_id, name=name, kind=asked.kind, created=at, updated=at)
    try:
        with parts.database.writing() as session:
            judged = with_record(session, judgement, files=(), owner=account)
            require(judged, "draft")
            item, version = begin(session, parts, account, item_id, judged, now)
            session.add(row)
            session.flush()
            record = record_of(session, item, version, actor)
            if asked.is_public:
                replaced(session, actor, item, version, record, [_FOR_ALL], now)
    except IntegrityError:  # the id is in use
        return create_bucket(parts, actor, asked, now=now)
    return bucket_of(row, record.owner)


_FOR_ALL = Grant(Grantee(GranteeType.GROUP, EVERYBODY), Right.READ)


def _description(library: Library, item_id: str, bucket_id: str, asked: Asked) -> Description:
    """Return what is known of a bucket: its class and a title."""
    types = library.shapes.item_types
    item = f"<{item_iri(item_id)}>"
    title = term_of_text(asked.name.strip() or f"Bucket {bucket_id}", "en")
    statements = (
        (item, TYPE, f"<{types.get(asked.kind) or types[_ANY_OTHER]}>"),
        (item, f"<{DCT}title>", title),
    )
    return Description.of(item_iri(item_id), statements)
