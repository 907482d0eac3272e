"""Where an item is from, as a map that the server draws: a graticule, coasts, and the place."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from api.coastline import LAND
from catalog.domain.description import Description, is_literal, literal
from catalog.domain.identifiers import SAGE
from catalog.domain.schemes import Vocabularies
from catalog.domain.writing import DCAT, DCT

_GEOMETRIES: Final = (
    "http://www.w3.org/ns/locn#geometry",
    f"{DCAT}bbox",
    f"{DCAT}centroid",
)
"""Properties of a place that hold its geometry, the most exact first."""

_PLACES: Final = (f"{DCT}spatial", f"{SAGE}node", "http://www.w3.org/ns/sosa/isHostedBy")
"""Properties of an item that lead to places, or to what stands somewhere."""

_LATITUDE: Final = f"<{SAGE}latitude>"
_LONGITUDE: Final = f"<{SAGE}longitude>"
_NAMES: Final = ("http://www.w3.org/2000/01/rdf-schema#label", f"{DCT}title")

_WKT = re.compile(
    r"\s*(?:<([^<>\s]{1,200})>\s*)?"
    r"(MULTI)?(POINT|LINESTRING|POLYGON)\s*(?:ZM?|M)?\s*(\(.*\))\s*",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_WKT: Final = 100_000
_MOST_POINTS: Final = 300
_MOST_PLACES: Final = 20
_LATITUDE_FIRST: Final = ("EPSG/0/4326", "EPSG::4326")
_LONGITUDE_FIRST: Final = ("CRS84",)

WIDTH: Final = 640
HEIGHT: Final = 300
_REGION: Final = 64.0
"""How many degrees a map of a region is wide."""

_TOP, _BOTTOM = 84.0, -60.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of a place: lines of points, each longitude and latitude in degrees (CRS84).

    is_area  whether the lines enclose something
    """

    lines: tuple[tuple[Point, ...], ...]
    is_area: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The rectangle around it: west, south, east, north."""
        points = [point for line in self.lines for point in line]
        longitudes, latitudes = [x for x, _ in points], [y for _, y in points]
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)

    @property
    def is_point(self) -> bool:
        """Whether it has no extent."""
        west, south, east, north = self.box
        return west == east and south == north

    @property
    def in_words(self) -> str:
        """Its coordinates in words, as exact as they were given.

        >>> Shape((((-87.98, 41.7),),), False).in_words
        '41.7° N, 87.98° W'
        """
        west, south, east, north = self.box
        if self.is_point:
            return f"{_latitude(north)}, {_longitude(west)}"
        return f"{_latitude(south)} to {_latitude(north)}, {_longitude(west)} to {_longitude(east)}"

    @property
    def elsewhere(self) -> str:
        """The address of a map with streets, at OpenStreetMap."""
        west, south, east, north = self.box
        x, y = round((west + east) / 2, 5), round((south + north) / 2, 5)
        span = max(east - west, north - south, 0.02)
        zoom = max(2, min(14, int(math.log2(360 / span))))
        mark = f"?mlat={y:g}&mlon={x:g}" if self.is_point else ""
        return f"https://www.openstreetmap.org/{mark}#map={zoom}/{y:g}/{x:g}"


@dataclass(frozen=True, slots=True)
class Site:
    """A place with a name, "" for none."""

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Label:
    """What stands at a line of the graticule."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class MapPlan:
    """A map with its places computed; every path is in pixels of its view.

    marks  where places lie that are too small to have an outline
    said   the same in words
    """

    width: int
    height: int
    land: str
    lines: str
    areas: str
    marks: tuple[Point, ...]
    labels: tuple[Label, ...]
    said: str


def sites_of(description: Description, vocabularies: Vocabularies) -> tuple[Site, ...]:
    """Return the places of an item whose coordinates are known.

    They stand in parts of the description, or with the terms that it cites, such as a node.
    """
    found: dict[Shape, Site] = {}
    for term in dict.fromkeys(term for path in _PLACES for term in description.values(path)):
        if len(found) < _MOST_PLACES and (site := _site(term, description, vocabularies)):
            found.setdefault(site.shape, site)
    return tuple(found.values())


