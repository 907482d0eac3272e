"""How files go to a catalog over S3 and back, beside the bare `minio` client on the same store."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import psutil
import urllib3
from minio import Minio

from bench.catalogs import ROOT, Running, free_port, running
from bench.table import Figure, show
from bench.validation import sample
from catalog.adapters import weed
from catalog.client import Client
from catalog.processes import start_child, stop_children

LARGE_BYTES = 1 << 30
_CLIENTS = 8
_LEAST = 0.9
_ROUNDS = 3
_MOST_GAINED_BYTES = 64 << 20
_BUCKET = "bare"
_SETTLED_SECONDS = 1.0
"""What either side does after a change is done, such as bringing the index up to date."""


@dataclass(frozen=True, slots=True)
class Store:
    """An S3 store that runs."""

    name: str
    endpoint: str
    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class Work:
    """What one client does: so many files of a size, there or back; by us or by the peer."""

    who: str
    back: bool
    store: Store
    url: str
    token: str
    item: str
    folder: str
    client: int
    files: int
    size_bytes: int

    def names(self) -> list[str]:
        """Return the names of its files, which are nobody else's."""
        return [f"{self.size_bytes}-{self.client}-{n}.bin" for n in range(self.files)]


def figures(folder: Path, large_bytes: int = LARGE_BYTES) -> list[Figure]:
    """Measure each store that this machine has."""
    lines = []
    for start in (_weed, _minio):
        with start(folder) as store:
            if store is not None:
                lines += _over(store, folder, large_bytes)
    return lines


def _over(store: Store, folder: Path, large_bytes: int) -> list[Figure]:
    said = {
        "OBJECTS": "s3",
        "S3_ENDPOINT": store.endpoint,
        "S3_ACCESS_KEY": store.access_key,
        "S3_SECRET_KEY": store.secret_key,
        "S3_SINGLE_PUT": "true" if store.name == "SeaweedFS" else "false",
    }
    os.environ.update({f"SAGE_CATALOG_{name}": value for name, value in said.items()})
    files = folder / f"files-{store.name}"
    files.mkdir()
    try:
        with (
            running(folder / f"data-{store.name}", "--no-samples") as catalog,
            get_context("spawn").Pool(_CLIENTS) as pool,
        ):
            return list(_lines(store, catalog, pool, files, large_bytes))
    finally:
        shutil.rmtree(files)
        for name in said:
            os.environ.pop(f"SAGE_CATALOG_{name}")


def _lines(
    store: Store, catalog: Running, pool: Pool, folder: Path, large_bytes: int
) -> Iterator[Figure]:
    _bare(store).make_bucket(_BUCKET)
    client = Client(f"http://127.0.0.1:{catalog.port}", catalog.token)
    item = client.submit(sample()).id
    for size_bytes, files in ((1 << 10, 10), (1 << 20, 5)):
        yield from _of_size(pool, folder, _works(store, catalog, item, folder, files, size_bytes))
    # The workers have loaded by now whatever they load with the first requests.
    with _watched(catalog) as gained:
        works = _works(store, catalog, item, folder, 1, large_bytes)
        yield from _of_size(pool, folder, works, is_large=True)
    mebibytes = gained[0] / (1 << 20)
    yield Figure(
        f"memory the web workers gained ({store.name})", mebibytes, "MiB", "", None,
        "at most 64", gained[0] <= _MOST_GAINED_BYTES,
    )  # fmt: skip


def _works(
    store: Store, catalog: Running, item: str, folder: Path, files: int, size_bytes: int
) -> list[Work]:
    url = f"http://127.0.0.1:{catalog.port}"
    return [
        Work("", False, store, url, catalog.token, item, str(folder), client, files, size_bytes)
        for client in range(_CLIENTS)
    ]


def _of_size(
    pool: Pool, folder: Path, works: list[Work], *, is_large: bool = False
) -> Iterator[Figure]:
    """Yield the lines of one size, with one client and with all."""
    sources = [folder / f"{work.size_bytes}-{work.client}" for work in works]
    for source, work in zip(sources, works, strict=True):
        _write(source, work.size_bytes)
    yield from _measured(pool, works[:1], _ROUNDS, is_large=is_large)
    yield from _measured(pool, works, 1 if is_large else _ROUNDS, is_large=is_large)
    for source in sources:
        source.unlink()


def _measured(pool: Pool, works: list[Work], rounds: int, *, is_large: bool) -> Iterator[Figure]:
    """Yield a line for each direction; who goes first changes from round to round."""
    taken: dict[tuple[str, bool], list[float]] = {}
    for number in range(rounds):
        order = ("ours", "peer") if number % 2 else ("peer", "ours")
        for who in order:
            for back in (False, True):
                mine = [_as(work, who, back=back) for work in works]
                time.sleep(_SETTLED_SECONDS)
                began = time.perf_counter()
                pool.map(_move, mine, chunksize=1)
                taken.setdefault((who, back), []).append(time.perf_counter() - began)
            pool.map(_clear, [_as(work, who, back=False) for work in works], chunksize=1)
    one = works[0]
    count = len(works) * one.files
    for back in (False, True):
        amount = count * one.size_bytes / (1 << 20) if is_large else float(count)
        ours, peer = (amount / statistics.median(taken[who, back]) for who in ("ours", "peer"))
        what = f"{'download' if back else 'upload'} of {_in_words(one.size_bytes)}"
        name = f"{what}, {len(works)} client{'s' if len(works) > 1 else ''} ({one.store.name})"
        print(f"  {name}: {ours:,.1f} beside {peer:,.1f}", flush=True)
        yield Figure(
            name,
            ours,
            "MiB/s" if is_large else "files/s",
            "bare minio client",
            peer,
            f"at least {_LEAST} x" if is_large else "for comparison",
            not is_large or ours >= _LEAST * peer,
        )


