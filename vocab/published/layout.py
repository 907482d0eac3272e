"""How a vocabulary lies in its file: one block a node, in a fixed order, the same bytes each time.

A change to one term is then a change to a few lines, and a patch of it stays readable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyoxigraph as ox

VOCAB = "https://w3id.org/sage/vocab/"

PREFIXES: dict[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "fair4ml": "https://w3id.org/fair4ml#",
    "it6": "http://data.europa.eu/it6/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "qudt": "http://qudt.org/schema/qudt/",
    "qudt-unit": "http://qudt.org/vocab/unit/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sage": "https://w3id.org/sage/ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx-license": "https://spdx.org/licenses/",
    "ssn": "http://www.w3.org/ns/ssn/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

# The reading order of a block: what it is called, what it means, where it stands, what it equals.
ORDER = (
    "dct:title",
    "dct:description",
    "dct:license",
    "skos:prefLabel",
    "skos:altLabel",
    "skos:hiddenLabel",
    "skos:notation",
    "skos:definition",
    "skos:scopeNote",
    "skos:example",
    "skos:editorialNote",
    "skos:inScheme",
    "skos:broader",
    "skos:narrower",
    "skos:related",
    "skos:exactMatch",
    "skos:closeMatch",
    "skos:broadMatch",
    "skos:narrowMatch",
    "skos:relatedMatch",
    "owl:deprecated",
    "dct:isReplacedBy",
    "dct:source",
)
# What is long stands at the end of a block.
LAST = ("skos:hasTopConcept", "skos:member")

CONCEPT, COLLECTION, SCHEME = "skos:Concept", "skos:Collection", "skos:ConceptScheme"

_WIDTH = 100
_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")
_SHORT_NAME = re.compile(r"(?<![\w<\"/:-])([a-z][a-z0-9-]*):(?=[A-Za-z0-9_])")
_STRING_OR_IRI = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>')


class NotAVocabulary(ValueError):
    """The Turtle says something that has no place in a vocabulary file."""


Facts = Mapping[str, tuple[str, ...]]
"""Property as a prefixed name, to objects as Turtle: `<iri>`, `"words"@en`, `"7"^^xsd:integer`."""


@dataclass(frozen=True, slots=True)
class Node:
    """A scheme, concept or collection: its IRI, its classes and what is said about it."""

    iri: str
    classes: tuple[str, ...]
    facts: Facts

    def words(self, predicate: str) -> tuple[str, ...]:
        """Return the literals of a property without quotes, language or datatype."""
        return tuple(_words(value) for value in self.facts.get(predicate, ()) if value[0] == '"')

    def saying(self, facts: Mapping[str, tuple[str, ...] | None]) -> Node:
        """Return the node with these properties in place of its own; None takes one away."""
        merged = {**self.facts, **facts}
        return replace(self, facts={p: v for p, v in merged.items() if v})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one file says: the scheme, its concepts and its collections, each in their order."""

    scheme: Node
    concepts: tuple[Node, ...]
    collections: tuple[Node, ...] = ()


def text(value: str, language: str = "en") -> str:
    """Return `value` as a Turtle literal; with an empty `language`, as a plain string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"' + (f"@{language}" if language else "")


def plain(value: str) -> str:
    """Return `value` as a string without a language: codes, ids, places in a source."""
    return text(value, "")


def typed(value: str, datatype: str) -> str:
    """Return `value` as a literal of `datatype`, a name of the XML Schema namespace."""
    return f"{plain(value)}^^xsd:{datatype}"


def concept_id(notation: str) -> str:
    """Return the last segment of a concept's IRI for its notation.

    >>> concept_id("env.count.*"), concept_id("/sensing/air_quality")
    ('env.count.any', 'sensing-air_quality')
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", notation.replace("*", "any")).strip("-")


