"""Discussing an open proposal: who made it and the curators, each as often as it takes."""

from datetime import datetime

from sqlalchemy import func, select

from catalog.domain import remarks
from catalog.domain.errors import Forbidden, NotAcceptable, OverLimit
from catalog.domain.permissions import Action, Actor, is_curator, require_account
from catalog.domain.proposing.proposals import ProposalRecord
from catalog.parts import Parts
from catalog.services.decide import require_open
from catalog.services.proposals import proposal_row, record_of
from catalog.tables import ProposalNote

MOST_NOTES = 200


def discuss(parts: Parts, actor: Actor, number: int, text: str, *, now: datetime) -> ProposalRecord:
    """Add a note to the discussion of a proposal.

    Raises NotFound, Forbidden for who neither made the proposal nor is a curator, WrongState once
    it is decided, NotAcceptable for no text, and OverLimit where there are notes enough.
    """
    account = require_account(actor, Action.CREATE)
    said = remarks.note(text)
    if said is None:
        raise NotAcceptable("Write something first.")
    with parts.database.writing() as session:
        row = proposal_row(session, number, lock=True)
        if account != row.account_id and not is_curator(actor):
            raise Forbidden("Only who made a proposal, and the curators, discuss it.")
        require_open(row)
        notes = select(func.max(ProposalNote.n)).where(ProposalNote.proposal_id == number)
        n = (session.scalar(notes) or 0) + 1
        if n > MOST_NOTES:
            raise OverLimit(f"A proposal has at most {MOST_NOTES} notes.", limit="notes")
        session.add(ProposalNote(proposal_id=number, n=n, account_id=account, at=now, text=said))
        session.flush()
        return record_of(session, row, parts.library.vocabularies)
