"""DOIs come to be what the record says, whatever the registrar, the relay and people do."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from catalog.domain.errors import NotLetIn, Unanswered, Unavailable, WrongState
from catalog.domain.lifecycle import Visibility
from catalog.domain.record import ItemRecord
from catalog.services import outbox
from catalog.services.begin_version import begin_version
from catalog.services.dois import dois_of
from catalog.services.invariants_of_dois import check_dois
from catalog.services.readiness import readiness
from catalog.services.reconcile_dois import reconcile
from catalog.services.register import Registration, ask_all
from catalog.services.reserve import reserve_doi
from catalog.services.withdraw import withdraw
from catalog.tables import Doi, Event
from tests.catalogs import BASE, Catalog, catalog_in, now
from tests.registrars import Fault, MemoryRegistrar, rows, settle, states, waiting


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_in(tmp_path, dois=True)


@pytest.fixture
def registrar() -> MemoryRegistrar:
    return MemoryRegistrar()


@pytest.fixture
def registration(catalog: Catalog, registrar: MemoryRegistrar) -> Registration:
    return Registration(catalog.parts, registrar)


def dois(item: ItemRecord, n: int = 1) -> tuple[str, str]:
    return f"10.5072/sage.{item.id}", f"10.5072/sage.{item.id}.v{n}"


def begin(catalog: Catalog, item_id: str) -> ItemRecord:
    return begin_version(catalog.parts, catalog.actor, item_id, expected=frozenset("*"), now=now())


def happened(catalog: Catalog, item_id: str) -> list[tuple[str, int]]:
    with catalog.parts.database.reading() as session:
        found = session.scalars(
            select(Event).where(Event.item_id == item_id, Event.kind.startswith("doi-"))
        )
        return [(row.kind, row.n) for row in found.all()]


def test_publication_reserves_what_is_computed_and_the_relay_registers_it(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    assert item.dois.to_dict() == {
        "concept": dois(item)[0],
        "version": dois(item)[1],
        "state": "reserved",
        "problem": None,
    }
    settle(catalog, registration)
    assert states(catalog) == dict.fromkeys(dois(item), "findable")
    assert registrar.states() == dict.fromkeys(dois(item), "findable")
    urls = {doi: kept["url"] for doi, (_, kept) in registrar.held.items()}
    assert urls == {
        dois(item)[0]: f"{BASE}items/{item.id}",
        dois(item)[1]: f"{BASE}items/{item.id}/v/1",
    }
    assert happened(catalog, item.id) == [
        ("doi-reserved", 0), ("doi-reserved", 1), ("doi-findable", 1), ("doi-findable", 0),
    ]  # fmt: skip


def test_what_is_as_it_should_be_is_not_sent_again(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    registrar.puts.clear()
    with catalog.parts.database.writing() as session:
        ask_all(session, now=now())
    assert waiting(catalog) == [(item.id, None)]
    settle(catalog, registration)
    assert registrar.puts == []


def test_a_deprecation_is_told(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    registrar.puts.clear()
    catalog.deprecate(item.id, "a better one is there")
    settle(catalog, registration)
    assert {doi for doi, _ in registrar.puts} == set(dois(item))


def test_a_revision_is_told_to_both_dois(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    catalog.revise(item.id, "Other clouds")
    settle(catalog, registration)
    titles = {doi: kept["titles"][0]["title"] for doi, (_, kept) in registrar.held.items()}
    assert titles == dict.fromkeys(dois(item), "Other clouds")


def test_drafts_and_private_items_get_no_doi(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    catalog.submit("A draft", published=False)
    private = catalog.submit("Private", published=False)
    catalog.publish(private.id, Visibility.PRIVATE)
    settle(catalog, registration)
    assert (registrar.held, states(catalog)) == ({}, {})


def test_a_reserved_doi_stays_here_until_it_is_published(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    draft = catalog.submit("Clouds", published=False)
    for _ in range(2):
        reserve_doi(catalog.parts, catalog.actor, draft.id, expected=frozenset("*"), now=now())
    settle(catalog, registration)
    assert registrar.held == {}
    assert states(catalog) == dict.fromkeys(dois(draft), "reserved")
    catalog.publish(draft.id)
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(draft), "findable")


def test_a_reserved_doi_goes_with_its_draft(catalog: Catalog, registration: Registration) -> None:
    draft = catalog.submit("Clouds", published=False)
    reserve_doi(catalog.parts, catalog.actor, draft.id, expected=frozenset("*"), now=now())
    catalog.delete(draft.id)
    settle(catalog, registration)
    assert states(catalog) == {}


def test_the_doi_of_all_versions_follows_the_newest(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("First")
    settle(catalog, registration)
    begin(catalog, item.id)
    catalog.revise(item.id, "Second")
    settle(catalog, registration)
    concept = dois(item)[0]
    assert registrar.held[concept][1]["titles"][0]["title"] == "First"
    catalog.publish(item.id)
    settle(catalog, registration)
    assert registrar.held[concept][1]["titles"][0]["title"] == "Second"
    assert registrar.states() == dict.fromkeys((*dois(item), dois(item, 2)[1]), "findable")
    related = {
        (one["relationType"], one["relatedIdentifier"])
        for one in registrar.held[dois(item)[1]][1]["relatedIdentifiers"]
    }
    assert {("IsVersionOf", concept), ("IsPreviousVersionOf", dois(item, 2)[1])} <= related


def test_withdrawal_hides_and_the_address_stays(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    catalog.withdraw(item.id)
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "registered")
    assert states(catalog) == dict.fromkeys(dois(item), "hidden")
    kept = registrar.held[dois(item)[1]][1]
    assert (kept["reason"], kept["url"]) == ("a test", f"{BASE}items/{item.id}/v/1")


def test_the_withdrawal_of_one_version_leaves_the_doi_of_all_with_the_one_before(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("First")
    begin(catalog, item.id)
    catalog.revise(item.id, "Second")
    catalog.publish(item.id)
    settle(catalog, registration)
    withdraw(
        catalog.parts,
        catalog.actor,
        item.id,
        n=2,
        reason="a test",
        expected=frozenset("*"),
        now=now(),
    )
    settle(catalog, registration)
    assert registrar.states() == {
        dois(item)[0]: "findable",
        dois(item)[1]: "findable",
        dois(item, 2)[1]: "registered",
    }
    assert registrar.held[dois(item)[0]][1]["titles"][0]["title"] == "First"


def test_what_was_withdrawn_before_it_was_registered_resolves_and_was_never_found(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    catalog.withdraw(item.id)
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "registered")
    assert {event for _, event in registrar.puts} == {"hide", "register"}


@pytest.mark.parametrize("after", [False, True])
def test_a_registrar_that_gives_no_answer_is_asked_again_and_mints_nothing_twice(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration, after: bool
) -> None:
    item = catalog.submit("Clouds")
    lost = Unanswered("Nothing came back.")
    fault = Fault(after=lost) if after else Fault(before=lost)
    registrar.faults = [fault, fault]
    begun = now()
    assert registration.step(begun)
    assert waiting(catalog) == [(item.id, "Nothing came back.")]
    problem = rows(catalog)[dois(item)[1]].problem
    assert problem
    assert "goes on asking" in problem
    settle(catalog, registration, begun)
    assert registrar.states() == dict.fromkeys(dois(item), "findable")
    assert states(catalog) == dict.fromkeys(dois(item), "findable")
    assert all(row.problem is None for row in rows(catalog).values())


def test_a_call_that_nobody_answered_is_looked_at_again_when_it_cannot_come_true_any_more(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    """As where it hangs in a queue somewhere, and arrives after the withdrawal was told."""
    item = catalog.submit("Clouds")
    registrar.faults = [Fault(before=Unanswered("Nothing came back."))]
    begun = now()
    registration.step(begun)
    late = dict(next(iter(attributes_of(catalog, registration, item))).items())
    catalog.withdraw(item.id)
    soon = begun + timedelta(seconds=5)
    while registration.step(soon):
        pass
    assert registrar.states() == dict.fromkeys(dois(item), "registered")
    registrar.put(dois(item)[1], late, "publish")
    assert registrar.states()[dois(item)[1]] == "findable"
    settle(catalog, registration, soon)
    assert registrar.states() == dict.fromkeys(dois(item), "registered")


def attributes_of(
    catalog: Catalog, registration: Registration, item: ItemRecord
) -> list[dict[str, object]]:
    return [dict(target.attributes) for target in registration._targets(item.id)]


def test_a_withdrawal_during_the_call_is_followed_by_hiding(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    registrar.meanwhile = lambda: catalog.withdraw(item.id)
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "registered")
    assert [event for doi, event in registrar.puts if doi == dois(item)[1]] == ["publish", "hide"]
    assert "publish" not in [event for doi, event in registrar.puts if doi == dois(item)[0]]


def test_a_revision_during_the_call_is_told_too(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    registrar.meanwhile = lambda: catalog.revise(item.id, "Other clouds")
    settle(catalog, registration)
    titles = {kept["titles"][0]["title"] for _, kept in registrar.held.values()}
    assert titles == {"Other clouds"}


def test_a_refusal_is_told_the_owner_in_words_and_tried_again_after_a_change(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    registrar.refuses = lambda said: "Too cloudy" if "Clouds" in str(said["titles"]) else ""
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    assert states(catalog) == dict.fromkeys(dois(item), "failed")
    with catalog.parts.database.reading() as session:
        found = dois_of(session, item.id, 1)
    assert found.state == "failed"
    assert found.problem
    assert "Title: DataCite would refuse what stands here. Too cloudy." in found.problem
    assert waiting(catalog) == []
    catalog.revise(item.id, "Sunshine")
    settle(catalog, registration)
    assert states(catalog) == dict.fromkeys(dois(item), "findable")
    assert happened(catalog, item.id)[2:4] == [("doi-failed", 1), ("doi-failed", 0)]


def test_whatever_the_registrar_has_against_it_what_is_withdrawn_is_hidden(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    registrar.refuses = lambda said: "No reasons, please" if "reason" in said else ""
    catalog.withdraw(item.id)
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "registered")
    assert states(catalog) == dict.fromkeys(dois(item), "hidden")
    assert all("No reasons" in (row.problem or "") for row in rows(catalog).values())
    registrar.refuses = lambda _said: ""
    assert compared(catalog, registrar, fix=True) == [f"failed {doi}" for doi in dois(item)]
    settle(catalog, registration)
    assert {kept["reason"] for _, kept in registrar.held.values()} == {"a test"}


def test_while_the_registrar_is_away_one_try_is_made_for_all(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    items = [catalog.submit(f"Clouds {number}") for number in range(5)]
    registrar.faults = [Fault(before=Unavailable("It is away.", retry_after=1))] * 60
    begun = now()
    for second in range(0, 86_400, 120):
        while registration.step(begun + timedelta(seconds=second)):
            pass
    assert not registrar.faults, "a day of tries"
    assert len(registrar.held) == 2 * len(items)
    assert set(states(catalog).values()) == {"findable"}


def test_retry_after_is_respected(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    registrar.faults = [Fault(before=Unavailable("Fewer requests.", retry_after=900))]
    begun = now()
    for second in range(0, 890, 10):
        registration.step(begun + timedelta(seconds=second))
    assert registrar.held == {}
    settle(catalog, registration, begun + timedelta(seconds=901))
    assert registrar.states() == dict.fromkeys(dois(item), "findable")


def test_credentials_that_are_not_taken_hold_up_all_and_are_no_failure_of_any_item(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    registrar.faults = [Fault(before=NotLetIn("Bad credentials.", retry_after=60))]
    registration.step(now())
    told = readiness(catalog.parts, now=now()).to_dict()["registrar"]
    assert (told["name"], told["problem"], told["pending"]) == ("sandbox", "Bad credentials.", 1)
    assert told["states"] == {"registering": 1, "reserved": 1}
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "findable")


def test_an_item_that_cannot_be_told_does_not_hold_up_the_others(
    catalog: Catalog,
    registrar: MemoryRegistrar,
    registration: Registration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = catalog.submit("Bad"), catalog.submit("Good")
    real = Registration._targets

    def broken(self: Registration, item_id: str) -> object:
        if item_id == bad.id:
            raise ZeroDivisionError("by accident")
        return real(self, item_id)

    monkeypatch.setattr(Registration, "_targets", broken)
    begun = now()
    while registration.step(begun):
        pass
    assert set(registrar.states()) == set(dois(good))
    assert waiting(catalog) == [(bad.id, "ZeroDivisionError: by accident")]


def test_two_relays_at_once_mint_one_doi_for_each(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    other = Registration(catalog.parts, registrar)
    registrar.meanwhile = lambda: other.step(now())
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "findable")
    assert states(catalog) == dict.fromkeys(dois(item), "findable")


def test_a_call_of_another_relay_that_nobody_answered_is_not_forgotten(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    """Also where both asked at the very same moment, by clocks that are not ours to trust."""
    item = catalog.submit("Clouds")
    other = Registration(catalog.parts, registrar)
    moment = now()
    registrar.faults = [None, Fault(before=Unanswered("Nothing came back."))]
    registrar.meanwhile = lambda: other.step(moment)
    registration.step(moment)
    row = rows(catalog)[dois(item)[1]]
    assert row.state == "findable"
    assert row.asking is not None
    assert waiting(catalog)


def test_a_relay_killed_between_the_call_and_writing_it_down_is_followed_by_another(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    item = catalog.submit("Clouds")
    registrar.meanwhile = die
    with pytest.raises(Killed):
        registration.step(now())
    assert registrar.states() == {dois(item)[1]: "findable"}
    assert states(catalog)[dois(item)[1]] == "registering"
    settle(catalog, Registration(catalog.parts, registrar))
    assert registrar.states() == dict.fromkeys(dois(item), "findable")
    assert states(catalog) == dict.fromkeys(dois(item), "findable")


def test_a_move_to_another_address_is_told_for_every_doi(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    moved = catalog.under(base="https://elsewhere.example/")
    settle(moved, Registration(moved.parts, registrar))
    urls = {kept["url"] for _, kept in registrar.held.values()}
    home = f"https://elsewhere.example/items/{item.id}"
    assert urls == {home, f"{home}/v/1"}


def test_what_cites_an_item_is_told_once_its_doi_resolves(
    catalog: Catalog, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    with catalog.parts.database.reading() as session:
        assert not outbox.is_indexed(session, item.id), "its graph has a DOI to show"


def test_the_graph_is_never_held_up_by_the_registrar(catalog: Catalog) -> None:
    item = catalog.submit("Clouds")
    catalog.settle()
    assert catalog.is_indexed(item.id)
    assert waiting(catalog) == [(item.id, None)]


def test_a_published_item_without_a_doi_gets_it_by_the_same_request(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    with catalog.parts.database.writing() as session:
        session.execute(delete(Doi))  # as one published before there were DOIs
    again = catalog.publish(item.id)
    assert again.stage == item.stage
    assert again.dois.version == dois(item)[1]
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "findable")
    with pytest.raises(WrongState):
        catalog.publish(item.id)


def test_doctor_finds_a_doi_that_is_not_as_it_should_be(
    catalog: Catalog, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    assert check_dois(catalog.parts).ok, "the relay is asked"
    settle(catalog, registration)
    found = check_dois(catalog.parts)
    assert (found.ok, found.examined) == (True, 2)
    with catalog.parts.database.writing() as session:
        session.get_one(Doi, (item.id, 0)).state = "hidden"
        session.get_one(Doi, (item.id, 1)).doi = "10.5072/sage.other"
    assert check_dois(catalog.parts).examples == [
        f"10.5072/sage.{item.id} is hidden, should be findable, "
        "and nobody is asked to change that.",
        f"10.5072/sage.other is not the DOI of {item.id} version 1.",
    ]


# -- comparing


def compared(catalog: Catalog, registrar: MemoryRegistrar, *, fix: bool = False) -> list[str]:
    found = reconcile(catalog.parts, registrar, now=now(), fix=fix)
    return sorted(f"{drift.kind} {drift.doi}" for drift in found.drifts)


def test_nothing_differs_where_all_went_well(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    catalog.submit("Clouds")
    catalog.withdraw(catalog.submit("Gone").id)
    catalog.submit("A draft", published=False)
    settle(catalog, registration)
    assert compared(catalog, registrar) == []


def test_every_difference_is_told_and_put_right(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    lost, moved, changed, shown = (catalog.submit(f"Clouds {name}") for name in "abcd")
    catalog.withdraw(shown.id)
    settle(catalog, registration)
    del registrar.held[dois(lost)[1]]
    registrar.held[dois(moved)[1]][1]["url"] = "https://elsewhere.example/"
    registrar.held[dois(changed)[0]][1]["titles"] = [{"title": "Mine"}]
    registrar.put(dois(shown)[0], {}, "publish")
    registrar.put("10.5072/sage.unknown", {"url": BASE}, "publish")
    registrar.put("10.5072/other-software", {"url": BASE}, "publish")
    told = [
        f"metadata {dois(changed)[0]}",
        f"missing {dois(lost)[1]}",
        f"state {dois(shown)[0]}",
        "unknown 10.5072/sage.unknown",
        f"url {dois(moved)[1]}",
    ]
    assert compared(catalog, registrar) == told
    assert compared(catalog, registrar, fix=True) == told
    settle(catalog, registration)
    assert compared(catalog, registrar) == ["unknown 10.5072/sage.unknown"]


def test_what_was_refused_is_tried_again_by_a_comparison_that_puts_right(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    registrar.refuses = lambda _said: "Not today"
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    assert compared(catalog, registrar) == [f"failed {doi}" for doi in dois(item)]
    registrar.refuses = lambda _said: ""
    compared(catalog, registrar, fix=True)
    settle(catalog, registration)
    assert registrar.states() == dict.fromkeys(dois(item), "findable")


def test_what_is_being_told_is_no_difference(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    settle(catalog, registration)
    catalog.withdraw(item.id)
    assert compared(catalog, registrar) == []


def test_every_day_the_relay_compares_by_itself_and_writes_down_what_it_found(
    catalog: Catalog, registrar: MemoryRegistrar, registration: Registration
) -> None:
    item = catalog.submit("Clouds")
    begun = settle(catalog, registration)
    registration.step(begun)
    registrar.put(dois(item)[0], {"url": "https://elsewhere.example/"})
    for hours in (1, 23, 25):
        settle(catalog, registration, begun + timedelta(hours=hours))
        while registration.step(begun + timedelta(hours=hours)):
            pass
    settle(catalog, registration, begun + timedelta(hours=25))
    assert registrar.held[dois(item)[0]][1]["url"] == f"{BASE}items/{item.id}"
    told = readiness(catalog.parts, now=now()).to_dict()["registrar"]["compared"]
    assert (told["examined"], told["drifts"]) == (2, {"url": 1})
