"""Citation files: persons and entities, identifiers, versions as they are spelled."""

import pytest

from tests.domain.importing.conversions import carried, findings, lost, told

EXAMPLE = "tool.CITATION.cff"


def test_a_full_citation_file_is_a_description_without_violations() -> None:
    assert [one for one in findings(carried(EXAMPLE)) if one.severity == "violation"] == []


def test_persons_have_their_names_put_together_and_entities_are_organisations() -> None:
    creators = carried(EXAMPLE).document["creator"]
    assert [one["foaf:name"]["@value"] for one in creators] == [
        "Ana Ruiz",
        "Ana de la Ruiz",
        "The Sage Team",
    ]
    assert creators[1]["familyName"] == {"@value": "de la Ruiz"}
    assert creators[2]["@type"] == "foaf:Organization"


def test_a_version_keeps_the_digits_that_were_written() -> None:
    assert carried(EXAMPLE).document["softwareVersion"] == {"@value": "0.10"}


def test_identifiers_are_dois_swhids_and_others() -> None:
    document = carried(EXAMPLE).document
    assert [one["notation"]["@value"] for one in document["adms:identifier"]] == [
        "10.5072/sage.example",
        "ascl:1105.011",
    ]
    assert document["swhid"]["@value"].startswith("swh:1:rev:")


def test_several_licences_are_several_licences() -> None:
    assert [one["@id"] for one in carried(EXAMPLE).document["license"]] == [
        "https://spdx.org/licenses/MIT",
        "https://spdx.org/licenses/Apache-2.0",
    ]


def test_the_address_of_a_licence_counts_where_no_other_is_said() -> None:
    document = carried(EXAMPLE, license=None).document
    assert document["license"]["page"] == {"@id": "https://example.org/licence"}


def test_the_paper_to_cite_is_named_by_its_doi() -> None:
    found = carried(EXAMPLE)
    assert found.document["referencePublication"] == {
        "@id": "https://doi.org/10.1109/ICSENS.2016.7808975"
    }
    assert "only the address" in told(found)["/preferred-citation"]


def test_a_work_without_an_address_is_lost() -> None:
    assert "A book without an address" in lost(carried(EXAMPLE))["/references/0"]


def test_data_are_read_as_training_data_and_that_is_told() -> None:
    found = carried(EXAMPLE, type="dataset")
    assert found.document["@type"] == "sage:TrainingDataset"
    assert "training-data" in told(found)["/type"]
    assert found.document["source"] == {"@id": "https://github.com/sagecontinuum/sage-data-client"}
    assert "softwareVersion" not in found.document


@pytest.mark.parametrize("date", ["2022-02-30", "soon", "16.03.2022", [], {}, True])
def test_what_is_no_date_is_lost(date: object) -> None:
    found = carried(EXAMPLE, **{"date-released": date})
    assert "issued" not in found.document


def test_a_commit_that_is_none_is_lost() -> None:
    assert "Commit" in lost(carried(EXAMPLE, commit="main"))["/commit"]
