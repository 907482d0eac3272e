"""Fetching a file of a bucket by its key."""

from catalog.domain.errors import NotFound
from catalog.domain.permissions import Actor, Right
from catalog.domain.record import FileRecord
from catalog.parts import Parts
from catalog.services.buckets import open_bucket
from catalog.services.download import file_row
from catalog.services.loading import file_of
from catalog.services.soundness import refuse_damaged


def find_key(parts: Parts, actor: Actor, said_id: str, key: str) -> FileRecord:
    """Return a file of a bucket.

    Raises Forbidden without READ, NotFound where there is no such key, Damaged where its bytes are
    not those that were kept.
    """
    with parts.database.reading() as session:
        opened = open_bucket(session, actor, said_id, Right.READ)
        if opened.found is None:
            raise NotFound
        row = file_row(session, opened.record, key)
        refuse_damaged(session, {row.key: row.name})
        return file_of(row)
