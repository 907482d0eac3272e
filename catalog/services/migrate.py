"""Writing a description whose terms were replaced, by the services that everybody's changes take.

A draft gets a new revision. What is published stays as it is: a draft of its next version begins,
and its owner decides whether that is published.
"""

import contextlib
from datetime import datetime

from sqlalchemy import select

from catalog.domain.description import statements_of
from catalog.domain.errors import CatalogError, NotFound
from catalog.domain.impact_report import Affected, Applied
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Actor, Role
from catalog.domain.writing import ntriples_of, rebased
from catalog.parts import Parts
from catalog.services.begin_version import begin_version
from catalog.services.delete import delete
from catalog.services.judging import STORED
from catalog.services.revise import revise
from catalog.services.start import LOCAL
from catalog.tables import Account


def migrate(parts: Parts, actor: Actor, one: Affected, *, now: datetime) -> Applied | None:
    """Write the migrated description of a version; return what was done, or why it was not.

    None where there is nothing to do: no term of it has a replacement, or it is published and a
    draft of its next version is open, which is looked at for itself. Nothing is published, and
    where the description is refused nothing of it stays.
    """
    plan = one.migration
    if plan is None or (one.state is State.PUBLISHED and one.draft_open):
        return None
    if one.afterwards is not None and not one.afterwards.conforms_at("draft"):
        return _failed(one, "it would not conform at draft level once migrated")
    statements = rebased(statements_of(plan.ntriples), parts.settings.base)
    source = ntriples_of(statements).encode()
    try:
        if one.state is State.DRAFT:
            return _revised(parts, actor, one, source, now)
        return _begun(parts, actor, one, source, now)
    except CatalogError as fault:
        return _failed(one, fault.detail)


def local_actor(parts: Parts) -> Actor:
    """Return the account that the operator's commands write as; NotFound before a first start."""
    with parts.database.reading() as session:
        account = session.scalar(select(Account).where(Account.name == LOCAL))
        if account is None:
            raise NotFound(f"The record has no account {LOCAL} yet; `serve` makes it.")
        return Actor(account=account.id, name=account.name, role=Role.ADMIN)


def _revised(parts: Parts, actor: Actor, one: Affected, source: bytes, now: datetime) -> Applied:
    _write(parts, actor, one, source, one.version, frozenset({one.stage}), now)
    return Applied(one.item_id, one.version, "the draft has a new revision")


def _begun(parts: Parts, actor: Actor, one: Affected, source: bytes, now: datetime) -> Applied:
    expected = frozenset({one.stage})
    draft = begin_version(parts, actor, one.item_id, expected=expected, now=now)
    begun = frozenset({draft.stage})
    try:
        _write(parts, actor, one, source, draft.version, begun, now)
    except BaseException:
        with contextlib.suppress(CatalogError):
            delete(parts, actor, one.item_id, expected=begun, now=now, n=draft.version)
        raise
    return Applied(one.item_id, one.version, f"version {draft.version} was begun as a draft")


def _write(
    parts: Parts,
    actor: Actor,
    one: Affected,
    source: bytes,
    n: int,
    expected: frozenset[str],
    now: datetime,
) -> None:
    revise(parts, actor, one.item_id, source, STORED, expected=expected, now=now, n=n)


def _failed(one: Affected, why: str) -> Applied:
    return Applied(one.item_id, one.version, why, failed=True)
