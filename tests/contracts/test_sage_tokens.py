"""Tokens of Sage, against a real server that answers as Sage's does, and breaks down."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.adapters.tokens_sage import SageTokens
from catalog.domain.errors import CatalogError, Unauthenticated, Unavailable
from catalog.ports import Verified, Watched
from tests.introspection import (
    FAULTS,
    PASSWORD,
    SLOW_FAULTS,
    USER,
    SageAuth,
    nobody_listens,
    sage_auth,
)

TOKEN = "5e6cff1f6d2b2a9fb6c1b0d35b2a2e3c4d5e6f70"
START = datetime(2026, 11, 28, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that a test moves."""

    seconds: float = 1_000.0
    start: datetime = field(default=START)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds - 1_000.0)


@pytest.fixture(scope="module")
def server() -> Iterator[SageAuth]:
    with sage_auth() as running:
        yield running


@pytest.fixture
def sage(server: SageAuth) -> SageAuth:
    """Return the service as new: nothing asked, one token of ana."""
    url, stopping = server.url, server.stopping
    server.__init__(url=url, stopping=stopping)  # type: ignore[misc]
    server.give(TOKEN, "ana", "bird-watch", "Sky & Co")
    return server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tokens_of(sage: SageAuth, clock: Clock, **more: Any) -> SageTokens:
    said: dict[str, Any] = {
        "user": USER, "password": PASSWORD, "users_url": sage.url,
        "clock": clock.monotonic, "now": clock.now,
    }  # fmt: skip
    return SageTokens(more.pop("url", sage.token_info), **(said | more))


@pytest.fixture
def tokens(sage: SageAuth, clock: Clock) -> Iterator[SageTokens]:
    made = tokens_of(sage, clock)
    yield made
    made.close()


def refusal(tokens: SageTokens, token: str = TOKEN, *, fresh: bool = False) -> CatalogError:
    with pytest.raises(CatalogError) as raised:
        tokens.verify(token, fresh=fresh)
    return raised.value


def test_a_token_is_asked_about_as_sages_own_storage_asks(
    tokens: SageTokens, sage: SageAuth
) -> None:
    verified = tokens.verify(TOKEN, fresh=False)
    assert verified == Verified(
        issuer=sage.url.rstrip("/"),
        subject="ana",
        name="ana",
        groups=frozenset({"project:bird-watch", "project:Sky & Co"}),
        is_granted_by_name=True,
    )
    first = sage.asked[0]
    assert first.form == {"token": TOKEN}
    assert first.headers["Accept"] == "application/json; indent=4"
    assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert first.headers["Authorization"].startswith("Basic ")
    assert sage.asked[1].headers["Authorization"] == f"Sage {PASSWORD}"


def test_a_service_without_an_account_of_its_own_says_its_password(
    sage: SageAuth, clock: Clock
) -> None:
    tokens_of(sage, clock, user="").verify(TOKEN, fresh=False)
    assert sage.asked[0].headers["Authorization"] == f"Sage {PASSWORD}"


def test_the_predecessor_of_the_service_is_understood(sage: SageAuth, clock: Clock) -> None:
    tokens = tokens_of(sage, clock, url=f"{sage.url}legacy/token_info/", users_url="")
    sage.expires |= {TOKEN: (START + timedelta(days=9)).timestamp()}
    found = tokens.verify(TOKEN, fresh=False)
    assert found is not None
    assert (found.name, found.groups) == ("ana", frozenset())
    assert found.expires == START + timedelta(days=9)
    assert isinstance(refusal(tokens, "20characters20charac"), Unauthenticated)


@pytest.mark.parametrize("plain", [False, True])
def test_projects_come_as_objects_or_as_names(
    tokens: SageTokens, sage: SageAuth, plain: bool
) -> None:
    sage.plain_projects = plain
    sage.projects["ana"] = ["bird-watch", "", "a" * 300, "a\nb"]
    found = tokens.verify(TOKEN, fresh=False)
    assert found is not None
    assert found.groups == {"project:bird-watch"}


def test_without_an_address_of_users_nobody_is_in_a_project(sage: SageAuth, clock: Clock) -> None:
    found = tokens_of(sage, clock, users_url="").verify(TOKEN, fresh=False)
    assert found is not None
    assert found.groups == frozenset()
    assert len(sage.asked) == 1


def test_who_signs_in_elsewhere_by_the_same_id_is_the_same(sage: SageAuth, clock: Clock) -> None:
    tokens = tokens_of(sage, clock, oidc_issuer="https://auth.globus.org")
    for _ in range(2):
        found = tokens.verify(TOKEN, fresh=True)
        assert found is not None
        assert found.same_as == (("https://auth.globus.org", sage.ids["ana"]),)
    assert sage.times_asked("projects") == 2
    assert len(sage.asked) == 5  # the id of a user is asked for once an hour


def test_a_user_of_any_name_is_asked_about_under_that_name(
    tokens: SageTokens, sage: SageAuth
) -> None:
    sage.give(TOKEN, "../admin?x=#é/", "moon")
    found = tokens.verify(TOKEN, fresh=False)
    assert found is not None
    assert found.groups == {"project:moon"}


