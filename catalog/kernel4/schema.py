"""The XML schema of kernel 4.7: that of 4.6, as installed, with what 4.7 changed."""

from functools import cache
from importlib.resources import as_file, files
from re import sub
from typing import Final

from lxml.etree import SubElement, XMLSchema, _Element, _ElementTree, parse
from pyoxigraph import NamedNode, RdfFormat
from pyoxigraph import parse as parse_rdf

import vocab

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_NOTATION: Final = NamedNode("http://www.w3.org/2004/02/skos/core#notation")
_RELATIONS: Final = ("relatedIdentifier", "relatedItem")


@cache
def schema() -> XMLSchema:
    """Return the schema, compiled once a process.

    4.7 added values, which the vocabularies hold, and an attribute; the installed copy also
    demands rights, which no 4.x as published does.
    """
    with as_file(files("validator") / "schema") as folder:
        tree = parse(folder / "metadata.xsd")
        for include in tree.findall(f"{_XS}include"):
            listed = parse(folder / include.get("schemaLocation", "")).find(f"{_XS}simpleType")
            if listed is not None:
                _fill(listed)
                include.getparent().replace(include, listed)  # type: ignore[union-attr]
        _patch(tree)
        return XMLSchema(tree)


def _fill(listed: _Element) -> None:
    """Put the values of the vocabulary into a type that lists values."""
    restriction = listed.find(f"{_XS}restriction")
    assert restriction is not None
    for enumerated in restriction.findall(f"{_XS}enumeration"):
        restriction.remove(enumerated)
    for value in values_of(listed.get("name", "")):
        SubElement(restriction, f"{_XS}enumeration", value=value)


def values_of(name: str) -> tuple[str, ...]:
    """Return the values of a list of the schema, such as `relatedIdentifierType`, in order."""
    scheme = sub("[A-Z]", lambda found: f"-{found[0].lower()}", name).removeprefix("related-")
    file = next(file for file in vocab.files() if file.name == f"datacite-{scheme}.ttl")
    said = parse_rdf(file.read_bytes(), RdfFormat.TURTLE)
    return tuple(quad.object.value for quad in said if quad.predicate == _NOTATION)


def _patch(tree: _ElementTree) -> None:
    for name in ("rightsList", "rights"):
        _declaration(tree, name).set("minOccurs", "0")
    for name in _RELATIONS:
        extended = _declaration(tree, name).find(f"{_XS}complexType")
        assert extended is not None
        content = extended.find(f"{_XS}simpleContent/{_XS}extension")
        holder = extended if content is None else content
        if holder.find(f"{_XS}attribute[@name='relationTypeInformation']") is None:
            SubElement(holder, f"{_XS}attribute", name="relationTypeInformation", use="optional")


def _declaration(tree: _ElementTree, name: str) -> _Element:
    found = tree.find(f".//{_XS}element[@name='{name}']")
    assert found is not None
    return found
