"""The metadata of an RO-Crate: the root, what it refers to, and what nothing refers to."""

from typing import Any

import pytest

from catalog.domain.importing import ro_crate
from catalog.library import library
from tests.domain.importing.conversions import carried, lost, source, told

EXAMPLE = "seismic.ro-crate-metadata.json"


def crate(*entities: dict[str, Any], **root: Any) -> dict[str, Any]:
    """Return a crate with a root of its own."""
    descriptor = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork",
                  "conformsTo": {"@id": "https://w3id.org/ro/crate/1.3"},
                  "about": {"@id": "./"}}  # fmt: skip
    whole = {"@id": "./", "@type": "Dataset", "name": "A crate", **root}
    return {"@context": "https://w3id.org/ro/crate/1.3/context",
            "@graph": [descriptor, whole, *entities]}  # fmt: skip


def of(*entities: dict[str, Any], **root: Any) -> dict[str, Any]:
    document: dict[str, Any] = ro_crate.carried(crate(*entities, **root), library()).document
    return document


def test_references_are_followed_to_persons_and_where_they_work() -> None:
    creator = carried(EXAMPLE).document["creator"]
    assert creator["foaf:name"] == {"@value": "Konstantinos Michailos"}
    assert creator["schema:identifier"] == {"@id": "https://orcid.org/0000-0003-3011-6939"}
    assert creator["affiliation"]["schema:identifier"] == {"@id": "https://ror.org/019wvm592"}


def test_the_same_organisation_is_one_part() -> None:
    document = carried(EXAMPLE).document
    assert document["funding"]["funder"] == {"@id": document["publisher"]["@id"]}


def test_places_are_written_with_the_longitude_first() -> None:
    place = carried(EXAMPLE).document["spatial"]
    assert place["centroid"]["@value"] == "POINT(170.352631 -43.683143)"
    assert place["bbox"]["@value"].startswith("POLYGON((170.1 -43.8, 170.6 -43.8")


def test_a_period_may_be_open() -> None:
    period = carried(EXAMPLE).document["temporal"]
    assert period["dcat:startDate"]["@value"] == "2025-10-31"
    assert "dcat:endDate" not in period


def test_files_are_kept_with_their_path_and_other_things_are_members() -> None:
    document = carried(EXAMPLE).document
    assert document["distribution"]["storageKey"] == {"@value": "data/stations.csv"}
    assert document["resource"] == {"@id": "https://doi.org/10.7914/0zmj-7e94"}


def test_a_doi_is_an_identifier() -> None:
    assert carried(EXAMPLE).document["adms:identifier"]["notation"] == {
        "@value": "10.5281/zenodo.10198748"
    }


def test_entities_to_which_nothing_leads_are_told_once_a_type() -> None:
    sentences = [one for one in lost(carried(EXAMPLE)).values() if "IndividualProduct" in one]
    assert len(sentences) == 1
    assert "2 times" in sentences[0]


@pytest.mark.parametrize(
    ("main", "kind"),
    [("ComputationalWorkflow", "sage:CodeReference"), ("Dataset", "sage:Collection"),
     ("https://w3id.org/fair4ml#MLModel", "it6:MachineLearningModel")],
)  # fmt: skip
def test_the_main_entity_tells_the_type(main: str, kind: str) -> None:
    entity = {"@id": "main.ga", "@type": ["File", main], "name": "The main thing"}
    assert of(entity, mainEntity={"@id": "main.ga"})["@type"] == kind


def test_the_type_may_be_said_and_else_is_told() -> None:
    found = ro_crate.carried(crate(), library(), "training-data")
    assert found.document["@type"] == "sage:TrainingDataset"
    assert "collection" in "".join(told(ro_crate.carried(crate(), library())).values())


def test_entities_that_refer_to_each_other_in_a_ring_are_no_trap() -> None:
    ana = {"@id": "#ana", "@type": "Person", "name": "Ana Ruiz", "affiliation": {"@id": "#lab"}}
    lab = {"@id": "#lab", "@type": "Organization", "name": "Lab", "affiliation": {"@id": "#ana"},
           "member": {"@id": "#ana"}}  # fmt: skip
    assert of(ana, lab, author={"@id": "#ana"})["creator"]["affiliation"]["foaf:name"] == {
        "@value": "Lab"
    }


def test_references_that_grow_a_thousandfold_each_time_are_cut() -> None:
    many = [
        {"@id": f"#{level}", "@type": "Person", "name": f"Ana Ruiz {level}",
         "affiliation": [{"@id": f"#{level + 1}"}] * 1_000}
        for level in range(6)
    ]  # fmt: skip
    assert of(*many, author={"@id": "#0"})["creator"]["foaf:name"] == {"@value": "Ana Ruiz 0"}


@pytest.mark.parametrize("graph", [[], {}, None, "x", [1, None, []], [{"@id": 5}], [{}]])
def test_a_graph_without_a_root_says_nothing(graph: object) -> None:
    found = ro_crate.carried({"@graph": graph}, library())
    assert found.document == {"@type": "sage:Collection"}


def test_a_root_may_have_an_address_of_its_own() -> None:
    document = source(EXAMPLE)
    document["@graph"][0]["about"] = {"@id": "https://example.org/crate/"}
    document["@graph"][1]["@id"] = "https://example.org/crate/"
    found = ro_crate.carried(document, library())
    assert found.document["title"] == "Deployments in the Southern Alps"
