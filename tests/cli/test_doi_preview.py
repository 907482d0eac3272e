"""`doi preview`: what would be registered, of a file without a server and of an item by one."""

from pathlib import Path

import pytest

from catalog import kernel4
from catalog.client import Client
from tests.api.served import Served
from tests.catalogs import description
from tests.cli.conftest import Command

NO_CREATOR = description("Nobody's").replace(b"  dct:creator <#ana> ;\n", b"")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "clouds.ttl"
    made.write_bytes(description("Clouds"))
    return made


def test_a_file_is_previewed_without_a_server(command: Command, file: Path) -> None:
    told = command("doi", "preview", file)
    assert told.code == 0
    assert '"resourceType": "Training dataset"' in told.out
    assert "Cited as: Ruiz, Ana (" in told.err
    assert "test DOI, does not resolve" in told.err
    assert "finds nothing wrong" in told.err


def test_the_xml_alone_goes_to_standard_output(command: Command, file: Path) -> None:
    told = command("doi", "preview", file, "--xml")
    assert kernel4.faults_of_xml(told.out.encode(), "") == ()


def test_json_has_attributes_citation_and_faults(command: Command, file: Path) -> None:
    said = command("doi", "preview", file, "--json", "--xml").said
    assert said.keys() == {"attributes", "citation", "faults", "xml"}
    assert said["attributes"]["titles"][0]["title"] == "Clouds"
    assert said["faults"] == []


def test_what_would_be_refused_is_told_by_the_name_of_the_field(
    command: Command, file: Path
) -> None:
    file.write_bytes(NO_CREATOR)
    told = command("doi", "preview", file)
    assert told.code == 1
    assert "✗ Creator: a DOI cannot be registered without this." in told.err
    said = command("doi", "preview", file, "--json").said
    assert said["faults"][0]["property"] == "Creator"


@pytest.mark.parametrize("body", [b"<> a <https://w3id.org/sage/ns#Blob> .", b"<> a <x:y> ."])
def test_what_could_not_be_kept_has_findings_instead(
    command: Command, file: Path, body: bytes
) -> None:
    file.write_bytes(body)
    assert command("doi", "preview", file).code == 1
    assert command("doi", "preview", file, "--json").said["attributes"] is None


def test_what_cannot_be_read_is_one_sentence(command: Command, file: Path) -> None:
    file.write_bytes(b"<> a")
    assert command("doi", "preview", file).code == 1
    assert command("doi", "preview", "no-such.ttl").code == 2
    assert command("doi", "preview", "nothing").code == 2
    assert command("doi", "preview", "w62kz7rwhm", "--url", "http://127.0.0.1:9").code == 3


def test_an_item_is_previewed_by_its_server(command: Command, server: Served) -> None:
    item = Client(server.url, server.token).submit(description("By a server"))
    asked = ("doi", "preview", item.id, "--url", server.url, "--token", server.token)
    told = command(*asked, "--json")
    assert told.code == 0
    assert told.said["attributes"]["alternateIdentifiers"][0]["alternateIdentifier"] == item.id
    assert "(draft): By a server" in told.said["citation"]
    assert command("doi", "preview", item.id, "--url", server.url).code == 4
