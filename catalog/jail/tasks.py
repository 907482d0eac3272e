"""Which tasks each kind of worker knows; each function loads what its tasks need and names them.

A worker calls one of these before it locks itself in: what is imported or read from disk here is
there afterwards, and nothing else has to be.
"""

from catalog.jail.worker import Task


def query() -> dict[str, Task]:
    """SPARQL over a checkpoint of the store: see `catalog.jail.evaluation`."""
    from catalog.jail.evaluation import evaluate

    return {"query": evaluate}


def judge() -> dict[str, Task]:
    """Reading and judging a description: see `catalog.jail.judgement`."""
    from catalog.jail.judgement import judging_with
    from catalog.library import library

    return {"judge": judging_with(library())}
