"""What may be changed in a text without asking, and that nothing else is."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalog
from catalog.domain.context import PREFIXES
from catalog.domain.fixing import Change, change_of, difference, fixed
from catalog.domain.identifiers import item_iri
from catalog.domain.report import Finding, Report, Suggestion
from catalog.domain.validation import judge
from catalog.library import library

INVALID = sorted((Path(__file__).parents[1] / "shapes/invalid").glob("*.ttl"))
ITEM = item_iri("0123456789")
PREFIX_LINES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())

DAMAGED = (
    PREFIX_LINES
    + """
# A comment with "quotes" and a dct:title that stays.
<> a it6:MachineLearningModel ;   # so it is
\tdct:title "Wolkenmodell – 雲"@de , "Cloud model" ;
  dct:description '''Says of each pixel of a sky image,
whether it shows "cloud" or sky.''' ;
  dct:creator [ a foaf:Person; foaf:name "Ana Ruiz" ;
    schema:identifier "0000-0001-2345-678X" ] ;
  dct:license "Apache License 2.0", "Apache-2.0" ;
  dct:created "2017" ; dcat:keyword "cloud"@en;
  sage:mlTask <https://w3id.org/sage/vocab/ml-task/Image_Segmentation> ;
  sage:modelCategory "U-Net" ;
  sage:threshold "0.9" ;
  it6:intendedUse "Cloud cover by day."@en ;
  it6:trainedOn "https://doi.org/10.5072/x" ;
  it6:hasFile <1111111111> ;
  sage:runtimeRequirement sage:notStated .
