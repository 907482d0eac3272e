"""Reading DOIs: who sees which, lists and their pages, and the forms of metadata."""

import base64
import csv
import io
from typing import Any

import pytest
import requests
from lxml import etree

from catalog.sandbox.repositories import Repository
from tests.sandbox.conftest import COMPLETE, PUBLISHED, Asker

NOT_FOUND = [{"status": "404", "title": "The resource you are looking for doesn't exist."}]
BAD_CREDENTIALS = [{"status": "401", "title": "Bad credentials."}]
NOT_AUTHORIZED = [{"status": "403", "title": "You are not authorized to access this resource."}]
WRONG = ("SAGE.SANDBOX", "guessed")


def basic(said: str) -> dict[str, str]:
    return {"Authorization": f"Basic {said}"}


@pytest.mark.parametrize("event", [None, "register"])
def test_drafts_and_registered_dois_are_there_for_their_owner_alone(
    sage: Asker, other: Asker, anybody: Asker, doi: str, event: str | None
) -> None:
    sage.put(doi, event=event)
    assert sage.get(f"dois/{doi}").status_code == 200
    for asker in (other, anybody):
        answer = asker.get(f"dois/{doi}")
        assert (answer.status_code, answer.json()["errors"]) == (404, NOT_FOUND)


def test_everybody_sees_what_is_findable(sage: Asker, anybody: Asker, doi: str) -> None:
    sage.put(doi)
    assert anybody.seen(doi)["state"] == "findable"


def test_wrong_credentials_are_as_good_as_none_for_reading(sage: Asker, doi: str) -> None:
    sage.put(doi)
    answer = sage.get(f"dois/{doi}", auth=WRONG)
    assert answer.status_code == 200
    assert answer.headers["X-Anonymous-Consumer"] == "true"
    sage.put(doi, {"event": "hide"})
    assert sage.get(f"dois/{doi}", auth=WRONG).status_code == 404


def test_good_credentials_are_named_in_the_answer(sage: Asker, doi: str) -> None:
    headers = sage.put(doi).headers
    assert headers["X-Credential-Username"] == "sage.sandbox"
    assert "X-Anonymous-Consumer" not in headers


@pytest.mark.parametrize("token", ["Bearer guessed", "Bearer ", "Bearer a b"])
def test_a_bad_token_is_refused_for_reading_too(sage: Asker, doi: str, token: str) -> None:
    sage.put(doi)
    answer = sage.get(f"dois/{doi}", auth=None, headers={"Authorization": token})
    assert (answer.status_code, answer.json()["errors"]) == (401, BAD_CREDENTIALS)


def test_an_api_key_is_a_good_token(sage: Asker, doi: str) -> None:
    sage.put(doi, event=None)
    headers = {"Authorization": "Bearer sandbox"}
    assert sage.get(f"dois/{doi}", auth=None, headers=headers).status_code == 200


@pytest.mark.parametrize("said", ["", "!!!", "c2FnZQ==", "//79"])
def test_credentials_that_cannot_be_read_are_none(anybody: Asker, said: str) -> None:
    assert anybody.get("dois", headers=basic(said)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "dois"),
        ("PUT", "dois/10.5072/a"),
        ("PATCH", "dois/10.5072/a"),
        ("DELETE", "dois/10.5072/a"),
        ("POST", "dois/validate"),
        ("GET", "dois/get-dois"),
    ],
)
@pytest.mark.parametrize("auth", [None, WRONG], ids=["nobody", "a guess"])
def test_writing_needs_good_credentials(
    anybody: Asker, method: str, path: str, auth: tuple[str, str] | None
) -> None:
    answer = anybody.ask(method, path, {} if method != "GET" else None, auth=auth)
    assert (answer.status_code, answer.json()["errors"]) == (401, BAD_CREDENTIALS)


def test_the_dois_of_another_repository_are_not_ours_to_write(
    sage: Asker, other: Asker, doi: str
) -> None:
    sage.put(doi)
    for answer in (other.put(doi), other.ask("DELETE", f"dois/{doi}")):
        assert (answer.status_code, answer.json()["errors"]) == (403, NOT_AUTHORIZED)


@pytest.mark.parametrize("name", ["10.70000/a", "10.aaaa03", "10.9999/a"])
def test_a_prefix_that_is_not_assigned_is_refused(sage: Asker, name: str) -> None:
    answer = sage.ask("POST", "dois", PUBLISHED | {"doi": name})
    assert (answer.status_code, answer.json()["errors"]) == (403, NOT_AUTHORIZED)


