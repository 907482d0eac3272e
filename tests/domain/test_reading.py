"""What a person may say about an item, and in which form it is kept."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.description import Description, term_of_text
from catalog.domain.errors import NotAcceptable, Unreadable, UnsupportedMediaType
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.reading import Reading, read

ITEM = item_iri("0123456789")
HERE = "http://127.0.0.1:8000/"
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix spdx: <http://spdx.org/rdf/terms#> .
@prefix adms: <http://www.w3.org/ns/adms#> .
"""


def turtle(text: str, **more: object) -> Reading:
    return read((PREFIXES + text).encode(), "text/turtle", item=ITEM, bases=(HERE,), **more)  # type: ignore[arg-type]


def kept(text: str, **more: object) -> set[str]:
    """Return the lines that are kept, the item's IRI written `ITEM` and the base `BASE/`."""
    lines = turtle(text, **more).description.ntriples.splitlines()
    return {
        line.removesuffix(" .").replace(f"<{ITEM}", "<ITEM").replace(f"<{RECORD}", "<BASE/")
        for line in lines
    }


def notes(text: str, **more: object) -> list[str]:
    return [finding.component for finding in turtle(text, **more).findings]


# ---- names


def test_relative_names_are_names_in_the_record() -> None:
    assert kept("<> ex:cites <9876543210>, <#part>, <0123456789/v/2>, </vocab/x> .") == {
        "<ITEM> <http://example.org/cites> <BASE/items/9876543210>",
        "<ITEM> <http://example.org/cites> <ITEM#part>",
        "<ITEM> <http://example.org/cites> <ITEM/v/2>",
        "<ITEM> <http://example.org/cites> <BASE/vocab/x>",
    }


def test_names_under_a_base_of_ours_are_names_in_the_record() -> None:
    assert kept(
        f"<{HERE}items/0123456789> ex:cites <{HERE}items/9876543210>, "
        f'"{HERE}items/9876543210", "5"^^<{HERE}ns> .'
    ) == {
        "<ITEM> <http://example.org/cites> <BASE/items/9876543210>",
        f'<ITEM> <http://example.org/cites> "{HERE}items/9876543210"',
        '<ITEM> <http://example.org/cites> "5"^^<BASE/ns>',
    }


@pytest.mark.parametrize(
    "name",
    [
        "<https://catalog.invalid/items/9876543210>",
        "<https://catalog\\u002Einvalid/items/9876543210>",
        '"5"^^<https://catalog.invalid/ns>',
    ],
)
def test_the_records_own_base_is_refused_however_it_is_spelled(name: str) -> None:
    with pytest.raises(NotAcceptable, match="own name for itself") as refused:
        turtle(f"<> ex:cites {name} .")
    assert refused.value.evidence["line"] == 13


def test_a_prefix_cannot_put_the_records_base_together() -> None:
    with pytest.raises(NotAcceptable):
        turtle("@prefix c: <https://catalog.inval> . <> ex:cites c:id\\/items\\/x .")


def test_the_records_base_may_stand_in_a_text() -> None:
    assert kept('<> dct:title "see https://catalog.invalid/items"@en .') == {
        '<ITEM> <http://purl.org/dc/terms/title> "see https://catalog.invalid/items"@en'
    }


def test_a_submissions_own_base_overrides_ours() -> None:
    assert kept(
        "@base <http://elsewhere.example/> . <" + HERE + "items/0123456789> ex:p <x> ."
    ) == {"<ITEM> <http://example.org/p> <http://elsewhere.example/x>"}


def test_the_http_form_of_schema_org_becomes_https_with_one_note() -> None:
    text = "<> <http://schema.org/about> <http://schema.org/Thing>, <https://schema.org/X> ."
    assert kept(text) == {
        "<ITEM> <https://schema.org/about> <https://schema.org/Thing>",
        "<ITEM> <https://schema.org/about> <https://schema.org/X>",
    }
    assert notes(text) == ["schema-https"]


# ---- blank nodes


