"""Items on HTTP as section 5 of the contract has them: submitted, read, revised, deleted."""

import re

import pytest

from tests.api.sites import BASE, TURTLE, Site, address_by, kept, problem
from tests.catalogs import description

ETAG = re.compile(r'"(\d+)\.(\d+)\.(\d+)\.(\d+)-[0-9a-f]+"')
MEMBERS = {
    "id", "iri", "version", "revision", "type", "title", "state", "visibility", "owner",
    "created", "modified", "published", "doi", "description", "files", "files_total",
    "files_next", "report", "indexed",
}  # fmt: skip
FORMS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "json": "application/json",
    "html": "text/html",
}
RDF = ("ttl", "nt", "jsonld", "rdf")
THIN = b"""<> a <https://w3id.org/sage/ns#TrainingDataset> ;
  <http://purl.org/dc/terms/title> "Fit for a draft only"@en ."""


def test_a_submission_is_answered_with_the_item_its_address_and_its_report(site: Site) -> None:
    answer = site.owner.post("/items", description("Clouds"), Content_Type=TURTLE)
    assert answer.status_code == 201
    said = answer.get_json()
    assert said.keys() - {"known_sources"} == MEMBERS
    assert answer.headers["Location"] == said["iri"] == f"{BASE}items/{said['id']}"
    stage = ETAG.fullmatch(answer.headers["ETag"])
    assert stage
    assert stage.groups() == ("1", "1", "0", "0")
    assert (said["version"], said["revision"], said["type"]) == (1, 1, "training-data")
    assert (said["state"], said["visibility"]) == ("draft", "public")
    assert (said["title"], said["owner"], said["published"]) == ("Clouds", "owner", None)
    assert said["doi"].keys() == {"concept", "version", "state", "problem"}
    assert said["report"].keys() == {"conforms", "level", "shapes_version", "findings"}
    assert said["report"]["level"] == "publication"
    assert said["description"]["@id"] == said["iri"]
    assert said["created"].endswith("Z")


def test_what_does_not_conform_at_draft_level_is_refused_with_the_report(site: Site) -> None:
    before = site.inventory()
    body = b'<> <http://purl.org/dc/terms/title> "No type"@en .'
    said = problem(site.owner.post("/items", body, Content_Type=TURTLE), 422, "not-conforming")
    assert said["report"]["conforms"] is False
    assert said["report"]["level"] == "draft"
    assert any(finding["component"] == "item-type" for finding in said["report"]["findings"])
    assert site.inventory() == before


def test_publishing_at_once_publishes_or_keeps_nothing(site: Site) -> None:
    one = site.published("At once")
    assert (one.said["state"], one.stage) == ("published", "1.1.0.1")
    assert one.said["published"]
    before = site.inventory()
    said = problem(
        site.owner.post("/items?publish=true", THIN, Content_Type=TURTLE), 422, "not-conforming"
    )
    assert said["report"]["level"] == "publication"
    assert site.inventory() == before


def test_only_an_administrator_chooses_an_id_and_only_a_free_one(site: Site) -> None:
    wanted = "0000000000"
    answer = site.admin.post(f"/items?id={wanted}", description("Chosen"), Content_Type=TURTLE)
    assert answer.status_code == 201
    assert answer.get_json()["id"] == wanted
    again = site.admin.post(f"/items?id={wanted}", description("Chosen"), Content_Type=TURTLE)
    problem(again, 409, "taken")
    wrong = site.admin.post("/items?id=0000000001", description("x"), Content_Type=TURTLE)
    problem(wrong, 422, "not-acceptable")
    member = site.owner.post(f"/items?id={wanted}", description("x"), Content_Type=TURTLE)
    problem(member, 403, "forbidden")


@pytest.mark.parametrize(("suffix", "form"), FORMS.items())
def test_an_item_is_read_in_each_form_by_suffix_and_by_accept(
    site: Site, suffix: str, form: str
) -> None:
    one = site.published(f"In form {suffix}")
    for path in (one.path, f"{one.path}/v/1"):
        by_suffix = site.anyone.get(f"{path}.{suffix}")
        by_accept = site.anyone.get(path, Accept=form)
        for answer in (by_suffix, by_accept):
            assert answer.status_code == 200
            assert answer.mimetype == form
            assert answer.headers["Content-Location"] == f"{BASE}{path[1:]}.{suffix}"
            assert {"Accept", "Authorization", "Cookie"} <= set(answer.vary)
            assert ETAG.fullmatch(answer.headers["ETag"])
            links = ", ".join(answer.headers.getlist("Link"))
            assert f'<{BASE}{path[1:]}>; rel="canonical"' in links
            assert f'<{BASE}{path[1:]}.ttl>; rel="alternate describedby"' in links
        assert f"In form {suffix}".encode() in by_suffix.data
        assert by_suffix.headers["ETag"].partition("-")[0] == f'"{one.stage}'


