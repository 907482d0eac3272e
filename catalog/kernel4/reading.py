"""How kernel-4 XML is read into DataCite's JSON attributes: the other way round of `writing`."""

from collections.abc import Iterator
from typing import Any, Final

from lxml.etree import XMLSyntaxError, _Element, fromstring

from catalog.kernel4.judging import secure_parser
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

_PLAIN: Final = (SIZES, FORMATS)
_ROWS: Final = (TITLES, SUBJECTS, DATES, ALTERNATE_IDENTIFIERS, RELATED_IDENTIFIERS, RIGHTS)

Object = dict[str, Any]


class Unreadable(ValueError):
    """The bytes are no XML, or no kernel-4 resource."""


def from_xml(xml: bytes) -> Object:
    """Return the attributes that kernel-4 XML holds, absent where it says nothing.

    Raises Unreadable where it is no XML, or its root is no `resource`. Whether it is valid is for
    `faults_of_xml` to say: this takes what there is.
    """
    try:
        root = fromstring(xml, secure_parser())
    except XMLSyntaxError as fault:
        raise Unreadable(fault.msg) from None
    if _local(root) != "resource":
        raise Unreadable("The root element is no resource.")
    return _said(
        {
            "doi": (_text(_child(root, "identifier")) or "").lower(),
            "creators": _people(root, "creator"),
            "publisher": _row(_child(root, "publisher"), PUBLISHER),
            "publicationYear": _year(_text(_child(root, "publicationYear"))),
            "types": _row(_child(root, "resourceType"), RESOURCE_TYPE),
            "contributors": _people(root, "contributor"),
            "language": _text(_child(root, "language")),
            "relatedItems": [_related_item(one) for one in _grandchildren(root, "relatedItems")],
            "version": _text(_child(root, "version")),
            "descriptions": _rows(root, DESCRIPTIONS),
            "geoLocations": [_geo_location(one) for one in _grandchildren(root, "geoLocations")],
            "fundingReferences": [
                _funding(one) for one in _grandchildren(root, "fundingReferences")
            ],
        }
        | {rows.member: _rows(root, rows) for rows in _ROWS}
        | {rows.member: [one.get(rows.row.text) for one in _rows(root, rows)] for rows in _PLAIN}
    )


def _people(root: _Element, kind: str) -> list[Object]:
    return [_person(one, kind) for one in _grandchildren(root, f"{kind}s")]


def _person(element: _Element, kind: str) -> Object:
    name = _child(element, f"{kind}Name")
    return _said(
        {
            "name": _text(name),
            "nameType": None if name is None else name.get("nameType"),
            "givenName": _text(_child(element, "givenName")),
            "familyName": _text(_child(element, "familyName")),
            "contributorType": element.get("contributorType"),
            "nameIdentifiers": [
                _row(one, NAME_IDENTIFIER) for one in _all(element, "nameIdentifier")
            ],
            "affiliation": [_row(one, AFFILIATION) for one in _all(element, "affiliation")],
        }
    )


def _related_item(element: _Element) -> Object:
    return _said(
        _placed(element, RELATED_ITEM_PLACES)
        | {
            "relatedItemIdentifier": _row(
                _child(element, "relatedItemIdentifier"), RELATED_ITEM_IDENTIFIER
            ),
            "creators": _people(element, "creator"),
            "titles": _rows(element, TITLES),
            "contributors": _people(element, "contributor"),
        }
        | _row(_child(element, "number"), NUMBER)
        | {name: _text(_child(element, name)) for name in (*BEFORE_NUMBER, *AFTER_NUMBER)}
    )


def _geo_location(element: _Element) -> Object:
    return _said(
        {
            "geoLocationPlace": _text(_child(element, "geoLocationPlace")),
            "geoLocationPoint": _coordinates(_child(element, "geoLocationPoint"), POINT),
            "geoLocationBox": _coordinates(_child(element, "geoLocationBox"), BOX),
            "geoLocationPolygon": [
                [{_local(point): _coordinates(point, POINT)} for point in _elements(polygon)]
                for polygon in _all(element, "geoLocationPolygon")
            ],
        }
    )


def _coordinates(element: _Element | None, names: tuple[str, ...]) -> Object:
    if element is None:
        return {}
    return _said({name: _text(_child(element, name)) for name in names})


def _funding(element: _Element) -> Object:
    return _said(
        {name: _text(_child(element, name)) for name in ("funderName", "awardTitle")}
        | _row(_child(element, "funderIdentifier"), FUNDER_IDENTIFIER)
        | _row(_child(element, "awardNumber"), AWARD_NUMBER)
    )


def _rows(root: _Element, rows: Rows) -> list[Object]:
    wrapper = _child(root, rows.wrapper)
    return (
        [] if wrapper is None else [_row(one, rows.row) for one in _all(wrapper, rows.row.element)]
    )


def _row(element: _Element | None, row: Row) -> Object:
    if element is None:
        return {}
    return _said({row.text: _text(element)} | _placed(element, row.places))


def _placed(element: _Element, places: tuple[Place, ...]) -> Object:
    return {place.member: element.get(place.attribute) for place in places}


def _said(members: Object) -> Object:
    """Return members without those that say nothing."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _year(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdigit() else text


def _grandchildren(root: _Element, wrapper: str) -> list[_Element]:
    found = _child(root, wrapper)
    return [] if found is None else list(_elements(found))


def _child(root: _Element, name: str) -> _Element | None:
    return next(_all(root, name), None)


def _all(root: _Element, name: str) -> Iterator[_Element]:
    return (one for one in _elements(root) if _local(one) == name)


def _elements(root: _Element) -> Iterator[_Element]:
    return (one for one in root if isinstance(one.tag, str))


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: _Element | None) -> str | None:
    return None if element is None else "".join(map(str, element.itertext())).strip()
