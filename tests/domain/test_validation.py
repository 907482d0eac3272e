"""How a description is judged beyond what the examples of each shape show."""

import json
import time

import pytest

import catalog
from catalog.domain.engine import compiled
from catalog.domain.errors import Unreadable
from catalog.domain.identifiers import RECORD, VOCAB, item_iri
from catalog.domain.report import MOST_FINDINGS, Finding, Report
from catalog.domain.validation import Judgement, judge
from catalog.library import Library, library

ITEM = item_iri("0123456789")
PREFIXES = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix it6: <http://data.europa.eu/it6/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix v: <https://w3id.org/sage/vocab/> .
"""
MODEL = """
<> a it6:MachineLearningModel ;
  dct:title "Cloud cover U-Net"@en, "Wolkennetz"@de ;
  dct:description "Says of each pixel of a sky image whether it shows cloud or sky."@en ;
  dct:creator <#ana> ;
  dct:license <https://spdx.org/licenses/MIT> ;
  dcat:keyword "cloud"@en ;
  sage:mlTask <https://w3id.org/sage/vocab/ml-task/image-segmentation> ;
  sage:modelCategory <https://w3id.org/sage/vocab/model-category/u-net> ;
  it6:intendedUse "Cloud cover by day."@en ;
  it6:trainedOn <9876543210> ;
  it6:hasFile <1111111111> ;
  sage:runtimeRequirement sage:notStated .
