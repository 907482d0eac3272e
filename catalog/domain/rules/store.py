"""The vocabularies in one store, as their rules are asked about them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pyoxigraph as ox

from catalog.domain.description import RDF
from catalog.domain.errors import Unreadable
from catalog.domain.identifiers import SHAPES, VOCAB
from catalog.domain.rules.faults import UNREADABLE, Fault
from catalog.domain.rules.places import check_text, refused
from catalog.domain.rules.walks import SKOS, Solution, Term

RULES = f"{SHAPES}vocabularies#"
BEFORE = ox.NamedNode(f"{RULES}before")
"""The graph in which rules that compare two states find the earlier one."""

_FILES = ox.NamedNode(f"{RULES}files")
_FOAF = "http://xmlns.com/foaf/0.1/"


def load(
    store: ox.Store, name: str, data: bytes, graph: ox.NamedNode | ox.DefaultGraph
) -> Iterator[Fault]:
    """Put a file into a graph; yield a fault instead if it is not Turtle."""
    try:
        check_text(data)
        _parse(store, data, graph)
    except Unreadable as error:
        line, column = error.evidence.get("line"), error.evidence.get("column")
        scheme = VOCAB + quote(name, errors="surrogateescape")
        yield Fault(path_of(name), line, column, UNREADABLE, "violation", error.detail, scheme)


def _parse(store: ox.Store, data: bytes, graph: ox.NamedNode | ox.DefaultGraph) -> None:
    try:
        store.load(data, format=ox.RdfFormat.TURTLE, to_graph=graph)
    except SyntaxError as error:
        raise refused(error) from None


def path_of(name: str) -> str:
    return f"vocab/{name}.ttl"


@dataclass(frozen=True, slots=True)
class Gathered:
    """All files in one store: a graph each, and one more that tells of the files themselves.

    names       of files, by the document that stands for each
    homes       the documents that describe a subject
    unreadable  a fault for each file that is no Turtle
    """

    store: ox.Store
    names: Mapping[ox.NamedNode, str]
    homes: Mapping[Term, tuple[ox.NamedNode, ...]]
    unreadable: tuple[Fault, ...]

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "Gathered":
        """Load files, by name without `.ttl`; what cannot be read is told instead."""
        store = ox.Store()
        names = {
            ox.NamedNode(f"{VOCAB}{quote(name, errors='surrogateescape')}.ttl"): name
            for name in files
        }
        unreadable = tuple(
            fault
            for document, name in names.items()
            for fault in load(store, name, files[name], document)
        )
        homes: dict[Term, tuple[ox.NamedNode, ...]] = {}
        for found in _select(store, "SELECT DISTINCT ?file ?this { GRAPH ?file { ?this ?p ?o } }"):
            file, subject = found["file"], found["this"]
            if isinstance(file, ox.NamedNode) and not isinstance(subject, ox.DefaultGraph):
                homes[subject] = (*homes.get(subject, ()), file)
        store.extend(_about_files(store, names, homes))
        return cls(store, names, homes, unreadable)


def _about_files(
    store: ox.Store,
    names: Mapping[ox.NamedNode, str],
    homes: Mapping[Term, tuple[ox.NamedNode, ...]],
) -> Iterator[ox.Quad]:
    """Yield what the rules are told about the files: see `shapes/vocabularies/prefixes.ttl`."""
    kind, document = ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{_FOAF}Document")
    primary_topic = ox.NamedNode(f"{_FOAF}primaryTopic")
    topic = ox.NamedNode(f"{_FOAF}topic")
    language = ox.NamedNode("http://purl.org/dc/terms/language")
    for file, name in names.items():
        yield ox.Quad(file, kind, document, _FILES)
        yield ox.Quad(
            file, primary_topic, ox.NamedNode(VOCAB + quote(name, errors="surrogateescape")), _FILES
        )
    for subject, files in homes.items():
        for file in files:
            yield ox.Quad(file, topic, subject, _FILES)
    labels = store.quads_for_pattern(None, ox.NamedNode(f"{SKOS}prefLabel"), None, None)
    spoken = {
        (label.graph_name, label.object.language)
        for label in labels
        if isinstance(label.object, ox.Literal) and label.object.language
    }
    for graph, tag in spoken:
        if isinstance(graph, ox.NamedNode) and tag:
            yield ox.Quad(graph, language, ox.Literal(tag), _FILES)


def solutions(store: ox.Store, query: str, *, union: bool = False) -> Iterator[Solution]:
    rows = _select(store, query, union=union)
    names = [variable.value for variable in rows.variables]
    for row in rows:
        yield {name: row[name] for name in names if row[name] is not None}


def _select(store: ox.Store, query: str, *, union: bool = False) -> ox.QuerySolutions:
    found = store.query(query, use_default_graph_as_union=union)
    assert isinstance(found, ox.QuerySolutions)
    return found
