"""Zip files written while they are sent: their size is known before, and everybody reads them."""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.errors import CutShort
from catalog.services.packing_stream import Entry, size_of, zipped

AT = datetime(2026, 11, 28, 12, 30, 15, tzinfo=UTC)


def entry(path: str, *chunks: bytes) -> Entry:
    return Entry(path, sum(map(len, chunks)), lambda: iter(chunks))


def whole(*entries: Entry, at: datetime = AT) -> bytes:
    return b"".join(zipped(entries, at))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text("aä/ .b", min_size=1, max_size=9), st.binary(max_size=70_000)))
def test_any_entries_come_back_and_make_as_many_bytes_as_was_said(files: dict[str, bytes]) -> None:
    entries = [entry(f"x{name}", content) for name, content in files.items()]
    made = whole(*entries)
    assert len(made) == size_of(entries)
    with zipfile.ZipFile(BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert {one.filename: archive.read(one) for one in archive.infolist()} == {
            f"x{name}": content for name, content in files.items()
        }


def test_entries_bear_the_time_that_was_given_within_what_the_format_can_say() -> None:
    for at, said in (
        (AT, (2026, 11, 28, 12, 30, 14)),
        (datetime(1970, 1, 1, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(2200, 1, 1, tzinfo=UTC), (2107, 12, 31, 0, 0, 0)),
    ):
        with zipfile.ZipFile(BytesIO(whole(entry("a", b"x"), at=at))) as archive:
            (one,) = archive.infolist()
        assert one.date_time == said


def test_more_than_four_gigabytes_are_told_in_64_bits() -> None:
    piece = bytes(1 << 20)
    large = Entry("large", len(piece) * 4_097, lambda: iter([piece] * 4_097))
    entries = [large, entry("small", b"after")]
    size_bytes, tail = 0, b""
    for chunk in zipped(entries, AT):
        size_bytes += len(chunk)
        tail = (tail + chunk[-4_000:])[-4_000:]
    assert size_bytes == size_of(entries)
    with zipfile.ZipFile(Sparse(size_bytes, tail)) as archive:
        told = {one.filename: (one.file_size, one.header_offset) for one in archive.filelist}
    assert told["large"] == (large.size_bytes, 0)
    assert told["small"][1] > 1 << 32


class Sparse(BytesIO):
    """A file of which only the end is kept; what is before it cannot be read."""

    def __init__(self, size_bytes: int, tail: bytes) -> None:
        super().__init__(tail)
        self._before = size_bytes - len(tail)

    def seek(self, offset: int, whence: int = 0) -> int:
        at = super().seek(offset - self._before if whence == 0 else offset, whence)
        return at + self._before

    def tell(self) -> int:
        return super().tell() + self._before


def test_an_entry_of_another_size_than_it_said_breaks_off() -> None:
    with pytest.raises(CutShort):
        whole(Entry("a", 3, lambda: iter([b"xx"])))


def test_nothing_of_an_entry_is_asked_for_before_its_turn() -> None:
    asked = []

    def chunks(name: str) -> Iterator[bytes]:
        asked.append(name)
        yield bytes(1 << 17)

    entries = [Entry(name, 1 << 17, lambda name=name: chunks(name)) for name in "ab"]
    sent = zipped(entries, AT)
    next(sent)
    assert asked == ["a"]


@pytest.mark.parametrize("program", [("unzip", "-tqq"), ("bsdtar", "-tf")])
def test_other_programs_read_them(program: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not on this machine")
    (tmp_path / "x.zip").write_bytes(whole(entry("a/größe.txt", b"x" * 9), entry("empty")))
    subprocess.run([*program, tmp_path / "x.zip"], check=True, capture_output=True, timeout=20)
