"""What a registrar of DOIs promises, kept by the one in memory and by DataCite's behind HTTP."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from catalog import sandbox
from catalog.adapters.registrar_datacite import DataCiteRegistrar
from catalog.domain.errors import NotLetIn, NotRegistrable, Unanswered, Unavailable
from catalog.domain.registering import digest_of_kept, not_taken
from catalog.ports import Registrar
from tests.registrars import MemoryRegistrar

DOI = "10.5072/sage.0123456789.v1"
SAID: dict[str, Any] = {
    "schemaVersion": "http://datacite.org/schema/kernel-4",
    "creators": [
        {
            "name": "Ruiz, Ana",
            "nameType": "Personal",
            "affiliation": [
                {
                    "name": "Argonne National Laboratory",
                    "affiliationIdentifier": "https://ror.org/05gvnxz63",
                    "affiliationIdentifierScheme": "ROR",
                }
            ],
        }
    ],
    "titles": [{"title": "Clouds", "lang": "en"}],
    "publisher": {"name": "Sage"},
    "publicationYear": 2026,
    "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Training data"},
    "url": "https://catalog.example/items/0123456789/v/1",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandbox.Running]:
    with sandbox.running(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


def at(address: str, *, password: str = "sandbox", seconds: float = 5.0) -> DataCiteRegistrar:
    return DataCiteRegistrar(
        address,
        "SAGE.SANDBOX",
        password,
        prefix="10.5072",
        contact="ana@catalog.example",
        timeout=(2.0, seconds),
    )


@pytest.fixture
def datacite(running: sandbox.Running) -> Iterator[DataCiteRegistrar]:
    found = at(running.address)
    yield found
    running.admin.clear_faults()
    found.close()


@pytest.fixture(params=["memory", "datacite"])
def registrar(request: pytest.FixtureRequest) -> Registrar:
    if request.param == "memory":
        return MemoryRegistrar(refuses=_as_the_real_one)
    found: Registrar = request.getfixturevalue("datacite")
    return found


def _as_the_real_one(said: Any) -> str:
    return "" if said.get("url") and said.get("titles") else "Can't be blank"


_numbers = iter(range(1, 1000))


@pytest.fixture
def doi() -> str:
    return f"10.5072/sage.test.{next(_numbers)}"


def test_a_put_creates_and_a_second_one_changes(registrar: Registrar, doi: str) -> None:
    assert registrar.get(doi) is None
    for _ in range(2):
        assert registrar.put(doi, SAID, "publish").state == "findable"
    changed = {"titles": [{"title": "Other clouds"}]}
    registrar.put(doi, changed)
    had = registrar.get(doi)
    assert had is not None
    assert (had.doi, had.state, had.url) == (doi, "findable", SAID["url"])
    assert not_taken(SAID | changed, had.attributes) == ()


def test_what_was_sent_is_not_changed(registrar: Registrar, doi: str) -> None:
    before = json.dumps(SAID)
    registrar.put(doi, SAID, "publish")
    assert json.dumps(SAID) == before


def test_reading_is_whole(registrar: Registrar, doi: str) -> None:
    registrar.put(doi, SAID, "publish")
    had = registrar.get(doi)
    assert had is not None
    (affiliation,) = had.attributes["creators"][0]["affiliation"]
    assert affiliation["affiliationIdentifier"] == "https://ror.org/05gvnxz63"
    assert had.attributes["publisher"]["name"] == "Sage"


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([None], "draft"),
        (["hide"], "draft"),
        (["register"], "registered"),
        (["publish"], "findable"),
        (["publish", "register"], "findable"),
        (["publish", "hide"], "registered"),
        (["publish", "hide", "hide"], "registered"),
        (["publish", "hide", "publish"], "findable"),
    ],
)
def test_events_move_a_doi_and_what_does_not_fit_does_nothing(
    registrar: Registrar, doi: str, events: list[str | None], state: str
) -> None:
    for event in events:
        registrar.put(doi, SAID, event)
    had = registrar.get(doi)
    assert had is not None
    assert had.state == state


def test_what_is_refused_changes_nothing(registrar: Registrar, doi: str) -> None:
    with pytest.raises(NotRegistrable) as refused:
        registrar.put(doi, {**SAID, "url": ""}, "publish")
    assert refused.value.faults[0][1]
    had = registrar.get(doi)
    assert had is None or had.state == "draft"
    registrar.put(doi, SAID, "publish")
    with pytest.raises(NotRegistrable):
        registrar.put(doi, {"titles": []}, "publish")
    had = registrar.get(doi)
    assert had is not None
    assert not_taken(SAID, had.attributes) == ()


def test_only_a_draft_can_be_removed(registrar: Registrar, doi: str) -> None:
    registrar.put(doi, SAID)
    registrar.delete(doi)
    assert registrar.get(doi) is None
    registrar.delete(doi)
    registrar.put(doi, SAID, "publish")
    with pytest.raises(NotRegistrable):
        registrar.delete(doi)


def test_the_list_has_all_in_every_state_as_they_are_read_one_by_one(
    registrar: Registrar, doi: str
) -> None:
    wanted = {f"{doi}.{event or 'draft'}": event for event in (None, "register", "publish")}
    for name, event in wanted.items():
        registrar.put(name, SAID, event)
    listed = {one.doi: one for one in registrar.listing("10.5072")}
    for name in wanted:
        had = registrar.get(name)
        assert had is not None
        assert (listed[name].state, listed[name].url) == (had.state, had.url)
        assert digest_of_kept(listed[name].attributes) == digest_of_kept(had.attributes)
    assert list(registrar.listing("10.9999")) == []


def test_it_is_reachable(registrar: Registrar) -> None:
    assert registrar.is_reachable()


# -- DataCite over HTTP


@pytest.mark.parametrize(
    ("fault", "error", "happened"),
    [
        ({"kind": "mint-then-500"}, Unanswered, True),
        ({"kind": "mint-then-hang", "seconds": 3}, Unanswered, True),
        ({"kind": "drop-after-commit"}, Unanswered, True),
        ({"kind": "drop-before-commit"}, Unanswered, False),
        ({"kind": "truncated-json"}, Unanswered, True),
        ({"kind": "slow-body", "seconds": 30}, Unanswered, True),
        ({"kind": "500"}, Unanswered, False),
        ({"kind": "502"}, Unanswered, False),
        ({"kind": "503", "retry_after": 7}, Unanswered, False),
        ({"kind": "429", "retry_after": 7}, Unavailable, False),
        ({"kind": "422"}, NotRegistrable, False),
        ({"kind": "401"}, NotLetIn, False),
    ],
)
def test_every_way_of_failing_says_what_is_known(
    running: sandbox.Running,
    doi: str,
    fault: dict[str, Any],
    error: type[Exception],
    happened: bool,
) -> None:
    impatient = at(running.address, seconds=0.4)
    running.admin.set_faults({"method": "PUT", **fault})
    try:
        with pytest.raises(error) as failed:
            impatient.put(doi, SAID, "publish")
    finally:
        running.admin.clear_faults()
    assert type(failed.value) is error
    if "retry_after" in fault:
        assert getattr(failed.value, "retry_after", None) == 7
    assert (at(running.address).get(doi) is not None) is happened


def test_a_password_that_is_not_right_is_told_when_reading_too(
    running: sandbox.Running, datacite: DataCiteRegistrar, doi: str
) -> None:
    """DataCite shows who it does not know what everybody sees, without a word."""
    datacite.put(doi, SAID, "publish")
    stranger = at(running.address, password="wrong")
    for ask in (
        lambda: stranger.get(doi),
        lambda: stranger.get("10.5072/absent"),
        lambda: list(stranger.listing("10.5072")),
        lambda: stranger.put(doi, SAID),
    ):
        with pytest.raises(NotLetIn):
            ask()
    assert stranger.is_reachable()


def test_a_prefix_of_others_is_told(datacite: DataCiteRegistrar) -> None:
    with pytest.raises(NotLetIn):
        datacite.put("10.1234/sage.x", SAID, "publish")


def test_who_asks_is_told_with_a_mail_address(
    running: sandbox.Running, datacite: DataCiteRegistrar
) -> None:
    said: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        said.append(request.headers["User-Agent"])
        return 200, b"OK"

    with answering(answer) as address:
        assert at(address).is_reachable()
    assert said == ["sage-catalog (mailto:ana@catalog.example)"]


@pytest.mark.parametrize("doi", ["10.5072/a b", "10.5072/a#b?c", "10.5072/ä"])
def test_odd_names_arrive_as_they_are(datacite: DataCiteRegistrar, doi: str) -> None:
    assert datacite.get(doi) is None
    with pytest.raises(NotRegistrable):
        datacite.put(doi, SAID, "publish")


def test_more_than_a_page_is_listed(
    datacite: DataCiteRegistrar, doi: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.adapters.registrar_datacite._PAGE", 3)
    names = {f"{doi}.{number}" for number in range(8)}
    for name in names:
        datacite.put(name, SAID)
    listed = [one.doi for one in datacite.listing("10.5072")]
    assert len(listed) == len(set(listed))
    assert names <= set(listed)


def test_nobody_at_the_address_is_known_to_have_done_nothing() -> None:
    nobody = at("http://127.0.0.1:9/")
    with pytest.raises(Unavailable) as failed:
        nobody.put(DOI, SAID, "publish")
    assert type(failed.value) is Unavailable
    assert not nobody.is_reachable()


@contextmanager
def answering(
    answer: Callable[[BaseHTTPRequestHandler], tuple[int, bytes]], **headers: str
) -> Iterator[str]:
    """Have something at an address that answers every request as `answer` says."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = answer(self)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = _any  # noqa: N815 - the server looks for these names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>Welcome</html>"),
        (200, b"null"),
        (200, b"[]"),
        (200, b'{"data": 7}'),
        (200, b'{"data": {"attributes": {"url": "x"}}}'),
        (201, b"[" * 100_000),
        (204, b""),
        (301, b""),
        (400, b"<html>Bad request</html>"),
        (404, b"<html>Not found</html>"),
        (405, b""),
        (418, b'{"errors": "tea"}'),
    ],
)
def test_something_else_at_the_address_is_no_failure_of_the_item(status: int, body: bytes) -> None:
    with answering(lambda _: (status, body), Location="http://127.0.0.1:9/") as address:
        found = at(address)
        with pytest.raises(Unavailable):
            found.put(DOI, SAID, "publish")
        if status != 404:
            with pytest.raises(Unavailable):
                found.get(DOI)
        with pytest.raises(Unavailable):
            list(found.listing("10.5072"))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("999999999999", 3600),
        ("-5", 5),
        ("soon", 5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 3600),
    ],
)
def test_when_to_come_back_is_read_however_it_is_written(said: str, seconds: int) -> None:
    with (
        answering(lambda _: (429, b""), Retry_After=said) as address,
        pytest.raises(Unavailable) as failed,
    ):
        at(address).put(DOI, SAID)
    assert failed.value.retry_after == seconds


def test_an_answer_that_comes_drop_by_drop_is_left(running: sandbox.Running, doi: str) -> None:
    impatient = DataCiteRegistrar(
        running.address, "SAGE.SANDBOX", "sandbox", prefix="10.5072", timeout=(0.3, 0.6)
    )
    running.admin.set_faults({"kind": "slow-body", "seconds": 6, "method": "PUT"})
    began = time.monotonic()
    try:
        with pytest.raises(Unanswered):
            impatient.put(doi, SAID)
    finally:
        running.admin.clear_faults()
    assert time.monotonic() - began < 2


def test_an_answer_that_is_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.adapters.registrar_datacite._MOST_BYTES", 1000)
    began = time.monotonic()
    with answering(lambda _: (200, b"x" * 100_000)) as address, pytest.raises(Unavailable):
        at(address).get(DOI)
    assert time.monotonic() - began < 3
