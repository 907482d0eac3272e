"""How fast `sage-catalog validate` is: to start, by format, at many files, and what it holds."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyoxigraph as ox
import yaml

from bench.table import Figure, median_seconds
from bench.validation import example, oracle
from catalog.domain.description import Description
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.jsonform import to_json
from catalog.domain.validation import Judgement, judge
from catalog.library import library

_ITEM = item_iri("0000000000")
_BASE = "http://127.0.0.1:8000/"
_TURTLE = "text/turtle"
_FILES = 6_000
_MANY = 100_000
_STARTS = 9
_MEBIBYTE = 1 << 20


def figures() -> list[Figure]:
    """Measure the start, each format in one process, files by all processors, and the memory."""
    source = example()
    judged = judge(source, _TURTLE, item=_ITEM, library=library())
    peer = 1 / median_seconds(oracle(source, judged), rounds=25)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        return [
            _start(folder, source),
            *(_format(kind, text, peer) for kind, text in _forms(source, judged).items()),
            *_files(folder, source, peer),
        ]


def _start(folder: Path, source: bytes) -> Figure:
    file = folder / "one.ttl"
    file.write_bytes(source)
    seconds = median_seconds(lambda: _ended(_command(file)), rounds=_STARTS, warm=2)
    return Figure("start, one file", seconds, "s", "", None, "at most 0.5 s", seconds <= 0.5)


def _format(media_type: str, text: bytes, peer: float) -> Figure:
    """Measure the judging of one description in a format, in this process."""
    known = library()

    def judging() -> None:
        judge(text, media_type, item=_ITEM, bases=(_BASE,), library=known)

    rate = 1 / median_seconds(judging, rounds=300, warm=30)
    name = f"{media_type}, in one process"
    return Figure(name, rate, "items/s", "pyshacl", peer, "at least 20 x", rate >= 20 * peer)


def _forms(source: bytes, judged: Judgement) -> dict[str, bytes]:
    """Return the same description in every format that says it whole."""
    ours = judged.ntriples.replace(RECORD, _BASE)
    triples = [quad.triple for quad in ox.parse(ours, format=ox.RdfFormat.N_TRIPLES)]
    rdf = {
        form.media_type: ox.serialize(triples, format=form) or b""
        for form in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD)
    }
    item = item_iri("0000000000", _BASE)
    statements = Description(item, ours).statements
    plain = to_json(statements, library().context, subject=item, base=_BASE)
    document = json.dumps(plain)
    return {
        _TURTLE: source,
        **rdf,
        "application/json": document.encode(),
        "application/yaml": yaml.safe_dump(json.loads(document)).encode(),
    }


def _files(folder: Path, source: bytes, peer: float) -> list[Figure]:
    few = _folder(folder / "few", source, _FILES)
    seconds, held_by_few = _ran(_command(few))
    rate = _FILES / seconds
    many = _folder(folder / "many", source, _MANY)
    many_seconds, held = _ran(_command(many, "--json"))
    processors = len(os.sched_getaffinity(0))
    return [
        Figure(
            f"{_FILES:,} files of Turtle, {processors} processors, start included",
            rate,
            "items/s",
            "pyshacl",
            peer,
            "at least 2,000/s",
            rate >= 2000,
        ),
        Figure(
            f"{_MANY:,} files as JSON",
            _MANY / many_seconds,
            "items/s",
            "pyshacl",
            peer,
            "",
            good=True,
        ),
        Figure(
            f"memory of all processes, {_MANY:,} files beside {_FILES:,}",
            held / _MEBIBYTE,
            "MiB",
            "ours",
            held_by_few / _MEBIBYTE,
            "at most 1.5 x",
            held <= 1.5 * held_by_few,
        ),
    ]


def _folder(folder: Path, source: bytes, count: int) -> Path:
    """Return a folder of so many files, a thousand in each of its folders."""
    for number in range(count):
        inside = folder / f"{number // 1000:03}"
        if number % 1000 == 0:
            inside.mkdir(parents=True)
        (inside / f"{number}.ttl").write_bytes(source)
    return folder


def _command(path: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "catalog.cli", "validate", str(path), *options]


def _ended(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _ran(command: list[str]) -> tuple[float, int]:
    """Return how many seconds a command took, and the most memory that its processes held."""
    began = time.perf_counter()
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        seen = psutil.Process(running.pid)
        while running.poll() is None:
            most = max(most, _held(seen))
            time.sleep(0.5)
    assert running.returncode == 0
    return time.perf_counter() - began, most


def _held(process: psutil.Process) -> int:
    """Return the memory of a process and its children, what they share counted once."""
    try:
        family = [process, *process.children()]
        return sum(getattr(one.memory_full_info(), "pss", 0) for one in family)
    except psutil.Error:
        return 0
