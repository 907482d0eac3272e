"""Which term of schema.org says what a property says: the one table, and the node made by it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from catalog.domain.context import PREFIXES
from catalog.domain.description import is_literal
from catalog.domain.exporting import schema_values as write
from catalog.domain.exporting.exported import TEST_DOI, Exported
from catalog.domain.schemes import Vocabularies


@dataclass(frozen=True, slots=True)
class Term:
    """A term of schema.org for the values of a property.

    name      the term
    prop      the property, a prefixed name
    written   how one value is written
    is_exact  whether the reader of foreign formats takes the term back to the same property
    """

    name: str
    prop: str
    written: write.Writer
    is_exact: bool = True


def _wider(name: str, prop: str, written: write.Writer) -> Term:
    """Return a term that says less than its property does."""
    return Term(name, prop, written, is_exact=False)


TERMS: Final[tuple[Term, ...]] = (
    Term("name", "dct:title", write.text),
    Term("alternateName", "dct:alternative", write.text),
    Term("description", "dct:description", write.text),
    Term("creator", "dct:creator", write.agent),
    Term("contributor", "dct:contributor", write.agent),
    _wider("contributor", "prov:qualifiedAttribution", write.attributed),
    _wider("contributor", "sage:annotator", write.agent),
    _wider("contributor", "sage:curator", write.agent),
    Term("publisher", "dct:publisher", write.agent),
    Term("copyrightHolder", "dct:rightsHolder", write.agent),
    Term("license", "dct:license", write.licence),
    Term("conditionsOfAccess", "dct:rights", write.stated_words),
    Term("keywords", "dcat:keyword", write.text),
    Term("about", "dcat:theme", write.defined_term),
    _wider("about", "sage:mlTask", write.defined_term),
    _wider("about", "sage:modality", write.defined_term),
    _wider("about", "sosa:hasFeatureOfInterest", write.work),
    Term("identifier", "adms:identifier", write.identifier),
    Term("version", "dcat:version", write.plain),
    Term("datePublished", "dct:issued", write.plain),
    Term("dateCreated", "dct:created", write.plain),
    Term("dateModified", "dct:modified", write.plain),
    Term("inLanguage", "dct:language", write.language),
    Term("temporalCoverage", "dct:temporal", write.period),
    _wider("temporalCoverage", "dct:valid", write.period),
    Term("spatialCoverage", "dct:spatial", write.place),
    Term("measurementTechnique", "it6:collectionMethod", write.text),
    _wider("measurementTechnique", "sosa:usedProcedure", write.work),
    _wider("measurementTechnique", "sage:annotationMethod", write.label),
    _wider("measurementTechnique", "sage:calibrationMethod", write.label),
    _wider("variableMeasured", "sosa:observedProperty", write.variable),
    _wider("variableMeasured", "sage:variable", write.variable),
    _wider("variableMeasured", "sage:parameter", write.variable),
    Term("citation", "dct:references", write.work),
    _wider("citation", "https://w3id.org/codemeta/terms/referencePublication", write.work),
    Term("subjectOf", "dct:isReferencedBy", write.work),
    _wider("subjectOf", "fair4ml:hasEvaluation", write.work),
    Term("mentions", "dct:relation", write.work),
    Term("funding", "schema:funding", write.grant),
    _wider("funder", "schema:funding", write.funders),
    Term("isBasedOn", "prov:wasDerivedFrom", write.work),
    _wider("isBasedOn", "it6:trainedOn", write.work),
    _wider("isBasedOn", "it6:fineTunedFrom", write.work),
    _wider("isBasedOn", "sage:builtFrom", write.work),
    _wider("isBasedOn", "sage:variantOf", write.work),
    _wider("isBasedOn", "sage:labels", write.work),
    Term("isPartOf", "dct:isPartOf", write.work),
    _wider("isPartOf", "dcat:inSeries", write.work),
    _wider("isPartOf", "sage:weightsOf", write.work),
    Term("hasPart", "dct:hasPart", write.work),
    _wider("hasPart", "dcat:resource", write.work),
    _wider("hasPart", "it6:hasFile", write.work),
    Term("conformsTo", "dct:conformsTo", write.link),
    Term("codeRepository", "schema:codeRepository", write.plain),
    Term("programmingLanguage", "schema:programmingLanguage", write.label),
    Term("softwareVersion", "schema:softwareVersion", write.plain),
    Term("operatingSystem", "schema:operatingSystem", write.plain),
    Term("softwareRequirements", "schema:softwareRequirements", write.plain),
    _wider("softwareRequirements", "dct:requires", write.work),
    _wider("runtimePlatform", "sage:runtimeRequirement", write.runtime),
    _wider("memoryRequirements", "sage:runtimeRequirement", write.memory),
    _wider("processorRequirements", "sage:runtimeRequirement", write.architecture),
    _wider("processorRequirements", "sage:platformArch", write.label),
    _wider("applicationCategory", "sage:appCategory", write.label),
    _wider("manufacturer", "schema:manufacturer", write.agent),
    _wider("model", "schema:model", write.text),
    _wider("serialNumber", "schema:serialNumber", write.plain),
)
"""Every term, in the order of reading; files are apart, since their term depends on the item."""

LISTED: Final = frozenset(
    {"about", "citation", "contributor", "creator", "distribution", "encoding", "funding",
     "hasPart", "identifier", "isBasedOn", "keywords", "variableMeasured"}
)  # fmt: skip
"""Terms whose values are a list, however few there are."""

_SAID_ONCE = frozenset({"name", "description"})
_OF_SOFTWARE = frozenset(
    {"codeRepository", "programmingLanguage", "softwareVersion", "operatingSystem",
     "softwareRequirements", "runtimePlatform", "memoryRequirements", "processorRequirements",
     "applicationCategory"}
)  # fmt: skip
_SOFTWARE = frozenset({"SoftwareSourceCode", "SoftwareApplication"})
_OF_FILES = frozenset({"Dataset", "DataCatalog"})


def schema_org(exported: Exported) -> dict[str, Any]:
    """Return an item as a node of schema.org, without a context.

    Terms are in short, those of other vocabularies in full; values are texts, and objects with
    `@type` and, where the thing has an address, `@id`. What is not stated is left out. Name and
    description are one text each, in English if there is one; the terms of `LISTED` are lists.
    """
    said = told(exported, TERMS)
    for name in _SAID_ONCE & said.keys():
        said[name] = _one_text(said[name])
    kinds = write.classes_of(exported, exported.record.type)
    if not is_software(kinds):
        said = {name: value for name, value in said.items() if name not in _OF_SOFTWARE}
    _name_item(exported, said)
    said |= _contact(exported, said)
    said["isAccessibleForFree"] = write.is_free(exported)
    files = files_of(exported)
    if files:
        said[term_of_files(kinds)] = files
    if "MediaObject" in kinds and files:
        said |= {key: value for key, value in files[0].items() if key in _OF_THE_FILE}
    return {"@type": kinds, "@id": exported.iri, **said}


_OF_THE_FILE = ("contentUrl", "contentSize", "encodingFormat", "sha256")


def told(exported: Exported, terms: Iterable[Term]) -> dict[str, Any]:
    """Return the values of each term that says something; the same value once."""
    found: dict[str, list[Any]] = {}
    for term in terms:
        known = found.setdefault(term.name, [])
        for value in write.values(exported, term.prop):
            written = term.written(exported, value)
            several = written if isinstance(written, list) else [written]
            known.extend(one for one in several if one is not None and one not in known)
    return {
        name: several if name in LISTED else write.one_or_all(several)
        for name, several in found.items()
        if several
    }


def _one_text(said: Any) -> str:
    """Return the English text of several, else the first."""
    several = said if isinstance(said, list) else [said]
    english = next((one for one in several if isinstance(one, str)), None)
    return english if english is not None else str(several[0]["@value"])


def _name_item(exported: Exported, said: dict[str, Any]) -> None:
    """Say where the item is, and by which names it is known beside those that others gave."""
    said["url"] = exported.iri
    landing = [write.plain(exported, one) for one in write.values(exported, "dcat:landingPage")]
    doi = exported.doi_url
    same = ([doi] if doi else []) + landing
    if same:
        said["sameAs"] = write.one_or_all(same)
    said["identifier"] = identifiers(exported, said.get("identifier", []))


def identifiers(exported: Exported, given: list[Any]) -> list[Any]:
    """Return all identifiers: the DOI first, those that others gave, the catalog's own last."""
    doi = exported.doi
    others = [one for one in given if one.get("value") != doi]
    own = write.node("PropertyValue", propertyID="Sage item ID", value=exported.record.id)
    if doi is None:
        return [*others, own]
    is_test = TEST_DOI if exported.house.dois_are_tests else None
    ours = write.node(
        "PropertyValue", propertyID="DOI", value=doi, url=exported.doi_url, description=is_test
    )
    return [ours, *others, own]


