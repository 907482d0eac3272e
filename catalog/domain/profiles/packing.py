"""What packs for all profiles have in common: what is said of an item, made to fit and closed.

A profile checks classes of what properties point to, so a pack types each such thing. What no
source states is left out where the profile allows, and else is the literal "not stated"; what a
profile allows once but the item says several times is said by a wider property, or in words.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final, Protocol

from catalog.domain.description import (
    TYPE,
    XSD,
    Statement,
    literal,
    statements_of,
    term_of_text,
)
from catalog.domain.fields import NOT_STATED, Shapes
from catalog.domain.identifiers import item_iri, item_of
from catalog.domain.profiles.graph import Graph, each, preferred, term
from catalog.domain.record import ItemName, ItemRecord
from catalog.domain.schemes import Vocabularies
from catalog.domain.writing import House, neighbours, statements_out

CATALOG: Final = term("dcat:Catalog")
CONCEPT: Final = term("skos:Concept")
DATASET: Final = term("dcat:Dataset")
DISTRIBUTION: Final = term("dcat:Distribution")
RESOURCE: Final = term("dcat:Resource")

DESCRIPTION: Final = term("dct:description")
LABEL: Final = term("rdfs:label")
LICENSE: Final = term("dct:license")
PREFERRED: Final = term("skos:prefLabel")
RELATION: Final = term("dct:relation")
RIGHTS: Final = term("dct:rights")
TITLE: Final = term("dct:title")

NOT_STATED_IN_WORDS: Final = term_of_text("not stated")

_REGISTERED = re.compile(
    r"<https://(?:orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]|ror\.org/0[a-z0-9]{8})>", re.ASCII
)


class Meaning(Protocol):
    """What exports need of the library."""

    @property
    def vocabularies(self) -> Vocabularies: ...

    @property
    def shapes(self) -> Shapes: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What an export knows beside the record of the item.

    names  of the items that it cites and that the caller may see, by id
    cited  what the record says about these, as far as it was looked up
    """

    meaning: Meaning
    house: House
    names: Mapping[str, ItemName]
    cited: Mapping[str, ItemRecord]


@dataclass(frozen=True, slots=True)
class Profile:
    """An application profile: what it asks beyond the catalog's own shapes.

    iri      what a request names it by
    ranges   property to the classes that its values must be said to have
    once     class to the properties that may have one value
    demanded class to the properties that stand in words where they are not stated
    wider    class to properties whose values the profile wants complete, with the wider
             property that says the same of things that are elsewhere
    rewrite  does what no table can say
    """

    iri: str
    ranges: Mapping[str, tuple[str, ...]]
    once: Mapping[str, tuple[str, ...]]
    demanded: Mapping[str, tuple[str, ...]]
    wider: Mapping[str, Mapping[str, str]]
    rewrite: Callable[[Graph, Around], None]


def packed(profile: Profile, record: ItemRecord, around: Around) -> tuple[Statement, ...]:
    """Return the closed pack of an item for a profile, in the record's own IRIs.

    A description that conforms at publication level conforms to the profile; of a draft the pack
    says what is there.
    """
    graph = stated(record, around)
    _type_values(graph, profile, graph.subjects())
    profile.rewrite(graph, around)
    _say_wider(graph, profile)
    _keep_one(graph, profile)
    graph.keep_reachable()
    outside = tuple(
        neighbours(tuple(graph.statements()), around.meaning.vocabularies, around.names)
    )
    graph.extend(outside)
    _stop_claiming(graph, {subject for subject, _, _ in outside}, profile)
    _type_values(graph, profile)
    _say_not_stated(graph, profile)
    return tuple(graph.statements())


