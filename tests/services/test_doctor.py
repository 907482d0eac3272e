"""Doctor finds nothing in a catalog that is well, and each fault by the check that is about it."""

import io
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from catalog.domain.permissions import Actor, Role
from catalog.ports import GraphState, PublicGraph
from catalog.services.doctor import examine
from catalog.services.invariants_of_graph import check_phantoms
from catalog.services.outbox import GRAPH
from catalog.services.relay import run_relay
from catalog.tables import Citation, Event, File, Item, Revision, Version, Work
from tests.catalogs import BASE, Catalog, catalog_in, now, parts_of


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with something of everything, to be copied."""
    catalog = catalog_in(tmp_path_factory.mktemp("begun"))
    kept = catalog.submit("With a file", published=False)
    catalog.upload(kept.id, "readme.txt", b"what it says")
    catalog.upload(kept.id, "other.txt", b"something else")
    catalog.publish(kept.id)
    revised = catalog.submit("First")
    catalog.revise(revised.id, "Second")
    catalog.withdraw(catalog.submit("Withdrawn").id)
    catalog.submit("A draft", published=False)
    gone = catalog.submit("Deleted", published=False)
    catalog.upload(gone.id, "gone.txt", b"not here any more")
    catalog.delete(gone.id)
    catalog.clear()
    catalog.deprecate(catalog.submit("Deprecated").id, "old")
    catalog.settle()
    return catalog.folder


@pytest.fixture
def catalog(begun: Path, tmp_path: Path) -> Catalog:
    folder = tmp_path / "data"
    shutil.copytree(begun, folder)
    return Catalog(folder, parts_of(folder), Actor(account=1, name="ana", role=Role.ADMIN))


def faults(catalog: Catalog, *, deep: bool = False) -> set[str]:
    """Return the names of the checks that do not hold."""
    return {name for name, check in catalog.examined(deep=deep).items() if not check.ok}


def test_a_catalog_that_is_well_has_no_faults(catalog: Catalog) -> None:
    found = catalog.examined(deep=True)
    assert {name: check.examples for name, check in found.items() if not check.ok} == {}
    assert found["graphs"].examined == 3
    assert found["objects"].examined == 2
    assert found["revisions"].examined == 6


def change(catalog: Catalog, statement: object) -> None:
    with catalog.parts.database.writing() as session:
        session.execute(statement)  # type: ignore[call-overload]


FAULTS: dict[str, tuple[Callable[[], object], set[str]]] = {
    "a description that was changed by hand": (
        lambda: update(Version).where(Version.title == "Second").values(ntriples=""),
        {"descriptions", "graphs"},
    ),
    "a digest that was changed by hand": (
        lambda: update(Version).where(Version.title == "A draft").values(digest="0" * 64),
        {"descriptions", "revisions"},
    ),
    "a revision that is missing": (lambda: delete(Revision).where(Revision.r == 1), {"revisions"}),
    "a last revision that is missing": (
        lambda: delete(Revision).where(Revision.r == 2),
        {"revisions"},
    ),
    "a revision that was changed by hand": (
        lambda: update(Revision).where(Revision.r == 1).values(ntriples="other"),
        {"revisions"},
    ),
    "a count of revisions that is too high": (
        lambda: update(Version).where(Version.title == "Second").values(revision=3),
        {"revisions", "history"},
    ),
    "an item without its version": (lambda: update(Item).values(newest=2), {"versions"}),
    "a published item without a date": (
        lambda: update(Version).where(Version.title == "Second").values(published=None),
        {"versions", "history"},
    ),
    "an event that is missing": (
        lambda: delete(Event).where(Event.kind == "published"),
        {"history"},
    ),
    "a revision that nobody noted": (
        lambda: delete(Event).where(Event.kind == "revised"),
        {"history"},
    ),
    "a size that is not the file's": (
        lambda: update(File).values(size_bytes=1),
        {"objects", "graphs", "counts"},
    ),
    "an item that became public behind the relay's back": (
        lambda: (
            update(Version)
            .where(Version.title == "A draft")
            .values(state="published", visibility="public", published=now())
        ),
        {"graphs", "history"},
    ),
    "an item that was hidden behind the relay's back": (
        lambda: update(Version).where(Version.title == "Second").values(visibility="private"),
        {"phantoms"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_in_the_record_is_found_by_its_check(
    catalog: Catalog, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    statement, expected = FAULTS[fault]
    change(catalog, statement())
    assert faults(catalog) == expected


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second look follow the first at once."""
    monkeypatch.setattr("catalog.services.invariants_of_graph._BETWEEN_LOOKS_SECONDS", 0.01)


