"""How values of a description are written in schema.org: texts, agents, places, files and more.

Each function takes what is exported and one value, as a term, and returns JSON or None where there
is nothing to say. Objects have an `@id` wherever the thing has an address, so that a format which
wants a flat list of things can make one.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF, is_literal, literal
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import RECORD, VOCAB, item_iri, item_of
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.record import ItemName
from catalog.domain.schemes import said_in
from catalog.domain.writing import MEDIA_TYPES

Json = Any
"""A value of JSON."""

Writer = Callable[[Exported, str], Json]
"""Writes one value, given as a term; None where it says nothing."""

_DOI = re.compile(r"https?://(?:dx\.)?doi\.org/(10\..+)", re.IGNORECASE)
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_POINT = re.compile(rf"POINT ?\({_NUMBER} {_NUMBER}\)")
_OUTLINE = re.compile(r"POLYGON ?\(\(([-0-9., ]+)\)\)")
_EXTENT_CORNERS = 5


@lru_cache(maxsize=1024)
def iri(name: str) -> str:
    """Return the IRI of a prefixed name.

    >>> iri("dct:title")
    'http://purl.org/dc/terms/title'
    """
    prefix, _, local = name.partition(":")
    return f"{PREFIXES[prefix]}{local}" if prefix in PREFIXES else name


def values(exported: Exported, prop: str, of: str | None = None) -> tuple[str, ...]:
    """Return the terms that a property, a prefixed name, leads to; without what is not stated.

    Those that have a position stand in that order, before all others.
    """
    found = exported.description.values(iri(prop), of=of)
    stated = [value for value in found if value != NOT_STATED]
    if len(stated) > 1:
        stated.sort(key=lambda value: _position(exported, value))
    return tuple(stated)


def _position(exported: Exported, value: str) -> tuple[bool, int, str]:
    said = exported.description.text(iri("schema:position"), of=value) or ""
    digits = said.lstrip("+0")
    return not said, len(digits), digits


def first(exported: Exported, prop: str, of: str | None = None) -> str | None:
    """Return the one text or IRI of a property: in English if there is one, else any."""
    found = values(exported, prop, of)
    texts = [literal(value) for value in found if is_literal(value)]
    return said_in(texts, "en") or next((address(exported, value) for value in found), None)


def each(exported: Exported, prop: str, of: str | None, write: Writer) -> Json:
    """Return what a writer makes of the values: nothing, one, or a list of several."""
    written = [write(exported, value) for value in values(exported, prop, of)]
    return one_or_all([one for one in written if one is not None])


def one_or_all(found: list[Json]) -> Json:
    """Return None for nothing, the value for one, the list for several."""
    return None if not found else found[0] if len(found) == 1 else found


def node(kind: str | list[str], identity: str | None = None, **said: Json) -> dict[str, Json]:
    """Return an object of a type, with those of its keys that say something."""
    named = {"@id": identity} if identity else {}
    told = {key: value for key, value in said.items() if value is not None}
    return {"@type": kind, **named, **told}


# -- plain values


def address(exported: Exported, value: str) -> str:
    """Return an IRI under today's base; of a literal its text."""
    if is_literal(value):
        return literal(value).text
    plain = value[1:-1]
    if plain.startswith(RECORD):
        return exported.house.base + plain.removeprefix(RECORD)
    return plain


def text(exported: Exported, value: str) -> Json:
    """Write a text: as it is in English or without a language, else with its language."""
    if not is_literal(value):
        return label_of(exported, value) or address(exported, value)
    said = literal(value)
    if said.language is None or said.language.split("-")[0] == "en":
        return said.text
    return {"@value": said.text, "@language": said.language}


def plain(exported: Exported, value: str) -> Json:
    """Write a date, a number or a word, as text."""
    return address(exported, value)


def label_of(exported: Exported, value: str) -> str | None:
    """Return what a concept or class is called in English, where it is described here."""
    concept = exported.meaning.vocabularies.concept(value[1:-1])
    return concept.label if concept else None


def label(exported: Exported, value: str) -> Json:
    """Write a concept by its name, and words as they are."""
    return text(exported, value)


