"""The templates of all item types: complete, explained, and right as soon as they are filled in."""

import json
import re

import pytest

from catalog.domain.examples import example_of
from catalog.domain.identifiers import item_iri
from catalog.domain.importing.names import names_of
from catalog.domain.report import Finding
from catalog.domain.templates import FORMS, Form, template
from catalog.domain.validation import judge
from catalog.library import library

TYPES = library().item_types
MEDIA_TYPES = {"yaml": "application/yaml", "turtle": "text/turtle", "json": "application/json"}
SCHEMA = "https://catalog.example/shapes/model.schema.json"

OF_THE_TYPE_ALONE = {
    "sensor-blob": "Say of which media type this file is",
    "weights": "Say in which format this file is",
}
"""What only these types ask of their files, which the common example of a file does not say."""


def findings(text: str, form: Form) -> tuple[Finding, ...]:
    judgement = judge(
        text.encode(), MEDIA_TYPES[form], item=item_iri("0000000000"), library=library()
    )
    return judgement.report.findings


def titled(text: str) -> str:
    """Return a template whose title is filled in."""
    text = text.replace('dct:title ""@en', 'dct:title "A title"@en')
    return text.replace("\ntitle:\n", "\ntitle: A title\n").replace(
        '"title": ""', '"title": "A title"'
    )


def uncommented(text: str) -> str:
    """Return a template with all its examples."""
    return re.sub(r"^# (?!yaml-language)", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TYPES)
def test_a_template_conforms_at_draft_level_once_it_has_a_title(name: str, form: Form) -> None:
    found = findings(titled(template(name, library(), form, schema=SCHEMA)), form)
    assert not [one for one in found if one.severity == "violation" and one.level == "draft"]
    assert not [one for one in found if one.component in {"not-carried-over", "read-as"}]


@pytest.mark.parametrize("form", FORMS)
def test_a_template_without_a_title_is_not_a_draft_yet(form: Form) -> None:
    found = findings(template("model", library(), form), form)
    assert [one for one in found if one.severity == "violation" and one.property == "Title"]


@pytest.mark.parametrize("form", ["yaml", "turtle"])
@pytest.mark.parametrize("name", TYPES)
def test_all_examples_together_have_no_violation(name: str, form: Form) -> None:
    text = titled(template(name, library(), form))
    whole = uncommented(text) if form == "turtle" else uncommented(template(name, library(), form))
    violations = [one for one in findings(whole, form) if one.severity == "violation"]
    assert not [
        one.message
        for one in violations
        if not any(
            kind == name and one.message.startswith(said)
            for kind, said in OF_THE_TYPE_ALONE.items()
        )
    ]
    assert not [
        one.message
        for one in findings(whole, form)
        if one.component in {"not-carried-over", "unreachable-part", "unknown-property"}
    ]


@pytest.mark.parametrize("form", ["yaml", "turtle"])
@pytest.mark.parametrize("name", TYPES)
def test_every_field_stands_in_a_template_with_its_help(name: str, form: Form) -> None:
    text = " ".join(
        line.removeprefix("## ") for line in template(name, library(), form).splitlines()
    )
    for field in library().fields(name):
        if field.group and field.group.label != "In the catalog" and field.path[0] == "h":
            assert f"{field.name}." in text
            assert " ".join(field.description.partition("Example: ")[0].split()) in text


def test_what_is_needed_comes_first_under_its_heading() -> None:
    text = template("model", library(), "yaml")
    content = text[text.index("---- Content") : text.index("---- Use")]
    assert content.index("mlTask:") < content.index("Architecture in words")
    assert content.count("Needed to publish") == 2


def test_a_template_says_where_a_value_may_be_not_stated() -> None:
    block = template("model", library(), "yaml").partition("## Licence.")[2].partition("\n\n")[0]
    assert "May be: not stated" in block


def test_json_has_every_field_and_the_schema_that_explains_them() -> None:
    said = json.loads(template("model", library(), "json", schema=SCHEMA))
    assert list(said)[:3] == ["$schema", "type", "title"]
    assert said["$schema"] == SCHEMA
    assert "license" in said


@pytest.mark.parametrize("name", TYPES)
def test_the_examples_that_a_shape_gives_can_be_read(name: str) -> None:
    """Those that speak of a part which they do not describe are shown in words only."""
    alone = [
        field
        for field in library().fields(name)
        if field.path[0] == "h" and example_of(field, names_of(library())) is None
    ]
    assert len(alone) <= 6, [field.description for field in alone]
