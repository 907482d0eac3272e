"""The example that the shape of a field gives, as statements and as plain JSON.

It stands at the end of `sh:description`, in Turtle: a value, or whole statements about the item.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from catalog.domain.context import PREFIXES
from catalog.domain.description import TYPE, Statement
from catalog.domain.fields import Field
from catalog.domain.importing.lexical import number_as, text_as
from catalog.domain.importing.names import Fields, Names
from catalog.domain.jsonform import to_json

_BASE = "https://catalog.invalid/"
_ITEM = f"{_BASE}items/0000000000"
_MARK = "Example: "
_WHOLE = re.compile(r"<[^>]*>\s+\S+\s")
_HEADER = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a field.

    turtle      the statements that say it, as Turtle that ends in a dot
    statements  the same, about an item of the record
    """

    turtle: str
    statements: tuple[Statement, ...]


def help_of(field: Field) -> str:
    """Return what the shape says about a field, without the example."""
    return field.description.partition(_MARK)[0].strip()


def spelled_example(field: Field) -> str | None:
    """Return the example as the shape spells it."""
    _, mark, spelled = field.description.rpartition(_MARK)
    return spelled.strip() if mark else None


def example_of(field: Field, names: Names) -> Example | None:
    """Return the example of a field of an item.

    None where there is none, or where it does not stand alone: it speaks of something else than
    the item, or points to a part that it does not describe.
    """
    spelled = spelled_example(field)
    if not spelled or not field.path.startswith("http"):
        return None
    turtle = spelled if _WHOLE.match(spelled) else f"<> {_written(field.path)} {spelled} ."
    try:
        statements = _parsed(turtle)
        turtle = " ".join((turtle, *_completed(statements, names)))
        statements = _parsed(turtle)
    except SyntaxError:
        return None
    subjects = {subject for subject, _, _ in statements}
    says = any(s == f"<{_ITEM}>" and p == f"<{field.path}>" for s, p, _ in statements)
    parts = {value for _, _, value in statements if value.startswith(f"<{_ITEM}#")}
    if not says or not parts <= subjects:
        return None
    return Example(turtle, tuple(statements))


def _parsed(turtle: str) -> list[Statement]:
    triples = ox.parse(_HEADER + turtle, format=ox.RdfFormat.TURTLE, base_iri=_ITEM)
    return [(str(one.subject), str(one.predicate), str(one.object)) for one in triples]


def _completed(statements: list[Statement], names: Names) -> Iterator[str]:
    """Yield what publication demands of the parts in an example, and the example leaves out."""
    said = {(subject, predicate) for subject, predicate, _ in statements}
    for subject, predicate, kind in statements:
        if predicate != TYPE or not subject.startswith(f"<{_ITEM}#"):
            continue
        for field in names.fields([kind[1:-1]]).by_path.values():
            spelled = spelled_example(field[0])
            missing = field[0].required and (subject, f"<{field[0].path}>") not in said
            if missing and spelled and not _WHOLE.match(spelled):
                written = _written(field[0].path)
                yield f"<{subject[len(_ITEM) + 1 : -1]}> {written} {spelled} ."


def _written(path: str) -> str:
    """Return a property as Turtle writes it."""
    for prefix, namespace in PREFIXES.items():
        if path.startswith(namespace) and re.fullmatch(r"[A-Za-z]\w*", path[len(namespace) :]):
            return f"{prefix}:{path[len(namespace) :]}"
    return f"<{path}>"


def as_plain(example: Example, field: Field, fields: Fields, names: Names) -> Any:
    """Return the value of an example in plain JSON, as a person would write it in YAML."""
    document = to_json(example.statements, names.library.context, subject=_ITEM, base=_BASE)
    if field.path == TYPE[1:-1]:
        kinds = document["@type"]
        return kinds[-1] if isinstance(kinds, list) else kinds
    said = document[names.name_of(field.path)]
    return _friendly(said, names.property(field.path).iri, fields, names)


def _friendly(said: Any, path: str, fields: Fields, names: Names) -> Any:
    known = fields.by_path.get(path, ())
    if isinstance(said, list):
        return [_friendly(one, path, fields, names) for one in said]
    if isinstance(said, str):
        kind = names.property(path).kind
        if kind is None or kind == "@id":
            return _shorter(said, known, names)
        return _value({"@value": said, "@type": kind}, path, known, names)
    if not isinstance(said, dict):
        return said  # A number, true or false.
    if "@value" in said:
        return _value(said, path, known, names)
    if list(said) == ["@id"]:
        return _shorter(said["@id"], known, names)
    return _part(said, names)


def _value(said: Mapping[str, Any], path: str, known: tuple[Field, ...], names: Names) -> Any:
    """Return a literal as plain text, where it is read as the same or only loses no meaning."""
    if "@language" in said:
        return dict(said)
    kinds = tuple(kind for one in known for kind in one.datatypes)
    meant = names.property(path)
    text = str(said["@value"])
    if "@type" not in said:
        return text
    plain = text_as(text, kinds, meant.kind, is_plain=meant.is_plain)
    datatype = names.class_of(said["@type"])
    if re.fullmatch(r"-?(?:0|[1-9]\d*)", text):
        if number_as(int(text), kinds, meant.kind, is_plain=False).endswith(f"^^<{datatype}>"):
            return int(text)
    elif said["@type"] == "xsd:decimal" and re.fullmatch(r"-?(?:0|[1-9]\d*)\.\d+", text):
        return float(text)
    return text if plain.endswith(f"^^<{datatype}>") else dict(said)


def _shorter(iri: str, known: tuple[Field, ...], names: Names) -> str:
    """Return a concept's id, an item's id, or the IRI as it is."""
    if iri.startswith(f"{_BASE}items/") and "#" not in iri:
        return iri.rpartition("/")[2]
    schemes = tuple(name for one in known for name in one.schemes)
    short = re.split(r"[/#]", iri)[-1]
    return short if schemes and names.concepts(short, schemes) == [iri] else iri


def _part(said: Mapping[str, Any], names: Names) -> dict[str, Any]:
    classes = said.get("@type", ())
    kinds = [classes] if isinstance(classes, str) else list(classes)
    iris = [iri for one in kinds if (iri := names.class_of(one))]
    fields = names.fields(iris)
    part: dict[str, Any] = {}
    if kinds:
        short = [one.rpartition(":")[2] for one in kinds]
        part["type"] = short[0] if len(short) == 1 else short
    for key, value in said.items():
        if not key.startswith("@"):
            meant = names.property_of(key, fields)
            local = key.rpartition(":")[2]
            is_short = meant is not None and names.property_of(local, fields) == meant
            path = meant.iri if meant else key
            part[local if is_short else key] = _friendly(value, path, fields, names)
    return part
