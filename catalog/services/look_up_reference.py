"""Registering bytes elsewhere by their address: what sites say of them, as a description begun."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.domain.description import Statement, statements_of
from catalog.domain.errors import Busy, NotAcceptable, TooMany
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.references.addresses import (
    Address,
    File,
    Image,
    Kind,
    kind_of,
    read_address,
)
from catalog.domain.references.asking import Facts, Found
from catalog.domain.references.describing import PART, described, source_of, suggested_type
from catalog.domain.writing import serialized
from catalog.parts import Parts
from catalog.services.asking_sites import found_at
from catalog.services.validate import NOBODY

MOST_A_MINUTE: Final = 20
"""How many addresses one account may have looked up in a minute, by each process."""

_MOST_AT_ONCE: Final = 8
_KEPT_SECONDS: Final = 120.0
_MOST_KEPT: Final = 100
_NO_TYPE: Final = "training-data"
"""By whose fields a distribution is written where no type fits."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What came of a look-up.

    address      as it was given
    type         the item type that it was described as, "" for none
    document     the beginning of a description, in the names of `/context.jsonld`; where nothing
                 could be read, with no more than the address itself
    statements   the same as statements about the item NOBODY
    """

    address: str
    kind: Kind
    found: Found
    type: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()

    @property
    def facts(self) -> Facts | None:
        """What was read; None unless something is there."""
        return self.found.facts

    @property
    def distribution(self) -> str:
        """The distribution as Turtle whose base is the item; "" for none."""
        item = item_iri(NOBODY)
        own = [one for one in self.statements if f"<{item}#{PART}" in f"{one[0]} {one[2]}"]
        if not own:
            return ""
        return serialized(own, "text/turtle", item).decode().replace(f"<{item}", "<")


def look_up(parts: Parts, actor: Actor, address: str, *, item_type: str = "") -> LookedUp:
    """Return what is at an address, and the beginning of a description of it.

    item_type  to describe it as; "" for the one that fits best

    Raises Unauthenticated without an account, NotAcceptable for what is no address, TooMany where
    the account has asked for too many, and Busy where too many ask at once. A site that does not
    answer, or has nothing there, is no error: the answer says so.
    """
    account = require_account(actor, Action.CREATE)
    read = read_address(address)
    if item_type and item_type not in parts.library.item_types:
        raise NotAcceptable(f"There is no item type {item_type}.")
    found = _KEPT.get(address)
    if found is None:
        with _ALLOWANCE.of(account):
            found = found_at(parts.remote, read, whole=True)
        _KEPT.put(address, found)
    kind, facts = kind_of(read), found.facts or _facts_without_looking(address, read)
    can_tell = found.facts is not None or kind is not Kind.FILE
    meant = item_type or (suggested_type(read, facts, parts.library) if can_tell else "")
    as_type = meant or _NO_TYPE
    judgement = parts.judge.judge(
        source_of(facts, as_type, parts.library),
        "application/json",
        item=item_iri(NOBODY),
        bases=parts.bases,
        level="draft",
    )
    document = described(facts, as_type, parts.library) if meant else {}
    statements = tuple(statements_of(judgement.ntriples))
    return LookedUp(address, kind, found, meant, document, statements)


def _facts_without_looking(address: str, read: Address) -> Facts:
    """Return what an address says by itself, for who goes on by hand."""
    if isinstance(read, Image):
        return Facts(read.name, image=read.name, digest=read.digest)
    if isinstance(read, File):
        return Facts(read.url, download=read.url)
    return Facts(address, page=address)


class _Allowance:
    """How often each account has asked in the last minute, and how many ask now."""

    def __init__(self) -> None:
        self._asked: dict[int, deque[float]] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    @contextmanager
    def of(self, account: int) -> Iterator[None]:
        """Count one more for an account, and hold a place meanwhile."""
        self._count(account, time.monotonic())
        if not self._places.acquire(timeout=1.0):
            raise Busy("Many addresses are being looked up right now; try again in a moment.")
        try:
            yield
        finally:
            self._places.release()

    def _count(self, account: int, now: float) -> None:
        with self._lock:
            asked = self._asked.setdefault(account, deque())
            while asked and asked[0] < now - 60.0:
                asked.popleft()
            if len(asked) >= MOST_A_MINUTE:
                wait = int(asked[0] + 60.0 - now) + 1
                raise TooMany(
                    f"At most {MOST_A_MINUTE} addresses are looked up in a minute; "
                    f"try again in {wait} seconds.",
                    retry_after=wait,
                )
            asked.append(now)


class _Kept:
    """What was found a moment ago, so that a form need not ask for what its page has shown."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[float, Found]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, address: str) -> Found | None:
        with self._lock:
            at, found = self._found.get(address, (0.0, None))
            return found if found and time.monotonic() - at < _KEPT_SECONDS else None

    def put(self, address: str, found: Found) -> None:
        if found.facts is None:
            return
        with self._lock:
            self._found[address] = (time.monotonic(), found)
            while len(self._found) > _MOST_KEPT:
                self._found.popitem(last=False)


_ALLOWANCE: Final = _Allowance()
_KEPT: Final = _Kept()
