"""What is sent to do harm is refused at once, in a sentence, with a status of its own."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.errors import CatalogError, NotAcceptable, OverLimit, TooLarge, Unreadable
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.reading import Reading, read

ITEM = item_iri("0123456789")
TURTLE = "text/turtle"
JSON_LD = "application/ld+json"
RDF_XML = "application/rdf+xml"
N_TRIPLES = "application/n-triples"

OPEN = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    '<rdf:Description rdf:about="">'
)
CLOSE = "</rdf:Description></rdf:RDF>"


def of(text: str | bytes, media_type: str = TURTLE) -> Reading:
    body = text.encode() if isinstance(text, str) else text
    return read(body, media_type, item=ITEM)


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """No refusal may take long: a bomb that is noticed late is a bomb."""
    started = time.process_time()
    yield
    assert time.process_time() - started < 2.5


def refused(text: str | bytes, media_type: str = TURTLE) -> CatalogError:
    with pytest.raises(CatalogError) as found:
        of(text, media_type)
    return found.value


# ---- size


def test_more_than_a_megabyte_is_too_large() -> None:
    error = refused("<> <http://e/p> 1 ." + " " * 1_000_000)
    assert isinstance(error, TooLarge)
    assert "1,000,000" in error.detail


def test_ten_thousand_statements_are_read_and_one_more_is_not() -> None:
    most = "<> <p> " + ",".join(str(n) for n in range(10_000)) + " ."
    assert len(of(most).statements) == 10_000
    error = refused(most[:-1] + ", 10001 .")
    assert isinstance(error, OverLimit)
    assert error.evidence["limit"] == "statements"


def test_a_long_prefix_used_often_is_over_the_limit_of_iris() -> None:
    bomb = f"@prefix p: <http://e/{'a' * 100_000}> . <> <p> " + "p:x," * 50_000 + "p:x ."
    assert refused(bomb).evidence["limit"] == "iri"


def test_a_prefix_within_the_limit_used_often_is_over_the_limit_of_size() -> None:
    uses = "".join(f"p:{n} p:{n} p:{n}.\n" for n in range(9_000))
    assert refused(f"@prefix p: <http://e/{'a' * 1_900}> .\n{uses}").evidence["limit"] == (
        "expanded-size"
    )


def test_a_text_may_have_64000_characters() -> None:
    assert of(f'<> <p> "{"x" * 64_000}" .')
    error = refused(f'\n\n<> <p> "{"x" * 64_001}" .')
    assert error.evidence == {"limit": "literal", "line": 3, "column": 8}


def test_a_text_of_quotes_is_measured_by_what_it_says() -> None:
    assert of(f'<> <p> "{chr(92)}"{("x" + chr(92) + "n") * 30_000}" .')


def test_a_long_datatype_is_a_long_iri() -> None:
    assert refused(f'<> <p> "x"^^<http://e/{"a" * 3_000}> .').evidence["limit"] == "iri"


def test_a_thousand_nodes_without_a_name_are_read_and_one_more_is_not() -> None:
    most = "<> <p> " + ",".join("[]" for _ in range(1_000))
    assert len(of(most + " .").statements) == 1_000
    assert refused(most + ", [] .").evidence["limit"] == "blank-nodes"


@pytest.mark.parametrize("nodes", [8, 24, 31])
def test_a_clique_of_blank_nodes_is_numbered_quickly(nodes: int) -> None:
    pairs = "\n".join(f"_:a{i} <p> _:a{j} ." for i in range(nodes) for j in range(nodes) if i != j)
    assert len(of(pairs).statements) == nodes * (nodes - 1)


def test_a_long_language_tag_is_refused() -> None:
    tag = "en" + "-abcdefgh" * 5
    assert isinstance(refused(f'<> <p> "x"@{tag} .'), NotAcceptable | Unreadable)


def test_nothing_at_all_says_nothing() -> None:
    assert isinstance(refused(b""), Unreadable)
    assert isinstance(refused("# only a comment"), Unreadable)
    assert isinstance(refused("{}", JSON_LD), Unreadable)


# ---- depth


def nested_turtle(depth: int) -> str:
    return "<> <p> " + "[ <p> " * depth + "1" + " ]" * depth + " ."


def nested_list(depth: int) -> str:
    return "<> <p> " + "( " * depth + "1" + " )" * depth + " ."


def nested_json(depth: int) -> str:
    return '{"@id":"","http://e/p":' * depth + "1" + "}" * depth


def nested_xml(depth: int) -> str:
    pairs = (depth - 2) // 2
    return (
        OPEN
        + "<e:p><rdf:Description>" * pairs
        + "</rdf:Description></e:p>" * pairs
        + "<e:p>1</e:p>"
        + CLOSE
    )


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        (nested_turtle(64), TURTLE),
        (nested_list(64), TURTLE),
        (nested_json(32), JSON_LD),
        (nested_xml(64), RDF_XML),
    ],
)
def test_nesting_up_to_the_limit_is_read(text: str, media_type: str) -> None:
    assert of(text, media_type)


@pytest.mark.parametrize("depth", [65, 66, 1_000, 30_000])
@pytest.mark.parametrize(
    ("nested", "media_type"),
    [
        (nested_turtle, TURTLE),
        (nested_list, TURTLE),
        (nested_json, JSON_LD),
        (nested_xml, RDF_XML),
    ],
)
def test_deeper_nesting_is_refused(nested: object, media_type: str, depth: int) -> None:
    error = refused(nested(depth + 1), media_type)  # type: ignore[operator]
    assert isinstance(error, OverLimit)
    assert error.evidence["limit"] == "depth"
    assert error.evidence["line"] == 1


def test_json_of_33_levels_is_refused() -> None:
    assert refused(nested_json(33), JSON_LD).evidence["limit"] == "depth"


def test_a_million_open_brackets_are_refused() -> None:
    assert refused("[" * 1_000_000, JSON_LD).evidence["limit"] == "depth"
    assert refused("<> <p> " + "[" * 999_000).evidence["limit"] == "depth"


def test_brackets_in_texts_comments_and_names_do_not_count() -> None:
    brackets = "[(" * 100
    assert of(f'# {brackets}\n<> <p> "{brackets}", """{brackets}\n" {brackets}""" .')
    assert of(json.dumps({"@id": "", "http://e/p": "{[" * 100}), JSON_LD)


