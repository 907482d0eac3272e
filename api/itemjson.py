"""The JSON forms of items, lines of lists and files, as contract section 5 spells them."""

from datetime import UTC, datetime
from typing import Any

from catalog.domain.identifiers import RECORD, item_iri, quoted
from catalog.domain.jsonform import to_json
from catalog.domain.lifecycle import Visibility
from catalog.domain.record import FileRecord, ItemLine, ItemRecord, Page
from catalog.domain.writing import rebased, statements_out
from catalog.library import Library
from catalog.services.download import cursor_after
from catalog.settings import Settings


def moment(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC, or None."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def file_json(record: ItemRecord, file: FileRecord, base: str) -> dict[str, Any]:
    """Return one file of a version; its URL names the version, so that it stays true."""
    url = f"{item_iri(record.id, base)}/v/{record.version}/files/{quoted(file.name)}"
    return {
        "name": file.name,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "media_type": file.media_type,
        "url": url,
        "fixity": _fixity_json(file),
    }


def _fixity_json(file: FileRecord) -> dict[str, Any] | None:
    """Return what the last reading of a file showed; None before the first."""
    if file.fixity is None:
        return None
    return {
        "result": file.fixity.result.value,
        "since": moment(file.fixity.since),
        "checked": moment(file.fixity.checked),
    }


def item_json(record: ItemRecord, library: Library, settings: Settings) -> dict[str, Any]:
    """Return a version of an item whole: state, description, files, and the stored report."""
    base = settings.base
    said = rebased(statements_out(record, library.vocabularies, settings.house), base)
    answer: dict[str, Any] = {
        "id": record.id,
        "iri": item_iri(record.id, base),
        "version": record.version,
        "revision": record.revision,
        "type": record.type,
        "title": record.title,
        "state": record.state.value,
        "visibility": record.visibility.value,
        **dates_json(record),
        "owner": record.owner,
        "created": moment(record.created),
        "modified": moment(record.modified),
        "published": moment(record.published),
        "doi": record.dois.to_dict(),
        "description": to_json(said, library.context, subject=item_iri(record.id, base), base=base),
        "files": [file_json(record, file, base) for file in record.files],
        "files_total": record.files_total,
        "files_next": _next_files(record, base),
        "report": dict(record.report),
        "indexed": record.indexed,
    }
    if record.bucket is not None:
        answer["bucket"] = {"id": record.bucket, "url": f"{base}api/v1/objects/{record.bucket}"}
    if record.deprecation:
        answer["deprecation"] = {
            "at": moment(record.deprecation.at),
            "reason": record.deprecation.reason,
            "replaced_by": _here(record.deprecation.replaced_by, base),
        }
    return answer


def dates_json(record: ItemRecord) -> dict[str, Any]:
    """Return when an embargo ends, and when it becomes public by itself or why it did not."""
    said: dict[str, Any] = {}
    if record.visibility is Visibility.EMBARGOED and record.until is not None:
        said["until"] = moment(record.until)
    if record.publish_at is not None:
        said["publish_at"] = moment(record.publish_at)
    if record.delay is not None:
        said["delay"] = {"at": moment(record.delay.at), "why": list(record.delay.why)}
    return said


def tombstone_json(record: ItemRecord, base: str, citation: str) -> dict[str, Any]:
    """Return what is left of a withdrawn item: what it was, when, by whom and why, and instead."""
    said: dict[str, Any] = {
        "id": record.id,
        "iri": item_iri(record.id, base),
        "version": record.version,
        "type": record.type,
        "title": record.title,
        "state": record.state.value,
        "owner": record.owner,
        "published": moment(record.published),
        "citation": citation,
    }
    if record.withdrawal is not None:
        said |= {
            "withdrawn": moment(record.withdrawal.at),
            "withdrawn_by": record.withdrawal.by,
            "reason": record.withdrawal.reason,
            "note": record.withdrawal.note,
            "replaced_by": _here(record.withdrawal.replaced_by, base),
        }
    return {name: value for name, value in said.items() if value is not None}


def _here(iri: str | None, base: str) -> str | None:
    """Return an IRI of the record under today's base, any other as it is."""
    return base + iri.removeprefix(RECORD) if iri and iri.startswith(RECORD) else iri


def _next_files(record: ItemRecord, base: str) -> str | None:
    if record.files_total <= len(record.files):
        return None
    after = cursor_after(record.files)
    return f"{item_iri(record.id, base)}/v/{record.version}/files?cursor={after}"


def line_json(line: ItemLine, base: str) -> dict[str, Any]:
    """Return an item as it stands in lists."""
    return {
        "id": line.id,
        "iri": item_iri(line.id, base),
        "title": line.title,
        "type": line.type,
        "state": line.state.value,
        "visibility": line.visibility.value,
        "version": line.version,
        "doi": line.doi,
        "owner": line.owner,
        "modified": moment(line.modified),
    }


def page_json(page: Page, base: str) -> dict[str, Any]:
    """Return a page of a list."""
    return {
        "items": [line_json(line, base) for line in page.lines],
        "total": page.total,
        "next": page.next,
    }
