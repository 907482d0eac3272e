"""What the vocabularies and shapes are read as."""

import json
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

import shapes
import vocab
from catalog.domain.description import Description, Literal, literal, term_of_text
from catalog.domain.engine import compiled
from catalog.domain.identifiers import VOCAB, item_iri
from catalog.domain.reading import read
from catalog.domain.schemes import slice_of
from catalog.library import Library, library

SKOS = "http://www.w3.org/2004/02/skos/core#"
CONCEPT = ox.NamedNode(f"{SKOS}Concept")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
ITEM = item_iri("0123456789")


def folder(package: object) -> Path:
    return Path(str(package.__file__)).parent  # type: ignore[attr-defined]


# ---- vocabularies


def test_every_concept_is_found_in_the_file_that_describes_it() -> None:
    vocabularies = library().vocabularies
    for file in vocab.files():
        store = ox.Store()
        store.load(file.read_bytes(), format=ox.RdfFormat.TURTLE)
        name = file.name.removesuffix(".ttl")
        concepts = {q.subject.value for q in store.quads_for_pattern(None, TYPE, CONCEPT)}
        scheme = vocabularies.scheme(name)
        assert scheme
        assert set(scheme.concepts) == concepts
        for iri in concepts:
            assert vocabularies.scheme_of(iri) == name, iri


def test_a_concept_tells_what_its_file_says() -> None:
    concept = library().vocabularies.concept(f"{VOCAB}ml-task/object-detection")
    assert concept
    assert concept.label.lower() == "object detection"
    assert concept.schemes == (f"{VOCAB}ml-task",)
    assert concept.definition
    assert concept.sources
    assert library().label(concept.iri) == concept.label


def test_a_licence_keeps_its_publishers_name() -> None:
    concept = library().term("https://spdx.org/licenses/MIT")
    assert concept
    assert concept.schemes == (f"{VOCAB}license",)
    assert library().vocabularies.scheme_of("https://spdx.org/licenses/NOT-THERE") is None


def test_what_is_not_described_is_no_concept() -> None:
    for iri in ("http://example.org/x", f"{VOCAB}ml-task/none-such", f"{VOCAB}none/x", ""):
        assert library().term(iri) is None
        assert library().vocabularies.slice_about(f"<{iri}>") == ""


def test_the_slice_holds_class_schemes_and_the_broader_chain() -> None:
    iri = f"{VOCAB}ml-task/object-detection"
    description = Description.of(ITEM, [(f"<{ITEM}>", "<http://e/p>", f"<{iri}>")])
    said = slice_of(library().vocabularies, description)
    broader = library().term(iri)
    assert broader
    assert broader.broader
    about = {subject for subject, _, _ in said}
    assert about == {f"<{iri}>", *(f"<{parent}>" for parent in broader.broader)}
    predicates = {predicate.rpartition("#")[2] for _, predicate, _ in said}
    assert predicates == {"type>", "inScheme>", "broader>"}
    lines = library().vocabularies.slice_about(f"<{iri}>")
    assert set(lines.splitlines()) == {f"{s} {p} {o} ." for s, p, o in said}


def test_everything_narrower_is_listed_once() -> None:
    found = library().vocabularies.narrower_closure(f"{VOCAB}item-type/code")
    assert len(found) == len(set(found))
    assert f"{VOCAB}item-type/edge-code" in found


# ---- shapes


def test_each_type_of_the_vocabulary_has_shapes_for_its_deciding_class() -> None:
    vocabularies = library().vocabularies
    scheme = vocabularies.scheme("item-type")
    assert scheme
    expected = {}
    for iri in scheme.concepts:
        row = vocabularies.row(iri) or {}
        (deciding,) = row["<https://w3id.org/sage/ns#decidingClass>"]
        expected[iri.rpartition("/")[2]] = deciding[1:-1]
    assert library().shapes.item_types == expected


