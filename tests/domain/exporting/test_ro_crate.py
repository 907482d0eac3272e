"""RO-Crate 1.2: what the metadata of an item say, and that it can be read again from them."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from catalog.domain.exporting.crate_preview import preview
from catalog.domain.exporting.ro_crate import Member, Package, packaged, ro_crate
from tests.agreement.published import NOW, samples
from tests.domain.exporting.there_and_back import (
    differences,
    exported,
    one,
    read_again,
    records,
    said,
)

CRATE = 'application/ld+json;profile="https://w3id.org/ro/crate"'

LOST = {
    "baseImage": "the words of a base image become the term of the vocabulary that they name",
    "contributor position": "positions count from 1 again",
    "funding funder identifier": "of organisations only the ROR number is read",
    "funding name": "the name of a grant has no language",
    "identifier schemaAgency": "either the kind of an identifier is said or who gave it",
    "qualifiedAttribution agent position": "positions count from 1 again",
    "runtimeRequirement baseImage": "as that of an image",
    "spatial centroid": "coordinates are numbers: 41.70 is 41.7",
    "type": "published classes that the catalog adds itself",
    "variable label": "no field of a variable",
}
"""What is lost on the way through a crate, and why; docs/formats.md tells the same."""

GAINED = {
    "baseImage", "contactPoint fn", "contactPoint hasEmail", "contactPoint type",
    "contributor position", "created", "distribution storedAt", "funding name",
    "identifier identifierType", "identifier notation", "identifier type", "issued",
    "publisher identifier", "publisher name", "publisher type",
    "qualifiedAttribution agent position", "runtimeRequirement baseImage", "spatial centroid",
    "storedAt", "version",
}  # fmt: skip
"""What the catalog filled in or derived, and the address of the item as an identifier."""

TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix schema: <https://schema.org/> .
<> a sage:TrainingDataset ;
  dct:title "Sky"@en, "Himmel"@de ;
  dct:creator <#bo>, <#ana> ;
  dct:license <https://spdx.org/licenses/MIT> ;
  dcat:distribution <#page>, <#archive> .
<#ana> a foaf:Person ; foaf:name "Ana Ruiz" ; schema:position 1 ;
  schema:identifier <https://orcid.org/0000-0002-1825-0097> .
<#bo> a foaf:Organization ; foaf:name "Bo" ; schema:position 2 .
<#page> a dcat:Distribution ; dct:title "A page" ; dcat:accessURL <https://example.org/page> .
<#archive> a dcat:Distribution ; dcat:downloadURL <https://example.org/sky.tar> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/application/x-tar> .
"""


def entities(document: bytes) -> dict[str, dict[str, Any]]:
    return {node["@id"]: node for node in said(document)["@graph"]}


def test_nothing_is_lost_on_the_way_through_a_crate_but_what_is_listed() -> None:
    lost: Counter[str] = Counter()
    gained: Counter[str] = Counter()
    for record in records():
        gone, new = differences(record, ro_crate, CRATE)
        lost.update(path for path, _ in gone)
        gained.update(path for path, _ in new)
    assert set(lost) <= set(LOST)
    assert set(gained) <= GAINED


def test_every_entity_is_named_once_and_every_reference_within_leads_somewhere() -> None:
    for record in records():
        graph = said(ro_crate(exported(record)))["@graph"]
        names = [node["@id"] for node in graph]
        assert len(names) == len(set(names))
        within = {
            one["@id"]
            for node in graph
            for value in node.values()
            for one in (value if isinstance(value, list) else [value])
            if isinstance(one, dict) and str(one.get("@id", "")).startswith("#")
        }
        assert within <= set(names)


def test_the_root_says_what_it_must_even_of_a_bare_draft() -> None:
    bare = '<> a <https://w3id.org/sage/ns#TrainingDataset> ; <http://purl.org/dc/terms/title> "x".'
    root = entities(ro_crate(one(bare, filled_in="")))["http://127.0.0.1:8000/items/0000000000"]
    assert root["@type"] == ["Dataset", "sage:TrainingDataset"]
    assert (root["license"], root["description"]) == ("not stated", "not stated")
    assert root["datePublished"]


def test_texts_keep_their_languages_and_creators_their_order() -> None:
    graph = entities(ro_crate(one(TURTLE)))
    root = graph["http://127.0.0.1:8000/items/0000000000"]
    assert {"@value": "Himmel", "@language": "de"} in root["name"]
    assert [agent["@id"] for agent in root["creator"]] == [
        "https://orcid.org/0000-0002-1825-0097", "#bo",
    ]  # fmt: skip
    assert graph["#bo"] == {"@id": "#bo", "@type": "Organization", "name": "Bo"}


def test_a_file_elsewhere_is_a_part_and_a_page_a_way_to_it() -> None:
    graph = entities(ro_crate(one(TURTLE)))
    root = graph["http://127.0.0.1:8000/items/0000000000"]
    assert root["hasPart"] == {"@id": "https://example.org/sky.tar"}
    assert graph["https://example.org/sky.tar"]["encodingFormat"] == "application/x-tar"
    assert root["distribution"] == {"@id": "#page"}
    assert graph["#page"]["dcat:accessURL"] == {"@id": "https://example.org/page"}


def test_what_names_close_does_not_break_the_page_of_a_package() -> None:
    of = one(TURTLE.replace("Sky", "<script>&"))
    package = Package(members=(Member("https://x.example/items/a", "a/", "<b>"),), closed=("u:x",))
    page = preview(of, package).decode()
    assert "&lt;script&gt;&amp;" in page
    assert "<script>" not in page
    assert "<b>" not in page


def test_a_package_names_files_by_their_paths_within_and_all_of_a_long_list() -> None:
    record = next(iter(samples().values()))
    kept = published_files(120)
    of = exported(replace(record, files=kept[:100], files_total=120))
    graph = entities(packaged(of, Package(files=kept)))
    paths = [name for name in graph if name.startswith("files/")]
    assert len(paths) == 120
    assert graph["files/a%20119.csv"]["sha256"] == "0" * 64
    assert {"@id": "files/a%20119.csv"} in graph["./"]["hasPart"]


def published_files(count: int) -> tuple[Any, ...]:
    from catalog.domain.record import FileRecord

    return tuple(
        FileRecord(f"a {number}.csv", 5, "0" * 64, "text/csv", f"o/{number}", NOW)
        for number in range(count)
    )


def test_words_of_our_own_are_read_from_a_crate_of_somebody_else() -> None:
    crate = {
        "@context": "https://w3id.org/ro/crate/1.2/context",
        "@graph": [
            {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
            {
                "@id": "./",
                "@type": ["Dataset", "sage:TrainingDataset"],
                "name": "Sky",
                "sage:recordCount": {"@value": "12", "@type": "xsd:nonNegativeInteger"},
                "sage:split": [{"@id": "#train"}, {"@id": "#gone"}],
                "sage:modality": "image",
                "sage:noSuchWord": 1,
            },
            {
                "@id": "#train",
                "@type": "sage:Split",
                "sage:datasetSplit": {"@id": "https://w3id.org/sage/vocab/dataset-split/training"},
                "sage:wrong": "x",
            },
        ],
    }
    again = read_again(json.dumps(crate).encode(), CRATE)
    assert again.type == "training-data"
    assert '"12"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>' in again.ntriples
    assert "#train> <https://w3id.org/sage/ns#datasetSplit>" in again.ntriples
    assert "vocab/modality/image>" in again.ntriples
    told = " ".join(found.message for found in again.report.findings)
    for word in ("Split:", "sage:noSuchWord", "sage:wrong"):
        assert word in told
