"""What another release of vocabularies and shapes means for a description that is kept.

Which terms go and what takes their place, what a description says once they are replaced, and how
a verdict by the other release compares with today's. What only the record knows about an item,
such as whether what it cites is published, does not change with vocabularies and is left out.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog.domain.description import Description, Statement, statements_of
from catalog.domain.report import LEVELS, RECORD_COMPONENT, Finding, Level, Report
from catalog.domain.schemes import SKOS, Concept, Vocabularies

_DEPRECATED = "<http://www.w3.org/2002/07/owl#deprecated>"
_EXACT_MATCH = f"<{SKOS}exactMatch>"

MOST_VIOLATIONS = 10
"""How many violations of one description are told; the others only count."""


@dataclass(frozen=True, slots=True)
class Case:
    """A stored description that is to be judged.

    item   the item's IRI in the record
    files  the names of the files that it keeps here, percent-encoded
    """

    item: str
    ntriples: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What judging a description came to, in brief.

    blocked     the levels of which a violation was found
    violations  the first of them
    problem     why it could not be judged; then nothing else is said
    """

    blocked: frozenset[Level] = frozenset()
    violations: tuple[Finding, ...] = ()
    problem: str | None = None

    @classmethod
    def of(cls, report: Report) -> "Verdict":
        """Return what a report comes to, without the findings of the record."""
        found = [
            finding
            for finding in report.findings
            if finding.severity == "violation" and finding.component != RECORD_COMPONENT
        ]
        return cls(frozenset(finding.level for finding in found), tuple(found[:MOST_VIOLATIONS]))

    def conforms_at(self, level: Level) -> bool:
        """Tell whether it was judged, and no violation of `level` or below was found."""
        counted = LEVELS[: LEVELS.index(level) + 1]
        return self.problem is None and self.blocked.isdisjoint(counted)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "blocked": sorted(self.blocked),
            "violations": [_brief(finding).to_dict() for finding in self.violations],
            "problem": self.problem,
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Verdict":
        """Return the verdict whose JSON form this is."""
        found = tuple(Finding.from_dict(one) for one in said["violations"])
        return cls(frozenset(said["blocked"]), found, said["problem"])


def _brief(finding: Finding) -> Finding:
    """Return a finding without what helps only at an editor."""
    return Finding(
        severity=finding.severity,
        level=finding.level,
        focus_node=finding.focus_node,
        message=finding.message,
        component=finding.component,
        path=finding.path,
        property=finding.property,
        value=finding.value,
    )


class Fate(StrEnum):
    """What becomes of a term in the other release."""

    REMOVED = "removed"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class Term:
    """A term that the other release no longer has, or advises against.

    replaced_by  IRIs of the valid terms that replacements lead to; more than one is a choice that
                 only a person can make
    """

    iri: str
    label: str
    scheme: str
    fate: Fate
    replaced_by: tuple[str, ...] = ()

    @property
    def replacement(self) -> str | None:
        """The one term that takes its place, if there is just one."""
        return self.replaced_by[0] if len(self.replaced_by) == 1 else None


def terms_that_go(today: Vocabularies, other: Vocabularies) -> dict[str, Term]:
    """Return the terms of today that `other` lacks, and all those it has as deprecated, by IRI."""
    kept = set(_concepts(other))
    gone = [iri for iri in _concepts(today) if iri not in kept]
    matched = _matched(other, kept, set(gone)) if gone else {}
    found: dict[str, Term] = {}
    for fate, known, iris in (
        (Fate.DEPRECATED, other, [iri for iri in kept if _is_deprecated(other, iri)]),
        (Fate.REMOVED, today, gone),
    ):
        for iri in sorted(iris):
            if (concept := known.concept(iri)) is not None:
                successors = _successors(concept, today, other, matched)
                scheme = known.scheme_of(iri) or ""
                found[iri] = Term(iri, concept.label, scheme, fate, successors)
    return found


def _concepts(vocabularies: Vocabularies) -> Iterator[str]:
    return (iri for scheme in vocabularies.schemes() for iri in scheme.concepts)


def _is_deprecated(vocabularies: Vocabularies, iri: str) -> bool:
    row = vocabularies.row(iri)
    if row is None or _DEPRECATED not in row:
        return False
    concept = vocabularies.concept(iri)
    return concept is not None and concept.deprecated


