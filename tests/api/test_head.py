"""What the head of an item's page says to machines: JSON-LD, Dublin Core, citation tags, cards."""

import json
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from rdflib import Graph, URIRef

from catalog.domain.exporting import schema_org
from catalog.domain.exporting.exported import TEST_DOI, Exported
from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.permissions import ANYONE
from catalog.domain.record import Dois, DoiState
from catalog.services.read import read
from tests.api.sites import BASE, TURTLE, Kept, Site, kept
from tests.catalogs import DESCRIPTION, description

SCHEMA = "https://schema.org/"
HTML = "text/html"


@dataclass
class Head(HTMLParser):
    """The head of a page: tags with their contents, links, and scripts with what they hold."""

    tags: list[tuple[str, str]] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    scripts: list[dict[str, str]] = field(default_factory=list)
    title: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        self._inside = tag
        if tag == "meta":
            self.tags.append(
                (said.get("name") or said.get("property", ""), said.get("content", ""))
            )
        elif tag == "link":
            self.links.append(said)
        elif tag == "script":
            self.scripts.append(said | {"": ""})

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1][""] += data
        elif self._inside == "title":
            self.title += data

    def said(self, name: str) -> list[str]:
        """Return the contents of the tags of one name."""
        return [content for known, content in self.tags if known == name]

    @property
    def data(self) -> dict[str, Any]:
        """The one block of JSON-LD."""
        (block,) = (one for one in self.scripts if one.get("type") == "application/ld+json")
        found: dict[str, Any] = json.loads(block[""])
        return found


def head_of(site: Site, path: str) -> Head:
    answer = site.anyone.get(path, Accept=HTML)
    assert answer.status_code == 200, answer.text
    head = Head()
    head.feed(answer.text)
    return head


def publish(site: Site, sent: str | bytes) -> Kept:
    return kept(site.owner.post("/items?publish=true&wait=0", sent, Content_Type=TURTLE))


def exported(site: Site, one: Kept) -> Exported:
    seen = read(site.parts, ANYONE, one.id)
    return Exported(seen.record, site.parts.library, site.parts.settings.house, seen.names, {})


# -- JSON-LD


def test_the_page_holds_what_search_engines_ask_of_a_data_set(site: Site) -> None:
    one = site.published("Sought and found")
    said = head_of(site, one.path).data
    assert said["@type"] == "Dataset"
    assert said["@id"] == said["url"] == f"{BASE}items/{one.id}"
    assert said["name"] == "Sought and found"
    assert 50 <= len(said["description"]) <= 5_000
    assert [person["name"] for person in said["creator"]] == ["Ana Ruiz"]
    assert said["license"]["@id"] == "https://spdx.org/licenses/MIT"
    assert said["keywords"] == ["cloud"]
    assert said["isAccessibleForFree"] is True
    assert said["includedInDataCatalog"]["@id"] == BASE
    assert said["conditionsOfAccess"] == "http://purl.org/coar/access_right/c_abf2"
    assert {one["value"] for one in said["identifier"]} >= {one.id}


def test_files_are_downloads_with_type_size_and_checksum(site: Site) -> None:
    one = site.with_file("sky.png", b"12345")
    site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    (file,) = head_of(site, one.path).data["distribution"]
    assert file["@type"] == "DataDownload"
    assert file["contentUrl"] == f"{BASE}items/{one.id}/v/1/files/sky.png"
    assert (file["encodingFormat"], len(file["sha256"])) == ("image/png", 64)
    assert file["contentSize"].split()[0] == "5"


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # its own parser of JSON-LD
def test_the_block_is_rdf_without_fetching_a_context(site: Site) -> None:
    one = site.published("As RDF")
    text = json.dumps(head_of(site, one.path).data)
    graph = Graph().parse(data=text, format="json-ld")
    item = URIRef(f"{BASE}items/{one.id}")
    assert (item, URIRef(f"{SCHEMA}url"), item) in graph
    assert {str(name) for name in graph.predicates(item)} >= {f"{SCHEMA}name", f"{SCHEMA}license"}


def test_the_export_says_what_the_page_says(site: Site) -> None:
    one = site.published("Twice")
    on_page = head_of(site, one.path).data
    asks = (
        (f"{one.path}.schema.jsonld", None),
        (one.path, "application/vnd.schemaorg.ld+json"),
        (one.path, f'application/ld+json;profile="{SCHEMA}"'),
    )
    for path, accept in asks:
        answer = site.anyone.get(path, Accept=accept)
        assert answer.status_code == 200
        assert answer.mimetype == "application/ld+json"
        assert json.loads(answer.text) == on_page
        assert answer.headers["Content-Location"] == f"{BASE}items/{one.id}.schema.jsonld"
    own = site.anyone.get(one.path, Accept="application/ld+json")
    assert json.loads(own.text) != on_page


