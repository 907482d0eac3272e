"""The life of a proposal in the record: who may do what, once decided, nothing half-done."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    NotAcceptable,
    NotFound,
    OverLimit,
    Taken,
    Unauthenticated,
    Unreadable,
    WrongState,
)
from catalog.domain.permissions import ANYONE, Actor, Role
from catalog.domain.proposing.patches import file_changes, with_plans
from catalog.domain.proposing.proposals import Kind, ProposalRecord, State, TermState, change_note
from catalog.domain.proposing.rules import Asked, Said
from catalog.library import Library, library
from catalog.parts import Parts
from catalog.services import discuss as discussing
from catalog.services import propose as proposing
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.decide import decide
from catalog.services.discuss import discuss
from catalog.services.proposals import Narrowed, counts_by_state, find_proposals, read_proposal
from catalog.services.propose import Proposing, propose
from catalog.services.withdraw_proposal import withdraw_proposal
from tests.catalogs import catalog_in, files_of, now

TASK = "https://w3id.org/sage/vocab/ml-task/"


class House:
    """A catalog with somebody of each role."""

    def __init__(self, folder: Path) -> None:
        self.parts: Parts = replace(catalog_in(folder).parts, library=library())
        self.ana, self.ben = self._actor("ana-m", Role.MEMBER), self._actor("ben", Role.MEMBER)
        self.cleo = self._actor("cleo", Role.CURATOR)

    def _actor(self, name: str, role: Role) -> Actor:
        return actor_of_token(
            self.parts, create_token(self.parts, name, role, now=now()), now=now()
        )

    def propose(
        self, name: str = "Snow mask", *, by: Actor | None = None, once: str | None = None
    ) -> ProposalRecord:
        """Propose a term."""
        words = {"prefLabel": name, "definition": "Says where snow lies.", "source": "a test"}
        said = {one: Said(values=(text,)) for one, text in words.items()}
        sent = Proposing(Asked(Kind.TERM, "ml-task", said=said), "A test needs it.", once)
        return propose(self.parts, by or self.ana, sent, now=now())

    def accept(self, number: int) -> ProposalRecord:
        """Accept a proposal."""
        return decide(self.parts, self.cleo, number, accept=True, reason="", now=now())

    def refuse(self, number: int, reason: str = "We have it.") -> ProposalRecord:
        """Refuse a proposal."""
        return decide(self.parts, self.cleo, number, accept=False, reason=reason, now=now())

    def read(self, number: int) -> ProposalRecord:
        """Return a proposal as it is kept."""
        return read_proposal(self.parts, number)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_who_proposed_discussed_and_decided_is_kept_with_time_and_reason(house: House) -> None:
    made = house.propose()
    discuss(house.parts, house.cleo, made.id, "Why not a\nlayer?", now=now())
    discuss(house.parts, house.ana, made.id, "It is one.", now=now())
    house.refuse(made.id, "We have  it.")
    kept = house.read(made.id)
    assert (kept.by, kept.why, kept.state) == ("ana-m", "A test needs it.", State.REFUSED)
    assert [(note.n, note.by, note.text) for note in kept.notes] == [
        (1, "cleo", "Why not a\nlayer?"),
        (2, "ana-m", "It is one."),
    ]
    assert kept.decision is not None
    assert (kept.decision.by, kept.decision.reason) == ("cleo", "We have it.")
    assert kept.at <= kept.notes[0].at <= kept.decision.at


def test_nobody_decides_twice_nor_adds_or_withdraws_afterwards(house: House) -> None:
    made = house.propose()
    house.accept(made.id)
    late: tuple[Callable[[], object], ...] = (
        lambda: house.accept(made.id),
        lambda: house.refuse(made.id),
        lambda: discuss(house.parts, house.cleo, made.id, "Late.", now=now()),
        lambda: withdraw_proposal(house.parts, house.ana, made.id, now=now()),
    )
    for act in late:
        with pytest.raises(WrongState):
            act()
    assert house.read(made.id).state is State.ACCEPTED
    assert house.read(made.id).notes == ()


def test_of_two_who_decide_at_once_one_is_told_that_it_was_decided(house: House) -> None:
    made = house.propose()
    told: list[str] = []

    def act(accept: bool) -> None:
        try:
            decide(house.parts, house.cleo, made.id, accept=accept, reason="So.", now=now())
            told.append("done")
        except WrongState:
            told.append("late")

    threads = [threading.Thread(target=act, args=(n % 2 == 0,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["done", *["late"] * 5]


def test_only_curators_decide_only_those_concerned_discuss_and_only_oneself_withdraws(
    house: House,
) -> None:
    made = house.propose()
    parts, number = house.parts, made.id
    refused: tuple[tuple[type[CatalogError], Callable[[], object]], ...] = (
        (Forbidden, lambda: decide(parts, house.ana, number, accept=True, reason="", now=now())),
        (Unauthenticated, lambda: decide(parts, ANYONE, number, accept=True, reason="", now=now())),
        (Forbidden, lambda: discuss(parts, house.ben, number, "Me too.", now=now())),
        (Unauthenticated, lambda: discuss(parts, ANYONE, number, "Me too.", now=now())),
        (Forbidden, lambda: withdraw_proposal(parts, house.cleo, number, now=now())),
        (Unauthenticated, lambda: house.propose("Other", by=ANYONE)),
        (NotAcceptable, lambda: house.refuse(number, " \n")),
        (NotAcceptable, lambda: discuss(parts, house.ana, number, " \n", now=now())),
        (NotAcceptable, lambda: discuss(parts, house.ana, number, "a\x00", now=now())),
        (NotFound, lambda: house.accept(number + 1)),
    )
    for kind, act in refused:
        with pytest.raises(kind):
            act()
    assert house.read(number) == made


def test_a_withdrawn_proposal_stays_to_be_read_and_makes_room(house: House) -> None:
    made = house.propose()
    done = withdraw_proposal(house.parts, house.ana, made.id, now=now())
    assert (done.state, done.decision and done.decision.by) == (State.WITHDRAWN, "ana-m")
    assert house.propose().id > made.id


def test_the_same_term_is_not_proposed_twice_while_it_is_open(house: House) -> None:
    made = house.propose()
    with pytest.raises(Taken) as caught:
        house.propose(by=house.ben)
    assert caught.value.evidence == {"proposal": made.id}
    house.accept(made.id)
    with pytest.raises(NotAcceptable) as refused:
        house.propose(by=house.ben)
    assert "overlapping-labels" in {one["rule"] for one in refused.value.evidence["errors"]}


def test_a_proposal_that_no_longer_fits_is_not_accepted(house: House) -> None:
    first, second = house.propose("Snow mask"), _change_of(house, "Snow mask")
    house.accept(first.id)
    with pytest.raises(NotAcceptable):
        house.accept(second)
    assert house.read(second).is_open
    assert house.refuse(second).state is State.REFUSED


def _change_of(house: House, label: str) -> int:
    asked = Asked(
        Kind.CHANGE, concept=TASK + "image-to-text", said={"prefLabel": Said(values=(label,))}
    )
    return propose(house.parts, house.ben, Proposing(asked, "Shorter."), now=now()).id


def test_nobody_has_more_open_proposals_than_can_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "MOST_OPEN", 2)
    first = house.propose("Snow mask")
    house.propose("Rain mask")
    with pytest.raises(OverLimit):
        house.propose("Hail mask")
    assert house.propose("Hail mask", by=house.ben).is_open
    house.accept(first.id)
    assert house.propose("Fog mask").is_open


def test_a_discussion_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discussing, "MOST_NOTES", 1)
    made = house.propose()
    discuss(house.parts, house.ana, made.id, "One.", now=now())
    with pytest.raises(OverLimit):
        discuss(house.parts, house.ana, made.id, "Two.", now=now())


def test_a_request_that_is_repeated_with_its_key_makes_one_proposal(house: House) -> None:
    first, again = house.propose(once="k"), house.propose(once="k")
    assert first.id == again.id
    with pytest.raises(NotAcceptable):
        house.propose("Other mask", once="k")
    assert house.propose("Other mask", by=house.ben, once="k").id != first.id
    for key in ("", "x" * 256, "a\nb"):
        with pytest.raises(Unreadable):
            house.propose("A third mask", once=key)


def test_what_is_accepted_is_in_force_once_a_release_says_it(house: House) -> None:
    made = house.accept(house.propose().id)
    assert (made.in_force, made.term_state) == (False, TermState.PROPOSED)
    assert made.decision is not None
    note = change_note(made.id, Kind.TERM, made.decision.at)
    (change,) = file_changes(made.plan, library().vocabularies, note)
    files = library().files | {"vocab/ml-task": change.content}
    house.parts = replace(
        house.parts, library=Library(files_of(files, "vocab"), files_of(files, "shapes"))
    )
    now_read = house.read(made.id)
    assert (now_read.in_force, now_read.term_state) == (True, TermState.VALID)
    assert with_plans([], house.parts.library.vocabularies) is house.parts.library.vocabularies


def test_lists_go_from_the_newest_page_by_page_and_are_narrowed(house: House) -> None:
    numbers = [house.propose(f"Mask {n}").id for n in range(5)]
    house.accept(numbers[0])
    seen, cursor = [], None
    while True:
        page = find_proposals(house.parts, Narrowed(), cursor=cursor, limit=2)
        assert page.total == 5
        seen += [line.id for line in page.lines]
        cursor = page.next
        if cursor is None:
            break
    assert seen == numbers[::-1]
    narrowed = Narrowed(state=State.ACCEPTED, scheme="ml-task")
    page = find_proposals(house.parts, narrowed, cursor=None, limit=10)
    assert [line.id for line in page.lines] == numbers[:1]
    nothing = find_proposals(house.parts, Narrowed(scheme="node"), cursor=None, limit=10)
    assert (nothing.lines, nothing.total, nothing.next) == ((), 0, None)
    assert counts_by_state(house.parts, Narrowed()) == {State.OPEN: 4, State.ACCEPTED: 1}
    for cursor in ("%", "eA", "MS4x", "LTE"):
        with pytest.raises(Unreadable):
            find_proposals(house.parts, Narrowed(), cursor=cursor, limit=2)
