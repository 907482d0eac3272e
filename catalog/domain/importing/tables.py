"""Tables of many items: the first line names fields, each line below it describes an item.

A column is named as a key of plain JSON is, or by the label of the field; `creator.name` is the
name of a part, `title@de` a text in German. Several values stand in several columns of one name,
or in one cell between bars (`wildfire|smoke`; `\\|` is a bar itself). The first value of each
`creator.` column is about the first creator, the second about the second.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.domain.errors import Unreadable
from catalog.domain.importing.carried import Carried, pointer_of
from catalog.domain.importing.formats import CSV
from catalog.domain.importing.names import folded
from catalog.domain.importing.trees import Place
from catalog.domain.parsing import text_of

MOST_COLUMNS = 500
_SEPARATORS = (",", ";", "\t")
_LINE_OF = re.compile(r";\s*line\s*=\s*\"?(\d{1,9})")
_BAR = re.compile(r"(?<!\\)\|")
_LANGUAGE = re.compile(r"(.+)@([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)")


@dataclass(frozen=True, slots=True)
class Row:
    """One item of a table, ready to be judged by itself.

    number      the number of the row, from 1, without the header and empty lines
    line        where it begins in the table, counted from 1
    source      the header and the row as they stand in the table, in UTF-8: a table of one item
    media_type  how to announce `source`, so that findings name lines of the whole table
    fault       why the row cannot be read; None where it can
    """

    number: int
    line: int
    source: bytes
    media_type: str
    fault: Unreadable | None = None


def rows(source: bytes, media_type: str = CSV) -> Iterator[Row]:
    """Yield the rows of a table of any size, one by one.

    source  UTF-8, separated by commas, semicolons or tabs, quoted as RFC 4180 has it

    Raises Unreadable for what is not UTF-8, and for a header that names no fields; a row that
    cannot be read has its fault and does not keep the others from being read.
    """
    text = _text(source)
    table = _Table.of(text, media_type)
    number = 0
    for record in table.records():
        if not record.is_empty:
            number += 1
            yield _row(table, record, number, media_type)


def _row(table: "_Table", record: "_Record", number: int, media_type: str) -> Row:
    header = text if (text := table.header_text).endswith("\n") else text + "\n"
    return Row(
        number,
        record.line,
        (header + table.text[record.start : record.end]).encode(),
        f"{media_type.partition(';')[0].strip()};line={record.line}",
        table.fault_of(record),
    )


@dataclass(frozen=True, slots=True)
class OneRow:
    """The one item of a table, as a document and where its cells stand."""

    carried: Carried
    cells: Mapping[str, Place]

    def place(self, pointer: str) -> Place | None:
        """Return line and column of a cell by the pointer of its column; else of the row."""
        return self.cells.get(pointer) or self.cells.get("")


def only_row(text: str, media_type: str, _library: object = None) -> OneRow:
    """Return the item of a table that has just one; Unreadable where there are more, or none."""
    table = _Table.of(text, media_type)
    found = [record for record, _ in zip(_filled(table), range(2), strict=False)]
    if not found:
        raise Unreadable("This table has no rows: below the names stands a line for each item.")
    if len(found) > 1:
        raise Unreadable(
            "This table holds several items, and one is wanted here: "
            "`sage-catalog validate FILE` and POST /validate judge each row.",
            line=found[1].line,
            column=1,
        )
    (record,) = found
    fault = table.fault_of(record)
    if fault is not None:
        raise fault
    said = _LINE_OF.search(media_type)
    moved = int(said[1]) - record.line if said else 0
    return _document(table, record, moved)


def _filled(table: "_Table") -> Iterator["_Record"]:
    return (record for record in table.records() if not record.is_empty)


# ---- cells


@dataclass(frozen=True, slots=True)
class _Record:
    """A line of cells; `starts` are the offsets of the cells in the text, `fault` what is wrong."""

    cells: tuple[str, ...]
    starts: tuple[int, ...]
    start: int
    end: int
    line: int
    fault: str | None = None

    @property
    def is_empty(self) -> bool:
        return self.fault is None and not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table whose header is read.

    header_text  the header as it stands in the text
    after        where the first row begins
    """

    text: str
    separator: str
    header: tuple[str, ...]
    header_text: str
    after: int
    first_line: int

    @classmethod
    def of(cls, text: str, media_type: str) -> "_Table":
        separator = _separator(text, media_type)
        header = next(_records(text, separator, 0, 1), None)
        if header is None or header.is_empty:
            raise Unreadable("The first line of a table names its fields; here it is empty.")
        if header.fault:
            raise Unreadable(header.fault, line=1, column=1)
        if len(header.cells) > MOST_COLUMNS:
            raise Unreadable(f"A table may have {MOST_COLUMNS} columns; this has more.", line=1)
        names = tuple(cell.strip() for cell in header.cells)
        between = text[header.start : header.end]
        return cls(text, separator, names, between, header.end, 1 + between.count("\n"))

    def records(self) -> Iterator[_Record]:
        return _records(self.text, self.separator, self.after, self.first_line)

    def fault_of(self, record: _Record) -> Unreadable | None:
        """Return why a row cannot be read, if it cannot."""
        said, column = record.fault, 1
        surplus = len(self.header)
        if said is None and any(cell.strip() for cell in record.cells[surplus:]):
            said = f"This row has {len(record.cells)} cells, and {surplus} columns have a name."
            line_start = self.text.rfind("\n", 0, record.starts[surplus]) + 1
            column = record.starts[surplus] - line_start + 1
        if said is None:
            return None
        return Unreadable(said, line=record.line, column=column)


