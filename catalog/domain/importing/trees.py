"""JSON as a tree of values that still know how they were spelled, and where each of them stood."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from catalog.domain.errors import OverLimit, Unreadable

DEEPEST = 32
MOST_VALUES = 50_000

Place = tuple[int, int]
"""Line and column, counted from 1."""


class Spelled(float):
    """A number that remembers its digits: version 1.10 is not version 1.1."""

    __slots__ = ("digits",)
    digits: str

    def __new__(cls, digits: str) -> "Spelled":
        """Return the number that `digits` spell."""
        number = super().__new__(cls, digits)
        number.digits = digits
        return number

    def __str__(self) -> str:
        return self.digits

    def __reduce__(self) -> tuple[type["Spelled"], tuple[str]]:
        return Spelled, (self.digits,)


@dataclass(frozen=True, slots=True)
class Tree:
    """A document, and where its values stand.

    value    objects as dictionaries with texts as keys, arrays as lists; numbers with a point or
             an exponent are `Spelled`
    place    gives line and column of the value that a JSON Pointer leads to, or of the nearest
             above it
    """

    value: Any
    place: Callable[[str], Place | None]


def json_tree(text: str) -> Tree:
    """Return a JSON text as a tree.

    Raises Unreadable, with line and column, for what is no JSON, for a member that stands twice,
    NaN, numbers too large to keep and halves of surrogate pairs; OverLimit for deep nesting.
    """
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_constant=_no_constant, parse_float=_number
        )
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"This is not JSON: {error.msg}.", line=error.lineno, column=error.colno
        ) from None
    except _Fault as fault:
        raise _placed(fault, text) from None
    except ValueError:
        raise Unreadable("A number in the JSON has too many digits.") from None
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Unreadable("A text in the JSON holds half of a surrogate pair.") from None
    return Tree(value, _Lines(text).place)


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _check_depth(text: str) -> None:
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("{", "["):
            depth += 1
            if depth > DEEPEST:
                raise OverLimit(
                    f"Brackets may be nested {DEEPEST} deep; here they are deeper.",
                    limit="depth",
                    line=text.count("\n", 0, token.start()) + 1,
                    column=token.start() - text.rfind("\n", 0, token.start()),
                )
        elif token[0] in ("}", "]"):
            depth -= 1


class _Fault(Exception):
    """What is wrong with a JSON text, and the spelling by which to find it there."""

    def __init__(self, sentence: str, spelling: re.Pattern[str], which: int = 0) -> None:
        super().__init__(sentence)
        self.spelling = spelling
        self.which = which


def _placed(fault: _Fault, text: str) -> Unreadable:
    """Return the refusal, with a place where the spelling stands only there."""
    found = [one.start() for one in fault.spelling.finditer(text)]
    if len(found) != fault.which + 1:
        return Unreadable(str(fault))
    at = found[fault.which]
    return Unreadable(
        str(fault), line=text.count("\n", 0, at) + 1, column=at - text.rfind("\n", 0, at)
    )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for number, name in enumerate(names) if name in names[:number])
        spelling = re.compile(re.escape(json.dumps(twice, ensure_ascii=False)) + r"\s*:")
        raise _Fault(f"An object in the JSON has the member {twice[:80]!r} twice.", spelling, 1)
    return members


def _number(digits: str) -> float:
    number = Spelled(digits)
    if number in (float("inf"), float("-inf")):
        raise _Fault(f"The number {digits[:40]} is too large.", re.compile(re.escape(digits)))
    return number


def _no_constant(name: str) -> NoReturn:
    raise _Fault(f"{name} is not JSON.", re.compile(rf"(?<![\w\"-]){re.escape(name)}\b"))


# ---- places

_SPACE = re.compile(r"\s*+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SCALAR = re.compile(r"[^\s,\[\]{}]++")


class _Lines:
    """Where the values of a JSON text begin; worked out at the first question."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, int] = {}

    def place(self, pointer: str) -> Place | None:
        """Return line and column of a value, or of the nearest above it."""
        if not self._found:
            self._value(0, "")
        while pointer not in self._found:
            pointer = pointer.rpartition("/")[0]
        at = self._found[pointer]
        return bisect_right(self._starts, at), at - self._text.rfind("\n", 0, at)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self._text))]

    def _space(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _value(self, at: int, pointer: str) -> int:
        at = self._space(at)
        self._found[pointer] = at
        opening = self._text[at : at + 1]
        if opening == "{":
            return self._inside(self._space(at + 1), pointer, "}")
        if opening == "[":
            return self._inside(self._space(at + 1), pointer, "]")
        found = (_STRING if opening == '"' else _SCALAR).match(self._text, at)
        return found.end() if found else at + 1

    def _inside(self, at: int, pointer: str, closing: str) -> int:
        number = 0
        while self._text[at] != closing:
            step = str(number)
            if closing == "}":
                name = _STRING.match(self._text, at)
                if name is None:
                    return at
                step = json.loads(name[0]).replace("~", "~0").replace("/", "~1")
                at = self._space(name.end()) + 1
            at = self._space(self._value(at, f"{pointer}/{step}"))
            number += 1
            if self._text[at] == ",":
                at = self._space(at + 1)
        return at + 1
