"""The outbox: which items the relay has to look at again, asked for in the caller's transaction."""

import time
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from catalog.parts import Parts
from catalog.tables import Work

GRAPH = "graph"
"""The topic of the projection that SPARQL reads."""

DOI = "doi"
"""The topic of what the registrar is told; nobody ever waits for it."""

_FIRST_LOOK_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.05


def ask(
    session: Session, topic: str, item_id: str, *, now: datetime, narrowing: bool = False
) -> None:
    """Ask the relay to look at an item again.

    narrowing  the projection may show more than it should until this is done; readers of the
               projection are refused meanwhile
    """
    line = session.get(Work, (topic, item_id), with_for_update=True)
    if line is None:
        session.add(Work(topic=topic, item_id=item_id, narrowing=narrowing, since=now))
        session.flush()  # the same transaction may ask again
        return
    line.asked += 1
    line.narrowing = line.narrowing or narrowing
    line.not_before = None


def forget(session: Session, item_id: str) -> None:
    """Drop what was asked for an item that the projections never showed."""
    session.execute(delete(Work).where(Work.item_id == item_id))


def is_indexed(session: Session, item_id: str) -> bool:
    """Tell whether the projection shows what it should of this item."""
    waits = exists().where(Work.topic == GRAPH, Work.item_id == item_id)
    return not session.scalar(select(waits))


# Built once: every query asks it.
_NARROWING = select(exists().where(Work.topic == GRAPH, Work.narrowing.is_(True)))


def narrowing_pending(parts: Parts) -> bool:
    """Tell whether some projection may still show what it no longer should."""
    with parts.database.reading() as session:
        return bool(session.scalar(_NARROWING))


def wait_until_indexed(parts: Parts, item_id: str, seconds: float) -> bool:
    """Return True as soon as the projections show the item as it is, False after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = _FIRST_LOOK_SECONDS
    while True:
        with parts.database.reading() as session:
            if is_indexed(session, item_id):
                return True
        if time.monotonic() + pause > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
