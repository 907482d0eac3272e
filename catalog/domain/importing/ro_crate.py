"""What the metadata of an RO-Crate (1.1 to 1.3) say of its root: `ro-crate-metadata.json`."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of
from catalog.domain.importing.carried import Carried, pointer_of
from catalog.domain.importing.codemeta import SOFTWARE
from catalog.domain.importing.files import lose_others_of_file, say_file
from catalog.domain.importing.gathering import Gathering, Reader, lost
from catalog.domain.importing.names import Meaning
from catalog.domain.importing.nodes import each, id_of, in_short, types_of
from catalog.domain.importing.own_terms import deciding_type, say_classes
from catalog.domain.importing.schema_org import CREATIVE_WORK, read_work, where
from catalog.domain.importing.values import is_empty, shown

PROFILE = "https://w3id.org/ro/crate"
"""What a part of a crate that is a crate itself conforms to."""

_DESCRIPTOR = ("ro-crate-metadata.json", "ro-crate-metadata.jsonld")
_FILES = frozenset(
    {"File", "MediaObject", "ImageObject", "AudioObject", "VideoObject", "DataDownload"}
)
_CODE = frozenset({"SoftwareSourceCode", "ComputationalWorkflow"})
_MODEL = frozenset({"MLModel", "MachineLearningModel"})
_NOT_STATED = "not stated"
_ACCESS = "dcat:accessURL"
_MOST_LOOKS = 20_000
_DEEPEST = 4


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is the metadata of a crate: a graph with the descriptor in it."""
    return any((id_of(one) or "").endswith(_DESCRIPTOR) for one, _ in _entities(document))


