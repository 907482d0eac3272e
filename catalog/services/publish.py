"""Publishing drafts, one or several in one transaction, and changing what is seen afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    MovedOn,
    NotConforming,
    NotFound,
    Unauthenticated,
)
from catalog.domain.lifecycle import (
    METADATA_ARE_PUBLIC,
    Showing,
    State,
    Visibility,
    check_can_publish,
    check_visibility_change,
    showing,
)
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import Dois, ItemRecord
from catalog.domain.report import Finding, Report
from catalog.domain.validation import Judgement
from catalog.domain.writing import filled_in_for
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.citations import findings_on_references
from catalog.services.dois import gets_doi
from catalog.services.history import Happened, note
from catalog.services.judging import Judged, judge_stored, keep, require, with_record
from catalog.services.loading import check_stage, load, load_for_change, record_of
from catalog.services.mentions import names_that_matter
from catalog.services.registrable import findings_on_registration
from catalog.services.reserve import reserve
from catalog.tables import Citation, Item, Version


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item to publish, and the stages at which the caller expects it (`If-Match`)."""

    item_id: str
    expected: frozenset[str] | None
    n: int | None = None


def publish(
    parts: Parts,
    actor: Actor,
    wanted: Sequence[Wanted],
    visibility: Visibility,
    *,
    now: datetime,
    until: datetime | None = None,
    publish_at: datetime | None = None,
) -> tuple[ItemRecord, ...]:
    """Publish all of `wanted` or none; references among them count as published.

    until       when the embargo on their files ends, for what is embargoed
    publish_at  when they become public by themselves, for what is private or shared

    Each is judged again by today's shapes at publication level, and by what the registrar of DOIs
    takes. One that is published already, and has not got the DOI that is its due, gets it. Raises
    what changing an item raises, NotAcceptable for dates that do not go with the visibility,
    WrongState for what is no draft, and NotConforming whose evidence `items` holds state and report
    of each item. For all but the first, what the caller may not publish is not there.
    """
    seen_by = showing(visibility, until=until, publish_at=publish_at, now=now)
    together = frozenset(one.item_id for one in wanted)
    fresh = []
    for one in wanted:
        with _about(one, wanted[0]):
            fresh.append(_judge_now(parts, actor, one, seen_by, now))
    with parts.database.writing() as session:
        done: list[_Ready] = []
        for one, seen in zip(wanted, fresh, strict=True):
            with _about(one, wanted[0]):
                done.append(_lock(session, parts, actor, one, seen, visibility, together))
        if any(not ready.judged.report.conforms_at("publication") for ready in done):
            raise _refused(done)
        for ready in done:
            if ready.version.state == State.PUBLISHED.value:
                _ask_for_doi(session, parts, ready.version, actor.account, now)
                continue
            keep(session, parts, ready.version, ready.judged)
            make_public(session, parts, ready.item, ready.version, seen_by, actor.account, now)
        session.flush()
        return tuple(record_of(session, ready.item, ready.version, actor) for ready in done)


class _Seen(NamedTuple):
    """A judgement, and the stage of the item at which it was made."""

    stage: str
    judgement: Judgement


class _Ready(NamedTuple):
    """An item to publish: its rows, locked, and what is to be said of it."""

    item: Item
    version: Version
    judged: Judged
    dois: Dois


@contextmanager
def _about(one: Wanted, first: Wanted) -> Iterator[None]:
    """Have an error about one of several items name it."""
    try:
        yield
    except (NotFound, Unauthenticated, Forbidden):
        if one is first:
            raise
        told = f"There is no item {one.item_id} that you may publish."
        raise NotFound(told, id=one.item_id) from None
    except CatalogError as fault:
        fault.evidence.setdefault("id", one.item_id)
        raise


