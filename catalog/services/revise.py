"""Changing the description of a version: judge, keep as a new revision, announce."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.domain.validation import Judgement
from catalog.domain.writing import written_by_catalog
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.dois import look_again
from catalog.services.history import Happened, note
from catalog.services.judging import (
    Judged,
    judge_source,
    keep,
    require,
    revision_of,
    with_record,
)
from catalog.services.loading import check_stage, load, load_for_change, record_of
from catalog.services.mentions import names_that_matter
from catalog.services.registrable import findings_on_registration
from catalog.tables import Item, Version


def revise(
    parts: Parts,
    actor: Actor,
    item_id: str,
    source: bytes,
    media_type: str,
    *,
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
) -> ItemRecord:
    """Replace the description of a version by what was sent.

    A draft has to conform at draft level; what is published has to go on conforming at
    publication level and keep its type. A description that says the same changes nothing.
    """
    with parts.database.reading() as session:
        before = load(session, actor, Action.WRITE, item_id, n)
        check_stage(before, expected)
        names = names_that_matter(session, before.id, before.version, before.ntriples)
    ours = written_by_catalog(before, parts.library.vocabularies, parts.settings.house)
    judgement = judge_source(parts, source, media_type, item_id, names, ours)
    with parts.database.reading() as session:
        of_new = names_that_matter(session, before.id, before.version, judgement.ntriples)
    if not set(of_new) <= set(names):  # it speaks of files that it did not speak of before
        judgement = judge_source(parts, source, media_type, item_id, {*names, *of_new}, ours)
    return keep_revision(parts, actor, item_id, judgement, expected=expected, now=now, n=n)


def keep_revision(
    parts: Parts,
    actor: Actor,
    item_id: str,
    judgement: Judgement,
    *,
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
    **detail: str,
) -> ItemRecord:
    """Keep what was judged as the next revision of a version, under the conditions of `revise`.

    detail  what its event says beside number and digest
    """
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.WRITE, item_id, expected=expected, n=n
        )
        if judgement.digest == record.digest:
            return record
        _check_type(session, item, record, judgement)
        published = record.state is State.PUBLISHED
        judged = with_record(
            session,
            judgement,
            files=names_that_matter(session, item.id, version.n, judgement.ntriples),
            public=record.visibility in METADATA_ARE_PUBLIC,
            owner=item.owner_id,
            version=(item.id, version.n),
        )
        if published and record.dois.version is not None:
            judged = _with_registrar(session, parts, record, judged, now)
        require(judged, "publication" if published else "draft")
        version.revision += 1
        version.modified = now
        version.next_try = None  # what kept it from becoming public may be settled
        keep(session, parts, version, judged)
        session.add(revision_of(version, account=actor.account, now=now))
        if published and record.visibility in METADATA_ARE_PUBLIC:
            outbox.ask(session, outbox.GRAPH, item.id, now=now)
            look_again(session, item.id, now=now)
        note(
            session,
            Happened.REVISED,
            item.id,
            version.n,
            account=actor.account,
            now=now,
            revision=version.revision,
            digest=version.digest,
            **detail,
        )
        session.flush()
        return record_of(session, item, version, actor)


def _with_registrar(
    session: Session, parts: Parts, record: ItemRecord, judged: Judged, now: datetime
) -> Judged:
    """Add to a verdict what the registrar of DOIs would have against the new description."""
    revised = replace(record, ntriples=judged.judgement.ntriples)
    faults = findings_on_registration(session, parts, revised, now=now)
    return replace(judged, report=judged.report.plus(faults)) if faults else judged


def _check_type(session: Session, item: Item, record: ItemRecord, judgement: Judgement) -> None:
    if judgement.type == record.type:
        return
    published_once = session.scalar(
        select(Version.n).where(Version.item_id == item.id, Version.published.is_not(None)).limit(1)
    )
    if published_once is not None:
        raise NotAcceptable(
            f"The type of a published item stays {record.type}; submit a new item instead."
        )
