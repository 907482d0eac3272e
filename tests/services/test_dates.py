"""Embargoes end, and what waited becomes public: on the date, once, whoever looks at the clock."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import delete, select

from catalog.domain.errors import NotAcceptable, WrongState
from catalog.domain.identifiers import draw_id
from catalog.domain.lifecycle import (
    CHANGES,
    Showing,
    State,
    Visibility,
    check_visibility_change,
    moment_named,
    showing,
)
from catalog.domain.permissions import ANYONE, Action
from catalog.domain.record import ItemRecord
from catalog.services import outbox
from catalog.services.changes import page_of_changes
from catalog.services.dates import dated, keep_dates
from catalog.services.history import Happened
from catalog.services.loading import load
from catalog.services.publish import Wanted, change_visibility, publish
from catalog.services.reserve import reserve_doi
from catalog.services.revise import revise
from catalog.services.submit import Submission, submit
from catalog.tables import Event, Version, Work
from tests.catalogs import BASE, Catalog, catalog_in, description, now, parts_of

ANY: Final = frozenset("*")
HOUR: Final = timedelta(hours=1)
PUBLIC, RESTRICTED, EMBARGOED, SHARED, PRIVATE = Visibility


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("dates"))


@pytest.fixture(scope="module")
def with_dois(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("dois"), dois=True)


def draft(catalog: Catalog, title: str, *cited: str, item_id: str | None = None) -> str:
    """Keep a draft that points to other items; return its id."""
    sent = Submission(citing(title, *cited), "text/turtle", item_id=item_id)
    return submit(catalog.parts, catalog.actor, sent, now=now()).record.id


def citing(title: str, *cited: str) -> bytes:
    links = "".join(
        f"<> <http://purl.org/dc/terms/relation> <{BASE}items/{one}> .\n" for one in cited
    )
    return description(title) + links.encode()


def embargo(catalog: Catalog, title: str = "Under embargo", *, over: bool = True) -> str:
    """Publish an item whose embargo is over since a moment ago, or lasts for an hour still."""
    item_id = draft(catalog, title)
    until = now() + (-timedelta(seconds=2) if over else HOUR)
    wanted = [Wanted(item_id, ANY)]
    publish(catalog.parts, catalog.actor, wanted, EMBARGOED, now=until - HOUR, until=until)
    return item_id


def wait(
    catalog: Catalog, item_ids: Sequence[str], visibility: Visibility = PRIVATE, *, due: bool = True
) -> None:
    """Publish items for some that were to be public a moment ago, or are to be in an hour."""
    for item_id in item_ids:
        at = now() + (-timedelta(seconds=2) if due else HOUR)
        wanted = [Wanted(item_id, ANY)]
        publish(catalog.parts, catalog.actor, wanted, visibility, now=at - HOUR, publish_at=at)


def show(catalog: Catalog, item_id: str, visibility: Visibility, **dates: datetime) -> ItemRecord:
    wanted = Wanted(item_id, ANY)
    return change_visibility(catalog.parts, catalog.actor, wanted, visibility, now=now(), **dates)


def record(catalog: Catalog, item_id: str) -> ItemRecord:
    with catalog.parts.database.reading() as session:
        return load(session, catalog.actor, Action.READ, item_id)


def events(catalog: Catalog, item_id: str, kind: Happened) -> list[Event]:
    with catalog.parts.database.reading() as session:
        wanted = select(Event).where(Event.item_id == item_id, Event.kind == kind.value)
        return list(session.scalars(wanted.order_by(Event.seq)))


def asked(catalog: Catalog, item_id: str) -> set[str]:
    with catalog.parts.database.reading() as session:
        return set(session.scalars(select(Work.topic).where(Work.item_id == item_id)))


def changes(catalog: Catalog, item_id: str) -> list[str]:
    """Return what feeds tell of an item."""
    told = page_of_changes(catalog.parts, 1)
    return [one.kind.value for one in told if one.item_id == item_id]


# -- what may become of what

# A row for what a published version is, a column for what it is to be: public, restricted,
# embargoed, shared, private. An embargo may only become a shorter one.
TABLE: Final = {
    PUBLIC: "yes no no no no",
    RESTRICTED: "yes yes yes no no",
    EMBARGOED: "yes no shorter no no",
    SHARED: "yes yes yes yes yes",
    PRIVATE: "yes yes yes yes yes",
}


@pytest.mark.parametrize("old", Visibility)
@pytest.mark.parametrize("new", Visibility)
def test_each_change_of_visibility_is_answered_as_the_table_says(
    old: Visibility, new: Visibility
) -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)

    def is_allowed(until: datetime) -> bool:
        before = Showing(old, at if old is EMBARGOED else None)
        after = Showing(new, until if new is EMBARGOED else None)
        try:
            check_visibility_change(State.PUBLISHED, before, after)
        except WrongState:
            return False
        return True

    said = TABLE[old].split()[list(Visibility).index(new)]
    assert is_allowed(at) is is_allowed(at - HOUR) is (said != "no")
    assert is_allowed(at + HOUR) is (said == "yes")
    assert set(CHANGES[old]) == set(Visibility)


@pytest.mark.parametrize("state", [State.DRAFT, State.WITHDRAWN])
def test_only_what_is_published_has_a_visibility_to_change(state: State) -> None:
    with pytest.raises(WrongState):
        check_visibility_change(state, Showing(PRIVATE), Showing(PUBLIC))


@pytest.mark.parametrize(
    ("visibility", "dates", "field"),
    [
        (EMBARGOED, {}, "until"),
        (PUBLIC, {"until": HOUR}, "until"),
        (RESTRICTED, {"until": HOUR}, "until"),
        (PRIVATE, {"until": HOUR}, "until"),
        (PUBLIC, {"publish_at": HOUR}, "publish_at"),
        (RESTRICTED, {"publish_at": HOUR}, "publish_at"),
        (EMBARGOED, {"until": HOUR, "publish_at": HOUR}, "publish_at"),
        (EMBARGOED, {"until": timedelta(0)}, "until"),
        (EMBARGOED, {"until": -HOUR}, "until"),
        (PRIVATE, {"publish_at": -HOUR}, "publish_at"),
        (EMBARGOED, {"until": timedelta(days=3700)}, "until"),
        (SHARED, {"publish_at": timedelta(days=200_000)}, "publish_at"),
    ],
)
def test_dates_that_do_not_go_with_the_visibility_are_refused_by_their_field(
    visibility: Visibility, dates: dict[str, timedelta], field: str
) -> None:
    at = now().replace(microsecond=0)
    with pytest.raises(NotAcceptable) as refused:
        showing(visibility, now=at, **{name: at + after for name, after in dates.items()})
    assert refused.value.evidence["field"] == field


def test_a_date_is_a_day_of_utc_or_a_moment_with_its_zone() -> None:
    midnight = datetime(2030, 1, 31, tzinfo=UTC)
    assert moment_named("2030-01-31", "until") == midnight
    assert moment_named(" 2030-01-31t01:00:00+01:00 ", "until") == midnight
    assert moment_named("2030-01-31T00:00:00.5Z", "until") == midnight.replace(microsecond=500_000)
    assert moment_named(None, "until") is moment_named("", "until") is None


@pytest.mark.parametrize(
    "said",
    [
        "2030-02-30", "2030-1-31", "20300131", "2030-W05-4", "2030", "tomorrow", "31.01.2030",
        "2030-01-31 12:00:00Z", "2030-01-31T12:00:00", "2030-01-31T12:00Z", "2030-01-31T24:00:01Z",
        "2030-01-31T12:00:60Z", "2030-01-31T12:00:00+25:00", "٢٠٣٠-٠١-٣١", "2030-01-31\x00",
        "0001-01-01T00:00:00+14:00", "9" * 5_000, 2030, 1.9e12, True, [], {"at": "2030-01-31"},
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(said: object) -> None:
    with pytest.raises(NotAcceptable, match="publish_at is a day"):
        moment_named(said, "publish_at")


def test_a_part_of_a_second_makes_it_later_and_never_earlier() -> None:
    at = datetime(2030, 1, 31, 12, 0, 0, 1, tzinfo=UTC)
    found = showing(EMBARGOED, until=at, now=at - HOUR)
    assert found.until == datetime(2030, 1, 31, 12, 0, 1, tzinfo=UTC)


# -- embargoes


def test_an_embargo_ends_by_itself_as_if_its_owner_had_ended_it(with_dois: Catalog) -> None:
    catalog = with_dois
    item_id = embargo(catalog)
    with catalog.parts.database.writing() as session:
        session.execute(delete(Work).where(Work.item_id == item_id))
    until = record(catalog, item_id).until
    assert keep_dates(catalog.parts, now()) == 1
    after = record(catalog, item_id)
    assert (after.visibility, after.until, after.state_changes) == (PUBLIC, until, 2)
    (event,) = events(catalog, item_id, Happened.VISIBILITY_CHANGED)
    assert (event.account_id, event.detail) == (None, {"visibility": "public", "by_itself": True})
    assert asked(catalog, item_id) == {outbox.GRAPH, outbox.DOI}
    assert changes(catalog, item_id) == ["created", "updated"]


def test_no_embargo_ends_early_whatever_the_clock_of_the_process_says(catalog: Catalog) -> None:
    item_id = embargo(catalog, over=False)
    for hours in (-1, 0, 1, 100_000):
        assert keep_dates(catalog.parts, now() + hours * HOUR) == 0
    assert record(catalog, item_id).visibility is EMBARGOED


def test_an_embargo_ends_at_its_moment(catalog: Catalog) -> None:
    item_id = draft(catalog, "Soon")
    until = now() + timedelta(seconds=1)
    wanted = [Wanted(item_id, ANY)]
    kept = publish(catalog.parts, catalog.actor, wanted, EMBARGOED, now=now(), until=until)
    promised = kept[0].until
    assert promised is not None
    while not keep_dates(catalog.parts, now()):
        assert now() < promised + timedelta(seconds=5)
    assert now() >= promised


def test_what_ended_stays_open_when_the_clock_goes_back(catalog: Catalog) -> None:
    item_id = embargo(catalog)
    assert keep_dates(catalog.parts, now()) == 1
    assert keep_dates(catalog.parts, now() - 48 * HOUR) == 0
    assert record(catalog, item_id).visibility is PUBLIC


def test_catalogs_that_share_a_record_end_each_embargo_once(catalog: Catalog) -> None:
    item_ids = [embargo(catalog, f"Item {number}") for number in range(6)]
    parts = [parts_of(catalog.folder) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda one: keep_dates(one, now()), parts))
    assert sum(done) == len(item_ids)
    for item_id in item_ids:
        assert len(events(catalog, item_id, Happened.VISIBILITY_CHANGED)) == 1


KILLED: Final = """
import os, signal, sys
from pathlib import Path
from catalog.services import dates
from tests.catalogs import now, parts_of

