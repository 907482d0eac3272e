"""What the catalog does by itself from time to time, each chore in a thread of its own."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do again and again.

    every_seconds  the pause between two times
    do             does a bounded part of it, told the time; what is left waits for the next time.
                   Several catalogs may do it at once over one record, or be killed in the middle.
    """

    name: str
    every_seconds: float
    do: Callable[[datetime], object]


@contextmanager
def doing(chores: Sequence[Chore]) -> Iterator[None]:
    """Do the chores meanwhile. One that fails tells the log, and is tried again in its time."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=_repeat, args=(chore, stop), name=chore.name, daemon=True)
        for chore in chores
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(_PATIENCE_SECONDS)


def _repeat(chore: Chore, stop: threading.Event) -> None:
    while not stop.wait(chore.every_seconds):
        try:
            chore.do(datetime.now(UTC))
        except Exception as fault:  # noqa: BLE001 - the chore outlives whatever happens
            _log.error("%s failed", chore.name, exc_info=fault)
