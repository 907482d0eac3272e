"""Messages to owners as JSON."""

from typing import Any

from catalog.domain.identifiers import item_iri
from catalog.domain.messages import Inbox, Message


def inbox_json(found: Inbox, base: str) -> dict[str, Any]:
    """Return a page of messages."""
    return {
        "reports": [_message_json(one, base) for one in found.messages],
        "total": found.total,
        "open": found.open,
        "next": found.next,
    }


def _message_json(one: Message, base: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "item": one.item_id,
        "iri": item_iri(one.item_id, base),
        "version": one.n,
        "title": one.title,
        "text": one.text,
        "reply_to": one.reply_to or None,
        "by": one.by or None,
        "at": one.at.isoformat().replace("+00:00", "Z"),
        "done": one.done.isoformat().replace("+00:00", "Z") if one.done else None,
    }
