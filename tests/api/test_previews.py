"""The beginning of a file is shown for what it is, safely, and only to who may have the bytes."""

import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from api.preview import (
    LINES,
    LONGEST_LINE,
    ROWS,
    Preview,
    indented,
    is_previewable,
    preview_of,
    visible,
)
from catalog.domain.record import FileRecord
from catalog.services.preview import MOST_BYTES
from catalog.tables import Version
from tests.api.sites import Site, problem

AT = datetime(2026, 11, 23, tzinfo=UTC)


def file(name: str, media_type: str = "application/octet-stream", size: int = 1) -> FileRecord:
    return FileRecord(name, size, "0" * 64, media_type, "o/x/y", AT)


def shown(name: str, content: bytes, media_type: str = "application/octet-stream") -> Preview:
    return preview_of(file(name, media_type, len(content)), content[:MOST_BYTES])


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# -- tables


def test_a_table_shows_its_head_and_its_first_rows() -> None:
    lines = ["time,value", *(f"2022-01-{day:02d},{day / 10}" for day in range(1, 32))]
    found = shown("a.csv", "\n".join(lines).encode(), "text/csv")
    assert (found.kind, found.head, len(found.rows)) == ("table", ("time", "value"), ROWS)
    assert found.numeric == (False, True)
    assert found.note == "10 of 31 rows, read as UTF-8."


def test_a_wide_table_is_cut_and_says_so() -> None:
    found = shown("a.tsv", ("\t".join(map(str, range(40))) + "\n").encode() * 3)
    assert (len(found.head), len(found.rows[0])) == (12, 12)
    assert "12 of 40 columns" in found.note


def test_quoted_cells_may_hold_separators_and_lines() -> None:
    found = shown("a.csv", b'a,b\n"x, y","1\n2"\n', "text/csv")
    assert found.rows == (("x, y", "1 2"),)


def test_semicolons_are_seen_to_separate() -> None:
    assert shown("a.csv", b"a;b;c\n1;2;3\n", "text/csv").head == ("a", "b", "c")


def test_the_last_line_of_a_table_that_goes_on_is_not_taken_for_a_row() -> None:
    whole = b"a,b\n" + b"1,2\n" * 3 + b"3," + b"4" * MOST_BYTES
    found = shown("a.csv", whole, "text/csv")
    assert found.rows == (("1", "2"),) * 3
    assert found.note.startswith("The first 3 rows")


@pytest.mark.parametrize("content", [b'"' + b"x," * 40_000, b"a" * 70_000, b"\n" * 70_000, b","])
def test_what_is_called_a_table_and_is_none_breaks_nothing(content: bytes) -> None:
    assert shown("a.csv", content, "text/csv").kind in {"table", "text", "nothing"}


# -- text


def test_a_text_shows_its_first_lines_cut_where_they_are_long() -> None:
    found = shown("a.txt", ("x" * 1000 + "\n").encode() * 100)
    lines = found.text.split("\n")
    assert (len(lines), len(lines[0])) == (LINES, LONGEST_LINE)
    assert found.note == f"The first {LINES} lines, read as UTF-8."


