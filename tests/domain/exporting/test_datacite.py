"""What DataCite is told of an item: the mapping, member by member, and nothing made up."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog import kernel4
from catalog.domain.exporting.datacite import SCHEMA_VERSION, attributes, registration_faults
from catalog.domain.exporting.datacite_content import size_in_words
from catalog.domain.exporting.datacite_relations import identified
from catalog.domain.exporting.exported import Exported
from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.record import Deprecation, Dois, ItemName, VersionName, Withdrawal
from tests.domain.exporting.described import ID, PREFIX, exported, model, of, record, titled

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OTHER = "9tzxy8x294"


def said(body: str, **more: Any) -> dict[str, Any]:
    return attributes(exported(body, **more))


def related(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the identifier of each related thing, with its type and the relation."""
    return {
        one["relatedIdentifier"]: (one["relatedIdentifierType"], one["relationType"])
        for one in found["relatedIdentifiers"]
    }


def test_a_doi_is_computed_from_the_id_and_the_version() -> None:
    assert concept_doi(ID, PREFIX) == "10.5072/sage.w62kz7rwhm"
    assert version_doi(ID, 3, PREFIX) == "10.5072/sage.w62kz7rwhm.v3"


def test_the_mandatory_members_are_there() -> None:
    found = said(model())
    assert found["doi"] == version_doi(ID, 1, PREFIX)
    assert found["url"] == f"http://127.0.0.1:8000/items/{ID}/v/1"
    assert found["titles"] == [{"title": "Snow on the camera", "lang": "en"}]
    assert found["publicationYear"] == 2026
    assert found["types"] == {
        "resourceTypeGeneral": "Model",
        "resourceType": "Machine learning model",
    }
    assert found["schemaVersion"] == SCHEMA_VERSION == kernel4.NAMESPACE
    assert found["alternateIdentifiers"][0] == {
        "alternateIdentifier": ID,
        "alternateIdentifierType": "Sage item ID",
    }


def test_all_versions_have_the_doi_the_address_and_no_version_of_their_own() -> None:
    found = attributes(exported(model()), all_versions=True)
    assert found["doi"] == concept_doi(ID, PREFIX)
    assert found["url"] == f"http://127.0.0.1:8000/items/{ID}"
    assert found["version"] is None


# ---- persons and organisations

AGENTS = """
<#bo> a foaf:Person ; foaf:name "Li Bo" ; foaf:familyName "Li" ; foaf:givenName "Bo" ;
  schema:position 1 ; schema:identifier <https://orcid.org/0000-0002-1825-0097> ;
  schema:affiliation <#anl> .
<#anl> a foaf:Organization ; foaf:name "Argonne National Laboratory" ; schema:position 3 ;
  schema:identifier <https://ror.org/05gvnxz63> .
<#ana> schema:position 2 .
"""


def test_creators_stand_in_the_order_of_citation_with_orcid_and_affiliation() -> None:
    first, second, third = said(model(AGENTS, by="<#ana>, <#anl>, <#bo>"))["creators"]
    assert first == {
        "name": "Li, Bo",
        "nameType": "Personal",
        "givenName": "Bo",
        "familyName": "Li",
        "nameIdentifiers": [
            {
                "nameIdentifier": "https://orcid.org/0000-0002-1825-0097",
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org",
            }
        ],
        "affiliation": [
            {
                "name": "Argonne National Laboratory",
                "affiliationIdentifier": "https://ror.org/05gvnxz63",
                "affiliationIdentifierScheme": "ROR",
                "schemeUri": "https://ror.org/",
            }
        ],
    }
    assert second["name"] == "Ruiz, Ana"
    assert (third["name"], third["nameType"]) == ("Argonne National Laboratory", "Organizational")
    assert third["nameIdentifiers"][0]["nameIdentifierScheme"] == "ROR"


def test_creators_that_are_not_stated_are_the_publisher_as_an_organisation() -> None:
    (creator,) = said(model(by="sage:notStated"))["creators"]
    assert (creator["name"], creator["nameType"]) == ("Sage", "Organizational")
    assert creator["nameIdentifiers"][0]["nameIdentifier"] == "https://ror.org/05gvnxz63"


def test_a_licence_that_is_not_stated_has_no_entry() -> None:
    body = model().replace("<https://spdx.org/licenses/MIT>", "sage:notStated")
    (access,) = said(body)["rightsList"]
    assert access["rightsUri"] == "http://purl.org/coar/access_right/c_abf2"


