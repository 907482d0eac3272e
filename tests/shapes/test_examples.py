"""Every example beside this file gets the verdict that its first line or its folder says."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import pytest

from catalog.domain.context import PREFIXES
from catalog.domain.engine import Engine, Name, Result, compiled
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.validation import Judgement, judge
from catalog.library import Library, library

HERE = Path(__file__).parent
VALID = sorted((HERE / "valid").glob("*.ttl"))
INVALID = sorted((HERE / "invalid").glob("*.ttl"))
ITEM = item_iri("0000000000")

TRIPS = re.compile(r"# trips sh:(\w+) on (\S+) at (draft|publication) level")
PREFIX = re.compile(r"^@prefix ([\w-]*): <([^>]*)>", re.MULTILINE)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class Listening(Library):
    """The library, remembering what each engine was made of, was given, and found."""

    heard: list[tuple[str, frozenset[str], str, list[Result]]]

    def engine_for(
        self, item_type: str, classes: Iterable[str], properties: Collection[str]
    ) -> Engine:
        usual = super().engine_for(item_type, classes, properties)
        roots = self.shapes.applying(item_type, classes, properties)

        def judge_and_remember(statements: str) -> list[Result]:
            results = usual(statements)
            self.heard.append((item_type, roots, statements, results))
            return results

        return judge_and_remember


@pytest.fixture(scope="module")
def listening() -> Listening:
    usual = library()
    heard = Listening(
        {name: usual.vocabularies.file(name) or b"" for name in usual.vocabularies.names},
        {name: usual.shapes.file(name) or b"" for name in usual.shapes.names},
    )
    heard.heard = []
    return heard


@cache
def engine_of(roots: frozenset[str], name: Name) -> Engine:
    return compiled(library().shapes.compiled_from(roots), name)


def judged(example: Path, known: Library) -> Judgement:
    text = example.read_text()
    files = tuple(sorted(set(re.findall(r"<#file/([^>]+)>", text))))
    return judge(
        text.encode(), "text/turtle", item=ITEM, bases=(RECORD,), library=known, files=files
    )


def names(examples: Iterable[Path]) -> list[str]:
    return [example.stem for example in examples]


@pytest.mark.parametrize("example", VALID, ids=names(VALID))
def test_a_valid_example_can_be_published(example: Path) -> None:
    report = judged(example, library()).report
    assert report.conforms_at("publication"), report.to_dict()


@pytest.mark.parametrize("example", VALID, ids=names(VALID))
def test_a_valid_example_says_nothing_that_no_shape_knows(example: Path) -> None:
    report = judged(example, library()).report
    assert [f.path for f in report.findings if f.component == "unknown-property"] == []


@pytest.mark.parametrize("example", INVALID, ids=names(INVALID))
def test_an_invalid_example_trips_what_its_first_line_says(example: Path) -> None:
    text = example.read_text()
    promises = [TRIPS.match(line) for line in text.splitlines() if line.startswith("# trips ")]
    assert promises, f"{example.name} does not say in its first line what it trips"
    prefixes = dict(PREFIX.findall(text))
    report = judged(example, library()).report
    for said in promises:
        assert said, f"{example.name} does not say clearly what it trips"
        wanted = {expanded(name, prefixes) for name in re.split(r"[|/]", said[2])}
        found = [
            finding
            for finding in report.findings
            if finding.component == f"{said[1][0].upper()}{said[1][1:]}ConstraintComponent"
            and finding.level == said[3]
            and wanted == properties_in(finding.path or "")
        ]
        assert found, (said[0], report.to_dict())
        assert all(finding.line for finding in found)


def expanded(name: str, prefixes: dict[str, str]) -> str:
    prefix, _, local = name.partition(":")
    return {**PREFIXES, **prefixes}[prefix] + local


def properties_in(path: str) -> set[str]:
    return set(re.findall(r"<([^>]+)>", path)) or {path}


@pytest.mark.parametrize("example", [*VALID, *INVALID], ids=names([*VALID, *INVALID]))
def test_the_oracle_finds_the_same(example: Path, listening: Listening) -> None:
    listening.heard.clear()
    for _ in range(4):
        judged(example, listening)
    (item_type, roots, statements, results) = listening.heard[0]
    assert told(listening.heard[-1][3]) == told(results), "in a series another verdict"
    assert told(results) == told(engine_of(roots, "pyshacl")(statements))
    every_shape = frozenset(library().shapes.every_root(item_type))
    assert told(results) == told(engine_of(every_shape, "shacl")(statements))


def told(results: list[Result]) -> Counter[tuple[str, ...]]:
    shapes = library().shapes
    return Counter(
        (
            result.focus_node,
            shapes.source(result.shape).path or "",
            result.component,
            result.severity,
            result.shape,
        )
        for result in results
    )
