"""The typed links of items: headers, head of the page and link sets, read by a client of theirs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import signposting
from jsonschema import Draft202012Validator
from signposting import Signposting
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from api.exports import EXPORTS
from api.signposting import LINKSET_JSON, LINKSET_TEXT
from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.lifecycle import Visibility
from catalog.domain.record import DoiState
from catalog.services.dois import ALL_VERSIONS
from catalog.tables import Doi, Version
from tests.api.sites import BASE, TURTLE, Kept, Site, kept, problem
from tests.catalogs import description

ORCID: Final = "https://orcid.org/0000-0002-1825-0097"
FORMS: Final = ("ttl", "jsonld", "nt", "rdf", "json")
CLOSED: Final = (Visibility.RESTRICTED, Visibility.EMBARGOED)


@dataclass(frozen=True)
class Page:
    """A landing page on a server, and what the client `signposting` finds there."""

    url: str

    @property
    def by_headers(self) -> Signposting:
        return signposting.find_signposting_http(self.url)

    @property
    def by_html(self) -> Signposting:
        return signposting.find_signposting_html(self.url)

    def by_linkset(self, form: str) -> Signposting:
        suffix = "json" if form == LINKSET_JSON else "txt"
        return signposting.find_signposting_linkset(f"{self.url}.linkset.{suffix}")


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[str]:
    """Return the address of a server that answers as the site does."""
    made = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def rich(title: str) -> bytes:
    """Return a description whose creator has an ORCID and whose data lie elsewhere as well."""
    return (
        description(title)
        + f"""
        <#ana> <https://schema.org/identifier> <{ORCID}> .
        <> dcat:distribution <#elsewhere> .
        <#elsewhere> a dcat:Distribution ;
          dcat:accessURL <https://data.example/all.csv> ;
          dcat:downloadURL <https://data.example/großes.csv> ;
          dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> .
    """.encode()
    )


def published(site: Site, title: str, *names: str) -> Kept:
    """Publish an item with files."""
    one = kept(site.owner.post("/items", rich(title), Content_Type=TURTLE))
    for name in names:
        sent = site.owner.put(f"{one.path}/files/{name}", b"x,y\n", Content_Type="text/csv")
        assert sent.status_code == 201, sent.text
    done = site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    assert done.status_code == 200, done.text
    return one


def give_dois(site: Site, one: Kept, state: DoiState) -> None:
    """Have the DOIs of an item be in a state."""
    dois = {ALL_VERSIONS: concept_doi(one.id, "10.5072"), 1: version_doi(one.id, 1, "10.5072")}
    with site.parts.database.writing() as session:
        for n, doi in dois.items():
            row = session.get(Doi, (one.id, n)) or Doi(item_id=one.id, n=n, doi=doi)
            row.state = state.value
            session.add(row)


def links_of(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Link")


def relations(answer: TestResponse) -> set[str]:
    return {
        relation
        for link in links_of(answer)
        for relation in link.partition('rel="')[2].partition('"')[0].split()
    }


# -- level 1


def test_headers_and_page_say_what_fair_signposting_asks_of_a_landing_page(
    site: Site, server: str
) -> None:
    one = published(site, "Signposted", "a b.csv")
    for page in (Page(f"{server}{one.path}"), Page(f"{server}{one.path}/v/1")):
        for found in (page.by_headers, page.by_html):
            assert found.citeAs is not None
            assert {str(link.target) for link in found.types} == {
                "https://schema.org/AboutPage",
                "https://schema.org/Dataset",
            }
            assert str(found.license.target) == "https://spdx.org/licenses/MIT"
            assert [str(link.target) for link in found.authors] == [ORCID]
            items = {str(link.target): str(link.type) for link in found.items}
            assert items == {
                f"{BASE}items/{one.id}/v/1/files/a%20b.csv": "text/csv",
                "https://data.example/gro%C3%9Fes.csv": "text/csv",
            }
            assert {str(link.type) for link in found.describedBy} >= {TURTLE, "application/ld+json"}
            assert all(link.type for link in found.describedBy)
            assert {str(link.type) for link in found.linksets} == {LINKSET_JSON, LINKSET_TEXT}


def test_page_and_link_sets_say_the_same_and_headers_all_that_fits(site: Site, server: str) -> None:
    one = published(site, "The same", "a.csv")
    page = Page(f"{server}{one.path}")

    def said(found: Signposting) -> set[tuple[str, ...]]:
        here = found.for_context(f"{BASE}items/{one.id}") if found.other_contexts else found
        return {
            (str(link.rel), str(link.target), str(link.type), str(link.profiles)) for link in here
        }

    by_html = said(page.by_html)
    for form in (LINKSET_JSON, LINKSET_TEXT):
        assert said(page.by_linkset(form)) == by_html
    by_headers = said(page.by_headers)
    assert by_headers <= by_html
    left_out = by_html - by_headers
    assert {relation for relation, *_ in left_out} <= {"describedby"}
    assert len(left_out) < 5


def test_head_says_what_get_says(site: Site) -> None:
    one = published(site, "Head")
    for path in (one.path, f"{one.path}/v/1", f"{one.path}.ttl", f"{one.path}.linkset.json"):
        head, got = site.anyone.ask("HEAD", path), site.anyone.get(path)
        assert head.status_code == got.status_code == 200
        assert links_of(head) == links_of(got) != []


def test_every_form_that_is_linked_is_there_and_links_back(site: Site) -> None:
    one = published(site, "There and back")
    for path in (one.path, f"{one.path}/v/1"):
        page = f"{BASE[:-1]}{path}"
        said = json.loads(site.anyone.get(f"{path}.linkset.json").text)["linkset"]
        described = next(context for context in said if context["anchor"] == page)["describedby"]
        forms = {link["href"].removeprefix(f"{page}.") for link in described}
        assert forms >= {*FORMS, "schema.jsonld", "datacite.json", "bib", "crate.zip"}
        for link in described:
            answer = site.anyone.get(link["href"].removeprefix(BASE[:-1]))
            assert answer.status_code == 200, link
            assert answer.mimetype == link["type"], link
            if link["type"] != "application/zip":  # which is the data as well
                assert f'<{page}>; rel="describes"; type="text/html"' in links_of(answer), link


def test_files_lead_to_the_page_that_lists_them(site: Site) -> None:
    one = published(site, "Listed", "a.csv")
    for page in (one.path, f"{one.path}/v/1"):
        for method in ("GET", "HEAD"):
            answer = site.anyone.ask(method, f"{page}/files/a.csv")
            wanted = f'<{BASE[:-1]}{page}>; rel="collection"; type="text/html"'
            assert wanted in links_of(answer)


# -- what is cited


def cited(site: Site, path: str) -> list[str]:
    links = links_of(site.anyone.ask("HEAD", path))
    return [link.partition(">")[0][1:] for link in links if 'rel="cite-as"' in link]


def test_without_a_doi_the_address_is_cited(site: Site) -> None:
    one = published(site, "By address")
    assert cited(site, one.path) == [f"{BASE}items/{one.id}"]
    assert cited(site, f"{one.path}/v/1") == [f"{BASE}items/{one.id}/v/1"]


def test_a_doi_is_cited_once_it_resolves(site: Site) -> None:
    one = published(site, "By DOI")
    for state in (DoiState.RESERVED, DoiState.REGISTERING, DoiState.FAILED):
        give_dois(site, one, state)
        assert cited(site, one.path) == [f"{BASE}items/{one.id}"], state
    give_dois(site, one, DoiState.FINDABLE)
    resolver = site.parts.settings.doi_resolver
    assert cited(site, one.path) == [f"{resolver}10.5072/sage.{one.id}"]
    assert cited(site, f"{one.path}/v/1") == [f"{resolver}10.5072/sage.{one.id}.v1"]


# -- states


def test_a_draft_and_what_is_private_show_machines_nothing_but_their_forms(site: Site) -> None:
    for one in (site.draft("Not yet"), site.private("Mine")):
        problem(site.anyone.get(one.path), 404, "not-found")
        mine = site.owner.get(one.path)
        assert relations(mine) == {"canonical", "alternate", "describedby"}
        page = site.owner.get(one.path, Accept="text/html").text
        for word in ("cite-as", 'ld+json">{', "citation_title", "og:title", "DC.title"):
            assert word not in page, word


@pytest.mark.parametrize("visibility", CLOSED)
def test_closed_bytes_are_linked_from_nowhere(site: Site, visibility: Visibility) -> None:
    one = published(site, f"Closed {visibility}", "secret.csv")
    with site.parts.database.writing() as session:
        session.get_one(Version, (one.id, 1)).visibility = visibility.value
    head = site.anyone.ask("HEAD", one.path)
    assert "cite-as" in relations(head)
    assert "item" not in relations(head)
    for form in ("linkset.json", "linkset.txt"):
        assert "secret.csv" not in site.anyone.get(f"{one.path}.{form}").text
    page = site.anyone.get(one.path, Accept="text/html").text
    assert 'rel="item"' not in page


def test_what_was_withdrawn_is_gone_in_every_form(site: Site) -> None:
    one = published(site, "Taken back")
    site.withdraw(one)
    forms = (*FORMS, *(one.suffix for one in EXPORTS), "linkset.json", "linkset.txt")
    for form in forms:
        assert site.anyone.get(f"{one.path}.{form}").status_code == 410, form
    for accept in (None, "text/html", LINKSET_JSON, LINKSET_TEXT, "application/ld+json"):
        answer = site.anyone.get(one.path, Accept=accept)
        assert answer.status_code == 410, accept
        assert not {"item", "describedby", "linkset"} & relations(answer)


def test_unknown_items_and_forms_are_not_there(site: Site) -> None:
    one = published(site, "Known")
    for path in ("/items/7777777777", "/items/7777777777.linkset.json", f"{one.path}.linkset",
                 f"{one.path}.linkset.xml", f"{one.path}/v/2.linkset.json"):  # fmt: skip
        problem(site.anyone.get(path), 404, "not-found")


def test_the_next_version_leads_to_the_one_before(site: Site) -> None:
    one = published(site, "First of two")
    begun = kept(site.owner.post(f"{one.path}/versions", If_Match="*"))
    before = site.anyone.ask("HEAD", f"{one.path}/v/1")
    assert "successor-version" not in relations(before)
    done = site.owner.post(f"{one.path}/publication?wait=0", If_Match=begun.etag)
    assert done.status_code == 200, done.text
    links = ", ".join(links_of(site.anyone.ask("HEAD", f"{one.path}/v/1")))
    assert f'<{BASE}items/{one.id}/v/2>; rel="successor-version"; type="text/html"' in links
    assert f'<{BASE}items/{one.id}>; rel="latest-version"; type="text/html"' in links
    links = ", ".join(links_of(site.anyone.ask("HEAD", one.path)))
    assert f'<{BASE}items/{one.id}/v/1>; rel="predecessor-version"; type="text/html"' in links


# -- level 2: link sets

TARGET: Final = {
    "type": "object",
    "required": ["href"],
    "properties": {
        "href": {"type": "string", "pattern": "^https?://[!-~]+$"},
        "type": {"type": "string"},
        "profile": {"type": "string"},
    },
    "additionalProperties": False,
}
RFC_9264: Final = {
    "type": "object",
    "required": ["linkset"],
    "properties": {
        "linkset": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["anchor"],
                "properties": {"anchor": {"type": "string"}},
                "additionalProperties": {"type": "array", "minItems": 1, "items": TARGET},
            },
        }
    },
    "additionalProperties": False,
}
"""Link sets in JSON (RFC 9264, section 4.2), as far as ours use it."""


def linkset(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    assert answer.mimetype == LINKSET_JSON
    said = json.loads(answer.text)
    Draft202012Validator(RFC_9264).validate(said)
    contexts: list[dict[str, Any]] = said["linkset"]
    return contexts


def test_a_link_set_names_every_resource_with_its_way_back(site: Site) -> None:
    one = published(site, "Whole set", "a.csv")
    contexts = {
        said["anchor"]: said for said in linkset(site.anyone.get(f"{one.path}.linkset.json"))
    }
    page = f"{BASE}items/{one.id}"
    assert len(contexts[page]["cite-as"]) == 1
    back = [{"href": page, "type": "text/html"}]
    for link in contexts[page]["item"]:
        if link["href"].startswith(BASE):
            assert contexts[link["href"]] == {"anchor": link["href"], "collection": back}
    for link in contexts[page]["describedby"]:
        assert contexts[link["href"]] == {"anchor": link["href"], "describes": back}


def test_a_link_set_is_asked_for_by_suffix_or_accept(site: Site) -> None:
    one = published(site, "By Accept")
    for form, suffix in ((LINKSET_JSON, "linkset.json"), (LINKSET_TEXT, "linkset.txt")):
        by_accept = site.anyone.get(one.path, Accept=f"{form}, application/json;q=0.3")
        by_suffix = site.anyone.get(f"{one.path}.{suffix}")
        assert by_accept.mimetype == by_suffix.mimetype == form
        assert by_accept.data == by_suffix.data
        assert by_accept.headers["Content-Location"] == f"{BASE}items/{one.id}.{suffix}"
    plain = site.anyone.get(one.path, Accept=f"application/json, {LINKSET_JSON};q=0.5")
    assert plain.mimetype == "application/json"


def test_long_lists_stand_in_the_link_set_alone(site: Site, server: str) -> None:
    one = published(site, "Many", *(f"{n}.csv" for n in range(8)))
    head = site.anyone.ask("HEAD", one.path)
    assert "item" not in relations(head)
    assert {"cite-as", "author", "linkset"} <= relations(head)
    page = Page(f"{server}{one.path}")
    assert len(page.by_html.items) == 9
    found = page.by_linkset(LINKSET_JSON).for_context(f"{BASE}items/{one.id}")
    assert len(found.items) == 9


def test_headers_stay_short_enough_for_proxies(site: Site) -> None:
    one = published(site, "Short", *(f"{n}{'long' * 60}.csv" for n in range(4)))
    for path in (one.path, f"{one.path}/v/1"):
        head = site.anyone.ask("HEAD", path)
        assert sum(len(name) + len(value) + 4 for name, value in head.headers) < 4_000
        assert "linkset" in relations(head)
