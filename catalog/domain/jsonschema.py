"""JSON Schema (2020-12) of the plain JSON form of an item type, made from the shapes.

It is for editors and programs that know nothing of RDF: titles are `sh:name`, `required` is the
publication level, terms of small vocabularies stand with their labels. The shapes decide; a schema
cannot say all that they do, and lets through what it cannot say.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF, XSD, is_literal, literal
from catalog.domain.examples import as_plain, example_of, help_of
from catalog.domain.fields import NOT_STATED, SH, Field
from catalog.domain.identifiers import SHAPES
from catalog.domain.importing.names import (
    TYPE_KEYS,
    Fields,
    Meaning,
    Names,
    may_be_not_stated,
    names_of,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE = "application/schema+json"

_MOST_LISTED = 100
"""The largest vocabulary whose terms stand in a schema one by one."""

_LANG_STRING = f"{RDF}langString"
_STRING = f"{XSD}string"
_NOT_STATED_TEXTS = ("not stated", "sage:notStated", NOT_STATED[1:-1])
_WHOLE = frozenset(
    f"{XSD}{name}" for name in ("integer", "nonNegativeInteger", "positiveInteger", "gYear")
)
_NUMBERS = frozenset(f"{XSD}{name}" for name in ("decimal", "double", "float"))
_LEAST = {f"{XSD}nonNegativeInteger": 0, f"{XSD}positiveInteger": 1}
_FORMS = {
    f"{XSD}date": r"^\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?$",
    f"{XSD}dateTime": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$",
    f"{XSD}gYearMonth": r"^\d{4}-\d\d(Z|[+-]\d\d:\d\d)?$",
    f"{XSD}gYear": r"^\d{4}(Z|[+-]\d\d:\d\d)?$",
    f"{XSD}integer": r"^[-+]?\d+$",
    f"{XSD}nonNegativeInteger": r"^\+?\d+$",
    f"{XSD}positiveInteger": r"^\+?0*[1-9]\d*$",
    f"{XSD}decimal": r"^[-+]?(\d+(\.\d*)?|\.\d+)$",
    f"{XSD}double": r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$",
    f"{XSD}float": r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$",
    f"{XSD}hexBinary": r"^([0-9a-fA-F]{2})*$",
    f"{XSD}duration": r"^-?P",
    f"{XSD}dayTimeDuration": r"^-?P",
}

Schema = dict[str, Any]


def schema_of(item_type: str, library: Meaning, *, address: str) -> Schema:
    """Return the JSON Schema of descriptions of an item type.

    item_type  the name of an item type that there is
    address    where the schema stands, its `$id`
    """
    return _Writer(names_of(library)).item(item_type, address)


class _Writer:
    """One schema while it is written; parts and vocabularies gather in `definitions`."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.shapes = names.library.shapes
        self.definitions: dict[str, Schema] = dict(_BASICS)
        known = sorted(name for name in names.library.context if ":" not in name)
        self.definitions["any-name"] = {
            "title": "A name of the context, a prefixed name or an IRI",
            "anyOf": [{"enum": known}, {"pattern": ":"}, {"pattern": "^[@$]"}],
        }

    def item(self, item_type: str, address: str) -> Schema:
        iri = f"{SHAPES}{item_type}"
        fields = self.names.fields_of((item_type,), ())
        deciding = self.shapes.item_types[item_type]
        body = self._object(fields, [deciding], item_type)
        body["properties"] = {
            "$schema": {"type": "string"},
            "@context": {},
            **body["properties"],
        }
        demands = [
            {"anyOf": [{"required": ["type"]}, {"required": ["@type"]}]},
            *self._demands(self.shapes.fields(item_type), fields),
        ]
        return {
            "$schema": DIALECT,
            "$id": address,
            "title": self.shapes.label(iri) or item_type,
            "description": self.shapes.comment(iri) or "",
            **body,
            "allOf": demands,
            "$defs": dict(sorted(self.definitions.items())),
        }

    # -- things

    def _object(self, fields: Fields, classes: Iterable[str], name: str | None) -> Schema:
        """Return the schema of a thing with the keys of `fields`."""
        kinds = self._types(classes, name)
        properties: dict[str, Schema] = {
            "@id": {"type": "string"},
            "type": kinds,
            "@type": kinds,
        }
        for path, found in fields.by_path.items():
            said = self._field(found[0], fields)
            for key in self._keys(path, fields):
                properties[key] = said
        return {
            "type": "object",
            "properties": properties,
            "propertyNames": {"anyOf": [{"enum": sorted(properties)}, _reference("any-name")]},
        }

    def _types(self, classes: Iterable[str], name: str | None) -> Schema:
        """Return which values say that a thing is of the classes."""
        words = {name} if name else set()
        for iri in classes:
            words |= {iri, self.names.name_of(iri), re.split(r"[#/]", iri)[-1]}
        one = {"enum": sorted(word for word in words if word)}
        return {"anyOf": [one, {"type": "array", "contains": one}]}

    def _keys(self, path: str, fields: Fields) -> list[str]:
        """Return the names under which a property may stand: that of the context, and a short."""
        name = self.names.name_of(path)
        short = name.rpartition(":")[2]
        if short == name or short in TYPE_KEYS:
            return [name]
        found = self.names.property_of(short, fields)
        return [name, short] if found and found.iri == path else [name]

    def _demands(self, said: Iterable[Field], fields: Fields) -> Iterator[Schema]:
        """Yield what publication demands: for each field one of its names, or one of several."""
        for field in said:
            if not field.required:
                continue
            paths = [field.path]
            if not field.path.startswith("http"):
                if re.fullmatch(r"\((<[^<>]+>\|?)+\)", field.path) is None:
                    continue
                paths = re.findall(r"<([^<>]+)>", field.path)
            keys = [
                key for path in paths if path in fields.by_path for key in self._keys(path, fields)
            ]
            if len(keys) == 1:
                yield {"required": keys}
            elif keys:
                yield {"anyOf": [{"required": [key]} for key in keys]}

    # -- fields

    def _field(self, field: Field, fields: Fields) -> Schema:
        value = self._value(field)
        several: Schema = {"type": "array", "items": value}
        if field.max_count is not None:
            several["maxItems"] = field.max_count
        if field.required:
            several["minItems"] = 1
        said: Schema = {
            "title": field.name,
            "description": help_of(field),
            "anyOf": [value, several],
        }
        example = example_of(field, self.names)
        if example is not None:
            said["examples"] = [as_plain(example, field, fields, self.names)]
        return said

    def _value(self, field: Field) -> Schema:
        """Return what one value may be."""
        choices = [*self._literals(field), *self._terms(field)]
        pattern = self._pattern(field)
        if may_be_not_stated(field):
            choices.append(_reference("not-stated"))
        choices += [self._part(shape) for shape in field.parts]
        if field.parts or (field.node_kind == "IRI" and field.schemes):
            choices += [_reference("reference"), _reference("reference-text")]
        elif field.node_kind == "IRI":
            address = _reference("address")
            choices += [
                _reference("thing"),
                {**address, "pattern": pattern} if pattern else address,
            ]
        if not choices:
            return {}
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _pattern(self, field: Field) -> str | None:
        """Return a pattern that every value has to match."""
        row = self.shapes.rows.get(f"<{field.shape}>", {})
        return next(
            (literal(term).text for term in row.get(f"<{SH}pattern>", ()) if is_literal(term)),
            None,
        )

    def _literals(self, field: Field) -> Iterator[Schema]:
        kinds = set(field.datatypes)
        if field.node_kind in {"Literal", "IRIOrLiteral"} and not kinds:
            kinds = {_STRING, _LANG_STRING}
            yield {"type": ["number", "boolean"]}
        pattern = self._pattern(field) if kinds else None
        more = {"pattern": pattern} if pattern else {}
        if kinds & {_STRING, _LANG_STRING}:
            yield {"type": "string", "minLength": 1, **more}
            yield _reference("text")
        for kind in sorted(kinds - {_STRING, _LANG_STRING}):
            yield from self._of_datatype(kind)

    def _of_datatype(self, kind: str) -> Iterator[Schema]:
        form = {"pattern": _FORMS[kind]} if kind in _FORMS else {}
        if kind == f"{XSD}boolean":
            yield {"type": "boolean"}
        elif kind in _WHOLE:
            yield {"type": "integer", **({"minimum": _LEAST[kind]} if kind in _LEAST else {})}
        elif kind in _NUMBERS:
            yield {"type": "number"}
        if kind != f"{XSD}boolean":
            yield {"type": "string", **form}
        yield {
            "type": "object",
            "required": ["@value", "@type"],
            "properties": {"@type": {"enum": [kind, _compact(kind)]}},
        }

    # -- terms

    def _terms(self, field: Field) -> Iterator[Schema]:
        for scheme in field.schemes:
            yield self._scheme(scheme)
        if field.allowed:
            texts = [literal(one).text for one in field.allowed if is_literal(one)]
            iris = [one[1:-1] for one in field.allowed if one[0] == "<"]
            names = [*iris, *map(_compact, iris)]
            found: Schema = {"enum": list(dict.fromkeys([*texts, *names]))}
            yield found
            if iris:
                yield _named(found)

    def _scheme(self, name: str) -> Schema:
        """Return the reference to the terms of a vocabulary, by IRI and by id."""
        key = f"term-{name}"
        if key not in self.definitions:
            self.definitions[key] = self._terms_of(name)
            self.definitions[f"{key}-named"] = _named(_reference(key))
        return {"anyOf": [_reference(key), _reference(f"{key}-named")]}

    def _terms_of(self, name: str) -> Schema:
        known = self.names.library.vocabularies
        scheme = known.scheme(name)
        title = scheme.title if scheme else name
        if scheme is None or not 0 < len(scheme.concepts) <= _MOST_LISTED:
            return {"title": title, "type": "string", "minLength": 1}
        listed: list[Schema] = []
        words: dict[str, None] = {}
        for concept in filter(None, map(known.concept, scheme.concepts)):
            listed.append({"const": concept.iri, "title": concept.label})
            words |= dict.fromkeys((re.split(r"[/#]", concept.iri)[-1], concept.label))
        return {"title": title, "anyOf": [*listed, {"enum": list(words)}]}

    # -- parts

    def _part(self, shape: str) -> Schema:
        """Return the reference to a part; its schema is written when it is met first."""
        key = "part-" + re.split(r"[#/]", shape)[-1]
        if key not in self.definitions:
            self.definitions[key] = {}
            classes = [iri for iri, of in self.names.parts_of_class.items() if of == shape]
            fields = self.names.fields_of((), (shape,))
            body = self._object(fields, classes, None)
            body["properties"]["id"] = {"type": "string"}
            demands = list(self._demands(self.shapes.fields_of_part(shape), fields))
            self.definitions[key] = {
                "title": self.shapes.label(shape) or key,
                "description": self.shapes.comment(shape) or "",
                **body,
                # A reference to a part that is described elsewhere in the document.
                "anyOf": [
                    {"required": ["@id"], "maxProperties": 1},
                    {"allOf": demands} if demands else {},
                ],
            }
        return _reference(key)


