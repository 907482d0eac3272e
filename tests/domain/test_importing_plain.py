"""Plain JSON and YAML say what their author surely means, and bad ones end in one sentence."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import guessed_media_type
from catalog.domain.description import statements_of
from catalog.domain.errors import CatalogError, OverLimit, Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.importing.carried import origin_of, pointer_of
from catalog.domain.importing.trees import json_tree
from catalog.domain.importing.yaml_reading import yaml_tree
from catalog.domain.jsonform import to_json
from catalog.domain.report import Finding
from catalog.domain.validation import Judgement, judge
from catalog.library import library

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "catalog" / "samples").glob("*.ttl"))
VALID = sorted((ROOT / "tests" / "shapes" / "valid").glob("*.ttl"))
ITEM = item_iri("0000000000")
BASE = "http://127.0.0.1:8000/"
JSON, YAML = "application/json", "application/yaml"

MODEL = """\
# A model
type: model
title: Snow on the camera
description: {"@value": "Schnee auf dem Gehäuse", "@language": de}
creator:
  - type: Person
    name: Ana Ruiz
license: mit
keyword: [snow, winter]
mlTask: image classification
threshold: 0.90
trainedOn: 0000000000
intendedUse: not stated
"""

NOT_SAID_BY_JSON = {
    "weights-kept-here": "it speaks of a file to which nothing points, which JSON has no place for"
}


def judged(source: str | bytes, media_type: str = YAML) -> Judgement:
    text = source.encode() if isinstance(source, str) else source
    return judge(text, media_type, item=ITEM, bases=(BASE,), library=library())


def found(source: str, component: str, media_type: str = YAML) -> list[Finding]:
    findings = judged(source, media_type).report.findings
    return [finding for finding in findings if finding.component == component]


def values(source: str, path: str, media_type: str = YAML) -> set[str]:
    """Return the values of a property of anything in a description, as terms."""
    statements = statements_of(judged(source, media_type).ntriples)
    return {value for _, predicate, value in statements if predicate.endswith(f"{path}>")}


def as_json(turtle: Path) -> tuple[Judgement, dict[str, Any]]:
    """Return what a file of Turtle says, and the JSON that the catalog writes of it."""
    said = judged(turtle.read_bytes(), "text/turtle")
    shown = said.ntriples.replace("https://catalog.invalid/", BASE)
    statements = list(statements_of(shown))
    subject = f"{BASE}items/0000000000"
    return said, to_json(statements, library().context, subject=subject, base=BASE)


# -- what the catalog writes is read again


@pytest.mark.parametrize("example", [*SAMPLES, *VALID], ids=lambda path: path.stem)
def test_what_the_catalog_writes_as_json_says_the_same_when_read(example: Path) -> None:
    if example.stem in NOT_SAID_BY_JSON:
        pytest.skip(NOT_SAID_BY_JSON[example.stem])
    said, document = as_json(example)
    assert judged(json.dumps(document), JSON).ntriples == said.ntriples
    written = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    assert judged(written, YAML).ntriples == said.ntriples
    assert not found(written, "not-carried-over")


@pytest.mark.parametrize("example", VALID[::6], ids=lambda path: path.stem)
def test_json_with_our_context_gets_the_findings_of_json_ld(example: Path) -> None:
    _, document = as_json(example)
    text = json.dumps(document)
    plain = judged(text, JSON).report.findings
    assert plain == judged(text, "application/ld+json").report.findings


# -- what people write


def test_a_model_in_plain_words_is_read_as_it_is_meant() -> None:
    assert values(MODEL, "#type") >= {"<http://data.europa.eu/it6/MachineLearningModel>"}
    assert values(MODEL, "dc/terms/title") == {'"Snow on the camera"@en'}
    assert values(MODEL, "description") == {'"Schnee auf dem Gehäuse"@de'}
    assert values(MODEL, "license") == {"<https://spdx.org/licenses/MIT>"}
    assert values(MODEL, "keyword") == {'"snow"@en', '"winter"@en'}
    assert values(MODEL, "trainedOn") == {f"<{ITEM}>"}
    assert values(MODEL, "intendedUse") == {"<https://w3id.org/sage/ns#notStated>"}
    assert judged(MODEL).report.conforms_at("draft")


def test_a_concept_in_words_is_told_with_its_place() -> None:
    (task,) = [one for one in found(MODEL, "read-as") if one.pointer == "/mlTask"]
    assert (task.severity, task.line, task.column) == ("info", 10, 9)
    assert "Image classification <https://w3id.org/sage/vocab/ml-task/" in task.message


@pytest.mark.parametrize(
    "said",
    ["CC-BY-4.0", "cc-by-4.0", "Creative Commons Attribution 4.0 International",
     "https://spdx.org/licenses/CC-BY-4.0"],
)  # fmt: skip
def test_a_licence_is_known_by_id_notation_label_or_address(said: str) -> None:
    text = f"type: model\nlicense: {said}\n"
    assert values(text, "license") == {"<https://spdx.org/licenses/CC-BY-4.0>"}


def test_an_unknown_concept_stays_a_text_and_gets_the_usual_finding() -> None:
    text = "type: model\ntitle: A\nmlTask: telling fortunes\n"
    (task,) = [
        one
        for one in judged(text).report.findings
        if one.severity == "violation" and one.value == '"telling fortunes"@en'
    ]
    assert (task.line, task.column, task.pointer) == (3, 9, "/mlTask")


def test_an_unknown_key_is_told_with_the_nearest_known_one() -> None:
    (lost,) = found("type: model\ntitle: A\nlicnse: MIT\n", "not-carried-over")
    assert "license" in lost.message
    assert (lost.line, lost.column, lost.pointer) == (3, 9, "/licnse")


def test_an_unknown_type_is_told_with_the_nearest() -> None:
    (lost,) = found("type: modle\ntitle: A\n", "not-carried-over")
    assert "model" in lost.message.partition("Did you mean")[2]
    assert lost.pointer == "/type"


@pytest.mark.parametrize("key", ["title", "Title", "dct:title", "http://purl.org/dc/terms/title"])
def test_a_key_may_be_a_name_a_label_a_prefixed_name_or_an_iri(key: str) -> None:
    assert values(json.dumps({"type": "model", key: "A"}), "terms/title", JSON) == {'"A"@en'}


def test_a_key_in_the_wrong_place_is_told_where_it_belongs() -> None:
    told = found("type: model\ntitle: A\nframework: PyTorch\n", "read-as")
    assert any("runtimeRequirement" in one.message for one in told)


@pytest.mark.parametrize(
    ("said", "datatype"),
    [("2021-05-11", "date"), ("2021", "gYear"), ("'2021'", "gYear"), ("2021-05", "gYearMonth"),
     ("2021-05-11T10:00:00Z", "dateTime")],
)  # fmt: skip
def test_a_date_gets_the_datatype_of_its_form(said: str, datatype: str) -> None:
    (value,) = values(f"type: model\ncreated: {said}\n", "terms/created")
    assert value.endswith(f"XMLSchema#{datatype}>")


def test_a_number_keeps_the_digits_that_a_version_has() -> None:
    assert values("type: model\nversion: 1.10\n", "dcat#version") == {'"1.10"'}
    assert values('{"type": "model", "version": 1.10}', "dcat#version", JSON) == {'"1.10"'}


def test_no_is_a_word() -> None:
    assert values("type: model\nkeyword: no\n", "keyword") == {'"no"@en'}


def test_a_person_with_an_orcid_may_be_one_text() -> None:
    text = "type: model\ncreator: Ana Ruiz <https://orcid.org/0009-0003-8823-4046>\n"
    assert values(text, "#type") >= {"<http://xmlns.com/foaf/0.1/Person>"}
    assert values(text, "identifier") == {"<https://orcid.org/0009-0003-8823-4046>"}


def test_a_name_alone_is_no_person_since_it_may_be_an_organisation() -> None:
    text = "type: model\ntitle: A\ncreator: Argonne\n"
    assert any(
        one.severity == "violation" and one.pointer == "/creator"
        for one in judged(text).report.findings
    )


def test_a_part_that_can_be_only_one_thing_needs_no_type() -> None:
    text = "type: model\ntemporal: {startDate: 2022-01-01}\ncreator: {givenName: Ana}\n"
    assert values(text, "#type") >= {
        "<http://purl.org/dc/terms/PeriodOfTime>", "<http://xmlns.com/foaf/0.1/Person>",
    }  # fmt: skip


def test_a_finding_of_a_shape_names_line_column_and_pointer() -> None:
    text = "type: model\ntitle: A\ncreator:\n  - type: Person\n    identifier: 5\n"
    places = {(one.line, one.column, one.pointer) for one in judged(text).report.findings}
    assert (5, 17, "/creator/0/identifier") in places


# -- which of the formats it is


def test_json_ld_in_a_json_file_is_read_as_json_ld() -> None:
    context = {"t": "http://purl.org/dc/terms/title", "@language": "fr"}
    assert values(json.dumps({"@context": context, "t": "Été"}), "title", JSON) == {'"Été"@fr'}


@pytest.mark.parametrize("context", ["context.jsonld", "context.jsonld/", "https://x.example/c"])
def test_a_context_elsewhere_is_never_fetched(context: str) -> None:
    with pytest.raises(Unreadable):
        judged(json.dumps({"@context": context, "title": "A"}), JSON)


def test_our_own_words_are_never_taken_for_a_foreign_format() -> None:
    for name in ("training-data", "ecr-app", "code"):
        text = f"type: {name}\nname: a\nversion: 1\nauthors: b\n"
        assert judged(text).type == name


@pytest.mark.parametrize(
    ("text", "media_type"),
    [("type: model\n", YAML), ("# a comment\n---\ntype: model\n", YAML),
     ("---\nlicense: mit\n---\n# A card\n", "text/markdown"), ('{"type": "model"}', JSON),
     ("@prefix a: <http://b/> .\n", "text/turtle"), ("PREFIX a: <http://b/>\n", "text/turtle"),
     ("<> a <http://b/> .", "text/turtle"), ("ex:a ex:b ex:c .", "text/turtle")],
)  # fmt: skip
def test_a_text_without_a_name_is_known_by_how_it_begins(text: str, media_type: str) -> None:
    assert guessed_media_type(text.encode()) == media_type


# -- what nobody should send

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{letter}: &{letter} [{','.join([f'*{before}'] * 9)}]\n"
    for before, letter in zip("abcdefgh", "bcdefghi", strict=True)
)

MALICIOUS_YAML = {
    "bomb": BOMB,
    "deep": "[" * 100_000,
    "deep lines": "- " * 100_000,
    "python": "a: !!python/object/apply:os.system [ls]",
    "itself": "&a [*a]",
    "repeated": "title: a\ntitle: b",
    "nan": "threshold: .nan",
    "infinite": "threshold: -.inf",
    "huge": "threshold: 1e999",
    "digits": "threshold: " + "9" * 100_000,
    "hexadecimal": "threshold: 0x" + "f" * 100_000,
    "two": "a: 1\n---\nb: 2",
    "odd key": "{[a]: 1}",
    "control": "a: \x01",
    "half": 'a: "\\ud800"',
    "tab": "\ttype: model",
    "broken": "a: [",
    "list": "- type: model",
    "empty": "# nothing\n",
    "values": "keyword: [" + "a, " * 60_000 + "]",
    "statements": "keyword: [" + ", ".join(f"a{n}" for n in range(11_000)) + "]",
}

MALICIOUS_JSON = {
    "deep": "[" * 100_000,
    "repeated": '{"title": "a", "title": "b"}',
    "nan": '{"threshold": NaN}',
    "infinite": '{"threshold": -Infinity}',
    "huge": '{"threshold": 1e999}',
    "digits": '{"threshold": ' + "9" * 100_000 + "}",
    "half": '{"title": "\\ud800"}',
    "broken": '{"title": ',
    "text": '"model"',
    "name": '{"type": "model", "creator": {"@id": "a b"}}',
    "tag": '{"type": "model", "title": {"@value": "a", "@language": "x y"}}',
    "control": '{"type": "model", "title": "a\\u0000b"}',
}


@pytest.mark.parametrize("name", MALICIOUS_YAML)
def test_malicious_yaml_ends_quickly_in_a_sentence(name: str) -> None:
    begun = time.monotonic()
    with pytest.raises(CatalogError) as caught:
        judged(MALICIOUS_YAML[name])
    assert time.monotonic() - begun < 3
    assert 10 < len(caught.value.detail) < 400
    assert caught.value.status in {400, 422}


@pytest.mark.parametrize("name", MALICIOUS_JSON)
def test_malicious_json_ends_quickly_in_a_sentence(name: str) -> None:
    begun = time.monotonic()
    with pytest.raises(CatalogError) as caught:
        judged(MALICIOUS_JSON[name], JSON)
    assert time.monotonic() - begun < 3
    assert 10 < len(caught.value.detail) < 400
    assert caught.value.status in {400, 422}


@pytest.mark.parametrize(
    "name", ["repeated", "nan", "itself", "two", "broken", "odd key", "python"]
)
def test_a_refusal_of_yaml_names_line_and_column(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        yaml_tree("# first\n" + MALICIOUS_YAML[name])
    assert caught.value.evidence["line"] >= 2
    assert caught.value.evidence["column"] >= 1


def test_a_refused_value_is_told_with_its_pointer() -> None:
    with pytest.raises(Unreadable) as caught:
        judged('{"type": "model",\n "creator": [{"@id": "a b"}]}', JSON)
    assert caught.value.evidence["pointer"] == "/creator/0"
    assert caught.value.evidence["line"] == 2


def test_an_alias_is_read_where_it_harms_nobody() -> None:
    assert yaml_tree("a: &x {b: 1}\nc: *x\n").value == {"a": {"b": 1}, "c": {"b": 1}}


def test_deep_nesting_is_told_as_a_limit() -> None:
    with pytest.raises(OverLimit):
        json_tree('{"a":' * 40 + "1" + "}" * 40)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.text(max_size=8) | st.sampled_from(["@id", "@value", "@type", "@list", "@set", "type"]),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
KEYS = ["title", "creator", "mlTask", "threshold", "trainedOn", "type", "@id", "keyword", "@list",
        "@context", "hasPart", "license", "dct:spatial", "http://e.example/p"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), ANYTHING, max_size=5))
def test_whatever_stands_in_it_json_is_judged_or_refused_in_a_sentence(said: Any) -> None:
    for media_type in (JSON, YAML):
        with suppress(CatalogError):
            judged(json.dumps({"type": "model", **said}), media_type)


# -- pointers


def test_a_pointer_escapes_what_rfc_6901_says() -> None:
    assert pointer_of("a/b", 0, "c~d") == "/a~1b/0/c~0d"


def test_a_value_without_an_origin_shares_that_of_the_nearest_above() -> None:
    assert origin_of("/a/0/b", {"/a": "/x", "": ""}) == "/x"
    assert origin_of("/b", {"/a": "/x"}) is None
