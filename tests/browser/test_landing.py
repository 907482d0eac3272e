"""The page of an item as people use it: by keyboard, on a phone, without a script, line by line."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog.client import Client
from tests.browser.conftest import Running
from tests.catalogs import description

BIN = Path(sys.executable).parent


@pytest.fixture
def page(browser: Browser, catalog: Running) -> Iterator[Page]:
    """A browser without scripts."""
    context = browser.new_context(base_url=catalog.base, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted(browser: Browser, catalog: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=catalog.base)
    yield context.new_page()
    context.close()


def test_the_graph_is_walked_by_keyboard(scripted: Page, rich: str) -> None:
    scripted.goto(rich)
    link = scripted.locator(".graph svg:visible a").first
    link.focus()
    expect(link).to_be_focused()
    assert link.locator("rect").evaluate("e => getComputedStyle(e).strokeWidth") == "3px"
    target = link.get_attribute("href")
    scripted.keyboard.press("Enter")
    scripted.wait_for_url(f"**{target}")


def test_a_phone_shows_the_upright_graph_and_a_desk_the_wide_one(page: Page, rich: str) -> None:
    page.goto(rich)
    for width, shown, hidden in ((390, "tall", "wide"), (1280, "wide", "tall")):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator(f".graph .{shown}")).to_be_visible()
        expect(page.locator(f".graph .{hidden}")).to_be_hidden()


def test_the_picture_of_a_file_comes_with_its_size(scripted: Page, rich: str) -> None:
    scripted.goto(f"{rich}/preview/pixel.gif")
    picture = scripted.get_by_role("img", name="The picture pixel.gif")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 2)
    assert (picture.get_attribute("width"), picture.get_attribute("height")) == ("2", "1")


def test_from_the_list_of_files_one_looks_into_a_file_and_comes_back(page: Page, rich: str) -> None:
    page.goto(rich)
    page.get_by_role("link", name="Preview of config.json").click()
    expect(page.get_by_text('"name": "clouds"')).to_be_visible()
    page.get_by_label("Where this page stands").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cloud masks of one node")


def test_links_in_lists_are_large_enough_to_hit(page: Page, rich: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(rich)
    for link in page.locator(".forms a, .jump a, #contact ~ ul a").all():
        box = link.bounding_box()
        assert box
        assert box["height"] >= 24, link.text_content()


def test_a_report_goes_from_a_reader_to_the_owner_and_is_dealt_with(
    page: Page, catalog: Running, rich: str
) -> None:
    page.goto(rich)
    page.get_by_role("link", name="Report a problem to the owner").click()
    page.get_by_label("What is wrong").fill("Row 17 is of another day.")
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    page.get_by_role("button", name="Send to the owner").click()
    expect(page.get_by_role("status")).to_contain_text("has your message")
    page.goto("/sign-in?next=/me/reports")
    page.get_by_label("Token").fill(catalog.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Row 17 is of another day.")).to_be_visible()
    expect(page.get_by_role("link", name="ana@example.org")).to_be_visible()
    page.get_by_role("button", name="Mark as done").first.click()
    expect(page.get_by_role("button", name="Open again").first).to_be_visible()
    page.goto("/me")
    expect(page.get_by_text("Problem reports of readers: none is open")).to_be_visible()


# -- the lines to copy, run as a reader runs them


@pytest.fixture(scope="module")
def draft(catalog: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a draft with two files, one of them in a folder."""
    client = Client(catalog.base, catalog.token)
    item = client.submit(description("To be fetched"))
    file = tmp_path_factory.mktemp("draft") / "a"
    file.write_text("content")
    for name in ("a.txt", "in/b.txt"):
        client.upload(item.id, name, file)
    return f"/items/{item.id}"


def copied(catalog: Running, path: str, way: str) -> str:
    """Return the lines of the page for one way, as a reader would copy them."""
    headers = {"Accept": "text/html", "Authorization": f"Bearer {catalog.token}"}
    with urlopen(Request(catalog.base + path, headers=headers), timeout=20) as answer:
        page = answer.read().decode()
    found = re.search(rf'aria-label="{way}"><code>(.*?)</code>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def ran(catalog: Running, folder: Path, *command: str) -> str:
    """Run a command in a folder, with the token in the environment; return what it prints."""
    environment = {name: value for name, value in os.environ.items() if "SAGE_CATALOG" not in name}
    environment |= {"SAGE_CATALOG_TOKEN": catalog.token, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lines_for_curl_fetch_description_and_file(
    catalog: Running, rich: str, draft: str, tmp_path: Path
) -> None:
    for path, file in ((rich, "config.json"), (draft, "a.txt")):
        said = ran(catalog, tmp_path, "bash", "-ec", copied(catalog, path, "curl"))
        assert "sage:TrainingDataset" in said
        assert (tmp_path / file).stat().st_size > 0


def test_the_lines_of_python_fetch_every_file(catalog: Running, draft: str, tmp_path: Path) -> None:
    lines = copied(catalog, draft, "Python")
    assert ran(catalog, tmp_path, sys.executable, "-c", lines) == "To be fetched\n"
    assert (tmp_path / "in" / "b.txt").read_text() == "content"
    alone = copied(catalog, draft, "Python alone")
    said = ran(catalog, tmp_path, sys.executable, "-c", alone).splitlines()
    assert said[1] == f"a.txt 7 {catalog.base}{draft}/v/1/files/a.txt"


def test_the_commands_fetch_every_file_and_ask_the_graph(
    catalog: Running, rich: str, tmp_path: Path
) -> None:
    said = ran(catalog, tmp_path, "bash", "-ec", copied(catalog, rich, "Command line"))
    assert "Cloud masks of one node" in said
    fetched = tmp_path / rich.rpartition("/")[2]
    assert {file.name for file in fetched.iterdir()} == {
        "config.json", "observations.csv", "pixel.gif",
    }  # fmt: skip
