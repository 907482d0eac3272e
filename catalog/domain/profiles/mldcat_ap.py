"""An item in MLDCAT-AP 3.1.0: models with their files and training data, and the data sets."""

from collections.abc import Mapping
from typing import Final

from catalog.domain.description import TYPE, Statement, term_of_text
from catalog.domain.identifiers import item_of
from catalog.domain.profiles import dcat_ap
from catalog.domain.profiles.graph import Graph, each, term
from catalog.domain.profiles.packing import (
    CATALOG,
    CONCEPT,
    DATASET,
    DISTRIBUTION,
    NOT_STATED_IN_WORDS,
    PREFERRED,
    RELATION,
    RESOURCE,
    TITLE,
    Around,
    Meaning,
    Profile,
    add_dataset,
    cited_record,
    packed,
    stated,
    title_of_outside,
)
from catalog.domain.record import ItemName, ItemRecord
from catalog.domain.writing import House

IRI: Final = "http://data.europa.eu/it6/"

_FILE: Final = term("it6:File")
_MODEL: Final = term("it6:MachineLearningModel")
_DISTRIBUTION_OF: Final = term("dcat:distribution")
_HAS_FILE: Final = term("it6:hasFile")
_IDENTIFIER: Final = term("dct:identifier")
_MEASUREMENT: Final = term("dqv:hasQualityMeasurement")
_CHECKSUM: Final = term("spdx:checksum")
_DATA_QUALITY: Final = term("it6:DataQuality")
_FORMAT: Final = term("dct:format")
_KIND: Final = term("dct:type")
_QUALITY: Final = term("dqv:QualityMeasurement")
_URL: Final = term("it6:url")
_TRAINED_ON: Final = term("it6:trainedOn")


def export(
    record: ItemRecord,
    meaning: Meaning,
    house: House,
    names: Mapping[str, ItemName],
    cited: Mapping[str, ItemRecord],
) -> tuple[Statement, ...]:
    """Return an item as a closed pack in MLDCAT-AP 3.1.0, in the record's own IRIs.

    names  of the items that it cites and that the caller may see, by id
    cited  the records of these, as far as they were looked up; may be empty

    A model has its files under `it6:hasFile` and no distributions; a weights item is itself such a
    file, and says what its first distribution said.
    """
    return packed(_PROFILE, record, Around(meaning, house, names, cited))


def _rewrite(graph: Graph, around: Around) -> None:
    dcat_ap.rewrite(graph, around)
    if graph.is_a(graph.item, _MODEL):
        _make_files(graph, graph.item, _HAS_FILE)
        _add_files(graph, around)
        _add_data_sets(graph, around)
    elif graph.is_a(graph.item, _FILE):
        _make_file_of(graph, graph.item)
    for node in graph.of_class(DISTRIBUTION):
        if not graph.values(node, _MEASUREMENT):
            graph.add(node, _MEASUREMENT, _part(graph, "not-stated-quality", _QUALITY))
    for node in graph.of_class(_QUALITY):
        _say_what_is_measured(graph, node, around)


# -- files


def _make_files(graph: Graph, owner: str, predicate: str) -> None:
    """Turn the distributions of a thing into files that it has."""
    for node in graph.take(owner, _DISTRIBUTION_OF):
        kinds = graph.take(node, TYPE)
        graph.add(node, TYPE, _FILE, *(kind for kind in kinds if kind != DISTRIBUTION))
        graph.add(owner, predicate, node)
        _complete_file(graph, node, node)
    kinds = graph.take(owner, TYPE)
    graph.add(owner, TYPE, *(kind for kind in kinds if kind != DATASET))


def _make_file_of(graph: Graph, weights: str) -> None:
    """Say of a weights item what its first distribution says; others are its parts."""
    first, *_ = sorted(graph.values(weights, _DISTRIBUTION_OF)) or [weights]
    _make_files(graph, weights, term("dct:hasPart"))
    graph.keep(lambda line: line != (weights, term("dct:hasPart"), first))
    _complete_file(graph, weights, first)


def _complete_file(graph: Graph, file: str, distribution: str) -> None:
    """Say what the profile wants to know of a file, from what is said of a distribution."""
    addresses = graph.values(
        distribution,
        *each("it6:url", "dcat:downloadURL", "dcat:accessURL", "foaf:page", "schema:identifier"),
    )[:1]
    formats = graph.values(distribution, _FORMAT, term("dcat:mediaType"))[:1]
    graph.take(file, _URL, _FORMAT)
    graph.add(file, _URL, *(addresses or [_part(graph, "not-stated-address", RESOURCE)]))
    graph.add(file, _FORMAT, *(formats or [_part(graph, "not-stated-format", CONCEPT)]))
    graph.add(file, _CHECKSUM, *graph.values(distribution, _CHECKSUM))
    if not graph.values(file, _IDENTIFIER):
        graph.add(file, _IDENTIFIER, _identifier(file))


def _identifier(node: str) -> str:
    """Return what tells a file apart: the id of an item, the name of a part, or an address."""
    address, _, fragment = node[1:-1].partition("#")
    item = item_of(address)
    return term_of_text(fragment or item or address)


def _add_files(graph: Graph, around: Around) -> None:
    """Complete the files of a model, from the record where they are items of this catalog."""
    if not graph.values(graph.item, _HAS_FILE):
        unknown = _part(graph, "not-stated-file", _FILE)
        graph.add(unknown, _IDENTIFIER, NOT_STATED_IN_WORDS)
        graph.add(graph.item, _HAS_FILE, unknown)
    for node in graph.values(graph.item, _HAS_FILE):
        record = cited_record(node, around)
        if record is not None:
            _add_cited_file(graph, node, record, around)
        elif not graph.values(node, _URL):
            _add_other_file(graph, node, around)


