"""How long a publication takes with the registrar of DOIs at work, and while it hangs."""

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bench.catalogs import Running
from bench.table import Figure
from bench.validation import sample

_ROUNDS = 6
_IN_A_ROUND = 10
_PAUSE_SECONDS = 0.4
"""From one publication to the next: as people publish, not as a load test does."""

_ALIKE = 1.25


def figures(catalog: Running) -> list[Figure]:
    """Publish drafts one after another, with the registrar up and down in turn."""
    up: list[float] = []
    down: list[float] = []
    drafts = iter([_draft(catalog) for _ in range(2 * _ROUNDS * _IN_A_ROUND + 1)])
    _published(catalog, next(drafts))
    _wait_for_registrar(catalog)
    for _ in range(_ROUNDS):
        up += [_published(catalog, next(drafts)) for _ in range(_IN_A_ROUND)]
        with _hanging(catalog):
            down += [_published(catalog, next(drafts)) for _ in range(_IN_A_ROUND)]
    middle_up, middle_down = (statistics.median(taken) * 1000 for taken in (up, down))
    longest = max(middle_up, middle_down)
    return [
        Figure(
            "publication while the registrar hangs, p50",
            middle_down,
            "ms",
            "ms with the registrar up",
            middle_up,
            f"within {_ALIKE:g} of each other",
            longest <= _ALIKE * min(middle_up, middle_down),
        )
    ]


def _wait_for_registrar(catalog: Running) -> None:
    """Wait until the DOIs of the real items are registered."""
    while json.loads(catalog.get("/health/ready"))["registrar"]["pending"]:
        time.sleep(0.5)


@contextmanager
def _hanging(catalog: Running) -> Iterator[None]:
    """Have the registrar take connections and answer nothing."""
    children = psutil.Process(catalog.process.pid).children()
    registrar = next(one for one in children if "sandbox" in one.cmdline())
    registrar.suspend()
    try:
        yield
    finally:
        registrar.resume()


def _draft(catalog: Running) -> tuple[str, str]:
    """Keep a draft that can be published; return its id and its ETag."""
    answer, headers = _ask(catalog, "/items", sample().decode(), "text/turtle")
    return str(answer["id"]), headers["ETag"]


def _published(catalog: Running, draft: tuple[str, str]) -> float:
    """Publish a draft; return how many seconds that took."""
    item_id, etag = draft
    time.sleep(_PAUSE_SECONDS)
    began = time.perf_counter()
    answer, _ = _ask(
        catalog, f"/items/{item_id}/publication?wait=0", "{}", "application/json", etag
    )
    taken = time.perf_counter() - began
    if answer["state"] != "published":
        raise RuntimeError(answer)
    return taken


def _ask(
    catalog: Running, path: str, body: str, media_type: str, etag: str = "*"
) -> tuple[dict[str, object], http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", catalog.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {catalog.token}",
        "Content-Type": media_type,
        "If-Match": etag,
    }
    try:
        connection.request("POST", path, body.encode(), headers)
        answer = connection.getresponse()
        return json.loads(answer.read()), answer.headers
    finally:
        connection.close()
