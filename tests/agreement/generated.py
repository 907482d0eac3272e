"""Descriptions with faults planted: real ones in which a few statements were spoiled on purpose.

Each is made from a number alone, so that any of them can be looked at again by itself.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from catalog.domain.description import TYPE, XSD, Statement, literal, statements_of, term_of_text
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import VOCAB, item_iri
from catalog.library import library
from tests.agreement.published import ANY_ID, SAMPLES, VALID, judged

ITEM = f"<{item_iri(ANY_ID)}>"

_FILES = re.compile(r"<#file/([^>]+)>")
_DATATYPES = (
    *("string", "integer", "decimal", "double", "boolean", "date", "dateTime", "gYear"),
    *("nonNegativeInteger", "anyURI", "duration", "hexBinary", "token"),
)


@dataclass(frozen=True, slots=True)
class Described:
    """A description as statements, with the names of the files that it speaks of."""

    name: str
    statements: tuple[Statement, ...]
    files: tuple[str, ...]

    @property
    def ntriples(self) -> bytes:
        """The statements as somebody may send them."""
        return "".join(f"{s} {p} {o} .\n" for s, p, o in self.statements).encode()


def original(file: Path) -> Described:
    """Return what a Turtle file says, as the catalog keeps it, with its faults if it has any."""
    text = file.read_text()
    files = tuple(sorted(set(_FILES.findall(text))))
    ntriples = judged(text.encode(), files=files).ntriples
    return Described(file.stem, tuple(statements_of(ntriples)), files)


@cache
def originals() -> tuple[Described, ...]:
    """Return every valid example and every sample, all of them good enough to be published."""
    return tuple(original(file) for file in (*VALID, *SAMPLES))


def faulty(number: int, seed: str = "agreement") -> Described:
    """Return a description with one to three faults; its name says which they are."""
    chance = random.Random(f"{seed} {number}")
    whole = chance.choice(originals())
    statements, faults = list(whole.statements), []
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(tuple(_FAULTS))
        spoiled = _FAULTS[name](chance, statements)
        if spoiled is not None and spoiled != statements:
            statements = spoiled
            faults.append(name)
    name = f"{number} {whole.name}: {', '.join(faults)}"
    return Described(name, tuple(statements), whole.files)


def varied(number: int) -> Described:
    """Return a description without faults: a whole one that leaves out what is not asked for."""
    chance = random.Random(f"varied {number}")
    whole = chance.choice(originals())
    optional = sorted({line[:2] for line in whole.statements if line[1] != TYPE})
    left_out = set(chance.sample(optional, min(len(optional), chance.randint(0, 4))))
    kept = tuple(line for line in whole.statements if line[:2] not in left_out)
    return Described(f"{number} {whole.name}", kept, whole.files)


Fault = Callable[[random.Random, list[Statement]], list[Statement] | None]


def _drop_a_property(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    subject, predicate, _ = chance.choice(said)
    return [line for line in said if line[:2] != (subject, predicate) or line[1] == TYPE]


def _double_a_value(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    subject, predicate, value = chance.choice(said)
    if predicate == TYPE:
        return None
    other = _with_text(value, "again ") if value[0] == '"' else _neighbour_of(chance, value)
    return [*said, (subject, predicate, other)]


def _neighbour_of(chance: random.Random, term: str) -> str:
    scheme = library().vocabularies.scheme_of(term[1:-1])
    return f"<{chance.choice(_concepts(scheme))}>" if scheme else f"{term[:-1]}x>"


@cache
def _concepts(scheme: str) -> Sequence[str]:
    found = library().vocabularies.scheme(scheme)
    return tuple(found.concepts) if found else ()


def _with_text(term: str, before: str) -> str:
    said = literal(term)
    kind = None if said.language else said.datatype
    return term_of_text(before + said.text, said.language, kind)


def _change_a_value(
    chance: random.Random,
    said: list[Statement],
    fits: Callable[[Statement], bool],
    change: Callable[[str], str],
) -> list[Statement] | None:
    places = [place for place, line in enumerate(said) if line[1] != TYPE and fits(line)]
    if not places:
        return None
    place = chance.choice(places)
    subject, predicate, value = said[place]
    return [*said[:place], (subject, predicate, change(value)), *said[place + 1 :]]


def _is_literal(line: Statement) -> bool:
    return line[2][0] == '"'


def _is_iri(line: Statement) -> bool:
    return line[2][0] == "<"


def _cites_a_concept(line: Statement) -> bool:
    return line[2].startswith(f"<{VOCAB}")


def _give_another_datatype(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    kind = XSD + chance.choice(_DATATYPES)
    return _change_a_value(
        chance, said, _is_literal, lambda v: term_of_text(literal(v).text, None, kind)
    )


def _drop_the_datatype(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    return _change_a_value(chance, said, _is_literal, lambda v: term_of_text(literal(v).text))


def _break_a_pattern(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    before = chance.choice(("§", "x ", "-", "\n", "../"))
    return _change_a_value(chance, said, _is_literal, lambda v: _with_text(v, before))


def _break_an_address(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    return _change_a_value(chance, said, _is_iri, lambda v: f"<urn:broken:{len(v)}>")


def _empty_a_label(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    def emptied(term: str) -> str:
        text = literal(term)
        return term_of_text("", text.language, None if text.language else text.datatype)

    return _change_a_value(chance, said, _is_literal, emptied)


def _cite_an_unknown_concept(
    chance: random.Random, said: list[Statement]
) -> list[Statement] | None:
    return _change_a_value(chance, said, _cites_a_concept, lambda v: f"{v[:-1]}-nowhere>")


def _cite_another_scheme(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    scheme = chance.choice(library().vocabularies.names)
    concepts = _concepts(scheme)
    if not concepts:
        return None
    concept = f"<{chance.choice(concepts)}>"
    return _change_a_value(chance, said, _is_iri, lambda _: concept)


def _remove_a_class(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    typing = [line for line in said if line[1] == TYPE and line[0] != ITEM]
    if not typing:
        return None
    gone = chance.choice(typing)
    return [line for line in said if line != gone]


def _add_a_class(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    subjects = sorted({line[0] for line in said if line[0] != ITEM})
    kinds = sorted({line[2] for line in said if line[1] == TYPE and line[0] != ITEM})
    if not subjects or not kinds:
        return None
    return [*said, (chance.choice(subjects), TYPE, chance.choice(kinds))]


def _break_a_part(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    parts = [line for line in said if line[0] != ITEM and line[1] != TYPE]
    if not parts:
        return None
    subject, predicate, _ = chance.choice(parts)
    return [line for line in said if line[:2] != (subject, predicate)]


def _write_words_for_an_address(
    chance: random.Random, said: list[Statement]
) -> list[Statement] | None:
    return _change_a_value(chance, said, _is_iri, lambda v: term_of_text(v[1:-1], "en"))


def _write_an_address_for_words(
    chance: random.Random, said: list[Statement]
) -> list[Statement] | None:
    return _change_a_value(
        chance, said, _is_literal, lambda v: f"<https://example.org/{len(literal(v).text)}>"
    )


def _say_it_twice_in_a_language(
    chance: random.Random, said: list[Statement]
) -> list[Statement] | None:
    texts = [line for line in said if _is_literal(line) and literal(line[2]).language]
    if not texts:
        return None
    subject, predicate, value = chance.choice(texts)
    return [*said, (subject, predicate, _with_text(value, "Once more: "))]


def _leave_it_unstated(chance: random.Random, said: list[Statement]) -> list[Statement] | None:
    return _change_a_value(chance, said, lambda _: True, lambda _: NOT_STATED)


def _write_what_no_datatype_takes(
    chance: random.Random, said: list[Statement]
) -> list[Statement] | None:
    def typed(line: Statement) -> bool:
        return _is_literal(line) and "^^" in line[2]

    return _change_a_value(
        chance, said, typed, lambda v: term_of_text("soon", None, literal(v).datatype)
    )


_FAULTS: dict[str, Fault] = {
    one.__name__.strip("_").replace("_", " "): one
    for one in (
        _drop_a_property,
        _double_a_value,
        _give_another_datatype,
        _drop_the_datatype,
        _break_a_pattern,
        _break_an_address,
        _empty_a_label,
        _cite_an_unknown_concept,
        _cite_another_scheme,
        _remove_a_class,
        _add_a_class,
        _break_a_part,
        _write_words_for_an_address,
        _write_an_address_for_words,
        _say_it_twice_in_a_language,
        _leave_it_unstated,
        _write_what_no_datatype_takes,
    )
}
