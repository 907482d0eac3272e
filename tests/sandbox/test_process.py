"""The registrar as a process: what it says, how it ends, and what outlives its end."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog.cli import main
from catalog.sandbox import DEFAULT, Admin, Repository, Running, running
from tests.sandbox.conftest import Asker


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], Asker]]:
    """Run `sage-catalog sandbox` as a process of its own, over a folder."""
    command = [sys.executable, "-m", "catalog.cli", "sandbox", "--json", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--data", str(folder), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said: dict[str, Any] = {}
        text = ""
        while not said:
            text += process.stdout.readline().decode()
            said = _document(text)
        port = int(said["address"].rsplit(":", 1)[1].strip("/"))
        yield process, Asker(Running(said["address"], port, Admin(said["address"])), DEFAULT)
    finally:
        process.kill()
        process.communicate()


def _document(text: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(text)
    except ValueError:
        return {}
    return said


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    with started(tmp_path) as (process, sage):
        assert sage.put("10.5072/a").status_code == 201
        process.send_signal(signal.SIGKILL)
        process.wait()
    with started(tmp_path) as (_, sage):
        assert sage.seen("10.5072/a")["state"] == "findable"
        assert [one["path"] for one in sage.registrar.admin.journal()][:1] == ["/dois/10.5072/a"]


def test_a_kill_amid_writes_leaves_each_doi_whole_or_not_there(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with started(tmp_path) as (process, sage):

        def write(first: int) -> None:
            for number in range(first, first + 500):
                try:
                    if sage.put(f"10.5072/w{number}").status_code != 201:
                        return
                except OSError:
                    return
                acknowledged.append(f"10.5072/w{number}")

        threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1_000)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 20:
            threading.Event().wait(0.005)
        process.kill()
        for thread in threads:
            thread.join()
    with running(tmp_path) as again:
        kept = {one["doi"] for one in again.admin.dois()}
    assert set(acknowledged) <= kept
    sql = sqlite3.connect(tmp_path / "dois.sqlite")
    assert sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    sql.close()


def test_a_signal_ends_it_in_order(tmp_path: Path) -> None:
    with ExitStack() as stack:
        processes = [
            (number, stack.enter_context(started(tmp_path / number.name))[0])
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        ]
        for number, process in processes:
            process.send_signal(number)
        assert [process.wait(timeout=10) for _, process in processes] == [0, 0, 0]


def test_it_ends_though_somebody_hangs_on(tmp_path: Path) -> None:
    with started(tmp_path) as (process, sage):
        sage.registrar.admin.set_faults({"kind": "mint-then-hang", "times": 0})
        with pytest.raises(OSError, match="timed out"):
            sage.get("heartbeat", timeout=0.2)
        process.terminate()
        assert process.wait(timeout=5) == 0


def test_repositories_can_be_named(tmp_path: Path) -> None:
    with started(tmp_path, "--repository", "lab.one:pw:10.5072:example.org") as (_, sage):
        assert sage.put("10.5072/a").status_code == 401
        own = Asker(sage.registrar, Repository("LAB.ONE", "pw", ("10.5072",)))
        assert own.put("10.5072/a").status_code == 201
        assert own.put("10.5072/b", url="https://example.com/").status_code == 422


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--port", "{taken}"], 5, "is in use; choose another with --port."),
        (["--port", "70000"], 2, "ports go from 0 to 65,535."),
        (["--host", "nowhere.invalid"], 2, "nowhere.invalid is no address of this machine."),
        (["--repository", "SAGE"], 2, "--repository takes ID:PASSWORD:PREFIXES[:DOMAINS]"),
        (["--repository", "A.B:pw:11.1"], 2, "prefixes begin with 10."),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    tmp_path: Path,
    registrar: Running,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    sentence: str,
) -> None:
    given = [option.format(taken=registrar.port) for option in options]
    with _signals_kept():
        assert main(["sandbox", "--data", str(tmp_path), *given]) == code
    assert sentence in capsys.readouterr().err


def test_one_folder_serves_one_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with started(tmp_path), _signals_kept():
        assert main(["sandbox", "--port", "0", "--data", str(tmp_path)]) == 5
    assert "Another sandbox runs in" in capsys.readouterr().err


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Have the signals of this process handled afterwards as before."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_many_writers_of_one_name_make_one_doi(sage: Asker, doi: str) -> None:
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda: told.append(sage.put(doi).status_code)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [200] * 11 + [201]


def test_two_sites_share_one_registrar_and_touch_nothing_of_each_other(
    sage: Asker, other: Asker
) -> None:
    sage.put("10.5072/shared")
    other.put("10.70000/shared")
    assert sage.put("10.70000/shared").status_code == 403
    assert other.put("10.5072/shared").status_code == 403
