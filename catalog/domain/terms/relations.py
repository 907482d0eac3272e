"""How concepts hang together: every relation from both ends, what is reached, the tree of it."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Collection as Several
from dataclasses import dataclass

from catalog.domain.schemes import DCT, MAPPINGS, SKOS, Row


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept at a place in the tree of a scheme.

    iri       the concept, which may be of another scheme and only lead here
    below     what hangs under it, as far as it is of the scheme or leads there
    is_again  the concept stands in the tree before, with all that is below it
    """

    iri: str
    below: tuple["Branch", ...]
    is_again: bool


@dataclass(frozen=True, slots=True)
class Links:
    """Relations by IRI, each known from both ends.

    mapped_from  who maps to a concept: name of the relation, and IRI
    referring    who names a concept by any other property, such as the sensor of a measurement:
                 IRI of the property, and IRI
    """

    broader: Mapping[str, tuple[str, ...]]
    narrower: Mapping[str, tuple[str, ...]]
    related: Mapping[str, tuple[str, ...]]
    mapped_from: Mapping[str, tuple[tuple[str, str], ...]]
    replaces: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    referring: Mapping[str, tuple[tuple[str, str], ...]]


def grown(roots: Iterable[str], below: Callable[[str], Iterable[str]]) -> tuple[Branch, ...]:
    """Return the branches from some roots on, each concept's own branches at its first place.

    Without recursion: a tree may be deeper than Python's stack.
    """
    seen: set[str] = set()
    places: list[tuple[str, int, bool]] = []
    pending = [(iri, -1) for iri in reversed(tuple(roots))]
    while pending:
        iri, parent = pending.pop()
        places.append((iri, parent, iri in seen))
        if iri not in seen:
            seen.add(iri)
            number = len(places) - 1
            pending.extend((one, number) for one in reversed(tuple(below(iri))))
    hanging: defaultdict[int, list[Branch]] = defaultdict(list)
    for number in reversed(range(len(places))):
        iri, parent, is_again = places[number]
        branch = Branch(iri, tuple(reversed(hanging.pop(number, []))), is_again)
        hanging[parent].append(branch)
    return tuple(reversed(hanging[-1]))


def closure(links: Mapping[str, tuple[str, ...]], iri: str, most: int | None) -> tuple[str, ...]:
    """Return what is reached from `iri`, level by level, without itself."""
    found: dict[str, None] = {iri: None}
    pending = deque([iri])
    while pending and (most is None or len(found) <= most):
        for one in links.get(pending.popleft(), ()):
            if one not in found:
                found[one] = None
                pending.append(one)
    return tuple(found)[1:] if most is None else tuple(found)[1 : most + 1]


def closures(links: Mapping[str, tuple[str, ...]], starts: Iterable[str]) -> dict[str, None]:
    """Return what is reached from several, with all of them, in the order in which it is met."""
    found: dict[str, None] = {}
    pending = list(reversed(tuple(starts)))
    while pending:
        one = pending.pop()
        if one not in found:
            found[one] = None
            pending.extend(reversed(links.get(one, ())))
    return found


class _Gathered:
    """Relations while they are read: of each thing, to which others, each once, in order."""

    def __init__(self) -> None:
        self._found: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def add(self, one: str, others: Iterable[str]) -> None:
        """Add relations of one thing."""
        for other in others:
            if other != one:
                self._found[one][other] = None

    def add_inverse(self, one: str, others: Iterable[str]) -> None:
        """Add a relation of each of the others to one thing."""
        for other in others:
            self.add(other, (one,))

    def among(self, known: Several[str]) -> dict[str, tuple[str, ...]]:
        """Return the relations between things that are described."""
        kept = {
            one: tuple(other for other in others if other in known)
            for one, others in self._found.items()
            if one in known
        }
        return {one: others for one, others in kept.items() if others}


def linked(rows: Mapping[str, Row]) -> Links:
    """Return the relations that the rows of all concepts and collections state, from both ends.

    What a concept states itself comes before what only others say of it.
    """
    up, down, across, groups, old = (_Gathered() for _ in range(5))
    mapped: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for node, row in rows.items():
        up.add(node, _objects(row, f"{SKOS}broader"))
        down.add(node, _objects(row, f"{SKOS}narrower"))
        across.add(node, _objects(row, f"{SKOS}related"))
        groups.add_inverse(node, _objects(row, f"{SKOS}member"))
        old.add_inverse(node, _objects(row, f"{DCT}isReplacedBy"))
        for name in MAPPINGS:
            for target in _objects(row, f"{SKOS}{name}"):
                mapped[target].append((name, node))
    for node, row in rows.items():
        up.add_inverse(node, _objects(row, f"{SKOS}narrower"))
        down.add_inverse(node, _objects(row, f"{SKOS}broader"))
        across.add_inverse(node, _objects(row, f"{SKOS}related"))
    return Links(
        broader=up.among(rows.keys()),
        narrower=down.among(rows.keys()),
        related=across.among(rows.keys()),
        mapped_from={target: tuple(found) for target, found in mapped.items()},
        replaces=old.among(rows.keys()),
        groups=groups.among(rows.keys()),
        referring=_referring(rows),
    )


def _referring(rows: Mapping[str, Row]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return who names each by a property that is none of the relations above."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for node, row in rows.items():
        for predicate in row:
            if not predicate.startswith((f"<{SKOS}", f"<{DCT}isReplacedBy")):
                for named in sorted(set(_objects(row, predicate[1:-1])) & rows.keys()):
                    found[named].append((predicate[1:-1], node))
    return {named: tuple(pairs) for named, pairs in found.items()}


def _objects(row: Row, predicate: str) -> tuple[str, ...]:
    return tuple(term[1:-1] for term in row.get(f"<{predicate}>", ()) if term[0] == "<")
