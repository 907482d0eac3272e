"""What was found at an address as the beginning of a description, in the words of plain JSON."""

import json
from typing import Any, Final
from urllib.parse import urlsplit

from catalog.domain.importing.gathering import Gathering, Part
from catalog.domain.importing.licences import say_licence
from catalog.domain.importing.names import Meaning, names_of
from catalog.domain.importing.values import concept_of
from catalog.domain.references.addresses import Address, GitHub, HuggingFace, Image
from catalog.domain.references.addresses import Part as Piece
from catalog.domain.references.asking import Facts

PART: Final = "copy"
"""The fragment of the distribution that a look-up describes."""

_CHECKSUM: Final = f"{PART}-sha256"
_ALGORITHM: Final = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"


def suggested_type(address: Address, facts: Facts, library: Meaning) -> str:
    """Return the item type that fits an address best; "" where nothing speaks for one."""
    types = library.shapes.item_types
    found = _suggested(address, facts, library)
    return found if found in types else ""


def _suggested(address: Address, facts: Facts, library: Meaning) -> str:
    if isinstance(address, Image):
        return "docker-image"
    if facts.file_name.lower().startswith("dockerfile"):
        return "dockerfile"
    if _model_format(facts, library):
        return "weights"
    if isinstance(address, HuggingFace):
        return "training-data" if address.collection == "datasets" else "model"
    if isinstance(address, GitHub) and address.part not in {Piece.FILE, Piece.ASSET}:
        return "code"
    return "" if not facts.download else "training-data"


def _model_format(facts: Facts, library: Meaning) -> str | None:
    """Return the format of models that the name of the file ends in."""
    suffix = facts.file_name.rpartition(".")[2].lower()
    return concept_of(suffix, ("model-format",), names_of(library))


def described(facts: Facts, item_type: str, library: Meaning) -> dict[str, Any]:
    """Return what an item of a type says by these facts, in the names of `/context.jsonld`.

    Only what the type has fields for is said, and only what they take.
    """
    gathering = Gathering(library, item_type)
    copy = distribution(gathering, facts)
    _say_about_the_item(gathering, facts, has_file=bool(facts.file_name))
    gathering.add(gathering.item, "dcat:distribution", copy, "")
    return gathering.carried().document


def source_of(facts: Facts, item_type: str, library: Meaning) -> bytes:
    """Return `described` as a text that is read like any other description."""
    return json.dumps(described(facts, item_type, library), ensure_ascii=False).encode()


def distribution(gathering: Gathering, facts: Facts) -> Part:
    """Return the distribution, with all that identifies the bytes."""
    part = gathering.part("dcat:Distribution")
    part.name = PART
    say = gathering.say
    title = facts.file_name or facts.title
    say(part, "dct:title", title, "")
    say(part, "dcat:downloadURL", facts.download, "")
    say(part, "dcat:accessURL", facts.page if facts.page != facts.download else "", "")
    if facts.media_type and facts.download:
        say(part, "dcat:mediaType", _MEDIA_TYPES + facts.media_type, "")
    say(part, "dcat:byteSize", facts.size_bytes, "")
    say(part, "dct:format", _model_format(facts, gathering.library), "")
    say(part, "sage:commit", "" if facts.image else facts.commit, "")
    say(part, "sage:digest", facts.digest, "")
    say(part, "sage:etag", facts.etag if facts.download else "", "")
    if facts.modified and facts.download:
        say(part, "dct:modified", facts.modified, "")
    _say_checksum(gathering, part, facts)
    site = _site(gathering, facts)
    say(part, "sage:storedAt", site, "")
    return part


def _say_checksum(gathering: Gathering, part: Part, facts: Facts) -> None:
    if not facts.sha256:
        return
    checksum = gathering.part("spdx:Checksum")
    checksum.name = _CHECKSUM
    gathering.say(checksum, "spdx:algorithm", _ALGORITHM, "")
    gathering.say(checksum, "spdx:checksumValue", facts.sha256, "")
    gathering.add(part, "spdx:checksum", checksum, "")


def _site(gathering: Gathering, facts: Facts) -> str:
    """Return the site where the bytes are, if the vocabulary names its host; "" for others."""
    address = f"//{facts.image}" if facts.image else facts.download or facts.page
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    host = "github.com" if host == "raw.githubusercontent.com" else host
    return concept_of(host, ("storage-site",), gathering.names) or ""


def _say_about_the_item(gathering: Gathering, facts: Facts, *, has_file: bool) -> None:
    item = gathering.item
    said: dict[str, Any] = {
        "dct:title": facts.title,
        "dct:description": facts.description,
        "dcat:keyword": list(facts.keywords),
        "schema:codeRepository": facts.repository,
        "sage:commit": facts.commit if facts.repository else "",
        "sage:digest": facts.digest,
        "sage:image": facts.image.partition("@")[0],
        "sage:platformArch": list(facts.platforms),
        "sage:builtAt": facts.created if facts.image else "",
        "schema:softwareVersion": facts.version,
        "sage:storedAt": _site(gathering, facts),
        "dcat:byteSize": facts.size_bytes if facts.image or has_file else None,
        "sage:originalFileName": facts.file_name,
    }
    for prop, raw in said.items():
        if gathering.has_field(prop):
            gathering.say(item, prop, raw, "")
    say_licence(gathering, item, facts.license, "")
