"""Research packages with the command: fetched from one server, and sent in with all their files."""

import json
import zipfile
from pathlib import Path

import pytest
import urllib3

from tests.api.served import Served
from tests.catalogs import description
from tests.cli.conftest import Command

BYTES = b"time,value\n" + b"2026-11-28,0.5\n" * 50_000


@pytest.fixture
def package(ask: Command, server: Served, tmp_path: Path) -> Path:
    """A package of an item with two files, as the server makes it."""
    inside = tmp_path / "item"
    (inside / "sky").mkdir(parents=True)
    (inside / "about.ttl").write_bytes(description("Packed"))
    (inside / "sky" / "größe 1.csv").write_bytes(BYTES)
    (inside / "empty.txt").touch()
    made = ask("submit", inside, "--json").said
    target = tmp_path / "sky.crate.zip"
    target.write_bytes(server.ask("GET", f"/items/{made['id']}.crate.zip").data)
    return target


def named(said: dict[str, object]) -> set[str]:
    files = said["files"]
    assert isinstance(files, list)
    return {file["name"] for file in files}


def test_a_package_goes_up_in_one_go_with_its_files(ask: Command, package: Path) -> None:
    made = ask("submit", package, "--publish", "--json")
    assert (made.code, made.said["state"]) == (0, "published")
    assert (made.said["title"], made.said["type"]) == ("Packed", "training-data")
    assert named(made.said) == {"sky/größe 1.csv", "empty.txt"}
    assert "distribution" not in json.dumps(made.said["report"])


def test_a_package_that_was_unzipped_goes_up_as_well(
    ask: Command, package: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "unzipped")
    made = ask("submit", tmp_path / "unzipped", "--json")
    assert named(made.said) == {"sky/größe 1.csv", "empty.txt"}


def test_a_crate_of_somebody_else_sends_the_files_that_it_names_and_no_others(
    ask: Command, tmp_path: Path
) -> None:
    crate = tmp_path / "crate"
    crate.mkdir()
    for name in ("a b.csv", "unnamed.csv"):
        (crate / name).write_bytes(BYTES)
    (tmp_path / "secret").write_text("not theirs to name")
    graph = [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
        {"@id": "./", "@type": "Dataset", "name": "Theirs", "hasPart": [
            {"@id": "a%20b.csv"}, {"@id": "../secret"}, {"@id": "gone.csv"}]},
        {"@id": "a%20b.csv", "@type": "File"},
        {"@id": "../secret", "@type": "File"},
        {"@id": "gone.csv", "@type": ["File", "ImageObject"]},
    ]  # fmt: skip
    (crate / "ro-crate-metadata.json").write_text(json.dumps({"@graph": graph}))
    made = ask("submit", crate, "--json")
    assert (made.code, named(made.said)) == (0, {"a b.csv"})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no zip file", "no zip file"),
        (b"", "no zip file"),
    ],
)
def test_what_is_no_zip_file_is_told_so(
    ask: Command, tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    told = ask("submit", "x.zip")
    assert told.code == 2
    assert sentence in told.err


@pytest.mark.parametrize("metadata", [None, b"{", b"[]", b'{"@graph": 1}', b"[" * 100_000])
def test_a_package_without_metadata_that_can_be_read_is_told_so(
    ask: Command, tmp_path: Path, metadata: bytes | None
) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        if metadata is not None:
            archive.writestr("ro-crate-metadata.json", metadata)
    told = ask("submit", "x.zip")
    assert told.code == 2
    assert "ro-crate-metadata.json" in told.err


def test_a_package_whose_bytes_were_spoiled_breaks_off(server: Served) -> None:
    item = server.draft(description("Spoiled"))
    server.ask("PUT", f"{item}/files/a.csv", BYTES, Content_Type="text/csv")
    objects = (server.data / "objects").rglob("*")
    kept = [one for one in objects if one.is_file() and one.read_bytes() == BYTES]
    for one in kept:
        one.write_bytes(BYTES[:-1] + b"!")
    try:
        with pytest.raises(urllib3.exceptions.ProtocolError):
            server.ask("GET", f"{item}.crate.zip")
    finally:
        for one in kept:
            one.write_bytes(BYTES)
    assert server.ask("GET", "/health/live").status == 200