def test_the_publisher_is_the_one_stated_else_the_catalogs() -> None:
    assert said(model())["publisher"]["publisherIdentifier"] == "https://ror.org/05gvnxz63"
    stated = said(model('<> dct:publisher <#p> . <#p> a foaf:Organization ; foaf:name "NCSA" .'))
    assert stated["publisher"] == {"name": "NCSA"}


def test_contributors_have_the_type_of_their_property_or_of_their_role() -> None:
    roles = """
<> dct:contributor <#helper> ; dct:rightsHolder <#anl> ; prov:qualifiedAttribution <#role> .
<#helper> a foaf:Person ; foaf:name "Pete Beckman" .
<#role> a prov:Attribution ; prov:agent <#ana> ;
  dcat:hadRole <https://w3id.org/sage/vocab/contributor-role/data-collector> .
<#anl> a foaf:Organization ; foaf:name "Argonne" .
"""
    found = {one["name"]: one["contributorType"] for one in said(model(roles))["contributors"]}
    assert found == {
        "Beckman, Pete": "Other",
        "Argonne": "RightsHolder",
        "Ruiz, Ana": "DataCollector",
        "Desk": "ContactPerson",
    }


def test_a_creator_is_no_contributor_without_a_role_as_well() -> None:
    found = said(model("<> dct:contributor <#ana> ."))["contributors"]
    assert [one["name"] for one in found] == ["Desk"]


def test_a_grant_needs_somebody_who_pays() -> None:
    grants = """
<> schema:funding <#nsf>, <#unknown> .
<#nsf> a schema:Grant ; schema:identifier "1935984" ; schema:name "SAGE" ;
  schema:url <https://www.nsf.gov/awardsearch/showAward?AWD_ID=1935984> ; schema:funder <#f> .
<#f> a foaf:Organization ; foaf:name "National Science Foundation" ;
  schema:identifier <https://ror.org/021nxhr62> .
<#unknown> a schema:Grant ; schema:identifier "7" .
"""
    (found,) = said(model(grants))["fundingReferences"]
    assert found == {
        "funderName": "National Science Foundation",
        "funderIdentifier": "https://ror.org/021nxhr62",
        "funderIdentifierType": "ROR",
        "schemeUri": "https://ror.org",
        "awardNumber": "1935984",
        "awardUri": "https://www.nsf.gov/awardsearch/showAward?AWD_ID=1935984",
        "awardTitle": "SAGE",
    }


# ---- what it is about


def test_a_subject_is_a_word_or_a_concept_with_its_scheme() -> None:
    theme = "https://w3id.org/sage/vocab/science-field/atmospheric-science"
    word, concept = said(model(f"<> dcat:theme <{theme}> ."))["subjects"]
    assert word == {"subject": "snow", "lang": "en"}
    assert concept == {
        "subject": "Atmospheric Science",
        "subjectScheme": "Fields of science",
        "schemeUri": "https://w3id.org/sage/vocab/science-field",
        "valueUri": theme,
        "lang": "en",
    }


def test_what_else_is_told_stands_under_the_name_of_its_field() -> None:
    more = '<> it6:limitations "Haze is taken for snow."@en ; dct:alternative "snowcam"@en .'
    found = said(model(more))
    abstract, limits = found["descriptions"]
    assert abstract["descriptionType"] == "Abstract"
    assert limits == {
        "description": "Limitations: Haze is taken for snow.",
        "descriptionType": "Other",
        "lang": "en",
    }
    assert found["titles"][1]["titleType"] == "AlternativeTitle"


def test_the_english_title_is_the_first() -> None:
    titles = said(model('<> dct:title "Schnee"@de .'))["titles"]
    assert [one["lang"] for one in titles] == ["en", "de"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://publications.europa.eu/resource/authority/language/ENG", "en"),
        ("http://publications.europa.eu/resource/authority/language/GSW", "gsw"),
        ("http://id.loc.gov/vocabulary/iso639-1/de", "de"),
    ],
)
def test_a_language_has_the_code_of_bcp_47(address: str, code: str) -> None:
    assert said(model(f"<> dct:language <{address}> ."))["language"] == code


# ---- when and where


def dates(found: dict[str, Any]) -> dict[str, str]:
    return {one["dateType"]: one["date"] for one in found["dates"]}


