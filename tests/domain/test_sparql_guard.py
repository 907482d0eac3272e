"""What may be asked passes, what may not is refused in a sentence, and quickly."""

import contextlib
import random
import time
from pathlib import Path

import pytest
from pyoxigraph import Store

from catalog.domain.errors import Unreadable
from catalog.domain.sparql import guard, names_dataset, prefixes, unreadable

PREFIXES = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX sage: <https://w3id.org/sage/ns#>
PREFIX ml-task: <https://w3id.org/sage/vocab/ml-task/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX service: <https://example.org/service#>
"""

REALISTIC = {
    "newest items": """
        SELECT ?item ?title ?issued WHERE {
          ?item dct:title ?title ; dct:issued ?issued .
          FILTER (lang(?title) = "en" || lang(?title) = "")
        } ORDER BY DESC(?issued) LIMIT 20""",
    "items of a theme and all narrower ones": """
        SELECT DISTINCT ?item WHERE {
          ?item dcat:theme ?theme . ?theme skos:broader* <https://w3id.org/sage/vocab/theme/air>
        }""",
    "counts by type and year": """
        SELECT ?type ?year (COUNT(DISTINCT ?item) AS ?items) (SUM(?bytes) / 1024 AS ?kib) WHERE {
          ?item a ?type ; dct:issued ?issued ; dcat:distribution/dcat:byteSize ?bytes .
          BIND (YEAR(?issued) AS ?year)
        } GROUP BY ?type ?year HAVING (COUNT(DISTINCT ?item) > 5 && SUM(?bytes) < 1e12)
        ORDER BY ?year DESC(?items)""",
    "everything about one item": """
        CONSTRUCT { ?s ?p ?o } WHERE {
          GRAPH <https://catalog.invalid/items/0123456789> { ?s ?p ?o }
        }""",
    "describe": "DESCRIBE <https://catalog.invalid/items/0123456789>",
    "is there a model for this task": "ASK { ?m sage:task ml-task:detection . ?m a sage:Model }",
    "models with their training data, where told": """
        SELECT ?model ?title ?data ?licence ?metric ?value WHERE {
          ?model a sage:Model ; dct:title ?title .
          OPTIONAL { ?model sage:trainedOn ?data . OPTIONAL { ?data dct:license ?licence } }
          OPTIONAL { ?model sage:evaluation [ sage:metric ?metric ; sage:value ?value ] }
          FILTER NOT EXISTS { ?model sage:withdrawn true }
          FILTER (!bound(?value) || (?value >= 0.5 && ?value <= 1.0))
        }""",
    "values in two columns": """
        SELECT * WHERE {
          VALUES (?item ?name) {
            (<https://example.org/a#1> "it's") (<https://example.org/b#2> 'he said "x"')
            (UNDEF \"\"\"a long 'text' with # and SERVICE <x> { }\"\"\")
          }
          ?item dct:creator/foaf:name ?name
        }""",
    "words that look forbidden in texts, names and comments": """
        # SERVICE <http://example.org/> { } is a comment; so is DROP ALL
        SELECT ?service ?insert WHERE {
          ?service a service:Service , dcat:DataService ; service:delete ?insert ;
                   dct:title "INSERT DATA { SERVICE <x> {} }"@en ;
                   dcat:endpointURL <http://example.org/SERVICE/load> .
          GRAPH service:graph { ?service ?p "clear" }
        }""",
    "comparisons without spaces": """
        SELECT ?a ?b WHERE { ?a sage:x ?x ; sage:y ?y . ?b sage:x ?u ; sage:y ?v .
          FILTER(?x<?u&&?y>?v||(?x<=?v&&?u>=?y)||?x<(?u+1)&&(?y)>2)
        }""",
    "string functions": """
        SELECT (GROUP_CONCAT(DISTINCT ?k; SEPARATOR=", ") AS ?keywords)
               (REPLACE(STR(?item), "^.*/([^/]+)$", "$1") AS ?id) WHERE {
          ?item dcat:keyword ?k . FILTER(REGEX(?k, "rain|snow", "i") && STRLEN(?k)<40)
        } GROUP BY ?item""",
    "a sub-select, a union, a minus": """
        SELECT ?item ?n WHERE {
          { SELECT ?item (COUNT(?v) AS ?n) WHERE { ?item dct:hasVersion ?v } GROUP BY ?item
            HAVING (COUNT(?v)>1) ORDER BY DESC(?n) LIMIT 10 }
          { ?item dct:type sage:Dataset } UNION { ?item dct:type sage:Model }
          MINUS { ?item dct:isReplacedBy ?other }
        }""",
    "paths": """
        SELECT ?a ?b WHERE {
          ?a (prov:wasDerivedFrom|^prov:wasInfluencedBy)+/dct:creator ?b .
          ?a !(rdf:type|^rdf:type) ?c . ?c dct:isPartOf? ?d .
          ?d (<http://example.org/a#b>/<http://example.org/c'd>)* ?e
        }""".replace("rdf:type", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"),
    "lists and nested nodes": """
        SELECT * WHERE {
          ?s sage:list (<http://example.org/a#1> "b" [ a sage:Part ; sage:of [] ] 4.5e3 -1) .
          [ dct:title "x"^^xsd:string ] dct:relation ?s ; .
        }""",
    "from two graphs": """
        SELECT ?g ?s FROM <https://example.org/a> FROM NAMED <https://example.org/b>
        WHERE { ?s ?p ?o . GRAPH ?g { ?s ?q ?r } }""",
    "dates within a box": """
        SELECT ?item WHERE {
          ?item dct:temporal [ dcat:startDate ?from ; dcat:endDate ?to ] ;
                sage:latitude ?lat ; sage:longitude ?long .
          FILTER (?from <= "2024-12-31"^^xsd:date && ?to >= "2024-01-01"^^xsd:date
            && ?lat > 41.0 && ?lat < 42.5 && ?long > -88 && ?long<-87 && -?lat < +1)
          FILTER (?item NOT IN (<https://example.org/a#x>, <https://example.org/b#y>))
        }""",
    "a computed order": """
        SELECT ?item (IF(BOUND(?end), ?end - ?start, 0) AS ?span) (COALESCE(?l, "none") AS ?label)
        WHERE { ?item sage:start ?start OPTIONAL { ?item sage:end ?end } OPTIONAL { ?item
          skos:prefLabel ?l } } ORDER BY ASC(?span*2+1) xsd:string(?item) OFFSET 10 LIMIT 10""",
    "forty columns": "SELECT * WHERE { ?s "
    + " ; ".join(f"sage:p{n} ?v{n}" for n in range(40))
    + "}",
    "sixty-four alternatives": "SELECT * WHERE { ?s dcat:keyword ?k FILTER ("
    + " || ".join(f'?k = "k{n}"' for n in range(64))
    + ") }",
    "a thousand values": "SELECT * WHERE { VALUES ?s { "
    + " ".join(f"sage:x{n}" for n in range(1000))
    + " } ?s ?p ?o }",
}


@pytest.mark.parametrize("query", REALISTIC.values(), ids=REALISTIC.keys())
def test_a_realistic_query_passes_the_guard_and_the_engine(query: str) -> None:
    guard(PREFIXES + query)
    Store().query(PREFIXES + query)


SERVICES = {
    "plain": "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "lower case": "SELECT * { service <http://x/> { ?s ?p ?o } }",
    "mixed case": "SELECT * { SeRvIcE <http://x/> { ?s ?p ?o } }",
    "no spaces": "SELECT*{SERVICE<http://x/>{?s ?p ?o}}",
    "silent": "SELECT * { SERVICE SILENT <http://x/> { ?s ?p ?o } }",
    "silent glued": "SELECT * { SERVICESILENT<http://x/>{?s ?p ?o}}",
    "prefixed name": "PREFIX e: <http://x/> SELECT * { SERVICE e: { ?s ?p ?o } }",
    "name glued": "PREFIX : <http://x/> SELECT * { SERVICE:{ ?s ?p ?o } }",
    "name with prefix glued": "PREFIX e: <http://x/> SELECT * { SERVICEe:{ ?s ?p ?o } }",
    "after a comment": "SELECT * { #\nSERVICE#\n<http://x/>#\n{ ?s ?p ?o } }",
    "a variable": "SELECT * { BIND(<http://x/> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "variable glued": "SELECT * { BIND(<http://x/> AS ?e) SERVICE?e{ ?s ?p ?o } }",
    "sub-select": "SELECT * { { SELECT * { SERVICE <http://x/> { ?s ?p ?o } } } }",
    "optional": "SELECT * { OPTIONAL { SERVICE <http://x/> { ?s ?p ?o } } }",
    "exists": "SELECT * { FILTER EXISTS { SERVICE <http://x/> { ?s ?p ?o } } }",
    "after a boolean": "SELECT * { ?a ?b trueSERVICE<http://x/>{?s ?p ?o} }",
    "after a number": "SELECT * { ?a ?b 1SERVICE<http://x/>{?s ?p ?o} }",
    "behind a comparison and a comment": (
        "SELECT * { ?s ?p ?a, ?b FILTER(?a<?b)SERVICE#c>\n<http://x/>{} }"
    ),
    "behind a comparison and a quote": (
        "SELECT * { ?s ?p ?a, ?b FILTER(?a<'x>')SERVICE<http://x/>{}FILTER('a'=?b) }"
    ),
    "behind a comparison and a long quote": (
        "SELECT * { ?s ?p ?a, ?b FILTER(?a<?b#>'''\n)SERVICE<http://x/>{}#'''\n}"
    ),
    "behind the same in a sub-select's order": (
        "SELECT * { { SELECT ?a { ?a ?b ?c } ORDER BY (?a<?b#>'''\n) } SERVICE<http://x/>{}#'''\n}"
    ),
    "behind the same in a function by name": (
        "SELECT * { ?a ?b ?c FILTER <http://f/>(?a<?b#>'''\n) SERVICE<http://x/>{}#'''\n}"
    ),
    "behind the same after exists": (
        "SELECT * { ?a ?b ?c FILTER(EXISTS{}<?b#>'''\n) SERVICE<http://x/>{}#'''\n}"
    ),
    "behind a relative IRI with a quote": (
        "BASE <http://b/> SELECT * { ?s ?p <='> SERVICE <http://x/> {} ?s ?p '' }"
    ),
    "escaped letters": "SELECT * { \\u0053ERVICE <http://x/> { ?s ?p ?o } }",
    "behind an escaped end of a line": "SELECT * { # \\u000a SERVICE <http://x/> { ?s ?p ?o } \n}",
    "construct": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <http://x/> { ?s ?p ?o } }",
    "describe": "DESCRIBE ?s { SERVICE <http://x/> { ?s ?p ?o } }",
    "ask": "ASK { SERVICE <http://x/> { ?s ?p ?o } }",
}


@pytest.mark.parametrize("query", SERVICES.values(), ids=SERVICES.keys())
def test_service_is_refused_however_it_is_written(query: str) -> None:
    with pytest.raises(Unreadable, match=r"SERVICE|no word of SPARQL"):
        guard(query)


UPDATES = [
    "INSERT DATA { <a:a> <a:b> <a:c> }",
    "DELETE DATA { <a:a> <a:b> <a:c> }",
    "DELETE WHERE { ?s ?p ?o }",
    "DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
    "WITH <a:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "LOAD <http://example.org/x>",
    "load silent <http://example.org/x>",
    "CLEAR ALL",
    "DROP GRAPH <a:g>",
    "CREATE GRAPH <a:g>",
    "COPY <a:g> TO <a:h>",
    "MOVE <a:g> TO <a:h>",
    "ADD <a:g> TO <a:h>",
    "PREFIX e: <http://e/> INSERT DATA { e:a e:b e:c }",
    "SELECT * { ?s ?p ?o } ; DROP ALL",
]


@pytest.mark.parametrize("query", UPDATES)
def test_an_update_is_refused_as_one(query: str) -> None:
    with pytest.raises(Unreadable, match="only reads"):
        guard(query)


def test_a_refusal_says_where() -> None:
    with pytest.raises(Unreadable) as caught:
        guard("SELECT *\n{\n  SERVICE <http://x/> {} }")
    assert (caught.value.evidence["line"], caught.value.evidence["column"]) == (3, 3)


def nested(opening: str, closing: str, times: int) -> str:
    return "SELECT * { " + opening * times + closing * times + " }"


def exhausting(size: float) -> dict[str, str]:
    """Return the queries that crash or stall the engine (safety M8, M9), `size` times as long."""
    return {
        "braces": nested("{", "}", int(4000 * size)),
        "exists": nested("FILTER EXISTS {", "}", int(1000 * size)),
        "parentheses": nested("FILTER (" + "(" * int(8000 * size) + "1", ")", 1)[:-3]
        + ")" * int(8000 * size)
        + "}",
        "plus": "SELECT * { FILTER (1" + "+1" * int(8000 * size) + ") }",
        "not": "SELECT * { FILTER (" + "!" * int(16000 * size) + "true) }",
        "minus": "SELECT * { " + "MINUS { ?s ?p ?o } " * int(4000 * size) + "}",
        "bind": "SELECT * { " + "".join(f"BIND(1 AS ?b{n})" for n in range(int(4000 * size))) + "}",
        "optional": "SELECT * { " + "OPTIONAL{}" * int(8000 * size) + "}",
        "collection": "SELECT * { ?s ?p " + "(" * int(300 * size) + ")" * int(300 * size) + " }",
        "star": "SELECT * { "
        + "".join(f"?s <p:{n}> ?o{n} . " for n in range(int(300 * size)))
        + "}",
        "chain": "SELECT * { "
        + "".join(f"?s{n} <p:p> ?s{n + 1} . " for n in range(int(300 * size)))
        + "}",
        "path": "SELECT * { ?s " + "/".join(["<p:p>"] * int(300 * size)) + " ?o }",
        "values": "SELECT * { VALUES ?x {" + " 1" * int(6000 * size) + "} }",
    }


@pytest.mark.parametrize("size", [1, 2, 10])
def test_what_exhausts_the_engine_is_refused_at_once(size: int) -> None:
    for name, query in exhausting(size).items():
        with pytest.raises(Unreadable):
            guard(query)
        assert seconds_for(query) < 0.02, name


def seconds_for(query: str) -> float:
    """Return the processor time of the best of three runs; others may be at work."""
    best = 1.0
    for _ in range(3):
        begin = time.thread_time()
        with contextlib.suppress(Unreadable):
            guard(query)
        best = min(best, time.thread_time() - begin)
    return best


@pytest.mark.parametrize(
    ("most", "query"),
    [
        (32, lambda n: "SELECT * " + "{" * n + "}" * n),
        (64, lambda n: "SELECT * { FILTER (1" + "+1" * n + ") }"),
        (64, lambda n: "SELECT * { " + "OPTIONAL{}" * n + "}"),
        (60, lambda n: "SELECT * { " + "".join(f"?s <p:{i}> ?o{i} ." for i in range(n)) + "}"),
        (60, lambda n: "SELECT * { ?s " + ";".join(f"<p:{i}> ?o{i}" for i in range(n)) + "}"),
        (60, lambda n: "SELECT * { ?s ?p " + ",".join(f"?o{i}" for i in range(n)) + "}"),
        (60, lambda n: "SELECT * { " + "".join(f"{{?s <p:{i}> 1}}" for i in range(n)) + "}"),
        (100, lambda n: "SELECT * { ?s <p:p>" + "/<p:p>" * n + " ?o }"),
        (1000, lambda n: "SELECT * { VALUES ?x {" + " 1" * n + "} }"),
        (1000, lambda n: "SELECT * { VALUES (?x ?y) {" + "(1 <a:b>)" * n + "} }"),
        (100, lambda n: "SELECT * " + "FROM <a:b> " * n + "{}"),
        (16384, lambda n: "SELECT * {}" + " " * (n - 11)),
        (6000, lambda n: "SELECT (f(" + "," * (n - 10) + ") AS ?x) {}"),
    ],
)
def test_each_limit_is_met_exactly(most: int, query) -> None:  # type: ignore[no-untyped-def]
    guard(query(most))
    with pytest.raises(Unreadable):
        guard(query(most + 1))


PIECES = Path(__file__).with_name("sparql_pieces.txt").read_text("utf-8").split()


def test_any_text_of_16_kb_is_answered_within_20_ms() -> None:
    chance = random.Random(7)
    slowest = 0.0
    for _ in range(150):
        few = [*chance.sample(PIECES, chance.randint(1, 6)), *chance.sample(" \n", 1)]
        text = "SELECT * {" * chance.randint(0, 1)
        while len(text.encode()) < 16_000:
            text += "".join(chance.choices(few, k=200))
        slowest = max(slowest, seconds_for(text.encode()[:16_384].decode(errors="ignore")))
    assert slowest < 0.02


def test_only_a_clause_chooses_the_dataset() -> None:
    assert names_dataset("SELECT * FROM <a:b> { ?s ?p ?o }")
    assert names_dataset("select*from named<a:b>{?s ?p ?o}")
    assert not names_dataset('SELECT ?from { ?from <a:from> "FROM <a:b>" } # FROM <a:b>')


def test_the_prefixes_of_a_query_are_known() -> None:
    assert prefixes(
        "PREFIX a: <http://a/> prefix : <http://b/> ASK { a:x :y 'PREFIX c: <d>' }"
    ) == {
        "a": "http://a/",
        "": "http://b/",
    }


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT", 1, 7),
        ("SELECT * {\n ?s foo:bar ?o }", 2, 12),
        ("SELECT * { ?s ?p }", 1, 19),
    ],
)
def test_a_malformed_query_is_told_with_its_place(query: str, line: int, column: int) -> None:
    with pytest.raises(SyntaxError) as caught:
        Store().query(query)
    error = unreadable(str(caught.value))
    assert error.evidence == {"line": line, "column": column}
    assert len(error.detail) < 300
    assert "\\u{" not in error.detail
