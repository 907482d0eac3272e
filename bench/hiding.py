"""Whether a stranger can tell by the clock what is hidden from what was never there."""

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from flask import Flask
from werkzeug.test import Client

from bench.table import Figure
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Actor
from catalog.parts import Parts
from catalog.services.delete import delete
from catalog.services.find import Filters, find
from catalog.services.read import read
from catalog.services.submit import Submission, submit

_SAMPLES = 2_000
_WANTED_MILLISECONDS = 0.5
_WANTED_P = 0.01
_NEVER = "xyzxyzxyz0"
_ASKED = (
    ("reading", "GET", "/items/{}"),
    ("a file", "GET", "/items/{}/files/a.bin"),
    ("deleting", "DELETE", "/items/{}"),
)


def figures(served: Parts, app: Flask, actor: Actor) -> Iterator[Figure]:
    """Measure a draft of somebody else against an id that nobody drew, in turns.

    actor  who keeps the draft, which is deleted afterwards
    """
    hidden = _draft(served, actor)
    client = app.test_client(use_cookies=False)
    try:
        for name, method, path in _ASKED:
            ours, never = _taken(client, method, path, (hidden, _NEVER))
            apart = abs(statistics.median(ours) - statistics.median(never))
            p = _mann_whitney(ours, never)
            good = apart < _WANTED_MILLISECONDS and p >= _WANTED_P
            wanted = f"under {_WANTED_MILLISECONDS} ms apart, p at least {_WANTED_P}"
            told = f"Mann-Whitney p {p:.2f}"
            yield Figure(f"hidden or never there: {name}", apart, "ms", told, None, wanted, good)
    finally:
        delete(served, actor, hidden, expected=frozenset("*"), now=datetime.now(UTC))


def _draft(served: Parts, actor: Actor) -> str:
    line = find(served, actor, Filters(), cursor=None, limit=1).lines[0]
    said = read(served, actor, line.id).record.ntriples.replace(item_iri(line.id), "")
    source = said.replace(item_iri(""), item_iri("", served.settings.base)).encode()
    sent = Submission(source, "text/turtle")
    return submit(served, actor, sent, now=datetime.now(UTC)).record.id


def _taken(
    client: Client, method: str, path: str, ids: tuple[str, str]
) -> tuple[list[float], list[float]]:
    """Return how long each answer took in milliseconds, asked in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 * _SAMPLES + 20):
        which = (turn + turn // 2) % 2  # neither is always the first of a pair
        began = time.perf_counter()
        answer = client.open(path.format(ids[which]), method=method)
        took = 1000 * (time.perf_counter() - began)
        if answer.status_code != 404:
            raise RuntimeError(f"{path} answers {answer.status_code}")
        if turn >= 20:
            found[which].append(took)
    return found


def _mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the two-sided p of the rank test, by the normal distribution.

    >>> round(_mann_whitney([1.0, 2.0, 3.0] * 9, [1.1, 2.1, 3.1] * 9), 1)
    0.2
    """
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(place for place, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    spread = math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(u - n * m / 2) / spread / math.sqrt(2))
