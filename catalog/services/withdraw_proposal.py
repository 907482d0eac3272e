"""Withdrawing a proposal of one's own before it is decided."""

from datetime import datetime

from catalog.domain.errors import Forbidden
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.proposing.proposals import ProposalRecord, State
from catalog.parts import Parts
from catalog.services.decide import require_open
from catalog.services.proposals import proposal_row, record_of


def withdraw_proposal(parts: Parts, actor: Actor, number: int, *, now: datetime) -> ProposalRecord:
    """End an open proposal of the actor's; it stays to be read.

    Raises NotFound, Forbidden for a proposal of somebody else, WrongState for one that is decided.
    """
    account = require_account(actor, Action.CREATE)
    with parts.database.writing() as session:
        row = proposal_row(session, number, lock=True)
        if account != row.account_id:
            raise Forbidden("Only who made a proposal withdraws it.")
        require_open(row)
        row.state = State.WITHDRAWN.value
        row.decider_id, row.decided, row.reason = account, now, ""
        session.flush()
        return record_of(session, row, parts.library.vocabularies)
