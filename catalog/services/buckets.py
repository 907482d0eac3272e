"""Buckets found by their UUID, and what a caller may do with them by the storage API's rule."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from catalog.domain.buckets import NOT_FOUND, Bucket, Grant, bucket_id, denied, in_order
from catalog.domain.errors import Unreadable
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor, Right, check_scope, holds
from catalog.domain.record import ItemRecord
from catalog.domain.sharing import GranteeType
from catalog.services.groups import grantee_of
from catalog.services.loading import record_of
from catalog.services.permissions import grants_on
from catalog.services.visible import is_in_force, newest_first, visible_to
from catalog.tables import Account, Item, Permission, Version
from catalog.tables import Bucket as Row


@dataclass(frozen=True, slots=True)
class Opened:
    """A bucket of which the caller holds the right that was asked for.

    said_id  its id as the caller wrote it, which answers repeat
    found    the item as it is now; None where it was deleted or withdrawn, while who could do
             what is remembered
    """

    said_id: str
    row: Row
    found: tuple[Item, Version, ItemRecord] | None

    @property
    def record(self) -> ItemRecord:
        """The item; Unreadable, in the storage API's words, where there is none any more."""
        return self.rows[2]

    @property
    def rows(self) -> tuple[Item, Version, ItemRecord]:
        """The item with its rows; Unreadable where there is none any more."""
        if self.found is None:
            raise Unreadable(NOT_FOUND)
        return self.found

    @property
    def bucket(self) -> Bucket:
        """The bucket as a plain value; Unreadable where it is there no more."""
        return bucket_of(self.row, self.record.owner)


def open_bucket(
    session: Session, actor: Actor, said_id: str, right: Right, *, lock: bool = False
) -> Opened:
    """Return a bucket if the actor holds `right` on it.

    Raises Unreadable for what is no UUID, and Forbidden, just the same, for a bucket that is not
    there and one on which the right is lacking.
    """
    check_scope(actor, _ACTIONS[right])
    row = session.get(Row, bucket_id(said_id))
    wanted = (
        select(Item, Version)
        .join(Version, Version.item_id == Item.id)
        .where(Item.id == (row.item_id or "" if row else ""), _held(actor, right))
        .order_by(*newest_first())
        .limit(1)
    )
    rows = session.execute(wanted.with_for_update() if lock else wanted).first()
    if row is None or (rows is None and not _was_held(actor, right, row)):
        raise denied(actor, right, said_id)
    if rows is None:
        return Opened(said_id, row, None)
    record = record_of(session, rows[0], rows[1], actor)
    if not holds(actor, right, record):
        raise denied(actor, right, said_id)
    withdrawn = record.state is State.WITHDRAWN
    return Opened(said_id, row, None if withdrawn else (rows[0], rows[1], record))


_ACTIONS: Final = {
    Right.READ: Action.READ_FILE,
    Right.WRITE: Action.WRITE,
    Right.READ_ACP: Action.READ_PERMISSIONS,
    Right.WRITE_ACP: Action.SHARE,
    Right.FULL_CONTROL: Action.WRITE,
}
"""What is done by a right here: only the name of a bucket is changed by FULL_CONTROL."""


def _held(actor: Actor, right: Right) -> ColumnElement[bool]:
    """Return the predicate on Item and Version of what the actor may hold the right on.

    What is granted to everybody, or public, is to be read alone.
    """
    if right is Right.READ:
        return visible_to(actor)
    if actor.is_admin:
        return true()
    to_user = and_(
        Permission.grantee_type == GranteeType.USER.value, Permission.grantee == actor.name
    )
    to_group = and_(
        Permission.grantee_type == GranteeType.GROUP.value, Permission.grantee.in_(actor.groups)
    )
    granted = exists().where(
        Permission.item_id == Item.id,
        Permission.permission.in_((right.value, Right.FULL_CONTROL.value)),
        is_in_force(),
        or_(to_user if actor.account is not None else false(), to_group),
    )
    return or_(Item.owner_id.in_(actor.accounts), granted)


def _was_held(actor: Actor, right: Right, row: Row) -> bool:
    """Tell whether the actor held the right on a bucket when its item was deleted."""
    enough = {right.value, Right.FULL_CONTROL.value}
    mine = {(GranteeType.GROUP.value, group) for group in actor.groups}
    if actor.account is not None:
        mine.add((GranteeType.USER.value, actor.name))
    return any(
        (kind, grantee) in mine and permission in enough
        for kind, grantee, permission in row.grants or ()
    )


def bucket_of(row: Row, owner: str) -> Bucket:
    """Return a row of a bucket as a plain value."""
    return Bucket(row.uuid, row.name, owner, row.kind, row.created, row.updated)


def grants_listed(session: Session, item: Item) -> list[Grant]:
    """Return who may do what with a bucket, its owner first of all, as the storage API lists it."""
    owner = grantee_of(session.get_one(Account, item.owner_id))
    others = [
        Grant(one.to.kind.value, one.to.name, one.right.value)
        for one in grants_on(session, item.id)
    ]
    return in_order([Grant(owner.kind.value, owner.name, Right.FULL_CONTROL.value), *others])


def remember_grants(session: Session, item: Item) -> None:
    """Have a bucket remember who could do what, before its item is deleted."""
    row = session.scalar(select(Row).where(Row.item_id == item.id))
    if row is not None:
        row.grants = [
            [one.grantee_type, one.grantee, one.permission] for one in grants_listed(session, item)
        ]
        row.item_id = None
        session.flush()
