"""Where the statements of Turtle, N-Triples and RDF/XML stand in their text.

Parsers do not tell. So the text is cut, and the parser reads it piece by piece: a statement that
comes out belongs to the piece that went in last. A wrong cut cannot change the statements, it only
moves a border.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from string import ascii_letters, digits

import pyoxigraph as ox

from catalog.domain.description import RDF, TYPE

TURTLE_TOKEN = re.compile(
    r"#[^\n]*+"
    r'|"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:''')?"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'(?:[^'\\\n]|\\.)*+'?"
    r"|<<\(?|\)>>|>>|\{\||\|\}"
    r"|<[^<>\s]*+>?"
    r"|[\[\](){};,]|\^\^"
    r"|@?[^\s\[\](){};,\"'<>#^|]++"
    r"|\s++|.",
    re.DOTALL,
)
"""Where tokens of Turtle begin and end; every text splits in linear time, whatever it holds."""

_REST = f"<{RDF}rest>"


class Feed:
    """A file that hands out one piece a read, and counts them.

    begun  how many pieces were handed out, one of which only a part was included
    """

    __slots__ = ("_data", "_end", "_ends", "_from", "begun")

    def __init__(self, data: bytes, ends: list[int]) -> None:
        self._data = data
        self._ends = ends
        self._from = self._end = self.begun = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next piece, or as much of it as `size` allows; nothing at the end."""
        start = self._from
        if start == self._end:
            if self.begun == len(self._ends):
                return b""
            self._end = self._ends[self.begun]
            self.begun += 1
        end = self._end
        if 0 <= size < end - start:
            end = start + size
        self._from = end
        return self._data[start:end]


class Lines:
    """Where the lines of a text begin."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._asked = 0

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, in characters, of a byte."""
        self._asked += 1
        start = self._data.rfind(b"\n", 0, offset) + 1
        before = self._data[start:offset].decode(errors="replace")
        if self._asked <= _FEW:
            return self._data.count(b"\n", 0, start) + 1, len(before) + 1
        return bisect_right(self._starts, offset), len(before) + 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(rb"\n", self._data))]


_FEW = 20
"""How many lines are counted one by one, before a table of them is made."""


class Offsets:
    """Where the object of each statement begins in Turtle, N-Triples or RDF/XML.

    In Turtle the object is looked for by the ways in which it can be spelled. Where that finds
    nothing, or more than one place, the text is parsed once more, piece by piece.
    """

    def __init__(self, form: ox.RdfFormat, data: bytes, base: str, lines: Sequence[str]) -> None:
        """Take a text, and the statements in it: N-Triples without dots, as the parser met them."""
        self._form = form
        self._data = data
        self._base = base
        self._lines = lines
        self._asked = 0

    def of(self, number: int) -> int:
        """Return where the object of a statement begins, in bytes.

        For a node in brackets that is the opening bracket, in RDF/XML the element of the property.
        """
        self._asked += 1
        if self._form != ox.RdfFormat.RDF_XML and self._asked <= _MOST_SPELLED:
            found = self._spelled_once(number)
            if found >= 0:
                return found
        return self._pieces.begin(self._met[number], self._lines[number])

    def of_failure(self) -> int | None:
        """Return where the parser gives up, if it does."""
        feed = Feed(self._data, self._pieces.ends)
        try:
            for _ in self._parsed(feed):
                pass
        except SyntaxError:
            return self._pieces.start(max(feed.begun - 1, 0))
        return None

    @cached_property
    def _pieces(self) -> "TurtlePieces | XmlPieces":
        of_form = XmlPieces if self._form == ox.RdfFormat.RDF_XML else TurtlePieces
        return of_form(self._data)

    @cached_property
    def _met(self) -> list[int]:
        """The number of the piece after which each statement came out."""
        feed = Feed(self._data, self._pieces.ends)
        return [feed.begun - 1 for _ in islice(self._parsed(feed), len(self._lines))]

    def _parsed(self, feed: Feed) -> Iterator[object]:
        return ox.parse(feed, format=self._form, base_iri=self._base)  # type: ignore[arg-type]

    # -- by spelling

    def _spelled_once(self, number: int) -> int:
        """Return the one place where an object is spelled, by itself or behind its property."""
        _, predicate, value = self._lines[number].split(" ", 2)
        found = self._last_spelled(value, len(self._data))
        earlier = self._last_spelled(value, found) if found > 0 else -1
        if earlier < 0:
            return found
        ending = f" {predicate} {value}"
        if len([1 for line in self._lines if line.endswith(ending)]) > 1:
            return -1
        places = [found, earlier]
        while len(places) < _MOST_REPEATED and (found := self._last_spelled(value, places[-1])) > 0:
            places.append(found)
        fitting = [place for place in places if self._stands_behind(predicate, place)]
        return fitting[0] if len(fitting) == 1 and len(places) < _MOST_REPEATED else -1

    def _stands_behind(self, predicate: str, offset: int) -> bool:
        before = self._data[max(0, offset - 300) : offset].rstrip()
        local = _local(predicate[1:-1]).encode()
        if before.endswith((b":" + local, local + b">")):
            return True
        return predicate == TYPE and before[-2:-1].isspace() and before.endswith(b"a")

    def _last_spelled(self, value: str, end: int) -> int:
        """Return where a term stands last before `end`, or -1."""
        if value[0] == '"':
            return self._last_literal(value, end)
        if value[0] == "<":
            return self._last_iri(value[1:-1], end)
        return self._last(value, end)

    def _last_literal(self, value: str, end: int) -> int:
        closing = value.rindex('"')
        text, escape, _ = value[1:closing].partition("\\")
        if not text:
            return -1
        double, single = ("", "") if escape else ('"', "'")
        found = max(
            self._last(f'"{text}{double}', end, whole=False),
            self._last(f"'{text}{single}", end, whole=False),
        )
        if value[-1] == ">":
            bare = self._last(text, end)
            found = bare if bare > found + 1 else found
        quote = self._data[found : found + 1]
        while found > 0 and quote in (b'"', b"'") and self._data[found - 1 : found] == quote:
            found -= 1
        return found

    def _last_iri(self, iri: str, end: int) -> int:
        found = self._last(f"<{iri}>", end, whole=False)
        for base in (self._base, self._base[: self._base.rfind("/") + 1]):
            if iri.startswith(base):
                found = max(found, self._last(f"<{iri[len(base) :]}>", end, whole=False))
        named = self._last(f":{_local(iri)}", end)
        if named <= found:
            return found
        before = self._data[max(0, named - 100) : named]
        return named - len(before) + len(before.rstrip(_IN_PREFIX))

    def _last(self, spelled: str, end: int, *, whole: bool = True) -> int:
        """Return where the last `spelled` before `end` begins, or -1.

        whole  whether it must not go on with characters of a name
        """
        wanted = spelled.encode()
        found = self._data.rfind(wanted, 0, end)
        while whole and found >= 0 and _NAME_GOES_ON.match(self._data, found + len(wanted)):
            found = self._data.rfind(wanted, 0, found + len(wanted) - 1)
        return found