def test_every_form_has_an_etag_of_its_own_and_they_share_the_stage(site: Site) -> None:
    one = site.published("Tags")
    tags = [site.anyone.get(f"{one.path}.{suffix}").headers["ETag"] for suffix in FORMS]
    assert len(set(tags)) == len(FORMS)
    assert {tag.partition("-")[0] for tag in tags} == {f'"{one.stage}'}


@pytest.mark.parametrize("suffix", FORMS)
def test_who_has_a_form_already_is_answered_304(site: Site, suffix: str) -> None:
    one = site.published(f"Have it {suffix}")
    first = site.anyone.get(f"{one.path}.{suffix}")
    again = site.anyone.get(f"{one.path}.{suffix}", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    stale = site.anyone.get(f"{one.path}.{suffix}", If_None_Match='"1.1.0.1-0000000000"')
    assert stale.status_code == 200


@pytest.mark.parametrize("suffix", RDF)
@pytest.mark.parametrize("state", ["draft", "published", "private", "deprecated"])
def test_what_get_answered_can_be_put_back_and_changes_nothing(
    site: Site, suffix: str, state: str
) -> None:
    one = {
        "draft": lambda: site.with_file("a b.png"),
        "published": lambda: site.published("There and back"),
        "private": lambda: site.private("There and back"),
        "deprecated": lambda: site.published("There and back"),
    }[state]()
    if state == "deprecated":
        mark = {"reason": "Old.", "replaced_by": one.id}
        marked = site.owner.put(f"{one.path}/v/1/deprecation?wait=0", mark, If_Match="*")
        assert marked.status_code == 200
    read = site.owner.get(f"{one.path}.{suffix}")
    sent = site.owner.put(
        one.path, read.data, Content_Type=FORMS[suffix], If_Match=read.headers["ETag"]
    )
    assert sent.status_code == 200, sent.text
    assert sent.headers["ETag"].partition("-")[0] == read.headers["ETag"].partition("-")[0]
    assert site.owner.get(f"{one.path}.{suffix}").data == read.data


def test_a_revision_is_counted_and_a_second_from_the_same_state_is_refused(site: Site) -> None:
    one = site.draft("Before")
    done = site.owner.put(one.path, description("After"), Content_Type=TURTLE, If_Match=one.etag)
    after = kept(done)
    assert (after.said["title"], after.said["revision"], after.stage) == ("After", 2, "1.2.0.0")
    late = site.owner.put(one.path, description("Late"), Content_Type=TURTLE, If_Match=one.etag)
    said = problem(late, 412, "moved-on")
    assert said["current"] == "1.2.0.0"
    missing = site.owner.put(one.path, description("x"), Content_Type=TURTLE)
    problem(missing, 428, "precondition-missing")
    by_version = site.owner.put(
        f"{one.path}/v/1", description("By version"), Content_Type=TURTLE, If_Match=after.etag
    )
    assert kept(by_version).said["title"] == "By version"


def test_what_was_not_read_is_refused_before_what_is_sent_is_judged(site: Site) -> None:
    one = site.draft("Which first")
    for tag, status in ((None, 428), ('"9.9.9.9"', 412), ("*", 400)):
        answer = site.owner.put(one.path, b"no Turtle", Content_Type=TURTLE, If_Match=tag)
        assert answer.status_code == status
    stranger = site.other.put(one.path, b"no Turtle", Content_Type=TURTLE, If_Match="*")
    assert stranger.status_code == 404


def test_if_match_is_compared_before_the_dash_from_any_form(site: Site) -> None:
    one = site.draft("Any form")
    tag = site.owner.get(f"{one.path}.ttl").headers["ETag"]
    assert tag != one.etag
    for given in (tag, tag.strip('"'), f'"{one.stage}"', f'"9.9.9.9-ab", {tag}', "*"):
        answer = site.owner.put(
            one.path, description("Any form"), Content_Type=TURTLE, If_Match=given
        )
        assert answer.status_code == 200, given
    for given in ("", "nonsense", '""', '"1.1.0.1-0000000000"'):
        answer = site.owner.put(
            one.path, description("Any form"), Content_Type=TURTLE, If_Match=given
        )
        assert answer.status_code in {412, 428}, given


def test_a_published_item_must_go_on_conforming_and_keeps_its_type(site: Site) -> None:
    one = site.published("Stays good")
    refused = site.owner.put(one.path, THIN, Content_Type=TURTLE, If_Match=one.etag)
    problem(refused, 422, "not-conforming")
    other = description("Other type").replace(b"sage:TrainingDataset", b"sage:LabelSet")
    problem(
        site.owner.put(one.path, other, Content_Type=TURTLE, If_Match=one.etag),
        422,
        "not-acceptable",
    )
    assert site.anyone.get(f"{one.path}.json").get_json()["title"] == "Stays good"


def test_a_deleted_draft_answers_as_an_id_never_drawn(site: Site) -> None:
    one = site.deleted()
    for who in (None, "owner", "admin"):
        gone, nothing = (
            site.as_(who).get(f"/items/{item_id}") for item_id in (one.id, "7777777777")
        )
        assert gone.status_code == nothing.status_code == 404
        assert gone.text.replace(one.id, "X") == nothing.text.replace("7777777777", "X")


def test_what_is_published_is_not_deleted(site: Site) -> None:
    one = site.published("Stays")
    said = problem(site.owner.delete(one.path, If_Match=one.etag), 409, "wrong-state")
    assert "withdraw" in said["detail"].lower()
    problem(site.owner.delete(site.draft().path), 428, "precondition-missing")
    problem(site.owner.delete(site.draft().path, If_Match='"1.9.0.0"'), 412, "moved-on")


def test_a_form_that_nobody_offers_is_406_with_the_list(site: Site) -> None:
    one = site.published("Forms")
    said = problem(site.anyone.get(one.path, Accept="image/png"), 406, "not-offered")
    assert set(said["offered"]) >= set(FORMS.values())
    problem(site.anyone.get(f"{one.path}.xlsx"), 404, "not-found")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/turtle;q=0.5, application/n-triples;q=0.9", "application/n-triples"),
        ("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\"",
         "application/ld+json"),
        ("text/*", "text/html"),
        ("application/json;q=0, */*", "text/html"),
        ("application/rdf+xml, text/turtle", "text/turtle"),
    ],
)  # fmt: skip
def test_accept_chooses_the_form(site: Site, accept: str | None, form: str) -> None:
    one = site.published("Chosen form")
    assert site.anyone.get(one.path, Accept=accept).mimetype == form


