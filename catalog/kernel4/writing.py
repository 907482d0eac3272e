"""How DataCite's JSON attributes become kernel-4 XML, in the order in which DataCite writes it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml.etree import Element, SubElement, _Element, tostring

from catalog.kernel4.layout import (
    AFFILIATION,
    AFTER_NUMBER,
    ALTERNATE_IDENTIFIERS,
    AWARD_NUMBER,
    BEFORE_NUMBER,
    BOX,
    DATES,
    DESCRIPTIONS,
    FORMATS,
    FUNDER_IDENTIFIER,
    NAME_IDENTIFIER,
    NAMESPACE,
    NUMBER,
    POINT,
    PUBLISHER,
    RELATED_IDENTIFIERS,
    RELATED_ITEM_IDENTIFIER,
    RELATED_ITEM_PLACES,
    RESOURCE_TYPE,
    RIGHTS,
    SIZES,
    SUBJECTS,
    TITLES,
    Place,
    Row,
    Rows,
)

_HEADER: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_LOCATION: Final = f"{NAMESPACE} https://schema.datacite.org/meta/kernel-4/metadata.xsd"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, in any spelling: control characters, lone surrogates."""

Object = Mapping[str, Any]


def to_xml(attributes: Object) -> bytes:
    """Return the attributes of a DOI as kernel-4 XML, UTF-8, indented.

    attributes  as DataCite's REST API has them; what they hold of the wrong kind is left out,
                as are characters that XML cannot hold

    The identifier, the creators, the titles, the publisher and the year always stand there, empty
    if need be: what is missing is for the schema to find.
    """
    root = Element(_name("resource"), nsmap={None: NAMESPACE, "xsi": _XSI})  # type: ignore[dict-item]
    root.set(f"{{{_XSI}}}schemaLocation", _LOCATION)
    for write in _ORDER:
        write(root, attributes)
    return _HEADER + tostring(root, pretty_print=True, encoding="UTF-8")


def _identifier(root: _Element, attributes: Object) -> None:
    text = str_of(attributes.get("doi")).lower()
    _add(root, "identifier", text).set("identifierType", "DOI")


def _creators(root: _Element, attributes: Object) -> None:
    wrapper = _add(root, "creators")
    for creator in objects_of(attributes.get("creators"), "name"):
        _person(_add(wrapper, "creator"), creator, "creatorName")


def _titles(root: _Element, attributes: Object) -> None:
    _rows_in(_add(root, TITLES.wrapper), TITLES, attributes)


def _publisher(root: _Element, attributes: Object) -> None:
    _row(root, PUBLISHER, next(objects_of(attributes.get("publisher"), "name"), {}))


def _publication_year(root: _Element, attributes: Object) -> None:
    _add(root, "publicationYear", str_of(attributes.get("publicationYear")))


def _resource_type(root: _Element, attributes: Object) -> None:
    types = attributes.get("types")
    if isinstance(types, Mapping) and types.get("resourceTypeGeneral"):
        _row(root, RESOURCE_TYPE, types)


def _subjects(root: _Element, attributes: Object) -> None:
    _rows(root, SUBJECTS, attributes)


def _contributors(root: _Element, attributes: Object) -> None:
    contributors = tuple(objects_of(attributes.get("contributors"), "name"))
    if not contributors:
        return
    wrapper = _add(root, "contributors")
    for contributor in contributors:
        element = _add(wrapper, "contributor")
        element.set("contributorType", str_of(contributor.get("contributorType")) or "Other")
        _person(element, contributor, "contributorName")


def _dates(root: _Element, attributes: Object) -> None:
    _rows(root, DATES, attributes)


def _language(root: _Element, attributes: Object) -> None:
    _texts(root, attributes, ("language",))


def _alternate_identifiers(root: _Element, attributes: Object) -> None:
    """Write the other identifiers: from `identifiers`, or by their name in the schema."""
    alternates = [
        {"identifier": one.get("alternateIdentifier")}
        | {"identifierType": one.get("alternateIdentifierType")}
        for one in objects_of(attributes.get("alternateIdentifiers"), "alternateIdentifier")
    ]
    others = [
        one
        for one in objects_of(attributes.get("identifiers"), "identifier")
        if one.get("identifierType") != "DOI"
    ]
    _rows(root, ALTERNATE_IDENTIFIERS, {"identifiers": others or alternates})


def _related_identifiers(root: _Element, attributes: Object) -> None:
    _rows(root, RELATED_IDENTIFIERS, attributes)


def _related_items(root: _Element, attributes: Object) -> None:
    items = tuple(objects_of(attributes.get("relatedItems"), "title"))
    if not items:
        return
    wrapper = _add(root, "relatedItems")
    for item in items:
        element = _add(wrapper, "relatedItem")
        _set(element, RELATED_ITEM_PLACES, item)
        identifier = item.get("relatedItemIdentifier")
        if isinstance(identifier, Mapping):
            _row(element, RELATED_ITEM_IDENTIFIER, identifier)
        if item.get("creators"):
            _creators(element, item)
        _titles(element, item)
        _texts(element, item, BEFORE_NUMBER)
        if is_there(item.get("number")):
            _row(element, NUMBER, item)
        _texts(element, item, AFTER_NUMBER)
        _contributors(element, item)


def _sizes(root: _Element, attributes: Object) -> None:
    _rows(root, SIZES, attributes)


def _formats(root: _Element, attributes: Object) -> None:
    _rows(root, FORMATS, attributes)


