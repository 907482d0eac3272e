"""`sage-catalog reference`: what lies at an address elsewhere, and how references stand."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.cli.output import BLOCKED, GOOD, Output, WrongUse
from catalog.cli.remote import client_of, declare_server

_MOVED = frozenset({"drifted", "gone", "unreachable"})


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `reference` and of what stands behind it."""
    parser.epilog = """examples:
  sage-catalog reference look https://github.com/waggle-sensor/plugin-iio
  sage-catalog reference look waggle/plugin-base:1.1.1 --as docker-image --output image.json
  sage-catalog reference check w62kz7rwhm           looks now; exit code 1 where one has moved
"""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    look = actions.add_parser("look", help="look up an address, and begin a description")
    look.add_argument("address", metavar="ADDRESS", help="a web address, or the name of an image")
    look.add_argument("--as", dest="item_type", metavar="TYPE", default="", help="an item type")
    look.add_argument(
        "--output", type=Path, metavar="FILE", help="write the description there; never over one"
    )
    check = actions.add_parser("check", help="look again at what an item refers to")
    check.add_argument("id", metavar="ID")
    for action in (look, check):
        declare_server(action)
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Do one of the actions."""
    return _look(said, output) if said.action == "look" else _check(said, output)


def _look(said: argparse.Namespace, output: Output) -> int:
    if said.output is not None and said.output.exists():
        raise WrongUse(f"{said.output} is there already; nothing is written over it.")
    found = client_of(said).look_up(said.address, item_type=said.item_type)
    is_there = found["presence"] == "there"
    if said.output is not None and found["description"]:
        text = json.dumps(found["description"], indent=2, ensure_ascii=False)
        said.output.write_text(f"{text}\n", encoding="utf-8")
    output.result(found, _in_words(found))
    return GOOD if is_there else BLOCKED


def _in_words(found: Mapping[str, Any]) -> str:
    if found["presence"] != "there":
        return f"{found['address']}: {found['detail']}"
    facts = "\n".join(f"{name}: {_shown(value)}" for name, value in found["found"].items())
    kind = f"\nfits best: {found['type']}" if found["type"] else ""
    return f"{facts}{kind}\n\n{found['distribution']}".rstrip()


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _check(said: argparse.Namespace, output: Output) -> int:
    found = client_of(said).check_references(said.id)
    lines = [
        f"{one['state']:12}{one['address']}" + (f"  ({one['finding']})" if one["finding"] else "")
        for one in found["references"]
    ]
    output.result(found, "\n".join(lines) or "This item refers to nothing elsewhere.")
    return BLOCKED if any(one["state"] in _MOVED for one in found["references"]) else GOOD
