"""What a query answered, as the page of SPARQL shows it, and how a program asks the same."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from api.frame import Frame
from api.naming import compact
from api.values import is_linkable
from catalog.domain.identifiers import SAGE, VOCAB


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A query to begin with; `question` says in a sentence what it asks."""

    slug: str
    title: str
    question: str
    query: str


@dataclass(frozen=True, slots=True)
class SparqlOutcome:
    """What a query answered.

    kind       select, ask or graph
    variables  of a select, in order
    rows       of a select: variable to term, as SPARQL JSON results spell terms
    boolean    of an ask
    graph      of the others: Turtle
    seconds    how long the answer took
    """

    kind: str
    variables: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Mapping[str, str]], ...] = ()
    boolean: bool | None = None
    graph: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A term of an answer; `href` is "" for what is no link, `note` its language or datatype."""

    text: str
    href: str = ""
    note: str = ""
    language: str = ""
    is_here: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: a table, yes or no, or a graph; `downloads` leads to the same in other forms."""

    kind: str
    heading: str
    variables: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    graph: str
    downloads: tuple[tuple[str, str], ...]
    link: str


_FORMS = {
    "select": (("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"), ("xml", "XML")),
    "ask": (("json", "JSON"), ("xml", "XML")),
    "graph": (("ttl", "Turtle"), ("nt", "N-Triples"), ("jsonld", "JSON-LD"), ("rdf", "RDF/XML")),
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")


def result(frame: Frame, query: str, outcome: SparqlOutcome) -> Result:
    """Return an answer with its terms ready to be set and linked."""
    asked = f"{frame.root}sparql?"
    return Result(
        kind=outcome.kind,
        heading=_heading(outcome),
        variables=outcome.variables,
        rows=tuple(
            tuple(_cell(frame, row[name]) if name in row else None for name in outcome.variables)
            for row in outcome.rows
        ),
        graph=outcome.graph,
        downloads=tuple(
            (f"{asked}{urlencode({'query': query, 'format': form})}", name)
            for form, name in _FORMS[outcome.kind]
        ),
        link=f"{asked}{urlencode({'query': query})}#answer",
    )


def _heading(outcome: SparqlOutcome) -> str:
    took = f"{max(1, round(outcome.seconds * 1000)):,} ms"
    if outcome.kind == "ask":
        return f"{'Yes' if outcome.boolean else 'No'}, in {took}"
    if outcome.kind == "graph":
        return f"A graph, in {took}"
    number = len(outcome.rows)
    return f"{number:,} row{'s' if number != 1 else ''} in {took}"


def _cell(frame: Frame, term: Mapping[str, str]) -> Cell:
    text = str(term.get("value", ""))
    if term.get("type") == "uri":
        return _link(frame, text)
    if term.get("type") == "bnode":
        return Cell(f"_:{text}")
    language, datatype = str(term.get("xml:lang", "")), str(term.get("datatype", ""))
    is_number = bool(datatype) and _NUMBER.match(text) is not None
    note = f"@{language}" if language else "" if is_number else compact(datatype)
    return Cell(text, note=note, language=language, is_number=is_number)


def _link(frame: Frame, iri: str) -> Cell:
    """Return an IRI as a link to its page here, else to itself, else as it stands."""
    if iri.startswith(frame.base):
        return Cell(
            iri[len(frame.base) :] or "/", frame.root + iri[len(frame.base) :], is_here=True
        )
    if iri.startswith(VOCAB):
        return Cell(_short(iri), f"{frame.root}vocab/{iri[len(VOCAB) :]}", is_here=True)
    if iri.startswith(SAGE):
        return Cell(_short(iri), f"{frame.root}ns#{iri[len(SAGE) :]}", is_here=True)
    return Cell(_short(iri), iri if is_linkable(iri) else "")


def _short(iri: str) -> str:
    """Return an IRI with a prefix; a term of ours by scheme and name: `framework:pytorch`."""
    if iri.startswith(VOCAB):
        return iri[len(VOCAB) :].replace("/", ":", 1)
    return compact(iri)


def programs(frame: Frame) -> tuple[tuple[str, str], ...]:
    """Return how to ask the query of a file from a program: name of the language, and lines."""
    address = f"{frame.base}sparql"
    return (
        (
            "curl",
            f"curl {address} \\\n  -H 'Accept: text/csv' \\\n  --data-urlencode query@query.rq",
        ),
        (
            "Python",
            "import csv, io\n"
            "from urllib.parse import urlencode\n"
            "from urllib.request import Request, urlopen\n\n"
            'asked = urlencode({"query": open("query.rq").read()})\n'
            f'request = Request("{address}?" + asked, headers={{"Accept": "text/csv"}})\n'
            'for row in csv.DictReader(io.TextIOWrapper(urlopen(request), "utf-8")):\n'
            "    print(row)",
        ),
        (
            "R",
            'query <- paste(readLines("query.rq"), collapse = "\\n")\n'
            f'rows <- read.csv(paste0("{address}?format=csv&query=",\n'
            "                       URLencode(query, reserved = TRUE)))",
        ),
        (
            "Command line",
            f"sage-catalog query --url {frame.base.rstrip('/')} --format csv @query.rq",
        ),
    )
