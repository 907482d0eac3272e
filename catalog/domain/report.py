"""What validation found: findings, and what they mean for each of the two levels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

Severity = Literal["violation", "warning", "info"]
Level = Literal["draft", "publication"]

LEVELS: tuple[Level, ...] = ("draft", "publication")
SEVERITIES: tuple[Severity, ...] = ("violation", "warning", "info")

RECORD_COMPONENT = "record"
"""The component of findings that only the record can make: references, files that are not there."""

MOST_FINDINGS = 1000


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that would settle a finding.

    label  what it is called: the label of a concept, or what to do with the value
    value  as it is to be written in the text at hand: a term or a line of Turtle (of N-Triples),
           in JSON-LD a value or a member of JSON
    patch  the change of the very text that was read by which it is settled, only where it is
           safe, that is, where nothing else can have been meant. One string,
           `LINE:COLUMN-LINE:COLUMN TEXT`: lines and columns count from 1, columns in characters,
           lines by line feeds; the first place is where the piece to replace begins, the second
           the first character that stays. The new text is all that follows the first space, and
           where both places are the same it is only put in. See `fixing`, which reads and makes it
    """

    label: str
    value: str
    patch: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know about a description (contract section 5).

    focus_node    the thing it is about, as Turtle writes it beside the item: `<>`, `<#n1>`
    path          the property's full IRI, else a SPARQL path
    property      the name that the shape gives to the property
    value         the value it is about, as Turtle writes it beside the item
    component     the local name of the SHACL constraint component, such as
                  `MinCountConstraintComponent`, or a word for a check of the catalog's own
    line, column  where the statement stands in the text that was read, counted from 1
    pointer       the JSON Pointer of the statement, in JSON-LD
    """

    severity: Severity
    level: Level
    focus_node: str
    message: str
    component: str
    path: str | None = None
    property: str | None = None
    value: str | None = None
    help: str | None = None
    shape: str | None = None
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    suggestions: tuple[Suggestion, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: what is not known is left out, `suggestions` is always there."""
        names = (field.name for field in _MEMBERS)
        said = {name: value for name in names if (value := getattr(self, name)) is not None}
        said["suggestions"] = [
            {name: value for name in ("label", "value", "patch") if (value := getattr(one, name))}
            for one in self.suggestions
        ]
        return said

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Finding":
        """Return the finding whose JSON form this is."""
        known = {field.name: said[field.name] for field in _MEMBERS if field.name in said}
        known["suggestions"] = tuple(Suggestion(**one) for one in said.get("suggestions", ()))
        return cls(**known)


_MEMBERS = fields(Finding)


def _order(finding: Finding) -> tuple[object, ...]:
    """Return what findings are sorted by: the gravest first, then where and what they say."""
    return (
        SEVERITIES.index(finding.severity),
        LEVELS.index(finding.level),
        finding.focus_node,
        finding.path or "",
        finding.component,
        finding.value or "",
        finding.shape or "",
        finding.message,
    )


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of both levels about one description, the gravest first.

    level           the level that was asked for
    shapes_version  the digest of the shapes and vocabularies that judged
    """

    level: Level
    shapes_version: str
    findings: tuple[Finding, ...]

    @property
    def conforms(self) -> bool:
        """Whether there is no violation of the level asked for, or of the one below it."""
        return self.conforms_at(self.level)

    def conforms_at(self, level: Level) -> bool:
        """Tell whether there is no violation of `level` or of the one below it."""
        counted = LEVELS[: LEVELS.index(level) + 1]
        return not any(
            finding.severity == "violation" and finding.level in counted
            for finding in self.findings
        )

    def plus(self, findings: Iterable[Finding]) -> "Report":
        """Return this report with further findings, sorted in and each once."""
        return replace(self, findings=in_order((*self.findings, *findings)))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that `POST /validate` answers."""
        return {
            "conforms": self.conforms,
            "level": self.level,
            "shapes_version": self.shapes_version,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Report":
        """Return the report whose JSON form this is."""
        found = tuple(Finding.from_dict(one) for one in said["findings"])
        return cls(said["level"], said["shapes_version"], found)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted, the gravest first, and each once.

    Above a thousand the least grave are left out, and a last one says how many: a description of
    10,000 bad statements shall not be answered with tens of megabytes.
    """
    ordered = sorted(dict.fromkeys(findings), key=_order)
    if len(ordered) <= MOST_FINDINGS:
        return tuple(ordered)
    kept = ordered[: MOST_FINDINGS - 1]
    last = Finding(
        severity=ordered[len(kept)].severity,
        level=ordered[len(kept)].level,
        focus_node="<>",
        message=f"{len(ordered) - len(kept)} more findings are left out; correct these first.",
        component="left-out",
    )
    return (*kept, last)
