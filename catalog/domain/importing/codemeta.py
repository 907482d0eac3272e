"""What a `codemeta.json` (CodeMeta 2 and 3) says of software."""

import re
from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of, words_in
from catalog.domain.importing.carried import Carried, pointer_of
from catalog.domain.importing.gathering import Gathering, Reader, lost, to
from catalog.domain.importing.names import Meaning
from catalog.domain.importing.nodes import each, id_of, place_of, texts_in, types_of
from catalog.domain.importing.own_terms import deciding_type, say_classes
from catalog.domain.importing.schema_org import CREATIVE_WORK, read_work, text, where
from catalog.domain.importing.values import is_empty, shown

_CODEMETA = re.compile(r"codemeta", re.IGNORECASE)
_TERMS = "https://w3id.org/codemeta/terms/"
_STATUS = re.compile(r"(?:https?://(?:www\.)?repostatus\.org/?#)?([a-z]+)", re.IGNORECASE)
_KINDS = frozenset({"SoftwareSourceCode", "SoftwareApplication"})


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is a CodeMeta file: by its context, or by its type."""
    if "@graph" in document:
        return False
    contexts = document.get("@context")
    named = [one for one, _ in each(contexts, "") if isinstance(one, str)]
    if any(_CODEMETA.search(one) for one in named):
        return True
    return "codeRepository" in document and bool(types_of(document) & _KINDS)


def carried(document: Mapping[str, Any], library: Meaning) -> Carried:
    """Return the description of the source code."""
    item_type = deciding_type(library.shapes.item_types, document)
    gathering = Gathering(library, item_type or "code")
    say_classes(gathering, document)
    read_work(gathering, document, _READERS)
    return gathering.carried()


def _programming_languages(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        name = known.get("name") if isinstance(known, Mapping) else known
        for word, place in words_in(name, at):
            gathering.say(gathering.item, "schema:programmingLanguage", word, place)


def _version(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the version: of the software, where nothing else says that, and of the item."""
    said = gathering.item.says("schema:softwareVersion")
    if gathering.has_field("schema:softwareVersion") and not said:
        gathering.say(gathering.item, "schema:softwareVersion", raw, pointer)
    gathering.say(gathering.item, "dcat:version", raw, pointer)


def _operating_systems(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in each(raw, pointer):
        for word, place in words_in(one, at):
            gathering.say(gathering.item, "schema:operatingSystem", word, place)


def _requirements(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read libraries: words, objects with name and version, lists, or a list with numbers."""
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        if not isinstance(known, Mapping):
            gathering.say(gathering.item, "schema:softwareRequirements", known, at)
        elif isinstance(known.get("name", known.get("identifier")), str):
            _say_requirement(gathering, known, at)
        elif place_of(known):
            gathering.say(gathering.item, "schema:softwareRequirements", place_of(known), at)
        else:
            inner = [(key, one) for key, one in known.items() if isinstance(one, Mapping)]
            for key, one_inside in inner:
                _say_requirement(gathering, one_inside, at + pointer_of(key))
            if not inner:
                gathering.lose(at, "This library has no name.")


def _say_requirement(gathering: Gathering, node: Mapping[str, Any], pointer: str) -> None:
    name = node.get("name", node.get("identifier"))
    version = node.get("version")
    if not isinstance(name, str) or is_empty(name):
        gathering.lose(pointer, "This library has no name.")
        return
    said = name
    if isinstance(version, str | int | float) and str(version).strip():
        word = str(version).strip()
        said = f"{name} {word}" if word[0] in "<>=~!^" else f"{name}=={word}"
    gathering.say(gathering.item, "schema:softwareRequirements", said, pointer)


def _status(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the status of repostatus.org, as an address or as its one word."""
    for one, at in each(raw, pointer):
        node = id_of(one) if isinstance(one, Mapping) else one
        found = _STATUS.fullmatch(node.strip()) if isinstance(node, str) else None
        said = f"https://www.repostatus.org/#{found[1].lower()}" if found else node
        known = gathering.would_take(gathering.item, f"{_TERMS}developmentStatus", said)
        gathering.say(gathering.item, f"{_TERMS}developmentStatus", said if known else node, at)


def _release_notes(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in texts_in(raw, pointer):
        prop = "dct:relation" if place_of(one) else "adms:versionNotes"
        gathering.say(gathering.item, prop, place_of(one) or one, at)


def _download(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in each(raw, pointer):
        part = gathering.part("dcat:Distribution")
        if gathering.say(part, "dcat:downloadURL", place_of(one) or one, at):
            gathering.add(gathering.item, "dcat:distribution", part, at)


def _readme(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in each(raw, pointer):
        if isinstance(one, str) and not address_of(one):
            gathering.lose(at, f"Read me: {shown(one)} is not a full web address.")
        else:
            gathering.say(gathering.item, f"{_TERMS}readme", place_of(one) or one, at)


SOFTWARE: Mapping[str, Reader] = {
    "codeRepository": where("schema:codeRepository"),
    "programmingLanguage": _programming_languages,
    "softwareVersion": to("schema:softwareVersion"),
    "version": _version,
    "operatingSystem": _operating_systems,
    "softwareRequirements": _requirements,
    "developmentStatus": _status,
    "issueTracker": where(f"{_TERMS}issueTracker"),
    "readme": _readme,
    "referencePublication": where(f"{_TERMS}referencePublication"),
    "releaseNotes": _release_notes,
    "downloadUrl": _download,
    "relatedLink": where("dct:relation"),
    "softwareHelp": where("dct:relation"),
    "hasSourceCode": where("dct:relation"),
    "isSourceCodeOf": where("dct:relation"),
    "targetProduct": where("dct:relation"),
    "supportingData": where("dct:requires"),
    "commit": to("sage:commit"),
    "runtimePlatform": lost("describe it as a runtime requirement: framework, versions, image."),
    "processorRequirements": lost("describe it as a runtime requirement, with its architecture."),
    "memoryRequirements": lost("describe it as a runtime requirement, in bytes."),
    "storageRequirements": lost("describe it as a runtime requirement, in bytes."),
    "softwareSuggestions": lost("only what is needed has a field here."),
    "contIntegration": lost("the pages of continuous integration have no field here."),
    "continuousIntegration": lost("the pages of continuous integration have no field here."),
    "buildInstructions": lost("keep them with the source code."),
    "applicationCategory": text("dcat:keyword"),
    "applicationSubCategory": text("dcat:keyword"),
    "embargoDate": lost("an embargo is set when an item is published."),
    "embargoEndDate": lost("an embargo is set when an item is published."),
}
"""Readers of the keys that software has beside those of every creative work."""

_READERS: Mapping[str, Reader] = {**CREATIVE_WORK, **SOFTWARE}
