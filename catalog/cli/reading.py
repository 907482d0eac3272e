"""Descriptions as commands are given them: from a file or standard input, by its suffix."""

import sys
from pathlib import Path

from catalog.cli.output import WrongUse

MEDIA_TYPES = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
}
LARGEST_BYTES = 64_000_000


def media_type_of(name: str, *, strict: bool = True) -> str:
    """Return the media type of a description by its suffix; standard input is Turtle.

    strict  raise WrongUse for another suffix, instead of returning ""
    """
    if name == "-":
        return MEDIA_TYPES[".ttl"]
    found = MEDIA_TYPES.get(Path(name).suffix.lower(), "")
    if not found and strict:
        raise WrongUse(f"{name} is not one of {', '.join(MEDIA_TYPES)}; say --type")
    return found


def read_source(name: str) -> bytes:
    """Return the bytes of a file, or of standard input for `-`."""
    if name == "-":
        return sys.stdin.buffer.read(LARGEST_BYTES)
    path = Path(name)
    if not path.is_file():
        raise WrongUse(f"{name} is not a file")
    if path.stat().st_size > LARGEST_BYTES:
        raise WrongUse(f"{name} is larger than any description may be")
    return path.read_bytes()
