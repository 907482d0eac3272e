"""Who may do what in which state by forms of pages and by Sage's storage API, as in `test_rights`.

It is a file of its own so that both halves of the matrix can run at once.
"""

from collections.abc import Iterator

import pytest

from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.services import outbox
from tests.api.rights_site import Rights, mistakes, rights_in, routes_of
from tests.api.rights_table import STATES
from tests.api.sites import site_in


@pytest.fixture(scope="module")
def rights(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Iterator[Rights]:
    """Return items in every state. No relay runs beside them, so that nothing waits for one."""
    site = site_in(tmp_path_factory.mktemp("pages"), judge, queries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "wait_until_indexed", lambda *_: False)
        yield rights_in(site, STATES)


def test_each_role_is_answered_by_forms_as_the_table_says(rights: Rights) -> None:
    routes = [one for one in routes_of(rights.site) if one.by_session]
    assert len(routes) > 20
    assert mistakes(rights, routes) == []


def test_each_role_is_answered_by_the_storage_api_as_the_table_says(rights: Rights) -> None:
    routes = [one for one in routes_of(rights.site) if not one.is_of_items]
    assert len(routes) > 7
    assert mistakes(rights, routes) == []