def test_the_year_is_that_of_the_date_of_issue_and_of_the_end_of_an_embargo_before_it() -> None:
    issued = '<> dct:issued "2022-03-16"^^xsd:date .'
    assert said(model(issued))["publicationYear"] == 2022
    draft = record(model(), state=State.DRAFT, published=None, filled_in="")
    assert attributes(of(draft), now=datetime(2031, 1, 1, tzinfo=UTC))["publicationYear"] == 2031
    embargoed = replace(
        record(model(issued)),
        ntriples=record(model(issued)).ntriples
        + f"<https://catalog.invalid/items/{ID}> <http://purl.org/dc/terms/available> "
        '"2028-01-01"^^<http://www.w3.org/2001/XMLSchema#date> .\n',
    )
    assert attributes(of(embargoed))["publicationYear"] == 2028
    assert dates(attributes(of(embargoed)))["Available"] == "2028-01-01"


def test_a_period_is_covered_and_of_measurements_also_when_they_were_collected() -> None:
    period = """
<> dct:temporal <#t> .
<#t> a dct:PeriodOfTime ; dcat:startDate "2022-01-01"^^xsd:date ;
  dcat:endDate "2022-03-16Z"^^xsd:date .
"""
    found = dates(said(model(period)))
    assert found["Coverage"] == "2022-01-01/2022-03-16"
    assert "Collected" not in found
    measured = model(period).replace("it6:MachineLearningModel", "sage:SensorData")
    sosa = "<http://www.w3.org/ns/sosa/observedProperty>"
    measured += f"<> {sosa} <https://w3id.org/sage/vocab/measurement/env.temperature> ."
    assert dates(said(measured))["Collected"] == "2022-01-01/2022-03-16"