def _judge_now(parts: Parts, actor: Actor, one: Wanted, seen_by: Showing, now: datetime) -> _Seen:
    """Judge before the transaction, which must not wait for a worker."""
    with parts.database.reading() as session:
        record = load(session, actor, Action.PUBLISH, one.item_id, one.n)
        check_stage(record, one.expected)
        if not _lacks_doi(parts, record):
            check_can_publish(record.state)
        names = names_that_matter(session, record.id, record.version, record.ntriples)
        faults: tuple[Finding, ...] = ()
        if seen_by.visibility in METADATA_ARE_PUBLIC:
            shown = replace(record, visibility=seen_by.visibility, until=seen_by.until)
            faults = findings_on_registration(session, parts, shown, now=now)
    judgement = judge_stored(parts, record.ntriples, record.id, names)
    if faults:
        judgement = replace(judgement, report=judgement.report.plus(faults))
    return _Seen(record.stage, judgement)


def _lacks_doi(parts: Parts, record: ItemRecord) -> bool:
    """Tell whether a version is published for everybody and has not got the DOI that is its due."""
    return (
        record.state is State.PUBLISHED
        and record.visibility in METADATA_ARE_PUBLIC
        and record.dois.version is None
        and gets_doi(parts, record.type)
    )


def _lock(
    session: Session,
    parts: Parts,
    actor: Actor,
    one: Wanted,
    seen: _Seen,
    visibility: Visibility,
    together: frozenset[str],
) -> _Ready:
    item, version, record = load_for_change(
        session, actor, Action.PUBLISH, one.item_id, expected=one.expected, n=one.n
    )
    if not _lacks_doi(parts, record):
        check_can_publish(record.state)
    if record.stage != seen.stage:  # `If-Match` said "*"
        raise MovedOn("The item was changed at this moment; repeat your request.")
    judged = with_record(
        session,
        seen.judgement,
        files=names_that_matter(session, item.id, version.n, version.ntriples),
        public=visibility in METADATA_ARE_PUBLIC,
        together=together,
        owner=item.owner_id,
        version=(item.id, version.n),
    )
    return _Ready(item, version, judged, record.dois)


def _refused(done: Sequence[_Ready]) -> NotConforming:
    """Return the error for items of which some do not conform; it tells about all of them."""
    faults = {}
    for ready in done:
        try:
            require(ready.judged, "publication")
        except NotConforming as fault:
            faults[ready.item.id] = fault
    first_id, first = next(iter(faults.items()))
    detail = first.detail
    if len(done) > 1:
        detail = f"{len(faults)} of {len(done)} descriptions do not conform: {', '.join(faults)}."
    items = {
        ready.item.id: {
            "state": ready.version.state,
            "doi": ready.dois.to_dict(),
            "report": ready.judged.report.to_dict(),
        }
        for ready in done
    }
    return NotConforming(detail, first.report, id=first_id, items=items)


def make_public(
    session: Session,
    parts: Parts,
    item: Item,
    version: Version,
    seen_by: Showing,
    account: int | None,
    now: datetime,
) -> None:
    """Freeze a version that was judged, in the caller's transaction."""
    version.state = State.PUBLISHED.value
    version.published = now
    version.filled_in = filled_in_for(
        version.ntriples,
        item_id=item.id,
        version=version.n,
        created=_first_publication(session, item) or now,
        issued=now,
        house=parts.settings.house,
    )
    _show(session, parts, version, seen_by, Happened.PUBLISHED, account, now)


def show(
    session: Session,
    parts: Parts,
    version: Version,
    seen_by: Showing,
    account: int | None,
    now: datetime,
    **detail: Any,
) -> None:
    """Let others see what is published, in the caller's transaction; whether they may is settled.

    account  of who does it; None where it happens by itself, as `detail` says
    """
    if seen_by.visibility is Visibility.PUBLIC and version.visibility == Visibility.EMBARGOED.value:
        ended = min(version.until or now, now.replace(microsecond=0))
        seen_by = replace(seen_by, until=ended)  # since then the files can be had
    _show(session, parts, version, seen_by, Happened.VISIBILITY_CHANGED, account, now, **detail)


