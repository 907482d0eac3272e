"""How the changes that a report proposes are made in the very text that it is about."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.domain.report import Finding, Report

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PATCH = re.compile(r"(\d{1,9}):(\d{1,9})-(\d{1,9}):(\d{1,9}) (.*)", re.DOTALL)
_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to stand in place of a piece of a text.

    line, column          where the piece begins, counted from 1, columns in characters
    end_line, end_column  where it ends: the place of the first character that stays; the same
                          as the beginning where something is only put in
    text                  what is to stand there
    """

    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    @classmethod
    def of(cls, patch: str) -> "Change":
        """Return the change that a patch says, as `Suggestion.patch` has it.

        Raises ValueError if it says none.

        >>> Change.of("61:18-61:27 fw:pytorch")
        Change(line=61, column=18, end_line=61, end_column=27, text='fw:pytorch')
        """
        found = _PATCH.fullmatch(patch)
        if found is None:
            raise ValueError("This is no patch; one looks like 61:18-61:27 and the new text.")
        line, column, end_line, end_column = map(int, found.groups()[:4])
        return cls(line, column, end_line, end_column, found[5])

    @property
    def patch(self) -> str:
        """The change as a patch."""
        return f"{self.line}:{self.column}-{self.end_line}:{self.end_column} {self.text}"


def change_of(finding: Finding) -> Change | None:
    """Return the change that settles a finding, if there is one that is safe."""
    patches = (one.patch for one in finding.suggestions)
    return next((Change.of(patch) for patch in patches if patch is not None), None)


def fixed(source: bytes, report: Report) -> tuple[bytes, tuple[Finding, ...]]:
    """Return a text with every safe change of its report made, and the findings that led to them.

    source  the bytes that the report is about
    report  at most fifty of its findings come with suggestions (see `suggestions`); where there
            are more, judge what you get and fix it again, until nothing is changed

    All that no change is about stays byte for byte. Of two changes to the same piece the one of
    the graver finding is made. A text that is already fixed comes back as it is.

    Raises ValueError if a change lies outside of the text: then the report is about another.
    """
    mark = _BYTE_ORDER_MARK if source.startswith(_BYTE_ORDER_MARK) else b""
    try:
        text = source[len(mark) :].decode()
    except UnicodeDecodeError:
        raise ValueError("This is no UTF-8 text, so no report can be about it.") from None
    pieces = _Pieces(text)
    settled = []
    for finding in report.findings:
        change = change_of(finding)
        if change is not None and pieces.take(change):
            settled.append(finding)
    return mark + pieces.changed().encode(), tuple(settled)


class _Pieces:
    """A text, and the pieces of it that are to be replaced, none of which touch."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._taken: dict[tuple[int, int], str] = {}

    def take(self, change: Change) -> bool:
        """Note a change; return False if another one is in its way."""
        span = (
            self._offset(change.line, change.column),
            self._offset(change.end_line, change.end_column),
        )
        if span in self._taken:
            return self._taken[span] == change.text
        if span[0] > span[1]:
            raise ValueError("This change ends before it begins.")
        if any(start <= span[1] and span[0] <= end for start, end in self._taken):
            return False
        self._taken[span] = change.text
        return True

    def _offset(self, line: int, column: int) -> int:
        if not 1 <= line <= len(self._starts):
            raise ValueError(f"This text has no line {line}; the report is about another.")
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self._text)
        if not 1 <= column <= end - start + 1:
            raise ValueError(
                f"Line {line} of this text has no column {column}; the report is about another."
            )
        return start + column - 1

    def changed(self) -> str:
        text = self._text
        for (start, end), new in sorted(self._taken.items(), reverse=True):
            text = text[:start] + new + text[end:]
        return text


def difference(before: bytes, after: bytes, name: str) -> str:
    """Return what was changed in a text as a unified diff; "" if nothing was.

    name  what the text is called in the first two lines
    """
    # Loaded only now: every command that reads a report reads this module too.
    from difflib import unified_diff

    lines = unified_diff(_lines(before), _lines(after), name, name, lineterm="\n")
    return "".join(_ended(lines))


def _lines(text: bytes) -> list[str]:
    """Return the lines, each with its line feed; a carriage return stays in its line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text.decode(errors="replace"))


def _ended(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"
