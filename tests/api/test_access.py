"""Closed files are asked for, an owner decides, and nobody else learns of it."""

import re
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from catalog.client import Client, Refused
from catalog.domain.permissions import Role, Scope
from catalog.services.accounts import create_token
from catalog.services.ask_for_access import MOST_A_MONTH
from catalog.services.end_access import write_ends_of_access
from catalog.tables import AccessRequest, Event, Permission
from tests.api.sites import BASE, Caller, Kept, Site, problem
from tests.catalogs import now

PURPOSE = "To train a detector of smoke plumes at our university."
TERMS = "Use it for science.\nDo not pass it on."
BYTES = b"closed bytes"


def restricted(
    site: Site, title: str = "Closed", *, agreement: str = "", has_file: bool = False
) -> Kept:
    """Publish an item whose files are closed."""
    one = site.with_file("a.bin", BYTES, title=title) if has_file else site.draft(title)
    if agreement:
        set_terms(site, one, agreement)
    said = {"visibility": "restricted"}
    answer = site.owner.post(f"{one.path}/publication?wait=0", said, If_Match="*")
    assert answer.status_code == 200, answer.text
    return one


def set_terms(site: Site, one: Kept, text: str, **more: Any) -> TestResponse:
    answer = site.owner.put(f"{one.path}/agreement", {"text": text, **more}, If_Match="*")
    assert answer.status_code == 200, answer.text
    return answer


def member(site: Site, name: str) -> Caller:
    """Return a member of that name who was never here before."""
    return Caller(site.app, create_token(site.parts, name, Role.MEMBER, now=now()))


def asked(who: Caller, one: Kept, accepted: int | None = None, **more: str) -> TestResponse:
    said = {"purpose": PURPOSE, "accepted_agreement": accepted}
    return who.post(f"{one.path}/access-requests", said, **more)


def request_by(who: Caller, one: Kept, accepted: int | None = None) -> Mapping[str, Any]:
    answer = asked(who, one, accepted)
    assert answer.status_code == 201, answer.text
    said: Mapping[str, Any] = answer.get_json()
    return said


def decided(who: Caller, request: Mapping[str, Any], decision: str, **more: Any) -> TestResponse:
    return who.post(f"{path_of(request)}/decision", {"decision": decision, **more})


def path_of(request: Mapping[str, Any]) -> str:
    return str(request["href"]).removeprefix(BASE.rstrip("/"))


def give(site: Site, one: Kept, name: str, *rights: str) -> None:
    with site.parts.database.writing() as session:
        for right in rights:
            session.add(
                Permission(item_id=one.id, grantee_type="USER", grantee=name, permission=right)
            )


def status_of_file(who: Caller, one: Kept) -> int:
    return who.get(f"{one.path}/files/a.bin").status_code


@pytest.fixture(scope="module")
def closed(site: Site) -> Kept:
    return restricted(site, has_file=True)


@pytest.fixture(scope="module")
def agreed(site: Site) -> Kept:
    return restricted(site, "Under an agreement", agreement=TERMS)


# -- from asking to the end


def test_who_is_granted_access_reads_the_file_until_it_is_ended(site: Site, closed: Kept) -> None:
    ana = member(site, "ana-1")
    assert status_of_file(ana, closed) == 403
    request = request_by(ana, closed)
    assert (request["state"], request["by"], request["purpose"]) == ("open", "ana-1", PURPOSE)
    granted = decided(site.owner, request, "grant", reason="Welcome.", days=30).get_json()
    assert (granted["state"], granted["decision"]["by"]) == ("granted", "owner")
    assert granted["decision"]["reason"] == "Welcome."
    assert ana.get(f"{closed.path}/files/a.bin").data == BYTES
    ended = site.owner.post(f"{path_of(request)}/end", {"reason": "The project is over."})
    assert (ended.get_json()["state"], ended.get_json()["ending"]) == ("ended", "revoked")
    assert status_of_file(ana, closed) == 403
    assert ana.get(path_of(request)).get_json()["end_reason"] == "The project is over."


