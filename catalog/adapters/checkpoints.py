"""Where the newest checkpoint of the public graph lies, and what it holds: the readers' side.

    DATA/graph/current                names the checkpoint to read; replaced, never changed
    DATA/graph/checkpoints/{name}/    a store that nobody writes any more

Who reads a checkpoint holds a lease on it, a shared lock on a file beside it; once it is no longer
current and nobody holds one, the writer removes it.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from catalog.domain.errors import Unavailable
from catalog.ports import Shown

POINTER = "current"
CHECKPOINTS = "checkpoints"
LEASE = ".lease"

LEASES_HOLD = sys.platform != "win32"
"""Whether the system has the locks; where not, only the time protects what is being read."""

ENGINE_FAULTS = (OSError, RuntimeError)
"""What pyoxigraph raises where files fail it: RuntimeError for what it takes for corruption."""


class Checkpoints:
    """What readers see of the public graph. Safe for many threads and processes.

    folder  the graph's folder, `DATA/graph`; it may not exist yet
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / POINTER
        self._known: tuple[tuple[int, int, int], Shown] | None = None

    def shown(self) -> Shown | None:
        """Return what is shown now, or None where no graph was ever built. Costs one `stat`."""
        try:
            status = self._pointer.stat()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise _unreadable(fault) from fault
        mark = (status.st_mtime_ns, status.st_ino, status.st_size)
        known = self._known
        if known is None or known[0] != mark:
            found = pointer_of(self._folder)
            if found is None:
                return None
            self._known = known = (mark, found)
        return known[1]

    def path(self) -> Path:
        """Return the folder of the newest checkpoint, for whoever needs no lease.

        Raises Unavailable where there is none.
        """
        return self._path_of(self._expected())

    @contextlib.contextmanager
    def leased(self) -> Iterator[Path]:
        """Return the folder of the newest checkpoint, which nobody removes before the block ends.

        Raises Unavailable where there is none. Costs some microseconds.
        """
        with self._leased() as shown:
            yield self._path_of(shown)

    @contextlib.contextmanager
    def opened(self) -> Iterator["Checkpoint"]:
        """Open the newest checkpoint, which nobody removes before the block ends.

        Raises Unavailable where there is none or it cannot be read.
        """
        with self._leased() as shown:
            yield Checkpoint(shown, _opened(self._path_of(shown)))

    @contextlib.contextmanager
    def _leased(self) -> Iterator[Shown]:
        while True:
            shown = self._expected()
            with lease(self._path_of(shown)):
                if self._path_of(shown).is_dir():
                    yield shown
                    return
            if self._expected() == shown:
                raise Unavailable("The newest checkpoint of the graph is gone; it is built again.")

    def _expected(self) -> Shown:
        shown = self.shown()
        if shown is None:
            raise Unavailable("The graph is being built; try again in a moment.")
        return shown

    def _path_of(self, shown: Shown) -> Path:
        return self._folder / CHECKPOINTS / shown.name


class Checkpoint:
    """One state of the public graph, opened for reading."""

    def __init__(self, shown: Shown, store: ox.Store) -> None:
        self.shown = shown
        self._store = store

    def names(self) -> Iterator[str]:
        """Go through the names of all graphs, in no promised order."""
        with _told():
            for graph in self._store.named_graphs():
                if isinstance(graph, ox.NamedNode):
                    yield graph.value

    def digest_of(self, name: str) -> str | None:
        """Return the digest of a graph, None where there is none of that name."""
        with _told():
            graph = ox.NamedNode(name)
            if not self._store.contains_named_graph(graph):
                return None
            return _digest(self._store, graph)

    def digest(self, ntriples: str) -> str:
        """Return the digest that a graph saying just this has here.

        The store writes literals its own way ("007" becomes "7"), so what is expected goes
        through the same store before it is compared.
        """
        store, graph = ox.Store(), ox.NamedNode("urn:expected")
        store.extend(
            ox.Quad(triple.subject, triple.predicate, triple.object, graph)
            for triple in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)
        )
        return _digest(store, graph)


def pointer_of(folder: Path) -> Shown | None:
    """Return what the pointer in a graph's folder names; None without one that can be read."""
    try:
        said = json.loads((folder / POINTER).read_text())
        name = str(said["checkpoint"]).removeprefix(f"{CHECKPOINTS}/")
        return Shown(name, said["previous"], str(said["recipe"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def lease(checkpoint: Path, *, exclusive: bool = False) -> Iterator[None]:
    """Keep a checkpoint from being removed, or, `exclusive`, make sure that nobody does.

    Raises BlockingIOError where an exclusive lease is not to be had.
    """
    path = checkpoint.with_name(checkpoint.name + LEASE)
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _digest(store: ox.Store, graph: ox.NamedNode) -> str:
    body = store.dump(None, format=ox.RdfFormat.N_TRIPLES, from_graph=graph) or b""
    return hashlib.sha256(b"\n".join(sorted(body.split(b"\n")))).hexdigest()


def _opened(path: Path) -> ox.Store:
    with _told():
        return ox.Store.read_only(str(path))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ENGINE_FAULTS as fault:
        raise _unreadable(fault) from fault


def _unreadable(fault: Exception) -> Unavailable:
    return Unavailable(f"The graph cannot be read: {fault}.")
