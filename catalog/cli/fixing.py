"""Safe changes of a report made in the file that it is about, or only shown."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from catalog.domain.errors import NotAcceptable
from catalog.domain.fixing import difference, fixed
from catalog.domain.report import Report
from catalog.domain.report_forms import Outcome

_MOST_ROUNDS = 20
"""A report has suggestions for some of its findings, so many of them take several reports."""


def settled(
    outcome: Outcome, content: bytes, judge: Callable[[bytes], Report], *, keep: bool
) -> Outcome:
    """Return the outcome after every safe change, with the difference that they make.

    content  what the outcome is about
    judge    judges a changed text of the same kind
    keep     whether the file is changed; otherwise the outcome stays that of the file as it is

    Raises OSError where the file cannot be written.
    """
    text, count, report = content, 0, outcome.report
    for _ in range(_MOST_ROUNDS):
        if report is None:
            break
        changed, findings = fixed(text, report)
        if changed == text:
            break
        text, count, report = changed, count + len(findings), judge(changed)
    shown = difference(content, text, outcome.name)
    if not keep:
        return replace(outcome, fixed=count, difference=shown)
    if text != content:
        _write(Path(outcome.name).resolve(), content, text)
    return replace(outcome, report=report, fixed=count, difference=shown, kept=True)


def _write(path: Path, before: bytes, after: bytes) -> None:
    """Put the new text in the place of the old one at once, unless that has changed meanwhile."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(after)
        Path(name).chmod(path.stat().st_mode & 0o7777)
        _check_unchanged(path, before)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _check_unchanged(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise NotAcceptable("This was changed by somebody else meanwhile; nothing was fixed.")
