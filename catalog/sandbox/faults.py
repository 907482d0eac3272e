"""Faults that the registrar is told to have: which requests they meet, and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Any, Final

Object = dict[str, Any]

STATUSES: Final = {
    "401": "Bad credentials.",
    "422": "Is invalid",
    "429": "Too many requests. Please try again later.",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
    "503": "Service Temporarily Unavailable",
}
"""Faults that answer a status, and do nothing else."""

LATENCY: Final = "latency"
SLOW_BODY: Final = "slow-body"
TRUNCATED: Final = "truncated-json"
DROP_BEFORE: Final = "drop-before-commit"
DROP_AFTER: Final = "drop-after-commit"
THEN_500: Final = "mint-then-500"
THEN_HANG: Final = "mint-then-hang"
KINDS: Final = (
    LATENCY,
    SLOW_BODY,
    TRUNCATED,
    DROP_BEFORE,
    DROP_AFTER,
    THEN_500,
    THEN_HANG,
    *STATUSES,
)

_LONGEST_SECONDS: Final = 3_600.0


class NoFault(ValueError):
    """What was sent describes no fault; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and the requests that it meets.

    kind         one of KINDS
    times        how many requests it meets before it is spent; 0 for all
    probability  with which it meets a request that fits, drawn anew from `seed` for each
    method       of the requests that fit; "*" for any
    path         of these, with `*` for anything, such as "/dois/10.5072/*"
    seconds      of latency, of a slow body, or of hanging
    retry_after  seconds that an answer of 429 or 503 names; None for none
    """

    kind: str
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    method: str = "*"
    path: str = "*"
    seconds: float = 0.0
    retry_after: int | None = None

    @classmethod
    def of(cls, said: Any) -> "Fault":
        """Return the fault that an object describes; raises NoFault with the reason."""
        if not isinstance(said, Mapping):
            raise NoFault("A fault is an object with a kind.")
        if unknown := set(said) - set(cls.__dataclass_fields__):
            raise NoFault(f"A fault has no {', '.join(sorted(map(str, unknown)))}.")
        if str(said.get("kind")) not in KINDS:
            raise NoFault(f"The kind of a fault is one of {', '.join(KINDS)}.")
        try:
            fault = cls(**_typed(said))
        except (TypeError, ValueError, OverflowError):
            raise NoFault(
                "A member of the fault has not the kind of value that it needs."
            ) from None
        if not (0 <= fault.probability <= 1 and 0 <= fault.seconds <= _LONGEST_SECONDS):
            raise NoFault("probability is from 0 to 1, seconds from 0 to 3600.")
        return fault

    @classmethod
    def of_header(cls, said: str) -> "Fault":
        """Return the fault of a header such as `latency; seconds=2`; raises NoFault."""
        kind, *parts = (part.strip() for part in said.split(";"))
        members = dict(part.partition("=")[::2] for part in parts if part)
        return cls.of({"kind": kind} | members)

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a request is one that it is meant for."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


def _typed(said: Mapping[str, Any]) -> Object:
    kinds = {"times": int, "probability": float, "seed": int, "seconds": float, "retry_after": int}
    return {
        name: kinds[name](value) if name in kinds and value is not None else str(value)
        for name, value in said.items()
        if value is not None
    }


class Faults:
    """The faults that are in force, each with how often it may still happen."""

    def __init__(self) -> None:
        self._alone = Lock()
        self._set: list[_Armed] = []

    def replace(self, faults: Sequence[Fault]) -> None:
        """Put faults in force, in place of all before; with () there are none."""
        with self._alone:
            self._set = [_Armed(fault) for fault in faults]

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that a request meets, the first in order; None for none."""
        with self._alone:
            return next((one.fault for one in self._set if one.meets(method, path)), None)

    def as_json(self) -> list[Object]:
        """Return the faults in force, with how often each has happened."""
        with self._alone:
            return [asdict(one.fault) | {"happened": one.happened} for one in self._set]


class _Armed:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.happened = 0
        self._chance = Random(fault.seed)  # noqa: S311 - to be repeated, not to be secret

    def meets(self, method: str, path: str) -> bool:
        fault = self.fault
        if (fault.times and self.happened >= fault.times) or not fault.fits(method, path):
            return False
        if self._chance.random() >= fault.probability:
            return False
        self.happened += 1
        return True
