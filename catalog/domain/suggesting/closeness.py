"""How far two names are apart, and which of many are near one."""

from collections import Counter
from collections.abc import Iterable, Sequence

_FEW_LETTERS = 4
_MOST_MEASURED = 30
_ALIKE = 0.4
"""How much of two names must be shared, so that one may have been meant by the other."""


def distance(one: str, other: str) -> int:
    """Return how many typing errors lead from one name to another.

    An error is a letter too many, too few or wrong, or two neighbours swapped.

    >>> distance("pytorhc", "pytorch"), distance("onnx", "onxx")
    (1, 1)
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        earlier, before, row = before, row, [number]
        for place, wanted in enumerate(other, 1):
            steps = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != wanted))
            if number > 1 < place and letter == other[place - 2] and one[number - 2] == wanted:
                steps = min(steps, earlier[place - 2] + 1)
            row.append(steps)
    return row[-1]


class NearNames:
    """Names, each found by others that are nearly spelled like it."""

    def __init__(self, names: Iterable[str]) -> None:
        """Keep the names, each once."""
        self.names: Sequence[str] = tuple(dict.fromkeys(name for name in names if name))
        self._sizes = [len(_pieces(name)) for name in self.names]
        self._holding: dict[str, list[int]] = {}
        self._short: list[int] = []
        for number, name in enumerate(self.names):
            for piece in _pieces(name):
                self._holding.setdefault(piece, []).append(number)
            if len(name) <= _FEW_LETTERS + 1:
                self._short.append(number)

    def near(self, asked: str) -> list[tuple[str, tuple[int, float]]]:
        """Return the names near to one, the nearest first, each with what it was sorted by.

        One that takes at most two errors comes before all others; among these counts what is
        shared.
        """
        pieces = _pieces(asked)
        shared = Counter(number for piece in pieces for number in self._holding.get(piece, ()))
        alike = {
            number: 2 * count / (len(pieces) + self._sizes[number])
            for number, count in shared.items()
        }
        measured = sorted(alike, key=lambda number: (-alike[number], number))[:_MOST_MEASURED]
        if len(asked) <= _FEW_LETTERS:
            measured += [number for number in self._short if number not in alike]
        found = [
            (self.names[n], self._rank(asked, self.names[n], alike.get(n, 0))) for n in measured
        ]
        return sorted((one for one in found if one[1][1] <= 1 - _ALIKE), key=lambda one: one[1])

    def _rank(self, asked: str, name: str, alike: float) -> tuple[int, float]:
        longest = max(len(asked), len(name))
        errors = distance(asked[:_LONGEST], name[:_LONGEST])
        likeness = max(alike, 1 - errors / longest)
        return min(errors, 3), 1 - likeness


_LONGEST = 64
"""Of how many letters errors are counted; longer names are told apart by what they share."""


def _pieces(name: str) -> frozenset[str]:
    """Return every run of three letters, the beginning counting more than the end."""
    framed = f"\n\n{name[:200]}\n"
    return frozenset(framed[at : at + 3] for at in range(len(framed) - 2))
