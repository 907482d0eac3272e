"""`doi status` and `doi reconcile`: what record and registrar have, and where they differ."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.cli.operating import parts_of, settings_of
from catalog.cli.output import BLOCKED, GOOD, NOT_ALLOWED, Output
from catalog.domain.errors import NotLetIn

if TYPE_CHECKING:
    from catalog.services.doi_status import DoiStatus
    from catalog.services.reconcile_dois import Reconciled


def declare_status(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `doi status`."""
    parser.add_argument("id", metavar="ID", nargs="?", help="an item; all items by default")
    _declare_folder(parser)


def declare_reconcile(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `doi reconcile`."""
    parser.add_argument(
        "--fix",
        action="store_true",
        help="have the relay put right what differs, and try again what was refused",
    )
    _declare_folder(parser)


def _declare_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="the data folder (./data)")


def status(said: argparse.Namespace, output: Output) -> int:
    """Show every DOI with its state; the exit code is 1 where one has a problem."""
    from catalog.services.doi_status import doi_status

    parts = parts_of(settings_of(said))
    found = doi_status(parts, said.id, now=datetime.now(UTC))
    output.result(found.to_dict(), "\n".join(_status_lines(found)))
    return GOOD if found.is_good else BLOCKED


def reconcile(said: argparse.Namespace, output: Output) -> int:
    """Compare record and registrar; the exit code is 1 where they differ and nothing was fixed."""
    from catalog.bootstrap import registrar
    from catalog.services.reconcile_dois import reconcile as compare

    parts = parts_of(settings_of(said))
    try:
        found = compare(parts, registrar(parts.settings), now=datetime.now(UTC), fix=said.fix)
    except NotLetIn as fault:
        return output.fail_as(fault.detail, NOT_ALLOWED)
    output.result(found.to_dict(), "\n".join(_differences(found)))
    return GOOD if said.fix or not found.drifts else BLOCKED


def _status_lines(found: "DoiStatus") -> Iterator[str]:
    registrar = found.readiness.registrar
    for line in found.lines:
        waits = "" if line.waiting is None else "  (the registrar is yet to be told)"
        yield f"{line.state:<11} {line.doi}{waits}"
        if line.problem:
            yield f"            {line.problem}"
    counts = ", ".join(f"{count} {state}" for state, count in registrar.states.items())
    yield f"{registrar.name} at {registrar.address}: {counts or 'no DOI yet'}."
    if registrar.problem:
        yield f"{registrar.pending} item(s) wait: {registrar.problem}"


def _differences(found: "Reconciled") -> Iterator[str]:
    for drift in found.drifts:
        yield f"{drift.kind:<9} {drift.doi}: {drift.sentence}"
    if found.waiting:
        yield f"{found.waiting} DOI(s) are not compared: the registrar is yet to be told of them."
    if not found.drifts:
        yield f"Record and registrar agree on {found.examined} DOI(s)."
    elif found.fixed:
        yield "The relay puts right what it can; `doi status` shows how far it is."
    else:
        yield f"{len(found.drifts)} DOI(s) differ; --fix has the relay put right what it can."
