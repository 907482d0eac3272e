"""Buckets as Sage's storage API shows them: one, and all that a caller may read."""

from sqlalchemy import exists, select

from catalog.domain.buckets import Bucket
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Actor, Right
from catalog.parts import Parts
from catalog.services.buckets import bucket_of, open_bucket
from catalog.services.visible import visible_to
from catalog.tables import Account, Item, Version
from catalog.tables import Bucket as Row


def read_bucket(parts: Parts, actor: Actor, said_id: str) -> Bucket:
    """Return a bucket; Forbidden without READ, Unreadable for what is no UUID or was deleted."""
    with parts.database.reading() as session:
        return open_bucket(session, actor, said_id, Right.READ).bucket


def list_buckets(parts: Parts, actor: Actor, *, owner: str, name: str) -> list[Bucket]:
    """Return every bucket that the actor may read, those granted to everybody among them, by id.

    owner, name  narrow the list to one owner, to one name; "" does not
    """
    readable = exists().where(
        Version.item_id == Item.id, Version.state != State.WITHDRAWN.value, visible_to(actor)
    )
    wanted = (
        select(Row, Account.name)
        .join(Item, Item.id == Row.item_id)
        .join(Account, Account.id == Item.owner_id)
        .where(readable)
        .order_by(Row.uuid)
    )
    if owner:
        wanted = wanted.where(Account.name == owner)
    if name:
        wanted = wanted.where(Row.name == name)
    with parts.database.reading() as session:
        return [bucket_of(row, whose) for row, whose in session.execute(wanted)]
