"""Sage's storage API behind the real server: a client's whole journey, and bytes on the wire."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests import storage_client
from tests.api.buckets import FORM, form
from tests.api.served import Served, served, status_of
from tests.storage_client import Storage


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served") / "data", web_workers="1") as found:
        yield found


@pytest.fixture(scope="module")
def storage(running: Served) -> Storage:
    return Storage(running.url, running.token)


@pytest.fixture(scope="module")
def bucket(storage: Storage) -> str:
    return str(storage.create_bucket("on the wire", "model")["id"])


def test_a_client_lives_the_life_of_a_bucket(running: Served, tmp_path: Path) -> None:
    folder = tmp_path / "night sky"
    for number in range(5):
        path = folder / f"{'deep/er/' * (number % 3)}{number} \u6728.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * 1_000)
    (folder / "large.bin").write_bytes(bytes(range(256)) * 12_000)
    (folder / "empty").write_bytes(b"")
    told = subprocess.run(
        [sys.executable, storage_client.__file__, running.url, running.token, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1] == "deleted it"


def test_a_body_of_unknown_length_is_taken_whole_or_not_at_all(
    running: Served, storage: Storage, bucket: str
) -> None:
    whole = form(b"y" * 100_000)
    head = f"PUT /api/v1/objects/{bucket}/chunked.txt HTTP/1.1\nTransfer-Encoding: chunked\n"
    head += f"Content-Type: {FORM}\nAuthorization: sage {running.token}"
    said = running.head(head).replace(f"Authorization: Bearer {running.token}\r\n".encode(), b"")
    chunks = b"%x\r\n%s\r\n" % (len(whole), whole)
    for body, status in ((chunks + b"0\r\n\r\n", 200), (chunks[:50_000], 0)):
        with running.connected() as opened:
            opened.sendall(said + body)
            if status:
                answer = b""
                while piece := opened.recv(65_536):
                    answer += piece
                assert status_of(answer) == status, answer
                assert storage.delete_file(bucket, "chunked.txt")["deleted"]
    assert storage.list_files(bucket, recursive=True)["KeyCount"] == 0


def test_a_body_that_ends_early_keeps_nothing(
    running: Served, storage: Storage, bucket: str
) -> None:
    before = running.objects()
    whole = form(b"z" * 300_000)
    head = f"PUT /api/v1/objects/{bucket}/cut.txt HTTP/1.1\nContent-Length: {len(whole)}\n"
    head += f"Content-Type: {FORM}\nAuthorization: sage {running.token}"
    said = running.head(head).replace(f"Authorization: Bearer {running.token}\r\n".encode(), b"")
    for cut in (0, 40, 150, 200_000, len(whole) - 3):
        with running.connected() as opened:
            opened.sendall(said + whole[:cut])
    assert storage.list_files(bucket, recursive=True)["KeyCount"] == 0
    assert running.objects() == before


def test_names_and_ways_are_read_as_they_were_written(
    running: Served, storage: Storage, bucket: str
) -> None:
    address = f"{running.url}/api/v1/objects/{bucket}"
    headers = {"Authorization": f"sage {running.token}", "Content-Type": FORM}

    def put(path: str) -> requests.Response:
        return requests.put(
            address + path, data=form(b"x"), headers=headers, timeout=10, allow_redirects=False
        )

    assert put(f"/d/{quote('Größe 木;a=1.txt')}").status_code == 200
    got = requests.get(f"{address}/d/{quote('Größe 木;a=1.txt')}", headers=headers, timeout=10)
    assert got.headers["Content-Disposition"].encode("latin-1").decode() == (
        "attachment; filename=Größe 木;a=1.txt"
    )
    for path in ("/%ff", "/%c0%af", "/a%00b"):
        assert put(path).status_code == 400, path
    for path in ("/a%2F..%2Fb", "/%2e%2e/x"):
        assert put(path).status_code == 301, path
    raw = running.raw(f"GET /api/v1/objects/{bucket}/../../../items HTTP/1.1")
    assert status_of(raw) == 301
    assert b"location: /api/items" in raw.lower()
    listed = storage.list_files(bucket, recursive=True)["Contents"]
    assert [one["Key"] for one in listed] == ["d/Größe 木;a=1.txt"]
    assert storage.delete_file(bucket, quote("d/Größe 木;a=1.txt"))["deleted"]


def test_a_refusal_arrives_while_the_body_is_being_sent(running: Served, bucket: str) -> None:
    answer = requests.put(
        f"{running.url}/api/v1/objects/{bucket}/a.txt",
        data=form(b"x" * 200_000),
        headers={"Content-Type": FORM},
        timeout=10,
    )
    assert (answer.status_code, list(json.loads(answer.text))) == (401, ["error"])
