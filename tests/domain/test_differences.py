"""What differs between two descriptions: nothing where they say the same, else what it takes."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.description import Description, Statement
from catalog.domain.differences import difference, words_between
from catalog.domain.identifiers import item_iri

ITEM = item_iri("0000000000")
SELF = f"<{ITEM}>"
P = "http://example.org/p"
NAME = "http://example.org/name"
KIND = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def part(name: str) -> str:
    return f"<{ITEM}#{name}>"


def described(*lines: tuple[str, str, str]) -> Description:
    """Return a description; each line is a fragment ("" for the item), a property, and a term."""
    statements = [(part(s) if s else SELF, f"<{p}>", o) for s, p, o in lines]
    return Description.of(ITEM, statements)


def renumbered(one: Description, seed: int) -> Description:
    """Return the same description with its numbered parts in another order."""
    numbered = [name for name in one.parts if "#n" in name]
    names = dict(zip(numbered, random.Random(seed).sample(numbered, len(numbered)), strict=True))
    said = ((names.get(s, s), p, names.get(o, o)) for s, p, o in one.statements)
    return Description.of(ITEM, said)


_TEXTS = st.sampled_from(['"a"@en', '"b"@en', '"1"', "<http://example.org/x>"])
_PREDICATES = st.sampled_from([P, NAME, KIND, "http://example.org/q"])


@st.composite
def descriptions(draw: st.DrawFn) -> Description:
    """Return a description whose parts form a tree, with a few more links across it."""
    names = [f"n{n}" for n in range(1, draw(st.integers(1, 7)))] + draw(
        st.sampled_from([[], ["ana"], ["ana", "file/a.csv"]])
    )
    lines: list[Statement] = []
    for place, name in enumerate(names):
        above = draw(st.sampled_from([SELF, *(part(one) for one in names[:place])]))
        if not name.startswith("file/"):
            lines.append((above, f"<{draw(_PREDICATES)}>", part(name)))
        lines += [
            (part(name), f"<{draw(_PREDICATES)}>", draw(_TEXTS))
            for _ in range(draw(st.integers(1, 3)))
        ]
    for _ in range(draw(st.integers(0, 2))):
        one, other = (draw(st.sampled_from([SELF, *(part(n) for n in names)])) for _ in range(2))
        lines.append((one, f"<{P}>", other))
    lines += [
        (SELF, f"<{draw(_PREDICATES)}>", draw(_TEXTS)) for _ in range(draw(st.integers(0, 4)))
    ]
    return Description.of(ITEM, lines)


@given(one=descriptions())
@settings(deadline=None, max_examples=150)
def test_a_description_differs_in_nothing_from_itself(one: Description) -> None:
    assert difference(one, Description(one.item, one.ntriples)).changes == ()


@given(before=descriptions(), after=descriptions())
@settings(deadline=None, max_examples=300)
def test_the_difference_makes_the_later_one_of_the_earlier_one(
    before: Description, after: Description
) -> None:
    found = difference(before, after)
    assert found.applied() == after
    assert (found.changes == ()) == (found.added == found.removed == frozenset())


@given(before=descriptions(), after=descriptions())
@settings(deadline=None, max_examples=200)
def test_each_change_tells_of_statements_that_one_side_has_and_the_other_has_not(
    before: Description, after: Description
) -> None:
    found = difference(before, after)
    for thing, predicate, removed, added in found.changes:
        was = before.values(predicate, of=found.earlier_name(thing))
        assert set(removed) <= set(was)
        assert set(added) <= set(after.values(predicate, of=thing))


@given(before=descriptions(), after=descriptions())
@settings(deadline=None, max_examples=200)
def test_there_and_back_are_equally_far(before: Description, after: Description) -> None:
    there, back = difference(before, after), difference(after, before)
    assert bool(there.changes) == bool(back.changes)


@given(one=descriptions(), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=300)
def test_numbers_of_parts_make_no_difference(one: Description, seed: int) -> None:
    assert difference(one, renumbered(one, seed)).changes == ()


def creators(*names: str, first: int = 1) -> Iterator[tuple[str, str, str]]:
    for number, name in enumerate(names, first):
        yield "", P, part(f"n{number}")
        yield f"n{number}", KIND, "<http://example.org/Person>"
        yield f"n{number}", NAME, f'"{name}"'


def test_a_part_that_is_written_first_comes_and_the_others_stay() -> None:
    found = difference(described(*creators("Bo", "Cy")), described(*creators("Ana", "Bo", "Cy")))
    assert [(c.thing, c.removed, c.added) for c in found.changes] == [(SELF, (), (part("n1"),))]
    assert found.pairs == {part("n1"): part("n2"), part("n2"): part("n3")}


def test_a_part_that_says_something_else_is_changed_and_not_replaced() -> None:
    before = described(*creators("Ana", "Bo"), ("n2", "http://example.org/q", '"x"'))
    after = described(*creators("Ann", "Ana", "Bo"), ("n3", "http://example.org/q", '"y"'))
    found = difference(before, after)
    assert [(c.thing, c.property, c.removed, c.added) for c in found.changes] == [
        (SELF, P, (), (part("n1"),)),
        (part("n3"), "http://example.org/q", ('"x"',), ('"y"',)),
    ]
    assert found.earlier_name(part("n3")) == part("n2")


def test_a_part_with_a_name_stays_the_same_whatever_it_says() -> None:
    before = described(("", P, part("ana")), ("ana", NAME, '"Ana"'))
    after = described(("", P, part("ana")), ("ana", NAME, '"Ana Ruiz"'))
    (change,) = difference(before, after).changes
    assert (change.thing, change.removed, change.added) == (
        part("ana"),
        ('"Ana"',),
        ('"Ana Ruiz"',),
    )


def test_of_two_parts_that_say_the_same_each_stays_where_it_stands() -> None:
    other = "http://example.org/q"
    before = described(
        ("", P, part("n1")), ("n1", NAME, '"x"'), ("", other, part("n2")), ("n2", NAME, '"x"')
    )
    after = described(
        ("", P, part("n2")), ("n2", NAME, '"x"'), ("", other, part("n1")), ("n1", NAME, '"x"')
    )
    assert difference(before, after).changes == ()


def test_a_part_of_another_class_is_another_part() -> None:
    before = described(("", P, part("n1")), ("n1", KIND, "<http://example.org/Person>"))
    after = described(("", P, part("n1")), ("n1", KIND, "<http://example.org/Organization>"))
    found = difference(before, after)
    assert found.changes == ((SELF, P, (part("n1"),), (part("n1"),)),)
    assert found.applied() == after


def test_what_is_said_of_a_file_is_compared_by_the_name_of_the_file() -> None:
    before = described(("file/a.csv", NAME, '"one"@en'))
    after = described(("file/a.csv", NAME, '"two"@en'), ("file/b.csv", NAME, '"one"@en'))
    found = difference(before, after)
    assert found.applied() == after
    assert {change.thing for change in found.changes} <= {part("file/a.csv"), part("file/b.csv")}


def test_the_item_comes_first_and_its_parts_in_the_order_of_their_numbers() -> None:
    names = [f"n{n}" for n in range(1, 12)]
    links = [("", P, part(name)) for name in names]
    before = described(*links, *((name, NAME, f'"{name} old"') for name in names))
    after = described(*links, *((name, NAME, f'"{name} new"') for name in names), ("", NAME, '"x"'))
    things = [thing for thing, _ in difference(before, after).by_thing()]
    assert things == [SELF, *(part(name) for name in names)]


def test_a_thousand_parts_are_compared_in_less_than_a_second() -> None:
    before = described(*creators(*(f"Name {n}" for n in range(1000))))
    after = described(*creators(*(f"Name {n}" for n in range(1, 1001))))
    found = difference(before, after)
    assert len(found.changes) <= 2
    assert found.applied() == after


def test_a_thousand_parts_that_say_other_things_are_paired_by_their_order() -> None:
    before = described(*creators(*(f"Old {n}" for n in range(300))))
    after = described(*creators(*(f"New {n}" for n in range(300))))
    found = difference(before, after)
    assert len(found.pairs) == 300
    assert found.applied() == after


# -- words


@given(st.text("ab \n.", max_size=60), st.text("ab \n.", max_size=60))
@settings(deadline=None, max_examples=400)
def test_the_pieces_of_two_texts_make_both_texts(before: str, after: str) -> None:
    pieces = words_between(before, after)
    assert "".join(p.text for p in pieces if p.kind != "added") == before
    assert "".join(p.text for p in pieces if p.kind != "removed") == after


@given(st.text(max_size=60))
@settings(deadline=None)
def test_a_text_has_no_words_that_differ_from_itself(text: str) -> None:
    assert {piece.kind for piece in words_between(text, text)} <= {"same"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Sky images", "Sky images of clouds", "Sky images+[ of clouds]"),
        ("one two three four", "one 2 3 four", "one -[two three]+[2 3] four"),
        ("the end.", "the end!", "the end-[.]+[!]"),
        ("Zoë läuft", "Zoë rennt", "Zoë -[läuft]+[rennt]"),
        ("", "all new", "+[all new]"),
    ],
)
def test_words_that_differ_stand_in_their_places(before: str, after: str, said: str) -> None:
    marks = {"same": "{}", "removed": "-[{}]", "added": "+[{}]"}
    assert "".join(marks[p.kind].format(p.text) for p in words_between(before, after)) == said


def test_texts_that_have_nothing_in_common_are_told_apart_as_wholes_and_quickly() -> None:
    before = " ".join(f"a{n}" for n in range(20_000))
    after = " ".join(f"b{n}" for n in range(20_000))
    assert [piece.kind for piece in words_between(before, after)] == ["removed", "added"]