def stated(record: ItemRecord, around: Around) -> Graph:
    """Return what is stated about an item, by the person or the catalog, in published classes."""
    known = around.meaning.shapes.words(record.type).paths
    said = statements_out(record, around.meaning.vocabularies, around.house)
    graph = Graph(
        f"<{item_iri(record.id)}>",
        (line for line in said if line[1] in known and NOT_STATED not in (line[0], line[2])),
    )
    _name_agents(graph)
    for node in graph.values(graph.item, term("dcat:distribution")):
        graph.add(node, TYPE, DISTRIBUTION)
    _add_published_classes(graph, around.meaning.shapes)
    _respell(graph)
    for node in (*graph.of_class(DISTRIBUTION), *graph.of_class(CATALOG)):
        _keep_one_licence(graph, node, around.meaning.vocabularies)
    return graph


def _name_agents(graph: Graph) -> None:
    """Make the ORCID or ROR the name of each agent who has one, and every agent a foaf:Agent."""
    identifier = term("schema:identifier")
    names: dict[str, str] = {}
    for node in (*graph.of_class(term("foaf:Person")), *graph.of_class(term("foaf:Organization"))):
        graph.add(node, TYPE, term("foaf:Agent"))
        found = sorted(v for v in graph.values(node, identifier) if _REGISTERED.fullmatch(v))
        if found and node != graph.item:
            names[node] = found[0]
    if names:
        graph.rename(names)
        graph.keep(lambda line: line[1] != identifier or line[0] != line[2])


def _add_published_classes(graph: Graph, shapes: Shapes) -> None:
    """Say the classes of others of which those of ours are kinds.

    What has a distribution is a data set by DCAT's own definition of that property.
    """
    for subject in graph.subjects():
        for kind in graph.values(subject, TYPE):
            chain = statements_of(shapes.superclasses(kind))
            graph.add(subject, TYPE, *(parent for _, _, parent in chain))
    graph.add(graph.item, TYPE, RESOURCE)
    if graph.values(graph.item, term("dcat:distribution")):
        graph.add(graph.item, TYPE, DATASET)


def _respell(graph: Graph) -> None:
    """Give values the datatype that the profiles want: ours allow others that mean the same."""
    wanted: Mapping[str, Callable[[str], str | None]] = {
        term("dcat:spatialResolutionInMeters"): _as_decimal,
        term("dcat:temporalResolution"): lambda text: term_of_text(text, None, f"{XSD}duration"),
        term("spdx:checksumValue"): lambda text: term_of_text(text, None, f"{XSD}hexBinary"),
    }
    for subject in graph.subjects():
        for predicate, spelled in wanted.items():
            for value in graph.take(subject, predicate):
                if value[0] == '"' and (said := spelled(literal(value).text)):
                    graph.add(subject, predicate, said)


def _as_decimal(text: str) -> str | None:
    """Return a number as a decimal, None for what is not finite; a decimal keeps its digits."""
    try:
        number = float(text)
    except ValueError:
        return None
    if not isfinite(number):
        return None
    digits = f"{Decimal(repr(number)):f}" if "e" in text.lower() else text
    return term_of_text(digits, None, f"{XSD}decimal")


def _keep_one_licence(graph: Graph, node: str, vocabularies: Vocabularies) -> None:
    """Leave at most one licence and one statement of rights, or say in words what they all are.

    To export one of two licences would be to choose for the owner.
    """
    licences, rights = graph.take(node, LICENSE), graph.take(node, RIGHTS)
    if len(licences) > 1:
        rights, licences = (*rights, *licences), ()
    graph.add(node, LICENSE, *licences)
    if len(rights) > 1:
        label = [text for one in rights for text in _called(graph, one, vocabularies)]
        fragment = node[1:-1].partition("#")[2] or "item"
        rights = (f"{graph.item[:-1]}#rights-of-{fragment}>",)
        graph.add(rights[0], TYPE, term("dct:RightsStatement"))
        graph.add(rights[0], LABEL, *label)
    graph.add(node, RIGHTS, *rights)


