"""A load generator that costs little itself: prepared requests over kept connections."""

import multiprocessing
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue
from threading import Thread


@dataclass(frozen=True, slots=True)
class Load:
    """What a run measured: requests answered as wanted, others, and how long it took."""

    good: int
    bad: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds


def request(
    method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method in {"POST", "PUT"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(
    port: int, requests: Sequence[bytes], *, clients: int, seconds: float, status: bytes
) -> Load:
    """Send the requests over and over from so many connections, for so long, and count answers.

    status  what a good answer's status is, such as b"200"
    """
    results: Queue[tuple[int, int]] = multiprocessing.Queue()
    ends = time.monotonic() + seconds
    worker = multiprocessing.Process(
        target=_clients, args=(port, requests, clients, ends, status, results)
    )
    began = time.monotonic()
    worker.start()
    good, bad = results.get()
    worker.join()
    return Load(good, bad, time.monotonic() - began)


def _clients(
    port: int,
    requests: Sequence[bytes],
    clients: int,
    ends: float,
    status: bytes,
    results: "Queue[tuple[int, int]]",
) -> None:
    counts = [[0, 0] for _ in range(clients)]
    threads = [
        Thread(target=_client, args=(port, requests, number, ends, status, counts[number]))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((sum(good for good, _ in counts), sum(bad for _, bad in counts)))


def _client(
    port: int, requests: Sequence[bytes], number: int, ends: float, status: bytes, count: list[int]
) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        turn = number
        while time.monotonic() < ends:
            connection.sendall(requests[turn % len(requests)])
            turn += 1
            answered = answer(connection)
            count[0 if answered == status else 1] += 1


def answer(connection: socket.socket) -> bytes:
    """Read one answer whole and return its status."""
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        chunk = connection.recv(65536)
        if not chunk:
            return b"cut"
        received += chunk
    head = bytes(received[:end]).lower()
    marker = head.find(b"content-length:")
    length = int(head[marker + 15 :].split(b"\r\n", 1)[0]) if marker >= 0 else 0
    missing = length - (len(received) - end - 4)
    while missing > 0:
        chunk = connection.recv(min(65536, missing))
        if not chunk:
            return b"cut"
        missing -= len(chunk)
    return head[9:12]
