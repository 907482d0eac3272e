"""An item over HTTP as DataCite has it, and as citations: by suffix, by `Accept`, on its page."""

import json

import pytest

from catalog import kernel4
from tests.api.sites import BASE, Kept, Site, problem


@pytest.fixture(scope="module")
def item(site: Site) -> Kept:
    return site.published("Snow & <b>ice</b>")


FORMS = {
    "datacite.json": "application/vnd.datacite.datacite+json",
    "datacite.xml": "application/vnd.datacite.datacite+xml",
    "crosscite.json": "application/vnd.crosscite.crosscite+json",
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl.json": "application/vnd.citationstyles.csl+json",
    "citation.txt": "text/x-bibliography",
    "jats.xml": "application/vnd.jats+xml",
    "csv": "text/csv",
}
ALIASES = {
    "application/x-datacite+xml": "application/vnd.datacite.datacite+xml",
    "application/citeproc+json": "application/vnd.citationstyles.csl+json",
}


@pytest.mark.parametrize(("suffix", "form"), FORMS.items())
def test_a_format_is_served_by_suffix_and_by_accept(
    site: Site, item: Kept, suffix: str, form: str
) -> None:
    by_suffix = site.anyone.get(f"{item.path}.{suffix}")
    by_accept = site.anyone.get(item.path, Accept=form)
    of_version = site.anyone.get(f"{item.path}/v/1.{suffix}")
    assert by_suffix.status_code == by_accept.status_code == of_version.status_code == 200
    assert by_suffix.mimetype == by_accept.mimetype == form
    assert by_suffix.data == by_accept.data == of_version.data


@pytest.mark.parametrize(("asked", "form"), ALIASES.items())
def test_another_name_of_a_format_asks_for_it_too(
    site: Site, item: Kept, asked: str, form: str
) -> None:
    assert site.anyone.get(item.path, Accept=asked).mimetype == form


def test_a_browser_still_gets_the_page(site: Site, item: Kept) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert site.anyone.get(item.path, Accept=accept).mimetype == "text/html"


def test_xml_is_what_the_attributes_say(site: Site, item: Kept) -> None:
    said = json.loads(site.anyone.get(f"{item.path}.datacite.json").text)
    xml = site.anyone.get(f"{item.path}.datacite.xml").data
    assert kernel4.faults_of_xml(xml, item.id) == ()
    again = kernel4.from_xml(xml)
    assert again["titles"] == said["titles"]
    assert said["url"] == f"{BASE}items/{item.id}/v/1"


def test_the_style_is_that_of_datacite_or_the_one_asked_for(site: Site, item: Kept) -> None:
    usual = site.anyone.get(f"{item.path}.citation.txt").text
    apa = site.anyone.get(item.path + "?style=apa&locale=en-GB", Accept="text/x-bibliography").text
    assert usual.startswith("Ruiz, Ana (")
    assert apa.startswith("Ruiz, A. (")
    assert usual == site.anyone.get(f"{item.path}.citation.txt?style=datacite").text


@pytest.mark.parametrize("style", ["chicago", "APA", "../../etc/passwd"])
def test_a_style_that_is_not_written_here_is_refused(site: Site, item: Kept, style: str) -> None:
    said = problem(site.anyone.get(f"{item.path}.citation.txt?style={style}"), 400, "unreadable")
    assert "datacite or apa" in said["detail"]


def test_the_page_cites_in_every_style_and_leads_to_the_downloads(site: Site, item: Kept) -> None:
    page = site.anyone.get(f"{item.path}.html").text
    for suffix in ("bib", "ris", "csl.json"):
        assert f'href="/items/{item.id}/v/1.{suffix}" download' in page
    assert "<cite>Snow &amp; &lt;b&gt;ice&lt;/b&gt;</cite>" in page
    assert f"@misc{{sage_{item.id}_v1" in page
    assert "<b>ice" not in page


def test_a_draft_is_nobody_elses_in_any_format(site: Site) -> None:
    draft = site.draft("Hidden")
    for suffix in FORMS:
        assert site.anyone.get(f"{draft.path}.{suffix}").status_code == 404
        assert site.owner.get(f"{draft.path}.{suffix}").status_code == 200


def test_a_tombstone_is_cited_and_no_format_is_left(site: Site) -> None:
    gone = site.withdrawn("Gone")
    for suffix in FORMS:
        assert site.anyone.get(f"{gone.path}.{suffix}").status_code == 410
    assert "<cite>Gone</cite>" in site.anyone.get(f"{gone.path}.html").text
    assert "Gone (Version 1)" in site.anyone.get(gone.path).get_json()["citation"]
