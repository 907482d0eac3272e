"""Writing DOIs: creating, changing, states, and what is refused, after DataCite's own specs."""

import base64
from typing import Any

import pytest

from catalog.kernel4 import NAMESPACE, to_xml
from catalog.sandbox.suffixes import checksum, drawn
from tests.sandbox.conftest import COMPLETE, PUBLISHED, Asker


def errors(answer: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = answer.json()["errors"]
    return found


def test_put_creates_what_is_not_there(sage: Asker, doi: str) -> None:
    answer = sage.put(doi)
    assert answer.status_code == 201
    assert answer.json()["data"]["attributes"]["state"] == "findable"


def test_put_changes_what_is_there(sage: Asker, doi: str) -> None:
    sage.put(doi)
    assert sage.put(doi).status_code == 200


def test_patch_creates_too(sage: Asker, doi: str) -> None:
    assert sage.ask("PATCH", f"dois/{doi}", PUBLISHED).status_code == 201


def test_only_sent_attributes_change_and_arrays_are_replaced_whole(sage: Asker, doi: str) -> None:
    sage.put(doi, subjects=[{"subject": "a"}, {"subject": "b"}])
    sage.put(doi, {"subjects": [{"subject": "c"}]})
    seen = sage.seen(doi)
    assert seen["subjects"] == [{"subject": "c"}]
    assert seen["titles"] == COMPLETE["titles"]


@pytest.mark.parametrize("nothing", [None, []])
def test_null_and_an_empty_array_empty_an_array(sage: Asker, doi: str, nothing: Any) -> None:
    sage.put(doi, subjects=[{"subject": "a"}], identifiers=[{"identifier": "i"}])
    sage.put(doi, {"subjects": nothing, "alternateIdentifiers": nothing})
    seen = sage.seen(doi)
    assert (seen["subjects"], seen["identifiers"], seen["alternateIdentifiers"]) == ([], [], [])


def test_an_object_alone_is_taken_for_an_array(sage: Asker, doi: str) -> None:
    sage.put(doi, dates={"date": ":tba", "dateType": "Issued"})
    assert sage.seen(doi)["dates"] == [{"date": ":tba", "dateType": "Issued"}]


def test_other_identifiers_are_known_by_both_their_names(sage: Asker, doi: str) -> None:
    named = [{"alternateIdentifier": "a1", "alternateIdentifierType": "Sage"}]
    seen = sage.put(doi, alternateIdentifiers=named).json()["data"]["attributes"]
    assert seen["identifiers"] == [{"identifier": "a1", "identifierType": "Sage"}]
    assert seen["alternateIdentifiers"] == named


def test_read_only_and_unknown_attributes_are_dropped_in_silence(sage: Asker, doi: str) -> None:
    sage.put(doi, state="draft", viewCount=7, created="1999", isActive=False, snow=True)
    seen = sage.seen(doi)
    assert (seen["state"], seen["viewCount"], seen["isActive"]) == ("findable", 0, True)
    assert not seen["created"].startswith("1999")
    assert "snow" not in seen


def test_names_come_back_in_small_letters(sage: Asker, doi: str) -> None:
    answer = sage.put(doi.upper())
    assert answer.json()["data"]["id"] == answer.json()["data"]["attributes"]["doi"] == doi
    assert sage.seen(doi.upper())["doi"] == doi


def test_a_version_becomes_text_and_a_year_a_number(sage: Asker, doi: str) -> None:
    seen = sage.put(doi, version=45, publicationYear="2016").json()["data"]["attributes"]
    assert (seen["version"], seen["publicationYear"]) == ("45", 2016)


def test_types_are_completed(sage: Asker, doi: str) -> None:
    seen = sage.put(doi, types={"resourceTypeGeneral": "Preprint"}).json()["data"]["attributes"]
    assert seen["types"] == {
        "resourceTypeGeneral": "Preprint",
        "schemaOrg": "CreativeWork",
        "citeproc": "article",
        "bibtex": "misc",
        "ris": "GEN",
    }


def test_licences_of_spdx_come_back_in_small_letters(sage: Asker, doi: str) -> None:
    rights = {"rightsIdentifier": "CC-BY-4.0", "rightsIdentifierScheme": "SPDX"}
    seen = sage.put(doi, rightsList=[rights]).json()["data"]["attributes"]
    assert seen["rightsList"][0]["rightsIdentifier"] == "cc-by-4.0"


def test_a_reason_is_kept(sage: Asker, doi: str) -> None:
    sage.put(doi)
    sage.put(doi, {"event": "hide", "reason": "withdrawn by author"})
    assert sage.seen(doi)["reason"] == "withdrawn by author"


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([None], "draft"),
        (["register"], "registered"),
        (["publish"], "findable"),
        (["register", "publish"], "findable"),
        (["publish", "hide"], "registered"),
        (["publish", "hide", "show"], "findable"),
        (["publish", "hide", "publish"], "findable"),
        (["publish", "register"], "findable"),
        (["hide"], "draft"),
        (["show"], "draft"),
        (["publish", "launch"], "findable"),
        (["register", "hide"], "registered"),
        (["publish", 7], "findable"),
    ],
)
def test_events_lead_on_or_are_ignored_in_silence(
    sage: Asker, doi: str, events: list[Any], state: str
) -> None:
    for event in events:
        answer = sage.put(doi, COMPLETE, event=event)
        assert answer.status_code in (200, 201)
    assert sage.seen(doi)["state"] == state