def _site(term: str, description: Description, vocabularies: Vocabularies) -> Site | None:
    if term in description.by_subject:
        shape = _shape_of_part(term, description)
        named = next((said for iri in _NAMES if (said := description.text(iri, of=term))), "")
        return Site(named, shape) if shape else None
    if term.startswith("<") and (row := vocabularies.row(term[1:-1])):
        shape = _shape_of_row(row.get(_LONGITUDE, ()), row.get(_LATITUDE, ()))
        concept = vocabularies.concept(term[1:-1])
        return Site(concept.label if concept else "", shape) if shape else None
    return None


def _shape_of_part(term: str, description: Description) -> Shape | None:
    for iri in _GEOMETRIES:
        for said in description.texts(iri, of=term):
            if shape := shape_of(said.text):
                return shape
    return None


def _shape_of_row(longitudes: Sequence[str], latitudes: Sequence[str]) -> Shape | None:
    if not longitudes or not latitudes:
        return None
    said = (literal(longitudes[0]).text, literal(latitudes[0]).text)
    point = _point(said, latitude_first=False) if is_literal(longitudes[0]) else None
    return Shape(((point,),), is_area=False) if point else None


def shape_of(wkt: str) -> Shape | None:
    """Return what a WKT literal draws; None for what is none, or in coordinates not known here.

    >>> shape_of("POINT(-87.98 41.7)")
    Shape(lines=(((-87.98, 41.7),),), is_area=False)
    """
    found = _WKT.fullmatch(wkt) if len(wkt) <= _LONGEST_WKT else None
    if found is None:
        return None
    system, is_many, kind, body = found.groups()
    latitude_first = bool(system) and system.endswith(_LATITUDE_FIRST)
    if system and not latitude_first and not system.endswith(_LONGITUDE_FIRST):
        return None
    if kind.upper() == "POINT":
        body = body.replace("(", " ").replace(")", " ")
        points = _points(body, latitude_first=latitude_first)
        if points is None or (len(points) != 1 and not is_many):
            return None
        return Shape(tuple((point,) for point in points), is_area=False)
    lines = [
        _points(inner, latitude_first=latitude_first) for inner in re.findall(r"\(([^()]*)\)", body)
    ]
    if not lines or any(line is None or len(line) < 2 for line in lines):
        return None
    return Shape(tuple(line for line in lines if line), is_area=kind.upper() == "POLYGON")


def _points(text: str, *, latitude_first: bool) -> tuple[Point, ...] | None:
    points = [_point(pair.split(), latitude_first=latitude_first) for pair in text.split(",")]
    whole = [point for point in points if point is not None]
    if len(whole) != len(points):
        return None
    step = 1 + len(whole) // _MOST_POINTS
    return tuple(whole[::step]) if step == 1 else (*whole[::step], whole[-1])


def _point(said: Sequence[str], *, latitude_first: bool) -> Point | None:
    try:
        first, second, *_ = (float(number) for number in said)
    except ValueError:
        return None
    x, y = (second, first) if latitude_first else (first, second)
    return (x, y) if -180 <= x <= 180 and -90 <= y <= 90 else None


def _latitude(degrees: float) -> str:
    return f"{abs(round(degrees, 5)):.9g}°{_side(degrees, 'N', 'S')}"


def _longitude(degrees: float) -> str:
    return f"{abs(round(degrees, 5)):.9g}°{_side(degrees, 'E', 'W')}"


def _side(degrees: float, above: str, below: str) -> str:
    if degrees == 0:
        return ""
    return f" {above if degrees > 0 else below}"


