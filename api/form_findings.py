"""What validation found, at the controls of a form that it is about, in words without Turtle."""

import re
from dataclasses import dataclass
from typing import Final

from api.form_statements import said
from api.form_tree import Node
from api.form_words import Words, as_told
from api.naming import Naming, compact
from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF, is_literal, literal, unescaped
from catalog.domain.fields import NOT_STATED
from catalog.domain.report import Finding, Level, Report

_IRI = re.compile(r"<([^<>\s]+)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@[A-Za-z-]+|\^\^[\w:]+)?')
_EXAMPLE = re.compile(r"\s*(?:For example|Example): ")
_CURIE = re.compile(r"\b([a-z0-9]+):([A-Za-z]\w*)\b")


@dataclass(frozen=True, slots=True)
class Told:
    """One finding as the form tells it.

    at     the name of the control or field that it is about, "" for none
    label  what that field is called
    nearest  terms that may be meant: the IRI and the label of each
    tone   bad for what blocks saving, todo for what publication lacks, warn for the rest
    """

    at: str
    label: str
    message: str
    tone: str
    nearest: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Findings:
    """All findings about a form."""

    told: tuple[Told, ...] = ()

    @property
    def blocking(self) -> tuple[Told, ...]:
        """What keeps it from being saved."""
        return tuple(one for one in self.told if one.tone == "bad")

    @property
    def missing(self) -> tuple[Told, ...]:
        """What publication still asks for."""
        return tuple(one for one in self.told if one.tone == "todo")

    @property
    def warnings(self) -> tuple[Told, ...]:
        """What is worth a look."""
        return tuple(one for one in self.told if one.tone == "warn")

    def at(self, name: str) -> tuple[Told, ...]:
        """Return what is about just this control or field."""
        return tuple(one for one in self.told if one.at == name)


def findings(report: Report | None, root: Node, words: Words, level: Level) -> Findings:
    """Return what a report says, at the controls of the form.

    level  the level at which a violation blocks saving
    """
    if report is None:
        return Findings()
    places = _Places(root, words)
    told = (_told(one, places, words.naming, level) for one in report.findings)
    kept = dict.fromkeys(one for one in told if one is not None)
    return Findings(tuple(sorted(kept, key=lambda one: places.order(one.at))))


def _told(finding: Finding, places: "_Places", naming: Naming, level: Level) -> Told | None:
    if finding.severity == "info":
        return None
    blocks = finding.severity == "violation" and (level == "publication" or finding.level == level)
    tone = "bad" if blocks else "todo" if finding.severity == "violation" else "warn"
    at, label = places.of(finding)
    label = label or finding.property or ""
    message = plain(naming, finding.message.removeprefix(f"{label}: "))
    typed = finding.value or ""
    if tone == "bad" and typed and is_literal(typed) and not typed.endswith("…"):
        message = f"“{_cut(literal(typed).text)}” does not fit here: {message}"
    return Told(at, label, message[:1].upper() + message[1:], tone, _nearest(finding, naming))


def _nearest(finding: Finding, naming: Naming) -> tuple[tuple[str, str], ...]:
    concept = naming.library.vocabularies.concept
    return tuple(
        (one.value[1:-1], one.label)
        for one in finding.suggestions
        if one.value[:1] == "<" and concept(one.value[1:-1])
    )[:_MOST_NEAREST]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"


_MOST_NEAREST: Final = 3
_LONGEST_TOLD: Final = 60


class _Places:
    """The names of controls by what they say."""

    def __init__(self, root: Node, words: Words) -> None:
        self._labels: dict[str, str] = {}
        self._fields: dict[tuple[str, str], str] = {}
        self._values: dict[tuple[str, str, str], str] = {}
        self._nodes: dict[str, tuple[str, str]] = {}
        self._order: dict[str, int] = {"": -1}
        self._note(root, "")
        for one in said(root, words):
            subject, predicate, value = one.statement
            if predicate != f"<{RDF}type>":
                told = as_told(value, words.base)
                self._values.setdefault((subject, predicate[1:-1], told), one.value)

    def _note(self, node: Node, prefix: str) -> None:
        for filled in node.fields:
            name = f"{prefix}{filled.ask.key}"
            self._fields.setdefault((node.term, filled.ask.field.path), name)
            self._name(name, filled.ask.field.name)
            self._name(f"{name}~none", filled.ask.field.name)
            for number, value in enumerate(filled.values):
                place = f"{name}.{number}"
                self._name(place, filled.ask.field.name)
                if value.part is not None:
                    self._nodes.setdefault(value.part.term, (place, filled.ask.field.name))
                    self._note(value.part, f"{place}.")

    def _name(self, name: str, label: str) -> None:
        self._labels[name] = label
        self._order[name] = len(self._order)

    def order(self, name: str) -> int:
        """Return where a control stands in the form."""
        return self._order.get(name, -1)

    def of(self, finding: Finding) -> tuple[str, str]:
        """Return the name and the label of what a finding is about; ("", "") for none."""
        path = finding.path or ""
        for iri in _IRI.findall(path) or ([path] if path else []):
            name = self._values.get((finding.focus_node, iri, finding.value or ""))
            name = name or self._fields.get((finding.focus_node, iri))
            if name:
                return name, self._labels[name]
        return self._nodes.get(finding.focus_node, ("", ""))


def plain(naming: Naming, text: str) -> str:
    """Return a sentence of the shapes as people read it in a form.

    Terms are called by their labels, quoted texts lose their tags, and examples that are whole
    statements of Turtle are left out: there the form asks for each thing by itself.
    """
    before, example = split_example(naming, text)
    return f"{before} For example: {example}" if example else before


def split_example(naming: Naming, text: str) -> tuple[str, str]:
    """Return a text of the shapes without its example, and the example, both as people read it."""
    found = _EXAMPLE.search(text)
    if found is None:
        return _without_turtle(naming, text), ""
    before, example = text[: found.start()], text[found.end() :]
    tail = ""
    if is_turtle(example):
        example = ""
    elif ", or say that" in example:
        example, _, rest = example.partition(", or say that")
        tail = f" Or say that{rest}"
    return _without_turtle(naming, before) + tail, _without_turtle(naming, example)


def is_turtle(text: str) -> bool:
    """Tell whether an example is whole statements of Turtle."""
    return bool(re.search(r"<[^>]*> (a|[a-z0-9]+:[A-Za-z]+) ", text))


def _without_turtle(naming: Naming, text: str) -> str:
    text = text.replace(" between < and >", "").replace(" in quotation marks", "")
    text = _IRI.sub(lambda found: _named(naming, found[1]), text)
    text = _QUOTED.sub(lambda found: f"“{unescaped(found[1])}”", text)
    return _CURIE.sub(lambda found: _named_shortly(naming, found), text).strip()


def _named_shortly(naming: Naming, found: re.Match[str]) -> str:
    """Return the name of a property or class that a sentence writes with a prefix."""
    if found[1] not in PREFIXES:
        return found[0]
    iri = PREFIXES[found[1]] + found[2]
    if iri == NOT_STATED[1:-1]:
        return naming.of_term(iri).lower()
    label = naming.of_part(iri)
    return label if label != compact(iri) else f"“{naming.property(iri).word.label}”"


def _named(naming: Naming, iri: str) -> str:
    word = naming.term(iri)
    return word.label if word else iri


def told_value(naming: Naming, term: str) -> str:
    """Return a term that the form does not show, in words."""
    return literal(term).text if is_literal(term) else _named(naming, term[1:-1])
