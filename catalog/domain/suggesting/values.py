"""What may stand in place of a value."""

from collections.abc import Iterator, Sequence

from catalog.domain.description import RDF, TYPE, XSD, Statement, is_literal, literal
from catalog.domain.fields import Field
from catalog.domain.reading import NAMES
from catalog.domain.report import Finding, Suggestion
from catalog.domain.suggesting.addresses import addresses_of, matches
from catalog.domain.suggesting.case import Case
from catalog.domain.suggesting.closeness import distance
from catalog.domain.suggesting.examples import ITEM, Example, given_words
from catalog.domain.suggesting.literals import Right, right_literals
from catalog.domain.suggesting.nearest import MOST
from catalog.domain.suggesting.ontology import local_name
from catalog.domain.terms.spelling import squashed

_ON_EXAMPLE = "For example"


def instead(case: Case, origin: int, finding: Finding, field: Field | None) -> Iterator[Suggestion]:
    """Yield what may stand in place of a value, and no example where that is sure."""
    statement = case.statement(origin, finding)
    if statement is not None:
        offered = _offered(case, origin, finding, field, statement)
    elif (finding.value or "").startswith("<#"):
        part = f"<{case.reading.item}{(finding.value or '')[1:]}"
        offered = _on_example(case, finding, field, (case.node(finding), "", part))
    else:
        return
    found: dict[str, Suggestion] = {}
    for one in offered:
        found.setdefault(one.value, one)
    is_settled = any(one.patch for one in found.values())
    kept = [o for o in found.values() if not (is_settled and o.label == _ON_EXAMPLE)]
    yield from kept[:MOST]


def _offered(
    case: Case, origin: int, finding: Finding, field: Field | None, statement: Statement
) -> Iterator[Suggestion]:
    """Yield what may stand in place of a value."""
    value = statement[2]
    if field is not None:
        if field.schemes and not _is_of(case, value, field.schemes):
            for meant in case.known.nearest.meant(value, field.schemes):
                yield case.concept(origin, finding, meant)
        yield from _allowed(case, value, field)
        if is_literal(value):
            yield from _literals(case, origin, finding, field, value)
            yield from _addresses(case, origin, finding, field, value)
            yield from _parts(case, finding, field, value)
        elif value in case.rows:
            yield from _classes(case, field, value)
    yield from _on_example(case, finding, field, statement)


def _is_of(case: Case, value: str, schemes: Sequence[str]) -> bool:
    if is_literal(value):
        return False
    concept = case.known.nearest.concept(value[1:-1])
    return concept is not None and case.known.nearest.vocabularies.scheme_of(concept.iri) in schemes


def _allowed(case: Case, value: str, field: Field) -> Iterator[Suggestion]:
    """Yield the values of a closed list, those spelled most alike first."""
    is_typed = is_literal(value) and literal(value).datatype in field.datatypes
    if is_typed or value in field.allowed:
        return
    said = squashed(_ending(value))[:64]
    alike = {one: distance(said, squashed(_ending(one))[:64]) for one in field.allowed}
    for one in sorted(field.allowed, key=lambda one: alike[one])[:MOST]:
        label = case.known.shapes.label(one[1:-1]) or _ending(one)
        yield Suggestion(label, case.text.term(one))


def _literals(
    case: Case, origin: int, finding: Finding, field: Field, value: str
) -> Iterator[Suggestion]:
    said = literal(value)
    datatypes = field.datatypes or _any_literal(field)
    if said.datatype in datatypes and said.datatype == f"{RDF}langString":
        return
    for right in right_literals(said, datatypes):
        is_sure = right.is_sure and _fits(field, right)
        yield case.in_place(origin, finding, right.term, right.label, is_sure)


def _addresses(
    case: Case, origin: int, finding: Finding, field: Field, value: str
) -> Iterator[Suggestion]:
    """Yield addresses that the text of a literal is, or is the end of."""
    if field.schemes or not _takes_addresses(field):
        return
    text = literal(value).text.strip()
    example = case.known.examples.of(field)
    beginning = example.value[1:-1] if example else ""
    for address, is_sure in addresses_of(text, beginning, field.pattern):
        yield case.in_place(origin, finding, f"<{address}>", "as an address", is_sure)


def _parts(case: Case, finding: Finding, field: Field, value: str) -> Iterator[Suggestion]:
    """Yield the part that a literal in its place may name."""
    example = case.example(finding, field)
    named = example and given_words(example, value, NAMES)
    if named is not None:
        kinds = [said for predicate, said in named.rows[named.value] if predicate == TYPE]
        label = case.known.part_labels.get(kinds[0]) if kinds else None
        yield Suggestion(label or _ON_EXAMPLE, case.text.value(named))


def _classes(case: Case, field: Field, value: str) -> Iterator[Suggestion]:
    """Yield the classes of which a part must be to stand where it stands."""
    kinds = {said for predicate, said in case.rows[value] if predicate == TYPE}
    wanted = [f"<{kind}>" for kind in field.classes]
    if kinds.isdisjoint(wanted):
        for kind in wanted[:MOST]:
            yield Suggestion(case.text.to_add, case.text.added(Example(((value, TYPE, kind),))))


def _on_example(
    case: Case, finding: Finding, field: Field | None, statement: Statement
) -> Iterator[Suggestion]:
    """Yield what the shape gives as an example: a value, or what lacks beside or behind it."""
    example = case.example(finding, field)
    if example is None:
        return
    node, predicate, value = statement
    if example.first[1] != predicate or predicate == TYPE:
        lacking = node if example.first[0] == ITEM or is_literal(value) else value
        said = {one for one, _ in case.rows.get(lacking, ())}
        for one in example.statements:
            if one[0] == example.first[0] and one[1] not in said:
                alone = Example((one, *example.statements[1:])).about(lacking)
                yield Suggestion(f"{case.text.to_add}, as an example", case.text.added(alone))
    elif example.value in example.rows:
        yield Suggestion(_ON_EXAMPLE, case.text.value(example))
    elif example.value != value:
        yield Suggestion(_ON_EXAMPLE, case.text.term(example.value))


def _ending(term: str) -> str:
    return literal(term).text if is_literal(term) else local_name(term)


def _any_literal(field: Field) -> tuple[str, ...]:
    return (f"{XSD}string",) if field.node_kind == "Literal" else ()


def _fits(field: Field, right: Right) -> bool:
    """Tell whether a literal has the pattern that a field asks for."""
    return field.pattern is None or matches(field.pattern, literal(right.term).text)


def _takes_addresses(field: Field) -> bool:
    return field.node_kind == "IRI" or not (
        field.datatypes or field.allowed or field.schemes or field.parts
    )