def _show(
    session: Session,
    parts: Parts,
    version: Version,
    seen_by: Showing,
    kind: Happened,
    account: int | None,
    now: datetime,
    **detail: Any,
) -> None:
    version.visibility = seen_by.visibility.value
    version.until = seen_by.until
    version.publish_at = seen_by.publish_at
    version.next_try = version.delay = None
    version.state_changes += 1
    version.modified = now
    session.flush()
    if seen_by.visibility in METADATA_ARE_PUBLIC:
        outbox.ask(session, outbox.GRAPH, version.item_id, now=now)
        _ask_for_doi(session, parts, version, account, now)
        _try_those_that_cite(session, version.item_id)
    note(
        session,
        kind,
        version.item_id,
        version.n,
        account=account,
        now=now,
        visibility=seen_by.visibility.value,
        **_dates(seen_by),
        **detail,
    )


def _dates(seen_by: Showing) -> dict[str, str]:
    dates = {"publish_at": seen_by.publish_at}
    if seen_by.visibility is Visibility.EMBARGOED:
        dates["until"] = seen_by.until
    return {name: at.isoformat() for name, at in dates.items() if at is not None}


def _try_those_that_cite(session: Session, item_id: str) -> None:
    """Have what was to become public, and may have waited for this item, be tried again now."""
    citing = select(Citation.item_id).where(Citation.cited == item_id)
    session.execute(
        update(Version)
        .where(Version.next_try.is_not(None), Version.item_id.in_(citing))
        .values(next_try=None)
        .execution_options(synchronize_session=False)
    )


def _ask_for_doi(
    session: Session, parts: Parts, version: Version, account: int | None, now: datetime
) -> None:
    """Give a version that everybody sees its DOI: written down here, registered by the relay."""
    if gets_doi(parts, version.type):
        reserve(session, parts, version, account=account, now=now)
        outbox.ask(session, outbox.DOI, version.item_id, now=now)


def _first_publication(session: Session, item: Item) -> datetime | None:
    return session.scalar(
        select(Version.published)
        .where(Version.item_id == item.id, Version.published.is_not(None))
        .order_by(Version.n)
        .limit(1)
    )


def change_visibility(
    parts: Parts,
    actor: Actor,
    wanted: Wanted,
    visibility: Visibility,
    *,
    now: datetime,
    until: datetime | None = None,
    publish_at: datetime | None = None,
) -> ItemRecord:
    """Change who sees what is published; it can be widened, never hidden again.

    Dates that are not said are no longer set. Raises NotAcceptable for dates that do not go with
    the visibility, WrongState where something would be taken back, and NotConforming where it is
    to be public and cites what is not.
    """
    seen_by = showing(visibility, until=until, publish_at=publish_at, now=now)
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.PUBLISH, wanted.item_id, expected=wanted.expected, n=wanted.n
        )
        before = Showing(record.visibility, record.until, record.publish_at)
        check_visibility_change(record.state, before, seen_by)
        if _is_the_same(before, seen_by):
            return record
        if visibility in METADATA_ARE_PUBLIC and record.visibility not in METADATA_ARE_PUBLIC:
            shown = replace(record, visibility=visibility, until=seen_by.until)
            _check_can_be_seen(session, parts, version, shown, now)
        show(session, parts, version, seen_by, actor.account, now)
        session.flush()
        return record_of(session, item, version, actor)


def _is_the_same(before: Showing, after: Showing) -> bool:
    """Tell whether nothing changes: of what is no longer embargoed, the old date stays."""
    if before.visibility is not Visibility.EMBARGOED:
        before = replace(before, until=None)
    return before == after


def _check_can_be_seen(
    session: Session, parts: Parts, version: Version, record: ItemRecord, now: datetime
) -> None:
    """Refuse to show everybody what points to items that not everybody may open, and what could
    not get its DOI."""
    faults = findings_on_registration(session, parts, record, now=now)
    if faults:
        report = replace(Report.from_dict(record.report).plus(faults), level="publication")
        raise NotConforming("The registrar of DOIs would refuse the item.", report.to_dict())
    cited = session.scalars(
        select(Citation.cited).where(Citation.item_id == version.item_id, Citation.n == version.n)
    ).all()
    found = findings_on_references(session, cited)
    if found:
        report = Report.from_dict(record.report).plus(found)
        raise NotConforming(
            "The item cites others that are not published; publish them first.",
            replace(report, level="publication").to_dict(),
        )
