"""A description while it is carried over: what is said already, where it was read, what is lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.domain.context import PREFIXES
from catalog.domain.fields import Field
from catalog.domain.importing.carried import Carried, Lost, pointer_of
from catalog.domain.importing.names import Meaning, Names, expanded, names_of
from catalog.domain.importing.values import Unfit, fitted, is_empty, shown

MOST_STATEMENTS = 9_000
MOST_PARTS = 900
"""A little less than the reader keeps of one description, so that the rest is told as lost."""

MOST_VALUES = 2_000
"""Values of one field, so that ten thousand keywords leave room for all else."""

_MOST_LOST = 2_000


@dataclass(slots=True, eq=False)
class Part:
    """The item, or a part of it, while it is written.

    kind    the class, prefixed
    further classes beside it, as IRIs
    fields  the fields that it may have, by the IRI of the property
    said    property to values, each with the JSON Pointer of its origin
    name    the fragment under which others point to it, where any does
    """

    kind: str
    fields: Mapping[str, tuple[Field, ...]]
    said: dict[str, list[tuple[Any, str]]] = field(default_factory=dict)
    name: str | None = None
    further: list[str] = field(default_factory=list)

    def says(self, prop: str) -> bool:
        """Tell whether anything was said with a property."""
        return expanded(prop) in self.said


class Gathering:
    """What one conversion has gathered; properties are prefixed names or IRIs."""

    def __init__(self, library: Meaning, item_type: str) -> None:
        """Begin the description of an item of the type.

        `look` may be set to a function that returns what a reference within the source refers to.
        """
        self.library = library
        self.names: Names = names_of(library)
        self.item_type = item_type
        self.item = self.part(_prefixed(library.shapes.item_types[item_type]))
        self.look: Callable[[Any], Any] = lambda raw: raw
        self._lost: dict[tuple[str, ...], list[Any]] = {}
        self._read_as: dict[str, Lost] = {}
        self._agents: dict[object, Part] = {}
        self._statements = 0
        self._parts = 0

    def part(self, kind: str) -> Part:
        """Return a new part of a class, which belongs to nothing yet."""
        return Part(kind, self.names.fields([expanded(kind)]).by_path)

    # -- saying

    def say(self, about: Part, prop: str, raw: Any, pointer: str) -> bool:
        """Say every value of `raw` with a property, and return whether any was taken.

        What the field does not take is told as lost; an empty value is nothing.
        """
        if isinstance(raw, list):
            taken = [
                self.say(about, prop, one, f"{pointer}/{number}") for number, one in enumerate(raw)
            ]
            return any(taken)
        if is_empty(raw):
            return False
        known = about.fields.get(expanded(prop))
        if known is None:
            self.lose(pointer, f"{shown(raw)}: {self._no_field(about, prop)}")
            return False
        value = fitted(known[0], raw, self.names)
        if isinstance(value, Unfit):
            self.lose(pointer, f"{known[0].name}: {shown(raw)} {value.reason}.")
            return False
        return self._keep(about, known[0], value, pointer, shown(raw))

    def has_field(self, prop: str) -> bool:
        """Tell whether the item may have a property."""
        return expanded(prop) in self.item.fields

    def says_in_english(self, prop: str) -> bool:
        """Tell whether a text of the item, which may be said once in a language, is there."""
        known = self.item.fields.get(expanded(prop))
        said = self.item.said.get(expanded(prop), ())
        return bool(known and known[0].unique_language and said)

    def would_take(self, about: Part, prop: str, raw: Any) -> bool:
        """Tell whether a field of `about` takes a single value."""
        known = about.fields.get(expanded(prop))
        return known is not None and not isinstance(fitted(known[0], raw, self.names), Unfit)

    def add(self, about: Part, prop: str, part: Part, pointer: str) -> bool:
        """Let a property lead to a part, and return whether it was taken; an empty one is not."""
        known = about.fields.get(expanded(prop))
        if not part.said:
            return False
        if known is None:
            self.lose(pointer, f"This is not carried over: {self._no_field(about, prop)}")
            return False
        if part.name is None and self._parts >= MOST_PARTS:
            self._lose_rest(pointer, known[0].name)
            return False
        self._parts += 1
        return self._keep(about, known[0], part, pointer, "This")

    def _keep(self, about: Part, known: Field, value: Any, pointer: str, word: str) -> bool:
        said = about.said.setdefault(known.path, [])
        if any(value is one or value == one for one, _ in said[:100]):
            return True
        if known.max_count is not None and len(said) >= known.max_count:
            self.lose(pointer, f"{known.name}: {word} is left out, since only one is kept.")
            return False
        if known.unique_language and _language(value) in {_language(one) for one, _ in said}:
            self.lose(
                pointer, f"{known.name}: {word} is left out, since there is one in this language."
            )
            return False
        if self._statements >= MOST_STATEMENTS or len(said) >= MOST_VALUES:
            self._lose_rest(pointer, known.name)
            return False
        self._statements += 1
        said.append((value, pointer))
        return True

    def _no_field(self, about: Part, prop: str) -> str:
        name = prop.rpartition("/")[2].rpartition(":")[2]
        if about is self.item:
            return f"an item of the type {self.item_type} has no field “{name}”."
        return f"there is no field “{name}” in this place."

    # -- losing

    def lose(self, pointer: str, sentence: str) -> None:
        """Tell that something is left behind; the first word about a place counts."""
        self._note((pointer,), pointer, sentence)

    def lose_key(self, pointer: str, key: str, reason: str, scope: str = "") -> None:
        """Tell that a key is left behind: once for all places of the same scope."""
        sentence = f"`{_short(key)}` is not carried over: {reason}"
        if not self._note((scope, key), pointer, sentence):
            self._lost[(scope, key)][2] += 1

    def _lose_rest(self, pointer: str, name: str) -> None:
        sentence = f"{name}: there are more than can be carried over, and the rest is left out."
        self._note(("rest of", name), pointer, sentence)

    def _note(self, key: tuple[str, ...], pointer: str, sentence: str) -> bool:
        """Keep a loss, and return whether it was new."""
        if key in self._lost:
            return False
        if len(self._lost) < _MOST_LOST:
            self._lost[key] = [pointer, sentence[:1].upper() + sentence[1:], 1]
        return True

    def tell(self, pointer: str, sentence: str) -> None:
        """Tell that something was carried over in other words than the source's."""
        self._read_as.setdefault(pointer, Lost(pointer, sentence))

    # -- parts that several things point to

    def agent_said(self, key: object) -> Part | None:
        """Return the part that stands for an agent, if it has been met."""
        return self._agents.get(key)

    def known_agent(self, key: object, make: Callable[[], Part]) -> Part:
        """Return the one part that stands for an agent, made when it is first met."""
        known = self._agents.get(key)
        if known is None:
            known = self._agents[key] = make()
        elif known.name is None:
            known.name = f"agent-{len([one for one in self._agents.values() if one.name]) + 1}"
        return known

    # -- the result

    def carried(self) -> Carried:
        """Return what was gathered."""
        origins: dict[str, str] = {"": ""}
        document = self._written(self.item, "", origins, set())
        told = tuple(
            Lost(pointer, sentence if count == 1 else f"{sentence[:-1]} ({count} times).")
            for pointer, sentence, count in self._lost.values()
        )
        return Carried(document, origins, told, tuple(self._read_as.values()))

    def _written(
        self, part: Part, at: str, origins: dict[str, str], written: set[int]
    ) -> dict[str, Any]:
        if id(part) in written:
            return {"@id": f"#{part.name}"}
        written.add(id(part))
        node: dict[str, Any] = {"@id": f"#{part.name}"} if part.name else {}
        node["@type"] = [part.kind, *part.further] if part.further else part.kind
        for path, values in part.said.items():
            if not values:
                continue
            name = self.names.name_of(path)
            several = len(values) > 1
            here = at + pointer_of(name)
            node[name] = [
                self._value(
                    value, f"{here}/{number}" if several else here, origin, origins, written
                )
                for number, (value, origin) in enumerate(values)
            ]
            if not several:
                node[name] = node[name][0]
        return node

    def _value(
        self, value: Any, at: str, origin: str, origins: dict[str, str], written: set[int]
    ) -> Any:
        origins[at] = origin
        if isinstance(value, Part):
            return self._written(value, at, origins, written)
        if isinstance(value, Mapping) and value.get("@language") == "en":
            return value["@value"]
        return dict(value) if isinstance(value, Mapping) else value


