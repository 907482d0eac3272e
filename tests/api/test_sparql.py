"""SPARQL over HTTP: the protocol, its limits, and what it never shows."""

import json
import threading
import time
import xml.etree.ElementTree as ET
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
from werkzeug.test import TestResponse

from catalog.services import outbox
from tests.api.sites import BASE, Site, problem
from tests.catalogs import now

QUERY = "application/sparql-query"
FORM = "application/x-www-form-urlencoded"
JSON_RESULTS = "application/sparql-results+json"
SD = "http://www.w3.org/ns/sparql-service-description#"
ANY = "SELECT ?item WHERE { ?item a <https://w3id.org/sage/ns#TrainingDataset> } LIMIT 3"


def ask(site: Site, query: str, accept: str | None = JSON_RESULTS) -> TestResponse:
    return site.anyone.post("/sparql", query, Content_Type=QUERY, Accept=accept)


def test_the_three_ways_to_ask_give_one_answer(site: Site) -> None:
    site.published("Asked in three ways")
    answers = [
        site.anyone.get(f"/sparql?query={quote(ANY)}"),
        site.anyone.post("/sparql", urlencode({"query": ANY}), Content_Type=FORM),
        site.anyone.post("/sparql", ANY, Content_Type=QUERY),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.mimetype == JSON_RESULTS
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Accept" in answer.vary
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("query", "accept", "form"),
    [
        (ANY, None, JSON_RESULTS),
        (ANY, "*/*", JSON_RESULTS),
        (ANY, "application/json", JSON_RESULTS),
        (ANY, "application/sparql-results+xml", "application/sparql-results+xml"),
        (ANY, "text/csv", "text/csv"),
        (ANY, "text/tab-separated-values", "text/tab-separated-values"),
        ("ASK {}", None, JSON_RESULTS),
        ("ASK {}", "application/sparql-results+xml", "application/sparql-results+xml"),
        ("CONSTRUCT WHERE { ?s a ?t }", None, "text/turtle"),
        ("CONSTRUCT WHERE { ?s a ?t }", "application/ld+json", "application/ld+json"),
        ("DESCRIBE <https://w3id.org/sage/vocab/item-type>", "application/rdf+xml",
         "application/rdf+xml"),
    ],
)  # fmt: skip
def test_each_kind_of_query_has_its_forms_and_each_is_complete(
    site: Site, query: str, accept: str | None, form: str
) -> None:
    answer = ask(site, query if "LIMIT" in query or "ASK" in query else f"{query} LIMIT 5", accept)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == form
    if form == JSON_RESULTS:
        assert json.loads(answer.text)["head"] is not None
    elif form.endswith("results+xml"):
        assert ET.fromstring(answer.text).tag.endswith("sparql")
    elif form.startswith("text/turtle") or "rdf" in form or "ld+" in form:
        parsed = ox.parse(answer.data, format=ox.RdfFormat.from_media_type(form))
        assert parsed is not None
        assert list(parsed)


@pytest.mark.parametrize(
    ("query", "accept"),
    [(ANY, "image/png"), ("ASK {}", "text/csv"), ("CONSTRUCT WHERE { ?s ?p ?o }", "text/csv")],
)
def test_a_form_that_the_kind_does_not_have_is_406(site: Site, query: str, accept: str) -> None:
    assert problem(ask(site, query, accept), 406, "not-offered")["offered"]


def test_the_parameter_format_chooses_as_well(site: Site) -> None:
    for name, form in (("json", JSON_RESULTS), ("csv", "text/csv")):
        got = site.anyone.get(f"/sparql?query={quote(ANY)}&format={name}", Accept="text/html")
        assert got.mimetype == form
    problem(site.anyone.get(f"/sparql?query={quote(ANY)}&format=xlsx"), 400, "unreadable")


def test_without_a_query_the_endpoint_describes_itself(site: Site) -> None:
    for accept in (None, "text/turtle", "application/rdf+xml", "application/ld+json"):
        answer = site.anyone.get("/sparql", Accept=accept)
        assert answer.status_code == 200
        form = ox.RdfFormat.from_media_type(str(answer.mimetype))
        parsed = ox.parse(answer.data, format=form)
        assert parsed is not None
        said = {(triple.predicate.value, str(triple.object)) for triple in parsed}
        assert (f"{SD}endpoint", f"<{BASE}sparql>") in said
        assert (f"{SD}supportedLanguage", f"<{SD}SPARQL11Query>") in said
    page = site.anyone.get("/sparql", Accept="text/html")
    assert page.mimetype == "text/html"
    assert "<textarea" in page.text


