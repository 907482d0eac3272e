"""The vocabularies as the tests of this folder read them: every file parsed once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyoxigraph as ox

import vocab

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
SAGE = "https://w3id.org/sage/ns#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
VOCAB = "https://w3id.org/sage/vocab/"

Object = ox.NamedNode | ox.Literal


@dataclass
class Vocabulary:
    """One file: its name without the ending, and its statements by subject and property."""

    name: str
    facts: dict[str, dict[str, list[Object]]] = field(default_factory=dict)

    @property
    def iri(self) -> str:
        return VOCAB + self.name

    def of_type(self, kind: str) -> list[str]:
        return [s for s, ps in self.facts.items() if kind in iris(ps.get(RDF_TYPE, []))]

    @property
    def concepts(self) -> list[str]:
        return self.of_type(SKOS + "Concept")

    def values(self, subject: str, predicate: str) -> list[Object]:
        return self.facts.get(subject, {}).get(predicate, [])


def iris(values: list[Object]) -> list[str]:
    return [v.value for v in values if isinstance(v, ox.NamedNode)]


def english(values: list[Object]) -> list[str]:
    return [v.value for v in values if isinstance(v, ox.Literal) and v.language == "en"]


@cache
def vocabularies() -> tuple[Vocabulary, ...]:
    return tuple(_read())


def _read() -> Iterator[Vocabulary]:
    for file in vocab.files():
        found: dict[str, dict[str, list[Object]]] = defaultdict(lambda: defaultdict(list))
        for triple in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE):
            found[triple.subject.value][triple.predicate.value].append(triple.object)
        yield Vocabulary(file.name.removesuffix(".ttl"), found)
