"""A jail for the session, a catalog with its relay for most tests, and empty ones for the rest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.jail.judging import JailedJudge
from catalog.jail.limits import JUDGE, QUERY
from catalog.jail.pool import Pool
from catalog.jail.querying import JailedQueries
from tests.api.sites import Site, relay_of, site_in


@pytest.fixture(scope="session")
def judge() -> Iterator[JailedJudge]:
    pool = Pool("judge", 2, limits=JUDGE)
    pool.start()
    yield JailedJudge(pool, seconds=5.0)
    pool.close()


@pytest.fixture(scope="session")
def queries() -> Iterator[JailedQueries]:
    pool = Pool("query", 2, limits=QUERY)
    yield JailedQueries(pool)
    pool.close()


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Iterator[Site]:
    """Return a catalog that the whole session shares, with its relay running."""
    made = site_in(tmp_path_factory.mktemp("site"), judge, queries, query_seconds=2)
    with relay_of(made) as running:
        yield running


@pytest.fixture
def empty(tmp_path: Path, judge: JailedJudge, queries: JailedQueries) -> Site:
    """Return a catalog without items, of which nothing is projected unless told to settle."""
    return site_in(tmp_path, judge, queries)