def test_a_page_of_another_site_may_ask_without_credentials(site: Site) -> None:
    before = site.anyone.ask(
        "OPTIONS", "/sparql", Origin="https://a.example",
        Access_Control_Request_Method="POST", Access_Control_Request_Headers="content-type",
    )  # fmt: skip
    assert before.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in before.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in before.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in before.headers
    for method, path in (("POST", "/items"), ("PUT", "/items/7777777777"), ("POST", "/validate")):
        answer = site.anyone.ask(method, path, b"", Origin="https://a.example")
        assert "Access-Control-Allow-Origin" not in answer.headers
    mine = site.owner.get("/items", Origin="https://a.example")
    assert "Access-Control-Allow-Origin" not in mine.headers


REFUSED = [
    ("GET", "/sparql?query=SELEC", None, None, {400}),
    ("GET", f"/sparql?query={quote(ANY)}&query={quote(ANY)}", None, None, {400}),
    ("GET", "/sparql?default-graph-uri=http://a", None, None, {400}),
    ("POST", "/sparql", ANY, "text/plain", {415}),
    ("POST", "/sparql", ANY, None, {411, 415}),
    ("POST", "/sparql", ANY, FORM, {400}),
    ("POST", "/sparql", f"query={quote(ANY)}&query={quote(ANY)}", FORM, {400}),
    ("POST", f"/sparql?query={quote(ANY)}", ANY, QUERY, {400}),
    ("POST", "/sparql", "SELECT * { ?s ?p ?o }".encode("utf-16"), QUERY, {400}),
    ("POST", "/sparql", b"SELECT * { ?s ?p '\xff' }", QUERY, {400}),
    ("POST", "/sparql", "", QUERY, {400, 411}),
    ("PUT", "/sparql", ANY, QUERY, {405}),
    ("DELETE", "/sparql", None, None, {405}),
    ("PATCH", "/sparql", ANY, QUERY, {405}),
    ("POST", "/sparql", "x" * 100_000, QUERY, {400, 413}),
    ("POST", "/sparql", "query=" + "x" * 100_000, FORM, {400, 413}),
]


@pytest.mark.parametrize(("method", "path", "body", "kind", "statuses"), REFUSED)
def test_what_the_protocol_forbids_is_refused(
    site: Site, method: str, path: str, body: str | None, kind: str | None, statuses: set[int]
) -> None:
    answer = site.anyone.ask(method, path, body, Content_Type=kind)
    assert answer.status_code in statuses, answer.text
    assert answer.mimetype == "application/problem+json"
    if answer.status_code == 405:
        assert "GET" in answer.headers["Allow"]


UPDATES = [
    "INSERT DATA { <a:a> <a:b> <a:c> }", "DELETE WHERE { ?s ?p ?o }", "DROP ALL", "CLEAR DEFAULT",
    "LOAD <http://127.0.0.1:1/x>", "CREATE GRAPH <a:g>", "COPY <a:a> TO <a:b>",
    "DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", "MOVE <a:a> TO <a:b>",
    "ADD <a:a> TO <a:b>", "PREFIX a: <a:> INSERT DATA { a:a a:b a:c }",
    "SELECT * {} ; DROP ALL",
]  # fmt: skip


def settle(site: Site) -> None:
    """Wait until the graph shows all that earlier tests changed."""
    ends = time.monotonic() + 20
    while site.anyone.get("/health/ready").json["outbox"]["pending"] and time.monotonic() < ends:
        time.sleep(0.02)


