"""What a `sage.yaml` says of an app, as the Edge Code Repository takes it (its `valid_fields`)."""

import json
import re
from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import words_in
from catalog.domain.importing.agents import say_agents
from catalog.domain.importing.carried import Carried, pointer_of
from catalog.domain.importing.gathering import (
    Gathering,
    Reader,
    lose_others,
    lost,
    read_keys,
    to,
)
from catalog.domain.importing.licences import say_licence
from catalog.domain.importing.names import Meaning
from catalog.domain.importing.values import is_empty, shown

_SOURCE_KEYS = frozenset({"architectures", "url", "branch", "dockerfile", "git_commit"})
_SECRET = re.compile(r"secret|token|passw|credential|api_?key|private_?key", re.IGNORECASE)


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is the `sage.yaml` of an app."""
    source = document.get("source")
    return (
        isinstance(source, Mapping)
        and not _SOURCE_KEYS.isdisjoint(source)
        and ("name" in document or "id" in document)
        and "@context" not in document
    )


def carried(document: Mapping[str, Any], library: Meaning) -> Carried:
    """Return the description of the app."""
    gathering = Gathering(library, "ecr-app")
    read_keys(gathering, document, _READERS)
    return gathering.carried()


def _name(gathering: Gathering, raw: Any, pointer: str) -> None:
    """The file has one name, which is both the registry's and the only title there is."""
    gathering.say(gathering.item, "dct:title", raw, pointer)
    gathering.say(gathering.item, "sage:appName", raw, pointer)


def _keywords(gathering: Gathering, raw: Any, pointer: str) -> None:
    for word, at in words_in(raw, pointer):
        gathering.say(gathering.item, "dcat:keyword", word, at)


def _persons(prop: str) -> Reader:
    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        say_agents(gathering, gathering.item, prop, raw, pointer, comma=True)

    return read


def _licence(gathering: Gathering, raw: Any, pointer: str) -> None:
    say_licence(gathering, gathering.item, raw, pointer)


def _command(prop: str) -> Reader:
    """A command may be a text, or a list of its words."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        if isinstance(raw, list) and all(isinstance(one, str | int | float) for one in raw):
            raw = " ".join(str(one) for one in raw)
        gathering.say(gathering.item, prop, raw, pointer)

    return read


# ---- source


def _source(gathering: Gathering, raw: Any, pointer: str) -> None:
    if isinstance(raw, Mapping):
        read_keys(gathering, raw, _SOURCE_READERS, pointer)
    elif not is_empty(raw):
        gathering.lose(pointer, f"{shown(raw)} stands where `source` has its fields.")


def _build_arguments(gathering: Gathering, raw: Any, pointer: str) -> None:
    if not isinstance(raw, Mapping):
        if not is_empty(raw):
            gathering.lose(pointer, f"{shown(raw)} stands where names have values.")
        return
    for name, value in raw.items():
        at = pointer + pointer_of(name)
        if _SECRET.search(str(name)):
            gathering.lose(at, f"{shown(name)} looks like a secret, which no description may hold.")
            continue
        part = gathering.part("sage:BuildArgument")
        gathering.say(part, "schema:name", name, at)
        gathering.say(part, "schema:value", _as_text(value), at)
        gathering.add(gathering.item, "sage:buildArgument", part, at)


def _as_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


# ---- inputs and resources


def _inputs(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _objects(gathering, raw, pointer):
        part = gathering.part("sage:AppInput")
        gathering.say(part, "schema:name", one.get("id"), f"{at}/id")
        gathering.say(part, "sage:inputType", one.get("type"), f"{at}/type")
        gathering.say(part, "dct:description", one.get("description"), f"{at}/description")
        gathering.say(part, "schema:defaultValue", _as_text(one.get("default")), f"{at}/default")
        gathering.add(gathering.item, "sage:input", part, at)
        read = frozenset({"id", "type", "description", "default"})
        lose_others(gathering, one, read, at, "input")


def _resources(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _objects(gathering, raw, pointer):
        part = gathering.part("sage:AppResource")
        gathering.say(part, "sage:appResourceType", one.get("type"), f"{at}/type")
        gathering.say(part, "sage:view", one.get("view"), f"{at}/view")
        gathering.say(part, "sage:minResolution", one.get("min_resolution"), f"{at}/min_resolution")
        gathering.add(gathering.item, "sage:appResource", part, at)
        lose_others(gathering, one, frozenset({"type", "view", "min_resolution"}), at, "resource")


def _objects(gathering: Gathering, raw: Any, pointer: str) -> list[tuple[Mapping[str, Any], str]]:
    """Return the objects of a list, each with its pointer; anything else is lost."""
    several = raw if isinstance(raw, list) else [raw]
    found = []
    for number, one in enumerate(several):
        at = f"{pointer}/{number}" if isinstance(raw, list) else pointer
        if isinstance(one, Mapping):
            found.append((one, at))
        elif not is_empty(one):
            gathering.lose(at, f"{shown(one)} stands where an object with named fields is read.")
    return found


# ---- metadata


def _metadata(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Keep the measurements that are named, and all of it as it is where it says more."""
    if is_empty(raw):
        return
    named = _ontology(gathering, raw, pointer) if isinstance(raw, Mapping) else False
    if not named:
        text = json.dumps(raw, ensure_ascii=False, default=str)
        gathering.say(gathering.item, "sage:metadataJson", text, pointer)


