"""What the shapes say: which item types there are, which fields each has, and what an engine needs.

Everything that a form, a page, a JSON Schema or a context shows about a property comes from here;
nothing of it is typed a second time.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from catalog.domain.description import RDF, is_literal, literal
from catalog.domain.identifiers import SAGE, SHAPES, VOCAB
from catalog.domain.report import Level
from catalog.domain.schemes import Row, said_in

SH = "http://www.w3.org/ns/shacl#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"

NOT_STATED = f"<{SAGE}notStated>"

_COMMON = ("ns", "groups", "schemes", "parts", "common")
_SUBCLASS = f"<{RDFS}subClassOf>"
_TYPE = f"<{RDF}type>"
_NIL = f"<{RDF}nil>"

_TARGETS = tuple(
    f"<{SH}{name}>" for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
)

_AGENTS = frozenset(f"<http://xmlns.com/foaf/0.1/{name}>" for name in ("Person", "Organization"))

_PROPERTY_SHAPE = f"<{SH}PropertyShape>"

_SHOWN_ONLY = frozenset(
    f"<{name}>"
    for name in (
        f"{SH}name",
        f"{SH}description",
        f"{SH}order",
        f"{SH}group",
        f"{SH}message",
        f"{SH}defaultValue",
        f"{RDFS}label",
        f"{RDFS}comment",
        f"{RDFS}isDefinedBy",
        f"{SAGE}level",
        f"{SAGE}scheme",
        f"{SAGE}itemType",
        f"{SAGE}refersTo",
        "http://datashapes.org/dash#singleLine",
    )
)
"""What an engine does not need: the less it is given, the faster it starts each time."""


_ABOUT_VALUES = _SHOWN_ONLY | {
    f"<{SH}{name}>"
    for name in (
        "path", "severity", "datatype", "nodeKind", "class", "in", "pattern", "flags",
        "minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive",
        "languageIn", "uniqueLang", "maxCount", "or", "and", "xone", "not", "node",
    )
} | {_TYPE}  # fmt: skip
"""What a property shape may say without demanding that there is a value."""


@dataclass(frozen=True, slots=True)
class Group:
    """A heading under which fields stand; `order` sorts the headings."""

    iri: str
    label: str
    order: float


@dataclass(frozen=True, slots=True)
class Field:
    """One property of an item type, as forms and pages show it.

    path        the property's IRI, or a SPARQL path where it is not one property
    shape       the IRI of the property shape that says it
    required    the level at which a value is demanded, if any
    schemes     the names of the concept schemes that values come from
    datatypes   IRIs of the datatypes that a literal value may have
    part        the IRI of the node shape of a part that the value is, if it is one
    parts       all such shapes, where there is a choice
    allowed     the terms of `sh:in`, without `sage:notStated`
    may_be_not_stated  whether `sage:notStated` is accepted
    """

    path: str
    shape: str
    name: str
    description: str
    order: float
    group: Group | None
    required: Level | None
    min_count: int
    max_count: int | None
    schemes: tuple[str, ...]
    datatypes: tuple[str, ...]
    classes: tuple[str, ...]
    node_kind: str | None
    parts: tuple[str, ...]
    allowed: tuple[str, ...]
    pattern: str | None
    unique_language: bool
    may_be_not_stated: bool

    @property
    def scheme(self) -> str | None:
        """The scheme, where there is just one."""
        return self.schemes[0] if len(self.schemes) == 1 else None

    @property
    def datatype(self) -> str | None:
        """The datatype, where there is just one."""
        return self.datatypes[0] if len(self.datatypes) == 1 else None

    @property
    def part(self) -> str | None:
        """The shape of the part, where there is just one."""
        return self.parts[0] if len(self.parts) == 1 else None


@dataclass(frozen=True, slots=True)
class Source:
    """What a report tells about the shape that a finding comes from."""

    iri: str
    level: Level | None
    path: str | None
    name: str | None
    message: str | None
    help: str | None


@dataclass(frozen=True, slots=True)
class Words:
    """What the catalog's own checks ask about an item type; properties as terms.

    paths  the properties that some shape of the type speaks of
    texts  those among them whose values are texts in a language
    names  what a property is called
    """

    paths: frozenset[str]
    texts: frozenset[str]
    names: Mapping[str, str]


class Shapes:
    """The shapes graph of the catalog, by the Turtle files that say it."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Keep `files` by name: `common`, `parts`, ..., and one of each item type."""
        self._files = dict(sorted(files.items()))
        self._sources: dict[str, Source] = {}
        self._words: dict[str, Words] = {}
        self._fields: dict[tuple[str, ...], tuple[Field, ...]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files, sorted."""
        return tuple(self._files)

    def file(self, name: str) -> bytes | None:
        """Return the Turtle of a file, such as `model` or `common`."""
        return self._files.get(name)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """All statements of all files, by subject; blank nodes have names of their own."""
        gathered: dict[str, dict[str, list[str]]] = {}
        for text in self._files.values():
            for triple in ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
                subject, predicate, value = str(triple).split(" ", 2)
                gathered.setdefault(subject, {}).setdefault(predicate, []).append(value)
        return {
            subject: {predicate: tuple(dict.fromkeys(values)) for predicate, values in row.items()}
            for subject, row in gathered.items()
        }

    @cached_property
    def item_types(self) -> dict[str, str]:
        """Name of each item type to the IRI of its deciding class, sorted by name."""
        found = {}
        for name in self._files:
            row = self.rows.get(f"<{SHAPES}{name}>", {})
            targets = row.get(f"<{SH}targetClass>", ())
            if name not in _COMMON and targets:
                found[name] = targets[0][1:-1]
        return found

    @cached_property
    def deciding(self) -> dict[str, str]:
        """Deciding class, as a term, to the name of the item type."""
        return {f"<{iri}>": name for name, iri in self.item_types.items()}

    @cached_property
    def agent_properties(self) -> frozenset[str]:
        """The properties, as terms, for which some shape wants a person or an organisation."""
        return frozenset(
            path
            for row in self.rows.values()
            for path in row.get(f"<{SH}path>", ())
            if path[0] == "<"
            and any(
                not _AGENTS.isdisjoint(found.get(f"<{SH}class>", ()))
                for found in self._alternatives(row)
            )
        )

    # -- what an engine is given

    def compiled_from(self, roots: Iterable[str], used: Collection[str] | None = None) -> str:
        """Return the N-Triples of the shapes `roots` and of all that they use.

        used  the properties, as terms, of the descriptions to judge, if those are known: what the
              roots say about the values of others is left out
        """
        idle = frozenset[str]() if used is None else self._idle(roots, used)
        return "".join(
            f"{node} {predicate} {value} .\n"
            for node in self._reached(roots, idle)
            for predicate, values in self.rows[node].items()
            if predicate not in _SHOWN_ONLY
            for value in values
            if value != _PROPERTY_SHAPE and value not in idle
        )

    def _idle(self, roots: Iterable[str], used: Collection[str]) -> frozenset[str]:
        """Return those property shapes of `roots` that only a value of an unused property trips."""
        shapes = {shape for root in roots for shape in self.rows[root].get(f"<{SH}property>", ())}
        return frozenset(
            shape
            for shape in shapes
            if shape[0] == "<"
            and (row := self.rows.get(shape, {}))
            and (path := next(iter(row.get(f"<{SH}path>", ())), "_"))[0] == "<"
            and path not in used
            and all(predicate in _ABOUT_VALUES for predicate in row)
        )

    def applying(
        self, item_type: str, classes: Iterable[str], properties: Collection[str]
    ) -> frozenset[str]:
        """Return the shapes, as terms, that have something to say about a description.

        classes     the classes that it names, as terms; their superclasses count as well
        properties  the properties that it uses, as terms

        An engine takes a copy of all its shapes for every item. Given these instead of every part
        there is, it needs half of the time.
        """
        found = {f"<{SHAPES}{item_type}>", *self._always_applying}
        pending = set(classes)
        seen: set[str] = set()
        while pending:
            kind = pending.pop()
            if kind not in seen:
                seen.add(kind)
                found.update(self._by_class.get(kind, ()))
                pending.update(self.rows.get(kind, {}).get(_SUBCLASS, ()))
        for used, shapes in self._by_property.items():
            if used in properties:
                found.update(shapes)
        return frozenset(found)

    @cached_property
    def _types(self) -> frozenset[str]:
        """The node shapes of the item types, as terms."""
        return frozenset(f"<{SHAPES}{name}>" for name in self.item_types)

    @cached_property
    def _by_class(self) -> dict[str, list[str]]:
        """Class to the node shapes that target it; not those of item types."""
        found: dict[str, list[str]] = {}
        for node, row in self.rows.items():
            if node not in self._types:
                for kind in row.get(f"<{SH}targetClass>", ()):
                    found.setdefault(kind, []).append(node)
        return found

    @cached_property
    def _by_property(self) -> dict[str, list[str]]:
        """Property to the node shapes that target its subjects or objects."""
        found: dict[str, list[str]] = {}
        for node, row in self.rows.items():
            for target in ("targetSubjectsOf", "targetObjectsOf"):
                for used in row.get(f"<{SH}{target}>", ()):
                    found.setdefault(used, []).append(node)
        return found

    @cached_property
    def targeted(self) -> frozenset[str]:
        """The properties, as terms, whose use alone makes a shape apply."""
        return frozenset(self._by_property)

    @cached_property
    def _always_applying(self) -> tuple[str, ...]:
        """The shapes that apply whatever a description says."""
        named = [node for node, row in self.rows.items() if f"<{SH}targetNode>" in row]
        return (*named, f"<{SHAPES}common>")

    def every_root(self, item_type: str) -> list[str]:
        """Return every shape that can ever apply to a description of the item type."""
        return [
            f"<{SHAPES}{item_type}>",
            *(
                node
                for node, row in self.rows.items()
                if node not in self._types and any(target in row for target in _TARGETS)
            ),
        ]

    def known_paths(self, item_type: str) -> frozenset[str]:
        """Return, as terms, every property that some shape of the item type speaks of."""
        found: set[str] = set()
        for node in self._reached(self.every_root(item_type)):
            for path in self.rows[node].get(f"<{SH}path>", ()):
                found.update(self._properties_in(path))
        return frozenset(found)

    def _properties_in(self, path: str) -> Iterator[str]:
        if path[0] == "<":
            yield path
            return
        for values in self.rows.get(path, {}).values():
            for value in values:
                if value != path and value != _NIL and value[0] != '"':
                    yield from self._properties_in(value)

    def _reached(self, roots: Iterable[str], without: frozenset[str] = frozenset()) -> list[str]:
        """Return `roots` and every node of the shapes graph that they lead to."""
        reached: dict[str, None] = {}
        pending = sorted(roots, reverse=True)
        while pending:
            node = pending.pop()
            if node in reached or node in without or node not in self.rows:
                continue
            reached[node] = None
            for predicate, values in self.rows[node].items():
                if predicate not in _SHOWN_ONLY and predicate not in _TARGETS:
                    pending.extend(value for value in values if value[0] != '"')
        return list(reached)

    def superclasses(self, term: str) -> str:
        """Return the `rdfs:subClassOf` chain of a class, as N-Triples; "" if it has none."""
        return "".join(
            f"{child} {_SUBCLASS} {parent} .\n" for child, parent in self._chain(term, set())
        )

    def _chain(self, term: str, seen: set[str]) -> Iterator[tuple[str, str]]:
        for parent in self.rows.get(term, {}).get(_SUBCLASS, ()):
            if (pair := term + parent) not in seen and parent[0] == "<":
                seen.add(pair)
                yield term, parent
                yield from self._chain(parent, seen)

    # -- what reports, forms and pages are given

    def source(self, shape: str) -> Source:
        """Return what is said about a shape, given as a term."""
        if shape not in self._sources:
            row = self.rows.get(shape, {})
            path = next(iter(row.get(f"<{SH}path>", ())), None)
            self._sources[shape] = Source(
                iri=shape.strip("<>"),
                level=_level(row),
                path=path and self.sparql_path(path),
                name=_said(row, f"{SH}name") or _said(row, f"{RDFS}label"),
                message=_said(row, f"{SH}message"),
                help=_said(row, f"{SH}description"),
            )
        return self._sources[shape]

    def words(self, item_type: str) -> Words:
        """Return what the catalog's own checks ask about an item type."""
        if item_type not in self._words:
            own = self.fields(item_type)
            fields = (*self._part_fields, *own)
            self._words[item_type] = Words(
                paths=self.known_paths(item_type)
                | {f"<{RDF}type>", f"<{RDF}first>", f"<{RDF}rest>"},
                texts=frozenset(
                    f"<{field.path}>" for field in fields if f"{RDF}langString" in field.datatypes
                ),
                names={f"<{field.path}>": field.name for field in fields},
            )
        return self._words[item_type]

    @cached_property
    def _part_fields(self) -> tuple[Field, ...]:
        return tuple(
            field
            for shape in sorted(set(self._part_of_class.values()))
            for field in self.fields_of_part(shape)
        )

    def label(self, iri: str) -> str | None:
        """Return the label of a class, property or shape of ours."""
        return _said(self.rows.get(f"<{iri}>", {}), f"{RDFS}label")

    def comment(self, iri: str) -> str | None:
        """Return the explanation of a class or property of ours."""
        return _said(self.rows.get(f"<{iri}>", {}), f"{RDFS}comment")

    def fields(self, item_type: str) -> tuple[Field, ...]:
        """Return the fields of an item type, its own and the common ones, in their order."""
        return self._fields_of((f"<{SHAPES}{item_type}>", f"<{SHAPES}common>"))

    def fields_of_part(self, shape: str) -> tuple[Field, ...]:
        """Return the fields of a part, given the IRI of its node shape."""
        return self._fields_of((f"<{shape}>",))

    def every_field(self) -> Iterator[Field]:
        """Yield the fields of all item types and all parts; those of one property repeat."""
        for name in (*self.item_types, "common"):
            yield from self._fields_of((f"<{SHAPES}{name}>",))
        yield from self._part_fields

    def _fields_of(self, nodes: tuple[str, ...]) -> tuple[Field, ...]:
        if nodes not in self._fields:
            self._fields[nodes] = self._read_fields(nodes)
        return self._fields[nodes]

    def _read_fields(self, nodes: tuple[str, ...]) -> tuple[Field, ...]:
        by_path: dict[str, list[str]] = {}
        for node in nodes:
            for shape in self._property_shapes(node, set()):
                for path in self.rows[shape].get(f"<{SH}path>", ()):
                    by_path.setdefault(path, []).append(shape)
        found = [self._field(path, shapes) for path, shapes in by_path.items()]
        return tuple(sorted(found, key=_field_order))

    def _property_shapes(self, node: str, seen: set[str]) -> Iterator[str]:
        """Yield the property shapes of a node shape, those it takes over by `sh:node` included."""
        if node in seen:
            return
        seen.add(node)
        row = self.rows.get(node, {})
        for shape in row.get(f"<{SH}property>", ()):
            if shape in self.rows:
                yield shape
        for other in (*row.get(f"<{SH}node>", ()), *self._members(row, f"{SH}and")):
            yield from self._property_shapes(other, seen)

    def _field(self, path: str, shapes: list[str]) -> Field:
        """Return what several property shapes of one path say together; the draft one leads."""
        rows = [self.rows[shape] for shape in shapes]
        ranked = sorted(zip(rows, shapes, strict=True), key=lambda pair: _level(pair[0]) != "draft")
        named = [row for row, _ in ranked if f"<{SH}name>" in row] or [ranked[0][0]]
        inside = [found for row in rows for found in self._alternatives(row)]
        demanding = [row for row in rows if (_number(row, f"{SH}minCount") or 0) > 0]
        blocking = [row for row in demanding if _is_violation(row)]
        group = next((g for row in named for g in row.get(f"<{SH}group>", ())), None)
        counts = [n for row in rows if (n := _number(row, f"{SH}maxCount")) is not None]
        allowed = [term for row in inside for term in self._members(row, f"{SH}in")]
        return Field(
            path=self.sparql_path(path),
            shape=ranked[0][1].strip("<>"),
            name=next((t for row in named if (t := _said(row, f"{SH}name"))), path.strip("<>")),
            description=next((d for row in named if (d := _said(row, f"{SH}description"))), ""),
            order=next((n for row in named if (n := _number(row, f"{SH}order")) is not None), 1e6),
            group=self._group(group) if group else None,
            required=_lowest(blocking),
            min_count=max((int(_number(row, f"{SH}minCount") or 0) for row in blocking), default=0),
            max_count=int(min(counts)) if counts else None,
            schemes=_each(
                iri[len(VOCAB) :]
                for row in inside
                for node in row.get(f"<{SH}node>", ())
                for iri in _plain(self.rows.get(node, {}), f"{SAGE}scheme")
                if iri.startswith(VOCAB)
            ),
            datatypes=_each(iri for row in inside for iri in _plain(row, f"{SH}datatype")),
            classes=_each(iri for row in inside for iri in _plain(row, f"{SH}class")),
            node_kind=next(
                (iri.removeprefix(SH) for row in inside for iri in _plain(row, f"{SH}nodeKind")),
                None,
            ),
            parts=_each(
                (
                    *(
                        node[1:-1]
                        for row in inside
                        for node in row.get(f"<{SH}node>", ())
                        if node[0] == "<" and f"<{SAGE}scheme>" not in self.rows.get(node, {})
                    ),
                    *(
                        self._part_of_class[kind]
                        for row in inside
                        for kind in row.get(f"<{SH}class>", ())
                        if kind in self._part_of_class
                    ),
                )
            ),
            allowed=_each(term for term in allowed if term != NOT_STATED),
            pattern=next((p for row in inside for p in _plain(row, f"{SH}pattern")), None),
            unique_language=any(f"<{SH}uniqueLang>" in row for row in rows),
            may_be_not_stated=NOT_STATED in allowed,
        )

    @cached_property
    def _part_of_class(self) -> dict[str, str]:
        """Class of a part, as a term, to the IRI of the node shape that targets it."""
        types = {f"<{SHAPES}{name}>" for name in (*self.item_types, "common")}
        return {
            kind: node[1:-1]
            for node, row in self.rows.items()
            if node[0] == "<" and node not in types
            for kind in row.get(f"<{SH}targetClass>", ())
        }

    def _alternatives(self, row: Row) -> Iterator[Row]:
        """Yield a shape's row, and those of the shapes among which its values may choose."""
        yield row
        for choice in ("or", "xone", "and"):
            for member in self._members(row, f"{SH}{choice}"):
                if member in self.rows:
                    yield from self._alternatives(self.rows[member])

    def _members(self, row: Row, predicate: str) -> Iterator[str]:
        """Yield the members of the RDF lists that a predicate leads to."""
        for head in row.get(f"<{predicate}>", ()):
            node = head
            while node in self.rows and node != _NIL:
                yield from self.rows[node].get(f"<{RDF}first>", ())
                node = next(iter(self.rows[node].get(f"<{RDF}rest>", ())), _NIL)

    def sparql_path(self, path: str) -> str:
        """Return an `sh:path` as an IRI if it is one property, else as a SPARQL path."""
        return path[1:-1] if path[0] == "<" else self._path(path)

    def _path(self, path: str) -> str:
        if path[0] == "<":
            return path
        row = self.rows.get(path, {})
        if f"<{RDF}first>" in row:
            steps = self._members({"<list>": (path,)}, "list")
            return "(" + "/".join(self._path(step) for step in steps) + ")"
        for name, before, after in _PATHS:
            for inner in row.get(f"<{SH}{name}>", ()):
                if name == "alternativePath":
                    members = self._members({"<list>": (inner,)}, "list")
                    return "(" + "|".join(self._path(member) for member in members) + ")"
                return f"{before}({self._path(inner)}){after}"
        return path

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every heading, in its order."""
        kind = f"<{SH}PropertyGroup>"
        found = [self._group(n) for n, row in self.rows.items() if kind in row.get(_TYPE, ())]
        return tuple(sorted(found, key=lambda group: (group.order, group.iri)))

    def _group(self, node: str) -> Group:
        row = self.rows.get(node, {})
        order = _number(row, f"{SH}order")
        label = _said(row, f"{RDFS}label") or node.strip("<>").rpartition("#")[2]
        return Group(node.strip("<>"), label, 1e6 if order is None else order)


_PATHS = (
    ("inversePath", "^", ""),
    ("zeroOrMorePath", "", "*"),
    ("oneOrMorePath", "", "+"),
    ("zeroOrOnePath", "", "?"),
    ("alternativePath", "", ""),
)


def _field_order(field: Field) -> tuple[float, float, str]:
    return (field.group.order if field.group else 1e6, field.order, field.path)


def _level(row: Row) -> Level | None:
    said = row.get(f"<{SAGE}level>", ())
    if f"<{SAGE}draft>" in said:
        return "draft"
    return "publication" if f"<{SAGE}publication>" in said else None


def _lowest(rows: list[Row]) -> Level | None:
    levels = {_level(row) or "draft" for row in rows}
    return "draft" if "draft" in levels else "publication" if levels else None


def _is_violation(row: Row) -> bool:
    return f"<{SH}severity>" not in row or f"<{SH}Violation>" in row[f"<{SH}severity>"]


def _said(row: Row, predicate: str) -> str | None:
    """Return the English text of a predicate, else any."""
    terms = row.get(f"<{predicate}>", ())
    return said_in((literal(term) for term in terms if is_literal(term)), "en")


def _number(row: Row, predicate: str) -> float | None:
    said = _said(row, predicate)
    return float(said) if said is not None else None


def _plain(row: Row, predicate: str) -> Iterator[str]:
    for term in row.get(f"<{predicate}>", ()):
        yield literal(term).text if is_literal(term) else term.strip("<>")


def _each(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
