"""Where each statement stands in the text that it was read from.

For Turtle, N-Triples and RDF/XML see `offsets`. JSON-LD is read once more, with each leaf of the
document in a graph of its own. All this only when there is something to point at.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import pyoxigraph as ox

from catalog.domain.description import Statement
from catalog.domain.offsets import Lines, Offsets
from catalog.domain.parsing import JSON_LD, Parsed


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, counted from 1, and in JSON-LD the JSON Pointer."""

    line: int | None = None
    column: int | None = None
    pointer: str | None = None


NOWHERE = Place()


def places(parsed: Parsed, original: bytes) -> Sequence[Place]:
    """Return the place of each statement of `parsed`, in the same order.

    original  the bytes that were sent, which in JSON-LD may differ from what the parser read
    """
    if parsed.format == JSON_LD:
        return _places_in_json(parsed, original)
    return _PlacesInText(parsed)


class _PlacesInText(Sequence[Place]):
    """The places of the statements of a text, each worked out when it is asked for."""

    def __init__(self, parsed: Parsed) -> None:
        self._size = len(parsed.lines)
        self._offsets = Offsets(parsed.format, parsed.data, parsed.base, parsed.lines)
        self._lines = Lines(parsed.data)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, number: int) -> Place: ...
    @overload
    def __getitem__(self, number: slice) -> list[Place]: ...
    def __getitem__(self, number: int | slice) -> Place | list[Place]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        return Place(*self._lines.place(self._offsets.of(number)))


# ---- JSON-LD

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_SPACE = re.compile(r"\s*+")
_Pointer = tuple[str | int, ...]


_MOST_LEAVES_CHARACTERS = 8_000_000
"""What may be read a second time: each leaf repeats the names of the nodes that it is in."""


def _places_in_json(parsed: Parsed, original: bytes) -> list[Place]:
    """Return the place of each statement: of equal ones the first takes the first leaf."""
    text = original.decode("utf-8-sig")
    offsets = _offsets(text)
    lines = Lines(text.encode())
    sayings = _sayings(parsed.document, parsed.base)
    found = []
    for statement in parsed.statements():
        pointers = sayings.get(_nameless(statement))
        if not pointers:
            found.append(NOWHERE)
            continue
        pointer = pointers.popleft() if len(pointers) > 1 else pointers[0]
        line, column = lines.place(len(text[: offsets.get(pointer, 0)].encode()))
        found.append(Place(line, column, _written(pointer)))
    return found


def _nameless(statement: Statement) -> Statement:
    """Return a statement with one name for all blank nodes and leaves without a name."""
    subject, predicate, value = statement
    return (
        "_:" if subject.startswith(("_:", "<urn:leaf:")) else subject,
        predicate,
        "_:" if value.startswith(("_:", "<urn:leaf:")) else value,
    )


def _sayings(document: Any, base: str) -> dict[Statement, deque[_Pointer]]:
    """Return which leaves of a document say a statement.

    All are read at once, each as a named graph of its own, so that the context is read once.
    """
    context = document.get("@context") if isinstance(document, dict) else None
    leading = "" if context is None else f'"@context": {json.dumps(context)}, '
    pointers: list[_Pointer] = []
    graphs: list[str] = []
    room = _MOST_LEAVES_CHARACTERS
    for pointer, leaf in _leaves(document):
        said = json.dumps({"@id": f"urn:graph:{len(graphs)}", "@graph": _inside(leaf)})
        room -= len(said)
        if room < 0:
            break
        pointers.append(pointer)
        graphs.append(said)
    at = {f"urn:graph:{number}": pointer for number, pointer in enumerate(pointers)}
    sayings: dict[Statement, deque[_Pointer]] = defaultdict(deque)
    try:
        for quad in ox.parse(
            f'{{{leading}"@graph": [{",".join(graphs)}]}}', format=JSON_LD, base_iri=base
        ):
            found = at.get(quad.graph_name.value)
            if found is None:  # of a graph inside the document, which has a name of its own
                continue
            statement = (str(quad.subject), str(quad.predicate), str(quad.object))
            sayings[_nameless(statement)].append(found)
    except SyntaxError:
        return {}  # A leaf may make no sense alone; then there are no places, but the findings.
    return sayings


