"""DOIs on HTTP: reserved, registered, refused in words, and told wherever an item is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from api.app import create_app
from catalog.services.register import Registration
from tests.api.sites import TURTLE, Kept, Site, problem, site_in
from tests.catalogs import description, now
from tests.registrars import MemoryRegistrar


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, judge: Any, queries: Any) -> Iterator[Site]:
    """A catalog whose registrar works only when a test says so."""
    return site_in(tmp_path_factory.mktemp("dois"), judge, queries)


@pytest.fixture
def registrar() -> MemoryRegistrar:
    return MemoryRegistrar()


def register(site: Site, registrar: MemoryRegistrar) -> None:
    registration = Registration(site.parts, registrar)
    while registration.step(now()):
        pass


def doi_of(site: Site, one: Kept) -> dict[str, Any]:
    said: dict[str, Any] = site.owner.get(f"{one.path}.json").get_json()["doi"]
    return said


def test_publication_answers_with_the_dois_and_does_not_wait_for_the_registrar(
    alone: Site,
) -> None:
    one = alone.draft("Clouds")
    said = alone.owner.post(f"{one.path}/publication?wait=0", If_Match=one.etag).get_json()
    assert said["doi"] == {
        "concept": f"10.5072/sage.{one.id}",
        "version": f"10.5072/sage.{one.id}.v1",
        "state": "reserved",
        "problem": None,
    }
    assert said["items"][one.id]["doi"] == said["doi"]


def test_a_doi_is_told_by_the_item_and_by_lists_once_it_resolves(
    alone: Site, registrar: MemoryRegistrar
) -> None:
    one = alone.published("Told")
    (line,) = [x for x in alone.anyone.get("/items").get_json()["items"] if x["id"] == one.id]
    assert line["doi"] is None
    register(alone, registrar)
    (line,) = [x for x in alone.anyone.get("/items").get_json()["items"] if x["id"] == one.id]
    assert line["doi"] == f"10.5072/sage.{one.id}"
    assert doi_of(alone, one)["state"] == "findable"


def test_the_etag_counts_nothing_of_a_doi_and_yet_is_another(
    alone: Site, registrar: MemoryRegistrar
) -> None:
    one = alone.published("Counted")
    before = alone.owner.get(f"{one.path}.json").headers["ETag"]
    register(alone, registrar)
    after = alone.owner.get(f"{one.path}.json").headers["ETag"]
    assert before != after
    assert before.partition("-")[0] == after.partition("-")[0]


def test_what_the_registrar_refuses_is_told_in_words(
    alone: Site, registrar: MemoryRegistrar
) -> None:
    one = alone.published("Refused")
    registrar.refuses = lambda _said: "It is too cloudy"
    register(alone, registrar)
    told = doi_of(alone, one)
    assert told["state"] == "failed"
    assert "It is too cloudy" in told["problem"]
    ready = alone.anyone.get("/health/ready").get_json()["registrar"]
    assert (ready["name"], ready["states"]["failed"]) == ("sandbox", 2)
    measures = alone.anyone.get("/metrics").text
    assert 'sage_catalog_dois{state="failed"} 2' in measures


def test_a_draft_gets_its_doi_on_request_and_once(alone: Site) -> None:
    one = alone.draft("Reserved")
    problem(alone.owner.post(f"{one.path}/doi"), 428, "precondition-missing")
    for _ in range(2):
        answer = alone.owner.post(f"{one.path}/doi", If_Match=one.etag)
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["doi"]["version"] == f"10.5072/sage.{one.id}.v1"
        assert answer.get_json()["doi"]["state"] == "reserved"
        assert answer.headers["ETag"].partition("-")[0] == one.etag.partition("-")[0]


def test_only_the_owner_reserves(alone: Site) -> None:
    one = alone.draft("Mine")
    for caller in (alone.other, alone.anyone, alone.curator):
        problem(caller.post(f"{one.path}/doi", If_Match="*"), 404, "not-found")
    public = alone.published("Mine, too")
    problem(alone.anyone.post(f"{public.path}/doi", If_Match="*"), 401, "unauthenticated")
    problem(alone.other.post(f"{public.path}/doi", If_Match="*"), 403, "forbidden")


def test_a_type_without_dois_is_told(alone: Site) -> None:
    settings = replace(alone.parts.settings, types_without_doi="training-data")
    parts = replace(alone.parts, settings=settings)
    site = replace(alone, parts=parts, app=create_app(parts))
    one = site.draft("None for this type")
    said = problem(site.owner.post(f"{one.path}/doi", If_Match="*"), 422, "not-acceptable")
    assert "training-data" in said["detail"]
    answer = site.owner.post(f"{one.path}/publication?wait=0", If_Match=one.etag)
    assert answer.get_json()["doi"] == dict.fromkeys(("concept", "version", "problem")) | {
        "state": "none"
    }


def test_a_published_item_gets_its_missing_doi_by_publishing_it_again(
    alone: Site, registrar: MemoryRegistrar
) -> None:
    settings = replace(alone.parts.settings, types_without_doi="training-data")
    parts = replace(alone.parts, settings=settings)
    before = replace(alone, parts=parts, app=create_app(parts))
    one = before.published("Before there were DOIs")
    answer = alone.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["doi"]["version"] == f"10.5072/sage.{one.id}.v1"
    assert answer.get_json()["state"] == "published"
    register(alone, registrar)
    assert doi_of(alone, one)["state"] == "findable"
    problem(alone.owner.post(f"{one.path}/publication", If_Match="*"), 409, "wrong-state")


def test_a_private_item_has_at_most_a_reserved_doi(alone: Site, registrar: MemoryRegistrar) -> None:
    one = alone.private("Private")
    assert doi_of(alone, one)["state"] == "none"
    assert alone.owner.post(f"{one.path}/doi", If_Match="*").status_code == 200
    register(alone, registrar)
    assert not [doi for doi in registrar.held if one.id in doi]
    answer = alone.owner.put(
        f"{one.path}/visibility?wait=0", {"visibility": "public"}, If_Match="*"
    )
    assert answer.status_code == 200, answer.text
    register(alone, registrar)
    assert registrar.states()[f"10.5072/sage.{one.id}.v1"] == "findable"


def test_metadata_that_no_registrar_takes_are_refused_before_publication(
    alone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schema of the registrar is asked in the same breath as the shapes."""
    from catalog.domain.exporting.datacite_faults import Fault
    from catalog.services import registrable

    told = Fault("titles", "", "The registrar takes no such title.")
    one = alone.draft("Not registrable")
    public = alone.published("Once registrable")
    monkeypatch.setattr(registrable, "registration_faults", lambda *_, **__: (told,))
    published = alone.owner.post(f"{one.path}/publication", If_Match="*")
    at_once = alone.owner.post("/items?publish=true", description("At once"), Content_Type=TURTLE)
    revised = alone.owner.put(
        public.path, description("Revised"), Content_Type=TURTLE, If_Match="*"
    )
    for answer in (published, at_once, revised):
        said = problem(answer, 422, "not-conforming")
        messages = [finding["message"] for finding in said["report"]["findings"]]
        assert told.title in messages
    assert alone.owner.get(f"{one.path}.json").get_json()["state"] == "draft"


@pytest.mark.parametrize("title", ["<b>Clouds</b> & <script>", "\u202eClouds\u202c", "C" * 10_000])
def test_odd_titles_are_registered(alone: Site, registrar: MemoryRegistrar, title: str) -> None:
    one = alone.published(title)
    register(alone, registrar)
    assert doi_of(alone, one)["state"] == "findable"
