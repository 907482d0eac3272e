"""Descriptions on their way out: with what the catalog adds, under today's base, in every form.

A form is a closed pack: the person's statements, the catalog's own, what it filled in, and the
type and one name of each thing outside the item that these point to (contract section 3).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from catalog.domain.description import RDF, TYPE, XSD, Statement, statements_of, term_of_text
from catalog.domain.identifiers import RECORD, SAGE, VOCAB, item_iri, item_of, quoted
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State, Visibility
from catalog.domain.record import FileRecord, ItemName, ItemRecord
from catalog.domain.references.drift import ReferenceState
from catalog.domain.schemes import Vocabularies

DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
ADMS = "http://www.w3.org/ns/adms#"
FOAF = "http://xmlns.com/foaf/0.1/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SPDX = "http://spdx.org/rdf/terms#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"

NOT_STATED = f"<{SAGE}notStated>"

RDF_FORMS: Final[Mapping[str, ox.RdfFormat]] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
"""The RDF forms that every description, vocabulary and shape is offered in, the usual one first."""

PREFIXES: Final[Mapping[str, str]] = {
    "adms": ADMS,
    "dcat": DCAT,
    "dct": DCT,
    "fair4ml": "https://w3id.org/fair4ml#",
    "foaf": FOAF,
    "it6": "http://data.europa.eu/it6/",
    "prov": "http://www.w3.org/ns/prov#",
    "qudt": "http://qudt.org/schema/qudt/",
    "rdf": RDF,
    "rdfs": RDFS,
    "sage": SAGE,
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": SKOS,
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx": SPDX,
    "xsd": XSD,
}


@dataclass(frozen=True, slots=True)
class House:
    """What every form says about the catalog itself.

    base            the address of the catalog, ending in a slash
    publisher_name  the publisher of what names none; with its ROR IRI, or ""
    contact_name    the contact of what names none; with its mail address, or ""
    doi_resolver    where DOIs resolve: a DOI appended to it is the DOI's address
    dois_are_tests  whether DOIs are of a test system, and nobody else can resolve them
    """

    base: str
    publisher_name: str
    publisher_ror: str
    contact_name: str
    contact_email: str
    doi_resolver: str = "https://doi.org/"
    dois_are_tests: bool = False


_AGENCY: Final = term_of_text("DataCite")
_TEST_AGENCY: Final = term_of_text("DataCite, for tests: this DOI does not resolve", "en")

REFERENCE_STATE: Final = f"<{SAGE}referenceState>"
REFERENCE_CHECKED: Final = f"<{SAGE}referenceCheckedAt>"
REFERENCE_FINDING: Final = f"<{SAGE}referenceFinding>"

FILES_AS_DISTRIBUTIONS = 100
"""Up to so many files each is a distribution; above, one stands for the paged list."""


def _text(text: str, language: str | None = None) -> str:
    return term_of_text(text, language)


def _typed(value: object, datatype: str) -> str:
    return term_of_text(str(value), None, f"{XSD}{datatype}")


def _moment(at: datetime) -> str:
    return _typed(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "dateTime")


def catalogs_own(
    record: ItemRecord, vocabularies: Vocabularies, house: House
) -> Iterator[Statement]:
    """Yield what is always the catalog's: identity, status, rights, versions, DOIs, and files."""
    item = f"<{item_iri(record.id)}>"
    yield from _published_classes(record, vocabularies)
    yield item, f"<{DCT}identifier>", _text(record.id)
    yield item, f"<{DCT}type>", f"<{VOCAB}item-type/{record.type}>"
    yield item, f"<{DCT}modified>", _moment(record.modified)
    status = "deprecated" if record.deprecation else record.state.value
    yield item, f"<{ADMS}status>", f"<{VOCAB}lifecycle-status/{status}>"
    if (rights := _access_right(record, vocabularies)) is not None:
        yield item, f"<{DCT}accessRights>", f"<{rights}>"
    if record.until is not None and record.state is State.PUBLISHED:
        yield item, f"<{DCT}available>", _moment(record.until)
    yield from _versions(record)
    yield from _dois(record, vocabularies, house)
    yield from _references(record)
    if record.files_total > FILES_AS_DISTRIBUTIONS:
        yield from _list_of_files(record)
        return
    for file in record.files:
        yield from _distribution(record, file)


