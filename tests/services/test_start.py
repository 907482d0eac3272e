"""Starting and stopping the whole catalog: what is printed, what is left, what comes back."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from catalog.samples import files
from tests.servers import ROOT, absent, free_ports

COMMAND = [sys.executable, "-m", "catalog.cli"]
SAMPLES = len(files())
PATIENCE = 90.0


@dataclass
class Started:
    """A catalog that was started, with all it prints."""

    port: int
    data: Path
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def everybody(self) -> list[psutil.Process]:
        """Return the parent and all that it started, jailed workers included."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def part(self, word: str) -> psutil.Process:
        """Return the child of the parent whose command line has `word`."""
        children = psutil.Process(self.process.pid).children()
        return next(one for one in children if word in " ".join(one.cmdline()))

    def get(self, path: str, accept: str = "application/json") -> bytes:
        asked = urllib.request.Request(self.url + path, headers={"Accept": accept})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return bytes(answer.read())

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.printed
        try:
            return bool(json.loads(self.get("/health/ready"))["ready"])
        except OSError:
            return False

    def end(self, number: signal.Signals, seconds: float = 15.0) -> int:
        """Send a signal; return how the parent ended, once nobody of its family is left."""
        family = self.everybody()
        self.process.send_signal(number)
        code = self.process.wait(seconds)
        _, alive = psutil.wait_procs(family, timeout=seconds)
        assert alive == [], self.printed
        return code


Start = Callable[..., Started]


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def environment(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if "SAGE_CATALOG" not in name}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)
    ours["SAGE_CATALOG_REFERENCE_CHECK_DAYS"] = "0"  # it asks nobody outside by itself
    return ours | {f"SAGE_CATALOG_{name}": value for name, value in more.items()}


def started(data: Path, *more: str, port: int = 0, parent: tuple[str, ...] = ()) -> Started:
    port = port or free_ports(1)[0]
    log = data.with_suffix(f".{port}.log")
    command = [*parent, *COMMAND, "serve", "--port", str(port), "--data", str(data), *more]
    with log.open("ab") as opened:
        process = subprocess.Popen(
            command, stdout=opened, stderr=opened, env=environment(), start_new_session=True
        )
    return Started(port, data, log, process)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start catalogs, and see to it that they end with the test."""
    running: list[Started] = []

    def one(data: Path, *more: str, **named: object) -> Started:
        running.append(started(data, *more, **named))  # type: ignore[arg-type]
        return running[-1]

    yield one
    for each in running:
        for process in each.everybody():
            process.kill()
        each.process.wait(10)


def count(data: Path, where: str = "1") -> int:
    """Return how many versions of items the record holds."""
    if not (data / "record.sqlite").exists():
        return 0
    with closing(sqlite3.connect(f"file:{data / 'record.sqlite'}?mode=ro", uri=True)) as record:
        try:
            return int(record.execute(f"SELECT count(*) FROM version WHERE {where}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A catalog with the samples, whose load was interrupted twice before it was finished."""
    data = tmp_path_factory.mktemp("start") / "data"
    for number in (signal.SIGTERM, signal.SIGKILL):
        interrupted = started(data)
        before = count(data)
        until(lambda found=before: count(data) > found)  # type: ignore[misc]
        code = interrupted.end(number)
        assert code == (0 if number == signal.SIGTERM else -9), interrupted.printed
        assert count(data) < SAMPLES
        assert count(data, "state = 'published'") == 0
    running = started(data)
    until(running.is_ready)
    until(lambda: "Ctrl-C" in running.printed)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGINT)


def test_an_interrupted_load_of_samples_is_finished_by_the_next_start(catalog: Started) -> None:
    assert count(catalog.data, "state = 'published'") == count(catalog.data) == SAMPLES
    assert json.loads(catalog.get("/items"))["total"] == SAMPLES
    assert f"{SAMPLES} items are loaded and published." in catalog.printed
    assert not (catalog.data / "new").exists()