def _ontology(gathering: Gathering, raw: Mapping[str, Any], pointer: str) -> bool:
    """Say which measurements are named, and return whether that is all that is there."""
    said = raw.get("ontology")
    at = pointer + pointer_of("ontology")
    plain = True
    for one, place in words_in(said, at) if said is not None else ():
        name = one.get("name") if isinstance(one, Mapping) else one
        plain = plain and isinstance(one, str)
        if isinstance(name, str):
            gathering.say(gathering.item, "sage:ontologyStated", name, place)
    return plain and set(raw) == {"ontology"}


def _identifier(gathering: Gathering, raw: Any, pointer: str) -> None:
    """The name that the registry makes of namespace, name and version."""
    gathering.say(gathering.item, "dct:alternative", raw, pointer)


_SOURCE_READERS: Mapping[str, Reader] = {
    "architectures": to("sage:platformArch"),
    "url": to("schema:codeRepository"),
    "branch": to("sage:branch"),
    "tag": to("sage:tag"),
    "git_commit": to("sage:commit"),
    "directory": to("sage:directory"),
    "dockerfile": to("sage:dockerfilePath"),
    "build_args": _build_arguments,
}

_READERS: Mapping[str, Reader] = {
    "id": _identifier,
    "name": _name,
    "namespace": to("sage:namespace"),
    "version": to("schema:softwareVersion", "dcat:version"),
    "description": to("dct:description"),
    "keywords": _keywords,
    "authors": _persons("dct:creator"),
    "collaborators": _persons("dct:contributor"),
    "homepage": to("foaf:homepage"),
    "funding": to("sage:fundingText"),
    "license": _licence,
    "source": _source,
    "depends_on": to("sage:dependsOn"),
    "baseCommand": _command("sage:baseCommand"),
    "arguments": _command("sage:arguments"),
    "inputs": _inputs,
    "resources": _resources,
    "metadata": _metadata,
    "frozen": to("sage:frozen"),
    "testing": to("sage:testing"),
    "owner": to("sage:registryOwner"),
    "time_created": to("sage:timeCreated"),
    "time_last_updated": to("sage:timeLastUpdated"),
    "thumbnail": to("sage:thumbnail"),
    "images": to("sage:scienceImage"),
    "science_description": to("sage:scienceDescription"),
    "permissions": lost("who may see an item is not part of its description."),
}