def link(exported: Exported, value: str) -> Json:
    """Write a thing by nothing but its address."""
    return {"@id": address(exported, value)} if value[0] == "<" else None


def language(_exported: Exported, value: str) -> Json:
    """Write a language by its code, the end of the IRI that publishers of lists give it."""
    code = value[1:-1].rstrip("/").rpartition("/")[2]
    return code.lower() if value[0] == "<" else None


def defined_term(exported: Exported, value: str) -> Json:
    """Write a concept as a term of its scheme."""
    concept = exported.meaning.vocabularies.concept(value[1:-1])
    if concept is None:
        return None
    scheme = next(iter(concept.schemes), None)
    return node(
        "DefinedTerm",
        concept.iri,
        name=concept.label,
        termCode=concept.notation,
        inDefinedTermSet=scheme and {"@id": scheme},
    )


# -- agents


def agent(exported: Exported, value: str) -> Json:
    """Write a person or an organisation, by its ORCID or ROR where it has one."""
    name = first(exported, "foaf:name", value)
    registered = _registered(exported, value)
    if value[0] != "<" or not (name or registered):
        return None
    kinds = exported.description.iris(f"{RDF}type", of=value)
    is_person = iri("foaf:Person") in kinds
    mail = first(exported, "foaf:mbox", value)
    return node(
        "Person" if is_person else "Organization",
        registered or address(exported, value),
        name=name,
        givenName=first(exported, "foaf:givenName", value) if is_person else None,
        familyName=first(exported, "foaf:familyName", value) if is_person else None,
        email=mail and mail.removeprefix("mailto:"),
        url=first(exported, "foaf:homepage", value),
        identifier=registered,
        affiliation=each(exported, "schema:affiliation", value, agent) if is_person else None,
    )


def _registered(exported: Exported, value: str) -> str | None:
    found = exported.description.iris(iri("schema:identifier"), of=value)
    return next(iter(sorted(found)), None)


def attributed(exported: Exported, value: str) -> Json:
    """Write who had some role, without the role."""
    return each(exported, "prov:agent", value, agent)


def contact(exported: Exported, value: str) -> Json:
    """Write whom to ask."""
    name = first(exported, "vcard:fn", value)
    mail = first(exported, "vcard:hasEmail", value)
    page = first(exported, "vcard:hasURL", value)
    if not (name or mail or page):
        return None
    return node(
        "ContactPoint",
        address(exported, value),
        name=name,
        email=mail and mail.removeprefix("mailto:"),
        url=page,
    )


# -- licences, identifiers, grants


def licence(exported: Exported, value: str) -> Json:
    """Write a licence: one of the SPDX list by its IRI, one in words as it is described."""
    if value[0] != "<":
        return None
    concept = exported.meaning.vocabularies.concept(value[1:-1])
    if concept is not None:
        return node(
            "CreativeWork",
            concept.iri,
            name=concept.label,
            identifier=concept.notation,
            url=concept.iri,
        )
    page = first(exported, "foaf:page", value)
    return node(
        "CreativeWork",
        address(exported, value),
        name=first(exported, "dct:title", value),
        text=first(exported, "dct:description", value),
        url=page,
    )


def identifier(exported: Exported, value: str) -> Json:
    """Write an identifier that something gave, with the kind or the giver."""
    given = first(exported, "skos:notation", value)
    if given is None:
        return None
    kind = next(iter(values(exported, "sage:identifierType", value)), None)
    named = (label_of(exported, kind) if kind else None) or first(
        exported, "adms:schemaAgency", value
    )
    doi = given if given.startswith("10.") else None
    return node(
        "PropertyValue",
        address(exported, value),
        propertyID=named,
        value=given,
        url=doi and f"https://doi.org/{doi}",
    )


def grant(exported: Exported, value: str) -> Json:
    """Write a grant with who pays it."""
    said = {
        "identifier": first(exported, "schema:identifier", value),
        "name": each(exported, "schema:name", value, text),
        "funder": each(exported, "schema:funder", value, agent),
        "url": first(exported, "schema:url", value),
        "startDate": first(exported, "schema:startDate", value),
        "endDate": first(exported, "schema:endDate", value),
    }
    if not any(said.values()):
        return None
    return node("Grant", address(exported, value), **said)