def _local(iri: str) -> str:
    """Return the end of an IRI, as a prefixed name has it."""
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]


_MOST_SPELLED = 100
"""How many places are looked for by spelling; beyond, one more parsing is cheaper."""

_MOST_REPEATED = 20
_NAME_GOES_ON = re.compile(rb"\.*[\w%:/\\\x80-\xff-]")
_IN_PREFIX = (ascii_letters + digits + "_.-").encode() + bytes(range(0x80, 0x100))


class TurtlePieces:
    """Pieces of Turtle or N-Triples: each up to a delimiter and the space behind it.

    In a list, where only space stands between members, each token is a piece.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._known: dict[int, list[tuple[int, int]]] = {}
        self._opener: dict[int, int] = {}
        self._around: dict[int, int] = {}
        found = [(piece.end(), piece[1]) for piece in _PIECE.finditer(data)]
        self.ends = [end for end, _ in found]
        if self.ends[-2:-1] == self.ends[-1:]:
            self.ends.pop()
        self._has_lists = b"(" in data and any(mark and mark[:1] == b"(" for _, mark in found)
        if self._has_lists:
            self.ends = []
            self._cut_lists()

    def _cut_lists(self) -> None:
        """Find the pieces and, inside lists, their tokens."""
        open_now: list[bytes] = []
        for found in _PIECE.finditer(self.data):
            start, end = found.span()
            if start == end:
                continue
            if open_now and open_now[-1] == b"(":
                self._add_tokens(start, end)
            else:
                self.ends.append(end)
            bracket = self.data[found.start(1) : found.start(1) + 1] if found[1] else b""
            if bracket in (b"[", b"("):
                open_now.append(bracket)
            elif bracket in (b"]", b")") and open_now:
                open_now.pop()

    def _match_brackets(self) -> None:
        """Find for each piece the bracket that it is in, or that it closes."""
        open_now: list[int] = []
        start = 0
        for number, end in enumerate(self.ends):
            last = self.data[start:end].rstrip()[-1:]
            if open_now:
                self._around[number] = open_now[-1]
            if last in (b"[", b"("):
                open_now.append(self.data.rindex(last, start, end))
            elif last in (b"]", b")") and open_now:
                self._opener[number] = open_now.pop()
            start = end

    def _add_tokens(self, start: int, end: int) -> None:
        """Add the tokens from `start` to `end`, each with the space behind it."""
        begins = [begin for begin, _ in self._tokens(start, end)]
        self.ends += [*begins[1:], end]

    def start(self, piece: int) -> int:
        """Return where a piece begins, without space and comments before it."""
        begin = self.ends[piece - 1] if piece else 0
        terms = self._tokens(begin, self.ends[piece])
        return terms[0][0] if terms else begin

    def begin(self, piece: int, line: str) -> int:
        """Return where the object of a statement begins that came out after a piece."""
        _, predicate, value = line.split(" ", 2)
        terms = self._terms(piece)
        if value[:1] == "_":
            if not self._around:
                self._match_brackets()
            if piece in self._opener and (not terms or not self._is_label(terms[-1])):
                return self._opener[piece]
            inside = piece in self._around and predicate != _REST
            if inside and (not terms or not self._is_label(terms[-1])):
                return self._around[piece]
        while not terms and piece > 0:
            piece -= 1
            terms = self._terms(piece)
        if not terms:
            return self.ends[piece]
        return self._begin_of_literal(piece, terms) if value[:1] == '"' else terms[-1][0]

    def _begin_of_literal(self, piece: int, terms: list[tuple[int, int]]) -> int:
        """Return where a literal begins whose last token is the last of `terms`."""
        while self._has_lists and piece > 0 and len(terms) < 3:
            piece -= 1
            earlier = self._terms(piece)
            terms = [*earlier, *terms]
        last = self.data[terms[-1][0] : terms[-1][0] + 1]
        if last == b"@" and len(terms) > 1:
            return terms[-2][0]
        if len(terms) > 2 and self.data[slice(*terms[-2])] == b"^^":
            return terms[-3][0]
        return terms[-1][0]

    def _is_label(self, term: tuple[int, int]) -> bool:
        return self.data[term[0] : term[0] + 2] == b"_:"

    def _terms(self, piece: int) -> list[tuple[int, int]]:
        """Return where the terms in a piece stand, without delimiters."""
        known = self._known.get(piece)
        if known is None:
            tokens = self._tokens(self.ends[piece - 1] if piece else 0, self.ends[piece])
            known = self._known[piece] = [
                (begin, end) for begin, end in tokens if self.data[begin:end] not in _DELIMITERS
            ]
        return known

    def _tokens(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return where the tokens between two offsets stand, without space and comments."""
        found = []
        at = start
        for token in TURTLE_TOKEN.finditer(self.data[start:end].decode(errors="replace")):
            said = token[0]
            size = len(said) if said.isascii() else len(said.encode())
            if not said.isspace() and said[0] != "#":
                found.append((at, at + size))
            at += size
        return found


