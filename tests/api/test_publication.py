"""Publication and what follows it: several at once, visibility, deprecation, withdrawal."""

import pytest

from tests.api.sites import BASE, TURTLE, Kept, Site, problem
from tests.catalogs import description

REASONS = "https://w3id.org/sage/vocab/withdrawal-reason/"
FORMS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "json": "application/json",
}


def citing(title: str, *others: Kept) -> bytes:
    """Return a description that points to other items."""
    links = "".join(
        f"<> <http://purl.org/dc/terms/relation> <{BASE}items/{other.id}> .\n" for other in others
    )
    return description(title) + links.encode()


def draft_citing(site: Site, title: str, *others: Kept) -> Kept:
    answer = site.owner.post("/items", citing(title, *others), Content_Type=TURTLE)
    assert answer.status_code == 201, answer.text
    return Kept(answer.get_json()["id"], answer.headers["ETag"], answer.get_json())


def test_a_draft_is_published_and_answers_with_its_state(site: Site) -> None:
    one = site.draft("To be published")
    answer = site.owner.post(f"{one.path}/publication", If_Match=one.etag)
    assert answer.status_code == 200
    said = answer.get_json()
    assert (said["id"], said["state"], said["visibility"]) == (one.id, "published", "public")
    assert said["doi"]["state"] == "reserved"
    assert said["items"][one.id].keys() >= {"state", "doi", "report"}
    assert answer.headers["ETag"].startswith('"1.1.0.1-')
    read = site.anyone.get(f"{one.path}.json").get_json()
    assert read["published"]
    assert (read["version"], read["revision"], read["indexed"]) == (1, 1, True)


def test_publication_needs_the_state_that_was_read(site: Site) -> None:
    one = site.draft("Which state")
    problem(site.owner.post(f"{one.path}/publication"), 428, "precondition-missing")
    said = problem(
        site.owner.post(f"{one.path}/publication", If_Match='"1.5.0.0"'), 412, "moved-on"
    )
    assert said["id"] == one.id
    assert site.owner.post(f"{one.path}/publication", If_Match=one.etag).status_code == 200
    again = site.owner.post(f"{one.path}/publication", If_Match="*")
    assert problem(again, 409, "wrong-state")["id"] == one.id


def test_a_draft_that_does_not_conform_is_refused_with_its_report(site: Site) -> None:
    thin = description("Thin").replace(b'dcat:keyword "cloud"@en ;', b"")
    kept = site.owner.post("/items", thin, Content_Type=TURTLE)
    one = Kept(kept.get_json()["id"], kept.headers["ETag"])
    before = site.owner.get(f"{one.path}.json").data
    said = problem(
        site.owner.post(f"{one.path}/publication", If_Match=one.etag), 422, "not-conforming"
    )
    assert said["report"]["conforms"] is False
    assert said["items"][one.id].keys() == {"state", "doi", "report"}
    assert said["items"][one.id]["state"] == "draft"
    assert site.owner.get(f"{one.path}.json").data == before


def test_several_are_published_in_one_transaction_and_may_cite_each_other(site: Site) -> None:
    first = site.draft("First of two")
    second = draft_citing(site, "Second of two", first)
    alone = site.owner.post(f"{second.path}/publication", If_Match=second.etag)
    finding = problem(alone, 422, "not-conforming")["report"]["findings"]
    assert any(one.get("component") == "record" and first.id in one["value"] for one in finding)
    both = site.owner.post(
        f"{second.path}/publication",
        {"with": [{"id": first.id, "etag": first.etag}]},
        If_Match=second.etag,
    )
    assert both.status_code == 200, both.text
    assert {one["state"] for one in both.get_json()["items"].values()} == {"published"}
    assert both.get_json()["items"].keys() == {first.id, second.id}


