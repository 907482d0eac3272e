"""A query over a checkpoint is answered completely within its limits, or refused with the limit."""

import csv
import io
import json
import shutil
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

from catalog.domain.errors import NotAcceptable, NotOffered, OverLimit, Unavailable, Unreadable
from catalog.jail.limits import QUERY
from catalog.jail.pool import Pool
from catalog.jail.querying import Answer, JailedQueries

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
FORMATS = {"select": JSON, "ask": JSON, "graph": "application/n-triples"}


class Asking:
    """Asks one checkpoint, in JSON and N-Triples unless told otherwise."""

    def __init__(self, pool: Pool, checkpoint: Path) -> None:
        self.pool = pool
        self.checkpoint = checkpoint

    def __call__(
        self, query: str, *, rows: int = 10_000, size: int = 10_000_000, **other: Any
    ) -> Answer:
        queries = JailedQueries(self.pool, max_rows=rows, max_bytes=size)
        return queries.query(
            query, **{"checkpoint": self.checkpoint, "formats": FORMATS, "seconds": 10.0, **other}
        )


@pytest.fixture(scope="module")
def ask(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    readable = [tmp_path_factory.getbasetemp()]
    pool = Pool("query", workers=1, spares=1, limits=QUERY, readable=readable)
    yield Asking(pool, checkpoint)
    pool.close()


def bindings(answer: Answer) -> list[dict[str, Any]]:
    return json.loads(answer.content)["results"]["bindings"]  # type: ignore[no-any-return]


def test_the_default_graph_is_the_union_of_all(ask: Asking) -> None:
    (row,) = bindings(ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
    assert row["n"]["value"] == "1201"


def test_ask_is_answered(ask: Asking) -> None:
    answer = ask("ASK { <http://items/7> ?p ?o }")
    assert (answer.kind, answer.media_type) == ("ask", JSON)
    assert json.loads(answer.content)["boolean"] is True


@pytest.mark.parametrize(
    "media_type",
    ["text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"],
)
def test_a_graph_is_the_same_in_every_form(ask: Asking, media_type: str) -> None:
    query = "PREFIX p: <http://p/> PREFIX b: <relative> CONSTRUCT WHERE { <http://items/7> ?p ?o }"
    answer = ask(query, formats={"graph": media_type}, base="http://base/")
    assert (answer.kind, answer.rows, answer.media_type) == ("graph", 4, media_type)
    form = RdfFormat.from_media_type(media_type)
    store = Store.read_only(str(ask.checkpoint))
    stored = {
        quad.triple for quad in store.quads_for_pattern(NamedNode("http://items/7"), None, None)
    }
    assert {quad.triple for quad in parse(answer.content, form)} == stored


def test_turtle_is_written_by_the_prefixes_of_the_query(ask: Asking) -> None:
    query = (
        "PREFIX p: <http://p/> PREFIX i: <http://items/> CONSTRUCT { i:7 p:a ?o } { i:7 p:a ?o }"
    )
    answer = ask(query, formats={"graph": "text/turtle"})
    assert b"@prefix p: <http://p/>" in answer.content
    assert b"p:a" in answer.content


ODD_TEXTS = [
    "plain", "", ",{", "},{", '},{"', '},{"x":', "{}", '"', '""', "\r\n", "\n", "\r", "a,b",
    "<result>", "</result>", '"bindings":[', "]}}", "\\", '\\"', "é😀", "\t", ",{},", "'",
    '}},{"s":{',
]  # fmt: skip


@pytest.mark.parametrize("media_type", [JSON, XML, CSV, TSV])
@pytest.mark.parametrize("variables", ["?o", "?o ?unbound", "?unbound", "?o ?o2"])
def test_rows_are_counted_exactly_whatever_the_texts_are(
    ask: Asking, tmp_path: Path, media_type: str, variables: str
) -> None:
    store = Store(str(tmp_path / "live"))
    for number, text in enumerate(ODD_TEXTS):
        subject, graph = NamedNode(f"http://s/{number}"), NamedNode("http://g/")
        store.add(Quad(subject, NamedNode("http://p/o"), Literal(text), graph))
    store.backup(str(tmp_path / "odd"))
    query = f"SELECT {variables} {{ ?s <http://p/o> ?o BIND(CONCAT(?o, '{{') AS ?o2) }}"
    options = {"checkpoint": tmp_path / "odd", "formats": {"select": media_type}}
    answer = ask(query, rows=len(ODD_TEXTS), **options)
    assert answer.rows == len(ODD_TEXTS) == rows_of(answer)
    with pytest.raises(OverLimit, match="23 rows"):
        ask(query, rows=len(ODD_TEXTS) - 1, **options)
    assert ask(f"{query} LIMIT 0", **options).rows == 0
    assert ask(f"{query} LIMIT 1", **options).rows == 1


def rows_of(answer: Answer) -> int:
    """Count the rows with somebody else's reader."""
    if answer.media_type == JSON:
        return len(bindings(answer))
    if answer.media_type == XML:
        return len(
            list(
                ET.fromstring(answer.content).iter("{http://www.w3.org/2005/sparql-results#}result")
            )
        )
    if answer.media_type == CSV:
        return len(list(csv.reader(io.StringIO(answer.content.decode(), newline="")))) - 1
    return len(answer.content.split(b"\n")) - 2


@pytest.mark.parametrize("media_type", [JSON, XML, CSV, TSV])
def test_the_limit_of_rows_is_met_exactly(ask: Asking, media_type: str) -> None:
    query = "SELECT * { ?s ?p ?o } LIMIT 500"
    answer = ask(query, rows=500, formats={"select": media_type})
    assert answer.rows == 500
    with pytest.raises(OverLimit, match="more than 499 rows") as caught:
        ask(query, rows=499, formats={"select": media_type})
    assert caught.value.evidence["limit"] == "rows"


@pytest.mark.parametrize(
    "media_type",
    ["text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"],
)
def test_the_limit_of_triples_is_met_exactly(ask: Asking, media_type: str) -> None:
    query = "CONSTRUCT WHERE { ?s <http://p/b> ?o }"
    assert ask(query, rows=300, formats={"graph": media_type}).rows == 300
    with pytest.raises(OverLimit, match="more than 299 triples"):
        ask(query, rows=299, formats={"graph": media_type})


@pytest.mark.parametrize(
    ("query", "media_type"),
    [
        *(("SELECT * { ?s ?p ?o }", form) for form in (JSON, XML, CSV, TSV)),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/ld+json"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/rdf+xml"),
    ],
)
def test_the_limit_of_bytes_is_met_exactly(ask: Asking, query: str, media_type: str) -> None:
    formats = {"select": media_type, "graph": media_type}
    size = len(ask(query, formats=formats).content)
    assert size > 50_000
    assert len(ask(query, size=size, formats=formats).content) == size
    with pytest.raises(OverLimit, match="bytes") as caught:
        ask(query, size=size - 1, formats=formats)
    assert caught.value.evidence == {"limit": "bytes", "most": size - 1}


def test_an_endless_answer_is_refused_by_its_rows(ask: Asking) -> None:
    begin = time.monotonic()
    with pytest.raises(OverLimit, match="more than 10,000 rows"):
        ask("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("media_type", [JSON, CSV, TSV])
def test_control_characters_are_answered_where_the_form_can(ask: Asking, media_type: str) -> None:
    query = 'SELECT ("a\\u0001\\uFFFE" AS ?x) {}'
    answer = ask(query, formats={"select": media_type})
    assert answer.rows == 1
    if media_type == JSON:
        results = parse_query_results(answer.content, QueryResultsFormat.JSON)
        assert [row["x"].value for row in results] == ["a\u0001\ufffe"]


@pytest.mark.parametrize("text", ["\\u0001", "\\uFFFE", "\\uFFFF", "\\u000B"])
def test_control_characters_are_refused_in_xml(ask: Asking, text: str) -> None:
    with pytest.raises(NotAcceptable, match="Ask for JSON"):
        ask(f'SELECT ("a{text}" AS ?x) {{}}', formats={"select": XML})
    with pytest.raises(NotAcceptable, match="Ask for JSON"):
        ask(f'CONSTRUCT {{ <a:a> <a:b> "a{text}" }} {{}}', formats={"graph": "application/rdf+xml"})


@pytest.mark.parametrize(
    "iri", ["http://e/1", "http://e/", "urn:1", "http://e/x?q=1", "http://e/²"]
)
def test_a_property_that_rdf_xml_cannot_write_is_said(ask: Asking, iri: str) -> None:
    with pytest.raises(NotAcceptable, match="Ask for Turtle"):
        ask(f"CONSTRUCT {{ <a:a> <{iri}> 1 }} {{}}", formats={"graph": "application/rdf+xml"})


@pytest.mark.parametrize(
    "iri", ["http://e/a1", "http://e/x#é", "urn:1a", "http://e/a%20b", "http://e/xml"]
)
def test_every_other_property_is_written_as_xml_that_others_read(ask: Asking, iri: str) -> None:
    query = f"PREFIX xml: <http://e/> PREFIX a.b: <http://e/a> CONSTRUCT {{ <a:a> <{iri}> 1 }} {{}}"
    answer = ask(query, formats={"graph": "application/rdf+xml"})
    ET.fromstring(answer.content)
    (triple,) = parse(answer.content, RdfFormat.RDF_XML)
    assert triple.predicate == NamedNode(iri)


def test_a_prefix_named_like_a_scheme_changes_no_iri(ask: Asking) -> None:
    query = "PREFIX urn: <http://z/> CONSTRUCT { <urn:a:b> urn:c <urn:d:e> } {}"
    for media_type in ("application/ld+json", "text/turtle"):
        answer = ask(query, formats={"graph": media_type})
        (triple,) = parse(answer.content, RdfFormat.from_media_type(media_type))
        assert [triple.subject.value, triple.predicate.value] == ["urn:a:b", "http://z/c"]


@pytest.mark.parametrize(
    ("query", "formats", "offered"),
    [
        ("SELECT * {}", {"graph": "text/turtle"}, JSON),
        ("SELECT * {}", {"select": "text/turtle"}, CSV),
        ("ASK {}", {"ask": CSV}, JSON),
        ("DESCRIBE <a:a>", {"select": JSON, "ask": JSON}, "text/turtle"),
    ],
)
def test_a_form_that_the_kind_does_not_have_is_refused_with_those_it_has(
    ask: Asking, query: str, formats: dict[str, str], offered: str
) -> None:
    with pytest.raises(NotOffered) as caught:
        ask(query, formats=formats)
    assert offered in caught.value.evidence["offered"]


def test_a_malformed_query_is_told_with_its_place(ask: Asking) -> None:
    with pytest.raises(Unreadable) as caught:
        ask("SELECT *\n{ ?s ?p }")
    assert caught.value.evidence == {"line": 2, "column": 10}


def test_an_unknown_function_is_the_askers_mistake(ask: Asking) -> None:
    with pytest.raises(NotAcceptable, match="http://f/"):
        ask("SELECT (<http://f/>(1) AS ?x) {}")


def test_a_relative_iri_is_resolved_against_the_base(ask: Asking) -> None:
    (row,) = bindings(ask("SELECT * { VALUES ?x { <y> } }", base="http://base/x"))
    assert row["x"]["value"] == "http://base/y"


ATTACKS = [
    "SELECT ?o { ?s <http://p/secret> ?o }",
    "SELECT ?o { GRAPH ?g { ?s <http://p/secret> ?o } }",
    "SELECT ?o { GRAPH <http://graphs/other> { ?s ?p ?o } }",
    "SELECT ?o FROM <http://graphs/other> { ?s ?p ?o }",
    "SELECT ?o FROM NAMED <http://graphs/other> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?o FROM <http://graphs/other> FROM NAMED <http://graphs/other> { ?s ?p ?o }",
    "CONSTRUCT { ?s ?p ?o } FROM <http://graphs/other> { ?s ?p ?o }",
    "CONSTRUCT { ?s ?p ?o } { GRAPH ?g { ?s ?p ?o } }",
    "DESCRIBE <http://items/1>",
    "DESCRIBE <http://items/1> FROM <http://graphs/other>",
    "SELECT ?o { { SELECT ?o { GRAPH <http://graphs/other> { ?s ?p ?o } } } }",
    "SELECT ?o { <http://items/1> (<http://p/secret>|!<a:a>)+ ?o }",
    "SELECT ?g (GROUP_CONCAT(STR(?o)) AS ?all) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT ?o { ?s ?p ?q FILTER EXISTS { GRAPH ?g { ?s <http://p/secret> ?o } } "
    "OPTIONAL { GRAPH ?g { ?s <http://p/secret> ?o } } }",
]


@pytest.mark.parametrize("query", ATTACKS)
@pytest.mark.parametrize(
    "graphs",
    [
        {"default_graphs": ["http://items/1"]},
        {"named_graphs": ["http://items/1"]},
        {"default_graphs": ["http://items/1"], "named_graphs": ["http://items/2"]},
        {"default_graphs": []},
        {"named_graphs": ["http://nowhere/"]},
    ],
)
def test_chosen_graphs_show_nothing_of_the_others(
    ask: Asking, query: str, graphs: dict[str, list[str]]
) -> None:
    assert b"CANARY" not in ask(query, **graphs).content


def test_the_attacks_would_show_it_otherwise(ask: Asking) -> None:
    shown = [b"CANARY" in ask(query).content for query in ATTACKS]
    assert sum(shown) >= 12


def test_the_querys_own_from_chooses_the_default_graph(ask: Asking) -> None:
    (row,) = bindings(ask("SELECT (COUNT(*) AS ?n) FROM <http://items/3> { ?s ?p ?o }"))
    assert row["n"]["value"] == "4"
    (row,) = bindings(
        ask("SELECT (COUNT(*) AS ?n) FROM <http://items/3> { GRAPH ?g { ?s ?p ?o } }")
    )
    assert row["n"]["value"] == "0"
    (row,) = bindings(ask("SELECT (COUNT(*) AS ?n) FROM <http://no/> { ?s ?p ?o }"))
    assert row["n"]["value"] == "0"


def test_graphs_of_the_protocol_replace_from(ask: Asking) -> None:
    query = "SELECT (COUNT(*) AS ?n) FROM <http://items/3> FROM <http://items/4> { ?s ?p ?o }"
    (row,) = bindings(ask(query, default_graphs=["http://items/5"]))
    assert row["n"]["value"] == "4"


def test_a_graph_whose_name_is_no_iri_is_refused(ask: Asking) -> None:
    with pytest.raises(Unreadable, match="no IRI"):
        ask("ASK {}", default_graphs=["not an iri"])
    with pytest.raises(OverLimit, match="100 graphs"):
        ask("ASK {}", named_graphs=[f"http://items/{n}" for n in range(101)])


def test_another_checkpoint_is_opened_when_it_is_named(ask: Asking, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "live"))
    counts = []
    for number in range(5):
        store.add(Quad(NamedNode(f"a:{number}"), NamedNode("a:p"), Literal(1), NamedNode("a:g")))
        store.backup(str(tmp_path / str(number)))
        answer = ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", checkpoint=tmp_path / str(number))
        counts.append(bindings(answer)[0]["n"]["value"])
        if number:
            shutil.rmtree(tmp_path / str(number - 1))
    assert counts == ["1", "2", "3", "4", "5"]


def test_a_checkpoint_is_read_without_a_trace_in_it(ask: Asking) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in ask.checkpoint.iterdir())
    ask("SELECT * { ?s ?p ?o }")
    after = sorted((path.name, path.stat().st_mtime_ns) for path in ask.checkpoint.iterdir())
    assert before == after


def test_a_checkpoint_that_is_gone_is_the_servers_trouble(ask: Asking, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        ask("ASK {}", checkpoint=tmp_path / "gone")
    assert str(tmp_path) not in caught.value.detail
    assert ask("ASK {}").kind == "ask"


@pytest.mark.parametrize("pattern", ["*.sst", "MANIFEST-*"])
def test_a_damaged_checkpoint_is_not_the_fault_of_the_query(
    ask: Asking, checkpoint: Path, tmp_path: Path, pattern: str
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(checkpoint, damaged)
    for file in damaged.glob(pattern):
        content = bytearray(file.read_bytes())
        content[:-64] = bytes(len(content) - 64)
        file.write_bytes(content)
    with pytest.raises(Unavailable):
        ask("SELECT * { GRAPH ?g { ?s ?p ?o } }", checkpoint=damaged)
