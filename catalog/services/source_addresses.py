"""Which addresses the newest description of each version names, as rows that follow it."""

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from catalog.domain.description import statements_of
from catalog.domain.sources import addresses_in
from catalog.parts import Parts
from catalog.services.readiness import set_fact
from catalog.tables import Fact, SourceAddress, Version

_KEPT = "source-addresses"
"""Name of the fact that descriptions stored before this was kept have their rows."""

_AT_ONCE = 500


def keep_addresses(session: Session, version: Version) -> None:
    """Make the kept addresses of a version equal to those that its description names."""
    of_version = (SourceAddress.item_id == version.item_id, SourceAddress.n == version.n)
    session.execute(delete(SourceAddress).where(*of_version))
    session.add_all(
        SourceAddress(item_id=version.item_id, n=version.n, address=address)
        for address in addresses_in(statements_of(version.ntriples))
    )


def index_addresses(parts: Parts) -> int:
    """Keep the addresses of descriptions that were stored before; return of how many.

    It does nothing once that is done; interrupted, it begins anew.
    """
    with parts.database.reading() as session:
        if session.get(Fact, _KEPT) is not None:
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
                keep_addresses(session, version)
            if not versions:
                set_fact(session, _KEPT, "kept")
                return done
        done += len(versions)
        after = (versions[-1].item_id, versions[-1].n)
