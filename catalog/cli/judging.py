"""Judging what is in files, one after the other or by several processes at a time.

A process that judges may die or take for ever on a file: that file is told as one that could not
be judged, and the others are judged all the same.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from catalog.domain.errors import CatalogError, OverLimit

Pieces = list["Piece"]
Act = Callable[[str], Iterable["Piece"]]
"""Judges the file of a name, and tells of it in pieces."""
Refuse = Callable[[str, CatalogError], "Piece"]
"""Makes the piece of a file that could not be judged."""

Told = tuple[int, Pieces, bool]
"""The number of a file, what there is to print of it, and whether that is all."""

MOST_SECONDS = 60.0
"""How long one file may take before the process that judges it is ended."""

_A_BATCH = 8
"""How many files a process is given, and answers, at once; it never waits for the next ones."""
_MOST_AHEAD = 500
"""How far one process may be ahead of another, in files."""
_A_MESSAGE = 50
"""How many pieces of one file, such as the rows of a table, are sent at a time."""

_YOUNG_OBJECTS = 20_000
"""Next to nothing of a judgement goes round in circles, so looking for circles can wait."""
_LOOK_AROUND_SECONDS = 5.0


class Piece(NamedTuple):
    """What is printed of one source, and what it adds to the whole.

    rules  the ids of the rules that it speaks of, where the form lists them
    """

    text: str
    conforms: bool
    rules: tuple[str, ...] = ()


def one_by_one(names: Iterable[str], act: Act) -> Iterator[Told]:
    """Yield what there is to tell of each file as this process judges it."""
    for number, name in enumerate(names):
        for pieces, done in _messages(act(name)):
            yield number, pieces, done


def side_by_side(
    names: Iterable[str],
    act: Act,
    refuse: Refuse,
    jobs: int,
    seconds: float = MOST_SECONDS,
) -> Iterator[Told]:
    """Return the same in the same order, judged by `jobs` processes.

    refuse   makes the piece of a file that could not be judged
    seconds  for one file
    """
    # They are started before anything else is, such as the thread of a progress bar.
    return _told(_Crew(act, refuse, jobs, seconds), names)


def _told(crew: "_Crew", names: Iterable[str]) -> Iterator[Told]:
    try:
        yield from crew.judge(names)
    finally:
        crew.close()


def _messages(pieces: Iterable[Piece]) -> Iterator[tuple[Pieces, bool]]:
    gathered: Pieces = []
    for piece in pieces:
        if len(gathered) == _A_MESSAGE:
            yield gathered, False
            gathered = []
        gathered.append(piece)
    yield gathered, True


class _Task(NamedTuple):
    """One file; `alone` where the process that had it with others died, of whichever of them."""

    number: int
    name: str
    alone: bool = False


class _Crew:
    """Processes that judge, and what of their answers is not told yet."""

    def __init__(self, act: Act, refuse: Refuse, jobs: int, seconds: float) -> None:
        self._act = act
        self._refuse = refuse
        self._seconds = seconds
        self._workers = [_Worker(act) for _ in range(jobs)]
        self._told: dict[int, Pieces] = {}
        self._done: set[int] = set()
        self._again: deque[_Task] = deque()
        self._next = self._newest = 0

    def judge(self, names: Iterable[str]) -> Iterator[Told]:
        """Yield what there is to tell, in the order of the files."""
        tasks = (_Task(number, name) for number, name in enumerate(names))
        while self._hand_out(tasks):
            self._listen()
            yield from self._in_order()

    def close(self) -> None:
        """End every process."""
        for worker in self._workers:
            worker.close()

    def _hand_out(self, tasks: Iterator[_Task]) -> bool:
        """Give files to whoever has few left; return whether anybody has something to do."""
        for worker in self._workers:
            if len(worker.given) <= _A_BATCH:
                worker.give(self._batch(tasks))
        return any(worker.given for worker in self._workers)

    def _batch(self, tasks: Iterator[_Task]) -> list[_Task]:
        if self._again:
            return [self._again.popleft()]
        # What is far ahead of the next to be told waits, so that little is held.
        if self._newest - self._next > _MOST_AHEAD:
            return []
        batch = list(islice(tasks, _A_BATCH))
        self._newest += len(batch)
        return batch

    def _listen(self) -> None:
        """Take what the processes have to say, and see to those that say nothing any more."""
        for opened in wait([worker.pipe for worker in self._workers], timeout=1.0):
            worker = next(one for one in self._workers if one.pipe is opened)
            try:
                said: list[Told] = worker.pipe.recv()
            except (EOFError, OSError):
                self._replace(worker, "Judging this ended the process that did it.")
                continue
            for told in said:
                self._hear(told)
                worker.heard(told)
        for worker in list(self._workers):
            if worker.given and time.monotonic() - worker.since > self._seconds:
                self._replace(worker, f"Judging this was stopped after {self._seconds:g} seconds.")

    def _hear(self, told: Told) -> None:
        number, pieces, done = told
        self._told.setdefault(number, []).extend(pieces)
        if done:
            self._done.add(number)

    def _replace(self, worker: "_Worker", sentence: str) -> None:
        """Put another in the place of one that is lost, and have its files judged again."""
        worker.close()
        self._workers[self._workers.index(worker)] = _Worker(self._act)
        unfinished = deque(worker.given)
        if unfinished and (len(unfinished) == 1 or worker.is_blamed(unfinished[0])):
            number, name, _ = unfinished.popleft()
            piece = self._refuse(name, OverLimit(sentence, limit="complexity"))
            self._hear((number, [piece], True))
        self._again.extend(one._replace(alone=True) for one in unfinished)

    def _in_order(self) -> Iterator[Told]:
        while self._next in self._told:
            number, done = self._next, self._next in self._done
            yield number, self._told.pop(number), done
            if not done:
                return
            self._done.remove(number)
            self._next += 1


class _Worker:
    """One process that judges.

    given  the files that it has and has not finished, in order
    since  when it was last heard of, or given something after it had nothing
    """

    def __init__(self, act: Act) -> None:
        # A copy of this process has the library already; elsewhere than on Linux copies of a
        # process are not to be relied on.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.pipe, theirs = context.Pipe()
        self.given: deque[_Task] = deque()
        self.since = time.monotonic()
        self._partly: int | None = None
        self._process = context.Process(target=_work, args=(act, theirs, self.pipe), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, tasks: list[_Task]) -> None:
        """Hand it files to judge after those that it has."""
        if not tasks:
            return
        if not self.given:
            self.since = time.monotonic()
        self.given.extend(tasks)
        with contextlib.suppress(OSError):  # it has died, which is noticed when it is listened to
            self.pipe.send(tasks)

    def heard(self, told: Told) -> None:
        """Note what it has finished."""
        number, _, done = told
        self.since = time.monotonic()
        self._partly = None if done else number
        if done:
            self.given.popleft()

    def is_blamed(self, task: _Task) -> bool:
        """Tell whether a file has ended it, as far as can be known."""
        return task.alone or task.number == self._partly

    def close(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _work(act: Act, pipe: Connection, theirs: Connection) -> None:
    """Judge what comes until nothing more does."""
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    theirs.close()
    # What was read before never goes away, and need not be looked over again and again.
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    parent = os.getppid()
    # Whatever else goes wrong ends this process, of which the first one tells in a sentence.
    with contextlib.suppress(Exception):
        while True:
            while not pipe.poll(_LOOK_AROUND_SECONDS):
                # Its siblings hold the pipe too, so that its end does not tell of the parent's.
                if os.getppid() != parent:
                    return
            said: list[Told] = []
            for task in pipe.recv():
                for pieces, done in _messages(act(task.name)):
                    said.append((task.number, pieces, done))
                    if not done:
                        pipe.send(said)
                        said = []
            pipe.send(said)
