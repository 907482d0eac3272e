"""What the beginning of a file shows: its first lines, rows of a table, JSON, or a picture.

Only trivial code, whose cost grows with the bytes it is given, reads what strangers sent: a
picture is left to the browser, and nothing but its size is read here.
"""

import codecs
import csv
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.values import size
from catalog.domain.record import FileRecord

LINES: Final = 40
ROWS: Final = 10
COLUMNS: Final = 12
LONGEST_LINE: Final = 400
LONGEST_CELL: Final = 80
LARGEST_PICTURE_BYTES: Final = 20_000_000
LARGEST_PICTURE_PIXELS: Final = 80_000_000
_DEEPEST: Final = 12

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_TABLES: Final = {"text/csv": ",", "text/tab-separated-values": "\t"}
_TABLE_NAMES: Final = {"csv": ",", "tsv": "\t"}
_JSON_NAMES: Final = frozenset({"json", "jsonld", "geojson", "ipynb"})
_TEXT_TYPES: Final = frozenset(
    {
        "application/xml", "application/n-triples", "application/n-quads", "application/trig",
        "application/sparql-query", "application/yaml", "application/x-yaml", "application/toml",
        "application/sql", "application/javascript", "application/x-sh", "application/x-ndjson",
        "application/x-python-code", "application/jsonl", "application/x-tex", "image/svg+xml",
    }
)  # fmt: skip
_TEXT_NAMES: Final = frozenset(
    {
        "txt", "md", "rst", "log", "jsonl", "ndjson", "yaml", "yml", "toml", "ini", "cfg", "conf",
        "xml", "rdf", "ttl", "nt", "nq", "trig", "rq", "sql", "py", "sh", "js", "ts", "r", "jl",
        "c", "h", "cc", "cpp", "hpp", "cu", "rs", "go", "java", "tex", "bib", "ris", "css", "html",
        "htm", "svg", "names", "pbtxt", "prototxt", "properties", "env",
    }
)  # fmt: skip
_TEXT_FILES: Final = frozenset({"dockerfile", "makefile", "license", "readme", "notice", "authors"})
_UNKNOWN: Final = "application/octet-stream"

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NUMBER = re.compile(r"\s*[+-]?(\d{1,3}(,\d{3})+|\d+)?\.?\d*([eE][+-]?\d+)?\s*\Z")


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file as a page shows it.

    kind     text, table, picture or nothing
    note     how much of the file is shown, or why nothing is
    text     for text: its first lines
    head     for a table: the names of the columns
    rows     for a table: its first rows, as wide as `head`
    numeric  for a table: whether each column holds numbers alone
    width    for a picture: in pixels
    height   for a picture: in pixels
    """

    kind: str
    note: str
    text: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numeric: tuple[bool, ...] = ()
    width: int = 0
    height: int = 0


def is_previewable(file: FileRecord) -> bool:
    """Tell whether a file is of a kind that can be shown, and as far as is known undamaged."""
    if file.fixity is not None and file.fixity.is_damaged:
        return False
    if file.media_type in PICTURES:
        return file.size_bytes <= LARGEST_PICTURE_BYTES
    return _separator(file) is not None or _is_json(file) or _is_text(file)


def telling(file: FileRecord) -> int:
    """Return how far down a file stands among those of which one is shown beside the list.

    Tables and pictures say more than a README, and that more than what programs read.
    """
    if file.media_type in PICTURES or _separator(file) is not None:
        return 0
    return 1 if file.name.rpartition("/")[2].lower().startswith("readme") else 2


def preview_of(file: FileRecord, beginning: bytes) -> Preview:
    """Return what the first bytes of a file show; kind "nothing", and why, where they do not."""
    if file.media_type in PICTURES:
        return _picture(file, beginning)
    if not is_previewable(file):
        return _nothing("Files of this kind are not shown here.")
    if not beginning:
        return _nothing("The file is empty.")
    is_whole = len(beginning) >= file.size_bytes
    text, encoding = _decoded(beginning, is_whole=is_whole)
    if text is None:
        return _nothing("The file is called a text, but its bytes are none.")
    separator = _separator(file)
    if separator is not None and (found := _table(text, separator, encoding, is_whole=is_whole)):
        return found
    if _is_json(file):
        laid_out = indented(text)
        return _text(laid_out, encoding, is_whole=is_whole, as_is=laid_out is text)
    return _text(text, encoding, is_whole=is_whole)


def _nothing(why: str) -> Preview:
    return Preview("nothing", why)


# -- which kind


def _extension(file: FileRecord) -> str:
    name = file.name.rpartition("/")[2].lower()
    return name.rpartition(".")[2] if "." in name.lstrip(".") else ""


def _separator(file: FileRecord) -> str | None:
    """Return what separates the cells of a table, None for what is no table."""
    return _TABLES.get(file.media_type) or _TABLE_NAMES.get(_extension(file))


def _is_json(file: FileRecord) -> bool:
    kind = file.media_type
    is_json = kind == "application/json" or kind.endswith("+json")
    return is_json or _extension(file) in _JSON_NAMES


def _is_text(file: FileRecord) -> bool:
    kind, name = file.media_type, file.name.rpartition("/")[2].lower()
    if kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+xml", "+yaml")):
        return True
    known = _extension(file) in _TEXT_NAMES or name in _TEXT_FILES
    return known and (kind == _UNKNOWN or kind.startswith("application/"))


# -- text


def _decoded(beginning: bytes, *, is_whole: bool) -> tuple[str | None, str]:
    """Return bytes as text, with the name of its encoding; None where they are no text."""
    for mark, codec, name in _BOMS:
        if beginning.startswith(mark):
            return beginning[len(mark) :].decode(codec, "replace"), name
    if b"\x00" in beginning:
        return None, ""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(beginning, final=is_whole), "UTF-8"
    except UnicodeDecodeError:
        text = beginning.decode("cp1252", "replace")
    strange = len(_UNSEEN.findall(text)) + text.count("\ufffd")
    return (None, "") if strange * 50 > len(text) else (text, "Windows-1252")


def visible(text: str) -> str:
    """Return a text whose characters without a shape, or that turn its direction, are named.

    >>> visible("a\\u202eb"), visible("\\x1b[0m")
    ('a⟨U+202E⟩b', '⟨U+001B⟩[0m')
    """
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def _text(text: str, encoding: str, *, is_whole: bool, as_is: bool = True) -> Preview:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", LINES)
    has_more = len(lines) > LINES and bool(lines[LINES])
    shown = [_cut(visible(line), LONGEST_LINE) for line in lines[:LINES]]
    while shown and not shown[-1]:
        shown.pop()
    counted = _counted(len(shown), "line")
    note = f"The whole file, {counted}" if is_whole and not has_more else f"The first {counted}"
    if not as_is:
        note += " once laid out"
    return Preview("text", f"{note}, read as {encoding}.", text="\n".join(shown))


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def indented(text: str) -> str:
    """Return the beginning of JSON with a line for each member; numbers and texts stay as written.

    It is read sign by sign and need not be whole, nor sound. What stands on several lines already
    is left as it is.
    """
    if text.count("\n", 0, 2_000) > _LAID_OUT:
        return text
    return "".join(_indented(text))


_LAID_OUT: Final = 4
_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s"{}\[\],:]+|\s+', re.DOTALL)


def _indented(text: str) -> Iterator[str]:
    depth = lines = 0
    after_open = False
    for found in _SIGN.finditer(text):
        sign = found[0]
        if sign.isspace():
            continue
        closes = sign in {"}", "]"}
        depth -= closes
        if (closes and not after_open) or (after_open and not closes):
            lines += 1
            yield "\n" + "  " * max(0, min(depth, _DEEPEST))
        after_open = sign in {"{", "["}
        depth += after_open
        yield ": " if sign == ":" else sign
        if sign == ",":
            lines += 1
            yield "\n" + "  " * max(0, min(depth, _DEEPEST))
        if lines > LINES:
            return


# -- tables


def _table(text: str, separator: str, encoding: str, *, is_whole: bool) -> Preview | None:
    """Return the first rows of a table, None where the text has none."""
    try:
        rows = list(_rows(text, _guessed(text, separator), is_whole=is_whole))
    except csv.Error:
        return None
    if not rows or max(len(row) for row in rows) < 2:
        return None
    widest = max(len(row) for row in rows[: ROWS + 1])
    shown = [_cells(row, min(widest, COLUMNS)) for row in rows[: ROWS + 1]]
    head, body = shown[0], shown[1:]
    numeric = tuple(_is_numeric([row[place] for row in body]) for place in range(len(head)))
    return Preview(
        "table",
        _of_table(len(body), len(rows) - 1, widest, encoding, is_whole=is_whole),
        head=head,
        rows=tuple(body),
        numeric=numeric,
    )


def _rows(text: str, separator: str, *, is_whole: bool) -> Iterator[list[str]]:
    """Yield the rows that are there as a whole, without empty ones."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not is_whole and len(lines) > 1:
        lines.pop()
    if not is_whole:
        lines = lines[: 4 * ROWS]
    whole = (f"{line}\n" for line in lines)
    yield from (row for row in csv.reader(whole, delimiter=separator) if any(row))