def test_a_citation_that_nobody_wrote_is_found(catalog: Catalog) -> None:
    with catalog.parts.database.writing() as session:
        item = session.query(Version).first()
        assert item is not None
        session.add(Citation(item_id=item.item_id, n=item.n, cited="0000000000"))
    assert faults(catalog) == {"descriptions"}


def objects(catalog: Catalog) -> list[Path]:
    return sorted(path for path in (catalog.folder / "objects" / "o").rglob("*") if path.is_file())


def test_bytes_that_are_missing_are_found(catalog: Catalog) -> None:
    objects(catalog)[0].unlink()
    found = catalog.examined()
    assert {name for name, check in found.items() if not check.ok} == {"objects"}
    assert "is not there" in found["objects"].examples[0]


def test_bytes_that_were_flipped_are_found_by_the_deep_look(catalog: Catalog) -> None:
    path = objects(catalog)[0]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[::-1])
    assert faults(catalog) == set()
    assert faults(catalog, deep=True) == {"objects"}


def test_bytes_without_a_file_are_found_when_they_are_a_day_old(catalog: Catalog) -> None:
    catalog.parts.objects.put("o/0000000000/" + "0" * 32, io.BytesIO(b"orphan"), 6)
    assert faults(catalog) == set()
    later = examine(catalog.parts, catalog.graph, now=now() + timedelta(hours=25))
    orphans = next(check for check in later.checks if check.name == "orphans")
    assert (orphans.count, orphans.ok) == (1, False)


def test_a_line_that_waits_is_found_after_a_minute(catalog: Catalog) -> None:
    with catalog.parts.database.writing() as session:
        session.add(Work(topic=GRAPH, item_id="0000000000", since=now(), problem="broken"))
    assert faults(catalog) == set()
    later = examine(catalog.parts, catalog.graph, now=now() + timedelta(minutes=2))
    (found,) = [check for check in later.checks if not check.ok]
    assert found.name == "outbox"
    assert "broken" in found.examples[0]


def test_what_waits_for_the_relay_is_no_fault(catalog: Catalog) -> None:
    item = catalog.submit("Just published")
    assert not catalog.is_indexed(item.id)
    assert faults(catalog) == set()


def test_what_is_in_the_graph_and_not_in_the_record_is_a_phantom(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    with catalog.triples() as store:
        store.show(
            {"https://catalog.example/items/zzzzzzzzzz": "<http://a> <http://b> <http://c> .\n"}
        )
    found = catalog.examined()["phantoms"]
    assert found.count == 1
    assert found.examples[0].startswith(f"<{BASE}items/zzzzzzzzzz>")


def test_a_graph_that_is_not_there_at_all_is_a_fault(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    (catalog.folder / "graph" / "current").unlink()
    assert faults(catalog) == {"recipe", "graphs", "phantoms"}


def test_a_graph_under_another_base_than_the_command_was_given_is_no_fault(
    catalog: Catalog,
) -> None:
    assert faults(catalog.under(base="http://127.0.0.1:8000")) == set()


def test_the_text_names_every_check_and_the_faults(catalog: Catalog) -> None:
    objects(catalog)[0].unlink()
    found = examine(catalog.parts, catalog.graph, now=now())
    text = found.to_text()
    assert text.count("good  ") == len(found.checks) - 1
    assert "is not there" in text
    assert not found.is_healthy
    assert [check["ok"] for check in found.to_dict()["checks"]].count(False) == 1


class LateGraph:
    """The public graph, whose first look shows what it held before somebody withdrew an item."""

    def __init__(self, graph: PublicGraph, before: GraphState) -> None:
        self._graph = graph
        self._before: GraphState | None = before

    def opened(self) -> AbstractContextManager[GraphState]:
        before, self._before = self._before, None
        return self._graph.opened() if before is None else nullcontext(before)


def test_what_was_withdrawn_between_two_looks_is_no_phantom(catalog: Catalog) -> None:
    item = catalog.submit("Here for a moment")
    catalog.settle()
    with catalog.graph.opened() as before:
        catalog.withdraw(item.id)
        catalog.settle()
        check = check_phantoms(catalog.parts, LateGraph(catalog.graph, before))
    assert (check.ok, check.examples) == (True, [])


def test_it_runs_beside_a_relay_and_people_at_work(catalog: Catalog) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            item = catalog.submit("Coming and going")
            catalog.revise(item.id, "Changed")
            catalog.withdraw(item.id)

    with catalog.triples() as store:
        threads = [
            threading.Thread(target=work),
            threading.Thread(target=run_relay, args=(catalog.parts, store, stop)),
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                found = catalog.examined()
                assert {n: c.examples for n, c in found.items() if not c.ok} == {}
        finally:
            stop.set()
            for thread in threads:
                thread.join(20)
