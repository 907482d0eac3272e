"""The rules of vocabularies that one walk over all relations answers, and no query in good time.

Each gives what its query in `shapes/vocabularies` would find; where the query finds a thing once
for each concept of a knot or scheme, it is found once.
"""

from collections.abc import Callable, Iterator, Mapping

import pyoxigraph as ox

from catalog.domain.description import RDF
from catalog.domain.rules.graph import circles, parts

SKOS = "http://www.w3.org/2004/02/skos/core#"

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Solution = Mapping[str, Term | str | tuple[Term, ...]]
"""What a rule found, by the names of the variables; words stand for themselves."""

_BROADER, _NARROWER, _RELATED, _IN_SCHEME, _CONCEPT_SCHEME = (
    ox.NamedNode(SKOS + name)
    for name in ("broader", "narrower", "related", "inScheme", "ConceptScheme")
)
_TYPE = ox.NamedNode(f"{RDF}type")


def _circular(store: ox.Store) -> Iterator[Solution]:
    """Find one circle of each knot in the hierarchy."""
    above: dict[Term, list[Term]] = {}
    for child, parent in sorted(_hierarchy(store), key=str):
        above.setdefault(child, []).append(parent)
    for circle in circles(above):
        # A relation may be told from one end only; the circle begins where something is told.
        first = next(n for n, member in enumerate(circle) if _is_described(store, member))
        circle = (*circle[first:], *circle[:first])
        yield {
            "this": circle[0],
            "path": _BROADER,
            "value": circle[1],
            "members": (*circle, circle[0]),
        }


def _disconnected(store: ox.Store) -> Iterator[Solution]:
    """Find schemes whose related concepts form several groups."""
    leaders = parts(_relations(store))
    for scheme, concepts in _by_scheme(store).items():
        groups = {leaders[concept] for concept in concepts if concept in leaders}
        if len(groups) > 1:
            yield {"this": scheme, "count": str(len(groups))}


def _orphaned(store: ox.Store) -> Iterator[Solution]:
    """Find schemes in which some concepts are related and others are not."""
    related = {end for link in _relations(store) for end in link}
    for scheme, concepts in _by_scheme(store).items():
        alone = sorted((one for one in concepts if one not in related), key=str)
        if alone and len(alone) < len(concepts):
            yield {"this": scheme, "example": alone[0]}


def _uncited(store: ox.Store) -> Iterator[Solution]:
    """Find schemes of which no other scheme cites a concept."""
    schemes = _by_scheme(store)
    home = {concept: scheme for scheme, concepts in schemes.items() for concept in concepts}
    cited = {
        home[quad.object]
        for quad in store.quads_for_pattern(None, None, None, None)
        if quad.object in home and home.get(quad.subject, home[quad.object]) != home[quad.object]
    }
    yield from ({"this": scheme} for scheme in schemes if scheme not in cited)


WALKS: Mapping[str, Callable[[ox.Store], Iterator[Solution]]] = {
    "cyclic-hierarchy": _circular,
    "disconnected-clusters": _disconnected,
    "no-in-links": _uncited,
    "orphan-concepts": _orphaned,
}
"""The walk that takes the place of the query of a rule."""


def _hierarchy(store: ox.Store) -> Iterator[tuple[Term, Term]]:
    """Yield each (concept, concept above it), told from either end."""
    for quad in store.quads_for_pattern(None, _BROADER, None, None):
        yield quad.subject, quad.object
    for quad in store.quads_for_pattern(None, _NARROWER, None, None):
        yield quad.object, quad.subject


def _relations(store: ox.Store) -> Iterator[tuple[Term, Term]]:
    yield from _hierarchy(store)
    for quad in store.quads_for_pattern(None, _RELATED, None, None):
        yield quad.subject, quad.object


def _by_scheme(store: ox.Store) -> dict[Term, list[Term]]:
    """Return the concepts in each scheme that is described."""
    schemes = store.quads_for_pattern(None, _TYPE, _CONCEPT_SCHEME, None)
    found: dict[Term, list[Term]] = {quad.subject: [] for quad in schemes}
    for quad in store.quads_for_pattern(None, _IN_SCHEME, None, None):
        if quad.object in found:
            found[quad.object].append(quad.subject)
    return {scheme: concepts for scheme, concepts in found.items() if concepts}


def _is_described(store: ox.Store, term: Term) -> bool:
    if isinstance(term, ox.Literal | ox.Triple):
        return False
    return next(store.quads_for_pattern(term, None, None, None), None) is not None
