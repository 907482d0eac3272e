"""What to add where values are missing, and which to keep where there are too many."""

from collections.abc import Iterator, Sequence

from catalog.domain.description import is_literal, literal
from catalog.domain.fields import NOT_STATED, Field
from catalog.domain.report import Finding, Suggestion
from catalog.domain.suggesting.case import Case
from catalog.domain.suggesting.examples import ITEM, Example, may_be_not_stated, properties_in
from catalog.domain.suggesting.nearest import MOST


def missing(case: Case, finding: Finding, field: Field | None) -> Iterator[Suggestion]:
    """Yield what to add where a value is missing: an example, and that it is not stated."""
    node = case.node(finding)
    example = case.example(finding, field)
    if example is not None:
        lacking = _lacking(case, finding, _rooted(example, node))
        yield Suggestion(f"{case.text.to_add}, as an example", case.text.added(lacking))
    if field is not None and may_be_not_stated(field):
        predicate = f"<{properties_in(field.path)[0]}>"
        unknown = Example(((node, predicate, NOT_STATED),))
        yield Suggestion(f"{case.text.to_add}, if it is not known", case.text.added(unknown))


def _lacking(case: Case, finding: Finding, example: Example) -> Example:
    """Return an example that begins with what a thing does not say yet, by the right property.

    The example of a part may begin with the part itself; then the property that leads to it
    goes before.
    """
    node, predicate, _ = example.first
    properties = [f"<{one}>" for one in properties_in(finding.path or "")]
    if predicate in properties or len(example.statements) == 1:
        said = case.rows.get(node, ())
        kept = [one for one in example.statements if one[0] != node or one[1:] not in said]
        return Example(tuple(kept)) if kept else example
    part = f"{ITEM[:-1]}#part>"
    moved = example.about(part)
    return Example(((node, properties[0], part), *moved.statements))


def too_many(case: Case, finding: Finding) -> Iterator[Suggestion]:
    """Yield the values of which one is to be kept, in the order of the text."""
    node = case.node(finding)
    values = [
        value
        for predicate, value in case.rows.get(node, ())
        if predicate[1:-1] == finding.path and value != NOT_STATED
    ]
    if finding.component == "UniqueLangConstraintComponent":
        values = _of_a_repeated_language(values)
    for number, value in enumerate(values[:MOST]):
        label = "Keep this one" if number == 0 else "or this one"
        yield Suggestion(label, case.text.term(value))


def _rooted(example: Example, node: str) -> Example:
    """Return an example about a thing of the text, if it is one about the item or a part."""
    return example.about(node) if example.first[0].startswith(ITEM[:-1]) else example


def _of_a_repeated_language(values: Sequence[str]) -> list[str]:
    """Return the texts of the first language in which there are several."""
    by_language: dict[str, list[str]] = {}
    for value in values:
        if is_literal(value) and (tag := literal(value).language):
            by_language.setdefault(tag.casefold(), []).append(value)
    return next((many for many in by_language.values() if len(many) > 1), [])
