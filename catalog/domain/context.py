"""The JSON-LD context of the catalog, made from the fields that the shapes describe."""

from typing import Any

from catalog.domain.fields import Field, Shapes

_XSD = "http://www.w3.org/2001/XMLSchema#"

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "cr": "http://mlcommons.org/croissant/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "fair4ml": "https://w3id.org/fair4ml#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "it6": "http://data.europa.eu/it6/",
    "locn": "http://www.w3.org/ns/locn#",
    "prov": "http://www.w3.org/ns/prov#",
    "qudt": "http://qudt.org/schema/qudt/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sage": "https://w3id.org/sage/ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx": "http://spdx.org/rdf/terms#",
    "ssn": "http://www.w3.org/ns/ssn/",
    "ssn-system": "http://www.w3.org/ns/ssn/systems/",
    "unit": "http://qudt.org/vocab/unit/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "vocab": "https://w3id.org/sage/vocab/",
    "xsd": _XSD,
}
"""The prefixes that people and we write."""


def context_of(shapes: Shapes) -> dict[str, Any]:
    """Return the context: prefixes, and a short name for each property of any item type or part.

    The short name is the local name of the property; where two namespaces share one, the property
    keeps its prefixed name (`schema:name` beside `foaf:name`). A value that is always an IRI may
    be written as a string, and one that always has the same datatype as a plain value. Texts are
    in English where they do not say otherwise.
    """
    context: dict[str, Any] = {"@version": 1.1, "@language": "en"}
    context |= PREFIXES
    by_path: dict[str, list[Field]] = {}
    for field in shapes.every_field():
        by_path.setdefault(field.path, []).append(field)
    names: dict[str, list[str]] = {}
    for path in by_path:
        if _local(path):
            names.setdefault(_local(path), []).append(path)
    for local, paths in sorted(names.items()):
        for path in sorted(paths):
            name = local if len(paths) == 1 and local not in PREFIXES else _prefixed(path)
            if name:
                context[name] = _meaning(path, by_path[path])
    return context


def _local(path: str) -> str:
    """Return the end of a property's IRI; "" for a path that is no single property."""
    if not path.startswith("http") or any(character in path for character in "<>()|^*+? "):
        return ""
    return path.rpartition("#")[2] if "#" in path else path.rpartition("/")[2]


def _prefixed(path: str) -> str | None:
    namespace = path[: len(path) - len(_local(path))]
    prefix = next((name for name, iri in PREFIXES.items() if iri == namespace), None)
    return prefix and f"{prefix}:{_local(path)}"


def _meaning(path: str, fields: list[Field]) -> str | dict[str, Any]:
    """Return what a name stands for, with the coercion that all shapes of the path agree on."""
    iri = _prefixed(path) or path
    if all(_is_iri(field) for field in fields):
        return {"@id": iri, "@type": "@id"}
    kinds = {field.datatypes for field in fields}
    if len(kinds) > 1 or any(_is_iri(field) for field in fields):
        return iri
    (offered,) = kinds
    names = [kind.removeprefix(_XSD) for kind in offered if kind.startswith(_XSD)]
    if names == ["string"] and len(offered) == 1:
        return {"@id": iri, "@language": None}
    if not names or len(names) < len(offered) or _NATIVE.intersection(names) or "string" in names:
        return iri
    return {"@id": iri, "@type": f"xsd:{names[0]}"}


_NATIVE = frozenset({"boolean", "integer", "double"})
"""Datatypes that JSON has itself; a coercion would spoil the values of a choice among them."""


def _is_iri(field: Field) -> bool:
    """Tell whether every value of a field is an IRI or a part."""
    if field.datatypes or field.node_kind in {"Literal", "IRIOrLiteral", "BlankNodeOrLiteral"}:
        return False
    return bool(field.node_kind == "IRI" or field.schemes or field.parts or field.classes) or any(
        term[0] == "<" for term in field.allowed
    )
