"""The JSON forms of proposals: one with its discussion, and a page of a list."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.itemjson import moment
from catalog.domain.description import is_literal, literal
from catalog.domain.proposing.proposals import (
    DEPRECATED,
    PROPERTIES,
    Plan,
    ProposalLine,
    ProposalPage,
    ProposalRecord,
    State,
)


def address_of(number: int, base: str) -> str:
    """Return the address of a proposal."""
    return f"{base}vocab/proposals/{number}"


def proposal_json(proposal: ProposalRecord, base: str) -> dict[str, Any]:
    """Return a proposal whole."""
    iri, decision = address_of(proposal.id, base), proposal.decision
    ended = None
    if decision is not None:
        ended = {"by": decision.by, "at": moment(decision.at), "reason": decision.reason or None}
    return {
        "id": proposal.id,
        "iri": iri,
        "kind": proposal.plan.kind.value,
        "state": proposal.state.value,
        "in_force": proposal.in_force,
        "scheme": proposal.plan.scheme,
        "concept": proposal.plan.concept,
        "label": proposal.plan.label,
        "term_state": proposal.term_state.value,
        "changes": dict(changes_json(proposal.plan)),
        "why": proposal.why,
        "by": proposal.by,
        "at": moment(proposal.at),
        "decision": ended,
        "notes": [
            {"n": note.n, "by": note.by, "at": moment(note.at), "text": note.text}
            for note in proposal.notes
        ],
        "patch": f"{iri}.patch" if has_patch(proposal) else None,
    }


def has_patch(proposal: ProposalRecord) -> bool:
    """Tell whether there is anything to patch."""
    return proposal.state in {State.OPEN, State.ACCEPTED} and not proposal.in_force


def changes_json(plan: Plan) -> Iterable[tuple[str, Mapping[str, list[str]]]]:
    """Yield the name of each property that changes, with the values removed and added."""
    names = {one.iri: one.name for one in PROPERTIES.values()} | {DEPRECATED: "deprecated"}
    for iri, one in plan.differences.items():
        yield (
            names.get(iri, iri),
            {"removed": [*map(_plain, one.removed)], "added": [*map(_plain, one.added)]},
        )


def _plain(term: str) -> str:
    return literal(term).text if is_literal(term) else term[1:-1]


def page_of_proposals_json(page: ProposalPage, base: str) -> dict[str, Any]:
    """Return a page of a list of proposals."""
    return {
        "proposals": [_line_json(line, base) for line in page.lines],
        "total": page.total,
        "next": page.next,
    }


def _line_json(line: ProposalLine, base: str) -> dict[str, Any]:
    return {
        "id": line.id,
        "iri": address_of(line.id, base),
        "kind": line.kind.value,
        "state": line.state.value,
        "in_force": line.in_force,
        "scheme": line.scheme,
        "concept": line.concept,
        "label": line.label,
        "why": line.why,
        "by": line.by,
        "at": moment(line.at),
    }
