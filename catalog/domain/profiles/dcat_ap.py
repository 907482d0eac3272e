"""An item in DCAT-AP 3.0.1: what that profile of DCAT asks, and how an item answers it."""

from collections.abc import Callable, Mapping
from typing import Final

from catalog.domain.description import Statement, literal
from catalog.domain.profiles.graph import Graph, each, term
from catalog.domain.profiles.packing import (
    CATALOG,
    DATASET,
    DESCRIPTION,
    DISTRIBUTION,
    RELATION,
    TITLE,
    Around,
    Meaning,
    Profile,
    add_dataset,
    cited_record,
    packed,
    stated,
)
from catalog.domain.record import ItemName, ItemRecord
from catalog.domain.writing import House

IRI: Final = "http://data.europa.eu/r5r/"


def export(
    record: ItemRecord,
    meaning: Meaning,
    house: House,
    names: Mapping[str, ItemName],
    cited: Mapping[str, ItemRecord],
) -> tuple[Statement, ...]:
    """Return an item as a closed pack in DCAT-AP 3.0.1, in the record's own IRIs.

    names  of the items that it cites and that the caller may see, by id
    cited  the records of these, as far as they were looked up; may be empty

    Collections are catalogues; data, and whatever has a distribution, data sets; the rest mere
    resources, of which the profile asks nothing.
    """
    return packed(_PROFILE, record, Around(meaning, house, names, cited))


def rewrite(graph: Graph, around: Around) -> None:
    """Do what no table can say, for this profile and those built on it."""
    for node in graph.of_class(DISTRIBUTION):
        _locate(graph, node)
        _keep_one_checksum(graph, node)
    if graph.is_a(graph.item, CATALOG):
        _keep_first_creator(graph)
    _relate_data_sets_only(graph, around)


def _locate(graph: Graph, distribution: str) -> None:
    """Repeat the download address, or name the item's page, where no page is named."""
    access = term("dcat:accessURL")
    if not graph.values(distribution, access):
        found = graph.values(distribution, term("dcat:downloadURL"))
        graph.add(distribution, access, *(found or (graph.item,)))


def _keep_one_checksum(graph: Graph, distribution: str) -> None:
    """Leave the SHA-256 of a file, else the first checksum that is whole."""
    checksum, algorithm = term("spdx:checksum"), term("spdx:algorithm")
    sha256 = term("spdx:checksumAlgorithm_sha256")
    whole = [
        node
        for node in graph.take(distribution, checksum)
        if graph.values(node, algorithm) and graph.values(node, term("spdx:checksumValue"))
    ]
    whole.sort(key=lambda node: (sha256 not in graph.values(node, algorithm), node))
    graph.add(distribution, checksum, *whole[:1])


def _keep_first_creator(graph: Graph) -> None:
    """Make a catalogue's further creators contributors, which in Dublin Core all creators are."""
    creator = term("dct:creator")
    in_order = sorted(graph.take(graph.item, creator), key=_position_in(graph))
    graph.add(graph.item, creator, *in_order[:1])
    graph.add(graph.item, term("dct:contributor"), *in_order[1:])


def _position_in(graph: Graph) -> Callable[[str], tuple[bool, int, str, str]]:
    """Return a key by which agents stand in the order of their positions, those without last.

    Numbers are compared as digits, since nothing keeps them from being very long.
    """

    def position(agent: str) -> tuple[bool, int, str, str]:
        said = graph.values(agent, term("schema:position"))
        digits = min((literal(one).text.lstrip("+0") for one in said if one[0] == '"'), default="")
        return not said, len(digits), digits, agent

    return position


def _relate_data_sets_only(graph: Graph, around: Around) -> None:
    """Leave sources and relations with a role to data sets of this catalog, relate other things.

    The profile wants data sets there, described in the same pack.
    """
    source, qualified = term("dct:source"), term("dcat:qualifiedRelation")
    role = term("dcat:hadRole")
    for value in graph.take(graph.item, source):
        _relate(graph, around, value, source, value)
    for relationship in graph.take(graph.item, qualified):
        targets = graph.values(relationship, RELATION)
        if graph.values(relationship, role) and len(targets) == 1:
            _relate(graph, around, targets[0], qualified, relationship)
        else:
            graph.add(graph.item, RELATION, *targets)


