"""Where each statement stands in the text that it was read from.

Parsers do not tell. So the same parser reads the text again, one token at a time: the statement
that comes out belongs to the token that went in last. A wrong split into tokens cannot change the
statements, it only moves a border. JSON-LD is read one leaf of the document at a time. This costs
several times the plain reading, so it is done only when there is something to point at.
"""

import json
import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyoxigraph as ox

from catalog.domain.description import RDF, Statement
from catalog.domain.parsing import JSON_LD, RDF_XML, Parsed, tokens

Span = tuple[int, int]

_REST = f"{RDF}rest"


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
    found = places_in_text(parsed.format, parsed.data, parsed.base)
    return [Place(line, column) for line, column in found]


# ---- Turtle, N-Triples, RDF/XML


class _Feed:
    """A file that hands out one token a read, and knows which it handed out last."""

    def __init__(self, data: bytes, spans: list[Span]) -> None:
        self._data = data
        self._spans = spans
        self._at = 0
        self._taken = 0

    @property
    def last(self) -> int:
        """The number of the token that was handed out last."""
        return self._at if self._taken else self._at - 1

    def read(self, size: int = -1) -> bytes:
        if self._at == len(self._spans):
            return b""
        start, end = self._spans[self._at]
        start += self._taken
        if 0 <= size < end - start:
            self._taken += size
            return self._data[start : start + size]
        self._at += 1
        self._taken = 0
        return self._data[start:end]


def places_in_text(
    form: ox.RdfFormat, data: bytes, base: str, *, upto: int | None = None
) -> list[tuple[int, int]]:
    """Return line and column of the object of each statement, in the order of the parser.

    upto  the number of the last statement that matters, from 0
    """
    spans = _spans(form, data)
    feed = _Feed(data, spans)
    quads = ox.parse(feed, format=form, base_iri=base)  # type: ignore[arg-type]
    at = _line_and_column(data)
    offset = (_tag_offset if form == RDF_XML else _token_offset)(data, spans)
    return [
        at(offset(feed.last, quad)) for quad in islice(quads, None if upto is None else upto + 1)
    ]


def place_of_failure(form: ox.RdfFormat, data: bytes, base: str) -> tuple[int | None, int | None]:
    """Return line and column of the token at which the parser gives up."""
    spans = _spans(form, data)
    feed = _Feed(data, spans)
    try:
        for _ in ox.parse(feed, format=form, base_iri=base):  # type: ignore[arg-type]
            pass
    except SyntaxError:
        if 0 <= feed.last < len(spans):
            return _line_and_column(data)(spans[feed.last][0])
    return None, None


_XML_CHUNK = re.compile(rb"<!--.*?(?:-->|$)|<!\[CDATA\[.*?(?:\]\]>|$)|<[^>]*+>?|[^<]++", re.DOTALL)


def _spans(form: ox.RdfFormat, data: bytes) -> list[Span]:
    """Return the borders of the tokens, in bytes."""
    if form == RDF_XML:
        return [found.span() for found in _XML_CHUNK.finditer(data)]
    text = data.decode()
    if text.isascii():
        return list(tokens(text))
    spans = []
    at = 0
    for start, end in tokens(text):
        size = len(text[start:end].encode())
        spans.append((at, at + size))
        at += size
    return spans


def _line_and_column(data: bytes) -> Callable[[int], tuple[int, int]]:
    """Return the function from an offset in bytes to line and column in characters."""
    starts = [0, *(found.end() for found in re.finditer(rb"\n", data))]

    def at(offset: int) -> tuple[int, int]:
        line = bisect_right(starts, offset)
        return line, len(data[starts[line - 1] : offset].decode(errors="replace")) + 1

    return at


def _token_offset(data: bytes, spans: list[Span]) -> Callable[[int, ox.Quad], int]:
    """Return the function from the last token read and an object to where the object begins.

    For a node in brackets that is the opening bracket.
    """
    open_now: list[int] = []
    opener: dict[int, int] = {}
    seen = 0

    def token(number: int) -> bytes:
        start, end = spans[number]
        return data[start:end]

    def back(number: int) -> int:
        while number > 0 and data[spans[number][0]] in b" \t\n\r#":
            number -= 1
        return number

    def offset(last: int, quad: ox.Quad) -> int:
        nonlocal seen
        while seen <= last:
            bracket = token(seen)
            if bracket in (b"[", b"("):
                open_now.append(seen)
            elif bracket in (b"]", b")") and open_now:
                opener[seen] = open_now.pop()
            seen += 1
        at = back(last)
        if isinstance(quad.object, ox.BlankNode):
            if at in opener:
                return spans[opener[at]][0]
            if token(at)[:2] != b"_:" and open_now and quad.predicate.value != _REST:
                return spans[open_now[-1]][0]
            return spans[at][0]
        while at > 0 and token(at) in (b";", b",", b".", b"]", b")", b"[", b"("):
            at = back(at - 1)
        if isinstance(quad.object, ox.Literal):
            if token(at)[:1] == b"@" and at:
                at = back(at - 1)
            elif at and token(back(at - 1)) == b"^^":
                at = back(max(back(at - 1) - 1, 0))
        return spans[at][0]

    return offset


def _tag_offset(data: bytes, spans: list[Span]) -> Callable[[int, ox.Quad], int]:
    """Return the function from the last piece of XML read to where its element begins."""
    open_now: list[int] = []
    opener: dict[int, int] = {}
    seen = 0

    def offset(last: int, _: ox.Quad) -> int:
        nonlocal seen
        while seen <= last:
            start, end = spans[seen]
            piece = data[start:end]
            if piece.startswith(b"</"):
                if open_now:
                    opener[seen] = open_now.pop()
            elif piece[:1] == b"<" and piece[1:2] not in b"?!" and not piece.endswith(b"/>"):
                open_now.append(seen)
            seen += 1
        return spans[opener.get(last, last)][0]

    return offset


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
    at = _line_and_column(text.encode())
    sayings = _sayings(parsed.document, parsed.base)
    found = []
    for statement in parsed.statements():
        pointers = sayings.get(_nameless(statement))
        if not pointers:
            found.append(NOWHERE)
            continue
        pointer = pointers.popleft() if len(pointers) > 1 else pointers[0]
        line, column = at(len(text[: offsets.get(pointer, 0)].encode()))
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
        said = json.dumps({"@id": f"urn:graph:{len(graphs)}", "@graph": _inside(leaf, context)})
        room -= len(said)
        if room < 0:
            break
        pointers.append(pointer)
        graphs.append(said)
    sayings: dict[Statement, deque[_Pointer]] = defaultdict(deque)
    try:
        for quad in ox.parse(
            f'{{{leading}"@graph": [{",".join(graphs)}]}}', format=JSON_LD, base_iri=base
        ):
            pointer = pointers[int(quad.graph_name.value.rpartition(":")[2])]
            statement = (str(quad.subject), str(quad.predicate), str(quad.object))
            sayings[_nameless(statement)].append(pointer)
    except SyntaxError:
        return {}  # A leaf may make no sense alone; then there are no places, but the findings.
    return sayings


def _inside(leaf: Any, context: Any) -> Any:
    """Return a leaf without the context of the whole, which is written once around all."""
    if context is None or not isinstance(leaf, dict):
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
