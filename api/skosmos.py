"""Skosmos' REST API over our vocabularies: the paths and parameters that its clients know.

A vocabulary of Skosmos is one of our schemes. Where a concept's parents are in another scheme,
they belong to the hierarchy of the vocabulary all the same.
"""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from flask import Response, request
from flask_smorest import Blueprint

from api import skosmos_answers as answers
from api import skosmos_data as rdf
from api import skosmos_search as searching
from api.answers import body, conditional
from api.context import parts
from api.negotiation import JSON, JSON_LD, choose
from api.operations import operation, query_parameter
from api.skosmos_answers import COLLECTION, CONCEPT, Json
from catalog.domain.errors import NotFound, NotOffered, Unreadable
from catalog.domain.permissions import Action
from catalog.domain.schemes import Concept, Scheme
from catalog.domain.terms.labels import in_language
from catalog.domain.terms.thesaurus import Thesaurus
from catalog.services.term_history import dates_of_terms

blueprint = Blueprint(
    "skosmos",
    __name__,
    url_prefix="/rest/v1",
    description="Vocabularies as Skosmos answers them",
)

_IMMUTABLE_SECONDS = 300
_MOST_HITS = 10_000
_USUAL_HITS = 100
_USUAL_REACHED = 1_000
_USUAL_CHANGES = 200

_LANG = query_parameter("lang", "Language of the labels, such as `en`.")
_URI = query_parameter("uri", "The IRI of the concept.")
_FORMAT = query_parameter("format", f"Media type, before `Accept`: {', '.join(rdf.FORMS)}.")
_LIMIT = query_parameter("limit", "How many at most.", {"type": "integer"})
_OFFSET = query_parameter("offset", "How many to leave out first.", {"type": "integer"})
_SEARCH = (
    query_parameter("query", "A label in any case; `*` stands for any text."),
    query_parameter("lang", "Language of the labels to match."),
    query_parameter("labellang", "Language of the labels to show."),
    query_parameter("vocab", "Vocabularies to look in, with blanks between them."),
    query_parameter("type", "Classes of what is found, such as `skos:Concept`."),
    query_parameter("parent", "Only what is below this concept."),
    query_parameter("group", "Only members of this group."),
    query_parameter("maxhits", "How many hits at most, usually 100.", {"type": "integer"}),
    _OFFSET,
    query_parameter("fields", "Further properties of SKOS to show, with blanks between them."),
    query_parameter("unique", "true: each concept once, by the label that fits best."),
)

_READ: dict[str, Any] = {"forms": (JSON, JSON_LD), "problems": (404,)}
_OF_CONCEPT: dict[str, Any] = {**_READ, "parameters": (_URI, _LANG)}


# ---- what all answers have in common


def _thesaurus() -> Thesaurus:
    return parts().library.thesaurus


def _base() -> str:
    return f"{parts().settings.base}rest/v1/"


def _answer(said: Json) -> Response:
    """Return an answer as JSON, or the same as JSON-LD for who rather takes that."""
    try:
        form = choose((JSON, JSON_LD))
    except NotOffered:
        form = JSON  # as there: a client that names only other forms gets JSON all the same
    return _cached(body(json.dumps(said, ensure_ascii=False), form))


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_IMMUTABLE_SECONDS}"
    response.add_etag()
    return conditional(response)


def _scheme(vocid: str) -> Scheme:
    scheme = _thesaurus().scheme(vocid)
    if scheme is None:
        raise NotFound(f"There is no vocabulary {vocid!r}; {_base()}vocabularies lists all.")
    return scheme


def _asked(name: str) -> str | None:
    """Return a parameter without blanks around it, None where it is absent or empty."""
    return request.args.get(name, "").strip() or None


def _needed(name: str) -> str:
    value = _asked(name)
    if value is None:
        raise Unreadable(f"The parameter {name} is missing.", parameter=name)
    return value


def _language(scheme: Scheme) -> str:
    return _asked("lang") or answers.default_language(_thesaurus(), scheme.name)


