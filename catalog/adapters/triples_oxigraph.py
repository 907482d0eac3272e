"""The public graph on disk, held for writing: Oxigraph, whose checkpoints readers open.

    DATA/graph/lock       held by the one process that writes
    DATA/graph/live-*/    the store that is written; made anew from the checkpoint at each opening
    DATA/graph/ballast    bytes to give up when the disk is full
    DATA/graph/current, DATA/graph/checkpoints/    see `catalog.adapters.checkpoints`

The checkpoint is what lasts: the engine syncs it to the disk before it has its name, and the live
store is never trusted across a failure. Decision pages 010 to 012 say why.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from catalog.adapters.checkpoints import (
    CHECKPOINTS,
    ENGINE_FAULTS,
    LEASE,
    POINTER,
    lease,
    pointer_of,
)
from catalog.domain.errors import CatalogError, NoSpace, Unavailable, Unreadable
from catalog.ports import Shown

BALLAST_BYTES = 16 << 20
"""What an opening store may need when the disk is full; given up then, so that it can open."""

_ROOM_FOR_BALLAST = 4 * BALLAST_BYTES
_FULL = re.compile(r"no space left|disk quota|enospc|edquot", re.IGNORECASE)
_UNFINISHED = ".tmp"  # the engine writes a checkpoint under this ending, then renames it


class OxigraphTriples:
    """The TripleStore on disk. One process at a time, one thread.

    folder        `DATA/graph`; made if absent
    keep_seconds  how long a checkpoint stays after another took its place, even if nobody holds
                  a lease on it; where leases do not hold, longer than any query may take

    Raises Unavailable where another process holds it.
    """

    def __init__(self, folder: Path, *, keep_seconds: float) -> None:
        self._folder = folder
        self._checkpoints = folder / CHECKPOINTS
        self._keep_seconds = keep_seconds
        self._live: ox.Store | None = None
        self._live_folder: Path | None = None
        with _told():
            self._checkpoints.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(folder / "lock")
            self._remove_unfinished()
        self._shown = pointer_of(folder)
        due = time.monotonic() + keep_seconds
        self._superseded = [(due, path) for path in self._others()]

    def shown(self) -> Shown | None:
        """Return what readers see, once it has been opened; None where a rebuild is needed."""
        try:
            self._writable()
        except NoSpace:
            raise
        except CatalogError:
            return None
        return self._shown

    def show(self, graphs: Mapping[str, str | None]) -> Shown:
        """Make each named graph equal to its N-Triples, or absent, and show that."""
        parsed = {name: _quads(name, text or "") for name, text in graphs.items()}
        with self._or_begin_anew():
            live, shown = self._writable(), self._shown
            assert shown is not None
            for name in parsed:
                live.remove_graph(ox.NamedNode(name))
            live.extend(quad for quads in parsed.values() for quad in quads)
            return self._show(live, shown.recipe)

    def rebuild(
        self,
        graphs: Iterable[tuple[str, str]],
        recipe: str,
        refused: Callable[[str, str], None],
    ) -> Shown:
        """Show just `graphs`, in a new store that holds nothing of the old one."""
        self.close_store()
        with self._or_begin_anew():
            live = self._new_live(None)
            live.bulk_extend(_every_quad(graphs, refused))
            return self._show(live, recipe)

    def tidy(self) -> None:
        """Remove checkpoints that nobody can be reading, stores of the past, and refill ballast."""
        now = time.monotonic()
        kept = []
        for due, path in self._superseded:
            if due > now or not _removed(path):
                kept.append((due, path))
        self._superseded = kept
        for folder in self._folder.glob("live-*"):
            if folder != self._live_folder:
                shutil.rmtree(folder, ignore_errors=True)
        self._fill_ballast()

    def close_store(self) -> None:
        """Let go of the store that is written; the next call makes it anew from what is shown."""
        self._live = None
        self._live_folder = None

    def close(self) -> None:
        """Let go of the graph: another process may hold it then."""
        self.close_store()
        for folder in self._folder.glob("live-*"):
            shutil.rmtree(folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def _or_begin_anew(self) -> Iterator[None]:
        """Distrust the live store after any failure: half of what was asked may be in it."""
        try:
            with _told():
                yield
        except BaseException:
            self.close_store()
            self._shown = pointer_of(self._folder)
            raise

    def _writable(self) -> ox.Store:
        """Return the live store, a fresh copy of what is shown where there is none yet.

        Whatever a crash, a power cut or a full disk left in an older one is gone with it.
        """
        if self._live is not None:
            return self._live
        if self._shown is None:
            raise Unavailable("There is no graph yet; it has to be built.")
        source = self._checkpoints / self._shown.name
        with _told():
            return self._new_live(source)

    def _new_live(self, source: Path | None) -> ox.Store:
        """Open a new live store, a copy of `source` or empty.

        Where the disk is full it gets the room of the ballast.
        """
        for folder in self._folder.glob("live-*"):
            shutil.rmtree(folder, ignore_errors=True)
        try:
            live, folder = self._prepared(source)
        except ENGINE_FAULTS as fault:
            if not (_is_full(fault) and self._give_up_ballast()):
                raise
            live, folder = self._prepared(source)
        self._live, self._live_folder = live, folder
        return live

    def _prepared(self, source: Path | None) -> tuple[ox.Store, Path]:
        folder = self._folder / f"live-{secrets.token_hex(4)}"
        if source is not None:
            ox.Store.read_only(str(source)).backup(str(folder))
        return ox.Store(str(folder)), folder

    def _show(self, live: ox.Store, recipe: str) -> Shown:
        before = self._shown
        shown = Shown(_next_name(before), before.name if before else None, recipe)
        path = self._checkpoints / shown.name
        live.backup(str(path))
        _sync_folder(self._checkpoints)
        self._point_at(shown)
        self._shown = shown
        if before is not None:
            due = time.monotonic() + self._keep_seconds
            self._superseded.append((due, self._checkpoints / before.name))
        return shown

    def _point_at(self, shown: Shown) -> None:
        said = {
            "checkpoint": f"{CHECKPOINTS}/{shown.name}",
            "previous": shown.previous,
            "recipe": shown.recipe,
        }
        draft = self._folder / f"{POINTER}.new"
        with draft.open("w") as file:
            json.dump(said, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / POINTER)
        _sync_folder(self._folder)

    def _others(self) -> Iterator[Path]:
        """Go through the checkpoints that are not current; readers may still have them open."""
        current = self._shown.name if self._shown else None
        for path in sorted(self._checkpoints.iterdir()):
            if path.is_dir() and path.name != current:
                yield path

    def _remove_unfinished(self) -> None:
        for folder in (*self._checkpoints.glob(f"*{_UNFINISHED}"), *self._folder.glob("live-*")):
            shutil.rmtree(folder, ignore_errors=True)

    def _give_up_ballast(self) -> bool:
        try:
            (self._folder / "ballast").unlink()
        except FileNotFoundError:
            return False
        return True

    def _fill_ballast(self) -> None:
        path = self._folder / "ballast"
        if path.exists() or shutil.disk_usage(self._folder).free < _ROOM_FOR_BALLAST:
            return
        try:
            # Random, because some file systems give zeros no room at all.
            path.write_bytes(secrets.token_bytes(BALLAST_BYTES))
        except OSError:
            path.unlink(missing_ok=True)


def _next_name(before: Shown | None) -> str:
    """Return a name that sorts behind `before` and that no other history of the graph can have."""
    number = int(before.name.partition("-")[0]) + 1 if before else 1
    return f"{number:08d}-{secrets.token_hex(4)}"


def _quads(name: str, ntriples: str) -> list[ox.Quad]:
    """Return the statements as quads of a graph: terms as objects, never as text."""
    graph = ox.NamedNode(name)
    try:
        return [
            ox.Quad(triple.subject, triple.predicate, triple.object, graph)
            for triple in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)
        ]
    except (SyntaxError, ValueError) as fault:
        raise Unreadable(f"<{name}> is no N-Triples: {fault}", graph=name) from fault


def _every_quad(
    graphs: Iterable[tuple[str, str]], refused: Callable[[str, str], None]
) -> Iterator[ox.Quad]:
    for name, ntriples in graphs:
        try:
            yield from _quads(name, ntriples)
        except Unreadable as fault:
            refused(name, fault.detail)


def _removed(path: Path) -> bool:
    """Remove a checkpoint unless somebody reads it under a lease; tell whether it is gone."""
    try:
        with lease(path, exclusive=True):
            shutil.rmtree(path, ignore_errors=True)
            path.with_name(path.name + LEASE).unlink(missing_ok=True)
    except OSError:
        return False
    return not path.exists()


def _locked(path: Path) -> int | None:
    if sys.platform == "win32":  # there the engine's own lock on the live store has to do
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unavailable("Another process holds the graph for writing.") from None
    return descriptor


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_full(fault: Exception) -> bool:
    return _FULL.search(str(fault)) is not None


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ENGINE_FAULTS as fault:
        if _is_full(fault):
            raise NoSpace("The disk of the graph is full; what readers see stays.") from fault
        raise Unavailable(f"The graph cannot be written: {fault}.") from fault
