"""A pool of odd tasks and a small checkpoint, both real."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from catalog.jail.limits import MEBIBYTE, Limits
from catalog.jail.pool import Pool

if sys.platform != "linux":
    pytest.skip("the jail's filter is for Linux", allow_module_level=True)

ODD = "tests.jail.odd_tasks:prepare"


@pytest.fixture(scope="module")
def odd() -> Iterator[Pool]:
    limits = Limits(memory_bytes=256 * MEBIBYTE, cpu_seconds=1, answer_bytes=8 * MEBIBYTE)
    pool = Pool(ODD, workers=2, spares=1, limits=limits)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of 300 items in graphs of their own, and one graph more."""
    folder = tmp_path_factory.mktemp("store")
    store = Store(str(folder / "live"))
    store.extend(
        Quad(item(n), NamedNode(f"http://p/{p}"), Literal(f"value {p} of {n}"), item(n))
        for n in range(300)
        for p in "abcd"
    )
    private = NamedNode("http://graphs/other")
    store.add(Quad(item(1), NamedNode("http://p/secret"), Literal("CANARY"), private))
    store.backup(str(folder / "one"))
    return folder / "one"


def item(number: int) -> NamedNode:
    return NamedNode(f"http://items/{number}")


@pytest.fixture(autouse=True, scope="module")
def no_process_is_left() -> Iterator[None]:
    before = _jailed()
    yield
    assert sorted(_jailed() - before) == []


def _jailed() -> set[int]:
    """Return the jailed workers of this process; other packages of tests may have some too."""
    children = psutil.Process().children()
    return {child.pid for child in children if "catalog.jail" in _command(child)}


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return ""
