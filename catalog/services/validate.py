"""Judging a description that nobody keeps: the dry run of a submission."""

from catalog.domain.identifiers import item_iri
from catalog.domain.report import Level, Report
from catalog.parts import Parts

NOBODY = "0000000000"
"""The id that stands in for an item that does not exist; it is never given to one."""


def validate(
    parts: Parts, source: bytes, media_type: str, *, level: Level, type_hint: str | None = None
) -> Report:
    """Return the report that a submission of these bytes would get, but for the record part."""
    judgement = parts.judge.judge(
        source,
        media_type,
        item=item_iri(NOBODY),
        bases=parts.bases,
        level=level,
        type_hint=type_hint,
    )
    return judgement.report
