"""Lineage as a drawing: what an item cites at one side, the item, what cites it at the other.

The server draws; a page takes the wide form or the tall one by its width. Nothing in a drawing is
said that the page does not say in words as well.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MOST: Final = 6
_WIDE_BOX: Final = 216
_TALL_BOX: Final = 300
_GAP: Final = 18


@dataclass(frozen=True, slots=True)
class Box:
    """One thing: its kind above, its name in up to two lines."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    lines: tuple[str, ...]
    is_self: bool

    @property
    def at(self) -> str:
        """The corner from which its own places are counted."""
        return f"{self.x:g} {self.y:g}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A drawing with its places computed; `said` is its meaning in one sentence."""

    form: str
    width: float
    height: float
    said: str
    boxes: tuple[Box, ...]
    wires: str
    tips: str


Named = tuple[str, str]
"""The kind of a thing, or how it is related, and its name."""


def draw(item: Named, cited: Sequence[Named], citing: Sequence[Named]) -> tuple[Plan, ...]:
    """Return the drawing in its two forms, or nothing if there is nothing beside the item."""
    if not cited and not citing:
        return ()
    left, right = _at_most(cited), _at_most(citing)
    said = (
        f"Cites {_counted(len(cited))} and is cited by {_counted(len(citing))}; "
        "the list below says the same in words."
    )
    return _wide(item, left, right, said), _tall(item, left, right, said)


def _counted(number: int) -> str:
    return {0: "no item", 1: "one item"}.get(number, f"{number} items")


def _at_most(named: Sequence[Named]) -> list[Named]:
    if len(named) <= _MOST:
        return list(named)
    return [*named[: _MOST - 1], ("and further", f"{len(named) - _MOST + 1} items")]


def _lines(name: str, characters: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(name, characters, max_lines=2, placeholder=" …")) or (name[:20],)


def _box(named: Named, x: float, y: float, width: float, *, is_self: bool = False) -> Box:
    lines = _lines(named[1], int((width - 24) / 7.7))
    kind = textwrap.shorten(named[0], int((width - 24) / 6.6), placeholder=" …")
    return Box(x, y, width, 30 + 17 * len(lines), kind, lines, is_self)


def _column(named: Sequence[Named], x: float) -> tuple[list[Box], float]:
    boxes, y = [], 1.0
    for one in named:
        box = _box(one, x, y, _WIDE_BOX)
        boxes.append(box)
        y += box.height + _GAP
    return boxes, max(0.0, y - _GAP + 1)


def _moved(box: Box, down: float) -> Box:
    return Box(box.x, box.y + down, box.width, box.height, box.kind, box.lines, box.is_self)


def _wide(item: Named, cited: Sequence[Named], citing: Sequence[Named], said: str) -> Plan:
    step = _WIDE_BOX + 68
    at_self = 1 + (step if cited else 0)
    own = _box(item, at_self, 1, _WIDE_BOX, is_self=True)
    left, left_height = _column(cited, 1)
    right, right_height = _column(citing, at_self + step)
    height = max(left_height, right_height, own.height + 2)
    own = _moved(own, (height - own.height) / 2 - 1)
    left = [_moved(box, (height - left_height) / 2) for box in left]
    right = [_moved(box, (height - right_height) / 2) for box in right]
    middle = own.y + own.height / 2
    wires = [_curve(b.x + b.width, b.y + b.height / 2, own.x - 9, middle) for b in left]
    tips = [_tip_right(own.x - 1, middle)] if left else []
    for box in right:
        y = box.y + box.height / 2
        wires.append(_curve(own.x + own.width, middle, box.x - 9, y))
        tips.append(_tip_right(box.x - 1, y))
    width = at_self + _WIDE_BOX + 1 + (step if citing else 0)
    return Plan("wide", width, height, said, (*left, own, *right), "".join(wires), "".join(tips))


def _tall(item: Named, cited: Sequence[Named], citing: Sequence[Named], said: str) -> Plan:
    boxes: list[Box] = []
    wires, tips = [], []
    x, y, middle = 13, 1.0, 13 + _TALL_BOX / 2
    for place, group in enumerate((cited, [item], citing)):
        if place and boxes and group:
            wires.append(f"M{middle:g} {y - 6:g}v20")
            tips.append(f"M{middle:g} {y + 20:g}l-4.5 -9h9z")
            y += 24
        for named in group:
            box = _box(named, x, y, _TALL_BOX, is_self=place == 1)
            boxes.append(box)
            y += box.height + 8
    return Plan("tall", 326, y - 7, said, tuple(boxes), "".join(wires), "".join(tips))


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (to_x - x) / 2
    return f"M{x:g} {y:g}C{x + half:g} {y:g} {to_x - half:g} {to_y:g} {to_x:g} {to_y:g}"


def _tip_right(x: float, y: float) -> str:
    return f"M{x:g} {y:g}l-9 -4.5v9z"
