"""Giving a bucket another name; the title of its item stays what people made it."""

from datetime import datetime

from catalog.domain.buckets import Bucket, checked_name
from catalog.domain.permissions import Actor, Right
from catalog.parts import Parts
from catalog.services.buckets import bucket_of, open_bucket


def check_may_rename(parts: Parts, actor: Actor, said_id: str) -> None:
    """Raise what `rename_bucket` raises for who may not, before it is known what is wanted."""
    with parts.database.reading() as session:
        open_bucket(session, actor, said_id, Right.FULL_CONTROL)


def rename_bucket(
    parts: Parts, actor: Actor, said_id: str, name: str | None, *, now: datetime
) -> Bucket:
    """Return a bucket by its new name.

    name  "" for none; None leaves it as it is

    Raises Forbidden without FULL_CONTROL, and Unreadable where the name is too long, or the
    bucket was deleted.
    """
    with parts.database.writing() as session:
        opened = open_bucket(session, actor, said_id, Right.FULL_CONTROL, lock=True)
        record = opened.record
        if name is not None and (kept := checked_name(name)) != opened.row.name:
            opened.row.name = kept
            opened.row.updated = now.replace(microsecond=0)
        return bucket_of(opened.row, record.owner)
