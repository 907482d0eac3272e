"""The DOIs that the registrar holds, on the disk before they are acknowledged."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Final

from catalog.sandbox.states import DRAFT

Object = dict[str, Any]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS dois (
    doi TEXT PRIMARY KEY, repository TEXT NOT NULL, prefix TEXT NOT NULL, state TEXT NOT NULL,
    attributes TEXT NOT NULL, version INTEGER NOT NULL, created TEXT NOT NULL, registered TEXT,
    updated TEXT NOT NULL, published TEXT, resource_type TEXT, title TEXT
);
CREATE INDEX IF NOT EXISTS dois_by_update ON dois (updated, doi);
CREATE INDEX IF NOT EXISTS dois_by_creation ON dois (created, doi);
CREATE TABLE IF NOT EXISTS activities (
    id INTEGER PRIMARY KEY, doi TEXT NOT NULL, version INTEGER NOT NULL, action TEXT NOT NULL,
    changes TEXT NOT NULL, repository TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS activities_by_doi ON activities (doi);
"""
_COLUMNS: Final = "doi, repository, state, attributes, version, created, registered, updated"


@dataclass(frozen=True, slots=True)
class Kept:
    """A DOI as the registrar holds it.

    repository  in small letters
    attributes  without those that follow from the rest
    version     how often it was written
    created, registered, updated  RFC 3339; `registered` is None for a draft
    """

    doi: str
    repository: str
    state: str
    attributes: Object
    version: int = 0
    created: str = ""
    registered: str | None = None
    updated: str = ""

    @property
    def prefix(self) -> str:
        """What stands before the first slash."""
        return self.doi.split("/", 1)[0]

    @property
    def published(self) -> str | None:
        """The date of issue, else the year of publication."""
        dates = self.attributes.get("dates") or ()
        issued = (
            one.get("date")
            for one in dates
            if isinstance(one, dict) and one.get("dateType") == "Issued"
        )
        said = next(issued, None) or self.attributes.get("publicationYear")
        return None if said is None else str(said)


@dataclass(frozen=True, slots=True)
class Activity:
    """One writing of a DOI: what it was before and is since, attribute by attribute."""

    id: int
    doi: str
    version: int
    action: str
    changes: Object
    repository: str
    at: str


class Store:
    """A SQLite file; an acknowledged write outlives a crash of process and machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._alone = RLock()
        self._sql = sqlite3.connect(
            folder / "dois.sqlite", check_same_thread=False, isolation_level=None, timeout=30
        )
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.execute("PRAGMA synchronous = FULL")
        self._sql.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        with self._alone:
            self._sql.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Have what is done inside happen as a whole, or not at all, and beside no other."""
        with self._alone:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")

    def find(self, doi: str) -> Kept | None:
        """Return a DOI; None if there is none."""
        found = self.select("doi = ?", [doi], "doi", "")
        return found[0] if found else None

    def keep(self, kept: Kept, by: str) -> Kept:
        """Write a DOI, inside `changing`, and return it with its times and its version."""
        before = self.find(kept.doi)
        at = _now()
        after = replace(
            kept,
            version=kept.version + 1,
            created=kept.created or at,
            updated=at,
            registered=kept.registered or (None if kept.state == DRAFT else at),
        )
        self._sql.execute(
            "INSERT OR REPLACE INTO dois VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                after.doi,
                after.repository,
                after.prefix,
                after.state,
                json.dumps(after.attributes),
                after.version,
                after.created,
                after.registered,
                after.updated,
                _storable(after.published),
                _resource_type(after.attributes),
                _storable(_title(after.attributes)),
            ],
        )
        self._note("update" if before else "create", after, _changes(before, after), by)
        return after

    def forget(self, doi: str) -> None:
        """Delete a DOI, inside `changing`; what was done to it stays known."""
        self._sql.execute("DELETE FROM dois WHERE doi = ?", [doi])

    def select(self, where: str, values: Sequence[object], order: str, window: str) -> list[Kept]:
        """Return DOIs by clauses of SQL, of which only `values` come from outside."""
        statement = f"SELECT {_COLUMNS} FROM dois WHERE {where} ORDER BY {order} {window}"  # noqa: S608
        return [_kept(*row) for row in self._rows(statement, values)]

    def count(self, where: str, values: Sequence[object], by: str = "''") -> list[tuple[str, int]]:
        """Return how many DOIs there are for each value of an expression, most first."""
        return self._rows(
            f"SELECT {by} AS value, COUNT(*) FROM dois"  # noqa: S608 - see above
            f" WHERE {where} AND {by} IS NOT NULL GROUP BY value ORDER BY 2 DESC, 1",
            values,
        )

    def activities(self, doi: str) -> list[Activity]:
        """Return what was done to a DOI, newest first."""
        rows = self._rows(
            "SELECT id, doi, version, action, changes, repository, at FROM activities"
            " WHERE doi = ? ORDER BY id DESC",
            [doi],
        )
        return [_activity(*row) for row in rows]

    def _note(self, action: str, kept: Kept, changes: Object, by: str) -> None:
        self._sql.execute(
            "INSERT INTO activities (doi, version, action, changes, repository, at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [kept.doi, kept.version, action, json.dumps(changes), by, kept.updated],
        )

    def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        with self._alone:
            return self._sql.execute(statement, list(values)).fetchall()


def _kept(
    doi: str,
    repository: str,
    state: str,
    attributes: str,
    version: int,
    created: str,
    registered: str | None,
    updated: str,
) -> Kept:
    said = json.loads(attributes)
    return Kept(doi, repository, state, said, version, created, registered, updated)


def _activity(
    number: int, doi: str, version: int, action: str, changes: str, repository: str, at: str
) -> Activity:
    return Activity(number, doi, version, action, json.loads(changes), repository, at)


def _changes(before: Kept | None, after: Kept) -> Object:
    """Return each attribute that is new, or is [before, after] since."""
    now = after.attributes | {"state": after.state}
    if before is None:
        return now
    then = before.attributes | {"state": before.state}
    return {name: [then.get(name), said] for name, said in now.items() if then.get(name) != said}


def _title(attributes: Object) -> str | None:
    titles = attributes.get("titles") or [{}]
    return titles[0].get("title") if isinstance(titles[0], dict) else None


def _resource_type(attributes: Object) -> str | None:
    types = attributes.get("types")
    general = types.get("resourceTypeGeneral") if isinstance(types, dict) else None
    return _storable(general)


def _storable(value: object) -> str | None:
    """Return a text that SQLite can hold: without lone surrogates."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
