"""A report as SHACL writes it: a `sh:ValidationReport` with its results, as statements.

What SHACL has no word for (line, column, JSON Pointer, level, suggestions) is said with properties
of the ontology, and a check of the catalog's own is named as a constraint component under it.
"""

from collections.abc import Iterator
from urllib.parse import quote, urljoin

import pyoxigraph as ox

from catalog.domain.description import RDF, TYPE, XSD, Statement, term_of_text
from catalog.domain.errors import Unreadable
from catalog.domain.fields import RDFS, SH, Shapes
from catalog.domain.identifiers import SAGE
from catalog.domain.report import Finding
from catalog.domain.report_forms import Outcome

_CUT = "…"
PREFIXES = {"sh": SH, "sage": SAGE, "rdf": RDF, "rdfs": RDFS, "xsd": XSD}


def written(
    outcome: Outcome, shapes: Shapes, subject: str, form: ox.RdfFormat, *, label: str = "r"
) -> bytes:
    """Return the report in a form of RDF.

    subject  the IRI that `<>` stands for in the findings
    label    what the names of blank nodes begin with; reports that are put together need each
             its own
    """
    text = "".join(f"{s} {p} {o} .\n" for s, p, o in statements(outcome, shapes, subject, label))
    if form == ox.RdfFormat.N_TRIPLES:
        return text.encode()
    triples = ox.parse(text, format=ox.RdfFormat.N_TRIPLES, without_named_graphs=True)
    graph = (one.triple for one in triples)
    return ox.serialize(graph, format=form, prefixes=PREFIXES) or b""


def turtle(outcome: Outcome, shapes: Shapes, subject: str, *, label: str = "r") -> str:
    """Return the report in Turtle without the `PREFIXES` that it uses; see `written`."""
    text = written(outcome, shapes, subject, ox.RdfFormat.TURTLE, label=label).decode()
    lines = text.split("\n")
    return "\n".join(line for line in lines if not line.startswith("@prefix "))


def statements(
    outcome: Outcome, shapes: Shapes, subject: str, label: str = "r"
) -> Iterator[Statement]:
    """Yield the statements of the report, in the order of its findings; see `written`."""
    node = f"_:{label}"
    yield node, TYPE, f"<{SH}ValidationReport>"
    yield node, f"<{SH}conforms>", _typed(str(outcome.conforms).lower(), "boolean")
    yield node, f"<{SAGE}level>", f"<{SAGE}{outcome.level}>"
    yield node, f"<{SAGE}reportOn>", _iri(subject)
    if outcome.report is not None:
        version = term_of_text(outcome.report.shapes_version)
        yield node, f"<{SAGE}shapesVersion>", version
    writing = _Writing(shapes, subject)
    results = {f"{node}f{n}": finding for n, finding in enumerate(_findings(outcome), 1)}
    for result in results:
        yield node, f"<{SH}result>", result
    for result, finding in results.items():
        yield from writing.result(result, finding)


def component_iri(component: str) -> str:
    """Return the IRI of a constraint component of SHACL, or of a check of the catalog's own."""
    if component.endswith("ConstraintComponent"):
        return SH + component
    words = component.replace("_", "-").split("-")
    return f"{SAGE}{''.join(word.capitalize() for word in words)}ConstraintComponent"


def _findings(outcome: Outcome) -> tuple[Finding, ...]:
    """Return the findings; what could not be read has the one that says so."""
    fault = outcome.fault
    if fault is None:
        return outcome.findings
    line, column = (outcome.evidence.get(name) for name in ("line", "column"))
    unreadable = Finding(
        severity="violation",
        level="draft",
        focus_node="<>",
        message=fault.detail,
        component=Unreadable.slug,
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, int) else None,
    )
    return (unreadable,)


class _Writing:
    """The writing of one report."""

    def __init__(self, shapes: Shapes, subject: str) -> None:
        self._shapes = shapes
        self._subject = subject

    def result(self, node: str, finding: Finding) -> Iterator[Statement]:
        yield node, TYPE, f"<{SH}ValidationResult>"
        yield node, f"<{SH}resultSeverity>", f"<{SH}{finding.severity.capitalize()}>"
        yield node, f"<{SH}focusNode>", self._term(finding.focus_node) or _iri(self._subject)
        component = component_iri(finding.component)
        yield node, f"<{SH}sourceConstraintComponent>", f"<{component}>"
        yield node, f"<{SH}resultMessage>", term_of_text(finding.message, "en")
        yield node, f"<{SAGE}level>", f"<{SAGE}{finding.level}>"
        if finding.shape is not None:
            yield node, f"<{SH}sourceShape>", _iri(finding.shape)
        path, structure = self._path(node, finding)
        if path is not None:
            yield node, f"<{SH}resultPath>", path
        if finding.value is not None and (value := self._term(finding.value)) is not None:
            yield node, f"<{SH}value>", value
        yield from _place(node, finding)
        yield from _suggestions(node, finding)
        yield from structure

    def _path(self, node: str, finding: Finding) -> tuple[str | None, list[Statement]]:
        """Return the path as the shape has it, and the statements of its blank nodes, if any."""
        row = self._shapes.rows.get(f"<{finding.shape}>", {})
        said = next(iter(row.get(f"<{SH}path>", ())), None)
        if said is None or said[0] == "<":
            path = finding.path
            return (_iri(path) if path is not None and _is_iri(path) else None), []
        own = {blank: f"{node}p{n}" for n, blank in enumerate(self._reached(said), 1)}
        structure = [
            (own[blank], predicate, own.get(value, value))
            for blank in own
            for predicate, values in self._shapes.rows.get(blank, {}).items()
            for value in values
        ]
        return own[said], structure

    def _reached(self, blank: str) -> Iterator[str]:
        """Yield a blank node of the shapes and those that it leads to; a path has no circle."""
        yield blank
        for values in self._shapes.rows.get(blank, {}).values():
            for value in values:
                if value[0] == "_":
                    yield from self._reached(value)

    def _term(self, written: str) -> str | None:
        """Return a term of N-Triples for one written beside the item; None for one that was cut."""
        if written.startswith("<") and written.endswith(">"):
            return _iri(urljoin(self._subject, written[1:-1]) if written != "<>" else self._subject)
        return None if written.endswith(_CUT) or written[0] != '"' else written


def _place(node: str, finding: Finding) -> Iterator[Statement]:
    for name, number in (("line", finding.line), ("column", finding.column)):
        if number is not None:
            yield node, f"<{SAGE}{name}>", _typed(str(number), "integer")
    if finding.pointer is not None:
        yield node, f"<{SAGE}pointer>", term_of_text(finding.pointer)


def _suggestions(node: str, finding: Finding) -> Iterator[Statement]:
    for number, suggestion in enumerate(finding.suggestions, 1):
        one = f"{node}s{number}"
        yield node, f"<{SAGE}suggestion>", one
        yield one, f"<{RDFS}label>", term_of_text(suggestion.label)
        yield one, f"<{RDF}value>", term_of_text(suggestion.value)
        if suggestion.patch is not None:
            yield one, f"<{SAGE}patch>", term_of_text(suggestion.patch)


def _typed(text: str, datatype: str) -> str:
    return term_of_text(text, None, f"{XSD}{datatype}")


def _is_iri(path: str) -> bool:
    return ":" in path and not any(sign in path for sign in ' <>|^()*+?"')


def _iri(address: str) -> str:
    """Return an IRI as a term; what no IRI may hold is percent-encoded."""
    return "<" + "".join(quote(c) if c in ' <>"{}|^`\\' or c < " " else c for c in address) + ">"