def _relate(graph: Graph, around: Around, target: str, predicate: str, value: str) -> None:
    record = cited_record(target, around)
    if record is not None and (said := stated(record, around)).is_a(said.item, DATASET):
        add_dataset(graph, target, around)
        graph.add(graph.item, predicate, value)
    else:
        graph.add(graph.item, RELATION, target)


RANGES: Final = {
    term(name): each(*classes.split())
    for name, classes in {
        "adms:identifier": "adms:Identifier",
        "adms:status": "skos:Concept",
        "dcat:accessService": "dcat:DataService",
        "dcat:compressFormat": "dct:MediaType",
        "dcat:contactPoint": "vcard:Kind",
        "dcat:distribution": "dcat:Distribution",
        "dcat:hadRole": "dcat:Role",
        "dcat:landingPage": "foaf:Document",
        "dcat:mediaType": "dct:MediaType",
        "dcat:packageFormat": "dct:MediaType",
        "dcat:qualifiedRelation": "dcat:Relationship",
        "dcat:theme": "skos:Concept",
        "dcatap:availability": "skos:Concept",
        "dct:accessRights": "dct:RightsStatement",
        "dct:conformsTo": "dct:Standard",
        "dct:format": "dct:MediaTypeOrExtent",
        "dct:language": "dct:LinguisticSystem",
        "dct:license": "dct:LicenseDocument",
        "dct:provenance": "dct:ProvenanceStatement",
        "dct:rights": "dct:RightsStatement",
        "dct:spatial": "dct:Location",
        "dct:temporal": "dct:PeriodOfTime",
        "dct:type": "skos:Concept",
        "foaf:homepage": "foaf:Document",
        "foaf:page": "foaf:Document",
        "prov:qualifiedAttribution": "prov:Attribution",
        "prov:wasGeneratedBy": "prov:Activity",
        "spdx:checksum": "spdx:Checksum",
    }.items()
}

ONCE: Final = {
    DATASET: each(
        "dcat:spatialResolutionInMeters",
        "dcat:temporalResolution",
        "dcat:version",
        "dct:accessRights",
        "dct:issued",
        "dct:modified",
        "dct:publisher",
    ),
    CATALOG: each("dct:issued", "dct:modified", "dct:publisher", "foaf:homepage"),
    DISTRIBUTION: each(
        "adms:status",
        "dcat:byteSize",
        "dcat:compressFormat",
        "dcat:mediaType",
        "dcat:packageFormat",
        "dcat:spatialResolutionInMeters",
        "dcat:temporalResolution",
        "dcatap:availability",
        "dct:format",
        "dct:issued",
        "dct:modified",
    ),
    term("adms:Identifier"): each("skos:notation"),
    term("dct:Location"): each("dcat:bbox", "dcat:centroid", "locn:geometry"),
    term("dct:PeriodOfTime"): each("dcat:endDate", "dcat:startDate"),
    term("spdx:Checksum"): each("spdx:algorithm", "spdx:checksumValue"),
}

DEMANDED: Final = {
    term("foaf:Agent"): each("foaf:name"),
    term("dcat:DataService"): (TITLE,),
    CATALOG: (TITLE, DESCRIPTION),
    DATASET: (TITLE, DESCRIPTION),
}

WIDER: Final[Mapping[str, Mapping[str, str]]] = {
    DATASET: {term("dcat:inSeries"): term("dct:isPartOf")},
    CATALOG: dict.fromkeys(each("dcat:inSeries", "dct:hasPart", "dct:isPartOf"), RELATION),
}

_PROFILE = Profile(IRI, RANGES, ONCE, DEMANDED, WIDER, rewrite)
