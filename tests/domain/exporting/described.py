"""Descriptions in Turtle on their way to DataCite and into citations, without a server."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.domain.description import term_of_text
from catalog.domain.exporting.exported import Exported
from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.record import Dois, DoiState, ItemName, ItemRecord
from catalog.library import library
from tests.agreement.published import HOUSE, judged, published

ID = "w62kz7rwhm"
PREFIX = "10.5072"

PREFIXES = """
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix it6: <http://data.europa.eu/it6/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def record(body: str, files: tuple[str, ...] = (), **changes: Any) -> ItemRecord:
    """Return the published record of a description in Turtle, with findable DOIs."""
    made = published(judged((PREFIXES + body).encode(), ID), ID, files)
    of_all, of_this = concept_doi(ID, PREFIX), version_doi(ID, 1, PREFIX)
    dois = Dois(of_all, of_this, DoiState.FINDABLE, findable=(of_all, of_this))
    return replace(made, **({"dois": dois} | changes))


def exported(
    body: str,
    names: Mapping[str, ItemName] | None = None,
    files: tuple[str, ...] = (),
    **changes: Any,
) -> Exported:
    """Return what exporters are given of a description in Turtle."""
    return of(record(body, files, **changes), names)


def of(made: ItemRecord, names: Mapping[str, ItemName] | None = None, **house: Any) -> Exported:
    """Return what exporters are given of a record.

    house  what differs in what the catalog says of itself
    """
    return Exported(made, library(), replace(HOUSE, **house), names or {}, {})


def model(more: str = "", by: str = "<#ana>") -> str:
    """Return a model in Turtle, with further statements about it."""
    return f"""
<> a it6:MachineLearningModel ;
  dct:title "Snow on the camera"@en ;
  dct:description "Tells from one image whether snow covers the housing of the top camera."@en ;
  dct:creator {by} ;
  dct:license <https://spdx.org/licenses/MIT> ;
  dcat:keyword "snow"@en .
<#ana> a foaf:Person ; foaf:name "Ana Ruiz" .
{more}
"""


def titled(title: str, **changes: Any) -> Exported:
    """Return a model of any title, even one that nobody could have sent."""
    made = record(model(), **changes)
    stored = made.ntriples.replace('"Snow on the camera"@en', term_of_text(title, "en"))
    return of(replace(made, ntriples=stored, title=title))
