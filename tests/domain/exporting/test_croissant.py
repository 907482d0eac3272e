"""Croissant 1.1: files, tables, splits and the making of data, and back again."""

from collections import Counter
from dataclasses import replace
from typing import Any

from catalog.domain.exporting.croissant import CONFORMS_TO, croissant
from catalog.domain.exporting.schema_terms import types_written_as
from catalog.library import library
from tests.agreement.published import samples
from tests.domain.exporting.test_ro_crate import published_files
from tests.domain.exporting.there_and_back import differences, exported, one, records, said

FORM = f'application/ld+json;profile="{CONFORMS_TO}"'
TYPES = types_written_as(library().vocabularies, "Dataset")

LOST = {
    "citeAs": "how to cite has no language",
    "conformsTo": "that the description is Croissant is said by it, not by the data",
    "contributor position": "positions count from 1 again",
    "funding funder identifier": "of organisations only the ROR number is read",
    "funding name": "the name of a grant has no language",
    "identifier schemaAgency": "either the kind of an identifier is said or who gave it",
    "license description": "a licence in words is its address or its name",
    "license title": "a licence in words is its address or its name",
    "qualifiedAttribution agent position": "positions count from 1 again",
    "recordSet field dataType": "datatypes of XML Schema become those of Croissant",
    "runtimeRequirement baseImage": "words become the term of the vocabulary that they name",
    "spatial centroid": "coordinates are numbers: 41.70 is 41.7",
    "type": "published classes that the catalog adds itself",
}
"""What is lost on the way through Croissant, and why; docs/formats.md tells the same."""

TABLE = """
@prefix cr: <http://mlcommons.org/croissant/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix schema: <https://schema.org/> .
@prefix spdx: <http://spdx.org/rdf/terms#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<> a sage:TrainingDataset ; dct:title "Depths"@en, "Tiefen"@de ;
  cr:recordSet <#depths> ; dcat:distribution <#csv> MORE .
<#depths> a cr:RecordSet ; schema:name "depths" ; cr:field <#depth> .
<#depth> a cr:Field ; schema:name "water depth" ; cr:dataType xsd:decimal .
<#csv> a dcat:Distribution ; dcat:downloadURL <https://example.org/depths.csv> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ;
  spdx:checksum <#sum> .
<#sum> a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ;
  spdx:checksumValue "2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98FA5E886266E7A"^^xsd:hexBinary .
<#other> a dcat:Distribution ; dcat:downloadURL <https://example.org/more.csv> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> .
"""  # noqa: E501


def test_nothing_is_lost_on_the_way_through_croissant_but_what_is_listed() -> None:
    lost: Counter[str] = Counter()
    for record in records(*TYPES):
        gone, _ = differences(record, croissant, FORM)
        lost.update(path for path, _ in gone)
    assert set(lost) <= set(LOST)


def test_a_column_comes_from_the_one_file_that_may_hold_it() -> None:
    document = said(croissant(one(TABLE.replace("MORE", ""))))
    (table,) = document["recordSet"]
    (column,) = table["field"]
    assert column["dataType"] == "sc:Float"
    assert column["source"] == {
        "fileObject": {"@id": document["distribution"][0]["@id"]},
        "extract": {"column": "water depth"},
    }
    assert document["distribution"][0]["sha256"].startswith("2c26b46b")
    assert document["isLiveDataset"] is False
    assert document["name"] == {"de": "Tiefen", "en": "Depths"}


def test_where_several_files_may_hold_a_column_none_is_chosen() -> None:
    document = said(croissant(one(TABLE.replace("MORE", ", <#other>"))))
    (table,) = document["recordSet"]
    assert "field" not in table
    assert document["isLiveDataset"] is True


def test_many_files_are_one_set_within_the_package() -> None:
    record = samples()["bvy20wbxnp"]
    of = exported(replace(record, files=published_files(100), files_total=5_000))
    distribution: list[dict[str, Any]] = said(croissant(of))["distribution"]
    package, files = distribution[:2]
    assert package["contentUrl"].endswith("/items/bvy20wbxnp/v/1.crate.zip")
    assert (files["@type"], files["containedIn"]) == ("cr:FileSet", {"@id": package["@id"]})
    assert files["name"] == "5,000 files"


def test_splits_are_rows_of_a_table_of_their_own() -> None:
    (splits,) = said(croissant(exported(samples()["bvy20wbxnp"])))["recordSet"]
    assert splits["dataType"] == "cr:Split"
    names = {row[f"{splits['@id']}/name"] for row in splits["data"]}
    assert names == {"Training", "Validation", "Test"}
