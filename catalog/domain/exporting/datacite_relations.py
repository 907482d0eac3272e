"""What an item is related to, as DataCite's related identifiers: by DOI where there is one."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from catalog.domain.description import Description
from catalog.domain.exporting.datacite_meaning import (
    IDENTIFIER_TYPES,
    Object,
    Relation,
    fields_in_order,
    iri,
    matching,
    relation_of,
    relations_by_property,
)
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import RECORD, item_iri, item_of
from catalog.domain.lifecycle import State
from catalog.domain.record import VersionName

_DOI: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)", re.I | re.ASCII)
_TYPED: Final = (
    ("arXiv", re.compile(r"https?://arxiv\.org/(?:abs|pdf)/([^?#]+?)(?:\.pdf)?", re.ASCII)),
    ("Handle", re.compile(r"https?://hdl\.handle\.net/(\S+)", re.ASCII)),
    ("w3id", re.compile(r"(https?://w3id\.org/\S+)", re.ASCII)),
    ("PURL", re.compile(r"(https?://purl\.(?:org|net|oclc\.org)/\S+)", re.ASCII)),
    ("URL", re.compile(r"((?:https?|ftp)://\S+)")),
)
"""How an address is told as an identifier of a type of DataCite's; the first that fits."""

_NOT_RELATED: Final = re.compile(r"https?://(?:orcid|ror)\.org/")
"""Persons and organisations have places of their own."""


def related(exported: Exported, *, all_versions: bool) -> list[Object]:
    """Return what the item is related to, each relation once.

    all_versions  whether all versions are meant, not the one at hand

    What the reader may not see is left out: its address alone would tell that it is there.
    """
    found = [*_versions(exported, all_versions=all_versions), *_stated(exported)]
    distinct = {(one["relationType"], one["relatedIdentifier"]): one for one in reversed(found)}
    return list(reversed(distinct.values()))


def _stated(exported: Exported) -> Iterator[Object]:
    for target, relation in _pairs(exported):
        if named := _identified(exported, target):
            yield _row(relation, *named)
    for replacement in _replacements(exported):
        relation = relations_by_property(exported.meaning.vocabularies)[iri("dct:isReplacedBy")]
        if named := _identified(exported, replacement):
            yield _row(relation, *named)


def _row(relation: Relation, identifier: str, kind: str) -> Object:
    row = {
        "relatedIdentifier": identifier,
        "relatedIdentifierType": kind,
        "relationType": relation.type,
    }
    if relation.information:
        row["relationTypeInformation"] = relation.information
    return row


def _pairs(exported: Exported) -> Iterator[tuple[str, Relation]]:
    """Yield what the description relates the item to: by a property, by a role, by an activity."""
    said, vocabularies = exported.description, exported.meaning.vocabularies
    relations = relations_by_property(vocabularies)
    paths = fields_in_order(exported.meaning.shapes, exported.record.type)
    for path in (*paths, iri("dct:isReplacedBy")):
        if path in relations:
            yield from ((target, relations[path]) for target in said.iris(path))
    for activity in said.values(iri("prov:wasGeneratedBy")):
        for path in (iri("prov:hadPlan"), iri("prov:used")):
            yield from ((target, relations[path]) for target in said.iris(path, of=activity))
    for relationship in said.values(iri("dcat:qualifiedRelation")):
        for role in said.iris(iri("dcat:hadRole"), of=relationship):
            if relation := relation_of(vocabularies, role):
                targets = said.iris(iri("dct:relation"), of=relationship)
                yield from ((target, relation) for target in targets)


def _replacements(exported: Exported) -> Iterator[str]:
    record = exported.record
    for note in (record.withdrawal, record.deprecation):
        if note and note.replaced_by:
            yield note.replaced_by


def _identified(exported: Exported, target: str) -> tuple[str, str] | None:
    """Return the identifier of a thing and its type at DataCite; None for what has none."""
    if target == NOT_STATED[1:-1]:
        return None
    if target.startswith(RECORD):
        return _item(exported, target)
    return identified(target)


