"""What the tests of the converters share: the examples, and a description judged as it is."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from catalog.domain.identifiers import item_iri
from catalog.domain.importing import (
    citation_cff,
    codemeta,
    croissant,
    hugging_face,
    ro_crate,
    sage_yaml,
)
from catalog.domain.importing.carried import Carried
from catalog.domain.importing.trees import json_tree
from catalog.domain.importing.yaml_reading import yaml_tree
from catalog.domain.report import Finding
from catalog.domain.validation import Judgement, judge
from catalog.library import library

EXAMPLES = Path(__file__).parent / "examples"

CONVERTERS: Mapping[str, ModuleType] = {
    "smoke-detection.sage.yaml": sage_yaml,
    "cloud-cover.model.md": hugging_face,
    "waggleclouds.dataset.md": hugging_face,
    "pass-mini.croissant.json": croissant,
    "seismic.ro-crate-metadata.json": ro_crate,
    "cobrawap.codemeta.json": codemeta,
    "tool.CITATION.cff": citation_cff,
}
"""Name of each example to the converter that reads it."""


def source(name: str) -> dict[str, Any]:
    """Return an example as its converter gets it."""
    text = (EXAMPLES / name).read_text()
    if name.endswith(".md"):
        tree = hugging_face.parsed(text)
    else:
        tree = json_tree(text) if name.endswith(".json") else yaml_tree(text)
    assert isinstance(tree.value, dict)
    return tree.value


def carried(name: str, /, **more: Any) -> Carried:
    """Return what is carried over of an example, some of its keys changed."""
    found = CONVERTERS[name].carried({**source(name), **more}, library())
    assert isinstance(found, Carried)
    return found


def _judged(found: Carried) -> Judgement:
    """Judge a description, read as JSON-LD with our context written out."""
    document = {"@context": dict(library().context), "@id": "", **found.document}
    body = json.dumps(document).encode()
    return judge(body, "application/ld+json", item=item_iri("0123456789"), library=library())


def findings(found: Carried) -> list[Finding]:
    """Return what is found about a description."""
    return list(_judged(found).report.findings)


def kept(found: Carried) -> str:
    """Return the statements of a description as they would be kept."""
    return _judged(found).ntriples


def blocking(found: Carried) -> list[Finding]:
    """Return the violations that would keep a draft from being kept."""
    return [one for one in findings(found) if one.severity == "violation" and one.level == "draft"]


def lost(found: Carried) -> dict[str, str]:
    """Return JSON Pointer to sentence of what was left behind."""
    return {one.pointer: one.sentence for one in found.lost}


def told(found: Carried) -> dict[str, str]:
    """Return JSON Pointer to sentence of what was carried over in other words."""
    return {one.pointer: one.sentence for one in found.read_as}


def value(document: Any, pointer: str) -> Any:
    """Return what a JSON Pointer leads to."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document
