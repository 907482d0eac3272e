"""What a jailed worker does with a SPARQL query: a complete answer within its limits, or none.

The header of a request: "checkpoint" (folder), "query", "base" (IRI or null), "formats" (media
type for each of "select", "ask", "graph"; a kind left out is not wanted), "default_graphs" and
"named_graphs" (IRIs, or null for both: the query chooses, and without its FROM the default graph
is the union of all), "max_rows", "max_bytes". The header of the answer: "kind" ("select", "ask"
or "graph"), "rows" (triples of a graph), "media_type".
"""

import io
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from catalog.domain.errors import NotAcceptable, NotOffered, OverLimit, Unreadable
from catalog.domain.sparql import (
    ASK_MEDIA_TYPES,
    GRAPH_MEDIA_TYPES,
    SELECT_MEDIA_TYPES,
    names_dataset,
    prefixes,
    unreadable,
)
from catalog.jail.worker import SourceUnreadable

_RESULTS = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
_GRAPHS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
}


_DAMAGED = re.compile(r"corrupt|checksum|truncated", re.IGNORECASE)
"""How the engine says that its files are damaged; nobody's query is at fault then."""


def evaluate(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:  # noqa: ARG001
    """Answer one query; see the module for what header and answer hold.

    Raises Unreadable for a query that is none, NotOffered for a form that its kind does not have,
    OverLimit for more rows or bytes than asked, SourceUnreadable for a checkpoint that is gone.
    """
    store = _CHECKPOINT.at(header["checkpoint"])
    query = header["query"]
    try:
        results = store.query(query, base_iri=header.get("base"), **_dataset(header, query))
        return _answer(results, header)
    except SyntaxError as error:
        raise unreadable(str(error)) from None
    except RuntimeError as error:
        if _DAMAGED.search(str(error)):
            raise SourceUnreadable(str(error)) from error
        raise NotAcceptable(f"The query cannot be evaluated: {error}.") from None
    except PermissionError:
        raise NotAcceptable("SERVICE is not offered: this endpoint asks no other server.") from None
    except OSError as error:
        raise SourceUnreadable(str(error)) from error


def _answer(
    results: QuerySolutions | QueryBoolean | QueryTriples, header: Mapping[str, Any]
) -> tuple[dict[str, Any], bytes]:
    limits = header["max_rows"], header["max_bytes"]
    formats = header["formats"]
    if isinstance(results, QuerySolutions):
        return _answer_select(results, _form(formats, "select", SELECT_MEDIA_TYPES), *limits)
    if isinstance(results, QueryBoolean):
        return _answer_ask(results, _form(formats, "ask", ASK_MEDIA_TYPES))
    form = _form(formats, "graph", GRAPH_MEDIA_TYPES)
    return _answer_graph(results, form, prefixes(header["query"]), *limits)


class _Checkpoint:
    """The read-only store that is open; opening takes 15 ms, so it stays until another is named."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._store: Store | None = None

    def at(self, folder: str) -> Store:
        if self._store is None or folder != self._folder:
            self._store = None  # two open stores would need the memory of two
            try:
                self._store = Store.read_only(folder)
            except (OSError, RuntimeError) as error:
                raise SourceUnreadable(str(error)) from error
            self._folder = folder
        return self._store


_CHECKPOINT = _Checkpoint()


def _dataset(header: Mapping[str, Any], query: str) -> dict[str, Any]:
    """Return the graphs that the query sees: both sets named, or neither.

    With only one of the two named, the query's own GRAPH and FROM reach beyond them.
    """
    default, named = header.get("default_graphs"), header.get("named_graphs")
    if default is None and named is None:
        return {} if names_dataset(query) else {"use_default_graph_as_union": True}
    return {"default_graph": _nodes(default or ()), "named_graphs": _nodes(named or ())}


def _nodes(iris: list[str] | tuple[str, ...]) -> list[NamedNode]:
    try:
        return [NamedNode(iri) for iri in iris]
    except ValueError as error:
        raise Unreadable(f"A graph's name is no IRI: {error}") from None


def _form(formats: Mapping[str, str], kind: str, offered: tuple[str, ...]) -> str:
    wanted = formats.get(kind)
    if wanted not in offered:
        raise NotOffered(offered)
    return wanted


def _answer_select(
    results: QuerySolutions, media_type: str, max_rows: int, max_bytes: int
) -> tuple[dict[str, Any], bytes]:
    written = _Written(max_bytes)
    count = _COUNT_ROWS[media_type]
    try:
        results.serialize(written, _RESULTS[media_type])
    except _Full:
        if count(written.getvalue()) > max_rows:
            raise _too_many("rows", max_rows) from None
        raise _too_large(max_bytes) from None
    content = written.getvalue()
    rows = count(content)
    if rows > max_rows:
        raise _too_many("rows", max_rows)
    _check_writable_as_xml(media_type, content)
    return {"kind": "select", "rows": rows, "media_type": media_type}, content


def _answer_ask(results: QueryBoolean, media_type: str) -> tuple[dict[str, Any], bytes]:
    content = results.serialize(format=_RESULTS[media_type])
    return {"kind": "ask", "rows": 1, "media_type": media_type}, content or b""


def _answer_graph(
    results: QueryTriples,
    media_type: str,
    names: Mapping[str, str],
    max_rows: int,
    max_bytes: int,
) -> tuple[dict[str, Any], bytes]:
    triples = list(islice(results, max_rows + 1))
    if len(triples) > max_rows:
        raise _too_many("triples", max_rows)
    if media_type == "application/rdf+xml":
        _check_predicates(triples)
    written = _Written(max_bytes)
    try:
        serialize(triples, written, _GRAPHS[media_type], prefixes=_usable(names, media_type))
    except _Full:
        raise _too_large(max_bytes) from None
    content = written.getvalue()
    _check_writable_as_xml(media_type, content)
    return {"kind": "graph", "rows": len(triples), "media_type": media_type}, content


def _usable(names: Mapping[str, str], media_type: str) -> dict[str, str]:
    """Return the query's prefixes for Turtle, none for other forms.

    In JSON-LD a prefix would change the meaning of IRIs whose scheme has its name, and in XML not
    every prefix is a name.
    """
    if media_type != "text/turtle":
        return {}
    return {name: iri for name, iri in names.items() if _is_absolute(iri)}


def _is_absolute(iri: str) -> bool:
    try:
        NamedNode(iri)
    except ValueError:
        return False
    return True


_NAME_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_ENDS_IN_NAME = re.compile(
    f"[{_NAME_START}][{_NAME_START}0-9.\\-\u00b7\u0300-\u036f\u203f\u2040]*\\Z"
)


def _check_predicates(triples: list[Triple]) -> None:
    """Refuse predicates that are no names of XML elements: the engine writes them all the same."""
    for iri in {triple.predicate.value for triple in triples}:
        if not _ENDS_IN_NAME.search(iri):
            raise NotAcceptable(f"RDF/XML cannot write the property <{iri}>. Ask for Turtle.")


class _Full(Exception):
    """More was written than the answer may have."""


class _Written(io.BytesIO):
    """A file for the engine's own serialiser, which counts bytes and stops it at too many."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._left = max_bytes

    def write(self, chunk: Any) -> int:
        written = super().write(chunk)
        self._left -= written
        if self._left < 0:
            raise _Full
        return written


def _rows_of_json(content: bytes) -> int:
    """Count the bindings without reading the document, which would take ten times its size.

    A row begins with `,{`, which may also stand in a literal. `},{"` can stand in a literal only
    at its end, for quotes in it are escaped, and then `}` or `,` follows, which no name of a
    variable begins with. Where the two counts differ the literals are taken out first.
    """
    begin = content.index(b'"bindings":[') + len(b'"bindings":[')
    if content.startswith(b"]", begin) or len(content) == begin:
        return 0
    at_most = content.count(b",{", begin)
    at_least = content.count(b'},{"', begin)
    at_least -= content.count(b'},{"}', begin) + content.count(b'},{",', begin)
    if at_least != at_most:
        at_most = _JSON_STRING.sub(b"", content[begin:]).count(b",{")
    return at_most + 1


_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def _rows_of_csv(content: bytes) -> int:
    """Count the ends of lines outside quotes, without the header's."""
    if b'"' not in content:
        return content.count(b"\r\n") - 1
    return sum(part.count(b"\r\n") for part in content.split(b'"')[::2]) - 1


_COUNT_ROWS: dict[str, Callable[[bytes], int]] = {
    "application/sparql-results+json": _rows_of_json,
    "application/sparql-results+xml": lambda content: content.count(b"<result>"),
    "text/csv": _rows_of_csv,
    "text/tab-separated-values": lambda content: content.count(b"\n") - 1,
}

_NOT_XML = bytes(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D))


def _check_writable_as_xml(media_type: str, content: bytes) -> None:
    """Refuse characters that XML 1.0 cannot hold: the engine would write what nobody can read."""
    if not media_type.endswith("+xml"):
        return
    if (
        len(content.translate(None, _NOT_XML)) != len(content)
        or b"\xef\xbf\xbe" in content
        or b"\xef\xbf\xbf" in content
    ):
        raise NotAcceptable(
            "The answer holds control characters, which XML cannot carry. Ask for JSON."
        )


def _too_many(what: str, most: int) -> OverLimit:
    return OverLimit(
        f"The answer has more than {most:,} {what}. Add LIMIT, or ask for less.",
        limit=what,
        most=most,
    )


def _too_large(most: int) -> OverLimit:
    return OverLimit(
        f"The answer has more than {most:,} bytes. Add LIMIT, or ask for less.",
        limit="bytes",
        most=most,
    )
