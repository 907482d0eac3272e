"""The log of what everybody can see: gapless, in order, and the same as the events tell."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import ANYONE
from catalog.domain.record import ItemRecord
from catalog.services.begin_version import begin_version
from catalog.services.changes import page_of_changes
from catalog.services.find import Filters, find
from catalog.services.harvest import Window, harvest
from catalog.services.history import Happened, note
from catalog.services.publish import Wanted, change_visibility
from catalog.services.withdraw import withdraw
from catalog.tables import Announced, Change
from tests.catalogs import Catalog, catalog_in, now

ANY = frozenset("*")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_in(tmp_path)


def next_version(catalog: Catalog, item_id: str) -> ItemRecord:
    return begin_version(catalog.parts, catalog.actor, item_id, expected=ANY, now=now())


def take_back(catalog: Catalog, item_id: str, n: int | None = None) -> None:
    parts, actor = catalog.parts, catalog.actor
    withdraw(parts, actor, item_id, reason="a test", expected=ANY, now=now(), n=n)


def lives(catalog: Catalog) -> None:
    """Have items of every kind of life, one after the other."""
    one, two = catalog.submit("One"), catalog.submit("Two")
    three = catalog.submit("Three", published=False)
    catalog.revise(three.id, "Three, again")
    catalog.publish(three.id, Visibility.PRIVATE)
    catalog.revise(three.id, "Three, for oneself")
    wanted = Wanted(three.id, ANY)
    change_visibility(catalog.parts, catalog.actor, wanted, Visibility.PUBLIC, now=now())
    catalog.revise(one.id, "One, again")
    catalog.deprecate(one.id, "old")
    catalog.deprecate(one.id, None)
    next_version(catalog, two.id)
    catalog.revise(two.id, "Two, a draft")
    catalog.publish(two.id)
    take_back(catalog, two.id, 2)
    catalog.withdraw(one.id)
    next_version(catalog, three.id)
    take_back(catalog, three.id)
    catalog.delete(catalog.submit("Four", published=False).id)


def told(catalog: Catalog) -> list[tuple[int, str, int, str]]:
    return [
        (one.seq, one.item_id, one.version, one.kind.value)
        for one in page_of_changes(catalog.parts, 1)
    ]


def test_what_a_migration_makes_of_the_events_is_what_is_written_as_it_happens(
    catalog: Catalog,
) -> None:
    lives(catalog)
    migration = import_module("catalog.migrations.versions.0006_changes")
    events = migration._Told()
    with catalog.parts.database.reading() as session:
        again = list(events.changes(session.connection()))
        rows = session.scalars(select(Announced)).all()
    assert [(one["seq"], one["item_id"], one["n"], one["kind"]) for one in again] == told(catalog)
    assert {row.item_id: (row.position, row.type, row.is_deleted) for row in rows} == {
        item_id: (row["position"], row["type"], row["is_deleted"])
        for item_id, row in events.items.items()
    }


def test_the_log_tells_each_life_as_everybody_saw_it(catalog: Catalog) -> None:
    lives(catalog)
    kinds: dict[str, list[tuple[int, str]]] = {}
    for _, item_id, n, kind in told(catalog):
        kinds.setdefault(item_id, []).append((n, kind))
    assert list(kinds.values()) == [
        [(1, "created"), *[(1, "updated")] * 3, (1, "deleted")],
        [(1, "created"), (2, "updated"), (1, "updated")],
        [(1, "created"), (2, "deleted")],
    ]


def test_the_newest_public_items_are_those_that_are_not_deleted(catalog: Catalog) -> None:
    lives(catalog)
    page = find(catalog.parts, ANYONE, Filters(), cursor=None, limit=9)
    found = harvest(catalog.parts, Window(), limit=9)
    assert {one.item_id for one in found if not one.is_deleted} == {line.id for line in page.lines}


def test_numbers_have_no_gaps_whoever_publishes_at_once(catalog: Catalog) -> None:
    drafts = [catalog.submit(f"Item {number}", published=False).id for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(catalog.publish, drafts))
    with catalog.parts.database.reading() as session:
        rows = session.execute(select(Change.seq, Change.at).order_by(Change.seq)).all()
    assert [row.seq for row in rows] == list(range(1, 9))
    moments = [row.at for row in rows]
    assert moments == sorted(set(moments))


def test_what_is_undone_leaves_no_gap(catalog: Catalog) -> None:
    one = catalog.submit("One")

    def revised_and_then_not() -> None:
        with catalog.parts.database.writing() as session:
            note(session, Happened.REVISED, one.id, 1, account=None, now=now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        revised_and_then_not()
    catalog.submit("Two")
    assert [seq for seq, *_ in told(catalog)] == [1, 2]


def test_a_doi_that_can_be_found_is_a_change_of_what_everybody_sees(catalog: Catalog) -> None:
    one, draft = catalog.submit("One"), catalog.submit("Two", published=False)
    with catalog.parts.database.writing() as session:
        for item_id, n in ((one.id, 0), (one.id, 1), (draft.id, 0), (draft.id, 1)):
            note(session, Happened.DOI_FINDABLE, item_id, n, account=None, now=now())
    assert [(item, n, kind) for _, item, n, kind in told(catalog)] == [
        (one.id, 1, "created"), (one.id, 1, "updated"), (one.id, 1, "updated"),
    ]  # fmt: skip
