"""An item as an RO-Crate 1.2: the metadata of a package, and the parts of which a package is made.

What RO-Crate has a term for stands under that term, all else in the catalog's own words, so that
the description can be read again from the metadata alone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.domain.description import statements_of
from catalog.domain.exporting import own_terms
from catalog.domain.exporting import schema_values as write
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.schema_terms import (
    TERMS,
    exact,
    identifiers,
    is_software,
)
from catalog.domain.identifiers import quoted
from catalog.domain.record import FileRecord

CONTEXT: Final = "https://w3id.org/ro/crate/1.2/context"
CONFORMS_TO: Final = "https://w3id.org/ro/crate/1.2"
PROFILE: Final = "https://w3id.org/ro/crate"
MEDIA_TYPE: Final = "application/ld+json"
METADATA: Final = "ro-crate-metadata.json"
PREVIEW: Final = "ro-crate-preview.html"
DESCRIPTION: Final = "item.ttl"
FILES: Final = "files/"
"""The folder of a package in which the files of its item lie, under their own names."""

_ROOT = "./"
_NOT_STATED = "not stated"
_MEMBERS = "dcat:resource"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a collection that a package holds as a crate of its own.

    iri     its address
    folder  where it lies in the package, ending in a slash
    """

    iri: str
    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class Package:
    """What a package holds beside its metadata.

    files      of the item, at their names below `FILES`
    members    of the collection that it is
    closed     addresses of members that whoever asks may not see
    elsewhere  addresses of members that are no items of this catalog
    """

    files: tuple[FileRecord, ...] = ()
    members: tuple[Member, ...] = ()
    closed: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def ro_crate(exported: Exported) -> bytes:
    """Return the metadata of an item, as a crate whose files are elsewhere on the web."""
    return _document(exported, None)


def packaged(exported: Exported, package: Package) -> bytes:
    """Return the metadata of a package, which names what lies beside it."""
    return _document(exported, package)


def _document(exported: Exported, package: Package | None) -> bytes:
    graph = _Graph(exported, _ROOT if package is not None else exported.iri)
    root = _root(exported, package)
    graph.put(graph.root, root.pop("@type"))
    for key, value in root.items():
        graph.say(graph.root, key, value)
    _add_files(graph, exported, package)
    if package is not None:
        _add_package(graph, package)
    graph.describe_what_is_named()
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": CONFORMS_TO},
        "about": {"@id": graph.root},
    }
    entities = [descriptor, *graph.entities.values()]
    used = {key for entity in entities for key in entity}
    further = {name: iri for name, iri in _FURTHER_TERMS.items() if name in used}
    context = [CONTEXT, {**further, **own_terms.prefixes(entities)}]
    document = {"@context": context, "@graph": entities}
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


_FURTHER_TERMS: Final[dict[str, str]] = {
    f"sha{length}": f"http://schema.org/sha{length}" for length in (384, 512)
} | {"md5": "http://mlcommons.org/croissant/md5", "sha1": "https://w3id.org/ro/terms/sha1"}
"""Terms that we use and the published context does not have."""


# -- the root


_SAID_ELSEWHERE: Final = frozenset({"dcat:distribution", "dcat:landingPage"})


def _root(exported: Exported, package: Package | None) -> dict[str, Any]:
    """Return the root of the crate: what it must say, what it can, and the rest in our words."""
    said, known = exact(exported, TERMS)
    known |= _SAID_ELSEWHERE
    kinds = write.classes_of(exported, exported.record.type)
    if is_software(kinds) and not _said_by_person(exported, "dcat:version"):
        said.pop("version", None)
    if write.values(exported, _MEMBERS):
        known = (known - {"dct:hasPart"}) | {_MEMBERS}
        said.pop("hasPart", None)
        if package is None and (members := _members(exported)):
            said["hasPart"] = members
    landing = write.each(exported, "dcat:landingPage", None, write.plain)
    return {
        "@type": ["Dataset", *own_terms.classes(exported)],
        **said,
        "description": said.get("description", _NOT_STATED),
        "license": said.get("license", _NOT_STATED),
        "datePublished": said.get("datePublished", said.get("dateModified")),
        "identifier": _identifiers(exported, said.get("identifier", [])),
        **({"url": landing} if landing else {}),
        **own_terms.rest(exported, known),
    }


