"""Submitting a new item: judge, keep, announce."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.domain.errors import Forbidden, NotAcceptable, Taken
from catalog.domain.identifiers import draw_id, is_id
from catalog.domain.lifecycle import Showing, State, Visibility
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.history import Happened, note
from catalog.services.judging import Judged, judge_source, keep, require, revision_of, with_record
from catalog.services.loading import load, record_of
from catalog.services.once import Repeatable, made_before, remember
from catalog.services.publish import make_public
from catalog.services.registrable import findings_on_registration
from catalog.tables import Item, Version


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody sends: the bytes, what they claim to be, and how to treat them.

    publish   publish at once, or keep nothing
    item_id   the id to give; administrators only
    once      the text of `Idempotency-Key`: the same key gives the same item for a day
    """

    source: bytes
    media_type: str
    publish: bool = False
    item_id: str | None = None
    once: str | None = None

    @property
    def fingerprint(self) -> str:
        """A digest by which a repeated request is known to be the same."""
        said = f"{self.media_type}\n{self.publish}\n{self.item_id}\n".encode()
        return hashlib.sha256(said + self.source).hexdigest()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The item as it was kept; `repeated` where the key had been used for it before."""

    record: ItemRecord
    repeated: bool = False


def submit(parts: Parts, actor: Actor, submission: Submission, *, now: datetime) -> Submitted:
    """Keep a new item, as a draft or published.

    Raises Unauthenticated, Unreadable, NotAcceptable and its kin, NotConforming with the report
    where the description blocks at the level asked for, Taken where the id is in use. Whatever
    is raised, nothing is kept.
    """
    account = require_account(actor, Action.CREATE)
    request = Repeatable(account, submission.once, submission.fingerprint)
    item_id = _chosen_id(actor, submission.item_id)
    if (known := _answered_before(parts, actor, request, now)) is not None:
        return known
    judgement = judge_source(parts, submission.source, submission.media_type, item_id)
    try:
        with parts.database.writing() as session:
            judged = with_record(session, judgement, files=(), owner=account)
            require(judged, "publication" if submission.publish else "draft")
            item, version = begin(session, parts, account, item_id, judged, now)
            remember(session, request, item_id, now=now)
            if submission.publish:
                _check_registrable(session, parts, item, version, judged, actor, now)
                seen_by = Showing(Visibility.PUBLIC)
                make_public(session, parts, item, version, seen_by, account, now)
            n = version.n
    except IntegrityError:  # another request was first with the key, or with the id
        if (known := _answered_before(parts, actor, request, now)) is not None:
            return known
        if submission.item_id is not None:
            raise Taken(f"The id {submission.item_id} is in use.") from None
        return submit(parts, actor, submission, now=now)  # draws another id
    # Read after the transaction: others wait for the one who writes.
    with parts.database.reading() as session:
        item, version = session.get_one(Item, item_id), session.get_one(Version, (item_id, n))
        return Submitted(record_of(session, item, version, actor))


def _chosen_id(actor: Actor, wanted: str | None) -> str:
    if wanted is None:
        return draw_id()
    if not actor.is_admin:
        raise Forbidden("Only an administrator chooses the id of an item.")
    if not is_id(wanted):
        raise NotAcceptable(f"{wanted} is not an item id: its check character does not fit.")
    return wanted


def begin(
    session: Session, parts: Parts, account: int, item_id: str, judged: Judged, now: datetime
) -> tuple[Item, Version]:
    """Keep a judged description as the draft of a new item, in the caller's transaction."""
    item = Item(id=item_id, owner_id=account, created=now, newest=1)
    session.add(item)
    session.flush()
    version = Version(
        item_id=item_id,
        n=1,
        state=State.DRAFT.value,
        visibility=Visibility.PUBLIC.value,
        revision=1,
        file_changes=0,
        state_changes=0,
        filled_in="",
        created=now,
        modified=now,
    )
    session.add(version)
    keep(session, parts, version, judged)
    session.add(revision_of(version, account=account, now=now))
    note(session, Happened.SUBMITTED, item_id, 1, account=account, now=now, digest=version.digest)
    return item, version


def _check_registrable(
    session: Session,
    parts: Parts,
    item: Item,
    version: Version,
    judged: Judged,
    actor: Actor,
    now: datetime,
) -> None:
    """Raise NotConforming where the registrar of DOIs would refuse the item."""
    record = record_of(session, item, version, actor)
    faults = findings_on_registration(session, parts, record, now=now)
    require(replace(judged, report=judged.report.plus(faults)), "publication")


def _answered_before(
    parts: Parts, actor: Actor, request: Repeatable, now: datetime
) -> Submitted | None:
    """Return what this request was answered before, under the same key; None if it was not.

    Raises NotAcceptable where the key was used for something else, Gone where that was withdrawn.
    """
    with parts.database.reading() as session:
        item_id = made_before(session, request, now=now)
        if item_id is None:
            return None
        return Submitted(load(session, actor, Action.WRITE, item_id), repeated=True)
