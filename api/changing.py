"""Differences between two states of a vocabulary as pages and JSON show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api.naming import Word, compact
from api.terms import RELATIONS, Terms
from catalog.domain.schemes import SKOS
from catalog.domain.terms.changes import Change, Kind
from catalog.services.term_history import ReleaseLine

KINDS: Final = {
    Kind.ADDED: "Added",
    Kind.REMOVED: "Removed",
    Kind.DEPRECATED: "Deprecated",
    Kind.RESTORED: "No longer deprecated",
    Kind.RELABELLED: "Renamed",
    Kind.MOVED: "Moved in the tree",
    Kind.REDEFINED: "Defined otherwise",
    Kind.CHANGED: "Changed in other ways",
}
"""The kinds of change in words, in the order in which they are read."""


@dataclass(frozen=True, slots=True)
class ChangedTerm:
    """A concept that differs: what was said, and what is said now; "" where there is nothing.

    href  where it is described today, "" if it no longer is
    """

    label: str
    href: str
    iri: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def changed_terms(
    terms: Terms, changes: Iterable[Change]
) -> tuple[tuple[str, tuple[ChangedTerm, ...]], ...]:
    """Return the concepts that differ, by kind of change."""
    found: dict[Kind, list[ChangedTerm]] = {}
    for change in changes:
        found.setdefault(change.kind, []).append(_changed(terms, change))
    return tuple((name, tuple(found[kind])) for kind, name in KINDS.items() if kind in found)


def _changed(terms: Terms, change: Change) -> ChangedTerm:
    word = terms.naming.term(change.term) or Word(change.label)
    return ChangedTerm(
        change.label or word.label,
        word.href,
        change.term,
        said(terms, change, change.before),
        said(terms, change, change.after),
    )


def said(terms: Terms, change: Change, text: str) -> tuple[str, ...]:
    """Return what a change is about as lines for people: names of terms instead of their IRIs."""
    lines = text.split("\n") if text else []
    if change.kind is Kind.CHANGED:
        return tuple(_statement(terms, line) for line in lines)
    if change.kind in {Kind.MOVED, Kind.DEPRECATED, Kind.RESTORED}:
        return tuple(_name(terms, line) for line in lines)
    return tuple(lines)


def _statement(terms: Terms, line: str) -> str:
    predicate, _, value = line.partition(" ")
    name = RELATIONS.get(predicate.removeprefix(SKOS)) if predicate.startswith(SKOS) else None
    label = name or terms.naming.property(predicate).word.label
    return f"{label}: {_name(terms, value)}"


def _name(terms: Terms, text: str) -> str:
    word = terms.naming.term(text)
    return word.label if word else compact(text)


def sentence(terms: Terms, change: Change) -> str:
    """Return a change in the life of one concept as a sentence."""
    before, after = ("; ".join(said(terms, change, one)) for one in (change.before, change.after))
    if change.kind is Kind.ADDED:
        return "Added to this vocabulary."
    if change.kind is Kind.DEPRECATED:
        return f"Deprecated; use {after} instead." if after else "Deprecated."
    name = KINDS[change.kind]
    if before and after:
        return f"{name}: “{after}”, before “{before}”."
    return f"{name}: “{after}”." if after else f"{name}; before “{before}”."


def release_json(line: ReleaseLine) -> dict[str, Any]:
    """Return a release as JSON tells it."""
    return {
        "release": line.seq,
        "version": line.version,
        "origin": line.origin,
        "at": rfc3339(line.at),
        "note": line.note,
        "changes": {kind.value: count for kind, count in line.counts.items()},
    }


def rfc3339(at: datetime) -> str:
    """Return a point in time as JSON tells it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def counted(lines: Sequence[ReleaseLine]) -> tuple[tuple[ReleaseLine, str], ...]:
    """Return releases, each with what it changed in words: "2 added, 1 renamed"."""
    return tuple(
        (line, ", ".join(f"{line.counts[kind]} {KINDS[kind].lower()}" for kind in _in(line)))
        for line in lines
    )


def _in(line: ReleaseLine) -> tuple[Kind, ...]:
    return tuple(kind for kind in KINDS if kind in line.counts)
