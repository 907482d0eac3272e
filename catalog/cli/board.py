"""How far many files are: bars on a terminal, lines elsewhere, nothing with --json."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock
from typing import Any

from catalog.cli.output import Output, plain

_LINE_SECONDS = 10.0
_DRAW_SECONDS = 0.1


class Board:
    """What is shown of files on their way while the block runs; any thread may tell it.

    what   what goes on, in a word, with the name of a file that is the only one
    files  how many files there are, None where nobody knows yet
    total  how many bytes they have, likewise
    """

    def __init__(self, output: Output, what: str, files: int | None, total: int | None) -> None:
        self._output = output
        self._what = what
        self._files = files
        self._total = total
        self._lock = Lock()
        self._under_way: dict[object, int] = {}
        self._ended_files = 0
        self._ended_bytes = 0
        self._began = self._shown = time.monotonic()
        self._draw: Callable[[str, int], None] | None = None
        self._open = ExitStack()

    def __enter__(self) -> "Board":
        if sys.stderr.isatty() and not self._output.as_json:
            self._draw = self._bar()
        return self

    def __exit__(self, *_: object) -> None:
        self._draw = None
        self._open.close()

    def mover(self, key: object) -> Callable[[int], None]:
        """Return what is told how many bytes of one file have gone over."""

        def moved(done: int) -> None:
            with self._lock:
                self._under_way[key] = done
            self._show()

        return moved

    def ended(self, key: object, size_bytes: int) -> None:
        """Count a file as done, however it ended."""
        with self._lock:
            self._under_way.pop(key, None)
            self._ended_files += 1
            self._ended_bytes += size_bytes
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        with self._lock:
            every = _LINE_SECONDS if self._draw is None else _DRAW_SECONDS
            if self._output.as_json or now - self._shown < every:
                return
            self._shown = now
            done = self._ended_bytes + sum(self._under_way.values())
            files = f"{self._ended_files:,}"
        of = f" of {self._files:,}" if self._files is not None else ""
        counted = "" if self._files == 1 else f" {files}{of} files"
        if self._draw is not None:
            self._draw(f"{self._what}{counted}", done)
        else:
            self._output.say(f"{self._what}{counted}, {self._in_words(done, now)}")

    def _in_words(self, done: int, now: float) -> str:
        rate = done / max(now - self._began, 0.001)
        if self._total is None:
            return f"{in_bytes(done)}, {in_bytes(rate)}/s"
        left = f", {(self._total - done) / rate:,.0f} s left" if rate else ""
        return f"{in_bytes(done)} of {in_bytes(self._total)}, {in_bytes(rate)}/s{left}"

    def _bar(self) -> Callable[[str, int], None]:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        console: Any = Console(stderr=True)
        # What goes into a pipe stays out of the bars; what goes to the terminal stands above them.
        beside = sys.stdout.isatty()
        bars = self._open.enter_context(
            Progress(*columns, console=console, transient=True, redirect_stdout=beside)
        )
        task = bars.add_task(plain(self._what), total=self._total)

        def draw(text: str, done: int) -> None:
            bars.update(task, description=plain(text), completed=done)

        return draw


def in_bytes(count: float) -> str:
    """Return a number of bytes as people say it.

    >>> in_bytes(999), in_bytes(1_530_000), in_bytes(2.0 * 10**12)
    ('999 B', '1.5 MB', '2.0 TB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
