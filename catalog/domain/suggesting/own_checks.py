"""What settles the findings of the catalog's own checks, by their components."""

from collections.abc import Callable, Iterator, Mapping

from catalog.domain.description import TYPE, literal, term_of_text
from catalog.domain.report import Finding, Suggestion
from catalog.domain.suggesting.case import Case
from catalog.domain.suggesting.examples import Example
from catalog.domain.suggesting.nearest import MOST, Meant


def _untagged(case: Case, origin: int, finding: Finding) -> Iterator[Suggestion]:
    statement = case.statement(origin, finding)
    if statement is not None:
        term = term_of_text(literal(statement[2]).text, "en")
        yield case.in_place(origin, finding, term, "in English", is_sure=True)


def _unknown_property(case: Case, origin: int, finding: Finding) -> Iterator[Suggestion]:
    statement = case.statement(origin, finding)
    if statement is None or case.item_type is None:
        return
    for meant in case.known.properties(case.item_type).meant(statement[1]):
        change = case.text.renamed(finding, origin, meant.term) if meant.is_sure else None
        yield Suggestion(meant.label, case.text.term(meant.term), change.patch if change else None)


def _superseded(case: Case, origin: int, finding: Finding) -> Iterator[Suggestion]:
    """Yield what stands for a concept that is deprecated, or that maps to a published one."""
    statement = case.statement(origin, finding)
    concept = case.known.nearest.concept(statement[2][1:-1]) if statement else None
    if concept is None:
        return
    instead = concept.replaced_by or concept.mappings.get("exactMatch", ())
    for iri in instead[:MOST]:
        found = case.known.nearest.concept(iri)
        if found is not None and not found.deprecated:
            meant = Meant(iri, found.label, len(instead) == 1)
            yield case.concept(origin, finding, meant)


def _item_type(case: Case, _origin: int, _finding: Finding) -> Iterator[Suggestion]:
    """Yield the classes that were meant, else those whose fields are used here most."""
    own = case.rows.get(f"<{case.reading.item}>", [])
    classes = [value for predicate, value in own if predicate == TYPE and value[0] == "<"]
    deciding = [kind for kind in classes if kind in case.known.classes.labels]
    if deciding:
        for kind in sorted(deciding):
            yield Suggestion(case.known.classes.labels[kind], case.text.term(kind))
        return
    close = [one.term for kind in classes for one in case.known.classes.meant(kind)]
    for kind in (close or _likely_classes(case, {predicate for predicate, _ in own}))[:MOST]:
        said = Example(((f"<{case.reading.item}>", TYPE, kind),))
        yield Suggestion(case.known.classes.labels[kind], case.text.added(said))


def _likely_classes(case: Case, used: set[str]) -> list[str]:
    """Return the deciding classes of whose own properties any are used, the most first."""
    counts = {kind: len(used & fields) for kind, fields in case.known.used_by.items()}
    return sorted((k for k in counts if counts[k]), key=lambda kind: (-counts[kind], kind))


def _unreachable(case: Case, _origin: int, finding: Finding) -> Iterator[Suggestion]:
    """Yield the properties of the item by which a part like this is reached."""
    node = case.node(finding)
    kinds = {value[1:-1] for predicate, value in case.rows.get(node, ()) if predicate == TYPE}
    if case.item_type is None:
        return
    leading = [
        field
        for field in case.fields
        if not kinds.isdisjoint(field.classes) and not field.path.startswith(("(", "<", "^"))
    ]
    for field in leading[:3]:
        said = Example(((f"<{case.reading.item}>", f"<{field.path}>", node),))
        if not case.is_nameless(node):
            yield Suggestion(f"{case.text.to_add}: {field.name}", case.text.added(said))


OWN_CHECKS: Mapping[str, Callable[[Case, int, Finding], Iterator[Suggestion]]] = {
    "untagged-text": _untagged,
    "unknown-property": _unknown_property,
    "deprecated-term": _superseded,
    "mapped-term": _superseded,
    "item-type": _item_type,
    "unreachable-part": _unreachable,
}
"""Component to what settles its findings; the number is that of the statement."""