@pytest.mark.parametrize(
    "text",
    [
        "<> <p> " + "<<( <a> <p> " * 80_000,
        "<> <p> <<( <a> <b> <c> )>> .",
        "<< <> <p> <o> >> <q> 1 .",
        "<> <p> <o> {| <q> 1 |} .",
        "<> <p> <o> ~ <r> .",
        "<> <p> 1 {| <q> " * 50_000,
    ],
)
@pytest.mark.parametrize("media_type", [TURTLE, N_TRIPLES])
def test_statements_about_statements_are_refused(text: str, media_type: str) -> None:
    assert isinstance(refused(text, media_type), Unreadable | NotAcceptable)


def test_a_text_with_a_direction_is_refused() -> None:
    assert isinstance(refused('<> <p> "x"@en--ltr .'), NotAcceptable)
    document = {"@id": "", "http://e/p": {"@value": "x", "@language": "en", "@direction": "ltr"}}
    assert isinstance(refused(json.dumps(document), JSON_LD), NotAcceptable)


@pytest.mark.parametrize("piece", ['"', "'", '"""', "<", '"\\', "<<", "{|", "^^", "@", "_:", "\\"])
def test_a_megabyte_of_one_piece_is_answered_quickly(piece: str) -> None:
    many = piece * (999_000 // len(piece))
    refused(many)
    refused("[" * 65 + many)
    refused("{" * 33 + many, JSON_LD)


# ---- bombs of RDF/XML

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + "aaaaaaaaaa" * 10
    + '">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
    + "]>"
    + OPEN
    + "<e:p>&i;</e:p>"
    + CLOSE
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "<!DOCTYPE rdf:RDF>" + OPEN + CLOSE,
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x">' + OPEN + CLOSE,
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + OPEN + "<e:p>&f;</e:p>" + CLOSE,
        "\n<!-- x -->\n<!DOCTYPE x []>" + OPEN + CLOSE,
        '<!DOCTYPE x [<!ENTITY % p "x"> %p;]>' + OPEN + CLOSE,
    ],
)
def test_a_doctype_is_refused(text: str) -> None:
    error = refused(text, RDF_XML)
    assert isinstance(error, Unreadable)
    assert "DOCTYPE" in error.detail
    assert error.evidence["line"] >= 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_a_doctype_in_another_encoding_is_refused(encoding: str) -> None:
    text = BOMB.replace("?><!", f' encoding="{encoding}"?><!é ', 1)
    assert isinstance(refused(text.encode(encoding), RDF_XML), Unreadable)


def test_xml_that_claims_another_encoding_is_refused() -> None:
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?>{OPEN}<e:p>x</e:p>{CLOSE}'
    assert "ISO-8859-1" in refused(text, RDF_XML).detail


def test_an_undeclared_entity_is_refused() -> None:
    assert isinstance(refused(OPEN + "<e:p>&bomb;</e:p>" + CLOSE, RDF_XML), Unreadable)


def test_doctype_in_lower_case_is_no_xml() -> None:
    assert isinstance(refused("<!doctype x []>" + OPEN + CLOSE, RDF_XML), Unreadable)


# ---- encodings and characters


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("media_type", [TURTLE, N_TRIPLES, JSON_LD, RDF_XML])
def test_other_encodings_of_unicode_are_refused_in_a_sentence(
    encoding: str, media_type: str
) -> None:
    error = refused('<> <p> "x" .'.encode(encoding), media_type)
    assert isinstance(error, Unreadable)
    assert "UTF-8" in error.detail


def test_bytes_that_are_not_utf_8_are_refused_with_their_place() -> None:
    error = refused('<> <p> "é",\n  "'.encode() + b'\xff" .')
    assert (error.evidence["line"], error.evidence["column"]) == (2, 4)