def test_a_doi_in_the_name_of_another_repository_is_refused(sage: Asker, doi: str) -> None:
    client = {"client": {"data": {"type": "clients", "id": "sage.other"}}}
    body = {"data": {"type": "dois", "attributes": PUBLISHED, "relationships": client}}
    assert sage.ask("PUT", f"dois/{doi}", json=body).status_code == 403


def test_two_repositories_have_a_list_of_their_own_in_capitals(sage: Asker, other: Asker) -> None:
    sage.put("10.5072/own.list")
    other.put("10.70001/own.list")
    ours, theirs = (asker.get("dois/get-dois").json()["dois"] for asker in (sage, other))
    assert "10.5072/OWN.LIST" in ours
    assert "10.70001/OWN.LIST" in theirs
    assert set(ours) & set(theirs) == set()


def test_affiliations_and_publisher_are_whole_only_where_asked_for(sage: Asker, doi: str) -> None:
    affiliation = {"name": "Argonne", "affiliationIdentifier": "https://ror.org/05gvnxz63"}
    publisher = {"name": "Sage", "lang": "en"}
    sage.put(doi, creators=[{"name": "A", "affiliation": [affiliation]}], publisher=publisher)
    short = sage.seen(doi)
    assert (short["creators"][0]["affiliation"], short["publisher"]) == (["Argonne"], "Sage")
    whole = sage.seen(doi, "?affiliation=true&publisher=true")
    assert (whole["creators"][0]["affiliation"], whole["publisher"]) == ([affiliation], publisher)


def test_the_repository_comes_along_where_asked_for(sage: Asker, doi: str) -> None:
    sage.put(doi)
    answer = sage.get(f"dois/{doi}?include=client").json()
    assert answer["data"]["relationships"]["client"]["data"]["id"] == "sage.sandbox"
    assert [one["attributes"]["symbol"] for one in answer["included"]] == ["SAGE.SANDBOX"]


def test_the_xml_is_that_of_the_record(sage: Asker, doi: str) -> None:
    sage.put(doi)
    root = etree.fromstring(base64.b64decode(sage.seen(doi)["xml"]))
    assert root.findtext("{*}titles/{*}title") == COMPLETE["titles"][0]["title"]


def test_where_a_doi_leads_is_told_to_its_owner(sage: Asker, other: Asker, doi: str) -> None:
    sage.put(doi)
    assert sage.get(f"dois/{doi}/get-url").json() == {"url": COMPLETE["url"]}
    assert other.get(f"dois/{doi}/get-url").status_code == 403
    sage.put(f"{doi}.draft", {})
    assert sage.get(f"dois/{doi}.draft/get-url").status_code == 204


@pytest.fixture(scope="module")
def ten(registrar: Any) -> Asker:
    """Return a repository with ten DOIs below 10.70001/page., of 2017 to 2026."""
    asker = Asker(registrar, Repository("SAGE.OTHER", "secret", ("10.70001",)))
    for number in range(10):
        title = [{"title": f"Page {chr(ord('j') - number)}"}]
        asker.put(f"10.70001/page.{number}", publicationYear=2017 + number, titles=title)
    return asker


def pages(asker: Asker, query: str) -> list[dict[str, Any]]:
    """Return the answers of all pages, following `next`."""
    found, address = [], f"dois?query=page&prefix=10.70001&{query}"
    while address:
        found.append(asker.get(address).json())
        address = found[-1]["links"].get("next", "").removeprefix(asker.registrar.address)
    return found


@pytest.mark.parametrize(
    "query", ["page[size]=4", "page[size]=4&page[number]=1", "page[size]=4&page[cursor]=1"]
)
def test_following_the_links_leads_to_everything_once(ten: Asker, query: str) -> None:
    answers = pages(ten, query)
    assert [len(answer["data"]) for answer in answers] == [4, 4, 2]
    assert len({one["id"] for answer in answers for one in answer["data"]}) == 10
    assert {answer["meta"]["total"] for answer in answers} == {10}


def test_a_list_that_fills_its_pages_has_no_empty_last_one(ten: Asker) -> None:
    assert [len(answer["data"]) for answer in pages(ten, "page[size]=5")] == [5, 5]


def test_a_page_beyond_the_last_is_empty(ten: Asker) -> None:
    answer = ten.get("dois?query=page&prefix=10.70001&page[size]=5&page[number]=3").json()
    assert (answer["data"], answer["meta"]["totalPages"], answer["meta"]["page"]) == ([], 2, 3)
    assert "next" not in answer["links"]


