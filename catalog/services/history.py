"""The event log: what happened to an item, appended in the transaction that made it happen."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from catalog.tables import Event


class Happened(StrEnum):
    """The kinds of event."""

    SUBMITTED = "submitted"
    BEGUN = "version-begun"
    REVISED = "revised"
    FILE_KEPT = "file-kept"
    FILE_REMOVED = "file-removed"
    PUBLISHED = "published"
    VISIBILITY_CHANGED = "visibility-changed"
    DEPRECATED = "deprecated"
    UNDEPRECATED = "undeprecated"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


def note(
    session: Session,
    kind: Happened,
    item_id: str,
    n: int,
    *,
    account: int | None,
    now: datetime,
    **detail: Any,
) -> None:
    """Append an event."""
    session.add(
        Event(item_id=item_id, n=n, kind=kind.value, at=now, account_id=account, detail=detail)
    )
