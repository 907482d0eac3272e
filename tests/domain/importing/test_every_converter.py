"""What every converter promises: nothing of a source is lost unsaid, and nothing makes it fail."""

import json
import string
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.domain.identifiers import item_iri
from catalog.domain.importing import addresses, gathering, hugging_face, nodes, values
from catalog.domain.importing.carried import Carried
from catalog.domain.parsing import MOST_IRI, MOST_LITERAL, MOST_STATEMENTS
from catalog.domain.reading import MOST_BLANK_NODES
from catalog.domain.validation import judge
from catalog.library import library
from tests.domain.importing.conversions import (
    CONVERTERS,
    EXAMPLES,
    blocking,
    carried,
    kept,
    lost,
    source,
    value,
)

every_example = pytest.mark.parametrize("name", CONVERTERS)


@every_example
def test_a_converter_knows_its_own_format_and_no_other(name: str) -> None:
    knowing = {one for one in CONVERTERS.values() if one.recognises(source(name))}
    assert knowing == {CONVERTERS[name]}


@every_example
def test_what_is_carried_over_can_be_kept_as_a_draft(name: str) -> None:
    assert blocking(carried(name)) == []


@every_example
def test_nothing_is_carried_over_without_an_origin_that_is_there(name: str) -> None:
    found = carried(name)
    at_hand = source(name)
    for pointer, origin in found.origins.items():
        value(found.document, pointer)
        assert origin.split("/")[1:2] == [] or value(at_hand, "/" + origin.split("/")[1]) != ""


@every_example
def test_a_key_that_nobody_knows_is_told_as_lost(name: str) -> None:
    at_hand = source(name)
    root = at_hand["@graph"][1] if "@graph" in at_hand else at_hand
    root["colourOfTheCover"] = "blue"
    told = CONVERTERS[name].carried(at_hand, library()).lost
    assert any("colourOfTheCover" in one.sentence for one in told)


@every_example
def test_an_empty_value_is_no_loss(name: str) -> None:
    assert lost(carried(name, colour="", shape=None, size=[], weight={})) == lost(carried(name))


@every_example
def test_ten_thousand_keywords_fill_a_description_and_the_rest_is_told(name: str) -> None:
    at_hand = source(name)
    root = at_hand["@graph"][1] if "@graph" in at_hand else at_hand
    root["tags" if name.endswith(".md") else "keywords"] = [f"word {n}" for n in range(10_000)]
    found = CONVERTERS[name].carried(at_hand, library())
    assert any("the rest is left out" in one.sentence for one in found.lost)
    assert blocking(found) == []


@every_example
def test_a_thousand_nodes_are_as_many_as_the_reader_takes(name: str) -> None:
    persons = [{"@type": "Person", "name": f"Ana Ruiz {n}", "given-names": f"{n}"}
               for n in range(1_200)]  # fmt: skip
    at_hand = source(name)
    root = at_hand["@graph"][1] if "@graph" in at_hand else at_hand
    root["authors" if "author" not in root else "author"] = persons
    assert blocking(CONVERTERS[name].carried(at_hand, library())) == []


@pytest.mark.parametrize(
    "text", ["a\x00b", "bell \x07", "x" * 70_000, "a\ud800b", "￾", "\u202eabc", "<>", "*", "@en"]
)
@every_example
def test_a_text_that_cannot_be_kept_is_lost_and_the_rest_stays(name: str, text: str) -> None:
    at_hand = source(name)
    root = at_hand["@graph"][1] if "@graph" in at_hand else at_hand
    for key in [key for key in root if key[0] != "@" and not isinstance(root[key], dict)]:
        if key not in {"name", "title", "cff-version", "pretty_name", "README.md"}:
            root[key] = text
    assert blocking(CONVERTERS[name].carried(at_hand, library())) == []


@pytest.mark.parametrize("address", ["https://catalog.invalid/items/0123456789", "http://", "//x",
    "https://exa mple.org/", "javascript:alert(1)", "https://x.org/" + "y" * 3_000,
    "https://[bad/", "https://x.org/%zz", "https://x.org/\u202e"])  # fmt: skip
def test_what_is_no_address_for_others_to_use_is_none(address: str) -> None:
    assert addresses.address_of(address) is None


def test_the_limits_stay_below_those_of_the_reader() -> None:
    assert gathering.MOST_STATEMENTS < MOST_STATEMENTS
    assert gathering.MOST_PARTS < MOST_BLANK_NODES
    assert values.LONGEST_TEXT < MOST_LITERAL
    assert addresses.LONGEST_ADDRESS < MOST_IRI


