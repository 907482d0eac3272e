"""What the four RDF formats are, and how bytes that anybody may send become statements, in limits.

What `catalog.domain.importing` makes of further formats is kept in the same form and limits.

The limits are those of `safety.md` 2.2: whatever is cheap to see in the bytes is refused before
the parser sees it, everything else is counted while the parser runs, never after.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, NoReturn
from urllib.parse import urljoin

import pyoxigraph as ox

from catalog.domain.description import Statement, literal
from catalog.domain.errors import (
    NotAcceptable,
    OverLimit,
    TooLarge,
    Unreadable,
    UnsupportedMediaType,
)
from catalog.domain.importing.formats import READ
from catalog.domain.offsets import TURTLE_TOKEN, Lines, Offsets

TURTLE = ox.RdfFormat.TURTLE
N_TRIPLES = ox.RdfFormat.N_TRIPLES
JSON_LD = ox.RdfFormat.JSON_LD
RDF_XML = ox.RdfFormat.RDF_XML

FORMATS: Mapping[str, ox.RdfFormat] = {
    "text/turtle": TURTLE,
    "application/ld+json": JSON_LD,
    "application/n-triples": N_TRIPLES,
    "application/rdf+xml": RDF_XML,
}
"""The media types that are read, the one to prefer first."""

MOST_BYTES = 1_000_000
MOST_STATEMENTS = 10_000
MOST_EXPANDED = 4_000_000
MOST_IRI = 2_048
MOST_LITERAL = 64_000
MOST_TAG = 35
DEEPEST_TURTLE = 64
DEEPEST_JSON = 32
DEEPEST_XML = 64

ELSEWHERE = f"https://{token_hex(12)}.invalid/"
"""The base while parsing: nobody can write an IRI under it, so one that is there was relative."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser made of a text.

    data        the UTF-8 that the parser read, without a byte order mark
    base        the base that relative IRIs were resolved against
    lines       the statements in the order in which the parser met them, repetitions included,
                as N-Triples without the dots
    text        the same, joined by line feeds
    document    the JSON document, in JSON-LD and in plain JSON or YAML, with contexts put in; None
                otherwise
    origins     where the statements come from, if the text is not RDF; `format` then says nothing
                about the text, and no line of it can be taken for a statement
    remarks     what to tell about the reading
    """

    format: ox.RdfFormat
    data: bytes
    base: str
    lines: list[str]
    text: str
    document: Any = None
    origins: "Origins | None" = None
    remarks: "tuple[Remark, ...]" = ()

    def statements(self) -> list[Statement]:
        """Return the statements, in the same order."""
        return split(self.text)


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the statements of a text come from that is not RDF.

    pointers  for each statement the JSON Pointer of the value that says it, None if there is none
    place     gives line and column of the value that a pointer leads to, where they are known
    """

    pointers: tuple[str | None, ...]
    place: Callable[[str], tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Remark:
    """What was read as something else than it says, or not at all; `pointer` leads to it."""

    component: str
    pointer: str | None
    sentence: str


def split(text: str) -> list[Statement]:
    """Return the statements of lines that have one space between terms and no dot."""
    return [(s, p, o) for s, p, o in [line.split(" ", 2) for line in text.split("\n")]]


def parse(
    source: bytes, media_type: str, *, base: str, contexts: Mapping[str, Any] | None = None
) -> Parsed:
    """Return the statements of `source`, relative IRIs resolved against `base`.

    contexts  JSON-LD contexts by their address, put in where they are named; others are refused

    Raises UnsupportedMediaType, TooLarge, Unreadable, OverLimit and NotAcceptable.
    """
    form = format_of(media_type)
    data, text = text_of(source)
    document = None
    if form == JSON_LD:
        document, data = _json_document(text, data, base, contexts or {})
    elif form == RDF_XML:
        _look_over_xml(data)
    else:
        _look_over_turtle(text)
    said = _Parsing(form, data, base)
    said.run()
    if not said.lines:
        raise Unreadable("This holds no statements about anything.")
    return Parsed(form, data, base, said.lines, said.text, document)


def text_of(source: bytes) -> tuple[bytes, str]:
    """Return a text without a byte order mark, as UTF-8 and decoded.

    Raises TooLarge, and Unreadable for what is not UTF-8.
    """
    if len(source) > MOST_BYTES:
        raise TooLarge(
            f"A description may have {MOST_BYTES:,} bytes; this has {len(source):,}.",
            limit_bytes=MOST_BYTES,
        )
    data = source.removeprefix(_BYTE_ORDER_MARK)
    return data, _utf8(data)


def check_statements(parsed: Parsed) -> None:
    """Refuse what `parse` refuses about statements that another reader made; see there."""
    said = _Parsing(parsed.format, parsed.data, parsed.base, parsed.origins)
    said.take(parsed.lines)


def format_of(media_type: str | None) -> ox.RdfFormat:
    """Return the format that a media type names, or raise UnsupportedMediaType.

    A charset other than UTF-8 is refused as well; other parameters are ignored.
    """
    name, _, parameters = (media_type or "").partition(";")
    form = FORMATS.get(name.strip().lower())
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if form is None or (charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}):
        raise UnsupportedMediaType(media_type, (*FORMATS, *READ))
    return form


