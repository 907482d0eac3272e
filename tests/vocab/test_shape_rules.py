"""The check of shapes: ours pass, and rubbish is named with its file and line."""

import pytest

import shapes
import vocab
from catalog.domain.engine import Name, compiled
from catalog.domain.identifiers import SHAPES
from catalog.domain.rules.faults import Fault
from catalog.domain.rules.shapes import check_shapes

OURS = {file.name.removesuffix(".ttl"): file.read_bytes() for file in shapes.files()}
SCHEMES = [file.name.removesuffix(".ttl") for file in vocab.files()]
PREFIXES = """
@prefix e: <https://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix x: <https://w3id.org/sage/shapes/> .
"""

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def told(turtle: str, name: str = "model") -> tuple[Fault, ...]:
    """Return what is wrong when `turtle` is added to one of our files."""
    return check_shapes({**OURS, name: OURS[name] + (PREFIXES + turtle).encode()}, SCHEMES, OURS)


def test_our_shapes_have_no_fault() -> None:
    assert check_shapes(OURS, SCHEMES, OURS) == ()


def test_what_is_no_turtle_is_told_with_its_line() -> None:
    (found,) = told("x:model sh:property [")
    assert (found.file, found.rule) == ("shapes/model.ttl", "unreadable")
    assert found.line == OURS["model"].count(b"\n") + 5


def test_a_byte_order_mark_is_told() -> None:
    (found,) = check_shapes({**OURS, "code": b"\xef\xbb\xbf" + OURS["code"]}, SCHEMES)
    assert (found.file, found.rule, found.line) == ("shapes/code.ttl", "unreadable", 1)


@pytest.mark.parametrize(
    "turtle",
    [
        'x:model sh:property e:p . e:p sh:path e:a ; sh:minCount "x" .',
        "x:model sh:property e:p . e:p sh:path e:a, e:b .",
        "x:model sh:property e:p . e:p sh:path e:a ; sh:nodeKind e:Kind .",
        'x:model sh:targetClass "model" .',
    ],
)
def test_what_is_no_shacl_is_told_with_its_line(turtle: str) -> None:
    found = told(turtle)
    assert {(one.file, one.rule) for one in found} == {("shapes/model.ttl", "shacl")}
    assert OURS["model"].count(b"\n") + 5 in {one.line for one in found}


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_every_engine_says_the_same_of_shapes_for_shapes(engine: Name) -> None:
    from catalog.domain.rules import shapes as shape_rules

    bad = PREFIXES + 'e:p a sh:PropertyShape ; sh:path e:a, e:b ; sh:minCount "x" .'
    file = "".join(shape_rules._read(bad.encode()))
    expected = {(one.focus_node, one.path) for one in shape_rules._shapes_for_shapes()(file)}
    assert expected
    text = (shape_rules.shapes_for_shapes()).read_bytes()
    found = compiled("".join(shape_rules._read(text)), engine)(file)
    assert {(one.focus_node, one.path) for one in found} == expected


@pytest.mark.parametrize(
    ("turtle", "words"),
    [
        ('x:model sh:property [ sh:path e:a ; sh:pattern "(" ] .', "sh:pattern"),
        ('x:model sh:sparql [ sh:select "SELECT $this { nonsense" ] .', "SPARQL"),
    ],
)
def test_shapes_that_no_engine_takes_are_told_with_their_type(turtle: str, words: str) -> None:
    (found,) = told(turtle)
    assert (found.file, found.rule, found.focus) == (
        "shapes/model.ttl",
        "working",
        f"{SHAPES}model",
    )
    assert words in found.sentence
    assert found.sentence.isprintable()


def test_a_vocabulary_that_does_not_exist_is_told_with_its_line() -> None:
    line = OURS["schemes"][: OURS["schemes"].index(b"sage:scheme vocab:metric")].count(b"\n") + 1
    found = check_shapes(OURS, [name for name in SCHEMES if name != "metric"])
    assert {(one.file, one.rule, one.line) for one in found} == {
        ("shapes/schemes.ttl", "unknown-scheme", line)
    }


def test_a_removed_item_type_is_told() -> None:
    (found,) = check_shapes({n: t for n, t in OURS.items() if n != "binary"}, SCHEMES, OURS)
    assert (found.file, found.rule, found.line) == ("shapes/binary.ttl", "removed-item-type", None)


def test_a_renamed_item_type_is_a_removed_one() -> None:
    renamed = OURS["binary"].replace(b"sh:targetClass", b"sh:targetSubjectsOf", 1)
    (found,) = check_shapes({**OURS, "binary": renamed}, SCHEMES, OURS)
    assert (found.file, found.rule, found.line) == ("shapes/binary.ttl", "removed-item-type", 1)


def test_no_files_at_all_are_a_removal_of_every_type() -> None:
    assert {one.rule for one in check_shapes({}, SCHEMES, OURS)} == {"removed-item-type"}
