"""What a reader of a foreign format hands on: a document in our words, and what it left behind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Lost:
    """Something of a source that has no place in the description.

    pointer   the JSON Pointer of it in the source; "" for the whole
    sentence  what was left behind and why, or where it would belong; for a person
    """

    pointer: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Carried:
    """A description in plain JSON, and how it hangs together with the source that it came from.

    document  an object in the names of `/context.jsonld`, parts nested where they belong. `@type`
              (or `type`) is the name of an item type or one class; a plain string is a text in
              English, or the label, notation or id of a concept where the field wants one;
              `{"@value", "@language"}` and `{"@value", "@type"}` say it in full, `{"@id": IRI}`
              names a thing. None and empty lists say nothing.
    origins   JSON Pointer of a value in `document` to the JSON Pointer in the source that it was
              made from; what stands below a value, and has no origin of its own, shares its origin
    lost      what could not be carried over
    read_as   what was carried over in other words than the source's, which a person should see
    """

    document: dict[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()
    read_as: tuple[Lost, ...] = ()


def pointer_of(*steps: str | int) -> str:
    """Return the JSON Pointer (RFC 6901) of the value that names and numbers lead to.

    >>> pointer_of("creator", 0, "a/b")
    '/creator/0/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def origin_of(pointer: str, origins: Mapping[str, str]) -> str | None:
    """Return where in the source a value of the document comes from: its own origin, else the
    nearest above it; None where neither it nor anything above it has one.
    """
    while pointer not in origins:
        if not pointer:
            return None
        pointer = pointer.rpartition("/")[0]
    return origins[pointer]
