"""Tokens over HTTP: ours with their scopes and ends, Sage's, and those that nobody knows."""

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.app import create_app
from api.strangers import Strangers
from api.token_pages import WORDS
from catalog.adapters.tokens_sage import SageTokens
from catalog.domain.errors import TooMany, Unauthenticated
from catalog.domain.permissions import Role, Scope
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.services.accounts import create_token, sign_in, signed_in
from catalog.services.token_uses import write_uses
from catalog.tables import Account, Base, Identity, SignIn, Token
from tests.api.sites import TURTLE, Caller, Site, kept, problem, site_in
from tests.api.test_sign_in import Browser, word_of
from tests.catalogs import description, now
from tests.introspection import PASSWORD, USER, SageAuth, sage_auth

SAGE_TOKEN = "5e6cff1f6d2b2a9fb6c1b0d35b2a2e3c4d5e6f70"


@dataclass
class Clock:
    """A clock that a test moves."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def caller(site: Site, token: str) -> Caller:
    return Caller(site.app, token)


def scoped(site: Site, *scopes: Scope, who: str = "owner", **more: Any) -> Caller:
    return caller(site, create_token(site.parts, who, now=now(), scopes=scopes, **more))


# -- ours


def test_a_token_is_made_told_once_listed_and_revoked(site: Site) -> None:
    answer = site.owner.post("/me/tokens", {"label": "nightly", "scopes": ["write"], "days": 7})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "private, no-store"
    made = answer.get_json()
    assert made["scopes"] == ["read", "write"]
    assert made["label"] == "nightly"
    robot = caller(site, made["token"])
    assert robot.get("/me/tokens").status_code == 200
    listed = {one["id"]: one for one in site.owner.get("/me/tokens").get_json()["tokens"]}
    assert listed[made["id"]]["state"] == "active"
    assert "token" not in listed[made["id"]]
    assert site.owner.delete(f"/me/tokens/{made['id']}").status_code == 204
    problem(robot.get("/items"), 401, "unauthenticated")
    listed = {one["id"]: one for one in site.owner.get("/me/tokens").get_json()["tokens"]}
    assert listed[made["id"]]["state"] == "revoked"


def test_a_token_reads_unless_it_is_for_more(site: Site) -> None:
    token = site.owner.post("/me/tokens", {}).get_json()["token"]
    reader = caller(site, token)
    one = site.draft("Read by a token that reads")
    assert reader.get(one.path).status_code == 200
    refused = reader.post("/items", description("x"), Content_Type=TURTLE)
    assert problem(refused, 403, "forbidden")["scope"] == "write"


def test_each_scope_allows_what_it_is_for(site: Site) -> None:
    writer = scoped(site, Scope.WRITE)
    one = kept(writer.post("/items", description("By scope"), Content_Type=TURTLE))
    refused = writer.post(f"{one.path}/publication?wait=0", {}, If_Match="*")
    assert problem(refused, 403, "forbidden")["scope"] == "publish"
    publisher = scoped(site, Scope.PUBLISH)
    assert publisher.post(f"{one.path}/publication?wait=0", {}, If_Match="*").status_code == 200
    problem(publisher.put(one.path, description("x"), If_Match="*"), 403, "forbidden")
    reading = scoped(site, Scope.WRITE, Scope.PUBLISH, who="admin")
    other = site.draft("Of somebody else")
    problem(reading.get(other.path), 404, "not-found")
    assert scoped(site, Scope.ADMIN, who="admin").get(other.path).status_code == 200


def test_a_token_makes_none_that_can_do_more_than_itself(site: Site) -> None:
    writer = scoped(site, Scope.WRITE)
    refused = writer.post("/me/tokens", {"scopes": ["write", "publish"]})
    assert problem(refused, 403, "forbidden")["scope"] == "publish"
    reader = scoped(site, Scope.READ)
    problem(reader.post("/me/tokens", {}), 403, "forbidden")
    mine = reader.get("/me/tokens").get_json()["tokens"][0]["id"]
    problem(reader.delete(f"/me/tokens/{mine}"), 403, "forbidden")


def test_a_token_makes_none_that_lasts_longer_than_itself(site: Site) -> None:
    ends = now() + timedelta(days=2)
    short = scoped(site, Scope.WRITE, expires=ends)
    problem(short.post("/me/tokens", {"days": 3}), 422, "not-acceptable")
    made = short.post("/me/tokens", {}).get_json()
    assert datetime.fromisoformat(made["expires"]) == ends


@pytest.mark.parametrize(("who", "scope"), [("owner", "curate"), ("curator", "admin")])
def test_a_token_is_for_nothing_that_its_account_may_not(site: Site, who: str, scope: str) -> None:
    before = site.inventory()
    problem(site.as_(who).post("/me/tokens", {"scopes": [scope]}), 422, "not-acceptable")
    assert site.inventory() == before


@pytest.mark.parametrize(
    "sent",
    [
        {"days": 0}, {"days": 366}, {"days": "7"}, {"days": True}, {"days": 1.5},
        {"scopes": ["all"]}, {"scopes": "write"}, {"scopes": [["write"]]},
        {"scopes": ["read"] * 21},
        {"label": "x" * 101}, {"label": "a\nb"}, {"label": "\u202eevil"}, {"label": 7},
        {"role": "admin"}, {"account": "admin"}, {"token": "sage_mine"}, {"owner": 1}, [],
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_makes_nothing(site: Site, sent: Any) -> None:
    before = site.inventory()
    problem(site.owner.post("/me/tokens", sent), 422, "not-acceptable")
    assert site.inventory() == before


def test_tokens_of_others_are_neither_listed_nor_revoked(site: Site) -> None:
    made = site.other.post("/me/tokens", {"label": "theirs"}).get_json()
    assert made["id"] not in site.admin.get("/me/tokens").text
    for token_id in (made["id"], "0" * 12, "%25%25%25%25%25%25%25%25%25%25%25%25", "x", "_" * 12):
        problem(site.owner.delete(f"/me/tokens/{token_id}"), 404, "not-found")
    assert caller(site, made["token"]).get("/items").status_code == 200


def test_without_an_account_there_are_no_tokens(site: Site) -> None:
    problem(site.anyone.get("/me/tokens", Accept="application/json"), 401, "unauthenticated")
    problem(site.anyone.post("/me/tokens", {}), 401, "unauthenticated")
    problem(site.anyone.delete("/me/tokens/0123456789ab"), 401, "unauthenticated")
    page = site.anyone.get("/me/tokens", Accept="text/html")
    assert page.headers["Location"] == "/sign-in?next=%2Fme%2Ftokens"


def test_an_account_has_fifty_tokens_at_most(site: Site) -> None:
    token = create_token(site.parts, "collector", Role.MEMBER, now=now())
    for _ in range(49):
        create_token(site.parts, "collector", now=now())
    problem(caller(site, token).post("/me/tokens", {}), 422, "not-acceptable")


def row_of(site: Site, token: str) -> Token:
    from catalog.services.accounts import digest

    with site.parts.database.reading() as session:
        return session.get_one(Token, digest(token))


def test_the_last_use_is_written_to_the_minute_and_once_a_minute(site: Site) -> None:
    token = create_token(site.parts, "user of tokens", Role.MEMBER, now=now())
    write_uses(site.parts.database)
    assert caller(site, token).get("/items").status_code == 200
    assert row_of(site, token).last_used is None  # nobody waits for it
    write_uses(site.parts.database)
    used = row_of(site, token).last_used
    assert used is not None
    assert (used.second, used.microsecond) == (0, 0)
    assert now() - used < timedelta(minutes=2)


def test_a_use_that_cannot_be_written_fails_no_request(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = create_token(site.parts, "unlucky", Role.MEMBER, now=now())
    with monkeypatch.context() as broken:
        broken.setattr("catalog.services.token_uses._WRITE", select(Token.hash).where(False))
        assert caller(site, token).get("/items").status_code == 200
        write_uses(site.parts.database)
    assert row_of(site, token).last_used is None


def test_a_session_by_token_is_for_no_more_than_the_token(site: Site) -> None:
    browser = Browser(site)
    browser.sign_in(create_token(site.parts, "owner", now=now(), scopes=[Scope.READ]))
    one = site.draft("Seen in a session that reads")
    page = browser.get(one.path)
    assert page.status_code == 200
    sent = browser.send(f"{one.path}/do/delete", csrf=word_of(browser.get("/me")), stage=one.stage)
    assert sent.status_code == 403
    assert site.owner.get(one.path).status_code == 200


# -- the page


@pytest.fixture
def browser(site: Site) -> Browser:
    made = Browser(site)
    assert made.sign_in(site.tokens["curator"]).status_code == 303
    return made


def test_the_page_makes_a_token_shows_it_once_and_revokes_it(site: Site, browser: Browser) -> None:
    word = word_of(browser.get("/me/tokens"))
    made = browser.send("/me/tokens/do/make", csrf=word, label="by page", scope="write", days="30")
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "private, no-store"
    token = re.findall(r"sage_[\w-]{43}", made.text)
    assert len(token) == 1
    assert caller(site, token[0]).get("/items").status_code == 200
    page = browser.get("/me/tokens").text
    assert token[0] not in page
    assert "by page" in page
    found = re.search(r'action="(/me/tokens/[0-9a-f]{12}/do/revoke)"[^§]*?by page', page)
    assert found
    ended = browser.send(found[1], csrf=word)
    assert ended.headers["Location"] == "/me/tokens?done=revoked"
    problem(caller(site, token[0]).get("/items"), 401, "unauthenticated")


def test_a_form_that_cannot_be_is_shown_again_with_what_was_typed(browser: Browser) -> None:
    word = word_of(browser.get("/me/tokens"))
    for days in ("", "0", "366", "x", "-1", "9" * 40):
        again = browser.send("/me/tokens/do/make", csrf=word, label="<b>typed</b>", days=days)
        assert again.status_code == 422, days
        assert "&lt;b&gt;typed&lt;/b&gt;" in again.text
        assert "sage_" not in again.text.partition("<main")[2]


def test_the_page_offers_what_the_account_may(site: Site, browser: Browser) -> None:
    page = browser.get("/me/tokens").text
    assert 'value="curate"' in page
    assert 'value="admin"' not in page
    word = word_of(browser.get("/me/tokens"))
    sent = browser.send("/me/tokens/do/make", csrf=word, scope="admin", days="30")
    assert sent.status_code == 422


def test_a_form_of_tokens_needs_the_word_of_its_session(site: Site, browser: Browser) -> None:
    before = site.inventory()
    assert browser.send("/me/tokens/do/make", csrf="x", days="30").status_code == 403
    assert browser.send("/me/tokens/0123456789ab/do/revoke", csrf="x").status_code == 403
    answer = browser.client.post("/me/tokens", json={"days": 3})
    problem(answer, 401, "unauthenticated")
    assert site.inventory() == before


def test_every_scope_has_its_words() -> None:
    assert set(WORDS) == set(Scope)


# -- hostile ones

HOSTILE = [
    "x" * 5_000, "sage_" + "x" * 5_000, "a b", "caf\u00e9", "\x7f", "a\tb", "\u00a0", "\x01",
    "sage_\u00ff\u00fe", "' OR 1=1 --", "%00", "sage_%", "..", "null", "[]", "{}", "sage_", "eyJ..",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "Bearer", "=", "sage_" + "0" * 43, "0" * 40, "-",
]  # fmt: skip


@pytest.mark.parametrize("token", HOSTILE)
def test_a_hostile_token_is_refused_on_every_kind_of_route(site: Site, token: str) -> None:
    for scheme in ("Bearer", "sage"):
        for method, path in (
            ("GET", "/items"),
            ("POST", "/items"),
            ("GET", "/vocab"),
            ("GET", "/x"),
        ):
            answer = site.anyone.ask(method, path, Authorization=f"{scheme} {token}")
            problem(answer, 401, "unauthenticated")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert len(token) < 6 or token not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "sage", "Basic YTpi", "Token x", ","])
def test_another_way_of_saying_who_one_is_is_refused(site: Site, header: str) -> None:
    problem(site.anyone.get("/items", Authorization=header), 401, "unauthenticated")


def test_a_token_in_an_address_is_refused_on_every_route_and_not_repeated(site: Site) -> None:
    token = site.tokens["owner"]
    one = site.published("Asked with a token in the address")
    for path in ("/items", one.path, "/", "/vocab", "/sparql", "/nothing", "/health/live", "/me"):
        for accept in ("text/html", "application/json"):
            for name in ("token", "access_token"):
                answer = site.anyone.get(f"{path}?{name}={token}", Accept=accept)
                assert answer.status_code == 400, path
                assert token not in answer.text


# -- those that nobody knows


def test_an_address_may_try_so_many_unknown_tokens_a_minute() -> None:
    clock, asked = Clock(), []
    strangers = Strangers(20, clock)

    def attempt(token: str, *, address: str = "192.0.2.1", good: bool = False) -> type | None:
        try:
            with strangers.asking(address, token, costs=True):
                asked.append(token)
                if not good:
                    raise Unauthenticated("no")
        except (TooMany, Unauthenticated) as fault:
            return type(fault)
        return None

    assert attempt("known", good=True) is None
    assert [attempt(f"bad{number}") for number in range(25)] == [Unauthenticated] * 20 + [
        TooMany
    ] * 5
    assert len(asked) == 21
    assert attempt("known", good=True) is None  # what was valid before is no stranger
    assert attempt("bad", address="192.0.2.2") is Unauthenticated
    clock.seconds += 59
    assert attempt("bad") is TooMany
    clock.seconds += 1
    assert attempt("bad") is Unauthenticated
    for _ in range(100):
        assert attempt("good", good=True) is None
    assert attempt("known", good=False) is Unauthenticated
    clock.seconds += 30
    assert [attempt(f"v6 {n}", address=f"2001:db8::{n}") for n in range(21)].count(TooMany) == 1


def test_who_is_too_many_is_told_when_to_come_back() -> None:
    clock = Clock()
    strangers = Strangers(2, clock)
    for number in range(2):
        with pytest.raises(Unauthenticated), strangers.asking("a", str(number), costs=True):
            raise Unauthenticated("no")
        clock.seconds += 10
    with pytest.raises(TooMany) as raised, strangers.asking("a", "x", costs=True):
        pass
    assert raised.value.retry_after == 40


def test_addresses_are_forgotten_before_they_fill_the_memory() -> None:
    strangers = Strangers(1, Clock())
    for number in range(10_100):
        with pytest.raises(Unauthenticated), strangers.asking(f"a{number}", "x", costs=True):
            raise Unauthenticated("no")
    assert len(strangers._tries) == 10_000


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Site:
    """Return a catalog that takes three unknown tokens a minute, behind proxies it trusts."""
    folder = tmp_path_factory.mktemp("guarded")
    return site_in(
        folder, judge, queries, unknown_tokens=3, trusted_proxies="127.0.0.1, 10.0.0.0/8, ::1"
    )


def test_unknown_tokens_are_counted_for_each_address(guarded: Site) -> None:
    def attempt(token: str, forwarded: str) -> int:
        said = {"Authorization": f"Bearer {token}", "X_Forwarded_For": forwarded}
        return guarded.anyone.get("/items", **said).status_code

    assert [attempt(f"sage_{n}", "192.0.2.9") for n in range(5)] == [401, 401, 401, 429, 429]
    assert attempt(guarded.tokens["owner"], "192.0.2.9") == 200
    assert attempt("sage_x", "192.0.2.10") == 401
    assert attempt("sage_y", "192.0.2.9, 10.1.2.3") == 429
    assert attempt("sage_z", "192.0.2.11, 192.0.2.9") == 429  # what stands before is anybody's
    answer = guarded.anyone.get(
        "/items", Authorization="Bearer sage_a", X_Forwarded_For="192.0.2.9"
    )
    assert problem(answer, 429, "too-many")["retry_after"] >= 1
    assert answer.headers["Retry-After"]


def test_the_form_to_sign_in_is_counted_as_well(guarded: Site) -> None:
    client = guarded.app.test_client()
    sent = [
        client.post(
            "/sign-in", data={"token": f"sage_{n}"}, headers={"X-Forwarded-For": "192.0.2.20"}
        ).status_code
        for n in range(5)
    ]
    assert sent == [401, 401, 401, 429, 429]


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2001:DB8::7]:443", "2001:db8::7"),
        ("10.0.0.1", "evil, <script>", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_only_proxies_that_are_trusted_are_believed(
    guarded: Site, remote: str, forwarded: str | None, found: str
) -> None:
    from api.context import address

    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    environment = {"REMOTE_ADDR": remote}
    with guarded.app.test_request_context("/", headers=headers, environ_base=environment):
        assert address() == found


# -- Sage's


@pytest.fixture(scope="module")
def server() -> Iterator[SageAuth]:
    with sage_auth() as running:
        yield running


@dataclass(frozen=True)
class Joined:
    """A catalog that takes Sage's tokens, with Sage's service and the clock of its memory."""

    site: Site
    sage: SageAuth
    clock: Clock

    def as_(self, token: str) -> Caller:
        return Caller(self.site.app, token)


@pytest.fixture(scope="module")
def joined(
    tmp_path_factory: pytest.TempPathFactory,
    judge: JailedJudge,
    queries: JailedQueries,
    server: SageAuth,
) -> Joined:
    clock = Clock()
    made = site_in(tmp_path_factory.mktemp("joined"), judge, queries)
    verifier = SageTokens(
        server.token_info, user=USER, password=PASSWORD, users_url=server.url, clock=clock,
        oidc_issuer="https://auth.globus.org",
    )  # fmt: skip
    parts = replace(made.parts, verifiers=(verifier,))
    return Joined(replace(made, parts=parts, app=create_app(parts)), server, clock)


@contextmanager
def broken(joined: Joined, fault: str) -> Iterator[None]:
    joined.sage.fault = fault
    try:
        yield
    finally:
        joined.sage.fault = ""
        joined.clock.seconds += 10  # whoever found it down comes back later
        joined.as_(joined.sage.give("after-all", "zoe")).get("/items")


@pytest.mark.parametrize("scheme", ["sage", "Sage", "SAGE", "Bearer", "bearer"])
def test_a_token_of_sage_is_taken_and_makes_an_account(joined: Joined, scheme: str) -> None:
    token = joined.sage.give(f"token-{scheme}", f"user-{scheme}", "bird-watch")
    said = f"{scheme} {token}"
    made = joined.site.anyone.post(
        "/items", description("By Sage"), Content_Type=TURTLE, Authorization=said
    )
    assert kept(made).said["owner"] == f"user-{scheme}"
    again = joined.site.anyone.get("/items?state=draft", Authorization=said)
    assert again.get_json()["total"] == 1


def test_a_user_of_sage_never_becomes_an_account_of_that_name(joined: Joined) -> None:
    token = joined.sage.give("impostor", "admin")
    made = kept(joined.as_(token).post("/items", description("Not admin"), Content_Type=TURTLE))
    assert made.said["owner"] == "admin@127.0.0.1"
    other = joined.site.draft("Of the owner")
    problem(joined.as_(token).get(other.path), 404, "not-found")


def test_what_waits_for_a_name_is_for_the_user_of_sage_who_has_it(joined: Joined) -> None:
    one = joined.site.draft("For a user to come")
    grant = [{"grantee_type": "USER", "grantee": "to-come", "permission": "READ"}]
    assert joined.site.owner.put(f"{one.path}/permissions", grant, If_Match="*").status_code == 200
    token = joined.sage.give("for-a-user-to-come", "to-come")
    assert joined.as_(token).get(one.path).status_code == 200


def test_a_user_is_the_same_by_the_id_that_logins_have(joined: Joined) -> None:
    joined.as_(joined.sage.give("same", "sam")).get("/items")
    with joined.site.parts.database.reading() as session:
        found = session.scalars(
            select(Identity.issuer)
            .join(Account, Account.id == Identity.account_id)
            .where(Account.name == "sam")
        ).all()
    assert set(found) == {joined.sage.url.rstrip("/"), "https://auth.globus.org"}


def test_after_a_revocation_the_next_change_is_refused_and_reads_end_within_a_minute(
    joined: Joined,
) -> None:
    token = joined.sage.give(SAGE_TOKEN, "ana")
    ana = joined.as_(token)
    one = kept(ana.post("/items", description("Hers"), Content_Type=TURTLE))
    joined.clock.seconds += 100
    assert ana.get(one.path).status_code == 200
    del joined.sage.owners[token]
    joined.clock.seconds += 59
    assert ana.get(one.path).status_code == 200
    for method, path, body in (
        ("PUT", one.path, description("x")),
        ("DELETE", one.path, None),
        ("POST", f"{one.path}/publication", {}),
        ("PUT", f"{one.path}/files/a", b"x"),
        ("POST", "/me/tokens", {}),
    ):
        joined.sage.give(token, "ana")
        joined.clock.seconds += 5  # so long a refusal is believed
        assert ana.get(one.path).status_code == 200
        del joined.sage.owners[token]
        problem(ana.ask(method, path, body, If_Match="*"), 401, "unauthenticated")
    problem(ana.get(one.path), 401, "unauthenticated")


def test_a_read_with_a_revoked_token_ends_after_a_minute(joined: Joined) -> None:
    token = joined.sage.give("for-a-minute", "mia")
    mia = joined.as_(token)
    assert mia.get("/items").status_code == 200
    del joined.sage.owners[token]
    joined.clock.seconds += 60
    problem(mia.get("/items"), 401, "unauthenticated")


@pytest.mark.parametrize("fault", ["500", "active as text", "redirect", "not let in", "cut"])
def test_in_an_outage_a_token_is_neither_nobody_nor_bad(joined: Joined, fault: str) -> None:
    token = joined.sage.give("in-an-outage", "ola")
    public = joined.site.published("Public in an outage")
    with broken(joined, fault):
        joined.clock.seconds += 100
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            answer = joined.as_(token).ask(method, public.path, If_Match="*")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.headers["Cache-Control"] == "private, no-store"
        said = problem(joined.as_(token).get(public.path), 503, "unavailable")
        assert token not in json.dumps(said)
        assert joined.site.anyone.get(public.path).status_code == 200
        assert joined.site.owner.get(public.path).status_code == 200
        assert joined.site.anyone.get("/health/ready").get_json()["issuers"] == {
            joined.sage.url.rstrip("/"): False
        }
    assert joined.as_(token).get(public.path).status_code == 200


def test_a_session_by_a_token_of_sage_ends_with_the_token(joined: Joined) -> None:
    token = joined.sage.give("in-a-browser", "bea", "bird-watch")
    browser = Browser(joined.site)
    assert browser.sign_in(token).status_code == 303
    assert "bea" in browser.get("/me").text
    asked = joined.sage.times_asked()
    assert browser.get("/me").status_code == 200
    assert joined.sage.times_asked() == asked  # what was said a moment ago will do for pages
    word = word_of(browser.get("/me"))
    del joined.sage.owners[token]
    assert browser.get("/me").status_code == 200
    assert browser.send("/me/tokens/do/make", csrf=word, days="7").status_code == 401
    assert browser.get("/me").headers["Location"] == "/sign-in?next=/me"
    joined.sage.give(token, "bea")
    assert browser.get("/me").status_code == 303  # it stays ended


def test_in_an_outage_a_session_is_neither_ended_nor_anonymous(joined: Joined) -> None:
    browser = Browser(joined.site)
    browser.sign_in(joined.sage.give("down-in-a-browser", "dan"))
    with broken(joined, "500"):
        joined.clock.seconds += 100
        page = browser.get("/me")
        assert page.status_code == 503
        assert "Sage" in page.text
    assert browser.get("/me").status_code == 200


def test_signing_in_by_a_token_in_an_outage_says_so(joined: Joined) -> None:
    token = joined.sage.give("to-sign-in", "sid")
    with broken(joined, "500"):
        answer = Browser(joined.site).sign_in(token)
        assert answer.status_code == 503
        assert token not in answer.text
    assert Browser(joined.site).sign_in("nobody's").status_code == 401


def test_a_session_ends_when_its_token_of_sage_does(joined: Joined) -> None:
    at = now()
    token = joined.sage.give("short", "sue")
    joined.sage.expires[token] = (at + timedelta(minutes=30)).timestamp()
    cookie = sign_in(joined.site.parts, token, now=at)
    assert signed_in(joined.site.parts, cookie, now=at + timedelta(minutes=29)) is not None
    assert signed_in(joined.site.parts, cookie, now=at + timedelta(minutes=31)) is None


def test_the_record_can_give_no_token_away(joined: Joined) -> None:
    token = joined.sage.give("marked-token-of-sage", "rob")
    browser = Browser(joined.site)
    browser.sign_in(token)
    assert browser.get("/me").status_code == 200
    own = joined.site.tokens["owner"]
    Browser(joined.site).sign_in(own)
    with joined.site.parts.database.reading() as session:
        sealed = session.scalars(select(SignIn.sealed).where(SignIn.sealed.is_not(None))).all()
        assert sealed
        rows = [
            repr(tuple(row))
            for table in Base.metadata.tables.values()
            for row in session.execute(select(table))
        ]
    assert not [row for row in rows if token in row or own in row]


def test_no_token_stands_in_a_log_a_page_or_a_problem(
    joined: Joined, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    good = joined.sage.give("marked-good-token-0123456789", "max")
    own = joined.site.tokens["owner"]
    bad = ["marked-bad-token-0123456789", "sage_marked-bad-token", "marked " * 3, "marked" * 900]
    answers = []
    for token in (good, own, *bad):
        who = joined.as_(token)
        for method, path in (("GET", "/items"), ("POST", "/items"), ("PUT", "/items/7777777777")):
            for form in ("text/html", "application/json"):
                answers += [who.ask(method, path, Accept=form).text]
        answers.append(Browser(joined.site).sign_in(token).text)
    with broken(joined, "html"):
        answers.append(joined.as_("marked-in-an-outage").get("/items").text)
    said = "\n".join(
        [caplog.text, *capfd.readouterr(), *answers, repr(joined.site.parts.verifiers)]
    )
    for secret in (good, own, PASSWORD, "marked"):
        assert secret not in said


def test_random_tokens_are_asked_about_so_often_and_no_more(joined: Joined) -> None:
    parts = joined.site.parts
    limited = replace(parts, settings=replace(parts.settings, unknown_tokens=20))
    app = create_app(limited)
    good = Caller(app, joined.sage.give("among-random-ones", "gus"))
    assert good.get("/items").status_code == 200
    before = joined.sage.times_asked()
    answers = [Caller(app, f"random-{n}").get("/items").status_code for n in range(60)]
    assert (answers.count(401), answers.count(429)) == (20, 40)
    assert joined.sage.times_asked() - before == 20
    joined.clock.seconds += 100
    assert good.get("/items").status_code == 200
    assert good.post("/me/tokens", {}).status_code == 201


def test_what_is_measured_tells_how_the_issuer_is(joined: Joined) -> None:
    text = joined.site.anyone.get("/metrics").text
    issuer = joined.sage.url.rstrip("/")
    assert f'sage_catalog_issuer_up{{issuer="{issuer}"}} 1' in text
    assert f'sage_catalog_issuer_failed{{issuer="{issuer}"}}' in text


def test_a_token_of_ours_is_never_shown_to_sage(joined: Joined) -> None:
    before = len(joined.sage.asked)
    joined.site.owner.get("/items")
    problem(joined.as_("sage_nobody").get("/items"), 401, "unauthenticated")
    assert len(joined.sage.asked) == before


def test_telling_whose_a_token_is_costs_little(site: Site) -> None:
    from catalog.services.accounts import actor_of_token

    taken = []
    for _ in range(200):
        began = time.perf_counter()
        actor_of_token(site.parts, site.tokens["owner"], now=now(), noted=True)
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[100] < 0.003  # ten times what is wanted: machines of tests are busy
