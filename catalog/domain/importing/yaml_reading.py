"""YAML as a tree, by the types of YAML 1.2, in limits: no tags, no bombs, no second documents.

The values are those of the core schema: `no` is a word and not false, `12:30` a text and not 750,
and a date stays the text that it is.
"""

import re
from typing import Any, NoReturn

import yaml

from catalog.domain.errors import OverLimit, Unreadable
from catalog.domain.identifiers import is_id
from catalog.domain.importing.trees import DEEPEST, MOST_VALUES, Place, Spelled, Tree

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OTHER_WHOLE = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CORE = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({None, "!"} | {f"{_CORE}{name}" for name in ("str", "map", "seq")})
_MOST_DIGITS = 1_000


def yaml_tree(text: str) -> Tree:
    """Return a YAML text as a tree.

    Raises Unreadable, with line and column, for what is no YAML, for a key that stands twice or
    is no scalar, tags, NaN and infinity, an alias inside of what it names, and a second document;
    OverLimit for deep nesting and for more values than 50,000, those behind aliases counted anew.
    """
    reader = _Reader(text)
    value = reader.document()
    return Tree(value, reader.place)


class _Reader:
    """One reading: the events of the parser, put together without recursion into a value."""

    def __init__(self, text: str) -> None:
        self._events = iter(yaml.parse(text, Loader=_LOADER))
        self._places: dict[str, Place] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._size = 0

    def document(self) -> Any:
        """Return the value of the one document."""
        self._next()  # The stream begins.
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise Unreadable("This YAML holds nothing.")
        value = self._value(self._next(), "", 0)
        self._next()  # The document ends.
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            _refuse("One YAML document is read; here a second one begins.", event)
        return value

    def place(self, pointer: str) -> Place | None:
        """Return line and column of a value, or of the nearest above it."""
        while pointer and pointer not in self._places:
            pointer = pointer.rpartition("/")[0]
        return self._places.get(pointer)

    def _next(self) -> Any:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = (error.problem or error.context or "the text breaks off")[:200]
            raise Unreadable(
                f"This is not YAML: {said}.",
                line=mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
            ) from None
        except yaml.reader.ReaderError as error:
            shown = f"U+{error.character:04X}" if isinstance(error.character, int) else "a byte"
            raise Unreadable(f"YAML may not hold {shown}, a control character.") from None
        except StopIteration:
            raise Unreadable("This YAML breaks off.") from None

    def _value(self, event: Any, pointer: str, depth: int) -> Any:
        self._places[pointer] = (event.start_mark.line + 1, event.start_mark.column + 1)
        self._count(1, event)
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event)
        if event.tag not in _KNOWN_TAGS:
            _refuse(f"The tag {event.tag[:60]} is not read here; write a plain value.", event)
        before = self._size
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif depth == DEEPEST:
            raise OverLimit(
                f"Values may be nested {DEEPEST} deep; here they are deeper.",
                limit="depth",
                line=event.start_mark.line + 1,
                column=event.start_mark.column + 1,
            )
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(pointer, depth + 1)
        else:
            value = self._mapping(pointer, depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._size - before + 1)
        return value

    def _list(self, pointer: str, depth: int) -> list[Any]:
        members: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            members.append(self._value(event, f"{pointer}/{len(members)}", depth))
        return members

    def _mapping(self, pointer: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag not in _KNOWN_TAGS:
                _refuse("The name of a member is a plain text here.", event)
            name = event.value
            if name in members:
                _refuse(f"The member {name[:80]!r} stands here for the second time.", event)
            step = name.replace("~", "~0").replace("/", "~1")
            members[name] = self._value(self._next(), f"{pointer}/{step}", depth)
        return members

    def _repeated(self, event: Any) -> Any:
        found = self._anchors.get(event.anchor)
        if found is None:
            _refuse(
                f"*{event.anchor[:60]} names nothing that stands before it, or what it is in.",
                event,
            )
        value, size = found
        self._count(size, event)
        return value

    def _count(self, more: int, event: Any) -> None:
        self._size += more
        if self._size > MOST_VALUES:
            raise OverLimit(
                f"A description may hold {MOST_VALUES:,} values, those behind aliases counted "
                "each time; this has more.",
                limit="values",
                line=event.start_mark.line + 1,
                column=event.start_mark.column + 1,
            )

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            return text if not _is_half(text) else _refuse("A text holds half a character.", event)
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if len(text) > _MOST_DIGITS and (_FRACTION.fullmatch(text) or _OTHER_WHOLE.fullmatch(text)):
            _refuse("A number here has too many digits.", event)
        if _WHOLE.fullmatch(text):
            return int(text)
        if found := _OTHER_WHOLE.fullmatch(text):
            return int(found[1], 8) if found[1] else int(found[2], 16)
        if _NO_NUMBER.fullmatch(text):
            _refuse(f"{text} is no number that can be kept.", event)
        # Digits with a zero before them are a number of something, not a quantity.
        if _FRACTION.fullmatch(text) and not text.isdigit() and not is_id(text):
            return self._fraction(text, event)
        return text

    def _fraction(self, digits: str, event: Any) -> float:
        number = Spelled(digits)
        if number in (float("inf"), float("-inf")):
            _refuse(f"The number {digits[:40]} is too large.", event)
        return number


def _is_half(text: str) -> bool:
    """Tell whether a text holds half of a surrogate pair."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(sentence: str, event: Any) -> NoReturn:
    mark = event.start_mark
    raise Unreadable(sentence, line=mark.line + 1, column=mark.column + 1)
