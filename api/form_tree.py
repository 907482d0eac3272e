"""What stands in a form: the item with its fields, their values, and parts within parts."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from api.form_fields import (
    Ask,
    Control,
    asks,
    class_of,
    is_part_shape,
    part_shape,
    picked,
    shape_of,
)
from api.form_words import Words, iri_term, known_term, without_control_characters
from catalog.domain.description import TYPE, Statement, is_literal, literal
from catalog.domain.errors import NotAcceptable, TooLarge, Unreadable
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import SHAPES
from catalog.domain.reading import POSITION
from catalog.library import Library

MOST_CONTROLS: Final = 5_000
_DEEPEST: Final = 6
_EXPANDED_TO: Final = 1
_LANGUAGE: Final = "en"
_NAME = re.compile(r"[a-z0-9-]+(\.\d{1,4}\.[a-z0-9-]+)*(\.\d{1,4})?(~[a-z]+)?\Z")
_ITEM: Final = "<>"

Rows = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Typed:
    """One value: what stands in its control, or the part that it is.

    language  the tag of the language, "" for none
    was       the term that the control was filled from, "" for none
    """

    text: str = ""
    language: str = ""
    was: str = ""
    part: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A field with its values; `is_none` where it is said not to be stated."""

    ask: Ask
    values: tuple[Typed, ...] = ()
    is_none: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """The item or a part of it.

    fragment  the name of the part within the item, "" for the item
    shape     the IRI of the shape whose fields it has
    classes   the IRIs of its classes
    stood     whether it is in the description already, and not only in the form
    """

    fragment: str
    shape: str
    classes: tuple[str, ...]
    fields: tuple[Filled, ...]
    stood: bool = False

    @property
    def term(self) -> str:
        """It as a term of the form."""
        return f"<#{self.fragment}>" if self.fragment else _ITEM

    def nodes(self) -> Iterator["Node"]:
        """Yield it and all parts within it."""
        yield self
        for filled in self.fields:
            for value in filled.values:
                if value.part is not None:
                    yield from value.part.nodes()


# -- from a description


def described(library: Library, words: Words, item_type: str, rows: Rows) -> Node:
    """Return the form filled with a description, given by subject in the terms of the form."""
    return _Describing(library, words, rows).node(_ITEM, shape_of(item_type))


class _Describing:
    def __init__(self, library: Library, words: Words, rows: Rows) -> None:
        self._library = library
        self._words = words
        self._rows = rows
        self._shown: set[str] = set()

    def node(self, term: str, shape: str, depth: int = 0) -> Node:
        self._shown.add(term)
        row = self._rows.get(term, {})
        if term == _ITEM:
            deciding = self._library.shapes.item_types[shape.removeprefix(SHAPES)]
            classes: tuple[str, ...] = (deciding,)
        else:
            classes = tuple(value[1:-1] for value in row.get(TYPE, ()) if value[0] == "<")
        fields = tuple(
            self._filled(ask, row.get(f"<{ask.field.path}>", ()), depth)
            for ask in asks(self._library, shape)
        )
        return Node(term[2:-1], shape, classes, fields, stood=True)

    def _filled(self, ask: Ask, terms: tuple[str, ...], depth: int) -> Filled:
        if ask.is_ordered:
            terms = tuple(sorted(terms, key=self._position))
        is_none = ask.says_none and ask.control is not Control.PICK and NOT_STATED in terms
        values = tuple(
            self._value(ask, term, depth) for term in terms if not (is_none and term == NOT_STATED)
        )
        return Filled(ask, values, is_none)

    def _position(self, term: str) -> float:
        said = self._rows.get(term, {}).get(POSITION, ())
        return float(literal(said[0]).text) if said and _is_number(said[0]) else float("inf")

    def _value(self, ask: Ask, term: str, depth: int) -> Typed:
        row = self._rows.get(term)
        if row and term != _ITEM and term not in self._shown and depth < _DEEPEST:
            classes = [value[1:-1] for value in row.get(TYPE, ())]
            shape = part_shape(self._library.shapes, classes)
            if shape:
                return Typed(part=self.node(term, shape, depth + 1))
        text, language = self._words.shown(ask, term)
        return Typed(text, language, term)


def _is_number(term: str) -> bool:
    return is_literal(term) and re.fullmatch(r"[+-]?\d{1,9}", literal(term).text) is not None


# -- from what was sent


def sent(library: Library, item_type: str, form: Iterable[tuple[str, str]]) -> tuple[Node, str]:
    """Return the form as it was sent, and why it cannot be kept so, "" where it can.

    Names that it does not know are left out. Raises TooLarge for more controls than a form has.
    """
    said: dict[str, str] = {}
    for number, (name, value) in enumerate(form):
        if number >= MOST_CONTROLS:
            raise TooLarge(
                f"A form has at most {MOST_CONTROLS:,} fields; describe so much in Turtle or JSON."
            )
        if _NAME.match(name) and name.count(".") <= 2 * _DEEPEST + 1:
            said[name] = value
    reader = _Sent(library, said)
    return reader.node("", shape_of(item_type)), reader.fault