def test_asking_answers_with_where_the_request_is(site: Site, closed: Kept) -> None:
    answer = asked(member(site, "ana-2"), closed)
    said = answer.get_json()
    assert answer.headers["Location"] == said["href"]
    assert said["href"] == f"{BASE}items/{closed.id}/access-requests/{said['id']}"


def test_a_refusal_needs_a_reason_and_who_asked_reads_it(site: Site, closed: Kept) -> None:
    ana = member(site, "ana-3")
    request = request_by(ana, closed)
    said = problem(decided(site.owner, request, "refuse"), 422, "not-acceptable")
    assert said["field"] == "reason"
    assert ana.get(path_of(request)).get_json()["state"] == "open"
    decided(site.owner, request, "refuse", reason="Say where it will be used.")
    told = ana.get(path_of(request)).get_json()
    assert (told["state"], told["decision"]["reason"]) == ("refused", "Say where it will be used.")
    assert status_of_file(ana, closed) == 403


def test_who_asked_takes_it_back_and_the_owner_cannot(site: Site, closed: Kept) -> None:
    ana = member(site, "ana-4")
    request = request_by(ana, closed)
    problem(site.owner.delete(path_of(request)), 403, "forbidden")
    problem(member(site, "eve-4").delete(path_of(request)), 404, "not-found")
    assert ana.delete(path_of(request)).get_json()["state"] == "withdrawn"
    problem(ana.delete(path_of(request)), 409, "wrong-state")
    problem(decided(site.owner, request, "grant"), 409, "wrong-state")


def test_one_request_at_a_time_and_few_a_month(site: Site, closed: Kept) -> None:
    ana = member(site, "ana-5")
    for _ in range(MOST_A_MONTH):
        request = request_by(ana, closed)
        assert problem(asked(ana, closed), 409, "taken")["request"] == request["id"]
        ana.delete(path_of(request))
    refused = asked(ana, closed)
    problem(refused, 429, "too-many")
    assert int(refused.headers["Retry-After"]) > 29 * 86_400


