"""What a report tells, and that it survives being written down."""

import pytest

from catalog.domain.report import MOST_FINDINGS, Finding, Level, Report, Severity, Suggestion


def finding(
    severity: Severity = "violation", level: Level = "draft", focus: str = "<>", **more: object
) -> Finding:
    return Finding(severity, level, focus, "Say so.", "MinCountConstraintComponent", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("severity", "level", "draft", "publication"),
    [
        ("violation", "draft", False, False),
        ("violation", "publication", True, False),
        ("warning", "draft", True, True),
        ("info", "publication", True, True),
    ],
)
def test_only_violations_of_a_level_or_below_block_it(
    severity: Severity, level: Level, draft: bool, publication: bool
) -> None:
    report = Report("draft", "abc", (finding(severity, level),))
    assert (report.conforms_at("draft"), report.conforms_at("publication")) == (draft, publication)
    assert report.conforms is draft


def test_what_is_not_known_is_left_out_of_the_json() -> None:
    assert finding(line=3).to_dict() == {
        "severity": "violation",
        "level": "draft",
        "focus_node": "<>",
        "message": "Say so.",
        "component": "MinCountConstraintComponent",
        "line": 3,
        "suggestions": [],
    }


def test_a_report_reads_back_from_its_json() -> None:
    suggestion = Suggestion("MIT", "<https://spdx.org/licenses/MIT>")
    report = Report("draft", "abc", (finding(path="http://e/p", suggestions=(suggestion,)),))
    assert Report.from_dict(report.to_dict()) == report
    assert report.to_dict()["findings"][0]["suggestions"] == [
        {"label": "MIT", "value": "<https://spdx.org/licenses/MIT>"}
    ]


def test_further_findings_are_sorted_in_and_stand_once() -> None:
    warning, first, second = finding("warning"), finding(focus="<#a>"), finding(focus="<#b>")
    report = Report("draft", "abc", (warning,)).plus((second, first, second))
    assert report.findings == (first, second, warning)


def test_of_very_many_findings_the_gravest_are_told_and_the_rest_counted() -> None:
    many = [finding("info", focus=f"<#i{n:05}>") for n in range(MOST_FINDINGS)]
    report = Report("draft", "abc", ()).plus([*many, finding()])
    assert len(report.findings) == MOST_FINDINGS
    assert report.findings[0].severity == "violation"
    assert report.findings[-1].message.startswith("2 more findings")
