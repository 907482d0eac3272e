"""Proposals as pages show them: the form that makes one, the one that was made, and lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from api.frame import Frame
from api.naming import Naming, Word
from api.proposaljson import address_of, has_patch
from api.values import Reader, Value
from catalog.domain.description import Description, is_literal, literal
from catalog.domain.fields import Field
from catalog.domain.identifiers import VOCAB
from catalog.domain.permissions import Actor, is_curator
from catalog.domain.proposing.proposals import (
    DEPRECATED,
    PROPERTIES,
    SHAPE,
    Difference,
    Form,
    Kind,
    ProposalLine,
    ProposalRecord,
    State,
)

_OFFERED_AT_MOST: Final = 600
_LONG: Final = frozenset({"definition", "why"})
_SELDOM: Final = frozenset(
    {
        "scopeNote", "example", "editorialNote", "exactMatch", "closeMatch", "broadMatch",
        "narrowMatch", "relatedMatch",
    }
)  # fmt: skip
_NEEDED: Final = frozenset({"prefLabel", "definition", "source", "why"})


def word_for(naming: Naming, name: str) -> Word:
    """Return what a kind, a state or a field of a proposal is called, and what it means."""
    shapes, iri = naming.library.shapes, f"{SHAPE}#{name}"
    return Word(shapes.label(iri) or name, shapes.comment(iri) or "")


def fields_of(naming: Naming, kind: Kind) -> tuple[tuple[str, Field], ...]:
    """Return the fields of a kind of proposal by name, in the order of its form."""
    fields = naming.library.shapes.fields_of_part(f"{SHAPE}#{kind}")
    return tuple((one.shape.rpartition("#")[2], one) for one in fields)


@dataclass(frozen=True, slots=True)
class Control:
    """One field of the form.

    control  line, long, lines or terms: how it is written
    values   what stands there: one text, or for terms one each
    most     how many characters a value may have
    """

    name: str
    label: str
    hint: str
    control: str
    values: tuple[str, ...]
    error: str
    most: int
    is_needed: bool

    @property
    def rows(self) -> int:
        """How many lines the field shows."""
        return 3 if self.control == "long" else min(10, max(2, self.values[0].count("\n") + 2))


@dataclass(frozen=True)
class ProposalForm:
    """The form for a proposal: empty, filled with what a concept says, or as it was sent.

    concept  the IRI of the concept that it is about, None for a new term
    sent     what was typed, by field; None for a form that was not sent
    errors   what is wrong, as `errors` of the problem tells it
    """

    naming: Naming
    kind: Kind
    scheme: str
    concept: str | None = None
    sent: Mapping[str, Sequence[str]] | None = None
    errors: Sequence[Mapping[str, Any]] = ()

    @property
    def heading(self) -> str:
        """What the form is for."""
        if self.kind is Kind.TERM:
            return f"Propose a term for {self.scheme_word.label}"
        doing = "change" if self.kind is Kind.CHANGE else "deprecation"
        return f"Propose a {doing} of {self.term_word.label}"

    @property
    def meaning(self) -> str:
        """What such a proposal is."""
        return word_for(self.naming, self.kind).help

    @property
    def scheme_word(self) -> Word:
        """The vocabulary."""
        return self.naming.term(VOCAB + self.scheme) or Word(self.scheme)

    @property
    def term_word(self) -> Word:
        """The term that it is about."""
        return self.naming.term(self.concept or "") or Word(self.concept or "")

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """The forms for other proposals about the same term: address and name."""
        if self.concept is None:
            return ()
        return tuple(
            (
                new_address(self.naming, concept=self.concept, kind=kind),
                word_for(self.naming, kind).label,
            )
            for kind in (Kind.CHANGE, Kind.DEPRECATION)
            if kind is not self.kind
        )

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The fields that are often needed, in the order of the shape."""
        return tuple(one for one in self._controls if one.name not in _SELDOM)

    @cached_property
    def further(self) -> tuple[Control, ...]:
        """The fields that are seldom needed."""
        return tuple(one for one in self._controls if one.name in _SELDOM)

    @property
    def opens_further(self) -> bool:
        """Whether something stands in the fields that are seldom needed."""
        return any(one.error or any(one.values) for one in self.further)

    @cached_property
    def _controls(self) -> tuple[Control, ...]:
        return tuple(self._control(name, one) for name, one in fields_of(self.naming, self.kind))

    def _control(self, name: str, one: Field) -> Control:
        known = PROPERTIES.get(name)
        if known is not None and known.form is Form.CONCEPT:
            control = "terms"
        elif known is not None and not known.is_single:
            control = "lines"
        else:
            control = "long" if name in _LONG else "line"
        return Control(
            name=name,
            label=one.name,
            hint=one.description,
            control=control,
            values=self._values(name, control),
            error=" ".join(said["message"] for said in self.errors if said["field"] == name),
            most=known.longest if known else 2_000 if name == "why" else 200,
            is_needed=name in _NEEDED,
        )

    def _values(self, name: str, control: str) -> tuple[str, ...]:
        if self.sent is not None:
            values = tuple(self.sent.get(name, ()))
        else:
            values = tuple(self._stands(name))
        if control == "terms":
            return (*(value for value in values if value), "")
        return ("\n".join(values),)

    def _stands(self, name: str) -> Iterable[str]:
        """Yield what the concept says now, as people write it."""
        known = PROPERTIES.get(name)
        if known is None or self.concept is None or self.kind is not Kind.CHANGE:
            return
        row = self.naming.library.vocabularies.row(self.concept) or {}
        for term in row.get(f"<{known.iri}>", ()):
            if known.shows(term):
                yield literal(term).text if is_literal(term) else term[1:-1].removeprefix(VOCAB)

    @property
    def told(self) -> tuple[Mapping[str, Any], ...]:
        """What is wrong, in the order of the fields; first what belongs to none of them."""
        order = {one.name: place for place, one in enumerate((*self.controls, *self.further), 1)}
        return tuple(sorted(self.errors, key=lambda one: order.get(one["field"], 0)))

    @cached_property
    def offered(self) -> tuple[tuple[str, str], ...]:
        """Terms to choose from as (value, label): those of the vocabulary and their parents."""
        vocabularies = self.naming.library.vocabularies
        scheme = vocabularies.scheme(self.scheme)
        found: dict[str, None] = {}
        for iri in scheme.concepts if scheme else ():
            concept = vocabularies.concept(iri)
            found.update(dict.fromkeys(concept.broader if concept else ()))
            if concept and not concept.deprecated:
                found[iri] = None
        named = [(iri.removeprefix(VOCAB), self.naming.of_term(iri)) for iri in found]
        named.sort(key=lambda pair: pair[1].casefold())
        return tuple(named[:_OFFERED_AT_MOST])


