"""What only a walk over all relations at once shows: circles, and parts that nothing connects."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def circles(above: Mapping[Node, Iterable[Node]]) -> tuple[tuple[Node, ...], ...]:
    """Return one shortest circle of each knot of nodes that can all be reached from each other.

    above  each node with those one step further; a node that leads to itself only is no circle

    The members follow each other, beginning with the one of the knot that `above` has first.
    """
    ahead = {node: tuple(steps) for node, steps in above.items()}
    place = {node: number for number, node in enumerate(ahead)}
    return tuple(
        _circle(ahead, set(knot), min(knot, key=place.__getitem__))
        for knot in _knots(ahead)
        if len(knot) > 1
    )


def _circle(
    ahead: Mapping[Node, tuple[Node, ...]], knot: set[Node], start: Node
) -> tuple[Node, ...]:
    """Return the shortest way from `start` back to it, within a knot."""
    came_from: dict[Node, Node] = {}
    pending = deque([start])
    while pending:
        node = pending.popleft()
        for step in ahead[node]:
            if step == start and node != start:
                way = [node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            if step in knot and step not in came_from and step != start:
                came_from[step] = node
                pending.append(step)
    return (start,)


def _knots(ahead: Mapping[Node, tuple[Node, ...]]) -> Iterable[list[Node]]:
    """Yield the strongly connected components, by Tarjan's algorithm without recursion."""
    number: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    open_now: list[Node] = []
    is_open: set[Node] = set()
    for root in ahead:
        if root in number:
            continue
        work = [(root, iter(ahead[root]))]
        number[root] = lowest[root] = len(number)
        open_now.append(root)
        is_open.add(root)
        while work:
            node, steps = work[-1]
            for step in steps:
                if step not in number:
                    number[step] = lowest[step] = len(number)
                    open_now.append(step)
                    is_open.add(step)
                    work.append((step, iter(ahead.get(step, ()))))
                    break
                if step in is_open:
                    lowest[node] = min(lowest[node], number[step])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    knot: list[Node] = []
                    while not knot or knot[-1] != node:
                        knot.append(open_now.pop())
                    is_open.difference_update(knot)
                    yield knot


def parts(links: Iterable[tuple[Node, Node]]) -> dict[Node, Node]:
    """Return for each linked node one that stands for all that it is connected with."""
    leader: dict[Node, Node] = {}

    def find(node: Node) -> Node:
        leader.setdefault(node, node)
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for one, other in links:
        leader[find(one)] = find(other)
    return {node: find(node) for node in tuple(leader)}
