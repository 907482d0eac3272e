"""The past of an item over HTTP and on pages: told, compared, and brought back."""

import re
from html import unescape

import pytest

from api.context import COOKIE
from tests.api.sites import TURTLE, Kept, Site, kept, problem
from tests.catalogs import description

PERSON = """
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix dct: <http://purl.org/dc/terms/> .
<> dct:contributor [ a foaf:Person ; foaf:name "NAME" ] .
"""


def revise(site: Site, one: Kept, title: str, more: str = "") -> Kept:
    sent = description(title) + more.encode()
    answer = site.owner.put(f"{one.path}?wait=0", sent, Content_Type=TURTLE, If_Match="*")
    return kept(answer)


@pytest.fixture(scope="module")
def one(site: Site) -> Kept:
    """Return an item with a public version that was corrected, and a draft of the next."""
    made = site.published("Sky of 2017")
    revise(site, made, "Sky of 2018", PERSON.replace("NAME", "Bo Li"))
    begun = kept(site.owner.post(f"{made.path}/versions?wait=0", If_Match="*"))
    revise(site, begun, "A secret title", PERSON.replace("NAME", "Cy Ng"))
    return begun


@pytest.fixture
def page(site: Site) -> "Browser":
    return Browser(site)


class Browser:
    """The owner with a session, who sees pages and sends their forms."""

    def __init__(self, site: Site) -> None:
        self.client = site.app.test_client()
        answer = self.client.post("/sign-in", data={"token": site.tokens["owner"]})
        assert answer.status_code == 303
        assert self.client.get_cookie(COOKIE) is not None

    def get(self, path: str) -> str:
        answer = self.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, page: str, action: str, **changes: str) -> str:
        """Send the first form of a page that has this action; return where it leads to."""
        (form, *_) = re.findall(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S)
        said = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
        fields = {name: unescape(value) for name, value in said} | changes
        answer = self.client.post(action, data=fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


def text_of(html: str) -> str:
    """Return what a page says, without marks and in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_history_is_told_in_json(site: Site, one: Kept) -> None:
    said = site.owner.get(f"{one.path}/history?limit=2").get_json()
    assert (said["id"], said["iri"]) == (one.id, one.said["iri"])
    first, second = said["entries"]
    assert (first["event"], first["revision"], first["by"]) == ("revised", "2.2", "owner")
    assert first["said"] == "Changed: Title, Contributor"
    assert first["url"] == f"{said['iri']}/history/2.2"
    assert first["difference"] == f"{said['iri']}/difference?from=2.1&to=2.2"
    assert second["said"] == "Draft of version 2 begun, as version 1 was"
    further = site.owner.get(f"{one.path}/history?cursor={said['next']}").get_json()
    assert [(e["event"], e["revision"]) for e in further["entries"] if "revision" in e] == [
        ("revised", "1.2"),
        ("published", "1.1"),
        ("submitted", "1.1"),
    ]
    assert further["next"] is None


def test_strangers_are_told_nothing_of_the_draft(site: Site, one: Kept) -> None:
    for path in ("history", "difference", "history/1.2.ttl", "history/1.2"):
        for form in ("application/json", "text/html"):
            answer = site.anyone.get(f"{one.path}/{path}", Accept=form)
            assert answer.status_code == 200
            assert "secret" not in answer.text
            assert "2.1" not in answer.text
    told = site.anyone.get(f"{one.path}/history").get_json()["entries"]
    assert [entry["said"] for entry in told if "revision" in entry] == [
        "Changed: Title, Contributor",
        "Version 1 published, public",
    ]
    for path in ("history/2.1", "history/2.2.ttl", "difference?from=1.1&to=2.2"):
        problem(site.anyone.get(f"{one.path}/{path}"), 404, "not-found")
        problem(site.other.get(f"{one.path}/{path}"), 404, "not-found")


def test_a_revision_is_answered_in_every_form(site: Site, one: Kept) -> None:
    path = f"{one.path}/history/1.1"
    said = site.anyone.get(path).get_json()
    assert (said["version"], said["revision"], said["title"]) == (1, 1, "Sky of 2017")
    assert said["by"] == "owner"
    for suffix in ("ttl", "jsonld", "nt", "rdf"):
        answer = site.anyone.get(f"{path}.{suffix}")
        assert answer.status_code == 200
        assert "Sky of 2017" in answer.text
    again = site.anyone.get(f"{path}.ttl", If_None_Match=answer.headers["ETag"])
    assert again.status_code == 200
    shown = site.anyone.get(f"{path}.ttl")
    same = site.anyone.get(f"{path}.ttl", If_None_Match=shown.headers["ETag"])
    assert same.status_code == 304
    assert site.anyone.get(path, Accept="image/png").status_code == 406
    problem(site.anyone.get(f"{path}.docx"), 404, "not-found")


def test_the_form_of_an_earlier_revision_can_be_sent_back(site: Site) -> None:
    made = site.published("As it was")
    revise(site, made, "As it is")
    turtle = site.owner.get(f"{made.path}/history/1.1.ttl").data
    answer = kept(site.owner.put(made.path, turtle, Content_Type=TURTLE, If_Match="*"))
    assert (answer.said["title"], answer.said["revision"]) == ("As it was", 3)
    said = site.owner.get(f"{made.path}/difference?from=1.1&to=1.3").get_json()
    assert said["changes"] == []


def test_a_difference_is_told_by_property_and_part(site: Site, one: Kept) -> None:
    said = site.owner.get(f"{one.path}/difference?from=v/1&to=2.2").get_json()
    assert (said["from"]["revision"], said["to"]["revision"]) == ("1.2", "2.2")
    title, contributor = said["changes"]
    assert (title["thing"], title["name"]) == ("<>", "Title")
    assert title["removed"] == [{"@value": "Sky of 2018", "@language": "en"}]
    assert title["added"] == [{"@value": "A secret title", "@language": "en"}]
    assert (contributor["thing"], contributor["was"]) == ("<#n1>", "<#n1>")
    assert contributor["within"] == ["http://purl.org/dc/terms/contributor"]
    assert [one["@value"] for one in contributor["added"]] == ["Cy Ng"]
    assert said["files_totals"] == {"removed": 0, "added": 0, "replaced": 0}


def test_a_part_that_came_is_told_whole(site: Site, one: Kept) -> None:
    said = site.anyone.get(f"{one.path}/difference?from=1.1&to=1.2").get_json()
    part = next(c for c in said["changes"] if c["name"] == "Contributor")
    (added,) = part["added"]
    assert added["@id"] == f"{said['iri']}#n1"
    assert added["foaf:name" if "foaf:name" in added else "name"] == {"@value": "Bo Li"} or (
        "Bo Li" in str(added)
    )


def test_the_page_of_a_difference_marks_words(site: Site, one: Kept) -> None:
    html = site.anyone.get(f"{one.path}/difference?from=1.1&to=1.2", Accept="text/html").text
    assert "Sky of <del>2017</del>" in html
    assert "Sky of <ins>2018</ins>" in html
    assert "Bo Li" in html


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=x", 400), ("to=1", 200), ("from=1.1&to=1.9", 404), ("from=9.1", 404),
        ("from=&to=", 200), ("from=1.1%00", 400), ("from=v/1&to=v/1", 200),
    ],
)  # fmt: skip
def test_names_of_revisions_are_refused_in_a_sentence(
    site: Site, one: Kept, query: str, status: int
) -> None:
    for form in ("application/json", "text/html"):
        answer = site.anyone.get(f"{one.path}/difference?{query}", Accept=form)
        assert answer.status_code == status


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=51", "limit=x"])
def test_a_page_of_history_that_is_none_is_refused(site: Site, one: Kept, query: str) -> None:
    problem(site.anyone.get(f"{one.path}/history?{query}"), 400, "unreadable")


def test_what_is_not_there_or_hidden_has_no_past(site: Site) -> None:
    hidden = site.draft("Hidden")
    for path in ("history", "history/1.1", "difference"):
        for item in ("/items/7777777777", hidden.path):
            problem(site.anyone.get(f"{item}/{path}"), 404, "not-found")
    assert site.owner.get(f"{hidden.path}/history").status_code == 200


def test_what_is_withdrawn_is_closed_in_the_past_too(site: Site) -> None:
    gone = site.withdrawn("Closed")
    for path in ("history", "history/1.1", "history/1.1.ttl", "difference"):
        for caller in (site.anyone, site.owner):
            answer = caller.get(f"{gone.path}/{path}")
            assert answer.status_code == 410
            assert "Sky images" not in answer.text
    answer = site.owner.post(f"{gone.path}/restoration", {"revision": "1.1"}, If_Match="*")
    assert answer.status_code == 410


def test_a_description_is_restored(site: Site) -> None:
    made = site.published("First words")
    changed = revise(site, made, "Second words")
    restored = kept(
        site.owner.post(f"{made.path}/restoration", {"revision": "1.1"}, If_Match=changed.etag)
    )
    assert (restored.said["title"], restored.said["revision"]) == ("First words", 3)
    for caller, words in ((site.anyone, "Changed: "), (site.owner, "Revision 1.1 restored: ")):
        told = caller.get(f"{made.path}/history").get_json()["entries"]
        assert f"{words}Title" in [entry["said"] for entry in told]


def test_a_type_that_changed_is_shown_as_it_was(site: Site) -> None:
    made = site.draft("Data once")
    collection = b"<> a <https://w3id.org/sage/ns#Collection> ; <http://purl.org/dc/terms/title> "
    sent = collection + b'"Collected"@en .'
    kept(site.owner.put(f"{made.path}?wait=0", sent, Content_Type=TURTLE, If_Match="*"))
    said = [site.owner.get(f"{made.path}/history/1.{r}").get_json()["type"] for r in (1, 2)]
    assert said == ["training-data", "collection"]


@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        ({"revision": "x"}, 400, "unreadable"),
        ({"revision": "1.9"}, 404, "not-found"),
        ({"revision": 1}, 422, "not-acceptable"),
        ({}, 422, "not-acceptable"),
        ({"revision": "1.1", "more": 1}, 422, "not-acceptable"),
        ("<>", 415, "unsupported-media-type"),
    ],
)
def test_a_restoration_that_says_nothing_sensible_is_refused(
    site: Site, one: Kept, sent: object, status: int, slug: str
) -> None:
    answer = site.owner.post(
        f"{one.path}/restoration", sent, If_Match="*",
        **({"Content_Type": TURTLE} if isinstance(sent, str) else {}),
    )  # fmt: skip
    problem(answer, status, slug)


def test_a_restoration_needs_the_right_and_a_condition(site: Site, one: Kept) -> None:
    said, path = {"revision": "1.1"}, f"{one.path}/restoration"
    problem(site.owner.post(path, said), 428, "precondition-missing")
    problem(site.owner.post(path, said, If_Match='"1.1.0.0"'), 412, "moved-on")
    problem(site.anyone.post(path, said, If_Match="*"), 401, "unauthenticated")
    problem(site.other.post(path, said, If_Match="*"), 403, "forbidden")
    problem(site.curator.post(path, said, If_Match="*"), 403, "forbidden")


# -- pages


def test_an_earlier_version_says_that_a_newer_one_exists(site: Site) -> None:
    made = site.published("Versioned")
    begun = kept(site.owner.post(f"{made.path}/versions?wait=0", If_Match="*"))
    draft = site.anyone.get(made.path, Accept="text/html").text
    assert "A newer version exists" not in draft
    assert "draft" not in text_of(draft).lower().replace("drafted", "")
    site.owner.post(f"{made.path}/publication?wait=0", {}, If_Match=begun.etag)
    old = site.anyone.get(f"{made.path}/v/1", Accept="text/html").text
    assert "A newer version exists: version 2" in text_of(old)
    assert f'href="{made.path}/v/2" rel="next"' in old
    new = site.anyone.get(made.path, Accept="text/html").text
    assert "A newer version exists" not in new
    assert f'href="{made.path}/v/1" rel="prev"' in new
    assert f"{made.path}/difference?from=v/1&amp;to=v/2" in new


def test_when_the_newest_is_withdrawn_the_one_before_is_the_newest(
    site: Site, page: Browser
) -> None:
    made = site.published("Good")
    kept(site.owner.post(f"{made.path}/versions?wait=0", If_Match="*"))
    site.owner.post(f"{made.path}/publication?wait=0", {}, If_Match="*")
    answer = site.owner.post(f"{made.path}/v/2/withdrawal?wait=0", {"reason": "bad"}, If_Match="*")
    assert answer.status_code == 200
    for html in (page.get(made.path), site.anyone.get(made.path, Accept="text/html").text):
        assert "A newer version exists" not in html
        assert "Version 2 , Withdrawn" in text_of(html).replace("Version 2,", "Version 2 ,")
    assert "Begin version 3" in page.get(made.path)
    assert site.anyone.get(f"{made.path}/v/2").status_code == 410


def test_the_owner_begins_the_next_version_by_a_button(site: Site, page: Browser) -> None:
    made = site.published("By button")
    assert "Begin version 2" in page.get(made.path)
    assert "Begin version" not in site.anyone.get(made.path, Accept="text/html").text
    after = page.send(page.get(made.path), f"{made.path}/do/begin")
    draft = page.get(after)
    assert "A draft of the next version" in draft
    assert "This is a draft of version 2." in text_of(draft)
    assert "Begin version" not in draft
    first = page.get(f"{made.path}/v/1")
    assert "The next version is a draft" in first
    assert "Begin version" not in first


def test_the_owner_restores_by_a_button(site: Site, page: Browser) -> None:
    made = site.published("Before the button")
    revise(site, made, "After the button")
    past = page.get(f"{made.path}/history")
    after = page.send(past, f"{made.path}/do/restore", revision="1.1")
    assert "Restored, as a new revision." in page.get(after)
    shown = page.get(f"{made.path}/history/1.2")
    page.send(shown, f"{made.path}/do/restore")
    assert site.anyone.get(f"{made.path}.json").get_json()["title"] == "After the button"
    assert "/do/restore" not in page.get(f"{made.path}/history/1.4")
    assert "/do/restore" not in site.anyone.get(f"{made.path}/history", Accept="text/html").text


def test_a_form_without_the_word_of_its_session_changes_nothing(site: Site, page: Browser) -> None:
    made = site.published("Guarded by a word")
    revise(site, made, "Changed")
    for what, fields in (("restore", {"revision": "1.1"}), ("begin", {})):
        answer = page.client.post(f"{made.path}/do/{what}", data={"stage": "*", **fields})
        assert answer.status_code == 403
    assert site.owner.get(f"{made.path}.json").get_json()["title"] == "Changed"


def test_titles_with_marks_stay_text_on_every_page(site: Site, page: Browser) -> None:
    made = site.published("<b>Bold</b> & <script>alert(1)</script> \\u202E")
    revise(site, made, "<i>Thin</i>")
    for path in ("history", "history/1.1", "difference?from=1.1&to=1.2", "difference"):
        html = page.get(f"{made.path}/{path}")
        assert "<script>alert" not in html
        assert "<i>Thin" not in html
