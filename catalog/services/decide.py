"""Deciding on a proposal: a curator accepts or refuses it, once and for good."""

from datetime import datetime

from catalog.domain import remarks
from catalog.domain.errors import WrongState
from catalog.domain.permissions import Actor, require_curator
from catalog.domain.proposing.check import check_plan
from catalog.domain.proposing.proposals import ProposalRecord, State, is_in_force
from catalog.domain.schemes import Vocabularies
from catalog.parts import Parts
from catalog.services.proposals import accepted, ahead, plan_in, proposal_row, record_of
from catalog.tables import Proposal


def decide(
    parts: Parts, actor: Actor, number: int, *, accept: bool, reason: str, now: datetime
) -> ProposalRecord:
    """Accept or refuse an open proposal; to refuse takes a reason, which everybody can read.

    Raises Forbidden for who is no curator, NotFound, WrongState for what is decided already, and
    NotAcceptable where the proposal no longer fits to the vocabularies or to what was accepted.
    """
    account = require_curator(actor)
    said = remarks.reason(reason) if reason.strip() or not accept else ""
    vocabularies = parts.library.vocabularies
    seen = _looked_through(parts, number, vocabularies) if accept else None
    with parts.database.writing() as session:
        row = proposal_row(session, number, lock=True)
        require_open(row)
        if seen is None or seen == accepted(session, row.scheme):
            row.state = (State.ACCEPTED if accept else State.REFUSED).value
            row.decider_id, row.decided, row.reason = account, now, said
            session.flush()
            return record_of(session, row, vocabularies)
    # Somebody accepted another proposal meanwhile, to which this one has to fit as well.
    return decide(parts, actor, number, accept=accept, reason=reason, now=now)


def _looked_through(parts: Parts, number: int, vocabularies: Vocabularies) -> tuple[int, ...]:
    """Return the accepted proposals to which this one fits; it takes too long for a transaction."""
    with parts.database.reading() as session:
        row = proposal_row(session, number)
        require_open(row)
        plan = plan_in(row)
        expected = ahead(session, plan.scheme, vocabularies)
    if not is_in_force(number, plan, vocabularies):
        check_plan(plan, expected.vocabularies)
    return expected.accepted


def require_open(row: Proposal) -> None:
    """Raise WrongState unless a proposal is open."""
    if row.state != State.OPEN:
        raise WrongState(f"Proposal {row.id} was {row.state} already.", state=row.state)
