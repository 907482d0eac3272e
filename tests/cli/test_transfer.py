"""submit, publish, upload, download: what goes to a server and comes back, whole."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from catalog.bootstrap import operator_parts
from catalog.samples import files
from catalog.services.accounts import actor_of_token
from catalog.services.samples import sample_id
from catalog.services.submit import Submission, submit
from catalog.settings import Settings
from tests.api.served import Served
from tests.catalogs import description, now
from tests.cli.conftest import Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "my item"
    (inside / "weights").mkdir(parents=True)
    (inside / "about.ttl").write_bytes(description("A folder"))
    (inside / "weights" / "model 1.onnx").write_bytes(os.urandom(300_000))
    (inside / "weights" / "about.ttl").write_text("bytes like others")
    (inside / "größe.txt").write_text("empty is fine, too")
    (inside / "empty").touch()
    (inside / ".DS_Store").write_text("nobody wants this")
    return inside


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_folder_goes_up_in_one_go_and_comes_back_the_same(
    ask: Command, folder: Path, tmp_path: Path
) -> None:
    made = ask("submit", folder, "--publish", "--json")
    assert (made.code, made.said["state"], made.said["files_total"]) == (0, "published", 4)
    told = ask("download", made.said["id"])
    assert told.code == 0
    sent = bytes_below(folder)
    del sent["about.ttl"], sent[".DS_Store"]
    assert bytes_below(tmp_path / made.said["id"]) == sent


def test_files_are_named_one_by_one_as_well(ask: Command, folder: Path, tmp_path: Path) -> None:
    one = folder / "weights" / "model 1.onnx"
    made = ask("submit", folder / "about.ttl", "--file", one, "--json").said
    assert (made["state"], [file["name"] for file in made["files"]]) == ("draft", ["model 1.onnx"])
    told = ask("upload", made["id"], folder / "größe.txt", folder / "empty", "--json")
    assert [kept["name"] for kept in told.said] == ["größe.txt", "empty"]
    assert told.said[1]["sha256"] == hashlib.sha256(b"").hexdigest()
    got = ask("download", made["id"], "größe.txt", "--to", tmp_path / "here", "--json").said
    assert got[0]["path"] == str(tmp_path / "here" / "größe.txt")
    assert sorted(bytes_below(tmp_path / "here")) == ["größe.txt"]


def test_a_draft_says_what_publication_still_asks_for(ask: Command, tmp_path: Path) -> None:
    text = description("Unlicensed").replace(b"dct:license spdx-license:MIT ;", b"")
    (tmp_path / "x.ttl").write_bytes(text)
    told = ask("submit", "x.ttl")
    assert told.code == 0
    assert told.out.strip().endswith("  draft")
    assert "One finding blocks publication:" in told.err
    assert "icen" in told.err.splitlines()[1]


def test_what_cannot_be_published_in_one_go_is_not_kept_or_its_draft_is_named(
    ask: Command, server: Served, folder: Path
) -> None:
    text = description("Unlicensed").replace(b"dct:license spdx-license:MIT ;", b"")
    (folder / "about.ttl").write_bytes(text)
    before = server.ask("GET", "/items?limit=1").json()["total"]
    alone = ask("submit", folder / "about.ttl", "--publish", "--json")
    assert (alone.code, "id" in alone.said) == (1, False)
    assert server.ask("GET", "/items?limit=1").json()["total"] == before
    told = ask("submit", folder, "--publish", "--json")
    assert told.code == told.said["exit_code"] == 1
    assert f"sage-catalog publish {told.said['id']}" in told.err
    kept = server.ask("GET", f"/items/{told.said['id']}").json()
    assert (kept["state"], kept["files_total"]) == ("draft", 4)


def test_a_wrong_file_is_seen_before_anything_is_sent(
    ask: Command, server: Served, folder: Path
) -> None:
    before = server.ask("GET", "/items?limit=1").json()["total"]
    assert ask("submit", folder / "about.ttl", "--file", folder / "absent").code == 2
    assert server.ask("GET", "/items?limit=1").json()["total"] == before


def test_several_drafts_are_published_together_or_not_at_all(
    ask: Command, server: Served, tmp_path: Path
) -> None:
    first = server.draft(description("First")).rpartition("/")[2]
    cites = f"dct:relation <{server.url}/items/{first}> ; dct:title".encode()
    (tmp_path / "x.ttl").write_bytes(description("Second").replace(b"dct:title", cites, 1))
    second = ask("submit", "x.ttl", "--json").said["id"]
    assert ask("publish", second).code == 1
    told = ask("publish", second, first, "--json")
    assert told.code == 0
    assert {one["state"] for one in told.said["items"].values()} == {"published"}


def test_publish_samples_publishes_drafts_of_samples_and_nothing_else(
    ask: Command, server: Served, tmp_path: Path
) -> None:
    """Whoever has drafts beside them does not find those published by surprise."""
    mine = server.draft(description("Not a sample")).rpartition("/")[2]
    told = ask("publish", "--samples", "--json")
    assert (told.code, told.said) == (0, {"items": {}})
    assert server.ask("GET", f"/items/{mine}").json()["state"] == "draft"
    parts = operator_parts(Settings(data=server.data, base_url=server.url))
    local = actor_of_token(parts, server.token, now=now())
    for file in files():
        source = file.read_bytes()
        sent = Submission(source, "text/turtle", item_id=sample_id(source))
        submit(parts, local, sent, now=now())
    told = ask("publish", "--samples", "--json")
    assert (told.code, len(told.said["items"])) == (0, len(files()))
    assert server.ask("GET", f"/items/{mine}").json()["state"] == "draft"


def test_a_file_that_is_there_already_is_not_fetched_again(
    ask: Command, server: Served, tmp_path: Path
) -> None:
    item = server.draft(description("Twice")).rpartition("/")[2]
    (tmp_path / "a.txt").write_text("the same")
    ask("upload", item, "a.txt")
    ask("download", item)
    got = tmp_path / item / "a.txt"
    before = got.stat().st_mtime_ns, got.stat().st_ino
    assert ask("download", item).code == 0
    assert (got.stat().st_mtime_ns, got.stat().st_ino) == before
    got.write_text("changed by somebody")
    told = ask("download", item)
    assert (told.code, "--force replaces it" in told.err) == (5, True)
    assert got.read_text() == "changed by somebody"
    assert ask("download", item, "--force").code == 0
    assert got.read_text() == "the same"


def test_an_item_without_files_and_a_name_that_it_has_not(ask: Command, server: Served) -> None:
    item = server.draft(description("No files")).rpartition("/")[2]
    told = ask("download", item, "--json")
    assert (told.code, told.said) == (0, [])
    assert ask("download", item, "x.txt").code == 2


def test_a_file_of_a_published_item_is_frozen(ask: Command, server: Served, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_bytes(description("Frozen"))
    item = ask("submit", "x.ttl", "--publish", "--json").said["id"]
    assert ask("upload", item, "x.ttl").code == 5


def test_a_large_file_with_a_wrong_token_is_refused_in_words(
    ask: Command, server: Served, tmp_path: Path
) -> None:
    item = server.draft(description("Not yours")).rpartition("/")[2]
    (tmp_path / "large").write_bytes(bytes(30_000_000))
    assert ask("upload", item, "large", "--token", "sage_wrong").code == 4


def test_login_keeps_a_token_for_its_owner_alone(
    command: Command, server: Served, tmp_path: Path
) -> None:
    assert command("login", "--url", server.url, "--token", "sage_wrong").code == 4
    told = command("login", "--url", server.url + "/", "--token", server.token, "--json")
    kept = Path(told.said["kept_in"])
    assert (told.code, stat.S_IMODE(kept.stat().st_mode)) == (0, 0o600)
    assert server.token not in told.out + told.err
    (tmp_path / "x.ttl").write_bytes(description("Signed in"))
    assert command("submit", "x.ttl", "--url", server.url).code == 0
    assert (
        command("submit", "x.ttl", "--url", server.url.replace("127.0.0.1", "localhost")).code == 4
    )


def test_a_query_is_answered_as_a_table_and_in_every_form(ask: Command, tmp_path: Path) -> None:
    told = ask("query", "SELECT ?a ?b { VALUES (?a ?b) { ('x' 1) ('long text' 22) } }")
    assert told.out == "a          b\n---------  --\nx          1\nlong text  22\n"
    assert ask("query", "ASK { FILTER(1 = 2) }").out == "no\n"
    assert ask("query", "SELECT ?a { FILTER(1 = 2) }").out == "a\n-\n"
    (tmp_path / "q.rq").write_text("SELECT ('x' AS ?a) {}")
    assert ask("query", "@q.rq", "--format", "csv").out.split() == ["a", "x"]
    assert ask("query", "@q.rq", "--format", "tsv").out.split() == ["?a", '"x"']
    assert "<sparql" in ask("query", "@q.rq", "--format", "xml").out
    assert ask("query", "@q.rq", "--json").said["results"]["bindings"][0]["a"]["value"] == "x"
    graph = "CONSTRUCT { <urn:a> <urn:b> 'c' } {}"
    assert '"c"' in ask("query", graph).out
    assert ask("query", graph, "--format", "nt").out == '<urn:a> <urn:b> "c" .\n'
    assert ask("query", graph, "--json").said


@pytest.mark.parametrize(
    ("query", "code"),
    [("SELECT", 2), ("DROP ALL", 2), ("SELECT * { SERVICE <http://x.example/> {} }", 2)],
)
def test_a_query_that_is_none_is_told_so(ask: Command, query: str, code: int) -> None:
    told = ask("query", query)
    assert (told.code, len(told.err.splitlines())) == (code, 1)
