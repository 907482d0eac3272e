"""Building the public graph anew from the record: the same projection, run over every item."""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import delete

from catalog.parts import Parts
from catalog.ports import Shown, TripleStore
from catalog.services import outbox
from catalog.services.project import (
    Projected,
    count_public,
    graph_name,
    library_graphs,
    project,
    public_pages,
)
from catalog.services.readiness import PROJECTED, projection_mark, set_fact
from catalog.tables import Fact, Work

SHOWN = "graph"
"""Name of the fact that says which state of the graph the record has seen."""

NARROWED = "graph-narrowed"
"""Name of the fact that says since when something that was taken out may be in the old files."""

WHOLE = "*"
"""What stands in the place of an item where the whole graph is asked for."""


Progress = Callable[[int, int], None]
"""Called with how many items are done, and how many there are."""


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def ask_rebuild(parts: Parts, *, now: datetime) -> None:
    """Ask the relay that runs beside us to rebuild; done when `outbox.is_indexed(.., WHOLE)`."""
    with parts.database.writing() as session:
        outbox.ask(session, outbox.GRAPH, WHOLE, now=now)


def was_rebuilt(parts: Parts, seconds: float) -> bool:
    """Tell whether readers see, within `seconds`, the result of the rebuild asked for."""
    return outbox.wait_until_indexed(parts, WHOLE, seconds)


def rebuild_alone(
    parts: Parts, triples: TripleStore, *, now: datetime, progress: Progress = _silent
) -> None:
    """Rebuild where no relay runs; that somebody asked one to is settled by it as well."""
    rebuild(parts, triples, now=now, progress=progress)
    with parts.database.writing() as session:
        outbox.forget(session, WHOLE)


def rebuild(
    parts: Parts, triples: TripleStore, *, now: datetime, progress: Progress = _silent
) -> Shown:
    """Show the public graph built anew; readers see the old one until that moment.

    An item that changes meanwhile has a line in the outbox, which the relay comes to afterwards.
    What cannot be written is left out and gets a line with the reason. Raises NoSpace and
    Unavailable; then the old graph stays.
    """
    left_out: dict[str, str] = {}

    def refused(name: str, problem: str) -> None:
        left_out[name.removeprefix(graph_name(parts, ""))] = problem

    def every_graph() -> Iterator[tuple[str, str]]:
        yield from library_graphs(parts.library)
        done, total = 0, public_items(parts)
        for page in _pages(parts):
            left_out.update(page.problems)
            for item_id, ntriples in page.graphs.items():
                if ntriples is not None:
                    yield graph_name(parts, item_id), ntriples
            done += len(page.graphs) + len(page.problems)
            progress(done, max(done, total))

    shown = triples.rebuild(every_graph(), projection_mark(parts), refused)
    with parts.database.writing() as session:
        set_fact(session, SHOWN, shown.name)
        set_fact(session, PROJECTED, projection_mark(parts))
        session.execute(delete(Fact).where(Fact.name == NARROWED))
        for item_id, problem in left_out.items():
            outbox.ask(session, outbox.GRAPH, item_id, now=now)
            session.flush()
            session.get_one(Work, (outbox.GRAPH, item_id)).problem = problem
    return shown


def public_items(parts: Parts) -> int:
    """Return how many items are public."""
    with parts.database.reading() as session:
        return count_public(session)


def _pages(parts: Parts) -> Iterator[Projected]:
    for ids in public_pages(parts):
        with parts.database.reading() as session:
            page = project(session, parts, ids)
        yield page