def _separator(text: str, media_type: str) -> str:
    """Return what stands between cells: tabs by media type, else what the header has most of."""
    if media_type.lower().startswith("text/tab-separated"):
        return "\t"
    first = text.partition("\n")[0]
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=bare.count)


def _records(text: str, separator: str, start: int, line: int) -> Iterator[_Record]:
    """Yield the lines of cells from an offset on; a quoted cell may hold line breaks."""
    cut = _Cutter(text, separator)
    at = start
    while at < len(text):
        record = cut.record(at, line)
        yield record
        at = record.end
        line += text.count("\n", record.start, at) or text.count("\r", record.start, at)


class _Cutter:
    """Cuts a text into cells."""

    def __init__(self, text: str, separator: str) -> None:
        self.text = text
        self.separator = separator
        self.plain = re.compile(rf"[^{separator}\r\n]*+")

    def record(self, start: int, line: int) -> _Record:
        """Return the line of cells that begins at an offset."""
        cells: list[str] = []
        starts: list[int] = []
        fault: str | None = None
        at = start - 1
        while not cells or self.text.startswith(self.separator, at):
            starts.append(at + 1)
            cell, at, wrong = self._cell(at + 1)
            cells.append(cell)
            fault = fault or wrong
        end = at + 2 if self.text.startswith("\r\n", at) else min(at + 1, len(self.text))
        return _Record(tuple(cells), tuple(starts), start, end, line, fault)

    def _cell(self, at: int) -> tuple[str, int, str | None]:
        """Return the cell at an offset, where it ends, and what is wrong with it."""
        quoted = _QUOTED.match(self.text, at)
        if quoted is None:
            end = self._end_of_plain(at)
            cell = self.text[at:end]
            return cell, end, _UNCLOSED if cell.lstrip(" ").startswith('"') else None
        end = quoted.end()
        follows = end < len(self.text) and self.text[end] not in (self.separator, "\r", "\n")
        cell = quoted[1].replace('""', '"')
        return (cell, self._end_of_plain(end), _FOLLOWED) if follows else (cell, end, None)

    def _end_of_plain(self, at: int) -> int:
        found = self.plain.match(self.text, at)
        return found.end() if found else at


_QUOTED = re.compile(r'[ ]*+"((?:[^"]|"")*+)"[ ]*+')
_UNCLOSED = 'A quoted cell is not closed; a quotation mark in one is written "".'
_FOLLOWED = 'Something follows a quoted cell; a quotation mark in one is written "".'


