"""Requests for access and data use agreements as JSON."""

from typing import Any

from api.itemjson import moment
from catalog.domain.access import (
    AccessOf,
    AccessRequest,
    Agreement,
    Agreements,
    Closed,
    RequestPage,
)
from catalog.domain.identifiers import item_iri


def request_address(item_id: str, request_id: str, base: str) -> str:
    """Return the address of a request."""
    return f"{item_iri(item_id, base)}/access-requests/{request_id}"


def agreements_json(found: Agreements, shown: Agreement | None) -> dict[str, Any]:
    """Return an agreement; without one `version` and all that belongs to it are null.

    found  what is in force, and how many versions there ever were
    """
    return {
        "version": shown.n if shown else None,
        "text": shown.text if shown else None,
        "days": shown.days if shown else None,
        "sha256": shown.digest if shown else None,
        "at": moment(shown.at) if shown else None,
        "by": shown.by if shown else None,
        "ended": moment(shown.ended) if shown else None,
        "in_force": found.in_force.n if found.in_force else None,
        "versions": found.last,
    }


def request_json(one: AccessRequest, base: str) -> dict[str, Any]:
    """Return a request with what became of it."""
    decision = accepted = None
    if one.decided is not None:
        decision = {
            "by": one.decided_by,
            "at": moment(one.decided),
            "reason": one.reason or None,
        }
    if one.agreement is not None:
        accepted = {"version": one.agreement, "sha256": one.digest, "at": moment(one.at)}
    return {
        "id": one.id,
        "href": request_address(one.item_id, one.id, base),
        "item": one.item_id,
        "iri": item_iri(one.item_id, base),
        "title": one.title,
        "by": one.by,
        "at": moment(one.at),
        "purpose": one.purpose,
        "accepted_agreement": accepted,
        "state": one.state.value,
        "decision": decision,
        "until": moment(one.until),
        "ended": moment(one.ended),
        "ending": one.ending.value if one.ending else None,
        "end_reason": one.end_reason or None,
    }


def requests_json(page: RequestPage, base: str) -> dict[str, Any]:
    """Return a page of requests."""
    return {
        "requests": [request_json(one, base) for one in page.requests],
        "total": page.total,
        "open": page.open,
        "next": page.next,
    }


def access_json(found: AccessOf, base: str) -> dict[str, Any]:
    """Return what somebody needs to know before they ask."""
    agreement = found.agreement
    return {
        "item": found.item_id,
        "iri": item_iri(found.item_id, base),
        "owner": found.owner,
        "closed": [_closed_json(one) for one in found.closed],
        "has_access": found.has_access,
        "may_ask": found.may_ask,
        "agreement": {
            "version": agreement.n,
            "text": agreement.text,
            "days": agreement.days,
            "sha256": agreement.digest,
        }
        if agreement
        else None,
        "request": request_json(found.latest, base) if found.latest else None,
    }


def _closed_json(one: Closed) -> dict[str, Any]:
    return {"version": one.n, "visibility": one.visibility.value, "until": moment(one.until)}