def read(turtle: str) -> Vocabulary:
    """Return what a vocabulary file says, in the order of the file; its comments are not kept.

    Raises `SyntaxError` where it is not Turtle, `NotAVocabulary` where it holds a blank node or
    anything but one scheme with concepts and collections.
    """
    said: dict[str, dict[str, list[str]]] = {}
    for triple in ox.parse(turtle, format=ox.RdfFormat.TURTLE):
        if not isinstance(triple.subject, ox.NamedNode):
            raise NotAVocabulary(
                f"{triple.subject} has no name, and so cannot be told apart later."
            )
        facts = said.setdefault(triple.subject.value, {})
        facts.setdefault(_prefixed(triple.predicate.value), []).append(_rendered(triple.object))
    nodes = [_node(iri, facts) for iri, facts in said.items()]
    schemes = [node for node in nodes if SCHEME in node.classes]
    concepts = tuple(node for node in nodes if CONCEPT in node.classes)
    collections = tuple(node for node in nodes if COLLECTION in node.classes)
    if len(schemes) != 1 or 1 + len(concepts) + len(collections) != len(nodes):
        raise NotAVocabulary(
            "A vocabulary file holds one scheme, and concepts and collections of it."
        )
    return Vocabulary(schemes[0], concepts, collections)


def write(vocabulary: Vocabulary) -> str:
    """Return the vocabulary as Turtle, prefixes sorted, the same bytes for the same statements."""
    nodes = (vocabulary.scheme, *vocabulary.concepts, *vocabulary.collections)
    names = _names_for(nodes)
    body = "\n\n".join(_block(node, names) for node in nodes) + "\n"
    used = set(_SHORT_NAME.findall(_STRING_OR_IRI.sub('""', body)))
    prefixes = [f"@prefix {name}: <{names[name]}> ." for name in sorted(used & set(names))]
    return "\n".join(prefixes) + "\n\n" + body


def _node(iri: str, facts: Mapping[str, list[str]]) -> Node:
    classes = tuple(_prefixed(value[1:-1]) for value in facts.get("rdf:type", ()))
    others = {p: tuple(values) for p, values in facts.items() if p != "rdf:type"}
    return Node(iri, classes, others)


def _prefixed(iri: str) -> str:
    for name, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{name}:{iri.removeprefix(namespace)}"
    raise NotAVocabulary(f"No prefix is known for {iri}.")


def _rendered(term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return f"<{term.value}>"
    if not isinstance(term, ox.Literal):
        raise NotAVocabulary(f"{term} is neither a name nor a literal.")
    if term.language:
        return text(term.value, term.language)
    datatype = _prefixed(term.datatype.value)
    return plain(term.value) + ("" if datatype == "xsd:string" else f"^^{datatype}")


def _words(literal: str) -> str:
    """Return what a literal of `text` says; its escapes are among those of JSON."""
    return str(json.loads(literal[: literal.rindex('"') + 1], strict=False))


def _names_for(nodes: Iterable[Node]) -> dict[str, str]:
    """Return the prefixes by which the nodes can be written: the known ones and their schemes."""
    cited = {iri.rsplit("/", 1)[0] + "/" for node in nodes for iri in _iris(node)}
    own = {n.removeprefix(VOCAB).strip("/"): n for n in cited if n.startswith(VOCAB) and n != VOCAB}
    return own | PREFIXES


def _iris(node: Node) -> Iterator[str]:
    yield node.iri
    for values in node.facts.values():
        yield from (value[1:-1] for value in values if value[0] == "<")


def _short(value: str, names: Mapping[str, str]) -> str:
    """Return `<iri>` as a prefixed name where one fits; anything else unchanged."""
    if value[0] == "<":
        for name, namespace in names.items():
            local = value[1:-1].removeprefix(namespace)
            if local != value[1:-1] and _LOCAL_NAME.match(local):
                return f"{name}:{local}"
    return value


def _block(node: Node, names: Mapping[str, str]) -> str:
    lines = [f"{_short(f'<{node.iri}>', names)} a {', '.join(node.classes)}"]
    for predicate in sorted(node.facts, key=_place):
        shown = [_short(value, names) for value in node.facts[predicate]]
        line = f"    {predicate} {', '.join(shown)}"
        if len(line) > _WIDTH and len(shown) > 1:
            line = f"    {predicate}\n        " + ",\n        ".join(shown)
        lines.append(line)
    return " ;\n".join(lines) + " ."


def _place(predicate: str) -> tuple[int, str]:
    """Return where a property stands in a block: known ones in order, others after them by name."""
    if predicate in LAST:
        return len(ORDER) + 1, predicate
    return (ORDER.index(predicate) if predicate in ORDER else len(ORDER)), predicate
