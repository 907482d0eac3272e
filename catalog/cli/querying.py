"""`sage-catalog query`: asks a SPARQL query, and prints the answer as a table or as it came."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from catalog.cli.output import GOOD, Output, WrongUse
from catalog.cli.reading import LARGEST_BYTES
from catalog.cli.remote import client_of, declare_server
from catalog.client import Refused

_ACCEPT = {
    "json": "application/sparql-results+json, application/ld+json;q=0.5",
    "xml": "application/sparql-results+xml, application/rdf+xml;q=0.5",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
}
_TABLE = "application/sparql-results+json, text/turtle;q=0.5"


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `query`."""
    parser.epilog = """examples:
  sage-catalog query 'SELECT ?item WHERE { ?item a ?type } LIMIT 5'
  sage-catalog query --format csv @question.rq
  echo 'ASK { ?item ?property ?value }' | sage-catalog query -
"""
    declare_server(parser)
    parser.add_argument("query", help="the query; @FILE reads it from a file, - from input")
    parser.add_argument("--format", choices=("table", *_ACCEPT), help="table")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Ask, and print the answer."""
    form = said.format or ("json" if output.as_json else "table")
    if output.as_json and form not in {"json", "jsonld"}:
        raise WrongUse(f"--json and --format {form} cannot both be.")
    text = _query_text(said.query)
    with output.progress("Asking", None):
        answer = _asked(said, text, _ACCEPT.get(form, _TABLE))
    if output.as_json:
        output.result(json.loads(answer), "")
    elif form == "table":
        output.result(None, _as_table(answer.decode()))
    else:
        output.raw(answer)
    return GOOD


def _asked(said: argparse.Namespace, text: str, accept: str) -> bytes:
    try:
        return client_of(said).query(text, accept)
    except Refused as fault:
        if fault.answered != 400:
            raise
        raise WrongUse(fault.detail) from None


def _query_text(said: str) -> str:
    if said == "-":
        content = sys.stdin.buffer.read(LARGEST_BYTES)
    elif said.startswith("@"):
        with Path(said[1:]).open("rb") as file:
            content = file.read(LARGEST_BYTES)
    else:
        return said
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise WrongUse("The query is not text in UTF-8.") from None


def _as_table(answer: str) -> str:
    """Return results as lines of columns; a graph or a yes or no as it is."""
    try:
        said = json.loads(answer)
    except ValueError:
        return answer
    if "boolean" in said:
        return "yes" if said["boolean"] else "no"
    names: list[str] = said["head"]["vars"]
    rows = [[_cell(row, name) for name in names] for row in said["results"]["bindings"]]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [names, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(row: dict[str, Any], name: str) -> str:
    return " ".join(str(row.get(name, {}).get("value", "")).split())