def test_blank_nodes_get_addresses_in_the_order_of_the_text() -> None:
    assert kept('<> ex:p [ ex:q [ ex:r "inner" ] ; ex:s "outer" ], [ ex:t "last" ] .') == {
        "<ITEM> <http://example.org/p> <ITEM#n1>",
        "<ITEM#n1> <http://example.org/q> <ITEM#n2>",
        '<ITEM#n2> <http://example.org/r> "inner"',
        '<ITEM#n1> <http://example.org/s> "outer"',
        "<ITEM> <http://example.org/p> <ITEM#n3>",
        '<ITEM#n3> <http://example.org/t> "last"',
    }


def test_an_address_that_the_text_uses_is_left_to_it() -> None:
    assert kept('<> ex:p <#n1>, _:b . _:b ex:q "x" . <#n2> ex:q "y" . <> ex:p <#n2> .') >= {
        '<ITEM#n3> <http://example.org/q> "x"',
        '<ITEM#n2> <http://example.org/q> "y"',
    }


def test_a_list_stays_a_list() -> None:
    reading = turtle('<> ex:list ( "a" "b" "c" ) .')
    (head,) = reading.description.values("http://example.org/list")
    assert reading.description.listed(head) == ('"a"', '"b"', '"c"')
    assert head == f"<{ITEM}#n1>"


def test_blank_nodes_that_only_point_at_each_other_get_addresses_too() -> None:
    assert len(kept("_:a ex:p _:b . _:b ex:p _:a .")) == 2


def test_the_four_formats_say_the_same() -> None:
    text = turtle(
        '<> dct:title "Ünïcode \\"q\\""@en ; ex:p [ ex:q 1, true, 1.5 ; ex:r ( 1 "z" ) ] .'
    )
    import pyoxigraph as ox

    for name, form in {
        "application/n-triples": ox.RdfFormat.N_TRIPLES,
        "application/rdf+xml": ox.RdfFormat.RDF_XML,
        "application/ld+json": ox.RdfFormat.JSON_LD,
    }.items():
        triples = list(text.description.quads("http://g/"))
        body = ox.serialize(
            (ox.Triple(q.subject, q.predicate, q.object) for q in triples), format=form
        )
        again = read(body or b"", name, item=ITEM, bases=(RECORD,))
        assert again.description.ntriples == text.description.ntriples


# ---- who speaks


@pytest.mark.parametrize(
    "subject",
    [
        "<9876543210>",
        "<http://example.org/x>",
        "<https://doi.org/10.5072/x>",
        "<https://w3id.org/sage/vocab/ml-task/x>",
        "<0123456789/v/1>",
        "<?x>",
        f"<{HERE}items/9876543210>",
        "<01234567890>",
    ],
)
def test_only_the_item_and_its_parts_may_be_described(subject: str) -> None:
    with pytest.raises(NotAcceptable, match="may speak only about its item") as refused:
        turtle(f'<> dct:title "x"@en .\n{subject} dct:description "mine"@en .')
    assert (refused.value.evidence["line"], refused.value.status) == (14, 422)
    assert refused.value.evidence["column"] > 1


def test_the_refusal_names_what_was_described() -> None:
    with pytest.raises(NotAcceptable, match="This describes <9876543210>"):
        turtle('<9876543210> dct:description "x" .')


def test_types_and_names_of_what_is_pointed_to_are_left_out_with_one_note() -> None:
    text = """
    <> ex:cites <9876543210>, <http://example.org/x> .
    <9876543210> a dcat:Dataset ; dct:title "Other"@en .
    <http://example.org/x> a skos:Concept, foaf:Agent ; skos:prefLabel "X"@en .
    """
    assert kept(text) == {
        "<ITEM> <http://example.org/cites> <BASE/items/9876543210>",
        "<ITEM> <http://example.org/cites> <http://example.org/x>",
    }
    assert notes(text) == ["neighbour"]


def test_a_name_of_something_that_nothing_points_to_is_refused() -> None:
    with pytest.raises(NotAcceptable):
        turtle('<> dct:title "x"@en . <http://example.org/x> foaf:name "X" .')