def test_a_page_names_what_cites_it_as_soon_as_that_is_public_and_no_sooner(site: Site) -> None:
    one = site.published("Cited by others")

    def page() -> str:
        return site.anyone.get(one.path, Accept="text/html").text

    draft = draft_citing(site, "A draft that cites", one)
    hidden = draft_citing(site, "A private item that cites", one)
    site.owner.post(f"{hidden.path}/publication?wait=0", {"visibility": "private"}, If_Match="*")
    assert "that cites" not in page()
    assert "A draft that cites" in site.owner.get(one.path, Accept="text/html").text
    site.owner.post(f"{draft.path}/publication?wait=0", If_Match="*")
    assert "A draft that cites" in page()
    assert "A private item" not in page()
    site.withdraw(draft)
    assert "that cites" not in page()


def test_of_several_none_is_published_if_one_may_not_be(site: Site) -> None:
    good = site.draft("Good")
    thin = site.owner.post(
        "/items", description("Thin").replace(b"dct:license spdx-license:MIT ;", b""),
        Content_Type=TURTLE,
    )  # fmt: skip
    bad = Kept(thin.get_json()["id"], thin.headers["ETag"])
    foreign, public = site.draft("Foreign", by="other"), site.published("Public", by="other")

    def ask(other: Kept, etag: str | None = None) -> dict[str, object]:
        answer = site.owner.post(
            f"{good.path}/publication",
            {"with": [{"id": other.id, "etag": etag or other.etag}]},
            If_Match=good.etag,
        )
        assert site.owner.get(f"{good.path}.json").get_json()["state"] == "draft"
        slug = answer.get_json()["type"].rpartition("/")[2]
        return {"slug": slug} | problem(answer, answer.status_code, slug)

    refused = ask(bad)
    assert refused["slug"] == "not-conforming"
    items = refused["items"]
    assert isinstance(items, dict)
    assert items.keys() == {good.id, bad.id}
    assert items[good.id]["report"]["conforms"] is True
    assert items[bad.id]["report"]["conforms"] is False
    for other in (foreign, public, Kept("7777777777", '"1.1.0.0"')):
        hidden = ask(other)
        assert (hidden["slug"], hidden["status"], hidden["id"]) == ("not-found", 404, other.id)
    moved = ask(bad, '"1.7.0.0-aa"')
    assert (moved["slug"], moved["id"]) == ("moved-on", bad.id)
    state = ask(site.published("Done already"))
    assert state["slug"] == "wrong-state"


@pytest.mark.parametrize(
    "body",
    [
        {"visibility": "secret"},
        {"visibility": 1},
        {"visible": "public"},
        {"with": "all"},
        {"with": [{"id": "x"}]},
        {"with": [{"id": "x", "etag": "y", "owner": "z"}]},
        {"until": "2030-01-01"},
        {"owner": "other", "state": "published"},
        [],
        "public",
    ],
)
def test_a_publication_that_says_something_else_is_refused(site: Site, body: object) -> None:
    one = site.draft("Strict")
    answer = site.owner.post(f"{one.path}/publication", body, If_Match=one.etag)
    assert answer.status_code in {400, 415, 422}, answer.text
    assert site.owner.get(f"{one.path}.json").get_json()["state"] == "draft"


def test_a_bad_parameter_is_refused_before_anything_is_done(site: Site) -> None:
    one = site.draft("Before")
    answer = site.owner.post(f"{one.path}/publication?wait=soon", If_Match=one.etag)
    problem(answer, 400, "unreadable")
    assert site.owner.get(f"{one.path}.json").get_json()["state"] == "draft"


