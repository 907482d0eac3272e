"""Which concepts items cite is kept with each description, and counted up the hierarchy."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select

from catalog.domain.identifiers import VOCAB
from catalog.domain.lifecycle import Visibility
from catalog.library import library
from catalog.services import term_uses
from catalog.services.find import Filters, counts_by_type, find
from catalog.services.readiness import USES
from catalog.services.term_uses import index_uses, uses_in
from catalog.tables import Fact, TermUse
from tests.catalogs import Catalog, catalog_in, with_library

SEGMENTATION = f"{VOCAB}ml-task/semantic-segmentation"
VISION = f"{VOCAB}ml-task/computer-vision"


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setattr(term_uses, "_KEPT_SECONDS", 0.0)
    return with_library(catalog_in(tmp_path), library())


def kept(catalog: Catalog, item_id: str) -> set[str]:
    with catalog.parts.database.reading() as session:
        return set(session.scalars(select(TermUse.term).where(TermUse.item_id == item_id)))


def test_a_description_is_kept_with_the_concepts_that_it_cites(catalog: Catalog) -> None:
    one = catalog.submit("Clouds")
    assert kept(catalog, one.id) == {
        SEGMENTATION,
        f"{VOCAB}modality/image",
        f"{VOCAB}label-state/unlabelled",
        f"{VOCAB}storage-site/lcrc",
        "https://spdx.org/licenses/MIT",
    }


def test_what_is_public_counts_for_the_broader_concept_too(catalog: Catalog) -> None:
    catalog.submit("One")
    catalog.submit("Two")
    uses = uses_in(catalog.parts, "ml-task")
    assert uses.itself == {SEGMENTATION: 2}
    assert uses.together[VISION] == uses.together[SEGMENTATION] == 2


def test_an_item_counts_once_however_many_narrower_concepts_it_cites(catalog: Catalog) -> None:
    from catalog.services.submit import Submission, submit
    from tests.catalogs import description, now

    text = description("Both").replace(
        b"sage:mlTask ml-task:semantic-segmentation",
        b"sage:mlTask ml-task:semantic-segmentation, ml-task:object-detection",
    )
    submit(catalog.parts, catalog.actor, Submission(text, "text/turtle", publish=True), now=now())
    assert uses_in(catalog.parts, "ml-task").together[VISION] == 1


def test_drafts_private_and_withdrawn_items_count_nowhere(catalog: Catalog) -> None:
    catalog.submit("Draft", published=False)
    private = catalog.submit("Private", published=False)
    catalog.publish(private.id, Visibility.PRIVATE)
    catalog.withdraw(catalog.submit("Gone").id)
    assert uses_in(catalog.parts, "ml-task").together == {}


def test_items_are_found_by_what_they_cite(catalog: Catalog) -> None:
    one = catalog.submit("Clouds")
    for terms, expected in (
        (frozenset({SEGMENTATION}), [one.id]),
        (frozenset({f"{VOCAB}ml-task/object-detection"}), []),
    ):
        page = find(catalog.parts, catalog.actor, Filters(cites=terms), cursor=None, limit=5)
        assert [line.id for line in page.lines] == expected
        assert page.total == len(expected)
        assert sum(counts_by_type(catalog.parts, cites=terms).values()) == len(expected)


def test_uses_follow_a_revision_and_go_with_a_draft(catalog: Catalog) -> None:
    draft = catalog.submit("Draft", published=False)
    catalog.delete(draft.id)
    assert kept(catalog, draft.id) == set()


def test_descriptions_of_an_earlier_release_are_indexed_once(catalog: Catalog) -> None:
    one = catalog.submit("Before")
    with catalog.parts.database.writing() as session:
        session.execute(delete(TermUse))
    assert index_uses(catalog.parts) == 1
    assert SEGMENTATION in kept(catalog, one.id)
    assert index_uses(catalog.parts) == 0
    with catalog.parts.database.reading() as session:
        assert session.get_one(Fact, USES).value == "kept"


def test_doctor_sees_a_use_that_was_lost(catalog: Catalog) -> None:
    catalog.submit("Clouds")
    assert catalog.examined()["descriptions"].ok
    with catalog.parts.database.writing() as session:
        session.execute(delete(TermUse).where(TermUse.term == SEGMENTATION))
    assert not catalog.examined()["descriptions"].ok