@pytest.mark.parametrize("item_type", library().item_types)
def test_a_type_has_its_fields_in_order_each_once(item_type: str) -> None:
    fields = library().fields(item_type)
    paths = [field.path for field in fields]
    assert len(paths) == len(set(paths))
    order = [(f.group.order if f.group else 1e6, f.order) for f in fields]
    assert order == sorted(order)
    assert all(field.name and field.description for field in fields)
    assert "http://purl.org/dc/terms/title" in paths


def test_a_field_tells_what_forms_need() -> None:
    fields = {field.path: field for field in library().fields("model")}
    task = fields["https://w3id.org/sage/ns#mlTask"]
    assert (task.scheme, task.required, task.may_be_not_stated) == ("ml-task", "publication", True)
    title = fields["http://purl.org/dc/terms/title"]
    assert (title.required, title.unique_language, title.min_count) == ("draft", True, 1)
    runtime = fields["https://w3id.org/sage/ns#runtimeRequirement"]
    assert runtime.part == "https://w3id.org/sage/shapes/parts#runtime-requirement"
    inside = {field.path for field in library().shapes.fields_of_part(runtime.part)}
    assert "https://w3id.org/sage/ns#framework" in inside
    parameters = fields["http://data.europa.eu/it6/totalNumberOfParameters"]
    assert (parameters.max_count, parameters.datatype) == (
        1,
        "http://www.w3.org/2001/XMLSchema#nonNegativeInteger",
    )


def test_every_property_shape_can_be_told_to_a_person() -> None:
    known = library().shapes
    path = "<http://www.w3.org/ns/shacl#path>"
    for shape, row in known.rows.items():
        if path in row and shape[0] == "<":
            source = known.source(shape)
            assert source.level, shape
            assert source.name, shape
            assert source.message, shape


def test_properties_that_lead_to_an_agent_are_known_from_the_shapes() -> None:
    agents = {"http://xmlns.com/foaf/0.1/Person", "http://xmlns.com/foaf/0.1/Organization"}
    known = library().shapes
    for field in known.every_field():
        wanted = bool(agents.intersection(field.classes))
        assert (f"<{field.path}>" in known.agent_properties) is wanted, field.path
    assert "<https://w3id.org/sage/ns#performedBy>" in known.agent_properties


def test_no_shape_targets_what_choosing_shapes_does_not_see() -> None:
    """`Shapes.applying` knows classes, properties and nodes, not implicit class targets."""
    classes = {"<http://www.w3.org/2000/01/rdf-schema#Class>"}
    for row in library().shapes.rows.values():
        kinds = set(row.get(f"<{TYPE.value}>", ()))
        assert not (kinds & classes and "<http://www.w3.org/ns/shacl#NodeShape>" in kinds)


def test_engines_are_compiled_once_for_the_same_parts() -> None:
    person = ["<http://xmlns.com/foaf/0.1/Person>"]
    first = library().engine("model", person)
    assert library().engine("model", [*person, "<http://example.org/Unknown>"]) is first
    assert library().engine("model") is not first


def test_the_pattern_of_no_shape_is_longer_than_the_engine_should_take() -> None:
    for row in library().shapes.rows.values():
        for pattern in row.get("<http://www.w3.org/ns/shacl#pattern>", ()):
            assert len(literal(pattern).text) <= 200
            assert "(?" not in literal(pattern).text


# ---- context


def test_the_context_makes_fields_of_plain_json() -> None:
    document = {
        "@context": library().context,
        "@id": "",
        "@type": "it6:MachineLearningModel",
        "mlTask": "vocab:ml-task/object-detection",
        "totalNumberOfParameters": 5,
        "dct:title": "Words",
        "created": "2021-05-11",
        "license": "https://spdx.org/licenses/MIT",
    }
    reading = read(json.dumps(document).encode(), "application/ld+json", item=ITEM)
    said = {predicate.rpartition("/")[2].rpartition("#")[2][:-1]: value
            for _, predicate, value in reading.statements}  # fmt: skip
    assert said["mlTask"] == f"<{VOCAB}ml-task/object-detection>"
    assert said["title"] == '"Words"@en'
    assert said["totalNumberOfParameters"].endswith("nonNegativeInteger>")
    assert said["license"] == "<https://spdx.org/licenses/MIT>"
    assert said["created"] == '"2021-05-11"^^<http://www.w3.org/2001/XMLSchema#date>'


