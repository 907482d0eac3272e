"""What the catalog holds, in numbers, in the words of VoID."""

from collections.abc import Iterator, Mapping
from typing import Final

from catalog.domain.context import PREFIXES
from catalog.domain.description import TYPE, XSD, Statement, term_of_text
from catalog.domain.writing import House

VOID: Final = "http://rdfs.org/ns/void#"
_FEATURES: Final = ("Turtle", "RDF_XML", "N-Triples", "JSON-LD")
_VOCABULARIES: Final = ("adms", "dcat", "dct", "fair4ml", "foaf", "it6", "prov", "sage", "skos")


def described(
    house: House,
    title: str,
    *,
    example: str | None,
    classes: Mapping[str, int],
    properties: Mapping[str, int],
) -> Iterator[Statement]:
    """Yield the description of the data set that SPARQL answers from.

    example     the IRI of an item, None where there is none
    classes     class to the number of items of it
    properties  property to the number of its statements; empty where it was not counted
    """
    document = f"<{house.base}.well-known/void>"
    node = f"{document[:-1]}#catalog>"
    yield document, TYPE, f"<{VOID}DatasetDescription>"
    yield document, f"<{PREFIXES['foaf']}topic>", node
    yield node, TYPE, f"<{VOID}Dataset>"
    yield node, f"<{PREFIXES['dct']}title>", term_of_text(title, "en")
    yield node, f"<{PREFIXES['foaf']}homepage>", f"<{house.base}>"
    yield node, f"<{VOID}sparqlEndpoint>", f"<{house.base}sparql>"
    yield node, f"<{VOID}dataDump>", f"<{house.base}catalog.ttl>"
    yield node, f"<{VOID}uriSpace>", term_of_text(f"{house.base}items/")
    if example is not None:
        yield node, f"<{VOID}exampleResource>", f"<{example}>"
    for name in _FEATURES:
        yield node, f"<{VOID}feature>", f"<http://www.w3.org/ns/formats/{name}>"
    for prefix in _VOCABULARIES:
        yield node, f"<{VOID}vocabulary>", f"<{PREFIXES[prefix]}>"
    yield node, f"<{VOID}entities>", _number(sum(classes.values()))
    yield from _partitions(node, "class", "entities", classes)
    if properties:
        yield node, f"<{VOID}triples>", _number(sum(properties.values()))
        yield from _partitions(node, "property", "triples", properties)


def _partitions(
    node: str, name: str, counted: str, numbers: Mapping[str, int]
) -> Iterator[Statement]:
    for place, (iri, number) in enumerate(sorted(numbers.items()), start=1):
        part = f"{node[:-1]}-{name}-{place}>"
        yield node, f"<{VOID}{name}Partition>", part
        yield part, f"<{VOID}{name}>", f"<{iri}>"
        yield part, f"<{VOID}{counted}>", _number(number)


def _number(number: int) -> str:
    return term_of_text(str(number), None, f"{XSD}integer")
