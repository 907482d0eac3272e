"""Feeds for readers, search engines and other catalogs: Atom, sitemaps and the DCAT document."""

from datetime import UTC, datetime, timedelta

import pyoxigraph as ox
import pytest
from lxml import etree

from api import feeds, feeds_catalog
from catalog.domain.context import PREFIXES
from catalog.domain.feeds import sitemaps
from catalog.domain.feeds.catalog_page import HYDRA
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from tests.agreement.test_profiles import STANDARDS, violations
from tests.api.sites import BASE, TURTLE, Kept, Site, description, kept, problem, site_in

ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}
MAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
HOSTILE = "Clouds & <b>smoke</b> ]]>"
ORCID = (
    b'<#ana> a foaf:Person ; foaf:name "%s" ; '
    b"<https://schema.org/identifier> <https://orcid.org/0000-0002-1825-0097> ."
)


def read(site: Site, path: str, form: str) -> etree._Element:
    answer = site.anyone.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == f"{form}; charset=utf-8"
    return etree.fromstring(answer.data)


def texts(root: etree._Element, path: str, names: dict[str, str]) -> list[str]:
    return [str(found) for found in root.xpath(path, namespaces=names)]


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> tuple[Site, list[Kept]]:
    site = site_in(tmp_path_factory.mktemp("feeds"), judge, queries)
    made = [site.published(HOSTILE), site.withdrawn("Withdrawn")]
    for name in (b"Ana Ruiz", b"A. Ruiz"):
        sent = description("By one person").replace(
            b'<#ana> a foaf:Person ; foaf:name "Ana Ruiz" .', ORCID % name
        )
        made.append(kept(site.owner.post("/items?publish=true&wait=0", sent, Content_Type=TURTLE)))
    site.draft("A draft")
    site.private("Private")
    made += [site.published(f"Item {number}") for number in range(3)]
    return site, made


# -- Atom


def test_a_feed_has_the_newest_first_and_the_withdrawn_as_gone(
    filled: tuple[Site, list[Kept]],
) -> None:
    site, made = filled
    root = read(site, "/feed.atom", "application/atom+xml")
    ids = texts(root, "//a:entry/a:id/text()", ATOM)
    shown = [one for one in reversed(made) if one is not made[1]]
    assert ids == [f"tag:catalog.invalid,2026:items/{one.id}" for one in shown]
    assert texts(root, "//at:deleted-entry/@ref", ATOM) == [
        f"tag:catalog.invalid,2026:items/{made[1].id}"
    ]
    assert texts(root, "//a:entry/a:title/text()", ATOM)[-1] == HOSTILE
    assert "draft" not in etree.tostring(root).decode()
    assert "Private" not in etree.tostring(root).decode()


def test_a_feed_is_what_rfc_4287_asks(filled: tuple[Site, list[Kept]]) -> None:
    site, _ = filled
    root = read(site, "/feed.atom", "application/atom+xml")
    for element in root.xpath("/a:feed | //a:entry", namespaces=ATOM):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"a:{name}", ATOM)) == 1
        moment = element.findtext("a:updated", namespaces=ATOM)
        assert datetime.fromisoformat(moment).tzinfo == UTC
        assert len(element.xpath("a:link[@rel='alternate']", namespaces=ATOM)) == 1
    assert texts(root, "/a:feed/a:author/a:name/text()", ATOM)
    assert texts(root, "/a:feed/a:link[@rel='self']/@href", ATOM) == [f"{BASE}feed.atom"]
    moments = texts(root, "//a:entry/a:updated/text()", ATOM)
    assert moments == sorted(moments, reverse=True)
    assert texts(root, "/a:feed/a:updated/text()", ATOM) == moments[:1]
    assert set(texts(root, "//a:entry/a:author/a:name/text()", ATOM)) == {"Ana Ruiz", "A. Ruiz"}