# -- drawing


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of the world, as large as the map: degrees at its corner, and pixels a degree."""

    west: float
    north: float
    scale: float
    width: float
    height: float

    def x(self, longitude: float) -> float:
        return round((longitude - self.west) * self.scale, 1)

    def y(self, latitude: float) -> float:
        return round((self.north - latitude) * self.scale, 1)

    @property
    def east(self) -> float:
        return self.west + self.width / self.scale

    @property
    def south(self) -> float:
        return self.north - self.height / self.scale


def map_of(sites: Sequence[Site]) -> MapPlan | None:
    """Return the map on which all places lie, None where there are none."""
    if not sites:
        return None
    window = _window([site.shape.box for site in sites])
    small = [site.shape for site in sites if _is_small(site.shape, window)]
    shown = [site.shape for site in sites if site.shape not in small]
    names = "; ".join(
        f"{site.name}: {site.shape.in_words}" if site.name else site.shape.in_words
        for site in sites
    )
    step = 10 if window.scale > 4 else 30
    return MapPlan(
        width=int(window.width),
        height=int(window.height),
        land=_land(window),
        lines=_graticule(window, step),
        areas="".join(_path(shape, window) for shape in shown),
        marks=tuple(_middle(shape, window) for shape in small),
        labels=tuple(_labels(window, step)),
        said=f"A map of {names}.",
    )


def _window(boxes: Sequence[tuple[float, float, float, float]]) -> _Window:
    """Return a region around all boxes if they are near to each other, else the whole world."""
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    scale = WIDTH / _REGION
    tall = HEIGHT / scale
    if east - west > 0.6 * _REGION or north - south > 0.6 * tall:
        top = _TOP if south > _BOTTOM and north < _TOP else 90.0
        bottom = _BOTTOM if top == _TOP else -90.0
        return _Window(-180.0, top, WIDTH / 360, WIDTH, round((top - bottom) * WIDTH / 360))
    left = min(max((west + east - _REGION) / 2, -180.0), 180.0 - _REGION)
    top = min(max((south + north + tall) / 2, -90.0 + tall), 90.0)
    return _Window(round(left, 2), round(top, 2), scale, WIDTH, HEIGHT)


def _is_small(shape: Shape, window: _Window) -> bool:
    west, south, east, north = shape.box
    return max(east - west, north - south) * window.scale < 9


def _middle(shape: Shape, window: _Window) -> Point:
    west, south, east, north = shape.box
    return window.x((west + east) / 2), window.y((south + north) / 2)


def _path(shape: Shape, window: _Window) -> str:
    end = "z" if shape.is_area else ""
    return "".join(_line(line, window) + end for line in shape.lines)


def _land(window: _Window) -> str:
    return "".join(f"{_line(ring, window)}z" for ring in LAND if _is_near(ring, window))


def _is_near(ring: Sequence[Point], window: _Window) -> bool:
    return (
        max(x for x, _ in ring) >= window.west
        and min(x for x, _ in ring) <= window.east
        and max(y for _, y in ring) >= window.south
        and min(y for _, y in ring) <= window.north
    )


def _line(points: Iterable[Point], window: _Window) -> str:
    return "M" + "L".join(f"{window.x(x):g} {window.y(y):g}" for x, y in points)


def _marks(low: float, high: float, step: int) -> range:
    return range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step)


def _graticule(window: _Window, step: int) -> str:
    across, down = _marks(window.west, window.east, step), _marks(window.south, window.north, step)
    upright = (f"M{window.x(x):g} 0V{window.height:g}" for x in across)
    level = (f"M0 {window.y(y):g}H{window.width:g}" for y in down)
    return "".join((*upright, *level))


def _labels(window: _Window, step: int) -> Iterable[Label]:
    for x in _marks(window.west, window.east, step):
        if 30 < window.x(x) < window.width - 30:
            yield Label(window.x(x) + 3, window.height - 5, _longitude(x))
    for y in _marks(window.south, window.north, step):
        if 14 < window.y(y) < window.height - 24:
            yield Label(4, window.y(y) - 3, _latitude(y))
