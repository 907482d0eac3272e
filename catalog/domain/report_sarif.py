"""Reports as SARIF 2.1.0 (OASIS), which code hosts and editors show at the lines of a file.

A rule is a shape, or a check of the catalog's own. Everything of a finding that SARIF has no place
for stands in the property bag of its result, so that the finding can be had back whole.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from catalog.domain.fields import Shapes
from catalog.domain.fixing import Change
from catalog.domain.identifiers import SHAPES
from catalog.domain.report import Finding, Suggestion
from catalog.domain.report_forms import Outcome, blocks

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_LEVELS = {"violation": "error", "warning": "warning", "info": "note"}


def log(
    results: Iterable[str], rules: Iterable[str], shapes: Shapes, version: str
) -> Iterator[str]:
    """Yield the text of a log piece by piece; `rules` is looked at when all results are written.

    results  JSON texts of `result`
    rules    the ids of the rules that these name
    version  the version of the catalog
    """
    yield f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [{{"results": ['
    between = "\n"
    for result in results:
        yield between + result
        between = ",\n"
    driver = {
        "name": "Sage Catalog",
        "version": version,
        "rules": [rule(name, shapes) for name in sorted(set(rules))],
    }
    rest = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}
    yield "],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "]}\n"


def results(outcome: Outcome) -> list[dict[str, Any]]:
    """Return a result for each finding; what could not be read has the one that says why."""
    if outcome.fault is not None:
        return [_unreadable(outcome)]
    return [_result(outcome, finding) for finding in outcome.findings]


def rule_id(finding: Finding) -> str:
    """Return the id of the rule that a finding is by: its shape, else the check."""
    return finding.shape.removeprefix(SHAPES) if finding.shape else finding.component


def rule(name: str, shapes: Shapes) -> dict[str, Any]:
    """Return what is known about a rule."""
    iri = SHAPES + name
    source = shapes.source(f"<{iri}>") if f"<{iri}>" in shapes.rows else None
    if source is None:
        return {"id": name}
    said: dict[str, Any] = {"id": name, "helpUri": iri}
    if source.name:
        said["name"] = source.name
    if source.message:
        said["shortDescription"] = {"text": source.message}
    if source.help:
        said |= {"fullDescription": {"text": source.help}, "help": {"text": source.help}}
    return said


def _result(outcome: Outcome, finding: Finding) -> dict[str, Any]:
    said = finding.to_dict()
    level = _LEVELS[finding.severity]
    if level == "error" and not blocks(finding, outcome.level):
        level = "warning"
    result: dict[str, Any] = {
        "ruleId": rule_id(finding),
        "level": level,
        "message": {"text": said.pop("message")},
        "locations": [_location(outcome, finding.line, finding.column, finding.pointer)],
    }
    fixes = [_fix(outcome, one) for one in finding.suggestions if one.patch is not None]
    if fixes:
        result["fixes"] = fixes
    return result | {"properties": said | _row(outcome)}


def _unreadable(outcome: Outcome) -> dict[str, Any]:
    fault, evidence = outcome.fault, outcome.evidence
    place = [evidence.get(name) for name in ("line", "column")]
    line, column = (one if isinstance(one, int) and one > 0 else None for one in place)
    return {
        "ruleId": fault.slug if fault else "unreadable",
        "level": "error",
        "message": {"text": fault.detail if fault else ""},
        "locations": [_location(outcome, line, column, None)],
        "properties": dict(evidence) | _row(outcome),
    }


def _row(outcome: Outcome) -> dict[str, int]:
    return {} if outcome.row is None else {"row": outcome.row}


def _location(
    outcome: Outcome, line: int | None, column: int | None, pointer: str | None
) -> dict[str, Any]:
    # Code hosts refuse a result without a line: what has no place is shown at the beginning.
    region = {"startLine": line or 1}
    if line and column:
        region["startColumn"] = column
    said: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": address(outcome.name)}, "region": region}
    }
    if pointer is not None:
        said["logicalLocations"] = [{"fullyQualifiedName": pointer, "kind": "value"}]
    return said


def address(name: str) -> str:
    """Return a file's name as a URI reference, relative where the name is."""
    path = PurePath(name)
    if path.is_absolute():
        return path.as_uri()
    steps = [quote(step, safe="-._~") for step in path.parts]
    # A first step with a colon would be taken for a scheme; `quote` has encoded it.
    return "/".join(steps)


def _fix(outcome: Outcome, suggestion: Suggestion) -> dict[str, Any]:
    change = Change.of(suggestion.patch or "")
    replacement = {
        "deletedRegion": {
            "startLine": change.line,
            "startColumn": change.column,
            "endLine": change.end_line,
            "endColumn": change.end_column,
        },
        "insertedContent": {"text": change.text},
    }
    file = {"artifactLocation": {"uri": address(outcome.name)}, "replacements": [replacement]}
    return {"description": {"text": suggestion.label}, "artifactChanges": [file]}


def finding_of(result: Mapping[str, Any]) -> Finding:
    """Return the finding that a result was made from."""
    said = {name: value for name, value in result["properties"].items() if name != "row"}
    return Finding.from_dict(said | {"message": result["message"]["text"]})