def test_what_looks_like_a_jwt_is_shown_to_nobody(tokens: SageTokens, sage: SageAuth) -> None:
    assert tokens.verify("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", fresh=True) is None
    assert sage.asked == []


# -- how long an answer is believed


def test_reads_go_by_what_was_said_up_to_a_minute_ago_and_changes_do_not(
    tokens: SageTokens, sage: SageAuth, clock: Clock
) -> None:
    tokens.verify(TOKEN, fresh=False)
    del sage.owners[TOKEN]
    clock.seconds += 59.9
    assert tokens.verify(TOKEN, fresh=False) is not None
    assert sage.times_asked() == 1
    assert isinstance(refusal(tokens, fresh=True), Unauthenticated)
    assert isinstance(refusal(tokens), Unauthenticated)  # what a change found out holds for reads
    assert sage.times_asked() == 2


def test_after_a_minute_reads_ask_again(tokens: SageTokens, sage: SageAuth, clock: Clock) -> None:
    tokens.verify(TOKEN, fresh=False)
    del sage.owners[TOKEN]
    clock.seconds += 60.0
    assert isinstance(refusal(tokens), Unauthenticated)


def test_a_change_always_asks(tokens: SageTokens, sage: SageAuth) -> None:
    for _ in range(3):
        tokens.verify(TOKEN, fresh=True)
    assert sage.times_asked() == 3
    tokens.verify(TOKEN, fresh=False)
    assert sage.times_asked() == 3


def test_a_token_that_ends_sooner_is_believed_no_longer(
    tokens: SageTokens, sage: SageAuth, clock: Clock
) -> None:
    sage.expires[TOKEN] = (clock.now() + timedelta(seconds=10)).timestamp()
    assert tokens.verify(TOKEN, fresh=False) is not None
    clock.seconds += 10
    assert "expired" in refusal(tokens).detail


def test_a_refusal_is_believed_for_five_seconds(
    tokens: SageTokens, sage: SageAuth, clock: Clock
) -> None:
    assert isinstance(refusal(tokens, "new"), Unauthenticated)
    sage.give("new", "ben")
    clock.seconds += 4.9
    assert isinstance(refusal(tokens, "new"), Unauthenticated)
    assert sage.times_asked() == 1
    clock.seconds += 0.1
    assert tokens.verify("new", fresh=False) is not None


@pytest.mark.parametrize("how", ["gone", "inactive", "expired"])
def test_a_token_that_is_not_valid_is_told_from_an_outage(
    tokens: SageTokens, sage: SageAuth, clock: Clock, how: str
) -> None:
    if how == "gone":
        sage.owners.clear()
    if how == "inactive":
        sage.inactive.add(TOKEN)
    if how == "expired":
        sage.expires[TOKEN] = (clock.now() - timedelta(seconds=1)).timestamp()
    fault = refusal(tokens)
    assert isinstance(fault, Unauthenticated)
    assert TOKEN not in fault.detail
    assert tokens.state().is_up


def test_ten_thousand_bad_tokens_push_no_good_one_out(
    tokens: SageTokens, sage: SageAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.verify(TOKEN, fresh=False)
    # The server itself would take seconds for so many; what is remembered is the same.
    monkeypatch.setattr(tokens._tokens, "asked_for", lambda *_, **__: None)
    for number in range(10_500):
        assert isinstance(refusal(tokens, f"random-{number}"), Unauthenticated)
    sage.asked.clear()
    assert tokens.verify(TOKEN, fresh=False) is not None
    assert len(tokens._cache._bad) == 10_000


def test_many_who_ask_at_once_about_one_token_ask_once(tokens: SageTokens, sage: SageAuth) -> None:
    together = threading.Event()
    sage.meanwhile = lambda: together.wait(0.3)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: tokens.verify(TOKEN, fresh=False), range(16)))
    assert {one.name for one in found if one} == {"ana"}
    assert len(found) == 16
    assert sage.times_asked() == 1


def test_an_answer_that_was_on_its_way_does_not_undo_a_later_one(
    tokens: SageTokens, sage: SageAuth, clock: Clock
) -> None:
    def revoke() -> None:
        del sage.owners[TOKEN]
        clock.seconds += 0.01
        assert isinstance(refusal(tokens, fresh=True), Unauthenticated)

    sage.meanwhile = revoke
    assert tokens.verify(TOKEN, fresh=False) is not None  # was valid when it was asked about
    assert isinstance(refusal(tokens), Unauthenticated)


# -- outages


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - set(SLOW_FAULTS)))
@pytest.mark.parametrize("fresh", [True, False])
def test_an_outage_says_nothing_about_the_token(
    tokens: SageTokens, sage: SageAuth, fault: str, fresh: bool
) -> None:
    sage.fault = fault
    said = refusal(tokens, fresh=fresh)
    assert isinstance(said, Unavailable), said
    assert said.retry_after >= 1
    assert TOKEN not in f"{said.detail} {said.evidence}"
    assert [one.path for one in sage.asked if "elsewhere" in one.path] == []
    sage.fault = ""
    assert tokens.verify(TOKEN, fresh=False) is not None  # an error is not remembered


