"""Who sees what, by each visibility and on every surface; and the pages on which it is decided."""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from catalog.domain.lifecycle import Visibility
from catalog.services.accounts import actor_of_token
from catalog.services.dates import keep_dates
from catalog.services.publish import Wanted, publish
from catalog.tables import Permission
from tests.api.pages import PageForm, Reader, forms_to
from tests.api.sites import BASE, TURTLE, Kept, Site, problem
from tests.catalogs import now

DAY: Final = "2031-05-17"
BYTES: Final = b"at,said\n1,secretbytes\n"
COAR: Final = "http://purl.org/coar/access_right/"
AVAILABLE: Final = "<http://purl.org/dc/terms/available>"


@dataclass(frozen=True)
class Shown:
    """An item with a file in each visibility."""

    site: Site
    of: dict[str, Kept]

    def path(self, visibility: str) -> str:
        return self.of[visibility].path


def publish_as(site: Site, one: Kept, visibility: str, **dates: str) -> TestResponse:
    body = {"visibility": visibility, **dates}
    return site.owner.post(f"{one.path}/publication?wait=0", body, If_Match="*")


def with_file(site: Site, title: str) -> Kept:
    one = site.draft(title)
    sent = site.owner.put(f"{one.path}/files/a.csv", BYTES, Content_Type="text/csv")
    assert sent.status_code == 201
    return one


def grant(site: Site, one: Kept, kind: str, grantee: str) -> None:
    with site.parts.database.writing() as session:
        session.add(
            Permission(item_id=one.id, grantee_type=kind, grantee=grantee, permission="READ")
        )


def over(site: Site, one: Kept) -> None:
    """Publish a draft under an embargo that ended a moment ago."""
    owner = actor_of_token(site.parts, site.tokens["owner"], now=now())
    until = now() - timedelta(seconds=2)
    wanted = [Wanted(one.id, frozenset("*"))]
    began = until - timedelta(hours=1)
    publish(site.parts, owner, wanted, Visibility.EMBARGOED, now=began, until=until)


@pytest.fixture(scope="module")
def shown(site: Site) -> Shown:
    of = {}
    for visibility in Visibility:
        one = with_file(site, f"An item that is {visibility}")
        dates = {"until": DAY} if visibility is Visibility.EMBARGOED else {}
        answer = publish_as(site, one, visibility.value, **dates)
        assert answer.status_code == 200, answer.text
        of[visibility.value] = Kept(one.id, answer.headers["ETag"], answer.get_json())
    return Shown(site, of)


# What each of nobody, another member, a curator, the owner and an administrator is answered.
METADATA: Final = ("", ".json", ".ttl", ".html", ".datacite.json", ".crate.json", "/files",
                   "/v/1", "/v/1/files", "/history")  # fmt: skip
EVERYBODY: Final = (200, 200, 200, 200, 200)
NOBODY: Final = (404, 404, 404, 200, 200)
BYTES_FOR: Final = {
    "public": EVERYBODY,
    "restricted": (401, 403, 403, 200, 200),
    "embargoed": (403, 403, 403, 200, 200),
    "shared": NOBODY,
    "private": NOBODY,
}
WHO: Final = (None, "other", "curator", "owner", "admin")


@pytest.mark.parametrize("visibility", BYTES_FOR)
def test_descriptions_and_names_of_files_are_for_everybody_or_for_those_it_is_shared_with(
    shown: Shown, visibility: str
) -> None:
    expected = NOBODY if visibility in {"shared", "private"} else EVERYBODY
    for end in METADATA:
        for who, status in zip(WHO, expected, strict=True):
            answer = shown.site.as_(who).get(shown.path(visibility) + end)
            assert answer.status_code == status, (end, who)
            assert b"secretbytes" not in answer.data or BYTES_FOR[visibility][WHO.index(who)] == 200


@pytest.mark.parametrize("visibility", BYTES_FOR)
@pytest.mark.parametrize(
    "end", ["/files/a.csv", "/v/1/files/a.csv", "/preview/a.csv", "/v/1/preview/a.csv"]
)
def test_bytes_are_for_those_of_the_table(shown: Shown, visibility: str, end: str) -> None:
    for who, status in zip(WHO, BYTES_FOR[visibility], strict=True):
        for method in ("GET", "HEAD"):
            answer = shown.site.as_(who).ask(method, shown.path(visibility) + end)
            assert answer.status_code == status, (who, method)
            assert status == 200 or b"secretbytes" not in answer.data
            assert status == 200 or "Content-Digest" not in answer.headers