@pytest.mark.parametrize(
    "statement",
    [
        "<#c> rdfs:subClassOf foaf:Person",
        "<#c> rdfs:subPropertyOf dct:title",
        "<> owl:sameAs <9876543210>",
        "<#s> sh:targetClass dcat:Dataset",
        "<#c> skos:inScheme <https://w3id.org/sage/vocab/ml-task>",
        "<#c> skos:topConceptOf <https://w3id.org/sage/vocab/ml-task>",
    ],
)
def test_a_description_cannot_change_what_shapes_and_concepts_mean(statement: str) -> None:
    with pytest.raises(NotAcceptable) as refused:
        turtle(f'<> dct:title "x"@en .\n{statement} .')
    assert refused.value.evidence["line"] == 14


def test_a_description_may_have_a_scheme_of_its_own() -> None:
    assert len(kept("<> ex:scheme <#classes> . <#sky> skos:inScheme <#classes> .")) == 2


# ---- persons and organisations


def test_an_orcid_as_creator_becomes_a_part() -> None:
    text = "<> dct:creator <https://orcid.org/0000-0002-1825-0097> ."
    part = "<ITEM#orcid-0000-0002-1825-0097>"
    assert kept(text) == {
        f"<ITEM> <http://purl.org/dc/terms/creator> {part}",
        f"{part} <https://schema.org/identifier> <https://orcid.org/0000-0002-1825-0097>",
        f"{part} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://xmlns.com/foaf/0.1/Person>",
        f'{part} <https://schema.org/position> "1"^^<http://www.w3.org/2001/XMLSchema#integer>',
    }
    assert notes(text) == ["agent-part"]


def test_an_orcid_goes_to_the_part_that_has_it() -> None:
    lines = kept(
        "<> dct:contributor <http://orcid.org/0000-0002-1825-0097> . "
        "<#ana> schema:identifier <https://orcid.org/0000-0002-1825-0097> ; schema:position 1 ."
    )
    assert "<ITEM> <http://purl.org/dc/terms/contributor> <ITEM#ana>" in lines
    assert len(lines) == 3


def test_a_ror_may_speak_and_be_spoken_of() -> None:
    lines = kept(
        '<https://ror.org/05gvnxz63> foaf:name "Argonne" . '
        "<> dct:creator [ schema:affiliation <https://ror.org/05gvnxz63> ] ."
    )
    assert '<ITEM#ror-05gvnxz63> <http://xmlns.com/foaf/0.1/name> "Argonne"' in lines
    assert "<ITEM#n1> <https://schema.org/affiliation> <ITEM#ror-05gvnxz63>" in lines


def test_an_orcid_that_is_no_agent_stays_what_it_is() -> None:
    assert kept("<> ex:page <https://orcid.org/0000-0002-1825-0097> .") == {
        "<ITEM> <http://example.org/page> <https://orcid.org/0000-0002-1825-0097>"
    }


def positions(text: str) -> dict[str, str]:
    lines = (line.split(" ") for line in kept(text))
    return {
        s: o.split('"')[1] for s, p, o in (line[:3] for line in lines) if p.endswith("position>")
    }


def test_creators_are_numbered_in_the_order_of_the_text() -> None:
    assert positions("<> dct:creator <#zoe>, <#ana> ; dct:creator [ foaf:name 'B' ] .") == {
        "<ITEM#zoe>": "1",
        "<ITEM#ana>": "2",
        "<ITEM#n1>": "3",
    }


def test_a_position_that_is_given_is_kept_and_not_given_twice() -> None:
    assert positions("<> dct:creator <#a>, <#b>, <#c> . <#b> schema:position 1 .") == {
        "<ITEM#a>": "2",
        "<ITEM#b>": "1",
        "<ITEM#c>": "3",
    }


# ---- what the catalog writes


