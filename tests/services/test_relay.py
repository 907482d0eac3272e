"""The relay keeps what readers of the graph see equal to the record, whatever happens to it."""

import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyoxigraph as ox
import pytest
from sqlalchemy import select

from catalog.adapters.triples_oxigraph import OxigraphTriples
from catalog.domain.errors import NoSpace, Unavailable
from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import ANYONE
from catalog.domain.record import ItemRecord
from catalog.library import Library
from catalog.parts import Parts
from catalog.ports import Shown, TripleStore
from catalog.services import outbox, project, relay
from catalog.services.project import ONTOLOGY, graph_name
from catalog.services.query import Asked, query
from catalog.services.readiness import readiness
from catalog.services.rebuild import NARROWED, SHOWN, WHOLE, ask_rebuild
from catalog.services.relay import Relay, run_relay
from catalog.tables import Fact, Work
from tests.catalogs import BASE, Catalog, catalog_in, files_of, now


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_in(tmp_path)


@contextmanager
def running(catalog: Catalog, store: TripleStore) -> Iterator[None]:
    """Have a relay at work in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=run_relay, args=(catalog.parts, store, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def eventually(found: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until something is so; tell whether it came to be."""
    deadline = time.monotonic() + seconds
    while not (done := found()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return done


def lines(catalog: Catalog) -> list[Work]:
    with catalog.parts.database.reading() as session:
        return list(session.scalars(select(Work).order_by(Work.item_id)))


def titles(catalog: Catalog) -> set[str]:
    """Return the titles of items that a query over the newest checkpoint finds."""
    store = ox.Store.read_only(str(catalog.graph.path()))
    rows = store.query(
        "SELECT ?title { GRAPH ?item { ?item <http://purl.org/dc/terms/title> ?title }"
        f" FILTER(STRSTARTS(STR(?item), '{catalog.parts.settings.base}')) }}"
    )
    assert isinstance(rows, ox.QuerySolutions)
    return {row["title"].value for row in rows}


def test_what_is_published_is_seen_and_drafts_are_not(catalog: Catalog) -> None:
    catalog.submit("A draft", published=False)
    catalog.submit("Published")
    catalog.settle()
    assert titles(catalog) == {"Published"}


def test_what_is_published_for_its_owner_alone_is_not_seen(catalog: Catalog) -> None:
    draft = catalog.submit("Private", published=False)
    catalog.publish(draft.id, Visibility.PRIVATE)
    catalog.settle()
    assert catalog.shown() == {}


def test_a_revision_takes_the_place_of_the_one_before(catalog: Catalog) -> None:
    item = catalog.submit("First")
    catalog.settle()
    catalog.revise(item.id, "Second")
    catalog.settle()
    assert titles(catalog) == {"Second"}


def test_what_is_withdrawn_is_gone(catalog: Catalog) -> None:
    item = catalog.submit("Withdrawn soon")
    catalog.submit("Stays")
    catalog.settle()
    catalog.withdraw(item.id)
    assert outbox.narrowing_pending(catalog.parts)
    catalog.settle()
    assert not outbox.narrowing_pending(catalog.parts)
    assert titles(catalog) == {"Stays"}


def test_a_graph_is_named_by_its_item_and_speaks_of_it_under_todays_base(catalog: Catalog) -> None:
    item = catalog.submit("Named")
    catalog.settle()
    iri = ox.NamedNode(f"{BASE}items/{item.id}")
    assert iri.value == graph_name(catalog.parts, item.id)
    store = ox.Store.read_only(str(catalog.graph.path()))
    subjects = {quad.subject for quad in store.quads_for_pattern(None, None, None, iri)}
    assert iri in subjects
    assert not [subject for subject in subjects if "catalog.invalid" in str(subject)]


def test_every_scheme_has_a_graph_and_so_have_ontology_and_shapes(catalog: Catalog) -> None:
    catalog.settle()
    with catalog.graph.opened() as state:
        names = set(state.names())
    schemes = {
        f"https://w3id.org/sage/vocab/{name}" for name in catalog.parts.library.vocabularies.names
    }
    assert names == schemes | {ONTOLOGY}
    store = ox.Store.read_only(str(catalog.graph.path()))
    assert not list(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))


