"""Sharing over HTTP: the list of grants, links that open an item, owners, and the pages of them."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from api.app import create_app
from api.context import LINK_HEADER, LINKS_COOKIE
from catalog.cli import main
from catalog.client import Client, Refused
from catalog.domain.errors import Unauthenticated
from catalog.domain.sharing import link_group
from catalog.ports import Verified
from catalog.tables import Event, Permission, ShareLink
from tests.api.sites import TURTLE, Caller, Kept, Site, problem
from tests.api.test_sign_in import Browser, Forms, word_of
from tests.catalogs import description, now

SKY: Final = "project:sky"


class Issuer:
    """Vouches for whoever it was told of, under the token that is their name."""

    def __init__(self) -> None:
        self.groups: dict[str, frozenset[str]] = {}

    def verify(self, token: str, *, fresh: bool) -> Verified | None:
        if token not in self.groups:
            raise Unauthenticated("The token is not valid.")
        return Verified("https://issuer.example", token, token, self.groups[token])


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def site(site: Site, issuer: Issuer) -> Iterator[Site]:
    """Return the catalog of the session, where an issuer is known as well."""
    parts = replace(site.parts, verifiers=(issuer,))
    return replace(site, parts=parts, app=create_app(parts))


def grant(name: str, right: str, kind: str = "USER", **more: Any) -> dict[str, Any]:
    return {"grantee_type": kind, "grantee": name, "permission": right, **more}


def put(site: Site, one: Kept, *grants: Any, by: Caller | None = None) -> TestResponse:
    return (by or site.owner).put(f"{one.path}/permissions", list(grants), If_Match="*")


def link_of(site: Site, one: Kept, **said: Any) -> tuple[str, str]:
    """Make a link; return its secret and its id."""
    answer = site.owner.post(f"{one.path}/links", said)
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    return told["url"].rpartition("/")[2], told["id"]


def browser(site: Site) -> FlaskClient:
    """Return a browser of somebody without an account."""
    return site.app.test_client()


def sees(site: Site, one: Kept, secret: str) -> bool:
    answer = site.anyone.get(one.path, X_Share_Link=secret)
    assert answer.status_code in {200, 404}
    return answer.status_code == 200


# -- the list


def test_the_list_is_put_read_and_put_back(site: Site) -> None:
    one = site.draft()
    until = "2199-01-01T00:00:00Z"
    answer = put(
        site, one, grant("bob", "WRITE"), grant("bob", "READ", expires=until),
        grant(SKY, "READ", "GROUP"),
    )  # fmt: skip
    assert answer.status_code == 200
    said = answer.get_json()
    assert said == [
        grant(SKY, "READ", "GROUP"),
        grant("bob", "READ", expires=until),
        grant("bob", "WRITE"),
    ]
    read = site.owner.get(f"{one.path}/permissions")
    assert (read.get_json(), read.headers["ETag"]) == (said, answer.headers["ETag"])
    assert read.headers["Cache-Control"] == "private, no-store"
    again = site.owner.put(f"{one.path}/permissions", said, If_Match=read.headers["ETag"])
    assert again.headers["ETag"] == answer.headers["ETag"]
    stale = site.owner.put(f"{one.path}/permissions", [], If_Match=one.etag)
    problem(stale, 412, "moved-on")
    without = site.owner.put(f"{one.path}/permissions", [])
    problem(without, 428, "precondition-missing")


def test_it_holds_from_the_next_request_on(site: Site) -> None:
    one = site.draft()
    assert site.other.get(one.path).status_code == 404
    put(site, one, grant("other", "READ"))
    assert site.other.get(one.path).status_code == 200
    assert site.other.put(one.path, b"", If_Match="*").status_code == 403
    assert one.id in site.other.get("/items?mine=shared&limit=100").text
    put(site, one)
    assert site.other.get(one.path).status_code == 404
    assert one.id not in site.other.get("/items?mine=shared&limit=100").text


def test_who_may_write_without_reading_is_told_there_is_nothing(site: Site) -> None:
    one = site.draft()
    put(site, one, *(grant("other", right) for right in ("WRITE", "READ_ACP", "WRITE_ACP")))
    for answer in (
        site.other.get(one.path),
        site.other.put(one.path, description("Mine"), Content_Type=TURTLE, If_Match="*"),
        site.other.get(f"{one.path}/permissions"),
        site.other.put(f"{one.path}/permissions", [grant("other", "READ")], If_Match="*"),
        site.other.post(f"{one.path}/links", {}),
    ):
        problem(answer, 404, "not-found")


BAD: Final[dict[str, tuple[int, Any]]] = {
    "no list": (422, {"grantee_type": "USER", "grantee": "bob", "permission": "READ"}),
    "a text": (422, ["bob"]),
    "an unknown member": (422, [grant("bob", "READ", role="admin")]),
    "an owner beside": (422, [grant("bob", "READ", owner_id=1)]),
    "no right": (422, [{"grantee_type": "USER", "grantee": "bob"}]),
    "an unknown right": (422, [grant("bob", "ADMIN")]),
    "a right in small letters": (422, [grant("bob", "read")]),
    "an unknown kind": (422, [grant("bob", "READ", "ROLE")]),
    "no name": (422, [grant("", "READ")]),
    "a blank name": (422, [grant("  ", "READ")]),
    "a long name": (422, [grant("b" * 256, "READ")]),
    "a control character": (422, [grant("b\nob", "READ")]),
    "a sign that turns text around": (422, [grant("b\u202eob", "READ")]),
    "a number for a name": (422, [grant(7, "READ")]),  # type: ignore[arg-type]
    "the owner": (422, [grant("owner", "READ")]),
    "everybody writing": (422, [grant("AllUsers", "WRITE", "GROUP")]),
    "a link": (422, [grant(link_group("x"), "READ", "GROUP")]),
    "a link with control": (422, [grant("link:x", "FULL_CONTROL", "GROUP")]),
    "twice": (422, [grant("bob", "READ"), grant("bob", "READ", expires="2199-01-01")]),
    "the past": (422, [grant("bob", "READ", expires="2020-01-01T00:00:00Z")]),
    "no date": (422, [grant("bob", "READ", expires="soon")]),
    "too many": (422, [grant(f"user-{n}", "READ") for n in range(1_001)]),
    "no JSON": (400, b"["),
    "not a number": (400, b"[NaN]"),
    "too long": (413, b" " * 1_000_001),
}


@pytest.mark.parametrize("name", BAD)
def test_a_list_that_cannot_be_is_refused_and_nothing_changes(
    site: Site, shared: Kept, name: str
) -> None:
    status, body = BAD[name]
    answer = site.owner.put(f"{shared.path}/permissions", body, If_Match="*")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    kept = site.owner.get(f"{shared.path}/permissions").get_json()
    assert kept == [grant("bob", "READ")]


@pytest.fixture(scope="module")
def shared(site: Site) -> Kept:
    one = site.draft()
    put(site, one, grant("bob", "READ"))
    return one


def test_a_thousand_grants_are_taken(site: Site) -> None:
    one = site.draft()
    many = [grant(f"user-{n:04}-{'x' * 200}", "READ") for n in range(1_000)]
    assert len(put(site, one, *many).get_json()) == 1_000


ESCALATIONS: Final = {
    "write for oneself": [
        grant("other", "READ"), grant("other", "WRITE_ACP"), grant("other", "WRITE"),
    ],
    "all for oneself": [grant("other", "FULL_CONTROL")],
    "all for a friend": [grant("friend", "FULL_CONTROL")],
    "what one lacks for a friend": [grant("friend", "WRITE")],
}  # fmt: skip


@pytest.mark.parametrize("name", ESCALATIONS)
def test_who_may_share_cannot_raise_rights(site: Site, name: str) -> None:
    one = site.draft()
    own = [grant("other", "READ"), grant("other", "WRITE_ACP")]
    put(site, one, *own)
    said = problem(put(site, one, *ESCALATIONS[name], by=site.other), 403, "forbidden")
    assert "FULL_CONTROL" in said["detail"] or "hold" in said["detail"]
    assert site.owner.get(f"{one.path}/permissions").get_json() == own
    assert site.other.put(
        f"{one.path}/owner", {"owner": "other", "kind": "person"}, If_Match="*"
    ).status_code == 403  # fmt: skip
    fine = put(site, one, *own, grant("friend", "READ"), by=site.other)
    assert fine.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "?permissions=true", [grant("other", "FULL_CONTROL")]),
        ("PUT", "?owner=other&owner_id=2", None),
        ("PUT", "/owner", {"owner": "other", "kind": "person", "owner_id": 1}),
        ("PUT", "/owner", {"owner": "other", "kind": "admin"}),
        ("PUT", "/owner", {"owner": ["other"], "kind": "person"}),
        ("PUT", "/visibility", {"visibility": "public", "owner": "other"}),
        ("POST", "/publication", {"owner": "other"}),
        ("POST", "/links", {"days": 30, "permission": "WRITE"}),
        ("POST", "/links", {"days": 30, "item_id": "7777777777"}),
    ],
)
def test_no_body_or_query_smuggles_a_right(
    site: Site, shared: Kept, method: str, path: str, body: Any
) -> None:
    for who in (site.owner, site.other):
        answer = who.ask(method, f"{shared.path}{path}", body, If_Match="*")
        assert answer.status_code in {400, 404, 415, 422}, answer.text
    assert site.other.get(shared.path).status_code == 404
    assert site.owner.get(f"{shared.path}/owner").get_json()["owner"] == "owner"


def test_everybody_reads_by_address_and_no_list_tells(site: Site) -> None:
    one = site.draft("Canary of sharing")
    put(site, one, grant("AllUsers", "READ", "GROUP"))
    assert site.anyone.get(one.path).status_code == 200
    assert "Canary of sharing" not in site.anyone.get("/items?limit=100").text
    problem(site.anyone.get(f"{one.path}/permissions"), 401, "unauthenticated")


# -- links


def test_a_link_opens_a_draft_with_its_files_and_nothing_more(site: Site) -> None:
    one = site.with_file("a.bin", title="Canary of links")
    secret, _ = link_of(site, one, label="Reviewer 2")
    reader = browser(site)
    opened = reader.get(f"/shared/{secret}")
    assert (opened.status_code, opened.location) == (303, one.path)
    assert opened.headers["Cache-Control"] == "private, no-store"
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    cookie = opened.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Expires="))
    page = reader.get(one.path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert LINK_HEADER in page.vary
    assert "Sign in" in page.text
    assert reader.get(f"{one.path}/files/a.bin").status_code == 200
    assert "Canary of links" not in reader.get("/items?limit=100").text
    assert "Canary of links" not in reader.get("/items?owner=owner&limit=100").text
    for answer in (
        reader.put(one.path, data=description("Mine"), content_type=TURTLE, headers=ANY),
        reader.delete(one.path, headers=ANY),
        reader.get(f"{one.path}/permissions"),
        reader.put(f"{one.path}/permissions", json=[], headers=ANY),
        reader.post(f"{one.path}/links", json={}),
    ):
        assert answer.status_code == 401, answer.text


ANY: Final = {"If-Match": "*"}


def test_a_program_says_a_link_by_a_header(site: Site) -> None:
    one = site.draft()
    secret, _ = link_of(site, one)
    answer = site.anyone.get(one.path, X_Share_Link=secret)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert site.other.get(one.path, X_Share_Link=secret).status_code == 200
    wrong = (secret[:-1], secret + "x", link_group(secret), "", "*", "x" * 43)
    assert [sees(site, one, other) for other in wrong] == [False] * len(wrong)


def test_its_secret_is_told_once_and_kept_nowhere(site: Site) -> None:
    one = site.draft()
    secret, link = link_of(site, one, label="Once", days=7)
    listed = site.owner.get(f"{one.path}/links")
    assert secret not in listed.text
    (told,) = listed.get_json()["links"]
    assert (told["id"], told["label"], told["by"], told["opened"]) == (link, "Once", "owner", 0)
    with site.parts.database.reading() as session:
        row = session.get_one(ShareLink, link)
        assert secret not in str(vars(row))
        events = session.query(Event).filter_by(item_id=one.id).all()
        assert secret not in str([event.detail for event in events])
    assert secret.encode() not in (site.folder / "record.sqlite").read_bytes()


def test_how_often_it_is_followed_and_when_it_is_used_is_counted(site: Site) -> None:
    one = site.draft()
    secret, _ = link_of(site, one)

    def told() -> dict[str, Any]:
        found: dict[str, Any] = site.owner.get(f"{one.path}/links").get_json()["links"][0]
        return found

    assert told()["last_used"] is None
    assert sees(site, one, secret)
    assert told()["last_used"] is not None
    assert told()["opened"] == 0
    for _ in range(2):
        browser(site).get(f"/shared/{secret}")
    assert told()["opened"] == 2


def test_unknown_ended_and_expired_links_answer_with_one_and_the_same_page(site: Site) -> None:
    one = site.draft()
    ended, link = link_of(site, one)
    over, over_id = link_of(site, one)
    gone, _ = link_of(site, deleted := site.draft())
    assert site.owner.delete(f"{one.path}/links/{link}").status_code == 204
    assert site.owner.delete(f"{one.path}/links/{link}").status_code == 204
    expire(site, over, over_id)
    assert site.owner.delete(deleted.path, If_Match="*").status_code == 204
    pages = set()
    for secret in ("never", "x" * 43, ended, over, gone):
        answer = site.anyone.get(f"/shared/{secret}", Accept="text/html")
        assert answer.status_code == 404
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "private, no-store"
        pages.add(answer.text.replace(secret, "SECRET"))
    assert len(pages) == 1


def expire(site: Site, secret: str, link: str) -> None:
    past = now() - timedelta(seconds=2)
    with site.parts.database.writing() as session:
        session.get_one(ShareLink, link).expires = past
        session.query(Permission).filter_by(grantee=link_group(secret)).one().expires = past


def test_a_link_that_was_followed_closes_when_it_ends(site: Site) -> None:
    one = site.draft()
    secret, link = link_of(site, one)
    over, over_id = link_of(site, one)
    reader, late = browser(site), browser(site)
    reader.get(f"/shared/{secret}")
    late.get(f"/shared/{over}")
    assert (reader.get(one.path).status_code, late.get(one.path).status_code) == (200, 200)
    site.owner.delete(f"{one.path}/links/{link}")
    expire(site, over, over_id)
    assert (reader.get(one.path).status_code, late.get(one.path).status_code) == (404, 404)
    put(site, one, grant("bob", "READ"))
    assert not sees(site, one, secret)


def test_a_browser_keeps_the_last_ten_links_whatever_its_cookie_says(site: Site) -> None:
    items = [site.draft(f"Draft {n}") for n in range(12)]
    secrets = [link_of(site, one)[0] for one in items]
    reader = browser(site)
    for secret in secrets:
        reader.get(f"/shared/{secret}")
    seen = [reader.get(one.path).status_code for one in items]
    assert seen == [404, 404, *[200] * 10]
    for flood in (".".join(secrets[:1] * 500), "." * 5_000, "x" * 8_000, "\"';.", "ä"):
        cookie = f"{LINKS_COOKIE}={flood}"
        assert site.anyone.get(items[1].path, Cookie=cookie).status_code == 404
        followed = site.anyone.get(f"/shared/{secrets[1]}", Cookie=cookie)
        assert len(followed.headers["Set-Cookie"]) < 800
        assert secrets[1] in followed.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "said",
    [
        {"days": 0}, {"days": 366}, {"days": -1}, {"days": "7"}, {"days": 1.5}, {"days": True},
        {"days": None}, {"label": "x" * 256}, {"label": "a\u202eb"}, {"label": 7}, {"to": "bob"},
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_is_refused(site: Site, shared: Kept, said: dict[str, Any]) -> None:
    problem(site.owner.post(f"{shared.path}/links", said), 422, "not-acceptable")


def test_who_may_share_but_not_read_the_files_makes_no_link_to_them(site: Site) -> None:
    one = site.with_file()
    site.owner.post(f"{one.path}/publication?wait=0", {"visibility": "restricted"}, If_Match="*")
    put(site, one, grant("other", "WRITE_ACP"))
    said = problem(site.other.post(f"{one.path}/links", {}), 403, "forbidden")
    assert "READ" in said["detail"]
    put(site, one, grant("other", "WRITE_ACP"), grant("other", "READ"))
    assert site.other.post(f"{one.path}/links", {}).status_code == 201


def test_a_link_is_ended_by_its_own_item_only(site: Site, shared: Kept) -> None:
    one = site.draft()
    secret, link = link_of(site, one)
    problem(site.owner.delete(f"{shared.path}/links/{link}"), 404, "not-found")
    problem(site.other.delete(f"{one.path}/links/{link}"), 404, "not-found")
    assert sees(site, one, secret)


# -- owners


def test_a_person_accepts_what_is_offered(site: Site) -> None:
    one = site.draft("Offered on")
    answer = site.owner.put(
        f"{one.path}/owner", {"owner": "other", "kind": "person"}, If_Match=one.etag
    )
    assert (answer.status_code, answer.get_json()["offer"]["to"]) == (202, "other")
    assert site.other.get(one.path).status_code == 404
    offers = site.other.get("/me/offers").get_json()["offers"]
    assert (offers[0]["title"], offers[0]["by"]) == ("Offered on", "owner")
    accepted = site.other.post(f"/me/offers/{one.id}/acceptance")
    assert accepted.get_json() == {"owner": "other", "kind": "person", "offer": None}
    assert site.owner.get(one.path).status_code == 404
    assert site.other.get(one.path).get_json()["owner"] == "other"


def test_an_offer_is_declined_or_taken_back(site: Site) -> None:
    one = site.draft()
    said = {"owner": "other", "kind": "person"}
    site.owner.put(f"{one.path}/owner", said, If_Match="*")
    assert site.other.delete(f"/me/offers/{one.id}").status_code == 204
    site.owner.put(f"{one.path}/owner", said, If_Match="*")
    assert site.owner.delete(f"{one.path}/owner/offer").status_code == 204
    problem(site.other.post(f"/me/offers/{one.id}/acceptance"), 404, "not-found")
    problem(site.anyone.post(f"/me/offers/{one.id}/acceptance"), 401, "unauthenticated")


def test_a_group_owns_what_it_is_given_while_its_claim_lasts(site: Site, issuer: Issuer) -> None:
    issuer.groups = {"ida": frozenset({SKY}), "jan": frozenset({SKY})}
    ida, jan = Caller(site.app, "ida"), Caller(site.app, "jan")
    sent = ida.post("/items", description("Of the sky"), Content_Type=TURTLE)
    path = f"/items/{sent.get_json()['id']}"
    to_others = ida.put(f"{path}/owner", {"owner": "project:sea", "kind": "group"}, If_Match="*")
    problem(to_others, 403, "forbidden")
    given = ida.put(f"{path}/owner", {"owner": SKY, "kind": "group"}, If_Match="*")
    assert (given.status_code, given.get_json()["kind"]) == (200, "group")
    revised = jan.put(path, description("By another"), Content_Type=TURTLE, If_Match="*")
    assert revised.status_code == 200
    assert path.rpartition("/")[2] in jan.get("/items?mine=groups").text
    assert path.rpartition("/")[2] in jan.get(f"/items?owner={SKY}").text
    issuer.groups = {"ida": frozenset(), "jan": frozenset({SKY})}
    assert (ida.get(path).status_code, jan.get(path).status_code) == (404, 200)
    withdrawn = jan.delete(path, If_Match="*")
    assert withdrawn.status_code == 204


# -- the client in Python, and the operator's command


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """Serve the site for as long as a test takes; return where."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_python_client_shares_and_gives(site: Site, address: str) -> None:
    owner, other = (Client(address, site.tokens[who]) for who in ("owner", "other"))
    one = owner.submit(description("By the client"))
    _, etag = owner.permissions(one.id)
    wanted = [grant("other", "READ")]
    assert owner.set_permissions(one.id, wanted, etag) == wanted
    with pytest.raises(Refused) as told:
        owner.set_permissions(one.id, [], etag)
    assert told.value.kind == "moved-on"
    made = owner.share_link(one.id, "For reading", days=2)
    assert [link["id"] for link in owner.share_links(one.id)] == [made["id"]]
    owner.end_share_link(one.id, made["id"])
    assert not sees(site, Kept(one.id, ""), made["url"].rpartition("/")[2])
    offered = owner.give(owner.item(one.id), "other")
    assert offered["offer"]["to"] == "other"
    assert one.id in {offer["id"] for offer in other.offers()}
    assert other.accept(one.id)["owner"] == "other"
    other.give(other.item(one.id), "owner")
    owner.decline(one.id)
    assert owner.offers() == []


