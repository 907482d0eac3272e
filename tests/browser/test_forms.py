"""The forms for items in a real browser: with and without scripts, wide and narrow."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Running
from tests.browser.test_pages import _CONTRASTS, _TOO_WIDE, WIDTHS, complaints

TYPES = ("model", "training-data", "ecr-app", "instrument", "calibration")
_UNLABELLED = """() => [...document.querySelectorAll("input, select, textarea, button")]
  .filter(e => e.type !== "hidden" && !e.closest("[aria-hidden=true]"))
  .filter(e => !(e.labels && e.labels.length) && !e.getAttribute("aria-label")
    && !e.textContent.trim())
  .map(e => e.outerHTML.slice(0, 120))"""


def signed_in(browser: Browser, catalog: Running, **more: object) -> BrowserContext:
    context = browser.new_context(base_url=catalog.base, **more)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Token").fill(catalog.token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/me")
    page.close()
    return context


@pytest.fixture
def page(browser: Browser, catalog: Running) -> Iterator[Page]:
    context = signed_in(browser, catalog)
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(browser: Browser, catalog: Running) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    context = signed_in(browser, catalog, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_no_form_scrolls_sideways_at_any_width(page: Page) -> None:
    for path in ("/new", *(f"/new/{one}" for one in TYPES)):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(_TOO_WIDE) == [], f"{path} at {width}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_a_form_can_be_read(browser: Browser, catalog: Running, scheme: str) -> None:
    context = signed_in(browser, catalog, color_scheme=scheme)
    page = context.new_page()
    page.goto("/new/model")
    with page.expect_navigation(wait_until="load"):  # the style sheet is part of what is read
        page.get_by_role("button", name="Save draft").click()
    assert page.evaluate(_CONTRASTS) == []
    context.close()


def test_every_control_of_a_form_has_a_label(page: Page) -> None:
    for one in TYPES:
        page.goto(f"/new/{one}")
        assert page.evaluate(_UNLABELLED) == [], one


def test_a_newcomer_without_scripts_describes_a_model_and_publishes_it(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_role("link", name="Add an item").first.click()
    plain.get_by_role("link", name="Machine-learning model").click()
    plain.get_by_role("button", name="Save draft").click()
    expect(plain).to_have_title(re.compile("^Error: "))
    plain.get_by_role("link", name="Title", exact=True).click()
    plain.locator("[name='title.0']").fill("Snow on the housing")
    plain.locator("[name='creator.0.person-name.0']").fill("Ana Ruiz")
    plain.get_by_role("button", name="Add: organisation").first.click()
    expect(plain).to_have_url(re.compile(r"#creator\.1$"))
    plain.locator("[name='creator.1.organization-name.0']").fill("Argonne National Laboratory")
    plain.get_by_role("button", name="Save draft").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Snow on the housing")
    expect(plain.get_by_text("Kept as a draft")).to_be_visible()
    plain.get_by_role("link", name="Edit the description").click()
    expect(plain.get_by_role("heading", name=re.compile("still missing"))).to_be_visible()
    plain.locator("[name='description.0']").fill("Tells whether snow covers the camera housing.")
    plain.get_by_label("MIT License").check()
    plain.locator("[name='keyword.0']").fill("snow")
    plain.locator("[name='ml-task.0']").select_option("Image classification")
    for field in ("category", "intended-use", "runtime-requirement", "has-file", "trained-on"):
        plain.locator(f"[name='{field}~none']").check()
    plain.get_by_role("button", name="Check").click()
    expect(plain.get_by_text("Nothing is missing")).to_be_visible()
    plain.get_by_role("button", name="Save draft").click()
    plain.get_by_role("button", name="Publish").click()
    expect(plain.get_by_text("Published. From now on its address stays.")).to_be_visible()
    plain.get_by_role("link", name="New from this").click()
    expect(plain.locator("[name='title.0']")).to_have_value("Snow on the housing")


def test_a_draft_saves_itself_and_says_so(page: Page) -> None:
    said = complaints(page)
    page.goto("/new/model")
    page.locator("[name='description.0']").fill("No title yet")
    saved = page.locator("#saved")
    expect(saved).to_contain_text("Not saved yet. Title", timeout=10_000)
    page.locator("[name='title.0']").fill("Saves itself")
    expect(saved).to_have_text(re.compile(r"^Saved \d\d:\d\d\. \d+ missing"), timeout=10_000)
    expect(page).to_have_url(re.compile(r"/items/\w{10}/edit$"))
    page.get_by_role("button", name="Add: organisation").first.click()
    page.locator("[name='creator.1.organization-name.0']").fill("Argonne")
    expect(saved).to_contain_text("Saved", timeout=10_000)
    page.reload()
    expect(page.locator("[name='creator.0.organization-name.0']")).to_have_value("Argonne")
    assert [one for one in said if "status of 422" not in one and "[DOM]" not in one] == []


def test_who_leaves_with_something_unsaved_is_warned(page: Page) -> None:
    page.goto("/new/model")
    page.locator("[name='title.0']").fill("Half a title")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]


def test_terms_are_offered_while_one_types(page: Page) -> None:
    page.goto("/new/model")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    field = page.locator("[name='publishes.0']")
    field.press_sequentially("cloud cov")
    # Until then it shows what was offered for the first letters.
    expect(page.locator(".offers [role=option]").first).to_contain_text("Cloud cover")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("Cloud cover")
    page.locator("[name='title.0']").fill("With a term")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("link", name="Cloud cover").first).to_be_visible()


def test_who_comes_second_sees_both(browser: Browser, catalog: Running, page: Page) -> None:
    page.goto("/new/model")
    page.locator("[name='title.0']").fill("Before")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Edit the description").click()
    context = signed_in(browser, catalog, java_script_enabled=False)
    other = context.new_page()
    other.goto(page.url)
    other.locator("[name='title.0']").fill("Theirs")
    other.get_by_role("button", name="Save draft").click()
    page.locator("[name='title.0']").fill("Mine")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="Somebody changed this first")).to_be_visible()
    expect(page.locator("[name='title.0']")).to_have_value("Mine")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    context.close()
