"""What somebody may not know of answers as what was never there: to the letter, and by one way.

How long that takes is measured by `python -m bench authorizing`, since a test that looks at a
clock fails by chance. Here the questions that the record is asked are compared, one by one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from catalog.domain.errors import NotFound
from catalog.domain.permissions import ANYONE, Action, Actor, Role, authorize
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.services.read import read
from catalog.tables import Account
from tests.api.rights_site import READERS, Planted, Rights, rights_in, routes_of
from tests.api.rights_table import TABLE, Asked
from tests.api.sites import site_in

HIDDEN: Final = ("draft", "private", "hidden tombstone")
STRANGERS: Final = ("anyone", "other", "curator")
NEVER: Final = replace(
    Planted("xyzxyzxyz0", "88888888-8888-4888-8888-888888888888"),
    given={"place": "job/task-0.1.0/0000000000000001/1643842551600000001-none.jpg"},
)


@pytest.fixture(scope="module")
def rights(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Rights:
    return rights_in(site_in(tmp_path_factory.mktemp("hidden"), judge, queries), HIDDEN)


def unknown(one: Planted) -> Planted:
    """Return an item with no more than a stranger can know of it: no id of what is part of it."""
    return replace(one, given={"place": one.given["place"]}, granted="")


def methods_of(asked: Asked) -> Iterator[Asked]:
    """Yield a route, and what every route answers beside its method."""
    yield asked
    yield replace(asked, method="OPTIONS")
    if asked.method == "GET":
        yield replace(asked, method="HEAD")


@contextmanager
def questions(rights: Rights) -> Iterator[list[str]]:
    """Collect what this thread asks the record."""
    asked: list[str] = []
    here = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == here:
            asked.append(statement)

    engine = rights.site.parts.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def all_of(answer: TestResponse, one: Planted) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    """Return all of an answer that could tell one item from another."""

    def without(text: str) -> str:
        for name in (one.id, one.bucket, one.given["place"]):
            text = text.replace(name, "IT")
        return text.replace(one.given["place"].rpartition("/")[2], "IT")

    told = {name: without(value) for name, value in answer.headers if name != "Date"}
    told["Content-Length"] = ""
    return answer.status_code, without(answer.text), tuple(sorted(told.items()))


def test_each_route_answers_strangers_as_if_nothing_were_there(rights: Rights) -> None:
    different = []
    turn = 0
    for route in routes_of(rights.site):
        for asked in methods_of(route):
            for who in STRANGERS:
                turn += 1
                hidden = unknown(rights.items[HIDDEN[turn % len(HIDDEN)]])
                said, put = [], []
                for one in (hidden, NEVER):
                    with questions(rights) as told:
                        said.append(all_of(rights.ask(asked, who, one), one))
                    put.append(told)
                if said[0] != said[1] or put[0] != put[1]:
                    different.append(
                        (asked.method, asked.rule, who, said if said[0] != said[1] else [], put)
                    )
    assert different == []


@pytest.mark.parametrize("odd", ["an-odd-one", "0" * 19, "77777777-7"])
def test_what_is_no_id_answers_the_same(rights: Rights, odd: str) -> None:
    hidden = rights.items["draft"]
    other = rights.caller("other")
    for suffix in ("", ".ttl", ".datacite.json", "/v/1", "/files/a.csv", "/history"):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            said = {
                all_of(other.ask(method, f"/items/{one.id}{suffix}", If_Match="*"), one)
                for one in (hidden, replace(hidden, id=odd))
            }
            assert len(said) == 1, (method, suffix, said)


def test_a_word_in_the_query_raises_nobody(rights: Rights) -> None:
    poison = (
        "permissions=FULL_CONTROL&permission=READ&role=admin&owner=other&owner_id=1&account=1"
        "&actor=owner&visibility=public&state=published&scopes=admin&groups=AllUsers&granted=READ"
    )
    hidden = unknown(rights.items["draft"])
    for asked in routes_of(rights.site):
        if asked.by_session or asked.rule.startswith("/api/v1/"):
            continue
        said = []
        for one in (hidden, NEVER):
            path, body, headers = rights.request(asked, "other", one)
            joined = f"{path}{'&' if '?' in path else '?'}{poison}"
            answer = rights.caller("other").ask(asked.method, joined, body, **headers)
            said.append(all_of(answer, one))
        assert said[0] == said[1], asked
        assert said[0][0] in {400, 404}, (asked, said)


def test_a_grant_to_a_group_is_none_to_who_is_called_the_same(rights: Rights) -> None:
    hidden = rights.items["draft"]
    grants = [
        {"grantee_type": "GROUP", "grantee": "other", "permission": "READ"},
        {"grantee_type": "USER", "grantee": READERS, "permission": "READ"},
    ]
    with rights.undone():
        put = rights.caller("owner").put(f"/items/{hidden.id}/permissions", grants, If_Match="*")
        assert put.status_code == 200, put.text
        for who in ("other", "in-group"):
            for path in ("/items", "/items?mine=shared", f"/items/{hidden.id}"):
                assert "Canary of draft" not in rights.caller(who).get(path).text, (who, path)


@pytest.mark.parametrize("action", TABLE)
def test_the_decision_holds_by_itself_too(rights: Rights, action: Action) -> None:
    """Every query leaves out what is hidden; were one to forget that, this would still refuse."""
    with rights.site.parts.database.reading() as session:
        owner = session.scalar(select(Account).where(Account.name == "owner"))
        assert owner is not None
        me = Actor(owner.id, owner.name, Role.MEMBER)
    hidden = read(rights.site.parts, me, rights.items["draft"].id).record
    for stranger in (ANYONE, Actor(0, "nobody", Role.MEMBER), Actor(0, "nobody", Role.CURATOR)):
        with pytest.raises(NotFound):
            authorize(stranger, action, hidden)
