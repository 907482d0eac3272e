"""What the registrar is told of an item, as files: JSON, XML, and the JSON of Crosscite."""

import json
from typing import Any, Final
from xml.sax.saxutils import escape

from catalog import kernel4
from catalog.domain.exporting.datacite import attributes
from catalog.domain.exporting.exported import Exported

JSON: Final = "application/vnd.datacite.datacite+json"
XML: Final = "application/vnd.datacite.datacite+xml"
CROSSCITE: Final = "application/vnd.crosscite.crosscite+json"

_NO_DOI: Final = b'<identifier identifierType="DOI"/>'


def datacite_json(exported: Exported) -> bytes:
    """Return the attributes that the registrar gets for the version at hand."""
    return _json(attributes(exported))


def datacite_xml(exported: Exported) -> bytes:
    """Return the version at hand as XML of kernel 4.7.

    The schema demands an identifier: what has no DOI is identified by its address.
    """
    said = attributes(exported)
    xml = kernel4.to_xml(said)
    address = f'<identifier identifierType="URL">{escape(said["url"])}</identifier>'
    return xml if said.get("doi") else xml.replace(_NO_DOI, address.encode(), 1)


def crosscite_json(exported: Exported) -> bytes:
    """Return the same facts as Crosscite has them: with the address of the DOI as `id`."""
    said = attributes(exported)
    facts = {name: value for name, value in said.items() if value not in (None, [], "")}
    return _json({"id": exported.doi_url or exported.version_iri, **facts})


def _json(said: dict[str, Any]) -> bytes:
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
