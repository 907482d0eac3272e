"""Citations say what the registrar is told, in its order, and invent nothing."""

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc import formatter as formatters
from citeproc.source.json import CiteProcJSON
from lxml import etree

from catalog.domain.exporting.bibtex import bibtex
from catalog.domain.exporting.citation_forms import table_row
from catalog.domain.exporting.citations import Author, Cited, apa, cited, datacite_style
from catalog.domain.exporting.csl import csl
from catalog.domain.exporting.datacite import attributes
from catalog.domain.exporting.jats import jats
from catalog.domain.exporting.ris import ris
from catalog.domain.identifiers import version_doi
from catalog.domain.lifecycle import State
from catalog.domain.record import Dois, DoiState
from tests.domain.exporting.described import ID, PREFIX, exported, model, of, record, titled

DOI = version_doi(ID, 1, PREFIX)
AUTHORS = "<#ana>, <#pete>, <#anl>"
OTHERS = """
<#ana> schema:position 1 .
<#pete> a foaf:Person ; foaf:name "Pete Beckman" ; schema:position 2 .
<#anl> a foaf:Organization ; foaf:name "Argonne National Laboratory" ; schema:position 3 .
"""
DATA = model().replace("it6:MachineLearningModel", "sage:TrainingDataset")


def of_model(more: str = "", by: str = "<#ana>", **changes: Any) -> Cited:
    return cited(exported(model(more, by), **changes))


@pytest.mark.parametrize(
    ("name", "author", "shown"),
    [
        ("Seongha Park", Author("Park", "Seongha"), "Park, S."),
        ("Park, Seongha", Author("Park", "Seongha"), "Park, S."),
        ("Rajesh  Sankaran", Author("Sankaran", "Rajesh"), "Sankaran, R."),
        ("Ludwig van Beethoven", Author("van Beethoven", "Ludwig"), "van Beethoven, L."),
        ("J. R. R. Tolkien", Author("Tolkien", "J. R. R."), "Tolkien, J. R. R."),
        ("Plato", Author("Plato", ""), "Plato"),
    ],
)
def test_a_person_is_cited_by_family_name(name: str, author: Author, shown: str) -> None:
    (found,) = cited(exported(model().replace("Ana Ruiz", name))).authors
    assert (found, found.with_initials) == (author, shown)


def test_the_style_of_datacite_is_the_recommended_sentence() -> None:
    assert str(datacite_style(of_model(OTHERS, AUTHORS))) == (
        "Ruiz, Ana; Beckman, Pete; Argonne National Laboratory (2026): Snow on the camera. "
        f"Version 1. Sage. (Model). https://doi.org/{DOI}"
    )


def test_apa_names_the_kind_of_thing() -> None:
    assert str(apa(of_model(OTHERS, AUTHORS))) == (
        "Ruiz, A., Beckman, P., & Argonne National Laboratory. (2026). Snow on the camera "
        f"(Version 1) [Machine learning model]. Sage. https://doi.org/{DOI}"
    )


def test_a_publisher_who_is_the_author_stands_once_in_apa() -> None:
    said = of_model('<#sage> a foaf:Organization ; foaf:name "Sage" .', "<#sage>")
    assert str(apa(said)).count("Sage") == 1


def test_more_than_twenty_authors_are_shortened_in_apa() -> None:
    said = replace(of_model(), authors=tuple(Author(f"A{n:02}", "Ana") for n in range(25)))
    assert "A18, A., … A24, A. (2026)" in str(apa(said))
    assert "A20" not in str(apa(said))


def test_without_a_creator_the_title_comes_first_and_nobody_is_made_up() -> None:
    said = of_model(by="sage:notStated")
    assert str(apa(said)).startswith(
        "Snow on the camera (Version 1) [Machine learning model]. (2026)."
    )
    assert str(datacite_style(said)).startswith("Snow on the camera (2026). Version 1. Sage.")
    assert "author" not in bibtex(said)
    assert "author" not in csl(said)
    assert "AU  -" not in ris(said)


def test_a_draft_has_no_year_no_doi_and_says_what_it_is() -> None:
    reserved = Dois(f"{PREFIX}/sage.{ID}", DOI, DoiState.RESERVED)
    said = of_model(state=State.DRAFT, published=None, dois=reserved)
    for words in (str(apa(said)), str(datacite_style(said))):
        assert "(draft)" in words
        assert words.endswith(f"http://127.0.0.1:8000/items/{ID}")
    assert "year" not in bibtex(said)
    for text in (bibtex(said), ris(said), csl(said)["note"]):
        assert "Draft, not published" in text


