"""What differs between two states of the vocabularies, concept by concept."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from catalog.domain.description import is_literal, literal
from catalog.domain.schemes import DCT, SKOS, Row, Vocabularies

_DEPRECATED = "<http://www.w3.org/2002/07/owl#deprecated>"


class Kind(StrEnum):
    """How a concept differs."""

    ADDED = "added"
    REMOVED = "removed"
    DEPRECATED = "deprecated"
    RESTORED = "restored"
    RELABELLED = "relabelled"
    MOVED = "moved"
    REDEFINED = "redefined"
    CHANGED = "changed"
    """Anything else that is said about it: spellings, mappings, notes, facts."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of one concept.

    scheme         name of the vocabulary that describes it
    term           its IRI
    label          what it is called afterwards; before, if it was removed
    before, after  what is different, as text or IRIs, a line each; "" for nothing
    """

    scheme: str
    term: str
    kind: Kind
    label: str
    before: str = ""
    after: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form, without what is empty."""
        return {name: str(value) for name, value in asdict(self).items() if value}


def changes(
    before: Vocabularies, after: Vocabularies, scheme: str | None = None
) -> tuple[Change, ...]:
    """Return every difference, by scheme, then in the order of the file.

    scheme  the name of the one scheme to compare; by default all whose files differ
    """
    names = sorted({*before.names, *after.names}) if scheme is None else [scheme]
    found: list[Change] = []
    for name in names:
        if before.file(name) != after.file(name):
            found.extend(_of_scheme(name, before, after))
    return tuple(found)


def _of_scheme(name: str, before: Vocabularies, after: Vocabularies) -> Iterator[Change]:
    old, new = _rows(before, name), _rows(after, name)
    for term, row in new.items():
        label = _label(after, term)
        if term not in old:
            yield Change(name, term, Kind.ADDED, label, after=label)
        elif old[term] != row:
            yield from _of_concept(name, term, label, old[term], row)
    for term in old:
        if term not in new:
            label = _label(before, term)
            yield Change(name, term, Kind.REMOVED, label, before=label)


def _label(vocabularies: Vocabularies, term: str) -> str:
    concept = vocabularies.concept(term)
    return concept.label if concept else term


def _rows(vocabularies: Vocabularies, name: str) -> dict[str, Row]:
    scheme = vocabularies.scheme(name)
    concepts = scheme.concepts if scheme else ()
    return {iri: vocabularies.row(iri) or {} for iri in concepts}


def _of_concept(name: str, term: str, label: str, old: Row, new: Row) -> Iterator[Change]:
    """Yield what differs at one concept; what follows from moves of others is not told."""
    was, is_now = _is_deprecated(old), _is_deprecated(new)
    if was != is_now:
        kind = Kind.DEPRECATED if is_now else Kind.RESTORED
        replaced = f"<{DCT}isReplacedBy>"
        yield Change(name, term, kind, label, _text(old, replaced), _text(new, replaced))
    for predicate, kind in _TOLD.items():
        if _differ(old, new, predicate):
            yield Change(name, term, kind, label, _text(old, predicate), _text(new, predicate))
    rest = sorted({*old, *new} - {*_TOLD, *_FOLLOWING, _DEPRECATED})
    differing = [one for one in rest if _differ(old, new, one)]
    if was != is_now:
        differing = [one for one in differing if one != f"<{DCT}isReplacedBy>"]
    if differing:
        said = [_lines(row, differing) for row in (old, new)]
        yield Change(name, term, Kind.CHANGED, label, *said)


_TOLD = {
    f"<{SKOS}prefLabel>": Kind.RELABELLED,
    f"<{SKOS}broader>": Kind.MOVED,
    f"<{SKOS}definition>": Kind.REDEFINED,
}
_FOLLOWING = frozenset(f"<{SKOS}{name}>" for name in ("narrower", "topConceptOf"))


def _is_deprecated(row: Row) -> bool:
    return '"true"' in str(row.get(_DEPRECATED))


def _differ(old: Row, new: Row, predicate: str) -> bool:
    return set(old.get(predicate, ())) != set(new.get(predicate, ()))


def _text(row: Row, predicate: str) -> str:
    return "\n".join(sorted(_plain(term) for term in row.get(predicate, ())))


def _lines(row: Row, predicates: list[str]) -> str:
    """Return the values of several properties, each line beginning with the property's IRI."""
    return "\n".join(
        f"{predicate[1:-1]} {_plain(term)}"
        for predicate in predicates
        for term in sorted(row.get(predicate, ()))
    )


def _plain(term: str) -> str:
    return literal(term).text if is_literal(term) else term.strip("<>")
