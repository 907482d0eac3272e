"""Which form of an answer a caller gets: by suffix, else by `Accept` (RFC 9110, section 12)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import request

from catalog.domain.errors import NotFound, NotOffered

HTML = "text/html"
JSON = "application/json"
TURTLE = "text/turtle"
JSON_LD = "application/ld+json"
NTRIPLES = "application/n-triples"
RDF_XML = "application/rdf+xml"

SUFFIXES = {
    "html": HTML,
    "json": JSON,
    "ttl": TURTLE,
    "jsonld": JSON_LD,
    "nt": NTRIPLES,
    "rdf": RDF_XML,
}
"""The suffix of an address, without its dot, and the form that it asks for."""

ALIASES = {
    "application/xhtml+xml": HTML,
    "application/x-turtle": TURTLE,
    "text/n3": TURTLE,
    "text/plain": NTRIPLES,
    "application/xml": RDF_XML,
    "text/xml": RDF_XML,
}


@dataclass(frozen=True, slots=True)
class _Range:
    kind: str
    quality: float
    profiles: tuple[str, ...]


def accepted(header: str | None) -> list[_Range]:
    """Return the media ranges of an `Accept` header; none there means that anything will do."""
    ranges = []
    for part in (header or "").split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if not kind:
            continue
        quality: float = 1.0
        profiles: tuple[str, ...] = ()
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "q":
                quality = _quality(value)
            elif name == "profile":
                profiles = tuple(value.strip('"').split())
        ranges.append(_Range(kind, quality, profiles))
    return ranges or [_Range("*/*", 1.0, ())]


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def _fit(offered: str, ranges: Sequence[_Range]) -> tuple[float, int]:
    """Return the quality given to a form, and how exactly it was named (3 is exactly)."""
    family = offered.split("/")[0] + "/*"
    best = (0.0, 0)
    exactness = -1
    for asked in ranges:
        level = {offered: 3, family: 1, "*/*": 0}.get(asked.kind, -1)
        if level > exactness:
            exactness, best = level, (asked.quality, level)
    return best


def choose(offered: Sequence[str], *, suffix: str | None = None) -> str:
    """Return the form to answer in; of equally wanted ones the one that `offered` names first.

    Raises NotFound for a suffix that is not offered and NotOffered where no form is acceptable.
    """
    if suffix is not None:
        form = SUFFIXES.get(suffix)
        if form not in offered or form is None:
            raise NotFound(f"There is no form .{suffix} of this.")
        return form
    ranges = accepted(request.headers.get("Accept"))
    best, chosen = (0.0, -1), None
    for form in offered:
        quality, level = _fit(form, ranges)
        if quality > 0 and (quality, level) > best:
            best, chosen = (quality, level), form
    if chosen is None:
        chosen = _by_alias(offered, ranges)
    if chosen is None:
        raise NotOffered(offered)
    return chosen


def profile_accepted(form: str, offered: Collection[str]) -> str | None:
    """Return the profile in which `Accept` wants a form; None where it wants it without.

    offered  the IRIs of profiles, in lower case; any other is as if it were not named
    """
    best: tuple[float, bool] = (0.0, False)
    chosen = None
    for asked in accepted(request.headers.get("Accept")):
        profile = next((one for one in asked.profiles if one in offered), None)
        if asked.kind == form and (asked.quality, profile is not None) > best:
            best, chosen = (asked.quality, profile is not None), profile
    return chosen


def _by_alias(offered: Sequence[str], ranges: Sequence[_Range]) -> str | None:
    wanted = sorted(ranges, key=lambda asked: -asked.quality)
    for asked in wanted:
        form = ALIASES.get(asked.kind)
        if asked.quality > 0 and form in offered:
            return form
    return None


def wants_html() -> bool:
    """Tell whether the caller rather reads a page than a document for machines."""
    try:
        return choose([JSON, HTML]) == HTML
    except NotOffered:
        return False


def languages() -> tuple[str, ...]:
    """Return the languages that the caller reads, best first, without regions."""
    wanted = [tag.split("-")[0].lower() for tag, _ in request.accept_languages]
    return tuple(dict.fromkeys([*wanted, "en"]))
