"""Signing in at a provider of identities by browser, and its JWTs at the interface."""

import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from api.app import create_app
from catalog.bootstrap import identity_provider
from catalog.domain.permissions import Right
from catalog.services.sign_in_oidc import begin, finish
from catalog.tables import Account, Identity, Permission, SignIn
from tests.api.sites import BASE, TURTLE, Caller, Site, problem, site_in
from tests.api.test_sign_in import EVIL
from tests.catalogs import description, now
from tests.oidc_provider import Provider, jwt_of, provider_process

BEGIN = "/sign-in/oidc"
BACK = "/sign-in/oidc/callback"


@pytest.fixture(scope="module")
def process() -> Iterator[Provider]:
    with provider_process() as provider:
        yield provider


@pytest.fixture
def provider(process: Provider) -> Iterator[Provider]:
    process.fault()
    process.person("ana-1", preferred_username="ana@birds.example", groups=["birds"])
    yield process
    process.fault()


@pytest.fixture(scope="module")
def site(
    process: Provider, tmp_path_factory: pytest.TempPathFactory, judge: Any, queries: Any
) -> Site:
    made = site_in(
        tmp_path_factory.mktemp("oidc"),
        judge,
        queries,
        oidc_issuer=process.issuer,
        oidc_client_id=process.client_id,
        oidc_client_secret=process.client_secret,
        oidc_name="Birds & Co",
    )
    return knowing(made)


def knowing(site: Site, **settings: Any) -> Site:
    """Return the same catalog with a provider that nobody has asked anything yet."""
    known = replace(site.parts.settings, **settings)
    provider = identity_provider(known)
    assert provider is not None
    parts = replace(site.parts, settings=known, provider=provider, verifiers=(provider,))
    return replace(site, parts=parts, app=create_app(parts))


class Browser:
    """Keeps cookies, and goes where it is sent: to us, and to the provider's page."""

    def __init__(self, site: Site, provider: Provider) -> None:
        self.client: FlaskClient = site.app.test_client()
        self.provider = provider

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=BASE, headers={"Accept": "text/html"})

    def begin(self, next: str = "") -> str:  # noqa: A002
        """Begin to sign in; return the address of the provider's page."""
        answer = self.get(f"{BEGIN}?{urlencode({'next': next})}")
        assert answer.status_code == 303, answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
        return answer.headers["Location"]

    def enter(self, page: str) -> str:
        """Sign in at the provider; return the address of ours that it sends to."""
        return f"{BACK}?{urlencode(self.provider.entered(page))}"

    def sign_in(self, next: str = "") -> TestResponse:  # noqa: A002
        return self.get(self.enter(self.begin(next)))

    def attempts(self) -> list[str]:
        """Return the names of the cookies that attempts have left."""
        jar = self.client._cookies or {}
        return [key[2] for key in jar if "attempt" in key[2]]

    @property
    def session(self) -> str | None:
        cookie = self.client.get_cookie("sage_catalog", domain="127.0.0.1")
        return cookie.value if cookie else None


@pytest.fixture
def browser(site: Site, provider: Provider) -> Browser:
    return Browser(site, provider)


def refused(answer: TestResponse) -> str:
    """Return what the page says that refuses a sign-in, from which one can try again."""
    assert answer.status_code == 401, answer.text
    assert "sage_catalog=" not in "".join(answer.headers.getlist("Set-Cookie"))
    assert f'href="{BEGIN}' in answer.text
    found = re.search(r'role="alert"><p>([^<]+)<', answer.text)
    assert found, answer.text
    return unescape(found[1])


def sessions(site: Site) -> int:
    with site.parts.database.reading() as session:
        return len(session.scalars(select(SignIn)).all())


# -- signing in


def test_a_browser_goes_there_and_back_and_is_signed_in(site: Site, browser: Browser) -> None:
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    cookies = answer.headers.getlist("Set-Cookie")
    opened = next(cookie for cookie in cookies if cookie.startswith("sage_catalog="))
    assert "HttpOnly" in opened
    assert "SameSite=Lax" in opened
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert browser.attempts() == []
    assert "ana@birds.example" in browser.get("/me").text


