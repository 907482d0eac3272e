"""Whose items are: groups own them, people are offered them, and what is left passes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from catalog.domain.errors import Forbidden, NotAcceptable, NotFound, Taken, Unauthenticated
from catalog.domain.permissions import ANYONE, Action, Actor, Right, Role, Scope
from catalog.domain.sharing import Grant, Grantee, GranteeType
from catalog.ports import Verified
from catalog.services.accounts import actor_of_token, create_token, sign_in, signed_in
from catalog.services.find import Filters, Mine, find
from catalog.services.holdings import holdings
from catalog.services.identities import actor_of
from catalog.services.item_history import history
from catalog.services.leave import leave
from catalog.services.loading import load
from catalog.services.ownership import (
    OFFER_LASTS,
    answer_offer,
    give,
    offers_to,
    read_owner,
    take_back,
)
from catalog.services.permissions import replace_permissions
from catalog.tables import Event, Item, OwnerOffer, Permission, Version
from tests.catalogs import Catalog, catalog_in, now

ANY: Final = frozenset("*")
SKY: Final = "project:sky"
THE_GROUP: Final = Grantee(GranteeType.GROUP, SKY)
BOB: Final = Grantee(GranteeType.USER, "bob")


def person(catalog: Catalog, name: str) -> Actor:
    token = create_token(catalog.parts, name, Role.MEMBER, now=now())
    return actor_of_token(catalog.parts, token, now=now())


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    made = catalog_in(tmp_path_factory.mktemp("owners"))
    yield replace(made, actor=person(made, "olga"))
    made.parts.database.close()


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    made = catalog_in(tmp_path_factory.mktemp("leaving"))
    yield made
    made.parts.database.close()


@pytest.fixture(scope="module")
def bob(catalog: Catalog) -> Actor:
    return person(catalog, "bob")


@pytest.fixture(scope="module")
def admin(catalog: Catalog) -> Actor:
    token = create_token(catalog.parts, "root", Role.ADMIN, now=now())
    return actor_of_token(catalog.parts, token, now=now())


@pytest.fixture
def item(catalog: Catalog) -> str:
    return catalog.submit("Somebody's", published=False).id


def vouched(catalog: Catalog, name: str, *groups: str) -> Actor:
    """Return somebody as an issuer vouches for them just now."""
    said = Verified("https://issuer.example", name, name, frozenset(groups))
    return actor_of(catalog.parts, said, now=now())


def given(catalog: Catalog, item_id: str, to: Grantee, by: Actor | None = None) -> str:
    """Give an item; return whose it is then."""
    done = give(catalog.parts, by or catalog.actor, item_id, to, expected=ANY, now=now())
    return done.owner.name


def sees(catalog: Catalog, who: Actor, item_id: str, action: Action = Action.READ) -> bool:
    with catalog.parts.database.reading() as session:
        try:
            load(session, who, action, item_id)
        except NotFound:
            return False
    return True


# -- groups


def test_a_group_owns_an_item_as_long_as_somebody_is_in_it(catalog: Catalog) -> None:
    ida = vouched(catalog, "ida", SKY)
    mine = replace(catalog, actor=ida).submit("Of the sky", published=False).id
    assert given(catalog, mine, THE_GROUP, by=ida) == SKY
    for member in (vouched(catalog, "ida", SKY), vouched(catalog, "jan", SKY)):
        assert sees(catalog, member, mine, Action.OWN)
        listed = find(catalog.parts, member, Filters(mine=Mine.GROUPS), cursor=None, limit=100)
        assert mine in {line.id for line in listed.lines}
        assert {line.owner for line in listed.lines} == {SKY}
    for outside in (vouched(catalog, "ida"), vouched(catalog, "kim", "project:sea"), ANYONE):
        assert not sees(catalog, outside, mine)
    own = find(catalog.parts, ida, Filters(mine=Mine.OWN), cursor=None, limit=100)
    assert mine not in {line.id for line in own.lines}


def test_nobody_gives_an_item_to_a_group_of_others(catalog: Catalog, item: str) -> None:
    with pytest.raises(Forbidden, match="not in the group"):
        given(catalog, item, THE_GROUP)
    assert read_owner(catalog.parts, catalog.actor, item, now=now()).owner.name == "olga"


def test_an_administrator_gives_to_every_group_and_account_at_once(
    catalog: Catalog, admin: Actor, bob: Actor, item: str
) -> None:
    assert (
        given(catalog, item, Grantee(GranteeType.GROUP, "project:new"), by=admin) == "project:new"
    )
    assert given(catalog, item, BOB, by=admin) == "bob"
    assert sees(catalog, bob, item, Action.OWN)
    with pytest.raises(NotAcceptable, match="no account"):
        given(catalog, item, Grantee(GranteeType.USER, "nobody"), by=admin)


@pytest.mark.parametrize(
    ("name", "fault"), [("AllUsers", NotAcceptable), ("link:abc", NotAcceptable), ("bob", Taken)]
)
def test_what_is_no_group_owns_nothing(
    catalog: Catalog, admin: Actor, bob: Actor, item: str, name: str, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        given(catalog, item, Grantee(GranteeType.GROUP, name), by=admin)


def test_a_person_called_as_a_group_is_not_in_it(catalog: Catalog, admin: Actor, item: str) -> None:
    given(catalog, item, Grantee(GranteeType.GROUP, "project:reed"), by=admin)
    assert not sees(catalog, vouched(catalog, "project:reed"), item)


# -- people


def test_a_person_has_to_accept(catalog: Catalog, bob: Actor, item: str) -> None:
    assert given(catalog, item, BOB) == "olga"
    assert not sees(catalog, bob, item)
    (offer,) = (one for one in offers_to(catalog.parts, bob, now=now()) if one.item_id == item)
    assert (offer.title, offer.by) == ("Somebody's", "olga")
    assert answer_offer(catalog.parts, bob, item, accept=True, now=now()) == item
    assert sees(catalog, bob, item, Action.OWN)
    assert not sees(catalog, catalog.actor, item)
    with pytest.raises(NotFound):
        answer_offer(catalog.parts, bob, item, accept=True, now=now())


def test_an_offer_is_declined_taken_back_replaced_and_ends_by_itself(
    catalog: Catalog, bob: Actor, item: str
) -> None:
    carol = person(catalog, "carol")

    def offered_to(who: Actor) -> bool:
        found = offers_to(catalog.parts, who, now=now())
        return item in {one.item_id for one in found}

    given(catalog, item, BOB)
    answer_offer(catalog.parts, bob, item, accept=False, now=now())
    assert not offered_to(bob)
    given(catalog, item, BOB)
    take_back(catalog.parts, catalog.actor, item, now=now())
    assert not offered_to(bob)
    given(catalog, item, BOB)
    given(catalog, item, Grantee(GranteeType.USER, "carol"))
    assert (offered_to(bob), offered_to(carol)) == (False, True)
    with pytest.raises(NotFound):
        answer_offer(catalog.parts, carol, item, accept=True, now=now() + OFFER_LASTS)
    assert read_owner(catalog.parts, catalog.actor, item, now=now()).owner.name == "olga"


def test_only_whom_it_is_offered_to_accepts(catalog: Catalog, bob: Actor, item: str) -> None:
    given(catalog, item, Grantee(GranteeType.USER, "somebody later"))
    for who, fault in (
        (bob, NotFound),
        (catalog.actor, NotFound),
        (ANYONE, Unauthenticated),
        (replace(bob, name="somebody later", scopes=frozenset({Scope.READ})), Forbidden),
    ):
        with pytest.raises(fault):
            answer_offer(catalog.parts, who, item, accept=True, now=now())
    later = person(catalog, "somebody later")
    assert answer_offer(catalog.parts, later, item, accept=True, now=now()) == item


def test_it_is_not_given_to_who_has_it(catalog: Catalog, item: str) -> None:
    with pytest.raises(NotAcceptable, match="already"):
        given(catalog, item, Grantee(GranteeType.USER, "olga"))


def test_an_offer_falls_with_the_right_to_make_it(catalog: Catalog, bob: Actor, item: str) -> None:
    def shared(*grants: Grant) -> None:
        replace_permissions(catalog.parts, catalog.actor, item, grants, expected=ANY, now=now())

    shared(Grant(BOB, Right.FULL_CONTROL))
    given(catalog, item, Grantee(GranteeType.USER, "mallory"), by=bob)
    shared()
    with pytest.raises(NotFound):
        answer_offer(catalog.parts, person(catalog, "mallory"), item, accept=True, now=now())


def test_rights_of_the_heir_are_no_grants_any_more_and_others_stay(
    catalog: Catalog, bob: Actor, item: str
) -> None:
    carol = Grant(Grantee(GranteeType.USER, "carol"), Right.READ)
    replace_permissions(
        catalog.parts,
        catalog.actor,
        item,
        [Grant(BOB, Right.READ), carol],
        expected=ANY,
        now=now(),
    )
    before = read_owner(catalog.parts, catalog.actor, item, now=now()).record
    given(catalog, item, BOB)
    answer_offer(catalog.parts, bob, item, accept=True, now=now())
    after = read_owner(catalog.parts, bob, item, now=now()).record
    assert after.state_changes == before.state_changes + 1
    with catalog.parts.database.reading() as session:
        rows = session.query(Permission).filter_by(item_id=item).all()
        assert [row.grantee for row in rows] == ["carol"]


def test_readers_are_told_who_did_what_while_it_was_theirs(catalog: Catalog, bob: Actor) -> None:
    public = catalog.submit("Passed on in public").id
    given(catalog, public, BOB)
    answer_offer(catalog.parts, bob, public, accept=True, now=now())
    replace(catalog, actor=bob).revise(public, "Revised by its next owner")
    found = history(catalog.parts, ANYONE, public, cursor=None, limit=50)
    told = [(one.kind.value, one.by) for one in found.entries]
    assert told == [("revised", "bob"), ("published", "olga")]


# -- leaving


def test_what_somebody_has_passes_on_and_what_lets_them_in_ends(alone: Catalog) -> None:
    eve, fay = person(alone, "eve"), person(alone, "fay")
    token = create_token(alone.parts, "eve", now=now())
    cookie = sign_in(alone.parts, token, now=now())
    theirs = replace(alone, actor=eve)
    kept = [theirs.submit(f"Of Eve, {n}", published=False).id for n in range(3)]
    public = theirs.submit("Of Eve, public").id
    others = replace(alone, actor=fay).submit("Of Fay", published=False).id
    grants = [Grant(Grantee(GranteeType.USER, "eve"), Right.WRITE)]
    replace_permissions(alone.parts, fay, others, grants, expected=ANY, now=now())
    give(alone.parts, eve, kept[0], BOB, expected=ANY, now=now())

    plan = leave(alone.parts, "eve", THE_GROUP, now=now(), dry_run=True)
    assert (plan.items, plan.tokens, plan.sessions, plan.grants, plan.offers) == (4, 2, 1, 1, 1)
    assert sees(alone, eve, kept[1])

    assert leave(alone.parts, "eve", THE_GROUP, now=now()) == plan
    assert not any(sees(alone, eve, one) for one in (*kept, others))
    assert all(sees(alone, vouched(alone, "jan", SKY), one, Action.OWN) for one in (*kept, public))
    with pytest.raises(Unauthenticated):
        actor_of_token(alone.parts, token, now=now())
    assert signed_in(alone.parts, cookie, now=now()) is None
    with alone.parts.database.reading() as session:
        assert session.query(OwnerOffer).count() == 0
        told = session.query(Event).filter_by(item_id=public, kind="owner-changed").one()
        assert (told.account_id, told.detail["was"], told.detail["owner"]) == (None, "eve", SKY)
    held = {one.name: (one.kind, one.items, one.tokens) for one in holdings(alone.parts, now=now())}
    assert held["eve"] == ("person", 0, 0)
    assert held[SKY] == ("group", 4, 0)


def test_many_items_pass_on_in_one_transaction(
    alone: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.services.leave._ITEMS_AT_ONCE", 2)
    eve = replace(alone, actor=person(alone, "eve"))
    person(alone, "fay")
    kept = [eve.submit(f"Of Eve, {n}", published=False).id for n in range(5)]
    with alone.parts.database.writing() as session:  # one of them breaks the third batch
        session.get_one(Version, (sorted(kept)[-1], 1)).state_changes = 2**63 - 1
    with pytest.raises(OverflowError):
        leave(alone.parts, "eve", Grantee(GranteeType.USER, "fay"), now=now())
    assert {one.name: one.items for one in holdings(alone.parts, now=now())}["eve"] == 5


@pytest.mark.parametrize(
    ("name", "heir", "fault"),
    [
        ("nobody", BOB, NotFound),
        ("eve", Grantee(GranteeType.USER, "eve"), NotAcceptable),
        ("eve", Grantee(GranteeType.USER, "nobody"), NotAcceptable),
        ("eve", Grantee(GranteeType.GROUP, "link:x"), NotAcceptable),
    ],
)
def test_a_leave_that_cannot_be_changes_nothing(
    alone: Catalog, name: str, heir: Grantee, fault: type[Exception]
) -> None:
    eve = replace(alone, actor=person(alone, "eve"))
    kept = eve.submit("Of Eve", published=False).id
    with pytest.raises(fault):
        leave(alone.parts, name, heir, now=now())
    assert sees(alone, eve.actor, kept)


def test_a_link_of_who_left_stays_with_the_item(alone: Catalog) -> None:
    from catalog.services.share_links import follow_link, list_links, make_link

    eve = replace(alone, actor=person(alone, "eve"))
    fay = person(alone, "fay")
    kept = eve.submit("Of Eve", published=False).id
    secret, _ = make_link(alone.parts, eve.actor, kept, "Reviewer 2", 30, now=now())
    leave(alone.parts, "eve", Grantee(GranteeType.USER, "fay"), now=now())
    assert follow_link(alone.parts, secret, (), now=now()).item_id == kept
    (link,) = list_links(alone.parts, fay, kept)
    assert (link.label, link.by, link.opened) == ("Reviewer 2", "eve", 1)
    with pytest.raises(NotFound):
        follow_link(alone.parts, secret, (), now=now() + timedelta(days=30))


def test_an_item_that_is_deleted_takes_links_and_offers_with_it(alone: Catalog) -> None:
    from catalog.services.share_links import follow_link, make_link

    kept = alone.submit("Deleted", published=False).id
    secret, _ = make_link(alone.parts, alone.actor, kept, "", 1, now=now())
    with alone.parts.database.writing() as session:
        owner = session.get_one(Item, kept).owner_id
        session.add(
            OwnerOffer(
                item_id=kept, name="x", account_id=owner, at=now(), expires=now() + OFFER_LASTS
            )
        )
    alone.delete(kept)
    with pytest.raises(NotFound):
        follow_link(alone.parts, secret, (), now=now())
