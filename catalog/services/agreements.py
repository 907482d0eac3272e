"""The data use agreements of items: the one in force, and every version that there was."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.domain.access import Agreement, Agreements
from catalog.domain.errors import MovedOn, NotFound, PreconditionMissing
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor, allows
from catalog.domain.record import ItemRecord
from catalog.domain.tombstone import gone
from catalog.parts import Parts
from catalog.services.loading import load
from catalog.tables import Account
from catalog.tables import Agreement as Row


@dataclass(frozen=True, slots=True)
class AgreementsOf:
    """The agreements of an item, as somebody who sees the item reads them.

    shown    the version that was asked for, else the one in force; None where there is none
    may_set  whether the caller may set another version
    """

    record: ItemRecord
    agreements: Agreements
    shown: Agreement | None
    may_set: bool


def read_agreements(parts: Parts, actor: Actor, item_id: str, n: int | None = None) -> AgreementsOf:
    """Return the agreement in force, or version `n`.

    Raises what reading the item raises, Gone where it was withdrawn, and NotFound for a version
    that never was.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, item_id)
        if record.state is State.WITHDRAWN:
            raise gone(record)
        found = agreements_of(session, item_id)
        shown = found.in_force if n is None else agreement_at(session, item_id, n)
        return AgreementsOf(record, found, shown, allows(actor, Action.SHARE, record))


def agreements_of(session: Session, item_id: str) -> Agreements:
    """Return what an item asks people to agree to."""
    last = session.scalar(select(func.max(Row.n)).where(Row.item_id == item_id)) or 0
    in_force = session.scalar(
        select(Row.n).where(Row.item_id == item_id, Row.n == last, Row.ended.is_(None))
    )
    return Agreements(agreement_at(session, item_id, last) if in_force else None, last)


def agreement_at(session: Session, item_id: str, n: int) -> Agreement:
    """Return version `n` of the agreement of an item, or raise NotFound."""
    found = session.execute(
        select(Row, Account.name)
        .join(Account, Account.id == Row.account_id)
        .where(Row.item_id == item_id, Row.n == n)
    ).first()
    if found is None:
        raise NotFound(f"The data use agreement of this item has no version {n}.")
    row, by = found
    return Agreement(row.item_id, row.n, row.text, row.days, row.digest, row.at, by, row.ended)


def check_agreement_stage(found: Agreements, expected: frozenset[str] | None) -> None:
    """Raise unless the agreement is at a stage that the caller expects (`If-Match`)."""
    if expected is None:
        raise PreconditionMissing
    if "*" not in expected and found.stage not in expected:
        raise MovedOn(
            "Somebody changed the agreement meanwhile; read it again and repeat your change.",
            current=found.stage,
        )
