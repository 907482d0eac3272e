"""token, relay, rebuild, doctor and settings: the operator's verbs, beside a server and alone."""

import sqlite3
from pathlib import Path

import pytest

from catalog.settings import Settings
from tests.api.served import Served
from tests.catalogs import catalog_in, description
from tests.cli.conftest import Command


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a public item, in which no server runs."""
    folder = tmp_path / "data"
    folder.mkdir()
    catalog = catalog_in(folder)
    catalog.submit("Public")
    catalog.settle()
    catalog.parts.database.close()
    return folder


def test_a_token_is_made_beside_a_running_server_and_revoked(
    command: Command, server: Served, tmp_path: Path
) -> None:
    made = command("token", "create", "ana", "--data", server.data, "--json")
    assert (made.code, list(made.said)) == (0, ["token"])
    token = made.said["token"]
    (tmp_path / "x.ttl").write_bytes(description("By Ana"))
    said = ["submit", "x.ttl", "--url", server.url, "--token", token, "--json"]
    assert command(*said).said["owner"] == "ana"
    assert command("token", "revoke", token, "--data", server.data, "--json").said == {
        "revoked": True
    }
    assert command(*said).code == 4
    assert command("token", "revoke", "sage_never", "--data", server.data).code == 4


def test_tokens_are_listed_with_what_they_are_for_and_end_by_their_id(
    command: Command, tmp_path: Path
) -> None:
    data = tmp_path / "new"
    scopes = ("--scope", "write", "--scope", "publish", "--days", "3", "--label", "nightly")
    command("token", "create", "ana", *scopes, "--data", data)
    command("token", "create", "ben", "--data", data)
    (line,) = command("token", "list", "ana", "--data", data, "--json").said["tokens"]
    assert (line["scopes"], line["label"]) == (["read", "write", "publish"], "nightly")
    assert len(command("token", "list", "--data", data).out.splitlines()) == 2
    assert command("token", "revoke", line["id"], "--data", data).code == 0
    (line,) = command("token", "list", "ana", "--data", data, "--json").said["tokens"]
    assert line["state"] == "revoked"
    assert command("token", "revoke", "ffffffffffff", "--data", data).code == 4
    assert command("token", "list", "nobody", "--data", data).code == 4
    refused = command("token", "create", "ben", "--scope", "admin", "--data", data)
    assert (refused.code, refused.out) == (1, "")


def test_the_token_alone_is_printed_so_that_scripts_can_keep_it(
    command: Command, tmp_path: Path
) -> None:
    told = command("token", "create", "robot", "--role", "curator", "--data", tmp_path / "new")
    assert (told.code, told.err, len(told.out.split())) == (0, "", 1)
    assert told.out.startswith("sage_")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_a_token_that_is_made_for_an_account_names_no_address(
    command: Command, tmp_path: Path
) -> None:
    """The command does not know under which address the catalog will run."""
    command("token", "create", "ana", "--data", tmp_path / "new")
    with sqlite3.connect(tmp_path / "new" / "record.sqlite") as record:
        assert record.execute("SELECT count(*) FROM base_used").fetchone() == (0,)
    record.close()


@pytest.mark.parametrize("name", ["", " ", "a" * 300, "a\tb"])
def test_a_name_that_cannot_be_is_refused(command: Command, tmp_path: Path, name: str) -> None:
    assert command("token", "create", name, "--data", tmp_path / "new", "--json").code == 1


def test_doctor_looks_beside_a_running_server_and_changes_nothing(
    command: Command, server: Served
) -> None:
    server.draft(description("Examined"))
    told = command("doctor", "--data", server.data, "--deep", "--json")
    assert (told.code, told.said["healthy"]) == (0, True)
    assert {check["name"] for check in told.said["checks"]} >= {"objects", "graphs", "outbox"}
    assert all(
        line.startswith("good ")
        for line in command("doctor", "--data", server.data).out.splitlines()
    )


def test_reconcile_looks_beside_a_running_server_and_finds_nothing(
    command: Command, server: Served
) -> None:
    told = command("reconcile", "--data", server.data, "--deep", "--fix", "--json")
    assert (told.code, told.said["clean"], told.said["differences"]) == (0, True, [])


def test_doctor_names_what_is_wrong_by_code_1(command: Command, data: Path) -> None:
    with sqlite3.connect(data / "record.sqlite") as record:
        record.execute("UPDATE revision SET digest = 'not it'")
    record.close()
    told = command("doctor", "--data", data)
    assert told.code == 1
    assert "FAULT" in told.out
    assert command("doctor", "--data", data, "--json").said["healthy"] is False


def test_rebuild_works_alone_under_the_address_of_the_last_start(
    command: Command, data: Path
) -> None:
    told = command("rebuild", "--data", data, "--json")
    assert (told.code, told.said) == (0, {"items": 1})
    assert command("doctor", "--data", data).code == 0
    import json

    pointer = json.loads((data / "graph" / "current").read_text())
    assert "https://catalog.example/" in pointer["recipe"]


def test_rebuild_asks_the_relay_that_runs_beside_it(command: Command, server: Served) -> None:
    before = (server.data / "graph" / "current").read_text()
    told = command("rebuild", "--data", server.data)
    assert (told.code, "The graph was built anew" in told.out) == (0, True)
    assert (server.data / "graph" / "current").read_text() != before
    assert command("doctor", "--data", server.data).code == 0


def test_a_second_relay_is_refused(command: Command, server: Served) -> None:
    told = command("relay", "--data", server.data)
    assert (told.code, "holds the graph" in told.err) == (3, True)


def test_a_record_of_another_release_is_left_alone(command: Command, data: Path) -> None:
    with sqlite3.connect(data / "record.sqlite") as record:
        record.execute("UPDATE alembic_version SET version_num = '9999'")
    record.close()
    for verb in ("doctor", "rebuild", "relay"):
        assert command(verb, "--data", data).code == 3


def test_a_record_that_is_none_is_told_in_words(command: Command, tmp_path: Path) -> None:
    (tmp_path / "record.sqlite").write_bytes(b"this is no database" * 100)
    told = command("doctor", "--data", tmp_path, "--json")
    assert told.code == 3
    assert "not a database" in told.said["error"]


def test_every_setting_is_listed_with_its_value(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_CATALOG_PORT", "9001")
    monkeypatch.setenv("SAGE_CATALOG_S3_SECRET_KEY", "hush")
    told = command("settings", "--json")
    found = {entry["name"]: entry for entry in told.said["settings"]}
    assert set(found) == set(Settings.__dataclass_fields__)
    assert (found["port"]["value"], found["port"]["default"]) == (9001, 8000)
    assert "hush" not in told.out + command("settings").out


def test_a_variable_that_is_no_setting_is_pointed_out(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_CATALOG_PROT", "9001")
    told = command("settings")
    assert told.code == 0
    assert "SAGE_CATALOG_PROT is no setting of this release; SAGE_CATALOG_PORT is one." in told.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "many", "it is a whole number"),
        ("PORT", "0", "it is 1 to 65535"),
        ("WEB_WORKERS", "0", "it is 1 or more"),
        ("S3_SECURE", "perhaps", "it is true or false"),
        ("OBJECTS", "tape", "files"),
        ("OBJECTS", "s3", "s3_endpoint"),
        ("BASE_URL", "catalog.example.org", "address such as"),
        ("BASE_URL", "http://a.example/?q=1", "address such as"),
        ("CONFIG", "absent.toml", "absent.toml"),
        ("DATABASE_URL", "no address", "not the address of a database"),
        ("DATABASE_URL", "postgresql+nosuch://x/y", "not the address of a database"),
        ("DATABASE_URL", "mysql+pymysql://x/y", "driver, pymysql, is not installed"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_code_2(
    command: Command, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"SAGE_CATALOG_{variable}", value)
    told = command("doctor" if variable == "DATABASE_URL" else "settings", "--json")
    assert told.code == told.said["exit_code"] == 2
    assert said in told.said["error"]
    assert len(told.err.splitlines()) == 1


def test_a_file_of_settings_is_read_and_the_environment_wins(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text('port = 9002\ntitle = "Ours"\ns3_secure = true\n')
    monkeypatch.setenv("SAGE_CATALOG_CONFIG", "c.toml")
    monkeypatch.setenv("SAGE_CATALOG_TITLE", "Yours")
    found = {e["name"]: e["value"] for e in command("settings", "--json").said["settings"]}
    assert (found["port"], found["title"], found["s3_secure"]) == (9002, "Yours", True)


@pytest.mark.parametrize("text", ["prot = 1", 'port = "many"', "port = 1.5", "title = 3", "= x"])
def test_a_wrong_file_of_settings_is_one_sentence(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "c.toml").write_text(text)
    monkeypatch.setenv("SAGE_CATALOG_CONFIG", "c.toml")
    told = command("settings")
    assert (told.code, told.out, "c.toml" in told.err) == (2, "", True)
