"""How a text in one of the further formats becomes statements that know where they came from."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urljoin

from catalog.domain.description import TYPE
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.importing.carried import Carried, origin_of
from catalog.domain.importing.formats import FORMATS, Format, format_of, is_table
from catalog.domain.importing.names import TYPE_KEYS, Meaning, names_of
from catalog.domain.importing.plain import Said, said_by
from catalog.domain.importing.tables import only_row
from catalog.domain.importing.trees import Place, Tree, json_tree
from catalog.domain.importing.yaml_reading import yaml_tree
from catalog.domain.parsing import (
    JSON_LD,
    Origins,
    Parsed,
    Remark,
    check_statements,
    parse,
    text_of,
)


def imported(
    source: bytes,
    media_type: str,
    *,
    base: str,
    contexts: Mapping[str, Any],
    library: Meaning,
) -> Parsed:
    """Return the statements of a text in a format that is not RDF, or turns out to be.

    The arguments are those of `parse`.

    Raises what `parse` raises; where a place is known, with line, column and pointer.
    """
    data, text = text_of(source)
    if is_table(media_type):
        row = only_row(text, media_type, library)
        return _of_carried(row.carried, row.place, data, base, library)
    form = format_of(media_type)
    if form is None:
        return _json_ld(source, media_type, text, base, contexts, library)
    tree = _tree(form, text)
    found = None
    if form.module is not None or not _is_ours(tree.value, contexts, base, library):
        found = _recognised(form, tree.value)
    if found is None and form.outer == "json" and _is_json_ld(tree.value, contexts, base):
        return parse(source, "application/ld+json", base=base, contexts=contexts)
    return _of_tree(found, tree, data, base, library)


def _json_ld(
    source: bytes,
    media_type: str,
    text: str,
    base: str,
    contexts: Mapping[str, Any],
    library: Meaning,
) -> Parsed:
    """Read RDF; JSON-LD of a profile, or whose contexts are elsewhere, by what it seems to be."""
    may_be_other = "json" in media_type and '"@context"' in text
    parsed = None
    try:
        parsed = parse(source, media_type, base=base, contexts=contexts)
    except Unreadable:
        if not may_be_other:
            raise
    # A context of its own reads well as RDF, but describes the file and not an item.
    if parsed is not None and not (may_be_other and _is_of_a_profile(text, parsed, library)):
        return parsed
    tree = json_tree(text)
    found = _recognised(FORMATS[0], tree.value)
    if found is not None:
        return _of_tree(found, tree, text.encode(), base, library)
    return parsed or parse(source, media_type, base=base, contexts=contexts)


def _is_of_a_profile(text: str, parsed: Parsed, library: Meaning) -> bool:
    """Tell whether a text names the profile of a format beside ours, and no item type of ours."""
    if not any(name in text for one in FORMATS for name in one.profiles):
        return False
    deciding = library.shapes.deciding
    return not any(p == TYPE and value in deciding for _, p, value in parsed.statements())


def _tree(form: Format, text: str) -> Tree:
    if form.outer == "json":
        return json_tree(text)
    if form.outer == "yaml":
        return yaml_tree(text)
    return _card(form, text)


def _card(form: Format, text: str) -> Tree:
    """Return a Markdown text with YAML before it; its converter takes the two apart."""
    found = _converter(form).parsed(text)
    return found if isinstance(found, Tree) else Tree(found, lambda _pointer: None)


def _converter(form: Format) -> Any:
    return import_module(f"catalog.domain.importing.{form.module}")


def load_all() -> None:
    """Import every converter now: a worker that locks itself in can read no file afterwards."""
    for form in FORMATS:
        if form.module is not None:
            _converter(form)


def _recognised(announced: Format, value: Any) -> Format | None:
    """Return the format of a document: as announced, else the first that recognises it."""
    if announced.module is not None:
        return announced
    if not isinstance(value, dict):
        return None
    return next(
        (
            one
            for one in FORMATS
            if one.module and one.outer == announced.outer and _converter(one).recognises(value)
        ),
        None,
    )


def _is_ours(value: Any, contexts: Mapping[str, Any], base: str, library: Meaning) -> bool:
    """Tell whether a document names our context, or the type of an item in our words."""
    if not isinstance(value, dict):
        return False
    if "@context" in value and contexts:
        return _names_our_context(value, contexts, base)
    named = [value[key] for key in value if key in TYPE_KEYS]
    types = set(library.shapes.item_types.values())
    classes = {names_of(library).class_of(one) for one in named if isinstance(one, str)}
    return not types.isdisjoint(classes)


def _names_our_context(value: Mapping[str, Any], contexts: Mapping[str, Any], base: str) -> bool:
    context = value.get("@context")
    return isinstance(context, str) and any(
        address in (context, _below(base, context)) for address in contexts
    )


def _is_json_ld(value: Any, contexts: Mapping[str, Any], base: str) -> bool:
    """Tell whether a document has to be read by the rules of JSON-LD."""
    if not isinstance(value, dict):
        return isinstance(value, list)
    if "@graph" in value:
        return True
    return "@context" in value and not _names_our_context(value, contexts, base)


def _below(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def _of_tree(form: Format | None, tree: Tree, data: bytes, base: str, library: Meaning) -> Parsed:
    if not isinstance(tree.value, dict):
        raise Unreadable("A description is one object: names of fields with their values.")
    if form is None:
        carried = Carried(tree.value, {"": ""})
        return _of_carried(carried, tree.place, data, base, library, is_source=True)
    carried = _converter(form).carried(tree.value, library)
    return _of_carried(carried, tree.place, data, base, library)


def _of_carried(
    carried: Carried,
    place: Callable[[str], Place | None],
    data: bytes,
    base: str,
    library: Meaning,
    *,
    is_source: bool = False,
) -> Parsed:
    """Return what a document says; `is_source` where it is itself what was sent."""

    def origin(pointer: str) -> str | None:
        return pointer if is_source else origin_of(pointer, carried.origins)

    try:
        said = said_by(carried.document, library, base=base)
    except CatalogError as fault:
        _place(fault, origin, place)
        raise
    if not said.lines:
        raise Unreadable("This holds no statements about anything.")
    origins = Origins(tuple(map(origin, said.pointers)), place)
    parsed = Parsed(
        JSON_LD,
        data,
        base,
        said.lines,
        "\n".join(said.lines),
        document={**carried.document, "@context": library.context} if is_source else None,
        origins=origins,
        remarks=tuple(_remarks(carried, said, origin)),
    )
    check_statements(parsed)
    return parsed


def _remarks(carried: Carried, said: Said, origin: Callable[[str], str | None]) -> list[Remark]:
    """Return what to tell about a reading, each with the pointer in the source."""
    found: list[tuple[str, str | None, str]] = []
    found += [("not-carried-over", one.pointer, one.sentence) for one in carried.lost]
    found += [("read-as", one.pointer, one.sentence) for one in carried.read_as]
    found += [("not-carried-over", origin(one.pointer), one.sentence) for one in said.lost]
    found += [("read-as", origin(one.pointer), one.sentence) for one in said.read_as]
    return [Remark(*one) for one in dict.fromkeys(found)]


def _place(
    fault: CatalogError,
    origin: Callable[[str], str | None],
    place: Callable[[str], Place | None],
) -> None:
    """Say where in the source a refusal arose."""
    pointer = fault.evidence.pop("pointer", None)
    found = None if pointer is None else origin(pointer)
    if found is None:
        return
    fault.evidence["pointer"] = found
    where = place(found)
    if where is not None:
        fault.evidence["line"], fault.evidence["column"] = where
