"""What breaks a rule in a file of the vocabularies or shapes, and how it is told."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.domain.report import Severity

UNREADABLE = "unreadable"
"""The rule that a file breaks which is no Turtle; the only one that no shape can state."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in one file that breaks a rule.

    file          "vocab/sensor.ttl"
    line, column  where the statement at fault stands, counted from 1; of something that is
                  missing, where the term begins that should have it
    rule          the name of the rule, which is the end of its IRI
    focus         the IRI of what it is about, "" if that has none
    """

    file: str
    line: int | None
    column: int | None
    rule: str
    severity: Severity
    sentence: str
    focus: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.rule}: {self.sentence}"


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults by file, line and rule, each once."""
    return tuple(
        sorted(
            dict.fromkeys(faults),
            key=lambda one: (
                one.file,
                one.line or 0,
                one.rule,
                one.column or 0,
                one.focus,
                one.sentence,
            ),
        )
    )
