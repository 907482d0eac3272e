"""The rules that vocabularies are held to, as `shapes/vocabularies` states them, and the check.

A rule is a SHACL shape whose SPARQL query finds what is wrong. SHACL asks it once for each concept;
here it is asked once for all, which is a hundred times faster and finds the same. The words of a
fault, its name and its severity are those of the Turtle.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

import shapes
from catalog.domain.description import literal
from catalog.domain.fields import SH, Shapes
from catalog.domain.report import Severity
from catalog.domain.rules.faults import Fault, in_order
from catalog.domain.rules.places import TurtleText
from catalog.domain.rules.sentences import sentence
from catalog.domain.rules.shapes import check_shapes
from catalog.domain.rules.store import BEFORE, RULES, Gathered, load, path_of, solutions
from catalog.domain.rules.walks import WALKS, Solution, Term
from catalog.domain.schemes import Row

__all__ = ["Fault", "Rule", "check", "check_against", "check_shapes", "rules"]

MOST_FAULTS = 1_000
"""How many faults are told of one rule; whoever has more begins with these."""

_MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its shape states it.

    label     what is wrong, in a few words
    source    where the rule comes from
    message   the sentence of a fault, with variables of the query in braces
    select    the SPARQL query, prefixes included
    compares  whether it is about two states of the vocabularies
    """

    name: str
    label: str
    source: str
    severity: Severity
    message: str
    select: str
    compares: bool


def check(files: Mapping[str, bytes]) -> tuple[Fault, ...]:
    """Return what is wrong with vocabularies, sorted by file, line and rule.

    files  all the files, by name without `.ttl`, since each may cite each; one scheme a file

    If any cannot be read, only that is told: the others cite terms that nobody knows then.
    """
    gathered = Gathered.of(files)
    if gathered.unreadable:
        return in_order(gathered.unreadable)
    found = [
        one
        for rule in rules()
        if not rule.compares
        for one in _broken(rule, _found(rule, gathered.store))
    ]
    texts = {name: TurtleText(data) for name, data in files.items()}
    return in_order(_placed(one, gathered, texts) for one in found)


def check_against(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Fault, ...]:
    """Return what only a comparison of two states shows, such as a term that was removed.

    Of a removed term the line is that of the term it stood behind. What could not be read before
    counts as absent; what cannot be read afterwards is told, and nothing else.
    """
    store = ox.Store()
    now = ox.DefaultGraph()
    broken = [f for name, data in after.items() for f in load(store, name, data, now)]
    if broken:
        return in_order(broken)
    old = {name: data for name, data in before.items() if not [*load(store, name, data, BEFORE)]}
    found = [
        one
        for rule in rules()
        if rule.compares
        for one in _broken(rule, solutions(store, rule.select))
    ]
    return in_order(_placed_between(found, old, after))


def _found(rule: Rule, store: ox.Store) -> Iterable[Solution]:
    """Return what a rule finds, by its query or by the walk that takes its place."""
    walk = WALKS.get(rule.name)
    return walk(store) if walk else solutions(store, rule.select, union=True)