# ---- any value under any key

_TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(string.printable, max_size=20),
    st.sampled_from(
        ["", "https://example.org/x", "10.5281/zenodo.1", "2022-01-01/..", "2022-02-30", "MIT",
         "0000-0003-3011-6939", "Ana Ruiz <ana@example.org>, Pete", "./", "en", "1.2 MB", "\x00",
         "https://catalog.invalid/items/0123456789", "not stated", "mailto:a@b", "@id", "*"]
    ),
)  # fmt: skip
_KEYS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["@id", "@type", "@value", "@language", "@list", "@graph", "name", "url", "value", "id",
         "type", "identifier", "license", "geo", "data", "field", "splits", "features", "results",
         "given-names", "containedIn", "contentUrl", "sha256", "ontology", "title", "doi"]
    ),
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@every_example
@given(drawn=st.data())
def test_any_value_under_any_key_is_carried_over_or_lost(name: str, drawn: st.DataObject) -> None:
    at_hand = source(name)
    holders = [at_hand, *_objects(at_hand)]
    holder = drawn.draw(st.sampled_from(holders))
    key = drawn.draw(st.sampled_from([*holder, "new"]))
    holder[key] = drawn.draw(_JSON)
    found = CONVERTERS[name].carried(at_hand, library())
    assert isinstance(found, Carried)
    json.dumps(found.document, allow_nan=False)
    missing = [one.path for one in blocking(found)]
    assert set(missing) <= {"http://purl.org/dc/terms/title"}


def _objects(document: Any) -> list[dict[str, Any]]:
    inner = document.values() if isinstance(document, dict) else document
    found = []
    for one in inner:
        if isinstance(one, dict):
            found.append(one)
        if isinstance(one, dict | list):
            found.extend(_objects(one))
    return found


@settings(max_examples=100, deadline=None)
@given(document=st.dictionaries(_KEYS, _JSON, max_size=6))
def test_whether_it_recognises_a_document_is_never_an_error(document: dict[str, Any]) -> None:
    for converter in set(CONVERTERS.values()):
        assert converter.recognises(document) in (True, False)


@settings(max_examples=100, deadline=None)
@given(document=st.dictionaries(_KEYS, _JSON, max_size=6))
def test_any_document_is_carried_by_any_converter(document: dict[str, Any]) -> None:
    for converter in set(CONVERTERS.values()):
        assert isinstance(converter.carried(document, library()), Carried)


@every_example
def test_the_catalog_reads_the_file_as_the_converter_does(name: str) -> None:
    form = {"md": "text/markdown", "json": "application/json"}
    media_type = form.get(name.rpartition(".")[2], "application/yaml")
    body = (EXAMPLES / name).read_bytes()
    judged = judge(body, media_type, item=item_iri("0123456789"), library=library())
    found = carried(name)
    told = {one.message for one in judged.report.findings if one.component == "not-carried-over"}
    assert told == {one.sentence for one in found.lost}
    assert judged.ntriples == kept(found)


def test_names_of_namespaces_are_taken_off() -> None:
    assert nodes.local("http://mlcommons.org/croissant/RAI/dataBiases") == "rai:dataBiases"
    assert nodes.local("https://example.org/name") == "https://example.org/name"


# ---- what is meant to take long


_LONG = 200_000


@pytest.mark.parametrize("text", [" " * _LONG + "x", "," * _LONG, "(" * _LONG, "<" * _LONG,
    "a " * _LONG, "a" * _LONG, "10.1234/" * 20_000, "-" * _LONG, "a@" * _LONG])  # fmt: skip
@every_example
def test_no_text_takes_long(name: str, text: str) -> None:
    at_hand = source(name)
    root = at_hand["@graph"][1] if "@graph" in at_hand else at_hand
    for key in root:
        if key[0] != "@" and isinstance(root[key], str):
            root[key] = f"a{text}"
    root["author"] = root["authors"] = [f"b{text}"]
    begun = process_time()
    CONVERTERS[name].carried(at_hand, library())
    assert process_time() - begun < 5


@pytest.mark.parametrize("text", ["<!--" * 100_000, "# " + " " * _LONG + "x", "```\n" * 50_000,
    "# a\n" * 50_000, "**" + "a:" * 100_000, "\n " * _LONG, "---\n" * 50_000,
    "## Description\nSome words.\n" * 20_000])  # fmt: skip
def test_no_card_takes_long(text: str) -> None:
    begun = process_time()
    hugging_face.carried(hugging_face.parsed(f"---\nlicense: mit\n---\n{text}").value, library())
    assert process_time() - begun < 5
