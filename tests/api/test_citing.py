"""Citations say what the description says, in its order, and invent nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.citing import Author, Citation, authors, cite
from catalog.domain.description import Description, term_of_text
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.record import ItemRecord

ITEM = item_iri("w62kz7rwhm")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
FOAF = "http://xmlns.com/foaf/0.1/"
CREATOR = "<http://purl.org/dc/terms/creator>"
RECORD = ItemRecord(
    id="w62kz7rwhm",
    version=1,
    revision=1,
    file_changes=0,
    state_changes=0,
    type="model",
    title="U-Net",
    state=State.PUBLISHED,
    visibility=Visibility.PUBLIC,
    owner_id=1,
    owner="local",
    created=NOW,
    modified=NOW,
    published=NOW,
    ntriples="",
    digest="",
    report={},
)


def by(*names: str, kind: str = "Person", ordered: bool = True) -> Description:
    """Return a description with creators of these names, in this order if `ordered`."""
    statements = []
    for number, name in enumerate(names):
        part = f"<{ITEM}#z{len(names) - number}>"
        statements += [
            (f"<{ITEM}>", CREATOR, part),
            (part, TYPE, f"<{FOAF}{kind}>"),
            (part, f"<{FOAF}name>", term_of_text(name)),
        ]
        if ordered:
            place = f'"{number + 1}"^^<http://www.w3.org/2001/XMLSchema#integer>'
            statements.append((part, "<https://schema.org/position>", place))
    return Description.of(ITEM, statements)


def cited(description: Description, title: str = "U-Net", **changes: object) -> Citation:
    return cite(
        description,
        replace(RECORD, **changes),  # type: ignore[arg-type]
        title=title,
        kind="Model",
        publisher="Sage",
        address="http://127.0.0.1:8000/items/w62kz7rwhm",
    )


@pytest.mark.parametrize(
    ("name", "author", "shown"),
    [
        ("Seongha Park", Author("Park", "Seongha"), "Park, S."),
        ("Park, Seongha", Author("Park", "Seongha"), "Park, S."),
        ("Rajesh  Sankaran", Author("Sankaran", "Rajesh"), "Sankaran, R."),
        ("Ludwig van Beethoven", Author("van Beethoven", "Ludwig"), "van Beethoven, L."),
        ("J. R. R. Tolkien", Author("Tolkien", "J. R. R."), "Tolkien, J. R. R."),
        ("Plato", Author("Plato", ""), "Plato"),
    ],
)
def test_a_person_is_cited_by_family_name(name: str, author: Author, shown: str) -> None:
    (found,) = authors(by(name))
    assert (found, found.with_initials) == (author, shown)


def test_an_organisation_keeps_its_name_whole() -> None:
    (found,) = authors(by("Argonne National Laboratory", kind="Organization"))
    assert found == Author("Argonne National Laboratory", "")


def test_authors_stand_in_the_order_of_the_description() -> None:
    assert cited(by("Ana Ruiz", "Pete Beckman", "Zoe Abel")).before == (
        "Ruiz, A., Beckman, P., & Abel, Z. (2026). "
    )


def test_more_than_twenty_authors_are_shortened() -> None:
    before = cited(by(*(f"Ana A{n:02}" for n in range(25)))).before
    assert "A18, A., … A24, A." in before
    assert "A20" not in before


def test_without_a_creator_the_title_comes_first_and_nobody_is_made_up() -> None:
    found = cited(by())
    assert (found.before, found.after.split(" [")[0]) == ("", "(2026). (Version 1)")
    assert "author" not in found.bibtex


def test_a_draft_has_no_year() -> None:
    found = cited(by("Ana Ruiz"), published=None, state=State.DRAFT)
    assert found.before == "Ruiz, A. (draft). "
    assert "year" not in found.bibtex
    assert "Draft, not published" in found.bibtex


def test_bibtex_is_one_entry_with_every_member() -> None:
    assert cited(by("Ana Ruiz", "Pete Beckman")).bibtex == (
        "@misc{sage_w62kz7rwhm_v1,\n"
        "  author       = {Ruiz, Ana and Beckman, Pete},\n"
        "  title        = {{U-Net}},\n"
        "  year         = {2026},\n"
        "  version      = {1},\n"
        "  publisher    = {Sage},\n"
        "  howpublished = {Model},\n"
        "  url          = {http://127.0.0.1:8000/items/w62kz7rwhm}\n"
        "}"
    )


@pytest.mark.parametrize("title", ["50 % & more_{x} #1 $", "}}, note = {evil", "a\nb \\input{x}"])
def test_bibtex_braces_stay_balanced_whatever_the_title(title: str) -> None:
    entry = cited(by("Ana Ruiz"), title).bibtex
    depths = [entry[:end].count("{") - entry[:end].count("}") for end in range(len(entry) + 1)]
    assert depths[-1] == 0
    assert min(depths[len("@misc{") : -1]) == 1
    assert len(entry.splitlines()) == 9