def _add_cited_file(graph: Graph, node: str, record: ItemRecord, around: Around) -> None:
    said = stated(record, around)
    dcat_ap.rewrite(said, around)
    _make_file_of(said, node)
    own = {TITLE, _IDENTIFIER, _URL, _FORMAT, _CHECKSUM}
    led_to = set(said.values(node, _URL, _FORMAT, _CHECKSUM)) - {node}
    said.keep(lambda line: line[1] in own if line[0] == node else line[0] in led_to)
    graph.extend(said.statements())
    graph.add(node, TYPE, _FILE)


def _add_other_file(graph: Graph, node: str, around: Around) -> None:
    """Complete a file that is a part of the model, or stands elsewhere at its own address."""
    graph.add(node, TYPE, _FILE)
    if not _is_part(graph, node):
        graph.add(node, TITLE, title_of_outside(node, around))
        graph.add(node, _URL, node)
    _complete_file(graph, node, node)


# -- training data, and what was measured


def _add_data_sets(graph: Graph, around: Around) -> None:
    """Complete the data on which a model was trained, validated and tested."""
    if not graph.values(graph.item, _TRAINED_ON):
        graph.add(graph.item, _TRAINED_ON, _part(graph, "not-stated-data", DATASET))
    for node in graph.values(graph.item, *each("it6:trainedOn", "it6:validatedOn", "it6:testedOn")):
        if _is_part(graph, node):
            graph.add(node, TYPE, DATASET)
        else:
            add_dataset(graph, node, around)


def _say_what_is_measured(graph: Graph, measurement: str, around: Around) -> None:
    """Give a measurement its one kind, which is the metric, described as a data quality."""
    graph.take(measurement, _KIND)
    for metric in graph.values(measurement, term("dqv:isMeasurementOf"))[:1]:
        row = around.meaning.vocabularies.row(metric[1:-1]) or {}
        graph.add(measurement, _KIND, metric)
        graph.add(metric, TYPE, _DATA_QUALITY, *row.get(TYPE, ()))
        graph.add(metric, PREFERRED, *row.get(PREFERRED, ()))
        graph.add(metric, TITLE, *row.get(PREFERRED, ())[:1])
        graph.add(metric, _IDENTIFIER, *row.get(term("skos:notation"), ())[:1])
    if not graph.values(measurement, _KIND):
        graph.add(measurement, _KIND, _part(graph, "not-stated-measure", _DATA_QUALITY))


def _is_part(graph: Graph, node: str) -> bool:
    return node.startswith(f"{graph.item[:-1]}#")


def _part(graph: Graph, name: str, kind: str) -> str:
    """Return a part of the item that says of a thing of some class that it is not stated."""
    part = f"{graph.item[:-1]}#{name}>"
    graph.add(part, TYPE, kind)
    graph.add(part, PREFERRED if kind == CONCEPT else TITLE, NOT_STATED_IN_WORDS)
    return part


_RANGES: Final = dcat_ap.RANGES | {
    term(name): each(*classes.split())
    for name, classes in {
        "dcat:accessURL": "dcat:Resource",
        "dcat:downloadURL": "dcat:Resource",
        "dcat:endpointURL": "dcat:Resource",
        "dct:format": "dct:MediaTypeOrExtent skos:Concept",
        "dqv:hasQualityMeasurement": "dqv:QualityMeasurement",
        "it6:classification": "skos:Concept",
        "it6:hasInputModality": "it6:Modality",
        "it6:hasOutputModality": "it6:Modality",
        "it6:url": "dcat:Resource",
        "spdx:algorithm": "spdx:ChecksumAlgorithm",
    }.items()
}

_ONCE: Final = {
    **dcat_ap.ONCE,
    CATALOG: (*dcat_ap.ONCE[CATALOG], _IDENTIFIER),
    DATASET: (*dcat_ap.ONCE[DATASET], *each("it6:collectionDate", "it6:collectionMethod")),
    DISTRIBUTION: (*dcat_ap.ONCE[DISTRIBUTION], _IDENTIFIER),
    _FILE: (TITLE, _IDENTIFIER, _URL, _FORMAT),
    _MODEL: (
        _IDENTIFIER,
        *each("dcat:version", "dct:created"),
        *each("it6:howToUse", "it6:limitations", "it6:trainingProcess"),
    ),
    _QUALITY: each("dqv:value"),
    term("it6:EnvironmentalImpact"): each("it6:carbonEmitted", "it6:powerConsumption"),
}

_DEMANDED: Final = {
    **dcat_ap.DEMANDED,
    DATASET: (*dcat_ap.DEMANDED[DATASET], term("it6:collectionDate")),
    _DATA_QUALITY: (TITLE, _IDENTIFIER),
    _FILE: (TITLE, _IDENTIFIER),
    _MODEL: (TITLE, _IDENTIFIER, *each("dcat:version", "dct:created")),
    _QUALITY: each("dqv:value"),
}

_WIDER: Final[Mapping[str, Mapping[str, str]]] = {
    **dcat_ap.WIDER,
    DATASET: {**dcat_ap.WIDER[DATASET], term("dct:isReferencedBy"): RELATION},
    _MODEL: {term("it6:fineTunedFrom"): term("prov:wasDerivedFrom")},
}

_PROFILE = Profile(IRI, _RANGES, _ONCE, _DEMANDED, _WIDER, _rewrite)
