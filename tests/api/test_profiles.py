"""An item over HTTP in the application profiles of others."""

import pyoxigraph as ox
import pytest

from catalog.domain.profiles import dcat_ap, mldcat_ap
from tests.api.sites import BASE, TURTLE, Site

MODEL = b"""
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix it6: <http://data.europa.eu/it6/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix schema: <https://schema.org/> .

<> a it6:MachineLearningModel ;
  dct:title "Snow on the housing"@en ;
  it6:trainedOn sage:notStated ;
  dct:creator <#ana> .

<#ana> a foaf:Person ; foaf:name "Ana Ruiz" ;
  schema:identifier <https://orcid.org/0000-0002-1825-0097> .
"""


@pytest.fixture(scope="module")
def model(site: Site) -> str:
    sent = site.owner.ask("POST", "/items?wait=0", MODEL, Content_Type=TURTLE)
    assert sent.status_code == 201, sent.text
    path = f"/items/{sent.json['id']}"
    kept = site.owner.put(f"{path}/files/snow.onnx", b"weights", Content_Type="application/zip")
    assert kept.status_code == 201, kept.text
    return path


def triples(turtle: str) -> set[str]:
    return {str(one) for one in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}


def test_accept_with_a_profile_answers_in_it(site: Site, model: str) -> None:
    got = site.owner.get(model, Accept=f'{TURTLE};profile="{mldcat_ap.IRI}"')
    item = f"<{BASE}{model[1:]}>"
    file = f"<{BASE}{model[1:]}#file/snow.onnx>"
    said = triples(got.text)
    assert got.content_type == f'{TURTLE}; charset=utf-8; profile="{mldcat_ap.IRI}"'
    assert got.headers["Content-Location"] == f"{BASE}{model[1:]}.ttl?profile=mldcat-ap"
    assert f"{item} <http://data.europa.eu/it6/hasFile> {file}" in said
    assert (
        f"{item} <http://purl.org/dc/terms/creator> <https://orcid.org/0000-0002-1825-0097>" in said
    )
    assert not any("dcat#distribution" in one or "notStated" in one for one in said)


def test_a_name_in_the_address_asks_for_a_profile_in_any_rdf_form(site: Site, model: str) -> None:
    for suffix in ("ttl", "jsonld", "rdf", "nt"):
        got = site.owner.get(f"{model}.{suffix}?profile=dcat-ap")
        assert (got.status_code, dcat_ap.IRI in got.content_type) == (200, True)


@pytest.mark.parametrize("accept", [
    f'{TURTLE}, {TURTLE};profile="{mldcat_ap.IRI}";q=0.5',
    f'{TURTLE};profile="https://example.org/profile"',
    'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
])  # fmt: skip
def test_who_asks_for_no_profile_of_ours_gets_the_catalogs_own(
    site: Site, model: str, accept: str
) -> None:
    got = site.owner.get(model, Accept=accept)
    assert got.status_code == 200
    assert "profile" not in got.content_type


@pytest.mark.parametrize("address", [
    ".ttl?profile=dcat", ".json?profile=dcat-ap", ".html?profile=dcat-ap", ".ttl?profile=",
])  # fmt: skip
def test_what_is_no_profile_is_refused_with_a_sentence(
    site: Site, model: str, address: str
) -> None:
    got = site.owner.get(model + address, Accept="application/json")
    assert got.status_code == 400
    assert got.json["parameter"] == "profile"


def test_each_form_links_to_the_profiles(site: Site, model: str) -> None:
    links = ", ".join(site.owner.get(f"{model}.ttl").headers.getlist("Link"))
    assert f'<{BASE}{model[1:]}.ttl?profile=mldcat-ap>; rel="alternate describedby"' in links
    assert f'profile="{dcat_ap.IRI}"' in links


def test_forms_of_other_profiles_have_other_etags(site: Site, model: str) -> None:
    addresses = (f"{model}.ttl{more}" for more in ("", "?profile=dcat-ap", "?profile=mldcat-ap"))
    assert len({site.owner.get(one).headers["ETag"] for one in addresses}) == 3


def test_nobody_sees_a_draft_in_a_profile(site: Site, model: str) -> None:
    assert site.anyone.get(f"{model}.ttl?profile=dcat-ap").status_code == 404