def place(more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said(
        model(f"<> dct:spatial <#s> . <#s> a dct:Location ; {more} .")
    )["geoLocations"]
    return found


def test_a_place_has_its_name_its_point_and_its_box_in_degrees() -> None:
    (found,) = place(
        'rdfs:label "Argonne"@en ; dcat:centroid "POINT(-87.98 41.70)"^^geo:wktLiteral ;'
        'dcat:bbox "POLYGON((-88 41, -87 41, -87 42, -88 42, -88 41))"^^geo:wktLiteral'
    )
    assert found == {
        "geoLocationPlace": "Argonne",
        "geoLocationPoint": {"pointLongitude": -87.98, "pointLatitude": 41.7},
        "geoLocationBox": {
            "westBoundLongitude": -88.0,
            "eastBoundLongitude": -87.0,
            "southBoundLatitude": 41.0,
            "northBoundLatitude": 42.0,
        },
    }


@pytest.mark.parametrize(
    "point",
    [
        "POINT(200 41)",
        "POINT(1e999 2)",
        "POINT(nan nan)",
        "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(41 -87)",
        "POINT EMPTY",
    ],
)
def test_a_point_that_is_nowhere_or_of_other_axes_is_left_out(point: str) -> None:
    assert place(f'rdfs:label "X"@en ; dcat:centroid "{point}"^^geo:wktLiteral') == [
        {"geoLocationPlace": "X"}
    ]


# ---- relations


def test_relations_are_those_that_the_vocabulary_names() -> None:
    more = """
<> it6:trainedOn <https://doi.org/10.5281/ZENODO.7> ;
  it6:fineTunedFrom <https://huggingface.co/google/vit> ;
  dct:isReferencedBy <https://arxiv.org/abs/2112.08598v2> ;
  sage:trainingCode <https://w3id.org/example/code> ;
  dct:relation <https://orcid.org/0000-0002-1825-0097> ;
  prov:wasGeneratedBy <#run> .
<#run> a prov:Activity ; prov:hadPlan <https://github.com/waggle-sensor/plugin-cloud-cover> .
"""
    found = said(model(more))
    assert related(found) == {
        concept_doi(ID, PREFIX): ("DOI", "IsVersionOf"),
        "10.5281/zenodo.7": ("DOI", "IsDerivedFrom"),
        "https://huggingface.co/google/vit": ("URL", "IsDerivedFrom"),
        "arXiv:2112.08598v2": ("arXiv", "IsDescribedBy"),
        "https://w3id.org/example/code": ("w3id", "IsCompiledBy"),
        "https://github.com/waggle-sensor/plugin-cloud-cover": ("URL", "IsCompiledBy"),
    }
    told = {one["relatedIdentifier"]: one for one in found["relatedIdentifiers"]}
    assert told["10.5281/zenodo.7"]["relationTypeInformation"] == "trained on"


def test_a_relation_with_a_role_is_what_the_role_says() -> None:
    more = """
<> dcat:qualifiedRelation <#rel> .
<#rel> a dcat:Relationship ; dct:relation <https://doi.org/10.3390/rs14041007> ;
  dcat:hadRole <https://w3id.org/sage/vocab/relation-type/is-documented-by> .
"""
    assert related(said(model(more)))["10.3390/rs14041007"] == ("DOI", "IsDocumentedBy")


def test_an_item_is_named_by_its_doi_else_its_address_and_not_at_all_if_nobody_may_see_it() -> None:
    more = f"<> dct:requires <{OTHER}>, <emwpeb350f>, <bh3qteaj75> ."
    names = {
        OTHER: ItemName(OTHER, "model", "A", concept_doi(OTHER, PREFIX)),
        "emwpeb350f": ItemName("emwpeb350f", "weights", "B"),
    }
    found = related(said(model(more), names=names))
    assert found.keys() == {
        concept_doi(ID, PREFIX),
        concept_doi(OTHER, PREFIX),
        "http://127.0.0.1:8000/items/emwpeb350f",
    }


def test_not_stated_is_related_to_nothing() -> None:
    assert related(said(model("<> it6:trainedOn sage:notStated ."))).keys() == {
        concept_doi(ID, PREFIX)
    }


def with_versions(n: int, *others: VersionName) -> Exported:
    versions = (*others, VersionName(n, State.PUBLISHED, NOW))
    dois = Dois(concept_doi(ID, PREFIX), version_doi(ID, n, PREFIX))
    return exported(model(), version=n, versions=versions, dois=dois)


def test_versions_name_each_other_and_the_doi_of_all() -> None:
    one, three = (VersionName(n, State.PUBLISHED, NOW) for n in (1, 3))
    draft = VersionName(4, State.DRAFT, None)
    private = VersionName(5, State.PUBLISHED, NOW, Visibility.PRIVATE)
    item = with_versions(2, one, three, draft, private)
    assert related(attributes(item)) == {
        concept_doi(ID, PREFIX): ("DOI", "IsVersionOf"),
        version_doi(ID, 1, PREFIX): ("DOI", "IsNewVersionOf"),
        version_doi(ID, 3, PREFIX): ("DOI", "IsPreviousVersionOf"),
    }
    assert related(attributes(item, all_versions=True)) == {
        version_doi(ID, n, PREFIX): ("DOI", "HasVersion") for n in (1, 2, 3)
    }


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://doi.org/10.3390/RS14041007", ("10.3390/rs14041007", "DOI")),
        ("http://dx.doi.org/10.1000/a%3Cb", ("10.1000/a<b", "DOI")),
        ("https://hdl.handle.net/2142/1", ("2142/1", "Handle")),
        ("https://ror.org/05gvnxz63", None),
        ("mailto:a@example.org", None),
    ],
)
def test_an_address_is_told_as_the_identifier_that_it_is(
    address: str, found: tuple[str, str] | None
) -> None:
    assert identified(address) == found


def test_a_doi_among_other_identifiers_would_be_refused_and_is_left_out() -> None:
    more = """
<> adms:identifier <#a>, <#b> .
<#a> a adms:Identifier ; skos:notation "10.5281/zenodo.7" ;
  sage:identifierType <https://w3id.org/sage/vocab/datacite-identifier-type/DOI> .
<#b> a adms:Identifier ; skos:notation "cafb2b6a" ; adms:schemaAgency "Sage object store"@en .
"""
    found = said(model(more))["alternateIdentifiers"]
    assert [one["alternateIdentifierType"] for one in found] == [
        "Sage item ID",
        "Sage object store",
    ]


# ---- files and rights


def test_formats_and_addresses_of_files_pair_by_their_place() -> None:
    more = """
<> dcat:distribution <#page>, <#png> .
<#page> a dcat:Distribution ; dcat:accessURL <https://example.org/page> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/text/html> .
<#png> a dcat:Distribution ; dcat:downloadURL <https://example.org/a.png> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/image/png> .
"""
    found = said(model(more), files=("read me.txt",))
    assert list(zip(found["contentUrl"], found["formats"], strict=False)) == [
        (f"http://127.0.0.1:8000/items/{ID}/v/1/files/read%20me.txt", "application/gzip"),
        ("https://example.org/a.png", "image/png"),
    ]
    assert found["formats"][2:] == ["text/html"]
    assert found["sizes"] == ["3 files"]


