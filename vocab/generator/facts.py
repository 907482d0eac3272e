"""Which recorded facts of a term are kept as properties of its concept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vocab.generator.turtle import concept_iri, plain, typed

if TYPE_CHECKING:
    from vocab.generator.terms import Term, Terms

# Keys of `words/{scheme}.toml` whose values are IRIs.
MAPPINGS = {
    "exact": "skos:exactMatch",
    "close": "skos:closeMatch",
    "broad": "skos:broadMatch",
    "related": "skos:related",
    "quantity": "qudt:hasQuantityKind",
    "framework": "sage:framework",
}

_STRINGS = {
    "nodeId": "sage:nodeId",
    "vsn": "sage:vsn",
    "address": "sage:address",
    "manufacturer": "sage:manufacturer",
    "hwVersion": "sage:hardwareVersion",
    "valueType": "sage:valueType",
    "image": "sage:image",
    "ucum": "sage:ucum",
    "unit": "sage:unitText",
}
_NUMBERS = {"min": "sage:minimum", "max": "sage:maximum", "accuracy": "sage:accuracy"}
_TIMES = {"start": "sage:start", "end": "sage:end"}
_PLACEHOLDERS = {"address": "TBD"}


def of(scheme: str, term: Term, terms: Terms) -> dict[str, tuple[str, ...]]:
    """Return property and Turtle objects for every recorded fact of `term`."""
    found: dict[str, tuple[str, ...]] = {}
    for key, predicate in _STRINGS.items():
        if key in term and term[key] != _PLACEHOLDERS.get(key):
            found[predicate] = (plain(str(term[key])),)
    for key, predicate in _NUMBERS.items():
        if key in term and re.fullmatch(r"-?\d+(\.\d+)?", str(term[key])):
            found[predicate] = (typed(str(term[key]), "decimal"),)
    for key, predicate in _TIMES.items():
        if key in term:
            moment = str(term[key]).replace("/", "-").replace(" ", "T")
            found[predicate] = (typed(moment, "dateTime"),)
    if "lat" in term and has_place(term):
        found["sage:latitude"] = (typed(str(term["lat"]), "decimal"),)
        found["sage:longitude"] = (typed(str(term["lon"]), "decimal"),)
    if "datasheet" in term:
        found["sage:datasheet"] = (f"<{term['datasheet']}>",)
    if "index" in term:
        found["sage:classIndex"] = (typed(str(term["index"]), "integer"),)
    if "extensions" in term:
        found["sage:fileExtension"] = tuple(plain(e) for e in term["extensions"])
    return found | _links(scheme, term, terms)


def has_place(term: Term) -> bool:
    """Tell whether the position was recorded: 0, 0 is a placeholder of the archive."""
    return bool(float(term["lat"]) or float(term["lon"]))


def notes(scheme: str, term: Term) -> list[str]:
    """Return what must be known about how facts of `term` came about."""
    found = []
    if term.get("capabilitiesInferred"):
        found.append("The capabilities were inferred from the description, not recorded.")
    if "lat" in term and not has_place(term):
        found.append("The archive gives the position 0, 0, a placeholder; it is left out here.")
    if scheme == "unit" and term.get("qudt") in MISSING_IN_QUDT:
        found.append("QUDT 3.1 has no such unit, so there is no mapping.")
    return found


# Codes that `terms.json` builds by QUDT's rules but that QUDT does not publish.
MISSING_IN_QUDT = {"MicroW-PER-CentiM2", "MilliGAUSS", "NUM-PER-CentiM2"}


def unit_of(term: Term, terms: Terms) -> Term | None:
    """Return the unit that the raw spelling of `term` stands for, or None if there is none."""
    spelling = term.get("unit")
    for unit in terms.by_scheme["unit"].values():
        if spelling and (spelling in unit.get("altLabel", ()) or spelling == unit["id"]):
            return unit
    return None


def sensor_of(scheme: str, term: Term, terms: Terms) -> tuple[str, Term] | None:
    """Return scheme and term of the sensor that a measurement comes from, if it is known."""
    name = str(term.get("sensor", ""))
    where = "legacy-sensor" if scheme == "legacy-measurement" else "sensor"
    for spelling in (name, name.replace("_", "-")):
        if found := terms.get(where, spelling):
            return where, found
    return None


def _links(scheme: str, term: Term, terms: Terms) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if scheme != "unit" and (unit := unit_of(term, terms)):
        found["sage:unit"] = (f"<{concept_iri('unit', str(unit['id']))}>",)
    if sensor := sensor_of(scheme, term, terms):
        found["sage:sensor"] = (f"<{concept_iri(sensor[0], str(sensor[1]['id']))}>",)
    if "nodeType" in term:
        found["sage:nodeType"] = (f"<{concept_iri('node-type', str(term['nodeType']))}>",)
    if "project" in term:
        found["sage:project"] = (f"<{concept_iri('legacy-project', str(term['project']))}>",)
    if "qudt" in term and term["qudt"] not in MISSING_IN_QUDT:
        found["skos:exactMatch"] = (f"<http://qudt.org/vocab/unit/{term['qudt']}>",)
    if "spdx" in term:
        found["skos:exactMatch"] = (f"<https://spdx.org/licenses/{term['spdx']}>",)
    if "capabilities" in term:
        found["sage:capability"] = tuple(
            f"<{concept_iri('capability', _capability(str(c), terms))}>"
            for c in term["capabilities"]
        )
    if scheme == "ecr-app" and (shown := terms.get("featured-app", str(term["id"]).split(":")[0])):
        found["skos:broadMatch"] = (f"<{concept_iri('featured-app', str(shown['id']))}>",)
    return found


def _capability(name: str, terms: Terms) -> str:
    """Return the id of a capability that a manifest spells by label: `Particulate Matter`."""
    for notation, term in terms.by_scheme["capability"].items():
        if name.casefold() in {notation.casefold(), str(term["label"]).casefold()}:
            return notation
    raise ValueError(f"no capability is called {name!r}")
