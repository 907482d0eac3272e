"""Many descriptions judged in one go: as one by one, by any library, and bombs cost only theirs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.domain.errors import Unavailable
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.impact import Case, Verdict
from catalog.domain.validation import judge
from catalog.jail.judging import JailedVerdicts
from catalog.jail.limits import JUDGE
from catalog.jail.pool import Pool
from catalog.library import library
from tests.catalogs import description
from tests.other_releases import files, of, without_term

ITEM = item_iri("0123456789")
DEADLY = "tests.jail.deadly_tasks:prepare"


def stored(title: str) -> str:
    """Return a description in the stored form."""
    return judge(description(title), "text/turtle", item=ITEM, library=library()).ntriples


@pytest.fixture(scope="module")
def deadly() -> Iterator[Pool]:
    pool = Pool(DEADLY, workers=2, spares=0)
    yield pool
    pool.close()


def test_a_verdict_of_many_is_that_of_each_alone(tmp_path: Path) -> None:
    other = of(without_term(files(), "label-state", "unlabelled"))
    other.write_to(tmp_path)
    pool = Pool("judge", workers=1, spares=0, limits=JUDGE, readable=(), library=tmp_path)
    try:
        texts = [stored("One"), "no N-Triples", stored("Two").replace("unlabelled", "labelled")]
        cases = [Case(ITEM, text, ("a.bin",)) for text in texts]
        found = JailedVerdicts(pool).judge_many(cases, (RECORD,))
        alone = judge(
            texts[0].encode(),
            "application/n-triples",
            item=ITEM,
            bases=(RECORD,),
            library=other,
            files=("a.bin",),
        )
        assert found[0] == Verdict.from_dict(Verdict.of(alone.report).to_dict())
        assert found[0].blocked == {"draft"}
        assert found[1].problem
        assert found[2].blocked == {"publication"}
    finally:
        pool.close()


def test_what_kills_a_worker_costs_the_others_of_its_batch_nothing(deadly: Pool) -> None:
    cases = [Case(ITEM, text) for text in ("fine", "die", "fine")]
    found = JailedVerdicts(deadly).judge_many(cases, ())
    assert [one.problem is None for one in found] == [True, False, True]
    assert str(found[1].problem).startswith("It could not be judged. ")


def test_what_hangs_is_stopped_in_time(deadly: Pool) -> None:
    judges = JailedVerdicts(deadly, seconds=0.5, batch_seconds=0.5)
    found = judges.judge_many([Case(ITEM, "hang"), Case(ITEM, "fine")], ())
    assert [one.problem is None for one in found] == [False, True]


def test_while_workers_are_replaced_others_wait(deadly: Pool) -> None:
    judges = JailedVerdicts(deadly)

    def ask(number: int) -> bool:
        text = "die" if number % 3 == 0 else "fine"
        return judges.judge_many([Case(ITEM, text)], ())[0].problem is None

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, range(24)))
    assert found == [number % 3 != 0 for number in range(24)]


def test_a_library_that_does_not_load_is_not_a_fault_of_descriptions(tmp_path: Path) -> None:
    (tmp_path / "vocab").mkdir()
    (tmp_path / "shapes").mkdir()
    (tmp_path / "vocab" / "broken.ttl").write_text("this is no Turtle")
    pool = Pool("judge", workers=1, spares=0, limits=JUDGE, library=tmp_path)
    try:
        with pytest.raises(Unavailable):
            JailedVerdicts(pool).judge_many([Case(ITEM, stored("One"))], ())
    finally:
        pool.close()
