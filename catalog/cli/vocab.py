"""`sage-catalog vocab`: checks vocabularies, tells what a change would do, brings it into force."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.cli import vocab_impact
from catalog.cli.ground import is_served
from catalog.cli.operating import parts_of, settings_of
from catalog.cli.output import BLOCKED, GOOD, NOT_REACHABLE, Output
from catalog.cli.reading import library_files
from catalog.domain.errors import NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.domain.rules.vocabularies import Fault
    from catalog.parts import Parts

_WAIT_SECONDS = 120.0
_LOOK_SECONDS = 0.1


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `vocab` and of what stands behind it."""
    parser.epilog = """examples:
  sage-catalog vocab check                      the vocabularies and shapes that are installed
  sage-catalog vocab check ~/sage-vocabularies
  sage-catalog vocab impact DIR                 what DIR would do to the items; nothing changes
  sage-catalog vocab load DIR --data ./data     bring DIR into force, also while the catalog runs
  sage-catalog vocab releases --data ./data     what was in force when

DIR holds `vocab/` and `shapes/`, or one of the two, or Turtle files of vocabularies.
"""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="hold vocabularies and shapes against every rule")
    check.add_argument("folder", metavar="DIR", nargs="?", type=Path, help="(what is installed)")
    check.add_argument("--strict", action="store_true", help="warnings block as well")
    impact = actions.add_parser("impact", help="tell which items a change would break")
    vocab_impact.declare(impact)
    load = actions.add_parser("load", help="bring another release into force")
    load.add_argument("folder", metavar="DIR", type=Path)
    load.add_argument("--note", default="", help="what this release is about")
    load.add_argument("--no-wait", action="store_true", help="do not wait for SPARQL to show it")
    releases = actions.add_parser("releases", help="list the releases that were in force")
    for action in (load, releases):
        action.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="(./data)")
    for action in (check, impact, load, releases):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help="the data folder (./data)")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Do one of the actions."""
    code: int = _ACTIONS[said.action](said, output)
    return code


def _check(said: argparse.Namespace, output: Output) -> int:
    from catalog.domain.rules.vocabularies import check, check_shapes
    from catalog.library import library
    from catalog.services.releases import SHAPES, VOCAB, part

    files = dict(library().files if said.folder is None else library_files(said.folder))
    vocabularies, shapes = part(files, VOCAB), part(files, SHAPES)
    faults = list(check(vocabularies))
    if shapes:
        known = vocabularies or part(library().files, VOCAB)
        faults += check_shapes(shapes, known, part(library().files, SHAPES))
    blocking = [one for one in faults if one.severity == "violation" or said.strict]
    counts = f"{len(vocabularies)} vocabularies and {len(shapes)} files of shapes"
    verdict = f"{counts}: {_number(len(blocking), 'fault')} that block, {_warned(faults)}."
    result = {
        "conforms": not blocking,
        "vocabularies": len(vocabularies),
        "shapes": len(shapes),
        "faults": [_fault(one, said.folder) for one in faults],
    }
    told = [_line(one, said.folder) for one in faults if one.severity != "info" or said.strict]
    output.result(result, "\n".join([*told, verdict]))
    return BLOCKED if blocking else GOOD


def _fault(fault: "Fault", folder: Path | None) -> dict[str, Any]:
    said = {
        "file": _place(fault, folder),
        "line": fault.line,
        "column": fault.column,
        "rule": fault.rule,
        "severity": fault.severity,
        "sentence": fault.sentence,
        "focus": fault.focus,
    }
    return {name: value for name, value in said.items() if value is not None}


def _line(fault: "Fault", folder: Path | None) -> str:
    line = fault.line if fault.line is not None else 1
    mark = "" if fault.severity == "violation" else f"{fault.severity}: "
    return f"{_place(fault, folder)}:{line}: {fault.rule}: {mark}{fault.sentence}"


def _place(fault: "Fault", folder: Path | None) -> str:
    """Return the file of a fault as an editor finds it from here."""
    return fault.file if folder is None else _from_here(fault.file, folder)


def _from_here(text: str, folder: Path) -> str:
    """Return a text that begins with a file of a release, with the file as it is found here."""
    kind, _, rest = text.partition("/")
    return str(folder / kind / rest) if (folder / kind).is_dir() else str(folder / rest)


def _number(count: int, name: str) -> str:
    return f"{count or 'no'} {name}{'' if count == 1 else 's'}"


def _warned(faults: "Iterable[Fault]") -> str:
    counts = {"warning": 0, "info": 0}
    for fault in faults:
        if fault.severity in counts:
            counts[fault.severity] += 1
    return f"{_number(counts['warning'], 'warning')}, {_number(counts['info'], 'remark')}"


def _load(said: argparse.Namespace, output: Output) -> int:
    from catalog.services.releases import load_release
    from catalog.services.term_uses import index_uses

    files = library_files(said.folder)
    parts = parts_of(settings_of(said))
    output.say("Checking ...")
    try:
        loaded = load_release(parts, files, note=said.note, now=datetime.now(UTC))
    except NotAcceptable as refused:
        faults = refused.evidence.get("faults", [])
        refused.evidence["faults"] = [_from_here(fault, said.folder) for fault in faults]
        raise
    index_uses(parts_of(settings_of(said)))
    counts: dict[str, int] = {}
    for change in loaded.changes:
        counts[change.kind.value] = counts.get(change.kind.value, 0) + 1
    result: dict[str, Any] = {
        "release": loaded.seq,
        "version": loaded.version,
        "changes": counts,
        "warnings": [str(fault) for fault in loaded.warnings],
    }
    for fault in loaded.warnings:
        output.say(str(fault))
    what = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no term differs"
    sentence = f"Release {loaded.seq} ({loaded.version}) is in force: {what}."
    if said.no_wait or _is_shown(parts_of(settings_of(said)), output):
        output.result(result, sentence)
        return GOOD
    output.result(result, sentence + " SPARQL does not show it yet.")
    return NOT_REACHABLE


def _is_shown(parts: "Parts", output: Output) -> bool:
    """Wait until the graph shows the release; without a server the next start sees to it."""
    from catalog.services.readiness import is_projected

    deadline = time.monotonic() + _WAIT_SECONDS
    with output.progress("Showing it in SPARQL", None):
        while time.monotonic() < deadline:
            if is_projected(parts):
                return True
            if not is_served(parts.settings.data):
                output.say("No server runs here; the next start builds the graph that shows it.")
                return True
            time.sleep(_LOOK_SECONDS)
    return False


def _releases(said: argparse.Namespace, output: Output) -> int:
    from catalog.services.term_history import releases

    lines = releases(parts_of(settings_of(said)))
    result = [
        {
            "release": line.seq,
            "version": line.version,
            "origin": line.origin,
            "at": line.at.isoformat(),
            "note": line.note,
            "changes": line.counts,
        }
        for line in lines
    ]
    text = [
        f"{line.seq:>4}  {line.version}  {line.at:%Y-%m-%d %H:%M}  {line.origin:<9}  "
        + (", ".join(f"{count} {kind}" for kind, count in line.counts.items()) or "-")
        + (f"  {line.note}" if line.note else "")
        for line in lines
    ]
    output.result({"releases": result}, "\n".join(text) or "No release is kept yet.")
    return GOOD


_ACTIONS = {
    "check": _check,
    "impact": vocab_impact.run,
    "load": _load,
    "releases": _releases,
}
