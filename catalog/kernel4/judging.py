"""What the schema of kernel 4 finds wrong with attributes or XML, in the registrar's words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from lxml.etree import XMLParser, XMLSyntaxError, _ElementTree, fromstring

from catalog.kernel4.schema import schema
from catalog.kernel4.writing import str_of, to_xml

_ELEMENT: Final = re.compile(r"Element '(?:\{[^}]*\})?([^']*)'(?:, attribute '[^']*')?: (.*)", re.S)
_SOURCES: Final = {
    "date": "dates",
    "publicationYear": "publication_year",
    "alternateIdentifiers": "identifiers",
    "relatedIdentifiers": "related_identifiers",
    "relatedItems": "related_items",
    "geoLocations": "geo_locations",
    "rightsList": "rights_list",
    "fundingReferences": "funding_references",
    "version": "version_info",
    "resource": "xml",
}
"""What DataCite calls the place of a fault, where that is not the element's own name."""

_ALONE = Lock()
"""A compiled schema keeps the faults of its last judgement, so threads take turns."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the schema does not accept, as DataCite tells it.

    source  the place, such as `creators`
    title   the sentence, with the DOI in question and the line of the XML
    """

    source: str
    title: str


def faults(attributes: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Return what is wrong with the attributes of a DOI, one fault for each place; () if nothing.

    attributes  as DataCite's REST API has them, `doi` among them
    """
    return _judged(to_xml(attributes), str_of(attributes.get("doi")).lower(), huge=True)


def faults_of_xml(xml: bytes, doi: str) -> tuple[Fault, ...]:
    """Return what is wrong with kernel-4 XML that somebody sent; XML that is none is one fault."""
    return _judged(xml, doi.lower(), huge=False)


def _judged(xml: bytes, doi: str, *, huge: bool) -> tuple[Fault, ...]:
    try:
        tree = fromstring(xml, secure_parser(huge=huge)).getroottree()
    except XMLSyntaxError as fault:
        line, column = fault.position
        return (Fault("xml", f"{fault.msg} at line {line}, column {column}"),)
    first: dict[str, Fault] = {}
    for found in _found(tree, doi):
        first.setdefault(found.source, found)
    return tuple(first.values())


def _found(tree: _ElementTree, doi: str) -> Iterator[Fault]:
    with _ALONE:
        if schema().validate(tree):
            return
        log = schema().error_log
        told = [(one.message, one.line) for one in log]  # type: ignore[attr-defined]
    for message, line in told:
        match = _ELEMENT.fullmatch(message)
        element, text = match.groups() if match else ("resource", message)
        title = f"DOI {doi}: {text.strip()} at line {line}, column 0"
        yield Fault(_SOURCES.get(element, element), title)


def secure_parser(*, huge: bool = False) -> XMLParser:
    """Return a parser that fetches nothing and expands nothing; `huge` for our own XML alone."""
    return XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=huge)
