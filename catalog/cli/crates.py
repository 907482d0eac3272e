"""Research packages that a command is given: an RO-Crate as a zip file or as a folder."""

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from catalog.cli.output import WrongUse

METADATA: Final = "ro-crate-metadata.json"
MEDIA_TYPE: Final = "application/json"
"""Any JSON is looked at, and a crate known by its descriptor."""

_OUR_FOLDER = "files/"
_FILES = frozenset({"File", "MediaObject"})
_ABOUT_ITSELF = frozenset({"item.ttl", "ro-crate-preview.html"})


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate to submit: what it says, without the files that go up with it, and these files."""

    metadata: bytes
    files: tuple[tuple[str, Path], ...]


def is_crate(source: Path) -> bool:
    """Tell whether a folder or a zip file is a crate, by the metadata at its top."""
    if source.is_dir():
        return (source / METADATA).is_file()
    return source.suffix.lower() == ".zip" and source.is_file()


@contextmanager
def opened(source: Path) -> Iterator[Crate]:
    """Open a crate until the block ends; what a zip file holds lies in a folder meanwhile.

    Raises WrongUse where it is none, or cannot be read.
    """
    if source.is_dir():
        yield _crate_in(source)
        return
    with tempfile.TemporaryDirectory(prefix="sage-crate-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(source) as archive:
                archive.extractall(folder)  # puts nothing outside, whatever the names
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
            raise WrongUse(f"{source} is no zip file that can be read: {fault}.") from None
        yield _crate_in(folder, source)


def _crate_in(folder: Path, source: Path | None = None) -> Crate:
    try:
        said = json.loads((folder / METADATA).read_bytes())
    except FileNotFoundError:
        raise WrongUse(f"{source or folder} has no {METADATA} at its top.") from None
    except (ValueError, RecursionError):
        raise WrongUse(f"{METADATA} in {source or folder} is no JSON.") from None
    graph = said.get("@graph") if isinstance(said, dict) else None
    if not isinstance(graph, list):
        raise WrongUse(f"{METADATA} in {source or folder} has no @graph.")
    here = {
        identity: path
        for identity in _named_files(graph)
        if (path := _within(folder, identity)) is not None
    }
    files = {identity: path for identity, path in here.items() if identity not in _ABOUT_ITSELF}
    shortened = all(identity.startswith(_OUR_FOLDER) for identity in files)
    names = (
        unquote(identity.removeprefix(_OUR_FOLDER) if shortened else identity) for identity in files
    )
    left = [_without(one, here) for one in graph if _identity(one) not in here]
    return Crate(
        json.dumps({**said, "@graph": left}, ensure_ascii=False).encode(),
        tuple(zip(names, files.values(), strict=True)),
    )


def _named_files(graph: list[Any]) -> Iterator[str]:
    for one in graph:
        kinds = one.get("@type") if isinstance(one, Mapping) else None
        named = kinds if isinstance(kinds, list) else [kinds]
        identity = _identity(one)
        if identity and not _FILES.isdisjoint(kind for kind in named if isinstance(kind, str)):
            yield identity


def _within(folder: Path, identity: str) -> Path | None:
    """Return the file of that id, if it lies in the folder."""
    if "://" in identity or "\0" in identity:
        return None
    path = (folder / unquote(identity)).resolve()
    return path if path.is_file() and path.is_relative_to(folder.resolve()) else None


def _identity(one: Any) -> str | None:
    found = one.get("@id") if isinstance(one, Mapping) else None
    return found.removeprefix("./") or found if isinstance(found, str) else None


def _without(one: Any, gone: Mapping[str, Path]) -> Any:
    """Return an entity without its references to what is described elsewhere."""
    if not isinstance(one, Mapping):
        return one
    return {
        key: [inner for inner in value if not _leads_to(inner, gone)]
        if isinstance(value, list)
        else value
        for key, value in one.items()
        if not _leads_to(value, gone)
    }


def _leads_to(value: Any, gone: Mapping[str, Path]) -> bool:
    return isinstance(value, Mapping) and set(value) == {"@id"} and _identity(value) in gone
