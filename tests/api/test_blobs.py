"""Sensor blobs at the addresses of Sage's object store, as its own tests ask and beyond."""

import base64
import json

import pytest

from tests.api.sites import BASE, TURTLE, Kept, Site, kept

DATA = "/api/v1/data/"
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
ELSEWHERE = "https://storage.sagecontinuum.org/api/v1/data/"


def path_of(number: int) -> str:
    return (
        f"sage/sage-imagesampler-left-0.2.3/000048b02d05a0a4/16312799672376513{number:02}-s+1.jpg"
    )


def described(title: str, more: str) -> str:
    return f"""{PREFIXES}
<> a sage:Blob ; dct:title "{title}"@en ; dct:creator sage:notStated ;
  dct:description "One image of the left camera, taken by a plugin and uploaded by the node."@en ;
  dct:license sage:notStated ; dcat:keyword "image"@en ; {more} .
"""


def blob(site: Site, title: str, more: str, **files: bytes) -> Kept:
    """Keep a draft that describes a blob, with files."""
    one = kept(site.owner.post("/items", described(title, more), Content_Type=TURTLE))
    for name, content in files.items():
        answer = site.owner.put(f"{one.path}/files/{name}", content, Content_Type="image/jpeg")
        assert answer.status_code == 201, answer.text
    return one


def publish(site: Site, one: Kept, visibility: str = "public") -> None:
    done = site.owner.post(
        f"{one.path}/publication?wait=0", {"visibility": visibility}, If_Match="*"
    )
    assert done.status_code == 200, done.text


@pytest.fixture(scope="module")
def kept_here(site: Site) -> str:
    """Return the path of a public blob whose bytes are here, by storage key."""
    path = path_of(1)
    one = blob(site, "Kept", f'sage:storageKey "node-data/{path}"', **{"s.jpg": b"\xff\xd8\xffx"})
    publish(site, one)
    return path


def test_a_public_blob_leads_to_its_file(site: Site, kept_here: str) -> None:
    answer = site.anyone.get(DATA + kept_here)
    assert answer.status_code == 307
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename={kept_here.rpartition('/')[2]}"
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    got = site.anyone.get(answer.headers["Location"].removeprefix(BASE[:-1]))
    assert (got.status_code, got.data) == (200, b"\xff\xd8\xffx")


def test_head_tells_name_and_size(site: Site, kept_here: str) -> None:
    head = site.anyone.ask("HEAD", DATA + kept_here)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == "4"
    assert "filename=" in head.headers["Content-Disposition"]


def test_other_methods_are_none(site: Site, kept_here: str) -> None:
    options = site.anyone.ask("OPTIONS", DATA + kept_here)
    assert (options.status_code, options.data) == (200, b"")
    assert options.headers["Access-Control-Allow-Origin"] == "*"
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        answer = site.owner.ask(method, DATA + kept_here, b"x")
        assert (answer.status_code, answer.text) == (405, "Method Not Allowed\n")


def test_a_blob_elsewhere_is_a_redirect_there(site: Site) -> None:
    path = path_of(2)
    address = ELSEWHERE + path
    more = f"dcat:distribution <#d> . <#d> a dcat:Distribution ; dcat:downloadURL <{address}> ;"
    more += " dcat:mediaType <https://www.iana.org/assignments/media-types/image/jpeg> ;"
    more += ' dcat:byteSize "12345"^^xsd:nonNegativeInteger'
    one = blob(site, "Elsewhere", more)
    assert site.anyone.get(DATA + path).status_code == 404
    draft = site.owner.get(DATA + path)
    assert (draft.status_code, draft.headers["Location"]) == (307, address)
    more += " . <> sage:storageKey sage:notStated"
    sent = described("Elsewhere", more)
    site.owner.put(f"{one.path}?wait=0", sent, Content_Type=TURTLE, If_Match="*")
    publish(site, one)
    assert site.anyone.get(DATA + path).headers["Location"] == address
    assert site.anyone.ask("HEAD", DATA + path).headers["Content-Length"] == "12345"