def test_the_way_back_is_exactly_one_address(browser: Browser) -> None:
    asked = dict(parse_qsl(urlsplit(browser.begin("/items?type=model")).query))
    assert asked["redirect_uri"] == f"{BASE}sign-in/oidc/callback"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid profile email"
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43


def test_what_a_browser_keeps_meanwhile_scripts_and_other_sites_cannot_use(
    site: Site, browser: Browser
) -> None:
    answer = browser.get(BEGIN)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    for said in ("HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/sign-in/oidc"):
        assert said in cookie
    secure = replace(site.parts.settings, base_url="https://catalog.example/x/")
    at = create_app(replace(site.parts, settings=secure)).test_client()
    (cookie,) = at.get(
        BEGIN, base_url="https://catalog.example", headers={"Host": "catalog.example"}
    ).headers.getlist("Set-Cookie")
    assert "Secure" in cookie
    assert "Path=/x/sign-in/oidc" in cookie


def test_an_account_is_known_by_its_subject_whatever_it_is_called(
    site: Site, browser: Browser, provider: Provider
) -> None:
    browser.sign_in()
    provider.person("ana-1", preferred_username="anna")
    assert browser.sign_in().status_code == 303
    assert "ana@birds.example" in browser.get("/me").text
    provider.person("ana-2", preferred_username="ana@birds.example")
    assert browser.sign_in().status_code == 303
    with site.parts.database.reading() as session:
        rows = session.execute(
            select(Identity.subject, Account.name)
            .join(Account, Account.id == Identity.account_id)
            .where(Identity.issuer == provider.issuer, Identity.subject.like("ana-_"))
        ).all()
    assert sorted(subject for subject, _ in rows) == ["ana-1", "ana-2"]
    assert len({name for _, name in rows}) == 2


def test_nobody_becomes_an_account_of_the_catalog_by_its_name(
    site: Site, browser: Browser, provider: Provider
) -> None:
    provider.person("mallory", preferred_username="admin")
    browser.sign_in()
    page = browser.get("/me").text
    assert "admin@127.0.0.1" in page
    draft = site.draft("Of the owner", by="admin")
    assert browser.get(draft.path).status_code == 404


def test_what_waits_for_a_name_is_not_for_who_takes_it_at_the_provider(
    site: Site, browser: Browser, provider: Provider
) -> None:
    one = site.draft("For somebody at Sage")
    with site.parts.database.writing() as session:
        session.add(
            Permission(
                item_id=one.id, grantee_type="USER", grantee="zelda", permission=Right.READ.value
            )
        )
    provider.person("eve", preferred_username="zelda")
    browser.sign_in()
    assert "zelda@127.0.0.1" in browser.get("/me").text
    assert browser.get(one.path).status_code == 404


def test_groups_of_the_provider_give_what_is_granted_to_them(
    site: Site, browser: Browser, provider: Provider
) -> None:
    one = site.draft("For the birds")
    with site.parts.database.writing() as session:
        session.add(
            Permission(
                item_id=one.id, grantee_type="GROUP", grantee="birds", permission=Right.READ.value
            )
        )
    browser.sign_in()
    assert browser.get(one.path).status_code == 200
    provider.person("bob", groups=["link:birds", "AllUsers"])
    browser.sign_in()
    assert browser.get(one.path).status_code == 404
    asked = Caller(site.app, jwt_for(provider, sub="cy", groups=["birds"]))
    assert asked.get(one.path).status_code == 200


@pytest.mark.parametrize(
    ("target", "location"),
    [("/items?type=model", "/items?type=model"), ("/items/caf\u00e9", "/items/caf%C3%A9"),
     ("", "/me"), ("/" + "x" * 2_000, "/me")],
)  # fmt: skip
def test_after_signing_in_one_is_led_back(browser: Browser, target: str, location: str) -> None:
    assert browser.sign_in(target).headers["Location"] == location


@pytest.mark.parametrize("target", [one for one in EVIL if not re.search(r"[\x00-\x1f]", one)])
def test_after_signing_in_nobody_is_led_to_another_site(browser: Browser, target: str) -> None:
    location = browser.sign_in(target).headers["Location"]
    assert re.fullmatch(r"/(?![/\\])[!-~]*", location), location
    assert not re.search(r"[/\\]{2}|%2f|%5c", location, re.IGNORECASE)


