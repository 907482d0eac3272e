"""Packages on HTTP: one zip file of a description and its files, and those of a collection."""

import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from catalog.domain.errors import ChecksumMismatch, ObjectMissing
from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import Actor
from catalog.services.accounts import actor_of_token
from catalog.services.packing import pack
from catalog.tables import Version
from tests.api.sites import BASE, TURTLE, Kept, Site, kept, problem
from tests.catalogs import now

CRATE = 'application/ld+json;profile="https://w3id.org/ro/crate"'
CROISSANT = 'application/ld+json;profile="http://mlcommons.org/croissant/1.1"'
CSV = b"time,value\n" + b"2026-11-28,0.5\n" * 10_000


def opened(answer: TestResponse) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    return zipfile.ZipFile(BytesIO(answer.data))


def entities(archive: zipfile.ZipFile, folder: str = "") -> dict[str, dict[str, Any]]:
    said = json.loads(archive.read(f"{folder}ro-crate-metadata.json"))
    return {one["@id"]: one for one in said["@graph"]}


def parts_of(entity: dict[str, Any]) -> set[str]:
    said = entity.get("hasPart", [])
    return {one["@id"] for one in (said if isinstance(said, list) else [said])}


def collection(site: Site, *members: str, title: str = "A collection") -> Kept:
    text = f"""
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix sage: <https://w3id.org/sage/ns#> .
<> a sage:Collection ;
  dct:title "{title}"@en ;
  dct:description "Things that belong together, as far as they are open."@en ;
  dct:creator <#ana> ;
  dct:license <https://spdx.org/licenses/MIT> ;
  dcat:keyword "cloud"@en ;
  dcat:resource {", ".join(f"<{one}>" for one in members)} .
<#ana> a foaf:Person ; foaf:name "Ana Ruiz" .
"""
    return kept(site.owner.post("/items?wait=0", text, Content_Type=TURTLE))


def stored(site: Site, content: bytes) -> Path:
    """Return where the object store keeps these bytes."""
    objects = (site.folder / "objects").rglob("*")
    return next(one for one in objects if one.is_file() and one.read_bytes() == content)


