"""No body sets what it is not for: a column of the record in it is refused, or changes nothing."""

import itertools
import json
from typing import Any, Final

import marshmallow as ma
import pytest
from sqlalchemy import select

from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.tables import Base, Bucket, Item, Permission, Version
from tests.api.rights_site import BODIES, Rights, rights_in, routes_of
from tests.api.rights_table import Asked, expected
from tests.api.sites import TURTLE, site_in

STATES: Final = ("draft", "private", "restricted")
COLUMNS: Final = sorted(
    {column.name for table in Base.metadata.tables.values() for column in table.columns}
)
TEMPTING: Final = (
    "owner", "owner_id", "account", "account_id", "actor", "by", "created_by", "role", "scopes",
    "state", "visibility", "doi", "published", "granted", "permissions", "is_admin", "id",
    "item_id",
)  # fmt: skip
ALSO: Final[dict[str, dict[str, Any]]] = {
    "/me/tokens": {"label": "mine", "scopes": ["read"]},
    "/references/look-up": {"address": "https://example.org/a.bin"},
    "/vocab/proposals": {"scheme": "sensor", "prefLabel": "A", "definition": "B", "why": "C"},
}
"""Bodies of routes that are about no item."""

MEANT: Final[dict[str, set[str]]] = {
    "/access-requests/<string:r>/decision": {"reason"},
    "/access-requests/<string:r>/end": {"reason"},
    "/deprecation": {"replaced_by"},
    "/links": {"days"},
    "/permissions": {"expires"},
    "/publication": {"until", "publish_at"},
    "/uploads": {"media_type", "sha256"},
    "/visibility": {"until", "publish_at"},
    "/withdrawal": {"note", "replaced_by"},
    "/me/tokens": {"expires", "days"},
    "/vocab/proposals": {"concept", "kind"},
}
"""Columns that a body may name, because that is what it sets."""


@pytest.fixture(scope="module")
def rights(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Rights:
    return rights_in(site_in(tmp_path_factory.mktemp("mass"), judge, queries), STATES)


def bodies(rights: Rights) -> list[tuple[Asked, str]]:
    """Return the routes on items that take JSON, each with a state in which the owner may do it."""
    found = []
    for asked in routes_of(rights.site):
        takes_json = isinstance(BODIES.get((asked.method, asked.tail)), dict | list)
        states = [one for one in STATES if expected(asked, "owner", one) == "+"]
        if asked.is_of_items and not asked.by_session and takes_json and states:
            found.append((asked, states[0]))
    return found


def names_for(number: int, tail: str, body: dict[str, Any]) -> list[str]:
    """Return names to try: what tempts, and of all columns another part for each route."""
    others = itertools.islice(COLUMNS, number, None, 8)
    return sorted({*TEMPTING, *others} - body.keys() - MEANT.get(tail, set()))


def test_a_column_in_a_body_about_an_item_is_refused(rights: Rights) -> None:
    routes = bodies(rights)
    assert len(routes) > 12
    taken = []
    for number, (asked, state) in enumerate(routes):
        path, body, headers = rights.request(asked, "owner", rights.items[state])
        one = body[0] if isinstance(body, list) else body
        for name in names_for(number, asked.tail, one):
            with_name: Any = one | {name: "owner"}
            sent = [with_name] if isinstance(body, list) else with_name
            answer = rights.caller("owner").ask(asked.method, path, sent, **headers)
            if answer.status_code != 422:
                taken.append((asked.method, asked.tail, name, answer.status_code))
    assert taken == []


@pytest.mark.parametrize("path", ALSO)
def test_a_column_in_another_body_is_refused(rights: Rights, path: str) -> None:
    owner = rights.caller("owner")
    for name in names_for(0, path, ALSO[path]):
        answer = owner.post(path, ALSO[path] | {name: "owner"})
        assert answer.status_code == 422, (name, answer.text)


def test_no_schema_of_a_body_takes_what_it_does_not_name() -> None:
    waiting, seen = [ma.Schema], set()
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            seen.add(one)
    ours = [
        one for one in seen if one.__module__.startswith("api.") and one.__name__ != "ListQuery"
    ]
    assert len(ours) > 15
    assert [one for one in ours if one().unknown != ma.RAISE] == []


def test_a_description_sets_nothing_about_the_item(rights: Rights) -> None:
    owner, one = rights.caller("owner"), rights.items["draft"]
    before = owner.get(f"/items/{one.id}.json").get_json()
    told = {name: before[name] for name in ("owner", "state", "visibility", "published", "version")}
    for name in TEMPTING:
        said = before["description"] | {name: "public"}
        with rights.undone():
            answer = owner.put(f"/items/{one.id}?wait=0", said, If_Match="*")
            assert answer.status_code in {200, 400, 422}, (name, answer.text)
            after = owner.get(f"/items/{one.id}.json").get_json()
        assert {known: after[known] for known in told} == told, name
        assert after["id"] == one.id


def test_a_description_that_speaks_of_owner_and_state_in_rdf_sets_neither(rights: Rights) -> None:
    owner, one = rights.caller("owner"), rights.items["draft"]
    before = owner.get(f"/items/{one.id}.json").get_json()
    turtle = owner.get(f"/items/{one.id}.ttl").text
    status = "https://w3id.org/sage/vocab/lifecycle-status/published"
    more = f"<> <http://www.w3.org/ns/adms#status> <{status}> ."
    with rights.undone():
        path = f"/items/{one.id}?wait=0"
        answer = owner.put(path, f"{turtle}\n{more}", Content_Type=TURTLE, If_Match="*")
        assert answer.status_code in {200, 422}, answer.text
        after = owner.get(f"/items/{one.id}.json").get_json()
    assert [after[name] for name in ("owner", "state")] == [before["owner"], "draft"]


def test_further_members_for_the_storage_api_change_nothing(rights: Rights) -> None:
    one = rights.items["draft"]
    extra = {name: "public" for name in (*TEMPTING, *COLUMNS) if name != "name"}
    path = f"/api/v1/objects/{one.bucket}"
    grant = BODIES["PUT", "/api/v1/objects/<string:bucket>"]
    requests = (("PATCH", path, {"name": "b"}), ("PUT", f"{path}?permissions", grant))
    for method, asked, body in requests:
        kept = []
        for sent in (body, {**extra, **body}):
            with rights.undone():
                headers = {"Authorization": f"sage {rights.tokens['owner']}"}
                answer = rights.caller("owner").ask(method, asked, json.dumps(sent), **headers)
                assert answer.status_code == 200, answer.text
                kept.append(_rows(rights))
        assert kept[0] == kept[1]


def _rows(rights: Rights) -> list[Any]:
    """Return what could have been set, without times."""
    asked = (
        select(Item.id, Item.owner_id, Item.newest),
        select(Version.item_id, Version.state, Version.visibility, Version.type, Version.title),
        select(Permission.item_id, Permission.grantee, Permission.permission),
        select(Bucket.uuid, Bucket.name, Bucket.kind),
    )
    with rights.site.parts.database.reading() as session:
        return [sorted(session.execute(one).all()) for one in asked]
