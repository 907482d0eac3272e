"""The JSON Schemas are right by the metaschema, and agree with the shapes where they can."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from catalog.domain.jsonschema import DIALECT, schema_of
from catalog.domain.validation import Judgement
from catalog.library import library
from tests.domain.test_importing_plain import SAMPLES, VALID, as_json

INVALID = sorted((Path(__file__).parents[1] / "shapes" / "invalid").glob("*.ttl"))


@cache
def schema(name: str) -> dict[str, Any]:
    return schema_of(name, library(), address=f"https://catalog.example/shapes/{name}.schema.json")


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name))


@pytest.mark.parametrize("name", ["model", "training-data", "ecr-app"])
def test_a_schema_is_one_by_the_published_metaschema(name: str) -> None:
    assert schema(name)["$schema"] == DIALECT
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", library().item_types)
def test_every_reference_in_a_schema_leads_somewhere(name: str) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (node["$ref"],) if "$ref" in node else ()
        for member in node.values() if isinstance(node, dict) else node:
            if isinstance(member, dict | list):
                yield from references(member)

    known = {f"#/$defs/{key}" for key in schema(name)["$defs"]}
    assert set(references(schema(name))) <= known


@pytest.mark.parametrize("example", [*VALID, *SAMPLES], ids=lambda path: path.stem)
def test_what_the_shapes_accept_the_schema_accepts(example: Path) -> None:
    said, document = as_json(example)
    faults = validator(said.type or "").iter_errors(document)
    assert not [(list(fault.absolute_path), fault.message[:200]) for fault in faults]


def lacks_a_field(judgement: Judgement) -> bool:
    """Tell whether a mandatory field of the item itself, and not of a part, is missing."""
    return any(
        one.severity == "violation"
        and one.component == "MinCountConstraintComponent"
        and one.focus_node == "<>"
        and (one.path or "").startswith("http")
        for one in judgement.report.findings
    )


def test_what_lacks_a_mandatory_field_is_refused() -> None:
    examples = [as_json(path) for path in INVALID if "sh:minCount" in path.read_text()[:200]]
    lacking = [(said.type, document) for said, document in examples if lacks_a_field(said)]
    assert len(lacking) > 20
    assert not [one for one in lacking if one[0] and validator(one[0]).is_valid(one[1])]


@pytest.mark.parametrize(
    ("changed", "accepted"),
    [({}, True), ({"mlTask": "classification"}, True), ({"mlTask": "Classification"}, True),
     ({"mlTask": "fortune telling"}, False), ({"mlTask": "not stated"}, True),
     ({"threshold": 0.9}, True), ({"threshold": "high"}, False), ({"threshold": [1, 2]}, False),
     ({"totalNumberOfParameters": -1}, False), ({"created": "2021-05-11"}, True),
     ({"created": "yesterday"}, False), ({"titel": "A"}, False), ({"title": ""}, False),
     ({"title": {"@value": "A", "@language": "de"}}, True), ({"creator": 5}, False),
     ({"creator": {"type": "Person"}}, False), ({"dct:creator": {"@id": "#a"}}, True),
     ({"language": "English"}, False), ({"type": "weights"}, False)],
)  # fmt: skip
def test_a_description_by_hand_is_judged_by_the_schema(
    changed: dict[str, Any], accepted: bool
) -> None:
    document = {
        "type": "model", "title": "A", "description": "B", "license": "MIT", "keyword": "c",
        "creator": {"type": "Person", "name": "Ana Ruiz"}, "mlTask": "classification",
        "modelCategory": "u-net", "intendedUse": "not stated", "hasFile": "not stated",
        "runtimeRequirement": "not stated", "trainedOn": "not stated", **changed,
    }  # fmt: skip
    assert validator("model").is_valid(document) is accepted


def test_titles_and_help_are_those_of_the_shapes() -> None:
    (field,) = [one for one in library().fields("model") if one.path.endswith("mlTask")]
    shown = schema("model")["properties"]["mlTask"]
    assert shown["title"] == field.name
    assert field.description.startswith(shown["description"])
    assert shown["examples"] == ["image-classification"]


def test_a_term_of_a_small_vocabulary_stands_with_its_label() -> None:
    listed = schema("model")["$defs"]["term-ml-task"]["anyOf"]
    named = {one["const"]: one["title"] for one in listed if "const" in one}
    assert named["https://w3id.org/sage/vocab/ml-task/image-classification"] == (
        "Image classification"
    )


def test_a_schema_is_small_enough_to_be_read_by_an_editor() -> None:
    sizes = {name: len(json.dumps(schema(name))) for name in library().item_types}
    assert max(sizes.values()) < 300_000, sizes
