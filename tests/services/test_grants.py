"""What each grant allows: every right, to every kind of grantee, against a hand-written table."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from catalog.domain.errors import (
    Forbidden,
    MovedOn,
    NotAcceptable,
    NotFound,
    PreconditionMissing,
    Unauthenticated,
)
from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import ANYONE, Action, Actor, Right, Role, authorize
from catalog.domain.report import Finding
from catalog.domain.sharing import EVERYBODY, Grant, Grantee, GranteeType, link_group
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.citations import findings_on_references
from catalog.services.find import Filters, Mine, find
from catalog.services.item_history import history
from catalog.services.loading import load
from catalog.services.permissions import (
    Shared,
    read_permissions,
    replace_permissions,
    share,
)
from catalog.tables import Account, Event, Permission
from tests.catalogs import Catalog, catalog_in, now

ANY: Final = frozenset("*")
SKY: Final = "project:sky"
BOB: Final = Grantee(GranteeType.USER, "bob")
THE_GROUP: Final = Grantee(GranteeType.GROUP, SKY)
ALL: Final = Grantee(GranteeType.GROUP, EVERYBODY)

SEEING: Final = {Action.READ, Action.READ_FILE, Action.REQUEST_ACCESS}
EVERYTHING: Final = SEEING | {
    Action.WRITE,
    Action.PUBLISH,
    Action.DELETE,
    Action.WITHDRAW,
    Action.DEPRECATE,
    Action.READ_PERMISSIONS,
    Action.SHARE,
    Action.OWN,
}
# What each right allows on a draft, alone and beside READ. None implies another but FULL_CONTROL,
# and what cannot be read is not there.
ALONE: Final[dict[Right, set[Action]]] = {
    Right.READ: SEEING,
    Right.WRITE: set(),
    Right.READ_ACP: set(),
    Right.WRITE_ACP: set(),
    Right.FULL_CONTROL: EVERYTHING,
}
BESIDE_READ: Final[dict[Right, set[Action]]] = {
    Right.READ: SEEING,
    Right.WRITE: SEEING | {Action.WRITE},
    Right.READ_ACP: SEEING | {Action.READ_PERMISSIONS},
    Right.WRITE_ACP: SEEING | {Action.SHARE},
    Right.FULL_CONTROL: EVERYTHING,
}
# Whom a grant reaches: bob, who is in the group, and nobody by one that has ended.
REACHES: Final = {
    "to bob": True,
    "to his group": True,
    "to somebody else": False,
    "to another group": False,
    "to bob, ended": False,
    "to his group, ended": False,
    "to a person called as his group": False,
    "to a group called as he is": False,
}
NAMED: Final = {
    "to bob": BOB,
    "to his group": THE_GROUP,
    "to somebody else": Grantee(GranteeType.USER, "carol"),
    "to another group": Grantee(GranteeType.GROUP, "project:sea"),
    "to bob, ended": BOB,
    "to his group, ended": THE_GROUP,
    "to a person called as his group": Grantee(GranteeType.USER, SKY),
    "to a group called as he is": Grantee(GranteeType.GROUP, "bob"),
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    made = catalog_in(tmp_path_factory.mktemp("grants"))
    token = create_token(made.parts, "ana", Role.MEMBER, now=now())  # an owner, no administrator
    yield replace(made, actor=actor_of_token(made.parts, token, now=now()))
    made.parts.database.close()


@pytest.fixture(scope="module")
def bob(catalog: Catalog) -> Actor:
    token = create_token(catalog.parts, "bob", now=now())
    return replace(actor_of_token(catalog.parts, token, now=now()), groups=frozenset({SKY}))


@pytest.fixture(scope="module")
def draft(catalog: Catalog) -> str:
    return catalog.submit("A draft", published=False).id


@pytest.fixture
def fresh(catalog: Catalog) -> str:
    return catalog.submit("Another draft", published=False).id


def put(catalog: Catalog, item_id: str, *grants: Grant, by: Actor | None = None) -> Shared:
    return replace_permissions(
        catalog.parts, by or catalog.actor, item_id, grants, expected=ANY, now=now()
    )


def set_rows(catalog: Catalog, item_id: str, *grants: Grant) -> None:
    """Write grants as they may stand in the record, ended ones as well."""
    with catalog.parts.database.writing() as session:
        session.query(Permission).filter_by(item_id=item_id).delete()
        session.add_all(
            Permission(
                item_id=item_id,
                grantee_type=one.to.kind.value,
                grantee=one.to.name,
                permission=one.right.value,
                expires=one.expires,
            )
            for one in grants
        )


def allowed(catalog: Catalog, actor: Actor, item_id: str) -> set[Action]:
    """Return what an actor may do; nothing where the item is not there for it."""
    found = set()
    with catalog.parts.database.reading() as session:
        try:
            record = load(session, actor, Action.READ, item_id)
        except NotFound:
            return set()
        for action in EVERYTHING:
            with suppress(Forbidden, Unauthenticated):
                authorize(actor, action, record)
                found.add(action)
    return found


@pytest.mark.parametrize("right", [Right.WRITE, Right.READ_ACP, Right.WRITE_ACP])
def test_what_cannot_be_read_is_not_there_whatever_else_is_granted(
    catalog: Catalog, bob: Actor, draft: str, right: Right
) -> None:
    set_rows(catalog, draft, Grant(BOB, right))
    with catalog.parts.database.reading() as session:
        for action in EVERYTHING:
            with pytest.raises(NotFound):
                load(session, bob, action, draft)


@pytest.mark.parametrize("reaches", REACHES)
def test_each_right_allows_what_the_table_says(
    catalog: Catalog, bob: Actor, draft: str, reaches: str
) -> None:
    ended = now() - timedelta(seconds=1) if "ended" in reaches else None
    to = NAMED[reaches]
    for right in Right:
        set_rows(catalog, draft, Grant(to, right, ended))
        assert allowed(catalog, bob, draft) == (ALONE[right] if REACHES[reaches] else set()), right
        seen = [Grant(to, one, ended) for one in {right, Right.READ}]
        set_rows(catalog, draft, *seen)
        expected = BESIDE_READ[right] if REACHES[reaches] else set()
        assert allowed(catalog, bob, draft) == expected, right


def test_a_grant_that_ends_later_holds_until_then(catalog: Catalog, bob: Actor, draft: str) -> None:
    set_rows(catalog, draft, Grant(BOB, Right.READ, now() + timedelta(minutes=1)))
    assert allowed(catalog, bob, draft) == SEEING


def test_a_grant_to_everybody_opens_by_address_and_lists_nothing(
    catalog: Catalog, fresh: str
) -> None:
    put(catalog, fresh, Grant(ALL, Right.READ))
    with catalog.parts.database.reading() as session:
        assert load(session, ANYONE, Action.READ, fresh).id == fresh
    listed = find(catalog.parts, ANYONE, Filters(), cursor=None, limit=100)
    assert fresh not in {line.id for line in listed.lines}


def test_what_only_a_link_opens_is_in_no_list(catalog: Catalog, bob: Actor, fresh: str) -> None:
    group = link_group("a secret")
    set_rows(catalog, fresh, Grant(Grantee(GranteeType.GROUP, group), Right.READ))
    for who in (ANYONE, bob):
        opened = replace(who, groups=who.groups | {group})
        assert Action.READ in allowed(catalog, opened, fresh)
        assert Action.WRITE not in allowed(catalog, opened, fresh)
        listed = find(catalog.parts, opened, Filters(), cursor=None, limit=100)
        assert fresh not in {line.id for line in listed.lines}
    shared = find(catalog.parts, opened, Filters(mine=Mine.SHARED), cursor=None, limit=100)
    assert fresh not in {line.id for line in shared.lines}


def test_a_withdrawn_token_scope_is_not_widened_by_grants(
    catalog: Catalog, bob: Actor, draft: str
) -> None:
    set_rows(catalog, draft, Grant(BOB, Right.FULL_CONTROL))
    only_reads = replace(bob, scopes=frozenset())
    assert allowed(catalog, only_reads, draft) == {
        Action.READ,
        Action.READ_FILE,
        Action.READ_PERMISSIONS,
    }


# -- changing them


def test_the_list_is_replaced_as_a_whole_and_holds_at_once(
    catalog: Catalog, bob: Actor, fresh: str
) -> None:
    put(catalog, fresh, Grant(BOB, Right.READ), Grant(THE_GROUP, Right.WRITE))
    done = put(catalog, fresh, Grant(BOB, Right.READ), Grant(BOB, Right.READ_ACP))
    assert [(one.to.name, one.right) for one in done.grants] == [
        ("bob", Right.READ),
        ("bob", Right.READ_ACP),
    ]
    assert allowed(catalog, bob, fresh) == BESIDE_READ[Right.READ_ACP]
    put(catalog, fresh)
    assert allowed(catalog, bob, fresh) == set()


def test_a_change_moves_the_stage_and_leaves_an_event(catalog: Catalog, fresh: str) -> None:
    before = read_permissions(catalog.parts, catalog.actor, fresh).record
    done = put(catalog, fresh, Grant(BOB, Right.READ))
    assert done.record.state_changes == before.state_changes + 1
    assert done.record.modified == before.modified
    again = put(catalog, fresh, Grant(BOB, Right.READ))
    assert again.record.stage == done.record.stage
    put(catalog, fresh)
    with catalog.parts.database.reading() as session:
        rows = session.query(Event).filter_by(item_id=fresh).order_by(Event.seq).all()
        told = [(row.kind, row.detail.get("who"), row.detail.get("grants")) for row in rows[1:]]
    assert told == [
        ("shared", "bob (READ)", [["USER", "bob", "READ", None]]),
        ("unshared", "bob (READ)", [["USER", "bob", "READ", None]]),
    ]


def test_a_change_needs_the_stage_that_was_read(catalog: Catalog, fresh: str) -> None:
    grants = [Grant(BOB, Right.READ)]
    for expected, fault in ((None, PreconditionMissing), (frozenset({"9.9.9.9"}), MovedOn)):
        with pytest.raises(fault):
            replace_permissions(
                catalog.parts, catalog.actor, fresh, grants, expected=expected, now=now()
            )
    assert read_permissions(catalog.parts, catalog.actor, fresh).grants == ()


REFUSED: Final = {
    "the owner": [Grant(Grantee(GranteeType.USER, "ana"), Right.READ)],
    "write to everybody": [Grant(ALL, Right.WRITE)],
    "full control to everybody": [Grant(ALL, Right.FULL_CONTROL)],
    "twice": [Grant(BOB, Right.READ), Grant(BOB, Right.READ)],
    "ended already": [Grant(BOB, Right.READ, datetime.fromisoformat("2020-01-01T00:00:00Z"))],
    "too many": [Grant(Grantee(GranteeType.USER, f"user-{n}"), Right.READ) for n in range(1_001)],
}


@pytest.mark.parametrize("name", REFUSED)
def test_grants_that_cannot_be_are_refused_and_nothing_changes(
    catalog: Catalog, draft: str, name: str
) -> None:
    set_rows(catalog, draft, Grant(BOB, Right.WRITE))
    with pytest.raises(NotAcceptable):
        put(catalog, draft, *REFUSED[name])
    found = read_permissions(catalog.parts, catalog.actor, draft)
    assert [one.right for one in found.grants] == [Right.WRITE]


CAROL: Final = Grantee(GranteeType.USER, "carol")
SOON: Final = now() + timedelta(days=1)
LATER: Final = now() + timedelta(days=9)
# What somebody with READ and WRITE_ACP, who is in the group, may do to the list: beside his own
# two grants there is one of FULL_CONTROL to dora, and one of READ to carol until soon.
OWN: Final = (Grant(BOB, Right.READ), Grant(BOB, Right.WRITE_ACP))
DORA: Final = Grant(Grantee(GranteeType.USER, "dora"), Right.FULL_CONTROL)
BEFORE: Final = (*OWN, DORA, Grant(CAROL, Right.READ, SOON))
CHANGES: Final[dict[str, tuple[bool, tuple[Grant, ...]]]] = {
    "give what he holds": (True, (*BEFORE, Grant(CAROL, Right.WRITE_ACP))),
    "lengthen what he holds": (True, (*OWN, DORA, Grant(CAROL, Right.READ, LATER))),
    "shorten another's": (True, (*OWN, DORA, Grant(CAROL, Right.READ, SOON - timedelta(hours=1)))),
    "take another's": (True, (*OWN, DORA)),
    "let everybody read": (True, (*BEFORE, Grant(ALL, Right.READ))),
    "give up his own": (True, (OWN[0], DORA, BEFORE[3])),
    "give what he lacks": (False, (*BEFORE, Grant(CAROL, Right.WRITE))),
    "give full control": (False, (*BEFORE, Grant(CAROL, Right.FULL_CONTROL))),
    "take full control": (False, (*OWN, BEFORE[3])),
    "raise himself": (False, (*BEFORE, Grant(BOB, Right.WRITE))),
    "raise himself to all": (False, (*BEFORE, Grant(BOB, Right.FULL_CONTROL))),
    "raise his group": (False, (*BEFORE, Grant(THE_GROUP, Right.READ))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_who_may_share_raises_nobody_beyond_himself_and_not_himself(
    catalog: Catalog, bob: Actor, draft: str, name: str
) -> None:
    fine, wanted = CHANGES[name]
    set_rows(catalog, draft, *BEFORE)
    if fine:
        assert set(put(catalog, draft, *wanted, by=bob).grants) == set(wanted)
    else:
        with pytest.raises(Forbidden, match=r"FULL_CONTROL|do not hold"):
            put(catalog, draft, *wanted, by=bob)
        found = read_permissions(catalog.parts, catalog.actor, draft)
        assert set(found.grants) == set(BEFORE)


def test_one_grantee_is_given_just_what_is_told_and_others_stay(
    catalog: Catalog, fresh: str
) -> None:
    put(catalog, fresh, Grant(BOB, Right.WRITE), Grant(CAROL, Right.READ))
    share(catalog.parts, catalog.actor, fresh, BOB, [Right.READ], LATER, expected=ANY, now=now())
    done = share(catalog.parts, catalog.actor, fresh, CAROL, [], expected=ANY, now=now())
    assert done.grants == (Grant(BOB, Right.READ, LATER),)


def test_the_links_to_an_item_are_no_part_of_the_list(catalog: Catalog, draft: str) -> None:
    link = Grant(Grantee(GranteeType.GROUP, link_group("x")), Right.READ)
    set_rows(catalog, draft, link, Grant(BOB, Right.READ))
    assert put(catalog, draft).grants == ()
    with catalog.parts.database.reading() as session:
        left = [row.grantee for row in session.query(Permission).filter_by(item_id=draft)]
    assert left == [link.to.name]


def test_who_an_item_is_shared_with_is_told_to_who_may_see_that(
    catalog: Catalog, bob: Actor, fresh: str
) -> None:
    put(catalog, fresh, Grant(BOB, Right.READ), Grant(BOB, Right.WRITE))

    def kinds() -> list[str]:
        found = history(catalog.parts, bob, fresh, cursor=None, limit=50)
        return [entry.kind.value for entry in found.entries]

    assert kinds() == ["submitted"]
    put(catalog, fresh, *(Grant(BOB, one) for one in (Right.READ, Right.WRITE, Right.READ_ACP)))
    assert kinds() == ["shared", "shared", "submitted"]


# -- what a shared item may cite


@pytest.mark.parametrize(
    ("of_citing", "of_cited", "fine"),
    [
        ((), (), True),
        ((BOB,), (), False),
        ((BOB,), (BOB,), True),
        ((BOB, CAROL), (BOB,), False),
        ((THE_GROUP,), (BOB,), False),
        ((THE_GROUP, BOB), (ALL,), True),
    ],
)
def test_a_shared_item_may_cite_what_all_its_readers_see(
    catalog: Catalog, of_citing: tuple[Grantee, ...], of_cited: tuple[Grantee, ...], fine: bool
) -> None:
    citing, cited = (catalog.submit(title, published=False).id for title in ("Citing", "Cited"))
    catalog.publish(citing, Visibility.PRIVATE)
    set_rows(catalog, citing, *(Grant(to, Right.READ) for to in of_citing))
    set_rows(catalog, cited, *(Grant(to, Right.READ) for to in of_cited))
    assert (found_on(catalog, citing, cited) == ()) is fine


def found_on(catalog: Catalog, citing: str, cited: str) -> tuple[Finding, ...]:
    with catalog.parts.database.reading() as session:
        owner = session.query(Account).filter_by(name="ana").one().id
        return findings_on_references(session, [cited], public=False, owner=owner, citing=citing)