def test_a_package_holds_the_description_and_every_file_byte_by_byte(site: Site) -> None:
    one = site.with_file("sky/größe 1.csv", CSV)
    site.owner.put(f"{one.path}/files/ro-crate-metadata.json", b"{}", Content_Type="text/plain")
    archive = opened(site.owner.get(f"{one.path}.crate.zip"))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "ro-crate-metadata.json",
        "ro-crate-preview.html",
        "item.ttl",
        "files/ro-crate-metadata.json",
        "files/sky/größe 1.csv",
    ]
    assert archive.read("files/sky/größe 1.csv") == CSV
    said = entities(archive)
    file = said["files/sky/gr%C3%B6%C3%9Fe%201.csv"]
    assert (file["@type"], file["contentSize"]) == ("File", str(len(CSV)))
    assert {"item.ttl", file["@id"]} < parts_of(said["./"])
    assert said["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    turtle = archive.read("item.ttl").decode()
    assert turtle == site.owner.get(f"{one.path}.ttl").text
    assert "größe 1.csv" in archive.read("ro-crate-preview.html").decode()


def test_a_package_is_offered_for_a_version_too_and_named_so_that_it_can_be_saved(
    site: Site,
) -> None:
    one = site.published("Versioned")
    answer = site.anyone.get(f"{one.path}/v/1.crate.zip")
    name = f"sage-{one.id}-v1.crate.zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "ro-crate-metadata.json" in opened(answer).namelist()


def test_the_same_item_makes_the_same_bytes(site: Site) -> None:
    one = site.draft("The same")
    site.owner.put(f"{one.path}/files/a.csv", CSV, Content_Type="text/csv")
    first, second = (site.owner.get(f"{one.path}.crate.zip") for _ in range(2))
    assert first.data == second.data
    assert first.headers["Content-Length"] == str(len(first.data))


def test_head_says_what_get_would_and_sends_nothing(site: Site) -> None:
    one = site.with_file("a.csv", CSV)
    answer = site.owner.ask("HEAD", f"{one.path}.crate.zip")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Content-Disposition" in answer.headers


def test_whoever_may_not_see_an_item_gets_no_package(site: Site) -> None:
    one = site.with_file("a.csv", CSV)
    for caller in (site.anyone, site.other):
        problem(caller.get(f"{one.path}.crate.zip"), 404, "not-found")
    problem(site.anyone.get("/items/7777777777.crate.zip"), 404, "not-found")
    problem(site.anyone.get(f"{site.withdrawn().path}.crate.zip"), 410, "withdrawn")


def test_whoever_may_not_have_the_files_gets_the_description_alone(site: Site) -> None:
    one = site.with_file("closed.csv", CSV)
    etag = site.owner.get(f"{one.path}.json").headers["ETag"]
    path = f"{one.path}/publication?wait=0"
    assert site.owner.post(path, {"visibility": "public"}, If_Match=etag).status_code == 200
    closing = update(Version).where(Version.item_id == one.id)
    with site.parts.database.writing() as session:
        session.execute(closing.values(visibility=Visibility.RESTRICTED.value))
    archive = opened(site.anyone.get(f"{one.path}.crate.zip"))
    assert not [name for name in archive.namelist() if name.startswith("files/")]
    elsewhere = f"{BASE}items/{one.id}/v/1/files/closed.csv"
    assert elsewhere in parts_of(entities(archive)["./"])
    whole = opened(site.owner.get(f"{one.path}.crate.zip"))
    assert whole.read("files/closed.csv") == CSV


def test_bytes_that_are_not_those_kept_never_become_a_whole_package(empty: Site) -> None:
    one = empty.with_file("a.csv", CSV)
    stored(empty, CSV).write_bytes(CSV[:-2] + b"!\n")
    with pytest.raises(ChecksumMismatch, match=r"a\.csv"):
        empty.owner.get(f"{one.path}.crate.zip")


def test_bytes_that_are_gone_never_become_a_whole_package(empty: Site) -> None:
    one = empty.with_file("a.csv", CSV)
    stored(empty, CSV).unlink()
    sent = bytearray()
    with pytest.raises(ObjectMissing):
        sent.extend(byte for chunk in chunks_of(empty, one) for byte in chunk)
    assert not zipfile.is_zipfile(BytesIO(sent))


def chunks_of(site: Site, one: Kept) -> Iterator[bytes]:
    return pack(site.parts, actor_of(site), one.id).chunks()


def actor_of(site: Site) -> Actor:
    return actor_of_token(site.parts, site.tokens["owner"], now=now())


def test_a_large_file_passes_in_little_memory(empty: Site) -> None:
    one = empty.with_file("large.bin", bytes(20_000_000))
    chunks = chunks_of(empty, one)
    tracemalloc.start()
    size_bytes = sum(map(len, chunks))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size_bytes > 20_000_000
    assert peak_bytes < 8_000_000


def test_the_place_among_the_transfers_is_given_back(empty: Site) -> None:
    one = empty.with_file("a.csv", CSV)
    for _ in range(5):
        assert empty.owner.get(f"{one.path}.crate.zip").status_code == 200


def test_a_collection_holds_its_members_as_crates_and_names_those_that_are_closed(
    site: Site,
) -> None:
    shown = site.with_file("shown.csv", CSV, title="Shown")
    hidden = site.draft("Hidden", by="other")
    absent = f"{BASE}items/0000000000"
    whole = collection(site, shown.id, hidden.id, "0000000000", "https://example.org/elsewhere")
    archive = opened(site.owner.get(f"{whole.path}.crate.zip"))
    assert archive.testzip() is None
    assert archive.read(f"{shown.id}/files/shown.csv") == CSV
    assert entities(archive, f"{shown.id}/")["./"]["name"] == "Shown"
    said = entities(archive)
    assert parts_of(said["./"]) == {
        "item.ttl", f"{shown.id}/", f"{BASE}items/{hidden.id}", absent,
        "https://example.org/elsewhere",
    }  # fmt: skip
    assert said[f"{shown.id}/"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate"}
    assert "not open" in said[f"{BASE}items/{hidden.id}"]["description"]
    assert not [name for name in archive.namelist() if name.startswith(hidden.id)]
    assert "Hidden" not in "".join(archive.read(name).decode() for name in archive.namelist()[:3])


def test_a_collection_within_a_collection_is_one_crate_and_goes_no_deeper(site: Site) -> None:
    inner_member = site.draft("Innermost")
    inner = collection(site, inner_member.id, title="Inner")
    outer = collection(site, inner.id, title="Outer")
    archive = opened(site.owner.get(f"{outer.path}.crate.zip"))
    assert f"{inner.id}/ro-crate-metadata.json" in archive.namelist()
    assert not [name for name in archive.namelist() if inner_member.id in name]


@pytest.mark.parametrize(
    ("suffix", "form"),
    [("crate.json", CRATE), ("croissant.json", CROISSANT)],
)
def test_an_item_is_sent_in_again_as_it_was_exported(site: Site, suffix: str, form: str) -> None:
    one = site.published("There and back")
    exported = site.anyone.get(f"{one.path}.{suffix}")
    assert exported.status_code == 200
    report = site.anyone.post("/validate", exported.data, Content_Type=form).get_json()
    assert report["conforms"], report["findings"]
    again = kept(site.owner.post("/items?wait=0", exported.data, Content_Type=form))
    assert (again.said["type"], again.said["title"]) == ("training-data", "There and back")


def test_each_format_is_had_by_accept_and_by_suffix_and_linked(site: Site) -> None:
    one = site.published("Offered")
    for suffix, form in (("crate.json", CRATE), ("croissant.json", CROISSANT)):
        answer = site.anyone.get(one.path, Accept=form)
        assert answer.headers["Content-Location"] == f"{BASE}items/{one.id}.{suffix}"
        assert answer.data == site.anyone.get(f"{one.path}.{suffix}").data
    links = "".join(answer.headers.getlist("Link"))
    assert f"{BASE}items/{one.id}.croissant.json" in links
    assert f"{BASE}items/{one.id}.crate.zip" in links
    problem(site.anyone.get(f"{one.path}.codemeta.json"), 404, "not-found")


def test_what_is_asked_of_a_draft_is_written_as_far_as_it_is_there(site: Site) -> None:
    bare = b"""@prefix dct: <http://purl.org/dc/terms/> .
        @prefix sage: <https://w3id.org/sage/ns#> .
        <> a sage:TrainingDataset ; dct:title "Bare"@en ; dct:license sage:notStated ."""
    one = kept(site.owner.post("/items", bare, Content_Type=TURTLE))
    said = site.owner.get(f"{one.path}.crate.json").get_json(force=True)
    root = next(node for node in said["@graph"] if node["@id"] == f"{BASE}items/{one.id}")
    assert (root["name"], root["license"], root["description"]) == (
        "Bare", "not stated", "not stated",
    )  # fmt: skip
