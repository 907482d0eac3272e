"""Nodes of JSON-LD read by key: their names in short, types, texts in languages, addresses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of
from catalog.domain.importing.values import is_empty

_NAMESPACES = (
    "https://schema.org/", "http://schema.org/", "http://mlcommons.org/croissant/",
    "http://purl.org/dc/terms/", "https://w3id.org/codemeta/terms/",
    "https://codemeta.github.io/terms/", "http://www.w3.org/ns/prov#",
)  # fmt: skip
_RAI = "http://mlcommons.org/croissant/RAI/"
_PREFIXES = frozenset({"sc", "schema", "cr", "dct", "dcterms", "codemeta", "prov", "bioschemas"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def local(key: str) -> str:
    """Return a key or type without the namespace that these formats may put before it.

    >>> local("sc:name"), local("https://schema.org/name"), local("rai:dataBiases")
    ('name', 'name', 'rai:dataBiases')
    """
    if key.startswith(_RAI):
        return f"rai:{key.removeprefix(_RAI)}"
    for namespace in _NAMESPACES:
        if key.startswith(namespace):
            return key.removeprefix(namespace)
    prefix, colon, name = key.partition(":")
    return name if colon and prefix in _PREFIXES and not name.startswith("//") else key


def in_short(raw: Any) -> Any:
    """Return a document with its keys in short, to any depth; of two the first counts."""
    if isinstance(raw, list):
        return [in_short(one) for one in raw]
    if not isinstance(raw, Mapping):
        return raw
    short: dict[str, Any] = {}
    for key, value in raw.items():
        short.setdefault(local(str(key)), in_short(value))
    return short


def types_of(node: Any) -> set[str]:
    """Return the names of the types of a node, in short."""
    if not isinstance(node, Mapping):
        return set()
    said = node.get("@type", node.get("type"))
    several = said if isinstance(said, list) else [said]
    return {local(one).rpartition("#")[2] for one in several if isinstance(one, str)}


def id_of(node: Any) -> str | None:
    """Return the `@id` of a node; CodeMeta 3 writes `id`."""
    found = node.get("@id", node.get("id")) if isinstance(node, Mapping) else None
    return found if isinstance(found, str) else None


def each(raw: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    """Yield the values of a key, each with its pointer; the ordered lists of JSON-LD too."""
    if isinstance(raw, Mapping) and set(raw) == {"@list"}:
        raw = raw["@list"]
    if isinstance(raw, list):
        for number, one in enumerate(raw):
            yield from each(one, f"{pointer}/{number}")
    elif not is_empty(raw):
        yield raw, pointer


def texts_in(raw: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    """Yield texts, those of a map from language to text with their language."""
    for one, at in each(raw, pointer):
        tags = isinstance(one, Mapping) and all(_LANGUAGE.fullmatch(str(key)) for key in one)
        # A reference of CodeMeta 3 has the one key `id`, which Indonesian has as well.
        if tags and set(one) != {"id"} and all(isinstance(text, str) for text in one.values()):
            for tag, text in one.items():
                yield {"@value": text, "@language": tag}, f"{at}/{tag}"
        else:
            yield one, at


def place_of(raw: Any) -> str | None:
    """Return the web address under which a thing is found."""
    if not isinstance(raw, Mapping):
        return address_of(raw)
    for key in ("@id", "id", "url", "identifier", "@value", "value", "sameAs", "codeRepository"):
        for one, _ in each(raw.get(key), ""):
            found = place_of(one) if key == "identifier" else address_of(one)
            if found:
                return found
    return None


def name_of(raw: Any) -> Any:
    """Return what to show of a thing without an address."""
    if isinstance(raw, Mapping):
        known = next(
            (raw[key] for key in ("name", "@id", "id") if isinstance(raw.get(key), str)), None
        )
        return known or raw
    return raw