@pytest.mark.parametrize("visibility", ["restricted", "embargoed"])
def test_closed_bytes_are_on_no_page_and_in_no_package(shown: Shown, visibility: str) -> None:
    path = shown.path(visibility)
    page = shown.site.anyone.get(path, Accept="text/html").text
    assert "a.csv" in page
    assert "secretbytes" not in page
    assert f'href="{path}/files/a.csv"' not in page
    assert f'href="{path}/access"' in page
    for who, has_bytes in ((None, False), ("other", False), ("owner", True)):
        answer = shown.site.as_(who).get(f"{path}.crate.zip")
        with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
            inside = b"".join(package.read(one) for one in package.namelist())
        assert (b"secretbytes" in inside) is has_bytes
    assert "secretbytes" in shown.site.owner.get(path, Accept="text/html").text
    links = shown.site.anyone.get(path).headers.getlist("Link")
    assert not [one for one in links if 'rel="item"' in one]


def test_who_lacks_a_permission_is_told_how_to_get_one(shown: Shown) -> None:
    path = f"{shown.path('restricted')}/files/a.csv"
    ask = f"{BASE}{shown.path('restricted')[1:]}/access"
    said = problem(shown.site.anyone.get(path), 401, "unauthenticated")
    assert "Sign in" in said["detail"]
    assert ask in said["detail"]
    assert said["ask_for_access"] == ask
    assert problem(shown.site.other.get(path), 403, "forbidden")["ask_for_access"] == ask
    page = shown.site.anyone.get(path, Accept="text/html")
    assert page.status_code == 401
    assert ask in page.text


def test_an_embargo_is_refused_with_its_date(shown: Shown) -> None:
    path = f"{shown.path('embargoed')}/files/a.csv"
    for who in (None, "other"):
        said = problem(shown.site.as_(who).get(path), 403, "forbidden")
        assert DAY in said["detail"]
        assert said["until"] == f"{DAY}T00:00:00Z"


def test_who_holds_read_has_the_bytes_and_everybody_never_does(site: Site) -> None:
    for visibility, dates in (("restricted", {}), ("embargoed", {"until": DAY})):
        one = with_file(site, "Granted")
        grant(site, one, "GROUP", "AllUsers")
        path = f"{one.path}/files/a.csv"
        assert site.anyone.get(path).status_code == 200, "a draft for whoever has the address"
        assert publish_as(site, one, visibility, **dates).status_code == 200
        assert site.anyone.get(path).status_code in {401, 403}
        assert site.other.get(path).status_code == 403
        grant(site, one, "USER", "other")
        assert site.other.get(path).data == BYTES
        page = site.other.get(one.path, Accept="text/html").text
        assert f'href="{one.path}/access"' not in page


def test_lists_feeds_and_the_graph_know_what_everybody_may_read_about(shown: Shown) -> None:
    listed = {
        one["id"]: one for one in shown.site.anyone.get("/items?limit=100").get_json()["items"]
    }
    seen = {name for name, one in shown.of.items() if one.id in listed}
    assert seen == {"public", "restricted", "embargoed"}
    assert listed[shown.of["embargoed"].id]["visibility"] == "embargoed"
    feed = shown.site.anyone.get("/feed.atom").text
    assert {name for name, one in shown.of.items() if one.id in feed} == seen


@pytest.mark.parametrize(
    ("visibility", "concept"),
    [("public", "c_abf2"), ("restricted", "c_16ec"), ("embargoed", "c_f1cf")],
)
def test_each_form_says_who_gets_the_files(shown: Shown, visibility: str, concept: str) -> None:
    path, get = shown.path(visibility), shown.site.anyone.get
    is_open = visibility == "public"
    turtle = get(f"{path}.nt").text
    assert f"<http://purl.org/dc/terms/accessRights> <{COAR}{concept}>" in turtle
    assert (AVAILABLE in turtle) is (visibility == "embargoed")
    datacite = json.loads(get(f"{path}.datacite.json").text)
    assert f"{COAR}{concept}" in {one.get("rightsUri") for one in datacite["rightsList"]}
    assert bool(datacite.get("contentUrl")) is is_open
    schema = json.loads(get(f"{path}.schema.jsonld").text)
    assert schema["isAccessibleForFree"] is is_open
    assert f"{COAR}{concept}" in schema["conditionsOfAccess"]


def test_the_year_of_publication_is_that_in_which_the_embargo_ends(shown: Shown) -> None:
    path = shown.path("embargoed")
    said = json.loads(shown.site.anyone.get(f"{path}.datacite.json").text)
    assert str(said["publicationYear"]) == DAY[:4]
    assert {"date": f"{DAY}T00:00:00Z", "dateType": "Available"} in said["dates"]
    assert said["types"]


@pytest.mark.parametrize("visibility", Visibility)
def test_what_is_read_can_be_put_back_unchanged(shown: Shown, visibility: Visibility) -> None:
    path = shown.path(visibility.value)
    before = shown.site.owner.get(f"{path}.ttl")
    after = shown.site.owner.put(
        f"{path}?wait=0", before.data, Content_Type=TURTLE, If_Match=before.headers["ETag"]
    )
    assert after.status_code == 200, after.text
    stages = [one.headers["ETag"].partition("-")[0] for one in (before, after)]
    assert stages[0] == stages[1]


