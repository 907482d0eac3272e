"""Deleting a draft: afterwards its address answers as if nothing had ever been there."""

import logging
from datetime import datetime

from sqlalchemy import delete as delete_rows
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from catalog.domain.errors import CatalogError
from catalog.domain.lifecycle import check_can_delete
from catalog.domain.permissions import Action, Actor
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.buckets import remember_grants
from catalog.services.garbage import Why, mark_found
from catalog.services.history import Happened, note
from catalog.services.loading import load_for_change
from catalog.services.quotas import count
from catalog.services.uploads import abandon_all
from catalog.tables import (
    AccessRequest,
    Agreement,
    Blob,
    Citation,
    Doi,
    File,
    Item,
    Once,
    OwnerOffer,
    Permission,
    ReferenceCheck,
    Revision,
    ShareLink,
    SourceAddress,
    TermUse,
    Version,
)

_log = logging.getLogger(__name__)


def delete(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
) -> None:
    """Delete a draft with its files; WrongState for anything that was published.

    The bytes that it alone had are marked, and removed after a while.
    """
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.DELETE, item_id, expected=expected, n=n
        )
        check_can_delete(record.state)
        of_version = {"item_id": item_id, "n": version.n}
        _forget_objects(session, item, version, now)
        abandon_all(session, item_id, version.n, now=now)
        # A DOI of a draft was at most written down: the registrar never heard of it.
        for table in _OF_VERSION:
            session.execute(delete_rows(table).filter_by(**of_version))
        # A request that made it may come again and has to make it anew.
        session.execute(delete_rows(Once).filter_by(item_id=item_id))
        left = session.scalars(select(Version.n).filter_by(item_id=item_id)).all()
        if left:
            item.newest = max(left)
        else:
            remember_grants(session, item)
            for of_item in (Permission, ShareLink, OwnerOffer, Agreement, AccessRequest, Doi):
                session.execute(delete_rows(of_item).filter_by(item_id=item_id))
            outbox.forget(session, item_id)
            session.execute(delete_rows(Item).filter_by(id=item_id))
        note(session, Happened.DELETED, item_id, version.n, account=actor.account, now=now)


_OF_VERSION = (
    ReferenceCheck, File, Blob, Citation, TermUse, SourceAddress, Revision, Doi, Version,
)  # fmt: skip


def _forget_objects(session: Session, item: Item, version: Version, now: datetime) -> None:
    """Stop to count what this version alone keeps, and mark it."""
    other = aliased(File)
    elsewhere = exists().where(
        other.key == File.key, or_(other.item_id != File.item_id, other.n != File.n)
    )
    alone = (
        select(File.key, func.max(File.size_bytes).label("size_bytes"))
        .where(File.item_id == item.id, File.n == version.n, ~elsewhere)
        .group_by(File.key)
        .subquery()
    )
    objects, size_bytes = session.execute(
        select(func.count(alone.c.key), func.coalesce(func.sum(alone.c.size_bytes), 0))
    ).one()
    count(item, objects=-objects, size_bytes=-int(size_bytes))
    mark_found(session, alone.c.key, alone.c.size_bytes, Why.DELETED, now=now)


def remove_objects(parts: Parts, keys: list[str]) -> None:
    """Remove bytes at once that no row has ever pointed at, since they were not kept.

    A store that does not answer leaves harmless orphans, which are marked within a day or two.
    """
    for key in keys:
        try:
            parts.objects.delete(key)
        except CatalogError as fault:
            _log.warning("object %s stays behind: %s", key, fault)
