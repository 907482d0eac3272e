"""Kernel 4.7: what is written, what is read back, and that the published schema agrees."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from catalog.kernel4 import Unreadable, faults, faults_of_xml, from_xml, to_xml
from catalog.kernel4.schema import values_of

STANDARD = Path(__file__).parents[3] / "shared" / "standards" / "datacite-4.7"
EXAMPLES = sorted((STANDARD / "example").glob("*.xml"))
LISTS = (
    "contributorType", "dateType", "descriptionType", "funderIdentifierType", "nameType",
    "numberType", "relatedIdentifierType", "relationType", "resourceType", "titleType",
)  # fmt: skip
NEEDS_STANDARD = pytest.mark.skipif(
    not STANDARD.is_dir(), reason="the published schema lies beside the repository, not in it"
)
NAMESPACE = "{http://datacite.org/schema/kernel-4}"

COMPLETE: dict[str, Any] = {
    "doi": "10.5072/Sage.A1",
    "creators": [
        {
            "name": "Lovelace, Ada",
            "nameType": "Personal",
            "givenName": "Ada",
            "familyName": "Lovelace",
            "nameIdentifiers": [
                {
                    "nameIdentifier": "https://orcid.org/0000-0001-5727-2427",
                    "nameIdentifierScheme": "ORCID",
                    "schemeUri": "https://orcid.org",
                }
            ],
            "affiliation": [{"name": "Argonne", "affiliationIdentifier": "https://ror.org/05gvnxz63"}],
        }
    ],
    "titles": [
        {"title": "Snow", "lang": "en"},
        {"title": "Schnee", "titleType": "TranslatedTitle"},
    ],
    "publisher": {"name": "Sage", "publisherIdentifier": "https://ror.org/05gvnxz63", "lang": "en"},
    "publicationYear": 2026,
    "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Training data"},
    "subjects": [{"subject": "snow", "subjectScheme": "Sage", "valueUri": "https://example.org/s"}],
    "contributors": [
        {"name": "Sage", "nameType": "Organizational", "contributorType": "HostingInstitution"}
    ],
    "dates": [{"date": "2026-01-02", "dateType": "Issued", "dateInformation": "first"}],
    "language": "en",
    "identifiers": [{"identifier": "a1", "identifierType": "Sage id"}],
    "relatedIdentifiers": [
        {
            "relatedIdentifier": "10.5072/b",
            "relatedIdentifierType": "DOI",
            "relationType": "Other",
            "relationTypeInformation": "was labelled beside",
            "resourceTypeGeneral": "Poster",
        }
    ],
    "relatedItems": [
        {
            "relatedItemType": "Presentation",
            "relationType": "IsDocumentedBy",
            "relationTypeInformation": "slides",
            "titles": [{"title": "A talk"}],
            "number": "3",
            "numberType": "Report",
            "publicationYear": "2025",
            "firstPage": "1",
        }
    ],
    "sizes": ["1 MB"],
    "formats": ["image/png"],
    "version": "1",
    "rightsList": [
        {"rights": "CC BY 4.0", "rightsUri": "https://creativecommons.org/licenses/by/4.0/"}
    ],
    "descriptions": [{"description": "Images\nof snow.", "descriptionType": "Abstract"}],
    "geoLocations": [
        {
            "geoLocationPlace": "Bad River",
            "geoLocationPoint": {"pointLatitude": "46.5", "pointLongitude": "-90.7"},
            "geoLocationPolygon": [
                [
                    {"polygonPoint": {"pointLatitude": f"{x}", "pointLongitude": f"{y}"}}
                    for x, y in ((0, 0), (0, 1), (1, 1), (0, 0))
                ]
            ],
        }
    ],
    "fundingReferences": [
        {"funderName": "NSF", "awardNumber": "1935984", "awardUri": "https://example.org/award"}
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def judge() -> etree.XMLSchema:
    """Return the schema 4.7 as DataCite published it."""
    return etree.XMLSchema(etree.parse(STANDARD / "metadata.xsd"))


def test_a_complete_record_has_no_faults() -> None:
    assert faults(COMPLETE) == ()


def test_what_is_written_can_be_read_back() -> None:
    assert from_xml(to_xml(COMPLETE)) == COMPLETE | {"doi": "10.5072/sage.a1"}


def test_elements_stand_in_the_order_of_the_registrar() -> None:
    written = [child.tag.removeprefix(NAMESPACE) for child in etree.fromstring(to_xml(COMPLETE))]
    assert written == [
        "identifier", "creators", "titles", "publisher", "publicationYear", "resourceType",
        "subjects", "contributors", "dates", "language", "alternateIdentifiers",
        "relatedIdentifiers", "relatedItems", "sizes", "formats", "version", "rightsList",
        "descriptions", "geoLocations", "fundingReferences",
    ]  # fmt: skip


def test_mandatory_elements_stand_there_even_when_empty() -> None:
    written = [child.tag.removeprefix(NAMESPACE) for child in etree.fromstring(to_xml({}))]
    assert written == ["identifier", "creators", "titles", "publisher", "publicationYear"]


def test_a_fault_is_told_as_datacite_tells_it() -> None:
    found = faults(COMPLETE | {"doi": "10.14454/4K3M-NYVG", "creators": []})
    assert [(fault.source, fault.title) for fault in found] == [
        (
            "creators",
            "DOI 10.14454/4k3m-nyvg: Missing child element(s). Expected is "
            "( {http://datacite.org/schema/kernel-4}creator ). at line 4, column 0",
        )
    ]


@pytest.mark.parametrize(
    ("wrong", "source"),
    [
        ({"publicationYear": "26"}, "publication_year"),
        ({"dates": [{"date": "2026", "dateType": "Sometime"}]}, "dates"),
        ({"publisher": None}, "publisher"),
        ({"types": None}, "xml"),
        ({"types": {"resourceTypeGeneral": "Weights"}}, "resourceType"),
        ({"language": "e n"}, "language"),
    ],
)
def test_the_place_of_a_fault_has_the_name_that_datacite_gives_it(
    wrong: dict[str, Any], source: str
) -> None:
    assert [fault.source for fault in faults(COMPLETE | wrong)] == [source]


def test_one_place_has_one_fault() -> None:
    dates = [{"date": "2026", "dateType": f"Never{number}"} for number in range(5)]
    assert len(faults(COMPLETE | {"dates": dates})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b\x0bc",
        "<b>&amp;</b> ]]>",
        "\u202eright to left\u2066",
        "\ud800 alone",
        "\uffff is none",
        "x" * 10_000,
    ],
)
def test_any_title_can_be_written_and_read(text: str) -> None:
    record = COMPLETE | {"titles": [{"title": text}]}
    assert faults(record) == ()
    kept = [letter for letter in text if letter not in "\x00\x0b\ud800\uffff"]
    assert from_xml(to_xml(record))["titles"] == [{"title": "".join(kept).strip()}]


def test_a_point_inside_a_polygon_stands_behind_its_corners() -> None:
    inside = {"inPolygonPoint": {"pointLatitude": 0.5, "pointLongitude": 0.5}}
    corners = COMPLETE["geoLocations"][0]["geoLocationPolygon"][0]
    place = {"geoLocationPolygon": [inside, *corners]}
    assert faults(COMPLETE | {"geoLocations": [place]}) == ()


@pytest.mark.parametrize("wrong", ["text", 7, True, None, [], {}, [None, 7, [[]]], {"a": {}}])
def test_members_of_the_wrong_kind_break_nothing(wrong: Any) -> None:
    for name in COMPLETE:
        to_xml(COMPLETE | {name: wrong})
        faults(COMPLETE | {name: wrong})


def test_xml_that_is_none_is_one_fault() -> None:
    assert [fault.source for fault in faults_of_xml(b"<resource>", "10.5072/a")] == ["xml"]


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "aaaa">]><resource xmlns="x"><version>&a;</version></resource>'
    assert "aaaa" not in json.dumps(from_xml(bomb))


@pytest.mark.parametrize("content", [b"", b"\x00", b"{}", b"<a/>"])
def test_what_is_no_resource_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        from_xml(content)


def test_threads_do_not_see_the_faults_of_others() -> None:
    seen: list[bool] = []

    def look(record: dict[str, Any], *, good: bool) -> None:
        seen.extend((faults(record) == ()) == good for _ in range(200))

    bad = COMPLETE | {"creators": []}
    threads = [
        threading.Thread(target=look, args=(record,), kwargs={"good": record is COMPLETE})
        for record in (COMPLETE, bad, COMPLETE, bad)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(seen)
    assert len(seen) == 800


@NEEDS_STANDARD
@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_the_values_of_the_published_schema(name: str) -> None:
    listed = etree.parse(STANDARD / "include" / f"datacite-{name}-v4.xsd")
    published = listed.findall(".//{*}enumeration")
    assert set(values_of(name)) == {value.get("value") for value in published}


@NEEDS_STANDARD
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_published_example_is_accepted_and_survives_the_way_there_and_back(path: Path) -> None:
    example = path.read_bytes()
    assert faults_of_xml(example, "10.5072/a") == ()
    said = from_xml(example)
    assert faults(said) == ()
    assert from_xml(to_xml(said)) == said


@NEEDS_STANDARD
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_without_any_one_element_has_the_verdict_of_the_published_schema(
    path: Path, judge: etree.XMLSchema
) -> None:
    for number in range(len(etree.parse(path).getroot())):
        tree = etree.parse(path)
        root = tree.getroot()
        root.remove(root[number])
        ours = faults_of_xml(etree.tostring(tree), "10.5072/a") == ()
        assert ours == judge.validate(tree)


def _value(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from((*values_of(name), "Never"))


_TEXT = st.sampled_from(["", "snow", "Schnee ❄", "<b>&", "a\x00b", "  ", "https://example.org/a"])
_MAYBE = st.none() | _TEXT


def _object(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


def _some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(one, max_size=2)


_NUMBER = st.sampled_from([0, 45.5, "-90", "180.0", 200, "north", None, 1e-7])
_POINT = _object(pointLatitude=_NUMBER, pointLongitude=_NUMBER)
_PERSON = _object(
    name=_TEXT,
    nameType=_value("nameType"),
    familyName=_TEXT,
    givenName=_TEXT,
    contributorType=_value("contributorType"),
    nameIdentifiers=_some(_object(nameIdentifier=_TEXT, nameIdentifierScheme=_TEXT)),
    affiliation=_some(_object(name=_TEXT, schemeUri=_MAYBE)),
)
_RELATED = _object(
    relatedIdentifier=_TEXT,
    relatedIdentifierType=_value("relatedIdentifierType"),
    relationType=_value("relationType"),
    relationTypeInformation=_TEXT,
    resourceTypeGeneral=_value("resourceType"),
)
_ITEM = _object(
    relatedItemType=_value("resourceType"),
    relationType=_value("relationType"),
    relationTypeInformation=_TEXT,
    titles=_some(_object(title=_TEXT, titleType=_value("titleType"))),
    publicationYear=st.sampled_from(["2026", "26", ""]),
    number=_TEXT,
    numberType=_value("numberType"),
    creators=_some(_PERSON),
)
_CHANGED = _object(
    doi=st.sampled_from(["10.5072/a", "", None]),
    creators=_some(_PERSON),
    titles=_some(_object(title=_TEXT, titleType=_value("titleType"), lang=_MAYBE)),
    publisher=_TEXT | _object(name=_TEXT, schemeUri=_MAYBE),
    publicationYear=st.sampled_from([2026, "2026", "26", None, 12345]),
    types=_object(resourceTypeGeneral=_value("resourceType"), resourceType=_TEXT),
    subjects=_some(_TEXT | _object(subject=_TEXT, schemeUri=_MAYBE, lang=_MAYBE)),
    contributors=_some(_PERSON),
    dates=_some(_object(date=_TEXT, dateType=_value("dateType"))),
    language=st.sampled_from(["en", "de-CH", "not a language", ""]),
    identifiers=_some(_object(identifier=_TEXT, identifierType=_TEXT)),
    relatedIdentifiers=_some(_RELATED),
    relatedItems=_some(_ITEM),
    sizes=_some(_TEXT),
    version=_TEXT | st.just(2),
    rightsList=_some(_object(rights=_TEXT, rightsUri=_MAYBE, rightsIdentifier=_TEXT)),
    descriptions=_some(_object(description=_TEXT, descriptionType=_value("descriptionType"))),
    geoLocations=_some(
        _object(
            geoLocationPlace=_TEXT,
            geoLocationPoint=_POINT,
            geoLocationPolygon=st.lists(_object(polygonPoint=_POINT), max_size=5),
        )
    ),
    fundingReferences=_some(
        _object(
            funderName=_TEXT,
            funderIdentifier=_TEXT,
            funderIdentifierType=_value("funderIdentifierType"),
        )
    ),
)


@NEEDS_STANDARD
def test_any_record_has_the_verdict_of_the_published_schema(judge: etree.XMLSchema) -> None:
    verdicts = set()

    @settings(
        max_examples=400,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changed=_CHANGED, kept=st.integers(0, len(COMPLETE)))
    def agree(changed: dict[str, Any], kept: int) -> None:
        record = COMPLETE | dict(list(changed.items())[:kept])
        ours = faults(record) == ()
        verdicts.add(ours)
        assert ours == judge.validate(etree.fromstring(to_xml(record)))

    agree()
    assert len(verdicts) == 2, "records of both kinds were judged"