class _Sent:
    def __init__(self, library: Library, said: Mapping[str, str]) -> None:
        self._library = library
        self._said = said
        self.fault = ""
        self._numbers: dict[str, set[int]] = {}
        for name in said:
            steps = name.partition("~")[0].split(".")
            for place in range(1, len(steps), 2):
                self._numbers.setdefault(".".join(steps[:place]), set()).add(int(steps[place]))

    def node(self, prefix: str, shape: str, depth: int = 0) -> Node:
        fields = tuple(self._filled(prefix, ask, depth) for ask in asks(self._library, shape))
        name = prefix.removesuffix(".")
        classes = tuple(iri for iri in self._get(f"{name}~a").split() if iri_term(iri))
        if not prefix:
            classes = (self._library.shapes.item_types[shape.removeprefix(SHAPES)],)
        fragment = self._get(f"{name}~node") if prefix else ""
        return Node(
            fragment if not fragment or iri_term(f"x:#{fragment}") else "",
            shape,
            classes or (class_of(self._library.shapes, shape),),
            fields,
            stood=not prefix or bool(self._get(f"{name}~stood")),
        )

    def _get(self, name: str) -> str:
        return self._said.get(name, "")

    def _filled(self, prefix: str, ask: Ask, depth: int) -> Filled:
        name = f"{prefix}{ask.key}"
        numbers = sorted(self._numbers.get(name, ()))
        values = [self._typed(f"{name}.{number}", ask, depth) for number in numbers]
        if ask.control is Control.CHECKS:
            values = [value for value in values if value.text or value.part]
        return Filled(ask, tuple(values), bool(self._get(f"{name}~none")))

    def _typed(self, name: str, ask: Ask, depth: int) -> Typed:
        shape = f"{SHAPES}parts#{self._get(f'{name}~shape')}"
        if self._get(f"{name}~node") and is_part_shape(self._library.shapes, shape):
            if depth >= _DEEPEST:
                raise NotAcceptable(f"Parts stand at most {_DEEPEST} deep within each other here.")
            return Typed(part=self.node(f"{name}.", shape, depth + 1))
        text = without_control_characters(self._get(name))
        if text != self._get(name) and not self.fault:
            self.fault = (
                f"{ask.field.name} held a control character, which nobody can read. "
                "It was taken out here; look whether the text is still right, and send it again."
            )
        return Typed(text, self._get(f"{name}~lang"), known_term(self._get(f"{name}~was")))


# -- with room to write


def with_room(library: Library, root: Node, taken: Iterable[str] = ()) -> Node:
    """Return the form with an empty control for each field that has none.

    Of the parts that publication demands there is an empty one as well.

    taken  names of parts that the form does not show
    """
    return _roomy(library, root, _Names(root, taken), 0)


class _Names:
    """Names for new parts that the form does not use yet."""

    def __init__(self, root: Node, others: Iterable[str] = ()) -> None:
        self._used = {node.fragment for node in root.nodes()} | set(others)

    def new(self, shape: str) -> str:
        kind = shape.rpartition("#")[2]
        number = 1
        while f"{kind}-{number}" in self._used:
            number += 1
        self._used.add(f"{kind}-{number}")
        return f"{kind}-{number}"


def _roomy(library: Library, node: Node, names: _Names, depth: int) -> Node:
    return replace(
        node, fields=tuple(_with_room(library, one, names, depth) for one in node.fields)
    )


def _with_room(library: Library, filled: Filled, names: _Names, depth: int) -> Filled:
    ask = filled.ask
    values = tuple(
        replace(value, part=_roomy(library, value.part, names, depth + 1)) if value.part else value
        for value in filled.values
    )
    if ask.control is Control.PICK:
        values = _with_pick(library, ask, values)
    elif not values and ask.control is Control.PART:
        if ask.field.required and not filled.is_none and depth <= _EXPANDED_TO:
            values = (Typed(part=_roomy(library, new_part(library, ask.kinds[0], names.new),
                                        names, depth + 1)),)  # fmt: skip
    elif not values and ask.control is not Control.CHECKS:
        values = (blank(ask),)
    return replace(filled, values=values)


def _with_pick(library: Library, ask: Ask, values: tuple[Typed, ...]) -> tuple[Typed, ...]:
    """Put the usual term first, or an empty choice, and leave a line to name another."""
    usual = {f"<{iri}>" for iri in picked(library.vocabularies, ask.field.schemes)} | {NOT_STATED}
    first = next((one for one in values if one.was in usual or f"<{one.text}>" in usual), Typed())
    if values and values[0] == Typed():  # the choice of none of them, as it was sent
        values = values[1:]
    others = tuple(one for one in values if one is not first)
    return (first, *(others or (Typed(),)))


