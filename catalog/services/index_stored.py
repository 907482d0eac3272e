"""Keeping what is derived from descriptions for those that were stored before it was kept."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from catalog.parts import Parts
from catalog.services.readiness import set_fact
from catalog.tables import Fact, Version

_AT_ONCE: Final = 500


def index_stored(parts: Parts, fact: str, keep: Callable[[Session, Version], None]) -> int:
    """Keep it for every version, a page in a transaction; return for how many.

    fact  the name of the fact by which it is known that this is done; then it does nothing
    keep  keeps it for one version, however often it is asked: interrupted, all begins anew
    """
    with parts.database.reading() as session:
        if session.get(Fact, fact) is not None:
            return 0
    done, after = 0, ("", 0)
    while True:
        with parts.database.writing() as session:
            versions = session.scalars(
                select(Version)
                .where(tuple_(Version.item_id, Version.n) > after)
                .order_by(Version.item_id, Version.n)
                .limit(_AT_ONCE)
            ).all()
            for version in versions:
                keep(session, version)
            if not versions:
                set_fact(session, fact, "kept")
                return done
        done += len(versions)
        after = (versions[-1].item_id, versions[-1].n)
