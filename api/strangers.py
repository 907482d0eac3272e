"""How many tokens that nobody knows one address may try: asking about them is work for others."""

import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from threading import Lock
from typing import Final

from catalog.domain.errors import TooMany, Unauthenticated

_WINDOW_SECONDS: Final = 60.0
_MOST_ADDRESSES: Final = 10_000
_MOST_TOKENS: Final = 10_000


@dataclass(slots=True)
class _Tries:
    """When the unknown tokens of an address came, and how many are being asked about now."""

    refused: deque[float] = field(default_factory=deque)
    under_way: int = 0


class Strangers:
    """Counts, in this process, the tokens of each address that turned out to be worth nothing.

    A token that was valid a moment ago is no stranger: neither it nor its like are ever counted,
    also where somebody behind the same address tries others.

    most  how many unknown ones of an address are asked about in a minute
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._lock = Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    @contextmanager
    def asking(self, address: str, token: str, *, costs: bool) -> Iterator[None]:
        """Open a block that finds out whose a token is, and that raises where it is nobody's.

        costs  whether finding out is work for somebody else

        Raises TooMany where the address has tried too many: instead of opening a block that costs
        something, and in place of the refusal of one that does not.
        """
        key = hmac.digest(self._secret, token.encode("utf-8", "surrogatepass"), "sha256")
        with self._lock:
            tries = self._tries_of(address)
            is_counted = costs and key not in self._known
            if is_counted:
                self._check(tries)
                tries.under_way += 1
        try:
            yield
        except Unauthenticated:
            with self._lock:
                self._refused(tries, key, costs=costs)
            raise
        finally:
            if is_counted:
                with self._lock:
                    tries.under_way -= 1
        if costs:
            self._remember(key)

    def _refused(self, tries: _Tries, key: bytes, *, costs: bool) -> None:
        self._known.pop(key, None)
        if not costs:
            self._check(tries)
        tries.refused.append(self._clock())

    def _remember(self, key: bytes) -> None:
        with self._lock:
            self._known[key] = None
            self._known.move_to_end(key)
            while len(self._known) > _MOST_TOKENS:
                self._known.popitem(last=False)

    def _tries_of(self, address: str) -> _Tries:
        neighbours = _neighbours(address)
        tries = self._tries.setdefault(neighbours, _Tries())
        self._tries.move_to_end(neighbours)
        while len(self._tries) > _MOST_ADDRESSES:
            self._tries.popitem(last=False)
        return tries

    def _check(self, tries: _Tries) -> None:
        began = self._clock() - _WINDOW_SECONDS
        while tries.refused and tries.refused[0] <= began:
            tries.refused.popleft()
        if len(tries.refused) + tries.under_way < self._most:
            return
        waits = tries.refused[0] - began if len(tries.refused) >= self._most else 1.0
        raise TooMany(
            f"More than {self._most} tokens that nobody knows came from your address within a "
            "minute. Wait, and check the token that you send.",
            retry_after=max(1, ceil(waits)),
        )


def _neighbours(address: str) -> str:
    """Return what counts as one address: of IPv6 the network that one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)
