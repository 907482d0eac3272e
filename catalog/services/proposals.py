"""Proposals as the record has them: one with its discussion, and lists of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session, aliased

from catalog.domain.errors import NotFound
from catalog.domain.proposing.patches import with_plans
from catalog.domain.proposing.proposals import (
    Decision,
    Kind,
    Note,
    Plan,
    ProposalLine,
    ProposalPage,
    ProposalRecord,
    State,
    differences_from,
    is_in_force,
    term_state,
)
from catalog.domain.schemes import Vocabularies
from catalog.parts import Parts
from catalog.services.cursors import cursor_of, foreign, keys_of
from catalog.tables import Account, Proposal, ProposalNote


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list of proposals is narrowed to; None narrows nothing."""

    state: State | None = None
    scheme: str | None = None
    concept: str | None = None


def read_proposal(parts: Parts, number: int) -> ProposalRecord:
    """Return a proposal with its discussion, or raise NotFound."""
    with parts.database.reading() as session:
        return record_of(session, proposal_row(session, number), parts.library.vocabularies)


def find_proposals(
    parts: Parts, narrowed: Narrowed, *, cursor: str | None, limit: int
) -> ProposalPage:
    """Return a page of proposals, newest first; Unreadable for a cursor that is none of ours."""
    fits = _fitting(narrowed)
    after = Proposal.id < _number(cursor) if cursor else true()
    with parts.database.reading() as session:
        rows = session.execute(
            select(Proposal, Account.name)
            .join(Account, Account.id == Proposal.account_id)
            .where(fits, after)
            .order_by(Proposal.id.desc())
            .limit(limit + 1)
        ).all()
        total = session.scalar(select(func.count()).select_from(Proposal).where(fits)) or 0
    vocabularies = parts.library.vocabularies
    lines = tuple(_line(row, by, vocabularies) for row, by in rows[:limit])
    more = cursor_of(str(lines[-1].id)) if len(rows) > limit else None
    return ProposalPage(lines, total, more)


def counts_by_state(parts: Parts, narrowed: Narrowed) -> Mapping[State, int]:
    """Return how many proposals there are in each state that has any."""
    with parts.database.reading() as session:
        rows = session.execute(
            select(Proposal.state, func.count()).where(_fitting(narrowed)).group_by(Proposal.state)
        )
        found = {state: count for state, count in rows}  # noqa: C416 - rows are not tuples to mypy
    return {state: found[state] for state in State if state in found}


def proposal_row(session: Session, number: int, *, lock: bool = False) -> Proposal:
    """Return the row of a proposal, locked until the end of the transaction if it is to change."""
    row = session.get(Proposal, number, with_for_update=lock or None)
    if row is None:
        raise NotFound("There is no proposal of that number; /vocab/proposals lists all of them.")
    return row


def plan_in(row: Proposal) -> Plan:
    """Return what a proposal would do."""
    return Plan(
        Kind(row.kind), row.scheme, row.concept, row.label, differences_from(row.differences)
    )


def record_of(session: Session, row: Proposal, vocabularies: Vocabularies) -> ProposalRecord:
    """Return a row as a value, with its discussion."""
    plan = plan_in(row)
    return ProposalRecord(
        id=row.id,
        plan=plan,
        state=State(row.state),
        why=row.why,
        by=_name(session, row.account_id),
        at=row.at,
        decision=_decision(session, row),
        notes=tuple(_notes(session, row.id)),
        in_force=row.state == State.ACCEPTED and is_in_force(row.id, plan, vocabularies),
        term_state=term_state(row.concept, vocabularies),
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """The vocabularies with what was accepted for one of them and is not in force yet.

    accepted  the numbers of all proposals that were accepted for it
    """

    vocabularies: Vocabularies
    accepted: tuple[int, ...]


def ahead(session: Session, scheme: str, vocabularies: Vocabularies) -> Ahead:
    """Return what a vocabulary will be; the next proposal has to fit to that."""
    rows = session.scalars(
        select(Proposal)
        .where(Proposal.scheme == scheme, Proposal.state == State.ACCEPTED.value)
        .order_by(Proposal.id)
    )
    plans = [(row.id, plan_in(row)) for row in rows]
    waiting = [plan for number, plan in plans if not is_in_force(number, plan, vocabularies)]
    return Ahead(with_plans(waiting, vocabularies), tuple(number for number, _ in plans))


def accepted(session: Session, scheme: str) -> tuple[int, ...]:
    """Return the numbers of all proposals that were accepted for a vocabulary."""
    is_accepted = (Proposal.scheme == scheme, Proposal.state == State.ACCEPTED.value)
    return tuple(session.scalars(select(Proposal.id).where(*is_accepted).order_by(Proposal.id)))


def _decision(session: Session, row: Proposal) -> Decision | None:
    if row.decider_id is None or row.decided is None:
        return None
    return Decision(_name(session, row.decider_id), row.decided, row.reason or "")


def _notes(session: Session, number: int) -> Iterable[Note]:
    author = aliased(Account)
    rows = session.execute(
        select(ProposalNote, author.name)
        .join(author, author.id == ProposalNote.account_id)
        .where(ProposalNote.proposal_id == number)
        .order_by(ProposalNote.n)
    )
    for note, by in rows:
        yield Note(note.n, by, note.at, note.text)


def _name(session: Session, account: int) -> str:
    return session.get_one(Account, account).name


def _line(row: Proposal, by: str, vocabularies: Vocabularies) -> ProposalLine:
    accepted = row.state == State.ACCEPTED
    return ProposalLine(
        id=row.id,
        kind=Kind(row.kind),
        scheme=row.scheme,
        concept=row.concept,
        label=row.label,
        state=State(row.state),
        in_force=accepted and is_in_force(row.id, plan_in(row), vocabularies),
        by=by,
        at=row.at,
        why=row.why,
    )


def _fitting(narrowed: Narrowed) -> ColumnElement[bool]:
    pairs = (
        (Proposal.state, narrowed.state),
        (Proposal.scheme, narrowed.scheme),
        (Proposal.concept, narrowed.concept),
    )
    return and_(true(), *(column == value for column, value in pairs if value is not None))


def _number(cursor: str) -> int:
    (said,) = keys_of(cursor, 1)
    if not (said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS):
        raise foreign()
    return int(said)


_MOST_DIGITS = 18