def test_a_page_holds_25_where_nothing_is_said_and_1000_at_most(ten: Asker) -> None:
    assert ten.get("dois?page[size]=0").json()["data"] == []
    assert len(ten.get("dois").json()["data"]) <= 25
    assert ten.get("dois?page[size]=100000").status_code == 200


@pytest.mark.parametrize(
    ("sort", "first"),
    [("name", 0), ("-name", 9), ("created", 0), ("-created", 9), ("title", 9), ("-published", 9)],
)
def test_lists_are_sorted_as_asked_for(ten: Asker, sort: str, first: int) -> None:
    answer = ten.get(f"dois?query=page&prefix=10.70001&page[size]=1&sort={sort}").json()
    assert answer["data"][0]["id"] == f"10.70001/page.{first}"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("published=2019", 1),
        ("published=2019,2020", 2),
        ("resource-type-id=dataset", 10),
        ("resource-type-id=data-paper", 0),
        ("client-id=sage.other", 10),
        ("client-id=sage.sandbox", 0),
        ("provider-id=sage", 10),
        ("state=draft", 0),
        ("state=draft,findable", 10),
        ("created=1999", 0),
        ("ids=10.70001/page.1,10.70001/page.2", 2),
    ],
)
def test_lists_are_filtered_as_asked_for(ten: Asker, query: str, count: int) -> None:
    answer = ten.get(f"dois?query=page&prefix=10.70001&{query}").json()
    assert answer["meta"]["total"] == count


def test_facets_count_and_can_be_left_out(ten: Asker) -> None:
    meta = ten.get("dois?query=page&prefix=10.70001").json()["meta"]
    assert meta["states"] == [{"id": "findable", "title": "Findable", "count": 10}]
    bare = ten.get("dois?query=page&prefix=10.70001&disable-facets=true").json()["meta"]
    assert sorted(bare) == ["page", "total", "totalPages"]


def test_a_list_lacks_the_xml_unless_in_detail(ten: Asker) -> None:
    for query, has_xml in (("", False), ("&detail=true", True)):
        for one in ten.get(f"dois?query=page&prefix=10.70001{query}").json()["data"]:
            assert ("xml" in one["attributes"]) == has_xml


def test_fields_that_are_asked_for_are_all_there_is(ten: Asker) -> None:
    for one in ten.get("dois?prefix=10.70001&fields[dois]=id,titles").json()["data"]:
        assert (list(one["attributes"]), one["relationships"]) == (["titles"], {})


def test_anybody_lists_what_is_findable_alone(sage: Asker, anybody: Asker, doi: str) -> None:
    sage.put(doi, event=None)
    ids = f"dois?ids={doi}"
    assert sage.get(ids).json()["meta"]["total"] == 1
    assert anybody.get(ids).json()["meta"]["total"] == 0
    assert anybody.get(f"{ids}&state=draft").json()["meta"]["total"] == 0


def test_a_cursor_that_is_none_is_refused(anybody: Asker) -> None:
    answer = anybody.get("dois?page[cursor]=%C3%A4")
    assert answer.status_code == 400
    title = "Invalid base64 used for cursor pased from query params"
    assert answer.json()["errors"] == [{"status": "400", "title": title}]


FORMS = {
    "application/vnd.datacite.datacite+json": b'"doi": "',
    "application/vnd.datacite.datacite+xml": b"<resource ",
    "application/x-datacite+xml": b"<resource ",
    "application/vnd.schemaorg.ld+json": b'"@type": "Dataset"',
    "application/ld+json": b'"@type": "Dataset"',
    "application/vnd.citationstyles.csl+json": b'"type": "dataset"',
    "application/citeproc+json": b'"family": "Lovelace"',
    "application/x-bibtex": b"@misc{",
    "application/x-research-info-systems": b"TY  - DATA",
    "text/x-bibliography": b"Lovelace, A. (2026)",
    "text/csv": b"doi,url,registered",
}


