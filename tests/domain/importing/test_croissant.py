"""Croissant descriptions of data sets: files, tables, splits, and the words of responsible AI."""

from typing import Any

import pytest

from catalog.domain.importing import croissant
from catalog.library import library
from tests.domain.importing.conversions import EXAMPLES, carried, lost, source

EXAMPLE = "pass-mini.croissant.json"


def file(**said: Any) -> dict[str, Any]:
    """Return the distribution that a FileObject becomes."""
    node = {"@type": "cr:FileObject", "contentUrl": "https://example.org/a.csv", **said}
    document: dict[str, Any] = carried(EXAMPLE, distribution=[node]).document
    found: dict[str, Any] = document["distribution"]
    return found


def test_texts_may_come_in_languages() -> None:
    document = carried(EXAMPLE).document
    assert document["dct:description"][1] == {"@value": "Bilder ohne Menschen.", "@language": "de"}


def test_keys_may_have_a_prefix() -> None:
    document = carried(EXAMPLE).document
    assert document["issued"] == {"@value": "2021-09-27", "@type": "xsd:date"}


def test_a_file_has_address_type_size_and_checksum() -> None:
    archive = carried(EXAMPLE).document["distribution"][1]
    assert archive["downloadURL"]["@id"].endswith("PASS.0.tar")
    assert archive["mediaType"]["@id"].endswith("/application/x-tar")
    assert archive["byteSize"]["@value"] == "6101033867"
    assert archive["checksum"]["algorithm"]["@id"].endswith("checksumAlgorithm_sha256")


def test_a_file_without_an_address_keeps_its_path() -> None:
    table = carried(EXAMPLE).document["distribution"][0]
    assert table["storageKey"] == {"@value": "data/pass_metadata.csv"}
    assert "downloadURL" not in table


def test_where_a_file_is_kept_is_told_by_its_host() -> None:
    document = carried(EXAMPLE).document
    sites = {one["@id"].rpartition("/")[2] for one in document["storedAt"]}
    assert sites == {"zenodo", "hugging-face"}


def test_a_repository_is_a_page_that_leads_to_files() -> None:
    repository = carried(EXAMPLE).document["distribution"][2]
    assert "downloadURL" not in repository
    assert repository["accessURL"]["@id"].startswith("https://huggingface.co/")


@pytest.mark.parametrize("size", ["1.2 MB", "12 KB", -3, 1.5, [], "many"])
def test_a_size_that_is_not_exact_is_no_number_of_bytes(size: object) -> None:
    assert "byteSize" not in file(contentSize=size)


@pytest.mark.parametrize("size", [12, "12", "12 B", "12 bytes"])
def test_a_size_in_bytes_is_kept(size: object) -> None:
    assert file(contentSize=size)["byteSize"]["@value"] == "12"


def test_a_set_of_files_is_where_its_archive_is() -> None:
    images = carried(EXAMPLE).document["distribution"][3]
    assert images["accessURL"]["@id"].endswith("PASS.0.tar")
    assert "*.jpg" in images["dct:description"]


def test_a_set_of_files_that_lies_nowhere_is_lost() -> None:
    assert "lost-files" in lost(carried(EXAMPLE))["/distribution/4"]


def test_record_sets_are_tables_with_fields() -> None:
    table = carried(EXAMPLE).document["recordSet"]
    kinds = [one["dataType"] for one in table["field"]]
    assert kinds[0] == {"@id": "https://schema.org/Text"}
    assert kinds[1][1] == {"@id": "http://www.wikidata.org/entity/Q478798"}


def test_how_values_are_extracted_is_told_as_lost_once() -> None:
    told = [one for one in carried(EXAMPLE).lost if one.sentence.startswith("`source`")]
    assert len(told) == 1
    assert "2 times" in told[0].sentence


def test_a_record_set_of_splits_becomes_splits() -> None:
    kinds = [one["datasetSplit"]["@id"] for one in carried(EXAMPLE).document["split"]]
    assert [kind.rpartition("/")[2] for kind in kinds] == ["training", "validation"]


def test_the_terms_of_responsible_ai_find_their_fields_or_are_told() -> None:
    found = carried(EXAMPLE)
    assert found.document["dataBiases"] == "Mostly from Europe and North America."
    assert found.document["collectionDate"] == {"@value": "2006-01-01/2014-12-31"}
    assert "/rai:dataAnnotationProtocol" in lost(found)


def test_version_1_0_names_things_by_name() -> None:
    document = source(EXAMPLE)
    document["conformsTo"] = "http://mlcommons.org/croissant/1.0"
    document["distribution"] = [
        {"@type": "cr:FileObject", "name": "zip", "contentUrl": "https://example.org/a.zip"},
        {"@type": "cr:FileSet", "name": "all", "containedIn": ["zip"], "includes": "*.png"},
    ]
    found = croissant.carried(document, library())
    assert found.document["distribution"][1]["accessURL"] == {"@id": "https://example.org/a.zip"}


def test_a_context_alone_tells_the_format() -> None:
    document = source(EXAMPLE)
    del document["conformsTo"]
    assert croissant.recognises(document)


def test_croissant_is_told_by_its_profile_whatever_it_is_announced_as() -> None:
    import catalog

    text = (EXAMPLES / "pass-mini.croissant.json").read_bytes()
    said = [
        catalog.validate(text, kind).to_dict()
        for kind in ("application/json", "application/ld+json")
    ]
    assert said[0] == said[1]
