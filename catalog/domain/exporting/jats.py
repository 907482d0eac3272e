"""A citation as `element-citation` of JATS, the XML of journals."""

from typing import Final

from lxml.etree import Element, SubElement, _Element, tostring

from catalog.domain.exporting.citations import Cited

FORM: Final = "application/vnd.jats+xml"

_DATA: Final = "data"


def jats(said: Cited) -> bytes:
    """Return the element, UTF-8: of data the publisher is the source, of all else the title."""
    kind = said.form.get("jatsType", "other")
    root = Element("element-citation", {"publication-type": kind})
    _people(root, said)
    if kind == _DATA:
        _add(root, "data-title", said.title)
        _add(root, "source", said.publisher)
    else:
        _add(root, "source", said.title)
        _add(root, "publisher-name", said.publisher)
    if said.year:
        _add(root, "year", str(said.year)).set("iso-8601-date", str(said.year))
    _add(root, "version", said.version)
    if said.lasting_doi:
        _add(root, "pub-id", said.lasting_doi).set("pub-id-type", "doi")
    _add(root, "uri", said.url)
    _add(root, "comment", "; ".join(said.notes))
    return tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _people(root: _Element, said: Cited) -> None:
    if not said.authors:
        return
    group = SubElement(root, "person-group", {"person-group-type": "author"})
    for author in said.authors:
        if not author.given:
            _add(group, "collab", author.family)
            continue
        name = SubElement(group, "name")
        _add(name, "surname", author.family)
        _add(name, "given-names", author.given)


def _add(parent: _Element, name: str, text: str) -> _Element:
    """Add an element with a text; without a text there is none."""
    if not text:
        return Element(name)
    element = SubElement(parent, name)
    element.text = text
    return element
