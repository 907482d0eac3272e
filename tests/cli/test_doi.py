"""`doi status` and `doi reconcile`, on a data folder and its registrar."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from catalog import sandbox
from catalog.bootstrap import registrar
from catalog.services.register import Registration
from tests.catalogs import Catalog, catalog_in, now
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("settings")


@dataclass
class Registered:
    """A catalog in a folder, and the registrar of its DOIs."""

    catalog: Catalog
    running: sandbox.Running

    @property
    def folder(self) -> Path:
        return self.catalog.folder

    def register(self) -> None:
        parts = self.catalog.parts
        relay = Registration(parts, registrar(parts.settings))
        while relay.step(now()):
            pass


@pytest.fixture
def registered(tmp_path: Path) -> Iterator[Registered]:
    (tmp_path / "data").mkdir()
    made = catalog_in(tmp_path / "data", dois=True)
    with sandbox.running(tmp_path / "sandbox") as running:
        settings = replace(made.parts.settings, datacite_url=running.address)
        yield Registered(replace(made, parts=replace(made.parts, settings=settings)), running)


@pytest.fixture
def settings(registered: Registered, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    monkeypatch.setenv("SAGE_CATALOG_DATACITE_URL", registered.running.address)


def test_status_lists_every_doi_and_counts_them(command: Command, registered: Registered) -> None:
    item = registered.catalog.submit("Clouds")
    told = command("doi", "status", "--data", registered.folder)
    assert told.code == 0
    assert f"reserved    10.5072/sage.{item.id}.v1  (the registrar is yet to be told)" in told.out
    registered.register()
    told = command("doi", "status", "--data", registered.folder)
    assert f"findable    10.5072/sage.{item.id}\n" in told.out
    assert told.out.endswith(f"sandbox at {registered.running.address}: 2 findable.\n")


def test_status_of_one_item_is_json_too(command: Command, registered: Registered) -> None:
    item = registered.catalog.submit("Clouds")
    registered.catalog.submit("Others")
    told = command("doi", "status", item.id, "--json", "--data", registered.folder)
    assert told.code == 0
    assert [(one["doi"], one["version"], one["state"]) for one in told.said["dois"]] == [
        (f"10.5072/sage.{item.id}", None, "reserved"),
        (f"10.5072/sage.{item.id}.v1", 1, "reserved"),
    ]
    assert told.said["registrar"]["states"] == {"reserved": 4}
    assert command("doi", "status", "7777777777", "--data", registered.folder).code == 4


def test_status_tells_what_is_refused_and_ends_with_1(
    command: Command, registered: Registered
) -> None:
    registered.catalog.submit("Clouds")
    registered.running.admin.set_faults({"kind": "422", "method": "PUT", "times": 0})
    registered.register()
    told = command("doi", "status", "--data", registered.folder)
    assert told.code == 1
    assert "The registrar refuses the metadata." in told.out


def test_status_tells_why_all_wait(command: Command, registered: Registered) -> None:
    registered.catalog.submit("Clouds")
    registered.running.admin.set_faults({"kind": "401", "method": "PUT", "times": 0})
    registered.register()
    told = command("doi", "status", "--data", registered.folder)
    assert "1 item(s) wait: The registrar does not let the catalog in" in told.out


def test_reconcile_finds_what_was_changed_behind_our_back_and_puts_it_right(
    command: Command, registered: Registered
) -> None:
    item = registered.catalog.submit("Clouds")
    registered.register()
    told = command("doi", "reconcile", "--data", registered.folder)
    assert (told.code, told.out) == (0, "Record and registrar agree on 2 DOI(s).\n")
    doi = f"10.5072/sage.{item.id}.v1"
    parts = registered.catalog.parts
    registrar(parts.settings).put(doi, {"url": "https://elsewhere.example/"})
    told = command("doi", "reconcile", "--json", "--data", registered.folder)
    assert told.code == 1
    assert [(one["doi"], one["kind"]) for one in told.said["drifts"]] == [(doi, "url")]
    told = command("doi", "reconcile", "--fix", "--data", registered.folder)
    assert (told.code, "The relay puts right" in told.out) == (0, True)
    registered.register()
    assert command("doi", "reconcile", "--data", registered.folder).code == 0


def test_a_registrar_that_is_away_or_lets_nobody_in_is_told_by_the_exit_code(
    command: Command, registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered.running.admin.set_faults({"kind": "401", "times": 0})
    told = command("doi", "reconcile", "--json", "--data", registered.folder)
    assert told.code == told.said["exit_code"] == 4
    monkeypatch.setenv("SAGE_CATALOG_DATACITE_URL", "http://127.0.0.1:9")
    told = command("doi", "reconcile", "--data", registered.folder)
    assert (told.code, told.err.count("\n")) == (3, 1)
    assert "does not answer" in told.err


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"REGISTRAR": "doi.org"}, "registrar is"),
        ({"REGISTRAR": "datacite"}, "needs datacite_repository and datacite_password and"),
        (
            {
                "REGISTRAR": "datacite",
                "DATACITE_REPOSITORY": "A.B",
                "DATACITE_PASSWORD": "c",
                "DATACITE_PREFIX": "10.5072",
            },
            "is for tests in the sandbox",
        ),
        ({"DATACITE_PREFIX": "doi:10.5072"}, "datacite_prefix is one such as 10.5072"),
        ({"DATACITE_URL": "api.datacite.org"}, "datacite_url is an address"),
        ({"PORT": "65535", "DATACITE_URL": ""}, "needs the next port"),
        ({"TYPES_WITHOUT_DOI": "model,nonsense"}, "item types nobody knows: nonsense"),
    ],
)
def test_a_registrar_that_cannot_be_is_one_sentence_and_code_2(
    command: Command,
    registered: Registered,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, str],
    sentence: str,
) -> None:
    for name, value in said.items():
        monkeypatch.setenv(f"SAGE_CATALOG_{name}", value)
    told = command("doi", "status", "--data", registered.folder)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert sentence in told.err


def test_leaving_the_sandbox_forgets_its_dois(registered: Registered) -> None:
    from catalog.services.start import keep_registrar
    from tests.registrars import rows

    catalog = registered.catalog
    catalog.submit("Clouds")
    keep_registrar(catalog.parts.database, "sandbox", "http://127.0.0.1:8001/")
    assert len(rows(catalog)) == 2
    keep_registrar(catalog.parts.database, "datacite", "https://api.datacite.org/")
    assert rows(catalog) == {}
    settings = replace(catalog.parts.settings, registrar="datacite", datacite_prefix="10.1234")
    real = replace(catalog, parts=replace(catalog.parts, settings=settings))
    with real.parts.database.reading() as session:
        from catalog.tables import Item

        (item,) = session.query(Item.id).one()
    assert real.publish(item).dois.version == f"10.1234/sage.{item}.v1"
