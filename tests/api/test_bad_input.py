"""Bad input over HTTP: each a clear refusal, and nothing of it is left behind."""

import json

import pytest
from werkzeug.test import TestResponse

from api.strict_json import loads
from catalog.domain.errors import Unreadable
from tests.api.sites import BASE, TURTLE, Site, problem
from tests.catalogs import description

JSON_LD = "application/ld+json"
RDF_XML = "application/rdf+xml"
NTRIPLES = "application/n-triples"
SAGE = "https://w3id.org/sage/ns#"
DCT = "http://purl.org/dc/terms/"
RDF_OPEN = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dct="http://purl.org/dc/terms/">'
)


def bomb(levels: int, lol: str = "lol") -> bytes:
    """Return RDF/XML whose entities grow tenfold at each level (safety.md M14)."""
    entities = f'<!ENTITY a0 "{lol}">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels)
    )
    return (
        f'<?xml version="1.0"?><!DOCTYPE x [{entities}]>{RDF_OPEN}'
        f'<rdf:Description rdf:about=""><dct:title>&a{levels - 1};</dct:title>'
        "</rdf:Description></rdf:RDF>"
    ).encode()


def nested_json(levels: int) -> bytes:
    return b'{"http://a.example/p":' * levels + b'"x"' + b"}" * levels


def clique(nodes: int) -> bytes:
    return "".join(
        f"_:b{one} <http://a.example/p> _:b{two} .\n"
        for one in range(nodes)
        for two in range(nodes)
        if one != two
    ).encode()


UNREADABLE: dict[str, tuple[str, bytes]] = {
    "broken Turtle": (TURTLE, b'<> <http://purl.org/dc/terms/title> "no end'),
    "nothing": (TURTLE, b""),
    "Latin-1": (TURTLE, '<> <http://purl.org/dc/terms/title> "caf\u00e9" .'.encode("latin-1")),
    "UTF-16": (TURTLE, '<> <http://purl.org/dc/terms/title> "x" .'.encode("utf-16")),
    "bytes": (TURTLE, bytes(range(256))),
    "Turtle as JSON-LD": (JSON_LD, description("x")),
    "JSON-LD as Turtle": (TURTLE, b'{"@id": ""}'),
    "HTML": (RDF_XML, b"<html><body>hello</body></html>"),
    "broken JSON": (JSON_LD, b'{"@id": '),
    "NaN": (JSON_LD, b'{"http://a.example/p": NaN}'),
    "a name twice": (JSON_LD, b'{"@id": "", "@id": "x"}'),
    "broken XML": (RDF_XML, f"{RDF_OPEN}<rdf:Description>".encode()),
    "entity bomb": (RDF_XML, bomb(9)),
    "small entity bomb": (RDF_XML, bomb(3)),
    "quadratic bomb": (RDF_XML, bomb(2, "x" * 50_000)),
    "external entity": (
        RDF_XML, f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{RDF_OPEN}'.encode()
    ),
    "bomb in UTF-16": (RDF_XML, bomb(9).decode().encode("utf-16")),
    "bomb in UTF-16 without mark": (RDF_XML, bomb(9).decode().encode("utf-16-le")),
    "bomb with a mark": (RDF_XML, b"\xef\xbb\xbf" + bomb(9)),
    "64 levels of JSON-LD": (JSON_LD, nested_json(64)),
    "1,000 levels of JSON-LD": (JSON_LD, nested_json(1_000)),
    "10,000 levels of JSON-LD": (JSON_LD, nested_json(10_000)),
    "100,000 brackets": (JSON_LD, b"[" * 100_000),
    "1,000 levels of XML": (
        RDF_XML,
        RDF_OPEN.encode()
        + b"<rdf:Description><dct:p>" * 1_000
        + b"</dct:p></rdf:Description>" * 1_000
        + b"</rdf:RDF>",
    ),
    "brackets of Turtle": (
        TURTLE, b"<> <a:p> " + b"[ <a:p> " * 5_000 + b"1 " + b"]" * 5_000 + b" ."
    ),
    "quoted triples": (TURTLE, b"<< " * 100_000),
    "remote context": (JSON_LD, b'{"@context": "http://127.0.0.1:9/c", "@id": ""}'),
    "context in a file": (JSON_LD, b'{"@context": "file:///etc/passwd", "@id": ""}'),
    "import": (JSON_LD, b'{"@context": {"@import": "http://127.0.0.1:9/c"}, "@id": ""}'),
}  # fmt: skip

