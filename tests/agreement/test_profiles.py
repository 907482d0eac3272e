"""The published shapes of DCAT-AP 3.0.1 and MLDCAT-AP 3.1.0 find nothing wrong in exports."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.domain.description import TYPE, Statement
from catalog.domain.engine import Engine, Name, Result, compiled
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import item_iri
from catalog.domain.profiles import dcat_ap, mldcat_ap
from catalog.domain.profiles.graph import Graph, term
from catalog.domain.record import ItemRecord
from catalog.domain.writing import ntriples_of, pack
from catalog.library import library
from tests.agreement.generated import Described, faulty, varied
from tests.agreement.published import (
    ANY_ID,
    HOUSE,
    SAMPLES,
    VALID,
    judged,
    names_of,
    published,
    samples,
)

STANDARDS = Path(__file__).parents[3] / "shared" / "standards"

pytestmark = [
    pytest.mark.skipif(
        not STANDARDS.is_dir(), reason="the published shapes lie beside the repository, not in it"
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@dataclass(frozen=True)
class Published:
    """A profile, the files of its shapes, and those of its shapes that do not apply here.

    ignored  shape to the reason; DCAT-AP's `mdr-vocabularies` is left out as a file: it demands
             the authority lists of the European Union, of which Sage's publishers are not part
    """

    export: Callable[..., tuple[Statement, ...]]
    files: tuple[str, ...]
    ignored: dict[str, str]


PROFILES = {
    "dcat-ap": Published(
        dcat_ap.export, ("dcat-ap-3.0.1/shapes.ttl", "dcat-ap-3.0.1/range.ttl"), {}
    ),
    "mldcat-ap": Published(mldcat_ap.export, ("mldcat-ap-3.1.0/mldcat-ap-SHACL.ttl",), {}),
}


@cache
def engine_of(profile: str, name: Name) -> Engine:
    shapes = "".join(
        f"{triple} .\n"
        for file in PROFILES[profile].files
        for triple in ox.parse(
            (STANDARDS / file).read_bytes(),
            format=ox.RdfFormat.TURTLE,
            base_iri="https://example.org/",
            rename_blank_nodes=True,
        )
    )
    return compiled(shapes, name)


def exported(record: ItemRecord, profile: str) -> tuple[Statement, ...]:
    cited = samples()
    return PROFILES[profile].export(record, library(), HOUSE, names_of(cited.values()), cited)


def violations(said: tuple[Statement, ...], profile: str, engine: Name = "shacl") -> list[Result]:
    return [
        found
        for found in engine_of(profile, engine)(ntriples_of(said))
        if found.severity == "Violation" and found.shape not in PROFILES[profile].ignored
    ]


def record_of(described: Described) -> ItemRecord | None:
    """Return the record of a description with two files, None if it is not to be published."""
    judgement = judged(described.ntriples, files=described.files)
    if not judgement.report.conforms_at("publication"):
        return None
    return published(judgement, files=("sky image.tar.gz", "read me.txt"))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_every_sample_conforms(profile: str, engine: Name) -> None:
    found = {
        item_id: violations(exported(record, profile), profile, engine)
        for item_id, record in samples().items()
    }
    assert len(found) == len(SAMPLES)
    assert {item_id: said for item_id, said in found.items() if said} == {}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("example", VALID, ids=[one.stem for one in VALID])
def test_every_valid_example_conforms(example: Path, profile: str) -> None:
    judgement = judged(example.read_bytes(), files=("sky%20image.tar.gz",))
    record = published(judgement, files=("sky image.tar.gz",))
    assert violations(exported(record, profile), profile) == []


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, 10**6))
def test_whatever_may_be_published_conforms(profile: str, number: int) -> None:
    for described in (varied(number), faulty(number)):
        record = record_of(described)
        if record is not None:
            assert violations(exported(record, profile), profile) == [], described.name


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, 10**6))
def test_a_draft_with_faults_is_exported_too(profile: str, number: int) -> None:
    judgement = judged(faulty(number).ntriples)
    if judgement.type is not None:
        said = exported(published(judgement), profile)
        assert not any(NOT_STATED in line for line in said)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_catalogs_own_pack_would_not_conform(profile: str) -> None:
    records = samples().values()
    said = [pack(one, library().vocabularies, HOUSE, names_of(records)) for one in records]
    assert sum(bool(violations(one, profile)) for one in said) >= len(SAMPLES) / 3


def graph_of(item_id: str, profile: str) -> Graph:
    return Graph(f"<{item_iri(item_id)}>", exported(samples()[item_id], profile))


def test_a_models_files_are_described_from_the_items_that_they_are() -> None:
    graph = graph_of("9tzxy8x294", "mldcat-ap")
    (file,) = graph.values(graph.item, term("it6:hasFile"))
    assert file == f"<{item_iri('emwpeb350f')}>"
    assert graph.values(file, TYPE) == (term("it6:File"),)
    assert graph.values(file, term("it6:url")) == (
        "<https://s3-west.nrp-nautilus.io/smokeynet/model.onnx>",
    )
    assert graph.values(graph.item, term("dcat:distribution")) == ()


def test_training_data_that_are_not_stated_are_a_whole_part_that_says_so() -> None:
    graph = graph_of("9tzxy8x294", "mldcat-ap")
    (data,) = graph.values(graph.item, term("it6:trainedOn"))
    wanted = ("dct:title", "dct:description", "it6:collectionDate")
    assert {graph.values(data, term(one)) for one in wanted} == {('"not stated"',)}


def test_a_models_own_files_have_no_distributions() -> None:
    judgement = judged((SAMPLES[0].parent / "smokeynet.ttl").read_bytes())
    record = published(judgement, files=("model.onnx",))
    graph = Graph(f"<{item_iri(ANY_ID)}>", exported(record, "mldcat-ap"))
    file = f"<{item_iri(ANY_ID)}#file/model.onnx>"
    assert file in graph.values(graph.item, term("it6:hasFile"))
    assert graph.of_class(term("dcat:Distribution")) == ()
    assert graph.values(file, term("dct:identifier")) == ('"file/model.onnx"',)


AGENTS = b"""
@prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix schema: <https://schema.org/> .
<> a sage:Collection ;
  dct:title "Two of a kind"@en ;
  dct:description "A collection of one item, made to see what becomes of those who made it."@en ;
  dct:creator <#ana>, <#bo> ;
  sage:curator <#bo> ;
  dct:license <https://spdx.org/licenses/MIT>, <https://spdx.org/licenses/Apache-2.0> ;
  dcat:keyword "collection"@en ;
  dcat:resource <9tzxy8x294> .
