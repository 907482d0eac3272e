"""How fast files go up and down: to the files store beside a plain copy, to S3 beside `minio`."""

import http.client
import json
import os
import statistics
import time
from pathlib import Path

from bench import moving
from bench.catalogs import Running
from bench.serving import trivial_server
from bench.table import Figure
from bench.validation import sample

SIZE_BYTES = 256 << 20
_CHUNK = 1 << 20
_ROUNDS = 9
_SETTLED_SECONDS = 0.5
"""What the catalog does after a change is done, such as bringing the index up to date."""


def figures(catalog: Running, folder: Path) -> list[Figure]:
    """Measure upload and download, in turns with the peer, and the memory of the web workers.

    Each file is new and is removed after its turn: pages of memory that were used before are
    cheaper to write to than fresh ones, so a pile of files would slow whoever makes it.
    """
    file = folder / "upload.bin"
    with file.open("wb") as out:
        for _ in range(SIZE_BYTES // _CHUNK):
            out.write(os.urandom(_CHUNK))
    kept = folder / "peer"
    kept.mkdir()
    os.environ["BENCH_PEER_FOLDER"] = str(kept)
    token = {"Authorization": f"Bearer {catalog.token}"}
    item = _submitted(catalog, token)
    up: dict[str, list[float]] = {"ours": [], "peer": []}
    down: dict[str, list[float]] = {"ours": [], "peer": []}
    before = moving.memory_of(catalog)
    most = before
    with trivial_server() as peer:
        for number in range(_ROUNDS):
            turns = [
                ("ours", catalog.port, f"/items/{item}/files/round-{number}.bin", token),
                ("peer", peer, f"/files/round-{number}.bin", {}),
            ]
            for who, port, path, headers in turns if number % 2 else reversed(turns):
                time.sleep(_SETTLED_SECONDS)
                began = time.perf_counter()
                _put(port, path, file, headers)
                up[who].append(time.perf_counter() - began)
                most = max(most, moving.memory_of(catalog))
                time.sleep(_SETTLED_SECONDS)
                began = time.perf_counter()
                _get(port, path, headers)
                down[who].append(time.perf_counter() - began)
                most = max(most, moving.memory_of(catalog))
                _delete(port, path, headers)
    lines = [
        _line("upload of 256 MiB, hashed and synced", up),
        _line("download of 256 MiB", down),
    ]
    grown = (most - before) / (1 << 20)
    lines.append(
        Figure("memory the web workers gained", grown, "MiB", "", None, "at most 64", grown <= 64)
    )
    return lines + moving.figures(folder)


def _line(name: str, taken: dict[str, list[float]]) -> Figure:
    mebibytes = SIZE_BYTES / (1 << 20)
    ours = mebibytes / statistics.median(taken["ours"])
    peer = mebibytes / statistics.median(taken["peer"])
    return Figure(
        name, ours, "MiB/s", "MiB/s plain copy", peer, "at least 0.8 x", ours >= 0.8 * peer
    )


def _submitted(catalog: Running, token: dict[str, str]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", catalog.port)
    headers = {**token, "Content-Type": "text/turtle"}
    connection.request("POST", "/items", body=sample(), headers=headers)
    return str(json.load(connection.getresponse())["id"])


def _put(port: int, path: str, file: Path, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, blocksize=_CHUNK)
    said = {**headers, "Content-Length": str(SIZE_BYTES), "Content-Type": "application/x-bench"}
    with file.open("rb") as source:
        connection.request("PUT", path, body=source, headers=said)
        answer = connection.getresponse()
    answer.read()
    if answer.status != 201:
        raise RuntimeError(f"the upload was answered {answer.status}")
    connection.close()


def _get(port: int, path: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    arrived = 0
    while chunk := answer.read(_CHUNK):
        arrived += len(chunk)
    if arrived != SIZE_BYTES:
        raise RuntimeError(f"{arrived} bytes arrived")
    connection.close()


def _delete(port: int, path: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("DELETE", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 204:
        raise RuntimeError(f"the removal was answered {answer.status}")
    connection.close()
