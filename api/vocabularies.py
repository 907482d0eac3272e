"""Vocabularies, shapes and ontology on HTTP: each dereferences as a page and as RDF."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pyoxigraph as ox
from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering, vocabulary_rendering
from api.answers import body, conditional, json_answer
from api.context import frame, parts
from api.naming import naming
from api.negotiation import HTML, JSON, JSON_LD, TURTLE, choose, languages
from api.operations import operation, query_parameter
from api.parameters import whole_number
from api.terms import HITS, hit_json, last_of
from catalog.domain.description import Statement
from catalog.domain.errors import NotFound
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.jsonschema import MEDIA_TYPE as SCHEMA_JSON
from catalog.domain.jsonschema import schema_of
from catalog.domain.permissions import ANYONE, Action
from catalog.domain.proposing.proposals import State
from catalog.domain.writing import PREFIXES, RDF_FORMS, serialized
from catalog.library import Library
from catalog.services import term_history
from catalog.services.find import Filters, counts_by_type, find
from catalog.services.proposals import Narrowed, counts_by_state
from catalog.services.term_uses import uses_in

blueprint = Blueprint("vocabularies", __name__, description="Vocabularies, shapes, ontology")

FORMS = (TURTLE, *(form for form in RDF_FORMS if form != TURTLE), HTML)
_READ: dict[str, Any] = {"forms": FORMS, "problems": (404, 406)}
_IMMUTABLE_SECONDS = 300
_ITEMS = 10
MOST_PAGES = 10_000
NO_SCHEME = "There is no vocabulary of that name; /vocab lists all of them."


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


def rdf(turtle: bytes, form: str) -> Response:
    return cached(body(_converted(turtle, form), form))


def cached(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_IMMUTABLE_SECONDS}"
    response.add_etag()
    return conditional(response)


@operation(
    blueprint,
    "/vocab",
    Action.OPEN,
    **_READ,
    parameters=(
        query_parameter("q", "On the page: what to find among the terms."),
        query_parameter("scheme", "On the page: the vocabulary to search in."),
        query_parameter("page", "On the page: which one.", {"type": "integer"}),
    ),
)
def list_schemes() -> Response:
    """List the controlled vocabularies; as a page, search them."""
    form = choose(FORMS)
    library = parts().library
    if form == HTML:
        return body(_front(), HTML)
    statements = [
        statement
        for name in library.vocabularies.names
        for statement in _about(VOCAB + name)
        if statement[1] != "<http://www.w3.org/2004/02/skos/core#hasTopConcept>"
    ]
    return cached(body(serialized(statements, form, VOCAB), form))


def _front() -> str:
    query = request.args.get("q", "").strip()
    scheme = request.args.get("scheme", "")
    if scheme and parts().library.vocabularies.file(scheme) is None:
        raise NotFound(NO_SCHEME)
    page = whole_number("page", 1, least=1, most=MOST_PAGES)
    found = None
    if query:
        within = [scheme] if scheme else []
        found = parts().library.lexicon.search(
            query, schemes=within, limit=HITS, offset=(page - 1) * HITS, language=languages()[0]
        )
    return vocabulary_rendering.schemes(
        frame(),
        parts().library,
        query=query,
        scheme=scheme,
        found=found,
        page=page,
        releases=term_history.releases(parts()),
    )


def _about(iri: str) -> Iterable[Statement]:
    row = parts().library.vocabularies.row(iri) or {}
    return [(f"<{iri}>", predicate, value) for predicate, values in row.items() for value in values]


@operation(
    blueprint,
    "/vocab/search",
    Action.OPEN,
    forms=(JSON,),
    parameters=(
        query_parameter("q", "What is being typed: several words may hit different statements."),
        query_parameter("scheme", "The vocabulary to search in, by default all; may be repeated."),
        query_parameter("limit", "How many, 1 to 100.", {"type": "integer", "default": 20}),
        query_parameter("offset", "How many to leave out at first.", {"type": "integer"}),
        query_parameter("deprecated", "false: leave deprecated terms out."),
    ),
    problems=(404,),
)
def search_terms() -> Response:
    """Search among the terms, tolerating typing errors: best first, each with why it was found."""
    schemes = [name for name in request.args.getlist("scheme") if name]
    if any(parts().library.vocabularies.file(name) is None for name in schemes):
        raise NotFound(NO_SCHEME)
    found = parts().library.lexicon.search(
        request.args.get("q", ""),
        schemes=schemes,
        limit=whole_number("limit", 20, least=1, most=100),
        offset=whole_number("offset", 0, least=0, most=100_000),
        language=languages()[0],
        deprecated=request.args.get("deprecated", "true") != "false",
    )
    words = naming(parts().library, frame())
    results = [hit_json(words, hit) for hit in found.hits]
    return cached(json_answer({"results": results, "total": found.total}))


@operation(
    blueprint,
    "/vocab/<string:scheme>",
    Action.OPEN,
    **_READ,
    parameters=(
        query_parameter("iri", "A concept that keeps the IRI of its publisher."),
        query_parameter("view", "On the page: tree, letters or groups."),
        query_parameter("letter", "On the page: the concepts that begin with it."),
        query_parameter("page", "On the page: which one.", {"type": "integer"}),
    ),
)
def read_scheme(scheme: str) -> AnyResponse:
    """Read a controlled vocabulary, or a concept of it by its publisher's IRI.

    A suffix such as `.ttl` asks for a form by the address.
    """
    name, suffix = _without_suffix(scheme)
    form = choose(FORMS, suffix=suffix)
    library = parts().library
    if (iri := request.args.get("iri")) is not None:
        if library.vocabularies.scheme_of(iri) != name:
            raise NotFound("This vocabulary has no such concept.")
        return _concept(iri, form)
    turtle = library.vocabularies.file(name)
    if turtle is None:
        raise NotFound(NO_SCHEME)
    if form != HTML:
        return rdf(turtle, form)
    content = vocabulary_rendering.scheme(
        frame(),
        library,
        name,
        view=request.args.get("view"),
        letter=request.args.get("letter"),
        page=whole_number("page", 1, least=1, most=MOST_PAGES),
        uses=uses_in(parts(), name).together,
        newest=next(iter(term_history.releases(parts(), name)), None),
        proposals=_open(Narrowed(scheme=name)),
    )
    return body(content, HTML)


def _open(narrowed: Narrowed) -> int:
    """Return how many proposals are still to be decided."""
    return counts_by_state(parts(), narrowed).get(State.OPEN, 0)


def _without_suffix(scheme: str) -> tuple[str, str | None]:
    """Return the name of a scheme and the suffix behind it; names of schemes have no dots."""
    name, dot, suffix = scheme.partition(".")
    return (name, suffix) if dot else (scheme, None)


@operation(blueprint, "/vocab/<string:scheme>/<path:concept>", Action.OPEN, **_READ)
def read_concept(scheme: str, concept: str) -> Response:
    """Read a concept, or a group of concepts, of a controlled vocabulary."""
    return _concept(f"{VOCAB}{scheme}/{concept}", choose(FORMS))


def _concept(iri: str, form: str) -> Response:
    library = parts().library
    if library.thesaurus.collection(iri) is not None:
        return _group(iri, form)
    if library.thesaurus.concept(iri) is None:
        raise NotFound("This vocabulary has no such concept.")
    if form != HTML:
        return cached(body(serialized(_about(iri), form, iri), form))
    cites = frozenset({iri, *library.thesaurus.narrower_transitive(iri)})
    uses = uses_in(parts(), library.thesaurus.scheme_of(iri) or "")
    content = vocabulary_rendering.concept(
        frame(),
        library,
        iri,
        uses=uses.itself.get(iri, 0),
        counts=counts_by_type(parts(), cites=cites),
        page=find(parts(), ANYONE, Filters(cites=cites), cursor=None, limit=_ITEMS),
        life=term_history.life_of(parts(), iri),
        proposals=_open(Narrowed(concept=iri)),
    )
    return body(content, HTML)


def _group(iri: str, form: str) -> Response:
    """Answer what is said about a group; its page is the view of groups of its vocabulary."""
    if form != HTML:
        return cached(body(serialized(_about(iri), form, iri), form))
    scheme = parts().library.thesaurus.scheme_of(iri)
    target = f"{parts().settings.base}vocab/{scheme}?view=groups#group-{last_of(iri)}"
    return redirect(target, 303)  # type: ignore[return-value]


@operation(blueprint, "/shapes", Action.OPEN, **_READ)
def list_shapes() -> Response:
    """List the shapes that descriptions are judged by."""
    form = choose(FORMS)
    if form == HTML:
        return body(rendering.shapes(frame(), parts().library), HTML)
    names = (name for name in parts().library.shapes.names if not name.startswith("ns"))
    return rdf(_together(names), form)


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
    return rdf(turtle, form)


@operation(
    blueprint,
    "/shapes/<string:name>.schema.json",
    Action.OPEN,
    forms=(SCHEMA_JSON,),
    problems=(404,),
)
def read_json_schema(name: str) -> Response:
    """Read the JSON Schema of an item type, whose `required` is the publication level."""
    library = parts().library
    if name not in library.item_types:
        raise NotFound("There is no item type of that name; /shapes lists all of them.")
    return cached(body(_schema(library, name, parts().settings.base), SCHEMA_JSON))


@lru_cache(maxsize=64)
def _schema(library: Library, name: str, base: str) -> bytes:
    schema = schema_of(name, library, address=f"{base}shapes/{name}.schema.json")
    return json.dumps(schema, ensure_ascii=False, indent=1).encode() + b"\n"


@operation(blueprint, "/ns", Action.OPEN, **_READ)
def read_ontology() -> Response:
    """Read the classes and properties of Sage's own."""
    form = choose(FORMS)
    if form == HTML:
        return body(rendering.ontology(frame(), parts().library), HTML)
    names = (name for name in parts().library.shapes.names if name.startswith("ns"))
    return rdf(_together(names), form)


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
    return cached(response)
