"""Which SHACL engine judges, behind one function; all three see the same statements.

`shacl` (Rust) where there is a wheel, `pyshifty` (Rust) where that is missing, and `pyshacl`
behind both, which is also what the tests hold the others against.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

Name = Literal["shacl", "pyshifty", "pyshacl"]


@dataclass(frozen=True, slots=True)
class Result:
    """One result of an engine; terms as N-Triples writes them, `path` as SPARQL does.

    component  the local name of the constraint component
    shape      the nearest shape with an IRI
    message    what the engine says, if anything
    """

    focus_node: str
    path: str | None
    value: str | None
    component: str
    severity: str
    shape: str
    message: str | None


Engine = Callable[[str], list[Result]]
"""From statements in N-Triples to what is wrong with them."""


def compiled(shapes: str, name: Name | None = None) -> Engine:
    """Return the engine for a shapes graph in N-Triples.

    name  the engine to use; by default the fastest that is installed
    """
    engine = _ENGINES[name or fastest()](shapes)

    def judge(statements: str) -> list[Result]:
        marked = _with_ill_typed_marked(statements)
        if marked == statements:
            return engine(statements)
        return [
            replace(found, value=found.value and found.value.replace(_ILL_TYPED, _XSD))
            for found in engine(marked)
        ]

    return judge


_XSD = "http://www.w3.org/2001/XMLSchema#"
_ILL_TYPED = "https://catalog.invalid/ill-typed#"
_ZONE = r"(?:Z|[+-]\d\d:\d\d)?"
_YEAR = r"-?(?:[1-9]\d{3,}|0\d{3})"
_LEXICAL = {
    "gYear": re.compile(_YEAR + _ZONE, re.ASCII),
    "gYearMonth": re.compile(rf"{_YEAR}-(?:0[1-9]|1[0-2]){_ZONE}", re.ASCII),
    "dayTimeDuration": re.compile(
        r"-?P(?=[\dT])(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?", re.ASCII
    ),
    "hexBinary": re.compile(r"(?:[0-9A-Fa-f]{2})*"),
}


def _with_ill_typed_marked(statements: str) -> str:
    """Return the statements with another datatype for what is no year, month, duration or octets.

    SHACL has an engine check only the datatypes of SPARQL, and ours takes any text for these: a
    person who writes "soon"^^xsd:gYear is to be told.
    """
    for name, lexical in _LEXICAL.items():
        end = f'"^^<{_XSD}{name}> .\n'
        if end in statements:
            *lines, rest = statements.split(end)
            marked = f'"^^<{_ILL_TYPED}{name}> .\n'
            ends = (end if lexical.fullmatch(_last_text(line)) else marked for line in lines)
            statements = "".join(map(str.__add__, lines, ends)) + rest
    return statements


def _last_text(lines: str) -> str:
    """Return the text of the literal in the last of some lines, as far as they go."""
    return lines.rpartition("\n")[2].partition(' "')[2]


def fastest() -> Name:
    """Return the name of the fastest engine that is installed."""
    if find_spec("shacl"):
        return "shacl"
    return "pyshifty" if find_spec("shifty") else "pyshacl"


def _shacl(shapes: str) -> Engine:
    import shacl

    compiled_shapes = shacl.Shapes.from_text(shapes, format="ntriples")
    validate = partial(
        compiled_shapes.validate_text,
        format="ntriples",
        base="https://catalog.invalid/",
        inference="none",
        max_results=None,
        allow_warnings=True,
    )

    def judge(statements: str) -> list[Result]:
        return [
            Result(
                found.focus_node,
                found.path,
                found.value,
                found.component,
                found.severity,
                found.root_shape or found.source_shape or "",
                found.message,
            )
            for found in validate(statements).results
        ]

    return judge


def _pyshacl(shapes: str) -> Engine:
    """The reference: slow, and imported only when it is used."""
    import pyshacl
    import rdflib

    rdflib.NORMALIZE_LITERALS = False
    shapes_graph = rdflib.Graph().parse(data=shapes, format="nt")

    def judge(statements: str) -> list[Result]:
        rdflib.NORMALIZE_LITERALS = False  # pyshacl sets it again after every call
        data = rdflib.Graph().parse(data=statements, format="nt")
        _, report, _ = pyshacl.validate(
            data, shacl_graph=shapes_graph, inference=None, advanced=False, allow_warnings=True
        )
        return _results_in(report, shapes_graph)

    return judge


def _results_in(report: Any, shapes: Any) -> list[Result]:
    """Return the results of a validation report, nested details not counted."""
    from rdflib import SH, BNode, URIRef

    def term(node: Any) -> str | None:
        return None if node is None else str(node.n3())

    def named(shape: Any) -> str:
        while isinstance(shape, BNode):
            owner = next(shapes.subjects(SH.property, shape), None)
            if owner is None:
                break
            shape = owner
        return str(term(shape))

    def path(node: Any) -> str | None:
        return term(node) if node is None or isinstance(node, URIRef) else "(path)"

    return [
        Result(
            str(term(report.value(found, SH.focusNode))),
            path(report.value(found, SH.resultPath)),
            term(report.value(found, SH.value)),
            str(report.value(found, SH.sourceConstraintComponent)).rpartition("#")[2],
            str(report.value(found, SH.resultSeverity)).rpartition("#")[2],
            named(report.value(found, SH.sourceShape)),
            None,
        )
        for found in report.objects(None, SH.result)
    ]


def _pyshifty(shapes: str) -> Engine:
    """The stand-in where `shacl` has no wheel; the module of the package is called `shifty`."""
    import rdflib

    rdflib.NORMALIZE_LITERALS = False
    shapes_graph = rdflib.Graph().parse(data=shapes, format="nt")
    prepared = import_module("shifty").PreparedValidator(shapes_graph)

    def judge(statements: str) -> list[Result]:
        data = statements.encode() or b"\n"
        _, report, _ = prepared.validate(data, graph_mode="data", infer=False)
        return _results_in(report, shapes_graph)

    return judge


_ENGINES: dict[str, Callable[[str], Engine]] = {
    "shacl": _shacl,
    "pyshifty": _pyshifty,
    "pyshacl": _pyshacl,
}