REFUSED: dict[str, tuple[str, bytes]] = {
    "2 MB": (TURTLE, description("x" * 2_000_000)),
    "no type": (TURTLE, b'<> <http://purl.org/dc/terms/title> "x"@en .'),
    "another item": (
        TURTLE, description("x") + f'<{BASE}items/7777777777> <{DCT}title> "mine"@en .'.encode()
    ),
    "another item's version": (
        TURTLE, description("x") + f'<{BASE}items/7777777777/v/1> <{DCT}title> "x"@en .'.encode()
    ),
    "the catalog itself": (TURTLE, description("x") + f'<{BASE}> <{DCT}title> "x"@en .'.encode()),
    "a class": (
        TURTLE,
        description("x")
        + f"<{SAGE}Blob> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <a:b> .".encode(),
    ),
    "a concept": (
        TURTLE,
        description("x")
        + b"<https://w3id.org/sage/vocab/ml-task/mine> a <http://www.w3.org/2004/02/skos/core#Concept>"
        b" ; <http://www.w3.org/2004/02/skos/core#definition> 'mine' .",
    ),
    "the record's own base": (
        TURTLE,
        description("x") + b"<> <http://purl.org/dc/terms/relation> <https://catalog.invalid/x> .",
    ),
    "a graph in JSON-LD": (
        JSON_LD,
        json.dumps(
            {"@id": "", "@type": f"{SAGE}TrainingDataset",
             "@graph": [{"@id": "", f"{DCT}title": "x"}]}
        ).encode(),
    ),
    "an unknown concept": (
        TURTLE, description("x").replace(b"ml-task:semantic-segmentation", b"ml-task:nonsense"),
    ),
    "two types": (TURTLE, description("x") + f"<> a <{SAGE}LabelSet> .".encode()),
    "a prefix that grows": (
        TURTLE,
        b"@prefix a: <http://a.example/" + b"x" * 100_000 + b"> .\n"
        + b"".join(b"<> a:p a:o%d .\n" % n for n in range(50_000)),
    ),
    "a literal of a megabyte": (TURTLE, description("x" * 900_000)),
    "20,000 statements": (
        TURTLE, b"".join(b"<> <a:p> %d .\n" % n for n in range(20_000)),
    ),
    "2,000 blank nodes": (
        TURTLE, description("x") + b"".join(b"<> <a:p> [ <a:q> %d ] .\n" % n for n in range(2_000)),
    ),
    "a long IRI": (
        TURTLE, description("x") + b"<> <a:p> <http://a.example/" + b"x" * 5_000 + b"> ."
    ),
    "bidi in an IRI": (
        TURTLE, description("x") + "<> <a:p> <http://a.example/\u202e> .".encode()
    ),
}  # fmt: skip


def _refused(answer: TestResponse, statuses: set[int]) -> dict[str, object]:
    assert answer.status_code in statuses, answer.text
    said: dict[str, object] = answer.get_json()
    assert answer.mimetype == "application/problem+json"
    assert said["detail"]
    text = answer.text
    assert "Traceback" not in text
    assert "/work/" not in text
    assert "root:x:0" not in text
    return said


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(site: Site, name: str) -> None:
    kind, body = UNREADABLE[name]
    one = site.draft("Stays as it is")
    before = site.inventory(), site.owner.get(f"{one.path}.nt").data
    allowed = {400, 413, 422} if body else {411}  # the test client leaves a length of 0 out
    _refused(site.owner.post("/items", body, Content_Type=kind), allowed)
    _refused(site.owner.put(one.path, body, Content_Type=kind, If_Match="*"), allowed)
    _refused(site.anyone.post("/validate", body, Content_Type=kind), allowed)
    assert (site.inventory(), site.owner.get(f"{one.path}.nt").data) == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_be_said_is_refused_and_leaves_nothing(site: Site, name: str) -> None:
    kind, body = REFUSED[name]
    one = site.draft("Stays as it is")
    before = site.inventory(), site.owner.get(f"{one.path}.nt").data
    answer = site.owner.post("/items?publish=true", body, Content_Type=kind)
    _refused(answer, {400, 413, 422})
    sent = site.owner.put(one.path, body, Content_Type=kind, If_Match="*")
    _refused(sent, {400, 413, 422})
    assert (site.inventory(), site.owner.get(f"{one.path}.nt").data) == before


