"""Every file of the vocabularies passes every rule, and the shapes that others wrote for SKOS."""

from functools import cache

import pyoxigraph as ox
import pytest

import shapes
import vocab
from catalog.domain.engine import Engine, Result, compiled
from catalog.domain.rules.faults import Fault
from catalog.domain.rules.vocabularies import check, check_against, rules
from tests.vocab.reading import RDF_TYPE, ROOT, SAGE, SHARED, SKOS, Vocabulary, iris, vocabularies

SKOHUB = SHARED / "standards/skohub"
FAULTY = ROOT / "tests/vocab/faulty"
SH = "http://www.w3.org/ns/shacl#"
IS_CONCEPT = f"<{RDF_TYPE}> <{SKOS}Concept>"
OF_ONE_STATE = [rule.name for rule in rules() if not rule.compares]


def files() -> dict[str, bytes]:
    return {file.name.removesuffix(".ttl"): file.read_bytes() for file in vocab.files()}


@cache
def faults() -> tuple[Fault, ...]:
    return check(files())


# ---- our own rules


def test_every_file_can_be_read() -> None:
    assert [str(fault) for fault in faults() if fault.rule == "unreadable"] == []


@pytest.mark.parametrize("rule", OF_ONE_STATE)
def test_no_file_breaks_a_rule(rule: str) -> None:
    """Warnings count here: whoever has a reason for one says it by the rule's severity."""
    assert [str(f) for f in faults() if f.rule == rule and f.severity != "info"] == []


def test_what_is_only_told_names_schemes_and_few_terms() -> None:
    told = [fault for fault in faults() if fault.severity == "info"]
    assert len(told) < 5 * len(files())


def test_nothing_went_between_a_state_and_itself() -> None:
    assert check_against(files(), files()) == ()


def test_every_property_of_ours_is_declared_beside_the_shapes() -> None:
    declared = {
        t.subject.value
        for file in shapes.files()
        if file.name.startswith("ns")
        for t in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
        if isinstance(t.subject, ox.NamedNode) and t.predicate.value.endswith("#label")
    }
    used = {p for s in vocabularies() for facts in s.facts.values() for p in facts}
    assert {p for p in used if p.startswith(SAGE)} - declared == set()


# ---- SkoHub's


@cache
def skohub() -> Engine:
    """Return the two files of SkoHub, compiled.

    Three queries in them use the prefix `skos` without saying where it is declared, which
    SkoHub's own engine forgives and ours does not.
    """
    said = [
        triple
        for file in sorted(SKOHUB.glob("*.ttl"))
        for triple in ox.parse(
            file.read_bytes(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True
        )
    ]
    asking, declaring = (
        {triple.subject for triple in said if triple.predicate.value == SH + name}
        for name in ("select", "prefixes")
    )
    lines = [f"{triple} .\n" for triple in said]
    lines += [f"{query} <{SH}prefixes> <{SKOS}> .\n" for query in asking - declaring]
    return compiled("".join(lines))


def results_about(scheme: Vocabulary) -> list[Result]:
    """Return what SkoHub's shapes say about one file, which knows the concepts of the others."""
    own = {f"<{subject}>" for subject in scheme.facts}
    cited = {
        f"<{target}>"
        for facts in scheme.facts.values()
        for values in facts.values()
        for target in iris(values)
    }
    beside = "".join(f"{concept} {IS_CONCEPT} .\n" for concept in (cited & _concepts()) - own)
    text = files()[scheme.name]
    said = "".join(f"{triple} .\n" for triple in ox.parse(text, format=ox.RdfFormat.TURTLE))
    return [result for result in skohub()(said + beside) if result.focus_node in own]


@cache
def _concepts() -> frozenset[str]:
    return frozenset(f"<{concept}>" for s in vocabularies() for concept in s.concepts)


def test_a_file_passes_the_shapes_of_skohub(scheme: Vocabulary) -> None:
    """Violations, warnings and infos alike.

    Over all files at once there would be warnings, of AmbiguousNotatation alone: it compares
    notations across schemes, and `other`, `bme280` or `V` rightly stand in several lists.
    """
    if not SKOHUB.exists():
        pytest.skip("SkoHub's shapes are not beside the repository")
    assert results_about(scheme) == []


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("two-labels-in-a-language", "LexicalLabels"),
        ("labels-not-disjoint", "LexicalLabels"),
        ("concept-and-scheme", "DisjointConceptAndConceptScheme"),
        ("relation-clash", "SemanticRelationsS27"),
        ("duplicate-notation", "DuplicateNotatationWithinCS"),
        ("overlapping-labels", "OverlappingLabelsInSameConceptScheme"),
        ("mapping-clash", "DisjointMappingRelations"),
    ],
)
def test_the_shapes_of_skohub_do_bite(name: str, shape: str) -> None:
    if not SKOHUB.exists():
        pytest.skip("SkoHub's shapes are not beside the repository")
    file = (FAULTY / f"{name}.ttl").read_bytes()
    said = "".join(f"{triple} .\n" for triple in ox.parse(file, format=ox.RdfFormat.TURTLE))
    assert any(shape in found.shape for found in skohub()(said))