def test_a_blob_is_found_by_the_name_of_its_file(site: Site) -> None:
    path = path_of(3)
    blob(site, "By name", "sage:storageKey sage:notStated", **{path: b"by name"})
    answer = site.owner.get(DATA + path)
    assert (answer.status_code, answer.data) == (200, b"by name")
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_only_descriptions_of_blobs_count(site: Site) -> None:
    path = path_of(4)
    one = site.draft("No blob")
    site.owner.put(f"{one.path}/files/{path}", b"x", Content_Type="image/jpeg")
    assert site.owner.get(DATA + path).status_code == 404


def test_what_is_restricted_is_told_and_not_given(site: Site) -> None:
    path = path_of(5)
    one = blob(site, "Closed", f'sage:storageKey "node-data/{path}"', **{"s.jpg": b"closed"})
    publish(site, one, "restricted")
    answer = site.anyone.get(DATA + path)
    assert (answer.status_code, answer.text) == (401, '{\n  "error": "not authorized"\n}\n')
    assert answer.headers["WWW-Authenticate"] == "Basic domain=storage.sagecontinuum.org"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert site.anyone.ask("HEAD", DATA + path).headers["Content-Length"] == "6"
    assert site.other.get(DATA + path).status_code == 401
    token = site.tokens["owner"]
    basic = base64.b64encode(f"owner:{token}".encode()).decode()
    for who in (f"sage {token}", f"Bearer {token}", f"Token {token}", f"Basic {basic}"):
        assert site.anyone.get(DATA + path, Authorization=who).data == b"closed"


def test_a_draft_answers_as_what_is_not_there(site: Site) -> None:
    path = path_of(6)
    blob(site, "Draft", f'sage:storageKey "node-data/{path}"', **{"s.jpg": b"draft"})
    for who in (site.anyone, site.other):
        for method in ("GET", "HEAD"):
            hidden, missing = (who.ask(method, DATA + one) for one in (path, path_of(7)))
            assert hidden.status_code == missing.status_code == 404
            assert hidden.data == missing.data
    assert missing.data == b""
    assert site.anyone.get(DATA + path).text == '{\n  "error": "not found"\n}\n'
    assert site.owner.get(DATA + path).data == b"draft"


def test_a_deleted_draft_is_found_no_more(site: Site) -> None:
    path = path_of(8)
    one = blob(site, "Deleted", f'sage:storageKey "node-data/{path}"', **{"s.jpg": b"x"})
    assert site.owner.delete(one.path, If_Match="*").status_code == 204
    assert site.owner.get(DATA + path).status_code == 404


@pytest.mark.parametrize("header", ["Basic x", "Basic", "Digest a=b", "sage", "Bearer nothing"])
def test_credentials_that_are_none_open_nothing(site: Site, kept_here: str, header: str) -> None:
    answer = site.anyone.get(DATA + kept_here, Authorization=header)
    assert (answer.status_code, json.loads(answer.text)) == (401, {"error": "not authorized"})


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("job/task/node/sample.jpg", "missing dash separator in filename"),
        ("job/task/node/sample", "missing dash separator in filename"),
        ("task/node/1643842551688168762-sample.jpg", 'invalid path: "task/node/1643842551'),
        ("extra/job/task/node/1643842551688168762-s.jpg", "invalid syntax"),
        ("job/task/node/16438425516881687620-sample.jpg", "value out of range"),
        ("job/task/node/164384X551688168762-sample.jpg", "invalid syntax"),
        ("job/task/node/", "filename must be nonempty"),
        ("job", 'invalid path: "job"'),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_path_that_is_none_is_told(site: Site, path: str, sentence: str, method: str) -> None:
    answer = site.anyone.ask(method, DATA + path)
    assert answer.status_code == 400
    if method == "GET":
        assert sentence in json.loads(answer.text)["error"]


@pytest.mark.parametrize("name", ["a.jpg", "can-have-multiple-dashes.jpg", "\u6728 \u00e9.jpg"])
def test_a_path_that_is_one_is_only_not_there(site: Site, name: str) -> None:
    answer = site.anyone.get(f"{DATA}job/task/node/1643842551600000001-{name}")
    assert answer.status_code == 404
