"""Requests at the same moment: one wins, the others hear that it did, and nothing is mixed."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from werkzeug.test import TestResponse

from catalog.services.garbage import clear_garbage
from tests.api.sites import TURTLE, Site
from tests.catalogs import description, now


def at_once(number: int, send: Callable[[int], TestResponse]) -> list[TestResponse]:
    """Send `number` requests at the same moment."""
    answers: list[TestResponse] = []
    begin = threading.Barrier(number)

    def run(place: int) -> None:
        begin.wait()
        answers.append(send(place))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def statuses(answers: list[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_of_many_revisions_of_one_state_one_is_kept(site: Site) -> None:
    one = site.draft("Contested")
    answers = at_once(
        6,
        lambda place: site.owner.put(
            one.path, description(f"By {place}"), Content_Type=TURTLE, If_Match=one.etag
        ),
    )
    assert statuses(answers) == {200: 1, 412: 5}
    winner = next(answer for answer in answers if answer.status_code == 200)
    read = site.owner.get(f"{one.path}.json").get_json()
    assert (read["title"], read["revision"]) == (winner.get_json()["title"], 2)


def test_of_many_publications_one_is_done(site: Site) -> None:
    one = site.draft("Published once")
    answers = at_once(4, lambda _: site.owner.post(f"{one.path}/publication?wait=0", If_Match="*"))
    assert statuses(answers)[200] == 1
    assert set(statuses(answers)) <= {200, 409, 412}
    assert site.owner.get(one.path).headers["ETag"].startswith('"1.1.0.1-')


def test_of_many_uploads_under_one_name_one_is_left_whole(site: Site) -> None:
    clear_garbage(site.parts, now() + timedelta(days=8))
    before = len(site.inventory()["objects"])
    one = site.draft("One name")
    answers = at_once(
        6,
        lambda place: site.owner.put(f"{one.path}/files/a", bytes([place]) * 100_000),
    )
    assert set(statuses(answers)) <= {200, 201, 503}
    assert statuses(answers)[201] == 1
    content = site.owner.get(f"{one.path}/files/a").data
    assert len(set(content)) == 1
    assert len(content) == 100_000
    clear_garbage(site.parts, now() + timedelta(days=8))
    assert len(site.inventory()["objects"]) == before + 1


def test_uploads_under_many_names_are_all_counted(site: Site) -> None:
    one = site.draft("Many names")
    answers = at_once(6, lambda place: site.owner.put(f"{one.path}/files/{place}", b"x"))
    kept = statuses(answers)[201]
    assert set(statuses(answers)) <= {201, 503}
    said = site.owner.get(f"{one.path}.json")
    assert said.get_json()["files_total"] == kept
    assert said.headers["ETag"].startswith(f'"1.1.{kept}.0-')


def test_an_upload_to_what_is_published_meanwhile_is_in_it_or_refused(site: Site) -> None:
    one = site.draft("Race")

    def send(place: int) -> TestResponse:
        if place == 0:
            return site.owner.post(f"{one.path}/publication?wait=0", If_Match="*")
        return site.owner.put(f"{one.path}/files/{place}", b"x" * 10)

    answers = at_once(4, send)
    assert set(statuses(answers)) <= {200, 201, 409, 412, 503}
    said = site.owner.get(f"{one.path}.json").get_json()
    assert said["files_total"] == statuses(answers)[201]
