"""A form as its page shows it: chapters of questions, each with its controls and findings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from api.form_fields import Ask, Control, picked
from api.form_findings import Findings, Told, split_example, told_value
from api.form_terms import Option
from api.form_tree import Filled, Node, Typed
from api.form_words import Words
from api.frame import Frame
from api.naming import Naming, Word
from catalog.domain.description import TYPE, Statement, is_literal, literal
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import SAGE
from catalog.domain.reading import POSITION
from catalog.domain.record import ItemLine
from catalog.domain.report import LEVELS

_DEMANDS: Final = dict(zip(LEVELS, ("needed to save", "needed to publish"), strict=True))
_FLAGS: Final = (("true", "Yes"), ("false", "No"))
_MOST_KEPT: Final = 40
LANGUAGES: Final = (
    ("en", "English"), ("ar", "Arabic"), ("de", "German"), ("es", "Spanish"), ("fr", "French"),
    ("hi", "Hindi"), ("it", "Italian"), ("ja", "Japanese"), ("ko", "Korean"),
    ("pl", "Polish"), ("pt", "Portuguese"), ("ru", "Russian"), ("zh", "Chinese"),
)  # fmt: skip
"""The languages to choose from; another that a text has already is added for it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One control, or one part with its own.

    label    what it is called for those who do not see where it stands
    rows     how many lines it shows, 1 for a single one
    removes  the order that takes it away, "" where there is nothing to take away
    raises   the order that moves it up, "" where that means nothing
    """

    name: str
    label: str
    value: Typed
    rows: int
    languages: tuple[tuple[str, str], ...]
    findings: tuple[Told, ...]
    removes: str
    raises: str
    part: "PartView | None" = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: the value that is sent, what it is called, what it means."""

    name: str
    value: str
    label: str
    meaning: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Adding:
    """A button that adds: its order, what it says, and the control that it brings."""

    order: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Question:
    """A field with its controls.

    demand   when it must be answered, in words; "" if never
    choices  what may be chosen, by the name of its scheme
    offers   the schemes whose terms are offered while one types
    listed   the id of the list of these terms in the page, "" where there are too many
    none     what it is called when it is not stated, "" where that may not be said
    is_read  whether something stands in it that was read elsewhere and not typed
    """

    name: str
    label: str
    of: str
    help: str
    example: str
    control: Control
    demand: str
    slots: tuple[Slot, ...]
    choices: tuple[tuple[str, tuple[Choice, ...]], ...]
    offers: tuple[str, ...]
    listed: str
    none: str
    is_none: bool
    adds: tuple[Adding, ...]
    findings: tuple[Told, ...]
    is_used: bool
    is_read: bool = False

    @property
    def hint(self) -> bool:
        """Whether there is something to say about it."""
        return bool(self.help or self.example)

    @property
    def errors(self) -> tuple[Told, ...]:
        """What is wrong with the field as a whole."""
        return tuple(one for one in self.findings if one.tone == "bad")

    @property
    def has_findings(self) -> bool:
        """Whether anything was found here or in a part."""
        return bool(self.findings) or any(
            slot.findings or (slot.part is not None and slot.part.has_findings)
            for slot in self.slots
        )


@dataclass(frozen=True, slots=True)
class PartView:
    """A part with its questions: those that are demanded, and the others."""

    name: str
    label: str
    node: Node
    shape: str
    asked: tuple[Question, ...]
    further: tuple[Question, ...]

    @property
    def has_findings(self) -> bool:
        """Whether anything was found in it."""
        return any(one.has_findings for one in (*self.asked, *self.further))

    @property
    def opens(self) -> bool:
        """Whether something stands in what is seldom asked."""
        return any(one.is_used or one.has_findings for one in self.further)


@dataclass(frozen=True, slots=True)
class Chapter:
    """The questions under one heading."""

    label: str
    anchor: str
    asked: tuple[Question, ...]
    further: tuple[Question, ...]

    @property
    def opens(self) -> bool:
        """Whether something stands in what is seldom asked."""
        return any(one.is_used or one.has_findings for one in self.further)