def new_address(naming: Naming, **asked: str) -> str:
    """Return the address of the form."""
    return f"{naming.root}vocab/proposals/new?{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class Changed:
    """A property with what goes and what comes.

    is_edit  whether values were there, or could have been
    """

    label: str
    removed: tuple[Value, ...]
    added: tuple[Value, ...]
    is_edit: bool


@dataclass(frozen=True)
class ProposalShown:
    """One proposal as its page shows it, to whom it may concern.

    actor  who reads it
    patch  the diff, or "" where there is none
    """

    frame: Frame
    naming: Naming
    proposal: ProposalRecord
    actor: Actor
    patch: str

    @property
    def kind(self) -> Word:
        """What it asks for."""
        return word_for(self.naming, self.proposal.plan.kind)

    @property
    def state(self) -> Word:
        """How far it has come."""
        return state_word(self.naming, self.proposal)

    @property
    def tone(self) -> str:
        """The class of the badge of its state."""
        return tone_of(self.proposal)

    @property
    def term_state(self) -> Word:
        """What the term is in the vocabularies now."""
        return word_for(self.naming, self.proposal.term_state)

    @property
    def scheme(self) -> Word:
        """The vocabulary."""
        name = self.proposal.plan.scheme
        return self.naming.term(VOCAB + name) or Word(name, "", f"{self.naming.root}vocab/{name}")

    @property
    def term_href(self) -> str:
        """The page of the term; "" while no vocabulary has it."""
        word = self.naming.term(self.proposal.plan.concept)
        return word.href if word else ""

    @property
    def is_new(self) -> bool:
        """Whether it is about a term that was not there."""
        return self.proposal.plan.kind is Kind.TERM

    @cached_property
    def changes(self) -> tuple[Changed, ...]:
        """What would change, in the order of the form."""
        plan = self.proposal.plan
        reader = Reader(Description(plan.concept, ""), self.naming, {})
        named = {PROPERTIES[name].iri: one.name for name, one in
                 fields_of(self.naming, plan.kind) if name in PROPERTIES}  # fmt: skip
        named = {DEPRECATED: self._deprecated_word, **named}
        found = []
        for iri, label in named.items():
            one = plan.differences.get(iri, Difference())
            if one != Difference():
                values = (reader.values(one.removed), reader.values(one.added))
                found.append(Changed(label, *values, is_edit=plan.kind is Kind.CHANGE))
        return tuple(found)

    @property
    def _deprecated_word(self) -> str:
        return word_for(self.naming, "deprecated").label

    @property
    def address(self) -> str:
        """Where it stands, for programs."""
        return address_of(self.proposal.id, self.frame.base)

    @property
    def here(self) -> str:
        """Its path on this catalog."""
        return f"{self.frame.root}vocab/proposals/{self.proposal.id}"

    @property
    def may_discuss(self) -> bool:
        """Whether the reader may add to the discussion."""
        return self.proposal.is_open and (self.is_own or self.may_decide)

    @property
    def may_decide(self) -> bool:
        """Whether the reader may accept or refuse it."""
        return self.proposal.is_open and is_curator(self.actor)

    @property
    def is_own(self) -> bool:
        """Whether the reader made it."""
        return self.actor.account is not None and self.actor.name == self.proposal.by

    @property
    def may_withdraw(self) -> bool:
        """Whether the reader may withdraw it."""
        return self.proposal.is_open and self.is_own

    @property
    def has_patch(self) -> bool:
        """Whether there is a patch to take along."""
        return has_patch(self.proposal)

    @property
    def taking(self) -> str:
        """How a maintainer takes the patch."""
        return f"curl -sS {self.address}.patch | git apply --index"