def _said_by_person(exported: Exported, prop: str) -> bool:
    return f"> <{write.iri(prop)}> " in exported.record.ntriples


def _identifiers(exported: Exported, given: list[Any]) -> list[Any]:
    """Return the identifiers, the address of the item in place of its bare id."""
    *others, _ = identifiers(exported, given)
    return [*others, write.node("PropertyValue", propertyID="URL", value=exported.iri)]


def _members(exported: Exported) -> list[Any]:
    found = (write.work(exported, one) for one in write.values(exported, _MEMBERS))
    return [one for one in found if isinstance(one, dict)]


# -- the graph


@dataclass
class _Graph:
    """The entities of a crate by their ids, each of them said once."""

    exported: Exported
    root: str
    entities: dict[str, dict[str, Any]] = field(default_factory=dict)
    _unnamed: int = 0

    def put(self, identity: str, kind: Any) -> dict[str, Any]:
        """Return the entity of that id, of a further class."""
        entity = self.entities.setdefault(identity, {"@id": identity, "@type": kind})
        several = dict.fromkeys((*_listed(entity["@type"]), *_listed(kind)))
        entity["@type"] = write.one_or_all(list(several))
        return entity

    def say(self, identity: str, key: str, value: Any) -> None:
        """Say something of an entity, with whatever the value is made of as entities too."""
        entity = self.entities[identity]
        several = [self._flat(_as_neighbour(key, one)) for one in _listed(value)]
        known = _listed(entity.get(key))
        new = [one for one in several if one not in known]
        entity[key] = write.one_or_all([*known, *new])

    def _flat(self, value: Any) -> Any:
        """Return a value with references in place of the objects in it."""
        if not isinstance(value, Mapping) or "@value" in value:
            return value
        identity = self._identity(value)
        if set(value) != {"@id"}:
            self.put(identity, value.get("@type", "Thing"))
            for key, inner in value.items():
                if key not in {"@id", "@type"}:
                    self.say(identity, key, inner)
        return {"@id": identity}

    def _identity(self, value: Mapping[str, Any]) -> str:
        """Return the id of an object: parts of the item by their fragments."""
        said = value.get("@id")
        if said is None:
            self._unnamed += 1
            return f"#unnamed-{self._unnamed}"
        iri = self.exported.iri
        if said == iri:
            return self.root
        return str(said).removeprefix(iri) if said.startswith(f"{iri}#") else str(said)

    def describe_what_is_named(self) -> None:
        """Describe the concepts and items that something points to and nothing describes."""
        for identity in list(_references(self.entities.values())):
            if identity not in self.entities:
                found = write.defined_term(self.exported, f"<{identity}>")
                if found:
                    found.pop("inDefinedTermSet", None)
                    self._flat(found)


def _as_neighbour(key: str, value: Any) -> Any:
    """Return another work with classes that demand nothing here.

    In a crate data sets and files are parts of it, and software has a version and a page.
    """
    if not isinstance(value, Mapping) or "@type" not in value:
        return value
    kinds = _listed(value["@type"])
    if _WORKS.isdisjoint(kinds):
        return value
    is_data = key == "hasPart" and "Dataset" in kinds
    return {**value, "@type": "Dataset" if is_data else "CreativeWork"}


_WORKS: Final = frozenset(
    {"Collection", "DataCatalog", "Dataset", "MediaObject", "Product", "SoftwareApplication",
     "SoftwareSourceCode"}
)  # fmt: skip