@dataclass(frozen=True, slots=True)
class Sending:
    """What a form sends beside its fields, and what happened to it so far.

    action    where it is sent
    item_id   the item that is edited, "" for a new one
    stage     the stage that was edited
    nonce     a word by which a form that is sent twice makes one item
    kept      the statements that it does not show
    problem   why it was refused as a whole, "" for no reason
    conflict  who changed the item in between, and when
    differs   the fields in which theirs and this differ
    unsaved   whether it holds what is not kept yet
    is_draft  whether what is saved is a draft
    title     what the item is called, "" for a new one
    source    the item that it was copied from, "" for none
    checked   whether it was just checked
    address   the address elsewhere that was looked up for it, "" for none
    """

    action: str
    item_id: str = ""
    stage: str = ""
    nonce: str = ""
    kept: tuple[Statement, ...] = ()
    problem: str = ""
    conflict: tuple[str, datetime] | None = None
    differs: tuple[str, ...] = ()
    unsaved: bool = False
    is_draft: bool = True
    title: str = ""
    source: str = ""
    checked: bool = False
    address: str = ""


@dataclass(frozen=True)
class FormView:
    """A form for an item of one type.

    items  item type to the items that may be named where one of that type is asked for
    """

    frame: Frame
    naming: Naming
    words: Words
    item_type: str
    root: Node
    found: Findings
    sending: Sending
    items: Mapping[str, Sequence[ItemLine]] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What the page is for."""
        if self.sending.item_id:
            return f"Edit: {self.sending.title}"
        return f"New: {self.type_word.label}"

    @property
    def type_word(self) -> Word:
        """The item type."""
        naming = self.naming
        return Word(naming.of_type(self.item_type), naming.meaning_of_type(self.item_type))

    @cached_property
    def chapters(self) -> tuple[Chapter, ...]:
        """The questions under their headings, in the order of the shapes."""
        found: dict[str, list[Question]] = {}
        anchors: dict[str, str] = {}
        for filled in self.root.fields:
            group = filled.ask.field.group
            label = group.label if group else ""
            name = group.iri.rpartition("#")[2] if group else ""
            anchors.setdefault(label, f"about-{name}")
            found.setdefault(label, []).append(self._question(filled, "", ""))
        return tuple(
            Chapter(
                label,
                anchors[label],
                tuple(one for one in questions if one.demand),
                tuple(one for one in questions if not one.demand),
            )
            for label, questions in found.items()
        )

    @cached_property
    def lists(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """The lists that controls refer to: id, and what may be typed with what it is called."""
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for node in self.root.nodes():
            for filled in node.fields:
                if (name := self._listed(filled.ask)) and name not in found:
                    found[name] = tuple(self._entries(filled.ask))
        return tuple(found.items())

    def _entries(self, ask: Ask) -> Iterator[tuple[str, str]]:
        for item_type in ask.refers_to:
            yield from ((line.id, line.title) for line in self.items.get(item_type, ()))
        for _, options in self.words.offers(ask).by_scheme:
            yield from ((one.label, "") for one in options)

    @property
    def kept_lines(self) -> tuple[tuple[str, str, str], ...]:
        """What is kept as it is: the part it is about ("" for the item), property and value."""
        lines = [
            (s[1:-1], self.naming.property(p[1:-1]).word.label, told_value(self.naming, o))
            for s, p, o in self.sending.kept
            if p not in {TYPE, POSITION}
        ]
        return tuple(lines[:_MOST_KEPT])

    @property
    def kept_more(self) -> int:
        """How many of these are not shown."""
        shown = [one for one in self.sending.kept if one[1] not in {TYPE, POSITION}]
        return max(0, len(shown) - _MOST_KEPT)

    @property
    def top(self) -> tuple[Told, ...]:
        """What blocks saving and belongs to no control."""
        return tuple(one for one in self.found.blocking if not one.at)

    # -- questions

    def _question(self, filled: Filled, prefix: str, of: str) -> Question:
        ask, asked = filled.ask, filled.ask.field
        name = f"{prefix}{ask.key}"
        help_, example = split_example(self.naming, asked.description)
        slots = tuple(
            self._slot(filled, name, number, value, of)
            for number, value in enumerate(filled.values)
            if ask.control is not Control.CHECKS or not self._is_offered(ask, value)
        )
        return Question(
            name=name,
            label=asked.name,
            of=of,
            help=help_,
            example=example,
            control=ask.control,
            demand=self._demand(ask),
            slots=slots,
            choices=tuple(self._choices(filled, name)),
            offers=asked.schemes,
            listed=self._listed(ask),
            none=self._none if ask.says_none and ask.control is not Control.PICK else "",
            is_none=filled.is_none,
            adds=tuple(self._adds(filled, name)),
            findings=self.found.at(name),
            is_used=filled.is_none or any(_is_used(value) for value in filled.values),
            is_read=bool(self.sending.address)
            and any(value.was and value.part is None for value in filled.values),
        )

    @cached_property
    def _none(self) -> str:
        return self.naming.of_term(f"{SAGE}notStated")

    def _demand(self, ask: Ask) -> str:
        if ask.field.required:
            return _DEMANDS[ask.field.required]
        return f"one of these is {_DEMANDS[ask.one_of]}" if ask.one_of else ""

    def _slot(self, filled: Filled, name: str, number: int, value: Typed, of: str) -> Slot:
        ask = filled.ask
        place = f"{name}.{number}"
        label = ask.field.name if not number else f"{ask.field.name} {number + 1}"
        several = len(filled.values) > 1
        return Slot(
            name=place,
            label=f"{label} of {of}" if of else label,
            value=value,
            rows=_rows(ask, value.text),
            languages=self._languages(ask, value),
            findings=self.found.at(place),
            removes=f"remove:{place}" if value.part or (several and _is_numbered(ask)) else "",
            raises=f"up:{place}" if ask.is_ordered and number else "",
            part=self._part(ask, value.part, place, number, of) if value.part else None,
        )

    def _languages(self, ask: Ask, value: Typed) -> tuple[tuple[str, str], ...]:
        if not ask.has_language and not value.language:
            return ()
        known = dict(LANGUAGES)
        more = [] if value.language in known or not value.language else [value.language]
        return (*(() if value.language else (("", "No language"),)), *LANGUAGES,
                *((tag, tag) for tag in more))  # fmt: skip

    def _part(self, ask: Ask, node: Node, place: str, number: int, of: str) -> PartView:
        shapes = self.naming.library.shapes
        label = f"{ask.field.name} {number + 1}" if not ask.is_single else ask.field.name
        label = f"{label} of {of}" if of else label
        questions = [self._question(one, f"{place}.", label) for one in node.fields]
        asked = [one for one in questions if one.demand]
        few = len(questions) <= _FEW
        return PartView(
            name=place,
            label=label,
            node=node,
            shape=shapes.label(node.shape) or "",
            asked=tuple(questions if few or not asked else asked),
            further=tuple(one for one in questions if not one.demand) if asked and not few else (),
        )

    def _is_offered(self, ask: Ask, value: Typed) -> bool:
        offered = {one.value for _, found in self._offered(ask, "") for one in found}
        return value.part is None and value.text in offered

    def _choices(self, filled: Filled, name: str) -> Iterator[tuple[str, tuple[Choice, ...]]]:
        ask = filled.ask
        if ask.control is Control.CHECKS:
            chosen = {value.text for value in filled.values}
        else:
            chosen = {filled.values[0].text if filled.values else ""}
        if ask.control is Control.PICK:
            yield "", tuple(self._usual(filled, name))
        if ask.control is Control.FLAG:
            yield "", tuple(Choice(f"{name}.0", v, label, "", v in chosen) for v, label in _FLAGS)
        if ask.control in {Control.CHOICE, Control.CHECKS}:
            for scheme, options in self._offered(ask, name):
                yield (
                    scheme,
                    tuple(
                        Choice(one.name, one.value, one.label, one.meaning, one.value in chosen)
                        for one in options
                    ),
                )

    def _offered(self, ask: Ask, name: str) -> Iterator[tuple[str, list[Choice]]]:
        """Yield the terms that may be chosen; boxes to check are numbered from a hundred on, so
        that no line below takes their name."""
        number = 100
        by_scheme = list(self.words.offers(ask).by_scheme)
        if ask.field.allowed:
            options = tuple(Option(term, self._named(term), "") for term in ask.field.allowed)
            by_scheme.append(("", options))
        for scheme, options in by_scheme:
            found = []
            for one in options:
                found.append(Choice(f"{name}.{number}", one.iri, one.label, one.meaning, False))
                number += 1
            yield scheme if len(by_scheme) > 1 else "", found

    def _named(self, term: str) -> str:
        return literal(term).text if is_literal(term) else self.naming.of_term(term[1:-1])

    def _usual(self, filled: Filled, name: str) -> Iterator[Choice]:
        """Yield the usual terms with what they mean, and what else may be said."""
        ask = filled.ask
        vocabularies = self.naming.library.vocabularies
        first = filled.values[0] if filled.values else Typed()
        chosen = self.words.term(ask, first.text, first.language, first.was)
        for iri in picked(vocabularies, ask.field.schemes):
            concept = vocabularies.concept(iri)
            notes = self.naming.said(concept.scope_notes) if concept else None
            word = self.naming.term(iri) or Word(iri)
            label = self.words.offers(ask).label(iri)
            yield Choice(f"{name}.0", iri, label, notes or word.help, chosen == f"<{iri}>")
        if ask.says_none:
            yield Choice(f"{name}.0", NOT_STATED[1:-1], self._none,
                         self.naming.library.shapes.comment(f"{SAGE}notStated") or "",
                         chosen == NOT_STATED)  # fmt: skip
        others = any(_is_used(value) for value in filled.values[1:])
        yield Choice(f"{name}.0", "", "Another", "Named or described below.", not chosen and others)

    def _listed(self, ask: Ask) -> str:
        if any(self.items.get(one) for one in ask.refers_to):
            return f"items-{'-'.join(ask.refers_to)}"
        if ask.control not in {Control.TERM, Control.PICK} or not ask.field.schemes:
            return ""
        return f"terms-{'-'.join(ask.field.schemes)}" if self.words.offers(ask).is_listed else ""

    def _adds(self, filled: Filled, name: str) -> Iterator[Adding]:
        ask, number = filled.ask, len(filled.values)
        if ask.is_single and any(_is_used(value) for value in filled.values):
            return
        if not ask.is_single and ask.control not in {Control.PART, Control.CHECKS, Control.FLAG}:
            label = "In another language" if ask.field.unique_language else "One more"
            yield Adding(f"add:{name}", label, f"{name}.{number}")
        shapes = self.naming.library.shapes
        for shape in ask.kinds:
            kind = shapes.label(shape) or ""
            plain = len(ask.kinds) == 1 and ask.control is Control.PART
            label = ("Add another" if number else "Add one") if plain else f"Add: {_small(kind)}"
            order = f"add:{name}:{shape.rpartition('#')[2]}"
            yield Adding(order, label, f"{name}.{number}")


_FEW: Final = 4


def _small(label: str) -> str:
    """Return a label as it stands within a line: acronyms keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _is_numbered(ask: Ask) -> bool:
    """Tell whether each value has a control of its own that can be taken away."""
    return ask.control not in {Control.CHECKS, Control.PICK}


def _is_used(value: Typed) -> bool:
    if value.part is None:
        return bool(value.text)
    return value.part.stood or any(
        filled.is_none or any(_is_used(one) for one in filled.values)
        for filled in value.part.fields
    )


def _rows(ask: Ask, text: str) -> int:
    if ask.control is Control.LONG:
        return min(16, max(3, text.count("\n") + len(text) // 70 + 2))
    return min(10, text.count("\n") + 2) if "\n" in text else 1


def differing(theirs: Iterable[Statement], ours: Iterable[Statement], naming: Naming) -> list[str]:
    """Return the names of the properties in which two descriptions differ."""
    found = set(theirs) ^ set(ours)
    names = {naming.property(p[1:-1]).word.label for _, p, _ in found if p not in {TYPE, POSITION}}
    return sorted(names)