# ---- a row as a document


@dataclass(slots=True)
class _Columns:
    """The values of one field: plain ones, or by name of the part's field, in their order."""

    name: str
    plain: list[tuple[Any, str]]
    inside: dict[str, list[tuple[Any, str]]]


def _document(table: _Table, record: _Record, moved: int) -> OneRow:
    """Return the document that a row is, with the place of each column's cell.

    moved  by how many lines the table was cut away above the row
    """
    fields: dict[str, _Columns] = {}
    cells: dict[str, Place] = {"": (record.line + moved, 1)}
    for header, cell, start in zip(table.header, record.cells, record.starts, strict=False):
        pointer = pointer_of(header)
        if not header or not cell.strip():
            _keep_place(fields, header, pointer)
            continue
        line = record.line + table.text.count("\n", record.start, start)
        column = start - table.text.rfind("\n", 0, start)
        cells.setdefault(pointer, (line + moved, column))
        _add(fields, header, cell, pointer)
    document: dict[str, Any] = {}
    origins: dict[str, str] = {"": ""}
    for field in fields.values():
        values = _values(field, origins)
        if values:
            document[field.name] = values
            origins[pointer_of(field.name)] = origins[pointer_of(field.name, 0)]
    return OneRow(Carried(document, origins), cells)


def _path(header: str) -> tuple[str, str, str | None]:
    """Return the name of a field, that of a field of its part or "", and a language."""
    language = None
    if found := _LANGUAGE.fullmatch(header):
        header, language = found[1], found[2]
    if "://" in header or header.startswith("@"):
        return header, "", language
    name, _, inside = header.partition(".")
    return name.strip(), inside.strip(), language


def _columns(fields: dict[str, _Columns], name: str) -> _Columns:
    return fields.setdefault(folded(name), _Columns(name, [], {}))


def _keep_place(fields: dict[str, _Columns], header: str, pointer: str) -> None:
    """Let an empty cell of a part stand for its part, so that the next is about the next."""
    name, inside, _ = _path(header)
    if inside:
        _columns(fields, name).inside.setdefault(inside, []).append((None, pointer))


def _add(fields: dict[str, _Columns], header: str, cell: str, pointer: str) -> None:
    name, inside, language = _path(header)
    field = _columns(fields, name)
    target = field.inside.setdefault(inside, []) if inside else field.plain
    for piece in _BAR.split(cell):
        text = piece.replace("\\|", "|").strip()
        value: Any = {"@value": text, "@language": language} if language and text else text
        target.append((value or None, pointer))


def _values(field: _Columns, origins: dict[str, str]) -> list[Any]:
    """Return the values of a field, and note where each came from."""
    found: list[Any] = []

    def put(value: Any, origin: str) -> str:
        found.append(value)
        below = pointer_of(field.name, len(found) - 1)
        origins[below] = origin
        return below

    for value, origin in field.plain:
        if value is not None:
            put(value, origin)
    for number in range(max(map(len, field.inside.values()), default=0)):
        told = [
            (inside, *values[number])
            for inside, values in field.inside.items()
            if number < len(values) and values[number][0] is not None
        ]
        if told:
            below = put(_nested(told), told[0][2])
            for inside, _, origin in told:
                origins[below + pointer_of(*inside.split("."))] = origin
    return found


def _nested(told: list[tuple[str, Any, str]]) -> dict[str, Any]:
    """Return a part from the values of its fields, which may be parts themselves."""
    part: dict[str, Any] = {}
    for path, value, _ in told:
        *above, last = path.split(".")
        target = part
        for step in above:
            below = target.setdefault(step, {})
            if not isinstance(below, dict):
                break
            target = below
        target[last] = value
    return part


def _text(source: bytes) -> str:
    """Return the text of a table of any size."""
    if len(source) <= 1_000_000:
        return text_of(source)[1]
    try:
        return source.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"This is not UTF-8 text: the byte {source[error.start]:#04x} cannot stand here. "
            "Save it as UTF-8.",
            line=line,
            column=1,
        ) from None
