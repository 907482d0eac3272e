"""Doing the same for many things, several at a time, drawn from their source one by one."""

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Done(Generic[Job, Result]):
    """A thing with what became of it; `result` raises where that was a failure."""

    def __init__(self, job: Job, result: Result | None, fault: Exception | None) -> None:
        self.job = job
        self.fault = fault
        self._result = result

    def result(self) -> Result:
        """Return what `act` returned, or raise what it raised."""
        if self.fault is not None:
            raise self.fault
        return self._result  # type: ignore[return-value]


def in_parallel(
    act: Callable[[Job], Result], jobs: Iterable[Job], *, threads: int, stop: Event
) -> Iterator[Done[Job, Result]]:
    """Yield each of `jobs` as it is done, in the order of their ends.

    stop  set when the generator is closed or fails, so that what is under way can end; set from
          outside, nothing more begins

    Raises what `jobs` itself raises. The threads are daemons: whoever interrupts a program waits
    for no server.
    """
    source = _Source(jobs)
    ended: SimpleQueue[Done[Job, Result] | BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            while not stop.is_set() and (drawn := source.draw()):
                ended.put(_done(act, drawn[0]))
        except BaseException as fault:  # noqa: BLE001 - raised again where the results are read
            ended.put(fault)
        ended.put(None)

    for _ in range(threads):
        Thread(target=work, daemon=True).start()
    running = threads
    try:
        while running:
            found = ended.get()
            if found is None:
                running -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found
    finally:
        if running:
            stop.set()


def _done(act: Callable[[Job], Result], job: Job) -> Done[Job, Result]:
    try:
        return Done(job, act(job), None)
    except Exception as fault:  # noqa: BLE001 - told beside the others, by whoever asked for it
        return Done(job, None, fault)


class _Source(Generic[Job]):
    """An iterator that several threads draw from."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._lock = Lock()

    def draw(self) -> tuple[Job] | None:
        """Return the next thing, in a tuple since it may be anything; None at the end."""
        with self._lock:
            for job in self._jobs:
                return (job,)
            return None


class LinkedEvent(Event):
    """An event that counts as set, too, where another one is."""

    def __init__(self, other: Event | None) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Tell whether one of the two is set."""
        return super().is_set() or (self._other is not None and self._other.is_set())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until one of the two is set, or so many seconds; tell whether one is."""
        ends = None if timeout is None else monotonic() + timeout
        while not self.is_set():
            left = _LOOK_SECONDS if ends is None else min(_LOOK_SECONDS, ends - monotonic())
            if left <= 0:
                return False
            super().wait(left)
        return True


_LOOK_SECONDS = 0.2
