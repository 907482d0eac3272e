"""What the registrar checks before a DOI is registered or findable."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from catalog.kernel4 import NAMESPACE, faults, faults_of_xml
from catalog.kernel4.schema import values_of
from catalog.sandbox.repositories import Repository

Fault = tuple[str, str]
"""The place and the sentence."""

_DOI: Final = re.compile(r"10\.\d{4,5}/[-._;()/:a-zA-Z0-9*~$=]+")
_URL: Final = re.compile(r"(ftp|http|https)://\S+")
_LANGUAGE: Final = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_ITS_KERNELS: Final = re.compile(re.escape(NAMESPACE) + r"(\.\d)?")
_OBJECTS: Final = {
    "dates": ("dates", "Date {}"),
    "rightsList": ("rights_list", "Rights '{}'"),
    "titles": ("titles", "Title '{}'"),
    "descriptions": ("descriptions", "Description '{}'"),
    "subjects": ("subjects", "Subject '{}'"),
    "creators": ("creators", "Creator '{}'"),
    "contributors": ("contributors", "Contributor '{}'"),
    "identifiers": ("identifiers", "Identifier '{}'"),
    "relatedIdentifiers": ("related_identifiers", "Related identifier '{}'"),
    "relatedItems": ("related_items", "Related item '{}'"),
    "fundingReferences": ("funding_references", "Funding reference '{}'"),
    "geoLocations": ("geo_locations", "Geolocation '{}'"),
}


def is_doi(doi: str) -> bool:
    """Tell whether a new DOI has no character that DataCite does not allow."""
    return _DOI.fullmatch(doi) is not None


def found_wrong(
    doi: str,
    attributes: Mapping[str, Any],
    repository: Repository,
    *,
    document: bytes | None,
    has_url: bool = True,
) -> tuple[Fault, ...]:
    """Return what keeps a DOI from being registered; () if nothing.

    document  kernel-4 XML that was sent, where it alone describes; judged as it came
    has_url   whether it must have one
    """
    found = [
        *_about_url(attributes.get("url"), repository, required=has_url),
        *_about_publisher(attributes.get("publisher")),
        *_about_objects(attributes),
        *_about_language(attributes.get("language")),
    ]
    return tuple(found) or _about_metadata(doi, attributes, document)


def _about_url(url: Any, repository: Repository, *, required: bool) -> Iterator[Fault]:
    if not url:
        if required:
            yield "url", "Can't be blank"
    elif not _URL.fullmatch(url):
        yield "url", "URL is not valid"
    elif not repository.may_lead_to(url):
        yield (
            "url",
            f"URL {url} is not allowed by repository {repository.uid} domain settings.",
        )


def _about_publisher(publisher: Any) -> Iterator[Fault]:
    if publisher is None:
        return
    if not isinstance(publisher, Mapping):
        yield "publisher_obj", "value at root is not an object"
    elif publisher and not isinstance(publisher.get("name"), str):
        what = "missing required properties: name"
        yield "publisher_obj", f"object at root is {what}"


def _about_objects(attributes: Mapping[str, Any]) -> Iterator[Fault]:
    for name, (source, what) in _OBJECTS.items():
        for one in attributes.get(name) or ():
            if not isinstance(one, Mapping):
                yield source, f"{what.format(one)} should be an object instead of a string."
    if not isinstance(types := attributes.get("types") or {}, Mapping):
        yield "types", f"Types '{types}' should be an object instead of a string."
    if attributes.get("schemaVersion") == NAMESPACE:
        yield from _about_contributors(attributes.get("contributors") or ())


def _about_contributors(contributors: Any) -> Iterator[Fault]:
    known = values_of("contributorType") if contributors else ()
    for one in contributors:
        if isinstance(one, Mapping) and one.get("contributorType") not in known:
            kind = one.get("contributorType")
            yield "contributors", f"Contributor type {kind} is not supported in schema 4."


def _about_language(language: Any) -> Iterator[Fault]:
    if language and not _LANGUAGE.fullmatch(language):
        yield "language", f"Language {language} is in an invalid format."


def _about_metadata(
    doi: str, attributes: Mapping[str, Any], document: bytes | None
) -> tuple[Fault, ...]:
    """Judge by the schema. Without a `schemaVersion` DataCite only says that something is wrong."""
    version = attributes.get("schemaVersion")
    if version and not _ITS_KERNELS.fullmatch(version):
        return (("xml", f"DOI {doi}: Schema {version} is no longer supported"),)
    judged = faults_of_xml(document, doi) if document else faults(dict(attributes) | {"doi": doi})
    if judged and not version:
        return (("metadata", "Is invalid"),)
    return tuple((fault.source, fault.title) for fault in judged)