def test_the_three_things_to_try_work_when_they_are_pasted(catalog: Started) -> None:
    address = re.findall(r"open (http\S+)", catalog.printed)[-1]
    page = catalog.get(address.removeprefix(catalog.url), "text/html").decode()
    assert "SmokeyNet" in page
    pasted = re.findall(r"^ +(curl .*)$", catalog.printed, re.MULTILINE)
    assert len(pasted) == 2
    answers = [
        subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
        for line in pasted
    ]
    assert "https://w3id.org/sage/vocab/item-type/model," in answers[0]
    made = json.loads(answers[1])
    assert (made["state"], made["title"]) == ("draft", "My first model")
    assert made["report"]["findings"]


def test_nothing_but_warnings_of_ours_is_printed(catalog: Started) -> None:
    assert "[WARNING]" not in catalog.printed
    assert "Traceback" not in catalog.printed


def test_it_listens_on_this_machine_only_and_keeps_its_secrets(catalog: Started) -> None:
    listening = {
        one.laddr
        for process in catalog.everybody()
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", catalog.port), ("127.0.0.1", catalog.port + 1)}
    assert catalog.data.stat().st_mode & 0o777 == 0o700
    assert (catalog.data / "token").stat().st_mode & 0o777 == 0o600


def test_the_lines_of_the_readme_work_when_they_are_pasted(
    catalog: Started, tmp_path: Path
) -> None:
    """All but those that start the catalog and these tests."""
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) == 9
    assert (lines[0].split("#")[0].strip(), lines[-1].split("#")[0].strip()) == (
        "make run",
        "make test",
    )
    for name, target in {
        "data": catalog.data,
        "docs": ROOT / "docs",
        "catalog": ROOT / "catalog",
        ".venv": Path(sys.prefix),
    }.items():
        (tmp_path / name).symlink_to(target)
    script = "\n".join(lines[1:-1]).replace("127.0.0.1:8000", f"127.0.0.1:{catalog.port}")
    told = subprocess.run(
        ["sh", "-exc", script],
        cwd=tmp_path,
        env=environment(URL=catalog.url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "smokeynet.ttl: conforms at publication level" in told.stdout
    assert "SmokeyNet" in told.stdout
    assert "  draft\n" in told.stdout
    assert "block publication" in told.stderr
    assert "FAULT" not in told.stdout


def test_the_model_of_the_readme_is_the_file_that_is_submitted() -> None:
    readme = (ROOT / "README.md").read_text()
    assert re.findall(r"```turtle\n(.*?)```", readme, re.DOTALL) == [
        (ROOT / "docs/first-model.ttl").read_text()
    ]


@pytest.mark.parametrize("same", ["port", "folder"])
def test_a_second_start_on_the_same_port_or_folder_is_code_5(
    catalog: Started, tmp_path: Path, same: str
) -> None:
    port = catalog.port if same == "port" else free_ports(1)[0]
    data = catalog.data if same == "folder" else tmp_path / "other"
    told = refused("--port", str(port), "--data", str(data))
    assert told.returncode == json.loads(told.stdout)["exit_code"] == 5
    assert ("is in use" if same == "port" else "Another catalog runs in") in told.stderr
    assert not (tmp_path / "other").exists()
    assert catalog.is_ready()


@pytest.mark.parametrize("name", ["relay", "granian", "worker"])
def test_a_part_that_is_killed_is_started_again(catalog: Started, name: str) -> None:
    part = catalog.part("granian" if name == "worker" else name)
    if name == "worker":
        part = next(one for one in part.children() if "granian" in " ".join(one.cmdline()))
    below = part.children(recursive=True)
    part.kill()
    _, alive = psutil.wait_procs([part, *below], timeout=15)
    assert alive == []
    token = (catalog.data / "token").read_text().strip()

    def works() -> bool:
        everybody = [" ".join(one.cmdline()) for one in catalog.everybody()]
        return catalog.is_ready() and sum("granian" in line for line in everybody) == 3

    until(works)
    turtle = (
        "<> a <http://data.europa.eu/it6/MachineLearningModel> ; "
        f'<http://purl.org/dc/terms/title> "Kept after the {name} was killed"@en .'
    )
    asked = urllib.request.Request(
        f"{catalog.url}/items",
        turtle.encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "text/turtle"},
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 201


def test_the_next_start_is_quick_shows_the_new_address_and_loads_nothing(
    catalog: Started, start: Start
) -> None:
    """The address is another because the port is; what the graph says of it is built anew."""
    item = json.loads(catalog.get("/items?type=model"))["items"][0]["id"]
    before = count(catalog.data)
    assert catalog.end(signal.SIGINT) == 0
    again = start(catalog.data)
    until(again.is_ready)
    assert "loaded" not in again.printed
    assert count(again.data) == before
    assert f"{again.url}/items/{item}" in again.get(f"/items/{item}", "text/turtle").decode()
    query = f"/sparql?query=ASK%20%7B%20%3C{again.url}/items/{item}%3E%20%3Fp%20%3Fo%20%7D"
    assert json.loads(again.get(query, "application/sparql-results+json"))["boolean"] is True
    assert again.end(signal.SIGKILL) == -9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_every_signal_to_stop_leaves_nobody_behind(
    catalog: Started, start: Start, number: signal.Signals
) -> None:
    if catalog.process.poll() is None:
        catalog.end(signal.SIGINT)
    again = start(catalog.data)
    until(again.is_ready)
    assert len(again.everybody()) > 4
    assert again.end(number) == 0
    assert "killed" not in again.printed


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_in_the_middle_of_a_start_leaves_nobody_behind(
    start: Start, tmp_path: Path, seconds: float, number: signal.Signals
) -> None:
    begun = start(tmp_path / "data", "--no-samples")
    time.sleep(seconds)
    session = begun.process.pid
    family = begun.everybody()
    begun.process.send_signal(number)
    assert begun.process.wait(15) in {0, -number, 130}
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []

    def is_alone() -> bool:
        # One that was just being started looks for its parent first, and ends by itself.
        return not any(_mentions(one, str(tmp_path), session) for one in psutil.process_iter())

    until(is_alone)
    assert "Traceback" not in begun.printed


def _mentions(process: psutil.Process, word: str, session: int) -> bool:
    """Tell whether a process works on our folder, or stands in our session."""
    try:
        told = " ".join(process.cmdline()) + " ".join(process.environ().values())
        return word in told or os.getsid(process.pid) == session
    except (psutil.Error, ProcessLookupError):
        return False


def test_it_ends_with_what_started_it_where_it_is_told_so(start: Start, tmp_path: Path) -> None:
    """As `make run` has it: make may be killed, and its child would go on unseen."""
    shell = ("sh", "-c", '"$@"; true', "sh")
    more = ("--no-samples", "--with-parent", "--host", "localhost")
    begun = start(tmp_path / "data", *more, parent=shell)
    until(lambda: "Ctrl-C" in begun.printed)
    family = begun.everybody()
    begun.process.kill()
    begun.process.wait(5)
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []


def test_samples_are_loaded_only_into_a_folder_that_the_start_made(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    begun = start(tmp_path / "mine")
    until(begun.is_ready)
    assert json.loads(begun.get("/items"))["total"] == 0
    assert begun.end(signal.SIGINT) == 0


def refused(*said: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a start that cannot be, and check that it is told in one sentence."""
    told = subprocess.run(
        [*COMMAND, "serve", "--json", *said],
        capture_output=True,
        text=True,
        env=environment(**settings),
        timeout=60,
        check=False,
    )
    assert len(told.stderr.splitlines()) == 1, told.stderr
    assert told.stderr == f"sage-catalog: {json.loads(told.stdout)['error']}\n"
    return told


@pytest.mark.parametrize(
    ("folder", "code"), [("/sys/sage", 4), ("/dev/null", 2), ("/dev/null/x", 2), ("/proc/x", 2)]
)
def test_a_folder_that_cannot_be_is_told_in_one_sentence(folder: str, code: int) -> None:
    told = refused("--data", folder, "--port", str(free_ports(1)[0]))
    assert (told.returncode, folder in told.stderr) == (code, True)


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"PORT": "many"}, 2, "whole number"),
        ({"DATABASE_URL": "mysql+pymysql://x/y"}, 2, "is not installed"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/x"}, 3, "record"),
        ({"HOST": "203.0.113.7"}, 2, "203.0.113.7"),
    ],
)
def test_wrong_settings_are_told_in_one_sentence(
    tmp_path: Path, settings: dict[str, str], code: int, said: str
) -> None:
    port = {} if "PORT" in settings else {"PORT": str(free_ports(1)[0])}
    told = refused("--data", str(tmp_path / "d"), **port, **settings)
    assert (told.returncode, said in told.stderr) == (code, True), told.stderr


def test_a_port_held_by_another_program_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        told = refused("--port", str(port), "--data", str(tmp_path / "d"))
    assert (told.returncode, str(port) in told.stderr) == (5, True)


def test_the_port_of_the_registrar_held_by_another_program_is_told(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port + 1)):
        told = refused("--port", str(port), "--data", str(tmp_path / "d"))
        assert (told.returncode, f"Port {port + 1} of" in told.stderr) == (5, True)
        assert "on which DOIs are registered, is in use" in told.stderr


def test_a_machine_that_cannot_seal_its_workers_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from catalog.cli.ground import check_jail
    from catalog.cli.output import Output
    from catalog.jail import filter as system_calls
    from catalog.settings import Settings

    output = Output(as_json=False)
    check_jail(Settings(data=tmp_path), output)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(system_calls, "can_seal", lambda: False)
    check_jail(Settings(data=tmp_path), output)
    assert capsys.readouterr().err.startswith("Warning: this machine cannot seal")


@pytest.fixture
def makefile(tmp_path: Path) -> Path:
    """A folder with the Makefile alone: what it does first needs nothing else."""
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    return tmp_path


def test_a_python_that_is_too_old_is_told_before_anything_is_made(makefile: Path) -> None:
    old = makefile / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (makefile / "setup.cfg").touch()
    (makefile / "pyproject.toml").touch()
    (makefile / "requirements.lock").touch()
    told = subprocess.run(
        ["make", "run", f"PYTHON={old}"], cwd=makefile, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert f"Python 3.11 or newer is needed, and {old} is none" in told.stderr
    assert not (makefile / ".venv").exists()


def test_make_finds_a_python_that_is_new_enough_by_itself(makefile: Path) -> None:
    """As on a machine whose `python3` is an older one."""
    for name, code in (("python3", 1), ("python3.12", 0)):
        (makefile / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (makefile / name).chmod(0o755)
    (makefile / "show.mk").write_text("include Makefile\nshow:\n\t@echo $(PYTHON)\n")
    told = subprocess.run(
        ["make", "-f", "show.mk", "show"],
        cwd=makefile,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{makefile}:/usr/bin:/bin"},
    )
    assert told.stdout.strip() == "python3.12"


def test_with_s3_bytes_go_to_a_store_beside_it_and_are_there_after_a_restart(
    start: Start, tmp_path: Path
) -> None:
    from catalog.adapters.weed import program
    from catalog.client import Client
    from tests.catalogs import description

    if program() is None:
        absent("weed")
    data = tmp_path / "data"
    content = os.urandom(3_000_000)
    (tmp_path / "bytes").write_bytes(content)

    def begun() -> tuple[Started, Client]:
        running = start(data, "--with-s3", "--no-samples")
        until(lambda: "Ctrl-C" in running.printed)
        return running, Client(running.url, (data / "token").read_text().strip())

    running, client = begun()
    item = client.submit(description("In S3"))
    client.upload(item.id, "bytes", tmp_path / "bytes")
    assert not (data / "objects").exists() or not any((data / "objects").rglob("*"))
    running.part("weed").kill()
    until(lambda: "the S3 store ended with" in running.printed)
    until(lambda: running.part("weed").is_running())
    assert running.end(signal.SIGINT) == 0
    told = refused("--port", str(free_ports(1)[0]), "--data", str(data))
    assert (told.returncode, "serve --with-s3" in told.stderr) == (5, True)

    running, client = begun()
    (file,) = client.files(item.id)
    client.download(item.id, file, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    doctor = subprocess.run(
        [*COMMAND, "doctor", "--deep", "--json", "--data", str(data)],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert json.loads(doctor.stdout)["healthy"] is True
    assert running.end(signal.SIGTERM) == 0
