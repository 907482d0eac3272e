"""Whether what is proposed for a term fits to the other terms: their names, places and mappings."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

from catalog.domain.description import literal
from catalog.domain.proposing.proposals import Form, Property
from catalog.domain.proposing.troubles import Troubles
from catalog.domain.schemes import MAPPINGS, SKOS, Concept, Row, Scheme, Vocabularies

_SHORTEST_DEFINITION: Final = 10
_SENTENCE_ENDS: Final = (".", ")", "”")


class TermRules:
    """The rules between one term and the others; what breaks them becomes a trouble.

    iri   the term, which may be a new one
    row   what is said about it now, {} of a new one
    name  its preferred label, as it would be
    """

    def __init__(
        self,
        vocabularies: Vocabularies,
        scheme: Scheme,
        troubles: Troubles,
        *,
        iri: str,
        row: Row,
        name: str,
    ) -> None:
        self._vocabularies = vocabularies
        self._scheme = scheme
        self._troubles = troubles
        self._iri = iri
        self._row = row
        self._name = name

    def check(self, one: Property, added: Iterable[str], number: int) -> None:
        """Look whether what is added to a property fits to what is there.

        number  how many values the property would have
        """
        if number > one.most:
            most = "one value" if one.is_single else f"{one.most} values"
            self._troubles.tell(one.name, "too-many", f"A term has at most {most} here.")
        checks: dict[str, Callable[[Property, str], None]] = {
            "prefLabel": self._label,
            "altLabel": self._spelling,
            "notation": self._notation,
            "definition": self._definition,
            "broader": self._broader,
            "replaced_by": self._replacement,
        }
        check = self._mapping if one.form is Form.MAPPING else checks.get(one.name)
        if check is not None:
            for term in added:
                check(one, term)

    def _label(self, one: Property, term: str) -> None:
        text = literal(term).text
        for known in self._neighbours:
            spellings = (*known.labels, *known.alt_labels)
            if any(_same(text, spelling.text) for spelling in spellings):
                self._troubles.tell_in_use(
                    one.name, "overlapping-labels", f"“{text}” is in use", known
                )
                return

    def _spelling(self, one: Property, term: str) -> None:
        text = literal(term).text
        if text == self._name:
            self._troubles.tell(
                one.name, "labels-not-disjoint", f"“{text}” is the preferred label already."
            )
        for known in self._neighbours:
            if any(_same(text, label.text) for label in known.labels):
                self._troubles.tell_in_use(
                    one.name, "ambiguous-label", f"“{text}” is in use", known
                )
                return

    def _notation(self, one: Property, term: str) -> None:
        text = literal(term).text
        for known in self._neighbours:
            if known.notation == text:
                self._troubles.tell_in_use(
                    one.name, "duplicate-notation", f"The notation {text} is in use", known
                )

    def _definition(self, one: Property, term: str) -> None:
        text = literal(term).text
        if _same(text.strip(" ."), self._name.strip(" .")):
            self._troubles.tell(
                one.name, "definition-repeats-label", "A definition says more than the label."
            )
        elif len(text) < _SHORTEST_DEFINITION or not text.endswith(_SENTENCE_ENDS):
            self._troubles.tell(
                one.name, "definition-unfinished", "A definition is a sentence that ends in a stop."
            )

    def _broader(self, one: Property, term: str) -> None:
        if term in self._row.get(f"<{SKOS}related>", ()):
            self._troubles.tell(
                one.name, "relation-clash", f"{self._called(term)} is a related term already."
            )
        self._usable(one, term)
        way = self._way_up(term[1:-1], self._iri)
        if way:
            steps = " < ".join(self._called(f"<{step}>") for step in way)
            self._troubles.tell(
                one.name, "cyclic-hierarchy", f"The terms would stand in a cycle: {steps}.", way[0]
            )

    def _way_up(self, start: str, goal: str) -> tuple[str, ...]:
        """Return the chain of broader terms from one to another; () where there is none."""
        ways: dict[str, tuple[str, ...]] = {start: (start,)}
        pending = [start]
        while pending:
            at = pending.pop(0)
            if at == goal:
                return ways[at]
            found = self._vocabularies.concept(at)
            for above in found.broader if found else ():
                if above not in ways:
                    ways[above] = (*ways[at], above)
                    pending.append(above)
        return ()

    def _replacement(self, one: Property, term: str) -> None:
        if term == f"<{self._iri}>":
            self._troubles.tell(one.name, "reflexive-relation", "A term cannot replace itself.")
        self._usable(one, term)

    def _usable(self, one: Property, term: str) -> None:
        known = self._vocabularies.concept(term[1:-1])
        if known is not None and known.deprecated and term != f"<{self._iri}>":
            better = ", ".join(self._called(f"<{other}>") for other in known.replaced_by)
            use = f"; use {better} instead" if better else ""
            message = f"{known.label} is deprecated{use}."
            is_parent = one.name == "broader"
            rule = "relation-to-deprecated" if is_parent else "replacement-deprecated"
            self._troubles.tell(one.name, rule, message, known.iri)

    def _mapping(self, one: Property, term: str) -> None:
        if term == f"<{self._iri}>":
            self._troubles.tell(one.name, "reflexive-relation", "A term is not mapped to itself.")
        elif term[1:-1] in self._members:
            self._troubles.tell(
                one.name,
                "mapping-inside-scheme",
                f"{self._called(term)} belongs to the same vocabulary.",
            )
        others = [name for name in MAPPINGS if name != one.name]
        if any(term in self._row.get(f"<{SKOS}{name}>", ()) for name in others):
            self._troubles.tell(one.name, "mapped-twice", f"{shown(term)} is mapped already.")

    @cached_property
    def _members(self) -> frozenset[str]:
        return frozenset(self._scheme.concepts)

    @cached_property
    def _neighbours(self) -> tuple[Concept, ...]:
        """The other concepts of the vocabulary."""
        others = (iri for iri in self._scheme.concepts if iri != self._iri)
        found = (self._vocabularies.concept(iri) for iri in others)
        return tuple(concept for concept in found if concept is not None)

    def _called(self, term: str) -> str:
        known = self._vocabularies.concept(term[1:-1])
        return known.label if known else term[1:-1]


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def shown(term: str) -> str:
    """Return a term as a sentence shows it."""
    return f"“{literal(term).text}”" if term[0] == '"' else term
