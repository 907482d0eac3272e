"""Sign-in by token: sessions, the word of every form, and what a cookie never authorises."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.forms import safe_path
from catalog.domain.permissions import Role
from catalog.services.accounts import create_token, revoke_token, sign_in, signed_in
from tests.api.sites import TURTLE, Site, problem
from tests.catalogs import description, now

FORM = "application/x-www-form-urlencoded"


class Browser:
    """Keeps cookies, and sends forms as pages have them."""

    def __init__(self, site: Site) -> None:
        self.client: FlaskClient = site.app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html"}, buffered=True)

    def sign_in(self, token: str, next: str = "") -> TestResponse:  # noqa: A002
        return self.client.post("/sign-in", data={"token": token, "next": next})

    def send(self, path: str, **fields: str) -> TestResponse:
        return self.client.post(path, data=fields, headers={"Accept": "text/html"})


class Forms(HTMLParser):
    """The forms of a page: where each is sent, how, and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((said.get("method", "get"), said.get("action", ""), {}))
        if said.get("type") == "radio" and "checked" not in said:
            return
        if tag in {"input", "select", "textarea"} and self.found and "name" in said:
            self.found[-1][2][said["name"]] = said.get("value", "")


def word_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


@pytest.fixture
def browser(site: Site) -> Browser:
    made = Browser(site)
    assert made.sign_in(site.tokens["owner"]).status_code == 303
    return made


