"""Lineage as a drawing: what an item was made from at one side, what uses it at the other.

The server draws; a page takes the wide form or the tall one by its width. The wide form goes two
steps to each side where there are any. Every box is a link, and nothing in a drawing is said that
the page does not say in words as well.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

_MOST: Final = 6
_WIDTHS: Final[Mapping[int, tuple[float, float]]] = {
    1: (264, 0),
    2: (264, 96),
    3: (236, 84),
    4: (189, 40),
    5: (153, 28),
}
"""How wide a box is, and the room between two, by the number of columns."""

_TALL_BOX: Final = 324.0
_GAP: Final = 14.0
_HEAD: Final = 26.0
_CHARACTER: Final = 7.6
_SMALL_CHARACTER: Final = 6.6
_LINE: Final = 17

BEFORE: Final = "Made from"
AFTER: Final = "Used by"
FURTHER: Final = "One step further"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to draw: its kind, or how it is related, its name, and its page ("" for none)."""

    kind: str
    name: str
    href: str = ""


Step = tuple[str, Thing]
"""Something one step further, with the address of what it is reached by."""


@dataclass(frozen=True, slots=True)
class Box:
    """One thing: its kind above, its name in a few lines."""

    x: float
    y: float
    width: float
    height: float
    thing: Thing
    kind: str
    lines: tuple[str, ...]
    is_self: bool

    @property
    def at(self) -> str:
        """The corner from which its own places are counted."""
        return f"{self.x:g} {self.y:g}"

    @property
    def middle(self) -> float:
        """Where lines meet it."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Head:
    """A word above boxes."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A drawing with its places computed; `said` is its meaning in one sentence."""

    form: str
    width: float
    height: float
    said: str
    boxes: tuple[Box, ...]
    heads: tuple[Head, ...]
    wires: str
    tips: str


def draw(
    item: Thing,
    cited: Sequence[Thing],
    citing: Sequence[Thing],
    sources: Sequence[Step] = (),
    results: Sequence[Step] = (),
) -> tuple[Plan, ...]:
    """Return the drawing in its two forms, or nothing if there is nothing beside the item.

    sources  what the cited things cite
    results  what cites the citing things
    """
    if not cited and not citing:
        return ()
    left, right = _at_most(cited), _at_most(citing)
    said = (
        f"Cites {_counted(len(cited))} and is cited by {_counted(len(citing))}; "
        "the list below says the same in words."
    )
    further = (_reached(sources, left), _reached(results, right))
    return _wide(item, left, right, further, said), _tall(item, left, right, said)


def _counted(number: int) -> str:
    return {0: "no item", 1: "one item"}.get(number, f"{number} items")


def _at_most(things: Sequence[Thing]) -> list[Thing]:
    if len(things) <= _MOST:
        return list(things)
    return [*things[: _MOST - 1], Thing("and further", f"{len(things) - _MOST + 1} items")]


def _reached(steps: Sequence[Step], drawn: Sequence[Thing]) -> tuple[Step, ...]:
    """Return the further steps from things that are drawn, in the order of these, not too many."""
    order = {thing.href: place for place, thing in enumerate(drawn) if thing.href}
    fits = sorted((step for step in steps if step[0] in order), key=lambda step: order[step[0]])
    shown = list(dict.fromkeys(thing for _, thing in fits))[:_MOST]
    return tuple(step for step in fits if step[1] in shown)


# -- boxes


def _box(thing: Thing, x: float, y: float, width: float, most: int = 2) -> Box:
    room = width - 22
    lines = _wrapped(thing.name, int(room / _CHARACTER), most)
    kind = textwrap.shorten(thing.kind, int(room / _SMALL_CHARACTER), placeholder=" …")
    height = 30 + _LINE * len(lines)
    return Box(x, y, width, height, thing, kind or thing.kind[:10], lines, is_self=False)


def _wrapped(name: str, characters: int, most: int) -> tuple[str, ...]:
    wrapped = textwrap.wrap(name, characters, max_lines=most, placeholder=" …")
    return tuple(wrapped) or (name[:characters],)