def test_what_is_private_becomes_public_but_never_the_other_way(site: Site) -> None:
    one = site.private("Opened later")
    problem(site.other.get(one.path), 404, "not-found")
    wider = site.owner.put(f"{one.path}/visibility", {"visibility": "public"}, If_Match=one.etag)
    assert wider.status_code == 200
    assert wider.headers["ETag"].startswith('"1.1.0.2-')
    assert site.anyone.get(one.path).status_code == 200
    tag = wider.headers["ETag"]
    same = site.owner.put(f"{one.path}/visibility", {"visibility": "public"}, If_Match=tag)
    assert same.headers["ETag"].partition("-")[0] == tag.partition("-")[0]
    back = site.owner.put(f"{one.path}/visibility", {"visibility": "private"}, If_Match=tag)
    assert "withdraw" in problem(back, 409, "wrong-state")["detail"]
    draft = site.draft()
    early = site.owner.put(
        f"{draft.path}/visibility", {"visibility": "private"}, If_Match=draft.etag
    )
    problem(early, 409, "wrong-state")
    problem(
        site.owner.put(f"{one.path}/visibility", {"visibility": "public"}),
        428,
        "precondition-missing",
    )


def test_what_cites_the_private_does_not_become_public(site: Site) -> None:
    inner = site.private("Inner")
    outer = draft_citing(site, "Outer", inner)
    hidden = site.owner.post(
        f"{outer.path}/publication", {"visibility": "private"}, If_Match=outer.etag
    )
    assert hidden.status_code == 200, hidden.text
    wider = site.owner.put(f"{outer.path}/visibility", {"visibility": "public"}, If_Match="*")
    said = problem(wider, 422, "not-conforming")
    assert any(inner.id in str(one.get("value")) for one in said["report"]["findings"])
    problem(site.anyone.get(outer.path), 404, "not-found")
    assert (
        site.owner.put(
            f"{inner.path}/visibility", {"visibility": "public"}, If_Match="*"
        ).status_code
        == 200
    )
    assert (
        site.owner.put(
            f"{outer.path}/visibility", {"visibility": "public"}, If_Match="*"
        ).status_code
        == 200
    )


def test_a_published_version_is_marked_deprecated_and_the_mark_taken_back(site: Site) -> None:
    one, instead = site.published("Old"), site.published("New")
    path = f"{one.path}/v/1/deprecation"
    marked = site.curator.put(
        path, {"reason": "Superseded.", "replaced_by": instead.id}, If_Match=one.etag
    )
    assert marked.status_code == 200, marked.text
    assert marked.get_json()["deprecation"]["replaced_by"] == f"{BASE}items/{instead.id}"
    assert b"lifecycle-status/deprecated" in site.anyone.get(f"{one.path}.nt").data
    undone = site.owner.delete(path, If_Match=marked.headers["ETag"])
    assert undone.status_code == 200
    assert "deprecation" not in undone.get_json()
    draft = site.draft()
    problem(
        site.owner.put(f"{draft.path}/v/1/deprecation", {"reason": "x"}, If_Match=draft.etag),
        409,
        "wrong-state",
    )


@pytest.mark.parametrize(
    "replaced_by",
    [
        "javascript:alert(1)",
        "https://a.example/> <x> <y> .",
        "https://a.example/\u202e",
        "https://a b.example/",
        "0000000001",
        "https://catalog.invalid/items/../x",
        "//evil.example",
        "ftp://a.example/",
        "x" * 5_000,
    ],
)
def test_what_replaces_an_item_is_one_of_ours_or_a_plain_address(
    site: Site, replaced_by: str
) -> None:
    one = site.published("Replaced by what")
    for method, path, body in (
        ("PUT", f"{one.path}/v/1/deprecation", {"reason": "x", "replaced_by": replaced_by}),
        ("POST", f"{one.path}/withdrawal", {"reason": "x", "replaced_by": replaced_by}),
    ):
        answer = site.owner.ask(method, path, body, If_Match="*")
        assert answer.status_code == 422, (method, answer.text)


def test_an_address_elsewhere_that_ends_in_an_id_stays_elsewhere(site: Site) -> None:
    one = site.published("Moved away")
    there = f"https://other.example/items/{one.id}"
    answer = site.owner.post(
        f"{one.path}/withdrawal", {"reason": "moved", "replaced_by": there}, If_Match="*"
    )
    assert answer.get_json()["replaced_by"] == there


