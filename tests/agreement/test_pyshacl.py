"""Other SHACL engines judge as the catalog does: the same verdict, the same results.

Compared are the verdict at both levels, and how often there is a result with a focus node, path,
component and severity. pyshacl judges the samples and a few hundred generated descriptions with
faults; pyshacl-turbo, which is quicker, 5,000 of these, and every example of `tests/shapes` (which
pyshacl judges there). With `AGREEMENT=all` in the environment pyshacl judges the 5,000 as well,
which takes some five minutes on two cores:

    AGREEMENT=all .venv/bin/python -m pytest tests/agreement/test_pyshacl.py -q -k generated
"""

import multiprocessing
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyshacl
import pytest
import rdflib

from catalog.domain import engine as engines
from catalog.domain.description import XSD
from catalog.domain.engine import compiled
from tests.agreement.generated import faulty, original, varied
from tests.agreement.oracles import KINDS, Name, compared, tally
from tests.agreement.published import INVALID, SAMPLES, VALID
from tests.agreement.tolerated import PYSHACL, Tolerated

GENERATED = 5_000
BY_PYSHACL = GENERATED if os.environ.get("AGREEMENT") == "all" else 300
_AT_ONCE = 50

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def tallied(oracle: Name, count: int) -> Counter[str]:
    """Count what becomes of the first `count` generated descriptions, in two processes."""
    context = multiprocessing.get_context("spawn")
    chunks = [range(first, min(first + _AT_ONCE, count)) for first in range(0, count, _AT_ONCE)]
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return sum(pool.map(tally, [oracle] * len(chunks), chunks), Counter())


@pytest.mark.parametrize(
    ("oracle", "count"), [("pyshacl_turbo", GENERATED), ("pyshacl", BY_PYSHACL)]
)
def test_generated_descriptions_with_faults_are_judged_alike(oracle: Name, count: int) -> None:
    counted = tallied(oracle, count)
    assert [said for said in counted if said not in KINDS] == []
    assert counted.total() == count
    assert counted["refused"] + counted["typeless"] < count / 20
    assert min(counted["publishable"], counted["keepable"], counted["unkeepable"]) > count / 50


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.stem for one in SAMPLES])
def test_a_sample_is_judged_alike(sample: Path) -> None:
    found = compared(original(sample), "pyshacl")
    assert found
    assert found.differences("pyshacl") == []
    assert found.ours.conforms == {"draft": True, "publication": True}


@pytest.mark.parametrize(
    "example", [*VALID, *INVALID], ids=[one.stem for one in (*VALID, *INVALID)]
)
def test_an_example_gets_the_same_verdict_at_both_levels(example: Path) -> None:
    found = compared(original(example), "pyshacl_turbo")
    assert found
    assert found.differences("pyshacl_turbo") == []


@pytest.mark.parametrize("case", PYSHACL, ids=[one.constraint for one in PYSHACL])
def test_what_is_tolerated_in_pyshacl_is_still_so(case: Tolerated) -> None:
    graph, data = _shapes(case.constraint), _data(case.text, case.datatype)
    ours = compiled(graph.serialize(format="nt"))(data)
    theirs, _, _ = pyshacl.validate(rdflib.Graph().parse(data=data, format="nt"), shacl_graph=graph)
    assert (not ours, theirs) == (case.is_value, not case.is_value), case.reason


def _shapes(constraint: str) -> rdflib.Graph:
    """Return a shape that holds the values of one property to a constraint."""
    shapes = f"""
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix xsd: <{XSD}> .
        <https://example.org/s> a sh:NodeShape ; sh:targetNode <https://example.org/a> ;
          sh:property <https://example.org/p> .
        <https://example.org/p> sh:path <https://example.org/q> ; {constraint} ."""
    return rdflib.Graph().parse(data=shapes, format="turtle")


def _data(text: str, datatype: str) -> str:
    return f'<https://example.org/a> <https://example.org/q> "{text}"^^<{XSD}{datatype}> .\n'


@pytest.mark.parametrize(
    ("datatype", "text", "value"),
    [
        ("gYear", "soon", "2017"),
        ("gYear", "017", "-0044"),
        ("gYearMonth", "2017-13", "2017-12Z"),
        ("dayTimeDuration", "P1Y", "P1DT2H3.5S"),
        ("dayTimeDuration", "PT", "-PT1M"),
        ("hexBinary", "abc", "00fF"),
    ],
)
@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_texts_are_checked_that_the_engine_would_take_for_any_datatype(
    datatype: str, text: str, value: str, engine: engines.Name
) -> None:
    judge = compiled(_shapes(f"sh:datatype xsd:{datatype}").serialize(format="nt"), engine)
    (found,) = judge(_data(text, datatype))
    assert found.value == f'"{text}"^^<{XSD}{datatype}>'
    assert judge(_data(value, datatype)) == []


def test_a_text_that_speaks_of_such_a_literal_is_left_alone() -> None:
    judge = compiled(_shapes("sh:datatype xsd:gYear").serialize(format="nt"))
    said = f'write \\"soon\\"^^<{XSD}gYear> \\"'
    (found,) = judge(f'<https://example.org/a> <https://example.org/q> "{said}" .\n')
    assert found.value == f'"{said}"'


def test_pyshacl_sees_literals_as_they_are_written_at_every_call() -> None:
    judge = compiled(_shapes("sh:datatype xsd:date").serialize(format="nt"), "pyshacl")
    values = [judge(_data("007", "integer"))[0].value for _ in range(2)]
    assert values == [f'"007"^^<{XSD}integer>'] * 2


def test_a_generated_description_is_made_from_its_number_alone() -> None:
    assert faulty(17) == faulty(17)
    assert varied(17) == varied(17)
    assert faulty(17) != faulty(18)


def test_an_engine_that_overlooks_something_is_noticed() -> None:
    found = compared(faulty(3), "pyshacl_turbo")
    assert found
    assert found.theirs
    found.theirs.results.clear()
    assert found.differences("pyshacl_turbo")