def test_the_same_key_asks_once(site: Site, closed: Kept) -> None:
    ana = member(site, "ana-6")
    first, second = (asked(ana, closed, Idempotency_Key="once") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json()["id"] == second.get_json()["id"]
    other = {"purpose": PURPOSE + " And more.", "accepted_agreement": None}
    answer = ana.post(f"{closed.path}/access-requests", other, Idempotency_Key="once")
    problem(answer, 422, "not-acceptable")


def test_of_two_decisions_at_once_the_second_is_told_of_the_first(site: Site, closed: Kept) -> None:
    request = request_by(member(site, "ana-7"), closed)
    answers: list[int] = []
    gate = threading.Barrier(2)

    def decide(decision: str) -> None:
        gate.wait()
        answers.append(decided(site.owner, request, decision, reason="So be it.").status_code)

    threads = [threading.Thread(target=decide, args=(one,)) for one in ("grant", "refuse")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]
    state = site.owner.get(path_of(request)).get_json()["state"]
    with site.parts.database.reading() as session:
        grants = select(Permission).where(Permission.grantee == "ana-7")
        assert len(session.scalars(grants).all()) == (state == "granted")


def test_of_two_requests_at_once_one_is_kept(site: Site, closed: Kept) -> None:
    ana = member(site, "ana-8")
    answers: list[int] = []
    gate = threading.Barrier(2)

    def ask() -> None:
        gate.wait()
        answers.append(asked(ana, closed).status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409]


# -- the agreement


def test_the_agreement_in_force_has_to_be_accepted_by_its_number(site: Site, agreed: Kept) -> None:
    ana = member(site, "ana-10")
    assert problem(asked(ana, agreed), 422, "not-acceptable")["agreement"] == 1
    assert problem(asked(ana, agreed, 7), 409, "wrong-state")["agreement"] == 1
    accepted = request_by(ana, agreed, 1)["accepted_agreement"]
    terms = site.anyone.get(f"{agreed.path}/agreement").get_json()
    assert (accepted["version"], accepted["sha256"]) == (1, terms["sha256"])


def test_without_an_agreement_none_can_be_accepted(site: Site, closed: Kept) -> None:
    problem(asked(member(site, "ana-11"), closed, 1), 409, "wrong-state")


def test_a_version_stays_as_it_was_accepted_and_access_goes_on_under_it(site: Site) -> None:
    one = restricted(site, "Changing terms", agreement=TERMS, has_file=True)
    ana = member(site, "ana-12")
    request = request_by(ana, one, 1)
    decided(site.owner, request, "grant")
    second = set_terms(site, one, "Cite us.", days=90)
    assert (second.get_json()["version"], second.get_json()["days"]) == (2, 90)
    assert status_of_file(ana, one) == 200
    first = site.anyone.get(f"{one.path}/agreement/1").get_json()
    assert (first["text"], first["in_force"]) == (TERMS, 2)
    assert first["ended"]
    told = ana.get(path_of(request)).get_json()["accepted_agreement"]
    assert (told["version"], told["sha256"]) == (1, first["sha256"])
    page = site.owner.get(f"{one.path}/access-requests", Accept="text/html").text
    assert "Version 2 of the agreement is in force now; this goes by version 1" in page


def test_access_lasts_no_longer_than_the_agreement_says(site: Site) -> None:
    one = restricted(site, "For ninety days")
    set_terms(site, one, TERMS, days=90)
    request = request_by(member(site, "ana-13"), one, 1)
    said = problem(decided(site.owner, request, "grant", days=91), 422, "not-acceptable")
    assert said["field"] == "days"
    granted = decided(site.owner, request, "grant").get_json()
    assert granted["until"][:10] == f"{now() + timedelta(days=90):%Y-%m-%d}"


def test_an_agreement_is_changed_by_who_read_it_and_may_share_the_item(site: Site) -> None:
    one = restricted(site, "Whose terms")
    path, said = f"{one.path}/agreement", {"text": TERMS}
    none = site.owner.get(path)
    assert none.get_json()["version"] is None
    problem(site.owner.put(path, said), 428, "precondition-missing")
    problem(site.other.put(path, said, If_Match="*"), 403, "forbidden")
    problem(site.curator.put(path, said, If_Match="*"), 403, "forbidden")
    problem(site.anyone.put(path, said, If_Match="*"), 401, "unauthenticated")
    first = site.owner.put(path, said, If_Match=none.headers["ETag"])
    assert (first.status_code, first.get_json()["version"]) == (200, 1)
    problem(site.owner.put(path, said, If_Match=none.headers["ETag"]), 412, "moved-on")
    again = site.owner.put(path, said, If_Match=first.headers["ETag"])
    assert again.get_json()["version"] == 1
    gone = site.owner.delete(path, If_Match=first.headers["ETag"])
    assert (gone.get_json()["version"], gone.get_json()["versions"]) == (None, 1)
    problem(site.owner.delete(path, If_Match="*"), 409, "wrong-state")
    assert site.anyone.get(f"{path}/1").get_json()["text"] == TERMS
    assert request_by(member(site, "ana-14"), one)["accepted_agreement"] is None
    assert set_terms(site, one, "Anew.").get_json()["version"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "A bell \x07."}, "text"),
        ({"text": TERMS, "days": 0}, "days"),
        ({"text": TERMS, "days": 3_651}, "days"),
    ],
)
def test_what_is_no_agreement_is_told_by_its_field(
    site: Site, closed: Kept, body: dict[str, Any], field: str
) -> None:
    answer = site.owner.put(f"{closed.path}/agreement", body, If_Match="*")
    assert problem(answer, 422, "not-acceptable")["field"] == field
    assert site.owner.get(f"{closed.path}/agreement").get_json()["versions"] == 0


