"""Whatever is sent, the registrar refuses it in its own words or takes it, and never breaks."""

import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.sandbox import DEFAULT
from catalog.sandbox.app import create_app
from catalog.sandbox.formats import FORMS
from catalog.sandbox.registrar import Registrar
from tests.sandbox.conftest import PUBLISHED, Asker

DEEP = b"[" * 100_000
BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "no UTF-8": (b'{"data": "\xff\xfe"}', 400),
    "deep": (DEEP, 400),
    "deep and whole": (b'{"data": {"attributes": {"x": ' + b"[" * 150 + b"]" * 150 + b"}}}", 400),
    "a list": (b"[]", 400),
    "a text": (b'"data"', 400),
    "no data": (b'{"titles": []}', 400),
    "empty data": (b'{"data": {}}', 400),
    "data that are a list": (b'{"data": [1]}', 400),
    "not a number": (b'{"data": {"attributes": {"version": NaN}}}', 400),
    "an endless number": (b'{"data": {"attributes": {"version": 1e999}}}', 400),
    "a long number": (b'{"data": {"attributes": {"version": ' + b"9" * 5_000 + b"}}}", 400),
    "attributes that are a text": (b'{"data": {"attributes": "x"}}', 201),
    "an unpaired surrogate": (b'{"data": {"attributes": {"titles": [{"title": "\\ud800"}]}}}', 201),
    "a null character": (b'{"data": {"attributes": {"titles": [{"title": "a\\u0000b"}]}}}', 201),
    "10 MB": (b'{"data": {"attributes": {"reason": "' + b"x" * 10_400_000 + b'"}}}', 201),
    "more than 10 MB": (b'{"data": {"attributes": {"reason": "' + b"x" * 10_500_000 + b'"}}}', 413),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_taken_or_refused(sage: Asker, doi: str, name: str) -> None:
    body, status = BODIES[name]
    answer = sage.ask("PUT", f"dois/{doi}", data=body)
    assert answer.status_code == status
    assert ("errors" in answer.json()) == (status != 201)


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "\u202eevil\u2066",
        "x" * 10_000,
        "' OR 1=1; DROP TABLE dois; --",
        "{{7*7}} {0} %s",
        "\x00\x1b[31m",
        "\ud800",
        "ﷺ" * 500,
        "👩‍🔬" * 100,
    ],
)
def test_a_findable_doi_may_have_any_title_in_every_form(sage: Asker, doi: str, title: str) -> None:
    assert sage.put(doi, titles=[{"title": title}]).status_code == 201
    assert sage.seen(doi)["titles"] == [{"title": title}]
    for form in ("application/x-bibtex", "application/x-datacite+xml", "text/csv"):
        assert sage.get(f"dois/{form}/{doi}").status_code == 200
    page = sage.get("", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    "name",
    ["a#b", "a?b", "a%b", "a%2fb", "../../passwd", "a//b", "a b", "<b>", "é", "\u202e", "a\nb"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_name_is_found_or_refused(sage: Asker, name: str, method: str) -> None:
    path = f"dois/10.5072/{quote(name, safe='')}"
    body = PUBLISHED if method == "PUT" else None
    assert sage.ask(method, path, body).status_code in (201, 200, 204, 404, 405, 422)


def test_a_name_with_two_slashes_is_kept_as_it_is(sage: Asker) -> None:
    sage.put("10.5072/two//slashes")
    assert sage.seen("10.5072/two//slashes")["doi"] == "10.5072/two//slashes"


@pytest.mark.parametrize(
    "query",
    [
        "page[size]=-1",
        "page[size]=x&page[number]=y",
        "page[number]=99999999999999999999",
        "page[cursor]=YQ==",
        "sort=';--",
        "query=%25_!%22(*)",
        "query=%00",
        "published=%FF",
        "prefix=" + "9," * 500,
        "fields[dois]=",
        "include=,,,",
    ],
)
def test_a_list_is_given_or_refused_for_any_query(anybody: Asker, query: str) -> None:
    assert anybody.get(f"dois?{query}").status_code in (200, 400)


@pytest.mark.parametrize(
    "accept", ["", ",", ";q=1", "a/b/c", "*", "text/*;q=x", "\u00ff", "x" * 5_000]
)
def test_an_accept_header_that_nobody_meant_breaks_nothing(sage: Asker, accept: str) -> None:
    sage.put("10.5072/accepted")
    for path in ("dois/10.5072/accepted", "doi/10.5072/accepted"):
        headers = {"Accept": accept.encode("latin-1")}
        assert sage.get(path, headers=headers).status_code in (200, 302, 406)


@pytest.mark.parametrize(
    "said",
    [
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01",
        b"PUT /dois/10.5072/a HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"PUT /dois/10.5072/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"PUT /dois/10.5072/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /dois HTTP/1.1\r\nHost: <script>\r\n\r\n",
    ],
)
def test_what_is_no_request_does_not_end_the_server(sage: Asker, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", sage.registrar.port), timeout=5) as connection:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        told = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b" 500 " not in told.split(b"\r\n", 1)[0]
    assert sage.get("heartbeat").status_code == 200


_SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-5, 3_000) | st.text(max_size=8)
)
_JSON: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
_MEMBERS = st.sampled_from(
    [*PUBLISHED, "dates", "identifiers", "rightsList", "relatedItems", "geoLocations", "xml"]
)


def test_attributes_of_any_kind_are_taken_or_refused(tmp_path: Path) -> None:
    registrar = Registrar.in_folder(tmp_path, [DEFAULT])
    client = create_app(registrar).test_client()
    client.application.testing = True

    def ask(method: str, path: str, attributes: Any = None) -> int:
        body = {"data": {"attributes": attributes}}
        answer = client.open(path, method=method, json=body, auth=("SAGE.SANDBOX", "sandbox"))
        return answer.status_code

    @settings(
        max_examples=60,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changed=st.dictionaries(_MEMBERS, _JSON, max_size=3))
    def take_or_refuse(changed: dict[str, Any]) -> None:
        for attributes in (changed, PUBLISHED | changed):
            assert ask("PUT", "/dois/10.5072/any", attributes) in (200, 201, 422)
        for form in FORMS:
            assert ask("GET", f"/dois/{form}/10.5072/any") in (200, 404)
        assert ask("GET", "/") == ask("GET", "/dois") == 200

    take_or_refuse()
    registrar.close()
