"""Vocabularies, shapes and ontology on HTTP: each dereferences as a page and as RDF."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pyoxigraph as ox
from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering
from api.answers import body, conditional, json_answer
from api.context import frame, parts
from api.negotiation import HTML, JSON_LD, TURTLE, choose
from api.operations import operation, query_parameter
from api.parameters import whole_number
from catalog.domain.description import Statement
from catalog.domain.errors import NotFound
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.permissions import Action
from catalog.domain.writing import PREFIXES, RDF_FORMS, serialized
from catalog.services.find import citing_term

blueprint = Blueprint("vocabularies", __name__, description="Vocabularies, shapes, ontology")

FORMS = (TURTLE, *(form for form in RDF_FORMS if form != TURTLE), HTML)
_READ: dict[str, Any] = {"forms": FORMS, "problems": (404, 406)}
_IMMUTABLE_SECONDS = 300


@lru_cache(maxsize=512)
def _converted(turtle: bytes, form: str) -> bytes:
    """Return a file of ours in another form of RDF; Turtle stays as it was written."""
    if form == TURTLE:
        return turtle
    triples = list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
    written = ox.serialize(triples, format=RDF_FORMS[form], prefixes=dict(PREFIXES))
    return written or b""


def _together(names: Iterable[str]) -> bytes:
    """Return several files of shapes or ontology as one; each brings its own prefixes."""
    return b"\n".join(parts().library.shapes.file(name) or b"" for name in names)


def _rdf(turtle: bytes, form: str) -> Response:
    return _cached(body(_converted(turtle, form), form))


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_IMMUTABLE_SECONDS}"
    response.add_etag()
    return conditional(response)


@operation(blueprint, "/vocab", Action.OPEN, **_READ)
def list_schemes() -> Response:
    """List the controlled vocabularies."""
    form = choose(FORMS)
    library = parts().library
    if form == HTML:
        return body(rendering.schemes(frame(), library), HTML)
    statements = [
        statement
        for name in library.vocabularies.names
        for statement in _about(VOCAB + name)
        if statement[1] != "<http://www.w3.org/2004/02/skos/core#hasTopConcept>"
    ]
    return _cached(body(serialized(statements, form, VOCAB), form))


def _about(iri: str) -> Iterable[Statement]:
    row = parts().library.vocabularies.row(iri) or {}
    return [(f"<{iri}>", predicate, value) for predicate, values in row.items() for value in values]


@operation(
    blueprint,
    "/vocab/<string:scheme>",
    Action.OPEN,
    **_READ,
    parameters=(
        query_parameter("iri", "A concept that keeps the IRI of its publisher."),
        query_parameter("letter", "On the page: the concepts that begin with it."),
        query_parameter("page", "On the page: which one.", {"type": "integer"}),
    ),
)
def read_scheme(scheme: str) -> AnyResponse:
    """Read a controlled vocabulary, or a concept of it by its publisher's IRI."""
    form = choose(FORMS)
    library = parts().library
    if (iri := request.args.get("iri")) is not None:
        if library.vocabularies.scheme_of(iri) != scheme:
            raise NotFound("This vocabulary has no such concept.")
        return _concept(iri, form)
    turtle = library.vocabularies.file(scheme)
    if turtle is None:
        raise NotFound("There is no vocabulary of that name; /vocab lists all of them.")
    if form != HTML:
        return _rdf(turtle, form)
    content = rendering.scheme(
        frame(),
        library,
        scheme,
        letter=request.args.get("letter"),
        page=whole_number("page", 1, least=1, most=10_000),
    )
    return body(content, HTML)


@operation(blueprint, "/vocab/<string:scheme>/<path:concept>", Action.OPEN, **_READ)
def read_concept(scheme: str, concept: str) -> Response:
    """Read a concept of a controlled vocabulary."""
    return _concept(f"{VOCAB}{scheme}/{concept}", choose(FORMS))


def _concept(iri: str, form: str) -> Response:
    library = parts().library
    if library.vocabularies.concept(iri) is None:
        raise NotFound("This vocabulary has no such concept.")
    if form != HTML:
        return _cached(body(serialized(_about(iri), form, iri), form))
    uses, items = citing_term(parts(), iri)
    return body(rendering.concept(frame(), library, iri, uses=uses, items=items), HTML)


@operation(blueprint, "/shapes", Action.OPEN, **_READ)
def list_shapes() -> Response:
    """List the shapes that descriptions are judged by."""
    form = choose(FORMS)
    if form == HTML:
        return body(rendering.shapes(frame(), parts().library), HTML)
    names = (name for name in parts().library.shapes.names if not name.startswith("ns"))
    return _rdf(_together(names), form)


@operation(blueprint, "/shapes/<string:name>", Action.OPEN, **_READ)
def read_shape(name: str) -> Response:
    """Read the shape of an item type, or a part that several share."""
    form = choose(FORMS)
    library = parts().library
    turtle = library.shapes.file(name)
    if turtle is None:
        raise NotFound("There is no shape of that name; /shapes lists all of them.")
    if form == HTML and name in library.item_types:
        return body(rendering.shape(frame(), library, name), HTML)
    if form == HTML:
        return body(turtle, "text/plain; charset=utf-8")
    return _rdf(turtle, form)


@operation(blueprint, "/ns", Action.OPEN, **_READ)
def read_ontology() -> Response:
    """Read the classes and properties of Sage's own."""
    form = choose(FORMS)
    if form == HTML:
        return body(rendering.ontology(frame(), parts().library), HTML)
    names = (name for name in parts().library.shapes.names if name.startswith("ns"))
    return _rdf(_together(names), form)


@operation(blueprint, "/ns/<string:name>", Action.OPEN, answers={303: "See /ns"}, problems=(404,))
def read_term(name: str) -> AnyResponse:
    """Go to a class or property of Sage's own."""
    if parts().library.shapes.label(SAGE + name) is None:
        raise NotFound("There is no class or property of that name; /ns lists all of them.")
    return redirect(f"{parts().settings.base}ns#{name}", 303)


@operation(blueprint, "/context.jsonld", Action.OPEN, forms=(JSON_LD,))
def read_context() -> Response:
    """Read the JSON-LD context of descriptions in JSON."""
    response = json_answer({"@context": parts().library.context})
    response.content_type = JSON_LD
    return _cached(response)
