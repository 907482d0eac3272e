"""Other releases of the vocabularies and shapes, as an editor's few changes make them."""

import re
from collections.abc import Mapping

from catalog.library import Library, library
from catalog.services.releases import library_of

Files = dict[str, bytes]


def files() -> Files:
    """Return the installed files, to be changed."""
    return dict(library().files)


def without_term(changed: Mapping[str, bytes], scheme: str, name: str) -> Files:
    """Return the files without a term that has nothing below it, nor points to it."""
    term = f"{scheme}:{name}"
    text = _text(changed, scheme)
    blocks = [one for one in text.split("\n\n") if not one.startswith(f"{term} a ")]
    assert len(blocks) == text.count("\n\n")
    text = "\n\n".join(blocks)
    text = re.sub(rf",\s*{term}(?![\w-])|(?<=[\s]){term},\s*", "", text)
    return {**changed, f"vocab/{scheme}": text.encode()}


def deprecated(changed: Mapping[str, bytes], scheme: str, name: str, *replaced_by: str) -> Files:
    """Return the files with a term deprecated, and replaced by others as Turtle names them."""
    begin = f"{scheme}:{name} a skos:Concept ;\n"
    more = "".join(f"    dct:isReplacedBy {one} ;\n" for one in replaced_by)
    text = _text(changed, scheme)
    assert begin in text
    text = text.replace(begin, f"{begin}    owl:deprecated true ;\n{more}")
    if "@prefix owl:" not in text:
        owl = "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        text = text.replace("@prefix scheme-group:", f"{owl}@prefix scheme-group:", 1)
    return {**changed, f"vocab/{scheme}": text.encode()}


def with_shape(changed: Mapping[str, bytes], name: str, old: str, new: str) -> Files:
    """Return the files with a piece of a file of shapes replaced."""
    text = changed[f"shapes/{name}"].decode()
    assert old in text
    return {**changed, f"shapes/{name}": text.replace(old, new, 1).encode()}


def of(changed: Mapping[str, bytes]) -> Library:
    """Return the library of the files."""
    return library_of(changed)


def _text(changed: Mapping[str, bytes], scheme: str) -> str:
    return changed[f"vocab/{scheme}"].decode()
