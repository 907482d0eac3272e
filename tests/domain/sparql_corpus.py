"""Queries that people write, and queries that people write to do harm."""

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
          FILTER(STR(?x)<'b'&&STR(?y)>'a')
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
    "behind a comparison in a function glued to FILTER": (
        "PREFIX x: <http://www.w3.org/2001/XMLSchema#>"
        " SELECT * { ?s ?p ?a FILTERx:boolean(?a<?b#>'''\n) SERVICE<http://x/>{}#'''\n}"
    ),
    "behind a comparison in a function after ORDERBY": (
        "PREFIX x: <http://www.w3.org/2001/XMLSchema#> SELECT * { { SELECT * { ?s ?p ?a }"
        " ORDERBY ?a x:boolean(?a<?s#>'''\n) } SERVICE<http://x/>{}#'''\n}"
    ),
    "behind a comparison after SELECTDISTINCT": (
        "SELECT * { { SELECTDISTINCT ?s (?s<?b#>'''\n AS ?c) { ?s ?p ?a } }"
        " SERVICE<http://x/>{}#'''\n}"
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