def test_the_json_of_an_item_says_its_dates(site: Site, shown: Shown) -> None:
    assert shown.site.anyone.get(f"{shown.path('embargoed')}.json").get_json()["until"] == (
        f"{DAY}T00:00:00Z"
    )
    one = site.draft("To be public")
    answer = publish_as(site, one, "shared", publish_at=f"{DAY}T12:30:00+02:00")
    assert answer.get_json()["publish_at"] == f"{DAY}T10:30:00Z"
    read = site.owner.get(f"{one.path}.json").get_json()
    assert (read["visibility"], read["publish_at"]) == ("shared", f"{DAY}T10:30:00Z")
    assert "until" not in read
    assert "publish_at" not in site.owner.get(f"{shown.path('private')}.json").get_json()


BAD: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"visibility": "embargoed"}, "until"),
    ({"visibility": "embargoed", "until": "2001-01-01"}, "until"),
    ({"visibility": "embargoed", "until": "3031-01-01"}, "until"),
    ({"visibility": "embargoed", "until": "soon"}, "until"),
    ({"visibility": "embargoed", "until": 1_900_000_000}, "until"),
    ({"visibility": "embargoed", "until": ["2031-01-01"]}, "until"),
    ({"visibility": "embargoed", "until": DAY, "publish_at": DAY}, "publish_at"),
    ({"visibility": "public", "until": DAY}, "until"),
    ({"visibility": "restricted", "publish_at": DAY}, "publish_at"),
    ({"visibility": "private", "publish_at": "2001-01-01"}, "publish_at"),
    ({"visibility": "private", "publish_at": "2031-05-17T00:00:00"}, "publish_at"),
    ({"visibility": "hidden"}, "visibility"),
)


@pytest.mark.parametrize(("body", "field"), BAD)
def test_dates_that_cannot_be_are_refused_and_change_nothing(
    site: Site, shown: Shown, body: dict[str, Any], field: str
) -> None:
    one = site.draft("Strict")
    refused = site.owner.post(f"{one.path}/publication", body, If_Match="*")
    assert problem(refused, 422, "not-acceptable")["field"] == field
    assert site.owner.get(f"{one.path}.json").get_json()["state"] == "draft"
    private = shown.path("private")
    before = shown.site.owner.get(f"{private}.json").headers["ETag"]
    changed = shown.site.owner.put(f"{private}/visibility", body, If_Match="*")
    assert problem(changed, 422, "not-acceptable")["field"] == field
    assert shown.site.owner.get(f"{private}.json").headers["ETag"] == before


@pytest.mark.parametrize(
    ("old", "body"),
    [
        ("public", {"visibility": "restricted"}),
        ("public", {"visibility": "embargoed", "until": DAY}),
        ("public", {"visibility": "private"}),
        ("restricted", {"visibility": "shared"}),
        ("embargoed", {"visibility": "restricted"}),
        ("embargoed", {"visibility": "embargoed", "until": "2031-05-18"}),
        ("embargoed", {"visibility": "private", "publish_at": DAY}),
    ],
)
def test_nothing_is_taken_back(shown: Shown, old: str, body: dict[str, str]) -> None:
    answer = shown.site.owner.put(f"{shown.path(old)}/visibility", body, If_Match="*")
    problem(answer, 409, "wrong-state")
    assert shown.site.owner.get(f"{shown.path(old)}.json").get_json()["visibility"] == old


def test_only_who_owns_it_decides_who_sees_it(shown: Shown) -> None:
    for who, status in ((None, 401), ("other", 403), ("curator", 403)):
        answer = shown.site.as_(who).put(
            f"{shown.path('embargoed')}/visibility", {"visibility": "public"}, If_Match="*"
        )
        assert answer.status_code == status


def test_an_embargo_ends_beside_an_open_draft_of_the_next_version(site: Site) -> None:
    one = with_file(site, "Two versions")
    publish_as(site, one, "embargoed", until=DAY)
    assert site.owner.post(f"{one.path}/versions", If_Match="*").status_code == 201
    body = {"visibility": "public"}
    problem(site.owner.put(f"{one.path}/visibility", body, If_Match="*"), 409, "wrong-state")
    ended = site.owner.put(f"{one.path}/v/1/visibility?wait=0", body, If_Match="*")
    assert ended.status_code == 200, ended.text
    assert site.anyone.get(f"{one.path}/v/1/files/a.csv").data == BYTES
    problem(site.anyone.get(f"{one.path}/v/2/files/a.csv"), 404, "not-found")


