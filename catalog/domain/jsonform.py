"""Descriptions as plain JSON: the names of the context, parts within what points to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF, XSD, Statement, is_literal, literal

_TYPE = f"<{RDF}type>"
_PLAIN: Mapping[str, Callable[[str], Any]] = {
    f"{XSD}integer": int,
    f"{XSD}boolean": lambda text: text in {"true", "1"},
    f"{XSD}double": float,
}


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of a JSON-LD context, by IRI of the property, with how their values are written."""

    by_iri: Mapping[str, tuple[str, str | None, bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> "_Names":
        found = {}
        for name, meaning in context.items():
            if name.startswith("@") or name in PREFIXES:
                continue
            said = meaning if isinstance(meaning, dict) else {"@id": meaning}
            kind = _expanded(said["@type"]) if "@type" in said else None
            found[_expanded(said["@id"])] = (name, kind, "@language" in said)
        return cls(found)


def _expanded(name: str) -> str:
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name


def _compact(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and "/" not in iri[len(namespace) :]:
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def to_json(
    statements: Iterable[Statement], context: Mapping[str, Any], *, subject: str, base: str
) -> dict[str, Any]:
    """Return the statements as one JSON object that `{base}context.jsonld` explains.

    Parts stand within the first thing that points to them, and by their IRI everywhere else.
    """
    rows: dict[str, dict[str, list[str]]] = {}
    for about, predicate, value in statements:
        rows.setdefault(about, {}).setdefault(predicate, []).append(value)
    writer = _Writer(rows, _Names.of(context))
    return {"@context": f"{base}context.jsonld", **writer.node(f"<{subject}>")}


class _Writer:
    def __init__(self, rows: Mapping[str, Mapping[str, list[str]]], names: _Names) -> None:
        self._rows = rows
        self._names = names
        self._written: set[str] = set()

    def node(self, term: str) -> dict[str, Any]:
        self._written.add(term)
        said: dict[str, Any] = {"@id": term[1:-1]}
        row = self._rows.get(term, {})
        if _TYPE in row:
            said["@type"] = _one_or_all([_compact(value[1:-1]) for value in row[_TYPE]])
        for predicate, values in row.items():
            if predicate != _TYPE:
                iri = predicate[1:-1]
                name, kind, plain = self._names.by_iri.get(iri, (_compact(iri), None, False))
                said[name] = _one_or_all([self._value(value, kind, plain) for value in values])
        return said

    def _value(self, term: str, kind: str | None, plain: bool) -> Any:
        if is_literal(term):
            return _literal(term, kind, plain)
        if term in self._rows and term not in self._written:
            return self.node(term)
        return term[1:-1] if kind == "@id" else {"@id": term[1:-1]}


def _literal(term: str, kind: str | None, plain: bool) -> Any:
    text, language, datatype = literal(term)
    if language is not None:
        return text if language == "en" and not plain else {"@value": text, "@language": language}
    if datatype == kind or (plain and datatype == f"{XSD}string"):
        return text
    if datatype in _PLAIN and kind is None:
        try:
            return _PLAIN[datatype](text)
        except ValueError:
            pass
    if datatype == f"{XSD}string":
        return {"@value": text}
    return {"@value": text, "@type": _compact(datatype)}


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
