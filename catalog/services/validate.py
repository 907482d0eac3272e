"""Judging descriptions that nobody keeps: the dry run of a submission, of one or of many."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.domain.errors import Busy, CatalogError, TooLarge
from catalog.domain.identifiers import item_iri
from catalog.domain.report import Level, Report
from catalog.domain.report_forms import Outcome
from catalog.parts import Parts

NOBODY = "0000000000"
"""The id that stands in for an item that does not exist; it is never given to one."""

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One description of many, or why it could not even be told what it is.

    number  the number of its line or row, counted from 1
    id      what the sender calls it, to find its answer by
    """

    number: int
    level: Level
    source: bytes = b""
    media_type: str = ""
    type_hint: str | None = None
    id: object = None
    fault: CatalogError | None = None


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


def validate_each(parts: Parts, sent: Iterable[Sent]) -> Iterator[tuple[Sent, Outcome]]:
    """Yield the outcome for each, in the same order; one that is refused stops no other."""
    for one in sent:
        try:
            if one.fault is not None:
                raise one.fault
            yield one, Outcome("", one.level, _patiently(parts, one))
        except CatalogError as fault:
            yield one, Outcome("", one.level, fault=fault)


def _patiently(parts: Parts, one: Sent) -> Report:
    """Judge one, waiting for others who are at it: a stream is in no hurry."""
    most = parts.settings.metadata_bytes
    if len(one.source) > most:
        raise TooLarge(
            f"A description has at most {most:,} bytes; this one has {len(one.source):,}."
        )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return validate(
                parts, one.source, one.media_type, level=one.level, type_hint=one.type_hint
            )
        except Busy:
            if time.monotonic() > deadline:
                raise