def _references(entities: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for entity in entities:
        for key, value in entity.items():
            for one in _listed(value):
                if key != "@id" and isinstance(one, Mapping) and "@id" in one:
                    yield one["@id"]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


# -- files


_OF_A_FILE: Final = frozenset(
    {"dct:title", "dct:description", "dcat:downloadURL", "dcat:mediaType", "dcat:byteSize",
     "dct:license", "dct:issued", "dct:modified", "dct:conformsTo", "spdx:checksum"}
)  # fmt: skip


def _add_files(graph: _Graph, exported: Exported, package: Package | None) -> None:
    """Say the files of the item: those in the package, and those that are elsewhere."""
    kept = {quoted(file.name): file for file in (package.files if package else ())}
    for value in write.values(exported, "dcat:distribution"):
        name = value[1:-1].partition("#file/")[2]
        if package is not None and name in kept:
            _add_file(graph, exported, value, kept.pop(name))
        else:
            _add_elsewhere(graph, exported, value)
    # All of them at once: to look for each among those before would take hours for 100,000.
    if kept:
        graph.say(graph.root, "hasPart", [_kept(graph, exported, file) for file in kept.values()])


def _add_file(graph: _Graph, exported: Exported, value: str, file: FileRecord) -> None:
    said = write.file(exported, value) or {}
    own = own_terms.rest(exported, {*_OF_A_FILE, "dcat:accessURL"}, value)
    _part(graph, f"{FILES}{quoted(file.name)}", "File", {**said, **own})


def _kept(graph: _Graph, exported: Exported, file: FileRecord) -> dict[str, str]:
    """Say a file of a long list, in which files are no distributions of their own; point to it."""
    identity = f"{FILES}{quoted(file.name)}"
    graph.put(identity, "File").update(
        name=file.name,
        contentUrl=f"{exported.version_iri}/files/{quoted(file.name)}",
        encodingFormat=file.media_type,
        contentSize=str(file.size_bytes),
        sha256=file.sha256,
    )
    return {"@id": identity}


def _add_elsewhere(graph: _Graph, exported: Exported, value: str) -> None:
    """Say a file by its address; what only a page leads to is no part but a way to get it."""
    said = write.file(exported, value)
    if said is None:
        return
    own = own_terms.rest(exported, _OF_A_FILE, value)
    said = {key: one for key, one in said.items() if key != "url"} | own
    if "contentUrl" in said:
        _part(graph, said["contentUrl"], "File", said)
    else:
        graph.say(graph.root, "distribution", said)


def _part(graph: _Graph, identity: str, kind: str, said: Mapping[str, Any]) -> None:
    graph.put(identity, kind)
    for key, value in said.items():
        if key not in {"@id", "@type", "url"}:
            graph.say(identity, key, value)
    graph.say(graph.root, "hasPart", {"@id": identity})


# -- a package


def members_cited(ntriples: str) -> tuple[str, ...]:
    """Return the IRIs of the members that a stored description names, in its order."""
    prop = f"<{write.iri(_MEMBERS)}>"
    said = (line for line in statements_of(ntriples) if line[1] == prop and line[2][0] == "<")
    return tuple(dict.fromkeys(value[1:-1] for _, _, value in said))


def _add_package(graph: _Graph, package: Package) -> None:
    """Say what a package holds beside files: the description in RDF, a page, and members."""
    described = {
        "name": "The description as the catalog keeps it",
        "encodingFormat": "text/turtle",
        "about": {"@id": graph.root},
    }
    _part(graph, DESCRIPTION, "File", described)
    graph.put(PREVIEW, "CreativeWork")
    graph.say(PREVIEW, "about", {"@id": graph.root})
    for member in package.members:
        graph.put(member.folder, "Dataset")
        graph.say(member.folder, "name", member.name)
        graph.say(member.folder, "url", member.iri)
        graph.say(member.folder, "conformsTo", {"@id": PROFILE})
        graph.say(member.folder, "subjectOf", _descriptor(member))
        graph.say(graph.root, "hasPart", {"@id": member.folder})
    for iri in (*package.closed, *package.elsewhere):
        graph.put(iri, "CreativeWork")
        graph.say(graph.root, "hasPart", {"@id": iri})
    for iri in package.closed:
        graph.say(iri, "description", "This member is not open to whoever asked for the package.")


def _descriptor(member: Member) -> dict[str, Any]:
    return {
        "@id": f"{member.folder}{METADATA}",
        "@type": "CreativeWork",
        "encodingFormat": MEDIA_TYPE,
        "about": {"@id": member.folder},
    }