<#ana> a foaf:Person ; foaf:name "Ana Ruiz" .
"""


def judged(text: str, **more: object) -> Judgement:
    body = (PREFIXES + text).encode()
    return judge(body, "text/turtle", item=ITEM, library=library(), **more)  # type: ignore[arg-type]


def of_component(report: Report, component: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.component == component]


def changed(old: str, new: str) -> str:
    assert old in MODEL
    return MODEL.replace(old, new, 1)


# ---- what is told about a good description


def test_a_good_description_conforms_and_tells_what_it_is() -> None:
    judgement = judged(MODEL)
    assert judgement.report.conforms, judgement.report.to_dict()
    assert judgement.type == "model"
    assert judgement.title == "Cloud cover U-Net"
    assert judgement.references == ("1111111111", "9876543210")
    assert judgement.files == ()
    assert judgement.report.shapes_version == library().version


def test_the_level_asked_for_decides_what_conforms() -> None:
    text = changed("  dct:license <https://spdx.org/licenses/MIT> ;\n", "")
    assert not judged(text).report.conforms
    assert judged(text, level="draft").report.conforms
    assert judged(text, level="draft").report.findings == judged(text).report.findings


def test_the_same_text_gets_the_same_report() -> None:
    text = changed("cloud", "x").replace("MIT", "NOT-A-LICENCE").replace("u-net", "none-such")
    assert judged(text).report == judged(text).report


def test_files_of_the_item_are_told() -> None:
    text = MODEL + "<#file/b.bin> dct:conformsTo ex:f . <#file/a%20b> dct:conformsTo ex:f ."
    assert judged(text).files == ("a%20b", "b.bin")


# ---- findings and where they point


def test_an_unknown_concept_is_a_violation_at_draft_level_with_its_place() -> None:
    report = judged(changed("ml-task/image-segmentation", "ml-task/image-segmentatoin")).report
    (finding,) = [one for one in report.findings if one.severity == "violation"]
    assert finding.to_dict() == {
        "severity": "violation",
        "level": "draft",
        "focus_node": "<>",
        "path": "https://w3id.org/sage/ns#mlTask",
        "property": "Task",
        "value": "<https://w3id.org/sage/vocab/ml-task/image-segmentatoin>",
        "message": finding.message,
        "help": finding.help,
        "component": "OrConstraintComponent",
        "shape": "https://w3id.org/sage/shapes/model#ml-task",
        "line": 15,
        "column": 15,
        "suggestions": finding.to_dict()["suggestions"],
    }
    assert finding.suggestions[0].label == "Image segmentation"
    assert "vocabulary ml-task" in finding.message
    assert "Example:" in (finding.help or "")


def test_a_concept_of_another_scheme_is_an_unknown_one() -> None:
    report = judged(changed("ml-task/image-segmentation", "model-category/u-net")).report
    assert not report.conforms_at("draft")


def test_what_is_missing_points_at_the_first_statement_about_the_thing() -> None:
    report = judged(changed(' ; foaf:name "Ana Ruiz"', "")).report
    (finding,) = [one for one in report.findings if one.severity == "violation"]
    assert (finding.focus_node, finding.level, finding.line) == ("<#ana>", "publication", 21)
    assert finding.path == "http://xmlns.com/foaf/0.1/name"


def test_a_path_of_alternatives_is_told_as_sparql_writes_it() -> None:
    report = judged(changed('  dcat:keyword "cloud"@en ;\n', "")).report
    (finding,) = [one for one in report.findings if one.severity == "violation"]
    assert finding.path == (
        "(<http://www.w3.org/ns/dcat#keyword>|<http://www.w3.org/ns/dcat#theme>)"
    )


def test_in_json_ld_a_finding_has_a_pointer() -> None:
    document = {
        "@id": "",
        "@type": "http://data.europa.eu/it6/MachineLearningModel",
        "http://purl.org/dc/terms/title": [{"@value": 5}],
    }
    body = json.dumps(document, indent=1).encode()
    report = judge(body, "application/ld+json", item=ITEM, library=library()).report
    (finding,) = [f for f in report.findings if f.level == "draft" and f.severity == "violation"]
    assert finding.pointer == "/http:~1~1purl.org~1dc~1terms~1title/0"
    assert finding.line == 5


def test_names_in_a_report_hold_no_base() -> None:
    text = changed("it6:trainedOn <9876543210>", "it6:trainedOn sage:notStated ; dcat:theme <98>")
    report = judged(text).report
    assert {f.value for f in report.findings if f.path and f.path.endswith("#theme")} == {"<98>"}
    assert "catalog.invalid" not in json.dumps(
        [{**f.to_dict(), "help": ""} for f in report.findings]
    )


# ---- the catalog's own checks


def test_what_is_not_stated_is_a_warning() -> None:
    (finding,) = of_component(judged(MODEL).report, "not-stated")
    assert (finding.severity, finding.level) == ("warning", "publication")
    assert finding.message == "Runtime requirement is not stated."
    assert finding.property == "Runtime requirement"
    assert finding.line == 20


def test_a_property_that_no_shape_knows_is_kept_and_told() -> None:
    judgement = judged(MODEL + "<> ex:colour 'blue' .")
    (finding,) = of_component(judgement.report, "unknown-property")
    assert (finding.severity, finding.path) == ("info", "http://example.org/colour")
    assert '<http://example.org/colour> "blue"' in judgement.ntriples


def test_a_text_without_a_language_is_a_warning() -> None:
    (finding,) = of_component(judged(changed('"cloud"@en', '"cloud"')).report, "untagged-text")
    assert (finding.severity, finding.value, finding.line) == ("warning", '"cloud"', 14)


def test_a_name_needs_no_language() -> None:
    assert of_component(judged(MODEL).report, "untagged-text") == []


def test_a_part_that_nothing_leads_to_is_a_warning() -> None:
    text = MODEL + '<#lost> a foaf:Person ; foaf:name "Lost" ; foaf:knows <#found> .'
    text += "<#found> foaf:knows <#lost> ."
    found = of_component(judged(text).report, "unreachable-part")
    assert [finding.focus_node for finding in found] == ["<#found>", "<#lost>"]


def test_a_part_of_a_part_and_a_file_are_not_lost() -> None:
    text = (
        MODEL + "<#ana> <https://schema.org/affiliation> <#anl> . <#file/x> dct:conformsTo ex:f ."
    )
    text += '<#anl> a foaf:Organization ; foaf:name "ANL" .'
    assert of_component(judged(text).report, "unreachable-part") == []


def test_an_orcid_becomes_a_part_wherever_a_shape_wants_a_person() -> None:
    text = MODEL + "<> sage:performedBy <https://orcid.org/0000-0002-1825-0097> ."
    judgement = judged(text)
    assert of_component(judgement.report, "agent-part")
    assert "<https://w3id.org/sage/ns#performedBy> " + f"<{ITEM}#orcid-" in judgement.ntriples


# ---- the type


def test_a_description_of_no_known_class_is_told_which_there_are() -> None:
    judgement = judged(changed("it6:MachineLearningModel", "ex:Thing"))
    (finding,) = of_component(judgement.report, "item-type")
    assert judgement.type is None
    assert not judgement.report.conforms_at("draft")
    assert "http://data.europa.eu/it6/MachineLearningModel" in finding.message
    assert "training-data" in finding.message


def test_a_description_of_two_types_is_told_so() -> None:
    judgement = judged(changed("it6:MachineLearningModel", "it6:MachineLearningModel, sage:Blob"))
    (finding,) = of_component(judgement.report, "item-type")
    assert judgement.type is None
    assert "model" in finding.message
    assert "sensor-blob" in finding.message


def test_a_type_asked_for_judges_what_does_not_say_its_class() -> None:
    text = changed("a it6:MachineLearningModel ;", "").replace("image-segmentation", "none")
    components = {f.component for f in judged(text, type_hint="model").report.findings}
    assert {"item-type", "OrConstraintComponent"} <= components


def test_a_type_asked_for_does_not_overrule_the_class() -> None:
    assert judged(MODEL, type_hint="weights") == judged(MODEL)


def test_the_right_type_of_the_catalog_is_left_out_silently() -> None:
    assert (
        of_component(
            judged(MODEL + f"<> dct:type <{VOCAB}item-type/model> .").report, "written-by-catalog"
        )
        == []
    )
    assert of_component(
        judged(MODEL + f"<> dct:type <{VOCAB}item-type/weights> .").report, "written-by-catalog"
    )


def test_the_class_of_a_part_decides_nothing() -> None:
    assert judged(MODEL + "<> dct:relation <#w> . <#w> a sage:Blob .").type == "model"


# ---- files kept here


def test_files_kept_here_count_while_judging_but_are_not_kept_in_the_text() -> None:
    text = """
    <> a sage:ModelWeights ; dct:title "W"@en .
    """
    without, with_file = judged(text), judged(text, files=("a.pth",))
    assert with_file.ntriples == without.ntriples

    def about_files(judgement: Judgement) -> set[str]:
        return {
            finding.shape or ""
            for finding in judgement.report.findings
            if "distribution" in (finding.path or "") and finding.component.startswith("MinCount")
        }

    assert about_files(without)
    assert not about_files(with_file)


# ---- engines


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_every_engine_gives_the_same_report(engine: str) -> None:
    usual = library()
    other = Library(
        {name: usual.vocabularies.file(name) or b"" for name in usual.vocabularies.names},
        {name: usual.shapes.file(name) or b"" for name in usual.shapes.names},
        engine,  # type: ignore[arg-type]
    )
    text = PREFIXES + MODEL.replace("u-net", "none").replace('"cloud"@en', "5").replace("MIT", "X")
    reports = [
        judge(text.encode(), "text/turtle", item=ITEM, library=known).report
        for known in (usual, other)
    ]
    assert reports[0].to_dict() == reports[1].to_dict()
    assert len(reports[0].findings) > 3


def test_giving_only_the_shapes_that_apply_changes_no_verdict() -> None:
    shapes = library().shapes
    everything = compiled(shapes.compiled_from(shapes.every_root("model")))
    text = (
        PREFIXES + MODEL + "<> sage:runtimeRequirement [ a sage:RuntimeRequirement ] ."
    ).encode()
    from catalog.domain.reading import read

    reading = read(text, "text/turtle", item=ITEM)
    classes = {value for _, name, value in reading.statements if name.endswith("#type>")}
    properties = {name for _, name, _ in reading.statements}
    few = library().engine("model", classes, properties)

    def told(results: list[object]) -> list[str]:
        return sorted(map(repr, results))

    statements = reading.description.ntriples
    assert told(list(few(statements))) == told(list(everything(statements)))


# ---- offline


def test_validate_tells_the_format_by_the_file_and_by_the_text(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "model.ttl"
    file.write_text(PREFIXES + MODEL)
    turtle = catalog.validate(file)
    assert turtle == catalog.validate(PREFIXES + MODEL)
    assert turtle == catalog.validate((PREFIXES + MODEL).encode(), "text/turtle")
    assert turtle.conforms
    stored = judged(MODEL).ntriples.replace(RECORD, "http://127.0.0.1:8000/")
    assert catalog.validate(
        stored.replace("0123456789", "0000000000"), "application/n-triples"
    ).conforms


def test_validate_reads_json_with_our_context() -> None:
    document = {
        "@context": "http://127.0.0.1:8000/context.jsonld",
        "@id": "",
        "@type": "it6:MachineLearningModel",
        "dct:title": "Cloud cover",
        "created": "2021-05-11",
    }
    report = catalog.validate(json.dumps(document), level="draft")
    assert report.conforms, report.to_dict()


def test_validate_says_where_a_text_is_broken() -> None:
    with pytest.raises(Unreadable) as refused:
        catalog.validate("<> a <x")
    assert refused.value.evidence["line"] == 1


def test_validate_at_draft_level_does_not_ask_for_what_publication_needs() -> None:
    text = PREFIXES + '<> a it6:MachineLearningModel ; dct:title "x"@en .'
    assert catalog.validate(text, level="draft").conforms
    assert not catalog.validate(text).conforms


@pytest.mark.parametrize("value", ["sage:notStated", '"x"', "<https://w3id.org/sage/vocab/x/{n}>"])
def test_a_description_of_ten_thousand_bad_statements_is_answered_in_moments(value: str) -> None:
    many = "".join(f"<#p{n}> dcat:theme {value.format(n=n)} .\n" for n in range(9_900))
    started = time.process_time()
    report = judged(MODEL + many).report
    assert time.process_time() - started < 4
    assert len(report.findings) == MOST_FINDINGS
    assert "left out" in report.findings[-1].message
