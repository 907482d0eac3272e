"""Who is granted what on an item: read, replaced as a whole, or changed for one grantee.

A change holds from the next request on. Taking a right away is done with the commit, since no
projection shows who may do what.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from catalog.domain.permissions import Action, Actor, Right, rights_of
from catalog.domain.record import ItemRecord
from catalog.domain.sharing import (
    Difference,
    Grant,
    Grantee,
    GranteeType,
    check_may_change,
    checked,
    difference,
    is_link,
)
from catalog.parts import Parts
from catalog.services.dois import ALL_VERSIONS
from catalog.services.groups import grantee_of
from catalog.services.history import Happened, note
from catalog.services.loading import load, load_for_change, record_of
from catalog.services.visible import READS, is_in_force
from catalog.tables import Account, Item, OwnerOffer, Permission, ShareLink, Version

_NAMES_IN_AN_EVENT: Final = 20


@dataclass(frozen=True, slots=True)
class Shared:
    """Who may do what to an item, beside its owner.

    grants  those in force, by kind and name of the grantee, then in the order of `Right`;
            those of links are not among them
    held    the rights of who asks
    owner   whose it is
    """

    record: ItemRecord
    grants: tuple[Grant, ...]
    held: frozenset[Right]
    owner: Grantee


def read_permissions(parts: Parts, actor: Actor, item_id: str) -> Shared:
    """Return the grants on an item; raises what reading it raises, Forbidden without READ_ACP."""
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ_PERMISSIONS, item_id)
        return _shared(session, actor, record)


def replace_permissions(
    parts: Parts,
    actor: Actor,
    item_id: str,
    grants: Iterable[Grant],
    *,
    expected: frozenset[str] | None,
    now: datetime,
) -> Shared:
    """Make the grants on an item just those that are told; links stay as they are.

    Raises what changing an item raises, NotAcceptable for grants that cannot be, and Forbidden
    where the actor would give more than it has; see `check_may_change`.
    """
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.SHARE, item_id, expected=expected
        )
        return replaced(session, actor, item, version, record, grants, now)


def share(
    parts: Parts,
    actor: Actor,
    item_id: str,
    to: Grantee,
    rights: Collection[Right],
    expires: datetime | None = None,
    *,
    expected: frozenset[str] | None,
    now: datetime,
) -> Shared:
    """Give one grantee just these rights until then, and leave all others; none takes all away.

    Raises what `replace_permissions` raises.
    """
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.SHARE, item_id, expected=expected
        )
        others = [grant for grant in grants_on(session, item_id) if grant.to != to]
        wanted = [*others, *(Grant(to, right, expires) for right in sorted(set(rights)))]
        return replaced(session, actor, item, version, record, wanted, now)


def grants_on(session: Session, item_id: str) -> tuple[Grant, ...]:
    """Return the grants on an item that are in force, without those of links."""
    rows = session.scalars(select(Permission).where(Permission.item_id == item_id, is_in_force()))
    found = [_grant(row) for row in rows if not is_link(row.grantee)]
    order = {right: number for number, right in enumerate(Right)}
    return tuple(sorted(found, key=lambda grant: (grant.to, order[grant.right])))


def readers_of(session: Session, item_ids: Collection[str]) -> dict[str, set[Grantee]]:
    """Return who may read each item now: its owner, and to whom it is granted, links apart."""
    owners = session.execute(
        select(Item.id, Account)
        .join(Account, Account.id == Item.owner_id)
        .where(Item.id.in_(item_ids))
    )
    found = {item_id: {grantee_of(account)} for item_id, account in owners}
    rows = session.scalars(
        select(Permission).where(
            Permission.item_id.in_(item_ids), Permission.permission.in_(READS), is_in_force()
        )
    )
    for row in rows:
        if not is_link(row.grantee):
            found[row.item_id].add(_grant(row).to)
    return found


def move_on(session: Session, item_id: str) -> None:
    """Count a change of who may do what, by which the ETag of every version of an item moves."""
    for version in session.scalars(select(Version).where(Version.item_id == item_id)):
        version.state_changes += 1


def shared_with(session: Session, item_id: str) -> int:
    """Return with how many an item is shared now: grantees, each link as one."""
    pair = select(Permission.grantee_type, Permission.grantee).where(
        Permission.item_id == item_id, is_in_force()
    )
    return session.scalar(select(func.count()).select_from(pair.distinct().subquery())) or 0


def known_names(parts: Parts, actor: Actor) -> tuple[str, ...]:
    """Return names to suggest: of the actor's groups, and of whom its own items are shared with.

    Nobody learns by it who has an account here.
    """
    with parts.database.reading() as session:
        granted = session.scalars(
            select(Permission.grantee)
            .distinct()
            .join(Item, Item.id == Permission.item_id)
            .where(Item.owner_id.in_(actor.accounts))
            .order_by(Permission.grantee)
            .limit(_MOST_SUGGESTED)
        )
        names = {*granted, *actor.groups}
    return tuple(sorted(name for name in names if not is_link(name)))


_MOST_SUGGESTED: Final = 200


def replaced(
    session: Session,
    actor: Actor,
    item: Item,
    version: Version,
    record: ItemRecord,
    grants: Iterable[Grant],
    now: datetime,
) -> Shared:
    """Make the grants on an item just those that are told, in the caller's transaction.

    Raises NotAcceptable and Forbidden as `replace_permissions` does.
    """
    owner = grantee_of(session.get_one(Account, item.owner_id))
    before = {grant.key: grant for grant in grants_on(session, item.id)}
    after = checked(grants, owner, now=now)
    change = difference(before, after)
    check_may_change(actor, rights_of(actor, record), change)
    if change.given or change.taken:
        _write(session, item.id, tuple(after.values()))
        _forget_offer(session, item, change)
        move_on(session, item.id)
        _note(session, actor, item.id, change, now)
        session.flush()
    return _shared(session, actor, record_of(session, item, version, actor))


def _write(session: Session, item_id: str, grants: tuple[Grant, ...]) -> None:
    """Replace the rows of all grants but those of links; what had ended goes as well."""
    for row in session.scalars(select(Permission).where(Permission.item_id == item_id)):
        if not is_link(row.grantee):
            session.delete(row)
    session.flush()
    session.add_all(
        Permission(
            item_id=item_id,
            grantee_type=grant.to.kind.value,
            grantee=grant.to.name,
            permission=grant.right.value,
            expires=grant.expires,
        )
        for grant in grants
    )


def _forget_offer(session: Session, item: Item, change: Difference) -> None:
    """Take back an offer of the item by somebody who may no longer have the right to make it."""
    if any(grant.right is Right.FULL_CONTROL for grant in change.taken):
        session.execute(
            delete(OwnerOffer).where(
                OwnerOffer.item_id == item.id, OwnerOffer.account_id != item.owner_id
            )
        )


def _note(session: Session, actor: Actor, item_id: str, change: Difference, now: datetime) -> None:
    for kind, grants in ((Happened.SHARED, change.given), (Happened.UNSHARED, change.taken)):
        if grants:
            note(
                session,
                kind,
                item_id,
                ALL_VERSIONS,
                account=actor.account,
                now=now,
                who=_in_words(grants),
                grants=[_row(grant) for grant in grants],
            )


def _row(grant: Grant) -> list[str | None]:
    until = grant.expires.isoformat() if grant.expires else None
    return [grant.to.kind.value, grant.to.name, grant.right.value, until]


def _to(grant: Grant) -> Grantee:
    return grant.to


def _in_words(grants: tuple[Grant, ...]) -> str:
    """Return whom grants are to, each with the rights: `bob (READ, WRITE), project:sky (READ)`."""
    told = [
        f"{to.name} ({', '.join(grant.right for grant in of_one)})"
        for to, of_one in groupby(sorted(grants, key=_to), key=_to)
    ]
    more = len(told) - _NAMES_IN_AN_EVENT
    return ", ".join(told[:_NAMES_IN_AN_EVENT]) + (f" and {more} more" if more > 0 else "")


def _shared(session: Session, actor: Actor, record: ItemRecord) -> Shared:
    owner = grantee_of(session.get_one(Account, record.owner_id))
    return Shared(record, grants_on(session, record.id), rights_of(actor, record), owner)


def _grant(row: Permission) -> Grant:
    to = Grantee(GranteeType(row.grantee_type), row.grantee)
    return Grant(to, Right(row.permission), row.expires)


def links_in_force(session: Session, item_id: str, now: datetime) -> int:
    """Return how many links open an item now."""
    live = (
        ShareLink.item_id == item_id,
        ShareLink.revoked.is_(None),
        ShareLink.expires > now,
    )
    return session.scalar(select(func.count()).select_from(ShareLink).where(*live)) or 0
