"""Judging by several processes: in order, whatever dies or never ends."""

import os
import time
from collections.abc import Iterator

from catalog.cli.judging import Piece, one_by_one, side_by_side
from catalog.domain.errors import CatalogError

NAMES = [f"{number:03}" for number in range(100)]


def act(name: str) -> Iterator[Piece]:
    """Judge as a file of that name deserves."""
    if name == "dies":
        os._exit(3)
    if name == "hangs":
        time.sleep(60)
    if name == "raises":
        raise ValueError("unexpected")
    if name == "table":
        for row in range(500):
            yield Piece(f"row {row}", conforms=True)
        return
    yield Piece(name, conforms=True)


def refuse(name: str, fault: CatalogError) -> Piece:
    return Piece(f"{name}: {fault.detail}", conforms=False)


def told(names: list[str], jobs: int = 2, seconds: float = 30.0) -> list[str]:
    found = side_by_side(names, act, refuse, jobs, seconds)
    return [piece.text for _, pieces, _ in found for piece in pieces]


def test_what_several_say_comes_in_the_order_of_the_files() -> None:
    assert told(NAMES, jobs=3) == NAMES


def test_one_process_says_the_same_as_several() -> None:
    names = [*NAMES, "table"]
    alone = [piece.text for _, pieces, _ in one_by_one(names, act) for piece in pieces]
    assert told(names) == alone


def test_nothing_is_said_of_no_files() -> None:
    assert told([]) == []


def test_files_that_end_their_process_are_told_and_stop_no_other() -> None:
    names = [*NAMES[:30], "dies", *NAMES[30:60], "raises", "dies", *NAMES[60:]]
    found = told(names)
    assert [text.split(":")[0] for text in found] == names
    assert sum("ended the process" in text for text in found) == 3


def test_a_file_that_takes_for_ever_is_told_and_stops_no_other() -> None:
    names = [*NAMES[:10], "hangs", *NAMES[10:]]
    found = told(names, seconds=0.5)
    assert [text.split(":")[0] for text in found] == names
    assert sum("was stopped after 0.5 seconds" in text for text in found) == 1


def test_a_long_table_comes_bit_by_bit() -> None:
    found = list(side_by_side(["table"], act, refuse, 1, 30.0))
    assert [done for _, _, done in found][-1] is True
    assert sum(len(pieces) for _, pieces, _ in found) == 500
    assert all(number == 0 for number, _, _ in found)
