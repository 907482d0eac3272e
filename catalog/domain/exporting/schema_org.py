"""An item in schema.org as search engines read it: one document in JSON-LD, whole by itself."""

import json
from typing import Any, Final

from catalog.domain.context import PREFIXES
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.schema_terms import schema_org
from catalog.domain.exporting.schema_values import one_or_all, values

IRI: Final = "https://schema.org/"
FORM: Final = "application/ld+json"
FORM_OF_ITS_OWN: Final = "application/vnd.schemaorg.ld+json"
"""The media type by which DOI resolvers ask for it."""

SHORTEST_DESCRIPTION: Final = 50
LONGEST_DESCRIPTION: Final = 5_000
"""Search engines of data sets take descriptions between these lengths, in characters."""

_ADDRESSES: Final = ("codeRepository", "contentUrl", "sameAs", "url")

CONTEXT: Final[dict[str, Any]] = {
    "@vocab": IRI,
    "prov": PREFIXES["prov"],
    **{name: {"@id": f"{IRI}{name}", "@type": "@id"} for name in _ADDRESSES},
}
"""Written into the document, so that nobody fetches the large one of schema.org for it."""


def written(exported: Exported) -> bytes:
    """Return the document as JSON in UTF-8."""
    return json.dumps(document(exported), ensure_ascii=False, indent=1).encode()


def document(exported: Exported) -> dict[str, Any]:
    """Return the document: the node of the item with its context, its catalog and its access.

    The DOI is its `@id` once everybody can resolve it, else the address of the item. Licence and
    creators are missing only where they are not stated.
    """
    said = schema_org(exported)
    said["@id"] = identity(exported)
    said["description"] = _fitting(exported, said)
    said["includedInDataCatalog"] = _catalog(exported)
    if access := _access(exported, said.get("conditionsOfAccess")):
        said["conditionsOfAccess"] = access
    return {"@context": CONTEXT, **said, **_provenance(said)}


def identity(exported: Exported) -> str:
    """Return the IRI of the item for everybody: a DOI that resolves anywhere, else its address."""
    if exported.doi_url and not exported.house.dois_are_tests:
        return exported.doi_url
    return exported.iri


def _fitting(exported: Exported, said: dict[str, Any]) -> str:
    """Return a description that is neither too short nor too long.

    A short one begins with the title and ends with the keywords; nothing is added that is not
    recorded.
    """
    text = str(said.get("description", ""))
    if len(text) < SHORTEST_DESCRIPTION:
        words = ", ".join(str(word) for word in said.get("keywords", ()) if isinstance(word, str))
        title = str(said.get("name", exported.record.title)).rstrip(".")
        pieces = (f"{title}.", text, f"{words}." if words else "", exported.iri)
        text = " ".join(piece for piece in pieces if piece)
    if len(text) > LONGEST_DESCRIPTION:
        text = text[: LONGEST_DESCRIPTION - 2].rsplit(" ", 1)[0] + " …"
    return text


def _catalog(exported: Exported) -> dict[str, Any]:
    """Return the catalog that holds the item; it is named by who publishes it."""
    house = exported.house
    return {
        "@type": "DataCatalog",
        "@id": house.base,
        "name": f"Catalog of {house.publisher_name}",
        "url": house.base,
    }


def _access(exported: Exported, words: Any) -> Any:
    """Return who may have it: the concept by its IRI, then what the rights say in words."""
    concepts = [value[1:-1] for value in values(exported, "dct:accessRights")]
    in_words = words if isinstance(words, list) else [words] if words else []
    return one_or_all([*concepts, *in_words])


def _provenance(said: dict[str, Any]) -> dict[str, Any]:
    """Return by whom, when and from what it was made, in the words of PROV as well."""
    known = {
        "prov:wasAttributedTo": _references(said.get("creator")),
        "prov:wasDerivedFrom": _references(said.get("isBasedOn")),
        "prov:generatedAtTime": said.get("dateCreated") or said.get("datePublished"),
    }
    return {name: value for name, value in known.items() if value}


def _references(found: Any) -> list[dict[str, str]]:
    several = found if isinstance(found, list) else [found]
    return [{"@id": one["@id"]} for one in several if isinstance(one, dict) and "@id" in one]
