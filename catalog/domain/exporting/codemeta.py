"""A piece of software in CodeMeta 3: what a `codemeta.json` in its repository would say."""

import json
from dataclasses import replace
from typing import Any, Final

from catalog.domain.exporting import own_terms
from catalog.domain.exporting import schema_values as write
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.schema_terms import TERMS, Term, exact, schema_org

CONTEXT: Final = "https://w3id.org/codemeta/3.0"
MEDIA_TYPE: Final = "application/vnd.codemeta.ld+json"

_TERMS = "https://w3id.org/codemeta/terms/"
_OF_CODEMETA: Final = (
    Term("developmentStatus", f"{_TERMS}developmentStatus", write.plain),
    Term("issueTracker", f"{_TERMS}issueTracker", write.plain),
    Term("readme", f"{_TERMS}readme", write.plain),
    Term("referencePublication", f"{_TERMS}referencePublication", write.work),
    Term("releaseNotes", "adms:versionNotes", write.text),
)
_AUTHOR: Final = {"creator": "author"}
"""What CodeMeta calls by another name of schema.org."""

_NOT_THERE: Final = frozenset(
    {"about", "alternateName", "conditionsOfAccess", "conformsTo", "funding", "identifier",
     "inLanguage", "isBasedOn", "measurementTechnique", "mentions", "spatialCoverage",
     "subjectOf", "temporalCoverage", "variableMeasured", "version"}
)  # fmt: skip
"""Terms that the context of CodeMeta does not have, or means otherwise; our own words say it."""

_WIDER: Final = frozenset({"runtimePlatform", "processorRequirements", "memoryRequirements"})
_SAID: Final = frozenset({"dcat:version", "dcat:landingPage"})


def codemeta(exported: Exported) -> bytes:
    """Return a piece of software as CodeMeta 3, in JSON."""
    said, known = exact(exported, _terms(exported), _NOT_THERE)
    more = {key: value for key, value in schema_org(exported).items() if key in _WIDER}
    landing = write.each(exported, "dcat:landingPage", None, write.plain)
    version = _version(exported)
    document = {
        "@type": _kinds(exported),
        **{_AUTHOR.get(key, key): _without_ids(value) for key, value in said.items()},
        **more,
        "identifier": [*([exported.doi_url] if exported.doi_url else []), exported.iri],
        **({"version": version} if version else {}),
        **({"url": landing} if landing else {}),
        **own_terms.rest(exported, known | _SAID),
    }
    prefixes = own_terms.prefixes(document)
    context = [CONTEXT, prefixes] if prefixes else CONTEXT
    return json.dumps({"@context": context, **document}, ensure_ascii=False, indent=2).encode()


def _terms(exported: Exported) -> list[Term]:
    """Return the terms as CodeMeta takes them: licences and other works by their addresses."""
    is_in_words = any(
        value in exported.description.by_subject for value in write.values(exported, "dct:license")
    )
    found = []
    for term in (*TERMS, *_OF_CODEMETA):
        if term.name != "license":
            by_address = term.written is write.work
            found.append(replace(term, written=write.link) if by_address else term)
        elif not is_in_words:
            found.append(replace(term, written=write.plain))
    return found


def _kinds(exported: Exported) -> list[str]:
    """Return the class of schema.org, and the one by which the item can be read again."""
    kind = write.classes_of(exported, exported.record.type)
    return [*([kind] if isinstance(kind, str) else kind), *own_terms.classes(exported)]


def _version(exported: Exported) -> str | None:
    """Return the version of the software; the number of the description's version is none."""
    said = write.first(exported, "schema:softwareVersion")
    if said is None and f"<{write.iri('dcat:version')}>" in exported.record.ntriples:
        return write.first(exported, "dcat:version")
    return said


def _without_ids(value: Any) -> Any:
    """Leave out the fragments that name parts of the item: a file of its own has none."""
    if isinstance(value, list):
        return [_without_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_part = len(value) > 1 and "#" in str(value.get("@id", ""))
    return {key: _without_ids(one) for key, one in value.items() if not (is_part and key == "@id")}
