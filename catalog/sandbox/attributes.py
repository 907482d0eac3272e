"""Which attributes a repository may write, and in which form the registrar keeps them."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from catalog.kernel4 import NAMESPACE, Unreadable, from_xml
from catalog.kernel4.layout import (
    AFFILIATION,
    ALTERNATE_IDENTIFIERS,
    DATES,
    DESCRIPTIONS,
    NAME_IDENTIFIER,
    PUBLISHER,
    RELATED_IDENTIFIERS,
    SUBJECTS,
    TITLES,
    Row,
)
from catalog.kernel4.layout import RIGHTS as RIGHTS_LIST

Object = dict[str, Any]

_ROWS: Final = {
    rows.member: rows.row
    for rows in (TITLES, SUBJECTS, DATES, RELATED_IDENTIFIERS, RIGHTS_LIST, DESCRIPTIONS)
}
_TEXT_IS_ENOUGH: Final = ("subjects", "rightsList")
"""Arrays in which DataCite makes an object of a bare text."""

_PERSON: Final = (
    "name",
    "nameType",
    "givenName",
    "familyName",
    "nameIdentifiers",
    "affiliation",
    "contributorType",
    "lang",
)
_TYPES: Final = ("resourceTypeGeneral", "resourceType", "schemaOrg", "citeproc", "bibtex", "ris")
_SPDX: Final = "https://spdx.org/licenses"


def taken(sent: Mapping[str, Any]) -> Object:
    """Return what may be written of the attributes that were sent, each in its kept form.

    An array replaces the whole array; null empties it. What is read-only, and what is no
    attribute at all, is dropped without a word, as DataCite does.
    """
    said = dict(sent)
    if "identifiers" not in said and "alternateIdentifiers" in said:
        said["identifiers"] = [
            _by_short_names(one) for one in _wrapped(said["alternateIdentifiers"])
        ]
    return {name: keep(said[name]) for name, keep in _KEPT.items() if name in said}


def read_from(sent: Mapping[str, Any]) -> tuple[bytes, Object] | None:
    """Return the document in the attribute `xml` with what it says; None where there is none.

    It may be kernel-4 XML or DataCite JSON, in base64. Raises Unreadable where it is neither.
    """
    encoded = sent.get("xml")
    if not isinstance(encoded, str) or not encoded:
        return None
    try:
        document = base64.b64decode(encoded, validate=False)
    except (binascii.Error, ValueError):
        raise Unreadable("The document is not in base64.") from None
    if not document.lstrip().startswith(b"{"):
        return document, taken(from_xml(document))
    try:
        said = json.loads(document)
    except (ValueError, RecursionError):
        raise Unreadable("The document is no JSON.") from None
    return document, taken(said)


def kernel_of(document: bytes) -> str:
    """Return the namespace of a document, that of kernel 4 where it names no other kernel."""
    found = re.search(rb"http://datacite\.org/schema/kernel-[\d.]+", document)
    return found[0].decode() if found else NAMESPACE


def _list(value: Any) -> list[Any]:
    return _wrapped(value)


def _rows(name: str) -> Callable[[Any], list[Any]]:
    row = _ROWS[name]

    def keep(value: Any) -> list[Any]:
        kept = [_one(one, row, name) for one in _wrapped(value)]
        return [one for one in kept if one not in ({}, "")]

    return keep


def _one(one: Any, row: Row, name: str) -> Any:
    if isinstance(one, str) and name in _TEXT_IS_ENOUGH:
        one = {row.text: one}
    if not isinstance(one, Mapping):
        return one
    known = _known(one, row)
    return _spdx(known) if row is RIGHTS_LIST.row else known


def _known(one: Mapping[str, Any], row: Row) -> Object:
    members = {row.text, *(place.member for place in row.places)}
    return {name: value for name, value in one.items() if name in members}


def _spdx(rights: Object) -> Object:
    """Return rights with the identifier of an SPDX licence in small letters, as DataCite has it."""
    identifier, scheme = rights.get("rightsIdentifier"), rights.get("schemeUri")
    is_spdx = rights.get("rightsIdentifierScheme") == "SPDX" or str(scheme).startswith(_SPDX)
    if not (is_spdx and isinstance(identifier, str)):
        return rights
    return rights | {"rightsIdentifier": identifier.lower()}


def _people(value: Any) -> list[Any]:
    return [_person(one) if isinstance(one, Mapping) else one for one in _wrapped(value)]


def _person(one: Mapping[str, Any]) -> Object:
    kept = {name: one[name] for name in _PERSON if name in one}
    kept["nameIdentifiers"] = [
        _known(identifier, NAME_IDENTIFIER)
        for identifier in _wrapped(one.get("nameIdentifiers"))
        if isinstance(identifier, Mapping)
    ]
    kept["affiliation"] = [
        _known(said, AFFILIATION) if isinstance(said, Mapping) else {"name": said}
        for said in _wrapped(one.get("affiliation"))
    ]
    return kept


def _publisher(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _known(value, PUBLISHER) or None
    return {"name": value} if isinstance(value, str) and value else value or None


def _identifiers(value: Any) -> list[Any]:
    """Return alternate identifiers; a DOI among them is dropped, since it has its own place."""
    kept = [
        _known(one, ALTERNATE_IDENTIFIERS.row) if isinstance(one, Mapping) else one
        for one in _wrapped(value)
    ]
    return [one for one in kept if not isinstance(one, dict) or one.get("identifierType") != "DOI"]


def _by_short_names(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    return {
        "identifier": one.get("alternateIdentifier"),
        "identifierType": one.get("alternateIdentifierType"),
    }


def _types(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value or {}
    return {name: value[name] for name in _TYPES if name in value}


def _year(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _as_it_is(value: Any) -> Any:
    return value


def _wrapped(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


_KEPT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "identifiers": _identifiers,
    "creators": _people,
    "titles": _rows("titles"),
    "publisher": _publisher,
    "container": _as_it_is,
    "publicationYear": _year,
    "subjects": _rows("subjects"),
    "contributors": _people,
    "dates": _rows("dates"),
    "language": _text,
    "types": _types,
    "relatedIdentifiers": _rows("relatedIdentifiers"),
    "relatedItems": _list,
    "sizes": _list,
    "formats": _list,
    "version": _text,
    "rightsList": _rows("rightsList"),
    "descriptions": _rows("descriptions"),
    "geoLocations": _list,
    "fundingReferences": _list,
    "url": _text,
    "contentUrl": _as_it_is,
    "schemaVersion": _text,
    "source": _text,
    "reason": _text,
}

METADATA: Final = tuple(_KEPT)[: tuple(_KEPT).index("url")]
"""The attributes that describe; the others say where it is and whose words these are."""

LISTS: Final = tuple(name for name, keep in _KEPT.items() if isinstance(keep(None), list))
