"""The vocabularies on HTTP: searched, read in every form, compared, followed to the items."""

import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from catalog.cli.reading import library_files
from catalog.domain.identifiers import VOCAB
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.library import library
from catalog.services.releases import load_release, take_installed
from tests.api.served import Served, served
from tests.api.sites import Site, problem, site_in
from tests.catalogs import now
from tests.cli.test_vocab import changed_copy

SEGMENTATION = f"{VOCAB}ml-task/semantic-segmentation"
VISION = f"{VOCAB}ml-task/computer-vision"


def found(site: Site, query: str) -> list[dict[str, object]]:
    results: list[dict[str, object]] = site.anyone.get(f"/vocab/search?{query}").get_json()[
        "results"
    ]
    return results


def page(site: Site, path: str) -> str:
    answer = site.anyone.get(path, Accept="text/html")
    assert answer.status_code == 200, answer.text
    return answer.text


# -- search


@pytest.mark.parametrize(
    "query",
    [
        "temperature measured by a BME680",
        "temperature bme680",
        "temprature bme680",
        "bme680 temperature",
    ],
)
def test_temperature_measured_by_a_bme680_is_found_by_one_query(site: Site, query: str) -> None:
    uris = [hit["uri"] for hit in found(site, f"q={quote(query)}")]
    assert f"{VOCAB}measurement/env.temperature" in uris[:3]


def test_temperature_measured_by_a_bme680_is_three_clicks_from_the_front(site: Site) -> None:
    assert 'href="/vocab/sensor"' in page(site, "/vocab")
    assert 'href="/vocab/sensor/bme680"' in page(site, "/vocab/sensor")
    assert 'href="/vocab/measurement/env.temperature"' in page(site, "/vocab/sensor/bme680")


def test_a_hit_says_what_it_is_and_why(site: Site) -> None:
    first = found(site, "q=W023")[0]
    assert first["uri"] == f"{VOCAB}node/W023"
    assert {"prefLabel", "altLabel", "notation", "scheme", "why", "href"} <= set(first)
    assert first["scheme"] == "node"
    assert first["href"] == "/vocab/node/W023"


def test_a_search_stays_in_the_vocabularies_that_are_named(site: Site) -> None:
    schemes = {hit["scheme"] for hit in found(site, "q=temperature&scheme=sensor&scheme=unit")}
    assert schemes <= {"sensor", "unit"}
    problem(site.anyone.get("/vocab/search?q=a&scheme=nothing"), 404, "not-found")


def test_a_search_is_paged_and_counted(site: Site) -> None:
    first = site.anyone.get("/vocab/search?q=temperature&limit=5").get_json()
    second = site.anyone.get("/vocab/search?q=temperature&limit=5&offset=5").get_json()
    assert first["total"] == second["total"] > 10
    uris = [hit["uri"] for hit in (*first["results"], *second["results"])]
    assert len(uris) == len(set(uris)) == 10


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%20", "q=%E2%98%83", "q=*", "q=AND+(", "q=" + "x" * 10_000]
)
def test_any_text_is_an_answer(site: Site, query: str) -> None:
    answer = site.anyone.get(f"/vocab/search?{query}")
    assert answer.status_code == 200
    assert isinstance(answer.get_json()["results"], list)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=9" * 30])
def test_a_number_that_cannot_be_is_refused(site: Site, query: str) -> None:
    problem(site.anyone.get(f"/vocab/search?q=a&{query}"), 400, "unreadable")


def test_the_page_of_a_search_says_why_and_leads_on(site: Site) -> None:
    shown = page(site, "/vocab?q=temperature")
    assert 'rel="next"' in shown
    assert "env.temperature" in shown
    assert "Propose it" in page(site, "/vocab?q=%E2%98%83")


# -- forms


