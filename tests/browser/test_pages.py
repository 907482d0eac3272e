"""The real pages in a real browser: wide and narrow, light and dark, with and without script."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Running

WIDTHS = (320, 390, 768, 1280)

FIXED = (
    "/",
    "/items",
    "/items?type=model",
    "/items?type=collection&owner=nobody",
    "/vocab",
    "/vocab?q=temperature",
    "/vocab?q=%E2%98%83&scheme=sensor",
    "/vocab/measurement",
    "/vocab/sensor",
    "/vocab/license?view=groups",
    "/vocab/sensor/versions",
    "/vocab/sensor/bme680",
    "/vocab/proposals",
    "/vocab/media-type?letter=A",
    "/vocab/measurement/env.temperature",
    "/vocab/license?iri=https%3A%2F%2Fspdx.org%2Flicenses%2FMIT",
    "/shapes",
    "/shapes/model",
    "/ns",
    "/sparql",
    "/sparql?query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+30",
    "/sparql?query=SELEC",
    "/validate",
    "/sign-in",
    "/problems/not-conforming",
    "/items/0000000000",
)


@pytest.fixture(scope="module")
def paths(catalog: Running, rich: str) -> tuple[str, ...]:
    """The fixed pages, one item of every type that there is, and one with all beside it."""
    by_type = {one["type"]: one["id"] for one in catalog.json("/items?limit=100")["items"]}
    beside = (rich, f"{rich}/report", f"{rich}/preview/observations.csv")
    return (*FIXED, *(f"/items/{item_id}" for item_id in by_type.values()), *beside)


@pytest.fixture
def page(browser: Browser, catalog: Running) -> Iterator[Page]:
    context = browser.new_context(
        base_url=catalog.base, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    """Return a list that fills with what the console of the page says."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: (said.append(f"{page.url}: a dialog"), dialog.dismiss()))
    return said


_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll, pre, .src"))
    .map(e => e.tagName + "." + e.className + ": " + e.textContent.trim().slice(0, 40));
}"""


def test_no_page_scrolls_sideways_at_any_width(page: Page, paths: tuple[str, ...]) -> None:
    for path in paths:
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(_TOO_WIDE) == [], f"{path} at {width}"


def test_the_console_stays_silent_on_every_page(page: Page, paths: tuple[str, ...]) -> None:
    said = complaints(page)
    for path in paths:
        page.goto(path)
    ours = [one for one in said if "status of 4" not in one and "[DOM]" not in one]
    assert ours == []


_CONTRASTS = """() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return numbers(getComputedStyle(document.documentElement).backgroundColor);
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(numbers(element.closest("svg text") ? style.fill : style.color)),
                    light(numbers(element.closest("svg .self") ? "" + getComputedStyle(
                      element.closest(".self").querySelector("rect")).fill
                      : behind(element).join(" ")))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5)
      poor.push(element.tagName + "." + element.className + ": " + element.textContent);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    browser: Browser, catalog: Running, paths: tuple[str, ...], scheme: Any
) -> None:
    context = browser.new_context(base_url=catalog.base, color_scheme=scheme)
    page = context.new_page()
    for path in paths:
        page.goto(path)
        assert page.evaluate(_CONTRASTS) == [], path
    context.close()


_SMALL = """() => [...document.querySelectorAll(
    "button, input:not([type=hidden]), select, textarea, summary")]
  .filter(e => e.checkVisibility() && !e.closest(".tabs"))
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.height < 24 && !(e.labels && e.labels.length && e.type == "checkbox"))
  .map(([e, box]) => e.tagName + " " + e.textContent.trim().slice(0, 30) + " " + box.height)"""


def test_controls_are_large_enough_to_hit(page: Page, paths: tuple[str, ...]) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for path in paths:
        page.goto(path)
        assert page.evaluate(_SMALL) == [], path


@pytest.mark.parametrize("path", ["/items/{model}", "/sparql", "/"])
def test_pages_print_within_the_paper(page: Page, catalog: Running, path: str) -> None:
    model = catalog.json("/items?type=model")["items"][0]["id"]
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.goto(path.format(model=model))
    assert page.evaluate(_TOO_WIDE) == []
    expect(page.locator("header.site nav").first).to_be_hidden()