shown = dates.show

def killed_in_the_middle(session, *said, **more):
    shown(session, *said, **more)
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)

dates.show = killed_in_the_middle
dates.keep_dates(parts_of(Path(sys.argv[1])), now())
"""


def test_who_is_killed_in_the_middle_has_done_nothing_and_the_next_does_it(
    catalog: Catalog,
) -> None:
    item_id = embargo(catalog)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(catalog.folder)]
    done = subprocess.run(
        command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, timeout=60, check=False
    )
    assert done.returncode == -9
    assert record(catalog, item_id).visibility is EMBARGOED
    assert events(catalog, item_id, Happened.VISIBILITY_CHANGED) == []
    assert keep_dates(catalog.parts, now()) == 1
    assert len(events(catalog, item_id, Happened.VISIBILITY_CHANGED)) == 1


def test_an_embargo_is_shortened_or_ended_and_never_prolonged(catalog: Catalog) -> None:
    item_id = embargo(catalog, over=False)
    before = record(catalog, item_id)
    assert before.until is not None
    assert show(catalog, item_id, EMBARGOED, until=before.until).stage == before.stage
    with pytest.raises(WrongState, match="not prolonged"):
        show(catalog, item_id, EMBARGOED, until=before.until + timedelta(seconds=1))
    earlier = show(catalog, item_id, EMBARGOED, until=before.until - timedelta(minutes=5))
    assert (earlier.until, earlier.state_changes) == (before.until - timedelta(minutes=5), 2)
    ended = show(catalog, item_id, PUBLIC)
    assert ended.until is not None
    assert timedelta(0) <= now() - ended.until < timedelta(seconds=10)
    assert show(catalog, item_id, PUBLIC).stage == ended.stage


def test_an_embargo_ends_though_what_it_cites_has_gone(catalog: Catalog) -> None:
    cited = catalog.submit("Cited").id
    item_id = draft(catalog, "Citing", cited)
    until = now() - timedelta(seconds=2)
    wanted = [Wanted(item_id, ANY)]
    publish(catalog.parts, catalog.actor, wanted, EMBARGOED, now=until - HOUR, until=until)
    catalog.withdraw(cited)
    assert keep_dates(catalog.parts, now()) == 1


def test_what_was_withdrawn_meanwhile_stays_so(catalog: Catalog) -> None:
    item_id = embargo(catalog)
    catalog.withdraw(item_id)
    assert keep_dates(catalog.parts, now()) == 0
    assert record(catalog, item_id).visibility is EMBARGOED


# -- what becomes public on its date


@pytest.mark.parametrize("visibility", [PRIVATE, SHARED])
def test_what_waited_becomes_public_on_its_date(with_dois: Catalog, visibility: Visibility) -> None:
    catalog = with_dois
    item_id = draft(catalog, "To be seen later")
    wait(catalog, [item_id], visibility)
    reserve_doi(catalog.parts, catalog.actor, item_id, expected=ANY, now=now())
    assert asked(catalog, item_id) == set()
    assert changes(catalog, item_id) == []
    assert keep_dates(catalog.parts, now()) == 1
    after = record(catalog, item_id)
    assert (after.visibility, after.publish_at, after.delay) == (PUBLIC, None, None)
    (event,) = events(catalog, item_id, Happened.VISIBILITY_CHANGED)
    assert (event.account_id, event.detail) == (None, {"visibility": "public", "by_itself": True})
    assert asked(catalog, item_id) == {outbox.GRAPH, outbox.DOI}
    assert changes(catalog, item_id) == ["created"]
    assert keep_dates(catalog.parts, now()) == 0


def test_nothing_becomes_public_early_or_after_it_was_called_off(catalog: Catalog) -> None:
    early, off = draft(catalog, "Early"), draft(catalog, "Called off")
    wait(catalog, [early], due=False)
    wait(catalog, [off])
    assert show(catalog, off, PRIVATE).publish_at is None
    assert keep_dates(catalog.parts, now() + 9 * HOUR) == 0
    assert {record(catalog, one).visibility for one in (early, off)} == {PRIVATE}


def test_those_that_cite_each_other_become_public_together(catalog: Catalog) -> None:
    first, second = draw_id(), draw_id()
    ids = [first, second]
    last = draft(catalog, "At the end")
    draft(catalog, "First", second, item_id=first)
    draft(catalog, "Second", first, last, item_id=second)
    wait(catalog, [last])
    at = now() - timedelta(seconds=3)
    wanted = [Wanted(one, ANY) for one in ids]
    publish(catalog.parts, catalog.actor, wanted, PRIVATE, now=at - HOUR, publish_at=at)
    assert keep_dates(catalog.parts, now()) == 3
    assert {record(catalog, one).visibility for one in (*ids, last)} == {PUBLIC}


def test_what_cites_the_private_stays_private_and_its_owner_is_told_once(catalog: Catalog) -> None:
    inner = draft(catalog, "Inner")
    catalog.publish(inner, PRIVATE)
    outer = draft(catalog, "Outer", inner)
    wait(catalog, [outer])
    around = draft(catalog, "Around", outer)
    wait(catalog, [around])
    alone = draft(catalog, "Alone")
    wait(catalog, [alone])
    assert keep_dates(catalog.parts, now()) == 1
    assert record(catalog, alone).visibility is PUBLIC
    for item_id, cited in ((outer, inner), (around, outer)):
        found = record(catalog, item_id)
        assert found.visibility is PRIVATE
        assert found.delay is not None
        assert cited in found.delay.why[0]
        assert cited in str(found.report)
        assert len(events(catalog, item_id, Happened.PUBLICATION_DELAYED)) == 1
        assert changes(catalog, item_id) == []
    told = {one.id: one for one in dated(catalog.parts, catalog.actor)}
    assert all(told[one].delay and not told[one].is_embargo for one in (outer, around))
    assert dated(catalog.parts, ANYONE) == ()


def test_it_is_tried_again_in_an_hour_and_tells_the_same_reason_only_once(
    catalog: Catalog,
) -> None:
    inner = draft(catalog, "Inner")
    catalog.publish(inner, PRIVATE)
    outer = draft(catalog, "Outer", inner)
    wait(catalog, [outer])
    keep_dates(catalog.parts, now())
    stage = record(catalog, outer).stage

    def tried() -> datetime | None:
        with catalog.parts.database.reading() as session:
            return session.get_one(Version, (outer, 1)).next_try

    first = tried()
    keep_dates(catalog.parts, now())
    assert tried() == first
    with catalog.parts.database.writing() as session:  # an hour later
        session.get_one(Version, (outer, 1)).next_try = now() - HOUR
    keep_dates(catalog.parts, now())
    assert first is not None
    assert (again := tried()) is not None
    assert again > first
    assert record(catalog, outer).stage == stage
    assert len(events(catalog, outer, Happened.PUBLICATION_DELAYED)) == 1


def test_it_is_tried_at_once_when_what_it_cites_becomes_public(catalog: Catalog) -> None:
    inner = draft(catalog, "Inner")
    catalog.publish(inner, PRIVATE)
    outer = draft(catalog, "Outer", inner)
    wait(catalog, [outer])
    keep_dates(catalog.parts, now())
    show(catalog, inner, RESTRICTED)
    assert keep_dates(catalog.parts, now()) == 1
    assert record(catalog, outer).delay is None


def test_it_is_tried_at_once_when_it_is_changed(catalog: Catalog) -> None:
    inner = draft(catalog, "Inner")
    catalog.publish(inner, PRIVATE)
    outer = draft(catalog, "Outer", inner)
    wait(catalog, [outer])
    keep_dates(catalog.parts, now())
    parts, actor = catalog.parts, catalog.actor
    revise(parts, actor, outer, citing("Outer"), "text/turtle", expected=ANY, now=now())
    assert keep_dates(catalog.parts, now()) == 1


def test_what_cannot_be_judged_waits_and_holds_up_no_other(catalog: Catalog) -> None:
    bad, good = draft(catalog, "Bad"), draft(catalog, "Good")
    wait(catalog, [bad, good])
    with catalog.parts.database.writing() as session:
        session.get_one(Version, (bad, 1)).ntriples = "this is no N-Triples"
    assert keep_dates(catalog.parts, now()) == 1
    assert record(catalog, good).visibility is PUBLIC
    delay = record(catalog, bad).delay
    assert delay is not None
    assert delay.why


def test_what_was_to_be_public_is_judged_by_the_shapes_of_that_day(catalog: Catalog) -> None:
    item_id = draft(catalog, "Judged anew")
    wait(catalog, [item_id])
    with catalog.parts.database.writing() as session:  # as if it had been kept by other shapes
        version = session.get_one(Version, (item_id, 1))
        lines = version.ntriples.splitlines(keepends=True)
        version.ntriples = "".join(one for one in lines if "dc/terms/license" not in one)
    assert keep_dates(catalog.parts, now()) == 0
    delay = record(catalog, item_id).delay
    assert delay is not None
    assert "licen" in " ".join(delay.why).lower()


def test_two_catalogs_publish_each_of_them_once(catalog: Catalog) -> None:
    item_ids = [draft(catalog, f"Item {number}") for number in range(4)]
    wait(catalog, item_ids)
    parts = [replace(parts_of(catalog.folder), judge=catalog.parts.judge) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda one: keep_dates(one, now()), parts))
    assert sum(done) == len(item_ids)
    for item_id in item_ids:
        assert len(events(catalog, item_id, Happened.VISIBILITY_CHANGED)) == 1
