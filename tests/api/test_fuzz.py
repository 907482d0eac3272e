"""No input gives a 5xx: what OpenAPI describes with odd values, and odd headers everywhere.

`FUZZ_EXAMPLES` raises the number of examples for each operation; the default is fixed and small.
"""

import os
import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.core.result import Ok

from api.storage_v1_answers import is_storage_v1
from tests.api.sites import TURTLE, Kept, Site
from tests.catalogs import description

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
LIMITED = {503}
"""Answers of 500 and more that are no mistake: workers or transfers that are all busy."""


def bounded(examples: int) -> settings:
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def items(site: Site) -> tuple[Kept, ...]:
    return site.with_file("a.bin"), site.published("Fuzzed"), site.private("Fuzzed too")


@pytest.mark.parametrize("who", [None, "owner"])
def test_no_operation_fails_whatever_its_parameters(
    site: Site, items: tuple[Kept, ...], who: str | None
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", site.app)
    headers = {"Authorization": f"Bearer {site.tokens[who]}"} if who else {}
    ids = st.sampled_from([one.id for one in items])
    failed: dict[str, str] = {}
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @bounded(10)
        @given(case=operation.as_strategy(), item=ids, known=st.booleans())
        def ask(case: Case[Any], item: str, known: bool) -> None:
            if known and "id" in case.path_parameters:
                case.path_parameters["id"] = item
            answer = _call(case, headers)
            label = f"{case.method} {case.path}"
            # Sage's storage API says 500 for what is wrong with a request, but never this.
            recorded = is_storage_v1(case.path) and "does not expect" not in answer.text
            if answer.status_code >= 500 and answer.status_code not in LIMITED and not recorded:
                failed[label] = answer.text[:500]

        ask()
        tried += 1
    assert not failed
    assert tried > 40


def _call(case: Case[Any], headers: dict[str, str]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.call(headers={"If-Match": "*", **headers})


TOKENS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)
ODD = st.one_of(
    TOKENS,
    st.sampled_from(["", " ", ",", ";", "*", '"', "=", "\x00", "\x7f", "\xff", "9" * 5_000]),
)
PIECES = {
    "Accept": ["text/turtle", "*/*", "text/*", ";q=", "q=0.5", "0", "nan", "inf", "-1", ",", "/",
               ";",
               'profile="a,b"', "application/json", "text/html", "1e400", "q"],
    "Accept-Language": ["en", "de-AT", ";q=", "0", "nan", "*", ",", "-", "x" * 50],
    "Range": ["bytes", "=", "-", ",", "0", "1", "99", "9" * 20, "9" * 5_000, "lines", " "],
    "If-Range": ['"', "W/", "1.1.0.0", "Tue, 15 Nov 1994 12:45:26 GMT", "0", "*"],
    "If-Match": ['"', "W/", "1.1.0.0", "-", "*", ",", "abc", "9" * 5_000, "\\"],
    "If-None-Match": ['"', "W/", "1.1.0.0", "-", "*", ",", "abc", "\\"],
    "If-Modified-Since": ["Tue, 15 Nov 1994 12:45:26 GMT", "Tue, ", "99999", " GMT", "-", "0",
                          "31 Feb"],
    "If-Unmodified-Since": ["Tue, 15 Nov 1994 12:45:26 GMT", "99999", "0"],
    "Authorization": ["Bearer", "Basic", " ", "sage", "x", "=", ":", "Digest a=b", '"', ","],
    "Content-Type": ["text/turtle", "application/json", ";", "charset", "=", "utf-8", "utf-16", '"',
                     "/", "multipart/form-data", "boundary=", "x" * 80],
    "Content-Digest": ["sha-256=:", "=", ":", "A" * 44, ",", "md5"],
    "X-Checksum-Sha256": ["0" * 64, "g", "A" * 64, " "],
    "Idempotency-Key": ["a", " ", "\x80", "x" * 300],
    "Cookie": ["sage_catalog", "=", ";", '"', "x", ",", "\\", "csrf"],
    "Host": ["127.0.0.1", ":", "8000", "[", "]", "::1", "@", "/", "localhost", "."],
    "Origin": ["null", "http://", "[", "]", ":", "127.0.0.1", "99999999"],
    "Transfer-Encoding": ["chunked", "identity", ",", " ", "gzip"],
    "Content-Length": ["0", "5", "-1", "x", "9" * 20, " "],
    "Expect": ["100-continue", "x"],
    "X-Forwarded-Host": ["evil.example"],
    "Sec-Fetch-Site": ["cross-site", "x"],
}  # fmt: skip


def value_of(name: str) -> st.SearchStrategy[str]:
    made = st.lists(st.sampled_from(PIECES[name]), max_size=8).map("".join)
    return st.one_of(made, ODD)


HEADERS = st.dictionaries(st.sampled_from(list(PIECES)), st.just(""), max_size=4).flatmap(
    lambda chosen: st.fixed_dictionaries({name: value_of(name) for name in chosen})
)


def test_no_header_makes_a_request_fail(site: Site, items: tuple[Kept, ...]) -> None:
    draft, public, _ = items
    client = site.app.test_client(use_cookies=False)
    requests = [
        ("GET", public.path, None),
        ("GET", f"{public.path}.html", None),
        ("GET", f"{draft.path}/files/a.bin", None),
        ("GET", "/items", None),
        ("GET", "/vocab/item-type", None),
        ("GET", "/sparql?query=ASK%7B%7D", None),
        ("GET", "/sign-in", None),
        ("GET", "/me", None),
        ("HEAD", f"{draft.path}/files/a.bin", None),
        ("PUT", f"{draft.path}/files/a.bin", b"12345"),
        ("PUT", draft.path, description("Fuzzed")),
        ("POST", "/items", description("Fuzzed")),
        ("POST", "/validate", description("Fuzzed")),
        ("POST", "/sparql", b"ASK {}"),
        ("POST", "/sign-in", b"token=x"),
        ("POST", f"{public.path}/visibility", b"{}"),
        ("PUT", f"{public.path}/visibility", b'{"visibility": "public"}'),
    ]

    @bounded(400)
    @given(request=st.sampled_from(requests), headers=HEADERS, signed=st.booleans())
    def ask(request: tuple[str, str, bytes | None], headers: dict[str, str], signed: bool) -> None:
        method, path, body = request
        said = dict(headers)
        if signed:
            said.setdefault("Authorization", f"Bearer {site.tokens['owner']}")
        if body is not None and path in {"/items", "/validate", draft.path}:
            said.setdefault("Content-Type", TURTLE)
        answer = client.open(path, method=method, data=body, headers=said, buffered=True)
        assert answer.status_code < 500 or answer.status_code in LIMITED, (said, answer.text)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.status_code >= 400 and method != "HEAD":
            assert answer.mimetype in {"application/problem+json", "text/html"}, answer.text

    ask()


TEXT = st.text(max_size=30)


def test_no_description_makes_a_request_fail(site: Site) -> None:
    """Mutate a good description: swap, cut, double and overwrite pieces of it."""
    good = description("Mutated")
    pieces = [b"<", b">", b'"', b"@en", b"^^", b"[", b"]", b"(", b")", b";", b".", b"\\u0000",
              b"\x00",
              b"\xff", b"_:b", b"<>", b"a", b"<#ana>", b"@prefix : <> .", b"'''", b"\\", b"#",
              b"%00",
              "\u202e".encode(), b"<< ", b"sage:notStated", b"<javascript:x>", b"1e400", b"-0",
              b"<#file/%00>", b"<v/1>", b"<../7777777777>"]  # fmt: skip
    draft = site.draft("Mutated")

    @bounded(120)
    @given(
        places=st.lists(st.integers(0, len(good)), min_size=1, max_size=6),
        new=st.lists(st.sampled_from(pieces), min_size=1, max_size=6),
        cut=st.integers(0, 40),
        kind=st.sampled_from(
            [TURTLE, TURTLE, TURTLE, "application/ld+json", "application/rdf+xml"]
        ),
    )
    def ask(places: list[int], new: list[bytes], cut: int, kind: str) -> None:
        body = good
        for place, piece in zip(places, new, strict=False):
            body = body[:place] + piece + body[place + cut :]
        for answer in (
            site.anyone.post("/validate", body, Content_Type=kind),
            site.owner.put(f"{draft.path}?wait=0", body, Content_Type=kind, If_Match="*"),
        ):
            assert answer.status_code < 500 or answer.status_code in LIMITED, (body, answer.text)
        for suffix in ("nt", "html"):
            assert site.owner.get(f"{draft.path}.{suffix}").status_code == 200

    ask()


def test_no_form_makes_a_request_fail(site: Site, items: tuple[Kept, ...]) -> None:
    client = site.app.test_client()
    client.post("/sign-in", data={"token": site.tokens["owner"]})
    page = client.get("/me").get_data(as_text=True)
    word = page.partition('name="csrf" value="')[2].partition('"')[0]
    assert word
    names = ["source", "media_type", "type", "level", "stage", "reason", "note", "replaced_by",
             "next", "token", "visibility", "csrf"]  # fmt: skip
    paths = ["/validate", "/items/do/submit", "/sign-in", "/sparql"] + [
        f"{items[1].path}/do/{name}" for name in ("publish", "delete", "withdraw", "upload")
    ]

    @bounded(120)
    @given(
        path=st.sampled_from(paths),
        fields=st.dictionaries(st.sampled_from(names), TEXT, max_size=6),
    )
    def ask(path: str, fields: dict[str, str]) -> None:
        said = {"csrf": word, **fields}
        answer = client.post(path, data=said, headers={"Accept": "text/html"})
        assert answer.status_code < 500 or answer.status_code in LIMITED, (said, answer.text)

    ask()
