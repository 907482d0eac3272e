"""What a proposal about a vocabulary is: a new term, a change of one, or its deprecation.

A proposal is kept as the difference that it would make to the statements about one concept, so
that what others change in the meantime stays. `proposal_rules` says what may be proposed,
`patches` how the files would change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from catalog.domain.description import XSD, is_literal, literal, term_of_text
from catalog.domain.identifiers import SHAPES
from catalog.domain.proposing.blocks import OWL
from catalog.domain.schemes import DCT, SKOS, Row, Vocabularies

SHAPE: Final = f"{SHAPES}proposal"
"""The shape whose parts name the kinds, the states and the fields of a proposal."""


class Kind(StrEnum):
    """What a proposal asks for."""

    TERM = "term"
    CHANGE = "change"
    DEPRECATION = "deprecation"


class State(StrEnum):
    """How far a proposal has come; all but the first are for good."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class TermState(StrEnum):
    """What a term is in the vocabularies as they are loaded."""

    PROPOSED = "proposed"
    VALID = "valid"
    DEPRECATED = "deprecated"


class Form(StrEnum):
    """What stands for a value of a property, as people write it and as a file does."""

    WORDS = "words"
    """A text in English."""
    CODE = "code"
    """A text without a language: the exact name that machines use."""
    SOURCE = "source"
    """An address, else words that say where something stands."""
    CONCEPT = "concept"
    """A concept of any vocabulary here."""
    MAPPING = "mapping"
    """A concept of another vocabulary, here or elsewhere."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that a proposal may speak of.

    most     how many values a concept may have
    longest  how many characters a value may have
    """

    name: str
    iri: str
    form: Form
    most: int
    longest: int

    @property
    def is_single(self) -> bool:
        """Whether a concept has at most one value."""
        return self.most == 1

    def shows(self, term: str) -> bool:
        """Tell whether a term is of this form, so that a proposal may speak of it."""
        if self.form in {Form.CONCEPT, Form.MAPPING}:
            return term[0] == "<"
        if self.form is Form.WORDS:
            return is_literal(term) and literal(term).language == "en"
        return self.form is Form.SOURCE or is_literal(term)


_ADDRESS: Final = 1_024

PROPERTIES: Final[Mapping[str, Property]] = {
    one.name: one
    for one in (
        Property("prefLabel", f"{SKOS}prefLabel", Form.WORDS, 1, 200),
        Property("altLabel", f"{SKOS}altLabel", Form.WORDS, 50, 200),
        Property("notation", f"{SKOS}notation", Form.CODE, 1, 200),
        Property("definition", f"{SKOS}definition", Form.WORDS, 1, 2_000),
        Property("scopeNote", f"{SKOS}scopeNote", Form.WORDS, 10, 1_000),
        Property("example", f"{SKOS}example", Form.WORDS, 20, 500),
        Property("editorialNote", f"{SKOS}editorialNote", Form.WORDS, 10, 1_000),
        Property("broader", f"{SKOS}broader", Form.CONCEPT, 5, _ADDRESS),
        Property("exactMatch", f"{SKOS}exactMatch", Form.MAPPING, 20, _ADDRESS),
        Property("closeMatch", f"{SKOS}closeMatch", Form.MAPPING, 20, _ADDRESS),
        Property("broadMatch", f"{SKOS}broadMatch", Form.MAPPING, 20, _ADDRESS),
        Property("narrowMatch", f"{SKOS}narrowMatch", Form.MAPPING, 20, _ADDRESS),
        Property("relatedMatch", f"{SKOS}relatedMatch", Form.MAPPING, 20, _ADDRESS),
        Property("source", f"{DCT}source", Form.SOURCE, 20, 500),
        Property("replaced_by", f"{DCT}isReplacedBy", Form.CONCEPT, 5, _ADDRESS),
    )
}
"""The properties by the names that they have in JSON and in forms; `shapes/proposal.ttl` says what
they are called, what they mean, and in which kind of proposal they may stand."""

