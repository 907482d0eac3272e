"""Which files the verdict on a description depends on: those it speaks of, and one of the others.

An item may have 100,000 files, and shapes ask whether there are any and what is said about those
that a person describes; so a verdict is the same whichever of the others are named, and how many.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import folded, item_iri, unquoted
from catalog.tables import File

_AT_ONCE = 500


def mentioned(ntriples: str, item_id: str) -> frozenset[str]:
    """Return the names of the files that a stored description makes statements about."""
    subject = re.escape(f"<{item_iri(item_id)}#file/")
    found = re.findall(f"^{subject}([^>]*)> ", ntriples, re.MULTILINE)
    return frozenset(map(unquoted, found))


def names_that_matter(
    session: Session, item_id: str, n: int, ntriples: str, without: str | None = None
) -> tuple[str, ...]:
    """Return those names of files of a version on which the verdict on a description depends.

    without  a file that is as if it were not there
    """
    first = session.scalar(
        select(File.name)
        .where(File.item_id == item_id, File.n == n, File.name != (without or ""))
        .order_by(File.folded)
        .limit(1)
    )
    there = names_there(session, item_id, n, mentioned(ntriples, item_id)) - {without}
    return tuple(sorted({*there, *([first] if first is not None else [])}))


def names_there(session: Session, item_id: str, n: int, names: Iterable[str]) -> frozenset[str]:
    """Return those of the names that files of a version have."""
    found: set[str] = set()
    wanted = sorted(names)
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        rows = session.scalars(
            select(File.name).where(
                File.item_id == item_id, File.n == n, File.folded.in_(map(folded, some))
            )
        )
        found.update(rows)
    return frozenset(found & set(wanted))
