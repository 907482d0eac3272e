"""Proposing a new term, a change of a term, or its deprecation."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.domain import remarks
from catalog.domain.errors import NotAcceptable, OverLimit, Taken
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.proposing.check import check_plan
from catalog.domain.proposing.proposals import (
    SHAPE,
    Kind,
    Plan,
    ProposalRecord,
    State,
    differences_to,
)
from catalog.domain.proposing.rules import Asked, plan_of
from catalog.domain.proposing.troubles import Trouble, refused
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.once import Repeatable, made_before, remember
from catalog.services.proposals import ahead, proposal_row, record_of
from catalog.tables import Proposal

MOST_OPEN = 100
"""How many open proposals an account may have: each waits for somebody to read it."""


@dataclass(frozen=True, slots=True)
class Proposing:
    """What somebody sends: what they ask for, and why.

    once  the text of `Idempotency-Key`: the same key gives the same proposal for a day
    """

    asked: Asked
    why: str
    once: str | None = None

    @property
    def fingerprint(self) -> str:
        """A digest by which a repeated request is known to be the same."""
        said = json.dumps([asdict(self.asked), self.why], sort_keys=True, default=str)
        return hashlib.sha256(f"proposal\n{said}".encode("utf-8", "surrogatepass")).hexdigest()


def propose(parts: Parts, actor: Actor, proposing: Proposing, *, now: datetime) -> ProposalRecord:
    """Keep a new proposal, open for discussion.

    Raises Unauthenticated, NotFound for an unknown vocabulary or concept, WrongState for a concept
    that is deprecated already, Taken where the term is proposed already, OverLimit for somebody
    with too many open proposals, and NotAcceptable with every fault in `errors`. Whatever is
    raised, nothing is kept.
    """
    account = require_account(actor, Action.CREATE)
    request = Repeatable(account, proposing.once, proposing.fingerprint)
    library = parts.library
    if (known := _answered_before(parts, request, now)) is not None:
        return known
    why, plan = _looked_through(proposing, library, parts.bases)
    with parts.database.reading() as session:
        _check_room(session, account)
        _check_is_new(session, plan)
        expected = ahead(session, plan.scheme, library.vocabularies)
    check_plan(plan, expected.vocabularies)  # takes too long for a transaction
    try:
        with parts.database.writing() as session:
            _check_room(session, account)
            _check_is_new(session, plan)
            row = _row(plan, why, library, account, now)
            session.add(row)
            session.flush()
            remember(session, request, str(row.id), now=now)
            return record_of(session, row, library.vocabularies)
    except IntegrityError:  # another request was first with the key
        if (known := _answered_before(parts, request, now)) is not None:
            return known
        raise


def _looked_through(
    proposing: Proposing, library: Library, bases: tuple[str, ...]
) -> tuple[str, Plan]:
    """Return the reason and the plan; all that is wrong with either is told at once."""
    asked = proposing.asked
    fields = field_names(library, asked.kind)
    troubles = [
        Trouble(name, "field", "This is not asked for in such a proposal.")
        for name in asked.said
        if name not in fields
    ]
    why = ""
    try:
        why = remarks.reason(proposing.why)
    except NotAcceptable as fault:
        troubles.append(Trouble("why", "reason", fault.detail))
    try:
        plan = plan_of(asked, library.vocabularies, bases)
    except NotAcceptable as fault:
        if not troubles:
            raise
        troubles += [Trouble.of(one) for one in fault.evidence["errors"]]
        raise refused(troubles) from None
    if troubles:
        raise refused(troubles)
    return why, plan


def field_names(library: Library, kind: Kind) -> frozenset[str]:
    """Return the names of the fields that a kind of proposal has, as its shape says."""
    fields = library.shapes.fields_of_part(f"{SHAPE}#{kind}")
    return frozenset(one.shape.rpartition("#")[2] for one in fields)


def _check_room(session: Session, account: int) -> None:
    is_theirs = (Proposal.account_id == account, Proposal.state == State.OPEN.value)
    number = session.scalar(select(func.count()).select_from(Proposal).where(*is_theirs)) or 0
    if number >= MOST_OPEN:
        raise OverLimit(
            f"You have {number} open proposals; wait until some are decided, or withdraw one.",
            limit="open proposals",
        )


def _check_is_new(session: Session, plan: Plan) -> None:
    """Refuse a new term that somebody has proposed already; changes of a term may compete."""
    if plan.kind is Kind.CHANGE:
        return
    same = select(Proposal.id).where(
        Proposal.concept == plan.concept,
        Proposal.kind == plan.kind.value,
        Proposal.state == State.OPEN.value,
    )
    if (number := session.scalar(same)) is not None:
        raise Taken(
            f"Proposal {number} asks for the same term; add to its discussion instead.",
            proposal=number,
        )


def _row(plan: Plan, why: str, library: Library, account: int, now: datetime) -> Proposal:
    return Proposal(
        kind=plan.kind.value,
        scheme=plan.scheme,
        concept=plan.concept,
        label=plan.label,
        differences=differences_to(plan.differences),
        why=why,
        library_version=library.version,
        account_id=account,
        at=now,
        state=State.OPEN.value,
    )


def _answered_before(parts: Parts, request: Repeatable, now: datetime) -> ProposalRecord | None:
    """Return what this request was answered before, under the same key; None if it was not."""
    with parts.database.reading() as session:
        number = made_before(session, request, now=now)
        if number is None:
            return None
        return record_of(session, proposal_row(session, int(number)), parts.library.vocabularies)
