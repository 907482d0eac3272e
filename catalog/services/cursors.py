"""Where a page of a list begins, as an opaque word that fits into an address."""

import base64
import binascii

from catalog.domain.errors import Unreadable


def cursor_of(*keys: str) -> str:
    """Return the cursor for the page after the entry that is ordered by `keys`."""
    said = "\n".join(keys)
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def keys_of(cursor: str, number: int) -> tuple[str, ...]:
    """Return the keys of a cursor, of which there are `number`; Unreadable for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except (binascii.Error, UnicodeError, ValueError):
        keys = []
    if len(keys) != number or not all(key.isprintable() for key in keys):
        raise foreign()
    return tuple(keys)


def foreign() -> Unreadable:
    """Return the error for a cursor that is none of ours."""
    told = "This cursor is none of ours; begin again without one."
    return Unreadable(told, parameter="cursor")
