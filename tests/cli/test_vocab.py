"""`sage-catalog vocab`: rules with file and line, loads that take effect whole or not at all."""

import re
import shutil
from pathlib import Path

import pytest

from catalog.library import library
from tests.catalogs import catalog_in
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]
FAULT = re.compile(r"^(?P<file>.+\.ttl):(?P<line>\d+): (?P<rule>[a-z-]+): (?P<sentence>.+)$")


def copy(folder: Path) -> Path:
    """Return a folder with the vocabularies and shapes that are installed."""
    library().write_to(folder)
    return folder


def edit(folder: Path, name: str, old: str, new: str) -> Path:
    """Replace some text of a vocabulary in a copy."""
    file = folder / "vocab" / f"{name}.ttl"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return folder


def changed_copy(folder: Path) -> Path:
    """Return a release in which a sensor has another name."""
    return edit(
        copy(folder), "sensor", 'skos:prefLabel "BME680"@en', 'skos:prefLabel "BME680 of Bosch"@en'
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder in which no server runs."""
    folder = tmp_path / "data"
    folder.mkdir()
    catalog_in(folder).parts.database.close()
    return folder


def test_what_is_installed_keeps_every_rule(command: Command) -> None:
    told = command("vocab", "check", "--json")
    assert (told.code, told.said["conforms"]) == (0, True)
    assert told.said["vocabularies"] == len(library().vocabularies.names)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("ml-task", "skos:broader ml-task:computer-vision",
         "skos:broader ml-task:semantic-segmentation"),
        ("sensor", 'skos:prefLabel "BME680"@en', 'skos:prefLabel "BME680"@en, "Another"@en'),
        ("sensor", 'skos:prefLabel "BME680"@en', 'skos:prefLabel "BME\\u0007680"@en'),
        ("sensor", "skos:inScheme <https://w3id.org/sage/vocab/sensor>", "skos:note <urn:x>"),
        ("sensor", 'skos:notation "bme680"', 'skos:notation "bme280"'),
        ("sensor", 'skos:notation "bme680" ;', 'skos:notation "bme680" ;;;; oops'),
    ],
)  # fmt: skip
def test_a_fault_is_printed_with_file_line_and_rule(
    command: Command, tmp_path: Path, name: str, old: str, new: str
) -> None:
    folder = edit(copy(tmp_path / "release"), name, old, new)
    told = command("vocab", "check", folder)
    assert told.code == 1
    lines = [found for line in told.out.splitlines() if (found := FAULT.match(line))]
    assert lines
    assert any(Path(line["file"]) == folder / "vocab" / f"{name}.ttl" for line in lines)
    assert all(Path(line["file"]).exists() for line in lines)


def test_a_folder_of_vocabularies_alone_is_checked(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(ROOT / "vocab" / "scheme-group.ttl", folder)
    told = command("vocab", "check", folder, "--json")
    assert told.said["vocabularies"] == 1


@pytest.mark.parametrize("action", ["check", "load", "impact"])
def test_a_folder_without_vocabularies_is_a_wrong_use(
    command: Command, tmp_path: Path, data: Path, action: str
) -> None:
    more = [] if action == "check" else ["--data", str(data)]
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for name in ("empty", "nowhere", "file"):
        told = command("vocab", action, tmp_path / name, *more)
        assert told.code == 2
        assert len(told.err.strip().splitlines()) == 1


def test_a_load_without_a_server_is_shown_by_the_next_start(
    command: Command, tmp_path: Path, data: Path
) -> None:
    release = changed_copy(tmp_path / "release")
    told = command("vocab", "load", release, "--data", data, "--note", "Bosch", "--json")
    assert told.code == 0, told.err
    assert told.said["release"] == 2
    assert told.said["changes"] == {"relabelled": 1}
    listed = command("vocab", "releases", "--data", data, "--json").said["releases"]
    assert {name: listed[0][name] for name in ("release", "origin", "note")} == {
        "release": 2,
        "origin": "loaded",
        "note": "Bosch",
    }
    again = command("vocab", "load", release, "--data", data, "--json")
    assert (again.code, again.said["release"]) == (0, 2)


def test_a_load_that_breaks_a_rule_names_it_and_changes_nothing(
    command: Command, tmp_path: Path, data: Path
) -> None:
    folder = edit(copy(tmp_path / "release"), "precision", "precision:bf16", "precision:brain16")
    told = command("vocab", "load", folder, "--data", data)
    assert told.code == 1
    (fault,) = [found for line in told.err.splitlines() if (found := FAULT.match(line))]
    assert fault["rule"] == "removed-term"
    assert Path(fault["file"]) == folder / "vocab" / "precision.ttl"
    assert command("vocab", "releases", "--data", data, "--json").said["releases"] == []


def test_a_load_where_no_catalog_is_cannot_be(command: Command, tmp_path: Path) -> None:
    release = copy(tmp_path / "release")
    assert command("vocab", "load", release, "--data", tmp_path / "nowhere").code == 3
    assert command("vocab", "releases", "--data", tmp_path / "nowhere").code == 3
