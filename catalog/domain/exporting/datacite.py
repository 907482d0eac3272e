"""An item as the attributes with which DataCite registers a DOI: kernel 4.7 in JSON."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from catalog import kernel4
from catalog.domain.description import Literal, is_literal, literal
from catalog.domain.exporting.datacite_agents import contributors, creators, funding, publisher
from catalog.domain.exporting.datacite_content import formats_and_urls, rights, sizes
from catalog.domain.exporting.datacite_coverage import dates, places, publication_year
from catalog.domain.exporting.datacite_faults import Fault, in_words
from catalog.domain.exporting.datacite_meaning import (
    DESCRIPTION_TYPES,
    TITLE_TYPES,
    Object,
    fields_in_order,
    iri,
    of_text,
    one_line,
    paragraphs,
    subject_of,
    subject_properties,
    texts_of,
    types_by_property,
)
from catalog.domain.exporting.datacite_relations import alternates, concept_of, related
from catalog.domain.exporting.exported import Exported
from catalog.domain.identifiers import VOCAB, concept_doi, version_doi
from catalog.domain.profiles.graph import term
from catalog.domain.record import Dois

SCHEMA_VERSION: Final = "http://datacite.org/schema/kernel-4"
"""What every 4.x calls itself; without it DataCite tells no fault in words."""

_LANGUAGES: Final = {
    "ara": "ar", "bul": "bg", "ces": "cs", "dan": "da", "deu": "de", "ell": "el", "eng": "en",
    "est": "et", "fin": "fi", "fra": "fr", "gle": "ga", "hin": "hi", "hrv": "hr", "hun": "hu",
    "isl": "is", "ita": "it", "jpn": "ja", "kor": "ko", "lav": "lv", "lit": "lt", "mlt": "mt",
    "nld": "nl", "nor": "no", "pol": "pl", "por": "pt", "ron": "ro", "rus": "ru", "slk": "sk",
    "slv": "sl", "spa": "es", "swe": "sv", "tur": "tr", "ukr": "uk", "zho": "zh",
}  # fmt: skip
"""ISO 639-3 to the two letters that BCP 47 wants where there are two; others keep their three."""


def attributes(
    exported: Exported, *, all_versions: bool = False, now: datetime | None = None
) -> Object:
    """Return what DataCite is told about an item, as its REST API spells it.

    all_versions  whether the DOI of all versions is meant, not that of the version at hand
    now           when what is not published yet would be; its last change where not given

    The mapping of properties stands in the vocabularies (`sage:rdfProperty`). Members without a
    value are left out, but for lists, which empty say that there is nothing (any longer): DataCite
    keeps what an update does not name.
    """
    record = exported.record
    doi = concept_of(exported) if all_versions else record.dois.version
    formats, urls = formats_and_urls(exported)
    version = "" if all_versions else _version(exported)
    return {
        **({"doi": doi} if doi else {}),
        "alternateIdentifiers": alternates(exported),
        "creators": creators(exported),
        "titles": _titles(exported),
        "publisher": publisher(exported),
        "publicationYear": publication_year(exported, (now or record.modified).year),
        "types": types(exported),
        "subjects": _subjects(exported),
        "contributors": contributors(exported),
        "dates": dates(exported),
        "language": _language(exported),
        "relatedIdentifiers": related(exported, all_versions=all_versions),
        "sizes": sizes(exported),
        "formats": formats,
        "version": version or None,
        "rightsList": rights(exported),
        "descriptions": _descriptions(exported),
        "geoLocations": places(exported),
        "fundingReferences": funding(exported),
        "contentUrl": urls,
        "url": exported.iri if all_versions else exported.version_iri,
        "schemaVersion": SCHEMA_VERSION,
    }


_ANY_PREFIX: Final = "10.5072"
"""Stands for the prefix where no DOI is computed yet (the prefix for tests)."""

_URL: Final = re.compile(r"(?:ftp|https?)://\S+")


def registration_faults(exported: Exported, *, now: datetime | None = None) -> tuple[Fault, ...]:
    """Return why DataCite would refuse the item, one for each place; () where it would not.

    now  as for `attributes`

    Judged by the schema of kernel 4.7, for the version and for all versions together.
    """
    planned = with_dois(exported)
    shapes, item_type = exported.meaning.shapes, exported.record.type
    found: dict[str, Fault] = {}
    for all_versions in (False, True):
        said = attributes(planned, all_versions=all_versions, now=now)
        for fault in kernel4.faults(said):
            told = in_words(fault, shapes, item_type)
            found.setdefault(told.title, told)
        if not _URL.fullmatch(said["url"]):
            found.setdefault("url", Fault("url", "", f"{said['url']} is no address on the web."))
    return tuple(found.values())


def with_dois(exported: Exported, prefix: str = _ANY_PREFIX) -> Exported:
    """Return the same with the DOIs that it will have, where it has none yet."""
    record = exported.record
    if record.dois.concept and record.dois.version:
        return exported
    item_id, n = record.id, record.version
    dois = Dois(concept_doi(item_id, prefix), version_doi(item_id, n, prefix))
    return replace(exported, record=replace(record, dois=dois))


def _titles(exported: Exported) -> list[Object]:
    """Return the titles, that in English first, and then those of another kind."""
    said = exported.description
    main = sorted(texts_of(said.values(iri("dct:title"))), key=_english_first)
    rows = [of_text("title", text) for text in main]
    for path, kind in types_by_property(exported.meaning.vocabularies, TITLE_TYPES).items():
        others = texts_of(said.values(path))
        rows += [of_text("title", text) | {"titleType": kind} for text in others]
    return rows


def _english_first(said: Literal) -> tuple[bool, bool]:
    return (said.language or "").split("-")[0] != "en", said.language is not None


def types(exported: Exported) -> Object:
    """Return the two types that items of this type have at DataCite."""
    row = exported.meaning.vocabularies.row(f"{VOCAB}item-type/{exported.record.type}") or {}
    return {
        name: literal(value).text
        for name in ("resourceTypeGeneral", "resourceType")
        for value in row.get(term(f"sage:{name}"), ())
    }


def _subjects(exported: Exported) -> list[Object]:
    shapes, said = exported.meaning.shapes, exported.description
    about = subject_properties(shapes)
    rows = [
        row
        for path in fields_in_order(shapes, exported.record.type)
        if path in about
        for value in said.values(path)
        for row in _subject(exported, value)
    ]
    return list({str(sorted(row.items())): row for row in rows}.values())


def _subject(exported: Exported, value: str) -> Iterator[Object]:
    """Yield what a value says the item is about: a word, or a concept with its scheme."""
    if is_literal(value):
        yield from (of_text("subject", text) for text in texts_of((value,)))
        return
    concept = subject_of(exported.meaning.vocabularies, value[1:-1])
    if concept is not None:
        yield dict(concept)


def _language(exported: Exported) -> str | None:
    """Return the language of the content as BCP 47 has it; None for none or for several."""
    codes = {
        code
        for found in exported.description.iris(iri("dct:language"))
        if (code := found.rpartition("/")[2].lower()).isalpha()
    }
    return _LANGUAGES.get(code := codes.pop(), code) if len(codes) == 1 else None


def _version(exported: Exported) -> str:
    return one_line(exported.description.text(iri("dcat:version")) or "")


def _descriptions(exported: Exported) -> list[Object]:
    """Return the description, and what else is told about it, each under the name of its field."""
    shapes = exported.meaning.shapes
    kinds = types_by_property(exported.meaning.vocabularies, DESCRIPTION_TYPES)
    fields = fields_in_order(shapes, exported.record.type)
    rows = []
    for path, field in fields.items():
        if path in kinds:
            name = "" if path == iri("dct:description") else f"{field}: "
            for text in _words(exported, path):
                row = of_text("description", text._replace(text=f"{name}{text.text}"))
                rows.append(row | {"descriptionType": kinds[path]})
    other = kinds[iri("adms:versionNotes")]
    rows += [
        {"description": one, "descriptionType": other, "lang": "en"} for one in _notes(exported)
    ]
    return sorted(rows, key=lambda row: row["descriptionType"] != kinds[iri("dct:description")])


def _words(exported: Exported, path: str) -> Iterator[Literal]:
    """Yield the texts of a property, those of parts that state something in words among them."""
    said = exported.description
    for value in said.values(path):
        texts = [literal(value)] if is_literal(value) else said.texts(iri("rdfs:label"), of=value)
        for text in texts:
            if words := paragraphs(text.text):
                yield text._replace(text=words)


def _notes(exported: Exported) -> Iterator[str]:
    """Yield why the item was withdrawn, or why it should no longer be used."""
    record, vocabularies = exported.record, exported.meaning.vocabularies
    if record.withdrawal:
        concept = vocabularies.concept(f"{VOCAB}withdrawal-reason/{record.withdrawal.reason}")
        reason = concept.label if concept else paragraphs(record.withdrawal.reason)
        note = paragraphs(record.withdrawal.note or "")
        yield f"Withdrawn: {reason}" + (f". {note}" if note else "")
    if record.deprecation:
        yield f"Deprecated: {paragraphs(record.deprecation.reason)}"