_BASICS: Mapping[str, Schema] = {
    "text": {
        "title": "Text in a language",
        "type": "object",
        "required": ["@value"],
        "properties": {
            "@value": {"type": "string", "minLength": 1},
            "@language": {"type": "string", "pattern": "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$"},
        },
        "additionalProperties": False,
    },
    "address": {
        "title": "Address",
        "description": "An address, the id of an item, or the name of a part (#name).",
        "type": "string",
        "minLength": 1,
    },
    "reference": {
        "title": "Reference to a part",
        "type": "object",
        "required": ["@id"],
        "maxProperties": 1,
    },
    "reference-text": {
        "title": "Reference to a part",
        "description": "The name of a part (#name), an address, or a name with an ORCID or ROR.",
        "type": "string",
        "pattern": r"^(#.*|[A-Za-z][A-Za-z0-9+.-]*:\S+|.*<https?://(orcid|ror)\.org/\S+>)$",
    },
    "thing": {
        "title": "Thing",
        "description": "A thing by its address, or something outside the catalog as a part.",
        "type": "object",
        "anyOf": [
            {"required": ["@id"], "maxProperties": 1},
            {"required": ["type"]},
            {"required": ["@type"]},
        ],
    },
    "not-stated": {
        "title": "Not stated",
        "anyOf": [
            {"enum": list(_NOT_STATED_TEXTS)},
            {
                "type": "object",
                "required": ["@id"],
                "properties": {"@id": {"enum": list(_NOT_STATED_TEXTS[1:])}},
                "maxProperties": 1,
            },
        ],
    },
}


def _reference(key: str) -> Schema:
    return {"$ref": f"#/$defs/{key}"}


def _named(term: Schema) -> Schema:
    """Return the schema of `{"@id": term}`."""
    return {
        "type": "object",
        "required": ["@id"],
        "properties": {"@id": term},
        "additionalProperties": False,
    }


def _compact(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri
