"""How much a jailed worker may use before it is stopped."""

from dataclasses import asdict, dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker may use, and what one answer of it may weigh.

    memory_bytes  address space of the worker, its libraries included; elsewhere than Linux the
                  memory it really holds, looked at while it works
    cpu_seconds   processor time of one task over all threads; a second wall behind the deadline
    answer_bytes  the largest answer that is taken from a worker
    open_files    files and folders that the worker may hold open at once
    lifetime      tasks after which a worker is replaced, so that nothing can pile up in it
    """

    memory_bytes: int = 1024 * MEBIBYTE
    cpu_seconds: int = 60
    answer_bytes: int = 64 * MEBIBYTE
    open_files: int = 1024
    lifetime: int = 20_000

    def to_dict(self) -> dict[str, int]:
        """Return the limits as JSON for the worker's order."""
        return asdict(self)


QUERY = Limits()
"""For SPARQL: an ORDER BY may use a gibibyte."""

JUDGE = Limits(memory_bytes=512 * MEBIBYTE, cpu_seconds=20)
"""For reading and validating one description of at most a mebibyte."""
