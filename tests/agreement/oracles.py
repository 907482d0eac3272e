"""The other SHACL engines, and how their verdict is held against the catalog's own."""

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pyshacl
import pyshacl_turbo
import rdflib
from rdflib import SH, BNode

from catalog.domain.engine import Engine, Result
from catalog.domain.errors import CatalogError
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.report import LEVELS, Level
from catalog.domain.validation import judge
from catalog.library import Library, library
from tests.agreement.generated import Described, faulty
from tests.agreement.published import ANY_ID
from tests.agreement.tolerated import may_differ

Name = Literal["pyshacl", "pyshacl_turbo"]

Telling = Counter[tuple[str, str, str, str]]
"""How often there is a result with this focus node, path, component and severity."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an engine says about a description.

    conforms  whether there is a violation, by level
    results   focus node, path, component and severity of each result
    """

    conforms: dict[Level, bool]
    results: Telling


@dataclass(frozen=True, slots=True)
class Compared:
    """A description with the catalog's opinion and that of another engine.

    theirs  None where the catalog asked no engine: the description has no type
    """

    described: Described
    ours: Opinion
    theirs: Opinion | None

    def differences(self, oracle: Name) -> list[str]:
        """Return what only one of them says and is not known of the other engine."""
        if self.theirs is None or self.ours == self.theirs:
            return []
        mine, other = self.ours.results, self.theirs.results
        ntriples = self.described.ntriples.decode()
        differing = [*(mine - other), *(other - mine)]
        unknown = [
            f"{self.described.name}: {'ours' if one in mine - other else 'theirs'} {one}"
            for one in differing
            if not may_differ(oracle, ntriples, one[0], one[1])
        ]
        if differing:
            return unknown
        return [f"{self.described.name}: ours {self.ours.conforms}, theirs {self.theirs.conforms}"]


class Listening(Library):
    """The library, remembering what its engines were given and what they found."""

    heard: list[tuple[str, str, list[Result]]]

    def engine_for(
        self, item_type: str, classes: Iterable[str], properties: Collection[str]
    ) -> Engine:
        """Return the usual engine, with an ear at it."""
        usual = super().engine_for(item_type, classes, properties)

        def judge_and_remember(statements: str) -> list[Result]:
            results = usual(statements)
            self.heard.append((item_type, statements, results))
            return results

        return judge_and_remember


@cache
def listening() -> Listening:
    """Return the installed vocabularies and shapes as a library that listens."""
    usual = library()
    made = Listening(
        {name: usual.vocabularies.file(name) or b"" for name in usual.vocabularies.names},
        {name: usual.shapes.file(name) or b"" for name in usual.shapes.names},
    )
    made.heard = []
    return made


def compared(described: Described, oracle: Name) -> Compared | None:
    """Return what the catalog and another engine say; None for what the reader refuses.

    oracle  the engine; it is given every shape that there is for the item type, where the
            catalog leaves out those that cannot apply
    """
    known = listening()
    known.heard.clear()
    try:
        judgement = judge(
            described.ntriples,
            "application/n-triples",
            item=item_iri(ANY_ID),
            bases=(RECORD,),
            library=known,
            files=described.files,
            places=False,
        )
    except CatalogError:
        return None
    verdicts = {level: judgement.report.conforms_at(level) for level in LEVELS}
    if not known.heard:
        return Compared(described, Opinion(verdicts, Counter()), None)
    item_type, statements, results = known.heard[0]
    ours = Opinion(verdicts, _told(results))
    return Compared(described, ours, _opinion(results_of(oracle, item_type, statements)))


def _opinion(results: list[Result]) -> Opinion:
    source = library().shapes.source
    blocked = {
        source(found.shape).level or "draft" for found in results if found.severity == "Violation"
    }
    conforms: dict[Level, bool] = {
        "draft": "draft" not in blocked,
        "publication": not blocked,
    }
    return Opinion(conforms, _told(results))


def _told(results: list[Result]) -> Telling:
    path = {one.shape: library().shapes.source(one.shape).path or "" for one in results}
    return Counter(
        (one.focus_node, path[one.shape], one.component, one.severity) for one in results
    )


def results_of(oracle: Name, item_type: str, statements: str) -> list[Result]:
    """Return the results of an engine on statements, with every shape of the item type."""
    shapes, reports = _asked(oracle, item_type)
    report = reports(statements)
    return [_result(report, found, shapes) for found in report.objects(None, SH.result)]


@cache
def _asked(oracle: Name, item_type: str) -> tuple[rdflib.Graph, Callable[[str], rdflib.Graph]]:
    """Return the shapes of an item type, and an engine that makes reports by them."""
    every = library().shapes.every_root(item_type)
    text = library().shapes.compiled_from(frozenset(every))
    shapes = rdflib.Graph().parse(data=text, format="nt")
    return shapes, (_pyshacl if oracle == "pyshacl" else _turbo)(shapes)


def _pyshacl(shapes: rdflib.Graph) -> Callable[[str], rdflib.Graph]:
    def report(statements: str) -> rdflib.Graph:
        rdflib.NORMALIZE_LITERALS = False  # pyshacl sets it again after every call
        data = rdflib.Graph().parse(data=statements, format="nt")
        _, found, _ = pyshacl.validate(
            data, shacl_graph=shapes, inference=None, advanced=False, allow_warnings=True
        )
        return found

    return report


def _turbo(shapes: rdflib.Graph) -> Callable[[str], rdflib.Graph]:
    compiled = pyshacl_turbo.CompiledShapes(shapes)

    def report(statements: str) -> rdflib.Graph:
        _, found, _ = compiled.validate(statements, data_graph_format="nt", allow_warnings=True)
        return found

    return report


def _result(report: rdflib.Graph, found: Any, shapes: rdflib.Graph) -> Result:
    def local(predicate: Any) -> str:
        return str(report.value(found, predicate)).rpartition("#")[2]

    def term(node: Any) -> str | None:
        return None if node is None else str(node.n3())

    shape = report.value(found, SH.sourceShape)
    while isinstance(shape, BNode):
        shape = next(shapes.subjects(SH.property, shape))
    return Result(
        focus_node=term(report.value(found, SH.focusNode)) or "",
        path=None,
        value=term(report.value(found, SH.value)),
        component=local(SH.sourceConstraintComponent),
        severity=local(SH.resultSeverity),
        shape=term(shape) or "",
        message=None,
    )


def tally(oracle: Name, numbers: Iterable[int]) -> Counter[str]:
    """Count the generated descriptions of these numbers by how they were judged.

    `refused` by the reader, `typeless`, or one of `publishable`, `keepable` and `unkeepable`;
    every difference from the other engine is counted under its own text.
    """
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # speaks of each ill-typed literal
    warnings.filterwarnings("ignore", category=UserWarning, module="rdflib")
    counted: Counter[str] = Counter()
    for number in numbers:
        found = compared(faulty(number), oracle)
        counted[_kind(found)] += 1
        counted.update(found.differences(oracle) if found else ())
    return counted


KINDS = ("refused", "typeless", "publishable", "keepable", "unkeepable")


def _kind(found: Compared | None) -> str:
    if found is None:
        return "refused"
    if found.theirs is None:
        return "typeless"
    if found.ours.conforms["publication"]:
        return "publishable"
    return "keepable" if found.ours.conforms["draft"] else "unkeepable"
