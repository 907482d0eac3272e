"""Asking a SPARQL query of strangers: guarded by its text, evaluated in a jail, answered whole."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from catalog.domain.errors import OverLimit
from catalog.domain.sparql import guard
from catalog.domain.sparql_reader import GRAPHS
from catalog.jail.pool import Pool
from catalog.ports import Answer

MAX_ROWS = 10_000
MAX_BYTES = 10_000_000


class JailedQueries:
    """Evaluates queries over a checkpoint of the store in the workers of `pool` (kind "query")."""

    def __init__(self, pool: Pool, *, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> None:
        self._pool = pool
        self._max_rows = max_rows
        self._max_bytes = max_bytes

    def query(
        self,
        query: str,
        *,
        checkpoint: Path,
        formats: Mapping[str, str],
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        base: str | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Return the complete answer.

        checkpoint      folder that `Store.backup` made and nobody writes to; a worker opens
                        another one when the name changes, so each needs a name of its own
        formats         media type for each of "select", "ask" and "graph"; one left out is refused
        default_graphs, named_graphs
                        IRIs of the protocol's parameters; they replace the query's FROM. With
                        neither, the query's FROM counts, and without one the default graph is
                        the union of all graphs
        seconds         until the query is stopped

        Raises Unreadable for what is no query or is not allowed (`guard`), NotOffered for a form
        that the query's kind does not have, OverLimit, Busy, and Unavailable when the checkpoint
        is gone.
        """
        guard(query)
        if len(default_graphs or ()) + len(named_graphs or ()) > GRAPHS:
            raise OverLimit(f"At most {GRAPHS} graphs can be chosen.", limit="graphs", most=GRAPHS)
        said, content = self._pool.run(
            "query",
            {
                "checkpoint": str(checkpoint),
                "query": query,
                "base": base,
                "formats": dict(formats),
                "default_graphs": None if default_graphs is None else list(default_graphs),
                "named_graphs": None if named_graphs is None else list(named_graphs),
                "max_rows": self._max_rows,
                "max_bytes": self._max_bytes,
            },
            seconds=seconds,
        )
        return Answer(said["kind"], said["rows"], said["media_type"], content)
