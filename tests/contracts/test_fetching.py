"""Asking sites elsewhere, over real sockets: what is read, what is cut, and what is never asked."""

import time
from collections.abc import Iterator

import pytest

from catalog.adapters.fetching import HttpRemote, is_public
from catalog.domain.errors import CatalogError, NotAcceptable, Unavailable
from catalog.domain.references.asking import Question, Reply
from catalog.domain.references.replies import size
from tests.remote_sites import Sites, remote_sites

SECRET = "Bearer not-for-others"


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    with remote_sites() as running:
        yield running


@pytest.fixture(scope="module")
def inside(sites: Sites) -> HttpRemote:
    """One that may ask this machine."""
    return HttpRemote("tests (+https://catalog.example/)", private_is_asked=True)


@pytest.fixture(scope="module")
def outside() -> HttpRemote:
    """One as it is by default."""
    return HttpRemote("tests")


def ask(remote: HttpRemote, url: str, *, seconds: float = 5.0, **more: object) -> Reply:
    return remote.ask(Question("GET", url, **more), seconds=seconds)  # type: ignore[arg-type]


def refusal(remote: HttpRemote, url: str, *, seconds: float = 5.0, **more: object) -> CatalogError:
    with pytest.raises(CatalogError) as refused:
        ask(remote, url, seconds=seconds, **more)
    return refused.value


def test_headers_and_body_are_read(sites: Sites, inside: HttpRemote) -> None:
    reply = ask(inside, f"{sites.base}/files/public/waggle/sky.tar", most_bytes=1_000)
    assert (reply.status, reply.body, reply.is_cut) == (200, b"sky" * 100, False)
    assert reply.headers["content-type"] == "application/x-tar"


def test_it_says_who_asks(sites: Sites, inside: HttpRemote) -> None:
    ask(inside, f"{sites.base}/files/public/waggle/sky.tar")
    assert sites.asked[-1][2]["User-Agent"] == "tests (+https://catalog.example/)"


@pytest.mark.parametrize("most_bytes", [0, 1, 10])
def test_no_more_is_read_than_wanted(sites: Sites, inside: HttpRemote, most_bytes: int) -> None:
    reply = ask(inside, f"{sites.base}/villain/endless", most_bytes=most_bytes)
    assert len(reply.body) == most_bytes
    assert reply.is_cut == (most_bytes > 0)


def test_a_body_without_end_is_cut(sites: Sites, inside: HttpRemote) -> None:
    reply = ask(inside, f"{sites.base}/villain/endless", most_bytes=1_000_000)
    assert (len(reply.body), reply.is_cut) == (1_000_000, True)


def test_a_length_that_cannot_be_is_no_length(sites: Sites, inside: HttpRemote) -> None:
    reply = ask(inside, f"{sites.base}/villain/lying", most_bytes=100)
    assert (reply.body, size(reply.headers["content-length"])) == (b"short", None)


def test_who_sends_a_letter_at_a_time_is_cut_off(sites: Sites, inside: HttpRemote) -> None:
    begun = time.monotonic()
    refused = refusal(inside, f"{sites.base}/villain/slow", seconds=0.5)
    assert "does not answer in time" in refused.detail
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("how", ["headers", "line", "nothing"])
def test_what_is_no_answer_is_told_as_none(sites: Sites, inside: HttpRemote, how: str) -> None:
    assert "cannot be read" in refusal(inside, f"{sites.base}/villain/{how}").detail


def test_bytes_that_are_no_text_do_no_harm(sites: Sites, inside: HttpRemote) -> None:
    reply = ask(inside, f"{sites.base}/villain/bytes", most_bytes=10)
    assert reply.body == b"\xff\xfe\xfd"


def test_nobody_there_is_told(inside: HttpRemote) -> None:
    refused = refusal(inside, "http://127.0.0.1:9/")
    assert isinstance(refused, Unavailable)


def test_redirects_are_followed_five_times_at_most(sites: Sites, inside: HttpRemote) -> None:
    sites.asked.clear()
    assert "without end" in refusal(inside, f"{sites.base}/villain/loop").detail
    assert len(sites.asked) == 6


def test_a_redirect_need_not_be_followed(sites: Sites, inside: HttpRemote) -> None:
    reply = ask(inside, f"{sites.base}/villain/loop", follows=False)
    assert reply.status == 302


def test_credentials_do_not_go_to_another_host(sites: Sites, inside: HttpRemote) -> None:
    sites.asked.clear()
    target = f"http/localhost:{sites.port}/files/public/waggle/sky.tar"
    headers = {"Authorization": SECRET}
    ask(inside, f"{sites.base}/villain/to/{target}", headers=headers)
    assert [said.get("Authorization") for _, _, said in sites.asked] == [SECRET, None]