def test_when_an_embargo_is_over_every_surface_opens_at_once(site: Site) -> None:
    one = with_file(site, "Over")
    over(site, one)
    file = f"{one.path}/files/a.csv"
    before = site.anyone.get(one.path, Accept="text/html")
    problem(site.anyone.get(file), 403, "forbidden")
    keep_dates(site.parts, now())
    assert site.anyone.get(file).data == BYTES
    after = site.anyone.get(one.path, Accept="text/html", If_None_Match=before.headers["ETag"])
    assert after.status_code == 200
    assert "secretbytes" in after.text
    assert "embargo" not in after.text
    said = site.anyone.get(f"{one.path}.nt").text
    assert f"{COAR}c_abf2" in said
    assert AVAILABLE in said
    told = site.anyone.get(f"{one.path}/history", Accept="text/html").text
    assert "made public on its date, by itself" in told


# -- pages


@pytest.fixture(scope="module")
def owner(site: Site) -> Reader:
    return Reader(site)


def publishing(owner: Reader, one: Kept, **typed: str) -> PageForm:
    """Return the form by which a draft is published, filled in."""
    (form,) = forms_to(owner.get(one.path), f"{one.path}/do/publish")
    return form.set(typed)


def test_a_draft_is_published_under_an_embargo_by_the_form_of_its_page(
    site: Site, owner: Reader
) -> None:
    one = site.draft("By its form")
    form = publishing(owner, one, visibility="embargoed", until=DAY)
    assert owner.send(form).status_code == 303
    page = site.anyone.get(one.path, Accept="text/html").text
    assert "under embargo until 17 May 2031" in page
    assert "Ask for access" in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"visibility": "embargoed"}, "until"),
        ({"visibility": "embargoed", "until": "2001-01-01"}, "until"),
        ({"visibility": "embargoed", "until": '"><script>'}, "until"),
        ({"visibility": "private", "publish_at": "never"}, "publish-at"),
        ({"visibility": "nobody"}, "visibility"),
    ],
)
def test_an_error_stands_beside_its_field_with_what_was_typed(
    site: Site, owner: Reader, typed: dict[str, str], field: str
) -> None:
    one = site.draft("With an error")
    answer = owner.send(publishing(owner, one, **typed))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert '"><script>' not in answer.text
    (again,) = forms_to(answer, f"{one.path}/do/publish")
    for name, text in typed.items():
        assert name == "visibility" or again[name] == text
    assert site.owner.get(f"{one.path}.json").get_json()["state"] == "draft"


def test_an_embargo_is_ended_and_shortened_by_the_forms_of_its_page(
    site: Site, owner: Reader
) -> None:
    one = site.draft("Shortened")
    publish_as(site, one, "embargoed", until=DAY)
    action = f"{one.path}/v/1/do/visibility"
    _, form = forms_to(owner.get(one.path), action)
    assert (form["visibility"], form["until"]) == ("embargoed", DAY)
    assert owner.send(form.set({"until": "2031-05-16"})).status_code == 303
    assert site.anyone.get(f"{one.path}.json").get_json()["until"].startswith("2031-05-16")
    at_once, _ = forms_to(owner.get(one.path), action)
    assert at_once["visibility"] == "public"
    assert owner.send(at_once).status_code == 303
    assert site.anyone.get(f"{one.path}.json").get_json()["visibility"] == "public"
    assert "End the embargo" not in owner.get(one.path).text
    for who in (site.other, site.anyone):
        assert "do/visibility" not in who.get(one.path, Accept="text/html").text


def test_the_page_of_what_could_not_become_public_says_why(site: Site, owner: Reader) -> None:
    inner = site.private("Never public")
    one = site.draft("Blocked on its date")
    relation = f"<> <http://purl.org/dc/terms/relation> <{BASE}items/{inner.id}> .\n"
    sent = site.owner.get(f"{one.path}.ttl").data + relation.encode()
    revised = site.owner.put(one.path, sent, Content_Type=TURTLE, If_Match="*")
    assert revised.status_code == 200, revised.text
    actor = actor_of_token(site.parts, site.tokens["owner"], now=now())
    at = now() - timedelta(seconds=2)
    wanted = [Wanted(one.id, frozenset("*"))]
    began = at - timedelta(hours=1)
    publish(site.parts, actor, wanted, Visibility.PRIVATE, now=began, publish_at=at)
    keep_dates(site.parts, now())
    for page in (owner.get(one.path).text, owner.get("/me").text):
        assert "could not" in page
        assert f"The item {inner.id} that this one cites is not published." in page
    assert inner.id in site.owner.get(f"{one.path}.json").get_json()["delay"]["why"][0]
    told = owner.get(f"{one.path}/history").text
    assert "did not become public on its date" in told
    problem(site.anyone.get(f"{one.path}.json"), 404, "not-found")
