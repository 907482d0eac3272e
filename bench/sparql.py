"""How fast queries are answered at 10,000 items: in process, in the jail, and over HTTP."""

import http.client
from collections.abc import Callable
from urllib.parse import quote

import pyoxigraph as ox

from bench.catalogs import Running
from bench.table import Figure, median_seconds
from catalog.adapters.checkpoints import Checkpoints
from catalog.jail.limits import QUERY
from catalog.jail.pool import Pool
from catalog.jail.querying import JailedQueries

_JSON = "application/sparql-results+json"
_FORMATS = {"select": _JSON, "ask": _JSON, "graph": "application/n-triples"}
_PREFIXES = """
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX sage: <https://w3id.org/sage/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
_QUERIES = {
    "lookup by id": 'SELECT ?item ?title {{ ?item dct:identifier "{id}" ; dct:title ?title }}',
    "theme with narrower, 50": """SELECT ?item {{ ?field skos:broader*
        <https://w3id.org/sage/vocab/science-field/atmospheric-science> .
        ?item dcat:theme ?field }} LIMIT 50""",
    "count by type": "SELECT ?type (COUNT(?item) AS ?n) {{ ?item dct:type ?type }} GROUP BY ?type",
    "newest 20": "SELECT ?item ?at {{ ?item dct:issued ?at }} ORDER BY DESC(?at) LIMIT 20",
    "regex over all titles": """SELECT ?item {{ ?item dct:title ?title
        FILTER(REGEX(?title, "cloud.*weights", "i")) }} LIMIT 100""",
    "describe with OPTIONALs": """SELECT * {{ ?item dct:identifier "{id}" ; dct:title ?title .
        OPTIONAL {{ ?item dct:description ?text }} OPTIONAL {{ ?item dct:license ?licence }}
        OPTIONAL {{ ?item dct:creator/<http://xmlns.com/foaf/0.1/name> ?creator }}
        OPTIONAL {{ ?item dcat:keyword ?keyword }} }}""",
    "count under a broader type": """SELECT ?type (COUNT(DISTINCT ?item) AS ?n) {{
        ?type skos:broader* <https://w3id.org/sage/vocab/item-type/code> .
        ?item dct:type ?type }} GROUP BY ?type""",
    "CONSTRUCT of one item": """CONSTRUCT {{ ?s ?p ?o }} {{
        GRAPH <{base}items/{id}> {{ ?s ?p ?o }} }}""",
}


def figures(catalog: Running, item_id: str, *, rounds: int = 60) -> list[Figure]:
    """Measure each query on the checkpoint that the running catalog shows."""
    path = Checkpoints(catalog.data / "graph").path()
    store = ox.Store.read_only(str(path))
    pool = Pool("query", 1, limits=QUERY)
    jailed = JailedQueries(pool)
    base = f"http://127.0.0.1:{catalog.port}/"
    lines = []
    try:
        for name, template in _QUERIES.items():
            query = _PREFIXES + template.format(id=item_id, base=base)
            inside = median_seconds(lambda query=query: _in_process(store, query), rounds=rounds)
            caged = median_seconds(
                lambda query=query: jailed.query(query, checkpoint=path, formats=_FORMATS),
                rounds=rounds,
            )
            over_http = median_seconds(_asking(catalog.port, query), rounds=rounds)
            lines += _lines(name, inside, caged, over_http)
    finally:
        pool.close()
    return lines


def _in_process(store: ox.Store, query: str) -> bytes | None:
    results = store.query(query, use_default_graph_as_union=True)
    if isinstance(results, ox.QueryTriples):
        return results.serialize(format=ox.RdfFormat.N_TRIPLES)
    return results.serialize(format=ox.QueryResultsFormat.JSON)


def _asking(port: int, query: str) -> Callable[[], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    accept = f"{_JSON}, application/n-triples;q=0.9"

    def ask() -> bytes:
        connection.request("GET", f"/sparql?query={quote(query)}", headers={"Accept": accept})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(body.decode())
        return body

    return ask


def _lines(name: str, inside: float, caged: float, over_http: float) -> list[Figure]:
    milli = 1000.0
    return [
        Figure(
            f"{name}, jailed", caged * milli, "ms", "ms in process", inside * milli,
            "at most 2 x", caged <= 2 * inside,
        ),
        Figure(
            f"{name}, over HTTP", over_http * milli, "ms", "ms jailed", caged * milli,
            "at most 1 ms above", over_http - caged <= 0.001,
        ),
    ]  # fmt: skip
