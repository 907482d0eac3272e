"""What every request is answered for an item that was withdrawn."""

from catalog.domain.errors import Gone
from catalog.domain.record import ItemRecord


def gone(record: ItemRecord) -> Gone:
    """Return the error that answers every request for what was withdrawn."""
    day = f" on {record.withdrawal.at.date()}" if record.withdrawal else ""
    return Gone(f"“{record.title}” was withdrawn{day}.", record)