_DELIMITERS = frozenset((b"[", b"]", b"(", b")", b"{", b"}", b";", b",", b"."))

_PIECE = re.compile(
    rb"(?:[^\[\](){};,.\"'<#\\]++"
    rb"|<[^<>\s]*+>?"
    rb'|"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'
    rb"|'''(?:[^'\\]|\\.|'(?!''))*+(?:''')?"
    rb'|"(?:[^"\\\n]|\\.)*+"?'
    rb"|'(?:[^'\\\n]|\\.)*+'?"
    rb"|#[^\n]*+"
    rb"|\\.?"
    rb"|(?<=[\w%\x80-\xff-])\.(?=[\w%:\\\x80-\xff-])|\.(?=\d)"
    rb"|[{}])*+"
    rb"([\[\]();,.]\s*+)?",
    re.DOTALL,
)


class XmlPieces:
    """Pieces of RDF/XML: one tag, comment or text each."""

    def __init__(self, data: bytes) -> None:
        self.ends: list[int] = []
        self._starts: list[int] = []
        self._opener: dict[int, int] = {}
        open_now: list[int] = []
        for number, found in enumerate(_XML_PIECE.finditer(data)):
            start, end = found.span()
            self._starts.append(start)
            self.ends.append(end)
            piece = found[0]
            if piece.startswith(b"</"):
                if open_now:
                    self._opener[number] = open_now.pop()
            elif piece[:1] == b"<" and piece[1:2] not in b"?!" and not piece.endswith(b"/>"):
                open_now.append(start)

    def start(self, piece: int) -> int:
        """Return where a piece begins."""
        return self._starts[piece]

    def begin(self, piece: int, _line: str) -> int:
        """Return where the element begins that ended, or began, with a piece."""
        return self._opener.get(piece, self._starts[piece])


_XML_PIECE = re.compile(rb"<!--.*?(?:-->|$)|<!\[CDATA\[.*?(?:\]\]>|$)|<[^>]*+>?|[^<]++", re.DOTALL)