def test_a_token_opens_a_session_that_scripts_and_other_sites_cannot_use(site: Site) -> None:
    browser = Browser(site)
    answer = browser.sign_in(site.tokens["owner"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert site.tokens["owner"] not in cookie
    assert "owner" in browser.get("/me").text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert browser.get("/items").headers["Cache-Control"] == "private, no-store"


def test_each_sign_in_has_a_session_of_its_own(site: Site) -> None:
    first, second = Browser(site), Browser(site)
    cookies = {
        browser.sign_in(site.tokens["owner"]).headers["Set-Cookie"].partition(";")[0]
        for browser in (first, second)
    }
    assert len(cookies) == 2
    assert word_of(first.get("/me")) != word_of(second.get("/me"))


@pytest.mark.parametrize("token", ["", "nonsense", "sage_" + "x" * 43, "x" * 10_000, "\u202e\x00"])
def test_a_bad_token_opens_nothing(site: Site, token: str) -> None:
    answer = Browser(site).sign_in(token)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic b3duZXI6", "Bearer nonsense", "Token x", "",
     "Bearer " + "x" * 5000, "Bearer a b", "Bearer \u00e9"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/items", "/vocab", "/sparql?query=ASK{}", "/validate"])
def test_a_bad_token_is_refused_on_every_route(site: Site, header: str, path: str) -> None:
    answer = site.anyone.get(path, Authorization=header)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_both_spellings_of_the_scheme_are_taken(site: Site) -> None:
    one = site.draft("Spelt")
    for scheme in ("Bearer", "bearer", "sage", "Sage"):
        said = f"{scheme} {site.tokens['owner']}"
        assert site.anyone.get(one.path, Authorization=said).status_code == 200


def test_a_token_in_the_address_is_refused(site: Site) -> None:
    for name in ("token", "access_token"):
        problem(site.anyone.get(f"/items?{name}={site.tokens['owner']}"), 400, "unreadable")


def test_a_revoked_or_expired_token_ends_its_sessions(site: Site) -> None:
    token = create_token(site.parts, "leaving", Role.MEMBER, now=now())
    browser = Browser(site)
    browser.sign_in(token)
    assert browser.get("/me").status_code == 200
    assert revoke_token(site.parts, token, now=now())
    assert browser.get("/me").headers["Location"] == "/sign-in?next=/me"
    problem(site.anyone.get("/items", Authorization=f"Bearer {token}"), 401, "unauthenticated")
    old = create_token(site.parts, "leaving", now=now(), expires=now() - timedelta(seconds=1))
    problem(site.anyone.get("/items", Authorization=f"Bearer {old}"), 401, "unauthenticated")


def test_a_session_ends_with_its_hours_and_with_its_token(site: Site) -> None:
    at = now()
    token = create_token(site.parts, "short", now=at, expires=at + timedelta(hours=1))
    cookie = sign_in(site.parts, token, now=at)
    assert signed_in(site.parts, cookie, now=at + timedelta(minutes=59)) is not None
    assert signed_in(site.parts, cookie, now=at + timedelta(minutes=61)) is None
    lasting = sign_in(site.parts, site.tokens["owner"], now=at)
    hours = site.parts.settings.session_hours
    assert signed_in(site.parts, lasting, now=at + timedelta(hours=hours, seconds=-1)) is not None
    assert signed_in(site.parts, lasting, now=at + timedelta(hours=hours, seconds=1)) is None


def test_signing_out_ends_the_session_for_good(site: Site, browser: Browser) -> None:
    page = browser.get("/me")
    cookie = browser.client.get_cookie("sage_catalog")
    assert cookie is not None
    out = browser.send("/sign-out", csrf=word_of(page))
    assert (out.status_code, out.headers["Location"]) == (303, "/")
    assert browser.get("/me").status_code == 303
    browser.client.set_cookie("sage_catalog", cookie.value)
    assert browser.get("/me").status_code == 303


def test_a_cookie_alone_never_authorises_a_write_of_the_interface(
    site: Site, browser: Browser
) -> None:
    one, two = site.draft("By cookie"), site.published("By cookie too")
    before = site.inventory()
    sent = (
        ("POST", "/items", description("x"), TURTLE),
        ("PUT", one.path, description("x"), TURTLE),
        ("DELETE", one.path, b"", None),
        ("PUT", f"{one.path}/files/a", b"x", "a/b"),
        ("POST", f"{one.path}/publication", b"{}", "application/json"),
        ("POST", f"{two.path}/withdrawal", b'{"reason": "x"}', "application/json"),
        ("PUT", f"{two.path}/visibility", b'{"visibility": "public"}', "application/json"),
        ("PUT", f"{two.path}/v/1/deprecation", b'{"reason": "x"}', "application/json"),
        ("DELETE", f"{two.path}/v/1/deprecation", b"", None),
    )
    for method, path, content, kind in sent:
        answer = browser.client.open(
            path, method=method, data=content, content_type=kind, headers={"If-Match": "*"}
        )
        assert answer.status_code in {401, 404}, (method, path, answer.text)
    assert site.inventory() == before


def test_every_form_that_posts_carries_the_word_of_its_session(
    site: Site, browser: Browser
) -> None:
    draft, public = site.draft("Forms of a draft"), site.published("Forms")
    pages = ["/me", "/validate", draft.path, public.path, "/", "/items", "/sparql", "/vocab"]
    posting = 0
    for path in pages:
        for method, action, fields in Forms(browser.get(path).text).found:
            if method.lower() == "post":
                posting += 1
                assert fields.get("csrf"), (path, action)
    assert posting >= 6


def test_a_form_without_the_word_of_its_session_does_nothing(site: Site, browser: Browser) -> None:
    draft, public = site.draft("No word"), site.published("No word")
    stranger = Browser(site)
    stranger.sign_in(site.tokens["other"])
    before = site.inventory()
    for word in ("", "x", word_of(stranger.get("/me")), "\u00e9"):
        for path, fields in (
            (f"{draft.path}/do/publish", {"stage": draft.stage}),
            (f"{draft.path}/do/delete", {"stage": draft.stage}),
            (f"{draft.path}/do/upload", {"stage": draft.stage}),
            (f"{public.path}/do/withdraw", {"stage": public.stage, "reason": "error"}),
            ("/items/do/submit", {"source": description("x").decode()}),
            ("/sign-out", {}),
        ):
            answer = browser.send(path, csrf=word, **fields)
            assert answer.status_code == 403, (path, word)
    assert browser.get("/me").status_code == 200
    assert site.inventory() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:8001"},
    ],
)
def test_a_form_of_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    client = site.app.test_client()
    data = {"token": site.tokens["owner"]}
    answer = client.post("/sign-in", data=data, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_the_word_of_the_session_does_not_help_another_site(site: Site, browser: Browser) -> None:
    one = site.draft("From elsewhere")
    data = {"csrf": word_of(browser.get("/me")), "stage": one.stage}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = browser.client.post(f"{one.path}/do/delete", data=data, headers=headers)
        assert answer.status_code == 403
    assert site.owner.get(one.path).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}],
)
def test_a_form_of_our_own_is_taken(site: Site, headers: dict[str, str]) -> None:
    answer = site.app.test_client().post(
        "/sign-in", data={"token": site.tokens["owner"]}, headers=headers
    )
    assert answer.status_code == 303