def _published_classes(record: ItemRecord, vocabularies: Vocabularies) -> Iterator[Statement]:
    """Yield the classes of others that items of its type have, but for what the person said."""
    item = f"<{item_iri(record.id)}>"
    row = vocabularies.row(f"{VOCAB}item-type/{record.type}") or {}
    for kind in row.get(f"<{SAGE}publishedClass>", ()):
        if f"{item} {TYPE} {kind} .\n" not in record.ntriples:
            yield item, TYPE, kind


def _versions(record: ItemRecord) -> Iterator[Statement]:
    """Yield which version came before, and which is the current one, as everybody may see them."""
    item = item_iri(record.id)
    public = [version.n for version in record.versions if version.is_public]
    earlier = [n for n in public if n < record.version]
    if earlier:
        yield f"<{item}>", f"<{DCAT}previousVersion>", f"<{item}/v/{max(earlier)}>"
    if public:
        yield f"<{item}>", f"<{DCAT}hasCurrentVersion>", f"<{item}/v/{max(public)}>"


def _dois(record: ItemRecord, vocabularies: Vocabularies, house: House) -> Iterator[Statement]:
    """Yield each DOI that everybody can find as an identifier beside the item's own.

    One of a test system says so itself, wherever the statement is carried.
    """
    kind = _spelled(vocabularies, "datacite-identifier-type", "DOI")
    agency = _TEST_AGENCY if house.dois_are_tests else _AGENCY
    for doi in record.dois.findable:
        version = f"-v{record.version}" if doi == record.dois.version else ""
        node = _free(record, f"doi{version}")
        yield f"<{item_iri(record.id)}>", f"<{ADMS}identifier>", node
        yield node, TYPE, f"<{ADMS}Identifier>"
        yield node, f"<{SKOS}notation>", _text(doi)
        yield node, f"<{ADMS}schemaAgency>", agency
        if kind is not None:
            yield node, f"<{SAGE}identifierType>", f"<{kind}>"


def _references(record: ItemRecord) -> Iterator[Statement]:
    """Yield what was found when the bytes elsewhere were last looked at."""
    for one in record.references:
        if one.looked is None or one.state is ReferenceState.UNKNOWN:
            continue
        node = f"<{item_iri(record.id)}{f'#{one.part}' if one.part else ''}>"
        yield node, REFERENCE_STATE, f"<{VOCAB}reference-state/{one.state.value}>"
        yield node, REFERENCE_CHECKED, _moment(one.looked)
        if one.finding:
            yield node, REFERENCE_FINDING, _text(one.finding, "en")


def _free(record: ItemRecord, name: str) -> str:
    """Return a part of that name, or of a longer one where the person has such a part."""
    item = item_iri(record.id)
    while f"<{item}#{name}>" in record.ntriples:
        name += "-"
    return f"<{item}#{name}>"


def _access_right(record: ItemRecord, vocabularies: Vocabularies) -> str | None:
    """Return the concept of `access-right` whose spelling in use is the visibility's name."""
    seen = record.visibility if record.state is State.PUBLISHED else Visibility.PRIVATE
    word = seen if seen in METADATA_ARE_PUBLIC else Visibility.RESTRICTED
    return _spelled(vocabularies, "access-right", word.value)


def _distribution(record: ItemRecord, file: FileRecord) -> Iterator[Statement]:
    item = item_iri(record.id)
    name = quoted(file.name)
    node, checksum = f"<{item}#file/{name}>", f"<{item}#checksum/{name}>"
    yield f"<{item}>", f"<{DCAT}distribution>", node
    yield node, f"<{RDF}type>", f"<{DCAT}Distribution>"
    yield node, f"<{DCT}title>", _text(file.name)
    yield node, f"<{DCAT}accessURL>", f"<{item}/files/{name}>"
    yield node, f"<{DCAT}downloadURL>", f"<{item}/v/{record.version}/files/{name}>"
    yield node, f"<{DCAT}mediaType>", f"<{MEDIA_TYPES}{quote(file.media_type, safe='/!$&+')}>"
    yield node, f"<{DCAT}byteSize>", _typed(file.size_bytes, "nonNegativeInteger")
    yield node, f"<{SPDX}checksum>", checksum
    yield checksum, f"<{RDF}type>", f"<{SPDX}Checksum>"
    yield checksum, f"<{SPDX}algorithm>", f"<{SPDX}checksumAlgorithm_sha256>"
    yield checksum, f"<{SPDX}checksumValue>", _typed(file.sha256, "hexBinary")


