"""Which rows an actor sees: the two predicates that every query by address and every list uses."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, true

from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Actor, Right
from catalog.domain.sharing import EVERYBODY, is_link
from catalog.tables import Item, Permission, Version

ALL_USERS = EVERYBODY
"""The group that everybody is in, as Sage's storage API names it."""

READS = (Right.READ.value, Right.FULL_CONTROL.value)
"""The rights by which one sees an item."""


def _for_all(version: type[Version]) -> ColumnElement[bool]:
    return version.visibility.in_([visibility.value for visibility in METADATA_ARE_PUBLIC])


def is_in_force() -> ColumnElement[bool]:
    """Return the condition that a grant has not ended yet, by the clock of the database."""
    return or_(Permission.expires.is_(None), Permission.expires > func.current_timestamp())


def granted_to(actor: Actor, version: type[Version] = Version) -> ColumnElement[bool]:
    """Return the predicate on versions of what somebody granted to the actor to read.

    Grants to everybody are not among them.
    """
    if actor.account is None and not actor.groups:
        return false()
    to_user = and_(Permission.grantee_type == "USER", Permission.grantee == actor.name)
    return exists().where(
        Permission.item_id == version.item_id,
        Permission.permission.in_(READS),
        is_in_force(),
        or_(
            to_user if actor.account is not None else false(),
            and_(Permission.grantee_type == "GROUP", Permission.grantee.in_(actor.groups)),
        ),
    )


def _own_or_granted(actor: Actor, version: type[Version]) -> ColumnElement[bool]:
    if actor.is_admin:
        return true()
    return or_(Item.owner_id.in_(actor.accounts), granted_to(actor, version))


def without_links(actor: Actor) -> Actor:
    """Return the actor as lists know it: what only a link opens is in none of them."""
    return replace(actor, groups=frozenset(one for one in actor.groups if not is_link(one)))


def visible_to(actor: Actor, version: type[Version] = Version) -> ColumnElement[bool]:
    """Return the predicate on Item and Version for what is asked by address.

    version  the table of versions, or an alias of it

    It includes the tombstones of what was once public, and what is granted to everybody.
    """
    for_everybody = exists().where(
        Permission.item_id == version.item_id,
        Permission.permission.in_(READS),
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

    What is withdrawn is in none of them; a grant to everybody does not list what is not
    published, nor does a link that was opened.
    """
    announced = and_(version.state == State.PUBLISHED.value, _for_all(version))
    return and_(
        version.state != State.WITHDRAWN.value,
        or_(announced, _own_or_granted(without_links(actor), version)),
    )