def _as(work: Work, who: str, *, back: bool) -> Work:
    return replace(work, who=who, back=back)


def _move(work: Work) -> None:
    """Move the files of one client, in a process of its own."""
    for name in work.names():
        _ours(work, name) if work.who == "ours" else _peers(work, name)


def _ours(work: Work, name: str) -> None:
    client = _client(work)
    source = Path(work.folder) / f"{work.size_bytes}-{work.client}"
    if not work.back:
        client.upload(work.item, name, source)
        return
    (file,) = client.files(work.item, prefix=name)
    target = Path(work.folder) / f"back-{name}"
    client.download(work.item, file, target)
    target.unlink()


def _peers(work: Work, name: str) -> None:
    bare = _bare(work.store)
    source = Path(work.folder) / f"{work.size_bytes}-{work.client}"
    target = Path(work.folder) / f"back-{name}"
    if not work.back:
        bare.fput_object(_BUCKET, name, str(source))
        return
    bare.fget_object(_BUCKET, name, str(target))
    target.unlink()


def _clear(work: Work) -> None:
    for name in work.names():
        if work.who == "ours":
            _client(work).remove(work.item, name)
        else:
            _bare(work.store).remove_object(_BUCKET, name)


_KEPT: dict[str, object] = {}
"""The connections of one process, made once and kept, as programs do."""


def _client(work: Work) -> Client:
    found = _KEPT.setdefault(work.url, Client(work.url, work.token))
    assert isinstance(found, Client)
    return found


def _bare(store: Store) -> Minio:
    made = Minio(store.endpoint, store.access_key, store.secret_key, secure=False)
    found = _KEPT.setdefault(store.endpoint, made)
    assert isinstance(found, Minio)
    return found


@contextmanager
def _watched(catalog: Running) -> Iterator[list[int]]:
    """Tell, in a list of one, how many bytes the web workers gained at most while the block ran."""
    gained, over = [0], threading.Event()
    before = memory_of(catalog)

    def watch() -> None:
        while not over.wait(0.2):
            gained[0] = max(gained[0], memory_of(catalog) - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield gained
    finally:
        over.set()
        thread.join()


def memory_of(catalog: Running) -> int:
    """Return the resident memory of the catalog's web processes, without the jailed workers."""
    children = psutil.Process(catalog.process.pid).children(recursive=True)
    total = 0
    for one in children:
        try:
            if "granian" in " ".join(one.cmdline()):
                total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _write(file: Path, size_bytes: int) -> None:
    with file.open("wb") as out:
        for _ in range(-(-size_bytes // (1 << 20))):
            out.write(os.urandom(min(size_bytes, 1 << 20)))


def _in_words(size_bytes: int) -> str:
    for unit, each in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size_bytes % each == 0:
            return f"{size_bytes // each} {unit}"
    return f"{size_bytes} bytes"


@contextmanager
def _weed(folder: Path) -> Iterator[Store | None]:
    if weed.program() is None:
        print("SeaweedFS is not on this machine; `make servers` gets it.")
        yield None
        return
    where = folder / "weed"
    where.mkdir()
    started = weed.start_weed(where, bucket="catalog", allowed_origin="http://127.0.0.1/")
    try:
        yield Store("SeaweedFS", started.endpoint, started.access_key, started.secret_key)
    finally:
        started.stop()


@contextmanager
def _minio(folder: Path) -> Iterator[Store | None]:
    program = ROOT / ".servers" / "minio"
    found = str(program) if program.exists() else shutil.which("minio")
    if found is None:
        print("MinIO is not on this machine; `make servers` says how to get it.")
        yield None
        return
    port, secret = free_port(), uuid.uuid4().hex
    store = Store("MinIO", f"127.0.0.1:{port}", "bench", secret)
    process = start_child(
        [found, "server", "--quiet", f"--address={store.endpoint}",
         f"--console-address=127.0.0.1:{port + 1}", str(folder / "minio")],
        signal=signal.SIGKILL,
        env={**os.environ, "MINIO_ROOT_USER": "bench", "MINIO_ROOT_PASSWORD": secret},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(lambda: _answers(store))
        yield store
    finally:
        stop_children([process])


def _answers(store: Store) -> bool:
    try:
        answer = urllib3.request(
            "GET", f"http://{store.endpoint}/minio/health/live", retries=False, timeout=2.0
        )
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def _wait(is_ready: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not is_ready():
        if time.monotonic() > ends:
            raise RuntimeError("the store did not start")
        time.sleep(0.1)


def main(arguments: list[str]) -> int:
    """Take these figures alone: `python -m bench.moving [BYTES]`, of large files of that size."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        lines = figures(Path(name), int(arguments[0]) if arguments else LARGE_BYTES)
    show("Files over S3", lines)
    return 0 if all(one.good for one in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
