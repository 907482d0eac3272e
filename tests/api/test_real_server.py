"""What only a real server shows: bodies that are cut, lengths that lie, slow readers, signals."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import urllib3

from tests.api.served import Served, free_port, log_of, received, served, status_of
from tests.catalogs import description


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served") / "data") as running:
        yield running


@pytest.fixture
def item(server: Served) -> str:
    return server.draft(description("On a real server"))


def at_rest(server: Served) -> object:
    """Return what the server keeps once no request of before is still under way."""
    seen = server.objects()
    while time.sleep(0.2) or (again := server.objects()) != seen:
        seen = again
    return seen


def files_of(server: Served, item: str) -> list[str]:
    return [file["name"] for file in server.ask("GET", f"{item}/files").json()["files"]]


def test_the_address_and_the_token_are_where_they_should_be(server: Served) -> None:
    assert server.ask("GET", "/health/live").status == 200
    assert oct((server.data / "token").stat().st_mode & 0o777) == "0o600"
    assert server.ask("GET", "/items?state=draft").status == 200


@pytest.mark.parametrize("then", ["cut", "reset"])
@pytest.mark.parametrize("sent", [0, 1, 50, 99])
def test_a_body_that_is_cut_keeps_nothing(server: Served, item: str, sent: int, then: str) -> None:
    before = at_rest(server)
    answer = server.raw(
        f"PUT {item}/files/cut HTTP/1.1\nContent-Length: 100", b"x" * sent, then=then
    )
    assert status_of(answer) in {0, 400}
    _eventually(lambda: server.objects() == before)
    assert files_of(server, item) == []


def test_a_description_that_is_cut_keeps_nothing(server: Served) -> None:
    body = description("Cut off")
    total = server.ask("GET", "/items?limit=1").json()["total"]
    answer = server.raw(
        f"POST /items HTTP/1.1\nContent-Type: text/turtle\nContent-Length: {len(body) + 10}",
        body,
        then="cut",
    )
    assert status_of(answer) in {0, 400}
    assert server.ask("GET", "/items?limit=1").json()["total"] == total


def test_what_comes_after_the_announced_length_is_no_part_of_it(server: Served, item: str) -> None:
    answer = server.raw(
        f"PUT {item}/files/short HTTP/1.1\nContent-Length: 5\nContent-Type: a/b", b"12345SMUGGLED"
    )
    assert b"201" in answer.split(b"\r\n")[0]
    assert server.ask("GET", f"{item}/files/short").data == b"12345"


@pytest.mark.parametrize("length", ["-1", "x", "1 1", "99999999999999999999", "5, 6", "0x5", ""])
def test_a_length_that_is_none_is_refused(server: Served, item: str, length: str) -> None:
    answer = server.raw(f"PUT {item}/files/odd HTTP/1.1\nContent-Length: {length}", b"12345")
    assert status_of(answer) in {0, 400, 411, 413}, answer
    assert files_of(server, item) == []


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 5\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\nContent-Length: 5",
        "Content-Length: 5\nContent-Length: 6",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\tchunked",
        "X: y\n Transfer-Encoding: chunked",
    ],
)
def test_lengths_that_contradict_each_other_smuggle_nothing(
    server: Served, item: str, headers: str
) -> None:
    smuggled = f"GET {item}.json HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    answer = server.raw(f"PUT {item}/files/odd HTTP/1.1\n{headers}", b"0\r\n\r\n" + smuggled)
    assert answer.count(b"HTTP/1.1 ") <= 1, answer
    assert status_of(answer) in {0, 400, 411, 501, 505}, answer
    assert files_of(server, item) == []


def test_a_chunked_body_is_411(server: Served, item: str) -> None:
    chunks = b"5\r\n12345\r\n0\r\n\r\n"
    for path in (f"PUT {item}/files/chunked", "POST /items", f"POST {item}/publication"):
        answer = server.raw(
            f"{path} HTTP/1.1\nTransfer-Encoding: chunked\nContent-Type: text/turtle\nIf-Match: *",
            chunks,
        )
        assert status_of(answer) == 411, answer
        assert b"application/problem+json" in answer
    assert files_of(server, item) == []
    assert server.ask("GET", f"{item}.json").json()["state"] == "draft"


def test_who_expects_100_continue_is_told_to(server: Served, item: str) -> None:
    body = os.urandom(2_000_000)
    with server.connected() as opened:
        opened.sendall(
            server.head(
                f"PUT {item}/files/big HTTP/1.1\nContent-Length: {len(body)}\n"
                "Content-Type: a/b\nExpect: 100-continue"
            )
        )
        assert opened.recv(1_000).startswith(b"HTTP/1.1 100")
        opened.sendall(body)
        assert status_of(received(opened)) == 201
    got = server.ask("GET", f"{item}/files/big")
    assert hashlib.sha256(got.data).digest() == hashlib.sha256(body).digest()


def test_who_is_refused_hears_it_although_the_body_was_not_read(server: Served) -> None:
    public = server.ask("POST", "/items?publish=true", description("Public"),
                        Content_Type="text/turtle").json()["id"]  # fmt: skip
    body = b"x" * 5_000_000
    answer = server.ask("PUT", f"/items/{public}/files/a", body)
    assert answer.status == 409
    nobody = server.ask("PUT", f"/items/{public}/files/a", body, Authorization="Bearer x")
    assert nobody.status == 401
    large = server.ask("POST", "/items", b"x" * 3_000_000, Content_Type="text/turtle")
    assert large.status == 413


def test_ranges_and_heads_are_answered_through_the_server(server: Served, item: str) -> None:
    body = os.urandom(300_000)
    assert server.ask("PUT", f"{item}/files/r", body, Content_Type="a/b").status == 201
    part = server.ask("GET", f"{item}/files/r", Range="bytes=1000-200999")
    assert (part.status, part.data) == (206, body[1_000:201_000])
    head = server.ask("HEAD", f"{item}/files/r")
    assert (head.status, head.headers["Content-Length"], head.data) == (200, "300000", b"")
    page = server.ask("HEAD", f"{item}.json")
    assert int(page.headers["Content-Length"]) > 500
    none = server.ask("GET", f"{item}/files/r", If_None_Match=head.headers["ETag"])
    assert (none.status, none.data) == (304, b"")
    beyond = server.ask("GET", f"{item}/files/r", Range="bytes=300000-")
    assert beyond.status == 416


def test_slow_and_vanished_readers_take_no_place_for_ever(server: Served, item: str) -> None:
    body = os.urandom(30_000_000)
    assert server.ask("PUT", f"{item}/files/slow", body, Content_Type="a/b").status == 201
    slow = []
    for _ in range(20):
        opened = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        opened.sendall(server.head(f"GET {item}/files/slow HTTP/1.1"))
        opened.recv(1_000)
        slow.append(opened)
    began = time.monotonic()
    assert server.ask("GET", "/items").status == 200
    assert server.ask("GET", f"{item}.json").status == 200
    assert time.monotonic() - began < 5.0
    for opened in slow:
        opened.close()
    _eventually(lambda: server.ask("GET", f"{item}/files/slow").data == body)


def test_addresses_that_are_no_text_are_refused(server: Served, item: str) -> None:
    for path in (
        f"{item}/files/%ff", f"{item}/files/%ed%a0%80", "/items/%c0%af", "/items?owner=%ff",
        "/sparql?query=%ff",
    ):  # fmt: skip
        answer = server.raw(f"PUT {path} HTTP/1.1\nContent-Length: 1", b"x")
        assert status_of(answer) in {400, 405}, answer
        assert status_of(server.raw(f"GET {path} HTTP/1.1")) == 400
    assert files_of(server, item) == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:{port}", "127.0.0.1@evil.example",
     "evil.example/..", "localhost.evil.example", "[::1].evil.example", "127.0.0.1:80:80",
     "a b", "\u00e9", "169.254.169.254", "xn--nxasmq6b"],
)  # fmt: skip
def test_an_odd_host_is_refused_and_changes_no_address(server: Served, host: str) -> None:
    named = host.format(port=server.port)
    for path in ("/", "/items", "/items/", "/sparql", "/openapi.json"):
        answer = server.raw(f"GET {path} HTTP/1.1\nHost: {named}")
        assert status_of(answer) in {0, 400, 421}, answer
        if "evil" in named:
            assert b"evil" not in answer


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "Forwarded: host=evil.example",
     "X-Forwarded-Prefix: /evil", "X-Original-URL: /me", "X-Rewrite-URL: /evil",
     "X-HTTP-Method-Override: DELETE"],
)  # fmt: skip
def test_what_proxies_say_changes_nothing_unless_they_are_ours(
    server: Served, item: str, header: str
) -> None:
    for path in (f"{item}.ttl", "/items/", f"{item}.html"):
        plain, odd = (server.raw(f"GET {path} HTTP/1.1{more}") for more in ("", f"\n{header}"))
        assert plain.partition(b"\r\n\r\n")[2] == odd.partition(b"\r\n\r\n")[2]
        assert b"evil" not in odd


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "///evil.example//", "/\\evil.example/", "//evil.example",
     "/%5cevil.example/", "//evil.example/items/", "/%2f%2fevil.example/", "/.//evil.example/", "http://evil.example/"],
)  # fmt: skip
def test_slashes_never_lead_to_another_site(server: Served, path: str) -> None:
    answer = server.raw(f"GET {path} HTTP/1.1")
    assert status_of(answer) in {200, 308, 400, 404, 421}, answer
    location = re.search(rb"(?i)\r\nlocation: (\S*)", answer)
    if location:
        assert re.match(rb"/(?![/\\]|%5c|%2f)", location[1], re.IGNORECASE), answer


def test_many_connections_that_say_nothing_stop_nobody(server: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    for opened in idle[::2]:
        opened.sendall(b"GET / HTTP/1.1\r\nHost: 127.")
    began = time.monotonic()
    for _ in range(10):
        assert server.ask("GET", "/health/live").status == 200
    assert time.monotonic() - began < 5.0
    for opened in idle:
        opened.close()


def test_a_second_start_on_the_same_port_or_folder_says_so(server: Served, tmp_path: Path) -> None:
    for port, data in ((server.port, tmp_path / "other"), (free_port(), server.data)):
        second = subprocess.run(
            [
                sys.executable, "-m", "catalog.cli", "serve", "--no-samples",
                "--port", str(port), "--data", str(data),
            ],
            capture_output=True,
            timeout=30,
            check=False,
        )  # fmt: skip
        assert second.returncode == 5, second.stderr
        assert b"Traceback" not in second.stderr
    assert server.ask("GET", "/health/ready").status == 200


def test_no_secret_is_in_the_log(server: Served) -> None:
    server.ask("GET", "/items", Authorization=f"Bearer {server.token}")
    assert server.token not in log_of(server)
    assert "Traceback" not in log_of(server)


def test_ctrl_c_stops_every_part_and_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    kept: list[str] = []
    stop = threading.Event()
    with served(data) as running:
        parts = psutil.Process(running.process.pid).children(recursive=True)
        assert len(parts) >= 3

        def submit() -> None:
            while not stop.is_set():
                try:
                    answer = running.ask(
                        "POST", "/items", description("Under way"), Content_Type="text/turtle"
                    )
                except urllib3.exceptions.HTTPError:
                    return
                if answer.status == 201:
                    kept.append(answer.json()["id"])

        thread = threading.Thread(target=submit)
        thread.start()
        _eventually(lambda: len(kept) >= 3)
        began = time.monotonic()
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(timeout=20) == 0, log_of(running)
        assert time.monotonic() - began < 12.0
        stop.set()
        thread.join()
        _, alive = psutil.wait_procs(parts, timeout=2)
        assert not alive
    with served(data) as again:  # which SIGTERM stops
        for one in kept:
            assert again.ask("GET", f"/items/{one}.json").status == 200


def _eventually(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
