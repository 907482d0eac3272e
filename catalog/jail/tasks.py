"""Which tasks each kind of worker knows; each function loads what its tasks need and names them.

A worker calls one of these before it locks itself in: what is imported or read from disk here is
there afterwards, and nothing else has to be.
"""

from pathlib import Path

from catalog.jail.worker import Task


def query() -> dict[str, Task]:
    """SPARQL over a checkpoint of the store: see `catalog.jail.evaluation`."""
    from catalog.jail.evaluation import evaluate

    return {"query": evaluate}


def judge(folder: Path | None = None) -> dict[str, Task]:
    """Reading and judging descriptions: see `catalog.jail.judgement`.

    folder  holds the `vocab/` and `shapes/` to judge by; by default those that are installed
    """
    from catalog.jail.judgement import judging_many_with, judging_with
    from catalog.library import Library, library

    known = (
        library() if folder is None else Library.of_directory(folder / "vocab", folder / "shapes")
    )
    known.warm()
    return {"judge": judging_with(known), "judge-many": judging_many_with(known)}
