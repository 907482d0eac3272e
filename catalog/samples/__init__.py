"""The real items of Sage that come with the catalog: descriptions in Turtle, one item a file."""

from importlib.resources import files as _folder
from importlib.resources.abc import Traversable


def files() -> tuple[Traversable, ...]:
    """Return every `.ttl` of this folder, sorted by name: one item each."""
    found = (entry for entry in _folder(__name__).iterdir() if entry.name.endswith(".ttl"))
    return tuple(sorted(found, key=lambda entry: entry.name))
