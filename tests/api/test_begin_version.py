"""A second version over HTTP: begun, changed, published, and the first one stays."""

from tests.api.sites import BASE, TURTLE, Kept, Site, kept, problem
from tests.catalogs import description


def begin(site: Site, one: Kept, who: str = "owner") -> Kept:
    return kept(site.as_(who).post(f"{one.path}/versions", If_Match=one.etag))


def test_a_second_version_is_begun_changed_and_published(site: Site) -> None:
    one = site.published("The first version")
    begun = site.owner.post(f"{one.path}/versions", If_Match=one.etag)
    assert begun.status_code == 201, begun.text
    assert begun.headers["Location"] == f"{BASE}items/{one.id}/v/2"
    said = begun.get_json()
    assert (said["version"], said["revision"], said["state"]) == (2, 1, "draft")
    assert said["report"]["conforms"]

    changed = kept(
        site.owner.put(
            one.path,
            description("The second version"),
            Content_Type=TURTLE,
            If_Match=begun.headers["ETag"],
        )
    )
    assert site.anyone.get(f"{one.path}.json").get_json()["title"] == "The first version"

    done = site.owner.post(f"{one.path}/publication?wait=5", If_Match=changed.etag)
    assert done.status_code == 200, done.text
    assert done.get_json()["version"] == 2
    newest = site.anyone.get(f"{one.path}.json").get_json()
    assert (newest["version"], newest["title"]) == (2, "The second version")
    first = site.anyone.get(f"{one.path}/v/1.json").get_json()
    assert (first["version"], first["title"]) == (1, "The first version")
    rows = site.select(
        "PREFIX dct: <http://purl.org/dc/terms/> PREFIX dcat: <http://www.w3.org/ns/dcat#> "
        f"SELECT ?t ?v {{ GRAPH <{one.said['iri']}> {{ ?s dct:title ?t ; dcat:version ?v }} }}"
    )
    assert rows == [{"t": "The second version", "v": "2"}]


def test_the_location_answers_its_owner_and_nobody_else(site: Site) -> None:
    one = site.published("Located")
    begin(site, one)
    assert site.owner.get(f"{one.path}/v/2").status_code == 200
    problem(site.anyone.get(f"{one.path}/v/2"), 404, "not-found")
    problem(site.other.get(f"{one.path}/v/2"), 404, "not-found")


def test_bytes_of_the_first_version_outlive_the_deletion_of_the_second(site: Site) -> None:
    one = site.with_file("a.bin", b"kept once")
    done = site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
    begun = begin(site, kept(done))
    assert site.owner.get(f"{one.path}/v/2/files/a.bin").data == b"kept once"
    assert site.owner.put(f"{one.path}/files/a.bin", b"other").status_code == 200
    assert site.anyone.get(f"{one.path}/files/a.bin").data == b"kept once"
    answer = site.owner.delete(f"{one.path}/v/2", If_Match="*")
    assert answer.status_code == 204, begun.said
    assert site.anyone.get(f"{one.path}/files/a.bin").data == b"kept once"
    assert site.owner.get(f"{one.path}.json").get_json()["version"] == 1


def test_a_version_can_begin_again_after_its_draft_was_deleted(site: Site) -> None:
    one = site.published("Again")
    begun = begin(site, one)
    assert site.owner.delete(one.path, If_Match=begun.etag).status_code == 204
    assert begin(site, one).said["version"] == 2


def test_without_if_match_nothing_begins(site: Site) -> None:
    one = site.published("Needs a condition")
    problem(site.owner.post(f"{one.path}/versions"), 428, "precondition-missing")


def test_with_an_old_etag_nothing_begins(site: Site) -> None:
    one = site.published("Moved on")
    problem(site.owner.post(f"{one.path}/versions", If_Match='"1.9.0.1"'), 412, "moved-on")


def test_a_second_draft_is_refused_with_the_number_of_the_first(site: Site) -> None:
    one = site.published("One draft")
    begin(site, one)
    said = problem(site.owner.post(f"{one.path}/versions", If_Match="*"), 409, "wrong-state")
    assert "Version 2" in said["detail"]


def test_a_draft_has_no_next_version(site: Site) -> None:
    one = site.draft("Unpublished")
    problem(site.owner.post(f"{one.path}/versions", If_Match=one.etag), 409, "wrong-state")


def test_what_is_withdrawn_has_no_next_version(site: Site) -> None:
    one = site.withdrawn("No more")
    problem(site.owner.post(f"{one.path}/versions", If_Match="*"), 410, "withdrawn")


def test_only_who_may_write_begins_one(site: Site) -> None:
    one = site.published("Guarded")
    problem(site.anyone.post(f"{one.path}/versions", If_Match="*"), 401, "unauthenticated")
    problem(site.other.post(f"{one.path}/versions", If_Match="*"), 403, "forbidden")
    problem(site.curator.post(f"{one.path}/versions", If_Match="*"), 403, "forbidden")
    hidden = site.draft("Unknown")
    problem(site.other.post(f"{hidden.path}/versions", If_Match="*"), 404, "not-found")


def test_the_form_of_the_second_version_can_be_sent_back_unchanged(site: Site) -> None:
    one = site.published("Round trip")
    begun = begin(site, one)
    turtle = site.owner.get(f"{one.path}.ttl")
    again = site.owner.put(one.path, turtle.data, Content_Type=TURTLE, If_Match=begun.etag)
    assert kept(again).said["revision"] == 1


def test_the_same_key_begins_one_version_and_a_deleted_one_is_begun_anew(site: Site) -> None:
    one = site.published("Begun once")
    said = {"If_Match": one.etag, "Idempotency_Key": "begin-1"}
    first, again = (site.owner.post(f"{one.path}/versions", **said) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.headers["Location"] == again.headers["Location"]
    assert first.get_json() == again.get_json()
    site.owner.delete(f"{one.path}/v/2", If_Match="*")
    anew = site.owner.post(f"{one.path}/versions", **said)
    assert anew.headers["Location"].endswith("/v/2")
    assert anew.get_json()["state"] == "draft"
    other = site.published("Another")
    said["If_Match"] = other.etag
    problem(site.owner.post(f"{other.path}/versions", **said), 422, "not-acceptable")
