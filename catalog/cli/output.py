"""What a command prints: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    MovedOn,
    NotAcceptable,
    NotFound,
    PreconditionMissing,
    Unauthenticated,
    Unavailable,
    WrongState,
)

GOOD, BLOCKED, WRONG_USE, NOT_REACHABLE, NOT_ALLOWED, CONFLICT = range(6)

_CODES: tuple[tuple[type[CatalogError], int], ...] = (
    (Unauthenticated, NOT_ALLOWED),
    (Forbidden, NOT_ALLOWED),
    (NotFound, NOT_ALLOWED),
    (Unavailable, NOT_REACHABLE),
    (WrongState, CONFLICT),
    (MovedOn, CONFLICT),
    (PreconditionMissing, CONFLICT),
    (NotAcceptable, BLOCKED),
)


class WrongUse(Exception):
    """The command was called in a way that cannot work; the sentence says why."""


class NotReachable(Exception):
    """A server, or a data folder, is not where the command looked for it."""


class Output:
    """Where a command says what it found.

    as_json  whether the result is one JSON document
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, said: Any, text: str) -> None:
        """Print the result: `said` as JSON, or `text`."""
        if self.as_json:
            text = json.dumps(said, ensure_ascii=False, indent=2)
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Print something beside the result."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def fail(self, fault: Exception) -> int:
        """Say what went wrong in a sentence, and return the exit code for it."""
        from catalog.settings import BadSetting

        if isinstance(fault, CatalogError):
            return self._fail_as(fault.detail, _code_of(fault), dict(fault.evidence))
        if isinstance(fault, WrongUse | BadSetting):
            return self._fail_as(str(fault), WRONG_USE)
        if isinstance(fault, NotReachable):
            return self._fail_as(str(fault), NOT_REACHABLE)
        if isinstance(fault, OSError):
            name = f"{fault.filename}: " if fault.filename else ""
            return self._fail_as(f"{name}{fault.strerror or fault}.", WRONG_USE)
        return self._fail_as(f"Unexpected {type(fault).__name__}: {fault}", BLOCKED)

    def _fail_as(self, sentence: str, code: int, evidence: dict[str, Any] | None = None) -> int:
        if self.as_json:
            said = {"error": sentence, "exit_code": code, **(evidence or {})}
            sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2, default=str) + "\n")
        self.say(f"sage-catalog: {sentence}")
        return code

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator["Progress"]:
        """Show a bar on a terminal while something longer goes on; nothing elsewhere."""
        if not sys.stderr.isatty():
            yield Progress()
            return
        from rich.console import Console
        from rich.progress import Progress as Bars

        with Bars(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(what, total=total)
            yield Progress(lambda done: bars.update(task, completed=done))


class Progress:
    """How far something is; `to` is told the count done so far."""

    def __init__(self, show: Any = None) -> None:
        self._show = show

    def to(self, done: int) -> None:
        """Move the bar."""
        if self._show is not None:
            self._show(done)


def _code_of(fault: CatalogError) -> int:
    for kind, code in _CODES:
        if isinstance(fault, kind):
            return code
    return BLOCKED
