"""`POST /validate`: one report in every form, many in a stream, and bad input in one sentence."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import catalog
from catalog.domain import report_sarif
from tests.api.sites import Site, problem
from tests.catalogs import description

EXAMPLES = sorted((Path(__file__).parents[1] / "shapes/invalid").glob("*.ttl"))[::16]
TURTLE = "text/turtle"
NDJSON = "application/x-ndjson"
SH = "http://www.w3.org/ns/shacl#"
UNTITLED = description("X").replace(b"dct:title", b"dct:alternative", 1)


def lines_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.data
    assert answer.content_type == NDJSON
    return [json.loads(line) for line in answer.data.splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_server_finds_what_python_finds_to_the_byte(site: Site, example: Path) -> None:
    source = example.read_bytes()
    said = site.anyone.post("/validate", source, Content_Type=TURTLE)
    by_python = json.dumps(catalog.validate(example).to_dict(), ensure_ascii=False)
    assert said.data.decode() == by_python


@pytest.mark.parametrize(
    "form", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
)
def test_a_report_is_had_as_shacl_writes_it(site: Site, form: str) -> None:
    said = site.anyone.post("/validate", UNTITLED, Content_Type=TURTLE, Accept=form)
    assert said.mimetype == form
    store = ox.Store()
    store.load(said.data, format=ox.RdfFormat.from_media_type(form))
    assert store.query(
        f"PREFIX sh: <{SH}> ASK {{ ?r a sh:ValidationReport ; sh:conforms false ; sh:result ["
        " sh:focusNode ?x ; sh:resultPath <http://purl.org/dc/terms/title> ;"
        " sh:resultSeverity sh:Violation ; sh:sourceShape ?s ; sh:resultMessage ?m ]"
        ' FILTER(LANG(?m) = "en" && STRENDS(STR(?x), "/items/0000000000")) }'
    )


def test_a_report_is_had_as_sarif_and_mapped_back(site: Site) -> None:
    said = site.anyone.post(
        "/validate", UNTITLED, Content_Type=TURTLE, Accept="application/sarif+json"
    )
    assert said.mimetype == "application/sarif+json"
    findings = [
        report_sarif.finding_of(one) for one in said.get_json(force=True)["runs"][0]["results"]
    ]
    assert tuple(findings) == catalog.validate(UNTITLED).findings


def test_a_report_is_had_as_junit(site: Site) -> None:
    form = "application/vnd.junit+xml"
    said = site.anyone.post("/validate", UNTITLED, Content_Type=TURTLE, Accept=form)
    assert said.mimetype == form
    assert list(ET.fromstring(said.data).iter("failure"))


def test_a_browser_gets_the_page_with_the_lines(site: Site) -> None:
    said = site.anyone.post("/validate", UNTITLED, Content_Type=TURTLE, Accept="text/html")
    assert (said.status_code, said.mimetype) == (200, "text/html")
    assert "cannot be kept yet" in said.text


def test_a_browser_gets_the_page_where_reading_stopped(site: Site) -> None:
    said = site.anyone.post("/validate", b"<> a <", Content_Type=TURTLE, Accept="text/html")
    assert (said.status_code, said.mimetype) == (400, "text/html")
    assert "Reading stopped here" in said.text


def test_a_form_that_nobody_writes_is_406(site: Site) -> None:
    problem(
        site.anyone.post("/validate", UNTITLED, Content_Type=TURTLE, Accept="image/png"),
        406,
        "not-offered",
    )


def test_a_format_may_be_named(site: Site) -> None:
    said = site.anyone.post("/validate?format=turtle", UNTITLED, Content_Type="text/plain")
    assert said.get_json() == catalog.validate(UNTITLED).to_dict()


# -- streams


def test_a_stream_is_answered_line_by_line_in_the_order_sent(site: Site) -> None:
    sent = [
        {"id": "good", "source": description("Good").decode(), "media_type": TURTLE},
        {"id": 7, "source": UNTITLED.decode()},
        {
            "id": "draft",
            "source": "<> a <http://data.europa.eu/it6/MachineLearningModel> .",
            "level": "draft",
        },
        {"source": "<http://x.example/p> .", "media_type": "application/n-triples"},
    ]
    body = "\n".join(map(json.dumps, sent))
    said = lines_of(site.anyone.post("/validate", body, Content_Type=NDJSON))
    assert [one["number"] for one in said] == [1, 2, 3, 4]
    assert [one.get("id") for one in said] == ["good", 7, "draft", None]
    assert [one["conforms"] for one in said] == [True, False, False, False]
    assert said[1]["findings"] == catalog.validate(UNTITLED).to_dict()["findings"]
    assert said[2]["level"] == "draft"
    assert (said[3]["line"], bool(said[3]["error"])) == (1, True)


def test_a_line_may_be_the_description_itself(site: Site) -> None:
    plain = {"type": "model", "title": "Snow", "creator": {"name": "Ana"}}
    said = lines_of(site.anyone.post("/validate", json.dumps(plain) + "\n\n", Content_Type=NDJSON))
    assert len(said) == 1
    assert said[0]["findings"] == catalog.validate(json.dumps(plain)).to_dict()["findings"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "Line 2 cannot be used. The body is not JSON"),
        ("[1]", "Line 2 cannot be used. It is no JSON object."),
        ('{"source": "x", "level": "best"}', "level is draft or publication"),
        ('{"source": "x", "type": "no-such"}', "There is no item type 'no-such'"),
        ('{"source": "x", "media_type": 5}', "media_type is a text"),
        ('{"source": "x", "media_type": "image/png"}', "image/png"),
        ('{"source": ""}', ""),
        ('{"source": "<> a", "id": {"a": 1}}', ""),
        ("[" * 100_000, "nested"),
    ],
)
def test_a_bad_line_is_answered_by_a_sentence_and_stops_no_other(
    site: Site, line: str, sentence: str
) -> None:
    good = json.dumps({"source": description("Good").decode()})
    body = f"{good}\n{line}\n{good}"
    said = lines_of(site.anyone.post("/validate", body, Content_Type=NDJSON))
    assert [one["number"] for one in said] == [1, 2, 3]
    assert [one["conforms"] for one in said] == [True, False, True]
    assert said[1]["findings"] == []
    assert sentence in said[1]["error"]


def test_the_level_and_type_of_a_stream_hold_for_its_lines(site: Site) -> None:
    line = json.dumps({"source": '<> <http://purl.org/dc/terms/title> "X"@en .'})
    said = lines_of(site.anyone.post("/validate?level=draft&type=model", line, Content_Type=NDJSON))
    assert said[0]["level"] == "draft"


def test_a_stream_that_is_too_long_is_413(site: Site) -> None:
    body = b" " * (17 * 1_000_000)
    problem(site.anyone.post("/validate", body, Content_Type=NDJSON), 413, "too-large")


def test_one_line_that_is_too_long_is_refused_alone(site: Site) -> None:
    long = json.dumps({"source": "#" * 1_000_001})
    good = json.dumps({"source": description("Good").decode()})
    said = lines_of(site.anyone.post("/validate", f"{long}\n{good}", Content_Type=NDJSON))
    assert [one["conforms"] for one in said] == [False, True]
    assert "1,000,000 bytes" in said[0]["error"]


def test_a_stream_of_nothing_is_400(site: Site) -> None:
    problem(site.anyone.post("/validate", b"\n\n", Content_Type=NDJSON), 400, "unreadable")


def test_a_stream_is_answered_as_a_stream_or_not_at_all(site: Site) -> None:
    problem(
        site.anyone.post("/validate", b"{}", Content_Type=NDJSON, Accept="text/turtle"),
        406,
        "not-offered",
    )


# -- tables

TABLE = "type,title,keyword\nmodel,Snow,snow\nmodel,,\nmodel,Rain,a,b\n"


def test_each_row_of_a_table_has_a_report(site: Site) -> None:
    said = lines_of(site.anyone.post("/validate?level=draft", TABLE, Content_Type="text/csv"))
    assert [one["number"] for one in said] == [1, 2, 3]
    assert [one["conforms"] for one in said] == [True, False, False]
    assert said[2]["line"] == 4


@pytest.mark.parametrize("body", ["\n", "title\n", "\x00", "a\xff"])
def test_a_table_without_rows_is_400(site: Site, body: str) -> None:
    said = site.anyone.post("/validate", body.encode("latin-1"), Content_Type="text/csv")
    problem(said, 400, "unreadable")


def test_the_only_row_of_a_table_may_have_a_report_in_any_form(site: Site) -> None:
    one = "".join(TABLE.splitlines(keepends=True)[:2])
    said = site.anyone.post("/validate", one, Content_Type="text/csv", Accept="application/json")
    assert said.get_json()["level"] == "publication"
