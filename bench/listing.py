"""How long pages of an item with 100,000 files take, as a client meets them."""

import hashlib
import json
import statistics
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import insert, update

from bench.catalogs import Running
from bench.table import Figure
from bench.validation import sample
from catalog.database import Database
from catalog.settings import from_environment
from catalog.tables import File, Item, Version

FILES = 100_000
_AT_ONCE = 10_000
_ROUNDS = 60
_MOST_MILLISECONDS = 100.0


def figures(catalog: Running) -> list[Figure]:
    """Measure the list of files in JSON from first page to last, the item, and the pages."""
    item = _submitted(catalog)
    _fill(catalog, item)
    pages = list(_walk(catalog, item))
    ways: dict[str, list[float]] = {"list of files in JSON": pages}
    for name, path, form in (
        ("item in JSON", f"/items/{item}", "application/json"),
        ("item as a page", f"/items/{item}", "text/html"),
        ("its folders as a page", f"/items/{item}/files", "text/html"),
        ("one folder as a page", f"/items/{item}/files?folder=node-07/2026-04", "text/html"),
        ("names that begin so", f"/items/{item}/files?prefix=node-07/2026", "text/html"),
    ):
        ways[name] = [_seconds(lambda p=path, f=form: _get(catalog, p, f)) for _ in range(_ROUNDS)]
    adding = [_seconds(lambda n=n: _put(catalog, item, n)) for n in range(_ROUNDS)]
    ways["one more file of 1 KiB"] = adding
    p99 = sorted(pages)[len(pages) * 99 // 100]
    return [
        _line(f"list of files in JSON, p99 of {len(pages):,} pages", p99),
        *(_line(f"{name}, p50", statistics.median(taken)) for name, taken in ways.items()),
    ]


def _line(name: str, seconds: float) -> Figure:
    took = 1_000 * seconds
    wanted = f"at most {_MOST_MILLISECONDS:.0f}"
    return Figure(name, took, "ms", "", None, wanted, took <= _MOST_MILLISECONDS)


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _walk(catalog: Running, item: str) -> list[float]:
    taken: list[float] = []
    cursor = ""
    while True:
        began = time.perf_counter()
        page = json.loads(_get(catalog, f"/items/{item}/files?{cursor}", "application/json"))
        taken.append(time.perf_counter() - began)
        if page["next"] is None:
            return taken
        cursor = f"cursor={page['next']}"


def _submitted(catalog: Running) -> str:
    return str(json.loads(_ask(catalog, "POST", "/items", sample(), "text/turtle"))["id"])


def _get(catalog: Running, path: str, form: str) -> bytes:
    return _ask(catalog, "GET", path, None, "", form)


def _put(catalog: Running, item: str, number: int) -> None:
    path = f"/items/{item}/files/more/{number}.bin"
    _ask(catalog, "PUT", path, number.to_bytes(1_024, "big"), "application/x-bench")


def _ask(
    catalog: Running,
    method: str,
    path: str,
    body: bytes | None,
    kind: str,
    form: str = "application/json",
) -> bytes:
    headers = {"Authorization": f"Bearer {catalog.token}", "Accept": form}
    if body is not None:
        headers["Content-Type"] = kind
    asked = urllib.request.Request(
        f"http://127.0.0.1:{catalog.port}{path}", data=body, method=method, headers=headers
    )
    with urllib.request.urlopen(asked) as answer:
        return bytes(answer.read())


def _fill(catalog: Running, item: str) -> None:
    """Write the rows of the files into the record; their bytes are asked for by nobody here."""
    database = Database(from_environment(overrides={"data": catalog.data}).database)
    names = (f"node-{n % 37:02}/2026-{n % 12 + 1:02}/image-{n:06}.jpg" for n in range(FILES))
    rows = [
        {
            "item_id": item,
            "n": 1,
            "folded": name,
            "name": name,
            "size_bytes": 1_000,
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
            "media_type": "image/jpeg",
            "key": f"o/{item}/{number:032x}",
            "created": datetime.now(UTC),
        }
        for number, name in enumerate(names)
    ]
    for begin in range(0, FILES, _AT_ONCE):
        with database.writing() as session:
            session.execute(insert(File), rows[begin : begin + _AT_ONCE])
    with database.writing() as session:
        session.execute(update(Version).filter_by(item_id=item).values(files_total=FILES))
        kept = {"kept_files": FILES, "kept_bytes": FILES * 1_000}
        session.execute(update(Item).filter_by(id=item).values(**kept))
    database.close()
