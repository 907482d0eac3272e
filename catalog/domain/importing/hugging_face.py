"""What a card of Hugging Face says of a model or a data set: a README.md with YAML before it."""

import re
from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of, doi_of
from catalog.domain.importing.carried import Carried, pointer_of
from catalog.domain.importing.croissant import say_split
from catalog.domain.importing.gathering import Gathering, Reader, lost, read_keys, to
from catalog.domain.importing.hugging_face_text import Section, sections_of
from catalog.domain.importing.licences import licence_of, say_licence
from catalog.domain.importing.names import Meaning
from catalog.domain.importing.nodes import each
from catalog.domain.importing.schema_org import languages, say_identifier
from catalog.domain.importing.trees import Place, Tree
from catalog.domain.importing.values import is_empty, shown
from catalog.domain.importing.yaml_reading import yaml_tree

BODY = "README.md"
"""The key under which the text after the front matter stands; no card has a field of that name."""

_MODEL_KEYS = frozenset(
    {"library_name", "pipeline_tag", "base_model", "base_model_relation", "datasets", "metrics",
     "model-index", "model_name", "model_type", "model_creator", "widget", "inference",
     "co2_eq_emissions", "new_version", "quantized_by", "eval_results"}
)  # fmt: skip
_DATA_KEYS = frozenset(
    {"pretty_name", "task_categories", "task_ids", "size_categories", "dataset_info", "configs",
     "annotations_creators", "language_creators", "multilinguality", "source_datasets", "viewer",
     "train-eval-index", "paperswithcode_id"}
)  # fmt: skip
_FRONT = re.compile(r"\ufeff?\s*---[ \t]*\r?\n(.*?)(?:^---[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_YAML = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
_EMPTY = Tree({}, lambda _pointer: (1, 1))
_HUB = "https://huggingface.co"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?", re.ASCII)
_TAGGED = re.compile(r"(arxiv|dataset|license|doi|region|base_model|modality|format|library|"
                     r"language|task_categories|size_categories):(.+)")  # fmt: skip


def parsed(source: str) -> Tree:
    """Return the front matter of a card as a tree, with the text after it under `BODY`.

    Raises Unreadable and OverLimit, with line and column in the card, for YAML that cannot be read.
    """
    found = _FRONT.match(source)
    if found is None:
        return Tree({BODY: source}, lambda _pointer: (1, 1))
    above = source[: found.start(1)].count("\n")
    front = yaml_tree("\n" * above + found[1]) if _YAML.search(found[1]) else _EMPTY
    members = front.value if isinstance(front.value, dict) else {"front matter": front.value}
    below = source.count("\n", 0, found.end()) + 1

    def place(pointer: str) -> Place | None:
        return (below, 1) if pointer.startswith(pointer_of(BODY)) else front.place(pointer)

    return Tree({**members, BODY: source[found.end() :]}, place)


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is a card: it has a text, or keys that only cards have."""
    if "@context" in document or "cff-version" in document:
        return False
    if isinstance(document.get(BODY), str):
        return True
    return len((_MODEL_KEYS | _DATA_KEYS).intersection(document)) > 1


def carried(document: Mapping[str, Any], library: Meaning, item_type: str | None = None) -> Carried:
    """Return the description of the model or data set.

    item_type  `model` or `training-data`, if that is known; else the keys tell, of which some are
               for models only and some for data only
    """
    said = item_type or _kind(document)
    gathering = Gathering(library, said)
    if item_type is None and not (_MODEL_KEYS | _DATA_KEYS).intersection(document):
        gathering.tell("", f"Nothing in the card says what it is of; it was read as of a {said}.")
    title, sections = sections_of(_text_of(document), said)
    if is_empty(document.get(_NAMES.get(said, BODY))):
        gathering.say(gathering.item, "dct:title", title, pointer_of(BODY))
    front = {key: raw for key, raw in document.items() if key != BODY}
    read_keys(gathering, front, _MODEL if said == "model" else _DATA)
    _say_sections(gathering, sections)
    if not gathering.item.says("dct:license") and not is_empty(document.get("license")):
        gathering.lose("/license", "Licence: this says nothing without `license_name`.")
    return gathering.carried()


_NAMES = {"model": "model_name", "training-data": "pretty_name"}


def _text_of(document: Mapping[str, Any]) -> str:
    text = document.get(BODY)
    return text if isinstance(text, str) else ""


def _kind(document: Mapping[str, Any]) -> str:
    of_data = len(_DATA_KEYS.intersection(document))
    return "training-data" if of_data > len(_MODEL_KEYS.intersection(document)) else "model"


# ---- the text


def _say_sections(gathering: Gathering, sections: list[Section]) -> None:
    """Say what the sections of the text say that have a field, and tell of the others."""
    at = pointer_of(BODY)
    left = []
    for section in sections:
        if section.prop is None:
            left.append(section.heading)
        elif not gathering.says_in_english(section.prop):
            gathering.say(gathering.item, section.prop, section.text, at)
        else:
            left.append(section.heading)
    named = ", ".join(shown(one) for one in left[:12] if one)
    if named:
        more = f" and {len(left) - 12} more" if len(left) > 12 else ""
        gathering.lose(at, f"These sections of the text are not carried over: {named}{more}.")


# ---- the front matter


def _licences(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read licences by Hugging Face's ids, which are SPDX's in lower case; `other` says nothing."""
    for one, at in each(raw, pointer):
        if one not in ("other", "unknown"):
            say_licence(gathering, gathering.item, one, at)


def _licence_words(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the name of a licence that has no id."""
    if isinstance(raw, str) and not licence_of(raw, gathering.names):
        part = gathering.part("dct:LicenseDocument")
        gathering.say(part, "dct:title", raw, pointer)
        gathering.add(gathering.item, "dct:license", part, pointer)
    else:
        say_licence(gathering, gathering.item, raw, pointer)


def _licence_link(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Say where the text of the licence stands, about the one that has been named in words."""
    named = [one for one, _ in gathering.item.said.get("http://purl.org/dc/terms/license", ())
             if not isinstance(one, Mapping)]  # fmt: skip
    if named:
        gathering.say(named[-1], "foaf:page", raw, pointer)
    elif address_of(raw):
        say_licence(gathering, gathering.item, raw, pointer)
    elif not is_empty(raw):
        gathering.lose(pointer, f"Licence page: {shown(raw)} is not a full web address.")


def _framework(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in each(raw, pointer):
        part = gathering.part("sage:RuntimeRequirement")
        gathering.say(part, "sage:framework", one, at)
        gathering.add(gathering.item, "sage:runtimeRequirement", part, at)


def _tags(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read keywords; a tag with a kind before a colon says something else, or nothing new."""
    for one, at in each(raw, pointer):
        found = _TAGGED.fullmatch(one) if isinstance(one, str) else None
        if found is None:
            gathering.say(gathering.item, "dcat:keyword", one, at)
        else:
            _say_tag(gathering, found[1], found[2], at)


def _say_tag(gathering: Gathering, kind: str, value: str, pointer: str) -> None:
    if kind == "arxiv":
        gathering.say(gathering.item, "dct:isReferencedBy", f"arxiv:{value}", pointer)
    elif kind == "doi" and doi_of(value):
        say_identifier(gathering, value, pointer, "Hugging Face")
    elif kind == "dataset" and gathering.item_type == "model":
        _datasets(gathering, value, pointer)
    elif kind == "modality" and gathering.has_field("sage:modality"):
        gathering.say(gathering.item, "sage:modality", value, pointer)
    elif kind == "license":
        say_licence(gathering, gathering.item, value, pointer)
    else:
        gathering.lose_key(pointer, f"{kind}:", "this tag of the hub is no keyword.", "tag")


def _datasets(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the names of data sets on the hub, as their addresses there."""
    for one, at in each(raw, pointer):
        if isinstance(one, str) and _NAME.fullmatch(one.strip()):
            one = f"{_HUB}/datasets/{one.strip()}"
        gathering.say(gathering.item, "it6:trainedOn", one, at)


def _base_model(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read what a model was fine-tuned from, where that is an address."""
    for one, at in each(raw, pointer):
        if isinstance(one, str) and not address_of(one) and _NAME.fullmatch(one.strip()):
            gathering.lose(
                at,
                f"Fine-tuned from: {shown(one)} is a name on the hub; if this model was tuned from "
                f"it, say so with {_HUB}/{one.strip()}.",
            )
        else:
            gathering.say(gathering.item, "it6:fineTunedFrom", one, at)


def _model_index(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the name; results are evaluations, each an item of its own."""
    for one, at in each(raw, pointer):
        if not isinstance(one, Mapping):
            gathering.lose(at, f"{shown(one)} is no entry of a model index.")
            continue
        prop = "dct:alternative" if gathering.item.says("dct:title") else "dct:title"
        gathering.say(gathering.item, prop, one.get("name"), f"{at}/name")
        if not is_empty(one.get("results")):
            gathering.lose(
                f"{at}/results",
                "Results are not carried over: describe each evaluation as an item of the type "
                "evaluation, with the data and the metrics.",
            )


def _emissions(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read what training gave off, in grams of CO2."""
    node = raw if isinstance(raw, Mapping) else {"emissions": raw}
    part = gathering.part("it6:EnvironmentalImpact")
    grams = node.get("emissions")
    if isinstance(grams, int | float) and not isinstance(grams, bool):
        gathering.say(part, "it6:carbonEmitted", f"{grams} g CO2eq", pointer)
    elif not is_empty(grams):
        gathering.lose(pointer, f"Carbon emitted: {shown(grams)} is no number of grams.")
    gathering.say(part, "it6:measurementMethodology", node.get("source"), f"{pointer}/source")
    gathering.add(gathering.item, "it6:hasTrainingImpact", part, pointer)
    for key in set(node) - {"emissions", "source"}:
        gathering.lose_key(pointer + pointer_of(key), str(key), "no field here stands for it.")


# ---- data sets


def _source_datasets(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in each(raw, pointer):
        if address_of(one):
            gathering.say(gathering.item, "prov:wasDerivedFrom", one, at)
        elif one != "original":
            gathering.lose(at, f"Made from: {shown(one)} is not a full web address.")


def _dataset_info(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the tables and splits; a data set may have several configurations."""
    for one, at in each(raw, pointer):
        if not isinstance(one, Mapping):
            gathering.lose(at, f"{shown(one)} says nothing about features or splits.")
            continue
        part = gathering.part("cr:RecordSet")
        for feature, place in each(one.get("features"), f"{at}/features"):
            _feature(gathering, part, feature, place)
        if part.said:
            gathering.say(part, "schema:name", one.get("config_name", "default"), at)
            gathering.add(gathering.item, "cr:recordSet", part, at)
        for split, place in each(one.get("splits"), f"{at}/splits"):
            _split(gathering, split, place)
        for key in ("download_size", "dataset_size"):
            if key in one:
                reason = "sizes belong to files, and splits, of which it is a sum."
                gathering.lose_key(f"{at}/{key}", key, reason, "sizes")


def _feature(gathering: Gathering, table: Any, raw: Any, pointer: str) -> None:
    if not isinstance(raw, Mapping) or is_empty(raw.get("name")):
        gathering.lose(pointer, f"{shown(raw)} is no feature with a name.")
        return
    part = gathering.part("cr:Field")
    gathering.say(part, "schema:name", raw.get("name"), f"{pointer}/name")
    kind = raw.get("dtype")
    if isinstance(kind, Mapping) and isinstance(kind.get("class_label"), Mapping):
        names = kind["class_label"].get("names")
        listed = list(names.values()) if isinstance(names, Mapping) else names
        gathering.say(gathering.item, "sage:className", listed, f"{pointer}/dtype")
        kind = "int64"
    known = next((iri for form, iri in _TYPES if isinstance(kind, str) and form.match(kind)), None)
    if known:
        gathering.say(part, "cr:dataType", known, f"{pointer}/dtype")
    elif not is_empty(kind):
        gathering.lose_key(f"{pointer}/dtype", "dtype", "types within types are not kept.", "field")
    gathering.add(table, "cr:field", part, pointer)


_TYPES = tuple(
    (re.compile(form), f"https://schema.org/{name}")
    for form, name in (
        (r"(large_)?string$", "Text"),
        (r"u?int(8|16|32|64)$", "Integer"),
        (r"(float(16|32|64)|double)$", "Float"),
        (r"bool$", "Boolean"),
        (r"image$", "ImageObject"),
        (r"audio$", "AudioObject"),
        (r"video$", "VideoObject"),
        (r"date(32|64)?$", "Date"),
        (r"timestamp", "DateTime"),
    )
)
"""How the types of Arrow, which the hub uses, are called by schema.org."""


def _split(gathering: Gathering, raw: Any, pointer: str) -> None:
    name = raw.get("name", raw.get("split")) if isinstance(raw, Mapping) else raw
    counts = raw if isinstance(raw, Mapping) else {}
    if not say_split(gathering, [name] if isinstance(name, str) else [], counts, pointer):
        gathering.lose(pointer, f"Split: {shown(name)} is no term of the vocabulary dataset-split.")


def _configs(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the splits that files are of, where nothing else has told the splits."""
    if gathering.item.says("sage:split"):
        return
    for one, at in each(raw, pointer):
        files = one.get("data_files") if isinstance(one, Mapping) else None
        for split, place in each(files, f"{at}/data_files"):
            if isinstance(split, Mapping):
                _split(gathering, split, place)
            else:
                gathering.lose_key(place, "data_files", "it names no split.", "config")


_COMMON: Mapping[str, Reader] = {
    "language": languages,
    "language_bcp47": lost("languages are kept by their first part, under `language`."),
    "license": _licences,
    "license_name": _licence_words,
    "license_link": _licence_link,
    "tags": _tags,
    "thumbnail": lost("a picture of the card has no field here."),
    "extra_gated_prompt": lost("who may have the files is set in the catalog."),
    "extra_gated_fields": lost("who may have the files is set in the catalog."),
}

_MODEL: Mapping[str, Reader] = {
    "model_name": to("dct:title"),
    **_COMMON,
    "library_name": _framework,
    "pipeline_tag": to("sage:mlTask"),
    "datasets": _datasets,
    "base_model": _base_model,
    "base_model_relation": lost("only what a model was fine-tuned from has a field here."),
    "model-index": _model_index,
    "metrics": lost("a metric needs a value and data: describe it as an item of type evaluation."),
    "co2_eq_emissions": _emissions,
    "model_creator": lost("a name on the hub is not the name of a person."),
    "quantized_by": lost("a name on the hub is not the name of a person."),
    "inference": lost("it is a setting of the hub."),
    "widget": lost("it is a setting of the hub."),
    "new_version": lost("what replaces an item is said where the old one is deprecated."),
}

_DATA: Mapping[str, Reader] = {
    "pretty_name": to("dct:title"),
    **_COMMON,
    "task_categories": to("sage:mlTask"),
    "task_ids": to("sage:mlTask"),
    "source_datasets": _source_datasets,
    "dataset_info": _dataset_info,
    "configs": _configs,
    "size_categories": lost("a span of sizes is no number; the number of records has a field."),
    "annotations_creators": lost("how labels were made belongs to an item of the type label-set."),
    "language_creators": lost("how texts were made has no field; tell it in words."),
    "multilinguality": lost("the languages tell it."),
    "viewer": lost("it is a setting of the hub."),
    "train-eval-index": lost("it is a setting of the hub."),
}
