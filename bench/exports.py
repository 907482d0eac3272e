"""How fast items are written in each format that they are offered in, 10,000 of them in a row.

The peer is rdflib: it writes the same items, parsed already, as JSON-LD or Turtle, in the same run.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from flask import Flask
from rdflib import Graph
from sqlalchemy import select

from api.exports import EXPORTS, Export
from bench.table import Figure
from catalog.bootstrap import operator_parts
from catalog.domain.exporting.exported import Exported
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import ANYONE
from catalog.domain.writing import RDF_FORMS, ntriples_of, pack, rebased, serialized
from catalog.parts import Parts
from catalog.services.read import Seen, read
from catalog.settings import from_environment
from catalog.tables import Item

_BY_PEER = 300
"""So many items the peer writes; it is slow, and its speed does not depend on how many."""

_AN_APPLICATION = Flask(__name__)
_PEERS = {"text/turtle": "turtle", "application/ld+json": "json-ld"}


def figures(data: Path) -> list[Figure]:
    """Return items a second of each format over all items of a data folder that have it."""
    parts = operator_parts(from_environment(overrides={"data": data}))
    with parts.database.reading() as session:
        ids = session.scalars(select(Item.id).order_by(Item.id)).all()
    began = time.perf_counter()
    every = [read(parts, ANYONE, item_id) for item_id in ids]
    taken = time.perf_counter() - began
    peers = {form: _peer(parts, every[:_BY_PEER], name) for form, name in _PEERS.items()}
    read_all = _figure("reading from the record", len(every), taken, None)
    written = (_by_export(parts, every, export, peers) for export in EXPORTS)
    in_rdf = (_in_form(parts, every, form, peers) for form in RDF_FORMS)
    return [read_all, *in_rdf, *written]


def _figure(name: str, count: int, seconds: float, peer: float | None) -> Figure:
    speed = count / seconds
    return Figure(
        name=f"{name}: {count:,} items in {seconds:,.1f} s",
        value=speed,
        unit="items/s",
        peer_name="rdflib" if peer else "",
        peer=peer,
        wanted="as fast as rdflib" if peer else "",
        good=peer is None or speed >= peer,
    )


def _timed(act: Callable[[Seen], object], items: Iterable[Seen]) -> float:
    began = time.perf_counter()
    for seen in items:
        act(seen)
    return time.perf_counter() - began


def _by_export(parts: Parts, every: list[Seen], export: Export, peers: dict[str, float]) -> Figure:
    """Write all items of a format's types; each begins with what the record holds."""
    house = parts.settings.house

    def write(seen: Seen) -> bytes:
        return export.make(Exported(seen.record, parts.library, house, seen.names, {}))

    offered = [seen for seen in every if export.is_offered_for(seen.record.type)]
    with _AN_APPLICATION.test_request_context():  # one of them asks how it is wanted
        write(offered[0])
        taken = _timed(write, offered)
    return _figure(f".{export.suffix}", len(offered), taken, peers["application/ld+json"])


def _in_form(parts: Parts, every: list[Seen], form: str, peers: dict[str, float]) -> Figure:
    base = parts.settings.base

    def write(seen: Seen) -> bytes:
        return serialized(_said(parts, seen), form, item_iri(seen.record.id, base))

    return _figure(form, len(every), _timed(write, every), peers.get(form))


def _said(parts: Parts, seen: Seen) -> list[tuple[str, str, str]]:
    said = pack(seen.record, parts.library.vocabularies, parts.settings.house, seen.names)
    return list(rebased(said, parts.settings.base))


def _peer(parts: Parts, items: list[Seen], form: str) -> float:
    """Return how many items a second rdflib writes, from graphs that it has parsed before."""
    graphs = []
    for seen in items:
        text = ntriples_of(_said(parts, seen))
        graphs.append(Graph().parse(data=text, format="nt"))
    began = time.perf_counter()
    for graph in graphs:
        graph.serialize(format=form)
    return len(graphs) / (time.perf_counter() - began)
