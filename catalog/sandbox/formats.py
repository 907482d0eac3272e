"""The forms in which a DOI's metadata are given to who asks for them by `Accept`."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from catalog.kernel4 import to_xml
from catalog.sandbox.showing import Wanted, attributes_of
from catalog.sandbox.store import Kept

Object = dict[str, Any]
Write = Callable[[Kept, str], bytes]

_WHOLE: Final = Wanted(affiliation=True, publisher=True, detail=False)


def _datacite_json(kept: Kept, address: str) -> bytes:
    return _json({"id": address} | _whole(kept))


def _datacite_xml(kept: Kept, _address: str) -> bytes:
    return to_xml(kept.attributes | {"doi": kept.doi})


def _schema_org(kept: Kept, address: str) -> bytes:
    said = _whole(kept)
    return _json(
        _said(
            {
                "@context": "http://schema.org",
                "@type": said["types"].get("schemaOrg"),
                "@id": address,
                "identifier": {
                    "@type": "PropertyValue",
                    "propertyID": "doi",
                    "value": f"doi:{kept.doi}",
                },
                "url": said["url"],
                "additionalType": said["types"].get("resourceType"),
                "name": _title(said),
                "author": [_schema_person(one) for one in _objects(said["creators"])],
                "description": _first(said["descriptions"], "description"),
                "license": _first(said["rightsList"], "rightsUri"),
                "version": said["version"],
                "keywords": ", ".join(
                    _text(one.get("subject")) for one in _objects(said["subjects"])
                ),
                "inLanguage": said["language"],
                "contentSize": ", ".join(map(_text, said["sizes"])),
                "encodingFormat": ", ".join(map(_text, said["formats"])),
                "datePublished": kept.published,
                "publisher": {"@type": "Organization", "name": _publisher(said)},
            }
        )
    )


def _schema_person(one: Mapping[str, Any]) -> Object:
    kind = {"Organizational": "Organization"}.get(_text(one.get("nameType")), "Person")
    identifiers = _objects(one.get("nameIdentifiers"))
    return _said(
        {
            "@type": kind,
            "@id": next((each.get("nameIdentifier") for each in identifiers), None),
            "name": _text(one.get("name")) or _reversed(one),
            "givenName": one.get("givenName"),
            "familyName": one.get("familyName"),
        }
    )


def _csl(kept: Kept, address: str) -> bytes:
    said = _whole(kept)
    return _json(
        _said(
            {
                "type": said["types"].get("citeproc"),
                "id": address,
                "categories": [one.get("subject") for one in _objects(said["subjects"])],
                "language": said["language"],
                "author": [_csl_name(one) for one in _objects(said["creators"])],
                "issued": {"date-parts": [_date_parts(kept.published)]} if kept.published else None,
                "abstract": _first(said["descriptions"], "description"),
                "DOI": kept.doi,
                "publisher": _publisher(said),
                "title": _title(said),
                "URL": said["url"],
                "copyright": _first(said["rightsList"], "rights"),
                "version": said["version"],
            }
        )
    )


def _csl_name(one: Mapping[str, Any]) -> Object:
    if one.get("familyName"):
        return _said({"family": one["familyName"], "given": one.get("givenName")})
    return {"literal": _text(one.get("name"))}


def _date_parts(date: str | None) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", (date or "").split("/")[0][:10])]


def _bibtex(kept: Kept, address: str) -> bytes:
    said = _whole(kept)
    fields = _said(
        {
            "doi": kept.doi,
            "url": said["url"] or address,
            "author": " and ".join(_names(said)),
            "keywords": ", ".join(_text(one.get("subject")) for one in _objects(said["subjects"])),
            "language": said["language"],
            "title": _title(said),
            "publisher": _publisher(said),
            "year": _year(kept),
            "copyright": _first(said["rightsList"], "rights"),
        }
    )
    lines = ",\n".join(f"  {name} = {{{_braced(value)}}}" for name, value in fields.items())
    kind = said["types"].get("bibtex", "misc")
    return _utf8(f"@{kind}{{{address},\n{lines}\n}}\n")


def _braced(value: Any) -> str:
    return re.sub(r"([{}\\%#&$_])", r"\\\1", " ".join(_text(value).split()))


def _ris(kept: Kept, address: str) -> bytes:
    said = _whole(kept)
    lines: list[tuple[str, Any]] = [("TY", said["types"].get("ris", "GEN")), ("T1", _title(said))]
    lines += [("AU", name) for name in _names(said)]
    lines += [("DO", kept.doi), ("UR", said["url"] or address)]
    lines += [("AB", _first(said["descriptions"], "description"))]
    lines += [("KW", one.get("subject")) for one in _objects(said["subjects"])]
    lines += [("PY", _year(kept)), ("PB", _publisher(said)), ("LA", said["language"])]
    written = [f"{tag}  - {' '.join(_text(value).split())}" for tag, value in lines if value]
    return _utf8("\r\n".join([*written, "ER  - "]) + "\r\n")


def _bibliography(kept: Kept, address: str) -> bytes:
    said = _whole(kept)
    names = [_with_initials(one) for one in _objects(said["creators"])]
    who = f"{', '.join(names[:-1])}, & {names[-1]}" if len(names) > 1 else "".join(names)
    version = f" (Version {said['version']})" if said["version"] else ""
    kind = f" [{said['types'].get('resourceTypeGeneral')}]" if said["types"] else ""
    parts = [f"{who} ({_year(kept) or 'n.d.'})", f"{_title(said)}{version}{kind}", _publisher(said)]
    return _utf8(". ".join(filter(None, parts)) + f". {address}")


def _with_initials(one: Mapping[str, Any]) -> str:
    given = _text(one.get("givenName"))
    if not one.get("familyName"):
        return _text(one.get("name"))
    initials = " ".join(f"{part[0]}." for part in given.split())
    return ", ".join(filter(None, (_text(one["familyName"]), initials)))


def _csv(kept: Kept, _address: str) -> bytes:
    said = _whole(kept)
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(_CSV_COLUMNS)
    rows.writerow(
        [
            kept.doi,
            said["url"],
            kept.registered,
            kept.state,
            said["types"].get("resourceTypeGeneral"),
            said["types"].get("resourceType"),
            _title(said),
            "; ".join(_names(said)),
            _publisher(said),
            said["publicationYear"],
        ]
    )
    return _utf8(written.getvalue())


_CSV_COLUMNS: Final = (
    "doi",
    "url",
    "registered",
    "state",
    "resourceTypeGeneral",
    "resourceType",
    "title",
    "author",
    "publisher",
    "publicationYear",
)

FORMS: Final[Mapping[str, Write]] = {
    "application/vnd.datacite.datacite+json": _datacite_json,
    "application/vnd.datacite.datacite+xml": _datacite_xml,
    "application/x-datacite+xml": _datacite_xml,
    "application/vnd.schemaorg.ld+json": _schema_org,
    "application/ld+json": _schema_org,
    "application/vnd.citationstyles.csl+json": _csl,
    "application/citeproc+json": _csl,
    "application/x-bibtex": _bibtex,
    "application/x-research-info-systems": _ris,
    "text/x-bibliography": _bibliography,
    "text/csv": _csv,
}
"""Each media type with what writes it: of a DOI, and the address at which it resolves."""


def _whole(kept: Kept) -> Object:
    """Return the attributes, with types that are none at all, as a draft may have, left out."""
    said = attributes_of(kept, _WHOLE)
    return said if isinstance(said["types"], Mapping) else said | {"types": {}}


def _names(said: Object) -> Iterator[str]:
    for one in _objects(said["creators"]):
        yield _reversed(one) or _text(one.get("name"))


def _reversed(one: Mapping[str, Any]) -> str:
    family, given = _text(one.get("familyName")), _text(one.get("givenName"))
    return ", ".join(filter(None, (family, given))) if family else ""


def _title(said: Object) -> str:
    return _text(_first(said["titles"], "title"))


def _publisher(said: Object) -> str:
    publisher = said["publisher"]
    return _text(publisher.get("name") if isinstance(publisher, Mapping) else publisher)


def _year(kept: Kept) -> str:
    return _text(kept.attributes.get("publicationYear"))


def _first(rows: Any, member: str) -> Any:
    return next((one[member] for one in _objects(rows) if one.get(member)), None)


def _objects(rows: Any) -> list[Mapping[str, Any]]:
    return [one for one in rows or () if isinstance(one, Mapping)]


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _said(members: Object) -> Object:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _json(said: Object) -> bytes:
    return json.dumps(said, indent=2).encode()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