def test_the_operator_passes_on_what_somebody_leaves(
    empty: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    one = empty.draft()

    def run(*said: str) -> tuple[int, dict[str, Any]]:
        code = main(["account", *said, "--data", str(empty.folder), "--json"])
        return code, json.loads(capfd.readouterr().out)

    leaving = ("leave", "owner", "--to", "other")
    code, plan = run(*leaving, "--dry-run")
    assert (code, plan["items"], plan["tokens"], plan["dry_run"]) == (0, 1, 1, True)
    assert empty.owner.get(one.path).status_code == 200
    assert run(*leaving) == (0, plan | {"dry_run": False})
    assert empty.owner.get(one.path).status_code == 401
    assert empty.other.get(one.path).get_json()["owner"] == "other"
    code, listed = run("list")
    held = {account["name"]: account["items"] for account in listed["accounts"]}
    assert (held["owner"], held["other"]) == (0, 1)
    assert run("leave", "nobody", "--to", "other")[0] == 4
    assert run("leave", "owner", "--to-group", "link:x")[0] == 1
    assert run("leave", "owner")[0] == 2


# -- the pages


@pytest.fixture
def signed_in(site: Site) -> Browser:
    made = Browser(site)
    assert made.sign_in(site.tokens["owner"]).status_code == 303
    return made


def forms_of(page: TestResponse) -> dict[str, dict[str, str]]:
    """Return the forms of a page by the last word of where they are sent."""
    assert page.status_code == 200, page.text
    return {action.rpartition("/")[2]: fields for _, action, fields in Forms(page.text).found}


def test_an_item_is_shared_by_its_page(site: Site, signed_in: Browser) -> None:
    one = site.draft("Shared by a form")
    page = signed_in.get(f"{one.path}/sharing")
    assert "Nobody but its owner yet" in page.text
    csrf, stage = word_of(page), one.stage
    sent = signed_in.send(
        f"{one.path}/do/share", csrf=csrf, stage=stage, kind="USER", name="other",
        right="READ", expires="2199-01-01",
    )  # fmt: skip
    assert (sent.status_code, sent.location) == (303, f"{one.path}/sharing?done=shared")
    assert site.other.get(one.path).status_code == 200
    shown = signed_in.get(f"{one.path}/sharing?done=shared")
    assert "may see it and fetch its files" in shown.text
    assert "until 2199-01-01" in shown.text
    assert "Shared with 1." in signed_in.get(one.path).text
    assert "Shared with 1" in signed_in.get("/me").text
    stale = signed_in.send(
        f"{one.path}/do/share", csrf=csrf, stage=stage, kind="USER", name="other", remove="yes"
    )
    assert stale.status_code == 412
    fresh = forms_of(shown)["share"]["stage"]
    signed_in.send(
        f"{one.path}/do/share", csrf=csrf, stage=fresh, kind="USER", name="other", remove="yes"
    )
    assert site.other.get(one.path).status_code == 404


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "USER", "name": "other"}, "Choose what they may do"),
        ({"kind": "USER", "name": "", "right": "READ"}, "printable"),
        ({"kind": "USER", "name": "owner", "right": "READ"}, "owns the item"),
        ({"kind": "GROUP", "name": "AllUsers", "right": "WRITE"}, "only be granted READ"),
        ({"kind": "USER", "name": "other", "right": "READ", "expires": "soon"}, "expires is a day"),
        ({"kind": "ROLE", "name": "other", "right": "READ"}, "grantee_type"),
    ],
)
def test_a_form_that_cannot_be_is_shown_again_with_the_reason(
    site: Site, shared: Kept, signed_in: Browser, said: dict[str, str], why: str
) -> None:
    page = signed_in.get(f"{shared.path}/sharing")
    stage = forms_of(page)["share"]["stage"]
    answer = signed_in.send(f"{shared.path}/do/share", csrf=word_of(page), stage=stage, **said)
    assert answer.status_code == 422
    assert why in answer.text
    assert site.owner.get(f"{shared.path}/permissions").get_json() == [grant("bob", "READ")]