# ---- the rules


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by name."""
    rows = _rows()
    prefixes = "".join(f"PREFIX {name}: <{iri}> " for name, iri in _prefixes().items())
    shaped = (node for node, row in rows.items() if f"<{SH}sparql>" in row)
    return tuple(_rule(node, rows, prefixes) for node in sorted(shaped))


@cache
def _rows() -> Mapping[str, Row]:
    return Shapes({file.name: file.read_bytes() for file in shapes.vocabulary_rules()}).rows


@cache
def _prefixes() -> Mapping[str, str]:
    """Return the prefixes that the rules declare, with their namespaces."""
    declared = (row for row in _rows().values() if f"<{SH}prefix>" in row)
    return {_said(row, f"{SH}prefix"): _said(row, f"{SH}namespace") for row in declared}


def _rule(node: str, rows: Mapping[str, Row], prefixes: str) -> Rule:
    row = rows[node]
    query = rows[row[f"<{SH}sparql>"][0]]
    return Rule(
        name=node[1:-1].removeprefix(RULES),
        label=_said(row, "http://www.w3.org/2000/01/rdf-schema#label"),
        source=_said(row, f"{SH}description"),
        severity=_SEVERITIES[row[f"<{SH}severity>"][0]],
        message=_said(query, f"{SH}message"),
        select=prefixes + _said(query, f"{SH}select"),
        compares=not any(name.startswith(f"<{SH}target") for name in row),
    )


_SEVERITIES: Mapping[str, Severity] = {
    f"<{SH}Violation>": "violation",
    f"<{SH}Warning>": "warning",
    f"<{SH}Info>": "info",
}


def _said(row: Row, name: str) -> str:
    return literal(row[f"<{name}>"][0]).text


# ---- from what a query found to a fault


@dataclass(frozen=True, slots=True)
class _Broken:
    """A rule broken, not yet placed; `file` is the document, where the query names it."""

    rule: Rule
    focus: Term
    path: Term | None
    value: Term | None
    file: Term | None
    sentence: str


_Key = tuple[Term, Term | None, Term | None, Term | None]


def _broken(rule: Rule, solutions: Iterable[Solution]) -> Iterator[_Broken]:
    """Yield each thing once that breaks a rule, and at the limit one that says there are more."""
    seen: set[_Key] = set()
    for number, found in enumerate(solutions):
        key = _keyed(found)
        if key in seen:
            continue
        seen.add(key)
        focus, path, value, file = key
        if len(seen) > MOST_FAULTS or number > _MOST_ROWS:
            more = f"More of the same is left out ({rule.label}); correct these first."
            yield _Broken(rule, focus, None, None, file, more)
            return
        yield _Broken(rule, focus, path, value, file, sentence(rule.message, found, _prefixes()))


def _keyed(found: Solution) -> _Key:
    def term(name: str) -> Term | None:
        value = found.get(name)
        return None if isinstance(value, str | tuple) else value

    focus = term("this")
    assert focus is not None
    return focus, term("path"), term("value"), term("file")


def _placed(broken: _Broken, gathered: Gathered, texts: Mapping[str, TurtleText]) -> Fault:
    subject, path, value = _terms(broken)
    homes = gathered.homes.get(broken.focus, ())
    if isinstance(broken.file, ox.NamedNode):
        homes = (broken.file,)
    if isinstance(broken.focus, ox.NamedNode) and broken.focus in gathered.names:
        return _fault(broken, gathered.names[broken.focus], (1, 1))
    names = [gathered.names[home] for home in homes]
    if path and value:
        names.sort(key=lambda name: not texts[name].says(subject, path, value))
    name = names[0]
    return _fault(broken, name, texts[name].place(subject, path, value))


def _terms(broken: _Broken) -> tuple[str, str | None, str | None]:
    path, value = broken.path, broken.value
    return str(broken.focus), str(path) if path else None, str(value) if value else None


def _fault(broken: _Broken, name: str, place: tuple[int, int] | None) -> Fault:
    line, column = place or (None, None)
    focus = broken.focus.value if isinstance(broken.focus, ox.NamedNode) else ""
    rule = broken.rule
    return Fault(path_of(name), line, column, rule.name, rule.severity, broken.sentence, focus)


def _placed_between(
    found: Iterable[_Broken], before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> Iterator[Fault]:
    """Yield faults where they stand after a change, or where what is gone should stand."""
    found = tuple(found)
    if not found:
        return
    old = {name: TurtleText(data) for name, data in before.items()}
    new = {name: TurtleText(data) for name, data in after.items()}
    homes = {subject: name for texts in (old, new) for name, text in texts.items()
             for subject in text.subjects}  # fmt: skip
    for broken in found:
        subject, path, value = _terms(broken)
        name = homes[subject]
        place = None
        if name in new:
            place = new[name].place(subject, path, value) or _gap(subject, old[name], new[name])
        yield _fault(broken, name, place)


def _gap(subject: str, before: TurtleText, after: TurtleText) -> tuple[int, int]:
    """Return where the last term stands that came before a removed one and is still there."""
    ahead: list[str] = []
    for other in before.subjects:
        if other == subject:
            break
        ahead.append(other)
    last = next((other for other in reversed(ahead) if after.holds(other)), None)
    return (last and after.place(last)) or (1, 1)
