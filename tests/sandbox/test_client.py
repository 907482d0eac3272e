"""The whole surface of the `datacite` client against the sandbox, its gaps as they are."""

import json
from copy import deepcopy
from typing import Any

import pytest
from datacite import DataCiteRESTClient
from datacite.errors import (
    DataCiteBadRequestError,
    DataCiteError,
    DataCiteForbiddenError,
    DataCiteNotFoundError,
    DataCiteServerError,
    DataCiteUnauthorizedError,
    HttpError,
)

from catalog.sandbox import DEFAULT, Running
from tests.sandbox.conftest import COMPLETE, Asker

URL = "https://example.org/items/a"


@pytest.fixture
def client(registrar: Running) -> DataCiteRESTClient:
    return DataCiteRESTClient(
        DEFAULT.id, DEFAULT.password, "10.5072", url=registrar.address, timeout=10
    )


@pytest.fixture
def metadata() -> dict[str, Any]:
    return deepcopy(COMPLETE)


def test_a_draft_can_be_made_with_and_without_a_name(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    assert client.draft_doi(metadata, doi) == doi
    assert client.draft_doi().startswith("10.5072/")


def test_a_public_doi_leads_where_it_should(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    assert client.public_doi(metadata, URL, doi) == doi
    assert client.get_doi(doi) == URL
    assert client.get_metadata(doi)["state"] == "findable"


def test_a_private_doi_is_registered(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.private_doi(metadata, URL, doi)
    assert client.get_metadata(doi)["state"] == "registered"


def test_a_doi_can_be_hidden_and_shown(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.public_doi(metadata, URL, doi)
    assert client.hide_doi(doi)["state"] == "registered"
    assert client.show_doi(doi)["state"] == "findable"


def test_metadata_and_address_can_be_updated(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.public_doi(metadata, URL, doi)
    assert client.update_url(doi, f"{URL}/new") == f"{URL}/new"
    updated = client.update_doi(doi, {"titles": [{"title": "New"}]}, f"{URL}/newer")
    assert (updated["titles"], updated["url"]) == ([{"title": "New"}], f"{URL}/newer")


def test_a_draft_can_be_deleted(client: DataCiteRESTClient, doi: str) -> None:
    client.draft_doi(doi=doi)
    client.delete_doi(doi)
    with pytest.raises(DataCiteNotFoundError):
        client.get_metadata(doi)


def test_posting_answers_the_name(client: DataCiteRESTClient, doi: str) -> None:
    assert client.post_doi({"attributes": {"doi": doi}}) == doi


def test_names_are_checked_before_anything_is_sent(client: DataCiteRESTClient) -> None:
    assert client.check_doi("a") == "10.5072/a"
    with pytest.raises(ValueError, match="Wrong DOI"):
        client.check_doi("10.70000/a")


def test_its_older_names_still_work(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.public_doi(metadata, URL, doi)
    with pytest.warns(DeprecationWarning, match="get_doi"):
        assert client.doi_get(doi) == URL
    with pytest.warns(DeprecationWarning, match="get_metadata"):
        assert client.metadata_get(doi)["doi"] == doi


@pytest.mark.parametrize(
    ("user", "password", "name", "error"),
    [
        ("SAGE.SANDBOX", "guessed", "10.5072/denied", DataCiteUnauthorizedError),
        ("SAGE.OTHER", "secret", "10.5072/denied", DataCiteForbiddenError),
    ],
)
def test_refusals_of_rights_have_errors_of_their_own(
    registrar: Running, user: str, password: str, name: str, error: type[DataCiteError]
) -> None:
    client = DataCiteRESTClient(user, password, "10.5072", url=registrar.address, timeout=10)
    with pytest.raises(error):
        client.draft_doi(doi=name)


def test_an_empty_body_has_an_error_of_its_own(client: DataCiteRESTClient) -> None:
    with pytest.raises(DataCiteBadRequestError, match="JSONAPI"):
        client.post_doi({})


def test_gap_1_what_is_not_valid_is_told_as_a_fault_of_the_server(
    client: DataCiteRESTClient, doi: str
) -> None:
    with pytest.raises(DataCiteServerError) as caught:
        client.public_doi({}, URL, doi)
    assert json.loads(caught.value.args[0])["errors"][0]["uid"] == doi


def test_gap_2_creating_by_put_raises_though_it_succeeded(
    client: DataCiteRESTClient, doi: str, sage: Asker
) -> None:
    with pytest.raises(DataCiteServerError):
        client.put_doi(doi, {"attributes": {}})
    assert sage.seen(doi)["state"] == "draft"


def test_gap_3_nothing_is_tried_again(client: DataCiteRESTClient, doi: str, sage: Asker) -> None:
    sage.registrar.admin.set_faults({"kind": "503", "path": f"/dois/{doi}"})
    with pytest.raises(DataCiteServerError):
        client.get_metadata(doi)
    sage.registrar.admin.clear_faults()


def test_a_dropped_connection_is_an_error_of_the_network(
    client: DataCiteRESTClient, sage: Asker
) -> None:
    sage.registrar.admin.set_faults({"kind": "drop-before-commit"})
    with pytest.raises(HttpError):
        client.get_metadata("10.5072/a")
    sage.registrar.admin.clear_faults()


def test_gap_5_the_metadata_of_the_caller_are_changed(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.public_doi(metadata, URL, doi)
    assert (metadata["event"], metadata["doi"]) == ("publish", doi)


def test_gap_6_media_cannot_be_had(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.public_doi(metadata, URL, doi)
    with pytest.raises(KeyError):
        client.get_media(doi)


def test_gap_7_a_name_is_not_quoted(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    client.draft_doi(metadata, doi)
    client.delete_doi(f"{doi}#not-this-one")
    with pytest.raises(DataCiteNotFoundError):
        client.get_metadata(doi)


def test_gap_9_what_is_read_back_is_less_than_what_was_written(
    client: DataCiteRESTClient, metadata: dict[str, Any], doi: str
) -> None:
    metadata["publisher"] = {"name": "Sage", "publisherIdentifier": "https://ror.org/05gvnxz63"}
    client.public_doi(metadata, URL, doi)
    assert client.get_metadata(doi)["publisher"] == "Sage"