def test_our_token_goes_to_its_host_alone(sites: Sites) -> None:
    mirrors = {"api.github.com": f"{sites.base}/github", "other.example": f"{sites.base}/files"}
    remote = HttpRemote("tests", mirrors=mirrors, credentials={"api.github.com": SECRET})
    sites.asked.clear()
    ask(remote, "https://api.github.com/repos/waggle-sensor/iio")
    ask(remote, "https://other.example/public/waggle/sky.tar")
    ask(remote, "http://api.github.com/repos/waggle-sensor/iio")
    assert [said.get("Authorization") for _, _, said in sites.asked] == [SECRET, None, None]


def test_a_token_is_not_in_what_is_printed() -> None:
    assert SECRET not in repr(HttpRemote("tests", credentials={"api.github.com": SECRET}))


# -- the inside


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "[::1]",
     "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "224.0.0.1", "255.255.255.255", "100.64.0.1", "[::]", "[::127.0.0.1]", "[ff02::1]"],
)  # fmt: skip
def test_the_inside_is_not_asked(outside: HttpRemote, host: str) -> None:
    assert isinstance(refusal(outside, f"http://{host}/"), NotAcceptable)


@pytest.mark.parametrize("said", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_another_spelling_of_this_machine_is_not_asked(
    sites: Sites, outside: HttpRemote, said: str
) -> None:
    sites.asked.clear()
    refusal(outside, f"http://{said}:{sites.port}/files/public/waggle/sky.tar")
    assert sites.asked == []


@pytest.mark.parametrize("address", ["192.0.43.8", "2606:4700::1111", "8.8.8.8"])
def test_what_everybody_reaches_may_be_asked(address: str) -> None:
    assert is_public(address)


def test_a_name_that_means_the_inside_is_not_asked(sites: Sites) -> None:
    remote = HttpRemote("tests", resolve=lambda *_: ["127.0.0.1"])
    sites.asked.clear()
    refused = refusal(remote, f"http://nice.example:{sites.port}/")
    assert isinstance(refused, NotAcceptable)
    assert sites.asked == []


def test_a_name_that_means_the_inside_as_well_is_not_asked(sites: Sites) -> None:
    remote = HttpRemote("tests", resolve=lambda *_: ["192.0.43.8", "127.0.0.1"])
    assert isinstance(refusal(remote, "http://mixed.example/"), NotAcceptable)


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(sites: Sites) -> None:
    """The second answer would be the inside; nobody asks for it."""
    answers = iter([["192.0.2.1"], ["127.0.0.1"]])
    given: list[list[str]] = []

    def resolve(_host: str, _port: int) -> list[str]:
        given.append(next(answers))
        return given[-1]

    remote = HttpRemote("tests", private_is_asked=True, resolve=resolve)
    sites.asked.clear()
    refusal(remote, f"http://rebinding.example:{sites.port}/", seconds=0.2)
    assert (len(given), sites.asked) == (1, [])


@pytest.mark.parametrize(
    "target", ["http/127.0.0.1:PORT/", "http/169.254.169.254/latest/meta-data"]
)
def test_a_redirect_to_the_inside_is_not_followed(sites: Sites, target: str) -> None:
    """The first host is one that the operator named; what it sends on to is not."""
    remote = HttpRemote("tests", mirrors={"site.example": sites.base})
    sites.asked.clear()
    to = target.replace("PORT", str(sites.port))
    refused = refusal(remote, f"https://site.example/villain/to/{to}")
    assert isinstance(refused, NotAcceptable)
    assert len(sites.asked) == 1


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "http://a:b@example.org/",
     "http://example.org:25/", "http:///", "http://example.org:0/", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_web_address_is_not_asked(outside: HttpRemote, url: str) -> None:
    assert isinstance(refusal(outside, url), NotAcceptable)


@pytest.mark.parametrize("said", ["file/etc/passwd", "ftp/example.org/a"])
def test_a_redirect_to_what_is_no_web_address_is_not_followed(
    sites: Sites, inside: HttpRemote, said: str
) -> None:
    assert isinstance(refusal(inside, f"{sites.base}/villain/to/{said}"), NotAcceptable)


def test_a_name_that_nobody_has_is_told() -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError

    remote = HttpRemote("tests", resolve=nobody)
    assert "no site called" in refusal(remote, "https://nobody.example/").detail


def test_a_resolver_without_end_is_not_waited_for() -> None:
    remote = HttpRemote("tests", resolve=lambda *_: time.sleep(3.0) or [])
    begun = time.monotonic()
    refusal(remote, "https://slow.example/", seconds=0.3)
    assert time.monotonic() - begun < 1.0


@pytest.mark.parametrize(("said", "least", "most"), [("120", 120, 120), ("soon", 0, 0)])
def test_a_wish_for_patience_is_in_seconds(
    sites: Sites, inside: HttpRemote, said: str, least: int, most: int
) -> None:
    sites.status["/files/busy"] = (429, {"Retry-After": said})
    reply = ask(inside, f"{sites.base}/files/busy")
    seconds = reply.headers["retry-after"]
    assert seconds == said or least <= int(seconds) <= most
