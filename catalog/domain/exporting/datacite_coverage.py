"""When and where: the dates of an item and the places that it is about, as DataCite writes them."""

import math
import re
from collections.abc import Iterator
from typing import Final

from catalog.domain.description import Description, Literal, is_literal, literal
from catalog.domain.exporting.datacite_meaning import (
    DATE_TYPES,
    Object,
    iri,
    one_line,
    types_by_property,
)
from catalog.domain.exporting.exported import Exported

_MOMENT: Final = (
    r"-?\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)?)?"
)
_DATE: Final = re.compile(rf"{_MOMENT}|{_MOMENT}?/{_MOMENT}|{_MOMENT}/", re.ASCII)
"""A moment or a range by RKMS-ISO8601, which leaves an end open by leaving it out."""
_ZONE_OF_A_DAY: Final = re.compile(r"(-?\d{4}(?:-\d{2}){0,2})(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
_YEAR: Final = re.compile(r"(\d{4})(?![\d])")


def dates(exported: Exported) -> list[Object]:
    """Return the dates of the item, each in the type that its property becomes.

    The time that measurements are about is also when they were collected.
    """
    said = exported.description
    kinds = types_by_property(exported.meaning.vocabularies, DATE_TYPES)
    rows = [
        {"date": date, "dateType": kind}
        for path, kind in kinds.items()
        for value in said.values(path)
        if (date := _date(said, value))
    ]
    collected = kinds[iri("it6:collectionDate")]
    if said.values(iri("sosa:observedProperty")):
        period = kinds[iri("dct:temporal")]
        rows += [row | {"dateType": collected} for row in rows if row["dateType"] == period]
    if withdrawal := exported.record.withdrawal:
        at = withdrawal.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        rows.append({"date": at, "dateType": kinds[iri("prov:invalidatedAtTime")]})
    return list({(row["dateType"], row["date"]): row for row in rows}.values())


def publication_year(exported: Exported, year: int) -> int:
    """Return the year of publication: when an embargo ends, else the date of issue.

    year  what stands for it where nothing is published yet
    """
    said = exported.description
    for path in (iri("dct:available"), iri("dct:issued")):
        years = (_YEAR.match(text.text) for text in said.texts(path))
        found = [int(one[1]) for one in years if one]
        if found and min(found) > 0:
            return min(found)
    return exported.record.published.year if exported.record.published else year


def _date(said: Description, value: str) -> str:
    """Return a date, or the period that a part states, as DataCite writes it; "" for neither."""
    if is_literal(value):
        return _spelled(literal(value))
    starts = said.texts(iri("dcat:startDate"), of=value)
    ends = said.texts(iri("dcat:endDate"), of=value)
    start = _spelled(starts[0]) if starts else ""
    end = _spelled(ends[0]) if ends else ""
    if "/" in start or "/" in end:
        return ""
    return start if start == end else f"{start}/{end}"


def _spelled(said: Literal) -> str:
    text = said.text.strip()
    if day := _ZONE_OF_A_DAY.fullmatch(text):
        text = day[1]
    return text if _DATE.fullmatch(text) else ""


# ---- places

_NUMBER: Final = r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_POINT: Final = re.compile(
    rf"\s*POINT\s*Z?\s*\(\s*{_NUMBER}\s+{_NUMBER}[^()]*\)\s*", re.I | re.ASCII
)
_CRS: Final = re.compile(r"\s*<([^>]*)>\s*(.*)", re.S)
_LONGITUDE_FIRST: Final = ("CRS84",)
_CORNER: Final = re.compile(rf"{_NUMBER}\s+{_NUMBER}", re.ASCII)


def places(exported: Exported) -> list[Object]:
    """Return the places that the item is about: a name, a point, a box, as far as stated."""
    said = exported.description
    found = [_place(said, node) for node in said.values(iri("dct:spatial"))]
    return [place for place in found if place]


def _place(said: Description, node: str) -> Object:
    name = said.text(iri("rdfs:label"), of=node) or said.text(iri("locn:fullAddress"), of=node)
    place: Object = {"geoLocationPlace": one_line(name)} if name and one_line(name) else {}
    for point in _points(said, node):
        place["geoLocationPoint"] = point
    for box in _boxes(said, node):
        place["geoLocationBox"] = box
    return place


def _points(said: Description, node: str) -> Iterator[Object]:
    for text in said.texts(iri("dcat:centroid"), of=node)[:1]:
        if found := _POINT.fullmatch(_plain(text.text)):
            longitude, latitude = float(found[1]), float(found[2])
            if _is_on_earth([longitude], [latitude]):
                yield {"pointLongitude": longitude, "pointLatitude": latitude}


def _boxes(said: Description, node: str) -> Iterator[Object]:
    for path in (iri("dcat:bbox"), iri("locn:geometry")):
        for text in said.texts(path, of=node)[:1]:
            corners = [(float(x), float(y)) for x, y in _CORNER.findall(_plain(text.text))]
            longitudes, latitudes = [x for x, _ in corners], [y for _, y in corners]
            if len(corners) > 1 and _is_on_earth(longitudes, latitudes):
                yield {
                    "westBoundLongitude": min(longitudes),
                    "eastBoundLongitude": max(longitudes),
                    "southBoundLatitude": min(latitudes),
                    "northBoundLatitude": max(latitudes),
                }
                return


def _plain(text: str) -> str:
    """Return well-known text without the system of coordinates, "" for one that is not ours.

    Without a name it is longitude before latitude (GeoSPARQL 1.1, 8.5.1).
    """
    crs = _CRS.fullmatch(text)
    if crs is None:
        return text
    return crs[2] if crs[1].endswith(_LONGITUDE_FIRST) else ""


def _is_on_earth(longitudes: list[float], latitudes: list[float]) -> bool:
    return all(math.isfinite(x) and -180 <= x <= 180 for x in longitudes) and all(
        math.isfinite(y) and -90 <= y <= 90 for y in latitudes
    )