def test_a_long_agreement_in_any_script_is_taken_whole(site: Site) -> None:
    one, text = site.draft("Long terms"), "\U0001d4d0" * 20_000
    assert set_terms(site, one, text).get_json()["text"] == text


# -- who may ask for what


@pytest.mark.parametrize(
    ("purpose", "accepted"),
    [("short", None), (" " * 40, None), ("x" * 4_001, None), ("No \x00 bytes." * 3, None)],
)
def test_what_is_no_purpose_is_refused_and_nothing_is_kept(
    site: Site, closed: Kept, purpose: str, accepted: None
) -> None:
    said = {"purpose": purpose, "accepted_agreement": accepted}
    answer = site.other.post(f"{closed.path}/access-requests", said)
    assert answer.status_code in {400, 422}
    assert site.other.get("/me/access-requests").get_json()["total"] == 0


@pytest.mark.parametrize("accepted", [True, "1", 1.5, [1]])
def test_the_number_of_an_agreement_is_a_whole_number(
    site: Site, agreed: Kept, accepted: Any
) -> None:
    problem(asked(site.other, agreed, accepted), 422, "not-acceptable")


def test_there_has_to_be_something_closed_to_who_asks(site: Site, closed: Kept) -> None:
    problem(asked(site.other, site.published("Open")), 409, "wrong-state")
    problem(asked(site.owner, closed), 409, "wrong-state")
    problem(asked(site.admin, closed), 409, "wrong-state")
    problem(asked(site.anyone, closed), 401, "unauthenticated")


def test_what_cannot_be_seen_cannot_be_asked_for(site: Site) -> None:
    problem(asked(site.other, site.draft("Hidden")), 404, "not-found")
    problem(asked(site.other, site.private("Private")), 404, "not-found")
    problem(asked(site.other, site.deleted()), 404, "not-found")
    problem(asked(site.other, site.withdrawn()), 410, "withdrawn")


def test_a_token_that_only_reads_asks_for_nothing(site: Site, closed: Kept) -> None:
    token = create_token(site.parts, "ana-20", Role.MEMBER, now=now(), scopes=(Scope.READ,))
    said = problem(asked(Caller(site.app, token), closed), 403, "forbidden")
    assert said["scope"] == "write"


def test_others_learn_nothing_of_a_request(site: Site, closed: Kept) -> None:
    request = request_by(member(site, "ana-21"), closed)
    for who in (site.other, site.curator):
        problem(who.get(path_of(request)), 404, "not-found")
        problem(who.get(f"{closed.path}/access-requests"), 403, "forbidden")
        problem(decided(who, request, "grant"), 403, "forbidden")
        problem(who.post(f"{path_of(request)}/end"), 403, "forbidden")
        assert who.get("/me/access-requests?received=true").get_json()["total"] == 0
    problem(site.anyone.get(path_of(request)), 401, "unauthenticated")
    assert site.admin.get(path_of(request)).status_code == 200


def test_a_request_is_found_at_its_own_item_alone(site: Site, closed: Kept, agreed: Kept) -> None:
    request = request_by(member(site, "ana-22"), closed)
    elsewhere = f"{agreed.path}/access-requests/{request['id']}"
    problem(site.owner.get(elsewhere), 404, "not-found")
    problem(site.owner.post(f"{elsewhere}/decision", {"decision": "grant"}), 404, "not-found")