def blank(ask: Ask) -> Typed:
    """Return an empty value of a field."""
    return Typed(language=_LANGUAGE if ask.has_language else "")


def new_part(library: Library, shape: str, name: Callable[[str], str]) -> Node:
    """Return an empty part of a shape, with a name of its own."""
    fields = tuple(Filled(ask) for ask in asks(library, shape))
    return Node(name(shape), shape, (class_of(library.shapes, shape),), fields)


# -- added, removed, moved


def changed(
    library: Library, words: Words, root: Node, kept: Iterable[Statement], order: str
) -> Node:
    """Return the form after an order.

    That is `add:PATH`, `add:PATH:KIND`, `remove:PATH`, `up:PATH`, or `use:PATH:IRI` for a term.

    kept  the statements that the form does not show, whose names are taken too

    Raises Unreadable for an order that does not fit the form.
    """
    verb, _, rest = order.partition(":")
    path, _, kind = rest.partition(":")
    steps = path.split(".")
    taken = {subject[2:-1] for subject, _, _ in kept if subject.startswith("<#")}
    names = _Names(root, taken)
    try:
        if verb == "add":
            return _at(root, steps, lambda one, _: _added(library, one, kind, names))
        if verb == "remove":
            return _rehomed(root, _at(root, steps[:-1], _without, int(steps[-1])))
        if verb == "use":
            return _at(root, steps[:-1], partial(_using, words, f"<{kind}>"), int(steps[-1]))
        if verb == "up":
            return _at(root, steps[:-1], _raised, int(steps[-1]))
    except (ValueError, IndexError):
        pass
    raise Unreadable("This form does not know what to do with that button; load the page again.")


def _at(
    node: Node, steps: list[str], change: Callable[[Filled, int], Filled], number: int = 0
) -> Node:
    """Return a node with the field at the end of a path changed; ValueError where none is."""
    key, *further = steps
    place = next((n for n, one in enumerate(node.fields) if one.ask.key == key), None)
    if place is None:
        raise ValueError(key)
    filled = node.fields[place]
    if further:
        at = int(further[0])
        inner = filled.values[at].part
        if inner is None or len(further) < 2:
            raise ValueError(key)
        typed = replace(filled.values[at], part=_at(inner, further[1:], change, number))
        new = replace(filled, values=(*filled.values[:at], typed, *filled.values[at + 1 :]))
    else:
        new = change(filled, number)
    return replace(node, fields=(*node.fields[:place], new, *node.fields[place + 1 :]))


def _added(library: Library, filled: Filled, kind: str, names: _Names) -> Filled:
    shapes = {shape.rpartition("#")[2]: shape for shape in filled.ask.kinds}
    if kind:
        if kind not in shapes:
            raise ValueError(kind)
        new = Typed(part=new_part(library, shapes[kind], names.new))
    else:
        new = blank(filled.ask)
    return replace(filled, values=(*filled.values, new), is_none=False)


def _without(filled: Filled, number: int) -> Filled:
    if not 0 <= number < len(filled.values):
        raise ValueError(number)
    return replace(filled, values=(*filled.values[:number], *filled.values[number + 1 :]))


def _using(words: Words, term: str, filled: Filled, number: int) -> Filled:
    text, language = words.shown(filled.ask, known_term(term) or "<>")
    values = list(filled.values)
    values[number] = Typed(text, language, term)
    return replace(filled, values=tuple(values))


def _raised(filled: Filled, number: int) -> Filled:
    if not 0 < number < len(filled.values):
        raise ValueError(number)
    values = list(filled.values)
    values[number - 1], values[number] = values[number], values[number - 1]
    return replace(filled, values=tuple(values))


def _rehomed(before: Node, after: Node) -> Node:
    """Return `after` with each part that went away although something else still names it."""
    left = {node.fragment for node in after.nodes()}
    gone = {node.fragment: node for node in before.nodes() if node.fragment not in left}
    for fragment, node in gone.items():
        after = _put(after, f"#{fragment}", node)[0]
    return after


def _put(node: Node, text: str, part: Node) -> tuple[Node, bool]:
    """Put a part where a text names it for the first time."""
    fields = list(node.fields)
    for place, filled in enumerate(fields):
        values = list(filled.values)
        for at, value in enumerate(values):
            if value.part is not None:
                inner, done = _put(value.part, text, part)
                new = replace(value, part=inner)
            else:
                new, done = Typed(part=part), value.text == text
            if done:
                values[at] = new
                fields[place] = replace(filled, values=tuple(values))
                return replace(node, fields=tuple(fields)), True
    return node, False
