"""Why DataCite would refuse an item, in words for its owner, who knows no DataCite."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalog import kernel4
from catalog.domain.exporting.datacite_meaning import iri
from catalog.domain.fields import Shapes

_MEMBERS: Final = {
    "dct:creator": ("creators", "creator", "creatorName"),
    "dct:title": ("titles", "title"),
    "dct:publisher": ("publisher",),
    "dct:issued": ("publication_year",),
    "dct:type": ("resourceType",),
    "dcat:keyword": ("subjects", "subject"),
    "dct:contributor": ("contributors", "contributor", "contributorName"),
    "dct:created": ("dates",),
    "dct:language": ("language",),
    "adms:identifier": ("identifiers", "alternateIdentifier"),
    "dct:relation": ("related_identifiers", "relatedIdentifier"),
    "dcat:distribution": ("sizes", "size", "formats", "format"),
    "dcat:version": ("version_info",),
    "dct:license": ("rights_list", "rights"),
    "dct:description": ("descriptions", "description"),
    "dct:spatial": (
        *("geo_locations", "geoLocation", "geoLocationPlace", "geoLocationPoint"),
        *("geoLocationBox", "pointLatitude", "pointLongitude", "westBoundLongitude"),
        *("eastBoundLongitude", "southBoundLatitude", "northBoundLatitude"),
    ),
    "schema:funding": (
        *("funding_references", "fundingReference", "funderName", "funderIdentifier"),
        *("awardNumber", "awardTitle"),
    ),
}
"""Property of a description to the places in which DataCite finds fault with what it becomes."""

_PROPERTIES: Final[Mapping[str, str]] = {
    source: name for name, sources in _MEMBERS.items() for source in sources
}
_AROUND: Final = re.compile(r"^DOI \S*: (.*?)(?: at line \d+, column \d+)?$", re.S)


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason for which a DOI could not be registered.

    source    the part of the metadata, as DataCite calls it
    property  the field of the description, by its name in the shapes, or "" for none
    title     the sentence
    """

    source: str
    property: str
    title: str


def in_words(found: kernel4.Fault, shapes: Shapes, item_type: str) -> Fault:
    """Return what the schema of DataCite found wrong, as the owner of the item understands it."""
    path = _PROPERTIES.get(found.source)
    names = {field.path: field.name for field in shapes.fields(item_type)}
    name = names.get(iri(path), "") if path else ""
    around = _AROUND.match(found.title)
    said = (around[1] if around else found.title).strip().rstrip(".")
    field = name or f"The field {found.source}"
    if said.startswith("Missing child element"):
        return Fault(found.source, name, f"{field}: a DOI cannot be registered without this.")
    return Fault(found.source, name, f"{field}: DataCite would refuse what stands here. {said}.")
