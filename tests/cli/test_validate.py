"""`validate`: many files, folders, patterns and input; the findings are those of the server."""

import io
import json
from pathlib import Path

import pytest

import catalog
from catalog.client import Client
from catalog.samples import files
from tests.api.served import Served
from tests.catalogs import description
from tests.cli.conftest import Command

UNTITLED = b'<> a <https://w3id.org/sage/ns#TrainingDataset> ; <http://x.example/p> "x" .'
CASES = {
    "good.ttl": description("Good"),
    "untitled.ttl": UNTITLED,
    "odd.ttl": description("Odd").replace(b"ml-task:semantic", b"ml-task:no-such"),
    "model.jsonld": json.dumps(
        {"@id": "", "@type": "http://data.europa.eu/it6/MachineLearningModel"}
    ).encode(),
    **{file.name: file.read_bytes() for file in files()[::12]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "items"
    (inside / "more").mkdir(parents=True)
    (inside / "a.ttl").write_bytes(description("A"))
    (inside / "more" / "b.ttl").write_bytes(description("B"))
    (inside / "more" / "notes.txt").write_text("no description")
    (inside / ".hidden.ttl").write_text("broken <")
    return inside


@pytest.mark.parametrize("level", ["draft", "publication"])
@pytest.mark.parametrize("name", CASES)
def test_the_command_the_server_and_python_find_the_same(
    command: Command, server: Served, tmp_path: Path, name: str, level: str
) -> None:
    (tmp_path / name).write_bytes(CASES[name])
    kind = "application/ld+json" if name.endswith("jsonld") else "text/turtle"
    by_server = Client(server.url).validate(CASES[name], kind, level=level)
    offline = command("validate", tmp_path / name, "--level", level, "--json")
    online = command("validate", tmp_path / name, "--level", level, "--json", "--url", server.url)
    by_python = catalog.validate(tmp_path / name, level=level).to_dict()  # type: ignore[arg-type]
    assert offline.said.pop("file") == str(tmp_path / name)
    for found in (offline.said, online.said):
        assert {member: found[member] for member in by_server} == by_server
    assert by_python == by_server
    assert offline.code == online.code == (0 if by_server["conforms"] else 1)


def test_the_command_judges_by_the_level_that_it_is_told(command: Command, tmp_path: Path) -> None:
    text = description("Draft").replace(b"dct:license spdx-license:MIT ;", b"")
    (tmp_path / "x.ttl").write_bytes(text)
    assert command("validate", "x.ttl").code == 1
    assert command("validate", "x.ttl", "--level", "draft").code == 0


def test_a_folder_stands_for_every_description_in_it(command: Command, folder: Path) -> None:
    told = command("validate", folder, "--json")
    assert (told.code, told.said["conforms"]) == (0, True)
    names = [Path(one["file"]).name for one in told.said["reports"]]
    assert names == ["a.ttl", "b.ttl"]


def test_patterns_are_understood_where_the_shell_does_not(command: Command, folder: Path) -> None:
    told = command("validate", f"{folder}/**/*.ttl", f"{folder}/a.ttl")
    assert (told.code, told.out.splitlines()[-1]) == (0, "2 of 2 conform.")


def test_standard_input_is_read_and_its_form_is_seen(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (description("Piped"), CASES["model.jsonld"]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        told = command("validate", "-", "--json")
        assert told.said["file"] == "-"
        assert "error" not in told.said


def test_one_bad_file_does_not_keep_the_others_from_being_judged(
    command: Command, folder: Path
) -> None:
    (folder / "broken.ttl").write_text("<> a <")
    (folder / "binary.ttl").write_bytes(bytes(range(256)))
    (folder / "other.xyz").write_text("?")
    told = command("validate", folder, folder / "other.xyz", "--json")
    by_name = {Path(one["file"]).name: one for one in told.said["reports"]}
    assert (told.code, told.said["conforms"]) == (1, False)
    assert by_name["a.ttl"]["conforms"]
    assert by_name["b.ttl"]["conforms"]
    assert by_name["broken.ttl"]["line"] == 1
    assert "column" in by_name["broken.ttl"]
    for name in ("broken.ttl", "binary.ttl", "other.xyz"):
        assert by_name[name]["findings"] == []
        assert by_name[name]["error"]
    text = command("validate", folder, folder / "other.xyz")
    assert text.out.splitlines()[-1] == "2 of 5 conform."


def test_a_finding_has_its_place_in_the_text(command: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.ttl").write_bytes(CASES["odd.ttl"])
    told = command("validate", "odd.ttl")
    line = CASES["odd.ttl"].decode().split("no-such")[0].count("\n") + 1
    assert f"  ✗ odd.ttl:{line}:" in told.out


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"{", b"{" * 4000, b"<" * 100_000])
@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nt", "rdf"])
def test_whatever_is_in_a_file_is_answered_in_words(
    command: Command, tmp_path: Path, suffix: str, text: bytes
) -> None:
    (tmp_path / f"x.{suffix}").write_bytes(text)
    told = command("validate", f"x.{suffix}", "--json")
    assert told.code == 1
    assert told.said["conforms"] is False


def test_the_format_may_be_said_as_a_form(command: Command, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_bytes(UNTITLED)
    told = command("validate", "x.ttl", "--format", "json")
    assert told.said == command("validate", "x.ttl", "--json").said


def test_python_validates_text_bytes_and_files(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_bytes(description("X"))
    reports = [
        catalog.validate(tmp_path / "x.ttl"),
        catalog.validate(description("X")),
        catalog.validate(description("X").decode(), "text/turtle"),
    ]
    assert reports[0] == reports[1] == reports[2]
    assert reports[0].conforms
