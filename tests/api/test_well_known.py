"""Where machines look first: each interface leads to what describes it, and numbers are right."""

import json
from typing import Any

import pyoxigraph as ox

from catalog.domain.feeds.dataset import VOID
from tests.api.sites import BASE, Site

OTHERS = ("https://www.w3.org/", "https://w3id.org/", "https://www.sitemaps.org/",
          "https://www.rfc-editor.org/", "https://www.openarchives.org/")  # fmt: skip
RELATIONS = ("service-desc", "service-doc", "service-meta", "status")


def linkset(site: Site) -> list[dict[str, Any]]:
    answer = site.anyone.get("/.well-known/api-catalog")
    assert answer.status_code == 200
    assert answer.mimetype == "application/linkset+json"
    found: list[dict[str, Any]] = json.loads(answer.text)["linkset"]
    return found


def test_every_interface_is_listed_and_answers_as_it_is_described(empty: Site) -> None:
    listed, *told = linkset(empty)
    assert listed["anchor"] == f"{BASE}.well-known/api-catalog"
    assert [one["href"] for one in listed["item"]] == [one["anchor"] for one in told]
    for one in told:
        assert one["service-desc"]
        assert one["service-doc"]
        for link in (link for relation in RELATIONS for link in one.get(relation, ())):
            if link["href"].startswith(OTHERS):
                continue
            path = link["href"].removeprefix(BASE[:-1])
            answer = empty.anyone.get(path, Accept=link["type"])
            assert answer.status_code in {200, 503}, link
            assert answer.mimetype == link["type"], link
            assert isinstance(link.get("profile", ""), str)


def test_the_list_of_interfaces_names_itself_in_a_link(empty: Site) -> None:
    for method in ("GET", "HEAD"):
        answer = empty.anyone.ask(method, "/.well-known/api-catalog")
        assert 'rel="api-catalog"' in answer.headers["Link"]
        assert 'profile="https://www.rfc-editor.org/info/rfc9727"' in answer.content_type
    etag = answer.headers["ETag"]
    again = empty.anyone.get("/.well-known/api-catalog", If_None_Match=etag)
    assert again.status_code == 304


def test_every_page_leads_to_the_interfaces_and_the_feed(empty: Site) -> None:
    page = empty.anyone.get("/", Accept="text/html").text
    assert '<link rel="api-catalog" href="/.well-known/api-catalog"' in page
    assert '<link rel="alternate" href="/feed.atom" type="application/atom+xml"' in page


def counted(site: Site) -> dict[tuple[str, str], str]:
    answer = site.anyone.get("/.well-known/void")
    assert answer.status_code == 200
    said = list(ox.parse(answer.data, format=ox.RdfFormat.TURTLE))
    return {(str(one.subject), str(one.predicate)): str(one.object.value) for one in said}  # type: ignore[union-attr]


def test_void_counts_what_is_public_and_gives_an_example(empty: Site) -> None:
    node = f"<{BASE}.well-known/void#catalog>"
    assert counted(empty)[(node, f"<{VOID}entities>")] == "0"
    made = [empty.published(f"Item {number}") for number in range(2)]
    empty.draft("A draft")
    empty.withdrawn("Withdrawn")
    said = counted(empty)
    assert said[(node, f"<{VOID}entities>")] == "2"
    assert said[(node, f"<{VOID}sparqlEndpoint>")] == f"{BASE}sparql"
    assert said[(node, f"<{VOID}exampleResource>")] == f"{BASE}items/{made[1].id}"
    part = f"{node[:-1]}-class-1>"
    assert said[(part, f"<{VOID}class>")] == "https://w3id.org/sage/ns#TrainingDataset"
    assert said[(part, f"<{VOID}entities>")] == "2"


def test_void_counts_properties_once_queries_are_answered(empty: Site) -> None:
    empty.published("One")
    empty.settle()
    said = counted(empty)
    properties = {value for (_, prop), value in said.items() if prop == f"<{VOID}property>"}
    assert "http://purl.org/dc/terms/title" in properties
    for form in ("application/ld+json", "application/rdf+xml"):
        assert empty.anyone.get("/.well-known/void", Accept=form).mimetype == form
    total = int(said[(f"<{BASE}.well-known/void#catalog>", f"<{VOID}triples>")])
    parts = [int(v) for (s, p), v in said.items() if p == f"<{VOID}triples>" and "-property-" in s]
    assert total == sum(parts) > 1_000
