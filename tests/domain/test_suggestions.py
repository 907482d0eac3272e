"""What a report proposes: the nearest terms, the right literal, the line that is missing."""

import json
import re
import time
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from catalog.domain.context import PREFIXES
from catalog.domain.description import literal, statements_of
from catalog.domain.errors import CatalogError
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.jsonform import to_json
from catalog.domain.report import Finding, Report, Suggestion
from catalog.domain.suggesting.addresses import matches
from catalog.domain.suggesting.closeness import NearNames, distance
from catalog.domain.suggesting.examples import example_in
from catalog.domain.suggesting.nearest import Names, Nearest
from catalog.domain.suggestions import MOST_HELPED
from catalog.domain.validation import judge
from catalog.library import library

ITEM = item_iri("0123456789")
BASE = "http://127.0.0.1:8000/"
INVALID = sorted((Path(__file__).parents[1] / "shapes/invalid").glob("*.ttl"))
TRIPS = re.compile(r"# trips sh:(\w+) on (\S+) at (draft|publication) level")
MISSING = ("MinCountConstraintComponent", "QualifiedMinCountConstraintComponent")

SAYS_NOTHING = {
    "binary-engine-without-runtime": "what lacks belongs to the part that it runs by",
    "checksum-not-hexadecimal": "nobody but the file knows its checksum",
    "checksum-too-short": "nobody but the file knows its checksum",
}
"""Examples whose finding comes without a suggestion, and why."""

