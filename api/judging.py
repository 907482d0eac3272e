"""A validation report as pages show it: counted, told in a sentence, and set below its lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.domain.errors import CatalogError
from catalog.domain.report import Finding, Report


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of what was sent, with what was found there; `tone` repeats the gravest of it.

    fault  why reading stopped at this line, "" where it did not
    """

    number: int
    text: str
    findings: tuple[Finding, ...]
    tone: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report comes to: a heading, and what to do next."""

    heading: str
    sentence: str


def tally(report: Report | None) -> tuple[tuple[str, str, int], ...]:
    """Return how many findings of each severity there are: tone, name and number."""
    kinds = (
        ("bad", "error", "violation"),
        ("warn", "warning", "warning"),
        ("info", "piece of advice", "info"),
    )
    findings = report.findings if report else ()
    counted = (
        (tone, name, sum(one.severity == severity for one in findings))
        for tone, name, severity in kinds
    )
    return tuple(entry for entry in counted if entry[2])


def verdict(report: Report) -> Verdict:
    """Return in words whether a description could be kept, and published."""
    if not report.conforms_at("draft"):
        return Verdict(
            "This description cannot be kept yet",
            "Settle what blocks keeping; the rest can wait until publication.",
        )
    if not report.conforms_at("publication"):
        return Verdict(
            "It can be kept as a draft",
            "Publishing needs what is named below, or that it is said not to be stated.",
        )
    if any(finding.severity == "warning" for finding in report.findings):
        return Verdict("It can be published", "The warnings below are worth a look before.")
    return Verdict("It can be published", "Nothing stands against it.")


def source_lines(
    source: str, report: Report | None, error: CatalogError | None
) -> tuple[SourceLine, ...]:
    """Return what was sent, line by line, with findings below their lines.

    Nothing before anything was sent, and nothing where no finding and no fault has a line.
    """
    at: dict[int, list[Finding]] = {}
    for finding in report.findings if report else ():
        if finding.line is not None:
            at.setdefault(finding.line, []).append(finding)
    fault_line = error.evidence.get("line") if error else None
    if not at and fault_line is None:
        return ()
    return tuple(
        SourceLine(
            number,
            text,
            found := tuple(at.get(number, ())),
            "" if number == fault_line else _tone(found),
            error.detail if error and number == fault_line else "",
        )
        for number, text in enumerate(source.replace("\r\n", "\n").split("\n"), 1)
    )


def placeless(report: Report) -> tuple[Finding, ...]:
    """Return the findings that no line of the source is to blame for."""
    return tuple(finding for finding in report.findings if finding.line is None)


def _tone(findings: Sequence[Finding]) -> str:
    severities = {finding.severity for finding in findings}
    if not findings or "violation" in severities:
        return ""
    return "warn" if "warning" in severities else "info"