def test_purposes_are_in_no_page_feed_or_history_of_others(site: Site) -> None:
    one = restricted(site, "Quiet")
    before = site.anyone.get(one.path, Accept="text/turtle").headers["ETag"]
    ana = member(site, "ana-canary")
    said = {"purpose": "A canary sings: k7w2m9qx of the purpose.", "accepted_agreement": None}
    request = ana.post(f"{one.path}/access-requests", said).get_json()
    decided(site.owner, request, "refuse", reason="A canary sings: reason k7w2m9qx.")
    for path in (one.path, f"{one.path}/history", f"{one.path}/access", "/feed.atom", "/events"):
        for form in ("text/html", "application/json", "*/*"):
            text = site.other.get(path, Accept=form).text
            assert "k7w2m9qx" not in text
            assert "ana-canary" not in text
    assert site.anyone.get(one.path, Accept="text/turtle").headers["ETag"] == before
    with site.parts.database.reading() as session:
        events = session.scalars(select(Event).where(Event.item_id == one.id)).all()
    kinds = [event.kind for event in events]
    assert kinds[-2:] == ["access-asked", "access-refused"]
    assert "k7w2m9qx" not in str([event.detail for event in events])
    assert (
        "Access refused to ana-canary"
        in site.owner.get(f"{one.path}/history", Accept="text/html").text
    )


def test_who_may_write_and_not_share_is_not_told_who_asked(site: Site) -> None:
    one = restricted(site, "Written by two")
    give(site, one, "other", "READ", "WRITE")
    request_by(member(site, "ana-23"), one)
    told = site.other.get(f"{one.path}/history", Accept="application/json").text
    assert "submitted" in told
    assert "ana-23" not in told
    assert "ana-23" in site.owner.get(f"{one.path}/history", Accept="application/json").text
    problem(site.other.get(f"{one.path}/access-requests"), 403, "forbidden")


def test_who_may_change_permissions_decides_too(site: Site) -> None:
    one = restricted(site, "Decided by another")
    request = request_by(member(site, "ana-24"), one)
    give(site, one, "other", "WRITE_ACP")
    found = site.other.get("/me/access-requests?received=true&state=open").get_json()
    assert [entry["id"] for entry in found["requests"]] == [request["id"]]
    said = problem(decided(site.other, request, "grant"), 403, "forbidden")
    assert said["detail"] == "You cannot give READ, which you do not hold yourself."
    give(site, one, "other", "READ")
    assert decided(site.other, request, "grant").get_json()["decision"]["by"] == "other"


def test_nobody_grants_to_themselves(site: Site) -> None:
    one = restricted(site, "Not to oneself", has_file=True)
    give(site, one, "other", "WRITE_ACP")
    request = request_by(site.other, one)
    problem(decided(site.other, request, "grant"), 403, "forbidden")
    assert status_of_file(site.other, one) == 403


def test_a_grant_stands_among_the_permissions_and_moves_their_etag(site: Site) -> None:
    one = restricted(site, "Listed")
    before = site.owner.get(f"{one.path}/permissions").headers["ETag"]
    request = request_by(member(site, "ana-25"), one)
    decided(site.owner, request, "grant", days=30)
    answer = site.owner.get(f"{one.path}/permissions")
    assert "ana-25" in answer.text
    assert "READ" in answer.text
    problem(site.owner.put(f"{one.path}/permissions", [], If_Match=before), 412, "moved-on")
    site.owner.post(f"{path_of(request)}/end")
    assert "ana-25" not in site.owner.get(f"{one.path}/permissions").text


# -- what ends by itself


def test_access_ends_by_the_clock_and_is_written_down_once(site: Site) -> None:
    one = restricted(site, "For a while", has_file=True)
    ana = member(site, "ana-30")
    request = request_by(ana, one)
    decided(site.owner, request, "grant", days=1)
    assert status_of_file(ana, one) == 200
    past = now() - timedelta(seconds=90)
    with site.parts.database.writing() as session:
        of_item = Permission.item_id == one.id
        session.execute(update(Permission).where(of_item).values(expires=past))
        session.execute(update(AccessRequest).filter_by(id=request["id"]).values(until=past))
    assert status_of_file(ana, one) == 403
    told = ana.get(path_of(request)).get_json()
    assert (told["state"], told["ending"]) == ("ended", "expired")
    problem(site.owner.post(f"{path_of(request)}/end"), 409, "wrong-state")
    for _ in range(2):
        write_ends_of_access(site.parts, now())
    with site.parts.database.reading() as session:
        ends = select(Event).filter_by(item_id=one.id, kind="access-ended")
        (event,) = session.scalars(ends).all()
        assert (event.account_id, event.detail["ending"]) == (None, "expired")
        assert session.scalars(select(Permission).where(of_item)).all() == []
    assert ana.get(path_of(request)).get_json()["ended"]
    assert request_by(ana, one)["state"] == "open"


