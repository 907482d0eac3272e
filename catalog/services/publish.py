"""Publishing drafts, one or several in one transaction, and changing what is seen afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.errors import NotConforming
from catalog.domain.lifecycle import (
    METADATA_ARE_PUBLIC,
    State,
    Visibility,
    check_can_publish,
    check_visibility_change,
)
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.domain.validation import Judgement
from catalog.domain.writing import filled_in_for
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.history import Happened, note
from catalog.services.judging import judge_stored, keep, require, with_record
from catalog.services.loading import load, load_for_change, record_of
from catalog.tables import File, Item, Version


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item to publish, and the stages at which the caller expects it (`If-Match`)."""

    item_id: str
    expected: frozenset[str] | None
    n: int | None = None


def publish(
    parts: Parts, actor: Actor, wanted: Sequence[Wanted], visibility: Visibility, *, now: datetime
) -> tuple[ItemRecord, ...]:
    """Publish all of `wanted` or none; references among them count as published.

    Each is judged again by today's shapes at publication level. Raises what changing an item
    raises, WrongState for what is no draft, and NotConforming whose evidence `items` holds the
    report of each item that does not conform.
    """
    together = frozenset(one.item_id for one in wanted)
    fresh = {one.item_id: _judge_now(parts, actor, one) for one in wanted}
    with parts.database.writing() as session:
        done = []
        refused: dict[str, NotConforming] = {}
        for one in wanted:
            item, version, record = load_for_change(
                session, actor, Action.PUBLISH, one.item_id, expected=one.expected, n=one.n
            )
            check_can_publish(record.state)
            digest, judgement = fresh[one.item_id]
            if digest != record.digest:  # changed meanwhile although If-Match said "*"
                judgement = judge_stored(
                    parts, record.ntriples, item.id, _file_names(session, version)
                )
            judged = with_record(
                session,
                judgement,
                files=_file_names(session, version),
                public=visibility in METADATA_ARE_PUBLIC,
                together=together,
                owner=item.owner_id,
            )
            try:
                require(judged, "publication", id=item.id)
            except NotConforming as fault:
                refused[item.id] = fault
                continue
            keep(session, parts, version, judged)
            make_public(session, parts, item, version, visibility, actor.account, now)
            done.append((item, version))
        if refused:
            raise _all_refused(refused)
        session.flush()
        return tuple(record_of(session, item, version, actor) for item, version in done)


def _judge_now(parts: Parts, actor: Actor, one: Wanted) -> tuple[str, Judgement]:
    """Judge before the transaction, which must not wait for a worker; with the digest judged."""
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, one.item_id, one.n)
        names = tuple(
            session.scalars(
                select(File.name).where(File.item_id == record.id, File.n == record.version)
            )
        )
    return record.digest, judge_stored(parts, record.ntriples, record.id, names)


def _all_refused(refused: dict[str, NotConforming]) -> NotConforming:
    first = next(iter(refused.values()))
    reports = {item_id: {"report": dict(fault.report)} for item_id, fault in refused.items()}
    return NotConforming(first.detail, first.report, id=next(iter(refused)), items=reports)


def make_public(
    session: Session,
    parts: Parts,
    item: Item,
    version: Version,
    visibility: Visibility,
    account: int | None,
    now: datetime,
) -> None:
    """Freeze a version that was judged, in the caller's transaction."""
    version.state = State.PUBLISHED.value
    version.visibility = visibility.value
    version.state_changes += 1
    version.published = now
    version.modified = now
    version.filled_in = filled_in_for(
        version.ntriples,
        item_id=item.id,
        version=version.n,
        created=_first_publication(session, item) or now,
        issued=now,
        house=parts.settings.house,
    )
    if visibility in METADATA_ARE_PUBLIC:
        item.was_public = True
        outbox.ask(session, outbox.GRAPH, item.id, now=now)
    note(
        session,
        Happened.PUBLISHED,
        item.id,
        version.n,
        account=account,
        now=now,
        visibility=visibility.value,
    )


def _first_publication(session: Session, item: Item) -> datetime | None:
    return session.scalar(
        select(Version.published)
        .where(Version.item_id == item.id, Version.published.is_not(None))
        .order_by(Version.n)
        .limit(1)
    )


def _file_names(session: Session, version: Version) -> tuple[str, ...]:
    return tuple(
        session.scalars(
            select(File.name).where(File.item_id == version.item_id, File.n == version.n)
        )
    )


def change_visibility(
    parts: Parts,
    actor: Actor,
    wanted: Wanted,
    visibility: Visibility,
    *,
    now: datetime,
) -> ItemRecord:
    """Change who sees what is published; it can be widened, never hidden again."""
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.PUBLISH, wanted.item_id, expected=wanted.expected, n=wanted.n
        )
        check_visibility_change(record.state, record.visibility, visibility)
        if visibility is not record.visibility:
            version.visibility = visibility.value
            version.state_changes += 1
            version.modified = now
            if visibility in METADATA_ARE_PUBLIC:
                item.was_public = True
            outbox.ask(session, outbox.GRAPH, item.id, now=now)
            note(
                session,
                Happened.VISIBILITY_CHANGED,
                item.id,
                version.n,
                account=actor.account,
                now=now,
                visibility=visibility.value,
            )
        session.flush()
        return record_of(session, item, version, actor)
