"""The `sage.yaml` of an app: where each of its fields finds its home."""

import json

import pytest

from catalog.domain.importing import sage_yaml
from catalog.library import library
from tests.domain.importing.conversions import carried, findings, lost, source, told

EXAMPLE = "smoke-detection.sage.yaml"


def test_an_app_lacks_only_what_its_file_cannot_say() -> None:
    missing = {
        one.path
        for one in findings(carried(EXAMPLE))
        if one.severity == "violation" and one.focus_node == "<>"
    }
    assert missing == {"http://purl.org/dc/terms/hasPart"}


def test_names_versions_and_the_commit_keep_their_spelling() -> None:
    document = carried(EXAMPLE).document
    assert document["title"] == "smoke-detection"
    assert document["appName"] == {"@value": "smoke-detection"}
    assert document["softwareVersion"] == document["version"] == {"@value": "0.1.0"}
    assert document["commit"] == {"@value": "63f7541ecb6745b29aa913039b8f9a4a2febca67"}


def test_authors_and_collaborators_are_persons_in_their_order() -> None:
    document = carried(EXAMPLE).document
    assert document["creator"]["mbox"] == {"@id": "mailto:i3perez@sdsc.edu"}
    names = [one["foaf:name"]["@value"] for one in document["contributor"]]
    assert names == ["Pete Beckman", "Nicola Ferrier", "Yongho Kim"]


def test_authors_may_be_a_list() -> None:
    document = carried(EXAMPLE, authors=["Ana Ruiz <ana@example.org>", "Pete Beckman"]).document
    assert [one["foaf:name"]["@value"] for one in document["creator"]] == [
        "Ana Ruiz",
        "Pete Beckman",
    ]


@pytest.mark.parametrize(
    ("words", "licence"),
    [
        ("MIT license", "MIT"),
        ("MIT License", "MIT"),
        ("MIT", "MIT"),
        ("Apache License 2.0", "Apache-2.0"),
        ("GNU General Public License v3.0", "GPL-3.0-only"),
        ("Gnu GPL v2 license", "GPL-2.0-only"),
    ],
)
def test_a_licence_as_authors_write_it_is_that_of_spdx(words: str, licence: str) -> None:
    document = carried(EXAMPLE, license=words).document
    assert document["license"] == {"@id": f"https://spdx.org/licenses/{licence}"}


@pytest.mark.parametrize("words", ["Creative commons license", "The license agreed by ANL"])
def test_a_licence_that_means_none_of_spdx_stays_in_words(words: str) -> None:
    found = carried(EXAMPLE, license=words)
    assert found.document["license"]["title"] == words
    assert "kept in words" in told(found)["/license"]


def test_only_a_licence_in_other_words_than_its_id_is_told() -> None:
    assert "/license" in told(carried(EXAMPLE, license="MIT license"))
    assert "/license" not in told(carried(EXAMPLE, license="MIT"))


def test_inputs_and_resources_are_parts() -> None:
    document = carried(EXAMPLE).document
    interval = document["input"][0]
    assert interval["defaultValue"] == {"@value": "0"}
    assert interval["inputType"]["@id"].endswith("/int")
    assert document["appResource"][0]["minResolution"] == {"@value": "640x480"}


def test_an_input_type_that_the_registry_does_not_know_is_lost() -> None:
    assert "no term of the vocabulary app-input-type" in lost(carried(EXAMPLE))["/inputs/1/type"]


def test_a_secret_among_the_build_arguments_is_not_kept() -> None:
    found = carried(EXAMPLE)
    assert "hunter2" not in json.dumps(found.document)
    assert "secret" in lost(found)["/source/build_args/SAGE_STORE_TOKEN"]


def test_an_ontology_in_words_is_all_that_is_kept_of_the_metadata() -> None:
    document = carried(EXAMPLE, metadata={"ontology": "env.count.*"}).document
    assert document["ontologyStated"] == {"@value": "env.count.*"}
    assert "metadataJson" not in document


def test_metadata_that_say_more_are_kept_as_they_are() -> None:
    document = carried(EXAMPLE).document
    assert document["ontologyStated"] == {"@value": "env.smoke.certainty"}
    assert json.loads(document["metadataJson"]["@value"]) == source(EXAMPLE)["metadata"]


def test_a_path_is_no_address_of_a_picture() -> None:
    assert "not a full web address" in lost(carried(EXAMPLE))["/thumbnail"]


def test_a_name_with_spaces_is_a_title_but_no_name_in_the_registry() -> None:
    found = carried(EXAMPLE, name="Smoke Detection")
    assert found.document["title"] == "Smoke Detection"
    assert "appName" not in found.document
    assert "App name" in lost(found)["/name"]


def test_the_answer_of_the_registry_is_read_as_well() -> None:
    answer = {
        "id": "simple/app:1.0",
        "name": "app",
        "namespace": "simple",
        "owner": "sage",
        "frozen": True,
        "source": {"architectures": ["linux/arm64", "linux/vax"], "url": "git@github.com:x/y.git"},
        "time_last_updated": "2022-03-02T12:00:00Z",
    }
    found = sage_yaml.carried(answer, library())
    assert found.document["alternative"] == "simple/app:1.0"
    assert found.document["frozen"] is True
    assert set(lost(found)) == {"/source/architectures/1", "/source/url"}
