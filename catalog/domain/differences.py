"""What differs between two descriptions of one item, whatever their parts are called.

A part that a person gave no name is numbered by its place in the text, so its name moves when
something is written before it. Parts are therefore paired by what they say, and by where they
stand, before anything is compared; afterwards a difference is only a set of statements.
"""

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

from catalog.domain.description import TYPE, Description, Statement

_ROUNDS: Final = 6
"""How far from a part its content and its surroundings are looked at."""

_MOST_COMPARED: Final = 20_000
"""Up to so many pairs of parts are weighed against each other; beyond, their order decides."""

_FILES: Final = "http://www.w3.org/ns/dcat#distribution"

_NUMBERED = re.compile(r"#n[1-9][0-9]*>\Z")


class Changed(NamedTuple):
    """The values of one property of one thing that went and that came.

    thing     the item or a part, as a term of the later description
    property  the IRI of the property
    removed   terms of the earlier description; a part stands for all that it says
    added     terms of the later one
    """

    thing: str
    property: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """What leads from one description of an item to another.

    pairs  parts of the earlier description to what they are called in the later one
    """

    before: Description
    after: Description
    pairs: Mapping[str, str]

    @cached_property
    def changes(self) -> tuple[Changed, ...]:
        """What differs, thing by thing and property by property.

        The item comes first; what is said of a part that came or went as a whole is not repeated.
        """
        old = {new: before for before, new in self._names.items()}
        whole = _below(self.before, self._gone), _below(self.after, self._come)
        found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        for side, lines in enumerate((self.removed, self.added)):
            for thing, predicate, value in sorted(lines):
                named = old.get(thing, thing) if side == 0 else thing
                if named not in whole[side]:
                    place = found.setdefault((thing, predicate[1:-1]), ([], []))
                    place[side].append(old.get(value, value) if side == 0 else value)
        return tuple(
            Changed(thing, predicate, tuple(removed), tuple(added))
            for (thing, predicate), (removed, added) in sorted(found.items(), key=self._place)
        )

    def _place(self, found: tuple[tuple[str, str], object]) -> tuple[bool, object, str]:
        (thing, predicate), _ = found
        return thing != self.after.subject, _in_order(thing), predicate

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The IRIs of the item's own properties under which something differs.

        What differs in a part counts for the property by which the item leads to it, and what is
        said of a file for the files.
        """
        found: dict[str, None] = {}
        for change in self.changes:
            if change.thing == self.after.subject:
                found[change.property] = None
            else:
                found.update(dict.fromkeys(self.trail(change.thing)[:1] or (_FILES,)))
        return tuple(found)

    def trail(self, thing: str) -> tuple[str, ...]:
        """Return the IRIs of the properties that lead from the item to a part, () for no way."""
        return self._trails.get(thing, ())

    @cached_property
    def _trails(self) -> Mapping[str, tuple[str, ...]]:
        """Each part that the item leads to, in the later description or else the earlier one."""
        found: dict[str, tuple[str, ...]] = {}
        for description in (self.before, self.after):
            queue: list[tuple[str, tuple[str, ...]]] = [(description.subject, ())]
            seen: set[str] = set()
            for thing, trail in queue:
                if thing not in seen:
                    seen.add(thing)
                    found[thing] = trail
                    queue.extend(
                        (value, (*trail, predicate[1:-1]))
                        for predicate, values in description.by_subject.get(thing, {}).items()
                        for value in values
                        if value in description.by_subject and value not in seen
                    )
        return found

    def by_thing(self) -> Iterator[tuple[str, tuple[Changed, ...]]]:
        """Yield each thing that differs with its changes, the item first."""
        for thing, changes in groupby(self.changes, lambda change: change.thing):
            yield thing, tuple(changes)

    @cached_property
    def removed(self) -> frozenset[Statement]:
        """The statements that went, about things as the later description calls them."""
        return frozenset(self._moved(self.before.statements)) - frozenset(self.after.statements)

    @cached_property
    def added(self) -> frozenset[Statement]:
        """The statements that came."""
        return frozenset(self.after.statements) - frozenset(self._moved(self.before.statements))

    def applied(self) -> Description:
        """Return the later description, made of the earlier one and of what differs."""
        moved = frozenset(self._moved(self.before.statements))
        return Description.of(self.after.item, (moved - self.removed) | self.added)

    def earlier_name(self, thing: str) -> str:
        """Return what the earlier description calls a thing of the later one."""
        return next((old for old, new in self.pairs.items() if new == thing), thing)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The parts of the earlier description to names that mean nothing else in the later one."""
        taken = {*self.after.by_subject, *self.after.parts}
        names = dict(self.pairs)
        for part in self.before.parts:
            if part not in names:
                name = part
                while name in taken:
                    name = f"{name[:-1]}-before>"
                names[part] = name
                taken.add(name)
        return names

    def _moved(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        names = self._names
        for subject, predicate, value in statements:
            yield names.get(subject, subject), predicate, names.get(value, value)

    @property
    def _gone(self) -> set[str]:
        return set(self.before.parts) - set(self.pairs)

    @property
    def _come(self) -> set[str]:
        return set(self.after.parts) - set(self.pairs.values())


def difference(before: Description, after: Description) -> Difference:
    """Return what differs between two descriptions of the same item."""
    if before.ntriples == after.ntriples:
        return Difference(before, after, {part: part for part in before.parts})
    pairing = _Pairing(before, after)
    whole, inside = _Colours(before, after, around=True), _Colours(before, after, around=False)
    pairing.pair_alike(whole)
    pairing.pair_alike(inside)
    pairing.pair_of_one_name()
    pairing.pair_most_alike()
    return Difference(before, after, pairing.pairs)


def _below(description: Description, parts: set[str]) -> set[str]:
    """Return those of the parts that anything beside them leads to, through others of them too."""
    queue = [v for s, _, v in description.statements if v in parts and s not in parts]
    reached: set[str] = set()
    while queue:
        part = queue.pop()
        if part not in reached:
            reached.add(part)
            values = (v for found in description.by_subject[part].values() for v in found)
            queue.extend(value for value in values if value in parts)
    return reached


class _Colours:
    """What each part of two descriptions says, as numbers that are equal where that is equal.

    around  whether what leads to a part counts too
    """

    def __init__(self, before: Description, after: Description, *, around: bool) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._around = around
        self.before, self.after = self._of(before), self._of(after)

    def _of(self, description: Description) -> Mapping[str, int]:
        parts = description.parts
        colours = dict.fromkeys(parts, 0)
        coming: dict[str, list[tuple[str, str]]] = {part: [] for part in parts}
        for subject, predicate, value in description.statements if self._around else ():
            if value in coming:
                coming[value].append((predicate, subject))
        for _ in range(min(_ROUNDS, len(parts) + 1)):
            colours = {
                part: self._number(
                    (
                        frozenset(self._row(description, part, colours)),
                        frozenset((name, colours.get(who, who)) for name, who in coming[part]),
                    )
                )
                for part in parts
            }
        return colours

    @staticmethod
    def _row(
        description: Description, part: str, colours: Mapping[str, int]
    ) -> Iterator[tuple[str, str | int]]:
        for predicate, values in description.by_subject[part].items():
            for value in values:
                yield predicate, colours.get(value, value)

    def _number(self, said: Hashable) -> int:
        return self._numbers.setdefault(said, len(self._numbers) + 1)


class _Pairing:
    """The parts of two descriptions while it is found out which of them are the same."""

    def __init__(self, before: Description, after: Description) -> None:
        self._before, self._after = before, after
        self.pairs: dict[str, str] = {}
        self._taken: set[str] = set()

    def pair_alike(self, colours: _Colours) -> None:
        """Pair parts that say the same, first those that stand at the same place."""

        def alike(left: list[str], right: list[str]) -> Iterator[tuple[str, str]]:
            waiting: dict[int, list[str]] = {}
            for part in right:
                waiting.setdefault(colours.after[part], []).append(part)
            for part in left:
                same = waiting.get(colours.before[part], ())
                if same:
                    chosen = part if part in same else same[0]
                    waiting[colours.before[part]].remove(chosen)
                    yield part, chosen

        self._throughout(alike)

    def pair_of_one_name(self) -> None:
        """Pair parts of one name that a person chose: it says that they are the same."""

        def named(left: list[str], right: list[str]) -> Iterator[tuple[str, str]]:
            there = set(right)
            yield from ((part, part) for part in left if part in there and not _is_numbered(part))

        self._throughout(named)

    def pair_most_alike(self) -> None:
        """Pair what is left at one place where it has a class and anything else in common."""
        self._throughout(self._most_alike)

    def _most_alike(self, left: list[str], right: list[str]) -> Iterator[tuple[str, str]]:
        if len(left) * len(right) > _MOST_COMPARED:
            yield from zip(left, right, strict=False)
            return
        only = len(left) == len(right) == 1
        weighed = []
        for i, one in enumerate(left):
            here = self._said(self._before, one)
            for k, other in enumerate(right):
                there = self._said(self._after, other)
                common, kinds = here & there, {said for said in here ^ there if said[0] == TYPE}
                shared = sum(1 for predicate, _ in common if predicate != TYPE)
                if not kinds and (shared or only or one == other):
                    weighed.append((-shared, one != other, abs(i - k), i, k))
        used_left: set[int] = set()
        used_right: set[int] = set()
        for *_, i, k in sorted(weighed):
            if i not in used_left and k not in used_right:
                used_left.add(i)
                used_right.add(k)
                yield left[i], right[k]

    @staticmethod
    def _said(description: Description, part: str) -> set[tuple[str, str]]:
        row = description.by_subject[part]
        return {(predicate, value) for predicate, values in row.items() for value in values}

    def _throughout(
        self, choose: Callable[[list[str], list[str]], Iterable[tuple[str, str]]]
    ) -> None:
        """Pair what is free below the item and below each pair, then what nothing leads to."""
        queue = [(self._before.subject, self._after.subject)]
        seen: set[str] = set()
        while queue:
            one, other = queue.pop()
            if one in seen:
                continue
            seen.add(one)
            here, there = (
                self._before.by_subject.get(one, {}),
                self._after.by_subject.get(other, {}),
            )
            for predicate in here.keys() & there.keys():
                left, right = here[predicate], there[predicate]
                self._pair(choose(self._free(left), self._open(right)))
                queue.extend((part, self.pairs[part]) for part in left if part in self.pairs)
        self._pair(choose(self._free(self._before.parts), self._open(self._after.parts)))

    def _pair(self, found: Iterable[tuple[str, str]]) -> None:
        for one, other in list(found):
            self.pairs[one] = other
            self._taken.add(other)

    def _free(self, terms: Iterable[str]) -> list[str]:
        """Return the parts among terms of the earlier description that have no pair yet."""
        return _parts(terms, self._before, self.pairs)

    def _open(self, terms: Iterable[str]) -> list[str]:
        """Return the parts among terms of the later description that have no pair yet."""
        return _parts(terms, self._after, self._taken)


def _parts(terms: Iterable[str], description: Description, paired: Collection[str]) -> list[str]:
    known, item = description.by_subject, description.subject
    found = [term for term in terms if term in known and term != item and term not in paired]
    return sorted(found, key=_in_order)


def _in_order(part: str) -> tuple[str, int, str]:
    """Return a key by which `#n2` comes before `#n10`."""
    digits = re.search(r"([0-9]+)>\Z", part)
    return (part[: digits.start()], int(digits[1]), part) if digits else (part, 0, part)


def _is_numbered(part: str) -> bool:
    """Tell whether the reader named a part by its place in the text."""
    return _NUMBERED.search(part) is not None


# -- words


class Piece(NamedTuple):
    """Some words of two texts; `kind` is "same", "removed" or "added"."""

    kind: str
    text: str


_MOST_EDITS: Final = 400
"""Two texts that differ by more words than this are told apart as wholes."""

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


def words_between(before: str, after: str) -> tuple[Piece, ...]:
    """Return two texts as one, with the words that went and came in their places.

    The pieces that are not "added" make the earlier text, those not "removed" the later one. At
    most some 400 words are told apart in this way; then one text as a whole replaces the other.
    """
    left, right = _WORD.findall(before), _WORD.findall(after)
    start = _common(left, right)
    end = min(_common(left[::-1], right[::-1]), min(len(left), len(right)) - start)
    inside = _edits(left[start : len(left) - end], right[start : len(right) - end])
    tail = [Piece("same", word) for word in left[len(left) - end :]]
    pieces = [*(Piece("same", word) for word in left[:start]), *inside, *tail]
    return tuple(_joined(pieces))


def _common(left: list[str], right: list[str]) -> int:
    """Return how many words at the beginning are the same."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _edits(left: list[str], right: list[str]) -> list[Piece]:
    """Return a shortest way from one list to the other, by E. Myers' algorithm of 1986."""
    trace: list[dict[int, int]] = []
    reached = {1: 0}
    for distance in range(min(len(left) + len(right), _MOST_EDITS) + 1):
        trace.append(dict(reached))
        for diagonal in range(-distance, distance + 1, 2):
            x = _furthest(reached, diagonal, distance)
            y = x - diagonal
            while x < len(left) and y < len(right) and left[x] == right[y]:
                x, y = x + 1, y + 1
            reached[diagonal] = x
            if x >= len(left) and y >= len(right):
                return _walked_back(trace, left, right)
    return [*(Piece("removed", word) for word in left), *(Piece("added", word) for word in right)]


def _furthest(reached: Mapping[int, int], diagonal: int, distance: int) -> int:
    """Return where a diagonal is entered: by an insertion from above, or by a removal."""
    if _comes_from_above(reached, diagonal, distance):
        return reached[diagonal + 1]
    return reached[diagonal - 1] + 1


def _comes_from_above(reached: Mapping[int, int], diagonal: int, distance: int) -> bool:
    if diagonal == -distance:
        return True
    return diagonal != distance and reached[diagonal - 1] < reached[diagonal + 1]


def _walked_back(trace: list[dict[int, int]], left: list[str], right: list[str]) -> list[Piece]:
    pieces: list[Piece] = []
    x, y = len(left), len(right)
    for distance in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[distance], x - y
        above = _comes_from_above(reached, diagonal, distance)
        before = diagonal + 1 if above else diagonal - 1
        start = reached[before] if distance else 0
        while x > start and y > start - before and x > 0 and y > 0 and left[x - 1] == right[y - 1]:
            x, y = x - 1, y - 1
            pieces.append(Piece("same", left[x]))
        if distance and above:
            y -= 1
            pieces.append(Piece("added", right[y]))
        elif distance:
            x -= 1
            pieces.append(Piece("removed", left[x]))
    return pieces[::-1]


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Yield neighbours of one kind as one, and what went before what came in its place.

    A blank between two words that were replaced is replaced with them.
    """
    runs = [(is_same, list(run)) for is_same, run in groupby(pieces, _is_same)]
    went, came = "", ""
    for place, (is_same, run) in enumerate(runs):
        text = "".join(piece.text for piece in run)
        if is_same and not (text.isspace() and 0 < place < len(runs) - 1):
            yield from _replaced(went, came)
            yield Piece("same", text)
            went, came = "", ""
        else:
            went += "".join(piece.text for piece in run if piece.kind != "added")
            came += "".join(piece.text for piece in run if piece.kind != "removed")
    yield from _replaced(went, came)


def _is_same(piece: Piece) -> bool:
    return piece.kind == "same"


def _replaced(went: str, came: str) -> Iterator[Piece]:
    if went:
        yield Piece("removed", went)
    if came:
        yield Piece("added", came)
