"""What the words of plain JSON mean: names of properties, of classes, of concepts in a scheme."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Any, Protocol

import pyoxigraph as ox

from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF
from catalog.domain.fields import SH, Field, Shapes
from catalog.domain.identifiers import SHAPES
from catalog.domain.schemes import Vocabularies


class Meaning(Protocol):
    """What reading in plain words needs of the library."""

    @property
    def vocabularies(self) -> Vocabularies: ...

    @property
    def shapes(self) -> Shapes: ...

    @property
    def context(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Property:
    """A property, and how the context reads a plain string as its value.

    kind      "@id" for an IRI, or the IRI of a datatype; None where a string is a text
    is_plain  whether a text has no language
    """

    iri: str
    kind: str | None = None
    is_plain: bool = False


def expanded(name: str) -> str:
    """Return the IRI of a prefixed name, where its prefix is one of the context's."""
    prefix, colon, local = name.partition(":")
    if not colon or local.startswith("//"):
        return name
    return PREFIXES[prefix] + local if prefix in PREFIXES else name


def is_iri(text: str) -> bool:
    """Tell whether a text is an absolute IRI, well-formed."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def may_be_not_stated(field: Field) -> bool:
    """Tell whether `sage:notStated` is accepted: it is said, or any IRI is."""
    return field.may_be_not_stated or (field.node_kind == "IRI" and not field.allowed)


def folded(text: str) -> str:
    """Return a word without case, spaces, hyphens and underscores: how names are compared."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", text)).casefold()


class Names:
    """The words of one library. Use `names_of`, which keeps them."""

    def __init__(self, library: Meaning) -> None:
        self.library = library
        self._shapes = library.shapes
        self._by_name: dict[str, Property] = {}
        for name, meaning in library.context.items():
            if name.startswith("@") or name in PREFIXES:
                continue
            said = meaning if isinstance(meaning, dict) else {"@id": meaning}
            kind = said.get("@type")
            self._by_name[name] = Property(
                expanded(said["@id"]), kind and expanded(kind), "@language" in said
            )
        self._by_iri = {one.iri: one for one in self._by_name.values()}
        self._name_of = {one.iri: name for name, one in self._by_name.items()}
        self._schemes: dict[str, Mapping[str, tuple[str, ...]]] = {}

    # -- classes

    @cached_property
    def _classes(self) -> dict[str, str]:
        """Name of an item type, local or prefixed name or label of a class, to its IRI."""
        found: dict[str, str | None] = {}
        known = [*self._shapes.item_types.values(), *self.parts_of_class]
        for iri in known:
            for name in (_local(iri), self._shapes.label(iri)):
                if name:
                    key = folded(name)
                    found[key] = iri if found.get(key, iri) == iri else None
        types = self._shapes.item_types
        for name, iri in types.items():
            label = self._shapes.label(f"{SHAPES}{name}")
            found |= {folded(one): iri for one in (name, label) if one}
        return {name: iri for name, iri in found.items() if iri}

    @cached_property
    def parts_of_class(self) -> dict[str, str]:
        """IRI of a class of parts to the IRI of the node shape that speaks of it."""
        of_items = {f"<{SHAPES}{name}>" for name in (*self._shapes.item_types, "common")}
        return {
            kind[1:-1]: node[1:-1]
            for node, row in self._shapes.rows.items()
            if node[0] == "<" and node not in of_items
            for kind in row.get(f"<{SH}targetClass>", ())
        }

    def class_of(self, name: str, wanted: Iterable[str] = ()) -> str | None:
        """Return the IRI of the class that a name means, if it means just one.

        wanted  the classes that may stand there: a local name means one of these first
        """
        near = [iri for iri in wanted if folded(_local(iri)) == folded(name)]
        if len(near) == 1:
            return near[0]
        iri = expanded(name)
        if iri != name or ("/" in name and is_iri(name)):
            return iri if is_iri(iri) else None
        return self._classes.get(folded(name))

    def near_classes(self, name: str) -> list[str]:
        """Return the names of item types that are spelled nearly so."""
        types = {folded(one): one for one in self._shapes.item_types}
        return [types[one] for one in get_close_matches(folded(name), types, 2, 0.5)]

    # -- properties

    def fields(self, classes: Iterable[str]) -> "Fields":
        """Return the fields of a thing by the IRIs of its classes."""
        deciding = {iri: name for name, iri in self._shapes.item_types.items()}
        kinds = tuple(classes)
        types = tuple(deciding[iri] for iri in kinds if iri in deciding)
        parts = tuple(dict.fromkeys(
            self.parts_of_class[iri] for iri in kinds if iri in self.parts_of_class
        ))  # fmt: skip
        return self.fields_of(types, parts)

    def fields_of(self, types: tuple[str, ...], parts: tuple[str, ...]) -> "Fields":
        """Return the fields of item types and of shapes of parts, by their names and IRIs."""
        return _fields_of(self, types, parts)

    @cached_property
    def item_fields(self) -> "Fields":
        """The fields that all items have."""
        return self.fields_of((), (f"{SHAPES}common",))

    @cached_property
    def every_field(self) -> "Fields":
        """The fields of all items and parts."""
        parts = tuple(dict.fromkeys((f"{SHAPES}common", *self.parts_of_class.values())))
        return self.fields_of(tuple(self._shapes.item_types), parts)

    def property_of(self, key: str, fields: "Fields") -> Property | None:
        """Return the property that a key means: by context, prefix, IRI, or the fields at hand."""
        if key in self._by_name:
            return self._by_name[key]
        iri = expanded(key)
        if (iri != key or "://" in key) and is_iri(iri):
            return self.property(iri)
        found = fields.named.get(folded(key))
        return self.property(found) if found else None

    def property(self, iri: str) -> Property:
        """Return a property by its IRI, with what the context says about it."""
        return self._by_iri.get(iri) or Property(iri)

    def name_of(self, iri: str) -> str:
        """Return the name by which the context knows a property, else its prefixed name or IRI."""
        if iri in self._name_of:
            return self._name_of[iri]
        for prefix, namespace in PREFIXES.items():
            if iri.startswith(namespace):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri

    def near_names(self, key: str, fields: "Fields") -> list[str]:
        """Return the names of fields that are spelled nearly as a key, the nearest first."""
        known = {folded(_local(path)): _local(path) for path in fields.by_path if _local(path)}
        known |= {name: _local(path) for name, path in fields.named.items()}
        close = get_close_matches(folded(key), known, 2, 0.7)
        return list(dict.fromkeys(known[one] for one in close))

    # -- concepts

    def concepts(self, text: str, schemes: Iterable[str]) -> list[str]:
        """Return the IRIs of the concepts of `schemes` that a text means.

        It is compared with ids and notations as they are; only if none is the same, with labels,
        whatever their case. A deprecated concept counts only where no other does.
        """
        exact: dict[str, None] = {}
        loose: dict[str, None] = {}
        for name in schemes:
            table = self._concepts_in(name)
            exact.update(dict.fromkeys(table.get(f"={text}", ())))
            loose.update(dict.fromkeys(table.get(folded(text), ())))
        found = list(exact or loose)
        current = [iri for iri in found if not self._is_deprecated(iri)]
        return current or found

    def _concepts_in(self, scheme: str) -> Mapping[str, tuple[str, ...]]:
        """Return the concepts of a scheme by `=id` and by folded label."""
        if scheme not in self._schemes:
            found: dict[str, list[str]] = {}
            known = self.library.vocabularies.scheme(scheme)
            for iri in known.concepts if known else ():
                concept = self.library.vocabularies.concept(iri)
                if concept is None:
                    continue
                ids = {_local(iri), concept.notation or _local(iri)}
                labels = {one.text for one in (*concept.labels, *concept.alt_labels)}
                for key in {*(f"={one}" for one in ids), *map(folded, ids | labels)}:
                    found.setdefault(key, []).append(iri)
            self._schemes[scheme] = {key: tuple(iris) for key, iris in found.items()}
        return self._schemes[scheme]

    def _is_deprecated(self, iri: str) -> bool:
        concept = self.library.vocabularies.concept(iri)
        return concept is not None and concept.deprecated