def test_a_character_cut_in_two_at_the_end_is_left_out() -> None:
    found = preview_of(file("a.txt", size=10), "aé".encode()[:2])
    assert (found.text, found.note) == ("a", "The first 1 line, read as UTF-8.")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Müller\n".encode("cp1252"), "Windows-1252"),
        ("Müller\n".encode("utf-16"), "UTF-16"),
        ("Müller\n".encode("utf-8-sig"), "UTF-8"),
        ("Müller\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_the_encoding_is_found_and_named(content: bytes, encoding: str) -> None:
    found = shown("a.txt", content)
    assert (found.text, found.note) == ("Müller", f"The whole file, 1 line, read as {encoding}.")


@pytest.mark.parametrize("content", [b"\x7fELF\x00\x01", bytes(range(128, 256)) * 9, b"\x81" * 99])
def test_bytes_that_are_no_text_are_not_shown_as_one(content: bytes) -> None:
    assert shown("a.txt", content).kind == "nothing"


def test_signs_that_turn_the_direction_are_named() -> None:
    assert visible("if \u202e\u2066admin") == "if ⟨U+202E⟩⟨U+2066⟩admin"


def test_html_and_svg_are_shown_as_the_texts_that_they_are() -> None:
    found = shown("a.svg", b"<svg onload=alert(1)>", "image/svg+xml")
    assert (found.kind, found.text) == ("text", "<svg onload=alert(1)>")


def test_json_on_one_line_is_laid_out_even_where_it_is_cut() -> None:
    assert indented('{"a": [1, {}, "x,{\\"y"], "b":{"c":1e400') == (
        '{\n  "a": [\n    1,\n    {},\n    "x,{\\"y"\n  ],\n  "b": {\n    "c": 1e400'
    )


def test_json_nested_without_end_is_shown_in_no_time() -> None:
    found = shown("a.json", b"[" * MOST_BYTES * 2)
    assert found.kind == "text"
    assert len(found.text) < 5_000


# -- pictures

WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x7f\x02\x00\x67\x01\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc2\x00\x11\x08\x01\x68\x02\x80\x03"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(640, 360), "image/png"),
        (b"GIF89a" + struct.pack("<HH", 640, 360), "image/gif"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_first_bytes(
    content: bytes, media_type: str
) -> None:
    found = shown("a", content, media_type)
    assert (found.kind, found.width, found.height) == ("picture", 640, 360)


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/gif", "image/webp"])
@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\xff\xd8\xff\xff\xff\xff", WEBP[:20], JPEG[:9]]
)
def test_what_does_not_begin_as_a_picture_is_not_shown_as_one(
    content: bytes, media_type: str
) -> None:
    assert shown("a", content, media_type).kind == "nothing"


def test_a_picture_of_too_many_pixels_is_not_sent_to_the_browser() -> None:
    assert shown("a", png(1, 1).replace(b"\0\0\0\1" * 2, b"\0\1\0\0" * 2, 1), "image/png").kind == (
        "nothing"
    )


@pytest.mark.parametrize("name", ["a.bin", "a.tar.gz", "model.onnx", "a", "noext.", ".pt"])
def test_other_files_offer_no_preview(name: str) -> None:
    assert not is_previewable(file(name))


@pytest.mark.parametrize("name", ["README", "Dockerfile", "x/a.PY", "a.yaml", "b.geojson", "c.TSV"])
def test_files_are_known_by_their_names(name: str) -> None:
    assert is_previewable(file(name))


# -- over HTTP


def published_with(site: Site, name: str, content: bytes, media_type: str) -> str:
    one = site.draft("With a preview")
    put = site.owner.put(f"{one.path}/files/{name}", content, Content_Type=media_type)
    assert put.status_code == 201, put.text
    stage = put.headers["X-Item-ETag"]
    assert site.owner.post(f"{one.path}/publication?wait=0", {}, If_Match=stage).status_code == 200
    return one.path


def test_the_page_of_a_file_shows_its_beginning_and_leads_to_the_item(site: Site) -> None:
    path = published_with(site, "data/<b>.csv", b"a,b\n1,<script>alert(1)</script>\n", "text/csv")
    answer = site.anyone.get(f"{path}/preview/data/%3Cb%3E.csv", Accept="text/html")
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert f'href="{path}/files/data/%3Cb%3E.csv"' in answer.text
    assert f'href="{path}"' in answer.text


def test_the_page_of_the_item_shows_the_beginning_of_the_file_that_says_most(site: Site) -> None:
    one = site.draft("Two files")
    for name, content in (("a.json", b'{"alpha": 1}'), ("b.csv", b"x,y\n17,18\n")):
        assert site.owner.put(f"{one.path}/files/{name}", content).status_code == 201
    page = site.owner.get(one.path, Accept="text/html").text
    assert '<td class="num" dir="auto">17</td>' in page
    assert "alpha" not in page
    assert f'href="{one.path}/preview/a.json"' in page


def test_a_picture_on_a_page_comes_from_the_address_of_the_file(site: Site) -> None:
    path = published_with(site, "sky.png", png(64, 36), "image/png")
    page = site.anyone.get(path, Accept="text/html").text
    assert f'<img src="{path}/files/sky.png"' in page
    assert 'width="64" height="36" loading="lazy"' in page
    answer = site.anyone.get(f"{path}/files/sky.png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_no_more_than_the_beginning_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    path = published_with(site, "long.txt", b"line\n" * 100_000, "text/plain")
    asked: list[int | None] = []
    real = site.parts.objects.read

    def counted(key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        asked.append(length)
        return real(key, start, length)

    monkeypatch.setattr(type(site.parts.objects), "read", lambda _self, *said: counted(*said))
    assert site.anyone.get(f"{path}/preview/long.txt").status_code == 200
    assert site.anyone.get(f"{path}/preview/long.txt").status_code == 200
    assert asked == [MOST_BYTES]


def test_a_stranger_gets_no_preview_of_what_is_a_draft(site: Site) -> None:
    one = site.with_file("a.txt", b"secret", title="Draft with a text")
    problem(site.anyone.get(f"{one.path}/preview/a.txt"), 404, "not-found")
    assert site.owner.get(f"{one.path}/preview/a.txt").status_code == 200


@pytest.mark.parametrize("name", ["none.txt", "%2e%2e/x", "a%00b", "a%0ab", "x" * 3000])
def test_a_file_that_is_not_there_has_no_preview(site: Site, name: str) -> None:
    path = published_with(site, "here.txt", b"here", "text/plain")
    assert site.anyone.get(f"{path}/preview/{name}").status_code in {400, 404}


def test_closed_bytes_are_shown_nowhere_on_a_page(site: Site) -> None:
    path = published_with(site, "closed.txt", b"the closed words", "text/plain")
    with site.parts.database.writing() as session:
        closed = update(Version).where(Version.item_id == path.rpartition("/")[2])
        session.execute(closed.values(visibility="restricted", state_changes=9))
    page = site.anyone.get(path, Accept="text/html")
    assert page.status_code == 200
    assert "the closed words" not in page.text
    assert site.anyone.get(f"{path}/preview/closed.txt").status_code == 401
    assert "the closed words" in site.owner.get(f"{path}/preview/closed.txt").text


def test_a_file_of_any_name_and_its_preview_do_not_meet(site: Site) -> None:
    path = published_with(site, "preview/a.json", b"{}", "application/json")
    assert site.anyone.get(f"{path}/preview/preview/a.json").mimetype == "text/html"
    assert site.anyone.get(f"{path}/files/preview/a.json").data == b"{}"
