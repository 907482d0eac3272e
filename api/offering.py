"""In which forms an item is offered, grouped as its page lists them."""

from typing import Final

from api.exports import Export, exports_for
from api.profiles import PROFILES

_RDF: Final = (("ttl", "Turtle"), ("jsonld", "JSON-LD"), ("nt", "N-Triples"), ("rdf", "RDF/XML"))
_GROUPS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("Linked data", frozenset({"schema.jsonld"})),
    ("Citation", frozenset({"citation.txt", "bib", "ris", "csl.json", "jats.xml"})),
    ("DataCite", frozenset({"datacite.json", "datacite.xml", "crosscite.json", "csv"})),
    ("Packages", frozenset({"croissant.json", "crate.json", "crate.zip", "codemeta.json"})),
)
_FURTHER: Final = "Further"

Offered = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a group, and each form of it: address and name."""


def offered(address: str, item_type: str) -> tuple[Offered, ...]:
    """Return the forms of an item, by group; groups without any are left out.

    address  that of the item or of one of its versions, to which suffixes are appended
    """
    rdf = [(f"{address}.{suffix}", name) for suffix, name in _RDF]
    rdf += [(f"{address}.ttl?profile={one.name}", _shouted(one.name)) for one in PROFILES.values()]
    groups: dict[str, list[tuple[str, str]]] = {
        "Linked data": rdf,
        "Data": [(f"{address}.json", "JSON")],
        **{name: [] for name, _ in _GROUPS[1:]},
    }
    for export in exports_for(item_type):
        groups.setdefault(_group_of(export), []).append(
            (f"{address}.{export.suffix}", export.label)
        )
    return tuple((name, tuple(links)) for name, links in groups.items() if links)


def _group_of(export: Export) -> str:
    return next((name for name, suffixes in _GROUPS if export.suffix in suffixes), _FURTHER)


def _shouted(name: str) -> str:
    """Return the name of a profile as it is written: `dcat-ap` is DCAT-AP."""
    return name.upper()
