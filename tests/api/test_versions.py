"""More than one version of an item: which is shown, which tombstone is seen, what is hidden."""

import pytest

from catalog.domain.lifecycle import Visibility
from catalog.tables import Version
from tests.api.sites import TURTLE, Kept, Site, kept, problem
from tests.catalogs import description


def begin_second(site: Site, one: Kept, title: str) -> Kept:
    """Begin version 2 of an item as a draft with another title."""
    begun = kept(site.owner.post(f"{one.path}/versions", If_Match="*"))
    sent = description(title)
    return kept(site.owner.put(one.path, sent, Content_Type=TURTLE, If_Match=begun.etag))


def title_at(site: Site, who: str | None, path: str) -> str | int:
    answer = site.as_(who).get(f"{path}.json")
    if answer.status_code != 200:
        return answer.status_code
    title: str = answer.get_json()["title"]
    return title


def test_an_open_draft_of_the_next_version_is_its_owners_alone(site: Site) -> None:
    one = site.published("Version one")
    begin_second(site, one, "Secret second")
    assert title_at(site, None, one.path) == "Version one"
    assert title_at(site, "owner", one.path) == "Secret second"
    assert title_at(site, None, f"{one.path}/v/2") == 404
    assert title_at(site, "owner", f"{one.path}/v/1") == "Version one"
    page = site.anyone.get(one.path, Accept="text/html").text
    assert "Secret second" not in page
    assert "/v/2" not in page
    mine = site.owner.get("/items?limit=100&state=published").get_json()["items"]
    assert "Version one" in {line["title"] for line in mine}


def test_with_the_item_an_open_draft_is_closed_and_stays_unknown(site: Site) -> None:
    one = site.published("Goes with its draft")
    begin_second(site, one, "Unseen draft")
    site.withdraw(one)
    assert problem(site.anyone.get(f"{one.path}.json"), 410, "withdrawn")["version"] == 1
    hidden = site.anyone.get(f"{one.path}/v/2.json")
    problem(hidden, 404, "not-found")
    page = site.anyone.get(one.path, Accept="text/html")
    assert page.status_code == 410
    assert "Unseen draft" not in page.text
    problem(site.owner.get(f"{one.path}/v/2.json"), 410, "withdrawn")


def test_when_one_version_is_withdrawn_the_newest_left_is_shown(site: Site) -> None:
    one = site.published("Left over")
    second = begin_second(site, one, "Taken back")
    done = site.owner.post(f"{one.path}/publication?wait=0", If_Match=second.etag)
    assert done.status_code == 200, done.text
    assert title_at(site, None, one.path) == "Taken back"
    gone = site.owner.post(f"{one.path}/v/2/withdrawal?wait=5", {"reason": "error"}, If_Match="*")
    assert gone.status_code == 200
    assert title_at(site, None, one.path) == "Left over"
    assert title_at(site, None, f"{one.path}/v/2") == 410
    assert one.id in {
        line["id"] for line in site.anyone.get("/items?limit=100").get_json()["items"]
    }
    rows = site.select(
        f"SELECT ?t {{ GRAPH <{one.said['iri']}> {{ ?s <http://purl.org/dc/terms/title> ?t }} }}"
    )
    assert {row["t"] for row in rows} == {"Left over"}
    site.withdraw(one)
    assert title_at(site, None, one.path) == 410


@pytest.mark.parametrize("visibility", [Visibility.RESTRICTED, Visibility.EMBARGOED])
def test_bytes_of_what_is_restricted_or_embargoed_are_closed(
    site: Site, visibility: Visibility
) -> None:
    one = site.with_file("a.bin", b"closed bytes")
    assert site.owner.post(f"{one.path}/publication?wait=0", If_Match="*").status_code == 200
    with site.parts.database.writing() as session:
        session.get_one(Version, (one.id, 1)).visibility = visibility.value
    assert site.anyone.get(one.path).status_code == 200
    assert site.anyone.get(f"{one.path}/files").status_code == 200, "names are metadata"
    for path in (f"{one.path}/files/a.bin", f"{one.path}/v/1/files/a.bin"):
        problem(site.anyone.get(path), 401, "unauthenticated")
        problem(site.other.get(path), 403, "forbidden")
        assert site.owner.get(path).status_code == 200
