"""kill -9 of every part, in the middle of submissions: nothing acknowledged is lost, no phantom."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.killing import Person, Promise, Server, ask, query

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children end with it on Linux")

KILLS = 20
VICTIMS = ("relay", "query", "server", "relay", "query", "web", "query")
PEOPLE = 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "data", tmp_path / "log")
    found.start()
    yield found
    found.stop()


def kill_at_random(server: Server, chance: random.Random) -> list[str]:
    """Kill one part after another, and start the server again whenever it is gone."""
    killed: list[str] = []
    while len(killed) < KILLS:
        time.sleep(chance.uniform(0.1, 1.8))
        victim = VICTIMS[len(killed) % len(VICTIMS)]
        if server.kill(victim, chance):
            killed.append(victim)
        if server.has_ended:
            server.start()
    return killed


def go_on_until_enough_is_kept(people: list[Person]) -> None:
    """Let people work on after the last kill; on a slow machine few things came through before."""
    begun = time.monotonic()
    while time.monotonic() - begun < 1.0 or (
        kept_by(people) <= KILLS and time.monotonic() - begun < 60.0
    ):
        time.sleep(0.1)


def kept_by(people: list[Person]) -> int:
    """Return how many items the server acknowledged and has to have."""
    return sum(bool(promise.state) for person in people for promise in list(person.promises))


def test_twenty_kills_lose_nothing_acknowledged_and_leave_no_phantom(
    server: Server, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    stop = threading.Event()
    people = [
        Person(number, server, tmp_path / f"journal-{number}", stop, seed + number)
        for number in range(PEOPLE)
    ]
    for person in people:
        person.start()
    try:
        killed = kill_at_random(server, random.Random(seed))
        go_on_until_enough_is_kept(people)
    finally:
        stop.set()
        for person in people:
            person.join(60)
    assert {"relay", "query", "server", "web"} == set(killed)
    settle(server)
    promises = [promise for person in people for promise in person.promises]
    assert [surprise for person in people for surprise in person.surprises] == []
    answered, unanswered = (sum(getattr(p, n) for p in people) for n in ("answered", "unanswered"))
    kept = kept_by(people)
    print(f"{answered} answers, {unanswered} requests without one, {kept} items, {killed}")
    assert unanswered > 0, "no kill met anybody at work"
    assert kept > KILLS
    check_kept(server, promises)
    check_no_phantom(server, promises)
    assert examined(server)["healthy"]
    server.stop()
    assert examined(server)["healthy"]


def settle(server: Server) -> None:
    """Wait until the relay has nothing left to do."""
    if server.has_ended:
        server.start()
    server.wait_until_ready()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = ask(server.port, "GET", "/health/ready")
        if answer and answer.status == 200 and answer.said["outbox"]["pending"] == 0:
            return
        time.sleep(0.1)
    raise AssertionError("the outbox does not drain")


def get(server: Server, path: str, **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/json"} | headers
    answer = ask(server.port, "GET", path, **headers)
    assert answer is not None
    return answer


def check_kept(server: Server, promises: list[Promise]) -> None:
    """Everything that was acknowledged is there, as it was acknowledged or as asked for since."""
    for promise in promises:
        if promise.id is None:
            continue
        answer = get(server, f"/items/{promise.id}")
        if answer.status == 410:
            assert "withdrawn" in promise.states, promise
            continue
        assert answer.status == 200, (answer, promise)
        assert answer.said["title"] in promise.titles, (answer.said["title"], promise)
        assert answer.said["state"] in promise.states, (answer.said["state"], promise)
        kept = {file["name"]: file["sha256"] for file in answer.said["files"]}
        assert kept.items() >= promise.files.items(), (kept, promise)


def check_no_phantom(server: Server, promises: list[Promise]) -> None:
    """Whatever is listed was asked for, once; and the graph shows what is listed as published."""
    listed = list(every_item(server))
    first_titles = [line["title"].partition(" as of ")[0] for line in listed]
    assert len(set(first_titles)) == len(first_titles), "something was kept twice"
    assert set(first_titles) <= {promise.first_title for promise in promises}
    answer = query(
        server.port,
        "SELECT ?title { GRAPH ?item { ?item <http://purl.org/dc/terms/title> ?title ;"
        " a <https://w3id.org/sage/ns#TrainingDataset> } }",
    )
    assert answer is not None
    seen = sorted(row["title"]["value"] for row in answer.said["results"]["bindings"])
    assert seen == sorted(line["title"] for line in listed if line["state"] == "published")


def every_item(server: Server) -> Iterator[dict[str, Any]]:
    """Go through everything that the administrator finds in lists."""
    cursor = ""
    while True:
        page = get(server, f"/items?limit=100{cursor}").said
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = f"&cursor={page['next']}"


def examined(server: Server) -> Any:
    """Return what doctor says; every byte is read."""
    command = [sys.executable, "-m", "catalog.cli", "doctor", "--deep", "--json"]
    done = subprocess.run(
        [*command, "--data", str(server.data)], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    assert (done.returncode == 0) == found["healthy"]
    if not found["healthy"]:
        print(done.stdout, done.stderr)
    return found
