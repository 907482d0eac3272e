"""How a Turtle file of the vocabularies is read, and where in it a statement stands."""

import re
from collections.abc import Iterator
from functools import cached_property

import pyoxigraph as ox

from catalog.domain.errors import Unreadable
from catalog.domain.offsets import TURTLE_TOKEN, Lines, Offsets

_BASE = "https://catalog.invalid/"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARSER_SAYS = re.compile(r"^Parser error at .*?: | \(line \d+\)$")
_BEFORE_A_SUBJECT = 4_000
_IN_PREFIX = re.compile(rb"[\w.-]*$")
_ESCAPED_IN_NAMES = re.compile(r"([~!$&'()*+,;=/?#@%])")


def check_text(data: bytes) -> None:
    """Raise Unreadable unless `data` is UTF-8 without a byte order mark, and within RDF 1.1.

    Whether it is Turtle is left to the parser; see `refused`.
    """
    if data.startswith(_BYTE_ORDER_MARK):
        raise Unreadable(
            "The file begins with a byte order mark. Save it as UTF-8 without one.",
            line=1,
            column=1,
        )
    if b"\0" in data:
        raise Unreadable(
            "This is not UTF-8 text: it holds NUL bytes. Save it as UTF-8.",
            **_at(data, data.index(b"\0")),
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"This is not UTF-8 text: the byte {data[error.start]:#04x} cannot stand here. "
            "Save it as UTF-8.",
            **_at(data, error.start),
        ) from None
    if "<<" in text or "{|" in text:
        _refuse_triple_terms(text)


def _refuse_triple_terms(text: str) -> None:
    for token in TURTLE_TOKEN.finditer(text):
        if token[0] in ("<<", "<<(", "{|"):
            raise Unreadable(
                "Statements about statements (RDF 1.2 triple terms) are not read here.",
                **_at(text.encode(), len(text[: token.start()].encode())),
            )


def refused(error: SyntaxError) -> Unreadable:
    """Return what the parser of Turtle said as a sentence of ours, with line and column."""
    said = _PARSER_SAYS.sub("", error.msg).strip()[:300].rstrip(".")
    plain = "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in said)
    return Unreadable(
        f"This is not Turtle: {plain[:1].lower()}{plain[1:]}.",
        line=error.lineno,
        column=error.offset,
    )


def _at(data: bytes, offset: int) -> dict[str, int]:
    line, column = Lines(data).place(offset)
    return {"line": line, "column": column}


class TurtleText:
    """The statements of one readable file in their order, and the place of each."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines = Lines(data)

    @cached_property
    def _statements(self) -> list[str]:
        return [str(triple) for triple in ox.parse(self._data, format=ox.RdfFormat.TURTLE)]

    @cached_property
    def _offsets(self) -> Offsets:
        return Offsets(ox.RdfFormat.TURTLE, self._data, _BASE, self._statements)

    @cached_property
    def _numbers(self) -> dict[str, list[int]]:
        """The numbers of the statements about each subject; blank nodes count as one."""
        found: dict[str, list[int]] = {}
        for number, statement in enumerate(self._statements):
            found.setdefault(_nameless(statement.split(" ", 1)[0]), []).append(number)
        return found

    @property
    def subjects(self) -> Iterator[str]:
        """What is described here, as terms, in the order in which it is met."""
        return iter(self._numbers)

    def holds(self, subject: str) -> bool:
        """Tell whether something is said about `subject`, a term as N-Triples writes it."""
        return _nameless(subject) in self._numbers

    def says(self, subject: str, path: str, value: str) -> bool:
        """Tell whether just this statement stands here."""
        wanted = f"{subject} {path} {value}"
        return any(self._statements[n] == wanted for n in self._numbers.get(subject, ()))

    def place(
        self, subject: str, path: str | None = None, value: str | None = None
    ) -> tuple[int, int] | None:
        """Return line and column, from 1, of the value of a statement, or where `subject` begins.

        path, value  the statement at fault as terms; where there is no such statement, the first
                     about `subject` is meant. None if nothing is said about `subject`.
        """
        numbers = self._numbers.get(_nameless(subject))
        if not numbers:
            return None
        behind = (f" {path} {value}", f" {path} ") if path else ()
        for wanted in behind:
            for number in numbers:
                said = self._statements[number][len(subject) :]
                if said == wanted or (wanted[-1] == " " and said.startswith(wanted)):
                    return self._lines.place(self._offsets.of(number))
        return self._lines.place(self._begin(subject, self._offsets.of(numbers[0])))

    def _begin(self, subject: str, before: int) -> int:
        """Return where the name of `subject` stands last before an offset, else that offset."""
        if subject[0] != "<":
            return before
        start = max(0, before - _BEFORE_A_SUBJECT)
        iri = subject[1:-1]
        found = self._data.rfind(subject.encode(), start, before)
        local = iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]
        for spelled in {local, _ESCAPED_IN_NAMES.sub(r"\\\1", local)}:
            name = f":{spelled}".encode()
            named = max(self._data.rfind(name + end, start, before) for end in (b" ", b"\n"))
            if named > found:
                prefix = _IN_PREFIX.search(self._data[start:named])
                found = named - len(prefix[0]) if prefix else named
        return found if found >= 0 else before


def _nameless(subject: str) -> str:
    return "_:" if subject.startswith("_:") else subject