@pytest.mark.parametrize(
    ("suffix", "form"),
    [("ttl", "text/turtle"), ("jsonld", "application/ld+json"), ("rdf", "application/rdf+xml"),
     ("nt", "application/n-triples"), ("html", "text/html")],
)  # fmt: skip
def test_a_vocabulary_is_downloaded_by_its_suffix(site: Site, suffix: str, form: str) -> None:
    answer = site.anyone.get(f"/vocab/sensor.{suffix}", Accept="*/*")
    assert (answer.status_code, answer.mimetype) == (200, form)
    problem(site.anyone.get("/vocab/sensor.exe"), 404, "not-found")
    problem(site.anyone.get("/vocab/nothing.ttl"), 404, "not-found")


def test_every_form_that_a_term_is_offered_in_is_there(site: Site) -> None:
    import re

    shown = page(site, "/vocab/sensor/bme680")
    links = re.findall(r'href="(/rest/v1/[^"]+)"', shown)
    assert len(links) == 3
    for link in links:
        answer = site.anyone.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "bme680" in answer.text


@pytest.mark.parametrize("scheme", library().vocabularies.names)
def test_every_vocabulary_has_a_page_and_one_of_each_view(site: Site, scheme: str) -> None:
    for view in ("", "?view=letters", "?view=groups"):
        assert "<h1>" in page(site, f"/vocab/{scheme}{view}")


# -- use


def test_a_term_counts_the_items_that_cite_it_and_leads_to_them(site: Site) -> None:
    one = site.published("Cites a task")
    shown = page(site, f"/vocab/{SEGMENTATION.removeprefix(VOCAB)}")
    assert f"/items?cites={quote(SEGMENTATION, safe='')}" in shown
    listed = site.anyone.get(f"/items?limit=100&cites={quote(SEGMENTATION)}").get_json()
    assert one.id in {line["id"] for line in listed["items"]}


def test_items_that_cite_something_narrower_belong_to_the_broader(site: Site) -> None:
    site.published("Counts upwards")
    broad, narrow = (
        site.anyone.get(f"/items?cites={quote(iri)}").get_json()["total"]
        for iri in (VISION, SEGMENTATION)
    )
    assert broad >= narrow >= 1


def test_the_list_of_items_names_the_term_that_it_is_narrowed_by(site: Site) -> None:
    site.published("Cites a task")
    shown = page(site, f"/items?cites={quote(SEGMENTATION, safe='')}")
    assert "Semantic segmentation" in shown
    assert "Remove filter" in shown


def test_a_term_that_is_none_narrows_nothing(site: Site) -> None:
    for iri in ("urn:x", "javascript:1", f"{VOCAB}ml-task/nothing", "x" * 600):
        problem(site.anyone.get(f"/items?cites={quote(iri)}"), 400, "unreadable")


# -- versions