@pytest.mark.parametrize("visibility", [Visibility.RESTRICTED, Visibility.EMBARGOED])
def test_bytes_that_are_closed_have_no_address(visibility: Visibility) -> None:
    found = said(model(), files=("a.txt",), visibility=visibility)
    assert found["contentUrl"] == []
    assert found["sizes"] == ["5 bytes"]


def test_a_size_is_told_in_decimal_units() -> None:
    assert [size_in_words(size) for size in (0, 999, 1000, 999_960, 6_101_033_867)] == [
        *("0 bytes", "999 bytes", "1.0 kB", "1.0 MB"),
        "6.1 GB",
    ]


def test_a_licence_has_its_identifier_and_one_in_words_its_words() -> None:
    spdx, access = said(model())["rightsList"]
    assert (spdx["rightsIdentifier"], spdx["rightsIdentifierScheme"]) == ("mit", "SPDX")
    assert access["rights"] == "open access"
    words = model('<#l> a dct:LicenseDocument ; dct:title "Ask the laboratory"@en .')
    in_words = said(words.replace("<https://spdx.org/licenses/MIT>", "<#l>"))["rightsList"][0]
    assert in_words == {
        "rights": "Ask the laboratory",
        "rightsIdentifier": "LicenseRef-Ask-the-laboratory",
        "lang": "en",
    }


# ---- what ended


def test_what_was_withdrawn_says_when_why_and_what_replaces_it() -> None:
    withdrawal = Withdrawal(NOW, "ana", "error", "The labels are swapped.", f"{OTHER}")
    withdrawal = replace(withdrawal, replaced_by=f"https://catalog.invalid/items/{OTHER}")
    names = {OTHER: ItemName(OTHER, "model", "A", concept_doi(OTHER, PREFIX))}
    found = said(
        model(), names=names, files=("a.txt",), state=State.WITHDRAWN, withdrawal=withdrawal
    )
    assert dates(found)["Withdrawn"] == "2026-11-24T00:00:00Z"
    assert found["descriptions"][-1] == {
        "description": "Withdrawn: Serious error. The labels are swapped.",
        "descriptionType": "Other",
        "lang": "en",
    }
    assert related(found)[concept_doi(OTHER, PREFIX)] == ("DOI", "IsObsoletedBy")
    assert found["contentUrl"] == []


def test_what_is_deprecated_says_so_too() -> None:
    found = said(model(), deprecation=Deprecation(NOW, "Use the new one.", None))
    assert found["descriptions"][-1]["description"] == "Deprecated: Use the new one."


# ---- faults


def test_what_can_be_registered_has_no_faults() -> None:
    assert registration_faults(exported(model())) == ()
    assert registration_faults(exported(model(), dois=Dois())) == ()


def test_a_fault_is_told_by_the_name_of_the_field() -> None:
    body = model().replace("dct:creator <#ana> ;", "")
    (fault,) = registration_faults(exported(body))
    assert (fault.source, fault.property) == ("creators", "Creator")
    assert fault.title == "Creator: a DOI cannot be registered without this."


@pytest.mark.parametrize("base", ["gopher://example.org/", "http://exa mple.org/"])
def test_an_address_that_the_registrar_cannot_take_is_a_fault(base: str) -> None:
    (fault,) = registration_faults(of(record(model()), base=base))
    assert fault.source == "url"


HOSTILE = [
    "</title><script>alert(1)</script>",
    "]]> & <!-- &lt; \u0000",
    "\u202eesrever\u202c \u200fright\u200e",
    "\u0007bell\x1b[31m",
    "\ufffe\uffff",
    "x" * 10_000,
    "\U0001f600" * 500,
    "two\nlines\r\nTY  - BOOK",
]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_any_title_is_valid_xml_and_the_same_text_in_json(title: str) -> None:
    found = attributes(titled(f"a {title}"))
    assert kernel4.faults(found) == ()
    again = kernel4.from_xml(kernel4.to_xml(found))
    assert again["titles"][0]["title"] == found["titles"][0]["title"]
    assert found["titles"][0]["title"].startswith("a")


def test_a_title_without_anything_to_see_is_a_fault() -> None:
    (fault,) = registration_faults(titled("\u0007\u0001 "))
    assert fault.property == "Title"
