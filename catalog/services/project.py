"""What the public graph holds: which graphs there are, and what each of them says now.

One graph an item, named by the item's IRI, with its newest public version; one a scheme, named by
the scheme's IRI; one for ontology and shapes, named `https://w3id.org/sage/ns`. Nothing else.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox
from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import SAGE, VOCAB, item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import ANYONE
from catalog.domain.record import Dois, FileRecord, ItemRecord, VersionName
from catalog.domain.writing import FILES_AS_DISTRIBUTIONS, public_graph
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.dois import ALL_VERSIONS, dois_in
from catalog.services.loading import deprecation_of, file_of
from catalog.services.references import references_among
from catalog.services.visible import listed_to
from catalog.tables import Account, Doi, File, Item, Version

ONTOLOGY = SAGE.rstrip("#")
"""The name of the graph of ontology and shapes."""

ITEMS_AT_ONCE = 200
"""How many items are read from the record, and shown, in one go."""


@dataclass(frozen=True, slots=True)
class Projected:
    """What the graph should hold of some items.

    graphs    item id to N-Triples; None for what is not public
    problems  item id to a sentence, for what could not be written
    """

    graphs: dict[str, str | None] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def graph_name(parts: Parts, item_id: str) -> str:
    """Return the name of the graph of an item, under today's base."""
    return item_iri(item_id, parts.settings.base)


def project(session: Session, parts: Parts, item_ids: Collection[str]) -> Projected:
    """Return what the graph should hold of each of these items now."""
    found = Projected(dict.fromkeys(item_ids))
    for record in public_records(session, item_ids):
        try:
            found.graphs[record.id] = _graph_of(parts, record)
        except Exception as fault:  # noqa: BLE001 - one bad item must not hold up the others
            del found.graphs[record.id]
            found.problems[record.id] = f"{type(fault).__name__}: {fault}"
    return found


def public_ids(session: Session, after: str, limit: int = ITEMS_AT_ONCE) -> Sequence[str]:
    """Return the ids of public items that sort behind `after`, in order."""
    return session.scalars(
        select(Version.item_id)
        .join(Item, Item.id == Version.item_id)
        .where(Version.item_id > after, listed_to(ANYONE))
        .distinct()
        .order_by(Version.item_id)
        .limit(limit)
    ).all()


def public_pages(parts: Parts) -> Iterator[Sequence[str]]:
    """Go through the ids of all public items, in order, each page as the record has it then."""
    after = ""
    while True:
        with parts.database.reading() as session:
            ids = public_ids(session, after)
        if not ids:
            return
        yield ids
        after = ids[-1]


def public_among(session: Session, item_ids: Collection[str]) -> set[str]:
    """Return those of the ids that belong to public items."""
    return set(
        session.scalars(
            select(Version.item_id)
            .join(Item, Item.id == Version.item_id)
            .where(Version.item_id.in_(item_ids), listed_to(ANYONE))
        )
    )


def count_public(session: Session) -> int:
    """Return how many items are public."""
    return (
        session.scalar(
            select(func.count(Version.item_id.distinct()))
            .join(Item, Item.id == Version.item_id)
            .where(listed_to(ANYONE))
        )
        or 0
    )


def library_graphs(library: Library) -> Iterator[tuple[str, str]]:
    """Go through the graphs of the schemes, then that of ontology and shapes, as N-Triples.

    Blank nodes are numbered in the order of the text, so that the same files give the same graph.
    """
    shapes: list[str] = []
    for name, turtle in library.files.items():
        kind, _, short = name.partition("/")
        if kind == "vocab":
            yield f"{VOCAB}{short}", "".join(sorted(_lines(short, turtle)))
        else:
            shapes.extend(_lines(short, turtle))
    if shapes:
        yield ONTOLOGY, "".join(sorted(set(shapes)))


def _graph_of(parts: Parts, record: ItemRecord) -> str:
    return public_graph(record, parts.library.vocabularies, parts.settings.house)


