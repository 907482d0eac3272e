"""A concept and its surroundings as RDF, and its mappings as JSKOS, as Skosmos answers them."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from api.negotiation import JSON, JSON_LD, RDF_XML, TURTLE
from api.skosmos_answers import Json, label_or_other, title_of
from catalog.domain.description import Statement, is_literal, literal
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import DCT, MAPPINGS, RDF_TYPE, SKOS, Row
from catalog.domain.terms.thesaurus import Mapped, Thesaurus
from catalog.domain.writing import PREFIXES, RDF_FORMS, serialized

FORMS = (RDF_XML, TURTLE, JSON_LD, JSON)
"""What data come as, the form for who does not say first."""

_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_PREFIXES = {
    "skos": SKOS,
    "isothes": "http://purl.org/iso25964/skos-thes#",
    "rdfs": _RDFS,
    "owl": "http://www.w3.org/2002/07/owl#",
    "dct": DCT,
    "dc11": "http://purl.org/dc/elements/1.1/",
}
_TERMS = {
    f"{_RDFS}label": "label",
    **{
        f"{SKOS}{name}": name
        for name in (
            *("prefLabel", "altLabel", "hiddenLabel", "broader", "narrower", "related"),
            *("inScheme", *MAPPINGS),
        )
    },
}
_KEYWORDS = {
    "uri": "@id",
    "type": "@type",
    "lang": "@language",
    "value": "@value",
    "graph": "@graph",
}
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


def expanded(name: str) -> str:
    """Return the IRI of a class that is named with one of the usual prefixes, or as it is."""
    prefix, _, local = name.partition(":")
    known = {**PREFIXES, **_PREFIXES}
    return known[prefix] + local if prefix in known else name


def around(thesaurus: Thesaurus, iri: str) -> tuple[Statement, ...]:
    """Return what is said of a concept, collection or scheme, and by what others are related.

    Concepts around it come with their classes, preferred labels and notations.
    """
    row = thesaurus.vocabularies.row(iri)
    if row is None:
        return ()
    said = dict.fromkeys(_statements(iri, row))
    if thesaurus.concept(iri) or thesaurus.collection(iri):
        said.update(dict.fromkeys(_towards(thesaurus, iri)))
        for other in {term for s, _, o in said for term in (s, o) if term[0] == "<"}:
            said.update(dict.fromkeys(_named(thesaurus, other[1:-1])))
    return tuple(said)


def _statements(iri: str, row: Row) -> Iterator[Statement]:
    for predicate, values in row.items():
        for value in values:
            yield f"<{iri}>", predicate, value


def _towards(thesaurus: Thesaurus, iri: str) -> Iterator[Statement]:
    """Yield what others, unless deprecated, state about a concept."""
    pairs = [
        *(("narrower", other) for other in thesaurus.broader(iri)),
        *(("broader", other) for other in thesaurus.narrower(iri)),
        *(("related", other) for other in thesaurus.related(iri)),
        *(("member", other) for other in thesaurus.groups_of(iri)),
        *(("hasTopConcept", other) for other in thesaurus.tops_of(iri)),
        *((one.relation, one.target) for one in thesaurus.mappings(iri) if not one.is_stated),
    ]
    named = [
        *((f"{SKOS}{relation}", other) for relation, other in pairs),
        *((f"{DCT}isReplacedBy", other) for other in thesaurus.replaces(iri)),
        *thesaurus.referring(iri),
    ]
    for predicate, other in named:
        concept = thesaurus.concept(other)
        row = thesaurus.vocabularies.row(other) or {}
        if (concept is None or not concept.deprecated) and f"<{iri}>" in row.get(
            f"<{predicate}>", ()
        ):
            yield f"<{other}>", f"<{predicate}>", f"<{iri}>"


def _named(thesaurus: Thesaurus, iri: str) -> Iterator[Statement]:
    """Yield the classes, labels and notations of something around."""
    row = thesaurus.vocabularies.row(iri) or {}
    for predicate in (RDF_TYPE, f"<{SKOS}prefLabel>", f"<{SKOS}notation>"):
        for value in row.get(predicate, ()):
            yield f"<{iri}>", predicate, value


def written(statements: tuple[Statement, ...], iri: str, form: str) -> bytes:
    """Return statements in one of `FORMS`, those about `iri` first in the forms for reading."""
    if form in {JSON, JSON_LD}:
        return json.dumps(compact(statements), ensure_ascii=False).encode()
    return serialized(statements, form, iri)


@lru_cache(maxsize=256)
def whole(turtle: bytes, form: str) -> bytes:
    """Return the file of a vocabulary in one of `FORMS`; Turtle stays as it was written."""
    if form == TURTLE:
        return turtle
    triples = list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
    kind = RDF_FORMS[JSON_LD if form == JSON else form]
    return ox.serialize(triples, format=kind, prefixes=dict(PREFIXES)) or b""


def compact(statements: Iterable[Statement]) -> Json:
    """Return statements as the compacted JSON-LD of Skosmos: one node a subject in `graph`."""
    nodes: dict[str, Json] = {}
    for subject, predicate, value in statements:
        node = nodes.setdefault(subject, {"uri": _name(subject)})
        if predicate == RDF_TYPE:
            node.setdefault("type", []).append(_name(value))
        else:
            member = _TERMS.get(predicate[1:-1]) or _name(predicate)
            node.setdefault(member, []).append(_value(value))
    terms = {name: _short(iri) for iri, name in _TERMS.items()}
    return {
        "@context": {**_PREFIXES, **_KEYWORDS, **terms},
        "graph": [
            {member: _alone(said) for member, said in node.items()}
            for _, node in sorted(nodes.items())
        ],
    }


def _alone(said: object) -> object:
    return said[0] if isinstance(said, list) and len(said) == 1 else said


def _name(term: str) -> str:
    return _short(term[1:-1]) if term[0] == "<" else term


def _short(iri: str) -> str:
    """Return an IRI with a prefix of the context, if it has one."""
    for prefix, space in _PREFIXES.items():
        if iri.startswith(space) and iri != space:
            return f"{prefix}:{iri[len(space) :]}"
    return iri


def _value(term: str) -> Json | str:
    if not is_literal(term):
        return {"uri": _name(term)}
    text = literal(term)
    if text.language:
        return {"lang": text.language, "value": text.text}
    if text.datatype == _XSD_STRING:
        return text.text
    return {"type": _short(text.datatype), "value": text.text}


# ---- mappings


def mappings(thesaurus: Thesaurus, iri: str, language: str, base: str, *, external: bool) -> Json:
    """Return the mappings of a concept as JSKOS, and the concept itself as JSON-LD in a text.

    base      the address of this catalog, for links to pages
    external  whether labels come from other vocabularies here as well
    """
    found = [
        _jskos(thesaurus, iri, one, language, base, external=external)
        for one in thesaurus.mappings(iri)
    ]
    graph = json.dumps(compact(around(thesaurus, iri)), ensure_ascii=False)
    return {"mappings": found, "graph": graph}


def _jskos(
    thesaurus: Thesaurus, iri: str, mapped: Mapped, language: str, base: str, *, external: bool
) -> Json:
    home, there = thesaurus.scheme_of(iri), thesaurus.scheme_of(mapped.target)
    concept = thesaurus.concept(mapped.target) if external or there == home else None
    label = label_or_other(concept.labels, language, tagged=False) if concept else None
    target: Json = {"uri": mapped.target}
    if concept is not None and concept.notation is not None:
        target["notation"] = concept.notation
    if label is not None:
        target["prefLabel"] = {language: label}
    scheme = thesaurus.scheme(there) if there else None
    said: Json = {
        "uri": iri,
        "notation": concept.notation if concept else None,
        "type": [f"skos:{mapped.relation}"],
        "prefLabel": label or mapped.target,
        "from": {"memberSet": [{"uri": iri}]},
        "to": {"memberSet": [target]},
        "hrefLink": page_of(mapped.target, there, base),
        "lang": language if label else "",
        "vocabName": title_of(scheme, language) if scheme else urlsplit(mapped.target).netloc,
        "typeLabel": _in_words(mapped.relation),
        "fromScheme": {"uri": VOCAB + (home or "")},
    }
    return {**said, "toScheme": {"uri": scheme.iri}} if scheme else said


def page_of(iri: str, scheme: str | None, base: str) -> str:
    """Return where a concept is shown: at its page here, else at its own IRI."""
    if scheme is None:
        return iri
    if iri.startswith(VOCAB):
        return f"{base}vocab/{iri[len(VOCAB) :]}"
    return f"{base}vocab/{scheme}?iri={quote(iri, safe='')}"


def _in_words(relation: str) -> str:
    """Return the name of a relation as words.

    >>> _in_words("exactMatch")
    'Exact match'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", relation).capitalize()
