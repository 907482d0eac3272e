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
    PUBLICATION_DELAYED = "publication-delayed"
    DEPRECATED = "deprecated"
    UNDEPRECATED = "undeprecated"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"
    REFERENCE_DRIFTED = "reference-drifted"
    REFERENCE_BACK = "reference-back"
    FIXITY_FAILED = "fixity-failed"
    FIXITY_OK = "fixity-ok"
    DOI_RESERVED = "doi-reserved"
    DOI_FINDABLE = "doi-findable"
    DOI_HIDDEN = "doi-hidden"
    DOI_FAILED = "doi-failed"
    SHARED = "shared"
    UNSHARED = "unshared"
    LINK_MADE = "link-made"
    LINK_ENDED = "link-ended"
    OWNER_CHANGED = "owner-changed"
    AGREEMENT_SET = "agreement-set"
    AGREEMENT_TAKEN_OFF = "agreement-taken-off"
    ACCESS_ASKED = "access-asked"
    ACCESS_GRANTED = "access-granted"
    ACCESS_REFUSED = "access-refused"
    ACCESS_ENDED = "access-ended"


SEEN_BY_ALL: Final = frozenset(
    {
        Happened.REVISED,
        Happened.PUBLISHED,
        Happened.VISIBILITY_CHANGED,
        Happened.DEPRECATED,
        Happened.UNDEPRECATED,
        Happened.WITHDRAWN,
        Happened.DOI_FINDABLE,
        Happened.REFERENCE_DRIFTED,
        Happened.REFERENCE_BACK,
    }
)
"""The kinds of event that change what everybody sees of an item that is public."""

ABOUT_ACCESS: Final = frozenset(
    {
        Happened.ACCESS_ASKED,
        Happened.ACCESS_GRANTED,
        Happened.ACCESS_REFUSED,
        Happened.ACCESS_ENDED,
    }
)
"""The kinds of event that name who asked for access; told to those alone who decide on it."""

ABOUT_SHARING: Final = frozenset(
    {Happened.SHARED, Happened.UNSHARED, Happened.LINK_MADE, Happened.LINK_ENDED}
)
"""The kinds of event that name whom an item is shared with; told to those who may see that."""


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