@dataclass(frozen=True)
class Fields:
    """The fields that a thing may have.

    by_path  IRI of a property to its fields; several where several shapes speak of it
    named    folded label or local name to the IRI of the property, where it means just one
    """

    by_path: Mapping[str, tuple[Field, ...]]
    named: Mapping[str, str]


@lru_cache(maxsize=256)
def _fields_of(names: Names, types: tuple[str, ...], parts: tuple[str, ...]) -> Fields:
    shapes = names.library.shapes
    groups = [shapes.fields(one) for one in types] + [shapes.fields_of_part(one) for one in parts]
    by_path: dict[str, list[Field]] = {}
    named: dict[str, set[str]] = {}
    for field in (field for group in groups for field in group):
        if not is_iri(field.path):
            continue
        by_path.setdefault(field.path, []).append(field)
        for name in (_local(field.path), field.name):
            named.setdefault(folded(name), set()).add(field.path)
    return Fields(
        {path: tuple(found) for path, found in by_path.items()},
        {name: next(iter(paths)) for name, paths in named.items() if len(paths) == 1},
    )


def names_of(library: Meaning) -> Names:
    """Return the names of a library, made once."""
    known: Any = library  # Whatever it is, it is told from others by being itself.
    return _kept(known)


@lru_cache(maxsize=4)
def _kept(library: Meaning) -> Names:
    return Names(library)


def _local(iri: str) -> str:
    """Return the end of an IRI, as people name a property or a concept."""
    return re.split(r"[#/]", iri.rstrip("/#"))[-1]


TYPE_KEYS = frozenset({"type", "@type", "rdf:type", f"{RDF}type"})
"""The keys under which the class of a thing, or the type of an item, stands."""