PREFIX_LINES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
MODEL = """
<> a it6:MachineLearningModel ;
  dct:title "Cloud cover U-Net"@en ;
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


LEADS_ON = {
    "sensor-blob-no-files": "the media type of the file is asked for next",
    "weights-no-files": "the format of the file is asked for next",
}
"""Examples for which a line settles what is missing, and opens the next question."""


def report_on(text: str, media_type: str = "text/turtle") -> Report:
    return judge(
        text.encode(),
        media_type,
        item=ITEM,
        bases=(RECORD, BASE),
        library=library(),
        files=tuple(sorted(set(re.findall(r"<#file/([^>]+)>", text)))),
    ).report


def about(text: str, old: str, new: str) -> list[Suggestion]:
    """Return what is proposed where one piece of a good text is another."""
    assert old in text
    report = report_on(PREFIX_LINES + text.replace(old, new, 1))
    return [one for finding in report.findings for one in finding.suggestions]


def in_model(old: str, new: str) -> list[Suggestion]:
    usual = {
        one for finding in report_on(PREFIX_LINES + MODEL).findings for one in finding.suggestions
    }
    return [one for one in about(MODEL, old, new) if one not in usual]


def names(examples: list[Path]) -> list[str]:
    return [one.stem for one in examples]


@cache
def tripped(invalid: Path) -> tuple[Finding, ...]:
    """Return the findings that the first lines of an example promise."""
    text = invalid.read_text()
    promised = [found for found in map(TRIPS.match, text.splitlines()) if found]
    return tuple(
        finding
        for finding in report_on(text).findings
        if any(
            finding.component.casefold() == f"{said[1]}constraintcomponent".casefold()
            and finding.level == said[3]
            for said in promised
        )
        and finding.shape
    )


# ---- every example of the shapes


@pytest.mark.parametrize("invalid", INVALID, ids=names(INVALID))
def test_whoever_trips_over_a_shape_is_told_what_would_do(invalid: Path) -> None:
    findings = tripped(invalid)
    assert findings
    if invalid.stem in SAYS_NOTHING:
        assert not all(finding.suggestions for finding in findings), "take it off the list"
        return
    for finding in findings:
        assert 1 <= len(finding.suggestions) <= 5, finding
        assert all(one.label and one.value for one in finding.suggestions)
        assert finding.value not in [one.value for one in finding.suggestions]


LACKING = [one for one in INVALID if any(f.component in MISSING for f in tripped(one))]


@pytest.mark.parametrize("invalid", LACKING, ids=names(LACKING))
def test_a_line_to_add_settles_what_is_missing(invalid: Path) -> None:
    text = invalid.read_text()
    before = blocking(report_on(text))
    for finding in tripped(invalid):
        if finding.component in MISSING:
            for one in finding.suggestions:
                after = report_on(f"{text}\n{one.value}\n")
                assert key(finding) not in set(map(key, after.findings)), one
                assert blocking(after) <= before or invalid.stem in LEADS_ON, one


def key(finding: Finding) -> tuple[object, ...]:
    return finding.focus_node, finding.shape, finding.component


def blocking(report: Report) -> set[tuple[object, ...]]:
    return {key(one) for one in report.findings if one.severity == "violation"}


@pytest.mark.parametrize("invalid", LACKING, ids=names(LACKING))
def test_in_n_triples_the_lines_settle_it_as_well(invalid: Path) -> None:
    address = f"{BASE}items/0123456789"
    triples = ox.parse(invalid.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=address)
    text = "".join(f"{triple} .\n" for triple in triples)
    for finding in report_on(text, "application/n-triples").findings:
        if finding.component in MISSING and finding.severity == "violation":
            for one in finding.suggestions:
                after = report_on(f"{text}{one.value}\n", "application/n-triples")
                assert key(finding) not in set(map(key, after.findings)), one


@pytest.mark.parametrize("invalid", LACKING, ids=names(LACKING))
@pytest.mark.parametrize("is_ours", [True, False], ids=["our context", "no context"])
def test_in_json_a_member_settles_it(invalid: Path, is_ours: bool) -> None:
    document = as_json(invalid, is_ours=is_ours)
    for finding in report_on(json.dumps(document), "application/ld+json").findings:
        if finding.component in MISSING and finding.severity == "violation":
            for one in finding.suggestions:
                changed = with_member(document, finding, one.value)
                after = report_on(json.dumps(changed), "application/ld+json")
                assert key(finding) not in set(map(key, after.findings)), one


def as_json(turtle: Path, *, is_ours: bool) -> dict[str, object]:
    kept = judge(turtle.read_bytes(), "text/turtle", item=ITEM, library=library())
    context = library().context
    said = to_json(statements_of(kept.ntriples), context, subject=ITEM, base=BASE)
    return {**said, "@context": context if is_ours else {**context, "x": "http://e.org/"}}


def with_member(document: dict[str, object], finding: Finding, member: str) -> dict[str, object]:
    """Return the document with a member added to the object that a finding is about."""
    copy: dict[str, object] = json.loads(json.dumps(document))
    wanted = ITEM if finding.focus_node == "<>" else f"{ITEM}{finding.focus_node[1:-1]}"
    (node,) = [one for one in objects_in(copy) if one.get("@id") == wanted and len(one) > 1]
    for name, value in json.loads(f"{{{member}}}").items():
        node[name] = value if name not in node else [node[name], value]
    return copy


def objects_in(value: object) -> list[dict[str, object]]:
    if isinstance(value, list):
        return [found for one in value for found in objects_in(one)]
    if not isinstance(value, dict):
        return []
    inner = (
        found for name, one in value.items() if name != "@context" for found in objects_in(one)
    )
    return [value, *inner]


# ---- terms


@pytest.mark.parametrize(
    ("spelled", "label"),
    [
        ("<https://w3id.org/sage/vocab/model-category/U_Net>", "U-Net"),
        ("<https://w3id.org/sage/vocab/model-category/unet>", "U-Net"),
        ('"U-Net"', "U-Net"),
        ('"u net"@en', "U-Net"),
        ("<https://w3id.org/sage/vocab/model-categori/u-net>", "U-Net"),
        ("<http://www.w3id.org/sage/vocab/model-category/u-net>", "U-Net"),
    ],
)
def test_a_term_that_is_surely_meant_comes_alone_and_with_its_change(
    spelled: str, label: str
) -> None:
    (one,) = in_model("<https://w3id.org/sage/vocab/model-category/u-net>", spelled)
    assert (one.label, one.value) == (label, "<https://w3id.org/sage/vocab/model-category/u-net>")
    assert one.patch
    assert one.patch.endswith(one.value)


def test_a_term_with_a_typing_error_is_offered_but_not_put_in() -> None:
    found = in_model("model-category/u-net>", "model-category/u-nett>")
    assert found[0] == Suggestion("U-Net", "<https://w3id.org/sage/vocab/model-category/u-net>")
    assert not any(one.patch for one in found)


@pytest.mark.parametrize(
    ("spelled", "unit"), [("hPa", "HectoPA"), ("m/s", "M-PER-SEC"), ("degc", "DEG_C")]
)
def test_a_spelling_of_a_unit_is_the_unit(spelled: str, unit: str) -> None:
    (found,) = nearest_terms().meant(f'"{spelled}"', ["qudt-unit", "unit"])
    assert found.is_sure
    assert found.iri.endswith(f"/{unit}")


@pytest.mark.parametrize("spelled", ["hpa", "ms", "mw", "MPa"])
def test_a_short_name_in_another_case_is_not_put_in(spelled: str) -> None:
    found = nearest_terms().meant(f'"{spelled}"', ["qudt-unit", "unit"])
    assert found
    assert not any(one.is_sure for one in found)


def test_a_number_tells_names_apart() -> None:
    found = in_model("<https://spdx.org/licenses/MIT>", '"GPL-20-only"')
    assert found[0].value == "<https://spdx.org/licenses/GPL-2.0-only>"
    assert found[0].patch is None


def test_the_page_of_a_licence_is_the_licence() -> None:
    (one,) = in_model("<https://spdx.org/licenses/MIT>", "<http://spdx.org/licenses/MIT.html>")
    assert one.value == "<https://spdx.org/licenses/MIT>"
    assert one.patch


def test_licence_words_stand_for_the_licence_they_are_mapped_to() -> None:
    found = in_model("<https://spdx.org/licenses/MIT>", '"Apache License 2.0"')
    assert found[0].value == "<https://spdx.org/licenses/Apache-2.0>"
    assert found[0].patch


def test_an_address_elsewhere_that_ends_like_a_term_is_only_near_it() -> None:
    found = in_model(
        "<https://w3id.org/sage/vocab/model-category/u-net>", "<https://example.org/u-net>"
    )
    assert found[0].label == "U-Net"
    assert found[0].patch is None


def test_a_term_of_another_vocabulary_is_only_near_its_namesake() -> None:
    text = (
        "<#in> a it6:Modality ; it6:classification <https://w3id.org/sage/vocab/media-kind/image> ."
    )
    found = in_model("<#ana> a", f"<> it6:hasInputModality <#in> . {text} <#ana> a")
    assert found[0] == Suggestion("Image", "<https://w3id.org/sage/vocab/modality/image>")


def test_of_a_deprecated_term_the_replacement_is_told_and_put_in() -> None:
    report = report_on(PREFIX_LINES + MODEL.replace("licenses/MIT", "licenses/GPL-2.0"))
    (found,) = [one for one in report.findings if one.component == "deprecated-term"]
    assert (found.severity, found.level, found.property) == ("warning", "draft", "Licence")
    assert "GPL-2.0-only" in found.message
    assert found.line
    (one,) = found.suggestions
    assert one.value == "<https://spdx.org/licenses/GPL-2.0-only>"
    assert one.patch


def test_of_a_deprecated_term_without_a_replacement_nothing_is_put_in() -> None:
    report = report_on(PREFIX_LINES + MODEL.replace("licenses/MIT", "licenses/BSD-2-Clause-NetBSD"))
    (found,) = [one for one in report.findings if one.component == "deprecated-term"]
    assert "nothing is named in its place" in found.message
    assert found.suggestions == ()


def test_a_unit_of_ours_gives_way_to_that_of_qudt() -> None:
    report = report_on(f"{PREFIX_LINES}{MODEL}<#t> qudt:unit <{PREFIXES['vocab']}unit/degC> .")
    (found,) = [one for one in report.findings if one.component == "mapped-term"]
    (one,) = found.suggestions
    assert one.value == "<http://qudt.org/vocab/unit/DEG_C>"
    assert one.patch
    assert one.patch.endswith(" unit:DEG_C") or one.patch.endswith(one.value)


def test_a_unit_without_a_mapping_is_left_alone() -> None:
    report = report_on(
        f"{PREFIX_LINES}{MODEL}<#t> qudt:unit <{PREFIXES['vocab']}unit/hits-per-cm2> ."
    )
    assert not [one for one in report.findings if one.component == "mapped-term"]


def cited() -> list[str]:
    """Return the concepts that real items cite."""
    known = library().vocabularies
    texts = [one.read_text() for one in Path(str(files("catalog.samples"))).glob("*.ttl")]
    iris = {iri for text in texts for iri in re.findall(r"<([^>\s]+)>", text)}
    return sorted(iri for iri in iris if known.scheme_of(iri) and known.concept(iri))


CITED = cited()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.data())
def test_after_one_typing_error_the_right_term_is_among_the_first(data: st.DataObject) -> None:
    iri = data.draw(st.sampled_from(CITED))
    nearest = nearest_terms()
    scheme = nearest.vocabularies.scheme_of(iri)
    assert scheme
    namespace = nearest.names(scheme).namespace
    damaged = iri[: len(namespace) - 1] + edited(data, iri[len(namespace) - 1 :])
    assume(damaged != iri and nearest.concept(damaged) is None)
    found = nearest.meant(f"<{damaged}>", [scheme])
    place = [one.iri for one in found].index(iri) if iri in [one.iri for one in found] else 9
    end = damaged[len(namespace) :]
    assert place < 3 or as_near(end, nearest.names(scheme)) > 3, (damaged, found)
    assert not any(one.is_sure and one.iri != iri for one in found), (damaged, found)


def as_near(end: str, known: Names) -> int:
    """Return how many concepts are as near to a damaged name as the right one."""
    ends = [iri[len(known.namespace) :].casefold() for iri in known.concepts]
    return sum(distance(one, end.casefold()) <= 1 for one in ends if abs(len(one) - len(end)) < 2)


def edited(data: st.DataObject, text: str) -> str:
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("abcxyz019-_"))
    how = data.draw(st.sampled_from(["drop", "add", "change", "swap"]))
    if how == "swap":
        return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    return text[:at] + ("" if how == "drop" else letter) + text[at + (how != "add") :]


@cache
def nearest_terms() -> Nearest:
    return Nearest(library().vocabularies)


@pytest.mark.parametrize("scheme", ["media-type", "license", "measurement", "qudt-unit"])
def test_the_largest_vocabularies_are_searched_in_no_time(scheme: str) -> None:
    nearest = nearest_terms()
    asked = [f'"{word}"' for word in ("aplication/gzipp", "Creative Comons by", "env.temprature")]
    nearest.meant(asked[0], [scheme])
    start = time.perf_counter()
    for term in asked:
        nearest.meant(term, [scheme])
    assert (time.perf_counter() - start) / len(asked) < 0.1


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_typing_errors_are_counted_alike_from_both_ends(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) <= max(len(one), len(other))


def test_a_name_is_found_by_a_swap_even_if_it_is_short() -> None:
    assert NearNames(["fp16", "fp32", "int8"]).near("f1p6")[0][0] == "fp16"


# ---- literals, addresses and parts


@pytest.mark.parametrize(
    ("spelled", "value", "is_sure"),
    [
        ('"0.9"', "0.9", True),
        ('"0.9"@en', "0.9", True),
        ('"high"', "0.9", False),
    ],
)
def test_a_number_in_quotation_marks_is_a_number(spelled: str, value: str, is_sure: bool) -> None:
    found = in_model("it6:trainedOn", f"sage:threshold {spelled} ; it6:trainedOn")
    assert found[0].value == value
    assert bool(found[0].patch) is is_sure


@pytest.mark.parametrize(
    ("spelled", "value", "is_sure"),
    [
        ('"2017"', '"2017"^^xsd:gYear', True),
        ("2017", '"2017"^^xsd:gYear', True),
        ('"2017-05"', '"2017-05"^^xsd:gYearMonth', True),
        ('"2017-05-01"', '"2017-05-01"^^xsd:date', True),
        ('"٢٠١٧"', '"2021-05-11"^^xsd:date', False),
        ('"2017-02-30"', '"2021-05-11"^^xsd:date', False),
        ('"May 2017"', '"2017-05"^^xsd:gYearMonth', False),
        ('"1 May 2017"', '"2017-05-01"^^xsd:date', False),
        ('"2017/05/01"', '"2017-05-01"^^xsd:date', False),
    ],
)
def test_a_date_gets_the_datatype_of_what_it_says(spelled: str, value: str, is_sure: bool) -> None:
    found = in_model("it6:trainedOn", f"dct:created {spelled} ; it6:trainedOn")
    assert found[0].value == value
    assert bool(found[0].patch) is is_sure


def test_a_size_in_words_is_offered_both_ways_and_put_in_neither() -> None:
    found = in_model(
        "<#ana> a",
        '<> dcat:distribution <#d> . <#d> a dcat:Distribution ; dcat:byteSize "5 GB" . <#ana> a',
    )
    sizes = [one for one in found if "bytes" in one.label]
    assert [one.value for one in sizes] == [
        '"5000000000"^^xsd:nonNegativeInteger',
        '"5368709120"^^xsd:nonNegativeInteger',
    ]
    assert not any(one.patch for one in sizes)


@pytest.mark.parametrize("text", ["9" * 500 + " GB", "1e999 GB", "0x5 GB", "5 GBs", "٥ GB"])
def test_what_is_no_size_is_none(text: str) -> None:
    found = in_model(
        "<#ana> a",
        f'<> dcat:distribution <#d> . <#d> a dcat:Distribution ; dcat:byteSize "{text}" . <#ana> a',
    )
    assert not [one for one in found if "bytes" in one.label]


def test_no_pattern_of_a_shape_keeps_us_busy() -> None:
    patterns = {
        literal(term).text
        for row in library().shapes.rows.values()
        for term in row.get("<http://www.w3.org/ns/shacl#pattern>", ())
    }
    assert patterns
    start = time.perf_counter()
    for pattern in patterns:
        for unit in ("a", "a-", "0.", "a/", "a:", "0", ".", "https://a.", "ab,"):
            matches(pattern, unit * (1_900 // len(unit)) + "!")
    assert time.perf_counter() - start < 5


def test_a_text_without_a_language_gets_one() -> None:
    found = in_model('"Cloud cover by day."@en', '"Cloud cover by day."')
    assert found[0].value == '"Cloud cover by day."@en'
    assert found[0].patch
    assert found[0].patch.endswith(" @en")


def test_an_address_in_quotation_marks_is_an_address() -> None:
    (one,) = in_model("it6:trainedOn <9876543210>", 'it6:trainedOn "https://doi.org/10.5072/x"')[:1]
    assert one.value == "<https://doi.org/10.5072/x>"
    assert one.patch


def test_a_bare_orcid_is_an_address() -> None:
    found = in_model('"Ana Ruiz"', '"Ana Ruiz" ; schema:identifier "0000-0001-2345-678X"')
    assert found[0].value == "<https://orcid.org/0000-0001-2345-678X>"
    assert found[0].patch


def test_a_name_where_a_person_is_wanted_becomes_the_name_of_a_part() -> None:
    found = in_model("dct:creator <#ana>", 'dct:creator "Pete Beckman"')
    person = '[ a foaf:Person ; foaf:name "Pete Beckman" ]'
    assert Suggestion("Person", person) in found
    assert report_on(
        f"{PREFIX_LINES}{MODEL}".replace("dct:creator <#ana>", f"dct:creator {person}")
    ).conforms


def test_of_two_values_one_is_to_stay() -> None:
    found = in_model("it6:trainedOn", 'dcat:version "1", "2" ; it6:trainedOn')
    assert [one.value for one in found] == ['"1"', '"2"']
    assert found[0].label == "Keep this one"


def test_a_misspelt_property_is_told_apart_by_its_namespace() -> None:
    found = in_model("dct:license", "dct:Licence")
    assert Suggestion("Licence", "<http://purl.org/dc/terms/license>") in found
    text = PREFIX_LINES.replace("purl.org/dc/terms/", "purl.org/dc/term/") + MODEL
    patches = [
        one.patch
        for finding in report_on(text).findings
        if finding.component == "unknown-property"
        for one in finding.suggestions
        if one.value == "<http://purl.org/dc/terms/title>"
    ]
    assert len(patches) == 1
    assert patches[0]
    assert patches[0].endswith("<http://purl.org/dc/terms/title>")


def test_a_misspelt_class_is_told_by_the_right_one() -> None:
    report = report_on(PREFIX_LINES + MODEL.replace("MachineLearningModel", "MachineLerningModel"))
    (found,) = [one for one in report.findings if one.component == "item-type"]
    assert found.suggestions[0].value == "<> a it6:MachineLearningModel ."


def test_what_says_no_class_is_told_the_likely_ones() -> None:
    report = report_on(PREFIX_LINES + MODEL.replace("a it6:MachineLearningModel ;", "", 1))
    (found,) = [one for one in report.findings if one.component == "item-type"]
    assert found.suggestions[0].value == "<> a it6:MachineLearningModel ."


# ---- how it is written


def test_a_text_without_prefixes_gets_full_addresses() -> None:
    text = "<> a <http://data.europa.eu/it6/MachineLearningModel> ."
    (found,) = [
        one for one in report_on(text).findings if one.path == "http://purl.org/dc/terms/title"
    ]
    assert found.suggestions[0].value.startswith("<> <http://purl.org/dc/terms/title> ")


def test_the_prefixes_of_the_text_are_used_whatever_they_are_called() -> None:
    text = MODEL.replace("dct:", "dc:").replace('dc:title "Cloud cover U-Net"@en ;', "")
    report = report_on(PREFIX_LINES.replace("prefix dct:", "prefix dc:") + text)
    (found,) = [one for one in report.findings if one.path == "http://purl.org/dc/terms/title"]
    assert found.suggestions[0].value.startswith("<> dc:title ")


def test_a_prefix_that_is_declared_twice_is_not_used() -> None:
    text = f"@prefix dct: <http://example.org/> .\n{PREFIX_LINES}{MODEL}"
    report = report_on(text.replace('dct:title "Cloud cover U-Net"@en ;', ""))
    (found,) = [one for one in report.findings if one.path == "http://purl.org/dc/terms/title"]
    assert found.suggestions[0].value.startswith("<> <http://purl.org/dc/terms/title> ")


def test_suggestions_survive_being_written_down() -> None:
    report = report_on(PREFIX_LINES + MODEL.replace("licenses/MIT", "licenses/GPL-2.0"))
    assert any(one.patch for finding in report.findings for one in finding.suggestions)
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_a_part_in_brackets_is_told_what_to_put_among_the_rest() -> None:
    text = PREFIX_LINES + MODEL.replace("dct:creator <#ana>", "dct:creator [ a foaf:Person ]")
    (found,) = [
        one for one in report_on(text).findings if one.path == "http://xmlns.com/foaf/0.1/name"
    ]
    (one,) = found.suggestions
    assert one.value == 'foaf:name "Ana Ruiz" ;'
    pasted = text.replace("[ a foaf:Person ]", f"[ {one.value} a foaf:Person ]")
    assert report_on(pasted).conforms


def test_of_very_many_findings_only_the_first_come_with_suggestions() -> None:
    keywords = ", ".join(f'"k{number}"' for number in range(80))
    report = report_on(PREFIX_LINES + MODEL.replace('"cloud"@en', keywords))
    helped = [finding for finding in report.findings if finding.suggestions]
    assert len(report.findings) > MOST_HELPED
    assert len(helped) == MOST_HELPED


@settings(max_examples=60, deadline=None, derandomize=True)
@example('"\\u0000"').via("a control character")
@example('"x"^^<http://e.org/d>')
@given(st.text(max_size=40).map(lambda text: str(ox.Literal(text))))
def test_whatever_stands_in_place_of_a_term_never_breaks_the_report(term: str) -> None:
    text = PREFIX_LINES + MODEL.replace("<https://spdx.org/licenses/MIT>", term)
    try:
        report = report_on(text)
    except CatalogError:
        return
    assert not report.conforms_at("draft")


@pytest.mark.parametrize(
    ("help_text", "path", "value"),
    [
        ('Say so. Example: "x"@en', "http://e.org/p", '"x"@en'),
        ("Example: <> dct:creator <#a> . <#a> a foaf:Person .", f"{PREFIXES['dct']}creator", None),
        ('Example: schema:name "x"', f"{PREFIXES['schema']}name", '"x"'),
        ("upload a file, or <> dcat:distribution <#d> .", "http://e.org/p", None),
    ],
)
def test_an_example_is_read_however_it_is_written(
    help_text: str, path: str, value: str | None
) -> None:
    found = example_in(help_text, path)
    assert (found is None) == ("Example:" not in help_text)
    assert value is None or (found and found.value == value)
