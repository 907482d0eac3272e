"""What a command prints: results on standard output, everything else on standard error."""

import errno
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from catalog.domain.errors import CatalogError

GOOD, BLOCKED, WRONG_USE, NOT_REACHABLE, NOT_ALLOWED, CONFLICT = range(6)
INTERRUPTED = 130

_CODES = {
    **dict.fromkeys((401, 403, 404), NOT_ALLOWED),
    **dict.fromkeys((409, 410, 412, 428), CONFLICT),
    **dict.fromkeys((405, 406, 411, 415, 416, 421), WRONG_USE),
    **dict.fromkeys((400, 413, 422), BLOCKED),
}
"""The exit code for each HTTP status; for all others the catalog is not reachable."""

_MARKS = {"violation": "✗", "warning": "!", "info": "·"}
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class WrongUse(Exception):
    """The command was called in a way that cannot work; the sentence says why."""


class NotReachable(Exception):
    """A server, or a data folder, is not where the command looked for it."""


class NotAllowed(Exception):
    """The machine does not let this user do what the command has to do."""


class Conflict(Exception):
    """Something else holds what the command needs for itself."""


_OURS = {
    WrongUse: WRONG_USE,
    NotReachable: NOT_REACHABLE,
    NotAllowed: NOT_ALLOWED,
    Conflict: CONFLICT,
}


class Output:
    """Where a command says what it found.

    as_json  whether the result is one JSON document
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, said: Any, text: str) -> None:
        """Print the result: `said` as JSON, or `text`."""
        if self.as_json:
            _write_json(said)
        elif text:
            _write(sys.stdout, text)

    def raw(self, content: bytes) -> None:
        """Print a document as it came."""
        sys.stdout.buffer.write(content if content.endswith(b"\n") else content + b"\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Print something beside the result."""
        _write(sys.stderr, text)

    def fail(self, fault: Exception) -> int:
        """Say what went wrong in a sentence, and return the exit code for it."""
        from catalog.settings import BadSetting

        if isinstance(fault, CatalogError):
            return self._refused(fault)
        if isinstance(fault, BadSetting):
            return self.fail_as(str(fault), WRONG_USE)
        for kind, code in _OURS.items():
            if isinstance(fault, kind):
                return self.fail_as(str(fault), code)
        if isinstance(fault, OSError):
            return self.fail_as(sentence_of(fault), _code_of_system(fault))
        if type(fault).__module__.startswith("sqlalchemy"):
            reason = getattr(fault, "orig", None) or fault
            return self.fail_as(f"The record cannot be used: {reason}.", NOT_REACHABLE)
        return self.fail_as(f"Unexpected {type(fault).__name__}: {fault}", BLOCKED)

    def fail_as(self, sentence: str, code: int, evidence: Mapping[str, Any] | None = None) -> int:
        """Say in a sentence, and as JSON with its evidence, why the command failed."""
        if self.as_json:
            _write_json({**(evidence or {}), "error": sentence, "exit_code": code})
        self.say(f"sage-catalog: {sentence}")
        return code

    def _refused(self, fault: CatalogError) -> int:
        code = self.fail_as(fault.detail, code_of(fault), fault.evidence)
        if not self.as_json:
            self.say_findings(fault.evidence)
        return code

    def say_findings(self, evidence: Mapping[str, Any]) -> None:
        """Print the faults and violations that the evidence of a refusal holds, a line each."""
        for fault in evidence.get("faults", ()):
            self.say(fault)
        items = evidence.get("items") or {"": {"report": evidence.get("report")}}
        for name, said in items.items():
            found = (said.get("report") or {}).get("findings", ())
            violations = [one for one in found if one["severity"] == "violation"]
            for line in finding_lines(violations, name):
                self.say(line)

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator["Progress"]:
        """Show a bar on a terminal while something longer goes on; nothing elsewhere."""
        if not sys.stderr.isatty():
            yield Progress()
            return
        from rich.console import Console
        from rich.progress import Progress as Bars

        with Bars(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(plain(what), total=total)
            yield Progress(
                lambda done, of: bars.update(task, completed=done, total=of or total),
                lambda said: bars.update(task, description=plain(said)),
            )


class Progress:
    """How far something is."""

    def __init__(self, show: Any = None, tell: Any = None) -> None:
        self._show = show
        self._tell = tell

    def to(self, done: int, of: int | None = None) -> None:
        """Move the bar to what is done so far."""
        if self._show is not None:
            self._show(done, of)

    def about(self, what: str) -> None:
        """Say what goes on now."""
        if self._tell is not None:
            self._tell(what)


def finding_lines(findings: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    """Yield a line for each finding of a report's JSON form, about the file or item `name`."""
    for one in findings:
        place = f":{one['line']}:{one['column']}" if "line" in one else ""
        where = f"{name}{place} " if name or place else ""
        about = f"{one['property']}: " if one.get("property") else ""
        yield f"  {_MARKS[one['severity']]} {where}{about}{one['message']}"


def code_of(fault: CatalogError) -> int:
    """Return the exit code for a refusal, by the status that it has on HTTP."""
    return _CODES.get(getattr(fault, "answered", fault.status), NOT_REACHABLE)


def sentence_of(fault: OSError) -> str:
    """Return what the system said, with the file that it is about."""
    name = f"{fault.filename}: " if fault.filename else ""
    return f"{name}{fault.strerror or fault}."


def plain(text: str) -> str:
    """Return a text without the control characters by which it could steer a terminal."""
    return text.translate(_CONTROLS)


def _code_of_system(fault: OSError) -> int:
    if isinstance(fault, PermissionError) or fault.errno == errno.EROFS:
        return NOT_ALLOWED
    return NOT_REACHABLE if fault.errno in {errno.ENOSPC, errno.EDQUOT} else WRONG_USE


def _write_json(said: Any) -> None:
    text = json.dumps(said, ensure_ascii=False, indent=2, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(said, indent=2, default=str)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    shown = plain(text).encode(encoding, "replace").decode(encoding)
    stream.write(shown if shown.endswith("\n") else shown + "\n")
    stream.flush()
