"""The catalog's own words within a format of others, as the exports of the catalog write them.

A key is a prefixed name of a property that the item, or the part at hand, has as a field; its
values are texts, references, and parts with a class of their own.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF
from catalog.domain.importing.agents import say_agents
from catalog.domain.importing.gathering import Gathering, Part, Reader
from catalog.domain.importing.names import expanded
from catalog.domain.importing.nodes import each, id_of, types_of

_FURTHER = {"codemeta": "https://w3id.org/codemeta/terms/", "rai": f"{PREFIXES['cr']}RAI/"}
_IN_SHORT = ("dct", "schema", "cr", "prov", "codemeta")
"""Prefixes that reading by key leaves away."""

_AGENTS = frozenset({"Person", "Organization"})
_FRAGMENT = re.compile(r"#([A-Za-z0-9][A-Za-z0-9._-]{0,80})$")
_DEEPEST = 8

Look = Callable[[Any], Any]


def own_property(part: Part, key: str) -> str | None:
    """Return the property that a key names in full, if the item or part has it as a field."""
    prefix, colon, local = key.partition(":")
    if not colon:
        return None
    namespace = PREFIXES.get(prefix) or _FURTHER.get(prefix)
    found = f"{namespace}{local}" if namespace else key
    return found if found in part.fields else None


def _own_in_short(part: Part, key: str) -> str | None:
    """Return the same of a key within a value, where some prefixes were left away."""
    if ":" in key:
        return own_property(part, key)
    spaces = (_FURTHER.get(prefix) or PREFIXES[prefix] for prefix in _IN_SHORT)
    return next((f"{space}{key}" for space in spaces if f"{space}{key}" in part.fields), None)


def deciding_type(gathering_types: Mapping[str, str], node: Mapping[str, Any]) -> str | None:
    """Return the item type whose deciding class a node names among its types.

    gathering_types  name of each item type to the IRI of its class
    """
    named = set(classes_named(node))
    return next((name for name, iri in gathering_types.items() if iri in named), None)


def own_readers(
    gathering: Gathering, node: Mapping[str, Any], is_read: Callable[[str], bool]
) -> dict[str, Reader]:
    """Return a reader of each key of a node that is one of the item's own words.

    is_read  tells whether a key has a reader already, which then reads all but our own parts
    """
    own = OwnTerms(gathering, gathering.look)

    def reader(prop: str) -> Reader:
        return lambda _, raw, pointer: own.say(gathering.item, prop, raw, pointer)

    return {
        key: reader(prop)
        for key, raw in node.items()
        if (prop := own_property(gathering.item, key)) and (not is_read(key) or own.holds_part(raw))
    }


def classes_named(node: Mapping[str, Any]) -> list[str]:
    """Return the IRIs of the classes that a node names, among its types or beside them."""
    keys = ("@type", "type", "additionalType")
    said = [one for key in keys for one, _ in each(node.get(key), "")]
    return [expanded(one) for one in said if isinstance(one, str)]


def say_classes(gathering: Gathering, node: Mapping[str, Any]) -> None:
    """Say the further classes that an item of its type may have, such as those of instruments."""
    if f"{RDF}type" in gathering.item.fields:
        own = expanded(gathering.item.kind)
        known = tuple(iri for name, iri in PREFIXES.items() if name != "schema")
        found = (one for one in classes_named(node) if one.startswith(known) and one != own)
        gathering.item.further.extend(dict.fromkeys(found))


class OwnTerms:
    """Reads own words of one document, in which the same part may be met several times."""

    def __init__(self, gathering: Gathering, look: Look = lambda raw: raw) -> None:
        """Read into `gathering`; `look` returns the thing, in short, that a reference names."""
        self._gathering = gathering
        self._look = look
        self._parts: dict[str, Part] = {}

    def holds_part(self, raw: Any) -> bool:
        """Tell whether some value is a part of the item, of one of our own classes."""
        known = (self._look(one) for one, _ in each(raw, ""))
        return any(isinstance(one, Mapping) and self._kind(one) for one in known)

    def say(self, about: Part, prop: str, raw: Any, pointer: str, depth: int = 0) -> None:
        """Say every value of a property."""
        for one, at in each(raw, pointer):
            known = self._look(one) if isinstance(one, Mapping) else one
            if not isinstance(known, Mapping) or "@value" in known:
                self._gathering.say(about, prop, known, at)
            elif types_of(known) & _AGENTS:
                say_agents(self._gathering, about, prop, known, at)
            else:
                self._say_thing(about, prop, known, at, depth)

    def _say_thing(
        self, about: Part, prop: str, node: Mapping[str, Any], pointer: str, depth: int
    ) -> None:
        """Say a part of the item, or a thing by its address."""
        identity = id_of(node)
        part = self._part(node, identity, pointer, depth)
        if part is not None:
            self._gathering.add(about, prop, part, pointer)
        elif identity:
            self._gathering.say(about, prop, {"@id": identity}, pointer)

    def _part(
        self, node: Mapping[str, Any], identity: str | None, pointer: str, depth: int
    ) -> Part | None:
        """Return the part that a node describes; None where it is no part."""
        if identity in self._parts:
            return self._parts[identity]
        kind = self._kind(node)
        if kind is None or depth > _DEEPEST:
            return None
        part = self._gathering.part(kind)
        if identity:
            self._parts[identity] = part
            named = _FRAGMENT.search(identity)
            part.name = named[1] if named else None
        self.say_keys(part, node, pointer, depth + 1)
        return part

    def _kind(self, node: Mapping[str, Any]) -> str | None:
        """Return the class of a part, prefixed, by which it has fields."""
        said = node.get("@type", node.get("type"))
        for one in said if isinstance(said, list) else [said]:
            if isinstance(one, str) and ":" in one and self._gathering.part(one).fields:
                return one
        return None

    def say_keys(self, part: Part, node: Mapping[str, Any], pointer: str, depth: int = 1) -> None:
        """Say of a part whatever of a node names a field of it; the rest is told as lost."""
        for key, raw in node.items():
            prop = _own_in_short(part, key)
            if prop is not None:
                self.say(part, prop, raw, f"{pointer}/{key}", depth)
            elif not key.startswith("@") and key not in {"id", "type"}:
                self._gathering.lose_key(f"{pointer}/{key}", key, "this part has no such field.")
