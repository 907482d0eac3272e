"""Which formats are read beside RDF: their names, their media types, and how they are told apart.

Nothing is imported from the converters here: a command that reads Turtle does not load them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    name        the short name that `--type` and `?format=` take
    media_type  the type by which it is announced
    outer       "json", "yaml" or "markdown": what its text is
    module      the converter below `catalog.domain.importing`; None for plain JSON and YAML
    profiles    what the IRI in a `profile` of the media type begins with
    """

    name: str
    media_type: str
    outer: str
    module: str | None = None
    profiles: tuple[str, ...] = ()


FORMATS = (
    Format("json", "application/json", "json"),
    Format("yaml", "application/yaml", "yaml"),
    Format(
        "croissant",
        'application/ld+json;profile="http://mlcommons.org/croissant/1.1"',
        "json",
        "croissant",
        ("http://mlcommons.org/croissant/",),
    ),
    Format(
        "ro-crate",
        'application/ld+json;profile="https://w3id.org/ro/crate"',
        "json",
        "ro_crate",
        ("https://w3id.org/ro/crate", "http://w3id.org/ro/crate"),
    ),
    Format("codemeta", "application/vnd.codemeta.ld+json", "json", "codemeta"),
    Format("sage-yaml", "application/vnd.sage.app+yaml", "yaml", "sage_yaml"),
    Format("citation-cff", "application/vnd.citation-file-format+yaml", "yaml", "citation_cff"),
    Format("hugging-face", "text/markdown", "markdown", "hugging_face"),
)
"""Every format; among those of one outer form a text is of the first that recognises it."""

CSV = "text/csv"
TABLES = (CSV, "text/tab-separated-values")
"""The media types of tables, each row of which is an item."""

_RDF_NAMES = MappingProxyType(
    {
        "turtle": "text/turtle",
        "n-triples": "application/n-triples",
        "json-ld": "application/ld+json",
        "rdf-xml": "application/rdf+xml",
        "csv": CSV,
    }
)
_BY_NAME: Mapping[str, str] = {one.name: one.media_type for one in FORMATS} | dict(_RDF_NAMES)
_ALIASES = MappingProxyType(
    {
        "text/json": "application/json",
        "text/yaml": "application/yaml",
        "text/x-yaml": "application/yaml",
        "application/x-yaml": "application/yaml",
        "text/x-markdown": "text/markdown",
    }
)
_PROFILE = re.compile(r";\s*profile\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)

READ: tuple[str, ...] = tuple(
    dict.fromkeys(
        (*(one.media_type for one in FORMATS if not one.profiles), *TABLES),
    )
)
"""The media types that are read beside RDF, without those that only a profile tells."""


def media_type_of(name: str) -> str:
    """Return the media type of a short name, such as `yaml`; anything else as it is."""
    return _BY_NAME.get(name.strip().lower(), name)


@lru_cache(maxsize=256)
def format_of(media_type: str | None) -> Format | None:
    """Return the format that a media type or a short name announces; None if it is none of these.

    What is announced as plain JSON or YAML may turn out to be another, by what is in it.
    """
    said = media_type_of(media_type or "")
    bare = said.partition(";")[0].strip().lower()
    bare = _ALIASES.get(bare, bare)
    if bare in ("application/json", "application/ld+json") and (found := _PROFILE.search(said)):
        for one in FORMATS:
            if found[1].startswith(one.profiles or ("\0",)):
                return one
    return next((one for one in FORMATS if one.media_type == bare), None)


@lru_cache(maxsize=256)
def is_table(media_type: str | None) -> bool:
    """Tell whether a media type is that of a table."""
    return media_type_of(media_type or "").partition(";")[0].strip().lower() in TABLES