def test_a_relay_at_work_shows_a_publication_within_half_a_second(catalog: Catalog) -> None:
    with catalog.triples() as store, running(catalog, store):
        assert eventually(lambda: readiness(catalog.parts, now=now()).checks["projected"])
        waited = []
        for number in range(5):  # this machine may do other things at any one time
            time.sleep(0.3)
            item = catalog.submit(f"Soon {number}")
            begun = time.monotonic()
            assert outbox.wait_until_indexed(catalog.parts, item.id, 10.0)
            waited.append(time.monotonic() - begun)
        assert min(waited) < 0.5
        assert len(titles(catalog)) == 5


def test_a_line_is_gone_only_when_readers_see_it(catalog: Catalog) -> None:
    with catalog.triples() as store, running(catalog, store):
        for number in range(12):
            item = catalog.submit(f"Number {number}")
            assert outbox.wait_until_indexed(catalog.parts, item.id, 10.0)
            assert f"Number {number}" in titles(catalog)
            if number % 3 == 0:
                catalog.withdraw(item.id)
                assert outbox.wait_until_indexed(catalog.parts, item.id, 10.0)
                assert f"Number {number}" not in titles(catalog)


def nothing() -> None:
    """Do nothing."""


@dataclass
class Interrupted:
    """A store that does something else right before or after a state is shown."""

    store: TripleStore
    before: Callable[[], None] = nothing
    after: Callable[[], None] = nothing
    calls: list[list[str]] = field(default_factory=list)

    def shown(self) -> Shown | None:
        return self.store.shown()

    def show(self, graphs: Mapping[str, str | None]) -> Shown:
        self.calls.append(sorted(graphs))
        self.before()
        shown = self.store.show(graphs)
        self.after()
        return shown

    def rebuild(self, *said: object) -> Shown:
        return self.store.rebuild(*said)  # type: ignore[arg-type]

    def tidy(self) -> None:
        self.store.tidy()


