"""Where a page of a list begins, as an opaque word that fits into an address."""

import base64
import binascii
import re

from catalog.domain.errors import Unreadable

# Others that are not printed stand in names of files, such as those that join emoji.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


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
    if len(keys) != number or any(map(_CONTROLS.search, keys)):
        raise foreign()
    return tuple(keys)


def foreign() -> Unreadable:
    """Return the error for a cursor that is none of ours."""
    told = "This cursor is none of ours; begin again without one."
    return Unreadable(told, parameter="cursor")