@pytest.mark.parametrize("update", UPDATES)
def test_updates_are_refused_and_change_nothing(site: Site, update: str) -> None:
    count = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    settle(site)
    before = site.select(count)
    answers = [
        ask(site, update),
        site.anyone.post("/sparql", urlencode({"update": update}), Content_Type=FORM),
        site.anyone.post("/sparql", urlencode({"query": update}), Content_Type=FORM),
        site.anyone.post("/sparql", update, Content_Type="application/sparql-update"),
        site.anyone.get(f"/sparql?update={quote(update)}"),
        site.anyone.get(f"/sparql?query={quote(ANY)}&update={quote(update)}"),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.text
    assert site.select(count) == before


FEDERATED = [
    "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "SELECT * { sErViCe<http://127.0.0.1:9/>{?s ?p ?o} }",
    "SELECT * { SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "PREFIX h: <http://127.0.0.1:9/> SELECT * { SERVICE h:x { ?s ?p ?o } }",
    "SELECT * { # x\nSERVICE # y\n<http://127.0.0.1:9/> { ?s ?p ?o } }",
    "SELECT * { VALUES ?e { <http://127.0.0.1:9/> } SERVICE ?e { ?s ?p ?o } }",
    "ASK { { SELECT * { SERVICE <http://127.0.0.1:9/> {} } } }",
    "SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
]


@pytest.mark.parametrize("query", FEDERATED)
def test_no_query_asks_another_endpoint(site: Site, query: str) -> None:
    assert ask(site, query).status_code == 400


def test_the_word_service_may_stand_in_texts(site: Site) -> None:
    assert ask(site, 'SELECT * { ?s ?p "SERVICE <http://a/> {}" } # SERVICE').status_code == 200


BOMBS = {
    "braces": "SELECT * " + "{" * 4_000 + "}" * 4_000,
    "exists": "SELECT * { " + "FILTER EXISTS { " * 1_000 + "}" * 1_000 + " }",
    "parentheses": "SELECT * { FILTER (" + "(" * 8_000 + "1" + ")" * 8_000 + ") }",
    "additions": "SELECT (1" + "+1" * 7_000 + " AS ?x) {}",
    "negations": "SELECT (" + "!" * 16_000 + "true AS ?x) {}",
    "minus": "SELECT * { ?s ?p ?o " + "MINUS {} " * 1_800 + "}",
    "optional": "SELECT * { " + "OPTIONAL {} " * 1_300 + "}",
    "collections": "SELECT * { ?s ?p " + "(" * 300 + "1" + ")" * 300 + " }",
    "star": "SELECT * { " + " ".join(f"?s ?p{n} ?o{n} ." for n in range(300)) + " }",
    "chain": "SELECT * { " + " ".join(f"?v{n} ?p{n} ?v{n + 1} ." for n in range(300)) + " }",
    "path": "SELECT * { ?s <a:p>" + "/<a:p>" * 1_000 + " ?o }",
    "values": "SELECT * { VALUES ?x { " + "1 " * 1_500 + "} }",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_crash_the_engine_is_refused_by_its_text(site: Site, name: str) -> None:
    began = time.monotonic()
    answer = ask(site, BOMBS[name])
    assert problem(answer, 400, "unreadable")["detail"]
    assert time.monotonic() - began < 1.0


EXHAUSTING = {
    "order by over a product": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i",
    "distinct over a product": "SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f }",
    "product with a filter": "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i "
    "FILTER CONTAINS(CONCAT(STR(?c), STR(?f), STR(?i)), '@@') }",
    "doubling a text": "SELECT ?z { BIND ('aaaaaaaaaaaaaaaa' AS ?a) "
    + " ".join(f"BIND (CONCAT(?{x}, ?{x}, ?{x}, ?{x}) AS ?{y})"
               for x, y in zip("abcdefghijklmno", "bcdefghijklmnop", strict=True))
    + " BIND (STRLEN(?p) AS ?z) }",
    "all rows": "SELECT * { ?s ?p ?o }",
}  # fmt: skip


@pytest.mark.parametrize("name", EXHAUSTING)
def test_what_takes_too_much_is_422_and_names_the_limit(site: Site, name: str) -> None:
    began = time.monotonic()
    said = problem(ask(site, EXHAUSTING[name]), 422, "over-limit")
    assert said["limit"] in {"seconds", "memory", "rows", "bytes", "cpu_seconds"}
    assert time.monotonic() - began < site.parts.settings.query_seconds + 3.0
    assert ask(site, "ASK {}").status_code == 200


def test_when_all_workers_are_busy_the_answer_is_503_with_a_time(site: Site) -> None:
    slow = EXHAUSTING["product with a filter"]
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(site, slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {422, 503}
    busy = [answer for answer in answers if answer.status_code == 503]
    assert busy
    for answer in busy:
        assert int(answer.headers["Retry-After"]) >= 1
        problem(answer, 503, "busy")
    assert ask(site, "ASK {}").status_code == 200


# -- what is shown, and what is not


def test_a_published_item_is_found_within_its_acknowledgement(site: Site) -> None:
    one = site.draft("Found at once")
    answer = site.owner.post(f"{one.path}/publication?wait=5", If_Match=one.etag)
    assert answer.get_json()["indexed"] is True
    rows = site.select(
        f'SELECT ?p {{ GRAPH <{BASE}items/{one.id}> {{ ?s ?p "Found at once"@en }} }}'
    )
    assert rows == [{"p": "http://purl.org/dc/terms/title"}]


def test_a_withdrawn_item_is_in_no_answer_after_the_acknowledgement(site: Site) -> None:
    for number in range(6):
        title = f"Withdrawn canary {number}"
        one = site.published(title)
        site.owner.get(one.path)
        said = f'?s ?p "{title}"@en'
        query = f"SELECT ?s {{{{ {said} }} UNION {{ GRAPH ?g {{ {said} }} }}}}"
        deadline = time.monotonic() + 5.0
        while not site.select(query):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        site.withdraw(one, wait="5")
        for _ in range(5):
            answer = ask(site, query)
            if answer.status_code == 503:
                continue
            assert answer.status_code == 200
            assert title not in answer.text
            assert json.loads(answer.text)["results"]["bindings"] == []
        graph = site.anyone.get(f"/sparql?query={quote('SELECT * { ?s ?p ?o }')}"
                                f"&default-graph-uri={BASE}items/{one.id}")  # fmt: skip
        assert "canary" not in graph.text


def test_while_a_withdrawal_is_not_shown_yet_queries_are_refused(empty: Site) -> None:
    one = empty.published("Still shown")
    empty.settle()
    assert empty.select('SELECT ?s { ?s ?p "Still shown"@en }')
    withdrawn = empty.withdraw(one)
    assert withdrawn.said["indexed"] is False
    answer = ask(empty, ANY)
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert empty.anyone.get(one.path).status_code == 410
    page = empty.anyone.get(f"/sparql?query={quote(ANY)}", Accept="text/html")
    assert page.status_code == 503
    assert "Still shown" not in page.text
    empty.settle()
    assert empty.select('SELECT ?s { ?s ?p "Still shown"@en }') == []


def test_other_work_that_waits_refuses_no_query(empty: Site) -> None:
    empty.settle()
    empty.published("Not yet shown")
    assert ask(empty, ANY).status_code == 200


CANARY_QUERIES = [
    "SELECT * {{ ?s ?p ?o FILTER CONTAINS(STR(?o), 'canary-of') }}",
    "SELECT * {{ GRAPH ?g {{ ?s ?p ?o FILTER CONTAINS(STR(?o), 'canary-of') }} }}",
    "SELECT * FROM <{item}> {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED <{item}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT * {{ GRAPH <{item}> {{ ?s ?p ?o }} }}",
    "DESCRIBE <{item}>",
    "CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{item}> {{ ?s ?p ?o }} }}",
    "ASK {{ <{item}> ?p ?o }}",
    "SELECT * {{ <{item}> (<a:a>|!<a:a>)* ?o }}",
    "SELECT * {{ ?s (<a:a>|!<a:a>)+ <{item}> }}",
]


def test_what_is_not_public_shows_on_no_public_surface(site: Site) -> None:
    hidden = [
        site.draft("canary-of-a-draft"),
        site.private("canary-of-a-private-item"),
        site.deleted("canary-of-a-deleted-draft"),
        site.withdraw(site.private("canary-of-a-hidden-tombstone")),
    ]
    name = "canary-of-a-file.bin"
    assert site.owner.put(f"{hidden[0].path}/files/{name}", b"canary-of-bytes").status_code == 201
    shown = site.published("Seen by all")
    surfaces = [
        "/", "/items", "/items?limit=100", "/items?state=draft", "/items?owner=owner&limit=100",
        "/vocab", "/vocab/ml-task/semantic-segmentation", "/vocab/item-type", "/shapes", "/ns",
        "/vocab/item-type/training-data", "/metrics", "/health/ready", "/openapi.json", "/docs",
        "/me", shown.path, f"{shown.path}.json", f"{shown.path}/files", "/sparql", "/validate",
    ]  # fmt: skip
    for who in (None, "other", "curator"):
        caller = site.as_(who)
        for path in surfaces:
            for accept in ("text/html", "application/json", "text/turtle"):
                answer = caller.get(path, Accept=accept)
                assert "canary-of" not in answer.text, (who, path)
                assert all(one.id not in answer.text for one in hidden), (who, path)
        for one in hidden:
            for path in (one.path, f"{one.path}.html", f"{one.path}/files/{name}"):
                answer = caller.get(path)
                assert answer.status_code == 404
                assert "canary-of" not in answer.text.replace(name, "")
            for query in CANARY_QUERIES:
                sent = query.format(item=f"{BASE}items/{one.id}")
                answer = caller.post(
                    "/sparql", sent, Content_Type=QUERY,
                    Accept=f"{JSON_RESULTS}, text/turtle;q=0.5",
                )  # fmt: skip
                assert answer.status_code in {200, 422}, answer.text
                assert "canary-of" not in answer.text, query
                if sent.startswith("ASK"):
                    assert answer.get_json(force=True)["boolean"] is False


def test_graphs_are_those_of_public_items_and_of_the_library(site: Site) -> None:
    site.inventory()  # waits for the relay
    graphs = {row["g"] for row in site.select("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")}
    items = {name for name in graphs if name.startswith(f"{BASE}items/")}
    listed: set[str] = set()
    cursor = ""
    while True:
        page = site.anyone.get(f"/items?limit=100{cursor}").get_json()
        listed |= {line["iri"] for line in page["items"]}
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert items == listed
    assert {
        name for name in graphs - items if not name.startswith("https://w3id.org/sage/")
    } == set()


def test_a_narrowing_line_of_any_item_stops_every_query(empty: Site) -> None:
    empty.settle()
    with empty.parts.database.writing() as session:
        outbox.ask(session, outbox.GRAPH, "7777777777", now=now(), narrowing=True)
    problem(ask(empty, "ASK {}"), 503, "unavailable")
    empty.settle()
    assert ask(empty, "ASK {}").status_code == 200