def state_word(naming: Naming, proposal: ProposalRecord | ProposalLine) -> Word:
    """Return how far a proposal has come, in words."""
    return word_for(naming, "in-force" if proposal.in_force else proposal.state)


def tone_of(proposal: ProposalRecord | ProposalLine) -> str:
    """Return the class of the badge of a proposal's state."""
    tones = {State.OPEN: "warn", State.ACCEPTED: "on", State.REFUSED: "bad"}
    return tones.get(proposal.state, "")


@dataclass(frozen=True, slots=True)
class Listed:
    """A proposal in a list."""

    href: str
    label: str
    kind: str
    state: str
    tone: str
    scheme: str
    line: ProposalLine


def listed(naming: Naming, lines: Iterable[ProposalLine]) -> tuple[Listed, ...]:
    """Return proposals as a list shows them."""
    return tuple(
        Listed(
            href=f"{naming.root}vocab/proposals/{line.id}",
            label=line.label,
            kind=word_for(naming, line.kind).label,
            state=state_word(naming, line).label,
            tone=tone_of(line),
            scheme=(naming.term(VOCAB + line.scheme) or Word(line.scheme)).label,
            line=line,
        )
        for line in lines
    )


def list_address(naming: Naming, **asked: str | None) -> str:
    """Return the address of the list under filters."""
    said = urlencode({name: value for name, value in asked.items() if value})
    return f"{naming.root}vocab/proposals{'?' if said else ''}{said}"
