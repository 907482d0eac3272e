"""What came of judging a source, and the forms other than text that it can be written in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.domain.errors import CatalogError
from catalog.domain.report import LEVELS, Finding, Level, Report

SARIF = "application/sarif+json"
JUNIT = "application/vnd.junit+xml"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report on one source, or why there is none.

    name   what the source is called: a file as it was named, "-" for standard input
    level  the level that was asked for
    row    the number of the row, counted from 1, where the source is one of a table
    fixed  how many findings were settled by safe changes, None where none were asked for
    difference  those changes as a unified diff
    kept   whether those changes were made in the file, and the report is on what is there now
    """

    name: str
    level: Level
    report: Report | None = None
    fault: CatalogError | None = None
    row: int | None = None
    fixed: int | None = None
    difference: str = ""
    kept: bool = False

    @property
    def conforms(self) -> bool:
        """Whether it could be read and nothing of the level asked for blocks it."""
        return self.report is not None and self.report.conforms

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, none where it could not be read."""
        return self.report.findings if self.report is not None else ()

    @property
    def title(self) -> str:
        """The name, and the row where there is one."""
        return self.name if self.row is None else f"{self.name} row {self.row}"

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What is known about why it could not be read, as JSON knows it."""
        said: dict[str, Any] = json.loads(
            json.dumps(self.fault.evidence if self.fault else {}, default=str)
        )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: the report's, or `error` with what is known about it."""
        if self.report is not None:
            changes = {"fixed": self.fixed, "difference": self.difference}
            return self.report.to_dict() | (changes if self.fixed is not None else {})
        detail = self.fault.detail if self.fault is not None else ""
        return {**self.evidence, "conforms": False, "error": detail, "findings": []}


def blocks(finding: Finding, level: Level) -> bool:
    """Tell whether a finding keeps a description from conforming at `level`."""
    return finding.severity == "violation" and (LEVELS.index(finding.level) <= LEVELS.index(level))
