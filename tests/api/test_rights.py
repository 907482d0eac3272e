"""Who may do what in which state: the API of items, against the table of `rights_table.py`."""

import pytest
from flask import Blueprint

from api.app import create_app
from api.operations import UndeclaredRoute, check_every_route_declares
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from tests.api.rights_site import Rights, mistakes, rights_in, routes_of
from tests.api.rights_table import (
    EXCEPTIONS,
    NOT_IN,
    ROLES,
    SIGN_IN_FIRST,
    STATES,
    TABLE,
    listed,
)
from tests.api.sites import TURTLE, Site, site_in
from tests.catalogs import description


@pytest.fixture(scope="module")
def rights(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Rights:
    """Return items in every state, beside which no relay runs."""
    return rights_in(site_in(tmp_path_factory.mktemp("rights"), judge, queries), STATES)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_each_role_is_answered_as_the_table_says(rights: Rights, method: str) -> None:
    routes = [one for one in routes_of(rights.site) if one.is_of_items and not one.by_session]
    assert mistakes(rights, [one for one in routes if one.method == method]) == []


def test_every_route_on_an_item_is_in_the_table(rights: Rights) -> None:
    routes = routes_of(rights.site)
    assert {asked.action for asked in routes} == TABLE.keys()
    named = {f"{asked.method} {asked.tail}" for asked in routes}
    assert {name for one in EXCEPTIONS for name in one.routes} <= named
    assert NOT_IN.keys() | SIGN_IN_FIRST <= named


def test_every_row_of_the_table_has_a_letter_for_each_role() -> None:
    rows = [*TABLE.values(), *(one.rows for one in EXCEPTIONS)]
    assert {len(row.replace(" ", "")) for some in rows for row in some.values()} == {len(ROLES)}
    for some in TABLE.values():
        assert sorted(state for states in some for state in listed(states)) == sorted(STATES)


def test_drafts_begin_with_an_account(site: Site) -> None:
    answer = site.anyone.post("/items", description("Nobody's"), Content_Type=TURTLE)
    assert answer.status_code == 401


def test_a_route_without_a_declared_action_stops_the_start(site: Site) -> None:
    app = create_app(site.parts)
    extra = Blueprint("extra", __name__)
    extra.add_url_rule("/extra", "open_door", lambda: "hello")
    app.register_blueprint(extra)
    with pytest.raises(UndeclaredRoute, match=r"extra\.open_door"):
        check_every_route_declares(app)
