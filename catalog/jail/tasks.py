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
    """Reading and judging of descriptions: see `catalog.jail.judging`."""
    from catalog.jail.judging import judge_request
    from catalog.library import library

    library()
    return {"judge": judge_request}