def test_what_becomes_open_to_everybody_ends_requests_and_grants(site: Site) -> None:
    one = restricted(site, "Opened")
    waiting = request_by(member(site, "ana-31"), one)
    granted = request_by(member(site, "ana-32"), one)
    decided(site.owner, granted, "grant")
    said = {"visibility": "public"}
    answer = site.owner.put(f"{one.path}/visibility?wait=0", said, If_Match="*")
    assert answer.status_code == 200, answer.text
    for request in (waiting, granted):
        told = site.owner.get(path_of(request)).get_json()
        assert (told["state"], told["ending"]) == ("ended", "open-to-everybody")
    problem(decided(site.owner, waiting, "grant"), 409, "wrong-state")
    assert site.owner.get(f"{one.path}/access-requests?state=open").get_json()["total"] == 0
    write_ends_of_access(site.parts, now())
    with site.parts.database.reading() as session:
        rows = session.scalars(select(AccessRequest).where(AccessRequest.item_id == one.id)).all()
        assert {(row.state, row.ending) for row in rows} == {("ended", "open-to-everybody")}
        assert session.scalars(select(Permission).filter_by(item_id=one.id)).all() == []


def test_a_withdrawn_item_answers_410_and_who_asked_is_told(site: Site) -> None:
    one = restricted(site, "Soon gone")
    ana = member(site, "ana-33")
    request = request_by(ana, one)
    site.withdraw(one)
    for path in (path_of(request), f"{one.path}/access", f"{one.path}/agreement"):
        problem(ana.get(path), 410, "withdrawn")
    problem(decided(site.owner, request, "grant"), 410, "withdrawn")
    (told,) = ana.get("/me/access-requests").get_json()["requests"]
    assert (told["state"], told["ending"]) == ("ended", "item-withdrawn")


def test_a_grant_that_the_owner_took_away_elsewhere_is_no_longer_shown(site: Site) -> None:
    one = restricted(site, "Taken away")
    ana = member(site, "ana-34")
    request = request_by(ana, one)
    decided(site.owner, request, "grant")
    with site.parts.database.writing() as session:
        session.delete(session.get_one(Permission, (one.id, "USER", "ana-34", "READ")))
    told = ana.get(path_of(request)).get_json()
    assert (told["state"], told["ending"]) == ("ended", "revoked")


def test_embargoed_files_can_be_asked_for_ahead(site: Site) -> None:
    one = site.with_file("a.bin", BYTES, title="Under embargo")
    until = f"{now() + timedelta(days=400):%Y-%m-%d}"
    said = {"visibility": "embargoed", "until": until}
    answer = site.owner.post(f"{one.path}/publication?wait=0", said, If_Match="*")
    assert answer.status_code == 200, answer.text
    ana = member(site, "ana-35")
    (told,) = ana.get(f"{one.path}/access", Accept="application/json").get_json()["closed"]
    assert (told["visibility"], told["until"][:10]) == ("embargoed", until)
    decided(site.owner, request_by(ana, one), "grant")
    assert status_of_file(ana, one) == 200


# -- lists


