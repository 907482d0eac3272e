"""How the registrar shows a DOI as JSON:API."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.kernel4 import to_xml
from catalog.sandbox.attributes import LISTS, METADATA
from catalog.sandbox.crosswalk import completed
from catalog.sandbox.repositories import Repository
from catalog.sandbox.states import FINDABLE
from catalog.sandbox.store import Activity, Kept

Object = dict[str, Any]

_COUNTS: Final = (
    "viewCount",
    "downloadCount",
    "referenceCount",
    "citationCount",
    "partCount",
    "partOfCount",
    "versionCount",
    "versionOfCount",
)
_OVER_TIME: Final = ("viewsOverTime", "downloadsOverTime", "citationsOverTime")
_RELATED: Final = ("references", "citations", "parts", "partOf", "versions", "versionOf")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a DOI the caller wants to see.

    affiliation  affiliations as objects, and not by name alone
    publisher    the publisher as an object, and not by name alone
    detail       with the XML and what else lists leave out
    media        whether the relation to media is shown, as it is of one DOI alone
    fields       the attributes that are wanted; None for all
    included     which neighbours come along
    """

    affiliation: bool = False
    publisher: bool = False
    detail: bool = True
    media: bool = True
    fields: frozenset[str] | None = None
    included: frozenset[str] = frozenset()


def document(kept: Kept, repository: Repository, wanted: Wanted) -> Object:
    """Return the whole answer about one DOI."""
    return {"data": resource(kept, repository, wanted)} | included([repository], wanted)


def included(repositories: Iterable[Repository], wanted: Wanted) -> Object:
    """Return the neighbours that were asked for, as a member of the answer; {} if none were."""
    if "client" not in wanted.included:
        return {}
    return {"included": [_client(one) for one in dict.fromkeys(repositories)]}


def resource(kept: Kept, repository: Repository, wanted: Wanted) -> Object:
    """Return one DOI as JSON:API has it."""
    attributes = attributes_of(kept, wanted)
    relations = _relations(repository, wanted)
    if wanted.fields is not None:
        attributes = {name: one for name, one in attributes.items() if name in wanted.fields}
        relations = {name: one for name, one in relations.items() if name in wanted.fields}
    return {
        "id": kept.doi,
        "type": "dois",
        "attributes": attributes,
        "relationships": relations,
    }


def attributes_of(kept: Kept, wanted: Wanted) -> Object:
    """Return every attribute of a DOI: those that were written, and those that follow."""
    said = kept.attributes
    shown: Object = {"doi": kept.doi}
    if wanted.detail:
        shown["prefix"], shown["suffix"] = kept.doi.split("/", 1)
    shown |= {name: said.get(name, [] if name in LISTS else None) for name in METADATA}
    shown["alternateIdentifiers"] = [_alternate(one) for one in shown["identifiers"]]
    shown["container"] = said.get("container") or {}
    shown["types"] = _types(said.get("types"))
    shown["publisher"] = _publisher(said.get("publisher"), whole=wanted.publisher)
    for name in ("creators", "contributors"):
        shown[name] = [_person(one, whole=wanted.affiliation) for one in shown[name]]
    if wanted.detail:
        xml = to_xml(said | {"doi": kept.doi})
        shown["xml"] = base64.b64encode(xml).decode("ascii")
    return (
        shown
        | {
            "url": said.get("url"),
            "contentUrl": said.get("contentUrl"),
            "metadataVersion": kept.version - 1,
            "schemaVersion": said.get("schemaVersion"),
            "source": said.get("source") or "api",
            "isActive": kept.state == FINDABLE,
            "state": kept.state,
            "reason": said.get("reason"),
            "landingPage": None,
        }
        | dict.fromkeys(_COUNTS, 0)
        | ({name: [] for name in _OVER_TIME} if wanted.detail else {})
        | {
            "created": kept.created,
            "registered": kept.registered,
            "published": kept.published,
            "updated": kept.updated,
        }
    )


def activity(one: Activity) -> Object:
    """Return one writing of a DOI as JSON:API has it."""
    return {
        "id": str(one.id),
        "type": "activities",
        "attributes": {
            "prov:wasGeneratedBy": f"urn:activity:{one.id}",
            "prov:generatedAtTime": one.at,
            "prov:wasDerivedFrom": f"https://doi.org/{one.doi}",
            "prov:wasAttributedTo": one.repository,
            "action": one.action,
            "version": one.version,
            "changes": one.changes,
        },
    }


def _alternate(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    return {
        "alternateIdentifierType": one.get("identifierType"),
        "alternateIdentifier": one.get("identifier"),
    }


def _types(types: Any) -> Any:
    return completed(types) if isinstance(types, Mapping) and types else types or {}


def _publisher(publisher: Any, *, whole: bool) -> Any:
    if isinstance(publisher, Mapping):
        return dict(publisher) if whole else publisher.get("name")
    return publisher


def _person(person: Any, *, whole: bool) -> Any:
    if whole or not isinstance(person, Mapping):
        return person
    names = [one.get("name") for one in person.get("affiliation") or ()]
    return dict(person) | {"affiliation": [name for name in names if name is not None]}


def _relations(repository: Repository, wanted: Wanted) -> Object:
    related: Object = {"client": {"data": {"id": repository.uid, "type": "clients"}}}
    if wanted.detail:
        provider = {"id": repository.provider, "type": "providers"}
        related["provider"] = {"data": provider}
        if wanted.media:
            related["media"] = {"data": []}
        related |= {name: {"data": []} for name in _RELATED}
    return related


def _client(repository: Repository) -> Object:
    return {
        "id": repository.uid,
        "type": "clients",
        "attributes": {
            "name": repository.id,
            "symbol": repository.id,
            "domains": ",".join(repository.domains),
            "clientType": "repository",
            "isActive": True,
        },
        "relationships": {
            "provider": {"data": {"id": repository.provider, "type": "providers"}},
            "prefixes": {"data": [{"id": one, "type": "prefixes"} for one in repository.prefixes]},
        },
    }
