"""The W3C's tests of SPARQL 1.1 Protocol and Service Description, replayed against the endpoint.

Each case has the name that `protocol/manifest.ttl` of w3c/rdf-tests gives it. What the W3C calls
data0 to data3 are four published items here, whose graphs are named by their addresses; of the
tests of updates those apply that expect a refusal.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from pyshacl import validate
from rdflib import Graph
from werkzeug.test import TestResponse

from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from tests.api.sites import BASE, Site, site_in

QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"
JSON_RESULTS = "application/sparql-results+json"
XML_RESULTS = "application/sparql-results+xml"
TABULAR = {JSON_RESULTS, XML_RESULTS, "text/csv", "text/tab-separated-values"}
RDF = {"text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"}
SD = "http://www.w3.org/ns/sparql-service-description#"


@dataclass(frozen=True)
class Case:
    """One request of the suite; `{data1}` stands for the address of a graph.

    graphs   parameters of the query string, in order
    expects  "true", "boolean", "tabular", "RDF" or "4xx"
    """

    name: str
    expects: str
    method: str = "POST"
    graphs: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    kind: str | None = None
    encoding: str = "utf-8"


def direct(name: str, expects: str, body: str, *graphs: tuple[str, str]) -> Case:
    """Return a query sent as the body."""
    return Case(name, expects, graphs=graphs, body=body, kind=QUERY)


def by_form(name: str, expects: str, body: str, *graphs: tuple[str, str]) -> Case:
    """Return a query or update sent as a form."""
    return Case(name, expects, graphs=graphs, body=body, kind=FORM)


def get(name: str, expects: str, *parameters: tuple[str, str]) -> Case:
    """Return a query or update sent in the address."""
    return Case(name, expects, "GET", parameters)


DEFAULT_0 = ("default-graph-uri", "{data0}")
DEFAULT_3 = ("default-graph-uri", "{data3}")
DEFAULTS = (("default-graph-uri", "{data1}"), ("default-graph-uri", "{data2}"))
NAMED = (("named-graph-uri", "{data1}"), ("named-graph-uri", "{data2}"))
TOGETHER = "ASK { <{data1}> a ?type . <{data2}> a ?type . }"
IN_GRAPHS = "{ GRAPH ?g1 { <{data1}> a ?type } GRAPH ?g2 { <{data2}> a ?type } }"
APART = f"ASK {IN_GRAPHS}"
ALL_THREE = f"ASK {{ <{{data3}}> a ?type {IN_GRAPHS} }}"
CHANGED_NAMES = (
    "PREFIX foaf: <http://xmlns.com/foaf/0.1/> WITH <http://example/addresses> "
    "DELETE { ?person foaf:givenName 'Bill' } INSERT { ?person foaf:givenName 'William' } "
    "WHERE { ?person foaf:givenName 'Bill' }"
)

POSITIVE = (
    by_form("query_post_form", "true", "query=ASK%20%7B%7D", DEFAULT_0),
    get("query_dataset_default_graphs_get", "true", ("query", TOGETHER), *DEFAULTS),
    direct("query_dataset_default_graphs_post", "true", TOGETHER, *DEFAULTS),
    direct("query_dataset_named_graphs_post", "true", APART, *NAMED),
    get("query_dataset_named_graphs_get", "true", ("query", APART), *NAMED),
    direct("query_dataset_full", "true", ALL_THREE, DEFAULT_3, *NAMED),
    # The suite joins its two parameters by an encoded "&", which makes them one graph that nobody
    # has; they are two here.
    direct("query_multiple_dataset", "true", f"ASK FROM <{{data3}}> {IN_GRAPHS}", *NAMED),
    get("query_get", "true", ("query", "ASK {}"), DEFAULT_0),
    direct("query_content_type_select", "tabular", "SELECT (1 AS ?value) {}", DEFAULT_0),
    direct("query_content_type_ask", "boolean", "ASK {}", DEFAULT_0),
    direct("query_content_type_describe", "RDF", "DESCRIBE <http://example.org/>", DEFAULT_0),
    direct("query_content_type_construct", "RDF", "CONSTRUCT { <s> <p> 1 } WHERE {}", DEFAULT_0),
    direct("query_post_direct", "true", "ASK {}"),
)

NEGATIVE = (
    Case("bad_query_method", "4xx", "PUT", (("query", "ASK {}"), DEFAULT_0), "", FORM),
    get("bad_multiple_queries", "4xx", ("query", "ASK {}"), ("query", "SELECT * {}")),
    Case("bad_query_wrong_media_type", "4xx", body="ASK {}", kind="text/plain"),
    Case("bad_query_missing_form_type", "4xx", body="query=ASK%20%7B%7D"),
    Case("bad_query_missing_direct_type", "4xx", body="ASK {}"),
    Case("bad_query_non_utf8", "4xx", body="ASK {}", kind=f"{QUERY}; charset=UTF-16",
         encoding="utf-16"),
    get("bad_query_syntax", "4xx", ("query", "ASK {")),
    get("bad_update_get", "4xx", ("update", "CLEAR ALL")),
    by_form("bad_multiple_updates", "4xx", "update=CLEAR%20NAMED&update=CLEAR%20DEFAULT"),
    Case("bad_update_wrong_media_type", "4xx", body="CLEAR NAMED", kind="text/plain"),
    Case("bad_update_missing_form_type", "4xx", body="update=CLEAR%20NAMED"),
    Case("bad_update_non_utf8", "4xx", body="CLEAR NAMED", kind=f"{UPDATE}; charset=UTF-16",
         encoding="utf-16"),
    by_form("bad_update_syntax", "4xx", "update=CLEAR%20XYZ"),
    Case("bad_update_dataset_conflict", "4xx", body=CHANGED_NAMES, kind=UPDATE,
         graphs=(("using-named-graph-uri", "http://example/people"),)),
)  # fmt: skip


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Site:
    return site_in(tmp_path_factory.mktemp("protocol"), judge, queries)


@pytest.fixture(scope="module")
def graphs(site: Site) -> Mapping[str, str]:
    """Return the addresses of the graphs that the suite asks, by the names that it has for them."""
    found = {f"data{n}": f"{BASE[:-1]}{site.published(f'Data {n}').path}" for n in range(4)}
    site.settle()
    return found


def sent(site: Site, case: Case, graphs: Mapping[str, str], path: str = "/sparql") -> TestResponse:
    """Send the request of a case."""

    def named(text: str) -> str:
        for name, address in graphs.items():
            text = text.replace(f"{{{name}}}", address)
        return text

    asked = "&".join(f"{name}={quote(named(value), safe='')}" for name, value in case.graphs)
    body = None if case.body is None else named(case.body).encode(case.encoding)
    return site.anyone.ask(
        case.method, f"{path}?{asked}" if asked else path, body, Content_Type=case.kind
    )


def boolean(answer: TestResponse) -> bool:
    if answer.mimetype == XML_RESULTS:
        found = ET.fromstring(answer.text).findtext(
            "{http://www.w3.org/2005/sparql-results#}boolean"
        )
        return found == "true"
    assert answer.mimetype == JSON_RESULTS
    said = json.loads(answer.text)["boolean"]
    assert isinstance(said, bool)
    return said


@pytest.mark.parametrize("case", POSITIVE, ids=lambda case: case.name)
def test_what_the_protocol_allows_is_answered(
    site: Site, graphs: Mapping[str, str], case: Case
) -> None:
    answer = sent(site, case, graphs)
    assert 200 <= answer.status_code < 400, answer.text
    if case.expects == "true":
        assert boolean(answer)
    elif case.expects == "boolean":
        assert answer.mimetype in {JSON_RESULTS, XML_RESULTS}
        boolean(answer)
    elif case.expects == "tabular":
        assert answer.mimetype in TABULAR
    else:
        assert answer.mimetype in RDF
        form = ox.RdfFormat.from_media_type(str(answer.mimetype))
        assert list(ox.parse(answer.data, format=form, base_iri=BASE)) is not None


@pytest.mark.parametrize("case", NEGATIVE, ids=lambda case: case.name)
def test_what_the_protocol_forbids_is_refused(
    site: Site, graphs: Mapping[str, str], case: Case
) -> None:
    answer = sent(site, case, graphs)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.mimetype == "application/problem+json"


def test_the_dataset_of_the_protocol_holds_nothing_else(
    site: Site, graphs: Mapping[str, str]
) -> None:
    for case in (
        direct("one graph for two", "false", TOGETHER, DEFAULTS[0]),
        direct("one named graph for two", "false", APART, NAMED[0]),
        direct("named graphs as the default graph", "false", TOGETHER, *NAMED),
    ):
        assert not boolean(sent(site, case, graphs)), case.name


def test_a_slash_at_the_end_leads_to_the_endpoint(site: Site, graphs: Mapping[str, str]) -> None:
    for case in POSITIVE:
        answer = sent(site, case, graphs, "/sparql/")
        assert answer.status_code == 308
        assert answer.headers["Location"].startswith("/sparql")


def test_the_suite_is_whole() -> None:
    assert (len(POSITIVE), len(NEGATIVE)) == (13, 14)
    assert len({case.name for case in (*POSITIVE, *NEGATIVE)}) == 27


# -- service description: returns-rdf, has-endpoint-triple, conforms-to-schema


def described(site: Site, accept: str | None) -> list[ox.Triple]:
    answer = site.anyone.get("/sparql", Accept=accept)
    assert answer.status_code == 200
    assert answer.mimetype in RDF
    form = ox.RdfFormat.from_media_type(str(answer.mimetype))
    return [quad.triple for quad in ox.parse(answer.data, format=form)]


@pytest.mark.parametrize("accept", [None, "*/*", *sorted(RDF)])
def test_a_get_on_the_endpoint_returns_rdf(site: Site, accept: str | None) -> None:
    assert described(site, accept)


def test_the_description_names_the_endpoint(site: Site) -> None:
    wanted = (ox.NamedNode(f"{SD}endpoint"), ox.NamedNode(f"{BASE}sparql"))
    assert wanted in {(said.predicate, said.object) for said in described(site, None)}


SHAPES = f"""
@prefix sd: <{SD}> .
@prefix sh: <http://www.w3.org/ns/shacl#> .