def test_lists_go_on_where_they_ended_newest_first(site: Site) -> None:
    one = restricted(site, "Much wanted")
    made = [request_by(member(site, f"ana-4{n}"), one)["id"] for n in range(3)]
    path = f"{one.path}/access-requests?limit=2"
    first = site.owner.get(path).get_json()
    second = site.owner.get(f"{path}&cursor={first['next']}").get_json()
    found = [entry["id"] for entry in (*first["requests"], *second["requests"])]
    assert found == made[::-1]
    assert (first["total"], first["open"], second["next"]) == (3, 3, None)
    problem(site.owner.get(f"{path}&cursor=bm9uZQ"), 400, "unreadable")
    problem(site.owner.get(f"{path}&state=lost"), 400, "unreadable")


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """Serve the site for as long as a test takes; return where."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_python_client_asks_decides_and_ends(site: Site, agreed: Kept, address: str) -> None:
    token = create_token(site.parts, "ana-60", Role.MEMBER, now=now())
    ana, owner = Client(address, token), Client(address, site.tokens["owner"])
    terms = ana.access(agreed.id)["agreement"]
    made = ana.request_access(agreed.id, PURPOSE, accept=terms["version"], once="key-60")
    assert [one["id"] for one in ana.access_requests()] == [made["id"]]
    waiting = next(owner.access_requests(agreed.id, state="open"))
    assert waiting["id"] in {one["id"] for one in owner.access_requests(received=True)}
    assert owner.decide(waiting, grant=True, days=7)["state"] == "granted"
    assert owner.end_access(waiting, "Enough.")["state"] == "ended"
    with pytest.raises(Refused) as told:
        owner.decide(waiting, grant=False, reason="Too late.")
    assert (told.value.answered, told.value.kind) == (409, "wrong-state")


# -- pages


def signed_in(site: Site, name: str) -> FlaskClient:
    client = site.app.test_client()
    token = create_token(site.parts, name, Role.MEMBER, now=now())
    assert client.post("/sign-in", data={"token": token}).status_code == 303
    return client


def page_at(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def word_in(page: str) -> str:
    return re.findall(r'name="csrf" value="([^"]+)"', page)[0]


def test_by_pages_alone_a_file_is_asked_for_and_granted(site: Site) -> None:
    one = restricted(site, "By pages", agreement=TERMS, has_file=True)
    ana = signed_in(site, "ana-50")
    assert "Ask for access" in page_at(ana, one.path)
    page = page_at(ana, f"{one.path}/access")
    assert "Use it for science.\nDo not pass it on." in page
    sent = {"csrf": word_in(page), "purpose": PURPOSE, "accepted_agreement": "1"}
    answer = ana.post(f"{one.path}/access/do/ask", data=sent)
    assert (answer.status_code, answer.location) == (303, f"{one.path}/access?done=asked")
    assert "Waits for a decision" in page_at(ana, f"{one.path}/access")
    assert "Your requests (1)" in page_at(ana, "/me")
    owner = signed_in(site, "owner")
    assert "Requests for your items (" in page_at(owner, "/me")
    assert "By pages" in page_at(owner, "/me/access-requests?received=true&state=open")
    listed = page_at(owner, f"{one.path}/access-requests?state=open")
    (action,) = re.findall(r'action="([^"]+/do/decide)"', listed)
    deed = {"csrf": word_in(listed), "decision": "grant", "days": "30", "reason": "Welcome."}
    assert owner.post(action, data=deed).status_code == 303
    assert ana.get(f"{one.path}/files/a.bin").data == BYTES
    page = page_at(ana, f"{one.path}/access")
    assert "You have access" in page
    assert "Welcome." in page


@pytest.mark.parametrize(
    ("sent", "field", "status"),
    [
        ({"purpose": "short", "accepted_agreement": "1"}, "purpose", 422),
        ({"purpose": PURPOSE}, "accepted_agreement", 422),
        ({"purpose": PURPOSE, "accepted_agreement": "9"}, "accepted_agreement", 409),
        ({"purpose": PURPOSE, "accepted_agreement": "x"}, "accepted_agreement", 422),
    ],
)
def test_what_is_wrong_with_the_form_stands_at_its_field(
    site: Site, agreed: Kept, sent: dict[str, str], field: str, status: int
) -> None:
    ana = signed_in(site, "ana-51")
    word = word_in(page_at(ana, f"{agreed.path}/access"))
    answer = ana.post(f"{agreed.path}/access/do/ask", data={"csrf": word, **sent})
    assert answer.status_code == status
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert sent["purpose"] in answer.text


def test_what_is_wrong_with_a_decision_stands_at_its_field(site: Site, closed: Kept) -> None:
    request = request_by(member(site, "ana-52"), closed)
    owner = signed_in(site, "owner")
    path = path_of(request)
    word = word_in(page_at(owner, path))
    sent = {"csrf": word, "decision": "refuse", "reason": "", "days": ""}
    answer = owner.post(f"{path}/do/decide", data=sent)
    assert answer.status_code == 422
    assert f'<a href="#reason-{request["id"]}">' in answer.text
    answer = owner.post(f"{path}/do/decide", data=sent | {"decision": "grant", "days": "9999"})
    assert answer.status_code == 422
    assert f'id="days-{request["id"]}-error"' in answer.text
    assert 'value="9999"' in answer.text
    assert owner.post(f"{path}/do/decide", data=sent | {"csrf": "x"}).status_code == 403


def test_markup_in_what_people_write_is_shown_as_text(site: Site) -> None:
    one = restricted(site, "With markup", agreement='<script>alert("terms")</script>')
    said = {"purpose": "<img src=x onerror=alert(1)> and so on", "accepted_agreement": 1}
    request = member(site, "ana-53").post(f"{one.path}/access-requests", said).get_json()
    reason = "<b onclick=alert(2)>no</b>"
    owner = signed_in(site, "owner")
    for path in (f"{one.path}/access-requests", path_of(request)):
        page = page_at(owner, path)
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "<img" not in page
    decided(site.owner, request, "refuse", reason=reason)
    assert "<b onclick" not in page_at(owner, path_of(request))
    assert "<script>alert" not in page_at(owner, f"{one.path}/agreement")


def test_who_is_not_signed_in_is_told_how_to_ask(site: Site, agreed: Kept) -> None:
    page = site.anyone.get(f"{agreed.path}/access", Accept="text/html").text
    assert f"/sign-in?next=%2Fitems%2F{agreed.id}%2Faccess" in page
    assert "Use it for science." in page
    assert 'name="purpose"' not in page
    for path in ("/me/access-requests", f"{agreed.path}/access-requests"):
        answer = site.anyone.get(path, Accept="text/html")
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in")


def test_the_agreement_is_set_changed_and_taken_off_by_its_page(site: Site) -> None:
    one = restricted(site, "Terms by page")
    owner = signed_in(site, "owner")
    path = f"{one.path}/agreement"

    def send(what: str, **sent: str) -> TestResponse:
        page = page_at(owner, path)
        stage = re.findall(r'name="stage" value="([^"]+)"', page)[0]
        return owner.post(f"{path}/do/{what}", data={"csrf": word_in(page), "stage": stage, **sent})

    wrong = send("set", text=TERMS, days="many")
    assert (wrong.status_code, 'id="days-error"' in wrong.text) == (422, True)
    assert send("set", text="https://example.org/terms", days="").status_code == 303
    assert 'href="https://example.org/terms" rel="nofollow noopener ugc"' in page_at(owner, path)
    assert send("set", text=TERMS, days="365").status_code == 303
    assert "Access lasts at most 365 days" in page_at(owner, path)
    assert "No longer in force" in page_at(owner, f"{path}/1")
    late = owner.post(
        f"{path}/do/set",
        data={"csrf": word_in(page_at(owner, path)), "stage": "1", "text": "Too late."},
    )
    assert (late.status_code, "Too late." in late.text) == (412, True)
    assert send("remove").status_code == 303
    assert "has nothing to agree to" in page_at(owner, path)
    assert "do/set" not in site.other.get(path, Accept="text/html").text