@pytest.mark.parametrize(
    ("kind", "body", "line"),
    [
        (TURTLE, b"<> a <http://a.example/T> ;\n  <http://a.example/p> ?x .", 2),
        (NTRIPLES, b"<http://a/a> <http://a/b> <http://a/c> .\nnonsense\n", 2),
        (JSON_LD, b'{"@id": "",\n\n "x": }', 3),
        (RDF_XML, f"{RDF_OPEN}\n<a></b></rdf:RDF>".encode(), 2),
    ],
)
def test_broken_rdf_is_told_with_line_and_column(
    site: Site, kind: str, body: bytes, line: int
) -> None:
    for answer in (
        site.owner.post("/items", body, Content_Type=kind),
        site.anyone.post("/validate", body, Content_Type=kind),
    ):
        said = problem(answer, 400, "unreadable")
        assert said["line"] == line
        assert isinstance(said["column"], int)
        assert said["column"] >= 1


@pytest.mark.parametrize(
    "kind",
    ["application/n-quads", "application/trig", "text/plain", "image/png",
     "text/turtle2", "a", "", "text/turtle, text/html", "multipart/form-data", None],
)  # fmt: skip
def test_named_graphs_and_other_kinds_of_body_are_not_read(site: Site, kind: str | None) -> None:
    before = site.inventory()
    quads = b"<http://a/a> <http://a/b> <http://a/c> <http://a/g> ."
    answer = site.owner.post("/items", quads, Content_Type=kind)
    said = problem(answer, 415, "unsupported-media-type")
    assert TURTLE in said["accepted"]
    assert site.inventory() == before


def test_a_fourth_term_in_n_triples_is_refused(site: Site) -> None:
    quads = b"<http://a/a> <http://a/b> <http://a/c> <http://a/g> ."
    problem(site.owner.post("/items", quads, Content_Type=NTRIPLES), 400, "unreadable")


def test_a_clique_of_blank_nodes_ends_in_time(site: Site) -> None:
    before = site.inventory()
    for nodes in (8, 24, 64):
        answer = site.owner.post("/items", clique(nodes), Content_Type=NTRIPLES)
        _refused(answer, {400, 413, 422})
    assert site.inventory() == before


def test_what_is_longer_than_a_description_is_refused_before_it_is_read(site: Site) -> None:
    for path in ("/items", "/validate"):
        problem(site.owner.post(path, b"x" * 1_000_001, Content_Type=TURTLE), 413, "too-large")
    one = site.draft()
    sent = site.owner.put(one.path, b"x" * 1_000_001, Content_Type=TURTLE, If_Match="*")
    problem(sent, 413, "too-large")


# -- bodies in JSON (safety.md M32)

ODD_JSON: dict[str, bytes] = {
    "nothing": b"",
    "broken": b"{",
    "NaN": b'{"reason": NaN}',
    "Infinity": b'{"reason": -Infinity}',
    "a name twice": b'{"reason": "a", "reason": "b"}',
    "half a pair": b'{"reason": "\\ud800"}',
    "half a pair in a name": b'{"\\udc00": "x"}',
    "100,000 levels": b"[" * 30_000 + b"]" * 30_000,
    "100,000 objects": b'{"reason":' * 5_000 + b"1" + b"}" * 5_000,
    "65 levels": b"[" * 65 + b"]" * 65,
    "a huge number": b'{"reason": 1' + b"0" * 5_000 + b"}",
    "a number": b'{"reason": 12345678901234567890}',
    "UTF-16": '{"reason": "x"}'.encode("utf-16"),
    "Latin-1": '{"reason": "\u00e9"}'.encode("latin-1"),
    "a list": b"[]",
    "null": b"null",
    "a text": b'"reason"',
    "a wrong kind": b'{"reason": ["x"]}',
    "an unknown member": b'{"reason": "x", "owner": "other"}',
    "columns of the table": b'{"reason": "x", "state": "draft", "owner_id": 1, "id": "x"}',
    "too long": b'{"reason": "' + b"x" * 3_000 + b'"}',
    "64 kB": b'{"reason": "' + b"x" * 64_000 + b'"}',
    "a control character": b'{"reason": "a\x00b"}',
    "an escaped NUL": b'{"reason": "a\\u0000b"}',
    "an escaped NUL after a backslash": b'{"reason": "a\\\\\\u0000b"}',
    "an escaped control character": b'{"reason": "a\\u001bb"}',
    "a form": b"reason=x",
}


