"""Restoring what an item said once: an earlier description becomes its next revision."""

from datetime import datetime

from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.judging import judge_stored
from catalog.services.loading import check_stage, load
from catalog.services.mentions import names_that_matter
from catalog.services.revise import keep_revision
from catalog.services.revisions import named, revision, scope_of


def restore(
    parts: Parts,
    actor: Actor,
    item_id: str,
    name: str,
    *,
    expected: frozenset[str] | None,
    now: datetime,
) -> ItemRecord:
    """Make the description of a revision the next one of the newest version that the actor sees.

    name  of the revision, such as `1.2`; `v/1` is the one of version 1 that is in force

    It is judged by today's shapes, as any change is. Files stay as they are. Raises what `revise`
    raises, Unreadable for what is no such name, NotFound for a revision that is not there, and
    Gone for one of a version that was withdrawn.
    """
    with parts.database.reading() as session:
        before = load(session, actor, Action.WRITE, item_id)
        check_stage(before, expected)
        scope = scope_of(session, actor, item_id)
        n, r = named(scope, name, "revision")
        wanted = revision(session, parts.library, scope, n, r)
        names = names_that_matter(session, before.id, before.version, wanted.record.ntriples)
    judgement = judge_stored(parts, wanted.record.ntriples, item_id, names)
    return keep_revision(
        parts,
        actor,
        item_id,
        judgement,
        expected=expected,
        now=now,
        n=before.version,
        restored=wanted.name,
    )