def test_a_draft_may_be_anything_and_even_have_no_address(sage: Asker, doi: str) -> None:
    assert sage.put(doi, {}).status_code == 201
    assert sage.seen(doi)["url"] is None


def test_post_draws_a_suffix_where_only_a_prefix_is_said(sage: Asker) -> None:
    answer = sage.ask("POST", "dois", {"prefix": "10.5072"})
    name = answer.json()["data"]["id"]
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/dois/{name}")
    assert sage.seen(name)["state"] == "draft"


def test_drawn_suffixes_have_the_checksum_of_datacite() -> None:
    assert len(drawn()) == 9
    assert drawn(checksum(12345) * 0 + 12345) == f"000c-1s{checksum(12345):02d}"


def test_post_of_what_exists_is_refused(sage: Asker, doi: str) -> None:
    sage.put(doi)
    answer = sage.ask("POST", "dois", PUBLISHED | {"doi": doi})
    assert answer.status_code == 422
    assert errors(answer) == [
        {"source": "doi", "title": "This DOI has already been taken", "uid": doi}
    ]


def test_post_without_doi_and_prefix_is_refused(sage: Asker) -> None:
    answer = sage.ask("POST", "dois", {"event": "publish"})
    assert errors(answer) == [{"source": "doi", "title": "Can't be blank"}]


@pytest.mark.parametrize(
    ("changed", "source", "title"),
    [
        ({"url": None}, "url", "Can't be blank"),
        ({"url": ""}, "url", "Can't be blank"),
        ({"url": "mailto:a@example.org"}, "url", "URL is not valid"),
        ({"url": "https://example.org/a b"}, "url", "URL is not valid"),
        (
            {"titles": ["Snow"]},
            "titles",
            "Title 'Snow' should be an object instead of a string.",
        ),
        ({"dates": ["2026"]}, "dates", "Date 2026 should be an object instead of a string."),
        ({"types": "Dataset"}, "types", "Types 'Dataset' should be an object instead of a string."),
        (
            {"contributors": [{"name": "A", "contributorType": "Boss"}]},
            "contributors",
            "Contributor type Boss is not supported in schema 4.",
        ),
        ({"language": "not one"}, "language", "Language not one is in an invalid format."),
        (
            {"publisher": {"lang": "en"}},
            "publisher_obj",
            "Object at root is missing required properties: name",
        ),
    ],
)
def test_what_is_checked_before_a_doi_is_findable(
    sage: Asker, doi: str, changed: dict[str, Any], source: str, title: str
) -> None:
    answer = sage.put(doi, **changed)
    assert answer.status_code == 422
    assert errors(answer) == [{"source": source, "title": title, "uid": doi}]
    assert sage.get(f"dois/{doi}").status_code == 404


def test_what_the_schema_refuses_is_told_word_for_word(sage: Asker, doi: str) -> None:
    answer = sage.put(doi, creators=[])
    title = (
        f"DOI {doi}: Missing child element(s). Expected is "
        "( {http://datacite.org/schema/kernel-4}creator ). at line 4, column 0"
    )
    assert errors(answer) == [{"source": "creators", "title": title, "uid": doi}]


def test_without_a_schema_version_only_that_something_is_wrong_is_told(
    sage: Asker, doi: str
) -> None:
    attributes = {name: said for name, said in PUBLISHED.items() if name != "schemaVersion"}
    assert sage.put(doi, attributes | {"creators": []}).json()["errors"] == [
        {"source": "metadata", "title": "Is invalid", "uid": doi}
    ]
    assert sage.put(doi, attributes).status_code == 201
    assert errors(sage.put(doi, {"creators": []}))[0]["source"] == "creators"


def test_older_kernels_are_no_longer_supported(sage: Asker, doi: str) -> None:
    old = NAMESPACE.replace("4", "3")
    title = f"DOI {doi}: Schema {old} is no longer supported"
    assert errors(sage.put(doi, schemaVersion=old)) == [
        {"source": "xml", "title": title, "uid": doi}
    ]


