"""CodeMeta 3: what it says of software, in terms that its context has, and back again."""

from collections import Counter

from catalog.domain.exporting.codemeta import codemeta
from catalog.domain.exporting.schema_terms import types_written_as
from catalog.library import library
from tests.domain.exporting.there_and_back import differences, exported, one, records, said

FORM = "application/vnd.codemeta.ld+json"
TYPES = types_written_as(library().vocabularies, "SoftwareSourceCode", "SoftwareApplication")

LOST = {
    "baseImage": "the words of a base image become the term of the vocabulary that they name",
    "funding funder identifier": "of organisations only the ROR number is read",
    "variable label": "no field of a variable",
}
"""What is lost on the way through CodeMeta, and why; docs/formats.md tells the same."""

KNOWN = frozenset(
    {"SoftwareSourceCode", "SoftwareApplication", "Person", "Organization", "address",
     "affiliation", "author", "applicationCategory", "applicationSubCategory", "buildInstructions",
     "citation", "codeRepository", "continuousIntegration", "contributor", "copyrightHolder",
     "copyrightYear", "creator", "dateCreated", "dateModified", "datePublished", "description",
     "developmentStatus", "downloadUrl", "editor", "email", "embargoEndDate", "encoding",
     "familyName", "fileFormat", "fileSize", "funder", "funding", "givenName", "hasPart",
     "hasSourceCode", "identifier", "installUrl", "isAccessibleForFree", "isPartOf",
     "isSourceCodeOf", "issueTracker", "keywords", "license", "maintainer", "memoryRequirements",
     "name", "operatingSystem", "permissions", "position", "processorRequirements", "producer",
     "programmingLanguage", "provider", "publisher", "readme", "referencePublication",
     "relatedLink", "releaseNotes", "review", "runtimePlatform", "sameAs", "softwareHelp",
     "softwareRequirements", "softwareSuggestions", "softwareVersion", "sponsor",
     "storageRequirements", "supportingData", "targetProduct", "url", "version"}
)  # fmt: skip
"""The terms of the context of CodeMeta 3."""


def words(value: object) -> set[str]:
    if isinstance(value, list):
        return {word for inner in value for word in words(inner)}
    if not isinstance(value, dict):
        return set()
    types = value.get("@type", [])
    found = {*value, *(types if isinstance(types, list) else [types])}
    return found | {word for inner in value.values() for word in words(inner)}


def test_nothing_is_lost_on_the_way_through_codemeta_but_what_is_listed() -> None:
    lost: Counter[str] = Counter()
    for record in records(*TYPES):
        gone, _ = differences(record, codemeta, FORM)
        lost.update(path for path, _ in gone)
    assert set(lost) <= set(LOST)


def test_every_term_is_one_of_its_context_or_of_the_prefixes_declared() -> None:
    for record in records(*TYPES):
        document = said(codemeta(exported(record)))
        context = document.pop("@context")
        declared = set(context[1]) if isinstance(context, list) else set()
        for word in words(document):
            prefix, colon, _ = word.partition(":")
            assert word.startswith("@") or (prefix in declared if colon else word in KNOWN), word


def test_the_version_is_that_of_the_software_and_never_the_number_of_the_description() -> None:
    code = '<> a <https://w3id.org/sage/ns#CodeReference> ; <http://purl.org/dc/terms/title> "x".'
    assert "version" not in said(codemeta(one(code)))
    versioned = f'{code[:-1]} ; <https://schema.org/softwareVersion> "0.2.5" .'
    assert said(codemeta(one(versioned)))["version"] == "0.2.5"


def test_every_kind_of_code_keeps_its_type() -> None:
    kinds = {record.type for record in records(*TYPES)}
    assert kinds == TYPES