def test_every_field_has_a_name_in_the_context() -> None:
    context = library().context
    named = set()
    for name, meaning in context.items():
        iri = meaning["@id"] if isinstance(meaning, dict) else meaning
        if isinstance(iri, str) and not name.startswith("@"):
            prefix, _, local = iri.partition(":")
            named.add(f"{context[prefix]}{local}" if prefix in context else iri)
    paths = {f.path for f in library().shapes.every_field() if not f.path.startswith(("(", "^"))}
    assert {path for path in paths if "<" not in path} <= named


# ---- the library itself


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    usual = library()
    texts = {name: usual.vocabularies.file(name) or b"" for name in usual.vocabularies.names}
    forms = {name: usual.shapes.file(name) or b"" for name in usual.shapes.names}
    assert Library(texts, forms).version == usual.version
    assert Library({**texts, "modality": b"# another\n"}, forms).version != usual.version
    assert len(usual.version) == 12


def test_a_library_can_be_of_two_folders() -> None:
    known = Library.of_directory(folder(vocab), folder(shapes))
    assert known.version == library().version
    assert known.item_types == library().item_types


def test_judging_imports_nothing_heavy() -> None:
    program = (
        "import sys, catalog; catalog.validate('<> a <http://data.europa.eu/it6/File> .');"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(ran.stdout.split())
    assert "pyoxigraph" in loaded
    assert not loaded & {"rdflib", "pyshacl", "flask", "sqlalchemy", "datacite", "requests"}


# ---- terms


@pytest.mark.parametrize(
    ("term", "taken"),
    [
        ('"a\\"b\\\\n\\n"@en', Literal('a"b\\n\n', "en", "")),
        ('"5"^^<http://e/t>', Literal("5", None, "http://e/t")),
        ('"\\u00E9\\U0001F600"', Literal("é😀", None, "")),
        ('"x^^<y>@en"', Literal("x^^<y>@en", None, "")),
    ],
)
def test_a_literal_is_taken_apart(term: str, taken: Literal) -> None:
    found = literal(term)
    assert (found.text, found.language) == (taken.text, taken.language)
    if taken.datatype:
        assert found.datatype == taken.datatype
    if "\\u" not in term:
        again = term_of_text(found.text, found.language, taken.datatype or None)
        assert again == term


def test_a_description_answers_paths_and_texts() -> None:
    text = (
        '<> <http://e/creator> <#a>, <#b> . <#a> <http://e/name> "Zoë"@de . '
        '<#b> <http://e/name> "Ana"@en, "Anna"@de . <> a <http://e/C> .'
    )
    said = read(text.encode(), "text/turtle", item=ITEM).description
    assert [name.text for name in said.texts("http://e/creator", "http://e/name")] == [
        "Zoë", "Ana", "Anna",
    ]  # fmt: skip
    assert said.text("http://e/name", of=f"<{ITEM}#b>") == "Ana"
    assert said.text("http://e/name", of=f"<{ITEM}#b>", languages=("fr", "de")) == "Anna"
    assert said.text("http://e/none") is None
    assert said.iris("http://e/creator") == (f"{ITEM}#a", f"{ITEM}#b")
    assert said.classes == ("http://e/C",)
    assert said.parts == (f"<{ITEM}#a>", f"<{ITEM}#b>")
    assert {str(quad.graph_name) for quad in said.quads(ITEM)} == {f"<{ITEM}>"}


def test_an_engine_tells_nothing_about_nothing() -> None:
    everything = library().shapes
    assert compiled(everything.compiled_from(everything.every_root("model")))("") == []