@pytest.fixture(scope="module")
def released(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Site:
    """A catalog with a second release, in which a sensor has another name."""
    folder = tmp_path_factory.mktemp("released")
    site = site_in(folder, judge, queries)
    take_installed(site.parts.database, library(), now=now())
    files = library_files(changed_copy(folder / "release"))
    load_release(site.parts, files, note="Bosch makes it", now=now())
    return site


def test_versions_are_listed_and_read(released: Site) -> None:
    said = released.anyone.get("/vocab/sensor/versions").get_json()
    assert [line["release"] for line in said["versions"]] == [2, 1]
    assert said["versions"][0]["changes"] == {"relabelled": 1}
    first = released.anyone.get("/vocab/sensor/versions/1")
    assert first.data == library().files["vocab/sensor"]
    assert b"of Bosch" in released.anyone.get("/vocab/sensor/versions/2.ttl").data
    assert "Bosch makes it" in page(released, "/vocab/sensor/versions")


def test_any_two_versions_are_compared_as_data_and_as_a_page(released: Site) -> None:
    (change,) = released.anyone.get("/vocab/sensor/versions/1/2").get_json()["changes"]
    assert (change["kind"], change["before"], change["after"]) == (
        "relabelled",
        "BME680",
        "BME680 of Bosch",
    )
    assert "BME680 of Bosch" in page(released, "/vocab/sensor/versions/1/2")
    assert "Nothing about its terms differs" in page(released, "/vocab/sensor/versions/2/2")
    chosen = released.anyone.get("/vocab/sensor/versions?from=1&to=2")
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/vocab/sensor/versions/1/2")
    asked = released.anyone.get("/vocab/sensor/versions/2", Accept="text/html")
    assert asked.headers["Location"] == "/vocab/sensor/versions/1/2"


def test_a_term_tells_its_life(released: Site) -> None:
    shown = page(released, "/vocab/sensor/bme680")
    assert "Added to this vocabulary." in shown
    assert "before “BME680”" in shown


def test_changes_are_told_since_a_moment(released: Site) -> None:
    path = "/vocab/sensor/versions?since="
    (change,) = released.anyone.get(f"{path}2026-01-01").get_json()["changes"]
    assert (change["term"], change["release"]) == (f"{VOCAB}sensor/bme680", 2)
    assert released.anyone.get(f"{path}2999-01-01T00:00:00Z").get_json()["changes"] == []
    for text in ("", "x", "9" * 40, "0000-00-00"):
        problem(released.anyone.get(path + text), 400, "unreadable")


def test_skosmos_clients_see_what_is_new_and_what_was_modified(released: Site) -> None:
    modified = released.anyone.get("/rest/v1/sensor/modified?lang=en").get_json()
    assert [one["uri"] for one in modified["changeList"]] == [f"{VOCAB}sensor/bme680"]
    new = released.anyone.get("/rest/v1/sensor/new?lang=en&limit=5").get_json()
    assert len(new["changeList"]) == 5


@pytest.mark.parametrize(
    "path",
    ["/vocab/nothing/versions", "/vocab/sensor/versions/9", "/vocab/sensor/versions/1/9",
     "/vocab/nothing/versions/1", "/vocab/nothing/versions/1/2", "/vocab/sensor/versions/0",
     "/vocab/sensor/versions/999999999999999999999/1", "/vocab/sensor/versions/1.exe"],
)  # fmt: skip
def test_a_version_that_is_not_there_is_not_found(released: Site, path: str) -> None:
    for form in ("application/json", "text/html", "text/turtle"):
        answer = released.anyone.get(path, Accept=form)
        assert answer.status_code in {404, 406}


def test_what_is_asked_of_versions_is_a_number(released: Site) -> None:
    problem(released.anyone.get("/vocab/sensor/versions?from=x&to=1"), 400, "unreadable")


# -- a running catalog


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> "pytest.Generator[Served]":
    with served(tmp_path_factory.mktemp("vocab") / "data") as one:
        yield one


def test_a_running_catalog_takes_up_a_release_without_losing_a_request(
    running: Served, tmp_path: Path
) -> None:
    from catalog.cli import main

    release = changed_copy(tmp_path / "release")
    statuses: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            statuses.append(running.ask("GET", "/vocab/search?q=bme680&scheme=sensor").status)
            statuses.append(running.ask("POST", "/validate", b"<> a <urn:x> .",
                                        Content_Type="text/turtle").status)  # fmt: skip

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert main(["vocab", "load", str(release), "--data", str(running.data)]) == 0
        deadline = time.monotonic() + 30
        names: set[str] = set()
        while names != {"BME680 of Bosch"} and time.monotonic() < deadline:
            names = {
                running.ask("GET", "/vocab/search?q=bme680&scheme=sensor").json()["results"][0][
                    "prefLabel"
                ]
                for _ in range(6)  # both web workers answer
            }
        assert names == {"BME680 of Bosch"}
    finally:
        done.set()
        asking.join()
    assert set(statuses) == {200}
    name = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    query = f"SELECT ?name {{ <{VOCAB}sensor/bme680> {name} ?name }}"
    answer = running.ask("GET", f"/sparql?query={quote(query)}", Accept="text/csv")
    assert b"BME680 of Bosch" in answer.data
