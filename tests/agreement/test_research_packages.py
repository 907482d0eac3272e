"""The tools of others read our packages: mlcroissant, ro-crate-py and rocrate-validator."""

import json
import logging
import subprocess
import zipfile
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from catalog.domain.exporting.croissant import croissant
from catalog.domain.exporting.ro_crate import Package, packaged, ro_crate
from catalog.domain.exporting.schema_terms import types_written_as
from catalog.library import library
from catalog.services.packing_stream import Entry, zipped
from tests.agreement.published import NOW, samples
from tests.domain.exporting.test_croissant import TABLE
from tests.domain.exporting.there_and_back import exported, one, records, said
from tests.servers import ROOT, absent

CONTEXT = ROOT.parent / "shared" / "standards" / "ro-crate-1.2" / "context.jsonld"
VALIDATOR = ROOT / ".servers" / "rocrate-validator" / "bin" / "python"
DATASETS = types_written_as(library().vocabularies, "Dataset")

no_context = pytest.mark.skipif(
    not CONTEXT.is_file(), reason="the published context lies beside the repository, not in it"
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep recommendations out of the way: only errors count."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_finds_no_error_in_any_data_set() -> None:
    import mlcroissant

    documents = [croissant(exported(record)) for record in records(*DATASETS)]
    documents.append(croissant(one(TABLE.replace("MORE", ""))))
    assert len(documents) > 70
    for document in documents:
        found = mlcroissant.Dataset(jsonld=said(document)).metadata.issues
        assert not found.errors, document


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_opens_the_package_of_a_data_set(tmp_path: Path) -> None:
    import mlcroissant

    table = tmp_path / "depths.csv"
    table.write_text("water depth\n1.5\n2.25\n")
    document = said(croissant(one(TABLE.replace("MORE", ""))))
    (file,) = document["distribution"]
    del file["sha256"]
    document["isLiveDataset"] = True
    mapping = {file["@id"]: table}
    data = mlcroissant.Dataset(jsonld=document, mapping=mapping)
    rows = list(data.records(record_set=document["recordSet"][0]["@id"]))
    assert [next(iter(row.values())) for row in rows] == [1.5, 2.25]


def test_ro_crate_py_reads_every_crate(tmp_path: Path) -> None:
    from rocrate.rocrate import ROCrate

    for number, record in enumerate(records()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "ro-crate-metadata.json").write_bytes(packaged(exported(record), Package()))
        crate = ROCrate(folder)
        assert crate.name == said_name(crate.root_dataset["name"], record.title)
        assert crate.root_dataset["datePublished"]


def said_name(name: Any, title: str) -> Any:
    """Return the name that a crate has: the title, among its translations if there are any."""
    assert name == title or title in name
    return name


@no_context
def test_the_published_context_knows_every_term() -> None:
    known = set(json.loads(CONTEXT.read_text())["@context"])
    for record in records():
        document = said(ro_crate(exported(record)))
        further = set(document["@context"][1])
        for entity in document["@graph"]:
            types = entity["@type"] if isinstance(entity["@type"], list) else [entity["@type"]]
            for word in (*entity, *types):
                prefix, colon, _ = word.partition(":")
                assert word.startswith("@") or (prefix if colon else word) in known | further, word


@no_context
def test_rocrate_validator_finds_all_that_is_required(tmp_path: Path) -> None:
    if not VALIDATOR.exists():
        absent("rocrate-validator")
    for name, content in crates().items():
        folder = tmp_path / name
        folder.mkdir()
        with zipfile.ZipFile(BytesIO(content)) as archive:
            archive.extractall(folder)
    judge = Path(__file__).with_name("judging_crates.py")
    told = subprocess.run(
        [VALIDATOR, judge, CONTEXT, *sorted(tmp_path.iterdir())],
        check=True,
        capture_output=True,
        timeout=120,
    )
    verdicts = json.loads(told.stdout)
    assert verdicts
    assert not {Path(folder).name: faults for folder, faults in verdicts.items() if faults}


def crates() -> dict[str, bytes]:
    """Return crates that differ in what they are made of, as zip files.

    Each takes the validator three seconds, so not all samples are among them.
    """
    fullest = max(samples().values(), key=lambda record: len(record.ntriples))
    code = next(records("edge-code"))
    return {
        "whole": zipped_crate(packaged(exported(fullest), Package())),
        "elsewhere": zipped_crate(ro_crate(exported(code))),
    }


def zipped_crate(metadata: bytes) -> bytes:
    within = {
        "ro-crate-metadata.json": metadata,
        "item.ttl": b"<a:> <b:> <c:> .",
        "ro-crate-preview.html": b"<!doctype html><title>x</title>",
    }
    entries = [Entry(name, len(said), partial(iter, (said,))) for name, said in within.items()]
    return b"".join(zipped(entries, NOW))