@pytest.mark.parametrize(
    "statement",
    [
        'dct:identifier "another"',
        "dct:type ex:thing",
        'dct:modified "2026-01-01"',
        "adms:status ex:final",
        "dct:accessRights ex:open",
        'dct:available "2027-01-01"',
        "dcat:hasCurrentVersion <0123456789/v/2>",
        "dcat:previousVersion <0123456789/v/1>",
    ],
)
def test_what_the_catalog_writes_is_left_out_with_a_note(statement: str) -> None:
    assert kept(f'<> dct:title "x"@en ; {statement} .') == {
        '<ITEM> <http://purl.org/dc/terms/title> "x"@en'
    }
    assert notes(f"<> ex:p 1 ; {statement} .") == ["written-by-catalog"]


def test_the_right_identifier_is_left_out_silently() -> None:
    assert notes('<> ex:p 1 ; dct:identifier "0123456789" .') == []


def test_access_rights_of_something_else_are_a_persons_to_say() -> None:
    assert len(kept("<> ex:p <#copy> . <#copy> dct:accessRights ex:open .")) == 2


def test_of_a_file_kept_here_only_what_is_beyond_the_catalogs_own_is_kept() -> None:
    assert kept("""
    <> dcat:distribution <#file/a.bin>, <#elsewhere> .
    <#file/a.bin> a dcat:Distribution ; dcat:byteSize 5 ; dcat:mediaType ex:m ;
        spdx:checksum <#sum> ; dct:conformsTo ex:format .
    <#sum> a spdx:Checksum ; spdx:checksumValue "00" .
    """) == {
        "<ITEM> <http://www.w3.org/ns/dcat#distribution> <ITEM#elsewhere>",
        "<ITEM#file/a.bin> <http://purl.org/dc/terms/conformsTo> <http://example.org/format>",
    }


def test_what_the_catalog_wrote_is_left_out_silently_when_it_comes_back() -> None:
    line = f'<{ITEM}> <http://purl.org/dc/terms/modified> "2026-01-01" .\n'
    text = '<> dct:title "x"@en ; dct:modified "2026-01-01" .'
    assert notes(text, written=(line,)) == []
    assert len(kept(text, written=(line,))) == 1


def test_a_neighbour_of_what_the_catalog_wrote_is_no_stranger() -> None:
    line = f"<{ITEM}> <http://purl.org/dc/terms/accessRights> <http://example.org/open> .\n"
    text = '<> ex:p 1 ; dct:accessRights ex:open . ex:open skos:prefLabel "open"@en .'
    assert len(kept(text, written=(line,))) == 1


# ---- files


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("a%20b", "a%20b"),
        ("%61", "a"),
        ("é", "%C3%A9"),
        ("e\u0301", "%C3%A9"),
        ("%c3%a9", "%C3%A9"),
        ("dir/a+b", "dir/a%2Bb"),
    ],
)
def test_names_of_files_have_one_spelling(spelled: str, canonical: str) -> None:
    assert kept(f"<#file/{spelled}> ex:p 1 .") == {
        f"<ITEM#file/{canonical}> <http://example.org/p> "
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    }


@pytest.mark.parametrize("name", ["../x", "a//b", "%00", "%FF", "%E2%80%AE", "a%5Cb", ""])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(NotAcceptable):
        turtle(f"<#file/{name}> ex:p 1 .")


# ---- formats


@pytest.mark.parametrize(
    "media_type",
    ["application/n-quads", "application/trig", "text/n3", "text/html", "", None, "text/turtle/x",
     "text/turtle; charset=latin-1"],
)  # fmt: skip
def test_other_media_types_are_not_read(media_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType) as refused:
        read(b"<> <p> 1 .", media_type or "", item=ITEM)
    assert "text/turtle" in refused.value.detail


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "Text/Turtle; charset=UTF-8", 'text/turtle;charset="utf-8"']
)
def test_a_media_type_may_have_parameters(media_type: str) -> None:
    assert len(read(b"<> <p> 1 .", media_type, item=ITEM).statements) == 1


