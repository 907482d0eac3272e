"""Which concepts of the vocabularies items cite, and how often, counted up the hierarchy."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import RECORD
from catalog.domain.permissions import ANYONE
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.find import newest_listed
from catalog.services.index_stored import index_stored
from catalog.services.readiness import USES
from catalog.services.visible import listed_to
from catalog.tables import Item, TermUse, Version

_OBJECT = re.compile(r" <([^>]*)> \.$", re.MULTILINE)
_LONGEST = 512


def keep_uses(session: Session, library: Library, version: Version) -> None:
    """Make the kept uses of a version equal to what its description cites."""
    session.execute(
        delete(TermUse).where(TermUse.item_id == version.item_id, TermUse.n == version.n)
    )
    session.add_all(
        TermUse(item_id=version.item_id, n=version.n, term=term, scheme=scheme)
        for term, scheme in terms_cited(library, version.ntriples).items()
    )


def terms_cited(library: Library, ntriples: str) -> dict[str, str]:
    """Return the concepts that a description cites, each with the name of its vocabulary."""
    vocabularies = library.vocabularies
    found = {}
    for term in dict.fromkeys(_OBJECT.findall(ntriples)):
        if term.startswith(RECORD) or len(term) > _LONGEST:
            continue
        if (scheme := vocabularies.scheme_of(term)) and vocabularies.row(term) is not None:
            found[term] = scheme
    return found


def index_uses(parts: Parts) -> int:
    """Keep the uses of descriptions that were stored before uses were; return of how many.

    It does nothing once that is done; interrupted, it begins anew.
    """

    def keep(session: Session, version: Version) -> None:
        keep_uses(session, parts.library, version)

    return index_stored(parts, USES, keep)


@dataclass(frozen=True, slots=True)
class Uses:
    """How many public items cite each concept of a vocabulary.

    itself    IRI to the number of items that cite just that concept
    together  the same with all that is narrower, each item counted once
    """

    itself: Mapping[str, int] = field(default_factory=dict)
    together: Mapping[str, int] = field(default_factory=dict)


def uses_in(parts: Parts, scheme: str) -> Uses:
    """Return the uses of every concept of a vocabulary, as they were at most some seconds ago."""
    key = (parts.settings.data, parts.library.version, scheme)
    kept = _KEPT.get(key)
    if kept is not None and time.monotonic() - kept[0] < _KEPT_SECONDS:
        return kept[1]
    counted = _counted(parts, scheme)
    with _LOCK:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = (time.monotonic(), counted)
    return counted


_KEPT: dict[tuple[object, ...], tuple[float, Uses]] = {}
_KEPT_SECONDS = 5.0
_MOST_KEPT = 500
_LOCK = Lock()


def _counted(parts: Parts, scheme: str) -> Uses:
    """Count; what lies below in other vocabularies counts for what is above it here."""
    thesaurus = parts.library.thesaurus
    found = parts.library.vocabularies.scheme(scheme)
    below = {iri: thesaurus.narrower_transitive(iri) for iri in found.concepts} if found else {}
    schemes = {scheme, *(_scheme(parts, one) for terms in below.values() for one in terms)}
    items: dict[str, set[str]] = {}
    with parts.database.reading() as session:
        rows = session.execute(
            select(TermUse.term, TermUse.item_id)
            .join(Version, and_(Version.item_id == TermUse.item_id, Version.n == TermUse.n))
            .join(Item, Item.id == TermUse.item_id)
            .where(TermUse.scheme.in_(schemes), listed_to(ANYONE), newest_listed(ANYONE))
        )
        for term, item_id in rows:
            items.setdefault(term, set()).add(item_id)
    together = {}
    for iri, narrower in below.items():
        sets = [items[one] for one in (iri, *narrower) if one in items]
        if sets:
            together[iri] = len(set().union(*sets))
    return Uses({iri: len(items[iri]) for iri in below if iri in items}, together)


def _scheme(parts: Parts, iri: str) -> str:
    return parts.library.vocabularies.scheme_of(iri) or ""
