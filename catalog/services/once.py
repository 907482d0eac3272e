"""Requests that create something once: what an `Idempotency-Key` was answered with, for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable, Unreadable
from catalog.tables import Once

_KEPT = timedelta(days=1)
_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request of an account that may come again.

    key          the text of `Idempotency-Key`; None for a request that is new each time
    fingerprint  a digest by which a repeated request is known to be the same
    """

    account: int
    key: str | None
    fingerprint: str

    def __post_init__(self) -> None:
        if self.key is not None and not (
            0 < len(self.key) <= _LONGEST_KEY and self.key.isprintable()
        ):
            raise Unreadable(f"Idempotency-Key has 1 to {_LONGEST_KEY} printable characters.")


def made_before(session: Session, request: Repeatable, *, now: datetime) -> str | None:
    """Return the id of what this request made before, under the same key; None if nothing.

    Raises NotAcceptable where the key was used for something else.
    """
    if request.key is None:
        return None
    known = session.get(Once, (request.account, request.key))
    if known is None or known.at < now - _KEPT:
        return None
    if known.fingerprint != request.fingerprint:
        raise NotAcceptable("This Idempotency-Key was used for another request.")
    return known.item_id


def remember(session: Session, request: Repeatable, made: str, *, now: datetime) -> None:
    """Write down, in the caller's transaction, what a request has made.

    The transaction fails with IntegrityError where another request was first with the key.
    """
    if request.key is None:
        return
    session.execute(delete(Once).where(Once.at < now - _KEPT))
    session.add(
        Once(
            account_id=request.account,
            key=request.key,
            fingerprint=request.fingerprint,
            item_id=made,
            at=now,
        )
    )
