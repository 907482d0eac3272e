"""What every answer carries, whatever the route and the status; and what keeps answers apart."""

import itertools

import pytest
from werkzeug.test import TestResponse

from api.storage_v1_answers import is_storage_v1
from tests.api.sites import TURTLE, Site, address_by, kept
from tests.catalogs import description

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-site",
}


def answers(site: Site) -> dict[str, TestResponse]:
    """Return an answer of every status that can be provoked, and one of each kind of page."""
    one, gone = site.published("Headers"), site.published("Gone")
    site.withdraw(gone, wait="5")
    draft = site.with_file("a.html", b"<script>alert(1)</script>")
    nobody, owner = site.anyone, site.owner
    return {
        "200 front": nobody.get("/"),
        "200 item": nobody.get(one.path),
        "200 page": nobody.get(one.path, Accept="text/html"),
        "200 file": owner.get(f"{draft.path}/files/a.html"),
        "200 vocabulary": nobody.get("/vocab/item-type"),
        "200 static": nobody.get("/static/catalog.css"),
        "200 openapi": nobody.get("/openapi.json"),
        "200 measures": nobody.get("/metrics"),
        "200 query": nobody.get("/sparql?query=ASK%7B%7D"),
        "200 options": nobody.ask("OPTIONS", "/items"),
        "201": owner.post("/items", description("New"), Content_Type=TURTLE),
        "204": owner.delete(site.draft().path, If_Match="*"),
        "206": owner.get(f"{draft.path}/files/a.html", Range="bytes=0-3"),
        "303": nobody.get("/me"),
        "304": nobody.get(one.path, If_None_Match=nobody.get(one.path).headers["ETag"]),
        "308": nobody.get("/items/"),
        "400": nobody.get("/items?limit=x"),
        "401": nobody.get("/", Authorization="Bearer x"),
        "403": site.other.delete(one.path, If_Match="*"),
        "404": nobody.get("/nothing"),
        "404 page": nobody.get("/nothing", Accept="text/html"),
        "404 static": nobody.get("/static/nothing"),
        "405": nobody.ask("PATCH", "/items", b""),
        "406": nobody.get(one.path, Accept="image/png"),
        "409": owner.delete(one.path, If_Match="*"),
        "410": nobody.get(gone.path),
        "410 page": nobody.get(gone.path, Accept="text/html"),
        "411": nobody.ask("POST", "/items", None, Content_Type=TURTLE),
        "412": owner.delete(draft.path, If_Match='"9.9.9.9"'),
        "413": owner.post("/items", b"x" * 1_000_001, Content_Type=TURTLE),
        "415": owner.post("/items", b"x", Content_Type="image/png"),
        "416": owner.get(f"{draft.path}/files/a.html", Range="bytes=900-"),
        "421": nobody.get("/", Host="evil.example"),
        "422": owner.post("/items", b"<> a <a:b> .", Content_Type=TURTLE),
        "428": owner.delete(draft.path),
    }


def test_every_status_carries_what_keeps_browsers_safe(site: Site) -> None:
    found = answers(site)
    for name, answer in found.items():
        assert str(answer.status_code) == name[:3], (name, answer.text)
        for header, value in FIXED.items():
            assert answer.headers.get(header) == value, (name, header)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, name
        assert "unsafe" not in policy, name
        if "file" in name or name == "206":
            assert policy.startswith("sandbox"), name
        elif name != "416":
            assert "frame-ancestors 'none'" in policy, name
        assert {"Accept", "Authorization", "Cookie"} <= set(answer.vary), name
        assert "Server" not in answer.headers, name


def test_every_route_carries_it_too(site: Site) -> None:
    for rule in site.app.url_map.iter_rules():
        path = address_by(rule.rule)
        for method in sorted(rule.methods or ()):
            answer = site.anyone.ask(method, path, b"" if method in {"POST", "PUT"} else None)
            for header, value in FIXED.items():
                assert answer.headers.get(header) == value, (method, path)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            # Sage's storage API says 500 for what is wrong with a request, in a sentence.
            recorded = is_storage_v1(path) and "does not expect" not in answer.text
            assert answer.status_code < 500 or recorded, (method, path)


def test_what_a_credential_or_an_error_is_answered_is_kept_by_nobody(site: Site) -> None:
    for name, answer in answers(site).items():
        sent_token = "Authorization" in answer.request.headers
        control = answer.headers["Cache-Control"]
        if sent_token or answer.status_code >= 400:
            assert control == "private, no-store", name
        else:
            assert "no-store" not in control, name


def test_a_cookie_counts_as_a_credential_even_if_it_is_worth_nothing(site: Site) -> None:
    for path, cookie in itertools.product(("/", "/items", "/vocab"), ("x", "")):
        answer = site.anyone.get(path, Cookie=f"sage_catalog={cookie}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/turtle"])
def test_a_page_made_for_one_reader_is_given_to_no_other(site: Site, accept: str) -> None:
    sent = description("For everybody")
    one = kept(site.owner.post("/items?publish=true&wait=20", sent, Content_Type=TURTLE))
    plain = site.anyone.get(one.path, Accept=accept)
    client = site.app.test_client()
    client.post("/sign-in", data={"token": site.tokens["owner"]})
    mine = client.get(one.path, headers={"Accept": accept})
    after = site.anyone.get(one.path, Accept=accept)
    assert after.data == plain.data
    assert b"csrf" not in after.data
    if accept == "text/html":
        assert b"csrf" in mine.data
        assert mine.headers["ETag"] != plain.headers["ETag"]


def test_languages_choose_the_page_and_never_mix(site: Site) -> None:
    one = site.owner.post(
        "/items?publish=true&wait=0",
        description("Clouds") + b'<> <http://purl.org/dc/terms/title> "Wolken"@de .',
        Content_Type=TURTLE,
    )  # fmt: skip
    path = f"/items/{one.get_json()['id']}.html"
    for _ in range(2):
        english = site.anyone.get(path, Accept_Language="en")
        german = site.anyone.get(path, Accept_Language="de-AT, en;q=0.5")
        assert "<h1" in english.text
        assert english.text != german.text
        assert "Wolken</h1>" in german.text
        assert "Clouds</h1>" in english.text
    odd = site.anyone.get(path, Accept_Language=",".join(f"x{n}" for n in range(500)))
    assert odd.status_code == 200


def test_a_kept_page_shows_what_changed_at_once(site: Site) -> None:
    one = site.published("First title")
    assert "First title" in site.anyone.get(one.path, Accept="text/html").text
    site.owner.put(
        f"{one.path}?wait=0", description("Second title"), Content_Type=TURTLE, If_Match="*"
    )
    assert "Second title" in site.anyone.get(one.path, Accept="text/html").text
    site.withdraw(one)
    assert site.anyone.get(one.path, Accept="text/html").status_code == 410
