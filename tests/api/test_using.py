"""The lines to copy from a page do what they say, and quote what strangers named."""

import ast
import shlex

import pytest

from api.using import snippets

ADDRESS = "http://127.0.0.1:8000/items/w62kz7rwhm"


def lines(
    *files: str, is_open: bool = True, is_here: bool = True, has_folders: bool = False
) -> dict[str, str]:
    return dict(snippets(ADDRESS, files, is_open=is_open, is_here=is_here, has_folders=has_folders))


@pytest.mark.parametrize("name", ["a b.tar", "$(reboot)", "';reboot;'", "`x`", "a&b|c"])
def test_whatever_a_file_is_called_the_shell_sees_one_word(name: str) -> None:
    said = lines(f"https://example.org/{name}", is_here=False)["curl"]
    words = shlex.split(said.splitlines()[-1])
    assert words == ["curl", "-LO", f"https://example.org/{name}"]


def test_what_not_everybody_may_read_is_asked_for_with_a_token() -> None:
    assert "TOKEN" not in "".join(lines(f"{ADDRESS}/files/x").values())
    said = lines(f"{ADDRESS}/files/x", is_open=False)
    assert said["curl"].count("$SAGE_CATALOG_TOKEN") == 2
    assert "Authorization" in said["Python alone"]
    assert 'os.environ["SAGE_CATALOG_TOKEN"]' in said["Python"]


def test_a_token_is_never_sent_to_another_host() -> None:
    said = lines("https://elsewhere.example/x", is_open=False, is_here=False)["curl"]
    assert said.count("$SAGE_CATALOG_TOKEN") == 1
    assert said.endswith("https://elsewhere.example/x")


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("has_folders", [True, False])
def test_the_lines_of_python_are_python(*, is_open: bool, has_folders: bool) -> None:
    said = lines(is_open=is_open, has_folders=has_folders)
    ast.parse(said["Python"])
    ast.parse(said["Python alone"])


def test_the_command_asks_the_catalog_that_has_the_item() -> None:
    fetched, asked = lines()["Command line"].replace("\\\n", "").split("\n\n")
    words = shlex.split(fetched, comments=True)
    assert words == ["sage-catalog", "download", "w62kz7rwhm", "--url", "http://127.0.0.1:8000"]
    words = shlex.split(asked, comments=True)
    assert words[:4] == ["sage-catalog", "query", "--url", "http://127.0.0.1:8000"]
    assert words[-1] == f"DESCRIBE <{ADDRESS}>"
