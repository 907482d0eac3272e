"""What breaks on the way goes on: killed, cut, restarted, from another machine, straight to S3."""

import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from werkzeug.serving import make_server

from api.app import create_app
from catalog.adapters.objects_s3 import S3Objects
from catalog.client import Client, Refused
from catalog.connection import NoAnswer
from catalog.domain.errors import Unavailable
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.transfers import retrying, sending
from catalog.transfers.reading import Changed, Stopped
from catalog.transfers.remembering import Memory
from tests.api.conftest import judge, queries
from tests.api.served import Served, served, start, wait_until_ready
from tests.api.sites import Site, site_in
from tests.catalogs import description
from tests.cli.conftest import Command
from tests.cli.test_odd_servers import OddServer, odd
from tests.servers import WeedServer, weed

__all__ = ["judge", "odd", "queries", "weed"]

PART = 131_072
BODY = random.Random(7).randbytes(40 * PART + 77)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A catalog whose parts are small, so that there are many."""
    with served(tmp_path_factory.mktemp("far") / "data", part_bytes=str(PART)) as running:
        yield running


@pytest.fixture
def client(far: Served) -> Client:
    return Client(far.url, far.token)


@pytest.fixture
def item(client: Client) -> str:
    return client.submit(description("In parts")).id


@pytest.fixture
def big(tmp_path: Path) -> Path:
    file = tmp_path / "big"
    file.write_bytes(BODY)
    return file


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less between tries than for the servers of others."""
    monkeypatch.setattr(retrying, "_FIRST_SECONDS", 0.05)


def kept(client: Client, item: str, name: str = "big") -> str:
    """Return the SHA-256 of a file that an item has."""
    (file,) = client.files(item, prefix=name)
    return str(file["sha256"])


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def stopping(after: int) -> tuple[threading.Event, Callable[[int], None]]:
    """Return what stops a transfer once so many bytes have gone over."""
    stop = threading.Event()
    return stop, lambda done: stop.set() if done > after else None


def begun(client: Client, item: str, file: Path, **how: Any) -> None:
    """Send about a third of a file, and no more."""
    stop, moved = stopping(16 * PART)
    with pytest.raises(Stopped):
        client.upload(item, "big", file, parts_from=1, stop=stop, moved=moved, **how)


