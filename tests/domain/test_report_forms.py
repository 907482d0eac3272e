"""Reports in the forms of SHACL, SARIF and JUnit: true to the findings, valid by their books.

`published/` holds the schema of SARIF 2.1.0 as OASIS publishes it.
"""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import jsonschema
import pyoxigraph as ox
import pytest

import catalog
from catalog.domain import report_junit, report_rdf, report_sarif
from catalog.domain.description import XSD
from catalog.domain.errors import Unreadable
from catalog.domain.fields import SH
from catalog.domain.identifiers import SAGE
from catalog.domain.report import Finding, Report, Suggestion
from catalog.domain.report_forms import Outcome, blocks
from catalog.library import library

EXAMPLES = sorted((Path(__file__).parents[1] / "shapes/invalid").glob("*.ttl"))
SCHEMA = json.loads((Path(__file__).parent / "published/sarif-schema-2.1.0.json").read_text())
SUBJECT = "http://127.0.0.1:8000/items/0000000000"
LIBRARY = library()

ODD = Finding(
    severity="violation",
    level="draft",
    focus_node="<#a b>",
    message='Odd: "<&>\x00\x1b😀 ]]>\n',
    component="read-as",
    value="<no iri at all>",
    path="not an iri",
    help="<b>",
    pointer="/a~1b/0",
    suggestions=(Suggestion("Two\nlines", '"x"@en', "1:1-1:3 yes\nno"), Suggestion("?", "<y>")),
)
CUT = Finding("info", "publication", "<>", "Cut.", "item-type", value='"' + "x" * 298 + "…")


def outcome_of(*findings: Finding) -> Outcome:
    return Outcome("odd name #1?.ttl", "publication", Report("publication", "abc", findings))


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [
        Outcome(path.name, "publication", catalog.validate(path, "text/turtle"))
        for path in EXAMPLES
    ]


def sarif(*outcomes: Outcome) -> dict[str, object]:
    results = [one for outcome in outcomes for one in report_sarif.results(outcome)]
    rules = [one["ruleId"] for one in results]
    text = "".join(report_sarif.log(map(json.dumps, results), rules, LIBRARY.shapes, "0"))
    said: dict[str, object] = json.loads(text)
    return said


def graph(outcome: Outcome) -> ox.Store:
    store = ox.Store()
    text = report_rdf.written(outcome, LIBRARY.shapes, SUBJECT, ox.RdfFormat.TURTLE)
    store.load(text, format=ox.RdfFormat.TURTLE)
    return store


def test_a_blocking_finding_is_a_violation_of_the_level_asked_for_or_below() -> None:
    finding = Finding("violation", "publication", "<>", "x", "y")
    assert blocks(finding, "publication")
    assert not blocks(finding, "draft")
    assert not blocks(Finding("warning", "draft", "<>", "x", "y"), "publication")


# -- SARIF


def test_a_log_of_every_example_is_valid_by_the_published_schema(outcomes: list[Outcome]) -> None:
    unread = Outcome("x.ttl", "draft", fault=Unreadable("No.", line=3, column=4))
    said = sarif(*outcomes, outcome_of(ODD, CUT), unread, Outcome("/a b/c", "draft", row=2))
    jsonschema.Draft7Validator(SCHEMA).validate(said)


def test_every_finding_can_be_had_back_from_a_log(outcomes: list[Outcome]) -> None:
    for outcome in [*outcomes, outcome_of(ODD, CUT)]:
        results = json.loads(json.dumps(report_sarif.results(outcome)))
        assert tuple(map(report_sarif.finding_of, results)) == outcome.findings


def test_a_rule_has_the_name_and_help_of_its_shape(outcomes: list[Outcome]) -> None:
    said = sarif(*outcomes)
    driver = said["runs"][0]["tool"]["driver"]  # type: ignore[index]
    rules = {rule["id"]: rule for rule in driver["rules"]}
    shaped = [rule for rule in rules.values() if "helpUri" in rule]
    assert len(shaped) > 200
    assert all(LIBRARY.shapes.source(f"<{rule['helpUri']}>").name for rule in shaped)
    assert all(rule["help"]["text"] for rule in shaped if "help" in rule)


def test_only_what_blocks_at_the_level_asked_for_is_an_error() -> None:
    later = Finding("violation", "publication", "<>", "x", "y")
    levels = {
        level: report_sarif.results(Outcome("f", level, Report(level, "v", (later,))))[0]["level"]
        for level in ("draft", "publication")
    }
    assert levels == {"draft": "warning", "publication": "error"}


def test_a_patch_becomes_a_fix_at_its_place() -> None:
    fix = report_sarif.results(outcome_of(ODD))[0]["fixes"][0]
    replacement = fix["artifactChanges"][0]["replacements"][0]
    assert replacement["deletedRegion"]["endColumn"] == 3
    assert replacement["insertedContent"]["text"] == "yes\nno"


@pytest.mark.parametrize(
    ("name", "uri"),
    [("a b/c#1.ttl", "a%20b/c%231.ttl"), ("x:y.ttl", "x%3Ay.ttl"), ("/é", "file:///%C3%A9")],
)
def test_a_file_is_named_by_a_uri_reference(name: str, uri: str) -> None:
    assert report_sarif.address(name) == uri


# -- JUnit