def _list_of_files(record: ItemRecord) -> Iterator[Statement]:
    item = item_iri(record.id)
    node = f"<{item}#files>"
    yield f"<{item}>", f"<{DCAT}distribution>", node
    yield node, f"<{RDF}type>", f"<{DCAT}Distribution>"
    yield node, f"<{DCT}title>", _text(f"{record.files_total:,} files", "en")
    yield node, f"<{DCAT}accessURL>", f"<{item}/v/{record.version}/files>"


def filled_in_for(
    ntriples: str,
    *,
    item_id: str,
    version: int,
    created: datetime | None,
    issued: datetime | None,
    house: House,
) -> str:
    """Return what the catalog fills in because the person left it out, as sorted N-Triples.

    created, issued  first publication of the item, and of this version; None for a draft
    """
    item = f"<{item_iri(item_id)}>"
    said = {predicate for subject, predicate, _ in statements_of(ntriples) if subject == item}
    offered = _offered(item[:-1], version, created, issued, house)
    lines = [
        f"{subject} {predicate} {value} .\n"
        for leading, statements in offered
        if f"<{leading}>" not in said
        for subject, predicate, value in statements
    ]
    return "".join(sorted(lines))


def _offered(
    item: str, version: int, created: datetime | None, issued: datetime | None, house: House
) -> Iterator[tuple[str, list[Statement]]]:
    """Yield each property that may be filled in, with the statements that do it."""
    for name, moment in (("created", created), ("issued", issued)):
        if moment is not None:
            yield f"{DCT}{name}", [(f"{item}>", f"<{DCT}{name}>", _moment(moment))]
    yield f"{DCAT}version", [(f"{item}>", f"<{DCAT}version>", _text(str(version)))]
    publisher = f"{item}#publisher>"
    statements = [
        (f"{item}>", f"<{DCT}publisher>", publisher),
        (publisher, f"<{RDF}type>", f"<{FOAF}Organization>"),
        (publisher, f"<{RDF}type>", f"<{FOAF}Agent>"),
        (publisher, f"<{FOAF}name>", _text(house.publisher_name, "en")),
    ]
    if house.publisher_ror:
        ror = f"<{house.publisher_ror}>"
        statements.append((publisher, "<https://schema.org/identifier>", ror))
    yield f"{DCT}publisher", statements
    contact, vcard = f"{item}#contact>", "http://www.w3.org/2006/vcard/ns#"
    statements = [
        (f"{item}>", f"<{DCAT}contactPoint>", contact),
        (contact, f"<{RDF}type>", f"<{vcard}Kind>"),
        (contact, f"<{vcard}fn>", _text(house.contact_name)),
    ]
    if house.contact_email:
        mail = f"<mailto:{house.contact_email}>"
        statements.append((contact, f"<{vcard}hasEmail>", mail))
    yield f"{DCAT}contactPoint", statements


def written_by_catalog(
    record: ItemRecord, vocabularies: Vocabularies, house: House
) -> tuple[str, ...]:
    """Return every line of a form that the catalog wrote and the person did not."""
    filled = record.filled_in
    if record.state is State.DRAFT:
        filled = filled_in_for(
            record.ntriples,
            item_id=record.id,
            version=record.version,
            created=None,
            issued=None,
            house=house,
        )
    own = (f"{s} {p} {o} .\n" for s, p, o in catalogs_own(record, vocabularies, house))
    return (*own, *filled.splitlines(keepends=True))


def statements_out(
    record: ItemRecord, vocabularies: Vocabularies, house: House
) -> tuple[Statement, ...]:
    """Return the description with what the catalog wrote, in the record's own IRIs."""
    ours = "".join(written_by_catalog(record, vocabularies, house))
    return tuple(dict.fromkeys(statements_of(record.ntriples + ours)))


def pack(
    record: ItemRecord,
    vocabularies: Vocabularies,
    house: House,
    names: Mapping[str, ItemName],
) -> tuple[Statement, ...]:
    """Return the closed pack of a record: its statements out, and its neighbours."""
    said = statements_out(record, vocabularies, house)
    return (*said, *neighbours(said, vocabularies, names))


def neighbours(
    statements: Iterable[Statement], vocabularies: Vocabularies, names: Mapping[str, ItemName]
) -> Iterator[Statement]:
    """Yield the types and one name of each known thing that statements point to."""
    subjects: set[str] = set()
    pointed: dict[str, str] = {}
    for subject, predicate, value in statements:
        subjects.add(subject)
        if value[0] == "<" and predicate != f"<{RDF}type>":
            pointed.setdefault(value, predicate)
    for term in sorted(set(pointed) - subjects):
        yield from _neighbour(term, vocabularies, names)


