"""Which rows an actor sees: the two predicates that every query by address and every list uses."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, true

from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Actor, Right
from catalog.tables import Item, Permission, Version

ALL_USERS = "AllUsers"
"""The group that everybody is in, as Sage's storage API names it."""

_READS = (Right.READ.value, Right.FULL_CONTROL.value)


def _for_all(version: type[Version]) -> ColumnElement[bool]:
    return version.visibility.in_([visibility.value for visibility in METADATA_ARE_PUBLIC])


def is_in_force() -> ColumnElement[bool]:
    """Return the condition that a grant has not ended yet, by the clock of the database."""
    return or_(Permission.expires.is_(None), Permission.expires > func.current_timestamp())


def _own_or_granted(actor: Actor, version: type[Version]) -> ColumnElement[bool]:
    if actor.is_admin:
        return true()
    if actor.account is None and not actor.groups:
        return false()
    to_user = and_(Permission.grantee_type == "USER", Permission.grantee == actor.name)
    granted = exists().where(
        Permission.item_id == version.item_id,
        Permission.permission.in_(_READS),
        is_in_force(),
        or_(
            to_user if actor.account is not None else false(),
            and_(Permission.grantee_type == "GROUP", Permission.grantee.in_(actor.groups)),
        ),
    )
    return or_(Item.owner_id.in_(actor.accounts), granted)


def visible_to(actor: Actor, version: type[Version] = Version) -> ColumnElement[bool]:
    """Return the predicate on Item and Version for what is asked by address.

    version  the table of versions, or an alias of it

    It includes the tombstones of what was once public, and what is granted to everybody.
    """
    for_everybody = exists().where(
        Permission.item_id == version.item_id,
        Permission.permission.in_(_READS),
        is_in_force(),
        Permission.grantee_type == "GROUP",
        Permission.grantee == ALL_USERS,
    )
    announced = and_(version.published.is_not(None), _for_all(version))
    return or_(announced, for_everybody, _own_or_granted(actor, version))


def newest_first() -> tuple[ColumnElement[Any], ...]:
    """Return the order in which versions stand for their item: those withdrawn last, then by n."""
    return (Version.state == State.WITHDRAWN.value).asc(), Version.n.desc()


def listed_to(actor: Actor, version: type[Version] = Version) -> ColumnElement[bool]:
    """Return the predicate on Item and Version for every list, count and feed.

    What is withdrawn is in none of them, and a grant to everybody does not list what is not
    published.
    """
    announced = and_(version.state == State.PUBLISHED.value, _for_all(version))
    return and_(
        version.state != State.WITHDRAWN.value,
        or_(announced, _own_or_granted(actor, version)),
    )
