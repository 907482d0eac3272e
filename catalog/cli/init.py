"""`sage-catalog init`: a description to be filled in, made from the shapes of an item type."""

import argparse
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from catalog.cli.output import GOOD, Conflict, Output, WrongUse
from catalog.domain.identifiers import with_slash
from catalog.domain.templates import FORMS, Form, template

_SUFFIXES: Mapping[str, Form] = {".ttl": "turtle", ".json": "json", ".yaml": "yaml", ".yml": "yaml"}


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `init`."""
    parser.epilog = """examples:
  sage-catalog init model                                  YAML, on standard output
  sage-catalog init training-data --output clouds.ttl      Turtle, by the suffix
  sage-catalog init list                                   the item types that there are
"""
    parser.add_argument("type", metavar="TYPE", help="an item type such as model; or list")
    parser.add_argument("--format", choices=FORMS, help="by the suffix of --output, else yaml")
    parser.add_argument("--output", metavar="FILE", help="write here; a file is never overwritten")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Write the template of an item type, or list the types."""
    from catalog.library import library

    known = library()
    if said.type == "list":
        about = {name: known.shapes.label(_shape(name)) or name for name in known.item_types}
        width = max(map(len, about))
        text = "".join(f"{name:{width}}  {label}\n" for name, label in about.items())
        output.result({"types": about}, text)
        return GOOD
    if said.type not in known.item_types:
        raise WrongUse(_unknown(said.type, known.item_types))
    form: Form = said.format or _by_suffix(said.output)
    base = with_slash(os.environ.get("SAGE_CATALOG_BASE_URL") or "http://127.0.0.1:8000")
    text = template(said.type, known, form, schema=f"{base}shapes/{said.type}.schema.json")
    if said.output is None:
        output.result({"type": said.type, "format": form, "template": text}, text)
        return GOOD
    _write(Path(said.output), text)
    output.result(
        {"type": said.type, "format": form, "file": said.output},
        f"{said.output} is there: fill it in, then run  sage-catalog validate {said.output}\n",
    )
    return GOOD


def _shape(name: str) -> str:
    from catalog.domain.identifiers import SHAPES

    return SHAPES + name


def _unknown(name: str, types: tuple[str, ...]) -> str:
    close = get_close_matches(name.lower(), types, 3, 0.4)
    if close:
        return f"There is no item type {name}. Did you mean {' or '.join(close)}?"
    return f"There is no item type {name}; there are {', '.join(types)}."


def _by_suffix(file: str | None) -> Form:
    return _SUFFIXES.get(Path(file).suffix.lower(), "yaml") if file else "yaml"


def _write(file: Path, text: str) -> None:
    """Write a new file; whoever has one of that name keeps it."""
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise Conflict(f"{file} is there already, and is kept; choose another name.") from None
