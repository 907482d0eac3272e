"""Judging what a person sent or what is stored, with what only the record knows added."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from catalog.domain.description import Description
from catalog.domain.errors import NotConforming
from catalog.domain.identifiers import RECORD, item_iri, quoted
from catalog.domain.report import Finding, Level, Report, Suggestion
from catalog.domain.validation import Judgement
from catalog.parts import Parts
from catalog.services.blobs import keep_paths
from catalog.services.citations import (
    findings_on_files,
    findings_on_references,
    keep_citations,
)
from catalog.services.earlier_versions import findings_on_number
from catalog.services.references import follow
from catalog.services.source_addresses import keep_addresses
from catalog.services.term_uses import keep_uses
from catalog.tables import Revision, Version

STORED = "application/n-triples"

_SUMMARY_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Judged:
    """A description with its verdict: what the jail said, and the report with the record's part."""

    judgement: Judgement
    report: Report


def judge_source(
    parts: Parts,
    source: bytes,
    media_type: str,
    item_id: str,
    files: Iterable[str] = (),
    written: Collection[str] = (),
) -> Judgement:
    """Read and judge what a person sent about an item, before any transaction is opened.

    files    names of the files that the item keeps here
    written  lines that the catalog wrote into the form which the person may be sending back
    """
    return parts.judge.judge(
        source,
        media_type,
        item=item_iri(item_id),
        bases=parts.bases,
        files=tuple(quoted(name) for name in files),
        written=written,
    )


def judge_stored(parts: Parts, ntriples: str, item_id: str, files: Iterable[str]) -> Judgement:
    """Judge a stored description by today's shapes; its findings have no line and column."""
    judgement = parts.judge.judge(
        ntriples.encode(),
        STORED,
        item=item_iri(item_id),
        bases=(RECORD, *parts.bases),
        files=tuple(quoted(name) for name in files),
    )
    placeless = tuple(
        replace(finding, line=None, column=None, suggestions=_relative(finding, item_id))
        for finding in judgement.report.findings
    )
    return replace(judgement, report=replace(judgement.report, findings=placeless))


def _relative(finding: Finding, item_id: str) -> tuple[Suggestion, ...]:
    """Return what is suggested as a person writes it, whose base is the item: `<>`, `<#ana>`."""
    item, items = item_iri(item_id), item_iri("")

    def written(value: str) -> str:
        value = value.replace(f"<{item}>", "<>").replace(f"<{item}#", "<#")
        return value.replace(f"<{items}", "<")

    return tuple(replace(one, value=written(one.value)) for one in finding.suggestions)


def with_record(
    session: Session,
    judgement: Judgement,
    *,
    files: Iterable[str],
    public: bool = True,
    together: frozenset[str] = frozenset(),
    owner: int | None = None,
    version: tuple[str, int] | None = None,
) -> Judged:
    """Add the findings that only the record can make.

    version  which one it is, by item and number; None for an item that is new
    """
    more = findings_on_references(
        session,
        judgement.references,
        public=public,
        together=together,
        owner=owner,
        citing=version[0] if version else None,
    ) + findings_on_files(judgement.files, (quoted(name) for name in files))
    if version is not None:
        more += findings_on_number(session, *version, judgement.ntriples)
    report = judgement.report.plus(more) if more else judgement.report
    return Judged(judgement, report)


def require(judged: Judged, level: Level, **evidence: str) -> None:
    """Raise NotConforming unless no violation of `level` or below was found."""
    if judged.report.conforms_at(level):
        return
    report = replace(judged.report, level=level)
    blocking = sum(
        1
        for finding in report.findings
        if finding.severity == "violation" and (level == "publication" or finding.level == level)
    )
    what = "one finding blocks it" if blocking == 1 else f"{blocking} findings block it"
    raise NotConforming(
        f"The description does not conform at {level} level: {what}.", report.to_dict(), **evidence
    )


def keep(session: Session, parts: Parts, version: Version, judged: Judged) -> None:
    """Write a judged description into its version; the caller counts the revision."""
    judgement = judged.judgement
    version.type = judgement.type or ""
    version.title = judgement.title or ""
    version.summary = _summary(judgement.ntriples, item_iri(version.item_id))
    version.ntriples = judgement.ntriples
    version.digest = judgement.digest
    version.report = judged.report.to_dict()
    version.library_version = parts.library.version
    session.flush()
    keep_citations(session, version.item_id, version.n, judgement.references)
    keep_uses(session, parts.library, version)
    follow(session, version, now=version.modified)
    keep_paths(session, version)
    keep_addresses(session, version)


def revision_of(version: Version, *, account: int | None, now: datetime) -> Revision:
    """Return the row that keeps the description of a version as it is now, to be added."""
    return Revision(
        item_id=version.item_id,
        n=version.n,
        r=version.revision,
        ntriples=version.ntriples,
        digest=version.digest,
        at=now,
        account_id=account,
    )


def _summary(ntriples: str, item: str) -> str:
    text = Description(item, ntriples).text("http://purl.org/dc/terms/description") or ""
    short = " ".join(text.split())
    if len(short) <= _SUMMARY_CHARACTERS:
        return short
    return short[:_SUMMARY_CHARACTERS].rsplit(" ", 1)[0] + " …"
