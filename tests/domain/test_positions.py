"""Every statement is found again where it stands in the text."""

import json
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalog.domain.identifiers import item_iri
from catalog.domain.offsets import Offsets
from catalog.domain.reading import Reading, read

ITEM = item_iri("0123456789")
TURTLE_FORMAT = ox.RdfFormat.TURTLE

TURTLE = '''\
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .

<>  a ex:Model ;        # a comment ; with [ brackets
    dct:title "Ünï; [x]"@en ;
    dct:description """Two
      lines, one "quote" ; and a [ bracket"""@en ,
      "short" ;
    ex:number 1 , 2.5 , true ;
    ex:size "5"^^<http://www.w3.org/2001/XMLSchema#long> ;
    ex:part [
      ex:name "inner" ;
      ex:list ( ex:one "two" [ ex:deep 'three' ] )
    ] ;
    ex:see <#a> , <http://e/x> .

<#a> ex:p <> .
'''


def place_of(reading: Reading, wanted: str) -> tuple[int | None, int | None]:
    """Return line and column of the one statement whose object is `wanted`."""
    (number,) = [n for n, (_, _, value) in enumerate(reading.statements) if value == wanted]
    place = reading.place(reading.origins[number])
    return place.line, place.column


def turtle() -> Reading:
    return read(TURTLE.encode(), "text/turtle", item=ITEM)


@pytest.mark.parametrize(
    ("value", "line", "text"),
    [
        ("<http://example.org/Model>", 4, "ex:Model"),
        ('"Ünï; [x]"@en', 5, '"Ünï'),
        ('"Two\\n      lines, one \\"quote\\" ; and a [ bracket"@en', 6, '"""Two'),
        ('"short"', 8, '"short"'),
        ('"1"^^<http://www.w3.org/2001/XMLSchema#integer>', 9, "1 ,"),
        ('"2.5"^^<http://www.w3.org/2001/XMLSchema#decimal>', 9, "2.5"),
        ('"true"^^<http://www.w3.org/2001/XMLSchema#boolean>', 9, "true"),
        ('"5"^^<http://www.w3.org/2001/XMLSchema#long>', 10, '"5"'),
        (f"<{ITEM}#n1>", 11, "["),
        ('"inner"', 12, '"inner"'),
        (f"<{ITEM}#n2>", 13, "("),
        ("<http://example.org/one>", 13, "ex:one"),
        ('"two"', 13, '"two"'),
        ('"three"', 13, "'three'"),
        (f"<{ITEM}#a>", 15, "<#a>"),
        ("<http://e/x>", 15, "<http://e/x>"),
        (f"<{ITEM}>", 17, "<>"),
    ],
)
def test_turtle_is_pointed_at_by_line_and_column(value: str, line: int, text: str) -> None:
    found, column = place_of(turtle(), value)
    assert found == line
    assert column == TURTLE.splitlines()[line - 1].index(text) + 1


def test_every_statement_of_turtle_has_the_line_of_its_object() -> None:
    reading = turtle()
    lines = TURTLE.splitlines()
    for origin, (_, _, value) in zip(reading.origins, reading.statements, strict=True):
        place = reading.place(origin)
        assert place.line
        assert place.column
        local = value.strip('<>"').rpartition("#")[2].rpartition("/")[2][:3]
        if value[0] == '"' and "\\n" not in value:
            assert value.split('"')[1][:3] in lines[place.line - 1], value
        elif value.startswith("<http://example.org/"):
            assert local in lines[place.line - 1], value


def test_n_triples_are_pointed_at_by_line() -> None:
    body = "".join(f'<http://127.0.0.1/items/0123456789> <http://e/p> "{n}" .\n' for n in range(9))
    reading = read(body.encode(), "application/n-triples", item=ITEM, bases=("http://127.0.0.1/",))
    for origin, (_, _, value) in zip(reading.origins, reading.statements, strict=True):
        assert reading.place(origin).line == int(value.strip('"')) + 1
        assert reading.place(origin).column == 50


RDF_XML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">
  <!-- <e:p> -->
  <rdf:Description rdf:about="">
    <e:title>A &lt;title&gt;
      of two lines</e:title>
    <e:see rdf:resource="#a"/>
    <e:part>
      <e:Part>
        <e:name>inner</e:name>
      </e:Part>
    </e:part>
  </rdf:Description>
