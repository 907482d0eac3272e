"""Who may do what in which state: every route on an item, against a table written by hand."""

import itertools
from collections.abc import Callable
from typing import Final

import pytest
from flask import Blueprint
from werkzeug.test import TestResponse

from api.app import create_app
from api.operations import UndeclaredRoute, check_every_route_declares
from catalog.domain.permissions import Action
from tests.api.sites import TURTLE, Caller, Kept, Site
from tests.catalogs import description

WHO: Final = ("anyone", "other", "curator", "owner", "admin")
STATES: Final = ("draft", "public", "private", "withdrawn", "hidden tombstone", "deleted")

# A row for each request, a column for each state, in a cell what each of WHO is answered, in
# their order. 401 is for who has no token and sees the item; 404 for who may not know of it.
NOTHING = (404, 404, 404, 404, 404)
OWNERS = (404, 404, 404)
TABLE: Final[dict[str, dict[str, tuple[int, ...]]]] = {
    "read": {
        "draft": (*OWNERS, 200, 200),
        "public": (200, 200, 200, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "revise": {
        "draft": (*OWNERS, 200, 200),
        "public": (401, 403, 403, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "delete": {
        "draft": (*OWNERS, 204, 204),
        "public": (401, 403, 403, 409, 409),
        "private": (*OWNERS, 409, 409),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "publish": {
        "draft": (*OWNERS, 200, 200),
        "public": (401, 403, 403, 409, 409),
        "private": (*OWNERS, 409, 409),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "show": {
        "draft": (*OWNERS, 409, 409),
        "public": (401, 403, 403, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "deprecate": {
        "draft": (*OWNERS, 409, 409),
        "public": (401, 403, 200, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "withdraw": {
        "draft": (*OWNERS, 409, 409),
        "public": (401, 403, 200, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "permissions": {
        "draft": (*OWNERS, 200, 200),
        "public": (401, 403, 403, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "share": {
        "draft": (*OWNERS, 200, 200),
        "public": (401, 403, 403, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "own": {
        "draft": (*OWNERS, 202, 200),
        "public": (401, 403, 403, 202, 200),
        "private": (*OWNERS, 202, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "ask for access": {
        "draft": (*OWNERS, 409, 409),
        "public": (401, 409, 409, 409, 409),
        "private": (*OWNERS, 409, 409),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "list files": {
        "draft": (*OWNERS, 200, 200),
        "public": (200, 200, 200, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "download": {
        "draft": (*OWNERS, 200, 200),
        "public": (200, 200, 200, 200, 200),
        "private": (*OWNERS, 200, 200),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "upload": {
        "draft": (*OWNERS, 200, 200),
        "public": (401, 403, 403, 409, 409),
        "private": (*OWNERS, 409, 409),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
    "remove file": {
        "draft": (*OWNERS, 204, 204),
        "public": (401, 403, 403, 409, 409),
        "private": (*OWNERS, 409, 409),
        "withdrawn": (410, 410, 410, 410, 410),
        "hidden tombstone": (*OWNERS, 410, 410),
        "deleted": NOTHING,
    },
}
REQUESTS: Final[dict[str, tuple[Action, Callable[[Caller, str], TestResponse]]]] = {
    "read": (Action.READ, lambda who, path: who.get(f"{path}.json")),
    "revise": (
        Action.WRITE,
        lambda who, path: who.put(
            f"{path}?wait=0", description("Revised"), Content_Type=TURTLE, If_Match="*"
        ),
    ),
    "delete": (Action.DELETE, lambda who, path: who.delete(path, If_Match="*")),
    "publish": (
        Action.PUBLISH,
        lambda who, path: who.post(f"{path}/publication?wait=0", If_Match="*"),
    ),
    "show": (
        Action.PUBLISH,
        lambda who, path: who.put(
            f"{path}/visibility?wait=0", {"visibility": "public"}, If_Match="*"
        ),
    ),
    "deprecate": (
        Action.DEPRECATE,
        lambda who, path: who.put(
            f"{path.removesuffix('/v/1')}/v/1/deprecation?wait=0", {"reason": "x"}, If_Match="*"
        ),
    ),
    "withdraw": (
        Action.WITHDRAW,
        lambda who, path: who.post(f"{path}/withdrawal?wait=0", {"reason": "x"}, If_Match="*"),
    ),
    "permissions": (Action.READ_PERMISSIONS, lambda who, path: who.get(f"{path}/permissions")),
    "share": (Action.SHARE, lambda who, path: who.put(f"{path}/permissions", [], If_Match="*")),
    "own": (
        Action.OWN,
        lambda who, path: who.put(
            f"{path}/owner", {"owner": "curator", "kind": "person"}, If_Match="*"
        ),
    ),
    "ask for access": (
        Action.REQUEST_ACCESS,
        lambda who, path: who.post(
            f"{path}/access-requests", {"purpose": "To see what it is that is closed here."}
        ),
    ),
    "list files": (Action.READ, lambda who, path: who.get(f"{path}/files")),
    "download": (Action.READ_FILE, lambda who, path: who.get(f"{path}/files/a.bin")),
    "upload": (Action.WRITE, lambda who, path: who.put(f"{path}/files/a.bin", b"new")),
    "remove file": (Action.WRITE, lambda who, path: who.delete(f"{path}/files/a.bin")),
}


OF_ITEMS: Final = {"show", "permissions", "share", "own", "ask for access"}
"""The requests on an item as a whole, which no version takes."""


def in_state(site: Site, state: str) -> Kept:
    """Return a new item of `owner` in a state, with a file."""
    one = site.with_file("a.bin", title=f"Canary of {state}")
    if state in {"public", "withdrawn"}:
        site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    if state in {"private", "hidden tombstone"}:
        site.owner.post(f"{one.path}/publication?wait=0", {"visibility": "private"}, If_Match="*")
    if state in {"withdrawn", "hidden tombstone"}:
        site.withdraw(one)
    if state == "deleted":
        assert site.owner.delete(one.path, If_Match="*").status_code == 204
    return one


@pytest.mark.parametrize(
    ("request_", "version"),
    [(name, "") for name in TABLE] + [(name, "/v/1") for name in TABLE if name not in OF_ITEMS],
)
@pytest.mark.parametrize("state", STATES)
def test_each_role_is_answered_as_the_table_says(
    site: Site, request_: str, state: str, version: str
) -> None:
    one = in_state(site, state)
    changes_nothing = request_ in {"read", "list files", "download"}
    _, ask = REQUESTS[request_]
    for who, expected in zip(WHO, TABLE[request_][state], strict=True):
        if expected < 300 and not changes_nothing:
            one = in_state(site, state)
        caller = site.as_(None if who == "anyone" else who)
        answer = ask(caller, one.path + version)
        assert answer.status_code == expected, (who, answer.text)
        if expected == 404:
            assert "Canary" not in answer.text
            assert f"Canary of {state}" not in str(answer.headers)


def test_every_route_on_an_item_is_in_the_table(site: Site) -> None:
    declared = set()
    for rule in site.app.url_map.iter_rules():
        if "<string:id>" in rule.rule and "/do/" not in rule.rule:
            view = site.app.view_functions[rule.endpoint]
            declared.add(getattr(view, "catalog_action", None))
    assert declared == {action for action, _ in REQUESTS.values()}
    assert TABLE.keys() == REQUESTS.keys()
    assert all(tuple(row) == STATES for row in TABLE.values())


def test_what_may_not_be_known_answers_as_what_was_never_there(site: Site) -> None:
    hidden = [in_state(site, state) for state in ("draft", "private", "hidden tombstone")]
    never = ("7777777777", "an-odd-one", "0000000000000000000")
    for (name, (_, ask)), who in itertools.product(REQUESTS.items(), (None, "other", "curator")):
        caller = site.as_(who)
        seen = {
            _without(ask(caller, f"/items/{item_id}"), item_id)
            for item_id in (*(one.id for one in hidden), *never)
        }
        assert len(seen) == 1, (name, who, seen)


def _without(answer: TestResponse, item_id: str) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    """Return all of an answer that could tell one item from another."""
    headers = {name: value for name, value in answer.headers if name not in {"Date"}}
    headers["Content-Length"] = ""
    return answer.status_code, answer.text.replace(item_id, "ID"), tuple(sorted(headers.items()))


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