def test_an_item_goes_from_draft_to_tombstone_by_forms_alone(site: Site, browser: Browser) -> None:
    word = word_of(browser.get("/me"))
    made = browser.send(
        "/items/do/submit", csrf=word, source=description("By forms").decode(), media_type=TURTLE
    )
    assert made.status_code == 303, made.text
    path = made.headers["Location"].partition("?")[0]

    def fields(action: str) -> dict[str, str]:
        forms = Forms(browser.get(path).text).found
        return next(found for _, where, found in forms if where.endswith(action))

    upload = browser.client.post(
        f"{path}/do/upload",
        data={**fields("do/upload"), "file": (BytesIO(b"bytes"), "sky.png", "image/png")},
    )
    assert upload.status_code == 303, upload.text
    assert site.owner.get(f"{path}/files/sky.png").data == b"bytes"
    done = browser.send(f"{path}/do/publish", **fields("do/publish"))
    assert done.status_code == 303, done.text
    assert site.anyone.get(path).status_code == 200
    stale = browser.send(f"{path}/do/withdraw", csrf=word, stage="1.1.0.0", reason="error")
    assert stale.status_code == 412
    gone = browser.send(f"{path}/do/withdraw", **(fields("do/withdraw") | {"reason": "error"}))
    assert gone.status_code == 303, gone.text
    assert site.anyone.get(path).status_code == 410
    draft = browser.send(
        "/items/do/submit", csrf=word, source=description("To delete").decode(), media_type=TURTLE
    )
    path = draft.headers["Location"].partition("?")[0]
    assert browser.send(f"{path}/do/delete", **fields("do/delete")).status_code == 303
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("reason", ["", " ", "x" * 2_001, "a\x00b", "\x1b[2J"])
def test_a_form_has_the_same_limits_as_the_interface(
    site: Site, browser: Browser, reason: str
) -> None:
    one = site.published("Limits of forms")
    word = word_of(browser.get("/me"))
    answer = browser.send(
        f"{one.path}/do/withdraw", csrf=word, stage=one.stage, reason=reason, note="x"
    )
    assert answer.status_code == 422
    assert site.anyone.get(one.path).status_code == 200


EVIL = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/%2f%2fevil.example", "/%2f/evil.example", "/%5cevil.example", "/%09/evil.example",
    "https://evil.example", "javascript:alert(1)", "http:/evil.example", "evil.example",
    "/\r\nLocation: https://evil.example", "/%0d%0aSet-Cookie: a=b", "/%252f%252fevil.example",
    " //evil.example", "/ /evil.example", "/\u2028/evil.example", "data:text/html,x", "",
    "/.//evil.example", "/..//evil.example", "/\x00//evil.example", "///", "/%c0%af/evil.example",
]  # fmt: skip


@pytest.mark.parametrize("target", EVIL)
def test_after_signing_in_nobody_is_led_to_another_site(site: Site, target: str) -> None:
    answer = Browser(site).sign_in(site.tokens["owner"], next=target)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert re.fullmatch(r"/(?![/\\])[!-~]*", location), location
    assert (
        "evil.example" not in location
        or location.startswith("/%C0%AF/")
        or (not re.search(r"[/\\]{2}|%2f|%5c", location, re.IGNORECASE))
    )
    assert safe_path(target).isascii()


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/items?type=model&state=draft", "/items?type=model&state=draft"),
        ("/sparql?query=SELECT%20*", "/sparql?query=SELECT%20*"),
        ("/vocab/sensor#top", "/vocab/sensor"),
        ("/items/caf\u00e9", "/items/caf%C3%A9"),
    ],
)
def test_after_signing_in_one_is_led_back(site: Site, target: str, location: str) -> None:
    assert Browser(site).sign_in(site.tokens["owner"], target).headers["Location"] == location
