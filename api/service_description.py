"""What the SPARQL endpoint is, in the words of SPARQL 1.1 Service Description."""

from collections.abc import Iterator

from catalog.domain.description import RDF, Statement

_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_RESULTS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
)


def described(base: str) -> Iterator[Statement]:
    """Yield the description of the endpoint of the catalog at `base`.

    Its default graph is the union of all graphs; it takes no updates and asks no other endpoint.
    """
    endpoint = f"{base}sparql"
    service, dataset = f"<{endpoint}#service>", f"<{endpoint}#dataset>"
    default = f"<{endpoint}#default-graph>"
    yield service, f"<{RDF}type>", f"<{_SD}Service>"
    yield service, f"<{_SD}endpoint>", f"<{endpoint}>"
    yield service, f"<{_SD}supportedLanguage>", f"<{_SD}SPARQL11Query>"
    yield service, f"<{_SD}feature>", f"<{_SD}UnionDefaultGraph>"
    for name in _RESULTS:
        yield service, f"<{_SD}resultFormat>", f"<{_FORMATS}{name}>"
    yield service, f"<{_SD}defaultDataset>", dataset
    yield dataset, f"<{RDF}type>", f"<{_SD}Dataset>"
    yield dataset, f"<{_SD}defaultGraph>", default
    yield default, f"<{RDF}type>", f"<{_SD}Graph>"