@contextmanager
def under_way(far: Served, item: str, file: Path, state: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own, until some parts of the file have arrived."""
    folder = far.data / "objects" / "parts"
    before = set(folder.iterdir()) if folder.exists() else set()
    environment = {**os.environ, "XDG_STATE_HOME": str(state), "SAGE_CATALOG_TOKEN": far.token}
    command = [sys.executable, "-m", "catalog.cli", "upload", "--url", far.url, item, str(file)]
    with subprocess.Popen(
        [*command, "--in-parts", "--connections", "1"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            new = [
                one for one in (folder.iterdir() if folder.exists() else ()) if one not in before
            ]
            if new and sum(1 for _ in new[0].iterdir()) > 8:
                break
            time.sleep(0.002)
        yield process


def test_ctrl_c_says_how_to_go_on_and_another_machine_does(
    far: Served, client: Client, item: str, big: Path, tmp_path: Path
) -> None:
    with under_way(far, item, big, tmp_path / "here") as process:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert said.startswith("sage-catalog: Stopped.\n")
    assert said.endswith(f"{item} {big} --url {far.url} --in-parts --resume\n")
    told: list[str] = []
    gone: list[int] = []
    client.upload(item, "big", big, parts_from=1, resume=True, told=told.append, moved=gone.append)
    assert "only the others are sent" in told[0]
    assert (gone[0] >= PART, max(gone)) == (True, len(BODY))
    assert kept(client, item) == sha256(BODY)


def test_without_resume_all_parts_go_again_and_that_is_told(
    client: Client, item: str, big: Path
) -> None:
    begun(client, item, big)
    told: list[str] = []
    gone: list[int] = []
    client.upload(item, "big", big, parts_from=1, told=told.append, moved=gone.append)
    assert "--resume sends only the others" in told[0]
    assert (gone[0] <= PART, max(gone), kept(client, item)) == (True, len(BODY), sha256(BODY))


def test_one_flipped_byte_is_found_and_the_next_upload_is_good(
    far: Served, client: Client, item: str, big: Path, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "memory")
    begun(client, item, big, memory=memory)
    (remembered,) = (tmp_path / "memory").iterdir()
    upload = re.search(r'"upload": "(\w+)"', remembered.read_text())
    assert upload is not None
    parts = far.data / "objects" / "parts" / upload[1]
    first = min(int(one.name) for one in parts.iterdir() if one.name.isdecimal())
    with (parts / "whole").open("r+b") as whole:
        whole.seek((first - 1) * PART)
        whole.write(bytes([BODY[(first - 1) * PART] ^ 1]))
    with pytest.raises(Refused, match="SHA-256 is not the one announced") as refused:
        client.upload(item, "big", big, parts_from=1, resume=True, memory=memory)
    assert (refused.value.answered, list((tmp_path / "memory").iterdir())) == (422, [])
    assert list(client.files(item)) == []
    client.upload(item, "big", big, parts_from=1, resume=True, memory=memory)
    assert kept(client, item) == sha256(BODY)


def test_a_file_that_changes_meanwhile_is_not_kept(
    client: Client, item: str, big: Path, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "memory")

    def touch(done: int) -> None:
        if done > 10 * PART:
            os.utime(big, (1, 1))

    with pytest.raises(Changed, match="changed while it was sent"):
        client.upload(item, "big", big, parts_from=1, moved=touch, memory=memory)
    assert list(client.files(item)) == []
    big.write_bytes(BODY[:-1])
    told: list[str] = []
    client.upload(item, "big", big, parts_from=1, resume=True, memory=memory, told=told.append)
    assert told[0] == "big has changed since its upload began; it begins anew."
    assert kept(client, item) == sha256(BODY[:-1])


def test_a_file_that_ends_too_early_is_told_so(client: Client, item: str, tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_bytes(BODY)

    def shorten(done: int) -> None:
        if done < len(BODY) // 4:
            os.truncate(file, len(BODY) // 2)

    with pytest.raises(Changed):
        client.upload(item, "short", file, moved=shorten, tries=1)
    assert list(client.files(item)) == []


@dataclass
class Cutting:
    """What stands before a server, and cuts connections: each of `after`, after so many bytes."""

    port: int
    after: list[int]
    opened: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    sockets: list[socket.socket] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                inner, _ = self.listener.accept()
            except OSError:
                return
            left = [self.after[self.opened] if self.opened < len(self.after) else 1 << 40]
            self.opened += 1
            outer = socket.create_connection(("127.0.0.1", self.port))
            self.sockets += [inner, outer]
            for ends in ((inner, outer), (outer, inner)):
                self.threads.append(threading.Thread(target=self._pass, args=(*ends, left)))
                self.threads[-1].start()

    def _pass(self, source: socket.socket, target: socket.socket, left: list[int]) -> None:
        with suppress(OSError):
            while left[0] > 0 and (chunk := source.recv(16_384)):
                target.sendall(chunk[: max(left[0], 0)])
                left[0] -= len(chunk)
        cut(source, target)

    def end(self) -> None:
        cut(self.listener, *self.sockets)
        for thread in self.threads:
            thread.join()
        for one in (self.listener, *self.sockets):
            one.close()


def cut(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(server: Served, *after: int) -> Iterator[Cutting]:
    between = Cutting(server.port, list(after))
    thread = threading.Thread(target=between.run)
    thread.start()
    try:
        yield between
    finally:
        cut(between.listener)
        thread.join()
        between.end()


def test_connections_that_are_cut_are_made_anew(
    far: Served, client: Client, item: str, big: Path, tmp_path: Path
) -> None:
    """In the answer to the first request, in the head of a part, in its body, in an answer."""
    with cutting(far, 900, 10, 30_000, 3 * PART, 700_000, 2_000_000) as between:
        through = Client(between.url, far.token)
        through.upload(item, "big", big, parts_from=1)
        assert between.opened > 6
    assert kept(client, item) == sha256(BODY)
    with cutting(far, 0, 400_000, 300, 2_000_000, 2_000_000, 0) as between:
        gone: list[int] = []
        through = Client(between.url, far.token)
        (file,) = client.files(item)
        through.download(item, file, tmp_path / "back", moved=gone.append)
        assert (between.opened > 5, sorted(gone) == gone) == (True, True)
    assert (tmp_path / "back").read_bytes() == BODY
    with cutting(far, 1_000, 900_000) as between:
        Client(between.url, far.token).upload(item, "whole", big)
    assert kept(client, item, "whole") == sha256(BODY)


def test_a_large_file_that_breaks_in_one_request_goes_on_in_parts(
    far: Served, client: Client, item: str, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WORTHWHILE_BYTES", 1 << 20)
    told: list[str] = []
    with cutting(far, 2_000_000) as between:
        Client(between.url, far.token).upload(item, "big", big, told=told.append)
    assert (len(told), told[0].endswith("big goes in parts now.")) == (1, True)
    client.upload(item, "unbroken", big, told=told.append)
    assert (kept(client, item), kept(client, item, "unbroken")) == (sha256(BODY),) * 2
    assert len(told) == 1


def test_a_large_file_that_arrives_damaged_is_sent_again_with_its_digest(
    odd: OddServer, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WORTHWHILE_BYTES", 1 << 20)
    odd.says("/items/x1/files/big", {"name": "big", "sha256": sha256(b"other bytes")}, 201)
    told: list[str] = []
    gone: list[int] = []
    Client(odd.url).upload("x1", "big", big, told=told.append, moved=gone.append)
    announced = [headers.get("X-Checksum-Sha256") for _, headers in odd.seen]
    assert announced == [None, sha256(BODY)]
    assert (told, gone[-1]) == (["big arrived damaged and is sent again."], len(BODY))


def test_a_download_goes_on_where_it_broke_off_whatever_lies_there(
    far: Served, client: Client, item: str, big: Path, tmp_path: Path
) -> None:
    client.upload(item, "big", big)
    (file,) = client.files(item)
    target, part = tmp_path / "back", tmp_path / "back.part"
    with cutting(far, 3_000_000) as between, pytest.raises(NoAnswer):
        Client(between.url, far.token).download(item, file, target, tries=1)
    there = part.stat().st_size
    assert (2_000_000 < there < 3_000_000, target.exists()) == (True, False)
    gone: list[int] = []
    client.download(item, file, target, resume=True, moved=gone.append)
    assert (gone[0] >= there, target.read_bytes() == BODY, part.exists()) == (True, True, False)
    for wrong in (b"of something else", BODY[:PART] + b"x", BODY + b"too long", b"x" * len(BODY)):
        part.write_bytes(wrong)
        client.download(item, file, target, resume=True)
        assert (target.read_bytes() == BODY, part.exists()) == (True, False)
    part.write_bytes(BODY)
    client.download(item, file, target, resume=True)
    assert target.read_bytes() == BODY


def test_the_command_downloads_by_name_and_pattern_and_goes_on(
    far: Served, command: Command, client: Client, item: str, tmp_path: Path
) -> None:
    for name in ("a/1.txt", "a/2.txt", "a/b/3.txt", "c[1].txt", "A/4.txt"):
        (tmp_path / "one").write_text(name)
        client.upload(item, name, tmp_path / "one")
    said = ("--url", far.url, "--token", far.token, "--to", tmp_path / "to", "--json")
    (tmp_path / "to" / "a").mkdir(parents=True)
    (tmp_path / "to" / "a" / "2.txt.part").write_text("a/2")
    told = command("download", item, "a/*", "c[1].txt", "a/1.txt", "--resume", *said)
    names = [one["name"] for one in told.said]
    assert (told.code, names) == (0, ["c[1].txt", "a/1.txt", "a/2.txt", "a/b/3.txt"])
    assert (tmp_path / "to" / "a" / "2.txt").read_text() == "a/2.txt"
    told = command("download", item, "b/*", *said)
    assert (told.code, told.said["error"]) == (2, f"{item} has no file that matches b/*.")
    (tmp_path / "to" / "a" / "1.txt").write_text("my own")
    told = command("download", item, *said)
    outcomes = {one["name"]: one["outcome"] for one in told.said}
    assert (told.code, outcomes["a/1.txt"], outcomes["A/4.txt"]) == (1, "failed", "fetched")
    assert (tmp_path / "to" / "a" / "1.txt").read_text() == "my own"


def test_a_folder_is_repeated_and_only_what_is_missing_goes(
    far: Served, command: Command, client: Client, item: str, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    (folder / "deep").mkdir(parents=True)
    for n in range(60):
        (folder / "deep" / f"{n}.txt").write_text(str(n))
    (folder / "not\na name.txt").write_text("x")
    said = ("--url", far.url, "--token", far.token, "--json")
    told = command("upload", item, folder, *said)
    outcomes = [one["outcome"] for one in told.said]
    assert (told.code, outcomes.count("sent"), outcomes.count("failed")) == (1, 60, 1)
    assert "60 files sent (110 B), 0 were there already, 1 failed." in told.err
    (folder / "not\na name.txt").unlink()
    (folder / "deep" / "7.txt").write_text("another")
    (folder / "new.txt").touch()
    told = command("upload", item, folder, *said)
    sent = [one["name"] for one in told.said if one["outcome"] == "sent"]
    assert (told.code, sent) == (0, ["deep/7.txt", "new.txt"])
    assert len(list(client.files(item, prefix="deep/"))) == 60
    told = command("upload", item, folder / "new.txt", folder / "deep" / "7.txt", *said[:-1])
    assert "1 files sent (7 B), 1 were there already" in told.err


def test_a_frozen_item_takes_none_of_many_files(
    far: Served, command: Command, client: Client, tmp_path: Path
) -> None:
    item = client.submit(description("Frozen"), publish=True).id
    for n in range(9):
        (tmp_path / f"{n}.txt").write_text(str(n))
    said = ("--url", far.url, "--token", far.token, "--connections", "1")
    told = command("upload", item, *sorted(tmp_path.glob("*.txt")), *said)
    assert (told.code, len(told.err.splitlines())) == (5, 1)


@pytest.mark.parametrize("number", ["0", "-1", "99", "many"])
def test_a_number_of_connections_is_one(command: Command, number: str) -> None:
    assert command("download", "x1", f"--connections={number}").code == 2


def test_a_server_that_takes_too_long_or_only_fails_is_asked_again_and_then_left(
    odd: OddServer, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("bytes")
    odd.says("/items/x1/files/a", {"detail": "Later."}, 503, Retry_After="0")
    with pytest.raises(NoAnswer, match=r"Later\."):
        Client(odd.url).upload("x1", "a", tmp_path / "a", tries=3)
    assert [line for line, _ in odd.seen] == ["PUT /items/x1/files/a"] * 3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        patient = Client(f"http://127.0.0.1:{port}", seconds=0.2)
        with pytest.raises(NoAnswer, match="does not answer"):
            patient.upload("x1", "a", tmp_path / "a", tries=2)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"<html>Welcome</html>", "not as a catalog does"),
        ({"id": "u", "parts": "none"}, "not as a catalog does"),
        ({"id": "u", "parts": [{"n": 1}], "part_size_bytes": 5}, "does not have"),
        (
            {
                "id": "u",
                "part_size_bytes": 5,
                "parts": [{"n": 9, "size_bytes": 5, "url": "http://x/", "arrived": False}],
            },
            "does not have",
        ),
        (
            {
                "id": "u",
                "part_size_bytes": 5,
                "parts": [{"n": 1, "size_bytes": 5, "url": "file:///x", "arrived": False}],
            },
            "no address",
        ),
    ],
)
def test_a_server_that_answers_nonsense_to_an_upload_is_told_so(
    odd: OddServer, tmp_path: Path, said: Any, sentence: str
) -> None:
    (tmp_path / "a").write_text("bytes")
    odd.says("/items/x1/uploads", said)
    with pytest.raises(Unavailable, match=sentence):
        Client(odd.url).upload("x1", "a", tmp_path / "a", parts_from=1, tries=1)


def test_the_token_goes_to_no_store(odd: OddServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("bytes")
    store = odd.url.replace("127.0.0.1", "localhost")
    part = {"n": 1, "size_bytes": 5, "url": f"{store}/store/1?signed", "arrived": False}
    odd.says("/items/x1/uploads", {"id": "u", "part_size_bytes": 5, "parts": [part], "next": None})
    odd.says("/store/1", b"")
    odd.says("/items/x1/uploads/u/completion", {"name": "a"})
    client = Client(odd.url, "sage_secret")
    assert client.upload("x1", "a", tmp_path / "a", parts_from=1) == {"name": "a"}
    odd.offers("a", b"bytes")
    odd.says("/store/a", b"bytes")
    odd.says("/items/x1/files/a", b"", 307, Location=f"{store}/store/a?signed")
    (file,) = client.files("x1")
    client.download("x1", file, tmp_path / "back")
    assert (tmp_path / "back").read_text() == "bytes"
    with_token = {line for line, headers in odd.seen if "Authorization" in headers}
    without = {line for line, headers in odd.seen if "Authorization" not in headers}
    assert without == {"PUT /store/1", "GET /store/a"}
    assert not any("/store/" in line for line in with_token)


def test_a_store_that_nobody_but_the_server_reaches_is_gone_around(
    odd: OddServer, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("bytes")
    nobody = "http://127.0.0.1:1/1?signed"
    part = {"n": 1, "size_bytes": 5, "url": nobody, "arrived": False}
    odd.says("/items/x1/uploads", {"id": "u", "part_size_bytes": 5, "parts": [part], "next": None})
    odd.says("/items/x1/uploads/u/parts/1", {"n": 1})
    odd.says("/items/x1/uploads/u/completion", {"name": "a"})
    assert Client(odd.url).upload("x1", "a", tmp_path / "a", parts_from=1) == {"name": "a"}


def test_a_file_that_is_checked_for_long_is_waited_for(odd: OddServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("bytes")
    begun = {"id": "u", "part_size_bytes": 5, "parts": [], "next": None}
    odd.says("/items/x1/uploads", begun)
    odd.says("/items/x1/uploads/u/completion", {"id": "u", "state": "checking"}, 202)
    problem = {"status": 422, "detail": "Other bytes.", "type": "x/problems/checksum-mismatch"}
    odd.says("/items/x1/uploads/u", {"id": "u", "state": "refused", "problem": problem})
    told: list[str] = []
    with pytest.raises(Refused, match=r"Other bytes\."):
        Client(odd.url).upload("x1", "a", tmp_path / "a", parts_from=1, told=told.append)
    assert told == ["a is there; the server checks it."]
    odd.says("/items/x1/uploads/u", {"id": "u", "state": "kept", "file": {"name": "a"}})
    assert Client(odd.url).upload("x1", "a", tmp_path / "a", parts_from=1) == {"name": "a"}


@pytest.mark.parametrize("headers", [{"Content_Length": "3"}, {"ETag": '"another"'}])
def test_a_server_that_lies_about_a_file_leaves_nothing(
    odd: OddServer, tmp_path: Path, headers: dict[str, str]
) -> None:
    odd.offers("a.txt", b"bytes", None, **headers)
    if "Content_Length" in headers:
        odd.answers["/items/x1/files/a.txt"][1].pop("Content-Length", None)
    client = Client(odd.url)
    (file,) = client.files("x1")
    with pytest.raises(Unavailable):
        client.download("x1", file, tmp_path / "a.txt", tries=1)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def over_weed(
    tmp_path_factory: pytest.TempPathFactory,
    judge: JailedJudge,
    queries: JailedQueries,
    weed: WeedServer,
) -> Iterator[tuple[Site, str, list[str]]]:
    """A catalog over SeaweedFS, its address, and what was asked of it."""
    made = site_in(tmp_path_factory.mktemp("straight"), judge, queries, part_bytes=4 << 20)
    public = f"http://{weed.endpoint}"
    secret = weed.weed.secret_key
    objects = S3Objects(
        weed.endpoint, weed.access_key, secret, bucket="straight", single_put_bytes=None,
        public=public,
    )  # fmt: skip
    site = replace(made, app=create_app(replace(made.parts, objects=objects)))
    asked: list[str] = []

    def counted(environ: dict[str, Any], begin: Any) -> Any:
        asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return site.app(environ, begin)

    server = make_server("127.0.0.1", 0, counted, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site, f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()


@pytest.mark.server("weed")
def test_parts_and_files_go_to_the_store_and_come_from_it_straight(
    over_weed: tuple[Site, str, list[str]], tmp_path: Path
) -> None:
    site, url, asked = over_weed
    client = Client(url, site.tokens["owner"])
    item = client.submit(description("Straight")).id
    body = BODY + BODY[::-1]
    file = tmp_path / "big"
    file.write_bytes(body)
    stop, moved = stopping(5 << 20)
    with pytest.raises(Stopped):
        client.upload(item, "big", file, parts_from=1, stop=stop, moved=moved, connections=1)
    told: list[str] = []
    client.upload(item, "big", file, parts_from=1, resume=True, told=told.append)
    assert told == ["1 of 3 parts of big arrived earlier; only the others are sent."]
    (kept,) = client.files(item)
    client.download(item, kept, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == body
    assert not any("/parts/" in line for line in asked)


def test_a_command_that_is_killed_goes_on_with_a_server_that_was_killed_too(
    far: Served, client: Client, item: str, command: Command, tmp_path: Path, big: Path
) -> None:
    """The last one here, for which the server of all others ends."""
    with under_way(far, item, big, tmp_path / "state") as process:
        process.kill()
    everything = psutil.Process(far.process.pid).children(recursive=True)
    far.process.kill()
    far.process.wait()
    psutil.wait_procs(everything, timeout=20)
    again = Served(far.port, far.data, start(far.port, far.data, part_bytes=str(PART)))
    try:
        wait_until_ready(again)
        (remembered,) = (tmp_path / "state").rglob("*.json")
        assert far.token not in remembered.read_text()
        said = ("--in-parts", "--resume", "--url", far.url, "--token", far.token)
        told = command("upload", item, big, *said)
    finally:
        again.process.terminate()
        again.process.wait(30)
    arrived = re.search(r"(\d+) of 41 parts of big arrived earlier; only the others", told.err)
    assert arrived is not None, told.err
    assert (told.code, int(arrived[1]) > 5) == (0, True)
    assert told.out == f"{sha256(BODY)}  big\n"
    assert not list((tmp_path / "state").rglob("*.json"))
