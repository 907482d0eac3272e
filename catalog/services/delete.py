"""Deleting a draft: afterwards its address answers as if nothing had ever been there."""

import logging
from datetime import datetime

from sqlalchemy import delete as delete_rows
from sqlalchemy import select

from catalog.domain.errors import CatalogError
from catalog.domain.lifecycle import check_can_delete
from catalog.domain.permissions import Action, Actor
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.history import Happened, note
from catalog.services.loading import load_for_change
from catalog.tables import Citation, Doi, File, Item, Once, Permission, Revision, TermUse, Version

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
    """Delete a draft with its files; WrongState for anything that was published."""
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.DELETE, item_id, expected=expected, n=n
        )
        check_can_delete(record.state)
        of_version = {"item_id": item_id, "n": version.n}
        keys = session.scalars(select(File.key).filter_by(**of_version)).all()
        # A DOI of a draft was at most written down: the registrar never heard of it.
        for table in (File, Citation, TermUse, Revision, Doi, Version):
            session.execute(delete_rows(table).filter_by(**of_version))
        # A request that made it may come again and has to make it anew.
        session.execute(delete_rows(Once).filter_by(item_id=item_id))
        left = session.scalars(select(Version.n).filter_by(item_id=item_id)).all()
        if left:
            item.newest = max(left)
        else:
            session.execute(delete_rows(Permission).filter_by(item_id=item_id))
            session.execute(delete_rows(Doi).filter_by(item_id=item_id))
            outbox.forget(session, item_id)
            session.execute(delete_rows(Item).filter_by(id=item_id))
        note(session, Happened.DELETED, item_id, version.n, account=actor.account, now=now)
        shared = set(session.scalars(select(File.key).where(File.key.in_(keys))))
    remove_objects(parts, [key for key in keys if key not in shared])


def remove_objects(parts: Parts, keys: list[str]) -> None:
    """Remove bytes that no row points at any more.

    The rows are gone already, so a store that does not answer leaves harmless orphans, which
    `doctor` counts; it must not turn a finished deletion into an error.
    """
    for key in keys:
        try:
            parts.objects.delete(key)
        except CatalogError as fault:
            _log.warning("object %s stays behind: %s", key, fault)