def _utf8(data: bytes) -> str:
    """Return the text, or say what else than UTF-8 it seems to be."""
    if b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(
            "This is not UTF-8 text: it holds NUL bytes or the mark of UTF-16 or UTF-32. "
            "Save it as UTF-8."
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        raise Unreadable(
            f"This is not UTF-8 text: the byte {data[error.start]:#04x} cannot stand here. "
            "Save it as UTF-8.",
            line=line,
            column=column,
        ) from None


# ---- statements, counted while the parser runs


class _Parsing:
    """One run of a parser."""

    def __init__(
        self, form: ox.RdfFormat, data: bytes, base: str, origins: Origins | None = None
    ) -> None:
        self.form = form
        self.data = data
        self.base = base
        self.origins = origins
        self.lines: list[str] = []
        self.text = ""

    def run(self) -> None:
        """Take what the parser yields."""
        try:
            self.take(
                map(
                    str,
                    ox.parse(
                        self.data, format=self.form, base_iri=self.base, without_named_graphs=True
                    ),
                )
            )
        except SyntaxError as error:
            self._refuse(error)

    def take(self, said: Iterable[str]) -> None:
        """Take statements one by one; raise OverLimit as soon as a limit is passed."""
        lines = self.lines
        room = MOST_EXPANDED
        for line in said:
            lines.append(line)
            size = len(line)
            room -= size
            if size > MOST_IRI:
                self._check_lengths(line)
            if room < 0 or len(lines) > MOST_STATEMENTS:
                _over_size(room)
        self.text = "\n".join(lines)
        self._check_characters()

    def _check_lengths(self, line: str) -> None:
        """Refuse an IRI or a literal that is too long; the statement is the last."""
        subject, predicate, value = line.split(" ", 2)
        datatype = value[value.rindex('"') + 1 :] if value[0] == '"' else value
        if max(map(len, (subject, predicate, datatype))) > MOST_IRI + len(ELSEWHERE):
            raise OverLimit(
                f"An IRI may have {MOST_IRI:,} characters; one here has more.",
                limit="iri",
                **self._place(len(self.lines) - 1),
            )
        if value[0] == '"' and len(value) > MOST_LITERAL < len(literal(value).text):
            raise OverLimit(
                f"A text may have {MOST_LITERAL:,} characters; one here has more. "
                "Keep long texts as files.",
                limit="literal",
                **self._place(len(self.lines) - 1),
            )

    def _check_characters(self) -> None:
        """Refuse characters and tags that some form of the answer could not carry.

        The text is searched first, since that is fast and almost always enough.
        """
        text = self.text
        suspicious = (
            ("\\" in text and _ESCAPED.search(text))
            or " <<" in text
            or ("--" in text and _LONG_OR_DIRECTED_TAG.search(text))
            or _LONG_TAG.search(text)
            or (not text.isascii() and any(character in text for character in _DIRECTION))
        )
        if suspicious:
            for number, line in enumerate(self.lines):
                reason = _unfit(line)
                if reason:
                    raise NotAcceptable(reason, **self._place(number))

    def _place(self, number: int) -> dict[str, Any]:
        """Return line and column of a statement, if the format has them."""
        if self.origins is not None:
            pointer = self.origins.pointers[number]
            where = None if pointer is None else self.origins.place(pointer)
            line, column = where or (None, None)
            return {"line": line, "column": column, "pointer": pointer}
        if self.form == JSON_LD:
            return {}
        offset = Offsets(self.form, self.data, self.base, self.lines).of(number)
        line, column = Lines(self.data).place(offset)
        return {"line": line, "column": column}

    def _refuse(self, error: SyntaxError) -> NoReturn:
        """Raise Unreadable with what the parser said, and where."""
        said = _PARSER_SAYS.sub("", error.msg).replace(self.base, "").replace(ELSEWHERE, "")
        said = said.strip()[:300].rstrip(".")
        line, column = error.lineno, error.offset
        if line is None and self.form != JSON_LD:
            offset = Offsets(self.form, self.data, self.base, ()).of_failure()
            if offset is not None:
                line, column = Lines(self.data).place(offset)
        raise Unreadable(f"{said[:1].upper()}{said[1:]}.", line=line, column=column) from None


_PARSER_SAYS = re.compile(r"^Parser error at .*?: ")


def _over_size(room: int) -> NoReturn:
    if room < 0:
        raise OverLimit(
            f"Written out in full, the statements take more than {MOST_EXPANDED:,} characters.",
            limit="expanded-size",
        )
    raise OverLimit(
        f"A description may have {MOST_STATEMENTS:,} statements; this has more.",
        limit="statements",
    )


_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_DIRECTION_IN_IRI = re.compile(f"[{_DIRECTION}]")
_ESCAPED = re.compile(r"\\[ubf]")
_LONG_TAG = re.compile(rf'"@[A-Za-z0-9-]{{{MOST_TAG + 1}}}')
_LONG_OR_DIRECTED_TAG = re.compile(
    rf'"@(?:[A-Za-z0-9-]{{{MOST_TAG + 1},}}|[A-Za-z0-9-]*--[a-z]+)$', re.MULTILINE
)
_UNFIT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _unfit(line: str) -> str | None:
    """Return why a statement cannot be kept, if it cannot."""
    subject, predicate, value = line.split(" ", 2)
    iris = [subject, predicate]
    if value[0] == '"':
        taken = literal(value)
        iris.append(taken.datatype)
        bad = _UNFIT_IN_TEXT.search(taken.text)
        if bad:
            return f"A text holds U+{ord(bad[0]):04X}, a control character."
        if _LONG_OR_DIRECTED_TAG.search(value):
            return (
                f"A language tag may have {MOST_TAG} characters and no direction (RDF 1.2); "
                f"this one is @{(taken.language or '')[:60]}."
            )
    elif value.startswith("<<"):
        return "Statements about statements (RDF 1.2 triple terms) are not read here."
    else:
        iris.append(value)
    for iri in iris:
        bad = _DIRECTION_IN_IRI.search(iri)
        if bad:
            return f"An IRI holds U+{ord(bad[0]):04X}, a character that changes how it is shown."
    return None


# ---- a look at the bytes before the parser sees them


def _look_over_turtle(text: str) -> None:
    """Refuse triple terms and deep nesting, which cost the parser its stack or its time."""
    triple_terms = "<<" in text or "{|" in text
    if not triple_terms and text.count("[") + text.count("(") <= DEEPEST_TURTLE:
        return
    depth = 0
    for token in TURTLE_TOKEN.finditer(text):
        found = token[0]
        if found in ("[", "("):
            depth += 1
            if depth > DEEPEST_TURTLE:
                _too_deep(DEEPEST_TURTLE, text, token.start())
        elif found in ("]", ")"):
            depth -= 1
        elif found in ("<<", "<<(", "{|"):
            line, column = line_and_column(text, token.start())
            raise Unreadable(
                "Statements about statements (RDF 1.2 triple terms) are not read here.",
                line=line,
                column=column,
            )


def _too_deep(limit: int, text: str, offset: int) -> NoReturn:
    line, column = line_and_column(text, offset)
    raise OverLimit(
        f"Brackets may be nested {limit} deep; here they are deeper.",
        limit="depth",
        line=line,
        column=column,
    )


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of a character, counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _look_over_xml(data: bytes) -> None:
    """Refuse DOCTYPE (an entity bomb needs one), other encodings, deep nesting, broken XML."""
    from xml.parsers import expat

    depth = 0
    parser = expat.ParserCreate("utf-8")

    def here() -> dict[str, int]:
        return {"line": parser.CurrentLineNumber, "column": parser.CurrentColumnNumber + 1}

    def doctype(*_: object) -> NoReturn:
        raise Unreadable(
            "DOCTYPE is not accepted, since entities can take a machine down. "
            "Write names in full, or send Turtle.",
            **here(),
        )

    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise Unreadable(f"The XML says it is {encoding[:40]}; send UTF-8.", **here())

    def opened(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST_XML:
            raise OverLimit(
                f"Elements may be nested {DEEPEST_XML} deep; here they are deeper.",
                limit="depth",
                **here(),
            )

    def closed(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = doctype
    parser.XmlDeclHandler = declaration
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        raise Unreadable(
            f"This is not well-formed XML: {said}.", line=error.lineno, column=error.offset + 1
        ) from None


# ---- JSON

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _json_document(
    text: str, data: bytes, base: str, contexts: Mapping[str, Any]
) -> tuple[Any, bytes]:
    """Return the JSON document and the bytes to parse: others if a context was put in."""
    if text.count("{") + text.count("[") > DEEPEST_JSON:
        _check_json_depth(text)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_without_repetition,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"This is not JSON: {error.msg}.", line=error.lineno, column=error.colno
        ) from None
    except ValueError:
        raise Unreadable("A number in the JSON has too many digits.") from None
    if _SURROGATE.search(text):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Unreadable("A text in the JSON holds half of a surrogate pair.") from None
    if not isinstance(document, dict | list):
        raise Unreadable("The JSON is neither an object nor an array.")
    if '"@context"' not in text and "\\u" not in text:
        return document, data
    filled, changed = _with_contexts(document, base, contexts)
    return filled, json.dumps(filled).encode() if changed else data


def _check_json_depth(text: str) -> None:
    depth = 0
    for token in _JSON_TOKEN.finditer(text):
        if token[0] in ("{", "["):
            depth += 1
            if depth > DEEPEST_JSON:
                _too_deep(DEEPEST_JSON, text, token.start())
        elif token[0] in ("}", "]"):
            depth -= 1


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"An object in the JSON has the member {twice[:80]!r} twice.")
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Unreadable(f"The number {digits[:40]} in the JSON is too large.")
    return number


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON.")


def _with_contexts(node: Any, base: str, contexts: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return a document whose named contexts are put in, and whether there were any."""
    if isinstance(node, list):
        return _each(node, lambda member: _with_contexts(member, base, contexts))
    if not isinstance(node, dict):
        return node, False
    changed = False
    filled = {}
    for name, member in node.items():
        if name == "@import":
            raise Unreadable("@import is not followed; write the context out.")
        if name == "@context":
            filled[name], other = _context(member, base, contexts)
        else:
            filled[name], other = _with_contexts(member, base, contexts)
        changed |= other
    return filled, changed


def _context(value: Any, base: str, contexts: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return what stands for the value of one `@context`."""
    if isinstance(value, list):
        return _each(value, lambda member: _context(member, base, contexts))
    if not isinstance(value, str):
        return _with_contexts(value, base, contexts)
    address = urljoin(base, value)
    if address not in contexts:
        raise Unreadable(
            f"The context {value[:200]} is elsewhere, and nothing is fetched. "
            "Write the context out, or name this catalog's /context.jsonld."
        )
    return contexts[address], True


def _each(nodes: list[Any], change: Callable[[Any], tuple[Any, bool]]) -> tuple[list[Any], bool]:
    pairs = [change(node) for node in nodes]
    return [node for node, _ in pairs], any(changed for _, changed in pairs)
