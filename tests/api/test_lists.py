"""Lists of items: who finds what, in which order, page by page; and requests that are repeated."""

import threading
from datetime import timedelta

import pytest

from catalog.services import once as remembering
from tests.api.sites import BASE, TURTLE, Site, problem
from tests.catalogs import description

LINE = {
    "id", "iri", "title", "type", "state", "visibility", "version", "doi", "owner", "modified",
}  # fmt: skip


def ids(site: Site, who: str | None, query: str = "") -> list[str]:
    answer = site.as_(who).get(f"/items?limit=100{query}")
    assert answer.status_code == 200, answer.text
    return [line["id"] for line in answer.get_json()["items"]]


def test_a_list_has_lines_a_total_and_the_next_page(empty: Site) -> None:
    kept = [empty.published(f"Number {number}") for number in range(5)]
    newest_first = [one.id for one in reversed(kept)]
    found: list[str] = []
    cursor = ""
    sizes = []
    while True:
        page = empty.anyone.get(f"/items?limit=2{cursor}").get_json()
        assert page.keys() == {"items", "total", "next"}
        assert page["total"] == 5
        sizes.append(len(page["items"]))
        found += [line["id"] for line in page["items"]]
        assert all(line.keys() == LINE for line in page["items"])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == newest_first
    assert sizes == [2, 2, 1]
    first = empty.anyone.get("/items?limit=1").get_json()["items"][0]
    assert first["iri"] == f"{BASE}items/{first['id']}"
    assert (first["type"], first["state"], first["owner"]) == (
        "training-data", "published", "owner"
    )  # fmt: skip


def test_a_page_that_was_begun_goes_on_where_it_was_although_items_change(empty: Site) -> None:
    kept = [empty.published(f"Number {number}") for number in range(4)]
    page = empty.anyone.get("/items?limit=2").get_json()
    empty.owner.put(
        f"{kept[3].path}?wait=0", description("Changed"), Content_Type=TURTLE, If_Match="*"
    )
    rest = empty.anyone.get(f"/items?limit=2&cursor={page['next']}").get_json()
    assert [line["id"] for line in rest["items"]] == [kept[1].id, kept[0].id]


def test_items_that_changed_at_the_same_moment_are_all_listed_once(empty: Site) -> None:
    first, *others = [empty.draft(f"Together {number}") for number in range(4)]
    body = {"with": [{"id": one.id, "etag": one.etag} for one in others]}
    done = empty.owner.post(f"{first.path}/publication?wait=0", body, If_Match=first.etag)
    assert done.status_code == 200, done.text
    found: list[str] = []
    cursor = ""
    for _ in range(4):
        page = empty.anyone.get(f"/items?limit=1{cursor}").get_json()
        found += [line["id"] for line in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert page["next"] is None
    assert sorted(found) == sorted(one.id for one in (first, *others))


def test_each_finds_what_is_theirs_to_find(empty: Site) -> None:
    draft, public, private = empty.draft(), empty.published(), empty.private()
    empty.withdrawn()
    empty.deleted()
    for who in (None, "other", "curator"):
        assert ids(empty, who) == [public.id]
    for who in ("owner", "admin"):
        assert set(ids(empty, who)) == {draft.id, public.id, private.id}
    assert ids(empty, "owner", "&state=draft") == [draft.id]
    assert ids(empty, None, "&state=draft") == []
    assert set(ids(empty, "owner", "&state=published")) == {public.id, private.id}
    assert ids(empty, None, "&owner=owner") == [public.id]
    assert ids(empty, None, "&owner=other") == []
    assert ids(empty, None, "&owner=nobody%27--") == []


def test_lists_are_narrowed_by_type(empty: Site) -> None:
    data = empty.published("Data")
    other = description("Labels").replace(b"sage:TrainingDataset", b"sage:LabelSet")
    labels = empty.owner.post("/items?wait=0", other, Content_Type=TURTLE).get_json()["id"]
    assert ids(empty, "owner", "&type=training-data") == [data.id]
    assert ids(empty, "owner", "&type=label-set") == [labels]
    assert empty.owner.get("/items?type=label-set").get_json()["total"] == 1
    assert ids(empty, None, "&type=label-set") == []
    page = empty.owner.get("/items?type=label-set", Accept="text/html")
    assert "Labels" in page.text
    assert ">Data<" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=-1", "limit=two", "limit=1.5", "limit=1e1", "limit=%D9%A1",
        "limit=" + "9" * 20, "limit=" + "9" * 5_000, "limit=000000001" + "9" * 30, "limit=%2B5",
        "cursor=x", "cursor=%00", "cursor=***", "cursor=" + "A" * 600, "cursor=MjAyNi0wMS0wMXx4",
        "cursor=OTk5OTktMDEtMDF8MDAwMDAwMDAwMA", "type=nothing", "state=gone", "owner=" + "x" * 300,
        "q=clouds", "page=2", "limit=5&lmit=6", "type=%00", "sort=title",
    ],
)  # fmt: skip
def test_a_parameter_that_means_nothing_is_refused(empty: Site, query: str) -> None:
    problem(empty.anyone.get(f"/items?{query}"), 400, "unreadable")