def _entities(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    graph = document.get("@graph")
    for number, one in enumerate(graph if isinstance(graph, list) else []):
        if isinstance(one, Mapping):
            yield dict(one), pointer_of("@graph", number)


def carried(document: Mapping[str, Any], library: Meaning, item_type: str | None = None) -> Carried:
    """Return the description of the root data set.

    item_type  what it is, if that is known; else code or a model if the root or its main entity
               says so, and otherwise a collection, which is what every crate is
    """
    crate = _Crate(document)
    said = item_type or crate.item_type(library.shapes.item_types)
    gathering = Gathering(library, said)
    gathering.look = crate.look
    say_classes(gathering, crate.root)
    if item_type is None:
        gathering.tell(crate.place, f"The root of the crate was read as an item of type {said}.")
    readers: dict[str, Reader] = {
        **CREATIVE_WORK,
        **(SOFTWARE if said not in {"collection", "training-data"} else {}),
        "hasPart": crate.parts,
        "mainEntity": crate.parts,
        "distribution": crate.parts,
        "mentions": crate.mentions,
        **_READERS,
    }
    read_work(gathering, crate.stated(), readers, crate.place)
    crate.lose_unread(gathering)
    return gathering.carried()


def _values(raw: Any) -> list[Any]:
    return [one for one, _ in each(raw, "")]


class _Crate:
    """The entities of a crate, and which of them were looked at."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._found: dict[str, tuple[dict[str, Any], str]] = {}
        self._as_written: dict[str, dict[str, Any]] = {}
        for one, at in _entities(document):
            known = id_of(one)
            if known is not None:
                self._found.setdefault(known, (in_short(one), at))
                self._as_written.setdefault(known, one)
        self._looks = 0
        self._read: set[str] = set()
        descriptor = next((key for key in self._found if key.endswith(_DESCRIPTOR)), "")
        about = self._found[descriptor][0].get("about") if descriptor else None
        known = id_of(next((one for one, _ in each(about, "")), None)) or "./"
        self.root, self.place = self._found.get(known) or self._found.get("./") or ({}, "")
        self._read |= {descriptor, known, "./"}

    def stated(self) -> dict[str, Any]:
        """Return the root with its keys as they are written, without what is not stated."""
        root = self._as_written.get(id_of(self.root) or "", {})
        return {key: value for key, value in root.items() if value != _NOT_STATED}

    def item_type(self, item_types: Mapping[str, str]) -> str:
        """Return the type of item that the root, or else its main entity, says to be.

        item_types  name of each to the class that decides
        """
        deciding = deciding_type(item_types, self.root)
        if deciding is not None:
            return deciding
        main = [types_of(self.entity(one)) for one, _ in each(self.root.get("mainEntity"), "")]
        for kinds in (types_of(self.root), *main):
            if kinds & _MODEL:
                return "model"
            if kinds & _CODE:
                return "code"
        return "collection"

    def entity(self, raw: Any) -> Any:
        """Return the entity that a reference names, itself not looked into; else `raw`."""
        known = id_of(raw)
        if known in self._found and set(raw) <= {"@id", "id"}:
            self._read.add(known)
            return self._found[known][0]
        return raw

    def look(self, raw: Any, depth: int = 0) -> Any:
        """Return a value with the entities in place of the references to them."""
        self._looks += 1
        if self._looks > _MOST_LOOKS or depth > _DEEPEST:
            return raw
        if isinstance(raw, list):
            return [self.look(one, depth) for one in raw]
        node = self.entity(raw)
        if not isinstance(node, Mapping):
            return node
        return {
            key: self.look(value, depth + 1) if isinstance(value, Mapping | list) else value
            for key, value in node.items()
        }

    def parts(self, gathering: Gathering, raw: Any, pointer: str) -> None:
        """Read what belongs to the crate: files, and other things that have a web address."""
        for one, at in each(raw, pointer):
            node = self.entity(one)
            known = id_of(node)
            if not isinstance(node, Mapping) or known is None:
                gathering.lose(at, f"{shown(one)} is no part of a crate.")
            elif types_of(node) & _FILES:
                self._file(gathering, node, known, at)
            elif PROFILE in map(id_of, _values(node.get("conformsTo"))) and node.get("url"):
                self.parts(gathering, {"@id": node["url"]}, at)
            elif address_of(known) and gathering.item_type == "collection":
                gathering.say(gathering.item, "dcat:resource", known, at)
            elif address_of(known):
                gathering.say(gathering.item, "dct:hasPart", known, at)
            else:
                gathering.lose_key(
                    at, "hasPart", "a folder or part without a web address is not kept.", "folder"
                )

    def _file(
        self, gathering: Gathering, node: Mapping[str, Any], known: str, pointer: str
    ) -> None:
        """Say a file: by its address, else by its path within the crate."""
        about = self.entity(next(iter(_values(node.get("about"))), None))
        if about is self.root:
            gathering.tell(pointer, f"{shown(known)} describes the crate itself, as this does.")
            return
        if not is_empty(node.get("contentUrl")) or _ACCESS in node:
            say_file(gathering, node, pointer)
        elif address_of(known):
            say_file(gathering, {**node, "contentUrl": known}, pointer)
        else:
            said = {key: value for key, value in node.items() if key != "url"}
            say_file(gathering, said, pointer, key=known)
        lose_others_of_file(gathering, node, pointer)

    def mentions(self, gathering: Gathering, raw: Any, pointer: str) -> None:
        """Read what is mentioned; actions tell how things came to be, which has no field."""
        for one, at in each(raw, pointer):
            kinds = types_of(self.entity(one))
            if any(kind.endswith("Action") for kind in kinds):
                gathering.lose_key(at, "mentions", "actions are not read.", "action")
            else:
                where("dct:relation")(gathering, one, at)

    def lose_unread(self, gathering: Gathering) -> None:
        """Tell, once for each type, of the entities to which nothing led."""
        for known, (node, at) in self._found.items():
            if known not in self._read:
                kinds = " and ".join(sorted(types_of(node))) or "thing without a type"
                gathering.lose_key(at, kinds, "nothing that was read leads to it.", "entity")


_READERS: Mapping[str, Reader] = {
    "contentSize": lost("the size of a whole crate has no field here."),
}