def test_a_refused_change_changes_nothing(sage: Asker, doi: str) -> None:
    sage.put(doi)
    before = sage.seen(doi)
    assert sage.put(doi, {"creators": [], "titles": [{"title": "New"}]}).status_code == 422
    assert sage.seen(doi) == before


def test_addresses_outside_the_domains_of_the_repository_are_refused(other: Asker) -> None:
    for url in ("https://example.com/a", "https://anl.gov.example.com/a", "https://example.org.x/"):
        title = f"URL {url} is not allowed by repository sage.other domain settings."
        answer = other.put("10.70000/refused", url=url)
        assert errors(answer) == [{"source": "url", "title": title, "uid": "10.70000/refused"}]
    assert other.put("10.70000/good", url="https://www.anl.gov/a").status_code == 201


def test_a_draft_may_lead_anywhere_until_it_is_registered(other: Asker) -> None:
    attributes = COMPLETE | {"url": "https://example.com/a"}
    assert other.put("10.70000/later", attributes).status_code == 201
    assert other.put("10.70000/later", {"event": "publish"}).status_code == 422


@pytest.mark.parametrize(
    "name", ["10.5072/snow man", "10.5072/a%22b", "10.5072/é", "10.5072/a%23b"]
)
def test_characters_that_no_new_doi_may_have_are_refused(sage: Asker, name: str) -> None:
    answer = sage.put(name)
    assert answer.status_code == 422
    assert errors(answer)[0]["title"] == "Is invalid"


def test_deleting_a_draft_answers_nothing(sage: Asker, doi: str) -> None:
    sage.put(doi, {})
    answer = sage.ask("DELETE", f"dois/{doi}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert sage.get(f"dois/{doi}").status_code == 404


@pytest.mark.parametrize("event", ["register", "publish"])
def test_what_is_registered_is_never_deleted(sage: Asker, doi: str, event: str) -> None:
    sage.put(doi, event=event)
    answer = sage.ask("DELETE", f"dois/{doi}")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "HEAD, GET, POST, PATCH, PUT, OPTIONS"
    assert errors(answer) == [{"status": "405", "title": "Method not allowed"}]


def test_deleting_what_is_not_there_is_404(sage: Asker, doi: str) -> None:
    assert sage.ask("DELETE", f"dois/{doi}").status_code == 404


def test_xml_says_what_stands_not_beside_it(sage: Asker, doi: str) -> None:
    xml = to_xml(COMPLETE | {"doi": doi, "titles": [{"title": "From XML"}]})
    encoded = base64.b64encode(xml).decode()
    sage.put(doi, {"xml": encoded, "url": "https://example.org/x", "event": "publish"})
    assert sage.seen(doi)["titles"] == [{"title": "From XML"}]
    sage.put(doi, {"xml": encoded, "titles": [{"title": "From JSON"}]})
    assert sage.seen(doi)["titles"] == [{"title": "From JSON"}]


@pytest.mark.parametrize("content", [b"no xml", b"{nor json", b"<other/>"])
def test_a_document_that_is_none_is_refused(sage: Asker, doi: str, content: bytes) -> None:
    encoded = base64.b64encode(content).decode()
    assert errors(sage.put(doi, xml=encoded))[0] == {
        "source": "xml",
        "title": "Is invalid",
        "uid": doi,
    }


def test_validating_keeps_nothing_and_answers_200_either_way(sage: Asker, doi: str) -> None:
    good = sage.ask("POST", "dois/validate", COMPLETE | {"doi": doi})
    bad = sage.ask("POST", "dois/validate", COMPLETE | {"doi": doi, "creators": []})
    assert (good.status_code, good.json()["data"]["id"]) == (200, doi)
    assert (bad.status_code, errors(bad)[0]["source"]) == (200, "creators")
    assert sage.get(f"dois/{doi}").status_code == 404


def test_random_dois_are_drawn_and_not_kept(sage: Asker) -> None:
    drawn_dois = sage.get("dois/random?prefix=10.5072&size=3").json()["dois"]
    assert len(set(drawn_dois)) == 3
    assert all(one.startswith("10.5072/") for one in drawn_dois)
    assert errors(sage.get("dois/random")) == [
        {"status": "422", "title": "Parameter prefix is required"}
    ]


def test_what_was_done_to_a_doi_stays_known(sage: Asker, doi: str) -> None:
    sage.put(doi)
    sage.put(doi, {"titles": [{"title": "Newer"}]})
    done = [one["attributes"] for one in sage.get(f"dois/{doi}/activities").json()["data"]]
    assert [one["action"] for one in done] == ["update", "create"]
    assert done[0]["changes"]["titles"] == [COMPLETE["titles"], [{"title": "Newer"}]]
