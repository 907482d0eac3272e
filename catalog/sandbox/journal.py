"""What was asked of the registrar, request by request, for tests and people to look at."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Final

SEEN: Final = "sandbox.seen"
"""Where in its environment a request has what the application found out for the journal."""

_KEPT_ENTRIES: Final = 100_000
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL,
    repository TEXT, status INTEGER, answered INTEGER, fault TEXT, attributes TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    path        with its query
    repository  whose credentials were good; None for nobody known
    status      of what the registrar did; None where a fault kept it from doing anything
    answered    the status that the caller was sent; None where the connection was dropped
    fault       the kind of the fault that was injected; None for none
    attributes  those that were sent; None where there were none
    """

    method: str
    path: str
    repository: str | None
    status: int | None
    answered: int | None
    fault: str | None
    attributes: Any
    id: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as the admin's endpoint shows it."""
        return asdict(self)


class Journal:
    """A SQLite file that outlives the process; it is not waited for to reach the disk."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._alone = RLock()
        self._sql = sqlite3.connect(
            folder / "journal.sqlite", check_same_thread=False, isolation_level=None, timeout=30
        )
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.execute("PRAGMA synchronous = OFF")
        self._sql.execute(_TABLE)

    def write(self, entry: Entry) -> None:
        """Add an entry; the oldest go where there are very many."""
        row = [
            entry.method,
            entry.path.encode("utf-8", "replace").decode(),
            entry.repository,
            entry.status,
            entry.answered,
            entry.fault,
            None if entry.attributes is None else json.dumps(entry.attributes),
        ]
        with self._alone:
            done = self._sql.execute(
                "INSERT INTO journal"
                " (method, path, repository, status, answered, fault, attributes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            self._sql.execute(
                "DELETE FROM journal WHERE id <= ?", [(done.lastrowid or 0) - _KEPT_ENTRIES]
            )

    def entries(self, since: int = 0) -> list[Entry]:
        """Return the entries after that of an id, oldest first."""
        with self._alone:
            rows = self._sql.execute(
                "SELECT method, path, repository, status, answered, fault, attributes, id"
                " FROM journal WHERE id > ? ORDER BY id",
                [since],
            ).fetchall()
        return [_entry(*row) for row in rows]

    def clear(self) -> None:
        """Forget every entry; ids go on counting."""
        with self._alone:
            self._sql.execute("DELETE FROM journal")

    def close(self) -> None:
        """Let go of the file."""
        with self._alone:
            self._sql.close()


def _entry(
    method: str,
    path: str,
    repository: str | None,
    status: int | None,
    answered: int | None,
    fault: str | None,
    attributes: str | None,
    entry_id: int,
) -> Entry:
    said = json.loads(attributes or "null")
    return Entry(method, path, repository, status, answered, fault, said, entry_id)