def _neighbour(
    term: str, vocabularies: Vocabularies, names: Mapping[str, ItemName]
) -> Iterator[Statement]:
    iri = term[1:-1]
    if term == NOT_STATED:
        for kind in (f"{FOAF}Agent", f"{DCT}LicenseDocument"):
            yield term, f"<{RDF}type>", f"<{kind}>"
        yield term, f"<{FOAF}name>", _text("Not stated", "en")
    elif (name := names.get(item_of(iri) or "")) is not None:
        if iri == item_iri(name.id):
            deciding = _deciding_class(vocabularies, name.type)
            yield term, f"<{RDF}type>", f"<{deciding or DCAT + 'Resource'}>"
            yield term, f"<{DCT}title>", _text(name.title, "en")
    elif (version := _VERSION.fullmatch(iri)) is not None:
        yield term, TYPE, f"<{DCAT}Resource>"
        yield term, f"<{RDFS}label>", _text(f"Version {version[1]}", "en")
    else:
        yield from _naming(iri, vocabularies)


_VERSION: Final = re.compile(rf"{re.escape(RECORD)}items/[0-9a-z]{{10}}/v/([1-9][0-9]*)")


def _naming(iri: str, vocabularies: Vocabularies) -> Iterator[Statement]:
    """Yield the classes and the English label of a concept or scheme that is described here."""
    row = vocabularies.row(iri)
    if row is None:
        return
    for kind in row.get(f"<{RDF}type>", ()):
        yield f"<{iri}>", f"<{RDF}type>", kind
    for naming in (f"<{SKOS}prefLabel>", f"<{DCT}title>"):
        for label in row.get(naming, ())[:1]:
            yield f"<{iri}>", naming, label


@lru_cache(maxsize=256)
def _spelled(vocabularies: Vocabularies, scheme: str, word: str) -> str | None:
    """Return the concept of a scheme that is called `word`, by label or by a spelling in use."""
    described = vocabularies.scheme(scheme)
    for iri in described.concepts if described else ():
        concept = vocabularies.concept(iri)
        if concept and word in {text.text for text in (*concept.labels, *concept.alt_labels)}:
            return iri
    return None


@lru_cache(maxsize=256)
def _deciding_class(vocabularies: Vocabularies, item_type: str) -> str | None:
    row = vocabularies.row(f"{VOCAB}item-type/{item_type}") or {}
    return next((term[1:-1] for term in row.get(f"<{SAGE}decidingClass>", ())), None)


def rebased(statements: Iterable[Statement], base: str) -> Iterator[Statement]:
    """Yield statements with the catalog's own IRIs under `base`; literals are left alone."""
    record, today = f"<{RECORD}", f"<{base}"

    def moved(term: str) -> str:
        return today + term[len(record) :] if term.startswith(record) else term

    for subject, predicate, value in statements:
        yield moved(subject), predicate, moved(value)


def ntriples_of(statements: Iterable[Statement]) -> str:
    """Return statements as N-Triples, sorted, each once."""
    return "".join(sorted({f"{s} {p} {o} .\n" for s, p, o in statements}))


def serialized(statements: Iterable[Statement], media_type: str, subject: str) -> bytes:
    """Return statements in one of `RDF_FORMS`, the statements about `subject` first."""
    text = ntriples_of(statements)
    if media_type == "application/n-triples":
        return text.encode()
    triples = list(ox.parse(text, format=ox.RdfFormat.N_TRIPLES))
    first = f"<{subject}>"
    triples.sort(key=lambda triple: _reading_order(str(triple.subject), first))
    body = ox.serialize(triples, format=RDF_FORMS[media_type], prefixes=_used(text))
    return body if body is not None else b""


def _reading_order(subject: str, first: str) -> tuple[int, str]:
    if subject == first:
        return 0, ""
    return (1 if subject.startswith(first[:-1] + "#") else 2), subject


def _used(text: str) -> dict[str, str]:
    return {prefix: iri for prefix, iri in PREFIXES.items() if f"<{iri}" in text}


def public_graph(record: ItemRecord, vocabularies: Vocabularies, house: House) -> str:
    """Return what the public graph says about an item, under today's base, as N-Triples.

    Names of concepts, licences and other items are not repeated here: their own graphs hold them.
    """
    return ntriples_of(rebased(statements_out(record, vocabularies, house), house.base))