def funders(exported: Exported, value: str) -> Json:
    """Write who pays a grant."""
    return each(exported, "schema:funder", value, agent)


# -- other works


def work(exported: Exported, value: str) -> Json:
    """Write something else that the item speaks of: an item, a thing elsewhere, or an address."""
    if value[0] != "<":
        return text(exported, value)
    named = exported.names.get(item_of(value[1:-1]) or "")
    if named is not None and value == f"<{item_iri(named.id)}>":
        return _item(exported, named)
    if iri("sage:ExternalResource") in exported.description.iris(f"{RDF}type", of=value):
        return _external(exported, value)
    concept = defined_term(exported, value)
    return concept or {"@id": address(exported, value)}


def _item(exported: Exported, named: ItemName) -> Json:
    return node(
        classes_of(exported, named.type),
        item_iri(named.id, exported.house.base),
        name=named.title,
        identifier=named.doi and f"{exported.house.doi_resolver}{named.doi}",
    )


def _external(exported: Exported, value: str) -> Json:
    return node(
        "CreativeWork",
        address(exported, value),
        name=each(exported, "dct:title", value, text),
        url=first(exported, "foaf:page", value),
        citation=first(exported, "dct:bibliographicCitation", value),
        identifier=first(exported, "schema:identifier", value),
    )


def classes_of(exported: Exported, item_type: str) -> str | list[str]:
    """Return the classes of schema.org, in short, and others that an item type has on pages."""
    row = exported.meaning.vocabularies.row(f"{VOCAB}item-type/{item_type}") or {}
    found = [term[1:-1] for term in row.get(f"<{iri('sage:schemaClass')}>", ())]
    named = [one.removeprefix(PREFIXES["schema"]) for one in found]
    return named[0] if len(named) == 1 else named or "CreativeWork"


def stated_words(exported: Exported, value: str) -> Json:
    """Write a statement in words, such as one of rights."""
    return each(exported, "rdfs:label", value, text) if value[0] == "<" else text(exported, value)


# -- time and place


def period(exported: Exported, value: str) -> Json:
    """Write a period as two dates with a slash between; an open end is two dots."""
    start = first(exported, "dcat:startDate", value)
    end = first(exported, "dcat:endDate", value)
    if not (start or end):
        return text(exported, value) if is_literal(value) else None
    return start if start == end else f"{start or '..'}/{end or '..'}"


def place(exported: Exported, value: str) -> Json:
    """Write a place with its names and shapes; coordinates are latitude first."""
    shapes = [
        shape
        for prop in ("dcat:centroid", "dcat:bbox", "locn:geometry")
        for found in values(exported, prop, value)
        if (shape := _shape(literal(found).text if is_literal(found) else "", prop)) is not None
    ]
    said = {
        "name": each(exported, "rdfs:label", value, text),
        "address": first(exported, "locn:fullAddress", value),
        "geo": one_or_all(shapes),
    }
    return node("Place", address(exported, value), **said) if any(said.values()) else None


def _shape(wkt: str, prop: str) -> Json:
    said = wkt.rpartition(">")[2].strip()
    if point := _POINT.fullmatch(said):
        east, north = (float(one) for one in point.groups())
        return node("GeoCoordinates", latitude=north, longitude=east)
    outline = _OUTLINE.fullmatch(said)
    pairs = [corner.split() for corner in outline[1].split(",")] if outline else []
    if len(pairs) < 4 or any(len(pair) != 2 for pair in pairs):
        return None
    if prop == "dcat:bbox" and len(pairs) == _EXTENT_CORNERS:
        easts, norths = ([pair[which] for pair in pairs] for which in (0, 1))
        low = f"{min(norths, key=float)} {min(easts, key=float)}"
        return node("GeoShape", box=f"{low} {max(norths, key=float)} {max(easts, key=float)}")
    return node("GeoShape", polygon=" ".join(f"{north} {east}" for east, north in pairs))


# -- what is measured


