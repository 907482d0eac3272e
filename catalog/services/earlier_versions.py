"""What the earlier versions of an item say about the newest one: a number that they had already."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.description import Description
from catalog.domain.identifiers import item_iri
from catalog.domain.report import RECORD_COMPONENT, Finding
from catalog.tables import Version

_VERSION = "http://www.w3.org/ns/dcat#version"


def findings_on_number(
    session: Session, item_id: str, n: int, ntriples: str
) -> tuple[Finding, ...]:
    """Return a warning where version `n` calls itself what an earlier published one is called.

    That is the person's own `dcat:version`, which a new version that carries everything over
    repeats; the number that the catalog fills in is never the same.
    """
    said = _numbers(item_id, ntriples)
    if n == 1 or not said:
        return ()
    earlier = session.execute(
        select(Version.n, Version.ntriples)
        .where(Version.item_id == item_id, Version.n < n, Version.published.is_not(None))
        .order_by(Version.n.desc())
    )
    for number, text in earlier:
        if same := said & _numbers(item_id, text):
            return (_repeated(min(same), number),)
    return ()


def _numbers(item_id: str, ntriples: str) -> set[str]:
    item = item_iri(item_id)
    if f"<{_VERSION}>" not in ntriples:
        return set()
    return {literal.text for literal in Description(item, ntriples).texts(_VERSION)}


def _repeated(said: str, number: int) -> Finding:
    return Finding(
        severity="warning",
        level="publication",
        focus_node="<>",
        path=_VERSION,
        message=(
            f"Version {number} is called {said} as well. Give this one a number of its own, "
            "or leave it out."
        ),
        component=RECORD_COMPONENT,
    )