[] a sh:NodeShape ; sh:targetClass sd:Service ;
  sh:property [ sh:path sd:endpoint ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path sd:supportedLanguage ; sh:minCount 1 ;
    sh:in (sd:SPARQL10Query sd:SPARQL11Query sd:SPARQL11Update) ] ;
  sh:property [ sh:path sd:resultFormat ; sh:minCount 1 ; sh:nodeKind sh:IRI ;
    sh:pattern "^http://www.w3.org/ns/formats/" ] ;
  sh:property [ sh:path sd:feature ;
    sh:in (sd:DereferencesURIs sd:UnionDefaultGraph sd:RequiresDataset sd:EmptyGraphs
      sd:BasicFederatedQuery) ] ;
  sh:property [ sh:path sd:defaultDataset ; sh:minCount 1 ; sh:maxCount 1 ; sh:class sd:Dataset ] ;
  sh:property [ sh:path sd:availableGraphs ; sh:class sd:GraphCollection ] .
[] a sh:NodeShape ; sh:targetClass sd:Dataset ;
  sh:property [ sh:path sd:defaultGraph ; sh:maxCount 1 ; sh:class sd:Graph ] ;
  sh:property [ sh:path sd:namedGraph ; sh:class sd:NamedGraph ] .
[] a sh:NodeShape ; sh:targetClass sd:NamedGraph ;
  sh:property [ sh:path sd:name ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] .
"""
"""The ranges and counts that SPARQL 1.1 Service Description, section 3, gives its terms."""


def test_the_description_conforms_to_its_schema(site: Site) -> None:
    said = Graph().parse(data="\n".join(f"{one} ." for one in described(site, None)), format="nt")
    conforms, _, report = validate(said, shacl_graph=Graph().parse(data=SHAPES, format="turtle"))
    assert conforms, report
    known = {f"{SD}{name}" for name in (
        "endpoint", "feature", "defaultEntailmentRegime", "entailmentRegime", "supportedLanguage",
        "extensionFunction", "extensionAggregate", "languageExtension", "propertyFeature",
        "defaultDataset", "availableGraphs", "resultFormat", "inputFormat", "defaultGraph",
        "namedGraph", "name", "graph", "supportedEntailmentProfile",
        "defaultSupportedEntailmentProfile",
    )}  # fmt: skip
    used = {said.predicate.value for said in described(site, None)}
    assert {iri for iri in used if iri.startswith(SD)} <= known