"""
)
MENDED = {
    '"Cloud model" ;': '"Cloud model"@en ;',
    "sky.''' ;": "sky.'''@en ;",
    '"0000-0001-2345-678X"': "<https://orcid.org/0000-0001-2345-678X>",
    '"Apache License 2.0", "Apache-2.0"': ", ".join(["<https://spdx.org/licenses/Apache-2.0>"] * 2),
    '"2017"': '"2017"^^xsd:gYear',
    "Image_Segmentation": "image-segmentation",
    '"U-Net" ;': "<https://w3id.org/sage/vocab/model-category/u-net> ;",
    '"0.9"': "0.9",
    '"https://doi.org/10.5072/x"': "<https://doi.org/10.5072/x>",
}


def report_on(source: bytes, media_type: str = "text/turtle") -> Report:
    return judge(source, media_type, item=ITEM, library=library()).report


def mended(text: str) -> str:
    for old, new in MENDED.items():
        assert old in text
        text = text.replace(old, new)
    return text


def test_everything_that_is_sure_is_mended_and_all_else_stays_byte_for_byte() -> None:
    source = DAMAGED.encode()
    before = report_on(source)
    assert not before.conforms_at("draft")
    after, settled = fixed(source, before)
    assert after.decode() == mended(DAMAGED)
    assert report_on(after).conforms, report_on(after).to_dict()
    assert len(settled) == 10


def test_a_text_that_is_fixed_is_not_fixed_again() -> None:
    source, _ = fixed(DAMAGED.encode(), report_on(DAMAGED.encode()))
    assert fixed(source, report_on(source)) == (source, ())


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_stay(ends: str, mark: bytes) -> None:
    source = mark + DAMAGED.replace("\n", ends).encode()
    after, _ = fixed(source, report_on(source))
    assert after == mark + mended(DAMAGED).replace("\n", ends).encode()


PATCHED = [
    one for one in INVALID if any(change_of(finding) for finding in catalog.validate(one).findings)
]


@pytest.mark.parametrize("invalid", PATCHED, ids=[one.stem for one in PATCHED])
def test_what_is_changed_in_an_example_settles_its_findings(invalid: Path) -> None:
    source = invalid.read_bytes()
    before = report_on(source)
    after, settled = fixed(source, before)
    remaining = report_on(after)
    keys = {(one.focus_node, one.path, one.component, one.value) for one in remaining.findings}
    assert settled
    for one in settled:
        assert (one.focus_node, one.path, one.component, one.value) not in keys
    assert fixed(after, remaining) == (after, ())
    assert [one for one in remaining.findings if one.severity == "violation"] == []


@pytest.mark.parametrize(
    "sample",
    sorted(one.name for one in files("catalog.samples").iterdir() if one.name.endswith(".ttl")),
)
def test_a_real_item_stays_as_it_is(sample: str) -> None:
    source = files("catalog.samples").joinpath(sample).read_bytes()
    assert fixed(source, report_on(source)) == (source, ())


def test_n_triples_are_fixed_too() -> None:
    address = "<http://127.0.0.1:8000/items/0123456789>"
    old = f'{address} <http://purl.org/dc/terms/title> "Cloud model" .\n'
    source = f"{address} <{PREFIXES['rdf']}type> <{PREFIXES['it6']}MachineLearningModel> .\n{old}"
    report = judge(
        source.encode(),
        "application/n-triples",
        item=ITEM,
        bases=("http://127.0.0.1:8000/",),
        library=library(),
    ).report
    after, _ = fixed(source.encode(), report)
    assert after.decode() == source.replace('model"', 'model"@en')


def test_json_is_fixed_where_the_pointer_leads() -> None:
    document = {
        "@context": library().context,
        "@id": "",
        "@type": "it6:MachineLearningModel",
        "title": [{"@value": "Wolken – 雲", "@language": "de"}, {"@value": "Cloud model"}],
        "license": "https://spdx.org/licenses/GPL-2.0",
        "created": {"@value": "2017"},
        "modelCategory": {"@id": "https://w3id.org/sage/vocab/model-category/UNET"},
        "threshold": "0.9",
    }
    source = json.dumps(document, indent=1, ensure_ascii=False).encode()
    after, settled = fixed(source, report_on(source, "application/ld+json"))
    said = json.loads(after)
    assert said["title"][1] == {"@value": "Cloud model", "@language": "en"}
    assert said["license"] == {"@id": "https://spdx.org/licenses/GPL-2.0-only"}
    assert said["created"] == {"@value": "2017", "@type": "xsd:gYear"}
    assert said["modelCategory"] == {"@id": "https://w3id.org/sage/vocab/model-category/u-net"}
    assert len(settled) >= 4
    again = report_on(after, "application/ld+json")
    assert fixed(after, again) == (after, ())


def test_in_rdf_xml_nothing_is_changed() -> None:
    source = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:dct="http://purl.org/dc/terms/"><rdf:Description rdf:about="">'
        b'<rdf:type rdf:resource="http://data.europa.eu/it6/MachineLearningModel"/>'
        b"<dct:title>Cloud model</dct:title></rdf:Description></rdf:RDF>"
    )
    report = report_on(source, "application/rdf+xml")
    assert any(finding.suggestions for finding in report.findings)
    assert fixed(source, report) == (source, ())


# ---- changes


def report_with(*patches: str) -> Report:
    found = [
        Finding("warning", "draft", f"<#{n}>", "m", "c", suggestions=(Suggestion("l", "v", patch),))
        for n, patch in enumerate(patches)
    ]
    return Report("draft", "abc", tuple(found))


@given(*[st.integers(0, 10**9 - 1)] * 4, st.text())
def test_a_change_reads_back_from_its_patch(a: int, b: int, c: int, d: int, text: str) -> None:
    change = Change(a, b, c, d, text)
    assert Change.of(change.patch) == change


@pytest.mark.parametrize("patch", ["", "1:1", "1:1-1:2", "a:1-1:2 x", "-1:1-1:2 x", "1:1-1:2x"])
def test_what_is_no_patch_is_refused(patch: str) -> None:
    with pytest.raises(ValueError, match="no patch"):
        Change.of(patch)


@pytest.mark.parametrize("patch", ["9:1-9:2 x", "1:9-1:9 x", "0:1-1:1 x", "1:3-1:2 x", "1:1-2:9 x"])
def test_a_report_about_another_text_changes_nothing(patch: str) -> None:
    with pytest.raises(ValueError, match=r"the report is about another|before it begins"):
        fixed(b"abc\nde", report_with(patch))


def test_of_two_changes_to_one_piece_only_the_first_is_made() -> None:
    after, settled = fixed(b"abcdef", report_with("1:2-1:4 X", "1:3-1:5 Y", "1:2-1:4 X"))
    assert after == b"aXdef"
    assert [one.focus_node for one in settled] == ["<#0>", "<#2>"]


def test_changes_are_counted_in_characters_from_the_text_as_it_was() -> None:
    after, _ = fixed("雲é\r\nab".encode(), report_with("1:2-1:3 long", "2:1-2:1 +", "2:3-2:3 !"))
    assert after.decode() == "雲long\r\n+ab!"


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        fixed(b"\xff\xfe", report_with())


@settings(max_examples=200)
@given(st.text("ab\n\r雲", max_size=30), st.text("ab\n\r雲", max_size=30))
def test_a_difference_is_empty_only_if_there_is_none(before: str, after: str) -> None:
    said = difference(before.encode(), after.encode(), "x.ttl")
    assert (said == "") == (before == after)


def test_a_difference_can_be_read_by_patch() -> None:
    said = difference(b"a\nb", b"a\nc\n", "x.ttl")
    assert said.splitlines() == [
        "--- x.ttl",
        "+++ x.ttl",
        "@@ -1,2 +1,2 @@",
        " a",
        "-b",
        "\\ No newline at end of file",
        "+c",
    ]
