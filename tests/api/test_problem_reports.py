"""What a reader reports reaches the owner, and nobody else; what floods is stopped."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from catalog.domain.permissions import ANYONE, Actor
from catalog.services.accounts import actor_of_token
from catalog.services.inbox import inbox
from catalog.services.report_problem import MOST_A_DAY, MOST_AN_HOUR, report_problem
from catalog.tables import Message
from tests.api.sites import BASE, Kept, Site, problem
from tests.catalogs import now

TEXT = "The second mask belongs to the third image."


@pytest.fixture(scope="module")
def one(site: Site) -> Kept:
    return site.published("With a wrong mask")


def send(
    site: Site, one: Kept, text: str = TEXT, *, via: str = "198.51.100.1", **more: str
) -> TestResponse:
    client = site.app.test_client(use_cookies=False)
    return client.post(
        f"{one.path}/report", data={"text": text, **more}, environ_base={"REMOTE_ADDR": via}
    )


def reports(site: Site, who: str = "owner", query: str = "") -> dict[str, Any]:
    answer = site.as_(who).get(f"/me/reports{query}", Accept="application/json")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.get_json()
    return said


def signed_in(site: Site, who: str) -> FlaskClient:
    client = site.app.test_client()
    assert client.post("/sign-in", data={"token": site.tokens[who]}).status_code == 303
    return client


def kept_of(site: Site, one: Kept) -> int:
    with site.parts.database.reading() as session:
        found = select(func.count()).select_from(Message).where(Message.item_id == one.id)
        return session.scalar(found) or 0


def test_without_an_account_a_report_reaches_the_owner(site: Site, one: Kept) -> None:
    answer = send(site, one, reply_to="ana@example.org", via="198.51.100.2")
    assert (answer.status_code, answer.location) == (303, f"{one.path}?done=reported")
    found = reports(site)["reports"][0]
    assert found["text"] == TEXT
    assert found["reply_to"] == "ana@example.org"
    assert found["iri"] == f"{BASE}items/{one.id}"
    assert found["title"] == "With a wrong mask"


def test_administrators_see_it_too_and_other_members_do_not(site: Site, one: Kept) -> None:
    send(site, one, text="For the owner and the administrators.", via="198.51.100.3")
    assert reports(site, "admin")["reports"][0]["text"].startswith("For the owner")
    assert reports(site, "other")["reports"] == []
    problem(site.anyone.get("/me/reports", Accept="application/json"), 401, "unauthenticated")


def test_the_own_page_counts_what_is_open_and_a_button_marks_it_as_done(site: Site) -> None:
    mine = site.published("Of the other", by="other")
    send(site, mine, via="198.51.100.4")
    client = signed_in(site, "other")
    assert "1 problem report" in client.get("/me").text
    page = client.get("/me/reports", headers={"Accept": "text/html"}).text
    number = re.findall(r'id="report-(\d+)"', page)[0]
    word = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    done = client.post(f"/me/reports/{number}/do/settle", data={"csrf": word})
    assert done.status_code == 303
    assert reports(site, "other", "?open=true") == {
        "reports": [], "total": 0, "open": 0, "next": None,
    }  # fmt: skip
    client.post(f"/me/reports/{number}/do/settle", data={"csrf": word, "open": "1"})
    assert reports(site, "other")["open"] == 1


def test_nobody_marks_what_is_for_another(site: Site, one: Kept) -> None:
    send(site, one, via="198.51.100.5")
    number = reports(site)["reports"][0]["id"]
    client = signed_in(site, "other")
    page = client.get("/me", headers={"Accept": "text/html"}).text
    word = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    assert client.post(f"/me/reports/{number}/do/settle", data={"csrf": word}).status_code == 404
    assert client.post(f"/me/reports/{number}/do/settle").status_code == 403
    assert site.anyone.post(f"/me/reports/{number}/do/settle", "").status_code == 401


@pytest.mark.parametrize(
    ("text", "reply_to", "field"),
    [
        ("short", "", "text"),
        ("   \n  ", "", "text"),
        ("x" * 5_001, "", "text"),
        ("A bell \x07 rings here.", "", "text"),
        (TEXT, "not an address", "reply_to"),
        (TEXT, "a@b", "reply_to"),
        (TEXT, "a@example.org\nBcc: b@example.org", "reply_to"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_what_was_typed_stays(
    site: Site, one: Kept, text: str, reply_to: str, field: str
) -> None:
    before = kept_of(site, one)
    answer = send(site, one, text=text, reply_to=reply_to)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'aria-describedby="{field}-error {field}-hint" aria-invalid="true"' in answer.text
    assert "short" in answer.text if text == "short" else True
    assert kept_of(site, one) == before


def test_a_program_that_fills_in_everything_is_thanked_and_not_heard(site: Site, one: Kept) -> None:
    before = kept_of(site, one)
    answer = send(site, one, website="https://spam.example")
    assert answer.status_code == 303
    assert kept_of(site, one) == before


def test_one_address_may_send_a_few_an_hour(site: Site, one: Kept) -> None:
    via = "203.0.113.7"
    assert [send(site, one, via=via).status_code for _ in range(MOST_AN_HOUR)] == [303] * 5
    answer = send(site, one, via=via)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert TEXT in answer.text
    assert send(site, one, via="203.0.113.8").status_code == 303


def test_addresses_of_one_household_count_together(site: Site, one: Kept) -> None:
    codes = [send(site, one, via=f"2001:db8:0:7::{n}").status_code for n in range(1, 8)]
    assert codes == [303] * MOST_AN_HOUR + [429] * 2


def test_what_sent_them_is_no_address_and_is_forgotten_after_a_day(site: Site) -> None:
    one = site.published("Forgotten")
    long_ago = now() - timedelta(days=2)
    for at in (long_ago, now()):
        report_problem(site.parts, ANYONE, one.id, TEXT, "", sender=f"192.0.2.{at.hour}", now=at)
    with site.parts.database.reading() as session:
        asked = select(Message.sender).where(Message.item_id == one.id).order_by(Message.id)
        first, second = session.scalars(asked)
    assert first == ""
    assert re.fullmatch("[0-9a-f]{64}", second)


def test_an_item_takes_so_many_a_day_whoever_sends_them(site: Site) -> None:
    one = site.published("Much spoken of")
    codes = {send(site, one, via=f"192.0.2.{n}").status_code for n in range(MOST_A_DAY)}
    assert codes == {303}
    assert send(site, one, via="192.0.2.250").status_code == 429


def test_what_a_stranger_does_not_see_cannot_be_reported(site: Site) -> None:
    draft = site.draft("Not to be known")
    assert send(site, draft).status_code == 404
    assert site.anyone.get(f"{draft.path}/report").status_code == 404
    assert send(site, site.withdrawn("Gone")).status_code == 410


def test_a_form_of_another_site_is_refused(site: Site, one: Kept) -> None:
    client = site.app.test_client(use_cookies=False)
    answer = client.post(
        f"{one.path}/report", data={"text": TEXT}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_who_is_signed_in_sends_the_word_of_the_session_and_is_named(site: Site, one: Kept) -> None:
    client = signed_in(site, "other")
    assert client.post(f"{one.path}/report", data={"text": TEXT}).status_code == 403
    page = client.get(f"{one.path}/report", headers={"Accept": "text/html"}).text
    word = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    answer = client.post(f"{one.path}/report", data={"text": TEXT, "csrf": word})
    assert answer.status_code == 303
    assert reports(site)["reports"][0]["by"] == "other"


def test_the_list_goes_on_where_it_ended(site: Site, one: Kept) -> None:
    for number in range(3):
        send(site, one, via=f"198.51.100.{40 + number}")
    first = reports(site, query="?limit=2")
    second = reports(site, query=f"?limit=2&cursor={first['next']}")
    numbers = [entry["id"] for entry in (*first["reports"], *second["reports"])]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4
    problem(site.owner.get("/me/reports?cursor=x", Accept="application/json"), 400, "unreadable")


def test_a_report_is_in_no_feed_and_changes_nothing_of_the_item(site: Site) -> None:
    one = site.published("Unmoved")
    before = site.anyone.get(one.path, Accept="text/turtle").headers["ETag"]
    send(site, one, via="198.51.100.60")
    assert site.anyone.get(one.path, Accept="text/turtle").headers["ETag"] == before
    assert TEXT not in site.anyone.get(one.path, Accept="text/html").text


def test_a_deleted_draft_takes_its_reports_out_of_the_inbox(empty: Site) -> None:
    one = empty.draft("To be deleted")
    report_problem(empty.parts, _owner(empty), one.id, TEXT, "", sender="127.0.0.1", now=now())
    empty.owner.delete(one.path, If_Match=one.etag)
    found = inbox(empty.parts, _owner(empty), cursor=None, limit=9)
    assert (found.total, found.open, found.messages) == (0, 0, ())


def _owner(site: Site) -> Actor:
    return actor_of_token(site.parts, site.tokens["owner"], now=now())