@pytest.mark.parametrize("state", [DoiState.REGISTERING, DoiState.FAILED, DoiState.RESERVED])
def test_a_doi_that_nobody_can_resolve_yet_is_not_cited(state: DoiState) -> None:
    said = of_model(dois=Dois(f"{PREFIX}/sage.{ID}", DOI, state))
    assert (said.doi, said.url) == ("", f"http://127.0.0.1:8000/items/{ID}/v/1")


def test_all_versions_are_cited_by_their_own_doi_and_without_a_version() -> None:
    said = cited(exported(model()), all_versions=True)
    assert str(datacite_style(said)).endswith(
        f"camera. Sage. (Model). https://doi.org/10.5072/sage.{ID}"
    )


def test_a_test_doi_says_so_in_every_format_and_leads_to_the_stand_in() -> None:
    resolver = "http://127.0.0.1:8001/doi/"
    said = cited(of(record(model()), doi_resolver=resolver, dois_are_tests=True))
    for text in (str(apa(said)), str(datacite_style(said)), bibtex(said), ris(said)):
        assert "test DOI, does not resolve" in text
        assert resolver + DOI in text
        assert "https://doi.org/" not in text
    assert csl(said)["note"] == "test DOI, does not resolve"
    assert csl(said)["URL"] == resolver + DOI


def test_a_test_doi_is_in_no_field_that_programs_look_up_at_doi_org() -> None:
    said = cited(of(record(model()), doi_resolver="http://x.test/", dois_are_tests=True))
    assert "doi  " not in bibtex(said)
    assert "DO  -" not in ris(said)
    assert "DOI" not in csl(said)
    assert "doi.org" not in by_citeproc(csl(said))


def test_every_format_has_the_facts_that_the_registrar_is_told() -> None:
    item = exported(model(OTHERS, AUTHORS))
    told, said = attributes(item), cited(item)
    assert [one.whole for one in said.authors] == [one["name"] for one in told["creators"]]
    for text in (
        bibtex(said),
        ris(said),
        str(csl(said)),
        str(apa(said)),
        str(datacite_style(said)),
    ):
        for fact in (told["titles"][0]["title"], str(told["publicationYear"]), told["doi"]):
            assert fact in text


# ---- BibTeX


def test_bibtex_is_one_entry_with_every_member() -> None:
    assert bibtex(of_model(OTHERS, AUTHORS)) == (
        f"@misc{{sage_{ID}_v1,\n"
        "  author       = {Ruiz, Ana and Beckman, Pete and {Argonne National Laboratory}},\n"
        "  title        = {{Snow on the camera}},\n"
        "  year         = {2026},\n"
        "  version      = {1},\n"
        "  publisher    = {Sage},\n"
        "  howpublished = {Machine learning model},\n"
        f"  doi          = {{{DOI}}},\n"
        f"  url          = {{https://doi.org/{DOI}}},\n"
        "  keywords     = {snow},\n"
        "  language     = {en}\n"
        "}\n"
    )


def entry_of(text: str) -> dict[str, str]:
    """Return the fields of one BibTeX entry, read by its grammar: braces are counted, no more."""
    head = re.match(r"@(\w+)\{(\w+),\s*", text)
    assert head, text
    place, fields = head.end(), {}
    while text[place] != "}":
        name = re.compile(r"(\w+)\s*=\s*\{").match(text, place)
        assert name, text[place:]
        place, depth, begin = name.end(), 1, name.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            place += 1
        assert name[1] not in fields
        fields[name[1]] = text[begin : place - 1]
        place = re.compile(r",?\s*").match(text, place).end()  # type: ignore[union-attr]
    assert text[place:] == "}\n"
    return fields


HOSTILE = [
    "50 % & more_{x} #1 $ ~ ^",
    "}}, note = {evil",
    "a\nb \\input{x}",
    "}\n@misc{other, title={x}}\n",
    "back\\",
    "\\{",
    "x\nTY  - BOOK\r\nER  - \n",
    "ER  - ",
    "\u2028TY  - BOOK\x85TY  - BOOK\x0bTY  - BOOK\x1cTY  - BOOK",
    '", "DOI": "10.1/evil',
    "</script><b>",
    "\u202etitle",
    "x" * 10_000,
]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_no_title_breaks_out_of_bibtex(title: str) -> None:
    plain, found = entry_of(bibtex(of_model())), entry_of(bibtex(cited(titled(title))))
    assert found.keys() == plain.keys()
    assert {name for name in plain if found[name] != plain[name]} <= {"title"}


