"""The interface described: every operation in OpenAPI, every error with a page, and readiness."""

import json
import re
from typing import Any

import pytest
import schemathesis

from api.app import create_app
from catalog.domain.errors import CatalogError, every_error
from catalog.services import readiness
from tests.api.sites import BASE, Site, problem

STATUSES = {400, 401, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 416, 421, 422, 428, 429,
            500, 503, 507}  # fmt: skip


def openapi(site: Site) -> dict[str, Any]:
    answer = site.anyone.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    said: dict[str, Any] = answer.get_json()
    return said


def test_openapi_is_valid_and_of_version_3_1(site: Site) -> None:
    said = openapi(site)
    assert said["openapi"].startswith("3.1")
    loaded = schemathesis.openapi.from_dict(said)
    loaded.validate()
    assert len(list(loaded.get_all_operations())) > 40


def test_every_operation_is_in_openapi_and_those_on_an_item_have_its_id(site: Site) -> None:
    paths = openapi(site)["paths"]
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    described = {
        (path, method) for path in paths for method in paths[path] if method != "parameters"
    }
    assert described == routes
    of_items = [path for path in paths if re.match(r"/items/\{", path)]
    assert len(of_items) > 10
    assert all(path.startswith("/items/{id}") for path in of_items)


def test_every_operation_says_what_it_does_takes_and_answers(site: Site) -> None:
    for path, methods in openapi(site)["paths"].items():
        for method, said in methods.items():
            if method == "parameters":
                continue
            where = f"{method} {path}"
            assert said["summary"], where
            assert any(status < "400" for status in said["responses"]), where
            assert "400" in said["responses"], where
            if method in {"post", "put"} and "visibility" in path:
                assert said["requestBody"]["content"], where
            for status, answer in said["responses"].items():
                if status.isdigit() and status >= "400":
                    assert "application/problem+json" in answer["content"], (where, status)


def test_what_needs_a_token_says_so(site: Site) -> None:
    said = openapi(site)
    assert said["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert said["paths"]["/items"]["post"]["security"] == [{"token": []}]
    assert said["paths"]["/items/{id}"]["put"]["security"] == [{"token": []}]
    assert "security" not in said["paths"]["/sparql"]["get"]
    assert {} in said["paths"]["/items/{id}"]["get"]["security"]


def test_the_page_of_the_interface_names_every_path(site: Site) -> None:
    page = site.anyone.get("/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    for path, methods in openapi(site)["paths"].items():
        tags = {tag for said in methods.values() if "tags" in said for tag in said["tags"]}
        if tags != {"forms"}:
            assert path in page.text, path
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert all('src="/static/' in script for script in scripts)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.slug)
def test_every_error_has_a_page_of_its_own(site: Site, kind: type[CatalogError]) -> None:
    page = site.anyone.get(f"/problems/{kind.slug}")
    assert page.status_code == 200
    assert kind.title.replace("’", "&#39;") in page.text or kind.title in page.text
    assert str(kind.status) in page.text


def test_the_tree_of_errors_and_its_table_agree() -> None:
    import catalog.domain.errors as module

    drawn = dict(re.findall(r"[├└]── (\w+)\s+(\d{3})", module.__doc__ or ""))
    kinds = {kind.__name__: str(kind.status) for kind in every_error() if kind is not CatalogError}
    of_tests = {name for name in kinds if name not in module.__dict__}
    assert drawn == {name: kinds[name] for name in kinds if name not in of_tests}
    slugs = [kind.slug for kind in every_error()]
    assert len(set(slugs)) == len(slugs)
    assert {kind.status for kind in every_error()} <= STATUSES
    for kind in every_error():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.slug)
        assert kind.__doc__


def test_an_error_names_its_page_and_tells_its_evidence(site: Site) -> None:
    said = problem(site.anyone.get("/items/7777777777"), 404, "not-found")
    assert said["instance"] == "/items/7777777777"
    page = said["type"].removeprefix(BASE[:-1])
    assert site.anyone.get(page).status_code == 200
    html = site.anyone.get("/items/7777777777", Accept="text/html")
    assert (html.status_code, html.mimetype) == (404, "text/html")
    assert "/problems/not-found" in html.text


def test_a_mistake_of_ours_tells_nothing_but_that(
    empty: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret inside /srv/data")

    monkeypatch.setattr("api.items.find", broken)
    app = create_app(empty.parts)
    for accept, kind in (("application/json", "problem+json"), ("text/html", "text/html")):
        answer = app.test_client().get("/items", headers={"Accept": accept})
        assert answer.status_code == 500
        assert kind in answer.content_type
        assert "secret" not in answer.text
        assert "ZeroDivision" not in answer.text
    assert empty.anyone.get("/problems/our-mistake").status_code == 200


def test_readiness_is_503_until_everything_is_projected(empty: Site) -> None:
    assert empty.anyone.get("/health/live").status_code == 200
    early = empty.anyone.get("/health/ready")
    assert early.status_code == 503
    assert early.get_json()["checks"]["projected"] is False
    empty.settle()
    ready = empty.anyone.get("/health/ready")
    assert ready.status_code == 200, ready.text
    said = ready.get_json()
    assert said["ready"] is True
    assert set(said) == {"ready", "checks", "outbox", "registrar", "fixity", "issuers"}
    with empty.parts.database.writing() as session:
        readiness.set_fact(session, readiness.SAMPLES, "loading")
    assert empty.anyone.get("/health/ready").status_code == 503


def test_measures_are_text_that_a_scraper_reads(site: Site) -> None:
    answer = site.anyone.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    for line in answer.text.strip().splitlines():
        assert re.fullmatch(r'[a-z_]+(\{[a-z]+="[a-z-]+"\})? [0-9.eE+-]+', line), line


@pytest.mark.parametrize("path", ["/vocab", "/vocab/item-type", "/vocab/item-type/model", "/shapes",
                                  "/shapes/model", "/ns"])  # fmt: skip
def test_words_dereference_in_every_form(site: Site, path: str) -> None:
    for form in ("text/turtle", "application/ld+json", "application/n-triples",
                 "application/rdf+xml", "text/html"):  # fmt: skip
        answer = site.anyone.get(path, Accept=form)
        assert answer.status_code == 200
        assert answer.mimetype == form
        if form != "text/html":
            again = site.anyone.get(path, Accept=form, If_None_Match=answer.headers["ETag"])
            assert again.status_code == 304
    problem(site.anyone.get(path, Accept="image/png"), 406, "not-offered")
    for missing in ("/vocab/none", "/vocab/item-type/none", "/shapes/none"):
        problem(site.anyone.get(missing), 404, "not-found")


def test_a_term_leads_to_its_place_and_an_unknown_one_nowhere(site: Site) -> None:
    there = site.anyone.get("/ns/TrainingDataset")
    assert (there.status_code, there.headers["Location"]) == (303, f"{BASE}ns#TrainingDataset")
    problem(site.anyone.get("/ns/Nothing"), 404, "not-found")


def test_the_context_is_json_ld(site: Site) -> None:
    answer = site.anyone.get("/context.jsonld")
    assert answer.mimetype == "application/ld+json"
    assert "@context" in json.loads(answer.text)


def test_the_front_page_says_what_there_is(site: Site) -> None:
    one = site.published("Newest of all")
    said = site.anyone.get("/", Accept="application/json").get_json()
    assert said["counts"]["training-data"] >= 1
    page = site.anyone.get("/", Accept="text/html")
    assert "Newest of all" in page.text
    assert f"/items/{one.id}" in page.text
    assert page.text.count("/sparql?") >= 3