def test_a_doi_is_the_identity_once_everybody_can_resolve_it(site: Site) -> None:
    found = exported(site, site.published("Identified"))
    item_id = found.record.id
    dois = (concept_doi(item_id, "10.1234"), version_doi(item_id, 1, "10.1234"))
    real = replace(found.house, dois_are_tests=False, doi_resolver="https://doi.org/")
    for house, findable, wanted in (
        (found.house, dois, found.iri),
        (real, (), found.iri),
        (real, dois[:1], f"https://doi.org/10.1234/sage.{item_id}"),
        (real, dois, f"https://doi.org/10.1234/sage.{item_id}.v1"),
    ):
        record = replace(found.record, dois=Dois(*dois, DoiState.REGISTERING, findable=findable))
        said = schema_org.document(replace(found, record=record, house=house))
        assert said["@id"] == wanted, findable


@pytest.mark.parametrize(("is_test", "said"), [(True, TEST_DOI), (False, None)])
def test_a_doi_of_a_test_system_says_so(site: Site, is_test: bool, said: str | None) -> None:
    found = exported(site, site.published("Tested"))
    doi = version_doi(found.record.id, 1, "10.1234")
    record = replace(found.record, dois=Dois(None, doi, DoiState.FINDABLE, findable=(doi,)))
    house = replace(found.house, dois_are_tests=is_test)
    first = schema_org.document(replace(found, record=record, house=house))["identifier"][0]
    assert (first["value"], first.get("description")) == (doi, said)


@pytest.mark.parametrize("length", [1, 49, 50, 5_000, 5_001, 60_000])
def test_descriptions_are_neither_too_short_nor_too_long(site: Site, length: int) -> None:
    text = "Sky images of one node at Argonne, with a mask of the clouds for each."
    sent = DESCRIPTION.replace("TITLE", "x").replace(
        text, ("word " * length)[:length].strip() or "x"
    )
    said = head_of(site, publish(site, sent).path)
    assert 50 <= len(said.data["description"]) <= 5_000
    assert "word" in said.data["description"] or length == 1
    assert len(said.said("og:description")[0]) <= 300


def test_what_is_not_stated_is_left_out(site: Site) -> None:
    sent = (
        DESCRIPTION.replace("TITLE", "Not stated")
        .replace("dct:creator <#ana>", "dct:creator sage:notStated")
        .replace("dct:license spdx-license:MIT", "dct:license sage:notStated")
    )
    head = head_of(site, publish(site, sent).path)
    assert not {"license", "creator"} & head.data.keys()
    assert head.said("citation_author") == head.said("DC.creator") == []
    assert not [link for link in head.links if link["rel"] in {"license", "author"}]
    assert "notStated" not in json.dumps(head.data)
    assert "notStated" not in json.dumps(head.tags)


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "<![CDATA[ ]]>",
    '"}</script><img src=x onerror=alert(1)>',
    "\\u2028 \u2028 \u2029 & &amp; &lt;",
    '" onload="alert(1)',
    "<b>bold</b> \u202eright to left",
    "x" * 10_000,
]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_no_title_breaks_out_of_the_head(site: Site, title: str) -> None:
    written = title.replace("\\", "\\\\").replace('"', '\\"')
    one = publish(site, description(written))
    answer = site.anyone.get(one.path, Accept=HTML)
    head = Head()
    head.feed(answer.text)
    assert head.data["name"] == title
    assert head.said("citation_title") == head.said("og:title") == [title]
    assert len(head.scripts) == len(head_of(site, site.published("Plain").path).scripts)
    inline = [one["type"] for one in head.scripts if "src" not in one]
    assert inline == ["application/ld+json"]
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


# -- Dublin Core, citation indexes, cards


