"""How fast one description is read and judged, beside pyshacl on the same shapes and slice."""

from importlib.resources import files

import pyshacl
import rdflib

from bench.table import Figure, median_seconds
from catalog.domain.description import Description
from catalog.domain.identifiers import item_iri
from catalog.domain.schemes import slice_of
from catalog.domain.validation import judge
from catalog.jail.judging import JailedJudge
from catalog.jail.limits import JUDGE
from catalog.jail.pool import Pool
from catalog.library import library

_ITEM = item_iri("0000000000")
_TURTLE = "text/turtle"


def sample(name: str = "unet-cloud-cover") -> bytes:
    """Return the Turtle of a real item."""
    return files("catalog.samples").joinpath(f"{name}.ttl").read_bytes()


def figures() -> list[Figure]:
    """Measure one item a call: in process, through the jail, and by pyshacl."""
    knowledge, source = library(), sample()
    judged = judge(source, _TURTLE, item=_ITEM, library=knowledge)
    roots = knowledge.shapes.every_root(judged.type or "")
    shapes = rdflib.Graph().parse(data=knowledge.shapes.compiled_from(roots), format="turtle")
    description = Description(_ITEM, judged.ntriples)
    cited = "".join(f"{s} {p} {o} .\n" for s, p, o in slice_of(knowledge.vocabularies, description))

    def by_pyshacl() -> None:
        graph = rdflib.Graph().parse(data=source, format="turtle", publicID=_ITEM)
        graph.parse(data=cited, format="nt")
        pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)

    pool = Pool("judge", 1, limits=JUDGE)
    jailed = JailedJudge(pool, seconds=5)
    try:
        peer = median_seconds(by_pyshacl, rounds=15)
        ours = median_seconds(
            lambda: judge(source, _TURTLE, item=_ITEM, library=knowledge), rounds=400, warm=50
        )
        through = median_seconds(
            lambda: jailed.judge(source, _TURTLE, item=_ITEM), rounds=400, warm=50
        )
    finally:
        pool.close()
    lines = []
    for name, seconds, times in (("in the worker", ours, 80), ("through the jail", through, 60)):
        lines.append(
            Figure(
                f"parse and verdict, {name}",
                1 / seconds,
                "items/s",
                "pyshacl",
                1 / peer,
                f"at least {times} x",
                peer / seconds >= times,
            )
        )
    return lines