def test_a_byte_order_mark_is_tolerated() -> None:
    assert of(b"\xef\xbb\xbf<> <p> 1 .").description == of("<> <p> 1 .").description
    assert of(b'\xef\xbb\xbf{"@id":"","http://e/p":1}', JSON_LD)


@pytest.mark.parametrize("character", "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200f")
@pytest.mark.parametrize("spelled", ["{}", "escaped"])
def test_direction_characters_in_names_are_refused(character: str, spelled: str) -> None:
    written = character if spelled == "{}" else f"\\u{ord(character):04X}"
    for text in (f"<> <p> <http://e/{written}x> .", f'<> <p> "x"^^<http://e/{written}> .'):
        error = refused(text)
        assert isinstance(error, NotAcceptable)
        assert f"U+{ord(character):04X}" in error.detail
        assert error.evidence["line"] == 1


def test_direction_characters_in_texts_are_what_some_languages_need() -> None:
    assert of('<> <p> "\u200f\u05d0"@he .')


@pytest.mark.parametrize("character", ["\u0000", "\u0001", "\u0008", "\u000b", "\u001f", "\uffff"])
def test_control_characters_in_texts_are_refused(character: str) -> None:
    escaped = f"\\u{ord(character):04X}"
    assert isinstance(refused(f'<> <p> "{escaped}" .'), NotAcceptable)
    assert isinstance(refused(json.dumps({"@id": "", "http://e/p": character}), JSON_LD),
                      NotAcceptable)  # fmt: skip


def test_a_path_of_windows_is_no_control_character() -> None:
    assert of('<> <p> "C:\\\\boot\\\\u0000\\\\file", "a\\tb\\nc\\rd" .')


# ---- JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"@id":"","http://e/p":NaN}',
        '{"@id":"","http://e/p":Infinity}',
        '{"@id":"","http://e/p":-Infinity}',
        '{"@id":"","http://e/p":1,"http://e/p":2}',
        '{"@id":"","http://e/p":"\\ud800"}',
        '{"@id":"","http://e/p":"\\udc00x"}',
        '{"@id":"","http://e/p":' + "9" * 5_000 + "}",
        '{"@id":""',
        "1",
        '"x"',
        "null",
        "",
        "[1, 2",
        '{"@id":"","http://e/p":1e999}',
    ],
)
def test_json_that_is_none_is_refused(text: str) -> None:
    assert isinstance(refused(text, JSON_LD), Unreadable)


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert of('{"@id":"","http://e/p":"\\ud83d\\ude00"}', JSON_LD)


def test_broken_json_is_refused_with_its_place() -> None:
    error = refused('{"@id": "",\n "http://e/p": }', JSON_LD)
    assert (error.evidence["line"], error.evidence["column"]) == (2, 16)


# ---- broken RDF has a place


@pytest.mark.parametrize(
    ("text", "media_type", "line"),
    [
        ("<> <p> 1 .\n<> <p> .", TURTLE, 2),
        ("<> <p> 1 .\n\n<> p:x 1 .", TURTLE, 3),
        ("<> <p> <a b> .", TURTLE, 1),
        ('<http://e/s> <http://e/p> "x" .\nnonsense', N_TRIPLES, 2),
        (OPEN + "\n<e:p>1</e:q>" + CLOSE, RDF_XML, 2),
        (OPEN + '\n\n<e:p rdf:resource="http://e/a b"/>' + CLOSE, RDF_XML, 3),
    ],
)
def test_broken_rdf_is_refused_with_line_and_column(text: str, media_type: str, line: int) -> None:
    error = refused(text, media_type)
    assert isinstance(error, Unreadable)
    assert error.evidence["line"] == line
    assert error.evidence["column"] >= 1
    assert ".invalid" not in error.detail


@given(st.binary(max_size=400), st.sampled_from([TURTLE, N_TRIPLES, JSON_LD, RDF_XML]))
@settings(max_examples=400, deadline=None)
def test_bytes_of_any_kind_are_read_or_refused(body: bytes, media_type: str) -> None:
    with suppress(CatalogError):
        of(body, media_type)


PIECES = ["<>", "<p>", "<#a>", "1", '"x"@en', "[", "]", "(", ")", ";", ",", ".", "a", "_:b", "<<",
          "{|", "|}", ">>", '"""', "'", "^^", "<http://e/x>", "@prefix e: <http://e/> .", "e:x",
          "\u202e", "é", "\n", "#c\n", "{", "}", ":", "@id", '"@id"', '""', "\\"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([TURTLE, JSON_LD]))
@settings(max_examples=600, deadline=None)
def test_pieces_of_rdf_in_any_order_are_read_or_refused(pieces: list[str], kind: str) -> None:
    try:
        reading = of(" ".join(pieces), kind)
    except CatalogError:
        return
    stored = reading.description
    again = read(stored.ntriples.encode(), N_TRIPLES, item=ITEM, bases=(RECORD,))
    assert again.description == stored
    assert all(reading.place(origin).line for origin in reading.origins if origin >= 0)