def test_a_link_is_made_shown_once_and_ended_by_the_page(site: Site, signed_in: Browser) -> None:
    one = site.draft()
    page = signed_in.get(f"{one.path}/sharing")
    made = signed_in.send(f"{one.path}/do/link", csrf=word_of(page), label="Ref. 1", days="7")
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "private, no-store")
    found = re.search(r"/shared/([\w-]{43})", made.text)
    assert found
    assert sees(site, one, found[1])
    later = signed_in.get(f"{one.path}/sharing")
    assert found[1] not in later.text
    assert "Ref. 1" in later.text
    fields = forms_of(later)["end-link"]
    signed_in.send(f"{one.path}/do/end-link", **fields)
    assert not sees(site, one, found[1])
    for days in ("0", "many", "9" * 30):
        again = signed_in.send(f"{one.path}/do/link", csrf=word_of(page), days=days)
        assert again.status_code == 422


def test_an_item_is_offered_and_accepted_by_pages(site: Site, signed_in: Browser) -> None:
    one = site.draft("Offered by a form")
    fields = forms_of(signed_in.get(f"{one.path}/sharing"))["give"]
    sent = signed_in.send(f"{one.path}/do/give", **fields | {"owner": "other"})
    assert sent.location == f"{one.path}/sharing?done=offered"
    assert "offered to" in signed_in.get(f"{one.path}/sharing").text
    other = Browser(site)
    other.sign_in(site.tokens["other"])
    me = other.get("/me")
    assert "Offered by a form" in me.text
    done = other.send(f"/me/offers/{one.id}/do/answer", csrf=word_of(me), accept="yes")
    assert done.location == f"{one.path}?done=accepted"
    assert signed_in.get(f"{one.path}").status_code == 404
    for answer in (
        other.send(f"/me/offers/{one.id}/do/answer", csrf=word_of(me), accept="yes"),
        other.send(f"/me/offers/{one.id}/do/answer", csrf="guessed", accept="yes"),
        other.send(f"/me/offers/{one.id}/do/answer", csrf=word_of(me)),
    ):
        assert answer.status_code in {400, 403, 404}


