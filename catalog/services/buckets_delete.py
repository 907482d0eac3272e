"""Deleting a file of a bucket, or the bucket with all that is in it."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import select

from catalog.domain.buckets import NOT_FOUND, denied
from catalog.domain.errors import Forbidden, NotFound, WrongState
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Actor, Right, for_owner
from catalog.parts import Parts
from catalog.services.buckets import open_bucket
from catalog.services.delete import delete
from catalog.services.upload import remove_file
from catalog.tables import Version


def delete_key(parts: Parts, actor: Actor, said_id: str, key: str, *, now: datetime) -> None:
    """Remove a file of a bucket; where there is none of that key, nothing is to be done.

    Raises Forbidden without WRITE, and where what the bucket holds is published and frozen.
    """
    with parts.database.reading() as session:
        opened = open_bucket(session, actor, said_id, Right.WRITE)
    if opened.found is None:
        return
    record = opened.record
    if record.state is not State.DRAFT:
        raise denied(actor, Right.WRITE, said_id)
    try:
        with suppress(NotFound):
            remove_file(parts, for_owner(actor, record), record.id, key, now=now, n=record.version)
    except WrongState:  # published at this moment
        raise denied(actor, Right.WRITE, said_id) from None


def delete_bucket(parts: Parts, actor: Actor, said_id: str, *, now: datetime) -> None:
    """Delete a bucket with its files: the draft that it is.

    Raises Forbidden without WRITE, where anything of it was ever published, and where it was
    deleted before.
    """
    with parts.database.reading() as session:
        opened = open_bucket(session, actor, said_id, Right.WRITE)
        if opened.found is None:
            raise Forbidden(NOT_FOUND)
        record = opened.record
        published = session.scalar(
            select(Version.n).where(Version.item_id == record.id, Version.published.is_not(None))
        )
    if published is not None:
        raise denied(actor, Right.WRITE, said_id)
    try:
        delete(parts, for_owner(actor, record), record.id, expected=frozenset("*"), now=now)
    except NotFound:  # somebody else was first
        raise Forbidden(NOT_FOUND) from None
    except WrongState:
        raise denied(actor, Right.WRITE, said_id) from None
