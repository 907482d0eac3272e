"""Which addresses the newest description of each version names, as rows that follow it."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from catalog.domain.description import statements_of
from catalog.domain.sources import addresses_in
from catalog.parts import Parts
from catalog.services.index_stored import index_stored
from catalog.tables import SourceAddress, Version

_KEPT = "source-addresses"
"""Name of the fact that descriptions stored before this was kept have their rows."""


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
    return index_stored(parts, _KEPT, keep_addresses)
