"""Answering SPARQL over what is public, as it stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.domain.errors import Unavailable
from catalog.domain.permissions import Actor
from catalog.parts import Parts
from catalog.ports import Answer
from catalog.services.outbox import narrowing_pending


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with the dataset that its protocol parameters choose, and the forms wanted.

    formats  media type for each kind of query: select, ask, graph
    """

    query: str
    formats: Mapping[str, str]
    default_graphs: Sequence[str] | None = None
    named_graphs: Sequence[str] | None = None


def query(parts: Parts, actor: Actor, asked: Asked) -> Answer:
    """Answer completely, or raise.

    Raises Unreadable for what is no query, or one that may not be asked here; OverLimit naming
    the limit; Busy where every worker is taken; and Unavailable while something that was
    withdrawn might still show.
    """
    if narrowing_pending(parts):
        raise Unavailable(
            "Something was withdrawn a moment ago, and queries wait until it shows nowhere.",
            retry_after=1,
        )
    limit = parts.settings
    with parts.checkpoint() as checkpoint:
        return parts.queries.query(
            asked.query,
            checkpoint=checkpoint,
            formats=asked.formats,
            base=limit.base,
            default_graphs=asked.default_graphs,
            named_graphs=asked.named_graphs,
            seconds=limit.query_seconds if actor.account is None else limit.query_seconds_signed_in,
        )
