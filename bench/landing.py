"""How fast an item is answered in each of its forms: pages kept, pages made anew, and exports."""

import json
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from threading import Thread

from bench import load
from bench.catalogs import Running
from bench.serving import trivial_server
from bench.table import Figure

_CLIENTS = 8
_SECONDS = 4.0
_WANTED_MILLISECONDS = 8.0
_PAGE = {"Accept": "text/html", "Accept-Language": "en"}
_FORMS = (("Turtle", "ttl"), ("JSON-LD", "jsonld"), ("JSON", "json"))


@dataclass(frozen=True, slots=True)
class Timed:
    """What a run measured: answers a second, and how long one took, in milliseconds."""

    per_second: float
    p50: float
    p99: float
    bad: int


def figures(catalog: Running) -> list[Figure]:
    """Measure the pages and every form of public items from eight clients at once.

    An uncached page carries a parameter, for which no rendered page is kept. One client alone
    tells what a page takes; eight on two workers mostly tell how long a request waits its turn.
    """
    found = json.loads(catalog.get("/items?limit=50"))["items"]
    pages = [f"/items/{item['id']}" for item in found]
    with trivial_server() as port:
        peer = timed(port, ["/"], {})
        alone = timed(port, ["/"], {}, clients=1)
    lines = [
        *_lines("page, kept", timed(catalog.port, pages, _PAGE), peer, wanted=_WANTED_MILLISECONDS),
        *_lines("page, made anew", timed(catalog.port, _anew(pages), _PAGE), peer),
        *_lines("page, kept, 1 client", timed(catalog.port, pages, _PAGE, clients=1), alone),
    ]
    single = timed(catalog.port, _anew(pages), _PAGE, clients=1)
    lines += _lines("page, made anew, 1 client", single, alone, wanted=_WANTED_MILLISECONDS)
    for name, suffix in (*_FORMS, *_exports(catalog, pages)):
        asked = [f"{page}.{suffix}" for page in _offering(catalog, pages, suffix)]
        lines += _lines(name, timed(catalog.port, asked, {}), peer)
    return lines


def _anew(pages: Sequence[str]) -> list[str]:
    return [f"{page}?done=nothing" for page in pages]


def _exports(catalog: Running, pages: Sequence[str]) -> list[tuple[str, str]]:
    """Return the further forms that the items have, by suffix, as their pages list them."""
    known = {suffix for _, suffix in _FORMS} | {"nt", "rdf"}
    found: dict[str, None] = {}
    for page in pages:
        found |= dict.fromkeys(_suffixes(catalog, page))
    return [(f".{suffix}", suffix) for suffix in found if suffix not in known]


def _suffixes(catalog: Running, page: str) -> list[str]:
    text = catalog.get(page, "text/html").decode()
    listed = text[text.index('<dl class="forms">') :].partition("</dl>")[0]
    links = [part.partition('"')[0] for part in listed.split(f'href="{page}.')[1:]]
    return [link for link in links if "?" not in link]


def _offering(catalog: Running, pages: Sequence[str], suffix: str) -> list[str]:
    """Return those items that are offered in a form; not every type is in every one."""
    if suffix in {known for _, known in _FORMS}:
        return list(pages)
    return [page for page in pages if suffix in _suffixes(catalog, page)]


def _lines(name: str, run: Timed, peer: Timed, wanted: float | None = None) -> list[Figure]:
    within = wanted is None or run.p50 <= wanted
    return [
        Figure(
            f"{name}: answers",
            run.per_second,
            "/s",
            "trivial Flask route",
            peer.per_second,
            "every answer good",
            not run.bad,
        ),
        Figure(
            f"{name}: half within",
            run.p50,
            "ms",
            "trivial Flask route",
            peer.p50,
            f"at most {wanted:g} ms" if wanted else "",
            within,
        ),
        Figure(
            f"{name}: 99 of 100 within", run.p99, "ms", "trivial Flask route", peer.p99, "", True
        ),
    ]


def timed(
    port: int, paths: Sequence[str], headers: dict[str, str], *, clients: int = _CLIENTS
) -> Timed:
    """Ask for the paths in turn from so many connections, and time each answer."""
    requests = [load.request("GET", path, headers=headers) for path in paths]
    for request in requests:
        _ask(port, [request], time.monotonic() + 5.0, [], most=1)
    taken: list[list[tuple[float, bool]]] = [[] for _ in range(clients)]
    ends = time.monotonic() + _SECONDS
    threads = [
        Thread(target=_ask, args=(port, requests[number:] + requests[:number], ends, taken[number]))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = [one for mine in taken for one in mine]
    milliseconds = sorted(seconds * 1000 for seconds, _ in answers)
    return Timed(
        per_second=len(answers) / _SECONDS,
        p50=statistics.median(milliseconds),
        p99=milliseconds[int(0.99 * (len(milliseconds) - 1))],
        bad=sum(not good for _, good in answers),
    )


def _ask(
    port: int,
    requests: Sequence[bytes],
    ends: float,
    taken: list[tuple[float, bool]],
    most: int | None = None,
) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, request in enumerate(cycle(requests)):
            if time.monotonic() >= ends or number == most:
                return
            began = time.perf_counter()
            connection.sendall(request)
            status = load.answer(connection)
            taken.append((time.perf_counter() - began, status == b"200"))
