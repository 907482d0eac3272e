"""reconcile: the operator's verb, alone; beside a server it is tried with the others."""

from io import BytesIO
from pathlib import Path

from tests.catalogs import catalog_in
from tests.cli.conftest import Command


def test_reconcile_names_what_differs_by_code_1_and_puts_it_right(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    catalog = catalog_in(tmp_path / "data")
    one = catalog.submit("With a file", published=False)
    catalog.upload(one.id, "a", b"lost")
    (found,) = catalog.parts.objects.listing()
    catalog.parts.objects.delete(found.key)
    catalog.parts.database.close()
    told = command("reconcile", "--data", tmp_path / "data", "--json")
    (lost,) = told.said["differences"]
    assert (told.code, lost["kind"], lost["needs_a_person"]) == (1, "missing", True)
    assert "from a backup" in command("reconcile", "--fix", "--data", tmp_path / "data").out
    catalog.parts.objects.put(found.key, BytesIO(b"lost"), 4)
    assert command("reconcile", "--fix", "--data", tmp_path / "data").code == 0


def test_without_a_catalog_there_is_nothing_to_reconcile(command: Command, tmp_path: Path) -> None:
    told = command("reconcile", "--data", tmp_path / "nowhere")
    assert (told.code, told.out) == (3, "")
    assert not (tmp_path / "nowhere").exists()
