"""The statements that a form makes, and those that it does not show and keeps as they are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from api.form_fields import Control
from api.form_tree import Filled, Node, Typed
from api.form_words import Words, known_term
from catalog.domain.description import TYPE, Statement, is_literal, literal
from catalog.domain.fields import NOT_STATED
from catalog.domain.reading import ORDERED, POSITION


@dataclass(frozen=True, slots=True)
class Said:
    """One value of a form as a statement: the part it is about, and the names of its controls.

    field  the name of the field, value the name of the value
    """

    statement: Statement
    field: str
    value: str


def said(node: Node, words: Words, prefix: str = "") -> Iterator[Said]:
    """Yield what a form says in its fields, in their order; empty parts say nothing."""
    for filled in node.fields:
        name = f"{prefix}{filled.ask.key}"
        predicate = f"<{filled.ask.field.path}>"
        for number, value in enumerate(filled.values):
            place = _place(filled, name, number)
            if value.part is None:
                if term := term_of(filled, value, words):
                    yield Said((node.term, predicate, term), name, place)
                continue
            inner = list(said(value.part, words, f"{place}."))
            if inner or value.part.stood:
                yield Said((node.term, predicate, value.part.term), name, place)
                for iri in value.part.classes:
                    yield Said((value.part.term, TYPE, f"<{iri}>"), name, place)
                yield from inner
        if filled.is_none:
            yield Said((node.term, predicate, NOT_STATED), name, f"{name}~none")


def _place(filled: Filled, name: str, number: int) -> str:
    """Return the name of the control of a value; of the field where one control has several."""
    several = filled.ask.control is Control.CHECKS or (
        filled.ask.control is Control.PICK and number == 0
    )
    return name if several else f"{name}.{number}"


def term_of(filled: Filled, value: Typed, words: Words) -> str:
    """Return the term that a control means, "" for nothing."""
    return words.term(filled.ask, value.text, value.language, value.was)


def statements(root: Node, words: Words, kept: Iterable[Statement] = ()) -> list[Statement]:
    """Return all that a form says, with what it keeps, in the order in which people are named."""
    shown = [(root.term, TYPE, f"<{iri}>") for iri in root.classes]
    shown += [one.statement for one in said(root, words)]
    return list(dict.fromkeys((*shown, *_in_order(shown, kept))))


def not_shown(root: Node, words: Words, all_: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return the statements of a description that its form does not show."""
    shown = set(statements(root, words))
    return tuple(one for one in all_ if one not in shown)


def _in_order(shown: list[Statement], kept: Iterable[Statement]) -> Iterator[Statement]:
    """Yield what is kept; without the places of people where these are not in that order.

    The reader gives places anew, in the order of the text, where there are none.
    """
    kept = tuple(kept)
    places = {subject: value for subject, predicate, value in kept if predicate == POSITION}
    moved: set[str] = set()
    for ordered in ORDERED:
        people = [
            value for subject, predicate, value in shown
            if predicate == ordered and subject == "<>" and value.startswith("<#")
        ]  # fmt: skip
        numbers = [_number(places.get(one)) for one in people]
        if None in numbers or any(a > b for a, b in pairwise(n for n in numbers if n is not None)):
            moved.update(people)
    yield from (one for one in kept if not (one[1] == POSITION and one[0] in moved))


def _number(term: str | None) -> float | None:
    try:
        return float(literal(term).text) if term and is_literal(term) else None
    except ValueError:
        return None


def kept_after(
    kept: Iterable[Statement], before: Node, after: Node, words: Words
) -> tuple[Statement, ...]:
    """Return what is still kept when parts were taken out of the form: not what was about them."""
    left = {node.term for node in after.nodes()}
    gone = {node.term for node in before.nodes()} - left
    kept = tuple(kept)
    named = {one.statement[2] for one in said(after, words)}
    while True:
        about = [value for subject, _, value in kept if subject in gone]
        elsewhere = {value for subject, _, value in kept if subject not in gone}
        new = {one for one in about if one.startswith("<#")} - named - elsewhere - left - gone
        if not new:
            return tuple(one for one in kept if one[0] not in gone)
        gone |= new


def written(kept: Iterable[Statement]) -> str:
    """Return statements as a hidden field carries them, a line each."""
    return "".join(f"{s} {p} {_safe(o)} .\n" for s, p, o in kept)


def _safe(term: str) -> str:
    """Escape what a page cannot hold: control characters within literals."""
    return "".join(f"\\u{ord(c):04X}" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in term)


def read(text: str) -> tuple[Statement, ...]:
    """Return the statements of a hidden field; lines that are none are left out."""
    found = []
    for line in text.replace("\r\n", "\n").split("\n"):
        pieces = line.removesuffix(" .").split(" ", 2)
        if len(pieces) == 3 and _is_statement(pieces):
            found.append((pieces[0], pieces[1], pieces[2]))
    return tuple(found)


def _is_statement(pieces: list[str]) -> bool:
    return (
        all(map(known_term, pieces))
        and not is_literal(pieces[0])
        and pieces[1][:2] != "<#"
        and not is_literal(pieces[1])
    )