def _inside(leaf: Any) -> Any:
    """Return a leaf without the context of the whole, which is written once around all."""
    if not isinstance(leaf, dict):
        return leaf
    rest = {name: value for name, value in leaf.items() if name != "@context"}
    return rest["@graph"] if list(rest) == ["@graph"] else rest


def _leaves(document: Any) -> Iterator[tuple[_Pointer, Any]]:
    """Yield (pointer, the smallest document that still says this one thing)."""

    def walk(
        node: Any, pointer: _Pointer, wrap: Callable[[Any], Any], ids: frozenset[str]
    ) -> Iterator[tuple[_Pointer, Any]]:
        if isinstance(node, list):
            for number, member in enumerate(node):
                yield from walk(member, (*pointer, number), wrap, ids)
        elif not isinstance(node, dict) or "@value" in node or "@list" in node:
            yield pointer, wrap(node)
        else:
            yield from inside(node, pointer, wrap, ids | _aliases(node.get("@context")))

    def inside(
        node: dict[str, Any], pointer: _Pointer, wrap: Callable[[Any], Any], ids: frozenset[str]
    ) -> Iterator[tuple[_Pointer, Any]]:
        keep = {name: node[name] for name in node if name == "@context" or name in ids}
        if not any(name in ids for name in keep) and "@graph" not in node:
            keep["@id"] = "urn:leaf:" + "/".join(map(str, pointer))
        if pointer:
            named = {name: value for name, value in keep.items() if name in ids}
            yield pointer, wrap(named)
        for name, member in node.items():
            if name in keep:
                continue
            if name == "@type" or not isinstance(member, dict | list):
                alone = member if isinstance(member, list) else [member]
                for number, one in enumerate(alone):
                    inner = (*pointer, name, number) if member is alone else (*pointer, name)
                    yield inner, wrap({**keep, name: one})
            else:
                yield from walk(
                    member,
                    (*pointer, name),
                    lambda value, name=name: wrap({**keep, name: value}),  # type: ignore[misc]
                    ids,
                )

    yield from walk(document, (), lambda value: value, frozenset({"@id"}))


def _aliases(context: Any) -> frozenset[str]:
    """Return the names that a context gives to `@id`."""
    if isinstance(context, list):
        return frozenset().union(*map(_aliases, context))
    if not isinstance(context, dict):
        return frozenset()
    return frozenset(
        name
        for name, meaning in context.items()
        if meaning == "@id" or (isinstance(meaning, dict) and meaning.get("@id") == "@id")
    )


def _offsets(text: str) -> dict[_Pointer, int]:
    """Return where each value of a JSON text begins."""
    found: dict[_Pointer, int] = {}

    def space(at: int) -> int:
        match = _SPACE.match(text, at)
        return match.end() if match else at

    def value(at: int, pointer: _Pointer) -> int:
        at = space(at)
        found[pointer] = at
        if text[at] == "{":
            return members(space(at + 1), pointer)
        if text[at] == "[":
            return elements(space(at + 1), pointer)
        match = (_STRING if text[at] == '"' else _SCALAR).match(text, at)
        return match.end() if match else at + 1

    def members(at: int, pointer: _Pointer) -> int:
        while text[at] != "}":
            name = _STRING.match(text, at)
            if name is None:
                return at
            at = space(value(space(name.end()) + 1, (*pointer, json.loads(name[0]))))
            if text[at] == ",":
                at = space(at + 1)
        return at + 1

    def elements(at: int, pointer: _Pointer) -> int:
        number = 0
        while text[at] != "]":
            at = space(value(at, (*pointer, number)))
            number += 1
            if text[at] == ",":
                at = space(at + 1)
        return at + 1

    value(0, ())
    return found


def _written(pointer: _Pointer) -> str:
    """Return a JSON Pointer as RFC 6901 writes it."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in pointer)
