"""Which property or class somebody meant by an IRI that is none."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.domain.suggesting.closeness import NearNames, distance
from catalog.domain.suggesting.nearest import MOST, without_protocol
from catalog.domain.terms.spelling import squashed


@dataclass(frozen=True, slots=True)
class MeantTerm:
    """A property or class, as a term, that may have been meant; is_sure if no other can be."""

    term: str
    label: str
    is_sure: bool


class OntologyTerms:
    """Properties or classes, found by the ends of their IRIs."""

    def __init__(self, labels: Mapping[str, str | None]) -> None:
        """Keep terms with their labels, as far as they have any."""
        self.labels = {term: label or local_name(term) for term, label in labels.items()}
        self._ends: dict[str, list[str]] = {}
        for term in sorted(labels):
            self._ends.setdefault(squashed(local_name(term)), []).append(term)
        self._near = NearNames(self._ends)

    def meant(self, term: str) -> list[MeantTerm]:
        """Return up to five terms that may have been meant by another, the best first.

        One must have been if its local name is the same, case aside, and its namespace the only
        one that differs by at most two typing errors, or by the protocol.
        """
        end = squashed(local_name(term))
        same = self._ends.get(end, [])
        sure = [one for one in same if _is_same_namespace(term, one)]
        close = [one for near, _ in self._near.near(end) for one in self._ends[near]]
        found = list(dict.fromkeys((*sure, *same, *close)))[:MOST]
        return [MeantTerm(one, self.labels[one], sure == [one]) for one in found]


def local_name(term: str) -> str:
    """Return what stands behind the last slash or hash of an IRI, given as a term."""
    iri = term[1:-1].rstrip("/#")
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]


def _is_same_namespace(term: str, other: str) -> bool:
    before, wanted = (one[1 : -1 - len(local_name(one))].casefold() for one in (term, other))
    if without_protocol(before) == without_protocol(wanted):
        return True
    return abs(len(before) - len(wanted)) <= 2 and distance(before, wanted) <= 2
