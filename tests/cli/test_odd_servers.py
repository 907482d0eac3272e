"""What the client does with servers that break off, lie, point elsewhere or are no catalogs."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from catalog.client import Client, Refused
from catalog.domain.errors import Unavailable
from tests.api.served import Served
from tests.catalogs import description
from tests.cli.conftest import Command


class OddServer(ThreadingHTTPServer):
    """A server that answers each path with what a test puts there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def says(self, path: str, said: Any, status: int = 200, /, **headers: str) -> None:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers.setdefault("Content-Length", str(len(body)))
        self.answers[path] = (status, headers, body)

    def offers(self, name: str, body: bytes, sha256: str | None = None, **headers: str) -> None:
        digest = sha256 or hashlib.sha256(body).hexdigest()
        file = {"name": name, "size_bytes": len(body), "sha256": digest}
        self.says("/items/x1/files", {"files": [file], "next": None})
        self.says(f"/items/x1/files/{name}", body, 200, **headers)


class _Handler(BaseHTTPRequestHandler):
    server: OddServer

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append((f"{self.command} {path}", dict(self.headers)))
        status, headers, body = self.server.answers.get(path, (404, {"Content-Length": "0"}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    do_POST = do_PUT = do_GET  # noqa: N815 - the names are those of the protocol

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/out", "a/../../out", "..", ".", "", "a//b", "a/./b", "a\x00b", "a\x1b[2Jb"],
)
def test_a_name_that_leads_out_of_the_folder_is_not_written(
    command: Command, odd: OddServer, tmp_path: Path, name: str
) -> None:
    odd.offers(name, b"evil")
    told = command("download", "x1", "--to", tmp_path / "deep" / "er", "--url", odd.url)
    assert (told.code, "which is not fetched" in told.err) == (3, True)
    assert list(tmp_path.rglob("*")) == []


def test_an_id_that_leads_out_of_the_folder_is_not_written(
    command: Command, odd: OddServer
) -> None:
    odd.offers("a.txt", b"evil")
    odd.answers["/items/../x1/files"] = odd.answers["/items/x1/files"]
    told = command("download", "../x1", "--url", odd.url)
    assert (told.code, "which is not fetched" in told.err) == (3, True)


def test_names_that_only_look_odd_are_fetched(
    command: Command, odd: OddServer, tmp_path: Path
) -> None:
    odd.offers("2023-01-01T00:00:00.jpg", b"sky")
    assert command("download", "x1", "--to", tmp_path, "--url", odd.url).code == 0
    assert (tmp_path / "2023-01-01T00:00:00.jpg").read_bytes() == b"sky"


def test_a_damaged_file_gets_no_name(command: Command, odd: OddServer, tmp_path: Path) -> None:
    odd.offers("a.txt", b"damaged", hashlib.sha256(b"whole").hexdigest())
    told = command("download", "x1", "--to", tmp_path / "to", "--url", odd.url)
    assert (told.code, "arrived damaged" in told.err) == (3, True)
    assert list((tmp_path / "to").iterdir()) == []


def test_a_file_that_breaks_off_gets_no_name(
    command: Command, odd: OddServer, tmp_path: Path
) -> None:
    odd.offers("a.txt", b"half", Content_Length="8")
    odd.answers["/items/x1/files/a.txt"][1].pop("Content-Length", None)
    told = command("download", "x1", "--to", tmp_path / "to", "--url", odd.url)
    assert told.code == 3
    assert list((tmp_path / "to").iterdir()) == []


def test_a_server_that_is_no_catalog_is_told_so(command: Command, odd: OddServer) -> None:
    odd.says("/items/x1/files", b"<html>Welcome</html>")
    told = command("download", "x1", "--url", odd.url)
    assert (told.code, "not as a catalog does" in told.err) == (3, True)
    odd.says("/items/x1/files", [1, 2])
    assert command("download", "x1", "--url", odd.url).code == 3


def test_a_server_that_points_elsewhere_is_not_followed_with_the_token(
    command: Command, odd: OddServer
) -> None:
    odd.says("/items/x1/files", b"", 301, Location="https://elsewhere.example/")
    told = command("download", "x1", "--url", odd.url, "--token", "sage_secret")
    assert (told.code, "https://elsewhere.example/" in told.err) == (3, True)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((status, 1) for status in (400, 413, 422)),
        *((status, 2) for status in (406, 415, 421)),
        *((status, 3) for status in (429, 500, 503, 507)),
        *((status, 4) for status in (401, 403, 404)),
        *((status, 5) for status in (409, 410, 412, 428)),
    ],
)
def test_the_exit_code_follows_the_status(
    command: Command, odd: OddServer, status: int, code: int
) -> None:
    odd.says("/items/x1/files", {"detail": "No.", "status": status, "limit": "x"}, status)
    told = command("download", "x1", "--url", odd.url, "--json")
    assert (told.code, told.said["error"], told.err) == (code, "No.", "sage-catalog: No.\n")


def test_the_client_speaks_for_python_programs_too(server: Served, tmp_path: Path) -> None:
    client = Client(server.url, server.token)
    item = client.submit(description("By Python"), once="a word")
    assert client.submit(description("By Python"), once="a word").id == item.id
    (tmp_path / "a.txt").write_text("bytes")
    told: list[int] = []
    client.upload(
        item.id, "in/a.txt", tmp_path / "a.txt", media_type="text/plain", moved=told.append
    )
    assert told[-1] == 5
    (file,) = client.files(item.id)
    assert (file["name"], file["media_type"]) == ("in/a.txt", "text/plain")
    revised = client.revise(client.item(item.id), description("By Python, again"))
    with pytest.raises(Refused) as moved_on:
        client.revise(item, description("Too late"))
    assert (moved_on.value.answered, moved_on.value.kind) == (412, "moved-on")
    client.publish(revised)
    assert client.item(item.id).said["state"] == "published"
    assert item.id in {one["id"] for one in client.items(state="published", type="training-data")}
    client.withdraw(client.item(item.id), "a test")
    with pytest.raises(Refused) as gone:
        client.item(item.id)
    assert gone.value.answered == 410
    draft = client.submit(description("Short-lived"))
    client.delete(draft)
    with pytest.raises(Refused):
        client.item(draft.id)


@pytest.mark.parametrize(
    "url", ["", "catalog.example", "ftp://x", "http://", "http://[", "http://a b"]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="address of a catalog"):
        Client(url)


def test_a_server_that_hangs_up_is_unavailable(odd: OddServer) -> None:
    odd.says("/items/x1", b"", Content_Length="10")
    odd.answers["/items/x1"][1].pop("Content-Length", None)
    with pytest.raises(Unavailable):
        Client(odd.url, seconds=2.0).item("x1")
