"""The operator's verb that brings record and object store together again: reconcile."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from catalog.cli.operating import parts_of, settings_of
from catalog.cli.output import BLOCKED, GOOD, Output

_EXAMPLES = """examples:
  sage-catalog reconcile --data ./data          tell what differs, change nothing
  sage-catalog reconcile --data ./data --fix    put right what is safe
  sage-catalog reconcile --data ./data --now    remove what is marked without waiting longer
  sage-catalog reconcile --data ./data --deep   read every byte of every file as well
"""


def declare(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - as all modules
    """Declare the arguments."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--data", type=Path, help="the data folder (./data)")
    parser.add_argument("--fix", action="store_true", help="put right what is safe")
    parser.add_argument(
        "--now", action="store_true", help="remove at once what was marked before, for its space"
    )
    parser.add_argument("--deep", action="store_true", help="check the SHA-256 of every file")
    parser.set_defaults(run=_reconcile)


def _reconcile(said: argparse.Namespace, output: Output) -> int:
    from catalog.services.reconcile_objects import reconcile_objects

    parts = parts_of(settings_of(said))
    with output.progress("Comparing", None) as bar:
        found = reconcile_objects(
            parts,
            now=datetime.now(UTC),
            fix=said.fix,
            deep=said.deep,
            at_once=said.now,
            progress=lambda name: bar.about(f"Looking at {name}"),
        )
    output.result(found.to_dict(), found.to_text())
    return GOOD if found.is_clean else BLOCKED