def public_records(session: Session, item_ids: Collection[str]) -> Iterator[ItemRecord]:
    """Yield the newest public version of each item that has one, with what its graph depends on.

    Some fields that only a caller's view needs are left empty: five queries for all these items
    instead of seven for each.
    """
    newest = _newest_public(item_ids)
    is_newest = (newest.c.item_id == Version.item_id) & (newest.c.n == Version.n)
    rows = session.execute(
        select(Item, Version, Account.name)
        .join(Version, Version.item_id == Item.id)
        .join(Account, Account.id == Item.owner_id)
        .join(newest, is_newest)
    ).all()
    totals, files = _files(session, newest)
    versions, dois = _public_versions(session, item_ids), _dois(session, newest)
    references = references_among(session, [(item.id, version.n) for item, version, _ in rows])
    for item, version, owner in rows:
        yield ItemRecord(
            id=item.id,
            version=version.n,
            revision=version.revision,
            file_changes=version.file_changes,
            state_changes=version.state_changes,
            type=version.type,
            title=version.title,
            state=State(version.state),
            visibility=Visibility(version.visibility),
            owner_id=item.owner_id,
            owner=owner,
            created=item.created,
            modified=version.modified,
            published=version.published,
            ntriples=version.ntriples,
            digest=version.digest,
            report={},
            filled_in=version.filled_in,
            files=tuple(files.get(item.id, ())),
            files_total=totals.get(item.id, 0),
            versions=tuple(versions.get(item.id, ())),
            dois=dois.get(item.id, Dois()),
            references=references.get((item.id, version.n), ()),
            deprecation=deprecation_of(version.deprecation),
            until=version.until,
        )


def _newest_public(item_ids: Collection[str]) -> Subquery:
    return (
        select(Version.item_id, func.max(Version.n).label("n"))
        .join(Item, Item.id == Version.item_id)
        .where(Version.item_id.in_(item_ids), listed_to(ANYONE))
        .group_by(Version.item_id)
        .subquery()
    )


def _public_versions(session: Session, item_ids: Collection[str]) -> dict[str, list[VersionName]]:
    """Return the versions of each item that everybody sees, by number."""
    rows = session.execute(
        select(Version.item_id, Version.n, Version.state, Version.published, Version.visibility)
        .join(Item, Item.id == Version.item_id)
        .where(Version.item_id.in_(item_ids), listed_to(ANYONE))
        .order_by(Version.item_id, Version.n)
    )
    found: dict[str, list[VersionName]] = {}
    for item_id, n, state, published, visibility in rows:
        named = VersionName(n, State(state), published, Visibility(visibility))
        found.setdefault(item_id, []).append(named)
    return found


def _dois(session: Session, newest: Subquery) -> dict[str, Dois]:
    """Return the DOIs of each item that has some, and of its newest public version."""
    of_newest = (newest.c.item_id == Doi.item_id) & Doi.n.in_((ALL_VERSIONS, newest.c.n))
    rows: dict[tuple[str, int], list[Doi]] = {}
    for doi, n in session.execute(select(Doi, newest.c.n).join(newest, of_newest)):
        rows.setdefault((doi.item_id, n), []).append(doi)
    return {item_id: dois_in(found, n) for (item_id, n), found in rows.items()}


def _files(
    session: Session, newest: Subquery
) -> tuple[dict[str, int], dict[str, list[FileRecord]]]:
    """Return how many files each version has, and the files where each is a distribution."""
    of_newest = (newest.c.item_id == File.item_id) & (newest.c.n == File.n)
    counted = session.execute(
        select(File.item_id, func.count().label("total"))
        .join(newest, of_newest)
        .group_by(File.item_id)
    )
    totals: dict[str, int] = {row.item_id: row.total for row in counted}
    shown = [item_id for item_id, total in totals.items() if total <= FILES_AS_DISTRIBUTIONS]
    files: dict[str, list[FileRecord]] = {}
    for row in session.scalars(
        select(File).join(newest, of_newest).where(File.item_id.in_(shown)).order_by(File.folded)
    ):
        files.setdefault(row.item_id, []).append(file_of(row))
    return totals, files


def _lines(prefix: str, turtle: bytes) -> Iterator[str]:
    """Yield the statements of a file of ours as lines of N-Triples, blank nodes numbered."""
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: object) -> object:
        if not isinstance(term, ox.BlankNode):
            return term
        return names.setdefault(term, ox.BlankNode(f"{prefix}-{len(names)}"))

    for triple in ox.parse(turtle, format=ox.RdfFormat.TURTLE):
        yield f"{named(triple.subject)} {triple.predicate} {named(triple.object)} .\n"
