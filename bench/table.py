"""How figures are taken and shown: medians over rounds, and ratios to a peer."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table.

    value   ours, in `unit`
    peer    the peer's, in the same unit, or None
    wanted  what it is to reach, in words
    good    whether it does
    """

    name: str
    value: float
    unit: str
    peer_name: str
    peer: float | None
    wanted: str
    good: bool

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return self.value / self.peer if self.peer else None


def median_seconds(act: Callable[[], object], *, rounds: int, warm: int = 3) -> float:
    """Return the median time of one call, after some that do not count."""
    for _ in range(warm):
        act()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print a table; every line says what was wanted and whether it is reached."""
    print(f"\n{title}")
    head = ("figure", "ours", "peer", "ratio", "wanted", "")
    rows = [
        (
            one.name,
            f"{one.value:,.2f} {one.unit}",
            f"{one.peer:,.2f} {one.peer_name}" if one.peer is not None else one.peer_name,
            f"{one.ratio:,.2f}" if one.ratio is not None else "",
            one.wanted,
            "reached" if one.good else "MISSED",
        )
        for one in figures
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