DEPRECATED: Final = f"{OWL}deprecated"
TRUE: Final = term_of_text("true", None, f"{XSD}boolean")


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of the values of one property; values are terms of N-Triples."""

    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a proposal would do to one concept.

    label        what the concept is called, or would be
    differences  IRI of a property to what becomes of its values
    """

    kind: Kind
    scheme: str
    concept: str
    label: str
    differences: Mapping[str, Difference]

    def after(self, row: Row | None) -> Row:
        """Return the statements about the concept as the plan leaves them.

        row  the statements about it now, None where there is no such concept
        """
        said = dict(row or {})
        for iri, one in self.differences.items():
            kept = [term for term in said.get(f"<{iri}>", ()) if term not in one.removed]
            said[f"<{iri}>"] = tuple(dict.fromkeys([*kept, *one.added]))
        return {predicate: terms for predicate, terms in said.items() if terms}


def differences_to(plain: Mapping[str, Difference]) -> dict[str, dict[str, list[str]]]:
    """Return differences as JSON keeps them."""
    return {
        iri: {"removed": list(one.removed), "added": list(one.added)} for iri, one in plain.items()
    }


def differences_from(kept: Mapping[str, Mapping[str, Iterable[str]]]) -> dict[str, Difference]:
    """Return differences that JSON kept."""
    return {
        iri: Difference(tuple(one["removed"]), tuple(one["added"])) for iri, one in kept.items()
    }


@dataclass(frozen=True, slots=True)
class Note:
    """One contribution to the discussion of a proposal; `n` counts them from 1."""

    n: int
    by: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """How a proposal ended: by whom, when, and why.

    Who withdraws a proposal of their own needs no reason: it is "".
    """

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ProposalRecord:
    """A proposal as the record keeps it, with its discussion.

    in_force    whether the vocabularies say by now what an accepted proposal asked for
    term_state  what the term is in the vocabularies now
    """

    id: int
    plan: Plan
    state: State
    why: str
    by: str
    at: datetime
    decision: Decision | None
    notes: tuple[Note, ...]
    in_force: bool
    term_state: TermState

    @property
    def is_open(self) -> bool:
        """Whether it may still be discussed, decided and withdrawn."""
        return self.state is State.OPEN


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal as a list shows it."""

    id: int
    kind: Kind
    scheme: str
    concept: str
    label: str
    state: State
    in_force: bool
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A page of a list of proposals: how many there are in all, and where the next page begins."""

    lines: tuple[ProposalLine, ...]
    total: int
    next: str | None


def is_in_force(number: int, plan: Plan, vocabularies: Vocabularies) -> bool:
    """Tell whether the vocabularies say what a proposal asked for.

    They do where its note of change stands at the concept, or else where just what it asked for
    is said, so that a maintainer who changed the file in another way is believed as well.
    """
    row = vocabularies.row(plan.concept)
    if row is None:
        return False
    if any(_is_note_of(number, term) for term in row.get(f"<{CHANGE_NOTE}>", ())):
        return True
    return all(
        set(one.added) <= set(said := row.get(f"<{iri}>", ())) and not set(one.removed) & set(said)
        for iri, one in plan.differences.items()
    )


CHANGE_NOTE: Final = f"{SKOS}changeNote"

_DID: Final[Mapping[Kind, str]] = {
    Kind.TERM: "Added",
    Kind.CHANGE: "Changed",
    Kind.DEPRECATION: "Deprecated",
}


def change_note(number: int, kind: Kind, decided: datetime) -> str:
    """Return what is noted at a concept about the proposal that changed it, as a term.

    >>> change_note(7, Kind.TERM, datetime(2026, 11, 28))
    '"Added by proposal 7, accepted on 2026-11-28."@en'
    """
    return term_of_text(f"{_DID[kind]} by proposal {number}, accepted on {decided:%Y-%m-%d}.", "en")


def _is_note_of(number: int, term: str) -> bool:
    return is_literal(term) and f" by proposal {number}, accepted on " in literal(term).text


def term_state(concept: str, vocabularies: Vocabularies) -> TermState:
    """Return what a term is in the vocabularies as they are loaded."""
    found = vocabularies.concept(concept)
    if found is None:
        return TermState.PROPOSED
    return TermState.DEPRECATED if found.deprecated else TermState.VALID
