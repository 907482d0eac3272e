"""A table says one item a row, and one bad row keeps no other from being judged."""

import csv
import io
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.description import statements_of
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.importing.tables import Row, rows
from catalog.domain.report import Report
from catalog.domain.validation import Judgement, judge
from catalog.library import library

ITEM = item_iri("0000000000")
CSV = "text/csv"

TABLE = """\
type,title,creator.name,creator.type,keyword,licence,collectionDate
training-data,Sky images,Ana Ruiz,Person,cloud|sky,CC-BY-4.0,2017
training-data,"Clouds, and
more",Argonne,Organization,cloud,MIT,2021-05-11

training-data,No licence,Ana Ruiz,Person,cloud,telling,2021
"""


def judged(row: Row) -> Judgement:
    if row.fault is not None:
        raise row.fault
    return judge(row.source, row.media_type, item=ITEM, library=library(), level="draft")


def reports(table: str) -> list[Report]:
    return [judged(row).report for row in rows(table.encode())]


def said(table: str, path: str, media_type: str = CSV) -> list[str]:
    """Return the values of a property in the only row of a table, sorted."""
    (row,) = rows(table.encode(), media_type)
    statements = statements_of(judged(row).ntriples)
    return sorted(value for _, predicate, value in statements if predicate.endswith(f"{path}>"))


# -- rows


def test_a_row_is_an_item_and_says_where_it_begins() -> None:
    assert [(row.number, row.line) for row in rows(TABLE.encode())] == [(1, 2), (2, 3), (3, 6)]


def test_each_row_gets_its_own_report() -> None:
    first, second, third = reports(TABLE)
    assert (first.conforms, second.conforms, third.conforms) == (True, True, False)


def test_a_finding_names_line_column_and_header_of_the_whole_table() -> None:
    *_, last = reports(TABLE)
    (wrong,) = [one for one in last.findings if one.value == '"telling"@en']
    assert (wrong.line, wrong.column, wrong.pointer) == (6, 48, "/licence")


def test_a_quoted_cell_may_hold_separators_and_line_breaks() -> None:
    second = list(rows(TABLE.encode()))[1]
    assert 'title> "Clouds, and\\nmore"@en' in judged(second).ntriples


def test_a_row_with_too_many_cells_is_told_and_the_rest_is_read() -> None:
    first, second = rows(b"type,title\nmodel,A,surplus\nmodel,B\n")
    assert first.fault is not None
    assert first.fault.evidence == {"line": 2, "column": 9}
    assert judged(second).title == "B"


@pytest.mark.parametrize("cell", ['"never closed', '"closed" and more'])
def test_bad_quoting_is_told_with_its_row(cell: str) -> None:
    first = next(iter(rows(f"type,title\nmodel,{cell}\nmodel,B\n".encode())))
    assert isinstance(first.fault, Unreadable)
    assert first.fault.evidence["line"] == 2


# -- cells


@pytest.mark.parametrize(
    ("table", "media_type"),
    [("type;title\nmodel;A, b\n", CSV), ("type\ttitle\nmodel\tA, b\n", CSV),
     ("type\ttitle\nmodel\tA, b\n", "text/tab-separated-values"),
     ('type,title\r\nmodel,"A, b"\r\n', CSV), ('\ufefftype,title\nmodel,"A, b"', CSV)],
)  # fmt: skip
def test_separator_line_ends_and_byte_order_mark_do_not_matter(table: str, media_type: str) -> None:
    assert said(table, "terms/title", media_type) == ['"A, b"@en']


def test_several_values_stand_between_bars_or_in_several_columns() -> None:
    table = "type,keyword,keyword\nmodel,a|b \\| c,d\n"
    assert said(table, "keyword") == ['"a"@en', '"b | c"@en', '"d"@en']


def test_a_language_stands_behind_the_name_of_a_column() -> None:
    assert said("type,title,title@de\nmodel,One,Eins\n", "title") == ['"Eins"@de', '"One"@en']


def test_the_columns_of_a_part_are_put_together_by_their_order() -> None:
    table = (
        "type,creator.name,creator.type,creator.name,creator.type\n"
        "model,Ana Ruiz,Person,Argonne,Organization\n"
    )
    (row,) = rows(table.encode())
    text = judged(row).ntriples
    assert '#n1> <http://xmlns.com/foaf/0.1/name> "Ana Ruiz"' in text
    assert (
        "#n2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://xmlns.com/foaf/0.1/Org"
        in text
    )


def test_an_empty_cell_of_a_part_does_not_move_the_others() -> None:
    table = (
        "type,creator.name,creator.homepage,creator.name,creator.homepage\n"
        "model,Ana,,Bo,https://bo.example/\n"
    )
    (row,) = rows(table.encode())
    assert "#n2> <http://xmlns.com/foaf/0.1/homepage> <https://bo.example/>" in judged(row).ntriples


def test_truth_is_read_as_spreadsheets_write_it() -> None:
    assert said("type,safeToLoad\nweights,TRUE\n", "safeToLoad")[0].startswith('"true"^^')


def test_a_column_that_names_nothing_is_told_for_each_row_that_uses_it() -> None:
    first, second = reports("type,title,colour\nmodel,A,red\nmodel,B,\n")
    assert [one.pointer for one in first.findings if one.component == "not-carried-over"] == [
        "/colour"
    ]
    assert not [one for one in second.findings if one.component == "not-carried-over"]


# -- a table as one description


def test_a_table_of_one_item_is_a_description() -> None:
    text = b"type,title\nmodel,A\n"
    assert judge(text, CSV, item=ITEM, library=library()).title == "A"


@pytest.mark.parametrize(
    "table", [b"type,title\nmodel,A\nmodel,B\n", b"type,title\n", b"", b"\n\n", b"\xff\xfe"]
)
def test_a_table_that_is_not_one_item_is_refused_in_a_sentence(table: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        judge(table, CSV, item=ITEM, library=library())
    assert len(caught.value.detail) > 10


def test_bytes_that_are_not_utf_8_are_told_with_their_line() -> None:
    with pytest.raises(Unreadable) as caught:
        list(rows(b"type,title\nmodel,A\nmodel,caf\xe9\n"))
    assert caught.value.evidence["line"] == 3


def test_a_hundred_thousand_rows_are_told_apart_in_seconds() -> None:
    table = b"type,title,keyword\n" + b'model,"A, b",x|y\n' * 100_000
    begun = time.monotonic()
    assert sum(1 for _ in rows(table)) == 100_000
    assert time.monotonic() - begun < 10


CELLS = st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(CELLS)
def test_what_a_csv_writer_writes_is_cut_into_the_same_cells(cells: list[list[str]]) -> None:
    clean = [["".join(c for c in cell if c not in "\r\n\0") for cell in row] for row in cells]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([["title", "keyword", "x"], *clean])
    try:
        source = written.getvalue().encode()
    except UnicodeEncodeError:
        return
    found = list(rows(source))
    assert len(found) == sum(any(cell.strip() for cell in row) for row in clean)
    assert not [row for row in found if row.fault]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='ab,;"|\n\r\t.@', max_size=80))
def test_whatever_bytes_come_each_row_is_judged_or_refused(source: bytes | str) -> None:
    text = source.encode() if isinstance(source, str) else source
    with suppress(CatalogError):
        for row in rows(text):
            judged(row)
