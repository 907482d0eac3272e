"""What the vocabularies say of Sage: spellings, trees, links among terms, definitions, groups."""

import re
from collections import Counter

import pytest

from tests.vocab.reading import (
    DCT,
    RDF_TYPE,
    SAGE,
    SKOS,
    VOCAB,
    Vocabulary,
    english,
    iris,
    vocabularies,
)

THEME = "http://www.w3.org/ns/dcat#theme"
DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
INVERSE = {
    "exactMatch": "exactMatch",
    "closeMatch": "closeMatch",
    "relatedMatch": "relatedMatch",
    "broadMatch": "narrowMatch",
    "narrowMatch": "broadMatch",
}


def named(name: str) -> Vocabulary:
    return next(s for s in vocabularies() if s.name == name)


def links(concept: str, predicate: str) -> list[str]:
    """Return the ends of the IRIs, `scheme/concept`, to which a concept of ours is linked."""
    scheme = named(concept.partition("/")[0])
    return [i.removeprefix(VOCAB) for i in iris(scheme.values(VOCAB + concept, predicate))]


def texts(concept: str, predicate: str) -> list[str]:
    scheme = named(concept.partition("/")[0])
    return [v.value for v in scheme.values(VOCAB + concept, predicate)]


def collections(scheme: Vocabulary) -> list[str]:
    return scheme.of_type(SKOS + "Collection")


@pytest.mark.parametrize(
    ("spelling", "concept"),
    [
        ("env.cloud.cover", "measurement/env.coverage.cloud"),
        ("env.solar.irradiance", "measurement/env.irradiance.solar"),
        ("env.irradiance.solar", "measurement/env.solar.irradiance"),
        ("env.water.depth", "measurement/env.depth.water"),
        ("env.counter.*", "measurement/env.count.OBJECT"),
        ("avian.monitoring.*", "measurement/env.detection.avian.SPECIES"),
        ("traffic.flow.*", "measurement/traffic.state.flow"),
        ("traffic.occupancy.*", "measurement/traffic.state.occupancy"),
        ("traffic.speed.*", "measurement/traffic.state.averaged_speed"),
        ("microhpone", "sensor/microphone"),
        ("microhpone", "app-keyword/microhpone"),
        ("es642", "sensor/es-642"),
        ("LI7500DS", "sensor/li-7500ds"),
        ("LI7500DS/uSonic-3", "sensor/li-7500ds"),
        ("EXO_sonde", "sensor/exo-sonde"),
        ("MFR_node", "sensor/mfr-node"),
        ("Hydreon RG-15", "sensor/raingauge"),
        ("Bosch BME680", "sensor/bme680"),
        ("degrees C", "unit/degC"),
        ("degrees Celsius", "unit/degC"),
        ("degree Celsius", "unit/degC"),
        ("C", "unit/degC"),
        ("°C", "unit/degC"),
        ("milimeters", "unit/mm"),
        ("mm/hr", "unit/mm-per-h"),
        ("percent relative humidity", "unit/percent-rh"),
        ("pascals", "unit/Pa"),
        ("hectoPascal", "unit/hPa"),
        ("μg/m^3", "unit/ug-per-m3"),
        ("- (ratio)", "unit/ratio"),
        ("top_camera", "camera-position/top_camera"),
        ("top", "camera-position/top_camera"),
        ("left", "camera-position/left_camera"),
        ("ws-nxcore", "compute/nxcore"),
        ("ws-rpi", "compute/rpi"),
        ("000048b02d15bc77", "node/W021"),
        ("motorcycle", "coco-class/motorbike"),
        ("airplane", "coco-class/aeroplane"),
        ("couch", "coco-class/sofa"),
        ("traffic_light", "coco-class/traffic_light"),
        ("osn.sagecontinuum.org", "storage-site/osn"),
    ],
)
def test_a_spelling_in_use_is_found_at_its_term(spelling: str, concept: str) -> None:
    assert spelling in texts(concept, SKOS + "altLabel")


