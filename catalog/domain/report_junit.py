"""Reports as JUnit XML, which build servers show: a suite a file, a failure a blocking finding."""

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from catalog.domain.report import Finding
from catalog.domain.report_forms import Outcome, blocks

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(suites: Iterable[str]) -> Iterator[str]:
    """Yield the text of a document with `suites`, piece by piece."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sage-catalog validate">\n'
    yield from suites
    yield "</testsuites>\n"


def suite(outcome: Outcome) -> str:
    """Return the suite of one source: a case for each finding that blocks, else one that passes.

    What does not block stands in the output of the suite.
    """
    blocking = [one for one in outcome.findings if blocks(one, outcome.level)]
    cases = [_failed(outcome, finding) for finding in blocking]
    if outcome.fault is not None:
        cases = [_unread(outcome)]
    tests = len(cases) or 1
    cases = cases or [_case(outcome, f"conforms at {outcome.level} level")]
    counts = f'tests="{tests}" failures="{len(blocking)}" errors="{int(outcome.fault is not None)}"'
    others = [one for one in outcome.findings if not blocks(one, outcome.level)]
    return (
        f"<testsuite name={_attribute(outcome.title)} {counts}>\n"
        + "".join(cases)
        + _output(outcome, others)
        + "</testsuite>\n"
    )


def _failed(outcome: Outcome, finding: Finding) -> str:
    name = f"{finding.property}: {finding.component}" if finding.property else finding.component
    about = [f"{finding.focus_node} {finding.path or ''}".rstrip(), finding.help or ""]
    text = "\n".join([_line(outcome, finding), *filter(None, about)])
    kind = f"type={_attribute(finding.component)}"
    return _case(
        outcome,
        name,
        f"<failure message={_attribute(finding.message)} {kind}>{_text(text)}</failure>",
        finding.line,
    )


def _unread(outcome: Outcome) -> str:
    fault = outcome.fault
    assert fault is not None
    kind = f"type={_attribute(fault.slug)}"
    line = outcome.evidence.get("line")
    said = f"<error message={_attribute(fault.detail)} {kind}/>"
    return _case(outcome, "can be read", said, line if isinstance(line, int) else None)


def _case(outcome: Outcome, name: str, inside: str = "", line: int | None = None) -> str:
    place = f"file={_attribute(outcome.name)}" + (f' line="{line}"' if line else "")
    opening = f"<testcase classname={_attribute(outcome.title)} name={_attribute(name)} {place}"
    return f"{opening}>{inside}</testcase>\n" if inside else f"{opening}/>\n"


def _output(outcome: Outcome, findings: list[Finding]) -> str:
    if not findings:
        return ""
    lines = "\n".join(f"{one.severity}: {_line(outcome, one)}" for one in findings)
    return f"<system-out>{_text(lines)}</system-out>\n"


def _line(outcome: Outcome, finding: Finding) -> str:
    numbers = [number for number in (finding.line, finding.column) if number is not None]
    place = ":".join([outcome.name, *map(str, numbers)])
    at = f" {finding.pointer}" if finding.pointer else ""
    return f"{place}{at} {finding.message}"


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", text))
