"""What a Croissant description (1.0 and 1.1, JSON-LD) says of a data set for machine learning."""

from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of, date_of
from catalog.domain.importing.carried import Carried
from catalog.domain.importing.files import FILE_KEYS, lose_others_of_file, say_file
from catalog.domain.importing.gathering import Gathering, Part, Reader, lose_others, lost, to
from catalog.domain.importing.names import Meaning
from catalog.domain.importing.nodes import each, id_of, in_short, local, texts_in, types_of
from catalog.domain.importing.own_terms import deciding_type, say_classes
from catalog.domain.importing.schema_org import CREATIVE_WORK, read_work, text, where
from catalog.domain.importing.values import concept_of, is_empty, shown

_CROISSANT = "mlcommons.org/croissant"
_REPOSITORY = "git+https"
_KNOWN_PREFIXES = {
    "sc": "https://schema.org/",
    "schema": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "wd": "http://www.wikidata.org/entity/",
}


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is a Croissant description, by what it says to conform to."""
    if "@graph" in document:
        return False
    said = in_short({key: raw for key, raw in document.items() if "conformsTo" in str(key)})
    if any(_CROISSANT in str(one) for one, _ in each(said.get("conformsTo"), "")):
        return True
    names_it = any(_CROISSANT in str(one) for one in _contexts(document.get("@context")))
    return names_it and "Dataset" in types_of(document)


def _contexts(raw: Any) -> list[Any]:
    several = raw if isinstance(raw, list) else [raw]
    values = [list(one.values()) if isinstance(one, Mapping) else [one] for one in several]
    return [value for some in values for value in some if isinstance(value, str)]


def carried(document: Mapping[str, Any], library: Meaning) -> Carried:
    """Return the description of the data set."""
    item_type = deciding_type(library.shapes.item_types, document)
    gathering = Gathering(library, item_type or "training-data")
    say_classes(gathering, document)
    prefixes = {**_KNOWN_PREFIXES, **_prefixes(document.get("@context"))}
    files = {
        name: one
        for one, _ in _nodes(document, "distribution")
        if isinstance(name := id_of(one) or one.get("name"), str)
    }
    own: dict[str, Reader] = {
        **_READERS,
        "distribution": lambda _, raw, at: _distributions(gathering, raw, at, files),
        "recordSet": lambda _, raw, at: _record_sets(gathering, raw, at, prefixes),
        **{name: _responsible(name) for name in map(local, map(str, document))
           if name.startswith("rai:")},
    }  # fmt: skip
    read_work(gathering, document, own)
    return gathering.carried()


def _nodes(document: Mapping[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
    found = next((raw for key, raw in document.items() if local(str(key)) == name), None)
    return [(one, at) for one, at in each(in_short(found), "") if isinstance(one, dict)]


def _prefixes(raw: Any) -> dict[str, str]:
    """Return the prefixes that the document itself declares."""
    several = raw if isinstance(raw, list) else [raw]
    return {
        key: value
        for one in several
        if isinstance(one, Mapping)
        for key, value in one.items()
        if isinstance(value, str) and value.endswith(("/", "#")) and address_of(value)
    }


# ---- files


def _distributions(
    gathering: Gathering, raw: Any, pointer: str, files: Mapping[Any, Mapping[str, Any]]
) -> None:
    for one, at in each(raw, pointer):
        if not isinstance(one, Mapping):
            gathering.lose(at, f"{shown(one)} is neither a FileObject nor a FileSet.")
        elif not is_empty(one.get("contentUrl")):
            _file(gathering, one, at)
            lose_others_of_file(gathering, one, at)
        else:
            _contained(gathering, one, at, files)


def _file(gathering: Gathering, node: Mapping[str, Any], pointer: str) -> None:
    """Say a FileObject; the address of a repository leads to more than a file."""
    if node.get("encodingFormat") == _REPOSITORY:
        said = {key: value for key, value in node.items() if key != "encodingFormat"}
        say_file(gathering, said, pointer, located="dcat:accessURL")
    else:
        say_file(gathering, node, pointer)


def _contained(
    gathering: Gathering,
    node: Mapping[str, Any],
    pointer: str,
    files: Mapping[Any, Mapping[str, Any]],
) -> None:
    """Say what lies in another file, with the address of that."""
    holders = [one for one, _ in each(node.get("containedIn"), "")]
    known = [files.get(id_of(one) or one) for one in holders if isinstance(one, str | Mapping)
             and isinstance(id_of(one) or one, str)]  # fmt: skip
    places = [one.get("contentUrl") for one in known if one]
    found = next((place for place in places if address_of(place)), None)
    if found is None:
        what = shown(node.get("name") or id_of(node) or node)
        gathering.lose(pointer, f"File: {what} lies in nothing that has a web address.")
        return
    patterns = [str(one) for one, _ in each(node.get("includes"), "")]
    said = node.get("description") or (patterns and f"Files like {', '.join(patterns)} within it")
    part = {**node, "description": said or None, "contentUrl": found}
    say_file(gathering, part, pointer, located="dcat:accessURL")
    read = FILE_KEYS | {"includes", "containedIn"}
    lose_others(gathering, node, frozenset(read), pointer, "set of files")


# ---- record sets


def _record_sets(gathering: Gathering, raw: Any, pointer: str, prefixes: Mapping[str, str]) -> None:
    for one, at in each(raw, pointer):
        if not isinstance(one, Mapping):
            gathering.lose(at, f"{shown(one)} is no RecordSet.")
            continue
        if any(str(kind).endswith("Split") for kind, _ in each(one.get("dataType"), "")):
            _splits(gathering, one, at)
            continue
        part = gathering.part("cr:RecordSet")
        _say_named(gathering, part, one, at)
        for field, place in each(one.get("field"), f"{at}/field"):
            _say_field(gathering, part, field, place, prefixes)
        gathering.add(gathering.item, "cr:recordSet", part, at)
        lose_others(gathering, one, _SET_KEYS, at, "table")


def _say_named(gathering: Gathering, part: Part, node: Mapping[str, Any], pointer: str) -> None:
    for word, _ in texts_in(node.get("name") or id_of(node), pointer):
        gathering.say(part, "schema:name", word, pointer)
    for word, _ in texts_in(node.get("description"), pointer):
        gathering.say(part, "schema:description", word, pointer)


def _say_field(
    gathering: Gathering, table: Part, raw: Any, pointer: str, prefixes: Mapping[str, str]
) -> None:
    if not isinstance(raw, Mapping):
        gathering.lose(pointer, f"{shown(raw)} is no Field.")
        return
    part = gathering.part("cr:Field")
    _say_named(gathering, part, raw, pointer)
    for kind, _ in each(raw.get("dataType"), pointer):
        word = id_of(kind) if isinstance(kind, Mapping) else kind
        prefix, colon, rest = str(word).partition(":")
        known = f"{prefixes[prefix]}{rest}" if colon and prefix in prefixes else word
        gathering.say(part, "cr:dataType", known, f"{pointer}/dataType")
    gathering.add(table, "cr:field", part, pointer)
    lose_others(gathering, raw, _FIELD_KEYS, pointer, "field")


_SET_KEYS = frozenset({"name", "description", "field", "dataType"})
_FIELD_KEYS = frozenset({"name", "description", "dataType"})


def _splits(gathering: Gathering, node: Mapping[str, Any], pointer: str) -> None:
    """Read a RecordSet that lists the splits of the data."""
    for row, at in each(node.get("data"), f"{pointer}/data"):
        names = [value for value in row.values() if isinstance(value, str)] if isinstance(
            row, Mapping
        ) else []  # fmt: skip
        said = row.items() if isinstance(row, Mapping) else ()
        counts = {str(key).rpartition("/")[2]: value for key, value in said}
        if not say_split(gathering, names, counts, at):
            gathering.lose(at, f"Split: {shown(names[0]) if names else 'this'} is none known here.")


def say_split(
    gathering: Gathering, names: list[str], counts: Mapping[str, Any], pointer: str
) -> bool:
    """Say that the data have a split, by the first name that the vocabulary knows."""
    schemes = ("dataset-split",)
    found = next(filter(None, (concept_of(one, schemes, gathering.names) for one in names)), None)
    if found is None:
        return False
    part = gathering.part("sage:Split")
    gathering.say(part, "dct:description", counts.get("description"), f"{pointer}/description")
    gathering.say(part, "sage:datasetSplit", found, pointer)
    gathering.say(part, "sage:recordCount", counts.get("num_examples"), f"{pointer}/num_examples")
    return gathering.add(gathering.item, "sage:split", part, pointer)


# ---- responsible AI


def _responsible(term: str) -> Reader:
    """Return a reader of a term of the RAI vocabulary, where the item type has it as a field."""
    name = term.removeprefix("rai:")
    prop = f"cr:RAI/{name}"

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        if gathering.has_field(prop):
            text(prop)(gathering, raw, pointer)
        elif not is_empty(raw):
            reason = "it belongs to another item, such as the label set, or has no field here."
            gathering.lose_key(pointer, term, reason)

    return _timeframe if name == "dataCollectionTimeframe" else read


def _timeframe(gathering: Gathering, raw: Any, pointer: str) -> None:
    said = [one for one, _ in each(raw, pointer)]
    days = [known[0][:10] for one in said[:2] if (known := date_of(one))]
    value = "/".join(days) if len(days) == len(said) else next(iter(said), None)
    gathering.say(gathering.item, "it6:collectionDate", value, pointer)


def _standards(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read what the data conform to; the description itself conforms to Croissant."""
    for one, at in each(raw, pointer):
        if _CROISSANT not in str(id_of(one) or one):
            where("dct:conformsTo")(gathering, one, at)


_READERS: Mapping[str, Reader] = {
    **CREATIVE_WORK,
    "citeAs": text("cr:citeAs"),
    "conformsTo": _standards,
    "version": to("dcat:version"),
    "isLiveDataset": lost("whether the data still grow has no field here."),
    "sdLicense": lost("it is about the Croissant file, not about the data."),
    "sdPublisher": lost("it is about the Croissant file, not about the data."),
    "sdVersion": lost("it is about the Croissant file, not about the data."),
    "variableMeasured": lost("variables belong to an item of the type sensor-data."),
    "dataCollection": text("cr:RAI/dataCollection"),
    "dataBiases": text("cr:RAI/dataBiases"),
    "personalSensitiveInformation": text("cr:RAI/personalSensitiveInformation"),
}
