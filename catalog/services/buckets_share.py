"""Who may do what with a bucket: listed, granted and taken back as Sage's storage API does it."""

from collections.abc import Sequence
from datetime import datetime

from catalog.domain.buckets import OWN_PERMISSIONS, Grant, Taken, check_grant, in_order
from catalog.domain.errors import Unreadable
from catalog.domain.permissions import Actor, Right
from catalog.domain.sharing import Grant as Given
from catalog.domain.sharing import grantee_named
from catalog.parts import Parts
from catalog.services.buckets import grants_listed, open_bucket
from catalog.services.permissions import grants_on, replaced


def list_grants(parts: Parts, actor: Actor, said_id: str) -> list[Grant]:
    """Return who may do what, the owner first; Forbidden without READ_ACP.

    Of a deleted bucket it is what held when it was deleted, as the storage API remembers it.
    """
    with parts.database.reading() as session:
        opened = open_bucket(session, actor, said_id, Right.READ_ACP)
        if opened.found is None:
            return in_order(Grant(*line) for line in opened.row.grants or ())
        return grants_listed(session, opened.found[0])


def check_may_share(parts: Parts, actor: Actor, said_id: str) -> None:
    """Raise Forbidden without WRITE_ACP, Unreadable where the bucket was deleted."""
    with parts.database.reading() as session:
        _ = open_bucket(session, actor, said_id, Right.WRITE_ACP).record


def grant(parts: Parts, actor: Actor, said_id: str, wanted: Grant, *, now: datetime) -> None:
    """Grant somebody one right; once more does nothing.

    Raises Forbidden without WRITE_ACP, where the actor would give what it does not hold, and for
    a grantee type or permission that there is not; Unreadable and NotAcceptable for a grant that
    cannot be.
    """
    with parts.database.writing() as session:
        opened = open_bucket(session, actor, said_id, Right.WRITE_ACP, lock=True)
        item, version, record = opened.rows
        check_grant(wanted, record.owner)
        to = grantee_named(wanted.grantee_type, wanted.grantee)
        new = Given(to, Right(wanted.permission))
        kept = [one for one in grants_on(session, item.id) if one.key != new.key]
        replaced(session, actor, item, version, record, [*kept, new], now)


def take_back(
    parts: Parts, actor: Actor, said_id: str, wanted: Sequence[Taken], *, now: datetime
) -> list[Taken]:
    """Take grants back; return those of `wanted` that there were.

    Raises Forbidden without WRITE_ACP, or for FULL_CONTROL where the actor does not hold that,
    and Unreadable for the owner's own; then all stay.
    """
    with parts.database.writing() as session:
        opened = open_bucket(session, actor, said_id, Right.WRITE_ACP, lock=True)
        item, version, record = opened.rows
        if any(one.grantee == record.owner for one in wanted):
            raise Unreadable(OWN_PERMISSIONS)
        left = list(grants_on(session, item.id))
        done = []
        for one in wanted:
            fitting = [given for given in left if _is_meant(one, given)]
            if fitting:
                done.append(one)
            left = [given for given in left if given not in fitting]
        replaced(session, actor, item, version, record, left, now)
        return done


def _is_meant(one: Taken, given: Given) -> bool:
    return (
        one.grantee_type == given.to.kind.value
        and one.grantee == given.to.name
        and one.permission in {"", given.right.value}
    )