def _guessed(text: str, separator: str) -> str:
    """Return what separates the cells: what is usual, unless the first line has more of another."""
    first = text.split("\n", 1)[0]
    best = max((separator, ";", "\t", ",", "|"), key=first.count)
    return best if first.count(separator) == 0 else separator


def _cells(row: Sequence[str], width: int) -> tuple[str, ...]:
    cells = [_cut(visible(" ".join(cell.split())), LONGEST_CELL) for cell in row[:width]]
    return (*cells, *([""] * (width - len(cells))))


def _is_numeric(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell.strip()]
    return bool(said) and all(_NUMBER.match(cell) for cell in said)


def _of_table(shown: int, read: int, widest: int, encoding: str, *, is_whole: bool) -> str:
    rows = f"The first {_counted(shown, 'row')}"
    if is_whole:
        all_of_it = _counted(read, "row")
        rows = f"{shown} of {all_of_it}" if shown < read else f"The whole table, {all_of_it}"
    columns = f" and {COLUMNS} of {widest} columns" if widest > COLUMNS else ""
    return f"{rows}{columns}, read as {encoding}."


# -- pictures


def _picture(file: FileRecord, beginning: bytes) -> Preview:
    measured = _measured(file.media_type, beginning)
    if measured is None:
        return _nothing(f"The file is called {file.media_type}, but does not begin as one.")
    width, height = measured
    if file.size_bytes > LARGEST_PICTURE_BYTES or width * height > LARGEST_PICTURE_PIXELS:
        return _nothing(f"{width:,} × {height:,} pixels are too many to show; download it instead.")
    note = f"{width:,} × {height:,} pixels, {size(file.size_bytes)}."
    return Preview("picture", note, width=width, height=height)


