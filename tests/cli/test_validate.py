"""`validate`: many files, folders, patterns and input; the findings are those of the server."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import catalog
from catalog.client import Client
from catalog.domain import report_sarif
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


# -- forms


@pytest.mark.parametrize("form", ["sarif", "junit", "turtle"])
def test_every_form_tells_of_every_file(command: Command, folder: Path, form: str) -> None:
    (folder / "broken.ttl").write_text("<> a <")
    (folder / "untitled.ttl").write_bytes(UNTITLED)
    told = command("validate", folder, "--format", form)
    assert told.code == 1
    names = {"broken.ttl", "untitled.ttl"}
    if form == "sarif":
        results = told.said["runs"][0]["results"]
        places = [one["locations"][0]["physicalLocation"] for one in results]
        assert {one["artifactLocation"]["uri"].rpartition("/")[2] for one in places} >= names
    elif form == "junit":
        suites = ET.fromstring(told.out).findall("testsuite")
        assert len(suites) == 4
        assert [one.get("errors") for one in suites] == ["0", "1", "0", "0"]
    else:
        store = ox.Store()
        store.load(told.out, format=ox.RdfFormat.TURTLE)
        found = store.query(
            "SELECT (COUNT(*) AS ?n) { ?r a <http://www.w3.org/ns/shacl#ValidationReport> }"
        )
        assert [int(row["n"].value) for row in found] == [4]  # type: ignore[union-attr]


def test_sarif_can_be_mapped_back(command: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.ttl").write_bytes(CASES["odd.ttl"])
    results = command("validate", "odd.ttl", "--format", "sarif").said["runs"][0]["results"]
    found = [report_sarif.finding_of(one).to_dict() for one in results]
    assert found == command("validate", "odd.ttl", "--json").said["findings"]


def test_a_form_for_machines_is_the_same_each_time(command: Command, folder: Path) -> None:
    (folder / "untitled.ttl").write_bytes(UNTITLED)
    for form in ("json", "sarif", "junit", "turtle"):
        runs = {command("validate", folder, "--format", form, "--jobs", n).out for n in (1, 3)}
        assert len(runs) == 1


def test_two_forms_at_once_are_a_wrong_use(command: Command, folder: Path) -> None:
    assert command("validate", folder, "--json", "--format", "sarif").code == 2


# -- many files


def test_one_bad_file_among_a_thousand(command: Command, tmp_path: Path) -> None:
    inside = tmp_path / "many"
    inside.mkdir()
    for number in range(1000):
        (inside / f"{number:04}.ttl").write_bytes(description(f"Item {number}"))
    (inside / "0500.ttl").write_bytes(b"<> a <\xff")
    told = command("validate", inside)
    lines = told.out.splitlines()
    assert (told.code, lines[-1]) == (1, "999 of 1000 conform.")
    names = [line.split(":")[0] for line in lines if line.startswith(str(inside))]
    assert names == sorted(names)
    assert len([line for line in lines if "0500.ttl:1" in line]) == 1


def test_a_file_is_judged_once_however_often_it_is_named(command: Command, folder: Path) -> None:
    told = command("validate", folder, folder / "a.ttl", f"{folder}/*.ttl", "--json")
    assert len(told.said["reports"]) == 2


@pytest.mark.parametrize("jobs", ["0", "-1", "x", "257"])
def test_a_number_of_processes_that_cannot_be_is_a_wrong_use(
    command: Command, folder: Path, jobs: str
) -> None:
    assert command("validate", folder, "--jobs", jobs).code == 2


def test_a_file_that_is_far_too_large_is_refused_without_being_read(
    command: Command, folder: Path
) -> None:
    with (folder / "large.ttl").open("wb") as opened:
        opened.truncate(200_000_000)
    began = time.monotonic()
    told = command("validate", folder)
    assert time.monotonic() - began < 5
    assert (told.code, told.out.splitlines()[-1]) == (1, "2 of 3 conform.")
    assert "larger than any description" in told.out
    assert command("validate", folder / "large.ttl").code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_and_stops_nothing(
    command: Command, folder: Path
) -> None:
    (folder / "secret.ttl").touch(mode=0)
    told = command("validate", folder)
    assert (told.code, told.out.splitlines()[-1]) == (1, "2 of 3 conform.")


def test_a_file_that_vanishes_is_told_and_stops_nothing(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.cli import sources

    there = [*sources.names([str(folder)]), str(folder / "gone.ttl")]
    monkeypatch.setattr(sources, "names", lambda _: iter(there))
    told = command("validate", folder)
    assert (told.code, told.out.splitlines()[-1]) == (1, "2 of 3 conform.")
    assert "There is no file" in told.out


def test_ten_thousand_findings_are_told_as_a_thousand(command: Command, tmp_path: Path) -> None:
    bad = "".join(f'<> <http://x.example/{number}> "x" .\n' for number in range(9_900))
    (tmp_path / "x.ttl").write_text(
        f"<> a <http://data.europa.eu/it6/MachineLearningModel> . {bad}"
    )
    for form in ("json", "sarif", "junit", "turtle", "text"):
        assert command("validate", "x.ttl", "--format", form).code == 1
    findings = command("validate", "x.ttl", "--json").said["findings"]
    assert (len(findings), findings[-1]["component"]) == (1000, "left-out")


# -- tables


def test_each_row_of_a_table_has_a_report(command: Command, tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("type,title\nmodel,Snow\nmodel,\nmodel,Rain,?\n")
    told = command("validate", "items.csv", "--level", "draft", "--json")
    assert told.code == 1
    assert [one["row"] for one in told.said["reports"]] == [1, 2, 3]
    assert [one["conforms"] for one in told.said["reports"]] == [True, False, False]
    assert "3 conform." in command("validate", "items.csv", "--level", "draft").out
    log = command("validate", "items.csv", "--format", "sarif").said
    assert {one["properties"]["row"] for one in log["runs"][0]["results"]} == {1, 2, 3}


def test_a_table_without_rows_is_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("type,title\n")
    assert "no rows" in command("validate", "items.csv").out


# -- fixing


@pytest.fixture
def untagged(tmp_path: Path) -> Path:
    path = tmp_path / "untagged.ttl"
    path.write_bytes(description("Untagged").replace(b'"Untagged"@en', b'"Untagged"', 1))
    return path


def test_safe_changes_are_made_in_the_file_and_shown(command: Command, untagged: Path) -> None:
    untagged.chmod(0o640)
    before = untagged.read_bytes()
    shown = command("validate", untagged, "--diff")
    assert untagged.read_bytes() == before
    made = command("validate", untagged, "--fix")
    assert untagged.read_bytes() == before.replace(b'"Untagged"', b'"Untagged"@en')
    for told in (shown, made):
        assert '"Untagged"@en' in told.out
    assert "1 finding would be settled" in shown.out
    assert "1 finding settled" in made.out
    assert untagged.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in untagged.parent.glob("*untagged*")] == ["untagged.ttl"]


def test_fixing_again_changes_nothing(command: Command, untagged: Path) -> None:
    command("validate", untagged, "--fix")
    stamp = untagged.stat().st_mtime_ns
    told = command("validate", untagged, "--fix", "--json")
    assert (told.said["fixed"], told.said["difference"]) == (0, "")
    assert untagged.stat().st_mtime_ns == stamp


def test_what_is_safe_is_fixed_in_every_file_of_many(command: Command, tmp_path: Path) -> None:
    inside = tmp_path / "many"
    inside.mkdir()
    for number in range(60):
        text = description(f"Item {number}").replace(b"@en", b"", 1)
        (inside / f"{number}.ttl").write_bytes(text)
    told = command("validate", inside, "--fix", "--json", "--jobs", "2")
    assert {one["fixed"] for one in told.said["reports"]} == {1}
    again = command("validate", inside, "--diff", "--json")
    assert {one["fixed"] for one in again.said["reports"]} == {0}


def test_standard_input_cannot_be_fixed_in_place(
    command: Command, untagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("validate", "-", "--fix").code == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(untagged.read_bytes())))
    assert '"Untagged"@en' in command("validate", "-", "--diff").out


def test_a_link_stays_a_link_when_its_file_is_fixed(
    command: Command, untagged: Path, tmp_path: Path
) -> None:
    (tmp_path / "link.ttl").symlink_to(untagged)
    command("validate", tmp_path / "link.ttl", "--fix")
    assert (tmp_path / "link.ttl").is_symlink()
    assert b'"Untagged"@en' in untagged.read_bytes()


# -- as a process


def _started(
    folder: Path, *arguments: str, stdout: Any = subprocess.PIPE
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "catalog.cli", "validate", *arguments],
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def _until(process: "subprocess.Popen[str]", text: str) -> str:
    assert process.stdout is not None
    while text not in (line := process.stdout.readline()):
        assert line, process.communicate()
    return line


def test_what_changes_is_judged_again_until_it_is_stopped(folder: Path) -> None:
    process = _started(folder, "--watch", ".")
    try:
        _until(process, "b.ttl: conforms")
        (folder / "a.ttl").write_bytes(UNTITLED)
        _until(process, "a.ttl: does not conform")
        (folder / "new.ttl").write_bytes(description("New"))
        _until(process, "new.ttl: conforms")
        (folder / "new.ttl").unlink()
        _until(process, "new.ttl is gone.")
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in out + err


def test_json_that_is_interrupted_is_a_document_all_the_same(tmp_path: Path) -> None:
    inside = tmp_path / "many"
    inside.mkdir()
    for number in range(4000):
        (inside / f"{number:04}.ttl").write_bytes(description(f"Item {number}"))
    written = tmp_path / "out.json"
    with written.open("wb") as out:
        process = _started(tmp_path, "many", "--json", "--jobs", "2", stdout=out)
    while not written.stat().st_size:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "sage-catalog: Stopped.\n")
    said = json.loads(written.read_text())
    assert (said["conforms"], said["error"], said["exit_code"]) == (False, "Stopped.", 130)


def test_watching_goes_with_text_alone(command: Command, folder: Path) -> None:
    assert command("validate", folder, "--watch", "--json").code == 2