def test_a_feed_goes_on_by_its_links(
    filled: tuple[Site, list[Kept]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made = filled
    monkeypatch.setattr(feeds, "_ENTRIES", 2)
    seen, path = [], "/feed.atom?type=training-data"
    while path:
        root = read(site, path, "application/atom+xml")
        seen += texts(root, "//a:entry/a:id/text() | //at:deleted-entry/@ref", ATOM)
        following = texts(root, "/a:feed/a:link[@rel='next']/@href", ATOM)
        path = following[0].removeprefix(BASE[:-1]) if following else ""
    assert [name[-10:] for name in seen] == [one.id for one in reversed(made)]


def test_a_feed_of_a_type_has_no_other(filled: tuple[Site, list[Kept]]) -> None:
    site, _ = filled
    root = read(site, "/feed.atom?type=model", "application/atom+xml")
    assert texts(root, "//a:entry", ATOM) == []
    assert texts(root, "/a:feed/a:id/text()", ATOM) == ["tag:catalog.invalid,2026:feed/model"]


@pytest.mark.parametrize("query", ["type=none", "cursor=junk", "limit=3", "cursor="])
def test_a_feed_refuses_what_it_does_not_know(filled: tuple[Site, list[Kept]], query: str) -> None:
    problem(filled[0].anyone.get(f"/feed.atom?{query}"), 400, "unreadable")


# -- sitemaps


def test_sitemaps_have_the_page_of_each_public_item_once(
    filled: tuple[Site, list[Kept]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made = filled
    monkeypatch.setattr(sitemaps, "ADDRESSES_A_FILE", 3)
    files = texts(read(site, "/sitemap.xml", "application/xml"), "//s:loc/text()", MAP)
    assert files == [f"{BASE}sitemap-{number}.xml" for number in (1, 2, 3)]
    found = []
    for file in files:
        root = read(site, file.removeprefix(BASE[:-1]), "application/xml")
        found += texts(root, "//s:loc/text()", MAP)
        for moment in texts(root, "//s:lastmod/text()", MAP):
            assert datetime.fromisoformat(moment).tzinfo == UTC
    assert found == [f"{BASE}items/{one.id}" for one in made if one is not made[1]]
    problem(site.anyone.get("/sitemap-4.xml"), 404, "not-found")


def test_robots_are_told_where_the_sitemaps_are(filled: tuple[Site, list[Kept]]) -> None:
    answer = filled[0].anyone.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert f"Sitemap: {BASE}sitemap.xml" in answer.text.splitlines()
    assert "Disallow: /sparql" in answer.text.splitlines()


# -- the DCAT document


def triples(
    site: Site, path: str, form: ox.RdfFormat = ox.RdfFormat.TURTLE
) -> set[tuple[str, ...]]:
    answer = site.anyone.get(path)
    assert answer.status_code == 200, answer.text
    said = ox.parse(answer.data, format=form, base_iri=f"{BASE}catalog")
    return {(str(one.subject), str(one.predicate), str(one.object)) for one in said}


def values(said: set[tuple[str, ...]], subject: str, prop: str) -> list[str]:
    return sorted(o for s, p, o in said if s == f"<{subject}>" and p == f"<{prop}>")


DATASET = f"{PREFIXES['dcat']}dataset"


def test_a_harvester_of_catalogs_meets_each_public_item_once(
    filled: tuple[Site, list[Kept]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made = filled
    monkeypatch.setattr(feeds_catalog, "ITEMS_A_PAGE", 3)
    found, pages, path = [], 0, "/catalog.ttl"
    while path:
        said = triples(site, path)
        found += values(said, f"{BASE}catalog", DATASET)
        (view,) = values(said, f"{BASE}catalog", f"{HYDRA}view")
        following = values(said, view[1:-1], f"{HYDRA}next")
        assert following == values(said, view[1:-1], f"{HYDRA}nextPage")
        assert values(said, view[1:-1], f"{HYDRA}totalItems")[0].startswith('"6"')
        path, pages = following[0][1:-1].removeprefix(BASE[:-1]) if following else "", pages + 1
    assert pages == 3
    assert sorted(found) == sorted(f"<{BASE}items/{one.id}>" for one in made if one is not made[1])
    problem(site.anyone.get("/catalog.ttl?page=4"), 404, "not-found")


@pytest.mark.skipif(not STANDARDS.is_dir(), reason="the published shapes lie beside the repository")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_page_of_the_catalog_is_dcat_ap(filled: tuple[Site, list[Kept]]) -> None:
    said = triples(filled[0], "/catalog.ttl")
    assert violations(tuple(said), "dcat-ap") == []  # type: ignore[arg-type]


def test_every_form_of_the_catalog_says_the_same(filled: tuple[Site, list[Kept]]) -> None:
    site, _ = filled
    forms = {
        "ttl": ox.RdfFormat.TURTLE,
        "jsonld": ox.RdfFormat.JSON_LD,
        "rdf": ox.RdfFormat.RDF_XML,
    }
    said = {
        suffix: {line for line in triples(site, f"/catalog.{suffix}", one) if HYDRA not in line[1]}
        for suffix, one in forms.items()
    }
    same = [{line for line in found if "catalog." not in line[0]} for found in said.values()]
    assert same[0] == same[1] == same[2]
    by_accept = site.anyone.get("/catalog", Accept="application/rdf+xml")
    assert by_accept.mimetype == "application/rdf+xml"


def test_who_was_here_before_gets_what_changed_since(empty: Site) -> None:
    first = empty.published("First")
    said = empty.anyone.get("/catalog.ttl")
    time = datetime.now(UTC)
    second = empty.published("Second")
    later = triples(empty, f"/catalog.ttl?modified_since={time.isoformat().replace('+', '%2B')}")
    assert values(later, f"{BASE}catalog", DATASET) == [f"<{BASE}items/{second.id}>"]
    future = (time + timedelta(days=1)).date().isoformat()
    none = triples(empty, f"/catalog.ttl?modified_since={future}")
    assert values(none, f"{BASE}catalog", DATASET) == []
    assert first.id in said.text


@pytest.mark.parametrize("query", ["page=0", "page=x", "modified_since=x", "pages=2"])
def test_a_bad_parameter_is_refused_in_words(filled: tuple[Site, list[Kept]], query: str) -> None:
    problem(filled[0].anyone.get(f"/catalog.ttl?{query}"), 400, "unreadable")


# -- what they all share

PATHS = ("/feed.atom", "/sitemap.xml", "/sitemap-1.xml", "/robots.txt", "/catalog.ttl")


def test_an_empty_catalog_has_every_feed(empty: Site) -> None:
    for path in PATHS:
        assert empty.anyone.get(path).status_code == 200, path


@pytest.mark.parametrize("path", PATHS)
def test_what_the_caller_has_is_not_sent_again(filled: tuple[Site, list[Kept]], path: str) -> None:
    site, _ = filled
    answer = site.anyone.get(path)
    again = site.anyone.get(path, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    head = site.anyone.ask("HEAD", path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (
        200, b"", answer.headers["ETag"],
    )  # fmt: skip
    if "Last-Modified" in answer.headers:
        since = site.anyone.get(path, If_Modified_Since=answer.headers["Last-Modified"])
        assert since.status_code == 304


def test_everybody_sees_the_same_feeds(filled: tuple[Site, list[Kept]]) -> None:
    site, _ = filled
    for path in PATHS:
        assert site.owner.get(path).data == site.anyone.get(path).data