def _called(graph: Graph, node: str, vocabularies: Vocabularies) -> tuple[str, ...]:
    """Return the names of a thing as literals: its labels, else its IRI."""
    row = vocabularies.row(node[1:-1]) or {}
    found = (*graph.values(node, LABEL, TITLE), *row.get(PREFERRED, ()))
    return found or (term_of_text(node[1:-1]),)


def _say_wider(graph: Graph, profile: Profile) -> None:
    for kind, table in profile.wider.items():
        for subject in graph.of_class(kind):
            for narrow, wide in table.items():
                graph.add(subject, wide, *graph.take(subject, narrow))


def _keep_one(graph: Graph, profile: Profile) -> None:
    for kind, properties in profile.once.items():
        for subject in graph.of_class(kind):
            for predicate in properties:
                graph.add(subject, predicate, *preferred(graph.take(subject, predicate)))


def _stop_claiming(graph: Graph, outside: set[str], profile: Profile) -> None:
    """Call neighbours mere resources where the profile would want all about their class."""
    claimed = set(profile.demanded) & {DATASET, CATALOG, term("it6:MachineLearningModel")}
    for node in outside:
        kinds = graph.take(node, TYPE)
        graph.add(node, TYPE, *(RESOURCE if kind in claimed else kind for kind in kinds))


def _type_values(graph: Graph, profile: Profile, among: Collection[str] | None = None) -> None:
    """Say the class of each thing that a property of the profile points to.

    among  only of these things, if given
    """
    for subject in graph.subjects():
        for predicate, kinds in profile.ranges.items():
            for value in graph.values(subject, predicate):
                if value[0] == "<" and (among is None or value in among):
                    graph.add(value, TYPE, *kinds)


def _say_not_stated(graph: Graph, profile: Profile) -> None:
    for kind, properties in profile.demanded.items():
        for subject in graph.of_class(kind):
            for predicate in properties:
                if not graph.values(subject, predicate):
                    graph.add(subject, predicate, NOT_STATED_IN_WORDS)
    for concept in graph.of_class(CONCEPT):
        if not graph.values(concept, PREFERRED):
            graph.add(concept, PREFERRED, term_of_text(_last_segment(concept)))


def _last_segment(node: str) -> str:
    return re.split(r"[/#]", node[1:-1].rstrip("/#"))[-1].replace("-", " ")


def add_dataset(graph: Graph, node: str, around: Around) -> None:
    """Say of a cited data set what profiles want to know of one, from the record if it is there."""
    graph.add(node, TYPE, DATASET)
    record = cited_record(node, around)
    if record is not None:
        said = stated(record, around)
        for predicate in (TITLE, DESCRIPTION, term("it6:collectionDate")):
            graph.add(node, predicate, *said.values(said.item, predicate))
    elif not graph.values(node, TITLE):
        graph.add(node, TITLE, title_of_outside(node, around))


def described_in_packs(ntriples: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the cited items that packs describe, where those of others are only named.

    known  ids of which the record may be looked up
    """
    values = (
        value[1:-1] for _, predicate, value in statements_of(ntriples) if predicate in _DESCRIBED
    )
    found = dict.fromkeys(item for value in values if (item := item_of(value)) in known and item)
    return tuple(found)[:_MOST_DESCRIBED]


_DESCRIBED = frozenset(
    each(
        *("dct:relation", "dct:source", "it6:hasFile"),
        *("it6:testedOn", "it6:trainedOn", "it6:validatedOn"),
    )
)
_MOST_DESCRIBED = 100


def cited_record(node: str, around: Around) -> ItemRecord | None:
    """Return what the record holds about a cited item, None where that is not known here."""
    found = around.cited.get(item_of(node[1:-1]) or "")
    return found if found and node == f"<{item_iri(found.id)}>" else None


def title_of_outside(node: str, around: Around) -> str:
    """Return the title of a cited item as the record names it, else its address."""
    name = around.names.get(item_of(node[1:-1]) or "")
    return term_of_text(name.title if name else node[1:-1])