def test_a_named_graph_in_json_ld_is_refused() -> None:
    document = {"@id": "#g", "http://e/p": 1, "@graph": [{"@id": "", "http://e/p": 1}]}
    with pytest.raises(Unreadable, match=r"[Nn]amed graph"):
        read(json.dumps(document).encode(), "application/ld+json", item=ITEM)


def test_statements_in_an_unnamed_graph_of_json_ld_are_read() -> None:
    document = {"@graph": [{"@id": "", "http://e/p": 1}]}
    body = json.dumps(document).encode()
    assert len(read(body, "application/ld+json", item=ITEM).statements) == 1


CONTEXT = {"title": {"@id": "http://purl.org/dc/terms/title", "@language": "en"}}


@pytest.mark.parametrize("address", [HERE + "context.jsonld", "/context.jsonld"])
def test_our_own_context_may_be_named(address: str) -> None:
    document = {"@context": address, "@id": "", "title": "x"}
    reading = read(
        json.dumps(document).encode(),
        "application/ld+json",
        item=ITEM,
        bases=(HERE,),
        contexts={"context.jsonld": CONTEXT},
    )
    assert reading.description.text("http://purl.org/dc/terms/title") == "x"


@pytest.mark.parametrize(
    "context",
    ["http://evil.example/c", "https://schema.org/", "file:///etc/passwd", "data:,{}", "x.jsonld",
     ["http://evil.example/c"], {"@import": "http://evil.example/c"},
     {"a": {"@id": "http://e/a", "@context": "http://evil.example/c"}}],
)  # fmt: skip
def test_no_other_context_is_fetched(context: object) -> None:
    document = {"@context": context, "@id": "", "http://e/p": {"http://e/q": 1}}
    with pytest.raises(Unreadable, match=r"nothing is fetched|not followed"):
        read(json.dumps(document).encode(), "application/ld+json", item=ITEM, bases=(HERE,))


def test_a_context_further_in_is_refused_as_well() -> None:
    document = {"@id": "", "http://e/p": {"@context": "http://evil.example/c", "http://e/q": 1}}
    with pytest.raises(Unreadable, match="nothing is fetched"):
        read(json.dumps(document).encode(), "application/ld+json", item=ITEM)


# ---- the canonical form

ids = st.sampled_from(["", "#a", "#b", "#c", "#ana"])
names = st.sampled_from(["http://e/p", "http://e/q", "http://www.w3.org/ns/dcat#keyword"])
texts = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
objects = st.one_of(
    ids.map(lambda name: f"<{name}>"),
    st.sampled_from(["<http://e/x>", "<9876543210>"]),
    st.builds(term_of_text, texts, st.sampled_from([None, "en", "de-AT"])),
    st.integers().map(lambda n: f'"{n}"^^<http://www.w3.org/2001/XMLSchema#integer>'),
)
statements = st.builds(lambda s, p, o: f"<{s}> <{p}> {o} .", ids, names, objects)


@given(st.lists(statements, min_size=1, max_size=12), st.randoms())
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_text_does_not_matter(lines: list[str], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def digest(order: list[str]) -> str:
        text = "\n".join(order).encode()
        return read(text, "text/turtle", item=ITEM).description.digest

    assert digest(lines) == digest(shuffled)


@given(st.lists(statements, min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_the_stored_form_reads_back_as_itself(lines: list[str]) -> None:
    stored = read("\n".join(lines).encode(), "text/turtle", item=ITEM).description
    again = read(
        stored.ntriples.encode(), "application/n-triples", item=ITEM, bases=(RECORD,)
    ).description
    assert (again.ntriples, again.digest) == (stored.ntriples, stored.digest)
    assert Description.parsed(ITEM, stored.ntriples) == stored
    assert Description.of(ITEM, stored.statements) == stored


@given(texts)
@settings(max_examples=200, deadline=None)
def test_a_text_is_kept_as_it_was_written(text: str) -> None:
    said = f"<> <http://purl.org/dc/terms/title> {term_of_text(text, 'en')} ."
    stored = read(said.encode(), "text/turtle", item=ITEM).description
    assert stored.text("http://purl.org/dc/terms/title") == text
