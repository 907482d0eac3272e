"""Faults on demand: each does what it is named for, to the requests it is meant for."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from catalog.sandbox import Running
from tests.sandbox.conftest import PUBLISHED, Asker


@pytest.fixture(autouse=True)
def no_faults_left(registrar: Running) -> Iterator[None]:
    """Leave no faults to the next test."""
    yield
    registrar.admin.clear_faults()


def last(registrar: Running) -> dict[str, Any]:
    """Return the newest entry of the journal."""
    return registrar.admin.journal()[-1]


@pytest.mark.parametrize("status", [401, 422, 429, 500, 502, 503])
def test_a_status_is_answered_and_nothing_done(sage: Asker, doi: str, status: int) -> None:
    sage.registrar.admin.set_faults({"kind": str(status), "retry_after": 7})
    answer = sage.put(doi)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert sage.get(f"dois/{doi}").status_code == 404


def test_a_proxy_that_fails_answers_no_json(sage: Asker, doi: str) -> None:
    answer = sage.ask("GET", f"dois/{doi}", headers={"X-Sandbox-Fault": "502"})
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_500_after_the_commit_tells_the_contrary_of_what_happened(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults({"kind": "mint-then-500"})
    assert sage.put(doi).status_code == 500
    assert (last(sage.registrar)["status"], last(sage.registrar)["answered"]) == (201, 500)
    assert sage.seen(doi)["state"] == "findable"


def test_a_dropped_connection_before_the_commit_leaves_nothing(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults({"kind": "drop-before-commit"})
    with pytest.raises(requests.ConnectionError):
        sage.put(doi)
    assert (last(sage.registrar)["status"], last(sage.registrar)["answered"]) == (None, None)
    assert sage.get(f"dois/{doi}").status_code == 404


def test_a_dropped_connection_after_the_commit_leaves_a_doi(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults({"kind": "drop-after-commit"})
    with pytest.raises(requests.ConnectionError):
        sage.put(doi)
    assert (last(sage.registrar)["status"], last(sage.registrar)["answered"]) == (201, None)
    assert sage.put(doi).status_code == 200


def test_a_registrar_that_hangs_has_minted(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults({"kind": "mint-then-hang", "seconds": 5})
    with pytest.raises(requests.ReadTimeout):
        sage.ask("PUT", f"dois/{doi}", PUBLISHED, timeout=0.3)
    assert sage.seen(doi)["state"] == "findable"


def test_half_an_answer_is_no_json(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults({"kind": "truncated-json"})
    with pytest.raises(requests.RequestException):
        sage.put(doi)
    assert sage.seen(doi)["state"] == "findable"


@pytest.mark.parametrize("kind", ["latency", "slow-body"])
def test_slowness_takes_its_time_and_does_no_harm(sage: Asker, doi: str, kind: str) -> None:
    sage.put(doi)
    sage.registrar.admin.set_faults({"kind": kind, "seconds": 0.3})
    began = time.monotonic()
    assert sage.seen(doi)["doi"] == doi
    assert time.monotonic() - began >= 0.28


def test_a_slow_body_begins_at_once(sage: Asker, doi: str) -> None:
    sage.put(doi)
    headers = {"X-Sandbox-Fault": "slow-body; seconds=0.5"}
    with sage.get(f"dois/{doi}", headers=headers, stream=True) as answer:
        assert answer.elapsed.total_seconds() < 0.4


def test_a_fault_is_spent_after_as_many_requests_as_said(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults({"kind": "503", "times": 2})
    assert [sage.put(doi).status_code for _ in range(3)] == [503, 503, 201]
    assert sage.registrar.admin.faults()[0]["happened"] == 2


def test_a_fault_meets_only_what_fits_its_method_and_path(sage: Asker, doi: str) -> None:
    sage.registrar.admin.set_faults(
        {"kind": "500", "times": 0, "method": "PUT", "path": f"/dois/{doi}*"}
    )
    assert sage.get("dois").status_code == 200
    assert sage.put("10.5072/untouched").status_code in (200, 201)
    assert sage.put(f"{doi}.v1").status_code == 500


def test_chance_is_the_same_for_the_same_seed(sage: Asker) -> None:
    def met(seed: int) -> list[int]:
        fault = {"kind": "500", "times": 0, "probability": 0.5, "seed": seed}
        sage.registrar.admin.set_faults(fault)
        return [sage.get("heartbeat").status_code for _ in range(12)]

    first = met(1)
    assert first == met(1)
    assert first != met(2)
    assert set(first) == {200, 500}


def test_faults_of_chance_in_turn_make_a_bad_day(sage: Asker) -> None:
    kinds = ("500", "429", "503")
    sage.registrar.admin.set_faults(
        *({"kind": kind, "times": 0, "probability": 0.3, "seed": 5} for kind in kinds)
    )
    seen = {sage.get("heartbeat").status_code for _ in range(40)}
    assert seen <= {200, 429, 500, 503}
    assert {200, 500} <= seen


def test_a_header_makes_one_request_fail(sage: Asker, doi: str) -> None:
    answer = sage.put(doi).status_code, sage.get(f"dois/{doi}", headers={"X-Sandbox-Fault": "429"})
    assert (answer[0], answer[1].status_code) == (201, 429)
    assert sage.get(f"dois/{doi}").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        [{"kind": "earthquake"}],
        [{}],
        ["500"],
        {"kind": "500"},
        [{"kind": "latency", "seconds": -1}],
        [{"kind": "latency", "seconds": "long"}],
        [{"kind": "500", "probability": 2}],
        [{"kind": "500", "often": True}],
    ],
)
def test_a_fault_that_is_none_is_refused_in_a_sentence(sage: Asker, wrong: Any) -> None:
    answer = sage.ask("PUT", "sandbox/faults", json=wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["title"].endswith(".")


def test_a_header_that_names_no_fault_is_refused(sage: Asker) -> None:
    assert sage.get("heartbeat", headers={"X-Sandbox-Fault": "flood"}).status_code == 400


def test_the_journal_has_who_asked_what_and_was_told_what(sage: Asker, doi: str) -> None:
    since = last(sage.registrar)["id"] if sage.registrar.admin.journal() else 0
    sage.put(doi, {"event": "register"})
    sage.get(f"dois/{doi}?detail=true", auth=None)
    assert [
        (one["method"], one["path"], one["repository"], one["status"], one["attributes"])
        for one in sage.registrar.admin.journal(since)
    ] == [
        ("PUT", f"/dois/{doi}", "sage.sandbox", 422, {"event": "register"}),
        ("GET", f"/dois/{doi}?detail=true", None, 404, None),
    ]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_callers_from_elsewhere_do_not_reach_the_faults(sage: Asker, name: str) -> None:
    for path in ("faults", "journal", "dois"):
        assert sage.get(f"sandbox/{path}", headers={name: "192.0.2.7"}).status_code == 404


def test_the_journal_can_begin_anew(registrar: Running, sage: Asker) -> None:
    sage.get("heartbeat")
    registrar.admin.clear_journal()
    assert registrar.admin.journal() == []


def test_every_doi_is_listed_for_the_operator(sage: Asker, doi: str) -> None:
    sage.put(doi, event=None)
    found = [one for one in sage.registrar.admin.dois() if one["doi"] == doi]
    assert found == [
        {"doi": doi, "state": "draft", "repository": "sage.sandbox", "version": 1}
        | {"url": PUBLISHED["url"]}
    ]
