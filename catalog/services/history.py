"""The event log: what happened to an item, appended in the transaction that made it happen."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from catalog.services.changes import announce
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
    DOI_RESERVED = "doi-reserved"
    DOI_FINDABLE = "doi-findable"
    DOI_HIDDEN = "doi-hidden"
    DOI_FAILED = "doi-failed"


SEEN_BY_ALL: Final = frozenset(
    {
        Happened.REVISED,
        Happened.PUBLISHED,
        Happened.VISIBILITY_CHANGED,
        Happened.DEPRECATED,
        Happened.UNDEPRECATED,
        Happened.WITHDRAWN,
        Happened.DOI_FINDABLE,
    }
)
"""The kinds of event that change what everybody sees of an item that is public."""


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
    """Append an event; what everybody can see of it goes into the log that feeds read, too."""
    session.add(
        Event(item_id=item_id, n=n, kind=kind.value, at=now, account_id=account, detail=detail)
    )
    if kind in SEEN_BY_ALL:
        announce(session, item_id, n)