def test_the_same_key_gives_the_same_item(site: Site) -> None:
    once = {"Idempotency_Key": "a key", "Content_Type": TURTLE}
    first = site.owner.post("/items", description("Once"), **once)
    again = site.owner.post("/items", description("Once"), **once)
    assert first.status_code == again.status_code == 201
    assert first.get_json()["id"] == again.get_json()["id"]
    assert first.headers["Location"] == again.headers["Location"]
    other = site.owner.post("/items", description("Another"), **once)
    problem(other, 422, "not-acceptable")
    stranger = site.other.post("/items", description("Once"), **once)
    assert stranger.get_json()["id"] != first.get_json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(site: Site, key: str) -> None:
    sent = site.owner.post(
        "/items", description("Odd key"), Content_Type=TURTLE, Idempotency_Key=key
    )
    problem(sent, 400, "unreadable")


def test_a_key_is_forgotten_after_a_day(empty: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    once = {"Idempotency_Key": "day", "Content_Type": TURTLE}
    first = empty.owner.post("/items", description("Day one"), **once)
    monkeypatch.setattr(remembering, "_KEPT", timedelta(0))
    second = empty.owner.post("/items", description("Day two"), **once)
    assert second.status_code == 201
    assert first.get_json()["id"] != second.get_json()["id"]
    assert empty.inventory()["once"] == 1


def test_the_same_request_sent_many_times_at_once_makes_one_item(empty: Site) -> None:
    found: list[str] = []
    begin = threading.Barrier(4)

    def send() -> None:
        caller = empty.owner
        begin.wait()
        answer = caller.post(
            "/items", description("Hurry"), Content_Type=TURTLE, Idempotency_Key="hurry"
        )
        found.append(answer.get_json()["id"])

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert empty.inventory()["item"] == 1


def test_a_key_with_a_chosen_id_is_answered_alike(empty: Site) -> None:
    once = {"Idempotency_Key": "chosen", "Content_Type": TURTLE}
    answers = [
        empty.admin.post("/items?id=0000000000", description("Chosen"), **once) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    again = empty.admin.post(
        "/items?id=0000000000", description("Chosen"), Content_Type=TURTLE, Idempotency_Key="other"
    )
    problem(again, 409, "taken")


def test_a_key_whose_item_was_deleted_or_withdrawn(empty: Site) -> None:
    once = {"Idempotency_Key": "gone", "Content_Type": TURTLE}
    first = empty.owner.post("/items", description("Gone"), **once).get_json()["id"]
    assert empty.owner.delete(f"/items/{first}", If_Match="*").status_code == 204
    second = empty.owner.post("/items", description("Gone"), **once)
    assert second.status_code == 201
    assert second.get_json()["id"] != first
    path = f"/items/{second.get_json()['id']}"
    empty.owner.post(f"{path}/publication?wait=0", If_Match="*")
    empty.owner.post(f"{path}/withdrawal?wait=0", {"reason": "x"}, If_Match="*")
    problem(empty.owner.post("/items", description("Gone"), **once), 410, "withdrawn")
