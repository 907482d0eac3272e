"""A graph built anew is the graph that was kept up to date, whatever happened on the way."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from catalog.adapters.triples_oxigraph import OxigraphTriples
from catalog.domain.errors import NoSpace, Unavailable
from catalog.domain.lifecycle import Visibility
from catalog.services import project
from catalog.services.invariants_of_graph import check_graphs, check_phantoms
from catalog.services.outbox import GRAPH
from catalog.services.rebuild import rebuild
from catalog.services.relay import Relay
from catalog.tables import Work
from tests.catalogs import Catalog, catalog_in, now

TITLES = st.sampled_from(["Clouds", "Smoke", 'Quotes \\" and \\\\', "Zoë", "雲", "\\u00e9 \\t"])


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_in(tmp_path)


def built_anew(catalog: Catalog) -> dict[str, str]:
    """Return the graphs of items as a rebuild makes them, in a folder of its own."""
    folder = catalog.folder / "other"
    other = Catalog(folder, catalog.parts, catalog.actor)
    with other.triples() as store:
        rebuild(catalog.parts, store, now=now())
        found = other.shown()
    shutil.rmtree(folder)
    return found


class Life(RuleBasedStateMachine):
    """People at work on one catalog, whose relay does a round now and then, and dies."""

    items = Bundle("items")
    drafts = Bundle("drafts")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.catalog = catalog_in(self.folder)
        self.store = self.opened()
        self.relay = Relay(self.catalog.parts, self.store)
        self.relay.step()
        self.titles: dict[str, str] = {}

    def opened(self) -> OxigraphTriples:
        return OxigraphTriples(self.folder / "graph", keep_seconds=60.0)

    @rule(target=items, title=TITLES)
    def submit_and_publish(self, title: str) -> str:
        return self.catalog.submit(title).id

    @rule(target=drafts, title=TITLES)
    def submit(self, title: str) -> str:
        return self.catalog.submit(title, published=False).id

    @rule(target=items, item=consumes(drafts), private=st.booleans())
    def publish(self, item: str, private: bool) -> str:
        self.catalog.publish(item, Visibility.PRIVATE if private else Visibility.PUBLIC)
        return item

    @rule(item=items, title=TITLES)
    def revise(self, item: str, title: str) -> None:
        self.catalog.revise(item, title)

    @rule(item=drafts, title=TITLES)
    def revise_draft(self, item: str, title: str) -> None:
        self.catalog.revise(item, title)

    @rule(item=drafts, content=st.binary(max_size=8))
    def upload(self, item: str, content: bytes) -> None:
        self.catalog.upload(item, "readme.txt", content)

    @rule(item=items, reason=st.sampled_from([None, "old"]))
    def deprecate(self, item: str, reason: str | None) -> None:
        self.catalog.deprecate(item, reason)

    @rule(item=consumes(items))
    def withdraw(self, item: str) -> None:
        self.catalog.withdraw(item)

    @rule(item=consumes(drafts))
    def delete(self, item: str) -> None:
        self.catalog.delete(item)

    @rule()
    def let_the_relay_work(self) -> None:
        self.relay._last_shown = 0.0
        self.relay.step()

    @rule()
    def let_the_relay_die(self) -> None:
        self.store.close()
        self.store = self.opened()
        self.relay = Relay(self.catalog.parts, self.store)

    @rule()
    def rebuild(self) -> None:
        rebuild(self.catalog.parts, self.store, now=now())

    @invariant()
    def what_does_not_wait_is_shown_as_it_is(self) -> None:
        for check in (check_graphs, check_phantoms):
            found = check(self.catalog.parts, self.catalog.graph)
            assert found.ok, (found.name, found.examples)

    def teardown(self) -> None:
        self.store.close()
        self.catalog.settle()
        for found in self.catalog.examined().values():
            assert found.ok, (found.name, found.examples)
        assert self.catalog.shown() == built_anew(self.catalog)
        self.catalog.parts.database.close()
        shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=10,
    stateful_step_count=16,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take minutes
)


def test_a_rebuild_tells_how_far_it_is(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        catalog.submit(f"Item {number}")
    seen: list[tuple[int, int]] = []
    with catalog.triples() as store:
        rebuild(catalog.parts, store, now=now(), progress=lambda done, of: seen.append((done, of)))
    assert seen == [(3, 3)]


def test_a_rebuild_that_fails_leaves_what_readers_see(catalog: Catalog) -> None:
    item = catalog.submit("Stays")
    catalog.settle()
    before = catalog.graph.path()
    for fault in (NoSpace("full"), Unavailable("broken"), OSError("No space left on device")):

        def fail(_done: int, _total: int, fault: Exception = fault) -> None:
            raise fault

        with catalog.triples() as store, pytest.raises((NoSpace, Unavailable)):
            rebuild(catalog.parts, store, now=now(), progress=fail)
    assert catalog.graph.path() == before
    assert list(catalog.shown()) == [item.id]


def test_a_rebuild_killed_in_the_middle_leaves_nothing_behind(catalog: Catalog) -> None:
    catalog.submit("Stays")
    catalog.settle()
    before = sorted(path.name for path in (catalog.folder / "graph").iterdir())

    def end(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with catalog.triples() as store, pytest.raises(KeyboardInterrupt):
        rebuild(catalog.parts, store, now=now(), progress=end)
    catalog.settle()
    assert sorted(path.name for path in (catalog.folder / "graph").iterdir()) == before


def test_an_item_that_changes_during_a_rebuild_is_looked_at_afterwards(catalog: Catalog) -> None:
    item = catalog.submit("Before")

    def meanwhile(_done: int, _total: int) -> None:
        catalog.revise(item.id, "After")

    with catalog.triples() as store:
        rebuild(catalog.parts, store, now=now(), progress=meanwhile)
    stale = catalog.shown()
    catalog.settle()
    assert catalog.shown() != stale
    assert catalog.shown() == built_anew(catalog)


def test_what_cannot_be_written_is_left_out_with_a_line_that_says_why(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, worse, good = (catalog.submit(title) for title in ("Bad", "Worse", "Good"))
    catalog.settle()
    usual = project._graph_of

    def broken(parts: object, record: object) -> str:
        text = usual(parts, record)  # type: ignore[arg-type]
        if record.id == bad.id:  # type: ignore[attr-defined]
            raise ValueError("cannot be written")
        return text[:-3] if record.id == worse.id else text  # type: ignore[attr-defined]

    monkeypatch.setattr(project, "_graph_of", broken)
    with catalog.triples() as store:
        rebuild(catalog.parts, store, now=now())
    assert list(catalog.shown()) == [good.id]
    with catalog.parts.database.reading() as session:
        assert "cannot be written" in (session.get_one(Work, (GRAPH, bad.id)).problem or "")
        assert "no N-Triples" in (session.get_one(Work, (GRAPH, worse.id)).problem or "")