@pytest.mark.parametrize(
    ("sensor", "capabilities"),
    [
        ("bme680", {"gas", "humidity", "pressure", "temperature"}),
        ("bme280", {"humidity", "pressure", "temperature"}),
        ("raingauge", {"precipitation"}),
        ("wxt536", {"wind", "precipitation", "temperature", "pressure", "humidity"}),
        ("os0", set()),
    ],
)
def test_a_sensor_stands_under_what_it_can_do(sensor: str, capabilities: set[str]) -> None:
    above = links(f"sensor/{sensor}", SKOS + "broader")
    assert set(above) == {f"capability/{c}" for c in capabilities}


@pytest.mark.parametrize(
    "parent",
    [
        *(f"fire-bench-facet/{f}" for f in ("viewpoint", "confounder_type", "environment_type")),
        *(f"fire-bench-facet/{f}" for f in ("lighting", "plume_stage")),
        *(f"featured-app/{f}" for f in ("featuredApps", "plugins", "samplers")),
    ],
)
def test_a_parent_that_only_its_children_name_is_a_concept(parent: str) -> None:
    assert links(parent, SKOS + "narrower")
    assert texts(parent, SKOS + "definition")


def test_the_object_classes_stand_under_the_twelve_supercategories_of_coco() -> None:
    scheme = named("coco-class")
    tops = set(iris(scheme.values(scheme.iri, SKOS + "hasTopConcept")))
    assert len(tops) == 12
    parents = {
        c: iris(scheme.values(c, SKOS + "broader")) for c in scheme.concepts if c not in tops
    }
    assert len(parents) == 80
    assert all(len(above) == 1 and above[0] in tops for above in parents.values())


def test_the_class_person_is_told_from_its_supercategory() -> None:
    assert texts("coco-class/person", SKOS + "prefLabel") == ["person"]
    supercategory = "coco-class/supercategory-person"
    assert links("coco-class/person", SKOS + "broader") == [supercategory]
    assert texts(supercategory, SKOS + "prefLabel") == ["person (supercategory)"]
    assert texts(supercategory, SKOS + "altLabel") == []


def test_the_sound_classes_stand_under_the_seven_roots_of_audioset() -> None:
    scheme = named("audio-set-class")
    roots = iris(scheme.values(scheme.iri, SKOS + "hasTopConcept"))
    labels = {texts(r.removeprefix(VOCAB), SKOS + "prefLabel")[0] for r in roots}
    assert labels == {
        "Human sounds",
        "Animal",
        "Music",
        "Natural sounds",
        "Sounds of things",
        "Source-ambiguous sounds",
        "Channel, environment and background",
    }


def test_only_the_521_classes_of_yamnet_have_an_index() -> None:
    scheme = named("audio-set-class")
    found = [v.value for c in scheme.concepts for v in scheme.values(c, SAGE + "classIndex")]
    assert sorted(map(int, found)) == list(range(521))
    assert len(scheme.concepts) == 521 + 5


@pytest.mark.parametrize(
    ("child", "parents"),
    [
        ("m-07r660_", {"m-01j3sz"}),  # Giggle: Laughter
        ("m-04qvtq", {"m-03j1ly", "m-03kmc9"}),  # Police car (siren): Emergency vehicle, Siren
        ("m-07pbtc8", {"m-0dgw9r"}),  # Walk, footsteps: over Human locomotion to Human sounds
    ],
)
def test_a_sound_class_has_its_nearest_ancestors(child: str, parents: set[str]) -> None:
    above = links(f"audio-set-class/{child}", SKOS + "broader")
    assert set(above) == {f"audio-set-class/{p}" for p in parents}


