"""Asking again where that may help: after a while, which grows, and not all at the same moment."""

import random
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from catalog.connection import NoAnswer
from catalog.transfers.reading import Stopped

Result = TypeVar("Result")

TRIES = 8
"""How often something is tried: with the pauses between them for a good minute."""

_FIRST_SECONDS = 0.5
_MOST_SECONDS = 30.0
_LONGEST_ASKED_SECONDS = 600.0


def retried(act: Callable[[], Result], *, tries: int, stop: Event) -> Result:
    """Return what `act` returns, called up to so many times while it raises NoAnswer."""
    tried = 0
    while True:
        try:
            return act()
        except NoAnswer as fault:
            tried += 1
            if tried >= tries:
                raise
            pause(fault, tried, stop)


def pause(fault: NoAnswer, tried: int, stop: Event) -> None:
    """Wait before another try: as long as the server asks for, else twice as long each time.

    The length is drawn, so that clients that broke off together do not come back together.

    tried  how many tries have failed so far, from 1
    """
    if fault.wait is not None:
        least = min(fault.wait, _LONGEST_ASKED_SECONDS)
        most = least + _FIRST_SECONDS
    else:
        most = min(_MOST_SECONDS, _FIRST_SECONDS * 2.0 ** min(tried - 1, 16))
        least = most / 2
    seconds = random.uniform(least, most)  # noqa: S311 - it spreads clients, and is no secret
    if stop.wait(seconds):
        raise Stopped
