"""What the registrar would be told of an item, and whether it would take it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.exporting.datacite import registration_faults
from catalog.domain.exporting.exported import Exported
from catalog.domain.lifecycle import State
from catalog.domain.permissions import ANYONE
from catalog.domain.record import ItemRecord
from catalog.domain.report import RECORD_COMPONENT, Finding
from catalog.domain.writing import filled_in_for
from catalog.parts import Parts
from catalog.services.citations import names_of
from catalog.services.dois import gets_doi, planned_dois
from catalog.tables import Citation


def exported(session: Session, parts: Parts, record: ItemRecord) -> Exported:
    """Return what exporters are given of a version, as everybody sees it."""
    cited = session.scalars(
        select(Citation.cited).where(Citation.item_id == record.id, Citation.n == record.version)
    ).all()
    names = names_of(session, ANYONE, cited)
    return Exported(record, parts.library, parts.settings.house, names, {})


def findings_on_registration(
    session: Session, parts: Parts, record: ItemRecord, *, now: datetime
) -> tuple[Finding, ...]:
    """Return a finding for each reason why the registrar would refuse a version.

    record  the version; a draft is looked at as it would be if it were published `now`
    """
    if not gets_doi(parts, record.type):
        return ()
    told = registration_faults(exported(session, parts, _as_published(parts, record, now)))
    return tuple(
        Finding(
            severity="violation",
            level="publication",
            focus_node="<>",
            message=fault.title,
            component=RECORD_COMPONENT,
        )
        for fault in told
    )


def _as_published(parts: Parts, record: ItemRecord, now: datetime) -> ItemRecord:
    published = record.published or now
    return replace(
        record,
        state=State.PUBLISHED,
        published=published,
        dois=planned_dois(parts, record.id, record.version),
        filled_in=record.filled_in
        or filled_in_for(
            record.ntriples,
            item_id=record.id,
            version=record.version,
            created=record.created,
            issued=published,
            house=parts.settings.house,
        ),
    )
