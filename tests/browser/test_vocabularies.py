"""Finding a term in a real browser: by keys, by mouse, and without a script."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Running


@pytest.fixture
def page(browser: Browser, catalog: Running) -> "pytest.Generator[Page]":
    context = browser.new_context(base_url=catalog.base)
    yield context.new_page()
    context.close()


def typed(page: Page, text: str, path: str = "/vocab") -> None:
    """Type into the field that searches terms, and wait for what is offered."""
    page.goto(path)
    field = page.get_by_role("combobox")
    field.press_sequentially(text)
    expect(page.get_by_role("option").first).to_be_visible()


def test_a_term_is_reached_by_keys_alone(page: Page) -> None:
    typed(page, "temprature bme68")
    field = page.get_by_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_have_count(1)
    expect(field).to_have_attribute("aria-activedescendant", re.compile("term~offers-0"))
    field.press("Enter")
    page.wait_for_url(re.compile(r"/vocab/[a-z-]+/"))


def test_what_is_offered_says_why_and_goes_away(page: Page) -> None:
    typed(page, "degrees c")
    expect(page.get_by_role("option").first).to_contain_text("Also written")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("combobox")).to_have_value("degrees c")


def test_a_click_on_what_is_offered_leads_there(page: Page) -> None:
    typed(page, "bme680", "/vocab/sensor")
    page.get_by_role("option").first.click()
    page.wait_for_url("**/vocab/sensor/bme680")


def test_the_arrows_go_round(page: Page) -> None:
    typed(page, "bme680", "/vocab/sensor")
    page.keyboard.press("ArrowUp")
    last = page.get_by_role("option").last
    expect(last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")


def test_without_a_script_a_search_is_a_page(browser: Browser, catalog: Running) -> None:
    context = browser.new_context(base_url=catalog.base, java_script_enabled=False)
    page = context.new_page()
    page.goto("/vocab")
    page.get_by_role("searchbox").fill("temperature measured by a BME680")
    page.get_by_role("button", name="Find term").click()
    first = page.locator("#found ~ ol a").first
    assert first.get_attribute("href") == "/vocab/measurement/env.temperature"
    context.close()


def test_temperature_by_a_bme680_is_three_clicks_away(page: Page) -> None:
    page.goto("/vocab")
    page.get_by_role("link", name="Sensor models").click()
    page.get_by_role("link", name="BME680").first.click()
    page.get_by_role("link", name="Temperature", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Temperature")
