"""The states of a DOI, and which event leads from which to which."""

from typing import Final

DRAFT: Final = "draft"
REGISTERED: Final = "registered"
FINDABLE: Final = "findable"

_AFTER: Final = {
    (DRAFT, "register"): REGISTERED,
    (DRAFT, "publish"): FINDABLE,
    (REGISTERED, "publish"): FINDABLE,
    (REGISTERED, "show"): FINDABLE,
    (FINDABLE, "hide"): REGISTERED,
}


def state_after(state: str, event: object) -> str:
    """Return the state after an event; the same where the event is impossible there, or none.

    DataCite says nothing of an event that it ignores: `register` leaves a findable DOI findable.
    """
    return _AFTER.get((state, event), state) if isinstance(event, str) else state
