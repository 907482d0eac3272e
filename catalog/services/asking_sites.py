"""Asking sites elsewhere: one question after the other, in time, and no site too often."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from catalog.domain.errors import NotAcceptable, Unavailable
from catalog.domain.references.addresses import Address
from catalog.domain.references.asking import Found, Presence, Question, Reply
from catalog.domain.references.looking import look
from catalog.ports import Remote

ONE_SECONDS: Final = 10.0
"""How long one request may take, redirects and all."""

ALL_SECONDS: Final = 20.0
"""How long all requests about one address may take together."""

_SILENCE: Final = 599
"""The status that stands for no answer within a look; no server gives it."""

_MOST_HOSTS: Final = 1_000


class Pace:
    """Sees to it that each host is asked one thing at a time, with a pause between."""

    def __init__(self, gap_seconds: float) -> None:
        self._gap = gap_seconds
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, host: str) -> None:
        """Wait until a host may be asked again."""
        with self._lock:
            at = max(time.monotonic(), self._next.get(host, 0.0))
            if len(self._next) >= _MOST_HOSTS:
                self._next.clear()
            self._next[host] = at + self._gap
        time.sleep(max(0.0, at - time.monotonic()))


def at_once(_host: str) -> None:
    """Wait for nothing: a person does."""


def found_at(
    remote: Remote | None,
    address: Address,
    *,
    whole: bool,
    pause: Callable[[str], None] = at_once,
    seconds: float = ALL_SECONDS,
) -> Found:
    """Return what sites say of an address; that one does not answer is an answer as well.

    whole  whether words for a description are wanted too, or only what identifies the bytes
    pause  waits until a host may be asked
    """
    if remote is None:
        return Found(Presence.NOT_ASKED, detail="This catalog asks no other site.")
    deadline = time.monotonic() + seconds
    looking = look(address, whole=whole)
    silence = ""
    try:
        question = next(looking)
        while True:
            pause(urlsplit(question.url).netloc)
            try:
                reply = _asked(remote, question, deadline)
            except NotAcceptable as fault:
                return Found(Presence.NOT_ASKED, detail=fault.detail)
            except Unavailable as fault:
                silence = fault.detail
                reply = Reply(_SILENCE, question.url, {})
            question = looking.send(reply)
    except StopIteration as done:
        found: Found = done.value
    if silence and found.presence is Presence.UNREACHABLE:
        return replace(found, detail=silence)
    return found


def _asked(remote: Remote, question: Question, deadline: float) -> Reply:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Unavailable(f"{urlsplit(question.url).hostname} does not answer in time.")
    return remote.ask(question, seconds=min(ONE_SECONDS, left))
