"""`sage-catalog validate`: judges descriptions, offline by itself or by a server."""

import argparse
import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.cli.output import (
    BLOCKED,
    GOOD,
    Output,
    WrongUse,
    code_of,
    finding_lines,
    sentence_of,
)
from catalog.cli.reading import files_in, is_description, read_source
from catalog.domain.errors import CatalogError, Unreadable
from catalog.domain.report import LEVELS, Report

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
    parser.add_argument("--level", choices=LEVELS, default="publication", help="publication")
    parser.add_argument("--type", dest="media_type", help="media type, whatever the suffix")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="text")
    parser.add_argument("--url", help="ask this server instead of judging here")
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Judge every file; one that cannot be read does not keep the others from being judged."""
    output.as_json = output.as_json or said.format == "json"
    names = list(dict.fromkeys(_names(said.sources)))
    reports = []
    with output.progress("Validating", len(names)) as bar:
        for done, name in enumerate(names, 1):
            # A single one that is no description at all is a wrong use, not a finding.
            found = _judged(name, said) if len(names) == 1 else _judged_or_why_not(name, said)
            reports.append((name, found))
            bar.to(done)
    documents = [_document(name, found) for name, found in reports]
    good = all(one["conforms"] for one in documents)
    result = documents[0] if len(documents) == 1 else {"conforms": good, "reports": documents}
    text = "".join(_text(name, found) for name, found in reports)
    output.result(result, text + _summary(documents))
    return GOOD if good else BLOCKED


def _names(sources: list[str]) -> Iterator[str]:
    """Yield the files that arguments mean: themselves, patterns, or what folders hold."""
    for source in sources:
        path = Path(source)
        if source == "-" or path.is_file():
            yield source
        elif path.is_dir():
            found = [str(one) for one in files_in(path) if is_description(one)]
            if not found:
                raise WrongUse(f"{source} holds no description.")
            yield from found
        else:
            matched = sorted(glob.glob(source, recursive=True))  # noqa: PTH207 - absolute patterns
            names = [name for name in matched if Path(name).is_file()]
            if not names:
                raise WrongUse(f"{source} is no file, folder or pattern that matches anything.")
            yield from names


def _judged_or_why_not(name: str, said: argparse.Namespace) -> Report | CatalogError:
    try:
        return _judged(name, said)
    except WrongUse as fault:
        return Unreadable(str(fault))
    except OSError as fault:
        return Unreadable(sentence_of(fault))


def _judged(name: str, said: argparse.Namespace) -> Report | CatalogError:
    content, media_type = read_source(name, said.media_type)
    try:
        if said.url:
            from catalog.cli.remote import client_at

            answer = client_at(said.url).validate(content, media_type, level=said.level)
            return Report.from_dict(answer)
        from catalog import validate

        return validate(content, media_type, level=said.level)
    except CatalogError as fault:
        if code_of(fault) != BLOCKED:
            raise
        return fault


def _document(name: str, found: Report | CatalogError) -> dict[str, Any]:
    if isinstance(found, Report):
        return {"file": name, **found.to_dict()}
    evidence: dict[str, Any] = json.loads(json.dumps(found.evidence, default=str))
    said = {"file": name, "conforms": False, "error": found.detail, "findings": []}
    return evidence | said


def _text(name: str, found: Report | CatalogError) -> str:
    if isinstance(found, CatalogError):
        where = "".join(
            f":{found.evidence[part]}" for part in ("line", "column") if part in found.evidence
        )
        return f"{name}{where}: {found.detail}\n"
    verdict = "conforms" if found.conforms else "does not conform"
    lines = [f"{name}: {verdict} at {found.level} level"]
    lines += finding_lines((one.to_dict() for one in found.findings), name)
    return "\n".join(lines) + "\n"


def _summary(documents: list[dict[str, Any]]) -> str:
    if len(documents) == 1:
        return ""
    good = sum(one["conforms"] for one in documents)
    return f"{good} of {len(documents)} conform.\n"