<#ana> a foaf:Person ; foaf:name "Ana Ruiz" ; schema:position 2 .
<#bo> a foaf:Person ; foaf:name "Bo Li" ; schema:position 1 ;
  schema:identifier <https://orcid.org/0000-0002-1825-0097> ; schema:affiliation <#anl> .
<#anl> a foaf:Organization ; foaf:name "Argonne" ; schema:identifier <https://ror.org/05gvnxz63> .
"""


@pytest.fixture(scope="module")
def collection() -> Graph:
    judgement = judged(AGENTS)
    assert judgement.report.conforms_at("publication"), judgement.report.to_dict()
    said = exported(published(judgement), "dcat-ap")
    assert violations(said, "dcat-ap") == []
    return Graph(f"<{item_iri(ANY_ID)}>", said)


def test_an_orcid_or_a_ror_is_the_node_of_an_agent(collection: Graph) -> None:
    bo = "<https://orcid.org/0000-0002-1825-0097>"
    assert collection.values(collection.item, term("dct:creator")) == (bo,)
    assert collection.values(bo, term("schema:affiliation")) == ("<https://ror.org/05gvnxz63>",)
    assert term("foaf:Agent") in collection.values(bo, TYPE)
    assert collection.values(bo, term("schema:identifier")) == ()


def test_a_catalogues_further_creators_are_contributors(collection: Graph) -> None:
    (ana,) = collection.values(collection.item, term("dct:contributor"))
    assert collection.values(ana, term("foaf:name")) == ('"Ana Ruiz"',)


def test_of_two_licences_none_is_chosen(collection: Graph) -> None:
    (rights,) = collection.values(collection.item, term("dct:rights"))
    assert collection.values(collection.item, term("dct:license")) == ()
    assert len(collection.values(rights, term("rdfs:label"))) == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_every_ignored_shape_exists_and_has_its_reason(profile: str) -> None:
    text = "".join((STANDARDS / file).read_text() for file in PROFILES[profile].files)
    ignored = PROFILES[profile].ignored
    assert all(reason and shape.strip("<>") in text for shape, reason in ignored.items())
