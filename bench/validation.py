"""How fast one description is read and judged, beside pyshacl on the same shapes and slice."""

import statistics
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pyshacl
import rdflib

from bench.table import Figure, median_seconds
from catalog.domain.description import Description
from catalog.domain.identifiers import item_iri
from catalog.domain.schemes import slice_of
from catalog.domain.validation import Judgement, judge
from catalog.jail.judging import JailedJudge
from catalog.jail.limits import JUDGE
from catalog.jail.pool import Pool
from catalog.library import library

_ITEM = item_iri("0000000000")
_TURTLE = "text/turtle"


def sample(name: str = "unet-cloud-cover") -> bytes:
    """Return the Turtle of a real item."""
    return files("catalog.samples").joinpath(f"{name}.ttl").read_bytes()


_EXAMPLES = Path(__file__).parents[1] / "tests/shapes/valid"
_ITEMS = (
    "label-set-pixel-masks",
    "training-data-labelled",
    "model-rich-runtime",
    "unet-cloud-cover",
)
_ROUNDS = 15
_OURS_A_ROUND = 20


def example(name: str = _ITEMS[0]) -> bytes:
    """Return the Turtle of a made-up item without findings."""
    return (_EXAMPLES / f"{name}.ttl").read_bytes()


def figures() -> list[Figure]:
    """Measure descriptions one a call: in process, through the jail, and by pyshacl, in turns.

    The first three have no findings, as one that conforms has none; the last, a real item, has
    some, so that places in the text are looked for as well.
    """
    pool = Pool("judge", 1, limits=JUDGE)
    try:
        return [line for name in _ITEMS for line in _lines(name, JailedJudge(pool, seconds=5))]
    finally:
        pool.close()


def _lines(name: str, jailed: JailedJudge) -> list[Figure]:
    knowledge = library()
    source = sample(name) if name == _ITEMS[-1] else example(name)
    judged = judge(source, _TURTLE, item=_ITEM, library=knowledge)
    by_pyshacl = oracle(source, judged)
    acts = {
        "in the worker": lambda: judge(source, _TURTLE, item=_ITEM, library=knowledge),
        "through the jail": lambda: jailed.judge(source, _TURTLE, item=_ITEM),
    }
    for act in acts.values():
        median_seconds(act, rounds=30)
    peers, taken = [], {where: [] for where in acts}  # type: ignore[var-annotated]
    for _ in range(_ROUNDS):
        peers.append(median_seconds(by_pyshacl, rounds=1, warm=0))
        for where, act in acts.items():
            taken[where].append(median_seconds(act, rounds=_OURS_A_ROUND, warm=2))
    size = judged.ntriples.count("\n")
    found = len(judged.report.findings)
    peer = statistics.median(peers)
    return [
        Figure(
            f"{judged.type}, {size} triples, {found} findings, {where}",
            1 / statistics.median(taken[where]),
            "items/s",
            "pyshacl",
            1 / peer,
            f"at least {times} x",
            peer / statistics.median(taken[where]) >= times,
        )
        for where, times in (("in the worker", 80), ("through the jail", 60))
    ]


def oracle(source: bytes, judged: Judgement) -> Callable[[], None]:
    """Return what reads and judges the same description by rdflib and pyshacl."""
    knowledge = library()
    roots = knowledge.shapes.every_root(judged.type or "")
    shapes = rdflib.Graph().parse(data=knowledge.shapes.compiled_from(roots), format="turtle")
    description = Description(_ITEM, judged.ntriples)
    cited = "".join(f"{s} {p} {o} .\n" for s, p, o in slice_of(knowledge.vocabularies, description))

    def by_pyshacl() -> None:
        graph = rdflib.Graph().parse(data=source, format="turtle", publicID=_ITEM)
        graph.parse(data=cited, format="nt")
        pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)

    by_pyshacl()
    return by_pyshacl