@pytest.fixture(scope="module")
def shown(registrar: Any) -> str:
    """Return a findable DOI whose title needs care in every form."""
    title = '50 % {snow} & <b>\u202eice</b>, "a" \\ b_c'
    asker = Asker(registrar, Repository("SAGE.SANDBOX", "sandbox", ("10.5072",)))
    assert asker.put("10.5072/forms", titles=[{"title": title}]).status_code == 201
    return "10.5072/forms"


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_had_by_accept_by_path_and_at_the_stand_in_for_doi_org(
    anybody: Asker, shown: str, form: str
) -> None:
    headers = {"Accept": form}
    answers = [
        anybody.get(f"dois/{shown}", headers=headers),
        anybody.get(f"dois/{form}/{shown}"),
        anybody.get(f"doi/{shown}", headers=headers),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(form)
        assert FORMS[form] in answer.content
    assert answers[0].content == answers[1].content == answers[2].content


def test_a_table_with_commas_and_quotes_has_one_row(anybody: Asker, shown: str) -> None:
    answer = anybody.get(f"dois/text/csv/{shown}")
    assert len(list(csv.reader(io.StringIO(answer.text)))) == 2


def test_a_form_that_there_is_not_is_refused(anybody: Asker, shown: str) -> None:
    answers = [
        anybody.get(f"dois/{shown}", headers={"Accept": "application/vnd.ms-excel"}),
        anybody.get(f"dois/application/vnd.ms-excel/{shown}"),
        anybody.get(f"doi/{shown}", headers={"Accept": "image/png"}),
    ]
    title = "The content type is not recognized."
    for answer in answers:
        assert answer.status_code == 406
        assert answer.json()["errors"] == [{"status": "406", "title": title}]


@pytest.mark.parametrize(
    "accept", [None, "*/*", "text/html", "application/json", "text/html;q=0.1"]
)
def test_json_is_what_is_had_without_a_wish(anybody: Asker, shown: str, accept: str | None) -> None:
    answer = anybody.get(f"dois/{shown}", headers={"Accept": accept})
    assert answer.json()["data"]["id"] == shown


def test_no_form_shows_a_draft(sage: Asker, anybody: Asker, doi: str) -> None:
    sage.put(doi, event=None)
    for form in FORMS:
        assert anybody.get(f"dois/{form}/{doi}").status_code == 404
        assert anybody.get(f"doi/{doi}", headers={"Accept": form}).status_code == 404


@pytest.mark.parametrize(
    "accept", [None, "*/*", "text/html", "text/html,application/xml;q=0.9,*/*"]
)
def test_a_doi_leads_to_its_page(anybody: Asker, shown: str, accept: str | None) -> None:
    answer = anybody.get(f"doi/{shown}", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Location"]) == (302, COMPLETE["url"])


def test_a_hidden_doi_still_leads_to_its_page_but_has_no_metadata(
    sage: Asker, anybody: Asker, doi: str
) -> None:
    sage.put(doi)
    sage.put(doi, {"event": "hide"})
    assert anybody.get(f"doi/{doi}").status_code == 302
    assert anybody.get(f"doi/{doi}", headers={"Accept": "text/csv"}).status_code == 404


def test_drafts_and_unknown_dois_lead_nowhere(sage: Asker, anybody: Asker, doi: str) -> None:
    sage.put(doi, event=None)
    for name in (doi, "10.5072/unknown"):
        assert anybody.get(f"doi/{name}").status_code == 404
        handle = anybody.get(f"api/handles/{name}")
        assert (handle.status_code, handle.json()["responseCode"]) == (404, 100)


def test_the_handle_system_knows_where_a_doi_leads(anybody: Asker, shown: str) -> None:
    said = anybody.get(f"api/handles/{shown}").json()
    assert (said["responseCode"], said["handle"]) == (1, shown)
    assert said["values"][0]["data"] == {"format": "string", "value": COMPLETE["url"]}


def test_an_address_beyond_ascii_is_escaped_on_the_way(sage: Asker, doi: str) -> None:
    sage.put(doi, url="https://example.org/snø?a=%20&b=1#c")
    location = sage.get(f"doi/{doi}").headers["Location"]
    assert location == "https://example.org/sn%C3%B8?a=%20&b=1#c"


def test_the_page_for_people_says_what_this_is_and_hides_the_titles_of_drafts(
    sage: Asker, anybody: Asker, shown: str, doi: str
) -> None:
    sage.put(doi, event=None, titles=[{"title": "Not for all"}])
    page = anybody.get("", headers={"Accept": "text/html"})
    assert "This is a sandbox" in page.text
    assert f'href="{anybody.registrar.address}doi/{shown}"' in page.text
    assert "&lt;b&gt;" in page.text
    assert "Not for all" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_it_is_alive(anybody: Asker) -> None:
    assert anybody.get("heartbeat").text == "OK"


def test_heads_have_no_body(anybody: Asker, shown: str) -> None:
    answer = requests.head(f"{anybody.registrar.address}dois/{shown}", timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
