"""The metadata catalog of the Sage network; `catalog.validate` judges a description offline."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.domain.report import Level, Report

__all__ = ["MEDIA_TYPES", "guessed_media_type", "validate"]

MEDIA_TYPES = {
    ".ttl": "text/turtle",
    ".turtle": "text/turtle",
    ".nt": "application/n-triples",
    ".jsonld": "application/ld+json",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".cff": "application/yaml",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".rdf": "application/rdf+xml",
    ".xml": "application/rdf+xml",
    ".owl": "application/rdf+xml",
}
"""The media type of a description by the suffix of its file.

What a `.json` or `.yaml` file holds is told by its content: plain JSON, JSON-LD, Croissant, ...
"""


def validate(
    source: Path | bytes | str, media_type: str | None = None, *, level: "Level" = "publication"
) -> "Report":
    """Return the report that a catalog would give on a description, but for the record's part.

    source      a file, or the description itself; a `str` is always the description
    media_type  or the short name of a format, such as "yaml"; by default told by the file's suffix,
                else by how the text begins
    level       what `conforms` is about: "draft" or "publication"

    Raises catalog.domain.errors.CatalogError where the text cannot be read, and OSError where the
    file cannot. Nothing is fetched. It runs in this process: text of strangers belongs in the
    server's `POST /validate`, which has limits on time and memory.
    """
    import os

    from catalog.domain.identifiers import item_iri, with_slash
    from catalog.domain.validation import judge
    from catalog.library import library

    if isinstance(source, Path):
        media_type = media_type or MEDIA_TYPES.get(source.suffix.lower())
        source = source.read_bytes()
    text = source.encode() if isinstance(source, str) else source
    base = os.environ.get("SAGE_CATALOG_BASE_URL") or "http://127.0.0.1:8000"
    judgement = judge(
        text,
        media_type or guessed_media_type(text),
        item=item_iri("0000000000"),
        bases=(with_slash(base),),
        library=library(),
        level=level,
    )
    return judgement.report


def guessed_media_type(text: bytes) -> str:
    """Return the media type that a text seems to have."""
    start = text.removeprefix(b"\xef\xbb\xbf").lstrip()[:100]
    if start.startswith((b"{", b"[")):
        # A Turtle text may begin with a node in brackets too, but JSON has a quote or a brace next.
        after = start[1:].lstrip()[:1]
        return "application/json" if after in b'"{}[]' else "text/turtle"
    if start.startswith((b"<?xml", b"<rdf:")):
        return "application/rdf+xml"
    return _guessed_among_texts(text.removeprefix(b"\xef\xbb\xbf")[:10_000])


def _guessed_among_texts(start: bytes) -> str:
    """Tell YAML, and Markdown with YAML before it, from Turtle, by the first lines."""
    import re

    if re.match(rb"---\s*\n.*?\n(---|\.\.\.)\s*\n\s*\S", start, re.DOTALL):
        return "text/markdown"
    for line in start.splitlines():
        said = line.strip()
        if said and not said.startswith(b"#"):
            # In Turtle no space follows the colon of a name; `PREFIX a: <...>` has a word before.
            is_yaml = re.match(rb"(---|%YAML|-\s|[A-Za-z_@\"'][\w.-]*[\"']?:(\s|$))", said)
            return "application/yaml" if is_yaml else "text/turtle"
    return "text/turtle"
