"""`sage-catalog init`: a template of an item type, on standard output or in a new file."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_template_is_filled_in_and_judged(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    assert command("init", "model", "--output", file).code == 0
    file.write_text(file.read_text().replace("\ntitle:\n", "\ntitle: Snow on the camera\n"))
    told = command("validate", file, "--level", "draft")
    assert told.code == 0, told.out


@pytest.mark.parametrize(
    ("name", "begins"), [("a.ttl", "## "), ("a.json", "{"), ("a.yaml", "# yaml"), ("a", "# yaml")]
)
def test_the_suffix_chooses_the_form(
    command: Command, tmp_path: Path, name: str, begins: str
) -> None:
    assert command("init", "weights", "--output", name).code == 0
    assert (tmp_path / name).read_text().startswith(begins)


def test_a_form_may_be_asked_for(command: Command) -> None:
    assert "<> a it6:MachineLearningModel ." in command("init", "model", "--format", "turtle").out


def test_a_file_that_is_there_is_kept(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("type: model\n")
    told = command("init", "model", "--output", file)
    assert told.code == 5
    assert "kept" in told.err
    assert file.read_text() == "type: model\n"


@pytest.mark.parametrize(("name", "near"), [("modell", "model"), ("trainingdata", "training-data")])
def test_an_unknown_type_is_told_with_the_nearest(command: Command, name: str, near: str) -> None:
    told = command("init", name)
    assert told.code == 2
    assert near in told.err


def test_the_types_are_listed(command: Command) -> None:
    assert "training-data" in command("init", "list").out
    assert command("init", "list", "--json").said["types"]["model"] == "Model"


def test_one_json_document_holds_the_template(command: Command) -> None:
    said = command("init", "model", "--format", "json", "--json").said
    assert json.loads(said["template"])["type"] == "model"


def test_a_folder_that_is_not_there_is_told_in_a_sentence(command: Command) -> None:
    told = command("init", "model", "--output", "nowhere/model.yaml")
    assert told.code == 2
    assert "nowhere/model.yaml" in told.err


def test_the_address_of_the_schema_is_that_of_the_catalog(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_CATALOG_BASE_URL", "https://catalog.example.org/")
    told = command("init", "model")
    assert "$schema=https://catalog.example.org/shapes/model.schema.json" in told.out
