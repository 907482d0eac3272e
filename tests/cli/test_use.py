"""How the command is used: help, options, one JSON document, exit codes, and no traceback."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.cli import VERBS
from catalog.client import Client, Refused
from tests.api.served import Served
from tests.catalogs import description
from tests.cli.conftest import Command

COMMAND = [sys.executable, "-m", "catalog.cli"]
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_shows_examples_that_name_it(command: Command, verb: str) -> None:
    told = command(verb, "--help")
    assert told.code == 0
    assert "--json" in told.out
    assert f"  sage-catalog {verb}" in told.out.partition("examples:")[2]


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_is_understood(command: Command, verb: str) -> None:
    """An example with an option that does not exist would teach what fails."""
    from catalog.cli import _parser

    shown = command(verb, "--help").out.partition("examples:")[2]
    for line in re.findall(r"^  (?:echo .*\| )?(sage-catalog .*)$", shown, re.MULTILINE):
        words = __import__("shlex").split(re.split(r" {3,}| < ", line)[0])[1:]
        assert _parser(words).parse_args(words).verb == verb


@pytest.mark.parametrize("asked", [["--help"], ["help"], ["-h"]])
def test_the_help_lists_every_verb(command: Command, asked: list[str]) -> None:
    told = command(*asked)
    assert told.code == 0
    assert all(verb in told.out for verb in VERBS)


def test_help_with_a_verb_is_the_help_of_that_verb(command: Command) -> None:
    assert command("help", "doctor").out == command("doctor", "--help").out


def test_the_version_is_told(command: Command) -> None:
    told = command("--version")
    assert (told.code, told.out.split()[0]) == (0, "sage-catalog")


def test_without_a_verb_the_help_is_shown_and_it_counts_as_wrong_use(command: Command) -> None:
    told = command()
    assert (told.code, "validate" in told.out) == (2, True)
    assert command("--json").said["exit_code"] == 2


def test_a_verb_that_does_not_exist_is_told_with_the_closest_one(command: Command) -> None:
    told = command("valdiate", "x.ttl")
    assert told.code == 2
    assert told.err == (
        "sage-catalog: There is no verb valdiate. Did you mean validate? See sage-catalog --help.\n"
    )


def test_options_may_stand_before_the_verb(command: Command, tmp_path: Path) -> None:
    made = command("--json", "--data", tmp_path / "d", "token", "create", "ana")
    assert (made.code, list(made.said)) == (0, ["token"])
    assert (tmp_path / "d" / "record.sqlite").exists()
    assert command("--json", "settings").said["settings"]


MISTAKES = [
    ["frobnicate"],
    ["validate"],
    ["validate", "absent.ttl"],
    ["validate", "empty"],
    ["validate", "model.bin"],
    ["validate", "x.ttl", "--level", "best"],
    ["validate", "--type", "text/plain", "x.ttl"],
    ["submit", "absent.ttl"],
    ["submit", "empty"],
    ["submit", "x.ttl", "--file", "absent"],
    ["submit", "x.ttl", "--frob"],
    ["submit", "x.ttl", "--url", "catalog.example"],
    ["submit", "x.ttl", "--token", "not a token\n"],
    ["submit", "x.ttl", "--token", "tökén"],
    ["publish"],
    ["upload", "w62kz7rwhm"],
    ["upload", "w62kz7rwhm", "absent"],
    ["upload", "w62kz7rwhm", "empty"],
    ["download"],
    ["query"],
    ["query", "@absent.rq"],
    ["query", "ASK {}", "--format", "pdf"],
    ["token"],
    ["token", "create"],
    ["token", "create", "ana", "--role", "king"],
    ["token", "create", "ana", "--days", "0"],
    ["token", "create", "ana", "--days", "many"],
    ["serve", "--port", "0"],
    ["serve", "--port", "70000"],
    ["serve", "--port", "many"],
    ["serve", "--data", "x.ttl"],
    ["serve", "--host", "no.such.host.invalid"],
]


@pytest.mark.parametrize("said", MISTAKES, ids=" ".join)
def test_wrong_use_is_one_sentence_and_code_2(
    command: Command, tmp_path: Path, said: list[str]
) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Anything"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.bin").write_bytes(bytes(range(256)))
    told = command(*said)
    assert (told.code, told.out) == (2, "")
    assert len(told.err.splitlines()) == 1
    assert told.err.startswith("sage-catalog: ")
    as_json = command(*said, "--json")
    assert as_json.code == as_json.said["exit_code"] == 2
    assert f"sage-catalog: {as_json.said['error']}\n" == as_json.err


def test_json_and_another_form_cannot_both_be(command: Command) -> None:
    told = command("query", "ASK {}", "--format", "csv", "--json")
    assert told.code == told.said["exit_code"] == 2


UNREACHABLE = [
    ["submit", "x.ttl"],
    ["publish", "w62kz7rwhm"],
    ["publish", "--samples"],
    ["upload", "w62kz7rwhm", "x.ttl"],
    ["download", "w62kz7rwhm"],
    ["query", "ASK {}"],
    ["login", "--token", "sage_x"],
    ["validate", "x.ttl"],
]


@pytest.mark.parametrize("said", UNREACHABLE, ids=" ".join)
def test_a_server_that_is_not_there_is_code_3(
    command: Command, tmp_path: Path, said: list[str]
) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Anything"))
    told = command(*said, "--url", NOWHERE)
    assert (told.code, told.out) == (3, "")
    assert told.err == f"sage-catalog: {NOWHERE}/ does not answer: Connection refused.\n"
    assert command(*said, "--url", NOWHERE, "--json").said["exit_code"] == 3


@pytest.mark.parametrize("verb", ["relay", "rebuild", "doctor", "token revoke x"])
def test_a_folder_without_a_catalog_is_code_3_and_stays_empty(
    command: Command, tmp_path: Path, verb: str
) -> None:
    told = command(*verb.split(), "--data", tmp_path / "none", "--json")
    assert told.code == told.said["exit_code"] == 3
    assert "There is no catalog in" in told.err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("token", ["sage_wrong", ""])
def test_who_may_not_is_told_by_code_4(ask: Command, tmp_path: Path, token: str) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Anything"))
    more = ["--token", token] if token else []
    if not token:
        os.environ.pop("SAGE_CATALOG_TOKEN")
    told = ask("submit", tmp_path / "x.ttl", *more, "--json")
    assert told.code == told.said["exit_code"] == 4


@pytest.mark.parametrize(
    "said", [["publish", "nosuchitem"], ["download", "nosuchitem"], ["upload", "../../x", "x.ttl"]]
)
def test_an_id_that_is_not_there_is_code_4(ask: Command, tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Anything"))
    assert ask(*said).code == 4


def test_findings_that_block_are_code_1_and_printed(ask: Command, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text('<> <http://purl.org/dc/terms/title> "No type"@en .')
    told = ask("submit", tmp_path / "x.ttl")
    assert told.code == 1
    assert "✗" in told.err
    as_json = ask("submit", tmp_path / "x.ttl", "--json")
    assert as_json.said["report"]["conforms"] is False


def test_what_the_state_does_not_allow_is_code_5(ask: Command, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Published twice"))
    made = ask("submit", tmp_path / "x.ttl", "--publish", "--json").said
    told = ask("publish", made["id"], "--json")
    assert told.code == told.said["exit_code"] == 5


def test_files_under_an_embargo_open_by_themselves(
    ask: Command, tmp_path: Path, server: Served
) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Under an embargo"))
    (tmp_path / "a.csv").write_text("at,value\n1,2\n")
    made = ask("submit", tmp_path / "x.ttl", "--file", tmp_path / "a.csv", "--json").said
    publish = ("publish", made["id"], "--visibility", "embargoed")
    for bad in ((), ("--until", "2001-01-01"), ("--until", "soon"), ("--publish-at", "2031-01-01")):
        refused = ask(*publish, *bad)
        assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    until = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    told = ask(*publish, "--until", until, "--json").said
    assert told["visibility"] == "embargoed"
    stranger = Client(server.url)
    told_why = []
    deadline = time.monotonic() + 20
    while not (tmp_path / "b.csv").exists() and time.monotonic() < deadline:
        try:
            stranger.download(made["id"], made["files"][0], tmp_path / "b.csv")
        except Refused as fault:
            told_why.append(fault.detail)
            time.sleep(0.2)
    assert (tmp_path / "b.csv").read_text() == "at,value\n1,2\n"
    assert told_why
    assert all("under embargo" in one for one in told_why)


def test_a_description_that_is_too_large_is_told_as_the_server_tells_it(
    ask: Command, tmp_path: Path
) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Large") + b"#" * 2_000_000)
    told = ask("submit", tmp_path / "x.ttl")
    assert (told.code, len(told.err.splitlines())) == (1, 1)
    assert "1000000" in told.err.replace(",", "")


def test_nothing_that_others_wrote_steers_the_terminal(ask: Command) -> None:
    told = ask("query", "SELECT ?t { BIND('clear \\u001b[2J it' AS ?t) }")
    assert (told.code, told.out.splitlines()[2]) == (0, "clear \ufffd[2J it")


def run(*arguments: object, **more: object) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [*COMMAND, *map(str, arguments)], capture_output=True, check=False, **more
    )


def test_a_terminal_that_knows_ascii_only_gets_an_answer(tmp_path: Path) -> None:
    (tmp_path / "ü.ttl").write_text('<> <http://purl.org/dc/terms/title> "Größe"@de .')
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    told = run("validate", tmp_path / "ü.ttl", env=environment)
    assert (told.returncode, b"Traceback" in told.stderr) == (1, False)
    told = run("validate", tmp_path / "ü.ttl", "--json", env=environment)
    assert json.loads(told.stdout)["file"].endswith("ü.ttl")


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    read, written = os.pipe()
    os.close(read)
    with os.fdopen(written, "wb") as pipe:
        told = subprocess.run([*COMMAND, "settings"], stdout=pipe, stderr=subprocess.PIPE)
    assert (told.returncode, told.stderr) == (0, b"")


def test_ctrl_c_ends_a_command_with_a_word_and_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "validate", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, b"sage-catalog: Stopped.\n")
    assert json.loads(out)["exit_code"] == 130


def on_a_terminal(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    """Run a command whose standard error is a terminal; return code, output and what was shown."""
    master, slave = pty.openpty()
    # A file, since a pipe that nobody reads meanwhile would fill and stop the command.
    written = folder.with_suffix(".out").open("w+b")
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=written,
        stderr=slave,
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65_536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    code = process.wait()
    with written:
        written.seek(0)
        return code, written.read().decode(), shown.decode()


def test_a_terminal_gets_a_bar_and_the_result_stays_pure(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.ttl").write_bytes(description(f"Number {number}"))
    code, out, shown = on_a_terminal(["validate", ".", "--json"], tmp_path)
    assert code == 0
    assert len(json.loads(out)["reports"]) == 40
    assert "Validating" in shown
    assert "100%" in shown


def test_uploads_show_a_bar_on_a_terminal(server: Served, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(20_000_000))
    item = server.draft(description("With a bar")).rpartition("/")[2]
    more = ["--url", server.url, "--token", server.token]
    code, out, shown = on_a_terminal(["upload", item, "big", *more], tmp_path)
    assert (code, out.split()[1]) == (0, "big")
    assert "big" in shown
