"""What a term of `terms.json` is called: its label for people and the spellings in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocab.generator.terms import Term, Terms

# Words that stay as they are when a machine's name is turned into a label.
_NAMELESS = {"", "____"}


def of(scheme: str, term: Term, terms: Terms) -> str:
    """Return the preferred label: the editors', else the source's, else the name itself."""
    words = terms.words.get(scheme, {}).get(str(term["id"]), {})
    if "label" in words:
        return str(words["label"])
    label, notation = str(term["label"]), str(term["id"])
    match scheme:
        case "measurement":
            return notation if is_machine_name(label, notation) else label
        case "legacy-node":
            return f"AoT node {label}"
        case "legacy-measurement" | "legacy-sensor":
            return f"{label} ({notation.split('.')[0]})"
        case "fire-bench-facet":
            facet, _, value = notation.partition("/")
            shown = (value or facet).replace("_", " ")
            return f"{shown} ({facet.replace('_', ' ')})" if value else shown
        case "scheduler-event":
            return notation
    return notation if label in _NAMELESS else label


def is_machine_name(label: str, notation: str) -> bool:
    """Tell whether `label` says no more than `notation`: `Env_odo__sat`, `____`, `Vwc_d1`."""
    return label in _NAMELESS or "_" in label or label.casefold() == notation.casefold()


def others(scheme: str, term: Term, words: Mapping[str, Any], preferred: str) -> tuple[str, ...]:
    """Return the other spellings really in use, without `preferred`, each once."""
    notation, label = str(term["id"]), str(term["label"])
    found: list[str] = [*words.get("alt", ()), *term.get("altLabel", ()), label]
    if scheme == "sensor" and "manufacturer" in term:
        found.append(f"{term['manufacturer']} {label}")
    if scheme in {"sensor", "compute-hardware", "resource"}:
        found.append(notation)
    if scheme == "node":
        found.append(str(term["nodeId"]))
    if scheme == "legacy-node":
        found += [f"{term['vsn']}", notation]
    if scheme == "measurement" and preferred != notation:
        found.append(notation)
    return tuple(_each_once(found, without=preferred))


def unique(names: Mapping[str, str]) -> dict[str, str]:
    """Return the labels with the id added in brackets wherever two concepts share one."""
    counted = Counter(names.values())
    return {i: n if counted[n] == 1 else f"{n} ({i})" for i, n in names.items()}


def _each_once(found: Iterable[str], without: str) -> Iterable[str]:
    seen = {without, *_NAMELESS}
    for name in found:
        if name not in seen:
            seen.add(name)
            yield name
