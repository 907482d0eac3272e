"""Every sample is good enough to be published, and the samples are the real items of Sage."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.domain.identifiers import is_id, item_iri
from catalog.domain.validation import Judgement, judge
from catalog.library import library

_FOLDER = Path(__file__).parents[2] / "catalog" / "samples"
_SEED = Path(__file__).parents[3] / "shared" / "sage" / "samples.json"
_FILES = sorted(_FOLDER.glob("*.ttl"))
_IDENTIFIER = re.compile(r'^  dct:identifier "([^"]*)" ;$', re.MULTILINE)
_NAMES = re.compile(r"^@prefix ([a-z0-9-]+): ", re.MULTILINE)
_SEED_ID = re.compile(r"^# Sample: (\S+)$", re.MULTILINE)
_UNKNOWN = {"unknown-property", "unreachable-part", "untagged-text", "neighbour", "agent-part"}
"""Components of findings that tell a slip of the pen, not a fact that a source lacks."""

_PINNED = {
    "birdnet": "3gc2z5n4gw",
    "chemsense-088726-0013": "6034as8yhc",
    "firebench": "y1szx8f4h8",
    "imagesampler-upload": "23v9sdmdnr",
    "object-counter": "125qmznz33",
    "ptychonn-tensorrt": "p1zvf46mjh",
    "sage-data-bundle": "hczacga7mw",
    "smoke-training-bucket": "rqgv93znaz",
    "smokedataset": "bvy20wbxnp",
    "smokeynet": "9tzxy8x294",
    "snow-classifier-bad-river": "kfjwfteknq",
    "solar-irradiance": "wk9g4vn9b5",
    "unet-cloud-cover": "erdywpx44y",
    "waggleclouds": "dwz4ss56n0",
    "water-depth": "13xjqs0qzg",
    "wildfire-trigger-example": "9gchfn04x3",
}
"""Ids by which people and papers may already cite the real items: they never change."""

Judge = Callable[[Path], Judgement]


def _id_of(file: Path) -> str:
    found = _IDENTIFIER.findall(file.read_text())
    assert len(found) == 1, f"{file.name} says its id {len(found)} times"
    return str(found[0])


_IDS = {_id_of(file): file.stem for file in _FILES}


@pytest.fixture(scope="module")
def judged() -> Judge:
    """Return a judge that judges each file once."""
    known: dict[Path, Judgement] = {}

    def judgement(file: Path) -> Judgement:
        if file not in known:
            known[file] = judge(
                file.read_bytes(), "text/turtle", item=item_iri(_id_of(file)), library=library()
            )
        return known[file]

    return judgement


def _each() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", _FILES, ids=[file.stem for file in _FILES])


def test_there_are_samples_enough_for_lists() -> None:
    assert len(_FILES) >= 35


def test_no_two_samples_have_one_id() -> None:
    assert len(_IDS) == len(_FILES)


def test_samples_are_of_every_type(judged: Judge) -> None:
    assert {judged(file).type for file in _FILES} == set(library().item_types)


def test_the_ids_of_the_real_items_stay_as_they_are() -> None:
    assert {name: _id_of(_FOLDER / f"{name}.ttl") for name in _PINNED} == _PINNED


@_each()
def test_the_id_checks(file: Path) -> None:
    assert is_id(_id_of(file))


@_each()
def test_prefixes_are_sorted_and_sources_named(file: Path) -> None:
    text = file.read_text()
    names = _NAMES.findall(text)
    assert names == sorted(set(names))
    assert re.search(r"^# Sources: \S", text, re.MULTILINE)


@_each()
def test_a_sample_can_be_published(file: Path, judged: Judge) -> None:
    report = judged(file).report
    assert [f.message for f in report.findings if f.severity == "violation"] == []
    assert report.conforms_at("publication")


@_each()
def test_a_sample_uses_known_terms_only(file: Path, judged: Judge) -> None:
    slips = [f for f in judged(file).report.findings if f.component in _UNKNOWN]
    assert [(f.component, f.path, f.focus_node) for f in slips] == []


@_each()
def test_every_reference_is_to_another_sample(file: Path, judged: Judge) -> None:
    strangers = [item for item in judged(file).references if item not in _IDS]
    assert strangers == []


@_each()
def test_a_sample_is_in_english(file: Path, judged: Judge) -> None:
    assert judged(file).title
    assert re.search(r'^  dct:description ".{50,}"@en ;$', file.read_text(), re.MULTILINE)


@_each()
def test_a_sample_is_linked_to_the_others(file: Path, judged: Judge) -> None:
    own = _id_of(file)
    cited = {item for other in _FILES for item in judged(other).references if other != file}
    assert judged(file).references or own in cited


def test_the_samples_are_the_items_of_the_seed() -> None:
    if not _SEED.exists():
        pytest.skip("the list of real items is not beside this repository")
    wanted = {entry["id"]: entry["type"] for entry in json.loads(_SEED.read_text())["samples"]}
    found = {name: file for file in _FILES for name in _SEED_ID.findall(file.read_text())}
    assert sorted(found) == sorted(wanted)
    assert {name: file.stem for name, file in found.items()} == {name: name for name in wanted}


def test_each_item_of_the_seed_keeps_its_type(judged: Judge) -> None:
    if not _SEED.exists():
        pytest.skip("the list of real items is not beside this repository")
    wanted = {entry["id"]: entry["type"] for entry in json.loads(_SEED.read_text())["samples"]}
    assert {name: judged(_FOLDER / f"{name}.ttl").type for name in wanted} == wanted
