"""What files of shapes are held to: that they are SHACL, work, and fit the vocabularies."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pyoxigraph as ox

from catalog.domain.engine import Engine, Result, compiled
from catalog.domain.errors import Unreadable
from catalog.domain.fields import SH, Shapes
from catalog.domain.identifiers import SAGE, SHAPES, VOCAB
from catalog.domain.rules.faults import UNREADABLE, Fault, in_order
from catalog.domain.rules.places import TurtleText, check_text, refused

Place = tuple[str, int | None, int | None]

_DESCRIPTION = '<https://catalog.invalid/a> <https://catalog.invalid/b> "c" .\n'
_LONGEST_SAID = 200


def check_shapes(
    files: Mapping[str, bytes],
    vocabularies: Iterable[str],
    before: Mapping[str, bytes] | None = None,
) -> tuple[Fault, ...]:
    """Return what is wrong with files of shapes, sorted by file, line and rule.

    files         all of them, by name without `.ttl`
    vocabularies  the names of the schemes that there are
    before        the files that they are to replace: an item type of these may not go

    Each step is tried only if those before it found nothing.
    """
    steps = (
        lambda: _unreadable(files),
        lambda: _not_shacl(files),
        lambda: _not_working(files),
        lambda: (*_unknown_schemes(files, set(vocabularies)), *_removed(files, before or {})),
    )
    return next((in_order(found) for step in steps if (found := tuple(step()))), ())


def _fault(place: Place, rule: str, sentence: str, focus: str) -> Fault:
    file, line, column = place
    return Fault(f"shapes/{file}.ttl", line, column, rule, "violation", sentence, focus)


def _unreadable(files: Mapping[str, bytes]) -> Iterator[Fault]:
    for name, data in files.items():
        try:
            _read(data)
        except Unreadable as error:
            place = (name, error.evidence.get("line"), error.evidence.get("column"))
            yield _fault(place, UNREADABLE, error.detail, SHAPES + name)


def _read(data: bytes) -> list[str]:
    """Return the statements of a file as N-Triples, or raise Unreadable."""
    check_text(data)
    try:
        parsed = ox.parse(data, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
        return [f"{triple} .\n" for triple in parsed]
    except SyntaxError as error:
        raise refused(error) from None


# ---- the SHACL specification's shapes for shapes


def _not_shacl(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Find what SHACL's own shapes say against the files."""
    statements = "".join(line for data in files.values() for line in _read(data))
    texts = {name: TurtleText(data) for name, data in files.items()}
    for found in _shapes_for_shapes()(statements):
        place = _place(texts, found.focus_node, found.path, found.value)
        yield _fault(place, "shacl", _said(found), found.focus_node.strip("<>"))


@cache
def _shapes_for_shapes() -> Engine:
    return compiled("".join(_read(shapes_for_shapes().read_bytes())))


def shapes_for_shapes() -> Path:
    """Return the file of the specification's shapes for shapes, which pyshacl brings along."""
    package = find_spec("pyshacl")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "assets/shacl-shacl.ttl"


def _said(found: Result) -> str:
    component = found.component.removesuffix("ConstraintComponent")
    about = _short(found.focus_node)
    if found.path is None:
        return f"{about} is not a shape as SHACL defines it ({component})."
    value = "" if found.value is None else f", {_short(found.value)}"
    return f"What {about} says by {_short(found.path)}{value} is not SHACL ({component})."


def _short(term: str) -> str:
    return term[1:-1].replace(SH, "sh:") if term[0] == "<" else term[:_LONGEST_SAID]


def _place(
    texts: Mapping[str, TurtleText], subject: str, path: str | None = None, value: str | None = None
) -> Place:
    """Return where something is said about a subject: in the first file that does."""
    for name, text in texts.items():
        place = text.place(subject, path, value)
        if place:
            return (name, *place)
    return next(iter(texts)), None, None


# ---- whether they work


def _not_working(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Find item types whose shapes an engine refuses, or whose fields cannot be told."""
    shapes = Shapes(files)
    texts = {name: TurtleText(data) for name, data in files.items()}
    for item_type in shapes.item_types:
        try:
            compiled(shapes.compiled_from(shapes.applying(item_type, (), ())))(_DESCRIPTION)
            shapes.fields(item_type)
        except (ValueError, KeyError, RuntimeError) as error:
            said = " ".join(str(error).split())[:_LONGEST_SAID]
            sentence = f"The shapes of the item type {item_type} do not work: {said}"
            node = f"{SHAPES}{item_type}"
            yield _fault(_place(texts, f"<{node}>"), "working", sentence, node)


# ---- whether they fit


def _unknown_schemes(files: Mapping[str, bytes], known: set[str]) -> Iterator[Fault]:
    """Find shapes that want terms of a scheme that no file holds."""
    texts = {name: TurtleText(data) for name, data in files.items()}
    cited = f"<{SAGE}scheme>"
    for node, row in Shapes(files).rows.items():
        for value in row.get(cited, ()):
            name = value[1:-1].removeprefix(VOCAB)
            if value.startswith(f"<{VOCAB}") and name not in known:
                yield _fault(
                    _place(texts, node, cited, value),
                    "unknown-scheme",
                    f"The vocabulary {name} is asked for and does not exist. "
                    "Correct the name, or add its file.",
                    node.strip("<>"),
                )


def _removed(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> Iterator[Fault]:
    """Find item types that were there and are not: items of such a type may be in the record."""
    kept = Shapes(files).item_types
    for name in Shapes(before).item_types:
        if name not in kept:
            yield _fault(
                (name, 1, 1) if name in files else (name, None, None),
                "removed-item-type",
                f"The item type {name} was removed, and items of it may exist. Put it back.",
                SHAPES + name,
            )