@pytest.mark.parametrize("name", ODD_JSON)
def test_a_body_that_is_no_plain_json_is_refused(site: Site, name: str) -> None:
    one = site.published("Odd bodies")
    before = site.inventory()
    for method, path in (
        ("POST", f"{one.path}/withdrawal"),
        ("POST", f"{one.path}/v/1/withdrawal"),
        ("PUT", f"{one.path}/v/1/deprecation"),
        ("PUT", f"{one.path}/visibility"),
    ):
        answer = site.owner.ask(
            method, path, ODD_JSON[name], Content_Type="application/json", If_Match="*"
        )
        _refused(answer, {400, 411, 413, 422})
    assert site.inventory() == before
    assert site.anyone.get(one.path).status_code == 200


def test_json_of_another_kind_is_not_read(site: Site) -> None:
    one = site.published("Kinds")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/json"):
        answer = site.owner.post(
            f"{one.path}/withdrawal", b'{"reason": "x"}', Content_Type=kind, If_Match="*"
        )
        problem(answer, 415, "unsupported-media-type")


# -- addresses

NUMBERS = [
    "9" * 20,
    "9" * 5_000,
    "-1",
    "0",
    "1.5",
    "1e3",
    "%00",
    "\u0661",
    "NaN",
    "0x1",
    "+1",
    " 1",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "path",
    ["/items?limit={}", "/items/{id}/files?limit={}", "/items/{id}/v/{}",
     "/items/{id}/v/{}.ttl", "/items/{id}/v/{}/files", "/items/{id}/v/{}/files/a"],
)  # fmt: skip
def test_odd_numbers_in_addresses_are_refused(site: Site, path: str, number: str) -> None:
    one = site.published("Numbers")
    answer = site.anyone.get(path.replace("{id}", one.id).replace("{}", number))
    assert answer.status_code in {400, 404}, answer.text
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/items/%00", "/items/%0d%0aX:y", "/items/" + "x" * 5_000, "/items/\u202e", "/vocab/%00",
     "/vocab/sensor/%00", "/vocab/sensor/..%2f..%2fetc", "/shapes/..%2f..%2fsetup.cfg",
     "/ns/%0d%0a",
     "/ns/%00", "/ns/nothing", "/shapes/%2e%2e", "/static/%2e%2e/app.py", "/static/../app.py",
     "/problems/%00", "/items/7777777777.%00", "/items/..", "/items/.ttl", "/nothing", "/items//",
     "/vocab/sensor?iri=%00", "/vocab/sensor?iri=javascript:1", "/vocab/sensor?letter=%00",
     "/vocab?q=%00", "/vocab/license?iri=" + "x" * 30_000, "/me/../items/7777777777/v/1/v/2"],
)  # fmt: skip
def test_odd_addresses_are_not_there(site: Site, path: str) -> None:
    answer = site.anyone.get(path)
    assert answer.status_code in {303, 308, 400, 404}, answer.text
    assert "\r" not in str(answer.headers.get("Location", ""))
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_of_a_vocabulary_has_a_plain_number(site: Site, number: str) -> None:
    answer = site.anyone.get(f"/vocab/sensor?page={number}", Accept="text/html")
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "CONNECT", "PROPFIND", "FOO"])
def test_odd_methods_are_405_and_say_which_are_not(site: Site, method: str) -> None:
    answer = site.owner.ask(method, "/items", b"x", Content_Type=TURTLE)
    assert "POST" in answer.headers["Allow"]
    problem(answer, 405, "wrong-method")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rb'"\\u0000"', "\\u0000"),
        (rb'"\\\\u0000"', "\\\\u0000"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"[[[["', "[[[["),
        (rb'"\"[[[["', '"[[[['),
        (b"[" * 64 + b"]" * 64, None),
        (b"9007199254740993", 9007199254740993),
        (b"1e300", 1e300),
        (b' {"a": {"a": 1}} ', {"a": {"a": 1}}),
    ],
)
def test_json_that_only_looks_odd_is_read(text: bytes, said: object) -> None:
    found = loads(text)
    assert said is None or found == said


@pytest.mark.parametrize("text", [b"1e400", b"-1e999", b"[Infinity]", b"NaN", b"\xef\xbb\xbf{}"])
def test_json_of_no_number_is_not_read(text: bytes) -> None:
    with pytest.raises(Unreadable):
        loads(text)
