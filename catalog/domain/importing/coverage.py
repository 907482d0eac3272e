"""Time and place that data cover, as schema.org writes them."""

import re
from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import date_of
from catalog.domain.importing.gathering import Gathering, Part
from catalog.domain.importing.nodes import each, texts_in
from catalog.domain.importing.values import shown


def period(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the time that the data cover: one date, or two with a slash between them."""
    for one, at in each(raw, pointer):
        start, slash, end = one.partition("/") if isinstance(one, str) else ("", "", "")
        dates = [start, end] if slash else [start, start]
        known = [None if said.strip() in {"", ".."} else date_of(said) for said in dates]
        if not any(known) or (slash and _is_no_date(start, known[0]) | _is_no_date(end, known[1])):
            gathering.lose(at, f"Period: {shown(one)} is not a date, nor two with a slash between.")
            continue
        part = gathering.part("dct:PeriodOfTime")
        for prop, said in zip(("dcat:startDate", "dcat:endDate"), known, strict=True):
            gathering.say(part, prop, said and said[0], at)
        gathering.add(gathering.item, "dct:temporal", part, at)


def _is_no_date(said: str, known: tuple[str, str] | None) -> bool:
    return known is None and said.strip() not in {"", ".."}


def places(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the places that the data cover: by name, point, box or outline."""
    for one, at in each(raw, pointer):
        node = gathering.look(one)
        part = gathering.part("dct:Location")
        if isinstance(node, Mapping):
            for word, place in texts_in(node.get("name"), at):
                gathering.say(part, "rdfs:label", word, place)
            if isinstance(node.get("address"), str):
                gathering.say(part, "locn:fullAddress", node["address"], at)
            for shape, place in each(node.get("geo", node), at):
                _say_shape(gathering, part, gathering.look(shape), place)
        else:
            gathering.say(part, "rdfs:label", node, at)
        if not gathering.add(gathering.item, "dct:spatial", part, at):
            gathering.lose(at, f"Place: {shown(one)} has neither a name nor coordinates.")


def _say_shape(gathering: Gathering, part: Part, shape: Any, pointer: str) -> None:
    """Say what GeoCoordinates or a GeoShape tells, as well-known text: longitude first."""
    if not isinstance(shape, Mapping):
        return
    point = _numbers([shape.get("latitude"), shape.get("longitude")])
    box = _numbers(re.split(r"[\s,]+", str(shape.get("box") or "").strip()))
    outline = _numbers(re.split(r"[\s,]+", str(shape.get("polygon") or "").strip()))
    if len(point) == 1:
        gathering.say(part, "dcat:centroid", f"POINT({point[0]})", pointer)
    if len(box) == 2:
        (west, south), (east, north) = (pair.split() for pair in box)
        ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
        gathering.say(part, "dcat:bbox", f"POLYGON(({ring}))", pointer)
    if len(outline) > 2:
        closed = outline if outline[0] == outline[-1] else [*outline, outline[0]]
        gathering.say(part, "locn:geometry", f"POLYGON(({', '.join(closed)}))", pointer)


def _numbers(said: list[Any]) -> list[str]:
    """Return pairs of latitude and longitude as `longitude latitude`; none if any is no place."""
    digits = [str(one).strip() for one in said]
    if len(digits) % 2 or not all(re.fullmatch(r"-?\d{1,3}(\.\d{1,15})?", one) for one in digits):
        return []
    pairs = list(zip(digits[::2], digits[1::2], strict=True))
    if not all(abs(float(north)) <= 90 and abs(float(east)) <= 360 for north, east in pairs):
        return []
    return [f"{east} {north}" for north, east in pairs]
