"""A citation as a record of RIS: one tag a line, and no text that could begin another."""

from collections.abc import Iterator
from typing import Final

from catalog.domain.exporting.citations import Cited

FORM: Final = "application/x-research-info-systems"


def ris(said: Cited) -> str:
    """Return the record, whose lines end as the format wants them, with CR and LF."""
    return "".join(f"{tag}  - {' '.join(text.split())}\r\n" for tag, text in _lines(said))


def _lines(said: Cited) -> Iterator[tuple[str, str]]:
    yield "TY", said.form.get("risType", "GEN")
    fields = (
        ("TI", said.title),
        *(("AU", author.whole) for author in said.authors),
        ("PY", str(said.year or "")),
        ("PB", said.publisher),
        ("ET", said.version),
        ("M3", said.kind),
        ("AB", said.abstract),
        *(("KW", word) for word in said.keywords),
        ("LA", said.language),
        ("DO", said.lasting_doi),
        ("UR", said.url),
        *(("N1", note) for note in said.notes),
    )
    yield from ((tag, text) for tag, text in fields if text)
    yield "ER", ""
