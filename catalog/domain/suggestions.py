"""What would settle a finding: the term that was meant, the right literal, the missing line.

All of it is derived: which concepts a field takes, which datatype, which parts and an example say
the shapes; how a concept may be called say the vocabularies.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog.domain.fields import Shapes
from catalog.domain.reading import Reading
from catalog.domain.report import Finding, Suggestion
from catalog.domain.schemes import Vocabularies
from catalog.domain.suggesting.case import Case
from catalog.domain.suggesting.counts import missing, too_many
from catalog.domain.suggesting.knowledge import knowledge_of
from catalog.domain.suggesting.own_checks import OWN_CHECKS
from catalog.domain.suggesting.texts import text_of
from catalog.domain.suggesting.values import instead

MOST_HELPED = 50
"""How many findings of a report come with suggestions; the gravest stand first."""

_MISSING = frozenset(("MinCountConstraintComponent", "QualifiedMinCountConstraintComponent"))
_TOO_MANY = frozenset(("MaxCountConstraintComponent", "UniqueLangConstraintComponent"))


def with_suggestions(
    findings: Sequence[tuple[int, Finding]],
    reading: Reading,
    *,
    vocabularies: Vocabularies,
    shapes: Shapes,
    context: Callable[[], Mapping[str, Any]],
    item_type: str | None,
) -> tuple[Finding, ...]:
    """Return findings, the first fifty that anything can be said to with suggestions.

    findings   each with the number of the statement that it points at, places included
    context    gives the catalog's own JSON-LD context
    item_type  the item type by which the description was judged
    """
    if not findings:
        return ()
    known = knowledge_of(vocabularies, shapes)
    case = Case(known, reading, text_of(reading, context), item_type)
    room = MOST_HELPED
    helped = []
    for origin, finding in findings:
        suggestions = tuple(_settling(case, origin, finding)) if room else ()
        room -= bool(suggestions)
        helped.append(replace(finding, suggestions=suggestions) if suggestions else finding)
    return tuple(helped)


def _settling(case: Case, origin: int, finding: Finding) -> Iterator[Suggestion]:
    """Yield what would settle a finding, the best first."""
    own = OWN_CHECKS.get(finding.component)
    if own is not None:
        yield from own(case, origin, finding)
        return
    if finding.shape is None:
        return
    field = case.known.examples.field(finding.shape)
    if finding.component in _MISSING:
        yield from missing(case, finding, field)
    elif finding.component in _TOO_MANY:
        yield from too_many(case, finding)
    else:
        yield from instead(case, origin, finding, field)