def _item(exported: Exported, target: str) -> tuple[str, str] | None:
    """Return the identifier of an item of this catalog, or of a part that stands for a thing."""
    cited = item_of(target)
    if cited == exported.record.id:
        return _external(exported.description, target) if "#" in target else None
    name = exported.names.get(cited or "")
    if name is None:
        return None
    if name.doi and target == item_iri(name.id):
        return name.doi, "DOI"
    return exported.house.base + target[len(RECORD) :], "URL"


def _external(said: Description, part: str) -> tuple[str, str] | None:
    """Return the identifier of a thing elsewhere that a part of the description names."""
    for path in (iri("schema:identifier"), iri("foaf:page")):
        for address in said.iris(path, of=f"<{part}>"):
            if named := identified(address):
                return named
    return None


def identified(address: str) -> tuple[str, str] | None:
    """Return an address as an identifier and its type at DataCite; None for what is none.

    >>> identified("https://doi.org/10.3390/RS14041007")
    ('10.3390/rs14041007', 'DOI')
    """
    if found := _DOI.fullmatch(address):
        return unquote(found[1]).lower(), "DOI"
    if _NOT_RELATED.match(address):
        return None
    for kind, pattern in _TYPED:
        if found := pattern.fullmatch(address):
            return (f"arXiv:{found[1]}" if kind == "arXiv" else found[1]), kind
    return None


# ---- versions


def concept_of(exported: Exported) -> str | None:
    """Return the DOI of all versions, as it is kept or as the version's own tells it."""
    dois = exported.record.dois
    return dois.concept or (dois.version.rpartition(".v")[0] if dois.version else None)


def _versions(exported: Exported, *, all_versions: bool) -> Iterator[Object]:
    """Yield how the DOIs of the item hang together."""
    concept = concept_of(exported)
    if concept is None:
        return
    relations = relations_by_property(exported.meaning.vocabularies)
    record = exported.record
    known = {one.n: one for one in record.versions if _is_registered(one)}
    if all_versions:
        for n in sorted(known.keys() | {record.version}):
            yield _row(relations[iri("dcat:hasVersion")], _doi(concept, n), "DOI")
        return
    yield _row(relations[iri("dcat:isVersionOf")], concept, "DOI")
    before = [n for n in known if n < record.version]
    after = [n for n in known if n > record.version]
    if before:
        yield _row(relations[iri("dcat:previousVersion")], _doi(concept, max(before)), "DOI")
    if after:
        yield _row(relations[iri("dcat:nextVersion")], _doi(concept, min(after)), "DOI")


def _is_registered(version: VersionName) -> bool:
    """Tell whether a version was ever open to all, so that a DOI names it."""
    return version.is_public or (version.state is State.WITHDRAWN and version.doi is not None)


def _doi(concept: str, n: int) -> str:
    return f"{concept}.v{n}"


# ---- other identifiers of the item itself


def alternates(exported: Exported) -> list[Object]:
    """Return the identifiers of the item beside its DOI: the Sage id first, then those stated."""
    said = exported.description
    rows = [(exported.record.id, "Sage item ID")]
    rows += [(text.text, "SWHID") for text in said.texts(iri("sage:swhid"))]
    rows += list(_other_identifiers(exported))
    return [
        {"alternateIdentifier": value, "alternateIdentifierType": kind}
        for value, kind in dict.fromkeys(rows)
        if value and kind
    ]


def _other_identifiers(exported: Exported) -> Iterator[tuple[str, str]]:
    said, vocabularies = exported.description, exported.meaning.vocabularies
    for part in said.values(iri("adms:identifier")):
        value = said.text(iri("skos:notation"), of=part)
        kinds = [
            matching(vocabularies, kind, IDENTIFIER_TYPES) or kind.rpartition("/")[2]
            for kind in said.iris(iri("sage:identifierType"), of=part)
        ]
        agency = said.text(iri("adms:schemaAgency"), of=part)
        # The registrar refuses a DOI here; the item's own stands elsewhere.
        kind = kinds[0] if kinds else agency or "Local identifier"
        if value and kind != "DOI":
            yield value, kind