def _matched(
    vocabularies: Vocabularies, iris: Iterable[str], gone: Collection[str]
) -> dict[str, list[str]]:
    """Return which terms say that they mean exactly the same as one that is gone."""
    found: dict[str, list[str]] = {}
    for iri in sorted(iris):
        for match in (vocabularies.row(iri) or {}).get(_EXACT_MATCH, ()):
            if match[1:-1] in gone:
                found.setdefault(match[1:-1], []).append(iri)
    return found


def _successors(
    concept: Concept,
    today: Vocabularies,
    other: Vocabularies,
    matched: Mapping[str, Iterable[str]],
) -> tuple[str, ...]:
    """Return the valid terms of `other` to which replacements lead, however many steps away.

    A term that `other` lacks is followed by what was last said of it: that it is replaced, else
    that another means exactly the same. What means the same as a term that stays is no successor.
    """
    found: dict[str, None] = {}
    seen = {concept.iri}
    pending = [concept]
    while pending:
        one = pending.pop(0)
        following = one.replaced_by
        if not following and other.concept(one.iri) is None:
            following = (*one.mappings.get("exactMatch", ()), *matched.get(one.iri, ()))
        for iri in following:
            if iri in seen:
                continue
            seen.add(iri)
            kept = other.concept(iri)
            if kept is not None and not kept.deprecated:
                found[iri] = None
            elif (before := kept or today.concept(iri)) is not None:
                pending.append(before)
    return tuple(found)


def terms_seen_otherwise(today: Vocabularies, other: Vocabularies) -> frozenset[str]:
    """Return the IRIs about which judging is told something else by `other`, or by one alone.

    They are of concepts, schemes and whatever else the files describe. By the same shapes, the
    verdict on a description that cites none of them is the same.
    """
    described = {
        node
        for vocabularies in (today, other)
        for name in vocabularies.names
        for node in vocabularies.rows(name)
    }
    return frozenset(node[1:-1] for node in described if _seen(today, node) != _seen(other, node))


def _seen(vocabularies: Vocabularies, node: str) -> list[str]:
    return sorted(vocabularies.slice_about(node).splitlines())


@dataclass(frozen=True, slots=True)
class Migration:
    """A description whose terms were replaced: what it says then, and what differs."""

    ntriples: str
    removed: tuple[Statement, ...]
    added: tuple[Statement, ...]


def cited(ntriples: str, terms: Mapping[str, Term]) -> tuple[Term, ...]:
    """Return which of `terms` a description cites, in the order of their IRIs."""
    return tuple(terms[iri] for iri in sorted(iris_in(ntriples) & terms.keys()))


def iris_in(ntriples: str) -> set[str]:
    """Return the IRIs that are values of a stored description."""
    return set(_VALUES.findall(ntriples))


_VALUES = re.compile(r"^<[^>]*> <[^>]*> <([^>]*)> \.$", re.MULTILINE)


def migrated(item: str, ntriples: str, terms: Iterable[Term]) -> Migration | None:
    """Return the description with every term that has a replacement replaced; None without any.

    item  the item's IRI in the record
    """
    replaced = {f"<{term.iri}>": f"<{term.replacement}>" for term in terms if term.replacement}
    before = dict.fromkeys(statements_of(ntriples))
    removed = tuple(statement for statement in before if statement[2] in replaced)
    if not removed:
        return None
    after = dict.fromkeys((s, p, replaced.get(o, o)) for s, p, o in before)
    added = tuple(statement for statement in after if statement not in before)
    return Migration(Description.of(item, after).ntriples, removed, added)


class Outcome(StrEnum):
    """How a verdict by the other release compares with today's."""

    BREAKS = "breaks"
    IMPROVES = "improves"
    FAILS = "fails"
    """It fails today, and would go on failing."""
    CONFORMS = "conforms"
    UNJUDGED = "unjudged"
    """It could not be judged by the other release."""


def outcome_of(*, conforms: bool, verdict: Verdict, level: Level) -> Outcome:
    """Return how a verdict compares with whether the description conforms today."""
    if verdict.problem is not None:
        return Outcome.UNJUDGED
    if verdict.conforms_at(level):
        return Outcome.CONFORMS if conforms else Outcome.IMPROVES
    return Outcome.BREAKS if conforms else Outcome.FAILS