def _contact(exported: Exported, said: dict[str, Any]) -> dict[str, Any]:
    """Return the publisher with whom to ask: schema.org has contacts of organisations only."""
    publisher = said.get("publisher")
    contact = write.each(exported, "dcat:contactPoint", None, write.contact)
    if contact is None or not isinstance(publisher, dict):
        return {}
    return {"publisher": {**publisher, "contactPoint": contact}}


def files_of(exported: Exported) -> list[Any]:
    """Return the distributions of an item, each as something to download."""
    found = write.values(exported, "dcat:distribution")
    written = (write.file(exported, one) for one in found)
    return [one for one in written if one is not None]


def term_of_files(kinds: str | list[str]) -> str:
    """Return the term by which things of these classes have files."""
    named = {kinds} if isinstance(kinds, str) else set(kinds)
    return "distribution" if named & _OF_FILES else "encoding"


def is_software(kinds: str | list[str]) -> bool:
    """Tell whether classes of schema.org are those of software."""
    named = {kinds} if isinstance(kinds, str) else set(kinds)
    return bool(named & _SOFTWARE)


def exact(
    exported: Exported, terms: Iterable[Term], but: Collection[str] = ()
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return what can be read again of an item by these terms, and the properties that say it.

    but  names of terms to leave out
    """
    fit = [term for term in terms if term.name not in but and reads_back(exported, term)]
    return told(exported, fit), frozenset(term.prop for term in fit)


def reads_back(exported: Exported, term: Term) -> bool:
    """Tell whether what an item says with a term can be read again from it.

    Of other works only the address can, so not of those that the description itself describes.
    """
    if not term.is_exact or f"<{write.iri(term.prop)}>" not in _paths(exported):
        return False
    parts = exported.description.by_subject
    by_address = term.written in (write.work, write.link)
    said = write.values(exported, term.prop) if by_address else ()
    return not any(value in parts for value in said)


def _paths(exported: Exported) -> frozenset[str]:
    return exported.meaning.shapes.words(exported.record.type).paths


def types_written_as(vocabularies: Vocabularies, *classes: str) -> frozenset[str]:
    """Return the ids of the item types that pages call by one of these classes of schema.org."""
    scheme = vocabularies.scheme("item-type")
    wanted = {f"<{PREFIXES['schema']}{name}>" for name in classes}
    prop = f"<{write.iri('sage:schemaClass')}>"
    return frozenset(
        iri.rpartition("/")[2]
        for iri in (scheme.concepts if scheme else ())
        if not wanted.isdisjoint((vocabularies.row(iri) or {}).get(prop, ()))
    )


def texts_of(exported: Exported, prop: str) -> list[str]:
    """Return the texts of a property, those in English or without a language if there are any."""
    found = [write.text(exported, one) for one in write.values(exported, prop) if is_literal(one)]
    english = [one for one in found if isinstance(one, str)]
    return english or [one["@value"] for one in found]