def test_without_a_script_tabs_and_details_work_and_nothing_is_missing(
    browser: Browser, catalog: Running
) -> None:
    model = catalog.json("/items?type=model")["items"][0]["id"]
    context = browser.new_context(base_url=catalog.base, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/items/{model}")
    bibtex = page.locator(".tabs pre", has_text="@misc")
    expect(bibtex).to_be_hidden()
    page.locator(".tabs label", has_text="BibTeX").click()
    expect(bibtex).to_be_visible()
    assert page.get_by_role("button", name="Copy").count() == 0
    context.close()


def test_with_a_script_code_can_be_copied(page: Page, catalog: Running) -> None:
    model = catalog.json("/items?type=model")["items"][0]["id"]
    page.goto(f"/items/{model}")
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{catalog.base}/items/{model}"


def test_the_keyboard_meets_the_way_past_the_header_first(page: Page) -> None:
    page.goto("/items")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()


def test_an_example_query_answers_with_rows_that_lead_to_items(page: Page) -> None:
    page.goto("/sparql")
    page.get_by_label("Example queries").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name=re.compile(r"\d+ rows? in"))).to_be_visible()
    page.locator("table a[href^='/items/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/items/" in page.url


def test_a_fragment_of_a_description_is_a_place_on_its_page(page: Page, catalog: Running) -> None:
    for one in catalog.json("/items?type=model")["items"]:
        page.goto(f"/items/{one['id']}")
        parts = page.locator(".part[id], .scroll[id]")
        if parts.count():
            name = parts.last.get_attribute("id")
            page.goto(f"/items/{one['id']}#{name}")
            expect(page.locator(f"[id='{name}']")).to_be_in_viewport()
            return
    pytest.fail("No sample has a part with an address.")


HOSTILE = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix it6: <http://data.europa.eu/it6/> .

<> a it6:MachineLearningModel ;
  dct:title "<img src=x onerror=alert(1)>"@en ;
  dct:description "</p><script>alert(2)</script><svg onload=alert(3)>"@en ;
  dcat:keyword "\\"><iframe srcdoc='<script>alert(4)</script>'>"@en ;
  dcat:landingPage <javascript:alert(5)> ;
  dct:creator <#ana> .

<#ana> a foaf:Person ; foaf:name "' autofocus onfocus=alert(6) x='" .
"""


def signed_in(page: Page, catalog: Running) -> None:
    page.goto("/sign-in")
    page.get_by_label("Token").fill(catalog.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="local")).to_be_visible()


def test_by_forms_alone_an_item_is_judged_kept_given_a_file_and_deleted(
    page: Page, catalog: Running
) -> None:
    said = complaints(page)
    signed_in(page, catalog)
    page.goto("/validate")
    page.get_by_role("textbox", name="Description").fill(HOSTILE)
    page.get_by_role("button", name="Validate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It can be kept as a draft")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator(".notice")).to_contain_text("Kept as a draft")
    expect(page.get_by_role("heading", level=1)).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    page.get_by_text("Add a file").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "<b>x</b>.txt", "mimeType": "text/plain", "buffer": b"bytes"}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("link", name="<b>x</b>.txt", exact=True)).to_be_visible()
    page.get_by_text("Delete this draft").click()
    page.get_by_label("Description and files go").check()
    page.get_by_role("button", name="Delete the draft").click()
    expect(page.locator(".notice")).to_contain_text("deleted")
    assert [one for one in said if "[DOM]" not in one] == []


def test_by_forms_alone_an_item_is_published_and_withdrawn(page: Page, catalog: Running) -> None:
    signed_in(page, catalog)
    page.goto("/validate")
    page.get_by_role("textbox", name="Description").fill(PUBLISHABLE)
    page.get_by_role("button", name="Validate").click()
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".notice")).to_contain_text("Published")
    address = page.url.partition("?")[0]
    page.get_by_text("Withdraw it").click()
    page.get_by_label("Reason").select_option("test-item")
    page.get_by_label("Note").fill("Only tried out.")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.get_by_text("Only tried out.")).to_be_visible()
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 410
    expect(page.get_by_text("has been withdrawn")).to_be_visible()


def test_what_is_published_for_oneself_stays_unseen_by_others(
    page: Page, browser: Browser, catalog: Running
) -> None:
    signed_in(page, catalog)
    page.goto("/validate")
    page.get_by_role("textbox", name="Description").fill(PUBLISHABLE)
    page.get_by_role("button", name="Validate").click()
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_role("radio", name="private").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".notice")).to_contain_text("Published")
    stranger = browser.new_context()
    answer = stranger.new_page().goto(page.url)
    assert answer is not None
    assert answer.status == 404
    stranger.close()


PUBLISHABLE = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix it6: <http://data.europa.eu/it6/> .

<> a it6:MachineLearningModel ;
  dct:title "A model to try forms with"@en ;
  dct:description "It exists for a minute only, while the forms of the pages are tried out."@en ;
  dct:creator sage:notStated ;
  dct:license sage:notStated ;
  dcat:keyword "trial"@en ;
  sage:mlTask sage:notStated ;
  sage:modelCategory sage:notStated ;
  it6:intendedUse "To be withdrawn."@en ;
  it6:trainedOn sage:notStated ;
  it6:hasFile sage:notStated ;
  sage:runtimeRequirement sage:notStated .
"""
