"""When tokens of ours were last used: noted in passing, written down by a thread of its own."""

import logging
import time
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, or_, update

from catalog.database import Database
from catalog.tables import Token

_log = logging.getLogger(__name__)

_EVERY: Final = timedelta(minutes=1)
_GATHERED_SECONDS: Final = 1.0
"""How long uses are gathered before they are written in one transaction."""

_MOST_WAITING: Final = 10_000

_lock = Lock()
_waiting: WeakKeyDictionary[Database, dict[str, datetime]] = WeakKeyDictionary()


def note_use(
    database: Database, token_hash: str, last_used: datetime | None, *, now: datetime
) -> None:
    """Have it written that a token was used, unless that was written less than a minute ago.

    Whoever uses the token never waits for that, and never fails because of it: a use that cannot
    be written is lost.
    """
    if last_used is not None and now - last_used < _EVERY:
        return
    with _lock:
        waiting = _waiting.setdefault(database, {})
        is_first = not waiting
        if len(waiting) < _MOST_WAITING:
            waiting[token_hash] = now
    if is_first:
        _begin(database)


def _begin(database: Database) -> None:
    try:
        Thread(target=_write_soon, args=(database,), name="token uses", daemon=True).start()
    except RuntimeError:  # no thread is to be had
        _taken(database)


def _taken(database: Database) -> dict[str, datetime]:
    with _lock:
        return _waiting.pop(database, {})


def _write_soon(database: Database) -> None:
    time.sleep(_GATHERED_SECONDS)
    write_uses(database)


def write_uses(database: Database) -> None:
    """Write down the uses that were noted. A failure is told to the log alone."""
    uses = [
        {"used": token, "at": at.replace(second=0, microsecond=0)}
        for token, at in _taken(database).items()
    ]
    if not uses:
        return
    try:
        with database.writing() as session:
            session.connection().execute(_WRITE, uses)
    except Exception as fault:  # noqa: BLE001 - nobody waits for this
        _log.info("the last use of %d tokens was not written: %s", len(uses), fault)


_WRITE = (
    update(Token)
    .where(
        Token.hash == bindparam("used"),
        or_(Token.last_used.is_(None), Token.last_used < bindparam("at")),
    )
    .values(last_used=bindparam("at"))
)