def test_several_tabs_at_once_each_end_where_they_meant_to(browser: Browser) -> None:
    pages = {path: browser.begin(path) for path in ("/items", "/vocab", "/sparql")}
    assert len(browser.attempts()) == 3
    for path, page in reversed(pages.items()):
        assert browser.get(browser.enter(page)).headers["Location"] == path


def test_attempts_that_nobody_ends_do_not_pile_up(browser: Browser) -> None:
    pages = [browser.begin() for _ in range(12)]
    assert len(browser.attempts()) <= 5
    assert refused(browser.get(browser.enter(pages[0])))
    assert browser.get(browser.enter(pages[-1])).status_code == 303


def test_who_comes_by_another_name_of_ours_begins_at_the_one_that_is_sent_back_to(
    browser: Browser,
) -> None:
    path = f"{BEGIN}?next=/items"
    answer = browser.client.get(path, base_url="http://localhost:8000/")
    assert answer.headers["Location"] == f"{BASE}sign-in/oidc?next=%2Fitems&again=1"
    assert "Set-Cookie" not in answer.headers
    there = browser.client.get(f"{path}&again=1", base_url="http://localhost:8000/")
    assert there.headers["Location"].startswith(browser.provider.issuer)


# -- what is refused on the way back


def test_a_session_that_somebody_else_planted_is_not_the_one_that_opens(
    site: Site, browser: Browser
) -> None:
    browser.client.set_cookie("sage_catalog", "planted", domain="127.0.0.1")
    browser.sign_in()
    first = browser.session
    assert first not in {None, "planted"}
    browser.sign_in()
    assert browser.session != first
    browser.client.set_cookie("sage_catalog", str(first), domain="127.0.0.1")
    assert browser.get("/me").headers["Location"].startswith("/sign-in")


def test_an_answer_for_one_browser_is_worth_nothing_in_another(
    site: Site, provider: Provider, browser: Browser
) -> None:
    victim = Browser(site, provider)
    victim.begin()
    before = sessions(site)
    back = browser.enter(browser.begin())
    assert "did not begin" in refused(victim.get(back))
    assert sessions(site) == before
    assert browser.get(back).status_code == 303


def test_an_answer_is_not_taken_for_another_attempt_of_the_same_browser(browser: Browser) -> None:
    mine, planted = browser.begin(), browser.begin()
    state = dict(parse_qsl(urlsplit(mine).query))["state"]
    said = browser.provider.entered(planted) | {"state": state}
    assert refused(browser.get(f"{BACK}?{urlencode(said)}"))


def test_an_answer_counts_once(site: Site, browser: Browser) -> None:
    page = browser.begin()
    (name,) = browser.attempts()
    kept = browser.client.get_cookie(name, domain="127.0.0.1", path="/sign-in/oidc")
    back = browser.enter(page)
    assert browser.get(back).status_code == 303
    assert "done already" in refused(browser.get(back))
    assert kept is not None
    browser.client.set_cookie(name, kept.value, domain="127.0.0.1", path="/sign-in/oidc")
    before = sessions(site)
    assert "invalid_grant" in refused(browser.get(back))
    assert sessions(site) == before


def test_ten_minutes_are_enough(site: Site, provider: Provider) -> None:
    began = now()
    for minutes, is_in_time in ((9, True), (11, False), (-1, False)):
        begun = begin(site.parts, "/items", now=began)
        answer = provider.entered(begun.address)
        at = began + timedelta(minutes=minutes)
        if is_in_time:
            assert finish(site.parts, answer, begun.kept, now=at).target == "/items"
        else:
            with pytest.raises(Exception, match="ten minutes"):
                finish(site.parts, answer, begun.kept, now=at)