def test_a_suite_has_a_failure_for_each_blocking_finding(outcomes: list[Outcome]) -> None:
    document = "".join(report_junit.document(map(report_junit.suite, outcomes)))
    suites = ET.fromstring(document).findall("testsuite")
    assert len(suites) == len(outcomes)
    for suite, outcome in zip(suites, outcomes, strict=True):
        blocking = [one.message for one in outcome.findings if blocks(one, "publication")]
        failures = [one.get("message") for one in suite.iter("failure")]
        assert failures == blocking
        assert int(suite.get("failures", "")) == len(blocking)
        assert int(suite.get("tests", "")) == max(1, len(blocking))


def test_what_cannot_be_read_is_an_error() -> None:
    suite = ET.fromstring(
        report_junit.suite(Outcome("x", "draft", fault=Unreadable("No.", line=2)))
    )
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    case = suite.find("testcase")
    assert case is not None
    assert case.get("line") == "2"


def test_characters_that_xml_cannot_hold_do_not_break_the_document() -> None:
    suite = ET.fromstring(report_junit.suite(outcome_of(ODD)))
    failure = next(suite.iter("failure"))
    assert failure.get("message", "").startswith('Odd: "<&>\ufffd\ufffd')


# -- SHACL


@pytest.mark.parametrize("form", [ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD])
def test_every_rdf_form_says_the_same(form: ox.RdfFormat, outcomes: list[Outcome]) -> None:
    for outcome in [*outcomes[::20], outcome_of(CUT)]:
        said = [
            ox.Dataset(
                quad
                for quad in ox.parse(
                    report_rdf.written(outcome, LIBRARY.shapes, SUBJECT, one), format=one
                )
            )
            for one in (form, ox.RdfFormat.N_TRIPLES)
        ]
        for dataset in said:
            dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        assert said[0] == said[1]


def test_odd_findings_make_no_odd_statements() -> None:
    store = graph(outcome_of(ODD, CUT))
    assert not list(store.quads_for_pattern(None, ox.NamedNode(f"{SH}resultPath"), None))
    values = [q.object for q in store.quads_for_pattern(None, ox.NamedNode(f"{SH}value"), None)]
    assert values == [ox.NamedNode("http://127.0.0.1:8000/items/no%20iri%20at%20all")]


def test_line_and_column_and_suggestions_are_said_in_words_of_ours() -> None:
    placed = Finding(
        "warning", "draft", "<>", "x", "y", line=3, column=9, suggestions=ODD.suggestions
    )
    store = graph(outcome_of(placed))
    assert store.query(
        f"ASK {{ ?r <{SAGE}line> 3 ; <{SAGE}column> 9 ; <{SAGE}suggestion> ?s, ?t ."
        f' ?s <{SAGE}patch> "1:1-1:3 yes\\nno" . FILTER(?s != ?t) }}'
    )


def test_every_word_of_ours_in_a_report_is_declared(outcomes: list[Outcome]) -> None:
    used = {
        term
        for outcome in [*outcomes, outcome_of(ODD)]
        for statement in report_rdf.statements(outcome, LIBRARY.shapes, SUBJECT)
        for term in (statement[1], *([statement[2]] if "Component>" in statement[1] else []))
        if term.startswith(f"<{SAGE}")
    }
    assert {term for term in used if term not in LIBRARY.shapes.rows} == set()


def test_conforms_is_said_as_a_boolean() -> None:
    (quad,) = graph(outcome_of()).quads_for_pattern(None, ox.NamedNode(f"{SH}conforms"), None)
    assert quad.object == ox.Literal("true", datatype=ox.NamedNode(f"{XSD}boolean"))


_RESULTS = f"""
PREFIX sh: <{SH}>
SELECT ?focus ?path ?component ?severity WHERE {{
  ?report sh:result ?one .
  ?one sh:focusNode ?focus ; sh:sourceConstraintComponent ?component ; sh:resultSeverity ?severity .
  OPTIONAL {{ ?one sh:resultPath ?path }}
  FILTER(STRSTARTS(STR(?component), STR(sh:)))
}}"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("example", EXAMPLES[::27], ids=lambda path: path.stem)
def test_a_report_says_what_pyshacl_says_in_its_own(example: Path) -> None:
    import pyshacl
    import rdflib

    from catalog.domain.description import Description
    from catalog.domain.identifiers import RECORD, item_iri
    from catalog.domain.schemes import slice_of
    from catalog.domain.validation import judge

    item = item_iri("0000000000")
    judgement = judge(
        example.read_bytes(), "text/turtle", item=item, bases=(RECORD,), library=LIBRARY
    )
    roots = LIBRARY.shapes.every_root(judgement.type or "")
    shapes = rdflib.Graph().parse(data=LIBRARY.shapes.compiled_from(roots), format="turtle")
    data = rdflib.Graph().parse(data=judgement.ntriples, format="nt")
    cited = slice_of(LIBRARY.vocabularies, Description(item, judgement.ntriples))
    data.parse(data="".join(f"{s} {p} {o} .\n" for s, p, o in cited), format="nt")
    classes = {f"<{value}>" for value in data.objects(None, rdflib.RDF.type)}
    data.parse(data="".join(map(LIBRARY.shapes.superclasses, classes)), format="nt")
    _, theirs, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False, allow_warnings=True)
    written = report_rdf.written(
        Outcome("x", "publication", judgement.report), LIBRARY.shapes, item, ox.RdfFormat.TURTLE
    )
    ours = rdflib.Graph().parse(data=written, format="turtle")

    def told(report: rdflib.Graph) -> Counter[tuple[str, ...]]:
        return Counter(
            tuple("(path)" if isinstance(term, rdflib.BNode) else str(term) for term in row)
            for row in report.query(_RESULTS)
        )

    assert told(ours) == told(theirs)
