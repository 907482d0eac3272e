"""Examining a catalog: every invariant, beside a running server, changing nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.parts import Parts
from catalog.ports import PublicGraph
from catalog.services.invariants import (
    Check,
    check_descriptions,
    check_history,
    check_outbox,
    check_revisions,
    check_versions,
)
from catalog.services.invariants_of_dois import check_dois
from catalog.services.invariants_of_graph import check_graphs, check_phantoms, check_recipe
from catalog.services.invariants_of_objects import (
    check_counts,
    check_fixity_rows,
    check_garbage,
    check_objects,
    check_orphans,
    check_uploads,
)


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found; each check says what it means and gives examples of its faults."""

    checks: tuple[Check, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "healthy": self.is_healthy,
            "checks": [
                {
                    "name": check.name,
                    "means": check.means,
                    "ok": check.ok,
                    "examined": check.examined,
                    "count": check.count,
                    "examples": check.examples,
                }
                for check in self.checks
            ],
        }

    def to_text(self) -> str:
        """Return the form for people: a line a check, and the examples of what is wrong."""
        return "\n".join(line for check in self.checks for line in _lines(check))


def examine(
    parts: Parts,
    graph: PublicGraph,
    *,
    now: datetime,
    deep: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Examination:
    """Check every invariant that can be checked from the stores.

    deep      read every byte of every file and compare its SHA-256
    progress  called with the name of each check before it begins
    """
    checks: dict[str, Callable[[], Check]] = {
        "descriptions": lambda: check_descriptions(parts),
        "revisions": lambda: check_revisions(parts),
        "versions": lambda: check_versions(parts),
        "history": lambda: check_history(parts),
        "objects": lambda: check_objects(parts, deep=deep),
        "orphans": lambda: check_orphans(parts, now=now),
        "uploads": lambda: check_uploads(parts, now=now),
        "garbage": lambda: check_garbage(parts),
        "counts": lambda: check_counts(parts),
        "fixity": lambda: check_fixity_rows(parts),
        "recipe": lambda: check_recipe(parts, graph),
        "graphs": lambda: check_graphs(parts, graph),
        "phantoms": lambda: check_phantoms(parts, graph),
        "outbox": lambda: check_outbox(parts, now=now),
        "dois": lambda: check_dois(parts),
    }
    found = []
    for name, check in checks.items():
        if progress is not None:
            progress(name)
        found.append(check())
    return Examination(tuple(found))


def _lines(check: Check) -> Iterator[str]:
    if check.ok:
        yield f"good   {check.name:<13} {check.means} ({check.examined:,} looked at)"
        return
    yield f"FAULT  {check.name:<13} Not so: {check.means} ({check.count:,} of {check.examined:,})"
    for example in check.examples:
        yield f"       - {example}"
    if check.count > len(check.examples):
        yield f"       - and {check.count - len(check.examples):,} more"
