"""How fast it is told what another release would do to the items, beside pyshacl judging them."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyshacl
import rdflib
from sqlalchemy import select, update

from bench.table import Figure
from catalog.bootstrap import operator_parts
from catalog.domain.description import Description
from catalog.domain.identifiers import item_iri
from catalog.domain.schemes import slice_of
from catalog.jail.judging import JailedVerdicts
from catalog.jail.limits import JUDGE
from catalog.jail.pool import Pool
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.impact import Benches, impact
from catalog.services.releases import SHAPES, VOCAB, part
from catalog.settings import from_environment
from catalog.tables import Version

ITEMS = 5_000

_GONE = "modality", "image"
_PEER_ITEMS = 60


def figures(data: Path) -> list[Figure]:
    """Measure the impact of releases without a much used term, with workers that are ready.

    data  the folder of a catalog that does not run, filled with copies of real items

    Where shapes differ every item is judged; where the record was judged by an older release,
    twice: by the one in force and by the other.
    """
    parts = operator_parts(from_environment(overrides={"data": data}))
    terms, shapes = _other(parts.library), _other(parts.library, "# Other shapes.\n")
    peer = _peer(parts, terms)
    lines = [
        _line(parts, *measured, peer)
        for measured in (
            ("other vocabularies", terms, parts.library.version, 1_000),
            ("other shapes", shapes, parts.library.version, 1_000),
            ("other shapes, each judged twice", shapes, "older", 500),
        )
    ]
    parts.database.close()
    return lines


def _line(
    parts: Parts, name: str, other: Library, judged_by: str, wanted: int, peer: float
) -> Figure:
    _set_judged_by(parts, judged_by)
    with _benches(other) as benches:
        began = time.perf_counter()
        found = impact(parts, other, benches, limit=50)
        rate = found.items / (time.perf_counter() - began)
    return Figure(
        f"impact on {found.items:,} items, {name}",
        rate,
        "items/s",
        "pyshacl in process",
        peer,
        f"at least {wanted:,} items/s",
        rate >= wanted and found.breaks,
    )


def _other(today: Library, more: str = "") -> Library:
    """Return the library without what is said about one term, though others may point to it.

    more  put behind each file of shapes
    """
    scheme, name = _GONE
    blocks = today.files[f"vocab/{scheme}"].decode().split("\n\n")
    kept = [block for block in blocks if not block.startswith(f"{scheme}:{name} a ")]
    vocabularies = part(today.files, VOCAB) | {scheme: "\n\n".join(kept).encode()}
    shapes = {file: text + more.encode() for file, text in part(today.files, SHAPES).items()}
    return Library(vocabularies, shapes)


def _set_judged_by(parts: Parts, version: str) -> None:
    with parts.database.writing() as session:
        session.execute(update(Version).values(library_version=version))


@contextmanager
def _benches(other: Library) -> Iterator[Benches]:
    """Have workers of both libraries that have judged something already, one for each core."""
    threads = os.cpu_count() or 1
    with TemporaryDirectory() as name:
        other.write_to(Path(name))
        pools = [
            Pool("judge", threads, spares=0, limits=JUDGE, readable=(), library=place)
            for place in (None, Path(name))
        ]
        try:
            today, then = (JailedVerdicts(pool) for pool in pools)
            for pool in pools:
                _wait_until_all_are_idle(pool, threads)
            yield Benches(today, then, threads)
        finally:
            for pool in pools:
                pool.close()


def _wait_until_all_are_idle(pool: Pool, workers: int) -> None:
    pool.start()
    while pool.counters()["idle"] < workers:
        time.sleep(0.05)


def _peer(parts: Parts, other: Library) -> float:
    """Return how many items a second rdflib and pyshacl judge: one of each real item."""
    with parts.database.reading() as session:
        rows = session.execute(
            select(Version.item_id, Version.type, Version.ntriples)
            .order_by(Version.modified.desc())
            .limit(_PEER_ITEMS)
        ).all()
    shapes = {
        kind: rdflib.Graph().parse(
            data=other.shapes.compiled_from(other.shapes.every_root(kind)), format="turtle"
        )
        for kind in {row.type for row in rows}
    }
    began = time.perf_counter()
    for item_id, kind, ntriples in rows:
        description = Description(item_iri(item_id), ntriples)
        cited = (f"{s} {p} {o} .\n" for s, p, o in slice_of(other.vocabularies, description))
        graph = rdflib.Graph().parse(data=ntriples + "".join(cited), format="nt")
        pyshacl.validate(graph, shacl_graph=shapes[kind], inference="none", advanced=False)
    return len(rows) / (time.perf_counter() - began)