def _version(root: _Element, attributes: Object) -> None:
    _texts(root, attributes, ("version",))


def _rights(root: _Element, attributes: Object) -> None:
    _rows(root, RIGHTS, attributes)


def _descriptions(root: _Element, attributes: Object) -> None:
    _rows(root, DESCRIPTIONS, attributes)


def _geo_locations(root: _Element, attributes: Object) -> None:
    places = tuple(objects_of(attributes.get("geoLocations"), "geoLocationPlace"))
    if not places:
        return
    wrapper = _add(root, "geoLocations")
    for place in places:
        _geo_location(_add(wrapper, "geoLocation"), place)


def _geo_location(element: _Element, place: Object) -> None:
    _texts(element, place, ("geoLocationPlace",))
    _coordinates(element, place, "geoLocationPoint", POINT)
    _coordinates(element, place, "geoLocationBox", BOX)
    for polygon in _polygons(place.get("geoLocationPolygon")):
        _polygon(_add(element, "geoLocationPolygon"), polygon)


def _polygons(value: Any) -> list[list[Any]]:
    """Return polygons as lists of points: DataCite takes one polygon, or an array of them."""
    listed = _wrapped(value)
    return listed if any(isinstance(one, list) for one in listed) else [listed] if listed else []


def _polygon(element: _Element, points: list[Any]) -> None:
    """Write the corners, and the point inside after them, where the schema wants it."""
    for name in ("polygonPoint", "inPolygonPoint"):
        for point in objects_of(points, name):
            _coordinates(element, point, name, POINT)


def _coordinates(parent: _Element, place: Object, name: str, parts: tuple[str, ...]) -> None:
    coordinates = place.get(name)
    if isinstance(coordinates, Mapping):
        element = _add(parent, name)
        for part in parts:
            _add(element, part, str_of(coordinates.get(part)))


def _funding_references(root: _Element, attributes: Object) -> None:
    references = tuple(objects_of(attributes.get("fundingReferences"), "funderName"))
    if not references:
        return
    wrapper = _add(root, "fundingReferences")
    for reference in references:
        element = _add(wrapper, "fundingReference")
        _add(element, "funderName", str_of(reference.get("funderName")))
        if is_there(reference.get("funderIdentifier")):
            _row(element, FUNDER_IDENTIFIER, reference)
        if is_there(reference.get("awardNumber")) or is_there(reference.get("awardUri")):
            _row(element, AWARD_NUMBER, reference)
        _texts(element, reference, ("awardTitle",))


_ORDER: Final = (
    _identifier,
    _creators,
    _titles,
    _publisher,
    _publication_year,
    _resource_type,
    _subjects,
    _contributors,
    _dates,
    _language,
    _alternate_identifiers,
    _related_identifiers,
    _related_items,
    _sizes,
    _formats,
    _version,
    _rights,
    _descriptions,
    _geo_locations,
    _funding_references,
)


def _person(element: _Element, person: Object, name_element: str) -> None:
    family, given = str_of(person.get("familyName")), str_of(person.get("givenName"))
    # As DataCite does: the parts of a name decide over the name as a whole.
    name = ", ".join(filter(None, (family, given))) if family else str_of(person.get("name"))
    _set(_add(element, name_element, name), _NAME_PLACES, person)
    _texts(element, person, ("givenName", "familyName"))
    for row, member in ((NAME_IDENTIFIER, "nameIdentifiers"), (AFFILIATION, "affiliation")):
        for one in objects_of(person.get(member), row.text):
            _row(element, row, one)


_NAME_PLACES: Final = (Place("nameType", "nameType"), TITLES.row.places[-1])


def _rows(root: _Element, rows: Rows, attributes: Object) -> None:
    """Write a wrapper with its rows, if there are any."""
    if _wrapped(attributes.get(rows.member)):
        _rows_in(_add(root, rows.wrapper), rows, attributes)


def _rows_in(wrapper: _Element, rows: Rows, attributes: Object) -> None:
    for one in objects_of(attributes.get(rows.member), rows.row.text):
        _row(wrapper, rows.row, one)


def _row(parent: _Element, row: Row, one: Object) -> None:
    _set(_add(parent, row.element, str_of(one.get(row.text))), row.places, one)


def _set(element: _Element, places: tuple[Place, ...], one: Object) -> None:
    for place in places:
        said = one.get(place.member)
        value = place.default if said is None else str_of(said)
        if value is not None:
            element.set(place.attribute, value)


def _texts(parent: _Element, one: Object, names: tuple[str, ...]) -> None:
    for name in names:
        if is_there(one.get(name)):
            _add(parent, name, str_of(one.get(name)))


def _add(parent: _Element, name: str, text: str = "") -> _Element:
    element = SubElement(parent, _name(name))
    if text:
        element.text = text
    return element


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def objects_of(value: Any, text: str) -> Iterator[Object]:
    """Yield the objects of an array, or the one that stands alone; a bare text as `{text: ...}`."""
    for one in _wrapped(value):
        if isinstance(one, Mapping):
            yield one
        elif isinstance(one, str | int | float):
            yield {text: one}


def _wrapped(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def is_there(value: Any) -> bool:
    """Tell whether JSON says something: 0 does, null, blanks and empty arrays do not."""
    return bool(str_of(value).strip())


def str_of(value: Any) -> str:
    """Return a text, number or truth value as XML has it; "" for all else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", str(value)) if isinstance(value, str | int | float) else ""
