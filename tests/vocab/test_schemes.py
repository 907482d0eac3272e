"""What the contract and the published lists say of single schemes."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

import shapes
from tests.vocab.reading import SAGE, SHARED, SKOS, VOCAB, Vocabulary, iris, vocabularies

CITED_BY_SHAPES = """
    access-right accelerator annotation-method architecture base-image calibration-method
    calibration-parameter contributor-role data-category data-level dataset-split framework
    item-type label-geometry label-state license lifecycle-status measurement media-type metric
    ml-task modality model-category model-format node precision programming-language qudt-unit
    relation-type science-field sensor storage-site unit withdrawal-reason datacite-resource-type
    datacite-contributor-type datacite-date-type datacite-relation-type datacite-description-type
    datacite-title-type datacite-number-type datacite-identifier-type
    datacite-funder-identifier-type
"""

ITEM_TYPES = {
    "training-data": SAGE + "TrainingDataset",
    "label-set": SAGE + "LabelSet",
    "model": "http://data.europa.eu/it6/MachineLearningModel",
    "weights": SAGE + "ModelWeights",
    "sensor-data": SAGE + "SensorData",
    "sensor-blob": SAGE + "Blob",
    "calibration": SAGE + "CalibrationSet",
    "binary": SAGE + "Binary",
    "code": SAGE + "CodeReference",
    "edge-code": SAGE + "EdgeCode",
    "decoding-plugin": SAGE + "DecodingPlugin",
    "trigger-app": SAGE + "TriggerApp",
    "ecr-app": SAGE + "AppBundle",
    "dockerfile": SAGE + "Dockerfile",
    "docker-image": SAGE + "ContainerImage",
    "evaluation": "https://w3id.org/fair4ml#MLModelEvaluation",
    "instrument": SAGE + "Instrument",
    "collection": SAGE + "Collection",
}
BROADER = {
    "label-set": "training-data",
    "weights": "model",
    **dict.fromkeys(
        ("edge-code", "decoding-plugin", "trigger-app", "ecr-app", "dockerfile"), "code"
    ),
}
DATACITE = {
    "datacite-resource-type": "resourceType",
    "datacite-contributor-type": "contributorType",
    "datacite-date-type": "dateType",
    "datacite-relation-type": "relationType",
    "datacite-description-type": "descriptionType",
    "datacite-title-type": "titleType",
    "datacite-number-type": "numberType",
    "datacite-name-type": "nameType",
    "datacite-identifier-type": "relatedIdentifierType",
    "datacite-funder-identifier-type": "funderIdentifierType",
}


def named(name: str) -> Vocabulary:
    return next(s for s in vocabularies() if s.name == name)


def notations(scheme: Vocabulary) -> set[str]:
    return {v.value for c in scheme.concepts for v in scheme.values(c, SKOS + "notation")}


def test_every_scheme_that_shapes_may_cite_is_there() -> None:
    assert set(CITED_BY_SHAPES.split()) - {s.name for s in vocabularies()} == set()


def test_every_scheme_that_shapes_do_cite_is_there() -> None:
    cited = {
        t.object.value
        for file in shapes.files()
        for t in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
        if t.predicate.value == SAGE + "scheme"
    }
    assert cited - {s.iri for s in vocabularies()} == set()


def test_no_scheme_or_concept_takes_a_name_that_addresses_need() -> None:
    for scheme in vocabularies():
        assert scheme.name not in {"proposals", "search"}
        assert f"{scheme.iri}/versions" not in scheme.concepts


def test_the_item_types_are_the_eighteen_of_the_contract() -> None:
    scheme = named("item-type")
    deciding = {
        concept.rsplit("/", 1)[1]: iris(scheme.values(concept, SAGE + "decidingClass"))
        for concept in scheme.concepts
    }
    assert deciding == {name: [iri] for name, iri in ITEM_TYPES.items()}


def test_item_types_are_narrower_as_the_contract_says() -> None:
    scheme = named("item-type")
    broader = {
        concept.rsplit("/", 1)[1]: parent.rsplit("/", 1)[1]
        for concept in scheme.concepts
        for parent in iris(scheme.values(concept, SKOS + "broader"))
    }
    assert broader == BROADER


def test_every_item_type_has_a_pair_of_datacite_types_the_first_from_datacites_list() -> None:
    scheme, allowed = named("item-type"), notations(named("datacite-resource-type"))
    pairs = set()
    for concept in scheme.concepts:
        (general,) = scheme.values(concept, SAGE + "resourceTypeGeneral")
        (special,) = scheme.values(concept, SAGE + "resourceType")
        assert general.value in allowed
        pairs.add((general.value, special.value))
    assert len(pairs) == len(scheme.concepts)


@pytest.mark.parametrize(("scheme_name", "xsd"), DATACITE.items())
def test_datacite_lists_are_those_of_the_published_schema(scheme_name: str, xsd: str) -> None:
    file = SHARED / f"standards/datacite-4.7/include/datacite-{xsd}-v4.xsd"
    if not file.exists():
        pytest.skip("the DataCite schema is not beside the repository")
    listed = {e.attrib["value"] for e in _enumerations(file)}
    assert notations(named(scheme_name)) == listed


def test_licences_include_every_spelling_that_sage_uses() -> None:
    scheme = named("license")
    for spelling, spdx in (("MIT license", "MIT"), ("Gnu GPL v2 license", "GPL-2.0-only")):
        others = scheme.values("https://spdx.org/licenses/" + spdx, SKOS + "altLabel")
        assert spelling in {o.value for o in others}


def test_a_deprecated_licence_names_its_successor_where_spdx_has_one() -> None:
    scheme = named("license")
    (successor,) = iris(
        scheme.values("https://spdx.org/licenses/GPL-2.0+", "http://purl.org/dc/terms/isReplacedBy")
    )
    assert successor == "https://spdx.org/licenses/GPL-2.0-or-later"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("env.cloud.cover", "env.coverage.cloud"),
        ("env.solar.irradiance", "env.irradiance.solar"),
        ("env.water.depth", "env.depth.water"),
        ("env.counter.*", "env.count.OBJECT"),
        ("avian.monitoring.*", "env.detection.avian.SPECIES"),
    ],
)
def test_spellings_in_use_are_found_at_the_name_that_is_published(spelling: str, name: str) -> None:
    others = named("measurement").values(f"{VOCAB}measurement/{name}", SKOS + "altLabel")
    assert spelling in {o.value for o in others}


def test_units_are_mapped_to_units_that_are_described_here() -> None:
    described = set(named("qudt-unit").concepts)
    unit = named("unit")
    mapped = {t for c in unit.concepts for t in iris(unit.values(c, SKOS + "exactMatch"))}
    assert mapped
    assert mapped <= described


def test_every_measurement_with_a_dotted_name_stands_in_the_group_of_its_prefix() -> None:
    scheme = named("measurement")
    for concept in scheme.concepts:
        name = concept.rsplit("/", 1)[1]
        if "." in name:
            (group,) = iris(scheme.values(concept, SKOS + "broader"))
            assert group == f"{VOCAB}measurement-group/{name.rsplit('.', 1)[0]}"


def test_relation_types_become_relations_that_datacite_knows() -> None:
    scheme = named("relation-type")
    known = set(named("datacite-relation-type").concepts)
    for concept in scheme.concepts:
        targets = [
            t for m in ("exactMatch", "broadMatch") for t in iris(scheme.values(concept, SKOS + m))
        ]
        assert len(targets) == 1, concept
        assert set(targets) <= known


def test_an_inverse_relation_leads_back() -> None:
    for name in ("relation-type", "datacite-relation-type"):
        scheme = named(name)
        for concept in scheme.concepts:
            for inverse in iris(scheme.values(concept, SAGE + "inverseRelation")):
                assert iris(scheme.values(inverse, SAGE + "inverseRelation")) == [concept]


def test_media_types_are_written_as_iana_writes_their_addresses() -> None:
    scheme = named("media-type")
    for concept in scheme.concepts:
        (notation,) = scheme.values(concept, SKOS + "notation")
        assert concept == f"https://www.iana.org/assignments/media-types/{notation.value}"
        assert re.fullmatch(r"[a-z]+/[A-Za-z0-9.+_-]+", notation.value), concept


def _enumerations(file: Path) -> list[ElementTree.Element]:
    return ElementTree.parse(file).findall(".//{http://www.w3.org/2001/XMLSchema}enumeration")