def test_a_change_during_the_work_is_not_lost(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_PAUSE_SECONDS", (0.0, 0.0))
    item = catalog.submit("Before")
    with catalog.triples() as store:
        interrupted = Interrupted(store)
        work = Relay(catalog.parts, interrupted)
        work.step()

        def revise() -> None:
            catalog.revise(item.id, "Meanwhile")

        interrupted.before = revise
        catalog.revise(item.id, "Read by the relay")
        work.step()
        assert titles(catalog) == {"Read by the relay"}
        assert [line.item_id for line in lines(catalog)] == [item.id]
        interrupted.before = nothing
        work.step()
        assert titles(catalog) == {"Meanwhile"}
        assert lines(catalog) == []


def test_narrowing_goes_first_and_alone(catalog: Catalog) -> None:
    withdrawn = catalog.submit("Withdrawn")
    catalog.settle()
    others = [catalog.submit(f"Other {number}") for number in range(3)]
    catalog.withdraw(withdrawn.id)
    with catalog.triples() as store:
        interrupted = Interrupted(store)
        Relay(catalog.parts, interrupted).step()
        assert interrupted.calls == [[graph_name(catalog.parts, withdrawn.id)]]
        assert {line.item_id for line in lines(catalog)} == {item.id for item in others}


def test_a_bad_item_waits_with_its_reason_and_the_others_go_on(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = catalog.submit("Bad"), catalog.submit("Good")
    usual = project._graph_of

    def only_good(parts: Parts, record: ItemRecord) -> str:
        return usual(parts, record) if record.id == good.id else str(1 / 0)

    monkeypatch.setattr(project, "_graph_of", only_good)
    with catalog.triples() as store:
        Relay(catalog.parts, store).step()
        assert titles(catalog) == {"Good"}
        waiting = lines(catalog)
        assert [line.item_id for line in waiting] == [bad.id]
        assert "ZeroDivisionError" in (waiting[0].problem or "")
        monkeypatch.setattr(project, "_graph_of", usual)
        assert relay.catch_up(catalog.parts, store, seconds=20.0)
    assert titles(catalog) == {"Good", "Bad"}


def test_text_that_is_no_ntriples_does_not_hold_up_its_batch(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.settle()
    bad, good = catalog.submit("Bad"), catalog.submit("Good")
    usual = project._graph_of

    def cut_bad(parts: Parts, record: ItemRecord) -> str:
        return usual(parts, record)[: None if record.id == good.id else -3]

    monkeypatch.setattr(project, "_graph_of", cut_bad)
    with catalog.triples() as store:
        Relay(catalog.parts, store).step()
    assert titles(catalog) == {"Good"}
    (line,) = lines(catalog)
    assert (line.item_id, line.attempts) == (bad.id, 1)
    assert line.not_before is not None


@pytest.mark.parametrize("fault", [NoSpace("full"), Unavailable("broken")])
def test_a_store_that_fails_is_tried_again_and_nothing_is_lost(
    catalog: Catalog, fault: Exception
) -> None:
    catalog.settle()
    item = catalog.submit("Waits")

    def fail() -> None:
        raise fault

    with catalog.triples() as store:
        interrupted = Interrupted(store, before=fail)
        with running(catalog, interrupted):
            assert eventually(lambda: bool(lines(catalog)[0].problem))
            assert not catalog.is_indexed(item.id)
            interrupted.before = nothing
            assert outbox.wait_until_indexed(catalog.parts, item.id, 20.0)
    assert titles(catalog) == {"Waits"}


def test_a_record_that_does_not_take_the_end_of_a_round_gets_it_again(catalog: Catalog) -> None:
    catalog.settle()
    item = catalog.submit("Twice")

    def end() -> None:
        raise Unavailable("as if the process had ended here")

    with catalog.triples() as store:
        Relay(catalog.parts, Interrupted(store, after=end)).step()
        assert titles(catalog) == {"Twice"}
        assert not catalog.is_indexed(item.id)
    catalog.settle()
    assert catalog.is_indexed(item.id)


def builds(catalog: Catalog, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Settle, and return for which reasons the graph was built anew."""
    caplog.clear()
    with caplog.at_level("INFO", logger=relay.__name__):
        catalog.settle()
    return [record.args[0] for record in caplog.records if "built anew" in record.msg]  # type: ignore[index,misc]


def test_a_start_that_finds_everything_as_it_was_builds_nothing(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.submit("One")
    assert builds(catalog, caplog) == ["there is none that can be used"]
    catalog.submit("Two")
    assert builds(catalog, caplog) == []
    assert builds(catalog, caplog) == []


def test_a_start_under_another_base_builds_anew(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    item = catalog.submit("Moves")
    catalog.settle()
    moved = catalog.under(base="https://elsewhere.example/")
    assert not readiness(moved.parts, now=now()).checks["projected"]
    assert builds(moved, caplog) == ["the base, the vocabularies or the release are others"]
    assert list(moved.shown()) == [item.id]
    assert catalog.shown() == {}
    assert readiness(moved.parts, now=now()).checks["projected"]


def test_a_start_with_other_vocabularies_builds_anew(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.settle()
    files = catalog.parts.library.files
    vocabularies, shapes = files_of(files, "vocab"), files_of(files, "shapes")
    vocabularies.popitem()
    other = catalog.under(library=Library(vocabularies, shapes))
    assert builds(other, caplog) == ["the base, the vocabularies or the release are others"]
    with catalog.graph.opened() as state:
        assert len(list(state.names())) == len(vocabularies) + 1


def test_a_graph_that_was_deleted_is_built_again(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    item = catalog.submit("There")
    catalog.settle()
    shutil.rmtree(catalog.folder / "graph")
    assert builds(catalog, caplog) == ["there is none that can be used"]
    assert list(catalog.shown()) == [item.id]


def test_a_graph_restored_from_an_older_backup_is_built_again(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.submit("Old")
    catalog.settle()
    shutil.copytree(catalog.folder / "graph", catalog.folder / "backup")
    for number in range(2):
        catalog.submit(f"New {number}")
        catalog.settle()
    shutil.rmtree(catalog.folder / "graph")
    (catalog.folder / "backup").rename(catalog.folder / "graph")
    assert builds(catalog, caplog) == ["it and the record are not of one history"]
    assert titles(catalog) == {"Old", "New 0", "New 1"}


def test_a_record_restored_from_an_older_backup_rebuilds_the_graph(
    catalog: Catalog, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    catalog.submit("Old")
    catalog.settle()
    catalog.parts.database.close()
    backup = tmp_path / "backup.sqlite"
    shutil.copy(catalog.folder / "record.sqlite", backup)
    for number in range(2):
        catalog.submit(f"Never happened {number}")
        catalog.settle()
    catalog.parts.database.close()
    for tail in ("-wal", "-shm"):
        (catalog.folder / f"record.sqlite{tail}").unlink(missing_ok=True)
    shutil.copy(backup, catalog.folder / "record.sqlite")
    assert builds(catalog, caplog) == ["it and the record are not of one history"]
    assert titles(catalog) == {"Old"}


def test_a_rebuild_that_is_asked_for_happens_beside_the_work(catalog: Catalog) -> None:
    item = catalog.submit("Kept")
    with catalog.triples() as store, running(catalog, store):
        assert outbox.wait_until_indexed(catalog.parts, item.id, 20.0)
        before = catalog.graph.path()
        ask_rebuild(catalog.parts, now=now())
        assert outbox.wait_until_indexed(catalog.parts, WHOLE, 20.0)
        assert catalog.graph.path() != before
        assert titles(catalog) == {"Kept"}


def test_what_was_withdrawn_leaves_the_files_in_good_time(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = catalog.submit("canary-8f14e45fceea167a")
    catalog.settle()
    catalog.withdraw(item.id)
    catalog.settle()
    with catalog.parts.database.reading() as session:
        assert session.get(Fact, NARROWED) is not None
    monkeypatch.setattr(relay, "ERASE_AFTER", timedelta(0))
    store = OxigraphTriples(catalog.folder / "graph", keep_seconds=0.0)
    work = Relay(catalog.parts, store)
    work._tidy()
    work.step()
    store.tidy()
    files = [path for path in (catalog.folder / "graph").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"canary-8f14e45fceea167a" in path.read_bytes()]
    with catalog.parts.database.reading() as session:
        assert session.get(Fact, NARROWED) is None
    store.close()


def test_a_store_that_goes_on_failing_is_built_anew(catalog: Catalog) -> None:
    catalog.settle()
    item = catalog.submit("In the end")

    def fail() -> None:
        raise Unavailable("corruption in the middle of a file")

    with catalog.triples() as store, running(catalog, Interrupted(store, before=fail)):
        assert outbox.wait_until_indexed(catalog.parts, item.id, 0.1) is False
        assert eventually(lambda: item.id in catalog.shown())


def test_the_tail_of_the_live_store_may_be_lost_at_any_time(catalog: Catalog) -> None:
    """A power cut: whatever the live store lost, lines that are gone are in the checkpoint."""
    chance = random.Random(19)
    expected = set()
    for number in range(15):
        store = OxigraphTriples(catalog.folder / "graph", keep_seconds=60.0)
        with running(catalog, store):
            for extra in range(chance.randrange(1, 4)):
                item = catalog.submit(f"Item {number}-{extra}")
                if chance.random() < 0.7:
                    assert outbox.wait_until_indexed(catalog.parts, item.id, 20.0)
                expected.add(f"Item {number}-{extra}")
        assert store._lock is not None
        os.close(store._lock)  # as if the process had ended here, leaving all its files
        cut(catalog.folder / "graph", chance)
    catalog.settle()
    assert titles(catalog) == expected
    with catalog.parts.database.reading() as session:
        assert session.get_one(Fact, SHOWN).value == catalog.graph.path().name


def cut(graph: Path, chance: random.Random) -> None:
    """Truncate the logs of the live store at random places."""
    for log in graph.glob("live-*/*.log"):
        size = log.stat().st_size
        with log.open("r+b") as file:
            file.truncate(chance.randrange(size + 1))


def test_what_was_withdrawn_is_in_no_answer_after_the_acknowledgement(catalog: Catalog) -> None:
    """S8: closed until it is gone, and then gone, while the relay works and dies at random."""
    chance = random.Random(8)
    asked = Asked(
        "SELECT ?title { ?item <http://purl.org/dc/terms/title> ?title }",
        {"select": "text/csv"},
    )
    answers = closed = 0
    for number in range(10):
        item = catalog.submit(f"canary {number}")
        catalog.settle()
        with catalog.triples() as store:
            stop = threading.Event()
            work = threading.Thread(target=run_relay, args=(catalog.parts, store, stop))
            late = threading.Timer(chance.uniform(0.0, 0.15), work.start)
            late.start()
            catalog.withdraw(item.id)
            while not catalog.is_indexed(item.id) or not answers:
                try:
                    answer = query(catalog.parts, ANYONE, asked)
                except Unavailable:
                    closed += 1
                else:
                    answers += 1
                    assert f"canary {number}" not in answer.content.decode()
            assert f"canary {number}" not in query(catalog.parts, ANYONE, asked).content.decode()
            late.join()
            stop.set()
            work.join(20)
    assert closed > 10