def _column(things: Iterable[Thing], x: float, width: float) -> list[Box]:
    boxes: list[Box] = []
    y = 0.0
    for thing in things:
        boxes.append(_box(thing, x, y, width, 3 if width < 200 else 2))
        y += boxes[-1].height + _GAP
    return boxes


def _height(boxes: Sequence[Box]) -> float:
    return boxes[-1].y + boxes[-1].height if boxes else 0.0


def _down(boxes: Sequence[Box], by: float) -> list[Box]:
    return [replace(box, y=round(box.y + by, 1)) for box in boxes]


# -- wide


def _wide(
    item: Thing,
    cited: Sequence[Thing],
    citing: Sequence[Thing],
    further: tuple[tuple[Step, ...], tuple[Step, ...]],
    said: str,
) -> Plan:
    sources, results = further
    columns = [
        list(dict.fromkeys(thing for _, thing in sources)),
        list(cited),
        [item],
        list(citing),
        list(dict.fromkeys(thing for _, thing in results)),
    ]
    placed, width = _placed(columns)
    first, left, (own,), right, last = placed
    own = replace(own, is_self=True)
    pairs = [
        *((a, b) for key, thing in sources for a in first if a.thing == thing for b in left
          if b.thing.href == key),
        *((box, own) for box in left),
        *((own, box) for box in right),
        *((a, b) for key, thing in results for b in last if b.thing == thing for a in right
          if a.thing.href == key),
    ]  # fmt: skip
    drawn = (*first, *left, own, *right, *last)
    named = ((first, FURTHER), (left, BEFORE), (right, AFTER), (last, FURTHER))
    return Plan(
        "wide",
        width,
        max(box.y + box.height for box in drawn) + 2,
        said,
        drawn,
        tuple(Head(boxes[0].x, 12, text) for boxes, text in named if boxes),
        "".join(_curve(a, b) for a, b in pairs),
        "".join(_tip(box) for box in dict.fromkeys(b for _, b in pairs)),
    )


def _placed(columns: Sequence[Sequence[Thing]]) -> tuple[list[list[Box]], float]:
    """Return the boxes of each column, all in the middle of the height, and the width."""
    width, room = _WIDTHS[sum(1 for column in columns if column)]
    x, placed = 1.0, []
    for column in columns:
        placed.append(_column(column, x, width))
        x += (width + room) if column else 0
    tallest = max(_height(boxes) for boxes in placed)
    moved = [_down(boxes, _HEAD + (tallest - _height(boxes)) / 2) for boxes in placed]
    return moved, x - room + 1


def _curve(a: Box, b: Box) -> str:
    x, to_x = a.x + a.width, b.x - 9
    half = (to_x - x) / 2
    return (
        f"M{x:g} {a.middle:g}C{x + half:g} {a.middle:g} "
        f"{to_x - half:g} {b.middle:g} {to_x:g} {b.middle:g}"
    )


def _tip(box: Box) -> str:
    return f"M{box.x - 1:g} {box.middle:g}l-9 -4.5v9z"


# -- tall


def _tall(item: Thing, cited: Sequence[Thing], citing: Sequence[Thing], said: str) -> Plan:
    boxes: list[Box] = []
    heads: list[Head] = []
    wires, tips = [], []
    y, middle = 1.0, 1 + _TALL_BOX / 2
    for place, group in enumerate((cited, [item], citing)):
        if not group:
            continue
        if boxes:
            wires.append(f"M{middle:g} {y - 7:g}v22")
            tips.append(f"M{middle:g} {y + 22:g}l-4.5 -9h9z")
            y += 24
        if place != 1:
            heads.append(Head(1, y + (11 if place == 0 else -9), BEFORE if place == 0 else AFTER))
            y += 20 if place == 0 else 0
        for thing in group:
            boxes.append(replace(_box(thing, 1, y, _TALL_BOX), is_self=place == 1))
            y += boxes[-1].height + 8
    whole = _TALL_BOX + 2
    return Plan(
        "tall", whole, y - 6, said, tuple(boxes), tuple(heads), "".join(wires), "".join(tips)
    )