Reader = Callable[[Gathering, Any, str], None]
"""Carries the value of one key, found at a JSON Pointer."""


def to(*properties: str) -> Reader:
    """Return a reader that says the value of a key about the item, with each property."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        for prop in properties:
            gathering.say(gathering.item, prop, raw, pointer)

    return read


def lost(reason: str) -> Reader:
    """Return a reader that leaves the value of a key behind, for a reason that ends a sentence."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        if not is_empty(raw) and raw is not False:
            key = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            gathering.lose_key(pointer, key, reason)

    return read


def of_the_form(_gathering: Gathering, _raw: Any, _pointer: str) -> None:
    """Read a key that speaks of the form of the file alone: nothing is said, nothing lost."""


def read_keys(
    gathering: Gathering,
    source: Mapping[str, Any],
    readers: Mapping[str, Reader],
    at: str = "",
    named: Callable[[str], str] = str,
) -> None:
    """Let each key be read by its reader, in the order of the readers, whatever that of the file.

    A key without a reader is told as lost, but for those of JSON-LD.

    named  gives the name under which a key has its reader
    """
    order = {name: number for number, name in enumerate(readers)}
    keys = {key: named(str(key)) for key in source}
    for key in sorted(source, key=lambda one: order.get(keys[one], len(order))):
        pointer, raw = at + pointer_of(key), source[key]
        reader = readers.get(keys[key])
        if reader is not None:
            reader(gathering, raw, pointer)
        elif not keys[key].startswith("@") and not is_empty(raw):
            gathering.lose_key(pointer, keys[key], "no field here stands for it.")


def lose_others(
    gathering: Gathering, source: Mapping[str, Any], read: frozenset[str], at: str, scope: str
) -> None:
    """Tell of the keys of a part that nothing has read; those that begin with @ are of the form."""
    for key, raw in source.items():
        if key not in read and not str(key).startswith("@") and not is_empty(raw):
            gathering.lose_key(
                at + pointer_of(key), str(key), f"a {scope} has no field for it here.", scope
            )


def _language(value: Any) -> str:
    return value.get("@language", "") if isinstance(value, Mapping) else ""


def _short(key: str) -> str:
    return shown(key)[1:-1]


def _prefixed(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri
