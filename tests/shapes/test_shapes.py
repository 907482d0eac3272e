"""The shapes themselves: each bites, says what it should, and means the same to every engine."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files as package_files
from pathlib import Path

import pytest

import shapes
from catalog.domain.engine import Result, compiled
from catalog.domain.fields import SH
from catalog.domain.identifiers import RECORD, SAGE, SHAPES, item_iri
from catalog.domain.validation import judge
from catalog.library import library

HERE = Path(__file__).parent
ITEM = f"<{item_iri('0000000000')}>"
PART = f"{ITEM[:-1]}#part>"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
PATH, TARGET, PROPERTY = (f"<{SH}{name}>" for name in ("path", "targetClass", "property"))
COMMON = f"<{SHAPES}common>"

KNOWN = library().shapes
PROPERTY_SHAPES = {node for node, row in KNOWN.rows.items() if PATH in row and node[0] == "<"}
TARGETED = sorted(node for node, row in KNOWN.rows.items() if TARGET in row and node != COMMON)

WRONG: tuple[tuple[str, ...], ...] = (
    (),
    (f'"5"^^<{XSD}float>',),
    ('"x"@en',),
    ('"x"@en', '"y"@en'),
    ('"x"', '"y"'),
    ('"a b c"',),
    ('""', '""@en'),
    ("<http://example.org/x>", "<http://example.org/y>"),
    ("<mailto:x>", "<https://orcid.org/x>", "<https://ror.org/x>"),
    (f"<{SAGE}notStated>",),
    (f'"-1"^^<{XSD}integer>', f'"-1"^^<{XSD}nonNegativeInteger>', f'"-1.5"^^<{XSD}decimal>'),
    (f'"0"^^<{XSD}nonNegativeInteger>', f'"1"^^<{XSD}nonNegativeInteger>'),
    (f'"true"^^<{XSD}boolean>', f'"false"^^<{XSD}boolean>'),
)
"""Values, one set after another given to every property of a thing: something is always wrong."""

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def short(node: str) -> str:
    return node[1:-1].removeprefix(SHAPES)


def subject_of(shape: str) -> tuple[str, str, str]:
    """Return a thing that a node shape is about, its class, and the item type to judge it by."""
    (kind, *_) = KNOWN.rows[shape][TARGET]
    item_type = KNOWN.deciding.get(kind)
    return (ITEM if item_type else PART), kind, item_type or "model"


def properties_of(shape: str) -> list[str]:
    """Return every property that a node shape, and the common one for an item, speaks of."""
    nodes = [shape] if subject_of(shape)[0] == PART else [shape, COMMON]
    inside = (
        path
        for node in nodes
        for one in KNOWN.rows[node].get(PROPERTY, ())
        for path in KNOWN.rows.get(one, {}).get(PATH, ())
    )
    return sorted({found for path in inside for found in properties_in(path)} - {TYPE})


def properties_in(path: str) -> Iterator[str]:
    return iter([path] if path[0] == "<" else re.findall(r"<[^>]+>", KNOWN.sparql_path(path)))


def with_values(shape: str, values: tuple[str, ...]) -> str:
    subject, kind, _ = subject_of(shape)
    lines = [f"{subject} {TYPE} {kind} .\n"]
    lines += [f"{subject} {name} {value} .\n" for name in properties_of(shape) for value in values]
    return "".join(lines)


def results_of(shape: str, statements: str) -> list[Result]:
    _, kind, item_type = subject_of(shape)
    return library().engine(item_type, [kind], KNOWN.targeted)(statements)


def test_every_shape_trips_on_something() -> None:
    tripped = {
        result.shape
        for shape in TARGETED
        for values in WRONG
        for result in results_of(shape, with_values(shape, values))
    }
    for example in (HERE / "invalid").glob("*.ttl"):
        report = judge(
            example.read_bytes(),
            "text/turtle",
            item=ITEM[1:-1],
            bases=(RECORD,),
            library=library(),
        ).report
        tripped |= {f"<{finding.shape}>" for finding in report.findings}
    demanding = {shape for shape in PROPERTY_SHAPES if demands(shape)}
    assert sorted(map(short, demanding - tripped)) == []


def demands(shape: str) -> bool:
    """Tell whether a property shape demands anything; a few only name what the catalog writes."""
    shown = {"path", "name", "description", "message", "group", "order", "severity"}
    said = {name[1:-1].removeprefix(SH) for name in KNOWN.rows[shape] if name.startswith(f"<{SH}")}
    return bool(said - shown)


@pytest.mark.parametrize("shape", TARGETED, ids=[short(shape) for shape in TARGETED])
def test_the_oracle_agrees_about_values_of_all_kinds(shape: str) -> None:
    """Values are drawn by a fixed seed, several a property, so counts and mixtures occur too."""
    draw = random.Random(shape)
    every = [value for values in WRONG for value in values]
    subject, kind, item_type = subject_of(shape)
    statements = f"{subject} {TYPE} {kind} .\n" + "".join(
        f"{subject} {name} {value} .\n"
        for name in properties_of(shape)
        for value in draw.sample(every, draw.choice((0, 1, 1, 2, 3)))
    )
    reference = compiled(
        KNOWN.compiled_from(KNOWN.applying(item_type, [kind], KNOWN.targeted)), "pyshacl"
    )
    assert told(results_of(shape, statements)) == told(reference(statements))


def told(results: list[Result]) -> Counter[tuple[str, ...]]:
    return Counter((r.focus_node, r.shape, r.component, r.severity) for r in results)


# ---- the files


@pytest.fixture(scope="module")
def everything() -> object:
    import rdflib

    graph = rdflib.Graph()
    for file in shapes.files():
        graph.parse(data=file.read_text(), format="turtle")
    return graph


def test_the_shapes_are_shapes_by_the_shapes_of_shacl(everything: object) -> None:
    import pyshacl
    import rdflib

    rules = package_files("pyshacl") / "assets" / "shacl-shacl.ttl"
    meta = rdflib.Graph().parse(data=rules.read_text(), format="turtle")
    conforms, _, text = pyshacl.validate(everything, shacl_graph=meta)
    assert conforms, text


def test_every_word_of_shacl_is_one(everything: object) -> None:
    import rdflib

    said = package_files("pyshacl") / "assets" / "shacl.ttl"
    defined = set(rdflib.Graph().parse(data=said.read_text(), format="turtle").subjects())
    used = {
        term
        for triple in everything  # type: ignore[attr-defined]
        for term in triple
        if isinstance(term, rdflib.URIRef) and term.startswith(SH)
    }
    assert used - defined == set()


@pytest.mark.parametrize("item_type", library().item_types)
def test_the_strictest_engine_takes_the_shapes(item_type: str) -> None:
    import pyshacl_turbo
    import rdflib

    text = KNOWN.compiled_from(KNOWN.every_root(item_type))
    graph = rdflib.Graph().parse(data=text, format="nt")
    empty = rdflib.Graph()
    conforms, _, _ = pyshacl_turbo.validate(empty, shacl_graph=graph)
    assert conforms


@pytest.mark.parametrize("shape", sorted(PROPERTY_SHAPES), ids=short)
def test_a_property_shape_says_what_reports_and_forms_show(shape: str) -> None:
    row = KNOWN.rows[shape]
    source = KNOWN.source(shape)
    assert source.level in {"draft", "publication"}
    assert source.name
    assert source.message
    assert source.help
    assert "Example:" in source.help
    assert f"<{SH}order>" in row
    assert f"<{SH}group>" in row


@pytest.mark.parametrize("item_type", library().item_types)
def test_every_type_has_examples_of_both_kinds(item_type: str) -> None:
    for folder in ("valid", "invalid"):
        assert list((HERE / folder).glob(f"{item_type}-*.ttl")), folder
