"""The real items over HTTP: each in every form, and each form sent back without a change."""

from importlib.resources import files

import pytest
from sqlalchemy import select

from api.queries import EXAMPLES
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.services.accounts import actor_of_token
from catalog.services.samples import load_samples
from catalog.tables import Item
from tests.api.sites import BASE, Site, site_in
from tests.catalogs import now

FORMS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}


@pytest.fixture(scope="module")
def real(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Site:
    site = site_in(tmp_path_factory.mktemp("real"), judge, queries)
    folder = files("catalog.samples")
    sources = [file.read_bytes() for file in folder.iterdir() if file.name.endswith(".ttl")]
    admin = actor_of_token(site.parts, site.tokens["admin"], now=now())
    assert load_samples(site.parts, admin, sources, now=now()) >= 35
    site.settle()
    return site


def ids_of(site: Site) -> list[str]:
    with site.parts.database.reading() as session:
        return list(session.scalars(select(Item.id).order_by(Item.id)))


@pytest.mark.parametrize("suffix", FORMS)
def test_every_form_of_every_real_item_can_be_sent_back(real: Site, suffix: str) -> None:
    changed = {}
    for item_id in ids_of(real):
        path = f"/items/{item_id}"
        read = real.admin.get(f"{path}.{suffix}")
        assert read.status_code == 200
        sent = real.admin.put(
            path, read.data, Content_Type=FORMS[suffix], If_Match=read.headers["ETag"]
        )
        before, after = (a.headers.get("ETag", "").partition("-")[0] for a in (read, sent))
        if sent.status_code != 200 or before != after:
            changed[item_id] = sent.text[:2_000]
    assert changed == {}


def test_every_real_item_has_a_page_and_json(real: Site) -> None:
    for item_id in ids_of(real):
        page = real.anyone.get(f"/items/{item_id}", Accept="text/html")
        assert page.status_code == 200
        said = real.anyone.get(f"/items/{item_id}.json").get_json()
        assert said["state"] == "published"
        assert said["report"]["conforms"] is True
        assert said["title"].split()[0] in page.text
        assert BASE in said["iri"]


def test_what_sparql_says_of_a_real_item_is_what_its_page_says(real: Site) -> None:
    rows = real.select(
        "SELECT ?item ?title { GRAPH ?item { ?item <http://purl.org/dc/terms/identifier> ?id ; "
        "<http://purl.org/dc/terms/title> ?title } FILTER (LANG(?title) = 'en') }"
    )
    titles = {row["item"].rpartition("/")[2]: row["title"] for row in rows}
    assert titles.keys() == set(ids_of(real))
    for item_id, title in titles.items():
        assert real.anyone.get(f"/items/{item_id}.json").get_json()["title"] == title


def test_the_example_queries_find_something(real: Site) -> None:
    assert len(EXAMPLES) >= 10
    for example in EXAMPLES:
        answer = real.anyone.post("/sparql", example.query, Content_Type="application/sparql-query")
        assert answer.status_code == 200, example.slug
        if "results+json" in answer.content_type:
            said = answer.get_json(force=True)
            assert said.get("boolean", said.get("results", {}).get("bindings")), example.slug
        else:
            assert answer.data.strip(), example.slug
