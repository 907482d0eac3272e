"""A proposal as RDF: who asked for what, who decided, when and why, in the words of PROV-O."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from catalog.domain.description import RDF, XSD, Statement, term_of_text
from catalog.domain.identifiers import VOCAB
from catalog.domain.proposing.proposals import SHAPE, Kind, ProposalRecord, State
from catalog.domain.writing import ADMS, DCT, FOAF, PREFIXES

PROV = PREFIXES["prov"]
RDFS = PREFIXES["rdfs"]


def statements_about(proposal: ProposalRecord, iri: str) -> Iterator[Statement]:
    """Yield all that is known of a proposal, whose address is `iri`.

    The proposal is one activity, made of its parts: to propose, each note, and to decide. It used
    the vocabulary, or the concept that it is about, and generated the concept once accepted.
    """
    me, plan = f"<{iri}>", proposal.plan
    ended = proposal.state is not State.OPEN
    yield from _activity(me, proposal.at, proposal.decision.at if proposal.decision else None)
    yield me, f"<{RDFS}label>", term_of_text(plan.label, "en")
    yield me, f"<{DCT}identifier>", term_of_text(str(proposal.id))
    yield me, f"<{DCT}type>", f"<{SHAPE}#{plan.kind}>"
    yield me, f"<{ADMS}status>", f"<{SHAPE}#{'in-force' if proposal.in_force else proposal.state}>"
    subject = f"<{VOCAB}{plan.scheme}>" if plan.kind is Kind.TERM else f"<{plan.concept}>"
    yield me, f"<{PROV}used>", subject
    yield me, f"<{DCT}subject>", f"<{plan.concept}>"
    if proposal.state is State.ACCEPTED:
        yield me, f"<{PROV}generated>", f"<{plan.concept}>"
    if not ended or proposal.state is State.ACCEPTED:
        yield me, f"<{RDFS}seeAlso>", f"<{iri}.patch>"
    agents = _Agents(iri)
    yield from _said(agents, f"{iri}#proposing", me, proposal.by, proposal.at, proposal.why)
    for note in proposal.notes:
        yield from _said(agents, f"{iri}#note-{note.n}", me, note.by, note.at, note.text)
    if (decision := proposal.decision) is not None:
        where = f"{iri}#decision"
        yield from _said(agents, where, me, decision.by, decision.at, decision.reason)
        yield f"<{where}>", f"<{DCT}type>", f"<{SHAPE}#{proposal.state}>"
    yield from agents.statements(me)


def _said(
    agents: "_Agents", iri: str, whole: str, by: str, at: datetime, text: str
) -> Iterable[Statement]:
    """Yield one part of a proposal: who, when, and what they said."""
    node = f"<{iri}>"
    yield whole, f"<{DCT}hasPart>", node
    yield from _activity(node, at, at)
    yield node, f"<{PROV}wasAssociatedWith>", agents.node(by)
    if text:
        yield node, f"<{RDFS}comment>", term_of_text(text, "en")


def _activity(node: str, began: datetime, ended: datetime | None) -> Iterable[Statement]:
    yield node, f"<{RDF}type>", f"<{PROV}Activity>"
    yield node, f"<{PROV}startedAtTime>", _moment(began)
    if ended is not None:
        yield node, f"<{PROV}endedAtTime>", _moment(ended)


def _moment(at: datetime) -> str:
    said = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return term_of_text(said, None, f"{XSD}dateTime")


class _Agents:
    """The accounts that took part, each with a node of its own in the order in which it is met."""

    def __init__(self, iri: str) -> None:
        self._iri = iri
        self._nodes: dict[str, str] = {}

    def node(self, name: str) -> str:
        """Return the node of an account."""
        return self._nodes.setdefault(name, f"<{self._iri}#account-{len(self._nodes) + 1}>")

    def statements(self, whole: str) -> Iterator[Statement]:
        """Yield who they are, and that they took part."""
        for name, node in self._nodes.items():
            yield whole, f"<{PROV}wasAssociatedWith>", node
            yield node, f"<{RDF}type>", f"<{PROV}Agent>"
            yield node, f"<{RDF}type>", f"<{FOAF}Agent>"
            yield node, f"<{FOAF}name>", term_of_text(name)
