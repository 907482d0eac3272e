"""Requests for access in the record: groups that own, what passes on, what goes with a draft."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from catalog.domain.access import RequestState
from catalog.domain.errors import Forbidden, NotFound, TooMany, Unreadable, WrongState
from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import Actor, Role, Scope
from catalog.domain.record import ItemRecord
from catalog.services.access_requests import (
    counts_of_requests,
    own_requests,
    read_request,
    requests_of_item,
    requests_to_decide,
)
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.agreements import read_agreements
from catalog.services.ask_for_access import MOST_A_DAY, Asking, ask_for_access
from catalog.services.begin_version import begin_version
from catalog.services.decide_on_access import Decision, decide_on_access
from catalog.services.download import find_file
from catalog.services.end_access import write_ends_of_access
from catalog.services.groups import account_of_group
from catalog.services.publish import Wanted, publish
from catalog.services.set_agreement import set_agreement
from catalog.tables import AccessRequest, Agreement, Event, Item
from tests.catalogs import Catalog, catalog_in, now

ASKING = Asking("To train a detector of smoke plumes.")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("access"))


def member(catalog: Catalog, name: str) -> Actor:
    token = create_token(catalog.parts, name, Role.MEMBER, now=now())
    return actor_of_token(catalog.parts, token, now=now())


def restricted(catalog: Catalog, title: str) -> ItemRecord:
    kept = catalog.submit(title, published=False)
    catalog.upload(kept.id, "a.txt", b"closed")
    return catalog.publish(kept.id, Visibility.RESTRICTED)


def given_to(catalog: Catalog, item: ItemRecord, name: str) -> None:
    """Give an item to a group."""
    with catalog.parts.database.writing() as session:
        group = account_of_group(session, name, now=now())
        session.execute(update(Item).where(Item.id == item.id).values(owner_id=group.id))


def in_group(catalog: Catalog, actor: Actor, name: str) -> Actor:
    with catalog.parts.database.writing() as session:
        group = account_of_group(session, name, now=now()).id
    return replace(actor, groups=frozenset({name}), group_accounts=frozenset({group}))


def test_members_of_a_group_decide_on_what_it_owns_and_requests_pass_on(catalog: Catalog) -> None:
    parts, item = catalog.parts, restricted(catalog, "Owned by a project")
    ana, ben = member(catalog, "ana-m"), member(catalog, "ben")
    asked = ask_for_access(parts, ana, item.id, ASKING, now=now())
    with pytest.raises(Forbidden):
        requests_of_item(parts, ben, item.id, state=None, cursor=None, limit=9)
    given_to(catalog, item, "project:sky")
    of_project = in_group(catalog, ben, "project:sky")
    assert counts_of_requests(parts, of_project) == (1, 0)
    granted = decide_on_access(
        parts, of_project, item.id, asked.id, Decision(grant=True), now=now()
    )
    assert (granted.state, granted.decided_by, granted.until) == (RequestState.GRANTED, "ben", None)
    assert find_file(parts, ana, item.id, "a.txt")[1].size_bytes == 6


def test_a_member_of_the_owning_group_has_access_and_asks_for_nothing(catalog: Catalog) -> None:
    item = restricted(catalog, "Of the group")
    given_to(catalog, item, "project:sea")
    cora = in_group(catalog, member(catalog, "cora"), "project:sea")
    with pytest.raises(WrongState):
        ask_for_access(catalog.parts, cora, item.id, ASKING, now=now())


def test_a_deleted_draft_takes_its_agreements_along(catalog: Catalog) -> None:
    parts = catalog.parts
    draft = catalog.submit("Never published", published=False)
    any_stage = frozenset("*")
    set_agreement(parts, catalog.actor, draft.id, "Be kind.", 9, expected=any_stage, now=now())
    catalog.delete(draft.id)
    with pytest.raises(NotFound):
        read_agreements(parts, catalog.actor, draft.id)
    with parts.database.reading() as session:
        rows = select(func.count()).select_from(Agreement).where(Agreement.item_id == draft.id)
        assert session.scalar(rows) == 0


def test_a_draft_of_the_next_version_changes_nothing_for_who_asks(catalog: Catalog) -> None:
    parts, item = catalog.parts, restricted(catalog, "Version one")
    begin_version(parts, catalog.actor, item.id, expected=frozenset("*"), now=now())
    catalog.revise(item.id, "Secret title of version two")
    ana = member(catalog, "ana-v")
    asked = ask_for_access(parts, ana, item.id, ASKING, now=now())
    assert asked.title == "Version one"
    done = decide_on_access(parts, catalog.actor, item.id, asked.id, Decision(True), now=now())
    assert done.state is RequestState.GRANTED


def test_files_of_an_earlier_version_can_be_asked_for(catalog: Catalog) -> None:
    parts, item = catalog.parts, restricted(catalog, "First closed, then open")
    begin_version(parts, catalog.actor, item.id, expected=frozenset("*"), now=now())
    publish(parts, catalog.actor, [Wanted(item.id, frozenset("*"))], Visibility.PUBLIC, now=now())
    ana = member(catalog, "ana-e")
    asked = ask_for_access(parts, ana, item.id, ASKING, now=now())
    assert asked.state is RequestState.OPEN
    decide_on_access(parts, catalog.actor, item.id, asked.id, Decision(True), now=now())
    assert find_file(parts, ana, item.id, "a.txt", 1)[1].size_bytes == 6


def test_an_account_makes_so_many_requests_a_day(catalog: Catalog) -> None:
    parts, item = catalog.parts, restricted(catalog, "One of many")
    ana, other = member(catalog, "ana-d"), catalog.submit("Another", published=False).id
    with parts.database.writing() as session:
        for number in range(MOST_A_DAY):
            session.add(
                AccessRequest(
                    id=f"many{number:06}",
                    item_id=other,
                    account_id=ana.account,
                    purpose=ASKING.purpose,
                    at=now(),
                    state=RequestState.WITHDRAWN.value,
                    reason="",
                    end_reason="",
                )
            )
    with pytest.raises(TooMany):
        ask_for_access(parts, ana, item.id, ASKING, now=now())
    later = now() + timedelta(days=1, minutes=1)
    assert ask_for_access(parts, ana, item.id, ASKING, now=later).state is RequestState.OPEN


def test_a_token_that_may_not_publish_decides_on_nothing(catalog: Catalog) -> None:
    limited = replace(catalog.actor, scopes=frozenset({Scope.READ, Scope.WRITE}))
    with pytest.raises(Forbidden):
        requests_to_decide(catalog.parts, limited, state=None, cursor=None, limit=9)


@pytest.mark.parametrize("cursor", ["x", "bm9uZQ", "MQ", "MjAyNi0xMS0yOApi", "OTk5OTktMDEtMDEKYg"])
def test_a_cursor_of_others_is_refused_or_begins_somewhere(catalog: Catalog, cursor: str) -> None:
    ana = member(catalog, "ana-c")
    try:
        found = own_requests(catalog.parts, ana, state=None, cursor=cursor, limit=1)
    except Unreadable:
        return
    assert found.requests == ()


def test_only_the_two_sides_read_a_request(catalog: Catalog) -> None:
    parts, item = catalog.parts, restricted(catalog, "Between two")
    asked = ask_for_access(parts, member(catalog, "ana-t"), item.id, ASKING, now=now())
    assert read_request(parts, catalog.actor, item.id, asked.id).may_decide
    curator = create_token(parts, "cleo", Role.CURATOR, now=now())
    for who in (member(catalog, "eve"), actor_of_token(parts, curator, now=now())):
        with pytest.raises(NotFound):
            read_request(parts, who, item.id, asked.id)


def test_what_ended_is_written_a_hundred_at_a_time_until_nothing_is_left(catalog: Catalog) -> None:
    parts, item = catalog.parts, restricted(catalog, "Wanted by many")
    asked = [
        ask_for_access(parts, member(catalog, f"many-{n}"), item.id, ASKING, now=now())
        for n in range(3)
    ]
    catalog.withdraw(item.id)
    for _ in range(2):
        write_ends_of_access(parts, now())
    with parts.database.reading() as session:
        ends = select(Event).filter_by(item_id=item.id, kind="access-ended")
        told = [event.detail["request"] for event in session.scalars(ends)]
    assert sorted(told) == sorted(one.id for one in asked)


def test_the_record_is_sound_with_all_of_it(catalog: Catalog) -> None:
    catalog.settle()
    assert [check for check in catalog.examined().values() if not check.ok] == []