def _measured(media_type: str, beginning: bytes) -> tuple[int, int] | None:
    """Return width and height as the first bytes of a picture tell them, None where they do not."""
    try:
        found = _MEASURES[media_type](beginning)
    except (struct.error, IndexError):
        return None
    return found if found and found[0] > 0 and found[1] > 0 else None


def _of_png(said: bytes) -> tuple[int, int] | None:
    if not said.startswith(b"\x89PNG\r\n\x1a\n") or said[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", said[16:24])
    return width, height


def _of_gif(said: bytes) -> tuple[int, int] | None:
    if said[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    width, height = struct.unpack("<HH", said[6:10])
    return width, height


def _of_jpeg(said: bytes) -> tuple[int, int] | None:
    """Go from segment to segment until a frame header tells the size (ISO 10918-1, B.2.2)."""
    if not said.startswith(b"\xff\xd8"):
        return None
    place = 2
    while place + 9 <= len(said) and said[place] == 0xFF:
        marker = said[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", said[place + 5 : place + 9])
            return width, height
        place += 2 + max(2, int.from_bytes(said[place + 2 : place + 4]))
    return None


def _of_webp(said: bytes) -> tuple[int, int] | None:
    if said[:4] != b"RIFF" or said[8:12] != b"WEBP" or len(said) < 30:
        return None
    kind = said[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(said[24:27], "little"), 1 + int.from_bytes(said[27:30], "little")
    if kind == b"VP8L" and said[20] == 0x2F:
        bits = int.from_bytes(said[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    if kind == b"VP8 " and said[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", said[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


_MEASURES: Final = {
    "image/png": _of_png,
    "image/jpeg": _of_jpeg,
    "image/gif": _of_gif,
    "image/webp": _of_webp,
}
