"""Proposals over HTTP: by token and by form, in every form, and each refusal in a sentence."""

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.test import TestResponse

from tests.api.sites import BASE, Site, problem
from tests.api.test_sign_in import Browser, Forms, word_of

TASK = "https://w3id.org/sage/vocab/ml-task/"
PROV = "http://www.w3.org/ns/prov#"
TERM = {
    "scheme": "ml-task",
    "prefLabel": "Snow mask",
    "altLabel": ["snow segmentation"],
    "definition": "Says where snow lies in an image.",
    "broader": "computer-vision",
    "source": ["https://example.org/snow", "a test"],
    "why": "The station at W023 needs it.",
}


@pytest.fixture
def site(empty: Site) -> Site:
    """Return a catalog of its own: the numbers of proposals begin at 1."""
    return empty


def made(site: Site, *, by: str = "owner", **more: Any) -> str:
    """Propose a term; return its path."""
    answer = site.as_(by).post("/vocab/proposals", {**TERM, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"]).removeprefix(BASE[:-1])


def decided(site: Site, path: str, *, accept: bool, reason: str = "") -> TestResponse:
    return site.curator.post(f"{path}/decision", {"accept": accept, "reason": reason})


# ---- by token


def test_a_proposal_has_an_address_at_which_it_is_read(site: Site) -> None:
    answer = site.owner.post("/vocab/proposals", TERM)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{BASE}vocab/proposals/1"
    said = site.anyone.get("/vocab/proposals/1").get_json()
    assert said == answer.get_json()
    assert said["concept"] == TASK + "snow-mask"
    assert (said["state"], said["term_state"], said["by"]) == ("open", "proposed", "owner")
    assert said["changes"]["altLabel"] == {"removed": [], "added": ["snow segmentation"]}
    assert said["changes"]["broader"]["added"] == [TASK + "computer-vision"]
    assert said["patch"] == f"{BASE}vocab/proposals/1.patch"


def test_a_change_says_all_values_or_what_comes_and_what_goes(site: Site) -> None:
    concept = TASK + "image-to-text"
    body = {
        "concept": concept,
        "definition": "Say in words what an image shows, or read the text in it.",
        "altLabel": {"add": ["describing images"], "remove": ["OCR"]},
        "why": "Clearer.",
    }
    said = site.owner.post("/vocab/proposals", body).get_json()
    assert (said["kind"], said["label"]) == ("change", "Image-to-text")
    assert said["changes"]["altLabel"] == {"removed": ["OCR"], "added": ["describing images"]}
    assert len(said["changes"]["definition"]["removed"]) == 1


def test_it_is_discussed_decided_and_then_closed(site: Site) -> None:
    path = made(site)
    assert site.curator.post(f"{path}/notes", {"text": "Why?"}).status_code == 201
    assert site.owner.post(f"{path}/notes", {"text": "Look."}).status_code == 201
    problem(site.other.post(f"{path}/notes", {"text": "I too."}), 403, "forbidden")
    problem(site.owner.post(f"{path}/decision", {"accept": True}), 403, "forbidden")
    problem(decided(site, path, accept=False), 422, "not-acceptable")
    said = decided(site, path, accept=True, reason="Good.").get_json()
    assert (said["state"], said["decision"]["by"]) == ("accepted", "curator")
    assert [note["text"] for note in said["notes"]] == ["Why?", "Look."]
    problem(decided(site, path, accept=False, reason="No."), 409, "wrong-state")
    problem(site.owner.post(f"{path}/withdrawal"), 409, "wrong-state")


def test_an_administrator_decides_as_a_curator_does(site: Site) -> None:
    path = made(site)
    answer = site.admin.post(f"{path}/decision", {"accept": False, "reason": "No."})
    assert answer.get_json()["state"] == "refused"


def test_one_withdraws_ones_own(site: Site) -> None:
    path = made(site)
    problem(site.other.post(f"{path}/withdrawal"), 403, "forbidden")
    assert site.owner.post(f"{path}/withdrawal").get_json()["state"] == "withdrawn"
    assert site.anyone.get(path).get_json()["patch"] is None


def test_without_an_account_one_reads_only(site: Site) -> None:
    path = made(site)
    problem(site.anyone.post("/vocab/proposals", TERM), 401, "unauthenticated")
    for ending, body in (("notes", {"text": "x"}), ("decision", {"accept": True})):
        problem(site.anyone.post(f"{path}/{ending}", body), 401, "unauthenticated")
    problem(site.anyone.post(f"{path}/withdrawal"), 401, "unauthenticated")


def test_the_patch_is_a_diff_for_programs(site: Site) -> None:
    path = made(site)
    preview = site.anyone.get(f"{path}.patch")
    assert preview.content_type == "text/x-diff; charset=utf-8"
    assert preview.text.startswith("diff --git a/vocab/ml-task.ttl b/vocab/ml-task.ttl\n")
    assert "changeNote" not in preview.text
    decided(site, path, accept=True)
    assert "Added by proposal 1, accepted on" in site.anyone.get(f"{path}.patch").text
    refused = made(site, prefLabel="Rain mask", altLabel=[])
    decided(site, refused, accept=False, reason="No.")
    problem(site.anyone.get(f"{refused}.patch"), 409, "wrong-state")


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nt", "rdf"])
def test_in_rdf_it_says_who_when_and_why_in_the_words_of_prov(site: Site, suffix: str) -> None:
    path = made(site)
    site.curator.post(f"{path}/notes", {"text": "Why?"})
    decided(site, path, accept=True, reason="Needed.")
    answer = site.anyone.get(f"{path}.{suffix}")
    forms = {
        "ttl": ox.RdfFormat.TURTLE,
        "jsonld": ox.RdfFormat.JSON_LD,
        "nt": ox.RdfFormat.N_TRIPLES,
        "rdf": ox.RdfFormat.RDF_XML,
    }
    store = ox.Store()
    store.load(answer.data, format=forms[suffix])
    rows = store.query(
        f"PREFIX prov: <{PROV}> PREFIX foaf: <http://xmlns.com/foaf/0.1/> "
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
        "PREFIX dct: <http://purl.org/dc/terms/> "
        "SELECT ?who ?why ?what WHERE { ?p a prov:Activity ; prov:startedAtTime ?began ; "
        "prov:endedAtTime ?ended ; prov:used ?used ; prov:generated ?what ; dct:hasPart ?part . "
        "?part prov:wasAssociatedWith/foaf:name ?who ; rdfs:comment ?why } ORDER BY ?who ?why"
    )
    assert isinstance(rows, ox.QuerySolutions)
    assert [(r["who"].value, r["why"].value, r["what"].value) for r in rows] == [  # type: ignore[union-attr]
        ("curator", "Needed.", TASK + "snow-mask"),
        ("curator", "Why?", TASK + "snow-mask"),
        ("owner", TERM["why"], TASK + "snow-mask"),
    ]


def test_lists_are_narrowed_and_paged(site: Site) -> None:
    for n in range(3):
        made(site, prefLabel=f"Mask {n}", altLabel=[])
    first = site.anyone.get("/vocab/proposals?limit=2").get_json()
    assert [one["id"] for one in first["proposals"]] == [3, 2]
    rest = site.anyone.get(f"/vocab/proposals?limit=2&cursor={first['next']}").get_json()
    assert ([one["id"] for one in rest["proposals"]], rest["next"]) == ([1], None)
    assert site.anyone.get("/vocab/proposals?state=refused").get_json()["total"] == 0
    assert site.anyone.get("/vocab/proposals?scheme=ml-task&state=open").get_json()["total"] == 3
    own = quote(TASK + "mask-1")
    assert site.anyone.get(f"/vocab/proposals?concept={own}").get_json()["total"] == 1


@pytest.mark.parametrize(
    "asked", ["state=new", "scheme=nowhere", "limit=0", "limit=x", "cursor=%25", "cursor=LTE"]
)
def test_a_list_asked_for_wrongly_is_refused(site: Site, asked: str) -> None:
    problem(site.anyone.get(f"/vocab/proposals?{asked}"), 400, "unreadable")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({**TERM, "scheme": "nowhere"}, 404, None),
        ({**TERM, "scheme": ""}, 422, "scheme"),
        ({"kind": "change", "why": "x"}, 422, "concept"),
        ({"concept": "https://w3id.org/sage/vocab/ml-task/nothing", "why": "x"}, 404, None),
        ({"concept": "x" * 2_000, "why": "x"}, 422, None),
        ({**TERM, "kind": "deletion"}, 422, None),
        ({**TERM, "colour": "red"}, 422, None),
        ({**TERM, "prefLabel": 7}, 422, "prefLabel"),
        ({**TERM, "altLabel": ["a", None]}, 422, "altLabel"),
        ({**TERM, "altLabel": {"plus": ["a"]}}, 422, "altLabel"),
        ({**TERM, "altLabel": {"add": "a"}}, 422, "altLabel"),
        ({**TERM, "replaced_by": "computer-vision"}, 422, "replaced_by"),
        ({**TERM, "why": ""}, 422, "why"),
        ({**TERM, "why": "x" * 2_001}, 422, "why"),
        ({**TERM, "notation": "computer-vision"}, 422, "notation"),
        ({**TERM, "prefLabel": "Snow\x1bmask"}, 422, "prefLabel"),
        ({**TERM, "definition": "x." * 20_000}, 422, "definition"),
        ({**TERM, "definition": "x." * 40_000}, 413, None),
        ([TERM], 422, None),
        ("{", 400, None),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_kept(
    site: Site, body: Any, status: int, field: str | None
) -> None:
    answer = site.owner.post("/vocab/proposals", body, Content_Type="application/json")
    assert answer.status_code == status, answer.text
    said = json.loads(answer.text)
    assert said["detail"]
    if field is not None:
        assert field in {one["field"] for one in said["errors"]}
    assert site.anyone.get("/vocab/proposals").get_json()["total"] == 0


def test_an_existing_notation_is_refused_with_file_line_rule_and_term(site: Site) -> None:
    answer = site.owner.post("/vocab/proposals", {**TERM, "notation": "image-to-text"})
    said = problem(answer, 422, "not-acceptable")
    (trouble,) = [one for one in said["errors"] if one["field"] == "notation"]
    assert trouble["rule"] == "duplicate-notation"
    assert trouble["concept"] == TASK + "image-to-text"
    assert trouble["file"] == "vocab/ml-task.ttl"
    assert trouble["line"] > 1


@pytest.mark.parametrize("path", ["/vocab/proposals/0", "/vocab/proposals/7", "/vocab/proposals/x"])
def test_a_proposal_that_is_not_there_is_not_found(site: Site, path: str) -> None:
    problem(site.anyone.get(path), 404, "not-found")
    problem(site.anyone.get(f"{path}.patch"), 404, "not-found")


def test_a_key_makes_a_repeated_request_one_proposal(site: Site) -> None:
    first = site.owner.post("/vocab/proposals", TERM, Idempotency_Key="k")
    again = site.owner.post("/vocab/proposals", TERM, Idempotency_Key="k")
    assert first.get_json() == again.get_json()
    problem(site.owner.post("/vocab/proposals", TERM), 409, "taken")


# ---- by form


@pytest.fixture
def browser(site: Site) -> Browser:
    opened = Browser(site)
    assert opened.sign_in(site.tokens["owner"]).status_code == 303
    return opened


def filled(page: TestResponse, action: str) -> dict[str, str]:
    """Return the fields of a form of a page, as they stand."""
    return next(dict(names) for _, where, names in Forms(page.text).found if where == action)


def sent(browser: Browser, page: TestResponse, more: Mapping[str, str]) -> TestResponse:
    action = "/vocab/proposals/do/propose"
    return browser.send(action, **{**filled(page, action), **more})


def test_who_is_not_signed_in_is_asked_to_and_comes_back(site: Site) -> None:
    answer = Browser(site).get("/vocab/proposals/new?scheme=ml-task")
    assert answer.status_code == 303
    assert (
        answer.headers["Location"] == "/sign-in?next=%2Fvocab%2Fproposals%2Fnew%3Fscheme%3Dml-task"
    )
    opened = Browser(site)
    target = "/vocab/proposals/new?scheme=ml-task"
    assert opened.sign_in(site.tokens["owner"], target).headers["Location"] == target


def test_a_term_is_proposed_by_the_form(browser: Browser) -> None:
    page = browser.get("/vocab/proposals/new?scheme=ml-task")
    words = {
        "prefLabel": " Snow mask ",
        "altLabel": "snow segmentation\r\n\r\nsnow layer\r\n",
        "definition": "Says where\r\nsnow lies.",
        "source": "https://example.org/snow",
        "broader": "ml-task/computer-vision",
        "why": "Needed.",
    }
    answer = sent(browser, page, words)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/vocab/proposals/1")
    shown = browser.get("/vocab/proposals/1").text
    for words_shown in ("Snow mask", "snow layer", "Says where snow lies.", "Computer vision"):
        assert words_shown in shown


def test_a_change_begins_with_what_stands_and_keeps_what_is_left_alone(
    browser: Browser, site: Site
) -> None:
    page = browser.get(f"/vocab/proposals/new?concept={quote(TASK + 'image-to-text')}")
    action = "/vocab/proposals/do/propose"
    fields = {
        name: unescape(text)
        for name, text in re.findall(
            r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL
        )
    }
    again = filled(page, action) | fields | {"broader": "ml-task/multimodal"}
    answer = browser.send(action, **{**again, "prefLabel": "Image to words", "why": "Clearer."})
    assert answer.status_code == 303, answer.text
    said = site.anyone.get("/vocab/proposals/1").get_json()
    assert said["changes"] == {
        "prefLabel": {"removed": ["Image-to-text"], "added": ["Image to words"]}
    }


def test_a_term_is_deprecated_by_the_form(browser: Browser, site: Site) -> None:
    concept = quote(TASK + "image-to-text")
    page = browser.get(f"/vocab/proposals/new?kind=deprecation&concept={concept}")
    answer = sent(browser, page, {"replaced_by": "image-text-to-text", "why": "Covered."})
    assert answer.status_code == 303
    said = site.anyone.get("/vocab/proposals/1").get_json()
    assert said["changes"]["replaced_by"]["added"] == [TASK + "image-text-to-text"]


def test_errors_stand_at_their_fields_and_what_was_typed_stays(
    browser: Browser, site: Site
) -> None:
    page = browser.get("/vocab/proposals/new?scheme=ml-task")
    words = {"prefLabel": "<b>Snow</b>", "definition": "x", "altLabel": "a\nb", "why": ""}
    answer = sent(browser, page, words)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "<b>Snow" not in answer.text
    assert "&lt;b&gt;Snow&lt;/b&gt;" in answer.text
    for name in ("definition", "source", "why"):
        assert f'id="{name}-error"' in answer.text
        assert f'href="#{name}"' in answer.text
    assert "a\nb</textarea>" in answer.text
    assert site.anyone.get("/vocab/proposals").get_json()["total"] == 0


def test_what_was_proposed_already_is_told_on_the_form(browser: Browser, site: Site) -> None:
    made(site, by="other")
    page = browser.get("/vocab/proposals/new?scheme=ml-task")
    words = {"prefLabel": "Snow mask", "definition": "Says where snow lies.", "source": "x"}
    answer = sent(browser, page, {**words, "why": "Needed."})
    assert answer.status_code == 409
    assert "Proposal 1 asks for the same term" in answer.text


def test_a_form_of_another_page_or_without_its_word_is_refused(browser: Browser) -> None:
    for path in ("do/propose", "1/do/note", "1/do/decide", "1/do/withdraw"):
        answer = browser.send(f"/vocab/proposals/{path}", scheme="ml-task", csrf="guessed")
        assert answer.status_code == 403


def test_the_page_offers_just_what_its_reader_may_do(site: Site) -> None:
    path = made(site)
    offers: dict[str | None, set[str]] = {
        None: set(),
        "other": set(),
        "owner": {"note", "withdraw"},
        "curator": {"note", "decide"},
    }
    for who, offered in offers.items():
        opened = Browser(site)
        if who is not None:
            opened.sign_in(site.tokens[who])
        forms = Forms(opened.get(path).text).found
        found = {where.rpartition("/")[2] for _, where, _ in forms if "/do/" in where}
        assert found == offered, who


def test_a_curator_discusses_and_decides_on_the_page(site: Site) -> None:
    path = made(site)
    opened = Browser(site)
    opened.sign_in(site.tokens["curator"])
    word = word_of(opened.get(path))
    noted = opened.send(f"{path}/do/note", csrf=word, text="Why?\r\nSay more.")
    assert noted.headers["Location"] == f"{path}#discussion"
    again = opened.send(f"{path}/do/decide", csrf=word, accept="false", reason="")
    assert again.status_code == 422
    assert "a reason is needed" in again.text
    assert opened.send(f"{path}/do/decide", csrf=word, accept="maybe").status_code == 400
    done = opened.send(f"{path}/do/decide", csrf=word, accept="false", reason="<i>No</i>")
    assert done.status_code == 303
    shown = opened.get(path).text
    assert "&lt;i&gt;No&lt;/i&gt;" in shown
    assert "Refused" in shown
    assert "Say more." in shown


def test_one_withdraws_on_the_page(browser: Browser, site: Site) -> None:
    path = made(site)
    word = word_of(browser.get(path))
    assert browser.send(f"{path}/do/withdraw", csrf=word).status_code == 303
    assert "Withdrawn" in browser.get(path).text


def test_lists_empty_full_and_continued_are_pages(browser: Browser, site: Site) -> None:
    assert "Nobody has proposed anything yet" in browser.get("/vocab/proposals").text
    for n in range(3):
        made(site, prefLabel=f"Mask {n}", altLabel=[])
    page = browser.get("/vocab/proposals?limit=2")
    assert "3 proposals" in page.text
    found = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert found
    assert "Mask 0" in browser.get(unescape(found[1])).text
    assert "No proposal matches" in browser.get("/vocab/proposals?scheme=node").text


def test_pages_of_what_is_not_there_are_not_found(browser: Browser) -> None:
    for asked in ("scheme=nowhere", f"concept={quote(TASK + 'nothing')}"):
        assert browser.get(f"/vocab/proposals/new?{asked}").status_code == 404
    assert browser.get("/vocab/proposals/new").status_code == 200


def test_the_shape_of_proposals_is_read_like_any_other(site: Site) -> None:
    assert site.anyone.get("/shapes/proposal").status_code == 200
