"""What is left of an item that was withdrawn: the sentence and the facts of its tombstone."""

from typing import Any

from catalog.domain.errors import Gone
from catalog.domain.record import ItemRecord


def facts(record: ItemRecord) -> dict[str, Any]:
    """Return what a tombstone says: id, title, type, when, by whom, why, and the replacement."""
    withdrawal = record.withdrawal
    said: dict[str, Any] = {
        "id": record.id,
        "version": record.version,
        "title": record.title,
        "type": record.type,
        "owner": record.owner,
        "published": record.published.isoformat() if record.published else None,
    }
    if withdrawal is not None:
        said |= {
            "withdrawn": withdrawal.at.isoformat(),
            "withdrawn_by": withdrawal.by,
            "reason": withdrawal.reason,
            "note": withdrawal.note,
            "replaced_by": withdrawal.replaced_by,
        }
    return {name: value for name, value in said.items() if value is not None}


def gone(record: ItemRecord) -> Gone:
    """Return the error that answers every request for what was withdrawn."""
    day = f" on {record.withdrawal.at.date()}" if record.withdrawal else ""
    return Gone(f"“{record.title}” was withdrawn{day}.", facts(record))