@pytest.mark.parametrize(
    ("measurement", "sensors"),
    [
        ("env.temperature", {"bme680", "bme280"}),
        ("env.pressure", {"bme680", "bme280"}),
        ("env.relative_humidity", {"bme680", "bme280"}),
        ("iio.in_temp_input", {"bme680", "bme280"}),
        ("iio.in_pressure_input", {"bme680", "bme280"}),
        ("iio.in_humidityrelative_input", {"bme680", "bme280"}),
        ("iio.in_resistance_input", {"bme680"}),
        ("env.raingauge.rint", {"raingauge"}),
        ("env.raingauge.total_acc", {"raingauge"}),
        ("wxt.env.temp", {"wxt536"}),
        ("aqt.gas.no2", {"aqt530"}),
        ("env.air_quality.conc", {"es-642"}),
    ],
)
def test_a_measurement_names_the_sensors_it_comes_from(measurement: str, sensors: set[str]) -> None:
    found = links(f"measurement/{measurement}", SAGE + "sensor")
    assert set(found) == {f"sensor/{s}" for s in sensors}


def test_temperature_by_a_bme680_is_told_in_words_at_both_ends() -> None:
    assert "BME680" in texts("measurement/env.temperature", SKOS + "definition")[0]
    assert "temperature" in texts("sensor/bme680", SKOS + "definition")[0]
    group = "measurement/sensor-bme680"
    assert "measurement/env.temperature" in links(group, SKOS + "member")


@pytest.mark.parametrize(
    ("concept", "predicate", "target"),
    [
        ("node/W08C", "sensor", "sensor/bme680"),
        ("node/W08D", "sensor", "sensor/aqt530"),
        ("node/W021", "nodeType", "node-type/WSN"),
        ("sensor/bme680", "compute", "compute/rpi"),
        ("sensor/bme280", "compute", "compute/nxcore"),
        ("compute/rpi", "computeZone", "compute-zone/shield"),
        ("compute/nxcore", "computeHardware", "compute-hardware/xaviernx"),
        ("value-transform/bme680", "sensor", "sensor/bme680"),
        ("featured-app/seonghapark-cloud-cover", "publishes", "measurement/env.coverage.cloud"),
        ("featured-app/seanshahkarami-plugin-iio", "publishes", "measurement/env.temperature"),
        ("ecr-app/jrobrien-waggle-aqt-0.23.5.04", "publishes", "measurement/aqt.gas.no2"),
        ("legacy-node/001e0610f71f", "project", "legacy-project/AoT_Detroit"),
    ],
)
def test_a_recorded_fact_is_a_link(concept: str, predicate: str, target: str) -> None:
    assert target in links(concept, SAGE + predicate)


@pytest.mark.parametrize(
    ("concept", "match", "target"),
    [
        ("ecr-app/seonghapark-cloud-cover-0.1.3", "broad", "featured-app/seonghapark-cloud-cover"),
        ("legacy-measurement/chemsense.co.concentration", "close", "measurement/aqt.gas.co"),
        ("legacy-measurement/metsense.tmp112.temperature", "close", "measurement/env.temperature"),
        ("legacy-measurement/nc.mem.free", "close", "measurement/sys.mem.free"),
        ("smoke-class/smoke", "exact", "smoke-class5/smoke"),
        ("smoke-class5/sky", "broad", "smoke-class/other"),
        ("unit/degC", "exact", "http://qudt.org/vocab/unit/DEG_C"),
        ("license-string/mit-license", "exact", "https://spdx.org/licenses/MIT"),
        ("sensor/microphone", "related", "legacy-sensor/audio.microphone"),
    ],
)
def test_a_term_is_mapped_to_what_it_equals_elsewhere(
    concept: str, match: str, target: str
) -> None:
    assert target in links(concept, f"{SKOS}{match}Match")


def test_mappings_among_terms_of_sage_are_told_from_both_ends() -> None:
    told = {
        (concept, match, target)
        for scheme in vocabularies()
        for concept in scheme.concepts
        for match in INVERSE
        for target in iris(scheme.values(concept, f"{SKOS}{match}"))
        if target.startswith(VOCAB) and not target.startswith(f"{VOCAB}datacite-")
    }
    assert told
    assert {(c, m, t) for c, m, t in told if (t, INVERSE[m], c) not in told} == set()