def test_what_a_browser_keeps_cannot_be_changed(site: Site, provider: Provider) -> None:
    begun = begin(site.parts, "/items", now=now())
    answer = provider.entered(begun.address)
    began, secret, path = begun.kept.split(".")
    odd = [
        "", ".", "..", "x", "9" * 30, f"{began}.{secret}", f"{began}.{secret}.", "\u00e9..",
        f"{int(began) + 1}.{secret}.{path}", f"{began}.{secret}.L2l0ZW1zLzE=",
        f"{began}.{secret[:-1]}.{path}", f" {begun.kept}", f"\u0661{begun.kept}",
    ]  # fmt: skip
    for kept in odd:
        with pytest.raises(Exception, match="did not begin"):
            finish(site.parts, answer, kept, now=now())
    assert finish(site.parts, answer, begun.kept, now=now())


def test_an_odd_answer_is_told_and_never_an_error_of_ours(browser: Browser) -> None:
    page = browser.begin()
    state = dict(parse_qsl(urlsplit(page).query))["state"]
    odd = [
        "", "state=", f"state={state}x", "state=%00", "code=x", "error=access_denied",
        "state=.&code=x", f"state={state[:-1]}&code=x", "state=%C3%A9.%C3%A9", "code=x&code=y",
        f"state={state}&state={state}&code=x", "state=../../x", "iss=x", "state=a;b=c",
        f"state={'x' * 19_000}",
    ]  # fmt: skip
    for query in odd:
        answer = browser.get(f"{BACK}?{query}")
        assert answer.status_code in {400, 401}, (query, answer.text)
        assert "Traceback" not in answer.text
    assert browser.get(browser.enter(page)).status_code == 303


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "You, or Birds & Co, declined"),
        ("login_required", "(login_required)"),
        ("<script>alert(1)</script>", "for no known reason"),
        ("x" * 5_000, "for no known reason"),
    ],
)
def test_what_the_provider_refuses_is_told_and_one_can_try_again(
    browser: Browser, error: str, said: str
) -> None:
    state = dict(parse_qsl(urlsplit(browser.begin("/items")).query))["state"]
    sent = {"state": state, "error": error, "error_description": "<b>evil</b>"}
    answer = browser.get(f"{BACK}?{urlencode(sent)}")
    assert said in refused(answer)
    assert "evil" not in answer.text
    assert 'href="/sign-in/oidc?next=%2Fitems"' in answer.text
    assert browser.attempts() == []


def test_a_person_who_declines_comes_back_to_a_page(browser: Browser, provider: Provider) -> None:
    provider.person("ana-1", _denies=True)
    assert "declined" in refused(browser.sign_in())
    provider.person("ana-1")
    assert browser.sign_in().status_code == 303


def test_a_forged_token_opens_no_session(site: Site, browser: Browser, provider: Provider) -> None:
    before = sessions(site)
    provider.fault("id_token", token=jwt_for(provider, sub="admin"))
    assert 'its "nonce"' in refused(browser.sign_in())
    assert sessions(site) == before


# -- a provider that is away


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/.well-known/openid-configuration", {"status": 500}),
        ("/token", {"status": 502}),
        ("/token", {"body": "<html>"}),
        ("/keys", {"status": 500}),
        ("/userinfo", {"status": 500}),
    ],
)
def test_a_provider_that_is_away_is_told_with_when_to_come_again(
    site: Site, provider: Provider, path: str, how: dict[str, Any]
) -> None:
    provider.person("ana-1")
    browser = Browser(knowing(site), provider)
    provider.fault(path, **how)
    answer = browser.get(BEGIN)
    if answer.status_code == 303:
        answer = browser.get(browser.enter(answer.headers["Location"]))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "provider of identities" in answer.text
    assert browser.session is None
    assert browser.get("/items").status_code == 200


def test_a_provider_that_hangs_does_not_take_every_thread(site: Site, provider: Provider) -> None:
    crowded = knowing(site)
    browsers = [Browser(crowded, provider) for _ in range(16)]
    back = [one.enter(one.begin()) for one in browsers]
    provider.fault("/token", seconds=1.0)
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one, to=to: codes.append(one.get(to).status_code))
        for one, to in zip(browsers, back, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert codes == [503] * 8
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303] * 8 + [503] * 8


# -- JWTs at the interface


def jwt_for(provider: Provider, **claims: Any) -> str:
    key = provider.key()
    return jwt_of({"alg": "RS256", "kid": key.kid}, provider.claims(**claims), key)


