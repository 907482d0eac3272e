"""CodeMeta: software with its authors, addresses, versions and what it needs."""

import pytest

from catalog.domain.importing import codemeta
from catalog.library import library
from tests.domain.importing.conversions import carried, findings, lost, told

EXAMPLE = "cobrawap.codemeta.json"


def test_source_code_lacks_only_the_commit() -> None:
    missing = [one.path for one in findings(carried(EXAMPLE)) if one.severity == "violation"]
    assert missing == ["https://w3id.org/sage/ns#commit"]


def test_authors_have_names_orcids_and_affiliations() -> None:
    robin = carried(EXAMPLE).document["creator"][0]
    assert robin["foaf:name"] == {"@value": "Robin Gutzen"}
    assert robin["schema:identifier"] == {"@id": "https://orcid.org/0000-0001-7373-5962"}
    assert robin["affiliation"]["foaf:name"] == {"@value": "New York University"}


def test_a_maintainer_who_is_an_author_is_not_said_twice() -> None:
    found = carried(EXAMPLE)
    assert "contributor" not in found.document
    assert "maintainer" in told(found)["/maintainer"]


def test_a_role_of_the_vocabulary_is_kept() -> None:
    document = carried(EXAMPLE, editor={"type": "Person", "name": "Ana Ruiz"}).document
    role = document["qualifiedAttribution"]
    assert role["hadRole"]["@id"].endswith("/contributor-role/editor")
    assert role["agent"]["foaf:name"] == {"@value": "Ana Ruiz"}


def test_the_repository_is_an_address() -> None:
    assert carried(EXAMPLE).document["codeRepository"] == {
        "@id": "https://github.com/NeuralEnsemble/cobrawap/"
    }


@pytest.mark.parametrize(
    "said", ["active", "Active", "http://www.repostatus.org/#active", "https://repostatus.org/#active"]
)  # fmt: skip
def test_the_status_is_that_of_repostatus(said: str) -> None:
    document = carried(EXAMPLE, developmentStatus=said).document
    assert document["developmentStatus"] == {"@id": "https://www.repostatus.org/#active"}


def test_another_status_is_lost() -> None:
    said = "https://lifecycle.r-lib.org/articles/stages.html#experimental"
    assert "/developmentStatus" in lost(carried(EXAMPLE, developmentStatus=said))


def test_requirements_may_be_words_objects_or_a_list_with_numbers() -> None:
    document = carried(EXAMPLE).document
    assert [one["@value"] for one in document["softwareRequirements"]] == [
        "neo >= 0.10",
        "snakemake==7.10",
    ]
    document = carried(EXAMPLE, softwareRequirements="numpy>=1.20").document
    assert document["softwareRequirements"] == {"@value": "numpy>=1.20"}


def test_several_identifiers_may_stand_in_one_text() -> None:
    notations = [one["notation"]["@value"] for one in carried(EXAMPLE).document["adms:identifier"]]
    assert notations == ["10.5281/zenodo.10198748", "RRID:SCR_022966"]


def test_funding_in_words_is_a_grant_by_its_name() -> None:
    grants = carried(EXAMPLE).document["funding"]
    assert grants[0]["schema:name"] == {"@value": "Horizon Europe 101147319"}
    assert grants[1]["funder"]["schema:identifier"] == {"@id": "https://ror.org/00k4n6c32"}


def test_a_language_that_the_vocabulary_does_not_know_is_lost() -> None:
    assert "Klingon" in lost(carried(EXAMPLE))["/programmingLanguage/1"]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Ana Ruiz", ["Ana Ruiz"]),
        ("Ruiz, Ana", ["Ruiz, Ana"]),
        ("Ana Ruiz, Pete Beckman", ["Ana Ruiz", "Pete Beckman"]),
        (["Ana Ruiz", {"name": "Pete Beckman"}], ["Ana Ruiz", "Pete Beckman"]),
    ],
)
def test_authors_may_be_words(said: object, names: list[str]) -> None:
    creator = carried(EXAMPLE, author=said).document["creator"]
    listed = creator if isinstance(creator, list) else [creator]
    assert [one["foaf:name"]["@value"] for one in listed] == names


def test_version_2_is_read_too() -> None:
    document = {
        "@context": "https://doi.org/10.5063/schema/codemeta-2.0",
        "@type": "SoftwareSourceCode",
        "name": "downloadReport",
        "author": [{"@id": "https://orcid.org/0000-0001-7373-5962", "@type": "Person"}],
        "version": "0.0.0.9000",
    }
    assert codemeta.recognises(document)
    found = codemeta.carried(document, library())
    assert found.document["creator"]["schema:identifier"]["@id"].endswith("5962")
    assert found.lost == ()
