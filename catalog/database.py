"""The one database: how it is opened, and the two kinds of session that services ask it for."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from catalog.domain.errors import NoSpace, Unavailable

_BUSY_MILLISECONDS = 5_000
_ROWS_LOOKED_AT = 400  # of each index: the shape of a table shows soon


class Database:
    """Sessions on the record.

    A session for reading sees one state of the record throughout. A session for writing is one
    transaction: committed, and synced to the disk, when its block ends without an exception.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(catalog_writes=True)
        # SQLite has one writer, and whoever waits for it sleeps and looks again, longer each time.
        # So the threads of a process queue here, and only processes wait for each other there.
        self._turn = _Turn() if self.engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads."""
        with _told(), Session(self.engine, autoflush=False) as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Open a connection for one short question, such as every request has.

        A session takes longer to be made than the answer to such a question.
        """
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open the one transaction of a request; it commits at the end of the block."""
        with (
            _told(),
            self._turn,
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def watch(self) -> "Watch":
        """Return what tells, at next to no cost, whether anybody else has written."""
        return Watch(self.engine)

    def learn_sizes(self) -> None:
        """Have the database look at how full its tables are, by which it plans its queries.

        SQLite knows nothing of that by itself and then reads thousands of versions to find the
        three that cite an item; looking takes it some milliseconds. Others do it unasked.
        """
        if self.engine.dialect.name == "sqlite":
            with _told(), self._turn, self.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")  # inside a transaction it would not write
                connection.exec_driver_sql(f"PRAGMA analysis_limit={_ROWS_LOOKED_AT}")
                connection.exec_driver_sql("ANALYZE")
                connection.exec_driver_sql("BEGIN")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class _Turn:
    """A lock that is waited for as long as for the database itself."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=_BUSY_MILLISECONDS / 1000):
            raise Unavailable("The record is busy; try again in a moment.")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Watch:
    """Tells whether the record may have changed since it was last asked. For one thread.

    SQLite counts the commits of others (`PRAGMA data_version`, some microseconds); where a
    database has nothing of the kind the answer is always yes, and the caller looks for itself.
    """

    def __init__(self, engine: Engine) -> None:
        self._counts = engine.dialect.name == "sqlite"
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._seen: object = None

    def changed(self) -> bool:
        """Tell whether anything may have been committed since the last call; at first, yes."""
        if not self._counts:
            return True
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        cursor = self._connection.cursor()
        try:
            cursor.execute("PRAGMA data_version")
            row = cursor.fetchone()
        finally:
            cursor.close()
        before, self._seen = self._seen, row and row[0]
        return before != self._seen

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _told() -> Iterator[None]:
    """Turn the database's own failures into errors that callers can act on."""
    try:
        yield
    except OperationalError as fault:
        text = str(fault.orig).lower()
        if "full" in text or "no space" in text:
            raise NoSpace("The disk of the record is full; nothing was kept.") from fault
        raise Unavailable("The record does not answer; try again in a moment.") from fault


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=16, max_overflow=48)
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=112,
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transactions begin too late and lose updates (101 of 400 kept); we begin
    # them ourselves. FULL, because an acknowledged write has to survive a power cut.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("catalog_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
