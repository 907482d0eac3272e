"""What a SPARQL query may be here, told from its text before any engine sees it."""

import re

from catalog.domain.errors import Unreadable
from catalog.domain.sparql_reader import TEXT_BYTES, Reader

SELECT_MEDIA_TYPES = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
"""What rows are answered in; the first is the default."""

ASK_MEDIA_TYPES = SELECT_MEDIA_TYPES[:2]
"""What a yes or no is answered in; SPARQL defines no CSV or TSV for it."""

GRAPH_MEDIA_TYPES = (
    "text/turtle",
    "application/ld+json",
    "application/n-triples",
    "application/rdf+xml",
)
"""What the triples of CONSTRUCT and DESCRIBE are answered in."""


def guard(query: str) -> None:
    """Refuse what no engine should be asked: federation, updates, and what would exhaust it.

    Raises Unreadable in a sentence that names what is not allowed, with line and column where one
    place is to blame. A query that passes may still be malformed: the engine says so. At most
    16 kB are read, so the answer comes within 20 ms.

    The limits lie far above what people write and below what makes engines crash or plan for
    minutes (nesting, long chains of operators, stars of hundreds of patterns, long paths).
    """
    if len(query) > TEXT_BYTES or _size_bytes(query) > TEXT_BYTES:
        raise Unreadable(f"The query is longer than {TEXT_BYTES:,} bytes.")
    Reader(query).read()
    if "\\u" in query or "\\U" in query:
        Reader(_unescaped(query), measures=False).read()


def names_dataset(query: str) -> bool:
    """Tell whether the query chooses its own graphs by FROM or FROM NAMED."""
    if not _MAYBE_FROM.search(query):
        return False
    reader = Reader(query, measures=False, refuses=False)
    reader.read()
    return reader.graphs > 0


def prefixes(query: str) -> dict[str, str]:
    """Return the prefixes that the query declares, for writing its answer by them."""
    if not _MAYBE_PREFIX.search(query):
        return {}
    reader = Reader(query, measures=False, refuses=False)
    reader.read()
    return reader.prefixes


def unreadable(message: str) -> Unreadable:
    """Return the error for a query that the engine's parser refused with `message`."""
    found = _PARSER_PLACE.match(message)
    if not found:
        return Unreadable(f"This is not a SPARQL query: {_shortened(message)}")
    line, column = int(found["line"]), int(found["column"])
    return Unreadable(
        f"This is not a SPARQL query: line {line}, column {column}: {_shortened(found['rest'])}",
        line=line,
        column=column,
    )


def _size_bytes(query: str) -> int:
    try:
        return len(query.encode())
    except UnicodeEncodeError:
        raise Unreadable("The query is not Unicode text.") from None


_MAYBE_PREFIX = re.compile("prefix", re.IGNORECASE)
_MAYBE_FROM = re.compile("from", re.IGNORECASE)
_PARSER_PLACE = re.compile(r"error at (?P<line>\d+):(?P<column>\d+): (?P<rest>.*)", re.DOTALL)
_CLASS_OF_CHARACTERS = re.compile(r"(, )?\[[^\]]*\]( \|\s*\[[^\]]*\])*")


def _shortened(message: str) -> str:
    """Return the parser's words without its classes of characters, which help nobody."""
    text = " ".join(_CLASS_OF_CHARACTERS.sub("", message).split())
    text = text.removeprefix("expected one of , ").removesuffix("expected one of").strip(" ,")
    if text in {"", "expected"}:
        return "nothing that may stand there"
    return text if len(text) <= 200 else text[:199] + "…"


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def _unescaped(query: str) -> str:
    """Return the query with its codepoint escapes replaced, as SPARQL 1.1 section 19.2 has it."""

    def character(found: re.Match[str]) -> str:
        point = int(found[1] or found[2], 16)
        return chr(point) if point <= 0x10FFFF else "\ufffd"

    return _ESCAPE.sub(character, query)