def variable(exported: Exported, value: str) -> Json:
    """Write what is measured or stated, with its unit and limits."""
    if value[0] != "<":
        return text(exported, value)
    measured = next(iter(values(exported, "sosa:observedProperty", value)), None)
    of_concept = measured or next(iter(values(exported, "sage:parameterKind", value)), None)
    if not exported.description.by_subject.get(value):
        measured = of_concept = value
    name = (
        first(exported, "schema:name", value)
        or first(exported, "rdfs:label", value)
        or (label_of(exported, of_concept) if of_concept else None)
    )
    if name is None:
        return None
    unit = next(iter(values(exported, "qudt:unit", value)), None)
    return node(
        "PropertyValue",
        name=name,
        propertyID=measured and address(exported, measured),
        description=first(exported, "dct:description", value),
        unitText=unit and (label_of(exported, unit) or address(exported, unit)),
        unitCode=unit and address(exported, unit) if unit and unit[0] == "<" else None,
        minValue=number(first(exported, "schema:minValue", value)),
        maxValue=number(first(exported, "schema:maxValue", value)),
        value=number(first(exported, "qudt:numericValue", value)),
    )


def number(said: str | None) -> Json:
    """Return digits as a number of JSON, anything else as it is."""
    if said is None or not re.fullmatch(r"[-+]?\d{1,15}(\.\d{1,15})?", said, re.ASCII):
        return said
    return float(said) if "." in said else int(said)


def runtime(exported: Exported, value: str) -> Json:
    """Write what runs a thing: frameworks with their versions."""
    frameworks = [label(exported, one) for one in values(exported, "sage:framework", value)]
    version = first(exported, "schema:softwareVersion", value)
    written = [f"{one} {version}" if version else one for one in frameworks]
    return one_or_all(written)


def memory(exported: Exported, value: str) -> Json:
    """Write how much memory a thing needs, in bytes."""
    said = first(exported, "sage:memoryBytes", value)
    return f"{said} B" if said else None


def architecture(exported: Exported, value: str) -> Json:
    """Write for which architectures a thing is, of a requirement or of the item itself."""
    if value[0] == "<" and values(exported, "sage:platformArch", value):
        return each(exported, "sage:platformArch", value, label)
    return label(exported, value) if label_of(exported, value) else None


# -- files


def media_type(exported: Exported, value: str) -> Json:
    """Write a media type by its name, such as `text/csv`."""
    said = address(exported, value)
    return unquote(said.removeprefix(MEDIA_TYPES)) if said.startswith(MEDIA_TYPES) else None


def file(exported: Exported, value: str) -> Json:
    """Write a distribution as something to download, with size and checksums."""
    said = {
        "name": each(exported, "dct:title", value, text),
        "description": each(exported, "dct:description", value, text),
        "contentUrl": first(exported, "dcat:downloadURL", value),
        "url": first(exported, "dcat:accessURL", value),
        "encodingFormat": each(exported, "dcat:mediaType", value, media_type)
        or each(exported, "dct:format", value, label),
        "contentSize": first(exported, "dcat:byteSize", value),
        "license": each(exported, "dct:license", value, licence),
        "datePublished": first(exported, "dct:issued", value),
        "dateModified": first(exported, "dct:modified", value),
        "conformsTo": each(exported, "dct:conformsTo", value, link),
        **checksums(exported, value),
    }
    if not any(said.values()):
        return None
    return node("DataDownload", address(exported, value), **said)


def checksums(exported: Exported, value: str) -> dict[str, str]:
    """Return the checksums of a distribution by the name of the algorithm, such as `sha256`."""
    found = {}
    for checksum in values(exported, "spdx:checksum", value):
        algorithm = first(exported, "spdx:algorithm", checksum) or ""
        digest = first(exported, "spdx:checksumValue", checksum)
        if digest and "checksumAlgorithm_" in algorithm:
            found[algorithm.rpartition("_")[2]] = digest.lower()
    return found


def is_free(exported: Exported) -> bool:
    """Tell whether everybody may have the files."""
    record = exported.record
    return record.state is State.PUBLISHED and record.visibility is Visibility.PUBLIC


def doi_in(said: str) -> str | None:
    """Return the DOI of an address at doi.org."""
    found = _DOI.fullmatch(said)
    return found[1] if found else None
