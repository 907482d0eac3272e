"""Loading the real items that come with the catalog, published, into a new data folder."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

import pyoxigraph as ox
from sqlalchemy import select

from catalog.domain.errors import Taken
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import Actor
from catalog.domain.writing import DCT
from catalog.parts import Parts
from catalog.services.publish import Wanted, publish
from catalog.services.readiness import SAMPLES, set_fact
from catalog.services.submit import Submission, submit
from catalog.tables import Fact, Version

TURTLE = "text/turtle"
_NOBODY = item_iri("0000000000")


class BadSample(Exception):
    """A sample file does not say which item it describes."""


def wanted(parts: Parts, *, is_new: bool) -> bool:
    """Tell whether samples are to be loaded: into a new folder, or to finish what was begun."""
    with parts.database.writing() as session:
        fact = session.get(Fact, SAMPLES)
        if fact is None:
            set_fact(session, SAMPLES, "loading" if is_new else "none")
            return is_new
        return fact.value == "loading"


def load_samples(
    parts: Parts,
    actor: Actor,
    sources: Iterable[bytes],
    *,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Submit what is not there yet, publish all of it together, and return how many there are.

    sources   Turtle files, each with the item's id as its dct:identifier
    progress  told after each item how many of how many are done
    """
    files = {sample_id(source): source for source in sources}
    for done, (item_id, source) in enumerate(files.items(), 1):
        with suppress(Taken):  # an earlier load was interrupted after this one
            submit(parts, actor, Submission(source, TURTLE, item_id=item_id), now=now)
        if progress is not None:
            progress(done, len(files))
    publish_samples(parts, actor, files, now=now)
    with parts.database.writing() as session:
        set_fact(session, SAMPLES, "loaded")
    return len(files)


def publish_samples(
    parts: Parts, actor: Actor, ids: Iterable[str], *, now: datetime
) -> tuple[str, ...]:
    """Publish those of the items that are drafts, in one transaction; return their ids."""
    with parts.database.reading() as session:
        drafts = session.scalars(
            select(Version.item_id)
            .where(Version.item_id.in_(list(ids)), Version.state == State.DRAFT.value)
            .order_by(Version.item_id)
        ).all()
    if drafts:
        anything = frozenset("*")
        publish(parts, actor, [Wanted(one, anything) for one in drafts], Visibility.PUBLIC, now=now)
    return tuple(drafts)


def sample_id(source: bytes) -> str:
    """Return the id that a sample file gives its item."""
    for triple in ox.parse(source, format=ox.RdfFormat.TURTLE, base_iri=_NOBODY):
        if str(triple.subject) == f"<{_NOBODY}>" and triple.predicate.value == f"{DCT}identifier":
            return str(getattr(triple.object, "value", ""))
    raise BadSample("a sample names its item by dct:identifier")
