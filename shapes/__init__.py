"""The shapes and the ontology: what a description of each item type must and may say, in SHACL."""

from importlib.resources import files as _folder
from importlib.resources.abc import Traversable


def files() -> tuple[Traversable, ...]:
    """Return every `.ttl` of this folder, sorted by name: ontology, groups, schemes, shapes."""
    found = (entry for entry in _folder(__name__).iterdir() if entry.name.endswith(".ttl"))
    return tuple(sorted(found, key=lambda entry: entry.name))


def vocabulary_rules() -> tuple[Traversable, ...]:
    """Return every `.ttl` of `vocabularies/`, sorted by name: the rules for vocabularies."""
    folder = _folder(__name__) / "vocabularies"
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".ttl"))
    return tuple(sorted(found, key=lambda entry: entry.name))