def test_every_unit_of_sage_has_its_ucum_code() -> None:
    scheme = named("unit")
    assert [c for c in scheme.concepts if not scheme.values(c, SAGE + "ucum")] == []


def test_an_earlier_name_is_deprecated_and_names_its_successor() -> None:
    assert texts("compute-zone/detector", DEPRECATED) == ["true"]
    assert links("compute-zone/detector", DCT + "isReplacedBy") == ["compute-zone/enclosure"]


def test_a_composed_definition_says_more_than_label_and_notation(scheme: Vocabulary) -> None:
    for concept in scheme.concepts:
        notes = english(scheme.values(concept, SKOS + "editorialNote"))
        if not any(note.startswith("Composed") for note in notes):
            continue
        (definition,) = english(scheme.values(concept, SKOS + "definition"))
        known = " ".join(
            v.value for n in ("prefLabel", "notation") for v in scheme.values(concept, SKOS + n)
        )
        assert len(_words(definition) - _words(known)) >= 4, concept


def test_a_definition_is_a_sentence(scheme: Vocabulary) -> None:
    odd = re.compile(r"\(on \w+\)|\([^)]*\(| {2}|\.\.|;\.|: \.|\bNone\b(?! of)|, \.")
    for concept in scheme.concepts:
        (definition,) = english(scheme.values(concept, SKOS + "definition"))
        assert not odd.search(definition), (concept, definition)


def test_a_source_is_one_that_others_can_look_up(scheme: Vocabulary) -> None:
    for subject in scheme.facts:
        for source in scheme.values(subject, DCT + "source"):
            assert "index id" not in source.value, subject


def test_every_scheme_has_one_group_and_every_group_has_schemes() -> None:
    groups = set(named("scheme-group").concepts)
    themes = {s.name: iris(s.values(s.iri, THEME)) for s in vocabularies()}
    assert [name for name, found in themes.items() if len(found) != 1] == []
    assert {theme for found in themes.values() for theme in found} == groups


def test_a_collection_has_a_name_a_source_and_members_of_its_own_file(scheme: Vocabulary) -> None:
    for collection in collections(scheme):
        assert collection.startswith(scheme.iri + "/"), collection
        assert len(english(scheme.values(collection, SKOS + "prefLabel"))) == 1, collection
        assert scheme.values(collection, DCT + "source"), collection
        members = iris(scheme.values(collection, SKOS + "member"))
        assert members, collection
        assert len(members) == len(set(members)), collection
        assert set(members) <= set(scheme.concepts), collection


def test_no_two_collections_of_a_scheme_share_a_name(scheme: Vocabulary) -> None:
    names = Counter(
        v.value for c in collections(scheme) for v in scheme.values(c, SKOS + "prefLabel")
    )
    assert [name for name, n in names.items() if n > 1] == []


@pytest.mark.parametrize(
    ("group", "flag"),
    [
        ("osi-approved", SAGE + "osiApproved"),
        ("fsf-libre", SAGE + "fsfLibre"),
        ("deprecated-ids", DEPRECATED),
    ],
)
def test_the_groups_of_licences_are_what_the_list_says_of_each(group: str, flag: str) -> None:
    scheme = named("license")
    flagged = {c for c in scheme.concepts if "true" in {v.value for v in scheme.values(c, flag)}}
    assert set(iris(scheme.values(f"{scheme.iri}/{group}", SKOS + "member"))) == flagged


@pytest.mark.parametrize("name", ["media-type", "node", "legacy-node"])
def test_every_term_of_a_grouped_scheme_is_in_one_group(name: str) -> None:
    scheme = named(name)
    members = Counter(
        m for c in collections(scheme) for m in iris(scheme.values(c, SKOS + "member"))
    )
    assert members == Counter(scheme.concepts)


def test_a_collection_is_no_concept(scheme: Vocabulary) -> None:
    for collection in collections(scheme):
        assert iris(scheme.values(collection, RDF_TYPE)) == [SKOS + "Collection"]


def _words(said: str) -> set[str]:
    return set(re.findall(r"\w+", said.casefold()))