def _number(name: str, default: int, *, least: int) -> int:
    """Return a parameter as a whole number from `least` on; however large, it is taken."""
    text = _asked(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise Unreadable(f"{name} is a whole number from {least} on.", parameter=name)
    number = int(text) if len(text) <= len(str(_LARGEST)) else _LARGEST
    if number < least:
        raise Unreadable(f"{name} is a whole number from {least} on.", parameter=name)
    return min(number, _LARGEST)


_LARGEST = sys.maxsize // 4


def _truth(name: str, default: bool) -> bool:
    """Return a parameter as PHP reads a truth: what is neither yes nor no is the default."""
    text = request.args.get(name, "").strip().lower()
    if text in {"1", "true", "on", "yes"}:
        return True
    return False if text in {"0", "false", "off", "no"} else default


def _concept(scheme: Scheme) -> Concept:
    """Return the concept that `uri` names, which has to be met in the vocabulary."""
    iri = _needed("uri")
    concept = _thesaurus().concept(iri)
    if concept is None or not _thesaurus().belongs(iri, scheme.name):
        raise NotFound(f"The vocabulary {scheme.name} has no concept <{iri}>.")
    return concept


# ---- of all vocabularies


@operation(blueprint, "/vocabularies", Action.OPEN, forms=(JSON, JSON_LD), parameters=(_LANG,))
def list_vocabularies() -> Response:
    """List the vocabularies."""
    language = _needed("lang")
    names = parts().library.vocabularies.names
    schemes = [scheme for name in names if (scheme := _thesaurus().scheme(name))]
    return _answer(answers.vocabularies(schemes, language, _base()))


@operation(blueprint, "/search", Action.OPEN, **_READ, parameters=_SEARCH)
def search_all() -> Response:
    """Search for concepts by their labels."""
    return _searched(None)


@operation(blueprint, "/types", Action.OPEN, forms=(JSON, JSON_LD), parameters=(_LANG,))
def list_all_types() -> Response:
    """List the classes of concepts and collections."""
    language = _needed("lang")
    found = _class_names(parts().library.vocabularies.names)
    return _answer(answers.types(found, language, _base()))


@operation(blueprint, "/label", Action.OPEN, **_OF_CONCEPT)
def read_any_label() -> Response:
    """Read the labels of a concept of any vocabulary."""
    return _labels(_needed("uri"), _asked("lang"))


@operation(
    blueprint,
    "/data",
    Action.OPEN,
    forms=rdf.FORMS,
    problems=(404, 406),
    parameters=(_URI, _FORMAT),
)
def read_any_data() -> Response:
    """Read a concept of any vocabulary with what is around it, as RDF."""
    return _data(_needed("uri"))


def _labels(iri: str, language: str | None) -> Response:
    found = list(_thesaurus().labels_of(iri))
    if not found:
        raise NotFound(f"There is no concept <{iri}>.")
    return _answer(answers.labels(iri, found, language))


def _data(iri: str) -> Response:
    form = _data_form()
    statements = rdf.around(_thesaurus(), iri)
    if not statements:
        raise NotFound(f"There is no concept <{iri}>.")
    return _cached(body(rdf.written(statements, iri, form), form))


def _data_form() -> str:
    """Return the form that `format` names, else the one that `Accept` prefers."""
    form = _asked("format")
    if form is None:
        return choose(rdf.FORMS)
    if form not in rdf.FORMS:
        raise NotOffered(rdf.FORMS)
    return form


def _class_names(names: Iterable[str]) -> dict[str, str]:
    """Return the classes in some vocabularies, each with its name in the ontology or its IRI."""
    counted = (_thesaurus().statistics(name).types for name in names)
    return {kind: _class_name(kind) for types in counted for kind in types}


def _class_name(iri: str) -> str:
    return parts().library.shapes.label(iri) or iri.replace("#", "/").rpartition("/")[2]


# ---- search


def _searched(scheme: Scheme | None) -> Response:
    if not _asked("query") and not _asked("group") and not _asked("parent"):
        raise Unreadable("The parameter query is missing.", parameter="query")
    search = _search(scheme, request.args.get("query", "").strip())
    return _answer(searching.answer(_thesaurus(), search))


def _search(scheme: Scheme | None, pattern: str) -> searching.Search:
    """Return what the parameters ask for; `vocab` comes before the vocabulary of the path."""
    names = tuple(_scheme(name).name for name in (_asked("vocab") or "").split())
    schemes = names or ((scheme.name,) if scheme else ())
    usual = {CONCEPT, COLLECTION} if len(schemes) == 1 else {CONCEPT}
    kinds = (_asked("type") or "").replace("+", " ").split()
    return searching.Search(
        pattern,
        schemes,
        matched=_asked("lang"),
        shown=_asked("labellang") or (_language(scheme) if scheme else _asked("lang")),
        types=frozenset(map(rdf.expanded, kinds) if kinds else usual),
        parent=_asked("parent"),
        group=_asked("group"),
        fields=searching.fields_of(_asked("fields")),
        unique=_truth("unique", False),
        offset=_number("offset", 0, least=0),
        most=min(_MOST_HITS, _number("maxhits", _USUAL_HITS, least=1)),
    )


# ---- of one vocabulary


@operation(blueprint, "/<string:vocid>", Action.OPEN, **_READ, parameters=(_LANG,))
def read_vocabulary(vocid: str) -> Response:
    """Read what a vocabulary is."""
    scheme = _scheme(vocid)
    return _answer(answers.vocabulary(_thesaurus(), scheme, _language(scheme), _base()))


@operation(blueprint, "/<string:vocid>/types", Action.OPEN, **_READ, parameters=(_LANG,))
def list_types(vocid: str) -> Response:
    """List the classes of concepts and collections of a vocabulary."""
    scheme = _scheme(vocid)
    found = _class_names([scheme.name])
    return _answer(answers.types(found, _language(scheme), f"{_base()}{scheme.name}/"))


@operation(
    blueprint,
    "/<string:vocid>/topConcepts",
    Action.OPEN,
    **_READ,
    parameters=(_LANG, query_parameter("scheme", "The IRI of the scheme.")),
)
def list_top_concepts(vocid: str) -> Response:
    """List the top concepts of a vocabulary."""
    scheme = _scheme(vocid)
    asked = _asked("scheme") or scheme.iri
    said = answers.top_concepts(_thesaurus(), scheme.name, asked, _language(scheme))
    return _answer(said)


@operation(
    blueprint,
    "/<string:vocid>/data",
    Action.OPEN,
    forms=rdf.FORMS,
    problems=(404, 406),
    parameters=(_URI, _FORMAT),
)
def read_data(vocid: str) -> Response:
    """Read a concept with what is around it as RDF, or the whole vocabulary."""
    scheme = _scheme(vocid)
    iri = _asked("uri")
    if iri is None:
        turtle = parts().library.vocabularies.file(scheme.name) or b""
        form = _data_form()
        return _cached(body(rdf.whole(turtle, form), form))
    _check_is_met(iri, scheme)
    return _data(iri)


def _check_is_met(iri: str, scheme: Scheme) -> None:
    """Raise NotFound unless an IRI is the scheme's, or of something that is met in it."""
    own = {scheme.iri, *scheme.collections}
    if iri not in own and not _thesaurus().belongs(iri, scheme.name):
        raise NotFound(f"The vocabulary {scheme.name} has no concept <{iri}>.")


@operation(blueprint, "/<string:vocid>/search", Action.OPEN, **_READ, parameters=_SEARCH)
def search_vocabulary(vocid: str) -> Response:
    """Search in a vocabulary for concepts by their labels."""
    return _searched(_scheme(vocid))


@operation(
    blueprint,
    "/<string:vocid>/lookup",
    Action.OPEN,
    **_READ,
    parameters=(query_parameter("label", "The whole label."), _LANG),
)
def look_up(vocid: str) -> Response:
    """Find the concepts that a label names best."""
    scheme = _scheme(vocid)
    label = _needed("label")
    language = _asked("lang")
    search = searching.Search(
        label,
        (scheme.name,),
        matched=language,
        shown=_language(scheme),
        types=frozenset({CONCEPT, COLLECTION}),
    )
    hits = searching.found(_thesaurus(), search)
    best = searching.looked_up(hits, label, any_language=language is None)
    if not best:
        raise NotFound(f"The vocabulary {scheme.name} has no label {label!r}.")
    return _answer(searching.lookup_answer(best, language))


@operation(
    blueprint, "/<string:vocid>/vocabularyStatistics", Action.OPEN, **_READ, parameters=(_LANG,)
)
def count_vocabulary(vocid: str) -> Response:
    """Count the concepts and groups of a vocabulary."""
    scheme = _scheme(vocid)
    names = {kind: _class_name(kind) for kind in (CONCEPT, COLLECTION)}
    names |= _class_names([scheme.name])
    said = answers.vocabulary_statistics(_thesaurus(), scheme, names, _language(scheme), _base())
    return _answer(said)


@operation(blueprint, "/<string:vocid>/labelStatistics", Action.OPEN, **_READ, parameters=(_LANG,))
def count_labels(vocid: str) -> Response:
    """Count the labels of a vocabulary by language."""
    scheme = _scheme(vocid)
    return _answer(answers.label_statistics(_thesaurus(), scheme, _language(scheme), _base()))


@operation(blueprint, "/<string:vocid>/index", Action.OPEN, **_READ, parameters=(_LANG,))
def list_letters(vocid: str) -> Response:
    """List the letters of a vocabulary's alphabetical index."""
    scheme = _scheme(vocid)
    language = _language(scheme)
    letters = _thesaurus().letters(scheme.name, language)
    return _answer(answers.index_letters(letters, language))


@operation(
    blueprint,
    "/<string:vocid>/index/<string:letter>",
    Action.OPEN,
    **_READ,
    parameters=(_LANG, _LIMIT, _OFFSET),
)
def list_by_letter(vocid: str, letter: str) -> Response:
    """List the concepts whose labels begin with a letter; `0-9`, `!*` and `*` are classes."""
    scheme = _scheme(vocid)
    entries = _thesaurus().index(scheme.name, letter, _language(scheme))
    offset, limit = _number("offset", 0, least=0), _number("limit", 0, least=0)
    return _answer(answers.index_concepts(entries[offset : offset + limit if limit else None]))


@operation(blueprint, "/<string:vocid>/groups", Action.OPEN, **_READ, parameters=(_LANG,))
def list_groups(vocid: str) -> Response:
    """List the groups of a vocabulary."""
    scheme = _scheme(vocid)
    return _answer(answers.groups(_thesaurus(), scheme.name, _language(scheme)))


@operation(blueprint, "/<string:vocid>/groupMembers", Action.OPEN, **_OF_CONCEPT)
def list_group_members(vocid: str) -> Response:
    """List what is in a group."""
    scheme = _scheme(vocid)
    iri = _needed("uri")
    group = _thesaurus().collection(iri) if iri in scheme.collections else None
    if group is None or not group.members:
        raise NotFound(f"The vocabulary {scheme.name} has no group <{iri}>.")
    return _answer(answers.group_members(_thesaurus(), group, _language(scheme)))


# ---- of one concept


@operation(blueprint, "/<string:vocid>/label", Action.OPEN, **_OF_CONCEPT)
def read_label(vocid: str) -> Response:
    """Read the labels of a concept."""
    scheme = _scheme(vocid)
    iri = _needed("uri")
    _check_is_met(iri, scheme)
    return _labels(iri, _language(scheme))


@operation(blueprint, "/<string:vocid>/broader", Action.OPEN, **_OF_CONCEPT)
def list_broader(vocid: str) -> Response:
    """List the concepts right above one."""
    scheme = _scheme(vocid)
    iri = _concept(scheme).iri
    return _neighbours(scheme, iri, "broader", _thesaurus().broader(iri))


@operation(blueprint, "/<string:vocid>/narrower", Action.OPEN, **_OF_CONCEPT)
def list_narrower(vocid: str) -> Response:
    """List the concepts right below one."""
    scheme = _scheme(vocid)
    iri = _concept(scheme).iri
    return _neighbours(scheme, iri, "narrower", _thesaurus().narrower(iri))


@operation(blueprint, "/<string:vocid>/related", Action.OPEN, **_OF_CONCEPT)
def list_related(vocid: str) -> Response:
    """List the concepts that are related to one."""
    scheme = _scheme(vocid)
    iri = _concept(scheme).iri
    return _neighbours(scheme, iri, "related", _thesaurus().related(iri))


def _neighbours(scheme: Scheme, iri: str, relation: str, others: tuple[str, ...]) -> Response:
    said = answers.neighbours(_thesaurus(), iri, relation, others, _language(scheme))
    return _answer(said)


@operation(
    blueprint,
    "/<string:vocid>/broaderTransitive",
    Action.OPEN,
    **_READ,
    parameters=(_URI, _LANG, _LIMIT),
)
def list_all_broader(vocid: str) -> Response:
    """List a concept and everything above it."""
    scheme = _scheme(vocid)
    iri, most = _concept(scheme).iri, _number("limit", _USUAL_REACHED, least=1)
    reached = (iri, *_thesaurus().broader_transitive(iri, most - 1))
    said = answers.closure(_thesaurus(), iri, "broader", reached, _language(scheme))
    return _answer(said)


@operation(
    blueprint,
    "/<string:vocid>/narrowerTransitive",
    Action.OPEN,
    **_READ,
    parameters=(_URI, _LANG, _LIMIT),
)
def list_all_narrower(vocid: str) -> Response:
    """List a concept and everything below it."""
    scheme = _scheme(vocid)
    iri, most = _concept(scheme).iri, _number("limit", _USUAL_REACHED, least=1)
    reached = (iri, *_thesaurus().narrower_transitive(iri, most - 1))
    said = answers.closure(_thesaurus(), iri, "narrower", reached, _language(scheme))
    return _answer(said)


@operation(blueprint, "/<string:vocid>/children", Action.OPEN, **_OF_CONCEPT)
def list_children(vocid: str) -> Response:
    """List the concepts right below one, as a tree shows them."""
    scheme = _scheme(vocid)
    return _answer(answers.children(_thesaurus(), _concept(scheme).iri, _language(scheme)))


@operation(blueprint, "/<string:vocid>/hierarchy", Action.OPEN, **_OF_CONCEPT)
def read_hierarchy(vocid: str) -> Response:
    """Read where a concept stands: everything above it, with what hangs there."""
    scheme = _scheme(vocid)
    return _answer(answers.hierarchy(_thesaurus(), _concept(scheme).iri, _language(scheme)))


@operation(
    blueprint,
    "/<string:vocid>/mappings",
    Action.OPEN,
    **_READ,
    parameters=(
        _URI,
        _LANG,
        query_parameter("external", "false: no labels from other vocabularies."),
    ),
)
def list_mappings(vocid: str) -> Response:
    """List the mappings of a concept, as JSKOS."""
    scheme = _scheme(vocid)
    said = rdf.mappings(
        _thesaurus(),
        _concept(scheme).iri,
        _language(scheme),
        parts().settings.base,
        external=_truth("external", True),
    )
    return _answer(said)


# ---- what changed


@operation(
    blueprint,
    "/<string:vocid>/new",
    Action.OPEN,
    **_READ,
    parameters=(_LANG, _LIMIT, _OFFSET),
)
def list_new(vocid: str) -> Response:
    """List the newest concepts of a vocabulary, the latest first."""
    scheme = _scheme(vocid)
    return _changed(scheme, _changes(scheme, "created"))


@operation(
    blueprint,
    "/<string:vocid>/modified",
    Action.OPEN,
    **_READ,
    parameters=(_LANG, _LIMIT, _OFFSET),
)
def list_modified(vocid: str) -> Response:
    """List the concepts of a vocabulary that were changed or deprecated, the latest first."""
    scheme = _scheme(vocid)
    return _changed(scheme, _changes(scheme, "modified"))


def _changes(scheme: Scheme, kind: Literal["created", "modified"]) -> list[tuple[str, str]]:
    """Return the concepts that came or were changed, each after the moment of the release.

    Where a file states a moment itself, that is the one.
    """
    dates = dates_of_terms(parts(), scheme.name)
    found = []
    for one in _concepts(scheme):
        known = dates.get(one.iri)
        stated = one.created if kind == "created" else one.modified
        moment = known and (known.added if kind == "created" else known.changed)
        if stated or moment:
            found.append((stated or moment.isoformat(), one.iri))  # type: ignore[union-attr]
    return found


def _concepts(scheme: Scheme) -> Iterable[Concept]:
    return (one for iri in scheme.concepts if (one := _thesaurus().concept(iri)))


def _changed(scheme: Scheme, changes: Iterable[tuple[str, str]]) -> Response:
    language = _language(scheme)
    offset, limit = _number("offset", 0, least=0), _number("limit", _USUAL_CHANGES, least=1)
    listed = []
    for text, iri in changes:
        moment, concept = _moment(text), _thesaurus().concept(iri)
        label = next(in_language(concept.labels, language), None) if concept else None
        if moment is not None and concept is not None and label is not None:
            listed.append(answers.change(_thesaurus(), concept, label.text, moment, language))
    listed.sort(key=lambda said: said["prefLabel"].casefold())
    listed.sort(key=lambda said: said["date"], reverse=True)
    return _answer(answers.change_list(listed[offset : offset + limit], language))


def _moment(text: str) -> datetime | None:
    """Return a date or time as a time in UTC, None for what is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
