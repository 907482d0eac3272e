"""What differs between two states of the vocabularies is told concept by concept."""

import pytest

from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import Vocabularies
from catalog.domain.terms.changes import Change, Kind, changes
from catalog.library import library

TURTLE = """
@prefix colour: <https://w3id.org/sage/vocab/colour/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<https://w3id.org/sage/vocab/colour> a skos:ConceptScheme ; dct:title "Colours"@en .

colour:red a skos:Concept ;
    skos:prefLabel "Red"@en ;
    skos:definition "The colour of blood."@en ;
    skos:inScheme <https://w3id.org/sage/vocab/colour> ;
    skos:narrower colour:scarlet .

colour:scarlet a skos:Concept ;
    skos:prefLabel "Scarlet"@en ;
    skos:definition "A bright red."@en ;
    skos:inScheme <https://w3id.org/sage/vocab/colour> ;
    skos:broader colour:red .

colour:warm a skos:Concept ;
    skos:prefLabel "Warm"@en ;
    skos:inScheme <https://w3id.org/sage/vocab/colour> .
"""
SCARLET = f"{VOCAB}colour/scarlet"


def found(*replacements: tuple[str, str]) -> tuple[Change, ...]:
    """Return what differs once some text of the file is replaced."""
    after = TURTLE
    for old, new in replacements:
        assert old in after
        after = after.replace(old, new)
    before, later = (Vocabularies({"colour": text.encode()}) for text in (TURTLE, after))
    return changes(before, later)


def test_nothing_differs_from_itself() -> None:
    assert found() == ()
    assert changes(library().vocabularies, library().vocabularies) == ()


def test_the_order_of_statements_makes_no_difference() -> None:
    first = 'skos:prefLabel "Scarlet"@en ;\n    skos:definition "A bright red."@en ;'
    second = 'skos:definition "A bright red."@en ;\n    skos:prefLabel "Scarlet"@en ;'
    assert found((first, second)) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"Scarlet"@en', '"Scarlet red"@en',
         Change("colour", SCARLET, Kind.RELABELLED, "Scarlet red", "Scarlet", "Scarlet red")),
        ('"A bright red."@en', '"A red that is bright."@en',
         Change("colour", SCARLET, Kind.REDEFINED, "Scarlet", "A bright red.",
                "A red that is bright.")),
        ("skos:broader colour:red", "skos:broader colour:warm",
         Change("colour", SCARLET, Kind.MOVED, "Scarlet", f"{VOCAB}colour/red",
                f"{VOCAB}colour/warm")),
        ("skos:broader colour:red .",
         "skos:broader colour:red ; owl:deprecated true ; dct:isReplacedBy colour:red .",
         Change("colour", SCARLET, Kind.DEPRECATED, "Scarlet", "", f"{VOCAB}colour/red")),
        ("skos:broader colour:red .", 'skos:broader colour:red ; skos:altLabel "Vermilion"@en .',
         Change("colour", SCARLET, Kind.CHANGED, "Scarlet", "",
                "http://www.w3.org/2004/02/skos/core#altLabel Vermilion")),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_told(old: str, new: str, expected: Change) -> None:
    assert found((old, new)) == (expected,)


def test_what_comes_and_goes_is_told() -> None:
    renamed = found(("colour:scarlet", "colour:crimson"), ('"Scarlet"', '"Crimson"'))
    assert [(one.kind, one.label) for one in renamed] == [
        (Kind.ADDED, "Crimson"),
        (Kind.REMOVED, "Scarlet"),
    ]


def test_a_parent_does_not_change_by_what_moves_below_it() -> None:
    moved = found(
        ("skos:broader colour:red", "skos:broader colour:warm"),
        (" ;\n    skos:narrower colour:scarlet", ""),
    )
    assert [one.term for one in moved] == [SCARLET]


def test_a_scheme_that_is_new_or_gone_is_told_term_by_term() -> None:
    none, one = Vocabularies({}), Vocabularies({"colour": TURTLE.encode()})
    assert {change.kind for change in changes(none, one)} == {Kind.ADDED}
    assert {change.kind for change in changes(one, none)} == {Kind.REMOVED}
    assert len(changes(one, none)) == 3