def test_dublin_core_names_its_schemes_and_says_the_fifteen_elements_it_knows(site: Site) -> None:
    one = site.with_file("sky.png", b"12345", title="In Dublin")
    site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    head = head_of(site, one.path)
    schemes = {
        link["rel"]: link["href"] for link in head.links if link["rel"].startswith("schema.")
    }
    assert schemes == {
        "schema.DC": "http://purl.org/dc/elements/1.1/",
        "schema.DCTERMS": "http://purl.org/dc/terms/",
    }
    assert head.said("DC.title") == ["In Dublin"]
    assert head.said("DC.creator") == ["Ana Ruiz"]
    assert head.said("DC.subject") == ["cloud"]
    assert head.said("DC.type") == ["Dataset"]
    assert head.said("DC.format") == ["image/png"]
    assert head.said("DC.identifier") == [f"{BASE}items/{one.id}"]
    assert "https://spdx.org/licenses/MIT" in head.said("DC.rights")
    assert head.said("DCTERMS.license") == ["https://spdx.org/licenses/MIT"]
    assert head.said("DCTERMS.accessRights") == ["http://purl.org/coar/access_right/c_abf2"]
    assert head.said("DCTERMS.extent") == ["5 bytes"]
    for name in ("DC.publisher", "DC.date", "DC.description", "DC.source", "DCTERMS.issued"):
        assert len(head.said(name)) == 1, name


def test_citation_indexes_find_title_authors_day_and_files(site: Site) -> None:
    sent = (
        DESCRIPTION.replace("TITLE", "Cited").replace(
            'foaf:name "Ana Ruiz"',
            'foaf:name "Ana Ruiz" ; foaf:givenName "Ana" ; foaf:familyName "Ruiz" ; '
            "<https://schema.org/identifier> <https://orcid.org/0000-0002-1825-0097> ; "
            "<https://schema.org/affiliation> <#anl>",
        )
        + '<#anl> a foaf:Organization ; foaf:name "Argonne" .'
    )
    one = kept(site.owner.post("/items", sent, Content_Type=TURTLE))
    site.owner.put(f"{one.path}/files/report.pdf", b"%PDF", Content_Type="application/pdf")
    site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    head = head_of(site, one.path)
    assert head.said("citation_author") == ["Ruiz, Ana"]
    assert head.said("citation_author_institution") == ["Argonne"]
    assert head.said("citation_author_orcid") == ["https://orcid.org/0000-0002-1825-0097"]
    (day,) = head.said("citation_publication_date")
    assert [len(part) for part in day.split("/")] == [4, 2, 2]
    assert head.said("citation_pdf_url") == [f"{BASE}items/{one.id}/v/1/files/report.pdf"]
    assert head.said("citation_doi") == []
    names = [name for name, _ in head.tags]
    assert names.index("citation_author") < names.index("citation_author_institution")


def test_cards_show_the_first_image_that_everybody_may_see(site: Site) -> None:
    plain = head_of(site, site.published("No image").path)
    assert plain.said("og:image") == [f"{BASE}static/icon.svg"]
    one = site.with_file("sky.png", title="An image")
    site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    head = head_of(site, one.path)
    assert head.said("og:image") == [f"{BASE}items/{one.id}/v/1/files/sky.png"]
    assert head.said("og:url") == [f"{BASE}items/{one.id}"]
    assert head.said("og:site_name") == [site.parts.settings.title]


def test_a_version_names_itself(site: Site) -> None:
    one = site.published("A version")
    head = head_of(site, f"{one.path}/v/1")
    canonical = [link["href"] for link in head.links if link["rel"] == "canonical"]
    assert canonical == head.said("og:url") == [f"{BASE}items/{one.id}/v/1"]


def test_every_other_form_is_linked_from_the_page(site: Site) -> None:
    one = site.published("Other forms")
    head = head_of(site, one.path)
    forms = {link["type"] for link in head.links if "alternate" in link["rel"].split()}
    assert forms >= {"text/turtle", "application/ld+json", "application/rdf+xml"}
    for link in head.links:
        assert link["href"].startswith(("http://", "https://", "/")), link


def test_thousands_of_values_do_not_swell_the_page(site: Site) -> None:
    words = ", ".join(f'"word {n}"@en' for n in range(3_000))
    sent = DESCRIPTION.replace("TITLE", "Many words").replace('"cloud"@en', words)
    head = head_of(site, publish(site, sent).path)
    assert len(head.said("DC.subject")) == len(head.said("citation_keywords")) == 50
    assert len(head.data["keywords"]) == 100


def test_drafts_say_nothing_to_search_engines(site: Site) -> None:
    page = site.owner.get(site.draft("Draft").path, Accept=HTML).text
    assert '<meta name="robots" content="noindex">' in page
    assert 'application/ld+json">{' not in page
    assert 'name="citation_' not in page