def test_a_withdrawn_item_answers_410_in_every_form_with_its_tombstone(site: Site) -> None:
    one, instead = site.published("Wrong in many ways"), site.published("Right")
    answer = site.owner.post(
        f"{one.path}/withdrawal",
        {"reason": f"{REASONS}error", "note": "All wrong.", "replaced_by": instead.id},
        If_Match=one.etag,
    )
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["indexed"] is True
    for path in (one.path, f"{one.path}/v/1"):
        for suffix, form in FORMS.items():
            for asked in (
                site.anyone.get(f"{path}.{suffix}"), site.anyone.get(path, Accept=form)
            ):  # fmt: skip
                said = problem(asked, 410, "withdrawn")
                assert said["id"] == one.id
                assert (said["reason"], said["note"]) == ("error", "All wrong.")
                assert said["withdrawn_by"] == "owner"
                assert said["withdrawn"].endswith("Z")
                assert said["replaced_by"] == f"{BASE}items/{instead.id}"
                assert "Ruiz" in said["citation"]
                assert "Wrong in many ways" in said["citation"]
                assert "description" not in said
        for page in (site.anyone.get(f"{path}.html"), site.anyone.get(path, Accept="text/html")):
            assert page.status_code == 410
            assert page.mimetype == "text/html"
            assert "Wrong in many ways" in page.text
            assert "a mask of the clouds" not in page.text


def test_after_a_withdrawal_every_request_answers_410(site: Site) -> None:
    one = site.withdrawn("Closed")
    at = {"If_Match": "*"}
    answers = {
        "put": site.owner.put(one.path, b"not even Turtle", Content_Type=TURTLE, **at),
        "delete": site.owner.delete(one.path, **at),
        "publication": site.owner.post(f"{one.path}/publication", **at),
        "visibility": site.owner.put(f"{one.path}/visibility", {"visibility": "public"}, **at),
        "withdrawal": site.owner.post(f"{one.path}/withdrawal", {"reason": "x"}, **at),
        "deprecation": site.owner.put(f"{one.path}/v/1/deprecation", {"reason": "x"}, **at),
        "upload": site.owner.put(f"{one.path}/files/a.bin", b"x"),
        "download": site.owner.get(f"{one.path}/files/a.bin"),
        "files": site.owner.get(f"{one.path}/files"),
        "stranger": site.other.put(one.path, description("x"), Content_Type=TURTLE, **at),
        "nobody": site.anyone.delete(one.path),
    }
    for name, answer in answers.items():
        assert answer.status_code == 410, name


def test_what_was_never_public_stays_hidden_after_its_withdrawal(site: Site) -> None:
    one = site.private("Never seen")
    site.withdraw(one)
    for caller in (site.anyone, site.other, site.curator):
        hidden = problem(caller.get(f"{one.path}.json"), 404, "not-found")
        assert "Never seen" not in str(hidden)
    problem(site.owner.get(f"{one.path}.json"), 410, "withdrawn")


def test_a_withdrawal_needs_a_reason_and_something_published(site: Site) -> None:
    draft, one = site.draft(), site.published("Reasons")
    problem(
        site.owner.post(f"{draft.path}/withdrawal", {"reason": "x"}, If_Match="*"),
        409,
        "wrong-state",
    )
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": f"{REASONS}whim"}, {"why": "x"}):
        problem(
            site.owner.post(f"{one.path}/withdrawal", body, If_Match="*"), 422, "not-acceptable"
        )
    assert site.anyone.get(one.path).status_code == 200


def test_a_withdrawn_item_is_in_no_list(site: Site) -> None:
    one = site.withdrawn("In no list")
    for who in (None, "owner", "admin"):
        listed = site.as_(who).get("/items?limit=100").get_json()["items"]
        assert one.id not in {line["id"] for line in listed}
        assert not site.as_(who).get("/items?state=withdrawn").get_json()["items"]
