"""`vocab impact` as people run it: its report, its exit codes, its patch, and what it writes."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from catalog.domain.permissions import Role
from catalog.library import library
from catalog.services.accounts import create_token
from catalog.services.read import read
from catalog.services.releases import library_of
from catalog.services.start import LOCAL
from catalog.tables import Version
from tests.catalogs import Catalog, catalog_in, now
from tests.cli.conftest import Command
from tests.other_releases import Files, deprecated, files, without_term

SITE = "https://w3id.org/sage/vocab/storage-site/"


@pytest.fixture(autouse=True)
def _one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start one worker of each library, which is enough for two items."""
    monkeypatch.setattr("catalog.cli.vocab_impact.os.cpu_count", lambda: 1)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog with a published item and a draft, in which no server runs."""
    folder = tmp_path / "data"
    folder.mkdir()
    made = catalog_in(folder)
    create_token(made.parts, LOCAL, Role.ADMIN, now=now())
    made.submit("Published")
    made.submit("A draft", published=False)
    return made


def written(folder: Path, changed: Files) -> Path:
    """Write the files of a release."""
    library_of(changed).write_to(folder)
    return folder


@pytest.fixture
def gone(tmp_path: Path) -> Path:
    """A release without a term that the items cite."""
    return written(tmp_path / "gone", without_term(files(), "label-state", "unlabelled"))


@pytest.fixture
def replaced(tmp_path: Path) -> Path:
    """A release in which a term that the items cite is replaced."""
    changed = deprecated(files(), "storage-site", "lcrc", "storage-site:box")
    return written(tmp_path / "replaced", changed)


def test_what_is_installed_breaks_nothing(
    command: Command, catalog: Catalog, tmp_path: Path
) -> None:
    told = command("vocab", "impact", written(tmp_path / "same", files()), "--data", catalog.folder)
    assert told.code == 0, told.err
    assert "2 items, of which 2 versions were judged" in told.out
    assert "0 would newly fail" in told.out


def test_what_breaks_is_told_by_code_1(command: Command, catalog: Catalog, gone: Path) -> None:
    told = command("vocab", "impact", gone, "--data", catalog.folder)
    assert told.code == 1, told.err
    assert "2 would newly fail" in told.out
    assert 'training-data "Published", published, of ana' in told.out
    assert "nothing replaces it" in told.out


def test_the_report_for_machines_is_one_document(
    command: Command, catalog: Catalog, gone: Path
) -> None:
    told = command("vocab", "impact", gone, "--data", catalog.folder, "--json", "--limit", "1")
    said = told.said
    assert (told.code, said["breaks"], said["items"]) == (1, True, 2)
    assert said["outcomes"]["breaks"] == 2
    assert (len(said["affected"]), said["left_out"]) == (1, 1)
    used = [term for term in said["terms"] if term["items"]]
    assert [(term["label"], term["fate"], term["items"]) for term in used] == [
        ("Unlabelled", "removed", 2)
    ]


def test_a_folder_of_vocabularies_alone_leaves_the_shapes_in_force(
    command: Command, catalog: Catalog, gone: Path
) -> None:
    told = command("vocab", "impact", gone / "vocab", "--data", catalog.folder)
    assert told.code == 1, told.err
    assert "2 would newly fail" in told.out


def test_a_patch_replaces_terms_in_every_version(
    command: Command, catalog: Catalog, replaced: Path, tmp_path: Path
) -> None:
    said = ["vocab", "impact", replaced, "--data", catalog.folder, "--patch", "out.rdfp"]
    assert command(*said).code == 0
    lines = (tmp_path / "out.rdfp").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["#", "TX", "D", "A", "TC"] * 2
    assert all(f"<{SITE}lcrc> ." in line for line in lines if line.startswith("D "))
    assert all(f"<{SITE}box> ." in line for line in lines if line.startswith("A "))
    assert not list(tmp_path.glob("*.new"))


def test_what_migrates_is_written_and_nothing_is_published(
    command: Command, catalog: Catalog, replaced: Path
) -> None:
    said = ["vocab", "impact", replaced, "--data", catalog.folder, "--apply"]
    told = command(*said)
    assert told.code == 0, told.err
    assert "nothing was published by it" in told.out
    assert "version 2 was begun as a draft" in told.out
    assert "the draft has a new revision" in told.out
    again = command(*said, "--json")
    assert (again.code, again.said["applied"], again.said["failed"]) == (0, [], [])
    with catalog.parts.database.reading() as session:
        states = {(row.n, row.state) for row in session.query(Version).all()}
    assert states == {(1, "published"), (1, "draft"), (2, "draft")}


def test_what_could_not_be_written_is_told_by_code_1(
    command: Command, catalog: Catalog, tmp_path: Path
) -> None:
    changed = deprecated(files(), "storage-site", "lcrc", "storage-site:alcf")
    text = changed["vocab/storage-site"].decode().replace("storage-site:box", "storage-site:alcf")
    folder = written(tmp_path / "early", {**changed, "vocab/storage-site": text.encode()})
    told = command("vocab", "impact", folder, "--data", catalog.folder, "--apply", "--json")
    assert told.code == 1
    assert len(told.said["failed"]) == 2
    assert told.said["applied"] == []


def test_without_apply_nothing_changes(command: Command, catalog: Catalog, replaced: Path) -> None:
    before = _rows(catalog)
    command("vocab", "impact", replaced, "--data", catalog.folder)
    assert _rows(catalog) == before


def _rows(catalog: Catalog) -> list[tuple[str, int, str, int]]:
    with catalog.parts.database.reading() as session:
        rows = session.query(Version).order_by(Version.item_id, Version.n).all()
        return [(row.item_id, row.n, row.digest, row.revision) for row in rows]


def test_a_description_that_kills_its_worker_costs_the_others_nothing(
    command: Command, catalog: Catalog, gone: Path
) -> None:
    bomb = catalog.submit("Kills", published=False)
    deep = "<http://e/s> <http://e/p> " + "<<( " * 200_000 + " .\n"
    with catalog.parts.database.writing() as session:
        session.execute(update(Version).where(Version.item_id == bomb.id).values(ntriples=deep))
    told = command("vocab", "impact", gone, "--data", catalog.folder, "--json")
    assert told.code == 1
    assert told.said["outcomes"]["breaks"] == 2
    [lost] = [one for one in told.said["affected"] if one["id"] == bomb.id]
    assert lost["outcome"] == "unjudged"
    assert lost["problem"]


# -- bad input


def test_a_folder_that_is_not_there_is_a_wrong_use(command: Command, catalog: Catalog) -> None:
    told = command("vocab", "impact", "nowhere", "--data", catalog.folder, "--json")
    assert (told.code, told.said["error"]) == (2, "nowhere is no folder.")


def test_a_folder_without_vocabularies_is_a_wrong_use(
    command: Command, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    assert command("vocab", "impact", "none", "--data", catalog.folder).code == 2


def test_where_no_catalog_is_it_is_not_reached(command: Command, gone: Path) -> None:
    assert command("vocab", "impact", gone, "--data", "empty").code == 3


def test_turtle_that_cannot_be_read_is_told_with_file_and_line(
    command: Command, catalog: Catalog, gone: Path
) -> None:
    file = gone / "vocab" / "modality.ttl"
    file.write_text("@prefix a: <b> .\nthis is no Turtle")
    told = command("vocab", "impact", gone, "--data", catalog.folder, "--json")
    assert told.code == 1
    assert "Nothing was judged" in told.said["error"]
    assert re.search(r"modality\.ttl:\d+: ", told.said["faults"][0])


@pytest.mark.parametrize("limit", ["-1", "many"])
def test_a_limit_that_is_no_number_is_a_wrong_use(
    command: Command, catalog: Catalog, gone: Path, limit: str
) -> None:
    assert command("vocab", "impact", gone, "--data", catalog.folder, f"--limit={limit}").code == 2


def test_a_patch_that_cannot_be_written_is_told_before_anything_is_judged(
    command: Command, catalog: Catalog, gone: Path
) -> None:
    said = ["vocab", "impact", gone, "--data", catalog.folder, "--patch", "none/out.rdfp"]
    told = command(*said)
    assert (told.code, told.out) == (2, "")


def test_control_c_ends_it_without_a_patch_or_a_traceback(
    catalog: Catalog, gone: Path, tmp_path: Path
) -> None:
    catalog.parts.database.close()
    told = [sys.executable, "-m", "catalog.cli", "vocab", "impact", str(gone)]
    with subprocess.Popen(
        [*told, "--data", str(catalog.folder), "--patch", str(tmp_path / "out.rdfp")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out.rdfp.new").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (out, err.decode().splitlines()[-1]) == (b"", "sage-catalog: Stopped.")
    assert not list(tmp_path.glob("out.rdfp*"))


def test_the_account_that_writes_is_the_local_one(
    command: Command, catalog: Catalog, replaced: Path
) -> None:
    command("vocab", "impact", replaced, "--data", catalog.folder, "--apply")
    with catalog.parts.database.reading() as session:
        [second] = session.query(Version).where(Version.n == 2).all()
        item_id = second.item_id
    assert read(catalog.parts, catalog.actor, item_id).record.owner == "ana"
    assert (
        library().version
        == read(catalog.parts, catalog.actor, item_id).record.report["shapes_version"]
    )