def test_a_jwt_is_a_token_at_the_interface(site: Site, provider: Provider) -> None:
    ana = Caller(site.app, jwt_for(provider, sub="dee", preferred_username="dee"))
    made = ana.post("/items", description("By JWT"), Content_Type=TURTLE)
    assert made.status_code == 201, made.text
    assert made.get_json()["owner"] == "dee"
    path = f"/items/{made.get_json()['id']}"
    assert ana.get(path).status_code == 200
    assert site.other.get(path).status_code == 404
    assert Caller(site.app, jwt_for(provider, sub="eve")).get(path).status_code == 404
    said = {"Authorization": f"sage {ana.token}"}
    assert site.anyone.get(path, **said).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1}, {"aud": "another"}, {"iss": "https://evil.example"}, {"sub": None}],
)
def test_a_bad_jwt_is_refused_on_every_route(
    site: Site, provider: Provider, claims: dict[str, Any]
) -> None:
    asked = Caller(site.app, jwt_for(provider, **claims))
    for path in ("/", "/items", "/vocab"):
        answer = asked.get(path)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_tokens_of_ours_need_no_provider(site: Site, provider: Provider) -> None:
    provider.fault("/keys", status=500)
    alone = knowing(site)
    assert alone.owner.get("/items").status_code == 200
    problem(Caller(alone.app, "nonsense").get("/items"), 401, "unauthenticated")


def test_a_jwt_that_nobody_can_check_is_not_nobodys(site: Site, provider: Provider) -> None:
    token = jwt_for(provider)
    provider.fault("/keys", status=500)
    answer = Caller(knowing(site).app, token).get("/items")
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert site.anyone.get("/items").status_code == 200


def test_the_scopes_of_a_jwt_narrow_what_its_account_may(site: Site, provider: Provider) -> None:
    narrow = knowing(site, oidc_scope_prefix="catalog:")
    reading = Caller(narrow.app, jwt_for(provider, sub="fay", scope="openid catalog:read"))
    answer = reading.post("/items", description("Not by this"), Content_Type=TURTLE)
    assert problem(answer, 403, "forbidden")["scope"] == "write"
    writing = Caller(narrow.app, jwt_for(provider, sub="fay", scope="catalog:write"))
    made = writing.post("/items", description("By this"), Content_Type=TURTLE)
    assert made.status_code == 201


# -- the pages


def test_the_provider_comes_first_on_the_page_to_sign_in(browser: Browser) -> None:
    page = browser.get("/sign-in?next=/items").text
    assert "Sign in with Birds &amp; Co" in page
    assert page.index('href="/sign-in/oidc?next=%2Fitems"') < page.index('name="token"')


def test_signing_out_says_that_the_provider_is_another_matter(
    browser: Browser, provider: Provider
) -> None:
    browser.sign_in()
    word = re.search(r'name="csrf" value="([^"]+)"', browser.get("/me").text)
    assert word
    out = browser.client.post("/sign-out", base_url=BASE, data={"csrf": word[1]})
    page = browser.get(out.headers["Location"])
    assert "You are signed out here." in page.text
    assert f'href="{provider.issuer}/leave"' in page.text
    assert browser.get("/me").status_code == 303


def test_without_a_provider_there_is_no_such_way(empty: Site) -> None:
    assert "/sign-in/oidc" not in empty.anyone.get("/sign-in", Accept="text/html").text
    for path in (BEGIN, BACK, f"{BACK}?state=x&code=y"):
        problem(empty.anyone.get(path, Accept="application/json"), 404, "not-found")
    out = empty.app.test_client()
    assert out.get("/sign-in?out").status_code == 200


def test_nothing_secret_is_logged(
    site: Site, browser: Browser, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.fault("/userinfo", status=500)
    provider.person("ana-1")
    back = browser.enter(browser.begin())
    browser.get(back)
    provider.fault()
    page = browser.begin()
    browser.get(browser.enter(page))
    said = dict(parse_qsl(urlsplit(page).query))
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    # What the browser of the test asks the provider for is logged as well, and is not ours.
    logged = [line for line in caplog.text.splitlines() if "/authorize?" not in line]
    assert any("/token" in line for line in logged)
    for secret in (said["state"], said["nonce"], code, provider.client_secret, browser.session):
        assert str(secret) not in "".join(logged)
