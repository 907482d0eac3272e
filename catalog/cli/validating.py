"""`sage-catalog validate`: judges descriptions, offline by itself or by a server."""

import argparse
import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.cli.output import BLOCKED, GOOD, Output, WrongUse
from catalog.cli.reading import media_type_of, read_source
from catalog.domain.errors import CatalogError
from catalog.domain.report import LEVELS, Report

_MARKS = {"violation": "✗", "warning": "!", "info": "·"}
_FORMATS = ("text", "json")


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `validate`."""
    parser.epilog = """examples:
  sage-catalog validate model.ttl
  sage-catalog validate items/ 'more/*.jsonld' --level draft
  sage-catalog validate - < model.ttl
  sage-catalog validate model.ttl --url https://catalog.example.org    by that server's shapes

exit codes: 0 everything conforms, 1 something does not or could not be read
"""
    parser.add_argument("sources", metavar="FILE", nargs="+", help="files, folders, patterns, -")
    parser.add_argument("--level", choices=LEVELS, default="publication")
    parser.add_argument("--type", dest="media_type", help="media type, whatever the suffix")
    parser.add_argument("--format", choices=_FORMATS, default=None, help="text")
    parser.add_argument("--url", help="ask this server instead of judging here")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Judge every file; one that cannot be read does not keep the others from being judged."""
    if said.format == "json":
        output.as_json = True
    names = list(dict.fromkeys(_names(said.sources)))
    reports = []
    with output.progress("Validating", len(names)) as bar:
        for done, name in enumerate(names, 1):
            reports.append((name, _judged(name, said)))
            bar.to(done)
    documents = [_document(name, found) for name, found in reports]
    result = documents[0] if len(documents) == 1 else {"reports": documents}
    output.result(result, "".join(_text(name, found) for name, found in reports))
    good = all(isinstance(found, Report) and found.conforms for _, found in reports)
    return GOOD if good else BLOCKED


def _names(sources: list[str]) -> Iterator[str]:
    """Yield the files that arguments mean: themselves, patterns, or what folders hold."""
    for source in sources:
        path = Path(source)
        if source == "-" or path.is_file():
            yield source
        elif path.is_dir():
            found = [
                one for one in sorted(path.rglob("*")) if media_type_of(str(one), strict=False)
            ]
            if not found:
                raise WrongUse(f"{source} holds no description")
            yield from map(str, found)
        else:
            matched = sorted(glob.glob(source, recursive=True))  # noqa: PTH207 - absolute patterns
            if not matched:
                raise WrongUse(f"{source} is no file, folder or pattern that matches anything")
            yield from matched


def _judged(name: str, said: argparse.Namespace) -> Report | CatalogError:
    source = read_source(name)
    media_type = said.media_type or media_type_of(name)
    try:
        if said.url:
            from catalog.client import Client

            return Report.from_dict(Client(said.url).validate(source, media_type, level=said.level))
        from catalog import validate

        return validate(source, media_type, level=said.level)
    except CatalogError as fault:
        if fault.status == 503:
            raise
        return fault


def _document(name: str, found: Report | CatalogError) -> dict[str, Any]:
    if isinstance(found, Report):
        return {"file": name, **found.to_dict()}
    said = {"file": name, "conforms": False, "error": found.detail, "findings": []}
    evidence: dict[str, Any] = json.loads(json.dumps(found.evidence, default=str))
    return said | evidence


def _text(name: str, found: Report | CatalogError) -> str:
    if isinstance(found, CatalogError):
        where = ":".join(
            str(found.evidence[part]) for part in ("line", "column") if part in found.evidence
        )
        return f"{name}{':' + where if where else ''}: {found.detail}\n"
    verdict = "conforms" if found.conforms else "does not conform"
    lines = [f"{name}: {verdict} at {found.level} level\n"]
    for one in found.findings:
        place = f":{one.line}:{one.column}" if one.line else ""
        about = f" {one.property}:" if one.property else ""
        lines.append(f"  {_MARKS[one.severity]} {name}{place}{about} {one.message}\n")
    return "".join(lines)