def test_head_and_options_work_wherever_get_does(site: Site) -> None:
    one = site.published("Heads")
    skipped = {"static"}
    tried = 0
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in skipped:
            continue
        path = address_by(rule.rule, id=one.id)
        got, head, options = (
            site.anyone.ask(method, path) for method in ("GET", "HEAD", "OPTIONS")
        )
        assert head.status_code == got.status_code, path
        assert head.data == b"", path
        assert head.headers.get("Content-Type") == got.headers.get("Content-Type"), path
        assert options.status_code in {200, 204}, path
        assert {"GET", "HEAD", "OPTIONS"} <= set(options.allow), path
        tried += 1
    assert tried >= 28


@pytest.mark.parametrize(
    "path", ["/items/", "/items/{id}/", "/vocab/", "/vocab/item-type/", "/sparql/", "/nothing/"]
)
def test_slashes_at_the_end_redirect(site: Site, path: str) -> None:
    one = site.published("Slashes")
    asked = path.format(id=one.id)
    answer = site.anyone.get(f"{asked}?type=model")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{asked.rstrip('/')}?type=model"


@pytest.mark.parametrize(
    "iri",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc"],
)
def test_an_address_that_could_run_code_is_kept_as_text(site: Site, iri: str) -> None:
    said = f"""
<> <http://purl.org/dc/terms/relation> <{iri}> ; <http://xmlns.com/foaf/0.1/page> <{iri}> ;
   <http://www.w3.org/ns/dcat#landingPage> <{iri}> ; <http://a.example/p> <{iri}> .
<#ana> <https://schema.org/url> <{iri}> ."""
    answer = site.owner.post(
        "/items?publish=true&wait=0", description("Links") + said.encode(), Content_Type=TURTLE
    )
    if answer.status_code == 422:
        return
    page = site.anyone.get(f"/items/{kept(answer).id}", Accept="text/html").text
    hrefs = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert hrefs
    assert not [one for one in hrefs if one.lower().startswith(iri.lower()[:5])]


def test_links_that_leave_say_so(site: Site) -> None:
    one = site.published("Outside")
    page = site.anyone.get(one.path, Accept="text/html").text
    outside = re.findall(r'<a [^>]*href="https?://(?!127\.0\.0\.1)[^>]*>', page)
    assert outside
    for link in outside:
        rel = re.search(r'rel="([^"]*)"', link)
        assert rel, link
        assert {"nofollow", "noopener"} <= set(rel[1].split()), link
