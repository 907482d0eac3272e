"""Files as schema.org and Croissant describe them, as distributions of the item."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from catalog.domain.importing.addresses import address_of
from catalog.domain.importing.gathering import Gathering, Part, lose_others
from catalog.domain.importing.licences import say_licence
from catalog.domain.importing.nodes import each, id_of, name_of, place_of, texts_in
from catalog.domain.importing.own_terms import OwnTerms, own_property
from catalog.domain.importing.values import concept_of, is_empty

_EXACT = re.compile(r"(\d+)\s*(?:B|bytes?)?", re.IGNORECASE)
_CHECKSUMS = ("sha256", "sha512", "sha384", "sha1", "md5")
FILE_KEYS = frozenset(
    {"name", "description", "contentUrl", "url", "encodingFormat", "fileFormat", "contentSize",
     "license", "datePublished", "uploadDate", "dateModified", "conformsTo", "id", "type",
     *_CHECKSUMS}
)  # fmt: skip


def say_file(
    gathering: Gathering,
    node: Mapping[str, Any],
    pointer: str,
    *,
    key: str | None = None,
    located: str = "dcat:downloadURL",
) -> bool:
    """Say that a file belongs to the item, as a distribution; return whether it was kept.

    key      the path of the file where it has no address, within what it came with
    located  the property for its address: `dcat:accessURL` where that leads not just to the file
    """
    part = gathering.part("dcat:Distribution")
    identity = node.get("@id") or node.get("id")
    title = node.get("name") or (None if address_of(identity) else identity)
    for prop, said in (("dct:title", title), ("dct:description", node.get("description"))):
        for word, _ in texts_in(said, pointer):
            gathering.say(part, prop, word, pointer)
    _say_location(gathering, part, node, pointer, located)
    if key:
        gathering.say(part, "sage:storageKey", key, pointer)
    _say_media_type(gathering, part, node, pointer)
    _say_size(gathering, part, node.get("contentSize"), pointer)
    for name in _CHECKSUMS:
        _say_checksum(gathering, part, name, node.get(name), f"{pointer}/{name}")
    say_licence(gathering, part, gathering.look(node.get("license")), f"{pointer}/license")
    issued = node.get("datePublished", node.get("uploadDate"))
    gathering.say(part, "dct:issued", issued, f"{pointer}/datePublished")
    gathering.say(part, "dct:modified", node.get("dateModified"), f"{pointer}/dateModified")
    for one, at in each(node.get("conformsTo"), f"{pointer}/conformsTo"):
        gathering.say(part, "dct:conformsTo", place_of(one) or name_of(one), at)
    _say_own(gathering, part, node, pointer)
    return gathering.add(gathering.item, "dcat:distribution", part, pointer)


def lose_others_of_file(gathering: Gathering, node: Mapping[str, Any], pointer: str) -> None:
    """Tell of the keys of a file that nothing has read."""
    own = {key for key in node if ":" in key or key in _OWN_IN_SHORT}
    lose_others(gathering, node, FILE_KEYS | own, pointer, "file")


_OWN_IN_SHORT = MappingProxyType({"format": "dct:format", "accessRights": "dct:accessRights"})
"""Words of our own whose prefix reading by key leaves away."""


def _say_own(gathering: Gathering, part: Part, node: Mapping[str, Any], pointer: str) -> None:
    """Say what our own words tell of a file, and tell which of such words it cannot have."""
    own = OwnTerms(gathering, gathering.look)
    for key, raw in node.items():
        prop = own_property(part, _OWN_IN_SHORT.get(key, key))
        if prop is not None:
            own.say(part, prop, raw, f"{pointer}/{key}")
        elif ":" in key:
            gathering.lose_key(f"{pointer}/{key}", key, "a file has no field for it here.", "file")


def _say_location(
    gathering: Gathering, part: Part, node: Mapping[str, Any], pointer: str, located: str
) -> None:
    for one, at in each(node.get("contentUrl", node.get("url")), f"{pointer}/contentUrl"):
        address = address_of(one)
        if address is None:
            gathering.say(part, "sage:storageKey", one, at)
        elif gathering.say(part, located, one, at):
            _say_site(gathering, part, address, at)


def _say_site(gathering: Gathering, part: Part, address: str, pointer: str) -> None:
    """Say at which of the known sites a file is kept, where the vocabulary names its host."""
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    site = concept_of(host, ("storage-site",), gathering.names)
    if site:
        for about in (part, gathering.item):
            if about is part or gathering.has_field("sage:storedAt"):
                gathering.say(about, "sage:storedAt", site, pointer)


def _say_media_type(
    gathering: Gathering, part: Part, node: Mapping[str, Any], pointer: str
) -> None:
    said = node.get("encodingFormat", node.get("fileFormat"))
    for one, at in each(said, f"{pointer}/encodingFormat"):
        word = id_of(one) if isinstance(one, Mapping) else one
        if isinstance(word, str):
            word = word.partition(";")[0]
        gathering.say(part, "dcat:mediaType", word, at)


def _say_size(gathering: Gathering, part: Part, raw: Any, pointer: str) -> None:
    """Say the size where it is given in bytes; `1.2 MB` is no number of bytes."""
    exact = _EXACT.fullmatch(str(raw).strip()) if isinstance(raw, str | int) else None
    gathering.say(part, "dcat:byteSize", exact[1] if exact else raw, f"{pointer}/contentSize")


def _say_checksum(gathering: Gathering, part: Part, name: str, raw: Any, pointer: str) -> None:
    if is_empty(raw):
        return
    checksum = gathering.part("spdx:Checksum")
    if gathering.say(checksum, "spdx:checksumValue", raw, pointer):
        algorithm = f"http://spdx.org/rdf/terms#checksumAlgorithm_{name}"
        gathering.say(checksum, "spdx:algorithm", algorithm, pointer)
        gathering.add(part, "spdx:checksum", checksum, pointer)
