"""Before a release is loaded it is known what it does to every item, and what would mend that."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import update

from catalog.domain.errors import CatalogError, NotAcceptable, NotFound
from catalog.domain.impact import Case, Fate, Outcome, Verdict
from catalog.domain.impact_report import Affected, Applied, Impact
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import Role
from catalog.domain.validation import judge
from catalog.library import Library, library
from catalog.services.accounts import create_token
from catalog.services.begin_version import begin_version
from catalog.services.impact import Benches, impact, library_beside
from catalog.services.migrate import local_actor, migrate
from catalog.services.read import read
from catalog.services.revise import revise
from catalog.services.start import LOCAL
from catalog.tables import Version
from tests.catalogs import Catalog, catalog_in, description, now
from tests.other_releases import deprecated, files, of, with_shape, without_term

ANY = frozenset("*")
STATE = "https://w3id.org/sage/vocab/label-state/"
SITE = "https://w3id.org/sage/vocab/storage-site/"


@dataclass
class Here:
    """Judges in this process, as workers do in theirs; counts what it is asked."""

    library: Library
    asked: int = 0

    def judge_many(self, cases: Sequence[Case], bases: tuple[str, ...]) -> tuple[Verdict, ...]:
        self.asked += len(cases)
        return tuple(self._verdict(case, bases) for case in cases)

    def _verdict(self, case: Case, bases: tuple[str, ...]) -> Verdict:
        try:
            judged = judge(
                case.ntriples.encode(),
                "application/n-triples",
                item=case.item,
                bases=bases,
                library=self.library,
                files=case.files,
            )
        except CatalogError as fault:
            return Verdict(problem=fault.detail)
        return Verdict.of(judged.report)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = catalog_in(tmp_path)
    made = replace(made, parts=replace(made.parts, library=library()))
    create_token(made.parts, LOCAL, Role.ADMIN, now=now())
    yield made
    made.parts.database.close()


GONE = of(without_term(files(), "label-state", "unlabelled"))
REPLACED = of(deprecated(files(), "storage-site", "lcrc", "storage-site:box"))


@dataclass
class Told:
    """What was told of the items of a catalog, and what was asked of either library."""

    report: Impact
    today: Here
    other: Here
    seen: list[Affected] = field(default_factory=list)

    def of(self, item_id: str, n: int = 1) -> Affected:
        return next(one for one in self.seen if (one.item_id, one.version) == (item_id, n))


def told(catalog: Catalog, other: Library, *, limit: int = 50) -> Told:
    seen: list[Affected] = []
    here, there = Here(catalog.parts.library), Here(other)
    benches = Benches(here, there, threads=2)
    report = impact(catalog.parts, other, benches, limit=limit, see=seen.append)
    return Told(report, here, there, seen)


def test_what_is_in_force_changes_nothing(catalog: Catalog) -> None:
    catalog.submit("Stays")
    found = told(catalog, library())
    assert not found.report.breaks
    assert (found.report.items, found.report.outcomes[Outcome.CONFORMS]) == (1, 1)
    assert found.seen == []


def test_an_item_that_cites_a_term_that_goes_breaks(catalog: Catalog) -> None:
    one = catalog.submit("Breaks")
    found = told(catalog, GONE)
    assert found.report.breaks
    broken = found.of(one.id)
    assert (broken.outcome, broken.level) == (Outcome.BREAKS, "publication")
    assert [(term.iri, term.fate) for term in broken.cites] == [
        (f"{STATE}unlabelled", Fate.REMOVED)
    ]
    assert f"{STATE}unlabelled" in str(broken.violations[0].value)
    assert broken.migration is None


def test_a_term_that_is_deprecated_breaks_nothing_and_is_told_with_its_replacement(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Goes on")
    found = told(catalog, REPLACED)
    assert not found.report.breaks
    citing = found.of(one.id)
    assert citing.cites[0].replacement == f"{SITE}box"
    assert citing.conforms_afterwards is True
    assert found.report.uses == {f"{SITE}lcrc": 1}


def test_a_draft_is_held_to_the_level_of_drafts_alone(catalog: Catalog) -> None:
    draft = catalog.submit("A draft", published=False)
    other = of(_asking_for_more())
    assert told(catalog, other).report.outcomes == {Outcome.CONFORMS: 1}
    catalog.publish(draft.id)
    assert told(catalog, other).of(draft.id).outcome is Outcome.BREAKS


def _asking_for_more() -> dict[str, bytes]:
    """Return files whose training data need a curation method at publication."""
    shape = files()["shapes/training-data"].decode()
    begin = shape.index("training-data:collection-date-required\n")
    block = shape[begin : shape.index("\n\n", begin)]
    return with_shape(files(), "training-data", block, block.replace("collectionDate", "nowhere"))


def test_an_item_that_fails_today_and_not_by_the_other_release_gets_better(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Gets better")
    asking = replace(catalog, parts=replace(catalog.parts, library=of(_asking_for_more())))
    found = told(asking, library())
    assert found.of(one.id).outcome is Outcome.IMPROVES
    assert not found.report.breaks


def test_an_item_that_fails_by_both_is_counted_and_breaks_nothing(catalog: Catalog) -> None:
    catalog.submit("Fails")
    asking = replace(catalog, parts=replace(catalog.parts, library=of(_asking_for_more())))
    found = told(asking, GONE)
    assert found.report.outcomes == {Outcome.FAILS: 1}
    assert not found.report.breaks


def _judged_by(catalog: Catalog, version: str) -> None:
    with catalog.parts.database.writing() as session:
        session.execute(update(Version).values(library_version=version))


def test_what_was_judged_by_today_is_not_judged_again(catalog: Catalog) -> None:
    catalog.submit("Judged")
    assert told(catalog, GONE).today.asked == 0


def test_what_was_judged_by_an_older_release_is_judged_by_today(catalog: Catalog) -> None:
    catalog.submit("Judged long ago")
    _judged_by(catalog, "an older one")
    found = told(catalog, GONE)
    assert found.today.asked == 1
    assert found.report.outcomes == {Outcome.BREAKS: 1}


def test_what_only_the_record_knows_is_left_out(catalog: Catalog) -> None:
    one = catalog.submit("Speaks of a file")
    with catalog.parts.database.writing() as session:
        version = session.get_one(Version, (one.id, 1))
        finding = {"severity": "violation", "level": "draft", "component": "record"}
        version.report = {**version.report, "findings": [finding]}
    assert told(catalog, library()).report.outcomes == {Outcome.CONFORMS: 1}


def test_of_an_item_the_published_version_and_the_open_draft_are_judged(
    catalog: Catalog,
) -> None:
    one = catalog.submit("First")
    for _ in range(2):
        begin_version(catalog.parts, catalog.actor, one.id, expected=ANY, now=now())
        catalog.publish(one.id)
    begin_version(catalog.parts, catalog.actor, one.id, expected=ANY, now=now())
    found = told(catalog, GONE)
    assert [(seen.version, seen.state) for seen in found.seen] == [
        (3, State.PUBLISHED),
        (4, State.DRAFT),
    ]
    assert found.report.items == 1
    assert found.report.uses == {f"{STATE}unlabelled": 1}


def test_what_is_withdrawn_is_not_judged_and_what_is_private_is(catalog: Catalog) -> None:
    catalog.withdraw(catalog.submit("Withdrawn").id)
    hidden = catalog.submit("Private", published=False)
    catalog.publish(hidden.id, Visibility.PRIVATE)
    found = told(catalog, GONE)
    assert (found.report.items, found.report.versions) == (2, 1)
    assert found.seen[0].item_id == hidden.id


def test_files_that_are_kept_count_as_distributions(catalog: Catalog) -> None:
    one = catalog.submit("With a file", published=False)
    catalog.upload(one.id, "a b.txt", b"text")
    catalog.publish(one.id)
    _judged_by(catalog, "an older one")
    assert told(catalog, library()).report.outcomes == {Outcome.CONFORMS: 1}


def test_what_cannot_be_read_is_told_as_not_judged(catalog: Catalog) -> None:
    one = catalog.submit("Broken by hand")
    with catalog.parts.database.writing() as session:
        session.get_one(Version, (one.id, 1)).ntriples += "<a> <b> .\n"
    found = told(catalog, of(_asking_for_more()))
    assert found.of(one.id).outcome is Outcome.UNJUDGED
    assert found.of(one.id).verdict.problem


def test_progress_ends_with_the_number_of_items(catalog: Catalog) -> None:
    for number in range(3):
        catalog.submit(str(number), published=False)
    steps: list[tuple[int, int]] = []
    benches = Benches(Here(library()), Here(library()), threads=1)
    impact(catalog.parts, library(), benches, limit=5, progress=lambda *step: steps.append(step))
    assert steps[-1] == (3, 3)


def test_more_items_than_one_page_are_all_judged_once(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.services.impact._PAGE", 3)
    monkeypatch.setattr("catalog.services.impact._BATCH", 2)
    ids = {catalog.submit(str(number)).id for number in range(10)}
    found = told(catalog, GONE)
    assert [seen.item_id for seen in found.seen] == sorted(ids)
    assert found.report.items == 10


def _with_another_parent() -> dict[str, bytes]:
    """Return files in which a term that the items cite stands elsewhere in its tree."""
    text = files()["vocab/ml-task"].decode()
    begin = text.index("ml-task:semantic-segmentation a ")
    block = text[begin : text.index("\n\n", begin)]
    moved = re.sub(r"skos:broader [^;]*", "skos:broader ml-task:computer-vision ", block)
    assert moved != block
    return {**files(), "vocab/ml-task": text.replace(block, moved).encode()}


RELEASES = {
    "today's": library(),
    "without a term": GONE,
    "with a term replaced": REPLACED,
    "with a term moved": of(_with_another_parent()),
    "with other shapes": of(_asking_for_more()),
}


@pytest.mark.parametrize("name", RELEASES)
def test_what_is_not_judged_again_would_have_had_the_same_verdict(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    catalog.submit("Published")
    draft = catalog.submit("Labelled", published=False)
    other_state = description("Labelled").replace(
        b"label-state:unlabelled", b"label-state:labelled"
    )
    revise(
        catalog.parts, catalog.actor, draft.id, other_state, "text/turtle", expected=ANY, now=now()
    )
    quick = told(catalog, RELEASES[name]).report
    monkeypatch.setattr("catalog.services.impact.terms_seen_otherwise", lambda *_: None)
    whole = told(catalog, RELEASES[name]).report
    assert quick.to_dict() == whole.to_dict()


def test_what_cites_nothing_that_differs_is_not_judged_again(catalog: Catalog) -> None:
    catalog.submit("Untouched")
    assert told(catalog, REPLACED).other.asked == 1  # the migrated description alone
    assert told(catalog, GONE).other.asked == 1
    assert told(catalog, library()).other.asked == 0


# -- the other library


def test_a_missing_half_is_that_of_today() -> None:
    only = {"vocab/label-state": files()["vocab/label-state"]}
    other = library_beside(library(), only)
    assert other.item_types == library().item_types
    assert other.vocabularies.names == ("label-state",)


def test_shapes_that_cannot_be_compiled_are_refused_in_a_sentence() -> None:
    broken = with_shape(files(), "training-data", "sh:property\n", "sh:property [ sh:in 1 ],\n")
    with pytest.raises(NotAcceptable, match="cannot be used"):
        library_beside(library(), broken)


# -- writing what migrates


def applied(catalog: Catalog, other: Library) -> list[Applied]:
    actor = local_actor(catalog.parts)
    found = told(catalog, other).seen
    done = [migrate(catalog.parts, actor, one, now=now()) for one in found]
    return [one for one in done if one is not None]


def says(catalog: Catalog, item_id: str, n: int) -> str:
    return read(catalog.parts, catalog.actor, item_id, n).record.ntriples


def test_a_draft_gets_a_new_revision(catalog: Catalog) -> None:
    one = catalog.submit("A draft", published=False)
    done = applied(catalog, REPLACED)
    assert [(step.failed, step.item_id) for step in done] == [(False, one.id)]
    after = read(catalog.parts, catalog.actor, one.id).record
    assert (after.version, after.revision) == (1, 2)
    assert f"{SITE}box" in after.ntriples
    assert f"{SITE}lcrc" not in after.ntriples


def test_what_is_published_stays_and_a_draft_of_its_next_version_is_migrated(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Published")
    applied(catalog, REPLACED)
    assert says(catalog, one.id, 1) == one.ntriples
    second = read(catalog.parts, catalog.actor, one.id, 2).record
    assert (second.state, second.revision) == (State.DRAFT, 2)
    assert f"{SITE}box" in second.ntriples
    catalog.settle()
    assert all(check.ok for check in catalog.examined().values())


def test_writing_twice_writes_once(catalog: Catalog) -> None:
    catalog.submit("Published")
    catalog.submit("A draft", published=False)
    assert len(applied(catalog, REPLACED)) == 2
    assert applied(catalog, REPLACED) == []


def test_an_open_draft_that_cites_an_old_term_is_revised_and_no_other_begun(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Has a draft")
    begin_version(catalog.parts, catalog.actor, one.id, expected=ANY, now=now())
    assert [(step.version, step.failed) for step in applied(catalog, REPLACED)] == [(2, False)]
    assert f"{SITE}box" in says(catalog, one.id, 2)


def test_what_lacks_more_once_migrated_is_begun_for_its_owner_to_complete(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Has no label set")
    other = of(deprecated(files(), "label-state", "unlabelled", "label-state:partly"))
    assert told(catalog, other).of(one.id).conforms_afterwards is False
    assert [step.failed for step in applied(catalog, other)] == [False]
    assert not read(catalog.parts, catalog.actor, one.id, 2).record.report["conforms"]


def test_a_term_without_a_replacement_is_left_to_a_person(catalog: Catalog) -> None:
    catalog.submit("Cites what goes")
    assert applied(catalog, GONE) == []


def test_a_replacement_that_is_not_in_force_yet_is_refused_and_nothing_stays(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Too early")
    changed = deprecated(files(), "storage-site", "lcrc", "storage-site:alcf")
    text = changed["vocab/storage-site"].decode().replace("storage-site:box", "storage-site:alcf")
    [step] = applied(catalog, of({**changed, "vocab/storage-site": text.encode()}))
    assert step.failed
    assert read(catalog.parts, catalog.actor, one.id).record.version == 1
    catalog.settle()
    assert all(check.ok for check in catalog.examined().values())


def test_an_item_that_moved_on_meanwhile_is_left_alone(catalog: Catalog) -> None:
    one = catalog.submit("Moves on", published=False)
    found = told(catalog, REPLACED).of(one.id)
    catalog.revise(one.id, "Moved on")
    step = migrate(catalog.parts, local_actor(catalog.parts), found, now=now())
    assert step is not None
    assert step.failed
    assert read(catalog.parts, catalog.actor, one.id).record.title == "Moved on"


def test_without_the_local_account_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no account local"):
        local_actor(catalog_in(tmp_path).parts)
