"""What has to be true between the record and the public graph at every moment, each as a check.

What looks wrong is looked at again at a newer state of the graph before it counts, since the relay
works on meanwhile; what waits for the relay is not looked at.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError
from catalog.parts import Parts
from catalog.ports import GraphState, PublicGraph
from catalog.services import outbox
from catalog.services.invariants import Check, batches
from catalog.services.project import (
    graph_name,
    library_graphs,
    project,
    public_among,
    public_pages,
)
from catalog.services.readiness import projection_mark
from catalog.tables import Work

_LOOKS = 4
_BETWEEN_LOOKS_SECONDS = 1.0

_Look = Callable[[GraphState, Collection[str] | None], Iterator[str]]


def check_recipe(parts: Parts, graph: PublicGraph) -> Check:
    """The graph is made from the vocabularies and by the code of this release."""
    check = Check("recipe", "The public graph is made from today's vocabularies and shapes.", 1)
    try:
        with graph.opened() as state:
            made_from = state.shown.recipe
    except CatalogError as fault:
        check.fault(f"There is no graph to look at: {fault}")
        return check
    if made_from != projection_mark(_under_base_of(parts, made_from)):
        check.fault("It is made from others; start the relay, which builds it anew.")
    return check


def check_graphs(parts: Parts, graph: PublicGraph) -> Check:
    """Everything that is public is in the graph and says what the record says."""
    check = Check("graphs", "Every public item has its graph, which says what the record says.")

    def look(state: GraphState, suspects: Collection[str] | None) -> Iterator[str]:
        made_for = _under_base_of(parts, state.shown.recipe)
        for ids in batches(suspects) if suspects is not None else public_pages(parts):
            check.examined += len(ids) if suspects is None else 0
            yield from _differing(made_for, state, ids)

    for item_id in _looked_at_again(graph, look, check):
        check.fault(f"Item {item_id} is public, and its graph is absent or says something else.")
    return check


def _differing(parts: Parts, state: GraphState, ids: Sequence[str]) -> Iterator[str]:
    with parts.database.reading() as session:
        waiting = _waiting(session, ids)
        found = project(session, parts, ids)
    for item_id, ntriples in found.graphs.items():
        expected = None if ntriples is None else state.digest(ntriples)
        if item_id not in waiting and state.digest_of(graph_name(parts, item_id)) != expected:
            yield item_id
    yield from (item_id for item_id in found.problems if item_id not in waiting)


def check_phantoms(parts: Parts, graph: PublicGraph) -> Check:
    """Nothing is in the graph but what is public, and the vocabularies."""
    check = Check("phantoms", "The public graph holds nothing but public items and vocabularies.")
    ours = dict(library_graphs(parts.library))

    def look(state: GraphState, suspects: Collection[str] | None) -> Iterator[str]:
        made_for = _under_base_of(parts, state.shown.recipe)
        prefix = graph_name(made_for, "")
        for names in batches(state.names() if suspects is None else suspects):
            check.examined += len(names) if suspects is None else 0
            yield from _library_differing(state, names, ours)
            there = (name for name in names if suspects is None or state.digest_of(name))
            items = {name.removeprefix(prefix): name for name in there if name not in ours}
            with parts.database.reading() as session:
                fine = public_among(session, list(items)) | _waiting(session, items)
            yield from (name for item_id, name in items.items() if item_id not in fine)

    for name in _looked_at_again(graph, look, check):
        check.fault(f"<{name}> is in the graph, and should not be, or not as it is.")
    return check


def _library_differing(
    state: GraphState, names: Iterable[str], ours: dict[str, str]
) -> Iterator[str]:
    for name in names:
        if name in ours and state.digest_of(name) not in {None, state.digest(ours[name])}:
            yield name


def _waiting(session: Session, ids: Iterable[str]) -> set[str]:
    """Return those items that the relay has still to look at."""
    wanted = [item_id for item_id in ids if len(item_id) <= 64]
    return set(
        session.scalars(
            select(Work.item_id).where(Work.topic == outbox.GRAPH, Work.item_id.in_(wanted))
        )
    )


def _looked_at_again(graph: PublicGraph, look: _Look, check: Check) -> list[str]:
    """Return what looks wrong in every look, each at a newer state of the graph than the last."""
    suspects: list[str] | None = None
    for number in range(_LOOKS):
        if number:
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        try:
            with graph.opened() as state:
                suspects = list(look(state, suspects))
        except CatalogError as fault:
            if number == _LOOKS - 1:
                check.fault(f"The graph cannot be read: {fault}")
                return []
            continue
        if not suspects:
            return []
    return suspects or []


def _under_base_of(parts: Parts, recipe: str) -> Parts:
    """Return the parts under the base that a graph was made for.

    The server beside us may run under another address than this command was given.
    """
    words = recipe.split(" ")
    if len(words) != len(projection_mark(parts).split(" ")):
        return parts
    return replace(parts, settings=replace(parts.settings, base_url=words[0]))