@pytest.mark.parametrize("fault", SLOW_FAULTS)
def test_an_answer_has_its_time_and_no_more(sage: SageAuth, clock: Clock, fault: str) -> None:
    sage.fault = fault
    began = datetime.now(UTC)
    assert isinstance(refusal(tokens_of(sage, clock, seconds=0.4)), Unavailable)
    assert (datetime.now(UTC) - began).total_seconds() < 1.0


@pytest.mark.parametrize("fault", ["500", "list", "html", "cut", "no content"])
def test_projects_that_cannot_be_learned_are_not_none(
    tokens: SageTokens, sage: SageAuth, fault: str
) -> None:
    sage.fault, sage.fault_at = fault, "projects"
    assert isinstance(refusal(tokens), Unavailable)
    assert isinstance(refusal(tokens, fresh=True), Unavailable)


def test_projects_of_nobody_known_are_an_outage_too(tokens: SageTokens, sage: SageAuth) -> None:
    sage.ids.clear()
    assert isinstance(refusal(tokens), Unavailable)


def test_after_five_failures_nobody_asks_for_a_while_and_then_one_does(
    tokens: SageTokens, sage: SageAuth, clock: Clock
) -> None:
    sage.fault = "500"
    for number in range(7):
        assert isinstance(refusal(tokens, f"t{number}"), Unavailable)
    assert sage.times_asked() == 5
    assert not tokens.state().is_up
    sage.fault = ""
    assert refusal(tokens).evidence["retry_after"] == 5
    clock.seconds += 5.0
    assert tokens.verify(TOKEN, fresh=False) is not None
    assert tokens.state().is_up
    assert tokens.verify(TOKEN, fresh=True) is not None


def test_while_one_tries_whether_it_is_up_again_the_others_wait(
    tokens: SageTokens, sage: SageAuth, clock: Clock
) -> None:
    sage.fault = "500"
    for number in range(5):
        refusal(tokens, f"t{number}")
    clock.seconds += 5.0
    for number in range(3):
        assert isinstance(refusal(tokens, f"u{number}"), Unavailable)
    assert sage.times_asked() == 6


def test_an_answer_that_makes_no_sense_counts_as_a_failure(
    tokens: SageTokens, sage: SageAuth
) -> None:
    sage.fault = "active as text"
    for number in range(6):
        refusal(tokens, f"t{number}")
    assert sage.times_asked() == 5


def test_a_question_that_it_does_not_understand_closes_the_way_for_nobody(
    tokens: SageTokens, sage: SageAuth
) -> None:
    sage.fault = "400"
    for number in range(9):
        assert isinstance(refusal(tokens, f"odd{number}"), Unavailable)
    sage.fault = ""
    assert tokens.verify(TOKEN, fresh=False) is not None


def test_what_is_remembered_holds_through_an_outage(tokens: SageTokens, sage: SageAuth) -> None:
    tokens.verify(TOKEN, fresh=False)
    sage.fault = "500"
    for number in range(6):
        refusal(tokens, f"t{number}")
    assert tokens.verify(TOKEN, fresh=False) is not None


def test_nobody_at_the_address_is_an_outage(sage: SageAuth, clock: Clock) -> None:
    tokens = tokens_of(sage, clock, url=f"{nobody_listens()}token_info/")
    assert isinstance(refusal(tokens), Unavailable)


def test_a_connection_that_the_server_closed_meanwhile_is_no_outage(
    tokens: SageTokens, sage: SageAuth
) -> None:
    sage.fault = "unsteady"
    for _ in range(5):
        assert tokens.verify(TOKEN, fresh=True) is not None


def test_a_password_that_is_not_taken_is_an_outage(sage: SageAuth, clock: Clock) -> None:
    said = refusal(tokens_of(sage, clock, password="wrong"))
    assert isinstance(said, Unavailable)
    assert said.retry_after == 60
    assert "wrong" not in said.detail


def test_it_tells_how_the_issuer_has_been(tokens: SageTokens, sage: SageAuth) -> None:
    assert isinstance(tokens, Watched)
    tokens.verify(TOKEN, fresh=False)
    tokens.verify(TOKEN, fresh=False)
    sage.fault = "500"
    refusal(tokens, fresh=True)
    state = tokens.state()
    assert (state.asked, state.known, state.failed, state.is_up) == (3, 1, 1, False)


def test_no_secret_stands_in_what_is_printed_of_it(tokens: SageTokens, sage: SageAuth) -> None:
    found = tokens.verify(TOKEN, fresh=False)
    kept = list(tokens._cache._good.items())
    printed = repr((found, tokens, kept, vars(tokens), vars(tokens._tokens), vars(tokens._cache)))
    assert TOKEN not in printed
    assert PASSWORD not in printed
