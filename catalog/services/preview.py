"""The beginning of a file, for looking at it without fetching it."""

from collections import OrderedDict
from threading import Lock
from typing import Final

from catalog.domain.errors import CatalogError
from catalog.domain.permissions import Action, Actor, authorize
from catalog.domain.record import FileRecord, ItemRecord
from catalog.parts import Parts
from catalog.services.download import Span, find_file, read_file

MOST_BYTES: Final = 65_536
"""How much of a file is read for a preview."""

_MOST_KEPT: Final = 64


class _Shelf:
    """Beginnings that were read before; what was used longest ago goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, beginning: bytes) -> None:
        with self._lock:
            self._kept[key] = beginning
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


_SHELF: Final = _Shelf()


def preview(
    parts: Parts, actor: Actor, item_id: str, name: str, n: int | None = None
) -> tuple[ItemRecord, FileRecord, bytes]:
    """Return a file that the actor may read, with its item and its first bytes.

    Raises what `find_file` raises, ObjectMissing, and Unavailable where the store does not answer.
    """
    record, file = find_file(parts, actor, item_id, name, n)
    return record, file, _beginning(parts, file)


def preview_at_hand(
    parts: Parts, actor: Actor, record: ItemRecord, file: FileRecord
) -> bytes | None:
    """Return the first bytes of a file where that costs next to nothing, else None.

    It does where the bytes lie on this machine, or were read before: no page shall wait for a
    store. None too where the actor may see the item but not its files.
    """
    try:
        authorize(actor, Action.READ_FILE, record)
        if parts.settings.objects == "files":
            return _beginning(parts, file)
    except CatalogError:
        return None
    return _SHELF.get(file.key)


def _beginning(parts: Parts, file: FileRecord) -> bytes:
    """Return at most `MOST_BYTES` from the start of a file."""
    found = _SHELF.get(file.key)
    if found is None:
        length = min(MOST_BYTES, file.size_bytes)
        found = b"".join(read_file(parts, file, Span(0, length - 1))) if length else b""
        _SHELF.put(file.key, found)
    return found