def test_without_the_word_of_the_session_no_form_shares(site: Site, signed_in: Browser) -> None:
    one = site.draft()
    for what, fields in {
        "share": {"kind": "USER", "name": "other", "right": "READ"},
        "link": {"days": "7"},
        "give": {"kind": "person", "owner": "other"},
    }.items():
        for csrf in ("", "guessed"):
            sent = signed_in.send(f"{one.path}/do/{what}", csrf=csrf, stage=one.stage, **fields)
            assert sent.status_code == 403
    assert site.owner.get(f"{one.path}/permissions").get_json() == []
    assert site.owner.get(f"{one.path}/links").get_json() == {"links": []}


def test_names_are_suggested_from_what_one_has_shared_alone(site: Site, signed_in: Browser) -> None:
    one = site.draft()
    theirs = site.draft(by="other")
    put(site, one, grant("suggested-name", "READ"))
    put(site, theirs, grant("secret-name", "READ"), by=site.other)
    page = signed_in.get(f"{one.path}/sharing")
    assert '<option value="suggested-name">' in page.text
    assert "secret-name" not in page.text
    assert "curator" not in page.text


def test_the_page_is_for_who_may_see_it(site: Site, shared: Kept) -> None:
    other = Browser(site)
    assert other.get(f"{shared.path}/sharing").location.startswith("/sign-in?next=")
    other.sign_in(site.tokens["other"])
    assert other.get(f"{shared.path}/sharing").status_code == 404
    public = site.published()
    assert other.get(f"{public.path}/sharing").status_code == 403
    assert "/sharing" not in other.get(public.path).text