def test_no_name_breaks_out_of_bibtex_or_becomes_two() -> None:
    said = replace(of_model(), authors=(Author("Bo and Co, Ltd}", "x"), Author("A and B", "")))
    assert entry_of(bibtex(said))["author"] == r"{Bo and Co, Ltd\textbraceright{}}, x and {A and B}"


# ---- RIS


def lines_of(text: str) -> list[tuple[str, str]]:
    """Return the tags and values of RIS, each line of which has just one."""
    assert text.endswith("\r\n")
    found = [
        re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line, re.S) for line in text[:-2].split("\r\n")
    ]
    assert all(found)
    return [(one[1], one[2]) for one in found if one]


def test_ris_is_one_record_from_its_type_to_its_end() -> None:
    lines = lines_of(ris(of_model(OTHERS, AUTHORS)))
    assert lines[0] == ("TY", "COMP")
    assert lines[-1] == ("ER", "")
    assert [value for tag, value in lines if tag == "AU"] == [
        "Ruiz, Ana",
        "Beckman, Pete",
        "Argonne National Laboratory",
    ]
    assert ("DO", DOI) in lines


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_no_title_breaks_out_of_ris(title: str) -> None:
    text = ris(cited(titled(title)))
    lines = lines_of(text)
    assert [tag for tag, _ in lines if tag in {"TY", "ER"}] == ["TY", "ER"]
    assert len(text.splitlines()) == len(lines)


# ---- JATS and CSV


def test_jats_tells_data_from_software_by_where_the_title_stands() -> None:
    model_said = etree.fromstring(jats(of_model(OTHERS, AUTHORS)))
    data_said = etree.fromstring(jats(cited(exported(DATA))))
    assert model_said.get("publication-type") == "software"
    assert model_said.findtext("source") == "Snow on the camera"
    assert model_said.findtext(".//collab") == "Argonne National Laboratory"
    assert data_said.get("publication-type") == "data"
    assert data_said.findtext("data-title") == "Snow on the camera"
    assert data_said.find("pub-id").text == DOI  # type: ignore[union-attr]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_no_title_breaks_out_of_jats_or_of_a_table(title: str) -> None:
    item = titled(title)
    root = etree.fromstring(jats(cited(item)))
    assert [one.tag for one in root] == [one.tag for one in etree.fromstring(jats(of_model()))]
    names, row = csv.reader(io.StringIO(table_row(item).decode(), newline=""))
    assert len(row) == len(names)
    assert row[names.index("title")] == cited(item).title


# ---- CSL-JSON, judged by a citation processor


def by_citeproc(item: dict[str, Any]) -> str:
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    source = CiteProcJSON([item])
    made = CitationStylesBibliography(style, source, formatters.plain)
    made.register(Citation([CitationItem(item["id"])]))
    return str(made.bibliography()[0])


@pytest.mark.parametrize(
    ("deciding", "kind"),
    [
        ("it6:MachineLearningModel", "software"),
        ("sage:TrainingDataset", "dataset"),
        ("sage:CodeReference", "software"),
        ("<https://w3id.org/fair4ml#MLModelEvaluation>", "report"),
        ("sage:Collection", "collection"),
    ],
)
def test_csl_has_the_type_that_such_things_have(deciding: str, kind: str) -> None:
    item = csl(cited(exported(model().replace("it6:MachineLearningModel", deciding))))
    assert item["type"] == kind
    assert item["genre"]


def test_a_citation_processor_finds_the_same_facts_in_csl() -> None:
    assert by_citeproc(csl(of_model(OTHERS, AUTHORS))) == (
        "Ruiz, A., Beckman, P. and Argonne National Laboratory (2026) “Snow on the camera”. "
        f"Sage. Available at: https://doi.org/{DOI}."
    )


def test_csl_of_hostile_titles_has_the_same_members() -> None:
    plain = csl(of_model())
    for title in HOSTILE:
        found = csl(cited(titled(title)))
        assert {name for name in found if found[name] != plain.get(name)} <= {"title"}