</rdf:RDF>
"""


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('"A <title>\\n      of two lines"', 5),
        (f"<{ITEM}#a>", 7),
        ('"inner"', 10),
        ("<http://e/Part>", 9),
    ],
)
def test_rdf_xml_is_pointed_at_by_line(value: str, line: int) -> None:
    reading = read(RDF_XML.encode(), "application/rdf+xml", item=ITEM)
    assert place_of(reading, value)[0] == line


JSON_LD = """{
  "@context": {"e": "http://e/", "id": "@id", "name": "e:name", "list": {"@id": "e:list", "@container": "@list"}},
  "id": "",
  "@type": ["e:Model", "e:Other"],
  "name": "first",
  "e:number": [1, 2],
  "e:part": [
    {"name": "inner", "e:deep": {"name": "deepest"}},
    {"id": "#a", "name": {"@value": "second", "@language": "en"}}
  ],
  "list": ["one", "two"],
  "e:tilde~and/slash": "odd"
}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("value", "line", "pointer"),
    [
        ("<http://e/Model>", 4, "/@type/0"),
        ("<http://e/Other>", 4, "/@type/1"),
        ('"first"', 5, "/name"),
        ('"2"^^<http://www.w3.org/2001/XMLSchema#integer>', 6, "/e:number/1"),
        ('"inner"', 8, "/e:part/0/name"),
        ('"deepest"', 8, "/e:part/0/e:deep/name"),
        ('"second"@en', 9, "/e:part/1/name"),
        (f"<{ITEM}#a>", 9, "/e:part/1"),
        ('"odd"', 12, "/e:tilde~0and~1slash"),
    ],
)
def test_json_ld_is_pointed_at_by_line_and_pointer(value: str, line: int, pointer: str) -> None:
    reading = read(JSON_LD.encode(), "application/ld+json", item=ITEM)
    (number,) = [n for n, (_, _, found) in enumerate(reading.statements) if found == value]
    place = reading.place(reading.origins[number])
    assert (place.line, place.pointer) == (line, pointer)


def test_two_parts_without_a_name_are_told_apart_in_json_ld() -> None:
    document = {"@id": "", "http://e/p": [{"http://e/q": "a"}, {"http://e/q": "a"}]}
    text = json.dumps(document, indent=1)
    reading = read(text.encode(), "application/ld+json", item=ITEM)
    found = [
        reading.place(origin).pointer
        for origin, (_, predicate, _) in zip(reading.origins, reading.statements, strict=True)
        if predicate == "<http://e/q>"
    ]
    assert found == ["/http:~1~1e~1p/0/http:~1~1e~1q", "/http:~1~1e~1p/1/http:~1~1e~1q"]


def test_json_ld_that_is_a_graph_without_a_context_is_pointed_at_as_well() -> None:
    text = json.dumps({"@graph": [{"@id": "", "http://e/p": "a"}, {"@id": "#b", "http://e/p": 2}]})
    reading = read(text.encode(), "application/ld+json", item=ITEM)
    found = [reading.place(origin).pointer for origin in reading.origins]
    assert found == ["/@graph/0/http:~1~1e~1p", "/@graph/1/http:~1~1e~1p"]


def test_a_byte_order_mark_moves_nothing() -> None:
    reading = read(b"\xef\xbb\xbf" + TURTLE.encode(), "text/turtle", item=ITEM)
    assert place_of(reading, '"short"') == (8, 7)
    json_reading = read(b"\xef\xbb\xbf" + JSON_LD.encode(), "application/ld+json", item=ITEM)
    assert place_of(json_reading, '"first"') == (5, 11)


def test_what_the_reader_added_stands_nowhere() -> None:
    text = "<> <http://purl.org/dc/terms/creator> <#a> ."
    reading = read(text.encode(), "text/turtle", item=ITEM)
    places = [reading.place(origin).line for origin in reading.origins]
    assert places == [1, None]


EXAMPLES = [
    *(Path(__file__).parents[1] / "shapes").glob("*valid/*.ttl"),
    *(Path(__file__).parents[2] / "catalog" / "samples").glob("*.ttl"),
]


def test_what_is_found_by_spelling_is_what_the_parser_finds_piece_by_piece() -> None:
    base = "https://n.invalid/items/0000000000"
    found = 0
    for example in EXAMPLES:
        text = example.read_bytes()
        lines = [str(quad) for quad in ox.parse(text, format=TURTLE_FORMAT, base_iri=base)]
        quick = Offsets(TURTLE_FORMAT, text, base, lines)
        slow = Offsets(TURTLE_FORMAT, text, base, lines)
        for number, line in enumerate(lines):
            slow._asked = 1_000  # beyond that, nothing is looked for by spelling
            quick._asked = 0
            assert quick.of(number) == slow.of(number), (example.name, line)
            found += quick._spelled_once(number) >= 0
    assert found > 10_000


@pytest.mark.parametrize("newlines", ["\n", "\r\n", " "])
def test_a_text_without_lines_is_pointed_at_as_well(newlines: str) -> None:
    text = (
        '<> a <http://e/M> ; <http://e/p> "one" , "two" , "one" ; <http://e/q> [ <http://e/r> 1 ] .'
    )
    spread = text.replace(" ", newlines)
    reading = read(spread.encode(), "text/turtle", item=ITEM)
    for origin, (_, _, value) in zip(reading.origins, reading.statements, strict=True):
        place = reading.place(origin)
        assert place.line
        assert place.column
        line = spread.split("\n")[place.line - 1]
        wanted = "[" if value.endswith("#n1>") else value.partition("^^")[0]
        assert line[place.column - 1 :].strip('"').startswith(wanted.strip('"')), value


def test_ten_thousand_places_are_found_in_moments() -> None:
    text = "".join(f"<> <http://e/p> {number}, true, <#a> .\n" for number in range(3_000))
    reading = read(text.encode(), "text/turtle", item=ITEM)
    started = time.process_time()
    places = [reading.place(origin) for origin in reading.origins]
    assert time.process_time() - started < 5
    lines = {place.line for place in places}
    assert len(lines) == len(text.splitlines())
