"""Descriptions as commands are given them: from a file or standard input, by suffix or content."""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from catalog import MEDIA_TYPES, guessed_media_type
from catalog.cli.output import WrongUse

_SURELY = frozenset({".ttl", ".nt", ".jsonld", ".rdf"})
"""Suffixes by which a file in a folder is a description; `.json` and `.xml` may be anything."""

LARGEST_BYTES = 64_000_000


class Source(NamedTuple):
    """A description and the kind of RDF that it is."""

    content: bytes
    media_type: str


def read_source(name: str, media_type: str | None = None) -> Source:
    """Return what is in a file, or on standard input for `-`; WrongUse where it cannot be one.

    media_type  by default told by the suffix; of standard input, by how the text begins
    """
    if name == "-":
        content = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        media_type = media_type or guessed_media_type(content)
    else:
        path = Path(name)
        media_type = media_type or _by_suffix(path)
        _look_at(path, name)
        with path.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise WrongUse(_too_large(name))
    return Source(content, media_type)


def _look_at(path: Path, name: str) -> None:
    """Raise WrongUse for what is no file, or too large to be read first; look just once."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise WrongUse(f"There is no file {name}.") from None
    if stat.S_ISDIR(found.st_mode):
        if not os.access(path, os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
        raise WrongUse(f"{name} is a folder, where a file is needed.")
    if found.st_size > LARGEST_BYTES:
        raise WrongUse(_too_large(name))


def _too_large(name: str) -> str:
    return f"{name} is larger than any description may be: {LARGEST_BYTES:,} bytes."


def is_description(path: Path) -> bool:
    """Tell whether a file found in a folder is a description, by its suffix."""
    return path.suffix.lower() in _SURELY and path.is_file()


def files_in(folder: Path) -> list[Path]:
    """Return every file of a folder and its folders, sorted, but those that are hidden."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _by_suffix(path: Path) -> str:
    found = MEDIA_TYPES.get(path.suffix.lower())
    if found is None:
        known = ", ".join(sorted(MEDIA_TYPES))
        raise WrongUse(f"{path} has none of the suffixes {known}; say what it is with --type.")
    return found


def library_files(folder: Path) -> dict[str, bytes]:
    """Return the vocabularies and shapes in a folder, by `vocab/{name}` and `shapes/{name}`.

    It holds `vocab/` and `shapes/`, or one of the two; a folder of Turtle files alone holds
    vocabularies. Raises WrongUse where there are none.
    """
    if not folder.is_dir():
        raise WrongUse(f"{folder} is no folder.")
    kinds = [kind for kind in ("vocab", "shapes") if (folder / kind).is_dir()]
    places = {kind: folder / kind for kind in kinds} or {"vocab": folder}
    found = {
        f"{kind}/{file.name.removesuffix('.ttl')}": file.read_bytes()
        for kind, place in places.items()
        for file in sorted(place.glob("*.ttl"))
    }
    if not found:
        raise WrongUse(f"{folder} holds no vocabularies or shapes (vocab/*.ttl, shapes/*.ttl).")
    return found
