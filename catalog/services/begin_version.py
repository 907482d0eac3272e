"""Beginning the next version of a published item: a draft that says what was published last."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from catalog.domain.errors import MovedOn
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State, check_can_begin_version
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.history import Happened, note
from catalog.services.judging import Judged, judge_stored, keep, revision_of, with_record
from catalog.services.loading import check_stage, load, load_for_change, record_of
from catalog.services.mentions import names_that_matter
from catalog.services.once import Repeatable, made_before, remember
from catalog.tables import File, Item, Version


def begin_version(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    expected: frozenset[str] | None,
    now: datetime,
    once: str | None = None,
) -> ItemRecord:
    """Return a draft of the next version, with the description and the files of the newest one.

    What was published stays as it is, and stays what others see. The draft is judged by today's
    shapes and begun whatever they say, since it is where a description is put right; the files
    are the same bytes, kept once.

    expected  the stages of the newest version that `If-Match` names; "*" means any
    once      the text of `Idempotency-Key`: the same key gives the same draft for a day

    Raises what changing an item raises, and WrongState where nothing is published yet or a draft
    of the next version is open already.
    """
    request = Repeatable(require_account(actor, Action.WRITE), once, _fingerprint(item_id))
    with parts.database.reading() as session:
        if made_before(session, request, now=now) is not None:
            return load(session, actor, Action.WRITE, item_id)
        before = load(session, actor, Action.WRITE, item_id)
        check_stage(before, expected)
        _check_none_is_open(session, before)
        names = names_that_matter(session, item_id, before.version, before.ntriples)
    judgement = judge_stored(parts, before.ntriples, item_id, names)
    with parts.database.writing() as session:
        item, _, record = load_for_change(session, actor, Action.WRITE, item_id, expected=expected)
        _check_none_is_open(session, record)
        if record.stage != before.stage:  # `If-Match` said "*"
            raise MovedOn("The item was changed at this moment; repeat your request.")
        judged = with_record(
            session,
            judgement,
            files=names,
            public=record.visibility in METADATA_ARE_PUBLIC,
            owner=item.owner_id,
            version=(item.id, item.newest + 1),
        )
        draft = _begun(session, parts, item, record, judged, actor, now)
        remember(session, request, item_id, now=now)
        session.flush()
        return record_of(session, item, draft, actor)


def _fingerprint(item_id: str) -> str:
    return sha256(f"version\n{item_id}".encode("utf-8", "surrogatepass")).hexdigest()


def _check_none_is_open(session: Session, record: ItemRecord) -> None:
    """Raise WrongState unless the newest version is published and no draft is beside it.

    The draft may be one that the actor does not see.
    """
    is_open = session.scalar(
        select(Version.n)
        .where(Version.item_id == record.id, Version.state == State.DRAFT.value)
        .limit(1)
    )
    check_can_begin_version(record.state, is_open)


def _begun(
    session: Session,
    parts: Parts,
    item: Item,
    newest: ItemRecord,
    judged: Judged,
    actor: Actor,
    now: datetime,
) -> Version:
    item.newest += 1
    draft = Version(
        item_id=item.id,
        n=item.newest,
        state=State.DRAFT.value,
        visibility=newest.visibility.value,
        revision=1,
        file_changes=0,
        files_total=newest.files_total,
        state_changes=0,
        filled_in="",
        created=now,
        modified=now,
    )
    session.add(draft)
    keep(session, parts, draft, judged)
    session.add(revision_of(draft, account=actor.account, now=now))
    _carry_over_files(session, item.id, newest.version, draft.n)
    note(
        session,
        Happened.BEGUN,
        item.id,
        draft.n,
        account=actor.account,
        now=now,
        previous=newest.version,
        digest=draft.digest,
    )
    return draft


def _carry_over_files(session: Session, item_id: str, old: int, new: int) -> None:
    """Give the new version every file of the old one: rows of its own over the same bytes."""
    columns = [column.name for column in File.__table__.columns]
    values = [literal(new) if name == "n" else getattr(File, name) for name in columns]
    of_old = select(*values).where(File.item_id == item_id, File.n == old)
    session.flush()
    session.execute(insert(File).from_select(columns, of_old, include_defaults=False))
